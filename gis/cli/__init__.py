"""Speak with the shell: commands translate, nothing is computed here.

Exit codes: 0 done, 1 a problem with data or parameters (one line, no traceback),
2 wrong usage. Results go to standard output, all else to standard error.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

import gis
from gis.cli import language
from gis.cli.shared import say
from gis.cli.usage import run
from gis.errors import GisError
from gis.problems import problem_text

# Where the commands are, in the order of the help page. A command loads its own module alone:
# all analyses, readers and maps together take seconds.
ROOMS = {
    "demo": ("demo",),
    "data": ("init", "layers"),
    "fetch": ("fetch", "inbox"),
    "check": ("build", "check"),
    "answers": ("analyses", "analyse", "indicators", "run"),
    "plan": ("screen", "scenario"),
    "pages": ("maps", "map"),
    "query": ("query", "export"),
    "tools": ("departures", "near", "expose", "zonal"),
    "reach": ("reach",),
}


def app_for(command: str) -> typer.Typer:
    """Return the command line with the module of one command, or whole where it is none."""
    app = typer.Typer(
        name="arealplan",
        help="Arealanalyser og kart for norske kommuner / Planning analyses and maps.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    alone = [room for room, commands in ROOMS.items() if command in commands]
    for room in alone or ROOMS:
        import_module(f"gis.cli.{room}").register(app)
    return app


def __getattr__(name: str) -> typer.Typer:
    """Make the whole command line where it is asked for, as ``app``."""
    if name != "app":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return app_for("")


def _version(value: bool) -> None:
    if value:
        typer.echo(gis.__version__)
        raise typer.Exit


def _root(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("-w", "--workspace", help="mappen med workspace.toml / workspace folder"),
    ] = None,
    _version_asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="vis versjon / version"),
    ] = False,
) -> None:
    """Arealanalyser og kart for norske kommuner / Planning analyses and maps."""
    if workspace is not None:
        _hand_on(context, workspace)


def _hand_on(context: typer.Context, workspace: Path) -> None:
    """Make a workspace named before the command the one it takes where none stands after it."""
    name = context.invoked_subcommand or ""
    command = getattr(context.command, "commands", {}).get(name)
    if command is None or "workspace" not in {p.name for p in command.params}:
        message = f"'{name}' takes no workspace (-w)"
        raise typer.BadParameter(message)
    context.default_map = {name: {"workspace": str(workspace)}}


def _begin_again_in_utf8() -> None:
    """Start the same command in UTF-8 mode where the locale knows no æ, ø and å.

    The libraries below take names of files in UTF-8 alone; such a locale cannot even hand
    them on. (Python does this by itself but where PYTHONUTF8=0 or another locale forbids.)
    """
    if sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        words = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execv(sys.executable, words)  # noqa: S606 - the same command again


def main() -> None:
    """Run the command line; a problem the user can mend is one line and exit code 1."""
    _begin_again_in_utf8()
    for stream in (sys.stdout, sys.stderr):
        # A terminal without æøå shows a mark in their place; it does not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        sys.exit(run(app_for(language.command(sys.argv[1:]))))
    except GisError as problem:
        say(f"arealplan: {problem_text(problem).in_(language.spoken())}")
        sys.exit(1)
