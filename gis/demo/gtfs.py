"""Write the timetable as Entur delivers one: GTFS with extended route types and both calendars.

Identifiers use the codespace FJV where Entur uses NSR, so that nobody takes a stop for
a real one. Times run past 24:00 for late trips.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.crs import transform_points
from gis.demo.grid import EPSG

if TYPE_CHECKING:
    from gis.demo.grid import Floats, Ints
    from gis.demo.lines import Plan
    from gis.demo.stops import Line

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2027, 3, 31)
CHECK_DATE = dt.date(2026, 11, 19)
HOLIDAYS = (
    dt.date(2026, 12, 25),
    dt.date(2026, 12, 26),
    dt.date(2027, 1, 1),
    dt.date(2027, 3, 25),
    dt.date(2027, 3, 26),
    dt.date(2027, 3, 29),
)
TRACK_WORK = (dt.date(2026, 11, 21), dt.date(2026, 11, 22))
# Minutes between departures in: early, morning peak, midday, afternoon peak, evening.
_HEADWAYS: dict[str, tuple[float, ...]] = {
    "every7": (15, 7.5, 10, 7.5, 15),
    "every10": (20, 10, 10, 10, 20),
    "every15": (30, 15, 15, 15, 30),
    "every20": (30, 20, 20, 20, 40),
    "every30": (60, 30, 30, 30, 60),
    "every60": (60, 60, 60, 60, 120),
    "every90": (90, 90, 90, 90, 180),
    "rail2": (60, 30, 30, 30, 60),
    "rail1": (60, 60, 60, 60, 120),
    "metro": (15, 10, 15, 10, 15),
    "metro_peak": (0, 20, 0, 20, 0),
    "peak": (0, 60, 0, 60, 0),
    "express": (0, 20, 0, 20, 0),
}
_PERIODS = (5.0, 6.5, 9.0, 15.0, 17.5, 25.25)
_STREAM = 41
# Share of bus stops with a raised kerb, without one, and where nobody has looked.
_KERBS = (0.6, 0.25, 0.15)
_WEEKEND_FACTOR = {"SA": 1.5, "SU": 2.0}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Timetable:
    """GTFS tables by file name, and the calls of the weekday service for checks."""

    tables: dict[str, pl.DataFrame]
    frequent: pl.DataFrame


def build_timetable(plan: Plan, *, seed: int) -> Timetable:
    """Return all GTFS tables and the list of frequent stops of the plan."""
    quays = _quays(plan, _boarding(plan, seed))
    trips, calls = _trips(plan)
    tables = {
        "agency.txt": _agency(),
        "feed_info.txt": _feed_info(),
        "routes.txt": _routes(plan),
        "stops.txt": quays,
        "calendar.txt": _calendar(),
        "calendar_dates.txt": _calendar_dates(),
        "trips.txt": trips,
        "stop_times.txt": calls,
    }
    return Timetable(tables, _frequent(plan, quays, trips, calls=calls))


def _agency() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "agency_id": ["FJV:Authority:FJV"],
            "agency_name": ["Fjordvik Kollektiv (oppdiktet)"],
            "agency_url": ["https://fjordvik.example.invalid"],
            "agency_timezone": ["Europe/Oslo"],
            "agency_lang": ["no"],
        }
    )


def _feed_info() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "feed_id": ["FJV"],
            "feed_publisher_name": ["Oppdiktet eksempel, ikke Entur"],
            "feed_publisher_url": ["https://fjordvik.example.invalid"],
            "feed_lang": ["no"],
            "feed_start_date": [f"{FIRST:%Y%m%d}"],
            "feed_end_date": [f"{LAST:%Y%m%d}"],
        }
    )


def _routes(plan: Plan) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "agency_id": ["FJV:Authority:FJV"] * len(plan.lines),
            "route_id": [f"FJV:Line:{line.code}" for line in plan.lines],
            "route_short_name": [line.code for line in plan.lines],
            "route_long_name": [line.name for line in plan.lines],
            "route_type": [line.route_type for line in plan.lines],
        }
    )


def _boarding(plan: Plan, seed: int) -> list[str]:
    """Return what GTFS says of wheelchairs at each stop: 1 can board, 2 not, empty unknown.

    Trains and metro can all be boarded, buses where the kerb is raised.
    """
    drawn = np.random.default_rng([seed, _STREAM]).choice(["1", "2", ""], len(plan.stops), p=_KERBS)
    tracks = [stop.kind != "bus" for stop in plan.stops]
    return [str(v) for v in np.where(tracks, "1", drawn)]


def _quays(plan: Plan, boarding: list[str]) -> pl.DataFrame:
    """Return stop places and, on either side of the street, their quays."""
    x = np.array([stop.x for stop in plan.stops])
    y = np.array([stop.y for stop in plan.stops])
    right = np.array([(stop.uy, -stop.ux) for stop in plan.stops])
    vehicle = {"rail": "100", "metro": "401", "bus": "700"}
    rows: list[pl.DataFrame] = []
    for quay, side in ((0, 0.0), (1, 8.0), (2, -8.0)):
        lon, lat = transform_points(
            x + side * right[:, 0], y + side * right[:, 1], from_epsg=EPSG, to_epsg=4326
        )
        number = np.arange(1, len(x) + 1)
        place = [f"FJV:StopPlace:{n}" for n in number.tolist()]
        ids = [f"FJV:Quay:{n * 10 + quay}" for n in number.tolist()] if quay else place
        rows.append(
            pl.DataFrame(
                {
                    "stop_id": ids,
                    "stop_name": [stop.name for stop in plan.stops],
                    "stop_lat": [f"{v:.6f}" for v in lat.tolist()],
                    "stop_lon": [f"{v:.6f}" for v in lon.tolist()],
                    "location_type": ["" if quay else "1"] * len(x),
                    "parent_station": place if quay else [""] * len(x),
                    "vehicle_type": [vehicle[stop.kind] for stop in plan.stops],
                    "platform_code": [
                        str(quay) if quay and stop.kind != "bus" else "" for stop in plan.stops
                    ],
                    "wheelchair_boarding": boarding if quay else [""] * len(x),
                }
            )
        )
    return pl.concat([*rows[1:], rows[0]])


def departures(pattern: str, day: str, *, offset_s: int) -> Ints:
    """Return the first-stop departures of a pattern on a day type, seconds after midnight.

    day is MF, SA, SU, FR (nights after Friday and Saturday), SC (school days) or TW.
    """
    clock: list[float] = []
    if pattern in ("school", "night", "replacement"):
        own = {"school": "SC", "night": "FR", "replacement": "TW"}[pattern]
        hours = {"SC": [7.7, 14.2], "FR": [24.5, 25.5, 26.5, 27.5],
                 "TW": np.arange(5.5, 23.5, 1 / 3).tolist()}  # fmt: skip
        clock = [h * 3600 for h in hours[day]] if day == own else []
    elif day in ("MF", "SA", "SU"):
        factor = _WEEKEND_FACTOR.get(day, 1.0)
        for start, end, headway in zip(
            _PERIODS[:-1], _PERIODS[1:], _HEADWAYS[pattern], strict=True
        ):
            if headway == 0 or (day != "MF" and 0 in _HEADWAYS[pattern]):
                continue
            if pattern in ("every30", "every60", "every90") and start == _PERIODS[-2]:
                end = 22.5
            clock += np.arange(start * 3600, end * 3600, headway * factor * 60).tolist()
    whole = np.array(clock, dtype=np.int64) // 60 * 60 + offset_s
    return np.asarray(whole)


def _trips(plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return trips and their calls."""
    trips: list[pl.DataFrame] = []
    calls: list[pl.DataFrame] = []
    for number, line in enumerate(plan.lines):
        for direction in (0, 1):
            stops, seconds = _directed(line, direction)
            quay = [_quay(plan, stops, k) for k in range(len(stops))]
            for day in ("MF", "SA", "SU", "FR", "SC", "TW"):
                at = departures(
                    line.pattern, day, offset_s=60 * ((number * 7 + direction * 4) % 13)
                )
                if line.pattern in ("school", "express"):
                    at = at[(at > 12 * 3600) == bool(direction)]
                if len(at) == 0:
                    continue
                kind = "R" if line.route_type in (100, 106) and day in ("SA", "SU") else ""
                service = f"FJV:DayType:{kind}{day}"
                name = f"FJV:ServiceJourney:{line.code}_{direction}_{day}_"
                ids = np.array([f"{name}{k + 1:03d}" for k in range(len(at))])
                trips.append(
                    _trip_rows(
                        line, ids, service, headsign=plan.stops[stops[-1]].name, direction=direction
                    )
                )
                calls.append(_call_rows(line, ids, at[:, None] + seconds[None, :], quay=quay))
    return pl.concat(trips), pl.concat(calls)


