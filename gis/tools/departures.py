"""Count departures of the stops of a GTFS feed, and which stops have enough."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from gis.check import sha256_of
from gis.crs import LONLAT_EPSG
from gis.errors import ParameterError
from gis.kernels.departures import MODES
from gis.kernels.timetable import (
    DepartureTable,
    Direction,
    Level,
    Statistic,
    departure_table,
    meets,
)
from gis.result import Definition, LeftOut
from gis.serviceday import ServiceDay, choose_service_day, given_day
from gis.sources.base import Notes
from gis.sources.feeds import one_feed
from gis.sources.gtfs import FeedDay, read_feed, trips_per_date
from gis.text import Text, number, t
from gis.text import day as written
from gis.tools.answer import Answer, FileSource, plain

if TYPE_CHECKING:
    from pathlib import Path

_CLOCK = re.compile(r"(\d{1,2})(?::([0-5]\d))?-(\d{1,2})(?::([0-5]\d))?")
CLUSTER_M = 100.0
_COLUMNS = ("id", "name", "lon", "lat", "modes", "calls", "departures")
_STATISTICS = ("average", "every_hour", "max_gap")


@dataclass(frozen=True)
class Asked:
    """What is asked of a feed. ``date`` None: an ordinary day is chosen, with its reason.

    ``bbox``: west, south, east, north in degrees; ``modes`` empty: all.
    """

    window: str
    min_per_hour: float = 4.0
    statistic: Statistic = "average"
    direction: Direction = "both"
    level: Level = "stop-place"
    date: dt.date | None = None
    cluster_m: float | None = None
    modes: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None

    @property
    def metres(self) -> float:
        """How near quays are that make one cluster."""
        return CLUSTER_M if self.cluster_m is None else self.cluster_m


def departures(feed: Path, asked: Asked) -> Answer:
    """Count the stops that meet a number of departures an hour, and describe every stop.

    ``feed``: GTFS, or a timetable in NeTEx, which is read as the feed it is written as.
    ``value`` is the number of stops that meet it, ``denominator`` the stops with any
    departure in the window. ``stops`` lists every stop of the feed (inside ``bbox``),
    those without departures included. Raises GisError.
    """
    window = parse_window(asked.window)
    _check(asked)
    made = Notes()
    given, feed = feed, one_feed([feed], notes=made)
    day = _service_day(feed, asked.date)
    read = read_feed(feed, date=day.date, window=window, bbox=asked.bbox)
    if read.quays.is_empty():
        message = f"{given.name}: no stop lies inside {_place(asked.bbox)} (west,south,east,north)"
        raise ParameterError(message)
    table = departure_table(
        read.calls,
        read.quays,
        window=window,
        level=asked.level,
        cluster_m=asked.metres,
        direction=asked.direction,
        modes=asked.modes or None,
    )
    enough = meets(table, statistic=asked.statistic, min_per_hour=asked.min_per_hour)
    stops = table.frame.with_columns(meets=enough).select(*_COLUMNS, *_STATISTICS, "meets")
    served = int((stops["departures"] > 0).sum())
    n = int(stops["meets"].sum())
    trips = read.trips if asked.date is not None else day.trips
    return Answer(
        tool="departures",
        value=n,
        unit="stops",
        numerator=n,
        denominator=served,
        counted="stops",
        definition=_definition(asked, day, window),
        files=(FileSource("feed", given.name, None, sha256_of(given), None, "EPSG:4326"),),
        frame=_frame(stops),
        left_out=(*read.left_out, *_idle(stops, asked)),
        notes=(*made.lines, *_notes(read, asked, served=served)),
        crs="EPSG:4326 WGS 84",
        details={
            "service_day": {
                "date": day.date.isoformat(),
                "trips": trips,
                "reason": day.reason.as_dict(),
                "feed_first": read.first.isoformat(),
                "feed_last": read.last.isoformat(),
            },
            "totals": _totals(read, table),
            "stops": _listed(stops),
        },
    )


def parse_window(text: str) -> tuple[int, int]:
    """Return ``07-09`` or ``07:30-09:00`` as seconds after midnight. Raises ParameterError."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        message = f"window '{text}'; allowed: HH-HH or HH:MM-HH:MM, up to 30:00 (06:00 next day)"
        raise ParameterError(message)
    h1, m1, h2, m2 = (int(part or 0) for part in found.groups())
    start, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
    if not start < end <= 30 * 3600:
        message = f"window '{text}' starts at or after its end, or ends after 30:00"
        raise ParameterError(message)
    return start, end


