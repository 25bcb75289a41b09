"""Read stop_times.txt as a stream and keep the calls of one window.

A national feed holds some fifty million rows; what stays in memory is what calls
inside the window, and the whole trips that need it: those with empty times to
fill in, and the templates of frequencies.txt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.errors import SourceError
from gis.kernels.calls import (
    DayClock,
    clock_seconds,
    expand_frequencies,
    interpolate_times,
    place_calls,
)
from gis.result import LeftOut
from gis.sources.gtfs_files import FeedFiles, read_table, stream_table
from gis.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

# Codes in the place of a quay number, for stops that no departure is counted at.
NO_COORDINATES = -1
OUTSIDE_BBOX = -2

_NO_BOARDING = "1"
_REQUIRED = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
_OPTIONAL = ("pickup_type", "shape_dist_traveled")


@dataclass(frozen=True)
class CallRequest:
    """What to read: which trips, at which stops, when.

    ``trips``: trip_id and mask (bit i: runs on service day i of ``clock``), the row
    number being the trip. ``stops``: stop_id and quay (a number, or one of the
    codes above). ``window`` in seconds after local midnight.
    """

    trips: pl.DataFrame
    stops: pl.DataFrame
    clock: DayClock
    window: tuple[int, int]


def read_calls(feed: FeedFiles, request: CallRequest) -> tuple[pl.DataFrame, list[LeftOut]]:
    """Return the calls inside a window, and what was left out.

    Columns: quay (Int32), trip (Int64, unique to trip, day and run), time_s (Int32,
    after local midnight of the date), departure (False for the last call of a trip
    and for calls without boarding), t (UInt32, row in ``request.trips``). Calls at
    stops outside the bounding box are dropped unmentioned. Raises SourceError.
    """
    n_trips = request.trips.height
    numbers = dict(zip(request.trips["trip_id"].to_list(), range(n_trips), strict=True))
    frequencies = _read_frequencies(feed, numbers)
    is_template = np.zeros(n_trips, dtype=bool)
    is_template[frequencies["trip"].to_numpy()] = True
    # A template runs only as its repetitions.
    masks = np.where(is_template, 0, request.trips["mask"].to_numpy()).astype(np.uint16)
    last = np.full(n_trips, -1, dtype=np.int64)
    read_whole = is_template.copy()
    kept: list[pl.DataFrame] = [_place(_no_rows(), masks, request)]
    for rows in _rows(feed, numbers):
        np.maximum.at(last, rows["t"].to_numpy(), rows["sequence"].to_numpy())
        kept.append(_place(rows.drop_nulls("time_s"), masks, request))
        read_whole[_untimed_trips(rows, request.stops)] = True
    calls = pl.concat(kept)
    lacking = 0
    if read_whole.any():
        ids = request.trips["trip_id"]
        whole = {ids[int(t)]: int(t) for t in np.flatnonzero(read_whole)}
        filled, lacking = _filled(feed, whole, request)
        repeats = pl.Series(is_template[filled["t"].to_numpy()], dtype=pl.Boolean)
        calls = pl.concat(
            [
                calls.filter(pl.Series(~read_whole[calls["t"].to_numpy()], dtype=pl.Boolean)),
                _place(filled.filter(~repeats), masks, request),
                _repeat(filled.filter(repeats), frequencies, request),
            ]
        )
    left_out = _left_out(calls, lacking, int((last < 0).sum()))
    return _finish(calls, last), left_out


def _rows(
    feed: FeedFiles, numbers: Mapping[str, int], *, whole: bool = False
) -> Iterator[pl.DataFrame]:
    """Yield the rows of the wanted trips: t, stop_id, sequence, boards, time_s.

    ``whole`` adds what filling in empty times needs: arrival_s, departure_s, distance.
    """
    label = f"{feed.path}: stop_times.txt"
    optional = _OPTIONAL if whole else _OPTIONAL[:1]
    for batch in stream_table(feed, "stop_times.txt", _REQUIRED, optional=optional):
        # Rows of a trip stand together in nearly every feed: look up each run of
        # equal ids once. A feed that is not sorted gives the same answer, slower.
        ids = batch["trip_id"]
        starts = (ids != ids.shift()).fill_null(value=True).to_numpy().nonzero()[0]
        found = [numbers.get(trip, -1) for trip in ids.gather(starts).to_list()]
        trip = np.repeat(np.array(found, dtype=np.int64), np.diff(np.append(starts, ids.len())))
        wanted = trip >= 0
        if wanted.any():
            rows = batch.filter(pl.Series(wanted))
            yield _typed(rows, trip[wanted], label, whole=whole)


def _typed(
    batch: pl.DataFrame, trip: NDArray[np.int64], label: str, *, whole: bool
) -> pl.DataFrame:
    departure_s = _clock(batch, "departure_time", label)
    arrival_s = departure_s
    # Arrival matters only where departure is empty, or to fill in times between.
    if whole or departure_s.null_count():
        arrival_s = _clock(batch, "arrival_time", label)
    sequence = _number(batch["stop_sequence"], pl.Int64)
    _check_field(batch, "stop_sequence", sequence, label=label)
    columns = {
        "t": pl.Series(trip).cast(pl.UInt32),
        "stop_id": batch["stop_id"],
        "sequence": sequence,
        "boards": (batch["pickup_type"] != _NO_BOARDING).fill_null(value=True),
        "time_s": departure_s.zip_with(departure_s.is_not_null(), arrival_s),
    }
    if whole:
        distance = _number(batch["shape_dist_traveled"], pl.Float64)
        columns |= {"arrival_s": arrival_s, "departure_s": departure_s, "distance": distance}
    return pl.DataFrame(columns)


def _number(text: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    number = text.cast(dtype, strict=False)
    if number.null_count():
        number = text.str.strip_chars().cast(dtype, strict=False)
    return number


def _clock(batch: pl.DataFrame, field: str, label: str) -> pl.Series:
    parsed = clock_seconds(batch[field])
    _check_field(batch, field, parsed, label=label)
    return parsed


def _check_field(batch: pl.DataFrame, field: str, parsed: pl.Series, *, label: str) -> None:
    """Refuse a field that could not be read; only times may be empty."""
    if not parsed.null_count():
        return
    is_time = field != "stop_sequence"
    text = batch[field].str.strip_chars().fill_null("")
    wrong = parsed.is_null() & (text != "") if is_time else parsed.is_null()
    if wrong.any():
        example, trip_id = text.filter(wrong)[0], batch["trip_id"].filter(wrong)[0]
        allowed = "H:MM:SS or empty" if is_time else "a whole number"
        message = f"{label}: {field} {example!r} in trip {trip_id!r}; allowed: {allowed}"
        raise SourceError(message)


def _no_rows(*, whole: bool = False) -> pl.DataFrame:
    text = pl.DataFrame(schema=dict.fromkeys((*_REQUIRED, *_OPTIONAL), pl.String))
    return _typed(text, np.zeros(0, dtype=np.int64), "", whole=whole)


def _untimed_trips(rows: pl.DataFrame, stops: pl.DataFrame) -> NDArray[np.uint32]:
    untimed = rows.filter(pl.col("time_s").is_null())
    if not untimed.is_empty():
        used = stops.filter(pl.col("quay") >= 0)
        untimed = untimed.join(used, on="stop_id", how="semi")
    return untimed["t"].to_numpy()


def _place(rows: pl.DataFrame, masks: NDArray[np.uint16], request: CallRequest) -> pl.DataFrame:
    """Return the calls of rows that fall in the window, with the number of their quay."""
    timed = rows.select(
        "t",
        pl.col("t").alias("trip"),
        "stop_id",
        "sequence",
        "boards",
        "time_s",
        pl.Series("mask", masks[rows["t"].to_numpy()]),
    )
    return _at_quays(place_calls(timed, request.clock, window=request.window), request)


def _repeat(rows: pl.DataFrame, frequencies: pl.DataFrame, request: CallRequest) -> pl.DataFrame:
    masks = request.trips["mask"].to_numpy()
    templates = rows.select(
        "t",
        pl.col("t").cast(pl.Int64).alias("trip"),
        "stop_id",
        "sequence",
        "boards",
        "time_s",
        pl.Series("mask", masks[rows["t"].to_numpy()]),
    )
    runs = expand_frequencies(
        templates,
        frequencies,
        request.clock,
        window=request.window,
        first_trip=request.trips.height,
    )
    return _at_quays(runs, request)


def _at_quays(calls: pl.DataFrame, request: CallRequest) -> pl.DataFrame:
    """Put the quay number in place of the stop id; stops that are not listed stay, as null."""
    placed = calls.join(request.stops, on="stop_id", how="left")
    inside = pl.col("quay").is_null() | (pl.col("quay") != OUTSIDE_BBOX)
    unplaced = pl.col("quay").is_null() | (pl.col("quay") < 0)
    return placed.filter(inside).with_columns(
        # The id is needed only to say which stops were left out.
        stop_id=pl.when(unplaced).then("stop_id")
    )


def _filled(
    feed: FeedFiles, numbers: Mapping[str, int], request: CallRequest
) -> tuple[pl.DataFrame, int]:
    """Read some trips whole and fill their empty times; also count what stays empty.

    Only calls at quays that are asked for are counted as lacking.
    """
    parts = [_no_rows(whole=True), *_rows(feed, numbers, whole=True)]
    rows = pl.concat(parts).sort("t", "sequence", maintain_order=True)
    seconds = rows.select(pl.col("arrival_s", "departure_s").cast(pl.Float64))
    time = interpolate_times(
        rows["t"].to_numpy().astype(np.int64),
        rows["distance"].to_numpy(),
        arrival_s=seconds["arrival_s"].to_numpy(),
        departure_s=seconds["departure_s"].to_numpy(),
    )
    rows = rows.with_columns(time_s=pl.Series(time).fill_nan(None).cast(pl.Int32))
    used = request.stops.filter(pl.col("quay") >= 0)
    lacking = rows.filter(pl.col("time_s").is_null()).join(used, on="stop_id", how="semi").height
    return rows.drop_nulls("time_s"), lacking


def _read_frequencies(feed: FeedFiles, numbers: Mapping[str, int]) -> pl.DataFrame:
    """Read frequencies.txt for the wanted trips: trip, start_s, end_s, headway_s."""
    schema = {"trip": pl.Int64, "start_s": pl.Int32, "end_s": pl.Int32, "headway_s": pl.Int32}
    if not feed.has("frequencies.txt"):
        return pl.DataFrame(schema=schema)
    columns = ("trip_id", "start_time", "end_time", "headway_secs")
    table = read_table(feed, "frequencies.txt", columns).drop_nulls("trip_id")
    parsed = table.with_columns(
        start_s=clock_seconds(table["start_time"]),
        end_s=clock_seconds(table["end_time"]),
        headway_s=_number(table["headway_secs"], pl.Int32),
    )
    good = pl.all_horizontal(pl.col("start_s", "end_s").is_not_null(), pl.col("headway_s") > 0)
    wrong = parsed.filter(~good.fill_null(value=False))
    if wrong.height:
        given = ", ".join(f"{name} {wrong[name][0]!r}" for name in columns)
        message = (
            f"{feed.path}: frequencies.txt: {given}; allowed: H:MM:SS, H:MM:SS and a headway of "
            "at least 1 second"
        )
        raise SourceError(message)
    trips = [numbers.get(trip, -1) for trip in parsed["trip_id"].to_list()]
    numbered = parsed.with_columns(pl.Series("trip", trips, dtype=pl.Int64))
    return numbered.filter(pl.col("trip") >= 0).select(*schema)


def _finish(calls: pl.DataFrame, last: NDArray[np.int64]) -> pl.DataFrame:
    is_last = calls["sequence"].to_numpy() == last[calls["t"].to_numpy()]
    return (
        calls.with_columns(departure=pl.col("boards") & pl.Series(~is_last, dtype=pl.Boolean))
        .filter(pl.col("quay") >= 0)
        .select("quay", "trip", "time_s", "departure", "t")
    )


def _left_out(calls: pl.DataFrame, lacking: int, empty_trips: int) -> list[LeftOut]:
    unplaced = calls.filter(pl.col("quay") == NO_COORDINATES)
    unknown = calls.filter(pl.col("quay").is_null())
    counts = (
        ("calls_at_unplaced_stops", unplaced.height, "calls", Text(
            nb="avganger og ankomster ved holdeplasser uten koordinater",
            en="calls at stops without coordinates",
        )),
        ("calls_at_unknown_stops", unknown.height, "calls", Text(
            nb=f"stopp i stop_times.txt som mangler i stops.txt{_examples(unknown)}",
            en=f"calls at stops that stops.txt lacks{_examples(unknown)}",
        )),
        ("calls_without_time", lacking, "calls", Text(
            nb="stopp uten tid der tiden ikke kan regnes ut fra stoppene før og etter",
            en="calls without a time that the calls before and after could give",
        )),
        ("trips_without_calls", empty_trips, "trips", Text(
            nb="turer i trips.txt uten stopp i stop_times.txt",
            en="trips in trips.txt without calls in stop_times.txt",
        )),
    )  # fmt: skip
    return [LeftOut(code, text, n, unit) for code, n, unit, text in counts if n]


def _examples(calls: pl.DataFrame) -> str:
    ids = calls["stop_id"].drop_nulls().unique().sort().head(3).to_list()
    return f" ({', '.join(ids)})" if ids else ""
