"""Hold plans against today in the hand-counted town: nothing planned is today, gains by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.analyses.frequent_stops import ready_list
from gis.analyses.growth import growth_share, places_in
from gis.analyses.scenario import PERSONS_PER_DWELLING, ScenarioParameters, scenario
from gis.analyses.screen_people import with_stops
from gis.errors import FieldError, GeometryError, ParameterError
from gis.published import publishable
from gis.result import UNDER_TEN
from gis.sources.plan import Plan, Planned, read_plan
from tests.access_town import comb, lines, station_frame, stop_frame
from tests.plans import plan_file
from tests.town import E0, EPSG, N0, Town, box, cells, frame, points, population, study, town

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from gis.result import Result

NOTHING = Plan(label="none", sha256="", features=())


def full(**more: object) -> Town:
    """One stop in the south-west, a station in the north-east, settlement, nature, a flood zone."""
    layers = {
        "frequent_stops": stop_frame((125, 125)),
        "stations": station_frame((625, 875, "rail")),
        "built_up": frame([box(0, 0, 500, 500)], number=["1"], name=["Byen"]),
        "nature_types": frame(
            [box(400, 400, 600, 600)],
            kind=["Rik løvskog"],
            code=["x"],
            quality=["high"],
            name=["Lia"],
            id=["1"],
        ),
        "flood_zones": frame(
            [box(500, 0, 600, 1000)], flood_class=["200"], low_point=[0], zone_id=["a"]
        ),
        "flood_mapped_extent": frame([box(0, 0, 1000, 1000)]),
        "roads_paths": comb(),
    }
    return town(**{**layers, **more})  # type: ignore[arg-type]


def run(data: Town, plan: Plan, **params: object) -> Result:
    return scenario(study(data), ScenarioParameters.model_validate(params), plan)


def planned(folder: Path, *shapes: shapely.Geometry, **columns: object) -> Plan:
    return read_plan(plan_file(folder, *shapes, **columns), epsg=EPSG)  # type: ignore[arg-type]


def people(result: Result, name: str, scenario_name: str = "plan") -> pd.Series:
    rows = result.table("scenario_people").frame
    title = {"transit": "Nær", "rail": "Sykler", "hazard": "Bor"}[name]
    keep = [i.nb.startswith(title) for i in rows["indicator"]]
    return rows[keep].set_index("scenario").loc[scenario_name]


def land(result: Result, title: str) -> pd.Series:
    rows = result.table("scenario_land").frame
    return rows[[i.nb.startswith(title) for i in rows["indicator"]]].iloc[0]


# --- nothing planned ---------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["straight-line", "network"])
def test_nothing_planned_is_exactly_today(metric: str) -> None:
    """Identity: every figure is that of its own analysis, to the last bit."""
    data = full()
    result = run(data, NOTHING, max_m=300, metric=metric)
    s = study(data)
    access = ANALYSES["transit-access"](s, {"max_m": 300, "metric": metric})
    rail, hazard = ANALYSES["rail-cycling"](s, {}), ANALYSES["hazard-exposure"](s, {})
    built = ANALYSES["built-up-share"](s, {})
    assert (result.numerator, result.value) == (access.numerator, access.value)
    for name, one in (("transit", access), ("rail", rail), ("hazard", hazard)):
        row = people(result, name, "baseline")
        assert row["before"] == row["after"] == one.numerator
        assert (row["gained_today"], row["new_total"]) == (0, 0)
    row = land(result, "Tettsted")
    assert row["before_share"] == row["after_share"] == built.value
    assert row["change_ha"] == 0
    assert result.frame is not None
    assert access.frame is not None
    assert result.frame["reached"].tolist() == access.frame["reached"].tolist()
    assert result.layers["before"]["reached"].equals(result.frame["reached"])


def test_a_plan_without_effect_is_today_too(tmp_path: Path) -> None:
    """Identity: a stop with too few departures, ground that is built up, a street drawn again."""
    data = full()
    today = run(data, NOTHING, metric="network", max_m=400)
    plan = planned(
        tmp_path,
        points((625, 625))[0],
        box(100, 100, 200, 200),
        lines([(125, 375), (625, 375)]).geometry.iloc[0],
        avgangerPerTime=[3.9, None, None],
    )
    result = run(data, plan, metric="network", max_m=400)
    assert result.numerator == today.numerator
    assert land(result, "Tettsted")["change_ha"] == pytest.approx(0, abs=1e-12)
    assert "stop 1" in " ".join(n.nb for n in result.notes)


# --- who moves in, who gains -------------------------------------------------------------------


def test_those_who_move_in_are_counted_where_their_area_lies(tmp_path: Path) -> None:
    """By hand: 100 dwellings of 2 persons; the stop reaches 300 m, half of the area of 100 m.

    The area runs from 250 to 350 m straight north of the stop: its points at 262.5, 287.5
    lie within, those at 312.5 and 337.5 do not; sideways up to 12.5 m changes none.
    """
    plan = planned(tmp_path, box(100, 375, 150, 475), boliger=[100], navn=["Nord"])
    result = run(full(), plan, max_m=300, persons_per_dwelling=2)
    row = people(result, "transit")
    assert (row["new_total"], row["new_within"]) == (200, 100)
    assert row["after"] == row["before"] + 100
    assert result.denominator == 780 + 200
    assert result.figures["new_dwellings_within"] == 50
    assert "Nord: 100 av 200" in row["behind"].nb


def test_the_plans_own_numbers_win_over_dwellings(tmp_path: Path) -> None:
    """By hand: residents given are taken; else dwellings by the persons of SSB's figure."""
    plan = planned(
        tmp_path, box(0, 0, 50, 50), box(60, 0, 99, 50), boliger=[10, 10], innbyggere=[33, None]
    )
    row = people(run(full(), plan), "transit")
    assert row["new_total"] == round(33 + 10 * PERSONS_PER_DWELLING)