def _check(asked: Asked) -> None:
    odd = sorted(set(asked.modes) - set(MODES))
    if odd:
        message = f"mode {', '.join(odd)}; allowed: {', '.join(MODES)}"
        raise ParameterError(message)
    if asked.cluster_m is not None and asked.level != "cluster":
        message = (
            f"cluster_m {asked.cluster_m:g} given with level {asked.level}; allowed: level cluster"
        )
        raise ParameterError(message)
    if asked.bbox is not None:
        west, south, east, north = asked.bbox
        inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
        if not inside:
            message = (
                f"bbox {_place(asked.bbox)}; allowed: west,south,east,north in degrees, west < "
                "east and south < north"
            )
            raise ParameterError(message)


def _service_day(feed: Path, date: dt.date | None) -> ServiceDay:
    if date is not None:
        return ServiceDay(date=date, trips=0, reason=given_day(date))
    return choose_service_day(trips_per_date(feed))


def _place(bbox: tuple[float, ...] | None) -> str:
    return "the feed" if bbox is None else ",".join(f"{v:g}" for v in bbox)


def _idle(stops: pl.DataFrame, asked: Asked) -> list[LeftOut]:
    idle = int((stops["departures"] == 0).sum())
    text = t("tools.idle", window=asked.window)
    return [LeftOut("stops_without_departures", text, idle, "stops")] if idle else []


def _notes(read: FeedDay, asked: Asked, *, served: int) -> tuple[str, ...]:
    """Say that a window without a single departure may be the feed's doing, not the place's."""
    if served:
        return ()
    there = read.calls.filter("departure")
    if there.height:
        modes = ", ".join(sorted(there["mode"].unique().cast(pl.String)))
        return (f"no departure by {', '.join(asked.modes)} in {asked.window}; there are: {modes}",)
    note = (
        f"no departure in {asked.window}, though {read.trips} trips run on {read.date}: the feed "
        "may hold only part of the day"
    )
    return (note,)


def _totals(read: FeedDay, table: DepartureTable) -> dict[str, Any]:
    """Sum over the stops: a trip that leaves two stops counts at each of them."""
    frame = table.frame
    return {
        "stops": frame.height,
        "quays": int(frame["quays"].sum()),
        "calls": int(frame["calls"].sum()),
        "departures": int(frame["departures"].sum()),
        "trips_that_day": read.trips,
    }


def _listed(stops: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: plain(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in stops.iter_rows(named=True)
    ]


def _frame(stops: pl.DataFrame) -> gpd.GeoDataFrame:
    columns: dict[str, Any] = {name: stops[name].to_list() for name in stops.columns}
    columns["modes"] = [",".join(modes) for modes in columns["modes"]]
    for name in _STATISTICS:
        columns[name] = stops[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    points = shapely.points(stops["lon"].to_numpy(), stops["lat"].to_numpy())
    return gpd.GeoDataFrame(columns, geometry=points, crs=LONLAT_EPSG)


def _definition(asked: Asked, day: ServiceDay, window: tuple[int, int]) -> Definition:
    per_hour = number(asked.min_per_hour, decimals=_decimals(asked.min_per_hour))
    wait = 60 / asked.min_per_hour
    criterion = t(
        f"tools.statistic_{_key(asked.statistic)}",
        count=per_hour,
        minutes=number(wait, decimals=_decimals(wait)),
    )
    cluster = number(asked.metres, decimals=_decimals(asked.metres))
    return Definition(
        sentence=t(
            "tools.departures",
            level=t(f"tools.level_{_key(asked.level)}", metres=cluster),
            criterion=criterion,
            direction=t(f"tools.direction_{asked.direction}"),
            modes=_modes(asked.modes),
            start=_clock(window[0]),
            end=_clock(window[1]),
            date=written(day.date),
        ),
        parameters={
            "date": day.date.isoformat(),
            "window": f"{_clock(window[0])}-{_clock(window[1])}",
            "min_per_hour": plain(float(asked.min_per_hour)),
            "statistic": asked.statistic,
            "direction": asked.direction,
            "level": asked.level,
            "cluster_m": plain(float(asked.metres)) if asked.level == "cluster" else None,
            "mode": ",".join(asked.modes) or None,
            "bbox": _place(asked.bbox) if asked.bbox else None,
        },
    )


def _modes(modes: tuple[str, ...]) -> Text:
    if not modes:
        return t("tools.all_modes")
    words = [t(f"tools.mode_{mode}") for mode in modes]
    return Text(nb=", ".join(w.nb for w in words), en=", ".join(w.en for w in words))


def _key(choice: str) -> str:
    return choice.replace("-", "_")


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"


def _decimals(value: float) -> int:
    return 0 if float(value).is_integer() else 2
