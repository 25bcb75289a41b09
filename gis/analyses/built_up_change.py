"""Work out how built-up land grows, against the population, and on what it is built."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import shapely
from pydantic import Field

from gis.analyses.built_up_states import EARLIER, HISTORY, State, chosen_pair, states_of
from gis.analyses.built_up_tables import (
    COVER_EARLIER,
    FOREST,
    change_frame,
    earlier_frame,
    ground_table,
    nature_table,
    units_table,
    years_table,
)
from gis.analyses.land_nature import NATURE_LAYERS
from gis.analyses.land_parts import BUILT_UP
from gis.analyses.nature_sources import EXTENT
from gis.analyses.parts import UNITS, land_note, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.site_limits import FARMLAND
from gis.kernels.growth_rates import (
    land_consumption_rate,
    population_growth_rate,
    ratio,
)
from gis.result import Definition, Reading, Result, Scalar, Status
from gis.text import Text, day, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.study import Study
    from gis.result import Table

Formula = Literal["2021", "2018"]
_GROUNDS = (COVER_EARLIER, FOREST, FARMLAND, *NATURE_LAYERS, EXTENT)


class BuiltUpChangeParameters(Parameters):
    """Which years are compared, and by which version of the indicator's formula."""

    from_year: int | None = Field(
        default=None, ge=1800, le=2200, description="first year; default: the earliest there is"
    )
    to_year: int | None = Field(
        default=None, ge=1800, le=2200, description="last year; default: the latest there is"
    )
    formula: Formula = Field(
        default="2021",
        description="land consumption rate after the metadata of SDG 11.3.1 of 2021 (in proportion "
        "to what there was) or of 2018 (logarithm)",
    )


@dataclass(frozen=True)
class Change:
    """Two states of built-up land, and what came and went between them (land alone)."""

    first: State
    last: State
    formula: Formula

    @property
    def years(self) -> int:
        """The years between the two."""
        return self.last.year - self.first.year

    @cached_property
    def new(self) -> shapely.Geometry:
        """Built-up land that was not built up before."""
        return shapely.difference(self.last.built_up, self.first.built_up)

    @cached_property
    def gone(self) -> shapely.Geometry:
        """Land that was built up before and is no longer."""
        return shapely.difference(self.first.built_up, self.last.built_up)

    @property
    def land_rate(self) -> float | None:
        """The land consumption rate, by year."""
        return land_consumption_rate(
            self.first.km2, self.last.km2, years=self.years, version=self.formula
        )

    @property
    def people_rate(self) -> float | None:
        """The population growth rate, by year; None where the residents are not known."""
        if self.first.shown is None or self.last.shown is None:
            return None
        return population_growth_rate(self.first.shown, self.last.shown, years=self.years)

    @property
    def ratio(self) -> float | None:
        """Land consumption over population growth; None where it is undefined."""
        return ratio(self.land_rate, self.people_rate)


def run(study: Study, params: BuiltUpChangeParameters) -> Result:
    """Compare two years of built-up land: growth, the rates, and what was there before.

    The value is the ratio of the land consumption rate to the population growth rate
    (SDG 11.3.1): above 1 the land grows faster than the people. Where the population is
    not known or stands still the ratio is undefined, and says so; the areas stand.
    """
    states, change = states_of(study), change_of(study, params)
    new_ha = float(shapely.area(change.new)) / 1e4
    return Result(
        analysis="built-up-change",
        title=ANALYSIS.title,
        area=study.area,
        value=change.ratio,
        unit="ratio",
        numerator=change.land_rate if change.ratio is not None else None,
        denominator=change.people_rate if change.ratio is not None else None,
        numerator_unit="per_year",
        status=Status.OK if change.ratio is not None else Status.INSUFFICIENT_DATA,
        finding=finding_of(study, change, new_ha),
        definition=definition_of(study, change),
        provenance=provenance(
            study,
            [
                BUILT_UP,
                EARLIER,
                HISTORY,
                COVER_EARLIER,
                FOREST,
                FARMLAND,
                *NATURE_LAYERS,
                EXTENT,
                UNITS,
            ],
            steps=(
                "settlements of each year joined and cut to land",
                "new: built up in the last year and not in the first",
                f"rates by the formula of {params.formula}",
            ),
        ),
        sensitivity=_readings(states, change),
        notes=_notes(study, change),
        figures=_figures(change, new_ha),
        tables=_tables(study, states, change),
        frame=change_frame(study, change),
        layers={"earlier": earlier_frame(study, states)},
    )


def change_of(study: Study, params: BuiltUpChangeParameters) -> Change:
    """Return the two years that are compared. Raises ParameterError, FieldError."""
    first, last = chosen_pair(states_of(study), first=params.from_year, last=params.to_year)
    return Change(first, last, params.formula)


