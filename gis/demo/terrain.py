"""Invent the land: coast, fjord, islands, valleys, rivers, lakes and hills as one height model.

Rivers are drawn first with a profile that only falls, and the valleys are carved to
them; brooks and lakes then follow from the drainage of the carved land.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
    drop_small,
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
class Surface:
    """Means of the land over larger cells: metres and slope, and shares of sea, lake and both."""

    height: Floats
    hand: Floats
    river_m: Floats
    coast_m: Floats
    slope: Floats
    sea: Floats
    lake: Floats
    wet: Floats


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

    @cached_property
    def mid(self) -> Surface:
        """Return the land on the MID grid."""
        return self._means(2)

    @cached_property
    def coarse(self) -> Surface:
        """Return the land on the COARSE grid."""
        return self._means(5)

    def _means(self, factor: int) -> Surface:
        metres = (self.height, self.hand, self.river_m, self.coast_m, self.slope)
        lake = self.lake > 0
        shares = (self.sea, lake, self.sea | lake)
        return Surface(*(block_mean(one, factor) for one in (*metres, *shares)))


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
    height = _burn(height, rivers, sea=sea, lake=lake)
    gy, gx = np.gradient(np.where(sea, 0.0, height), 10.0)
    slope = np.maximum(ndimage.uniform_filter(np.hypot(gx, gy), 5), 0.0)
    return Terrain(height, sea, lake, hand, river_m, coast, slope, rivers)


def _km(points: list[tuple[float, float]]) -> Floats:
    south = FINE.north - FINE.rows * FINE.size_m
    return np.asarray(np.array(points) * 1000.0 + np.array([FINE.west, south]))


def _coast(rng: np.random.Generator) -> Floats:
    """Return roughly the signed distance to the coast in metres, land positive."""
    x, y = COARSE.mesh()
    big = noise(rng, COARSE, longest_m=5000, shortest_m=500, power=1.6)
    small = noise(rng, FINE, longest_m=1600, shortest_m=50, power=1.7)
    line = 6_446_200.0 + 0.05 * (x - 166_000.0)
    coast = y - line + 420 * big
    ragged = np.full(x.shape, 170.0)
    for east, north, radius in _BAYS:
        (at,) = _km([(east, north)])
        coast = np.minimum(coast, np.hypot(x - at[0], y - at[1]) - radius * 1000)
    fjord = _fjord(x, y)
    ragged[fjord < 300] = 110.0
    coast = np.minimum(coast, fjord)
    skerries = [
        (rng.uniform(1, 21), rng.uniform(5.8, 8.8), rng.uniform(0.06, 0.24)) for _ in range(26)
    ]
    for east, north, radius in [*_ISLANDS, *skerries]:
        (at,) = _km([(east, north)])
        blob = radius * 1000 - np.hypot((x - at[0]) * 0.8, (y - at[1]) * 1.2)
        ragged[blob > np.maximum(coast, -300.0)] = min(radius * 300, 190)
        coast = np.maximum(coast, blob)
    ragged = ndimage.gaussian_filter(ragged, 3.0)
    return resample(coast, COARSE, FINE) + resample(ragged, COARSE, FINE) * small


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
    base = 36 * (1 - np.exp(-km / 0.8)) + 235 * up
    amplitude = 9 + 15 * smoothstep(0.2, 2.5, km) + 75 * up
    height = base + amplitude * hills + (1.3 + 7.0 * up) * rough
    height = 445.0 - 30.0 * np.logaddexp(0.0, (445.0 - height) / 30.0)
    rise = height * (1 - np.exp(-km / 0.30))
    land = np.maximum(rise, 0.35 + np.minimum(km * 7.5, 6.0) + 0.4 * np.abs(rough))
    depth = np.maximum(coast, -3000.0) * 0.03 - 0.5
    return np.asarray(np.where(coast < 0, depth, land))


def _main_rivers(rng: np.random.Generator, sea: Bools) -> tuple[River, ...]:
    """Return the main river and its two tributaries with falling profiles."""
    main = _course(rng, [*_MAIN, (10.6, 12.2), (11.0, 10.8)])
    wet = np.flatnonzero(FINE.sample(sea, main[:, 0], main[:, 1]))
    main = main[: wet[0] + 1] if len(wet) else main
    stem = River("Fjordelva", _profile(main, top=178.0, mouth=0.2, linear=0.1), 3)
    rivers = [stem]
    for name, points, top in (("Veståa", _WEST, 168.0), ("Øståa", _EAST, 190.0)):
        course = _course(rng, points)
        near = np.hypot(*(course[:, None, :] - stem.line[None, :, :2]).T)
        joins = np.argwhere(near.T < 45.0)
        last, at = joins[0] if len(joins) else (len(course) - 1, int(near.T[-1].argmin()))
        course = np.vstack([course[:last], stem.line[at, :2]])
        line = _profile(course, top=top, mouth=float(stem.line[at, 2]), linear=0.14)
        rivers.append(River(name, line, 2))
    return tuple(rivers)


def _course(rng: np.random.Generator, points: list[tuple[float, float]]) -> Floats:
    """Return a winding line through control points, a vertex every 20 m."""
    jitter = rng.normal(0, 120, (len(points), 2))
    line = smooth_line(along(_km(points) + jitter, every_m=20.0), sigma=45.0)
    bends = ndimage.gaussian_filter1d(rng.standard_normal((2, len(line))), 9.0, axis=1)
    swing = 75.0 * np.linspace(0.4, 1.2, len(line)) * bends / bends.std()
    return smooth_line(along(line + swing.T, every_m=20.0), sigma=1.5)


def _profile(line: Floats, *, top: float, mouth: float, linear: float) -> Floats:
    """Add a third column: a concave profile that falls from ``top`` to ``mouth``."""
    u = np.linspace(1.0, 0.0, len(line))
    rise = linear * u + (1 - linear) * u**2.2
    return np.column_stack([line, mouth + (top - mouth) * rise])


def _carve(height: Floats, rivers: tuple[River, ...], sea: Bools) -> tuple[Floats, Floats, Floats]:
    """Lower the land to the valleys; return height, height above river, distance to river."""
    points = np.vstack([along(river.line, every_m=8.0) for river in rivers])
    wide = np.concatenate(
        [
            np.linspace(50.0, 235.0 if r.width == 3 else 130.0, len(along(r.line, every_m=8.0)))
            for r in rivers
        ]
    )
    row, col = MID.cell(points[:, 0], points[:, 1])
    level = np.full((MID.rows, MID.cols), np.inf)
    np.minimum.at(level, (row, col), points[:, 2])
    floor = np.zeros_like(level)
    np.maximum.at(floor, (row, col), wide)
    away, (i, j) = ndimage.distance_transform_edt(np.isinf(level), return_indices=True)
    away_m = resample(away * MID.size_m, MID, FINE)
    soft = ndimage.gaussian_filter(np.stack([level[i, j], floor[i, j]]), (0, 4, 4))
    z, w = (resample(one, MID, FINE) for one in soft)
    side = 0.09 + 0.10 * smoothstep(10.0, 150.0, z)
    valley = z + 0.5 + 2.4 * np.minimum(away_m / w, 1.0) ** 1.6
    valley += side * np.maximum(away_m - w, 0.0)
    carved = valley - 7.0 * np.logaddexp(0.0, (valley - height) / 7.0)
    bank = z + 0.4 + 0.0042 * away_m - 0.06 * np.maximum(away_m - 350.0, 0.0)
    carved = np.maximum(carved, bank)
    carved = np.where(sea, height, carved)
    return carved, carved - z, away_m


def _drain(
    height: Floats, rivers: tuple[River, ...], sea: Bools
) -> tuple[Floats, Ints, tuple[Brook, ...]]:
    """Fill hollows to lakes, and trace the brooks that the land sheds."""
    wet = np.zeros((COARSE.rows, COARSE.cols), dtype=bool)
    for river in rivers:
        points = along(river.line, every_m=20.0)
        wet[COARSE.cell(points[:, 0], points[:, 1])] = True
    outlet = wet | (block_mean(sea, 5) > 0.5)
    flow = drain(block_mean(height, 5), outlet)
    labels, count = ndimage.label(flow.filled - flow.height > 1.2)
    size = np.bincount(labels.ravel(), minlength=count + 1)
    size[0] = 0
    boxes = ndimage.find_objects(labels)
    height, lake = height.copy(), np.zeros(height.shape, dtype=np.int64)
    for number, label in enumerate(np.argsort(-size, kind="stable")[:15].tolist(), start=1):
        if size[label] < 14:
            break
        cells = np.pad(labels[boxes[label - 1]] == label, 3)
        spots = flow.filled[labels == label].min(), np.median(flow.height[labels == label])
        box = tuple(
            slice(max(one.start - 3, 0) * 5, (one.stop + 3) * 5) for one in boxes[label - 1]
        )
        _flood_hollow(
            height, lake, sea, box=box, cells=cells, level=float(min(spots)), number=number
        )
    return height, lake, trace_brooks(flow, outlet, cells=190)


def _flood_hollow(
    height: Floats,
    lake: Ints,
    sea: Bools,
    *,
    box: tuple[slice, ...],
    cells: Bools,
    level: float,
    number: int,
) -> None:
    """Fill the own copy of the land in a box up to a level, where coarse cells allow it."""
    near = np.kron(ndimage.binary_dilation(cells, iterations=2), np.ones((5, 5), dtype=bool))
    window = height[box]
    near = near[-window.shape[0] :, -window.shape[1] :] if box[0].start == 0 else near
    near = near[: window.shape[0], : window.shape[1]]
    smooth = ndimage.gaussian_filter(window, 9.0)
    flooded = drop_small(near & (smooth < level) & ~sea[box], cells=300)
    lake[box][flooded] = number
    window[flooded] = level


def _beds(height: Floats, rivers: tuple[River, ...]) -> Floats:
    """Return the bed of every watercourse on the FINE grid, infinite elsewhere.

    Each bed falls along its course; where courses meet the lower one counts, until
    none changes any more.
    """
    courses = []
    for river in rivers:
        points = along(river.line, every_m=1.5)
        cells = FINE.cell(points[:, 0], points[:, 1])
        level = points[:, 2]
        if river.width == 1:
            level = np.minimum(height[cells], level + 6.0)
        courses.append((points, cells, np.maximum(level, 0.25)))
    bed = np.full(height.shape, np.inf)
    for _ in range(20):
        before = bed.copy()
        for _, cells, level in courses:
            np.minimum.at(bed, cells, np.minimum.accumulate(np.minimum(level, bed[cells])))
        if np.array_equal(before, bed):
            break
    # A course that only nicks the corner of a cell must not find a bank there.
    nicked = np.full(height.shape, np.inf)
    for points, cells, _ in courses:
        for dx, dy in ((-1.5, 0.0), (1.5, 0.0), (0.0, -1.5), (0.0, 1.5)):
            beside = FINE.cell(points[:, 0] + dx, points[:, 1] + dy)
            np.minimum.at(nicked, beside, bed[cells])
    return np.where(np.isinf(bed), nicked, bed)


def _burn(height: Floats, rivers: tuple[River, ...], *, sea: Bools, lake: Ints) -> Floats:
    """Lower the land along every watercourse to its bed, with soft banks."""
    bed = _beds(height, rivers)
    ring, low = bed, height
    for bank in (0.9, 2.2, 4.0):
        ring = np.minimum(ring, ndimage.minimum_filter(ring, 3) + bank)
        low = np.minimum(low, np.maximum(ring, 0.25))
    low = np.where(lake > 0, height, low)
    low = np.where(np.isfinite(bed), bed, low)
    return np.asarray(np.where(sea, height, low))
