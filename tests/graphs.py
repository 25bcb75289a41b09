"""Draw networks for tests, and answer on them slowly: Dijkstra in plain Python."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

import numpy as np

from gis.kernels.network import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.kernels.network import Graph
    from gis.kernels.network_snap import Snapped

    Line = Sequence[tuple[float, float]]


def ways(lines: Sequence[Line], rules: str = "", **flags: list[bool]) -> Ways:
    """Lines that meet where they share a coordinate.

    ``rules``: one letter a line: b both ways (default), f as drawn, r against it.
    """
    rules = rules or "b" * len(lines)
    xy = np.array([point for line in lines for point in line], dtype=float)
    _, key = np.unique(xy, axis=0, return_inverse=True)
    count = len(lines)
    none = [False] * count
    return Ways(
        x=xy[:, 0].copy(),
        y=xy[:, 1].copy(),
        key=key.reshape(-1).astype(np.int64),
        start=np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64),
        forward=np.array([r in "bf" for r in rules]),
        backward=np.array([r in "br" for r in rules]),
        deck=np.array(flags.get("deck", none)),
        pushed=np.array(flags.get("pushed", none)),
        source=np.arange(count),
    )


def grid(n: int, step: float = 100.0) -> Ways:
    """Streets of an n x n grid, each one line from edge to edge."""
    at = np.arange(n) * step
    across = [[(float(x), float(y)) for x in at] for y in at]
    along = [[(float(x), float(y)) for y in at] for x in at]
    return ways([*across, *along])


def tangle(seed: int, *, nodes: int = 40, lines: int = 110) -> Ways:
    """A random network of axis-parallel streets between whole metres, some of them one-way."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 12, (nodes, 2)) * 10
    drawn: list[list[tuple[float, float]]] = []
    while len(drawn) < lines:
        a, b = place[rng.integers(nodes)], place[rng.integers(nodes)]
        if (a != b).any():
            corner = (float(b[0]), float(a[1]))
            points = [(float(a[0]), float(a[1])), corner, (float(b[0]), float(b[1]))]
            drawn.append([p for i, p in enumerate(points) if i == 0 or p != points[i - 1]])
    return ways(drawn, "".join(rng.choice(list("bbfr"), lines)))


def dijkstra(arcs: dict[object, list[tuple[object, int]]], source: object) -> dict[object, int]:
    """Cheapest cost from one node to every other."""
    cost = {source: 0}
    queue: list[tuple[int, int, object]] = [(0, 0, source)]
    tick = 0
    while queue:
        c, _, u = heapq.heappop(queue)
        if c > cost[u]:
            continue
        for v, w in arcs.get(u, []):
            if c + w < cost.get(v, c + w + 1):
                cost[v] = c + w
                tick += 1
                heapq.heappush(queue, (c + w, tick, v))
    return cost


def brute(graph: Graph, origins: Snapped, targets: Snapped) -> list[list[int | None]]:
    """Centimetres from every origin to every target: edges are cut at them, legs are edges."""
    places: dict[int, list[tuple[int, object]]] = {}
    arcs: dict[object, list[tuple[object, int]]] = {}

    def link(a: object, b: object, cost: int) -> None:
        arcs.setdefault(a, []).append((b, cost))

    for kind, points in (("o", origins), ("t", targets)):
        for i in range(len(points)):
            e = int(points.edge[i])
            at = round(100 * float(points.along_m[i]))
            spot = node_at(graph, e, at)
            if spot is None:
                spot = (e, at)
                places.setdefault(e, []).append((at, spot))
            leg = round(100 * float(points.away_m[i]))
            link((kind, i), spot, leg)
            link(spot, (kind, i), leg)
    for e in range(graph.edges):
        stops = [
            (0, ("n", int(graph.tail[e]))),
            *sorted(set(places.get(e, []))),
            (int(graph.length_cm[e]), ("n", int(graph.head[e]))),
        ]
        for (a, u), (b, v) in itertools.pairwise(stops):
            if graph.forward[e]:
                link(u, v, b - a)
            if graph.backward[e]:
                link(v, u, b - a)
    out: list[list[int | None]] = []
    for i in range(len(origins)):
        # A leg leads out of its own point and into others; it is no shortcut through them.
        own = {
            u: [(v, w) for v, w in to if not isinstance(v, tuple) or v[0] != "o"]
            for u, to in arcs.items()
            if not (isinstance(u, tuple) and u[0] == "t")
        }
        cost = dijkstra(own, ("o", i))
        out.append([cost.get(("t", j)) for j in range(len(targets))])
    return out


def node_at(graph: Graph, edge: int, at: int) -> object | None:
    """The node at a place on an edge, where it is at one of its ends."""
    if at == 0:
        return ("n", int(graph.tail[edge]))
    return ("n", int(graph.head[edge])) if at == int(graph.length_cm[edge]) else None
