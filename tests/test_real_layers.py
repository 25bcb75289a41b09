"""Every real file that a layer entry covers, read with the catalogue's own entry."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from gis.catalogue import LocalLayer, layer_entries, layer_entry
from gis.errors import FieldError
from gis.kernels.cells import parent_id
from gis.sources import LayerData, read_layer

POPULATION = "norway/NOR0250M_POP_2019.csv"
QUICK_CLAY = "trondheim/trondheim_quickclay.geojson"

# layer, file, rows as counted outside this program (ogrinfo, wc, PROVENANCE.md)
COVERED = [
    ("municipality", "norway/kommuner_2024.geojson", 357),
    ("municipality", "baerum/municipalities_2024.gpkg", 3),
    ("municipality", "baerum/n1000.gpkg", 14),
    ("basic_statistical_units", "baerum/grunnkretser_2018_population.gpkg", 535),
    ("population_grid", POPULATION, 221_947),
    ("population_grid", "norway/NOR0250M_POP_2022.csv", 223_347),
    ("workplaces", "norway/bedrifter_250m_2025.csv", 134_050),
    ("addresses", "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv", 10_871),
    ("frequent_stops", "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet", 901),
    ("frequent_stops", "norway/frequent_stops_max_gap_07_18_2026-01-15.parquet", 1203),
    ("nature_types", "nordre_follo/naturtyperMdir.shp", 222),
    ("quick_clay", QUICK_CLAY, 112),
    ("flood_zones", "trondheim/trondheim_floodareas.geojson", 126),
    ("flood_mapped_extent", "agder/flomsoner_analyseomrade.geojson", 28),
    ("built_up", "baerum/n1000.gpkg", 7),
    ("sea", "baerum/n1000.gpkg", 1),
    ("lakes", "baerum/n1000.gpkg", 26),
    ("rivers", "baerum/n1000.gpkg", 55),
    ("forest", "baerum/n1000.gpkg", 17),
    ("roads_paths", "baerum/n1000.gpkg", 311),
    ("railways", "baerum/n1000.gpkg", 34),
    ("stations", "baerum/n1000.gpkg", 10),
    ("place_names", "baerum/place_names_with_height.gpkg", 503),
    ("planned_areas", "plan_areas/baerum.geojson", 1),
    ("terrain", "baerum/dtm_50m.tif", 1),
    ("transit_stops", "norway/rb_avi-aggregated-gtfs.zip", 92),
]


@pytest.fixture(scope="module")
def population(real_data: Path) -> LayerData:
    return read_layer("population_grid", real_data / POPULATION)


@pytest.mark.parametrize(("layer", "file", "rows"), COVERED)
def test_file_is_read_as_it_is(real_data: Path, layer: str, file: str, rows: int) -> None:
    """Real data: the counts were made with other programs; the frame keeps its contract."""
    data = read_layer(layer, real_data / file)
    assert len(data.frame) == data.source.rows == rows
    assert list(data.frame.columns) == [*layer_entry(layer).fields, "geometry"]
    assert data.frame.crs.to_epsg() == 25833
    assert data.frame.geometry.notna().all()
    assert data.frame.is_valid.all()
    assert not data.frame.has_z.any()
    for name, mapping in layer_entry(layer).fields.items():
        values = data.frame[name]
        if not mapping.nullable:
            assert values.notna().all(), name
        if mapping.type == "code":
            allowed = {*mapping.codes.values(), mapping.missing}
            assert set(values.dropna()) <= allowed, name


def test_cells_of_250_m_sum_to_1_km_in_every_cell(real_data: Path, population: LayerData) -> None:
    """Real data against real data: SSB's two grids of 2019."""
    entry = layer_entry("population_grid")
    delivery = entry.delivery.model_copy(update={"cell_size_m": 1000})
    km = read_layer(
        "population_grid",
        real_data / "norway/NOR1000M_POP_2019.csv",
        entry=entry.model_copy(update={"delivery": delivery}),
        local=LocalLayer(path="x", fields={"cell_id": "SSBID1000M"}),
    ).frame
    fine = population.frame
    parents = parent_id(fine["cell_id"].to_numpy(), size_m=250, parent_m=1000)
    summed = fine["residents"].groupby(parents).sum()
    coarse = km.set_index("cell_id")["residents"].sort_index()
    assert summed.index.tolist() == coarse.index.tolist()
    assert (summed == coarse).all()
    assert km.area.unique().tolist() == [1_000_000.0]


