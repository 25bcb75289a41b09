"""Draw the ways that follow the land: main roads, railway and metro, by least cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from gis.demo.grid import COARSE, along, smooth_line

if TYPE_CHECKING:
    from gis.demo.grid import Floats, Ints

_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5))


@dataclass(frozen=True)
class Route:
    """A way between two points: class rank (0 most important), coarse cells along it."""

    rank: int
    cells: Ints


@dataclass(frozen=True)
class Chain:
    """A stretch between two junctions: class rank and vertices (n, 2)."""

    rank: int
    line: Floats


def least_cost(cost: Floats, start: tuple[float, float], end: tuple[float, float]) -> Ints:
    """Return the flat coarse cells of the cheapest 8-neighbour path between two points."""
    row, col = COARSE.cell([start[0], end[0]], [start[1], end[1]])
    pad = 34
    r0, r1 = max(int(row.min()) - pad, 0), min(int(row.max()) + pad + 1, COARSE.rows)
    c0, c1 = max(int(col.min()) - pad, 0), min(int(col.max()) + pad + 1, COARSE.cols)
    window = cost[r0:r1, c0:c1]
    rows, cols = window.shape
    at = np.arange(rows * cols).reshape(rows, cols)
    tail, head, price = [], [], []
    for dr, dc, length in _STEPS:
        a = (slice(0, rows - dr), slice(max(-dc, 0), cols - max(dc, 0)))
        b = (slice(dr, rows), slice(max(dc, 0), cols - max(-dc, 0)))
        tail.append(at[a].ravel())
        head.append(at[b].ravel())
        price.append((length * (window[a] + window[b]) / 2).ravel())
    graph = sparse.coo_array(
        (np.concatenate(price), (np.concatenate(tail), np.concatenate(head))),
        shape=(rows * cols, rows * cols),
    ).tocsr()
    source = int(at[row[0] - r0, col[0] - c0])
    target = int(at[row[1] - r0, col[1] - c0])
    _, before = csgraph.dijkstra(graph, directed=False, indices=source, return_predecessors=True)
    path = [target]
    while path[-1] != source:
        path.append(int(before[path[-1]]))
    r, c = np.divmod(np.array(path[::-1], dtype=np.int64), cols)
    return np.asarray((r + r0) * COARSE.cols + c + c0)


def build_routes(
    cost: Floats, legs: list[tuple[int, list[tuple[float, float]]]]
) -> tuple[Route, ...]:
    """Return routes through the points of each leg; a later one is drawn to those before."""
    cost = cost.copy()
    routes: list[Route] = []
    for rank, points in legs:
        for start, end in pairwise(points):
            cells = least_cost(cost, start, end)
            cost.ravel()[cells] = np.minimum(cost.ravel()[cells], 0.42)
            routes.append(Route(rank, cells))
    return tuple(routes)


def chains(routes: tuple[Route, ...], *, every_m: float, sigma: float) -> tuple[Chain, ...]:
    """Return routes cut at their junctions, each stretch once, smoothed between its ends."""
    rank: dict[tuple[int, int], int] = {}
    for route in routes:
        for a, b in pairwise(route.cells.tolist()):
            key = (min(a, b), max(a, b))
            rank[key] = min(rank.get(key, route.rank), route.rank)
    beside: dict[int, list[int]] = {}
    for a, b in rank:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    stops = {cell for cell, others in beside.items() if len(others) != 2}
    left = set(rank)
    result: list[Chain] = []
    for start in sorted(stops):
        for first in sorted(beside[start]):
            if (min(start, first), max(start, first)) not in left:
                continue
            path = _walk([start, first], beside, stops=stops, left=left)
            ranks = [rank[(min(a, b), max(a, b))] for a, b in pairwise(path)]
            row, col = np.divmod(np.array(path), COARSE.cols)
            points = np.column_stack(COARSE.centre(row, col))
            soft = smooth_line(along(points, every_m=25.0), sigma=sigma)
            result.append(Chain(min(ranks), along(soft, every_m=every_m)))
    return tuple(result)


def _walk(
    path: list[int],
    beside: dict[int, list[int]],
    *,
    stops: set[int],
    left: set[tuple[int, int]],
) -> list[int]:
    left.discard((min(path), max(path)))
    while path[-1] not in stops:
        here, last = path[-1], path[-2]
        onward = next(cell for cell in beside[here] if cell != last)
        path.append(onward)
        left.discard((min(here, onward), max(here, onward)))
    return path


def rail_line(cost: Floats, points: list[tuple[float, float]]) -> Floats:
    """Return one smooth line through all points, a vertex every 40 m."""
    cells = [least_cost(cost, a, b) for a, b in pairwise(points)]
    path = np.concatenate([cells[0], *[part[1:] for part in cells[1:]]])
    row, col = np.divmod(path, COARSE.cols)
    line = np.column_stack(COARSE.centre(row, col))
    return along(smooth_line(along(line, every_m=30.0), sigma=8.0), every_m=40.0)
