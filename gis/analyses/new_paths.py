"""Read new foot and cycle paths from a file of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from gis.errors import GeometryError
from gis.sources.own import read_own

if TYPE_CHECKING:
    from pathlib import Path

    from gis.analyses.study import Study


def new_lines(study: Study, path: Path) -> gpd.GeoDataFrame:
    """Return the lines of a file in or near the study area, one part each, in the working CRS.

    Raises GeometryError where there is none, SourceError and CrsError as any file.
    """
    own = read_own(path)
    moved = own.frame.geometry.to_crs(study.crs)
    lines = gpd.GeoDataFrame(geometry=moved).explode(ignore_index=True)
    lines = lines[lines.geom_type == "LineString"].reset_index(drop=True)
    box = shapely.box(*shapely.bounds(study.polygon)).buffer(study.halo_m)
    lines = lines[shapely.intersects(box, lines.geometry.to_numpy())].reset_index(drop=True)
    if lines.empty:
        message = f"{path.name}: no line in or near {study.area.name}; new paths are lines"
        raise GeometryError(message)
    return lines
