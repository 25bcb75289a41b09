"""Hold the protection of small counts against an attacker who tries every table."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from gis.disclosure import (
    Protected,
    is_publishable,
    protect_counts,
    round_residents,
    rounded_part,
)
from gis.errors import InvariantError, ParameterError
from gis.kernels.suppression import SHOWN, SMALL, UNPRINTED, WITHHELD, Table, suppress

FAR = 10_000
NAMES = {SHOWN: "", SMALL: "under-10", WITHHELD: "withheld", UNPRINTED: ""}


def protect_bands(bands: list[int]) -> Protected:
    """One column of disjoint bands, with the sum below them."""
    return protect_counts(pd.DataFrame({"residents": bands}), ["residents"])


def protect_nested(bands: list[int], *, show_bands: bool) -> Protected:
    """Running totals of bands from the inside out, as a network that is no matrix.

    The bands are left out without ``show_bands``, yet protected, as anyone can subtract.
    """
    k = len(bands)
    # Node j is zone j + 1: it takes in its own band and the zone inside it.
    zone = np.arange(1, k + 1)
    both = np.concatenate([bands, np.cumsum(bands)]).astype(np.int64)
    is_total = np.repeat([False, True], k)
    marks = suppress(
        Table(
            tail=np.concatenate([np.zeros(k, dtype=np.int64), zone]),
            head=np.concatenate([zone, np.append(zone[1:], 0)]),
            value=both,
            is_total=is_total,
            is_grand=np.append(np.zeros(2 * k - 1, dtype=bool), True),
            printed=is_total | show_bands,
        ),
        least=10,
    )
    shown = slice(None) if show_bands else slice(1, None)
    full, hidden = (v.reshape(2, k).T[:, shown] for v in (both, marks))
    return Protected(
        counts=pd.DataFrame(full).astype("Int64").mask(pd.DataFrame(hidden != SHOWN)),
        marks=pd.DataFrame([[NAMES[int(m)] for m in row] for row in hidden]),
    )


def bounds_of(protected: Protected) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return least, largest and hidden of every cell, as the marks and numbers tell them."""
    counts, marks = protected.counts, protected.marks.to_numpy()
    hidden = counts.isna().to_numpy()
    shown = counts.fillna(0).to_numpy(dtype=np.int64)
    # Where a cell is marked under-10, withheld cells are those of 10 or more.
    withheld_from = 10 if (marks == "under-10").any() else 0
    low = np.where(marks == "under-10", 1, np.where(marks == "withheld", withheld_from, shown))
    high = np.where(marks == "under-10", 9, np.where(marks == "withheld", FAR, shown))
    return low, high, hidden


def attack(
    low: np.ndarray, high: np.ndarray, sums: np.ndarray, aim: np.ndarray
) -> tuple[float, float]:
    """Return the least and largest value of ``aim @ cells`` over all tables that fit (HiGHS)."""
    ends = []
    for sign in (1, -1):
        found = milp(
            sign * aim,
            constraints=LinearConstraint(sums, 0, 0),
            bounds=Bounds(low, high),
            integrality=np.ones(low.size),
        )
        assert found.success
        ends.append(round(sign * found.fun))
    return ends[0], ends[1]


def margins_matrix(rows: int, columns: int, *, row_totals: bool) -> np.ndarray:
    """Write the sums of a table with a last total row (and total column) as equations."""
    width = columns + row_totals
    at = np.arange((rows + 1) * width).reshape(rows + 1, width)
    equations = []
    for c in range(width):
        equation = np.zeros(at.size)
        equation[at[:-1, c]], equation[at[-1, c]] = 1, -1
        equations.append(equation)
    if row_totals:
        for r in range(rows + 1):
            equation = np.zeros(at.size)
            equation[at[r, :-1]], equation[at[r, -1]] = 1, -1
            equations.append(equation)
    return np.array(equations)


def assert_safe(protected: Protected, sums: np.ndarray) -> None:
    """Attack every hidden cell, and every sum of hidden cells along a total."""
    low, high, hidden = (a.ravel() for a in bounds_of(protected))
    for i in np.flatnonzero(hidden):
        least, most = attack(low, high, sums, np.eye(low.size)[i])
        assert most > least
    for equation in sums:
        part = np.where(hidden & (equation > 0), 1.0, 0.0)
        if part.sum() > 1:
            least, most = attack(low, high, sums, part)
            assert most > least or most >= 10


def frame(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"band{j}" for j in range(values.shape[1])])


SMALL_COUNTS = st.one_of(st.integers(0, 12), st.integers(0, 200))


