"""Derive the hazard zones from the height model: flood, storm surge, quick clay, landslide.

All levels are invented. Zones of one kind come from one coverage of bands, so that a
rarer event always holds the more frequent one exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rasterio.features import rasterize
from scipy import ndimage

from gis.demo.grid import (
    COARSE,
    FINE,
    MID,
    coverage,
    drop_small,
    multi,
    noise,
    polygons,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.demo.grid import Bools, Floats, Ints
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.terrain import Terrain

# Metres above the river at the nearest point, by code of the publisher (2100 = 200 years, 2100).
FLOOD_LEVELS_M = {20: 1.25, 200: 1.95, 1000: 2.35, 2100: 2.65}
# Metres above mean sea level (invented).
SURGE_LEVELS_M = {
    "stormflo20ar_klimaarna": 1.3,
    "stormflo200ar_klimaarna": 1.7,
    "stormflo1000ar_klimaarna": 1.95,
    "stormflo200ar_klimaar2100": 2.4,
}
_RISK_FROM = (160.0, 630.0, 1900.0, 3200.0)


@dataclass(frozen=True)
class FloodZone:
    """A flood zone: publisher's interval code, low-lying flag, river system, geometry."""

    interval: int
    low: int
    geometry: Any


@dataclass(frozen=True)
class ClayZone:
    """A quick-clay zone: release and run-out (None for old zones), scores and classes."""

    number: int
    name: str
    release: Any
    runout: Any
    hazard_score: int
    consequence_score: int
    risk: int


@dataclass(frozen=True)
class Hazards:
    """All hazard zones and the extent within which floods were mapped."""

    flood: tuple[FloodZone, ...]
    flood_mapped: tuple[tuple[str, Any], ...]
    surge: dict[str, Any]
    clay: tuple[ClayZone, ...]
    landslide: NDArray[np.object_]


def build_hazards(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, people: People
) -> Hazards:
    """Derive all hazard zones."""
    inside = town.inside_fine
    mapped = _mapped(terrain)
    return Hazards(
        _flood(terrain, inside, mapped),
        mapped,
        _surge(terrain, inside),
        _quick_clay(rng, terrain, town, people=people),
        _landslide(terrain, town),
    )


def nested(bands: Ints, *, simplify_m: float) -> dict[int, Any]:
    """Return for each band code the union of it and all lower codes (exactly nested)."""
    parts, codes = coverage(bands, FINE, simplify_m=simplify_m)
    return {
        int(code): multi(shapely.coverage_union_all(parts[codes <= code]))
        for code in np.unique(codes)
    }


def _mapped(terrain: Terrain) -> tuple[tuple[str, Any], ...]:
    """Return the stretches of river that were mapped: name and extent."""
    result = []
    for river, share, half_m in (
        (terrain.rivers[0], 0.52, 620.0),
        (terrain.rivers[1], 0.38, 480.0),
    ):
        line = river.line[int(len(river.line) * (1 - share)) :, :2]
        extent = shapely.LineString(line[::12]).buffer(half_m, quad_segs=6, cap_style="flat")
        result.append((river.name, multi(shapely.simplify(extent, 5.0))))
    return tuple(result)


def _flood(
    terrain: Terrain, inside: Bools, mapped: tuple[tuple[str, Any], ...]
) -> tuple[FloodZone, ...]:
    shape = (FINE.rows, FINE.cols)
    extent = rasterize([one for _, one in mapped], out_shape=shape, transform=FINE.transform)
    ground = (extent > 0) & inside & ~terrain.sea & (terrain.lake == 0)
    height = ndimage.gaussian_filter(np.where(ground, terrain.hand, 9.0), 1.0)
    widest = ground & (height < max(FLOOD_LEVELS_M.values()))
    widest = drop_small(ndimage.binary_opening(widest), cells=25)
    labels, _ = ndimage.label(widest)
    wet = np.unique(labels[terrain.river_m < 25.0])
    zones: list[FloodZone] = []
    for low in (0, 1):
        part = widest & (np.isin(labels, wet) == (low == 0))
        bands = np.zeros(shape, dtype=np.int64)
        for band, level in reversed(list(enumerate(FLOOD_LEVELS_M.values(), start=1))):
            bands[part & (height < level)] = band
        unions = nested(bands, simplify_m=9.0)
        codes = list(FLOOD_LEVELS_M)
        zones += [FloodZone(codes[band - 1], low, area) for band, area in unions.items()]
    return tuple(zones)


def _surge(terrain: Terrain, inside: Bools) -> dict[str, Any]:
    """Return for each layer the land below its level that the sea reaches."""
    height = ndimage.gaussian_filter(np.where(terrain.sea, -0.5, terrain.height), 1.2)
    bands = np.zeros(height.shape, dtype=np.int64)
    for band, level in reversed(list(enumerate(SURGE_LEVELS_M.values(), start=1))):
        labels, _ = ndimage.label((height < level) | terrain.sea)
        reached = labels == labels[-1, 0]
        bands[reached & ~terrain.sea & inside] = band
    keep = drop_small(bands > 0, cells=8)
    unions = nested(np.where(keep, bands, 0), simplify_m=9.0)
    return {name: unions[k] for k, name in enumerate(SURGE_LEVELS_M, start=1)}


