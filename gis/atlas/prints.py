"""Print pages to PDF, or picture them as PNG, through one browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gis.atlas.pictures import paletted
from gis.browser import browser
from gis.errors import ParameterError
from gis.render.write import write_files

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.browser import Sheet
    from gis.text import Language

SCREEN = (1400, 900)


def check_target(target: Path, kind: Literal["pdf", "png"], *, pages: int) -> bool:
    """Tell whether a target is one file, and not a folder for many.

    Raises ParameterError for a file and several pages, and for a file of another kind.
    """
    single = target.suffix.lower() == f".{kind}"
    if single and pages != 1:
        message = f"--{kind} {target} names one file for {pages} pages; name a folder"
        raise ParameterError(message)
    if target.suffix and not single and not target.is_dir():
        message = f"--{kind} {target}: allowed: a file ending in .{kind}, or a folder"
        raise ParameterError(message)
    return single


def print_pages(
    pages: Sequence[Path],
    target: Path,
    kind: Literal["pdf", "png"],
    *,
    sheet: Sheet,
    language: Language,
    created: dt.date,
) -> list[Path]:
    """Write each page as PDF or PNG and return the files.

    target is a file (one page) or a folder, where each keeps its page's name. Files
    are written together at the end. Raises ParameterError for a file and several
    pages, SetupError without a browser.
    """
    single = check_target(target, kind, pages=len(pages))
    made: dict[str, bytes] = {}
    with browser() as tab:
        for page in pages:
            tab.resize(*SCREEN)
            tab.open(page, language=language)
            name = target.name if single else f"{page.stem}.{kind}"
            if kind == "pdf":
                made[name] = tab.pdf(sheet, created=created)
            else:
                made[name] = paletted(tab.picture())
    return write_files(made, target.parent if single else target)
