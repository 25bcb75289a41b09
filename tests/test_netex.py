"""Timetables and stop registers in NeTEx: by hand, hostile ones, and the real deliveries."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
import shapely
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import OutsideError, SourceError
from gis.sources import read_layer
from gis.sources.feeds import one_feed
from gis.sources.gtfs import FeedDay, read_feed
from gis.sources.limits import Limits
from gis.sources.netex_files import netex_kind
from gis.sources.xml_stream import stream_elements
from gis.store import open_store
from gis.workspace import open_workspace, write_workspace
from tests.netex import (
    HEAD,
    TAIL,
    arrives,
    assigned,
    journey,
    leaves,
    line,
    link,
    pattern,
    stop_place,
    stop_point,
    write_register,
    write_timetable,
)
from tests.publishers import NUMBER, municipality

H = 3600
MONDAY = dt.date(2026, 11, 2)
# Mondays to Fridays of two weeks, but not Wednesday 4; Saturday 7 by its date; all days of a
# third week but what its bits leave out.
CALENDAR = (
    '<DayType id="WD"><properties><PropertyOfDay><DaysOfWeek>Weekdays</DaysOfWeek>'
    '</PropertyOfDay></properties></DayType><DayType id="SA"/><DayType id="BITS"/>'
    '<OperatingPeriod id="P"><FromDate>2026-11-02T00:00:00</FromDate>'
    "<ToDate>2026-11-15T00:00:00</ToDate></OperatingPeriod>"
    '<UicOperatingPeriod id="U"><FromDate>2026-11-16</FromDate><ToDate>2026-11-22</ToDate>'
    "<ValidDayBits>1010000</ValidDayBits></UicOperatingPeriod>"
    '<OperatingDay id="D9"><CalendarDate>2026-11-29</CalendarDate></OperatingDay>'
    '<OperatingDay id="D10"><CalendarDate>2026-11-30</CalendarDate></OperatingDay>'
    '<DayTypeAssignment><OperatingPeriodRef ref="P"/><DayTypeRef ref="WD"/></DayTypeAssignment>'
    "<DayTypeAssignment><Date>2026-11-04</Date><isAvailable>false</isAvailable>"
    '<DayTypeRef ref="WD"/></DayTypeAssignment>'
    '<DayTypeAssignment><Date>2026-11-07</Date><DayTypeRef ref="SA"/></DayTypeAssignment>'
    '<DayTypeAssignment><UicOperatingPeriodRef ref="U"/><DayTypeRef ref="BITS"/>'
    "</DayTypeAssignment>"
)
STOPS = (
    stop_point("A")
    + stop_point("B")
    + stop_point("C", (10.6, 59.95))
    + assigned("A", "NSR:Quay:1")
    + assigned("B", "NSR:Quay:2")
)
REGISTER = stop_place(7, {1: (10.5, 59.9), 2: (10.51, 59.91)}, wheelchair="true")
NO_BOARDING = "<ForBoarding>false</ForBoarding>"


def town(tmp_path: Path, *journeys: str, calendar: str = CALENDAR) -> Path:
    stops = {"A": "", "B": NO_BOARDING, "C": ""}
    lines = line() + pattern(stops) + "".join(journeys)
    return write_timetable(tmp_path / "t.zip", shared=STOPS + calendar, lines=lines)


def run(name: str, clock: str = "08:00:00", *, days: str = "WD", said: str = "") -> str:
    times = {"A": leaves(clock), "B": leaves("08:10:00"), "C": arrives("08:20:00")}
    return journey(name, times, days=days, said=said)


def read(feed: Path, date: dt.date = MONDAY, window: tuple[int, int] = (7 * H, 9 * H)) -> FeedDay:
    return read_feed(feed, date=date, window=window)


def calls(day: FeedDay) -> list[tuple[str, int, bool]]:
    joined = day.calls.join(day.quays, on="quay").sort("time_s", "stop_id")
    return joined.select("stop_id", "time_s", "departure").rows()


def test_calls_by_hand(tmp_path: Path) -> None:
    """By hand: A may be boarded, B not, C is the last; and the route's direction and mode."""
    register = write_register(tmp_path / "stops.xml", REGISTER)
    day = read(one_feed([town(tmp_path, run("1")), register]))
    assert calls(day) == [
        ("NSR:Quay:1", 8 * H, True),
        ("NSR:Quay:2", 8 * H + 600, False),
        ("T:P:C", 8 * H + 1200, False),
    ]
    assert day.calls["direction"].unique().to_list() == [1]
    assert day.calls["mode"].unique().to_list() == ["bus"]
    quays = {r["stop_id"]: r for r in day.quays.to_dicts()}
    assert quays["NSR:Quay:1"]["place_id"] == "NSR:StopPlace:7"
    assert quays["NSR:Quay:1"]["name"] == "Torget"
    assert (quays["T:P:C"]["lon"], quays["T:P:C"]["lat"]) == (10.6, 59.95)


