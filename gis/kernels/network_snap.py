"""Find the nearest place on a network of every point: on a segment, not at a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from gis.errors import ParameterError
from gis.kernels.coordinates import coordinates
from gis.kernels.distance import _in_threads, _ring_reach

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gis.kernels.network import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MAX_BUCKETS = 4_000_000


@dataclass(frozen=True)
class Snapped:
    """Where points meet the network, one row per point (k,).

    ``edge``: int64, -1 where no edge is within the limit. ``along_m``: metres from
    the edge's tail to the place. ``away_m``: the straight line there (NaN where
    none). ``x``, ``y``: the place (NaN where none). All float64 metres.
    """

    edge: Ints
    along_m: Floats
    away_m: Floats
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which points have a place on the network."""
        found: NDArray[np.bool_] = self.edge >= 0
        return found


def snap(
    graph: Graph,
    x: ArrayLike,
    y: ArrayLike,
    *,
    max_m: float,
    prefer: NDArray[np.bool_] | None = None,
) -> Snapped:
    """Return the nearest place on any edge within ``max_m`` metres (``<=``) of each point.

    x, y: (k,) metres in the plane of the graph. Of equally near segments the first in
    the graph wins. ``max_m`` may be infinite. ``prefer``: (m,) edges that come first
    (``main_edges``): others are taken only where none of these is within the limit, so
    that a stump of pavement or a platform that was drawn without its connection
    does not cut a place off. Raises GeometryError (coordinates), ParameterError (limit).
    """
    if not max_m >= 0:
        message = f"snap limit {max_m}; allowed: 0 metres or more"
        raise ParameterError(message)
    px, py = coordinates(x, y, "point")
    out = Snapped(
        edge=np.full(px.size, -1, dtype=np.int64),
        along_m=np.full(px.size, np.nan),
        away_m=np.full(px.size, np.nan),
        x=np.full(px.size, np.nan),
        y=np.full(px.size, np.nan),
    )
    everything = np.ones(graph.edges, dtype=bool)
    rounds = [everything] if prefer is None or prefer.all() else [prefer, everything]
    for edges in rounds:
        rest = np.flatnonzero(~out.found)
        if len(rest) and edges.any():
            _snap_round(graph, edges, (px, py), float(max_m), rest, out)
    return out


def _snap_round(
    graph: Graph,
    edges: NDArray[np.bool_],
    points: tuple[Floats, Floats],
    max_m: float,
    rest: Ints,
    out: Snapped,
) -> None:
    """Place the points of the rows ``rest`` on some of the edges, in ``out``."""
    px, py = points[0][rest], points[1][rest]
    vertex, owner = _segments(graph, edges)
    grid = _buckets(graph.x, graph.y, vertex)
    edge = np.full(len(rest), -1, dtype=np.int64)
    found = tuple(np.full(len(rest), np.nan) for _ in range(4))
    lines = graph.x, graph.y, vertex, owner, graph.measure, graph.first

    def run(part: slice) -> None:
        arrays = edge[part], *(values[part] for values in found)
        _snap_kernel(px[part], py[part], lines, grid, max_m, arrays)

    _in_threads(run, len(rest))
    out.edge[rest] = edge
    for name, values in zip(("away_m", "x", "y", "along_m"), found, strict=True):
        getattr(out, name)[rest] = values


