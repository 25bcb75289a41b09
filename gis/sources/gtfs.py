"""Read one service day of a GTFS feed: its quays and the calls inside a window.

GTFS Schedule Reference, with the traits of the Norwegian feeds of Entur: extended
route types, calendar_dates.txt alone, quays (``NSR:Quay``) that belong to stop
places (``NSR:StopPlace``), times past 24:00. Feeds are read where they lie.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl

from gis.crs import LONLAT_EPSG, transform_points
from gis.errors import ParameterError, SourceError
from gis.kernels.calls import day_clock
from gis.kernels.timetable import MODE_TYPE, check_window, mode_class
from gis.result import LeftOut
from gis.sources.gtfs_calendar import (
    ServiceCalendar,
    active_services,
    check_calendar_matches,
    check_date,
    count_trips,
    feed_dates,
    read_calendar,
    trips_per_date,
)
from gis.sources.gtfs_calls import CallRequest, read_calls
from gis.sources.gtfs_files import FeedFiles, open_feed, read_table, stream_table
from gis.sources.gtfs_rows import NO_COORDINATES, OUTSIDE_BBOX
from gis.text import Text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FeedDay", "feed_dates", "read_feed", "trips_per_date"]

_STATION = "1"
_NO_QUAY = ("2", "3")  # entrance or exit, generic node
_MAX_DAYS_BACK = 14


@dataclass(frozen=True)
class FeedDay:
    """One date of a feed, as the timetable kernel takes it.

    - ``calls``: quay (Int32), trip (Int32, unique to trip, service day and run),
      time_s (Int32, seconds after local midnight of ``date``), departure (False for
      the last call of a trip and where nobody may board), direction (Int8, null
      where not given), mode (Enum of ``kernels.timetable.MODES``)
    - ``quays``: quay (the number used in calls), stop_id, name, lon, lat, place_id,
      place_name, place_lon, place_lat (degrees WGS 84; place columns null without
      stop place), and x, y, place_x, place_y in metres where an EPSG code was given
    - ``trips``: how many trips run on the date; ``first``, ``last``: feed validity
    """

    path: Path
    date: dt.date
    window: tuple[int, int]
    first: dt.date
    last: dt.date
    trips: int
    calls: pl.DataFrame
    quays: pl.DataFrame
    left_out: tuple[LeftOut, ...]


def read_feed(
    path: Path,
    *,
    date: dt.date,
    window: tuple[int, int],
    bbox: tuple[float, float, float, float] | None = None,
    epsg: int | None = None,
    days_back: int = 1,
) -> FeedDay:
    """Read the calls of a date inside a window, and the quays they are made at.

    ``path``: zip or folder. ``window``: seconds after local midnight, start <= time
    < end, up to 30 h. ``bbox``: west, south, east, north in degrees; only quays
    inside (edges included) are read, but what is a trip's last call is decided on
    the whole trip. ``epsg`` adds x, y. ``days_back``: how many earlier service days
    to look at for trips timed past 24:00 (1: up to 48:00; coastal ships go further).

    Raises SourceMissingError, SourceError (no GTFS, damaged, no trip matches a
    calendar, no trip that day), FieldError, ParameterError (date outside the feed).
    """
    check_window(window)
    if not 0 <= days_back <= _MAX_DAYS_BACK:
        message = f"days_back {days_back}; allowed: 0 to {_MAX_DAYS_BACK}"
        raise ParameterError(message)
    feed = open_feed(path)
    calendar, zone = read_calendar(feed), _time_zone(feed)
    back = (*range(days_back + 1), *_next_day(date, zone, window))
    trips, per_service = _read_trips(feed, _masks(calendar, date, back))
    check_calendar_matches(feed, calendar, per_service)
    per_date = count_trips(calendar, per_service)
    n_trips = check_date(path, date, per_date)
    stops, left_out = _read_stops(feed, bbox)
    clock = day_clock(date, back, zone)
    calls, more = read_calls(
        feed, CallRequest(trips, stops.select("stop_id", "quay"), clock, window)
    )
    left_out += more + _unscheduled(calendar, per_service)
    quays = _quays(stops, calls, epsg)
    first, last = min(per_date), max(per_date)
    return FeedDay(path, date, window, first, last, n_trips, calls, quays, tuple(left_out))


def _next_day(date: dt.date, zone: ZoneInfo | None, window: tuple[int, int]) -> tuple[int, ...]:
    """Return -1 where the next service day begins inside the window.

    It begins at noon less twelve hours: on the day that summer time begins, at 23:00 the
    evening before.
    """
    return (-1,) if day_clock(date, (-1,), zone).base_s[0] < window[1] else ()


def _masks(calendar: ServiceCalendar, date: dt.date, back: tuple[int, ...]) -> pl.DataFrame:
    """Return service_id and mask: bit i set where the service runs ``back[i]`` days before."""
    parts = [pl.DataFrame(schema={"service_id": pl.String, "mask": pl.UInt16})]
    for i, days in enumerate(back):
        ids = active_services(calendar, date - dt.timedelta(days=days))
        parts.append(pl.DataFrame({"service_id": ids, "mask": np.full(len(ids), 2**i, np.uint16)}))
    return pl.concat(parts).group_by("service_id").agg(pl.col("mask").sum().cast(pl.UInt16))


def _read_trips(feed: FeedFiles, masks: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the trips of the wanted services, and count the trips of every service."""
    routes = read_table(feed, "routes.txt", ["route_id", "route_type"])
    kinds = routes.unique("route_id", keep="first", maintain_order=True).select(
        "route_id",
        mode_class(pl.col("route_type").str.strip_chars().cast(pl.Int32, strict=False)).alias(
            "mode"
        ),
    )
    parts, counts = [], []
    columns = ("trip_id", "service_id", "route_id")
    for batch in stream_table(feed, "trips.txt", columns, optional=["direction_id"]):
        counts.append(batch.group_by("service_id").len("trips"))
        parts.append(_typed_trips(batch, masks, kinds))
    if not parts:
        message = f"{feed.path}: trips.txt holds no trip"
        raise SourceError(message)
    per_service = (
        pl.concat(counts)
        .drop_nulls("service_id")
        .group_by("service_id")
        .agg(pl.col("trips").sum().cast(pl.Int64))
    )
    trips = pl.concat(parts)
    return trips.filter(pl.col("trip_id").is_first_distinct()), per_service


