"""Read the rows of a vector layer block by block, so that a national file needs little memory."""

from __future__ import annotations

import contextlib
import functools
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from gis.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gis.sources.base import Bounds, Notes

# What GDAL, through pyogrio, raises for broken files; all are worded anew.
GDAL_ERRORS = (
    DataSourceError,
    DataLayerError,
    RuntimeError,
    ValueError,
    pa.ArrowException,
    shapely.GEOSException,
)
_BLOCK_ROWS = 1 << 15


def stream_rows(
    opened: str | bytes,
    layer: str | None,
    columns: list[str],
    *,
    source: str,
    notes: Notes,
) -> Iterator[pd.DataFrame]:
    """Yield a layer's rows in the order of the file: the named columns and the geometry.

    A GeoDataFrame a block, at least one; a plain frame where the layer has no geometry.
    Times come as ISO 8601 text. Raises SourceError, where the broken row is reached.
    """
    done = 0
    with contextlib.ExitStack() as stack:
        meta, reader = guarded(
            lambda: stack.enter_context(
                pyogrio.open_arrow(
                    opened,
                    layer=layer,
                    columns=columns,
                    batch_size=_BLOCK_ROWS,
                    use_pyarrow=True,
                    datetime_as_string=True,
                )
            ),
            source=source,
            notes=notes,
        )
        while (batch := guarded(lambda: _next(reader), source=source, notes=notes)) is not None:
            frame = guarded(functools.partial(_frame, batch, meta), source=source, notes=notes)
            if frame is None:
                break
            done += len(frame)
            yield frame
        else:
            if not done:
                yield _frame(pa.RecordBatch.from_pylist([], reader.schema), meta)
            return
    how = {"layer": layer, "columns": columns, "on_invalid": "fix", "skip_features": done}
    yield guarded(
        lambda: pyogrio.read_dataframe(opened, use_arrow=False, **how), source=source, notes=notes
    )


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None


def _frame(batch: pa.RecordBatch, meta: dict[str, Any]) -> pd.DataFrame | None:
    """Return a block as a frame; None where it holds arcs, which only the plain way draws out."""
    name = meta["geometry_name"] or "wkb_geometry"
    if name not in batch.schema.names:
        return batch.to_pandas()
    column = batch.column(name)
    wkb = column.storage if isinstance(column, pa.ExtensionArray) else column
    try:
        shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="fix")
    except NotImplementedError:
        return None
    fields = batch.drop_columns([name]).to_pandas()
    geometry = gpd.GeoSeries(shapes, index=fields.index, crs=meta["crs"])
    return gpd.GeoDataFrame(fields, geometry=geometry)


def rows_in_box(
    opened: str | bytes,
    layer: str | None,
    columns: list[str],
    *,
    box: Bounds | None,
    geometry: bool,
    source: str,
    notes: Notes,
) -> pd.DataFrame:
    """Return the rows whose envelope meets a box, at once, in the order of the file."""
    how = {
        "layer": layer,
        "columns": columns,
        "bbox": box,
        "read_geometry": geometry,
        "on_invalid": "fix",
        "fid_as_index": True,
    }
    frame: pd.DataFrame = guarded(lambda: straight(opened, how), source=source, notes=notes)
    # A spatial index hands rows out in its own order; a layer keeps that of the file.
    return frame.sort_index().reset_index(drop=True)


def straight(source: str | bytes, how: dict[str, Any]) -> Any:
    """Read rows with arcs drawn out as lines: the quick way cannot, the plain way does."""
    try:
        return pyogrio.read_dataframe(source, use_arrow=True, **how)
    except NotImplementedError:
        return pyogrio.read_dataframe(source, use_arrow=False, **how)


def guarded(read: Callable[[], Any], *, source: str, notes: Notes) -> Any:
    """Run one GDAL call: its warnings become notes, its errors one line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = read()
        except GDAL_ERRORS as error:
            raise broken(source, error) from None
    lines = [str(w.message) for w in caught if w.category is RuntimeWarning]
    for line in dict.fromkeys(line for line in lines if "GFS file" not in line):
        told = f"GDAL: {line[:200]}"
        if told not in notes.lines:
            notes.add(told)
    return result


def broken(label: str, error: BaseException) -> SourceError:
    """Word a file that GDAL cannot read."""
    reason = " ".join(str(error).split())[:300]
    message = (
        f"{label}: cannot be read ({reason}); allowed: a whole GeoJSON, GeoPackage, file "
        "geodatabase, GML or shapefile, also inside a zip"
    )
    return SourceError(message)
