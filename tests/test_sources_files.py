"""Delivered files, whole and broken: what is read, and the one line when it cannot be."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from gis.catalogue import LocalLayer
from gis.errors import (
    CrsError,
    FieldError,
    GeometryError,
    GisError,
    SourceError,
    SourceMissingError,
)
from gis.sources import LayerData, read_layer, write_raster

SQUARE = shapely.box(250_000, 6_640_000, 251_000, 6_641_000)


def write(
    path: Path, geometries: list[Any] | None = None, *, crs: Any = 25833, **columns: Any
) -> Path:
    geometries = [SQUARE] if geometries is None else geometries
    columns = columns or {"objtype": ["Havflate"] * len(geometries)}
    how = {"layer": "n50_arealdekke_omrade"} if path.suffix in (".gpkg", ".gdb") else {}
    if path.suffix == ".gdb":
        how["driver"] = "OpenFileGDB"
    gpd.GeoDataFrame(columns, geometry=geometries, crs=crs).to_file(path, **how)
    return path


def feature(geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": shapely.geometry.mapping(geometry),
    }


def document(*features: dict[str, Any], epsg: int | None = 25833) -> dict[str, Any]:
    crs = {"crs": {"type": "name", "properties": {"name": f"EPSG:{epsg}"}}} if epsg else {}
    return {"type": "FeatureCollection", **crs, "features": list(features)}


def put(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refused(error: type[GisError], *words: str, layer: str, path: Path, **kwargs: Any) -> None:
    """Expect a refusal in one line that holds the words and the file's name."""
    with pytest.raises(error) as caught:
        read_layer(layer, path, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    for word in words:
        assert word in message


def stated(**values: Any) -> LocalLayer:
    return LocalLayer(path="x", **values)


# --- the same rows in every container -------------------------------------------------


def containers(folder: Path) -> list[Path]:
    found = [
        write(folder / f"f{end}", [SQUARE, SQUARE], objtype=["Havflate", "Skog"])
        for end in (".gpkg", ".shp", ".geojson", ".gdb", ".gml")
    ]
    for sidecar in folder.glob("*.xsd"):
        sidecar.unlink()
    gdb = folder / "f.gdb"
    for name, inner in (("in_folder.zip", "a/f.gdb/"), ("f.gdb.zip", "")):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as z:
            for file in gdb.iterdir():
                z.write(file, f"{inner}{file.name}")
        found.append(folder / name)
    for name in ("f.gpkg", "f.gml", "f.geojson"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as z:
            z.write(folder / name, f"sub/{name}")
        found.append(folder / f"{name}.zip")
    with zipfile.ZipFile(folder / "shp.zip", "w") as z:
        for file in sorted(folder.glob("f.*")):
            if file.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                z.write(file, file.name)
    return [*found, folder / "shp.zip"]


def test_every_container_gives_the_same_layer(tmp_path: Path) -> None:
    """By hand: one sea square and one forest square, of which the sea is kept."""
    paths = containers(tmp_path)
    before = {p.name for p in tmp_path.iterdir()}
    for path in paths:
        data = read_layer("sea", path)
        assert data.frame.crs.to_epsg() == 25833, path
        assert list(data.frame.columns) == ["geometry"]
        assert shapely.equals(data.frame.geometry.to_numpy(), SQUARE).tolist() == [True], path
        assert data.source.notes == ("1 rows of other kinds passed over",)
    assert {p.name for p in tmp_path.iterdir()} == before, "nothing is left beside the files"


def test_both_shapes_of_geonorge_geojson(tmp_path: Path) -> None:
    """By hand: named collections in the root, dotted keys, in a zip or not."""
    kommune = document(
        feature(
            **{
                "identifikasjon.Identifikasjon.lokalId": "a",
                "kommune.Kommune.kommunenummer": "9801",
                "administrativenhetnavn": [{"navn": "Fjordvik", "rekkefolge": 1}],
                "kommunenavn": "Fjordvik",
            }
        )
    )
    odd = {"Grense": document(), "Kommune": kommune}
    plain = put(tmp_path / "a_25833_Kommune_GeoJSON.geojson", kommune)
    root = put(tmp_path / "odd.json", odd)
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as z:
        z.write(root, "Basisdata_9801_F_25833_Kommuner_GeoJSON.geojson")
    for path in (plain, root, tmp_path / "odd.zip"):
        frame = read_layer("municipality", path).frame
        assert frame[["number", "name"]].to_numpy().tolist() == [["9801", "Fjordvik"]]
        assert frame.geometry[0].equals(SQUARE)


def test_layer_name_as_class(tmp_path: Path) -> None:
    """By hand: storm surge classes come from the layers' names, 'not mapped' goes out."""
    path = tmp_path / "StormfloHavniva.gpkg"
    for name in ("stormflo20ar_klimaarna", "stormflo200ar_klimaar2100", "middelhoyvann_klimaarna"):
        gpd.GeoDataFrame({"opphav": ["x"]}, geometry=[SQUARE], crs=25833).to_file(path, layer=name)
    gpd.GeoDataFrame(
        {"dekningStatus": ["kartlagt", "ikkeKartlagt"]}, geometry=[SQUARE] * 2, crs=25833
    ).to_file(path, layer="dekningsomrade")
    classes = read_layer("storm_surge", path).frame["surge_class"]
    assert sorted(classes) == ["20", "200_climate"]
    assert read_layer("storm_surge_mapped_extent", path).frame["status"].tolist() == ["kartlagt"]


def test_quick_clay_parts_and_classes(tmp_path: Path) -> None:
    """By hand: release and run-out from the collection's name, unknown where nothing is said."""
    fields = {"skredRisikoKvikkleireKlasse": "Risikoklasse 4", "skredFaregradKlasse": "Høy"}
    root = {
        "UtlosningOmr": document(feature(**fields)),
        "UtlopOmr": document(feature(**(fields | {"skredRisikoKvikkleireKlasse": None}))),
    }
    frame = read_layer("quick_clay", put(tmp_path / "k.geojson", root)).frame
    assert frame["part"].tolist() == ["release", "run_out"]
    assert frame["risk_class"].tolist() == ["4", "unknown"]
    assert frame["hazard_degree"].tolist() == ["high", "high"]


def test_absent_fields_are_there_and_missing(tmp_path: Path) -> None:
    """By hand: a frame has exactly the entry's fields, whatever the file lacks."""
    frame = read_layer("built_up", write(tmp_path / "t.gpkg")).frame
    assert list(frame.columns) == ["number", "name", "residents", "geometry"]
    assert frame[["number", "name", "residents"]].isna().all().all()


def test_workspace_names_fields_and_layer(tmp_path: Path) -> None:
    """By hand."""
    path = tmp_path / "x.gpkg"
    frame = gpd.GeoDataFrame({"nr": ["0301"], "n": ["Oslo"]}, geometry=[SQUARE], crs=25833)
    frame.to_file(path, layer="a")
    frame.to_file(path, layer="b")
    local = stated(layer="B", fields={"number": "nr", "name": "n"})
    assert read_layer("municipality", path, local=local).frame["number"].tolist() == ["0301"]
    refused(
        SourceError,
        "no layer 'c'",
        "a, b",
        layer="municipality",
        path=path,
        local=stated(layer="c"),
    )
    refused(
        FieldError,
        "accepted: nrr",
        "did you mean 'nr'",
        "there are: nr, n",
        layer="municipality",
        path=path,
        local=stated(layer="a", fields={"number": "nrr"}),
    )


# --- the box of the study area ----------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_rows_that_meet_the_box_stay_whole(tmp_path: Path, suffix: str) -> None:
    """By hand: inside, across, touching and outside; indexed formats and others alike."""
    boxes = [
        shapely.box(x, 6_640_000, x + 100, 6_640_100) for x in (250_000, 250_950, 251_000, 251_001)
    ]
    path = write(tmp_path / f"b{suffix}", boxes)
    bounds = (250_000.0, 6_640_000.0, 251_000.0, 6_641_000.0)
    kept = read_layer("sea", path, bounds=bounds).frame.geometry.to_numpy()
    assert shapely.equals(kept, np.array(boxes[:3])).all()


def test_box_in_another_crs(tmp_path: Path) -> None:
    """Brute force twin: the cut of the whole layer, for a file in degrees and one in zone 32."""
    rng = np.random.default_rng(7)
    x = rng.uniform(240_000, 260_000, 500)
    y = rng.uniform(6_640_000, 6_660_000, 500)
    points = gpd.GeoSeries(shapely.points(x, y), crs=25833)
    squares = points.buffer(50, cap_style="square")
    bounds = (245_000.0, 6_645_000.0, 252_000.0, 6_652_000.0)
    for epsg in (4326, 25832):
        path = write(tmp_path / f"{epsg}.gpkg", list(squares.to_crs(epsg)), crs=epsg)
        whole = read_layer("sea", path).frame
        expected = whole[whole.intersects(shapely.box(*bounds))]
        found = read_layer("sea", path, bounds=bounds).frame
        assert len(found) == len(expected) > 50
        assert shapely.equals(found.geometry.to_numpy(), expected.geometry.to_numpy()).all()


def test_nothing_in_the_box_is_said(tmp_path: Path) -> None:
    """By hand: a file that is whole for the area may have nothing in it."""
    far = (400_000.0, 6_640_000.0, 401_000.0, 6_641_000.0)
    said = LocalLayer(path="a.gpkg", covers=("9801",))
    data = read_layer("sea", write(tmp_path / "a.gpkg"), bounds=far, local=said)
    assert len(data.frame) == 0
    assert "no rows in the study area" in data.source.notes
    assert data.frame.crs.to_epsg() == 25833


# --- geometries -----------------------------------------------------------------------


def test_invalid_geometry_is_mended_and_counted(tmp_path: Path) -> None:
    """Closed form: a bow tie over a square encloses half of it; its file stays as it was."""
    bow = shapely.Polygon(
        [(250_000, 6_640_000), (251_000, 6_641_000), (251_000, 6_640_000), (250_000, 6_641_000)]
    )
    data = read_layer("sea", write(tmp_path / "bow.gpkg", [bow, SQUARE]))
    assert data.source.mended == 1
    assert data.frame.is_valid.all()
    assert data.frame.area.tolist() == pytest.approx([500_000, 1_000_000])


def test_empty_geometries_go_and_are_counted(tmp_path: Path) -> None:
    """By hand: one of three rows has a place; heights are dropped."""
    high = shapely.force_3d(SQUARE, 12.0)
    data = read_layer("sea", write(tmp_path / "e.gpkg", [high, None, shapely.Polygon()]))
    assert len(data.frame) == 1
    assert not data.frame.has_z.any()
    assert data.source.notes == ("2 rows without geometry left out",)
    assert data.source.rows == 1


def test_collections_are_reduced_to_their_kind(tmp_path: Path) -> None:
    """By hand: polygon and line in one collection; the line goes."""
    mixed = shapely.GeometryCollection(
        [SQUARE, shapely.LineString([(250_000, 6_640_000), (251_000, 6_640_500)])]
    )
    path = put(tmp_path / "c.geojson", document(feature(mixed, objtype="Havflate")))
    assert read_layer("sea", path).frame.geometry[0].equals(SQUARE)


def test_another_kind_of_geometry_is_refused(tmp_path: Path) -> None:
    """By hand."""
    path = write(tmp_path / "p.gpkg", [shapely.Point(250_000, 6_640_000)])
    refused(
        GeometryError,
        "1 of 1 geometries are Point",
        "allowed: Polygon or MultiPolygon",
        layer="sea",
        path=path,
    )


# --- CRS ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_no_crs(tmp_path: Path) -> None:
    """By hand: refused, unless the workspace states it; a contradiction is refused."""
    path = write(tmp_path / "n.shp", crs=None)
    refused(
        CrsError, "no coordinate reference system", "epsg = <EPSG code>", layer="sea", path=path
    )
    assert len(read_layer("sea", path, local=stated(epsg=25833)).frame) == 1
    known = write(tmp_path / "k.gpkg")
    refused(
        CrsError,
        "the file says EPSG:25833",
        "says EPSG:25832",
        layer="sea",
        path=known,
        local=stated(epsg=25832),
    )


@pytest.mark.parametrize("bounds", [None, (249_000.0, 6_639_000.0, 252_000.0, 6_642_000.0)])
def test_swapped_axes_and_wrong_zone(tmp_path: Path, bounds: Any) -> None:
    """By hand: refused also where only a box is read, so that it never looks empty."""
    swapped = shapely.transform(SQUARE, lambda a: a[:, ::-1])
    refused(
        CrsError,
        "axes look swapped",
        layer="sea",
        bounds=bounds,
        path=write(tmp_path / "s.gpkg", [swapped]),
    )
    west = shapely.box(-40_000, 6_640_000, -39_000, 6_641_000)
    refused(
        CrsError,
        "do not fit EPSG:25832",
        layer="sea",
        bounds=bounds,
        path=write(tmp_path / "z.gpkg", [west], crs=25832),
    )


def test_geojson_that_does_not_say_its_crs(tmp_path: Path) -> None:
    """By hand: degrees by RFC 7946, the code in a Geonorge name, or the workspace; else refused."""
    silent = document(feature(objtype="Havflate"), epsg=None)
    path = put(tmp_path / "hav.geojson", silent)
    refused(CrsError, "without a crs member", "no degrees", layer="sea", path=path)
    named = put(tmp_path / "Basisdata_9801_F_25833_N50_GeoJSON.geojson", silent)
    assert read_layer("sea", named).frame.geometry[0].equals(SQUARE)
    assert read_layer("sea", path, local=stated(epsg=25833)).frame.geometry[0].equals(SQUARE)
    degrees = shapely.box(10.5, 59.8, 10.6, 59.9)
    lonlat = put(tmp_path / "l.geojson", document(feature(degrees, objtype="Havflate"), epsg=None))
    assert 240_000 < read_layer("sea", lonlat).frame.total_bounds[0] < 260_000


# --- fields ---------------------------------------------------------------------------


def test_missing_field_and_unknown_code(tmp_path: Path) -> None:
    """By hand: the message names file, field, value and what is allowed."""
    refused(
        FieldError,
        "'number'",
        "kommunenummer",
        "there are: objtype",
        layer="municipality",
        path=write(tmp_path / "m.gpkg"),
    )
    path = write(
        tmp_path / "f.gpkg", [SQUARE] * 2, objtype=["FlomAreal"] * 2, gjentaksintervall=[20, 2200]
    )
    refused(
        FieldError,
        "field 'gjentaksintervall'",
        "'2200'",
        "allowed: 10, 20",
        layer="flood_zones",
        path=path,
    )


def test_flood_codes(tmp_path: Path) -> None:
    """By hand: 2100 is the 200-year flood with climate; other wet areas are passed over."""
    kinds = ["FlomAreal"] * 4 + ["Innsjø", "Havflate"]
    path = write(
        tmp_path / "f.gpkg",
        [SQUARE] * 6,
        objtype=kinds,
        gjentaksintervall=[200, 2100, 3100, 4100, None, None],
        lavpunkt=[0, 1, 0, 0, None, None],
    )
    frame = read_layer("flood_zones", path).frame
    assert frame["flood_class"].tolist() == ["200", "200_climate", "1000_climate", "20_climate"]
    assert frame["low_point"].tolist() == [0, 1, 0, 0]


# --- grid -----------------------------------------------------------------------------


def test_grid_square_is_rebuilt_from_the_id(tmp_path: Path) -> None:
    """By hand: reference section 9.1-9.2, with BOM and carriage returns."""
    path = put(tmp_path / "g.csv", "\ufeffogc_fid;SSBID0250M;pop_tot\r\n1;19580006626500;7\r\n")
    frame = read_layer("population_grid", path).frame
    assert frame.geometry[0].equals(shapely.box(-42_000, 6_626_500, -41_750, 6_626_750))
    assert frame["cell_id"].tolist() == [19580006626500]
    assert frame["residents"].tolist() == [7]


def test_grid_from_a_vector_file_ignores_its_geometry(tmp_path: Path) -> None:
    """By hand: the delivered square is 6.6 cm off, as SSB's geodatabase is."""
    off = shapely.box(256_000.016, 6_671_999.934, 256_250.016, 6_672_249.934)
    path = write(tmp_path / "b.gpkg", [off], ssbid250m=["22560006672000"], poptot=[12])
    frame = read_layer("population_grid", path).frame
    assert frame.geometry[0].equals(shapely.box(256_000, 6_672_000, 256_250, 6_672_250))


def test_grid_box_equals_cut_of_the_whole(tmp_path: Path) -> None:
    """Brute force twin."""
    ids = [
        (2_000_000 + e) * 10**7 + n
        for e in range(250_000, 253_000, 250)
        for n in range(6_640_000, 6_643_000, 250)
    ]
    path = put(tmp_path / "g.csv", "SSBID0250M;pop_tot\n" + "".join(f"{i};1\n" for i in ids))
    bounds = (250_600.0, 6_640_500.0, 251_400.0, 6_641_400.0)
    whole = read_layer("population_grid", path).frame
    expected = whole[whole.intersects(shapely.box(*bounds))]["cell_id"].tolist()
    assert read_layer("population_grid", path, bounds=bounds).frame["cell_id"].tolist() == expected
    moved = read_layer("population_grid", path, epsg=25832).frame
    assert moved.crs.to_epsg() == 25832
    assert moved.area.to_numpy() == pytest.approx(62_500, rel=2e-3)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1.95e13;5", ("'1.95e13'", "whole numbers")),
        ("19580006626500.0;5", ("'19580006626500.0'", "whole numbers")),
        ("19580006626501;5", ("19580006626501", "250 m")),
        ("1958000662650;5", ("14 digits",)),
        ("19580006626500;5\n19580006626500;6", ("more than once", "one row a cell")),
        ("19580006626500;", ("'pop_tot'", "lacks a value")),
        ("19580006626500;fem", ("'pop_tot'", "'fem'")),
    ],
)
def test_wrong_grid_values(tmp_path: Path, rows: str, words: tuple[str, ...]) -> None:
    """By hand."""
    path = put(tmp_path / "g.csv", f"SSBID0250M;pop_tot\n{rows}\n")
    refused(FieldError, *words, layer="population_grid", path=path)


