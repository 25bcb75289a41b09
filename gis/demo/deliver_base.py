"""Write the base data: borders, units, topographic map, names, terrain, grids, addresses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import rasterio
import shapely

from gis.demo import names
from gis.demo.cycleways import TYPEVEG, cycle_ways
from gis.demo.deliver_addresses import SPACE, STEM, local_id, unit_numbers, write_addresses
from gis.demo.files import (
    Entry,
    Table,
    csv_bytes,
    feature_collection,
    json_bytes,
    write_gdb_zip,
    write_zip,
)
from gis.demo.grid import EPSG, FINE
from gis.demo.streets import COLLECTOR, E_ROAD, FARM, MAIN, PATH, STREET, TRACK

if TYPE_CHECKING:
    from gis.demo.world import World

STATUS = dt.date(2026, 1, 1)
_VEGKATEGORI = {
    E_ROAD: "E",
    MAIN: "F",
    COLLECTOR: "K",
    STREET: "K",
    FARM: "P",
    TRACK: "S",
    PATH: None,
}
_TYPEVEG = {TRACK: "traktorveg", PATH: "sti"}


def write_base(world: World, data: Path, rng: np.random.Generator) -> list[Entry]:
    """Write all base data and return their workspace entries."""
    return [
        *_borders(world, data),
        *_topography(world, data),
        _place_names(world, data),
        _terrain(world, data),
        *_grids(world, data),
        write_addresses(world, data, rng),
        _urban(world, data),
    ]


def _identity(kind: str, number: str) -> dict[str, Any]:
    return {
        "objtype": kind,
        "identifikasjon.Identifikasjon.lokalId": local_id(kind, number),
        "identifikasjon.Identifikasjon.navnerom": SPACE,
        "identifikasjon.Identifikasjon.versjonId": "1",
        "oppdateringsdato": "2026-01-01T00:00:00",
        "gyldigFra": "2026-01-01",
        "opphav": "Oppdiktet",
    }


def _borders(world: World, data: Path) -> list[Entry]:
    """Write the municipality and its statistical units as Geonorge's GeoJSON."""
    name = f"{names.MUNICIPALITY} (oppdiktet kommune)"
    municipality = _identity("Kommune", names.MUNICIPALITY_NUMBER) | {
        "kommunenummer": names.MUNICIPALITY_NUMBER,
        "kommunenavn": name,
        "administrativenhetnavn": [{"navn": name, "rekkefolge": 1, "sprak": "nor"}],
        "samiskforvaltningsomrade": False,
    }
    numbers = unit_numbers(world)
    units = [
        _identity("Grunnkrets", number)
        | {"kommunenummer": "9801", "grunnkretsnummer": number, "grunnkretsnavn": title}
        for number, title in zip(numbers, world.people.unit_names, strict=True)
    ]
    result = []
    for layer_id, product, root, shapes, values in (
        ("municipality", "Kommuner", "Kommune", [world.cover.municipality], [municipality]),
        (
            "basic_statistical_units",
            "StatistiskeEnheterGrunnkretser",
            "Grunnkrets",
            world.cover.units,
            units,
        ),
    ):
        stem = f"{STEM}_{product}"
        content = json_bytes({root: feature_collection(shapes, values)})
        write_zip(data / f"{stem}_GeoJSON.zip", {f"{stem}_{root}_GeoJSON.geojson": content})
        result.append(Entry(layer_id, f"data/{stem}_GeoJSON.zip", STATUS))
    return result


def _topography(world: World, data: Path) -> list[Entry]:
    """Write land cover, watercourses, roads and railways as one file geodatabase."""
    stem = f"{STEM}_N50Kartdata_FGDB"
    cover, rivers = world.cover, world.terrain.rivers
    count = len(cover.polygons)
    areas = Table(
        "n50_arealdekke_omrade",
        cover.polygons,
        {
            "objtype": cover.kinds,
            "lokalid": [local_id("omrade", k) for k in range(count)],
            "navnerom": [SPACE] * count,
            "kommunenummer": ["9801"] * count,
        },
    )
    water = Table(
        "n50_arealdekke_senterlinje",
        [shapely.LineString(np.round(river.line[:, :2], 2)) for river in rivers],
        {
            "objtype": ["ElvBekk"] * len(rivers),
            "vannbredde": [river.width for river in rivers],
            "navn": [river.name for river in rivers],
        },
    )
    write_gdb_zip(data / f"{stem}.zip", [areas, water, _ways(world)], folder=f"{stem}.gdb")
    path = f"data/{stem}.zip"
    layer = {"rivers": water.name, "roads_paths": _WAYS, "railways": _WAYS}
    ids = ("sea", "lakes", "rivers", "forest", "roads_paths", "railways")
    return [Entry(one, path, STATUS, layer.get(one, areas.name)) for one in ids]


_WAYS = "n50_samferdsel_senterlinje"


