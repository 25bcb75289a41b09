"""Hold the board of indicators against a drawn town, and against each analysis alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.analyses.board import grade_of
from gis.analyses.board_list import indicators
from gis.errors import ParameterError, RenderError, SourceError
from gis.publish import to_json
from gis.published import publishable
from gis.render.board import board_style, board_view
from gis.result import Result, Status
from gis.store import build
from gis.text import Text
from gis.workspace import open_workspace
from tests.access_town import feed
from tests.command import arealplan
from tests.test_analyses_town import built_up, hazards, run, units
from tests.test_bad_input import refused, write_town
from tests.test_built_up_change import history
from tests.town import E0, N0, Town, box, cells, frame, points, town

if TYPE_CHECKING:
    from pathlib import Path

NEAR = {"frequent_m": 400, "green_m": 100}


def line(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(E0 + x, N0 + y) for x, y in places])


@pytest.fixture
def whole(tmp_path: Path) -> Town:
    return whole_town(tmp_path)


def whole_town(folder: Path) -> Town:
    """The town with every layer of the board: A has two departures an hour, F has six."""
    data = hazards()
    data.frames |= {
        "built_up": built_up(),
        # In 2016 the first square alone: 0.25 km2, and 700 residents.
        "built_up_earlier": frame([box(0, 0, 500, 500)], number=["1"], name=["By"], year=[2016]),
        # Two halves that touch: 250 decares together, 125 each; and a wood that is too small.
        "population_history": history(y2016=700, y2026=780),
        "forest": frame([box(0, 0, 250, 500), box(0, 500, 250, 1000), box(370, 120, 380, 130)]),
        "protected_areas": frame(
            [box(0, 0, 250, 500), box(0, 250, 250, 750), box(700, 0, 1000, 100)],
            name=["A", "B", "C"],
        ),
        "roads_paths": frame(
            [line((100, 500), (600, 500)), line((500, 900), (500, 1400)), line((0, 1), (750, 1))],
            kind=["gangOgSykkelveg", "sykkelveg", "enkelBilveg"],
            medium=["ground"] * 3,
        ),
        "stations": frame(points((125, 125)), name=["S"], kind=["rail"]),
        "planned_areas": frame(
            [box(500, 750, 750, 1000), box(0, 0, 100, 100), box(500, 500, 600, 600)],
            purpose=["1110", "1130", "1300"],
        ),
        "basic_statistical_units": units(),
    }
    data.files["transit_stops"] = feed(
        folder / "feed.zip",
        {"A": (130, 125, "1"), "F": (620, 875, "1"), "Z": (4000, 875, "1")},
        {("A", "Z"): [70, 100, 130, 160], ("F", "Z"): list(range(60, 180, 10))},
    )
    return data


def board(result: Result) -> dict[str, dict[str, Any]]:
    rows = result.table("board").frame.to_dict("records")
    return {row["indicator_id"]: row for row in rows}


def values(result: Result) -> dict[str, float | None]:
    found = {k: row["value"] for k, row in board(result).items()}
    return {k: None if v is None or np.isnan(v) else v for k, v in found.items()}


def test_every_indicator_by_hand(whole: Town) -> None:
    """By hand, in 780 residents and 0.75 km2 of land; see the drawn layers.

    Within 500 m of A live 10+20+30+40+50, of F 100+110+120+80+90; all within 1 km.
    Within 400 m of F 80+90+110+120. The western column has the forest: 10+40+70+100.
    """
    result = run(whole, "indicators", **NEAR)
    found = values(result)
    assert found == pytest.approx(
        {
            "any_500": 100 * 650 / 780,
            "any_1000": 100.0,
            "frequent": 100 * 400 / 780,
            "rail": found["rail"],
            "green": 100 * 220 / 780,
            "hazard_flood_zones": 100 * 270 / 780,
            "hazard_quick_clay": 100 * 400 / 780,
            "hazard_landslide_zones": None,
            "hazard_storm_surge": None,
            "built_up": 100 * 0.380 / 0.750,
            "land_growth": (0.380 / 0.250 - 1) / np.log(780 / 700),
            "density": 780 / 38.0,
            "protected": 100 * (187_500 + 5_000) / 750_000,
            "cycle": 0.6 / 780 * 100_000,
            "growth": 100 * 62_500 / 72_500,
        }
    )
    grades = {k: row["grade_key"] for k, row in board(result).items()}
    assert grades["any_1000"] == "excellent"
    assert grades["any_500"] == "good"
    assert grades["frequent"] == "in_progress"
    assert grades["green"] == "improvement_needed"
    assert {grades[k] for k in ("rail", "built_up", "density", "cycle", "growth")} == {
        "no_benchmark"
    }
    assert (result.numerator, result.denominator) == (13, 15)


def test_growth_counts_dwellings_where_a_plan_tells_them(whole: Town) -> None:
    """By hand: of plan A's 80 dwellings 60 lie at F, of B's 10 none; land without homes is no part.

    An area half across the border keeps half of its 40 dwellings.
    """
    whole.frames["planned_changes"] = frame(
        [box(600, 800, 650, 850), box(-50, 0, 50, 50), box(0, 0, 50, 50), box(600, 800, 650, 850)],
        scenario=["A", "A", "B", "B"],
        name=["1", "2", "3", "4"],
        dwellings=[60.0, 40.0, 10.0, np.nan],
    )
    row = board(run(whole, "indicators", **NEAR))["growth"]
    assert row["value"] == pytest.approx(75)
    assert "«A»: 60 av 80 boliger (75,0\u00a0%)" in row["remark"].nb
    assert "«B»: 0 av 10 boliger" in row["remark"].nb


def test_the_board_repeats_what_each_analysis_publishes(whole: Town) -> None:
    """By identity: a number of the board is the published answer of the analysis alone."""
    found = values(run(whole, "indicators", **NEAR))
    for name, analysis, params in (
        ("frequent", "transit-access", {"max_m": 400}),
        ("rail", "rail-cycling", {}),
        ("green", "green-access", {"max_m": 100}),
        ("built_up", "built-up-share", {}),
        ("density", "density", {}),
        ("land_growth", "built-up-change", {}),
    ):
        alone = publishable(run(whole, analysis, **params))
        assert alone.value is not None
        whole_is = 100 if alone.unit == "share" else 1
        assert found[name] == pytest.approx(whole_is * alone.value), name


def test_what_is_missing_is_a_grey_line_with_the_reason() -> None:
    """By counting: a town with residents alone has every line, none of them with a number."""
    result = run(town(), "indicators")
    rows = board(result)
    assert list(rows) == [i.id for i in indicators()]
    assert result.status is Status.INSUFFICIENT_DATA
    assert set(values(result).values()) == {None}
    for row in rows.values():
        assert row["grade_key"] == "not_reported"
        assert row["remark"].nb.startswith("Mangler kartlaget «")
    assert (
        "«Holdeplasser» eller «Holdeplasser med hyppige avganger»" in rows["frequent"]["remark"].nb
    )


def test_a_ready_list_tells_what_is_frequent_and_no_more() -> None:
    """By rule: a list of frequent stops answers for them, and is no list of all stops."""
    stops = frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"])
    rows = board(run(town(frequent_stops=stops), "indicators", frequent_m=250))
    assert rows["frequent"]["value"] == pytest.approx(100 * 70 / 780)
    assert rows["any_500"]["grade_key"] == "not_reported"


def test_a_layer_without_what_is_asked_for_is_told_in_one_line(whole: Town) -> None:
    """By rule: roads without cycle ways are no network of 0 km."""
    whole.frames["roads_paths"] = whole.frames["roads_paths"].iloc[2:]
    row = board(run(whole, "indicators"))["cycle"]
    assert row["grade_key"] == "not_reported"
    assert row["remark"].nb.endswith("typene der er: enkelBilveg.")
    whole.frames["planned_areas"] = whole.frames["planned_areas"].iloc[2:]
    row = board(run(whole, "indicators"))["growth"]
    assert row["grade_key"] == "not_reported"
    assert "boliger" in row["remark"].nb


def test_fewer_than_ten_is_never_told(whole: Town) -> None:
    """By rule: 7 residents in a zone give no share, nor do all but 7."""
    people = {(0, 0): 7.0, (2, 3): 113.0}
    whole.frames["population_grid"] = cells(people, "residents")
    rows = board(run(whole, "indicators"))
    assert rows["hazard_flood_zones"]["grade_key"] == "not_reported"
    assert "færre enn 10" in rows["hazard_flood_zones"]["remark"].nb
    # 113 of 120 live in the clay: the rest is 7.
    assert rows["hazard_quick_clay"]["grade_key"] == "not_reported"


@pytest.mark.parametrize(
    ("value", "target", "grade"),
    [
        (None, 100.0, "not_reported"),
        (50.0, None, "no_benchmark"),
        (95.0, 100.0, "good"),
        (95.01, 100.0, "excellent"),
        (66.0, 100.0, "good"),
        (65.99, 100.0, "in_progress"),
        (33.0, 100.0, "in_progress"),
        (32.99, 100.0, "improvement_needed"),
        (0.0, 100.0, "improvement_needed"),
        (48.0, 50.0, "excellent"),
        (20.0, 50.0, "in_progress"),
    ],
)
def test_classes(value: float | None, target: float | None, grade: str) -> None:
    """By the thresholds: above 95, 66-95, 33-66, below 33 per cent of the target."""
    assert grade_of(value, target) == grade


def test_own_targets_give_classes(whole: Town) -> None:
    """By hand: 51.3 % of a target of 50 is more than 95 % of it; 76.9 km of 100 is good."""
    rows = board(run(whole, "indicators", **NEAR, own_targets="frequent=50, cycle=100"))
    assert rows["frequent"]["grade_key"] == "excellent"
    assert rows["cycle"]["grade_key"] == "good"
    assert "satt av kommunen" in rows["cycle"]["target"].nb


@pytest.mark.parametrize("targets", ["frequent", "frequent=0", "density=5", "x=1", "rail=nan"])
def test_a_target_that_means_nothing_is_refused(whole: Town, targets: str) -> None:
    """By rule: a name of the board where more is better, and a number above 0."""
    with pytest.raises(ParameterError, match="own_targets"):
        run(whole, "indicators", own_targets=targets)


def test_change_is_told_for_equal_definitions_alone(whole: Town, tmp_path: Path) -> None:
    """By hand: 100 more residents in the north-east, and another distance to the forest."""
    file = tmp_path / "before.json"
    file.write_text(to_json(publishable(run(whole, "indicators", **NEAR))), encoding="utf-8")
    whole.frames["population_grid"].loc[
        whole.frames["population_grid"]["residents"] == 120, "residents"
    ] = 220
    rows = board(run(whole, "indicators", frequent_m=400, green_m=200, before=file))
    assert rows["density"]["change"] == pytest.approx(100 / 38)
    assert rows["frequent"]["change"] == pytest.approx(100 * (500 / 880 - 400 / 780))
    assert rows["built_up"]["change"] == 0
    assert np.isnan(rows["green"]["change"])
    assert rows["green"]["before"] == pytest.approx(100 * 220 / 780)
    assert "ikke sammenlignbar" in rows["green"]["change_remark"].nb
    assert "ikke i den tidligere" in rows["hazard_storm_surge"]["change_remark"].nb


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"area": {"number": "9999"}, "tables": {"board": {"rows": []}}}', "\x00"],
)
def test_a_file_that_is_no_board_is_refused(whole: Town, tmp_path: Path, text: str) -> None:
    """By rule: one line that names the file."""
    file = tmp_path / "before.json"
    file.write_text(text)
    with pytest.raises(SourceError, match="not a board"):
        run(whole, "indicators", before=file)


def test_another_municipality_is_refused(whole: Town, tmp_path: Path) -> None:
    """By rule: a change from one place to another is none."""
    file = tmp_path / "before.json"
    told = json.loads(to_json(run(whole, "indicators")))
    told["area"]["number"] = "0301"
    file.write_text(json.dumps(told))
    with pytest.raises(SourceError, match="0301"):
        run(whole, "indicators", before=file)


def test_row_order_changes_nothing(whole: Town) -> None:
    """By identity: shuffled rows give the same board."""
    rng = np.random.default_rng(2)
    files = whole.files
    mixed = Town({k: f.iloc[rng.permutation(len(f))] for k, f in whole.frames.items()}, files)
    assert values(run(mixed, "indicators")) == pytest.approx(values(run(whole, "indicators")))


def test_forest_near_by_hand_and_by_unit(whole: Town) -> None:
    """By hand: 220 live in the forest's column, 125 m further on 260 more; units sum to it."""
    result = run(whole, "green-access", max_m=100)
    assert (result.numerator, result.denominator) == (220, 780)
    by_unit = result.table("units").frame.set_index("number")
    assert by_unit["reached_green"].tolist() == [220, 0]
    assert run(whole, "green-access", max_m=125).numerator == 220 + 260
    assert run(whole, "green-access", max_m=124.9).numerator == 220
    # Without a least size the wood at (375, 125) counts too, where 20 live.
    assert run(whole, "green-access", max_m=100, min_daa=0).numerator == 220 + 20
    readings = {r.name: r.numerator for r in result.sensitivity}
    assert readings["200m_5daa"] == 480
    assert ANALYSES["green-access"].needs[-1] == "forest"


