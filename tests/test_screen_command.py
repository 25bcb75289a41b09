"""Ask the command line about a plan area: JSON, files, report, refusals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from gis.browser import browser
from gis.kernels.cells import cell_id
from gis.render.sketch import Mark, Stroke, sketch
from gis.store import build
from gis.workspace import open_workspace
from tests.command import Ran, arealplan
from tests.pdf import read_pdf, squeezed
from tests.plans import plan_file
from tests.town import E0, EPSG, N0, RESIDENTS, box, frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

NASTY = '"><script>document.title="taken"</script>${7*7}{{7*7}}'


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town with a flood zone, its mapped extent, residents and a protected area, built."""
    root = tmp_path_factory.mktemp("town")
    shapes = {
        "municipality": frame(
            [box(0, 0, 1000, 1000)], kommunenummer=["9999"], kommunenavn=["Byen"]
        ),
        "flood_zones": frame([box(100, 100, 300, 300)], gjentaksintervall=[200]),
        "flood_mapped_extent": frame([box(0, 0, 500, 1000)]),
        "protected_areas": frame(
            [box(0, 0, 150, 150)], offisieltNavn=[NASTY], verneform=["reservat"]
        ),
    }
    lines = ['area = "9999"', "halo_m = 2000", "invented = true"]
    for name, one in shapes.items():
        one.to_file(root / f"{name}.gpkg", layer="data", engine="pyogrio")
        lines += [f"[layers.{name}]", f'path = "{name}.gpkg"', "date = 2026-01-01"]
    cells = [
        f"{cell_id(E0 + 250 * c, N0 + 250 * r, size_m=250)};{n + 3 * (r == c == 0)}"
        for r, row in enumerate(RESIDENTS)
        for c, n in enumerate(row)
    ]
    (root / "p.csv").write_text("SSBID0250M;pop_tot\n" + "\n".join(cells) + "\n")
    lines += ["[layers.population_grid]", 'path = "p.csv"', "date = 2019-01-01"]
    (root / "workspace.toml").write_text("\n".join(lines) + "\n")
    build(open_workspace(root))
    return root


