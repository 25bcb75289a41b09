"""Read Geonorge's two shapes of GeoJSON, and the CRS from a file's name where it must be.

Geonorge delivers projected GeoJSON: either a plain FeatureCollection with a ``crs``
member, or a root object whose members are named collections,
``{"Kommune": {FeatureCollection}, "Grense": {FeatureCollection}}``.
"""

from __future__ import annotations

import json
import re

from gis.errors import SourceError
from gis.sources.limits import read_json

_FIRST_MEMBER = re.compile(rb'\s*\{\s*"([^"]+)"\s*:\s*\{')
# Members of a plain GeoJSON object that may themselves be objects.
_PLAIN = {b"crs", b"properties", b"geometry"}
_NAME_EPSG = re.compile(r"(?:^|[_\-.])(25832|25833|25835|4258|4326)(?=[_\-.]|$)")
_BOM = b"\xef\xbb\xbf"


def is_collections(head: bytes) -> bool:
    """Tell from a file's first bytes whether its root holds named collections."""
    found = _FIRST_MEMBER.match(head.removeprefix(_BOM))
    return found is not None and found.group(1) not in _PLAIN


def collections(raw: bytes, *, source: str) -> dict[str, bytes]:
    """Split a root with named collections into plain GeoJSON documents by name.

    A root that is plain GeoJSON after all gives nothing. Raises SourceError for
    broken JSON, with the place where it breaks, and for JSON of another kind.
    """
    root = read_json(raw, source=source)
    if "type" in root:
        return {}
    found = {
        name: json.dumps(member, ensure_ascii=False).encode()
        for name, member in root.items()
        if isinstance(member, dict) and member.get("type") == "FeatureCollection"
    }
    if not found:
        message = f"{source}: no FeatureCollection inside; the root holds: {', '.join(root)}"
        raise SourceError(message)
    return found


def epsg_in_name(name: str) -> int | None:
    """Return the EPSG code that a Geonorge file name carries (``..._25833_...``), or None."""
    found = _NAME_EPSG.search(name)
    return int(found.group(1)) if found else None
