"""Give every indicator of the board before and after a plan, and who or what is behind it.

Before is the board's own line. After is the same measure with what the plan brings: who
moves in, its stops and paths, and the ground that it builds on or gives back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.analyses import board_access, board_land
from gis.analyses.board import share_of_residents
from gis.analyses.built_up_change import BuiltUpChangeParameters, change_of
from gis.analyses.growth import growth_share
from gis.analyses.indicators import IndicatorsParameters, board_lines
from gis.analyses.land_parts import ground_of
from gis.analyses.scenario_land import BUILT_UP
from gis.analyses.scenario_people import (
    green_change,
    rail_change,
    transit_change,
    zone_change,
)
from gis.analyses.screen_people import with_stops
from gis.analyses.travel import counted_cells
from gis.kernels.growth_rates import land_consumption_rate, population_growth_rate, ratio
from gis.text import Text, number, t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gis.analyses.board import Line
    from gis.analyses.scenario_land import LandChange
    from gis.analyses.scenario_people import PeopleChange
    from gis.analyses.scenario_plan import Layout
    from gis.analyses.study import Study

_HAZARD = "hazard_"
_HA_PER_KM2 = 100.0


@dataclass(frozen=True)
class BoardChange:
    """One line of the board with a plan: before, after (None: not told), and what is behind.

    ``people`` and ``land`` are what changed, where the indicator counts them; ``said`` is
    anything else that must be known.
    """

    line: Line
    before: float | None
    after: float | None
    people: PeopleChange | None = None
    land: LandChange | None = None
    said: Text | None = None


@dataclass(frozen=True)
class _Asked:
    """What every measure of a plan needs."""

    study: Study
    layout: Layout
    params: IndicatorsParameters
    built: LandChange | None

    @property
    def new_residents(self) -> float:
        return float(self.layout.residents.sum())


def board_changes(
    study: Study, layout: Layout, params: IndicatorsParameters, *, land: Sequence[LandChange]
) -> tuple[BoardChange, ...]:
    """Return every line of the board with one plan; an indicator without a value has no after.

    Raises ParameterError as the board does.
    """
    lines = study.once(("scenario board", params), lambda: board_lines(study, params))
    built = next((c for c in land if c.indicator == BUILT_UP), None)
    asked = _Asked(study, layout, params, built)
    return tuple(_changed(asked, line) for line in lines)


def _changed(asked: _Asked, line: Line) -> BoardChange:
    name, before = line.indicator.id, line.measured.value
    if name == "growth":
        return _growth(asked, line)
    if before is None:
        return BoardChange(line, None, None)
    if name in _PEOPLE or name.startswith(_HAZARD):
        change = _people(asked, name)
        return BoardChange(line, before, _share_after(change), people=change)
    return _LAND[name](asked, line)


# --- residents --------------------------------------------------------------------------------


def _people(asked: _Asked, name: str) -> PeopleChange:
    if name.startswith(_HAZARD):
        return zone_change(asked.study, asked.layout, name.removeprefix(_HAZARD))
    return _PEOPLE[name](asked)


def _share_after(change: PeopleChange) -> float | None:
    """Return per cent with the plan; none where today's own part of it may not be told."""
    today, _ = share_of_residents(change.before + change.gained, change.total)
    if today is None:
        return None
    return share_of_residents(change.after, change.after_total)[0]


def _any_stop(asked: _Asked, *, max_m: float) -> PeopleChange:
    return transit_change(asked.study, board_access.any_params(max_m), asked.layout)


def _frequent(asked: _Asked) -> PeopleChange:
    given = board_access.frequent_params(
        asked.study, max_m=asked.params.frequent_m, min_per_hour=asked.params.min_per_hour
    )
    return transit_change(asked.study, given, asked.layout)


def _rail(asked: _Asked) -> PeopleChange:
    return rail_change(asked.study, asked.layout, max_min=asked.params.rail_min)


def _green(asked: _Asked) -> PeopleChange:
    p = asked.params
    return green_change(asked.study, asked.layout, max_m=p.green_m, min_daa=p.green_min_daa)


# --- land -------------------------------------------------------------------------------------


def _built_up(asked: _Asked, line: Line) -> BoardChange:
    one = asked.built
    after = 100.0 * (one.after_ha / one.of_ha) if one is not None and one.of_ha else None
    return BoardChange(line, line.measured.value, after, land=one)