def test_grid_ids_as_float_columns_and_other_cell_sizes(tmp_path: Path) -> None:
    """By hand."""
    path = tmp_path / "f.parquet"
    pd.DataFrame({"SSBID0250M": [19580006626500.0], "pop_tot": [3]}).to_parquet(path)
    refused(FieldError, "floating point", "19580006626500.0", layer="population_grid", path=path)
    km = put(tmp_path / "km.csv", "SSBID1000M;pop_tot\n22560006672000;5\n")
    refused(
        FieldError,
        "cells of 1000 m",
        layer="population_grid",
        path=km,
        local=stated(fields={"cell_id": "SSBID1000M"}),
    )


# --- points ---------------------------------------------------------------------------

HEADER = "\ufeffadresseId;adresseTekst;EPSG-kode;Nord;Øst;grunnkretsnummer;tettstednummer\r\n"


def addresses(folder: Path, *rows: str) -> Path:
    return put(folder / "a.csv", HEADER + "".join(f"{row}\r\n" for row in rows))


def test_address_rows(tmp_path: Path) -> None:
    """By hand: decimal comma, a stray quote, EPSG row by row, zeros put back, empty place."""
    path = addresses(
        tmp_path,
        '399524883;Storgata 1 "gården;25833;6770754,69;310012,98;4200104;112',
        "2147483648;Gata 2;25832;6770754.69;610012.98;34200104;",
        "4;Gata 3;25833;;;34200104;",
    )
    data = read_layer("addresses", path)
    frame = data.frame
    assert frame["address_id"].tolist() == [399524883, 2147483648]
    assert frame["text"].tolist() == ['Storgata 1 "gården', "Gata 2"]
    assert frame["unit"].tolist() == ["04200104", "34200104"]
    assert frame["urban_area"].tolist()[0] == "0112"
    assert pd.isna(frame["urban_area"][1])
    assert (frame.geometry[0].x, frame.geometry[0].y) == (310_012.98, 6_770_754.69)
    assert data.source.notes == ("1 rows without coordinates left out",)


