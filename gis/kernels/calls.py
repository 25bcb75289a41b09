"""Work out when every call of a service day takes place.

A call is one row of a timetable: a trip at a quay. Times are whole seconds; those
of a service day count from noon minus twelve hours (GTFS Schedule Reference) and
may pass 24 hours, those of the day looked at count from its local midnight.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

DAY_S = 86_400


@dataclass(frozen=True)
class DayClock:
    """How times of neighbouring service days read on the clock of one date.

    ``base_s[i]`` seconds lie between the date's midnight and the zero of the
    service day ``back[i]`` days before it (negative ``back``: after it). From
    ``change_s`` seconds after midnight the clock is ``jump_s`` ahead (summer time
    begins or ends); on other days ``jump_s`` is 0.
    """

    back: tuple[int, ...]
    base_s: tuple[int, ...]
    change_s: int = 0
    jump_s: int = 0

    def wall(self, time: pl.Expr, i: int) -> pl.Expr:
        """Return the clock time, in seconds after midnight, of times of service day ``i``."""
        elapsed = time + self.base_s[i]
        if not self.jump_s:
            return elapsed
        return elapsed + pl.when(elapsed >= self.change_s).then(self.jump_s).otherwise(0)


def day_clock(date: dt.date, back: tuple[int, ...], zone: ZoneInfo | None) -> DayClock:
    """Relate the service days around a date to its clock.

    Without a zone every day has 24 hours. With one, days on which summer time
    begins or ends have 23 or 25: a trip timed 07:05 leaves at 07:05 on the clock
    all the same, one timed 00:30 does not, since the count starts at noon - 12 h.
    """
    if zone is None:
        return DayClock(back, tuple(-DAY_S * days for days in back))
    midnight = _instant(date, 0, zone)
    base = tuple(
        _instant(date - dt.timedelta(days=days), 12, zone) - 12 * 3600 - midnight for days in back
    )
    offsets = [_offset(midnight + 3600 * hour, zone) for hour in range(36)]
    change = next((h for h in range(1, 36) if offsets[h] != offsets[h - 1]), 0)
    return DayClock(
        back, base, 3600 * change, offsets[change] - offsets[change - 1] if change else 0
    )


def _instant(date: dt.date, hour: int, zone: ZoneInfo) -> int:
    return int(dt.datetime(date.year, date.month, date.day, hour, tzinfo=zone).timestamp())


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = dt.datetime.fromtimestamp(instant, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def clock_seconds(text: pl.Series) -> pl.Series:
    """Read H:MM:SS as seconds (Int32), hours unlimited, blanks around ignored.

    An empty field gives null, and so does anything else that is no time; callers
    tell the two apart.
    """
    trimmed = text.str.strip_chars()
    is_time = trimmed.str.contains(r"^\d{1,4}:[0-5]\d:[0-5]\d$")
    digits = trimmed.str.replace_all(":", "", literal=True).cast(pl.Int32, strict=False)
    # From HMMSS: taking 40 for each whole minute and 2400 for each hour leaves seconds.
    seconds = digits - digits // 100 * 40 - digits // 10_000 * 2400
    return seconds.set(~is_time, None)


def interpolate_times(
    trip: NDArray[np.int64],
    distance: NDArray[np.float64],
    *,
    arrival_s: NDArray[np.float64],
    departure_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the departure time of every call, filling empty ones between timed calls.

    All arrays have one row a call, sorted by trip and then by order along the
    trip; NaN marks what is not given. An untimed call lies on the straight line
    from the departure at the last timed call before it to the arrival at the first
    after it, by ``distance`` along the shape where all three have one that does not
    shrink, else by the number of calls between. Rounded down to whole seconds; NaN
    stays where a trip has no timed call on both sides.
    """
    leaves = np.where(np.isnan(departure_s), arrival_s, departure_s)
    comes = np.where(np.isnan(arrival_s), departure_s, arrival_s)
    row = np.arange(trip.size)
    timed = ~np.isnan(leaves)
    before = np.maximum.accumulate(np.where(timed, row, -1))
    after = np.minimum.accumulate(np.where(timed, row, trip.size)[::-1])[::-1]
    gap = np.flatnonzero(~timed & (before >= 0) & (after < trip.size))
    a, b = before[gap], after[gap]
    inside = (trip[a] == trip[gap]) & (trip[b] == trip[gap])
    gap, a, b = gap[inside], a[inside], b[inside]
    here, span = distance[gap] - distance[a], distance[b] - distance[a]
    # Comparisons with NaN are False, so a missing distance falls back to the order.
    by_shape = (span > 0) & (here >= 0) & (here <= span)
    share = (gap - a) / (b - a)
    share[by_shape] = here[by_shape] / span[by_shape]
    filled = leaves.copy()
    filled[gap] = np.floor(leaves[a] + (comes[b] - leaves[a]) * share + 1e-9)
    return filled


