"""Count who lives and works in and around a plan area, and how near transit is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, ready_list
from gis.analyses.growth import growth_share
from gis.analyses.residents import CELL_M, Cells, Spread, at_centres, centres, over_addresses
from gis.analyses.screen_area import WALK_M
from gis.analyses.transit_access import TransitAccessParameters, timetable_of
from gis.analyses.travel import ADDRESSES
from gis.errors import GisError
from gis.problems import problem_text
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.screen_area import PlanArea
    from gis.analyses.study import Study
    from gis.sources.plan import Planned

NEAR_M = (500.0, WALK_M)


@dataclass(frozen=True)
class Count:
    """How many residents or employees there are inside the area and within walking distance."""

    counted: str
    inside: float
    walk: float
    layer: str


@dataclass(frozen=True)
class Access:
    """How near frequent transit is: metres to the nearest stop, and how many lie near.

    ``dwellings`` and ``within`` are the planned ones and those within walking distance.
    """

    name: str
    nearest_m: float | None
    nearest_name: str
    stops: tuple[int, ...]
    dwellings: float
    within: float


def count_people(area: PlanArea) -> list[Count]:
    """Count residents and employees, of every municipality that the surroundings reach.

    Residents are at their addresses where the cell has any. Other residents, and employees,
    spread evenly over their cell: a plan area is smaller than a cell, and would mostly hold
    no centre. For the walking distance they stand at the centre.
    """
    found = []
    study = area.study
    if study.has("population_grid"):
        cells = _cells(study, "population_grid", "residents")
        homes = at_centres(cells)
        inside = float(cells.weight @ _parts(area, cells))
        if study.has(ADDRESSES):
            homes = over_addresses(study, cells)
            inside = _at_home(area, cells, homes)
        found.append(Count("residents", inside, _walking(area, homes), "population_grid"))
    if study.has("workplaces"):
        cells = _cells(study, "workplaces", "employees")
        inside = float(cells.weight @ _parts(area, cells))
        walk = _walking(area, at_centres(cells))
        found.append(Count("employees", inside, walk, "workplaces"))
    return found


def _parts(area: PlanArea, cells: Cells) -> NDArray[np.float64]:
    """Return the part (0-1) of each cell that lies in the area."""
    cut = shapely.area(shapely.intersection(cells.squares, area.shape))
    return np.asarray(cut / CELL_M**2, dtype=np.float64)


def _at_home(area: PlanArea, cells: Cells, homes: Spread) -> float:
    """Count those whose address is inside, and the even part of cells without an address."""
    within = shapely.intersects_xy(area.shape, homes.x, homes.y)
    counted = homes.weight @ (within & ~np.isin(homes.cell, homes.bare))
    return float(counted + cells.weight[homes.bare] @ _parts(area, cells)[homes.bare])


def _walking(area: PlanArea, where: Spread) -> float:
    near = shapely.dwithin(area.shape, shapely.points(where.x, where.y), WALK_M)
    return float(where.weight @ near)


def _cells(study: Study, layer: str, weight: str) -> Cells:
    """Take the cells of the surroundings, whichever municipality they are in."""
    frame = study.frame(layer)
    ids = frame["cell_id"].to_numpy(dtype=np.int64)
    values = frame[weight].to_numpy(dtype=np.float64)
    x, y = centres(study, ids)
    return Cells(
        layer=layer,
        cell_id=ids,
        x=x,
        y=y,
        weight=values,
        low=values,
        high=values,
        squares=frame.geometry.to_numpy(),
        coded=False,
        left_out=(),
        counted=weight,
    )


def access(area: PlanArea) -> tuple[list[Access], Text | None]:
    """Measure to frequent stops today and, where the plan has stops, with those of the plan.

    What is frequent is as in ``transit-access``: the timetable where the store has it, else
    the ready list. Returns the reason in place of an answer where there is neither.
    """
    study = area.whole
    if not (study.has(TIMETABLE) or study.has(READY_LIST)):
        return [], t("screen.why_no_data")
    params = TransitAccessParameters()
    try:
        timetable = timetable_of(study, params)
        stops = timetable.stops(params.asked) if timetable else ready_list(study)
    except GisError as problem:
        return [], t("screen.why_failed", reason=problem_text(problem))
    homes = area.plan.of("area")
    found = [_access("before", area, stops, homes=homes)]
    new = area.plan.of("stop")
    if new:
        wider = with_stops(stops, new, min_per_hour=params.min_per_hour)
        found.append(_access("after", area, wider, homes=homes))
    return found, None


def _access(name: str, area: PlanArea, stops: Stops, *, homes: Sequence[Planned]) -> Access:
    points = shapely.points(stops.x, stops.y)
    away = shapely.distance(area.drawn, points)
    nearest = int(np.argmin(away)) if len(away) else -1
    names = stops.frame["name"].to_numpy()[stops.frequent]
    growth = growth_share(homes, stops, max_m=WALK_M)
    return Access(
        name=name,
        nearest_m=float(away[nearest]) if nearest >= 0 else None,
        nearest_name=str(names[nearest]) if nearest >= 0 else "",
        stops=tuple(int((away <= m).sum()) for m in NEAR_M),
        dwellings=growth.total,
        within=growth.within,
    )


def with_stops(stops: Stops, new: Sequence[Planned], *, min_per_hour: float) -> Stops:
    """Add planned stops; those with fewer departures than asked for are not frequent."""
    if not new:
        return stops
    shapes: list[Any] = [p for s in new for p in shapely.get_parts(s.shape)]
    owner = [s for s in new for _ in shapely.get_parts(s.shape)]
    enough = np.array([bool(s.per_hour >= min_per_hour) for s in owner])
    rows = gpd.GeoDataFrame(
        {
            "stop_id": [f"plan-{i + 1}" for i in range(len(owner))],
            "name": [s.name for s in owner],
            "mode": [s.mode for s in owner],
        },
        geometry=shapes,
        crs=stops.frame.crs,
    )
    columns = [c for c in rows.columns if c in stops.frame.columns]
    frame = pd.concat([stops.frame[columns], rows[columns]], ignore_index=True)
    return Stops(gpd.GeoDataFrame(frame, crs=stops.frame.crs), np.append(stops.frequent, enough))
