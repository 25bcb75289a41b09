"""Find stations and frequent stops to measure to, as the access analyses find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.analyses.frequent_stops import READY_LIST, TIMETABLE, Stops, ready_list
from gis.analyses.transit_access import TransitAccessParameters, check_stops, timetable_of
from gis.kernels.distance import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.serviceday import ServiceDay

    Floats = NDArray[np.float64]

STATIONS = "stations"


@dataclass(frozen=True)
class FrequentStops:
    """Frequent stops, and where they come from: a service day of a timetable, or a ready list."""

    stops: Stops
    day: ServiceDay | None

    @property
    def layer(self) -> str:
        """The layer behind them."""
        return READY_LIST if self.day is None else TIMETABLE


def frequent_stops(study: Study, given: Mapping[str, Any]) -> FrequentStops | None:
    """Return the stops that transit-access finds frequent, once for a study and reading.

    ``given``: parameters of transit-access that were asked for (min_per_hour, window,
    stops, ...). None where the store has neither timetable nor list. Raises
    ParameterError as transit-access does.
    """
    if not (study.has(TIMETABLE) or study.has(READY_LIST)):
        return None
    params = TransitAccessParameters(**given)

    def find() -> FrequentStops:
        timetable = timetable_of(study, params)
        check_stops(params, timetable)
        if timetable is None:
            return FrequentStops(ready_list(study), None)
        return FrequentStops(timetable.stops(params.asked), timetable.day)

    return study.once(("frequent stops", params), find)


@dataclass(frozen=True)
class Targets:
    """Places to be near: their coordinates in the working CRS, and their names."""

    kind: str
    x: Floats
    y: Floats
    names: NDArray[np.object_]

    def distance(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return the nearest target of each point and the metres to it; -1 and NaN for none."""
        return nearest(x, y, self.x, self.y, max_m=np.inf)


def station_targets(study: Study) -> Targets | None:
    """Return the stations, beyond the border too; None without the layer."""
    if not study.has(STATIONS):
        return None
    frame = study.frame(STATIONS)
    points = frame.geometry.centroid
    return Targets(
        "stations",
        points.x.to_numpy(),
        points.y.to_numpy(),
        frame["name"].astype(str).to_numpy(dtype=object),
    )


def stop_targets(found: FrequentStops) -> Targets:
    """Return frequent stops as targets."""
    stops = found.stops
    names = stops.frame["name"].astype(str).to_numpy(dtype=object)[stops.frequent]
    return Targets("frequent_stops", stops.x, stops.y, names)
