"""Hold the zone kernels against drawings, shapely twins and conservation."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from gis.errors import GeometryError, ParameterError
from gis.kernels.zones import (
    band_areas,
    count_by_class,
    disjoint_bands,
    highest_class,
    highest_class_plain,
    polygon_class,
)


def geometries(*items: object) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


# Drawn: 20-year zone inside the 200-year zone inside the 1000-year zone, and one beside it.
NESTED = geometries(box(4, 4, 6, 6), box(3, 3, 7, 7), box(0, 0, 10, 10), box(10, 0, 12, 10))
RANKS = np.array([0, 1, 2, 1])


def blob(rng: np.random.Generator, *, n: int, spread: float, size: float) -> Polygon:
    angle = np.sort(rng.uniform(0, 2 * np.pi, n))
    radius = size * rng.uniform(0.4, 1.0, n)
    cx, cy = rng.uniform(-spread, spread, 2)
    return Polygon(np.column_stack([cx + radius * np.cos(angle), cy + radius * np.sin(angle)]))


@pytest.mark.parametrize("engine", [highest_class, highest_class_plain])
@pytest.mark.parametrize(
    ("x", "y", "interior", "touch"),
    [
        (5, 5, 0, 0), (3.5, 5, 1, 1), (1, 1, 2, 2), (11, 5, 1, 1), (20, 20, -1, -1),
        (4, 5, 1, 0),  # on the outline of the innermost zone
        (3, 3, 2, 1),  # on a corner
        (10, 5, 2, 1),  # on the seam of two zones: inside both together, the milder surrounds it
        (10, 0, -1, 1), (0, 10, -1, 2), (12, 10, -1, 1),
    ],
)  # fmt: skip
def test_points_on_the_drawing(engine, x, y, interior, touch) -> None:  # type: ignore[no-untyped-def]
    """By hand: the drawn nested squares, edges, corners and the seam."""
    for rule, expected in (("interior", interior), ("touch", touch)):
        found = engine([x], [y], NESTED, RANKS, rule=rule, n_classes=3)
        assert found.tolist() == [expected]


def test_holes_parts_duplicates_and_empty() -> None:
    """By hand: a hole is outside, its edge is outline; parts, copies and empty zones."""
    ring = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(4, 4), (6, 4), (6, 6), (4, 6)]])
    parts = MultiPolygon([box(20, 0, 21, 1), box(30, 0, 31, 1)])
    zones = geometries(Polygon(), ring, parts, ring, MultiPolygon())
    ranks = [0, 1, 0, 2, 0]
    x, y = [5, 4, 1, 20.5, 25, 30.5], [5, 5, 1, 0.5, 0.5, 0.5]
    assert highest_class(x, y, zones, ranks, n_classes=3).tolist() == [-1, -1, 1, 0, -1, 0]
    touched = highest_class(x, y, zones, ranks, rule="touch", n_classes=3)
    assert touched.tolist() == [-1, 1, 1, 0, -1, 0]


@given(st.integers(0, 10_000), st.sampled_from(["interior", "touch"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_twin_agrees_on_lattice_and_real_numbers(seed: int, rule: str, lattice: bool) -> None:
    """Brute force twin: shapely, with many points and corners on shared lattice places."""
    rng = np.random.default_rng(seed)
    zones = geometries(
        *(blob(rng, n=int(rng.integers(4, 60)), spread=8, size=6) for _ in range(12))
    )
    x, y = rng.uniform(-14, 14, (2, 400))
    if lattice:
        zones = shapely.make_valid(shapely.transform(zones, np.rint))
        zones = zones[np.isin(shapely.get_type_id(zones), (3, 6))]
        x, y = np.rint(x * 2) / 2, np.rint(y * 2) / 2
    offset = np.array([250_000.0, 6_650_000.0]) * rng.integers(0, 2)
    zones, x, y = shapely.transform(zones, lambda c: c + offset), x + offset[0], y + offset[1]
    ranks = rng.integers(0, 4, zones.size)
    fast = highest_class(x, y, zones, ranks, rule=rule, n_classes=4)  # type: ignore[arg-type]
    slow = highest_class_plain(x, y, zones, ranks, rule=rule, n_classes=4)  # type: ignore[arg-type]
    assert (fast == slow).all()
    shuffled, rows = rng.permutation(zones.size), rng.permutation(x.size)
    again = highest_class(
        x[rows], y[rows], zones[shuffled], ranks[shuffled], rule=rule, n_classes=4
    )  # type: ignore[call-overload]
    assert (again == fast[rows]).all()


def test_points_a_hair_from_slanted_edges() -> None:
    """Brute force twin: points within float rounding of long slanted edges, settled by GEOS."""
    rng = np.random.default_rng(3)
    offset = np.array([250_000, 6_650_000])
    a, b = rng.uniform(0, 1e4, (2, 60, 2)) + offset
    c = rng.uniform(0, 1e4, (60, 2)) + offset
    zones = shapely.polygons(np.stack([a, b, c, a], axis=1))
    t = rng.uniform(0, 1, (60, 200, 1))
    on = (a[:, None] + t * (b - a)[:, None]).reshape(-1, 2)
    on = np.concatenate([on, np.nextafter(on, np.inf), a, b])
    ranks = np.arange(60)
    for rule in ("interior", "touch"):
        fast = highest_class(on[:, 0], on[:, 1], zones, ranks, rule=rule, n_classes=60)  # type: ignore[arg-type]
        slow = highest_class_plain(on[:, 0], on[:, 1], zones, ranks, rule=rule, n_classes=60)  # type: ignore[arg-type]
        assert (fast == slow).all()


def test_agrees_with_geopandas_written_naively() -> None:
    """Slow simple twin: sjoin(within), then the least rank of each point."""
    rng = np.random.default_rng(11)
    zones = geometries(*(blob(rng, n=200, spread=900, size=200) for _ in range(60)))
    ranks = rng.integers(0, 5, 60)
    x, y = rng.uniform(-1000, 1000, (2, 5000))
    left = gpd.GeoDataFrame(geometry=shapely.points(x, y))
    joined = left.sjoin(gpd.GeoDataFrame({"rank": ranks}, geometry=zones), predicate="within")
    naive = joined.groupby(level=0)["rank"].min().reindex(left.index, fill_value=-1)
    assert (highest_class(x, y, zones, ranks, n_classes=5) == naive.to_numpy()).all()


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_zones_that_abut_are_one_zone(seed: int, nested: bool) -> None:
    """Brute force: strictly inside the union of all zones of that rank and worse, by shapely.

    A tiling of unit squares with some left out, so that points lie on seams, on corners where
    four zones meet, and on outlines; as delivered, and as bands.
    """
    rng = np.random.default_rng(seed)
    column, row = (a.ravel() for a in np.meshgrid(np.arange(7.0), np.arange(6.0)))
    keep = rng.random(column.size) < 0.85
    zones = shapely.box(column[keep], row[keep], column[keep] + 1, row[keep] + 1)
    ranks = rng.integers(0, 3, zones.size)
    if nested:
        zones = np.append(zones, box(0, 0, 7, 3))
        ranks = np.append(ranks, 2)
    x, y = (a.ravel() / 2 for a in np.meshgrid(np.arange(-1.0, 16.0), np.arange(-1.0, 14.0)))
    expected = np.full(x.size, -1)
    for r in (2, 1, 0):
        expected[shapely.contains_xy(shapely.union_all(zones[ranks <= r]), x, y)] = r
    bands = disjoint_bands(zones, ranks, n_classes=3)
    for engine in (highest_class, highest_class_plain):
        assert (engine(x, y, zones, ranks, n_classes=3) == expected).all()
        assert (engine(x, y, bands, np.arange(3), n_classes=3) == expected).all()
    points = polygon_class(shapely.points(x, y), zones, ranks, n_classes=3)
    assert (points == expected).all()


def test_lines_and_points_along_a_seam() -> None:
    """By hand: a road along the seam of two zones is inside; along an outline it is not."""
    zones = geometries(box(0, 0, 10, 10), box(10, 0, 20, 10), box(30, 0, 40, 10))
    objects = geometries(
        shapely.LineString([(10, 1), (10, 9)]),
        shapely.LineString([(30, 1), (30, 9)]),
        shapely.LineString([(10, 10), (10, 15)]),  # leaves from where the seam ends
        Point(10, 5),
        Point(10, 10),
        box(10, 2, 12, 4),
    )
    found = polygon_class(objects, zones, [1, 0, 0], n_classes=2)
    assert found.tolist() == [1, -1, -1, 1, -1, 0]
    touched = polygon_class(objects, zones, [1, 0, 0], rule="touch", n_classes=2)
    assert touched.tolist() == [0, 0, 0, 0, 0, 0]


def test_objects_on_the_drawing() -> None:
    """By hand: an object that only shares an outline is touched but not hit."""
    objects = geometries(
        box(6, 4, 6.5, 6),  # shares an edge with the 20-year zone, lies in the 200-year zone
        box(5.5, 5, 9, 6),  # reaches into the 20-year zone
        box(12, 0, 13, 1),  # beside the outermost zone
        box(-5, -5, 15, 15),  # holds every zone
        shapely.LineString([(4, 0), (4, 10)]),  # runs along an edge of the 20-year zone
        Polygon(),
        box(4, 4, 6, 6),  # is the zone
    )
    answers = {rule: polygon_class(objects, NESTED, RANKS, rule=rule, n_classes=3).tolist()
               for rule in ("interior", "touch", "representative-point")}  # fmt: skip
    assert answers["interior"] == [1, 0, -1, 0, 1, -1, 0]
    assert answers["touch"] == [0, 0, 1, 0, 0, -1, 0]
    assert answers["representative-point"][0:4] == [1, 2, -1, 0]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.1, 0), (0.25, 0), (0.26, 1), (0.5, 1), (0.51, 2), (1.0, 2)]
)
def test_min_share_is_the_same_for_nested_zones_and_bands(share: float, expected: int) -> None:
    """Closed form: a quarter of the object in rank 0, half in 0-1, all of it in 0-2."""
    nested = geometries(box(0, 0, 1, 4), box(0, 0, 2, 4), box(0, 0, 9, 9))
    thing = geometries(box(0, 1, 4, 2), shapely.LineString([(0, 1), (4, 1)]))
    bands = disjoint_bands(nested, [0, 1, 2], n_classes=3)
    for zones in (nested, bands):
        found = polygon_class(
            thing, zones, [0, 1, 2], rule="min-share", n_classes=3, min_share=share
        )
        assert found.tolist() == [expected, expected]


def test_bands_of_nested_squares() -> None:
    """Closed form: areas 4, 16 - 4 + 20, 100 - 16; an absent class is empty."""
    bands = disjoint_bands(NESTED, RANKS, n_classes=4)
    assert band_areas(bands).tolist() == [4.0, 32.0, 84.0, 0.0]
    assert bands[3].is_empty
    assert band_areas(disjoint_bands(geometries(), [], n_classes=2)).tolist() == [0.0, 0.0]


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_bands_conserve_area_and_agree_with_points(seed: int) -> None:
    """Conservation: bands cover the union once; a point has its band's rank."""
    rng = np.random.default_rng(seed)
    zones = geometries(*(blob(rng, n=40, spread=300, size=250) for _ in range(10)))
    ranks = rng.integers(0, 3, 10)
    bands = disjoint_bands(zones, ranks, n_classes=3)
    union = shapely.union_all(zones)
    assert band_areas(bands).sum() == pytest.approx(union.area, rel=1e-6)
    assert band_areas(bands)[0] == pytest.approx(shapely.union_all(zones[ranks == 0]).area)
    x, y = rng.uniform(-500, 500, (2, 300))
    by_zone = highest_class(x, y, zones, ranks, n_classes=3)
    by_band = highest_class(x, y, bands, np.arange(3), n_classes=3)
    far = shapely.distance(shapely.boundary(zones)[:, None], shapely.points(x, y)).min(0) > 1e-6
    assert (by_zone[far] == by_band[far]).all()
    snapped = disjoint_bands(zones, ranks, n_classes=3, grid_m=0.001)
    assert band_areas(snapped) == pytest.approx(band_areas(bands), rel=1e-3, abs=1.0)


