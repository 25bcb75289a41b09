"""Time species counts against polars and Gi* against esda, with equal answers first.

Run with ``python benchmarks/nature.py [RECORDS SIDE]``, 1,000,000 records and a grid of 400
by 400 cells unless given. Records of 2,000 species, half of them in 300 clumps, fall on
cells of 250 m; the question is the number of distinct species a cell. Gi* is over the
3 x 3 box, binary, without permutations on either side. Times are CPU seconds of this
process, the best of some rounds, both sides in one run.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.kernels.cells import grid_index
from gis.kernels.hotspot import getis_ord
from gis.kernels.richness import richness

if TYPE_CHECKING:
    from collections.abc import Callable

CELL_M = 250
ROUNDS = 5
SPECIES = 2_000


def records(count: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw places inside a square of ``side`` cells, and a species for each, few common."""
    rng = np.random.default_rng(seed)
    extent = side * CELL_M
    clumps = rng.uniform(0, extent, (300, 2))
    near = clumps[rng.integers(300, size=count // 2)] + rng.normal(0, 900, (count // 2, 2))
    place = np.vstack([near, rng.uniform(0, extent, (count - count // 2, 2))])
    place = np.clip(place, 0, np.nextafter(extent, 0))
    return place[:, 0], place[:, 1], (rng.pareto(1.0, count) * 15).astype(np.int64) % SPECIES


def timed[T](name: str, run: Callable[[], T], rounds: int = ROUNDS) -> tuple[T, float]:
    """Run and tell the best CPU and wall time of some rounds."""
    best_cpu = best_wall = np.inf
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        answer = run()
        best_cpu = min(best_cpu, time.process_time() - cpu)
        best_wall = min(best_wall, time.perf_counter() - wall)
    print(f"  {name:44s} {best_cpu:9.4f} s CPU {best_wall:9.4f} s wall")
    return answer, best_cpu


def species_by_cell(count: int, side: int) -> float:
    """Count species a cell from coordinates, here and with polars; return the ratio."""
    x, y, species = records(count, side, seed=5)
    table = pl.DataFrame({"x": x, "y": y, "s": species})

    def ours() -> np.ndarray:
        cell = grid_index(x, y, west=0, south=0, size_m=CELL_M, columns=side, rows=side)
        return np.asarray(richness(cell, species, n_cells=side * side))

    def theirs() -> pl.DataFrame:
        cell = (pl.col("y") / CELL_M).floor().cast(pl.Int64) * side
        cell = cell + (pl.col("x") / CELL_M).floor().cast(pl.Int64)
        return table.lazy().select(cell.alias("c"), "s").unique().group_by("c").len().collect()

    def grouped() -> pl.DataFrame:
        cell = (pl.col("y") / CELL_M).floor().cast(pl.Int64) * side
        cell = cell + (pl.col("x") / CELL_M).floor().cast(pl.Int64)
        return (
            table.lazy()
            .group_by(cell.alias("c"))
            .agg(pl.col("s").n_unique().alias("len"))
            .collect()
        )

    ours()
    mine, own = timed("grid index and richness (this project)", ours)
    best = np.inf
    for name, run in (("polars unique, group, len", theirs), ("polars group, n_unique", grouped)):
        peer, cpu = timed(name, run)
        counts = np.zeros(side * side, dtype=np.int64)
        counts[peer["c"].to_numpy()] = peer["len"].to_numpy()
        assert np.array_equal(mine, counts), f"{name} answers otherwise"
        best = min(best, cpu)
    print(f"  {mine.sum():,} species-cells, equal; {best / own:.1f} times polars's best")
    return best / own


def hot_spots(side: int) -> float:
    """Work out Gi* here and with esda; return the ratio."""
    import esda
    import libpysal

    values = np.random.default_rng(6).poisson(4, (side, side)).astype(float)
    getis_ord(values[:9, :9])
    mine, own = timed("Gi* by box sums (this project)", lambda: getis_ord(values))

    def theirs() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights = libpysal.weights.lat2W(side, side, rook=False)
            return esda.G_Local(values.ravel(), weights, transform="B", permutations=0, star=True)

    peer, cpu = timed("esda, weights and no permutations", theirs, rounds=1)
    gap = float(np.abs(mine.z.ravel() - np.asarray(peer.Zs)).max())  # type: ignore[attr-defined]
    assert gap < 1e-9, f"z differ by {gap}"
    print(f"  {side * side:,} cells, z equal within {gap:.0e}; {cpu / own:.0f} times esda")
    return cpu / own


def main(count: int, side: int) -> None:
    """Compare answers, then times."""
    print(f"{count:,} records to {side} x {side} cells of {CELL_M} m")
    species = species_by_cell(count, side)
    print(f"Gi* of {side} x {side} cells")
    spots = hot_spots(side)
    print(f"floors: species {species:.1f} (2), Gi* {spots:.0f} (200)")


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*(given or [1_000_000, 400]))
