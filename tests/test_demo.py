"""Hold the invented municipality against what it promises: sizes, formats, nesting, flow."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from gis.crs import check_plausible
from gis.demo import write_demo
from gis.demo.people import build_people
from gis.demo.settlement import build_settlement
from gis.demo.streets import build_streets
from gis.demo.terrain import build_terrain
from gis.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

N50 = "Basisdata_9801_Fjordvik_25833_N50Kartdata_FGDB"
FLOOD = "Samfunnssikkerhet_9801_Fjordvik_25833_Flomsoner_FGDB"
CLAY = "Samfunnssikkerhet_9801_Fjordvik_25833_KvikkleireSkred_GeoJSON"
SURGE = "Basisdata_9801_Fjordvik_25833_StormfloHavniva.gpkg"
ADDRESSES = "Basisdata_9801_Fjordvik_25833_MatrikkelenAdresse.csv"
CSV_FILES = (ADDRESSES, "NOR0250M_POP_2026.csv", "bedrifter_250m_2026.csv", "Artskart_9801.csv")


@dataclass(frozen=True)
class Demo:
    """The municipality written twice with one seed, and the cells of another seed."""

    root: Path
    twin: Path
    other: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def data(self) -> Path:
        return self.root / "data"

    def layer(self, file: str, layer: str) -> gpd.GeoDataFrame:
        """Read a layer of a GeoPackage or of a zipped file geodatabase."""
        inner = f"/{file}.gdb" if file.endswith("_FGDB") else ""
        path = f"/vsizip/{self.data / file}.zip{inner}" if inner else str(self.data / file)
        return pyogrio.read_dataframe(path, layer=layer)

    def odd(self, product: str, root: str) -> gpd.GeoDataFrame:
        """Read a collection of Geonorge's odd GeoJSON from its zip."""
        found = list(self.data.glob(f"*{product}*.zip"))
        with zipfile.ZipFile(found[0]) as archive:
            content = json.loads(archive.read(archive.namelist()[0]))
        features = content[root]["features"]
        assert content[root]["crs"]["properties"]["name"] == "EPSG:25833"
        return gpd.GeoDataFrame.from_features(features, crs=25833)


def _write(directory: Path, seed: int) -> Path:
    return write_demo(directory, seed=seed)