def test_points_in_either_zone_are_one_place(tmp_path: Path) -> None:
    """Reference section 0.2: Sandvika in both zones and in degrees, agreeing to 0.1 m."""
    text = "stopPlaceRef,name,route_type,longitude,latitude\n1,Sandvika,Train,10.525238,59.892642\n"
    point = read_layer("frequent_stops", put(tmp_path / "s.csv", text)).frame.geometry[0]
    assert (point.x, point.y) == pytest.approx((249_726.5, 6_647_916.1), abs=0.1)


@pytest.mark.parametrize(
    ("row", "error", "word"),
    [
        ("1;G;25833;310012.98;6770754.69;34200104;", CrsError, "axes look swapped"),
        ("1;G;3857;6770754;310012;34200104;", CrsError, "EPSG code 3857; allowed: 25833"),
        ("1;G;;6770754;310012;34200104;", CrsError, "lacks a value in 1 rows"),
        ("1;G;25833;nord;310012;34200104;", FieldError, "field 'Nord': holds 'nord'"),
        ("1;G;25833;;;34200104;", SourceError, "no row has coordinates"),
        ("1;G;25833", SourceError, "cut short"),
    ],
)
def test_wrong_points(tmp_path: Path, row: str, error: type[GisError], word: str) -> None:
    """By hand."""
    refused(error, word, layer="addresses", path=addresses(tmp_path, row))


