"""Decide where people live: stations and villages, the lie of the land, built-up areas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from gis.demo import names
from gis.demo.grid import COARSE, FINE, MID, block_mean, drop_small, noise, resample, smoothstep
from gis.demo.network import Chain, build_routes, chains, rail_line

if TYPE_CHECKING:
    from gis.demo.grid import Bools, Floats
    from gis.demo.terrain import Terrain

type Point = tuple[float, float]

# Kilometres east and north of the raster's south-west corner.
_RAIL = [
    (2.9, 10.6),
    (5.5, 11.2),
    (8.1, 11.9),
    (10.0, 13.9),
    (12.7, 12.0),
    (15.4, 11.2),
    (18.3, 11),
]
_METRO = [(13.3, 12.9), (13.9, 13.7), (14.6, 14.4), (15.4, 15.0), (16.4, 15.1), (17.3, 14.6),
          (18.1, 14.2), (18.7, 15.0), (18.5, 16.0), (17.9, 16.9)]  # fmt: skip
_VILLAGES = [(5.2, 17.3), (7.9, 15.9), (12.3, 17.8), (3.4, 14.4), (8.9, 10.2), (14.0, 10.0),
             (19.4, 13.0), (12.4, 20.3)]  # fmt: skip


@dataclass(frozen=True)
class Centre:
    """A place people gather around: name, position, kind (jernbane, tbane, bygd), pull, reach."""

    name: str
    x: float
    y: float
    kind: str
    weight: float
    reach_m: float


@dataclass(frozen=True)
class Settlement:
    """Where people live: centres, density (coarse, 0 to 1), built-up (MID), ways."""

    inside: Bools
    centres: tuple[Centre, ...]
    density: Floats
    built: Bools
    farm: Bools
    rail: Floats
    metro: Floats
    mains: tuple[Chain, ...]

    @cached_property
    def inside_fine(self) -> Bools:
        """Return the municipality on the FINE grid."""
        return np.repeat(np.repeat(self.inside, 2, axis=0), 2, axis=1)

    @cached_property
    def inside_coarse(self) -> Bools:
        """Return the COARSE cells that lie wholly in the municipality."""
        return block_mean(self.inside_fine, 5) > 0.99

    @cached_property
    def built_coarse(self) -> Floats:
        """Return the built-up share of the COARSE cells."""
        return block_mean(np.repeat(np.repeat(self.built, 2, axis=0), 2, axis=1), 5)

    @cached_property
    def farm_coarse(self) -> Floats:
        """Return the farmed share of the COARSE cells."""
        return block_mean(np.repeat(np.repeat(self.farm, 2, axis=0), 2, axis=1), 5)


def build_settlement(rng: np.random.Generator, terrain: Terrain) -> Settlement:
    """Place the municipality on the land."""
    inside = _territory(rng, terrain)
    centres = _centres(terrain)
    rail, metro, mains = _ways(terrain, centres)
    centres = tuple(_on_track(one, rail, metro) for one in centres)
    density = _density(rng, terrain, centres)
    built = _built_up(density, inside, terrain, centres=centres)
    farm = _farmland(rng, terrain, built)
    return Settlement(inside, centres, density, built, farm, rail, metro, mains)


def _territory(rng: np.random.Generator, terrain: Terrain) -> Bools:
    """Return the municipality on the MID grid, its northern border set for 191 km2 of land."""
    x, y = MID.mesh()
    land = (1 - terrain.mid.sea) >= 0.5
    wave = ndimage.gaussian_filter1d(rng.standard_normal((3, MID.rows)), 45.0, axis=1)
    wave /= wave.std(axis=1, keepdims=True)
    west = 157_300.0 + 420 * wave[0][:, None]
    east = 174_600.0 + 380 * wave[1][:, None]
    sides = (x > west) & (x < east) & (y > 6_439_300.0)
    top = 450 * np.interp(np.arange(MID.cols), np.arange(MID.rows), wave[2])[None, :]
    top = top - ((x - 166_000.0) / 9_000.0) ** 2 * 700.0
    low, high = 6_450_000.0, 6_460_500.0
    for _ in range(24):
        middle = (low + high) / 2
        area = np.count_nonzero(sides & land & (y < middle + top)) * MID.size_m**2
        low, high = (middle, high) if area < 191e6 else (low, middle)
    labels, _ = ndimage.label(sides & (y < low + top))
    return np.asarray(labels == np.bincount(labels.ravel())[1:].argmax() + 1)


def _metres(at: Point) -> Point:
    return FINE.west + at[0] * 1000, FINE.north - FINE.rows * FINE.size_m + at[1] * 1000


def _settle(terrain: Terrain, at: Point, *, reach_m: float) -> Point:
    """Return the best ground near a wished point: dry, gentle, above the flood, not far off."""
    x, y = COARSE.mesh()
    east, north = at
    away = np.hypot(x - east, y - north)
    wet = terrain.coarse.wet
    cost = away / 250 + 30 * terrain.coarse.slope + 50 * ndimage.uniform_filter(wet, 5)
    cost += 2.5 * (terrain.coarse.hand < 3.5) + 3.0 * (terrain.coarse.height < 4)
    cost[away > reach_m] = np.inf
    row, col = np.unravel_index(int(cost.argmin()), cost.shape)
    east_at, north_at = COARSE.centre(row, col)
    return float(east_at), float(north_at)


def _centres(terrain: Terrain) -> tuple[Centre, ...]:
    """Return stations, metro stops and villages on good ground."""
    result: list[Centre] = []
    for name, at in zip(names.STATIONS, _RAIL, strict=True):
        x, y = _settle(terrain, _metres(at), reach_m=900)
        main = name == names.MUNICIPALITY
        result.append(Centre(name, x, y, "jernbane", 1.7 if main else 1.0, 1500 if main else 1100))
    for name, at in zip(names.METRO, _METRO, strict=True):
        x, y = _settle(terrain, _metres(at), reach_m=420)
        result.append(Centre(name, x, y, "tbane", 0.62, 800))
    for name, at in zip(names.VILLAGES, _VILLAGES, strict=True):
        x, y = _settle(terrain, _metres(at), reach_m=800)
        result.append(Centre(name, x, y, "bygd", 0.4, 620))
    return tuple(result)


def way_cost(terrain: Terrain, *, slope: float, water: float) -> Floats:
    """Return the cost of a metre of way on the coarse grid: steep and wet ground is dear."""
    wet = terrain.coarse.wet
    return np.asarray(1 + slope * terrain.coarse.slope**1.3 + water * wet)


def _ways(
    terrain: Terrain, centres: tuple[Centre, ...]
) -> tuple[Floats, Floats, tuple[Chain, ...]]:
    rails = [(c.x, c.y) for c in centres if c.kind == "jernbane"]
    metros = [(c.x, c.y) for c in centres if c.kind == "tbane"]
    towns = [(c.x, c.y) for c in centres if c.kind == "bygd"]
    west, east = (155_200.0, rails[0][1] + 500), (176_800.0, rails[-1][1] + 300)
    track = way_cost(terrain, slope=60.0, water=5.0)
    rail = rail_line(track, [west, *rails, east])
    metro = rail_line(track, [rails[4], *metros])
    shift = [_settle(terrain, (x - 250.0, y + 450.0), reach_m=500) for x, y in rails]
    legs: list[tuple[int, list[Point]]] = [
        (0, [(155_200.0, west[1] + 900), *shift, (176_800.0, east[1] + 900)]),
        (1, [rails[3], towns[1], towns[0], (156_000.0, towns[0][1] + 600)]),
        (1, [rails[3], towns[2], towns[7], (towns[7][0] + 900, 6_460_700.0)]),
        (1, [rails[4], *metros[::2], towns[6], rails[6]]),
        (1, rails),
        (1, [rails[2], towns[4], rails[1], towns[3], towns[1]]),
        (1, [rails[4], towns[5], rails[5], metros[3]]),
        (1, [towns[0], towns[3], rails[0]]),
        (1, [metros[9], (176_800.0, metros[9][1] + 800)]),
        (2, [metros[2], rails[3]]),
        (2, [towns[6], metros[6]]),
        (2, [metros[4], towns[2]]),
        (2, [towns[5], _settle(terrain, _metres((14.3, 7.3)), reach_m=600)]),
    ]
    routes = build_routes(way_cost(terrain, slope=22.0, water=7.0), legs)
    metro[0] = rail[np.hypot(*(rail - metro[0]).T).argmin()]
    return rail, metro, chains(routes, every_m=80.0, sigma=2.6)


def _on_track(centre: Centre, rail: Floats, metro: Floats) -> Centre:
    """Move a station onto its line; leave a village where it is."""
    if centre.kind == "bygd":
        return centre
    line = rail if centre.kind == "jernbane" else metro
    x, y = line[np.hypot(*(line - (centre.x, centre.y)).T).argmin()]
    return replace(centre, x=float(x), y=float(y))


def _density(rng: np.random.Generator, terrain: Terrain, centres: tuple[Centre, ...]) -> Floats:
    """Return relative residential density on the coarse grid, 0 to 1."""
    x, y = COARSE.mesh()
    pull = np.zeros(x.shape)
    for centre in centres:
        away = np.hypot(x - centre.x, y - centre.y)
        pull += centre.weight * np.exp(-((away / centre.reach_m) ** 1.25))
    coast = terrain.coarse.coast_m
    pull += (0.16 + 0.1 * (coast < 300)) * np.exp(-np.maximum(coast - 300, 0) / 1500) * (coast > 0)
    patch = noise(rng, COARSE, longest_m=1500, shortest_m=170, power=1.3)
    slope = terrain.coarse.slope
    height = terrain.coarse.height
    fit = (1 - smoothstep(0.10, 0.30, slope)) * (1 - smoothstep(110, 230, height))
    fit *= 0.62 + 0.38 * smoothstep(0.8, 3.4, terrain.coarse.hand)
    fit *= 0.8 + 0.2 * smoothstep(1.2, 3.0, height)
    wet = terrain.coarse.wet
    fit *= (1 - wet) ** 2
    density = np.maximum(pull * np.exp(0.55 * patch), 0) * fit
    return np.asarray(np.minimum(density / np.quantile(density, 0.998), 1.0))


def _built_up(
    density: Floats, inside: Bools, terrain: Terrain, *, centres: tuple[Centre, ...]
) -> Bools:
    """Return built-up ground on the MID grid: the densest 36 % of the land, without crumbs."""
    fine = resample(ndimage.gaussian_filter(density, 1.2), COARSE, MID)
    land = inside & (terrain.mid.wet < 0.5)
    limit = np.quantile(fine[land], 0.635)
    x, y = MID.mesh()
    for one in centres:
        if one.kind == "bygd":
            near = np.hypot(x - one.x, y - one.y)
            fine = np.where(near < 420.0, fine * (1 + 9 * np.exp(-((near / 300) ** 2))), fine)
    built = land & (fine > limit)
    built = ndimage.binary_opening(built, iterations=2)
    built = ndimage.binary_closing(built, iterations=3) & land
    holes = ~drop_small(~built, cells=150)
    return drop_small(built | (holes & land), cells=300)


def _farmland(rng: np.random.Generator, terrain: Terrain, built: Bools) -> Bools:
    """Return fields on the MID grid: gentle, low ground that nobody has built on."""
    patch = noise(rng, MID, longest_m=900, shortest_m=90, power=1.2)
    gentle = terrain.mid.slope < 0.085
    low = terrain.mid.height < 135 + 25 * patch
    valley = terrain.mid.river_m < 650
    near = terrain.mid.coast_m
    wet = terrain.mid.wet > 0.2
    farm = gentle & low & ~built & ~wet & (near > 120)
    farm &= valley | (patch > -0.35) & (near < 5200) & (patch < 1.6)
    return drop_small(ndimage.binary_opening(farm, iterations=2), cells=40)
