"""Hold the shares of grid cells in zones against squares by hand and against shapely."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ParameterError
from gis.kernels.coverage import cell_shares, cell_shares_plain

E0, N0, SIDE = 200_000.0, 6_600_000.0, 250


def grid(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    c, r = (a.ravel() for a in np.meshgrid(np.arange(columns), np.arange(rows)))
    west, south = E0 + SIDE * c, N0 + SIDE * r
    return west, south, shapely.box(west, south, west + SIDE, south + SIDE)


def town_box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(E0 + west, N0 + south, E0 + east, N0 + north)


def shares(zones: list[shapely.Geometry], ranks: list[int], n_classes: int) -> np.ndarray:
    west, south, _ = grid(4, 4)
    found = cell_shares(
        west, south, np.array(zones, dtype=object), ranks, size_m=SIDE, n_classes=n_classes
    )
    return found.reshape(4, 4, n_classes)


def test_nested_squares_count_once_under_the_worst() -> None:
    """By hand: 20-year square in the 200-year square in the one with climate."""
    zones = [town_box(0, 0, 500, 750), town_box(0, 0, 500, 500), town_box(0, 0, 125, 500)]
    found = shares(zones, [2, 1, 0], 3)
    assert found[0, 0].tolist() == [0.5, 0.5, 0.0]
    assert found[1, 1].tolist() == [0.0, 1.0, 0.0]
    assert found[2, 1].tolist() == [0.0, 0.0, 1.0]
    assert found.sum(axis=(0, 1)).tolist() == [1.0, 3.0, 2.0]


def test_shared_edges_on_grid_lines_leave_no_gap_and_no_overlap() -> None:
    """By hand: two neighbours meet on a grid line; each fills its own cells alone."""
    found = shares([town_box(0, 0, 250, 250), town_box(250, 0, 500, 250)], [0, 1], 2)
    assert found[0, 0].tolist() == [1.0, 0.0]
    assert found[0, 1].tolist() == [0.0, 1.0]
    assert found[0, 2].tolist() == [0.0, 0.0]
    assert found[1].sum() == 0


def test_holes_parts_and_duplicates() -> None:
    """By hand: a hole of a quarter cell; two parts; the same zone three times counts once."""
    holed = town_box(0, 0, 250, 250).difference(town_box(50, 50, 175, 175))
    both = shapely.MultiPolygon([town_box(500, 0, 625, 250), town_box(750, 500, 1000, 750)])
    found = shares([holed, both, both, both], [0, 0, 0, 0], 1)[:, :, 0]
    assert found[0, 0] == pytest.approx(0.75)
    assert found[0, 2] == pytest.approx(0.5)
    assert found[2, 3] == pytest.approx(1.0)
    assert found.sum() == pytest.approx(2.25)


def test_a_triangle_in_closed_form() -> None:
    """Closed form: a right triangle over two cells: 3/4 of the first half-plane, 1/4 of it."""
    triangle = shapely.Polygon([(E0, N0), (E0 + 500, N0), (E0, N0 + 250)])
    found = shares([triangle], [0], 1)[:, :, 0]
    assert found[0, 0] == pytest.approx(0.75)
    assert found[0, 1] == pytest.approx(0.25)


def star(draw: np.random.Generator) -> shapely.Geometry:
    n = int(draw.integers(3, 40))
    angle = np.sort(draw.uniform(0, 2 * np.pi, n))
    radius = draw.uniform(20, 900) * draw.uniform(0.3, 1.4, n)
    x = E0 + draw.uniform(-400, 1400) + radius * np.cos(angle)
    y = N0 + draw.uniform(-400, 1400) + radius * np.sin(angle)
    return shapely.make_valid(shapely.Polygon(np.column_stack([x, y])), method="structure")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_overlapping_zones_agree_with_shapely(seed: int) -> None:
    """Slow twin: cut and union by shapely (GEOS), cell by cell; exactextract is not installed."""
    draw = np.random.default_rng(seed)
    zones = np.array([star(draw) for _ in range(int(draw.integers(1, 14)))], dtype=object)
    ranks = draw.integers(0, 3, len(zones))
    west, south, squares = grid(4, 4)
    fast = cell_shares(west, south, zones, ranks, size_m=SIDE, n_classes=3)
    slow = cell_shares_plain(squares, zones, ranks, n_classes=3)
    np.testing.assert_allclose(fast, slow, atol=1e-8)


def test_shares_hold_the_whole_area() -> None:
    """Conservation: shares times cell area sum to the area of the union inside the grid."""
    draw = np.random.default_rng(7)
    zones = np.array([star(draw) for _ in range(25)], dtype=object)
    west, south, squares = grid(4, 4)
    found = cell_shares(west, south, zones, draw.integers(0, 4, 25), size_m=SIDE, n_classes=4)
    inside = shapely.intersection(shapely.union_all(zones), shapely.union_all(squares)).area
    assert found.sum() * SIDE**2 == pytest.approx(inside, rel=1e-9)


def test_cells_off_the_grid_and_doubles_are_refused() -> None:
    """By hand: a corner at 10 m, and the same cell twice."""
    zone = np.array([town_box(0, 0, 100, 100)], dtype=object)
    with pytest.raises(ParameterError, match="whole multiple of 250"):
        cell_shares([E0 + 10], [N0], zone, [0], size_m=SIDE, n_classes=1)
    with pytest.raises(ParameterError, match="doubles"):
        cell_shares([E0, E0], [N0, N0], zone, [0], size_m=SIDE, n_classes=1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_area_weights_agree_with_exactextract(seed: int) -> None:
    """Another engine: exactextract's coverage fractions of the dissolved bands, cell by cell."""
    exactextract = pytest.importorskip("exactextract")
    raster = pytest.importorskip("exactextract.raster")
    rng = np.random.default_rng(seed)
    zones = []
    for k in range(15):
        n = int(rng.integers(3, 40))
        angle, radius = np.sort(rng.uniform(0, 2 * np.pi, n)), rng.uniform(20, 900, n)
        xy = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        xy += rng.uniform(0, 20 * SIDE, 2)
        # Some with corners on whole 125 m, which fall on grid lines.
        xy = np.round(xy / 125) * 125 if k % 3 == 0 else xy
        shape = shapely.make_valid(shapely.Polygon(xy + np.array([E0, N0])), method="structure")
        if shapely.area(shape) > 0:
            zones.append(shape)
    shapes, ranks = np.array(zones, dtype=object), rng.integers(0, 3, len(zones))
    west, south, _ = grid(20, 20)
    ours = cell_shares(west, south, shapes, ranks, size_m=SIDE, n_classes=3).reshape(20, 20, 3)
    box = {"xmin": E0, "ymin": N0, "xmax": E0 + 20 * SIDE, "ymax": N0 + 20 * SIDE}
    cells = raster.NumPyRasterSource(np.arange(400.0).reshape(20, 20), **box)
    theirs, taken = np.zeros((20, 20, 3)), shapely.Polygon()
    for rank in range(3):
        own = shapely.union_all(shapes[ranks == rank])
        band = {"type": "Feature", "geometry": shapely.geometry.mapping(own.difference(taken))}
        (found,) = exactextract.exact_extract(cells, [band], ["values", "coverage"])
        part = found["properties"]
        # Row 0 of the raster is the northernmost.
        row, column = np.divmod(np.asarray(part["values"], dtype=int), 20)
        theirs[19 - row, column, rank] = part["coverage"]
        taken = taken.union(own)
    # exactextract keeps its fractions in single precision.
    assert ours == pytest.approx(theirs, abs=1e-6)
