"""Ask and export: query, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gis.cli.shared import (
    ExactOption,
    JsonOption,
    WorkspaceOption,
    check_exact,
    say,
    show_grid,
    show_json,
)
from gis.problems import problem_text
from gis.query import GEOMETRY, ask, export, write_rows
from gis.store import open_store
from gis.text import Language, number, t
from gis.workspace import open_workspace

_SHOWN_ROWS = 50


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("query", help='spør lagene med SQL / ask the layers: query "SELECT ..."')(_query)
    app.command("export", help="alle lagene i én GeoPackage / all layers: export FILE.gpkg")(
        _export
    )


def _query(
    sql: Annotated[str, typer.Argument(metavar='"SELECT ..."', help="tabellene er lagene")],
    *,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="fil / file: .csv .json .parquet .gpkg")
    ] = None,
    exact: ExactOption = False,
) -> None:
    """Answer one SELECT over the layers of the workspace; nothing is ever changed by it."""
    check_exact(exact, output)
    opened = open_workspace(workspace)
    language = opened.entry.language
    answered = ask(open_store(opened), sql, exact=exact)
    for note in answered.notes:
        say(note.in_(language))
    if output is not None:
        write_rows(answered, output)
        say(f"{output}: {len(answered.rows)}")
    elif as_json:
        show_json(answered.as_dict())
    else:
        _show(answered.rows, language)


def _show(rows: pd.DataFrame, language: Language) -> None:
    shown = rows.drop(columns=GEOMETRY, errors="ignore").head(_SHOWN_ROWS)
    cells = [[_text(v) for v in r] for r in shown.itertuples(index=False, name=None)]
    show_grid("", [str(c) for c in shown.columns], cells)
    if len(rows) > len(shown):
        say(t("query.more", rows=number(len(rows)), shown=number(len(shown))).in_(language))


def _text(value: object) -> str:
    return "–" if value is None or pd.isna(value) else str(value)


def _export(
    file: Annotated[Path, typer.Argument(metavar="FILE.gpkg")],
    *,
    workspace: WorkspaceOption = Path(),
    layers: Annotated[
        str, typer.Option("--layers", help="noen lag, delt med komma / some layers: a,b")
    ] = "",
    exact: ExactOption = False,
) -> None:
    """Write the layers of the workspace to one GeoPackage, with a table of their sources."""
    opened = open_workspace(workspace)
    named = [x.strip() for x in layers.split(",") if x.strip()]
    written, left_out = export(open_store(opened), file, layers=named, exact=exact)
    for name, reason in left_out.items():
        say(f"{name}: {problem_text(reason).in_(opened.entry.language)}")
    say(t("query.exported", file=str(file), count=number(len(written))).in_(opened.entry.language))