def _segments(graph: Graph, edges: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the first vertex and the edge of every segment of some edges, edge by edge."""
    counts = np.where(edges, graph.last - graph.first, 0)
    owner = np.repeat(np.arange(graph.edges), counts)
    begin = np.cumsum(counts) - counts
    vertex = np.arange(len(owner)) - np.repeat(begin, counts) + np.repeat(graph.first, counts)
    return vertex, owner


def _buckets(x: Floats, y: Floats, vertex: Ints) -> tuple[Any, ...]:
    """List the segments that pass each square bucket, about two a bucket."""
    ax, ay, bx, by = x[vertex], y[vertex], x[vertex + 1], y[vertex + 1]
    west, south = min(ax.min(), bx.min()), min(ay.min(), by.min())
    width = max(ax.max(), bx.max()) - west
    height = max(ay.max(), by.max()) - south
    mean = float(np.hypot(bx - ax, by - ay).mean())
    side = max(
        float(np.sqrt(2.0 * width * height / len(vertex))),
        mean,
        float(np.sqrt(width * height / _MAX_BUCKETS)),
        max(width, height) / 100_000,
        1.0,
    )
    columns, rows = int(width / side) + 1, int(height / side) + 1
    frame = west, south, side, columns, rows
    start = np.zeros(columns * rows + 1, dtype=np.int64)
    _pass(ax, ay, bx, by, frame, start[1:], np.empty(0, dtype=np.int32))
    np.cumsum(start, out=start)
    item = np.empty(start[-1], dtype=np.int32)
    _pass(ax, ay, bx, by, frame, start[:-1].copy(), item)
    return start, item, west, south, side, columns, rows


@njit(cache=True, nogil=True)
def _pass(ax, ay, bx, by, frame, cursor, item):  # type: ignore[no-untyped-def]
    """Count the segments of each bucket in cursor, or (with item) write them there."""
    west, south, side, columns, rows = frame
    for s in range(ax.size):
        x0, y0, x1, y1 = ax[s] - west, ay[s] - south, bx[s] - west, by[s] - south
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        r0, r1 = int(y0 / side), min(int(y1 / side), rows - 1)
        for r in range(r0, r1 + 1):
            # The part of the segment inside this row, with a hair to spare.
            low, high = x0, x1
            if y1 > y0:
                t0 = max((r * side - y0) / (y1 - y0), 0.0)
                t1 = min(((r + 1) * side - y0) / (y1 - y0), 1.0)
                low, high = x0 + t0 * (x1 - x0), x0 + t1 * (x1 - x0)
            if low > high:
                low, high = high, low
            c0 = max(int((low - 1e-6 * side) / side), 0)
            c1 = min(int((high + 1e-6 * side) / side), columns - 1)
            for c in range(c0, c1 + 1):
                b = r * columns + c
                if item.size:
                    item[cursor[b]] = s
                cursor[b] += 1


@njit(cache=True, nogil=True)
def _snap_kernel(px, py, lines, grid, max_m, out):  # type: ignore[no-untyped-def]
    x, y, vertex, owner, measure, first = lines
    start, item, west, south, side, columns, rows = grid
    edge, away, at_x, at_y, along = out
    for i in range(px.size):
        u, v = (px[i] - west) / side, (py[i] - south) / side
        # Points beyond the buckets start from the nearest one; gap is what that leaves out.
        c = int(min(max(np.floor(u), 0.0), columns - 1.0))
        r = int(min(max(np.floor(v), 0.0), rows - 1.0))
        gap = max(c - u, u - c - 1.0, r - v, v - r - 1.0, 0.0) * side
        best, where, share = np.inf, -1, 0.0
        for ring in range(max(columns, rows)):
            free = max(_ring_reach(u - c, v - r, ring) * side, gap) * (1 - 1e-9) - 1e-6
            if free > max_m or (where >= 0 and free > 0 and free * free > best):
                break
            for row in range(max(r - ring, 0), min(r + ring, rows - 1) + 1):
                step = 1 if abs(row - r) == ring or ring == 0 else 2 * ring
                for column in range(c - ring, c + ring + 1, step):
                    if column < 0 or column >= columns:
                        continue
                    b = row * columns + column
                    for k in range(start[b], start[b + 1]):
                        s = item[k]
                        d2, t = _to_segment(px[i], py[i], x, y, vertex[s])
                        if d2 < best or (d2 == best and s < where):
                            best, where, share = d2, s, t
        if where >= 0 and np.sqrt(best) <= max_m:
            p, e = vertex[where], owner[where]
            edge[i], away[i] = e, np.sqrt(best)
            at_x[i] = x[p] + share * (x[p + 1] - x[p])
            at_y[i] = y[p] + share * (y[p + 1] - y[p])
            along[i] = measure[p] - measure[first[e]] + share * (measure[p + 1] - measure[p])


@njit(cache=True, nogil=True, inline="always")
def _to_segment(px, py, x, y, p):  # type: ignore[no-untyped-def]
    """Return the squared distance to segment p, p + 1, and where on it (0 to 1)."""
    dx, dy = x[p + 1] - x[p], y[p + 1] - y[p]
    qx, qy = px - x[p], py - y[p]
    length2 = dx * dx + dy * dy
    t = 0.0
    if length2 > 0.0:
        t = min(max((qx * dx + qy * dy) / length2, 0.0), 1.0)
    ex, ey = qx - t * dx, qy - t * dy
    return ex * ex + ey * ey, t
