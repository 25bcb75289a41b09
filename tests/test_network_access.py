"""Hold walking to stops by network against a drawn town where every way is counted by hand."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gis.analyses import ANALYSES, study_areas
from gis.analyses.network_access import roads_of
from gis.analyses.transit_access import TransitAccessParameters, answer, timetable_of
from gis.analyses.travel import counted_cells
from gis.errors import FieldError, GeometryError, LayerMissingError, ParameterError
from gis.published import publishable
from gis.sources import read_layer
from tests.access_town import ROWS, comb, feed, lines, stop_frame, units
from tests.town import Town, cells, frame, points, population, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

EVERY_15 = range(0, 12 * 60 + 1, 15)


def run(data: Town, **params: object) -> Result:
    return ANALYSES["transit-access"](study(data), params)


def walked(roads: object, *stops: tuple[float, float], **params: object) -> Result:
    data = town(roads_paths=roads, frequent_stops=stop_frame(*stops))  # type: ignore[arg-type]
    return run(data, metric="network", **params)


def left_out(result: Result) -> dict[str, float]:
    return {x.reason: x.count for x in result.left_out}


# --- metres -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_m", "straight", "network"),
    [(250, 70, 70), (500, 220, 220), (560, 360, 220), (750, 550, 460), (1250, 780, 780)],
)
def test_the_comb_is_walked_along_its_streets(max_m: int, straight: int, network: int) -> None:
    """By hand: cell (c, r) is 250 (c + r) m by street and 250 sqrt(c^2 + r^2) m straight away."""
    data = town(roads_paths=comb(), frequent_stops=stop_frame((125, 125)))
    assert run(data, max_m=max_m).numerator == straight
    assert run(data, max_m=max_m, metric="network").numerator == network


@pytest.mark.parametrize(("max_m", "reached"), [(114, 0), (115, 20), (214, 20), (215, 30)])
def test_the_access_leg_is_walked_too(max_m: int, reached: int) -> None:
    """By hand: a stop 40 m off the street, 75 m from (1, 0) and 175 m from (0, 0) along it."""
    assert walked(comb(), (300, 165), max_m=max_m).numerator == reached


def test_who_is_not_reached_is_told_by_reason() -> None:
    """By hand: one street along row 0; row 1 lies 250 m off it, rows 2 and 3 farther."""
    street = lines([(0, 125), (750, 125)])
    result = walked(street, (125, 125), max_m=300)
    # (0, 0) at 0 m, (1, 0) at 250 m, (0, 1) at 250 m.
    assert result.numerator == 10 + 20 + 40
    assert left_out(result) == {"network_no_road": 570, "network_beyond": 30 + 50 + 60}
    both = lines([(0, 125), (750, 125)], [(0, 875), (750, 875)])
    island = walked(both, (125, 125), max_m=1000)
    assert left_out(island) == {"network_island": 570}
    assert island.numerator == 60 + 150


def test_reached_and_left_out_are_everybody() -> None:
    """Conservation: reached, and those who are not by reason, sum to 780 at every distance."""
    both = lines([(0, 125), (750, 125)], [(100, 900), (300, 900)])
    for max_m in (100, 300, 500, 1000, 3000):
        result = walked(both, (125, 125), max_m=max_m)
        parts = sum(x.count for x in result.left_out if x.unit == "residents")
        assert (result.numerator or 0) + parts == 780


def test_too_far_is_told_to_the_nearest_ten() -> None:
    """By hand: 64 too far and 3 without a road; 64 shown exactly would tell of the 3."""
    people = cells({(0, 0): 100, (2, 0): 64, (0, 3): 3}, "residents")
    data = town(
        population_grid=people,
        roads_paths=lines([(0, 125), (750, 125)]),
        frequent_stops=stop_frame((125, 125)),
    )
    public = publishable(run(data, metric="network", max_m=300))
    shown = left_out(public)
    assert shown["network_beyond"] == 60
    assert np.isnan(shown["network_no_road"])


def test_a_stop_at_sea_is_counted_and_reaches_nobody() -> None:
    """By hand: 2 km from the streets, snapped to none."""
    result = walked(comb(), (125, 3000), max_m=1000)
    assert result.numerator == 0
    assert left_out(result)["stops_off_network"] == 1
    assert left_out(result)["network_beyond"] == 780


def test_tunnels_and_bridges_are_no_crossings() -> None:
    """By hand: a road tunnel is closed on foot; a bridge over a street meets it nowhere.

    Row 0, and (0, 1) and (2, 1) at equal distances, snap to the street, which comes first.
    """
    closed = lines([(0, 125), (750, 125)], [(375, 125), (375, 875)], medium=["ground", "tunnel"])
    assert left_out(walked(closed, (375, 875), max_m=3000))["stops_off_network"] == 1
    over = lines(
        [(0, 125), (375, 125), (750, 125)],
        [(375, 0), (375, 125), (375, 875)],
        medium=["ground", "bridge"],
    )
    assert walked(over, (375, 875), max_m=3000).numerator == 50 + 240 + 330


def test_distance_and_frequency_only_ever_grow() -> None:
    """Monotone: more metres never reach fewer, and a walk is never shorter than the line."""
    rng = np.random.default_rng(3)
    drawn = [
        [(float(a), float(b)), (float(c), float(d))]
        for a, b, c, d in rng.uniform(0, 1000, (60, 4)).tolist()
    ]
    data = town(roads_paths=lines(*drawn), frequent_stops=stop_frame((125, 125), (700, 900)))
    before = 0.0
    for max_m in (50, 200, 400, 800, 1600, 3200):
        network = run(data, metric="network", max_m=max_m).numerator or 0
        assert before <= network <= (run(data, max_m=max_m).numerator or 0)
        before = network


def test_the_network_is_built_once_a_study() -> None:
    """By identity: two answers in one study walk on the same graph."""
    place = study(town(roads_paths=comb(), frequent_stops=stop_frame((125, 125))))
    first = roads_of(place, "walk")
    ANALYSES["transit-access"](place, {"metric": "network"})
    assert roads_of(place, "walk") is first


def test_roads_of_no_kind_are_open_and_said_to_be() -> None:
    """By hand: without a road type every line is walked, and a note says so."""
    result = walked(comb().assign(kind=None), (125, 125), max_m=500)
    assert result.numerator == 220
    assert any("what kind of road" in note.en for note in result.notes)


def test_without_roads_the_network_is_refused() -> None:
    """By rule: no layer of roads, no network."""
    with pytest.raises(LayerMissingError, match="roads_paths"):
        run(town(frequent_stops=stop_frame((125, 125))), metric="network")
    with pytest.raises(GeometryError, match="tunnel"):
        walked(lines([(0, 125), (750, 125)], medium="tunnel"), (125, 125))


# --- where people start from, and who they are ------------------------------------------------


def test_addresses_carry_equal_parts_of_their_cell() -> None:
    """By hand: of the 10 in (0, 0), one address at the stop and one 110 m along the street."""
    homes = frame(points((125, 125), (235, 125)), address_id=[1, 2], text=["a", "b"])
    data = town(
        roads_paths=comb(), frequent_stops=stop_frame((125, 125)), addresses=homes,
        basic_statistical_units=units(),
    )  # fmt: skip
    for metric in ("straight-line", "network"):
        near = run(data, metric=metric, origins="addresses", max_m=100)
        assert near.numerator == 5
        assert left_out(near)["no_address"] == 770
        assert near.frame is not None
        assert near.frame["reached"].sum() == 1  # half of the cell or more
        assert near.table("units").frame["reached"].tolist() == [5, 0]
        assert run(data, metric=metric, origins="addresses", max_m=110).numerator == 10


def test_employees_are_counted_where_they_work() -> None:
    """By hand: 7 employees in 2 establishments at (0, 0), 11 in 3 at (2, 3)."""
    work = cells({(0, 0): 7.0, (2, 3): 11.0}, "employees").assign(establishments=[2, 3])
    data = town(
        roads_paths=comb(), frequent_stops=stop_frame((125, 125)), workplaces=work,
        basic_statistical_units=units(),
    )  # fmt: skip
    result = publishable(run(data, metric="network", max_m=500, weight="employees"))
    assert (result.numerator, result.denominator) == (7, 18)
    assert result.numerator_unit == "employees"
    assert result.table("units").frame["employees"].tolist() == [7, 11]
    assert "employees" in result.finding.en
    firms = run(data, max_m=500, weight="establishments")
    assert (firms.numerator, firms.denominator) == (2, 5)


def test_age_groups_are_reached_as_their_unit_is() -> None:
    """By hand: 220 of the west's 480 within 500 m straight but 30 of them live in the east."""
    ages = frame(
        [None] * 5,  # type: ignore[list-item]
        number=["99990101", "99990101", "99990102", "99990103", "01010101"],
        age=["18+", "0-17", "18+", "18+", "0-17"],
        residents=[384, 96, 300, 20, 999],
    )
    data = town(
        frequent_stops=stop_frame((125, 125)), basic_statistical_units=units(), age_groups=ages
    )
    result = run(data, max_m=500)
    table = result.table("by_age").frame.set_index("age")
    assert list(table.index) == ["0-17", "18+"]
    assert table.loc["0-17", "residents"] == 96
    assert table.loc["0-17", "reached"] == pytest.approx(96 * 190 / 480)
    assert table.loc["18+", "reached"] == pytest.approx(384 * 190 / 480 + 300 * 30 / 300)
    assert table.loc["18+", "not_placed"] == 20
    # 152 and 30 of 684, to the nearest ten.
    assert table.loc["18+", "share"] == pytest.approx(180 / 684)
    (part,) = study_areas(data, numbers=["9999"], halo_m=5000)
    assert len(part.frame("age_groups")) == 5


