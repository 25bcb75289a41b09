"""Measure how a plan changes who is near transit, stations and forest, and in hazard zones.

The baseline is that of ``transit-access``, ``rail-cycling``, ``hazard-exposure`` and
``green-access``, worked out once for a study. A plan adds its own: those who move in are
measured at points in its areas, and those who live there today only where a new stop,
station or path can reach them.
A new stop or path takes nothing away from anybody, so each keeps the shorter way; forest
that is built on is lost to those who live near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.board_access import timetable_once
from gis.analyses.board_land import counted
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, ready_list
from gis.analyses.green_access import connected_forests, large_forests, near_forest
from gis.analyses.placing import classes_at
from gis.analyses.rail_cycling import RailCyclingParameters, ride_of
from gis.analyses.rides import STATIONS, ridden, stations_of
from gis.analyses.screen_people import with_stops
from gis.analyses.transit_access import TransitAccessParameters, reach_by
from gis.analyses.travel import counted_cells, origins_of, walk_to
from gis.analyses.zones import hazard_ids, hazard_of
from gis.kernels.distance import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.hazard_counts import Counted
    from gis.analyses.residents import Cells
    from gis.analyses.rides import Ridden, Ride
    from gis.analyses.scenario_plan import Layout
    from gis.analyses.study import Study
    from gis.analyses.transit_tables import Reach
    from gis.analyses.travel import Origins
    from gis.analyses.zones import Hazard

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
    timetable = timetable_once(study, params)
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


def rail_change(study: Study, layout: Layout, *, max_min: float = 10) -> PeopleChange:
    """Count who cycles to a station in time, as ``rail-cycling`` does by default."""
    ride = ride_of(study, RailCyclingParameters(max_min=max_min))
    origins, base = study.once(("scenario rail", ride), lambda: _rail_base(study, ride))
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
        crs=study.crs,
    )
    both = pd.concat([stations_of(study, ride.kind), rows], ignore_index=True)
    return gpd.GeoDataFrame(both, crs=study.crs)


# --- hazards ----------------------------------------------------------------------------------


def hazard_change(study: Study, layout: Layout) -> PeopleChange:
    """Count who lives in at least one hazard zone, as ``hazard-exposure`` does by default."""
    found = counted(study)
    hits = [_in_zones(found, h, layout) for h in found.hazards if h.in_union]
    hit = np.logical_or.reduce(hits)
    return _moved_in("hazard", layout, found, inside=found.any_zone, hit=hit)


def zone_change(study: Study, layout: Layout, layer: str) -> PeopleChange:
    """Count who lives in the zones of one hazard, as the board of indicators does."""
    found = counted(study)
    one = next(e for e in found.exposures if e.hazard.id == layer)
    hit = _in_zones(found, one.hazard, layout)
    return _moved_in(f"hazard_{layer}", layout, found, inside=one.inside, hit=hit)


def _in_zones(found: Counted, hazard: Hazard, layout: Layout) -> NDArray[np.bool_]:
    rule = found.placing.point_rule
    return np.asarray(classes_at(layout.origins.where, hazard.zones, rule) >= 0)


def _moved_in(
    indicator: str, layout: Layout, found: Counted, *, inside: Floats, hit: NDArray[np.bool_]
) -> PeopleChange:
    part = layout.part(hit)
    return PeopleChange(
        indicator=indicator,
        before=float(inside.sum()),
        total=found.cells.total,
        gained=0.0,
        new_within=float(layout.residents @ part) if len(part) else 0.0,
        new_total=float(layout.residents.sum()),
        part=part,
    )


# --- forest -----------------------------------------------------------------------------------


def green_change(study: Study, layout: Layout, *, max_m: float, min_daa: float) -> PeopleChange:
    """Count who has a forest near, as ``green-access`` does; what is built on is no forest.

    A forest that the plan cuts is measured again, and those near it; others are as they were.
    """
    cells = counted_cells(study, "residents")
    every = connected_forests(study)
    forests = large_forests(every, min_daa)
    was = near_forest(cells.x, cells.y, forests, max_m=max_m)
    built = layout.built
    cut = shapely.area(shapely.intersection(forests, built)) > 0
    rest = shapely.get_parts(shapely.difference(forests[cut], built))
    after = np.concatenate([forests[~cut], large_forests(rest, min_daa)])
    now = was.copy()
    again = was & near_forest(cells.x, cells.y, forests[cut], max_m=max_m)
    now[again] = near_forest(cells.x[again], cells.y[again], after, max_m=max_m)
    where = layout.origins.where
    return _changed(
        "green",
        layout,
        cells,
        was=was.astype(np.float64),
        now=now.astype(np.float64),
        new=near_forest(where.x, where.y, after, max_m=max_m),
    )
