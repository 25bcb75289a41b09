"""Work out what share of residents lives near a stop with frequent departures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from gis.analyses.frequent_stops import (
    READY_LIST,
    TIMETABLE,
    Asked,
    Timetable,
    open_timetable,
    ready_list,
    serving,
)
from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import Cells, cells_inside, share_bounds
from gis.analyses.transit_tables import (
    Reach,
    access_frame,
    access_layers,
    access_tables,
    reach_of,
)
from gis.errors import LayerMissingError, ParameterError
from gis.result import Definition, Reading, Result, Status
from gis.text import Text, day, number, people_share, t

if TYPE_CHECKING:
    from gis.analyses.study import Study

_OTHER_DISTANCES_M = (500.0, 1000.0)
_OTHER_WINDOW_H = (6, 18)


class TransitAccessParameters(Parameters):
    """What is near, and what is frequent."""

    max_m: float = Field(
        default=1000, ge=50, le=5000, description="how far a stop may be, metres, straight line"
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
        )


def run(study: Study, params: TransitAccessParameters) -> Result:
    """Count the residents of cells whose centre has a frequent stop within ``max_m``.

    Distances are exact and straight (``<=``), from the centre of each 250 m cell;
    stops beyond the border count, as far as the halo. Which departures count is
    written in the definition.
    """
    _check_reach(study, params)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    timetable = timetable_of(study, params)
    if timetable is None:
        _check_list_parameters(params)
    readings = _readings(study, params, cells, timetable=timetable)
    return answer(study, params, cells, timetable=timetable, readings=readings)


def _check_reach(study: Study, params: TransitAccessParameters) -> None:
    """Refuse a distance beyond the halo, where stops across the border were not read."""
    if params.max_m > study.halo_m:
        message = (
            f"max_m {params.max_m:.0f} given; allowed: up to the halo of {study.halo_m} m that was "
            "read around the municipality (halo_m in workspace.toml, then build again)"
        )
        raise ParameterError(message)


def _check_list_parameters(params: TransitAccessParameters) -> None:
    """Refuse parameters that a ready list cannot follow: what is frequent is settled in it."""
    ignored = sorted(params.model_fields_set - {"max_m", "stops"})
    if ignored:
        message = (
            f"{', '.join(ignored)} given, but the frequent stops come from a ready list; allowed "
            "with a list: max_m; the others need a timetable (the layer transit_stops)"
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
    reach = reach_of(study, cells, stops)
    near = reach.within(params.max_m)
    reached = float(cells.weight[near].sum())
    value = reached / cells.total if cells.total else None
    low, high = share_bounds(cells, near)
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
        numerator_unit="residents",
        low=low,
        high=high,
        status=Status.OK if cells.total else Status.INSUFFICIENT_DATA,
        finding=finding(study, params, timetable, share=people_share(reached, of=cells.total)),
        definition=_definition(study, params, timetable),
        provenance=provenance(
            study,
            ["population_grid", TIMETABLE if timetable else READY_LIST, UNITS],
            steps=(
                "cells whose centre lies in the municipality",
                "departures counted per stop" if timetable else "stops of the ready list",
                "straight-line distance from cell centre to nearest frequent stop, <= max_m",
            ),
        ),
        sensitivity=readings,
        left_out=(*cells.left_out, *feed_left_out),
        notes=(
            t("transit_access.across_border", count=number(across)),
            *((t("transit_access.coded_cells"),) if cells.coded else ()),
        ),
        figures={
            "cells": len(cells.cell_id),
            "residents": cells.total,
            "residents_reached": reached,
            "frequent_stops": near_stops,
            "frequent_stops_across_border": across,
        },
        tables=access_tables(study, cells, reach, max_m=params.max_m),
        frame=access_frame(study, cells, reach, max_m=params.max_m) if drawn else None,
        layers=access_layers(study, stops, max_m=params.max_m) if drawn else {},
    )


def finding(
    study: Study, params: TransitAccessParameters, timetable: Timetable | None, *, share: Text
) -> Text:
    """Word the answer in one sentence around its share."""
    return t(
        "transit_access.finding",
        share=share,
        name=study.area.name,
        distance=_metres(params.max_m),
        service=_service(params, timetable),
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


def _metres(distance_m: float) -> Text:
    """Write a distance: whole kilometres as km."""
    if distance_m % 1000 == 0:
        return Text(nb=f"{distance_m / 1000:.0f} km", en=f"{distance_m / 1000:.0f} km")
    return number(distance_m).with_unit("m")


def _service(params: TransitAccessParameters, timetable: Timetable | None) -> Text:
    if timetable is None:
        return t("transit_access.service_list")
    return t("transit_access.service_timetable", per_hour=_per_hour(params.min_per_hour))


def _per_hour(value: float) -> Text:
    return number(value, decimals=0 if value == int(value) else 1)


def _definition(
    study: Study, params: TransitAccessParameters, timetable: Timetable | None
) -> Definition:
    people = study.source("population_grid")
    common: dict[str, str | Text] = {
        "source": Text(nb=people.title_nb, en=people.title_en),
        "distance": _metres(params.max_m),
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
        return Definition(sentence, {"max_m": params.max_m, "stops": "list"})
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
    chosen = {"date": timetable.day.date.isoformat(), "stops": "timetable"}
    return Definition(sentence, {**params.model_dump(), **chosen})


def _readings(
    study: Study, params: TransitAccessParameters, cells: Cells, *, timetable: Timetable | None
) -> tuple[Reading, ...]:
    """Work the share out under the other readings of near and of frequent."""
    distances = sorted({params.max_m, *_OTHER_DISTANCES_M})
    if timetable is None:
        reach = reach_of(study, cells, ready_list(study))
        return tuple(
            _reading(
                cells,
                reach,
                max_m=d,
                name=f"list-{d:.0f}m",
                text=t("transit_access.reading_list", distance=_metres(d)),
                chosen=d == params.max_m,
            )
            for d in distances
        )
    base = params.asked
    made = []
    for window in dict.fromkeys((base.window_h, _OTHER_WINDOW_H)):
        for direction in ("both", "best"):
            for statistic in ("average", "every-hour", "max-gap"):
                asked = Asked(statistic, direction, base.level, window, base.min_per_hour)
                reach = reach_of(study, cells, timetable.stops(asked))
                for d in distances if asked == base else (params.max_m,):
                    hours = f"{window[0]:02d}-{window[1]:02d}"
                    made.append(
                        _reading(
                            cells,
                            reach,
                            max_m=d,
                            name=f"{statistic}-{direction}-{hours}-{d:.0f}m",
                            text=t(
                                "transit_access.reading_statistic",
                                statistic=t(f"transit_access.statistic_{statistic}"),
                                direction=t(f"transit_access.direction_{direction}"),
                                window=hours.replace("-", "–"),
                                distance=_metres(d),
                            ),
                            chosen=asked == base and d == params.max_m,
                        )
                    )
    return tuple(made)


def _reading(
    cells: Cells, reach: Reach, *, max_m: float, name: str, text: Text, chosen: bool
) -> Reading:
    reached = float(cells.weight[reach.within(max_m)].sum())
    return Reading(
        name=name,
        text=text,
        value=reached / cells.total if cells.total else None,
        numerator=reached,
        denominator=cells.total,
        chosen=chosen,
    )


ANALYSIS = Analysis(
    id="transit-access",
    title=t("transit_access.title"),
    question=t("transit_access.question"),
    parameters=TransitAccessParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=(TIMETABLE, READY_LIST, UNITS),
)
