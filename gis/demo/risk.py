"""Invent what the risk analyses need besides: buildings with types, investigated slide zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from gis.demo.grid import COARSE, MID, coverage, drop_small, multi

if TYPE_CHECKING:
    from gis.demo.grid import Floats
    from gis.demo.people import People
    from gis.demo.places import Places
    from gis.demo.settlement import Settlement
    from gis.demo.terrain import Terrain

# Building types by function of the municipality's own list (NS 3457-3).
_TYPE_OF = {
    "sykehus": "719",
    "sykehjem": "721",
    "skole": "613",
    "barnehage": "612",
    "brannstasjon": "822",
    "transformator": "223",
    "pumpestasjon": "231",
}
_HOMES = np.array(["111", "122", "131", "142", "143"])
_SLIDES = ("Snøskred", "Steinsprang")


@dataclass(frozen=True)
class Buildings:
    """Buildings: position, number of nine digits, three-digit type, status of two letters."""

    x: Floats
    y: Floats
    number: list[str]
    kind: list[str]
    status: list[str]


@dataclass(frozen=True)
class Slides:
    """Zones of slides in steep terrain (return period, kind, geometry) and where it was studied."""

    zones: tuple[tuple[int, str, Any], ...]
    mapped: tuple[Any, ...]


def build_buildings(
    rng: np.random.Generator, town: Settlement, *, people: People, places: Places
) -> Buildings:
    """Put a home at every address, a garage at some, and the works of the municipality's list."""
    dense = COARSE.sample(town.density, people.x, people.y)
    step = np.clip((dense * 5 + rng.normal(0, 0.7, len(dense))).astype(int), 0, len(_HOMES) - 1)
    garage = rng.random(len(dense)) < 0.35
    works = [a for a in places.assets if a.function in _TYPE_OF]
    x = np.concatenate([people.x, people.x[garage] + 9.0, [a.x for a in works]])
    y = np.concatenate([people.y, people.y[garage] - 7.0, [a.y for a in works]])
    kind = [*_HOMES[step], *(["181"] * int(garage.sum())), *(_TYPE_OF[a.function] for a in works)]
    gone = rng.random(len(x)) < 0.01
    return Buildings(
        x=np.round(x, 2),
        y=np.round(y, 2),
        number=[f"{980_100_000 + k}" for k in range(len(x))],
        kind=[str(k) for k in kind],
        status=["BR" if g else "TB" for g in gone],
    )


def build_slides(terrain: Terrain, town: Settlement) -> Slides:
    """Draw nested zones below steep ground inside two studied areas, for two kinds of slide."""
    slope = ndimage.gaussian_filter(terrain.mid.slope, 2.0)
    near = ndimage.gaussian_filter(ndimage.zoom(town.built_coarse, 2.5, order=1), 12.0)
    near = near[: slope.shape[0], : slope.shape[1]]
    mapped = _studied(slope * near)
    inside = shapely.contains_xy(shapely.union_all(mapped), *MID.mesh()) & town.inside
    zones: list[tuple[int, str, Any]] = []
    for kind, steep in zip(_SLIDES, (0.30, 0.36), strict=True):
        bands = np.zeros(slope.shape, dtype=np.int64)
        for band, limit in ((3, steep - 0.07), (2, steep), (1, steep + 0.06)):
            ground = (slope > limit) & inside & (terrain.mid.wet < 0.5)
            bands[drop_small(ground, cells=12)] = band
        parts, codes = coverage(bands, MID, simplify_m=12.0)
        for band, years in ((1, 100), (2, 1000), (3, 5000)):
            held = parts[codes <= band]
            if len(held):
                zones.append((years, kind, multi(shapely.coverage_union_all(held))))
    return Slides(tuple(zones), mapped)


def _studied(wanted: Floats) -> tuple[Any, ...]:
    """Return two squares of 3 km where steep ground lies nearest to where people live."""
    score = ndimage.gaussian_filter(wanted, 30.0)
    found: list[Any] = []
    for _ in range(2):
        row, col = np.unravel_index(int(score.argmax()), score.shape)
        x, y = MID.centre(row, col)
        found.append(shapely.box(x - 1500, y - 1500, x + 1500, y + 1500))
        score[max(row - 150, 0) : row + 150, max(col - 150, 0) : col + 150] = 0.0
    return tuple(found)
