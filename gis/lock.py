"""Keep the list of what a workspace has fetched: which file is which layer's, from where, when.

``data/lock.json`` is the one switch: files lie under names made of their content and
are never changed, so that a run that is stopped at any point leaves the list, and with
it every layer, as it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gis.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = "data"
FILES = "files"
SCHEMA = 1
_NAME = "lock.json"


@dataclass(frozen=True)
class Held:
    """One layer's file.

    ``path`` is relative to the workspace; ``retrieved`` the day it came here, ``date``
    the status date of the data; ``covers`` the municipalities it holds (empty: all).
    """

    path: str
    sha256: str
    size: int
    origin: Literal["fetched", "inbox"]
    url: str
    retrieved: dt.date
    date: dt.date | None = None
    covers: tuple[str, ...] = ()
    layer: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A delivery that could not be fetched or read, on which day and why."""

    date: dt.date
    message: str


@dataclass(frozen=True)
class Lock:
    """Every layer that is held, the published numbers, and whose last fetch failed."""

    layers: dict[str, Held] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)


def data_folder(root: Path) -> Path:
    """Return where a workspace keeps what it fetched."""
    return root / DATA


def lock_file(root: Path) -> Path:
    """Return where a workspace keeps its list."""
    return data_folder(root) / _NAME


def read_lock(root: Path) -> Lock:
    """Read the list of a workspace; none yet is an empty one. Raises StoreError when broken."""
    path = lock_file(root)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw.get("schema") != SCHEMA:
            message = f"{path}: of schema {raw.get('schema')}, this program reads {SCHEMA}"
            raise StoreError(message)
        layers = {name: _held(r) for name, r in raw["layers"].items()}
        failed = {
            name: Failure(dt.date.fromisoformat(r["date"]), str(r["message"]))
            for name, r in raw.get("failed", {}).items()
        }
        return Lock(layers=layers, figures=dict(raw["figures"]), failed=failed)
    except FileNotFoundError:
        return Lock()
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        message = f"{path}: cannot be read ({error}); delete it and run 'arealplan fetch' again"
        raise StoreError(message) from None


def _held(raw: dict[str, Any]) -> Held:
    values = dict(raw)
    values["retrieved"] = dt.date.fromisoformat(values["retrieved"])
    values["date"] = dt.date.fromisoformat(values["date"]) if values["date"] else None
    for name in ("covers", "notes"):
        values[name] = tuple(values[name])
    return Held(**values)


def write_lock(root: Path, lock: Lock) -> None:
    """Write the list in one step. Raises StoreError where the disk does not take it."""
    layers, failed = (
        {
            name: {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in asdict(h).items()}
            for name, h in entries.items()
        }
        for entries in (lock.layers, lock.failed)
    )
    path = lock_file(root)
    try:
        write_json(
            path, {"schema": SCHEMA, "layers": layers, "figures": lock.figures, "failed": failed}
        )
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror}); the old one stands"
        raise StoreError(message) from None


@contextlib.contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Hold a workspace's data folder for writing. Raises StoreError when another run has it.

    The hold belongs to the open file and is gone when the process is, however it ended.
    """
    folder = data_folder(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a")
    except OSError as error:
        message = f"{folder}: cannot write here ({error.strerror})"
        raise StoreError(message) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{folder}: another fetch is at work here; wait until it has finished"
            raise StoreError(message) from None
        yield


def write_json(path: Path, value: Any, *, sync: bool = True) -> None:
    """Write JSON beside its place and move it there when it is whole (``sync``: on the disk)."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, indent=1, sort_keys=True)
        out.write("\n")
        if sync:
            out.flush()
            os.fsync(out.fileno())
    new.replace(path)


def is_there(root: Path, held: Held) -> bool:
    """Tell whether the file of a layer is where the list says."""
    return Path(root, held.path).exists()
