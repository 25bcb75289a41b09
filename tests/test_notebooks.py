"""Run the notebooks' code on the invented municipality, and hold their answers to what is known."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from gis.demo import write_demo
from gis.store import build
from gis.workspace import open_workspace
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
NAMES = [p.stem for p in NOTEBOOKS]


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_demo(tmp_path_factory.mktemp("share") / "demo")
    build(open_workspace(folder))
    return folder


@pytest.fixture
def ran(
    request: pytest.FixtureRequest,
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """The names that are left when every code cell of a notebook has run, in its own folder."""
    (tmp_path / "demo").symlink_to(demo, target_is_directory=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    path = next(p for p in NOTEBOOKS if p.stem.startswith(request.param))
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells(path, "code"), start=1):
        code = compile("".join(cell["source"]), f"{path.name}, code cell {number}", "exec")
        exec(code, names)  # noqa: S102 - our own notebooks
    return names


def test_there_are_six_and_they_are_numbered() -> None:
    """By the list of the issue."""
    assert [n[:2] for n in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_outputs_are_cleared_and_both_languages_begin(path: Path) -> None:
    """By rule: no outputs, no paths of a machine, Norwegian heading with an English summary."""
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in cells(path, "code"))
    first = "".join(cells(path, "markdown")[0]["source"])
    assert re.match(r"# \d .+\n\n.+\n\n\*English: .+\*$", first, re.S)
    assert len("".join("".join(c["source"]) for c in cells(path, "code"))) < 4000


@pytest.mark.parametrize("ran", ["01"], indirect=True)
def test_first_map(ran: dict[str, Any]) -> None:
    """By identity: the page holds the finding of the answer that was asked for beside it."""
    assert ran["answer"].finding.nb in ran["page"].read_text(encoding="utf-8")
    assert ran["page"].name == "kollektiv.html"


@pytest.mark.parametrize("ran", ["02"], indirect=True)
def test_access_and_its_definitions(ran: dict[str, Any]) -> None:
    """Oracle: a longer distance never gives fewer; the chosen reading is the answer's value."""
    shares = list(ran["by_distance"].values())
    assert shares == sorted(shares)
    assert len(set(shares)) == 4
    assert ran["by_reading"]["average"] >= ran["by_reading"]["every-hour"]
    assert ran["by_distance"][1000] == ran["answer"].value
    assert [r.value for r in ran["answer"].sensitivity if r.chosen] == [ran["answer"].value]
    assert len(ran["units"]) == len(ran["study"].frame("basic_statistical_units"))


@pytest.mark.parametrize("ran", ["03"], indirect=True)
def test_hazard_zones(ran: dict[str, Any]) -> None:
    """Conservation: the areas of the bands sum to the union of the zones."""
    zones = ran["zones"]
    assert ran["by_class"].sum() == pytest.approx(zones.union_all().area / 1e6, rel=1e-6)
    assert set(ran["hazards"]["hazard_id"]) >= {"flood_zones", "quick_clay", "storm_surge"}
    assert len(ran["bands"]) >= len(ran["by_class"])


@pytest.mark.parametrize("ran", ["04"], indirect=True)
def test_nature_and_a_plan(ran: dict[str, Any]) -> None:
    """Oracle: the plans that touch nature, by pairs of geometries one at a time."""
    plans, nature = ran["areas"], ran["nature"].geometry.union_all()
    slow = {n for n, g in zip(plans["name"], plans.geometry, strict=True) if g.intersects(nature)}
    assert set(ran["by_plan"].index) <= slow
    assert len(ran["planned"]) == len(plans)
    assert (ran["by_plan"] > 0).all()


@pytest.mark.parametrize("ran", ["05"], indirect=True)
def test_own_layer_and_map(ran: dict[str, Any]) -> None:
    """Oracle: the field that was drawn comes back as the layer, and its name is on the map."""
    layer = ran["own_study"].frame("planned_areas")
    assert list(layer["name"]) == ["Mitt felt"]
    assert layer.area.sum() == pytest.approx(ran["field"].area.sum(), rel=1e-6)
    assert ran["atlas"].maps[0].path.name == "mitt_felt.html"


@pytest.mark.parametrize("ran", ["06"], indirect=True)
def test_query_and_export(ran: dict[str, Any]) -> None:
    """Oracle: the counts by SQL are those of the frame, and the CRS survives."""
    frame = ran["answer"].frame
    assert ran["counts"]["cells"].sum() == len(frame) == len(ran["cells"])
    by_sql = dict(zip(ran["counts"]["reached"].astype(bool), ran["counts"]["cells"], strict=True))
    assert by_sql == frame["reached"].value_counts().to_dict()
    assert ran["cells"].crs.to_epsg() == ran["study"].epsg
    assert "transit-access" in ran["layers"]
    # Against geopandas: each plan area's part of the joined zones.
    zones = ran["study"].frame("flood_zones").union_all()
    plans = ran["study"].frame("planned_areas")
    slow = plans.intersection(zones).area
    assert sorted(ran["flooded"]["m2"]) == pytest.approx(sorted(slow[slow > 0]), abs=1e-3)
    rows = ran["residents"].rows.set_index("residents_mark")
    assert rows["cells"].sum() == len(ran["study"].frame("population_grid"))
    assert rows.loc["", "residents"] % 10 == 0
    assert ran["exported"] == ["planned_areas", "flood_zones", "population_grid"]
