"""What check says of a timetable: that no trip of it runs, and that it has run out."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from gis.checks import Verdict, check_store
from gis.lock import Lock
from gis.sources import read_layer
from gis.store import build, open_store
from gis.workspace import open_workspace
from tests.feeds import town, write_feed
from tests.publishers import NUMBER, frame

if TYPE_CHECKING:
    from pathlib import Path

DAYS = "service_id,date,exception_type\n"


def judged(root: Path, feed: Path, *, today: dt.date) -> Verdict:
    """The verdict of a feed in a municipality that is drawn around its stops."""
    root.mkdir()
    stops = read_layer("transit_stops", feed).frame.to_crs(25833)
    area = stops.union_all().envelope.buffer(500)
    shutil.copyfile(feed, root / "feed.zip")
    frame([area], kommunenummer=[NUMBER], kommunenavn=["Fjordvik"]).to_file(root / "town.gpkg")
    (root / "workspace.toml").write_text(
        f'area = "{NUMBER}"\n[layers.municipality]\npath = "town.gpkg"\ndate = 2026-01-01\n'
        f'[layers.transit_stops]\npath = "feed.zip"\ndate = {today}\n',
        encoding="utf-8",
    )
    opened = open_workspace(root)
    build(opened)
    found = check_store(open_store(opened), lock=Lock(), today=today)
    return next(v for v in found if v.source.layer == "transit_stops")


def told(verdict: Verdict) -> str:
    return "; ".join(f"{f.grade} {f.text.en}" for f in verdict.findings)


def dated(path: Path, service: str) -> Path:
    """A feed whose trips are of service WD; the calendar gives its own service two days."""
    rows = f"{DAYS}{service},20261001,1\n{service},20261005,1\n"
    return write_feed(path, town(calendar=None, calendar_dates=rows))


def test_a_timetable_that_runs_says_nothing(tmp_path: Path) -> None:
    """By hand: the last day is today."""
    feed = dated(tmp_path / "f.zip", "WD")
    found = judged(tmp_path / "w", feed, today=dt.date(2026, 10, 5))
    assert "timetable" not in told(found)


def test_a_timetable_that_has_run_out(tmp_path: Path) -> None:
    """By hand: the day after its last day."""
    feed = dated(tmp_path / "f.zip", "WD")
    found = judged(tmp_path / "w", feed, today=dt.date(2026, 10, 6))
    assert "look the timetable is of 1 October 2026 to 5 October 2026; no trip" in told(found)


def test_a_timetable_whose_trips_belong_to_no_calendar(tmp_path: Path) -> None:
    """By hand: the calendar's service is another; the verdict is bad and gives both names."""
    feed = dated(tmp_path / "f.zip", "SUN")
    found = judged(tmp_path / "w", feed, today=dt.date(2026, 10, 5))
    assert found.grade == "bad"
    assert "bad no departure can be worked out: " in told(found)
    assert "(trips.txt has 'WD', the calendar has 'SUN')" in told(found)


@pytest.mark.parametrize("name", ["_2015-12_2016-06", "_broken_service_ids"])
def test_a_real_feed_and_the_same_with_lost_zeros(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    """Twin: service ids of the two tables met by Python's csv alone."""
    feed = real_data / f"baerum/gtfs_flybussekspressen{name}.zip"
    with zipfile.ZipFile(feed) as archive:
        trips, *days = (
            {r["service_id"] for r in csv.DictReader(io.StringIO(archive.read(n).decode()))}
            for n in ("trips.txt", "calendar.txt", "calendar_dates.txt")
            if n in archive.namelist()
        )
    meet = bool(trips & set().union(*days))
    found = judged(tmp_path / "w", feed, today=dt.date(2016, 1, 1))
    assert (found.grade == "bad") is not meet
    assert ("leading zeros are lost" in told(found)) is not meet