def test_quoted_csv_and_other_separators(tmp_path: Path) -> None:
    """By hand: quotes count where a field begins with one; tab and comma are seen."""
    name = "Vitenskapelig navn"
    quoted = f'"{name}","Koordinat_x","Koordinat_y"\n"Larus, L.","250000,5","6640000"\n'
    tabbed = f"{name}\tKoordinat_x\tKoordinat_y\tKategori\nPica pica\t250000\t6640000\tNT°\n"
    first = read_layer("species_records", put(tmp_path / "q.csv", quoted)).frame
    assert first["species"].tolist() == ["Larus, L."]
    assert first.geometry[0].x == 250_000.5
    assert first["category"].tolist() == ["NE"]
    assert read_layer("species_records", put(tmp_path / "t.txt", tabbed)).frame[
        "category"
    ].tolist() == ["NT"]


# --- terrain --------------------------------------------------------------------------


def tile(path: Path, west: float, values: Any, *, crs: Any = "EPSG:25833") -> Path:
    grid = np.asarray(values, dtype=np.float32)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.shape[1],
        height=grid.shape[0],
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(west, 6_640_040, 10, 10),
        nodata=-32767,
    ) as out:
        out.write(grid, 1)
    return path


def test_tiles_are_joined_masked_and_cut(tmp_path: Path) -> None:
    """By hand: two 4 x 4 tiles side by side, a tagged and an untagged hole."""
    left = np.arange(16.0).reshape(4, 4)
    left[0, 0], left[1, 0] = -32767, -9999
    (tmp_path / "dtm").mkdir()
    tile(tmp_path / "dtm" / "1.tif", 250_000, left)
    tile(tmp_path / "dtm" / "2.tif", 250_040, left + 100)
    whole = read_layer("terrain", tmp_path / "dtm").raster
    assert whole is not None
    assert whole.values.shape == (4, 8)
    assert np.isnan(whole.values[:2, 0]).all()
    assert whole.values[3, 7] == 115
    part = read_layer(
        "terrain", tmp_path / "dtm", bounds=(250_020.0, 6_640_000.0, 250_060.0, 6_640_020.0)
    ).raster
    assert part is not None
    assert part.values.tolist() == [[10, 11, 108, 109], [14, 15, 112, 113]]
    assert (part.transform.c, part.transform.f) == (250_020, 6_640_020)
    write_raster(part, tmp_path / "out.tif")
    with rasterio.open(tmp_path / "out.tif") as back:
        assert back.read(1).tolist() == part.values.tolist()
        assert back.crs.to_epsg() == 25833


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_terrain_without_crs_or_out_of_place(tmp_path: Path) -> None:
    """By hand."""
    path = tile(tmp_path / "n.tif", 250_000, np.ones((4, 4)), crs=None)
    refused(CrsError, "no coordinate reference system", layer="terrain", path=path)
    assert read_layer("terrain", path, local=stated(epsg=25833)).raster is not None
    far = tile(tmp_path / "f.tif", 250_000, np.ones((4, 4)))
    refused(
        SourceError,
        "no tile meets the area",
        layer="terrain",
        path=far,
        bounds=(500_000.0, 6_640_000.0, 501_000.0, 6_641_000.0),
    )


