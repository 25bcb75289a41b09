"""Hold cycling to stations against hand-drawn streets, plain ramps, and the real stations."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.analyses import ANALYSES, study_area
from gis.errors import LayerMissingError, ParameterError, SourceError
from gis.kernels.cells import cell_centre, cell_square
from gis.kernels.network_costs import DOWNHILL, UPHILL
from gis.published import publishable
from tests.access_town import comb, hill, lines, station_frame, units
from tests.town import Town, cells, frame, points, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

# The stations of the drawn town: rail at the centre of (0, 0), metro at that of (2, 3).
STATIONS = ((125.0, 125.0, "rail"), (625.0, 875.0, "metro"))


def run(data: Town, **params: object) -> Result:
    return ANALYSES["rail-cycling"](study(data), params)


def cycled(**layers: object) -> Town:
    given = {"roads_paths": comb(), "stations": station_frame(*STATIONS)} | layers
    return town(**given)  # type: ignore[arg-type]


# --- straight line and flat network ---------------------------------------------------------


@pytest.mark.parametrize(("kind", "reached"), [("rail", 70), ("metro", 320), ("both", 390)])
def test_minutes_in_a_straight_line_are_metres_at_the_stated_speed(kind: str, reached: int) -> None:
    """By hand: 1 minute at 15 km/h is 250 m, and a cell at exactly 250 m is reached."""
    result = run(cycled(), kind=kind, metric="straight-line", max_min=1, speed_kmh=15)
    assert result.numerator == reached
    assert result.numerator == run(cycled(), kind=kind, metric="straight-line", max_m=250).numerator
    assert result.figures["effective_kmh"] == 15
    assert "15" in result.finding.en


@pytest.mark.parametrize(("minutes", "reached"), [(1, 70), (2, 220), (3, 460), (5, 780)])
def test_minutes_by_street_are_metres_by_street_on_the_flat(minutes: int, reached: int) -> None:
    """By hand: cell (c, r) is 250 (c + r) m along the comb, c + r minutes at 15 km/h."""
    result = run(
        cycled(), kind="rail", metric="network", gradient="off", max_min=minutes, speed_kmh=15
    )
    assert result.numerator == reached
    assert result.figures["effective_kmh"] == pytest.approx(15)
    same = run(cycled(), kind="rail", metric="network", max_m=250 * minutes)
    assert same.numerator == reached


def test_one_way_streets_part_morning_and_afternoon() -> None:
    """By hand: the street of row 0 runs east only; from the rail station home, not to it."""
    street = lines([(0, 125), (250, 125)], [(250, 125), (750, 125)], lanes="1")
    data = cycled(roads_paths=street, population_grid=cells({(0, 0): 10, (1, 0): 20}, "residents"))
    flat = {"kind": "rail", "metric": "network", "gradient": "off", "max_min": 10}
    there = run(data, **flat, direction="to")
    home = run(data, **flat, direction="from")
    assert (there.numerator, home.numerator) == (10, 30)
    assert [x.count for x in there.left_out if x.reason == "network_one_way"] == [20]


def test_stations_across_the_border_count_and_are_counted() -> None:
    """By hand: a station 125 m west of the border is the nearest one of three cells."""
    data = cycled(stations=station_frame((-125, 125, "rail"), (9000, 9000, "rail")))
    result = run(data, metric="straight-line", max_m=300)
    assert result.numerator == 10
    assert result.figures["stations_across_border"] == 1
    assert any("1 of the 1 stations" in note.en for note in result.notes)
    rows = result.table("by_station").frame
    assert rows["residents"].tolist() == [10, 10]
    assert [x.en for x in rows["across"][:1]] == ["yes"]


def test_each_resident_belongs_to_the_nearest_station() -> None:
    """By hand: within 500 m straight, 220 near rail and 540 near metro, 50 + 80 near both."""
    result = run(cycled(), metric="straight-line", max_m=500, kind="both")
    rows = result.table("by_station").frame
    assert rows["residents"].iloc[-1] == result.numerator == sum(rows["residents"][:-1])
    assert publishable(result).numerator == result.numerator


# --- hills --------------------------------------------------------------------------------


def slope(path: Path, gradient: float) -> Path:
    return hill(path, lambda x, y: 500 + gradient * y + 0 * x)


@pytest.mark.parametrize("gradient", [0.03, -0.03])
def test_a_plain_ramp_has_the_closed_form_of_the_law(tmp_path: Path, gradient: float) -> None:
    """Closed form: 750 m up or down 3 % at 18 km/h (1 - 6.66 g) or (1 + 3.96 g)."""
    data = cycled(
        roads_paths=lines([(125, 125), (125, 875)]),
        population_grid=cells({(0, 3): 100.0}, "residents"),
        stations=station_frame((125, 125, "rail")),
    )
    data.files["terrain"] = slope(tmp_path / "dtm.tif", gradient)
    up, down = 18 * (1 - UPHILL * 0.03), 18 * (1 + DOWNHILL * 0.03)
    # The cell lies north of the station: with a positive gradient the way there is down.
    for direction, kmh in (("to", down if gradient > 0 else up),
                           ("from", up if gradient > 0 else down)):  # fmt: skip
        minutes = 0.75 / kmh * 60
        result = run(data, max_min=max(minutes + 0.01, 1), direction=direction)
        assert result.numerator == 100
        assert result.figures["effective_kmh"] == pytest.approx(kmh, abs=0.06)
        assert run(data, max_min=minutes - 0.01, direction=direction).numerator == 0


def test_an_e_bike_loses_half_as_much_uphill(tmp_path: Path) -> None:
    """Closed form: 20 km/h (1 - 6.66 g / 2) on 4 %."""
    data = cycled(
        roads_paths=lines([(125, 125), (125, 875)]),
        population_grid=cells({(0, 3): 100.0}, "residents"),
        stations=station_frame((125, 125, "rail")),
    )
    data.files["terrain"] = slope(tmp_path / "dtm.tif", -0.04)
    result = run(data, bicycle="e-bike")
    expected = 20 * (1 - UPHILL / 2 * 0.04)
    assert result.figures["effective_kmh"] == pytest.approx(expected, abs=0.06)
    assert "e-bike" in result.definition.sentence.en


def test_hills_need_a_terrain_that_is_there(tmp_path: Path) -> None:
    """By rule: no terrain, or one elsewhere, is an error where hills are asked for."""
    with pytest.raises(LayerMissingError, match="terrain"):
        run(cycled(), gradient="on")
    data = cycled(roads_paths=lines([(3000, 3000), (3000, 3500)], [(0, 125), (750, 125)]))
    data.frames["roads_paths"] = data.frames["roads_paths"].iloc[:1]
    data.files["terrain"] = slope(tmp_path / "dtm.tif", 0.0)
    with pytest.raises(SourceError, match="covers no part"):
        run(data, gradient="on")
    with pytest.raises(ParameterError, match="hills need the network"):
        run(cycled(), gradient="on", metric="straight-line")


# --- readings -----------------------------------------------------------------------------


def test_readings_are_told_with_their_speed_and_are_monotone(tmp_path: Path) -> None:
    """Monotone: more minutes and more speed never reach fewer; each text holds its speed."""
    data = cycled()
    data.files["terrain"] = hill(tmp_path / "dtm.tif", lambda x, y: 500 + 0.05 * x - 0.04 * y)
    result = run(data, max_min=2, kind="rail")
    found = {r.name: r.numerator or 0 for r in result.sensitivity}
    assert len(found) == len(result.sensitivity)
    assert [r.value for r in result.sensitivity if r.chosen] == [result.value]
    one, two, three = (found[f"rail-{m}min-network-18kmh-hills-to"] for m in (1, 2, 3))
    assert one <= two <= three
    speeds = [found[f"rail-2min-network-{k}kmh-hills-to"] for k in (12, 15, 18, 25)]
    assert speeds == sorted(speeds)
    assert found["rail-2min-straight-line-18kmh"] >= found["rail-2min-network-18kmh-flat-to"]
    assert all(re_speed(r.text.en) for r in result.sensitivity)


def re_speed(text: str) -> bool:
    return "effective speed" in text or "nobody arrives" in text


def test_every_reading_is_what_its_parameters_give(tmp_path: Path) -> None:
    """Twin: the analysis run anew with each reading's choices gives the reading's number."""
    data = cycled(addresses=frame(points((125, 200)), address_id=[1], text=["a"]))
    data.files["terrain"] = hill(tmp_path / "dtm.tif", lambda x, y: 500 + 0.05 * x - 0.04 * y)
    for reading in run(data, max_min=2, kind="both").sensitivity:
        name = reading.name.replace("straight-line", "straight").replace("e-bike", "ebike")
        kind, minutes, metric, kmh, *more = name.split("-")
        again = run(
            data, kind=kind, max_min=float(minutes.removesuffix("min")),
            metric="network" if metric == "network" else "straight-line",
            speed_kmh=float(kmh.removesuffix("kmh")), gradient="on" if "hills" in more else "off",
            direction="from" if "from" in more else "to",
            bicycle="e-bike" if "ebike" in more else "ordinary",
            origins="addresses" if "addresses" in more else "centre",
        )  # fmt: skip
        assert again.numerator == reading.numerator, reading.name


def test_units_and_employees() -> None:
    """By hand: 60 + 10 residents of the west within 250 m of rail, 7 of 18 employees."""
    work = cells({(0, 0): 7.0, (2, 3): 11.0}, "employees").assign(establishments=[2, 3])
    data = cycled(workplaces=work, basic_statistical_units=units())
    result = run(data, kind="rail", max_m=250, metric="network")
    assert result.table("units").frame["reached_station"].tolist() == [70, 0]
    jobs = run(data, kind="rail", max_m=250, weight="employees")
    assert (jobs.numerator, jobs.denominator) == (7, 18)


# --- what is refused ------------------------------------------------------------------------


def test_what_cannot_be_answered_is_said_in_one_line() -> None:
    """By rule: no station of the kind, a limit beyond the halo, two limits at once."""
    data = cycled(stations=station_frame((125, 125, "rail")))
    with pytest.raises(LayerMissingError, match=r"no station of kind metro.*there are: rail"):
        run(data, kind="metro")
    with pytest.raises(ParameterError, match=r"up to 6000 m away.*halo of 5000"):
        run(data, metric="straight-line", max_min=20)
    with pytest.raises(ParameterError, match="max_min and max_m given"):
        run(data, max_min=5, max_m=500)
    off = run(cycled(stations=station_frame((125, 4000, "rail"))), metric="network", max_m=500)
    assert off.numerator == 0
    assert [x.count for x in off.left_out if x.reason == "stations_off_network"] == [1]


# --- Bærum --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Baerum:
    data: Town
    x: np.ndarray
    y: np.ndarray
    residents: np.ndarray


@pytest.fixture(scope="module")
def baerum(real_data: Path) -> Baerum:
    """Bærum with SSB's cells of 2019, the ready list of frequent stops, and N1000's stations."""
    area = gpd.read_file(real_data / "baerum" / "municipalities_2024.gpkg").to_crs(25833)
    names = {c.lower(): c for c in area.columns}
    number = next(names[n] for n in ("kommunenummer", "number", "id") if n in names)
    area = area.rename(columns={number: "number"})[["number", "geometry"]].assign(name="x")
    people = pd.read_csv(real_data / "norway" / "NOR0250M_POP_2019.csv", sep=";", dtype=np.int64)
    ids = people.iloc[:, 0].to_numpy()
    cx, cy = cell_centre(ids, size_m=250)
    west, south, east, north = area[area["number"] == "3201"].total_bounds
    near = (cx > west - 5e3) & (cx < east + 5e3) & (cy > south - 5e3) & (cy < north + 5e3)
    ids, residents = ids[near], people.iloc[:, 1].to_numpy()[near].astype(float)
    grid = gpd.GeoDataFrame(
        {"cell_id": ids, "residents": residents},
        geometry=cell_square(ids, size_m=250), crs=25833,
    )  # fmt: skip
    stations = gpd.read_file(real_data / "baerum" / "n1000.gpkg", layer="Stasjon").to_crs(25833)
    ready = pd.read_parquet(
        real_data / "norway" / "frequent_stops_max_gap_07_20_2026-01-15.parquet"
    )
    lon, lat = (next(c for c in ready.columns if c.lower().endswith(e)) for e in
                ("longitude", "latitude"))  # fmt: skip
    stops = gpd.GeoDataFrame(
        {
            "stop_id": ready["stopPlaceRef"],
            "name": ready["name"],
            "mode": ready["route_type"].replace(
                {"Subway": "metro", "Train": "rail", "Bus": "bus", "Bussveien": "bus",
                 "Tram": "tram"}
            ),
        },
        geometry=gpd.points_from_xy(ready[lon], ready[lat]), crs=4326,
    ).to_crs(25833)  # fmt: skip
    data = Town(
        {
            "municipality": area,
            "population_grid": grid,
            "stations": stations.assign(name="x", kind="rail")[["name", "kind", "geometry"]],
            "frequent_stops": stops,
        }
    )
    return Baerum(data, cx[near].astype(float), cy[near].astype(float), residents)


def twin(case: Baerum, targets: gpd.GeoDataFrame, max_m: float) -> tuple[float, float]:
    """Every centre against every target, one distance at a time in shapely."""
    polygon = case.data.frames["municipality"].set_index("number").geometry["3201"]
    centres = gpd.GeoSeries(gpd.points_from_xy(case.x, case.y))
    inside = centres.intersects(polygon).to_numpy()
    near = centres.distance(shapely.union_all(targets.geometry.to_numpy())).to_numpy() <= max_m
    return float(case.residents[inside & near].sum()), float(case.residents[inside].sum())


def test_baerum_within_2500_m_of_a_station(baerum: Baerum) -> None:
    """Slow twin on real data: N1000's stations, 10 minutes at 15 km/h in a straight line."""
    place = study_area(baerum.data, number="3201", halo_m=5000)
    result = ANALYSES["rail-cycling"](place, {"max_min": 10, "speed_kmh": 15})
    near, total = twin(baerum, baerum.data.frames["stations"], 2500)
    assert (result.numerator, result.denominator) == (near, total)
    assert 120_000 < total < 135_000
    assert result.value is not None
    assert 0.3 < result.value < 1


