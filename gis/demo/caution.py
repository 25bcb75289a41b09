"""Invent the coarse screening for floods and quick clay: where zones have to be looked for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from gis.demo.files import Entry, Table, write_gpkg
from gis.demo.grid import COARSE, drop_small, polygons

if TYPE_CHECKING:
    from pathlib import Path

    from gis.demo.grid import Bools
    from gis.demo.world import World

_DATE = dt.date(2024, 6, 1)
_FLOOD = "FlomAktsomhetOmr"
_CLAY = "KvikkleireskredAktsomhet"
# Clay was laid down below this height; slides start on ground that is not flat.
_CLAY_BELOW_M = 70.0


def write_caution(world: World, data: Path) -> list[Entry]:
    """Write both as NVE's layers and return their workspace entries."""
    ground = world.terrain.coarse
    land = world.town.inside_coarse & (ground.wet < 0.5)
    flood = (ground.hand < 3.0) & (ground.river_m < 350) & land
    uneven = ndimage.gaussian_filter(ground.slope, 1.6) > 0.055
    clay = (ground.height < _CLAY_BELOW_M) & uneven & land
    entries = []
    for layer_id, name, where, column in (
        ("flood_caution", _FLOOD, flood, "objtype"),
        ("quick_clay_caution", _CLAY, clay, "skredType"),
    ):
        shapes = _areas(where)
        value = _FLOOD if column == "objtype" else "Kvikkleireskred"
        file = f"NaturOgMiljo_9801_Fjordvik_25833_{name}.gpkg"
        write_gpkg(data / file, [Table(name, shapes, {column: [value] * len(shapes)})])
        entries.append(Entry(layer_id, f"data/{file}", _DATE, name))
    return entries


def _areas(where: Bools) -> list[Any]:
    clean = ndimage.binary_closing(ndimage.binary_opening(where))
    whole = drop_small(clean, cells=10)
    geometries, _ = polygons(whole.astype(np.int64), COARSE, simplify_m=35.0)
    return list(shapely.get_parts(geometries))
