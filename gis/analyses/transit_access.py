"""Work out what share of residents lives near a stop with frequent departures."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, field_validator

from gis.analyses.frequent_stops import (
    READY_LIST,
    TIMETABLE,
    Asked,
    Stops,
    Timetable,
    open_timetable,
    ready_list,
)
from gis.analyses.parts import UNITS, provenance, share, table, unit_of_points, unit_table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import Cells, cells_inside
from gis.errors import LayerMissingError
from gis.kernels.distance import nearest
from gis.result import Definition, Reading, Result, Status
from gis.text import Text, day, number, people_share, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.result import Table

_BANDS_M = (0, 300, 500, 800, 1000, 1500, 2000)
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


@dataclass(frozen=True)
class Reach:
    """The distance of every cell to its nearest frequent stop, NaN where none is near at all."""

    stops: Stops
    distance_m: NDArray[np.float64]

    def within(self, max_m: float) -> NDArray[np.bool_]:
        """Tell which cells have a frequent stop within the distance, the distance included."""
        return np.nan_to_num(self.distance_m, nan=np.inf) <= max_m


def reach_of(study: Study, cells: Cells, stops: Stops) -> Reach:
    """Measure from each cell's centre to the nearest frequent stop, as far as the halo reaches."""
    limit = max(float(study.halo_m), float(_BANDS_M[-1]))
    _, distance = nearest(cells.x, cells.y, stops.x, stops.y, max_m=limit)
    return Reach(stops=stops, distance_m=distance)


def run(study: Study, params: TransitAccessParameters) -> Result:
    """Count the residents of cells whose centre has a frequent stop within ``max_m``.

    Distances are exact and straight (``<=``), from the centre of each 250 m cell;
    stops beyond the border count, as far as the halo. Which departures count is
    written in the definition.
    """
    cells = cells_inside(study, layer="population_grid", weight="residents")
    timetable = _timetable(study, params)
    stops = timetable.stops(params.asked) if timetable else ready_list(study)
    reach = reach_of(study, cells, stops)
    near = reach.within(params.max_m)
    reached = float(cells.weight[near].sum())
    value = reached / cells.total if cells.total else None
    low, high = _bounds(cells, near)
    feed_left_out = timetable.feed(params.asked.window_h).left_out if timetable else ()
    near_stops, across = _serving(study, stops, params.max_m)
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
        finding=t(
            "transit_access.finding",
            share=people_share(reached, of=cells.total),
            name=study.area.name,
            distance=_metres(params.max_m),
            service=_service(params, timetable),
        ),
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
        sensitivity=_readings(study, params, cells, timetable=timetable),
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
        tables=_tables(study, cells, reach, max_m=params.max_m),
        frame=_frame(study, cells, reach, max_m=params.max_m),
        layers=_layers(study, stops, max_m=params.max_m),
    )


def _timetable(study: Study, params: TransitAccessParameters) -> Timetable | None:
    """Open the timetable where it is asked for or there, else leave it to the ready list."""
    if params.stops == "list" or (params.stops == "auto" and not study.has(TIMETABLE)):
        if not study.has(READY_LIST):
            message = (
                f"transit-access needs the layer {TIMETABLE} (a GTFS feed) or {READY_LIST}; "
                f"the store has: {', '.join(study.data.layers)}"
            )
            raise LayerMissingError(message)
        return None
    return open_timetable(study, date=params.date)


def _bounds(cells: Cells, near: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Bound the share where small cells are coded: all reached ones small, the others large."""
    if not cells.coded:
        return None, None
    low, high = cells.low, cells.high
    lowest = low[near].sum() / (low[near].sum() + high[~near].sum())
    highest = high[near].sum() / (high[near].sum() + low[~near].sum())
    return float(lowest), float(highest)


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


def _serving(study: Study, stops: Stops, max_m: float) -> tuple[int, int]:
    """Count the frequent stops near enough to serve the municipality, and those outside it."""
    points = shapely.points(stops.x, stops.y)
    shapely.prepare(study.polygon)
    near = shapely.dwithin(study.polygon, points, max_m)
    return int(near.sum()), int((near & ~shapely.intersects(study.polygon, points)).sum())


def _tables(study: Study, cells: Cells, reach: Reach, *, max_m: float) -> dict[str, Table]:
    tables = {"by_distance": _distance_table(cells, reach)}
    if study.has(UNITS):
        unit = unit_of_points(study, cells.x, cells.y)
        near = np.where(reach.within(max_m), cells.weight, 0.0)
        frame = unit_table(study, unit, {"residents": cells.weight, "reached": near})
        frame["share"] = share(frame["reached"], frame["residents"])
        columns = (
            ("number", "text", 0),
            ("name", "text", 0),
            ("residents", "residents", 0),
            ("reached", "residents", 0),
            ("share", "share", 1),
        )
        tables["units"] = table("units", frame, columns, key="number", counts="subsets")
    return tables


def _distance_table(cells: Cells, reach: Reach) -> Table:
    """Sum residents by distance to the nearest frequent stop; the last row is all of them."""
    distance = np.nan_to_num(reach.distance_m, nan=np.inf)
    # right=True: a distance of exactly 1,000 m belongs to "800-1000 m".
    slot = np.digitize(distance, _BANDS_M[1:], right=True)
    residents = np.bincount(slot, weights=cells.weight, minlength=len(_BANDS_M))
    bands: list[Text] = [
        t("transit_access.band", low=number(a), high=number(b))
        for a, b in itertools.pairwise(_BANDS_M)
    ]
    bands += [t("transit_access.band_over", low=number(_BANDS_M[-1])), t("common.total")]
    frame = pd.DataFrame({"band": bands, "residents": [*residents, cells.total]})
    frame["share"] = share(frame["residents"], cells.total)
    columns = (("band", "text", 0), ("residents", "residents", 0), ("share", "share", 1))
    return table("by_distance", frame, columns, total=True, counts="bands")


def _frame(study: Study, cells: Cells, reach: Reach, *, max_m: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "cell_id": cells.cell_id,
            "residents": cells.weight,
            "reached": reach.within(max_m),
            "distance_m": np.round(reach.distance_m),
        },
        geometry=cells.squares,
        crs=study.epsg,
    )


def _layers(study: Study, stops: Stops, *, max_m: float) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the frequent stops and the area around them; circles are for drawing only."""
    frequent = stops.frame[stops.frequent]
    near = shapely.dwithin(study.polygon, frequent.geometry.to_numpy(), max_m)
    frequent = frequent[near].reset_index(drop=True)
    catchment = shapely.union_all(shapely.buffer(frequent.geometry.to_numpy(), max_m))
    return {
        "stops": frequent,
        "catchment": gpd.GeoDataFrame({"max_m": [max_m]}, geometry=[catchment], crs=study.epsg),
    }


ANALYSIS = Analysis(
    id="transit-access",
    title=t("transit_access.title"),
    question=t("transit_access.question"),
    parameters=TransitAccessParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=(TIMETABLE, READY_LIST, UNITS),
)