def test_a_new_stop_gains_those_around_it_and_is_named(tmp_path: Path) -> None:
    """By hand: at (625, 625), 251 m: 90, 80, 60 and 120 gain, as what-changes says."""
    plan = planned(
        tmp_path, points((625, 625))[0], avgangerPerTime=[6], navn=["Torget"], type=["stop"]
    )
    data = full()
    result = run(data, plan, max_m=251)
    row = people(result, "transit")
    assert (row["before"], row["gained_today"], row["after"]) == (70, 350, 420)
    assert "Torget" in row["behind"].nb
    assert result.figures["residents_gained"] == 350
    assert result.frame is not None
    assert int(result.frame["gained"].sum()) == 4
    assert result.layers["planned_stops"]["name"].tolist() == ["Torget"]


def test_a_new_path_counts_by_network_alone(tmp_path: Path) -> None:
    """By hand: as in what-changes, the path saves the 100 of cell (0, 3) a detour."""
    rows = [[(125.0, y), (625.0, y), (750.0, y)] for y in (125.0, 375.0, 625.0, 875.0)]
    spine = [(125.0, 125.0), (125.0, 375.0), (125.0, 625.0)]
    data = full(roads_paths=lines(*rows, spine, [(625.0, 625.0), (625.0, 875.0)]))
    path = shapely.LineString([(E0 + 125, N0 + 625), (E0 + 125, N0 + 869)])
    plan = planned(tmp_path, path, navn=["Snarvegen"])
    walked = run(data, plan, metric="network", max_m=751)
    assert people(walked, "transit")["gained_today"] == 100
    straight = run(data, plan, max_m=300)
    assert people(straight, "transit")["gained_today"] == 0
    assert any("metric network" in n.nb for n in straight.notes)


def test_a_new_station_is_cycled_to(tmp_path: Path) -> None:
    """By hand: 10 minutes at 18 km/h are 3,000 m; with the only station 4 km off, a new one."""
    far = full(stations=station_frame((625, 4500, "rail")), roads_paths=None)
    plan = planned(tmp_path, points((125, 125))[0], avgangerPerTime=[4], transportmiddel=["tog"])
    row = people(run(far, plan), "rail")
    assert (row["before"], row["after"]) == (0, 780)


def test_those_in_a_hazard_zone_are_those_of_the_areas_points(tmp_path: Path) -> None:
    """By hand: the zone runs from 500 to 600; an area from 550 to 650 lies half in it."""
    plan = planned(tmp_path, box(550, 100, 650, 200), innbyggere=[80])
    row = people(run(full(), plan), "hazard")
    assert row["new_within"] == 40
    assert row["after"] == row["before"] + 40


