"""Look after a workspace's data: demo, init, build, check, layers."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated

import typer

from gis.catalogue import layer_entries, layer_entry
from gis.cli.shared import JsonOption, WorkspaceOption, say, show_grid, show_json
from gis.demo import write_demo
from gis.errors import ParameterError
from gis.store import build as build_store
from gis.store import open_store
from gis.workspace import FILE_NAME, open_workspace, write_workspace


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("demo", help="skriv den oppdiktede kommunen / write the invented municipality")(
        demo
    )
    app.command("init", help="lag et arbeidsområde / make a workspace")(init)
    app.command("build", help="les filene inn i lageret / read the files into the store")(build)
    app.command("check", help="hva som er der, og hvor gammelt / what is there, how old")(check)
    app.command("layers", help="vis kartlagene i katalogen / list the catalogue's layers")(layers)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    seed: Annotated[int, typer.Option(help="frø / seed")] = 9801,
) -> None:
    """Write the invented municipality as files in the publishers' formats."""
    started = time.perf_counter()
    made = write_demo(folder, seed=seed)
    say(f"{made}: oppdiktet kommune skrevet / written ({time.perf_counter() - started:.0f} s)")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    *,
    area: Annotated[str, typer.Option("--area", help="kommunenummer / municipality number")],
) -> None:
    """Write a workspace.toml with every layer of the catalogue, to be filled in."""
    say(f"{write_workspace(folder, area=area)}")


def build(*, workspace: WorkspaceOption = Path()) -> None:
    """Read every layer the workspace names into the store, whole or not at all."""
    opened = open_workspace(workspace)
    if not opened.entry.layers:
        message = f"{workspace / FILE_NAME}: no [layers.*] with a path yet; name at least one file"
        raise ParameterError(message)
    store = build_store(opened, progress=say)
    say(f"{opened.store_root}: {len(store.layers)} lag / layers")


def check(*, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the layers of the store: rows, date, age, mended geometries, what the reader noted."""
    store = open_store(open_workspace(workspace))
    sources = [store.source(name) for name in store.layers]
    if as_json:
        show_json([s.as_dict() for s in sources])
        return
    today = dt.datetime.now(tz=dt.UTC).date()
    rows = [
        [
            s.layer,
            s.owner,
            f"{s.rows}",
            s.date.isoformat() if s.date else "ukjent / unknown",
            f"{(today - s.date).days} d" if s.date else "–",
            f"{s.mended}",
            "; ".join(s.notes),
        ]
        for s in sources
    ]
    show_grid("", ["Lag", "Eier", "Rader", "Dato", "Alder", "Rettet", "Merknad"], rows)


def layers(
    name: Annotated[
        str | None, typer.Argument(help="ID for hele oppføringen / whole entry")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the layers with one line each, or one whole entry."""
    if name is not None or as_json:
        entries = layer_entries() if name is None else {name: layer_entry(name)}
        show_json({k: e.model_dump(mode="json", by_alias=True) for k, e in entries.items()})
        return
    rows = [[k, e.theme, e.title.nb, e.source.owner] for k, e in layer_entries().items()]
    show_grid("", ["ID", "Tema", "Tittel", "Eier"], rows)
