"""Hold before and after against each other: no change is the baseline, and gains are by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gis.analyses import ANALYSES
from gis.analyses.registry import file_parameters
from gis.errors import GeometryError, ParameterError, SourceError
from gis.published import publishable
from gis.result import UNDER_TEN, WITHHELD
from tests import feeds
from tests.access_town import comb, degrees, feed, lines, path_file, stop_frame, units
from tests.town import Town, cells, population, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

EVERY_15 = range(0, 12 * 60 + 1, 15)
STOPS = {"A": (125.0, 125.0, ""), "B": (625.0, 875.0, "")}


def run(data: Town, **params: object) -> Result:
    return ANALYSES["what-changes"](study(data), params, own_files=True)


def access(data: Town, **params: object) -> Result:
    return ANALYSES["transit-access"](study(data), params)


def listed(**layers: object) -> Town:
    given = {"roads_paths": comb(), "frequent_stops": stop_frame((125, 125))} | layers
    return town(basic_statistical_units=units(), **given)  # type: ignore[arg-type]


def served(tmp_path: Path) -> Town:
    """A every 15 minutes; B has two departures a day."""
    data = town(roads_paths=comb(), basic_statistical_units=units())
    data.files["transit_stops"] = feed(
        tmp_path / "feed.zip", STOPS, {("A", "B"): EVERY_15, ("B", "A"): (60, 120)}
    )
    return data


def place(x: float, y: float) -> str:
    lon, lat = degrees(x, y)
    return f"{lon:.9f},{lat:.9f}"


def test_a_service_can_refuse_files_of_the_machine(tmp_path: Path) -> None:
    """By rule: without own_files a parameter that names a file is refused before it is opened."""
    one = ANALYSES["what-changes"]
    assert file_parameters(one.parameters) == ("weight_file", "feed", "path")
    for name in ("feed", "path"):
        with pytest.raises(ParameterError, match="own_files=True"):
            one(study(listed()), {name: str(tmp_path / "secret"), "metric": "network"})
    assert not file_parameters(ANALYSES["scenario"].parameters)


# --- no change ------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["straight-line", "network"])
@pytest.mark.parametrize("max_m", [260, 500, 1000])
def test_no_change_is_exactly_the_baseline(tmp_path: Path, metric: str, max_m: int) -> None:
    """Identity: number, bounds, units and every cell are those of transit-access."""
    for data in (listed(), served(tmp_path)):
        plain = access(data, metric=metric, max_m=max_m)
        result = run(data, metric=metric, max_m=max_m)
        assert result.numerator == plain.numerator
        assert result.value == plain.value
        assert result.left_out == plain.left_out
        assert result.figures["residents_gained"] == 0
        rows = result.table("units").frame
        expected = plain.table("units").frame["reached"].tolist()
        assert rows["reached"].tolist() == rows["reached_before"].tolist() == expected
        assert result.frame is not None
        assert plain.frame is not None
        assert result.frame["reached"].tolist() == plain.frame["reached"].tolist()
        assert result.frame["distance_m"].equals(plain.frame["distance_m"])


def test_a_change_that_changes_nothing_is_the_baseline_too(tmp_path: Path) -> None:
    """Identity: too few departures, a feed without a trip that day, a street drawn again."""
    data = served(tmp_path)
    base = access(data, metric="network", max_m=500).numerator
    seldom = run(data, metric="network", max_m=500, new_stop=place(625, 625), stop_per_hour=3.9)
    assert seldom.numerator == base
    again = path_file(tmp_path, (125, 375), (625, 375))
    assert run(data, metric="network", max_m=500, path=again).numerator == base
    same = feed(tmp_path / "same.zip", STOPS, {("B", "A"): (61,)})
    assert run(data, metric="network", max_m=500, feed=same).numerator == base


# --- a stop, departures, a path ---------------------------------------------------------------


def test_a_new_stop_gains_the_cells_around_it() -> None:
    """By hand: at (2, 2), 250 m straight: 90, 80, 60 and 120, all of them new."""
    result = run(listed(), max_m=251, new_stop=place(625, 625), stop_per_hour=4)
    assert result.figures["residents_before"] == 10 + 20 + 40
    assert result.figures["residents_gained"] == 90 + 80 + 60 + 120
    assert result.numerator == 70 + 350
    rows = result.table("units").frame.set_index("number")
    assert rows["gained"].tolist() == [80, 270]
    assert rows["reached_before"].tolist() == [70, 0]
    assert result.layers["changes"]["kind"].tolist() == ["stop"]
    assert {r.name: r.numerator for r in result.sensitivity} == {"before": 70, "after": 420}


def test_a_fraction_of_a_departure_makes_no_whole_hour(tmp_path: Path) -> None:
    """By hand: 4.5 an hour is 4 in the least hour; 5 asked for in every hour is not met by 5.5."""
    data = served(tmp_path)
    given = {"max_m": 251, "new_stop": place(625, 625), "statistic": "every-hour"}
    assert run(data, **given, stop_per_hour=4.5).figures["residents_gained"] == 350
    assert run(data, **given, stop_per_hour=5.5, min_per_hour=6).figures["residents_gained"] == 0


def test_a_second_feed_adds_its_trips_at_stops_of_equal_id(tmp_path: Path) -> None:
    """By hand: B gets a departure every 15 minutes; C is a new stop with as many."""
    data = served(tmp_path)
    stops = {**STOPS, "C": (125.0, 875.0, "")}
    patch = feed(tmp_path / "patch.zip", stops, {("B", "A"): EVERY_15, ("C", "A"): EVERY_15})
    result = run(data, max_m=300, feed=patch)
    assert result.figures["residents_before"] == 10 + 20 + 40
    # B: (2, 3), (1, 3), (2, 2). C: (0, 3), (1, 3), (0, 2).
    assert result.figures["residents_gained"] == 120 + 110 + 90 + 100 + 70
    assert "patch.zip" in result.definition.sentence.en


def test_departures_of_both_feeds_are_counted_together(tmp_path: Path) -> None:
    """By hand: 2 an hour in the feed and 2 in the patch, at other minutes, are 4."""
    data = town()
    data.files["transit_stops"] = feed(
        tmp_path / "feed.zip", STOPS, {("A", "B"): range(0, 720, 30)}
    )
    patch = feed(tmp_path / "patch.zip", STOPS, {("A", "B"): range(15, 735, 30)})
    result = run(data, max_m=300, feed=patch)
    assert (result.figures["residents_before"], result.numerator) == (0, 70)
    gap = run(data, max_m=300, feed=patch, statistic="max-gap")
    assert gap.numerator == 70


def test_a_new_path_shortens_the_walk(tmp_path: Path) -> None:
    """By hand: row 3 joined to row 2 at x = 625 only; a path at x = 125 saves (0, 3) a detour."""
    rows = [[(125.0, y), (625.0, y), (750.0, y)] for y in (125.0, 375.0, 625.0, 875.0)]
    spine = [(125.0, 125.0), (125.0, 375.0), (125.0, 625.0)]
    detour = lines(*rows, spine, [(625.0, 625.0), (625.0, 875.0)])
    data = listed(roads_paths=detour)
    assert access(data, metric="network", max_m=750).numerator == 60 + 150 + 150
    # The path stops 6 m short of row 3 and is tied to it.
    file = path_file(tmp_path, (125, 625), (125, 869))
    result = run(data, metric="network", max_m=751, path=file)
    assert result.figures["residents_gained"] == 100
    loose = run(data, metric="network", max_m=751, path=file, join_m=3)
    assert loose.figures["residents_gained"] == 0
    assert result.layers["changes"]["kind"].tolist() == ["path"]


def test_a_path_nearer_home_that_leads_far_takes_nothing_away(tmp_path: Path) -> None:
    """By rule: a cell that would snap to a long way round keeps the street it had."""
    street = lines([(0, 125), (750, 125)])
    data = listed(
        roads_paths=street, population_grid=cells({(0, 0): 100.0, (1, 1): 50.0}, "residents")
    )
    before = access(data, metric="network", max_m=600)
    assert before.numerator == 150
    round_about = path_file(tmp_path, (375, 376), (375, 2000), (750, 2000), (750, 125))
    after = run(data, metric="network", max_m=600, path=round_about)
    assert after.numerator == 150
    assert after.figures["residents_gained"] == 0


# --- disclosure, and what is refused ----------------------------------------------------------


def test_a_gain_of_few_is_not_told() -> None:
    """By search: 7 residents gain; neither 7 nor what would tell it leaves the house."""
    people = cells({**population(), (2, 2): 7}, "residents")
    result = run(
        listed(population_grid=people), max_m=60, new_stop=place(625, 625), stop_per_hour=4
    )
    assert result.figures["residents_gained"] == 7
    public = publishable(result)
    assert public.figures["residents_gained"] in (UNDER_TEN, WITHHELD)
    east = public.table("units").frame.set_index("number").loc["99990102"]
    assert east["gained"] in (UNDER_TEN, WITHHELD)
    assert east["reached"] in (UNDER_TEN, WITHHELD)
    assert "7 " not in public.finding.nb


def test_what_cannot_be_answered_is_said(tmp_path: Path) -> None:
    """By rule: a stop elsewhere, axes swapped, a path in a straight line, no lines, no feed."""
    data = listed()
    with pytest.raises(ParameterError, match="lies more than 5000 m"):
        run(data, new_stop="10.75,59.91")
    lon, lat = degrees(625, 625)
    with pytest.raises(ParameterError, match="longitude"):
        run(data, new_stop=f"{lat:.6f},{lon:.6f}")
    with pytest.raises(ParameterError, match="allowed: metric network"):
        run(data, path=path_file(tmp_path, (0, 0), (10, 10)))
    with pytest.raises(ParameterError, match="come from a ready list"):
        run(data, feed=tmp_path / "x.zip")
    far = path_file(tmp_path, (90_000, 0), (90_010, 10))
    with pytest.raises(GeometryError, match="no line in or near"):
        run(data, path=far, metric="network")
    broken = tmp_path / "broken.zip"
    broken.write_text("no zip")
    with pytest.raises(SourceError):
        run(served(tmp_path), feed=broken)
    late = feeds.CALENDAR.replace("20261102,20261218", "20270104,20270122")
    tables = feeds.town(calendar=late, stops="stop_id,stop_lat,stop_lon\nP1,60,8\nQ,60,8\nR,60,8\n")
    other = feeds.write_feed(tmp_path / "late.zip", tables)
    with pytest.raises(ParameterError, match="late"):
        run(served(tmp_path), feed=other)
