"""Put people on the land: addresses along the streets, residents and jobs, statistical units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from gis.demo import names
from gis.demo.grid import COARSE, FINE, MID, noise, resample
from gis.demo.streets import E_ROAD, FARM, TRACK

if TYPE_CHECKING:
    from gis.demo.grid import Floats, Ints
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets
    from gis.demo.terrain import Terrain

CELL_M = 250
RESIDENTS = 128_000
ADDRESSES = 36_000
UNITS = 180


@dataclass(frozen=True)
class People:
    """Addresses (position, street, house number, residents), grid cells, units.

    cell_* are the lower-left corners of 250 m cells and their counts; unit is the
    number (1..) of the statistical unit on the MID grid, 0 outside the municipality.
    """

    x: Floats
    y: Floats
    street: Ints
    house: Ints
    residents: Ints
    cell: Ints
    cell_residents: Ints
    work_cell: Ints
    establishments: Ints
    employees: Ints
    unit: Ints
    unit_names: tuple[str, ...]


def build_people(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, streets: Streets
) -> People:
    """Put the residents and the jobs on the land."""
    x, y, edge, side, at = _places(rng, terrain, town, streets=streets)
    house = _numbers(streets, edge=edge, side=side, at=at)
    dense = COARSE.sample(town.density, x, y)
    homes = (3.2 + 17.0 * dense**1.8 * rng.gamma(0.5, 2.0, len(x))) * rng.gamma(4.0, 0.25, len(x))
    homes *= rng.random(len(x)) > 0.07
    total = RESIDENTS + int(rng.integers(-400, 400))
    residents = rng.multinomial(total, homes / homes.sum())
    cell, count = _cells(x, y, residents)
    work, firms, staff = _jobs(rng, town, x=x, y=y)
    unit = _units(rng, terrain, town)
    return People(
        x, y, streets.street[edge], house, residents, cell, count, work, firms, staff, unit,
        _unit_names(town, unit),
    )  # fmt: skip


def cell_id(x: Floats, y: Floats) -> Ints:
    """Return the 14-digit SSB ids of the 250 m cells that hold the points."""
    east = np.floor(x / CELL_M).astype(np.int64) * CELL_M + 2_000_000
    north = np.floor(y / CELL_M).astype(np.int64) * CELL_M
    return np.asarray(east * 10_000_000 + north)


def _places(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, streets: Streets
) -> tuple[Floats, Floats, Ints, Ints, Floats]:
    """Return address points on both sides of streets: x, y, edge, side (0, 1), place along."""
    housing = (streets.kind != E_ROAD) & (streets.kind < TRACK)
    count = np.where(housing, np.maximum(streets.length_m // 19.0, 1), 0).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    t = (rank + 0.5) / count[edge]
    edge, t = np.tile(edge, 2), np.tile(t, 2)
    side = np.repeat([0, 1], len(edge) // 2)
    piece = np.minimum((t * 4).astype(np.int64), 3)
    a, b = streets.curve[edge, piece], streets.curve[edge, piece + 1]
    along = b - a
    along /= np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    sign = np.where(side == 0, 1.0, -1.0)
    set_back = (15.0 + rng.gamma(2.0, 3.0, len(edge))) * sign
    point = a + (b - a) * (t * 4 - piece)[:, None]
    x = point[:, 0] - along[:, 1] * set_back + rng.normal(0, 1.5, len(edge))
    y = point[:, 1] + along[:, 0] * set_back + rng.normal(0, 1.5, len(edge))
    keep = MID.sample(town.inside, x, y)
    keep &= ~FINE.sample(terrain.sea | (terrain.lake > 0) | (terrain.river_m < 15), x, y)
    keep &= np.array([m == "" for m in streets.medium])[edge]
    built = MID.sample(town.built, x, y)
    chance = np.where(built, 0.25 + 0.75 * COARSE.sample(town.density, x, y) ** 0.5, 0.05)
    chance = np.where(~built & (streets.kind[edge] == FARM), 0.10, chance) * keep
    order = rng.random(len(edge)) ** (1 / np.maximum(chance, 1e-9))
    take = np.sort(np.argsort(-order, kind="stable")[:ADDRESSES])
    take = take[chance[take] > 0]
    return x[take], y[take], edge[take], side[take], t[take]


def _numbers(streets: Streets, *, edge: Ints, side: Ints, at: Floats) -> Ints:
    """Return house numbers along each street, odd on the left and even on the right."""
    rank = np.lexsort((at, streets.order[edge], side, streets.street[edge]))
    group = streets.street[edge][rank] * 2 + side[rank]
    first = np.concatenate([[True], group[1:] != group[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(rank)), 0))
    house = np.empty(len(rank), dtype=np.int64)
    house[rank] = (np.arange(len(rank)) - start) * 2 + 1 + side[rank]
    return house


def _cells(x: Floats, y: Floats, residents: Ints) -> tuple[Ints, Ints]:
    ids, at = np.unique(cell_id(x, y), return_inverse=True)
    count = np.bincount(at.ravel(), weights=residents).astype(np.int64)
    return ids[count > 0], count[count > 0]


def _jobs(
    rng: np.random.Generator, town: Settlement, *, x: Floats, y: Floats
) -> tuple[Ints, Ints, Ints]:
    """Return cells with establishments and employees; about half have no employees."""
    east = np.floor(x / CELL_M) * CELL_M + CELL_M / 2
    north = np.floor(y / CELL_M) * CELL_M + CELL_M / 2
    ids, first = np.unique(cell_id(x, y), return_index=True)
    pull = np.full(len(ids), 0.25)
    for centre in town.centres:
        away = np.hypot(east[first] - centre.x, north[first] - centre.y)
        pull += 62 * centre.weight * np.exp(-((away / (centre.reach_m * 0.33)) ** 1.4))
    firms = rng.poisson(rng.gamma(0.6, pull * 1.5) + 0.4)
    ids, firms, pull = ids[firms > 0], firms[firms > 0], pull[firms > 0]
    hires = rng.random(len(ids)) < 0.38 + 0.5 * (1 - np.exp(-pull / 6))
    staff = np.where(hires, rng.negative_binomial(0.7 * firms, 0.7 / (0.7 + 10.0)), 0)
    return ids, firms, staff.astype(np.int64)


def _units(rng: np.random.Generator, terrain: Terrain, town: Settlement) -> Ints:
    """Return statistical units on the MID grid: compact where people live, large in the hills."""
    x, y = COARSE.mesh()
    inside = resample(town.inside.astype(float), MID, COARSE) > 0.5
    inside &= terrain.coarse.sea < 0.5
    weight = (town.density**0.7 + 0.012) * inside
    tries = rng.choice(x.size, size=6000, p=(weight / weight.sum()).ravel())
    gap = 210.0 + 900.0 * (1 - np.minimum(town.density.ravel() * 6, 1.0))
    chosen: list[int] = []
    px, py = x.ravel(), y.ravel()
    for cell in tries.tolist():
        if all(
            np.hypot(px[cell] - px[one], py[cell] - py[one]) > (gap[cell] + gap[one]) / 2
            for one in chosen
        ):
            chosen.append(cell)
        if len(chosen) == UNITS:
            break
    bend = [noise(rng, MID, longest_m=1500, shortest_m=150, power=1.6) * 70 for _ in range(2)]
    mx, my = MID.mesh()
    tree = cKDTree(np.column_stack([px[chosen], py[chosen]]))
    _, near = tree.query(np.column_stack([(mx + bend[0]).ravel(), (my + bend[1]).ravel()]))
    unit = np.where(town.inside, near.reshape(mx.shape) + 1, 0)
    return _whole(unit)


def _whole(unit: Ints) -> Ints:
    """Return units without stray parts: each keeps its largest, strays join a neighbour."""
    kept = np.zeros(unit.shape, dtype=bool)
    boxes = ndimage.find_objects(unit)
    for number, box in enumerate(boxes, start=1):
        if box is None:
            continue
        labels, count = ndimage.label(unit[box] == number)
        if count:
            largest = np.bincount(labels.ravel())[1:].argmax() + 1
            kept[box] |= labels == largest
    _, (i, j) = ndimage.distance_transform_edt(~kept, return_indices=True)
    return np.asarray(np.where(unit > 0, unit[i, j], 0))


def _unit_names(town: Settlement, unit: Ints) -> tuple[str, ...]:
    count = int(unit.max())
    rows = ndimage.center_of_mass(np.ones(unit.shape), unit, np.arange(1, count + 1))
    row, col = np.array(rows).T
    x, y = MID.centre(row, col)
    tree = cKDTree(np.array([(c.x, c.y) for c in town.centres]))
    _, near = tree.query(np.column_stack([x, y]))
    return tuple(names.unit_names([town.centres[k].name for k in near.tolist()]))
