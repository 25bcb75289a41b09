"""Hold every hazard answer to one rule: what nobody has mapped is never "no hazard"."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString

from gis.analyses import ANALYSES
from gis.analyses.screen import screen
from gis.result import Status
from gis.sources.plan import read_plan
from tests.plans import plan_file
from tests.town import E0, EPSG, N0, Town, box, frame, points, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result


def run(data: Town, name: str, **params: object) -> Result:
    return ANALYSES[name](study(data), params)


def flood(*shapes: object) -> gpd.GeoDataFrame:
    n = len(shapes)
    return frame(shapes, flood_class=["20"] * n, low_point=[0] * n, zone_id=["z"] * n)  # type: ignore[arg-type]


def nothing(**columns: str) -> gpd.GeoDataFrame:
    """A layer as the store has it when the file holds no row near: columns, no rows."""
    empty = {k: np.empty(0, dtype=object) for k in columns}
    return gpd.GeoDataFrame(empty, geometry=[], crs=EPSG)


def works(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    n = len(places)
    return frame(points(*places), name=["Verket"] * n, function=["skole"] * n)


def test_works_where_nothing_was_mapped_are_no_zero() -> None:
    """By hand: a caution area alone, then zones elsewhere: unknown; one work looked at: half."""
    caution = frame([box(0, 0, 9, 9)], caution_class=["flood"])
    alone = run(
        town(flood_caution=caution, critical_infrastructure=works((100, 100))),
        "critical-infrastructure",
    )
    elsewhere = town(
        flood_zones=flood(box(500, 500, 510, 510)),
        flood_mapped_extent=frame([box(500, 500, 600, 600)], name=["x"]),
        critical_infrastructure=works((100, 100), (200, 200)),
    )
    for result in (alone, run(elsewhere, "critical-infrastructure")):
        assert (result.value, result.numerator, result.status) == (None, None, Status.NOT_MAPPED)
        assert result.figures["objects_in_any_zone"] is None
        assert "does not mean that the hazard is nil" in result.finding.en
    elsewhere.frames["flood_mapped_extent"] = frame([box(0, 0, 150, 150)], name=["x"])
    half = run(elsewhere, "critical-infrastructure")
    assert (half.value, half.status) == (0.0, Status.PARTLY_MAPPED)
    # Surge, clay and slides have no layer, so neither work is known to stand outside all.
    assert half.table("functions").frame["not_mapped"].tolist() == [2]
    assert any("No data" in n.en and "storm surge" in n.en.lower() for n in half.notes)


def test_a_missing_layer_makes_the_answer_partly_mapped() -> None:
    """By hand: flood mapped all over, nobody unmapped in it; three other layers are not there."""
    data = town(
        flood_zones=flood(box(0, 0, 250, 250)),
        flood_mapped_extent=frame([box(0, 0, 1000, 1000)], name=["x"]),
    )
    result = run(data, "hazard-exposure", method="centre")
    assert result.table("hazards").frame.set_index("hazard_id")["not_mapped"]["flood_zones"] == 0
    assert result.status is Status.PARTLY_MAPPED


def test_a_caution_file_without_a_row_near_clears_nobody() -> None:
    """By hand: an empty caution layer; only one whose source names the municipality is an answer.

    Without it 780 would stand as outside the caution area, and houses as acceptable.
    """
    houses = frame(points((600, 600)), building_id=["1"], building_type=["111"],
                   building_status=["TB"])  # fmt: skip
    data = town(
        flood_zones=flood(box(0, 0, 250, 250)),
        flood_mapped_extent=frame([box(0, 0, 250, 250)], name=["x"]),
        flood_caution=nothing(caution_class="text"),
        buildings=houses,
    )
    row = run(data, "hazard-exposure", method="centre").table("hazards").frame
    row = row.set_index("hazard_id").loc["flood_caution"]
    assert (row["mapped_outside"], row["not_mapped"]) == (0, 780)
    verdict = run(data, "building-verdict")
    assert verdict.frame is not None
    assert verdict.frame["verdict_flood_zones"].tolist() == ["not_mapped"]
    assert any("counts as not mapped" in n.en for n in verdict.notes)
    data.covers["flood_caution"] = ("9999",)
    row = run(data, "hazard-exposure", method="centre").table("hazards").frame
    row = row.set_index("hazard_id").loc["flood_caution"]
    assert (row["mapped_outside"], row["not_mapped"]) == (780, 0)
    verdict = run(data, "building-verdict")
    assert verdict.frame is not None
    assert verdict.frame["verdict_flood_zones"].tolist() == ["acceptable"]


def test_a_marine_limit_of_another_place_clears_no_clay() -> None:
    """By hand: no row near: nothing is cleared; covering the municipality: all above it."""
    clay = frame([box(0, 0, 250, 250)], risk_class=["3"])
    data = town(quick_clay=clay, marine_limit=nothing())
    row = run(data, "hazard-exposure", method="centre").table("hazards").frame
    assert row.set_index("hazard_id").loc["quick_clay", "not_mapped"] == 770
    data.covers["marine_limit"] = ("9999",)
    row = run(data, "hazard-exposure", method="centre").table("hazards").frame
    assert row.set_index("hazard_id").loc["quick_clay", "mapped_outside"] == 770


def road(*ends: tuple[float, float]) -> gpd.GeoDataFrame:
    line = LineString([(E0 + x, N0 + y) for x, y in ends])
    return frame([line], kind=["x"], medium=["ground"], category=["K"], name=["v"])


def test_roads_where_the_flood_is_not_mapped_are_told() -> None:
    """By hand: a road of 1 km, 400 m of it mapped; without zone or extent there is no answer."""
    data = town(
        flood_zones=flood(box(100, 0, 120, 250)),
        flood_mapped_extent=frame([box(0, 0, 400, 250)], name=["x"]),
        critical_infrastructure=works((990, 130)),
        roads_paths=road((0, 125), (1000, 125)),
    )
    result = run(data, "cut-off", targets="skole")
    assert result.figures["not_mapped_road_km"] == pytest.approx(0.6)
    assert result.status is Status.PARTLY_MAPPED
    assert any("60.0%" in n.en and "0.6 km" in n.en for n in result.notes)
    data.frames |= {
        "flood_zones": nothing(flood_class="text", low_point="text", zone_id="text"),
        "flood_mapped_extent": nothing(name="text"),
    }
    unknown = run(data, "cut-off", targets="skole")
    assert (unknown.value, unknown.numerator) == (None, None)
    assert unknown.status is Status.NOT_MAPPED


def test_a_road_closed_across_the_border_cuts_off_at_home() -> None:
    """By hand: the only hospital stands east of the border, a flood zone on the road to it."""
    data = town(
        flood_zones=flood(box(1100, 0, 1200, 250)),
        flood_mapped_extent=frame([box(0, 0, 2000, 1000)], name=["x"]),
        critical_infrastructure=works((1500, 130)),
        roads_paths=road((0, 125), (1500, 125)),
    )
    result = run(data, "cut-off", targets="skole")
    # The centres of rows 0 and 1 lie at most 250 m from the road.
    assert result.numerator == 10 + 20 + 30 + 40 + 50 + 60


def test_land_beyond_the_terrain_is_not_dry(tmp_path: Path) -> None:
    """By hand: a terrain of the eastern half; 0.25 of 0.75 km2 known, all of it reached at 1 m."""
    height = np.full((20, 10), 0.5, dtype=np.float32)
    height[:, 5:] = -3.0
    path = tmp_path / "terrain.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=10, height=20, count=1, dtype="float32", crs="EPSG:25833",
        transform=from_origin(E0 + 500, N0 + 1000, 50, 50),
    ) as out:  # fmt: skip
        out.write(height, 1)
    data = town()
    data.files["terrain"] = path
    result = run(data, "surge", level_m=1.0)
    assert (result.value, result.denominator) == (pytest.approx(1.0), pytest.approx(0.25))
    assert result.status is Status.PARTLY_MAPPED
    assert result.figures["unknown_km2"] == pytest.approx(0.5)
    outside = result.table("levels").frame["residents"].iloc[-2]
    assert outside == 10 + 20 + 40 + 50 + 70 + 80 + 100 + 110


def test_a_hazard_without_zones_has_its_row_in_the_ros_table() -> None:
    """By hand: slides mapped nowhere, surge in a part, flood all over, no layer of clay."""
    whole, part = box(0, 0, 1000, 1000), box(0, 0, 250, 250)
    data = town(
        flood_zones=nothing(flood_class="text", low_point="text", zone_id="text"),
        flood_mapped_extent=frame([whole], name=["x"]),
        storm_surge=nothing(surge_class="text"),
        storm_surge_mapped_extent=frame([part], status=["kartlagt"]),
        landslide_zones=nothing(slide_class="text", slide_type="text"),
    )
    result = run(data, "ros-table", method="centre")
    rows = {
        r["event"].en: r["residents_about"] for r in result.table("ros").frame.to_dict("records")
    }
    said = {k.split(":")[0]: getattr(v, "en", v) for k, v in rows.items()}
    assert said["Flood zones"] == "0"
    assert said["Storm surge"] == "0 where it is mapped"
    assert said["Landslide zones in steep terrain"] == "not mapped"
    assert said["Quick clay zones"] == "not mapped"
    assert "Quick clay zones: not assessed, the layer is missing" in rows
    assert result.status is Status.PARTLY_MAPPED


def test_the_stated_accuracy_is_told_and_only_where_it_is_stated() -> None:
    """By hand: outlines of 36 and 200 cm, one of 0 and one of nothing, which state none."""
    zones = flood(*(box(i, 0, i + 10, 10) for i in range(4)))
    data = town(flood_zones=zones.assign(accuracy_cm=[36.0, 200.0, 0.0, np.nan]))
    table = run(data, "ros-table", method="centre").table("ros").frame
    assert "stated accuracy 36–200 cm for 2 of 4 areas" in table["uncertainty"].iloc[0].en
    silent = run(town(flood_zones=zones), "ros-table", method="centre").table("ros").frame
    assert "accuracy not stated" in silent["uncertainty"].iloc[0].en


def test_a_screening_finds_no_caution_where_the_file_says_nothing(tmp_path: Path) -> None:
    """By hand: an empty caution layer is not mapped; named for the municipality it is no hit."""
    plan = read_plan(plan_file(tmp_path, box(400, 400, 500, 500)), epsg=EPSG)
    data = town(flood_caution=nothing(caution_class="text"))
    statuses = []
    for covers in ((), ("9999",)):
        data.covers["flood_caution"] = covers
        found = screen(study(data), plan, buffer_m=0, today=dt.date(2026, 11, 23))
        statuses.append(next(x.status for x in found.lines if x.layer == "flood_caution"))
    assert statuses == ["not_mapped", "no_hit"]
