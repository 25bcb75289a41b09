"""Say what a share by network means: every choice in one sentence, both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.result import Definition
from gis.text import Text, number, t
from gis.tools.answer import plain

if TYPE_CHECKING:
    from gis.kernels.network_costs import Law
    from gis.sources.trips import Trip

ACCESS_RULE = (
    "straight line from the point to the nearest place on an edge, at both ends, priced like "
    "the rest of the trip"
)


def define(
    trip: Trip,
    *,
    weight: str | None,
    network: str,
    effective_kmh: float | None,
    law: Law | None,
    crs_name: str,
) -> Definition:
    """Return the definition of a share by network."""
    unit = "reach.minutes" if trip.timed else "reach.metres"
    return Definition(
        sentence=t(
            "reach.sentence",
            counted=t("tools.of_rows") if weight is None else t("tools.of_weight", weight=weight),
            limit=t(unit, number=_number(trip.limit)),
            mode=t("reach.e_bike" if trip.e_bike else f"reach.{trip.mode}"),
            direction=t(f"reach.{trip.direction}"),
            network=network,
            access=_access(trip),
            speed=_speed(trip, effective_kmh, law),
        ),
        parameters={
            "mode": trip.mode,
            "e_bike": trip.e_bike,
            "max_m": plain(trip.max_m),
            "max_min": plain(trip.max_min),
            "comparison": "<=",
            "direction": trip.direction,
            "access_leg": ACCESS_RULE,
            "snap_m": plain(trip.snap_m),
            "least_share_of_network": trip.least_share,
            "flat_kmh": plain(trip.flat_kmh) if trip.timed else None,
            "access_kmh": plain(trip.access_kmh or trip.flat_kmh) if trip.timed else None,
            "speed_law": law,
            "gradient_step_m": plain(trip.step_m) if law not in (None, "flat") else None,
            "effective_speed_kmh": plain(effective_kmh),
            "footways": trip.footways if trip.mode == "cycle" else None,
            "weight": weight,
            "metric_crs": crs_name,
        },
    )


def _access(trip: Trip) -> Text:
    at = Text(nb="", en="")
    if trip.timed:
        at = t("reach.access_speed", kmh=_number(trip.access_kmh or trip.flat_kmh))
    return t("reach.access", snap=_number(trip.snap_m), at=at)


def _speed(trip: Trip, effective_kmh: float | None, law: Law | None) -> Text:
    if law is None:
        return t("reach.speed_none")
    told = "e_bike" if trip.e_bike and law == "cycling" else law
    effective = t("reach.effective_none")
    if effective_kmh is not None:
        effective = t("reach.effective", kmh=number(effective_kmh, decimals=1))
    return t(
        "reach.speed", flat=_number(trip.flat_kmh), law=t(f"reach.law_{told}"), effective=effective
    )


def _number(value: float) -> Text:
    return number(value, decimals=0 if float(value).is_integer() else 1)
