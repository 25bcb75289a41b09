"""List which works that society must keep running stand in which hazard zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field

from gis.analyses.hazard_words import silent_notes
from gis.analyses.lengths import LINES, km_by_class, km_not_mapped, lines_above_ground
from gis.analyses.parts import listed, provenance, table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.verdicts import looked_at
from gis.analyses.zones import Hazard, hazard_ids, hazard_of, zone_layers
from gis.catalogue import layer_entry
from gis.errors import LayerMissingError
from gis.kernels.zones import polygon_class
from gis.result import Definition, Result, Status
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.result import Table

OBJECTS = "critical_infrastructure"
_NONE, _UNMAPPED = "", "not_mapped"


class CriticalInfrastructureParameters(Parameters):
    """When an object counts as inside a zone."""

    rule: Literal["interior", "touch", "representative-point", "min-share"] = Field(
        default="interior", description="when an object counts as inside a zone"
    )
    min_share: float | None = Field(
        default=None, gt=0, le=1, description="rule min-share: the least share of its area"
    )


@dataclass(frozen=True)
class Standing:
    """The objects of the municipality and their worst class by hazard: rank, -1 for none.

    ``mapped`` tells by hazard where an object outside all zones has been looked at;
    ``absent`` names the layers of hazard zones that are not there.
    """

    frame: gpd.GeoDataFrame
    hazards: list[Hazard]
    ranks: dict[str, NDArray[np.int64]]
    mapped: dict[str, NDArray[np.bool_]]
    absent: tuple[str, ...] = ()

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """Which objects stand in at least one hazard zone; caution areas and noise are none."""
        found = [self.ranks[h.id] >= 0 for h in self.hazards if h.in_union]
        return np.any(found, axis=0) if found else np.zeros(len(self.frame), dtype=bool)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which objects stand in no hazard zone, where one hazard or more is not mapped."""
        looked = [self.mapped[h.id] for h in self.hazards if h.in_union]
        all_known = np.all(looked, axis=0) if looked and not self.absent else np.False_
        return np.asarray(~self.exposed & ~all_known)

    @property
    def is_answer(self) -> bool:
        """Whether any hazard zone was looked for at any object; a zero is no answer else."""
        looked = [self.mapped[h.id] for h in self.hazards if h.in_union]
        return bool(np.any(looked)) if looked else False


def standing(study: Study, params: CriticalInfrastructureParameters) -> Standing:
    """Find the worst class of every object in every hazard layer that is there."""
    frame = study.near(OBJECTS).reset_index(drop=True)
    hazards = [hazard_of(study, x) for x in hazard_ids() if study.has(x)]
    if not hazards:
        message = f"critical-infrastructure needs at least one of: {', '.join(hazard_ids())}"
        raise LayerMissingError(message)
    objects = frame.geometry.to_numpy()
    ranks, mapped = {}, {}
    for h in hazards:
        ranks[h.id] = polygon_class(
            objects,
            h.zones.shapes,
            h.zones.ranks,
            rule=params.rule,
            n_classes=h.zones.n_classes,
            min_share=params.min_share,
        )
        mapped[h.id] = looked_at(h, objects, inside=ranks[h.id] >= 0)
    absent = zone_layers(x for x in hazard_ids() if not study.has(x))
    return Standing(frame, hazards, ranks, mapped, absent)


def run(study: Study, params: CriticalInfrastructureParameters) -> Result:
    """Count the objects in a hazard zone; list each with its class in every hazard.

    The value is the share of objects that stand in at least one hazard zone; none where
    no hazard was mapped at any of them.
    """
    found = standing(study, params)
    total, exposed = len(found.frame), int(found.exposed.sum())
    in_union = [h for h in found.hazards if h.in_union]
    silent = [h for h in in_union if not found.mapped[h.id].all()]
    names = [h.entry.title.text for h in in_union]
    layers = [x for x in LINES.values() if study.has(x)]
    return Result(
        analysis="critical-infrastructure",
        title=ANALYSIS.title,
        area=study.area,
        value=exposed / total if total and found.is_answer else None,
        unit="share",
        numerator=float(exposed) if found.is_answer else None,
        denominator=float(total),
        numerator_unit="objects",
        status=_status(found, silent),
        finding=t(
            f"critical_infrastructure.finding{'' if found.is_answer else '_not_mapped'}",
            exposed=number(exposed),
            total=number(total),
            share=percent(exposed / total if total else None),
            name=study.area.name,
        ),
        definition=Definition(
            sentence=t(
                "critical_infrastructure.definition",
                rule=t(f"critical_infrastructure.rule_{params.rule.replace('-', '_')}"),
                hazards=Text(
                    nb=", ".join(x.nb.lower() for x in names),
                    en=", ".join(x.en.lower() for x in names),
                ),
            ),
            parameters={**params.model_dump(), "hazards": ", ".join(h.id for h in found.hazards)},
        ),
        provenance=provenance(
            study,
            [OBJECTS, *(h.id for h in found.hazards), *layers],
            steps=(f"worst class of each object by the rule {params.rule}", "caution areas apart"),
        ),
        notes=_notes(found, silent),
        figures={
            "objects": total,
            "objects_in_any_zone": exposed if found.is_answer else None,
            "objects_not_mapped": int(found.unknown.sum()),
        },
        tables=_tables(study, found, layers),
        frame=_frame(found),
    )


