"""Rasters by zone on the user's own files: closed forms, rasterio as twin, real terrain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Geod
from rasterio.errors import NotGeoreferencedWarning
from rasterio.mask import mask
from rasterio.transform import from_origin
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import CrsError, ParameterError, SourceError, SourceMissingError
from gis.tools import Given, zonal

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

E0, N0 = 260_000.0, 6_650_000.0
CELL = 10.0


def tif(
    path: Path, values: NDArray[Any], *, crs: int | None = 25833, nodata: float | None = None
) -> Path:
    """A grid with its south-west corner at E0, N0."""
    rows, columns = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype=values.dtype,
        crs=f"EPSG:{crs}" if crs else None,
        transform=from_origin(E0, N0 + rows * CELL, CELL, CELL),
        nodata=nodata,
    ) as out:
        out.write(values, 1)
    return path


def zones(path: Path, *shapes: Any, **columns: Any) -> Given:
    gpd.GeoDataFrame(
        columns or {"n": range(len(shapes))}, geometry=list(shapes), crs=25833
    ).to_file(path, driver="GPKG")
    return Given(path)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(E0 + west, N0 + south, E0 + east, N0 + north)


def plane(rows: int, columns: int) -> NDArray[np.float32]:
    """Values that are the column number plus 100 times the row counted from the south."""
    r, c = np.mgrid[0:rows, 0:columns]
    return (c + 100 * (rows - 1 - r)).astype(np.float32)


def test_a_square_of_nine_cells(tmp_path: Path) -> None:
    """By hand: columns 1-3 and rows 1-3: mean 202, sum 1818, 101 to 303, 900 square metres."""
    raster = tif(tmp_path / "r.tif", plane(10, 10))
    answer = zonal(raster, zones(tmp_path / "z.gpkg", box(10, 10, 40, 40)))
    row = answer.details["zones"][0]
    assert row == {
        "zone": 1,
        "id": None,
        "status": "ok",
        "count": 9,
        "sum": 1818,
        "mean": 202.0,
        "min": 101,
        "max": 303,
        "area_m2": 900,
        "nodata": 0,
        "on_outline": 0,
    }
    assert (answer.value, answer.numerator, answer.denominator) == (202, 1818, 9)


def test_centres_on_the_outline_are_in_no_zone(tmp_path: Path) -> None:
    """By hand: a square through cell centres holds 1 of 9, 8 lie on its outline."""
    raster = tif(tmp_path / "r.tif", plane(10, 10))
    answer = zonal(raster, zones(tmp_path / "z.gpkg", box(15, 15, 35, 35)))
    row = answer.details["zones"][0]
    assert (row["count"], row["on_outline"], row["mean"]) == (1, 8, 202)


def test_nodata_and_places_outside_are_kept_apart(tmp_path: Path) -> None:
    """By hand: of 4 cells one has no value and one is NaN; zones half and wholly outside."""
    values = plane(4, 4)
    values[3, 0], values[2, 1] = -9999, np.nan
    raster = tif(tmp_path / "r.tif", values, nodata=-9999)
    shapes = (
        box(0, 0, 20, 20),
        box(30, 30, 70, 70),
        box(500, 500, 600, 600),
        box(1, 1, 4, 4),
        box(0, 0, 9, 9),
        box(40, 0, 50, 10),
    )
    answer = zonal(
        raster, zones(tmp_path / "z.gpkg", *shapes, navn=list("abcdef")), id_field="navn"
    )
    found = {z["id"]: z for z in answer.details["zones"]}
    assert (found["a"]["count"], found["a"]["nodata"], found["a"]["sum"]) == (2, 2, 1 + 100)
    assert (found["b"]["status"], found["b"]["count"]) == ("partly_outside_raster", 1)
    assert (found["c"]["status"], found["c"]["mean"]) == ("outside_raster", None)
    assert (found["d"]["status"], found["d"]["count"]) == ("no_cell_centre", 0)
    assert (found["e"]["status"], found["e"]["nodata"]) == ("only_nodata", 1)
    assert found["f"]["status"] == "outside_raster"
    assert {x.reason: x.count for x in answer.left_out} == {
        "cells_without_value": 2,
        "zones_outside_raster": 2,
        "zones_partly_outside_raster": 1,
        "zones_without_cell_centre": 1,
    }


def test_a_cell_in_two_zones_counts_once_in_all(tmp_path: Path) -> None:
    """By hand: two squares of four cells share two; six cells lie in any."""
    raster = tif(tmp_path / "r.tif", np.ones((5, 5), dtype=np.uint8))
    answer = zonal(raster, zones(tmp_path / "z.gpkg", box(0, 0, 20, 20), box(10, 0, 30, 20)))
    assert [z["count"] for z in answer.details["zones"]] == [4, 4]
    assert (answer.denominator, answer.value) == (6, 1)


def test_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By identity: the raster read seven cells at a time gives the same numbers."""
    rng = np.random.default_rng(2)
    raster = tif(tmp_path / "r.tif", rng.integers(0, 99, (40, 30)).astype(np.int16), nodata=7)
    shapes = [shapely.Point(E0 + x, N0 + y).buffer(r) for x, y, r in rng.uniform(20, 280, (9, 3))]
    given = zones(tmp_path / "z.gpkg", *shapes)
    whole = zonal(raster, given)
    monkeypatch.setitem(zonal.__globals__, "_BLOCK_CELLS", 7)
    parts = zonal(raster, given)
    assert parts.details == whole.details
    assert parts.numerator == whole.numerator
    assert parts.left_out == whole.left_out