# --- what a server sends in place of the whole ------------------------------------------


def test_one_page_of_an_answer_is_refused(tmp_path: Path) -> None:
    """By hand: ArcGIS at the root and under properties, WFS in the root's attributes."""
    rows = [feature(objtype="Havflate")]
    for extra in ({"exceededTransferLimit": True}, {"properties": {"exceededTransferLimit": True}}):
        path = put(tmp_path / "a.geojson", document(*rows) | extra)
        refused(SourceError, "only a part", "every page", layer="sea", path=path)
    whole = put(tmp_path / "b.geojson", document(*rows) | {"exceededTransferLimit": False})
    assert len(read_layer("sea", whole).frame) == 1
    wfs = '<wfs:FeatureCollection numberMatched="{}" numberReturned="1000"></wfs:FeatureCollection>'
    path = put(tmp_path / "w.gml", wfs.format(2500))
    refused(SourceError, "1000 of 2500 features", layer="sea", path=path)
    refused(
        SourceError,
        "the root holds: error",
        layer="sea",
        path=put(tmp_path / "e.geojson", {"error": {"code": 400, "message": "x"}}),
    )


def test_plain_geojson_with_an_object_first(tmp_path: Path) -> None:
    """By hand: a member that is an object stands before the features, crs after them."""
    raw = document(feature(objtype="Havflate"))
    crs = raw.pop("crs")
    path = put(tmp_path / "m.geojson", {"metadata": {"by": "x"}, **raw, "crs": crs})
    assert read_layer("sea", path).frame.geometry[0].equals(SQUARE)
    long = document(*[feature(objtype="Havflate", text="x" * 1000)] * 80)
    crs = long.pop("crs")
    path = put(tmp_path / "late.geojson", {**long, "crs": crs})
    assert read_layer("sea", path).frame.geometry[0].equals(SQUARE)