# --- land --------------------------------------------------------------------------------------


def test_land_is_measured_where_the_plan_touches(tmp_path: Path) -> None:
    """By hand: of 4 ha drawn 1 ha is built up and 1 ha sea; 1 ha given back; nature 1 of 4 ha.

    Built: 400-800 x 300-400: 100 m in the settlement, 50 m in the sea (from 750). Cleared:
    0-100 x 0-100.
    """
    plan = planned(
        tmp_path,
        box(400, 300, 800, 400),
        box(0, 0, 100, 100),
        kind=["area", "removal"],
        navn=["Øst", "Vest"],
    )
    result = run(full(), plan)
    row = land(result, "Tettsted")
    assert row["before_ha"] == pytest.approx(25)
    assert row["change_ha"] == pytest.approx(4 - 1 - 0.5 - 1)
    assert "Øst 2,50 ha" in row["behind"].nb
    assert "frigitt 1,00 ha" in row["behind"].nb
    # Nature 400-600: its 1 ha in the settlement is built on already; none of the rest is touched.
    assert land(result, "Kartlagt")["before_ha"] == pytest.approx(1)
    assert land(result, "Kartlagt")["change_ha"] == pytest.approx(0)
    deeper = planned(tmp_path, box(500, 400, 600, 500), navn=["Lia"])
    assert land(run(full(), deeper), "Kartlagt")["change_ha"] == pytest.approx(1)


def test_what_is_measured_locally_is_the_whole_measured_again(tmp_path: Path) -> None:
    """Slow twin: the whole settlement joined with random plans, measured from scratch."""
    rng = np.random.default_rng(5)
    data = full()
    s = study(data)
    settlement = data.frame("built_up").union_all()
    for _ in range(5):
        corners = rng.uniform(0, 700, (3, 2))
        new = [box(x, y, x + 150, y + 120) for x, y in corners]
        gone = box(*corners[0] / 2, *(corners[0] / 2 + 100))
        plan = planned(tmp_path, *new, gone, kind=["area"] * 3 + ["removal"])
        row = land(run(data, plan), "Tettsted")
        union = shapely.union_all(new)
        whole = shapely.union(shapely.difference(settlement, gone), union)
        expected = shapely.area(shapely.intersection(whole, s.land)) / 1e4
        assert row["after_ha"] == pytest.approx(expected)


# --- several plans, the border, disclosure -----------------------------------------------------


def test_several_plans_stand_side_by_side(tmp_path: Path) -> None:
    """By identity: each of two plans in one file gives what it gives alone."""
    shapes = (box(0, 0, 100, 100), box(600, 600, 700, 700))
    both = planned(tmp_path, *shapes, scenario=["A", "B"], boliger=[100, 50])
    data = full()
    result = run(data, both, max_m=300)
    for i, name in enumerate(("A", "B")):
        alone = planned(tmp_path, shapes[i], scenario=[name], boliger=[[100, 50][i]])
        own = run(data, alone, max_m=300)
        for kind in ("transit", "rail", "hazard"):
            one, other = people(result, kind, name), people(own, kind, name)
            assert (one["after"], one["new_within"]) == (other["after"], other["new_within"])
    assert [r.name for r in result.sensitivity] == ["today", "plan_1", "plan_2"]
    assert result.layers["other_plans"]["scenario"].tolist() == ["B"]
    marks = result.layers["planned_marks"]
    assert marks["scenario"].tolist() == ["A"]
    assert marks.geometry.iloc[0].within(shapes[0])


def test_plans_of_one_study_do_not_take_each_others_places() -> None:
    """Identity: two plans of one name in one study give what each gives in a study of its own."""
    data = full()
    shared, params = study(data), ScenarioParameters(metric="network", max_m=400)
    for west in (0.0, 300.0, 600.0):
        shape = box(west, 100, west + 60 + west / 10, 180)
        plan = Plan("same", "", (Planned("plan", "area", "felt", shape, residents=100.0),))
        first, own = scenario(shared, params, plan), scenario(study(data), params, plan)
        assert first.as_dict()["tables"] == own.as_dict()["tables"]


