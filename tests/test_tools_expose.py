"""Counts by zone class on the user's own files: edge rules, overlaps, order, real zones."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import FieldError, GeometryError, ParameterError, SourceError
from gis.kernels.cells import cell_centre
from gis.tools import Given, expose

if TYPE_CHECKING:
    from pathlib import Path

E0, N0 = 260_000, 6_650_000


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(E0 + west, N0 + south, E0 + east, N0 + north)


def gpkg(path: Path, shapes: list[Any], **columns: Any) -> Given:
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=25833)
    frame.to_file(path, driver="GPKG")
    return Given(path)


def people(path: Path, *places: tuple[float, float, float]) -> Given:
    rows = [f"{E0 + x},{N0 + y},{n}" for x, y, n in places]
    path.write_text("\n".join(["east,north,residents", *rows]) + "\n", encoding="utf-8")
    return Given(path, xy=("east", "north"), epsg=25833)


def weights(answer: Any) -> dict[str, float]:
    found = {c["class"]: c["weight"] for c in answer.details["classes"]}
    return {**found, "outside": answer.details["outside"]["weight"]}


@pytest.fixture
def nested(tmp_path: Path) -> Given:
    """Three squares from the corner, nested: 1000 years 300 m wide, 100 years 200, 20 years 100."""
    shapes = [box(0, 0, 300, 300), box(0, 0, 200, 200), box(0, 0, 100, 100)]
    return gpkg(tmp_path / "zones.gpkg", shapes, period=[1000, 100, 20])


@pytest.fixture
def homes(tmp_path: Path) -> Given:
    """One home in each square, one on the outline of the smallest, one far away."""
    places = ((50, 50, 1), (150, 150, 2), (250, 250, 4), (100, 50, 8), (900, 900, 16))
    return people(tmp_path / "homes.csv", *places)


def test_nested_zones_count_each_home_once(nested: Given, homes: Given) -> None:
    """By hand: the home on the outline of the 20-year zone is inside the 100-year zone."""
    asked: dict[str, Any] = {"class_field": "period", "order": ["20", "100", "1000"]}
    inner = expose(nested, homes, weight="residents", **asked)
    assert weights(inner) == {"20": 1, "100": 10, "1000": 4, "outside": 16}
    assert (inner.numerator, inner.denominator) == (15, 31)
    touch = expose(nested, homes, weight="residents", rule="touch", **asked)
    assert weights(touch) == {"20": 9, "100": 2, "1000": 4, "outside": 16}
    point = expose(nested, homes, weight="residents", rule="representative-point", **asked)
    assert weights(point) == weights(inner)
    areas = [c["area_km2"] for c in inner.details["classes"]]
    assert areas == pytest.approx([0.01, 0.03, 0.05])
    assert inner.details["sum_of_classes_and_outside"] == 31
    assert inner.frame["zone_class"].tolist()[:4] == ["20", "100", "1000", "100"]
    assert expose(nested, homes, **asked).numerator == 4


def test_overlap_without_order_is_refused(nested: Given, homes: Given) -> None:
    """By rule: nothing says whether 20 or 1000 is worse; one class alone needs no order."""
    with pytest.raises(ParameterError, match=r"overlap in 3 places.*--order"):
        expose(nested, homes, class_field="period")
    whole = expose(nested, homes, weight="residents")
    assert whole.numerator == 15
    assert whole.details["classes"][0]["zones"] == 3
    assert whole.details["classes"][0]["area_km2"] == pytest.approx(0.09)


def test_neighbours_need_an_order_only_where_it_matters(tmp_path: Path) -> None:
    """By hand: a home on the seam, and a house across it, are in both zones together."""
    zones = gpkg(tmp_path / "z.gpkg", [box(0, 0, 10, 10), box(10, 0, 20, 10)], k=["b", "a"])
    seam = people(tmp_path / "p.csv", (10, 5, 1), (5, 5, 2), (15, 5, 4))
    for rule in ("interior", "touch"):
        with pytest.raises(ParameterError, match="1 of 3 objects meet zones of several classes"):
            expose(zones, seam, class_field="k", rule=rule)  # type: ignore[arg-type]
    inside = expose(zones, seam, weight="residents")
    assert (inside.numerator, inside.denominator) == (7, 7)
    # The worst class that still surrounds it: the seam is the edge of the worse one.
    answer = expose(zones, seam, class_field="k", weight="residents", order=["b", "a"])
    assert weights(answer) == {"a": 5, "b": 2, "outside": 0}
    answer = expose(zones, seam, class_field="k", rule="touch", order=["b", "a"])
    assert [c["rows"] for c in answer.details["classes"]] == [2, 1]
    house = gpkg(tmp_path / "h.gpkg", [box(6, 2, 12, 4)], residents=[5])
    with pytest.raises(ParameterError, match="objects meet zones"):
        expose(zones, house, class_field="k")
    inner = expose(zones, house, class_field="k", rule="representative-point", weight="residents")
    assert weights(inner) == {"a": 0, "b": 5, "outside": 0}
    worst = expose(zones, house, class_field="k", order=["a", "b"], weight="residents")
    assert weights(worst) == {"a": 5, "b": 0, "outside": 0}


def test_order_and_classes_are_checked(nested: Given, homes: Given, tmp_path: Path) -> None:
    """By rule: one line that names what there is."""
    with pytest.raises(ParameterError, match=r"'1000' is not in --order.*20, 100, 1000"):
        expose(nested, homes, class_field="period", order=["20", "100"])
    with pytest.raises(ParameterError, match="more than once"):
        expose(nested, homes, class_field="period", order=["20", "20", "100", "1000"])
    with pytest.raises(FieldError, match="there are: period"):
        expose(nested, homes, class_field="periode_aar")
    with pytest.raises(ParameterError, match="--class"):
        expose(nested, homes, order=["20"])
    order = ["5", "20", "100", "1000"]
    spare = expose(nested, homes, class_field="period", order=order)
    assert [c["rows"] for c in spare.details["classes"]] == [0, 1, 2, 1]
    assert spare.notes == ("no zone has the class: 5",)
    holes = gpkg(tmp_path / "h.gpkg", [box(0, 0, 1, 1), box(5, 5, 6, 6)], k=["a", None])
    with pytest.raises(FieldError, match="1 of 2 zones lack a class in 'k', the first in row 2"):
        expose(holes, homes, class_field="k")
    with pytest.raises(GeometryError, match="allowed: polygon"):
        expose(homes, nested)


def test_rows_left_out_are_counted(tmp_path: Path) -> None:
    """By hand: a zone without geometry, a bow tie mended, a home without place or weight."""
    bow = shapely.Polygon([(E0, N0), (E0 + 10, N0 + 10), (E0 + 10, N0), (E0, N0 + 10)])
    zones = gpkg(tmp_path / "z.gpkg", [bow, None], k=["a", "a"])
    shapes = [shapely.Point(E0 + 1, N0 + 5), shapely.Point(E0 + 5, N0 + 1), None]
    shapes.append(shapely.Point(E0 + 1, N0 + 5))
    homes = gpkg(tmp_path / "p.gpkg", shapes, n=[3.0, 5.0, 7.0, None])
    answer = expose(zones, homes, class_field="k", weight="n")
    assert {x.reason: x.count for x in answer.left_out} == {
        "zones_without_geometry": 1,
        "points_without_geometry": 1,
        "points_without_weight": 1,
    }
    assert (answer.numerator, answer.denominator) == (3, 8)
    assert "1 invalid geometries made valid" in answer.notes


def test_geojson_zips_and_layers_are_read(nested: Given, homes: Given, tmp_path: Path) -> None:
    """By identity: the same zones as GeoJSON in degrees, in a zip, and among other layers."""
    frame = gpd.read_file(nested.path)
    asked: dict[str, Any] = {"class_field": "period", "order": ["20", "100", "1000"]}
    plain = tmp_path / "plain.geojson"
    frame.to_crs(4326).to_file(plain, driver="GeoJSON", RFC7946="YES", COORDINATE_PRECISION=12)
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(nested.path, "inside/zones.gpkg")
    several = tmp_path / "several.gpkg"
    frame.to_file(several, layer="one")
    frame.iloc[:1].to_file(several, layer="two")
    inside = people(tmp_path / "in.csv", (50, 50, 1), (150, 150, 2), (250, 250, 4), (400, 0, 8))
    expected = {"20": 1, "100": 2, "1000": 4, "outside": 8}
    for given in (Given(plain), Given(packed), Given(several, layer="one")):
        assert weights(expose(given, inside, weight="residents", **asked)) == expected
    # A stated CRS is for the table; GeoJSON in degrees stays in degrees.
    stated = expose(Given(plain, epsg=25833), inside, weight="residents", **asked)
    assert weights(stated) == expected
    with pytest.raises(SourceError, match="name one of: one, two"):
        expose(Given(several), inside)
    with pytest.raises(SourceError, match="no layer 'three'"):
        expose(Given(several, layer="three"), inside)


def test_command_gives_the_contract(nested: Given, homes: Given, tmp_path: Path) -> None:
    """By hand: the JSON alone on standard output, and the objects with their class as a file."""
    words = ["expose", "--zones", nested.path, "--class", "period", "--order", "20,100,1000"]
    words += ["--points", homes.path, "--points-xy", "east,north", "--crs", 25833]
    words += ["--weight", "residents", "--rule", "touch"]
    path = tmp_path / "out.geojson"
    result = CliRunner().invoke(app, [str(w) for w in [*words, "--json", "-o", path]])
    found = json.loads(result.stdout)
    assert [c["weight"] for c in found["classes"]] == [9, 2, 4]
    assert found["definition"]["parameters"]["rule"] == "touch"
    assert (found["numerator"], found["denominator"]) == (15, 31)
    assert found["disclosure"] == "none: your own files"
    assert gpd.read_file(path)["zone_class"].tolist()[:3] == ["20", "100", "1000"]
    shown = CliRunner().invoke(app, [str(w) for w in words])
    assert shown.exit_code == 0
    assert "48,4" in shown.stdout
    assert CliRunner().invoke(app, [*map(str, words[:-1]), "near"]).exit_code == 2


def test_quick_clay_of_trondheim(real_data: Path, tmp_path: Path) -> None:
    """Real data, naive twin: geopandas' join, the worst hazard class of each cell centre."""
    grid = pd.read_csv(real_data / "norway/NOR0250M_POP_2019.csv", sep=";")
    x, y = cell_centre(grid["SSBID0250M"].to_numpy(), size_m=250)
    near = (x > 230_000) & (x < 330_000) & (y > 6_980_000) & (y < 7_080_000)
    cells = pd.DataFrame({"E": x, "N": y, "residents": grid["pop_tot"]})[near]
    path = tmp_path / "cells.csv"
    cells.to_csv(path, index=False)
    clay = real_data / "trondheim/trondheim_quickclay.geojson"
    answer = expose(
        Given(clay),
        Given(path, xy=("E", "N"), epsg=25833),
        class_field="risikoKl",
        order=["5", "4", "3", "2", "1"],
        weight="residents",
    )
    zones = gpd.read_file(clay).to_crs(25833)
    points = gpd.GeoDataFrame(
        cells.reset_index(drop=True), geometry=gpd.points_from_xy(cells.E, cells.N), crs=25833
    )
    joined = points.sjoin(zones[["risikoKl", "geometry"]], predicate="within")
    worst = joined.groupby(level=0)["risikoKl"].max()
    by_class = points.loc[worst.index, "residents"].groupby(worst.to_numpy()).sum()
    expected = {str(k): v for k, v in by_class.items()}
    found = {c["class"]: c["weight"] for c in answer.details["classes"]}
    assert {k: v for k, v in found.items() if v} == expected
    assert answer.denominator == cells["residents"].sum()
    assert answer.numerator == np.sum(list(expected.values())) > 20_000


