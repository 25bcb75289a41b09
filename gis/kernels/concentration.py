"""Measure how unevenly a quantity lies over places: top share, Gini, Hoover.

Places with their own areas or equal ones; every measure is the same whatever the order
of the places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def top_share(amount: ArrayLike, share: float, *, area: ArrayLike | None = None) -> float:
    """Return the part (0-1) of the whole that lies in the densest ``share`` of the area.

    amount: (n,) 0 or more; area: (n,) above 0, equal unless given. Read off the Lorenz
    curve, straight between places, so that a share that cuts through a place takes its
    part of it. NaN where there is nothing. Raises ParameterError.
    """
    if not 0 < share <= 1:
        message = f"share = {share}: above 0 and at most 1 is needed"
        raise ParameterError(message)
    held, size = _checked(amount, area)
    if not held.sum():
        return float("nan")
    order = np.argsort(-held / size, kind="stable")
    x = np.concatenate([[0.0], np.cumsum(size[order])]) / size.sum()
    y = np.concatenate([[0.0], np.cumsum(held[order])]) / held.sum()
    return float(np.interp(share, x, y))


def gini(amount: ArrayLike, *, area: ArrayLike | None = None) -> float:
    """Return the Gini coefficient: 0 where all places are as dense, towards 1 where one has all.

    One minus twice the area under the Lorenz curve of amount over area (Gini 1914; for
    grouped data as in Brown 1994). amount and area as in ``top_share``. NaN where there
    is nothing. Raises ParameterError.
    """
    held, size = _checked(amount, area)
    if not held.sum():
        return float("nan")
    order = np.argsort(held / size, kind="stable")
    x = size[order] / size.sum()
    y = np.concatenate([[0.0], np.cumsum(held[order])]) / held.sum()
    return float(1.0 - (x * (y[1:] + y[:-1])).sum())


def hoover(amount: ArrayLike, *, area: ArrayLike | None = None) -> float:
    """Return Hoover's index: the part of the whole that would have to move to be spread evenly.

    Half the sum of differences between each place's share of the amount and of the area
    (Hoover 1936). amount and area as in ``top_share``. NaN where there is nothing.
    Raises ParameterError.
    """
    held, size = _checked(amount, area)
    if not held.sum():
        return float("nan")
    return float(0.5 * np.abs(held / held.sum() - size / size.sum()).sum())


def _checked(amount: ArrayLike, area: ArrayLike | None) -> tuple[Floats, Floats]:
    held = np.asarray(amount, dtype=np.float64)
    size = np.ones_like(held) if area is None else np.asarray(area, dtype=np.float64)
    if held.ndim != 1 or held.shape != size.shape:
        message = f"amounts of shape {held.shape}, areas {size.shape}: one of each a place"
        raise ParameterError(message)
    if not (np.isfinite(held) & (held >= 0)).all() or not (np.isfinite(size) & (size > 0)).all():
        message = "amounts of 0 or more and areas above 0 are needed"
        raise ParameterError(message)
    return held, size
