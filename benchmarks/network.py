"""Time the network search against scipy, and the way from an OpenStreetMap file to a graph.

Run with ``python benchmarks/network.py [EXTRACT.osm.pbf ...]``. Answers are compared before
times. The 5-million-node network is a grid with a third of its streets taken away
and random lengths, the destinations 60 thousand random nodes, the limit 1,000 m.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from pyproj import CRS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.kernels.network import Graph, Ways, build_graph
from gis.kernels.network_costs import length_costs
from gis.kernels.network_search import FAR, Search, build_arcs
from gis.kernels.network_snap import snap
from gis.sources.osm import read_osm

LIMIT_CM = 100_000
ROUNDS = 3


def clock() -> tuple[float, float]:
    """Return CPU and wall time now."""
    return time.process_time(), time.perf_counter()


def since(start: tuple[float, float]) -> str:
    """Write CPU and wall time since then."""
    cpu, wall = clock()
    return f"{cpu - start[0]:7.3f} s CPU {wall - start[1]:7.3f} s wall"


def streets(side: int) -> Ways:
    """Draw a grid of side x side crossings, every street piece a way of its own."""
    node = np.arange(side * side).reshape(side, side)
    across = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    along = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    key = np.concatenate([across, along]).ravel()
    count = len(key) // 2
    both, none = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
    return Ways(
        x=(key % side) * 100.0,
        y=(key // side) * 100.0,
        key=key.astype(np.int64),
        start=np.arange(0, 2 * count + 1, 2, dtype=np.int64),
        forward=both,
        backward=both,
        deck=none,
        pushed=none,
        source=np.arange(count),
    )


def thinned(graph: Graph, seed: int) -> Graph:
    """Take a third of the streets away and draw random lengths."""
    rng = np.random.default_rng(seed)
    length = rng.integers(2_000, 20_000, graph.edges)
    keep = rng.random(graph.edges) < 0.66
    return replace(graph, length_cm=length, length_m=length / 100, forward=keep, backward=keep)


def compare(side: int, targets: int) -> None:
    """Search a grid by both engines, compare, and time them."""
    print(f"\n{side * side:,} nodes, {targets:,} destinations, {LIMIT_CM / 100:,.0f} m")
    start = clock()
    graph = thinned(build_graph(streets(side)), seed=1)
    print(f"  graph of {graph.edges:,} edges     {since(start)}")
    start = clock()
    arcs = build_arcs(graph, length_costs(graph), direction="to")
    print(f"  {len(arcs.arc):,} arcs            {since(start)}")
    rng = np.random.default_rng(2)
    seeds = rng.choice(graph.nodes, targets, replace=False)
    zero = np.zeros(targets, dtype=np.int64)
    search = Search(arcs)
    search.run(seeds[:1], zero[:1], limit=100)
    size = (graph.nodes, graph.nodes)
    cost = arcs.arc[:, 1].astype(np.float64)
    matrix = csr_array((cost, arcs.arc[:, 0], arcs.start.astype(np.int32)), shape=size)
    for _ in range(ROUNDS):
        start = clock()
        search.run(seeds, zero, limit=LIMIT_CM)
        print(f"  bucket queue               {since(start)}")
        start = clock()
        peer = dijkstra(matrix, indices=seeds, min_only=True, limit=LIMIT_CM)
        print(f"  scipy dijkstra(min_only)   {since(start)}")
        own = np.where(search.cost < FAR, search.cost.astype(float), np.inf)
        assert np.array_equal(own, peer), "the two answers differ"
    print(f"  equal on all nodes; {search.count:,} reached")
    points = rng.uniform(0, side * 100.0, (2, 1_000_000))
    snap(graph, points[0][:10], points[1][:10], max_m=250)
    start = clock()
    found = snap(graph, *points, max_m=250)
    print(f"  1,000,000 points snapped   {since(start)} ({found.found.sum():,} found)")


def extract(path: Path) -> None:
    """Time an extract from file to graph, the best of three."""
    crs = CRS.from_epsg(3857)  # any metric plane does for timing
    megabytes = path.stat().st_size / 1e6
    for mode in ("walk", "cycle"):
        best = np.inf
        for _ in range(ROUNDS):
            start = time.perf_counter()
            graph = build_graph(read_osm(path, mode=mode, crs=crs).ways)
            best = min(best, time.perf_counter() - start)
        rate = megabytes / best
        print(
            f"{path.name} {mode}: {megabytes:.2f} MB, {graph.nodes:,} nodes, {graph.edges:,} "
            f"edges, {best:.2f} s, {rate:.1f} MB/s"
        )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        extract(Path(name))
    compare(224, 600)
    compare(2236, 60_000)