def test_crs84_is_longitude_and_latitude(tmp_path: Path) -> None:
    """By hand: the name that QGIS and geopandas write."""
    raw = document(feature(shapely.box(10.5, 59.8, 10.6, 59.9), objtype="Havflate"))
    raw["crs"]["properties"]["name"] = "urn:ogc:def:crs:OGC:1.3:CRS84"
    west = read_layer("sea", put(tmp_path / "c.geojson", raw)).frame.total_bounds[0]
    assert 240_000 < west < 260_000


def test_geoparquet(tmp_path: Path) -> None:
    """By hand: in metres and in degrees; a plain table is refused."""
    path = tmp_path / "g.parquet"
    frame = gpd.GeoDataFrame({"objtype": ["Havflate"]}, geometry=[SQUARE], crs=25833)
    frame.rename_geometry("shape").to_parquet(path)
    assert read_layer("sea", path).frame.geometry[0].equals(SQUARE)
    frame.to_crs(4326).to_parquet(path)
    bounds = (249_000.0, 6_639_000.0, 252_000.0, 6_642_000.0)
    part = read_layer("sea", path, bounds=bounds).frame
    assert part.total_bounds == pytest.approx(SQUARE.bounds, abs=0.01)
    pd.DataFrame({"objtype": ["Havflate"]}).to_parquet(path)
    refused(SourceError, "without geometry", layer="sea", path=path)


