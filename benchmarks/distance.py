"""Time straight-line access against geopandas and scipy, with equal answers first.

Run with ``python benchmarks/distance.py [POINTS STOPS]``, 2,500,000 and 60,000 unless
given. Points lie within a country of 400 by 400 km, half of them in towns, where the stops
are too; the question is which points have a stop within 1,000 m. The way by buffers
(buffer, dissolve, ``sjoin`` within) draws circles with corners, so its answer is held
against the exact one up to the area that a corner can miss.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
from scipy.spatial import cKDTree

from gis.kernels.distance import nearest, within

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_M = 1000.0
EPSG = 25833
ROUNDS = 3
# A circle drawn with 64 corners a quarter lies inside the true one by less than this.
CORNER_M = LIMIT_M * (1 - np.cos(np.pi / (4 * 64)))


def country(points: int, stops: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw points and stops (n, 2): half of the points, and the stops, in 500 towns."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform(0, 400_000, (500, 2))

    def around(n: int, spread: float) -> np.ndarray:
        return towns[rng.integers(500, size=n)] + rng.normal(0, spread, (n, 2))

    loose = rng.uniform(0, 400_000, (points - points // 2, 2))
    return np.vstack([around(points // 2, 2_500), loose]), around(stops, 3_000)


def timed[T](name: str, run: Callable[[], T], rounds: int = ROUNDS) -> tuple[T, float, float]:
    """Run and tell the best CPU and wall time of some rounds."""
    best_cpu = best_wall = np.inf
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        answer = run()
        best_cpu = min(best_cpu, time.process_time() - cpu)
        best_wall = min(best_wall, time.perf_counter() - wall)
    print(f"  {name:42s} {best_cpu:9.3f} s CPU {best_wall:9.3f} s wall")
    return answer, best_cpu, best_wall


def main(points: int, stops: int) -> None:
    """Compare answers, then times."""
    p, q = country(points, stops, seed=1)
    print(f"{points:,} points, {stops:,} stops, {LIMIT_M:,.0f} m")
    within(p[:9, 0], p[:9, 1], q[:9, 0], q[:9, 1], max_m=1)
    nearest(p[:9, 0], p[:9, 1], q[:9, 0], q[:9, 1], max_m=1)
    x, y, tx, ty = (np.ascontiguousarray(v) for v in (*p.T, *q.T))
    hit, *own = timed("within (this project)", lambda: within(x, y, tx, ty, max_m=LIMIT_M))
    found, *near = timed("nearest (this project)", lambda: nearest(x, y, tx, ty, max_m=LIMIT_M))
    assert np.array_equal(hit, found[0] >= 0)
    print(f"  {hit.mean():.4%} of the points have a stop within reach")

    def tree() -> np.ndarray:
        reach = np.nextafter(LIMIT_M, np.inf)
        return np.asarray(cKDTree(q).query(p, distance_upper_bound=reach, workers=1)[0] <= LIMIT_M)

    peer, *times = timed("scipy cKDTree build and query", tree)
    assert np.array_equal(hit, peer), "cKDTree answers otherwise"
    ratio("within", own, times)
    ratio("nearest", near, times)
    left = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=EPSG)
    right = gpd.GeoDataFrame(geometry=gpd.points_from_xy(tx, ty), crs=EPSG)

    def joined() -> np.ndarray:
        rows = gpd.sjoin_nearest(left, right, max_distance=LIMIT_M).index.unique()
        return np.isin(np.arange(len(left)), rows)

    peer, *times = timed("geopandas sjoin_nearest", joined, 1)
    assert np.array_equal(hit, peer), "sjoin_nearest answers otherwise"
    ratio("within", own, times)
    ratio("nearest", near, times)

    def buffered() -> np.ndarray:
        circles = gpd.GeoDataFrame(geometry=right.buffer(LIMIT_M, quad_segs=64)).dissolve()
        rows = gpd.sjoin(left, circles.explode(), predicate="within").index.unique()
        return np.isin(np.arange(len(left)), rows)

    peer, *times = timed("geopandas buffer, dissolve, sjoin within", buffered, 1)
    odd = np.flatnonzero(hit != peer)
    away = nearest(x[odd], y[odd], tx, ty, max_m=2 * LIMIT_M)[1]
    assert (np.abs(away - LIMIT_M) <= CORNER_M + 1e-6).all(), "buffers answer otherwise"
    print(f"  buffers miss {len(odd):,} points by up to {CORNER_M * 100:.1f} cm at their corners")
    ratio("within", own, times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory of the whole run {peak:,.0f} MB")


def ratio(name: str, own: list[float], peer: list[float]) -> None:
    """Say how many times as long the peer takes."""
    print(f"    {name}: {peer[0] / own[0]:.1f} x CPU, {peer[1] / own[1]:.1f} x wall")


if __name__ == "__main__":
    sizes = [int(v.replace(",", "")) for v in sys.argv[1:3]] or [2_500_000, 60_000]
    main(*sizes)
