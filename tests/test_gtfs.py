"""Reading GTFS: every trap of the format, with answers by hand, and real feeds."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import gtfs_kit
import numpy as np
import polars as pl
import pytest

from gis.errors import FieldError, ParameterError, SourceError, SourceMissingError
from gis.kernels.timetable import departure_table
from gis.sources import gtfs_files
from gis.sources.gtfs import FeedDay, feed_dates, read_feed, trips_per_date
from tests.feeds import STOPS, TIMES_HEAD, times, town, trips, write_feed

THURSDAY = dt.date(2026, 11, 19)
DAY = (0, 86_400)


def hm(text: str) -> int:
    """Seconds after midnight of H:MM or H:MM:SS."""
    parts = [int(p) for p in text.split(":")] + [0]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def board(day: FeedDay, *, all_calls: bool = False) -> dict[str, list[str]]:
    """Stop id to the clock times of its departures (or of all calls), in order."""
    calls = day.calls if all_calls else day.calls.filter("departure")
    rows = calls.join(day.quays.select("quay", "stop_id"), on="quay").sort("time_s")
    found: dict[str, list[str]] = {}
    for stop, s in rows.select("stop_id", "time_s").iter_rows():
        clock = f"{s // 3600:02d}:{s // 60 % 60:02d}" + (f":{s % 60:02d}" if s % 60 else "")
        found.setdefault(stop, []).append(clock)
    return found


def read(
    tmp_path: Path,
    tables: dict[str, str | bytes],
    date: dt.date = THURSDAY,
    window: tuple[int, int] = DAY,
    **options: object,
) -> FeedDay:
    path = write_feed(tmp_path / "feed.zip", tables)
    return read_feed(path, date=date, window=window, **options)  # type: ignore[arg-type]


def left_out(day: FeedDay) -> dict[str, float]:
    return {entry.reason: entry.count for entry in day.left_out}


# --- What counts as a departure --------------------------------------------------------


def test_last_call_is_no_departure(tmp_path: Path) -> None:
    """By hand: three calls, the last one ends the trip."""
    day = read(tmp_path, town())
    assert board(day) == {"P1": ["07:00"], "Q": ["07:10"]}
    assert board(day, all_calls=True)["R"] == ["07:20"]
    assert day.left_out == ()
    assert (day.trips, day.first, day.last) == (1, dt.date(2026, 11, 2), dt.date(2026, 12, 18))


def test_calls_without_boarding_are_no_departures(tmp_path: Path) -> None:
    """By hand: pickup_type 1 is drop-off only; 0, 2, 3 and empty let people board."""
    head = f"{TIMES_HEAD},pickup_type"
    stops = [("P1", ""), ("Q", "1"), ("P2", "2"), ("R", "3"), ("Q", "0")]
    rows = [f"t,07:0{i}:00,07:0{i}:00,{s},{i},{p}" for i, (s, p) in enumerate(stops)]
    day = read(tmp_path, town(stop_times=times(rows, head)))
    assert board(day) == {"P1": ["07:00"], "P2": ["07:02"], "R": ["07:03"]}
    assert day.calls.height == 5


def test_last_call_is_that_of_the_whole_trip_not_of_the_box_or_window(tmp_path: Path) -> None:
    """By hand: Q is the last call inside the box and the window, but the trip goes on."""
    box = (10.45, 59.85, 10.65, 59.96)
    day = read(tmp_path, town(), window=(hm("7:00"), hm("7:15")), bbox=box)
    assert board(day) == {"P1": ["07:00"], "Q": ["07:10"]}
    assert sorted(day.quays["stop_id"]) == ["P1", "P2", "Q"]


def test_window_holds_its_start_and_not_its_end(tmp_path: Path) -> None:
    """By hand: departures at 7:00 and 7:10, window 7:00-7:10."""
    assert board(read(tmp_path, town(), window=(hm("7:00"), hm("7:10")))) == {"P1": ["07:00"]}


def test_departure_time_counts_and_arrival_stands_in(tmp_path: Path) -> None:
    """By hand: the first call has both times, the second an arrival only."""
    rows = ["t,06:58:00,07:01:00,P1,1", "t,07:09:00,,Q,2", "t,07:20:00,,R,3"]
    assert board(read(tmp_path, town(stop_times=times(rows)))) == {"P1": ["07:01"], "Q": ["07:09"]}


# --- Text and files --------------------------------------------------------------------


def test_ids_stay_text(tmp_path: Path) -> None:
    """By hand: "NA", "007" and "7" are three different stops and services."""
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon\nNA,En,59.9,10.5\n007,To,59.9,10.6\n7,Tre,59.9,10.7\n"
    )
    calendar = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "01,1,1,1,1,1,0,0,20261102,20261218\n1,0,0,0,0,0,1,0,20261102,20261218\n"
    )
    rows = ["NA,7:00:00,7:00:00,NA,1", "NA,7:01:00,7:01:00,007,2", "NA,7:02:00,7:02:00,7,3"]
    rows += ["x,8:00:00,8:00:00,NA,1", "x,8:01:00,8:01:00,7,2"]
    day = read(
        tmp_path,
        town(
            stops=stops,
            calendar=calendar,
            trips=trips(["bus,01,NA,0", "bus,1,x,0"]),
            stop_times=times(rows),
        ),
    )
    assert board(day) == {"NA": ["07:00"], "007": ["07:01"]}


def test_bom_quotes_crlf_column_order_and_padded_times(tmp_path: Path) -> None:
    """By hand: the same trip as the plain feed, written the way spreadsheets do."""
    stop_times = (
        "\ufeffstop_sequence, stop_id ,departure_time,stop_headsign,trip_id,arrival_time\r\n"
        '1,P1, 07:00:00,"Til ""Enden"", ekspress\r\nover to linjer",t,7:00:00\r\n'
        '"2",Q,7:10:00,,"t",07:10:00 \r\n3,R,07:20:00,,t,07:20:00'
    )
    stops = "\ufeff" + STOPS.replace("Bakken", '"Bakken, øvre"').replace("\n", "\r\n")
    day = read(tmp_path, town(stop_times=stop_times, stops=stops))
    assert board(day) == {"P1": ["07:00"], "Q": ["07:10"]}
    assert "Bakken, øvre" in day.quays["name"].to_list()


def test_records_are_never_cut_at_block_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same feed read in blocks of 1 to 199 bytes gives the same answer (identity)."""
    rows = [f't,07:0{i}:00,07:0{i}:00,P1,{i},"a\nb,{"x" * i}"' for i in range(9)]
    tables = town(stop_times=times(rows, f"{TIMES_HEAD},stop_headsign"))
    whole = board(read(tmp_path, tables))
    assert len(whole["P1"]) == 8
    for size in (1, 2, 3, 7, 31, 64, 199):
        monkeypatch.setattr(gtfs_files, "_CHUNK_BYTES", size)
        assert board(read(tmp_path, tables)) == whole


