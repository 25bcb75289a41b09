"""Hold Gi* against the formula on any weights and against published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from gis.errors import ParameterError
from gis.kernels.hotspot import benjamini_hochberg, getis_ord, getis_ord_points


def gi_star(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Gi* for any weights (self included), term by term from Ord and Getis (1995)."""
    n = values.size
    mean, spread = values.mean(), np.sqrt((values**2).mean() - values.mean() ** 2)
    sums, squares = weights.sum(axis=1), (weights**2).sum(axis=1)
    below = spread * np.sqrt((n * squares - sums**2) / (n - 1))
    result: np.ndarray = (weights @ values - mean * sums) / below
    return result


def queen(mask: np.ndarray, reach: int) -> np.ndarray:
    at = np.argwhere(mask)
    return (np.abs(at[:, None] - at[None]).max(axis=2) <= reach).astype(float)


def test_reference_function_gives_the_published_number() -> None:
    """Published number: the six points of esda's own test, d < 15, Gi* z[0] = -1.39727626."""
    points = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)])
    values = np.array([2, 3, 3.2, 5, 8, 7])
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert gi_star(values, (gaps < 15).astype(float))[0] == pytest.approx(-1.39727626, abs=1e-8)


@given(st.integers(0, 10_000), st.integers(1, 3), st.booleans())
@settings(max_examples=50, deadline=None)
def test_box_filter_agrees_with_full_weights(seed: int, reach: int, masked: bool) -> None:
    """Brute force twin: the formula with a full weights matrix, also on ragged masks."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(3, (9, 11)).astype(float)
    mask = rng.uniform(size=values.shape) < 0.7 if masked else np.ones(values.shape, dtype=bool)
    found = getis_ord(np.where(mask, values, np.nan), mask=mask, reach=reach)
    expected = gi_star(values[mask], queen(mask, reach))
    np.testing.assert_allclose(found.z[mask], expected, rtol=1e-9, atol=1e-9)
    assert np.isnan(found.z[~mask]).all()
    np.testing.assert_allclose(found.p[mask], 2 * norm.sf(np.abs(expected)), rtol=1e-7)
    moved = getis_ord(np.where(mask, 5 * values + 1000, 0), mask=mask, reach=reach)
    np.testing.assert_allclose(moved.z, found.z, rtol=1e-7, atol=1e-7)


def test_six_points_give_the_published_numbers() -> None:
    """Published numbers (esda's own test): Gi z[0] = -1.0136729, Gi* z[0] = -1.39727626."""
    x, y = [10, 20, 40, 15, 30, 30], [10, 10, 10, 20, 20, 30]
    values = [2, 3, 3.2, 5, 8, 7]
    plain = getis_ord_points(x, y, values, max_m=15, star=False)
    star = getis_ord_points(x, y, values, max_m=15)
    assert plain.z[0] == pytest.approx(-1.0136729, abs=1e-7)
    assert star.z[0] == pytest.approx(-1.39727626, abs=1e-8)
    # A lone point has no neighbour: Gi has no answer, Gi* has.
    lone = [[0, 1, 2, 50], [0, 0, 0, 0], [1, 5, 2, 3]]
    assert np.isnan(getis_ord_points(*lone, max_m=1, star=False).z[3])
    assert np.isfinite(getis_ord_points(*lone, max_m=1).z[3])


def test_points_on_a_grid_are_the_grid() -> None:
    """Twin: the box filter on a grid is the points within 1.5 cells of its centres."""
    values = np.random.default_rng(8).poisson(4, (7, 9)).astype(float)
    rows, columns = np.indices(values.shape)
    found = getis_ord_points(columns.ravel(), rows.ravel(), values.ravel(), max_m=1.5)
    np.testing.assert_allclose(found.z, getis_ord(values).z.ravel(), rtol=1e-9, atol=1e-9)


def test_someone_elses_engine_agrees_on_points() -> None:
    """Someone else's engine: esda's Gi and Gi* without permutations, binary weights."""
    libpysal = pytest.importorskip("libpysal")
    esda = pytest.importorskip("esda")
    rng = np.random.default_rng(3)
    place, values = rng.uniform(0, 100, (80, 2)), rng.gamma(2, 3, 80)
    weights = libpysal.weights.DistanceBand(place, threshold=30, binary=True, silence_warnings=True)
    for star in (False, True):
        theirs = esda.G_Local(
            values, weights, transform="B", permutations=0, star=True if star else None
        )
        ours = getis_ord_points(*place.T, values, max_m=30, star=star)
        np.testing.assert_allclose(ours.z, theirs.Zs, rtol=1e-9)


def test_no_answer_where_there_is_none() -> None:
    """By hand: equal values, a box that holds all cells, one cell, no cell."""
    assert np.isnan(getis_ord(np.full((4, 4), 0.1)).z).all()
    assert np.isnan(getis_ord(np.arange(9.0).reshape(3, 3), reach=2).z).all()
    assert np.isnan(getis_ord([[1.0]]).z).all()
    empty = getis_ord(np.ones((2, 2)), mask=np.zeros((2, 2), dtype=bool))
    assert np.isnan(empty.p_adjusted).all()


def test_a_lump_is_hot() -> None:
    """By hand: the one 3 x 3 lump is the only significant place, hottest at its centre."""
    values = np.zeros((30, 30))
    values[10:13, 20:23] = 5
    found = getis_ord(values)
    assert np.unravel_index(np.argmax(found.z), values.shape) == (11, 21)
    hot = np.argwhere(found.p_adjusted < 0.05)
    assert (np.abs(hot - [11, 21]).max(axis=1) <= 2).all()


def test_false_discovery_rate() -> None:
    """By hand and someone else's engine: scipy's; NaN is no test."""
    found = benjamini_hochberg([0.01, np.nan, 0.04, 0.03, 0.005])
    assert found[[0, 2, 3, 4]] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(found[1])
    p = np.random.default_rng(4).uniform(size=500) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-12)
    assert benjamini_hochberg([]).size == 0


def test_refusals() -> None:
    """By hand: shapes, reach, NaN that takes part, p outside 0..1."""
    with pytest.raises(ParameterError, match="rows x columns"):
        getis_ord([1.0, 2.0])
    with pytest.raises(ParameterError, match="reach = 0"):
        getis_ord(np.ones((2, 2)), reach=0)
    with pytest.raises(ParameterError, match="mask them out"):
        getis_ord([[1.0, np.nan]])
    with pytest.raises(ParameterError, match="0 to 1"):
        benjamini_hochberg([1.2])
    with pytest.raises(ParameterError, match="one finite value each"):
        getis_ord_points([0, 1], [0, 1], [1.0, np.nan], max_m=1)
    with pytest.raises(ParameterError, match="above zero"):
        getis_ord_points([0, 1], [0, 1], [1.0, 2.0], max_m=0)
