"""Make the patches and links of a green surface, and follow the ways to the sea."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from gis.kernels.connectivity import equivalent_connected_area, path_costs
from gis.kernels.corridors import (
    NO_PATCH,
    label_patches,
    meetings,
    narrowest,
    spread,
    trace,
    within_patch,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.corridor_surface import CorridorParameters, Surface
    from gis.kernels.corridors import Links, Spread

# Wider than this is no narrow passage; the chords are not followed further.
_WIDEST_M = 500.0


@dataclass(frozen=True)
class Graph:
    """Patches of one surface with their areas, and the links between neighbours."""

    surface: Surface
    patches: NDArray[np.int64]
    area_ha: NDArray[np.float64]
    spread: Spread
    links: Links
    costs: NDArray[np.float64]

    def eca_ha(self, half_cost: float) -> float:
        """Return the equivalent connected area (Saura et al. 2011)."""
        return equivalent_connected_area(self.area_ha, self.costs, half_cost=half_cost)

    def way(self, link: int) -> NDArray[np.int64]:
        """Return the cells of a link from patch a to patch b, both patches' cells included."""
        one = trace(self.spread, int(self.links.cell_a[link]))
        other = trace(self.spread, int(self.links.cell_b[link]))
        return np.array([*reversed(one), *other], dtype=np.int64)

    def line(self, cells: NDArray[np.int64]) -> shapely.LineString:
        """Draw a way through the centres of its cells."""
        points = self.surface.points(cells)
        return shapely.LineString(points if len(points) > 1 else np.repeat(points, 2, axis=0))


@dataclass(frozen=True)
class Passage:
    """The narrowest green on a way, and its longest stretch that is not green.

    ``width_m`` is NaN where nothing between the patches is green, and ``at`` the flat cell
    of the narrowest place, or of the middle of the longest gap; -1 where the patches meet.
    """

    width_m: float
    gap_m: float
    at: int


@dataclass(frozen=True)
class ToSea:
    """One way from the hinterland to the sea: its cost, its links in order, its last leg."""

    patch: int
    cost: float
    links: tuple[int, ...]
    leg: NDArray[np.int64]


def graph_of(
    surface: Surface, params: CorridorParameters, *, patches: NDArray[np.int64] | None = None
) -> Graph:
    """Make the patches of a surface, spread cost from them and link neighbours.

    ``patches``: numbers to keep, of another surface; habitat that is gone loses its own.
    """
    cell_ha = surface.cell_m**2 / 1e4
    if patches is None:
        least = max(1, int(np.ceil(params.min_patch_ha / cell_ha)))
        patches = label_patches(surface.habitat, min_cells=least)
        n = int(patches.max()) + 1
    else:
        n = int(patches.max()) + 1
        patches = np.where(surface.habitat, patches, NO_PATCH)
    found = spread(surface.resistance, patches, cell_m=surface.cell_m)
    links = meetings(found, surface.resistance, cell_m=surface.cell_m, max_cost=params.max_cost)
    return Graph(
        surface=surface,
        patches=patches,
        area_ha=(np.bincount(patches[patches != NO_PATCH], minlength=n) * cell_ha).astype(float),
        spread=found,
        links=links,
        costs=path_costs(links.a, links.b, links.cost, n=n),
    )


def passage(graph: Graph, cells: NDArray[np.int64]) -> Passage:
    """Find the narrowest place of a way between two patches."""
    between = cells[graph.patches.ravel()[cells] == NO_PATCH]
    if not len(between):
        return Passage(float("nan"), 0.0, -1)
    width = narrowest(graph.surface.green, between, cell_m=graph.surface.cell_m, max_m=_WIDEST_M)
    start, length = _longest_run(width == 0)
    gap_m = length * graph.surface.cell_m
    green = width > 0
    if not green.any():
        return Passage(float("nan"), gap_m, int(between[start + length // 2]))
    least = float(width[green].min())
    first = int(np.flatnonzero(green & (width == least))[0])
    at = between[start + length // 2] if length else between[first]
    return Passage(least, gap_m, int(at))


def ways_to_sea(graph: Graph, params: CorridorParameters) -> list[ToSea]:
    """Return the cheapest way from the hinterland to the sea through each patch near the shore.

    A way ends at the shore nearest in cost to its last patch; patches farther than the
    largest cost from the shore end none, and neither do those that the hinterland does
    not reach. Cheapest first.
    """
    n = len(graph.area_ha)
    hinterland = np.flatnonzero(graph.area_ha >= params.hinterland_ha)
    shore = np.flatnonzero(graph.surface.shore.ravel())
    patch, cost = graph.spread.patch.ravel()[shore], graph.spread.cost.ravel()[shore]
    near = (patch != NO_PATCH) & (cost <= params.max_cost)
    if not len(hinterland) or not near.any():
        return []
    links = graph.links
    weights = np.maximum(links.cost, 1e-9)
    matrix = coo_matrix((weights, (links.a, links.b)), shape=(n, n)).tocsr()
    dist, before, _ = dijkstra(
        matrix, directed=False, indices=hinterland, min_only=True, return_predecessors=True
    )
    number = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(links.a, links.b, strict=True))}
    order = np.lexsort((shore[near], cost[near]))
    ends: dict[int, tuple[float, int]] = {}
    for p, c, cell in zip(
        patch[near][order].tolist(),
        cost[near][order].tolist(),
        shore[near][order].tolist(),
        strict=True,
    ):
        ends.setdefault(p, (c, cell))
    ways = []
    for p, (leg_cost, cell) in ends.items():
        if not np.isfinite(dist[p]):
            continue
        used, here = [], p
        while before[here] >= 0:
            there = int(before[here])
            used.append(number[min(here, there), max(here, there)])
            here = there
        leg = np.array(trace(graph.spread, cell)[::-1], dtype=np.int64)
        ways.append(ToSea(p, float(dist[p]) + leg_cost, tuple(reversed(used)), leg))
    return sorted(ways, key=lambda w: (w.cost, w.patch))


def whole_way(graph: Graph, way: ToSea) -> NDArray[np.int64]:
    """Return the cells of a way from the hinterland to the sea, also through the patches."""
    pieces = [graph.way(i) for i in way.links]
    cells: list[int] = []
    for k, piece in enumerate([*pieces, way.leg]):
        own = piece.tolist()
        if k < len(pieces):
            # A link runs from its lower patch to its higher; the way may go against it.
            towards = pieces[k + 1] if k + 1 < len(pieces) else way.leg
            ends = {int(graph.patches.ravel()[c]) for c in (towards[0], towards[-1])}
            if int(graph.patches.ravel()[own[-1]]) not in ends or (
                cells and graph.patches.ravel()[own[0]] != graph.patches.ravel()[cells[-1]]
            ):
                own.reverse()
        if cells:
            cells += within_patch(graph.patches, cells[-1], own[0])[1:-1]
        cells += own
    return np.array(cells, dtype=np.int64)


def _longest_run(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the start and the length of the longest run of True; (0, 0) for none."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 0
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - starts[best])
