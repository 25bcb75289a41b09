"""Find the stops with frequent departures: from a timetable, or from a ready list."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Final, Literal

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from gis.crs import LONLAT_EPSG, transform_points
from gis.errors import LayerMissingError
from gis.kernels.timetable import DepartureTable, departure_table, meets
from gis.serviceday import ServiceDay, check_service_day, choose_service_day, given_day
from gis.sources.gtfs import FeedDay, read_feed, trips_per_date
from gis.sources.gtfs_patch import accessible_stops, says_boarding, with_patch

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.analyses.study import Study

Statistic = Literal["average", "every-hour", "max-gap"]
Direction = Literal["both", "best"]
Level = Literal["quay", "stop-place", "cluster"]

TIMETABLE = "transit_stops"
READY_LIST: Final = "frequent_stops"
HOUR_S = 3600


@dataclass(frozen=True)
class Asked:
    """One reading of "frequent": which statistic, over which hours, of which stops.

    ``accessible``: only where the feed says that a wheelchair can board.
    """

    statistic: Statistic
    direction: Direction
    level: Level
    window_h: tuple[int, int]
    min_per_hour: float
    accessible: bool = False


@dataclass(frozen=True)
class Stops:
    """Stops in the working CRS, one row each, and which of them are frequent."""

    frame: gpd.GeoDataFrame
    frequent: NDArray[np.bool_]

    @property
    def x(self) -> NDArray[np.float64]:
        """Easting of the frequent stops."""
        return np.asarray(self.frame.geometry.x.to_numpy()[self.frequent])

    @property
    def y(self) -> NDArray[np.float64]:
        """Northing of the frequent stops."""
        return np.asarray(self.frame.geometry.y.to_numpy()[self.frequent])


@dataclass(frozen=True)
class Timetable:
    """A feed on its service day, read once per window and counted once per reading.

    ``patch``: a second feed whose trips are added.
    """

    study: Study
    day: ServiceDay
    patch: Path | None = None
    _read: dict[tuple[int, int], FeedDay] = field(default_factory=dict, repr=False)
    _counted: dict[object, DepartureTable] = field(default_factory=dict, repr=False)

    def feed(self, window_h: tuple[int, int]) -> FeedDay:
        """Read the calls of the day in a window, near the study area."""
        if window_h not in self._read:
            days = [
                read_feed(
                    path,
                    date=self.day.date,
                    window=(window_h[0] * HOUR_S, window_h[1] * HOUR_S),
                    bbox=_degrees_around(self.study),
                    epsg=self.study.epsg,
                )
                for path in self.files
            ]
            self._read[window_h] = reduce(with_patch, days)
        return self._read[window_h]

    @property
    def files(self) -> tuple[Path, ...]:
        """The feed, and the patch where there is one."""
        return (self.study.file(TIMETABLE), *([self.patch] if self.patch else []))

    @property
    def says_boarding(self) -> bool:
        """Whether the feed says where a wheelchair can board."""
        return self.study.once(
            ("says boarding", self.files), lambda: any(says_boarding(f) for f in self.files)
        )

    def stops(self, asked: Asked) -> Stops:
        """Count departures of every stop, and mark the frequent ones."""
        key = (asked.window_h, asked.level, asked.direction, asked.accessible)
        if key not in self._counted:
            feed = self.feed(asked.window_h)
            quays = feed.quays
            if asked.accessible:
                quays = quays.filter(
                    pl.col("stop_id").is_in(accessible_stops(self.files).implode())
                )
            self._counted[key] = departure_table(
                feed.calls,
                quays,
                window=feed.window,
                level=asked.level,
                direction=asked.direction,
            )
        counted = self._counted[key]
        enough = meets(counted, statistic=asked.statistic, min_per_hour=asked.min_per_hour)
        rows = counted.frame
        frame = gpd.GeoDataFrame(
            {
                "stop_id": rows["id"].to_list(),
                "name": rows["name"].to_list(),
                "mode": [_first(modes) for modes in rows["modes"].to_list()],
                "departures": rows["departures"].to_numpy(),
                "departures_per_hour": rows["average"].to_numpy(),
                "every_hour": rows["every_hour"].to_numpy(),
                "max_gap_min": rows["max_gap"].to_numpy(),
            },
            geometry=shapely.points(rows["x"].to_numpy(), rows["y"].to_numpy()),
            crs=self.study.crs,
        )
        return Stops(frame=frame, frequent=enough.fill_null(value=False).to_numpy())


def open_timetable(study: Study, *, date: dt.date | None, window_h: tuple[int, int]) -> Timetable:
    """Settle the service day of the study's feed. Raises ParameterError outside the feed."""
    per_date = trips_per_date(study.file(TIMETABLE))
    if date is None:
        day = choose_service_day(per_date)
    else:
        check_service_day(date, per_date)
        day = ServiceDay(date, per_date[date], reason=given_day(date))
    timetable = Timetable(study=study, day=day)
    if timetable.feed(window_h).quays.is_empty():
        message = (
            f"no stop of {study.source(TIMETABLE).file} lies in or within {study.halo_m} m of "
            f"{study.area.number} {study.area.name}; the timetable does not seem to reach there"
        )
        raise LayerMissingError(message)
    return timetable


def ready_list(study: Study) -> Stops:
    """Take the stops of a ready list; all of them are frequent, by the list's own definition."""
    frame = study.frame(READY_LIST)
    return Stops(frame=frame, frequent=np.ones(len(frame), dtype=bool))


def serving(study: Study, stops: Stops, max_m: float) -> tuple[int, int]:
    """Count the frequent stops near enough to serve the municipality, and those outside it."""
    points = shapely.points(stops.x, stops.y)
    shapely.prepare(study.polygon)
    near = shapely.dwithin(study.polygon, points, max_m)
    return int(near.sum()), int((near & ~shapely.intersects(study.polygon, points)).sum())


def _first(modes: list[str]) -> str:
    return modes[0] if modes else "none"


def _degrees_around(study: Study) -> tuple[float, float, float, float]:
    """Return the study area with its halo as west, south, east, north in degrees."""
    west, south, east, north = (
        shapely.bounds(study.polygon) + np.array([-1, -1, 1, 1]) * study.halo_m
    )
    x = np.array([west, west, east, east])
    y = np.array([south, north, south, north])
    lon, lat = transform_points(x, y, from_epsg=study.epsg, to_epsg=LONLAT_EPSG)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())