def _people(seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    streams = [np.random.default_rng([seed, part]) for part in range(4)]
    terrain = build_terrain(streams[0])
    town = build_settlement(streams[1], terrain)
    streets = build_streets(streams[2], terrain, town)
    people = build_people(streams[3], terrain, town, streets=streets)
    return people.cell, people.cell_residents


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Write the demo twice and settle another seed, in fresh processes, two at a time."""
    base = tmp_path_factory.mktemp("demo")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        root, twin = (pool.submit(_write, base / name, 9801) for name in ("root", "twin"))
        other = pool.submit(_people, 4)
        return Demo(root.result(), twin.result(), other.result())


@pytest.fixture(scope="session")
def cover(demo: Demo) -> gpd.GeoDataFrame:
    return demo.layer(N50, "n50_arealdekke_omrade")


@pytest.fixture(scope="session")
def municipality(demo: Demo) -> Any:
    return demo.odd("Kommuner", "Kommune").geometry.iloc[0]


def _rows(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    return [line.split(";") for line in text.splitlines()]


@pytest.fixture(scope="session")
def gtfs(demo: Demo) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(demo.data / "rb_fjv-aggregated-gtfs.zip") as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
        }


def test_land_area(cover: gpd.GeoDataFrame, municipality: Any) -> None:
    """Conservation: land and sea make the municipality; land is 180 to 200 km2 (the brief)."""
    land = cover[cover.objtype != "Havflate"].area.sum()
    assert 180e6 < land < 200e6
    assert cover.area.sum() == pytest.approx(municipality.area, rel=0.005)


def test_built_up_share(cover: gpd.GeoDataFrame) -> None:
    """By the brief: 30 to 40 % of the land is built up."""
    land = cover[cover.objtype != "Havflate"].area.sum()
    assert 0.30 < cover[cover.objtype == "TettBebyggelse"].area.sum() / land < 0.40


def test_residents(demo: Demo) -> None:
    """By the brief: 120,000 to 136,000 residents, every cell listed once and inhabited."""
    rows = _rows(demo.data / "NOR0250M_POP_2026.csv")
    assert rows[0] == ["SSBID0250M", "pop_tot"]
    counts = [int(row[1]) for row in rows[1:]]
    assert 120_000 <= sum(counts) <= 136_000
    assert min(counts) > 0
    assert len({row[0] for row in rows}) == len(rows)


def test_cells_lie_in_the_municipality(demo: Demo, municipality: Any) -> None:
    """Closed form: an SSB id is (E + 2 000 000) then N, both multiples of 250 m."""
    for name, column in (("NOR0250M_POP_2026.csv", 0), ("bedrifter_250m_2026.csv", 1)):
        ids = np.array([int(row[column]) for row in _rows(demo.data / name)[1:]])
        east, north = ids // 10**7 - 2_000_000, ids % 10**7
        assert not (east % 250).any()
        assert not (north % 250).any()
        cells = shapely.box(east, north, east + 250, north + 250)
        assert shapely.intersects(cells, municipality).all()


def test_same_seed_same_bytes(demo: Demo) -> None:
    """No-op twin: a second run in a fresh process gives the same bytes in every file."""
    names = sorted(p.relative_to(demo.root) for p in demo.root.rglob("*") if p.is_file())
    assert len(names) > 30
    assert names == sorted(p.relative_to(demo.twin) for p in demo.twin.rglob("*") if p.is_file())
    for name in names:
        assert (demo.root / name).read_bytes() == (demo.twin / name).read_bytes(), name


def test_other_seed_other_people(demo: Demo) -> None:
    """By definition of a seed: another one gives another municipality of the same size."""
    cells, residents = demo.other
    rows = [[int(value) for value in row] for row in _rows(demo.data / "NOR0250M_POP_2026.csv")[1:]]
    assert rows != np.column_stack([cells, residents]).tolist()
    assert 120_000 <= residents.sum() <= 136_000


def test_address_rows(demo: Demo) -> None:
    """The delivered form: BOM, CRLF, 46 fields in every row, northing before easting."""
    raw = (demo.data / ADDRESSES).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbflokalid;kommunenummer;")
    assert raw.count(b"\r\n") == raw.count(b"\n")
    rows = _rows(demo.data / ADDRESSES)
    assert {len(row) for row in rows} == {46}
    assert 30_000 < len(rows) < 40_000
    at = {name: k for k, name in enumerate(rows[0])}
    assert at["Nord"] + 1 == at["Øst"]
    assert all(float(row[at["Øst"]]) < 1e6 < float(row[at["Nord"]]) for row in rows[1:])
    assert len({row[0] for row in rows}) == len(rows)
    assert any(not row[at["tettstednummer"]] for row in rows[1:])
    assert {len(row[at["grunnkretsnummer"]]) for row in rows[1:]} == {8}


def test_address_dates(demo: Demo) -> None:
    """Hand-made pattern: DD.MM.YYYY HH:MM:SS with no fraction or one of 1 to 6 digits."""
    rows = _rows(demo.data / ADDRESSES)
    column = rows[0].index("oppdateringsdato")
    digits = set()
    for row in rows[1:]:
        whole, _, fraction = row[column].partition(".20")[2].partition(".")
        assert len(whole) == len("26 12:00:00")
        digits.add(len(fraction))
        datetime.strptime(row[column].split(".", 2)[2].split(".")[0], "%Y %H:%M:%S")
    assert {0, 1, 2, 3, 5, 6} == digits


def test_units_tile(demo: Demo, municipality: Any) -> None:
    """Conservation: the statistical units add up to the municipality and do not overlap."""
    units = demo.odd("Grunnkretser", "Grunnkrets")
    assert 160 <= len(units) <= 180
    assert units.grunnkretsnummer.str.fullmatch("9801[0-9]{4}").all()
    assert units.grunnkretsnummer.is_unique
    assert units.area.sum() == pytest.approx(municipality.area, rel=1e-9)
    assert units.union_all().symmetric_difference(municipality).area < 1.0


def test_floods_nest(demo: Demo) -> None:
    """Physics: what floods in a common event floods in a rarer one (areas outside < 1 m2)."""
    zones = demo.layer(FLOOD, "flomsoner_flomareal")
    assert set(zones.gjentaksintervall) == {20, 200, 1000, 2100}
    whole = {code: part.union_all() for code, part in zones.groupby("gjentaksintervall").geometry}
    for inner, outer in ((20, 200), (200, 1000), (200, 2100)):
        assert whole[inner].difference(whole[outer]).area < 1.0
        assert whole[inner].area < whole[outer].area


def test_floods_lie_where_floods_were_mapped(demo: Demo) -> None:
    """By definition: nothing is known outside the mapped extent, so no zone lies there."""
    zones = demo.layer(FLOOD, "flomsoner_flomareal").union_all()
    extent = demo.layer(FLOOD, "flomsoner_analyseomrade").union_all()
    assert zones.difference(extent.buffer(15)).area == 0.0


def test_storm_surges_nest(demo: Demo) -> None:
    """Physics: a higher level covers a lower one (areas outside < 1 m2)."""
    names = ("stormflo20ar_klimaarna", "stormflo200ar_klimaarna", "stormflo1000ar_klimaarna")
    whole = {
        name: demo.layer(SURGE, name).union_all() for name in (*names, "stormflo200ar_klimaar2100")
    }
    pairs = [*pairwise(names), (names[1], "stormflo200ar_klimaar2100")]
    for inner, outer in pairs:
        assert whole[inner].difference(whole[outer]).area < 1.0
        assert whole[inner].area < whole[outer].area


def test_rivers_run_downhill(demo: Demo) -> None:
    """Physics: along every watercourse the height model falls (0.5 m of rounding allowed)."""
    rivers = demo.layer(N50, "n50_arealdekke_senterlinje")
    with rasterio.open(demo.data / "6401_1_10m_z33.tif") as sheet:
        for line in rivers.geometry:
            length = np.arange(0.0, line.length, 20.0)
            points = shapely.get_coordinates(shapely.line_interpolate_point(line.geoms[0], length))
            height = np.array([value[0] for value in sheet.sample(points)])
            height = height[height > -1000]
            rise = height - np.minimum.accumulate(height)
            assert rise.max(initial=0.0) < 0.5
            assert len(height) < 2 or height[0] >= height[-1]


def test_terrain(demo: Demo) -> None:
    """The delivered form of DTM10: Float32, 10 m, nodata -32767, hills below 450 m."""
    with rasterio.open(demo.data / "6401_1_10m_z33.tif") as sheet:
        assert (sheet.crs.to_epsg(), sheet.res, sheet.nodata) == (25833, (10.0, 10.0), -32767.0)
        assert sheet.dtypes == ("float32",)
        height = sheet.read(1, masked=True)
    assert 0.0 < height.min() < 2.0
    assert 350.0 < height.max() < 450.0


def test_gtfs_references(gtfs: dict[str, list[dict[str, str]]]) -> None:
    """By the GTFS reference: ids are unique and everything referred to exists."""
    keys = {"stops.txt": "stop_id", "trips.txt": "trip_id", "routes.txt": "route_id"}
    known = {name: {row[key] for row in gtfs[name]} for name, key in keys.items()}
    for name, ids in known.items():
        assert len(ids) == len(gtfs[name])
    assert {row["stop_id"] for row in gtfs["stop_times.txt"]} <= known["stops.txt"]
    assert {row["trip_id"] for row in gtfs["stop_times.txt"]} == known["trips.txt"]
    assert {row["route_id"] for row in gtfs["trips.txt"]} == known["routes.txt"]
    parents = {row["parent_station"] for row in gtfs["stops.txt"]} - {""}
    assert parents <= known["stops.txt"]
    services = {row["service_id"] for row in gtfs["calendar.txt"] + gtfs["calendar_dates.txt"]}
    assert {row["service_id"] for row in gtfs["trips.txt"]} <= services
    assert len({row["service_id"] for row in gtfs["calendar.txt"]}) == len(gtfs["calendar.txt"])


def test_gtfs_calls(gtfs: dict[str, list[dict[str, str]]]) -> None:
    """By the GTFS reference: two calls or more, times never go back, no last boarding."""
    trips: dict[str, list[tuple[int, int, str]]] = {}
    for row in gtfs["stop_times.txt"]:
        h, m, s = map(int, row["departure_time"].split(":"))
        at = (int(row["stop_sequence"]), h * 3600 + m * 60 + s, row["pickup_type"])
        trips.setdefault(row["trip_id"], []).append(at)
    for calls in trips.values():
        ordered = sorted(calls)
        times = [one[1] for one in ordered]
        assert len(ordered) >= 2
        assert times == sorted(times)
        assert ordered[-1][2] == "1"
    assert max(one[1] for calls in trips.values() for one in calls) > 25 * 3600


def test_gtfs_modes(gtfs: dict[str, list[dict[str, str]]]) -> None:
    """By the brief: extended types of rail, metro, bus, school, night and replacement bus."""
    kinds = {int(row["route_type"]) for row in gtfs["routes.txt"]}
    assert {100, 106, 401, 701, 702, 704, 705, 712, 714} == kinds
    places = [row for row in gtfs["stops.txt"] if row["location_type"] == "1"]
    assert 500 < len(places) < 900
    holidays = {r["date"] for r in gtfs["calendar_dates.txt"] if r["exception_type"] == "2"}
    assert {"20261225", "20261226", "20270101"} <= holidays


def test_where_a_wheelchair_can_board(gtfs: dict[str, list[dict[str, str]]]) -> None:
    """By rule: every train and metro, some of the buses, of some nothing is known; by quay."""
    said = {row["stop_id"]: row for row in gtfs["stops.txt"]}
    quays = [row for row in said.values() if row["location_type"] == ""]
    tracks = [row for row in quays if row["vehicle_type"] != "700"]
    assert len(tracks) > 10
    assert {row["wheelchair_boarding"] for row in tracks} == {"1"}
    buses = [row["wheelchair_boarding"] for row in quays if row["vehicle_type"] == "700"]
    assert {w: round(buses.count(w) / len(buses), 1) for w in ("1", "2", "")} == pytest.approx(
        {"1": 0.6, "2": 0.25, "": 0.15}, abs=0.06
    )
    assert {r["wheelchair_boarding"] for r in said.values() if r["location_type"] == "1"} == {""}


def test_workspace(demo: Demo) -> None:
    """By the contract of workspace.toml: only known keys, every file there, every layer dated."""
    content = tomllib.loads((demo.root / "workspace.toml").read_text(encoding="utf-8"))
    assert (content["area"], content["language"], content["invented"]) == ("9801", "nb", True)
    assert len(content["layers"]) == 47
    for layer in content["layers"].values():
        assert {"path", "date"} <= set(layer) <= {"path", "date", "layer", "crs", "fields"}
        assert (demo.root / layer["path"]).is_file()
    assert "OPPDIKTET" in (demo.root / "LES_MEG.txt").read_text(encoding="utf-8")


def test_geometries_are_valid_and_in_place(demo: Demo, cover: gpd.GeoDataFrame) -> None:
    """GEOS: every polygon is valid, none is empty, and all lie where EPSG:25833 allows."""
    frames = [cover, demo.layer(N50, "n50_samferdsel_senterlinje")]
    for file in sorted(demo.data.glob("*.gpkg")):
        frames += [demo.layer(file.name, name) for name, _ in pyogrio.list_layers(file)]
    frames += [demo.layer(FLOOD, n) for n in ("flomsoner_flomareal", "flomsoner_analyseomrade")]
    for name, layer in (("Naturtyper_nin_9801.gdb.zip", "naturtyper_nin_omr"),
                        ("Naturtyper_nin_9801.gdb.zip", "dekningskart"),
                        ("tettsteder_2026.gdb.zip", "tettsted")):  # fmt: skip
        frames.append(demo.layer(name, layer))
    frames += [demo.odd("KvikkleireSkred", "UtlosningOmr"), demo.odd("Kommuner", "Kommune")]
    for frame in frames:
        assert frame.crs.to_epsg() == 25833
        assert frame.geometry.is_valid.all()
        assert not frame.geometry.is_empty.any()
        check_plausible(tuple(frame.total_bounds), epsg=25833, source="demo")


def test_roads_are_connected(demo: Demo) -> None:
    """Brute force: union-find over exact end points leaves one network of roads and paths."""
    roads = demo.layer(N50, "n50_samferdsel_senterlinje").query("objtype == 'Veglenke'")
    leader: dict[tuple[float, float], tuple[float, float]] = {}

    def find(node: tuple[float, float]) -> tuple[float, float]:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for line in roads.geometry:
        ends = [tuple(np.round(line.geoms[0].coords[k], 2)) for k in (0, -1)]
        leader[find(ends[0])] = find(ends[1])
    assert len({find(node) for node in list(leader)}) == 1
    assert {"L", "U"} <= set(roads.medium.dropna())


def test_bad_seed_is_refused(tmp_path: Path) -> None:
    """By hand: a negative seed is outside what is allowed and nothing is written."""
    with pytest.raises(ParameterError, match="seed -1 given"):
        write_demo(tmp_path / "x", seed=-1)
    assert not (tmp_path / "x").exists()
