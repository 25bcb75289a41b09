"""Write a screening in the fields of Kartverket's national specification for area analysis.

Field names and status values are those of "Nasjonal spesifikasjon for DOK arealanalyse" 1.0
(schemas no.geonorge.dokanalyse.v1) and, for NOT-IMPLEMENTED and the list ``themes``, of
Kartverket's own process, so that two answers can be held against each other. What the
specification has no name for stands under ``data``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import shapely

import gis
from gis.analyses.screen_rules import guidance_links, tek17_question, zone_codes
from gis.analyses.screen_tables import joined_texts
from gis.catalogue import layer_entries
from gis.result import Table
from gis.text import Language, Text, t

if TYPE_CHECKING:
    from gis.analyses.screen import Screening
    from gis.analyses.screen_lines import Class, Line
    from gis.catalogue import LayerEntry
    from gis.provenance import LayerSource
    from gis.result import Result

STATUSES = (
    "HIT-RED",
    "HIT-YELLOW",
    "HIT",
    "NO-HIT-YELLOW",
    "NO-HIT-GREEN",
    "NOT-RELEVANT",
    "NOT-IMPLEMENTED",
    "ERROR",
)
_WHOLE = 1 - 1e-6


def dok_status(line: Line) -> str:
    """Return the specification's status of a line.

    A hit is HIT-RED where it must be handled, HIT-YELLOW where it must be looked into, HIT
    for information. Without a hit it is green only where the whole area is mapped and
    nothing lies near. A layer the workspace does not have is NOT-IMPLEMENTED.
    """
    if line.status == "hit":
        return {"conflict": "HIT-RED", "check": "HIT-YELLOW"}.get(line.relevance, "HIT")
    if line.status == "not_mapped":
        return "NO-HIT-YELLOW" if line.source is not None else "NOT-IMPLEMENTED"
    if line.status == "no_hit":
        whole = line.mapped_share is not None and line.mapped_share >= _WHOLE
        return "NO-HIT-GREEN" if whole else "NO-HIT-YELLOW"
    return {"near": "NO-HIT-YELLOW", "failed": "ERROR"}.get(line.status, "NOT-RELEVANT")


def dok_output(found: Screening, published: Result, *, language: Language = "nb") -> dict[str, Any]:
    """Return the AnalysisOutput; ``published`` gives the tables of people as they may be shown."""
    epsg = found.area.study.epsg
    results = [_result(found, x, language) for x in found.lines]
    facts = [
        _fact(published.tables[name], found, language)
        for name in ("screen_people", "screen_access")
        if name in published.tables
    ]
    return {
        "resultList": results,
        "report": None,
        "inputGeometry": _geojson(found.area.drawn, epsg),
        "inputGeometryArea": round(found.area.area_m2),
        "factList": facts,
        "municipalityNumber": found.study_area.number,
        "municipalityName": found.study_area.name,
        "arealplan": {
            "version": gis.__version__,
            "status": published.status.value,
            "finding": published.finding.as_dict(),
            "definition": published.definition.as_dict(),
            "figures": dict(published.figures),
            "notes": [n.as_dict() for n in published.notes],
        },
    }


def _geojson(shape: Any, epsg: int) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    # As in Kartverket's own samples: GeoJSON outside degrees says its system.
    name = f"urn:ogc:def:crs:EPSG::{epsg}"
    return {**made, "crs": {"type": "name", "properties": {"name": name}}}


def _result(found: Screening, line: Line, language: Language) -> dict[str, Any]:
    entry = layer_entries()[line.layer]
    question = tek17_question(line, entry)
    guidance = entry.screen.guidance
    words = [x for x in (question, guidance.text if guidance else None) if x is not None]
    return {
        "title": line.title.in_(language),
        "runAlgorithm": _steps(found, line),
        "buffer": round(found.area.buffer_m),
        "runOnDataset": _dataset(entry, line.source, language),
        "inputGeometryArea": round(found.area.area_m2),
        "hitArea": None if line.area_m2 is None else round(line.area_m2),
        "resultStatus": dok_status(line),
        "distanceToObject": None if line.distance_m is None else round(line.distance_m),
        "theme": line.theme,
        "themes": [line.theme],
        "description": line.why.in_(language),
        "guidanceText": joined_texts(words, sign=" ").in_(language) or None,
        "guidanceUri": [{"href": x, "title": x} for x in guidance_links(line, entry)],
        "possibleActions": _actions(line, entry, language),
        "qualityMeasurement": _quality(line, language),
        "qualityWarning": [w.in_(language) for w in line.warnings],
        "data": {
            "layer": line.layer,
            "status": line.status,
            "relevance": line.relevance,
            "share": line.share,
            "lengthM": line.length_m,
            "count": line.count,
            "mappedShare": line.mapped_share,
            "hensynssone": list(zone_codes(line, entry)),
            "classes": [_class(c, language) for c in line.classes],
            "names": list(line.named),
        },
    }


def _steps(found: Screening, line: Line) -> list[str]:
    steps = ["set input_geometry"]
    if found.area.buffer_m:
        steps.append(f"add buffer ({found.area.buffer_m:.0f})")
    if line.status in ("not_relevant", "failed") or line.source is None:
        return [*steps, line.status]
    return [*steps, f"cut {line.layer} to area", "join overlaps, worst class first", "distance"]


def _dataset(entry: LayerEntry, source: LayerSource | None, language: Language) -> dict[str, Any]:
    metadata = entry.source.metadata
    updated = source.date if source is not None else None
    return {
        "datasetid": metadata.rstrip("/").rsplit("/", 1)[-1] if metadata else "",
        "title": entry.source.dataset,
        "description": entry.about.text.in_(language),
        "owner": source.owner if source is not None else entry.source.owner,
        "updated": "" if updated is None else f"{updated.isoformat()}T00:00:00Z",
        "datasetDescriptionUri": metadata,
    }


def _actions(line: Line, entry: LayerEntry, language: Language) -> list[str]:
    codes = zone_codes(line, entry)
    return [t("screen.action_zone", code=c).in_(language) for c in codes]


def _quality(line: Line, language: Language) -> list[dict[str, str]]:
    """Say how much is mapped and how old the data are, as the specification's measurements."""
    found: list[tuple[str, Text, str | float]] = []
    if line.mapped_share is not None:
        found.append(("fullstendighet_dekning", t("screen.quality_mapped"), line.mapped_share))
    if line.source is not None and line.source.date is not None:
        found.append(("datasett_dato", t("screen.quality_date"), line.source.date.isoformat()))
    return [
        {
            "qualityDimensionId": name,
            "qualityDimensionName": title.in_(language),
            "value": f"{value:.4f}" if isinstance(value, float) else str(value),
        }
        for name, title, value in found
    ]


def _class(found: Class, language: Language) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title.in_(language),
        "areaM2": None if found.area_m2 is None else round(found.area_m2, 1),
        "lengthM": None if found.length_m is None else round(found.length_m, 1),
        "count": found.count,
    }


def _fact(table: Table, found: Screening, language: Language) -> dict[str, Any]:
    rows = table.as_dict()["rows"]
    plain = [{k: v[language] if isinstance(v, dict) else v for k, v in row.items()} for row in rows]
    study = found.area.study
    name = "population_grid" if table.id == "screen_people" else "transit_stops"
    entry = layer_entries()[name]
    source = study.source(name) if study.has(name) else None
    title: Text = table.title
    return {
        "runAlgorithm": table.id,
        "buffer": round(found.area.buffer_m),
        "runOnDataset": _dataset(entry, source, language),
        "data": {"title": title.in_(language), "rows": plain},
    }
