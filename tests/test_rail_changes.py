"""Hold cycling to stations before and after a new path against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gis.analyses import ANALYSES
from gis.errors import GeometryError, ParameterError
from gis.published import publishable
from tests.access_town import comb, path_file, station_frame, units
from tests.town import Town, population, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

HOW = {"metric": "network", "gradient": "off", "max_m": 400}


def run(data: Town, **params: object) -> Result:
    return ANALYSES["rail-changes"](study(data), params, own_files=True)


def railway(**layers: object) -> Town:
    given = {"roads_paths": comb(), "stations": station_frame((125.0, 125.0, "rail"))} | layers
    return town(basic_statistical_units=units(), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", [HOW, {"metric": "straight-line"}, {"max_min": 2}])
def test_without_a_path_the_answer_is_that_of_rail_cycling(how: dict[str, object]) -> None:
    """Identity: number, stations, distances and reasons are the baseline's."""
    same, base = run(railway(), **how), ANALYSES["rail-cycling"](study(railway()), how)
    assert (same.numerator, same.denominator) == (base.numerator, base.denominator)
    assert same.figures["residents_gained"] == 0
    assert same.figures["residents_before"] == base.numerator
    assert same.tables["by_station"].frame.equals(base.tables["by_station"].frame)
    assert same.left_out == base.left_out
    assert same.frame is not None
    assert base.frame is not None
    for column in ("way_m", "reached"):
        assert same.frame[column].equals(base.frame[column])


def test_a_path_across_a_block_by_hand(tmp_path: Path) -> None:
    """By hand: by the streets (1, 1) is 500 m from the station, across the block 354 m."""
    people = population()
    path = path_file(tmp_path, (375, 375), (125, 125))
    result = run(railway(), path=path, **HOW)
    before = people[0, 0] + people[1, 0] + people[0, 1]
    assert result.figures["residents_before"] == before
    assert result.figures["residents_gained"] == people[1, 1]
    assert result.numerator == before + people[1, 1]
    frame = result.frame
    assert frame is not None
    gained = frame[frame["gained"]]
    assert gained["residents"].to_list() == [people[1, 1]]
    assert gained["way_m"].to_list() == [354]
    assert result.layers["changes"]["kind"].to_list() == ["path"]
    assert path.name in result.definition.sentence.nb
    assert [r.numerator for r in result.sensitivity] == [before, before + people[1, 1]]
    table = result.tables["units"].frame
    assert table["gained"].sum() == people[1, 1]


def test_minutes_and_hills_gain_too(tmp_path: Path) -> None:
    """By hand: 354 m at 15 km/h is 1.41 minutes, 500 m is 2: 1.5 minutes tell them apart."""
    path = path_file(tmp_path, (375, 375), (125, 125))
    how = {"metric": "network", "gradient": "off", "max_min": 1.5, "speed_kmh": 15}
    result = run(railway(), path=path, **how)
    assert result.figures["residents_gained"] == population()[1, 1]
    assert result.figures["effective_kmh"] == 15


def test_what_leaves_is_protected(tmp_path: Path) -> None:
    """By hand: the gain is told to the nearest ten, and no count of 1 to 9 is."""
    path = path_file(tmp_path, (375, 375), (125, 125))
    shown = publishable(run(railway(), path=path, **HOW))
    gained = shown.figures["residents_gained"]
    assert isinstance(gained, str) or gained % 10 == 0  # type: ignore[operator]


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    """By hand: a path needs the network, and must lie near."""
    path = path_file(tmp_path, (375, 375), (125, 125))
    with pytest.raises(ParameterError, match="allowed: metric network"):
        run(railway(), path=path, metric="straight-line")
    away = path_file(tmp_path, (375_000, 375_000), (375_100, 375_100))
    with pytest.raises(GeometryError, match="no line in or near"):
        run(railway(), path=away, **HOW)
