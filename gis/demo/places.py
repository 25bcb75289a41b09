"""Invent the municipality's own layers: critical infrastructure, land-use plan, place names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from gis.demo import names
from gis.demo.grid import FINE, MID
from gis.demo.nature import blob, sites
from gis.demo.streets import STREET

if TYPE_CHECKING:
    from gis.demo.grid import Floats
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets
    from gis.demo.terrain import Terrain


@dataclass(frozen=True)
class Asset:
    """A piece of critical infrastructure: name, function, capacity, position."""

    name: str
    function: str
    capacity: int
    x: float
    y: float


@dataclass(frozen=True)
class PlanArea:
    """An area of the municipal plan: 4-digit purpose, status 1 or 2, name, geometry."""

    purpose: int
    status: int
    name: str
    geometry: Any


@dataclass(frozen=True)
class PlaceName:
    """A place name: text, type of object, position."""

    name: str
    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class Places:
    """The municipality's own layers."""

    assets: tuple[Asset, ...]
    plans: tuple[PlanArea, ...]
    names: tuple[PlaceName, ...]


def build_places(
    rng: np.random.Generator,
    terrain: Terrain,
    town: Settlement,
    *,
    streets: Streets,
    people: People,
) -> Places:
    """Invent infrastructure, plan areas and names."""
    return Places(
        _assets(rng, terrain, town, streets=streets, people=people),
        _plans(rng, terrain, town, people=people),
        _names(terrain, town, people),
    )


