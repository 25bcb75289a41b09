"""Work out how often one can leave from groups of quays, from the calls at them.

Arrays in, one row a group out; which quays make a group is settled before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MODES = ("rail", "metro", "tram", "bus", "water", "other")
HOUR_S = 3600
# Times after midnight and within 30 hours fit in so many bits.
_TIME_BITS = 17
# A vehicle that calls at another quay of the group within this time is still on its visit.
VISIT_S = 600


@dataclass(frozen=True)
class GroupCalls:
    """Calls inside a window, one row each (n,).

    ``group``: from 0 to before ``n_groups``; ``way``: which way the trip leads (a whole
    number of 0 or more; None where ways are not told apart); ``quay``; ``trip``; ``time_s``
    after local midnight; ``departs``: whether one can board; ``mode``: place in MODES.
    """

    n_groups: int
    group: Ints
    way: Ints | None
    quay: Ints
    trip: Ints
    time_s: Ints
    departs: Bools
    mode: NDArray[np.uint8]


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
    left = calls.departs
    way = None if calls.way is None else calls.way[left]
    time = calls.time_s[left]
    times = _once(calls.group[left], way, quay=calls.quay[left], trip=calls.trip[left], time_s=time)
    numbers = _statistics(*times, calls.n_groups, window=window, hours=hours)
    return pl.concat([_served(calls), numbers], how="horizontal")


def _once(
    group: Ints, way: Ints | None, *, quay: Ints, trip: Ints, time_s: Ints
) -> tuple[Ints, Ints, Bools]:
    """Return group, time and whether a way begins, by group, way and time, a visit once each."""
    if not group.size:
        return group, time_s, np.zeros(0, dtype=bool)
    owners, owner = _owners(group, way)
    trip = trip - trip.min()
    trips = int(trip.max()) + 1
    if int(owner.max() + 1) * trips >= 2 ** (63 - _TIME_BITS):
        numbered, trip = np.unique(trip, return_inverse=True)
        trips = len(numbered)
    # Owner, trip and time in one number: sorting it puts a trip's earliest departure first.
    unsorted = ((owner * trips + trip) << _TIME_BITS) | time_s
    packed = np.sort(unsorted)
    first = np.ones(packed.size, dtype=bool)
    first[1:] = packed[1:] >> _TIME_BITS != packed[:-1] >> _TIME_BITS
    kept = packed[first]
    if not first.all():
        several = np.unique(packed[~first] >> _TIME_BITS)
        rows = np.flatnonzero(np.isin(unsorted >> _TIME_BITS, several))
        kept = np.concatenate([kept, _returns(unsorted[rows], quay[rows])])
    clock = kept & (2**_TIME_BITS - 1)
    packed = np.sort(((kept >> _TIME_BITS) // trips << _TIME_BITS) | clock)
    owner = packed >> _TIME_BITS
    new = np.ones(owner.size, dtype=bool)
    new[1:] = owner[1:] != owner[:-1]
    return owners[owner], packed & (2**_TIME_BITS - 1), new


def _returns(packed: Ints, quay: Ints) -> Ints:
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


def _owners(group: Ints, way: Ints | None) -> tuple[Ints, Ints]:
    """Give each pair of group and way a number: its group by number, and each row's number."""
    if way is None:
        return np.arange(int(group.max()) + 1), group
    ways = int(way.max()) + 1
    pairs, owner = np.unique(group * ways + way, return_inverse=True)
    return pairs // ways, owner


def _served(calls: GroupCalls) -> pl.DataFrame:
    """Return the modes that depart and the calls, one row a group."""
    count = len(MODES)
    key = calls.group[calls.departs] * count + calls.mode[calls.departs]
    there = np.bincount(key, minlength=calls.n_groups * count).reshape(-1, count) > 0
    # Each group's modes as one number, and the few lists that there can be.
    sets = there @ (1 << np.arange(count))
    lists = [[m for i, m in enumerate(MODES) if s >> i & 1] for s in range(1 << count)]
    modes = pl.Series("modes", lists, dtype=pl.List(pl.String)).gather(sets)
    number = np.bincount(calls.group, minlength=calls.n_groups)
    return pl.DataFrame([modes, pl.Series("calls", number.astype(np.int64))])


def _statistics(
    group: Ints,
    time: Ints,
    new: Bools,
    n_groups: int,
    *,
    window: tuple[int, int],
    hours: tuple[int, ...],
) -> pl.DataFrame:
    """Work out every statistic for each group and way, then take each group's best way."""
    owner = group[new]
    row = np.cumsum(new) - 1
    slot = row * len(hours) + (time - hours[0]) // HOUR_S
    per_hour = np.bincount(slot, minlength=owner.size * len(hours)).reshape(-1, len(hours))
    whole = [h >= window[0] and h + HOUR_S <= window[1] for h in hours]

    best_gap = np.full(n_groups, np.inf)
    np.minimum.at(best_gap, owner, _longest_wait(time, new, window) / 60)
    least: pl.Series = pl.Series([None] * n_groups, dtype=pl.Int64)
    if any(whole):
        best_least = np.zeros(n_groups, dtype=np.int64)
        np.maximum.at(best_least, owner, per_hour[:, whole].min(axis=1))
        least = pl.Series(best_least)
    # The way with most departures, the first of equals, is written last and stays.
    count = per_hour.sum(axis=1)
    order = np.lexsort((-np.arange(owner.size), count))
    best_hours = np.zeros((n_groups, len(hours)), dtype=np.int64)
    best_hours[owner[order]] = per_hour[order]
    total = best_hours.sum(axis=1)
    return pl.DataFrame(
        {
            "departures": total,
            "average": total / ((window[1] - window[0]) / HOUR_S),
            "every_hour": least,
            "max_gap": pl.Series(best_gap).replace(np.inf, None),
            "per_hour": pl.Series(best_hours).cast(pl.List(pl.Int64)),
        }
    )


def _longest_wait(time: Ints, new: Bools, window: tuple[int, int]) -> Ints:
    """Return the longest wait in seconds of each run of sorted times that ``new`` starts.

    The wait from the window's start to the first departure and from the last to its
    end are waits like any other.
    """
    first = np.flatnonzero(new)
    if not first.size:
        return np.zeros(0, dtype=np.int64)
    wait = np.where(new, time - window[0], np.diff(time, prepend=window[0]))
    last = np.append(first[1:], time.size) - 1
    longest: Ints = np.maximum(np.maximum.reduceat(wait, first), window[1] - time[last])
    return longest
