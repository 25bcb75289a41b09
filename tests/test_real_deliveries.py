"""Real deliveries that no analysis counts: read whole by their entries, held against other readers.

Foreign files too: the entries' readers read every row and field of them, and only the guard of
the area keeps them out; the tools read them as they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import time
import zipfile
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from typer.testing import CliRunner

from gis import crs
from gis.catalogue import LocalLayer, layer_entry
from gis.cli import app
from gis.errors import FieldError, OutsideError
from gis.sources import READERS, read_layer, timetable
from gis.sources.base import Notes, Request
from gis.workspace import write_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from gis.sources.base import Delivered

TYPES = {
    "detached": "boliger_i_eneboliger",
    "semi_detached": "boliger_i_tomannsboliger",
    "terraced": "boliger_i_rekkehus_kjedehus_småhus",
    "apartments": "boliger_i_boligblokk",
    "shared": "boliger_i_bofellesskap",
    "other": "boliger_i_andre_bygningstyper",
}


@pytest.mark.parametrize("year", [None, 2008])
def test_dwellings_of_one_year(real_data: Path, year: int | None) -> None:
    """Twin: the rows of that year by Python's csv alone; the types sum to all."""
    path = real_data / "grenland/boliger_250m_grenland.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["År"].startswith(str(year or 2025))]
    data = read_layer("dwellings", path, local=LocalLayer(year=year))
    frame = data.frame.set_index("cell_id")
    assert len(frame) == len(rows) == (2513 if year is None else 2483)
    assert data.source.date is not None
    assert data.source.date.isoformat() == f"{year or 2025}-01-01"
    assert frame["dwellings"].to_dict() == {
        int(r["ssbid_250"]): int(r["boliger_i_alt"]) for r in rows
    }
    for field, name in TYPES.items():
        assert int(frame[field].sum()) == sum(int(r[name]) for r in rows)
    assert (frame[list(TYPES)].sum(axis=1) == frame["dwellings"]).all()
    cell = frame.loc[int(rows[0]["ssbid_250"])].geometry
    assert cell.bounds[:2] == (
        int(rows[0]["ssbid_250"][:7]) - 2_000_000,
        int(rows[0]["ssbid_250"][7:]),
    )


def test_crown_cover_is_the_file_s_own_grid(real_data: Path) -> None:
    """Twin: rasterio on the delivered file, cell by cell."""
    path = real_data / "baerum/forest_crown_cover_1km.tif"
    data = read_layer("crown_cover", path)
    with rasterio.open(path) as tile:
        assert data.raster is not None
        assert data.raster.transform == tile.transform
        assert data.raster.epsg == tile.crs.to_epsg() == 25833
        np.testing.assert_array_equal(data.raster.values, tile.read(1))
    assert 0 <= data.raster.values.min() <= data.raster.values.max() <= 100


def _sqlite(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as base:
        return base.execute(query).fetchall()


def test_buildings_of_openstreetmap_are_a_layer_of_their_own(real_data: Path) -> None:
    """Twin: SQLite on the delivered file; and the cadastre's layer does not read it."""
    path = real_data / "baerum/osm_buildings_sample.gpkg"
    table = "osm_buildings_sample_baerum_area_25833"
    data = read_layer("buildings_osm", path)
    assert data.source.licence == "ODbL-1.0"
    found = Counter(data.frame["building_type"].fillna(""))
    query = f"SELECT coalesce(type, ''), count(*) FROM {table} GROUP BY 1"  # noqa: S608
    assert found == dict(_sqlite(path, query))
    assert sum(found.values()) == 700
    with pytest.raises(FieldError, match="bygningsnummer"):
        read_layer("buildings", path)


def test_surveyed_localities(real_data: Path) -> None:
    """Twin: SQLite on the delivered file: every locality by its id and name."""
    path = real_data / "baerum/vascular_localities.gpkg"
    data = read_layer("plant_localities", path)
    told = "SELECT locationID, locality FROM gbif_vascular_localities_oslo_region_25833"
    assert sorted(zip(data.frame["id"], data.frame["name"], strict=True)) == sorted(
        _sqlite(path, told)
    )


def test_localities_without_geometry_are_counted(tmp_path: Path) -> None:
    """By hand: of three localities one is an empty polygon and one has none: two are left out."""
    shapes = [shapely.box(250_000, 6_650_000, 250_100, 6_650_100), shapely.Polygon(), None]
    columns = {"locationID": ["a", "b", "c"], "locality": ["A", "B", "C"]}
    path = tmp_path / "localities.gpkg"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=25833).to_file(path, geometry_type="Polygon")
    data = read_layer("plant_localities", path)
    assert data.frame["id"].tolist() == ["a"]
    assert data.source.notes == ("2 rows without geometry left out",)


