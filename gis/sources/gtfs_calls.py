"""Work out the calls of one window from stop_times.txt and frequencies.txt.

A national feed holds some fifty million rows; what stays in memory is what calls
inside the window, in a dozen bytes a call, and the whole trips that need it: those with
empty times to fill in, and the templates of frequencies.txt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.errors import SourceError
from gis.kernels.call_rows import UNKNOWN
from gis.kernels.calls import (
    DayClock,
    clock_seconds,
    expand_frequencies,
    interpolate_times,
)
from gis.result import LeftOut
from gis.sources.gtfs_files import FeedFiles, read_table
from gis.sources.gtfs_rows import (
    CALL,
    NO_COORDINATES,
    OUTSIDE_BBOX,
    RowReader,
    StopCodes,
    as_number,
    placed,
    whole_trips,
)
from gis.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_SMALL = 2**16


@dataclass(frozen=True)
class CallRequest:
    """What to read: which trips, at which stops, when.

    ``trips``: trip_id, mask (bit i: runs on service day i of ``clock``), direction and
    mode, the row number being the trip. ``stops``: stop_id and quay (a number, or one
    of the codes of ``gtfs_rows``). ``window`` in seconds after local midnight.
    """

    trips: pl.DataFrame
    stops: pl.DataFrame
    clock: DayClock
    window: tuple[int, int]


def read_calls(feed: FeedFiles, request: CallRequest) -> tuple[pl.DataFrame, list[LeftOut]]:
    """Return the calls inside a window, and what was left out.

    Columns: quay (Int32), trip (Int32, unique to trip, day and run), time_s (Int32,
    after local midnight of the date), departure (False for the last call of a trip
    and for calls without boarding), direction, mode (of its trip). Calls at stops
    outside the bounding box are dropped unmentioned. Raises SourceError.
    """
    n_trips = request.trips.height
    frequencies = _read_frequencies(feed, request.trips["trip_id"])
    is_template = np.zeros(n_trips, dtype=bool)
    is_template[frequencies["trip"].to_numpy()] = True
    # A template runs only as its repetitions.
    masks = np.where(is_template, 0, request.trips["mask"].to_numpy()).astype(np.uint16)
    codes = StopCodes(request.stops)
    reader = RowReader(feed, request.trips["trip_id"], codes, masks, request.clock, request.window)
    kept = [_slim(calls) for calls in reader.calls()]
    lacking = 0
    read_whole = is_template | reader.untimed
    if read_whole.any():
        ids = request.trips["trip_id"]
        whole = {ids[int(t)]: int(t) for t in np.flatnonzero(read_whole)}
        filled, lacking = _filled(feed, whole, codes)
        repeats = pl.Series(is_template[filled["t"].to_numpy()], dtype=pl.Boolean)
        days = len(request.clock.back)
        kept = [
            part.filter(pl.Series(~read_whole[part["trip"].to_numpy() // days], dtype=pl.Boolean))
            for part in kept
        ]
        timed = filled.filter(~repeats & (filled["quay"] != OUTSIDE_BBOX))
        kept.append(_slim(placed(timed, masks, clock=request.clock, window=request.window)))
        kept.append(_repeat(filled.filter(repeats), frequencies, request))
    return _finished(kept, reader, request, lacking=lacking)


def _slim(calls: pl.DataFrame) -> pl.DataFrame:
    """Return calls in few bytes each; a feed of millions of them stays in memory so."""
    small = calls["sequence"].is_between(0, _SMALL - 1).all()
    sequence = pl.UInt16 if small else pl.Int32
    return calls.cast({"trip": pl.Int32, "sequence": sequence})


def _repeat(rows: pl.DataFrame, frequencies: pl.DataFrame, request: CallRequest) -> pl.DataFrame:
    """Return the calls of the repetitions of template trips, with ``t``, their template.

    ``rows``: all calls of the templates, for a run leaves the first of them on the beat,
    wherever it lies.
    """
    masks = request.trips["mask"].to_numpy()
    templates = rows.select(
        "t",
        pl.col("t").cast(pl.Int64).alias("trip"),
        "quay",
        "sequence",
        "boards",
        "time_s",
        pl.col("time_s").min().over("t").alias("begins_s"),
        pl.Series("mask", masks[rows["t"].to_numpy()]),
    ).filter(pl.col("quay") != OUTSIDE_BBOX)
    runs = expand_frequencies(
        templates,
        frequencies,
        request.clock,
        window=request.window,
        first_trip=request.trips.height,
    )
    return _slim(runs.select("t", *CALL))


def _filled(
    feed: FeedFiles, numbers: Mapping[str, int], codes: StopCodes
) -> tuple[pl.DataFrame, int]:
    """Read some trips whole and fill their empty times; also count what stays empty.

    Calls outside the bounding box are among them; only calls at quays that are asked for
    are counted as lacking.
    """
    rows = whole_trips(feed, numbers).sort("t", "sequence", maintain_order=True)
    seconds = rows.select(pl.col("arrival_s", "departure_s").cast(pl.Float64))
    time = interpolate_times(
        rows["t"].to_numpy().astype(np.int64),
        rows["distance"].to_numpy(),
        arrival_s=seconds["arrival_s"].to_numpy(),
        departure_s=seconds["departure_s"].to_numpy(),
    )
    rows = rows.with_columns(
        time_s=pl.Series(time).fill_nan(None).cast(pl.Int32), quay=codes.of(rows["stop_id"])
    )
    lacking = rows.filter(pl.col("time_s").is_null() & (pl.col("quay") >= 0)).height
    return rows.filter(pl.col("time_s").is_not_null()), lacking


def _read_frequencies(feed: FeedFiles, trip_ids: pl.Series) -> pl.DataFrame:
    """Read frequencies.txt for the wanted trips: trip, start_s, end_s, headway_s."""
    schema = {"trip": pl.Int64, "start_s": pl.Int32, "end_s": pl.Int32, "headway_s": pl.Int32}
    if not feed.has("frequencies.txt"):
        return pl.DataFrame(schema=schema)
    columns = ("trip_id", "start_time", "end_time", "headway_secs")
    table = read_table(feed, "frequencies.txt", columns).drop_nulls("trip_id")
    parsed = table.with_columns(
        start_s=clock_seconds(table["start_time"]),
        end_s=clock_seconds(table["end_time"]),
        headway_s=as_number(table["headway_secs"], pl.Int32),
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
    numbers = trip_ids.to_frame("trip_id").with_row_index("trip").cast({"trip": pl.Int64})
    numbered = parsed.join(numbers, on="trip_id", how="inner", maintain_order="left")
    return numbered.select(*schema)


def _finished(
    kept: list[pl.DataFrame], reader: RowReader, request: CallRequest, *, lacking: int
) -> tuple[pl.DataFrame, list[LeftOut]]:
    """Tell departures from last calls, part by part, and count what has no place."""
    days = len(request.clock.back)
    details = request.trips.select("direction", "mode")
    empty = {"trip": pl.Int32, "quay": pl.Int32, "sequence": pl.Int32}
    kept.append(pl.DataFrame(schema=empty | {"boards": pl.Boolean, "time_s": pl.Int32}))
    parts, codes = [], []
    while kept:
        calls = kept.pop()  # what is finished need not stay
        codes.append(calls["quay"].filter(calls["quay"] < 0))
        calls = calls.filter(pl.col("quay") >= 0)
        t = calls["t"] if "t" in calls.columns else (calls["trip"] // days).cast(pl.UInt32)
        is_last = calls["sequence"].to_numpy() == reader.last[t.to_numpy()]
        told = calls.select(
            "quay",
            "trip",
            "time_s",
            departure=pl.col("boards") & pl.Series(~is_last, dtype=pl.Boolean),
        )
        parts.append(pl.concat([told, details[t]], how="horizontal"))
    parts.reverse()
    unplaced = pl.concat(codes)
    empty_trips = int((reader.last < 0).sum())
    left_out = _left_out(unplaced, reader.codes.unknown, lacking, empty_trips=empty_trips)
    return pl.concat(parts, rechunk=False), left_out


def _left_out(
    codes: pl.Series, unknown: Mapping[str, int], lacking: int, *, empty_trips: int
) -> list[LeftOut]:
    n_unplaced, n_unknown = int((codes == NO_COORDINATES).sum()), int((codes <= UNKNOWN).sum())
    met = set(codes.unique().to_list())
    named = _examples(name for name, code in unknown.items() if code in met)
    counts = (
        ("calls_at_unplaced_stops", n_unplaced, "calls", Text(
            nb="avganger og ankomster ved holdeplasser uten koordinater",
            en="calls at stops without coordinates",
        )),
        ("calls_at_unknown_stops", n_unknown, "calls", Text(
            nb=f"stopp i stop_times.txt som mangler i stops.txt{named}",
            en=f"calls at stops that stops.txt lacks{named}",
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


def _examples(names: Iterable[str]) -> str:
    ids = sorted(name for name in names if name)[:3]
    return f" ({', '.join(ids)})" if ids else ""
