"""Work out how plans change the municipality's figures, and who is behind each difference.

A plan has areas with dwellings, residents or workplaces, new stops, new paths, and built-up
land that is cleared. Each indicator is the same as its own analysis gives today; with
nothing planned it stays exactly that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import shapely
from pydantic import Field

from gis.analyses import scenario_words as words
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE
from gis.analyses.indicators import ANALYSIS as BOARD
from gis.analyses.indicators import IndicatorsParameters
from gis.analyses.parts import provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.rides import STATIONS
from gis.analyses.scenario_board import BoardChange, board_changes
from gis.analyses.scenario_frames import cell_frame, drawn_layers
from gis.analyses.scenario_land import BUILT_UP, NATURE, LandChange, land_changes
from gis.analyses.scenario_people import PeopleChange, people_changes
from gis.analyses.scenario_plan import LAYER, Layout, lay_out, plan_in_layer
from gis.analyses.scenario_tables import scenario_tables, shown_share
from gis.analyses.scenario_words import BASELINE
from gis.analyses.screen_area import elsewhere
from gis.analyses.transit_access import TransitAccessParameters
from gis.analyses.travel import ADDRESSES, check_reach
from gis.analyses.zones import hazard_ids
from gis.errors import ParameterError
from gis.result import Result, Status
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.study import Study
    from gis.sources.plan import Plan

# Persons in a private household in Akershus, 1 January 2024 (SSB, "Husholdningene blir stadig
# mindre"); Bærum had 2.31 in 2019 (SSB, private households by municipality).
PERSONS_PER_DWELLING = 2.26


class ScenarioParameters(Parameters):
    """How those who move in are counted, and what is near."""

    persons_per_dwelling: float = Field(
        default=PERSONS_PER_DWELLING,
        gt=0,
        le=10,
        description="residents of a dwelling where the plan does not give residents; default: "
        "persons per private household in Akershus on 1 January 2024 (SSB)",
    )
    max_m: float = Field(default=1000, ge=50, le=5000, description="how far a stop may be, metres")
    metric: Literal["straight-line", "network"] = Field(
        default="straight-line",
        description="how far is measured: in a straight line, or walked along roads and paths",
    )
    min_per_hour: float | None = Field(
        default=None,
        gt=0,
        le=60,
        description="how many departures an hour make a stop frequent; default as transit-access",
    )
    join_m: float = Field(
        default=10,
        ge=0,
        le=100,
        description="how far the ends of a new path reach out to meet a road, metres",
    )

    @property
    def transit(self) -> TransitAccessParameters:
        """The definition of access to transit; a ready list settles what is frequent itself."""
        given = {"max_m": self.max_m, "metric": self.metric}
        more = {} if self.min_per_hour is None else {"min_per_hour": self.min_per_hour}
        return TransitAccessParameters.model_validate({**given, **more})

    @property
    def board(self) -> IndicatorsParameters:
        """The board's parameters: its own, with this one's reach and departures."""
        more = {} if self.min_per_hour is None else {"min_per_hour": self.min_per_hour}
        return IndicatorsParameters.model_validate({"frequent_m": self.max_m, **more})


@dataclass(frozen=True)
class Outcome:
    """One plan with what it changes."""

    layout: Layout
    people: tuple[PeopleChange, ...]
    land: tuple[LandChange, ...]
    board: tuple[BoardChange, ...]

    @property
    def transit(self) -> PeopleChange | None:
        """The change of access to transit, where it could be worked out."""
        return next((c for c in self.people if c.indicator == "transit"), None)

    @property
    def dwellings_within(self) -> float | None:
        """How many of the new dwellings have a frequent stop within reach; None if not known."""
        if self.transit is None:
            return None
        return float(self.layout.dwellings @ self.transit.part) if self.layout.areas else 0.0

    @property
    def growth_share(self) -> float | None:
        """The share (0-1) of the new dwellings with a frequent stop within reach."""
        total = float(self.layout.dwellings.sum())
        within = self.dwellings_within
        return within / total if total and within is not None else None


def run(study: Study, params: ScenarioParameters) -> Result:
    """Answer for the plans of the study's own layer of planned changes."""
    return scenario(study, params, plan_in_layer(study))


