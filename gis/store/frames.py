"""Write a layer's frames, block by block, as one GeoParquet file.

The file is what geopandas would write of all blocks at once (GeoParquet 1.1, WKB), and
no more than one block is in memory.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import shapely

import gis

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from gis.sources import Bounds

GEOMETRY = "geometry"
_NAMES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


@dataclass
class FrameWriter:
    """Append frames of equal fields to one GeoParquet file; ``close`` makes it whole.

    ``rows`` and ``bounds`` (working CRS; None without geometries) are those of all frames.
    """

    path: Path
    rows: int = 0
    bounds: Bounds | None = None
    _writer: pyarrow.parquet.ParquetWriter | None = None
    _empty: pd.DataFrame | None = None
    _crs: dict[str, Any] | None = None
    _kinds: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            self._finish()
        elif self._writer is not None:
            self._writer.close()

    def write(self, frame: gpd.GeoDataFrame) -> None:
        """Append one frame. Its fields are those of the first; whole numbers may turn nullable."""
        shapes = frame.geometry.to_numpy()
        plain = pd.DataFrame(frame.drop(columns=GEOMETRY))
        plain[GEOMETRY] = shapely.to_wkb(shapes)
        plain[GEOMETRY] = plain[GEOMETRY].astype(object)
        self._remember(plain, frame)
        schema = self._schema()
        table = pa.Table.from_pandas(plain, schema=schema, preserve_index=False)
        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(self.path, schema, compression="zstd")
        if len(frame):
            self._writer.write_table(table)
        self.rows += len(frame)
        known = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        self._kinds |= {_NAMES[i] for i in np.unique(shapely.get_type_id(known))}
        if len(known):
            self.bounds = _around(self.bounds, shapely.total_bounds(known))

    def _remember(self, plain: pd.DataFrame, frame: gpd.GeoDataFrame) -> None:
        """Keep the types that hold the rows of every frame so far."""
        new = plain.iloc[:0]
        if self._empty is None:
            self._empty, self._crs = new, frame.crs.to_json_dict()
            return
        nullable = {
            name: "Int64"
            for name in new.columns
            if new[name].dtype != self._empty[name].dtype
            and pd.api.types.is_integer_dtype(new[name].dtype)
        }
        self._empty = self._empty.astype(nullable)

    def _schema(self) -> pa.Schema:
        """Return the types as the file holds them; a column of text or WKB says so also empty."""
        assert self._empty is not None  # noqa: S101 - set by the first frame
        made = pa.Schema.from_pandas(self._empty, preserve_index=False)
        place = made.get_field_index(GEOMETRY)
        return made.set(place, pa.field(GEOMETRY, pa.binary())).remove_metadata()

    def _finish(self) -> None:
        """Write what is known of the whole, and close."""
        if self._writer is None or self._empty is None:
            return
        pandas = pa.Schema.from_pandas(self._empty, preserve_index=False).metadata[b"pandas"]
        self._writer.add_key_value_metadata(
            {"pandas": pandas.decode(), "geo": json.dumps(self._about(), allow_nan=False)}
        )
        self._writer.close()

    def _about(self) -> dict[str, Any]:
        """Return GeoParquet's own metadata."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "crs": self._crs,
            "geometry_types": sorted(self._kinds),
        }
        if self.bounds is not None:
            column["bbox"] = list(self.bounds)
        return {
            "primary_column": GEOMETRY,
            "columns": {GEOMETRY: column},
            "version": "1.1.0",
            "creator": {"library": "arealplan", "version": gis.__version__},
        }


def _around(before: Bounds | None, new: Any) -> Bounds:
    west, south, east, north = (float(v) for v in new)
    if before is None:
        return west, south, east, north
    return (
        min(before[0], west),
        min(before[1], south),
        max(before[2], east),
        max(before[3], north),
    )