def test_a_least_share_of_each_object(tmp_path: Path) -> None:
    """By hand: of 10 x 10 m houses 100, 40 and 0 % lie in the zone; points have no share."""
    zones = gpkg(tmp_path / "zone.gpkg", [box(0, 0, 100, 100)])
    houses = gpkg(
        tmp_path / "houses.gpkg", [box(10, 10, 20, 20), box(96, 10, 106, 20), box(100, 40, 110, 50)]
    )
    counted = {
        share: expose(zones, houses, rule="min-share", min_share=share).numerator
        for share in (0.4, 0.41, 1.0)
    }
    assert counted == {0.4: 2, 0.41: 1, 1.0: 1}
    said = expose(zones, houses, rule="min-share", min_share=0.4).definition
    assert said.parameters["min_share"] == 0.4
    assert "40.0%" in said.sentence.en
    for rule, share, words in (
        ("min-share", None, "goes with a share"),
        ("interior", 0.5, "goes with a share"),
        ("min-share", 1.5, "share"),
        ("min-share", 0.0, "share"),
        ("min-share", float("nan"), "share"),
    ):
        with pytest.raises(ParameterError, match=words):
            expose(zones, houses, rule=rule, min_share=share)  # type: ignore[arg-type]
    homes = people(tmp_path / "homes.csv", (5, 5, 1))
    with pytest.raises(ParameterError, match="points have no share"):
        expose(zones, homes, rule="min-share", min_share=0.5)
