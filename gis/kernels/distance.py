"""Find the nearest target of every point within a straight-line limit.

Distances are Euclidean in the plane of the input (metres), computed as
``sqrt(dx*dx + dy*dy)`` in float64, and the limit is inclusive: a target at
exactly 1000 m is within 1000 m. Buffers (polygons with corners) and
``cKDTree(distance_upper_bound=...)`` (exclusive) both miss such targets.
Targets are sorted into square buckets; the points are shared between threads
by plain Python threads around kernels that release the GIL, which unlike
numba's own thread pools is safe in a threaded service and after a fork.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from gis.errors import ParameterError
from gis.kernels.coordinates import coordinates

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MAX_BUCKETS = 4_000_000
_THREAD_FROM = 100_000


def nearest(
    x: ArrayLike, y: ArrayLike, tx: ArrayLike, ty: ArrayLike, *, max_m: float
) -> tuple[Ints, Floats]:
    """Return index and distance of the nearest target within ``max_m`` of each point.

    x, y: point coordinates (n,); tx, ty: target coordinates (m,), both in metres.
    Gives (int64 (n,), float64 metres (n,)); -1 and NaN where no target is within
    the limit (``<=``). Of equally near targets the lowest index wins. ``max_m``
    may be infinite. Raises GeometryError (coordinates), ParameterError (limit).
    """
    px, py, qx, qy = _checked(x, y, tx, ty, max_m)
    index = np.full(px.size, -1, dtype=np.int64)
    distance = np.full(px.size, np.nan)
    if px.size and qx.size:
        grid = _buckets(qx, qy, _nearest_side(qx, qy, float(max_m)))
        empty = _empty_around(grid[3], *grid[-2:])

        def run(part: slice) -> None:
            answer = index[part], distance[part]
            _nearest_kernel(px[part], py[part], *grid, empty, float(max_m), *answer)  # type: ignore[call-arg]

        _in_threads(run, px.size)
    return index, distance


def within(
    x: ArrayLike, y: ArrayLike, tx: ArrayLike, ty: ArrayLike, *, max_m: float
) -> NDArray[np.bool_]:
    """Tell for each point whether any target lies within ``max_m`` (``<=``), in metres.

    x, y: points (n,); tx, ty: targets (m,). Gives bool (n,), equal to
    ``nearest(...)[0] >= 0`` but faster, as it stops at the first target found.
    Raises GeometryError (coordinates), ParameterError (limit).
    """
    px, py, qx, qy = _checked(x, y, tx, ty, max_m)
    hit = np.zeros(px.size, dtype=np.bool_)
    if px.size and qx.size:
        qx, qy, _, *grid = _buckets(qx, qy, max_m / 2)

        def run(part: slice) -> None:
            _within_kernel(px[part], py[part], qx, qy, *grid, float(max_m), hit[part])  # type: ignore[call-arg]

        _in_threads(run, px.size)
    return hit


def nearest_plain(
    x: ArrayLike, y: ArrayLike, tx: ArrayLike, ty: ArrayLike, *, max_m: float
) -> tuple[Ints, Floats]:
    """Answer as ``nearest`` does, by scipy's k-d tree: the slow twin for tests."""
    px, py, qx, qy = _checked(x, y, tx, ty, max_m)
    index = np.full(px.size, -1, dtype=np.int64)
    distance = np.full(px.size, np.nan)
    if not (px.size and qx.size):
        return index, distance
    points = np.column_stack([px, py])
    tree = cKDTree(np.column_stack([qx, qy]))
    reach = tree.query(points)[0]
    # All targets as near as the nearest but for rounding, then the exact rule on them.
    for i, near in enumerate(tree.query_ball_point(points, reach * (1 + 1e-12))):
        j = np.sort(np.asarray(near, dtype=np.int64))
        d2 = (px[i] - qx[j]) ** 2 + (py[i] - qy[j]) ** 2
        best = int(np.argmin(d2))
        if np.sqrt(d2[best]) <= max_m:
            index[i], distance[i] = j[best], np.sqrt(d2[best])
    return index, distance


def _checked(
    x: ArrayLike, y: ArrayLike, tx: ArrayLike, ty: ArrayLike, max_m: float
) -> tuple[Floats, Floats, Floats, Floats]:
    if not max_m >= 0:  # also refuses NaN
        message = f"max_m = {max_m}: a distance of 0 metres or more is needed"
        raise ParameterError(message)
    px, py = coordinates(x, y, "point")
    qx, qy = coordinates(tx, ty, "target")
    return px, py, qx, qy


def _in_threads(run: Callable[[slice], None], n: int) -> None:
    workers = min(os.cpu_count() or 1, 8) if n >= _THREAD_FROM else 1
    edges = np.linspace(0, n, workers * 4 + 1 if workers > 1 else 2).astype(int)
    parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
    if workers == 1:
        run(parts[0])
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(run, parts):
            pass


def _nearest_side(qx: Floats, qy: Floats, max_m: float) -> float:
    """Pick a bucket side with about two targets a bucket, never more than the limit."""
    span = max(float(np.ptp(qx)), float(np.ptp(qy)))
    area = max(float(np.ptp(qx)) * float(np.ptp(qy)), span)
    return min(float(np.sqrt(2.0 * area / qx.size)), max_m)


