"""Close the roads inside zones, and tell what becomes of each place's way to a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.analyses.cut_off_tables import (
    AS_BEFORE,
    CUT_OFF,
    IN_ZONE,
    LONGER,
    NEVER,
    NO_ROAD,
    Closed,
)
from gis.analyses.network_access import Roads, network_of
from gis.errors import LayerMissingError
from gis.kernels.network_costs import length_costs
from gis.kernels.network_reach import reach
from gis.kernels.network_snap import Snapped, snap
from gis.kernels.zones import highest_class

if TYPE_CHECKING:
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

_CM = 100.0
_DECKS = ("bridge", "tunnel")
_SAME_PLACE_M = 0.05


@dataclass(frozen=True)
class Network:
    """One network with the nearest place on it of every origin and target."""

    roads: Roads
    origins: Snapped
    targets: Snapped

    def cost_m(self) -> NDArray[np.float64]:
        """Metres by road from each origin to the nearest target, infinite where none."""
        graph = self.roads.graph
        if not self.targets.found.any():
            return np.full(len(self.origins), np.inf)
        costs = length_costs(graph)
        found = reach(graph, self.origins, self.targets, costs=costs, max_cost=np.inf)
        return np.where(found.cost >= 0, found.cost / _CM, np.inf)


def without(
    lines: gpd.GeoDataFrame, zones: NDArray[Any], *, decks: str
) -> tuple[gpd.GeoDataFrame, NDArray[Any]]:
    """Return the lines without what lies inside the zones, and what was taken away."""
    shapes = lines.geometry.to_numpy().copy()
    ground = np.ones(len(lines), dtype=bool)
    if decks == "open" and "medium" in lines.columns:
        ground = ~lines["medium"].isin(_DECKS).to_numpy()
    joined = shapely.union_all(zones)
    shapely.prepare(joined)
    hit = np.flatnonzero(ground & shapely.intersects(joined, shapes))
    taken = shapely.intersection(shapes[hit], joined)
    shapes[hit] = shapely.difference(shapes[hit], joined)
    left = lines.assign(geometry=shapes)
    left = left[~left.geometry.is_empty].explode(ignore_index=True)
    return left, taken[shapely.length(taken) > 0]


def compare(
    study: Study,
    lines: gpd.GeoDataFrame,
    left: gpd.GeoDataFrame,
    *,
    zones: NDArray[Any],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    targets: gpd.GeoDataFrame,
    snap_m: float,
) -> Closed:
    """Work out the way to the nearest target before and after, and what became of each place."""
    spots = shapely.point_on_surface(targets.geometry.to_numpy())
    ends = shapely.get_x(spots), shapely.get_y(spots)
    if left.empty:
        message = "every road lies inside the zones"
        raise LayerMissingError(message)
    before = _network(study, lines, places=places, ends=ends, snap_m=snap_m)
    after = _network(study, left, places=places, ends=ends, snap_m=snap_m)
    # Whose own piece of road is taken away would be put on another road, over flooded land:
    # such a place is stranded, and such a target is reached by nobody.
    stranded = before.origins.found & _moved(before.origins, after.origins)
    edge = np.where(_moved(before.targets, after.targets), -1, after.targets.edge)
    after = replace(after, targets=replace(after.targets, edge=edge))
    old, new = before.cost_m(), after.cost_m()
    found = before.origins.found
    ranks = np.zeros(len(zones), dtype=np.int64)
    in_zone = highest_class(*places, zones, ranks, n_classes=1) == 0
    state = np.full(len(old), AS_BEFORE, dtype=np.int64)
    both = np.isfinite(old) & np.isfinite(new)
    longer = np.subtract(new, old, out=np.full(len(old), np.nan), where=both)
    state[longer > 1.0] = LONGER
    state[np.isinf(new) | stranded] = CUT_OFF
    state[np.isinf(old)] = NEVER
    state[in_zone & found & np.isfinite(old)] = IN_ZONE
    state[~found] = NO_ROAD
    return Closed(state, np.where(state == LONGER, longer, 0.0))


def _moved(before: Snapped, after: Snapped) -> NDArray[np.bool_]:
    """Tell which places are put elsewhere on the network than before, or nowhere."""
    away = np.hypot(before.x - after.x, before.y - after.y)
    return np.asarray(~(away <= _SAME_PLACE_M))


def _network(
    study: Study,
    lines: gpd.GeoDataFrame,
    *,
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    snap_m: float,
) -> Network:
    roads = network_of(study, lines, "walk")
    return Network(
        roads, snap(roads.graph, *places, max_m=snap_m), snap(roads.graph, *ends, max_m=snap_m)
    )
