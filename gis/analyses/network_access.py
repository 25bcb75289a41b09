"""Lay the study's roads and paths out as a network, and travel on it between places.

The layer ``roads_paths`` is read once a study and mode; where heights are needed, the
terrain layer is sampled once. A trip is priced from door to door: the straight line to the
nearest place on the network, the way along it, and the straight line at the other end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.errors import SourceError
from gis.kernels.network import Graph, build_graph, main_edges
from gis.kernels.network_costs import (
    Profile,
    deck_heights,
    gradient_costs,
    length_costs,
    profile,
    time_costs,
    unknown_m,
)
from gis.kernels.network_reach import Reached, Reason, reach
from gis.kernels.network_snap import Snapped, snap
from gis.sources.heights import sample_heights
from gis.sources.lines import read_lines
from gis.sources.own import OwnFile
from gis.sources.trips import Priced, Trip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.sources.network import NetworkFile
    from gis.sources.osm_rules import Mode

    Floats = NDArray[np.float64]

ROADS, TERRAIN = "roads_paths", "terrain"
# The store's field by the name that the rules of road files know it under.
_RULE_NAMES = {"kind": "typeveg", "category": "vegkategori", "lanes": "feltoversikt"}
_RULE_NAMES["motorway"] = "motorvegtype"
CODES = {reason: reason.name.lower() for reason in Reason}


@dataclass(frozen=True)
class Ground:
    """Heights along a network: where they were taken, and the metres without one."""

    ends: Profile
    heights: Floats
    unknown_m: float


@dataclass(frozen=True)
class Roads:
    """A network for one mode: its graph, and the parts of it that are no splinters.

    ``own``: it is the study's own, with nothing added. ``typed``: the data say what kind
    of road each line is.
    """

    study: Study
    mode: Mode
    file: NetworkFile
    graph: Graph
    main: NDArray[np.bool_]
    typed: bool
    own: bool
    _ground: dict[float, Ground] = field(default_factory=dict, repr=False, compare=False)

    def places(self, x: Floats, y: Floats, *, trip: Trip) -> Snapped:
        """Find the nearest place on the network of points within the trip's limit."""
        return snap(self.graph, x, y, max_m=trip.snap_m, prefer=self.main)

    def price(self, trip: Trip, *, gradient: bool) -> Priced:
        """Price the network for a trip. Raises SourceError where the terrain covers none of it."""
        if not trip.timed:
            return Priced(length_costs(self.graph), None)
        speed = trip.speed(terrain=gradient)
        if not gradient:
            return Priced(time_costs(self.graph, speed=speed, leg_kmh=trip.access_kmh), speed)
        ground = self.ground(trip.step_m)
        costs = gradient_costs(
            self.graph, ground.ends, ground.heights, speed=speed, leg_kmh=trip.access_kmh
        )
        return Priced(costs, speed, unknown_m=ground.unknown_m)

    def ground(self, step_m: float) -> Ground:
        """Take the heights along the network once, bridges and tunnels laid straight."""
        if step_m not in self._ground:
            self._ground[step_m] = _ground(self.study, self.graph, step_m)
        return self._ground[step_m]

    @property
    def length_km(self) -> float:
        """The length of the network."""
        return float(self.graph.length_m.sum()) / 1000


def roads_of(study: Study, mode: Mode) -> Roads:
    """Return the study's network for a mode, built once. Raises LayerMissingError."""
    return study.once(
        ("roads", mode), lambda: network_of(study, study.frame(ROADS), mode, own=True)
    )


def network_of(study: Study, lines: gpd.GeoDataFrame, mode: Mode, *, own: bool = False) -> Roads:
    """Build a network of lines with the fields of ``roads_paths``, in the working CRS.

    Raises GeometryError where no line is open to the mode.
    """
    source = study.source(ROADS)
    typed = "kind" in lines.columns and bool(lines["kind"].notna().any())
    # Without any road type the rules of Norwegian road files have nothing to go by.
    names = {k: v for k, v in _RULE_NAMES.items() if k in lines.columns} if typed else {}
    given = OwnFile(Path(source.file), None, source.sha256, lines.rename(columns=names), ())
    file = read_lines(given, mode=mode, crs=study.crs)
    graph = build_graph(file.ways)
    main = main_edges(graph, least_share=Trip(mode, max_m=0).least_share)
    return Roads(study, mode, file, graph, main, typed, own)


def joined_lines(
    lines: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, join_m: float
) -> gpd.GeoDataFrame:
    """Return the lines with new ones, whose ends reach out to the nearest line within ``join_m``.

    New lines are foot and cycle paths on the ground. Both frames in metres, one CRS.
    """
    reached = gpd.GeoSeries([_tied(g, lines, join_m) for g in new.geometry], crs=lines.crs)
    added = gpd.GeoDataFrame(geometry=reached).assign(kind="gangOgSykkelveg", medium="ground")
    return gpd.GeoDataFrame(pd.concat([lines, added], ignore_index=True), crs=lines.crs)


def _tied(shape: shapely.LineString, lines: gpd.GeoDataFrame, join_m: float) -> shapely.LineString:
    xy = shapely.get_coordinates(shape)
    tips = shapely.points(xy[[0, -1]])
    tip, row = lines.sindex.nearest(tips, return_all=False, max_distance=max(join_m, 1e-6))
    end = dict(zip(tip.tolist(), row.tolist(), strict=True))
    ways = {
        which: shapely.get_coordinates(
            shapely.shortest_line(tips[which], lines.geometry.iloc[near])
        )[-1:]
        for which, near in end.items()
    }
    none = np.empty((0, 2))
    whole = np.concatenate([ways.get(0, none), xy, ways.get(1, none)])
    return shapely.remove_repeated_points(shapely.LineString(whole))


def _ground(study: Study, graph: Graph, step_m: float) -> Ground:
    ends = profile(graph, step_m=step_m)
    path = study.file(TERRAIN)
    heights = sample_heights(path, ends.x, ends.y, crs=study.crs).values
    unknown = unknown_m(graph, ends, heights)
    if not unknown < float(graph.length_m.sum()):
        message = f"{path.name}: the terrain model covers no part of the network"
        raise SourceError(message)
    return Ground(ends, deck_heights(graph, ends, heights), unknown)


def travel(
    roads: Roads,
    origins: Snapped,
    targets: Snapped,
    *,
    trip: Trip,
    priced: Priced,
    max_cost: float | None = None,
) -> Reached:
    """Return the cheapest trip of each origin to any target; nobody arrives where there is none.

    ``max_cost`` in the unit of the costs, the trip's own limit unless given.
    """
    if not targets.found.any():
        reason = np.where(origins.found, Reason.BEYOND, Reason.NO_ROAD).astype(np.int8)
        none = np.full(len(origins), -1, dtype=np.int64)
        return Reached(cost=none, length_cm=none, reason=reason, destination=none)
    return reach(
        roads.graph,
        origins,
        targets,
        costs=priced.costs,
        max_cost=trip.max_cost if max_cost is None else max_cost,
        direction=trip.direction,
    )