def _ways(world: World) -> Table:
    """Return roads, paths and railways as one layer of lines."""
    streets = world.streets
    kinds = streets.kind.tolist()
    lines: list[Any] = list(shapely.linestrings(streets.curve))
    medium: list[str | None] = [one or None for one in streets.medium]
    number = {E_ROAD: 98, MAIN: 9801}
    rails = _tracks(world)
    lines += [line for line, _, _ in rails]
    ways = cycle_ways(streets, world.town)
    columns: dict[str, Any] = {
        "objtype": ["Veglenke"] * len(kinds) + ["Bane"] * len(rails),
        "typeveg": [_TYPEVEG.get(k, "enkelBilveg") for k in kinds] + [None] * len(rails),
        "medium": medium + [way for _, way, _ in rails],
        "vegkategori": [_VEGKATEGORI[k] for k in kinds] + [None] * len(rails),
        "vegnummer": [number.get(k) for k in kinds] + [None] * len(rails),
        "gatenavn": [
            streets.names[s] if k < TRACK else None
            for s, k in zip(streets.street.tolist(), kinds, strict=True)
        ]
        + [None] * len(rails),
        "jernbanetype": [None] * len(kinds) + [kind for _, _, kind in rails],
    }
    lines += ways
    for name, values in columns.items():
        own = {"objtype": "Veglenke", "typeveg": TYPEVEG, "vegkategori": "F"}.get(name)
        columns[name] = [*values, *[own] * len(ways)]
    columns["vegnummer"] = pd.array(columns["vegnummer"], dtype="Int32")
    return Table(_WAYS, lines, columns)


def _tracks(world: World) -> list[tuple[Any, str | None, str]]:
    """Return stretches of railway and metro with medium (L over water, U under ground) and kind."""
    wet = world.terrain.sea | (world.terrain.lake > 0) | (world.terrain.river_m < 13)
    result: list[tuple[Any, str | None, str]] = []
    for line, kind in ((world.town.rail, "jernbane"), (world.town.metro, "tbane")):
        height = FINE.sample(world.terrain.height, line[:, 0], line[:, 1])
        level = np.convolve(np.pad(height, 20, mode="edge"), np.ones(41) / 41, mode="valid")
        for start in range(0, len(line) - 1, 6):
            part = line[start : start + 7]
            if len(part) < 2:
                continue
            over = bool(FINE.sample(wet, part[:, 0], part[:, 1]).any())
            deep = float((height - level)[start : start + 7].mean()) > 9.0
            medium = "L" if over else "U" if deep else None
            result.append((shapely.LineString(np.round(part, 2)), medium, kind))
    return result


def _place_names(world: World, data: Path) -> Entry:
    stem = f"{STEM}_Stedsnavn"
    found = world.places.names
    values = [
        _identity("Sted", str(k))
        | {
            "stedsnummer": 980100 + k,
            "navneobjekttype": one.kind,
            "stedsnavn": one.name,
            "sprak": "norsk",
            "navnestatus": "hovednavn",
            "kommunenummer": "9801",
        }
        for k, one in enumerate(found)
    ]
    points = [shapely.Point(one.x, one.y) for one in found]
    content = json_bytes({"Sted": feature_collection(points, values)})
    write_zip(data / f"{stem}_GeoJSON.zip", {f"{stem}_Sted_GeoJSON.geojson": content})
    return Entry("place_names", f"data/{stem}_GeoJSON.zip", STATUS)


def _terrain(world: World, data: Path) -> Entry:
    """Write the height model like a DTM10 sheet; the sea holds the nodata value."""
    height = np.round(world.terrain.height * 64) / 64
    values = np.where(world.terrain.sea, -32767.0, height).astype(np.float32)
    name = "6401_1_10m_z33.tif"
    with rasterio.open(
        data / name,
        "w",
        driver="GTiff",
        width=FINE.cols,
        height=FINE.rows,
        count=1,
        dtype="float32",
        crs=EPSG,
        transform=FINE.transform,
        nodata=-32767.0,
        compress="deflate",
        predictor=3,
        zlevel=5,
        tiled=True,
        num_threads=2,
    ) as sheet:
        sheet.write(values, 1)
    return Entry("terrain", f"data/{name}", dt.date(2025, 6, 1))


def _grids(world: World, data: Path) -> list[Entry]:
    """Write residents and workplaces on 250 m cells as SSB's tables."""
    people = world.people
    cells = list(zip(people.cell.tolist(), people.cell_residents.tolist(), strict=True))
    header = ("SSBID0250M", "pop_tot")
    (data / "NOR0250M_POP_2026.csv").write_bytes(
        csv_bytes(header, cells, bom=False, newline="\r\n")
    )
    jobs = zip(
        range(1, len(people.work_cell) + 1),
        people.work_cell.tolist(),
        people.establishments.tolist(),
        people.employees.tolist(),
        strict=True,
    )
    columns = ("ogc_fid", "SSBID250M", "est_tot", "emp_tot")
    (data / "bedrifter_250m_2026.csv").write_bytes(
        csv_bytes(columns, list(jobs), bom=True, newline="\n")
    )
    return [
        Entry("population_grid", "data/NOR0250M_POP_2026.csv", STATUS),
        Entry("workplaces", "data/bedrifter_250m_2026.csv", STATUS),
    ]


def _urban(world: World, data: Path) -> Entry:
    """Write built-up areas as SSB does: a staircase, residents repeated on every part."""
    areas = world.cover.urban
    table = Table(
        "tettsted",
        [area.geometry for area in areas],
        {
            "tettstednummer": [area.number for area in areas],
            "tettstednavn": [area.name for area in areas],
            "totalbefolkning": [area.residents for area in areas],
        },
    )
    write_gdb_zip(data / "tettsteder_2026.gdb.zip", [table], folder="tettsteder_2026.gdb")
    return Entry("built_up", "data/tettsteder_2026.gdb.zip", STATUS, "tettsted")
