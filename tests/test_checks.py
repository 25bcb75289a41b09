"""What check finds: age, cover, gaps, overlaps, sums; and what changed since last time."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from gis.changes import changes, frame_prints, prints_before
from gis.checks import Verdict, check_store
from gis.cli import app
from gis.lock import Held, Lock
from gis.sources import read_layer
from gis.sources.renumber import present_numbers
from gis.store import build, open_store
from gis.workspace import open_workspace
from tests.publishers import NUMBER, frame, square

TODAY = dt.date(2026, 11, 23)


def workspace_of(root: Path, **layers: gpd.GeoDataFrame | str) -> Path:
    """A workspace with drawn files; text is a CSV. The municipality is 2 km square."""
    root.mkdir(exist_ok=True)
    town = frame([square(0, 0, 2000)], kommunenummer=[NUMBER], kommunenavn=["Fjordvik"])
    lines = [f'area = "{NUMBER}"\nhalo_m = 2000\n']
    for name, content in {"municipality": town, **layers}.items():
        suffix = "csv" if isinstance(content, str) else "gpkg"
        path = root / f"{name}.{suffix}"
        path.unlink(missing_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            content.to_file(path, layer=name)
        date = "" if name == "forest" else "date = 2026-01-01\n"
        lines.append(f'[layers.{name}]\npath = "{path.name}"\n{date}')
    (root / "workspace.toml").write_text("\n".join(lines), encoding="utf-8")
    return root


def judged(root: Path, lock: Lock | None = None) -> dict[str, Verdict]:
    opened = open_workspace(root)
    build(opened)
    found = check_store(open_store(opened), lock=lock or Lock(), today=TODAY)
    return {v.source.layer: v for v in found}


def words(verdict: Verdict) -> str:
    return "; ".join(f.text.en for f in verdict.findings)


def cells(*residents: int) -> str:
    ids = [f"{2_250_000 + 250 * i}6640000" for i in range(len(residents))]
    rows = zip(ids, residents, strict=True)
    return "SSBID0250M;pop_tot\n" + "".join(f"{i};{n}\n" for i, n in rows)


def figures(total: int) -> Lock:
    return Lock(figures={"population": {"total": total, "table": "07459", "year": "2026"}})


def test_a_layer_in_order(tmp_path: Path) -> None:
    """By hand: rows, extent, age in days; the verdict is fine and says nothing."""
    found = judged(workspace_of(tmp_path / "w", population_grid=cells(60, 40)))
    cell = found["population_grid"]
    assert (cell.grade, cell.age_days, cell.source.rows) == ("ok", 326, 2)
    assert cell.bounds == (250_000, 6_640_000, 250_500, 6_640_250)
    assert words(cell) == ""
    assert found["municipality"].overlap == 0
    assert json.dumps(cell.as_dict())


def test_age_and_dates(tmp_path: Path) -> None:
    """By hand: a date that is not known, one that is too old."""
    wood = frame([square(0, 0, 100)], objtype=["Skog"])
    root = workspace_of(
        tmp_path / "w", forest=wood, sea=frame([square(0, 0, 9)], objtype=["Havflate"])
    )
    toml = root / "workspace.toml"
    toml.write_text(
        toml.read_text()
        .replace("[layers.sea]\n", "[layers.sea]\n")
        .replace('path = "sea.gpkg"\ndate = 2026-01-01', 'path = "sea.gpkg"\ndate = 2020-01-01')
    )
    found = judged(root)
    assert (found["forest"].grade, words(found["forest"])) == ("look", "date unknown")
    assert words(found["sea"]) == "2,518 days old; the limit is 550"


def test_gaps_in_fields(tmp_path: Path) -> None:
    """By hand: of four names three are missing, in a field that the layer needs."""
    rows = frame(
        [square(i, 0, 1) for i in range(4)],
        offisieltNavn=["A", None, None, None],
        verneform=["x", None, "x", "x"],
    )
    found = judged(workspace_of(tmp_path / "w", protected_areas=rows))["protected_areas"]
    assert found.missing == {"name": 0.75, "kind": 0.25, "id": 1.0, "date": 1.0}
    assert found.grade == "look"
    assert "the field name is missing in 75.0%" in words(found)
    assert "the field id is missing in every row" in words(found)


def test_overlaps_within_a_layer(tmp_path: Path) -> None:
    """Closed form: two squares of 100 by 100 that share half of one: 1/4 of the area twice."""
    lakes = frame([square(0, 0, 100), square(50, 0, 100)], objtype=["Innsjø"] * 2)
    found = judged(workspace_of(tmp_path / "w", lakes=lakes))["lakes"]
    assert found.overlap == pytest.approx(0.25)
    assert "25.0% of the area lies in several" in words(found)


def test_former_numbers(tmp_path: Path) -> None:
    """By hand: 0219 and 3024 are 3201 now with the same last digits; others stay."""
    units = frame(
        [square(i, 0, 1) for i in range(3)],
        grunnkretsnummer=["02190101", "30240102", "98010103"],
    )
    found = judged(workspace_of(tmp_path / "w", basic_statistical_units=units))
    assert "2 rows bear a former number of the municipality, 02190101 is now 32010101" in words(
        found["basic_statistical_units"]
    )
    table = {"3201": ("3024", "0219")}
    numbers = pd.Series(["02190101", "30240102", "32010103", "03010104", None, "0219"], dtype="str")
    now, old = present_numbers(numbers, table)
    assert now.dropna().tolist() == ["32010101", "32010102", "32010103", "03010104", "3201"]
    assert old.tolist() == [True, True, False, False, False, True]


def test_units_of_2018_all_find_their_present_number(real_data: Path) -> None:
    """Real data: 437 units of 0219 keep their last four digits; those of Asker are told apart."""
    frame = read_layer(
        "basic_statistical_units", real_data / "baerum/grunnkretser_2018_population.gpkg"
    ).frame
    now, old = present_numbers(frame["number"], {"3201": ("3024", "0219")})
    assert old.sum() == 437
    assert (now[old].str.slice(0, 4) == "3201").all()
    assert (now.str.slice(4) == frame["number"].str.slice(4)).all()
    assert now[~old].equals(frame["number"][~old])


def test_zones_may_nest(tmp_path: Path) -> None:
    """By hand: a 20-year flood lies inside the 200-year one; that is no overlap."""
    zones = frame(
        [square(0, 0, 100), square(0, 0, 200)],
        gjentaksintervall=["20", "200"],
    )
    found = judged(workspace_of(tmp_path / "w", flood_zones=zones))["flood_zones"]
    assert found.overlap is None


def test_sum_against_the_published_total(tmp_path: Path) -> None:
    """Closed form: 100 against 101 is 1 % apart, against 110 it is 9.1 %; 2 % is allowed."""
    root = workspace_of(tmp_path / "w", population_grid=cells(60, 40))
    near = judged(root, figures(101))["population_grid"]
    assert (near.grade, words(near)) == ("ok", "100 in the layer against 101 in 07459 for 2026")
    far = judged(root, figures(110))["population_grid"]
    assert far.grade == "look"
    assert "100 in the layer against 110" in words(far)
    assert "9.1% apart, the limit is 2.0%" in words(far)


def test_small_numbers_are_not_told(tmp_path: Path) -> None:
    """By rule: of 1 to 9 residents nothing is spelled out."""
    found = judged(workspace_of(tmp_path / "w", population_grid=cells(7)), figures(500))
    assert "7" not in words(found["population_grid"]).split(" in the layer")[0]


def test_cover_of_terrain(tmp_path: Path) -> None:
    """Closed form: terrain over the western half covers half of the municipality."""
    import rasterio
    from rasterio.transform import from_origin

    root = workspace_of(tmp_path / "w")
    with rasterio.open(
        root / "t.tif",
        "w",
        driver="GTiff",
        width=110,
        height=220,
        count=1,
        dtype="float32",
        crs="EPSG:25833",
        transform=from_origin(249_900, 6_642_100, 10, 10),
    ) as out:
        out.write(np.full((220, 110), 5, dtype=np.float32), 1)
    with (root / "workspace.toml").open("a") as toml:
        toml.write('[layers.terrain]\npath = "t.tif"\ndate = 2026-01-01\n')
    found = judged(root)["terrain"]
    assert found.covered == pytest.approx(0.5)
    assert "covers 50.0% of the municipality" in words(found)


def test_wrong_layers_fail_the_check(tmp_path: Path) -> None:
    """By hand: cells west and east of the area and none in it; exit code 1, both named."""
    root = workspace_of(
        tmp_path / "w",
        population_grid="SSBID0250M;pop_tot\n20000006640000;5\n30000006640000;5\n",
        lakes=frame([square(0, 0, 5)], objtype=["Innsjø"]),
    )
    toml = root / "workspace.toml"
    toml.write_text(toml.read_text().replace("[layers.lakes]", '[layers.lakes]\ncovers = ["9999"]'))
    found = judged(root)
    assert found["population_grid"].grade == found["lakes"].grade == "bad"
    assert "no rows in the area" in words(found["population_grid"])
    said = CliRunner().invoke(app, ["check", "-w", str(root)])
    assert said.exit_code == 1
    assert "2 layers are wrong: lakes, population_grid" in str(said.exception)
    assert "feil" in said.stdout
    raw = json.loads(CliRunner().invoke(app, ["check", "--json", "-w", str(root)]).stdout)
    assert {r["layer"]: r["verdict"] for r in raw}["lakes"] == "bad"


def test_a_newer_file_is_told(tmp_path: Path) -> None:
    """By hand: fetched after the build, another sum."""
    root = workspace_of(tmp_path / "w", population_grid=cells(60, 40))
    newer = Held("x", "0" * 64, 1, "fetched", "u", TODAY)
    found = judged(root, Lock(layers={"population_grid": newer}))["population_grid"]
    assert "a newer file was fetched 2026-11-23; run arealplan build" in words(found)


def test_mended_geometries_are_counted(tmp_path: Path) -> None:
    """By hand: one bow tie of one lake."""
    bow = shapely.Polygon(
        [(250_000, 6_640_000), (250_100, 6_640_100), (250_100, 6_640_000), (250_000, 6_640_100)]
    )
    found = judged(workspace_of(tmp_path / "w", lakes=frame([bow], objtype=["Innsjø"])))["lakes"]
    assert "1 of 1 geometries mended" in words(found)
    assert found.grade == "look"


def test_changes_between_two_builds(tmp_path: Path) -> None:
    """By hand: A stays, B moves, C goes, D comes; a new layer and one that is gone."""
    first = frame([square(0, 0, 1), square(10, 0, 1), square(20, 0, 1)], offisieltNavn=[*"ABC"])
    second = frame([square(0, 0, 1), square(11, 0, 1), square(30, 0, 1)], offisieltNavn=[*"ABD"])
    root = workspace_of(tmp_path / "w", protected_areas=first, population_grid=cells(60))
    assert prints_before(open_workspace(root)) is None
    build(open_workspace(root))
    before = prints_before(open_workspace(root))
    assert before is not None
    assert all(c.nothing for c in changes(before, before))
    wood = frame([square(0, 0, 5)], objtype=["Skog"])
    workspace_of(root, protected_areas=second, forest=wood)
    said = CliRunner().invoke(app, ["build", "-w", str(root)])
    assert said.exit_code == 0, said.exception
    lines = said.stderr.split("Endring siden forrige bygging:")[1].strip().splitlines()
    assert {line.strip() for line in lines} == {
        "protected_areas: 1 kom til, 1 falt bort, 1 flyttet seg",
        "forest: nytt lag",
        "population_grid: laget er borte",
    }
    again = CliRunner().invoke(app, ["build", "-w", str(root)])
    assert again.stderr.strip().endswith("ingen endring")


def test_prints_do_not_depend_on_order() -> None:
    """Identity: rows shuffled are the same rows; a doubled row is one that came."""
    rows = frame([square(i, 0, 1) for i in range(5)], n=range(5))
    shuffled = rows.iloc[[3, 1, 4, 0, 2]]
    assert frame_prints(rows) == frame_prints(shuffled)
    doubled = rows.iloc[[0, 0, 1, 2, 3, 4]]
    (change,) = changes({"x": frame_prints(rows)}, {"x": frame_prints(doubled)})
    assert (change.came, change.went, change.moved) == (1, 0, 0)