# --- broken files ---------------------------------------------------------------------


def test_missing_and_empty_files(tmp_path: Path) -> None:
    """By hand: every kind of layer."""
    for layer in ("sea", "population_grid", "addresses", "terrain", "transit_stops"):
        refused(SourceMissingError, "no such file", layer=layer, path=tmp_path / "none.gpkg")
        for suffix in (".gpkg", ".geojson", ".csv", ".tif", ".zip", ".parquet"):
            empty = tmp_path / f"empty{suffix}"
            empty.write_bytes(b"")
            refused(SourceError, "empty (0 bytes)", layer=layer, path=empty)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["geojson", "gpkg", "zip", "parquet", "tif", "csv"])
def test_a_file_cut_short_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    """By hand: the same file is read when whole and refused, in one line, when cut."""
    rng = np.random.default_rng(1)
    layer = "sea"
    circle = [
        shapely.Point(x, 6_640_000).buffer(90, quad_segs=200)
        for x in rng.uniform(250_000, 260_000, 40)
    ]
    path = tmp_path / f"f.{kind}"
    if kind in ("geojson", "gpkg"):
        write(path, circle)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            z.write(write(tmp_path / "g.geojson", circle), "g.geojson")
    elif kind == "parquet":
        layer = "population_grid"
        ids = 22500006640000 + 250 * np.arange(4000)
        pd.DataFrame({"SSBID0250M": ids, "pop_tot": 5}).to_parquet(path)
    elif kind == "tif":
        layer = "terrain"
        tile(path, 250_000, rng.normal(100, 10, (300, 300)))
    else:
        layer = "addresses"
        addresses(tmp_path, *[f"{i};Gata {i};25833;6640000;250000;34200104;" for i in range(500)])
        path = tmp_path / "a.csv"
    assert len(read_layer(layer, path).frame)
    whole = path.read_bytes()
    cut = whole[: int(len(whole) * share)]
    if kind == "csv":
        cut = cut[: cut.rindex(b";", 0, cut.rindex(b";"))]  # inside a row
    path.write_bytes(cut)
    refused(SourceError, layer=layer, path=path)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".gml", ".shp", ".zip", ".csv", ".tif"])