@given(st.lists(SMALL_COUNTS, min_size=1, max_size=7))
@settings(max_examples=60, deadline=None)
def test_list_with_total_withstands_attack(values: list[int]) -> None:
    """Brute force twin: integer programming over all lists that fit what is published."""
    protected = protect_counts(frame(np.array(values)[:, None]), ["band0"])
    assert_safe(protected, margins_matrix(len(values), 1, row_totals=False))
    assert_honest(protected, np.array(values)[:, None])


@given(st.integers(2, 4), st.integers(2, 4), st.data())
@settings(max_examples=60, deadline=None)
def test_bivariate_table_withstands_attack(rows: int, columns: int, data: st.DataObject) -> None:
    """Brute force twin: integer programming over all tables with both margins."""
    cells = data.draw(st.lists(SMALL_COUNTS, min_size=rows * columns, max_size=rows * columns))
    values = np.array(cells).reshape(rows, columns)
    table = frame(values)
    protected = protect_counts(table, list(table.columns), total_column="sum")
    assert_safe(protected, margins_matrix(rows, columns, row_totals=True))
    assert_honest(protected, values)


def assert_honest(protected: Protected, values: np.ndarray) -> None:
    """Conservation: what is shown is true, what is 1-9 is hidden, marks and blanks agree."""
    counts = protected.counts.iloc[: values.shape[0], : values.shape[1]]
    blank = counts.isna().to_numpy()
    assert (counts.fillna(0).to_numpy()[~blank] == values[~blank]).all()
    assert blank[(values > 0) & (values < 10)].all()
    shown = protected.counts.stack().dropna().to_numpy(dtype=np.int64)
    assert not ((shown > 0) & (shown < 10)).any()
    assert (protected.counts.isna().to_numpy() == (protected.marks != "").to_numpy()).all()


@pytest.mark.parametrize("seed", range(25))
def test_two_by_two_by_trying_every_table(seed: int) -> None:
    """Brute force: every 2 x 2 table of counts 0..24, kept where all that is shown agrees."""
    values = np.random.default_rng(seed).integers(0, 16, (2, 2))
    table = frame(values)
    protected = protect_counts(table, ["band0", "band1"], total_column="sum")
    low, high, hidden = bounds_of(protected)
    a, b, c, d = (v.ravel() for v in np.meshgrid(*[np.arange(25)] * 4, indexing="ij"))
    worlds = np.array([[a, b, a + b], [c, d, c + d], [a + c, b + d, a + b + c + d]])
    fits = ((worlds >= low[..., None]) & (worlds <= high[..., None])).all(axis=(0, 1))
    assert fits.any()
    for r, k in np.argwhere(hidden):
        assert np.unique(worlds[r, k, fits]).size >= 2


@given(st.lists(SMALL_COUNTS, min_size=1, max_size=5), st.booleans())
@settings(max_examples=80, deadline=None)
def test_nested_totals_do_not_give_bands_away(bands: list[int], show_bands: bool) -> None:
    """Brute force twin: no band of 1-9 follows from any difference of nested totals."""
    k = len(bands)
    protected = protect_nested(bands, show_bands=show_bands)
    low, high, hidden = bounds_of(protected)
    if not show_bands:
        low = np.column_stack([np.zeros(k, int), low])
        high = np.column_stack([np.full(k, FAR), high])
        hidden = np.column_stack([np.array([0 < b < 10 for b in bands]), hidden])
    # cells: band 0, nested 0, band 1, nested 1, ...; nested j = nested j-1 + band j
    sums = np.zeros((k, 2 * k))
    for j in range(k):
        sums[j, 2 * j], sums[j, 2 * j + 1] = 1, -1
        if j:
            sums[j, 2 * j - 1] = 1
    low, high = low.ravel(), high.ravel()
    for i in np.flatnonzero(hidden.ravel()):
        least, most = attack(low, high, sums, np.eye(2 * k)[i])
        assert most > least
    for i, j in itertools.combinations(range(k), 2):  # residents between two zones
        ring = np.eye(2 * k)[2 * j + 1] - np.eye(2 * k)[2 * i + 1]
        least, most = attack(low, high, sums, ring)
        assert most > least or most == 0 or most >= 10


def test_one_small_cell_takes_one_other_with_it() -> None:
    """By hand: 3 alone follows from the total 135; hiding 40 too gives 3 + 40 = 43 only."""
    protected = protect_bands([3, 12, 40, 80])
    assert protected.text("nb")["residents"].tolist() == ["under 10", "12", "skjult", "80", "135"]
    assert protected.text("en")["residents"].tolist() == ["under 10", "12", "withheld", "80", "135"]
    assert protected.n_hidden == 2


