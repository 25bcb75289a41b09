"""Work out what share of residents lives near a stop with frequent departures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from gis.analyses.ages_reached import AGES, age_tables
from gis.analyses.counting import Counting
from gis.analyses.frequent_stops import (
    READY_LIST,
    TIMETABLE,
    Asked,
    Stops,
    Timetable,
    open_timetable,
    ready_list,
    serving,
)
from gis.analyses.network_access import ROADS
from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis
from gis.analyses.residents import Cells, share_bounds
from gis.analyses.transit_readings import readings_of
from gis.analyses.transit_tables import (
    Reach,
    access_frame,
    access_layers,
    access_tables,
    left_out_of,
    reach_of,
)
from gis.analyses.travel import ADDRESSES, Metric, check_reach
from gis.analyses.travel_words import (
    counted_parameters,
    counted_words,
    joined,
    metres,
    network_notes,
    own_rule,
    own_words,
    share_text,
    way_words,
)
from gis.errors import LayerMissingError, ParameterError
from gis.result import Definition, Reading, Result, Status
from gis.text import Text, day, number, t

if TYPE_CHECKING:
    from gis.analyses.study import Study

# What only a timetable can follow; a ready list has settled it.
_TIMETABLE_ONLY = {"min_per_hour", "window", "statistic", "direction", "level", "date"}
_TIMETABLE_ONLY |= {"accessible"}


class TransitAccessParameters(Counting):
    """What is near, and what is frequent."""

    max_m: float = Field(default=1000, ge=50, le=5000, description="how far a stop may be, metres")
    metric: Metric = Field(
        default="straight-line",
        description="how far is measured: in a straight line, or walked along roads and paths",
    )
    min_per_hour: float = Field(
        default=4, gt=0, le=60, description="how many departures an hour make a stop frequent"
    )
    window: str = Field(
        default="07-09",
        pattern=r"^\d\d-\d\d$",
        description="hours of the day the departures are counted in, e.g. 07-09",
    )
    statistic: Literal["average", "every-hour", "max-gap"] = Field(
        default="average",
        description="average over the window; every-hour: the least clock hour; max-gap: the "
        "longest wait, both ends of the window included",
    )
    direction: Literal["both", "best"] = Field(
        default="both", description="both directions together, or the better one alone"
    )
    level: Literal["quay", "stop-place", "cluster"] = Field(
        default="stop-place", description="what counts as one stop; a cluster joins within 100 m"
    )
    date: dt.date | None = Field(
        default=None,
        description="service day, YYYY-MM-DD; default: an ordinary Tuesday to Thursday of the feed",
    )
    stops: Literal["auto", "timetable", "list"] = Field(
        default="auto",
        description="where frequent stops come from: the timetable, or the ready list; auto takes "
        "the timetable where the store has it",
    )

    accessible: bool = Field(
        default=False, description="only where the timetable says that a wheelchair can board"
    )

    @field_validator("window")
    @classmethod
    def _window_runs_forward(cls, value: str) -> str:
        start, end = (int(part) for part in value.split("-"))
        if not 0 <= start < end <= 30:  # hours; past 24 is after midnight of the same service
            message = "the window runs from an earlier to a later hour, 00 to 30"
            raise ValueError(message)
        return value

    @property
    def asked(self) -> Asked:
        """The reading these parameters ask for."""
        start, end = (int(part) for part in self.window.split("-"))
        return Asked(
            statistic=self.statistic,
            direction=self.direction,
            level=self.level,
            window_h=(start, end),
            min_per_hour=self.min_per_hour,
            accessible=self.accessible,
        )


def run(study: Study, params: TransitAccessParameters) -> Result:
    """Count the residents of cells whose centre has a frequent stop within ``max_m``.

    Distances are exact (``<=``), straight or by network, from the centre of each 250 m
    cell or from its addresses; stops beyond the border count, as far as the halo. Which
    departures count is written in the definition.
    """
    check_reach(study, params.max_m)
    cells = params.cells(study)
    timetable = timetable_of(study, params)
    check_stops(params, timetable)
    readings = readings_of(study, params, cells, timetable=timetable)
    return answer(study, params, cells, timetable=timetable, readings=readings)


def check_stops(params: TransitAccessParameters, timetable: Timetable | None) -> None:
    """Refuse parameters that the list, or the timetable, cannot follow."""
    if timetable is None:
        _check_list_parameters(params)
    elif params.accessible and not timetable.says_boarding:
        message = (
            f"accessible given, but {timetable.files[0].name} does not say where a wheelchair can "
            "board (wheelchair_boarding in stops.txt)"
        )
        raise ParameterError(message)


def _check_list_parameters(params: TransitAccessParameters) -> None:
    """Refuse parameters that a ready list cannot follow: what is frequent is settled in it."""
    ignored = sorted(params.model_fields_set & _TIMETABLE_ONLY)
    if ignored:
        message = (
            f"{', '.join(ignored)} given, but the frequent stops come from a ready list, which "
            f"settles what is frequent; {', '.join(ignored)} need a timetable (the layer "
            "transit_stops)"
        )
        raise ParameterError(message)


def answer(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    timetable: Timetable | None,
    readings: tuple[Reading, ...] = (),
    drawn: bool = True,
) -> Result:
    """Answer one definition with what was read before; its frames only where they are drawn."""
    stops = timetable.stops(params.asked) if timetable else ready_list(study)
    reach = reach_by(study, params, cells, stops=stops)
    part = reach.parts(params.max_m)
    reached = float(cells.weight @ part)
    value = reached / cells.total if cells.total else None
    low, high = share_bounds(cells, part)
    feed_left_out = timetable.feed(params.asked.window_h).left_out if timetable else ()
    near_stops, across = serving(study, stops, params.max_m)
    return Result(
        analysis="transit-access",
        title=ANALYSIS.title,
        area=study.area,
        value=value,
        unit="share",
        numerator=reached,
        denominator=cells.total,
        numerator_unit=cells.counted,
        low=low,
        high=high,
        status=Status.OK if cells.total else Status.INSUFFICIENT_DATA,
        finding=finding(
            study, params, cells, timetable=timetable, share=share_text(cells, reached)
        ),
        definition=_definition(study, params, cells, timetable=timetable),
        provenance=provenance(
            study,
            [TIMETABLE if timetable else READY_LIST, UNITS, *_used(params)],
            counted=cells,
            steps=(
                "cells whose centre lies in the municipality",
                "departures counted per stop" if timetable else "stops of the ready list",
                f"{params.metric} distance from {params.origins} to a frequent stop, <= max_m",
            ),
        ),
        sensitivity=readings,
        left_out=(*cells.left_out, *feed_left_out, *left_out_of(reach, params.max_m)),
        notes=(
            t("transit_access.across_border", count=number(across)),
            *((t("transit_access.coded_cells"),) if cells.coded else ()),
            *(network_notes(reach.walk.roads) if reach.walk else ()),
        ),
        figures={
            "cells": len(cells.cell_id),
            cells.counted: cells.total,
            f"{cells.counted}_reached": reached,
            "frequent_stops": near_stops,
            "frequent_stops_across_border": across,
        },
        tables={
            **access_tables(study, reach, max_m=params.max_m),
            **age_tables(study, cells, part),
        },
        frame=access_frame(study, reach, max_m=params.max_m) if drawn else None,
        layers=access_layers(study, reach, max_m=params.max_m) if drawn else {},
    )


def reach_by(study: Study, params: TransitAccessParameters, cells: Cells, *, stops: Stops) -> Reach:
    """Measure to some stops as the parameters say."""
    return reach_of(
        study, cells, stops, metric=params.metric, origins=params.origins, max_m=params.max_m
    )


def _used(params: TransitAccessParameters) -> tuple[str, ...]:
    """Name the further layers that the parameters take in."""
    roads = (ROADS,) if params.metric == "network" else ()
    homes = (ADDRESSES,) if params.origins == "addresses" else ()
    return (*roads, *homes, AGES)


def finding(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    timetable: Timetable | None,
    share: Text,
) -> Text:
    """Word the answer in one sentence around its share."""
    key = "transit_access.finding"
    if cells.counted != "residents":
        key = f"access.finding_{cells.counted}"
    distance = metres(params.max_m)
    if params.metric == "network":
        distance = t("access.walked", distance=distance)
    return t(
        key,
        share=share,
        name=study.area.name,
        distance=distance,
        service=_service(params, timetable),
        **own_words(cells),
    )


def timetable_of(study: Study, params: TransitAccessParameters) -> Timetable | None:
    """Open the timetable where it is asked for or there, else leave it to the ready list."""
    if params.stops == "list" or (params.stops == "auto" and not study.has(TIMETABLE)):
        if not study.has(READY_LIST):
            message = (
                f"transit-access needs the layer {TIMETABLE} (a GTFS feed) or {READY_LIST}; "
                f"the store has: {', '.join(study.data.layers)}"
            )
            raise LayerMissingError(message)
        return None
    return open_timetable(study, date=params.date, window_h=params.asked.window_h)


def _service(params: TransitAccessParameters, timetable: Timetable | None) -> Text:
    if timetable is None:
        return t("transit_access.service_list")
    return t("transit_access.service_timetable", per_hour=_per_hour(params.min_per_hour))


def _per_hour(value: float) -> Text:
    return number(value, decimals=0 if value == int(value) else 1)


def _definition(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    timetable: Timetable | None,
) -> Definition:
    common: dict[str, str | Text] = {
        **counted_words(study, cells, params.origins),
        "distance": metres(params.max_m),
        "way": way_words(study, params.metric),
    }
    how = {
        "max_m": params.max_m,
        "metric": params.metric,
        **counted_parameters(cells),
        "origins": params.origins,
    }
    if timetable is None:
        stops = study.source(READY_LIST)
        sentence = t(
            "transit_access.definition_list",
            list=Text(nb=stops.title_nb, en=stops.title_en),
            file=stops.file,
            date=day(stops.date),
            **common,
        )
        return Definition(joined(sentence, *own_rule(cells)), {**how, "stops": "list"})
    sentence = t(
        "transit_access.definition_timetable",
        level=t(f"transit_access.level_{params.level}"),
        per_hour=_per_hour(params.min_per_hour),
        statistic=t(f"transit_access.statistic_{params.statistic}"),
        direction=t(f"transit_access.direction_{params.direction}"),
        date=day(timetable.day.date),
        window=params.window.replace("-", "–"),
        reason=timetable.day.reason,
        **common,
    )
    if params.accessible:
        sentence = joined(sentence, t("access.accessible_only"))
    reading = params.model_dump(exclude=set(Counting.model_fields))
    chosen = {"date": timetable.day.date.isoformat(), "stops": "timetable"}
    return Definition(joined(sentence, *own_rule(cells)), {**reading, **chosen, **how})


ANALYSIS = Analysis(
    id="transit-access",
    title=t("transit_access.title"),
    question=t("transit_access.question"),
    parameters=TransitAccessParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=(TIMETABLE, READY_LIST, UNITS, ROADS, ADDRESSES, "workplaces", AGES),
)