def test_one_kilometre_file_is_no_250_m_grid(real_data: Path) -> None:
    """By hand: the right file for another cell size is refused with its column named."""
    with pytest.raises(FieldError, match="did you mean 'SSBID1000M'"):
        read_layer("population_grid", real_data / "norway/NOR1000M_POP_2019.csv")


def test_residents_of_the_country(real_data: Path, population: LayerData) -> None:
    """Twin: the csv module of the standard library."""
    with (real_data / POPULATION).open(newline="") as stream:
        total = sum(int(row["pop_tot"]) for row in csv.DictReader(stream, delimiter=";"))
    assert population.frame["residents"].sum() == total > 5_300_000


def test_municipality_area_is_kept_through_mending(real_data: Path) -> None:
    """Real data against real data: Bærum is 191.90 km², its bounding box as referenced."""
    data = read_layer("municipality", real_data / "norway/kommuner_2024.geojson")
    baerum = data.frame[data.frame["number"] == "3201"]
    assert baerum["name"].tolist() == ["Bærum"]
    assert baerum.area.iloc[0] / 1e6 == pytest.approx(191.90, abs=0.02)
    west, south, east, north = baerum.total_bounds
    assert (west, south, east, north) == pytest.approx(
        (240_298, 6_643_053, 256_387, 6_663_706), abs=1
    )
    # Mending must not invent land: what GDAL delivers, measured ring by ring, bounds it.
    raw = json.loads((real_data / "norway/kommuner_2024.geojson").read_text(encoding="utf-8"))
    assert len(raw["features"]) == 357
    bad = sum(not shapely.from_geojson(json.dumps(f["geometry"])).is_valid for f in raw["features"])
    assert data.source.mended == pytest.approx(bad, abs=3)
    assert data.source.mended > 0


def test_address_file_against_the_csv_module(real_data: Path) -> None:
    """Twin: the csv module, field by field over all rows; 3 970 lie outside tettsted."""
    path = real_data / "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv"
    frame = read_layer("addresses", path).frame
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";", quoting=csv.QUOTE_NONE))
    assert frame["address_id"].tolist() == [int(r["adresseId"]) for r in rows]
    assert frame["text"].tolist() == [r["adresseTekst"].strip() for r in rows]
    assert frame.geometry.x.tolist() == [float(r["Øst"]) for r in rows]
    assert frame.geometry.y.tolist() == [float(r["Nord"]) for r in rows]
    assert frame["urban_area"].isna().sum() == 3970
    assert set(frame["urban_area"].dropna().str.len()) == {4}
    assert frame["unit"].str.fullmatch("3420[0-9]{4}").all()


def test_address_dates_of_every_length(real_data: Path) -> None:
    """Twin: the first ten characters turned round, over all 10,871 dates."""
    path = real_data / "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv"
    entry = layer_entry("addresses")
    field = entry.fields["text"].model_copy(
        update={"source": ("oppdateringsdato",), "type": "date"}
    )
    dated = entry.model_copy(update={"fields": {**entry.fields, "updated": field}})
    read = read_layer("addresses", path, entry=dated).frame["updated"]
    raw = pd.read_csv(path, sep=";", usecols=["oppdateringsdato"], encoding="utf-8-sig")
    text = raw["oppdateringsdato"]
    expected = text.str.slice(6, 10) + "-" + text.str.slice(3, 5) + "-" + text.str.slice(0, 2)
    assert read.dt.strftime("%Y-%m-%d").tolist() == expected.tolist()
    assert text.str.len().nunique() > 3


def test_quick_clay_classes(real_data: Path) -> None:
    """Twin: counts from the JSON itself; the damaged 'Høy' is read, names are mended."""
    frame = read_layer("quick_clay", real_data / QUICK_CLAY).frame
    raw = json.loads((real_data / QUICK_CLAY).read_text(encoding="utf-8"))["features"]
    risks = pd.Series([str(f["properties"]["risikoKl"]) for f in raw]).value_counts()
    assert frame["risk_class"].value_counts().to_dict() == risks.to_dict()
    assert frame["hazard_degree"].value_counts().to_dict() == {"medium": 54, "high": 34, "low": 24}
    assert set(frame["part"]) == {"release"}
    assert not frame["name"].str.contains("Ã").any()


