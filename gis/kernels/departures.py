"""Work out how often one can leave from groups of quays, from the calls at them.

Arrays in, one row a group out; which quays make a group is settled before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Int32s = NDArray[np.int32]

MODES = ("rail", "metro", "tram", "bus", "water", "other")
HOUR_S = 3600
# Times after midnight and within 30 hours fit in so many bits.
_TIME_BITS = 17
_TIME_MASK = 2**_TIME_BITS - 1
_MOST = 2 ** (63 - _TIME_BITS)
_NO_WAYS = np.zeros(0, dtype=np.int8)
# A vehicle that calls at another quay of the group within this time is still on its visit.
VISIT_S = 600


@dataclass(frozen=True)
class Grouping:
    """Which calls are counted, and together with which.

    ``group``: (quays,) the group of each quay from 0 up, -1 for a quay of none;
    ``window``: seconds after local midnight, start <= time < end; ``modes``: bit m where
    calls of MODES[m] count; ``by_way``: whether directions are told apart.
    """

    group: Ints
    window: tuple[int, int]
    modes: int
    by_way: bool


@dataclass
class GroupCalls:
    """The departures of some groups, and what all their calls come to.

    ``first``: the number of the first group; ``modes``: (groups,) bit m where one departs
    by MODES[m]; ``calls``: (groups,) all calls. The departures, one row each: ``owner``, the
    group from 0 up, or group x ``ways`` + way where ways are told apart; ``quay``; ``trip``;
    ``time_s`` after local midnight. ``size`` of the rows are filled.
    """

    first: int
    modes: NDArray[np.int64]
    calls: Ints
    ways: int
    owner: Ints
    quay: Int32s
    trip: Int32s
    time_s: Int32s
    size: int = 0

    @classmethod
    def of(cls, grouping: Grouping, first: int, end: int, *, room: int) -> GroupCalls:
        """Return an empty one for the groups ``first`` to before ``end``, ``room`` rows long."""
        modes, calls = np.zeros((2, end - first), dtype=np.int64)
        # Quays follow after the two direction ids, so that both live in one number.
        ways = grouping.group.size + 2 if grouping.by_way else 1
        quay, trip, time_s = np.empty((3, room), dtype=np.int32)
        return cls(first, modes, calls, ways, np.empty(room, dtype=np.int64), quay, trip, time_s)

    def add(self, grouping: Grouping, calls: pl.DataFrame) -> None:
        """Take in the calls that count: quay, trip, time_s, departure, direction, mode."""
        direction = calls["direction"].fill_null(-1).to_numpy() if self.ways > 1 else _NO_WAYS
        numbers = (calls[name].to_numpy() for name in ("quay", "trip", "time_s", "departure"))
        self.size = _collect(
            (*numbers, direction, calls["mode"].to_physical().cast(pl.UInt8).to_numpy()),
            (grouping.group, self.first, self.ways, grouping.modes, *grouping.window),
            (self.modes, self.calls),
            (self.owner, self.quay, self.trip, self.time_s),
            self.size,
        )


@njit(cache=True, nogil=True)
def _collect(rows, grouping, counts, out, size):  # type: ignore[no-untyped-def]
    """Write the departures that count behind the first ``size``; return how many there are."""
    quay, trip, time, departs, direction, mode = rows
    group, first, ways, wanted, start, end = grouping
    modes, calls = counts
    out_owner, out_quay, out_trip, out_time = out
    for i in range(quay.size):
        g = group[quay[i]] - first
        if g < 0 or g >= calls.size or time[i] < start or time[i] >= end:
            continue
        bit = np.int64(1) << np.int64(mode[i])
        if wanted & bit == 0:
            continue
        calls[g] += 1
        if not departs[i]:
            continue
        modes[g] |= bit
        way = np.int64(0)
        if ways > 1:
            way = np.int64(direction[i]) if direction[i] >= 0 else np.int64(quay[i]) + 2
        out_owner[size] = g * ways + way
        out_quay[size], out_trip[size], out_time[size] = quay[i], trip[i], time[i]
        size += 1
    return size


def departures(
    calls: GroupCalls, *, window: tuple[int, int], hours: tuple[int, ...]
) -> pl.DataFrame:
    """Return the statistics of every group, one row each, groups without calls included.

    Columns: modes, calls, departures, average, every_hour, max_gap, per_hour, as
    ``DepartureTable`` has them. A trip counts once a visit to a group and way, at its
    earliest departure; a visit ends where the trip calls again at a quay of it, or at any
    ``VISIT_S`` or more after that departure. So quays that follow one another are one
    departure and the next round of a loop is another, and no group counts fewer than one
    of its quays. Own rule: GTFS and the SDG 11.2.1 guides set none. Each statistic is that of
    the group's best way. ``hours``: seconds after midnight of the clock hours that meet the
    window.
    """
    owners, packed = _once(calls)
    ways = int(np.count_nonzero(np.diff(packed >> _TIME_BITS))) + 1 if packed.size else 0
    owner, wait = np.empty(ways, dtype=np.int64), np.empty(ways, dtype=np.int64)
    per_hour = np.zeros((ways, len(hours)), dtype=np.int64)
    _describe_ways(packed, (*window, hours[0]), owner, wait, per_hour)
    group = (owner if owners is None else owners[owner]) // calls.ways
    whole = [h >= window[0] and h + HOUR_S <= window[1] for h in hours]
    numbers = _best(group, wait, per_hour, whole=np.array(whole), n_groups=calls.calls.size)
    average = (pl.col("departures") / ((window[1] - window[0]) / HOUR_S)).alias("average")
    return pl.concat([_served(calls), numbers], how="horizontal").select(
        "modes", "calls", "departures", average, "every_hour", "max_gap", "per_hour"
    )


def _once(calls: GroupCalls) -> tuple[Ints | None, Ints]:
    """Return owner above time in one number, sorted, a visit once each.

    Owners are numbered anew where their numbers are too large; the old ones come first.
    """
    owner, trip = calls.owner[: calls.size], calls.trip[: calls.size]
    if not owner.size:
        return None, owner
    owners, least = None, int(trip.min())
    trips, most = int(trip.max()) - least + 1, int(owner.max()) + 1
    if most * trips >= _MOST:
        owners, owner = np.unique(owner, return_inverse=True)
        most = len(owners)
    if most * trips >= _MOST:
        numbered, inverse = np.unique(trip, return_inverse=True)
        trip, least, trips = inverse.astype(np.int32), 0, len(numbered)
    time = calls.time_s[: calls.size]
    # Owner, trip and time in one number: sorting it puts a trip's earliest departure first.
    packed = _packed(owner, trip, time, least, trips)
    packed.sort()
    several = np.empty(packed.size, dtype=np.int64)
    n, n_several = _first_calls(packed, trips, several)
    kept = packed[:n]
    if n_several:
        unsorted = _packed(owner, trip, time, least, trips)
        rows = np.flatnonzero(np.isin(unsorted >> _TIME_BITS, several[:n_several]))
        more = _returns(unsorted[rows], calls.quay[rows])
        later = (more >> _TIME_BITS) // trips << _TIME_BITS | more & _TIME_MASK
        kept = np.concatenate([kept, later])
    kept.sort()
    return owners, kept


@njit(cache=True, nogil=True)
def _packed(owner, trip, time, least, trips):  # type: ignore[no-untyped-def]
    """Return owner, trip and time as one number each."""
    out = np.empty(owner.size, dtype=np.int64)
    for i in range(owner.size):
        out[i] = ((owner[i] * trips + (trip[i] - least)) << _TIME_BITS) | time[i]
    return out


@njit(cache=True, nogil=True)
def _first_calls(packed, trips, several):  # type: ignore[no-untyped-def]
    """Put owner and time of each trip's first call in front; list who calls several times.

    Returns how many there are of each.
    """
    n, m, before = 0, 0, np.int64(-1)
    again = np.int64(-1)
    for i in range(packed.size):
        key = packed[i] >> _TIME_BITS
        if key != before:
            packed[n] = (key // trips << _TIME_BITS) | (packed[i] & _TIME_MASK)
            n += 1
        elif key != again:
            several[m] = again = key
            m += 1
        before = key
    return n, m


@njit(cache=True, nogil=True)
def _describe_ways(packed, window, owner, wait, per_hour):  # type: ignore[no-untyped-def]
    """Write each owner, its longest wait in seconds and its departures in each hour.

    The wait from the window's start to the first departure and from the last to its
    end are waits like any other.
    """
    start, end, first_hour = window
    row, before = -1, np.int64(0)
    for i in range(packed.size):
        here, time = packed[i] >> _TIME_BITS, packed[i] & _TIME_MASK
        if row < 0 or here != owner[row]:
            if row >= 0:
                wait[row] = max(wait[row], end - before)
            row += 1
            owner[row], wait[row], before = here, np.int64(0), np.int64(start)
        wait[row] = max(wait[row], time - before)
        per_hour[row, (time - first_hour) // HOUR_S] += 1
        before = time
    if row >= 0:
        wait[row] = max(wait[row], end - before)


def _returns(packed: Ints, quay: Int32s) -> Ints:
    """Return which calls begin a further visit, of trips that call several times at an owner.

    ``packed``: owner and trip above, time in the lowest bits; so is what is returned.
    """
    order = np.lexsort((quay, packed))
    packed, quay = packed[order], quay[order]
    same = np.zeros(packed.size, dtype=bool)
    same[1:] = (packed[1:] == packed[:-1]) & (quay[1:] == quay[:-1])
    packed, quay = packed[~same], quay[~same]
    key = packed >> _TIME_BITS
    # The last call before of the same trip at the same quay, -1 where there is none.
    by_quay = np.lexsort((np.arange(key.size), quay, key))
    again = (key[by_quay][1:] == key[by_quay][:-1]) & (quay[by_quay][1:] == quay[by_quay][:-1])
    before = np.full(key.size, -1)
    before[by_quay[1:][again]] = by_quay[:-1][again]
    begins, start = [], 0
    keys, times = key.tolist(), packed.tolist()
    for row, last in enumerate(before.tolist()):
        if keys[row] != keys[start]:
            start = row
        elif last >= start or times[row] - times[start] >= VISIT_S:
            start = row
            begins.append(row)
    return packed[begins]


def _served(calls: GroupCalls) -> pl.DataFrame:
    """Return the modes that depart and the calls, one row a group."""
    # Each group's modes as one number, and the few lists that there can be.
    lists = [[m for i, m in enumerate(MODES) if s >> i & 1] for s in range(1 << len(MODES))]
    modes = pl.Series("modes", lists, dtype=pl.List(pl.String)).gather(calls.modes)
    return pl.DataFrame([modes, pl.Series("calls", calls.calls)])


def _best(
    group: Ints, wait: Ints, per_hour: Ints, *, whole: NDArray[np.bool_], n_groups: int
) -> pl.DataFrame:
    """Return each group's best way: one row a way in, one row a group out."""
    best_gap = np.full(n_groups, np.inf)
    np.minimum.at(best_gap, group, wait / 60)
    least: pl.Series = pl.Series([None] * n_groups, dtype=pl.Int64)
    if whole.any():
        best_least = np.zeros(n_groups, dtype=np.int64)
        np.maximum.at(best_least, group, per_hour[:, whole].min(axis=1))
        least = pl.Series(best_least)
    # The way with most departures, the first of equals, is written last and stays.
    count = per_hour.sum(axis=1)
    order = np.lexsort((-np.arange(group.size), count))
    best_hours = np.zeros((n_groups, per_hour.shape[1]), dtype=np.int64)
    best_hours[group[order]] = per_hour[order]
    return pl.DataFrame(
        {
            "departures": best_hours.sum(axis=1),
            "every_hour": least,
            "max_gap": pl.Series(best_gap).replace(np.inf, None),
            "per_hour": pl.Series(best_hours).cast(pl.List(pl.Int64)),
        }
    )
