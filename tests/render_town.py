"""Draw a small invented town with results for all maps: what the render tests draw from."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.catalogue import map_entries
from gis.provenance import LayerSource, Provenance
from gis.render import Page, PageRef, render_index, render_page, write_pages
from gis.result import (
    UNDER_TEN,
    Area,
    Column,
    Definition,
    LeftOut,
    Reading,
    Result,
    Status,
    Table,
)
from gis.text import Text, percent

if TYPE_CHECKING:
    from pathlib import Path

    from gis.catalogue import MapEntry

EPSG = 25833
EAST, NORTH, SIDE = 160_000.0, 6_445_000.0, 10_000.0
CREATED = dt.date(2026, 11, 23)
AREA = Area(number="9801", name="Fjordvik", land_km2=80.0)


def frame(columns: dict[str, object], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=EPSG)


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    """Draw a rectangle, in kilometres from the town's south-west corner."""
    return shapely.box(EAST + 1e3 * x0, NORTH + 1e3 * y0, EAST + 1e3 * x1, NORTH + 1e3 * y1)


def blob(x: float, y: float, radius_m: float, *, wobble: float = 0.15) -> shapely.Polygon:
    """Draw a closed wavy curve around a place in kilometres."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    r = radius_m * (1 + wobble * np.sin(5 * angle + x) + wobble / 2 * np.sin(11 * angle + y))
    points = np.column_stack(
        (EAST + 1e3 * x + r * np.cos(angle), NORTH + 1e3 * y + r * np.sin(angle))
    )
    return shapely.Polygon(points)


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + 1e3 * x, NORTH + 1e3 * y)


def line(*corners: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + 1e3 * x, NORTH + 1e3 * y) for x, y in corners])


@cache
def area_frame() -> gpd.GeoDataFrame:
    return frame({"number": ["9801"], "name": ["Fjordvik"]}, [blob(5, 5, 4800, wobble=0.05)])


@cache
def cells() -> gpd.GeoDataFrame:
    """Cells of 250 m with residents that fall off from the centre; some with 1-9."""
    rng = np.random.default_rng(7)
    rows, shapes = [], []
    inside = area_frame().geometry.iloc[0]
    for i in range(40):
        for j in range(8, 40):
            square = box(i / 4, j / 4, (i + 1) / 4, (j + 1) / 4)
            if not inside.contains(square.centroid):
                continue
            near = np.exp(-((i / 4 - 5) ** 2 + (j / 4 - 4) ** 2) / 5)
            residents = int(rng.poisson(900 * near**1.5 + 0.4))
            if residents:
                rows.append((19_600_000_000_000 + 1000 * i + j, residents))
                shapes.append(square)
    ids, residents = zip(*rows, strict=True)
    return frame({"cell_id": list(ids), "residents": list(residents)}, shapes)


@cache
def units() -> gpd.GeoDataFrame:
    whole = area_frame().geometry.iloc[0]
    shapes, numbers = [], []
    for i in range(5):
        for j in range(4):
            part = whole.intersection(box(2 * i, 2.5 * j, 2 * i + 2, 2.5 * j + 2.5))
            if part.area > 1e5:
                shapes.append(part)
                numbers.append(f"9801{100 + 10 * i + j:04d}")
    names = [f"Krets {n[-3:]}" for n in numbers]
    return frame({"number": numbers, "name": names}, shapes)


def catalogue_layers() -> dict[str, gpd.GeoDataFrame]:
    """Return the store of the town: base map, units, cells, stations, plans."""
    return dict(_layers())


@cache
def _layers() -> dict[str, gpd.GeoDataFrame]:
    sea = shapely.union_all([box(-8, -8, 18, 1.2), blob(1.5, 1.5, 1500)])
    roads = [
        line((-3, 4), (2, 3.6), (5, 4), (8, 5.2), (14, 6)),
        line((5, 4), (5.2, 6.5), (4.5, 9.5), (4, 14)),
        *(line((3 + k / 3, 3), (3 + k / 3 + 0.2, 5.4)) for k in range(12)),
        line((2, 7), (3, 8), (3.4, 9)),
    ]
    kinds = ["enkelBilveg"] * 14 + ["sti"]
    categories = ["E", "F"] + ["K"] * 12 + [None]
    return {
        "sea": frame({}, [sea]),
        "lakes": frame({}, [blob(7, 8, 500)]),
        "forest": frame({}, [blob(6.5, 8, 1800).difference(blob(7, 8, 500)), blob(2.5, 7.5, 1300)]),
        "rivers": frame({"kind": ["ElvBekk"]}, [line((7, 7.6), (6.4, 6), (6.6, 4), (6, 1))]),
        "roads_paths": frame(
            {"kind": kinds, "medium": "ground", "category": categories, "name": None}, roads
        ),
        "railways": frame(
            {"kind": ["J"], "medium": "ground"}, [line((-3, 2.4), (4, 2.9), (14, 3.4))]
        ),
        "place_names": frame(
            {
                "name": ["Fjordvik", "Nordbyen", "Åsen", "Langvatnet", "Storfjorden", "Solheim"],
                "kind": ["Tettsted", "Bydel", "Fjell", "Innsjø", "Fjord", "Grend"],
            },
            [point(5, 4), point(4.6, 6), point(2.5, 8), point(7, 8), point(3, 0.4), point(8, 6)],
        ),
        "municipality": area_frame(),
        "basic_statistical_units": units(),
        "population_grid": cells(),
        "stations": frame(
            {"name": ["Fjordvik stasjon", "Nordbyen"], "kind": ["rail", "metro"]},
            [point(4, 2.9), point(4.6, 5.8)],
        ),
        "planned_areas": frame(
            {"name": ["Felt B1", "Felt N2"], "purpose": ["1110", "1300"], "status": "planned"},
            [blob(7.4, 6.2, 450), blob(2.6, 5, 380)],
        ),
        "protected_areas": frame(
            {
                "name": ["Langvatnet naturreservat"],
                "kind": ["naturreservat"],
                "id": ["VV1"],
                "date": [dt.date(1992, 6, 12)],
            },
            [blob(7, 8, 900)],
        ),
        "nature_types": frame(
            {
                "kind": ["Slåttemark", "Kalkskog"],
                "code": ["E01", "F03"],
                "quality": ["very_high", "low"],
                "name": ["Enga", "Åsen"],
                "id": ["1", "2"],
            },
            [blob(3.4, 6.6, 260), blob(2.4, 7.8, 330)],
        ),
        "built_up": frame(
            {"number": ["1"], "name": ["Fjordvik"], "residents": [30_000]}, [blob(5, 4, 2100)]
        ),
        "critical_infrastructure": frame(
            {
                "name": ["Fjordvik skole", "Elvebakken pumpestasjon"],
                "function": ["skole", "pumpestasjon"],
            },
            [point(5.4, 4.3), point(6.5, 3.9)],
        ),
    }


def source(layer: str) -> LayerSource:
    return LayerSource(
        layer=layer,
        title_nb=f"Lag {layer}",
        title_en=f"Layer {layer}",
        owner="Fjordvik kommune",
        licence="CC-BY-4.0",
        file=f"data/{layer}.gpkg",
        sha256="ab" * 32,
        date=dt.date(2026, 1, 1),
        retrieved=None,
        metadata="https://kartkatalog.geonorge.no/metadata/x",
        rows=123,
        invented=True,
    )


def _result(analysis: str, title: Text, value: float, **rest: object) -> Result:
    share = percent(value)
    finding = Text(
        nb=f"{share.nb} av det det spørres om i Fjordvik.",
        en=f"{share.en} of what is asked in Fjordvik.",
    )
    return Result(
        analysis=analysis,
        title=title,
        area=AREA,
        unit="share",
        status=Status.OK,
        finding=finding,
        definition=Definition(
            sentence=Text(nb="Slik er det regnet.", en="This is how."),
            parameters={"max_m": 1000, "min_per_hour": 4, "statistic": "average"},
        ),
        provenance=Provenance(sources=(source("municipality"), source("population_grid"))),
        value=value,
        numerator=value * 1000,
        denominator=1000,
        sensitivity=(
            Reading("a", Text("gjennomsnitt", "average"), value, 1, 2, chosen=True),
            Reading("b", Text("hver time", "every hour"), value / 2, 1, 4),
        ),
        left_out=(LeftOut("no_address", Text("uten adresse", "no address"), 12, "residents"),),
        notes=(Text("En merknad.", "A note."),),
        **rest,  # type: ignore[arg-type]
    )


def _units_table(columns: dict[str, tuple[str, int]], data: dict[str, object]) -> Table:
    u = units()
    table = pd.DataFrame({"number": u["number"], "name": u["name"], **data})
    heads = [Column("number", Text("Nummer", "Number")), Column("name", Text("Navn", "Name"))]
    heads += [Column(n, Text(n, n), kind=k, decimals=d) for n, (k, d) in columns.items()]
    protected = any(kind == "residents" for kind, _ in columns.values())
    return Table(
        "units",
        Text("Grunnkretser", "Units"),
        tuple(heads),
        table,
        key="number",
        counts="bands" if protected else None,
    )


@cache
def built_up_result() -> Result:
    shapes = [blob(5, 4, 2100), blob(4.5, 6.4, 700)]
    names = {"number": ["1", "2"], "name": ["Fjordvik", "Nordbyen"]}
    table = Table(
        "areas",
        Text("Tettsteder", "Settlements"),
        (
            Column("number", Text("Nummer", "Number")),
            Column("name", Text("Navn", "Name")),
            Column("area_km2", Text("Areal", "Area"), "km2", 2),
            Column("share", Text("Andel", "Share"), "share", 1),
        ),
        pd.DataFrame({**names, "area_km2": [14.2, 1.5], "share": [0.178, 0.0189]}),
        key="number",
    )
    n = len(units())
    by_unit = _units_table(
        {"land_km2": ("km2", 2), "share": ("share", 1)},
        {"land_km2": np.linspace(1, 5, n), "share": np.linspace(0, 1, n)},
    )
    return _result(
        "built-up-share",
        Text("Andel bebygd areal", "Built-up share"),
        0.197,
        figures={"land_km2": 80.0, "built_up_km2": 15.7},
        tables={"areas": table, "units": by_unit},
        frame=frame(names, shapes),
    )


@cache
def transit_result() -> Result:
    grid = cells()
    stops = [point(4 + 0.35 * k, 4 + 0.5 * (k % 3)) for k in range(7)]
    distance = np.min([grid.centroid.distance(p).to_numpy() for p in stops], axis=0)
    residents = [UNDER_TEN if v < 10 else int(v) for v in grid["residents"]]
    reached = distance <= 1000
    columns = {
        "cell_id": grid["cell_id"].to_numpy(),
        "residents": residents,
        "reached": reached,
        "distance_m": np.round(distance),
    }
    n = len(units())
    table = _units_table(
        {"residents": ("residents", 0), "share": ("share", 1)},
        {
            "residents": [5, UNDER_TEN, *range(1000, 1000 + 37 * (n - 2), 37)],
            "share": np.linspace(0, 1, n),
        },
    )
    return _result(
        "transit-access",
        Text("Tilgang til kollektivtransport", "Transit access"),
        0.562,
        figures={"residents": 31_234.0, "residents_reached": 17_553.0, "frequent_stops": 7},
        tables={"units": table},
        frame=frame(columns, grid.geometry),
        layers={
            "stops": frame(
                {
                    "stop_id": [f"FJV:{k}" for k in range(7)],
                    "name": [f"Holdeplass {k}" for k in range(7)],
                    "mode": ["bus", "bus", "rail", "metro", "water", "bus", "tram"],
                    "departures_per_hour": [4.0, 6.5, 4, 8, 5, 12, None],
                },
                stops,
            ),
            "catchment": frame(
                {"max_m": [1000.0]}, [shapely.union_all([p.buffer(1000) for p in stops])]
            ),
        },
    )


@cache
def hazard_result() -> Result:
    def bands(hazard: str, shapes: list[shapely.Polygon], ids: list[str]) -> gpd.GeoDataFrame:
        inner, made = shapely.Polygon(), []
        for shape in shapes:
            made.append(shape.difference(inner))
            inner = inner.union(shape)
        areas = [s.area / 1e6 for s in made]
        return frame(
            {
                "hazard": hazard,
                "class": ids,
                "title_nb": [f"Klasse {i}" for i in ids],
                "title_en": [f"Class {i}" for i in ids],
                "area_km2": areas,
            },
            made,
        )

    river = line((7, 7.6), (6.4, 6), (6.6, 4), (6, 1))
    flood = bands(
        "flood_zones",
        [river.buffer(w) for w in (90, 180, 260, 330)],
        ["20", "200", "1000", "200_climate"],
    )
    surge = bands(
        "storm_surge",
        [
            box(-8, -8, 18, y).intersection(area_frame().geometry.iloc[0])
            for y in (1.28, 1.34, 1.42)
        ],
        ["20", "200", "200_climate"],
    )
    clay = bands("quick_clay", [blob(3, 4, 380), blob(4, 7, 420), blob(8, 4, 300)], ["5", "3", "1"])
    slide = bands("landslide_caution", [blob(2.4, 8.2, 500)], ["debris"])
    layers = {
        "flood_zones": flood,
        "storm_surge": surge,
        "quick_clay": clay,
        "landslide_caution": slide,
        "not_mapped_flood_zones": frame(
            {"hazard": ["flood_zones"]},
            [
                area_frame()
                .geometry.iloc[0]
                .difference(river.buffer(1600))
                .difference(box(-9, -9, 20, 1.2))
            ],
        ),
        "not_mapped_storm_surge": frame({"hazard": ["storm_surge"]}, [blob(2, 8, 900)]),
        "cells": frame(
            {"cell_id": cells()["cell_id"], "residents": cells()["residents"], "in_any_zone": 3.0},
            cells().geometry,
        ),
        "units": frame(
            {
                "number": ["32990101"],
                "name": ["Vest"],
                "residents": [31_234],
                "in_any_zone": [1343],
            },
            [blob(4, 6, 900)],
        ),
    }
    table = Table(
        "hazards",
        Text("Innbyggere etter fare", "Residents by hazard"),
        (
            Column("hazard", Text("Fare", "Hazard")),
            Column("inside", Text("Inne i sone", "Inside"), "residents"),
            Column("share", Text("Andel", "Share"), "share", 1),
        ),
        pd.DataFrame(
            {
                "hazard": [Text("Flomsoner", "Flood zones"), Text("Kvikkleire", "Quick clay")],
                "inside": [812.0, 4.0],
                "share": [0.026, 0.0001],
            }
        ),
        counts="bands",
    )
    every = pd.concat([flood, surge, clay, slide], ignore_index=True)
    return _result(
        "hazard-exposure",
        Text("Naturfare", "Natural hazard"),
        0.043,
        figures={"residents": 31_234.0, "residents_in_any_zone": 1343.0},
        tables={"hazards": table},
        frame=gpd.GeoDataFrame(every, crs=EPSG),
        layers=layers,
    )


@cache
def biodiversity_result() -> Result:
    rng = np.random.default_rng(3)
    shapes = [box(i / 2, j / 2, i / 2 + 0.5, j / 2 + 0.5) for i in range(20) for j in range(3, 20)]
    shapes = [s for s in shapes if area_frame().geometry.iloc[0].contains(s.centroid)]
    n = len(shapes)
    records = rng.poisson(30, n)
    enough = records >= 25
    species = np.minimum(records, rng.poisson(15, n))
    hot = np.array([s.centroid.distance(point(7, 8)) < 900 for s in shapes]) & enough
    threatened, red_listed = rng.poisson(1, n), rng.poisson(2, n)
    columns = {
        "status": np.where(enough, "ok", "too_few"),
        "records": records,
        "species": species,
        "expected_species": np.where(enough, np.round(species * 0.9, 1), np.nan),
        "threatened": threatened,
        "red_listed": red_listed,
        "expected_red_listed": np.where(enough, np.round(red_listed * 0.9, 1), np.nan),
        "data_deficient": 0,
        "red_list_score": 2 * red_listed,
        "expected_score": np.where(enough, np.round(red_listed * 1.8, 1), np.nan),
        "ignorance": np.round(1 / (1 + records / 20), 2),
        "z": 0.1,
        "hot_spot": hot,
        "planned_share": 0.25,
        "built_up_share": 0.0,
    }
    table = Table(
        "planned",
        Text("Planlagte områder", "Planned areas"),
        (
            Column("name", Text("Navn", "Name")),
            Column("species", Text("Arter", "Species"), "count"),
            Column("hot", Text("Artsrikt", "Rich"), "yes_no"),
        ),
        pd.DataFrame({"name": ["Felt B1", "Felt N2"], "species": [20, 3], "hot": [True, False]}),
        key="name",
    )
    return _result(
        "biodiversity-hotspots",
        Text("Naturmangfold", "Biodiversity"),
        0.09,
        figures={"records": 4000, "hot_spots": int(hot.sum())},
        tables={"planned": table},
        frame=frame(columns, shapes),
        layers={
            "ignorance": frame({"records_any": records, "ignorance": columns["ignorance"]}, shapes)
        },
    )


def results() -> dict[str, Result]:
    made = (built_up_result(), transit_result(), hazard_result(), biodiversity_result())
    return {r.analysis: r for r in made}


def page(name: str, **changes: Any) -> Page:
    """Render one map of the catalogue for the town, with changes to what goes in."""
    made: dict[str, Any] = {
        "layers": changes.pop("store", catalogue_layers()).get,
        "area": area_frame(),
        "language": "nb",
        "created": CREATED,
        "sources": source,
    }
    entry = changes.pop("entry", map_entries()[name])
    return render_page(name, entry, changes.pop("results", results()), **{**made, **changes})


def maps() -> dict[str, MapEntry]:
    """Return the maps of the catalogue that the town has all answers for."""
    there = results().keys()
    return {n: e for n, e in map_entries().items() if {a.key for a in e.analyses} <= there}


def index() -> str:
    """Render the index of all maps of the town."""
    made = results()
    return render_index(
        [PageRef(n, f"{n}.html", e, made[e.lead]) for n, e in maps().items()],
        language="nb",
        created=CREATED,
        sources=[source(x) for x in catalogue_layers()],
    )


def write_site(folder: Path) -> Path:
    """Write all pages of the town into a folder."""
    pages = {f"{n}.html": page(n, bound=True).html for n in maps()}
    write_pages({**pages, "index.html": index()}, folder)
    return folder
