"""Begin a workspace and look at the catalogue: init, layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gis.catalogue import find_municipality, layer_entries, layer_entry
from gis.cli.shared import JsonOption, headed, read, say, show_entries
from gis.text import t
from gis.workspace import write_workspace


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init", help="lag et arbeidsområde / make a workspace")(init)
    app.command("layers", help="vis kartlagene i katalogen / list the catalogue's layers")(layers)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    *,
    area: Annotated[
        str, typer.Option("--area", help="kommunenummer eller navn / municipality number or name")
    ],
) -> None:
    """Write a workspace.toml with every layer of the catalogue, to be filled in."""
    say(f"{write_workspace(folder, area=area)}")
    code, name = find_municipality(area)
    say(read(t("cli.checked_when_built", number=code, name=name)))


def layers(
    name: Annotated[
        str | None, typer.Argument(help="ID for hele oppføringen / whole entry")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the layers with one line each, or one whole entry."""
    show_entries(
        layer_entries() if name is None else {name: layer_entry(name)},
        whole=name is not None or as_json,
        columns=headed("theme", "title", "owner"),
        row=lambda e: [e.theme, read(e.title.text), e.source.owner],
    )
