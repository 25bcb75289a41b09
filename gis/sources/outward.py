"""Refuse files that would make their reader open another file or the network.

GDAL chooses its driver by content, and some drivers follow addresses that stand inside a
file: virtual files (OGR VRT, WFS descriptions), the schema of a GML, the CRS of a GeoJSON.
"""

from __future__ import annotations

import json
import mmap
import re
from typing import TYPE_CHECKING, Any

import pyogrio

from gis.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

# A GML whose schemaLocation looks like a WFS would have GDAL ask there for the schema.
pyogrio.set_gdal_config_options({"GML_DOWNLOAD_SCHEMA": "NO"})

# What a file of each ending begins with, as published for the format.
_BEGINS: dict[str, tuple[bytes, ...]] = {
    ".gpkg": (b"SQLite format 3\x00",),
    ".sqlite": (b"SQLite format 3\x00",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".fgb": (b"fgb",),
    ".tif": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    ".parquet": (b"PAR1",),
}
_BEGINS[".tiff"] = _BEGINS[".tif"]
_BEGINS_TEXT = {".tab": b"!table", ".mif": b"version"}
_ROOTS = {".kml": ("kml",), ".gpx": ("gpx",)}
XML_SUFFIXES = (".gml", *_ROOTS)

_CRS_KEY = re.compile(rb'"crs"\s*:\s*(?=\{)')
# The letters c, r, s written as numbers: a reader sees a key that a search would not.
_HIDDEN = (b"\\u0063", b"\\u0072", b"\\u0073")
_CRS_BYTES = 1 << 14
_KINDS = ("name", "epsg")
_ADDRESSES = ("href", "url")


def check_signature(head: bytes, suffix: str, *, source: str) -> None:
    """Refuse a file whose first bytes are not those of its ending. Raises SourceError."""
    suffix = suffix.lower()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if suffix in (".json", ".geojson"):
        good = text[:1] in (b"{", b"[")
    elif suffix in XML_SUFFIXES:
        good = text[:1] == b"<" and b"<OGR" not in head
    elif suffix in _BEGINS_TEXT:
        good = text.lower().startswith(_BEGINS_TEXT[suffix])
    else:
        good = suffix not in _BEGINS or head.startswith(_BEGINS[suffix])
    if not good:
        raise _foreign(suffix, source)


def check_root(root: str, suffix: str, *, source: str) -> None:
    """Refuse XML whose root element is not that of its ending. Raises SourceError."""
    local = re.split(r"[:}]", root)[-1]
    if local.startswith("OGR") or local not in _ROOTS.get(suffix.lower(), (local,)):
        raise _foreign(suffix, source)


def _foreign(suffix: str, source: str) -> SourceError:
    message = (
        f"{source}: cannot be read, the content is no {suffix.lstrip('.')} file; allowed: a "
        "file whose content and ending agree"
    )
    return SourceError(message)


def check_own_raster(path: Path) -> None:
    """Refuse a raster that only describes others, in XML or JSON, whatever ending it bears.

    A virtual raster opens further files, a service the network. Raises SourceError.
    """
    if not path.is_file():
        return
    with path.open("rb") as stream:
        head = stream.read(1 << 12).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"<", b"{"):
        message = (
            f"{path.name}: cannot be read as a raster, it only describes others (a virtual raster "
            "or a service); allowed: the raster itself, as GeoTIFF"
        )
        raise SourceError(message)


def check_crs_of_file(path: Path) -> None:
    """Refuse a GeoJSON file whose CRS is an address. Raises SourceError."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        check_crs(raw, source=path.name)


def check_crs(raw: bytes | mmap.mmap, *, source: str) -> None:
    """Refuse GeoJSON whose CRS is an address (GeoJSON 2008, "link"): GDAL would ask there.

    Raises SourceError.
    """
    if any(raw.find(code) >= 0 for code in _HIDDEN):
        message = f"{source}: refused, plain letters written as \\u0063; allowed: them themselves"
        raise SourceError(message)
    if raw.find(b'"crs"') < 0:
        return
    for found in _CRS_KEY.finditer(raw):
        text = raw[found.end() : found.end() + _CRS_BYTES].decode("utf-8", "replace")
        keys: set[str] = set()
        try:
            said, _ = json.JSONDecoder(object_pairs_hook=_collector(keys)).raw_decode(text)
        except (ValueError, RecursionError):
            said = {}
        kind = str(said.get("type", "")).lower() if isinstance(said, dict) else ""
        if kind not in _KINDS or keys & set(_ADDRESSES):
            message = (
                f"{source}: refused, a crs of type '{kind[:20]}'; allowed: a name (EPSG:25833), "
                "no address"
            )
            raise SourceError(message)


def _collector(keys: set[str]) -> Any:
    """Return a hook that makes dicts and remembers every key, those given twice too."""

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys.update(key.lower() for key, _ in pairs)
        return dict(pairs)

    return collect
