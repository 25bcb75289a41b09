"""Hold density and suitability in Bærum against the files themselves, read another way."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from gis.analyses import ANALYSES
from gis.analyses.study import Study
from gis.cli.opening import open_study
from gis.result import Status
from gis.store.build import build
from gis.workspace import open_workspace

LAYERS = """area = "3201"
[layers.municipality]
path = "{data}/norway/kommuner_2024.geojson"
date = 2024-01-01
[layers.population_grid]
path = "{data}/norway/NOR0250M_POP_2019.csv"
date = 2019-01-01
[layers.workplaces]
path = "{data}/norway/bedrifter_250m_2025.csv"
date = 2025-01-01
[layers.frequent_stops]
path = "{data}/norway/frequent_stops_max_gap_07_20_2026-01-15.parquet"
date = 2026-01-15
[layers.stations]
path = "{data}/baerum/n1000.gpkg"
layer = "Stasjon"
[layers.built_up]
path = "{data}/baerum/n1000.gpkg"
layer = "Tettbebyggelse"
title = "N1000 Tettbebyggelse"
owner = "Kartverket"
licence = "CC-BY-4.0"
[layers.terrain]
path = "{data}/baerum/dtm_50m.tif"
"""


@pytest.fixture(scope="module")
def baerum(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("baerum")
    (folder / "workspace.toml").write_text(LAYERS.format(data=real_data.as_posix()), "utf-8")
    build(open_workspace(folder))
    return open_study(folder)[1]


def centres(path: Path, name: str, value: str) -> gpd.GeoDataFrame:
    """The cells of a file as points, by pandas alone."""
    table = pd.read_csv(path, sep=";", encoding="utf-8-sig", dtype={name: "int64"})
    east = table[name] // 10**7 - 2_000_000 + 125
    north = table[name] % 10**7 + 125
    return gpd.GeoDataFrame(
        {"n": table[value]}, geometry=gpd.points_from_xy(east, north), crs=25833
    )


def test_density_of_baerum(baerum: Study, real_data: Path) -> None:
    """Twin: pandas, a spatial join and a k-d tree count residents and work from the same files."""
    result = ANALYSES["density"](baerum, {"bands_m": "1000"})
    border = gpd.read_file(real_data / "norway/kommuner_2024.geojson").to_crs(25833)
    border = border[border.astype(str).eq("3201").any(axis=1)].geometry.iloc[0]
    stations = gpd.read_file(real_data / "baerum/n1000.gpkg", layer="Stasjon").to_crs(25833)
    tree = cKDTree(stations.geometry.get_coordinates().to_numpy())
    rows = result.table("around_stations").frame
    for column, file, name, value in (
        ("residents", "NOR0250M_POP_2019.csv", "SSBID0250M", "pop_tot"),
        ("employees", "bedrifter_250m_2025.csv", "SSBID250M", "emp_tot"),
    ):
        cells = centres(real_data / "norway" / file, name, value)
        cells = cells[cells.within(border)]
        away, _ = tree.query(cells.geometry.get_coordinates().to_numpy())
        assert rows[column].iloc[-1] == cells["n"].sum()
        assert rows[column].iloc[0] == cells["n"][away <= 1000].sum()
        held = np.sort(cells["n"][cells["n"] > 0].to_numpy(dtype=float))
        densest = held[-len(held) // 10 :].sum() / held.sum()
        found = result.table("concentration").frame["densest_share"]
        assert found[0 if column == "residents" else 1] == pytest.approx(densest, abs=0.004)
    assert rows["residents"].iloc[-1] == 125_022
    assert result.figures["land_ha"] == pytest.approx(19_190, rel=0.001)


def test_nothing_in_baerum_is_suitable_without_hazard_maps(baerum: Study) -> None:
    """By rule: where no hazard has been read no cell is cleared, whatever its points."""
    result = ANALYSES["suitability"](baerum, {})
    assert result.status is Status.PARTLY_MAPPED
    assert result.numerator == 0
    assert result.frame is not None
    assert set(result.frame["suited"]) <= {"study_high", "needs_study", "excluded"}
    assert result.frame["score"].max() > 70
    # The north is hilly and the shore flat; the terrain reaches all of the municipality.
    assert result.frame["slope_deg"].notna().mean() > 0.99
    assert 0.02 < (result.frame["main_reason"] == "steep").mean() < 0.4
    assert len(result.frame) == pytest.approx(19_190, rel=0.02)
