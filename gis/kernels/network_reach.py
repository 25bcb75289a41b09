"""Tell for each origin what the nearest destination costs by a network, or why there is none.

A trip is three parts: a straight access leg from the origin to the nearest place on an
edge, the way along the network (both ends of both edges offered, one-way rules kept), and
a straight access leg at the destination. All three are priced; limits are ``<=``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.errors import ParameterError
from gis.kernels._trips import AT_NODE_M, collect_kernel, direct_kernel, seed_kernel
from gis.kernels.network_search import (
    FAR,
    LARGEST,
    Arcs,
    Direction,
    Search,
    build_arcs,
    connected,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gis.kernels.network import Graph
    from gis.kernels.network_costs import Costs
    from gis.kernels.network_snap import Snapped

    Ints = NDArray[np.int64]


class Reason(enum.IntEnum):
    """What became of an origin."""

    REACHED = 0
    BEYOND = 1  # there is a way, but it costs more than the limit
    ISLAND = 2  # its part of the network holds no destination
    ONE_WAY = 3  # connected, but every way is closed in the direction of travel
    NO_ROAD = 4  # no edge within the snap limit


@dataclass(frozen=True)
class Reached:
    """The answer for each origin (k,).

    ``cost``: int64 in the unit of the costs (cm or cs), access legs included, -1
    where not reached. ``reason``: int8 codes of Reason. ``destination``: row of the
    destination reached, -1; of equally near ones the same for the same input.
    ``length_cm``: int64 centimetres of that trip, legs included, -1.
    """

    cost: Ints
    length_cm: Ints
    reason: NDArray[np.int8]
    destination: Ints

    @property
    def within(self) -> NDArray[np.bool_]:
        """Which origins reach a destination within the limit."""
        within: NDArray[np.bool_] = self.reason == Reason.REACHED
        return within


def reach(
    graph: Graph,
    origins: Snapped,
    destinations: Snapped,
    *,
    costs: Costs,
    max_cost: float,
    direction: Direction = "to",
) -> Reached:
    """Return the cost of the cheapest trip between each origin and any destination.

    ``origins``, ``destinations``: from ``snap`` on the same graph. ``max_cost``: in the
    unit of ``costs``, whole trips, ``<=``; may be infinite. ``direction`` "to": from the
    origins to the destinations; "from": home from them. Raises ParameterError where
    no destination is on the network or the limit is below 0 or too large.
    """
    limit = whole_limit(max_cost)
    arcs = build_arcs(graph, costs, direction=direction)
    seeds = _seeds(graph, destinations, costs, direction)
    if not destinations.found.any():
        message = f"none of {len(destinations)} destinations lies near the network"
        raise ParameterError(message)
    search = Search(arcs)
    search.run(seeds.node, seeds.cost, limit=limit, length=seeds.length)
    cost, best, length = _collect(
        _view(graph, costs), _points(origins), _points(destinations), search, direction
    )
    cost[cost > limit] = FAR
    reason = np.where(cost < FAR, Reason.REACHED, Reason.BEYOND).astype(np.int8)
    reason[~origins.found] = Reason.NO_ROAD
    _explain(graph, costs, origins, destinations, arcs=arcs, seeds=seeds.node, reason=reason)
    row = np.where(best >= 0, best, seeds.row[np.maximum(-best - 2, 0)])
    hit = cost < FAR
    return Reached(
        cost=np.where(hit, cost, -1),
        length_cm=np.where(hit, length if arcs.timed else cost, -1),
        reason=reason,
        destination=np.where(hit, row, -1),
    )


def node_costs(
    graph: Graph,
    destinations: Snapped,
    *,
    costs: Costs,
    max_cost: float,
    direction: Direction = "to",
) -> NDArray[np.int32]:
    """Return the cost between each node (n,) and its cheapest destination, FAR beyond."""
    seeds = _seeds(graph, destinations, costs, direction)
    search = Search(build_arcs(graph, costs, direction=direction))
    search.run(seeds.node, seeds.cost, limit=whole_limit(max_cost))
    return search.cost.copy()


def opportunities(
    graph: Graph,
    origins: Snapped,
    destinations: Snapped,
    *,
    amounts: ArrayLike,
    costs: Costs,
    max_cost: float,
    direction: Direction = "to",
) -> NDArray[np.float64]:
    """Return for each origin the sum of the amounts of all destinations it can reach.

    ``amounts``: (d,) jobs, places or whatever; one search a destination, in the same
    arrays. Limits and legs as in ``reach``.
    """
    limit = whole_limit(max_cost)
    worth = np.asarray(amounts, dtype=np.float64)
    total = np.zeros(len(origins))
    search = Search(build_arcs(graph, costs, direction=direction))
    view, points = _view(graph, costs), _points(origins)
    for i in np.flatnonzero(destinations.found).tolist():
        one = _one(destinations, i)
        seeds = _seeds(graph, one, costs, direction)
        search.run(seeds.node, seeds.cost, limit=limit)
        cost = _collect(view, points, _points(one), search, direction)[0]
        total[cost <= limit] += worth[i]
    return total


@dataclass(frozen=True)
class _Seeds:
    node: Ints
    cost: Ints
    row: Ints
    length: Ints


def whole_limit(max_cost: float) -> int:
    """Return a limit in whole units. Raises ParameterError."""
    if not max_cost >= 0:
        message = f"limit {max_cost}; allowed: 0 or more"
        raise ParameterError(message)
    if np.isinf(max_cost):
        return LARGEST - 1
    if max_cost >= LARGEST:
        message = f"limit {max_cost}; allowed: below {LARGEST} units, or infinite"
        raise ParameterError(message)
    # A whole number of units is within 1e-6 of itself, whatever it was divided from.
    return int(np.floor(max_cost + 1e-6))


def _one(points: Snapped, i: int) -> Any:
    return type(points)(
        edge=points.edge[i : i + 1],
        along_m=points.along_m[i : i + 1],
        away_m=points.away_m[i : i + 1],
        x=points.x[i : i + 1],
        y=points.y[i : i + 1],
    )


def _view(graph: Graph, costs: Costs) -> tuple[Any, ...]:
    """Return what the kernels need of a graph and its costs."""
    edges = graph.tail, graph.head, graph.length_m, graph.forward, graph.backward
    return (*edges, costs.begin, costs.ahead, costs.back, costs.leg)


def _points(points: Snapped) -> tuple[Any, ...]:
    """Return points as arrays, with the rows sorted by edge for look-up."""
    order = np.argsort(points.edge, kind="stable")
    return points.edge, points.along_m, points.away_m, order, points.edge[order]


def _seeds(graph: Graph, points: Snapped, costs: Costs, direction: Direction) -> _Seeds:
    """Return the nodes at both ends of each destination's edge with what they cost."""
    node = np.empty(2 * len(points), dtype=np.int64)
    cost = np.empty(2 * len(points), dtype=np.int64)
    length = np.empty(2 * len(points), dtype=np.int64)
    seed_kernel(_view(graph, costs), _points(points), direction == "to", node, cost, length)
    row = np.repeat(np.arange(len(points)), 2)
    open_way = cost < FAR
    return _Seeds(node[open_way], cost[open_way], row[open_way], length[open_way])


