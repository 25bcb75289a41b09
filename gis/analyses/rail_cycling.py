"""Work out what share of residents lives within some minutes' cycling of a station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from gis.analyses.ages_reached import AGES, age_tables
from gis.analyses.counting import Counting
from gis.analyses.frequent_stops import READY_LIST
from gis.analyses.network_access import ROADS, TERRAIN
from gis.analyses.parts import UNITS, provenance
from gis.analyses.rail_readings import ride_readings
from gis.analyses.rail_tables import (
    left_out_of,
    ride_frame,
    ride_layers,
    station_table,
    stations_used,
)
from gis.analyses.rail_words import define, finding
from gis.analyses.registry import Analysis
from gis.analyses.residents import share_bounds
from gis.analyses.rides import STATIONS, Kind, Ridden, Ride, StationLayer, ridden
from gis.analyses.transit_tables import units_table
from gis.analyses.travel import (
    ADDRESSES,
    Metric,
    Origins,
    origins_of,
)
from gis.analyses.travel_words import network_notes
from gis.errors import ParameterError
from gis.result import Reading, Result, Status
from gis.sources.trips import Trip
from gis.text import number, t

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.result import Table


class RailCyclingParameters(Counting):
    """Which stations, how far, how fast, by which way."""

    max_min: float = Field(default=10, ge=1, le=60, description="how many minutes' cycling")
    max_m: float | None = Field(
        default=None,
        ge=100,
        le=20_000,
        description="or how many metres in place of minutes, whatever the speed",
    )
    kind: Kind = Field(default="both", description="railway stations, metro stations, or both")
    stations: Literal["auto", "layer", "list"] = Field(
        default="auto",
        description="where stations come from: the station layer, or the train and metro stops of "
        "the ready list of frequent stops; auto takes the layer where the store has it",
    )
    metric: Literal["auto", "straight-line", "network"] = Field(
        default="auto",
        description="in a straight line at the speed on the flat, or cycled along roads and "
        "paths; auto takes the network where the layer exists",
    )
    gradient: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="whether hills change the speed (network only); auto: where there is terrain",
    )
    direction: Literal["to", "from"] = Field(
        default="to", description="to the station in the morning, or from it home"
    )
    bicycle: Literal["ordinary", "e-bike"] = Field(default="ordinary", description="the bicycle")
    speed_kmh: float | None = Field(
        default=None, gt=3, le=50, description="speed on the flat; default 18, e-bike 20"
    )

    @model_validator(mode="after")
    def _one_limit(self) -> RailCyclingParameters:
        if self.max_m is not None and "max_min" in self.model_fields_set:
            message = "max_min and max_m given; allowed: one of them"
            raise ValueError(message)
        if self.metric == "straight-line" and self.gradient == "on":
            message = "gradient on with metric straight-line; hills need the network"
            raise ValueError(message)
        return self


def run(study: Study, params: RailCyclingParameters) -> Result:
    """Count those who cycle to a station within the limit (``<=``), under one definition.

    Straight line: distance at the speed on the flat. Network: door to door along roads
    and paths open to bicycles, one-way rules kept where the data have them, with the
    speed law of ``gis.kernels.network_costs`` on every piece's gradient. Stations across
    the border count. Raises ParameterError (limit beyond the halo), LayerMissingError.
    """
    ride = ride_of(study, params)
    check_halo(study, ride)
    origins = origins_of(study, params.cells(study), params.origins)
    done = ridden(study, origins, ride)
    readings = ride_readings(study, origins, done)
    return answer(study, origins, done, readings=readings)


def ride_of(study: Study, params: RailCyclingParameters) -> Ride:
    """Settle what ``auto`` means for this study, and the trip."""
    metric: Metric = "network" if study.has(ROADS) else "straight-line"
    if params.metric != "auto":
        metric = params.metric
    minutes = params.max_min if params.max_m is None else None
    timed = minutes is not None
    hills = params.gradient == "on" or (params.gradient == "auto" and study.has(TERRAIN))
    if params.gradient == "on" and not timed:
        message = "gradient on with max_m: metres do not change with hills; give max_min"
        raise ParameterError(message)
    trip = Trip(
        mode="cycle",
        max_m=params.max_m,
        max_min=minutes,
        direction=params.direction,
        e_bike=params.bicycle == "e-bike",
        speed_kmh=params.speed_kmh,
    )
    gradient = hills and timed and metric == "network"
    layer = station_layer(study, params.stations)
    return Ride(kind=params.kind, metric=metric, gradient=gradient, trip=trip, layer=layer)


def station_layer(study: Study, given: Literal["auto", "layer", "list"]) -> StationLayer:
    """Settle where stations come from. Raises LayerMissingError where the layer is not there."""
    listed = given == "list" or (
        given == "auto" and not study.has(STATIONS) and study.has(READY_LIST)
    )
    layer: StationLayer = READY_LIST if listed else STATIONS
    study.need(layer)
    return layer


def check_halo(study: Study, ride: Ride) -> None:
    """Refuse a ride that could lead beyond the halo, where stations were not read."""
    if ride.farthest_m > study.halo_m:
        message = (
            f"the limit leads up to {ride.farthest_m:.0f} m away; allowed: up to the halo of "
            f"{study.halo_m} m that was read around the municipality (halo_m in workspace.toml, "
            "then build again)"
        )
        raise ParameterError(message)


def answer(
    study: Study, origins: Origins, done: Ridden, *, readings: tuple[Reading, ...]
) -> Result:
    """Put the Result of a measured ride together; ``readings`` are its other readings."""
    cells, ride = origins.cells, done.ride
    part = origins.parts(done.within)
    reached = float(cells.weight @ part)
    low, high = share_bounds(cells, part)
    used, across = stations_used(study, done)
    return Result(
        analysis="rail-cycling",
        title=ANALYSIS.title,
        area=study.area,
        value=reached / cells.total if cells.total else None,
        unit="share",
        numerator=reached,
        denominator=cells.total,
        numerator_unit=cells.counted,
        low=low,
        high=high,
        status=Status.OK if cells.total else Status.INSUFFICIENT_DATA,
        finding=finding(study, origins, done, reached=reached),
        definition=define(study, origins, done),
        provenance=provenance(
            study,
            [ride.layer, *_used(origins, ride), UNITS, AGES],
            counted=cells,
            steps=(
                "cells whose centre lies in the municipality",
                f"{ride.metric} cycling from {origins.kind} to the nearest station, <= the limit",
            ),
        ),
        sensitivity=readings,
        left_out=(*cells.left_out, *left_out_of(origins, done)),
        notes=(
            t("rail_cycling.across_border", count=number(across), all=number(used)),
            *((t("transit_access.coded_cells"),) if cells.coded else ()),
            *(network_notes(done.roads) if done.roads else ()),
        ),
        figures={
            "cells": len(cells.cell_id),
            cells.counted: cells.total,
            f"{cells.counted}_within": reached,
            "effective_kmh": None if done.effective_kmh is None else round(done.effective_kmh, 1),
            "stations_used": used,
            "stations_across_border": across,
        },
        tables=_tables(study, origins, done, part=part),
        frame=ride_frame(study, origins, done),
        layers=ride_layers(done),
    )


def _tables(
    study: Study, origins: Origins, done: Ridden, *, part: NDArray[np.float64]
) -> dict[str, Table]:
    tables = {"by_station": station_table(study, origins, done)}
    if study.has(UNITS):
        tables["units"] = units_table(study, origins.cells, {"reached_station": part})
    return tables | age_tables(study, origins.cells, part, reached_field="reached_station")


def _used(origins: Origins, ride: Ride) -> tuple[str, ...]:
    roads = (ROADS,) if ride.metric == "network" else ()
    terrain = (TERRAIN,) if ride.gradient else ()
    homes = (ADDRESSES,) if origins.kind == "addresses" else ()
    return (*roads, *terrain, *homes)


ANALYSIS = Analysis(
    id="rail-cycling",
    title=t("rail_cycling.title"),
    question=t("rail_cycling.question"),
    parameters=RailCyclingParameters,
    run=run,
    needs=("municipality",),
    uses=(
        STATIONS,
        READY_LIST,
        "population_grid",
        "workplaces",
        ROADS,
        TERRAIN,
        ADDRESSES,
        UNITS,
        AGES,
    ),
)
