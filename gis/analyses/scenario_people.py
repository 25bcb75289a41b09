"""Measure how a plan changes who is near transit, near a station, and in a hazard zone.

The baseline is that of ``transit-access``, ``rail-cycling`` and ``hazard-exposure``, worked
out once for a study. A plan adds its own: those who move in are measured at points in its
areas, and those who live there today only where a new stop, station or path can reach them.
Nothing that is planned takes anything away from anybody, so each keeps the shorter way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, ready_list
from gis.analyses.placing import classes_at, place, weights_by_class
from gis.analyses.rail_cycling import RailCyclingParameters, ride_of
from gis.analyses.rides import STATIONS, ridden, stations_of
from gis.analyses.screen_people import with_stops
from gis.analyses.transit_access import TransitAccessParameters, reach_by, timetable_of
from gis.analyses.travel import ADDRESSES, counted_cells, origins_of, walk_to
from gis.analyses.zones import hazard_ids, hazard_of, together
from gis.kernels.distance import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.rides import Ridden, Ride
    from gis.analyses.scenario_plan import Layout
    from gis.analyses.study import Study
    from gis.analyses.transit_tables import Reach
    from gis.analyses.travel import Origins
    from gis.analyses.zones import Zones

    Floats = NDArray[np.float64]

_RAILS = ("rail", "metro")


@dataclass(frozen=True)
class PeopleChange:
    """Residents for whom something holds, before and after a plan.

    ``before`` of ``total`` today; ``gained`` of those who live there today gain it, and
    ``new_within`` of ``new_total`` who move in have it. ``part`` is the share of each of the
    plan's areas, ``was`` and ``now`` of each cell of the grid, where those are known.
    """

    indicator: str
    before: float
    total: float
    gained: float
    new_within: float
    new_total: float
    part: Floats
    was: Floats | None = None
    now: Floats | None = None

    @property
    def after(self) -> float:
        """How many it holds for with the plan."""
        return self.before + self.gained + self.new_within

    @property
    def after_total(self) -> float:
        """How many there are with the plan."""
        return self.total + self.new_total


def people_changes(
    study: Study, params: TransitAccessParameters, layout: Layout
) -> list[PeopleChange]:
    """Return the change of every indicator that the store has the layers for."""
    found = []
    if study.has(TIMETABLE) or study.has(READY_LIST):
        found.append(transit_change(study, params, layout))
    if study.has(STATIONS):
        found.append(rail_change(study, layout))
    if any(h.in_union for h in (hazard_of(study, x) for x in hazard_ids() if study.has(x))):
        found.append(hazard_change(study, layout))
    return found


def _changed(
    indicator: str,
    layout: Layout,
    cells: Cells,
    *,
    was: Floats,
    now: Floats,
    new: NDArray[np.bool_],
) -> PeopleChange:
    before = float(cells.weight @ was)
    part = layout.part(new)
    return PeopleChange(
        indicator=indicator,
        before=before,
        total=cells.total,
        gained=float(cells.weight @ (now - was)),
        new_within=float(layout.residents @ part) if len(part) else 0.0,
        new_total=float(layout.residents.sum()),
        part=part,
        was=was,
        now=now,
    )


# --- transit ----------------------------------------------------------------------------------


def transit_change(study: Study, params: TransitAccessParameters, layout: Layout) -> PeopleChange:
    """Count who has a frequent stop within ``max_m``, as ``transit-access`` does."""
    base = study.once(("scenario transit", params), lambda: _transit_base(study, params))
    max_m = params.max_m
    was = base.parts(max_m)
    after_m = _transit_after(study, params, layout, base=base)
    stops = with_stops(base.stops, layout.stops, min_per_hour=params.min_per_hour)
    found = _to_stops(study, params, layout.origins, stops=stops, layout=layout)
    return _changed(
        "transit",
        layout,
        base.origins.cells,
        was=was,
        now=base.origins.parts(np.nan_to_num(after_m, nan=np.inf) <= max_m),
        new=np.nan_to_num(found, nan=np.inf) <= max_m,
    )


def _transit_base(study: Study, params: TransitAccessParameters) -> Reach:
    cells = params.cells(study)
    timetable = timetable_of(study, params)
    stops = timetable.stops(params.asked) if timetable else ready_list(study)
    return reach_by(study, params, cells, stops=stops)


def _transit_after(
    study: Study, params: TransitAccessParameters, layout: Layout, *, base: Reach
) -> Floats:
    """Return metres from today's places; measured anew only to what is new."""
    wider = layout.roads(study, "walk") if params.metric == "network" else None
    new = with_stops(_none(base.stops), layout.stops, min_per_hour=params.min_per_hour)
    if wider is not None:
        every = with_stops(base.stops, layout.stops, min_per_hour=params.min_per_hour)
        found = _to_stops(study, params, base.origins, stops=every, layout=layout)
    elif new.frequent.any():
        found = _to_stops(study, params, base.origins, stops=new, layout=layout)
    else:
        return base.place_m
    return np.asarray(np.fmin(base.place_m, found))