def _collect(
    view: tuple[Any, ...],
    origins: tuple[Any, ...],
    destinations: tuple[Any, ...],
    search: Search,
    direction: Direction,
) -> tuple[Ints, Ints, Ints]:
    """Return each origin's cost, its destination (a row, -2 - seed, or -1), and length."""
    cost = np.full(len(origins[0]), FAR, dtype=np.int64)
    best = np.full(len(origins[0]), -1, dtype=np.int64)
    length = np.full(len(origins[0]), -1, dtype=np.int64)
    state = search.record, search.length
    out = cost, best, length
    collect_kernel(view, origins, destinations, state, direction == "to", out)
    return out


def _explain(
    graph: Graph,
    costs: Costs,
    origins: Snapped,
    destinations: Snapped,
    *,
    arcs: Arcs,
    seeds: Ints,
    reason: NDArray[np.int8],
) -> None:
    """Tell islands and closed ways apart from what is merely too far."""
    rest = np.flatnonzero(reason == Reason.BEYOND)
    if not len(rest):
        return
    there = np.zeros(len(graph.node_x), dtype=bool)
    there[graph.component[graph.tail[destinations.edge[destinations.found]]]] = True
    edge = origins.edge[rest]
    island = ~there[graph.component[graph.tail[edge]]]
    seen = np.zeros(graph.nodes, dtype=bool)
    connected(arcs.start, arcs.arc, seeds, seen)
    to = arcs.direction == "to"
    at_tail = origins.along_m[rest] <= AT_NODE_M
    at_head = graph.length_m[edge] - origins.along_m[rest] <= AT_NODE_M
    by_head = seen[graph.head[edge]] & ((graph.forward if to else graph.backward)[edge] | at_head)
    by_tail = seen[graph.tail[edge]] & ((graph.backward if to else graph.forward)[edge] | at_tail)
    shut = np.flatnonzero(~(by_head | by_tail))
    # A destination on the same edge needs no end of it, but must lie the way that is open.
    direct = np.zeros(len(shut), dtype=bool)
    mine = edge[shut], origins.along_m[rest[shut]]
    direct_kernel(_view(graph, costs), mine, _points(destinations), to, direct)
    closed = shut[~direct]
    reason[rest[closed]] = Reason.ONE_WAY
    reason[rest[island]] = Reason.ISLAND
