"""Recognise files put by hand into a workspace's inbox, by what they hold.

A file is taken for a layer when its layers carry names the catalogue lists and hold
every field the layer needs, or when its fields alone fit one layer better than all
others; and only after it has been read as that layer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue import LocalLayer, layer_entries
from gis.check import listing, sha256_of
from gis.errors import FieldError, GisError
from gis.lock import FILES, Held, data_folder
from gis.sources import open_layer
from gis.sources.contents import Content, contents, lone_table
from gis.sources.names import LAYER_NAME, find_field, fold, is_layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.catalogue import LayerEntry
    from gis.workspace import Workspace

INBOX = "inbox"
_KINDS = {"polygon": "polygon", "line": "line", "point": "point"}
_TERRAIN_PIXEL_M = 100.0
# Fields without which a table could be anything.
_LEAST_FIELDS = 2


@dataclass(frozen=True)
class Guess:
    """A layer that a file may be: how many of its fields are there, and by which name."""

    layer: str
    fields: tuple[str, ...]
    content: str | None
    exact: bool = False

    @property
    def reason(self) -> str:
        """Why, in words: the layer's name and the fields that were recognised."""
        name = f"layer '{self.content}'" if self.content else ""
        known = f"fields {listing(self.fields, limit=5)}" if self.fields else ""
        return "; ".join(x for x in (name, known) if x) or "its form"


@dataclass(frozen=True)
class Recognised:
    """What a file of the inbox was taken for: one line a layer, or why for none."""

    file: str
    layers: dict[str, Held]
    reasons: dict[str, str]
    problem: str | None = None


def recognise_all(workspace: Workspace) -> list[Recognised]:
    """Look at every file of the inbox; a workspace without one has none."""
    folder = workspace.root / INBOX
    if not folder.is_dir():
        return []
    files = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    return [recognise(p, workspace) for p in files]


def recognise(path: Path, workspace: Workspace) -> Recognised:
    """Say what one file is, and hold it for the layers it was read as."""
    try:
        there = _usable(path, workspace)
        guesses = _best(guess(contents(there)))
    except GisError as error:
        return Recognised(path.name, {}, {}, str(error))
    taken: dict[str, Held] = {}
    reasons: dict[str, str] = {}
    faults: list[str] = []
    for found in guesses:
        try:
            rows = _read(found, there, workspace)
        except GisError as error:
            faults.append(f"{found.layer}: {error}")
            continue
        if rows:
            taken[found.layer] = _held(there, workspace)
            reasons[found.layer] = f"{found.reason}; {rows} rows"
    problem = None
    if not taken:
        problem = faults[0] if faults else _unknown(guesses)
    return Recognised(path.name, taken, reasons, problem)


def _usable(path: Path, workspace: Workspace) -> Path:
    """Return the file to read: a zip with one table in it is unpacked beside the fetched files."""
    if not path.is_file() or path.suffix.lower() != ".zip":
        return path
    folder = data_folder(workspace.root) / FILES / sha256_of(path)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    table = lone_table(path, folder)
    if table is None and not any(folder.iterdir()):
        folder.rmdir()
    return table or path


def guess(found: Iterable[Content]) -> list[Guess]:
    """Return every layer of the catalogue that a file may hold, by names and fields alone."""
    layers = list(found)
    guesses = []
    for name, entry in layer_entries().items():
        fits = [g for c in layers if (g := _fit(name, entry, c, alone=len(layers) == 1))]
        if fits:
            guesses.append(max(fits, key=_rank))
    return guesses


def _rank(found: Guess) -> tuple[bool, bool, int]:
    return found.exact, found.content is not None, len(found.fields)


def _fit(name: str, entry: LayerEntry, content: Content, *, alone: bool) -> Guess | None:
    """Tell whether one layer of a file may be a layer of the catalogue."""
    kind = entry.delivery.kind
    if content.kind in ("gtfs", "raster") or kind in ("gtfs", "raster"):
        exact = any(fold(content.layer) == fold(x) for x in entry.delivery.layers)
        fits = content.kind == kind and (kind == "gtfs" or _is_raster_of(content, entry))
        return Guess(name, (), None, exact) if fits else None
    wanted = "point" if kind == "points" else entry.geometry
    if content.kind in _KINDS and kind != "grid" and content.kind != wanted:
        return None
    if content.kind == "table" and kind == "vector":
        return None
    named = any(is_layer(content.layer, x) for x in entry.delivery.layers)
    exact = any(fold(content.layer) == fold(x) for x in entry.delivery.layers)
    if not named and not alone:
        return None
    try:
        fields = _fields(entry, content)
    except FieldError:
        return None
    if fields is None or not (named or len(fields) >= _LEAST_FIELDS):
        return None
    return Guess(name, fields, content.layer if named else None, exact)


def _is_raster_of(content: Content, entry: LayerEntry) -> bool:
    """Tell whether a raster is an entry's by its name, or terrain by its fine pixels.

    Its numbers could be anything; statistics come in cells of a kilometre.
    """
    if any(fold(name) in fold(content.layer) for name in entry.delivery.layers):
        return True
    pixel_m = content.pixel_m
    return entry.theme == "terrain" and pixel_m is not None and pixel_m <= _TERRAIN_PIXEL_M


def _fields(entry: LayerEntry, content: Content) -> tuple[str, ...] | None:
    """Return the fields of the file that the entry knows; None where a needed one is missing."""
    known = []
    for mapping in entry.fields.values():
        name = find_field(mapping.source, content.fields, source=content.layer)
        if name is None and mapping.required:
            return None
        if name is not None and name != LAYER_NAME:
            known.append(name)
    if content.kind == "table" and entry.delivery.kind == "points":
        for axis in (entry.delivery.x, entry.delivery.y):
            name = find_field(axis, content.fields, source=content.layer)
            if name is None:
                return None
            known.append(name)
    return tuple(dict.fromkeys(known))


def _best(guesses: list[Guess]) -> list[Guess]:
    """Return the layers known by name; else the one whose fields fit best, if it is one.

    Several layers may be cut from one by their values (keep); of the others the one
    whose very own name it is stands first, then the one that knows most of its fields.
    """
    named = [g for g in guesses if g.content is not None or not g.fields]
    if named:
        first = {g.content: _rank(g) for g in sorted(named, key=_rank)}
        return [g for g in named if _is_cut(g) or _rank(g) == first[g.content]]
    most = max((len(g.fields) for g in guesses), default=0)
    best = [g for g in guesses if len(g.fields) == most]
    return best if len(best) == 1 else []


def _is_cut(found: Guess) -> bool:
    return bool(layer_entries()[found.layer].delivery.keep)


def _unknown(guesses: list[Guess]) -> str:
    if guesses:
        return "read, but holds no rows of " + listing(g.layer for g in guesses)
    return (
        "not recognised: no layer name and no fields that fit one layer of the catalogue alone; "
        "name it in workspace.toml with path"
    )


def _read(found: Guess, path: Path, workspace: Workspace) -> int:
    local = workspace.entry.layers.get(found.layer) or LocalLayer()
    return sum(map(len, open_layer(found.layer, path, local=local, epsg=workspace.entry.epsg)))


def _held(path: Path, workspace: Workspace) -> Held:
    size = path.stat().st_size if path.is_file() else 0
    changed = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()
    return Held(
        path=path.relative_to(workspace.root).as_posix(),
        sha256=sha256_of(path),
        size=size,
        origin="inbox",
        url="",
        retrieved=changed,
    )
