"""Write small GTFS feeds for the tests, as zips or folders, from text tables."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

AGENCY = (
    "agency_id,agency_name,agency_url,agency_timezone\n1,T,https://example.invalid,Europe/Oslo\n"
)
STOPS = (
    "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "P,Torget,59.9000,10.5000,1,\n"
    "P1,Torget,59.9001,10.5000,,P\n"
    "P2,Torget,59.8999,10.5000,0,P\n"
    "Q,Bakken,59.9500,10.6000,,\n"
    "R,Enden,59.9900,10.7000,,\n"
)
ROUTES = (
    "route_id,agency_id,route_short_name,route_long_name,route_type\nbus,1,1,,700\ntog,1,L1,,100\n"
)
CALENDAR = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "WD,1,1,1,1,1,0,0,20261102,20261218\n"
)
TRIPS_HEAD = "route_id,service_id,trip_id,direction_id"
TIMES_HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"


def town(**changes: str | bytes | None) -> dict[str, str | bytes]:
    """Return the tables of a small feed: three places, one weekday service, no trips.

    A change replaces a table by name (without .txt); None leaves the table out.
    """
    tables: dict[str, str | bytes | None] = {
        "agency": AGENCY,
        "stops": STOPS,
        "routes": ROUTES,
        "calendar": CALENDAR,
        "trips": f"{TRIPS_HEAD}\nbus,WD,t,0\n",
        "stop_times": f"{TIMES_HEAD}\nt,07:00:00,07:00:00,P1,1\nt,07:10:00,07:10:00,Q,2\n"
        "t,07:20:00,07:20:00,R,3\n",
    }
    return {name: text for name, text in (tables | changes).items() if text is not None}


def trips(rows: Iterable[str], head: str = TRIPS_HEAD) -> str:
    """Return trips.txt from its lines."""
    return "\n".join([head, *rows]) + "\n"


def times(rows: Iterable[str], head: str = TIMES_HEAD) -> str:
    """Return stop_times.txt from its lines."""
    return "\n".join([head, *rows]) + "\n"


def write_feed(path: Path, tables: Mapping[str, str | bytes], *, inside: str = "") -> Path:
    """Write the tables as a zip (``.zip``) or a folder, under a folder ``inside`` it."""
    files = {
        f"{inside}{name}.txt": text.encode() if isinstance(text, str) else text
        for name, text in tables.items()
    }
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        for name, content in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return path
