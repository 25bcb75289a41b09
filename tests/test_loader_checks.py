"""The twelve loader checks of the reference of Norwegian sources, one test each, in its order."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from gis.analyses import ANALYSES
from gis.catalogue import layer_entry
from gis.checks.sums import TOTAL_TOLERANCE
from gis.errors import FieldError, SourceError
from gis.kernels.cells import cell_corner, cell_id, cell_square
from gis.lock import Lock
from gis.publish import to_json
from gis.published import publishable
from gis.sources import read_layer
from gis.sources.remotes import bring
from gis.sources.renumber import present_numbers
from gis.tools import Asked, departures
from tests.feeds import times, town, trips, write_feed
from tests.publishers import HTML, frame, square
from tests.test_checks import cells, judged, words, workspace_of
from tests.test_remote_clients import Town
from tests.test_remote_clients import town as remote_town
from tests.town import study
from tests.town import town as drawn

__all__ = ["remote_town"]

ELVERUM = "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv"
FLOOD = {"flomsoneid": "1", "lavpunkt": 0, "objtype": "FlomAreal"}


def test_check_01_a_cell_is_rebuilt_from_its_id() -> None:
    """By the reference's real object: 1 km and 250 m have one corner; the id holds no size."""
    kilometre = cell_square([22560006672000], size_m=1000)[0]
    assert kilometre.equals(shapely.box(256000, 6672000, 257000, 6673000))
    quarter = cell_square([22560006672000], size_m=250)[0]
    assert quarter.bounds == (256000, 6672000, 256250, 6672250)
    assert layer_entry("population_grid").delivery.cell_size_m == 250
    assert layer_entry("population_grid_1km").delivery.cell_size_m == 1000


def test_check_02_places_and_their_cells() -> None:
    """By the reference: Sandvika and Slependen in degrees, and a cell west of the zone's edge."""
    move = Transformer.from_crs(4326, 25833, always_xy=True)
    e, n = move.transform(10.525238, 59.892642)
    assert (e, n) == pytest.approx((249_726.5, 6_647_916.1), abs=0.1)
    assert cell_id([e], [n], size_m=250).tolist() == [22495006647750]
    assert cell_id(*([v] for v in move.transform(10.5004, 59.8733)), size_m=250).tolist() == [
        22480006645750
    ]
    corner = cell_corner([19580006626500])
    assert (corner[0].tolist(), corner[1].tolist()) == ([-42000], [6626500])


def test_check_03_the_municipality_lies_where_it_must(real_data: Path) -> None:
    """Real data: Bærum clipped to land is 190-193 km², E 240-257 km, N 6.643-6.664 Mm."""
    every = read_layer("municipality", real_data / "norway/kommuner_2024.geojson").frame
    baerum = every[every["number"] == "3201"]
    assert 190 <= baerum.area.iloc[0] / 1e6 <= 193
    west, south, east, north = baerum.total_bounds
    assert 240_000 <= west < east <= 257_000
    assert 6_643_000 <= south < north <= 6_664_000
    # With its sea, as delivered for N1000, it is larger.
    with_sea = read_layer("municipality", real_data / "baerum/n1000.gpkg").frame
    assert with_sea.area[with_sea["number"] == "3201"].iloc[0] > baerum.area.iloc[0]


def test_check_04_the_address_file_as_delivered(real_data: Path) -> None:
    """Real data: no BOM in a name, Øst below a million below Nord, units of 8, dates, nulls."""
    entry = layer_entry("addresses")
    more = {
        "local_id": entry.fields["text"].model_copy(update={"source": ("lokalid",)}),
        "updated": entry.fields["text"].model_copy(
            update={"source": ("oppdateringsdato",), "type": "date"}
        ),
    }
    dated = entry.model_copy(update={"fields": {**entry.fields, **more}})
    rows = read_layer("addresses", real_data / ELVERUM, entry=dated).frame
    assert rows["local_id"].notna().all()
    assert (rows.geometry.x < 1_000_000).all()
    assert (rows.geometry.y > 1_000_000).all()
    assert (rows["unit"].str.len() == 8).all()
    assert rows["unit"].str.startswith("3420").all()
    with (real_data / ELVERUM).open(encoding="utf-8-sig", newline="") as stream:
        raw = [r["oppdateringsdato"] for r in csv.DictReader(stream, delimiter=";")]
    assert {len(r) for r in raw} >= {19, 23, 26}
    assert rows["updated"].dt.strftime("%d.%m.%Y").tolist() == [r[:10] for r in raw]
    assert rows["urban_area"].isna().sum() == 3970