def _assets(
    rng: np.random.Generator,
    terrain: Terrain,
    town: Settlement,
    *,
    streets: Streets,
    people: People,
) -> tuple[Asset, ...]:
    """Return about 160 points: schools where people live, pumps where it is low."""
    land = (terrain.coarse.wet == 0) * (town.inside_coarse)
    homes = town.density * land
    low = (terrain.coarse.height < 9) * town.density * land
    low += 0.3 * (terrain.coarse.hand < 3) * (town.density > 0.05) * land
    centre = town.density**3 * land
    kinds: list[tuple[str, str, Floats, int, float, tuple[int, int]]] = [
        ("sykehus", "sykehus", centre, 1, 100.0, (420, 480)),
        ("sykehjem", "sykehjem", homes, 11, 900.0, (36, 110)),
        ("skole", "skole", homes, 34, 650.0, (160, 640)),
        ("barnehage", "barnehage", homes, 52, 330.0, (36, 120)),
        ("brannstasjon", "brannstasjon", centre + 0.002 * homes, 3, 2800.0, (6, 22)),
        ("transformatorstasjon", "transformator", homes + 0.02 * land, 20, 800.0, (10, 160)),
        ("pumpestasjon", "pumpestasjon", low, 24, 350.0, (20, 400)),
    ]
    result: list[Asset] = []
    used: dict[str, int] = {}
    for word, function, weight, count, apart, (least, most) in kinds:
        for x, y in sites(rng, weight, count=count, apart_m=apart):
            unit = people.unit_names[max(int(MID.sample(people.unit, x, y)) - 1, 0)]
            name = f"{unit} {word}" if function != "sykehus" else "Fjordvik sykehus"
            used[name] = used.get(name, 0) + 1
            name += f" {used[name]}" if used[name] > 1 else ""
            result.append(Asset(name, function, int(rng.integers(least, most)), x, y))
    bridges = [k for k, m in enumerate(streets.medium) if m == "L" and streets.kind[k] < STREET]
    for number, k in enumerate(bridges[:: max(len(bridges) // 14, 1)][:14], start=1):
        x, y = streets.curve[k, 2].tolist()
        if MID.sample(town.inside, x, y):
            street = streets.names[int(streets.street[k])]
            result.append(
                Asset(f"Bru {number}, {street}", "bru", int(rng.integers(800, 28000)), x, y)
            )
    return tuple(result)


def _plans(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, people: People
) -> tuple[PlanArea, ...]:
    """Return about 40 future areas at the edge of the town and 26 present ones in it."""
    dry = terrain.coarse.wet == 0
    inside = town.inside_coarse
    built = town.built_coarse
    near = ndimage.gaussian_filter(built, 7.0)
    gentle = terrain.coarse.slope < 0.16
    edge = dry * inside * gentle * (near > 0.12) * (0.08 + (built < 0.3))
    core = dry * inside * town.density
    river = edge * (0.01 + np.exp(-terrain.coarse.river_m / 220))
    kinds = (
        (1110, 2, edge + 1.5 * river, 24, (80, 240), "boligområde"),
        (1130, 2, core**2, 4, (90, 160), "sentrum"),
        (1300, 2, river, 8, (90, 230), "næringsområde"),
        (1160, 2, edge, 4, (60, 120), "tjenesteyting"),
        (1110, 1, core, 16, (200, 420), "boliger"),
        (1130, 1, core**3, 5, (120, 260), "sentrum, nåværende"),
        (1300, 1, river, 5, (120, 260), "næring, nåværende"),
    )
    result: list[PlanArea] = []
    taken: Any = shapely.Polygon()
    wet = terrain.sea | (terrain.lake > 0)
    for purpose, status, weight, count, (low, high), word in kinds:
        for x, y in sites(rng, weight, count=count, apart_m=420.0):
            area = shapely.simplify(blob(rng, x, y, radius_m=float(rng.uniform(low, high))), 6.0)
            area = area.difference(taken)
            corner = shapely.get_coordinates(area)
            if (
                area.is_empty
                or area.geom_type != "Polygon"
                or FINE.sample(wet, corner[:, 0], corner[:, 1]).any()
            ):
                continue
            taken = shapely.union(taken, area)
            unit = people.unit_names[max(int(MID.sample(people.unit, x, y)) - 1, 0)]
            result.append(PlanArea(purpose, status, f"{unit} {word}", area))
    return tuple(result)


def _names(terrain: Terrain, town: Settlement, people: People) -> tuple[PlaceName, ...]:
    """Return about 60 names: town parts, villages, islands, lakes and hills."""
    result = [PlaceName(names.MUNICIPALITY, "Tettsted", town.centres[3].x, town.centres[3].y)]
    kinds = {"jernbane": "Bydel", "tbane": "Bydel", "bygd": "Grend"}
    result += [
        PlaceName(place.name, kinds[place.kind], place.x, place.y)
        for place in town.centres
        if place.name != names.MUNICIPALITY
    ]
    result += _features(terrain, town)
    seen = {one.name for one in result}
    rows = ndimage.center_of_mass(
        np.ones(people.unit.shape), people.unit, np.arange(1, int(people.unit.max()) + 1)
    )
    for name, (row, col) in zip(people.unit_names, rows, strict=True):
        x, y = MID.centre(row, col)
        plain = " " not in name and name not in seen
        if plain and not FINE.sample(terrain.sea, x, y) and len(result) < 64:
            result.append(PlaceName(name, "Grend", float(x), float(y)))
    return tuple(result)


def _features(terrain: Terrain, town: Settlement) -> list[PlaceName]:
    """Return names of lakes, islands and hills that lie in the municipality."""
    result: list[PlaceName] = []
    lakes, _ = ndimage.label((terrain.mid.lake > 0.5) & town.inside)
    islands, _ = ndimage.label((terrain.mid.sea < 0.5) & town.inside)
    for labels, stock, kind in (
        (lakes, names.LAKES, "Innsjø"),
        (islands, ("", *names.ISLANDS), "Øy"),
    ):
        size = np.bincount(labels.ravel())
        size[0] = 0
        order = np.argsort(-size, kind="stable")[: len(stock)]
        centre = ndimage.center_of_mass(np.ones(labels.shape), labels, order)
        for name, label, (row, col) in zip(stock, order.tolist(), centre, strict=False):
            if name and size[label] > 25:
                x, y = MID.centre(row, col)
                result.append(PlaceName(name, kind, float(x), float(y)))
    height = np.where(town.inside, terrain.mid.height, -1)
    height = ndimage.gaussian_filter(height, 3.0)
    tops = (ndimage.maximum_filter(height, 71) == height) & (height > 90) & town.inside
    row, col = np.nonzero(tops)
    order = np.argsort(-height[row, col], kind="stable")[: len(names.HILLS)]
    for name, k in zip(names.HILLS, order.tolist(), strict=False):
        x, y = MID.centre(row[k], col[k])
        result.append(PlaceName(name, "Fjell", float(x), float(y)))
    return result
