"""Hold species counts and rarefaction against sets, enumeration and closed forms."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ParameterError
from gis.kernels.richness import (
    half_ignorance,
    rarefied,
    record_counts,
    richness,
    richness_plain,
    species_counts,
)


def test_by_hand() -> None:
    """By hand: cell 0 has species 3 twice and 5 once; records outside or unnamed are left out."""
    cells, species = [0, 0, 0, 2, -1, 2], [3, 5, 3, 3, 1, -1]
    assert richness(cells, species, n_cells=3).tolist() == [2, 0, 1]
    assert record_counts(cells, n_cells=3).tolist() == [3, 0, 2]
    found = species_counts(cells, species, n_cells=3)
    assert [a.tolist() for a in found] == [[0, 0, 2], [3, 5, 3], [2, 1, 1]]
    assert richness([], [], n_cells=2).tolist() == [0, 0]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_twin_and_order(seed: int) -> None:
    """Brute force twin: a Python set a cell; the order of records does not matter."""
    rng = np.random.default_rng(seed)
    cells, species = rng.integers(-1, 12, 300), rng.integers(-1, 20, 300)
    found = richness(cells, species, n_cells=12)
    kept = (cells >= 0) & (species >= 0)
    sets = [set(species[kept & (cells == c)].tolist()) for c in range(12)]
    assert found.tolist() == [len(s) for s in sets]
    assert (found == richness_plain(cells, species, n_cells=12)).all()
    order = rng.permutation(300)
    assert (found == richness(cells[order], species[order], n_cells=12)).all()
    assert species_counts(cells, species, n_cells=12)[2].sum() == kept.sum()


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9])
def test_rarefaction_by_drawing_every_sample(n: int) -> None:
    """Brute force: the mean number of species over every possible sample of n of 9 records."""
    records = [0, 0, 0, 0, 1, 1, 1, 2, 3]
    counts = np.bincount(records)
    samples = list(itertools.combinations(records, n))
    assert len(samples) == comb(9, n)
    mean = sum(len(set(s)) for s in samples) / len(samples)
    found = rarefied(np.zeros(4, dtype=int), counts, n=n, n_cells=1)
    assert found[0] == pytest.approx(mean, rel=1e-12)


def test_rarefaction_edges() -> None:
    """Closed form: one record gives 1, all records give the richness, too few give NaN."""
    cells, counts = np.array([0, 0, 1]), np.array([60, 40, 3])
    assert rarefied(cells, counts, n=1, n_cells=3)[:2] == pytest.approx([1.0, 1.0])
    assert rarefied(cells, counts, n=100, n_cells=3)[0] == pytest.approx(2.0)
    fifty = rarefied(cells, counts, n=50, n_cells=3)
    assert fifty[0] == pytest.approx(2 - comb(60, 50) / comb(100, 50), rel=1e-9)
    assert np.isnan(fifty[1:]).all()


def test_rarefied_richness_rises_with_n() -> None:
    """Identity: more records drawn never means fewer species expected."""
    counts = np.random.default_rng(2).integers(1, 90, 40)
    cells = np.zeros(40, dtype=int)
    curve = [rarefied(cells, counts, n=n, n_cells=1)[0] for n in range(1, int(counts.sum()), 50)]
    assert (np.diff(curve) > 0).all()


def test_rarefaction_is_scikit_bios() -> None:
    """Someone else's engine: scikit-bio's rarefaction by drawing.

    It draws at random (``subsample_counts``); the mean of many draws comes within
    five standard errors of the expectation.
    """
    skbio = pytest.importorskip("skbio.stats")
    counts = np.array([40, 25, 12, 6, 3, 2, 1, 1])
    expected = rarefied(np.zeros(8, dtype=int), counts, n=20, n_cells=1)[0]
    seeds = np.random.default_rng(11).integers(2**31, size=4000)
    drawn = np.array(
        [np.count_nonzero(skbio.subsample_counts(counts, 20, seed=int(k))) for k in seeds]
    )
    error = drawn.std() / np.sqrt(len(drawn))
    assert abs(drawn.mean() - expected) < 5 * error


def test_weights_sum_over_species() -> None:
    """By hand and identity: weights of one are plain; weights are linear; bool picks species."""
    cells, counts = np.array([0, 0, 0, 1]), np.array([5, 3, 2, 4])
    plain = rarefied(cells, counts, n=4, n_cells=2)
    ones = rarefied(cells, counts, n=4, n_cells=2, weights=np.ones(4))
    assert ones == pytest.approx(plain)
    single = [rarefied(cells, counts, n=4, n_cells=2, weights=np.arange(4) == i) for i in range(4)]
    weights = np.array([4.0, 0.0, 1.5, 2.0])
    mixed = rarefied(cells, counts, n=4, n_cells=2, weights=weights)
    assert mixed == pytest.approx(sum(w * one for w, one in zip(weights, single, strict=True)))
    # A species found in every record is always drawn: its weight stands whole.
    assert mixed[1] == pytest.approx(2.0)
    with pytest.raises(ParameterError, match="one a row"):
        rarefied(cells, counts, n=4, n_cells=2, weights=np.ones(3))


def test_half_ignorance() -> None:
    """Closed form (Ruete 2015): 1 with no record, a half at O_0.5, 1/11 at ten times that."""
    found = half_ignorance([0, 20, 200], half_at=20)
    assert found == pytest.approx([1.0, 0.5, 1 / 11])
    with pytest.raises(ParameterError, match="more than zero"):
        half_ignorance([1], half_at=0)
    with pytest.raises(ParameterError, match="zero or more"):
        half_ignorance([-1], half_at=1)


def test_refusals() -> None:
    """By hand: floats, indices out of range, rows that differ, no draw."""
    with pytest.raises(ParameterError, match="row of integers"):
        richness([0.5], [1], n_cells=1)
    with pytest.raises(ParameterError, match="0 to 1"):
        richness([2], [1], n_cells=2)
    with pytest.raises(ParameterError, match="1 cells and 2 species"):
        richness([0], [1, 2], n_cells=2)
    with pytest.raises(ParameterError, match="n = 0"):
        rarefied([0], [1], n=0, n_cells=1)
