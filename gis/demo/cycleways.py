"""Lay cycle ways beside the main roads of the invented municipality, where people live.

A way runs a few metres to the right of its road and meets it at each junction, so that
whoever walks or cycles can change between the two. Nothing is drawn by lot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.demo.grid import MID
from gis.demo.streets import MAIN

if TYPE_CHECKING:
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets

TYPEVEG = "gangOgSykkelveg"
_BESIDE_M = 6.0


def cycle_ways(streets: Streets, town: Settlement) -> list[Any]:
    """Return the cycle ways as lines, one beside each stretch of main road in a settlement.

    Stretches over water or under ground have none. Lines are in the demo's CRS (metres).
    """
    ground = np.array([not medium for medium in streets.medium], dtype=bool)
    middle = streets.curve.mean(axis=1)
    settled = MID.sample(town.built, middle[:, 0], middle[:, 1]).astype(bool)
    chosen = np.flatnonzero((streets.kind == MAIN) & ground & settled)
    return [_beside(streets.curve[place]) for place in chosen]


def _beside(curve: Any) -> Any:
    """Move a line to its right, its two ends left where they are."""
    along = np.gradient(curve, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    moved = curve + _BESIDE_M * np.column_stack([along[:, 1], -along[:, 0]])
    return shapely.LineString(np.round(np.vstack([curve[:1], moved[1:-1], curve[-1:]]), 2))
