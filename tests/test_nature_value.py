"""Hold the resolved nature value against drawn, nested and overlapping areas and real ones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.analyses.nature_sources import CLASSES
from gis.analyses.nature_value import nature_value
from gis.errors import FieldError, LayerMissingError
from gis.result import Result, Status
from gis.sources import read_layer
from tests.town import E0, EPSG, N0, Town, box, frame, study, town


def nin(*rows: tuple[shapely.Geometry, str, str]) -> gpd.GeoDataFrame:
    return frame(
        [shape for shape, _, _ in rows],
        kind=[kind for _, kind, _ in rows],
        quality=[quality for _, _, quality in rows],
        name=[f"sted {i}" for i in range(len(rows))],
    )


def nested() -> Town:
    """A reserve inside a moderate forest inside an old B site; an oak; a corner not surveyed."""
    return town(
        protected_areas=frame([box(200, 200, 300, 300)], name=["R"], kind=["naturreservat"]),
        nature_types=nin(
            (box(100, 100, 400, 400), "Gammel granskog", "moderate"),
            (box(350, 350, 450, 450), "Lågurtskog", "low"),
            (box(600, 600, 620, 620), "Hule eiker", "unassessed"),
            (box(500, 0, 600, 100), "Naturbeitemark", "unassessed"),
        ),
        nature_types_hb13=frame([box(0, 0, 300, 300)], name=["H"], kind=["D06"], value=["B"]),
        nature_mapped_extent=frame([box(0, 0, 750, 700)], name=["P"]),
    )


def run(data: Town, **params: object) -> Result:
    return ANALYSES["nature-value"](study(data), params)


def ha(result: Result) -> dict[str, float]:
    rows = result.table("nature_values").frame
    return {k: v * 100 for k, v in zip(rows["class_id"], rows["land_km2"], strict=True)}


def test_nested_and_overlapping_areas_count_once_under_the_highest_value() -> None:
    """By hand, hectares (land is the square 0-750 by 0-1000).

    Very high: reserve 1.00 + oak 0.04. High: B site 9 less reserve 1 = 8. Moderate: 9 less
    the B site's share (200 x 200 = 4) and nothing else = 5. Some: 1 less 50 x 50 = 0.75.
    Unvalued: pasture 1. Surveyed 52.5; the rest of it holds none; 75 - 52.5 not surveyed.
    """
    result = run(nested())
    areas = ha(result)
    by_hand = {
        "very_high": 1.04,
        "high": 8.0,
        "moderate": 5.0,
        "some": 0.75,
        "unvalued": 1.0,
        "not_surveyed": 22.5,
    }
    by_hand["none_found"] = 52.5 - sum(by_hand.values()) + 22.5
    assert areas == pytest.approx(by_hand)
    assert sum(areas.values()) == pytest.approx(75.0)
    assert result.value == pytest.approx(9.04 / 75)
    assert result.high == pytest.approx((9.04 + 1.0 + 22.5) / 75)
    assert result.status is Status.PARTLY_MAPPED
    decides = result.table("nature_layers").frame.set_index("places")["decides_km2"]
    assert decides[4] * 100 == pytest.approx(0.04 + 5 + 0.75 + 1)  # the NiN layer


def test_the_frame_is_disjoint_and_covers_the_municipality() -> None:
    """Identity: areas sum to the union and to the municipality, and no two rows overlap."""
    cut = nature_value(study(nested()))
    assert set(cut["nature_value"]) <= set(CLASSES)
    assert cut["area_km2"].sum() == pytest.approx(1.0)
    shapes = cut.geometry.to_numpy()
    assert shapely.area(shapely.union_all(shapes)) / 1e6 == pytest.approx(1.0)
    assert cut.crs is not None
    assert cut.crs.to_epsg() == EPSG


def test_a_value_is_never_lowered_by_a_further_layer() -> None:
    """Monotone: each place's rank with a layer more is at most what it was without."""
    with_all = nature_value(study(nested()))
    fewer = nested()
    del fewer.frames["nature_types_hb13"]
    without = nature_value(study(fewer))
    xs, ys = np.meshgrid(np.arange(5, 1000, 45), np.arange(7, 1000, 45))
    points = shapely.points(E0 + xs.ravel(), N0 + ys.ravel())

    def ranks(cut: gpd.GeoDataFrame) -> list[int]:
        joined = gpd.GeoDataFrame(geometry=points, crs=EPSG).sjoin(cut, predicate="intersects")
        return joined.groupby(level=0)["rank"].min().tolist()

    more, less = ranks(with_all), ranks(without)
    assert len(more) == len(less)
    assert all(a <= b for a, b in zip(more, less, strict=True))
    assert more != less