@pytest.mark.parametrize("target", ["feed", "feed.zip"])
@pytest.mark.parametrize("inside", ["", "gtfs/"])
def test_folder_and_zip_and_one_folder_inside_are_alike(
    tmp_path: Path, target: str, inside: str
) -> None:
    """By hand: the plain feed, in four packings."""
    path = write_feed(tmp_path / target, town(), inside=inside)
    assert board(read_feed(path, date=THURSDAY, window=DAY)) == {"P1": ["07:00"], "Q": ["07:10"]}


def test_rows_in_any_order(tmp_path: Path) -> None:
    """Shuffled stop_times give the same calls (identity), filled-in times included."""
    rows = [f"t{k},{t},{t},{s},{n}" for k in range(40) for n, (s, t) in
            enumerate([("P1", f"07:{k:02d}:00"), ("Q", ""), ("R", f"08:{k:02d}:00")])]  # fmt: skip
    plan = trips([f"bus,WD,t{k},0" for k in range(40)])
    ordered = board(read(tmp_path, town(trips=plan, stop_times=times(rows))))
    mixed = np.random.default_rng(7).permutation(rows).tolist()
    assert board(read(tmp_path, town(trips=plan, stop_times=times(mixed)))) == ordered
    assert ordered["Q"][0] == "07:30"


