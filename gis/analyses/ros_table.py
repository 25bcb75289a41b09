"""Lay out what a ROS report needs of natural hazards, row by row in the order DSB asks for.

Unwanted event, probability, consequence inputs, uncertainty with reasons, suggested zone
of special consideration, sources (DSB's guide to safety in municipal planning, 2017:
identify, assess probability and consequence, uncertainty, measures, follow-up in the
plan). The table gives inputs; consequence classes and measures are the analyst's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.analyses.critical_infrastructure import (
    OBJECTS,
    CriticalInfrastructureParameters,
    Standing,
    standing,
)
from gis.analyses.hazard_counts import HazardExposureParameters, count_exposed
from gis.analyses.lengths import LINES, km_by_class, lines_above_ground
from gis.analyses.parts import listed, provenance, table
from gis.analyses.placing import placing_text
from gis.analyses.registry import Analysis
from gis.analyses.zones import NOISE, Hazard, hazard_ids
from gis.catalogue import layer_entries, layer_entry
from gis.disclosure import round_residents
from gis.errors import ParameterError
from gis.result import Definition, Result, Status
from gis.text import Text, day, number, people_share, t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from gis.analyses.exposure import Exposure
    from gis.analyses.hazard_counts import Counted
    from gis.analyses.study import Study
    from gis.result import Table

# SOSI plan codes of zones of special consideration (danger: 310 slides, 320 flood; noise:
# 210 red, 220 yellow).
_ZONE_CODES = {
    "flood_zones": "H320",
    "flood_caution": "H320",
    "storm_surge": "H320",
    "quick_clay": "H310",
    "quick_clay_caution": "H310",
    "landslide_zones": "H310",
    "landslide_caution": "H310",
}
_NOISE_CODES = {"red": "H210", "yellow": "H220"}
# The scale of DSB's guides to overall ROS (2014) and county ROS (2016), as Statsforvalteren i
# Rogaland gives it: rarer than 1/1000, 1/1000-1/100, 1/100-1/50, 1/50-1/10, more often.
_SCALE = ((0.1, "E"), (0.02, "D"), (0.01, "C"), (0.001, "B"))
_INSTITUTIONS = ("sykehus", "sykehjem", "skole", "barnehage")
_INSTITUTIONS_EN = ("hospital", "nursing home", "school", "kindergarten")


class RosTableParameters(HazardExposureParameters):
    """The same as for hazard-exposure: where residents are, and what counts as inside."""


def probability_class(annual: float | None) -> str:
    """Return A to E of a yearly probability; a limit belongs to the more frequent class but 1/10.

    Empty where the probability is not known.
    """
    if annual is None or not np.isfinite(annual):
        return ""
    if annual > _SCALE[0][0]:
        return "E"
    return next((name for limit, name in _SCALE[1:] if annual >= limit - 1e-12), "A")


def run(study: Study, params: RosTableParameters) -> Result:
    """Make one row for every class of every hazard that lies in the municipality."""
    if params.rule == "min-share":
        message = "rule min-share given; ros-table allows interior, touch, representative-point"
        raise ParameterError(message)
    counted = count_exposed(study, params)
    objects = None
    if study.has(OBJECTS):
        objects = standing(study, CriticalInfrastructureParameters(rule=params.rule))
    lines = {k: lines_above_ground(study, v) for k, v in LINES.items() if study.has(v)}
    rows = [
        row
        for exposure in counted.exposures
        for row in _rows(study, counted, exposure, objects=objects, lines=lines)
    ]
    silent = [_row_of_none(study, counted, e) for e in counted.exposures if not _is_here(study, e)]
    missing = [_row_of_missing(x) for x in counted.absent]
    extents = [h.entry.coverage.layer for h in counted.hazards if h.entry.coverage.layer]
    used = [h.id for h in counted.hazards]
    return Result(
        analysis="ros-table",
        title=ANALYSIS.title,
        area=study.area,
        unit="rows",
        status=_status(counted),
        finding=t(
            "ros_table.finding",
            events=number(len(rows)),
            hazards=number(len(used)),
            missing=number(len(counted.absent)),
            name=study.area.name,
        ),
        definition=Definition(
            sentence=t("ros_table.definition", rule=placing_text(counted.placing)),
            parameters={**params.model_dump(), "method": counted.placing.method},
        ),
        provenance=provenance(
            study,
            ["population_grid", *used, *extents, OBJECTS, *LINES.values()],
            steps=("hazard-exposure, critical-infrastructure and lengths laid out by event",),
        ),
        notes=(t("ros_table.note_residents"), t("ros_table.note_scale"), *_missing(counted)),
        tables={"ros": _table([*rows, *silent, *missing], lines)},
    )


def _status(counted: Counted) -> Status:
    silent = any(float(e.not_mapped.sum()) > 0 for e in counted.exposures)
    return Status.PARTLY_MAPPED if silent or counted.absent else Status.OK


def _missing(counted: Counted) -> tuple[Text, ...]:
    if not counted.absent:
        return ()
    entries = layer_entries()
    titles = [entries[x].title.text for x in counted.absent]
    return (t("ros_table.note_missing", layers=listed(titles)),)


def _rows(
    study: Study,
    counted: Counted,
    exposure: Exposure,
    *,
    objects: Standing | None,
    lines: Mapping[str, NDArray[Any]],
) -> list[dict[str, Any]]:
    """Make the rows of one hazard, one for each class that is there."""
    hazard = exposure.hazard
    area = shapely.area(shapely.intersection(hazard.zones.bands, study.polygon)) / 1e6
    residents = exposure.by_class.sum(axis=0)
    km = {k: km_by_class(v, hazard) for k, v in lines.items()}
    made = []
    for i, one in enumerate(hazard.classes):
        if area[i] <= 0 and residents[i] <= 0:
            continue
        annual = one.annual_probability
        years = "" if annual is None else f"1/{round(1 / annual)}"
        made.append(
            {
                "event": _event(hazard, one.title.text),
                "annual": years or t("ros_table.no_probability"),
                "probability": probability_class(annual),
                "residents_about": _about(float(residents[i])),
                "institutions": _count(objects, hazard, i, institutions=True),
                "objects": _count(objects, hazard, i, institutions=False),
                **{k: float(v[i]) for k, v in km.items()},
                "area_km2": float(area[i]),
                "uncertainty": _uncertainty(study, counted, exposure),
                "zone_code": _zone_code(hazard, one.id),
                "source": _source(study, hazard.id),
            }
        )
    return made


def _is_here(study: Study, exposure: Exposure) -> bool:
    shared = shapely.intersection(exposure.hazard.zones.bands, study.polygon)
    return bool((shapely.area(shared) > 0).any() or exposure.inside.sum() > 0)


def _row_of_none(study: Study, counted: Counted, exposure: Exposure) -> dict[str, Any]:
    """Make the row of a hazard without a zone here: a zero only where it has been mapped."""
    hazard = exposure.hazard
    about: Text = number(0)
    if float(exposure.not_mapped.sum()) > 0:
        somewhere = float(exposure.mapped_outside.sum()) > 0
        about = t(f"ros_table.{'zero_where_mapped' if somewhere else 'not_mapped'}")
    return {
        "event": _event(hazard, t("ros_table.no_zone")),
        "annual": "",
        "probability": "",
        "residents_about": about,
        "uncertainty": _uncertainty(study, counted, exposure),
        "zone_code": "",
        "source": _source(study, hazard.id),
    }


def _row_of_missing(layer: str) -> dict[str, Any]:
    """Make the row of a hazard of which nobody delivered the layer."""
    kind, words = layer_entry(layer).title.text, t("ros_table.layer_missing")
    return {
        "event": Text(nb=f"{kind.nb}: {words.nb}", en=f"{kind.en}: {words.en}"),
        "annual": "",
        "probability": "",
        "residents_about": t("ros_table.not_mapped"),
        "uncertainty": t("ros_table.no_data"),
        "zone_code": "",
        "source": "",
    }


def _event(hazard: Hazard, title: Text) -> Text:
    kind = hazard.entry.title.text
    caution = t("ros_table.caution") if hazard.entry.caution else Text("", "")
    return Text(nb=f"{kind.nb}: {title.nb}{caution.nb}", en=f"{kind.en}: {title.en}{caution.en}")


def _about(residents: float) -> Text:
    """Write residents to the nearest ten: rows of many hazards overlap and stand beside totals."""
    rounded = round_residents(residents)
    if rounded is None:
        return t("common.under_ten")
    return number(0) if not rounded else t("ros_table.about", count=number(rounded))


def _count(
    objects: Standing | None, hazard: Hazard, rank: int, *, institutions: bool
) -> int | None:
    """Count the objects whose worst class of this hazard is the one asked for."""
    if objects is None or hazard.id not in objects.ranks:
        return None
    function = objects.frame["function"].astype(str).str.lower()
    kind = function.isin((*_INSTITUTIONS, *_INSTITUTIONS_EN)).to_numpy()
    return int(((objects.ranks[hazard.id] == rank) & (kind == institutions)).sum())


def _uncertainty(study: Study, counted: Counted, exposure: Exposure) -> Text:
    """List why the row is unsure: age of the map, what is not mapped, nature of the zone, rule."""
    hazard = exposure.hazard
    missing = float(exposure.not_mapped.sum())
    key = "caution" if hazard.entry.caution else hazard.entry.coverage.kind
    return t(
        "ros_table.uncertainty",
        date=day(study.source(hazard.id).date),
        share=people_share(missing, of=counted.cells.total),
        kind=t(f"ros_table.kind_{key}"),
        rule=placing_text(counted.placing),
        accuracy=_accuracy(hazard),
    )


def _accuracy(hazard: Hazard) -> Text:
    """Say how exact the publisher calls the outlines; 0 is what unstated ones are given."""
    rows = hazard.rows
    stated = (
        pd.to_numeric(rows["accuracy_cm"]) if "accuracy_cm" in rows else pd.Series([], dtype=float)
    )
    stated = stated[stated > 0]
    if stated.empty:
        return t("ros_table.accuracy_unstated")
    return t(
        "ros_table.accuracy",
        low=number(float(stated.min())),
        high=number(float(stated.max())),
        count=number(len(stated)),
        all=number(len(rows)),
    )


def _zone_code(hazard: Hazard, class_id: str) -> str:
    if hazard.id == NOISE:
        return _NOISE_CODES.get(class_id, "")
    return _ZONE_CODES.get(hazard.id, "")


def _source(study: Study, layer: str) -> Text:
    source = study.source(layer)
    date = day(source.date)
    return Text(
        nb=f"{source.owner}: {source.title_nb}, {date.nb}",
        en=f"{source.owner}: {source.title_en}, {date.en}",
    )


def _table(rows: list[dict[str, Any]], lines: Iterable[str]) -> Table:
    kinds = {
        "institutions": ("count", 0),
        "objects": ("count", 0),
        "road_km": ("number", 2),
        "rail_km": ("number", 2),
        "area_km2": ("km2", 3),
    }
    before = ("event", "annual", "probability", "residents_about", "institutions", "objects")
    names = [*before, *lines, "area_km2", "uncertainty", "zone_code", "source"]
    columns = tuple((n, *kinds.get(n, ("text", 0))) for n in names)
    return table("ros", pd.DataFrame(rows, columns=names), columns)


ANALYSIS = Analysis(
    id="ros-table",
    title=t("ros_table.title"),
    question=t("ros_table.question"),
    parameters=RosTableParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=("addresses", OBJECTS, *LINES.values(), "marine_limit", *hazard_ids()),
)
