"""Find the data sets inside what was delivered: a file, a zip, a geodatabase, a folder."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from gis.check import existing_file, listing
from gis.errors import SourceError
from gis.sources.geonorge import collections, is_collections
from gis.sources.limits import LIMITS, check_xml_start, check_zip
from gis.sources.outward import (
    XML_SUFFIXES,
    check_crs,
    check_crs_of_file,
    check_root,
    check_signature,
)
from gis.sources.pages import check_whole_answer, ends_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JSON = (".geojson", ".json")
VECTOR_SUFFIXES = (".gpkg", ".gml", ".shp", ".fgb", *_JSON)
# Read where a user names them; all others are refused, above all .vrt and service files,
# through which GDAL would open further files or the network.
FURTHER = (".gdb", ".parquet", ".kml", ".gpx", ".tab", ".mif", ".sqlite")
_HEAD = 1 << 16


@dataclass(frozen=True)
class Dataset:
    """Something GDAL can open: a path (``/vsizip/`` inside a zip) or bytes, and its name.

    ``layer`` is set where the data set is one layer cut out of a larger document;
    ``silent_crs`` tells GeoJSON without a ``crs`` member, for which GDAL assumes degrees.
    """

    source: str | bytes
    name: str
    layer: str | None = None
    silent_crs: bool = False

    @property
    def suffix(self) -> str:
        """The file's ending, lower case."""
        return PurePosixPath(self.name).suffix.lower()


def datasets(path: Path) -> list[Dataset]:
    """List the vector data sets of a delivery.

    Raises SourceMissingError, or SourceError for an empty or broken file or one that
    holds no vector data, with what it holds.
    """
    existing_file(path)
    if path.is_dir():
        return _in_folder(path)
    if zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        return _in_zip(path)
    if path.suffix.lower() not in (*VECTOR_SUFFIXES, *FURTHER):
        message = (
            f"{path.name}: cannot be read, '{path.suffix}' is no format of vector files here; "
            f"allowed: .zip {' '.join((*VECTOR_SUFFIXES, *FURTHER))}"
        )
        raise SourceError(message)
    if path.suffix.lower() == ".gdb":
        message = f"{path.name}: cannot be read; allowed: a geodatabase as its folder, or in a zip"
        raise SourceError(message)
    with path.open("rb") as stream:
        _check_start(stream, path.suffix, source=path.name)
    if path.suffix.lower() in _JSON:
        check_crs_of_file(path)
        return list(_json(path.read_bytes, ends_of(path), source=str(path), name=path.name))
    if path.suffix.lower() == ".gml":
        check_whole_answer(*ends_of(path), source=path.name)
        # Through a read-only view: GDAL would leave a .gfs file beside the delivered one.
        return [Dataset(source=f"/vsisubfile/0_-1,{path}", name=path.name)]
    return [Dataset(source=str(path), name=path.name)]


def zip_members(path: Path) -> list[str]:
    """Return the names inside a zip. Raises SourceError where it is cut short or no zip."""
    return check_zip(path)


def _check_start(stream: IO[bytes], suffix: str, *, source: str) -> None:
    """Refuse content that is not what its name says, and XML with a DTD."""
    head = stream.read(_HEAD)
    check_signature(head, suffix, source=source)
    if suffix.lower() in XML_SUFFIXES:
        check_root(check_xml_start(io.BytesIO(head), source=source), suffix, source=source)


def _in_folder(path: Path) -> list[Dataset]:
    if path.suffix.lower() == ".gdb":
        return [Dataset(source=str(path), name=path.name)]
    inside = sorted(path.iterdir())
    wanted = [p for p in inside if p.suffix.lower() in (*VECTOR_SUFFIXES, ".gdb")]
    if not wanted:
        message = (
            f"{path}: no vector file in the folder; it holds: {listing(p.name for p in inside)}"
        )
        raise SourceError(message)
    return [d for p in wanted for d in datasets(p)]


def _in_zip(path: Path) -> list[Dataset]:
    names = zip_members(path)
    found: list[Dataset] = []
    for folder in dict.fromkeys(g for n in names if (g := _geodatabase(n)) is not None):
        inner = f"/{folder}" if folder else ""
        found.append(Dataset(source=f"/vsizip/{path}{inner}", name=folder or path.name))
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in VECTOR_SUFFIXES or ".gdb/" in name.lower():
            continue
        if suffix in _JSON:
            found.extend(_json_in_zip(path, name))
        else:
            _check_member(path, name, suffix)
            found.append(Dataset(source=f"/vsizip/{path}/{name}", name=name))
    if not found:
        message = f"{path.name}: no vector file in the zip; it holds: {listing(names)}"
        raise SourceError(message)
    return found


def _check_member(path: Path, name: str, suffix: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            _check_start(stream, suffix, source=f"{path.name}/{name}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        message = f"{path.name}/{name}: damaged in the zip ({error}); fetch it again"
        raise SourceError(message) from None


def _geodatabase(name: str) -> str | None:
    """Return the geodatabase folder that a zip member lies in ('' for the zip itself)."""
    if not name.lower().endswith(".gdbtable"):
        return None
    parts = PurePosixPath(name).parts
    for i, part in enumerate(parts[:-1]):
        if part.lower().endswith(".gdb"):
            return "/".join(parts[: i + 1])
    return "/".join(parts[:-1])


def _json_in_zip(path: Path, name: str) -> Iterator[Dataset]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(name).file_size
            if size > LIMITS.json_bytes:
                message = (
                    f"{path.name}/{name}: {size >> 20} MiB; allowed: {LIMITS.json_bytes >> 20}"
                )
                raise SourceError(message)
            raw = archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        message = f"{path.name}/{name}: damaged in the zip ({error}); fetch it again"
        raise SourceError(message) from None
    check_signature(raw[:_HEAD], PurePosixPath(name).suffix, source=f"{path.name}/{name}")
    check_crs(raw, source=f"{path.name}/{name}")
    ends = raw[:_HEAD], raw[-_HEAD:]
    yield from _json(lambda: raw, ends, source=f"/vsizip/{path}/{name}", name=name)


def _json(
    read: Callable[[], bytes], ends: tuple[bytes, bytes], *, source: str, name: str
) -> Iterator[Dataset]:
    """Yield a JSON document as one data set, or one per named collection."""
    head, tail = ends
    check_whole_answer(head, tail, source=name)
    found = collections(read(), source=name) if is_collections(head) else {}
    if not found:
        yield Dataset(source=source, name=name, silent_crs=b'"crs"' not in head)
    for layer, document in found.items():
        silent = b'"crs"' not in document[:_HEAD]
        yield Dataset(source=document, name=name, layer=layer, silent_crs=silent)