def _land_growth(asked: _Asked, line: Line) -> BoardChange:
    """Measure the last year as if the plan had stood in it."""
    change = change_of(asked.study, BuiltUpChangeParameters())
    past, last, years = change.first.shown, change.last.shown, change.years
    after = None
    if past is not None and last is not None and asked.built is not None:
        km2 = change.last.km2 + asked.built.change_ha / _HA_PER_KM2
        after = ratio(
            land_consumption_rate(change.first.km2, km2, years=years, version=change.formula),
            population_growth_rate(past, last + asked.new_residents, years=years),
        )
    said = t("scenario.board_last_year", year=str(change.last.year))
    return BoardChange(line, line.measured.value, after, land=asked.built, said=said)


def _density(asked: _Asked, line: Line) -> BoardChange:
    settled = ground_of(asked.study).settled_ha
    settled += asked.built.change_ha if asked.built is not None else 0.0
    people = counted_cells(asked.study, "residents").total + asked.new_residents
    after = people / settled if settled > 0 else None
    said = _moving(asked)
    return BoardChange(line, line.measured.value, after, land=asked.built, said=said)


def _protected(asked: _Asked, line: Line) -> BoardChange:  # noqa: ARG001 (alike for all lines)
    """Keep the share: protection is law, and a plan does not change it."""
    value = line.measured.value
    return BoardChange(line, value, value, said=t("scenario.board_protected"))


def _cycle(asked: _Asked, line: Line) -> BoardChange:
    """Add the plan's paths that are no cycle way yet, and who moves in."""
    study = asked.study
    paths = shapely.union_all([p.shape for p in asked.layout.paths] or [shapely.LineString()])
    ways = board_land.cycle_ways(study)
    near = ways.iloc[np.sort(ways.sindex.query(paths, predicate="intersects"))]
    new = shapely.difference(paths, shapely.union_all(near.geometry.to_numpy()))
    added = board_land.km_within(study, gpd.GeoDataFrame(geometry=[new], crs=study.crs))
    km = board_land.km_within(study, ways) + added
    people = counted_cells(study, "residents").total + asked.new_residents
    words = [_moving(asked)] if asked.new_residents else []
    if added:
        words.append(t("scenario.board_paths", km=number(added, decimals=2)))
    return BoardChange(
        line, line.measured.value, board_land.per_100k(km, people), said=_joined(words)
    )


def _growth(asked: _Asked, line: Line) -> BoardChange:
    """Measure the plan's own dwellings, to today's stops and with the plan's; else the board's."""
    before = line.measured.value
    areas, max_m = asked.layout.areas, asked.params.frequent_m
    if not asked.layout.dwellings.sum() or not line.measured.layers:
        return BoardChange(line, before, before)
    given = board_access.frequent_params(
        asked.study, max_m=max_m, min_per_hour=asked.params.min_per_hour
    )
    stops, _ = board_access.stops_of(asked.study, given)
    wider = with_stops(stops, asked.layout.stops, min_per_hour=given.min_per_hour)
    today, then = (growth_share(areas, s, max_m=max_m) for s in (stops, wider))
    words = [
        t("scenario.behind_area_homes", area=a.name, within=number(n), total=number(a.dwellings))
        for a, n in zip(areas, then.by_area, strict=True)
        if a.dwellings > 0
    ]
    return BoardChange(
        line, 100.0 * (today.share or 0.0), 100.0 * (then.share or 0.0), said=_joined(words)
    )


def _moving(asked: _Asked) -> Text:
    return t("scenario.board_moving", count=number(asked.new_residents))


def _joined(words: Sequence[Text]) -> Text | None:
    if not words:
        return None
    return Text(nb="; ".join(w.nb for w in words), en="; ".join(w.en for w in words))


_PEOPLE: dict[str, Callable[[_Asked], PeopleChange]] = {
    "any_500": partial(_any_stop, max_m=500.0),
    "any_1000": partial(_any_stop, max_m=1000.0),
    "frequent": _frequent,
    "rail": _rail,
    "green": _green,
}
_LAND: dict[str, Callable[[_Asked, Line], BoardChange]] = {
    "built_up": _built_up,
    "land_growth": _land_growth,
    "density": _density,
    "protected": _protected,
    "cycle": _cycle,
}
