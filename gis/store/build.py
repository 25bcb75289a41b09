"""Read every layer of a workspace into a new build of its store."""

from __future__ import annotations

import datetime as dt
import difflib
import shutil
from typing import TYPE_CHECKING

import pandas as pd

from gis.catalogue import layer_entries
from gis.errors import CatalogueError, ParameterError
from gis.sources import open_layer, write_raster
from gis.store.folder import locked, new_build
from gis.store.frames import FrameWriter
from gis.store.manifest import FILE_NAME, LayerRecord, Manifest
from gis.store.read import Store, open_store
from gis.workspace import ALL_NORWAY
from gis.workspace import FILE_NAME as WORKSPACE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from gis.sources import Bounds, LayerBlocks
    from gis.workspace import Workspace

MUNICIPALITY = "municipality"


def build(workspace: Workspace, *, progress: Callable[[str], None] | None = None) -> Store:
    """Read all layers that the workspace names and put them in place of the old store.

    The municipality is read first; of the other layers, rows that meet its bounding
    box plus ``halo_m`` metres are kept whole (area 0000: every row). ``progress`` gets
    the id of each layer before it is read. Raises ParameterError (unknown area),
    StoreError (another build at work), and whatever a reader refuses a file with;
    then the old store stands as it was.
    """
    tell = progress or _silent
    if MUNICIPALITY not in workspace.entry.layers:
        message = f"{workspace.root / WORKSPACE_FILE}: has no [layers.{MUNICIPALITY}]"
        raise CatalogueError(message)
    for name in workspace.entry.layers:
        workspace.path_of(name)  # a missing file is told before any time is spent
    with locked(workspace.store_root), new_build(workspace.store_root) as part:
        tell(MUNICIPALITY)
        everything = pd.concat(list(_open(workspace, MUNICIPALITY, None)), ignore_index=True)
        bounds = _study_box(workspace, everything)
        records = {}
        for name in _in_order(workspace):
            if name != MUNICIPALITY:
                tell(name)
            records[name] = _write(name, _open(workspace, name, bounds), part)
        Manifest(
            area=workspace.entry.area,
            epsg=workspace.entry.epsg,
            halo_m=workspace.entry.halo_m,
            created=dt.datetime.now(dt.UTC),
            layers=records,
        ).write(part / FILE_NAME)
    return open_store(workspace)


def _silent(_: str) -> None:
    """Tell nobody."""


def _in_order(workspace: Workspace) -> list[str]:
    """Return the workspace's layers, municipality first, then as the catalogue lists them."""
    named = [n for n in layer_entries() if n in workspace.entry.layers]
    return [MUNICIPALITY, *(n for n in named if n != MUNICIPALITY)]


def _open(workspace: Workspace, name: str, bounds: Bounds | None) -> LayerBlocks:
    return open_layer(
        name,
        workspace.path_of(name),
        local=workspace.local(name),
        epsg=workspace.entry.epsg,
        bounds=bounds,
        invented=workspace.entry.invented,
    )


def _study_box(workspace: Workspace, municipalities: gpd.GeoDataFrame) -> Bounds | None:
    """Return the bounding box of the area with its halo; None for all Norway."""
    area = workspace.entry.area
    if area == ALL_NORWAY:
        return None
    mine = municipalities[municipalities["number"] == area]
    if mine.empty:
        numbers = sorted(municipalities["number"])
        near = difflib.get_close_matches(area, numbers, n=3, cutoff=0.0)
        names = dict(zip(municipalities["number"], municipalities["name"], strict=True))
        hint = ", ".join(f"{n} {names[n]}" for n in near)
        message = (
            f"{workspace.root / WORKSPACE_FILE}: area '{area}' is not among the {len(numbers)} "
            f"municipalities of {workspace.local(MUNICIPALITY).path}; nearest: {hint}"
        )
        raise ParameterError(message)
    west, south, east, north = (float(v) for v in mine.total_bounds)
    halo = float(workspace.entry.halo_m)
    return west - halo, south - halo, east + halo, north + halo


def _write(name: str, layer: LayerBlocks, part: Path) -> LayerRecord:
    """Write one layer into the part folder, block by block, and return its record."""
    frame = f"{name}.parquet"
    with FrameWriter(part / frame) as out:
        for block in layer:
            out.write(block)
    file = None
    if layer.raster is not None:
        file = f"{name}.tif"
        write_raster(layer.raster, part / file)
    elif layer.file is not None:
        file = f"{name}{layer.file.suffix.lower()}"
        shutil.copyfile(layer.file, part / file)
    return LayerRecord(
        kind=layer_entries()[name].delivery.kind,
        frame=frame,
        file=file,
        rows=out.rows,
        bounds=out.bounds,
        source=layer.source,
    )
