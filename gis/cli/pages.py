"""Make maps: maps, map."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gis.analyses import study_areas
from gis.atlas import (
    Answers,
    Atlas,
    Hands,
    check_target,
    make_atlas,
    order_maps,
    print_pages,
    second_hand,
    stamps,
    watch,
)
from gis.browser import Paper, Sheet, find_browser
from gis.catalogue import catalogue_root, map_entries, map_entry
from gis.cli.opening import open_study
from gis.cli.shared import JsonOption, WorkspaceOption, headed, read, say, show_entries, show_grid
from gis.errors import ParameterError
from gis.problems import problem_text
from gis.render.index import REPORT
from gis.store import open_store
from gis.text import Language, t
from gis.workspace import ALL_NORWAY, open_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.analyses import Study

LanguageOption = Annotated[
    Literal["nb", "en"] | None, typer.Option("--lang", help="språk / language: nb, en")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("maps", help="vis kartene i katalogen / list the maps")(maps)
    app.command(
        "map", help="lag kart som HTML, PDF, PNG / make maps: map ID, map mitt.toml, map --all"
    )(make)


def maps(
    name: Annotated[
        str | None, typer.Argument(help="ID for hele oppføringen / whole entry")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the maps with one line each, or one whole entry."""
    show_entries(
        map_entries() if name is None else {name: map_entry(name)},
        whole=name is not None or as_json,
        columns=headed("title", "question"),
        row=lambda e: [read(e.title.text), read(e.question.text)],
    )


@dataclass(frozen=True)
class _Asked:
    """What the command was asked for."""

    names: tuple[str, ...]
    whole: bool
    output: Path
    language: Language
    pdf: Path | None
    png: Path | None
    sheet: Sheet


def make(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|FILE.toml]...", help="kart / maps")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="alle kart og oversikt / all maps")] = False,
    only: Annotated[
        str, typer.Option("--only", help="oversikt over noen kart / an atlas of some: a,b")
    ] = "",
    workspace: WorkspaceOption = Path(),
    output: Annotated[Path, typer.Option("-o", "--output", help="mappe / folder")] = Path("out"),
    area: Annotated[
        str | None, typer.Option("--area", help="kommunenummer i et landsdekkende arbeidsområde")
    ] = None,
    language: LanguageOption = None,
    pdf: Annotated[Path | None, typer.Option(help="PDF: fil eller mappe / file or folder")] = None,
    png: Annotated[Path | None, typer.Option(help="PNG: fil eller mappe / file or folder")] = None,
    paper: Annotated[Paper, typer.Option(help="papir / paper")] = "A4",
    landscape: Annotated[bool, typer.Option("--landscape", help="liggende")] = False,
    scale: Annotated[
        int | None, typer.Option(min=1000, max=5_000_000, help="målestokk / scale 1:SCALE")
    ] = None,
    watching: Annotated[
        bool, typer.Option("--watch", help="lag på nytt ved lagring / make again on save")
    ] = False,
) -> None:
    """Run the analyses and write self-contained HTML; end with key figures and where they lie."""
    given = _listed(only)
    if bool(names) == (every or bool(given)):
        message = "name one or more maps, or give --all or --only (see 'arealplan maps')"
        raise ParameterError(message)
    _check_prints(pdf, png, maps=len(names or given or map_entries()), whole=not names)
    study, usual = _study(workspace, area)
    asked = _Asked(
        names=tuple(names or given),
        whole=not names,
        output=output,
        language=language or usual,
        pdf=pdf,
        png=png,
        sheet=Sheet(paper, landscape, scale),
    )
    with second_hand() if asked.whole else contextlib.nullcontext() as hands:
        again = partial(_make, asked, Answers(study), hands)
        again()
        if watching:
            say(t("cli.stop").in_(asked.language))
            watch(again, partial(_look, asked), tell=partial(_trouble, asked.language))


def _trouble(language: Language, problem: str) -> None:
    say(problem_text(problem).in_(language))


