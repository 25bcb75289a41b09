"""Put files and folders where they are kept: whole, on the disk, and without a second copy."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)


def remove(path: Path) -> None:
    """Remove a file or a folder that may be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def place(source: Path, target: Path) -> None:
    """Give a file or a folder of files a second name, and see it onto the disk.

    Where the disk has no such thing as a second name, the bytes are copied.
    """
    if source.is_dir():
        target.mkdir()
        for file in sorted(source.iterdir()):
            place(file, target / file.name)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
