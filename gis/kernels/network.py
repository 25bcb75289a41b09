"""Build the graph of a walking or cycling network from polylines whose vertices have names.

Two polylines meet only where they share a vertex *key*: the node id of OpenStreetMap,
or the place and level that a reader of line files has settled. Crossing without a
shared key (a bridge over a road) joins nothing. Coordinates are metres in one plane;
edge lengths are integer centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import GeometryError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# Costs are kept in 32 bits in the search; no edge may come near that.
LONGEST_M = 5_000_000.0


@dataclass(frozen=True)
class Ways:
    """Polylines before they are cut at their junctions.

    ``x``, ``y``, ``key``: vertices of all ways one after another (v,), metres and
    int64 names of places. ``start``: (w + 1,) where each way begins. ``forward``,
    ``backward``: (w,) whether the mode may go along the way as drawn, and against it.
    ``deck``: (w,) whether it is a bridge or a tunnel, off the ground. ``pushed``: (w,)
    whether a bicycle is pushed there. ``source``: (w,) the row or id in the file.
    """

    x: Floats
    y: Floats
    key: Ints
    start: Ints
    forward: Bools
    backward: Bools
    deck: Bools
    pushed: Bools
    source: Ints

    @property
    def count(self) -> int:
        """How many ways there are."""
        return len(self.source)


@dataclass(frozen=True)
class Graph:
    """A network cut at its junctions.

    Nodes (n,): ``node_x``, ``node_y`` metres; ``component`` numbers the connected
    pieces from 0, the longest first, directions aside. Edges (m,): ``tail`` and
    ``head`` nodes as drawn, ``first`` and ``last`` vertex (inclusive), ``length_m``,
    ``length_cm`` (rounded), ``forward``, ``backward``, ``deck``, ``pushed``, ``way``
    (row of Ways). Vertices (v,): ``x``, ``y`` and ``measure``, metres along all ways together.
    ``piece_m``: (components,) length of each connected piece.
    """

    node_x: Floats
    node_y: Floats
    component: Ints
    tail: Ints
    head: Ints
    first: Ints
    last: Ints
    length_m: Floats
    length_cm: Ints
    forward: Bools
    backward: Bools
    deck: Bools
    pushed: Bools
    way: Ints
    x: Floats
    y: Floats
    measure: Floats
    piece_m: Floats

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.node_x)

    @property
    def edges(self) -> int:
        """The number of edges."""
        return len(self.tail)

    @property
    def islands(self) -> int:
        """The number of connected pieces beside the longest one."""
        return max(len(self.piece_m) - 1, 0)


def build_graph(ways: Ways) -> Graph:
    """Cut ways at every key that occurs twice and at their ends, and number the nodes.

    Ways closed to the mode both ways are left out, and so are ways of one vertex.
    Raises GeometryError where coordinates are not finite or an edge is longer than
    5,000 km, and where nothing usable remains.
    """
    ways = usable(ways)
    if not ways.count:
        message = "the network has no edge that the mode may use"
        raise GeometryError(message)
    bad = ~(np.isfinite(ways.x) & np.isfinite(ways.y))
    if bad.any():
        i = int(np.argmax(bad))
        message = f"network vertex {i} at ({ways.x[i]}, {ways.y[i]}): finite coordinates are needed"
        raise GeometryError(message)
    way_of = np.repeat(np.arange(ways.count), np.diff(ways.start))
    place, place_of = np.unique(ways.key, return_inverse=True)
    is_node = np.bincount(place_of, minlength=len(place)) >= 2
    is_node[place_of[ways.start[:-1]]] = True
    is_node[place_of[ways.start[1:] - 1]] = True
    cuts = np.flatnonzero(is_node[place_of])
    same = way_of[cuts[:-1]] == way_of[cuts[1:]]
    first, last = cuts[:-1][same], cuts[1:][same]
    name = np.cumsum(is_node) - 1
    tail, head = name[place_of[first]], name[place_of[last]]
    nodes = int(is_node.sum())
    measure = _measure(ways)
    length = measure[last] - measure[first]
    if length.max() > LONGEST_M:
        message = f"an edge of {length.max():.0f} m; allowed: at most {LONGEST_M:.0f} m"
        raise GeometryError(message)
    component, piece_m = _components(tail, head, length, nodes=nodes)
    at = np.zeros(nodes, dtype=np.int64)
    at[name[place_of[cuts]]] = cuts
    of = way_of[first]
    return Graph(
        node_x=ways.x[at],
        node_y=ways.y[at],
        component=component,
        tail=tail,
        head=head,
        first=first,
        last=last,
        length_m=length,
        length_cm=np.rint(length * 100).astype(np.int64),
        forward=ways.forward[of],
        backward=ways.backward[of],
        deck=ways.deck[of],
        pushed=ways.pushed[of],
        way=of,
        x=ways.x,
        y=ways.y,
        measure=measure,
        piece_m=piece_m,
    )


def usable(ways: Ways) -> Ways:
    """Return the ways that are open one way or both and have two vertices of different keys.

    A vertex that repeats the key before it in the same way is dropped.
    """
    sizes = np.diff(ways.start)
    way_of = np.repeat(np.arange(ways.count), sizes)
    again = np.zeros(len(ways.key), dtype=bool)
    again[1:] = (ways.key[1:] == ways.key[:-1]) & (way_of[1:] == way_of[:-1])
    left = np.bincount(way_of[~again], minlength=ways.count)
    take = (ways.forward | ways.backward) & (left >= 2)
    keep = take[way_of] & ~again
    return Ways(
        x=ways.x[keep],
        y=ways.y[keep],
        key=ways.key[keep],
        start=np.concatenate([[0], np.cumsum(left[take])]).astype(np.int64),
        forward=ways.forward[take],
        backward=ways.backward[take],
        deck=ways.deck[take],
        pushed=ways.pushed[take],
        source=ways.source[take],
    )


def main_edges(graph: Graph, *, least_share: float) -> Bools:
    """Tell which edges lie in a part of the network that is no splinter (m,).

    A part is a set of nodes that can all reach each other in the permitted
    directions; it is no splinter when its edges make up at least ``least_share`` (0-1)
    of the network's length, and the longest part never is. An edge between two parts
    belongs to none. Raises ParameterError for a share outside 0 to 1.
    """
    if not 0 <= least_share <= 1:
        message = f"least share of the network {least_share}; allowed: 0 to 1"
        raise ParameterError(message)
    f, b = graph.forward, graph.backward
    rows = np.concatenate([graph.tail[f], graph.head[b]])
    columns = np.concatenate([graph.head[f], graph.tail[b]])
    size = (graph.nodes, graph.nodes)
    link = coo_array((np.ones(len(rows)), (rows, columns)), shape=size)
    parts, label = connected_components(link, directed=True, connection="strong")
    inside = label[graph.tail] == label[graph.head]
    # A one-way street that leads into nothing is a node's own part with a loop at most.
    total = np.bincount(label[graph.tail[inside]], graph.length_m[inside], minlength=parts)
    large = total >= least_share * graph.length_m.sum()
    large[np.argmax(total)] = True
    main: Bools = inside & large[label[graph.tail]]
    return main


def _measure(ways: Ways) -> Floats:
    """Return metres along all ways together; the step from one way to the next is 0."""
    step = np.hypot(np.diff(ways.x), np.diff(ways.y))
    step[ways.start[1:-1] - 1] = 0.0
    return np.concatenate([[0.0], np.cumsum(step)])


def _components(tail: Ints, head: Ints, length: Floats, *, nodes: int) -> tuple[Ints, Floats]:
    """Give the connected pieces numbers by falling length; ties go to the lower node."""
    link = coo_array((np.ones(len(tail)), (tail, head)), shape=(nodes, nodes))
    found, label = connected_components(link, directed=False)
    total = np.bincount(label[tail], weights=length, minlength=found)
    order = np.argsort(-total, kind="stable")
    rank = np.empty(found, dtype=np.int64)
    rank[order] = np.arange(found)
    return rank[label], total[order]
