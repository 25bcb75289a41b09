"""Measure one way of cycling to a station: how far, how fast, by what law, to or from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import geopandas as gpd
import numpy as np
import shapely

from gis.analyses.frequent_stops import READY_LIST
from gis.analyses.network_access import TERRAIN, Roads, roads_of, travel
from gis.analyses.travel import Metric, Origins, snapped_origins
from gis.errors import LayerMissingError
from gis.kernels.distance import nearest
from gis.kernels.network_costs import FASTEST_DOWN
from gis.kernels.network_reach import Reason
from gis.sources.trips import CM_PER_M, CS_PER_MIN, Trip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

    Floats = NDArray[np.float64]

Kind = Literal["rail", "metro", "both"]
STATIONS: Final = "stations"
# The layer that stations come from, and its field that tells rail from metro.
StationLayer = Literal["stations", "frequent_stops"]
_KIND_FIELD: dict[StationLayer, str] = {STATIONS: "kind", READY_LIST: "mode"}
# A gradient, up or down: the speed there bounds how far a ride can lead.
_STEEPEST = np.array([-FASTEST_DOWN])


@dataclass(frozen=True)
class Ride:
    """One reading of "so many minutes' cycling": a trip, a metric, and which stations count.

    ``layer``: where stations come from, the station layer or the ready list of stops with
    frequent departures, whose stops by train and metro are stations.
    """

    kind: Kind
    metric: Metric
    gradient: bool
    trip: Trip
    layer: StationLayer = STATIONS

    @property
    def farthest_m(self) -> float:
        """How far a ride within the limit can possibly lead, in metres."""
        if not self.trip.timed:
            return self.trip.limit
        speed = self.trip.speed(terrain=self.gradient)
        fastest = float(speed.kmh(_STEEPEST)[0]) if self.gradient else speed.flat_kmh
        return fastest / 3.6 * 60 * self.trip.limit

    @property
    def direct_m(self) -> float:
        """The limit as a straight line: metres, or minutes at the speed on the flat."""
        trip = self.trip
        return trip.flat_kmh / 3.6 * 60 * trip.limit if trip.timed else trip.limit


@dataclass(frozen=True)
class Ridden:
    """What a ride comes to from every place of the origins.

    ``within``: who arrives; ``minutes`` and ``metres`` of those who do, NaN elsewhere
    (``minutes`` NaN where the limit is in metres); ``station``: row of the stations
    of the kind, -1; ``reason``: codes of ``Reason`` by network. ``effective_kmh``:
    metres gone by time taken, weighted, of those who arrive.
    """

    ride: Ride
    stations: gpd.GeoDataFrame
    within: NDArray[np.bool_]
    minutes: Floats
    metres: Floats
    station: NDArray[np.int64]
    effective_kmh: float | None
    roads: Roads | None = None
    reason: NDArray[np.int8] | None = None
    targets_off: int = 0
    unknown_m: float = 0.0


def stations_of(study: Study, kind: Kind, layer: StationLayer = STATIONS) -> gpd.GeoDataFrame:
    """Return the stations of a kind: name, kind, place. Raises LayerMissingError where none is."""
    frame = study.frame(layer).rename(columns={_KIND_FIELD[layer]: "kind"})
    wanted = ("rail", "metro") if kind == "both" else (kind,)
    chosen = frame[frame["kind"].isin(wanted)].reset_index(drop=True)
    if chosen.empty:
        message = (
            f"no station of kind {kind} in or within {study.halo_m} m of {study.area.number} "
            f"{study.area.name} ({study.source(layer).file}); there are: "
            f"{', '.join(sorted(frame['kind'].dropna().unique())) or 'none'}"
        )
        raise LayerMissingError(message)
    return chosen


def has_stations(study: Study, kind: Kind, layer: StationLayer) -> bool:
    """Tell whether a layer of the study holds a station of a kind."""
    if not study.has(layer):
        return False
    there = set(study.frame(layer)[_KIND_FIELD[layer]])
    return bool(there & ({"rail", "metro"} if kind == "both" else {kind}))


def ridden(
    study: Study,
    origins: Origins,
    ride: Ride,
    *,
    stations: gpd.GeoDataFrame | None = None,
    roads: Roads | None = None,
) -> Ridden:
    """Measure a ride from every place of the origins. Raises LayerMissingError.

    ``stations`` and ``roads``: default the study's own.
    """
    targets = stations_of(study, ride.kind, ride.layer) if stations is None else stations
    if ride.metric == "straight-line":
        return _straight(origins, ride, targets)
    return _by_network(study, origins, ride, stations=targets, roads=roads)


def better_of(first: Ridden, second: Ridden, *, weight: Floats) -> Ridden:
    """Return the shorter of two rides from each place, the first where they are equal.

    Both of one reading and the same stations; ``weight`` of each place.
    """
    timed = first.ride.trip.timed
    old, new = (r.minutes if timed else r.metres for r in (first, second))
    take = second.within & ~(first.within & (old <= new))

    def of[T: np.generic](one: NDArray[T], other: NDArray[T]) -> NDArray[T]:
        return np.where(take, other, one)

    within = first.within | second.within
    minutes, metres = of(first.minutes, second.minutes), of(first.metres, second.metres)
    seconds = float(weight[within] @ minutes[within]) * 60 if timed else 0.0
    kmh = float(weight[within] @ metres[within]) / seconds * 3.6 if seconds > 0 else None
    reason = second.reason
    if reason is not None:
        reason = np.where(within, Reason.REACHED, reason).astype(np.int8)
    station = of(first.station, second.station)
    found = replace(second, within=within, minutes=minutes, metres=metres, station=station)
    return replace(found, reason=reason, effective_kmh=kmh)


def _places(stations: gpd.GeoDataFrame) -> tuple[Floats, Floats]:
    points = shapely.point_on_surface(stations.geometry.to_numpy())
    return shapely.get_x(points), shapely.get_y(points)


def _straight(origins: Origins, ride: Ride, stations: gpd.GeoDataFrame) -> Ridden:
    where = origins.where
    # A limit of 10 min at 15 km/h is 2,500 m: not a hair less for having been divided.
    limit = round(ride.direct_m, 6)
    row, metres = nearest(where.x, where.y, *_places(stations), max_m=limit)
    trip = ride.trip
    minutes = metres / (trip.flat_kmh / 3.6 * 60) if trip.timed else np.full_like(metres, np.nan)
    speed = trip.flat_kmh if trip.timed else None
    return Ridden(ride, stations, row >= 0, minutes, metres, row, speed)


def _by_network(
    study: Study,
    origins: Origins,
    ride: Ride,
    *,
    stations: gpd.GeoDataFrame,
    roads: Roads | None,
) -> Ridden:
    if ride.gradient:
        study.need(TERRAIN)
    roads, trip = roads or roads_of(study, "cycle"), ride.trip
    targets = roads.places(*_places(stations), trip=trip)
    priced = roads.price(trip, gradient=ride.gradient)
    found = travel(roads, snapped_origins(roads, origins, trip), targets, trip=trip, priced=priced)
    within = found.reason == Reason.REACHED
    cost = np.where(within, found.cost, np.nan)
    return Ridden(
        ride=ride,
        stations=stations,
        within=within,
        minutes=cost / CS_PER_MIN if trip.timed else np.full(len(cost), np.nan),
        metres=np.where(within, found.length_cm, np.nan) / CM_PER_M,
        station=found.destination,
        effective_kmh=_effective(found.cost, found.length_cm, origins.where.weight, within=within)
        if trip.timed
        else None,
        roads=roads,
        reason=found.reason,
        targets_off=int((~targets.found).sum()),
        unknown_m=priced.unknown_m,
    )


def _effective(
    cost: NDArray[np.int64],
    length_cm: NDArray[np.int64],
    weight: Floats,
    *,
    within: NDArray[np.bool_],
) -> float | None:
    """Return km/h from door to door: cm by hundredths of a second, weighted by who travels."""
    seconds = float(weight[within] @ cost[within]) / 100
    metres = float(weight[within] @ length_cm[within]) / CM_PER_M
    return metres / seconds * 3.6 if seconds > 0 else None