def _status(found: Standing, silent: list[Hazard]) -> Status:
    if found.frame.empty:
        return Status.INSUFFICIENT_DATA
    if not found.is_answer:
        return Status.NOT_MAPPED
    return Status.PARTLY_MAPPED if silent or found.absent else Status.OK


def _notes(found: Standing, silent: list[Hazard]) -> tuple[Text, ...]:
    """Say at how many objects each hazard was not mapped, and which layers are not there."""
    made = [
        t("critical_infrastructure.silent", hazard=h.entry.title.text,
          count=number(int((~found.mapped[h.id]).sum())))
        for h in silent
    ]  # fmt: skip
    if found.absent:
        titles = listed(layer_entry(x).title.text for x in found.absent)
        made.append(t("critical_infrastructure.absent", layers=titles))
    return (*made, *silent_notes(found.hazards))


def _tables(study: Study, found: Standing, lines: list[str]) -> dict[str, Table]:
    tables = {"functions": _by_function(found), "objects": _listing(found)}
    if lines:
        tables["lengths"] = length_table(study, found.hazards)
    return tables


def _by_function(found: Standing) -> Table:
    """Count by function: all, in any zone, outside where not all is mapped, in each hazard."""
    function = found.frame["function"].astype(str)
    data = {
        "objects": np.ones(len(function)),
        "in_zone": found.exposed.astype(float),
        "not_mapped": found.unknown.astype(float),
    }
    data |= {f"in_{h.id}": (found.ranks[h.id] >= 0).astype(float) for h in found.hazards}
    if "served" in found.frame.columns and found.frame["served"].notna().any():
        served = pd.to_numeric(found.frame["served"]).fillna(0).to_numpy(dtype=float)
        data["served_in_zone"] = served * found.exposed
    frame = pd.DataFrame(data).groupby(function).sum().reset_index()
    frame = frame.sort_values(["in_zone", "function"], ascending=[False, True])
    headings = {f"in_{h.id}": h.entry.title.text for h in found.hazards}
    columns = (("function", "text", 0), *((name, "count", 0) for name in data))
    return table("functions", frame, columns, headings=headings)


def _listing(found: Standing) -> Table:
    """List the objects that stand in a zone or a caution area, with the class in each hazard."""
    hit = np.any([found.ranks[h.id] >= 0 for h in found.hazards], axis=0)
    frame = pd.DataFrame(
        {
            "name": found.frame["name"].astype(str),
            "function": found.frame["function"].astype(str),
            **{f"in_{h.id}": _words(h, found) for h in found.hazards},
        }
    )[hit]
    headings = {f"in_{h.id}": h.entry.title.text for h in found.hazards}
    columns = tuple((name, "text", 0) for name in frame.columns)
    return table("objects", frame.reset_index(drop=True), columns, headings=headings)


def _words(hazard: Hazard, found: Standing) -> list[Any]:
    outside, unmapped = t("critical_infrastructure.outside"), t("critical_infrastructure.unmapped")
    return [
        hazard.classes[r].title.text if r >= 0 else (outside if m else unmapped)
        for r, m in zip(found.ranks[hazard.id], found.mapped[hazard.id], strict=True)
    ]


def length_table(study: Study, hazards: list[Hazard]) -> Table:
    """Measure road and rail in every class of every hazard, and where it is not mapped.

    The classes of one hazard do not overlap.
    """
    lines = {k: lines_above_ground(study, v) for k, v in LINES.items() if study.has(v)}
    rows = []
    for hazard in hazards:
        km = {k: km_by_class(v, hazard) for k, v in lines.items()}
        for i, one in enumerate(hazard.classes):
            if any(v[i] > 0 for v in km.values()):
                title = {"hazard": hazard.entry.title.text, "class": one.title.text}
                rows.append(title | {k: float(v[i]) for k, v in km.items()})
        rest = {k: km_not_mapped(v, hazard) if hazard.in_union else 0.0 for k, v in lines.items()}
        if any(v > 0 for v in rest.values()):
            words = t("critical_infrastructure.unmapped")
            rows.append({"hazard": hazard.entry.title.text, "class": words} | rest)
    columns = (("hazard", "text", 0), ("class", "text", 0), *((k, "number", 2) for k in lines))
    return table("lengths", pd.DataFrame(rows, columns=[c[0] for c in columns]), columns)


def _frame(found: Standing) -> gpd.GeoDataFrame:
    """Return one row an object: its class in each hazard, and the hazard it is worst off in."""
    columns: dict[str, Any] = {
        "name": found.frame["name"].astype(str).to_numpy(),
        "function": found.frame["function"].astype(str).to_numpy(),
        "exposed": found.exposed,
    }
    for hazard in found.hazards:
        ids = [
            hazard.classes[r].id if r >= 0 else (_NONE if m else _UNMAPPED)
            for r, m in zip(found.ranks[hazard.id], found.mapped[hazard.id], strict=True)
        ]
        columns[f"in_{hazard.id}"] = ids
    points = shapely.point_on_surface(found.frame.geometry.to_numpy())
    return gpd.GeoDataFrame(columns, geometry=points, crs=found.frame.crs)


ANALYSIS = Analysis(
    id="critical-infrastructure",
    title=t("critical_infrastructure.title"),
    question=t("critical_infrastructure.question"),
    parameters=CriticalInfrastructureParameters,
    run=run,
    needs=("municipality", OBJECTS),
    uses=(*LINES.values(), "marine_limit", *hazard_ids()),
)