# --- Which day -------------------------------------------------------------------------


def test_exceptions_add_and_remove(tmp_path: Path) -> None:
    """By hand: WD runs Mon-Fri; 19 Nov removed, Saturday 21 Nov added.

    A type 1 on a day it runs anyway and a type 2 on a day it does not change nothing.
    """
    dates = (
        "service_id,date,exception_type\nWD,20261119,2\nWD,20261121,1\nWD,20261120,1\n"
        "WD,20261122,2\nWD,20261221,1\n"
    )
    path = write_feed(tmp_path / "feed.zip", town(calendar_dates=dates))
    per_date = trips_per_date(path)
    november = [d.day for d in per_date if dt.date(2026, 11, 16) <= d <= dt.date(2026, 11, 23)]
    assert november == [16, 17, 18, 20, 21, 23]
    assert set(per_date.values()) == {1}
    assert feed_dates(path) == (dt.date(2026, 11, 2), dt.date(2026, 12, 21))
    with pytest.raises(
        SourceError, match=r"no trip runs on Thursday 2026-11-19; nearest.*11-18.*11-20"
    ):
        read_feed(path, date=THURSDAY, window=DAY)


def test_calendar_dates_alone(tmp_path: Path) -> None:
    """By hand: two dates, no weekday flags anywhere."""
    dates = "service_id,date,exception_type\nWD,20261119,1\nWD,20261126,1\n"
    path = write_feed(tmp_path / "feed.zip", town(calendar=None, calendar_dates=dates))
    assert feed_dates(path) == (THURSDAY, dt.date(2026, 11, 26))
    assert board(read_feed(path, date=THURSDAY, window=DAY))["Q"] == ["07:10"]


def test_a_calendar_period_without_weekdays_does_not_widen_the_feed(tmp_path: Path) -> None:
    """By hand: all flags 0 over ten years, one date added: the feed is that date."""
    calendar = town()["calendar"]
    assert isinstance(calendar, str)
    zero = calendar.replace(
        "WD,1,1,1,1,1,0,0,20261102,20261218", "WD,0,0,0,0,0,0,0,20200101,20291231"
    )
    dates = "service_id,date,exception_type\nWD,20261119,1\n"
    path = write_feed(tmp_path / "feed.zip", town(calendar=zero, calendar_dates=dates))
    assert feed_dates(path) == (THURSDAY, THURSDAY)


def test_times_past_midnight_belong_to_the_next_morning(tmp_path: Path) -> None:
    """By hand: 25:10 of Wednesday is 01:10 of Thursday; Thursday's own 25:10 is Friday's."""
    rows = ["t,23:50:00,23:50:00,P1,1", "t,25:10:00,25:10:00,Q,2", "t,26:00:00,26:00:00,R,3"]
    tables = town(stop_times=times(rows))
    assert board(read(tmp_path, tables)) == {"Q": ["01:10"], "P1": ["23:50"]}
    monday = dt.date(2026, 11, 16)
    assert board(read(tmp_path, tables, date=monday)) == {"P1": ["23:50"]}
    night = read(tmp_path, tables, window=(hm("22:00"), hm("26:00")))
    assert board(night) == {"P1": ["23:50"], "Q": ["25:10"]}


def test_a_window_past_midnight_holds_the_next_days_early_trips(tmp_path: Path) -> None:
    """By hand: Friday's 00:30 lies in Thursday's window 22-26, Saturday's does not exist."""
    rows = ["t,00:30:00,00:30:00,P1,1", "t,00:40:00,00:40:00,Q,2"]
    tables = town(stop_times=times(rows))
    window = (hm("22:00"), hm("26:00"))
    assert board(read(tmp_path, tables, window=window)) == {"P1": ["24:30"]}
    friday = dt.date(2026, 11, 20)
    assert board(read(tmp_path, tables, date=friday, window=window)) == {}


