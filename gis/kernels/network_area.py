"""Draw what can be reached: the reached parts of the network, and the area around them.

The polygon is for maps: a buffer of the reached parts of the edges, cut to the metre
where the limit runs out, with small holes filled, and of the access legs of the places
that are reached, so that it holds every one of them. Shares are counted on costs, never
on this polygon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

from gis.errors import ParameterError
from gis.kernels.network_reach import node_costs, whole_limit
from gis.kernels.network_search import FAR, Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.kernels.network import Graph
    from gis.kernels.network_costs import Costs
    from gis.kernels.network_snap import Snapped

    Floats = NDArray[np.float64]


def isochrone(
    graph: Graph,
    destinations: Snapped,
    *,
    costs: Costs,
    max_cost: float,
    direction: Direction = "to",
    width_m: float = 40.0,
    fill_m2: float = 20_000.0,
) -> shapely.Geometry:
    """Return the area within ``width_m`` metres of the reached network, as polygons.

    ``max_cost`` in the unit of ``costs``, access legs of the destinations included.
    Holes smaller than ``fill_m2`` are filled: they are street blocks, not barriers.
    Empty where nothing is reached. Raises ParameterError.
    """
    if not width_m > 0:
        message = f"isochrone width {width_m} m; allowed: above 0"
        raise ParameterError(message)
    lines = reached_lines(graph, destinations, costs=costs, max_cost=max_cost, direction=direction)
    area = shapely.union_all(shapely.buffer(lines, width_m, quad_segs=4))
    parts = [_filled(p, fill_m2) for p in shapely.get_parts(area)]
    return shapely.simplify(shapely.union_all(parts), width_m / 20)


def with_legs(
    area: shapely.Geometry,
    places: Snapped,
    x: Floats,
    y: Floats,
    *,
    reached: NDArray[np.bool_],
    width_m: float = 40.0,
) -> shapely.Geometry:
    """Return the area joined with the way to the road of reached places that it leaves out.

    ``x``, ``y``: (k,) metres, where the k ``places`` start from; ``reached``: (k,) those
    whose cost, access leg included, is within the limit.
    """
    shapely.prepare(area)
    points = shapely.points(x, y)
    rows = np.flatnonzero(reached & places.found & ~shapely.intersects(area, points))
    if not rows.size:
        return area
    ends = np.stack([np.c_[x[rows], y[rows]], np.c_[places.x[rows], places.y[rows]]], axis=1)
    legs = shapely.buffer(shapely.linestrings(ends), width_m, quad_segs=4)
    return shapely.union_all(np.append(legs, area))


def reached_lines(
    graph: Graph,
    destinations: Snapped,
    *,
    costs: Costs,
    max_cost: float,
    direction: Direction = "to",
) -> NDArray[np.object_]:
    """Return the reached parts of the edges as LineStrings, cut where the limit runs out."""
    limit = whole_limit(max_cost)
    at = node_costs(graph, destinations, costs=costs, max_cost=max_cost, direction=direction)
    parts = np.full((graph.edges, 2, 2), np.nan)
    edges = graph.tail, graph.head, graph.forward, graph.backward
    sums = costs.begin, costs.ahead, costs.back
    _parts_kernel(edges, sums, at, (float(limit), direction == "to"), parts)
    whole = (parts[:, 0, 1] >= 1.0) | (parts[:, 1, 0] <= 0.0) | (parts[:, 0, 1] >= parts[:, 1, 0])
    found = [_whole_lines(graph, np.flatnonzero(whole))]
    for e in np.flatnonzero(~whole & ~np.isnan(parts).all(axis=(1, 2))).tolist():
        for low, high in parts[e].tolist():
            if high > low:
                found.append(_cut(graph, e, low, high))
    for e, low, high in _around(graph, destinations, costs, limit, direction == "to"):
        found.append(_cut(graph, e, low, high))
    return np.concatenate(found)


def _whole_lines(graph: Graph, edges: NDArray[np.int64]) -> NDArray[np.object_]:
    if not len(edges):
        return np.empty(0, dtype=object)
    counts = graph.last[edges] - graph.first[edges] + 1
    begin = np.cumsum(counts) - counts
    vertex = np.arange(counts.sum()) - np.repeat(begin - graph.first[edges], counts)
    line = np.repeat(np.arange(len(edges)), counts)
    made: NDArray[np.object_] = shapely.linestrings(
        np.column_stack([graph.x[vertex], graph.y[vertex]]), indices=line
    )
    return made


def _cut(graph: Graph, edge: int, low: float, high: float) -> NDArray[np.object_]:
    """Return the part of one edge between two shares of its length."""
    span = slice(int(graph.first[edge]), int(graph.last[edge]) + 1)
    line = shapely.linestrings(np.column_stack([graph.x[span], graph.y[span]]))
    along = (graph.measure[span] - graph.measure[span.start]).astype(float)
    a, b = low * graph.length_m[edge], high * graph.length_m[edge]
    inner = (along > a) & (along < b)
    ends = shapely.get_coordinates(shapely.line_interpolate_point(line, [a, b]))
    middle = np.column_stack([graph.x[span][inner], graph.y[span][inner]])
    return np.array([shapely.linestrings(np.vstack([ends[:1], middle, ends[1:]]))], dtype=object)


def _around(
    graph: Graph, points: Snapped, costs: Costs, limit: int, to: bool
) -> list[tuple[int, float, float]]:
    """Return the parts of the destinations' own edges that lead straight to them."""
    out: list[tuple[int, float, float]] = []
    for i in np.flatnonzero(points.found).tolist():
        e = int(points.edge[i])
        left = limit - float(points.away_m[i]) * costs.leg
        if left < 0 or graph.length_m[e] <= 0:
            continue
        span = slice(int(costs.begin[e]), int(costs.begin[e + 1]))
        share = np.linspace(0.0, 1.0, span.stop - span.start)
        here = float(points.along_m[i] / graph.length_m[e])
        low = high = here
        before, after = (costs.ahead[span], costs.back[span])
        if not to:
            before, after = after, before
        if graph.forward[e] if to else graph.backward[e]:
            low = float(np.interp(np.interp(here, share, before) - left, before, share))
        if graph.backward[e] if to else graph.forward[e]:
            high = float(np.interp(np.interp(here, share, after) + left, after, share))
        if high > low:
            out.append((e, low, high))
    return out


