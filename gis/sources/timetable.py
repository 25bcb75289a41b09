"""Read the stops of a timetable as a layer; the feed itself travels on as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import LONLAT_EPSG
from gis.errors import OutsideError
from gis.sources.base import Delivered, Notes
from gis.sources.convert import as_number
from gis.sources.gtfs_files import open_feed, read_table
from gis.sources.mapping import map_fields, resolve

if TYPE_CHECKING:
    from gis.sources.base import Request

_NORWAY = (2.0, 34.0, 57.0, 72.5)
_STOPS = "stops.txt"
_ID, _X, _Y = "stop_id", "stop_lon", "stop_lat"


def read_timetable(request: Request) -> Delivered:
    """Read stops.txt of a GTFS feed: quays and stop places as points.

    Stops without coordinates, or at 0, 0, are left out and counted. Departures are
    worked out from the feed by ``gis.sources.gtfs``. Raises SourceError, FieldError.
    """
    notes = Notes()
    feed = open_feed(request.path)
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
    # A national feed runs on to Stockholm and Svalbard, where the working CRS does not reach.
    west, east, south, north = _NORWAY
    inside = there & lon.between(west, east) & lat.between(south, north)
    notes.count(int((there & ~inside).sum()), "stops outside mainland Norway left out")
    if not inside.any():
        message = (
            f"{source}: no stop has coordinates in Norway; allowed: longitude {west:.0f} to "
            f"{east:.0f}, latitude {south:.0f} to {north:.0f}"
        )
        raise OutsideError(message)
    table, lon, lat = table[inside], lon[inside], lat[inside]
    fields = map_fields(table, columns, entry=request.entry, source=source, notes=notes)
    points = gpd.GeoSeries(
        shapely.points(lon.to_numpy(), lat.to_numpy()), index=table.index, crs=LONLAT_EPSG
    )
    return Delivered(fields=fields, geometry=points, notes=tuple(notes.lines), keep_file=True)