def test_days_by_hand(tmp_path: Path) -> None:
    """By hand: weekdays but one, a single Saturday, two days by their bits, a dated journey."""
    dated = (
        '<DatedServiceJourney><ServiceJourneyRef ref="T:S:4"/><OperatingDayRef ref="D9"/>'
        '</DatedServiceJourney><DatedServiceJourney><ServiceJourneyRef ref="T:S:4"/>'
        '<OperatingDayRef ref="D10"/><ServiceAlteration>cancellation</ServiceAlteration>'
        "</DatedServiceJourney>"
    )
    journeys = [run("1"), run("2", days="SA"), run("3", days="BITS"), run("4", days=""), dated]
    path = town(tmp_path, *journeys)
    register = write_register(tmp_path / "stops.xml", REGISTER)
    with zipfile.ZipFile(one_feed([path, register])) as feed:
        rows = [r.split(",") for r in feed.read("calendar_dates.txt").decode().split()[1:]]
        trips = [r.split(",") for r in feed.read("trips.txt").decode().split()[1:]]
    found = {t[2]: sorted(int(d[6:]) for s, d, _ in rows if s == t[1]) for t in trips}
    assert found == {
        "T:S:1": [2, 3, 5, 6, 9, 10, 11, 12, 13],
        "T:S:2": [7],
        "T:S:3": [16, 18],
        "T:S:4": [29],
    }


def test_times_after_midnight_belong_to_the_day_before(tmp_path: Path) -> None:
    """By hand: a journey of Monday that leaves A at 00:30 the day after is Tuesday's."""
    times = {"A": leaves("00:30:00", offset=1), "C": arrives("00:50:00", offset=1)}
    path = town(tmp_path, journey("n", times, days="WD"))
    register = write_register(tmp_path / "stops.xml", REGISTER)
    feed = one_feed([path, register])
    night = read(feed, dt.date(2026, 11, 3), window=(0, 2 * H))
    assert calls(night)[0] == ("NSR:Quay:1", 1800, True)
    late = read(feed, MONDAY, window=(23 * H, 26 * H))
    assert calls(late)[0] == ("NSR:Quay:1", 24 * H + 1800, True)


def test_what_cannot_be_counted_is_said(tmp_path: Path) -> None:
    """By hand: cancelled, without pattern, without times, by interval; one quay without place."""
    register = write_register(
        tmp_path / "s.xml", stop_place(7, {1: (10.5, 59.9), 2: None}, place=None)
    )
    journeys = [
        run("1"),
        run("2", said="<ServiceAlteration>cancellation</ServiceAlteration>"),
        journey("3", {"A": leaves("08:00:00")}, of="X", days="WD"),
        journey("4", {"A": leaves("about eight")}, days="WD"),
        '<TemplateServiceJourney id="h"/>',
    ]
    data = read_layer("transit_stops", [town(tmp_path, *journeys), register])
    assert set(data.source.notes) == {
        "1 journeys cancelled or replaced left out",
        "1 journeys without a known pattern left out",
        "1 calls without a time or a place in the pattern left out",
        "1 journeys without times left out",
        "1 journeys by interval, not read",
        "1 stops without a place in any register",
        "2 stops without coordinates left out",
    }
    assert data.file is not None
    left_out = {x.reason: x.count for x in read(data.file).left_out}
    assert left_out["stops_without_coordinates"] == 1
    assert sorted(data.frame["stop_id"]) == ["NSR:Quay:1", "T:P:C"]


def test_links_place_stops_where_they_agree(tmp_path: Path) -> None:
    """By hand: both links end at A together; at B they end 1 km apart, which tells nothing."""
    links = link("A", "B", "59.9 10.5 59.905 10.5 59.91 10.51") + link(
        "B", "A", "59.92 10.51 59.9 10.5"
    )
    data = read_layer("transit_stops", town(tmp_path, run("1"), calendar=CALENDAR + links))
    assert sorted(data.frame["stop_id"]) == ["NSR:Quay:1", "T:P:C"]
    assert "1 stops placed where the links that meet there end" in data.source.notes
    assert "1 stops without a place in any register" in data.source.notes


