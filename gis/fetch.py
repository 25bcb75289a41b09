"""Bring what a workspace lacks from its publishers, and keep what it has when that fails.

A delivery is fetched, read as every layer it is for, and only then put on the list
(``data/lock.json``). What cannot be fetched or read leaves yesterday's file in use.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from gis.catalogue import layer_entries, publishers
from gis.check import sha256_of
from gis.checks import neighbours
from gis.errors import GisError, ParameterError, SourceError
from gis.figures import fetch_figures
from gis.inbox import take_inbox
from gis.keep import place, remove, size_of
from gis.lock import (
    FILES,
    Failure,
    Held,
    Lock,
    data_folder,
    exclusive,
    is_there,
    read_lock,
    write_lock,
)
from gis.outcomes import Outcome, Planned, Report, Settings
from gis.sources import open_layer, read_layer
from gis.sources.contents import lone_table
from gis.sources.download import Downloader
from gis.sources.remote_base import Job, Place, Tools
from gis.sources.remotes import bring, offer
from gis.workspace import ALL_NORWAY, open_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.catalogue import Remote
    from gis.inbox_found import Recognised
    from gis.sources import Bounds
    from gis.sources.remote_base import Parcel
    from gis.workspace import Workspace

MUNICIPALITY = "municipality"
_CACHE_H = 60 * 24.0
_FAILED = ("kept", "failed")


def fetch(
    workspace: Workspace, *, only: Sequence[str] = (), settings: Settings | None = None
) -> Report:
    """Fetch every layer that workspace.toml gives no path and the inbox does not hold.

    ``only`` names layers, default all. A layer that fails does not stop the others.
    Raises StoreError (another fetch at work, the disk does not take it), CatalogueError,
    ParameterError (an unknown layer).
    """
    _check_names(only)
    run = settings or Settings()
    with exclusive(workspace.root), _tools(workspace, run) as tools:
        session = _Session(workspace, tools, read_lock(workspace.root), run)
        inbox = session.take_inbox()
        for group in _groups(only):
            session.bring_group(group)
        figures = session.bring_figures(only)
        session.clear()
    by_layer = {o.layer: o for o in session.outcomes}
    names = [n for n in layer_entries() if n in by_layer]
    return Report(tuple(inbox), tuple(by_layer[n] for n in names), tuple(figures))


def plan(
    workspace: Workspace, *, only: Sequence[str] = (), settings: Settings | None = None
) -> list[Planned]:
    """Say what ``fetch`` would bring, with sizes and licences; no file is fetched.

    Code lists and counts are asked for; offline, only what was asked before is known.
    """
    _check_names(only)
    run = settings or Settings()
    found = []
    with exclusive(workspace.root), _tools(workspace, run) as tools:
        session = _Session(workspace, tools, read_lock(workspace.root), run)
        session.take_inbox()
        for group in _groups(only):
            wanted = [n for n in group if session.wants(n)]
            if wanted:
                found.append(session.offer_of(wanted))
        session.clear()
    return found


def _check_names(only: Sequence[str]) -> None:
    unknown = sorted(set(only) - set(layer_entries()))
    if unknown:
        message = f"no layer '{unknown[0]}' (there are: {', '.join(layer_entries())})"
        raise ParameterError(message)


def _groups(only: Sequence[str]) -> list[list[str]]:
    """Return the layers by delivery: the municipality first, equal remotes together."""
    groups: dict[tuple[Remote | str, int | None], list[str]] = {}
    order = [MUNICIPALITY, *(n for n in layer_entries() if n != MUNICIPALITY)]
    for name in order:
        if not only or name in only:
            entry = layer_entries()[name]
            # One series may hold grids of several cell sizes: those are files of their own.
            key = entry.remote or name, entry.delivery.cell_size_m
            groups.setdefault(key, []).append(name)
    return list(groups.values())


class _tools:  # noqa: N801 - used as a function
    """Open the downloader and the work folder of one run, and close them."""

    def __init__(self, workspace: Workspace, run: Settings) -> None:
        known = publishers()
        folder = data_folder(workspace.root)
        self.downloader = Downloader(
            folder / "cache",
            hosts=known.hosts,
            offline=run.offline,
            patience=run.patience,
            progress=run.progress,
        )
        self.tools = Tools(self.downloader, known, folder / "work", poll_s=run.poll_s)

    def __enter__(self) -> Tools:
        return self.tools

    def __exit__(self, *problem: object) -> None:
        self.downloader.__exit__(*problem)
        shutil.rmtree(self.tools.work, ignore_errors=True)


class _Session:
    """One run over a workspace: the list as it grows, and what became of each layer."""

    def __init__(self, workspace: Workspace, tools: Tools, lock: Lock, run: Settings) -> None:
        self.workspace, self.tools, self.lock, self.run = workspace, tools, lock, run
        self.outcomes: list[Outcome] = []
        self._box: Bounds | None = None
        self._neighbours: tuple[str, ...] = ()

    def take_inbox(self) -> list[Recognised]:
        """Put what the inbox holds on the list, and off it what it no longer holds."""
        found = take_inbox(self.workspace)
        self.lock = read_lock(self.workspace.root)
        return found

    def wants(self, layer: str) -> bool:
        """Tell whether a layer is to be fetched."""
        held = self.lock.layers.get(layer)
        own = layer in self.workspace.named or (held is not None and held.origin == "inbox")
        return not own and layer_entries()[layer].remote is not None

    def bring_group(self, layers: list[str]) -> None:
        """Fetch one delivery and take it into use for every layer that can read it."""
        wanted = [n for n in layers if self.wants(n)]
        self.outcomes += [self._not_fetched(n) for n in layers if n not in wanted]
        if not wanted:
            return
        if self.run.tell is not None:
            self.run.tell(", ".join(wanted))
        self.tools.downloader.begin()
        try:
            parcel = bring(self._job(wanted[0]), self._fresh_tools())
            path = self._install(parcel)
        except GisError as error:
            found = [self._fallback(n, str(error)) for n in wanted]
        else:
            found = [self._take(n, path, parcel) for n in wanted]
        if any(o.state in _FAILED for o in found) and not self.run.offline:
            self.tools.downloader.forget()
        self._remember(found)
        self.outcomes += found

    def offer_of(self, layers: list[str]) -> Planned:
        """Ask what one delivery would be."""
        entry = layer_entries()[layers[0]]
        known = Planned(
            layers=tuple(layers),
            owner=entry.source.owner,
            licence=entry.source.licence,
            offer=None,
            held=self.lock.layers.get(layers[0]),
        )
        try:
            return replace(known, offer=offer(self._job(layers[0]), self._fresh_tools()))
        except GisError as error:
            return replace(known, message=str(error))

    def bring_figures(self, only: Sequence[str]) -> list[str]:
        """Fetch the published numbers; the old ones stay where that fails."""
        if only or self.workspace.entry.area == ALL_NORWAY:
            return []
        figures, told = fetch_figures(self._place(), self.tools)
        if figures:
            self._write(replace(self.lock, figures={**self.lock.figures, **figures}))
        return told

    def clear(self) -> None:
        """Remove files that no layer uses any more, and answers nobody has asked for long."""
        self.tools.downloader.cache.prune(older_h=_CACHE_H)
        folder = data_folder(self.workspace.root) / FILES
        used = {self.workspace.root / h.path for h in self.lock.layers.values()}
        for old in folder.iterdir() if folder.is_dir() else ():
            if not any(old in p.parents for p in used):
                shutil.rmtree(old, ignore_errors=True)

    def _fresh_tools(self) -> Tools:
        work = self.tools.work
        if work.is_dir() and any(work.iterdir()):
            shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        paths = [self.workspace.root / h.path for h in self.lock.layers.values()]
        return replace(self.tools, held={p.name: p for p in paths if p.is_file()})

    def _job(self, layer: str) -> Job:
        return Job(layer, layer_entries()[layer], self._place())

    def _place(self) -> Place:
        entry = self.workspace.entry
        former = self.tools.publishers.renumbered.get(entry.area, ())
        box = self._study_box()
        return Place(entry.area, entry.epsg, former, box, self._neighbours)

    def _study_box(self) -> Bounds | None:
        """Return the study area with its halo, once the municipality is here."""
        entry = self.workspace.entry
        if self._box is None and entry.area != ALL_NORWAY:
            now = open_workspace(self.workspace.root)
            if MUNICIPALITY not in now.entry.layers:
                return None
            data = read_layer(
                MUNICIPALITY,
                now.path_of(MUNICIPALITY),
                local=now.local(MUNICIPALITY),
                epsg=entry.epsg,
            )
            mine = data.frame[data.frame["number"] == entry.area]
            if mine.empty:
                return None
            west, south, east, north = (float(v) for v in mine.total_bounds)
            halo = float(entry.halo_m)
            self._neighbours = tuple(neighbours(data.frame, entry.area, halo_m=halo))
            self._box = (west - halo, south - halo, east + halo, north + halo)
        return self._box

    def _install(self, parcel: Parcel) -> Path:
        """Put a file under a name made of its content; return where it lies."""
        table = lone_table(parcel.path, self.tools.work) if parcel.path.is_file() else None
        source, name = (table, table.name) if table else (parcel.path, parcel.name)
        folder = data_folder(self.workspace.root) / FILES / sha256_of(source)[:16]
        target = folder / name
        if target.exists() and size_of(target) == size_of(source):
            return target
        new = folder / f"{name}.new"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            remove(new)
            place(source, new)
            new.replace(target)
        except OSError as error:
            message = f"{target}: cannot be written ({error.strerror})"
            raise SourceError(message) from None
        return target

    def _take(self, layer: str, path: Path, parcel: Parcel) -> Outcome:
        """Read a delivery as a layer and put it on the list; else leave the old one."""
        before = self.lock.layers.get(layer)
        held = Held(
            path=path.relative_to(self.workspace.root).as_posix(),
            sha256=sha256_of(path),
            size=size_of(path),
            origin="fetched",
            url=parcel.url,
            retrieved=dt.datetime.now(tz=dt.UTC).date(),
            date=parcel.date,
            covers=parcel.covers,
            notes=parcel.notes,
        )
        same = before is not None and before.sha256 == held.sha256
        try:
            if not same:
                self._check_readable(layer, path)
        except GisError as error:
            return self._fallback(layer, str(error))
        self._write(replace(self.lock, layers={**self.lock.layers, layer: held}))
        if layer == MUNICIPALITY:
            self._box = None
        return Outcome(layer, "unchanged" if same else "new", held)

    def _check_readable(self, layer: str, path: Path) -> None:
        said = self.workspace.entry.layers.get(layer)
        bounds = None if layer == MUNICIPALITY else self._study_box()
        blocks = open_layer(layer, path, local=said, epsg=self.workspace.entry.epsg, bounds=bounds)
        numbers: set[str] = set()
        for frame in blocks:
            numbers |= set(frame["number"]) if layer == MUNICIPALITY else set()
        area = self.workspace.entry.area
        if layer == MUNICIPALITY and area not in (ALL_NORWAY, *numbers):
            message = f"{path.name}: has no municipality {area}"
            raise SourceError(message)

    def _fallback(self, layer: str, problem: str) -> Outcome:
        """Keep the older file where there is one, and say whose delivery failed and why."""
        owner = layer_entries()[layer].source.owner
        held = self.lock.layers.get(layer)
        message = f"{owner}, {layer}: {problem}"
        if held is not None and is_there(self.workspace.root, held):
            return Outcome(layer, "kept", held, message)
        return Outcome(layer, "failed", None, message)

    def _remember(self, found: list[Outcome]) -> None:
        """Keep whose delivery failed, for the check to tell; offline says nothing of that."""
        if self.run.offline:
            return
        today = dt.datetime.now(tz=dt.UTC).date()
        failed = {n: f for n, f in self.lock.failed.items() if n not in {o.layer for o in found}}
        failed |= {o.layer: Failure(today, o.message) for o in found if o.state in _FAILED}
        if failed != self.lock.failed:
            self._write(replace(self.lock, failed=failed))

    def _not_fetched(self, layer: str) -> Outcome:
        held = self.lock.layers.get(layer)
        if layer in self.workspace.named:
            return Outcome(layer, "own")
        if held is not None and held.origin == "inbox":
            return Outcome(layer, "inbox", held)
        return Outcome(layer, "by_hand")

    def _write(self, lock: Lock) -> None:
        write_lock(self.workspace.root, lock)
        self.lock = lock
