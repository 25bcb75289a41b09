"""Work the share near a station out under the other readings of "so many minutes' cycling"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from gis.analyses.network_access import ROADS, TERRAIN
from gis.analyses.rail_words import reading_text
from gis.analyses.rides import STATIONS, Kind, Ride, StationLayer, has_stations, ridden
from gis.analyses.travel import ADDRESSES, Origin, Origins, origins_of
from gis.analyses.travel_words import plain_number
from gis.result import Reading
from gis.sources.trips import Trip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.analyses.rides import Ridden
    from gis.analyses.study import Study

OTHER_KMH = (12.0, 15.0, 18.0, 25.0)
_OTHER_ORIGIN: dict[Origin, Origin] = {"centre": "addresses", "addresses": "centre"}


def ride_readings(study: Study, origins: Origins, done: Ridden) -> tuple[Reading, ...]:
    """Return the share under the other readings, each with its effective speed.

    Straight line, network, hills both ways, e-bike; other speeds, other stations, one
    minute less and more; the other way of placing residents. A reading that could
    lead beyond the halo is not worked out.
    """
    made = {
        ride_name(ride): _reading(study, origins, ride, done=done)
        for ride in _others(study, done.ride)
        if ride.farthest_m <= study.halo_m
    }
    if study.has(ADDRESSES):
        other = origins_of(study, origins.cells, _OTHER_ORIGIN[origins.kind])
        name = f"{ride_name(done.ride)}-{other.kind}"
        made[name] = _reading(study, other, done.ride, done=None, name=name)
    return tuple(made.values())


def _reading(
    study: Study, origins: Origins, ride: Ride, *, done: Ridden | None, name: str = ""
) -> Reading:
    own = done is not None and ride == done.ride
    found = done if own and done is not None else ridden(study, origins, ride)
    cells = origins.cells
    reached = float(cells.weight @ origins.parts(found.within))
    return Reading(
        name=name or ride_name(ride),
        text=reading_text(found, origins=origins.kind if name else None),
        value=reached / cells.total if cells.total else None,
        numerator=reached,
        denominator=cells.total,
        chosen=own,
    )


def ride_name(ride: Ride) -> str:
    """Name a reading by everything that tells it from the others."""
    trip = ride.trip
    limit = f"{plain_number(trip.limit).en.replace(',', '')}{'min' if trip.timed else 'm'}"
    parts = [ride.kind, limit, ride.metric]
    if trip.timed:
        parts.append(f"{plain_number(trip.flat_kmh).en}kmh")
    if ride.metric == "network":
        parts += ["hills" if ride.gradient else "flat", trip.direction]
    if trip.e_bike:
        parts.append("e-bike")
    if ride.layer != STATIONS:
        parts.append("list")
    return "-".join(parts)


def _others(study: Study, ride: Ride) -> Iterator[Ride]:
    """Yield the chosen ride and the others, one choice changed at a time."""
    yield ride
    trip = ride.trip
    yield from _ways(study, ride)
    if trip.max_min is not None:
        for minutes in (trip.max_min - 1, trip.max_min + 1):
            yield replace(ride, trip=replace(trip, max_min=max(minutes, 0.0)))
        for kmh in OTHER_KMH:
            yield replace(ride, trip=replace(trip, speed_kmh=kmh))
    for layer in (ride.layer, *(x for x in get_args(StationLayer) if x != ride.layer)):
        for kind in get_args(Kind):
            if has_stations(study, kind, layer):
                yield replace(ride, kind=kind, layer=layer)


def _ways(study: Study, ride: Ride) -> Iterator[Ride]:
    """Yield the straight line, the network, and hills to and from by both bicycles."""
    trip = ride.trip
    yield replace(ride, metric="straight-line", gradient=False)
    if not study.has(ROADS):
        return
    yield replace(ride, metric="network", gradient=False)
    if not (study.has(TERRAIN) and trip.timed):
        return
    bicycles: dict[bool, Trip] = {
        e_bike: trip if e_bike == trip.e_bike else replace(trip, e_bike=e_bike, speed_kmh=None)
        for e_bike in (False, True)
    }
    for bicycle in bicycles.values():
        yield replace(ride, metric="network", gradient=True, trip=replace(bicycle, direction="to"))
        yield replace(
            ride, metric="network", gradient=True, trip=replace(bicycle, direction="from")
        )
