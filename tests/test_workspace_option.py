"""The workspace before the command and after it: the same, and refused where none is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gis.workspace import write_workspace
from tests.command import arealplan

if TYPE_CHECKING:
    from pathlib import Path


def test_both_orders_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Identity: the answer and the exit code are those of the other order."""
    write_workspace(tmp_path / "by", area="3201")
    (tmp_path / "by" / "inbox").mkdir()
    (tmp_path / "by" / "inbox" / "tom.csv").write_text("")
    for command in ("inbox", "check"):
        where = ("-w", str(tmp_path / "by"))
        after = arealplan(monkeypatch, capsys, command, *where)
        before = arealplan(monkeypatch, capsys, *where, command)
        long = arealplan(monkeypatch, capsys, "--workspace", where[1], command)
        assert before == after == long
    assert "0 byte" in arealplan(monkeypatch, capsys, *where, "inbox").out


def test_the_one_after_the_command_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand: the nearer word counts."""
    write_workspace(tmp_path / "by", area="3201")
    words = ("-w", str(tmp_path / "ingen"), "inbox", "-w", str(tmp_path / "by"))
    assert arealplan(monkeypatch, capsys, *words).code == 0
    assert "no workspace.toml" in arealplan(monkeypatch, capsys, *words[:3]).problem


def test_a_command_without_workspace_refuses_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand: wrong usage, exit code 2, not silently passed over."""
    ran = arealplan(monkeypatch, capsys, "-w", str(tmp_path), "layers")
    assert ran.code == 2
    assert "takes no workspace" in ran.err
