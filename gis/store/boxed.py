"""Read the part of a layer that lies in a box, without decoding the rest."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from gis.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

Bounds = tuple[float, float, float, float]


@cache
def working_crs(epsg: int) -> CRS:
    """Return a CRS; reading it from each file's own description would be most of the time."""
    return CRS.from_epsg(epsg)


def read_near(path: Path, box: Bounds, *, crs: CRS) -> gpd.GeoDataFrame:
    """Return the rows of a GeoParquet file whose envelope meets a box (west, south, east, north).

    Files without envelopes, of older builds, are read whole and cut. Raises StoreError.
    """
    try:
        with pq.ParquetFile(path) as file:
            geo = json.loads((file.schema_arrow.metadata or {})[b"geo"])
            primary = geo["primary_column"]
            covering = geo["columns"][primary].get("covering", {}).get("bbox")
            envelope = covering["xmin"][0] if covering else None
            names = [n for n in file.schema_arrow.names if n != envelope]
            columns = [*names, envelope] if envelope else names
            table = file.read(columns=columns)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        message = f"{path}: cannot be read ({' '.join(str(error).split())[:200]}); build again"
        raise StoreError(message) from error
    if envelope:
        table = table.filter(_meets(table[envelope], box)).drop_columns([envelope])
    shapes = shapely.from_wkb(np.asarray(table[primary].to_numpy(zero_copy_only=False), object))
    fields = table.drop_columns([primary]).to_pandas()
    frame = gpd.GeoDataFrame(fields, geometry=gpd.GeoSeries(shapes, crs=crs, index=fields.index))
    keep = _bounds_meet(frame.geometry.to_numpy(), box)
    return frame[keep].reset_index(drop=True) if not keep.all() else frame


def _meets(envelope: Any, box: Bounds) -> Any:
    """Tell which envelopes meet the box; a row without geometry has none and meets nothing."""
    side = pc.struct_field
    west, south, east, north = box
    tests = (
        pc.less_equal(side(envelope, "xmin"), east),
        pc.greater_equal(side(envelope, "xmax"), west),
        pc.less_equal(side(envelope, "ymin"), north),
        pc.greater_equal(side(envelope, "ymax"), south),
    )
    found = tests[0]
    for test in tests[1:]:
        found = pc.and_(found, test)
    return pc.fill_null(found, fill_value=False)


def _bounds_meet(shapes: Any, box: Bounds) -> np.ndarray[Any, np.dtype[np.bool_]]:
    west, south, east, north = box
    b = shapely.bounds(shapes)
    return np.asarray(
        (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
    )
