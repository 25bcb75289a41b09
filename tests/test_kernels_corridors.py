"""Hold cost distance, links, widths and connected area against drawn rasters and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import lil_matrix
from scipy.sparse.csgraph import dijkstra

from gis.errors import ParameterError
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

KEY = {".": 5.0, "#": 1.0, "b": 30.0, "r": 100.0, "~": np.inf}


def draw(*rows: str) -> tuple[np.ndarray, np.ndarray]:
    """Resistance and habitat of a drawn map: # habitat, . open, b built, r road, ~ sea."""
    cells = np.array([list(row) for row in rows])
    return np.vectorize(KEY.get)(cells).astype(float), cells == "#"


def linked(*rows: str, max_cost: float = 1e9) -> dict[tuple[int, int], float]:
    resistance, habitat = draw(*rows)
    patches = label_patches(habitat, min_cells=1)
    found = spread(resistance, patches, cell_m=10)
    links = meetings(found, resistance, cell_m=10, max_cost=max_cost)
    return {
        (int(a), int(b)): float(c) for a, b, c in zip(links.a, links.b, links.cost, strict=True)
    }


def test_two_woods_and_a_field_between() -> None:
    """By hand: four open cells between: 10 x (3 + 5 + 5 + 5 + 3) = 210 cost metres."""
    assert linked("##....##", "##....##") == {(0, 1): pytest.approx(210.0)}


def test_the_way_goes_round_what_is_built() -> None:
    """By hand: through the gap in the built wall, not through the wall.

    From the wood's corner to the gap's row and back: steps diagonal, straight, diagonal.
    """
    found = linked("#b#", "#b#", "...")
    diagonal = 10 * np.sqrt(2) * (1 + 5) / 2
    assert found == {(0, 1): pytest.approx(2 * diagonal)}
    assert linked("#b#", "#b#", "#b#") == {(0, 1): pytest.approx(10 * 15.5 * 2)}


def test_the_sea_is_closed_and_a_limit_is_kept() -> None:
    """By hand: no way over the sea; a link dearer than the limit is none."""
    assert linked("#~#", "#~#") == {}
    assert linked("##....##", max_cost=209.9) == {}
    assert linked("##....##", max_cost=210.0) != {}


def test_only_neighbours_are_linked() -> None:
    """By hand: the third wood in a row meets the second, never the first."""
    assert set(linked("#..#..#")) == {(0, 1), (1, 2)}


def test_patches_join_by_sides_and_small_ones_are_none() -> None:
    """By hand: a corner does not join; three cells are left out when four are asked for."""
    _, habitat = draw("##..", "##..", "..##", "...#")
    assert label_patches(habitat, min_cells=1).max() == 1
    labels = label_patches(habitat, min_cells=4)
    assert labels.max() == 0
    assert (labels == NO_PATCH).sum() == 12


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_cost_agrees_with_a_graph_of_all_cells(seed: int) -> None:
    """Slow twin: Dijkstra over every pair of neighbouring cells, built one by one."""
    rng = np.random.default_rng(seed)
    shape = (8, 9)
    resistance = rng.choice([1.0, 2.0, 5.0, 30.0, np.inf], shape, p=[0.2, 0.2, 0.4, 0.1, 0.1])
    patches = np.full(shape, NO_PATCH)
    for k, (y, x) in enumerate(rng.permutation(np.argwhere(np.isfinite(resistance)))[:3]):
        patches[y, x] = k
    found = spread(resistance, patches, cell_m=10)
    graph = lil_matrix((72, 72))
    for y in range(8):
        for x in range(9):
            for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
                v, u = y + dy, x + dx
                if v < 8 and 0 <= u < 9 and np.isfinite(resistance[y, x] + resistance[v, u]):
                    mean = (resistance[y, x] + resistance[v, u]) / 2
                    graph[y * 9 + x, v * 9 + u] = 10 * np.hypot(dy, dx) * mean
    seeds = np.flatnonzero(patches.ravel() != NO_PATCH)
    costs = dijkstra(graph.tocsr(), directed=False, indices=seeds)
    np.testing.assert_allclose(found.cost.ravel(), costs.min(axis=0), rtol=1e-9)
    reached = np.isfinite(found.cost)
    assert ((found.patch == NO_PATCH) == ~reached).all()
    for cell in np.flatnonzero(reached.ravel()):
        way = trace(found, int(cell))
        assert patches.ravel()[way[-1]] == found.patch.ravel()[cell]
    # The cheapest link of all is the cheapest way between any two of the patches.
    links = meetings(found, resistance, cell_m=10, max_cost=np.inf)
    between = costs[:, seeds][~np.eye(len(seeds), dtype=bool)]
    finite = between[np.isfinite(between)]
    assert (len(links.cost) == 0) == (len(finite) == 0)
    if len(finite):
        assert links.cost.min() == pytest.approx(finite.min())


