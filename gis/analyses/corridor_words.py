"""Word the green corridors: finding, definition and notes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gis.result import Definition
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.analyses.corridor_surface import CorridorParameters
    from gis.analyses.study import Study


def finding(
    study: Study,
    params: CorridorParameters,
    figures: Mapping[str, float | int | None],
    *,
    narrowest: tuple[float, float],
) -> Text:
    """Say whether the forest reaches the sea, how narrow the best way is, what plans would do."""
    ways = int(figures["ways_to_sea"] or 0)
    if ways:
        width, gap = narrowest
        first = t(
            "green_corridors.finding_ways" if ways > 1 else "green_corridors.finding_way",
            ways=number(ways),
            name=study.area.name,
            narrow=_narrow(width, gap),
        )
    else:
        reason = "no_hinterland" if not figures["hinterlands"] else "no_way"
        first = t(
            f"green_corridors.finding_{reason}",
            name=study.area.name,
            ha=number(params.hinterland_ha),
        )
    whole = t(
        "green_corridors.finding_whole",
        name=study.area.name,
        eca=number(figures["connected_km2"], decimals=1),
        share=percent(float(figures["connected_km2"] or 0) / float(figures["habitat_km2"] or 1)),
    )
    first = Text(nb=f"{whole.nb} {first.nb}", en=f"{whole.en} {first.en}")
    if "links_lost" not in figures:
        return first
    loss = figures["connected_loss_share"]
    kind = "" if figures["links_lost"] else "_longer" if figures["links_longer"] else "_none"
    second = t(
        f"green_corridors.finding_plans{kind}",
        lost=number(figures["links_lost"]),
        longer=number(figures["links_longer"]),
        links=number(figures["links"]),
        loss=percent(loss),
    )
    return Text(nb=f"{first.nb} {second.nb}", en=f"{first.en} {second.en}")


def _narrow(width: float, gap: float) -> Text:
    if gap > 0:
        return t("green_corridors.narrow_gap", gap=number(gap))
    if math.isnan(width):
        return t("green_corridors.narrow_none")
    return t("green_corridors.narrow_width", width=number(width))


def definition(study: Study, params: CorridorParameters) -> Definition:
    """Spell out patches, resistance, links and the measure."""
    return Definition(
        sentence=t(
            "green_corridors.definition",
            cell=number(params.cell_m),
            patch=number(params.min_patch_ha, decimals=1),
            hinterland=number(params.hinterland_ha),
            half=number(params.half_cost),
            most=number(params.max_cost),
            around=t("green_corridors.around", margin=number(params.margin_m))
            if params.margin_m
            else "",
            name=study.area.name,
        ),
        parameters=params.model_dump(),
    )


def notes(study: Study) -> tuple[Text, ...]:
    """Say that resistances are expert values, and which layers were not there."""
    found = [
        t("green_corridors.note_expert"),
        t("green_corridors.note_width"),
        t("green_corridors.note_screening"),
    ]
    if study.has("planned_areas"):
        found.append(t("green_corridors.note_longer"))
    missing = [x for x in ("rivers", "sea", "roads_paths", "built_up") if not study.has(x)]
    if missing:
        found.append(t("green_corridors.note_missing", layers=", ".join(missing)))
    return tuple(found)