def scenario(study: Study, params: ScenarioParameters, plan: Plan) -> Result:
    """Measure each plan against today. Raises ParameterError, LayerMissingError, GeometryError.

    With nothing planned every indicator is exactly today's. Residents who move in lie evenly
    in their area, on a grid of 25 m.
    """
    check_reach(study, params.transit.max_m)
    _check_place(study, plan)
    outcomes = outcomes_of(study, params, plan)
    if not any(o.people or o.land for o in outcomes):
        message = (
            f"scenario needs at least one of {TIMETABLE}, {READY_LIST}, {STATIONS}, {BUILT_UP} or "
            f"a hazard layer; the store has: {', '.join(study.data.layers)}"
        )
        raise ParameterError(message)
    return _result(study, params, plan, outcomes=outcomes)


def _check_place(study: Study, plan: Plan) -> None:
    """Refuse a plan that nothing here can feel: farther away than the layers were read."""
    if not plan.features:
        return
    drawn = shapely.union_all([f.shape for f in plan.features])
    if not shapely.dwithin(drawn, study.polygon, study.halo_m):
        raise elsewhere(study, plan, drawn)


def outcomes_of(study: Study, params: ScenarioParameters, plan: Plan) -> list[Outcome]:
    """Return what each plan changes, in the order they come; today's where there is none."""
    layouts = [
        lay_out(
            study,
            plan,
            name,
            persons_per_dwelling=params.persons_per_dwelling,
            join_m=params.join_m,
        )
        for name in plan.scenarios or (BASELINE,)
    ]
    return [_outcome(study, params, layout) for layout in layouts]


def _outcome(study: Study, params: ScenarioParameters, layout: Layout) -> Outcome:
    land = tuple(land_changes(study, layout))
    return Outcome(
        layout=layout,
        people=tuple(people_changes(study, params.transit, layout)),
        land=land,
        board=board_changes(study, layout, params.board, land=land),
    )


def _result(
    study: Study, params: ScenarioParameters, plan: Plan, *, outcomes: Sequence[Outcome]
) -> Result:
    lead = outcomes[0]
    transit = lead.transit
    after = transit.after if transit else None
    total = transit.after_total if transit else None
    return Result(
        analysis="scenario",
        title=ANALYSIS.title,
        area=study.area,
        unit="share",
        value=after / total if transit and after is not None and total else None,
        numerator=after,
        denominator=total,
        numerator_unit="residents",
        status=Status.OK if transit else Status.INSUFFICIENT_DATA,
        finding=words.finding(study, lead, params),
        definition=words.definition(study, params, plan),
        provenance=provenance(
            study,
            [
                "population_grid",
                TIMETABLE if study.has(TIMETABLE) else READY_LIST,
                STATIONS,
                BUILT_UP,
                *NATURE,
                *(x for x in hazard_ids() if study.has(x)),
                ADDRESSES,
                LAYER,
                *(x for c in outcomes[0].board for x in c.line.measured.layers),
            ],
            steps=(
                "each indicator as its own analysis gives it today",
                "who moves in at points of 25 m in the plan's areas",
                "today's residents measured anew only to what is new",
                "land measured anew only where the plan touches it",
            ),
        ),
        sensitivity=words.readings(outcomes),
        left_out=words.left_out(outcomes),
        notes=words.notes(study, params, outcomes),
        figures=_figures(lead),
        tables=scenario_tables(outcomes),
        frame=cell_frame(study, lead, after=True),
        layers=drawn_layers(study, lead, outcomes),
    )


def _figures(lead: Outcome) -> dict[str, float | None]:
    built = next((c for c in lead.land if c.indicator == "built_up"), None)
    transit = lead.transit
    found: dict[str, float | None] = {
        "new_residents": float(round(lead.layout.residents.sum())),
        "new_dwellings": float(round(lead.layout.dwellings.sum())),
        "new_dwellings_within": None,
        "new_workplaces": float(round(lead.layout.workplaces.sum())),
        "built_up_change_ha": None if built is None else round(built.change_ha, 1),
    }
    if transit is not None:
        within = lead.dwellings_within
        found["new_dwellings_within"] = None if within is None else float(round(within))
        found["share_before"] = shown_share(transit.before, transit.total)
        found["residents_before"] = transit.before
        found["residents_gained"] = transit.gained
        found["residents_after"] = transit.after
    return found


ANALYSIS = Analysis(
    id="scenario",
    title=t("scenario.title"),
    question=t("scenario.question"),
    parameters=ScenarioParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=tuple(dict.fromkeys((LAYER, *NATURE, ADDRESSES, *BOARD.uses))),
)
