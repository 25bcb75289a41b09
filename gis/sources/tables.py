"""Read delivered tables (CSV, Parquet) as text columns, only those that are needed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from gis.check import existing_file
from gis.errors import SourceError
from gis.sources.geoparquet import checked_schema, stream_table
from gis.sources.limits import check_csv_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
TABLE_SUFFIXES = (*TEXT_SUFFIXES, ".parquet")
_SEPARATORS = (";", "\t", ",")
_SNIFF = 1 << 16
_BLOCK = 1 << 22
# However narrow the table, no more rows than these become geometries at a time.
_BLOCK_ROWS = 1 << 15


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written: separator, quoting, and its columns in order."""

    separator: str
    quoted: bool
    columns: tuple[str, ...]


def sniff(path: Path) -> Dialect:
    """Tell the separator, the quoting and the columns from the head of a CSV file.

    The separator is the first of ``;``, tab, ``,`` that the header holds. Quotes count
    only where a field begins with one: addresses hold quotes that mean nothing; between
    tabs only where the header is quoted.
    Raises SourceError (empty, not UTF-8, binary, no header).
    """
    existing_file(path)
    with path.open("rb") as stream:
        head = stream.read(_SNIFF)
    if b"\0" in head:
        message = f"{path.name}: not a text file; allowed: CSV in UTF-8"
        raise SourceError(message)
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            message = f"{path.name}: not UTF-8 (byte {error.start}); allowed: CSV in UTF-8"
            raise SourceError(message) from None
        text = head[: error.start].decode("utf-8-sig")
    if len(head) == _SNIFF and b"\n" not in head:
        message = (
            f"{path.name}: a first line of more than {_SNIFF} bytes; allowed: CSV with a header"
        )
        raise SourceError(message)
    lines = text.splitlines()
    header = lines[0] if lines else ""
    separator = next((s for s in _SEPARATORS if s in header), None)
    if separator is None:
        message = (
            f"{path.name}: no header with several columns; found '{header[:60]}'; allowed: CSV "
            "with ; , or tab between columns"
        )
        raise SourceError(message)
    # Tables between tabs are not quoted (GBIF): a quote in them is a letter of the text.
    quoted = header.startswith('"') or (
        separator != "\t"
        and any(f'{separator}"' in line or line.startswith('"') for line in lines[:200])
    )
    names = next(csv.reader([header], delimiter=separator)) if quoted else header.split(separator)
    check_csv_head(head, columns=len(names), source=path.name)
    return Dialect(separator=separator, quoted=quoted, columns=tuple(n.strip() for n in names))


def column_names(path: Path) -> tuple[str, ...]:
    """Return the columns of a CSV or Parquet file. Raises SourceError."""
    if path.suffix.lower() != ".parquet":
        return sniff(path).columns
    existing_file(path)
    return tuple(checked_schema(path).names)


def read_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return the named columns: text from CSV (missing as null), typed from Parquet.

    Raises SourceError where a row has too few or too many columns (a file cut short),
    with its number.
    """
    try:
        if path.suffix.lower() == ".parquet":
            blocks = list(stream_table(path, columns, whole=True))
            return blocks[0] if len(blocks) == 1 else pd.concat(blocks, ignore_index=True)
        return _read_csv(path, columns).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None


def stream_columns(path: Path, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Yield what ``read_columns`` returns in blocks of rows, at least one, in flat memory.

    Raises SourceError as ``read_columns`` does, where the broken row is reached.
    """
    if path.suffix.lower() == ".parquet":
        yield from stream_table(path, columns)
        return
    options = _csv_options(path, columns)
    try:
        with pyarrow.csv.open_csv(path, **options) as reader:
            none = True
            for batch in reader:
                for start in range(0, batch.num_rows, _BLOCK_ROWS):
                    none = False
                    yield batch.slice(start, _BLOCK_ROWS).to_pandas()
            if none:
                yield reader.schema.empty_table().to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None


def _read_csv(path: Path, columns: Sequence[str]) -> pa.Table:
    return pyarrow.csv.read_csv(path, **_csv_options(path, columns))


def _csv_options(path: Path, columns: Sequence[str]) -> dict[str, Any]:
    dialect = sniff(path)
    duplicates = {n for n in columns if dialect.columns.count(n) > 1}
    if duplicates:
        message = f"{path.name}: column '{min(duplicates)}' is there more than once"
        raise SourceError(message)
    return {
        "read_options": pyarrow.csv.ReadOptions(
            column_names=list(dialect.columns), skip_rows=1, block_size=_BLOCK
        ),
        "parse_options": pyarrow.csv.ParseOptions(
            delimiter=dialect.separator,
            quote_char='"' if dialect.quoted else False,
            double_quote=dialect.quoted,
        ),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=list(columns),
            strings_can_be_null=True,
            null_values=[""],
        ),
    }


def _broken(path: Path, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:300]
    message = f"{path.name}: cannot be read, broken or cut short ({reason})"
    return SourceError(message)
