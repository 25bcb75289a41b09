"""Read the rows of a timetable from bytes: the calls of wanted trips, as numbers.

Two passes over a block of text, without decoding it: one marks where fields end, without
a branch for any byte; the other goes from record to record by these marks, so that a row
whose trip is not wanted is passed over at once, and an id is looked up once for each run
of rows that bear it. Whatever is unusual (a time that is no ``HH:MM:SS``, an escaped
quote, a missing number) ends the reading with ``None``; the caller then reads that block
in a slower way, which knows what may stand there and words the error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from gis.kernels.ids import PADDING, IdTable, look_up, same, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What a column of the table is for the scan.
TRIP, ARRIVAL, DEPARTURE, STOP, SEQUENCE, PICKUP = range(6)
UNKNOWN = -3  # a stop that is not listed; codes above it belong to the caller

_MOST_UNKNOWN = 65_536
# Nothing is allocated in a loop compiled so, and references to its arrays are not counted:
# to count them at every branch costs as much as reading the row.
_UNCOUNTED: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
_SCRATCH = ("trip", "quay", "sequence", "time", "begin", "end")
_NEWLINE, _COMMA, _QUOTE, _RETURN, _ZERO, _ONE, _COLON = 10, 44, 34, 13, 48, 49, 58
# The shortest record that can hold a call: t,,7:00:00,P,1 and its line end.
_LEAST_BYTES = 14
# 00:00:00, what takes a byte over 9 (where a colon stands: over 0) to its highest bit, and
# these bits.
_CLOCK, _BYTE = np.uint64(0x30303A30303A3030), np.uint64(0xFF)
_TOO_MUCH, _HIGH_BITS = np.uint64(0x76767F76767F7676), np.uint64(0x8080808080808080)


@dataclass(frozen=True)
class Days:
    """The service days around a date, and the window on the date's clock.

    ``base_s``: (days,) what turns a time of service day i into one after the date's
    midnight; from ``change_s`` on the clock is ``jump_s`` ahead. ``window``: start and end
    in seconds after midnight, ``start <= time < end``.
    """

    base_s: NDArray[np.int64]
    change_s: int
    jump_s: int
    window: tuple[int, int]


@dataclass
class Scan:
    """What a scan of many blocks needs and learns.

    ``roles``: for each column of the file its number above, -1 for none. ``mask``: (trips,)
    bit i where the trip runs on service day i of ``days``. ``quay``: (stops,) number of a
    stop, or a code below 0, ``drop`` being one whose calls are not wanted. ``last``:
    (trips,) the largest stop_sequence met, -1 before; ``untimed``: (trips,) whether a call
    at a numbered quay has no time.
    """

    trips: IdTable
    stops: IdTable
    mask: NDArray[np.uint16]
    quay: NDArray[np.int32]
    days: Days
    drop: int
    last: NDArray[np.int32]
    untimed: NDArray[np.bool_]
    _scratch: dict[str, NDArray[np.int32]] = field(default_factory=dict, repr=False)

    def scratch(self, name: str, size: int) -> NDArray[np.int32]:
        """Return an array with room for so many numbers, used again and again."""
        if size > self._scratch.get(name, np.empty(0)).size:
            self._scratch[name] = np.empty(size * 5 // 4, dtype=np.int32)
        return self._scratch[name]


@dataclass(frozen=True)
class Calls:
    """The calls of a block that lie in the window, one row for each service day.

    ``trip``: row of the trip x days + the service day; ``quay``: number or code;
    ``sequence``; ``boards``; ``time_s`` after midnight of the date. ``unknown``: their stop
    ids where the quay is UNKNOWN, in order.
    """

    trip: NDArray[np.int32]
    quay: NDArray[np.int32]
    sequence: NDArray[np.int32]
    boards: NDArray[np.bool_]
    time_s: NDArray[np.int32]
    unknown: tuple[bytes, ...]


def scan_block(scan: Scan, text: bytes, *, first: int, roles: NDArray[np.int64]) -> Calls | None:
    """Read whole records of a block from byte ``first`` on; None where one is unusual.

    ``text``: the records, then PADDING. ``last`` and ``untimed`` of the scan are brought up
    to date in place (reading the block again in another way changes nothing).
    """
    block, size = np.frombuffer(text, dtype=np.uint8), len(text) - len(PADDING)
    quoted = b'"' in text
    ends = scan.scratch("ends", size - first + 3)
    marks = (_mark_quoted if quoted else _mark)(block[:size], first, ends)
    if marks < 0:
        return None
    days = scan.days
    rows = (size // _LEAST_BYTES + 2) * days.base_s.size
    trip, quay, sequence, time, begin, end = (scan.scratch(name, rows) for name in _SCRATCH)
    boards = np.empty(rows, dtype=np.bool_)
    ids, names = ((table.data, table.start, table.slot) for table in (scan.trips, scan.stops))
    found = _scan(
        (block, ends[:marks], _columns(roles), roles.size),
        (ids, names),
        (scan.mask, scan.quay),
        (days.base_s, days.change_s, days.jump_s, *days.window),
        (scan.last, scan.untimed),
        (trip, sequence, time, begin, end, boards),
    )
    if found < 0:
        return None
    unknown = np.empty((_MOST_UNKNOWN, 2), dtype=np.int64)
    out = trip[:found], quay[:found], sequence[:found], time[:found]
    at, quays = (begin[:found], end[:found]), (scan.quay, scan.drop)
    kept, strange = _name_stops(block, names, quays, at, (*out, boards[:found], unknown))
    if strange > _MOST_UNKNOWN:
        return None
    trip, quay, sequence, time = (values[:kept].copy() for values in out)
    strangers = tuple(text[a:b] for a, b in unknown[:strange].tolist())
    return Calls(trip, quay, sequence, boards[:kept], time, strangers)


def _columns(roles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column of each of the six roles, from 1, and 0 where it has none."""
    column = np.zeros(6, dtype=np.int64)
    column[roles[roles >= 0]] = np.flatnonzero(roles >= 0) + 1
    return column


