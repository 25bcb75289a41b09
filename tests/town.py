"""Draw a town of one square kilometre whose every number can be counted by hand.

The lower-left corner is (200000, 6600000) in EPSG:25833; all distances below are
metres from it. The municipality is the square 0-1000, its easternmost 250 m sea.
Residents by 250 m cell, row 0 southernmost (the sea column has none):

    row 3:  100 110 120
    row 2:   70  80  90
    row 1:   40  50  60
    row 0:   10  20  30        total 780
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.analyses import Study, study_area
from gis.kernels.cells import cell_id, cell_square
from gis.provenance import LayerSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

E0, N0 = 200_000.0, 6_600_000.0
EPSG = 25833
RESIDENTS = ((10, 20, 30), (40, 50, 60), (70, 80, 90), (100, 110, 120))


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in town coordinates."""
    return shapely.box(E0 + west, N0 + south, E0 + east, N0 + north)


def frame(shapes: Sequence[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=EPSG)


def points(*places: tuple[float, float]) -> list[shapely.Point]:
    return [shapely.Point(E0 + x, N0 + y) for x, y in places]


def cells(values: dict[tuple[int, int], float], name: str) -> gpd.GeoDataFrame:
    """Grid cells by (column, row) with one value each."""
    east = np.array([E0 + 250 * c for c, _ in values])
    north = np.array([N0 + 250 * r for _, r in values])
    ids = cell_id(east, north, size_m=250)
    return frame(cell_square(ids, size_m=250), cell_id=ids, **{name: list(values.values())})


def population() -> dict[tuple[int, int], float]:
    return {(c, r): n for r, row in enumerate(RESIDENTS) for c, n in enumerate(row)}


@dataclass
class Town:
    """Layers in memory, as a store would give them."""

    frames: dict[str, gpd.GeoDataFrame]
    files: dict[str, Path] = field(default_factory=dict)
    covers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    invented: bool = True

    @property
    def layers(self) -> tuple[str, ...]:
        return (*self.frames, *(x for x in self.files if x not in self.frames))

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        return self.frames[layer]

    def file(self, layer: str) -> Path:
        return self.files[layer]

    def source(self, layer: str) -> LayerSource:
        return LayerSource(
            layer=layer,
            title_nb=f"{layer} nb",
            title_en=f"{layer} en",
            owner="Eier",
            licence="CC0-1.0",
            file=f"{layer}.gpkg",
            sha256="0" * 64,
            date=dt.date(2026, 1, 1),
            retrieved=None,
            rows=len(self.frames.get(layer, ())),
            invented=self.invented,
            covers=self.covers.get(layer, ()),
        )


def town(**layers: gpd.GeoDataFrame | None) -> Town:
    """The town with municipality, sea and population; more layers, or None to take one away."""
    frames = {
        "municipality": frame([box(0, 0, 1000, 1000)], number=["9999"], name=["Byen"]),
        "sea": frame([box(750, -100, 1100, 1100)]),
        "population_grid": cells(population(), "residents"),
    }
    return Town({k: v for k, v in (frames | layers).items() if v is not None})


def study(data: Town, *, halo_m: int = 5000) -> Study:
    return study_area(data, number="9999", halo_m=halo_m)
