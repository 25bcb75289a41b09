"""Price the edges of a network: metres, or time with gradients, each way apart.

Costs are kept as sums along each edge, so that a place in the middle of an edge is
priced exactly as the edge itself; the search rounds them to whole units.

Published gradient laws used here, g the gradient in the direction of travel:

- Cycling: Parkin & Rotheram 2010, Transport Policy 17(5) 335-341,
  doi:10.1016/j.tranpol.2010.03.001: 6.01 m/s on the flat, 0.4002 m/s less per per cent
  up, 0.2379 m/s more per per cent down; here as shares of the flat speed (6.66 and 3.96
  per unit of gradient). The gain stops at 6 % down, where Flügel et al. 2019
  (Transportation 46, 1395-1419, doi:10.1007/s11116-017-9841-8) find that speed falls again.
- Walking: Tobler 1993, NCGIA Technical Report 93-1: exp(-3.5 |g + 0.05|), made 1 at g = 0.

The flat speeds, the pushing speed and the e-bike's numbers are assumptions of this
project, stated with every answer: no source for them has been checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from gis.errors import GeometryError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.kernels.network import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Unit = Literal["cm", "cs"]
Law = Literal["flat", "cycling", "walking"]
UPHILL, DOWNHILL, FASTEST_DOWN = 0.4002 / 6.01 * 100, 0.2379 / 6.01 * 100, 0.06
TOBLER_RATE, TOBLER_SHIFT = 3.5, 0.05
E_BIKE_UPHILL_SHARE = 0.5


@dataclass(frozen=True)
class Speed:
    """How fast a mode goes: ``flat_kmh`` on the flat, ``law`` on gradients.

    ``uphill`` and ``downhill`` are shares of the flat speed lost and gained per unit
    of gradient (cycling law only); ``least_kmh`` bounds the cycling speed from below and
    is the speed of pushing the bicycle, ``most_kmh`` bounds it from above.
    """

    flat_kmh: float
    law: Law = "flat"
    uphill: float = UPHILL
    downhill: float = DOWNHILL
    least_kmh: float = 4.0
    most_kmh: float = 35.0

    def __post_init__(self) -> None:
        if not 0 < self.flat_kmh <= 200:
            message = f"speed {self.flat_kmh} km/h; allowed: above 0, at most 200"
            raise ParameterError(message)

    def kmh(self, gradient: Floats) -> Floats:
        """Return the speed at each gradient (rise over run, up is positive), any shape."""
        g = np.asarray(gradient, dtype=np.float64)
        if self.law == "walking":
            shape = np.exp(-TOBLER_RATE * (np.abs(g + TOBLER_SHIFT) - TOBLER_SHIFT))
            return np.asarray(np.maximum(self.flat_kmh * shape, 0.1))
        if self.law == "cycling":
            down = np.clip(-g, 0.0, FASTEST_DOWN)
            factor = 1.0 - self.uphill * np.maximum(g, 0.0) + self.downhill * down
            least = min(self.least_kmh, self.flat_kmh)
            most = max(self.most_kmh, self.flat_kmh)
            return np.asarray(np.clip(self.flat_kmh * factor, least, most))
        return np.full(g.shape, self.flat_kmh)

    @property
    def push_kmh(self) -> float:
        """The speed of pushing a bicycle, on any gradient."""
        return min(self.least_kmh, self.flat_kmh)


@dataclass(frozen=True)
class Costs:
    """What it costs to go along the edges of one graph.

    ``unit``: cm, or cs (hundredths of a second). Edge i is split into equal pieces;
    ``ahead[begin[i] : begin[i + 1]]`` is the cost from its tail to the end of each
    piece, from 0 to the whole, ``back`` the same for going the other way (from there
    to the tail). ``leg``: cost of one metre of access leg, a straight line.
    """

    unit: Unit
    begin: Ints
    ahead: Floats
    back: Floats
    leg: float


@dataclass(frozen=True)
class Profile:
    """The ends of equal pieces of every edge: places to sample heights at, metres.

    ``begin``: (m + 1,) int64; ``x``, ``y``: (p,) float64; ``piece_m``: (m,).
    """

    begin: Ints
    x: Floats
    y: Floats
    piece_m: Floats


def length_costs(graph: Graph) -> Costs:
    """Price edges and access legs by their length, in centimetres."""
    return _even(graph, "cm", 100.0, leg=100.0)


def time_costs(graph: Graph, *, speed: Speed, leg_kmh: float | None = None) -> Costs:
    """Price edges at one speed, pushed ones at that of pushing, in hundredths of a second.

    ``leg_kmh``: the speed of access legs, that on the flat unless given.
    Raises ParameterError for a law that needs gradients.
    """
    if speed.law != "flat":
        message = f"speed law '{speed.law}' needs gradients; allowed here: flat"
        raise ParameterError(message)
    per_m = np.where(graph.pushed, 360.0 / speed.push_kmh, 360.0 / speed.flat_kmh)
    return _even(graph, "cs", per_m, leg=_leg(speed, leg_kmh))


def profile(graph: Graph, *, step_m: float) -> Profile:
    """Cut every edge into equal pieces of about ``step_m`` metres and place their ends.

    Raises ParameterError where the step is not above 0.
    """
    if not step_m > 0:
        message = f"gradient step {step_m} m; allowed: above 0"
        raise ParameterError(message)
    pieces = np.maximum(np.rint(graph.length_m / step_m), 1).astype(np.int64)
    begin = np.concatenate([[0], np.cumsum(pieces + 1)]).astype(np.int64)
    x, y = np.empty(begin[-1]), np.empty(begin[-1])
    lines = graph.x, graph.y, graph.measure, graph.first, graph.last
    _place(lines, begin, x, y)
    return Profile(begin=begin, x=x, y=y, piece_m=graph.length_m / pieces)


def gradient_costs(
    graph: Graph,
    ends: Profile,
    heights: Floats,
    *,
    speed: Speed,
    leg_kmh: float | None = None,
) -> Costs:
    """Price edges by the speed on each piece's gradient, in hundredths of a second.

    ``heights``: (p,) metres at ``ends``, NaN where unknown: such pieces count as
    flat (``unknown_m`` tells how many metres). Bridges and tunnels should have been
    laid straight first (``deck_heights``). Pushed edges cost the same both
    ways. Raises GeometryError for other shapes.
    """
    if heights.shape != ends.x.shape:
        message = f"heights of shape {heights.shape}; allowed: {ends.x.shape}, one per place"
        raise GeometryError(message)
    pieces = np.diff(ends.begin) - 1
    length = np.repeat(ends.piece_m, pieces)
    inner = np.ones(len(heights), dtype=bool)
    inner[ends.begin[1:] - 1] = False
    at = np.flatnonzero(inner)
    rise = np.nan_to_num(heights[at + 1] - heights[at], nan=0.0)
    gradient = np.divide(rise, length, out=np.zeros_like(rise), where=length > 0)
    pushed = np.repeat(graph.pushed, pieces)
    there = np.where(pushed, speed.push_kmh, speed.kmh(gradient))
    home = np.where(pushed, speed.push_kmh, speed.kmh(-gradient))
    return Costs(
        unit="cs",
        begin=ends.begin,
        ahead=_sums(ends.begin, at, 360.0 * length / there),
        back=_sums(ends.begin, at, 360.0 * length / home),
        leg=_leg(speed, leg_kmh),
    )


def unknown_m(graph: Graph, ends: Profile, heights: Floats) -> float:
    """Return how many metres of the network have no known height at one end or both."""
    pieces = np.diff(ends.begin) - 1
    inner = np.ones(len(heights), dtype=bool)
    inner[ends.begin[1:] - 1] = False
    at = np.flatnonzero(inner)
    missing = np.isnan(heights[at]) | np.isnan(heights[at + 1])
    return float(np.repeat(ends.piece_m, pieces)[missing].sum()) if graph.edges else 0.0


def deck_heights(graph: Graph, ends: Profile, heights: Floats) -> Floats:
    """Lay bridges and tunnels as straight ramps between the ground at their ends.

    A terrain model knows the ground under a bridge and over a tunnel. Nodes that
    only decks meet get the height that rises evenly along the decks (weights
    1 / length); nodes whose decks never meet the ground keep the terrain's.
    """
    if not graph.deck.any():
        return heights
    out = heights.copy()
    level = np.full(graph.nodes, np.nan)
    level[graph.tail] = heights[ends.begin[:-1]]
    level[graph.head] = heights[ends.begin[1:] - 1]
    grounded = np.zeros(graph.nodes, dtype=bool)
    grounded[graph.tail[~graph.deck]] = True
    grounded[graph.head[~graph.deck]] = True
    # A deck's loose end has nothing else to rest on than the ground below it.
    touches = np.bincount(graph.tail, minlength=graph.nodes)
    touches += np.bincount(graph.head, minlength=graph.nodes)
    level = _hung(graph, level, grounded | (touches <= 1))
    decks = np.flatnonzero(graph.deck)
    for e in decks.tolist():
        a, b = int(ends.begin[e]), int(ends.begin[e + 1])
        out[a:b] = np.linspace(level[graph.tail[e]], level[graph.head[e]], b - a)
    return out


def _hung(graph: Graph, level: Floats, fixed: NDArray[np.bool_]) -> Floats:
    """Solve the heights of free deck nodes from the fixed ones they hang between."""
    decks = np.flatnonzero(graph.deck & (graph.tail != graph.head))
    a, b = graph.tail[decks], graph.head[decks]
    weight = 1.0 / np.maximum(graph.length_m[decks], 0.01)
    free = np.zeros(graph.nodes, dtype=bool)
    free[a] = free[b] = True
    free &= ~fixed
    if not free.any():
        return level
    number = np.cumsum(free) - 1
    size = int(free.sum())
    rows, columns, values = [np.arange(size)], [np.arange(size)], [np.full(size, 1e-9)]
    # A faint pull to the terrain keeps decks that meet no ground solvable.
    right = 1e-9 * np.nan_to_num(level[free], nan=0.0)
    for p, q in ((a, b), (b, a)):
        mine = free[p]
        rows.append(number[p[mine]])
        columns.append(number[p[mine]])
        values.append(weight[mine])
        both = mine & free[q]
        rows.append(number[p[both]])
        columns.append(number[q[both]])
        values.append(-weight[both])
        rest = mine & ~free[q] & ~np.isnan(level[q])
        np.add.at(right, number[p[rest]], weight[rest] * level[q[rest]])
    place = np.concatenate(rows), np.concatenate(columns)
    matrix = coo_array((np.concatenate(values), place), shape=(size, size)).tocsc()
    out = level.copy()
    out[free] = np.atleast_1d(spsolve(matrix, right))
    return out


def _leg(speed: Speed, leg_kmh: float | None) -> float:
    kmh = speed.flat_kmh if leg_kmh is None else leg_kmh
    if not kmh > 0:
        message = f"access speed {kmh} km/h; allowed: above 0"
        raise ParameterError(message)
    return 360.0 / kmh


def _even(graph: Graph, unit: Unit, per_m: float | Floats, *, leg: float) -> Costs:
    sums = np.zeros(2 * graph.edges)
    sums[1::2] = graph.length_m * per_m
    begin = np.arange(0, 2 * graph.edges + 1, 2, dtype=np.int64)
    return Costs(unit=unit, begin=begin, ahead=sums, back=sums, leg=leg)


def _sums(begin: Ints, at: Ints, cost: Floats) -> Floats:
    """Return the running cost from each edge's tail: 0 at every first place."""
    total = np.zeros(begin[-1])
    total[at + 1] = cost
    total = np.cumsum(total)
    return np.asarray(total - np.repeat(total[begin[:-1]], np.diff(begin)))


@njit(cache=True, nogil=True)
def _place(lines, begin, out_x, out_y):  # type: ignore[no-untyped-def]
    """Walk each edge and write the coordinates of its piece ends."""
    x, y, measure, first, last = lines
    for e in range(first.size):
        n = begin[e + 1] - begin[e] - 1
        length = measure[last[e]] - measure[first[e]]
        k = first[e]
        for j in range(n + 1):
            goal = measure[first[e]] + length * j / n
            while k < last[e] - 1 and measure[k + 1] < goal:
                k += 1
            span = measure[k + 1] - measure[k]
            t = min(max((goal - measure[k]) / span, 0.0), 1.0) if span > 0 else 0.0
            out_x[begin[e] + j] = x[k] + t * (x[k + 1] - x[k])
            out_y[begin[e] + j] = y[k] + t * (y[k + 1] - y[k])
