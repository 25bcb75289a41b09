"""Attack what is published by asking twice: two answers a metre apart must tell of nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gis.analyses import ANALYSES
from gis.protect import protect_table
from gis.published import publishable
from gis.result import UNDER_TEN, WITHHELD, Column, Result, Table
from gis.text import Text
from tests.town import Town, box, cells, frame, points, study, town

TITLE = Text(nb="a", en="a")
# A cell of 4 whose centre lies between two limits, among cells that may be known.
PEOPLE = {(0, 0): 213.0, (1, 0): 4.0, (2, 0): 61.0, (0, 2): 118.0, (1, 2): 35.0, (2, 2): 96.0}


def small_town(**more: object) -> Town:
    """One stop and one station in the south-west corner, one unit, workplaces and a settlement."""
    layers = {
        "population_grid": cells(PEOPLE, "residents"),
        "frequent_stops": frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"]),
        "stations": frame(points((125, 125)), name=["Byen"], kind=["rail"]),
        "forest": frame([box(0, 0, 100, 100)]),
        "built_up": frame([box(0, 0, 1000, 1000)], number=["1"], name=["Byen"]),
        "basic_statistical_units": frame(
            [box(0, 0, 1000, 500), box(0, 500, 1000, 1000)],
            number=["99990101", "99990102"],
            name=["Sør", "Nord"],
        ),
    }
    return town(**{**layers, **more})  # type: ignore[arg-type]


def told(name: str, data: Town, first: dict[str, Any], second: dict[str, Any]) -> list[object]:
    """Every published count of residents that differs by 1 to 9 between two answers."""
    one, two = (publishable(ANALYSES[name](study(data), p)) for p in (first, second))
    found: list[object] = []
    for key, table in one.tables.items():
        for column in [c.name for c in table.columns if c.kind == "residents"]:
            pairs = zip(table.frame[column], two.tables[key].frame[column], strict=True)
            found += [(key, column, a, b) for a, b in pairs if apart(a, b)]
    return found


def apart(a: object, b: object) -> bool:
    numbers = isinstance(a, int | np.integer) and isinstance(b, int | np.integer)
    return numbers and 0 < abs(int(a) - int(b)) < 10  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("transit-access", {"max_m": 249}, {"max_m": 250}),
        ("rail-cycling", {"max_m": 249}, {"max_m": 250}),
        ("green-access", {"max_m": 276, "min_daa": 0}, {"max_m": 277, "min_daa": 0}),
        ("density", {"bands_m": "249,600"}, {"bands_m": "250,600"}),
        ("what-changes", {"max_m": 249}, {"max_m": 250}),
        ("rail-changes", {"max_m": 249}, {"max_m": 250}),
    ],
)
def test_a_metre_tells_of_no_cell(name: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    """By attack: the cell of 4 comes within reach by one metre, and no table says how many."""
    data = small_town()
    exact = [ANALYSES[name](study(data), p) for p in (first, second)]
    tables = [r.tables.get("units") or r.tables["around_stations"] for r in exact]
    column = next(c.name for c in reversed(tables[0].columns) if c.kind == "residents")
    moved = np.abs(np.subtract(*(t.frame[column].to_numpy(dtype=float) for t in tables)))
    assert 4.0 in moved
    assert told(name, data, first, second) == []


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (217.0, 217, 217), (0.0, 217, 0), (4.0, 217, UNDER_TEN), (112.0, 217, 110),
        (213.0, 217, WITHHELD),  # 210 would leave 2 to 11, 220 none
        (207.0, 217, 210), (10.0, 12, WITHHELD), (5.0, 12, WITHHELD), (12.0, 12, 12),
        (5.0, 15, UNDER_TEN), (11.0, 15, WITHHELD),
    ],
)  # fmt: skip
def test_a_part_beside_its_exact_whole(part: float, whole: int, expected: object) -> None:
    """By hand: all, nobody, a few, to the nearest ten; withheld where the rest is a few."""
    kinds = {"residents": "residents", "reached": "residents"}
    rows = pd.DataFrame({"name": ["a", "b"], "residents": [whole, 500], "reached": [part, 100.0]})
    columns = (Column("name", TITLE), *(Column(n, TITLE, k) for n, k in kinds.items()))
    table = Table("t", TITLE, columns, rows, counts="subsets", alone=("reached",))
    assert protect_table(table).frame["reached"].tolist() == [expected, 100]


@pytest.mark.parametrize("whole", range(10, 60))
def test_no_part_is_left_with_fewer_than_three_numbers(whole: int) -> None:
    """Brute force: every part of every whole; what stands for it stands for 3 parts or more."""
    columns = (Column("name", TITLE), *(Column(n, TITLE, "residents") for n in ("all", "some")))
    rows = pd.DataFrame({"name": "a", "all": whole, "some": np.arange(whole + 1.0)})
    table = Table("t", TITLE, columns, rows, counts="subsets", alone=("some",))
    shown = protect_table(table).frame["some"]
    for part in range(1, whole):
        alike = np.flatnonzero([a == shown[part] for a in shown])
        small = part < 10 or whole - part < 10
        assert not small or len(alike) >= 3, (part, whole, shown[part])


def aged(spans: dict[str, int]) -> Town:
    """One unit with so many residents of each age group."""
    ages = frame(
        [None] * len(spans),  # type: ignore[list-item]
        number=["99990101"] * len(spans), age=list(spans), residents=list(spans.values()),
    )  # fmt: skip
    return small_town(age_groups=ages)


def test_limits_one_group_further_tell_of_nobody() -> None:
    """By attack: six residents of 16 to 19; young below 16 and below 20 differ by them."""
    data = aged({"0-15": 128, "16-19": 6, "20-64": 400, "65+": 97})
    first, second = {"limits": "16,65", "young_below": 16}, {"limits": "20,65"}
    units = [ANALYSES["age-groups"](study(data), p) for p in (first, second)]
    assert units[0].table("units").frame["age_0_15"].tolist() == [128, 128]
    assert units[1].table("units").frame["age_0_19"].tolist() == [134, 134]
    public = [publishable(r).table("units").frame for r in units]
    assert public[0]["age_0_15"].tolist() == [130, 130]
    assert public[1]["age_0_19"].tolist() == [130, 130]
    assert public[0]["residents"].tolist() == [631, 631]


def test_readings_of_the_ratio_tell_of_no_few_between_two_limits() -> None:
    """By attack: a ratio of a known sum tells its parts; 8 people of 67 to 69 lie between two."""
    data = aged({"0-19": 200, "20-66": 700, "67-69": 8, "70+": 92})
    result = publishable(ANALYSES["age-groups"](study(data), {"limits": "20,67", "old_from": 67}))
    working = [1000 * 100 / (100 + r.value) for r in result.sensitivity if r.value is not None]
    assert len(result.sensitivity) == 2
    assert working == pytest.approx([700])
    assert [apart(round(a), round(b)) for a in working for b in working] == [False]


def test_a_share_of_those_placed_does_not_tell_who_is_not() -> None:
    """By attack: four of the group live in a unit without a cell; the share's whole is no 996."""
    ages = frame(
        [None] * 2,  # type: ignore[list-item]
        number=["99990101", "99990109"], age=["80+", "80+"], residents=[996, 4],
    )  # fmt: skip
    data = small_town(
        age_groups=ages,
        flood_zones=frame([box(0, 0, 250, 250)], flood_class=["20"], low_point=[0], zone_id=["z"]),
    )
    result = publishable(ANALYSES["hazard-exposure"](study(data), {"method": "centre"}))
    row = result.table("exposed_age_groups").frame.iloc[0]
    assert (row["residents"], row["not_placed"]) == (1000, UNDER_TEN)
    assert row["in_any_zone"] == 760  # 996 x 213 / 278 = 763
    assert row["in_any_zone"] / row["share"] == pytest.approx(1000)


def test_the_answer_says_that_it_is_rounded() -> None:
    """By hand: the note of rounding stands with every answer that has such a table."""
    for name in ("transit-access", "green-access", "age-groups"):
        result: Result = ANALYSES[name](study(aged({"0-19": 200, "20-64": 700, "65+": 92})), {})
        assert any("nearest 10" in n.en for n in publishable(result).notes), name
