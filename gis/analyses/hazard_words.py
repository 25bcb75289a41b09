"""Word what hazard exposure counted: the definition, what is left out, what silence means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gis.analyses.exposed_groups import GROUP_LAYERS
from gis.analyses.parts import listed
from gis.analyses.placing import rule_text
from gis.analyses.zones import NOISE
from gis.catalogue import layer_entries
from gis.result import Definition, LeftOut
from gis.text import Text, number, people, t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.analyses.hazard_counts import Counted, HazardExposureParameters
    from gis.analyses.placing import Placing
    from gis.analyses.study import Study
    from gis.analyses.zones import Hazard

# Flood zones mapped until then contain storm surge, later ones do not (NVE).
_SURGE_UNTIL = 2018
FLOOD_EXTENT = "flood_mapped_extent"


def definition(study: Study, params: HazardExposureParameters, counted: Counted) -> Definition:
    """Spell out the method, the rule and the hazards."""
    source = study.source("population_grid")
    return Definition(
        sentence=t(
            "hazard_exposure.definition",
            method=t(f"hazard_exposure.method_{counted.placing.method}"),
            rule=_rule(counted.placing, params),
            hazards=counted.zones_named,
            source=Text(nb=source.title_nb, en=source.title_en),
        ),
        parameters={
            **params.model_dump(),
            "method": counted.placing.method,
            "hazards": ", ".join(h.id for h in counted.hazards),
        },
    )


def _rule(placing: Placing, params: HazardExposureParameters) -> Text:
    """Word the rule; weight spread over an area has none to meet."""
    if placing.method == "area":
        return t("hazard_exposure.rule_spread")
    return rule_text(params.rule, params.min_share)


def left_out(counted: Counted) -> tuple[LeftOut, ...]:
    """List what did not enter, or entered with less certainty."""
    found, where = list(counted.cells.left_out), counted.placing.where
    if where is not None and where.without > 0:
        found.append(
            LeftOut(
                reason="no_address",
                text=t(
                    "left_out.no_address",
                    count=people(where.without, of=counted.cells.total),
                ),
                count=where.without,
                unit="residents",
            )
        )
    return tuple(found)


def notes(study: Study, counted: Counted) -> tuple[Text, ...]:
    """Say what each hazard's silence means, and what a number leaves out."""
    made = []
    for hazard in counted.hazards:
        title = hazard.entry.title.text
        if hazard.id == NOISE:
            made.append(t("hazard_exposure.note_noise", hazard=title))
        elif hazard.entry.caution:
            made.append(t("hazard_exposure.note_caution", hazard=title))
        elif hazard.extent_missing:
            made.append(t("hazard_exposure.note_extent_missing", hazard=title))
        elif hazard.entry.coverage.kind == "positive_only":
            key = "positive_only" if hazard.mapped is None else "marine_limit"
            made.append(t(f"hazard_exposure.note_{key}", hazard=title))
    if any(h.id == "landslide_zones" for h in counted.hazards):
        points = counted.placing.where is not None
        made.append(t(f"hazard_exposure.note_{'joint' if points else 'not_joint'}"))
    if any(h.floods is not None for h in counted.hazards):
        made.append(t("hazard_exposure.note_floods"))
    if any(study.has(x) for x in GROUP_LAYERS):
        made.append(t("hazard_exposure.note_groups"))
    surge = _surge_note(study, counted)
    said = [*silent_notes(counted.hazards), *_not_delivered(counted)]
    return (*made, *([surge] if surge else []), *said)


def silent_notes(hazards: Iterable[Hazard]) -> tuple[Text, ...]:
    """Name the layers of which no row lies near, and that therefore say nothing."""
    return tuple(
        t("hazard_exposure.note_silent", hazard=h.entry.title.text) for h in hazards if h.silent
    )


def _not_delivered(counted: Counted) -> tuple[Text, ...]:
    """Name the layers of hazard zones that are not there."""
    entries = layer_entries()
    titles = [entries[x].title.text for x in counted.zones_absent]
    if not titles:
        return ()
    return (t("hazard_exposure.note_not_delivered", layers=listed(titles)),)


def _surge_note(study: Study, counted: Counted) -> Text | None:
    """Say how many of the mapped flood extents contain storm surge."""
    ids = {h.id: h for h in counted.hazards}
    if "flood_zones" not in ids or not study.has(FLOOD_EXTENT):
        return None
    near = study.near(FLOOD_EXTENT)
    if "date" not in near.columns:
        return None
    years = pd.to_datetime(near["date"]).dt.year
    return t(
        "hazard_exposure.note_surge_until",
        old=number(int((years <= _SURGE_UNTIL).sum())),
        all=number(len(near)),
        unknown=number(int(years.isna().sum())),
    )
