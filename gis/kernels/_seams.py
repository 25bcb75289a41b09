"""Take the seams of zones that abut for what they are: the inside of the zones together.

The machinery of ``gis.kernels.zones``. A point on the outline that two zones share is
strictly inside neither of them, and yet there is zone on all sides of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Geometries = NDArray[Any]


def settle_seams(
    best: Ints,
    thing: Ints,
    zones: Geometries,
    zone: Ints,
    *,
    rank: Ints,
    inside: Callable[[Any, Ints], NDArray[np.bool_]],
) -> None:
    """Lower ``best`` of things on the outlines of several zones that lie inside their union.

    ``thing``, ``zone``: pairs that share an outline alone. A union takes in the zones of
    one rank and all worse ones, so that a thing has the worst rank that still surrounds it.
    """
    lower = rank[zone] < best[thing]
    pairs = np.unique(np.column_stack([thing[lower], zone[lower]]), axis=0)
    starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    on: dict[tuple[int, ...], list[int]] = {}
    for group in np.split(pairs, starts[1:]) if len(pairs) else ():
        if len(group) > 1:
            on.setdefault(tuple(group[:, 1].tolist()), []).append(int(group[0, 0]))
    for together, held in on.items():
        own, mine = np.array(together), np.array(held)
        for r in np.unique(rank[own]):
            whole = shapely.union_all(zones[own[rank[own] <= r]])
            within = mine[inside(whole, mine)]
            best[within] = np.minimum(best[within], r)
