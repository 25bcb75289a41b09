"""Look ids up by their bytes, in compiled code, without making text of them.

Bytes are read eight at a time, wherever they stand: byte by byte, telling two short ids
apart costs more than all else that is done with a row of a timetable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

# What stands behind the last byte, so that a word may begin at any byte.
PADDING = b"\n" * 8
_ALL, _FOLD = np.uint64(2**64 - 1), np.uint64(32)
# The golden ratio and a multiplier of MurmurHash3's finaliser (both public domain).
_SEED, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD)


@dataclass(frozen=True)
class IdTable:
    """Ids to be looked up by their bytes: open addressing, exact.

    ``data`` holds all ids one after another, id i from ``start[i]`` to ``start[i + 1]``,
    and padding; ``slot`` holds row numbers, -1 where empty.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    slot: NDArray[np.int32]


def id_table(ids: pl.Series) -> IdTable:
    """Return a table to look up ids (text, no doubles, none null) by their bytes."""
    text = ids.str.join("").item().encode() if len(ids) else b""
    data = np.frombuffer(text + PADDING, dtype=np.uint8)
    start = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(ids.str.len_bytes().to_numpy(), out=start[1:])
    size = 16
    while size < 2 * len(ids):
        size *= 2
    slot = np.full(size, -1, dtype=np.int32)
    _fill_slots(data, start, slot)
    return IdTable(data, start, slot)


def _word(_typing, block, at):  # type: ignore[no-untyped-def]
    """Return the eight bytes of a block from a place on as one number, the first byte lowest."""
    signature = types.uint64(block, at)

    def build(context, builder, signature, values):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, values[0])
        first = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        place = builder.bitcast(builder.gep(first, [values[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return signature, build


word: Callable[..., np.uint64] = intrinsic(_word)


@njit(cache=True, nogil=True, inline="always")
def _lowest(value, n):  # type: ignore[no-untyped-def]
    """Return the lowest n bytes of a word, 0 < n <= 8."""
    return value & (_ALL >> np.uint64(8 * (8 - n)))


@njit(cache=True, nogil=True, inline="always")
def _hash(data, first, n):  # type: ignore[no-untyped-def]
    """Return a hash of n bytes."""
    h = _SEED
    while n > 8:
        h = (h ^ word(data, first)) * _SPREAD
        h ^= h >> _FOLD
        first += 8
        n -= 8
    if n > 0:
        h = (h ^ _lowest(word(data, first), n)) * _SPREAD
    return h ^ (h >> _FOLD)


@njit(cache=True, nogil=True, inline="always")
def same(a, first, b, begin, n):  # type: ignore[no-untyped-def]
    """Tell whether n bytes of ``a`` and ``b``, both padded, from two places on are equal."""
    while n > 8:
        if word(a, first) != word(b, begin):
            return False
        first += 8
        begin += 8
        n -= 8
    return n <= 0 or _lowest(word(a, first) ^ word(b, begin), n) == 0


@njit(cache=True, nogil=True)
def _fill_slots(data, start, slot):  # type: ignore[no-untyped-def]
    for i in range(start.size - 1):
        place = np.int64(_hash(data, start[i], start[i + 1] - start[i]) & np.uint64(slot.size - 1))
        while slot[place] >= 0:
            place = (place + 1) & (slot.size - 1)
        slot[place] = i


@njit(cache=True, nogil=True, inline="always")
def look_up(data, start, slot, block, first, n):  # type: ignore[no-untyped-def]
    """Return the row of the id that is the n bytes of a padded block from ``first`` on, or -1.

    ``data``, ``start``, ``slot``: those of an IdTable.
    """
    place = np.int64(_hash(block, first, n) & np.uint64(slot.size - 1))
    while slot[place] >= 0:
        i = np.int64(slot[place])
        if start[i + 1] - start[i] == n and same(data, start[i], block, first, n):
            return i
        place = (place + 1) & (slot.size - 1)
    return -1
