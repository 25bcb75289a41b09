"""Read Parquet in batches that stay small however long the texts are that it stores once.

A text that fills a column is stored once by dictionary and weighs nothing in the file's own
sizes; read plainly it is written out row by row. Texts are therefore read as dictionaries, those
inside lists and structures too, and what the rows weigh written out is counted before they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from gis.errors import SourceError
from gis.sources.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.sources.limits import Limits

_BLOCK_ROWS = 1 << 15
_WIDEST = 8  # bytes of a number
_LONG = ("BYTE_ARRAY",)
_INDEX_BYTES = 4  # what a value of a dictionary weighs in a row at least


def batches(
    path: Path, columns: Sequence[str], *, limits: Limits = LIMITS, whole: bool = False
) -> Iterator[pa.RecordBatch]:
    """Yield the named columns in batches of plain values, at least one (it may be empty).

    A batch weighs at most ``limits.parquet_batch`` bytes or is one row. ``whole``: the caller
    keeps all of it, so that less is allowed. Raises SourceError for more bytes in all than the
    limits allow, and whatever pyarrow raises for a broken file.
    """
    none = True
    for batch, ends in _weighed(path, columns, limits, whole=whole):
        for start, end in _cuts(ends, limits.parquet_batch):
            none = False
            yield _written_out(batch.slice(start, end - start))
    if none:
        with pyarrow.parquet.ParquetFile(path) as file:
            head = file.schema_arrow.empty_table().select(list(columns)).combine_chunks()
        yield _written_out(
            pa.RecordBatch.from_arrays(
                [pa.array([], f.type) for f in head.schema], schema=head.schema
            )
        )


def check_weight(path: Path, columns: Sequence[str], *, limits: Limits = LIMITS) -> None:
    """Refuse columns that weigh more than may be read at once; none is written out for it.

    Raises SourceError, and whatever pyarrow raises for a broken file.
    """
    for _ in _weighed(path, columns, limits, whole=True):
        continue


def _weighed(
    path: Path, columns: Sequence[str], limits: Limits, *, whole: bool
) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64]]]:
    """Yield batches as they are stored, and what their rows up to each weigh written out."""
    with pyarrow.parquet.ParquetFile(path) as file:
        texts = _texts(file, columns)
    most = limits.parquet_whole if whole else limits.parquet_bytes
    seen = 0
    with pyarrow.parquet.ParquetFile(path, read_dictionary=texts) as file:
        rows = _rows_at_once(file.metadata, limits)
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            batch = batch.select(list(columns))
            ends = np.cumsum(_row_bytes(batch))
            seen += int(ends[-1]) if len(ends) else 0
            if seen > most:
                message = (
                    f"{path.name}: more than {most >> 20} MiB when its values are written out "
                    f"from {path.stat().st_size} bytes; allowed: at most {most >> 20} MiB"
                )
                raise SourceError(message)
            yield batch, ends


def _texts(file: pyarrow.parquet.ParquetFile, columns: Sequence[str]) -> list[str]:
    """Return the paths of the leaves that hold texts in the named columns."""
    leaves = (file.schema.column(i) for i in range(len(file.schema)))
    return [
        leaf.path
        for leaf in leaves
        if leaf.physical_type in _LONG and _column_of(leaf.path, file.schema_arrow.names) in columns
    ]


def _column_of(path: str, names: Sequence[str]) -> str:
    """Return the column that a leaf lies in; a column's own name may hold dots."""
    return max((n for n in names if path == n or path.startswith(f"{n}.")), key=len, default="")


def group_bytes(said: pa.parquet.FileMetaData) -> list[tuple[int, int]]:
    """Return for each group of rows its rows, and the bytes it weighs by what the file says.

    Values of a fixed width are counted written out: equal ones are stored once. How long a
    text is that stands in many rows, the sizes do not say.
    """
    found = []
    for i in range(said.num_row_groups):
        group = said.row_group(i)
        fixed = 0
        for j in range(group.num_columns):
            leaf = said.schema.column(j)
            length = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDEST
            fixed += group.column(j).num_values * (0 if leaf.physical_type in _LONG else length)
        found.append((group.num_rows, max(group.total_byte_size, fixed)))
    return found


def _rows_at_once(said: pa.parquet.FileMetaData, limits: Limits) -> int:
    """Return how many rows to read at a time, by the widest group's sizes."""
    widest = max((-(-size // max(rows, 1)) for rows, size in group_bytes(said)), default=1)
    return max(1, min(_BLOCK_ROWS, limits.parquet_batch // max(1, widest)))


def _row_bytes(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Return what every row weighs when its texts are written out."""
    rows = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        rows += _weights(column)
    return rows


def _weights(column: pa.Array) -> NDArray[np.int64]:
    """Return what every value of a column weighs written out, with all that lies in it."""
    count, kind = len(column), column.type
    if pa.types.is_dictionary(kind):
        lengths = pa.compute.binary_length(column.dictionary)
        taken = pa.compute.fill_null(pa.compute.take(lengths, column.indices), 0)
        known: NDArray[np.int64] = taken.to_numpy(zero_copy_only=False).astype(np.int64)
        return known + _INDEX_BYTES
    if pa.types.is_struct(kind):
        weights = np.zeros(count, dtype=np.int64)
        for inside in column.flatten():
            weights += _weights(inside)
        return weights
    if _is_list(kind):
        offsets, inside = _opened(column)
        ends = np.concatenate([[0], np.cumsum(_weights(inside))])
        return np.asarray(np.diff(ends[offsets]) + _INDEX_BYTES, dtype=np.int64)
    return np.full(count, -(-column.nbytes // count) if count else 0, dtype=np.int64)


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    several = types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind)
    return bool(several or types.is_fixed_size_list(kind))


def _opened(column: pa.Array) -> tuple[NDArray[np.int64], pa.Array]:
    """Return where each list of a column begins and ends, and the values of all of them alone."""
    if pa.types.is_fixed_size_list(column.type):
        size = column.type.list_size
        inside = column.values.slice(column.offset * size, len(column) * size)
        return np.arange(len(column) + 1, dtype=np.int64) * size, inside
    offsets = column.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    inside = column.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    return offsets - offsets[0], inside


def _cuts(ends: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of rows that weigh at most ``most`` together, or hold one row."""
    start = 0
    while start < len(ends):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield start, end
        start = end


def _written_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with plain values in place of dictionaries."""
    columns = [_plain(column) for column in batch.columns]
    fields = [pa.field(n, c.type) for n, c in zip(batch.schema.names, columns, strict=True)]
    # The metadata say which of pandas' types a column had.
    said = pa.schema(fields, metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=said)


def _plain(column: pa.Array) -> pa.Array:
    """Return a column with plain values for dictionaries, at any depth; only its own rows."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.dictionary_decode()
    if pa.types.is_struct(kind):
        names = [kind.field(i).name for i in range(kind.num_fields)]
        inside = [_plain(c) for c in column.flatten()]
        return pa.StructArray.from_arrays(inside, names, mask=column.is_null()) if names else column
    if not _is_list(kind):
        return column
    offsets, values = _opened(column)
    values, none = _plain(values), column.is_null()
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(values, kind.list_size, mask=none)
    made = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
    places = pa.array(offsets, pa.int64() if made is pa.LargeListArray else pa.int32())
    # A map is handed on as the list of its pairs, which is what it is.
    return made.from_arrays(places, values, mask=none)
