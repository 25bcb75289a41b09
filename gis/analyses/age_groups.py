"""Work out who lives where by age: groups by basic statistical unit, dependency ratio, change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, field_validator, model_validator

from gis.analyses.age_counts import PROJECTION, Counted, Projected, counted, projected
from gis.analyses.age_labels import Ages, groups_from, straddling
from gis.analyses.age_tables import ages_table, unit_frame, units_table
from gis.analyses.ages_reached import AGES
from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.disclosure import is_publishable
from gis.errors import ParameterError
from gis.result import Definition, LeftOut, Reading, Result, Status
from gis.text import Text, number, people, percent, signed, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

    Ints = NDArray[np.int64]

PER = 100.0
# Other limits of working age that are in use, as readings of the ratio.
_OTHER_LIMITS = ((15, 65), (16, 67), (18, 67), (20, 65), (20, 67), (20, 70))


class AgeGroupsParameters(Parameters):
    """Which ages make a group, who is of working age, and which year it is held against."""

    limits: str = Field(
        default="20,65",
        pattern=r"^\d{1,3}(,\d{1,3})*$",
        description="ages at which a new group begins, e.g. 6,16,20,65,80",
    )
    young_below: int = Field(
        default=20, ge=1, le=60, description="the dependency ratio counts as young those below"
    )
    old_from: int = Field(
        default=65, ge=40, le=120, description="the dependency ratio counts as old those from"
    )
    year: int | None = Field(
        default=None,
        ge=1900,
        le=2200,
        description="year of the projection; default: the last one that it has",
    )

    @field_validator("limits")
    @classmethod
    def _limits_rise(cls, value: str) -> str:
        found = [int(part) for part in value.split(",")]
        if found != sorted(set(found)) or not 0 < found[0] <= found[-1] <= 120:
            message = "rising ages from 1 to 120, separated by commas"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _young_are_younger(self) -> AgeGroupsParameters:
        if self.young_below >= self.old_from:
            message = f"young_below {self.young_below} must be less than old_from {self.old_from}"
            raise ValueError(message)
        return self

    @property
    def asked(self) -> tuple[int, ...]:
        """The limits asked for."""
        return tuple(int(part) for part in self.limits.split(","))


@dataclass(frozen=True)
class Ratio:
    """Young, working and old residents; ``value`` is (young + old) per hundred working."""

    young: int
    working: int
    old: int

    @property
    def value(self) -> float | None:
        """The dependency ratio; None where nobody is of working age or a part is 1 to 9."""
        if not self.working or not all(map(is_publishable, (self.young, self.working, self.old))):
            return None
        return PER * (self.young + self.old) / self.working


def run(study: Study, params: AgeGroupsParameters) -> Result:
    """Count residents by unit and age group, and those not of working age per hundred who are.

    The value is the age dependency ratio, (young + old) / working x 100, as the United
    Nations define it, with limits that are parameters (Norway's usual ones are the
    defaults). An age group as delivered is never cut: where a limit falls inside one, the
    ratio says "insufficient data". Raises ParameterError for such a limit that was asked
    for, LayerMissingError where no unit is of the municipality.
    """
    found = counted(study)
    groups = _groups(found, params)
    counts = found.by_unit(groups)
    ratio = dependency(found, young_below=params.young_below, old_from=params.old_from)
    later = projected(study, groups, year=params.year)
    total = int(counts.sum())
    known = ratio is not None and ratio.value is not None
    units = units_table(study, found, groups, counts=counts, later=later)
    return Result(
        analysis="age-groups",
        title=ANALYSIS.title,
        area=study.area,
        value=ratio.value if ratio is not None else None,
        unit="per_100",
        status=Status.OK if known else Status.INSUFFICIENT_DATA,
        finding=_finding(study, params, total, ratio=ratio, later=later),
        definition=_definition(study, params, groups, later=later),
        provenance=provenance(
            study,
            [AGES, UNITS, PROJECTION],
            steps=("units of the municipality", "age groups joined, never cut", "sums by unit"),
        ),
        sensitivity=_readings(found, params),
        left_out=_left_out(study, found),
        notes=_notes(found, params),
        figures=_figures(found, ratio, total, later=later),
        figure_cells={"residents": ("units", "", "residents")},
        tables={"units": units, **ages_table(found, groups, counts, later=later)},
        frame=unit_frame(study, found, groups, counts=counts, later=later, params=params),
    )


def _groups(found: Counted, params: AgeGroupsParameters) -> tuple[Ages, ...]:
    """Return the groups asked for; those as delivered where the default ones would cut one."""
    wanted = {*params.asked, params.young_below, params.old_from}
    cut = {limit for limit in wanted if straddling(found.spans, limit)}
    named = {"limits", "young_below", "old_from"} & params.model_fields_set
    asked = {x for x in params.asked if "limits" in named}
    asked |= {getattr(params, name) for name in named - {"limits"}}
    if cut & asked:
        limit = min(cut & asked)
        (span, *_) = straddling(found.spans, limit)
        starts = ", ".join(str(s.first) for s in found.spans if s.first)
        message = (
            f"age-groups: {limit} given, but the layer {AGES} has the group {span.text.en}, which "
            f"cannot be cut; allowed: {starts}"
        )
        raise ParameterError(message)
    return groups_from(wanted - cut)


def dependency(found: Counted, *, young_below: int, old_from: int) -> Ratio | None:
    """Sum young, working and old; None where a limit would cut a group as delivered."""
    if any(straddling(found.spans, limit) for limit in (young_below, old_from)):
        return None
    first = np.array([s.first for s in found.spans])
    count = found.by_span
    young = int(count[first < young_below].sum())
    old = int(count[first >= old_from].sum())
    return Ratio(young=young, working=int(count.sum()) - young - old, old=old)


def _readings(found: Counted, params: AgeGroupsParameters) -> tuple[Reading, ...]:
    """Work the ratio out under the other limits of working age that the groups allow.

    A ratio of a known sum tells its parts. Where the ages between two limits hold 1 to 9,
    the second of them is not told.
    """
    own = (params.young_below, params.old_from)
    made, told = [], set(own)
    for young_below, old_from in dict.fromkeys((own, *_OTHER_LIMITS)):
        ratio = dependency(found, young_below=young_below, old_from=old_from)
        if ratio is None:
            continue
        wider = told | {young_below, old_from}
        kept = _tells_of_nobody(found, wider)
        told = wider if kept else told
        text = t("age_groups.reading", first=str(young_below), last=str(old_from - 1))
        made.append(
            Reading(
                name=f"working-{young_below}-{old_from - 1}",
                text=text,
                value=ratio.value if kept else None,
                numerator=None,
                denominator=None,
                chosen=(young_below, old_from) == own,
            )
        )
    return tuple(made)


def _tells_of_nobody(found: Counted, limits: set[int]) -> bool:
    """Tell whether no two neighbouring limits have 1 to 9 residents between them."""
    slot = np.searchsorted(sorted(limits), [s.first for s in found.spans], side="right")
    between = np.bincount(slot, weights=found.by_span, minlength=len(limits) + 1)
    return all(map(is_publishable, between.tolist()))


def _finding(
    study: Study,
    params: AgeGroupsParameters,
    total: int,
    *,
    ratio: Ratio | None,
    later: Projected | None,
) -> Text:
    if ratio is None or ratio.value is None:
        key = "finding_cut" if ratio is None else "finding_small"
        return t(f"age_groups.{key}", name=study.area.name, total=people(total))
    sentence = t(
        "age_groups.finding",
        name=study.area.name,
        value=number(ratio.value),
        working=f"{params.young_below}–{params.old_from - 1}",
        young=percent(ratio.young / total),
        old=percent(ratio.old / total),
        young_below=str(params.young_below),
        old_from=str(params.old_from),
    )
    if later is None:
        return sentence
    more = t(
        "age_groups.finding_later",
        year=str(later.year),
        change=signed(percent(later.total / total - 1), later.total - total),
        total=number(round(later.total)),
    )
    return Text(nb=f"{sentence.nb} {more.nb}", en=f"{sentence.en} {more.en}")


def _definition(
    study: Study,
    params: AgeGroupsParameters,
    groups: tuple[Ages, ...],
    *,
    later: Projected | None,
) -> Definition:
    source = study.source(AGES)
    chosen = {
        **params.model_dump(),
        "limits": ",".join(str(g.first) for g in groups[1:]),
        "year": later.year if later is not None else None,
    }
    return Definition(
        sentence=t(
            "age_groups.definition",
            source=Text(nb=source.title_nb, en=source.title_en),
            young_below=str(params.young_below),
            old_from=str(params.old_from),
            working=f"{params.young_below}–{params.old_from - 1}",
        ),
        parameters=chosen,
    )


def _figures(
    found: Counted, ratio: Ratio | None, total: int, *, later: Projected | None
) -> dict[str, str | int | float | bool | None]:
    made: dict[str, str | int | float | bool | None] = {"residents": total}
    made["units_counted"] = len(found.numbers)
    if ratio is not None and ratio.value is not None and total:
        made["young_share"] = ratio.young / total
        made["working_share"] = ratio.working / total
        made["old_share"] = ratio.old / total
    if later is not None:
        made["projection_year"] = str(later.year)
        made["projected"] = round(later.total)
    return made


def _left_out(study: Study, found: Counted) -> tuple[LeftOut, ...]:
    made = []
    if found.incomplete:
        n = len(found.incomplete)
        text = t("left_out.ages_hidden", count=number(n))
        made.append(LeftOut(reason="ages_hidden", text=text, count=n, unit="units"))
    if study.has(UNITS):
        placed = set(study.frame(UNITS)["number"].astype(str))
        n = sum(one not in placed for one in found.numbers)
        if n:
            text = t("left_out.units_without_place", count=number(n))
            made.append(LeftOut(reason="units_without_place", text=text, count=n, unit="units"))
    return tuple(made)


def _notes(found: Counted, params: AgeGroupsParameters) -> tuple[Text, ...]:
    """Name the groups as delivered that stand in the way of the ratio."""
    limits = (params.young_below, params.old_from)
    cut = [(x, s) for x in limits for s in straddling(found.spans, x)]
    return tuple(t("age_groups.note_cut", limit=str(x), group=s.text) for x, s in cut)


ANALYSIS = Analysis(
    id="age-groups",
    title=t("age_groups.title"),
    question=t("age_groups.question"),
    parameters=AgeGroupsParameters,
    run=run,
    needs=("municipality", AGES),
    uses=(UNITS, PROJECTION),
)
