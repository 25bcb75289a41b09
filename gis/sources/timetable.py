"""Read the stops of a timetable as a layer; the feed itself travels on as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import LONLAT_EPSG
from gis.errors import OutsideError, SourceError
from gis.sources.base import Delivered, Notes
from gis.sources.convert import as_number
from gis.sources.feeds import one_feed
from gis.sources.gtfs_files import open_feed, read_table
from gis.sources.mainland import EAST, NORTH, SOUTH, WEST, where_norway_is
from gis.sources.mapping import map_fields, resolve

if TYPE_CHECKING:
    from gis.sources.base import Request

_STOPS = "stops.txt"
_ID, _X, _Y = "stop_id", "stop_lon", "stop_lat"


def read_timetable(request: Request) -> Delivered:
    """Read stops.txt of a GTFS feed: quays and stop places as points.

    A timetable in NeTEx is read as the feed it is written as, several deliveries as the one
    they are joined to. Stops without coordinates, or at 0, 0, are left out and counted.
    Departures are worked out from the feed by ``gis.sources.gtfs``. Raises SourceError,
    FieldError, OutsideError (no stop in Norway).
    """
    notes = Notes()
    path = one_feed(request.files, notes=notes)
    feed = open_feed(path)
    required = [_ID, _X, _Y]
    names = [n for mapping in request.entry.fields.values() for n in mapping.source]
    optional = [n for n in dict.fromkeys(names) if n not in required]
    table = read_table(feed, _STOPS, required, optional=optional).to_pandas()
    columns = resolve(request, list(table.columns), source=request.label)
    source = f"{request.label}: {_STOPS}"
    lon = as_number(table[_X], source=f"{source} field '{_X}'")
    lat = as_number(table[_Y], source=f"{source} field '{_Y}'")
    there = np.isfinite(lon) & np.isfinite(lat) & ~((lon == 0) & (lat == 0))
    notes.count(int((~there).sum()), "stops without coordinates left out")
    if len(table) and not there.any():
        message = (
            f"{source}: none of {len(table)} stops has coordinates; give the stop register (NeTEx) "
            "too"
        )
        raise SourceError(message)
    # A national feed runs on to Stockholm and Svalbard, where the working CRS does not reach.
    inside = there & lon.between(WEST, EAST) & lat.between(SOUTH, NORTH)
    notes.count(int((there & ~inside).sum()), "stops outside mainland Norway left out")
    if not inside.any():
        message = f"{source}: no stop has coordinates in Norway; {where_norway_is()}"
        raise OutsideError(message)
    table, lon, lat = table[inside], lon[inside], lat[inside]
    fields = map_fields(table, columns, entry=request.entry, source=source, notes=notes)
    points = gpd.GeoSeries(
        shapely.points(lon.to_numpy(), lat.to_numpy()), index=table.index, crs=LONLAT_EPSG
    )
    return Delivered(fields=fields, geometry=points, notes=tuple(notes.lines), file=path)
