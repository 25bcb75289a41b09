"""Draw a municipality with a timetable, small enough to answer every definition in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from gis.analyses import Study, study_area
from tests import feeds
from tests.access_town import lines
from tests.town import box, cells, frame, points, town

if TYPE_CHECKING:
    from pathlib import Path

SIDE, STOPS = 20, 14


def population() -> gpd.GeoDataFrame:
    """20 x 20 cells of 250 m, thinning out from the middle; many of 1 to 9, many of none."""
    rng = np.random.default_rng(11)
    values = {}
    for c in range(SIDE):
        for r in range(SIDE):
            far = np.hypot(c - 9, r - 10)
            residents = int(rng.poisson(160 * np.exp(-((far / 6) ** 2)) + 1.5))
            if residents:
                values[(c, r)] = float(residents)
    return cells(values, "residents")


def units() -> gpd.GeoDataFrame:
    edges = [0, 1250, 2500, 3750, 5000]
    shapes = [box(w, s, w + 1250, s + 1250) for w in edges[:-1] for s in edges[:-1]]
    numbers = [f"9999{n:04d}" for n in range(101, 101 + len(shapes))]
    return frame(shapes, number=numbers, name=[f"Krets {n[-2:]}" for n in numbers])


def feed(folder: Path) -> Path:
    """Stops along two lines; each with its own number and spread of departures, 7 to 9."""
    rng = np.random.default_rng(5)
    places = points(*[(400 + 330 * k, 2500 + 900 * np.sin(k / 2)) for k in range(STOPS)])
    lonlat = gpd.GeoSeries(places, crs=25833).to_crs(4326)
    stops = ["stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"]
    stops += [f"S{k},Holdeplass {k},{p.y:.6f},{p.x:.6f},," for k, p in enumerate(lonlat)]
    stops.append(f"END,Enden,{lonlat.iloc[0].y + 0.5:.6f},{lonlat.iloc[0].x:.6f},,")
    trips, times = [], []
    for k in range(STOPS):
        count = int(rng.integers(2, 26))
        minutes = np.sort(rng.integers(0, 120, count)) if k % 3 else np.linspace(0, 119, count)
        for n, minute in enumerate(minutes):
            trip = f"t{k}_{n}"
            at = f"{7 + int(minute) // 60:02d}:{int(minute) % 60:02d}:00"
            trips.append(f"bus,WD,{trip},{n % 2}")
            times += [f"{trip},{at},{at},S{k},1", f"{trip},11:00:00,11:00:00,END,2"]
    tables = feeds.town(
        stops="\n".join(stops) + "\n", trips=feeds.trips(trips), stop_times=feeds.times(times)
    )
    return feeds.write_feed(folder / "feed.zip", tables)


def streets() -> gpd.GeoDataFrame:
    """Streets every 500 m, both ways."""
    across = [[(0.0, 500.0 * k), (5000.0, 500.0 * k)] for k in range(11)]
    return lines(*across, *([(y, x) for x, y in line] for line in across))


def study(folder: Path, *, timetable: bool = True, roads: bool = False) -> Study:
    """Lay out the municipality: with a timetable, or with a ready list of its stops."""
    data = town(
        municipality=frame([box(0, 0, 5000, 5000)], number=["9999"], name=["Byen"]),
        sea=None,
        population_grid=population(),
        basic_statistical_units=units(),
    )
    if timetable:
        data.files["transit_stops"] = feed(folder)
    else:
        few = points((700, 2900), (2600, 2500), (4200, 1900))
        data.frames["frequent_stops"] = frame(
            few, stop_id=["A", "B", "C"], name=["A", "B", "C"], mode=["bus", "rail", "bus"]
        )
    if roads:
        data.frames["roads_paths"] = streets()
    return study_area(data, number="9999", halo_m=5000)
