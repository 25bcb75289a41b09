"""List the indicators of the board: what each needs, stands near, and has as its target."""

from __future__ import annotations

from gis.analyses.board import PERCENT, Indicator
from gis.analyses.board_access import PLANNED
from gis.analyses.board_land import POPULATION, PROTECTED, ROADS
from gis.analyses.built_up_states import EARLIER
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE
from gis.analyses.green_access import FOREST
from gis.analyses.land_parts import BUILT_UP
from gis.analyses.rides import STATIONS
from gis.analyses.scenario_plan import LAYER as CHANGES
from gis.analyses.zones import NOISE, hazard_ids
from gis.catalogue import layer_entries
from gis.text import t

_TO_STOPS = (POPULATION, TIMETABLE)
_NEAR = (
    Indicator(
        "any_500",
        "transit",
        PERCENT,
        _TO_STOPS,
        standard="U4SSC EC: I: T: 2A; SDG 11.2.1",
        checked="itu_2a",
        target=100.0,
        target_from="sdg_11_2",
    ),
    Indicator(
        "any_1000",
        "transit",
        PERCENT,
        _TO_STOPS,
        standard="SDG 11.2.1",
        checked="sdg_11_2",
        target=100.0,
        target_from="sdg_11_2",
    ),
    Indicator(
        "frequent",
        "transit",
        PERCENT,
        (POPULATION, f"{TIMETABLE}|{READY_LIST}"),
        target=100.0,
        target_from="sdg_11_2",
    ),
    Indicator("rail", "transit", PERCENT, (POPULATION, STATIONS)),
    Indicator(
        "green",
        "nature",
        PERCENT,
        (POPULATION, FOREST),
        standard="SDG 11.7.1",
        checked="not_read",
        target=100.0,
        target_from="sdg_11_7",
    ),
)
_LAND = (
    Indicator("built_up", "land", PERCENT, (BUILT_UP,), checked="not_read", can_have_target=False),
    Indicator(
        "land_growth",
        "land",
        "ratio",
        (BUILT_UP, EARLIER),
        standard="SDG 11.3.1",
        checked="not_read",
        can_have_target=False,
    ),
    Indicator(
        "density",
        "land",
        "per_ha",
        (POPULATION, BUILT_UP),
        checked="not_read",
        can_have_target=False,
    ),
    Indicator("protected", "nature", PERCENT, (PROTECTED,), checked="not_read"),
    Indicator(
        "cycle",
        "transit",
        "km_per_100k",
        (POPULATION, ROADS),
        standard="ISO 37120 19.4",
        checked="not_read",
    ),
    Indicator("growth", "growth", PERCENT, (f"{PLANNED}|{CHANGES}", f"{TIMETABLE}|{READY_LIST}")),
)


def indicators() -> tuple[Indicator, ...]:
    """Return the indicators in the order of the board, hazards as the catalogue has them."""
    return (*_NEAR, *hazards_of_board(), *_LAND)


def hazards_of_board() -> tuple[Indicator, ...]:
    """Return one indicator for each layer of hazard zones; caution areas and noise are none."""
    entries = layer_entries()
    return tuple(
        Indicator(
            id=f"hazard_{layer}",
            theme="hazard",
            unit=PERCENT,
            needs=(POPULATION, layer),
            standard="U4SSC SC: SH: SA: 4A",
            checked="itu_4a",
            title=t("indicators.in_zone", hazard=entries[layer].title.text),
            can_have_target=False,
        )
        for layer in hazard_ids()
        if layer != NOISE and not entries[layer].caution
    )
