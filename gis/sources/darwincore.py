"""Take the core table out of a Darwin Core archive, its columns named as meta.xml says.

Darwin Core text guide (TDWG): meta.xml describes a core file and its columns by index
and term; the file itself may have no header, or another one. GBIF delivers occurrences
so, tab-separated and without quotes.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gis.errors import SourceError
from gis.sources.limits import check_xml_start, check_zip, copy_member

if TYPE_CHECKING:
    from pathlib import Path

META = "meta.xml"
_OCCURRENCE = "occurrence"
_SEPARATORS = {"\\t": "\t", "\t": "\t", ",": ",", ";": ";"}
_LARGEST_META = 1 << 20


@dataclass(frozen=True)
class Core:
    """The core file of an archive: its name inside, separator, quoting and columns in order."""

    member: str
    separator: str
    quoted: bool
    header_lines: int
    columns: tuple[str, ...]


def core_of(path: Path) -> Core | None:
    """Say what the core of an archive is; None where the zip holds no meta.xml.

    Raises SourceError for a core that is not of occurrences, or not plain UTF-8 text.
    """
    names = check_zip(path)
    meta = next((n for n in names if PurePosixPath(n).name == META), None)
    if meta is None:
        return None
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(meta).file_size > _LARGEST_META:
            message = f"{path.name}/{meta}: larger than {_LARGEST_META} bytes; allowed: a list"
            raise SourceError(message)
        raw = archive.read(meta)
    check_xml_start(io.BytesIO(raw), source=f"{path.name}/{meta}")
    try:
        root = ET.fromstring(raw)  # noqa: S314 - a DTD was refused above
    except ET.ParseError as error:
        message = f"{path.name}/{meta}: not whole XML: {error}"
        raise SourceError(message) from None
    return _core(root, names, folder=PurePosixPath(meta).parent, source=f"{path.name}/{meta}")


def core_table(path: Path, folder: Path) -> Path | None:
    """Unpack the core into a folder as a table with the terms as its header.

    Returns None where the zip is no Darwin Core archive. Raises SourceError.
    """
    core = core_of(path)
    if core is None:
        return None
    target = folder / "occurrence.txt"
    with zipfile.ZipFile(path) as archive, target.open("w+b") as out:
        mark = '"' if core.quoted else ""
        header = core.separator.join(f"{mark}{name}{mark}" for name in core.columns)
        body = folder / "body"
        with body.open("w+b") as whole:
            copy_member(archive, core.member, whole, source=path.name)
            whole.seek(0)
            for _ in range(core.header_lines):
                whole.readline()
            out.write(f"{header}\n".encode())
            while block := whole.read(1 << 20):
                out.write(block)
    body.unlink()
    return target


def _core(root: ET.Element, names: list[str], *, folder: PurePosixPath, source: str) -> Core:
    core = next((e for e in root if _tag(e) == "core"), None)
    if core is None:
        message = f"{source}: no core; allowed: an archive with a core of occurrences"
        raise SourceError(message)
    kind = core.get("rowType", "").rstrip("/").rsplit("/", 1)[-1]
    if kind.lower() != _OCCURRENCE:
        message = f"{source}: the core holds '{kind}'; allowed: Occurrence"
        raise SourceError(message)
    separator = _SEPARATORS.get(core.get("fieldsTerminatedBy", ","))
    enclosed = core.get("fieldsEnclosedBy", '"')
    encoding = core.get("encoding", "UTF-8").upper()
    if separator is None or enclosed not in ("", '"') or encoding not in ("UTF-8", "UTF8"):
        message = (
            f"{source}: fields end with {core.get('fieldsTerminatedBy')!r}, enclosed by "
            f'{enclosed!r}, in {encoding}; allowed: tab, comma or semicolon, no quotes or ", UTF-8'
        )
        raise SourceError(message)
    member = _member(core, names, folder=folder, source=source)
    lines = core.get("ignoreHeaderLines", "0")
    header_lines = int(lines) if lines.isdigit() else 0
    columns = _columns(core, source=source)
    return Core(
        member, separator, quoted=enclosed == '"', header_lines=header_lines, columns=columns
    )


def _member(core: ET.Element, names: list[str], *, folder: PurePosixPath, source: str) -> str:
    """Find the one file of the core inside the zip."""
    found = [(e.text or "").strip() for e in core.iter() if _tag(e) == "location"]
    inside = [str(folder / n) for n in found]
    if len(inside) != 1 or inside[0] not in names:
        message = f"{source}: the core lies in {found}; allowed: one file of this archive"
        raise SourceError(message)
    return inside[0]


def _columns(core: ET.Element, *, source: str) -> tuple[str, ...]:
    """Name the columns by the last part of their term; one without a term by its place."""
    named: dict[int, str] = {}
    for element in core:
        index = element.get("index")
        if _tag(element) not in ("id", "field") or index is None or not index.isdigit():
            continue
        term = element.get("term", "id").rstrip("/").rsplit("/", 1)[-1]
        if _tag(element) == "field" or int(index) not in named:
            named[int(index)] = term
    if not named:
        message = f"{source}: no field of the core has an index"
        raise SourceError(message)
    if max(named) > 10 * len(named) + 100:
        message = f"{source}: index {max(named)} for {len(named)} fields"
        raise SourceError(message)
    return tuple(named.get(i, f"column {i}") for i in range(max(named) + 1))


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
