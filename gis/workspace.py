"""Open a workspace: a folder with ``workspace.toml``, the data at hand and the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gis.catalogue import (
    LocalLayer,
    WorkspaceEntry,
    find_municipality,
    layer_entries,
    read_entry,
)
from gis.errors import CatalogueError, ParameterError, SourceMissingError
from gis.lock import Held, read_lock

FILE_NAME = "workspace.toml"
ALL_NORWAY = "0000"


@dataclass(frozen=True)
class Workspace:
    """A folder with a study area and its files.

    ``root`` is the folder; paths in ``entry`` are relative to it. A layer without a path
    of its own has that of the file that was fetched or put in the inbox, where there is one;
    ``named`` are the layers that workspace.toml itself gives a path.
    """

    root: Path
    entry: WorkspaceEntry
    named: frozenset[str] = frozenset()

    @property
    def store_root(self) -> Path:
        """Where the store lies."""
        return self.root / "store"

    def local(self, layer: str) -> LocalLayer:
        """Return where this workspace has a layer. Raises CatalogueError."""
        if layer not in self.entry.layers:
            message = f"{self.root / FILE_NAME}: has no [layers.{layer}]"
            raise CatalogueError(message)
        return self.entry.layers[layer]

    def path_of(self, layer: str) -> Path | tuple[Path, ...]:
        """Return the existing file of a layer, or its files. Raises SourceMissingError."""
        named = self.local(layer).path
        if not named:
            message = (
                f"{self.root / FILE_NAME}: [layers.{layer}] has no path and nothing was fetched; "
                "run 'arealplan fetch' or name a file"
            )
            raise SourceMissingError(message)
        paths = tuple((self.root / n).resolve() for n in _names(named))
        for path in paths:
            if not path.exists():
                where = f"named by [layers.{layer}] in {self.root / FILE_NAME}"
                message = f"{path}: no such file, {where}"
                raise SourceMissingError(message)
        if len(set(paths)) < len(paths):
            twice = next(p for p in paths if paths.count(p) > 1)
            message = f"{twice}: twice in path of [layers.{layer}] in {self.root / FILE_NAME}"
            raise CatalogueError(message)
        return paths[0] if isinstance(named, str) else paths


def _names(path: str | tuple[str, ...]) -> tuple[str, ...]:
    return (path,) if isinstance(path, str) else path


def open_workspace(root: Path) -> Workspace:
    """Open a workspace folder. Raises CatalogueError for a missing or misspelt workspace.toml."""
    file = root / FILE_NAME
    if not file.is_file():
        message = f"{root}: no {FILE_NAME} here; make one with 'arealplan init DIR --area NUMBER'"
        raise CatalogueError(message)
    entry = read_entry(file, WorkspaceEntry)
    if not (entry.area.isdigit() and len(entry.area) == 4):
        message = f"{file}: area '{entry.area}' given; allowed: a municipality number of 4 digits"
        raise CatalogueError(message)
    unknown = sorted(set(entry.layers) - set(layer_entries()))
    if unknown:
        message = (
            f"{file}: unknown layer(s) {', '.join(unknown)} "
            f"(there are: {', '.join(layer_entries())})"
        )
        raise CatalogueError(message)
    named = frozenset(name for name, local in entry.layers.items() if local.path)
    held = {n: h for n, h in read_lock(root).layers.items() if n in layer_entries()}
    layers = dict(entry.layers)
    for name in held.keys() - named:
        layers[name] = local_of(held[name], entry.layers.get(name))
    return Workspace(root, entry.model_copy(update={"layers": layers}), named)


def local_of(held: Held, said: LocalLayer | None = None) -> LocalLayer:
    """Return a fetched file as a workspace names files; what the user said of it wins."""
    found = LocalLayer(
        path=held.path,
        layer=held.layer,
        date=held.date,
        retrieved=held.retrieved,
        covers=held.covers,
    )
    own = {k: getattr(said, k) for k in said.model_fields_set} if said else {}
    return found.model_copy(update={k: v for k, v in own.items() if k != "path"})


def write_workspace(folder: Path, *, area: str) -> Path:
    """Write a new workspace.toml that lists every layer, to be filled in; never over an old one.

    ``area`` is a municipality's number or its name. Raises ParameterError for one that is in
    no list, and for a folder that already is a workspace.
    """
    number, name = find_municipality(area)
    file = folder / FILE_NAME
    if file.exists():
        message = f"{file} is already there; nothing was changed"
        raise ParameterError(message)
    lines = [
        f'area = "{number}"' + (f"  # {name}" if name else ""),
        'language = "nb"',
        "",
        "# 'arealplan fetch' henter det som kan hentes. Har du en fil selv: legg den i inbox/,",
        "# eller ta bort # og skriv stien. Fetch gets what can be fetched; name your own files.",
    ]
    for name, entry in layer_entries().items():
        lines += [
            "",
            f"# {entry.title.nb} ({entry.source.owner}: {entry.source.dataset})",
            f"# [layers.{name}]",
            '# path = ""',
            "# date = 2026-01-01",
        ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
    except OSError as error:
        message = f"{file}: cannot be written ({error.strerror}); give a folder you may write in"
        raise ParameterError(message) from None
    return file