def test_flood_areas(real_data: Path) -> None:
    """By hand: 125 of the 500-year flood, one low point without an interval, no lakes or sea."""
    data = read_layer("flood_zones", real_data / "trondheim/trondheim_floodareas.geojson")
    assert data.frame["flood_class"].value_counts().to_dict() == {"500": 125, "unknown": 1}
    assert data.frame["low_point"].sum() == 14
    assert data.source.notes == ("5 rows of other kinds passed over",)


def test_nature_types_with_damaged_letters(real_data: Path) -> None:
    """By hand: 'dÃ¸d' is 'død'; no text of the file keeps the damage."""
    frame = read_layer("nature_types", real_data / "nordre_follo/naturtyperMdir.shp").frame
    assert "Gammel granskog med liggende død ved" in set(frame["kind"])
    assert not frame["kind"].str.contains("Ã").any()
    assert set(frame["quality"]) == {"unassessed"}
    assert frame["id"].is_unique


def test_frequent_stops_modes(real_data: Path) -> None:
    """Twin: pandas on the delivered column."""
    path = real_data / "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet"
    frame = read_layer("frequent_stops", path).frame
    raw = pd.read_parquet(path)["route_type"].value_counts()
    modes = frame["mode"].value_counts()
    assert modes["bus"] == raw["Bus"] + raw["Bussveien"]
    assert (modes["metro"], modes["rail"], modes["tram"]) == (99, 33, 112)


def test_box_of_baerum_equals_cut_of_the_country(real_data: Path, population: LayerData) -> None:
    """Brute force twin: the whole country cut afterwards."""
    bounds = (235_298.0, 6_638_053.0, 261_387.0, 6_668_706.0)
    part = read_layer("population_grid", real_data / POPULATION, bounds=bounds).frame
    whole = population.frame
    expected = whole[whole.intersects(shapely.box(*bounds))]
    assert part["cell_id"].tolist() == expected["cell_id"].tolist()
    assert shapely.equals(part.geometry.to_numpy(), expected.geometry.to_numpy()).all()


def test_terrain_is_the_delivered_one(real_data: Path) -> None:
    """Twin: rasterio's own reading, without nodata."""
    path = real_data / "baerum/dtm_50m.tif"
    raster = read_layer("terrain", path).raster
    assert raster is not None
    with rasterio.open(path) as raw:
        expected: Any = raw.read(1, masked=True).filled(np.nan)
        assert raster.transform == raw.transform
    np.testing.assert_array_equal(raster.values, expected)
    assert np.nanmax(raster.values) == pytest.approx(609, abs=1)


def test_n1000_medium_is_read_as_the_data_mean_it(real_data: Path) -> None:
    """By hand: T is on the ground (293 of 311 roads), U under it, L a bridge."""
    frame = read_layer("roads_paths", real_data / "baerum/n1000.gpkg").frame
    counts = frame["medium"].value_counts().to_dict()
    assert counts == {"ground": 293, "tunnel": 17, "bridge": 1}


def test_two_protected_area_files(real_data: Path) -> None:
    """By hand: Østmarka, from a layer named in the workspace."""
    local = LocalLayer(path="x", layer="Naturvernomrade")
    frame = read_layer("protected_areas", real_data / "baerum/n1000.gpkg", local=local).frame
    assert frame[["name", "kind"]].to_numpy().tolist() == [["Østmarka", "NP"]]
    assert frame["date"][0] == pd.Timestamp("2023-11-09")


def test_feeds_with_stops_far_away(real_data: Path) -> None:
    """By hand: Svalbard's airport is left out and counted."""
    data = read_layer("transit_stops", real_data / "norway/rb_avi-aggregated-gtfs.zip")
    assert data.source.notes == ("2 stops outside mainland Norway left out",)
    assert data.file == real_data / "norway/rb_avi-aggregated-gtfs.zip"
    assert "transit_stops" in layer_entries()
