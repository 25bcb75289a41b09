"""Read GeoParquet, which not every GDAL can."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import shapely

from gis.errors import SourceError
from gis.sources.batches import batches, check_weight, group_bytes
from gis.sources.limits import check_parquet, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SUFFIX = ".parquet"
_DEFAULT = "OGC:CRS84"  # GeoParquet 1.1: what a column without "crs" is in


@dataclass(frozen=True)
class _About:
    """What the file says of its geometries: the first of its columns of them, and all."""

    primary: str
    columns: dict[str, Any]

    @property
    def own(self) -> dict[str, Any]:
        """What is said of the first column."""
        said: dict[str, Any] = self.columns[self.primary]
        return said


def is_geo(path: Path) -> bool:
    """Tell whether a Parquet file says that it holds geometries. Raises SourceError."""
    return _about(checked_schema(path), path) is not None


def checked_schema(path: Path) -> pa.Schema:
    """Return the columns of a Parquet file within the limits. Raises SourceError."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            said = file.metadata
            sizes = [size for _, size in group_bytes(said)]
            unpacked = sum(said.row_group(i).total_byte_size for i in range(said.num_row_groups))
            check_parquet(path, unpacked=unpacked, rows=said.num_rows, group=max(sizes, default=0))
            return file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None


def _about(schema: pa.Schema, path: Path) -> _About | None:
    """Return what is said of geometries, None where nothing is. Raises SourceError."""
    raw = (schema.metadata or {}).get(b"geo")
    if raw is None:
        return None
    said = read_json(raw, source=f"{path.name}: the 'geo' of its schema")
    try:
        found = _About(str(said["primary_column"]), dict(said["columns"]))
        good = isinstance(found.own, dict) and found.primary in schema.names
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        message = f"{path.name}: cannot be read, its schema names no column of geometries"
        raise SourceError(message)
    return found


def _known(path: Path) -> tuple[pa.Schema, _About]:
    schema = checked_schema(path)
    about = _about(schema, path)
    if about is None:
        message = f"{path.name}: a Parquet table without geometry; allowed: GeoParquet"
        raise SourceError(message)
    return schema, about


def read_schema(path: Path) -> tuple[tuple[str, ...], str | None]:
    """Return the fields without geometry, and the CRS (None where the file says it has none).

    Raises SourceError: broken, or a table without geometry.
    """
    schema, about = _known(path)
    names = tuple(n for n in schema.names if n not in about.columns)
    crs = about.own.get("crs", _DEFAULT)
    return names, json.dumps(crs) if isinstance(crs, dict) else crs


def geometry_kind(path: Path) -> str | None:
    """Return what kind of geometry the file says it holds (as 'Point'); None where several."""
    kinds = _known(path)[1].own.get("geometry_types") or []
    plain = {str(k).removesuffix(" Z").removeprefix("Multi") for k in kinds}
    return plain.pop() if len(plain) == 1 else None


def read_rows(path: Path, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the named fields and the geometry. Raises SourceError."""
    schema, about = _known(path)
    if about.own.get("encoding", "WKB") == "WKB":
        blocks = list(_stream(path, columns, whole=True))
        return blocks[0] if len(blocks) == 1 else pd.concat(blocks, ignore_index=True)
    wanted = [*(n for n in schema.names if n in columns), about.primary]
    try:
        check_weight(path, wanted)  # for geopandas reads all at once
        frame = gpd.read_parquet(path, columns=wanted)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(path, error) from None
    return frame


def stream_rows(path: Path, columns: Sequence[str]) -> Iterator[gpd.GeoDataFrame]:
    """Yield what ``read_rows`` returns in blocks of rows, at least one. Raises SourceError."""
    if _known(path)[1].own.get("encoding", "WKB") != "WKB":
        yield read_rows(path, columns)
        return
    yield from _stream(path, columns)


def _stream(
    path: Path, columns: Sequence[str], *, whole: bool = False
) -> Iterator[gpd.GeoDataFrame]:
    schema, about = _known(path)
    wanted = [*(n for n in schema.names if n in columns), about.primary]
    for block in stream_table(path, wanted, whole=whole):
        try:
            wkb = block.pop(about.primary).to_numpy(dtype=object)
            shapes = shapely.from_wkb(wkb, on_invalid="fix")
        except (ValueError, TypeError, shapely.GEOSException) as error:
            raise _broken(path, error) from None
        yield gpd.GeoDataFrame(block, geometry=gpd.GeoSeries(shapes, index=block.index))


def stream_table(
    path: Path, columns: Sequence[str], *, whole: bool = False
) -> Iterator[pd.DataFrame]:
    """Yield the named columns of any Parquet file in blocks, at least one.

    ``whole``: the caller keeps all of it. Raises SourceError.
    """
    try:
        for batch in batches(path, columns, whole=whole):
            yield batch.to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None


def _broken(path: Path, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:300]
    message = f"{path.name}: cannot be read, broken or cut short ({reason})"
    return SourceError(message)