def _buckets(qx: Floats, qy: Floats, side: float) -> tuple[Any, ...]:
    """Sort targets into square buckets row by row; targets keep their order inside one."""
    west, south = float(qx.min()), float(qy.min())
    width, height = float(qx.max()) - west, float(qy.max()) - south
    least = max(np.sqrt(width * height / _MAX_BUCKETS), max(width, height) / _MAX_BUCKETS, 1e-6)
    side = max(min(side, max(width, height, 1.0)), float(least))
    columns, rows = int(width / side) + 1, int(height / side) + 1
    bucket = ((qy - south) / side).astype(np.int64) * columns
    bucket += ((qx - west) / side).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    start = np.zeros(rows * columns + 1, dtype=np.int64)
    np.cumsum(np.bincount(bucket, minlength=rows * columns), out=start[1:])
    return qx[order], qy[order], order, start, west, south, float(side), columns, rows


@njit(cache=True, nogil=True)
def _empty_around(start, columns, rows):  # type: ignore[no-untyped-def]
    """Tell of each bucket whether no target lies in it or in the eight around it."""
    empty = np.ones(rows * columns, dtype=np.bool_)
    for b in range(rows * columns):
        if start[b + 1] > start[b]:
            row, column = b // columns, b % columns
            for r in range(max(row - 1, 0), min(row + 2, rows)):
                for c in range(max(column - 1, 0), min(column + 2, columns)):
                    empty[r * columns + c] = False
    return empty


@njit(cache=True, nogil=True)
def _nearest_kernel(  # type: ignore[no-untyped-def]
    px, py, qx, qy, order, start, west, south, side, columns, rows, empty, max_m, index, distance
):
    # No target that counts has a square beyond this (a hair of slack).
    limit = max_m * max_m * (1 + 1e-9) + 1e-3
    for i in range(px.size):
        u, v = (px[i] - west) / side, (py[i] - south) / side
        # Points beyond the buckets start from the nearest one; gap is what that leaves out.
        c = int(min(max(np.floor(u), 0.0), columns - 1.0))
        r = int(min(max(np.floor(v), 0.0), rows - 1.0))
        u, v = u - c, v - r
        gap = max(-u, u - 1.0, -v, v - 1.0, 0.0)
        best, where = limit, -1
        # The own row of buckets first, then the nearer of its neighbours, then the other.
        toward = 1 if v > 0.5 else -1
        for step in range(0 if empty[r * columns + c] else 3):
            row = r if step == 0 else (r + toward if step == 1 else r - toward)
            off = 0.0 if row == r else _square(1.0 - v if row > r else v, side)
            if row < 0 or row >= rows or off > best:
                continue
            low = c if off + _square(u, side) > best else max(c - 1, 0)
            high = c if off + _square(1.0 - u, side) > best else min(c + 1, columns - 1)
            for k in range(start[row * columns + low], start[row * columns + high + 1]):
                dx, dy = px[i] - qx[k], py[i] - qy[k]
                d2 = dx * dx + dy * dy
                if d2 < best or (d2 == best and order[k] < where):
                    best, where = d2, order[k]
        for ring in range(2, max(columns, rows)):
            # No target of this ring or a later one is nearer than this.
            if _square(max(_ring_reach(u, v, ring), gap), side) > best:
                break
            for row in range(max(r - ring, 0), min(r + ring, rows - 1) + 1):
                # The first and last row are one run of targets each, the others two buckets.
                wide = abs(row - r) == ring
                for side_of in range(1 if wide else 2):
                    low = c - ring if wide or side_of == 0 else c + ring
                    high = min(c + ring if wide else low, columns - 1)
                    low = max(low, 0)
                    if low > high:
                        continue
                    for k in range(start[row * columns + low], start[row * columns + high + 1]):
                        dx, dy = px[i] - qx[k], py[i] - qy[k]
                        d2 = dx * dx + dy * dy
                        if d2 < best or (d2 == best and order[k] < where):
                            best, where = d2, order[k]
        if where >= 0 and np.sqrt(best) <= max_m:
            index[i], distance[i] = where, np.sqrt(best)


@njit(cache=True, nogil=True, inline="always")
def _square(sides, side):  # type: ignore[no-untyped-def]
    """Square a distance given in bucket sides, a hair less of it; 0 where it is none."""
    reach = max(sides * side * (1 - 1e-9) - 1e-6, 0.0)
    return reach * reach


@njit(cache=True, nogil=True, inline="always")
def _ring_reach(u, v, ring):  # type: ignore[no-untyped-def]
    """Least distance, in bucket sides, from (u, v) in bucket (0, 0) to buckets of the ring."""
    if ring == 0:
        return 0.0
    return max(min(u, 1.0 - u, v, 1.0 - v) + ring - 1.0, 0.0)


@njit(cache=True, nogil=True)
def _within_kernel(  # type: ignore[no-untyped-def]
    px, py, qx, qy, start, west, south, side, columns, rows, max_m, hit
):
    reach = max_m / side + 1e-6
    for i in range(px.size):
        u, v = (px[i] - west) / side, (py[i] - south) / side
        if u < -reach or v < -reach or u > columns + reach or v > rows + reach:
            continue
        r0, r1 = int(max(np.floor(v - reach), 0.0)), int(min(v + reach, rows - 1.0))
        c0, c1 = int(max(np.floor(u - reach), 0.0)), int(min(u + reach, columns - 1.0))
        # The buckets of one row lie side by side, so each row is one run of targets.
        middle = min(max(int(max(v, 0.0)), r0), r1)
        for step in range(2 * (r1 - r0) + 2):
            row = middle + (step + 1) // 2 if step % 2 else middle - step // 2
            if row < r0 or row > r1:
                continue
            for k in range(start[row * columns + c0], start[row * columns + c1 + 1]):
                dx, dy = px[i] - qx[k], py[i] - qy[k]
                if np.sqrt(dx * dx + dy * dy) <= max_m:
                    hit[i] = True
                    break
            if hit[i]:
                break
