"""Hold planned areas against nature value in drawn squares that can be counted."""

from __future__ import annotations

import pytest

from gis.analyses import ANALYSES
from gis.result import Result, Status
from tests.test_nature_value import nested
from tests.town import Town, box, frame, study


def planned(*shapes: tuple[float, float, float, float]) -> Town:
    data = nested()
    data.frames["planned_areas"] = frame(
        [box(*s) for s in shapes],
        name=[f"Felt {i}" for i in range(len(shapes))],
        purpose=["1110"] * len(shapes),
        status=["planned"] * len(shapes),
    )
    return data


def run(data: Town, **params: object) -> Result:
    return ANALYSES["nature-conflict"](study(data), params)


def test_one_plan_over_every_value_and_one_over_none() -> None:
    """By hand: the square 200-450 holds 1 ha reserve, 0 ha of the B site beside it, and so on.

    Felt 0 (200-450 both ways, 6.25 ha): reserve 1.00; high 0 (the B site ends at 300, all
    of it there is reserve); moderate 4 - 1 = 3; some 1 - 0.25 = 0.75; surveyed without
    finding 6.25 - 4.75 = 1.5. Felt 1 lies on 1 ha that nobody surveyed.
    """
    result = run(planned((200, 200, 450, 450), (0, 800, 100, 900)))
    assert result.frame is not None
    rows = result.frame.set_index("name")
    first = rows.loc["Felt 0"]
    assert first["nature_value"] == "very_high"
    assert first[["very_high_ha", "high_ha", "moderate_ha", "some_ha"]].tolist() == pytest.approx(
        [1.0, 0.0, 3.0, 0.75]
    )
    assert first["none_found_ha"] == pytest.approx(1.5)
    assert first["reasons"] == "R; D06; Gammel granskog; Lågurtskog"
    assert rows.loc["Felt 1", "nature_value"] == "not_surveyed"
    assert rows.loc["Felt 1", "reasons"] == ""
    assert result.figures["plans_high"] == 1
    assert result.numerator == pytest.approx(0.01)
    assert result.denominator == pytest.approx(0.0725)
    assert result.high == pytest.approx((1.0 + 1.0) / 7.25)
    assert result.status is Status.PARTLY_MAPPED
    ranked = result.table("conflict_plans").frame
    assert ranked["name"].tolist() == ["Felt 0", "Felt 1"]
    overlap = result.layers["overlap"].groupby("nature_value")["area_ha"].sum()
    assert overlap.to_dict() == pytest.approx({"very_high": 1.0, "moderate": 3.0, "some": 0.75})


def test_plans_that_overlap_count_once_in_the_share() -> None:
    """Identity: the same plan twice gives the value of one, and two rows."""
    once, twice = run(planned((0, 0, 300, 300))), run(planned((0, 0, 300, 300), (0, 0, 300, 300)))
    assert once.value == twice.value == pytest.approx(1.0)
    assert len(twice.table("conflict_plans").frame) == 2


def test_a_neighbour_along_the_line_is_no_conflict() -> None:
    """By hand: a shared edge is no touch, nor are 20 m2 of overlap."""
    beside = run(planned((450, 450, 500, 500)))
    assert beside.figures["plans_high"] == 0
    assert beside.frame is not None
    assert beside.frame["nature_value"].tolist() == ["none_found"]
    assert "Ingen av de 1" in beside.finding.nb
    sliver = run(planned((400.0 - 0.2, 100, 500, 200)))  # 0.2 x 100 m of moderate value
    assert sliver.frame is not None
    assert sliver.frame["nature_value"].tolist() == ["none_found"]


def test_no_plans_inside_is_said() -> None:
    """By rule: no planned land gives no share, not a zero."""
    result = run(planned((3000, 3000, 3100, 3100)))
    assert result.value is None
    assert result.status is Status.INSUFFICIENT_DATA
    assert "ingen planlagte" in result.finding.nb
