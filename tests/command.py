"""Run the command line inside the test process, as the shell would see it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gis.cli.language
from gis.cli import main

if TYPE_CHECKING:
    import pytest

    from gis.text import Language

_SPOKEN = gis.cli.language.spoken


@dataclass(frozen=True)
class Ran:
    """Exit code, standard output and standard error of one command."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The last line of standard error: the one line a user reads."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


def arealplan(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    language: Language | None = "en",
) -> Ran:
    """Run ``arealplan`` with some words, and take back what it said.

    Problems are told in English, as the code words them; None leaves the choice to the command.
    """
    spoken = _SPOKEN if language is None else lambda: language
    monkeypatch.setattr(gis.cli.language, "spoken", spoken)
    monkeypatch.setattr(sys, "argv", ["arealplan", *words])
    monkeypatch.delenv("COLUMNS", raising=False)
    capsys.readouterr()
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return Ran(code, said.out, said.err)
