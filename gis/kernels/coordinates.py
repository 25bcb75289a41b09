"""Take coordinates as every kernel needs them: two equal rows of finite numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def coordinates(
    x: ArrayLike, y: ArrayLike, name: str = "point"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y as contiguous float64 arrays (n,), checked.

    ``name`` is what the points are called in messages. Raises GeometryError (shapes
    that differ, numbers that are not finite).
    """
    ax = np.ascontiguousarray(x, dtype=np.float64)
    ay = np.ascontiguousarray(y, dtype=np.float64)
    if ax.ndim != 1 or ax.shape != ay.shape:
        message = f"{name} coordinates of shapes {ax.shape} and {ay.shape}: one x and y each needed"
        raise GeometryError(message)
    bad = ~(np.isfinite(ax) & np.isfinite(ay))
    if bad.any():
        i = int(np.argmax(bad))
        message = f"{name} {i} of {ax.size} at ({ax[i]}, {ay[i]}): finite coordinates are needed"
        raise GeometryError(message)
    return ax, ay
