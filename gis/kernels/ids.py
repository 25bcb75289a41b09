"""Look ids up by their bytes, in compiled code, without making text of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True)
class IdTable:
    """Ids to be looked up by their bytes: open addressing, exact.

    ``data`` holds all ids one after another, id i from ``start[i]`` to ``start[i + 1]``;
    ``slot`` holds row numbers, -1 where empty.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]
    slot: NDArray[np.int32]


def id_table(ids: pl.Series) -> IdTable:
    """Return a table to look up ids (text, no doubles, none null) by their bytes."""
    data = np.frombuffer(ids.str.join("").item().encode() if len(ids) else b"", dtype=np.uint8)
    start = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(ids.str.len_bytes().to_numpy(), out=start[1:])
    size = 16
    while size < 2 * len(ids):
        size *= 2
    slot = np.full(size, -1, dtype=np.int32)
    _fill_slots(data, start, slot)
    return IdTable(data, start, slot)


@njit(cache=True, nogil=True, inline="always")
def _hash(data, first, end):  # type: ignore[no-untyped-def]
    """Return the FNV-1a hash of some bytes, its high bits folded down."""
    h = np.int64(-3750763034362895579)
    for i in range(first, end):
        h = (h ^ np.int64(data[i])) * np.int64(1099511628211)
    return h ^ (h >> 32)


@njit(cache=True, nogil=True, inline="always")
def same(a, first, b, begin, n):  # type: ignore[no-untyped-def]
    """Tell whether n bytes of ``a`` and ``b`` from two places on are equal."""
    i = 0
    while i < n and a[first + i] == b[begin + i]:
        i += 1
    return i == n


@njit(cache=True, nogil=True)
def _fill_slots(data, start, slot):  # type: ignore[no-untyped-def]
    mask = slot.size - 1
    for i in range(start.size - 1):
        place = _hash(data, start[i], start[i + 1]) & mask
        while slot[place] >= 0:
            place = (place + 1) & mask
        slot[place] = i


@njit(cache=True, nogil=True)
def look_up(data, start, slot, block, first, end):  # type: ignore[no-untyped-def]
    """Return the row of the id that stands in a block from ``first`` to ``end``, -1 if none."""
    mask = slot.size - 1
    place = _hash(block, first, end) & mask
    while slot[place] >= 0:
        i = np.int64(slot[place])
        n = start[i + 1] - start[i]
        if n == end - first and same(data, start[i], block, first, n):
            return i
        place = (place + 1) & mask
    return -1