def _tables(study: Study, states: tuple[State, ...], change: Change) -> dict[str, Table]:
    pairs = [Change(a, b, change.formula) for a, b in itertools.pairwise(states)]
    tables = {"years": years_table(study, states, pairs), "ground": ground_table(study, change)}
    if any(study.has(x) for x in NATURE_LAYERS):
        tables["nature"] = nature_table(study, change)
    if study.has(UNITS):
        tables["units"] = units_table(study, change)
    return tables


def finding_of(study: Study, change: Change, new_ha: float) -> Text:
    """Word the growth in one or two sentences."""
    rate = change.land_rate
    first = t(
        "built_up_change.finding",
        name=study.area.name,
        first=str(change.first.year),
        last=str(change.last.year),
        past=number(change.first.km2, decimals=1),
        present=number(change.last.km2, decimals=1),
        rate=percent(rate, decimals=2),
        new=number(new_ha),
    )
    if change.ratio is None:
        why = "unknown" if change.people_rate is None else "still"
        second = t(f"built_up_change.finding_{why}")
    else:
        second = t(
            "built_up_change.finding_ratio",
            people=percent(change.people_rate, decimals=2),
            ratio=number(change.ratio, decimals=2),
        )
    return Text(nb=f"{first.nb} {second.nb}", en=f"{first.en} {second.en}")


def definition_of(study: Study, change: Change) -> Definition:
    """Word what is compared, and how."""
    source = study.source(BUILT_UP)
    return Definition(
        sentence=t(
            "built_up_change.definition",
            source=Text(nb=source.title_nb, en=source.title_en),
            first=str(change.first.year),
            last=str(change.last.year),
            land=land_note(study),
            formula=t(f"built_up_change.formula_{change.formula}"),
        ),
        parameters={
            "from_year": change.first.year,
            "to_year": change.last.year,
            "formula": change.formula,
        },
    )


def _readings(states: tuple[State, ...], change: Change) -> tuple[Reading, ...]:
    """Work the ratio out by the other formula, and from every other year to the last."""
    other: Formula = "2018" if change.formula == "2021" else "2021"
    ways = [change, Change(change.first, change.last, other)]
    ways += [
        Change(s, change.last, change.formula)
        for s in states
        if s.year < change.last.year and s.year != change.first.year
    ]
    return tuple(
        Reading(
            name=f"{w.first.year}-{w.last.year}-{w.formula}",
            text=t(
                "built_up_change.reading",
                first=str(w.first.year),
                last=str(w.last.year),
                formula=w.formula,
            ),
            value=w.ratio,
            numerator=w.land_rate if w.ratio is not None else None,
            denominator=w.people_rate if w.ratio is not None else None,
            chosen=w is change,
        )
        for w in ways
    )


def _notes(study: Study, change: Change) -> tuple[Text, ...]:
    made = [t("built_up_change.note_boundaries")]
    if not study.has(HISTORY):
        made.append(t("built_up_change.without_history"))
    elif change.people_rate is None:
        made.append(t("built_up_change.without_years"))
    if change.people_rate is not None and change.people_rate < 0:
        made.append(t("built_up_change.note_falling"))
    if not study.has(COVER_EARLIER):
        there = [x for x in (FOREST, FARMLAND) if study.has(x)]
        made += [t(f"built_up_change.without_{x}") for x in (FOREST, FARMLAND) if x not in there]
        made += [t("built_up_change.note_cover", date=day(study.source(x).date)) for x in there[:1]]
    if not any(study.has(x) for x in NATURE_LAYERS):
        made.append(t("built_up_change.without_nature"))
    return tuple(made)


def _figures(change: Change, new_ha: float) -> dict[str, Scalar]:
    made: dict[str, Scalar] = {
        "built_up_first_km2": change.first.km2,
        "built_up_last_km2": change.last.km2,
        "new_ha": new_ha,
        "gone_ha": float(shapely.area(change.gone)) / 1e4,
        "land_rate_share": change.land_rate,
        "people_rate_share": change.people_rate,
    }
    for name, state in (("first", change.first), ("last", change.last)):
        if state.shown:
            made[f"m2_per_person_{name}"] = round(1e6 * state.km2 / state.shown, 1)
    return made


ANALYSIS = Analysis(
    id="built-up-change",
    title=t("built_up_change.title"),
    question=t("built_up_change.question"),
    parameters=BuiltUpChangeParameters,
    run=run,
    needs=("municipality", BUILT_UP, EARLIER),
    uses=("sea", HISTORY, COVER_EARLIER, FOREST, FARMLAND, *NATURE_LAYERS, EXTENT, UNITS),
)
