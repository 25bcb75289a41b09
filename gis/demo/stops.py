"""Place stops along lines and work out running times."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from gis.demo.grid import MID
from gis.demo.streets import TRACK

if TYPE_CHECKING:
    from gis.demo.grid import Bools, Floats
    from gis.demo.people import People
    from gis.demo.settlement import Settlement
    from gis.demo.streets import Streets

STOP_EVERY_M = 330.0


@dataclass(frozen=True)
class Stop:
    """A stop place: name, position, direction of its street (unit vector), kind, border side."""

    name: str
    x: float
    y: float
    ux: float
    uy: float
    kind: str
    inside: bool


@dataclass(frozen=True)
class Line:
    """A line: public code, extended GTFS type, long name, stops outward, running time, pattern.

    seconds is the running time to each stop from the first; pattern names its timetable.
    """

    code: str
    route_type: int
    name: str
    stops: tuple[int, ...]
    seconds: tuple[int, ...]
    pattern: str


def heading(line: Floats, x: float, y: float) -> tuple[float, float]:
    """Return the unit vector of a line near a point."""
    at = int(np.hypot(*(line - (x, y)).T).argmin())
    a, b = line[max(at - 1, 0)], line[min(at + 1, len(line) - 1)]
    u = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
    return float(u[0]), float(u[1])


def running_time(
    stops: list[Stop], chain: tuple[int, ...], *, metres_per_s: float, dwell_s: int
) -> tuple[int, ...]:
    """Return the running time to each stop, in whole half minutes."""
    clock, result = 0.0, [0]
    for a, b in pairwise(chain):
        metres = float(np.hypot(stops[a].x - stops[b].x, stops[a].y - stops[b].y)) * 1.15
        clock += metres / metres_per_s + dwell_s
        result.append(round(clock / 30.0) * 30)
    return tuple(result)


class StopPlacer:
    """Place bus stops along paths, used again where another line has one already."""

    def __init__(
        self, town: Settlement, streets: Streets, people: People, *, stops: list[Stop]
    ) -> None:
        self._town, self._streets, self._stops = town, streets, stops
        self._at: dict[int, int] = {}
        self._names: dict[str, int] = {}
        self._street_of: dict[int, int] = {}
        for edge, (a, b) in enumerate(streets.edges.tolist()):
            if streets.kind[edge] < TRACK:
                self._street_of.setdefault(a, int(streets.street[edge]))
                self._street_of.setdefault(b, int(streets.street[edge]))
        self._unit = people.unit
        self._unit_names = people.unit_names

    def served(self) -> Bools:
        """Return which nodes of the network have a stop within 380 m."""
        if not self._at:
            return np.zeros(len(self._streets.nodes), dtype=bool)
        near, _ = cKDTree(self._streets.nodes[list(self._at)]).query(self._streets.nodes)
        return np.asarray(near < 380.0)

    def line(self, number: int, path: list[int], *, route_type: int, pattern: str) -> Line:
        """Return the line along a path of nodes, a stop about every STOP_EVERY_M."""
        nodes = self._streets.nodes[path]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(nodes, axis=0).T))])
        gap = STOP_EVERY_M * (2.4 if route_type in (701, 702) else 1.0)
        chain: list[int] = []
        last = -np.inf
        for k, node in enumerate(path):
            known = node in self._at and along[k] - last > 0.45 * gap
            if k in (0, len(path) - 1) or known or along[k] - last >= gap:
                if k == len(path) - 1 and along[k] - last < 0.4 * gap and len(chain) > 1:
                    chain.pop()
                stop = self._stop(node, nodes)
                if stop not in chain:
                    chain.append(stop)
                    last = along[k]
        stops = tuple(chain)
        speed = 11.0 if route_type in (701, 702) else 8.0
        ends = f"{self._stops[stops[0]].name}–{self._stops[stops[-1]].name}"
        seconds = running_time(self._stops, stops, metres_per_s=speed, dwell_s=12)
        code = f"{110 + number * 5}" + ("N" if pattern == "night" else "")
        return Line(code, route_type, ends, stops, seconds, pattern)

    def _stop(self, node: int, nodes: Floats) -> int:
        if node in self._at:
            return self._at[node]
        x, y = self._streets.nodes[node]
        for other, stop in self._at.items():
            near = self._streets.nodes[other]
            if abs(near[0] - x) + abs(near[1] - y) < 170:
                self._at[node] = stop
                return stop
        ux, uy = heading(nodes, float(x), float(y))
        inside = bool(MID.sample(self._town.inside, x, y))
        self._at[node] = len(self._stops)
        self._stops.append(Stop(self._name(node), float(x), float(y), ux, uy, "bus", inside))
        return self._at[node]

    def _name(self, node: int) -> str:
        """Return a name after the street, or the unit where the street's is taken."""
        x, y = self._streets.nodes[node]
        unit = int(MID.sample(self._unit, x, y))
        base = self._streets.names[self._street_of.get(node, 0)]
        if base in self._names and unit:
            base = self._unit_names[unit - 1]
        turn = self._names.get(base, 0)
        self._names[base] = turn + 1
        words = ("", " nord", " sør", " øst", " vest", " skole", " kirke", " torg", " bru")
        return base + (words[turn] if turn < len(words) else f" {turn}")
