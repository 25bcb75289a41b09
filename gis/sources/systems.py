"""Settle which CRS a vector layer is in: what the file says, else its name, else the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gis.crs import LONLAT_EPSG, epsg_of
from gis.errors import CrsError
from gis.sources.geonorge import epsg_in_name

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.sources.base import Bounds, Request
    from gis.sources.containers import Dataset

_MARGIN_M = 50.0


def settle_epsg(crs: str | None, dataset: Dataset, request: Request, *, source: str) -> int:
    """Settle the CRS of a layer: what the file says; else its name; else the workspace.

    GeoJSON without a crs member is in degrees (RFC 7946) unless its name carries a
    code, as Geonorge's do, or the workspace states one. Raises CrsError.
    """
    stated = request.stated_epsg
    code = _code(crs, source=source)
    if dataset.silent_crs and code in (None, LONLAT_EPSG):
        return stated or epsg_in_name(dataset.name) or LONLAT_EPSG
    if code is None and stated is None:
        message = (
            f"{source}: no coordinate reference system; state it with epsg = <EPSG code> "
            f"in [layers.{request.layer}]"
        )
        raise CrsError(message)
    if code is not None and stated not in (None, code):
        message = (
            f"{source}: the file says EPSG:{code}, [layers.{request.layer}] says EPSG:{stated}; "
            "epsg is only for files that cannot say it"
        )
        raise CrsError(message)
    return code or stated or LONLAT_EPSG


def _code(crs: str | None, *, source: str) -> int | None:
    """Return the EPSG code of what a file says; None where it says nothing."""
    if crs is None:
        return None
    try:
        system = CRS.from_user_input(crs)
    except CRSError:
        message = f"{source}: the CRS cannot be read: {crs[:80]}"
        raise CrsError(message) from None
    # CRS 84 is longitude and latitude on WGS 84, which EPSG lists with its axes turned.
    code = LONLAT_EPSG if system.to_authority() == ("OGC", "CRS84") else epsg_of(system)
    if code is None:
        message = f"{source}: the CRS has no EPSG code: {crs[:80]}"
        raise CrsError(message)
    return code


def check_silent(frame: gpd.GeoDataFrame, dataset: Dataset, epsg: int, *, source: str) -> None:
    """Refuse GeoJSON without a crs member whose numbers are no degrees."""
    if not (dataset.silent_crs and epsg == LONLAT_EPSG and len(frame)):
        return
    west, south, east, north = (float(v) for v in frame.total_bounds)
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        message = (
            f"{source}: GeoJSON without a crs member holds coordinates {west:.0f} {south:.0f} .. "
            f"{east:.0f} {north:.0f}, which are no degrees; state epsg = <EPSG code>"
        )
        raise CrsError(message)


def file_box(request: Request, epsg: int) -> Bounds | None:
    """Return the box of the request in the CRS of the file, a little wider."""
    if request.bounds is None:
        return None
    west, south, east, north = request.bounds
    wide = (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
    if epsg == request.epsg:
        return wide
    to_file = Transformer.from_crs(request.epsg, epsg, always_xy=True)
    box: Bounds = to_file.transform_bounds(*wide, densify_pts=51)
    return box
