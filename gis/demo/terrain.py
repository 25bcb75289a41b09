"""Invent the land: coast, fjord, islands, valleys, rivers, lakes and hills as one height model.

Rivers are drawn first with a profile that only falls, and the valleys are carved to
them; brooks and lakes then follow from the drainage of the carved land.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from gis.demo.drainage import Brook, drain, trace_brooks
from gis.demo.grid import (
    COARSE,
    FINE,
    MID,
    along,
    block_mean,
    noise,
    resample,
    smooth_line,
    smoothstep,
)

if TYPE_CHECKING:
    from gis.demo.grid import Bools, Floats, Ints

# Kilometres east and north of the raster's south-west corner.
_MAIN = [(13.6, 23.9), (13.1, 21.5), (11.9, 19.2), (12.3, 17.0), (10.9, 15.2), (10.4, 13.4)]
_WEST = [(3.4, 20.2), (4.4, 18.3), (6.6, 17.2), (8.2, 16.6), (9.6, 15.9), (11.0, 15.4)]
_EAST = [(19.3, 19.0), (18.0, 17.3), (16.2, 16.6), (14.6, 15.2), (12.9, 14.9), (11.0, 14.4)]
_FJORD = [(11.9, 4.0), (11.6, 7.5), (11.2, 9.8), (10.6, 11.6), (10.0, 13.0)]
_FJORD_HALF_M = [1500.0, 1000.0, 620.0, 430.0, 170.0]
_ISLANDS = [(9.1, 7.4, 0.75), (14.3, 7.3, 0.95), (5.6, 6.9, 0.55), (17.6, 7.6, 0.6)]
_BAYS = [(4.6, 9.2, 0.9), (17.0, 9.5, 1.0), (14.4, 9.0, 0.5)]


@dataclass(frozen=True)
class River:
    """A watercourse from source to mouth: name, (n, 3) vertices, N50 width class."""

    name: str
    line: Floats
    width: int


@dataclass(frozen=True)
class Terrain:
    """The land on the fine grid.

    height in metres (sea below 0), sea and lake masks (lake holds its number),
    hand the height above the nearest main river, river_m and coast_m distances.
    """

    height: Floats
    sea: Bools
    lake: Ints
    hand: Floats
    river_m: Floats
    coast_m: Floats
    slope: Floats
    rivers: tuple[River, ...]


def build_terrain(rng: np.random.Generator) -> Terrain:
    """Invent the land from a random generator."""
    coast = _coast(rng)
    sea = _open_sea(coast)
    coast = np.where(sea, np.minimum(coast, -1.0), np.maximum(coast, 2.0))
    height = _relief(rng, coast)
    mains = _main_rivers(rng, sea)
    height, hand, river_m = _carve(height, mains, sea)
    height = np.where(sea, height, np.maximum(height, 0.25))
    height, lake, brooks = _drain(height, mains, sea)
    rivers = (*mains, *(River(b.name, b.line, 1) for b in brooks))
    height = _burn(height, rivers, sea)
    gy, gx = np.gradient(np.where(sea, 0.0, height), 10.0)
    slope = ndimage.uniform_filter(np.hypot(gx, gy), 5)
    return Terrain(height, sea, lake, hand, river_m, coast, slope, rivers)


def _km(points: list[tuple[float, float]]) -> Floats:
    south = FINE.north - FINE.rows * FINE.size_m
    return np.array(points) * 1000.0 + np.array([FINE.west, south])


def _coast(rng: np.random.Generator) -> Floats:
    """Return roughly the signed distance to the coast in metres, land positive."""
    x, y = FINE.mesh()
    big = resample(
        noise(rng, COARSE, longest_m=5000, shortest_m=500, power=1.6), COARSE, FINE, order=3
    )
    small = noise(rng, FINE, longest_m=1600, shortest_m=50, power=1.7)
    line = 6_446_200.0 + 0.05 * (x - 166_000.0)
    coast = y - line + 420 * big + 170 * small
    for east, north, radius in _BAYS:
        (at,) = _km([(east, north)])
        coast = np.minimum(coast, np.hypot(x - at[0], y - at[1]) - radius * 1000 + 160 * small)
    coast = np.minimum(coast, _fjord(x, y) + 70 * small)
    skerries = [
        (rng.uniform(1, 21), rng.uniform(5.8, 8.8), rng.uniform(0.05, 0.22)) for _ in range(26)
    ]
    for east, north, radius in [*_ISLANDS, *skerries]:
        (at,) = _km([(east, north)])
        wobble = min(radius * 300, 190) * small
        blob = radius * 1000 - np.hypot((x - at[0]) * 0.8, (y - at[1]) * 1.2) + wobble
        coast = np.maximum(coast, blob)
    return np.asarray(coast)


def _fjord(x: Floats, y: Floats) -> Floats:
    line = along(
        np.column_stack([_km(_FJORD), np.array(_FJORD_HALF_M)]),
        every_m=250.0,
    )
    line = smooth_line(line, sigma=3.0)
    best = np.full(x.shape, np.inf)
    for east, north, half in line:
        np.minimum(best, np.hypot(x - east, y - north) - half, out=best)
    return best


def _open_sea(coast: Floats) -> Bools:
    labels, _ = ndimage.label(coast < 0)
    edge = np.unique(labels[-1])
    return np.asarray(np.isin(labels, edge[edge > 0]))


def _relief(rng: np.random.Generator, coast: Floats) -> Floats:
    """Return heights before the rivers: a low coast, farm country, then forested hills."""
    hills = resample(
        noise(rng, COARSE, longest_m=3200, shortest_m=260, power=2.1), COARSE, FINE, order=3
    )
    rough = noise(rng, FINE, longest_m=700, shortest_m=35, power=1.9)
    km = np.maximum(coast, 0.0) / 1000.0
    up = smoothstep(3.2, 10.5, km)
    base = 30 * (1 - np.exp(-km / 0.8)) + 235 * up
    amplitude = 11 + 16 * smoothstep(0.2, 2.5, km) + 75 * up
    height = base + amplitude * hills + (1.3 + 7.0 * up) * rough
    height = 430.0 - np.logaddexp(0.0, (430.0 - height) / 30.0) * 30.0 + (height > 430) * 0.0
    height = 430.0 - np.abs(430.0 - height) if False else height
    rise = height * (1 - np.exp(-km / 0.22))
    land = np.maximum(rise, 0.35 + np.minimum(km * 11.0, 6.0) + 0.4 * np.abs(rough))
    depth = np.maximum(coast, -3000.0) * 0.03 - 0.5
    return np.asarray(np.where(coast < 0, depth, land))