def _check_prints(pdf: Path | None, png: Path | None, *, maps: int, whole: bool) -> None:
    """Refuse a target that cannot be printed to before any time is spent, and find the browser.

    ``whole``: the report is printed to PDF with the maps.
    """
    if pdf is None and png is None:
        return
    if pdf is not None:
        check_target(pdf, "pdf", pages=maps + whole)
    if png is not None:
        check_target(png, "png", pages=maps)
    find_browser()


def _listed(only: str) -> list[str]:
    return [x.strip() for x in only.split(",") if x.strip()]


def make_all(workspace: Path, output: Path, *, only: str, hands: Hands | None) -> None:
    """Make every map and the atlas of a workspace, as ``map --all`` and ``--only`` do."""
    study, language = _study(workspace, None)
    asked = _Asked(
        names=tuple(_listed(only)),
        whole=True,
        output=output,
        language=language,
        pdf=None,
        png=None,
        sheet=Sheet(),
    )
    _make(asked, Answers(study), hands)


def _study(folder: Path, area: str | None) -> tuple[Study, Language]:
    """Open the workspace's study area, or one municipality of a workspace of all Norway."""
    opened = open_workspace(folder)
    if area is None or area == opened.entry.area:
        return open_study(folder)[1], opened.entry.language
    if opened.entry.area != ALL_NORWAY:
        message = (
            f"--area {area}: {folder} holds {opened.entry.area} only; make a workspace for it "
            f"(arealplan init DIR --area {area}), or use one with area = '{ALL_NORWAY}'"
        )
        raise ParameterError(message)
    found = study_areas(open_store(opened), numbers=[area], halo_m=opened.entry.halo_m)
    return next(iter(found)), opened.entry.language


def _make(asked: _Asked, answers: Answers, hands: Hands | None) -> None:
    """Make what was asked for, print it, and tell of it."""
    today = dt.datetime.now(tz=dt.UTC).date()
    order = order_maps(asked.names, whole=asked.whole, language=asked.language, created=today)
    atlas = make_atlas(order, answers, asked.output, progress=say, hands=hands)
    pages = [m.path for m in atlas.maps]
    report = [asked.output / REPORT] if asked.whole else []
    if asked.pdf is not None:
        _print(asked, [*pages, *report], asked.pdf, kind="pdf", created=today)
    if asked.png is not None:
        _print(asked, pages, asked.png, kind="png", created=today)
    _tell(atlas, asked.language)


def _print(
    asked: _Asked,
    pages: list[Path],
    target: Path,
    *,
    kind: Literal["pdf", "png"],
    created: dt.date,
) -> None:
    made = print_pages(
        pages, target, kind, sheet=asked.sheet, language=asked.language, created=created
    )
    for file in made:
        say(f"{file}")


def _look(asked: _Asked) -> Mapping[Path, int]:
    """Return the times of the entries a planner edits: own files, else catalogue and theme."""
    own = [Path(name) for name in asked.names if name.endswith(".toml")]
    return stamps([*own, *sorted(catalogue_root("maps").glob("*.toml"))])


def _tell(atlas: Atlas, lang: Language) -> None:
    """Print the key figures, what was left out, the paths and how to open them."""
    rows = [[m.title.in_(lang), str(m.path), m.finding.in_(lang)] for m in atlas.maps]
    columns = [t("cli.map").in_(lang), t("cli.file").in_(lang), t("common.finding").in_(lang)]
    show_grid("", columns, rows)
    for name, reason in atlas.left_out.items():
        say(f"{name}: {problem_text(reason).in_(lang)}")
    for made in atlas.maps:
        for warning in made.warnings:
            say(problem_text(warning).in_(lang))
    if any(m.invented for m in atlas.maps):
        typer.echo(t("cli.invented").in_(lang))
    first = (atlas.index or atlas.maps[0].path).resolve()
    typer.echo(t("cli.open", path=str(first), uri=first.as_uri()).in_(lang))
