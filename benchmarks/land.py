"""Time the land-use analyses against what most would write, same answers first, in one run.

    python benchmarks/land.py [limits|top|concentration|cross ...]

Each case works out both answers, compares them, and prints the least CPU time of each with
the ratio. Inputs are drawn from a fixed seed: a municipality of 20 x 10 km with ragged
zones, 20,000 cells of 100 m, 400 units.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.disclosure import cross_marks
from gis.kernels.concentration import gini, top_share
from gis.kernels.coverage import cell_shares
from gis.kernels.ranking import top_stability, weighted_score

if TYPE_CHECKING:
    from collections.abc import Callable

E0, N0, SIZE = 240_000.0, 6_640_000.0, 100.0
COLUMNS, ROWS = 200, 100


def best(work: Callable[[], Any], runs: int = 3) -> tuple[float, Any]:
    """Return the least CPU time of some runs, and the answer."""
    shortest, answer = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        answer = work()
        shortest = min(shortest, time.process_time() - start)
    return shortest, answer


def told(name: str, slow: float, fast: float, goal: float) -> None:
    """Print one line of the comparison."""
    ratio = slow / fast
    mark = "ok" if ratio >= goal else "BELOW"
    print(f"{name:52s} {slow:8.3f} s {fast:8.3f} s {ratio:7.1f}x (goal {goal:g}x) {mark}")


def zones(rng: np.random.Generator, n: int, *, radius: float) -> Any:
    """Draw ragged zones that overlap."""
    made = []
    for _ in range(n):
        angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        reach = radius * rng.uniform(0.3, 1.5) * (1 + 0.25 * rng.standard_normal(120).clip(-2, 2))
        x, y = rng.uniform(0, COLUMNS * SIZE), rng.uniform(0, ROWS * SIZE)
        ring = np.column_stack([E0 + x + reach * np.cos(angle), N0 + y + reach * np.sin(angle)])
        made.append(shapely.make_valid(shapely.Polygon(ring)))
    parts = shapely.get_parts(np.array(made, dtype=object))
    return parts[shapely.get_type_id(parts) == 3]


def limits(rng: np.random.Generator) -> None:
    """Share of each cell outside six layers of exclusions: the kernel against gpd.overlay."""
    west = E0 + SIZE * np.tile(np.arange(COLUMNS), ROWS)
    south = N0 + SIZE * np.repeat(np.arange(ROWS), COLUMNS)
    layers = [zones(rng, 120, radius=r) for r in (150, 200, 250, 300, 350, 400)]
    shapes = np.concatenate(layers)
    rank = np.zeros(len(shapes), dtype=np.int64)
    squares = shapely.box(west, south, west + SIZE, south + SIZE)

    def ours() -> Any:
        return 1 - cell_shares(west, south, shapes, rank, size_m=SIZE, n_classes=1)[:, 0]

    def overlay() -> Any:
        cells = gpd.GeoDataFrame({"cell": np.arange(len(west))}, geometry=squares, crs=25833)
        joined = shapely.get_parts(shapely.union_all(shapes))
        taken = gpd.GeoDataFrame(geometry=joined, crs=25833)
        cut = gpd.overlay(cells, taken, how="intersection")
        area = cut.area.groupby(cut["cell"]).sum().reindex(cells["cell"], fill_value=0.0)
        return 1 - area.to_numpy() / SIZE**2

    ours()  # compiled outside the clock
    fast, one = best(ours)
    slow, other = best(overlay, runs=1)
    np.testing.assert_allclose(one, other, atol=1e-6)
    told("free share of 20,000 cells, 720 zones: gpd.overlay", slow, fast, 10)


def top(rng: np.random.Generator) -> None:
    """Stability of the top 100 of 20,000 cells in 200 draws: against sorting frames."""
    points, weights = rng.random((20_000, 5)), np.array([4.0, 1, 1, 1, 2])

    def ours() -> Any:
        return top_stability(points, weights, top=100, draws=200, spread=0.25, seed=1)

    def sorting() -> Any:
        frame = pd.DataFrame(points)
        moved = weights * np.random.default_rng(1).uniform(0.75, 1.25, size=(200, 5))
        hits = np.zeros(len(frame))
        for w in moved:
            score = frame.mul(w / w.sum(), axis=1).sum(axis=1).round(9)
            hits[(score.rank(ascending=False, method="min") <= 100).to_numpy()] += 1
        return hits / 200

    fast, one = best(ours)
    slow, other = best(sorting, runs=1)
    # Sums in another order may differ in the last digit that is kept: a draw at most.
    assert np.abs(one - other).max() <= 1 / 200
    assert weighted_score(points, weights).shape == (20_000,)
    told("stability of the top, 200 draws: pandas rank", slow, fast, 3)


def concentration(rng: np.random.Generator) -> None:
    """Gini of 20,000 cells: against the mean difference of all pairs."""
    amount = rng.gamma(0.7, 100, 20_000)

    def pairs() -> Any:
        mean = amount.mean()
        return sum(float(np.abs(amount - v).mean()) for v in amount) / len(amount) / (2 * mean)

    fast, one = best(lambda: gini(amount))
    slow, other = best(pairs, runs=1)
    assert abs(one - other) < 1e-9
    assert 0.1 < top_share(amount, 0.1) < 1
    told("Gini of 20,000 cells: all pairs", slow, fast, 20)


def cross(rng: np.random.Generator) -> None:
    """Tell how long it takes to protect 437 units by three and by six age groups."""
    for groups in (3, 6):
        total = rng.gamma(2, 145, 437).astype(int)
        counts = np.array([rng.multinomial(n, np.ones(groups) / groups) for n in total])
        spent, marks = best(lambda counts=counts: cross_marks(counts), runs=1)
        small = (counts > 0) & (counts < 10)
        assert (marks[:-1, :-1][small] != "").all()
        hidden = int((marks != "").sum())
        print(f"437 units x {groups} groups protected in {spent:.2f} s; "
              f"{int(small.sum())} small counts, {hidden} hidden")  # fmt: skip


CASES = {"limits": limits, "top": top, "concentration": concentration, "cross": cross}

if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        CASES[name](np.random.default_rng(7))
