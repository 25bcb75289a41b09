"""Share what the commands have in common: options, messages, tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from gis.cli import language
from gis.errors import ParameterError
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gis.catalogue.models import Entry

WorkspaceOption = Annotated[
    Path, typer.Option("-w", "--workspace", help="mappen med workspace.toml / workspace folder")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="skriv resultatet som JSON / print the result as JSON")
]

ExactOption = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="eksakte tall, også 1-9 innbyggere; bare i egne filer / exact numbers, own files",
    ),
]


def check_exact(exact: bool, output: Path | None) -> None:
    """Refuse exact numbers on the screen: they go to the asker's own file only."""
    if exact and output is None:
        message = "--exact writes exact numbers to your own file only; give the file with -o"
        raise ParameterError(message)


# What steers a terminal, save the line break and the tab: a name in a file may hold it.
_STEERS = {c: "\ufffd" for c in (*range(32), *range(127, 160)) if c not in (9, 10)}


def harmless(text: str) -> str:
    """Return a text with a mark in place of each character that would steer a terminal."""
    return text.translate(_STEERS)


def say(text: str) -> None:
    """Write one line of progress or of trouble to standard error."""
    typer.echo(harmless(text), err=True)


def read(text: Text) -> str:
    """Return a text in the language of the command."""
    return text.in_(language.spoken())


def headed(*names: str) -> list[str]:
    """Return the headings of a list, by their names among the texts of the command line."""
    return [read(t(f"cli.{name}")) for name in names]


def show_json(value: Any) -> None:
    """Write one JSON value to standard output, and nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def show_entries[E: Entry](
    entries: Mapping[str, E], *, whole: bool, columns: list[str], row: Callable[[E], list[str]]
) -> None:
    """Write entries of a catalogue: whole as JSON, or one line each after the id."""
    if whole:
        show_json({k: e.model_dump(mode="json", by_alias=True) for k, e in entries.items()})
        return
    show_grid("", ["ID", *columns], [[k, *row(e)] for k, e in entries.items()])


def show_grid(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Write a table to standard output, as wide as it needs when that is no terminal."""
    grid = Grid(title=title or None, title_justify="left", show_edge=False)
    for i, name in enumerate(columns):
        grid.add_column(name, overflow="fold" if i == len(columns) - 1 else "ellipsis")
    for row in rows:
        grid.add_row(*map(harmless, row))
    plain = Console(highlight=False, markup=False)
    wide = Console(highlight=False, markup=False, width=200)
    (plain if plain.is_terminal or "COLUMNS" in os.environ else wide).print(grid)