def place_calls(calls: pl.DataFrame, clock: DayClock, *, window: tuple[int, int]) -> pl.DataFrame:
    """Keep the calls inside a window, once for each service day on which their trip runs.

    ``calls``: trip, time_s (of the service day), mask (bit i set when the trip runs
    on service day ``clock.back[i]``), and whatever else. Returns the same columns
    without mask, time_s now after local midnight of the date, ``start <= time_s <
    end``, and trip made unique to the day: trip x days + i.
    """
    start, end = window
    parts = []
    for i in range(len(clock.back)):
        wall = clock.wall(pl.col("time_s"), i)
        runs = pl.col("mask").cast(pl.UInt32) // 2**i % 2 == 1
        parts.append(
            calls.filter(runs & (wall >= start) & (wall < end)).with_columns(
                time_s=wall.cast(pl.Int32), trip=pl.col("trip").cast(pl.Int64) * len(clock.back) + i
            )
        )
    return pl.concat(parts).drop("mask")


def expand_frequencies(
    calls: pl.DataFrame,
    frequencies: pl.DataFrame,
    clock: DayClock,
    *,
    window: tuple[int, int],
    first_trip: int,
) -> pl.DataFrame:
    """Repeat template trips at their headway, the template itself left out.

    ``calls``: trip, time_s, begins_s (when the trip leaves its first call, which need not
    be among them), mask, and whatever else.
    ``frequencies``: trip, start_s, end_s, headway_s (> 0). A run leaves its first
    call at start_s, start_s + headway_s, ... before end_s, for exact_times 0 as for
    1 (where only the headway is promised, the phase is a convention). Only runs
    that call inside the window (seconds after local midnight) are made. Returns
    calls as ``place_calls`` does, without begins_s, trips numbered from ``first_trip`` up,
    one number a run.
    """
    runs = -(-(pl.col("end_s") - pl.col("start_s")) // pl.col("headway_s"))
    bands = (
        frequencies.filter(pl.col("end_s") > pl.col("start_s"))
        .with_columns(runs=runs.cast(pl.Int64))
        .with_columns(band=pl.col("runs").cum_sum() - pl.col("runs") + first_trip)
    )
    offset = calls.with_columns(offset_s=pl.col("time_s") - pl.col("begins_s"))
    joined = offset.join(bands, on="trip", how="inner")
    # One hour of slack covers the change to and from summer time; place_calls is exact.
    low, high = window[0] - max(clock.base_s) - 3600, window[1] - min(clock.base_s) + 3600
    zero = pl.col("start_s").cast(pl.Int64) + pl.col("offset_s")
    first = ((low - zero) // pl.col("headway_s")).clip(lower_bound=0)
    last = ((high - zero) // pl.col("headway_s") + 1).clip(upper_bound=pl.col("runs"))
    expanded = (
        joined.with_columns(first=first, last=last)
        .filter(pl.col("first") < pl.col("last"))
        .with_columns(run=pl.int_ranges("first", "last"))
        .explode("run")
        .with_columns(
            time_s=(zero + pl.col("run") * pl.col("headway_s")).cast(pl.Int32),
            trip=pl.col("band") + pl.col("run"),
        )
        .select(calls.drop("begins_s").columns)
    )
    return place_calls(expanded, clock, window=window)
