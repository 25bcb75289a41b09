"""Settle what a trip on foot or by bicycle is, and price a network for it.

Metres are priced by length. Minutes take a speed on the flat and, with a terrain model,
the gradient of every piece of street in the direction of travel. The laws and their
sources stand in ``gis.kernels.network_costs``; flat speeds are this project's assumptions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gis.errors import ParameterError, SourceError
from gis.kernels.network_costs import (
    E_BIKE_UPHILL_SHARE,
    UPHILL,
    Costs,
    Speed,
    deck_heights,
    gradient_costs,
    length_costs,
    profile,
    time_costs,
    unknown_m,
)
from gis.sources.heights import Heights, sample_heights
from gis.sources.line_layers import road_layer
from gis.sources.lines import read_lines
from gis.sources.osm import is_osm, read_osm
from gis.sources.osm_rules import FOOTWAYS, MODES, Footways, Mode
from gis.sources.own import check_stated, read_own

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pyproj import CRS

    from gis.kernels.network import Graph
    from gis.kernels.network_costs import Law
    from gis.kernels.network_search import Direction
    from gis.sources.network import NetworkFile

WALK_KMH, CYCLE_KMH, E_BIKE_KMH, PUSH_KMH = 5.0, 18.0, 20.0, 4.0
CM_PER_M, CS_PER_MIN = 100, 6000


@dataclass(frozen=True)
class Trip:
    """One way of travelling, and how far it may be: ``max_m`` or ``max_min``, not both.

    ``direction``: "to" the destinations, or "from" them. ``speed_kmh`` on the flat,
    ``access_kmh`` on access legs (the speed on the flat unless given). ``footways``:
    what bicycles do where one may only walk. ``snap_m``: how far a place may lie from the
    network. ``least_share``: parts of the network with less of its length than this
    are used only where no larger part is within ``snap_m``. ``step_m``: the length
    over which gradients are taken.
    """

    mode: Mode
    max_m: float | None = None
    max_min: float | None = None
    direction: Direction = "to"
    e_bike: bool = False
    speed_kmh: float | None = None
    access_kmh: float | None = None
    footways: Footways = "push"
    snap_m: float = 250.0
    least_share: float = 0.01
    step_m: float = 50.0

    def __post_init__(self) -> None:
        _one_of(self.mode, MODES, "mode")
        _one_of(self.direction, ("to", "from"), "direction")
        _one_of(self.footways, FOOTWAYS, "footways")
        if (self.max_m is None) == (self.max_min is None):
            message = f"max_m {self.max_m} and max_min {self.max_min}; allowed: exactly one of them"
            raise ParameterError(message)
        limit = self.max_m if self.max_m is not None else self.max_min
        if limit is None or not (math.isfinite(limit) and 0 <= limit <= self._most):
            unit = "max_m" if self.max_m is not None else "max_min"
            message = f"{unit} {limit}; allowed: 0 to {self._most:.0f}"
            raise ParameterError(message)
        if self.e_bike and self.mode != "cycle":
            message = f"e_bike with mode '{self.mode}'; allowed: mode 'cycle'"
            raise ParameterError(message)

    @property
    def _most(self) -> float:
        return 1_000_000.0 if self.max_m is not None else 10_000.0

    @property
    def timed(self) -> bool:
        """Whether the limit is in minutes."""
        return self.max_min is not None

    @property
    def limit(self) -> float:
        """The limit in metres or minutes."""
        return float(self.max_min if self.max_min is not None else self.max_m or 0.0)

    @property
    def max_cost(self) -> float:
        """The limit in the whole units of the costs: centimetres, or hundredths of a second."""
        return self.limit * (CS_PER_MIN if self.timed else CM_PER_M)

    @property
    def flat_kmh(self) -> float:
        """The speed on the flat."""
        if self.speed_kmh is not None:
            return self.speed_kmh
        if self.mode == "walk":
            return WALK_KMH
        return E_BIKE_KMH if self.e_bike else CYCLE_KMH

    def speed(self, *, terrain: bool) -> Speed:
        """Return the speed, with the mode's law of gradients where there is a terrain model."""
        if self.mode == "walk":
            return Speed(self.flat_kmh, "walking" if terrain else "flat", least_kmh=0.1)
        uphill = UPHILL * (E_BIKE_UPHILL_SHARE if self.e_bike else 1.0)
        law: Law = "cycling" if terrain else "flat"
        return Speed(self.flat_kmh, law, uphill=uphill, least_kmh=PUSH_KMH)


@dataclass(frozen=True)
class Priced:
    """The costs of a graph for a trip; ``heights`` where gradients were taken.

    ``unknown_m``: metres of the network without known height, taken as flat.
    """

    costs: Costs
    speed: Speed | None
    heights: Heights | None = None
    unknown_m: float = 0.0


def read_network(
    path: Path,
    *,
    trip: Trip,
    crs: CRS,
    layer: str | None = None,
    epsg: int | None = None,
    used: Collection[int] = (),
) -> NetworkFile:
    """Read a network for a trip's mode: an OpenStreetMap extract or any line file.

    ``used``: EPSG codes that files beside it needed; see ``check_stated``.
    Of several layers the one with roads is taken where none is named. Raises SourceError
    (several such layers), CrsError, GeometryError (nothing that the mode may use).
    """
    if is_osm(path):
        return read_osm(path, mode=trip.mode, crs=crs, footways=trip.footways)
    picked, notes = (layer, ()) if layer else road_layer(path)
    own = read_own(path, layer=picked, epsg=epsg)
    check_stated([own], used=used)
    own = replace(own, notes=(*notes, *own.notes))
    return read_lines(own, mode=trip.mode, crs=crs, footways=trip.footways)


def price(graph: Graph, trip: Trip, *, crs: CRS, terrain: Path | None = None) -> Priced:
    """Price the graph (in ``crs``) for the trip. Raises SourceError where no height is known."""
    if not trip.timed:
        return Priced(length_costs(graph), None)
    if terrain is None:
        speed = trip.speed(terrain=False)
        return Priced(time_costs(graph, speed=speed, leg_kmh=trip.access_kmh), speed)
    speed = trip.speed(terrain=True)
    ends = profile(graph, step_m=trip.step_m)
    heights = sample_heights(terrain, ends.x, ends.y, crs=crs)
    unknown = unknown_m(graph, ends, heights.values)
    if not (unknown < float(graph.length_m.sum())):
        message = f"{terrain.name}: the terrain model covers no part of the network"
        raise SourceError(message)
    laid = deck_heights(graph, ends, heights.values)
    costs = gradient_costs(graph, ends, laid, speed=speed, leg_kmh=trip.access_kmh)
    return Priced(costs, speed, heights, unknown)


def _one_of(given: str, allowed: tuple[str, ...], name: str) -> None:
    if given not in allowed:
        message = f"{name} '{given}'; allowed: {', '.join(allowed)}"
        raise ParameterError(message)
