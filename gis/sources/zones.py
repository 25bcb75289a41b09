"""Tell a file in the wrong zone by where its rows would lie in the right one.

A municipality's file of zone 32 that is labelled zone 33 lies in Sweden, within the range
that all of Norway needs. Of a study area is known where the rows should be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely
from pyproj import Transformer

from gis.errors import CrsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.sources.base import Bounds

ZONES = (25832, 25833, 25835)


def check_zone(
    seen: Mapping[int, Bounds], *, box: Bounds, epsg: int, source: str, layer: str
) -> None:
    """Refuse rows that all lie outside the study area, and in it if their zone is another.

    ``seen`` holds the bounds of the rows by the EPSG code they were labelled with; ``box``
    is the study area's in ``epsg``. A file that meets the box as labelled is left alone.
    Raises CrsError with the likely zone.
    """
    area = shapely.box(*box)
    for said, bounds in seen.items():
        if said not in ZONES or not all(map(math.isfinite, bounds)):
            continue
        if area.intersects(_as_if(bounds, said, epsg)):
            continue
        likely = [z for z in ZONES if z != said and area.intersects(_as_if(bounds, z, epsg))]
        if likely:
            labelled, zone = said - 25800, likely[0] - 25800
            message = (
                f"{source}: no row lies in the study area as EPSG:{said} (zone {labelled}), but "
                f"the same numbers do as EPSG:{likely[0]}: the file is likely in zone {zone} with "
                f"the wrong label; allowed: for [layers.{layer}] a file labelled by its own zone"
            )
            raise CrsError(message)


def _as_if(bounds: Bounds, zone: int, epsg: int) -> shapely.Geometry:
    """Return the box of coordinates read as of a zone, in the working CRS."""
    if zone == epsg:
        return shapely.box(*bounds)
    moved = Transformer.from_crs(zone, epsg, always_xy=True).transform_bounds(*bounds)
    return shapely.box(*moved) if all(map(math.isfinite, moved)) else shapely.Polygon()
