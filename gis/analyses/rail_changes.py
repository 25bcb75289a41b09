"""Work out who comes within cycling reach of a station by a new path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from pydantic import Field

from gis.analyses.counting import OWN_FILE
from gis.analyses.frequent_stops import READY_LIST
from gis.analyses.network_access import ROADS, TERRAIN, joined_lines, network_of
from gis.analyses.new_paths import new_lines
from gis.analyses.parts import UNITS
from gis.analyses.rail_cycling import RailCyclingParameters, answer, check_halo, ride_of
from gis.analyses.registry import Analysis
from gis.analyses.rides import STATIONS, Ridden, better_of, ridden
from gis.analyses.transit_tables import units_table
from gis.analyses.travel import ADDRESSES, origins_of
from gis.analyses.travel_words import count_text, joined, share_text
from gis.errors import InvariantError, ParameterError
from gis.result import Definition, Reading, Result
from gis.text import Text, number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.rides import Ride
    from gis.analyses.study import Study
    from gis.analyses.travel import Origins

    Floats = NDArray[np.float64]


class RailChangesParameters(RailCyclingParameters):
    """How far is cycled to which stations, and what is new."""

    path: Path | None = Field(
        default=None,
        description="a file of lines: new foot and cycle paths on the ground (with metric network)",
        json_schema_extra=OWN_FILE,
    )
    join_m: float = Field(
        default=10,
        ge=0,
        le=100,
        description="how far the ends of a new path reach out to meet a road, metres",
    )


def run(study: Study, params: RailChangesParameters) -> Result:
    """Count who cycles to a station within the limit before and after, under one definition.

    A new path takes nothing away, so each place keeps the shorter of its two rides.
    Without a path the answer is exactly that of rail-cycling. Raises ParameterError,
    SourceError, GeometryError, LayerMissingError.
    """
    ride = ride_of(study, params)
    check_halo(study, ride)
    if params.path is not None and ride.metric != "network":
        message = f"path given with metric {ride.metric}; allowed: metric network"
        raise ParameterError(message)
    origins = origins_of(study, params.cells(study), params.origins)
    before = ridden(study, origins, ride)
    after, drawn = _after(study, origins, ride, before=before, params=params)
    was, now = origins.parts(before.within), origins.parts(after.within)
    if float((now - was).min(initial=0)) < 0:
        message = "rail-changes: fewer arrive with a new path than without; at least as many needed"
        raise InvariantError(message)
    return _answer(study, origins, after, params=params, was=was, drawn=drawn)


def _after(
    study: Study, origins: Origins, ride: Ride, *, before: Ridden, params: RailChangesParameters
) -> tuple[Ridden, gpd.GeoDataFrame]:
    """Ride with what is new; nobody is farther away than before."""
    none = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=study.crs)
    if params.path is None:
        return before, none
    lines = new_lines(study, params.path)
    wider = joined_lines(study.frame(ROADS), lines, join_m=params.join_m)
    roads = network_of(study, wider, "cycle")
    found = ridden(study, origins, ride, roads=roads)
    return better_of(before, found, weight=origins.where.weight), lines.assign(kind="path")


def _answer(
    study: Study,
    origins: Origins,
    after: Ridden,
    *,
    params: RailChangesParameters,
    was: Floats,
    drawn: gpd.GeoDataFrame,
) -> Result:
    cells = origins.cells
    now = origins.parts(after.within)
    old, new = float(cells.weight @ was), float(cells.weight @ now)
    told = answer(study, origins, after, readings=_readings(origins, old, new))
    files = [f"with {params.path.name}"] if params.path else []
    counted = cells.counted
    return replace(
        told,
        analysis="rail-changes",
        title=ANALYSIS.title,
        finding=t(
            f"rail_changes.finding_{counted}",
            rest=told.finding,
            before=share_text(cells, old),
            gained=count_text(cells, new - old),
        ),
        definition=_definition(params, told),
        provenance=replace(
            told.provenance, steps=(*told.provenance.steps, *files, "before and after")
        ),
        figures={**told.figures, f"{counted}_before": old, f"{counted}_gained": new - old},
        tables={**told.tables, **_units(study, origins, was=was, now=now)},
        frame=_frame(told.frame, was=was, now=now),
        layers={**told.layers, "changes": drawn},
    )


def _readings(origins: Origins, old: float, new: float) -> tuple[Reading, ...]:
    total = origins.cells.total
    return tuple(
        Reading(
            name=name,
            text=t(f"what_changes.{name}"),
            value=part / total if total else None,
            numerator=part,
            denominator=total,
            chosen=name == "after",
        )
        for name, part in (("before", old), ("after", new))
    )


def _definition(params: RailChangesParameters, told: Result) -> Definition:
    """Add what is new to the definition of cycling to a station."""
    said: list[Text] = [told.definition.sentence, t("what_changes.rule")]
    new: dict[str, str | float] = {}
    if params.path is not None:
        join = number(params.join_m)
        said.append(t("rail_changes.path", file=params.path.name, join=join))
        new = {"path": params.path.name, "join_m": params.join_m}
    return Definition(joined(*said), {**told.definition.parameters, **new})


def _units(study: Study, origins: Origins, *, was: Floats, now: Floats) -> dict[str, Any]:
    if not study.has(UNITS):
        return {}
    parts = {"reached_before": was, "gained": now - was, "reached": now}
    return {"units": units_table(study, origins.cells, parts)}


def _frame(frame: gpd.GeoDataFrame | None, *, was: Floats, now: Floats) -> gpd.GeoDataFrame | None:
    """Add to the cells who arrived before and who gains, by half of each cell's places or more."""
    if frame is None:
        return None
    return frame.assign(
        reached=now >= 0.5, reached_before=was >= 0.5, gained=(now >= 0.5) & (was < 0.5)
    )


ANALYSIS = Analysis(
    id="rail-changes",
    title=t("rail_changes.title"),
    question=t("rail_changes.question"),
    parameters=RailChangesParameters,
    run=run,
    needs=("municipality",),
    uses=(STATIONS, READY_LIST, "population_grid", "workplaces", ROADS, TERRAIN, ADDRESSES, UNITS),
)
