"""Settle the coordinate reference system at the door, by refusal.

The working CRS is ETRS89 / UTM zone 33N (EPSG:25833), in metres, easting first;
a workspace may choose zone 32N (EPSG:25832). Longitude and latitude exist only
at the edges: in delivered files and on rendered maps. Nothing here ever guesses.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from gis.errors import CrsError, OutsideError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

WORKING_EPSG = 25833
ALLOWED_WORKING_EPSG = (25833, 25832)
LONLAT_EPSG = 4326

# Mainland Norway with its sea, generous (easting min, max, northing min, max) in metres.
# Bounds after NMBU/Kartverket extents of the zones; swapped axes and foreign zones fall outside.
_PLAUSIBLE_M = {
    25833: (-200_000.0, 1_200_000.0, 6_380_000.0, 8_000_000.0),
    25832: (200_000.0, 1_500_000.0, 6_380_000.0, 8_000_000.0),
}
_PLAUSIBLE_DEGREES = (2.0, 34.0, 57.0, 72.5)


@cache
def crs_of(epsg: int) -> CRS:
    """Return a CRS by its code, made once: making it takes longer than many small frames."""
    return CRS.from_epsg(epsg)


def epsg_of(crs: CRS | None) -> int | None:
    """Return the horizontal EPSG code of a CRS, or None where it has none.

    Compound systems (with height) are reduced to their horizontal part, and
    WGS 84 / UTM 33N and 32N, which SSB's services name, are read as ETRS89: the
    two differ by less than a metre in Norway and the data are ETRS89.
    """
    if crs is None:
        return None
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()
    code = horizontal.to_epsg()
    return {32633: 25833, 32632: 25832}.get(code, code) if code is not None else None


def check_plausible(
    bounds: NDArray[np.float64] | tuple[float, float, float, float], *, epsg: int, source: str
) -> None:
    """Refuse coordinates that cannot lie in Norway under the CRS they claim.

    bounds is (west, south, east, north) in the units of ``epsg``. The message
    tells swapped axes from a wrong zone. Raises CrsError.
    """
    west, south, east, north = (float(v) for v in bounds)
    if not all(np.isfinite((west, south, east, north))):
        message = f"{source}: no finite coordinates"
        raise CrsError(message)
    if epsg in (LONLAT_EPSG, 4258):
        x0, x1, y0, y1 = _PLAUSIBLE_DEGREES
    elif epsg in _PLAUSIBLE_M:
        x0, x1, y0, y1 = _PLAUSIBLE_M[epsg]
    else:
        return
    if x0 <= west and east <= x1 and y0 <= south and north <= y1:
        return
    if x0 <= south and north <= x1 and y0 <= west and east <= y1:
        why = "the axes look swapped (northing first)"
    elif epsg in _PLAUSIBLE_M and _PLAUSIBLE_DEGREES[0] <= west and east <= _PLAUSIBLE_DEGREES[1]:
        why = "the numbers look like degrees"
    else:
        why = "the CRS or the zone is wrong"
    found = " .. ".join(f"{_short(x)} {_short(y)}" for x, y in ((west, south), (east, north)))
    message = (
        f"{source}: coordinates {found} do not fit "
        f"EPSG:{epsg}: {why}; allowed: easting/longitude {x0:.0f} to {x1:.0f}, "
        f"northing/latitude {y0:.0f} to {y1:.0f}"
    )
    raise (OutsideError if _is_elsewhere((west, south, east, north), epsg) else CrsError)(message)


def _is_elsewhere(bounds: tuple[float, float, float, float], epsg: int) -> bool:
    """Tell whether bounds are degrees that lie wholly outside Norway, either way round."""
    west, south, east, north = bounds
    x0, x1, y0, y1 = _PLAUSIBLE_DEGREES
    degrees = epsg in (LONLAT_EPSG, 4258) and max(map(abs, bounds)) <= 180
    here = west <= x1 and east >= x0 and south <= y1 and north >= y0
    turned = x0 <= south and north <= x1 and y0 <= west and east <= y1
    return degrees and not here and not turned


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 1e9 else f"{value:.3g}"


def to_working(
    frame: gpd.GeoDataFrame, *, source: str, epsg: int = WORKING_EPSG
) -> gpd.GeoDataFrame:
    """Return the frame in the working CRS (a new frame, the input untouched).

    Refuses a frame without CRS, and one whose coordinates contradict the CRS it
    claims, before and after the transformation. Raises CrsError.
    """
    if epsg not in ALLOWED_WORKING_EPSG:
        message = f"working CRS EPSG:{epsg} given; allowed: EPSG:25833, EPSG:25832"
        raise CrsError(message)
    if frame.crs is None:
        message = f"{source}: no coordinate reference system; state it with crs = <EPSG code>"
        raise CrsError(message)
    given = epsg_of(frame.crs)
    if given is None:
        message = f"{source}: the CRS '{frame.crs.name}' has no EPSG code"
        raise CrsError(message)
    if len(frame) and not frame.geometry.is_empty.all():
        check_plausible(frame.total_bounds, epsg=given, source=source)
    if given == epsg:
        return frame.set_crs(epsg, allow_override=True)
    moved = frame.set_crs(given, allow_override=True).to_crs(epsg)
    if len(moved) and not moved.geometry.is_empty.all():
        check_plausible(moved.total_bounds, epsg=epsg, source=source)
    return moved


def transform_points(
    x: NDArray[np.float64], y: NDArray[np.float64], *, from_epsg: int, to_epsg: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform coordinate arrays, easting/longitude first on both sides."""
    if from_epsg == to_epsg:
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    transformer = Transformer.from_crs(from_epsg, to_epsg, always_xy=True)
    east, north = transformer.transform(x, y)
    return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)
