"""Answer planning questions: definition in, Result out; one module a question."""

from __future__ import annotations

import difflib
from typing import Any

from gis.analyses import (
    age_groups,
    biodiversity_hotspots,
    building_verdict,
    built_up_change,
    built_up_share,
    critical_infrastructure,
    cut_off,
    density,
    green_access,
    green_corridors,
    hazard_exposure,
    indicators,
    nature_conflict,
    nature_value,
    rail_changes,
    rail_cycling,
    ros_table,
    scenario,
    slope_screening,
    suitability,
    surge,
    transit_access,
    what_changes,
)
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.study import Layers, Study, study_area, study_areas
from gis.errors import ParameterError

ANALYSES: dict[str, Analysis[Any]] = {
    a.id: a
    for a in (
        built_up_share.ANALYSIS,
        transit_access.ANALYSIS,
        rail_cycling.ANALYSIS,
        what_changes.ANALYSIS,
        scenario.ANALYSIS,
        rail_changes.ANALYSIS,
        hazard_exposure.ANALYSIS,
        critical_infrastructure.ANALYSIS,
        cut_off.ANALYSIS,
        building_verdict.ANALYSIS,
        surge.ANALYSIS,
        slope_screening.ANALYSIS,
        ros_table.ANALYSIS,
        biodiversity_hotspots.ANALYSIS,
        nature_value.ANALYSIS,
        nature_conflict.ANALYSIS,
        age_groups.ANALYSIS,
        density.ANALYSIS,
        green_access.ANALYSIS,
        indicators.ANALYSIS,
        green_corridors.ANALYSIS,
        suitability.ANALYSIS,
        built_up_change.ANALYSIS,
    )
}


def analysis(name: str) -> Analysis[Any]:
    """Return one analysis. Raises ParameterError naming what there is."""
    if name not in ANALYSES:
        near = difflib.get_close_matches(name, ANALYSES, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        message = f"no analysis '{name}'{hint} (there are: {', '.join(ANALYSES)})"
        raise ParameterError(message)
    return ANALYSES[name]


__all__ = [
    "ANALYSES",
    "Analysis",
    "Layers",
    "Parameters",
    "Study",
    "analysis",
    "study_area",
    "study_areas",
]
