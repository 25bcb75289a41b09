"""The command line: each command is where the list of rooms says, and alone as in the whole."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
import typer

from gis.cli import ROOMS, app_for


def commands(app: typer.Typer) -> dict[str, Any]:
    made: Any = typer.main.get_command(app)
    return dict(made.commands)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_the_commands_it_is_listed_for(room: str) -> None:
    """Identity: what a module registers is what the list says, in that order."""
    app = typer.Typer()
    app.callback()(lambda: None)
    importlib.import_module(f"gis.cli.{room}").register(app)
    assert tuple(commands(app)) == ROOMS[room]


def test_a_command_alone_is_the_command_of_the_whole() -> None:
    """Identity: same options whether its room is loaded alone or with all others."""
    whole = commands(app_for(""))
    assert tuple(whole) == tuple(name for names in ROOMS.values() for name in names)
    for name, command in whole.items():
        alone = commands(app_for(name))[name]
        assert [p.opts for p in alone.params] == [p.opts for p in command.params]


def test_a_tool_loads_no_analysis_and_no_map() -> None:
    """By hand: what 'arealplan near' needs to start holds neither analyses, maps nor browser."""
    code = (
        "import sys; from gis.cli import app_for; app_for('near'); "
        "print([m for m in ('gis.analyses', 'gis.render', 'gis.atlas', 'folium') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr
