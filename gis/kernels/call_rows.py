"""Read the rows of a timetable from bytes: the calls of wanted trips, as numbers.

One pass over the text, without decoding it: a row whose trip is not wanted is skipped to
its end as soon as its id is known, and an id is looked up once for each run of rows that
bear it. Whatever is unusual (a time that is no ``HH:MM:SS``, an escaped quote, a missing
number) ends the pass with ``False``; the caller then reads that block in a slower way,
which knows what may stand there and words the error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from gis.kernels.ids import IdTable, look_up, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What a column of the table is for the scan.
TRIP, ARRIVAL, DEPARTURE, STOP, SEQUENCE, PICKUP = range(6)
UNKNOWN = -3  # a stop that is not listed; codes above it belong to the caller

_MOST_UNKNOWN = 65_536
_NEWLINE, _COMMA, _QUOTE, _RETURN, _ZERO, _ONE, _COLON = 10, 44, 34, 13, 48, 49, 58
# The shortest record that can hold a call: t,,7:00:00,P,1 and its line end.
_LEAST_BYTES = 14
_UNTIMED, _ODD = -1, -2
_STEP, _THREE, _SEVEN = np.uint64(1), np.uint64(3), np.uint64(7)
_EIGHT_ENDS, _LOW_BITS = np.uint64(0x0A0A0A0A0A0A0A0A), np.uint64(0x7F7F7F7F7F7F7F7F)


@dataclass
class Scan:
    """What a scan of many blocks needs and learns.

    ``roles``: for each column of the file its number above, -1 for none. ``mask``: (trips,)
    bit i where the trip runs on service day i, whose times count from ``low[i]`` to
    before ``high[i]``. ``quay``: (stops,) number of a stop, or a code below 0, ``drop``
    being one whose calls are not wanted. ``last``: (trips,) the largest stop_sequence met,
    -1 before; ``untimed``: (trips,) whether a call at a numbered quay has no time.
    """

    trips: IdTable
    stops: IdTable
    mask: NDArray[np.uint16]
    quay: NDArray[np.int32]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    drop: int
    last: NDArray[np.int32]
    untimed: NDArray[np.bool_]
    _scratch: dict[str, NDArray[np.int32]] = field(default_factory=dict, repr=False)

    def scratch(self, rows: int) -> tuple[NDArray[np.int32], ...]:
        """Return four arrays with room for so many rows, used again and again."""
        if rows > self._scratch.get("t", np.empty(0)).size:
            for name in ("t", "quay", "sequence", "time"):
                self._scratch[name] = np.empty(rows * 5 // 4, dtype=np.int32)
        return tuple(self._scratch.values())


@dataclass(frozen=True)
class Calls:
    """The timed calls of a block that may lie in the window, one row each.

    ``t``: row of the trip; ``quay``: number or code; ``sequence``; ``boards``; ``time_s``
    of the service day. ``unknown``: their stop ids where the quay is UNKNOWN, in order.
    """

    t: NDArray[np.int32]
    quay: NDArray[np.int32]
    sequence: NDArray[np.int32]
    boards: NDArray[np.bool_]
    time_s: NDArray[np.int32]
    unknown: tuple[bytes, ...]


def scan_block(scan: Scan, text: bytes, *, first: int, roles: NDArray[np.int64]) -> Calls | None:
    """Read whole records of a block from byte ``first`` on; None where one is unusual.

    ``last`` and ``untimed`` of the scan are brought up to date in place (reading the
    block again in another way changes nothing).
    """
    block = np.frombuffer(text, dtype=np.uint8)
    rows = block.size // _LEAST_BYTES + 2
    out = scan.scratch(rows)
    boards = np.empty(rows, dtype=np.bool_)
    unknown = np.empty((_MOST_UNKNOWN, 2), dtype=np.int64)
    ids = scan.trips, scan.stops
    found, strange = _scan(
        (block, first, roles, b'"' in text),
        tuple((table.data, table.start, table.slot) for table in ids),
        (scan.mask, scan.quay, scan.low, scan.high, scan.drop),
        (scan.last, scan.untimed),
        (*out, boards, unknown),
    )
    if found < 0:
        return None
    t, quay, sequence, time = (values[:found].copy() for values in out)
    names = tuple(text[a:b] for a, b in unknown[:strange].tolist())
    return Calls(t, quay, sequence, boards[:found], time, names)


@njit(cache=True, nogil=True, inline="always")
def _digit_pair(block, at):  # type: ignore[no-untyped-def]
    """Return the number of two digits, below 0 where they are none."""
    a, b = np.int64(block[at]) - _ZERO, np.int64(block[at + 1]) - _ZERO
    if a < 0 or a > 9 or b < 0 or b > 9:
        return -1
    return 10 * a + b


@njit(cache=True, nogil=True)
def _clock(block, first, end):  # type: ignore[no-untyped-def]
    """Return the seconds of H:MM:SS with 1 to 4 digits of hours, -1 where it is none."""
    n = end - first
    if n < 7 or n > 10 or block[end - 3] != _COLON or block[end - 6] != _COLON:
        return -1
    hours = _whole(block, first, end - 6)
    minutes, seconds = _digit_pair(block, end - 5), _digit_pair(block, end - 2)
    if hours < 0 or minutes < 0 or minutes > 59 or seconds < 0 or seconds > 59:
        return -1
    return hours * 3600 + minutes * 60 + seconds


@njit(cache=True, nogil=True)
def _whole(block, first, end):  # type: ignore[no-untyped-def]
    """Return a whole number of 1 to 9 digits, -1 where it is none."""
    if end <= first or end - first > 9:
        return -1
    value = np.int64(0)
    for i in range(first, end):
        digit = np.int64(block[i]) - _ZERO
        if digit < 0 or digit > 9:
            return -1
        value = 10 * value + digit
    return value


@njit(cache=True, nogil=True, inline="always")
def _row_end(block, at):  # type: ignore[no-untyped-def]
    """Return where the record that ``at`` lies in, outside quotes, ends."""
    inside = False
    while at < block.size and (inside or block[at] != _NEWLINE):
        if block[at] == _QUOTE:
            inside = not inside
        at += 1
    return at


@njit(cache=True, nogil=True)
def _skip_run(block, words, begin, n):  # type: ignore[no-untyped-def]
    """Return where the next record begins whose first field is not the n bytes at ``begin``.

    Line ends are looked for eight bytes at a time. Unsigned throughout: an index that may
    be below 0 would cost a test for each byte.
    """
    first, at, length = np.uint64(begin), np.uint64(begin), np.uint64(n)
    size, whole = np.uint64(block.size), np.uint64(words.size)
    while True:
        at += length
        while (at & _SEVEN) != 0 and at < size and block[at] != _NEWLINE:
            at += _STEP
        if (at & _SEVEN) == 0:
            word = at >> _THREE
            while word < whole:
                # A byte that equals the line end is 0 here, and then alone gets its high bit.
                odd = words[word] ^ _EIGHT_ENDS
                if ~(((odd & _LOW_BITS) + _LOW_BITS) | odd | _LOW_BITS) != 0:
                    break
                word += _STEP
            at = word << _THREE
            while at < size and block[at] != _NEWLINE:
                at += _STEP
        at += _STEP
        if at + length >= size or block[at + length] != _COMMA:
            break
        i = np.uint64(0)
        while i < length and block[at + i] == block[first + i]:
            i += _STEP
        if i < length:
            break
    return np.int64(min(at, size))


@njit(cache=True, nogil=True, inline="always")
def _field_end(block, at):  # type: ignore[no-untyped-def]
    """Return where the field that begins at ``at`` ends (its comma or line end)."""
    inside, quoted = False, at < block.size and block[at] == _QUOTE
    while at < block.size and (inside or (block[at] != _NEWLINE and block[at] != _COMMA)):
        if quoted and block[at] == _QUOTE:
            inside = not inside
        at += 1
    return at


@njit(cache=True, nogil=True)
def _inner(block, first, end):  # type: ignore[no-untyped-def]
    """Return a field's bounds without its line's return and its quotes; -1 where it is odd."""
    if end > first and block[end - 1] == _RETURN:
        end -= 1
    if end > first and block[first] == _QUOTE:
        if end - first < 2 or block[end - 1] != _QUOTE:
            return -1, -1
        first, end = first + 1, end - 1
    for i in range(first, end):
        if block[i] == _QUOTE:
            return -1, -1
    return first, end


@njit(cache=True, nogil=True)
def _plain_fields(block, begin_at, roles, begin, end):  # type: ignore[no-untyped-def]
    """Answer as ``_fields`` does where no quote is: commas part fields and nothing else."""
    at, size, column = np.uint64(begin_at), np.uint64(block.size), 0
    for role in range(end.size):
        begin[role], end[role] = 0, -1
    first = at
    while at < size:
        byte = block[at]
        at += _STEP
        if byte > _COMMA or (byte != _COMMA and byte != _NEWLINE):
            continue
        if column < roles.size and roles[column] >= 0:
            begin[roles[column]], end[roles[column]] = first, at - _STEP
        column += 1
        first = at
        if byte == _NEWLINE:
            return np.int64(at)
    if column < roles.size and roles[column] >= 0:
        begin[roles[column]], end[roles[column]] = first, size
    return np.int64(size)


@njit(cache=True, nogil=True)
def _fields(block, at, roles, begin, end):  # type: ignore[no-untyped-def]
    """Write where the wanted fields of a record stand; return the start of the next record.

    ``end`` is -1 where the record is too short to have a field.
    """
    for role in range(end.size):
        begin[role], end[role] = 0, -1
    for column in range(roles.size):
        first, at = at, _field_end(block, at)
        role = roles[column]
        if role >= 0:
            begin[role], end[role] = first, at
        if at >= block.size or block[at] == _NEWLINE:
            return at + 1
        at += 1
    return _row_end(block, at) + 1


@njit(cache=True, nogil=True)
def _bare(block, quoted, begin, end):  # type: ignore[no-untyped-def]
    """Take quotes and the line's return off all fields; False where one is odd."""
    for role in range(begin.size):
        # Without quotes anywhere only a return can stand at the end of the last field.
        if end[role] > begin[role] and (quoted or block[end[role] - 1] == _RETURN):
            begin[role], end[role] = _inner(block, begin[role], end[role])
            if begin[role] < 0:
                return False
    return True


