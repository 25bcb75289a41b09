"""Several timetables read as one: ids apart, shared stops together; path lists and the inbox."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import SourceError
from gis.kernels.coordinates import metres_apart
from gis.kernels.timetable import departure_table
from gis.sources import read_layer
from gis.sources.feeds import one_feed
from gis.sources.gtfs import read_feed
from gis.sources.gtfs_files import open_feed, read_table
from gis.store import open_store
from gis.workspace import open_workspace, write_workspace
from tests.feeds import AGENCY, CALENDAR, STOPS, times, town, trips, write_feed
from tests.netex import assigned, line, pattern, stop_point, write_timetable
from tests.publishers import NUMBER, geojson_zip, municipality, square

MONDAY = dt.date(2026, 11, 2)
H = 3600
# The same ids as in tests.feeds.town for everything; P1 is the same platform, Q lies elsewhere.
OTHER_STOPS = STOPS.replace("59.9500,10.6000", "59.8500,10.4000")


def two(tmp_path: Path) -> list[Path]:
    first = write_feed(tmp_path / "en.zip", town())
    second = write_feed(
        tmp_path / "to.zip",
        town(
            agency=AGENCY.replace(",T,", ",U,"),
            stops=OTHER_STOPS,
            trips=trips(["tog,WD,t,1"]),
            stop_times=times(["t,08:00:00,08:00:00,P1,1", "t,08:10:00,08:10:00,Q,2"]),
        ),
    )
    return [first, second]


def departures(feed: Path) -> dict[str, list[int]]:
    day = read_feed(feed, date=MONDAY, window=(6 * H, 9 * H))
    told = day.calls.filter("departure").join(day.quays, on="quay").sort("time_s")
    out: dict[str, list[int]] = {}
    for row in told.to_dicts():
        out.setdefault(row["stop_id"], []).append(row["time_s"] // 60)
    return out


def test_calls_at_one_stop_are_counted_from_both(tmp_path: Path) -> None:
    """By hand: P1 has 07:00 of one feed and 08:00 of the other; equal trip ids stay two trips."""
    joined = one_feed(two(tmp_path))
    assert departures(joined) == {"P1": [420, 480], "Q": [430]}
    day = read_feed(joined, date=MONDAY, window=(6 * H, 9 * H))
    assert day.trips == 2
    assert day.calls.filter("departure")["mode"].to_list() == ["bus", "bus", "rail"]


def test_equal_ids_elsewhere_are_kept_apart(tmp_path: Path) -> None:
    """By hand: P, P1, P2 and R are one; Q of the other feed lies 10 km away and is its own."""
    data = read_layer("transit_stops", two(tmp_path))
    assert sorted(data.frame["stop_id"]) == ["2:Q", "P", "P1", "P2", "Q", "R"]
    assert data.source.notes == (
        "2 timetables joined",
        "4 stops that several timetables call at",
        "1 stops of equal id at other places kept apart",
    )
    assert data.source.file == "en.zip, to.zip"


@pytest.mark.parametrize("turned", [False, True])
def test_what_one_feed_does_not_say_of_a_stop_another_does(tmp_path: Path, turned: bool) -> None:
    """By hand: only one feed says that P1 belongs to P; P has departures 07:00 and 08:00.

    Whichever comes first (order does not matter), and with P1's wheelchair_boarding 1, where
    the other feed's 0 says nothing.
    """
    bare = "stop_id,stop_name,stop_lat,stop_lon,wheelchair_boarding\n"
    bare += "P1,Torget,59.9001,10.5,0\nR,Enden,59.9900,10.7000,\n"
    one = write_feed(
        tmp_path / "en.zip",
        town(stops=bare, stop_times=times(["t,07:00:00,07:00:00,P1,1", "t,07:20:00,07:20:00,R,2"])),
    )
    lines = STOPS.rstrip().split("\n")
    told = [lines[0] + ",wheelchair_boarding", *(f"{s},1" for s in lines[1:])]
    second = town(
        stops="\n".join(told) + "\n",
        stop_times=times(["t,08:00:00,08:00:00,P2,1", "t,08:10:00,08:10:00,Q,2"]),
    )
    two = write_feed(tmp_path / "to.zip", second)
    joined = one_feed([two, one] if turned else [one, two])
    day = read_feed(joined, date=MONDAY, window=(6 * H, 9 * H))
    place = departure_table(day.calls, day.quays, window=(6 * H, 9 * H)).frame
    assert dict(zip(place["id"], place["departures"], strict=True)) == {"P": 2, "Q": 0, "R": 0}
    boards = read_table(open_feed(joined), "stops.txt", ["stop_id", "wheelchair_boarding"])
    assert dict(boards.iter_rows())["P1"] == "1"


def test_national_ids_are_one_stop_wherever_they_are_placed(tmp_path: Path) -> None:
    """By hand: NSR:Quay:1 moved 10 km between two editions is the register's one stop."""
    first, second = two(tmp_path)
    feeds = []
    for path in (first, second):
        with zipfile.ZipFile(path) as old:
            tables = {n.removesuffix(".txt"): old.read(n) for n in old.namelist()}
        tables = {n: t.replace(b"Q,", b"NSR:Quay:1,") for n, t in tables.items()}
        feeds.append(write_feed(tmp_path / f"nsr_{path.name}", tables))
    assert sorted(read_layer("transit_stops", feeds).frame["stop_id"]) == [
        *("NSR:Quay:1", "P", "P1", "P2", "R"),
    ]