def test_two_small_cells_with_a_small_sum_take_a_third() -> None:
    """By hand: hiding only 3 and 4 tells that the two units hold 7 residents together."""
    protected = protect_bands([3, 4, 50, 60])
    assert protected.text("en")["residents"].tolist()[:4] == [
        "under 10", "under 10", "withheld", "60"
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[1, 10], [1] * 12, [9, 9], [1] * 9])
def test_marks_that_would_give_values_away_say_nothing(values: list[int]) -> None:
    """By hand: 1 + 10 = 11, twelve ones = 12 and 9 + 9 = 18 have one solution under 1-9 / 10+."""
    protected = protect_bands(values)
    assert set(protected.marks["residents"].iloc[:-1]) == {"withheld"}
    assert_safe(protected, margins_matrix(len(values), 1, row_totals=False))


def test_zeros_and_large_counts_are_shown_untouched() -> None:
    """By hand: nothing to protect; the totals are 30 and 0."""
    table = frame(np.array([[10, 0], [20, 0]]))
    protected = protect_counts(table, ["band0", "band1"], total_column="sum")
    assert protected.n_hidden == 0
    assert protected.counts.loc["total"].tolist() == [30, 0, 30]
    assert str(protected.counts["sum"].dtype) == "Int64"


def test_map_cells_without_totals_hide_only_small_counts() -> None:
    """By hand: with no total nothing can be subtracted, so one cell of three is hidden."""
    table = pd.DataFrame({"residents": [4, 10, 0]}, index=["p", "q", "r"])
    protected = protect_counts(table, ["residents"], total_row=None)
    assert protected.marks["residents"].tolist() == ["under-10", "", ""]
    assert protected.counts.index.tolist() == ["p", "q", "r"]
    assert table["residents"].tolist() == [4, 10, 0]


def test_few_cells_are_hidden() -> None:
    """By hand: four small counts on a rectangle cover each other; nothing else is hidden."""
    values = np.full((6, 5), 100)
    values[np.ix_([1, 4], [0, 3])] = [[5, 6], [7, 5]]
    table = frame(values)
    protected = protect_counts(table, list(table.columns), total_column="sum")
    assert protected.n_hidden == 4


def test_one_small_count_in_a_table_takes_three_others() -> None:
    """By hand: a lone 5 needs a rectangle of four cells (row, column, corner)."""
    values = np.full((4, 3), 50)
    values[2, 1] = 5
    table = frame(values)
    assert protect_counts(table, list(table.columns), total_column="sum").n_hidden == 4


@pytest.mark.parametrize(
    ("n", "rounded"),
    [(0, 0), (1, None), (9.6, None), (10, 10), (15, 20), (25, 20), (31_479, 31_480)],
)
def test_rounding(n: float, rounded: int | None) -> None:
    """By hand: nearest ten, halves to even, never 1-9 and never 0 for somebody."""
    assert round_residents(n) == rounded
    assert is_publishable(n) is (n == 0 or n >= 10)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(12, 12, 12), (0, 0, 0), (0, 80, 0), (13, 30, 10), (14, 24, 10),
     (7, 100, None), (95, 100, None), (None, 100, None), (10, None, None), (5, 9, None)],
)  # fmt: skip
def test_a_part_of_a_known_whole(
    part: float | None, whole: float | None, shown: float | None
) -> None:
    """By hand: the whole exact, parts to the nearest 10, nothing where 1-9 are in or left."""
    assert rounded_part(part, whole) == shown


def test_refusals() -> None:
    """By hand: fractions, negatives, missing values, text, names in use, sums that do not hold."""
    for bad in ([1.5, 2.0], [-1, 2], [np.nan, 3.0]):
        with pytest.raises(ParameterError, match="whole numbers from 0"):
            protect_counts(pd.DataFrame({"n": bad}), ["n"])
    with pytest.raises(ParameterError, match="whole numbers are needed"):
        protect_counts(pd.DataFrame({"n": ["a"]}), ["n"])
    with pytest.raises(ParameterError, match="count columns"):
        protect_counts(pd.DataFrame({"n": [1]}), ["m"])
    with pytest.raises(ParameterError, match="also a unit"):
        protect_counts(pd.DataFrame({"n": [1]}, index=["total"]), ["n"])
    with pytest.raises(ParameterError, match="also a count"):
        protect_counts(pd.DataFrame({"n": [1]}), ["n"], total_column="n")
    with pytest.raises(ParameterError, match="0 or more"):
        round_residents(float("nan"))
    flags = np.zeros(2, dtype=bool)
    broken = Table(np.array([0, 1]), np.array([1, 0]), np.array([5, 6]), flags, flags, ~flags)
    with pytest.raises(InvariantError, match="does not hold"):
        suppress(broken, least=10)
