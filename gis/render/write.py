"""Write pages and what goes with them: all whole or none, old files untouched on failure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import RenderError
from gis.written import beside

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_pages(pages: Mapping[str, str], directory: Path) -> list[Path]:
    """Write HTML pages by file name into a folder, and return their paths.

    All pages are first written in a scratch folder and only then put in place, so a
    failure while writing leaves what was there. Raises RenderError.
    """
    for name in pages:
        if Path(name).name != name or not name.endswith(".html"):
            message = f"page name '{name}' given; allowed: a file name ending in .html"
            raise RenderError(message)
    return write_files({name: html.encode("utf-8") for name, html in pages.items()}, directory)


def write_files(files: Mapping[str, bytes], directory: Path) -> list[Path]:
    """Write files by name into a folder, all of them or none, and return their paths.

    Raises RenderError for a name that leads elsewhere, or where the disk does not take it.
    """
    for name in files:
        if Path(name).name != name:
            message = f"file name '{name}' given; allowed: a name without folders"
            raise RenderError(message)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with beside(directory) as scratch:
            for name, data in files.items():
                (scratch / name).write_bytes(data)
    except OSError as error:
        message = f"{directory}: pages could not be written: {error.strerror or error}"
        raise RenderError(message) from error
    return [directory / name for name in files]
