"""Work out who gains access to transit by a new stop, new departures or a new path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field

from gis.analyses.counting import OWN_FILE
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, Timetable, ready_list
from gis.analyses.network_access import ROADS, Roads, joined_lines, network_of
from gis.analyses.new_paths import new_lines
from gis.analyses.parts import UNITS
from gis.analyses.registry import Analysis
from gis.analyses.residents import share_bounds
from gis.analyses.shown import cell_columns
from gis.analyses.transit_access import (
    TransitAccessParameters,
    answer,
    check_stops,
    reach_by,
    timetable_of,
)
from gis.analyses.transit_tables import Reach, left_out_of, units_table
from gis.analyses.travel import ADDRESSES, check_reach, walk_to
from gis.analyses.travel_words import count_text, joined, own_words, plain_number, share_text
from gis.crs import LONLAT_EPSG, transform_points
from gis.errors import InvariantError, ParameterError
from gis.result import Definition, Reading, Result, Status
from gis.text import Text, number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

    Floats = NDArray[np.float64]


class WhatChangesParameters(TransitAccessParameters):
    """What is near and frequent, and what is new."""

    new_stop: str = Field(
        default="",
        pattern=r"^(-?\d+(\.\d+)?,-?\d+(\.\d+)?)?$",
        description="a new stop: longitude,latitude in degrees",
    )
    stop_per_hour: float = Field(
        default=4,
        ge=0,
        le=120,
        description="evenly spaced departures an hour at the new stop, counted as the reading "
        "counts them",
    )
    feed: Path | None = Field(
        default=None,
        description="a second GTFS feed (zip or folder) whose trips are added; stops of equal id "
        "are the same stop",
        json_schema_extra=OWN_FILE,
    )
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


@dataclass(frozen=True)
class Change:
    """What is new: a stop's place, a feed beside the first, the network with paths added."""

    stop: tuple[float, float] | None
    feed: Path | None
    roads: Roads | None
    drawn: gpd.GeoDataFrame


def run(study: Study, params: WhatChangesParameters) -> Result:
    """Count who is within reach before and after a change, under one definition.

    Whatever was within reach before still is: a new stop, trip or path takes nothing
    away, so each place keeps the shorter of its two ways. Without a change the answer is
    exactly that of transit-access. Raises ParameterError, SourceError, GeometryError.
    """
    check_reach(study, params.max_m)
    cells = params.cells(study)
    timetable = timetable_of(study, params)
    check_stops(_base(params), timetable)
    change = _change(study, params, timetable)
    stops = timetable.stops(params.asked) if timetable else ready_list(study)
    before = reach_by(study, params, cells, stops=stops)
    after = _after(study, params, before, change=change, timetable=timetable)
    old = answer(study, _base(params), cells, timetable=timetable, drawn=False)
    return _answer(study, params, before, after=after, change=change, old=old)


def _base(params: WhatChangesParameters) -> TransitAccessParameters:
    """Return the definition alone, without what is new."""
    given = params.model_fields_set & set(TransitAccessParameters.model_fields)
    return TransitAccessParameters(**{k: getattr(params, k) for k in given})


def _change(study: Study, params: WhatChangesParameters, timetable: Timetable | None) -> Change:
    if params.feed is not None and timetable is None:
        message = "feed given, but the frequent stops come from a ready list; a feed needs a feed"
        raise ParameterError(message)
    if params.path is not None and params.metric != "network":
        message = f"path given with metric {params.metric}; allowed: metric network"
        raise ParameterError(message)
    stop = _stop_place(study, params.new_stop) if params.new_stop else None
    shapes = [] if stop is None else [shapely.Point(stop)]
    kinds = ["stop"] * len(shapes)
    roads = None
    if params.path is not None:
        lines = new_lines(study, params.path)
        shapes, kinds = [*shapes, *lines.geometry], [*kinds, *["path"] * len(lines)]
        wider = joined_lines(study.frame(ROADS), lines, join_m=params.join_m)
        roads = network_of(study, wider, "walk")
    drawn = gpd.GeoDataFrame({"kind": kinds}, geometry=shapes, crs=study.crs)
    enough = stop is not None and params.stop_per_hour >= params.min_per_hour
    if params.statistic == "every-hour":
        enough = enough and np.floor(params.stop_per_hour) >= params.min_per_hour
    return Change(stop if enough else None, params.feed, roads, drawn)


def _stop_place(study: Study, text: str) -> tuple[float, float]:
    """Return a stop's place in the working CRS. Raises ParameterError outside the halo."""
    lon, lat = (float(v) for v in text.split(","))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        message = f"new_stop {text}; allowed: longitude,latitude in degrees"
        raise ParameterError(message)
    x, y = transform_points(
        np.array([lon]), np.array([lat]), from_epsg=LONLAT_EPSG, to_epsg=study.epsg
    )
    place = shapely.Point(float(x[0]), float(y[0])) if np.isfinite(x[0] + y[0]) else None
    if place is None or not shapely.dwithin(study.polygon, place, study.halo_m):
        message = (
            f"new_stop {text} lies more than {study.halo_m} m from {study.area.name}; longitude "
            "comes first"
        )
        raise ParameterError(message)
    return place.x, place.y


def _after(
    study: Study,
    params: WhatChangesParameters,
    before: Reach,
    *,
    change: Change,
    timetable: Timetable | None,
) -> Reach:
    """Measure with what is new; nobody is farther away than before."""
    stops = before.stops
    if timetable is not None and change.feed is not None:
        patched = replace(timetable, patch=change.feed, _read={}, _counted={})
        stops = patched.stops(params.asked)
    stops = _with_stop(stops, change.stop)
    if change.roads is not None:
        limit = before.walk.trip.limit if before.walk else params.max_m
        walk = walk_to(study, before.origins, stops.x, stops.y, max_m=limit, roads=change.roads)
        found = Reach(stops, before.origins, walk.metres, walk)
    else:
        found = reach_by(study, params, before.origins.cells, stops=stops)
    return replace(found, place_m=np.fmin(before.place_m, found.place_m))