@pytest.mark.parametrize("named", [True, False])
def test_check_05_both_shapes_of_geojson(tmp_path: Path, named: bool) -> None:
    """By hand: a named collection and a plain one, both say EPSG:25833, give the same layer."""
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:25833"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"kommunenummer": "3201", "kommunenavn": "Bærum"},
                "geometry": shapely.geometry.mapping(square(0, 0, 100)),
            }
        ],
    }
    root: dict[str, Any] = {"Kommune": collection} if named else collection
    path = tmp_path / "Basisdata_0000_Norge_25833_Kommuner_GeoJSON.geojson"
    path.write_text(json.dumps(root, ensure_ascii=False), encoding="utf-8")
    rows = read_layer("municipality", path).frame
    assert rows[["number", "name"]].to_numpy().tolist() == [["3201", "Bærum"]]
    assert rows.geometry[0].equals(square(0, 0, 100))


def test_check_06_flood_intervals(tmp_path: Path) -> None:
    """By hand: 2100 is the 200-year flood with climate; null is kept; ArcGIS spells one l less."""
    path = tmp_path / "f.gpkg"
    zones = frame([square(0, 0, 9)] * 3, **{k: [v] * 3 for k, v in FLOOD.items()})
    zones["gjentaksinterval"] = ["2100", "200", None]
    zones.to_file(path, layer="FlomAreal")
    read = read_layer("flood_zones", path).frame
    assert read["flood_class"].tolist() == ["200_climate", "200", "unknown"]
    zones["gjentaksinterval"] = "300"
    zones.to_file(path, layer="FlomAreal")
    with pytest.raises(FieldError, match=r"'300' \(3 rows\); allowed: 10, 20"):
        read_layer("flood_zones", path)


def test_check_07_arcgis_errors_nulls_and_pages(remote_town: Town) -> None:
    """By counting: five features on pages of two; 'Null' is none; an error with 200 is one."""
    read = remote_town.rows("quick_clay")
    assert len(read) == 5
    assert read["hazard_degree"].isna().all()
    remote_town.world.fault("SkredKvikkleire2", "error200", times=99)
    with pytest.raises(SourceError, match="Invalid URL"):
        bring(remote_town.job("quick_clay"), remote_town.tools)


@pytest.mark.parametrize("rail", ["2", "100"])
def test_check_08_timetables(tmp_path: Path, rail: str) -> None:
    """By hand: days by date alone, 25:10 is ten past one, drop-off counts for nobody."""
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type"
    rows = [
        *("t0,25:10:00,25:10:00,P1,1,0", "t0,25:20:00,25:20:00,Q,2,0"),
        *("t1,25:40:00,25:40:00,P1,1,1", "t1,25:50:00,25:50:00,Q,2,0"),
    ]
    tables = town(
        calendar=None,
        calendar_dates="service_id,date,exception_type\nS,20261118,1\n",
        routes=f"route_id,agency_id,route_short_name,route_long_name,route_type\ntog,1,L,,{rail}\n",
        trips=trips(["tog,S,t0,0", "tog,S,t1,0"]),
        stop_times=times(rows, head),
    )
    feed = write_feed(tmp_path / "feed.zip", tables)
    answer = departures(feed, Asked(date=dt.date(2026, 11, 18), window="25-26"))
    place = next(s for s in answer.details["stops"] if s["id"] == "P")
    assert (place["departures"], place["modes"]) == (1, ["rail"])


