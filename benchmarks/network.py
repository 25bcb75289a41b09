"""Time the network search against scipy, and the way from an OpenStreetMap file to a graph.

Run with ``python benchmarks/network.py [EXTRACT.osm.pbf ...] [--peers PYTHON]``. Answers are
compared before times. The 5-million-node network is a grid with a third of its streets taken
away and random lengths, the destinations 60 thousand random nodes, the limit 1,000 m.
Smaller networks are held against networkx too, and, with ``--peers``, an interpreter that
has them (``make bench-peers``: .venv-bench/bin/python), against pandana (building
included) and osmnx (which reads OSM's XML alone).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmium
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


def peer(python: str, name: str, given: Path, out: Path) -> tuple[dict[str, float], Any]:
    """Let a peer library answer in its own interpreter; return its times and its answer."""
    script = Path(__file__).with_name("network_peers.py")
    command = [python, str(script), name, str(given), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{name}: {done.stderr.strip().splitlines()[-1]}"
        raise SystemExit(message)
    return json.loads(done.stdout.splitlines()[-1]), np.load(out)


def small_peers(graph: Graph, seeds: np.ndarray, own: np.ndarray, python: str | None) -> None:
    """Hold a small network's answer and time against networkx, and pandana where it is.

    Own time is taken from the graph on: arcs, search and all.
    """
    edges = np.flatnonzero(graph.forward)
    table = zip(graph.tail[edges].tolist(), graph.head[edges].tolist(),
                graph.length_cm[edges].tolist(), strict=True)  # fmt: skip
    network = nx.Graph()
    network.add_nodes_from(range(graph.nodes))
    network.add_weighted_edges_from(table)
    best, theirs = np.inf, np.inf
    zero = np.zeros(len(seeds), dtype=np.int64)
    costs = length_costs(graph)
    for _ in range(ROUNDS):
        start = time.process_time()
        search = Search(build_arcs(graph, costs, direction="to"))
        search.run(seeds, zero, limit=LIMIT_CM)
        best = min(best, time.process_time() - start)
        start = time.process_time()
        found = nx.multi_source_dijkstra_path_length(network, set(seeds.tolist()), LIMIT_CM)
        theirs = min(theirs, time.process_time() - start)
    answer = np.full(graph.nodes, np.inf)
    answer[list(found)] = list(found.values())
    assert np.array_equal(own, answer), "networkx answers otherwise"
    print(f"  arcs and search            {best:7.3f} s CPU")
    print(f"  networkx multi_source      {theirs:7.3f} s CPU: {theirs / best:.1f} x (its graph "
          "ready)")  # fmt: skip
    if python is None:
        print("  pandana: not run (--peers PYTHON)")
        return
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given.npz", Path(folder) / "out.npz"
        np.savez(given, x=graph.node_x, y=graph.node_y, tail=graph.tail[edges],
                 head=graph.head[edges], length_cm=graph.length_cm[edges], targets=seeds,
                 limit_cm=LIMIT_CM)  # fmt: skip
        told, answer = peer(python, "pandana", given, out)
    within = np.isfinite(own)
    away = np.abs(answer["cost_m"][within] * 100 - own[within])
    assert np.array_equal(within, np.isfinite(answer["cost_m"])), "pandana reaches otherwise"
    assert away.max() < 2, "pandana answers otherwise"
    print(f"  pandana, building included {told['cpu']:7.3f} s CPU {told['wall']:7.3f} s wall: "
          f"{told['cpu'] / best:.0f} x")  # fmt: skip


def compare(side: int, targets: int, python: str | None = None) -> None:
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
    if graph.nodes < 100_000:
        small_peers(graph, seeds, own, python)
    points = rng.uniform(0, side * 100.0, (2, 1_000_000))
    snap(graph, points[0][:10], points[1][:10], max_m=250)
    start = clock()
    found = snap(graph, *points, max_m=250)
    print(f"  1,000,000 points snapped   {since(start)} ({found.found.sum():,} found)")


def extract(path: Path, python: str | None) -> None:
    """Time an extract from file to graph, the best of three, beside osmnx where it is."""
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
    if python is None:
        print(f"{path.name} osmnx: not run (--peers PYTHON)")
        return
    with tempfile.TemporaryDirectory() as folder:
        xml, out = Path(folder) / "extract.osm", Path(folder) / "out.npz"
        with osmium.SimpleWriter(str(xml)) as writer:
            for thing in osmium.FileProcessor(str(path)):
                writer.add(thing)
        try:
            told, answer = peer(python, "osmnx", xml, out)
        except SystemExit as reason:  # an extract that was cut is refused by it
            print(f"{path.name} not read by {reason}")
            return
    print(
        f"{path.name} osmnx: {int(answer['nodes']):,} nodes, {int(answer['edges']):,} edges, "
        f"{told['wall']:.2f} s, {megabytes / told['wall']:.2f} MB/s of the .pbf (read as "
        "XML, unfolding not counted)"
    )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="time networks against peers")
    parser.add_argument("extracts", nargs="*", type=Path)
    parser.add_argument("--peers", help="a Python that has pandana and osmnx")
    asked = parser.parse_args()
    for path in asked.extracts:
        extract(path, asked.peers)
    compare(224, 600, asked.peers)
    compare(2236, 60_000)


if __name__ == "__main__":
    main()
