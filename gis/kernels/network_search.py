"""Search a network from many places at once, on whole-number costs.

The queue is a ring of buckets (Dial 1969, doi:10.1145/363269.363610) whose members are
linked through the node records themselves; inside a bucket nodes are corrected until it
is empty, so buckets may be wider than the shortest edge and the answer is still exact.
Costs are int32, exact and independent of the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.kernels.network import Graph
    from gis.kernels.network_costs import Costs

    Ints = NDArray[np.int64]
    Small = NDArray[np.int32]

Direction = Literal["to", "from"]
FAR = 2**31 - 1
LARGEST = 2**30
# Rows of a node's record: its cost, its neighbours in the bucket, where it was reached from.
_COST, _NEXT, _BEFORE, _ORIGIN = 0, 1, 2, 3
_OUT, _END = -2, -1
_TARGET_BUCKETS = 1 << 16


@dataclass(frozen=True)
class Arcs:
    """Directed edges by the node that the search leaves.

    ``start``: (n + 1,) int64; ``arc``: (a, 3) int32 rows of node reached, cost, and
    length in centimetres. ``direction``: "to" has them turned round, for travel to
    the sources. ``timed``: the costs are times, so lengths must be kept apart.
    """

    start: Ints
    arc: Small
    direction: Direction
    largest: int
    timed: bool


def build_arcs(graph: Graph, costs: Costs, *, direction: Direction) -> Arcs:
    """Return the arcs that a search from the destinations follows.

    ``direction`` "to": travel goes to the destinations, so arcs are turned round;
    "from": travel leaves them. Raises ParameterError for an edge that costs more
    than 2**30 units.
    """
    ahead, back = edge_costs(costs)
    largest = int(max(ahead.max(initial=0), back.max(initial=0)))
    if largest >= LARGEST:
        message = f"an edge costs {largest} {costs.unit}; allowed: below {LARGEST}"
        raise ParameterError(message)
    real = graph.tail != graph.head
    f, b = graph.forward & real, graph.backward & real
    out = np.concatenate([graph.tail[f], graph.head[b]])
    into = np.concatenate([graph.head[f], graph.tail[b]])
    if direction == "to":
        out, into = into, out
    cost = np.concatenate([ahead[f], back[b]])
    length = np.concatenate([graph.length_cm[f], graph.length_cm[b]])
    start = np.zeros(graph.nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(out, minlength=graph.nodes), out=start[1:])
    arc = np.empty((len(out), 3), dtype=np.int32)
    _sort_arcs(out, into, cost, length, start[:-1].copy(), arc)
    timed = costs.unit != "cm"
    return Arcs(start=start, arc=arc, direction=direction, largest=largest, timed=timed)


def edge_costs(costs: Costs) -> tuple[Ints, Ints]:
    """Return the whole-number cost of each edge as drawn and against it."""
    end = costs.begin[1:] - 1
    ahead = np.rint(costs.ahead[end]).astype(np.int64)
    return ahead, np.rint(costs.back[end]).astype(np.int64)


@njit(cache=True, nogil=True)
def _sort_arcs(out, into, cost, length, cursor, arc):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        k = cursor[out[i]]
        arc[k, 0], arc[k, 1], arc[k, 2] = into[i], cost[i], length[i]
        cursor[out[i]] = k + 1


class Search:
    """The working arrays of repeated searches on one set of arcs.

    ``record``: (n, 4) int32, of which column 0 is the cost of each node (FAR where
    not reached) and column 3 the seed it was reached from (-1). ``length``: (n,) int32
    centimetres of the cheapest way, empty where costs are lengths. ``reached``: nodes
    in the order they were first met; ``count`` how many of them count.
    """

    def __init__(self, arcs: Arcs) -> None:
        """Set up arrays for the nodes of ``arcs``; they are cleared between runs."""
        nodes = len(arcs.start) - 1
        self.arcs = arcs
        self.record = np.empty((nodes, 4), dtype=np.int32)
        self.record[:] = (FAR, _OUT, _OUT, -1)
        self.length = np.zeros(nodes if arcs.timed else 0, dtype=np.int32)
        self.reached = np.empty(nodes, dtype=np.int32)
        self.count = 0

    @property
    def cost(self) -> Small:
        """Cost of every node, FAR where it was not reached (a view)."""
        return self.record[:, _COST]

    @property
    def seed(self) -> Small:
        """Row of the seed each node was reached from, -1 where none (a view)."""
        return self.record[:, _ORIGIN]

    def run(self, nodes: Ints, cost: Ints, *, limit: int, length: Ints | None = None) -> None:
        """Search from seed nodes with their starting costs as far as ``limit`` (``<=``).

        ``length``: centimetres already gone at each seed; 0 unless given.
        """
        _clear(self.record, self.reached, self.count)
        self.count = 0
        within = cost <= min(limit, LARGEST - 1)
        if not within.any():
            return
        order = np.flatnonzero(within)
        gone = np.zeros(len(nodes), dtype=np.int64) if length is None else length
        span = max(self.arcs.largest, int(cost[order].max()))
        shift = 0
        while (span >> shift) >= _TARGET_BUCKETS:
            shift += 1
        size = 1
        while size < (span >> shift) + 2:
            size *= 2
        bucket = np.full(size, _END, dtype=np.int32)
        self.count = int(
            _search(
                self.arcs.start,
                self.arcs.arc,
                (nodes[order], cost[order], order, gone[order]),
                (min(limit, LARGEST - 1), shift),
                bucket,
                self.record,
                self.length,
                self.reached,
            )
        )


@njit(cache=True, nogil=True)
def _clear(record, reached, count):  # type: ignore[no-untyped-def]
    for i in range(count):
        v = reached[i]
        record[v, 0], record[v, 1], record[v, 2], record[v, 3] = FAR, _OUT, _OUT, -1


@njit(cache=True, nogil=True, inline="always")
def _take_out(record, bucket, v, place):  # type: ignore[no-untyped-def]
    after, before = record[v, _NEXT], record[v, _BEFORE]
    if before == _END:
        bucket[place] = after
    else:
        record[before, _NEXT] = after
    if after != _END:
        record[after, _BEFORE] = before


@njit(cache=True, nogil=True, inline="always")
def _put_in(record, bucket, v, place):  # type: ignore[no-untyped-def]
    after = bucket[place]
    record[v, _NEXT], record[v, _BEFORE] = after, _END
    if after != _END:
        record[after, _BEFORE] = v
    bucket[place] = v


@njit(cache=True, nogil=True)
def _search(start, arc, seeds, bounds, bucket, record, length, reached):  # type: ignore[no-untyped-def]
    seed_node, seed_cost, seed_row, seed_length = seeds
    timed = length.size > 0
    limit, shift = bounds
    mask = bucket.size - 1
    live, count = 0, 0
    for i in range(seed_node.size):
        v, c = seed_node[i], seed_cost[i]
        old = record[v, _COST]
        if c >= old:
            continue
        if old == FAR:
            reached[count] = v
            count += 1
        else:
            _take_out(record, bucket, v, (old >> shift) & mask)
            live -= 1
        record[v, _COST], record[v, _ORIGIN] = c, seed_row[i]
        if timed:
            length[v] = seed_length[i]
        _put_in(record, bucket, v, (c >> shift) & mask)
        live += 1
    place = 0
    while live > 0:
        u = bucket[place]
        if u == _END:
            place = (place + 1) & mask
            continue
        _take_out(record, bucket, u, place)
        record[u, _NEXT] = _OUT
        live -= 1
        base = np.int64(record[u, _COST])
        for k in range(start[u], start[u + 1]):
            c = base + arc[k, 1]
            v = arc[k, 0]
            old = record[v, _COST]
            if c >= old or c > limit:
                continue
            if old == FAR:
                reached[count] = v
                count += 1
            elif record[v, _NEXT] != _OUT:
                _take_out(record, bucket, v, (old >> shift) & mask)
                live -= 1
            record[v, _COST], record[v, _ORIGIN] = c, record[u, _ORIGIN]
            if timed:
                length[v] = length[u] + arc[k, 2]
            _put_in(record, bucket, v, (c >> shift) & mask)
            live += 1
    return count


@njit(cache=True, nogil=True)
def connected(start, arc, seeds, seen):  # type: ignore[no-untyped-def]
    """Mark in ``seen`` (n, bool) every node that the arcs lead to from the seed nodes."""
    stack = np.empty(seen.size, dtype=np.int32)
    top = 0
    for v in seeds:
        if not seen[v]:
            seen[v] = True
            stack[top] = v
            top += 1
    while top > 0:
        top -= 1
        u = stack[top]
        for k in range(start[u], start[u + 1]):
            v = arc[k, 0]
            if not seen[v]:
                seen[v] = True
                stack[top] = v
                top += 1


def search_plain(arcs: Arcs, nodes: Ints, cost: Ints, *, limit: int) -> NDArray[np.float64]:
    """Return the cost of every node by scipy's Dijkstra, infinite beyond: the slow twin.

    One extra node leads to each seed, one unit dearer so that no arc weighs 0; arcs of
    cost 0 cannot be told from missing ones in scipy and must not occur.
    """
    n = len(arcs.start) - 1
    seeds, best = np.unique(nodes), np.full(n, FAR, dtype=np.int64)
    np.minimum.at(best, nodes, cost)
    out = np.repeat(np.arange(n), np.diff(arcs.start))
    rows = np.concatenate([out, np.full(len(seeds), n)])
    columns = np.concatenate([arcs.arc[:, 0].astype(np.int64), seeds])
    values = np.concatenate([arcs.arc[:, 1].astype(np.int64), best[seeds] + 1])
    # Parallel arcs must not be added up: the cheapest of each pair stays.
    order = np.lexsort((values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    keep = np.ones(len(rows), dtype=bool)
    keep[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    matrix = csr_array(
        (values[keep].astype(np.float64), (rows[keep], columns[keep])), shape=(n + 1, n + 1)
    )
    found = dijkstra(matrix, indices=n, limit=float(limit) + 1)[:n] - 1
    return np.asarray(found)