def _with_stop(stops: Stops, place: tuple[float, float] | None) -> Stops:
    if place is None:
        return stops
    row: dict[str, Any] = {"stop_id": ["new"], "name": ["new"], "mode": ["bus"]}
    geometry = [shapely.Point(place)]
    new = gpd.GeoDataFrame(row, geometry=geometry, crs=stops.frame.crs)
    columns = [c for c in ("stop_id", "name", "mode", "geometry") if c in stops.frame.columns]
    frame = pd.concat([stops.frame[columns], new[columns]], ignore_index=True)
    return Stops(gpd.GeoDataFrame(frame, crs=stops.frame.crs), np.append(stops.frequent, True))


def _answer(
    study: Study,
    params: WhatChangesParameters,
    before: Reach,
    *,
    after: Reach,
    change: Change,
    old: Result,
) -> Result:
    cells, max_m = before.origins.cells, params.max_m
    was, now = before.parts(max_m), after.parts(max_m)
    reached = float(cells.weight @ now)
    gained = float(cells.weight @ (now - was))
    if gained < 0 or float((now - was).min(initial=0)) < 0:
        message = f"what-changes: {gained} gained by something new; at least 0 expected"
        raise InvariantError(message)
    low, high = share_bounds(cells, now)
    files = [p for p in (params.feed, params.path) if p is not None]
    return replace(
        old,
        analysis="what-changes",
        title=ANALYSIS.title,
        value=reached / cells.total if cells.total else None,
        numerator=reached,
        low=low,
        high=high,
        status=Status.OK if cells.total else Status.INSUFFICIENT_DATA,
        finding=_finding(study, cells, old, reached=reached, gained=gained),
        definition=_definition(params, old),
        provenance=replace(
            old.provenance,
            steps=(*old.provenance.steps, *(f"with {p.name}" for p in files), "before and after"),
        ),
        sensitivity=_readings(cells, old, reached=reached),
        left_out=(
            *(x for x in old.left_out if x not in left_out_of(before, max_m)),
            *left_out_of(after, max_m),
        ),
        figures={
            "cells": len(cells.cell_id),
            cells.counted: cells.total,
            f"{cells.counted}_before": old.numerator,
            f"{cells.counted}_reached": reached,
            f"{cells.counted}_gained": gained,
        },
        tables=_tables(study, cells, was=was, now=now),
        frame=_frame(study, after, was=was, now=now),
        layers={"changes": change.drawn},
    )


def _finding(study: Study, cells: Cells, old: Result, *, reached: float, gained: float) -> Text:
    return t(
        f"what_changes.finding_{cells.counted}",
        name=study.area.name,
        **own_words(cells),
        before=share_text(cells, float(old.numerator or 0)),
        after=share_text(cells, reached),
        gained=count_text(cells, gained),
    )


def _definition(params: WhatChangesParameters, old: Result) -> Definition:
    """Add what is new to the definition of access."""
    said = [old.definition.sentence, t("what_changes.rule")]
    if params.new_stop:
        per_hour = plain_number(params.stop_per_hour)
        said.append(t("what_changes.stop", place=params.new_stop, per_hour=per_hour))
    if params.feed is not None:
        said.append(t("what_changes.feed", file=params.feed.name))
    if params.path is not None:
        said.append(t("what_changes.path", file=params.path.name, join=number(params.join_m)))
    new = {
        "new_stop": params.new_stop or None,
        "stop_per_hour": params.stop_per_hour if params.new_stop else None,
        "feed": params.feed.name if params.feed else None,
        "path": params.path.name if params.path else None,
        "join_m": params.join_m if params.path else None,
    }
    given = {k: v for k, v in new.items() if v is not None}
    return Definition(joined(*said), {**old.definition.parameters, **given})


def _readings(cells: Cells, old: Result, *, reached: float) -> tuple[Reading, ...]:
    total = cells.total
    pairs = (("before", float(old.numerator or 0)), ("after", reached))
    return tuple(
        Reading(
            name=name,
            text=t(f"what_changes.{name}"),
            value=part / total if total else None,
            numerator=part,
            denominator=total,
            chosen=name == "after",
        )
        for name, part in pairs
    )


def _tables(study: Study, cells: Cells, *, was: Floats, now: Floats) -> dict[str, Any]:
    if not study.has(UNITS):
        return {}
    parts = {"reached_before": was, "gained": now - was, "reached": now}
    return {"units": units_table(study, cells, parts)}


def _frame(study: Study, after: Reach, *, was: Floats, now: Floats) -> gpd.GeoDataFrame:
    """Return the cells: reached before, gained or not, by half of each cell's places or more."""
    cells = after.origins.cells
    columns = cell_columns(study, cells)
    columns["reached_before"] = was >= 0.5
    columns["reached"] = now >= 0.5
    columns["gained"] = (now >= 0.5) & (was < 0.5)
    columns["distance_m"] = np.round(after.distance_m)
    return gpd.GeoDataFrame(columns, geometry=cells.squares, crs=study.crs)


ANALYSIS = Analysis(
    id="what-changes",
    title=t("what_changes.title"),
    question=t("what_changes.question"),
    parameters=WhatChangesParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=(TIMETABLE, READY_LIST, UNITS, ROADS, ADDRESSES, "workplaces"),
)
