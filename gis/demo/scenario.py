"""Invent two ways to grow: at the stations, or in new fields with a bus stop of their own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.demo.files import Entry, feature_collection, json_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from gis.demo.places import PlanArea
    from gis.demo.world import World

NAME = "scenarioer.geojson"
_DATE = dt.date(2026, 9, 1)
_FUTURE, _HOMES, _CENTRE, _BUSINESS = 2, 1110, 1130, 1300
# Dwellings and workplaces to the hectare.
_DENSE, _CENTRAL, _SPARSE, _JOBS = 70, 110, 22, 80
_FIELDS = 5
_NEAR_M, _APART_M, _FREQUENT = 800.0, 1200.0, 4
_AT_STATIONS, _NEW_FIELDS = "Ved stasjonene", "Nye boligfelt"


def write_scenario(world: World, data: Path) -> list[Entry]:
    """Write the plans and return their workspace entry."""
    future = [p for p in world.places.plans if p.status == _FUTURE]
    rows = [*_at_stations(world, future), *_new_fields(world, future)]
    shapes = [shape for shape, _ in rows]
    collection = feature_collection(shapes, [values for _, values in rows])
    (data / NAME).write_bytes(json_bytes(collection))
    return [Entry("planned_changes", f"data/{NAME}", _DATE)]


def _away(world: World, plan: PlanArea) -> float:
    middle = plan.geometry.centroid
    rails = [(c.x, c.y) for c in world.town.centres if c.kind != "bygd"]
    return float(min(np.hypot(middle.x - x, middle.y - y) for x, y in rails))


def _row(plan_name: str, shape: Any, name: str, **values: Any) -> tuple[Any, dict[str, Any]]:
    blank = dict.fromkeys(("boliger", "arbeidsplasser", "avgangerPerTime", "transportmiddel"))
    return shape, {"scenario": plan_name, "navn": name, **blank, **values}


def _grown(plan: PlanArea, per_ha: int) -> int:
    return int(round(plan.geometry.area / 1e4 * per_ha, -1))


def _at_stations(world: World, future: list[PlanArea]) -> list[tuple[Any, dict[str, Any]]]:
    """Return the plan that builds densely where the trains stop, with jobs in two of the areas."""
    near = sorted(future, key=lambda p: _away(world, p))
    homes = [p for p in near if p.purpose in (_HOMES, _CENTRE)][:_FIELDS]
    jobs = [p for p in near if p.purpose == _BUSINESS][:2]
    rows = [
        _row(
            _AT_STATIONS,
            p.geometry,
            p.name,
            boliger=_grown(p, _CENTRAL if p.purpose == _CENTRE else _DENSE),
        )
        for p in homes
    ]
    rows += [_row(_AT_STATIONS, p.geometry, p.name, arbeidsplasser=_grown(p, _JOBS)) for p in jobs]
    return [*rows, _row(_AT_STATIONS, *_oftener(world), avgangerPerTime=6, transportmiddel="buss")]


def _oftener(world: World) -> tuple[Any, str]:
    """Choose the stop that gets more buses: most people near, far from frequent stops."""
    plan, people = world.plan, world.people
    hourly = np.zeros(len(plan.stops))
    for line in plan.lines:
        minutes = line.pattern.removeprefix("every")
        hourly[list(line.stops)] += 2 * 60 / int(minutes) if minutes.isdigit() else 0
    x, y = np.array([s.x for s in plan.stops]), np.array([s.y for s in plan.stops])
    bus = np.array([s.kind == "bus" and s.inside for s in plan.stops])
    rail = np.array([s.kind != "bus" for s in plan.stops])
    served = (hourly >= _FREQUENT) | rail
    apart = np.hypot(x[:, None] - x[served], y[:, None] - y[served]).min(axis=1)
    best, place = -1.0, 0
    for i in np.flatnonzero(bus & (apart > _APART_M)).tolist():
        near = np.hypot(people.x - x[i], people.y - y[i]) <= _NEAR_M
        if people.residents[near].sum() > best:
            best, place = float(people.residents[near].sum()), i
    return shapely.Point(x[place], y[place]), plan.stops[place].name


def _new_fields(world: World, future: list[PlanArea]) -> list[tuple[Any, dict[str, Any]]]:
    """Return the plan that builds in the farthest fields, with a stop and a path to the nearest."""
    far = sorted((p for p in future if p.purpose == _HOMES), key=lambda p: -_away(world, p))
    fields = far[:_FIELDS]
    rows = [_row(_NEW_FIELDS, p.geometry, p.name, boliger=_grown(p, _SPARSE)) for p in fields]
    largest = max(fields, key=lambda p: p.geometry.area)
    stop = largest.geometry.representative_point()
    name = largest.name.removesuffix(" boligområde")
    rows.append(_row(_NEW_FIELDS, stop, name, avgangerPerTime=6, transportmiddel="buss"))
    others = [p for p in fields if p is not largest]
    neighbour = min(others, key=lambda p: p.geometry.distance(stop))
    path = shapely.LineString([stop, neighbour.geometry.representative_point()])
    rows.append(_row(_NEW_FIELDS, path, f"Gangveg {name}"))
    return rows
