"""Read the part of a layer that lies in a box, quickly enough to ask every layer in turn.

Most of what geopandas takes for a small file goes into the description of its CRS, which is
the store's own for all of them; here it is made once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas.array import from_shapely

from gis.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

_MANY_ROWS = 100_000
Bounds = tuple[float, float, float, float]


def read_near(path: Path, box: Bounds | None, *, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows of a GeoParquet file whose envelope meets a box (west, south, east, north).

    Only their fields are turned into a frame; without a box, all. ``crs`` is the store's.
    Raises StoreError.
    """
    try:
        with pq.ParquetFile(path) as file:
            known = file.metadata.metadata or {}
            primary = json.loads(known[b"geo"])["primary_column"]
            # One thread: starting more takes longer than reading some thousand rows.
            table = file.read(use_threads=box is None and file.metadata.num_rows > _MANY_ROWS)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        message = f"{path}: cannot be read ({' '.join(str(error).split())[:200]}); build again"
        raise StoreError(message) from error
    shapes = shapely.from_wkb(np.asarray(table[primary].to_numpy(zero_copy_only=False), object))
    meets = np.ones(len(shapes), dtype=bool) if box is None else _meets(shapes, box)
    rows = table.replace_schema_metadata(known).drop_columns([primary])
    frame = (rows if box is None else rows.filter(pa.array(meets))).to_pandas()
    frame["geometry"] = from_shapely(shapes[meets], crs=crs)
    return gpd.GeoDataFrame(frame, geometry="geometry")


def _meets(shapes: NDArray[Any], box: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = box
    b = shapely.bounds(shapes)
    # Without geometry the envelope is no number, and meets nothing.
    found = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    return np.asarray(found)
