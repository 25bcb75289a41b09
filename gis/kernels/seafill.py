"""Fill a terrain model from the sea up to a level: what the water reaches, and what it does not.

A cell is open where its height is at most the level, or where it is sea; a cell of
unknown height (NaN) holds water back. Water spreads between open cells that share a
side, so that a dike one cell wide holds also where it runs askew; with ``diagonal`` it
spreads over corners too. Open cells that the sea does not reach are kept apart: low
ground behind a dike, lakes below the level. The work is done on runs of open cells, row
by row, joined by union-find, so that no array of the terrain's size is made.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from gis.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SEA, DISCONNECTED = 254, 255
_THREAD_FROM = 2_000_000
_ALL_OPEN = np.uint64(0x0101010101010101)


@dataclass(frozen=True)
class Fill:
    """The open cells as runs: row i has runs first[i]:first[i + 1] of columns start to end.

    ``reached`` tells which runs the sea reaches. ``level_m`` is the level that was filled
    to, ``shape`` rows and columns of the terrain.
    """

    level_m: float
    shape: tuple[int, int]
    first: Ints
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    reached: NDArray[np.bool_]

    @property
    def n_reached(self) -> int:
        """The number of cells the sea reaches, the sea itself included."""
        length = (self.end - self.start)[self.reached]
        return int(length.sum(dtype=np.int64))

    @property
    def n_disconnected(self) -> int:
        """The number of open cells that the sea does not reach."""
        length = (self.end - self.start)[~self.reached]
        return int(length.sum(dtype=np.int64))


def sea_fill(
    height: NDArray[Any], sea: NDArray[np.bool_], *, level_m: float, diagonal: bool = False
) -> Fill:
    """Fill from the sea up to ``level_m``, the level included.

    height: float (rows, columns), metres above the same datum as the level, NaN where
    unknown; sea: bool of the same shape, from where the water comes. Raises
    ParameterError (shapes, kinds, a level that is no number).
    """
    _check(height, sea, level_m)
    rows, columns = height.shape
    blocks = _blocks(rows, height.size)
    with ThreadPoolExecutor(max(len(blocks), 1)) as pool:
        made = list(
            pool.map(lambda b: _runs(height[b[0] : b[1]], sea[b[0] : b[1]], level_m), blocks)
        )
    counts = np.concatenate([m[0] for m in made]) if made else np.zeros(0, dtype=np.int64)
    start = np.concatenate([m[1] for m in made]) if made else np.zeros(0, dtype=np.int32)
    end = np.concatenate([m[2] for m in made]) if made else np.zeros(0, dtype=np.int32)
    wet = np.concatenate([m[3] for m in made]) if made else np.zeros(0, dtype=np.bool_)
    first = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(counts, out=first[1:])
    reached = _reach(first, start, end, wet, 1 if diagonal else 0)
    return Fill(float(level_m), (rows, columns), first, start, end, reached)


def sea_fill_plain(
    height: NDArray[Any], sea: NDArray[np.bool_], *, level_m: float, diagonal: bool = False
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Answer as ``sea_fill`` does, cell by cell from a queue: the twin for tests.

    Gives (reached, disconnected), bool of the terrain's shape.
    """
    _check(height, sea, level_m)
    rows, columns = height.shape
    opened = (height <= level_m) | sea
    reached = sea.copy()
    queue = [(int(r), int(c)) for r, c in np.argwhere(sea)]
    steps = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else []
    while queue:
        r, c = queue.pop()
        for dr, dc in steps:
            i, j = r + dr, c + dc
            if 0 <= i < rows and 0 <= j < columns and opened[i, j] and not reached[i, j]:
                reached[i, j] = True
                queue.append((i, j))
    return reached, opened & ~reached


def depth_counts(
    fill: Fill, height: NDArray[Any], sea: NDArray[np.bool_], *, breaks_m: Sequence[float]
) -> tuple[Ints, Ints]:
    """Count cells by depth of water: those the sea reaches on land, and the disconnected ones.

    Depth is the level less the height. Class i holds depths up to ``breaks_m[i]``, the
    last all above; both answers are int64 (len(breaks_m) + 1,). Sea cells, and cells of
    unknown height, count in neither. Raises ParameterError (breaks not rising).
    """
    breaks = _breaks(breaks_m)
    reached = np.zeros(breaks.size + 1, dtype=np.int64)
    apart = np.zeros(breaks.size + 1, dtype=np.int64)
    _count_depths(
        fill.first, fill.start, fill.end, fill.reached, height, sea, fill.level_m, breaks,
        reached, apart,
    )  # fmt: skip
    return reached, apart


def paint_depths(
    fill: Fill,
    height: NDArray[Any],
    sea: NDArray[np.bool_],
    *,
    breaks_m: Sequence[float],
    rows: slice = slice(None),
) -> NDArray[np.uint8]:
    """Draw some rows: 0 dry, 1.. depth class of reached land, 254 sea, 255 disconnected.

    Only the rows asked for are made, so that a large terrain can be drawn in strips.
    """
    breaks = _breaks(breaks_m)
    top, bottom, _ = rows.indices(fill.shape[0])
    out = np.zeros((max(bottom - top, 0), fill.shape[1]), dtype=np.uint8)
    _paint(
        fill.first, fill.start, fill.end, fill.reached, height, sea, fill.level_m, breaks, top, out
    )
    return out


