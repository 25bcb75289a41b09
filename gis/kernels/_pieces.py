"""Cut the outlines of polygons along the lines of a square grid, cell by cell.

The machinery of ``gis.kernels.coverage``. Inside a cell a piece runs in units of the
cell's side (0-1), with the polygon on its left, so that a piece going down has the
polygon to its east. Where a polygon covers a cell's left edge, that stretch of the
edge is a piece too, going down: without it nobody could tell the inside of a cell from
the pieces in it alone. Pieces lying along a vertical grid line are dropped, since the
left edge of the cell to the east already tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pieces:
    """Pieces of outlines: the cell and the zone of each (k,), and x1, y1, x2, y2 (k, 4)."""

    cell: NDArray[np.int32]
    zone: NDArray[np.int32]
    line: Floats

    def by_cell(self, n_cells: int) -> tuple[Ints, NDArray[np.int32], Floats]:
        """Return them sorted by cell: where each cell starts (n + 1,), zones, lines."""
        order = np.argsort(self.cell, kind="stable")
        start = np.zeros(n_cells + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.cell, minlength=n_cells), out=start[1:])
        return start, self.zone[order], self.line[order]


def cut_outlines(
    parts: NDArray[Any],
    zone: Ints,
    *,
    size_m: float,
    corner: tuple[int, int],
    lookup: NDArray[np.int32],
) -> Pieces:
    """Cut single polygons (m,), each a part of the zone (m,) it names, into pieces.

    ``corner``: column and row of the cell at ``lookup[0, 0]``, counted in whole sides
    from the origin of the CRS; ``lookup``: int32 (rows, columns), south first, the
    number of each cell or -1. Pieces outside it are dropped.
    """
    _, coordinates, (rings, polygons) = shapely.to_ragged_array(parts, include_z=False)
    u = coordinates[:, 0] / size_m - corner[0]
    v = coordinates[:, 1] / size_m - corner[1]
    ints, lines = _cut(u, v, rings.astype(np.int64), polygons.astype(np.int64), zone, lookup)
    return Pieces(ints[:, 0], ints[:, 1], lines)


@njit(cache=True, nogil=True)
def _twice_area(u, v, a, b):  # type: ignore[no-untyped-def]
    """Twice the signed area of a ring, from its first vertex for the sake of digits."""
    total = 0.0
    for k in range(a, b - 1):
        total += (u[k] - u[a]) * (v[k + 1] - v[a]) - (u[k + 1] - u[a]) * (v[k] - v[a])
    return total


@njit(cache=True, nogil=True)
def _cut(u, v, rings, polygons, zone, lookup):  # type: ignore[no-untyped-def]
    columns = lookup.shape[1]
    ints = np.empty((1024, 2), np.int32)
    lines = np.empty((1024, 4), np.float64)
    n = 0
    crossed = np.empty(64, np.int64)
    crossed_at = np.empty(64, np.float64)
    for p in range(zone.size):
        n_crossed = 0
        for r in range(polygons[p], polygons[p + 1]):
            a, b = rings[r], rings[r + 1]
            turn = _twice_area(u, v, a, b) > 0
            flip = turn != (r == polygons[p])
            for k in range(a, b - 1):
                if u[k] <= u[k + 1]:
                    u1, v1, u2, v2, back = u[k], v[k], u[k + 1], v[k + 1], flip
                else:
                    u1, v1, u2, v2, back = u[k + 1], v[k + 1], u[k], v[k], not flip
                first = int(np.floor(u1))
                if u1 == u2 and first == u1:
                    continue
                last = first if u1 == u2 else int(np.ceil(u2)) - 1
                if last < 0 or first >= columns:
                    continue
                slope = (v2 - v1) / (u2 - u1) if u2 > u1 else 0.0
                low, high = min(v1, v2), max(v1, v2)
                for c in range(max(first, 0), min(last, columns - 1) + 1):
                    if c <= u1:
                        xa, ya = u1, v1
                    else:
                        xa, ya = float(c), min(max(v1 + (c - u1) * slope, low), high)
                    if c + 1 >= u2:
                        xb, yb = u2, v2
                    else:
                        xb, yb = c + 1.0, min(max(v1 + (c + 1 - u1) * slope, low), high)
                    if xa == c and u2 > u1:
                        if n_crossed == crossed.size:
                            crossed = np.concatenate((crossed, np.empty_like(crossed)))
                            crossed_at = np.concatenate((crossed_at, np.empty_like(crossed_at)))
                        crossed[n_crossed] = c
                        crossed_at[n_crossed] = ya
                        n_crossed += 1
                    if ya == yb:
                        continue
                    room = int(abs(yb - ya)) + 3
                    while n + room > ints.shape[0]:
                        ints = np.concatenate((ints, np.empty_like(ints)))
                        lines = np.concatenate((lines, np.empty_like(lines)))
                    n = _add(ints, lines, n, lookup, zone[p], c, xa, ya, xb, yb, back)
        ints, lines, n = _left_edges(
            ints, lines, n, crossed[:n_crossed], crossed_at[:n_crossed], zone[p], lookup
        )
    return ints[:n], lines[:n]


@njit(cache=True, nogil=True)
def _left_edges(ints, lines, n, crossed, crossed_at, zone, lookup):  # type: ignore[no-untyped-def]
    """Add the stretches of vertical grid lines between two crossings of one polygon."""
    order = np.argsort(crossed_at)
    order = order[np.argsort(crossed[order], kind="mergesort")]
    for i in range(0, order.size - 1, 2):
        c = crossed[order[i]]
        bottom = max(crossed_at[order[i]], 0.0)
        top = min(crossed_at[order[i + 1]], float(lookup.shape[0]))
        if top <= bottom:
            continue
        room = int(top - bottom) + 3
        while n + room > ints.shape[0]:
            ints = np.concatenate((ints, np.empty_like(ints)))
            lines = np.concatenate((lines, np.empty_like(lines)))
        x = float(c)
        n = _add(ints, lines, n, lookup, zone, c, x, top, x, bottom, False)
    return ints, lines, n


@njit(cache=True, nogil=True)
def _add(ints, lines, n, lookup, zone, c, xa, ya, xb, yb, back):  # type: ignore[no-untyped-def]
    """Cut what lies in one column along the rows, and keep the pieces of cells that are there."""
    rows = lookup.shape[0]
    if ya > yb:
        xa, ya, xb, yb, back = xb, yb, xa, ya, not back
    slope = (xb - xa) / (yb - ya)
    low, high = min(xa, xb), max(xa, xb)
    for r in range(max(int(np.floor(ya)), 0), min(int(np.ceil(yb)), rows)):
        cell = lookup[r, c]
        if cell < 0:
            continue
        y1, y2 = max(ya, float(r)), min(yb, r + 1.0)
        if y2 <= y1:
            continue
        x1 = xa if y1 == ya else min(max(xa + (y1 - ya) * slope, low), high)
        x2 = xb if y2 == yb else min(max(xa + (y2 - ya) * slope, low), high)
        ints[n, 0], ints[n, 1] = cell, zone
        if back:
            lines[n, 0], lines[n, 1], lines[n, 2], lines[n, 3] = x2 - c, y2 - r, x1 - c, y1 - r
        else:
            lines[n, 0], lines[n, 1], lines[n, 2], lines[n, 3] = x1 - c, y1 - r, x2 - c, y2 - r
        n += 1
    return n
