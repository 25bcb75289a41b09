"""Hold the board with a plan against the board alone, and against a town counted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.analyses.board_list import indicators
from gis.analyses.scenario import ScenarioParameters, scenario
from gis.cli.answers import show_table
from gis.published import publishable
from gis.render.fields import written
from gis.result import Column, Table
from gis.sources.plan import Plan, read_plan
from gis.text import Text
from tests.plans import plan_file
from tests.test_indicators import line, values, whole_town
from tests.town import EPSG, Town, box, cells, frame, points, population, study

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

NOTHING = Plan(label="none", sha256="", features=())


@pytest.fixture
def whole(tmp_path: Path) -> Town:
    return whole_town(tmp_path)


def run(data: Town, plan: Plan, **params: object) -> Result:
    return scenario(study(data), ScenarioParameters.model_validate(params), plan)


def planned(folder: Path, *shapes: shapely.Geometry, **columns: object) -> Plan:
    return read_plan(plan_file(folder, *shapes, **columns), epsg=EPSG)  # type: ignore[arg-type]


def rows(result: Result) -> dict[str, dict[str, Any]]:
    found = result.table("scenario_board").frame.replace({np.nan: None}).to_dict("records")
    return {row["indicator_id"]: row for row in found}


def column(result: Result, name: str) -> dict[str, float | None]:
    return {k: row[name] for k, row in rows(result).items()}


def test_nothing_planned_is_exactly_the_board(whole: Town) -> None:
    """Identity: before and after are the board's own numbers, to the last bit."""
    result = run(whole, NOTHING, max_m=400)
    alone = values(ANALYSES["indicators"](study(whole), {"frequent_m": 400}))
    assert list(rows(result)) == [i.id for i in indicators()]
    assert column(result, "before") == column(result, "after") == alone
    assert {c for c in column(result, "change").values() if c is not None} == {0}


def test_every_indicator_with_a_plan_by_hand(whole: Town, tmp_path: Path) -> None:
    """By hand, 780 residents and 200 who move in on 250 x 200 m of the western forest.

    The new stop in the middle of it has four departures: 70 more lie within 500 m, and
    10+40+50+70+100 within 400 m. Of the 5 ha half are settlement already. Forest of 250
    decares falls into two of 100, too small for anybody. All of the area lies in the
    flood zone of the climate. The path adds 200 m to 600 m; 100 m of it is a cycle way already.
    """
    plan = planned(
        tmp_path,
        box(0, 400, 250, 600),
        points((125, 500))[0],
        line((500, 500), (600, 500), (600, 700)),
        boliger=[100, None, None],
        avgangerPerTime=[None, 4, None],
        navn=["Lia", "Liaplassen", "Snarvegen"],
    )
    result = run(whole, plan, max_m=400, persons_per_dwelling=2)
    found = column(result, "after")
    assert found == pytest.approx(
        {
            "any_500": 100 * (650 + 70 + 200) / 980,
            "any_1000": 100.0,
            "frequent": 100 * (400 + 270 + 200) / 980,
            "rail": found["rail"],
            "green": 0.0,
            "hazard_flood_zones": 100 * (270 + 200) / 980,
            "hazard_quick_clay": 100 * 400 / 980,
            "hazard_landslide_zones": None,
            "hazard_storm_surge": None,
            "built_up": 100 * 40.5 / 75,
            "land_growth": (0.405 / 0.250 - 1) / np.log(980 / 700),
            "density": 980 / 40.5,
            "protected": 100 * (187_500 + 5_000) / 750_000,
            "cycle": 0.8 / 980 * 100_000,
            "growth": 100.0,
        }
    )
    assert column(result, "before")["growth"] == 0
    behind = {k: row["behind"].nb for k, row in rows(result).items()}
    assert "270 av dagens innbyggere ved Liaplassen" in behind["frequent"]
    assert "Lia: 200 av 200 nye" in behind["frequent"]
    assert "780 av dagens innbyggere mister det" in behind["green"]
    assert "200 flytter inn, ingen av dem her" in behind["hazard_quick_clay"]
    assert "Lia 2,50 ha" in behind["built_up"]
    assert "0,20 km ny gangveg" in behind["cycle"]
    assert "Lia: 100 av 100 boliger" in behind["growth"]


def test_forest_that_is_left_is_still_near(whole: Town, tmp_path: Path) -> None:
    """By hand: 4 of 25 ha of the forest built on in the corner leave one of 210 decares."""
    plan = planned(tmp_path, box(0, 0, 200, 200), navn=["Hjørnet"])
    assert column(run(whole, plan), "after")["green"] == 100
    # What a settlement covers is built up already, yet the forest on it goes.
    assert column(run(whole, plan), "change")["built_up"] == pytest.approx(0, abs=1e-9)


def test_nature_that_is_protected_too_is_lost_once(whole: Town, tmp_path: Path) -> None:
    """By hand: 1 ha that is both a nature type and protected is 1 ha of nature, not 2."""
    whole.frames["nature_types"] = frame(
        [box(0, 500, 250, 750)],
        kind=["Rik løvskog"],
        code=["x"],
        quality=["high"],
        name=["Lia"],
        id=["1"],
    )
    plan = planned(tmp_path, box(0, 550, 100, 650), navn=["Lia"])
    result = run(whole, plan)
    land = result.table("scenario_land").frame
    change = {i.en: c for i, c in zip(land["indicator"], land["change_ha"], strict=True)}
    assert [c for i, c in change.items() if "nature" in i.casefold()] == pytest.approx([1, 1])
    assert "1,0 ha kartlagt natur eller vern" in result.finding.nb
    assert result.table("scenario_areas").frame["nature_ha"].tolist() == pytest.approx([1])


def test_a_few_residents_of_today_keep_the_line_untold(whole: Town, tmp_path: Path) -> None:
    """By search: 7 live near the only frequent stop; with 100 who move in, nothing tells of 7."""
    whole.frames["population_grid"] = cells({**population(), (2, 3): 7}, "residents")
    plan = planned(tmp_path, box(600, 850, 640, 890), innbyggere=[100], navn=["Torget"])
    row = rows(publishable(run(whole, plan, max_m=60)))["frequent"]
    assert (row["before"], row["after"], row["change"]) == (None, None, None)


def test_the_shell_writes_the_decimals_of_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    """By hand: 270 dwellings are whole, 1.5 hectares have their digit, 12.5 % too.

    A ratio of 1.153 keeps two decimals beside 96.04 %, in the shell as on pages.
    """
    columns = (
        Column("dwellings", Text("Boliger", "Dwellings"), "number", 0),
        Column("ground", Text("Areal", "Ground"), "number", 1),
        Column("rate", Text("Takt", "Rate"), "number", 3),
        Column("part", Text("Andel", "Share"), "share", 0),
        Column("ratio", Text("Forhold", "Ratio"), "measure", 1),
        Column("whole", Text("Verdi", "Value"), "measure", 1),
    )
    row = pd.DataFrame({"dwellings": [270.0], "ground": [1.5], "rate": [0.0125], "part": [0.125]})
    row = row.assign(ratio=1.153, whole=96.04)
    show_table(Table("plan", Text("Plan", "Plan"), columns, row), "nb")
    cells = capsys.readouterr().out.splitlines()[-1].split("│")
    assert [c.strip() for c in cells if c.strip()] == [
        "270",
        "1,5",
        "0,013",
        "12,5\u00a0%",
        "1,15",
        "96,0",
    ]
    assert written(1.153, kind="measure").nb == "1,15"
    assert written(96.04, kind="measure").nb == "96,0"