def test_a_register_by_hand(tmp_path: Path) -> None:
    """By hand: a stop place, two quays of which one has no place; access comes from above."""
    path = write_register(
        tmp_path / "stops.xml", stop_place(7, {1: (10.5, 59.9), 2: None}, wheelchair="partial")
    )
    data = read_layer("stop_register", path)
    rows = data.frame.drop(columns="geometry").fillna("")
    assert rows.to_dict("records") == [
        {
            "stop_id": f"NSR:{what}",
            "name": "Torget",
            "kind": kind,
            "parent": parent,
            "stop_type": "onstreetBus",
            "mode": "bus",
            "wheelchair": "partial",
            "municipality": "9801",
        }
        for what, kind, parent in (
            ("StopPlace:7", "stop_place", ""),
            ("Quay:1", "quay", "NSR:StopPlace:7"),
        )
    ]
    assert data.source.notes == ("1 stops without coordinates left out",)


def test_a_register_elsewhere_and_none_at_all(tmp_path: Path) -> None:
    """By hand: stops in Cairns are outside; a timetable is no register, and one alone no feed."""
    far = write_register(tmp_path / "c.xml", stop_place(7, {1: (145.7, -16.9)}, place=None))
    with pytest.raises(OutsideError, match="longitude 2 to 34"):
        read_layer("stop_register", far)
    with pytest.raises(SourceError, match="without stop places"):
        read_layer("stop_register", town(tmp_path, run("1")))
    with pytest.raises(SourceError, match="without a timetable"):
        read_layer("transit_stops", far)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + HEAD + TAIL, "DTD or entities"),
        ("<PublicationDelivery><dataObjects>", "not whole XML"),
        (HEAD + TAIL, "without stop places and without a timetable"),
        (HEAD + "<a>" * 250, "too deep"),
    ],
)
def test_hostile_xml(tmp_path: Path, text: str, words: str) -> None:
    """By hand: a DTD, a file cut short, one of nothing, one too deep: one line each."""
    path = tmp_path / "bad.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words) as refused:
        netex_kind(path)
    assert "\n" not in str(refused.value)


def test_an_element_is_bounded(tmp_path: Path) -> None:
    """By hand: an element of more parts or text than allowed; what is not asked for is free."""
    path = tmp_path / "big.xml"
    path.write_text(f"{HEAD}<Other>{'x' * 5000}</Other><Line>{'<a/>' * 50}</Line>{TAIL}")
    for limits, words in (
        (Limits(xml_elements=40), "too many parts"),
        (Limits(xml_elements=60, xml_bytes=10), None),
    ):
        with path.open("rb") as stream:
            found = stream_elements(
                stream, ("Line",), source="big.xml", root="PublicationDelivery", limits=limits
            )
            if words is None:
                assert [len(e) for e in found] == [50]
            else:
                with pytest.raises(SourceError, match=words):
                    list(found)
    with path.open("rb") as stream, pytest.raises(SourceError, match="too much text"):
        list(
            stream_elements(
                stream,
                ("Other",),
                source="big.xml",
                root="PublicationDelivery",
                limits=Limits(xml_bytes=1000),
            )
        )


PERIOD = "<FromDate>1026-01-01</FromDate><ToDate>2026-01-01</ToDate>"
FREITAG = "<properties><PropertyOfDay><DaysOfWeek>Freitag</DaysOfWeek></PropertyOfDay></properties>"


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        (f'<OperatingPeriod id="P">{PERIOD}</OperatingPeriod>', "more than 3660 days"),
        ("<DayTypeAssignment><Date>2026-11-31</Date></DayTypeAssignment>", "YYYY-MM-DD"),
        (f'<DayType id="X">{FREITAG}</DayType>', "'Freitag'"),
    ],
)
def test_a_calendar_that_is_refused(tmp_path: Path, calendar: str, words: str) -> None:
    """By hand: a thousand years of days are not written out; 31 November is no date."""
    calendar = calendar.replace("</Date>", '</Date><DayTypeRef ref="WD"/>')
    with pytest.raises(SourceError, match=words):
        one_feed([town(tmp_path, run("1"), calendar=calendar)])


