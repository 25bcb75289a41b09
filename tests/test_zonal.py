"""Hold the sums of a raster by zone against a square by hand and against GEOS, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ParameterError
from gis.kernels.zonal import Frame, ZonalSums

FRAME = Frame(west=0.0, north=400.0, width=10.0, height=10.0)


def summed(zones: list[shapely.Geometry], values: np.ndarray, rows: int) -> ZonalSums:
    sums = ZonalSums(np.array(zones, dtype=object), FRAME)
    for top in range(0, values.shape[0], rows):
        sums.add_block(values[top : top + rows], top=top)
    return sums


def test_a_square_by_hand() -> None:
    """By hand: 30 m x 20 m hold 6 centres of value row * 100 + column; one is unknown."""
    values = np.add.outer(np.arange(40) * 100.0, np.arange(40.0))
    values[39, 0] = np.nan
    sums = summed([shapely.box(0, 0, 30, 20)], values, 40)
    assert sums.count.tolist() == [5]
    assert sums.nodata.tolist() == [1]
    assert sums.sums[0] == 3800 + 3801 + 3802 + 3901 + 3902
    assert (sums.least[0], sums.largest[0]) == (3800, 3902)


def test_centres_on_an_outline_belong_to_none() -> None:
    """By hand: an outline through cell centres: only the 2 x 2 strictly inside count."""
    values = np.ones((40, 40))
    sums = summed([shapely.box(5, 5, 35, 35), shapely.Polygon()], values, 7)
    assert sums.count.tolist() == [4, 0]
    assert np.isnan(sums.mean[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_random_zones_agree_with_geos_in_any_blocks(seed: int, rows: int) -> None:
    """Slow twin: contains_xy of every centre; and blocks of any height give the same."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(40, 40)).astype(np.float32)
    values[draw.random(values.shape) < 0.1] = np.nan
    zones = []
    for k in range(6):
        n = int(draw.integers(3, 20))
        angle, radius = np.sort(draw.uniform(0, 2 * np.pi, n)), draw.uniform(5, 250, n)
        xy = 200 + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        # Every other zone has whole corners, which fall on centres and on cell edges.
        xy = np.round(xy / 5) * 5 if k % 2 else xy
        zones.append(shapely.make_valid(shapely.Polygon(xy), method="structure"))
    sums = summed(zones, values, rows)
    x, y = np.meshgrid(np.arange(40) * 10 + 5.0, 400 - (np.arange(40) * 10 + 5.0))
    for i, zone in enumerate(zones):
        inside = values[shapely.contains_xy(zone, x, y)].astype(np.float64)
        known = inside[np.isfinite(inside)]
        assert (sums.count[i], sums.nodata[i]) == (known.size, inside.size - known.size)
        assert sums.sums[i] == pytest.approx(known.sum(), abs=1e-9)


def test_a_block_of_whole_numbers_is_refused() -> None:
    """By hand: integers cannot say unknown."""
    sums = ZonalSums(np.array([shapely.box(0, 0, 9, 9)], dtype=object), FRAME)
    with pytest.raises(ParameterError, match="rows of floats"):
        sums.add_block(np.ones((2, 2), dtype=int), top=0)


def test_overlapping_zones_seen_once_areas_and_outlines() -> None:
    """By hand: two boxes share 1 of 4 + 4 cells; the second's outline runs through 12 centres."""
    sums = ZonalSums(
        np.array([shapely.box(0, 380, 20, 400), shapely.box(10, 370, 30, 390),
                  shapely.box(105, 305, 135, 335)], dtype=object), FRAME)  # fmt: skip
    values, seen = np.ones((40, 20)), np.zeros((40, 20), dtype=bool)
    sums.add_block(values, top=0, areas=np.full(40, 2.5), seen=seen)
    assert sums.count.tolist() == [4, 4, 4]
    assert sums.on_outline.tolist() == [0, 0, 12]
    assert seen.sum() == 4 + 4 + 4 - 1
    assert sums.area.tolist() == [10.0, 10.0, 10.0]


def test_a_raster_the_other_way_round_and_blocks_of_columns() -> None:
    """Identity: rows stored from the south, and columns in two blocks, give the same sums."""
    draw = np.random.default_rng(3)
    values = draw.normal(size=(40, 40))
    zone = np.array([shapely.Point(210, 190).buffer(150), shapely.box(0, 0, 35, 55)], dtype=object)
    usual = ZonalSums(zone, FRAME)
    usual.add_block(values, top=0)
    turned = ZonalSums(zone, Frame(west=0.0, north=0.0, width=10.0, height=-10.0))
    turned.add_block(values[::-1], top=0)
    halves = ZonalSums(zone, FRAME)
    for left in (0, 17):
        halves.add_block(values[:, left : 17 if not left else 40].copy(), top=0, left=left)
    for other in (turned, halves):
        assert other.count.tolist() == usual.count.tolist()
        assert other.sums == pytest.approx(usual.sums, abs=1e-9)
        assert other.on_outline.tolist() == usual.on_outline.tolist()
