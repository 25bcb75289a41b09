"""Choose the language of a command: what it is told to speak, else what its reader reads.

``--lang`` where a command has it, else the workspace's language where it has a workspace,
else AREALPLAN_LANGUAGE, else the locale (nb, nn, no or en), else bokmål.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue.load import read_toml
from gis.errors import CatalogueError
from gis.text import LANGUAGES, Language
from gis.workspace import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGE_VARIABLE = "AREALPLAN_LANGUAGE"
# As the C library orders them; LANGUAGE is a list for the texts of GNU programs alone.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_READ_AS: dict[str, Language] = {"nb": "nb", "nn": "nb", "no": "nb", "en": "en"}
TAKE_WORKSPACE = {
    "analyse",
    "build",
    "check",
    "export",
    "fetch",
    "inbox",
    "indicators",
    "map",
    "query",
    "run",
    "scenario",
    "screen",
}


def spoken() -> Language:
    """Return the language of the command that this process was started for."""
    return language_of(sys.argv[1:])


def language_of(words: Sequence[str]) -> Language:
    """Return the language of a command line, read before and beside its own parsing."""
    asked = _value(words, "--lang")
    if asked in LANGUAGES:
        return "en" if asked == "en" else "nb"
    if command(words) in TAKE_WORKSPACE:
        named = _value(words, "-w", "--workspace")
        own = _of_workspace(Path(named or "."))
        if own is not None:
            return own
    return of_reader()


def command(words: Sequence[str]) -> str:
    """Return the command: the first word that is neither an option nor the workspace's folder."""
    before = ("", *words)
    plain = (w for b, w in zip(before, words, strict=False) if b not in ("-w", "--workspace"))
    return next((w for w in plain if not w.startswith("-")), "")


def of_reader() -> Language:
    """Return the language of the environment."""
    asked = os.environ.get(LANGUAGE_VARIABLE, "")
    locale = next((os.environ[v] for v in _LOCALE if os.environ.get(v)), "")
    for text in (asked, locale):
        known = _READ_AS.get(text[:2].casefold())
        if known and not text[2:3].isalpha():
            return known
    return "nb"


def _of_workspace(folder: Path) -> Language | None:
    """Return the language of a workspace as far as its file can be read; the command tells more."""
    if not (folder / FILE_NAME).is_file():
        return None
    try:
        said = read_toml(folder / FILE_NAME).get("language", "nb")
    except (CatalogueError, OSError):
        return None
    return _READ_AS.get(said) if isinstance(said, str) else None


def _value(words: Sequence[str], *names: str) -> str:
    """Return what follows an option, written apart, with = or (one letter) right behind it."""
    found = ""
    for i, word in enumerate(words):
        for name in names:
            if word == name:
                found = words[i + 1] if i + 1 < len(words) else ""
            elif word.startswith(f"{name}="):
                found = word[len(name) + 1 :]
            elif len(name) == 2 and word.startswith(name) and not word.startswith("--"):
                found = word[2:]
    return found