def test_a_file_that_is_something_else(tmp_path: Path, suffix: str) -> None:
    """By hand: the page of an error in place of the data, as servers deliver it."""
    path = put(tmp_path / f"x{suffix}", "<!DOCTYPE html><html><body>404 Not Found</body></html>")
    layer = {".tif": "terrain", ".csv": "population_grid"}.get(suffix, "sea")
    refused(SourceError, layer=layer, path=path)


def test_zip_without_data_and_csv_that_is_not_utf8(tmp_path: Path) -> None:
    """By hand."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as z:
        z.writestr("les_meg.txt", "x")
    refused(SourceError, "no vector file", "les_meg.txt", layer="sea", path=tmp_path / "z.zip")
    path = tmp_path / "l.csv"
    path.write_bytes((HEADER + "1;Gåta;25833;1;1;1;\r\n").lstrip("\ufeff").encode("latin-1"))
    refused(SourceError, "not UTF-8", layer="addresses", path=path)


def test_broken_named_collections(tmp_path: Path) -> None:
    """By hand: the odd root cut in the middle says where."""
    text = json.dumps({"Kommune": document(feature(kommunenummer="9801"))})
    path = put(tmp_path / "o.geojson", text[: len(text) // 2])
    refused(SourceError, "not whole JSON", layer="municipality", path=path)


def test_source_says_where_it_comes_from(tmp_path: Path) -> None:
    """By hand, and sha256 against hashlib over the file's bytes."""
    import datetime as dt
    import hashlib

    path = write(tmp_path / "a.gpkg")
    local = stated(date=dt.date(2026, 1, 1), owner="Fjordvik kommune")
    data: LayerData = read_layer("sea", path, local=local, invented=True)
    source = data.source
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.owner, source.licence) == ("Fjordvik kommune", "CC-BY-4.0")
    assert source.date == dt.date(2026, 1, 1)
    assert source.invented
    assert source.file == "a.gpkg"
    copy = tmp_path / "copy.gdb"
    shutil.copytree(write(tmp_path / "g.gdb"), copy)
    assert (
        read_layer("sea", copy).source.sha256 == read_layer("sea", tmp_path / "g.gdb").source.sha256
    )


def test_parts_of_one_number_are_joined(tmp_path: Path) -> None:
    """Closed form: two parts that touch and one apart are one settlement of 3 hectares.

    Its residents, repeated on each part, are told once; rows without a number stay apart.
    """
    shapes = [shapely.box(250_000 + x, 6_640_000, 250_100 + x, 6_640_100) for x in (0, 100, 300)]
    shapes += [shapely.box(251_000, 6_640_000, 251_010, 6_640_010)] * 2
    towns = gpd.GeoDataFrame(
        {
            "tettstednummer": ["0801", "0801", "0801", None, None],
            "tettstednavn": ["Oslo", "Oslo", "Oslo", "a", "b"],
            "totalbefolkning": [1000, 1000, 1000, 5, 6],
        },
        geometry=shapes,
        crs=25833,
    )
    towns.to_file(tmp_path / "t.gpkg", layer="tettsted")
    data = read_layer("built_up", tmp_path / "t.gpkg")
    assert data.frame["number"].fillna("-").tolist() == ["0801", "-", "-"]
    assert data.frame["residents"].tolist() == [1000, 5, 6]
    assert data.frame.area.tolist() == [30_000, 100, 100]
    assert data.source.notes == ("2 polygons joined to others of the same number",)