def test_rasterio_says_the_same(tmp_path: Path) -> None:
    """Someone else's engine: rasterio.mask by cell centre, circles and stars off the grid."""
    rng = np.random.default_rng(3)
    raster = tif(tmp_path / "r.tif", rng.normal(size=(60, 60)).astype(np.float64))
    shapes = [
        shapely.Point(E0 + x, N0 + y).buffer(r, quad_segs=3)
        for x, y, r in rng.uniform(50.3, 250.7, (12, 3))
    ]
    shapes.append(shapes[0].symmetric_difference(shapes[1]))
    answer = zonal(raster, zones(tmp_path / "z.gpkg", *shapes))
    with rasterio.open(raster) as file:
        for shape, row in zip(shapes, answer.details["zones"], strict=True):
            cut, _ = mask(file, [shape], crop=False, filled=False)
            known = cut.compressed()
            assert row["count"] == known.size
            assert row["sum"] == pytest.approx(known.sum(), abs=1e-9)
            assert (row["min"], row["max"]) == (known.min(), known.max())


def test_cells_in_degrees_have_their_area_on_the_ellipsoid(tmp_path: Path) -> None:
    """Closed form against another program: geodesic area of the same quadrangle, cut finely."""
    path = tmp_path / "deg.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=10,
        width=10,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=from_origin(10.0, 61.0, 0.1, 0.1),
    ) as out:
        out.write(np.ones((10, 10), dtype=np.uint8), 1)
    shape = shapely.box(10.19999, 60.29999, 10.50001, 60.70001)
    gpd.GeoDataFrame({"n": [1]}, geometry=[shape], crs=4326).to_file(tmp_path / "z.gpkg")
    row = zonal(path, Given(tmp_path / "z.gpkg")).details["zones"][0]
    ring = shapely.segmentize(shapely.box(10.2, 60.3, 10.5, 60.7), 0.0005)
    exact = abs(Geod(ellps="WGS84").geometry_area_perimeter(ring)[0])
    assert row["count"] == 12
    assert row["area_m2"] == pytest.approx(exact, rel=1e-6)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """By rule: one line for each."""
    given = zones(tmp_path / "z.gpkg", box(0, 0, 10, 10))
    raster = tif(tmp_path / "r.tif", plane(3, 3))
    with pytest.raises(ParameterError, match="band 2 given; allowed: 1 to 1"):
        zonal(raster, given, band=2)
    with pytest.raises(SourceMissingError, match="no such file"):
        zonal(tmp_path / "none.tif", given)
    broken = tmp_path / "broken.tif"
    broken.write_text("no raster", encoding="utf-8")
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        zonal(broken, given)
    naked = tif(tmp_path / "naked.tif", plane(3, 3), crs=None)
    with pytest.raises(CrsError, match="--crs"):
        zonal(naked, given)
    assert zonal(naked, given, raster_epsg=25833).denominator == 1
    with pytest.raises(CrsError, match="the file says EPSG:25833, --crs says EPSG:25832"):
        zonal(raster, given, raster_epsg=25832)
    picture = tmp_path / "picture.png"
    profile = {"driver": "PNG", "height": 3, "width": 3, "count": 1, "dtype": "uint8"}
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(picture, "w", **profile) as out,
    ):
        out.write(np.ones((3, 3), dtype=np.uint8), 1)
    with pytest.raises(SourceError, match="not placed"):
        zonal(picture, given, raster_epsg=25833)


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    """By hand: stored 0 and 1 in tenths above 5 are 5.0 and 5.1."""
    raster = tif(tmp_path / "r.tif", np.array([[0, 1]], dtype=np.int16))
    with rasterio.open(raster, "r+") as file:
        file.scales, file.offsets = (0.1,), (5.0,)
    row = zonal(raster, zones(tmp_path / "z.gpkg", box(0, 0, 20, 10))).details["zones"][0]
    assert row["sum"] == pytest.approx(10.1)


