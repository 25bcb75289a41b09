"""Recognise files put by hand into a workspace's inbox, by what they hold.

A file is taken for a layer when its layers carry names the catalogue lists and hold
every field the layer needs, or when its fields alone fit one layer better than all
others; and only after it has been read as that layer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue import LocalLayer, layer_entries, publishers
from gis.check import listing, sha256_of
from gis.errors import FieldError, GisError
from gis.inbox_words import about_date, marked_no_layer, why_none, why_refused, why_unreadable
from gis.lock import FILES, Held, data_folder, lock_file, read_lock, write_lock
from gis.sources import open_layer
from gis.sources.contents import Content, contents, lone_table
from gis.sources.dates import municipality_in_name, stated_date
from gis.sources.finish import PARTS
from gis.sources.names import LAYER_NAME, find_field, fold, is_layer
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.catalogue import LayerEntry
    from gis.sources.base import Stated
    from gis.workspace import Workspace

INBOX = "inbox"
# Files that are nothing by themselves, by the ending of the file they belong to.
_PARTS_OF = {
    ".shp": (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".qmd", ".shp.xml"),
    ".tab": (".dat", ".id", ".map", ".ind"),
    ".mif": (".mid",),
    ".tif": (".tfw", ".aux.xml", ".ovr"),
    ".gpkg": (".gpkg-wal", ".gpkg-shm"),
}
_STATIONS = "stations"
_KINDS = {"polygon": "polygon", "line": "line", "point": "point"}
_TERRAIN_PIXEL_M = 100.0
# Kinds of delivery of which several files can be read as one.
_JOINED = ("vector", "points")
_SEVERAL = 2
_SHOWN = 5
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
    def reason(self) -> Text:
        """Why, in words: the layer's name and the fields that were recognised."""
        name = t("inbox.by_name", name=self.content) if self.content else None
        known = t("inbox.by_fields", fields=listing(self.fields, limit=5)) if self.fields else None
        return joined([x for x in (name, known) if x] or [t("inbox.by_form")])


@dataclass(frozen=True)
class Recognised:
    """What a file of the inbox was taken for: one line a layer, or why for none."""

    file: str
    layers: dict[str, Held]
    reasons: dict[str, Text]
    problem: Text | None = None
    # layer -> the other files of the inbox that hold it too; this one is not used for it
    contested: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # layer -> the other files of the inbox that it is read together with
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)


def joined(texts: list[Text]) -> Text:
    """Put texts one after the other, with semicolons."""
    return Text(nb="; ".join(x.nb for x in texts), en="; ".join(x.en for x in texts))


def recognise_all(workspace: Workspace) -> list[Recognised]:
    """Look at every file of the inbox; a workspace without one has none.

    Where several files hold one layer, which is meant is not guessed: the one that was used
    before stays in use, else none is.
    """
    folder = workspace.root / INBOX
    if not folder.is_dir():
        return []
    files = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    found = [recognise(p, workspace) for p in files if not _goes_with_another(p)]
    used = {n: h.path for n, h in read_lock(workspace.root).layers.items()}
    return _settled(_joined(found, workspace), used, named=workspace.named)


def take_inbox(workspace: Workspace) -> list[Recognised]:
    """Put what the inbox holds on the workspace's list, and off it what it no longer holds.

    To be used inside ``exclusive``. Raises StoreError where the list cannot be written.
    """
    found = recognise_all(workspace)
    lock = read_lock(workspace.root)
    mine = {name: held for r in found for name, held in r.layers.items()}
    kept = {n: h for n, h in lock.layers.items() if h.origin != "inbox"}
    write_lock(workspace.root, replace(lock, layers=kept | mine))
    return found