def test_baerum_by_the_ready_list_of_frequent_stops(baerum: Baerum) -> None:
    """Slow twin on real data: stops of the list within 1 km in a straight line."""
    place = study_area(baerum.data, number="3201", halo_m=5000)
    result = ANALYSES["transit-access"](place, {"max_m": 1000})
    near, total = twin(baerum, baerum.data.frames["frequent_stops"], 1000)
    assert (result.numerator, result.denominator) == (near, total)


@pytest.mark.parametrize("kind", ["rail", "metro", "both"])
def test_baerum_within_2500_m_of_the_listed_stations(baerum: Baerum, kind: str) -> None:
    """Slow twin on real data: train and metro stops of the ready list, apart and together."""
    place = study_area(baerum.data, number="3201", halo_m=5000)
    asked = {"max_m": 2500, "kind": kind, "stations": "list", "metric": "straight-line"}
    result = ANALYSES["rail-cycling"](place, asked)
    listed = baerum.data.frames["frequent_stops"]
    wanted = ["rail", "metro"] if kind == "both" else [kind]
    near, total = twin(baerum, listed[listed["mode"].isin(wanted)], 2500)
    assert (result.numerator, result.denominator) == (near, total)
    assert 0 < near < total


def test_stations_come_from_the_list_where_there_is_no_layer() -> None:
    """Identity: the same places as a layer and as a list give the same share."""
    places = points((125.0, 125.0), (625.0, 875.0), (125.0, 875.0))
    told = {"stop_id": ["a", "b", "c"], "name": ["A", "B", "C"], "mode": ["rail", "metro", "bus"]}
    listed = frame(places, **told)
    how = {"metric": "straight-line", "max_min": 1, "speed_kmh": 15}
    by_list = run(town(frequent_stops=listed), **how)
    assert by_list.numerator == run(cycled(), **how).numerator == 390
    assert by_list.definition.parameters["stations"] == "frequent_stops"
    both = cycled(frequent_stops=listed.iloc[:1])
    readings = {r.name: r.numerator for r in run(both, **how).sensitivity}
    assert readings["rail-1min-straight-line-15kmh-list"] == 70
    with pytest.raises(LayerMissingError, match="stations"):
        run(town(frequent_stops=listed), stations="layer", **how)


