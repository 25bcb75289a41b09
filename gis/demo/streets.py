"""Lay out the street network: main roads, housing streets, farm roads and forest paths.

Nodes stand denser where people live; edges are a spanning tree of the Delaunay
triangulation plus short links, so that the network is connected and planar; streets
are runs of edges that go straight on, and get a name each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay, cKDTree

from gis.demo.grid import COARSE, FINE, MID
from gis.demo.names import MAIN_ROADS, street_names

if TYPE_CHECKING:
    from gis.demo.grid import Bools, Floats, Ints
    from gis.demo.settlement import Settlement
    from gis.demo.terrain import Terrain

# Kinds of edge, from the most important road to the path.
E_ROAD, MAIN, COLLECTOR, STREET, FARM, TRACK, PATH = range(7)
_URBAN, _RURAL, _FOREST, _FIXED = 0, 1, 2, 3


@dataclass(frozen=True)
class Streets:
    """The network: node positions, edges (node pairs), kind, length, street and curve of each.

    street numbers runs of edges; order is an edge's place in its run; curve is (m, 5, 2).
    medium is U (under ground), L (bridge) or empty.
    """

    nodes: Floats
    edges: Ints
    kind: Ints
    length_m: Floats
    street: Ints
    order: Ints
    curve: Floats
    medium: tuple[str, ...]
    names: tuple[str, ...]


def build_streets(rng: np.random.Generator, terrain: Terrain, town: Settlement) -> Streets:
    """Lay out the network on the land."""
    fixed, forced, rank = _main_nodes(town)
    extra, zone = _fill_nodes(rng, terrain, town, fixed=fixed)
    nodes = np.vstack([fixed, extra])
    zone = np.concatenate([np.full(len(fixed), _FIXED), zone])
    edges, kind = _connect(rng, terrain, nodes=nodes, zone=zone, forced=forced, rank=rank)
    nodes, edges, kind = _largest(nodes, edges, kind)
    street, order, turned = _runs(nodes, edges, kind)
    curve = _curves(nodes, turned, street=street, order=order)
    length = np.hypot(*np.diff(curve, axis=1).transpose(2, 0, 1)).sum(axis=1)
    medium = _medium(terrain, curve, kind)
    names = _named(rng, street, kind)
    return Streets(nodes, turned, kind, length, street, order, curve, medium, names)


def _named(rng: np.random.Generator, street: Ints, kind: Ints) -> tuple[str, ...]:
    """Return a name for each street: main roads after where they lead, others from the stock."""
    count = int(street.max()) + 1
    first = np.full(count, PATH)
    np.minimum.at(first, street, kind)
    stock = street_names(count + 200)
    common, rare = stock[: count // 2], stock[count // 2 :]
    rng.shuffle(common)
    mixed = iter([*common, *rare])
    roads = iter(MAIN_ROADS)
    return tuple(
        next(roads, "Bygdeveien") if kind_of <= COLLECTOR else next(mixed)
        for kind_of in first.tolist()
    )


def _main_nodes(town: Settlement) -> tuple[Floats, Ints, Ints]:
    """Return the main roads as nodes, edges and edge kinds, junctions shared."""
    points = np.vstack([chain.line for chain in town.mains])
    unique, at = np.unique(np.round(points, 2), axis=0, return_inverse=True)
    edges, rank, start = [], [], 0
    for chain in town.mains:
        own = at.ravel()[start : start + len(chain.line)]
        edges.append(np.column_stack([own[:-1], own[1:]]))
        rank.append(np.full(len(own) - 1, chain.rank))
        start += len(chain.line)
    pairs = np.vstack(edges)
    return unique, pairs, np.concatenate(rank)


def _lattice(rng: np.random.Generator, spacing_m: float, *, jitter: float) -> Floats:
    x = np.arange(FINE.west, FINE.west + FINE.cols * 10.0, spacing_m)
    y = np.arange(FINE.north - FINE.rows * 10.0, FINE.north, spacing_m * 0.87)
    east, north = np.meshgrid(x, y)
    east[1::2] += spacing_m / 2
    points = np.column_stack([east.ravel(), north.ravel()])
    return np.asarray(points + rng.normal(0, jitter * spacing_m, points.shape))


def _fill_nodes(
    rng: np.random.Generator, terrain: Terrain, town: Settlement, *, fixed: Floats
) -> tuple[Floats, Ints]:
    """Return further nodes and their zone: town, farm country or forest."""
    near = ndimage.distance_transform_edt(~town.built) * MID.size_m
    settled = town.built
    country = ~settled & (near < 2600) & (town.farm | (near < 350))
    hills = ~settled & ~country
    picked, zones, tree = [fixed], [np.full(len(fixed), _FIXED)], cKDTree(fixed)
    for zone, spacing, mask in ((_URBAN, 118.0, settled), (_RURAL, 330.0, country),
                                (_FOREST, 560.0, hills)):  # fmt: skip
        points = _lattice(rng, spacing, jitter=0.17)
        wet = FINE.sample(terrain.sea | (terrain.lake > 0), points[:, 0], points[:, 1])
        keep = MID.sample(mask, points[:, 0], points[:, 1]) & ~wet
        keep &= FINE.sample(terrain.river_m, points[:, 0], points[:, 1]) > 38
        keep &= FINE.sample(terrain.slope, points[:, 0], points[:, 1]) < 0.45
        points = points[keep]
        points = points[tree.query(points)[0] > min(spacing * 0.62, 90.0)]
        picked.append(points)
        zones.append(np.full(len(points), zone))
        tree = cKDTree(np.vstack(picked))
    return np.vstack(picked[1:]), np.concatenate(zones[1:])


def _blocked(terrain: Terrain, nodes: Floats, edges: Ints) -> Bools:
    """Return which straight edges cross the sea, a lake or a main river."""
    river = np.zeros(terrain.sea.shape, dtype=bool)
    river[terrain.river_m < 13.0] = True
    barrier = terrain.sea | (terrain.lake > 0) | river
    t = np.linspace(0, 1, 33)[:, None]
    x = nodes[edges[:, 0], 0] * (1 - t) + nodes[edges[:, 1], 0] * t
    y = nodes[edges[:, 0], 1] * (1 - t) + nodes[edges[:, 1], 1] * t
    return np.asarray(FINE.sample(barrier, x, y).any(axis=0))


def _triangulate(nodes: Floats) -> tuple[Ints, Bools]:
    """Return the Delaunay edges and which of them are Gabriel edges (empty circle)."""
    triangles = Delaunay(nodes).simplices
    edges, sharp = [], []
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        p, q, apex = (nodes[triangles[:, k]] for k in (a, b, c))
        sharp.append(((p - apex) * (q - apex)).sum(axis=1) < 0)
        edges.append(np.sort(triangles[:, [a, b]], axis=1))
    pairs, at = np.unique(np.vstack(edges).astype(np.int64), axis=0, return_inverse=True)
    blunt = np.bincount(at.ravel(), weights=np.concatenate(sharp)) > 0
    return pairs, ~blunt


def _connect(
    rng: np.random.Generator,
    terrain: Terrain,
    *,
    nodes: Floats,
    zone: Ints,
    forced: Ints,
    rank: Ints,
) -> tuple[Ints, Ints]:
    """Return edges and kinds: main roads, a spanning tree, and links that close blocks."""
    pairs, gabriel = _triangulate(nodes)
    forced = np.sort(forced, axis=1)
    key = pairs[:, 0] * len(nodes) + pairs[:, 1]
    main_key = forced[:, 0] * len(nodes) + forced[:, 1]
    length = np.hypot(*(nodes[pairs[:, 0]] - nodes[pairs[:, 1]]).T)
    fits = ~np.isin(key, main_key) & ~_blocked(terrain, nodes, pairs) & (length < 1500)
    pairs, gabriel, length = pairs[fits], gabriel[fits], length[fits]
    worst = zone[pairs].max(axis=1, initial=0, where=zone[pairs] != _FIXED)
    both_main = (zone[pairs] == _FIXED).all(axis=1)
    weight = length * np.choose(worst, [1.0, 1.6, 2.5]) * np.where(both_main, 3.0, 1.0)
    graph = sparse.coo_array(
        (
            np.concatenate([weight, np.full(len(forced), 0.01)]),
            (
                np.concatenate([pairs[:, 0], forced[:, 0]]),
                np.concatenate([pairs[:, 1], forced[:, 1]]),
            ),
        ),
        shape=(len(nodes), len(nodes)),
    )
    tree = csgraph.minimum_spanning_tree(graph.tocsr()).tocoo()
    tree_key = np.minimum(tree.row, tree.col).astype(np.int64) * len(nodes) + np.maximum(
        tree.row, tree.col
    )
    luck = rng.random(len(pairs)) < np.choose(worst, [0.62, 0.16, 0.2])
    keep = np.isin(pairs[:, 0] * len(nodes) + pairs[:, 1], tree_key)
    keep |= luck & gabriel & ~both_main & (length < np.choose(worst, [190.0, 520.0, 900.0]))
    pairs, worst = pairs[keep], worst[keep]
    kind = np.choose(worst, [STREET, FARM, PATH])
    kind = np.where((kind == PATH) & (rng.random(len(kind)) < 0.22), TRACK, kind)
    return np.vstack([forced, pairs]), np.concatenate([rank, kind])


def _largest(nodes: Floats, edges: Ints, kind: Ints) -> tuple[Floats, Ints, Ints]:
    """Return the largest connected part, nodes renumbered."""
    graph = sparse.coo_array((np.ones(len(edges)), edges.T), shape=(len(nodes), len(nodes)))
    _, part = csgraph.connected_components(graph, directed=False)
    keep = part == np.bincount(part).argmax()
    number = np.cumsum(keep) - 1
    inside = keep[edges].all(axis=1)
    return nodes[keep], number[edges[inside]], kind[inside]


def _runs(nodes: Floats, edges: Ints, kind: Ints) -> tuple[Ints, Ints, Ints]:
    """Return for each edge its street, its place along it, and the edge turned that way."""
    at: list[list[int]] = [[] for _ in range(len(nodes))]
    for number, (a, b) in enumerate(edges.tolist()):
        at[a].append(number)
        at[b].append(number)
    onward: dict[tuple[int, int], int] = {}
    for node, here in enumerate(at):
        free = set(here)
        for _, one, two in sorted(_turns(nodes, edges, node=node, here=here, kind=kind)):
            if one in free and two in free:
                free -= {one, two}
                onward[one, node], onward[two, node] = two, one
    return _follow(edges, kind, onward)


def _follow(edges: Ints, kind: Ints, onward: dict[tuple[int, int], int]) -> tuple[Ints, Ints, Ints]:
    """Return street, place and turned edge; ``onward`` leads from edge and node to the next."""
    street = np.full(len(edges), -1)
    order = np.zeros(len(edges), dtype=np.int64)
    turned = edges.copy()
    count = 0
    pairs: list[list[int]] = edges.tolist()
    ends = [(e, n) for e, pair in enumerate(pairs) for n in pair if (e, n) not in onward]
    for edge, node in [*ends, *[(e, pair[0]) for e, pair in enumerate(pairs)]]:
        if street[edge] >= 0:
            continue
        place, here, step = 0, edge, node
        while street[here] < 0:
            a, b = pairs[here]
            far = b if step == a else a
            street[here], order[here], turned[here] = count, place, (step, far)
            place, step = place + 1, far
            if place >= 14 and kind[here] >= STREET:
                break
            here = onward.get((here, far), here)
        count += 1
    return street, order, turned


def _turns(
    nodes: Floats, edges: Ints, *, node: int, here: list[int], kind: Ints
) -> list[tuple[float, int, int]]:
    """Return pairs of edges at a node that go straight on, with how far they turn."""
    result = []
    arms = []
    for edge in here:
        a, b = edges[edge]
        away = nodes[b if a == node else a] - nodes[node]
        arms.append((edge, away / np.hypot(*away)))
    for i, (one, u) in enumerate(arms):
        for two, v in arms[i + 1 :]:
            turn = float(u @ v)
            if turn < -0.62 and kind[one] == kind[two]:
                result.append((turn, one, two))
    return result


def _curves(nodes: Floats, edges: Ints, *, street: Ints, order: Ints) -> Floats:
    """Return each edge as five points of a cubic that is smooth along its street."""
    rank = np.lexsort((order, street))
    before = np.full(len(edges), -1)
    after = np.full(len(edges), -1)
    same = street[rank[1:]] == street[rank[:-1]]
    before[rank[1:][same]] = edges[rank[:-1][same], 0]
    after[rank[:-1][same]] = edges[rank[1:][same], 1]
    p1, p2 = nodes[edges[:, 0]], nodes[edges[:, 1]]
    p0 = np.where(before[:, None] >= 0, nodes[before], 2 * p1 - p2)
    p3 = np.where(after[:, None] >= 0, nodes[after], 2 * p2 - p1)
    reach = np.hypot(*(p2 - p1).T)[:, None]
    m1, m2 = (_unit(p2 - p0) * reach * 0.9, _unit(p3 - p1) * reach * 0.9)
    t = np.linspace(0, 1, 5)[None, :, None]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * p1[:, None]
        + (t**3 - 2 * t**2 + t) * m1[:, None]
        + (3 * t**2 - 2 * t**3) * p2[:, None]
        + (t**3 - t**2) * m2[:, None]
    )
    return np.asarray(np.round(curve, 2))


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.maximum(np.hypot(*vector.T), 1e-9)[:, None])


def _medium(terrain: Terrain, curve: Floats, kind: Ints) -> tuple[str, ...]:
    """Return L where a road crosses water, U where the E road runs through a hill, else empty."""
    middle = curve[:, 1:4].reshape(-1, 2)
    wet = terrain.sea | (terrain.lake > 0) | (terrain.river_m < 13.0)
    over = FINE.sample(wet, middle[:, 0], middle[:, 1]).reshape(-1, 3).any(axis=1)
    height = FINE.sample(terrain.height, curve[:, 2, 0], curve[:, 2, 1])
    around = ndimage.minimum_filter(ndimage.gaussian_filter(terrain.height[::5, ::5], 2.0), size=17)
    cut = height - COARSE.sample(around, curve[:, 2, 0], curve[:, 2, 1])
    roads = kind == E_ROAD
    limit = max(float(np.quantile(cut[roads], 0.93)), 12.0)
    deep = roads & (cut >= limit) & ~over
    result: list[Any] = np.where(over, "L", np.where(deep, "U", "")).tolist()
    return tuple(result)
