"""Join several GTFS feeds to one: trips, lines and calendars apart, shared stops together.

Ids are a feed's own, so that those of trips, services, routes and agencies get the feed's number
in front. A stop is another matter: what two operators call at is to be counted from both. Stops
of the national register (``NSR:``) are the same wherever they are named; others of equal id are
the same where they lie within 100 m and are of one kind, else they are kept apart. What one
feed does not say of a shared stop (its stop place, say) is taken from the next that does, so
that the order of the feeds does not matter to it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl

from gis.errors import SourceError
from gis.kernels.coordinates import metres_apart
from gis.sources.gtfs_calendar import WEEKDAYS
from gis.sources.gtfs_files import open_feed, read_table, stream_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.sources.gtfs_files import FeedFiles

_SAME_M = 100.0
_REGISTER = "NSR:"
_ZONE = "agency_timezone"
# Of each table the columns that departures are worked out of.
_TABLES = {
    "agency": ("agency_id", "agency_name", "agency_url", _ZONE),
    "routes": ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
    "trips": ("route_id", "service_id", "trip_id", "direction_id"),
    "stop_times": (
        *("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type"),
        *("drop_off_type", "shape_dist_traveled"),
    ),
    "calendar": ("service_id", *WEEKDAYS, "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
}
_STOPS = (
    *("stop_id", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"),
    *("wheelchair_boarding", "platform_code"),
)
# The years for which clocks are compared.
_FIRST_YEAR, _DAYS = 2010, 31 * 365
_REQUIRED = ("stop_id", "stop_lat", "stop_lon")
_OWN = ("trip_id", "service_id", "route_id", "agency_id")


def write_joined(paths: Sequence[Path], folder: Path) -> list[str]:
    """Write feeds into a folder as the tables of one; return notes.

    Streamed, so that no table is in memory whole but the stops. Raises SourceError: a feed
    that is none, feeds in different time zones.
    """
    feeds = [open_feed(path) for path in paths]
    _check_zones(feeds)
    renamed, told = _write_stops(feeds, folder)
    with ExitStack() as stack:
        out: dict[str, IO[bytes]] = {}
        for number, feed in enumerate(feeds, 1):
            for table, columns in _TABLES.items():
                if not feed.has(f"{table}.txt"):
                    continue
                if table not in out:
                    out[table] = stack.enter_context((folder / f"{table}.txt").open("wb"))
                    out[table].write((",".join(columns) + "\n").encode())
                for batch in stream_table(feed, f"{table}.txt", (), optional=columns):
                    told_apart = _apart(batch, number, renamed[number - 1])
                    out[table].write(told_apart.write_csv(include_header=False).encode())
    return [f"{len(feeds)} timetables joined", *(f"{n} {what}" for what, n in told.items() if n)]


def _apart(batch: pl.DataFrame, number: int, stops: dict[str, str]) -> pl.DataFrame:
    """Return rows with the feed's number before its own ids, and stops by their joined ids."""
    own = [pl.format("{}:{}", pl.lit(number), n).alias(n) for n in _OWN if n in batch.columns]
    batch = batch.with_columns(own)
    if stops and "stop_id" in batch.columns:
        batch = batch.with_columns(pl.col("stop_id").replace(stops))
    return batch


def _check_zones(feeds: Sequence[FeedFiles]) -> None:
    found = {}
    for feed in feeds:
        if feed.has("agency.txt"):
            zones = read_table(feed, "agency.txt", (), optional=[_ZONE])[_ZONE].drop_nulls()
            found[feed.path.name] = next((z.strip() for z in zones if z.strip()), "")
    clocks = sorted({zone for zone in found.values() if zone})
    if any(_clock(zone) != _clock(clocks[0]) for zone in clocks[1:]):
        said = ", ".join(f"{name} {zone}" for name, zone in found.items())
        message = f"timetables in different time zones: {said}; allowed: one clock"
        raise SourceError(message)


def _clock(name: str) -> tuple[str | dt.timedelta | None, ...]:
    """Return a zone's clock against UTC day by day: Oslo's and Berlin's are one."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return (name,)
    days = (dt.datetime(_FIRST_YEAR, 1, 1, 12) + dt.timedelta(days=i) for i in range(_DAYS))
    return tuple(zone.utcoffset(day) for day in days)


def _write_stops(
    feeds: Sequence[FeedFiles], folder: Path
) -> tuple[list[dict[str, str]], Counter[str]]:
    """Write the stops of all feeds; return for each feed its renamed stops, and counts."""
    kept = pl.DataFrame(schema=dict.fromkeys(_STOPS, pl.String))
    renamed: list[dict[str, str]] = []
    told: Counter[str] = Counter()
    for number, feed in enumerate(feeds, 1):
        optional = [c for c in _STOPS if c not in _REQUIRED]
        table = read_table(feed, "stops.txt", _REQUIRED, optional=optional).select(_STOPS)
        # An empty field says nothing, nor does a 0 of wheelchair_boarding (GTFS Reference).
        table = table.with_columns(pl.all().replace("", None))
        table = table.with_columns(pl.col("wheelchair_boarding").replace("0", None))
        table = table.drop_nulls("stop_id").unique("stop_id", keep="first", maintain_order=True)
        shared, other = _met(table, kept)
        told["stops that several timetables call at"] += len(shared)
        told["stops of equal id at other places kept apart"] += len(other)
        apart = {name: f"{number}:{name}" for name in other}
        ids = pl.col("stop_id", "parent_station").replace(apart)
        both = pl.col("stop_id").is_in(list(shared))
        told_more = table.filter(both).with_columns(pl.col("parent_station").replace(apart))
        kept = pl.concat([_filled(kept, told_more), table.filter(~both).with_columns(ids)])
        renamed.append(apart)
    kept.write_csv(folder / "stops.txt")
    return renamed, told


def _filled(stops: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Return stops with what they lack from rows of the same ids; places as pairs."""
    if more.is_empty():
        return stops
    met = stops.join(more, on="stop_id", how="left", suffix="_more", maintain_order="left")
    unplaced = pl.col("stop_lat").is_null() | pl.col("stop_lon").is_null()
    place = ("stop_lat", "stop_lon")
    own = [c for c in _STOPS if c not in _REQUIRED]
    return met.with_columns(
        *(pl.when(unplaced).then(f"{c}_more").otherwise(c).alias(c) for c in place),
        *(pl.coalesce(c, f"{c}_more").alias(c) for c in own),
    ).select(_STOPS)


def _met(table: pl.DataFrame, known: pl.DataFrame) -> tuple[set[str], set[str]]:
    """Return the ids of a feed's stops that are known stops, and those that only bear their id."""
    pairs = table.join(known, on="stop_id", how="inner", suffix="_known")
    if pairs.is_empty():
        return set(), set()
    lon, lat, lon_known, lat_known = (
        pairs[c].str.strip_chars().cast(pl.Float64, strict=False).to_numpy()
        for c in ("stop_lon", "stop_lat", "stop_lon_known", "stop_lat_known")
    )
    apart_m = metres_apart(lon, lat, lon_known, lat_known)
    kind = pairs["location_type"].fill_null("0").replace("", "0")
    kind_known = pairs["location_type_known"].fill_null("0").replace("", "0")
    near = np.nan_to_num(apart_m, nan=np.inf) <= _SAME_M
    of_register = pairs["stop_id"].str.starts_with(_REGISTER).to_numpy()
    same = (near | of_register) & (kind == kind_known).to_numpy()
    ids = pairs["stop_id"].to_numpy()
    return set(ids[same]), set(ids[~same])
