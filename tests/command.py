"""Run the command line inside the test process, as the shell would see it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.cli import main

if TYPE_CHECKING:
    import pytest


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
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> Ran:
    """Run ``arealplan`` with some words, and take back what it said."""
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
