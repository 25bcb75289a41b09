"""Open a GTFS feed, zipped or in a folder, and stream its tables as text.

Nothing is extracted and nothing is guessed: every field arrives as text, so ids
such as ``NA`` or ``000042`` survive, and columns are found by name because their
order and presence vary between publishers (GTFS Schedule Reference).
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import polars as pl

from gis.errors import FieldError, SourceError, SourceMissingError
from gis.kernels.ids import PADDING
from gis.sources.inflate import open_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

REQUIRED_FILES = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
CALENDAR_FILES = ("calendar.txt", "calendar_dates.txt")

# Big enough that parsing outweighs the call, small enough to stay in the processor's cache.
_CHUNK_BYTES = 2 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FeedFiles:
    """A feed whose required files are there.

    ``members`` maps the plain file name (``stops.txt``) to its name inside the
    zip, or inside the folder, which may have one folder level in between.
    """

    path: Path
    members: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Return whether the feed holds the file."""
        return name in self.members


def open_feed(path: Path) -> FeedFiles:
    """List the files of a feed and refuse what is no GTFS.

    ``path`` is a zip or a folder. Raises SourceMissingError when it does not
    exist, SourceError when it is no zip or lacks a required file or any calendar.
    """
    if not path.exists():
        message = f"{path}: no such file or folder"
        raise SourceMissingError(message)
    names = _names(path)
    members: dict[str, str] = {}
    for name in sorted(names, key=lambda n: (n.count("/"), n)):
        members.setdefault(name.rsplit("/", 1)[-1], name)
    missing = [name for name in REQUIRED_FILES if name not in members]
    found = ", ".join(sorted(members)[:12]) or "nothing"
    if missing:
        message = f"{path}: no GTFS feed, {', '.join(missing)} missing; found {found}"
        raise SourceError(message)
    if not any(name in members for name in CALENDAR_FILES):
        message = (
            f"{path}: neither calendar.txt nor calendar_dates.txt, one of them is needed to "
            f"know when trips run; found {found}"
        )
        raise SourceError(message)
    return FeedFiles(path, members)


def _names(path: Path) -> list[str]:
    if path.is_dir():
        inside = [*path.glob("*.txt"), *path.glob("*/*.txt")]
        return [file.relative_to(path).as_posix() for file in inside]
    if not zipfile.is_zipfile(path):
        message = f"{path}: neither a folder nor a readable zip file; a GTFS feed is a zip"
        raise SourceError(message)
    with zipfile.ZipFile(path) as archive:
        # Finder adds a shadow file for each file; they are no tables.
        names = [n for n in archive.namelist() if not n.startswith("__MACOSX/")]
    return [n for n in names if n.endswith(".txt") and n.count("/") <= 1]


@contextmanager
def _open_member(feed: FeedFiles, name: str) -> Iterator[IO[bytes]]:
    """Open one file of the feed; damage met while reading becomes a SourceError."""
    member = feed.members[name]
    try:
        if feed.path.is_dir():
            with (feed.path / member).open("rb") as handle:
                yield handle
        else:
            with open_member(feed.path, member) as handle:
                yield handle
    # RuntimeError: encrypted member; NotImplementedError: unknown compression.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        message = f"{feed.path}: {name} cannot be unpacked ({error})"
        raise SourceError(message) from error


@dataclass(frozen=True)
class Block:
    """A few megabytes of a table: whole records behind a header of stand-in names.

    ``text`` as it stands in the file but for its first ``body`` bytes, which are that
    header, and the PADDING behind. ``columns`` maps stand-in names to the asked columns
    that the file has; ``names`` are all asked columns, in order; ``width`` is how many
    columns the file has.
    """

    text: bytes
    body: int
    columns: Mapping[str, str]
    names: tuple[str, ...]
    width: int
    label: str

    def frame(self) -> pl.DataFrame:
        """Read the asked columns as text, null where a field is empty. Raises SourceError."""
        frame = _parse(self.text[: -len(PADDING)], self.columns, self.label)
        have = self.columns.values()
        absent = [pl.lit(None, dtype=pl.String).alias(n) for n in self.names if n not in have]
        return frame.with_columns(absent).select(self.names)

    def places(self) -> dict[str, int]:
        """Return where each asked column that the file has stands in it, from 0."""
        return {name: int(stand_in[1:]) for stand_in, name in self.columns.items()}


