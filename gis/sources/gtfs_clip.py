"""Cut a national timetable to an area, streaming: whole trips that stop inside it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import polars as pl

from gis.errors import SourceError
from gis.sources.gtfs_files import (
    FeedFiles,
    _open_member,
    _read_header,
    open_feed,
    read_table,
    stream_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gis.sources.base import Bounds

_WHOLE = ("agency.txt", "feed_info.txt")
_BY_SERVICE = ("calendar.txt", "calendar_dates.txt")


def clip_feed(source: Path, target: Path, *, box: Bounds) -> str:
    """Write a feed with only the trips that have a stop in a box; return what was kept.

    box is (west, south, east, north) in degrees, borders included. Kept trips keep all
    their calls, so that first and last stops stay what they are; of the other tables
    the rows stay that these trips need. The source is read as a stream, in flat memory
    but for the ids. Raises SourceError, FieldError as the readers of timetables do.
    """
    feed = open_feed(source)
    inside = _stops_in(feed, box)
    trips: set[str] = set()
    seen: set[str] = set()
    for batch in stream_table(feed, "stop_times.txt", ["trip_id", "stop_id"]):
        trips.update(batch.filter(pl.col("stop_id").is_in(inside))["trip_id"].drop_nulls())
    kept_trips = pl.Series(sorted(trips), dtype=pl.String)
    services: set[str] = set()
    routes: set[str] = set()
    stops: set[str] = set(inside)
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as out:

        def note(batch: pl.DataFrame) -> pl.DataFrame:
            kept = batch.filter(pl.col("trip_id").is_in(kept_trips))
            services.update(kept["service_id"].drop_nulls())
            routes.update(kept["route_id"].drop_nulls())
            seen.update(kept["trip_id"])
            return kept

        def calls(batch: pl.DataFrame) -> pl.DataFrame:
            kept = batch.filter(pl.col("trip_id").is_in(kept_trips))
            stops.update(kept["stop_id"].drop_nulls())
            return kept

        _copy(feed, "trips.txt", out, keep=note)
        _copy(feed, "stop_times.txt", out, keep=calls)
        _copy(feed, "routes.txt", out, keep=_among("route_id", routes))
        _copy(feed, "stops.txt", out, keep=_among("stop_id", stops | _parents(feed, stops)))
        for name in _BY_SERVICE:
            _copy(feed, name, out, keep=_among("service_id", services))
        _copy(feed, "frequencies.txt", out, keep=_among("trip_id", trips))
        for name in _WHOLE:
            _copy(feed, name, out, keep=lambda batch: batch)
    return f"timetable cut to the area: {len(seen)} trips, {len(stops)} stops"


def _stops_in(feed: FeedFiles, box: Bounds) -> list[str]:
    west, south, east, north = box
    table = read_table(feed, "stops.txt", ["stop_id", "stop_lat", "stop_lon"])
    lat = pl.col("stop_lat").str.strip_chars().cast(pl.Float64, strict=False)
    lon = pl.col("stop_lon").str.strip_chars().cast(pl.Float64, strict=False)
    inside = table.filter(lat.is_between(south, north) & lon.is_between(west, east))
    if inside.is_empty():
        message = (
            f"{feed.path.name}: no stop in the area ({west:.3f} {south:.3f} .. {east:.3f} "
            f"{north:.3f}); is it the right feed?"
        )
        raise SourceError(message)
    return inside["stop_id"].drop_nulls().to_list()


def _parents(feed: FeedFiles, stops: set[str]) -> set[str]:
    """Return the stop places of the kept quays."""
    table = read_table(feed, "stops.txt", ["stop_id"], optional=["parent_station"])
    kept = table.filter(pl.col("stop_id").is_in(list(stops)))
    return set(kept["parent_station"].drop_nulls())


def _among(column: str, ids: set[str]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def keep(batch: pl.DataFrame) -> pl.DataFrame:
        return batch.filter(pl.col(column).is_in(list(ids)))

    return keep


def _copy(
    feed: FeedFiles,
    name: str,
    out: zipfile.ZipFile,
    *,
    keep: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    """Write one table through a filter, batch by batch; a table that is not there is not."""
    if not feed.has(name):
        return
    with _open_member(feed, name) as handle:
        header = list(dict.fromkeys(h for h in _read_header(handle, name) if h))
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    with out.open(info, "w", force_zip64=True) as stream:
        stream.write((",".join(header) + "\n").encode())
        for batch in stream_table(feed, name, header):
            stream.write(keep(batch).write_csv(include_header=False).encode())
