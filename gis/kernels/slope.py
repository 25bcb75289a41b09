"""Measure how steep terrain is, from a grid of heights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LEAST = 2


def gradient(heights: NDArray[np.floating[Any]], *, cell_m: float) -> Floats:
    """Return rise over run in the steepest direction, float64 of the shape of ``heights``.

    heights: metres (rows, columns), NaN where not known; ``cell_m``: side of a cell. Central
    differences inside, one-sided at the rim; NaN where the cell or a neighbour is not known.
    A plane has its own gradient everywhere, exactly. Raises GeometryError for fewer than
    2 x 2 cells.
    """
    grid = np.asarray(heights, dtype=np.float64)
    if grid.ndim != _LEAST or min(grid.shape) < _LEAST or not cell_m > 0:
        message = f"heights of shape {grid.shape}, cell {cell_m} m; allowed: 2 x 2 cells or more"
        raise GeometryError(message)
    down, across = np.gradient(grid, cell_m)
    # A central difference looks over the cell itself, which may be a gap.
    return np.where(np.isnan(grid), np.nan, np.hypot(down, across))
