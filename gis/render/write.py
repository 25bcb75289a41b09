"""Write rendered pages: every page whole or not at all, old ones untouched on failure."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_pages(pages: Mapping[str, str], directory: Path) -> list[Path]:
    """Write HTML pages by file name into a folder, and return their paths.

    All pages are first written under temporary names and only then put in place,
    so a failure while writing leaves what was there. Raises RenderError.
    """
    for name in pages:
        if Path(name).name != name or not name.endswith(".html"):
            message = f"page name '{name}' given; allowed: a file name ending in .html"
            raise RenderError(message)
    temporary: dict[str, Path] = {}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, html in pages.items():
            temporary[name] = _write_beside(directory, name, html)
        for name, file in temporary.items():
            file.replace(directory / name)
    except OSError as error:
        message = f"{directory}: pages could not be written: {error.strerror or error}"
        raise RenderError(message) from error
    finally:
        for file in temporary.values():
            file.unlink(missing_ok=True)
    return [directory / name for name in pages]


def _write_beside(directory: Path, name: str, html: str) -> Path:
    """Write and flush one page under a temporary name in the same folder."""
    handle, place = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=directory)
    file = Path(place)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(html)
            stream.flush()
            os.fsync(stream.fileno())
        file.chmod(0o644)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file
