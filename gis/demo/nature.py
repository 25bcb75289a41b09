"""Invent nature: mapped nature types, protected areas and species records."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.demo.grid import COARSE, FINE, MID
from gis.demo.streets import FARM

if TYPE_CHECKING:
    from gis.demo.grid import Floats
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets
    from gis.demo.terrain import Terrain

RECORDS = 25_000
# Name, code, habitat (skog, eng, tre, vann, myr), share.
_TYPES = (
    ("Hule eiker", "NA_HE", "tre", 0.26),
    ("Gammel granskog med liggende død ved", "C11.1", "skog", 0.12),
    ("Gammel granskog med stående død ved", "C11.2", "skog", 0.08),
    ("Gammel furuskog med gamle trær", "C12.1", "skog", 0.07),
    ("Lågurtfuruskog", "C13", "skog", 0.05),
    ("Frisk lågurtedellauvskog", "C14", "skog", 0.07),
    ("Naturbeitemark", "D02", "eng", 0.09),
    ("Hagemark", "D03", "eng", 0.06),
    ("Slåttemark", "D01", "eng", 0.05),
    ("Flomskogsmark", "C20", "vann", 0.05),
    ("Rik svartorsumpskog", "C21", "vann", 0.04),
    ("Rik åpen sørlig jordvannsmyr", "E12", "myr", 0.06),
)
QUALITY = ("Svært høy kvalitet", "Høy kvalitet", "Moderat kvalitet", "Lav kvalitet",
           "Svært lav kvalitet")  # fmt: skip
CONDITION = ("God", "Moderat", "Dårlig", "Svært redusert")
_INSTITUTIONS = ("Oppdiktet museum", "Oppdiktet forening for botanikk", "Oppdiktet fugleforening",
                 "Oppdiktet artsregister")  # fmt: skip
_UNCERTAINTY = (5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, -1)
# Where red-listed species gather: how many places, how wide, how many times as common.
_RESERVES, _OAKS, _HABITAT_M, _RICHER = 4, 4, 1000.0, 6.0
_UNCERTAINTY_SHARE = (0.16, 0.2, 0.15, 0.13, 0.12, 0.07, 0.04, 0.04, 0.02, 0.015, 0.055)


@dataclass(frozen=True)
class NatureType:
    """A mapped locality of a nature type."""

    name: str
    code: str
    quality: str
    condition: str
    area: str
    number: str
    year: int
    geometry: Any


@dataclass(frozen=True)
class Protected:
    """A protected area."""

    name: str
    form: str
    since: dt.date
    number: str
    geometry: Any


@dataclass(frozen=True)
class Record:
    """A species record: index into the species list, day, position, uncertainty (-1 unknown)."""

    species: int
    day: dt.date
    x: float
    y: float
    uncertainty_m: int
    institution: str


@dataclass(frozen=True)
class Nature:
    """All of nature, and the extents that were mapped for nature types."""

    types: tuple[NatureType, ...]
    mapped: tuple[tuple[str, int, Any], ...]
    protected: tuple[Protected, ...]
    species: tuple[dict[str, str], ...]
    records: tuple[Record, ...]


def build_nature(
    rng: np.random.Generator,
    terrain: Terrain,
    town: Settlement,
    *,
    streets: Streets,
    people: People,
) -> Nature:
    """Invent nature types, protected areas and records."""
    mapped = _mapped(rng, terrain, town)
    types = _types(rng, terrain, town, people=people, mapped=mapped)
    protected = _protected(rng, terrain, town, people=people)
    species = read_species()
    places = _places(rng, terrain, town, streets=streets, people=people, protected=protected)
    rich = _richness(rng, places, protected, people=people)
    return Nature(types, mapped, protected, species, _records(rng, species, places, rich=rich))


def read_species() -> tuple[dict[str, str], ...]:
    """Return the species list: scientific and Norwegian name, group, red-list, alien category."""
    text = resources.files("gis.demo").joinpath("species.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter=";"))


def blob(rng: np.random.Generator, x: float, y: float, *, radius_m: float) -> Any:
    """Return a smooth irregular polygon around a point."""
    corners = int(np.clip(radius_m / 6, 14, 60))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = np.ones(corners)
    for wave in (2, 3, 4, 6):
        reach += rng.normal(0, 0.42 / wave) * np.cos(wave * angle + rng.uniform(0, 6.28))
    reach = radius_m * np.clip(reach, 0.35, 1.9)
    squeeze = rng.uniform(0.6, 1.0)
    turn = rng.uniform(0, np.pi)
    u, v = reach * np.cos(angle), reach * squeeze * np.sin(angle)
    east = x + u * np.cos(turn) - v * np.sin(turn)
    north = y + u * np.sin(turn) + v * np.cos(turn)
    return shapely.make_valid(shapely.Polygon(np.round(np.column_stack([east, north]), 2)))


def sites(
    rng: np.random.Generator, weight: Floats, *, count: int, apart_m: float
) -> list[tuple[float, float]]:
    """Return points drawn by a coarse weight, at least a distance apart."""
    tries = rng.choice(weight.size, size=count * 30, p=(weight / weight.sum()).ravel())
    shift = rng.uniform(-25, 25, (len(tries), 2))
    result: list[tuple[float, float]] = []
    for cell, (dx, dy) in zip(tries.tolist(), shift.tolist(), strict=True):
        east, north = COARSE.centre(cell // COARSE.cols, cell % COARSE.cols)
        x, y = float(east) + dx, float(north) + dy
        if all((x - a) ** 2 + (y - b) ** 2 >= apart_m**2 for a, b in result):
            result.append((x, y))
        if len(result) == count:
            break
    return result


def _mapped(
    rng: np.random.Generator, terrain: Terrain, town: Settlement
) -> tuple[tuple[str, int, Any], ...]:
    """Return the survey projects: name, year and extent."""
    land = (terrain.coarse.sea < 0.1) * town.inside_coarse * (0.15 + town.density)
    result: list[tuple[str, int, Any]] = []
    taken: Any = shapely.Polygon()
    for k, (x, y) in enumerate(sites(rng, land, count=9, apart_m=2300)):
        area = blob(rng, x, y, radius_m=float(rng.uniform(900, 1700))).difference(taken)
        taken = shapely.union(taken, area)
        result.append((f"Naturtyper Fjordvik {2018 + k % 7} delområde {k + 1}", 2018 + k % 7, area))
    return tuple(result)


def _types(
    rng: np.random.Generator,
    terrain: Terrain,
    town: Settlement,
    *,
    people: People,
    mapped: tuple[tuple[str, int, Any], ...],
) -> tuple[NatureType, ...]:
    height = terrain.coarse.height
    dry = (terrain.coarse.wet == 0) * town.inside_coarse
    farm = town.farm_coarse
    wild = 1.02 - np.minimum(town.density * 4, 1.0)
    habitat = {
        "tre": (0.1 + town.density) * (height < 120),
        "skog": wild * (farm < 0.3),
        "eng": 0.02 + farm,
        "vann": np.exp(-terrain.coarse.river_m / 120),
        "myr": wild * (height > 60),
    }
    result: list[NatureType] = []
    tree = shapely.STRtree([area for _, _, area in mapped])
    for name, code, kind, share in _TYPES:
        where = sites(rng, habitat[kind] * dry, count=int(1500 * share), apart_m=70.0)
        for x, y in where:
            project = tree.query(shapely.Point(x, y), predicate="within")
            if len(project) == 0 or rng.random() > 0.75:
                continue
            radius = rng.uniform(6, 12) if kind == "tre" else 22 + rng.gamma(2.0, 26.0)
            unit = int(MID.sample(people.unit, x, y))
            year = mapped[int(project[0])][1]
            result.append(
                NatureType(
                    name,
                    code,
                    QUALITY[int(rng.choice(5, p=(0.12, 0.27, 0.33, 0.2, 0.08)))],
                    CONDITION[int(rng.choice(4, p=(0.5, 0.27, 0.17, 0.06)))],
                    people.unit_names[max(unit - 1, 0)],
                    f"NINFP{year % 100}98{len(result) + 1:05d}",
                    year,
                    blob(rng, x, y, radius_m=float(radius)),
                )
            )
    return tuple(result)


def _protected(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, people: People
) -> tuple[Protected, ...]:
    coast = terrain.coarse.coast_m
    inside = town.inside_coarse
    hills = np.where(coast > 2500, 1.02 - town.density, 0.0)
    islets = np.where((coast < -60) & (coast > -900), 1.0, 0.0)
    uplands = np.where(coast > 4200, 1.0, 0.0)
    town_trees = np.where(coast > 100, 0.05 + town.density, 0.0)
    kinds = (
        ("naturreservat", "naturreservat", hills, 8, (150, 620)),
        ("fuglefredningsområde", "dyrefredningsområde", islets, 4, (160, 420)),
        ("landskapsvernområde", "landskapsvernområde", uplands, 1, (1300, 1500)),
        ("naturminne", "naturminne", town_trees, 3, (20, 45)),
    )
    result: list[Protected] = []
    for suffix, form, weight, count, (low, high) in kinds:
        for x, y in sites(rng, weight * inside, count=count, apart_m=1500.0):
            number = len(result) + 1
            unit = int(MID.sample(people.unit, x, y))
            name = f"{people.unit_names[max(unit - 1, 0)]} {suffix}"
            since = dt.date(1970 + int(rng.integers(0, 52)), int(rng.integers(1, 13)), 12)
            area = blob(rng, x, y, radius_m=float(rng.uniform(low, high)))
            result.append(Protected(name, form, since, f"VV9801{number:04d}", area))
    return tuple(result)


def _places(
    rng: np.random.Generator,
    terrain: Terrain,
    town: Settlement,
    *,
    streets: Streets,
    people: People,
    protected: tuple[Protected, ...],
) -> Floats:
    """Return record positions, dense where people live and walk and where nature is protected."""
    count = int(RECORDS * 1.5)
    home = rng.integers(0, len(people.x), int(count * 0.4))
    homes = np.column_stack([people.x[home], people.y[home]]) + rng.normal(0, 150, (len(home), 2))
    paths = np.flatnonzero(streets.kind >= FARM)
    path = rng.choice(paths, int(count * 0.3))
    walk = streets.curve[path, rng.integers(0, 5, len(path))] + rng.normal(0, 35, (len(path), 2))
    spots = []
    for _ in range(int(count * 0.22)):
        area = protected[int(len(protected) * rng.random() ** 1.6)].geometry
        spot = shapely.get_coordinates(area.centroid)[0]
        spots.append(spot + rng.normal(0, max(np.sqrt(area.area) * 0.3, 350.0), 2))
    anywhere = rng.uniform((157_000, 6_440_000), (175_000, 6_459_000), (int(count * 0.08), 2))
    points = np.vstack([homes, walk, np.array(spots), anywhere])
    keep = MID.sample(town.inside, points[:, 0], points[:, 1])
    keep &= ~FINE.sample(terrain.sea, points[:, 0], points[:, 1]) | (rng.random(len(points)) < 0.15)
    points = points[keep]
    return np.asarray(points[np.sort(rng.permutation(len(points))[:RECORDS])])


def _richness(
    rng: np.random.Generator, places: Floats, protected: tuple[Protected, ...], *, people: People
) -> Floats:
    """Return 0-1 for each place: how near it lies to one of a few old, rich habitats.

    Some lie in the nature reserves; some where people live, as old hollow oaks do.
    """
    reserves = [shapely.get_coordinates(p.geometry.centroid)[0] for p in protected[:_RESERVES]]
    homes = rng.choice(len(people.x), _OAKS, replace=False)
    centres = np.vstack([np.array(reserves), np.column_stack([people.x[homes], people.y[homes]])])
    away = np.hypot(*(places[:, None, :] - centres[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    return np.asarray(np.exp(-((away / _HABITAT_M) ** 2)))


def _records(
    rng: np.random.Generator,
    species: tuple[dict[str, str], ...],
    places: Floats,
    *,
    rich: Floats,
) -> tuple[Record, ...]:
    rare = {"CR": 0.06, "EN": 0.14, "VU": 0.25, "NT": 0.45, "NT°": 0.35, "DD": 0.1}
    common = rng.pareto(1.1, len(species)) + 0.15
    weight = np.array([rare.get(one["Kategori"], 1.0) for one in species]) * np.minimum(common, 12)
    listed = np.array([one["Kategori"] in rare for one in species])
    old = weight * np.where(listed, _RICHER, 1.0)
    kind = np.where(
        rng.random(len(places)) < rich,
        rng.choice(len(species), len(places), p=old / old.sum()),
        rng.choice(len(species), len(places), p=weight / weight.sum()),
    )
    unsure = rng.choice(_UNCERTAINTY, len(places), p=_UNCERTAINTY_SHARE)
    days = (35.4 * 365 * rng.random(len(places)) ** 0.45).astype(int)
    house = rng.integers(0, len(_INSTITUTIONS), len(places))
    result = []
    for k, (x, y) in enumerate(np.round(places, 0).tolist()):
        cell = 1000 if unsure[k] >= 1000 else 1
        day = dt.date(1990, 6, 1) + dt.timedelta(days=int(days[k]))
        east, north = (float(v // cell * cell + cell // 2) for v in (x, y))
        result.append(
            Record(int(kind[k]), day, east, north, int(unsure[k]), _INSTITUTIONS[int(house[k])])
        )
    return tuple(result)