def _check(height: NDArray[Any], sea: NDArray[np.bool_], level_m: float) -> None:
    if height.ndim != 2 or sea.shape != height.shape or sea.dtype != np.bool_:
        message = (
            f"terrain {height.shape}, sea {sea.shape} of {sea.dtype}: rows and columns alike, and "
            "a sea of true and false, are needed"
        )
        raise ParameterError(message)
    if height.dtype.kind != "f":
        message = f"terrain of {height.dtype}: floating numbers are needed, NaN where unknown"
        raise ParameterError(message)
    if not np.isfinite(level_m):
        message = f"level {level_m} given; a finite number of metres is needed"
        raise ParameterError(message)


def _breaks(breaks_m: Sequence[float]) -> NDArray[np.float64]:
    breaks = np.asarray(breaks_m, dtype=np.float64)
    falls = breaks.size > 0 and (breaks[0] <= 0 or bool((np.diff(breaks) <= 0).any()))
    if falls or breaks.size > 200:
        message = f"depth breaks {list(breaks_m)}: at most 200 rising numbers above 0 are allowed"
        raise ParameterError(message)
    return breaks


def _blocks(rows: int, cells: int) -> list[tuple[int, int]]:
    workers = min(os.cpu_count() or 1, 8) if cells >= _THREAD_FROM else 1
    edges = np.linspace(0, rows, workers + 1).astype(int)
    return [(int(a), int(b)) for a, b in itertools.pairwise(edges) if b > a]


@njit(cache=True, nogil=True)
def _open_row(height, sea, level, opened):  # type: ignore[no-untyped-def]
    """Mark the open cells of a row; a loop without branches, for the compiler to make wide."""
    for c in range(height.size):
        opened[c] = np.uint8(height[c] <= level) | np.uint8(sea[c])


@njit(cache=True, nogil=True)
def _runs(height, sea, level):  # type: ignore[no-untyped-def]
    """List the runs of open cells of a block of rows, and which hold sea."""
    rows, columns = height.shape
    counts = np.zeros(rows, np.int64)
    start, end = np.empty(4096, np.int32), np.empty(4096, np.int32)
    # Eight cells are looked at together; the tail of the last eight stays closed.
    opened = np.zeros((columns // 8 + 2) * 8, np.uint8)
    eights = opened.view(np.uint64)
    n = 0
    for r in range(rows):
        before = n
        _open_row(height[r], sea[r], level, opened[:columns])
        c = 0
        while True:
            while c < columns and not opened[c]:
                c = c + 1 if c & 7 or eights[c >> 3] else c + 8
            if c >= columns:
                break
            if n == start.size:
                start = np.concatenate((start, np.empty_like(start)))
                end = np.concatenate((end, np.empty_like(end)))
            start[n] = c
            while opened[c]:
                c = c + 1 if c & 7 or eights[c >> 3] != _ALL_OPEN else c + 8
            end[n] = c
            n += 1
        counts[r] = n - before
    wet = np.zeros(n, np.bool_)
    k = 0
    for r in range(rows):
        for _ in range(counts[r]):
            wet[k] = sea[r, start[k] : end[k]].any()
            k += 1
    return counts, start[:n].copy(), end[:n].copy(), wet


@njit(cache=True, nogil=True)
def _root(parent, i):  # type: ignore[no-untyped-def]
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def _reach(first, start, end, wet, slack):  # type: ignore[no-untyped-def]
    """Join runs of neighbouring rows that share columns, and tell which hang on the sea."""
    parent = np.arange(start.size).astype(np.int32)
    for r in range(1, first.size - 1):
        i, j = first[r - 1], first[r]
        while i < first[r] and j < first[r + 1]:
            if start[i] < end[j] + slack and start[j] < end[i] + slack:
                a, b = _root(parent, i), _root(parent, j)
                if a < b:
                    parent[b] = a
                elif b < a:
                    parent[a] = b
            if end[i] < end[j]:
                i += 1
            else:
                j += 1
    reached = wet.copy()
    for k in range(start.size):
        if wet[k]:
            reached[_root(parent, k)] = True
    for k in range(start.size):
        reached[k] = reached[_root(parent, k)]
    return reached


@njit(cache=True, nogil=True)
def _class_of(depth, breaks):  # type: ignore[no-untyped-def]
    k = 0
    while k < breaks.size and depth > breaks[k]:
        k += 1
    return k


@njit(cache=True, nogil=True)
def _count_depths(  # type: ignore[no-untyped-def]
    first, start, end, hit, height, sea, level, breaks, reached, apart
):
    for r in range(first.size - 1):
        for k in range(first[r], first[r + 1]):
            for c in range(start[k], end[k]):
                if sea[r, c] or not height[r, c] <= level:
                    continue
                depth = _class_of(level - height[r, c], breaks)
                if hit[k]:
                    reached[depth] += 1
                else:
                    apart[depth] += 1


@njit(cache=True, nogil=True)
def _paint(first, start, end, hit, height, sea, level, breaks, top, out):  # type: ignore[no-untyped-def]
    for i in range(out.shape[0]):
        r = top + i
        for k in range(first[r], first[r + 1]):
            for c in range(start[k], end[k]):
                if sea[r, c]:
                    out[i, c] = SEA
                elif hit[k]:
                    out[i, c] = 1 + _class_of(level - height[r, c], breaks)
                else:
                    out[i, c] = DISCONNECTED