def test_what_lies_outside_the_municipality_is_left_out_and_said(tmp_path: Path) -> None:
    """By hand: half of the area is across the border, so half of its 100 residents count."""
    plan = planned(tmp_path, box(-50, 100, 50, 200), innbyggere=[100])
    result = run(full(), plan)
    assert people(result, "transit")["new_total"] == 50
    assert [(x.reason, x.count) for x in result.left_out] == [("planned_outside", 50)]


def test_a_gain_of_few_is_not_told(tmp_path: Path) -> None:
    """By search: 7 of today's residents gain; nothing that leaves says 7, or lets it be told."""
    data = full(population_grid=cells({**population(), (2, 2): 7}, "residents"))
    plan = planned(tmp_path, points((625, 625))[0], avgangerPerTime=[6])
    result = run(data, plan, max_m=60)
    assert people(result, "transit")["gained_today"] == 7
    public = publishable(result)
    row = people(public, "transit")
    assert row["gained_today"] == UNDER_TEN
    assert row["before"] % 10 == 0
    assert row["after"] % 10 == 0
    assert public.numerator is None or public.numerator % 10 == 0
    assert "7 " not in public.finding.nb
    assert "7 av" not in row["behind"].nb


def test_the_layer_of_planned_changes_is_the_plan(tmp_path: Path) -> None:
    """By identity: the store's layer gives what the same file gives by hand."""
    columns = {"scenario": ["A", "A"], "name": ["Felt", "Stopp"], "dwellings": [80.0, np.nan]}
    shapes = [box(600, 600, 700, 700), points((625, 625))[0]]
    layer = frame(shapes, **columns, per_hour=[np.nan, 6.0])
    data = full(planned_changes=layer)
    result = ANALYSES["scenario"](study(data), {"max_m": 300})
    file = tmp_path / "same.geojson"
    layer.to_file(file, engine="pyogrio")
    own = run(data, read_plan(file, epsg=EPSG), max_m=300)
    assert people(result, "transit", "A")["after"] == people(own, "transit", "A")["after"]
    assert result.value == own.value


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """By rule: a reach beyond the halo, a list that settles what is frequent, a line as an area."""
    with pytest.raises(ParameterError, match="halo"):
        scenario(study(full(), halo_m=500), ScenarioParameters(), NOTHING)
    path = shapely.LineString([(E0, N0), (E0 + 9, N0)])
    with pytest.raises(GeometryError, match="drawn as LineString"):
        planned(tmp_path, path, kind=["area"])


def test_a_slip_of_the_keyboard_is_refused(tmp_path: Path) -> None:
    """By rule: numbers beyond a million, and a plan of another municipality."""
    for given in (1e308, -1.0, 1_000_001.0):
        with pytest.raises(FieldError, match="allowed: 0 to 1000000"):
            planned(tmp_path, box(0, 0, 50, 50), boliger=[given])
    far = planned(tmp_path, box(50_000, 0, 50_050, 50), boliger=[10])
    with pytest.raises(GeometryError, match=r"lies \d+ m outside 9999 Byen"):
        run(full(), far)


# --- growth ------------------------------------------------------------------------------------


def test_places_fill_an_area_evenly() -> None:
    """Closed form: a square of 100 m has 16 points of 25 m; a sliver has one, inside it."""
    places = places_in([shapely.box(0, 0, 100, 100), shapely.box(1, 1, 2, 2)])
    assert np.bincount(places.owner).tolist() == [16, 1]
    assert places.part.sum() == pytest.approx(2)
    assert (places.x[-1], places.y[-1]) == (1.5, 1.5)


def test_growth_share_counts_dwellings_near_a_frequent_stop(tmp_path: Path) -> None:
    """By hand: all 60 of one area, none of the 40 of the other; with a stop there all of both."""
    data = full()
    plan = planned(tmp_path, box(100, 100, 150, 150), box(700, 900, 740, 940), boliger=[60, 40])
    stops = ready_list(study(data))
    today = growth_share(plan.of("area"), stops, max_m=300)
    assert (today.within, today.total, today.share) == (60, 100, 0.6)
    assert today.by_area == (60, 0)
    stop = planned(tmp_path, points((720, 920))[0], avgangerPerTime=[4])
    after = growth_share(
        plan.of("area"), with_stops(stops, stop.of("stop"), min_per_hour=4), max_m=300
    )
    assert after.share == 1
    assert growth_share((), stops, max_m=300).share is None
    assert isinstance(stops.frame, gpd.GeoDataFrame)
