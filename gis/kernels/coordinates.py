"""Take coordinates as every kernel needs them: two equal rows of finite numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_EARTH_M = 6_371_009.0  # mean radius


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


def metres_apart(
    lon: ArrayLike, lat: ArrayLike, other_lon: ArrayLike, other_lat: ArrayLike
) -> NDArray[np.float64]:
    """Return how far places in degrees lie apart, in metres, pair by pair; NaN where one is.

    The great circle on a sphere of 6,371,009 m (haversine formula), within 0.6 % of the
    ellipsoid: for asking whether two places are one.
    """
    a_lon, a_lat, b_lon, b_lat = (
        np.radians(np.asarray(v, dtype=np.float64)) for v in (lon, lat, other_lon, other_lat)
    )
    half = (
        np.sin((b_lat - a_lat) / 2) ** 2
        + np.cos(a_lat) * np.cos(b_lat) * np.sin((b_lon - a_lon) / 2) ** 2
    )
    return np.asarray(2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))
