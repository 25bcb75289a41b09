"""Tell a file in the wrong zone, or of another place, by where its rows lie.

A municipality's file of zone 32 that is labelled zone 33 lies in Sweden, within the range
that all of Norway needs. Of a study area is known where the rows should be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from gis.errors import CrsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.sources.base import Bounds, Request

ZONES = (25832, 25833, 25835)


def check_zone(seen: Mapping[int, Bounds], request: Request) -> None:
    """Refuse rows that all lie outside the study area, and in it if their zone is another.

    ``seen`` holds the bounds of the rows by the EPSG code they were labelled with. A file that
    meets the request's box as labelled is left alone. Raises CrsError with the likely zone.
    """
    if request.bounds is None:
        return
    area, epsg = shapely.box(*request.bounds), request.epsg
    for said, bounds in seen.items():
        if said not in ZONES or not all(map(math.isfinite, bounds)):
            continue
        if area.intersects(_as_if(bounds, said, epsg)):
            continue
        likely = [z for z in ZONES if z != said and area.intersects(_as_if(bounds, z, epsg))]
        if likely:
            labelled, zone = said - 25800, likely[0] - 25800
            message = (
                f"{request.label}: no row lies in the study area as EPSG:{said} (zone "
                f"{labelled}), but the same numbers do as EPSG:{likely[0]}: the file is likely in "
                f"zone {zone} with the wrong label; allowed: for [layers.{request.layer}] a file "
                "labelled by its own zone"
            )
            raise CrsError(message)


def check_place(seen: Mapping[int, Bounds], request: Request) -> None:
    """Refuse rows that all lie together outside the study area: another municipality's file.

    ``seen`` as for ``check_zone``. A file whose rows lie around the area may rightly
    have nothing in it (a national map of quick clay), and so may one that the workspace says is
    whole for a municipality. Raises CrsError with both boxes.
    """
    if request.bounds is None or (request.local and request.local.covers):
        return
    area, epsg = shapely.box(*request.bounds), request.epsg
    boxes = [_as_if(bounds, said, epsg) for said, bounds in seen.items()]
    if not boxes or any(b.is_empty for b in boxes):
        return
    there = shapely.box(*shapely.total_bounds(np.array(boxes)))
    if area.intersects(there):
        return
    message = (
        f"{request.label}: no row lies in the study area, the nearest at least "
        f"{max(shapely.distance(area, there) / 1000, 0.1):.1f} km from it: the rows lie in "
        f"{_told(there)}, the area with its halo is {_told(area)} (EPSG:{epsg}); allowed for "
        f"[layers.{request.layer}]: a file of the area, or one that is whole for it by "
        "covers = [municipality numbers]"
    )
    raise CrsError(message)


def _told(box: shapely.Geometry) -> str:
    west, south, east, north = box.bounds
    return f"{west:.0f} {south:.0f} .. {east:.0f} {north:.0f}"


def _as_if(bounds: Bounds, zone: int, epsg: int) -> shapely.Geometry:
    """Return the box of coordinates read as of a zone, in the working CRS."""
    if zone == epsg:
        return shapely.box(*bounds)
    moved = Transformer.from_crs(zone, epsg, always_xy=True).transform_bounds(*bounds)
    return shapely.box(*moved) if all(map(math.isfinite, moved)) else shapely.Polygon()
