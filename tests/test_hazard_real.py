"""Hold hazard exposure on real zones and real residents against the naive way in geopandas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES, study_area
from gis.analyses.floods_mapped import floods_of
from gis.analyses.residents import cells_inside, over_addresses
from gis.catalogue import layer_entry
from gis.kernels.cells import cell_id
from gis.sources import read_layer
from tests.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.analyses import Study

TRONDHEIM = (245_000.0, 7_010_000.0, 305_000.0, 7_060_000.0)
ELVERUM = (300_000.0, 6_725_000.0, 375_000.0, 6_800_000.0)


def municipality(folder: Path, number: str) -> gpd.GeoDataFrame:
    whole = read_layer("municipality", folder / "norway/kommuner_2024.geojson").frame
    return whole[whole["number"] == number].reset_index(drop=True)


def residents(folder: Path, year: int, box: tuple[float, ...]) -> gpd.GeoDataFrame:
    path = folder / f"norway/NOR0250M_POP_{year}.csv"
    frame = read_layer("population_grid", path).frame
    west, south, east, north = box
    return frame.cx[west:east, south:north].reset_index(drop=True)


@pytest.fixture(scope="module")
def trondheim(real_data: Path) -> Study:
    frames = {
        "municipality": municipality(real_data, "5001"),
        "population_grid": residents(real_data, 2019, TRONDHEIM),
        "quick_clay": read_layer(
            "quick_clay", real_data / "trondheim/trondheim_quickclay.geojson"
        ).frame,
    }
    return study_area(Town(frames, invented=False), number="5001", halo_m=5000)


def test_trondheim_by_area_is_overlay_and_dissolve(trondheim: Study) -> None:
    """Twin: geopandas overlay of the cells with the dissolved zones, by share of area."""
    result = ANALYSES["hazard-exposure"](trondheim, {"method": "area"})
    cells = cells_inside(trondheim, layer="population_grid", weight="residents")
    squares = gpd.GeoDataFrame({"n": cells.weight}, geometry=cells.squares, crs=25833)
    zones = trondheim.frame("quick_clay")[["geometry"]].dissolve()
    cut = gpd.overlay(squares, zones, how="intersection")
    assert result.numerator == pytest.approx((cut["n"] * cut.area / 250**2).sum(), rel=1e-6)
    assert result.denominator == cells.weight.sum()


def test_trondheim_by_centre_is_a_spatial_join(trondheim: Study) -> None:
    """Twin: geopandas sjoin of the centres within the dissolved zones."""
    result = ANALYSES["hazard-exposure"](trondheim, {"method": "centre"})
    cells = cells_inside(trondheim, layer="population_grid", weight="residents")
    centres = gpd.GeoDataFrame(
        {"n": cells.weight}, geometry=gpd.points_from_xy(cells.x, cells.y), crs=25833
    )
    zones = trondheim.frame("quick_clay")[["geometry"]].dissolve()
    assert result.numerator == gpd.sjoin(centres, zones, predicate="within")["n"].sum()


def test_trondheim_ways_bound_each_other_and_classes_sum(trondheim: Study) -> None:
    """Conservation: bands sum to the distinct total; whole cells met bound every other way."""
    ways = {
        m: ANALYSES["hazard-exposure"](trondheim, {"method": m}) for m in ("area", "centre", "cell")
    }
    for result in ways.values():
        bands = result.table("bands_quick_clay").frame["residents"]
        assert bands.iloc[:-1].sum() == pytest.approx(result.numerator)
    counts = {m: r.numerator or 0.0 for m, r in ways.items()}
    assert counts["cell"] >= counts["area"]
    assert counts["cell"] >= counts["centre"]
    assert 5_000 < counts["area"] < counts["cell"] < 100_000


def test_elverum_addresses_keep_every_cell(real_data: Path) -> None:
    """Conservation, cell by cell: what is spread over addresses sums to SSB's number of 2022."""
    path = real_data / "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv"
    frames = {
        "municipality": municipality(real_data, "3420"),
        "population_grid": residents(real_data, 2022, ELVERUM),
        "addresses": read_layer("addresses", path).frame,
    }
    study = study_area(Town(frames, invented=False), number="3420", halo_m=5000)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    assert cells.coded
    spread = over_addresses(study, cells)
    sums = np.bincount(spread.cell, weights=spread.weight, minlength=len(cells.weight))
    np.testing.assert_allclose(sums, cells.weight, rtol=0, atol=1e-9)
    own = cell_id(spread.x, spread.y, size_m=250)
    assert (own == cells.cell_id[spread.cell]).all()
    assert spread.without < 0.1 * cells.total


def test_agder_extents_in_todays_schema(real_data: Path) -> None:
    """Twin: names, dates and mapped floods straight from the JSON; lakes and sea are no zones."""
    path = real_data / "agder/flomsoner_analyseomrade.geojson"
    frame = read_layer("flood_mapped_extent", path).frame
    raw = [f["properties"] for f in json.loads(path.read_text(encoding="utf-8"))["features"]]
    assert frame["floods"].tolist() == [r["kartlagteflommer"] for r in raw]
    years = [int(r["statusdato"][:4]) for r in raw if r["statusdato"]]
    assert frame["date"].dropna().dt.year.tolist() == years
    slides = read_layer(
        "landslide_mapped_extent", real_data / "agder/skredfaresoner_analyseomrade.geojson"
    ).frame
    assert len(slides) == 90
    assert slides["date"].dt.year.min() == 2011


def test_agder_flood_product_with_its_nulls_and_codes(real_data: Path, tmp_path: Path) -> None:
    """By hand: real rows of the product given as FlomAreal with a null, 0, 200, 2100 and 4100."""
    rows = gpd.read_file(real_data / "agder/flomsoner_innsjo.geojson").iloc[:5].copy()
    rows["objtype"] = "FlomAreal"
    rows["gjentaksintervall"] = [None, 0.0, 200.0, 2100.0, 4100.0]
    rows["geometry"] = shapely.force_2d(rows.geometry.to_numpy())
    path = tmp_path / "flomsoner_flomareal.gpkg"
    rows.to_file(path, layer="flomsoner_flomareal")
    frame = read_layer("flood_zones", path).frame
    found = frame["flood_class"].tolist()
    assert found == ["unknown", "unknown", "200", "200_climate", "20_climate"]


def test_agder_extents_say_what_they_were_mapped_for(real_data: Path) -> None:
    """Real data against real data: every text yields floods; Feda 1,000 years, Konsmo not."""
    frame = read_layer(
        "flood_mapped_extent", real_data / "agder/flomsoner_analyseomrade.geojson"
    ).frame
    codes = layer_entry("flood_zones").fields["flood_class"].codes
    found = {n: floods_of(x, codes) for n, x in zip(frame["name"], frame["floods"], strict=True)}
    assert all(found.values())
    assert found["Feda"] == {"20", "200", "1000", "200_climate"}
    assert "1000" not in (found["Konsmo"] or ())
    assert found["Nidelva"] == {
        "20", "50", "100", "200", "1000", "20_climate", "200_climate", "1000_climate",
    }  # fmt: skip
