"""Screen Store Stabekk gård in Bærum, where real layers reach, and read Kartverket's samples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.analyses.screen import Screening, screen, screen_result
from gis.analyses.study import study_area
from gis.errors import GeometryError
from gis.published import publishable
from gis.sources.plan import read_plan
from gis.store import build
from gis.workspace import open_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from gis.analyses.screen_lines import Line
    from gis.analyses.study import Study

LAYERS = """area = "3201"
[layers.municipality]
path = "{data}/baerum/municipalities_2024.gpkg"
date = 2024-01-01
[layers.population_grid]
path = "{data}/norway/NOR0250M_POP_2019.csv"
date = 2019-01-01
[layers.frequent_stops]
path = "{data}/norway/frequent_stops_max_gap_07_20_2026-01-15.parquet"
date = 2026-01-15
[layers.built_up]
path = "{data}/baerum/n1000.gpkg"
layer = "Tettbebyggelse"
covers = ["3201"]
[layers.basic_statistical_units]
path = "{data}/baerum/grunnkretser_2018_population.gpkg"
date = 2018-01-01
[layers.terrain]
path = "{data}/baerum/dtm_50m.tif"
"""


@pytest.fixture(scope="module")
def baerum(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    root = tmp_path_factory.mktemp("baerum")
    text = LAYERS.format(data=real_data.as_posix())
    (root / "workspace.toml").write_text(text, encoding="utf-8")
    return study_area(build(open_workspace(root)), number="3201", halo_m=5000)


@pytest.fixture(scope="module")
def stabekk(baerum: Study, real_data: Path) -> Screening:
    plan = read_plan(real_data / "plan_areas" / "baerum.geojson", epsg=baerum.epsg)
    return screen(baerum, plan)


def line(found: Screening, layer: str) -> Line:
    return next(x for x in found.lines if x.layer == layer)


def test_the_area_is_that_of_the_file(stabekk: Screening, real_data: Path) -> None:
    """Slow twin: the file's own numbers, summed by shapely without our reader."""
    raw = json.loads((real_data / "plan_areas" / "baerum.geojson").read_text())
    area = shapely.area(shapely.geometry.shape(raw))
    assert stabekk.area.area_m2 == pytest.approx(area, rel=1e-9)
    assert stabekk.area.inside_share == 1.0


def test_layers_that_reach_there_are_those_of_a_plain_overlay(
    stabekk: Screening, real_data: Path
) -> None:
    """Slow twin: shares, units and the nearest stop by geopandas on the files as they are."""
    area = stabekk.area.drawn
    towns = gpd.read_file(real_data / "baerum" / "n1000.gpkg", layer="Tettbebyggelse")
    share = towns.to_crs(25833).union_all().intersection(area).area / area.area
    built = line(stabekk, "built_up")
    assert (built.share or 0) == pytest.approx(share, abs=1e-6)
    units = gpd.read_file(real_data / "baerum" / "grunnkretser_2018_population.gpkg")
    units = units.to_crs(25833)
    touched = units[units.intersection(area).area > 0.01]
    assert line(stabekk, "basic_statistical_units").count == len(touched)
    listed = pd.read_parquet(
        real_data / "norway" / "frequent_stops_max_gap_07_20_2026-01-15.parquet"
    )
    points = gpd.points_from_xy(
        listed["location_longitude"], listed["location_latitude"], crs=4326
    ).to_crs(25833)
    near = shapely.distance(area, np.asarray(points, dtype=object))
    assert stabekk.access[0].nearest_m == pytest.approx(near.min(), abs=0.05)
    assert stabekk.access[0].stops == ((near <= 500).sum(), (near <= 1000).sum())


def test_residents_around_are_those_of_the_grid(stabekk: Screening, real_data: Path) -> None:
    """Slow twin, from the CSV alone: SSB's cells of 2019 whose centre lies within a kilometre.

    Inside the area is the part of each cell that it covers.
    """
    cells = pd.read_csv(real_data / "norway" / "NOR0250M_POP_2019.csv", sep=";")
    ids = cells["SSBID0250M"].to_numpy()
    x, y = ids // 10**7 - 2_000_000 + 125, ids % 10**7 + 125
    box = stabekk.area.study.polygon.bounds
    keep = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
    points = shapely.points(x[keep].astype(float), y[keep].astype(float))
    residents = cells["pop_tot"].to_numpy()[keep]
    away = shapely.distance(stabekk.area.shape, points)
    people = stabekk.people[0]
    assert people.walk == residents[away <= 1000].sum()
    square = shapely.box(x[keep] - 125.0, y[keep] - 125.0, x[keep] + 125.0, y[keep] + 125.0)
    part = shapely.area(shapely.intersection(square, stabekk.area.shape)) / 62_500
    assert people.inside == pytest.approx((residents * part).sum(), rel=1e-9)
    assert people.inside > 10
    shown = publishable(screen_result(stabekk)).table("screen_people").frame
    assert shown["people_walk"].iloc[0] == round(people.walk, -1)


def test_heights_are_those_of_the_model_and_the_rest_is_said_to_be_missing(
    stabekk: Screening,
) -> None:
    """By rule: no hazard layer of Bærum is at hand, so no hazard line says "no hit"."""
    terrain = line(stabekk, "terrain")
    assert terrain.status == "hit"
    assert terrain.share == pytest.approx(1)
    hazards = [x for x in stabekk.lines if x.theme == "hazard" and x.relevance != "none"]
    assert {x.status for x in hazards} == {"not_mapped"}
    assert "ingen av dem" in screen_result(stabekk).finding.nb


@pytest.mark.parametrize("name", ["asker", "drammen", "his-alle"])
def test_sample_areas_elsewhere_are_read_and_refused_here(
    baerum: Study, real_data: Path, name: str
) -> None:
    """By rule: the other samples, one of them in zone 32, lie outside Bærum, and that is said."""
    plan = read_plan(real_data / "plan_areas" / f"{name}.geojson", epsg=baerum.epsg)
    assert len(plan.of("area")) == 1
    with pytest.raises(GeometryError, match=r"outside 3201 Bærum"):
        screen(baerum, plan)