def _directed(line: Line, direction: int) -> tuple[list[int], Ints]:
    stops, seconds = list(line.stops), np.array(line.seconds)
    if direction:
        return stops[::-1], (seconds[-1] - seconds)[::-1]
    return stops, seconds


def _quay(plan: Plan, stops: list[int], k: int) -> str:
    """Return the quay on the right-hand side of the way the vehicle goes."""
    a, b = plan.stops[stops[max(k - 1, 0)]], plan.stops[stops[min(k + 1, len(stops) - 1)]]
    stop = plan.stops[stops[k]]
    ahead = (b.x - a.x) * stop.ux + (b.y - a.y) * stop.uy >= 0
    return f"FJV:Quay:{(stops[k] + 1) * 10 + (1 if ahead else 2)}"


def _trip_rows(
    line: Line, ids: np.ndarray, service: str, *, headsign: str, direction: int
) -> pl.DataFrame:
    count = len(ids)
    return pl.DataFrame(
        {
            "route_id": [f"FJV:Line:{line.code}"] * count,
            "trip_id": ids,
            "service_id": [service] * count,
            "trip_headsign": [headsign] * count,
            "direction_id": [direction] * count,
        }
    )


def _call_rows(line: Line, ids: np.ndarray, clock: Ints, *, quay: list[str]) -> pl.DataFrame:
    """Return the calls of trips: no boarding at the last, none near the end of an express."""
    trips, stops = clock.shape
    boards = np.full(stops, "", dtype=object)
    boards[-1 if line.pattern != "express" else -3 :] = "1"
    alights = np.full(stops, "", dtype=object)
    alights[0] = "1"
    text = _clock_text(clock.ravel())
    return pl.DataFrame(
        {
            "trip_id": np.repeat(ids, stops),
            "stop_id": quay * trips,
            "arrival_time": text,
            "departure_time": text,
            "stop_sequence": np.tile(np.arange(1, stops + 1), trips),
            "pickup_type": boards.tolist() * trips,
            "drop_off_type": alights.tolist() * trips,
        }
    )


