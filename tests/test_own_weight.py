"""Hold a weight of the user's own against a drawn town: counted by cell, kept back as persons."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.errors import CrsError, FieldError, GeometryError, ParameterError, SourceError
from gis.published import publishable
from gis.result import UNDER_TEN
from tests.access_town import comb, station_frame, stop_frame, units
from tests.town import E0, EPSG, N0, Town, cells, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

# Three schools of cell (0, 0), one of (2, 0), two of (2, 3), one outside; pupils of each.
PLACES = [(10, 10), (120, 130), (240, 20), (600, 100), (510, 990), (740, 760), (-900, 500)]
PUPILS = [40, 60, 4, 7, 300, 5, 1000]


def file(folder: Path, name: str = "skoler æøå.gpkg", **columns: object) -> Path:
    shapes = [shapely.Point(E0 + x, N0 + y) for x, y in PLACES]
    frame = gpd.GeoDataFrame({"elever": PUPILS, **columns}, geometry=shapes, crs=EPSG)
    frame.to_file(folder / name)
    return folder / name


def plain(**layers: object) -> Town:
    data = {"frequent_stops": stop_frame((125, 125)), "roads_paths": comb()} | layers
    return town(**data)  # type: ignore[arg-type]


def ask(name: str, data: Town, path: Path, **params: Any) -> Result:
    given = {"weight_file": path, "weight_field": "elever", **params}
    return ANALYSES[name](study(data), given, own_files=True)


@pytest.mark.parametrize("metric", ["straight-line", "network"])
def test_the_weight_is_summed_by_cell_and_starts_from_its_centre(
    tmp_path: Path, metric: str
) -> None:
    """By hand: cell (0, 0) holds 104 at 0 m, (2, 0) 7 at 500 m, (2, 3) 305 farther away."""
    path = file(tmp_path)
    for max_m, reached in ((50, 104), (499, 104), (500, 111), (1250, 416)):
        result = ask("transit-access", plain(), path, metric=metric, max_m=max_m)
        assert (result.numerator, result.denominator) == (reached, 416)
    assert result.numerator_unit == "own_weight"
    assert {x.reason: x.count for x in result.left_out} == {"own_outside": 1}
    assert result.provenance.sources[-1].file == path.name
    told = result.definition.parameters
    assert (told["weight"], told["weight_file"], told["weight_field"]) == (
        "own", path.name, "elever",
    )  # fmt: skip
    assert "«elever» i skoler æøå.gpkg" in result.finding.nb
    assert json.loads(json.dumps(result.as_dict()))["denominator"] == 416


def test_the_same_weight_in_the_grid_and_in_a_file_gives_the_same_answer(tmp_path: Path) -> None:
    """Identity: the residents of each cell as a point of a file are reached as residents are."""
    data = plain(stations=station_frame((625, 875, "rail")), basic_statistical_units=units())
    grid = data.frame("population_grid")
    middle = gpd.GeoDataFrame(
        {"n": grid["residents"].to_numpy()}, geometry=grid.geometry.centroid, crs=grid.crs
    )
    middle.to_file(tmp_path / "n.gpkg")
    for name, params in (
        ("transit-access", {"max_m": 560}),
        ("transit-access", {"max_m": 560, "metric": "network"}),
        ("rail-cycling", {"max_m": 600, "kind": "rail"}),
        ("what-changes", {"max_m": 300, "new_stop": "", "metric": "network"}),
        ("rail-changes", {"max_m": 600, "kind": "rail"}),
    ):
        theirs = publishable(ANALYSES[name](study(data), params))
        ours = ask(name, data, tmp_path / "n.gpkg", weight_field="n", **params)
        assert publishable(ours).value == theirs.value
        assert publishable(ours).numerator == theirs.numerator
        assert [r.value for r in publishable(ours).sensitivity] == [
            r.value for r in theirs.sensitivity
        ]
        for table in theirs.tables.values():
            same = publishable(ours).table(table.id).frame
            assert same["own_weight"].tolist() == table.frame["residents"].tolist()


@pytest.mark.parametrize("name", ["transit-access", "rail-cycling", "what-changes", "rail-changes"])
def test_small_numbers_never_leave(tmp_path: Path, name: str) -> None:
    """By hand: 7 in cell (2, 0), so neither it, nor 416 - 305, nor 409 may be shown."""
    data = plain(stations=station_frame((125, 125, "rail")), basic_statistical_units=units())
    limit = (
        {"max_m": 490} if "transit" in name or "what" in name else {"max_m": 490, "kind": "rail"}
    )
    found = publishable(ask(name, data, file(tmp_path), metric="network", **limit))
    frame = found.frame
    assert frame is not None
    assert "own_weight_shown" not in frame.columns
    assert UNDER_TEN in frame["own_weight"].tolist()
    numbers = [v for v in frame["own_weight"] if not isinstance(v, str)]
    assert all(v % 10 == 0 for v in numbers)
    assert found.numerator == 100  # 104 to the nearest 10
    for table in found.tables.values():
        for column in (c.name for c in table.columns if c.kind == "residents"):
            shown = [v for v in table.frame[column] if isinstance(v, int)]
            assert not [v for v in shown if 0 < v < 10], (table.id, column)
    assert not re.search(r"\b(104|416 - 7|409)\b", json.dumps(found.figures))


def test_few_are_not_told_at_all(tmp_path: Path) -> None:
    """By rule: 7 of 7 is under 10, so no number and no share leaves."""
    point = gpd.GeoDataFrame({"elever": [7]}, geometry=[shapely.Point(E0 + 9, N0 + 9)], crs=EPSG)
    point.to_file(tmp_path / "few.gpkg")
    found = publishable(ask("transit-access", plain(), tmp_path / "few.gpkg"))
    assert (found.value, found.numerator, found.denominator) == (None, None, None)
    assert "7" not in json.dumps(list(found.as_dict()["figures"].values()))


def test_rows_are_counted_where_no_column_is_named(tmp_path: Path) -> None:
    """By hand: six schools in the town, three of them in the stop's cell."""
    given = {"weight_file": file(tmp_path), "max_m": 50}
    result = ANALYSES["transit-access"](study(plain()), given, own_files=True)
    assert (result.numerator, result.denominator) == (3, 6)
    assert "weight_field" not in result.definition.parameters