def test_the_narrowest_place_of_a_strip() -> None:
    """By hand: two cells wide is 20 m wherever in it one stands; what is not green has none."""
    green = np.zeros((9, 12), dtype=bool)
    green[3:5] = True
    cells = np.ravel_multi_index(([3, 4, 3, 0], [5, 5, 0, 0]), green.shape)
    assert narrowest(green, cells, cell_m=10, max_m=500).tolist() == [20, 20, 20, 0]
    # Of a diagonal strip of single cells the shortest chord is one cell.
    slant = np.eye(9, dtype=bool)
    assert narrowest(slant, np.array([40]), cell_m=10, max_m=500) == pytest.approx([10.0])


def test_the_way_inside_a_patch_stays_in_it() -> None:
    """By hand: round the bay of an L, by its inner corner; another patch is refused."""
    _, habitat = draw("#...", "#..#", "###.")
    patches = label_patches(habitat, min_cells=1)
    way = within_patch(patches, 0, 10)
    assert way == [0, 4, 9, 10]
    with pytest.raises(ParameterError, match="one patch is needed"):
        within_patch(patches, 0, 7)


def test_equivalent_connected_area_in_closed_form() -> None:
    """Closed form: one patch is its area; two apart are root of squares; two joined, the sum.

    At the half cost: sqrt(a^2 + b^2 + 2 ab / 2) (Saura et al. 2011).
    """
    none = path_costs([], [], [], n=2)
    assert equivalent_connected_area([30.0, 40.0], none, half_cost=100) == pytest.approx(50.0)
    joined = path_costs([0], [1], [0.0], n=2)
    assert equivalent_connected_area([30.0, 40.0], joined, half_cost=100) == pytest.approx(70.0)
    half = path_costs([0], [1], [100.0], n=2)
    by_hand = np.sqrt(30**2 + 40**2 + 30 * 40)
    assert equivalent_connected_area([30.0, 40.0], half, half_cost=100) == pytest.approx(by_hand)


def test_the_best_way_may_lead_over_a_third_patch() -> None:
    """By hand: 0-1-2 costs 30 + 40, less than 100 at once; patch 3 is reached by nobody."""
    costs = path_costs([0, 1, 0], [1, 2, 2], [30.0, 40.0, 100.0], n=4)
    assert costs[0, 2] == pytest.approx(70.0)
    assert np.isinf(costs[0, 3])
    assert (np.diag(costs) == 0).all()


def test_refusals() -> None:
    """By hand: shapes, resistance of zero, cells of no size, links to nowhere."""
    ones = np.ones((2, 2))
    with pytest.raises(ParameterError, match="one shape"):
        spread(ones, np.zeros((3, 3), dtype=int), cell_m=10)
    with pytest.raises(ParameterError, match="above zero"):
        spread(0 * ones, np.zeros((2, 2), dtype=int), cell_m=10)
    with pytest.raises(ParameterError, match="cell_m = 0"):
        spread(ones, np.zeros((2, 2), dtype=int), cell_m=0)
    with pytest.raises(ParameterError, match="0 to 1"):
        path_costs([0], [2], [1.0], n=2)
    with pytest.raises(ParameterError, match="half_cost = 0"):
        equivalent_connected_area([1.0], np.zeros((1, 1)), half_cost=0)