@njit(cache=True, nogil=True)
def _mark(block, first, ends):  # type: ignore[no-untyped-def]
    """Write where fields end (at commas and line ends), first - 1 before; return how many.

    Each byte is written down and kept only if it ends a field: no branch to guess wrong.
    Unsigned, since an index that may be below 0 would cost a test for each byte.
    """
    ends[0] = first - 1
    n = np.uint64(1)
    for i in range(np.uint64(first), np.uint64(block.size)):
        byte = block[i]
        ends[n] = i
        n += np.uint64((byte == _COMMA) | (byte == _NEWLINE))
    return _closed(block, first, ends, np.int64(n))


@njit(cache=True, nogil=True)
def _mark_quoted(block, first, ends):  # type: ignore[no-untyped-def]
    """Answer as ``_mark`` does, commas and line ends inside quotes aside; -1 where odd.

    Odd is text behind the quote that ends a field, as is a quote inside (written twice).
    In a field that does not begin with one, a quote is text.
    """
    ends[0] = first - 1
    n, inside, closed, begins = np.uint64(1), False, False, True
    for i in range(np.uint64(first), np.uint64(block.size)):
        byte = block[i]
        parts = ((byte == _COMMA) | (byte == _NEWLINE)) & (not inside)
        if closed and not parts and byte != _RETURN:
            return -1
        closed = closed & (not parts)
        if byte == _QUOTE and (inside or begins):
            closed = inside
            inside = not inside
        begins = parts
        ends[n] = i
        n += np.uint64(parts)
    return -1 if inside else _closed(block, first, ends, np.int64(n))


@njit(cache=True, nogil=True, inline="always")
def _closed(block, first, ends, n):  # type: ignore[no-untyped-def]
    """End the last record where the block does not, at the padding; return the marks' number."""
    if block.size > first and block[block.size - 1] != _NEWLINE:
        ends[n] = block.size
        n += 1
    return n


@njit(cache=True, nogil=True, inline="always")
def _clock8(block, at):  # type: ignore[no-untyped-def]
    """Return the seconds of HH:MM:SS, -1 where the eight bytes are nothing of the kind."""
    # The eight characters at once: digits become 0 to 9, colons 0, all else more.
    d = word(block, at) ^ _CLOCK
    if ((d + _TOO_MUCH) | d) & _HIGH_BITS != 0:
        return -1
    tens, ones = d & _BYTE, (d >> np.uint64(8)) & _BYTE
    hours = np.int64(tens) * 10 + np.int64(ones)
    tens, ones = (d >> np.uint64(24)) & _BYTE, (d >> np.uint64(32)) & _BYTE
    minutes = np.int64(tens) * 10 + np.int64(ones)
    tens, ones = (d >> np.uint64(48)) & _BYTE, d >> np.uint64(56)
    seconds = np.int64(tens) * 10 + np.int64(ones)
    return hours * 3600 + minutes * 60 + seconds if minutes < 60 and seconds < 60 else -1


@njit(cache=True, nogil=True)
def _clock(block, first, end):  # type: ignore[no-untyped-def]
    """Return the seconds of H:MM:SS with 1 to 4 digits of hours, -1 where it is none."""
    n = end - first
    if n < 7 or n > 10 or block[end - 3] != _COLON or block[end - 6] != _COLON:
        return -1
    hours = _whole(block, first, end - 6)
    minutes, seconds = _whole(block, end - 5, end - 3), _whole(block, end - 2, end)
    if hours < 0 or minutes < 0 or minutes > 59 or seconds < 0 or seconds > 59:
        return -1
    return hours * 3600 + minutes * 60 + seconds


