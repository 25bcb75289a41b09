"""Make maps again each time one of the files behind them is saved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gis.catalogue import layer_entries, map_entries
from gis.errors import GisError
from gis.render.theme import load_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

PAUSE_S = 0.5


def stamps(files: Iterable[Path]) -> dict[Path, int]:
    """Return when each file was last saved; 0 for one that is not there (an editor may swap it)."""
    return {p: p.stat().st_mtime_ns if p.is_file() else 0 for p in files}


def watch(
    make: Callable[[], None],
    look: Callable[[], Mapping[Path, int]],
    *,
    tell: Callable[[str], None],
    rounds: int | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Call ``make`` when what ``look`` sees has changed; return how often that was.

    A fault in a file is told and waited out, so that it can be mended while watching.
    Ends after so many rounds, or on Ctrl-C.
    """
    seen, made, done = look(), 0, 0
    try:
        while rounds is None or done < rounds:
            wait(PAUSE_S)
            done += 1
            now = look()
            if now == seen:
                continue
            seen = now
            made += 1
            for kept in (map_entries, layer_entries, load_theme):
                kept.cache_clear()
            try:
                make()
            except GisError as problem:
                tell(str(problem))
    except KeyboardInterrupt:
        tell("")
    return made
