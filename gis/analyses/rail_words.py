"""Word what a share within some minutes' cycling of a station means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.analyses.network_access import ROADS, TERRAIN
from gis.analyses.rides import STATIONS
from gis.analyses.travel_words import (
    counted_parameters,
    counted_words,
    joined,
    metres,
    own_rule,
    own_words,
    plain_number,
    share_text,
)
from gis.result import Definition
from gis.text import Text, number, t

if TYPE_CHECKING:
    from gis.analyses.residents import Cells
    from gis.analyses.rides import Ridden, Ride
    from gis.analyses.study import Study
    from gis.analyses.travel import Origin, Origins
    from gis.result import Scalar

ACCESS_RULE = (
    "straight line to the nearest place on an edge, at both ends, priced like the rest of the trip"
)


def finding(study: Study, origins: Origins, done: Ridden, *, reached: float) -> Text:
    """Word the answer in one sentence, the effective speed beside the minutes."""
    ride = done.ride
    return t(
        f"rail_cycling.finding_{origins.cells.counted}",
        **own_words(origins.cells),
        share=share_text(origins.cells, reached),
        name=study.area.name,
        limit=limit_text(ride),
        way=_way(ride),
        speed=speed_text(done),
        station=t(f"rail_cycling.kind_{ride.kind}"),
        direction=t(f"rail_cycling.direction_{ride.trip.direction}"),
    )


def limit_text(ride: Ride) -> Text:
    """Write the limit: minutes or metres."""
    trip = ride.trip
    return (
        t("rail_cycling.minutes", number=plain_number(trip.limit))
        if trip.timed
        else metres(trip.limit)
    )


def speed_text(done: Ridden) -> Text:
    """Write the effective speed, where minutes are counted and anybody arrives."""
    if not done.ride.trip.timed:
        return Text(nb="", en="")
    if done.effective_kmh is None:
        return t("rail_cycling.effective_none")
    return t("rail_cycling.effective", kmh=number(done.effective_kmh, decimals=1))


def reading_text(done: Ridden, *, origins: Origin | None = None) -> Text:
    """Word one reading with its effective speed."""
    ride = done.ride
    text = t(
        "rail_cycling.reading",
        station=t(f"rail_cycling.short_{ride.kind}"),
        limit=limit_text(ride),
        way=_way(ride),
        direction=t(f"rail_cycling.direction_{ride.trip.direction}"),
        bicycle=_bicycle(ride),
        speed=speed_text(done),
    )
    if ride.layer != STATIONS:
        text = t("rail_stations.reading_list", rest=text)
    return text if origins is None else t(f"access.reading_{origins}", rest=text)


def _way(ride: Ride) -> Text:
    if ride.metric == "straight-line":
        return t("rail_cycling.way_straight")
    return t("rail_cycling.way_hills" if ride.gradient else "rail_cycling.way_flat")


def _bicycle(ride: Ride) -> Text:
    if not ride.trip.timed:
        return Text(nb="", en="")
    key = "e_bike" if ride.trip.e_bike else "ordinary"
    return t(f"rail_cycling.bicycle_{key}", kmh=plain_number(ride.trip.flat_kmh))


def define(study: Study, origins: Origins, done: Ridden) -> Definition:
    """Spell every choice out in a sentence, and as parameters."""
    ride, cells = done.ride, origins.cells
    stations = study.source(ride.layer)
    sentence = t(
        "rail_cycling.definition",
        **counted_words(study, cells, origins.kind),
        limit=limit_text(ride),
        direction=t(f"rail_cycling.long_{ride.trip.direction}"),
        station=t(f"rail_cycling.kind_{ride.kind}"),
        stations=Text(nb=stations.title_nb, en=stations.title_en),
    )
    return Definition(
        joined(sentence, _how(study, ride), *_speeds(done), *own_rule(cells)),
        _parameters(done, cells),
    )


def _how(study: Study, ride: Ride) -> Text:
    if ride.metric == "straight-line":
        key = "straight" if ride.trip.timed else "straight_metres"
        return t(
            f"rail_cycling.how_{key}",
            kmh=plain_number(ride.trip.flat_kmh),
            distance=number(ride.direct_m).with_unit("m"),
        )
    roads = study.source(ROADS)
    return t(
        "rail_cycling.how_network",
        roads=Text(nb=roads.title_nb, en=roads.title_en),
        snap=plain_number(ride.trip.snap_m),
    )


def _speeds(done: Ridden) -> tuple[Text, ...]:
    ride = done.ride
    if not ride.trip.timed or ride.metric == "straight-line":
        return ()
    law = "flat"
    if ride.gradient:
        law = "e_bike" if ride.trip.e_bike else "cycling"
    text = t(
        "rail_cycling.speed",
        flat=plain_number(ride.trip.flat_kmh),
        law=t(f"reach.law_{law}"),
        effective=speed_text(done),
    )
    return (text,)


def _parameters(done: Ridden, cells: Cells) -> dict[str, Scalar]:
    ride, trip = done.ride, done.ride.trip
    network = ride.metric == "network"
    given: dict[str, Scalar] = {
        "max_min": trip.max_min,
        "max_m": trip.max_m,
        "kind": ride.kind,
        "stations": ride.layer,
        "metric": ride.metric,
        "gradient": ride.gradient,
        "direction": trip.direction,
        "bicycle": "e-bike" if trip.e_bike else "ordinary",
        "speed_kmh": trip.flat_kmh if trip.timed else None,
        "effective_kmh": None if done.effective_kmh is None else round(done.effective_kmh, 2),
        **counted_parameters(cells),
        "access_leg": ACCESS_RULE if network else None,
        "snap_m": trip.snap_m if network else None,
        "footways": trip.footways if network else None,
        "gradient_step_m": trip.step_m if ride.gradient else None,
        "speed_law": "Parkin & Rotheram 2010" if ride.gradient else None,
        "terrain": TERRAIN if ride.gradient else None,
    }
    return {k: v for k, v in given.items() if v is not None}