def _typed_trips(batch: pl.DataFrame, masks: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Return the trips of the wanted services: trip_id, mask, direction, mode."""
    wanted = batch.drop_nulls("trip_id").join(
        masks, on="service_id", how="inner", maintain_order="left"
    )
    return wanted.join(kinds, on="route_id", how="left", maintain_order="left").select(
        "trip_id",
        "mask",
        pl.col("direction_id").str.strip_chars().cast(pl.Int8, strict=False).alias("direction"),
        pl.col("mode").fill_null(pl.lit("other", dtype=MODE_TYPE)),
    )


def _read_stops(
    feed: FeedFiles, bbox: tuple[float, float, float, float] | None
) -> tuple[pl.DataFrame, list[LeftOut]]:
    """Read every stop that trips may call at, numbered, with its stop place.

    A quay without coordinates takes those of its stop place; a stop without either
    gets the code NO_COORDINATES, one outside the box OUTSIDE_BBOX, in place of a number.
    """
    table = read_table(
        feed,
        "stops.txt",
        ["stop_id", "stop_lat", "stop_lon"],
        optional=["stop_name", "location_type", "parent_station"],
    )
    stops = (
        table.drop_nulls("stop_id")
        .unique("stop_id", keep="first", maintain_order=True)
        .select(
            "stop_id",
            pl.coalesce(pl.col("stop_name").str.strip_chars().replace("", None), "stop_id").alias(
                "name"
            ),
            _degrees("stop_lon", 180).alias("lon"),
            _degrees("stop_lat", 90).alias("lat"),
            pl.col("location_type").str.strip_chars().fill_null("").alias("kind"),
            pl.col("parent_station").replace("", None).alias("parent"),
        )
    )
    nowhere = (pl.col("lon") == 0) & (pl.col("lat") == 0)
    bad = pl.col("lon").is_null() | pl.col("lat").is_null() | nowhere
    stops = stops.with_columns(pl.when(~bad).then(pl.col("lon", "lat")))
    placed = _with_places(stops).filter(~pl.col("kind").is_in(_NO_QUAY))
    placed = placed.with_columns(pl.coalesce("lon", "place_lon"), pl.coalesce("lat", "place_lat"))
    west, south, east, north = bbox or (-180.0, -90.0, 180.0, 90.0)
    inside = pl.col("lon").is_between(west, east) & pl.col("lat").is_between(south, north)
    code = (
        pl.when(pl.col("lon").is_null())
        .then(NO_COORDINATES)
        .when(~inside)
        .then(OUTSIDE_BBOX)
        .otherwise(pl.col("row").cast(pl.Int32))
    )
    numbered = placed.with_row_index("row").with_columns(quay=code.cast(pl.Int32))
    return numbered.drop("row"), _left_out_stops(numbered)


def _degrees(column: str, limit: int) -> pl.Expr:
    value = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.abs() <= limit).then(value)


def _with_places(stops: pl.DataFrame) -> pl.DataFrame:
    """Add place_id, place_name, place_lon, place_lat: the station above each stop.

    A boarding area reaches its station through its platform. A parent that stops.txt
    lacks still holds its quays together; one that is no station (an old feed puts
    Oslo S under Lillestrøm) does not, and ``odd_parent`` says so.
    """
    if not stops["parent"].drop_nulls().len():
        empty = [pl.lit(None, dtype=pl.String).alias(f"place_{c}") for c in ("id", "name")]
        empty += [pl.lit(None, dtype=pl.Float64).alias(f"place_{c}") for c in ("lon", "lat")]
        return stops.drop("parent").with_columns(*empty, odd_parent=pl.lit(value=False))
    above = stops.select(parent="stop_id", parent_kind="kind", grand="parent")
    two_up = stops.select(grand="stop_id", grand_kind="kind")
    joined = stops.join(above, on="parent", how="left", maintain_order="left").join(
        two_up, on="grand", how="left", maintain_order="left"
    )
    place = (
        pl.when((pl.col("parent_kind") == _STATION) | pl.col("parent_kind").is_null())
        .then("parent")
        .when(pl.col("grand_kind") == _STATION)
        .then("grand")
    )
    named = stops.filter(kind=_STATION).select(
        place_id="stop_id", place_name="name", place_lon="lon", place_lat="lat"
    )
    with_place = joined.with_columns(place_id=place).with_columns(
        odd_parent=pl.col("parent").is_not_null() & pl.col("place_id").is_null()
    )
    return with_place.join(named, on="place_id", how="left", maintain_order="left").drop(
        "parent", "parent_kind", "grand", "grand_kind"
    )


def _left_out_stops(stops: pl.DataFrame) -> list[LeftOut]:
    unplaced = stops.filter((pl.col("quay") == NO_COORDINATES) & (pl.col("kind") != _STATION))
    odd = stops.filter("odd_parent")
    counts = (
        ("stops_without_coordinates", unplaced.height, Text(
            nb="holdeplasser uten koordinater, eller med 0, 0",
            en="stops without coordinates, or at 0, 0",
        )),
        ("parent_is_no_station", odd.height, Text(
            nb="holdeplasser der parent_station ikke er et stoppested; koblingen er ikke brukt",
            en="stops whose parent_station is no station; the link is not used",
        )),
    )  # fmt: skip
    return [LeftOut(code, text, n, "stops") for code, n, text in counts if n]


def _unscheduled(calendar: ServiceCalendar, per_service: pl.DataFrame) -> list[LeftOut]:
    known = pl.concat([calendar.regular["service_id"], calendar.exceptions["service_id"]]).unique()
    n = per_service.filter(~pl.col("service_id").is_in(known.implode()))["trips"].sum()
    text = Text(nb="turer uten kalender", en="trips whose service is in no calendar")
    return [LeftOut("trips_without_calendar", text, int(n), "trips")] if n else []


def _time_zone(feed: FeedFiles) -> ZoneInfo | None:
    """Return the zone of the first agency; None (days of 24 hours) where none is given."""
    if not feed.has("agency.txt"):
        return None
    zones = read_table(feed, "agency.txt", [], optional=["agency_timezone"])["agency_timezone"]
    names = [name.strip() for name in zones.drop_nulls().to_list() if name.strip()]
    if not names:
        return None
    try:
        return ZoneInfo(names[0])
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = (
            f"{feed.path}: agency.txt: agency_timezone {names[0]!r} is unknown; allowed: IANA "
            "names such as Europe/Oslo"
        )
        raise SourceError(message) from error


def _quays(stops: pl.DataFrame, calls: pl.DataFrame, epsg: int | None) -> pl.DataFrame:
    """Return the usable quays; a station only where trips call at the station itself."""
    called = np.zeros(stops.height, dtype=bool)
    for piece in calls["quay"].get_chunks():
        called[piece.to_numpy()] = True
    usable = stops.filter(pl.col("quay") >= 0)
    at_itself = pl.Series(called[usable["quay"].to_numpy()], dtype=pl.Boolean)
    quays = usable.filter((pl.col("kind") != _STATION) | at_itself).select(
        "quay", "stop_id", "name", "lon", "lat", "^place_.*$"
    )
    if epsg is None:
        return quays
    columns = []
    for prefix in ("", "place_"):
        lon, lat = quays[f"{prefix}lon"].to_numpy(), quays[f"{prefix}lat"].to_numpy()
        x, y = transform_points(lon, lat, from_epsg=LONLAT_EPSG, to_epsg=epsg)
        for axis, values in (("x", x), ("y", y)):
            finite = np.where(np.isfinite(values), values, np.nan)
            columns.append(pl.Series(f"{prefix}{axis}", finite).fill_nan(None))
    return quays.with_columns(columns)