@njit(cache=True, nogil=True, inline="always")
def _whole(block, first, end):  # type: ignore[no-untyped-def]
    """Return a whole number of 1 to 9 digits, -1 where it is none."""
    value = np.int64(0 if 0 < end - first < 10 else -1)
    for i in range(first, end if value == 0 else first):
        digit = np.int64(block[i]) - _ZERO
        value = value * 10 + digit if value >= 0 and 0 <= digit <= 9 else np.int64(-1)
    return value


@njit(cache=True, nogil=True, inline="always")
def _bounds(block, ends, row, column, back):  # type: ignore[no-untyped-def]
    """Return where a field stands, without its quotes: ``row`` is the mark before its record.

    ``back``: the last column, in a record that ends with a return; else 0.
    """
    first = np.int64(ends[row + column - 1]) + 1
    quote = np.int64(block[first] == _QUOTE)
    return first + quote, np.int64(ends[row + column]) - np.int64(column == back) - quote


@njit(**_UNCOUNTED)
def _scan(source, tables, wanted, clock, learnt, out):  # type: ignore[no-untyped-def]
    """Return how many calls in the window were written, -1 for an odd row."""
    block, ends, column, width = source
    (ids, id_start, id_slot), (names, name_start, name_slot) = tables
    mask, quay_of = wanted
    base, change, jump, low, high = clock
    last, untimed = learnt
    out_trip, out_sequence, out_time, out_first, out_end, out_boards = out
    run_first, run_size, trip = 0, -1, np.int64(-1)
    found, end_row, odd = 0, 0, False
    while end_row < ends.size - 1 and not odd:
        row = end_row
        end_row += 1
        while block[ends[end_row]] != _NEWLINE:
            end_row += 1
        size = np.int64(ends[end_row]) - np.int64(ends[row]) - 1
        returns = size > 0 and block[ends[end_row] - 1] == _RETURN
        if end_row - row != width:
            odd = bool(size > np.int64(returns))  # an empty line is none
            continue
        back = width if returns else 0
        first, end = _bounds(block, ends, row, column[TRIP], back)
        if end - first != run_size or not same(block, first, block, run_first, run_size):
            run_first, run_size = first, end - first
            trip = look_up(ids, id_start, id_slot, block, first, run_size)
        if trip < 0:
            continue
        first, end = _bounds(block, ends, row, column[SEQUENCE], back)
        sequence = _whole(block, first, end)
        first, end = _bounds(block, ends, row, column[DEPARTURE], back)
        if first == end:
            first, end = _bounds(block, ends, row, column[ARRIVAL], back)
        timed, time = end > first, np.int64(0)
        if timed:
            time = np.int64(_clock8(block, first) if end - first == 8 else -1)
            if time < 0:
                time = np.int64(_clock(block, first, end))
        odd = bool(sequence < 0 or time < 0)
        if odd:
            continue
        last[trip] = max(last[trip], sequence)
        runs, hits = mask[trip], 0
        for i in range(base.size):
            wall = time + base[i]
            wall += jump if wall >= change else 0
            hits |= ((runs >> i) & 1 & np.int64(low <= wall < high)) << i
        if timed and hits == 0:
            continue
        first, end = _bounds(block, ends, row, column[STOP], back)
        if not timed:
            place = look_up(names, name_start, name_slot, block, first, end - first)
            untimed[trip] |= end > first and place >= 0 and quay_of[place] >= 0
            continue
        boards = True
        if column[PICKUP] > 0:
            begin, stop = _bounds(block, ends, row, column[PICKUP], back)
            boards = stop - begin != 1 or block[begin] != _ONE
        for i in range(base.size):
            if (hits >> i) & 1 == 0:
                continue
            wall = time + base[i]
            out_trip[found], out_sequence[found] = trip * base.size + i, sequence
            out_time[found] = wall + (jump if wall >= change else 0)
            out_first[found], out_end[found], out_boards[found] = first, end, boards
            found += 1
    return -1 if odd else found


@njit(**_UNCOUNTED)
def _name_stops(block, table, quays, at, out):  # type: ignore[no-untyped-def]
    """Write the quay of each call that is wanted; return how many stay and how many are unknown.

    In a loop of its own: the table is larger than what a processor has at hand, and while
    it waits for one stop it can ask for the next ones.
    """
    names, name_start, name_slot = table
    quay_of, drop = quays
    first, end = at
    trip, quay, sequence, time, boards, unknown = out
    kept, strange = np.int64(0), np.int64(0)
    for i in range(trip.size):
        place = np.int64(-1)
        if end[i] > first[i]:
            place = look_up(names, name_start, name_slot, block, first[i], end[i] - first[i])
        number = np.int64(quay_of[place]) if place >= 0 else np.int64(UNKNOWN)
        if number == UNKNOWN and strange < unknown.shape[0]:
            unknown[strange, 0], unknown[strange, 1] = first[i], end[i]
        strange += np.int64(number == UNKNOWN)
        trip[kept], quay[kept], sequence[kept] = trip[i], number, sequence[i]
        time[kept], boards[kept] = time[i], boards[i]
        kept += np.int64(number != drop)
    return kept, strange
