"""Plan the public transport of the invented municipality: lines, stops and headways.

Rail along the coast, a metro branch inland, and bus lines that follow the streets
from where people live to the stations.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from gis.demo.grid import COARSE
from gis.demo.stops import Line, Stop, StopPlacer, heading, running_time
from gis.demo.streets import MAIN, TRACK

if TYPE_CHECKING:
    from gis.demo.grid import Floats, Ints
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets

TRUNKS = 6


@dataclass(frozen=True)
class Plan:
    """All stops and lines."""

    stops: tuple[Stop, ...]
    lines: tuple[Line, ...]


def build_plan(
    rng: np.random.Generator, town: Settlement, streets: Streets, *, people: People
) -> Plan:
    """Plan stops and lines for the network and the people."""
    stops: list[Stop] = []
    lines = [*_rail(town, stops), *_metro(town, stops)]
    lines += _buses(rng, town, streets, people=people, stops=stops)
    return Plan(tuple(stops), tuple(lines))


def _rail(town: Settlement, stops: list[Stop]) -> list[Line]:
    """Return a stopping train, a fast train and a rail-replacement bus along the coast."""
    line = town.rail
    stations = [c for c in town.centres if c.kind == "jernbane"]
    ends = [("Grimsvik", line[2]), ("Lundevang", line[-3])]
    first = len(stops)
    for name, (x, y) in [ends[0], *[(c.name, (c.x, c.y)) for c in stations], ends[1]]:
        ux, uy = heading(line, float(x), float(y))
        inside = name not in ("Grimsvik", "Lundevang")
        stops.append(Stop(f"{name} stasjon", float(x), float(y), ux, uy, "rail", inside))
    every = tuple(range(first, len(stops)))
    fast = (every[0], every[2], every[4], every[5], every[7], every[8])
    halt = [running_time(stops, every, metres_per_s=15.0, dwell_s=50)]
    quick = running_time(stops, fast, metres_per_s=22.0, dwell_s=60)
    bus = running_time(stops, every, metres_per_s=9.5, dwell_s=60)
    return [
        Line("L1", 100, "Grimsvik–Fjordvik–Lundevang", every, halt[0], "rail2"),
        Line("R10", 106, "Grimsvik–Fjordvik–Lundevang (regiontog)", fast, quick, "rail1"),
        Line("L1X", 714, "Buss for tog Grimsvik–Lundevang", every, bus, "replacement"),
    ]


def _metro(town: Settlement, stops: list[Stop]) -> list[Line]:
    """Return the metro branch from its rail interchange inland."""
    places = [(c.name, c.x, c.y) for c in town.centres if c.kind == "tbane"]
    interchange = [c for c in town.centres if c.kind == "jernbane"][4]
    first = len(stops)
    for name, x, y in [(interchange.name, interchange.x + 60, interchange.y + 70), *places]:
        ux, uy = heading(town.metro, x, y)
        stops.append(Stop(f"{name} T", x, y, ux, uy, "metro", True))
    every = tuple(range(first, len(stops)))
    run = running_time(stops, every, metres_per_s=11.0, dwell_s=25)
    short = every[:8]
    return [
        Line("T3", 401, f"{interchange.name}–{places[-1][0]}", every, run, "metro"),
        Line("T3K", 401, f"{interchange.name}–{places[6][0]}", short, run[:8], "metro_peak"),
    ]


def _buses(
    rng: np.random.Generator,
    town: Settlement,
    streets: Streets,
    *,
    people: People,
    stops: list[Stop],
) -> list[Line]:
    """Return bus lines: trunks between hubs, locals to hubs, a few special ones."""
    roads = _Roads(streets)
    nodes = np.unique(roads.pairs)
    tree = cKDTree(streets.nodes[nodes])
    hubs = [int(nodes[tree.query((c.x, c.y))[1]]) for c in town.centres if c.kind == "jernbane"]
    ends = _ends(rng, people, tree, nodes=nodes, graph=roads.graph(), hubs=hubs)
    homes = COARSE.sample(town.density, streets.nodes[:, 0], streets.nodes[:, 1])
    legs = _legs(town, streets, nodes, tree=tree, hubs=hubs, ends=ends)
    builder = StopPlacer(town, streets, people, stops=stops)
    lines = []
    for number, (route_type, via, pattern) in enumerate(legs):
        if number >= TRUNKS and len(via) == 2 and route_type == 704:
            via = roads.detour(via[0], via[1], homes * ~builder.served())
        path = roads.path(via)
        lines.append(builder.line(number, path, route_type=route_type, pattern=pattern))
    return [line for line in lines if len(line.stops) >= 3]


class _Roads:
    """The streets that buses use; a street used by a line is dearer for the next."""

    def __init__(self, streets: Streets) -> None:
        road = streets.kind < TRACK
        speed = np.choose(streets.kind, [1.3, 0.7, 0.8, 1.0, 1.6, 9.0, 9.0])
        self.pairs = np.sort(streets.edges[road], axis=1)
        self._cost = (streets.length_m * speed)[road]
        self._count = len(streets.nodes)

    def graph(self) -> sparse.csr_array:
        """Return the cost graph as it stands."""
        return sparse.coo_array(
            (self._cost, (self.pairs[:, 0], self.pairs[:, 1])), shape=(self._count,) * 2
        ).tocsr()

    def detour(self, end: int, hub: int, want: Floats) -> list[int]:
        """Return end, the most wanted node that is not far off the way, and hub."""
        dist = csgraph.dijkstra(self.graph(), directed=False, indices=[end, hub])
        limit = 1.5 * dist[0, hub] + 1500.0
        fair = dist.sum(axis=0) < limit
        score = np.where(fair, want * np.where(fair, dist, 0.0).min(axis=0), 0.0)
        best = int(score.argmax())
        return [end, best, hub] if score[best] > 0 else [end, hub]

    def path(self, via: list[int]) -> list[int]:
        """Return the nodes of the cheapest way through given nodes, and make it dearer."""
        path = [via[0]]
        graph = self.graph()
        for a, b in pairwise(via):
            _, before = csgraph.dijkstra(graph, directed=False, indices=a, return_predecessors=True)
            part = [b]
            while part[-1] != a:
                part.append(int(before[part[-1]]))
            path += part[::-1][1:]
        key = self.pairs[:, 0] * self._count + self.pairs[:, 1]
        used = np.sort(np.column_stack([path[:-1], path[1:]]), axis=1)
        again = np.isin(key, used[:, 0] * self._count + used[:, 1])
        self._cost = np.where(again, self._cost * 2.2, self._cost)
        return path


def _ends(
    rng: np.random.Generator,
    people: People,
    tree: cKDTree,
    *,
    nodes: Ints,
    graph: sparse.csr_array,
    hubs: list[int],
) -> list[tuple[int, int]]:
    """Return 34 ends where people live, far from hubs and each other, with their nearest hub."""
    home = nodes[tree.query(np.column_stack([people.x, people.y]))[1]]
    weight = np.bincount(home, weights=people.residents, minlength=graph.shape[0])
    dist, _, hub = csgraph.dijkstra(
        graph, directed=False, indices=hubs, min_only=True, return_predecessors=True
    )
    reach = np.where(np.isfinite(dist), dist, 0.0)
    result: list[tuple[int, int]] = []
    for _ in range(34):
        score = np.minimum(reach, 2600.0) * weight**0.35 * (1 + 0.1 * rng.random(len(reach)))
        node = int(score.argmax())
        result.append((node, int(hub[node])))
        near = csgraph.dijkstra(graph, directed=False, indices=node, limit=2600.0)
        reach = np.minimum(reach, np.where(np.isfinite(near), near, np.inf))
    return result


def _legs(
    town: Settlement,
    streets: Streets,
    nodes: Ints,
    *,
    tree: cKDTree,
    hubs: list[int],
    ends: list[tuple[int, int]],
) -> list[tuple[int, list[int], str]]:
    """Return route type, nodes to pass and timetable pattern of every bus line."""
    main, metro_hub = hubs[3], hubs[4]
    legs: list[tuple[int, list[int], str]] = [
        (704, [hubs[0], hubs[1], hubs[2]], "every60"),
        (704, [hubs[2], main], "every15"),
        (704, [main, metro_hub], "every7"),
        (704, [metro_hub, hubs[5]], "every30"),
        (704, [hubs[5], hubs[6]], "every60"),
        (702, [hubs[1], main, metro_hub], "express"),
    ]
    plain = ["every90", "every60", "every90", "peak", "every90", "every60", "every90", "peak",
             "every90", "every90"]  # fmt: skip
    for at, (end, hub) in enumerate(ends):
        through = [end, hub] if hub == main or at % 3 else [end, hub, main]
        legs.append((704, through, plain[(at * 7) % 10]))
    inland = [int(nodes[tree.query((c.x, c.y))[1]]) for c in town.centres if c.kind != "jernbane"]
    main_road = np.unique(streets.edges[streets.kind <= MAIN])
    west, east, north = (
        int(main_road[(streets.nodes[main_road] @ way).argmax()])
        for way in ((-1.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    legs += [
        (704, [inland[3], inland[12], main], "every60"),
        (704, [inland[9], inland[16], hubs[6]], "every60"),
        (701, [main, inland[12], north], "every60"),
        (701, [hubs[0], west], "every60"),
        (701, [hubs[6], east], "every60"),
        (712, [inland[10], inland[11], main], "school"),
        (712, [inland[16], inland[6], inland[3]], "school"),
        (705, [hubs[0], main, metro_hub, hubs[5]], "night"),
        (704, [inland[15], metro_hub], "every60"),
    ]
    return [leg for leg in legs if len(set(leg[1])) == len(leg[1])]