def test_command_gives_the_contract(tmp_path: Path) -> None:
    """By hand: JSON alone, and the zones with their numbers as a file."""
    raster = tif(tmp_path / "r.tif", plane(10, 10))
    given = zones(tmp_path / "z.gpkg", box(10, 10, 40, 40), navn=["A"])
    words = ["zonal", "--raster", raster, "--zones", given.path, "--id", "navn"]
    path = tmp_path / "out.gpkg"
    result = CliRunner().invoke(app, [*map(str, words), "--json", "-o", str(path)])
    found = json.loads(result.stdout)
    assert found["zones"][0]["id"] == "A"
    assert (found["value"], found["numerator"], found["denominator"]) == (202, 1818, 9)
    assert found["left_out"] == []
    assert gpd.read_file(path)["r_mean"].tolist() == [202]
    shown = CliRunner().invoke(app, [*map(str, words)])
    assert "202" in shown.stdout


def test_terrain_of_baerum(real_data: Path) -> None:
    """Real data, someone else's engine: rasterio.mask on the municipality's outline."""
    raster = real_data / "baerum/dtm_50m.tif"
    source = real_data / "baerum/municipalities_2024.gpkg"
    answer = zonal(raster, Given(source))
    outlines = gpd.read_file(source).to_crs(25833)
    with rasterio.open(raster) as file:
        for shape, row in zip(outlines.geometry, answer.details["zones"], strict=True):
            known = mask(file, [shape], filled=False)[0].compressed().astype(np.float64)
            assert row["count"] == pytest.approx(known.size, abs=3)
            assert row["mean"] == pytest.approx(known.mean(), rel=1e-4)
            assert row["max"] == known.max()


def test_elevation_of_porto_alegre_outside_norway(real_data: Path, tmp_path: Path) -> None:
    """Real data: 3 x 3 cells in degrees, read beside it by index."""
    raster = real_data / "porto_alegre/poa_elevation.tif"
    with rasterio.open(raster) as file:
        part = file.read(1)[200:203, 100:103].astype(float)
        west, south, _, _ = rasterio.windows.bounds(((202, 203), (100, 101)), file.transform)
        _, _, east, north = rasterio.windows.bounds(((200, 201), (102, 103)), file.transform)
    shape = shapely.box(west, south, east, north)
    gpd.GeoDataFrame({"n": [1]}, geometry=[shape], crs=4326).to_file(tmp_path / "z.gpkg")
    row = zonal(raster, Given(tmp_path / "z.gpkg")).details["zones"][0]
    assert (row["count"], row["sum"]) == (9, part.sum())
