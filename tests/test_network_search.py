"""Networks: junctions, snapping and cheapest ways, by closed form, by hand and by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GeometryError, ParameterError
from gis.kernels.network import build_graph, main_edges
from gis.kernels.network_costs import Speed, length_costs, time_costs
from gis.kernels.network_reach import Reason, node_costs, opportunities, reach
from gis.kernels.network_search import FAR, Arcs, Search, build_arcs, search_plain
from gis.kernels.network_snap import snap
from tests.graphs import brute, grid, tangle, ways


def test_a_grid_is_cut_at_its_crossings() -> None:
    """By counting: n x n crossings, 2 n (n - 1) street pieces of 100 m, one part."""
    graph = build_graph(grid(7))
    assert (graph.nodes, graph.edges, graph.islands) == (49, 84, 0)
    assert set(graph.length_cm.tolist()) == {10_000}
    assert graph.piece_m.tolist() == [8400.0]


def test_lines_that_cross_without_a_common_vertex_do_not_meet() -> None:
    """By hand: a bridge over a road; what joins them is a key and nothing else."""
    crossing = ways([[(0, 5), (10, 5)], [(5, 0), (5, 10)]])
    assert build_graph(crossing).nodes == 4
    assert build_graph(crossing).islands == 1
    joined = ways([[(0, 5), (5, 5), (10, 5)], [(5, 0), (5, 5), (5, 10)]])
    assert (build_graph(joined).nodes, build_graph(joined).islands) == (5, 0)
    level = replace(joined, key=np.array([0, 1, 2, 3, 4, 5]))
    assert (build_graph(level).nodes, build_graph(level).edges) == (4, 2)


def test_grid_distances_are_manhattan() -> None:
    """By closed form: on a grid the way between crossings is |dx| + |dy|."""
    graph = build_graph(grid(12))
    target = snap(graph, [300.0], [700.0], max_m=1)
    costs = node_costs(graph, target, costs=length_costs(graph), max_cost=np.inf)
    expected = 100 * (np.abs(graph.node_x - 300) + np.abs(graph.node_y - 700))
    assert costs.tolist() == expected.tolist()
    near = node_costs(graph, target, costs=length_costs(graph), max_cost=40_000)
    assert ((near < FAR) == (expected <= 40_000)).all()


def test_the_three_parts_of_a_trip_by_hand() -> None:
    """By hand: 3 m to the road, 40 m along it, 4 m to the stop: 47 m, with both ends on one edge.

    The way round by the edge's ends would be far longer.
    """
    graph = build_graph(ways([[(0, 0), (100, 0)]]))
    origin, stop = snap(graph, [20.0], [3.0], max_m=5), snap(graph, [60.0], [-4.0], max_m=5)
    answer = reach(graph, origin, stop, costs=length_costs(graph), max_cost=4700)
    assert answer.cost.tolist() == [4700]
    assert answer.length_cm.tolist() == [4700]
    assert answer.destination.tolist() == [0]
    short = reach(graph, origin, stop, costs=length_costs(graph), max_cost=4699)
    assert (short.cost.tolist(), short.reason.tolist()) == ([-1], [Reason.BEYOND])


def test_reasons_by_hand() -> None:
    """By hand: reached, too far, on an island, behind a one-way street, without a road."""
    graph = build_graph(
        ways([[(0, 0), (100, 0), (200, 0)], [(0, 500), (100, 500)], [(200, 0), (200, 50)]], "bbr")
    )
    x, y = [10.0, 190.0, 50.0, 200.0, 50.0], [0.0, 0.0, 501.0, 30.0, 200.0]
    origins, stop = snap(graph, x, y, max_m=20), snap(graph, [0.0], [0.0], max_m=20)
    costs = length_costs(graph)
    answer = reach(graph, origins, stop, costs=costs, max_cost=10_000)
    assert [Reason(code).name for code in answer.reason] == [
        "REACHED", "BEYOND", "ISLAND", "BEYOND", "NO_ROAD",
    ]  # fmt: skip
    home = reach(graph, origins, stop, costs=costs, max_cost=50_000, direction="from")
    assert [Reason(code).name for code in home.reason] == [
        "REACHED", "REACHED", "ISLAND", "ONE_WAY", "NO_ROAD",
    ]  # fmt: skip


def test_a_destination_upstream_on_a_one_way_street_is_closed_not_far() -> None:
    """By hand: one street drawn and open west to east, a stop at 50 m, homes at 20 and 80 m."""
    graph = build_graph(ways([[(0, 0), (100, 0)]], "f"))
    homes, stop = snap(graph, [20.0, 80.0], [0.0, 0.0], max_m=5), snap(graph, [50], [0], max_m=5)
    costs = length_costs(graph)
    for max_cm, upstream in ((3000, Reason.REACHED), (2999, Reason.BEYOND)):
        answer = reach(graph, homes, stop, costs=costs, max_cost=max_cm)
        assert answer.reason.tolist() == [upstream, Reason.ONE_WAY]
        home = reach(graph, homes, stop, costs=costs, max_cost=max_cm, direction="from")
        assert home.reason.tolist() == [Reason.ONE_WAY, upstream]


def test_a_one_way_ring_costs_its_length_there_and_back() -> None:
    """By closed form: going to a stop and home from it makes one full turn of the ring."""
    corner = [(0.0, 0.0), (300.0, 0.0), (300.0, 300.0), (0.0, 300.0), (0.0, 0.0)]
    graph = build_graph(ways([corner], "f"))
    stop = snap(graph, [150.0], [0.0], max_m=0)
    x = np.array([10.0, 300.0, 120.0, 0.0, 200.0])
    y = np.array([0.0, 77.0, 300.0, 30.0, 0.0])
    origins, costs = snap(graph, x, y, max_m=0), length_costs(graph)
    to = reach(graph, origins, stop, costs=costs, max_cost=np.inf)
    home = reach(graph, origins, stop, costs=costs, max_cost=np.inf, direction="from")
    assert (to.cost + home.cost).tolist() == [120_000] * 5
    assert to.cost.tolist() == [14_000, 22_300 + 30_000 + 30_000 + 15_000, 57_000, 18_000, 115_000]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("direction", ["to", "from"])
def test_random_networks_against_plain_python(seed: int, direction: str) -> None:
    """By brute force: edges cut at every point, Dijkstra from each origin, to the centimetre."""
    graph = build_graph(tangle(seed))
    rng = np.random.default_rng(seed + 100)
    places = [rng.integers(0, 111, (2, k)).astype(float) for k in (25, 6)]
    origins, targets = (snap(graph, *place, max_m=30) for place in places)
    there = brute(graph, origins, targets)
    if direction == "from":
        back = brute(graph, targets, origins)
        there = [[back[j][i] for j in range(6)] for i in range(25)]
    best = [min((c for c in row if c is not None), default=-1) for row in there]
    answer = reach(
        graph, origins, targets, costs=length_costs(graph), max_cost=np.inf, direction=direction
    )
    assert answer.cost.tolist() == best
    assert max(best) > 0
    hit = answer.cost >= 0
    chosen = [there[i][answer.destination[i]] for i in np.flatnonzero(hit)]
    assert chosen == answer.cost[hit].tolist()
    # Each target is worth 2^k, so the sum tells exactly which were reached.
    for limit in (3000, 9000):
        total = opportunities(
            graph,
            origins,
            targets,
            amounts=2.0 ** np.arange(6),
            costs=length_costs(graph),
            max_cost=limit,
            direction=direction,
        )
        bits = [
            sum(2**j for j, c in enumerate(row) if c is not None and c <= limit) for row in there
        ]
        assert total.tolist() == bits


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.integers(0, 3000))
def test_the_queue_agrees_with_scipy(seed: int, largest: int, limit: int) -> None:
    """By another engine: scipy's Dijkstra on random directed arcs, seeds with costs, limits."""
    rng = np.random.default_rng(seed)
    nodes, count = 60, 200
    tail = np.sort(rng.integers(0, nodes, count))
    arc = np.column_stack(
        [rng.integers(0, nodes, count), rng.integers(1, largest + 1, count), np.zeros(count)]
    ).astype(np.int32)
    start = np.searchsorted(tail, np.arange(nodes + 1))
    arcs = Arcs(start=start, arc=arc, direction="to", largest=largest, timed=False)
    seeds, cost = rng.integers(0, nodes, 4), rng.integers(0, 900, 4)
    search = Search(arcs)
    search.run(np.array([0]), np.array([0]), limit=10)  # leftovers must be cleared
    search.run(seeds, cost, limit=limit)
    found = np.where(search.cost < FAR, search.cost.astype(float), np.inf)
    assert found.tolist() == search_plain(arcs, seeds, cost, limit=limit).tolist()
    assert sorted(search.reached[: search.count]) == np.flatnonzero(np.isfinite(found)).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_snapping_agrees_with_shapely(seed: int) -> None:
    """By another engine: distance to the union of all lines, and the place lies on its edge."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(-1, 1, (60, 4, 2)).cumsum(axis=1) * 200
    lines = [[(float(x), float(y)) for x, y in line] for line in turn]
    graph = build_graph(ways(lines))
    x, y = rng.uniform(-900, 900, (2, 500))
    whole = shapely.multilinestrings([shapely.linestrings(line) for line in lines])
    true = shapely.distance(shapely.points(x, y), whole)
    found = snap(graph, x, y, max_m=150)
    assert (found.found == (true <= 150)).all()
    ok = found.found
    assert found.away_m[ok] == pytest.approx(true[ok], abs=1e-9)
    for i in np.flatnonzero(ok).tolist():
        line = shapely.linestrings(lines[graph.way[found.edge[i]]])
        place = shapely.line_interpolate_point(line, found.along_m[i])
        assert shapely.distance(place, shapely.points(found.x[i], found.y[i])) < 1e-6


def test_the_snap_limit_holds_its_edge_and_loose_parts_come_last() -> None:
    """By hand: exactly 30 m is near; a stump of 5 m is passed over unless nothing else is near."""
    graph = build_graph(ways([[(0, 0), (1000, 0)], [(0, 20), (5, 20)]]))
    assert snap(graph, [500.0], [30.0], max_m=30).edge.tolist() == [0]
    assert snap(graph, [500.0], [30.001], max_m=30).edge.tolist() == [-1]
    main = main_edges(graph, least_share=0.01)
    assert main.tolist() == [True, False]
    assert snap(graph, [0.0], [19.0], max_m=100).edge.tolist() == [1]
    assert snap(graph, [0.0], [19.0], max_m=100, prefer=main).edge.tolist() == [0]
    assert snap(graph, [0.0], [39.0], max_m=25, prefer=main).edge.tolist() == [1]
    with pytest.raises(ParameterError, match="snap limit"):
        snap(graph, [0.0], [0.0], max_m=-1)


def test_a_one_way_street_into_nothing_is_no_main_part() -> None:
    """By hand: only the ring can be ridden round; the street out of it never comes back."""
    ring = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 0.0)]
    graph = build_graph(ways([ring, [(100.0, 100.0), (500.0, 500.0)]], "ff"))
    assert main_edges(graph, least_share=0.01).sum() == 2
    assert (graph.way[~main_edges(graph, least_share=0.01)] == 1).all()


def test_order_and_place_make_no_difference() -> None:
    """By identity: rows shuffled and everything moved 600 km give the same costs."""
    base = tangle(3)
    rng = np.random.default_rng(8)
    x, y = rng.integers(0, 111, (2, 30)).astype(float)
    stops = rng.integers(0, 111, (2, 5)).astype(float)

    def costs(shift: float, order: np.ndarray) -> list[int]:
        moved = replace(base, x=base.x + shift, y=base.y + 11 * shift)
        graph = build_graph(moved)
        origins = snap(graph, x + shift, y + 11 * shift, max_m=40)
        chosen = stops[:, order] + [[shift], [11 * shift]]
        targets = snap(graph, *chosen, max_m=40)
        return reach(
            graph, origins, targets, costs=length_costs(graph), max_cost=8000
        ).cost.tolist()

    expected = costs(0.0, np.arange(5))
    assert costs(0.0, rng.permutation(5)) == expected
    assert costs(600_000.0, np.arange(5)) == expected


def test_more_distance_and_more_speed_never_reach_fewer() -> None:
    """By monotony: who is reached within less is reached within more, and at more speed."""
    graph = build_graph(tangle(11))
    rng = np.random.default_rng(2)
    origins = snap(graph, *rng.uniform(0, 110, (2, 80)), max_m=50)
    stops = snap(graph, *rng.uniform(0, 110, (2, 2)), max_m=50)
    before = np.zeros(80, dtype=bool)
    for limit in range(0, 20_001, 1000):
        now = reach(graph, origins, stops, costs=length_costs(graph), max_cost=limit).within
        assert (now | ~before).all()
        before = now
    assert before.any()
    before = np.zeros(80, dtype=bool)
    for kmh in (2, 3, 4.5, 8, 20):
        costs = time_costs(graph, speed=Speed(kmh))
        now = reach(graph, origins, stops, costs=costs, max_cost=6000).within
        assert (now | ~before).all()
        before = now


def test_time_is_length_by_speed() -> None:
    """By closed form: at 18 km/h, 5 m/s, ten minutes are 3,000 m; legs cost the same."""
    graph = build_graph(ways([[(0, 0), (5000, 0)]]))
    origins = snap(graph, [2990.0, 2990.0, 3000.0], [10.0, 10.1, 0.0], max_m=20)
    stop = snap(graph, [0.0], [0.0], max_m=1)
    costs = time_costs(graph, speed=Speed(18.0))
    answer = reach(graph, origins, stop, costs=costs, max_cost=60_000)
    assert answer.within.tolist() == [True, False, True]
    assert answer.cost[[0, 2]].tolist() == [60_000, 60_000]
    assert answer.length_cm[[0, 2]].tolist() == [300_000, 300_000]
    slow = time_costs(graph, speed=Speed(18.0), leg_kmh=1.8)
    assert reach(graph, origins, stop, costs=slow, max_cost=np.inf).cost[0] == 59_800 + 2_000


def test_lengths_follow_the_cheapest_way_not_the_shortest() -> None:
    """By hand: pushing 100 m at 4 km/h takes 90 s, riding 300 m round at 18 km/h takes 60 s."""
    lines = [[(0, 0), (100, 0)], [(0, 0), (0, 100), (100, 100), (100, 0)]]
    graph = build_graph(ways(lines, pushed=[True, False]))
    origin, stop = snap(graph, [0.0], [0.0], max_m=0), snap(graph, [100.0], [0.0], max_m=0)
    speed = Speed(18.0, least_kmh=4.0)
    answer = reach(graph, origin, stop, costs=time_costs(graph, speed=speed), max_cost=np.inf)
    assert (answer.cost.tolist(), answer.length_cm.tolist()) == ([6000], [30_000])
    metres = reach(graph, origin, stop, costs=length_costs(graph), max_cost=np.inf)
    assert metres.cost.tolist() == [10_000]


def test_what_cannot_be_is_refused() -> None:
    """By rule: no edges, coordinates that are none, limits below 0, no destination near."""
    with pytest.raises(GeometryError, match="no edge"):
        build_graph(ways([[(0, 0), (1, 0)]], "x"))
    with pytest.raises(GeometryError, match="no edge"):
        build_graph(ways([[(3, 3), (3, 3)]]))
    with pytest.raises(GeometryError, match="finite"):
        build_graph(ways([[(0, 0), (np.nan, 0)]]))
    with pytest.raises(GeometryError, match="5000000 m"):
        build_graph(ways([[(0, 0), (6e6, 0)]]))
    graph = build_graph(grid(3))
    here, nowhere = snap(graph, [0.0], [0.0], max_m=1), snap(graph, [0.0], [9e3], max_m=1)
    costs = length_costs(graph)
    with pytest.raises(ParameterError, match="none of 1 destinations"):
        reach(graph, here, nowhere, costs=costs, max_cost=1)
    for bad in (-1.0, np.nan, 2.0**31):
        with pytest.raises(ParameterError, match="limit"):
            reach(graph, here, here, costs=costs, max_cost=bad)
    with pytest.raises(ParameterError, match="speed"):
        Speed(0.0)
    with pytest.raises(ParameterError, match="an edge costs"):
        build_arcs(graph, replace(costs, ahead=costs.ahead * 1e9), direction="to")