@pytest.mark.parametrize(
    ("name", "layer", "kind"),
    [
        ("analyseomradegrense", "flood_mapping_lines", "extent_border"),
        ("tverrprofillinje", "flood_mapping_lines", "cross_section"),
        ("havflate", "flood_mapping_water", "sea"),
        ("innsjo", "flood_mapping_water", "lake"),
        ("kanalgroft", "flood_mapping_water", "canal"),
    ],
)
def test_the_other_classes_of_the_flood_mapping(
    real_data: Path, name: str, layer: str, kind: str
) -> None:
    """Twin: the features of the GeoJSON by Python's json alone; never the municipality's water."""
    path = real_data / f"agder/flomsoner_{name}.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    frame = read_layer(layer, path).frame
    assert Counter(frame["kind"]) == {kind: len(features)}
    zones = Counter(f["properties"].get("flomsoneid") or "" for f in features)
    assert Counter(frame["zone_id"].fillna("")) == zones
    if kind == "cross_section":
        told = [f["properties"]["flomvannstand200moh"] for f in features]
        assert frame["level_200_m"].sum() == pytest.approx(sum(v for v in told if v is not None))
    if layer == "flood_mapping_water":
        assert len(read_layer("flood_zones", path).frame) == 0


# --- foreign files ----------------------------------------------------------------------


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the guard of the area, and nothing else."""
    monkeypatch.setattr(crs, "_PLAUSIBLE_DEGREES", (-180.0, 180.0, -90.0, 90.0))
    for name, value in (("WEST", -180.0), ("EAST", 180.0), ("SOUTH", -90.0), ("NORTH", 90.0)):
        monkeypatch.setattr(timetable, name, value)


def _read(layer: str, path: Path, *, epsg: int = 25833) -> list[Delivered]:
    entry = layer_entry(layer)
    request = Request(layer, path, entry, None, epsg, None)
    return list(READERS[entry.delivery.kind](request, Notes()))


def _member(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode("utf-8-sig")


@pytest.mark.parametrize(
    "file", ["cairns/cairns_gtfs.zip", "porto_alegre/poa_eptc.zip", "porto_alegre/poa_trensurb.zip"]
)
@pytest.mark.usefixtures("anywhere")
def test_foreign_timetables_are_read_whole(real_data: Path, file: str) -> None:
    """Twin: stops.txt by Python's csv: every stop, its name and its place."""
    path = real_data / file
    rows = list(csv.DictReader(io.StringIO(_member(path, "stops.txt"))))
    (found,) = _read("transit_stops", path)
    assert found.fields["stop_id"].tolist() == [r["stop_id"] for r in rows]
    assert found.fields["name"].tolist() == [r["stop_name"] for r in rows]
    lon = [float(r["stop_lon"]) for r in rows]
    assert shapely.get_x(found.geometry.to_numpy()).tolist() == lon


@pytest.mark.usefixtures("anywhere")
def test_the_species_sample_is_read_whole(real_data: Path) -> None:
    """Twin: meta.xml by its text, occurrence.txt split at its tabs: species, place and day."""
    path = real_data / "norway/gbif_dwca_sample_2013.zip"
    terms = re.findall(r'<field index="(\d+)" term="[^"]*/([^"/]+)"', _member(path, "meta.xml"))
    at = {name: int(i) for i, name in terms}
    lines = [x.split("\t") for x in _member(path, "occurrence.txt").rstrip("\n").split("\n")]
    axes = [[x[at["decimalLongitude"]], x[at["decimalLatitude"]]] for x in lines]
    known = [i for i, a in enumerate(axes) if "" not in a and set(map(float, a)) != {0.0}]
    blocks = _read("species_records", path, epsg=4326)
    fields = pd.concat([b.fields for b in blocks])
    shapes = np.concatenate([b.geometry.to_numpy() for b in blocks])
    assert len(lines) == 158
    assert fields["species"].tolist() == [lines[i][at["scientificName"]] for i in known]
    assert shapely.get_coordinates(shapes).tolist() == [[*map(float, axes[i])] for i in known]
    days = [lines[i][at["eventDate"]].split() for i in known]
    told = [f"{d[5]}-{time.strptime(d[1], '%b').tm_mon:02d}-{d[2]}" if d else "" for d in days]
    assert fields["date"].dt.strftime("%Y-%m-%d").fillna("").tolist() == told