def _clay_sites(rng: np.random.Generator, terrain: Terrain, town: Settlement) -> Ints:
    """Return flat coarse cells for zones: gentle slopes of low valleys, well apart."""
    height = terrain.coarse.height
    slope = terrain.coarse.slope
    near = np.minimum(terrain.coarse.river_m / 1300, terrain.coarse.coast_m / 1600)
    inside = town.inside_coarse
    fit = inside & (height > 5) & (height < 115) & (slope > 0.025) & (slope < 0.16) & (near < 1)
    dry = terrain.coarse.lake == 0
    weight = (fit & dry) * (1.0 - 0.45 * town.density**0.5)
    tries = rng.choice(weight.size, size=700, p=(weight / weight.sum()).ravel())
    chosen: list[int] = []
    for cell in tries.tolist():
        row, col = divmod(cell, COARSE.cols)
        if all(np.hypot(row - o // COARSE.cols, col - o % COARSE.cols) > 13 for o in chosen):
            chosen.append(cell)
        if len(chosen) == 40:
            break
    return np.array(chosen, dtype=np.int64)


def _quick_clay(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, people: People
) -> tuple[ClayZone, ...]:
    """Return the zones with release area, run-out downhill, scores and classes."""
    sites = _clay_sites(rng, terrain, town)
    row, col = np.divmod(sites, COARSE.cols)
    x, y = COARSE.centre(row, col)
    radius = rng.uniform(140.0, 330.0, len(sites))
    gy, gx = np.gradient(ndimage.gaussian_filter(terrain.coarse.height, 3.0))
    down = np.column_stack([-gx[row, col], gy[row, col]])
    down /= np.maximum(np.hypot(*down.T), 1e-9)[:, None]
    ragged = noise(rng, MID, longest_m=700, shortest_m=70, power=1.4)
    land = (terrain.mid.wet < 0.5) & town.inside
    land &= terrain.mid.height < 150
    release = _blobs(x, y, radius, ragged=ragged, ground=land)
    runout = _blobs(
        x + down[:, 0] * radius * 0.95,
        y + down[:, 1] * radius * 0.95,
        radius * 0.72,
        ragged=ragged,
        ground=land & (release == 0),
    )
    areas = dict(zip(*polygons(release, MID, simplify_m=14.0)[::-1], strict=True))
    tails = dict(zip(*polygons(runout, MID, simplify_m=14.0)[::-1], strict=True))
    residents = np.bincount(
        MID.sample(release, people.x, people.y), weights=people.residents, minlength=60
    )
    unit = MID.sample(people.unit, x, y)
    zones = []
    for k in range(len(sites)):
        if k + 1 not in areas:
            continue
        old = rng.random() < 0.16
        name = people.unit_names[max(int(unit[k]) - 1, 0)]
        hazard = int(np.clip(rng.normal(15, 7), 2, 51))
        harm = int(np.clip(3 + 6.5 * np.log10(1 + residents[k + 1]) + rng.normal(0, 3), 0, 45))
        tail = None if old else tails.get(k + 1)
        zones.append(
            ClayZone(1001 + k, name, areas[k + 1], tail, hazard, harm, _risk(hazard, harm))
        )
    return tuple(zones)


def _risk(hazard: int, harm: int) -> int:
    """Return the risk class 1 to 5 of two scores, from the product of their percentages."""
    product = (hazard / 51 * 100) * (harm / 45 * 100)
    return 1 + sum(product > limit for limit in _RISK_FROM)


def _blobs(x: Floats, y: Floats, radius: Floats, *, ragged: Floats, ground: Bools) -> Ints:
    """Return ragged discs as labels 1.. on the MID grid, each in one piece."""
    labels = np.zeros(ground.shape, dtype=np.int64)
    reach = int(radius.max() * 1.7 / MID.size_m)
    row, col = MID.cell(x, y)
    for k in range(len(x)):
        box = (slice(max(int(row[k]) - reach, 0), int(row[k]) + reach + 1),
               slice(max(int(col[k]) - reach, 0), int(col[k]) + reach + 1))  # fmt: skip
        away = np.hypot(MID.x[box[1]][None, :] - x[k], MID.y[box[0]][:, None] - y[k])
        disc = (1 - away / radius[k] + 0.32 * ragged[box] > 0) & ground[box] & (labels[box] == 0)
        parts, count = ndimage.label(disc)
        if count:
            largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
            if np.count_nonzero(largest) > 12:
                labels[box][largest] = k + 1
    return labels


def _landslide(terrain: Terrain, town: Settlement) -> NDArray[np.object_]:
    """Return caution areas: steep ground and what lies just below it."""
    slope = terrain.mid.slope
    steep = (slope > 0.36) & town.inside
    wide = ndimage.binary_dilation(steep, iterations=3) & (slope > 0.16)
    area = drop_small(ndimage.binary_closing(wide) & town.inside, cells=30)
    area &= terrain.mid.wet < 0.5
    geometries, _ = polygons(area.astype(np.int64), MID, simplify_m=14.0)
    return np.asarray(shapely.get_parts(geometries))
