"""Word what plans change: the finding, the definition, the readings, what stands outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.analyses.frequent_stops import TIMETABLE
from gis.analyses.network_access import ROADS
from gis.analyses.travel_words import joined, metres, plain_number
from gis.result import Definition, LeftOut, Reading
from gis.text import Text, number, people, people_share, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.scenario import Outcome, ScenarioParameters
    from gis.analyses.study import Study
    from gis.sources.plan import Plan

BASELINE = "baseline"


def finding(study: Study, lead: Outcome, params: ScenarioParameters) -> Text:
    """Say what the first plan does to transit, to its own dwellings and to the ground."""
    transit = lead.transit
    if transit is None:
        return t("scenario.finding_land", name=study.area.name, ground=_ground(lead))
    if lead.layout.name == BASELINE:
        share = people_share(transit.before, of=transit.total)
        return t("scenario.finding_baseline", name=study.area.name, share=share)
    return t(
        "scenario.finding",
        scenario=lead.layout.name,
        name=study.area.name,
        before=people_share(transit.before, of=transit.total),
        after=people_share(transit.after, of=transit.after_total),
        distance=metres(params.max_m),
        gained=people(transit.gained, of=transit.total),
        within=number(lead.dwellings_within),
        dwellings=number(lead.layout.dwellings.sum()),
        ground=_ground(lead),
    )


def _ground(lead: Outcome) -> Text:
    built = next((c for c in lead.land if c.indicator == "built_up"), None)
    if built is None:
        return t("scenario.ground_unknown")
    nature = next((sum(c.by_area) for c in lead.land if c.indicator == "nature"), None)
    change = number(built.change_ha, decimals=1)
    return t("scenario.ground", built=change, nature=number(nature, decimals=1))


def definition(study: Study, params: ScenarioParameters, plan: Plan) -> Definition:
    """Spell out how those who move in are counted, and what is near."""
    way = "network" if params.metric == "network" else "straight"
    said = [
        t(
            "scenario.definition",
            plan=plan.label,
            persons=number(params.persons_per_dwelling, decimals=2),
            distance=metres(params.max_m),
            way=t(f"scenario.way_{way}"),
        )
    ]
    if params.min_per_hour is not None:
        said.append(t("scenario.per_hour", count=plain_number(params.min_per_hour)))
    return Definition(
        joined(*said),
        {
            **params.model_dump(exclude_none=True),
            "plan": plan.label,
            "plan_sha256": plan.sha256,
            "stops": "timetable" if study.has(TIMETABLE) else "list",
        },
    )


def readings(outcomes: Sequence[Outcome]) -> tuple[Reading, ...]:
    """Give today and each plan as readings of one number: who has frequent transit near."""
    lead = outcomes[0].transit
    if lead is None:
        return ()
    made = [("today", t("scenario.today"), lead.before, lead.total, False)]
    for i, outcome in enumerate(outcomes):
        found = outcome.transit
        if found is not None and outcome.layout.name != BASELINE:
            name = Text(outcome.layout.name, outcome.layout.name)
            made.append((f"plan_{i + 1}", name, found.after, found.after_total, i == 0))
    return tuple(
        Reading(
            name=name,
            text=text,
            value=part / whole if whole else None,
            numerator=part,
            denominator=whole,
            chosen=chosen,
        )
        for name, text, part, whole, chosen in made
    )


def left_out(outcomes: Sequence[Outcome]) -> tuple[LeftOut, ...]:
    """Count who would move in outside the municipality."""
    outside = sum(o.layout.outside for o in outcomes)
    if outside <= 0:
        return ()
    return (
        LeftOut(
            reason="planned_outside",
            text=t("scenario.outside"),
            count=float(round(outside)),
            unit="planned_residents",
        ),
    )


def notes(
    study: Study, params: ScenarioParameters, outcomes: Sequence[Outcome]
) -> tuple[Text, ...]:
    """Say what the numbers rest on, and which planned paths and stops change nothing."""
    made = [t("scenario.note_people"), t("scenario.note_built"), t("scenario.note_board")]
    paths = any(o.layout.paths for o in outcomes)
    if paths and (params.metric != "network" or not study.has(ROADS)):
        made.append(t("scenario.note_paths"))
    seldom = [
        s.name
        for o in outcomes
        for s in o.layout.stops
        if not s.per_hour >= params.transit.min_per_hour
    ]
    if seldom:
        made.append(t("scenario.note_seldom", stops=", ".join(dict.fromkeys(seldom))))
    return tuple(made)
