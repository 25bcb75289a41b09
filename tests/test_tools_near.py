"""Share within a straight line, on the user's own files: by hand, by brute force, by command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import CrsError, FieldError, GeometryError, ParameterError, SourceError
from gis.kernels.cells import cell_centre
from gis.tools import Given, near

if TYPE_CHECKING:
    from collections.abc import Sequence

E0, N0 = 260_000, 6_650_000
XY = ("E", "N")


def csv_of(path: Path, rows: Sequence[Sequence[object]], head: str = "E;N;residents") -> Path:
    lines = [head, *(";".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def given(path: Path, epsg: int | None = 25833) -> Given:
    return Given(path, xy=XY, epsg=epsg)


@pytest.fixture
def hamlet(tmp_path: Path) -> Path:
    """Four homes east of a stop at the corner: 0, 999.99, exactly 1000 and 1000.01 m away."""
    rows = [(E0, N0, 5), (E0 + 999.99, N0, 7), (E0 + 600, N0 + 800, 11), (E0, N0 + 1000.01, 13)]
    return csv_of(tmp_path / "homes.csv", rows)


@pytest.fixture
def stop(tmp_path: Path) -> Path:
    return csv_of(tmp_path / "stop.csv", [(E0, N0)], head="E;N")


def test_exactly_1000_m_is_within(hamlet: Path, stop: Path) -> None:
    """By hand: 600-800-1000 is a right triangle; 5 + 7 + 11 of 36 live within."""
    answer = near(given(hamlet), given(stop), max_m=1000, weight="residents")
    assert (answer.numerator, answer.denominator) == (23, 36)
    assert answer.value == 23 / 36
    assert answer.frame["within"].tolist() == [True, True, True, False]
    assert answer.frame["distance_m"].tolist() == pytest.approx([0, 999.99, 1000, 1000.01])
    assert answer.crs is not None
    assert answer.crs.startswith("EPSG:25833")
    assert near(given(hamlet), given(stop), max_m=1000).numerator == 3


def test_rows_that_cannot_count_are_counted(tmp_path: Path, stop: Path) -> None:
    """By hand: of seven rows two have no place, one no weight, one a negative; 3 + 4 remain."""
    rows = [
        (E0, N0, 3),
        (E0, N0 + 2000, 4),
        ("", "", 50),
        (0, 0, 6),
        (E0, N0, ""),
        (E0, N0, -2),
        (E0, N0, 0),
    ]
    answer = near(
        given(csv_of(tmp_path / "p.csv", rows)), given(stop), max_m=10, weight="residents"
    )
    assert (answer.numerator, answer.denominator) == (3, 7)
    assert {x.reason: x.count for x in answer.left_out} == {
        "points_without_geometry": 2,
        "points_without_weight": 1,
        "points_with_negative_weight": 1,
    }
    assert "56" in answer.left_out[0].text.en
    rows_counted = sum(c["rows"] for c in answer.details["classes"])
    assert rows_counted + sum(x.count for x in answer.left_out) == 7


def test_decimal_commas_are_numbers_and_words_are_not(tmp_path: Path, stop: Path) -> None:
    """By hand: 2,5 + 1,5 = 4; a weight 'mange' is refused, named with its column."""
    good = csv_of(tmp_path / "a.csv", [(E0, N0, "2,5"), (E0, N0, "1,5")])
    assert near(given(good), given(stop), max_m=0, weight="residents").numerator == 4
    bad = csv_of(tmp_path / "b.csv", [(E0, N0, "2"), (E0, N0, "mange")])
    with pytest.raises(FieldError, match=r"'residents'.*mange"):
        near(given(bad), given(stop), max_m=0, weight="residents")
    with pytest.raises(FieldError, match=r"'people'.*there are: E, N, residents"):
        near(given(bad), given(stop), max_m=0, weight="people")
    empty = csv_of(tmp_path / "c.csv", [(E0, N0, "")])
    with pytest.raises(FieldError, match="holds no number"):
        near(given(empty), given(stop), max_m=0, weight="residents")


def test_no_crs_and_no_columns_are_refused(hamlet: Path, stop: Path, tmp_path: Path) -> None:
    """By rule: nothing is guessed."""
    with pytest.raises(CrsError, match="--crs"):
        near(given(hamlet, None), given(stop), max_m=1)
    with pytest.raises(FieldError, match=r"coordinate columns.*E, N, residents"):
        near(Given(hamlet, epsg=25833), given(stop), max_m=1)
    with pytest.raises(CrsError, match="axes look swapped"):
        near(Given(hamlet, xy=("N", "E"), epsg=25833), given(stop), max_m=1)
    with pytest.raises(CrsError, match="are no degrees"):
        near(given(hamlet, 4326), given(stop), max_m=1)
    with pytest.raises(ParameterError, match="max_m"):
        near(given(hamlet), given(stop), max_m=float("nan"))
    with pytest.raises(SourceError, match="no rows"):
        near(given(csv_of(tmp_path / "none.csv", [])), given(stop), max_m=1)
    naked = tmp_path / "naked.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(E0, N0)]).to_file(naked)
    with pytest.raises(CrsError, match="--crs"):
        near(Given(naked), given(stop), max_m=1)
    assert near(Given(naked, epsg=25833), given(stop), max_m=1).numerator == 1


def test_lines_and_polygons_are_targets(hamlet: Path, tmp_path: Path) -> None:
    """By hand: a road 400 m north of the corner; a square whose south side is that road."""
    road = shapely.LineString([(E0 - 100, N0 + 400), (E0 + 2000, N0 + 400)])
    square = shapely.box(E0 - 100, N0 + 400, E0 + 2000, N0 + 2500)
    expected = {"road": [400, 400, 400, 600.01], "square": [400, 400, 0, 0]}
    for name, shape in (("road", road), ("square", square)):
        path = tmp_path / f"{name}.gpkg"
        gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs=25833).to_file(path)
        answer = near(given(hamlet), Given(path), max_m=400)
        assert answer.frame["distance_m"].tolist() == pytest.approx(expected[name])
        assert answer.frame["within"].tolist() == [d <= 400 for d in expected[name]]


def test_polygons_are_points_only_when_asked(tmp_path: Path, stop: Path) -> None:
    """By hand: the point inside a square 100 m wide, around the stop, is 0 m from it."""
    path = tmp_path / "cells.gpkg"
    cell = shapely.box(E0 - 50, N0 - 50, E0 + 50, N0 + 50)
    gpd.GeoDataFrame({"n": [4]}, geometry=[cell], crs=25833).to_file(path)
    with pytest.raises(GeometryError, match="allowed: point"):
        near(Given(path), given(stop), max_m=1)
    answer = near(Given(path), given(stop), max_m=1e-6, representative_point=True, weight="n")
    assert answer.numerator == 4


def test_outside_norway_the_utm_zone_is_used_and_said(tmp_path: Path) -> None:
    """Closed form on the ellipsoid: UTM distances near the meridian differ under 0.1 per cent."""
    lon, lat = -51.2, -30.05
    places = [(lon + dx / 100, lat + dy / 100) for dx in range(4) for dy in range(4)]
    homes = csv_of(tmp_path / "p.csv", places, head="E;N")
    school = csv_of(tmp_path / "t.csv", [(lon, lat)], head="E;N")
    answer = near(given(homes, 4326), given(school, 4326), max_m=2000)
    assert answer.crs == "EPSG:32722 WGS 84 / UTM zone 22S"
    geod = Geod(ellps="WGS84")
    exact = [geod.inv(x, y, lon, lat)[2] for x, y in places]
    assert answer.frame["distance_m"].tolist() == pytest.approx(exact, rel=1e-3)


def test_data_far_apart_are_refused(hamlet: Path, tmp_path: Path) -> None:
    """By rule: a school with its axes swapped would lie in another sea."""
    school = csv_of(tmp_path / "t.csv", [(59.9, 10.5)], head="E;N")
    with pytest.raises(CrsError, match="order of the axes"):
        near(given(hamlet), given(school, 4326), max_m=2000)
    with pytest.raises(CrsError, match="projected CRS in metres"):
        near(given(hamlet), given(hamlet), max_m=1, metric_epsg=4326)


def test_another_metric_crs_can_be_named(hamlet: Path, stop: Path) -> None:
    """Closed form: the scale of each zone is 0.9996 (1 + d^2 / 2R^2), d from its meridian."""
    answer = near(given(hamlet), given(stop), max_m=1000, metric_epsg=25832)
    assert answer.crs is not None
    assert answer.crs.startswith("EPSG:25832")
    d32 = answer.frame.geometry.x.mean() - 500_000
    d33 = E0 - 500_000
    scale = (1 + d32**2 / 2 / 6.38e6**2) / (1 + d33**2 / 2 / 6.38e6**2)
    assert answer.frame["distance_m"].to_numpy()[2] / 1000 == pytest.approx(scale, abs=1e-5)


def test_brute_force_says_the_same(tmp_path: Path) -> None:
    """Brute force twin: every pair of 300 homes and 40 stops, on whole metres, many ties."""
    rng = np.random.default_rng(5)
    p = np.column_stack([rng.integers(0, 60, (300, 2)) * 100, rng.integers(0, 9, 300)])
    q = rng.integers(0, 60, (40, 2)) * 100
    homes = csv_of(tmp_path / "p.csv", [(E0 + a, N0 + b, w) for a, b, w in p])
    stops = csv_of(tmp_path / "q.csv", [(E0 + a, N0 + b) for a, b in q], head="E;N")
    square = ((p[:, None, :2] - q[None]) ** 2).sum(axis=2).min(axis=1)
    for limit in (0, 300, 500, 1000):
        expected = p[square <= limit**2, 2].sum()
        answer = near(given(homes), given(stops), max_m=limit, weight="residents")
        assert answer.numerator == expected


def command(*words: object) -> Any:
    result = CliRunner().invoke(app, [str(w) for w in words])
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


def test_command_gives_the_contract(hamlet: Path, stop: Path, tmp_path: Path) -> None:
    """By hand: the keys that others script against, and files in four forms."""
    words = ["near", "--points", hamlet, "--points-xy", "E,N", "--crs", 25833, "--weight"]
    words += ["residents", "--targets", stop, "--targets-xy", "E,N", "--max-m", 1000, "--json"]
    for suffix in ("csv", "gpkg", "geojson", "parquet", "json"):
        path = tmp_path / f"out.{suffix}"
        found = command(*words, "-o", path)
        assert path.is_file()
    assert (found["value"], found["numerator"], found["denominator"]) == (23 / 36, 23, 36)
    assert found["left_out"] == []
    assert found["disclosure"] == "none: your own files"
    assert found["classes"][0] == {"class": "within", "rows": 3, "weight": 23, "share": 23 / 36}
    assert found["definition"]["parameters"]["max_m"] == 1000
    assert {f["role"] for f in found["provenance"]["files"]} == {"points", "targets"}
    assert all(len(f["sha256"]) == 64 for f in found["provenance"]["files"])
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["within"].tolist() == [True, True, True, False]
    assert table["arealplan_x"].tolist() == pytest.approx([E0, E0 + 999.99, E0 + 600, E0])
    back = gpd.read_file(tmp_path / "out.gpkg")
    assert back.crs.to_epsg() == 25833
    assert back["residents"].astype(int).sum() == 36
    degrees = gpd.read_file(tmp_path / "out.geojson")
    assert degrees.crs.to_epsg() == 4326
    assert degrees.to_crs(25833).distance(back.geometry, align=False).max() < 0.02
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_exit_codes_and_clean_output(hamlet: Path, stop: Path, tmp_path: Path) -> None:
    """By contract: 0 with JSON alone, 1 with one line and no traceback, 2 for wrong usage."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONWARNINGS": "error::UserWarning"}
        command = [sys.executable, "-m", "gis", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    words = ("near", "--points", hamlet, "--points-xy", "E,N", "--targets", stop)
    words += ("--targets-xy", "E,N", "--max-m", 1000)
    good = run(*words, "--crs", 25833, "--json", "-o", tmp_path / "x.gpkg")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["numerator"] == 3
    assert good.stderr.count("\n") == 1
    bad = run(*words, "--json")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.count("\n") == 1
    assert bad.stderr.startswith("arealplan: homes.csv")
    assert CliRunner().invoke(app, ["near", "--points", str(hamlet)]).exit_code == 2


def test_all_norway_by_another_way(real_data: Path, tmp_path: Path) -> None:
    """Real data, brute force twin: scipy's tree on SSB's cells and Entur's frequent stops."""
    from scipy.spatial import cKDTree

    grid = pd.read_csv(real_data / "norway/NOR0250M_POP_2019.csv", sep=";")
    x, y = cell_centre(grid["SSBID0250M"].to_numpy(), size_m=250)
    people = tmp_path / "people.csv"
    pd.DataFrame({"E": x, "N": y, "residents": grid["pop_tot"]}).to_csv(people, index=False)
    stops = real_data / "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet"
    answer = near(
        given(people),
        Given(stops, xy=("location_longitude", "location_latitude"), epsg=4326),
        max_m=1000,
        weight="residents",
    )
    assert answer.denominator == grid["pop_tot"].sum()
    raw = pd.read_parquet(stops)
    places = gpd.points_from_xy(raw["location_longitude"], raw["location_latitude"], crs=4326)
    moved = gpd.GeoSeries(places).to_crs(25833)
    reach, _ = cKDTree(np.column_stack([moved.x, moved.y])).query(np.column_stack([x, y]))
    assert answer.numerator == grid["pop_tot"].to_numpy()[reach <= 1000].sum()


def test_hexagons_of_porto_alegre(real_data: Path) -> None:
    """Real data: all 812,935 residents are there, in UTM 22 south; conservation."""
    folder = real_data / "porto_alegre"
    hexagons = Given(folder / "poa_hexgrid.csv", xy=("lon", "lat"), epsg=4326)
    places = Given(folder / "poa_points_of_interest.csv", xy=("lon", "lat"), epsg=4326)
    answer = near(hexagons, places, max_m=1000, weight="population")
    assert answer.denominator == 812_935
    assert sum(c["weight"] for c in answer.details["classes"]) == 812_935
    assert answer.crs is not None
    assert answer.crs.startswith("EPSG:32722")


def test_odd_columns_and_multipoints_travel(tmp_path: Path, stop: Path) -> None:
    """By hand: GeoParquet with a field FID, a date, whole numbers with a gap, a multipoint."""
    shapes = [
        shapely.MultiPoint([(E0, N0), (E0 + 9000, N0)]),
        shapely.Point(E0 + 2, N0),
    ]
    columns = {
        "FID": ["x", "y"],
        "seen": pd.to_datetime(["2020-01-01", "2021-02-03"], utc=True),
        "n": pd.array([3, None], dtype="Int64"),
    }
    path = tmp_path / "p.parquet"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=25833).to_parquet(path)
    words = ["near", "--points", path, "--weight", "n", "--targets", stop, "--targets-xy", "E,N"]
    words += ["--targets-crs", 25833, "--max-m", 1, "--json"]
    for suffix in ("gpkg", "geojson", "parquet", "csv"):
        found = command(*words, "-o", tmp_path / f"o.{suffix}")
    assert (found["numerator"], found["denominator"]) == (3, 3)
    assert found["left_out"][0]["reason"] == "points_without_weight"
    assert found["notes"] == ["1 rows with several points: the first is used"]
    for suffix in ("gpkg", "geojson"):
        assert gpd.read_file(tmp_path / f"o.{suffix}")["FID_file"].tolist() == ["x"]
    assert pd.read_csv(tmp_path / "o.csv")["distance_m"].tolist() == [0]


def test_a_stated_crs_that_a_file_contradicts(hamlet: Path, tmp_path: Path) -> None:
    """By hand: refused in one line, but not where the table beside it needed the code."""
    metres, degrees = tmp_path / "metres.gpkg", tmp_path / "degrees.gpkg"
    place = gpd.GeoDataFrame(geometry=gpd.points_from_xy([E0], [N0]), crs=25833)
    place.to_file(metres)
    place.to_crs(4326).to_file(degrees)
    for own, said in ((metres, 4326), (degrees, 25833)):
        with pytest.raises(CrsError, match=f"--crs says EPSG:{said}") as refused:
            near(Given(own, epsg=said), Given(own), max_m=1)
        assert "\n" not in str(refused.value)
    alone = near(given(hamlet), Given(metres), max_m=1000)
    beside = near(given(hamlet), Given(metres, epsg=25833), max_m=1000)
    mixed = near(given(hamlet), Given(degrees, epsg=25833), max_m=1000.001)
    assert alone.numerator == beside.numerator == mixed.numerator == 3