def test_tables_and_polygons_are_taken_too(tmp_path: Path) -> None:
    """Identity: the points as a table, and as squares around them, give the points' answer."""
    points = ask("transit-access", plain(), file(tmp_path), max_m=500).numerator
    rows = [f"{E0 + x};{N0 + y};{n}" for (x, y), n in zip(PLACES, PUPILS, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["ost;nord;elever", *rows]), encoding="utf-8")
    table = ask(
        "transit-access", plain(), tmp_path / "t.csv", max_m=500, weight_xy="ost,nord",
        weight_crs=EPSG,
    )  # fmt: skip
    squares = gpd.read_file(file(tmp_path))
    squares.geometry = squares.geometry.buffer(4, cap_style="square")
    squares.to_crs(4326).to_file(tmp_path / "s.geojson")
    area = ask("transit-access", plain(), tmp_path / "s.geojson", max_m=500)
    assert table.numerator == area.numerator == points == 111


def test_rows_without_a_weight_are_counted_and_left_out(tmp_path: Path) -> None:
    """By hand: one missing and one negative; 60 + 4 + 300 + 5 remain in the town."""
    path = file(tmp_path, elever=[None, 60, 4, -7, 300, 5, 1000])
    result = ask("transit-access", plain(), path, max_m=50)
    assert (result.numerator, result.denominator) == (64, 369)
    left = {x.reason: x.count for x in result.left_out}
    assert left == {
        "weights_without_weight": 1, "weights_with_negative_weight": 1, "own_outside": 1,
    }  # fmt: skip


def test_what_cannot_be_counted_is_refused(tmp_path: Path) -> None:
    """By rule: one line that names the file or parameter and what is allowed."""
    data, path = plain(), file(tmp_path, navn=["a"] * len(PLACES))
    far = gpd.read_file(path).translate(50_000)
    far.to_file(tmp_path / "far.gpkg")
    shapely_lines = gpd.GeoDataFrame(
        {"elever": [1]}, geometry=[shapely.LineString([(E0, N0), (E0 + 9, N0)])], crs=EPSG
    )
    shapely_lines.to_file(tmp_path / "line.gpkg")
    (tmp_path / "t.csv").write_text("x;y;elever\n1;2;3", encoding="utf-8")
    bad: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"weight": "residents"}, ParameterError, "weight residents given with weight_file"),
        ({"weight_field": "ingen"}, FieldError, "ingen"),
        ({"weight_field": "navn"}, FieldError, "allowed: numbers"),
        ({"weight_file": tmp_path / "no.gpkg"}, SourceError, "no such file"),
        (
            {"weight_file": tmp_path / "far.gpkg", "weight_field": ""},
            GeometryError,
            "none of its 7",
        ),
        ({"weight_file": tmp_path / "line.gpkg"}, GeometryError, "allowed: point or polygon"),
        ({"weight_file": tmp_path / "t.csv"}, FieldError, "--weight-xy"),
        ({"weight_file": tmp_path / "t.csv", "weight_xy": "x,y"}, CrsError, "--weight-crs"),
        ({"weight_xy": "x"}, ParameterError, "weight_xy"),
    ]
    for given, kind, said in bad:
        with pytest.raises(kind, match=re.escape(said)):
            ask("transit-access", data, path, **given)
    for alone in ({"weight": "own"}, {"weight_field": "elever"}):
        with pytest.raises(ParameterError, match=r"^transit-access: weight.*without weight_file"):
            ANALYSES["transit-access"](study(data), alone)
    with pytest.raises(ParameterError, match="names a file of one's own"):
        ANALYSES["rail-cycling"](study(data), {"weight_file": path})


def test_grid_weights_are_not_own(tmp_path: Path) -> None:
    """By hand: employees beside it stay unprotected counts of their own."""
    work = cells({(0, 0): 7.0}, "employees").assign(establishments=[2])
    data = plain(workplaces=work)
    jobs = publishable(ANALYSES["transit-access"](study(data), {"weight": "employees"}))
    assert jobs.numerator == 7
    assert publishable(ask("transit-access", data, file(tmp_path))).numerator_unit == "own_weight"