def test_the_class_of_each_unit(whole: Town) -> None:
    """By hand: 190 of 480 in the west are near F, 210 of 300 in the east; 5 of 300 are hidden."""
    frame_ = run(whole, "indicators", **NEAR).frame
    assert frame_ is not None
    rows = frame_.set_index("number")
    assert rows["share"].tolist() == pytest.approx([190 / 480, 210 / 300])
    assert rows["board_grade"].tolist() == ["in_progress", "good"]
    few = {(0, 0): 100.0, (1, 2): 5.0, (2, 3): 50.0, (2, 0): 50.0}
    whole.frames["population_grid"] = cells(few, "residents")
    hidden = run(whole, "indicators", **NEAR).frame
    assert hidden is not None
    assert hidden.set_index("number").loc["99990101", "board_grade"] == "not_reported"


def test_the_shown_board_has_word_bars_and_colour(whole: Town) -> None:
    """By hand: bars by class, a colour for each, and what takes from a number stands beside it."""
    view = board_view(publishable(run(whole, "indicators", **NEAR)))
    rows = {r["id"]: r for theme in view["themes"] for r in theme["rows"]}
    assert [theme["title"].nb for theme in view["themes"]] == [
        "Reise",
        "Natur",
        "Naturfare",
        "Areal",
        "Vekst",
    ]
    assert {k: sum(rows[k]["bars"]) for k in ("any_1000", "any_500", "frequent", "green")} == {
        "any_1000": 4,
        "any_500": 3,
        "frequent": 2,
        "green": 1,
    }
    # By the languages' own rules: a space before the sign in Norwegian, none in English.
    assert rows["any_1000"]["value"] == Text(nb="100,0\u00a0%", en="100.0%")
    assert "ikke er kartlagt" in rows["hazard_flood_zones"]["remark"].nb
    assert rows["hazard_storm_surge"]["unit"] is None
    assert board_style().count("--grade: #") == 6
    with pytest.raises(RenderError, match="built-up-share"):
        board_view(run(whole, "built-up-share"))


def test_the_short_verb_is_the_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By identity: the same JSON by both names, and no change against itself."""
    folder = write_town(tmp_path / "w")
    build(open_workspace(folder))
    words = ("-w", str(folder), "--json")
    short = arealplan(monkeypatch, capsys, "indicators", *words)
    assert short.out == arealplan(monkeypatch, capsys, "analyse", "indicators", *words).out
    file = tmp_path / "before.json"
    file.write_text(short.out)
    again = arealplan(monkeypatch, capsys, "indicators", *words, "--before", str(file))
    rows = json.loads(again.out)["tables"]["board"]["rows"]
    assert {r["change"] for r in rows if r["value"] is not None} == {0}
    refused(arealplan(monkeypatch, capsys, "indicators", *words, "--before", "x.json"), "x.json")