def stream_blocks(
    feed: FeedFiles, name: str, required: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[Block]:
    """Yield a table in blocks of whole records, unread.

    Reading (and unpacking) runs one block ahead in a thread. Raises FieldError for a
    missing column and SourceError for damaged content.
    """
    label = f"{feed.path}: {name}"
    with _open_member(feed, name) as handle:
        header = _read_header(handle, label)
        missing = [column for column in required if column not in header]
        if missing:
            message = f"{label} lacks the column {', '.join(missing)}; found {', '.join(header)}"
            raise FieldError(message)
        # Stand-in names, since a header may repeat a name that nobody reads. Every block
        # gets them as its header, so that a short first line is padded, not the measure.
        stand_ins = [f"c{i}" for i in range(len(header))]
        wanted = [column for column in (*required, *optional) if column in header]
        columns = {stand_ins[header.index(column)]: column for column in wanted}
        head = ",".join(stand_ins).encode() + b"\n"
        for text in _blocks(handle, head):
            yield Block(text, len(head), columns, (*required, *optional), len(header), label)


def stream_table(
    feed: FeedFiles, name: str, required: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[pl.DataFrame]:
    """Yield a table in batches of a few megabytes, every column as text.

    Columns come in the order ``required`` + ``optional``; an optional column that
    the file lacks is all null, and so is an empty field. Raises as ``stream_blocks``.
    """
    for block in stream_blocks(feed, name, required, optional=optional):
        yield block.frame()


def read_table(
    feed: FeedFiles, name: str, required: Sequence[str], *, optional: Sequence[str] = ()
) -> pl.DataFrame:
    """Read a small table whole, as ``stream_table`` delivers it."""
    batches = list(stream_table(feed, name, required, optional=optional))
    if not batches:
        return pl.DataFrame(schema=dict.fromkeys((*required, *optional), pl.String))
    return pl.concat(batches)


def _read_header(handle: IO[bytes], label: str) -> list[str]:
    first = handle.readline().removeprefix(_BOM)
    try:
        header = next(csv.reader(io.StringIO(first.decode("utf-8"))), [])
    except UnicodeDecodeError as error:
        message = f"{label}: the header is not UTF-8 text"
        raise SourceError(message) from error
    # Some exports write a space after each comma of the header.
    return [field.strip().lower() for field in header]


def _blocks(handle: IO[bytes], head: bytes) -> Iterator[bytes]:
    """Cut a stream into blocks: header, whole records, PADDING. Reads one block ahead."""
    rest = b""
    with ThreadPoolExecutor(max_workers=1) as reader:
        ahead = reader.submit(handle.read, _CHUNK_BYTES)
        while read := ahead.result():
            ahead = reader.submit(handle.read, _CHUNK_BYTES)
            cut = _cut(rest, read)
            if cut:
                yield b"".join((head, rest, memoryview(read)[:cut], PADDING))
                rest = read[cut:]
            else:
                rest += read
    if rest.strip():
        yield head + rest + PADDING


def _cut(rest: bytes, read: bytes) -> int:
    """Return where in ``read`` the last whole record of ``rest + read`` ends.

    A line end inside quotes is part of a field; it has an odd number of quotes
    before it, because ``rest`` starts at the start of a record.
    """
    end = read.rfind(b"\n") + 1
    if b'"' not in read and b'"' not in rest:
        return end
    quotes = rest.count(b'"') + read.count(b'"', 0, end)
    while end and quotes % 2:
        before = read.rfind(b"\n", 0, end - 1) + 1
        quotes -= read.count(b'"', before, end)
        end = before
    return end


def _parse(block: bytes, columns: Mapping[str, str], label: str) -> pl.DataFrame:
    """Read the columns (stand-in name to real name) of a block as text."""
    try:
        frame = pl.read_csv(
            block, infer_schema=False, columns=list(columns), truncate_ragged_lines=True
        )
    except pl.exceptions.ComputeError as error:
        detail = str(error).splitlines()[0]
        message = f"{label} cannot be read as UTF-8 comma-separated text ({detail})"
        raise SourceError(message) from error
    return frame.rename(columns)
