"""Hold a plan against what is known, and against today's figures: screen, scenario."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gis.analyses.registry import check_parameters
from gis.analyses.scenario import ScenarioParameters, scenario
from gis.analyses.screen import Screening, screen, screen_result
from gis.analyses.screen_dok import dok_output
from gis.analyses.screen_lines import STATUSES
from gis.atlas import print_pages
from gis.browser import Sheet, find_browser
from gis.cli.answers import deliver, show_table
from gis.cli.opening import open_study
from gis.cli.shared import (
    ExactOption,
    JsonOption,
    WorkspaceOption,
    check_exact,
    say,
    show_grid,
    show_json,
)
from gis.errors import ParameterError
from gis.publish import write_result
from gis.published import publishable
from gis.render.screening import render_screening
from gis.sources.plan import joined_plans, read_plan
from gis.text import Language, number, percent, t
from gis.written import write_whole

if TYPE_CHECKING:
    from gis.result import Result

_TABLES = (".csv", ".xlsx", ".gpkg", ".parquet")
_PAGES = (".html", ".pdf")
ALLOWED = (".json", *_PAGES, *_TABLES)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("screen", help="sjekk et planområde mot alle lag / a plan area against all layers")(
        _screen
    )
    app.command(
        "scenario",
        help="hva en plan endrer, flere side om side / what plans change, side by side",
    )(_scenario)


def _screen(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN.geojson", help="vektorfil med flater / polygons")
    ],
    *,
    workspace: WorkspaceOption = Path(),
    buffer: Annotated[
        float, typer.Option("--buffer", help="utvid området, meter / grow the area, metres")
    ] = 0.0,
    as_json: JsonOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help=f"fil / file: {' '.join(ALLOWED)}")
    ] = None,
    exact: ExactOption = False,
) -> None:
    """Tell everything the layers know about one area, one line for each."""
    if output is not None and output.suffix.lower() not in ALLOWED:
        message = f"{output.name}: suffix '{output.suffix}' given; allowed: {', '.join(ALLOWED)}"
        raise ParameterError(message)
    check_exact(exact, output)
    if output is not None and output.suffix.lower() == ".pdf":
        find_browser()  # told before any time is spent
    opened, study = open_study(workspace)
    language = opened.entry.language
    today = dt.datetime.now(tz=dt.UTC).date()
    found = screen(study, read_plan(plan, epsg=study.epsg), buffer_m=buffer, today=today)
    whole = screen_result(found)
    public = publishable(whole)
    if output is not None:
        _write(found, whole if exact else public, output, language=language)
        say(f"{output}")
    if as_json:
        show_json(dok_output(found, public, language=language))
        return
    _tell(found, public, language)


def _scenario(
    plans: Annotated[
        list[Path], typer.Argument(metavar="PLAN.geojson...", help="vektorfiler / vector files")
    ],
    *,
    workspace: WorkspaceOption = Path(),
    persons: Annotated[
        float | None,
        typer.Option("--persons-per-dwelling", help="personer per bolig; ellers SSB / else SSB"),
    ] = None,
    max_m: Annotated[
        float | None, typer.Option("--max-m", help="til holdeplass, meter / to a stop, metres")
    ] = None,
    metric: Annotated[
        str | None, typer.Option("--metric", help="straight-line (luftlinje) | network (veger)")
    ] = None,
    min_per_hour: Annotated[
        float | None, typer.Option("--min-per-hour", help="avganger i timen / departures an hour")
    ] = None,
    join_m: Annotated[
        float | None, typer.Option("--join-m", help="ny gangveg til veg, meter / path to road")
    ] = None,
    as_json: JsonOption = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="fil / file: .json .csv .xlsx .html .gpkg .parquet"),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="som for / as for analyse")] = False,
) -> None:
    """Work out how plans change the municipality's figures."""
    check_exact(exact, output)
    named = {
        "persons_per_dwelling": persons,
        "max_m": max_m,
        "metric": metric,
        "min_per_hour": min_per_hour,
        "join_m": join_m,
    }
    given = {k: v for k, v in named.items() if v is not None}
    params = check_parameters("scenario", ScenarioParameters, given)
    opened, study = open_study(workspace)
    study.need("population_grid")
    plan = joined_plans([read_plan(p, epsg=study.epsg) for p in plans])
    result = scenario(study, params, plan)
    deliver(result, opened.entry.language, output=output, as_json=as_json, exact=exact)


def _write(found: Screening, result: Result, path: Path, *, language: Language) -> None:
    suffix = path.suffix.lower()
    if suffix in _PAGES:
        _page(found, result, path, language=language)
    elif suffix == ".json":
        answer = dok_output(found, result, language=language)
        text = json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        write_whole(path, lambda made: _keep(made, text))
    else:
        write_result(result, path, language=language)


def _page(found: Screening, result: Result, path: Path, *, language: Language) -> None:
    """Write the report as a page, or print it: PDF is the page through the browser."""
    html = render_screening(found, result, language=language, created=found.today)
    if path.suffix.lower() == ".html":
        write_whole(path, lambda made: _keep(made, html))
        return
    with tempfile.TemporaryDirectory(prefix="arealplan-") as scratch:
        page = Path(scratch) / "screen.html"
        _keep(page, html)
        print_pages([page], path, "pdf", sheet=Sheet(), language=language, created=found.today)


def _keep(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _tell(found: Screening, public: Result, language: Language) -> None:
    """Print the finding, the layers by status, people and access."""
    typer.echo(public.finding.in_(language))
    columns = [t(x).in_(language) for x in ("fields.status", "params.layer")] + ["%", "m", "", ""]
    rows = []
    for row in public.tables["screen"].frame.to_dict("records"):
        if row["screen_status"] == t("screen.status_not_relevant"):
            continue
        rows.append(
            [
                row["screen_status"].in_(language),
                row["title"].in_(language),
                percent(row["share"], decimals=0).in_(language),
                number(row["distance"]).in_(language),
                row["zone_code"].in_(language),
                row["why"].in_(language),
            ]
        )
    show_grid("", columns, rows)
    for name in ("screen_people", "screen_access"):
        if name in public.tables:
            show_table(public.tables[name], language)
    counts = {s: len(found.of(s)) for s in STATUSES}
    said = [f"{t(f'screen.status_{s}').in_(language)} {n}" for s, n in counts.items() if n]
    typer.echo(", ".join(said))
    for note in public.notes:
        typer.echo(f"- {note.in_(language)}")
