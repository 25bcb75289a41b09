"""Gradients, bridges and isochrones on networks: closed form and by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS
from rasterio.transform import from_origin

from gis.errors import CrsError, GeometryError, ParameterError, SourceError
from gis.kernels.network import build_graph
from gis.kernels.network_area import isochrone, reached_lines
from gis.kernels.network_costs import (
    Speed,
    deck_heights,
    gradient_costs,
    length_costs,
    profile,
    time_costs,
    unknown_m,
)
from gis.kernels.network_reach import opportunities, reach
from gis.kernels.network_search import edge_costs
from gis.kernels.network_snap import snap
from gis.sources.heights import sample_heights
from tests.graphs import grid, tangle, ways

if TYPE_CHECKING:
    from pathlib import Path

    from gis.kernels.network import Graph
    from gis.kernels.network_costs import Costs

UTM = CRS.from_epsg(25833)
E0, N0 = 260_000.0, 6_650_000.0


def on_plane(graph: Graph, speed: Speed, *, east: float = 0.0, north: float = 0.0) -> Costs:
    """Costs on an inclined plane: height = east * x + north * y."""
    ends = profile(graph, step_m=25)
    return gradient_costs(graph, ends, east * ends.x + north * ends.y, speed=speed)


def test_speed_laws_against_their_published_numbers() -> None:
    """By the sources: Parkin and Rotheram's 6.01, 0.4002, 0.2379 m/s; Tobler's 6 km/h at -5 %."""
    bike = Speed(6.01 * 3.6, "cycling", least_kmh=1)
    for percent, metres in ((0, 6.01), (1, 6.01 - 0.4002), (5, 6.01 - 5 * 0.4002)):
        assert bike.kmh(np.array(percent / 100)) / 3.6 == pytest.approx(metres)
    assert bike.kmh(np.array(-0.02)) / 3.6 == pytest.approx(6.01 + 2 * 0.2379)
    # No faster on steeper slopes than at 6 % down, nor slower than pushing.
    assert bike.kmh(np.array(-0.2)) == bike.kmh(np.array(-0.06))
    assert Speed(18.0, "cycling").kmh(np.array(0.5)) == 4.0
    flat = 6 * np.exp(-3.5 * 0.05)
    walk = Speed(flat, "walking")
    assert walk.kmh(np.array([0.0, -0.05, 0.1])) == pytest.approx(
        [flat, 6.0, 6 * np.exp(-3.5 * 0.15)]
    )


def test_uphill_and_downhill_on_a_plane() -> None:
    """By closed form: 1 km at 4 % and 18 km/h; up 5 (1 - 0.04 k) m/s, down faster."""
    graph = build_graph(ways([[(0, 0), (400, 0), (1000, 0)]]))
    speed = Speed(18.0, "cycling")
    ahead, back = edge_costs(on_plane(graph, speed, east=0.04))
    up, down = 1 - 4 * 0.4002 / 6.01, 1 + 4 * 0.2379 / 6.01
    assert ahead.tolist() == [round(100_000 / (5 * up))]
    assert back.tolist() == [round(100_000 / (5 * down))]
    level = edge_costs(on_plane(graph, speed))
    assert [x.tolist() for x in level] == [[20_000], [20_000]]


def test_to_the_station_and_home_differ_by_direction_alone() -> None:
    """By identity: home over a slope is the way there over the slope turned round."""
    graph = build_graph(tangle(5))
    rng = np.random.default_rng(5)
    homes = snap(graph, *rng.uniform(0, 110, (2, 40)), max_m=60)
    stop = snap(graph, [50.0], [50.0], max_m=60)
    speed = Speed(18.0, "cycling")
    two_way = build_graph(ways([[(0, 0), (500, 0)]]))
    home, station = snap(two_way, [0.0], [0.0], max_m=0), snap(two_way, [500.0], [0.0], max_m=0)
    up, down = (on_plane(two_way, speed, east=s) for s in (0.05, -0.05))
    to = reach(two_way, home, station, costs=up, max_cost=np.inf)
    back = reach(two_way, home, station, costs=up, max_cost=np.inf, direction="from")
    turned = reach(two_way, home, station, costs=down, max_cost=np.inf)
    assert to.cost[0] > back.cost[0]
    assert back.cost.tolist() == turned.cost.tolist()
    # Level ground without one-way streets knows no direction.
    flat = time_costs(graph, speed=Speed(18.0))
    assert (on_plane(graph, speed).ahead[-1]) == pytest.approx(flat.ahead[-1])
    both = [
        reach(graph, homes, stop, costs=on_plane(graph, speed), max_cost=np.inf).cost,
        reach(graph, homes, stop, costs=flat, max_cost=np.inf).cost,
    ]
    assert np.abs(both[0] - both[1]).max() <= 30  # one rounding an edge


def test_an_e_bike_loses_less_uphill() -> None:
    """By monotony: with half the loss nobody is slower, and on a climb everybody is faster."""
    graph = build_graph(grid(6))
    bike, e_bike = Speed(18.0, "cycling"), Speed(18.0, "cycling", uphill=6.66 / 2)
    slow, fast = (edge_costs(on_plane(graph, s, east=0.05))[0] for s in (bike, e_bike))
    assert (fast <= slow).all()
    assert (fast < slow).sum() == 30  # the streets that run east; the others are level


def test_a_bridge_is_a_ramp_between_its_ends() -> None:
    """By hand: over a valley 20 m deep, between banks at 10 and 16 m, the deck rises evenly."""
    lines = [[(-100, 0), (0, 0)], [(0, 0), (60, 0)], [(60, 0), (150, 0)], [(150, 0), (300, 0)]]
    graph = build_graph(ways(lines, deck=[False, True, True, False]))
    ends = profile(graph, step_m=30)
    ground = np.where((ends.x > 0) & (ends.x < 150), -10.0, np.where(ends.x <= 0, 10.0, 16.0))
    laid = deck_heights(graph, ends, ground)
    deck = (ends.x >= 0) & (ends.x <= 150)
    assert laid[deck] == pytest.approx(10 + 6 * ends.x[deck] / 150, abs=1e-5)
    assert laid[~deck].tolist() == ground[~deck].tolist()
    costs = gradient_costs(graph, ends, laid, speed=Speed(18.0, "cycling"))
    flat = gradient_costs(graph, ends, ground * 0, speed=Speed(18.0, "cycling"))
    up = 1 - 100 * 6 / 150 * 0.4002 / 6.01
    assert edge_costs(costs)[0][1:3] == pytest.approx(edge_costs(flat)[0][1:3] / up, abs=2)


def test_unknown_heights_are_flat_and_counted() -> None:
    """By hand: of 200 m the pieces from 100 m on have no height at one end or both."""
    graph = build_graph(ways([[(0, 0), (200, 0)]]))
    ends = profile(graph, step_m=50)
    heights = np.array([0.0, 5.0, 10.0, np.nan, np.nan])
    assert unknown_m(graph, ends, heights) == 100.0
    speed = Speed(18.0, "cycling")
    costs = gradient_costs(graph, ends, heights, speed=speed)
    steep = 50 / speed.kmh(np.array(0.1)) * 360
    assert costs.ahead == pytest.approx([0, steep, 2 * steep, 2 * steep + 1000, 2 * steep + 2000])
    with pytest.raises(GeometryError, match="one per place"):
        gradient_costs(graph, ends, heights[:2], speed=speed)
    with pytest.raises(ParameterError, match="gradient step"):
        profile(graph, step_m=0)
    with pytest.raises(ParameterError, match="needs gradients"):
        time_costs(graph, speed=speed)


def test_pieces_follow_the_bends() -> None:
    """By hand: piece ends of a 3-4-5 street lie where walking along it leads."""
    graph = build_graph(ways([[(0, 0), (300, 0), (300, 400)]]))
    ends = profile(graph, step_m=100)
    assert ends.x.tolist() == [0, 100, 200, 300, 300, 300, 300, 300]
    assert ends.y.tolist() == [0, 0, 0, 0, 100, 200, 300, 400]


@pytest.mark.parametrize("epsg", [25833, 4326])
def test_heights_between_cell_centres(tmp_path: Path, epsg: int) -> None:
    """By closed form: bilinear values of a plane are the plane; beyond the model is unknown."""
    path = tmp_path / "plane.tif"
    size = 10.0 if epsg == 25833 else 0.001
    west, north = (E0, N0 + 2000) if epsg == 25833 else (10.0, 60.0)
    row, column = np.mgrid[0:200, 0:200]
    with rasterio.open(
        path, "w", driver="GTiff", width=200, height=200, count=1, dtype="float32",
        crs=f"EPSG:{epsg}", transform=from_origin(west, north, size, size), nodata=-9999,
    ) as model:  # fmt: skip
        values = (column + 2 * row).astype("float32")
        values[:20] = -9999
        model.write(values, 1)
    u, v = (
        np.array([60.5, 100.25, 150.0, 10.0, 199.9, 250.0]),
        np.array([50.0, 99.75, 60, 10, 60, 60]),
    )
    x, y = west + u * size, north - v * size
    crs = UTM if epsg == 25833 else CRS.from_epsg(4326)
    found = sample_heights(path, x, y, crs=crs).values
    assert found[:3] == pytest.approx((u - 0.5 + 2 * (v - 0.5))[:3], abs=1e-3)
    assert np.isnan(found).tolist() == [False, False, False, True, False, True]


def test_terrain_that_is_none(tmp_path: Path) -> None:
    """By rule: no raster, broken, without CRS: one line each."""
    text = tmp_path / "a.tif"
    text.write_text("no raster", encoding="utf-8")
    at = np.zeros(1)
    with pytest.raises(SourceError, match="terrain model"):
        sample_heights(text, at, at, crs=UTM)
    with pytest.raises(SourceError, match="no such file"):
        sample_heights(tmp_path / "b.tif", at, at, crs=UTM)
    bare = tmp_path / "c.tif"
    with rasterio.open(
        bare, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8",
        transform=from_origin(0, 2, 1, 1),
    ) as model:  # fmt: skip
        model.write(np.zeros((1, 2, 2), dtype="uint8"))
    with pytest.raises(CrsError, match="without a coordinate"):
        sample_heights(bare, at, at, crs=UTM)


def test_an_isochrone_of_a_straight_road() -> None:
    """By closed form: 250 m each way from the middle, a band of 2 w by 500 m with round ends."""
    graph = build_graph(ways([[(-1000, 0), (-200, 0)], [(-200, 0), (1000, 0)]]))
    stop = snap(graph, [0.0], [0.0], max_m=0)
    how = {"costs": length_costs(graph), "max_cost": 25_000}
    lines = reached_lines(graph, stop, **how)
    whole = shapely.union_all(lines)
    assert shapely.length(whole) == pytest.approx(500)
    assert shapely.bounds(whole).tolist() == pytest.approx([-250, 0, 250, 0])
    area = shapely.area(isochrone(graph, stop, width_m=20, **how))
    assert 500 * 40 + 0.9 * np.pi * 400 < area <= 500 * 40 + np.pi * 400


def test_an_isochrone_keeps_the_one_way_rule() -> None:
    """By hand: on a one-way street only those behind the stop come to it, those ahead from it."""
    graph = build_graph(ways([[(0, 0), (1000, 0)]], "f"))
    stop = snap(graph, [500.0], [0.0], max_m=0)
    how = {"costs": length_costs(graph), "max_cost": 10_000}
    to = shapely.union_all(reached_lines(graph, stop, **how))
    home = shapely.union_all(reached_lines(graph, stop, direction="from", **how))
    assert shapely.bounds(to).tolist() == pytest.approx([400, 0, 500, 0])
    assert shapely.bounds(home).tolist() == pytest.approx([500, 0, 600, 0])


@pytest.mark.parametrize("direction", ["to", "from"])
def test_the_reached_lines_are_where_people_are_reached(direction: str) -> None:
    """By identity: a point on the network lies on the reached lines when its cost is within."""
    base = grid(8, 15.0)
    rng = np.random.default_rng(21)
    rules = rng.choice(list("bbfr"), base.count)
    open_ways = {"forward": np.isin(rules, ["b", "f"]), "backward": np.isin(rules, ["b", "r"])}
    graph = build_graph(replace(base, **open_ways))
    homes = snap(graph, *rng.uniform(0, 105, (2, 300)), max_m=60)
    homes = replace(homes, away_m=homes.away_m * 0)
    stop = snap(graph, [40.0, 90.0], [40.0, 20.0], max_m=60)
    ends = profile(graph, step_m=7)
    hilly = np.sin(ends.x / 9) + np.cos(ends.y / 7)
    costs = gradient_costs(graph, ends, hilly, speed=Speed(18.0, "cycling"))
    how = {"costs": costs, "max_cost": 1500, "direction": direction}
    whole = shapely.union_all(reached_lines(graph, stop, **how))
    away = shapely.distance(shapely.points(homes.x, homes.y), whole)
    cost = reach(graph, homes, stop, costs=costs, max_cost=np.inf, direction=direction).cost
    inside = (cost >= 0) & (cost <= 1496)  # four units of rounding either way
    beyond = (cost < 0) | (cost >= 1504)
    assert min(inside.sum(), beyond.sum()) > 40
    assert away[inside].max() < 1e-6
    assert away[beyond].min() > 1e-9


def test_opportunities_count_each_destination_once() -> None:
    """By hand: two of three shops within 150 m of a home on a straight road."""
    graph = build_graph(ways([[(0, 0), (1000, 0)]]))
    home = snap(graph, [500.0, 0.0], [0.0, 0.0], max_m=1)
    shops = snap(graph, [400.0, 650.0, 700.0], [0.0, 0.0, 0.0], max_m=1)
    total = opportunities(
        graph, home, shops, amounts=[1, 2, 4], costs=length_costs(graph), max_cost=15_000
    )
    assert total.tolist() == [3.0, 0.0]
