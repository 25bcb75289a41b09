"""Begin a workspace and look at the catalogue: demo, init, layers."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from gis.atlas import second_hand
from gis.catalogue import find_municipality, layer_entries, layer_entry
from gis.cli.check import build
from gis.cli.pages import make_all
from gis.cli.shared import JsonOption, headed, read, say, show_entries
from gis.demo import write_demo
from gis.text import number, t
from gis.workspace import write_workspace


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("demo", help="skriv den oppdiktede kommunen / write the invented municipality")(
        demo
    )
    app.command("init", help="lag et arbeidsområde / make a workspace")(init)
    app.command("layers", help="vis kartlagene i katalogen / list the catalogue's layers")(layers)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    *,
    seed: Annotated[int, typer.Option(help="frø / seed")] = 9801,
    maps: Annotated[
        Path | None,
        typer.Option("--maps", help="bygg også, og lag alle kart her / build, and make all maps"),
    ] = None,
    only: Annotated[str, typer.Option("--only", help="bare noen kart / some maps: a,b")] = "",
) -> None:
    """Write the invented municipality as files in the publishers' formats.

    With ``maps``, go on as ``build`` and ``map --all`` do, without starting anew.
    """
    # The second process starts while the municipality is made, to be ready for the maps.
    with second_hand() if maps is not None else contextlib.nullcontext() as hands:
        started = time.perf_counter()
        made = write_demo(folder, seed=seed)
        seconds = number(time.perf_counter() - started)
        say(read(t("cli.demo", folder=str(made), seconds=seconds)))
        if maps is not None:
            build(workspace=folder)
            make_all(folder, maps, only=only, hands=hands)


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
