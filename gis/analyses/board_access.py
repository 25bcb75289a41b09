"""Measure the board's indicators of access: transit, rail by bicycle, green, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.analyses.board import Measured, share_of_residents
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, Timetable, ready_list
from gis.analyses.green_access import FOREST, forests_of, near_forest
from gis.analyses.growth import growth_share, reached_share
from gis.analyses.land_parts import M2_PER_HA, joined_on_land
from gis.analyses.rail_cycling import RailCyclingParameters, check_halo, ride_of
from gis.analyses.rides import STATIONS, ridden
from gis.analyses.scenario_plan import LAYER, areas_inside, plan_in_layer
from gis.analyses.transit_access import (
    TransitAccessParameters,
    check_stops,
    reach_by,
    timetable_of,
)
from gis.analyses.travel import check_reach, counted_cells, origins_of
from gis.analyses.travel_words import metres, plain_number
from gis.text import Text, day, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

POPULATION = "population_grid"
PLANNED = "planned_areas"
# The whole service day; 30 is six in the morning after. A single departure is above the least.
_ALL_DAY, _ANY = "00-30", 0.01
# Land-use purposes of the municipal plan where dwellings may come: housing (1110 and its kinds),
# town centre (1130), combined buildings (1800); KpArealformål in Geonorge's object catalogue.
DWELLING_PURPOSES = ("111", "113", "180")


def any_stop(study: Study, max_m: float) -> Measured:
    """Return the share of residents within ``max_m`` of a stop with any departure that day.

    What is frequent in a ready list is settled, so this takes a timetable.
    """
    params = any_params(max_m)
    value, remark, timetable, _ = _transit(study, params)
    date = timetable.day.date if timetable else None
    return Measured(
        value,
        t("indicators.any_stop", distance=metres(max_m), date=day(date)),
        (POPULATION, TIMETABLE),
        f"max_m={max_m:g} any departure",
        remark,
    )


def any_params(max_m: float) -> TransitAccessParameters:
    """Ask for stops with any departure of the day, of a timetable."""
    return TransitAccessParameters(
        max_m=max_m, min_per_hour=_ANY, window=_ALL_DAY, stops="timetable"
    )


def frequent_stop(study: Study, *, max_m: float, min_per_hour: float) -> Measured:
    """Return the share of residents within ``max_m`` of a frequent stop, as transit-access does."""
    params = frequent_params(study, max_m=max_m, min_per_hour=min_per_hour)
    value, remark, timetable, part = _transit(study, params)
    definition, layer, key = _service(study, params, timetable)
    text = t("indicators.frequent", distance=metres(max_m), service=definition)
    return Measured(value, text, (POPULATION, layer), f"max_m={max_m:g} {key}", remark, part)


def frequent_params(study: Study, *, max_m: float, min_per_hour: float) -> TransitAccessParameters:
    """Ask for frequent stops; a ready list has settled what is frequent."""
    if study.has(TIMETABLE):
        return TransitAccessParameters(max_m=max_m, min_per_hour=min_per_hour)
    return TransitAccessParameters(max_m=max_m)


def _service(
    study: Study, params: TransitAccessParameters, timetable: Timetable | None
) -> tuple[Text, str, str]:
    """Word what a frequent stop is; and its layer, and a key of the parameters."""
    if timetable is None:
        source = study.source(READY_LIST)
        listed = Text(nb=source.title_nb, en=source.title_en)
        return t("indicators.service_list", list=listed), READY_LIST, f"list {source.file}"
    words = t(
        "indicators.service_timetable",
        per_hour=plain_number(params.min_per_hour),
        window=params.window.replace("-", "–"),
        date=day(timetable.day.date),
    )
    return words, TIMETABLE, f"min_per_hour={params.min_per_hour:g} window={params.window}"


def timetable_once(study: Study, params: TransitAccessParameters) -> Timetable | None:
    """Open the timetable once for the board; each reading counts in its own window."""
    if params.stops == "auto" and not study.has(TIMETABLE):
        return timetable_of(study, params)
    return study.once(("board timetable",), lambda: timetable_of(study, TransitAccessParameters()))


def stops_of(study: Study, params: TransitAccessParameters) -> tuple[Stops, Timetable | None]:
    """Return the frequent stops under some parameters, and the timetable where there is one."""
    timetable = timetable_once(study, params)
    check_stops(params, timetable)
    return (timetable.stops(params.asked) if timetable else ready_list(study)), timetable


def _transit(
    study: Study, params: TransitAccessParameters
) -> tuple[float | None, Text | None, Timetable | None, NDArray[np.float64]]:
    check_reach(study, params.max_m)
    stops, timetable = stops_of(study, params)
    cells = params.cells(study)
    part = reach_by(study, params, cells, stops=stops).parts(params.max_m)
    value, remark = share_of_residents(float(cells.weight @ part), cells.total)
    return value, remark, timetable, part


def rail_by_bicycle(study: Study, max_min: float) -> Measured:
    """Return the share of residents who cycle to a station in time, as rail-cycling does."""
    params = RailCyclingParameters(max_min=max_min)
    ride = ride_of(study, params)
    check_halo(study, ride)
    origins = origins_of(study, params.cells(study), params.origins)
    done = ridden(study, origins, ride)
    cells = origins.cells
    reached = float(cells.weight @ origins.parts(done.within))
    value, remark = share_of_residents(reached, cells.total)
    way = t(f"indicators.way_{ride.metric.replace('-', '_')}")
    return Measured(
        value,
        t("indicators.rail", minutes=plain_number(max_min), way=way),
        (POPULATION, STATIONS),
        f"max_min={max_min:g} {ride.metric} gradient={ride.gradient}",
        remark,
    )


def green(study: Study, *, max_m: float, min_daa: float) -> Measured:
    """Return the share of residents with a forest within reach, as green-access does."""
    cells = counted_cells(study, "residents")
    near = near_forest(cells.x, cells.y, forests_of(study, min_daa), max_m=max_m)
    value, remark = share_of_residents(float(cells.weight[near].sum()), cells.total)
    return Measured(
        value,
        t("green_access.definition", distance=metres(max_m), size=number(min_daa)),
        (POPULATION, FOREST),
        f"max_m={max_m:g} min_daa={min_daa:g}",
        remark or t("green_access.note"),
    )


def growth(study: Study, *, max_m: float, min_per_hour: float) -> Measured:
    """Return how much of the planned growth lies within reach of a frequent stop of today.

    Of the dwellings where the layer of planned changes tells how many there are, else of
    the land that the municipal plan sets aside for them.
    """
    params = frequent_params(study, max_m=max_m, min_per_hour=min_per_hour)
    check_reach(study, params.max_m)
    stops, timetable = stops_of(study, params)
    found = _by_dwellings(study, stops, max_m=max_m)
    definition, layer, key = _service(study, params, timetable)
    words = {"distance": metres(max_m), "service": definition}
    if found is not None:
        value, remark = found
        text = t("indicators.growth_dwellings", **words)
        return Measured(value, text, (LAYER, layer), f"dwellings max_m={max_m:g} {key}", remark)
    if not study.has(PLANNED):
        text = t("indicators.growth_dwellings", **words)
        return Measured(None, text, (LAYER, layer), "", t("indicators.no_dwellings"))
    share, told = _by_area(study, stops, max_m=max_m)
    text = t("indicators.growth", **words)
    named = "" if share is None else f"area max_m={max_m:g} {key}"
    return Measured(share, text, (PLANNED, layer), named, told)


def _by_dwellings(study: Study, stops: Stops, *, max_m: float) -> tuple[float, Text] | None:
    """Return per cent of the first plan's dwellings, with the other plans beside; None for none."""
    plan = plan_in_layer(study)
    told = []
    for name in plan.scenarios:
        found = growth_share(areas_inside(study, plan, name), stops, max_m=max_m)
        if found.share is not None:
            told.append((name, found))
    if not told:
        return None
    words = [
        t(
            "indicators.growth_plan",
            plan=name,
            within=number(found.within),
            total=number(found.total),
            share=percent(found.share),
        )
        for name, found in told
    ]
    share = told[0][1].share
    joined = Text(nb="; ".join(w.nb for w in words), en="; ".join(w.en for w in words))
    return 100.0 * (share or 0.0), joined


def _by_area(study: Study, stops: Stops, *, max_m: float) -> tuple[float | None, Text]:
    """Return per cent of the land planned for dwellings; overlapping areas are joined first."""
    planned = study.frame(PLANNED)
    homes = planned["purpose"].astype(str).str.startswith(DWELLING_PURPOSES)
    shapes = planned.geometry.to_numpy()[homes.to_numpy(dtype=bool)]
    parts = shapely.get_parts(joined_on_land(study, shapes))
    area = shapely.area(parts)
    if not area.sum():
        return None, t("indicators.no_growth")
    reached = reached_share(parts, stops.x, stops.y, max_m=max_m)
    value = 100.0 * float(area @ reached) / float(area.sum())
    return value, t("indicators.growth_area", area=number(area.sum() / M2_PER_HA, decimals=1))
