"""Speak with the shell: commands translate, nothing is computed here.

Exit codes: 0 done, 1 a problem with data or parameters (one line, no traceback),
2 wrong usage. Results go to standard output, all else to standard error.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import gis
from gis.cli import answers, check, data, fetch, language, pages, plan, query, reach, tools
from gis.cli.shared import say
from gis.cli.usage import run
from gis.errors import GisError
from gis.problems import problem_text

app = typer.Typer(
    name="arealplan",
    help="Arealanalyser og kart for norske kommuner / Planning analyses and maps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (data, fetch, check, answers, plan, pages, query, tools, reach):
    module.register(app)


def _version(value: bool) -> None:
    if value:
        typer.echo(gis.__version__)
        raise typer.Exit


@app.callback()
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
        sys.exit(run(app))
    except GisError as problem:
        say(f"arealplan: {problem_text(problem).in_(language.spoken())}")
        sys.exit(1)