def test_timetable_and_register_in_the_inbox(tmp_path: Path) -> None:
    """By hand: alone the timetable is refused with what it lacks; with the register it is read."""
    write_workspace(tmp_path / "by", area=NUMBER)
    inbox = tmp_path / "by" / "inbox"
    inbox.mkdir()
    (inbox / "k.zip").write_bytes(municipality())
    no_place = STOPS.replace("<Location>", "<L>").replace("</Location>", "</L>")
    lines = line() + pattern({"A": "", "B": ""}) + run("1")
    write_timetable(inbox / "rute.zip", shared=no_place + CALENDAR, lines=lines)
    command = CliRunner().invoke
    alone = command(app, ["inbox", "-w", str(tmp_path / "by")])
    assert "oppgi holdeplassregisteret (NeTEx) også" in alone.stdout
    write_register(inbox / "holdeplasser.xml", REGISTER)
    said = command(app, ["inbox", "-w", str(tmp_path / "by")]).stdout
    assert "rute.zip: leses sammen med holdeplasser.xml som transit_stops" in said
    assert "stop_register" in said
    built = command(app, ["build", "-w", str(tmp_path / "by")])
    assert built.exit_code == 0, built.stderr
    store = open_store(open_workspace(tmp_path / "by"))
    assert calls(read(store.file("transit_stops")))[0] == ("NSR:Quay:1", 8 * H, True)
    assert {"transit_stops", "stop_register"} <= set(store.layers)


# --- real deliveries --------------------------------------------------------------------


def test_the_real_stop_register(real_data: Path) -> None:
    """Twin: the elements counted by their text alone, and one stop read off by eye."""
    path = real_data / "oslo/stopPlaces.xml"
    text = path.read_text(encoding="utf-8")
    frame = read_layer("stop_register", path).frame
    ids = re.findall(r"<(?:StopPlace|Quay)\s[^>]*\bid=\"([^\"]+)\"", text)
    assert sorted(frame["stop_id"]) == sorted(ids)
    assert (frame["kind"] == "quay").sum() == len(re.findall(r"<Quay\s", text)) == 7
    quay = frame.set_index("stop_id").loc["NSR:Quay:97213"]
    assert (quay["name"], quay["parent"]) == ("Dorvonjárga", "NSR:StopPlace:56697")
    assert (quay["stop_type"], quay["municipality"]) == ("onstreetBus", "5610")
    assert (frame["stop_type"] == "railStation").any()


def test_the_real_timetable(real_data: Path) -> None:
    """Twin: journeys, calls and days counted by the text of the files alone."""
    path = real_data / "norway/rb_flb-aggregated-netex.zip"
    with zipfile.ZipFile(path) as archive:
        text = {n: archive.read(n).decode() for n in archive.namelist()}
    (lines,) = (t for n, t in text.items() if not n.startswith("_"))
    (shared,) = (t for n, t in text.items() if n.startswith("_"))
    bodies = re.findall(r"<ServiceJourney .*?</ServiceJourney>", lines, re.DOTALL)
    runs = [b for b in bodies if "<ServiceAlteration>cancellation" not in b]
    given = re.findall(r"<Date>([\d-]+)</Date>\s*<DayTypeRef ref=\"([^\"]+)\"", shared)
    date_of = {kind: day for day, kind in given}
    day = dt.date(2021, 10, 10)
    that_day = [
        b
        for b in runs
        if any(date_of[k] == day.isoformat() for k in re.findall(r"DayTypeRef ref=\"([^\"]+)\"", b))
    ]
    data = read_layer("transit_stops", path)
    assert data.file is not None
    read_day = read(data.file, day, window=(0, 24 * H))
    assert read_day.trips == len(that_day) > 5
    assert read_day.calls.height == sum(b.count("<TimetabledPassingTime ") for b in that_day)
    assert data.source.rows == len(set(re.findall(r"QuayRef ref=\"([^\"]+)\"", shared))) == 10
    leaves_at = sorted(m for b in that_day for m in re.findall(r"DepartureTime>(\d\d:\d\d)", b))
    told = read_day.calls.filter("departure")["time_s"].sort().to_list()
    assert [f"{s // H:02d}:{s % H // 60:02d}" for s in told] == leaves_at
    # Flåm's quays lie in Flåm (Kartverket's place names put the village at 60.86 N, 7.11 E).
    flam = data.frame[data.frame["name"] == "Flåm stasjon"].to_crs(4326).geometry
    near = shapely.distance(flam.to_numpy(), shapely.Point(7.114, 60.863))
    assert near.max() < 0.01
    assert pl.Series(read_day.calls["mode"]).cast(pl.String).unique().to_list() == ["rail"]
