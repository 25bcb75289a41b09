"""Lay out plans side by side: people, land, and what each area of a plan brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.analyses.parts import table
from gis.disclosure import rounded_part
from gis.text import Text, number, people, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.scenario import Outcome
    from gis.analyses.scenario_board import BoardChange
    from gis.analyses.scenario_land import LandChange
    from gis.analyses.scenario_people import PeopleChange
    from gis.analyses.scenario_plan import Layout
    from gis.result import Table


def scenario_tables(outcomes: Sequence[Outcome]) -> dict[str, Table]:
    """Return the tables; in the first two, plans stand under each other by indicator."""
    made = {"scenario_board": board_table(outcomes)}
    if any(o.people for o in outcomes):
        made["scenario_people"] = _people(outcomes)
    if any(o.land for o in outcomes):
        made["scenario_land"] = _land(outcomes)
    if any(o.layout.areas for o in outcomes):
        made["scenario_areas"] = _areas(outcomes)
    return made


def board_table(outcomes: Sequence[Outcome]) -> Table:
    """List every indicator of the board with each plan: before, after, and what is behind."""
    rows = [
        {
            "indicator": c.line.indicator.heading,
            "scenario": o.layout.name,
            "unit": t(f"indicators.unit_{c.line.indicator.unit}"),
            "before": c.before,
            "after": c.after,
            "change": None if c.before is None or c.after is None else c.after - c.before,
            "behind": _board_behind(o.layout, c),
            "indicator_id": c.line.indicator.id,
        }
        for changes in zip(*(o.board for o in outcomes), strict=True)
        for o, c in zip(outcomes, changes, strict=True)
    ]
    columns = (
        ("indicator", "text", 0),
        ("scenario", "text", 0),
        ("unit", "text", 0),
        ("before", "number", 2),
        ("after", "number", 2),
        ("change", "number", 2),
        ("behind", "text", 0),
        ("indicator_id", "text", 0),
    )
    own = {c: t(f"scenario.board_{c}") for c in ("unit", "change", "indicator_id")}
    frame = pd.DataFrame(rows, columns=[c[0] for c in columns])
    return table("scenario_board", frame, columns, headings=own)


def _board_behind(layout: Layout, change: BoardChange) -> Text:
    """Say what is behind a line; of one that has no value, why."""
    if change.before is None:
        return change.line.measured.remark or t("scenario.behind_none")
    words = []
    if change.people is not None:
        if change.after is None:
            return t("indicators.withheld")
        words.append(people_behind(layout, change.people))
    if change.land is not None and (any(change.land.by_area) or change.land.cleared_ha):
        words.append(land_behind(layout, change.land))
    if change.said is not None:
        words.append(change.said)
    return behind(words)


def shown_share(part: float, whole: float) -> float:
    """Return a share (0-1) of residents as it may be shown: NaN where it would tell of 1 to 9."""
    shown = rounded_part(part, whole) if whole else None
    return float("nan") if shown is None else shown / whole


def _people(outcomes: Sequence[Outcome]) -> Table:
    rows = [
        {
            "indicator": t(f"scenario.people_{c.indicator}"),
            "scenario": o.layout.name,
            "before": c.before,
            "before_share": shown_share(c.before, c.total),
            "after": c.after,
            "after_share": shown_share(c.after, c.after_total),
            "gained_today": c.gained,
            "new_within": round(c.new_within),
            "new_total": round(c.new_total),
            "behind": people_behind(o.layout, c),
        }
        for name in ("transit", "rail", "hazard")
        for o in outcomes
        for c in o.people
        if c.indicator == name
    ]
    columns = (
        ("indicator", "text", 0),
        ("scenario", "text", 0),
        ("before", "residents", 0),
        ("before_share", "share", 1),
        ("after", "residents", 0),
        ("after_share", "share", 1),
        ("gained_today", "residents", 0),
        ("new_within", "count", 0),
        ("new_total", "count", 0),
        ("behind", "text", 0),
    )
    frame = pd.DataFrame(rows, columns=[c[0] for c in columns])
    return table("scenario_people", frame, columns, counts="rounded")


def people_behind(layout: Layout, change: PeopleChange) -> Text:
    """Say who makes the difference: those who move in, by area, and those who gain."""
    words = []
    if change.gained > 0:
        by = [f.name for f in (*layout.stops, *layout.paths)]
        words.append(
            t(
                "scenario.behind_gained",
                count=people(change.gained, of=change.total),
                by=", ".join(by),
            )
        )
    if change.gained < 0:
        words.append(t("scenario.behind_lost", count=people(-change.gained, of=change.total)))
    moving = [
        (a.name, r * p, r)
        for a, r, p in zip(layout.areas, layout.residents, change.part, strict=True)
        if r * p > 0
    ]
    words += [
        t("scenario.behind_area", area=name, within=number(within), total=number(total))
        for name, within, total in moving
    ]
    if not words and change.new_total > 0:
        words.append(t("scenario.behind_diluted", count=number(change.new_total)))
    return behind(words)


def behind(words: Sequence[Text]) -> Text:
    """Join what is behind a difference; say so where there is none."""
    if not words:
        return t("scenario.behind_none")
    return Text(nb="; ".join(w.nb for w in words), en="; ".join(w.en for w in words))


def _land(outcomes: Sequence[Outcome]) -> Table:
    names = list(dict.fromkeys(c.indicator for o in outcomes for c in o.land))
    rows = [
        {
            "indicator": t(f"scenario.land_{name}"),
            "scenario": o.layout.name,
            "before_ha": c.before_ha,
            "after_ha": c.after_ha,
            "change_ha": c.change_ha,
            "before_share": c.before_ha / c.of_ha if c.of_ha else np.nan,
            "after_share": c.after_ha / c.of_ha if c.of_ha else np.nan,
            "behind": land_behind(o.layout, c),
        }
        for name in names
        for o in outcomes
        for c in o.land
        if c.indicator == name
    ]
    columns = (
        ("indicator", "text", 0),
        ("scenario", "text", 0),
        ("before_ha", "number", 1),
        ("after_ha", "number", 1),
        ("change_ha", "number", 2),
        ("before_share", "share", 2),
        ("after_share", "share", 2),
        ("behind", "text", 0),
    )
    return table("scenario_land", pd.DataFrame(rows, columns=[c[0] for c in columns]), columns)


def land_behind(layout: Layout, change: LandChange) -> Text:
    """Say which areas take how much ground, and how much is given back."""
    words = [
        t("scenario.behind_ground", area=a.name, ha=number(ha, decimals=2))
        for a, ha in zip(layout.areas, change.by_area, strict=True)
        if round(ha, 2) > 0
    ]
    if round(change.cleared_ha, 2) > 0:
        cleared = number(change.cleared_ha, decimals=2)
        words.append(t("scenario.behind_cleared", ha=cleared))
    return behind(words)


def _areas(outcomes: Sequence[Outcome]) -> Table:
    """List the areas of each plan with what they bring and where they lie."""
    rows = []
    for o in outcomes:
        parts = {c.indicator: c.part for c in o.people}
        land = {c.indicator: c.by_area for c in o.land}
        for i, a in enumerate(o.layout.areas):
            rows.append(
                {
                    "scenario": o.layout.name,
                    "name": a.name,
                    "dwellings": o.layout.dwellings[i],
                    "planned_residents": o.layout.residents[i],
                    "planned_workplaces": o.layout.workplaces[i],
                    "within_transit": parts["transit"][i] if "transit" in parts else np.nan,
                    "within_rail": parts["rail"][i] if "rail" in parts else np.nan,
                    "within_hazard": parts["hazard"][i] if "hazard" in parts else np.nan,
                    "new_ground_ha": land["built_up"][i] if "built_up" in land else np.nan,
                    "nature_ha": land["nature"][i] if "nature" in land else np.nan,
                }
            )
    columns = (
        ("scenario", "text", 0),
        ("name", "text", 0),
        ("dwellings", "number", 0),
        ("planned_residents", "number", 0),
        ("planned_workplaces", "number", 0),
        ("within_transit", "share", 0),
        ("within_rail", "share", 0),
        ("within_hazard", "share", 0),
        ("new_ground_ha", "number", 2),
        ("nature_ha", "number", 2),
    )
    return table("scenario_areas", pd.DataFrame(rows, columns=[c[0] for c in columns]), columns)
