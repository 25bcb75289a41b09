"""Measure the board's indicators of land: built-up, density, protected nature, cycle network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from gis.analyses import built_up_share
from gis.analyses.board import Measured, share_of_residents
from gis.analyses.built_up_change import (
    BuiltUpChangeParameters,
    change_of,
    definition_of,
    finding_of,
)
from gis.analyses.built_up_states import EARLIER, HISTORY
from gis.analyses.hazard_counts import Counted, HazardExposureParameters, count_exposed
from gis.analyses.land_parts import BUILT_UP, M2_PER_HA, ground_of, polygons_on_land
from gis.analyses.lengths import LINES, lines_within
from gis.analyses.parts import land_note
from gis.analyses.placing import placing_text
from gis.analyses.travel import counted_cells
from gis.disclosure import is_publishable
from gis.text import Text, number, people_share, t

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.analyses.exposure import Exposure
    from gis.analyses.study import Study

POPULATION = "population_grid"
PROTECTED = "protected_areas"
ROADS = LINES["road_km"]
# Types of road that are made for bicycles: N50 and the National Road Database write both ways.
CYCLE_WAYS = ("gangogsykkelveg", "gsv", "sykkelveg")


def built_up(study: Study) -> Measured:
    """Return the built-up share of the land, as built-up-share does."""
    found = built_up_share.ANALYSIS(study)
    value = None if found.value is None else 100.0 * found.value
    return Measured(value, found.definition.sentence, (BUILT_UP,), "share of land")


def land_growth(study: Study) -> Measured:
    """Return land consumption over population growth, as built-up-change does."""
    change = change_of(study, BuiltUpChangeParameters())
    new_ha = float(shapely.area(change.new)) / M2_PER_HA
    return Measured(
        change.ratio,
        definition_of(study, change).sentence,
        (BUILT_UP, EARLIER, *((HISTORY,) if study.has(HISTORY) else ())),
        f"{change.first.year}-{change.last.year} {change.formula}",
        finding_of(study, change, new_ha),
    )


def density(study: Study) -> Measured:
    """Return residents by hectare of settlement, as density does."""
    ground, cells = ground_of(study), counted_cells(study, "residents")
    text = t("indicators.density")
    layers = (POPULATION, BUILT_UP)
    if not ground.settled_ha:
        return Measured(None, text, layers, "", t("indicators.no_settlement"))
    if not is_publishable(cells.total):
        return Measured(None, text, layers, "", t("indicators.withheld"))
    return Measured(cells.total / ground.settled_ha, text, layers, "settlements")


def protected(study: Study) -> Measured:
    """Return the share of the land that is protected; areas that overlap count once."""
    ground = ground_of(study)
    text = t("indicators.protected", land=land_note(study))
    if not ground.land_ha:
        return Measured(None, text, (PROTECTED,), "", t("indicators.no_land"))
    inside_ha = float(shapely.area(polygons_on_land(study, PROTECTED))) / M2_PER_HA
    return Measured(100.0 * inside_ha / ground.land_ha, text, (PROTECTED,), "share of land")


def cycle_network(study: Study) -> Measured:
    """Return kilometres of cycle way for 100,000 residents; each way counts once.

    Ways of the road layer whose type is open to bicycles first of all; lanes in the
    carriageway are no ways of their own there and are not counted.
    """
    roads, ways = study.frame(ROADS), cycle_ways(study)
    text = t("indicators.cycle", layer=_title(study, ROADS))
    layers = (ROADS, POPULATION)
    if ways.empty:
        found = ", ".join(sorted(set(roads["kind"].dropna().astype(str))))
        return Measured(None, text, layers, "", t("indicators.no_cycle", kinds=found or "–"))
    cells = counted_cells(study, "residents")
    if not cells.total:
        return Measured(None, text, layers, "", t("indicators.no_residents"))
    km = km_within(study, ways)
    told = t("indicators.cycle_km", km=number(km, decimals=1))
    return Measured(per_100k(km, cells.total), text, layers, "ways of their own, once", told)


def cycle_ways(study: Study) -> gpd.GeoDataFrame:
    """Return the ways of the road layer that are made for bicycles."""
    roads = study.frame(ROADS)
    kinds = roads["kind"].astype(str).str.casefold()
    return roads[kinds.isin(CYCLE_WAYS).to_numpy(dtype=bool)]


def counted(study: Study) -> Counted:
    """Count residents by hazard, as hazard-exposure does with its own defaults."""
    study.need(POPULATION)
    return count_exposed(study, HazardExposureParameters())


def hazard(study: Study, layer: str) -> Measured:
    """Return the share of residents in the zones of one hazard; not mapped is no zero."""
    found = counted(study)
    one = next(e for e in found.exposures if e.hazard.id == layer)
    total, inside = found.cells.total, float(one.inside.sum())
    text = t(
        "indicators.hazard",
        hazard=one.hazard.entry.title.text,
        rule=placing_text(found.placing),
    )
    layers = (POPULATION, layer)
    if not float(one.inside.sum() + one.mapped_outside.sum()):
        return Measured(None, text, layers, "", remark=t("indicators.not_mapped"))
    value, remark = share_of_residents(inside, total)
    return Measured(value, text, layers, found.placing.method, remark or _unmapped(one, total))


def km_within(study: Study, ways: gpd.GeoDataFrame) -> float:
    """Measure the kilometres of ways that run in the municipality."""
    return float(shapely.length(lines_within(study, ways)).sum()) / 1000


def per_100k(km: float, residents: float) -> float:
    """Return kilometres for 100,000 residents."""
    return km / residents * 100_000


def _unmapped(one: Exposure, total: float) -> Text | None:
    unknown = float(one.not_mapped.sum())
    if not unknown:
        return None
    if share_of_residents(unknown, total)[0] is None:
        return t("indicators.partly_mapped_some")
    return t("indicators.partly_mapped", share=people_share(unknown, of=total))


def _title(study: Study, layer: str) -> Text:
    source = study.source(layer)
    return Text(nb=source.title_nb, en=source.title_en)