def _clock_text(seconds: Ints) -> list[str]:
    unique, at = np.unique(seconds, return_inverse=True)
    words = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in unique.tolist()]
    return [words[k] for k in at.ravel().tolist()]


def _calendar() -> pl.DataFrame:
    """Return weekly services; track work runs on dates alone."""
    week = {"MF": "1111100", "SA": "0000010", "SU": "0000001", "RSA": "0000010",
            "RSU": "0000001", "SC": "1111100", "FR": "0000110"}  # fmt: skip
    columns: dict[str, list[str]] = {"service_id": [f"FJV:DayType:{day}" for day in week]}
    for k, name in enumerate(_WEEKDAYS):
        columns[name] = [flags[k] for flags in week.values()]
    columns["start_date"] = [f"{FIRST:%Y%m%d}"] * len(week)
    columns["end_date"] = [f"{LAST:%Y%m%d}"] * len(week)
    return pl.DataFrame(columns)


def _calendar_dates() -> pl.DataFrame:
    """Return exceptions: Sunday service on holidays, school breaks, track work."""
    rows: list[tuple[str, dt.date, int]] = []
    for day in HOLIDAYS:
        rows.append(("SA" if day.weekday() == 5 else "MF", day, 2))
        if day.weekday() == 5:
            rows.append(("RSA", day, 2))
        rows += [("SU", day, 1), ("RSU", day, 1)]
    breaks = ((dt.date(2026, 10, 1), 2), (dt.date(2026, 12, 21), 12), (dt.date(2027, 2, 22), 5),
              (dt.date(2027, 3, 22), 8))  # fmt: skip
    for start, days in breaks:
        dates = [start + dt.timedelta(days=k) for k in range(days)]
        rows += [("SC", day, 2) for day in dates if day.weekday() < 5]
    rows += [("TW", day, 1) for day in TRACK_WORK]
    rows += [("RSA", TRACK_WORK[0], 2), ("RSU", TRACK_WORK[1], 2)]
    return pl.DataFrame(
        {
            "service_id": [f"FJV:DayType:{service}" for service, _, _ in rows],
            "date": [f"{day:%Y%m%d}" for _, day, _ in rows],
            "exception_type": [kind for _, _, kind in rows],
        }
    )


