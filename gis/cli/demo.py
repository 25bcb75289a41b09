"""Write the invented municipality, and its maps where they are asked for: demo."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from gis.atlas import second_hand
from gis.cli.check import build
from gis.cli.pages import make_all
from gis.cli.shared import read, say
from gis.demo import write_demo
from gis.text import number, t


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("demo", help="skriv den oppdiktede kommunen / write the invented municipality")(
        demo
    )


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
