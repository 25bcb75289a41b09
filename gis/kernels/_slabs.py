"""Test points against polygons by counting crossings in horizontal slabs.

The machinery of ``gis.kernels.zones``. Points are sorted into square buckets,
the outline of each polygon part into horizontal slabs, so that a point meets
only the edges of its own slab. The side of an edge is taken from the sign of a
determinant only where float64 settles it (error bound of Shewchuk 1997,
Adaptive precision floating-point arithmetic, constant ``ccwerrboundA``); any
other point is reported as in doubt, with the zone, for an exact engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_UNIT = 2.0**-53
_ERROR_BOUND = (3.0 + 16.0 * _UNIT) * _UNIT
_FEW_POINTS = 6
_EDGES_A_SLAB = 2


def settle_points(
    px: Floats, py: Floats, zones: NDArray[Any], rank: Ints, n_classes: int
) -> tuple[Ints, Ints, Ints]:
    """Return the lowest rank whose zone surely holds each point, and the pairs in doubt.

    Gives (best (n,), ``n_classes`` where none; points in doubt (k,), their zones
    (k,)), all int64. A pair is in doubt only where its zone could still lower best.
    """
    best = np.full(px.size, n_classes, dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    parts, zone = shapely.get_parts(zones, return_index=True)
    keep = ~shapely.is_empty(parts)
    parts, zone = parts[keep], zone[keep]
    if not (px.size and parts.size):
        return best, nothing, nothing
    order = np.argsort(rank[zone], kind="stable")
    parts, zone = parts[order], zone[order]
    _, coordinates, (rings, polygons) = shapely.to_ragged_array(parts, include_z=False)
    at = _bucket_points(px, py)
    doubt = _test_parts(  # type: ignore[call-arg]
        px[at[0]],
        py[at[0]],
        best,
        *at,
        np.ascontiguousarray(coordinates[:, 0]),
        np.ascontiguousarray(coordinates[:, 1]),
        rings.astype(np.int64),
        polygons.astype(np.int64),
        rank[zone],
    )
    point, part = doubt[:, 0], doubt[:, 1]
    open_still = rank[zone[part]] < best[point]
    return best, point[open_still], zone[part[open_still]]


def _bucket_points(px: Floats, py: Floats) -> tuple[Any, ...]:
    """Sort points into square buckets of about four, row by row."""
    west, south = float(px.min()), float(py.min())
    width, height = float(px.max()) - west, float(py.max()) - south
    most = max(px.size / 4.0, 1.0)
    side = max(np.sqrt(width * height / most), max(width, height) / most, 1e-6)
    columns, rows = int(width / side) + 1, int(height / side) + 1
    bucket = ((py - south) / side).astype(np.int64) * columns
    bucket += ((px - west) / side).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    start = np.zeros(rows * columns + 1, dtype=np.int64)
    np.cumsum(np.bincount(bucket, minlength=rows * columns), out=start[1:])
    return order, start, west, south, float(side), columns, rows


@njit(cache=True, nogil=True)
def _edge_says(x, y, x1, y1, x2, y2):  # type: ignore[no-untyped-def]
    """Return 1 where a ray to the east crosses the edge, 0 where not, -1 in doubt."""
    if y < min(y1, y2) or y > max(y1, y2) or x > max(x1, x2):
        return 0
    crosses = (y1 > y) != (y2 > y)
    if x < min(x1, x2):
        return 1 if crosses else 0
    left, right = (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)
    det = left - right
    if abs(det) <= _ERROR_BOUND * (abs(left) + abs(right)):
        return -1
    return 1 if crosses and (det > 0) == (y2 > y1) else 0


@njit(cache=True, nogil=True)
def _sort_edges(ys, rings, r0, r1, south, north):  # type: ignore[no-untyped-def]
    """Sort the edges of rings r0..r1 into slabs; an edge stands in every slab it meets."""
    n_edges = 0
    for r in range(r0, r1):
        n_edges += rings[r + 1] - rings[r] - 1
    slabs = max(n_edges // _EDGES_A_SLAB, 1)
    scale = slabs / (north - south) if north > south else 0.0
    start = np.zeros(slabs + 2, np.int64)
    edges = np.empty(0, np.int64)
    for fill in range(2):
        for r in range(r0, r1):
            for k in range(rings[r], rings[r + 1] - 1):
                low = int((min(ys[k], ys[k + 1]) - south) * scale)
                high = int((max(ys[k], ys[k + 1]) - south) * scale)
                for s in range(min(low, slabs - 1), min(high, slabs - 1) + 1):
                    if fill:
                        edges[start[s + 1]] = k
                        start[s + 1] += 1
                    else:
                        start[s + 2] += 1
        if not fill:
            for s in range(slabs):
                start[s + 2] += start[s + 1]
            edges = np.empty(start[slabs + 1], np.int64)
    return start, edges, slabs, scale


@njit(cache=True, nogil=True)
def _test_parts(  # type: ignore[no-untyped-def]
    sx, sy, best, order, start, west, south, side, columns, rows, xs, ys, rings, polygons, rank
):
    doubt = np.empty((64, 2), np.int64)
    n_doubt = 0
    last_c, last_r = columns - 1.0, rows - 1.0
    for p in range(rank.size):
        r0, r1 = polygons[p], polygons[p + 1]
        # The outer ring comes first and bounds the part.
        outer = slice(rings[r0], rings[r0 + 1])
        x0, x1, y0, y1 = xs[outer].min(), xs[outer].max(), ys[outer].min(), ys[outer].max()
        u0, u1 = np.floor((x0 - west) / side), np.floor((x1 - west) / side)
        v0, v1 = np.floor((y0 - south) / side), np.floor((y1 - south) / side)
        if u1 < 0 or v1 < 0 or u0 > last_c or v0 > last_r:
            continue
        c0, c1 = int(max(u0, 0.0)), int(min(u1, last_c))
        b0, b1 = int(max(v0, 0.0)), int(min(v1, last_r))
        near = 0
        for row in range(b0, b1 + 1):
            near += start[row * columns + c1 + 1] - start[row * columns + c0]
        if near == 0:
            continue
        if near <= _FEW_POINTS:
            edge_start, edges, slabs, scale = _all_edges(rings, r0, r1)
        else:
            edge_start, edges, slabs, scale = _sort_edges(ys, rings, r0, r1, y0, y1)
        for row in range(b0, b1 + 1):
            for i in range(start[row * columns + c0], start[row * columns + c1 + 1]):
                x, y = sx[i], sy[i]
                if x < x0 or x > x1 or y < y0 or y > y1 or best[order[i]] <= rank[p]:
                    continue
                slab = min(int((y - y0) * scale), slabs - 1)
                odd = 0
                for e in range(edge_start[slab], edge_start[slab + 1]):
                    k = edges[e]
                    says = _edge_says(x, y, xs[k], ys[k], xs[k + 1], ys[k + 1])
                    if says < 0:
                        odd = -1
                        break
                    odd ^= says
                if odd > 0:
                    best[order[i]] = rank[p]
                elif odd < 0:
                    if n_doubt == doubt.shape[0]:
                        doubt = np.concatenate((doubt, np.empty_like(doubt)))
                    doubt[n_doubt, 0], doubt[n_doubt, 1] = order[i], p
                    n_doubt += 1
    return doubt[:n_doubt]


@njit(cache=True, nogil=True)
def _all_edges(rings, r0, r1):  # type: ignore[no-untyped-def]
    """Put every edge in one slab: for a part with so few points that sorting does not pay."""
    edges = np.empty(rings[r1] - rings[r0], np.int64)
    n = 0
    for r in range(r0, r1):
        for k in range(rings[r], rings[r + 1] - 1):
            edges[n] = k
            n += 1
    start = np.zeros(3, np.int64)
    start[1] = n
    return start, edges[:n], 1, 0.0
