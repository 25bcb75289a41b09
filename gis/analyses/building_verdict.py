"""Judge every building against TEK17: acceptable, needs study, not allowed, or not mapped.

The verdict is that of the rules for new buildings at the place; for one that stands it
tells of exposure. It replaces no assessment by a professional.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field

from gis.analyses.hazard_words import silent_notes
from gis.analyses.parts import provenance, table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.tek17 import GONE, SafetyClass, safety_class
from gis.analyses.verdicts import (
    ACCEPTABLE,
    NEEDS_STUDY,
    NOT_ALLOWED,
    NOT_MAPPED,
    VERDICTS,
    by_return_period,
    has_climate,
    in_zones,
    on,
)
from gis.analyses.zones import Hazard, hazard_of
from gis.errors import ParameterError
from gis.result import Definition, LeftOut, Result, Status
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.kernels.zones import ObjectRule
    from gis.result import Table

BUILDINGS = "buildings"
_PERIODS = {"flood_zones": "flood", "storm_surge": "flood", "landslide_zones": "slide"}
_CAUTIONS = {
    "flood_zones": "flood_caution",
    "landslide_zones": "landslide_caution",
    "quick_clay": "quick_clay_caution",
}
_HAZARDS = (*_PERIODS, "quick_clay")
_PARAGRAPH = {
    "flood_zones": "§ 7-2 (2)",
    "storm_surge": "§ 7-2 (2)(3)",
    "landslide_zones": "§ 7-3 (2)",
    "quick_clay": "§ 7-3 (2)",
}
_FIRST = {"flood": "§ 7-2 (1)", "slide": "§ 7-3 (1)"}


class BuildingVerdictParameters(Parameters):
    """When a building counts as inside a zone, and which must not stand in one at all."""

    rule: Literal["interior", "touch", "representative-point"] = Field(
        default="interior", description="when a building counts as inside a zone"
    )
    vital: str = Field(
        default="",
        description="building numbers of works of national or regional importance to preparedness "
        "(and, for floods, major-accident plants), split by commas: § 7-2 (1), § 7-3 (1)",
    )


@dataclass(frozen=True)
class Judged:
    """The buildings with their safety class and the verdict of each hazard."""

    frame: gpd.GeoDataFrame
    safety: list[SafetyClass]
    by_hazard: dict[str, NDArray[np.int64]]
    hazards: dict[str, Hazard]
    gone: int

    @property
    def worst(self) -> NDArray[np.int64]:
        """The worst verdict of each building; not mapped where a hazard has no layer."""
        found = [*self.by_hazard.values()]
        return np.max(found, axis=0) if found else np.zeros(len(self.frame), np.int64)


def run(study: Study, params: BuildingVerdictParameters) -> Result:
    """Judge the buildings whose point lies in the municipality.

    The value is the share of buildings that would not be allowed where they stand.
    """
    judged = judge(study, params)
    total = len(judged.frame)
    bad = int((judged.worst == NOT_ALLOWED).sum())
    hazards = judged.hazards.values()
    climate = any(has_climate(h) for h in hazards)
    return Result(
        analysis="building-verdict",
        title=ANALYSIS.title,
        area=study.area,
        value=bad / total if total else None,
        unit="share",
        numerator=float(bad),
        denominator=float(total),
        numerator_unit="buildings",
        status=_status(judged),
        finding=t(
            "building_verdict.finding",
            bad=number(bad),
            total=number(total),
            share=percent(bad / total if total else None),
            study=number(int((judged.worst == NEEDS_STUDY).sum())),
            unmapped=number(int((judged.worst == NOT_MAPPED).sum())),
            name=study.area.name,
        ),
        definition=Definition(
            sentence=t(
                "building_verdict.definition",
                climate=t(f"building_verdict.climate_{'yes' if climate else 'no'}"),
                rule=t(f"hazard_exposure.rule_{params.rule.replace('-', '_')}"),
            ),
            parameters={**params.model_dump(), "hazards": ", ".join(judged.hazards)},
        ),
        provenance=provenance(
            study,
            [BUILDINGS, *judged.hazards, *_CAUTIONS.values(), "marine_limit", *_extents(judged)],
            steps=(
                "building type to safety class by TEK17 §§ 7-2, 7-3",
                f"zones of the class's return period met by the rule {params.rule}",
                "worst verdict over the hazards",
            ),
        ),
        left_out=_left_out(judged),
        notes=_notes(study, judged),
        figures={v: int((judged.worst == i).sum()) for i, v in enumerate(VERDICTS)},
        tables=_tables(judged),
        frame=_frame(judged),
    )


def judge(study: Study, params: BuildingVerdictParameters) -> Judged:
    """Class the buildings and judge them against each hazard that is there."""
    frame = study.near(BUILDINGS).reset_index(drop=True)
    gone = frame["building_status"].isin(GONE).to_numpy() if "building_status" in frame else None
    n_gone = int(gone.sum()) if gone is not None else 0
    frame = frame if gone is None else frame[~gone].reset_index(drop=True)
    safety = [safety_class(None if pd.isna(v) else str(v)) for v in frame["building_type"]]
    banned = _named(frame, params)
    objects = frame.geometry.to_numpy()
    hazards = {x: hazard_of(study, x) for x in _HAZARDS if study.has(x)}
    by_hazard = {}
    for name in _HAZARDS:
        if name in hazards:
            found = _verdicts(study, hazards[name], objects, safety=safety, rule=params.rule)
            by_hazard[name] = _ban(hazards[name], objects, found, banned=banned, rule=params.rule)
        else:
            by_hazard[name] = np.full(len(frame), NOT_MAPPED, dtype=np.int64)
    return Judged(frame, safety, by_hazard, hazards, n_gone)


def _named(frame: gpd.GeoDataFrame, params: BuildingVerdictParameters) -> NDArray[np.bool_]:
    """Find the buildings named vital. Raises ParameterError for a number that none here has."""
    vital = {x.strip() for x in params.vital.split(",") if x.strip()}
    numbers = frame["building_id"].astype(str)
    unknown = sorted(vital - set(numbers))
    if unknown:
        message = (
            f"parameter 'vital': no standing building here has the number {', '.join(unknown)}; "
            "allowed: building numbers of the municipality, split by commas"
        )
        raise ParameterError(message)
    return np.asarray(numbers.isin(vital))


def _verdicts(
    study: Study,
    hazard: Hazard,
    objects: NDArray[Any],
    *,
    safety: list[SafetyClass],
    rule: ObjectRule,
) -> NDArray[np.int64]:
    caution = _caution(study, hazard.id, objects, rule=rule)
    if hazard.id == "quick_clay":
        keep = np.ones(len(hazard.classes), bool)
        found = np.where(on(hazard.mapped, objects), ACCEPTABLE, NOT_MAPPED)
        found[in_zones(hazard, objects, rule=rule, keep=keep)] = NEEDS_STUDY
    else:
        slide = _PERIODS[hazard.id] == "slide"
        classes = [s.slide if slide else s.flood for s in safety]
        found = by_return_period(hazard, objects, classes, rule=rule)
        if hazard.id == "flood_zones" and caution is not None:
            # NVE: outside the caution area F1 and F2 are safe enough, F3 always needs study.
            lenient = np.array([c != "F3" for c in classes]) & ~caution
            unmapped = found == NOT_MAPPED
            found[unmapped] = np.where(lenient[unmapped], ACCEPTABLE, NEEDS_STUDY)
    if caution is not None:
        found[caution & (found == NOT_MAPPED)] = NEEDS_STUDY
    return np.asarray(found, dtype=np.int64)


def _caution(
    study: Study, name: str, objects: NDArray[Any], *, rule: ObjectRule
) -> NDArray[np.bool_] | None:
    layer = _CAUTIONS.get(name)
    if layer is None or not study.has(layer):
        return None
    hazard = hazard_of(study, layer)
    if hazard.silent:
        return None
    return in_zones(hazard, objects, rule=rule, keep=np.ones(len(hazard.classes), bool))


def _ban(
    hazard: Hazard,
    objects: NDArray[Any],
    found: NDArray[np.int64],
    *,
    banned: NDArray[np.bool_],
    rule: ObjectRule,
) -> NDArray[np.int64]:
    """Refuse the works of the first paragraphs any zone at all; outside they need study."""
    keep = np.ones(len(hazard.classes), bool)
    inside = in_zones(hazard, objects, rule=rule, keep=keep)
    strict = np.where(inside, NOT_ALLOWED, np.maximum(found, NEEDS_STUDY))
    return np.where(banned, strict, found)


def _extents(judged: Judged) -> list[str]:
    return [h.entry.coverage.layer for h in judged.hazards.values() if h.entry.coverage.layer]


def _status(judged: Judged) -> Status:
    if not len(judged.frame):
        return Status.INSUFFICIENT_DATA
    if not judged.hazards:
        return Status.NOT_MAPPED
    unmapped = any((v == NOT_MAPPED).any() for v in judged.by_hazard.values())
    return Status.PARTLY_MAPPED if unmapped else Status.OK


def _left_out(judged: Judged) -> tuple[LeftOut, ...]:
    if not judged.gone:
        return ()
    text = t("building_verdict.gone", count=number(judged.gone), codes=", ".join(GONE))
    return (LeftOut(reason="gone", text=text, count=float(judged.gone), unit="buildings"),)


def _notes(study: Study, judged: Judged) -> tuple[Text, ...]:
    stricter = sum(s.stricter for s in judged.safety)
    ask = sum(s.ask_first for s in judged.safety)
    made = [t("building_verdict.note_new"), t("building_verdict.note_lists")]
    if stricter:
        made.append(t("building_verdict.note_stricter", count=number(stricter)))
    if ask:
        made.append(t("building_verdict.note_first", count=number(ask)))
    cautions = [hazard_of(study, x) for x in _CAUTIONS.values() if study.has(x)]
    if any(h.id == _CAUTIONS["flood_zones"] and not h.silent for h in cautions):
        made.append(t("building_verdict.note_culverts"))
    return (*made, *silent_notes([*judged.hazards.values(), *cautions]))


def _tables(judged: Judged) -> dict[str, Table]:
    return {"verdicts": _verdict_table(judged), "classes": _class_table(judged)}


def _verdict_table(judged: Judged) -> Table:
    """Count the buildings by verdict, hazard by hazard, and in all by the worst."""
    names = [t(f"building_verdict.{name}") for name in _HAZARDS] + [t("building_verdict.worst")]
    found = [*judged.by_hazard.values(), judged.worst]
    frame = pd.DataFrame({"hazard": names})
    for i, verdict in enumerate(VERDICTS):
        frame[verdict] = [int((f == i).sum()) for f in found]
    columns = (("hazard", "text", 0), *((v, "count", 0) for v in reversed(VERDICTS)))
    return table("verdicts", frame, columns)


def _class_table(judged: Judged) -> Table:
    """Count the buildings by group of types, with the classes asked and the worst verdict."""
    rows: dict[str, dict[str, Any]] = {}
    for safety, worst in zip(judged.safety, judged.worst, strict=True):
        row = rows.setdefault(
            safety.group.nb,
            {
                "group": safety.group,
                "safety_flood": safety.flood,
                "safety_slide": safety.slide,
                "stricter": t("values.true" if safety.stricter else "values.false"),
                "buildings": 0,
                **dict.fromkeys(VERDICTS, 0),
            },
        )
        row["buildings"] += 1
        row[VERDICTS[worst]] += 1
    columns = (
        ("group", "text", 0),
        ("safety_flood", "text", 0),
        ("safety_slide", "text", 0),
        ("stricter", "text", 0),
        ("buildings", "count", 0),
        *((v, "count", 0) for v in reversed(VERDICTS)),
    )
    frame = pd.DataFrame([*rows.values()], columns=[c[0] for c in columns])
    return table("classes", frame, columns, headings={"group": t("fields.building_type")})


def _frame(judged: Judged) -> gpd.GeoDataFrame:
    """Return one row a building: its type and class, the verdict, and the paragraph behind it."""
    worst = judged.worst
    columns = {
        "building_id": judged.frame["building_id"].astype(str).to_numpy(),
        "building_type": judged.frame["building_type"].astype(str).to_numpy(),
        "safety_flood": [s.flood for s in judged.safety],
        "safety_slide": [s.slide for s in judged.safety],
        "verdict": [VERDICTS[v] for v in worst],
        "paragraph": [_paragraph(judged, i, int(v)) for i, v in enumerate(worst)],
        **{f"verdict_{k}": [VERDICTS[x] for x in v] for k, v in judged.by_hazard.items()},
    }
    points = shapely.point_on_surface(judged.frame.geometry.to_numpy())
    return gpd.GeoDataFrame(columns, geometry=points, crs=judged.frame.crs)


def _paragraph(judged: Judged, i: int, worst: int) -> str:
    """Name the paragraphs of the hazards that gave the worst verdict."""
    if worst == ACCEPTABLE:
        return ""
    behind = [_PARAGRAPH[k] for k, v in judged.by_hazard.items() if v[i] == worst]
    if judged.safety[i].ask_first and worst != NOT_MAPPED:
        behind += [_FIRST[k] for k in ("flood", "slide")]
    return "TEK17 " + ", ".join(dict.fromkeys(behind))


ANALYSIS = Analysis(
    id="building-verdict",
    title=t("building_verdict.title"),
    question=t("building_verdict.question"),
    parameters=BuildingVerdictParameters,
    run=run,
    needs=("municipality", BUILDINGS),
    uses=(*_HAZARDS, *_CAUTIONS.values(), "marine_limit"),
)
