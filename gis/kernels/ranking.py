"""Score places by weighted points, rank them, and try how stable the top is.

Ties share a rank and stand or fall together, so that nothing follows from the order of
the places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# Sums of the same points in another order differ in the last bits; this far apart is a tie.
_DECIMALS = 9


def weighted_score(points: ArrayLike, weights: ArrayLike) -> Floats:
    """Return the weighted mean of points: (n,), 0 to 1.

    points: (n, k), each 0 to 1; weights: (k,) of 0 or more, one above 0. Raises
    ParameterError.
    """
    p, w = _checked(points, weights)
    return np.asarray(np.round(p @ (w / w.sum()), _DECIMALS))


def competition_rank(score: ArrayLike) -> Ints:
    """Return 1 for the highest; equal scores share a rank and the next ranks are skipped."""
    s = np.asarray(score, dtype=np.float64)
    ordered = np.sort(s)
    return np.asarray(len(s) - np.searchsorted(ordered, s, side="right") + 1, dtype=np.int64)


def in_top(score: ArrayLike, top: int) -> Bools:
    """Tell which are among the ``top`` highest, all that tie with the last of them included."""
    s = np.asarray(score, dtype=np.float64)
    if len(s) <= top:
        return np.ones(len(s), dtype=bool)
    return np.asarray(s >= np.partition(s, len(s) - top)[len(s) - top])


def top_stability(
    points: ArrayLike, weights: ArrayLike, *, top: int, draws: int, spread: float, seed: int
) -> Floats:
    """Return the share (0-1) of draws of the weights in which each place is in the top: (n,).

    Each draw multiplies every weight by its own number, even between 1 - spread and
    1 + spread, from a generator with the seed. points and weights as in
    ``weighted_score``. Raises ParameterError.
    """
    p, w = _checked(points, weights)
    if not (top >= 1 and draws >= 1 and 0 <= spread <= 1):
        message = f"top {top}, draws {draws}, spread {spread}: 1 or more, 1 or more, 0 to 1 needed"
        raise ParameterError(message)
    rng = np.random.default_rng(seed)
    moved = w * rng.uniform(1 - spread, 1 + spread, size=(draws, len(w)))
    sums = moved.sum(axis=1)
    # Spread 1 may draw nothing at all, from which no order follows: then the weights stand.
    moved[sums <= 0] = w
    hits = np.zeros(len(p))
    for one in moved:
        hits += in_top(weighted_score(p, one), top)
    return hits / draws


def kept_when_moved(
    points: ArrayLike, weights: ArrayLike, *, top: int, by: float
) -> tuple[Floats, Floats]:
    """Return the share of the top that stays when one weight moves: (k,) down, (k,) up.

    One weight at a time is multiplied by 1 - by and 1 + by. points and weights as in
    ``weighted_score``; NaN where there are no places. Raises ParameterError.
    """
    p, w = _checked(points, weights)
    kept = np.full((2, len(w)), np.nan)
    if not len(p):
        return kept[0], kept[1]
    before = in_top(weighted_score(p, w), top)
    for side, factor in enumerate((1 - by, 1 + by)):
        for i in range(len(w)):
            other = w.copy()
            other[i] *= factor
            after = in_top(weighted_score(p, other), top) if other.sum() > 0 else before
            kept[side, i] = (before & after).sum() / before.sum()
    return kept[0], kept[1]


def falling(distance_m: ArrayLike, *, full_m: float, none_m: float) -> Floats:
    """Return points for being near: 1 within ``full_m``, falling straight to 0 at ``none_m``.

    distance_m: (n,) metres, NaN (no way there) gives 0. Raises ParameterError.
    """
    if not 0 <= full_m < none_m:
        message = f"full_m {full_m}, none_m {none_m}: 0 or more, and more than that, are needed"
        raise ParameterError(message)
    away = np.nan_to_num(np.asarray(distance_m, dtype=np.float64), nan=np.inf)
    return np.asarray(np.clip((none_m - away) / (none_m - full_m), 0.0, 1.0))


def _checked(points: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    p = np.asarray(points, dtype=np.float64)
    w = np.asarray(weights, dtype=np.float64)
    if p.ndim != 2 or w.shape != (p.shape[1],):
        message = f"points of shape {p.shape}, weights {w.shape}: a weight for each column needed"
        raise ParameterError(message)
    if not (np.isfinite(w) & (w >= 0)).all() or not w.sum() > 0:
        message = f"weights {w.tolist()}: numbers of 0 or more, one above 0, are needed"
        raise ParameterError(message)
    if not ((p >= 0) & (p <= 1)).all():
        message = "points outside 0 to 1"
        raise ParameterError(message)
    return p, w
