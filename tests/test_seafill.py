"""Hold the sea fill against drawn terrain with a dike, a gap and a low lake, and a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ParameterError
from gis.kernels.seafill import (
    DISCONNECTED,
    SEA,
    depth_counts,
    paint_depths,
    sea_fill,
    sea_fill_plain,
)


def polder(gap: float = 9.0) -> tuple[np.ndarray, np.ndarray]:
    """Sea in the west, a dike of 5 m, a polder at 0 m, a lake below sea level in the east."""
    height = np.full((7, 11), 8.0, dtype=np.float32)
    height[1:6, 0:3] = -2.0  # sea bed
    height[1:6, 3] = 1.0  # beach
    height[1:6, 4] = 5.0  # dike
    height[3, 4] = gap  # where a culvert may be
    height[1:6, 5:8] = 0.0  # polder
    height[2:5, 9] = -1.5  # lake bed, ringed by ground of 8 m
    sea = np.zeros(height.shape, dtype=bool)
    sea[1:6, 0:3] = True
    return height, sea


def test_a_dike_holds_and_the_polder_stands_apart() -> None:
    """By hand at 2 m: 15 sea and 5 beach; the polder's 15 and the lake's 3 are not reached."""
    height, sea = polder()
    fill = sea_fill(height, sea, level_m=2.0)
    assert (fill.n_reached, fill.n_disconnected) == (20, 18)


def test_a_gap_lets_the_sea_in_but_not_to_the_lake_below_sea_level() -> None:
    """By hand: a culvert gap at 1.5 m opens the polder at 1.5 m (the level counts), not below."""
    height, sea = polder(gap=1.5)
    assert sea_fill(height, sea, level_m=1.4).n_disconnected == 18
    fill = sea_fill(height, sea, level_m=1.5)
    assert (fill.n_reached, fill.n_disconnected) == (20 + 1 + 15, 3)


def test_over_the_dike() -> None:
    """By hand: at 5 m the dike itself is under water: 5 + 15 more, the lake still apart."""
    height, sea = polder()
    fill = sea_fill(height, sea, level_m=5.0)
    assert (fill.n_reached, fill.n_disconnected) == (20 + 4 + 15, 3)


def test_a_slanting_dike_holds_by_sides_and_leaks_over_corners() -> None:
    """By hand: a wall on the diagonal of 4 x 4; with corners the other half is reached."""
    height = np.where(np.eye(4) > 0, 9.0, 0.0).astype(np.float32)
    sea = np.zeros((4, 4), dtype=bool)
    sea[0, 3] = True
    assert sea_fill(height, sea, level_m=1.0).n_reached == 6
    assert sea_fill(height, sea, level_m=1.0, diagonal=True).n_reached == 12


def test_unknown_ground_holds_water_back() -> None:
    """By hand: NaN between the sea and low land."""
    height = np.array([[0.0, np.nan, 0.0]])
    fill = sea_fill(height, np.array([[True, False, False]]), level_m=1.0)
    assert (fill.n_reached, fill.n_disconnected) == (1, 1)


def test_depth_classes_and_picture() -> None:
    """By hand at 2 m: 5 beach cells 1 m deep; apart 15 cells 2 m and 3 cells 3.5 m deep."""
    height, sea = polder()
    fill = sea_fill(height, sea, level_m=2.0)
    reached, apart = depth_counts(fill, height, sea, breaks_m=[0.5, 1.0, 2.0])
    assert reached.tolist() == [0, 5, 0, 0]
    assert apart.tolist() == [0, 0, 15, 3]
    drawn = paint_depths(fill, height, sea, breaks_m=[0.5, 1.0, 2.0])
    assert (drawn == SEA).sum() == 15
    assert (drawn == 2).sum() == 5
    assert (drawn == DISCONNECTED).sum() == 18
    strip = paint_depths(fill, height, sea, breaks_m=[0.5, 1.0, 2.0], rows=slice(2, 4))
    assert (strip == drawn[2:4]).all()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_random_terrain_agrees_with_the_queue(seed: int, diagonal: bool) -> None:
    """Slow twin: a queue, cell by cell; and a level that rises never loses a cell."""
    draw = np.random.default_rng(seed)
    shape = tuple(draw.integers(1, 40, 2))
    height = draw.uniform(0, 3, shape).astype(np.float32)
    height[draw.random(shape) < 0.1] = np.nan
    sea = draw.random(shape) < 0.05
    before = 0
    for level in (0.7, 1.5, 2.2):
        fill = sea_fill(height, sea, level_m=level, diagonal=diagonal)
        reached, apart = sea_fill_plain(height, sea, level_m=level, diagonal=diagonal)
        drawn = paint_depths(fill, height, sea, breaks_m=[1.0])
        assert ((drawn > 0) & (drawn < DISCONNECTED) == reached).all()
        assert ((drawn == DISCONNECTED) == apart).all()
        assert fill.n_reached >= before
        before = fill.n_reached


def test_wrong_input_is_told() -> None:
    """By hand: whole numbers as terrain, another shape of sea, a level that is no number."""
    height, sea = polder()
    with pytest.raises(ParameterError, match="floating numbers"):
        sea_fill(height.astype(int), sea, level_m=1.0)
    with pytest.raises(ParameterError, match="rows and columns alike"):
        sea_fill(height, sea[:3], level_m=1.0)
    with pytest.raises(ParameterError, match="finite"):
        sea_fill(height, sea, level_m=float("nan"))
