"""Derive the land cover of the topographic map and the built-up areas of the statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from gis.demo import names
from gis.demo.grid import MID, coverage, drop_small, multi, noise, polygons

if TYPE_CHECKING:
    from gis.demo.grid import Ints
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.terrain import Terrain

KINDS = ("Havflate", "Innsjø", "Skog", "DyrketMark", "Myr", "ÅpentOmråde", "TettBebyggelse")


@dataclass(frozen=True)
class UrbanArea:
    """A built-up area of the statistics: number, name, residents, one polygon part."""

    number: str
    name: str
    residents: int
    geometry: Any


@dataclass(frozen=True)
class Cover:
    """Land cover polygons with their kind, statistical units, built-up areas, municipality."""

    kinds: tuple[str, ...]
    polygons: tuple[Any, ...]
    classes: Ints
    units: tuple[Any, ...]
    municipality: Any
    urban: tuple[UrbanArea, ...]
    urban_label: Ints


def build_cover(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, people: People
) -> Cover:
    """Derive land cover, units, the municipality and its built-up areas."""
    classes = _classes(rng, terrain, town)
    parts, codes = coverage(classes, MID, simplify_m=15.0)
    kinds = [KINDS[code - 1] for code in codes.tolist()]
    pieces, unit = coverage(people.unit, MID, simplify_m=24.0)
    units = [multi(shapely.coverage_union_all(pieces[unit == k])) for k in np.unique(unit)]
    whole = multi(shapely.coverage_union_all(pieces))
    urban, label = _urban(town, people)
    return Cover(
        tuple(kinds), tuple(parts), classes, tuple(units), whole, urban, label,
    )  # fmt: skip


def _classes(rng: np.random.Generator, terrain: Terrain, town: Settlement) -> Ints:
    """Return the land cover class (1..) on the MID grid, 0 outside the municipality."""
    height = terrain.mid.height
    slope = terrain.mid.slope
    patch = noise(rng, MID, longest_m=700, shortest_m=70, power=1.3)
    classes = np.full(height.shape, 3)
    shore = terrain.mid.coast_m
    bare = ((height > 345 + 30 * patch) | ((shore < 160) & (patch > 0.35))) & ~town.farm
    classes[drop_small(bare, cells=20)] = 6
    bog = (slope < 0.06 + 0.02 * patch) & (height > 90) & (patch > 0.4)
    classes[drop_small(ndimage.binary_opening(bog, iterations=2), cells=25)] = 5
    classes[town.farm] = 4
    classes[town.built] = 7
    classes[terrain.mid.lake >= 0.5] = 2
    classes[terrain.mid.sea >= 0.5] = 1
    return np.asarray(np.where(town.inside, classes, 0))


def _urban(town: Settlement, people: People) -> tuple[tuple[UrbanArea, ...], Ints]:
    """Return built-up areas: parts within 400 m of each other are one, with one number."""
    parts, _ = ndimage.label(town.built & town.inside)
    near = ndimage.binary_dilation(town.built & town.inside, iterations=6)
    groups, count = ndimage.label(near)
    label = np.where(parts > 0, groups, 0)
    home = MID.sample(label, people.x, people.y)
    residents = np.bincount(home, weights=people.residents, minlength=count + 1).astype(np.int64)
    order = [int(k) for k in np.argsort(-residents[1:], kind="stable") + 1 if residents[k] >= 200]
    areas: list[UrbanArea] = []
    final = np.zeros_like(label)
    free = [c for c in town.centres if c.name != names.MUNICIPALITY]
    for place, group in enumerate(order[:6]):
        row, col = np.nonzero(label == group)
        x, y = MID.centre(row.mean(), col.mean())
        nearest = min(free, key=lambda c: float(np.hypot(c.x - x, c.y - y)))
        name = names.MUNICIPALITY if place == 0 else nearest.name
        final[label == group] = place + 1
        geometries, _ = polygons((label == group).astype(np.int64), MID)
        number, count = f"98{place + 1:02d}", int(residents[group])
        areas += [UrbanArea(number, name, count, part) for part in shapely.get_parts(geometries[0])]
    return tuple(areas), final
