"""Hold the invented cycle ways against the streets they run beside."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.demo.cycleways import cycle_ways
from gis.demo.streets import MAIN
from gis.demo.world import World, build_world


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(9801)


def test_cycle_ways_meet_their_roads_at_both_ends_and_nowhere_leave_them(world: World) -> None:
    """By hand: both ends are the road's own; between them at most 6 m aside."""
    streets = world.streets
    ways = cycle_ways(streets, world.town)
    main = shapely.linestrings(streets.curve[streets.kind == MAIN])
    ends = {tuple(np.round(p, 2)) for line in main for p in (line.coords[0], line.coords[-1])}
    assert {p for way in ways for p in (way.coords[0], way.coords[-1])} <= ends
    roads = shapely.union_all(main)
    aside = np.concatenate([shapely.distance(roads, shapely.points(w.coords[1:-1])) for w in ways])
    assert aside.max() <= 6.02
    assert np.median(aside) == pytest.approx(6, abs=0.1)
    # Enough for a board's row of a town: 15 to 60 km, and no road twice.
    assert 15e3 < sum(w.length for w in ways) < 60e3
    assert len({w.wkb for w in ways}) == len(ways)
