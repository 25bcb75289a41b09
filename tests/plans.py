"""Draw plans in the town's own coordinates, as files in the systems that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from tests.town import EPSG

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import shapely


def plan_file(
    folder: Path,
    *shapes: shapely.Geometry,
    name: str = "plan.geojson",
    epsg: int = EPSG,
    **columns: Sequence[object],
) -> Path:
    """Write shapes of the town as a plan in a system, with fields."""
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=EPSG).to_crs(epsg)
    path = folder / name
    frame.to_file(path, engine="pyogrio")
    return path