def test_counts_are_conserved() -> None:
    """Conservation and by hand: 1 + 4 in class 0, 2 in class 2, 8 outside."""
    sums = count_by_class([0, 2, -1, 0], [1, 2, 8, 4], n_classes=3)
    assert sums.tolist() == [5.0, 0.0, 2.0, 8.0]
    assert count_by_class([-1, 1], None, n_classes=2).tolist() == [0.0, 1.0, 1.0]


def test_refusals() -> None:
    """By hand: each message names what was given and where."""
    with pytest.raises(GeometryError, match="point 1 of 2"):
        highest_class([0, np.nan], [0, 0], NESTED, RANKS, n_classes=3)
    with pytest.raises(GeometryError, match="zone 0 of 1 is Point"):
        highest_class([0], [0], geometries(Point(0, 0)), [0], n_classes=1)
    with pytest.raises(GeometryError, match="zone 0 of 1 is None"):
        highest_class([0], [0], geometries(None), [0], n_classes=1)
    with pytest.raises(ParameterError, match=r"integers 0\.\.1"):
        highest_class([0], [0], NESTED, RANKS, n_classes=2)
    with pytest.raises(ParameterError, match="interior, touch"):
        highest_class([0], [0], NESTED, RANKS, rule="within", n_classes=3)  # type: ignore[arg-type]
    bowtie = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(GeometryError, match="zone 1 of 2 is not valid: Self-intersection"):
        disjoint_bands(geometries(box(0, 0, 1, 1), bowtie), [0, 0], n_classes=1)
    with pytest.raises(ParameterError, match="belong together"):
        polygon_class(NESTED, NESTED, RANKS, rule="min-share", n_classes=3)
    with pytest.raises(GeometryError, match="no area or length"):
        polygon_class(
            geometries(Point(5, 5)), NESTED, RANKS, rule="min-share", n_classes=3, min_share=0.5
        )
    with pytest.raises(ParameterError, match=r"weight 0 is -1"):
        count_by_class([0], [-1.0], n_classes=1)


@given(st.integers(0, 10_000), st.sampled_from([0.2, 0.5, 0.9]))
@settings(max_examples=25, deadline=None)
def test_min_share_by_cutting_everything(seed: int, share: float) -> None:
    """Brute force twin: the share in the union of all zones of that rank or worse."""
    rng = np.random.default_rng(seed)
    zones = geometries(*(blob(rng, n=30, spread=20, size=15) for _ in range(8)))
    ranks = rng.integers(0, 3, 8)
    west, south = rng.uniform(-30, 25, (2, 40))
    things = shapely.box(west, south, west + 4, south + 3)
    found = polygon_class(things, zones, ranks, rule="min-share", n_classes=3, min_share=share)
    unions = [shapely.union_all(zones[ranks <= r]) for r in range(3)]
    held = np.array([shapely.area(shapely.intersection(things, u)) / 12 for u in unions])
    naive = np.where((held >= share).any(axis=0), np.argmax(held >= share, axis=0), -1)
    assert (found == naive).all()
