"""Read GeoParquet, which not every GDAL can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet

from gis.errors import SourceError
from gis.sources.limits import check_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUFFIX = ".parquet"
_DEFAULT = "OGC:CRS84"  # GeoParquet 1.1: what a column without "crs" is in


def read_schema(path: Path) -> tuple[tuple[str, ...], str | None]:
    """Return the fields without geometry, and the CRS (None where the file says it has none).

    Raises SourceError: broken, or a table without geometry.
    """
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            check_parquet(path, unpacked=sum(g.total_byte_size for g in groups))
            schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None
    geo = (schema.metadata or {}).get(b"geo")
    if geo is None:
        message = f"{path.name}: a Parquet table without geometry; allowed: GeoParquet"
        raise SourceError(message)
    geometry: dict[str, Any] = json.loads(geo)
    names = tuple(n for n in schema.names if n not in geometry["columns"])
    crs = geometry["columns"][geometry["primary_column"]].get("crs", _DEFAULT)
    return names, json.dumps(crs) if isinstance(crs, dict) else crs


def read_rows(path: Path, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the named fields and the geometry. Raises SourceError."""
    names, _ = read_schema(path)
    primary = json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])["primary_column"]
    try:
        frame = gpd.read_parquet(path, columns=[*(n for n in names if n in columns), primary])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(path, error) from None
    return frame


def _broken(path: Path, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:300]
    message = f"{path.name}: cannot be read, broken or cut short ({reason})"
    return SourceError(message)
