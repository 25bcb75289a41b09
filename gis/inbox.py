"""Recognise files put by hand into a workspace's inbox, by what they hold.

A file is taken for a layer when its layers carry names the catalogue lists and hold
every field the layer needs, or when its fields alone fit one layer better than all
others; and only after it has been read as that layer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue import LocalLayer, layer_entries, publishers
from gis.check import sha256_of
from gis.errors import FieldError, GisError
from gis.inbox_found import Guess, Recognised, joined
from gis.inbox_together import joined_files, put_together
from gis.inbox_words import about_date, why_none, why_refused, why_unreadable
from gis.lock import FILES, Held, data_folder, lock_file, read_lock, write_lock
from gis.sources import open_layer
from gis.sources.contents import Content, contents, lone_table
from gis.sources.dates import municipality_in_name, stated_date
from gis.sources.names import LAYER_NAME, find_field, fold, is_layer
from gis.sources.netex_files import is_netex, netex_kind
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gis.catalogue import LayerEntry
    from gis.sources.base import Stated
    from gis.text import Text
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
# Kinds of delivery that are known by their form, without fields.
_BY_FORM = ("gtfs", "netex", "raster")
# Fields without which a table could be anything.
_LEAST_FIELDS = 2


def recognise_all(
    workspace: Workspace, *, tell: Callable[[str], None] | None = None
) -> list[Recognised]:
    """Look at every file of the inbox; a workspace without one has none.

    Where several files hold one layer, which is meant is not guessed: the one that was used
    before stays in use, else none is. ``tell`` gets the name of each file before it is read.
    """
    folder = workspace.root / INBOX
    if not folder.is_dir():
        return []
    files = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    registers = [p for p in files if _is_register(p)]
    found = []
    for path in files:
        if not _goes_with_another(path):
            if tell is not None:
                tell(path.name)
            found.append(recognise(path, workspace, beside=registers))
    used = {n: h.path for n, h in read_lock(workspace.root).layers.items()}
    return _settled(joined_files(found, workspace), used, named=workspace.named)


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


def _is_register(path: Path) -> bool:
    """Tell whether a file is a stop register; one that cannot be read is told of later."""
    try:
        return is_netex(path) and netex_kind(path) == "stops"
    except GisError:
        return False


def _goes_with_another(path: Path) -> bool:
    """Tell whether a file is a part of another: the .dbf, .prj, .shx of a .shp."""
    for main, others in _PARTS_OF.items():
        if path.name.lower().endswith(others):
            stem = path.name[: path.name.index(".")]
            return any(p.suffix.lower() == main for p in path.parent.glob(f"{stem}.*"))
    return False


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


def recognise(path: Path, workspace: Workspace, *, beside: Sequence[Path] = ()) -> Recognised:
    """Say what one file is, and hold it for the layers it was read as.

    ``beside``: the stop registers of the inbox, which say where a NeTEx timetable's stops lie.
    """
    try:
        there = _usable(path, workspace)
        found = contents(there)
        guesses = _best(guess(found), [path.name, *(c.layer for c in found)])
    except GisError as error:
        return Recognised(path.name, {}, {}, why_unreadable(path, error))
    registers = [p for p in beside if p != path] if any(c.netex for c in found) else []
    taken: dict[str, Held] = {}
    together: dict[str, tuple[str, ...]] = {}
    reasons: dict[str, Text] = {}
    faults: list[Text] = []
    stated: Stated | None = None
    for number, one in enumerate(guesses):
        try:
            with_it = registers if layer_entries()[one.layer].delivery.kind == "gtfs" else []
            rows, says = _read(one, [there, *with_it], workspace)
            if not rows:
                continue
            stated = stated_date(there, found, name=path.name) if not number else stated
        except GisError as error:
            faults.append(why_refused(one.layer, error))
            continue
        dated = says or stated
        held = _held(there, workspace, delivered=path.name, dated=dated)
        if with_it:
            several = [_held(p, workspace, delivered=p.name, dated=dated) for p in with_it]
            held = put_together([held, *several], one.layer, workspace)
            together[one.layer] = tuple(p.name for p in with_it)
        taken[one.layer] = held
        raster = layer_entries()[one.layer].geometry == "raster"
        counted = [] if raster else [t("inbox.rows", count=str(rows))]
        reasons[one.layer] = joined([one.reason, *counted, *about_date(dated)])
    problem = None
    if not taken:
        problem = faults[0] if faults else why_none(found, [g.layer for g in guesses])
    return Recognised(path.name, taken, reasons, problem, together=together)


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


def _rank(found: Guess) -> tuple[bool, int, int]:
    return found.exact, found.told, len(found.fields)


def _fit(name: str, entry: LayerEntry, content: Content, *, alone: bool) -> Guess | None:
    """Tell whether one layer of a file may be a layer of the catalogue."""
    kind = entry.delivery.kind
    if content.kind == "osm":
        return Guess(name, (), None) if name == _STATIONS else None
    if content.kind in _BY_FORM or kind in _BY_FORM:
        exact = any(fold(content.layer) == fold(x) for x in entry.delivery.layers)
        fits = content.kind == kind and (kind != "raster" or _is_raster_of(content, entry))
        return Guess(name, (), None, exact) if fits else None
    wanted = "point" if kind == "points" else entry.geometry
    if content.kind in _KINDS and kind != "grid" and content.kind != wanted:
        return None
    if content.kind == "table" and kind == "vector":
        return None
    borne = [fold(x) for x in entry.delivery.layers if is_layer(content.layer, x)]
    told = max(map(len, borne), default=0)
    named = told > 0
    exact = fold(content.layer) in borne
    if not named and not alone:
        return None
    try:
        fields = _fields(entry, content)
    except FieldError:
        return None
    if fields is None or not (named or len(fields) >= _LEAST_FIELDS):
        return None
    return Guess(name, fields, content.layer if named else None, exact, told)


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
        first = {g.content: g for g in sorted(named, key=_rank)}
        return [g for g in named if _rank(g) == _rank(first[g.content]) or _beside(g, named)]
    most = max((len(g.fields) for g in guesses), default=0)
    best = [g for g in guesses if len(g.fields) == most]
    if len(best) > 1:
        told = [d for d in publishers().datasets.values() if d.marks_any(names)]
        own = [layer_entries()[g.layer].source.dataset for g in best]
        best = [g for g, title in zip(best, own, strict=True) if title in {d.title for d in told}]
    return best if len(best) == 1 else []


def _beside(found: Guess, named: list[Guess]) -> bool:
    """Tell whether a layer is cut from one by its values, and no other's name tells more of it."""
    others = (g for g in named if g.content == found.content and not _is_cut(g))
    return _is_cut(found) and not any((g.exact, g.told) > (found.exact, found.told) for g in others)


def _is_cut(found: Guess) -> bool:
    return bool(layer_entries()[found.layer].delivery.keep)


def _read(found: Guess, paths: list[Path], workspace: Workspace) -> tuple[int, Stated | None]:
    """Return how many rows a file has as a layer, and the date that its rows state."""
    local = workspace.entry.layers.get(found.layer) or LocalLayer()
    blocks = open_layer(found.layer, paths, local=local, epsg=workspace.entry.epsg, looked_at=True)
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