def test_addresses_are_counted_where_they_are() -> None:
    """By hand: of five addresses two lie within 250 m of the station, one exactly so."""
    homes = points((125, 125), (375, 125), (376, 125), (625, 875), (700, 900))
    data = cycled(addresses=frame(homes, address_id=list("abcde")))
    result = run(data, weight="addresses", metric="straight-line", kind="rail", max_m=250)
    assert (result.numerator, result.denominator) == (2, 5)
    assert result.numerator_unit == "addresses"
    assert result.frame is not None
    assert result.frame["addresses"].sum() == 5
    near = ANALYSES["transit-access"]
    listed = frame(points((125, 125)), stop_id=["a"], name=["A"], mode=["bus"])
    same = near(study(town(addresses=data.frames["addresses"], frequent_stops=listed)),
                {"weight": "addresses", "max_m": 250})  # fmt: skip
    assert (same.numerator, same.denominator) == (2, 5)
    assert "adresser i kommunen" in same.definition.sentence.nb
    with pytest.raises(ParameterError, match="origins"):
        run(data, weight="addresses", origins="centre")


def test_ages_are_headed_by_the_station_that_they_reach() -> None:
    """By hand: 10 of the west's 480 start at the station's cell; its heading names no stop."""
    ages = frame(
        [None],  # type: ignore[list-item]
        number=["99990101"], age=["18+"], residents=[480],
    )  # fmt: skip
    data = town(
        stations=station_frame((125, 125, "rail")), basic_statistical_units=units(), age_groups=ages
    )
    table = run(data, kind="rail", metric="straight-line", max_m=100).table("by_age")
    assert table.frame["reached_station"].tolist() == [pytest.approx(10)]
    headings = {c.name: c.title.nb for c in table.columns}
    assert headings["reached_station"] == "Nær stasjon"
    assert not [h for h in headings.values() if "holdeplass" in h]