def _none(stops: Stops) -> Stops:
    return Stops(stops.frame.iloc[:0], np.empty(0, dtype=bool))


def _to_stops(
    study: Study,
    params: TransitAccessParameters,
    origins: Origins,
    *,
    stops: Stops,
    layout: Layout,
) -> Floats:
    where = origins.where
    if not len(where.x) or not stops.frequent.any():
        return np.full(len(where.x), np.nan)
    if params.metric == "network":
        roads = layout.roads(study, "walk")
        walk = walk_to(study, origins, stops.x, stops.y, max_m=params.max_m, roads=roads)
        return walk.metres
    _, metres = nearest(where.x, where.y, stops.x, stops.y, max_m=params.max_m)
    return metres


# --- stations ---------------------------------------------------------------------------------


def rail_change(study: Study, layout: Layout) -> PeopleChange:
    """Count who cycles to a station in time, as ``rail-cycling`` does by default."""
    ride = ride_of(study, RailCyclingParameters())
    origins, base = study.once(("scenario rail",), lambda: _rail_base(study, ride))
    roads = layout.roads(study, "cycle") if ride.metric == "network" else None
    stations = _with_stations(study, ride, layout)
    now = base.within
    if roads is not None or stations is not None:
        again = ridden(study, origins, ride, stations=stations, roads=roads)
        now = base.within | again.within
    new = np.zeros(len(layout.origins.where.x), dtype=bool)
    if len(new):
        new = ridden(study, layout.origins, ride, stations=stations, roads=roads).within
    was, after = origins.parts(base.within), origins.parts(now)
    return _changed("rail", layout, origins.cells, was=was, now=after, new=new)


def _rail_base(study: Study, ride: Ride) -> tuple[Origins, Ridden]:
    origins = origins_of(study, counted_cells(study, "residents"), "centre")
    return origins, ridden(study, origins, ride)


def _with_stations(study: Study, ride: Ride, layout: Layout) -> gpd.GeoDataFrame | None:
    """Return the stations with the plan's, or None where it plans none."""
    new = [s for s in layout.stops if s.mode in _RAILS]
    if not new:
        return None
    rows = gpd.GeoDataFrame(
        {"name": [s.name for s in new], "kind": [s.mode for s in new]},
        geometry=[shapely.point_on_surface(s.shape) for s in new],
        crs=study.epsg,
    )
    both = pd.concat([stations_of(study, ride.kind), rows], ignore_index=True)
    return gpd.GeoDataFrame(both, crs=study.epsg)


# --- hazards ----------------------------------------------------------------------------------


def hazard_change(study: Study, layout: Layout) -> PeopleChange:
    """Count who lives in at least one hazard zone, as ``hazard-exposure`` does by default."""
    cells, inside, zones = study.once(("scenario hazard",), lambda: _hazard_base(study))
    hit = classes_at(layout.origins.where, zones, "interior") >= 0
    part = layout.part(hit)
    return PeopleChange(
        indicator="hazard",
        before=float(inside.sum()),
        total=cells.total,
        gained=0.0,
        new_within=float(layout.residents @ part) if len(part) else 0.0,
        new_total=float(layout.residents.sum()),
        part=part,
    )


def _hazard_base(study: Study) -> tuple[Cells, Floats, Zones]:
    hazards = [hazard_of(study, x) for x in hazard_ids() if study.has(x)]
    zones = together([h for h in hazards if h.in_union])
    cells = counted_cells(study, "residents")
    method: Any = "addresses" if study.has(ADDRESSES) else "area"
    placing = place(study, cells, method=method)
    return cells, weights_by_class(cells, placing, zones)[:, 0], zones