def _seconds(text: pl.Expr) -> pl.Expr:
    part = text.str.split(":")
    return sum(
        (part.list.get(k).cast(pl.Int64) * unit for k, unit in ((0, 3600), (1, 60), (2, 1))),
        start=pl.lit(0, dtype=pl.Int64),
    )


def _frequent(
    plan: Plan, quays: pl.DataFrame, trips: pl.DataFrame, *, calls: pl.DataFrame
) -> pl.DataFrame:
    """Return stop places where the longest wait from 07 to 20 on an ordinary Thursday is short.

    At most 10 minutes for bus and 15 for rail and metro, all lines and directions of the
    stop place together; last calls and calls for alighting only are no departures.
    """
    weekday = trips.filter(pl.col("service_id").is_in(["FJV:DayType:MF", "FJV:DayType:SC"]))
    day = calls.filter(pl.col("pickup_type") != "1").join(weekday, on="trip_id", how="semi")
    parent = quays.filter(pl.col("parent_station") != "").select("stop_id", "parent_station")
    day = day.join(parent, on="stop_id").select(
        "parent_station", _seconds(pl.col("departure_time")).alias("at")
    )
    begin, end = 7 * 3600, 20 * 3600
    waits = (
        day.filter(pl.col("at").is_between(begin, end))
        .sort("parent_station", "at")
        .group_by("parent_station", maintain_order=True)
        .agg(
            pl.max_horizontal(
                pl.col("at").diff().max().fill_null(end),
                pl.col("at").min() - begin,
                end - pl.col("at").max(),
            ).alias("gap")
        )
    )
    kind = {f"FJV:StopPlace:{k + 1}": stop.kind for k, stop in enumerate(plan.stops)}
    names = {"rail": "Train", "metro": "Subway", "bus": "Bus"}
    radius = {"rail": 500, "metro": 500, "bus": 400}
    found = waits.with_columns(pl.col("parent_station").replace_strict(kind).alias("kind"))
    limit = pl.when(pl.col("kind") == "bus").then(600).otherwise(900)
    found = found.filter(pl.col("gap") <= limit).join(
        quays, left_on="parent_station", right_on="stop_id"
    )
    return found.select(
        pl.col("parent_station").alias("stopPlaceRef"),
        pl.col("kind").replace_strict(names).alias("route_type"),
        pl.col("stop_name").alias("name"),
        pl.col("stop_lon").cast(pl.Float64).alias("location_longitude"),
        pl.col("stop_lat").cast(pl.Float64).alias("location_latitude"),
        pl.col("kind").replace_strict(radius).cast(pl.Int32).alias("radius"),
    )


def positions(plan: Plan) -> Floats:
    """Return the stop places as (n, 2) easting and northing."""
    return np.array([(stop.x, stop.y) for stop in plan.stops])
