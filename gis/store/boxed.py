"""Read the part of a layer that lies in a box, quickly enough to ask every layer in turn.

Most of what geopandas takes for a small file goes into the description of its CRS, which is
the store's own for all of them; here it is made once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas.array import from_shapely

from gis.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

Bounds = tuple[float, float, float, float]


def read_near(path: Path, box: Bounds, *, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows of a GeoParquet file whose envelope meets a box (west, south, east, north).

    Only their fields are turned into a frame. ``crs`` is the store's. Raises StoreError.
    """
    try:
        with pq.ParquetFile(path) as file:
            known = file.metadata.metadata or {}
            primary = json.loads(known[b"geo"])["primary_column"]
            # One thread: starting more takes longer than reading some thousand rows.
            table = file.read(use_threads=False)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        message = f"{path}: cannot be read ({' '.join(str(error).split())[:200]}); build again"
        raise StoreError(message) from error
    shapes = shapely.from_wkb(np.asarray(table[primary].to_numpy(zero_copy_only=False), object))
    west, south, east, north = box
    b = shapely.bounds(shapes)
    # Without geometry the envelope is no number, and meets nothing.
    meets = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    rows = table.replace_schema_metadata(known).drop_columns([primary]).filter(pa.array(meets))
    frame = rows.to_pandas()
    frame["geometry"] = from_shapely(shapes[meets], crs=crs)
    return gpd.GeoDataFrame(frame, geometry="geometry")