def has_changed(workspace: Workspace) -> bool:
    """Tell whether the inbox was touched after the list was last written."""
    folder = workspace.root / INBOX
    if not folder.is_dir():
        return any(h.origin == "inbox" for h in read_lock(workspace.root).layers.values())
    list_of = lock_file(workspace.root)
    seen = list_of.stat().st_mtime_ns if list_of.is_file() else 0
    inside = [p for p in folder.iterdir() if not p.name.startswith(".")]
    touched = [folder.stat().st_mtime_ns, *(p.lstat().st_ctime_ns for p in inside)]
    return bool(inside or seen) and max(touched) > seen


def _goes_with_another(path: Path) -> bool:
    """Tell whether a file is a part of another: the .dbf, .prj, .shx of a .shp."""
    for main, others in _PARTS_OF.items():
        if path.name.lower().endswith(others):
            stem = path.name[: path.name.index(".")]
            return any(p.suffix.lower() == main for p in path.parent.glob(f"{stem}.*"))
    return False


def _joined(found: list[Recognised], workspace: Workspace) -> list[Recognised]:
    """Read a layer's files of different municipalities as one: the own one and neighbours'.

    Only where every name states its municipality in Geonorge's way and no two the same. The
    files are put together in a folder beside the fetched ones; each stays as it is.
    """
    out = list(found)
    names = dict.fromkeys(n for r in found for n in r.layers if n not in workspace.named)
    for layer in names:
        mine = [i for i, r in enumerate(out) if layer in r.layers]
        numbers = [c for i in mine for c in out[i].layers[layer].covers]
        apart = len(mine) == len(set(numbers)) == len(numbers)
        if len(mine) < _SEVERAL or not apart or layer_entries()[layer].delivery.kind not in _JOINED:
            continue
        held = _together([out[i].layers[layer] for i in mine], layer, workspace)
        for i in mine:
            others = tuple(out[j].file for j in mine if j != i)
            together = {**out[i].together, layer: others}
            layers = {**out[i].layers, layer: held}
            out[i] = replace(out[i], layers=layers, together=together)
    return out


def _together(several: list[Held], layer: str, workspace: Workspace) -> Held:
    """Copy files into one folder of parts, named by its content, and hold that for the layer."""
    sums = "".join(h.sha256 for h in several)
    name = hashlib.sha256(sums.encode()).hexdigest()[:16]
    folder = data_folder(workspace.root) / FILES / name / f"{layer}{PARTS}"
    folder.mkdir(parents=True, exist_ok=True)
    for held in several:
        source = workspace.root / held.path
        target = folder / f"{held.covers[0]}_{source.name}"
        if not target.exists():
            half = target.with_name(f".{target.name}")
            shutil.copyfile(source, half)
            half.replace(target)
    dates = [h.date for h in several if h.date]
    return replace(
        several[0],
        path=folder.relative_to(workspace.root).as_posix(),
        sha256=sha256_of(folder),
        size=sum(h.size for h in several),
        retrieved=min(h.retrieved for h in several),
        date=min(dates) if len(dates) == len(several) else None,
        covers=tuple(h.covers[0] for h in several),
    )


def _settled(
    found: list[Recognised], used: dict[str, str], *, named: frozenset[str]
) -> list[Recognised]:
    """Leave each layer with one file at most, and say in the others which files hold it too."""
    holders: dict[str, list[Recognised]] = {}
    for r in found:
        for layer in r.layers:
            holders.setdefault(layer, []).append(r)
    keeps: dict[str, str | None] = {}
    for layer, several in holders.items():
        same = {r.layers[layer].sha256 for r in several}
        before = next((r.file for r in several if r.layers[layer].path == used.get(layer)), None)
        single = len(same) == 1 or layer in named
        if all(layer in r.together for r in several):
            before = None
        keeps[layer] = before or (several[0].file if single else None)
    return [_left_with(r, keeps, holders) for r in found]


