"""Read Parquet in batches that stay small however long the texts are that it stores once.

A text that fills a column is stored once by dictionary and weighs nothing in the file's own
sizes; read plainly it is written out row by row. Columns of text are therefore read as
dictionaries, and what the rows weigh written out is counted before they are.
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
    with pyarrow.parquet.ParquetFile(path) as file:
        texts = [f.name for f in file.schema_arrow if f.name in columns and _is_text(f.type)]
    most = limits.parquet_whole if whole else limits.parquet_bytes
    seen, none = 0, True
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
            for start, end in _cuts(ends, limits.parquet_batch):
                none = False
                yield _written_out(batch.slice(start, end - start))
        if none:
            head = file.schema_arrow.empty_table().select(list(columns)).combine_chunks()
            yield _written_out(
                pa.RecordBatch.from_arrays(
                    [pa.array([], f.type) for f in head.schema], schema=head.schema
                )
            )


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


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
        if pa.types.is_dictionary(column.type):
            lengths = pa.compute.binary_length(column.dictionary)
            taken = pa.compute.fill_null(pa.compute.take(lengths, column.indices), 0)
            rows += taken.to_numpy(zero_copy_only=False).astype(np.int64) + _INDEX_BYTES
        elif batch.num_rows:
            rows += -(-column.nbytes // batch.num_rows)
    return rows


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
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    fields = [pa.field(n, c.type) for n, c in zip(batch.schema.names, columns, strict=True)]
    # The metadata say which of pandas' types a column had.
    said = pa.schema(fields, metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=said)
