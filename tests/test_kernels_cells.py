"""Hold the SSB grid kernels against published cells and round trips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import FieldError, GeometryError, ParameterError
from gis.kernels.cells import (
    cell_centre,
    cell_corner,
    cell_id,
    cell_square,
    check_ids,
    grid_index,
    grid_index_plain,
    parent_id,
)


def test_published_cells() -> None:
    """Real data: corners read off SSB's own geometry, one of them west of the zone's zero."""
    e, n = cell_corner(np.array([22560006672000, 19580006626500]))
    assert e.tolist() == [256_000, -42_000]
    assert n.tolist() == [6_672_000, 6_626_500]
    square = cell_square(np.array([22560006672000]), size_m=1000)[0]
    assert square.bounds == (256_000, 6_672_000, 257_000, 6_673_000)
    # Sandvika station, and the corner of its own cell
    assert int(cell_id(249_726.5, 6_647_916.1, size_m=250)) == 22495006647750
    assert parent_id(np.array([22495006647750]), size_m=250, parent_m=1000) == 22490006647000
    x, y = cell_centre(np.array([22495006647750]), size_m=250)
    assert (x[0], y[0]) == (249_625.0, 6_647_875.0)


@given(
    st.integers(-80_000, 1_100_000), st.integers(6_400_000, 7_900_000), st.sampled_from([250, 1000])
)
def test_round_trip(e: int, n: int, size_m: int) -> None:
    """Identity: a point is in its cell, and corner and centre lead back to the same id."""
    ids = cell_id(np.array([e]), np.array([n]), size_m=size_m)
    west, south = cell_corner(check_ids(ids, size_m=size_m))
    assert west[0] <= e < west[0] + size_m
    assert south[0] <= n < south[0] + size_m
    assert cell_id(west, south, size_m=size_m) == ids
    assert cell_id(*cell_centre(ids, size_m=size_m), size_m=size_m) == ids
    assert parent_id(ids, size_m=size_m, parent_m=5000) == cell_id([e], [n], size_m=5000)


def test_ids_are_refused() -> None:
    """By hand: float, 32 bits, text, too short, off the grid."""
    for bad in (
        np.array([2.2e13]), np.array([1], dtype=np.int32), np.array(["22560006672000"])
    ):  # fmt: skip
        with pytest.raises(FieldError, match="int64 of 14 digits"):
            check_ids(bad, size_m=250)
    with pytest.raises(FieldError, match=r"population\.csv: id 2256000667200; 14 digits"):
        check_ids(np.array([2256000667200]), size_m=250, source="population.csv")
    with pytest.raises(FieldError, match=r"\(249750, 6647750\); whole multiples of 1000 m"):
        check_ids(np.array([22497506647750]), size_m=1000)
    with pytest.raises(ParameterError, match="whole multiple"):
        parent_id(np.array([22560006672000]), size_m=250, parent_m=600)
    with pytest.raises(ParameterError, match="cell size"):
        cell_id(0, 0, size_m=0)


@pytest.mark.parametrize("bad", [(np.nan, 6_650_000), (250_000, np.inf), (250_000, -1)])
def test_points_that_have_no_cell_are_refused(bad: tuple[float, float]) -> None:
    """By hand: not finite, or beyond what fourteen digits hold."""
    with pytest.raises(GeometryError, match="point 1 at"):
        cell_id(np.array([250_000, bad[0]]), np.array([6_650_000, bad[1]]), size_m=250)


@given(st.integers(0, 10_000), st.sampled_from([250.0, 100.0, 0.1, 33.3]))
@settings(max_examples=40, deadline=None)
def test_grid_index_agrees_with_floor_division(seed: int, size: float) -> None:
    """Slow twin: floor division, also for points on lines and a hair before them."""
    rng = np.random.default_rng(seed)
    loose = rng.uniform(-500, 9000, 200)
    # Where the side is no whole number, product and quotient may differ on a line itself.
    on = rng.integers(-3, 40, 200) * size if size in (250.0, 100.0) else loose
    x = np.concatenate([on, np.nextafter(on, -np.inf), loose])
    y = rng.permutation(x)
    grid = {"west": 0.0, "south": 0.0, "size_m": size, "columns": 30, "rows": 25}
    found = grid_index(x, y, **grid)  # type: ignore[arg-type]
    assert (found == grid_index_plain(x, y, **grid)).all()  # type: ignore[arg-type]


def test_grid_index_by_floor_division() -> None:
    """By hand: lower and left edges belong to the cell, the grid's far edges to none."""
    x = [0, 249.999, 250, 499.999, 500, -0.001, 10]
    y = [0, 0, 250, 0, 0, 0, 750]
    index = grid_index(x, y, west=0, south=0, size_m=250, columns=2, rows=3)
    assert index.tolist() == [0, 0, 3, 1, -1, -1, -1]
    with pytest.raises(ParameterError, match="above 0"):
        grid_index(x, y, west=0, south=0, size_m=0, columns=2, rows=3)
    with pytest.raises(GeometryError, match="point 0"):
        grid_index([np.nan], [0], west=0, south=0, size_m=1, columns=2, rows=3)
