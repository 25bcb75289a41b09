"""Answer questions: analyses, analyse, run."""

from __future__ import annotations

import csv
import datetime as dt
import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gis.analyses import ANALYSES, analysis
from gis.cli.opening import open_study
from gis.cli.shared import (
    ExactOption,
    JsonOption,
    WorkspaceOption,
    check_exact,
    headed,
    read,
    say,
    show_grid,
    show_json,
)
from gis.errors import InvariantError, ParameterError
from gis.problems import problem_text
from gis.publish import write_result
from gis.published import publishable
from gis.result import Column, Result, Table
from gis.scale import numbers_of, run_areas
from gis.store import open_store
from gis.text import Language, Text, amount, measure, number, percent, t
from gis.workspace import open_workspace

# Longer tables (units) are for files.
_SHORT = 15
# The questions of the main job: all municipalities within a minute. Others by name.
_IN_A_RUN = "built-up-share,transit-access,hazard-exposure,biodiversity-hotspots"
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="fil: .json .csv .xlsx .html .gpkg .parquet")
]
_EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


class SmallCounts(enum.Enum):
    """What becomes of counts of 1 to 9 in tables of residents."""

    HIDE = "hide"
    ROUND = "round"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("analyses", help="vis analysene / list the analyses")(analyses)
    app.command(
        "analyse",
        help="svar på ett spørsmål / answer one question: analyse ID [--parameter value]",
        context_settings=_EXTRA,
    )(analyse)
    app.command(
        "indicators",
        help="indikatortavlen, som 'analyse indicators' / the board of indicators",
        context_settings=_EXTRA,
    )(indicators)
    app.command("run", help="samme analyser for mange kommuner / many municipalities")(run)