def test_a_table_of_ages_is_read_by_unit_number(tmp_path: Path) -> None:
    """By hand: lost leading zeros come back, counts that are hidden stay empty."""
    file = tmp_path / "alder.csv"
    file.write_text(
        "grunnkretsnummer;aldersgruppe;antallPersoner\n2190101;0-17;12\n32010102;67+;\n"
    )
    got = read_layer("age_groups", file).frame
    assert got["number"].tolist() == ["02190101", "32010102"]
    assert got["residents"].isna().tolist() == [False, True]
    assert got.geometry.isna().all()
    file.write_text("grunnkrets;alder\n2190101;0-17\n")
    with pytest.raises(FieldError, match="residents"):
        read_layer("age_groups", file)


# --- every reading ------------------------------------------------------------------------


def served(tmp_path: Path, *, boarding: bool = True) -> Town:
    """A every 15 minutes both ways; B as often, but no wheelchair boards there; C in the peak."""
    path = feed(
        tmp_path / "feed.zip",
        {"A": (125, 125, "1"), "B": (625, 875, "2"), "C": (625, 125, "")},
        {("A", "B"): EVERY_15, ("B", "A"): EVERY_15, ("C", "A"): range(60, 180, 10)},
        boarding=boarding,
    )
    homes = frame(points((125, 200), (600, 800)), address_id=[1, 2], text=["a", "b"])
    data = town(roads_paths=comb(), addresses=homes)
    data.files["transit_stops"] = path
    return data


