"""Work access to transit out under the other readings of near, of frequent and of way."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from gis.analyses.frequent_stops import Asked, Direction, Statistic, ready_list
from gis.analyses.network_access import ROADS
from gis.analyses.transit_tables import Reach, reach_of
from gis.analyses.travel import ADDRESSES, Metric, Origin
from gis.analyses.travel_words import metres
from gis.result import Reading
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.analyses.frequent_stops import Stops, Timetable
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.analyses.transit_access import TransitAccessParameters

OTHER_DISTANCES_M = (500.0, 1000.0)
OTHER_WINDOW_H = (6, 18)
_OTHER_ORIGIN: dict[Origin, Origin] = {"centre": "addresses", "addresses": "centre"}


def readings_of(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    timetable: Timetable | None,
) -> tuple[Reading, ...]:
    """Return the share under every reading that the layers allow, the chosen one marked.

    Statistic, direction and window (the chosen one, and the whole day) where there is a
    timetable; straight line and network where there are roads; 500 and 1,000 m and the
    chosen distance. Accessible stops alone, and the other way of placing residents, are
    held against the chosen reading.
    """
    if timetable is None:
        return tuple(_by_distance(study, params, cells, stops=ready_list(study), asked=None))
    made: list[Reading] = []
    base = params.asked
    for window in dict.fromkeys((base.window_h, OTHER_WINDOW_H)):
        for direction, statistic in itertools.product(get_args(Direction), get_args(Statistic)):
            asked = replace(base, statistic=statistic, direction=direction, window_h=window)
            stops = timetable.stops(asked)
            made += _by_distance(study, params, cells, stops=stops, asked=asked)
    if timetable.says_boarding:
        asked = replace(base, accessible=not base.accessible)
        made += _by_distance(
            study, params, cells, stops=timetable.stops(asked), asked=asked, alone=True
        )
    return tuple(made)


def _by_distance(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    stops: Stops,
    asked: Asked | None,
    alone: bool = False,
) -> Iterator[Reading]:
    """Yield the share by every metric and distance, or at the chosen ones alone."""
    distances = (params.max_m,) if alone else tuple(sorted({params.max_m, *OTHER_DISTANCES_M}))
    own = asked is None or asked == params.asked
    for metric, origins in _ways(study, params, own=own, alone=alone):
        reach = reach_of(study, cells, stops, metric=metric, origins=origins, max_m=max(distances))
        same = own and (metric, origins) == (params.metric, params.origins)
        other = origins != params.origins
        for max_m in distances:
            if other and max_m != params.max_m:
                continue
            yield Reading(
                name=_name(params, asked, metric, origins=origins, max_m=max_m),
                text=_text(params, asked, metric, origins=origins, max_m=max_m),
                value=_reached(cells, reach, max_m) / cells.total if cells.total else None,
                numerator=_reached(cells, reach, max_m),
                denominator=cells.total,
                chosen=same and max_m == params.max_m,
            )


def _ways(
    study: Study, params: TransitAccessParameters, *, own: bool, alone: bool
) -> Iterator[tuple[Metric, Origin]]:
    """Yield the ways of measuring; the other way of placing people beside the chosen reading."""
    metrics: list[Metric] = ["straight-line", "network"]
    for metric in metrics:
        chosen = metric == params.metric
        if chosen or (study.has(ROADS) and not alone):
            yield metric, params.origins
        if own and chosen and study.has(ADDRESSES) and params.weight != ADDRESSES:
            yield metric, _OTHER_ORIGIN[params.origins]


def _reached(cells: Cells, reach: Reach, max_m: float) -> float:
    return float(cells.weight @ reach.parts(max_m))


def _name(
    params: TransitAccessParameters,
    asked: Asked | None,
    metric: Metric,
    *,
    origins: Origin,
    max_m: float,
) -> str:
    first = "list"
    if asked is not None:
        start, end = asked.window_h
        first = f"{asked.statistic}-{asked.direction}-{start:02d}-{end:02d}"
    more: list[str] = [metric] if metric == "network" else []
    more += [origins] if origins != params.origins else []
    if asked is not None and asked.accessible != params.accessible:
        more.append("accessible" if asked.accessible else "all-stops")
    return "-".join([first, f"{max_m:.0f}m", *more])


def _text(
    params: TransitAccessParameters,
    asked: Asked | None,
    metric: Metric,
    *,
    origins: Origin,
    max_m: float,
) -> Text:
    distance = t(f"access.reading_{metric}", distance=metres(max_m))
    if origins != params.origins:
        distance = t(f"access.reading_{origins}", rest=distance)
    if asked is None:
        return t("transit_access.reading_list", distance=distance)
    if asked.accessible != params.accessible:
        which = "accessible" if asked.accessible else "all_stops"
        distance = t(f"access.reading_{which}", rest=distance)
    start, end = asked.window_h
    return t(
        "transit_access.reading_statistic",
        statistic=t(f"transit_access.statistic_{asked.statistic}"),
        direction=t(f"transit_access.direction_{asked.direction}"),
        window=f"{start:02d}–{end:02d}",
        distance=distance,
    )