def test_order_does_not_change_the_counts(tmp_path: Path) -> None:
    """Identity: the feeds the other way round give the same departures, by other ids of Q."""
    paths = two(tmp_path)
    one, other = (departures(one_feed(p)) for p in (paths, paths[::-1]))
    assert (one["P1"], one["Q"]) == (other["P1"], other["2:Q"])


def test_joining_equals_the_sum_of_the_real_feeds(real_data: Path) -> None:
    """Conservation: Flytoget and Flybussekspressen, whose clock is Berlin's, keep their calls."""
    paths = [
        real_data / "baerum/gtfs_flytoget_2016-12_2017-02.zip",
        real_data / "baerum/gtfs_flybussekspressen_2015-12_2016-06.zip",
    ]
    joined = one_feed(paths)
    for path, date in zip(paths, (dt.date(2016, 12, 7), dt.date(2016, 3, 9)), strict=True):
        alone = read_feed(path, date=date, window=(7 * H, 9 * H))
        both = read_feed(joined, date=date, window=(7 * H, 9 * H))
        assert both.trips == alone.trips
        assert both.calls["time_s"].sort().to_list() == alone.calls["time_s"].sort().to_list()


def test_netex_and_gtfs_are_joined(tmp_path: Path) -> None:
    """By hand: the NeTEx timetable's P1 is the feed's P1, 10 m away."""
    shared = stop_point("A", (10.5, 59.9)) + assigned("A", "P1") + stop_point("B", (10.7, 59.99))
    shared += (
        '<DayTypeAssignment><Date>2026-11-02</Date><DayTypeRef ref="D"/></DayTypeAssignment>'
        + assigned("B", "R")
    )
    passing = "".join(
        f'<TimetabledPassingTime><StopPointInJourneyPatternRef ref="T:J:{s}"/>'
        f"<DepartureTime>08:{m}:00</DepartureTime></TimetabledPassingTime>"
        for s, m in (("A", "05"), ("B", "15"))
    )
    run = (
        '<ServiceJourney id="t"><dayTypes><DayTypeRef ref="D"/></dayTypes>'
        f'<JourneyPatternRef ref="T:J"/><passingTimes>{passing}</passingTimes></ServiceJourney>'
    )
    lines = line() + pattern({"A": "", "B": ""}) + run
    netex = write_timetable(tmp_path / "n.zip", shared=shared, lines=lines)
    feed = write_feed(tmp_path / "en.zip", town())
    assert departures(one_feed([feed, netex])) == {"P1": [420, 485], "Q": [430]}


def test_what_is_not_joined(tmp_path: Path) -> None:
    """By rule: two time zones, two rasters: one line."""
    first, _ = two(tmp_path)
    far = write_feed(tmp_path / "c.zip", town(agency=AGENCY.replace("Europe/Oslo", "Asia/Tokyo")))
    with pytest.raises(SourceError, match=r"time zones: en\.zip Europe/Oslo, c\.zip Asia"):
        one_feed([first, far])
    with pytest.raises(SourceError, match="path names 2 files; allowed: one"):
        read_layer("terrain", [first, far])


