"""Invent what the land-use analyses need: ages, a projection, shops, earlier settlements."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from gis.demo.cover import KINDS
from gis.demo.deliver_addresses import unit_numbers
from gis.demo.deliver_base import STATUS
from gis.demo.files import (
    Entry,
    Table,
    csv_bytes,
    feature_collection,
    json_bytes,
    write_gpkg,
)
from gis.demo.grid import COARSE, MID, drop_small, polygons, resample
from gis.demo.nature import sites

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.demo.grid import Bools, Floats, Ints
    from gis.demo.world import World

# This part's own stream of the seed.
_STREAM = 51
_STEP = 5
_OLDEST = 90
_LABELS = (
    *(f"{a}-{a + _STEP - 1}" for a in range(0, _OLDEST, _STEP)),
    f"{_OLDEST}+",
)
_PROJECTED = (2030, 2040)
# Year and the share of the land that is not built up in it; today it is 63.5 %.
_EARLIER = ((2006, 0.70), (2016, 0.665))
_GROWTH = 0.011
# Classes of the land cover, and the slope under which new town was built on fields.
_WOOD, _FIELD, _BOG, _BUILT = 3, 4, 5, 7
_FIELD_SLOPE = 0.07
_FIRST_YEAR = 2000


def write_land(world: World, data: Path) -> list[Entry]:
    """Write ages, projection, residents by year, shops and earlier settlements."""
    rng = np.random.default_rng([world.seed, _STREAM])
    counts = _ages(rng, world)
    return [
        *_tables(world, data, counts),
        _history(world, data),
        _shops(rng, world, data),
        *_earlier(world, data),
        Entry(
            "farmland",
            "data/Basisdata_9801_Fjordvik_25833_N50Kartdata_FGDB.zip",
            STATUS,
            "n50_arealdekke_omrade",
        ),
    ]


def _ages(rng: np.random.Generator, world: World) -> Ints:
    """Return residents by unit and five-year group: families outside, old and young in centres."""
    people = world.people
    unit = MID.sample(people.unit, people.x, people.y)
    count = len(people.unit_names)
    total = np.bincount(unit, weights=people.residents, minlength=count + 1)[1:].astype(np.int64)
    dense = np.bincount(
        unit,
        weights=people.residents * COARSE.sample(world.town.density, people.x, people.y),
        minlength=count + 1,
    )[1:] / np.maximum(total, 1)
    middle = np.array([2.5 + _STEP * i for i in range(len(_LABELS))])
    families = 1.15 - dense[:, None] + 0.3 * rng.standard_normal((count, 1))
    old = np.exp(0.45 * rng.standard_normal((count, 1)))
    profile = 1.0 + 0.5 * families * np.exp(-(((middle - 10) / 9) ** 2))
    profile += 0.45 * np.exp(-(((middle - 43) / 13) ** 2))
    profile += (1.1 - families) * 0.5 * np.exp(-(((middle - 27) / 7) ** 2))
    profile = np.maximum(profile, 0.2) / (1 + np.exp((middle - 77) / 6.5))
    profile *= np.where(middle > 62, old, 1.0)
    profile /= profile.sum(axis=1, keepdims=True)
    return np.array([rng.multinomial(n, p) for n, p in zip(total, profile, strict=True)])


def _tables(world: World, data: Path, counts: Ints) -> list[Entry]:
    """Write residents by unit and age, and the projection of the same."""
    numbers = unit_numbers(world)
    now = [
        (number, label, n)
        for number, row in zip(numbers, counts.tolist(), strict=True)
        for label, n in zip(_LABELS, row, strict=True)
    ]
    header = ("grunnkretsnummer", "aldersgruppe", "antallPersoner")
    (data / "befolkning_grunnkrets_alder_2026.csv").write_bytes(
        csv_bytes(header, now, bom=True, newline="\n")
    )
    later = []
    for year in _PROJECTED:
        moved = _aged(counts.astype(np.float64), years=year - STATUS.year)
        for number, row in zip(numbers, moved.tolist(), strict=True):
            later += [(number, a, year, f"{n:.1f}") for a, n in zip(_LABELS, row, strict=True)]
    columns = (*header[:2], "aar", header[2])
    (data / "framskriving_grunnkrets.csv").write_bytes(
        csv_bytes(columns, later, bom=True, newline="\n")
    )
    return [
        Entry("age_groups", "data/befolkning_grunnkrets_alder_2026.csv", STATUS),
        Entry("population_projection", "data/framskriving_grunnkrets.csv", STATUS),
    ]


def _aged(counts: Floats, *, years: int) -> Floats:
    """Age every group by so many years, with births, moves and deaths that the young make up."""
    moved = counts
    middle = np.array([2.5 + _STEP * i for i in range(len(_LABELS))])
    stay = 1.04 - 0.42 / (1 + np.exp((83 - middle) / 5))
    for _ in range(max(years // _STEP, 1)):
        aged = np.zeros_like(moved)
        aged[:, 1:] = (moved * stay)[:, :-1]
        aged[:, -1] += (moved * stay)[:, -1] * 0.4
        aged[:, 0] = 0.94 * moved[:, 5:8].sum(axis=1) / 3
        moved = aged
    return moved


def _history(world: World, data: Path) -> Entry:
    """Write residents of the municipality by year, up to the grid's own total."""
    total = int(world.people.residents.sum())
    rows = [
        ("9801", year, round(total / (1 + _GROWTH) ** (STATUS.year - year)))
        for year in range(_FIRST_YEAR, STATUS.year + 1)
    ]
    (data / "folketall_9801.csv").write_bytes(
        csv_bytes(("kommunenummer", "aar", "innbyggere"), rows, bom=False, newline="\n")
    )
    return Entry("population_history", "data/folketall_9801.csv", STATUS)