@pytest.mark.usefixtures("anywhere")
def test_foreign_terrain_is_read_whole(real_data: Path) -> None:
    """Twin: rasterio, in the file's own degrees."""
    path = real_data / "porto_alegre/poa_elevation.tif"
    (found,) = _read("terrain", path, epsg=4326)
    with rasterio.open(path) as tile:
        raw = tile.read(1)
        assert found.raster is not None
        assert found.raster.transform == tile.transform
        np.testing.assert_array_equal(found.raster.values, raw)


FOREIGN = [
    ("transit_stops", "cairns/cairns_gtfs.zip"),
    ("transit_stops", "porto_alegre/poa_eptc.zip"),
    ("transit_stops", "porto_alegre/poa_trensurb.zip"),
    ("species_records", "norway/gbif_dwca_sample_2013.zip"),
    ("terrain", "porto_alegre/poa_elevation.tif"),
    ("stations", "porto_alegre/poa_osm.pbf"),
]


@pytest.mark.parametrize(("layer", "file"), FOREIGN)
def test_only_the_area_stops_them(real_data: Path, layer: str, file: str) -> None:
    """By rule: with the guard the same files are refused, in one line that says what is allowed."""
    with pytest.raises(OutsideError, match="longitude 2 to 34") as refused:
        read_layer(layer, real_data / file)
    assert "\n" not in str(refused.value)


def _run(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A square over the middle of Porto Alegre."""
    path = tmp_path / "box.gpkg"
    shape = shapely.box(-51.22, -30.06, -51.18, -30.02)
    gpd.GeoDataFrame({"zone": ["a"]}, geometry=[shape], crs=4326).to_file(path)
    return path


def test_expose_reads_the_hexagons(real_data: Path, box: Path) -> None:
    """Twin: pandas' own comparison of the coordinates with the sides of the square."""
    path = real_data / "porto_alegre/poa_hexgrid.csv"
    table = pd.read_csv(path)
    inside = table["lon"].between(-51.22, -51.18) & table["lat"].between(-30.06, -30.02)
    points = ("--points", str(path), "--points-xy", "lon,lat", "--crs", "4326")
    answer = _run(
        "expose", "--zones", str(box), "--class", "zone", *points, "--weight", "population"
    )
    assert answer["numerator"] == table["population"][inside].sum() > 0
    assert answer["denominator"] == table["population"].sum()


def test_zonal_reads_the_terrain(real_data: Path, box: Path) -> None:
    """Twin: numpy over the cells whose centre lies in the square."""
    path = real_data / "porto_alegre/poa_elevation.tif"
    with rasterio.open(path) as tile:
        raw = tile.read(1, masked=True)
        rows, columns = np.indices(raw.shape)
        x, y = rasterio.transform.xy(tile.transform, rows.ravel(), columns.ravel())
    x, y = np.reshape(x, raw.shape), np.reshape(y, raw.shape)
    inside = (x > -51.22) & (x < -51.18) & (y > -30.06) & (y < -30.02)
    answer = _run("zonal", "--raster", str(path), "--zones", str(box))
    assert answer["value"] == pytest.approx(float(raw[inside].mean()), rel=0.02)


def test_they_are_built_and_judged(real_data: Path, tmp_path: Path) -> None:
    """Conservation: from the inbox to the check; rows within 5 km of the box by shapely."""
    write_workspace(tmp_path / "by", area="3201")
    inbox = tmp_path / "by" / "inbox"
    inbox.mkdir()
    names = ("municipalities_2024", "osm_buildings_sample", "vascular_localities")
    for name in (*(f"{n}.gpkg" for n in names), "forest_crown_cover_1km.tif"):
        shutil.copyfile(real_data / "baerum" / name, inbox / name)
    run = CliRunner().invoke
    built = run(app, ["build", "-w", str(tmp_path / "by")])
    assert built.exit_code == 0, built.output
    judged = run(app, ["check", "-w", str(tmp_path / "by"), "--json"])
    assert judged.exit_code == 0, judged.output
    verdicts = {v["layer"]: v for v in json.loads(judged.stdout)}
    layers = {"municipality", "buildings_osm", "plant_localities", "crown_cover"}
    assert set(verdicts) == layers
    assert {v["verdict"] for v in verdicts.values()} <= {"ok", "look"}
    path = real_data / "baerum/osm_buildings_sample.gpkg"
    area = gpd.read_file(real_data / "baerum/municipalities_2024.gpkg")
    mine = area[area["kommunenummer"] == "3201"].to_crs(25833)
    west, south, east, north = mine.total_bounds
    box = shapely.box(west - 5000, south - 5000, east + 5000, north + 5000)
    shapes = gpd.read_file(path).geometry
    assert verdicts["buildings_osm"]["rows"] == int(shapes.intersects(box).sum()) > 100
    assert verdicts["buildings_osm"]["licence"] == "ODbL-1.0"
