"""Read the railway and metro stations of an OpenStreetMap extract as points.

Tags as their documentation has them (wiki.openstreetmap.org: Tag:railway=station,
Tag:railway=halt, Tag:railway=stop, Key:station):

- railway=station and halt are stations: metro where station=subway or subway=yes stands on
  them, otherwise rail; light rail, monorails, funiculars and museum lines are left out.
- railway=stop marks where trains stop on the track. It counts only where no station or
  halt of its kind lies within 500 m, and a halt where no station does, so that a station is
  not there twice.

Stations drawn as areas stand at the middle of their outline. Data © OpenStreetMap
contributors, ODbL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from gis.check import existing_file
from gis.crs import LONLAT_EPSG, transform_points
from gis.errors import SourceError
from gis.kernels.distance import within
from gis.sources.base import Delivered, Notes
from gis.sources.mapping import map_fields, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gis.sources.base import Request

_PLACES, _STOP = ("station", "halt"), "stop"
_OTHER = ("light_rail", "monorail", "funicular", "miniature", "tram")
_DOUBLE_M = 500.0
_COLUMNS = ["name", "kind", "railway", "x", "y"]


def read_osm_stations(request: Request) -> Delivered:
    """Read stations: fields name and kind (rail or metro), points in degrees.

    Raises SourceError (broken, no station in the file), FieldError.
    """
    notes = Notes()
    found = _stations(request.path, request.label)
    if found.empty:
        message = (
            f"{request.label}: no station among its railway tags; allowed: railway=station, halt "
            "or stop of trains or metro"
        )
        raise SourceError(message)
    keep = ~_doubled(found, request.epsg)
    notes.count(
        int((~keep).sum()), "stops on the track and halts near a station of their kind left out"
    )
    table = found[keep].reset_index(drop=True)
    columns = resolve(request, list(table.columns), source=request.label)
    fields = map_fields(table, columns, entry=request.entry, source=request.label, notes=notes)
    points = gpd.GeoSeries(
        shapely.points(table["x"], table["y"]), index=table.index, crs=LONLAT_EPSG
    )
    notes.add("stations of OpenStreetMap, © OpenStreetMap contributors, ODbL")
    return Delivered(fields=fields, geometry=points, notes=tuple(notes.lines))


def station_kind(tags: Mapping[str, str]) -> str | None:
    """Return rail or metro for the tags of a station, halt or stop; None for anything else."""
    if tags.get("railway") not in (*_PLACES, _STOP):
        return None
    word = tags.get("station", "")
    others = any(tags.get(key) == "yes" for key in ("tram", "light_rail", "monorail", "funicular"))
    train = tags.get("train") == "yes"
    if word == "subway" or tags.get("subway") == "yes":
        return "metro"
    if word in _OTHER or (others and not train) or tags.get("usage") == "tourism":
        return None
    return "rail"


def _stations(path: Path, label: str) -> pd.DataFrame:
    existing_file(path)
    rows: list[tuple[str, str, str, float, float]] = []
    wanted = osmium.filter.KeyFilter("railway")
    entities = osmium.osm.NODE | osmium.osm.WAY
    try:
        file = osmium.FileProcessor(str(path), entities).with_locations().with_filter(wanted)
        thing: Any
        for thing in file:
            tags = dict(thing.tags)
            kind = station_kind(tags)
            place = None if kind is None else _place(thing)
            if kind is not None and place is not None:
                rows.append((tags.get("name", ""), kind, tags["railway"], *place))
    except (RuntimeError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{label}: cannot be read as OpenStreetMap data, broken or cut short ({reason})"
        raise SourceError(message) from None
    return pd.DataFrame(rows, columns=_COLUMNS)


def _place(thing: Any) -> tuple[float, float] | None:
    """Return longitude and latitude of a node, or of the middle of a way's outline."""
    if thing.is_node():
        return thing.location.lon, thing.location.lat
    inside = [(n.lon, n.lat) for n in thing.nodes if n.location.valid()]
    if not inside:
        return None
    west, south = np.min(inside, axis=0)
    east, north = np.max(inside, axis=0)
    return float(west + east) / 2, float(south + north) / 2


def _doubled(found: pd.DataFrame, epsg: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which stops on the track and halts have a station of their kind near."""
    x, y = transform_points(
        found["x"].to_numpy(), found["y"].to_numpy(), from_epsg=LONLAT_EPSG, to_epsg=epsg
    )
    double = np.zeros(len(found), dtype=bool)
    for kind in found["kind"].unique():
        mine = (found["kind"] == kind).to_numpy()
        for tag, better in ((_PLACES[1], _PLACES[:1]), (_STOP, _PLACES)):
            less = mine & (found["railway"] == tag).to_numpy()
            more = mine & found["railway"].isin(better).to_numpy()
            double[less] = within(x[less], y[less], x[more], y[more], max_m=_DOUBLE_M)
    return double
