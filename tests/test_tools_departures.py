"""Departures of a feed by command: by hand on a small feed, and Flytoget at Lysaker."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import ParameterError
from gis.serviceday import given_day
from gis.tools import Asked, departures
from gis.tools.departures import parse_window
from tests.feeds import times, town, trips, write_feed

if TYPE_CHECKING:
    from pathlib import Path

WEDNESDAY = dt.date(2026, 11, 18)


def feed(path: Path, *minutes: int, tram: tuple[int, ...] = ()) -> Path:
    """Buses leave Torget (quay P1) at these minutes after 07:00 for Bakken; trains from P2."""
    rows, calls = [], []
    for route, starts, quay in (("bus", minutes, "P1"), ("tog", tram, "P2")):
        for i, minute in enumerate(starts):
            rows.append(f"{route},WD,{route}{i},{i % 2}")
            for j, stop in enumerate((quay, "Q")):
                at = 7 * 60 + minute + 10 * j
                clock = f"{at // 60:02d}:{at % 60:02d}:00"
                calls.append(f"{route}{i},{clock},{clock},{stop},{j + 1}")
    return write_feed(path, town(trips=trips(rows), stop_times=times(calls)))


@pytest.fixture
def quarterly(tmp_path: Path) -> Path:
    """Four buses from 07 to 08 and two from 08 to 09; two trains at 07:05 and 08:05."""
    return feed(tmp_path / "feed.zip", 0, 15, 30, 45, 60, 90, tram=(5, 65))


def asked(**changes: Any) -> Asked:
    return Asked(**{"window": "07-09", "date": WEDNESDAY, **changes})


def by_id(answer: Any) -> dict[str, dict[str, Any]]:
    return {s["id"]: s for s in answer.details["stops"]}


def test_every_reading_by_hand(quarterly: Path) -> None:
    """By hand: 8 departures in two hours are 4 an hour, 5 and 3 by the clock, waits to 30 min."""
    answer = departures(quarterly, asked())
    place = by_id(answer)["P"]
    assert (place["calls"], place["departures"], place["average"]) == (8, 8, 4)
    assert (place["every_hour"], place["max_gap"], place["meets"]) == (3, 30, True)
    assert place["modes"] == ["rail", "bus"]
    assert (answer.value, answer.numerator, answer.denominator) == (1, 1, 1)
    assert departures(quarterly, asked(statistic="every-hour")).value == 0
    assert departures(quarterly, asked(statistic="every-hour", min_per_hour=3)).value == 1
    assert departures(quarterly, asked(statistic="max-gap", min_per_hour=2)).value == 1
    assert departures(quarterly, asked(statistic="max-gap", min_per_hour=2.1)).value == 0
    one = by_id(departures(quarterly, asked(direction="best")))["P"]
    assert (one["departures"], one["meets"]) == (4, False)
    trains = departures(quarterly, asked(modes=("rail",)))
    assert by_id(trains)["P"]["departures"] == 2


def test_every_stop_is_listed(quarterly: Path) -> None:
    """By hand: nothing leaves Bakken, where all trips end, nor Enden, where none calls."""
    answer = departures(quarterly, asked())
    stops = by_id(answer)
    assert set(stops) == {"P", "Q", "R"}
    assert (stops["Q"]["calls"], stops["Q"]["departures"], stops["Q"]["meets"]) == (8, 0, False)
    assert (stops["R"]["calls"], stops["R"]["max_gap"]) == (0, None)
    left = {x.reason: x.count for x in answer.left_out}
    assert left["stops_without_departures"] == 2
    assert answer.details["totals"]["departures"] == 8
    quays = by_id(departures(quarterly, asked(level="quay")))
    assert {k: v["departures"] for k, v in quays.items()} == {"P1": 6, "P2": 2, "Q": 0, "R": 0}
    cluster = departures(quarterly, asked(level="cluster", cluster_m=50))
    assert cluster.definition.parameters["cluster_m"] == 50
    assert by_id(cluster)["P1"]["departures"] == 8


def test_minutes_in_windows(quarterly: Path) -> None:
    """By hand: from 07:05 to 07:45 leave 07:05, :15 and :30; the end is not inside."""
    answer = departures(quarterly, asked(window="07:05-07:45"))
    assert by_id(answer)["P"]["departures"] == 3
    assert answer.definition.parameters["window"] == "07:05-07:45"
    assert parse_window("22-26") == (22 * 3600, 26 * 3600)
    for bad in ("9-7", "07", "07-31", "07:60-08", "seven-nine"):
        with pytest.raises(ParameterError, match=f"window '{bad}'"):
            parse_window(bad)
    with pytest.raises(ParameterError, match="whole clock hour"):
        departures(quarterly, asked(window="07:05-07:45", statistic="every-hour"))


def test_an_empty_window_is_explained(quarterly: Path) -> None:
    """By hand: nothing runs from 14 to 15, but 8 trips run that day; 07-09 needs no remark."""
    answer = departures(quarterly, asked(window="14-15"))
    assert (answer.value, answer.denominator) == (0, 0)
    assert len(answer.notes) == 1
    assert "8 trips run on 2026-11-18" in answer.notes[0]
    assert departures(quarterly, asked()).notes == ()


def test_the_day_is_chosen_with_its_reason(quarterly: Path) -> None:
    """By hand: the feed runs on weekdays from 2 November 2026; a day outside it is refused."""
    answer = departures(quarterly, asked(date=None))
    day = answer.details["service_day"]
    chosen = dt.date.fromisoformat(day["date"])
    assert chosen.weekday() in (1, 2, 3)
    assert f"{chosen:%d.%m.%Y}" in day["reason"]["nb"]
    assert str(chosen.year) in day["reason"]["en"]
    assert (day["feed_first"], day["feed_last"]) == ("2026-11-02", "2026-12-18")
    assert day["trips"] == 8
    with pytest.raises(ParameterError, match="outside the feed"):
        departures(quarterly, asked(date=dt.date(2027, 1, 6)))


def test_a_mode_that_does_not_run_is_no_silent_zero(quarterly: Path) -> None:
    """By hand: no boat leaves, so the answer says which modes do; no note where one does."""
    answer = departures(quarterly, asked(modes=("water",)))
    assert (answer.value, answer.denominator) == (0, 0)
    assert answer.notes == ("no departure by water in 07-09; there are: bus, rail",)
    assert "båt" in answer.definition.sentence.nb
    assert departures(quarterly, asked(modes=("water", "bus"))).notes == ()


def test_a_given_holiday_is_said_to_be_one() -> None:
    """By the calendar: 17 May 2027 is a public holiday, 18 November 2026 a plain Wednesday."""
    assert given_day(WEDNESDAY).nb == "valgt dato"
    assert given_day(dt.date(2027, 5, 17)).nb == (
        "valgt dato, ingen vanlig hverdag: offentlig fridag"
    )
    assert "no Tuesday" in given_day(dt.date(2026, 11, 20)).en


def test_cluster_metres_need_the_cluster_level(quarterly: Path) -> None:
    """By rule: parameters that contradict each other are refused, not ignored."""
    with pytest.raises(ParameterError, match="cluster_m 50 given with level quay"):
        departures(quarterly, asked(level="quay", cluster_m=50))


def test_a_box_limits_the_stops(quarterly: Path) -> None:
    """By hand: only Torget lies south of 59.92; a box the wrong way round is refused."""
    answer = departures(quarterly, asked(bbox=(10.0, 59.0, 11.0, 59.92)))
    assert set(by_id(answer)) == {"P"}
    assert by_id(answer)["P"]["departures"] == 8
    with pytest.raises(ParameterError, match="no stop lies inside 1,2,3,4"):
        departures(quarterly, asked(bbox=(1.0, 2.0, 3.0, 4.0)))
    with pytest.raises(ParameterError, match="west < east"):
        departures(quarterly, asked(bbox=(11.0, 59.0, 10.0, 60.0)))
    with pytest.raises(ParameterError, match="mode trikk; allowed: rail"):
        departures(quarterly, asked(modes=("trikk",)))


def command(*words: object) -> Any:
    result = CliRunner().invoke(app, [str(w) for w in words])
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


def test_command_writes_the_stops(quarterly: Path, tmp_path: Path) -> None:
    """By hand: the same numbers in JSON, CSV, GeoPackage and GeoJSON."""
    words = ("departures", quarterly, "--date", "2026-11-18", "--window", "07-09", "--json")
    for suffix in ("csv", "gpkg", "geojson"):
        found = command(*words, "-o", tmp_path / f"stops.{suffix}")
    assert (found["value"], found["numerator"], found["denominator"]) == (1, 1, 1)
    assert " on 18 November 2026. " in found["definition"]["sentence"]["en"]
    assert " den 18.11.2026. " in found["definition"]["sentence"]["nb"]
    assert found["definition"]["sentence"]["en"].startswith("Number of stop places with at least 4")
    assert found["disclosure"] == "none: your own files"
    table = pd.read_csv(tmp_path / "stops.csv")
    assert table["departures"].tolist() == [8, 0, 0]
    assert table["lon"].tolist() == pytest.approx([10.5, 10.6, 10.7])
    assert gpd.read_file(tmp_path / "stops.gpkg")["modes"].tolist() == ["rail,bus", "", ""]
    assert gpd.read_file(tmp_path / "stops.geojson").geometry.x.tolist() == pytest.approx(
        [10.5, 10.6, 10.7]
    )
    for wrong in (("--date", "18.11.2026"), ("--bbox", "1,2,3"), ("--window", "7")):
        result = CliRunner().invoke(app, ["departures", str(quarterly), *wrong])
        assert isinstance(result.exception, ParameterError)
    assert CliRunner().invoke(app, ["departures", str(quarterly), "--level", "x"]).exit_code == 2


def test_flytoget_at_lysaker(real_data: Path) -> None:
    """Real data: 8 calls and 4 departures from 07 to 08 on 7 December 2016, counted beside it."""
    path = real_data / "baerum/gtfs_flytoget_2016-12_2017-02.zip"
    found = command("departures", path, "--date", "2016-12-07", "--window", "07-08", "--json")
    lysaker = next(s for s in found["stops"] if s["name"] == "Lysaker")
    assert (lysaker["calls"], lysaker["departures"]) == (8, 4)
    assert (lysaker["average"], lysaker["meets"]) == (4, True)
    assert lysaker["calls"] == _calls_by_hand(path, lysaker["id"])


def _calls_by_hand(path: Path, place: str) -> int:
    """Count the rows of stop_times.txt between 07 and 08 by Python's csv module."""

    def rows(name: str) -> list[dict[str, str]]:
        with zipfile.ZipFile(path) as archive:
            return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))

    quays = {
        r["stop_id"] for r in rows("stops.txt") if place in (r["stop_id"], r["parent_station"])
    }
    day = "20161207"
    running = {
        r["service_id"]
        for r in rows("calendar.txt")
        if r["wednesday"] == "1" and r["start_date"] <= day <= r["end_date"]
    }
    for r in rows("calendar_dates.txt"):
        if r["date"] == day:
            (running.add if r["exception_type"] == "1" else running.discard)(r["service_id"])
    wanted = {r["trip_id"] for r in rows("trips.txt") if r["service_id"] in running}
    return sum(
        r["trip_id"] in wanted
        and r["stop_id"] in quays
        and "07:00:00" <= r["departure_time"].strip().zfill(8) < "08:00:00"
        for r in rows("stop_times.txt")
    )
