"""Give the drawn town streets, stations, hills and a timetable, for tests of travelling in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from gis.crs import transform_points
from tests import feeds
from tests.town import E0, EPSG, N0, frame, points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ROWS = (125.0, 375.0, 625.0, 875.0)


def lines(*drawn: Sequence[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    """Streets in town coordinates, housing streets on the ground unless said otherwise."""
    shapes = [shapely.LineString([(E0 + x, N0 + y) for x, y in line]) for line in drawn]
    given = {"kind": "enkelBilveg", "medium": "ground", "category": "K", "name": None} | columns
    return frame(shapes, **{k: v if isinstance(v, list) else [v] * len(shapes)
                            for k, v in given.items()})  # fmt: skip


def comb(rows: Sequence[float] = ROWS) -> gpd.GeoDataFrame:
    """A street along each row of cell centres, joined by one street along x = 125.

    From the centre of cell (0, 0) to that of (c, r) it is 250 (c + r) metres.
    """
    spine = [(125.0, y) for y in rows]
    return lines(*[[(0.0, y), (125.0, y), (750.0, y)] for y in rows], spine)


def stop_frame(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    """A ready list of stops."""
    names = [chr(65 + i) for i in range(len(places))]
    return frame(points(*places), stop_id=names, name=names, mode=["bus"] * len(places))


def station_frame(*places: tuple[float, float, str]) -> gpd.GeoDataFrame:
    """Stations with their kind."""
    names = [f"Stasjon {i + 1}" for i in range(len(places))]
    return frame(
        points(*[(x, y) for x, y, _ in places]), name=names, kind=[k for _, _, k in places]
    )


def units() -> gpd.GeoDataFrame:
    """The western half of the town with 480 residents, the eastern with 300."""
    return frame(
        [
            shapely.box(E0, N0, E0 + 500, N0 + 1000),
            shapely.box(E0 + 500, N0, E0 + 1000, N0 + 1000),
        ],
        number=["99990101", "99990102"],
        name=["Vest", "Øst"],
    )


def hill(
    path: Path,
    height: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    side_m: float = 1000,
) -> Path:
    """A terrain model at 10 m around the town, of a function of town coordinates."""
    x = np.arange(-300, side_m + 300, 10.0) + 5
    y = np.arange(side_m + 300, -300, -10.0) - 5
    values = height(x[None, :], y[:, None]) + np.zeros((len(y), len(x)))
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=len(x),
        height=len(y),
        count=1,
        dtype="float64",
        crs=EPSG,
        transform=from_origin(E0 - 300, N0 + side_m + 300, 10, 10),
    ) as file:
        file.write(values, 1)
    return path


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place in town."""
    lon, lat = transform_points(
        np.array([E0 + x]), np.array([N0 + y]), from_epsg=EPSG, to_epsg=4326
    )
    return float(lon[0]), float(lat[0])


def feed(
    path: Path,
    stops: dict[str, tuple[float, float, str]],
    departures: dict[tuple[str, str], Sequence[int]],
    *,
    boarding: bool = True,
) -> Path:
    """Write a feed: stops by id (x, y, wheelchair_boarding), trips by (from, to).

    ``departures``: minutes after 06:00 from the first stop; the last is 10 minutes on.
    """
    head = "stop_id,stop_name,stop_lat,stop_lon" + (",wheelchair_boarding" if boarding else "")
    rows = []
    for name, (x, y, word) in stops.items():
        lon, lat = degrees(x, y)
        rows.append(f"{name},{name},{lat:.9f},{lon:.9f}" + (f",{word}" if boarding else ""))
    trips, times = [], []
    for (start, end), minutes in departures.items():
        for m in minutes:
            trip = f"{start}{end}{m}"
            trips.append(f"bus,WD,{trip},{int(start > end)}")
            for order, (stop, at) in enumerate(((start, m), (end, m + 10)), 1):
                clock = f"{6 + at // 60:02d}:{at % 60:02d}:00"
                times.append(f"{trip},{clock},{clock},{stop},{order}")
    return feeds.write_feed(
        path,
        feeds.town(
            stops="\n".join([head, *rows]) + "\n",
            trips=feeds.trips(trips),
            stop_times=feeds.times(times),
        ),
    )


def path_file(folder: Path, *places: tuple[float, float]) -> Path:
    """Write a path as a file of one line, GeoJSON in degrees."""
    line = {"type": "LineString", "coordinates": [degrees(x, y) for x, y in places]}
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    file = folder / "path.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return file