def test_order_of_rows_does_not_matter() -> None:
    """Identity: the same areas with every layer's rows turned round."""
    turned = nested()
    for name, rows in turned.frames.items():
        turned.frames[name] = rows.iloc[::-1].reset_index(drop=True)
    assert ha(run(turned)) == pytest.approx(ha(run(nested())))


def test_a_selected_type_is_very_high_by_name_unless_told_otherwise() -> None:
    """By hand: the oak's 0.04 ha moves to unvalued; the reserve stays very high (M-1941)."""
    areas = ha(run(nested(), selected_by_name=False))
    assert areas["very_high"] == pytest.approx(1.0)
    assert areas["unvalued"] == pytest.approx(1.04)


def test_without_a_coverage_map_nothing_is_called_surveyed() -> None:
    """By rule: absence is an answer only where somebody has looked."""
    data = nested()
    del data.frames["nature_mapped_extent"]
    result = run(data)
    assert ha(result)["none_found"] == 0.0
    assert result.status is Status.PARTLY_MAPPED
    assert "dekningskartet mangler" in result.finding.nb


def test_the_agencys_own_values_and_the_doubtful_steps() -> None:
    """By hand: KU 'some' does not lower a reserve; B taken as some falls under moderate."""
    data = nested()
    data.frames["nature_ku_value"] = frame(
        [box(200, 200, 300, 300), box(700, 900, 750, 1000)],
        kind=["a", "b"],
        name=["a", "b"],
        value=["some", "high"],
    )
    areas = ha(run(data, hb13_b="some"))
    assert areas["very_high"] == pytest.approx(1.04)
    assert areas["high"] == pytest.approx(0.5)
    assert areas["moderate"] == pytest.approx(8.0)


def test_no_official_layer_and_an_unknown_class_are_refused_in_one_line() -> None:
    """By rule: never a silent zero; the message names what would help."""
    with pytest.raises(LayerMissingError, match="protected_areas, selected_nature_types"):
        run(town())
    with pytest.raises(FieldError, match="class 'splendid'"):
        run(town(nature_types=nin((box(0, 0, 9, 9), "x", "splendid"))))


def test_nordre_follo_is_read_and_valued(real_data: Path) -> None:
    """Real data: 222 places, their union by plain shapely.

    Hollow oaks and the hay meadow are selected types; all others carry no locality
    quality in this file and stay unvalued.
    """
    read = read_layer("nature_types", real_data / "nordre_follo/naturtyperMdir.shp").frame
    assert len(read) == 222
    west, south, east, north = read.total_bounds
    whole = gpd.GeoDataFrame(
        {"number": ["9999"], "name": ["Byen"]},
        geometry=[shapely.box(west, south, east, north)],
        crs=read.crs,
    )
    cut = nature_value(study(Town({"municipality": whole, "nature_types": read})))
    areas = cut.set_index("nature_value")["area_km2"]
    selected = read["kind"].isin(["Hule eiker", "Slåttemark"])
    assert int(selected.sum()) == 101
    high = shapely.union_all(read.geometry.to_numpy()[selected.to_numpy()])
    every = shapely.union_all(read.geometry.to_numpy())
    assert areas["very_high"] == pytest.approx(high.area / 1e6, rel=1e-5)
    assert areas["unvalued"] == pytest.approx((every.area - high.area) / 1e6, rel=1e-5)
    assert "none_found" not in areas.index