def analyses(
    name: Annotated[
        str | None, typer.Argument(help="ID for hele oppføringen / whole entry")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the analyses with one line each, or one with its parameters."""
    chosen = list(ANALYSES.values()) if name is None else [analysis(name)]
    if as_json:
        show_json([_entry(a) for a in chosen])
        return
    if name is None:
        rows = [[a.id, read(a.title), read(a.question)] for a in chosen]
        show_grid("", ["ID", *headed("title", "question")], rows)
        return
    one = chosen[0]
    fields = one.parameters.model_json_schema().get("properties", {})
    rows = [
        ["--" + key.replace("_", "-"), str(f.get("default", "")), _about(f)]
        for key, f in fields.items()
    ]
    show_grid(f"{one.id}: {read(one.question)}", headed("parameter", "default", "about"), rows)


def _about(field: dict[str, Any]) -> str:
    return read(problem_text(field.get("description", "")))


def _entry(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title.as_dict(),
        "question": one.question.as_dict(),
        "needs": list(one.needs),
        "uses": list(one.uses),
        "parameters": one.parameters.model_json_schema(),
    }


def analyse(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="se 'arealplan analyses'")],
    *,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    output: OutputOption = None,
    exact: ExactOption = False,
    small_counts: Annotated[
        SmallCounts,
        typer.Option(
            "--small-counts",
            help="tabeller med innbyggere: hide skjuler 1-9, round avrunder til hele tiere "
            "(SSBs metode) / hide 1-9, or round to tens",
        ),
    ] = SmallCounts.HIDE,
) -> None:
    """Run one analysis on the workspace's store."""
    one = analysis(name)
    params = _parameters(context.args)
    check_exact(exact, output)
    opened, study = open_study(workspace)
    result = one(study, params, own_files=True)
    deliver(
        result,
        opened.entry.language,
        output=output,
        as_json=as_json,
        exact=exact,
        small_counts="round" if small_counts is SmallCounts.ROUND else "hide",
    )


def deliver(
    result: Result,
    language: Language,
    *,
    output: Path | None,
    as_json: bool,
    exact: bool,
    small_counts: Literal["hide", "round"] = "hide",
) -> None:
    """Write, print as JSON, or tell a result; exact numbers go to the file alone."""
    public = publishable(result, small_counts=small_counts)
    if output is not None:
        _write(result if exact else public, output, language=language, exact=exact)
        say(f"{output}")
    if as_json:
        show_json(public.as_dict())
        return
    typer.echo(public.finding.in_(language))
    typer.echo(public.definition.sentence.in_(language))
    for table in public.tables.values():
        if len(table.frame) <= _SHORT:
            show_table(table, language)
    share = public.unit == "share"
    rows = [
        [r.text.in_(language), _reading(r.value, share=share).in_(language)]
        for r in public.sensitivity
    ]
    if rows:
        show_grid("", [t("cli.reading").in_(language), "%" if share else ""], rows)
    for text in (*(x.text for x in public.left_out), *public.notes):
        typer.echo(f"- {text.in_(language)}")


def indicators(
    context: typer.Context,
    *,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Show the board of indicators: 'analyse indicators' by a shorter name."""
    analyse(context, "indicators", workspace=workspace, as_json=as_json, output=output)


def _reading(value: float | None, *, share: bool) -> Text:
    return percent(value) if share else amount(value)


def _write(result: Result, path: Path, *, language: Language, exact: bool) -> None:
    """Write a result in the form its suffix names: a page of its own, or data."""

    def page() -> str:
        # Imported here, since most answers are written without a page.
        from gis.render import render_sheet

        return render_sheet(
            result, file=path.name, language=language, created=dt.date.today(), exact=exact
        )

    write_result(result, path, language=language, page=page)


def show_table(table: Table, language: Language) -> None:
    """Print one short table with its headings, numbers as the language writes them."""
    columns = [c for c in table.columns if not c.name.endswith("_key")]
    rows = [
        [_written(row[c.name], c, language) for c in columns]
        for row in table.frame.to_dict("records")
    ]
    titles = [c.title.in_(language) for c in columns]
    show_grid(table.title.in_(language), titles, rows)


def _written(value: Any, column: Column, language: Language) -> str:
    """Write one cell with the decimals its column asks for, as the pages do."""
    if isinstance(value, Text):
        return value.in_(language)
    if value is None:
        return number(None).in_(language)
    if isinstance(value, str | bool):
        return str(value)
    if column.kind == "share":
        return percent(value, decimals=column.decimals or 1).in_(language)
    if column.kind == "measure":
        return measure(float(value)).in_(language)
    return number(float(value), decimals=column.decimals).in_(language)


def _parameters(extra: list[str]) -> dict[str, str]:
    """Read ``--max-m 500 --window=07-09`` as parameters. Raises ParameterError for loose words."""
    found: dict[str, str] = {}
    words = iter(extra)
    for word in words:
        if not word.startswith("--"):
            message = f"'{word}' given; parameters are written --name value"
            raise ParameterError(message)
        key, sign, value = word.removeprefix("--").partition("=")
        if not sign:
            value = next(words, "")
            if not value:
                message = f"--{key} needs a value"
                raise ParameterError(message)
        found[key.replace("-", "_")] = value
    return found


def run(
    areas: Annotated[str, typer.Option("--areas", help="all, eller/or 3201,3203")],
    *,
    workspace: WorkspaceOption = Path(),
    only: Annotated[
        str, typer.Option("--analyses", help="analyser, delt med komma / split by commas")
    ] = _IN_A_RUN,
    as_json: JsonOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="CSV-fil / CSV file")
    ] = None,
) -> None:
    """Run analyses for many municipalities and list one line for each."""
    opened = open_workspace(workspace)
    lang = opened.entry.language
    layers = open_store(opened)
    numbers = numbers_of(layers, areas, area=layers.manifest.area)
    lines = run_areas(
        layers,
        numbers=numbers,
        analyses=[x.strip() for x in only.split(",") if x.strip()],
        halo_m=layers.manifest.halo_m,
        epsg=layers.manifest.epsg,
    )
    rows = []
    for line in lines:
        rows.append(line.as_dict())
        if len(rows) % 200 == 0:
            say(f"{len(rows)} ...")
    if output is not None:
        told = [{**r, "note": problem_text(r["note"]).in_(lang)} for r in rows]
        _write_csv(output, told)
        say(f"{output}")
    if as_json:
        show_json(rows)
    elif output is None:
        shown = [
            [
                r["number"],
                r["name"],
                r["analysis"],
                percent(r["value"]).in_(lang),
                number(r["denominator"], decimals=1 if r["unit"] == "km2" else 0).in_(lang),
                r["status"],
            ]
            for r in rows
        ]
        columns = headed("number", "municipality", "analysis", "share", "denominator", "status")
        show_grid("", columns, shown)
    failed = [r for r in rows if r["status"] == "failed"]
    if failed:
        message = f"{len(failed)} of {len(rows)} lines failed, first: {failed[0]['note']}"
        raise InvariantError(message)


def _cell(value: Any) -> Any:
    """Write whole numbers whole, and others with the decimal comma that goes with semicolons."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else f"{value:.6f}".replace(".", ",")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], delimiter=";")
        writer.writeheader()
        writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    part.replace(path)