def _left_with(
    found: Recognised, keeps: dict[str, str | None], holders: dict[str, list[Recognised]]
) -> Recognised:
    lost = {n for n in found.layers if keeps[n] != found.file and n not in found.together}
    return replace(
        found,
        layers={n: h for n, h in found.layers.items() if n not in lost},
        reasons={n: r for n, r in found.reasons.items() if n not in lost},
        contested={
            layer: tuple(r.file for r in holders[layer] if r.file != found.file)
            for layer in found.layers
            if layer in lost
        },
    )


def recognise(path: Path, workspace: Workspace) -> Recognised:
    """Say what one file is, and hold it for the layers it was read as."""
    try:
        there = _usable(path, workspace)
        found = contents(there)
        left = [c for c in found if marked_no_layer(c) is None]
        guesses = _best(guess(left), [path.name, *(c.layer for c in left)])
    except GisError as error:
        return Recognised(path.name, {}, {}, why_unreadable(path, error))
    taken: dict[str, Held] = {}
    reasons: dict[str, Text] = {}
    faults: list[Text] = []
    stated: Stated | None = None
    for number, one in enumerate(guesses):
        try:
            rows, says = _read(one, there, workspace)
            if not rows:
                continue
            stated = stated_date(there, left, name=path.name) if not number else stated
        except GisError as error:
            faults.append(why_refused(one.layer, error))
            continue
        dated = says or stated
        taken[one.layer] = _held(there, workspace, delivered=path.name, dated=dated)
        raster = layer_entries()[one.layer].geometry == "raster"
        counted = [] if raster else [t("inbox.rows", count=str(rows))]
        reasons[one.layer] = joined([one.reason, *counted, *about_date(dated)])
    problem = None
    if not taken:
        problem = faults[0] if faults else why_none(found, [g.layer for g in guesses])
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
    if content.kind == "osm":
        return Guess(name, (), None) if name == _STATIONS else None
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


def _best(guesses: list[Guess], names: list[str]) -> list[Guess]:
    """Return the layers known by name; else the one whose fields fit best, if it is one.

    Several layers may be cut from one by their values (keep); of the others the one
    whose very own name it is stands first, then the one that knows most of its fields.
    Of layers that know equally many, the one whose data set the file's ``names`` tell.
    """
    named = [g for g in guesses if g.content is not None or not g.fields]
    if named:
        first = {g.content: _rank(g) for g in sorted(named, key=_rank)}
        return [g for g in named if _is_cut(g) or _rank(g) == first[g.content]]
    most = max((len(g.fields) for g in guesses), default=0)
    best = [g for g in guesses if len(g.fields) == most]
    if len(best) > 1:
        told = [d for d in publishers().datasets.values() if d.marks_any(names)]
        own = [layer_entries()[g.layer].source.dataset for g in best]
        best = [g for g, title in zip(best, own, strict=True) if title in {d.title for d in told}]
    return best if len(best) == 1 else []


def _is_cut(found: Guess) -> bool:
    return bool(layer_entries()[found.layer].delivery.keep)


def _read(found: Guess, path: Path, workspace: Workspace) -> tuple[int, Stated | None]:
    """Return how many rows a file has as a layer, and the date that its rows state."""
    local = workspace.entry.layers.get(found.layer) or LocalLayer()
    blocks = open_layer(found.layer, path, local=local, epsg=workspace.entry.epsg)
    rows = sum(map(len, blocks))
    return rows, blocks.stated


def _held(there: Path, workspace: Workspace, *, delivered: str, dated: Stated | None) -> Held:
    size = there.stat().st_size if there.is_file() else 0
    changed = dt.datetime.fromtimestamp(there.stat().st_mtime, tz=dt.UTC).date()
    number = municipality_in_name(delivered) or municipality_in_name(there.name)
    return Held(
        path=there.relative_to(workspace.root).as_posix(),
        sha256=sha256_of(there),
        size=size,
        origin="inbox",
        url="",
        retrieved=changed,
        date=dated.date if dated else None,
        covers=(number,) if number else (),
    )