def test_metres_apart_by_hand() -> None:
    """Closed form: a degree along a meridian and along the equator, and nothing from itself."""
    degree = 6_371_009.0 * 3.141592653589793 / 180
    apart = metres_apart([10, 0, 5], [59, 0, 60], [10, 1, 5], [60, 0, 60])
    assert apart == pytest.approx([degree, degree, 0.0])


# --- a workspace ------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "by", area=NUMBER)
    (tmp_path / "by" / "inbox").mkdir()
    (tmp_path / "by" / "inbox" / "k.zip").write_bytes(municipality())
    return tmp_path / "by"


def arealplan(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_path_may_be_a_list(root: Path, tmp_path: Path) -> None:
    """By hand: two feeds named in workspace.toml are one layer with its own file in the store."""
    for path in two(tmp_path):
        shutil.copyfile(path, root / path.name)
    toml = (root / "workspace.toml").read_text(encoding="utf-8")
    toml += '\n[layers.transit_stops]\npath = ["en.zip", "to.zip"]\n'
    (root / "workspace.toml").write_text(toml, encoding="utf-8")
    arealplan("build", "-w", str(root))
    store = open_store(open_workspace(root))
    assert departures(store.file("transit_stops")) == {"P1": [420, 480], "Q": [430]}
    first = store.source("transit_stops").sha256
    arealplan("build", "-w", str(root))
    assert open_store(open_workspace(root)).source("transit_stops").sha256 == first
    for names, words in (
        ('["en.zip", "tre.zip"]', "tre.zip: no such file"),
        ('["en.zip", "en.zip"]', "twice in path"),
        ("[]", "layers.transit_stops.path"),
    ):
        text = toml.replace('["en.zip", "to.zip"]', names)
        (root / "workspace.toml").write_text(text, encoding="utf-8")
        done = CliRunner().invoke(app, ["build", "-w", str(root)])
        assert done.exit_code == 1
        assert words in str(done.exception)


def test_two_vector_files_by_path(root: Path) -> None:
    """By hand: a district in each file, and one that is in both and kept once."""
    for name, east in (("a.zip", 0.0), ("b.zip", 2000.0)):
        shape, shared = square(east, 0, 500), square(4000, 0, 500)
        rows = [
            (shape, {"grunnkretsnummer": f"98010{int(east)}"[:8].ljust(8, "1")}),
            (shared, {"grunnkretsnummer": "98010199"}),
        ]
        (root / name).write_bytes(geojson_zip("x", {"Grunnkrets": rows}))
    paths = [root / "a.zip", root / "b.zip"]
    data = read_layer("basic_statistical_units", paths)
    assert data.source.rows == 3
    assert "1 rows in several deliveries kept once" in data.source.notes


def test_the_inbox_joins_timetables_of_different_operators(root: Path, tmp_path: Path) -> None:
    """By hand: two operators are read together; a second edition of one is not chosen between."""
    first, second = two(tmp_path)
    for path in (first, second):
        shutil.copyfile(path, root / "inbox" / path.name)
    said = arealplan("inbox", "-w", str(root))
    assert "en.zip: leses sammen med to.zip som transit_stops" in said
    arealplan("build", "-w", str(root))
    store = open_store(open_workspace(root))
    assert departures(store.file("transit_stops")) == {"P1": [420, 480], "Q": [430]}
    again = CALENDAR.replace("20261218", "20261217")
    write_feed(root / "inbox" / "en_igjen.zip", town(calendar=again))
    said = arealplan("inbox", "-w", str(root))
    assert "leses sammen" not in said
    assert "en_igjen.zip" in said


def test_timetables_of_different_times_are_not_joined(root: Path, tmp_path: Path) -> None:
    """By hand: one ends the day before the other begins; no day has the departures of both."""
    first, _ = two(tmp_path)
    shutil.copyfile(first, root / "inbox" / "en.zip")
    tables = town(agency=AGENCY.replace(",T,", ",U,"))
    for begins, joined in (("20261219", False), ("20261218", True)):
        later = CALENDAR.replace("20261102,20261218", f"{begins},20270131")
        later = later.replace("1,1,1,1,1,0,0", "1,1,1,1,1,1,1")
        write_feed(root / "inbox" / "to.zip", {**tables, "calendar": later})
        said = arealplan("inbox", "-w", str(root))
        assert ("leses sammen" in said) is joined
        assert ("en.zip: brukes ikke som transit_stops" in said) is not joined
