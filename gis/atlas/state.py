"""Remember what a folder of maps was made from, so that only what changed is made again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gis
from gis.catalogue import catalogue_root
from gis.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gis.analyses import Study
    from gis.atlas.order import Order

FILE_NAME = ".atlas.json"
SCHEMA = 1
_KINDS = (".py", ".toml", ".html", ".css", ".js", ".csv")


def digest(*parts: str | bytes) -> str:
    """Return the SHA-256 of some parts, each with its length, so that none runs into the next."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        made.update(f"{len(data)}:".encode())
        made.update(data)
    return made.hexdigest()


@cache
def _package() -> str:
    """Return a digest of the program itself: its version alone would miss a mended module."""
    root = Path(str(resources.files("gis")))
    files = sorted(p for p in root.rglob("*") if p.suffix in _KINDS)
    return digest(gis.__version__, *(x for p in files for x in (str(p.name), p.read_bytes())))


def program() -> str:
    """Return a digest of the program, the layers' entries and the theme."""
    entries = sorted(catalogue_root("layers").glob("*.toml"))
    files = [*entries, catalogue_root("maps") / "theme.toml"]
    return digest(_package(), *(x for p in files for x in (p.name, p.read_bytes())))


def data(study: Study) -> str | None:
    """Return a digest of the layers' content and of the area; None where they cannot be known."""
    store = getattr(study.data, "whole", study.data)
    if not isinstance(store, Store):
        return None
    files = sorted(p for p in store.folder.iterdir() if p.suffix != ".json")
    sources = [json.dumps(store.source(x).as_dict(), sort_keys=True) for x in store.layers]
    area = f"{study.area.number} {study.epsg} {study.halo_m}"
    return digest(area, *sources, *(x for p in files for x in (p.name, p.read_bytes())))


def page_key(order: Order, map_id: str, *, inputs: str) -> str:
    """Return the digest of all that a page is made from."""
    entry = order.entries[map_id].model_dump_json(by_alias=True)
    return digest(inputs, map_id, entry, order.language, str(order.bound))


def atlas_key(order: Order, *, inputs: str) -> str:
    """Return the digest of all that the atlas is made from; it tells ages, so the day counts."""
    keys = (page_key(order, name, inputs=inputs) for name in order.entries)
    return digest(inputs, order.created.isoformat(), *keys)


def read_state(folder: Path) -> dict[str, Any]:
    """Return what is remembered of a folder; nothing where it is absent, broken or older."""
    empty: dict[str, Any] = {"schema": SCHEMA, "maps": {}, "atlas": {}}
    try:
        found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return empty
    whole = isinstance(found, dict) and found.get("schema") == SCHEMA
    return found if whole and {"maps", "atlas"} <= found.keys() else empty


def written_state(state: Mapping[str, Any]) -> bytes:
    """Return the state as JSON with its keys in order."""
    return (json.dumps(state, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode("utf-8")


def untouched(folder: Path, files: Mapping[str, str]) -> bool:
    """Tell whether files are there and hold what they held, by SHA-256."""
    return bool(files) and all(
        (folder / name).is_file()
        and hashlib.sha256((folder / name).read_bytes()).hexdigest() == known
        for name, known in files.items()
    )


def sums(files: Mapping[str, bytes], names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of some of the files."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in names}
