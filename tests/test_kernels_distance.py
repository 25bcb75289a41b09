"""Hold the distance kernels against brute force, a k-d tree and geopandas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GeometryError, ParameterError
from gis.kernels.distance import nearest, nearest_plain, within


def brute(x, y, tx, ty, max_m):  # type: ignore[no-untyped-def]
    d2 = (x[:, None] - tx) ** 2 + (y[:, None] - ty) ** 2
    index = np.argmin(d2, axis=1)
    distance = np.sqrt(d2[np.arange(x.size), index])
    far = ~(distance <= max_m)
    return np.where(far, -1, index), np.where(far, np.nan, distance)


def test_exactly_the_limit_counts() -> None:
    """By hand: 600-800-1000 triangles at Norwegian coordinates; one float further does not."""
    e, n = 250_000.0, 6_650_000.0
    x = np.array([e + 600, e + 1000, e, np.nextafter(e + 1000, np.inf)])
    y = np.array([n + 800, n, n - 1000, n])
    assert within(x, y, [e], [n], max_m=1000).tolist() == [True, True, True, False]
    index, distance = nearest(x, y, [e], [n], max_m=1000)
    assert index.tolist() == [0, 0, 0, -1]
    assert distance[:3].tolist() == [1000.0] * 3
    assert np.isnan(distance[3])


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 2.0, 7.0, 100.0, np.inf]), st.booleans())
@settings(max_examples=120, deadline=None)
def test_brute_force_agrees(seed: int, max_m: float, lattice: bool) -> None:
    """Brute force: all pairs; on a lattice most distances are tied, the lowest index wins."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-30, 30, (2, 200))
    tx, ty = rng.uniform(-15, 15, (2, int(rng.integers(1, 60))))
    if lattice:
        x, y, tx, ty = (np.rint(v) for v in (x, y, tx, ty))
    index, distance = nearest(x, y, tx, ty, max_m=max_m)
    slow_index, slow_distance = brute(x, y, tx, ty, max_m)
    assert (index == slow_index).all()
    np.testing.assert_array_equal(distance, slow_distance)
    assert (within(x, y, tx, ty, max_m=max_m) == (slow_index >= 0)).all()
    plain = nearest_plain(x, y, tx, ty, max_m=max_m)
    assert (plain[0] == slow_index).all()


def test_threads_change_nothing() -> None:
    """Slow simple twin: 200,000 points, enough for several threads, against all targets."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(0, 3000, (2, 200_000))
    tx, ty = rng.normal(0, 3000, (2, 30))
    index, distance = nearest(x, y, tx, ty, max_m=700)
    slow_index, slow_distance = brute(x, y, tx, ty, 700)
    assert (index == slow_index).all()
    np.testing.assert_array_equal(distance, slow_distance)
    assert (within(x, y, tx, ty, max_m=700) == (slow_index >= 0)).all()


def test_geopandas_agrees() -> None:
    """Slow simple twin: sjoin_nearest(max_distance) gives the same reach and distances."""
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, 8000, (2, 3000))
    tx, ty = rng.uniform(0, 8000, (2, 80))
    left = gpd.GeoDataFrame(geometry=shapely.points(x, y))
    right = gpd.GeoDataFrame(geometry=shapely.points(tx, ty))
    joined = left.sjoin_nearest(right, how="left", max_distance=400, distance_col="d")
    _, distance = nearest(x, y, tx, ty, max_m=400)
    np.testing.assert_allclose(distance, joined["d"].to_numpy(), rtol=1e-12)


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_moving_everything_and_growing_the_limit(seed: int) -> None:
    """Identity: whole-metre shifts change nothing; a longer limit never loses a point."""
    rng = np.random.default_rng(seed)
    x, y, tx, ty = np.rint(rng.uniform(0, 4000, (4, 150)))
    near = within(x, y, tx, ty, max_m=200)
    moved = within(x + 250_000, y + 6_650_000, tx + 250_000, ty + 6_650_000, max_m=200)
    assert (near == moved).all()
    assert within(x, y, tx, ty, max_m=300)[near].all()


def test_no_targets_and_no_points() -> None:
    """By hand: nothing to find is no error."""
    index, distance = nearest([1.0, 2.0], [1.0, 2.0], [], [], max_m=5)
    assert index.tolist() == [-1, -1]
    assert np.isnan(distance).all()
    assert within([1.0], [1.0], [], [], max_m=5).tolist() == [False]
    assert nearest([], [], [1.0], [1.0], max_m=5)[0].size == 0


def test_refusals() -> None:
    """By hand: limits below 0 or NaN, coordinates that are not finite, shapes that differ."""
    for bad in (-1.0, float("nan")):
        with pytest.raises(ParameterError, match="max_m"):
            within([0.0], [0.0], [0.0], [0.0], max_m=bad)
    with pytest.raises(GeometryError, match="target 1 of 2"):
        nearest([0.0], [0.0], [0.0, np.inf], [0.0, 0.0], max_m=1)
    with pytest.raises(GeometryError, match="shapes"):
        nearest([0.0, 1.0], [0.0], [0.0], [0.0], max_m=1)