def test_check_09_a_web_page_is_no_file(remote_town: Town) -> None:
    """By the reference: 9.6 kB of HTML with status 200 in place of a zip, of a PBF, of data."""
    assert 9_000 < len(HTML) < 10_000
    remote_town.world.files["entur/rb_norway-aggregated-gtfs.zip"] = HTML
    with pytest.raises(SourceError, match="a web page of 95"):
        bring(remote_town.job("transit_stops"), remote_town.tools)
    remote_town.world.files["entur/rb_norway-aggregated-gtfs.zip"] = b"\0" * 200_000
    with pytest.raises(SourceError, match="something that begins with"):
        bring(remote_town.job("transit_stops"), remote_town.tools)


def test_check_10_old_numbers_are_remapped(real_data: Path) -> None:
    """Real data: 437 units of 0219 keep their last four digits under 3201; the rest is told."""
    units = read_layer(
        "basic_statistical_units", real_data / "baerum/grunnkretser_2018_population.gpkg"
    ).frame
    now, old = present_numbers(units["number"], {"3201": ("3024", "0219")})
    assert old.sum() == 437
    assert (now[old].str.slice(4) == units["number"][old].str.slice(4)).all()
    assert now[old].str.startswith("3201").all()
    left = units["number"][~old]
    assert len(left) == 98
    assert left.str.startswith("0220").all()
    assert now[~old].equals(left)
    later, also = present_numbers(pd.Series(["30240101"], dtype="str"), {"3201": ("3024", "0219")})
    assert (later.tolist(), also.tolist()) == (["32010101"], [True])


def test_check_11_no_count_of_1_to_9_leaves(real_data: Path) -> None:
    """Real data: about half of all cells hold 1-9 residents, and none of them is told."""
    bounds = (245_000.0, 6_640_000.0, 250_000.0, 6_650_000.0)
    grid = read_layer(
        "population_grid", real_data / "norway/NOR0250M_POP_2019.csv", bounds=bounds
    ).frame
    few = grid["residents"].between(1, 9)
    assert 0.05 < few.mean() < 0.7
    area = gpd.GeoDataFrame(
        {"number": ["9999"], "name": ["Utsnitt"]}, geometry=[shapely.box(*bounds)], crs=25833
    )
    stops = gpd.GeoDataFrame(
        {"stop_id": ["a"], "name": ["A"], "mode": ["bus"]},
        geometry=[shapely.Point(249_000, 6_647_000)],
        crs=25833,
    )
    data = drawn(municipality=area, sea=None, population_grid=grid, frequent_stops=stops)
    made = publishable(ANALYSES["transit-access"](study(data), {}))
    assert made.frame is not None
    shown = made.frame["residents"]
    assert len(shown) == grid.geometry.centroid.within(shapely.box(*bounds)).sum()
    assert not pd.to_numeric(shown, errors="coerce").between(1, 9).any()
    told = json.loads(to_json(made))
    assert not any(1 <= v <= 9 for v in _values(told, "residents"))


def _values(told: Any, key: str) -> Iterator[float]:
    """Every number under a key, however deep."""
    if isinstance(told, list):
        for inner in told:
            yield from _values(inner, key)
    elif isinstance(told, dict):
        for name, inner in told.items():
            if name == key and isinstance(inner, int | float):
                yield inner
            yield from _values(inner, key)


def test_check_12_cells_against_the_published_total(tmp_path: Path) -> None:
    """Closed form: 1,000 in the cells against 1,015 published is told; 2 % is the tolerance."""
    assert TOTAL_TOLERANCE == 0.02
    root = workspace_of(tmp_path / "w", population_grid=cells(600, 400))
    figure = {"total": 1015, "table": "07459", "year": "2026"}
    near = judged(root, Lock(figures={"population": figure}))["population_grid"]
    assert "1,000 in the layer against 1,015 in 07459 for 2026" in words(near)
    assert near.grade == "ok"
    far = judged(root, Lock(figures={"population": {**figure, "total": 1021}}))
    assert far["population_grid"].grade == "look"
