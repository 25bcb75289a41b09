"""Guard the border: files that are there, names that are known, one clear line when not."""

from __future__ import annotations

import difflib
import hashlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from gis.errors import SourceError, SourceMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CHUNK = 1 << 20


def existing_file(path: Path) -> Path:
    """Return the path of a file or folder that is there and not empty.

    Raises SourceMissingError (not there) and SourceError (0 bytes, empty folder, a pipe, no right).
    """
    if not path.exists():
        message = f"{path}: no such file"
        raise SourceMissingError(message)
    if not os.access(path, os.R_OK):
        message = f"{path}: may not be read; ask for the right to read it"
        raise SourceError(message)
    if not (path.is_file() or path.is_dir()):
        message = f"{path}: neither a file nor a folder; allowed: those"
        raise SourceError(message)
    if path.is_file() and path.stat().st_size == 0:
        message = f"{path}: the file is empty (0 bytes)"
        raise SourceError(message)
    if path.is_dir() and not any(path.iterdir()):
        message = f"{path}: the folder is empty"
        raise SourceError(message)
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read as a stream, in hexadecimal.

    For a folder (a file geodatabase, a set of tiles) it is the sum over the names
    and contents of its files in sorted order.
    """
    if path.is_dir():
        return _digest(path)
    # One delivery often holds several layers; it is read for its sum only once.
    state = path.stat()
    return _digest_of_state(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest_of_state(path: Path, _size: int, _mtime_ns: int) -> str:
    return _digest(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        if file != path:
            digest.update(file.relative_to(path).as_posix().encode())
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def listing(names: Iterable[str], *, limit: int = 40) -> str:
    """Return names for a message: comma separated, cut after ``limit`` with the number left out."""
    all_names = [str(n) for n in names]
    shown = ", ".join(all_names[:limit]) or "nothing"
    rest = len(all_names) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest allowed name, or nothing."""
    by_lower = {str(a).casefold(): str(a) for a in allowed}
    near = difflib.get_close_matches(name.casefold(), by_lower, n=1)
    return f"; did you mean '{by_lower[near[0]]}'?" if near else ""