def test_trips_of_several_days(tmp_path: Path) -> None:
    """By hand: a ship calls 51 hours after its service day began: 03:00 two days later."""
    rows = ["t,20:00:00,20:00:00,P1,1", "t,51:00:00,51:00:00,Q,2", "t,60:00:00,60:00:00,R,3"]
    tables = town(stop_times=times(rows))
    assert board(read(tmp_path, tables)) == {"P1": ["20:00"]}
    assert board(read(tmp_path, tables, days_back=2)) == {"Q": ["03:00"], "P1": ["20:00"]}


def test_summer_time_begins(tmp_path: Path) -> None:
    """By hand: on 29 March 2026 clocks go from 02 to 03, and times count from noon - 12 h.

    So 00:30 leaves at 23:30 the day before, 07:05 at 07:05; yesterday's 25:10 at 01:10 and
    its 26:10 at 03:10.
    """
    calendar = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "WD,0,0,0,0,0,1,1,20260301,20260430\n"
    )
    rows = []
    for i, t in enumerate(["00:30", "07:05", "25:10", "26:10", "30:00"]):
        rows.append(f"t,{t}:00,{t}:00,{'P1' if i < 4 else 'R'},{i}")
    tables = town(calendar=calendar, stop_times=times(rows))
    sunday = dt.date(2026, 3, 29)
    assert board(read(tmp_path, tables, date=sunday)) == {"P1": ["01:10", "03:10", "07:05"]}
    saturday = read(tmp_path, tables, date=dt.date(2026, 3, 28), window=(hm("22:00"), DAY[1]))
    assert board(saturday) == {"P1": ["23:30"]}
    autumn = town(calendar=calendar.replace("20260301,20260430", "20261001,20261031"),
                  stop_times=times(rows))  # fmt: skip
    # 25 October: 03 becomes 02. 00:30 leaves at 01:30, yesterday's 26:10 at 02:10.
    assert board(read(tmp_path, autumn, date=dt.date(2026, 10, 25))) == {
        "P1": ["01:10", "01:30", "02:10", "07:05"]
    }


# --- Frequencies and empty times -------------------------------------------------------


@pytest.mark.parametrize("exact", ["0", "1"])
def test_frequencies_replace_their_template(tmp_path: Path, exact: str) -> None:
    """By hand: every 15 min from 7:00 to before 8:00; the template's own 5:00 never runs."""
    rows = ["t,05:00:00,05:01:00,P1,1", "t,05:10:00,05:11:00,Q,2", "t,05:20:00,05:20:00,R,3"]
    frequencies = (
        f"trip_id,start_time,end_time,headway_secs,exact_times\nt,07:00:00,08:00:00,900,{exact}\n"
    )
    day = read(tmp_path, town(stop_times=times(rows), frequencies=frequencies))
    assert board(day) == {
        "P1": ["07:00", "07:15", "07:30", "07:45"],
        "Q": ["07:10", "07:25", "07:40", "07:55"],
    }
    assert day.calls["trip"].n_unique() == 4
    part = read(
        tmp_path,
        town(stop_times=times(rows), frequencies=frequencies),
        window=(hm("7:20"), hm("7:41")),
    )
    assert board(part) == {"P1": ["07:30"], "Q": ["07:25", "07:40"]}


def test_a_run_keeps_its_beat_where_its_first_call_lies_outside_the_box(tmp_path: Path) -> None:
    """By hand: runs leave R, outside the box, at 7:00 and 7:30, and Q ten minutes later.

    And the box takes nothing but what lies outside it: the same calls at Q without one.
    """
    rows = ["t,05:00:00,05:00:00,R,1", "t,05:10:00,05:10:00,Q,2", "t,05:20:00,05:20:00,P1,3"]
    frequencies = "trip_id,start_time,end_time,headway_secs\nt,07:00:00,08:00:00,1800\n"
    tables = town(stop_times=times(rows), frequencies=frequencies)
    box = (10.45, 59.85, 10.65, 59.96)
    assert board(read(tmp_path, tables, bbox=box)) == {"Q": ["07:10", "07:40"]}
    assert board(read(tmp_path, tables)) == {"R": ["07:00", "07:30"], "Q": ["07:10", "07:40"]}


