"""Replace a store as a whole or not at all: one writer, a part folder, one atomic switch.

A store is ``store/<build-id>/`` and the small file ``store/current`` that names the
build in use. A build is written to ``<build-id>.part``, flushed to disk, renamed, and
only then named by ``current``; readers see the old build until that moment.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING

from gis.errors import GisError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CURRENT = "current"
LOCK = ".lock"
PART = ".part"
_BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the store for writing. Raises StoreError when another process builds it.

    The lock belongs to the open file: it is gone when the process is, however it ended.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / LOCK).open("a")
    except OSError as error:
        message = f"{root}: cannot write here ({error.strerror})"
        raise StoreError(message) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{root}: another build is at work here; wait until it has finished"
            raise StoreError(message) from None
        yield


@contextlib.contextmanager
def new_build(root: Path) -> Iterator[Path]:
    """Give a part folder to fill; when the block ends well it becomes the store.

    To be used inside ``locked``. Leavings of dead builds go first; when the block
    fails, the part folder goes and the old build stays as it was. Raises StoreError
    where the disk does not take it.
    """
    name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    part = root / f"{name}{PART}"
    try:
        for leaving in root.glob(f"*{PART}"):
            shutil.rmtree(leaving)
        part.mkdir()
        yield part
        _flush(part)
        part.rename(root / name)
        _switch(root, name)
    except GisError:
        raise
    except OSError as error:
        message = f"{root}: the store cannot be written ({error}); the old one stands"
        raise StoreError(message) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for old in root.iterdir():
        if old.is_dir() and old.name != name and _BUILD_ID.fullmatch(old.name):
            shutil.rmtree(old, ignore_errors=True)


def current_build(root: Path) -> Path | None:
    """Return the folder of the build in use, or None where there is no store yet.

    Raises StoreError where ``current`` names a build that is not there.
    """
    try:
        name = (root / CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError):
        name = ""
    folder = root / name
    if not (_BUILD_ID.fullmatch(name) and folder.is_dir()):
        message = f"{root / CURRENT}: names no build that is here; run 'arealplan build' again"
        raise StoreError(message)
    return folder


def _switch(root: Path, name: str) -> None:
    new = root / f"{CURRENT}.new"
    new.write_text(name + "\n", encoding="ascii")
    _sync(new)
    new.replace(root / CURRENT)
    _sync(root)


def _flush(folder: Path) -> None:
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