def test_every_reading_is_what_its_parameters_give(tmp_path: Path) -> None:
    """Twin: the analysis run anew with each reading's parameters gives the reading's number."""
    data = served(tmp_path)
    result = run(data, max_m=300, metric="network")
    place = study(data)
    names = [r.name for r in result.sensitivity]
    assert len(set(names)) == len(names) == 3 * 2 * 2 * 2 * 3 + 2
    assert [r.name for r in result.sensitivity if r.chosen] == ["average-both-07-09-300m-network"]
    pattern = r"(average|every-hour|max-gap)-(both|best)-(\d\d-\d\d)-(\d+)m(.*)"
    for reading in result.sensitivity:
        found = re.fullmatch(pattern, reading.name)
        assert found is not None
        statistic, direction, window, max_m, more = found.groups()
        params = TransitAccessParameters(
            statistic=statistic, direction=direction, window=window, max_m=float(max_m),
            metric="network" if "network" in more else "straight-line",
            origins="addresses" if "addresses" in more else "centre",
            accessible="accessible" in more,
        )  # fmt: skip
        people = counted_cells(place, "residents")
        again = answer(place, params, people, timetable=timetable_of(place, params), drawn=False)
        assert again.numerator == reading.numerator, reading.name
        assert again.value == pytest.approx(reading.value)