def test_frequency_bands_meet_and_pass_midnight(tmp_path: Path) -> None:
    """By hand: 30-minute headway until 24:00, hourly until 26:00, beside a plain trip."""
    rows = ["f,00:00:00,00:00:00,P1,1", "f,00:05:00,00:05:00,Q,2"]
    rows += ["t,12:00:00,12:00:00,P1,1", "t,12:05:00,12:05:00,Q,2"]
    head = "trip_id,start_time,end_time,headway_secs"
    frequencies = f"{head}\nf,23:00:00,24:00:00,1800\nf,24:00:00,26:00:00,3600\n"
    tables = town(
        trips=trips(["bus,WD,f,0", "bus,WD,t,0"]), stop_times=times(rows), frequencies=frequencies
    )
    assert board(read(tmp_path, tables))["P1"] == ["00:00", "01:00", "12:00", "23:00", "23:30"]


def test_empty_times_lie_on_a_line_between_timed_calls(tmp_path: Path) -> None:
    """By hand: 07:00 to 07:30 (arrival) over three steps, by order then by distance."""
    rows = [
        "t,06:58:00,07:00:00,P1,1,0",
        "t,,,Q,2,1",
        "t,,,P2,5,4",
        "t,07:30:00,07:35:00,Q,9,10",
        "t,07:40:00,07:40:00,R,10,11",
    ]
    by_order = [row.rsplit(",", 1)[0] + "," for row in rows]
    head = f"{TIMES_HEAD},shape_dist_traveled"
    assert board(read(tmp_path, town(stop_times=times(by_order, head)))) == {
        "P1": ["07:00"], "Q": ["07:10", "07:35"], "P2": ["07:20"],
    }  # fmt: skip
    assert board(read(tmp_path, town(stop_times=times(rows, head)))) == {
        "P1": ["07:00"], "Q": ["07:03", "07:35"], "P2": ["07:12"],
    }  # fmt: skip


def test_times_that_cannot_be_filled_are_reported(tmp_path: Path) -> None:
    """By hand: nothing timed before the first call, so it is left out and counted."""
    rows = ["t,,,P1,1", "t,07:10:00,07:10:00,Q,2", "t,07:20:00,07:20:00,R,3"]
    day = read(tmp_path, town(stop_times=times(rows)))
    assert board(day) == {"Q": ["07:10"]}
    assert left_out(day) == {"calls_without_time": 1}


# --- Stops -----------------------------------------------------------------------------


def test_stops_without_a_place_are_reported_not_used(tmp_path: Path) -> None:
    """By hand: Q at 0,0, R without coordinates, X unknown; P2 takes its stop place's."""
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nP,Torget,59.9,10.5,1,\n"
        "P2,Torget,,,0,P\nQ,Null,0.0,0.0,,\nR,Tom,,,,\n"
    )
    rows = ["t,7:00:00,7:00:00,P2,1", "t,7:01:00,7:01:00,Q,2", "t,7:02:00,7:02:00,R,3",
            "t,7:03:00,7:03:00,X,4", "t,7:04:00,7:04:00,P2,5"]  # fmt: skip
    day = read(tmp_path, town(stops=stops, stop_times=times(rows)))
    assert board(day) == {"P2": ["07:00"]}
    assert day.quays.select("stop_id", "lon", "lat").rows() == [("P2", 10.5, 59.9)]
    assert left_out(day) == {
        "stops_without_coordinates": 2,
        "calls_at_unplaced_stops": 2,
        "calls_at_unknown_stops": 1,
    }
    assert "X" in next(x for x in day.left_out if x.reason == "calls_at_unknown_stops").text.nb


def test_stop_places(tmp_path: Path) -> None:
    """By hand: a parent that is no station links nothing, one that is not listed still does."""
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "S,Stasjon,59.9,10.5,1,\nA,Spor 1,59.9,10.5,0,S\nA1,Vogn,59.9,10.5,4,A\n"
        "E,Inngang,59.9,10.5,2,S\nB,B,59.8,10.4,0,D\nD,D,59.6,10.4,0,\nC,C,59.7,10.3,,GONE\n"
    )
    rows = [f"t,7:0{i}:00,7:0{i}:00,{s},{i}" for i, s in enumerate(["A", "A1", "B", "C", "A"])]
    day = read(tmp_path, town(stops=stops, stop_times=times(rows)))
    places = dict(day.quays.select("stop_id", "place_id").iter_rows())
    assert places == {"A": "S", "A1": "S", "B": None, "D": None, "C": "GONE"}
    assert left_out(day) == {"parent_is_no_station": 1}


