"""Hold age groups against counts by hand, by closed form, and against what may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.analyses import ANALYSES
from gis.analyses.age_labels import Ages, ages_of, group_index, groups_from
from gis.disclosure import cross_marks
from gis.errors import FieldError, LayerMissingError, ParameterError
from gis.published import publishable
from gis.result import Result, Status
from tests.town import Town, box, frame, study, town

WEST, EAST = "99990101", "99990102"
# Residents aged 0-5, 6-19, 20-64 and 65+ in the two halves of the town.
BY_HAND = {WEST: (40, 60, 280, 100), EAST: (30, 50, 160, 60)}
LABELS = ("0-5", "6-19", "20-64", "65+")


def ages(
    values: Mapping[str, Sequence[float | None]] = BY_HAND, labels: Sequence[str] = LABELS
) -> gpd.GeoDataFrame:
    rows = [(u, a, n) for u, counts in values.items() for a, n in zip(labels, counts, strict=True)]
    number, age, residents = zip(*rows, strict=True)
    none = [None] * len(rows)
    return frame(none, number=number, age=age, residents=np.array(residents, dtype=float))  # type: ignore[arg-type]


def units() -> gpd.GeoDataFrame:
    return frame(
        [box(0, 0, 500, 1000), box(500, 0, 1000, 1000)], number=[WEST, EAST], name=["Vest", "Øst"]
    )


def aged(**more: object) -> Town:
    return town(basic_statistical_units=units(), **{"age_groups": ages(), **more})  # type: ignore[arg-type]


def run(data: Town, **params: object) -> Result:
    return ANALYSES["age-groups"](study(data), params)


def test_dependency_ratio_and_tables_by_hand() -> None:
    """By hand: (180 + 160) / 440 x 100 = 77.27; the sums of rows and columns agree."""
    result = run(aged())
    assert result.status is Status.OK
    assert result.value == pytest.approx(100 * 340 / 440)
    rows = result.table("units").frame.set_index("number")
    assert rows.loc[WEST].to_list()[1:] == [480, 100, 280, 100]
    assert rows.loc[EAST].to_list()[1:] == [300, 80, 160, 60]
    assert rows.loc[""].to_list()[1:] == [780, 180, 440, 160]
    fine = result.table("by_age_fine").frame
    assert fine["residents"].tolist() == [70, 110, 440, 160, 780]
    shares = result.frame.set_index("number")["young_share"].to_dict()  # type: ignore[union-attr]
    assert shares[WEST] == pytest.approx(100 / 480, abs=1e-4)
    assert shares[EAST] == pytest.approx(80 / 300, abs=1e-4)


def test_other_limits_and_readings_by_hand() -> None:
    """By hand: from 6 on, working age is 6-64: (70 + 160) / 550."""
    result = run(aged(), limits="6,20,65", young_below=6)
    assert result.value == pytest.approx(100 * 230 / 550)
    assert "age_6_19" in result.table("units").frame.columns
    readings = {r.name: r.value for r in result.sensitivity}
    assert readings["working-20-64"] == pytest.approx(100 * 340 / 440)
    assert [r.name for r in result.sensitivity if r.chosen] == ["working-6-64"]


def test_a_limit_inside_a_group_is_refused_or_said() -> None:
    """By rule: a group is never cut: asked for it is an error, by default insufficient data."""
    cut = aged(age_groups=ages({WEST: (90, 300, 90)}, ("0-15", "16-66", "67+")))
    result = run(cut)
    assert result.status is Status.INSUFFICIENT_DATA
    assert result.value is None
    assert len(result.notes) == 2
    with pytest.raises(ParameterError, match=r"20 given.*16–66.*allowed: 16, 67"):
        run(cut, young_below=20)
    assert run(cut, limits="16,67", young_below=16, old_from=67).value == pytest.approx(60)


@pytest.mark.parametrize("given", ["", "65,20", "20,20", "0,20", "20;65", "20,130"])
def test_limits_that_do_not_rise_are_refused(given: str) -> None:
    """By rule of the parameter."""
    with pytest.raises(ParameterError, match="limits"):
        run(aged(), limits=given)


def test_units_the_publisher_hides_are_left_out_whole() -> None:
    """By hand: one hidden count in the west leaves the east alone, and is said."""
    hidden = {WEST: (None, 60, 280, 100), EAST: BY_HAND[EAST]}
    result = run(aged(age_groups=ages(hidden)))
    assert result.figures["residents"] == 300
    (left,) = result.left_out
    assert (left.reason, left.count) == ("ages_hidden", 1)


def test_numbers_of_another_year_are_no_zero() -> None:
    """By rule: units of another numbering are not taken for nobody."""
    with pytest.raises(LayerMissingError, match="02190101"):
        run(aged(age_groups=ages({"02190101": (40, 60, 280, 100)})))


def test_change_to_a_projection_by_hand() -> None:
    """By hand: 780 become 900 in 2040, the old 160 become 240; the west 480 becomes 600."""
    later = frame(
        [None] * 6,  # type: ignore[list-item]
        number=["9999", "9999", "9999", "9999", WEST, WEST],
        age=["0-19", "20-64", "65+", "0-19", "0-64", "65+"],
        year=[2040, 2040, 2040, 2030, 2040, 2040],
        residents=[200.0, 460.0, 240.0, 190.0, 450.0, 150.0],
    )
    result = run(aged(population_projection=later))
    by_age = result.table("by_age").frame
    assert by_age["projected"].tolist() == [200, 460, 240, 900]
    growth = [200 / 180 - 1, 460 / 440 - 1, 0.5, 900 / 780 - 1]
    assert by_age["change_share"].tolist() == pytest.approx(growth)
    rows = result.table("units").frame.set_index("number")["change_share"]
    assert rows[WEST] == pytest.approx(0.25)
    assert np.isnan(rows[EAST])
    assert rows[""] == pytest.approx(900 / 780 - 1)
    assert "900 innbyggere (+15,4\u00a0%)" in result.finding.nb
    fewer = run(aged(population_projection=later.assign(residents=later["residents"] / 2)))
    assert "450 innbyggere (\u221242,3\u00a0%)" in fewer.finding.nb
    with pytest.raises(ParameterError, match=r"2035 given.*2030, 2040"):
        run(aged(population_projection=later), year=2035)


def test_small_counts_never_leave_and_do_not_follow() -> None:
    """By hand: 4 old in the west hide, and so do enough others that no sum gives them away."""
    small = {WEST: (40, 60, 280, 4), EAST: BY_HAND[EAST]}
    exact = run(aged(age_groups=ages(small)))
    rows = publishable(exact).table("units").frame.set_index("number")
    assert rows.loc[WEST, "age_65_plus"] == "<10"
    hidden = rows.astype(str).isin(["<10", "*"])
    # By each row and column at least two are hidden, or none.
    for counts in (*hidden.to_numpy()[:, 1:], *hidden.to_numpy()[:, 1:].T):
        assert counts.sum() != 1
    frame_ = exact.frame.set_index("number")  # type: ignore[union-attr]
    assert frame_.loc[WEST, "old_share"] == "*"
    assert "4" not in frame_.loc[WEST].astype(str).tolist()
    # The municipality's own groups are left away wherever a sum must hide.
    marks = cross_marks(np.array([[100, 280, 4], [80, 160, 60]]))
    assert ("by_age" in exact.tables) == (not (marks[-1] != "").any())


@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_hidden_count_follows_from_one_row_or_column(counts: list[list[int]]) -> None:
    """By rule: no small count is shown, and none stands alone in a line that shows its sum."""
    values = np.array(counts, dtype=np.int64)
    marks = cross_marks(values) != ""
    full = np.column_stack([values, values.sum(axis=1)])
    full = np.vstack([full, full.sum(axis=0)])
    assert marks[(full > 0) & (full < 10)].all()
    for line, of in ((marks, full), (marks.T, full.T)):
        for hidden, number in zip(line, of, strict=True):
            assert hidden.sum() != 1 or number[hidden].min() >= 10


@pytest.mark.parametrize(
    ("label", "first", "last"),
    [("0-5", 0, 5), ("67+", 67, np.inf), ("105 år eller eldre", 105, np.inf), ("007", 7, 7),
     ("under 16", 0, 15), ("20–64 år", 20, 64)],
)  # fmt: skip
def test_age_labels(label: str, first: int, last: float) -> None:
    """By hand: the ways publishers write ages."""
    assert ages_of(label) == Ages(first, last)


def test_what_is_no_age_is_refused() -> None:
    """By rule: nothing is guessed."""
    for label in ("alle", "5-0", "1-2-3"):
        with pytest.raises(FieldError, match="age group"):
            ages_of(label)


@given(st.sets(st.integers(1, 119), max_size=6))
@settings(max_examples=50, deadline=None)
def test_single_years_fall_in_the_group_that_holds_them(limits: set[int]) -> None:
    """Twin: a search through all groups finds the same one."""
    groups = groups_from(limits)
    years = [Ages(a, a) for a in range(120)]
    found = group_index(years, groups)
    slow = [next(i for i, g in enumerate(groups) if g.first <= y.first <= g.last) for y in years]
    assert found.tolist() == slow
