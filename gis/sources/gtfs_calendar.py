"""Work out which services of a GTFS feed run on which date.

calendar.txt gives weekdays within a period, calendar_dates.txt adds
(exception_type 1) and removes (2) single dates; either file may be missing, and
many Norwegian feeds carry everything in calendar_dates.txt.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.errors import ParameterError, SourceError
from gis.sources.gtfs_files import FeedFiles, open_feed, read_table, stream_table

if TYPE_CHECKING:
    from pathlib import Path

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ADDED, _REMOVED = "1", "2"


@dataclass(frozen=True)
class ServiceCalendar:
    """When each service runs.

    ``regular``: service_id, seven Boolean weekday columns, start_date, end_date
    (Date, both included). ``exceptions``: service_id, date (Date), added (Boolean;
    False removes), one row a service and date.
    """

    regular: pl.DataFrame
    exceptions: pl.DataFrame


def read_calendar(feed: FeedFiles) -> ServiceCalendar:
    """Read calendar.txt and calendar_dates.txt, whichever exist.

    Raises FieldError for a missing column, SourceError for a date that is not
    YYYYMMDD or an unknown exception_type.
    """
    return ServiceCalendar(_regular(feed), _exceptions(feed))


def _regular(feed: FeedFiles) -> pl.DataFrame:
    columns = ("service_id", *WEEKDAYS, "start_date", "end_date")
    if not feed.has("calendar.txt"):
        empty = dict.fromkeys(WEEKDAYS, pl.Boolean) | {"start_date": pl.Date, "end_date": pl.Date}
        return pl.DataFrame(schema={"service_id": pl.String, **empty})
    table = read_table(feed, "calendar.txt", columns).drop_nulls("service_id")
    label = f"{feed.path}: calendar.txt"
    return table.with_columns(
        *(pl.col(day).str.strip_chars().eq("1").fill_null(value=False) for day in WEEKDAYS),
        _dates(table["start_date"], label),
        _dates(table["end_date"], label),
    )


def _exceptions(feed: FeedFiles) -> pl.DataFrame:
    if not feed.has("calendar_dates.txt"):
        schema = {"service_id": pl.String, "date": pl.Date, "added": pl.Boolean}
        return pl.DataFrame(schema=schema)
    columns = ("service_id", "date", "exception_type")
    table = read_table(feed, "calendar_dates.txt", columns).drop_nulls("service_id")
    label = f"{feed.path}: calendar_dates.txt"
    kind = table["exception_type"].str.strip_chars().fill_null("")
    odd = table.filter(~kind.is_in([_ADDED, _REMOVED]))
    if odd.height:
        message = (
            f"{label}: exception_type {odd['exception_type'][0]!r}; allowed: 1 (runs), 2 (not)"
        )
        raise SourceError(message)
    exceptions = table.select("service_id", _dates(table["date"], label), added=kind == _ADDED)
    return exceptions.unique(["service_id", "date"], keep="last", maintain_order=True)


def _dates(column: pl.Series, label: str) -> pl.Series:
    dates = column.str.strip_chars().str.strptime(pl.Date, "%Y%m%d", strict=False)
    if dates.null_count():
        example = column.filter(dates.is_null())[0]
        message = f"{label}: {column.name} {example!r} is no date; allowed: YYYYMMDD"
        raise SourceError(message)
    return dates


def active_services(calendar: ServiceCalendar, date: dt.date) -> pl.Series:
    """Return the ids of the services that run on a date (unique, in no set order)."""
    regular = calendar.regular.filter(
        pl.col(WEEKDAYS[date.weekday()])
        & pl.lit(date).is_between(pl.col("start_date"), pl.col("end_date"))
    )["service_id"]
    that_day = calendar.exceptions.filter(pl.col("date") == date)
    added = that_day.filter("added")["service_id"]
    removed = that_day.filter(~pl.col("added"))["service_id"]
    both = pl.concat([regular, added]).unique()
    return both.filter(~both.is_in(removed.implode()))


def trips_per_service(feed: FeedFiles) -> pl.DataFrame:
    """Count the trips of each service: service_id, trips, one row a service."""
    parts = [
        batch.group_by("service_id").len("trips")
        for batch in stream_table(feed, "trips.txt", ["service_id"])
    ]
    empty = pl.DataFrame(schema={"service_id": pl.String, "trips": pl.UInt32})
    counted = pl.concat([empty, *parts]).drop_nulls("service_id")
    return counted.group_by("service_id").agg(pl.col("trips").sum().cast(pl.Int64))


def count_trips(calendar: ServiceCalendar, per_service: pl.DataFrame) -> dict[dt.date, int]:
    """Count the trips of every date, dates without any left out, in date order."""
    regular = calendar.regular.join(per_service, on="service_id", how="inner")
    exceptions = calendar.exceptions.join(per_service, on="service_id", how="inner")
    start, end = regular["start_date"], regular["end_date"]
    ends = pl.concat([start, end, exceptions["date"]])
    if ends.is_empty():
        return {}
    first: dt.date = ends.sort()[0]
    days = (ends - first).dt.total_days().to_numpy()
    totals = np.zeros(int(days.max()) + 2, dtype=np.int64)
    since_start = days[: regular.height]
    since_end = days[regular.height : 2 * regular.height]
    runs = since_end >= since_start
    trips = regular["trips"].to_numpy()
    for number, day in enumerate(WEEKDAYS):
        used = runs & regular[day].to_numpy()
        change = np.zeros_like(totals)
        np.add.at(change, since_start[used], trips[used])
        np.add.at(change, since_end[used] + 1, -trips[used])
        offset = (number - first.weekday()) % 7
        totals[offset::7] += np.cumsum(change)[offset::7]
    _apply_exceptions(totals, exceptions, regular, first=first)
    return {first + dt.timedelta(days=int(i)): int(totals[i]) for i in np.flatnonzero(totals > 0)}


def _apply_exceptions(
    totals: np.ndarray[tuple[int], np.dtype[np.int64]],
    exceptions: pl.DataFrame,
    regular: pl.DataFrame,
    *,
    first: dt.date,
) -> None:
    """Add to and take from daily totals (changed in place, the caller's own array).

    An added date counts only where the service did not run anyway, a removed one
    only where it did.
    """
    flags = [pl.col(day) & (pl.col("date").dt.weekday() == n) for n, day in enumerate(WEEKDAYS, 1)]
    runs_anyway = (
        exceptions.select("service_id", "date")
        .join(regular.drop("trips"), on="service_id", how="inner")
        .filter(pl.col("date").is_between("start_date", "end_date") & pl.any_horizontal(flags))
        .select("service_id", "date", runs=pl.lit(value=True))
        .unique()
    )
    changes = exceptions.join(runs_anyway, on=["service_id", "date"], how="left").filter(
        pl.col("added") != pl.col("runs").fill_null(value=False)
    )
    day = (changes["date"] - first).dt.total_days().to_numpy()
    sign = np.where(changes["added"].to_numpy(), 1, -1)
    np.add.at(totals, day, sign * changes["trips"].to_numpy())


def check_calendar_matches(
    feed: FeedFiles, calendar: ServiceCalendar, per_service: pl.DataFrame
) -> None:
    """Refuse a feed where no trip belongs to any calendar, and say why.

    The usual cause is a spreadsheet that read service ids as numbers and dropped
    their leading zeros. Raises SourceError.
    """
    known = pl.concat([calendar.regular["service_id"], calendar.exceptions["service_id"]]).unique()
    ids = per_service["service_id"]
    if ids.is_empty():
        message = f"{feed.path}: trips.txt holds no trip"
        raise SourceError(message)
    if ids.is_in(known.implode()).any():
        return
    message = (
        f"{feed.path}: no trip matches a calendar: {per_service['trips'].sum()} trips, none of "
        f"whose service_id is in calendar.txt or calendar_dates.txt{_lost_zeros(ids, known)}"
    )
    raise SourceError(message)


def _lost_zeros(ids: pl.Series, known: pl.Series) -> str:
    pairs = known.to_frame("calendar").with_columns(
        bare=pl.col("calendar").str.strip_chars_start("0")
    )
    trips = ids.to_frame("trips").with_columns(bare=pl.col("trips").str.strip_chars_start("0"))
    both = pairs.join(trips, on="bare", how="inner").sort("trips", "calendar")
    if both.is_empty():
        example, other = ids.min(), known.min() if known.len() else "nothing"
        return f" (trips.txt has '{example!s}', the calendar has '{other!s}')"
    lost, kept = both["trips"][0], both["calendar"][0]
    if len(lost) > len(kept):
        lost, kept = kept, lost
    return (
        f": leading zeros are lost ('{kept}' became '{lost}'), which happens when a table is "
        "opened and saved in a spreadsheet; use the publisher's original file"
    )


def trips_per_date(path: Path) -> dict[dt.date, int]:
    """Count the trips of every date of a feed, dates without any left out, in date order.

    Raises SourceError for what is no usable GTFS feed, also when no trip matches
    any calendar.
    """
    feed = open_feed(path)
    calendar, per_service = read_calendar(feed), trips_per_service(feed)
    check_calendar_matches(feed, calendar, per_service)
    return count_trips(calendar, per_service)


def feed_dates(path: Path) -> tuple[dt.date, dt.date]:
    """Return the first and last date on which a feed has any trip.

    Raises SourceError, as ``trips_per_date`` does and when no date has a trip.
    """
    dates = list(trips_per_date(path))
    if not dates:
        message = f"{path}: no date has any trip (all weekdays 0 and no date added)"
        raise SourceError(message)
    return dates[0], dates[-1]


def check_date(path: Path, date: dt.date, per_date: dict[dt.date, int]) -> int:
    """Return how many trips run on a date; refuse a date without any.

    Raises ParameterError for a date outside the feed, SourceError for an empty day
    inside it: zero departures would look like a place without public transport.
    """
    if not per_date:
        message = f"{path}: no date has any trip (all weekdays 0 and no date added)"
        raise SourceError(message)
    first, last = min(per_date), max(per_date)
    if not first <= date <= last:
        message = f"{path}: {date} is outside the feed; allowed: {first} to {last}"
        raise ParameterError(message)
    if date not in per_date:
        before = max(day for day in per_date if day < date)
        after = min(day for day in per_date if day > date)
        message = (
            f"{path}: no trip runs on {date:%A} {date}; nearest dates with trips: {before}, {after}"
        )
        raise SourceError(message)
    return per_date[date]