def test_readings_differ_as_the_timetable_does(tmp_path: Path) -> None:
    """By hand: C has 6 departures an hour in the peak and 1 over the day; A and B 4 always."""
    result = run(served(tmp_path), max_m=300)
    by_name = {r.name: r.numerator for r in result.sensitivity}
    around_a, around_b, around_c = 10 + 20 + 40, 120 + 110 + 90, 30 + 20 + 60
    assert by_name["average-both-07-09-300m"] == around_a + around_b + around_c - 20
    assert by_name["average-both-06-18-300m"] == around_a + around_b
    # The wheelchair reading leaves A alone: B is 2 and of C nothing is said.
    assert by_name["average-both-07-09-300m-accessible"] == around_a
    assert result.value == pytest.approx((around_a + around_b + around_c - 20) / 780)


def test_a_feed_that_says_nothing_of_wheelchairs_is_not_asked(tmp_path: Path) -> None:
    """By rule: no wheelchair_boarding, no such reading; asked for, it is refused."""
    data = served(tmp_path, boarding=False)
    assert not [r for r in run(data).sensitivity if "accessible" in r.name]
    with pytest.raises(ParameterError, match=r"feed\.zip does not say where a wheelchair"):
        run(data, accessible=True)


def test_frequency_only_ever_takes_away(tmp_path: Path) -> None:
    """Monotone: more departures an hour asked for never reach more."""
    data = served(tmp_path)
    counts = [run(data, min_per_hour=n, metric="network").numerator for n in (1, 2, 4, 5, 6, 7)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


def test_a_ready_list_reads_every_distance_and_way() -> None:
    """By hand: 500 m and 1,000 m, straight and by street; a list cannot follow accessible."""
    data = town(roads_paths=comb(), frequent_stops=stop_frame((125, 125)))
    found = {r.name: r.numerator for r in run(data).sensitivity}
    assert found == {
        "list-500m": 220, "list-1000m": 780, "list-500m-network": 220,
        "list-1000m-network": 660,
    }  # fmt: skip
    with pytest.raises(ParameterError, match="accessible given"):
        run(data, accessible=True)


def test_the_area_drawn_holds_cells_off_the_street() -> None:
    """By hand: one street along row 0; (0, 1) lies 250 m off it at the stop, (1, 1) too far."""
    street = lines([(0, 125), (750, 125)])
    result = walked(street, (125, 125), max_m=300)
    area = result.layers["catchment"].geometry.iloc[0]
    cells_reached = result.frame[result.frame["reached"]].geometry.centroid
    assert len(cells_reached) == 3
    assert all(area.covers(p) for p in cells_reached)
    assert not area.covers(points((375, 375))[0])


def test_a_network_answer_can_be_published_and_drawn() -> None:
    """By rule: no number of 1 to 9, and the area drawn holds the streets within reach."""
    data = town(
        roads_paths=comb(), frequent_stops=stop_frame((125, 125)),
        basic_statistical_units=units(), population_grid=cells(population(), "residents"),
    )  # fmt: skip
    result = run(data, metric="network", max_m=500)
    public = publishable(result)
    assert public.numerator == 220
    area = result.layers["catchment"].geometry.iloc[0]
    near = points((125, ROWS[0]), (600, 125), (125, 600))
    far = points((700, 125), (125, 700), (300, 250))
    assert all(area.covers(p) for p in near)
    assert not any(area.covers(p) for p in far)
    assert dataclasses.replace(public).tables["units"].frame["residents"].tolist() == [480, 300]