def _shops(rng: np.random.Generator, world: World, data: Path) -> Entry:
    """Write grocery shops where people live, most of them in the centres."""
    town, people = world.town, world.people
    dry = (world.terrain.coarse.wet == 0) * town.inside_coarse
    places = sites(rng, town.density**1.3 * dry, count=38, apart_m=480.0)
    shapes, values = [], []
    for k, (x, y) in enumerate(places, start=1):
        unit = people.unit_names[max(int(MID.sample(people.unit, x, y)) - 1, 0)]
        shapes.append(shapely.Point(x, y))
        values.append({"navn": f"{unit} dagligvare", "type": "supermarket", "nr": k})
    (data / "dagligvare.geojson").write_bytes(json_bytes(feature_collection(shapes, values)))
    return Entry("groceries", "data/dagligvare.geojson", dt.date(2026, 3, 1))


def _earlier(world: World, data: Path) -> list[Entry]:
    """Write the settlements of earlier years, the denser part of today's, and the land then."""
    fine = resample(ndimage.gaussian_filter(world.town.density, 1.2), COARSE, MID)
    land = world.town.inside & (world.terrain.mid.wet < 0.5)
    names = {int(a.number[-1]): (a.number, a.name) for a in world.cover.urban}
    labels = {y: _settled(world, fine > np.quantile(fine[land], share)) for y, share in _EARLIER}
    shapes, years, found = [], [], []
    for year, label in labels.items():
        geometry, codes = polygons(label, MID)
        shapes += list(geometry)
        years += [year] * len(codes)
        found += [names[int(code)] for code in codes]
    table = Table(
        "tettsted_tidligere",
        shapes,
        {
            "tettstednummer": [number for number, _ in found],
            "tettstednavn": [name for _, name in found],
            "aar": years,
        },
    )
    first = min(labels)
    cover = _cover(world, labels[first] > 0)
    write_gpkg(data / "tettsteder_tidligere.gpkg", [table, cover])
    file, then = "data/tettsteder_tidligere.gpkg", dt.date(first, 1, 1)
    return [
        Entry("built_up_earlier", file, then, table.name),
        Entry("land_cover_earlier", file, then, cover.name),
    ]


def _cover(world: World, built: Bools) -> Table:
    """Return forest, fields and bog around what was built since: fields on the gentle ground."""
    now = world.cover.classes
    grown = (now == _BUILT) & ~built
    gentle = world.terrain.mid.slope < _FIELD_SLOPE
    then = np.where(grown, np.where(gentle, _FIELD, _WOOD), now)
    near = ndimage.uniform_filter(grown.astype(np.float32), 9) > 0
    then[~np.isin(then, (_WOOD, _FIELD, _BOG)) | ~near] = 0
    shapes, codes = polygons(then, MID, simplify_m=15.0)
    return Table("arealdekke_tidligere", list(shapes), {"objtype": [KINDS[c - 1] for c in codes]})


def _settled(world: World, dense: Bools) -> NDArray[np.int64]:
    """Return the number of today's settlement where it was dense enough, 0 elsewhere."""
    was = ndimage.binary_closing(ndimage.binary_opening(dense, iterations=2), iterations=3)
    was = drop_small(was & (world.cover.urban_label > 0), cells=150)
    return np.where(was, world.cover.urban_label, 0).astype(np.int64)
