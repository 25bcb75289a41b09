"""Hold suitability against a drawn town, closed forms, and identities of order and place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from gis.analyses import ANALYSES
from gis.analyses.site_criteria import CRITERIA
from gis.analyses.site_grid import site_grid
from gis.errors import LayerMissingError, ParameterError
from gis.kernels.ranking import (
    competition_rank,
    falling,
    in_top,
    kept_when_moved,
    top_stability,
    weighted_score,
)
from gis.result import Result, Status
from tests.town import E0, EPSG, N0, Town, box, frame, points, study, town

POINTS = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=40).map(
    lambda rows: np.array(rows) / 4
)


def extents() -> dict[str, gpd.GeoDataFrame]:
    """Every hazard mapped over the whole town, with one flood zone in the south-west corner."""
    whole = frame([box(-100, -100, 1100, 1100)])
    none = frame([])
    return {
        "flood_zones": frame([box(0, 0, 100, 100)], flood_class=["200"]),
        "flood_mapped_extent": whole,
        "landslide_zones": none.assign(slide_class=[]),
        "landslide_mapped_extent": whole,
        "storm_surge": none.assign(surge_class=[]),
        "storm_surge_mapped_extent": whole,
        "quick_clay": none.assign(risk_class=[]),
        "quick_clay_caution": none.assign(caution_class=[]),
    }


def full(**more: object) -> Town:
    """A stop, a school, a kindergarten and a shop in (350, 350), settlement 0-500, farmland."""
    places = points((350, 350), (350, 350), (900, 900))
    layers = {
        **extents(),
        "built_up": frame([box(0, 0, 500, 500)], number=["1"], name=["Byen"]),
        "frequent_stops": frame(points((350, 350)), stop_id=["A"], name=["Torget"], mode=["bus"]),
        "critical_infrastructure": frame(
            places, name=["a", "b", "c"], function=["barneskole", "Barnehage", "bru"]
        ),
        "groceries": frame(points((350, 350)), name=["Butikk"]),
        "farmland": frame([box(500, 0, 600, 1000)]),
        "protected_areas": frame([box(0, 900, 750, 1000)], name=["Vernet"]),
    }
    made = town(**{**layers, **more})  # type: ignore[arg-type]
    # An empty caution layer is an answer only where its file says that it covers the place.
    made.covers["quick_clay_caution"] = ("9999",)
    return made


def run(data: Town, **params: object) -> Result:
    return ANALYSES["suitability"](study(data), params)


def cells_of(result: Result) -> gpd.GeoDataFrame:
    assert result.frame is not None
    return result.frame.set_index("cell")


def name(x: float, y: float) -> str:
    return f"{int(E0 + x)} {int(N0 + y)}"


def test_classes_points_and_reasons_by_hand() -> None:
    """By hand: 80 cells hold land; the corner floods, a column is farmed, a row is protected."""
    result = run(full())
    rows = cells_of(result)
    assert len(rows) == 80  # 7.5 columns of 100 m; the half column's centres are on its edge
    assert result.status is Status.OK
    best = rows.loc[name(300, 300)]
    assert (best["suited"], best["score"], best["site_rank"]) == ("high", 100.0, 1)
    flooded = rows.loc[name(0, 0)]
    assert (flooded["suited"], flooded["main_reason"]) == ("excluded", "flood_zones")
    assert rows.loc[name(500, 300), "main_reason"] == "farmland"
    assert rows.loc[name(300, 900), "main_reason"] == "nature"
    # Half of the last column is sea: its land is exactly half of each cell, which is enough.
    assert rows.loc[name(700, 300), "water_share"] == 0.5
    assert rows.loc[name(700, 300), "suited"] != "excluded"
    assert result.figures["sites_excluded"] == 1 + 10 + 7 + 0  # corner, farmland, protected row


def test_points_of_one_cell_by_hand() -> None:
    """By hand: 500 m from all and outside town: 5/8 of the points, for the school 15/16."""
    row = cells_of(run(full())).loc[name(300, 800)]
    assert row["transit_m"] == 500
    near, school = (1000 - 500) / 800, (2000 - 500) / 1600
    assert row["score"] == pytest.approx(100 * (4 * near + school + 2 * near) / 9, abs=0.05)


def test_a_hazard_nobody_has_mapped_is_never_suitable() -> None:
    """By rule: unmapped is a class of its own, and so is every cell where a layer is missing."""
    half = frame([box(-100, -100, 300, 1100)])
    rows = cells_of(run(full(flood_mapped_extent=half)))
    open_ = rows.loc[name(300, 300)]
    assert (open_["suited"], open_["open_reason"]) == ("study_high", "flood_zones")
    assert rows.loc[name(300, 800), "suited"] == "needs_study"
    assert rows.loc[name(200, 300), "suited"] == "high"
    without = run(full(landslide_zones=None))
    assert set(cells_of(without)["suited"]) == {"study_high", "needs_study", "excluded"}
    assert without.figures["sites_study"] == 80 - without.figures["sites_excluded"]  # type: ignore[operator]
    assert without.status is Status.PARTLY_MAPPED
    assert without.numerator == 0
    assert "Skred" in without.notes[0].nb


def test_an_extent_mapped_for_frequent_floods_alone_clears_nothing() -> None:
    """By hand: where only the 20-year flood was mapped, the 200-year flood is open."""
    often = frame([box(0, 0, 100, 100)], flood_class=["20"])
    rows = cells_of(run(full(flood_zones=often)))
    assert rows.loc[name(0, 0), "main_reason"] == "flood_zones"
    assert rows.loc[name(300, 300), "open_reason"] == "flood_zones"


def test_caution_areas_tell_what_must_be_studied() -> None:
    """By hand: without a mapped extent, the caution area is open and the rest is not."""
    caution = frame([box(300, 300, 400, 400)], caution_class=["flood"])
    data = full(flood_mapped_extent=None, flood_caution=caution)
    rows = cells_of(run(data))
    assert rows.loc[name(300, 300), "suited"] == "study_high"
    assert rows.loc[name(200, 300), "suited"] == "high"
    # Mapped by zones, the same place is cleared of them.
    assert cells_of(run(full(flood_caution=caution))).loc[name(300, 300), "suited"] == "high"


def test_no_points_make_up_for_an_exclusion() -> None:
    """By identity: excluded cells are the same under any weights."""
    excluded = [
        set(rows.index[rows["suited"] == "excluded"])
        for rows in (cells_of(run(full(), w_transit=w, w_school=100 - w)) for w in (0, 50, 100))
    ]
    assert excluded[0] == excluded[1] == excluded[2]
    assert not {name(0, 0), name(500, 300)} - excluded[0]


def test_order_of_rows_and_data_far_away_do_not_matter() -> None:
    """By identity: shuffled layers, and layers that reach farther, give the same cells."""
    data = full()
    frames = {k: f.sample(frac=1, random_state=5) for k, f in data.frames.items()}
    far = frame([box(-9000, -9000, -8990, -8990)], number=["7"], name=["Fjern"])
    frames["built_up"] = gpd.GeoDataFrame(
        np.concatenate([far.to_numpy(), frames["built_up"].to_numpy()]),
        columns=far.columns, geometry="geometry", crs=EPSG,
    )  # fmt: skip
    one, other = run(data), run(replace(data, frames=frames))
    assert one.as_dict()["tables"] == other.as_dict()["tables"]
    assert one.frame.drop(columns="geometry").equals(other.frame.drop(columns="geometry"))  # type: ignore[union-attr]
    assert shapely.equals(one.frame.geometry, other.frame.geometry).all()  # type: ignore[union-attr]


@pytest.mark.parametrize("shift", [(100, 0), (-300, 700), (12_300, -4_500)])
def test_moving_everything_moves_the_answer(shift: tuple[int, int]) -> None:
    """By identity: all layers moved by whole cells give the same cells, moved."""
    data = full()
    moved = replace(
        data,
        frames={k: f.set_geometry(f.geometry.translate(*shift)) for k, f in data.frames.items()},
    )
    one, other = run(data), run(moved)
    columns = ["suited", "score", "site_rank", "stability_share", "main_reason", "free_share"]
    assert one.frame[columns].equals(other.frame[columns])  # type: ignore[union-attr,index]
    back = other.frame.geometry.translate(-shift[0], -shift[1])  # type: ignore[union-attr]
    assert shapely.equals(back, one.frame.geometry).all()  # type: ignore[union-attr]


@given(west=st.integers(-99, 99), south=st.integers(-99, 99))
@settings(max_examples=15, deadline=None)
def test_the_grid_stands_on_the_origin_of_the_crs(west: int, south: int) -> None:
    """By rule: corners are whole hundreds wherever the border runs; the land is all there."""
    shape = frame([box(west, south, 1000, 1000)], number=["9999"], name=["Byen"])
    grid = site_grid(study(town(municipality=shape, sea=None)), 100)
    assert not (grid.west % 100).any()
    assert not (grid.south % 100).any()
    twin = shapely.area(shapely.intersection(grid.squares, shape.geometry.iloc[0])) / 1e4
    np.testing.assert_allclose(grid.land_share, twin, atol=1e-9)


def test_steep_ground_is_excluded(tmp_path: Path) -> None:
    """Closed form: a plane that rises 1 in 2 is 26.57 degrees; flat ground is 0."""
    x = np.arange(-200, 1200, 10.0) + 5
    plane = np.where(x[None, :] < 400, 0.0, (x[None, :] - 400) / 2)
    path = tmp_path / "dtm.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=len(x), height=len(x), count=1, dtype="float32",
        crs=EPSG, transform=from_origin(E0 - 200, N0 + 1200, 10, 10),
    ) as sheet:  # fmt: skip
        sheet.write(np.repeat(plane, len(x), axis=0).astype("float32"), 1)
    data = full(farmland=None)
    data.files["terrain"] = path
    rows = cells_of(run(data))
    assert rows.loc[name(600, 300), "slope_deg"] == pytest.approx(26.6)
    assert rows.loc[name(600, 300), "main_reason"] == "steep"
    assert rows.loc[name(100, 300), "slope_deg"] == 0
    assert cells_of(run(data, max_slope_deg=27)).loc[name(600, 300), "suited"] != "excluded"


def test_cells_without_a_height_are_counted_and_no_flat_ground(tmp_path: Path) -> None:
    """By hand: the terrain ends at y = 400; the land of six rows of cells above has no slope."""
    x = np.arange(-200, 1200, 10.0) + 5
    path = tmp_path / "dtm.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=len(x), height=60, count=1, dtype="float32",
        crs=EPSG, transform=from_origin(E0 - 200, N0 + 400, 10, 10),
    ) as sheet:  # fmt: skip
        sheet.write(np.zeros((60, len(x)), dtype="float32"), 1)
    data = full(farmland=None, protected_areas=None)
    data.files["terrain"] = path
    result = run(data)
    rows = cells_of(result)
    north = rows[[int(n.split()[1]) >= N0 + 400 for n in rows.index]]
    assert north["slope_deg"].isna().all()
    (left,) = result.left_out
    assert (left.reason, left.unit) == ("slope_unknown", "cells")
    assert left.count == (north["suited"] != "excluded").sum() > 0
    assert run(full()).left_out == ()


def test_walked_distances_follow_the_roads() -> None:
    """By hand: with one street along y = 350, the cell at (300, 800) has no way to anything."""
    roads = gpd.GeoDataFrame(
        {"kind": ["enkelBilveg"], "medium": ["ground"], "category": ["K"]},
        geometry=[shapely.LineString([(E0, N0 + 350), (E0 + 740, N0 + 350)])], crs=EPSG,
    )  # fmt: skip
    rows = cells_of(run(full(roads_paths=roads), metric="network"))
    assert rows.loc[name(300, 300), "transit_m"] == 0
    assert rows.loc[name(100, 300), "transit_m"] == 200
    assert np.isnan(rows.loc[name(300, 800), "transit_m"])


def test_criteria_without_data_are_said_and_weights_checked() -> None:
    """By rule: a missing shop layer is a note and not a zero; nothing at all is an error."""
    result = run(full(groceries=None))
    assert len(result.table("criteria").frame) == 4
    assert any("dagligvare" in n.nb for n in result.notes)
    assert cells_of(result).loc[name(300, 300), "score"] == 100
    with pytest.raises(LayerMissingError, match="at least one of"):
        run(town())
    with pytest.raises(ParameterError, match="all weights are 0"):
        run(full(), **{f"w_{c}": 0 for c in CRITERIA})


# --- the kernel ------------------------------------------------------------------------------


@given(POINTS, st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any))
@settings(max_examples=60, deadline=None)
def test_rank_and_top_against_a_slow_twin(p: np.ndarray, weights: list[int]) -> None:
    """Twin: the rank is one more than the number of strictly higher scores."""
    score = weighted_score(p, weights)
    np.testing.assert_allclose(score, [np.average(row, weights=weights) for row in p], atol=1e-9)
    rank = competition_rank(score)
    assert rank.tolist() == [1 + int((score > s).sum()) for s in score]
    assert (in_top(score, 5) == (rank <= 5)).all()


@given(POINTS, st.integers(1, 10), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_stability_does_not_follow_the_order(p: np.ndarray, top: int, rnd: object) -> None:
    """Identity: shuffled places keep their stability; no spread means no doubt."""
    order = np.random.default_rng(len(p)).permutation(len(p))
    args = {"top": top, "draws": 20, "seed": 3}
    one = top_stability(p, [3, 2, 1], spread=0.5, **args)  # type: ignore[arg-type]
    other = top_stability(p[order], [3, 2, 1], spread=0.5, **args)  # type: ignore[arg-type]
    assert (one[order] == other).all()
    sure = top_stability(p, [3, 2, 1], spread=0.0, **args)  # type: ignore[arg-type]
    assert (sure == in_top(weighted_score(p, [3, 2, 1]), top)).all()


def test_stability_in_closed_form() -> None:
    """Closed form: with one criterion each, the first place leads where its weight is larger."""
    p = np.eye(2)
    always = top_stability(p, [4, 1], top=1, draws=500, spread=0.5, seed=1)
    assert always.tolist() == [1, 0]
    half = top_stability(p, [1, 1], top=1, draws=4000, spread=0.5, seed=1)
    assert half.sum() == pytest.approx(1)
    assert half[0] == pytest.approx(0.5, abs=0.03)  # 4 standard errors


def test_one_weight_at_a_time_by_hand() -> None:
    """By hand: at weights 4 and 5, less of the second turns the order, more does not."""
    down, up = kept_when_moved(np.eye(2), [4, 5], top=1, by=0.25)
    assert down.tolist() == [1, 0]
    assert up.tolist() == [1, 1]


def test_points_fall_in_closed_form() -> None:
    """Closed form: 1 up to 200 m, one half at 600 m, 0 from 1,000 m and where there is no way."""
    got = falling([0, 200, 600, 1000, 5000, np.nan], full_m=200, none_m=1000)
    assert got.tolist() == [1, 1, 0.5, 0, 0, 0]
    for bad in ({"full_m": 5, "none_m": 5}, {"full_m": -1, "none_m": 5}):
        with pytest.raises(ParameterError, match="full_m"):
            falling([1.0], **bad)


def test_what_cannot_be_ranked_is_refused() -> None:
    """By rule: points from 0 to 1, a weight for each, one above 0."""
    for p, w in (([[2.0]], [1]), ([[0.5]], [0]), ([[0.5]], [1, 1]), ([[0.5]], [-1]), ([0.5], [1])):
        with pytest.raises(ParameterError):
            weighted_score(p, w)