def test_working_coordinates(tmp_path: Path) -> None:
    """Closed form: longitude 15 is the central meridian of zone 33, easting 500 000 m."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\nP1,A,60.0,15.0\nQ,B,61.0,15.0\nR,C,62.0,15.0\n"
    quays = read(tmp_path, town(stops=stops), epsg=25833).quays
    assert np.allclose(quays["x"], 500_000, atol=1e-6)
    assert quays["y"].is_sorted()
    assert quays["place_x"].null_count() == 3


# --- Refusals --------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["stops", "routes", "trips", "stop_times"])
def test_missing_table(tmp_path: Path, gone: str) -> None:
    """By hand: the message names the missing table and what was found."""
    with pytest.raises(
        SourceError, match=rf"no GTFS feed, {gone}\.txt missing; found .*agency\.txt"
    ):
        read(tmp_path, town(**{gone: None}))


def test_no_calendar_at_all(tmp_path: Path) -> None:
    """By hand: neither calendar file."""
    with pytest.raises(SourceError, match=r"neither calendar\.txt nor calendar_dates\.txt"):
        read(tmp_path, town(calendar=None))


def test_no_zip_and_no_file(tmp_path: Path) -> None:
    """By hand: a text file, a zip of something else, nothing."""
    text = tmp_path / "feed.zip"
    text.write_text("not a zip")
    with pytest.raises(SourceError, match="neither a folder nor a readable zip"):
        feed_dates(text)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("netex.xml", "<x/>")
    with pytest.raises(SourceError, match=r"no GTFS feed.*found nothing"):
        feed_dates(tmp_path / "other.zip")
    with pytest.raises(SourceMissingError, match="no such file"):
        feed_dates(tmp_path / "gone.zip")


def test_damaged_zip_member(tmp_path: Path) -> None:
    """By hand: one byte of the packed stop_times is turned."""
    rows = [f"t,07:00:{i % 60:02d},07:00:{i % 60:02d},P1,{i}" for i in range(2000)]
    path = write_feed(tmp_path / "feed.zip", town(stop_times=times(rows)))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("stop_times.txt").header_offset
    content = bytearray(path.read_bytes())
    for i in range(start + 400, start + 440):
        content[i] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(SourceError, match=r"stop_times\.txt cannot be unpacked"):
        read_feed(path, date=THURSDAY, window=DAY)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("stop_times", "07:10:00,07:10:00", "07.10,07.10", r"departure_time '07\.10' in trip 't'"),
        ("stop_times", "07:10:00,07:10:00", "07:60:00,07:60:00", "departure_time '07:60:00'"),
        ("stop_times", "Q,2", "Q,to", "stop_sequence 'to' in trip 't'; allowed: a whole number"),
        ("calendar", "20261102", "2026-11-02", "start_date '2026-11-02' is no date; allowed: YYYY"),
        ("agency", "Europe/Oslo", "Europe/Lysaker", "agency_timezone 'Europe/Lysaker' is unknown"),
    ],
)  # fmt: skip
def test_bad_values(tmp_path: Path, table: str, old: str, new: str, message: str) -> None:
    """By hand: one line that says file, field, value and what is allowed."""
    text = town()[table]
    assert isinstance(text, str)
    with pytest.raises(SourceError, match=message) as caught:
        read(tmp_path, town(**{table: text.replace(old, new)}))
    assert "\n" not in str(caught.value)


def test_missing_column_and_bad_bytes(tmp_path: Path) -> None:
    """By hand: no stop_id; Latin-1 in a name; an exception_type 3; a headway of 0."""
    text = town()["stop_times"]
    assert isinstance(text, str)
    with pytest.raises(
        FieldError, match=r"stop_times\.txt lacks the column stop_id; found trip_id"
    ):
        read(tmp_path, town(stop_times=text.replace("stop_id", "stop")))
    with pytest.raises(SourceError, match=r"stops\.txt cannot be read as UTF-8"):
        read(tmp_path, town(stops=STOPS.replace("Bakken", "Bø").encode("latin-1")))
    with pytest.raises(SourceError, match="exception_type '3'; allowed"):
        read(tmp_path, town(calendar_dates="service_id,date,exception_type\nWD,20261119,3\n"))
    zero = "trip_id,start_time,end_time,headway_secs\nt,07:00:00,08:00:00,0\n"
    with pytest.raises(SourceError, match=r"frequencies\.txt: .*headway_secs '0'; allowed"):
        read(tmp_path, town(frequencies=zero))


def test_dates_and_windows_outside_are_refused(tmp_path: Path) -> None:
    """By hand: the feed covers 2 November to 18 December 2026."""
    with pytest.raises(
        ParameterError, match="2027-01-05 is outside the feed; allowed: 2026-11-02 to 2026-12-18"
    ):
        read(tmp_path, town(), date=dt.date(2027, 1, 5))
    for window in [(7, 7), (-1, 5), (0, 31 * 3600)]:
        with pytest.raises(ParameterError, match="window"):
            read(tmp_path, town(), window=window)
    with pytest.raises(ParameterError, match="days_back 99"):
        read(tmp_path, town(), days_back=99)


def test_no_trip_matches_a_calendar(tmp_path: Path) -> None:
    """By hand: lost zeros are named as the cause, other mismatches are shown."""
    calendar = town()["calendar"]
    assert isinstance(calendar, str)
    lost = town(calendar=calendar.replace("WD", "0042"), trips=trips(["bus,42,t,0"]))
    with pytest.raises(
        SourceError, match=r"1 trips.*leading zeros are lost \('0042' became '42'\)"
    ):
        read(tmp_path, lost)
    other = town(trips=trips(["bus,HELG,t,0"]))
    with pytest.raises(SourceError, match=r"trips.txt has 'HELG', the calendar has 'WD'"):
        read(tmp_path, other)
    some = town(trips=trips(["bus,WD,t,0", "bus,HELG,u,0"]))
    assert left_out(read(tmp_path, some)) == {"trips_without_calendar": 1}


# --- Real feeds ------------------------------------------------------------------------


def test_flytoget_in_baerum(real_data: Path) -> None:
    """Real data against a count by hand: Lysaker 8 calls and 4 departures, Stabekk 2 and 1."""
    path = real_data / "baerum" / "gtfs_flytoget_2016-12_2017-02.zip"
    window = (hm("7:00"), hm("8:00"))
    day = read_feed(path, date=dt.date(2016, 12, 7), window=window)
    frame = departure_table(day.calls, day.quays, window=window).frame
    found = {row["name"]: row for row in frame.iter_rows(named=True)}
    assert (found["Lysaker"]["calls"], found["Lysaker"]["departures"]) == (8, 4)
    assert (found["Stabekk"]["calls"], found["Stabekk"]["departures"]) == (2, 1)
    assert found["Lysaker"]["modes"] == ["rail"]
    # Oslo S names Lillestrøm as its parent, which is no station: they stay two places.
    assert found["Oslo S"]["id"] != found["Lillestrøm"]["id"]


def test_broken_service_ids_are_refused_with_the_reason(real_data: Path) -> None:
    """Real data: 735 trips, none in a calendar, because the zeros are gone."""
    path = real_data / "baerum" / "gtfs_flybussekspressen_broken_service_ids.zip"
    with pytest.raises(SourceError, match=r"735 trips.*leading zeros are lost.*spreadsheet"):
        feed_dates(path)
    whole = real_data / "baerum" / "gtfs_flybussekspressen_2015-12_2016-06.zip"
    assert feed_dates(whole) == (dt.date(2015, 12, 26), dt.date(2016, 6, 19))


def _gtfs_kit_day(path: Path, date: dt.date) -> pl.DataFrame:
    """Every call of a service day by gtfs_kit: stop_id, time (null where empty), departure."""
    feed = gtfs_kit.read_feed(path, dist_units="km")
    rows = gtfs_kit.get_stop_times(feed, f"{date:%Y%m%d}")
    last = rows.groupby("trip_id")["stop_sequence"].transform("max")
    boards = ~(rows["pickup_type"].fillna(0).astype(int) == 1) & (rows["stop_sequence"] != last)
    texts = [time if isinstance(time, str) else None for time in rows["departure_time"]]
    return pl.DataFrame(
        {
            "trip_id": rows["trip_id"].tolist(),
            "stop_id": rows["stop_id"].tolist(),
            "time_s": [None if text is None else hm(text) for text in texts],
            "departure": boards.tolist(),
        },
        schema_overrides={"time_s": pl.Int32},
    )


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("feed", "date"),
    [
        ("cairns/cairns_gtfs.zip", dt.date(2014, 6, 10)),
        ("cairns/cairns_gtfs.zip", dt.date(2014, 6, 9)),
        ("norway/rb_avi-aggregated-gtfs.zip", dt.date(2025, 3, 5)),
        ("baerum/gtfs_flytoget_2016-12_2017-02.zip", dt.date(2016, 12, 7)),
    ],
)
def test_calls_of_real_feeds_agree_with_gtfs_kit(real_data: Path, feed: str, date: dt.date) -> None:
    """Someone else's engine: every call of the service day, quay by quay, time by time.

    gtfs_kit leaves empty times empty, so those are compared in number only.
    """
    window = (0, 30 * 3600)
    day = read_feed(real_data / feed, date=date, window=window, days_back=0)
    tomorrow = day.calls["trip"] % 2 == 1
    mine = day.calls.filter(~tomorrow).join(day.quays.select("quay", "stop_id"), on="quay")
    theirs = _gtfs_kit_day(real_data / feed, date)
    assert theirs.height == mine.height > 100
    key = ["stop_id", "departure"]
    counts = [f.group_by(key).len().sort(key) for f in (mine, theirs)]
    assert counts[0].equals(counts[1])
    given = theirs.drop_nulls("time_s").group_by("stop_id", "time_s").len("theirs")
    both = given.join(mine.group_by("stop_id", "time_s").len("mine"), on=["stop_id", "time_s"])
    assert both.height == given.height
    assert (both["mine"] >= both["theirs"]).all()
    if not theirs["time_s"].null_count():
        assert (both["mine"] == both["theirs"]).all()


@pytest.mark.filterwarnings("default")
def test_departures_of_each_quay_of_cairns_trip_by_trip(real_data: Path) -> None:
    """Someone else's engine: at every quay each trip leaves as often as gtfs_kit has it call.

    The loop that calls twice at 750047 leaves twice: 178 departures, of 163 trips.
    """
    path, window = real_data / "cairns" / "cairns_gtfs.zip", (0, 30 * 3600)
    date = dt.date(2014, 6, 10)
    day = read_feed(path, date=date, window=window, days_back=0)
    today = day.calls.filter(pl.col("trip") % 2 == 0)  # the odd ones are tomorrow's
    frame = departure_table(today, day.quays, window=window, level="quay").frame
    mine = {r["id"]: r["departures"] for r in frame.iter_rows(named=True) if r["departures"]}
    theirs = _gtfs_kit_day(path, date).filter("departure")
    assert mine == dict(theirs.group_by("stop_id").len().iter_rows())
    loop = theirs.filter(stop_id="750047")
    assert (mine["750047"], loop["trip_id"].n_unique()) == (178, 163)


def test_empty_times_of_a_real_feed(real_data: Path) -> None:
    """Real data: most times of Porto Alegre's buses are empty; filled in, trips go forward."""
    day = read_feed(
        real_data / "porto_alegre" / "poa_eptc.zip", date=dt.date(2019, 5, 8), window=DAY
    )
    assert day.left_out == ()
    # 125,271 of 130,019 rows have no time; all of them are calls of this weekday.
    assert day.calls.height == 130_019
    trip = day.calls.group_by("trip", maintain_order=True).agg("time_s")
    assert trip["time_s"].list.eval(pl.element().diff().drop_nulls() >= 0).list.all().all()
