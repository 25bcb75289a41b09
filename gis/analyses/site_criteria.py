"""Give grid cells points for what makes a good place to build: stops, daily destinations, town."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.analyses.critical_infrastructure import OBJECTS
from gis.analyses.land_parts import ground_of
from gis.analyses.near_transit import Targets, frequent_stops, stop_targets
from gis.analyses.network_access import roads_of, travel
from gis.kernels.ranking import falling
from gis.sources.trips import CM_PER_M, Trip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.site_grid import SiteGrid
    from gis.analyses.study import Study
    from gis.analyses.suitability import SuitabilityParameters

    Floats = NDArray[np.float64]

GROCERIES = "groceries"
TRANSIT, SCHOOL, KINDERGARTEN, GROCERY, BUILT_UP = (
    "transit", "school", "kindergarten", "grocery", "built_up",
)  # fmt: skip
CRITERIA = (TRANSIT, SCHOOL, KINDERGARTEN, GROCERY, BUILT_UP)
# Nearer than this share of its limit, a destination is as near as it can be.
FULL_SHARE = 0.2
# Points are whole thousandths, so that they add up the same wherever they are added.
STEPS = 1000
# How the municipality's own list names daily destinations.
_WORDS = {SCHOOL: ("skole", "school"), KINDERGARTEN: ("barnehage", "kindergarten")}


@dataclass(frozen=True)
class Criterion:
    """One criterion: points (0-1) by cell, and what was measured: metres, or a share."""

    name: str
    points: Floats
    measured: Floats
    nearest: NDArray[np.object_] | None = None


def criteria_of(
    study: Study, grid: SiteGrid, params: SuitabilityParameters
) -> dict[str, Criterion]:
    """Give points for every criterion whose layers are there.

    Distances are straight or walked by network, from the centre of each cell. Up to a
    fifth of a limit gives full points, which fall straight to none at the limit.
    """
    targets = daily_targets(study)
    found = frequent_stops(study, params.asked_of_timetable)
    if found is not None:
        targets[TRANSIT] = stop_targets(found)
    made = {}
    for name in CRITERIA:
        if name in targets:
            made[name] = _near(study, grid, params, name=name, target=targets[name])
        elif name == BUILT_UP and study.has("built_up"):
            share = grid.within(shapely.get_parts(ground_of(study).built_up))
            made[name] = Criterion(name, _stepped(np.clip(share, 0.0, 1.0)), share)
    return made


def _stepped(points: Floats) -> Floats:
    return np.asarray(np.rint(points * STEPS) / STEPS)


def daily_targets(study: Study) -> dict[str, Targets]:
    """Return schools and kindergartens of the municipality's own list, and grocery shops.

    A kind without a single place in the data is absent, not far away.
    """
    made: dict[str, Targets] = {}
    if study.has(OBJECTS):
        frame = study.frame(OBJECTS)
        function = frame["function"].astype(str).str.casefold()
        for kind, words in _WORDS.items():
            mine = np.logical_or.reduce([function.str.contains(w, regex=False) for w in words])
            if mine.any():
                made[kind] = _targets(kind, frame[mine])
    if study.has(GROCERIES) and len(study.frame(GROCERIES)):
        made[GROCERY] = _targets(GROCERY, study.frame(GROCERIES))
    return made


def _targets(kind: str, frame: Mapping[str, object]) -> Targets:
    points = shapely.point_on_surface(frame.geometry.to_numpy())  # type: ignore[attr-defined]
    names = frame["name"].astype(str).to_numpy(dtype=object)  # type: ignore[attr-defined]
    return Targets(kind, shapely.get_x(points), shapely.get_y(points), names)


def _near(
    study: Study, grid: SiteGrid, params: SuitabilityParameters, *, name: str, target: Targets
) -> Criterion:
    limit = params.limit_m(name)
    if params.metric == "network":
        metres = _walked(study, grid, target, limit_m=limit)
        nearest = None
    else:
        index, metres = target.distance(grid.x, grid.y)
        known = np.append(target.names, "")
        nearest = known[index]
    points = falling(metres, full_m=FULL_SHARE * limit, none_m=limit)
    return Criterion(name, _stepped(points), metres, nearest)


def _walked(study: Study, grid: SiteGrid, target: Targets, *, limit_m: float) -> Floats:
    """Return metres walked along roads and paths; NaN where it is farther than the limit."""
    roads = roads_of(study, "walk")
    trip = Trip("walk", max_m=limit_m)
    starts = study.once(
        ("site starts", grid.size_m), lambda: roads.places(grid.x, grid.y, trip=trip)
    )
    ends = roads.places(target.x, target.y, trip=trip)
    priced = roads.price(trip, gradient=False)
    found = travel(roads, starts, ends, trip=trip, priced=priced)
    return np.where(found.length_cm >= 0, found.length_cm / CM_PER_M, np.nan)