@pytest.fixture
def run(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    return lambda *words: arealplan(
        monkeypatch, capsys, "screen", *map(str, words), "-w", str(workspace)
    )


def test_one_line_for_each_layer_and_the_finding(run: Run, tmp_path: Path) -> None:
    """By hand: a quarter of the zone in a quarter of the plan, named first; no layer is silent."""
    ran = run(plan_file(tmp_path, box(200, 200, 400, 400)))
    assert ran.code == 0
    assert "flomsoner (25\u00a0%)" in ran.out
    assert "H320 flomfare" in ran.out
    assert "laget finnes ikke i arbeidsområdet" in ran.out


def test_json_is_the_same_wherever_it_is_written(run: Run, tmp_path: Path) -> None:
    """By identity: --json and -o FILE.json hold the same object, and nothing else is printed."""
    plan = plan_file(tmp_path, box(200, 200, 400, 400))
    ran = run(plan, "--json", "-o", tmp_path / "a.json")
    answer = json.loads(ran.out)
    assert answer == json.loads((tmp_path / "a.json").read_text())
    flood = next(x for x in answer["resultList"] if x["data"]["layer"] == "flood_zones")
    assert (flood["resultStatus"], flood["hitArea"]) == ("HIT-RED", 10_000)
    assert answer["inputGeometry"]["crs"]["properties"]["name"].endswith(f"::{EPSG}")


def test_exact_numbers_go_to_own_files_only(run: Run, tmp_path: Path) -> None:
    """By hand: 13 live in the corner cell; --exact needs a file, all else says 10."""
    plan = plan_file(tmp_path, box(0, 0, 250, 250))
    assert run(plan, "--exact").code == 1
    run(plan, "--exact", "-o", tmp_path / "exact.json")
    shown = json.loads(run(plan, "--exact", "--json", "-o", tmp_path / "again.json").out)
    exact = json.loads((tmp_path / "exact.json").read_text())
    assert _inside(exact) == 13
    assert _inside(shown) == 10


def _inside(answer: dict[str, Any]) -> object:
    return answer["factList"][0]["data"]["rows"][0]["people_inside"]


def test_every_form_of_file(run: Run, tmp_path: Path) -> None:
    """By reading back: table, workbook and layers hold the flood zone's quarter."""
    plan = plan_file(tmp_path, box(200, 200, 400, 400))
    for suffix in ("csv", "xlsx", "gpkg", "parquet", "html"):
        ran = run(plan, "-o", tmp_path / f"s.{suffix}")
        assert ran.code == 0, ran.err
    table = pd.read_csv(tmp_path / "s.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert table.set_index("Lag-id").loc["flood_zones", "Andel"] == pytest.approx(0.25)
    assert "screen_people" in openpyxl.load_workbook(tmp_path / "s.xlsx").sheetnames
    hits = gpd.read_file(tmp_path / "s.gpkg", layer="screen").set_index("layer")
    assert hits.loc["flood_zones"].geometry.area == pytest.approx(10_000)
    area = gpd.read_file(tmp_path / "s.gpkg", layer="plan_area")
    assert area.geometry.area.tolist() == pytest.approx([40_000])
    assert gpd.read_parquet(tmp_path / "s.parquet").crs.to_epsg() == EPSG


def test_the_report_holds_no_script_of_the_datas_and_prints(run: Run, tmp_path: Path) -> None:
    """By attack: a name with markup stays text in the page; the PDF says the finding."""
    plan = plan_file(tmp_path, box(100, 100, 400, 400), name="plan.geojson")
    assert run(plan, "-o", tmp_path / "s.html").code == 0
    with browser() as tab:
        tab.open(tmp_path / "s.html", language="nb")
        title = tab.evaluate("document.title")
        seen = tab.evaluate("document.body.innerText")
        shapes = tab.evaluate("document.querySelectorAll('svg.sketch path').length")
    assert title == "Planområde plan.geojson, Byen"
    assert NASTY in seen
    assert shapes >= 3
    assert run(plan, "-o", tmp_path / "s.pdf").code == 0
    text = read_pdf((tmp_path / "s.pdf").read_bytes()).text(0)
    assert squeezed("Må håndteres: flomsoner") in squeezed(text)


def test_what_cannot_be_is_one_line(run: Run, tmp_path: Path) -> None:
    """By rule: exit code 1 and one line for a wrong suffix, a plan elsewhere, a broken file."""
    plan = plan_file(tmp_path, box(200, 200, 400, 400))
    ran = run(plan, "-o", tmp_path / "s.docx")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "allowed: .json .html" in ran.problem.replace(",", "")
    away = run(plan_file(tmp_path, box(9000, 0, 9100, 100), name="away.geojson"))
    assert away.code == 1
    assert "away.geojson: the plan lies" in away.problem
    broken = tmp_path / "broken.geojson"
    broken.write_text('{"type": "FeatureCollection", "features": [')
    assert (run(broken).code, run(tmp_path / "none.gpkg").code) == (1, 1)


def test_a_sketch_keeps_its_shape_and_its_scale() -> None:
    """By hand: 300 m wide in 900 px is 3 px a metre; a square of 100 m is 300 px a side."""
    square = Mark(shapely.box(100, 50, 200, 150), Stroke(fill="#000000"))
    drawn = sketch([square], (0, 0, 300, 200), label='<"', land="#FFFFFF")
    (path,) = re.findall(r'path d="(M[^"]*Z)" fill="#000000"', drawn)
    corners = {tuple(map(float, c.split())) for c in re.split("[MLZ]", path) if c}
    assert corners == {(300, 150), (600, 150), (600, 450), (300, 450)}
    assert 'viewBox="0 0 900 600"' in drawn
    assert 'aria-label="&lt;&#34;"' in drawn
    assert "50 m</text>" in drawn
