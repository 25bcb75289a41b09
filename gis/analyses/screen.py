"""Tell everything the catalogue knows about one plan area, one line for each layer.

Statuses: hit, near (within the entry's ``near_m``), no hit, not mapped, not relevant, failed.
Where a theme is not mapped the answer is never "no hit"; where a layer cannot be read, the
others are answered all the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd

from gis.analyses.screen_area import WALK_M, PlanArea, plan_area
from gis.analyses.screen_lines import STATUSES, Line, screen_layer
from gis.analyses.screen_people import Access, Count, access, count_people
from gis.analyses.screen_tables import screen_tables
from gis.catalogue import layer_entries
from gis.provenance import Provenance
from gis.result import Area, Definition, Result, Status
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.study import Study
    from gis.provenance import LayerSource
    from gis.sources.plan import Plan

DAA_M2 = 1000.0
_NAMED = 4


@dataclass(frozen=True)
class Screening:
    """One plan area held against every layer.

    ``lines`` has one entry for each layer of the catalogue, hits that must be handled first.
    """

    plan: Plan
    area: PlanArea
    study_area: Area
    lines: tuple[Line, ...]
    people: tuple[Count, ...]
    access: tuple[Access, ...]
    no_access: Text | None
    today: dt.date

    def of(self, *statuses: str) -> list[Line]:
        """Return the lines of some statuses."""
        return [x for x in self.lines if x.status in statuses]


def screen(
    study: Study, plan: Plan, *, buffer_m: float = 0.0, today: dt.date | None = None
) -> Screening:
    """Hold a plan's area against every layer of the catalogue.

    ``buffer_m`` grows the area first; ``today`` dates the age of the data. Raises
    GeometryError, ParameterError for an area that cannot be screened; a layer that fails is
    a line that says why.
    """
    area = plan_area(study, plan, buffer_m=buffer_m)
    day = today or dt.datetime.now(tz=dt.UTC).date()
    lines = [screen_layer(area, k, e, today=day) for k, e in layer_entries().items()]
    found, reason = access(area)
    return Screening(
        plan=plan,
        area=area,
        study_area=study.area,
        lines=tuple(sorted(lines, key=_order)),
        people=tuple(count_people(area)),
        access=tuple(found),
        no_access=reason,
        today=day,
    )


_WEIGHT = {"conflict": 0, "check": 1, "fact": 2, "none": 3}


def _order(line: Line) -> tuple[int, int, float, str]:
    """Sort by what must be looked at first; among equals the largest share."""
    distance = line.distance_m if line.distance_m is not None else 0.0
    return (
        STATUSES.index(line.status),
        _WEIGHT[line.relevance],
        distance if line.status == "near" else -(line.share or 0.0),
        line.layer,
    )


def screen_result(found: Screening) -> Result:
    """Lay a screening out as a Result: tables, notes, and what was hit as a layer."""
    looked = [x for x in found.lines if x.status != "not_relevant"]
    hits = [x for x in found.of("hit") if x.relevance in ("conflict", "check")]
    serious = [x for x in hits if x.relevance == "conflict"]
    unmapped, failed = found.of("not_mapped"), found.of("failed")
    return Result(
        analysis="screen",
        title=t("screen.title", plan=found.plan.label),
        area=found.study_area,
        unit="layers",
        status=Status.PARTLY_MAPPED if unmapped or failed else Status.OK,
        finding=_finding(found, hits, serious),
        definition=_definition(found),
        provenance=Provenance(
            sources=_sources(found),
            steps=(
                "areas of the plan joined and buffered",
                "each layer cut to the area, overlaps joined, worst class first",
                "distance to the nearest object outside",
            ),
        ),
        numerator=float(len(hits)),
        denominator=float(len(looked)),
        numerator_unit="layers",
        figures={
            "plan_area_daa": round(found.area.area_m2 / DAA_M2, 1),
            **{f"layers_{s}": len(found.of(s)) for s in STATUSES},
            "layers_conflict": len(serious),
        },
        notes=_notes(found),
        tables=screen_tables(found),
        frame=_frame(found),
        layers={
            "plan_area": gpd.GeoDataFrame(
                {"plan": [found.plan.label]},
                geometry=[found.area.shape],
                crs=found.area.study.crs,
            )
        },
    )


def _definition(found: Screening) -> Definition:
    return Definition(
        sentence=t(
            "screen.definition",
            buffer=number(found.area.buffer_m),
            walk=number(WALK_M),
            area=number(found.area.area_m2 / DAA_M2, decimals=1),
        ),
        parameters={
            "plan": found.plan.label,
            "plan_sha256": found.plan.sha256,
            "buffer_m": found.area.buffer_m,
            "walk_m": WALK_M,
            "date": found.today.isoformat(),
        },
    )


def _finding(found: Screening, hits: list[Line], serious: list[Line]) -> Text:
    """Name what must be handled first, how much is not mapped, and what could not be read."""
    parts: dict[str, str | Text] = {
        "plan": found.plan.label,
        "area": number(found.area.area_m2 / DAA_M2, decimals=1),
        "hits": number(len(hits)),
        "unmapped": number(len(found.of("not_mapped"))),
    }
    words = _worst(serious)
    said = t("screen.finding", named=words, **parts) if words else t("screen.finding_none", **parts)
    failed = len(found.of("failed"))
    return t("screen.finding_failed", words=said, failed=number(failed)) if failed else said


def _worst(serious: list[Line]) -> Text | None:
    named = [_named(x) for x in serious[:_NAMED]]
    if not named:
        return None
    more = len(serious) - len(named)
    words = Text(nb=", ".join(x.nb for x in named), en=", ".join(x.en for x in named))
    return t("screen.and_more", words=words, count=number(more)) if more else words


def _named(line: Line) -> Text:
    share = Text("", "") if line.share is None else percent(line.share, decimals=0)
    lower = Text(line.title.nb.lower(), line.title.en.lower())
    return t("screen.named", title=lower, share=share) if line.share is not None else lower


def _notes(found: Screening) -> tuple[Text, ...]:
    made = [t("screen.note_help"), t("screen.note_law"), t("screen.note_residents")]
    if found.area.inside_share < 1 - 1e-6:
        outside = percent(1 - found.area.inside_share, decimals=0)
        made.append(t("screen.note_outside", share=outside, name=found.study_area.name))
    if found.plan.unknown:
        made.append(t("screen.note_fields", fields=", ".join(found.plan.unknown)))
    made += [Text(nb=f"{found.plan.label}: {n}", en=f"{found.plan.label}: {n}")
             for n in found.plan.notes]  # fmt: skip
    if found.no_access is not None:
        made.append(t("screen.note_access", reason=found.no_access))
    return tuple(made)


def _sources(found: Screening) -> tuple[LayerSource, ...]:
    study = found.area.study
    used = [x.source for x in found.lines if x.source is not None]
    more = ["population_grid", "workplaces", "addresses", "transit_stops", "frequent_stops"]
    used += [study.source(x) for x in more if study.has(x)]
    extents = [e.coverage.layer for e in layer_entries().values() if e.coverage.layer]
    used += [study.source(x) for x in extents if study.has(x)]
    return tuple({s.layer: s for s in used}.values())


def _frame(found: Screening) -> gpd.GeoDataFrame:
    """Return what was hit, cut to the area, one row for each layer."""
    hits = [x for x in found.lines if x.status == "hit" and x.shape is not None]
    columns = {
        "layer": [x.layer for x in hits],
        "title_nb": [x.title.nb for x in hits],
        "title_en": [x.title.en for x in hits],
        "relevance": [x.relevance for x in hits],
        "share": [x.share for x in hits],
    }
    return gpd.GeoDataFrame(columns, geometry=[x.shape for x in hits], crs=found.area.study.crs)