@njit(cache=True, nogil=True)
def _scan(source, tables, wanted, learnt, out):  # type: ignore[no-untyped-def]
    """Return how many rows were written and how many ids are unknown, -1 for an odd row."""
    # Arrays are named one by one: a tuple built or taken apart for each row costs more
    # than reading the row.
    block, at, roles, quoted = source
    (ids, id_start, id_slot), (names, name_start, name_slot) = tables
    mask, quay_of, low, high, drop = wanted
    last, untimed = learnt
    out_t, out_quay, out_sequence, out_time, out_boards, unknown = out
    begin, end = np.zeros(6, dtype=np.int64), np.zeros(6, dtype=np.int64)
    run_first, run_size, trip = 0, -1, -1
    found, strange = 0, 0
    # Most rows are of trips that nobody wants: told by the bytes before the first comma.
    leads = roles[0] == TRIP and not quoted
    words = block[: block.size // 8 * 8].view(np.uint64)
    while at < block.size:
        known = leads and run_size >= 0 and _repeats(block, at, run_first, run_size)
        if leads and not known:
            stop = _field_end(block, at)
            trip = look_up(ids, id_start, id_slot, block, at, stop)
            run_first, run_size = at, stop - at
        if leads and trip < 0:
            at = _skip_run(block, words, at, run_size)
            continue
        if quoted:
            at = _fields(block, at, roles, begin, end)
        else:
            at = _plain_fields(block, at, roles, begin, end)
        if not _bare(block, quoted, begin, end):
            return -1, 0
        if not leads:
            first, n = begin[TRIP], end[TRIP] - begin[TRIP]
            if n != run_size or not same(block, first, block, run_first, n):
                trip = look_up(ids, id_start, id_slot, block, first, first + n) if n >= 0 else -1
                run_first, run_size = first, n
            if trip < 0:
                continue
        sequence = _whole(block, begin[SEQUENCE], end[SEQUENCE])
        time = _time(block, begin, end)
        if sequence < 0 or time == _ODD:
            return -1, 0
        last[trip] = max(last[trip], sequence)
        if time >= 0 and not _near(time, mask[trip], low, high):
            continue
        first, stop = begin[STOP], end[STOP]
        row = -1
        if stop > first:
            row = look_up(names, name_start, name_slot, block, first, stop)
        quay = np.int64(quay_of[row]) if row >= 0 else UNKNOWN
        if time < 0:
            untimed[trip] |= quay >= 0
        if time < 0 or quay == drop:
            continue
        if quay == UNKNOWN:
            if strange == unknown.shape[0]:
                return -1, 0
            unknown[strange, 0], unknown[strange, 1] = first, max(stop, first)
            strange += 1
        out_t[found], out_quay[found] = trip, quay
        out_sequence[found], out_time[found] = sequence, time
        out_boards[found] = end[PICKUP] - begin[PICKUP] != 1 or block[begin[PICKUP]] != _ONE
        found += 1
    return found, strange


@njit(cache=True, nogil=True, inline="always")
def _repeats(block, at, first, n):  # type: ignore[no-untyped-def]
    """Tell whether the field at ``at`` is the n bytes at ``first`` and ends with a comma."""
    return at + n < block.size and block[at + n] == _COMMA and same(block, at, block, first, n)


@njit(cache=True, nogil=True, inline="always")
def _time(block, begin, end):  # type: ignore[no-untyped-def]
    """Return the departure, else the arrival, in seconds; below 0 where none or odd."""
    role = DEPARTURE if end[DEPARTURE] > begin[DEPARTURE] else ARRIVAL
    if end[role] <= begin[role]:
        return _UNTIMED
    time = _clock(block, begin[role], end[role])
    return time if time >= 0 else _ODD


@njit(cache=True, nogil=True, inline="always")
def _near(time, mask, low, high):  # type: ignore[no-untyped-def]
    """Tell whether a time may lie in the window on any service day on which its trip runs."""
    near = False
    for i in range(low.size):
        near |= (mask >> i) & 1 == 1 and low[i] <= time < high[i]
    return near
