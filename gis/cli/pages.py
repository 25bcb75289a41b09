"""Make maps: maps, map."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from gis.atlas import Atlas, make_atlas
from gis.catalogue import map_entries, map_entry
from gis.cli.shared import JsonOption, WorkspaceOption, open_study, say, show_grid, show_json
from gis.errors import ParameterError
from gis.text import Language, t

LanguageOption = Annotated[
    Literal["nb", "en"] | None, typer.Option("--lang", help="språk / language: nb, en")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("maps", help="vis kartene i katalogen / list the maps")(maps)
    app.command("map", help="lag kart som HTML / make maps: map ID, map --all")(make)


def maps(
    name: Annotated[
        str | None, typer.Argument(help="ID for hele oppføringen / whole entry")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the maps with one line each, or one whole entry."""
    if name is not None or as_json:
        entries = map_entries() if name is None else {name: map_entry(name)}
        show_json({k: e.model_dump(mode="json", by_alias=True) for k, e in entries.items()})
        return
    rows = [[k, e.title.nb, e.question.nb] for k, e in map_entries().items()]
    show_grid("", ["ID", "Tittel", "Spørsmål"], rows)


def make(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="alle kart og oversikt / all maps")] = False,
    workspace: WorkspaceOption = Path(),
    output: Annotated[Path, typer.Option("-o", "--output", help="mappe / folder")] = Path("out"),
    language: LanguageOption = None,
) -> None:
    """Run the analyses and write self-contained HTML; end with key figures and where they lie."""
    if every == bool(names):
        message = "name one or more maps, or give --all (see 'arealplan maps')"
        raise ParameterError(message)
    opened, study = open_study(workspace)
    lang: Language = language or opened.entry.language
    atlas = make_atlas(
        study,
        output,
        only=names or (),
        language=lang,
        created=dt.datetime.now(tz=dt.UTC).date(),
        progress=say,
    )
    _tell(atlas, lang)


def _tell(atlas: Atlas, lang: Language) -> None:
    """Print the key figures, what was left out, the paths and how to open them."""
    rows = [
        [m.entry.title.text.in_(lang), str(m.path), m.lead.finding.in_(lang)] for m in atlas.maps
    ]
    columns = [t("cli.map").in_(lang), t("cli.file").in_(lang), t("common.finding").in_(lang)]
    show_grid("", columns, rows)
    for name, reason in atlas.left_out.items():
        say(f"{name}: {reason}")
    for made in atlas.maps:
        for warning in made.warnings:
            say(warning)
    if any(m.lead.provenance.invented for m in atlas.maps):
        typer.echo(t("cli.invented").in_(lang))
    first = (atlas.index or atlas.maps[0].path).resolve()
    typer.echo(t("cli.open", path=str(first), uri=first.as_uri()).in_(lang))
