"""Refuse files and answers that would harm the reader: bombs, escapes, foreign drivers.

Everything here looks before anything is unpacked or opened by GDAL. Limits lie far
above the largest national deliveries and far below what fills a machine.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from gis.errors import GeometryError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What is allowed; sizes in bytes. Tests make their own, the program uses LIMITS."""

    zip_members: int = 20_000
    zip_total: int = 64 << 30
    zip_ratio: int = 250
    zip_ratio_from: int = 64 * _MIB  # small members may be as dense as they like
    json_bytes: int = 2 << 30
    xml_bytes: int = 256 * _MIB
    xml_depth: int = 200
    xml_elements: int = 2_000_000
    csv_columns: int = 2000
    csv_line: int = _MIB
    vertices: int = 20_000_000  # of one geometry
    raster_cells: int = 2_000_000_000
    raster_bands: int = 64
    parquet_bytes: int = 32 << 30
    parquet_whole: int = 4 << 30  # of a file that is read at once
    parquet_batch: int = 64 * _MIB  # of the rows that are in memory at a time
    parquet_group: int = 2 << 30  # of a group of rows, which is what is decompressed at a time
    parquet_ratio: int = 2000
    parquet_rows: int = 50_000_000  # ten times the largest national table


LIMITS = Limits()

_ARCHIVES = (".zip", ".kmz", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz")
_DRIVE = re.compile(r"^[A-Za-z]:")
_SYMLINK = 0o120000
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def check_zip(path: Path, *, limits: Limits = LIMITS) -> list[str]:
    """Return the member names of a zip that may be opened. Raises SourceError.

    Refused: more members, bytes or density than the limits, names that leave the
    folder, links, encrypted members, members that share bytes, paths through an
    archive inside the archive. Python's and GDAL's readers stop at the size that a
    member declares, so a member that lies about its size ends as a damaged one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        message = f"{path.name}: not a whole zip file ({error}); fetch it again"
        raise SourceError(message) from None
    if len(members) > limits.zip_members:
        _refuse(path, f"{len(members)} files inside", f"at most {limits.zip_members}")
    for member in members:
        _check_member(path, member, limits)
    total = sum(m.file_size for m in members)
    if total > limits.zip_total:
        _refuse(path, f"{total >> 20} MiB unpacked", f"at most {limits.zip_total >> 20} MiB")
    _check_overlap(path, members)
    return [m.filename for m in members]


def _check_member(path: Path, member: zipfile.ZipInfo, limits: Limits) -> None:
    name = member.filename.replace("\\", "/")  # as some Windows programs write paths
    parts = PurePosixPath(name).parts
    shown = repr(name[:80])
    if (
        name.startswith("/")
        or ".." in parts
        or _DRIVE.match(name)
        or any(ord(c) < 32 for c in member.orig_filename.split("\0")[0])
        or "\0" in member.orig_filename
    ):
        _refuse(path, f"the member name {shown}", "names inside the archive's own folder")
    if (member.external_attr >> 16) & 0o170000 == _SYMLINK:
        _refuse(path, f"the link {shown}", "files and folders")
    if member.flag_bits & 0x1:
        _refuse(path, f"the encrypted member {shown}", "members without a password")
    if any(p.lower().endswith(_ARCHIVES) for p in parts[:-1]):
        _refuse(path, f"{shown} inside an archive", "one archive, no archives in it")
    dense = member.file_size > limits.zip_ratio * max(member.compress_size, 1)
    if dense and member.file_size > limits.zip_ratio_from:
        _refuse(
            path,
            f"{shown} grows from {member.compress_size} to {member.file_size} bytes",
            f"at most {limits.zip_ratio} times",
        )


def _check_overlap(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share compressed bytes: the densest of bombs."""
    ends = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        if member.header_offset < ends:
            _refuse(path, f"{member.filename[:80]!r} shares bytes with another", "none shared")
        ends = member.header_offset + 30 + member.compress_size


def _refuse(path: Path, found: str, allowed: str) -> NoReturn:
    message = f"{path.name}: refused, {found}; allowed: {allowed}"
    raise SourceError(message)


def copy_member(archive: zipfile.ZipFile, name: str, out: IO[bytes], *, source: str) -> int:
    """Unpack one member into a file, never more than it declares; return its bytes."""
    declared = archive.getinfo(name).file_size
    written = 0
    try:
        with archive.open(name) as stream:
            while block := stream.read(_MIB):
                written += len(block)
                if written > declared:
                    break
                out.write(block)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        message = f"{source}/{name}: damaged in the zip ({error}); fetch it again"
        raise SourceError(message) from None
    if written != declared:
        message = f"{source}/{name}: {written} bytes unpacked, {declared} declared"
        raise SourceError(message)
    return written


def read_json(raw: bytes, *, source: str, limits: Limits = LIMITS) -> Any:
    """Read JSON of limited size and depth, without NaN. Raises SourceError."""
    if len(raw) > limits.json_bytes:
        message = f"{source}: JSON of {len(raw) >> 20} MiB; allowed: {limits.json_bytes >> 20} MiB"
        raise SourceError(message)
    try:
        return json.loads(raw.removeprefix(b"\xef\xbb\xbf"), parse_constant=_no_constant)
    except RecursionError:
        message = f"{source}: JSON nested too deeply"
        raise SourceError(message) from None
    except ValueError as error:  # broken, not UTF-8, NaN, numbers of thousands of digits
        message = f"{source}: not whole JSON: {str(error)[:200]}"
        raise SourceError(message) from None


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON number"
    raise ValueError(message)


def parse_xml(raw: bytes, *, source: str, limits: Limits = LIMITS) -> Element:
    """Parse XML without DTD, entities or network, of limited size and depth.

    Names are given without namespace. Raises SourceError.
    """
    if len(raw) > limits.xml_bytes:
        message = f"{source}: XML of {len(raw) >> 20} MiB; allowed: {limits.xml_bytes >> 20} MiB"
        raise SourceError(message)
    tree = TreeBuilder()
    state = {"depth": 0, "count": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        state["depth"] += 1
        state["count"] += 1
        if state["depth"] > limits.xml_depth or state["count"] > limits.xml_elements:
            message = f"{source}: XML too deep or too long; allowed: {limits.xml_depth} levels"
            raise SourceError(message)
        tree.start(local_name(name), {local_name(k): v for k, v in attributes.items()})

    def end(name: str) -> None:
        state["depth"] -= 1
        tree.end(local_name(name))

    parser = safe_parser(source, separator="}")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = tree.data
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        message = f"{source}: not whole XML: {error}"
        raise SourceError(message) from None
    return tree.close()


def safe_parser(source: str, *, separator: str | None = None) -> expat.XMLParserType:
    """Return a parser that refuses a DTD and entities, and opens nothing."""
    parser = expat.ParserCreate(namespace_separator=separator)

    def no_dtd(*_: Any) -> None:
        message = f"{source}: XML with a DTD or entities is refused"
        raise SourceError(message)

    parser.StartDoctypeDeclHandler = no_dtd
    parser.EntityDeclHandler = no_dtd
    return parser


def local_name(name: str) -> str:
    """Return an element's name without its namespace."""
    return name.rsplit("}", 1)[-1]


def check_xml_start(stream: IO[bytes], *, source: str) -> str:
    """Return the name of the root element; refuse a DTD before it. Raises SourceError."""
    parser = safe_parser(source)
    found: list[str] = []
    parser.StartElementHandler = lambda name, _: found.append(name)
    try:
        while not found and (block := stream.read(1 << 12)):
            parser.Parse(block, False)
    except expat.ExpatError as error:
        if not found:
            message = f"{source}: not whole XML: {error}"
            raise SourceError(message) from None
    if not found:
        message = f"{source}: XML without an element"
        raise SourceError(message)
    return found[0]


def check_raster(width: int, height: int, bands: int, *, source: str) -> None:
    """Refuse a grid that would fill the memory. Raises SourceError."""
    if width * height > LIMITS.raster_cells or bands > LIMITS.raster_bands:
        message = (
            f"{source}: {width} x {height} cells in {bands} bands; allowed: at most "
            f"{LIMITS.raster_cells} cells and {LIMITS.raster_bands} bands"
        )
        raise SourceError(message)


def check_parquet(
    path: Path, *, unpacked: int, rows: int, group: int = 0, limits: Limits = LIMITS
) -> None:
    """Refuse a Parquet file that grows beyond reason. Raises SourceError.

    Rows are limited too: equal values that are stored once weigh nothing until they are read;
    ``group`` is what the largest group of rows weighs, for groups are decompressed whole.
    """
    if rows > limits.parquet_rows:
        _refuse(path, f"{rows} rows", f"at most {limits.parquet_rows}")
    if group > limits.parquet_group:
        allowed = f"at most {limits.parquet_group >> 20} MiB"
        _refuse(path, f"{group >> 20} MiB in one group of rows", allowed)
    size = path.stat().st_size
    dense = unpacked > limits.parquet_ratio * size and unpacked > limits.zip_ratio_from
    if dense or unpacked > limits.parquet_bytes:
        _refuse(
            path,
            f"{unpacked >> 20} MiB unpacked from {size} bytes",
            f"at most {limits.parquet_bytes >> 20} MiB and {limits.parquet_ratio} times",
        )


def check_vertices(counts: NDArray[Any], *, source: str, limits: Limits = LIMITS) -> None:
    """Refuse a geometry of more vertices than any coast has. Raises GeometryError."""
    most = int(counts.max()) if len(counts) else 0
    if most > limits.vertices:
        message = f"{source}: a geometry of {most} vertices; allowed: at most {limits.vertices}"
        raise GeometryError(message)


def check_csv_head(head: bytes, *, columns: int, source: str, limits: Limits = LIMITS) -> None:
    """Refuse a table with a line or a number of columns beyond reason. Raises SourceError."""
    longest = max((len(line) for line in head.split(b"\n")), default=0)
    if columns > limits.csv_columns or longest > limits.csv_line:
        message = (
            f"{source}: {columns} columns, a line of {longest} bytes; allowed: at most "
            f"{limits.csv_columns} columns and {limits.csv_line} bytes a line"
        )
        raise SourceError(message)


def safe_name(text: str, *, default: str) -> str:
    """Return a name from an answer as a plain file name: no path, no surprising letters."""
    base = re.split(r"[/\\]", text)[-1]
    plain = unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode()
    cleaned = _SAFE.sub("_", plain).strip("._")[:120].rstrip(".")
    return cleaned or default
