"""Find hot and cold spots on a regular grid (Getis-Ord Gi*).

Getis, A. and Ord, J. K. (1992), The analysis of spatial association by use of
distance statistics, Geographical Analysis 24(3), 189-206; the standardised Gi*
of Ord and Getis (1995), Local spatial autocorrelation statistics, 27(4), 286-306.
Weights are binary, queen contiguity, the cell itself included, and fall apart
into two box sums, one along each axis. As there is one test for each cell, the
p-values are to be read after the correction of Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HotSpots:
    """Gi* of each cell: z-score, two-sided p, and p after Benjamini-Hochberg; NaN = no answer."""

    z: Floats
    p: Floats
    p_adjusted: Floats


def getis_ord(
    values: ArrayLike, *, mask: NDArray[np.bool_] | None = None, reach: int = 1
) -> HotSpots:
    """Return Gi* of each cell of a regular grid.

    values: (rows, columns); mask: bool, True where a cell takes part (None: all);
    reach: cells to each side that count as neighbours (1: the 3 x 3 box, self
    included). With mean m, S^2 the population variance, n cells, k of them in the
    box: ``z = (sum_box(x) - k m) / (S sqrt((n k - k^2) / (n - 1)))``; p is two-sided
    from the normal distribution. NaN outside the mask, where all values are equal
    and where the box holds every cell. Raises ParameterError.
    """
    grid = np.asarray(values, dtype=np.float64)
    valid = np.ones(grid.shape, dtype=bool) if mask is None else np.asarray(mask)
    _check(grid, valid, reach)
    blank = np.full(grid.shape, np.nan)
    n = int(valid.sum())
    # Centred first: the sums stay small, and m drops out of the formula.
    centred = np.where(valid, grid, 0.0) - (grid[valid].mean() if n else 0.0)
    centred[~valid] = 0.0
    spread = float(np.sqrt((centred**2).sum() / n)) if n else 0.0
    largest = float(np.abs(grid[valid]).max()) if n else 0.0
    if n < 2 or spread <= 1e-12 * largest or spread == 0.0:
        return HotSpots(blank, blank.copy(), blank.copy())
    total = _box_sum(centred, reach)
    k = np.rint(_box_sum(valid.astype(np.float64), reach))
    spare = (n * k - k**2) / (n - 1)
    answer = valid & (spare > 0)
    z = np.divide(total, spread * np.sqrt(spare), out=blank, where=answer)
    p = 2.0 * ndtr(-np.abs(z))
    return HotSpots(z, p, benjamini_hochberg(p))


def getis_ord_points(
    x: ArrayLike, y: ArrayLike, values: ArrayLike, *, max_m: float, star: bool = True
) -> HotSpots:
    """Return Gi* (or Gi) of points by binary weights within a distance.

    x, y, values: (n,); neighbours lie at most ``max_m`` away. ``star``: the point itself
    counts as its neighbour and mean and variance are those of all; without, mean and
    variance are those of the n - 1 others (Ord and Getis 1995). NaN where a point has
    no neighbour, all others as neighbours, or nothing varies. Raises ParameterError.
    """
    place = np.column_stack([np.asarray(x, np.float64), np.asarray(y, np.float64)])
    value = np.asarray(values, dtype=np.float64)
    if value.shape != (len(place),) or not np.isfinite(place).all() or not np.isfinite(value).all():
        message = f"{len(place)} places and values of shape {value.shape}: one finite value each"
        raise ParameterError(message)
    if not max_m > 0:
        message = f"max_m = {max_m}: a distance above zero is needed"
        raise ParameterError(message)
    pairs = cKDTree(place).query_pairs(max_m, output_type="ndarray")
    n = len(value)
    near = np.bincount(pairs.ravel(), minlength=n).astype(np.float64)
    total = np.bincount(pairs[:, 0], weights=value[pairs[:, 1]], minlength=n)
    total += np.bincount(pairs[:, 1], weights=value[pairs[:, 0]], minlength=n)
    own = np.zeros(n) if star else value
    if star:
        near, total = near + 1, total + value
    others = n if star else n - 1
    mean = (value.sum() - own) / max(others, 1)
    variance = ((value**2).sum() - own**2) / max(others, 1) - mean**2
    spare = (others * near - near**2) / max(others - 1, 1)
    answer = (spare > 0) & (variance > 1e-12 * np.maximum(mean**2, 1e-300)) & (others > 1)
    below = np.sqrt(np.where(answer, variance * spare, 1.0))
    z = np.where(answer, (total - near * mean) / below, np.nan)
    p = 2.0 * ndtr(-np.abs(z))
    return HotSpots(z, p, benjamini_hochberg(p))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return p-values adjusted for the false discovery rate; NaN stays NaN and is no test.

    With the m p-values in rising order, ``q_(i) = min over j >= i of p_(j) m / j``.
    Benjamini, Y. and Hochberg, Y. (1995), Journal of the Royal Statistical Society B
    57(1), 289-300. Raises ParameterError for values outside 0..1.
    """
    values = np.asarray(p, dtype=np.float64)
    tested = ~np.isnan(values)
    raw = values[tested]
    if ((raw < 0) | (raw > 1)).any():
        message = f"p-values run from {raw.min()} to {raw.max()}: 0 to 1 is allowed"
        raise ParameterError(message)
    adjusted = np.full(values.shape, np.nan)
    order = np.argsort(raw, kind="stable")
    steps = raw[order] * raw.size / np.arange(1, raw.size + 1)
    settled = np.empty(raw.size)
    settled[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    adjusted[tested] = settled
    return adjusted


def _box_sum(grid: Floats, reach: int) -> Floats:
    """Sum over the box of each cell by shifted additions along one axis, then the other."""
    for axis in (0, 1):
        total = grid.copy()
        length = grid.shape[axis]
        source, target = np.moveaxis(grid, axis, 0), np.moveaxis(total, axis, 0)
        for step in range(1, min(reach, length - 1) + 1):
            target[step:] += source[:-step]
            target[:-step] += source[step:]
        grid = total
    return grid


def _check(grid: Floats, valid: NDArray[np.bool_], reach: int) -> None:
    if grid.ndim != 2 or valid.shape != grid.shape or valid.dtype != np.bool_:
        message = (
            f"values of shape {grid.shape}, mask of shape {valid.shape} and type {valid.dtype}: "
            "rows x columns and a bool mask alike are needed"
        )
        raise ParameterError(message)
    if reach < 1:
        message = f"reach = {reach}: one cell or more is needed"
        raise ParameterError(message)
    if not np.isfinite(grid[valid]).all():
        message = "values hold NaN or infinity in cells that take part: mask them out"
        raise ParameterError(message)
