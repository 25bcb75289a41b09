"""Find and read entries, strictly: an unknown key is an error naming file and key."""

from __future__ import annotations

import difflib
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from gis.catalogue.faults import entry_faults
from gis.catalogue.map_models import MapEntry
from gis.catalogue.models import LayerEntry
from gis.catalogue.remotes import PublisherFile
from gis.errors import CatalogueError

_NO_ENTRIES = ("theme", "publishers", "municipalities", "no_layers")
# Another file of publishers (a mirror inside the municipality's own network), in place of ours.
PUBLISHERS_VARIABLE = "AREALPLAN_PUBLISHERS"
_PACKAGE = Path(__file__).resolve().parent.parent


def catalogue_root(which: Literal["layers", "maps"]) -> Path:
    """Return the folder of a catalogue: in the installed package, or in the checkout."""
    for root in (_PACKAGE / "_catalogue" / which, _PACKAGE.parent / which):
        if root.is_dir():
            return root
    message = f"the catalogue '{which}' was not installed with the program"
    raise CatalogueError(message)


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file. Raises CatalogueError naming the file, and the line where it breaks."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path}: no such file"
        raise CatalogueError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 (byte {error.start})"
        raise CatalogueError(message) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: not valid TOML: {error}"
        raise CatalogueError(message) from None


def read_entry[E: BaseModel](path: Path, model: type[E]) -> E:
    """Read and validate one entry. Raises CatalogueError with every fault in one line."""
    raw = read_toml(path)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        message = f"{path}: {entry_faults(error, model)}"
        raise CatalogueError(message) from None


def _entries[E: BaseModel](which: Literal["layers", "maps"], model: type[E]) -> dict[str, E]:
    files = sorted(catalogue_root(which).glob("*.toml"))
    return {f.stem: read_entry(f, model) for f in files if f.stem not in _NO_ENTRIES}


def publishers() -> PublisherFile:
    """Return where the publishers answer. Raises CatalogueError."""
    named = os.environ.get(PUBLISHERS_VARIABLE)
    path = Path(named) if named else catalogue_root("layers") / "publishers.toml"
    return _publishers(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _publishers(path: Path, _mtime_ns: int) -> PublisherFile:
    found = read_entry(path, PublisherFile)
    tables = [figures for figures in (found.population, found.built_up) if figures]
    named = [*(figures.publisher for figures in tables), found.sea_level]
    for layer, entry in layer_entries().items():
        if entry.remote and entry.remote.publisher not in found.publishers:
            message = f"layers/{layer}.toml: remote.publisher '{entry.remote.publisher}' is not in "
            raise CatalogueError(message + str(path))
    for name in named:
        if name is not None and name not in found.publishers:
            message = f"{path}: '{name}' is none of its publishers"
            raise CatalogueError(message)
    return found


@cache
def layer_entries() -> dict[str, LayerEntry]:
    """Return every layer entry by id (the file's name). Raises CatalogueError."""
    entries = _entries("layers", LayerEntry)
    for name, entry in entries.items():
        if entry.coverage.layer is not None and entry.coverage.layer not in entries:
            message = f"layers/{name}.toml: coverage.layer '{entry.coverage.layer}' is no layer"
            raise CatalogueError(message)
    return entries


@cache
def map_entries() -> dict[str, MapEntry]:
    """Return every map entry by id, in the order of the index. Raises CatalogueError."""
    entries = _entries("maps", MapEntry)
    return dict(sorted(entries.items(), key=lambda item: item[1].order))


def layer_entry(name: str) -> LayerEntry:
    """Return one layer entry. Raises CatalogueError naming what there is."""
    return _pick(name, layer_entries(), "layer")


def map_entry(name: str) -> MapEntry:
    """Return one map entry. Raises CatalogueError naming what there is."""
    return _pick(name, map_entries(), "map")


def _pick[E](name: str, entries: dict[str, E], kind: str) -> E:
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        message = f"no {kind} '{name}'{hint} (there are: {', '.join(entries)})"
        raise CatalogueError(message)
    return entries[name]