def _filled(area: Any, fill_m2: float) -> Any:
    rings = shapely.get_rings(area)
    holes = [r for r in rings[1:] if shapely.area(shapely.polygons(r)) >= fill_m2]
    return shapely.Polygon(rings[0], holes) if len(rings) else area


@njit(cache=True, nogil=True)
def _parts_kernel(edges, sums, at, bounds, parts):  # type: ignore[no-untyped-def]
    """Write the reached shares of each edge: from its tail on, and up to its head."""
    tail, head, forward, backward = edges
    begin, ahead, back = sums
    limit, to = bounds
    for e in range(tail.size):
        last = begin[e + 1] - 1
        if (backward[e] if to else forward[e]) and at[tail[e]] < FAR:
            s = _share_of(begin[e], last, back if to else ahead, limit - at[tail[e]])
            parts[e, 0, 0], parts[e, 0, 1] = 0.0, s
        if (forward[e] if to else backward[e]) and at[head[e]] < FAR:
            run = ahead if to else back
            s = _share_of(begin[e], last, run, run[last] - (limit - at[head[e]]))
            parts[e, 1, 0], parts[e, 1, 1] = s, 1.0


@njit(cache=True, nogil=True)
def _share_of(first, last, run, value):  # type: ignore[no-untyped-def]
    """Return where along an edge (0 to 1) its running cost comes to a value."""
    if value <= run[first]:
        return 0.0
    if value >= run[last]:
        return 1.0
    j = first
    while run[j + 1] < value:
        j += 1
    step = run[j + 1] - run[j]
    return (j - first + (value - run[j]) / step) / (last - first)
