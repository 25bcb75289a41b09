"""Read stop places and quays of a stop register in NeTEx, with places, types and access."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from gis.crs import LONLAT_EPSG
from gis.errors import OutsideError, SourceError
from gis.sources.base import Delivered
from gis.sources.mainland import in_norway, where_norway_is
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.netex_files import elements, place_of, ref_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from gis.sources.base import Notes, Request

_STOP_PLACE = "StopPlace"
_BLOCK_ROWS = 1 << 14
_NUMBER = re.compile(r":(\d{4})$")
_WHEELCHAIR = "AccessibilityAssessment/limitations/AccessibilityLimitation/WheelchairAccess"
COLUMNS = (
    *("id", "object", "name", "parent", "StopPlaceType", "TransportMode", "WheelchairAccess"),
    "municipality",
)


@dataclass(frozen=True)
class Stop:
    """One stop place or quay; ``place`` is longitude and latitude, None where it has none.

    A quay has the type, mode, municipality and, where it says none itself, the name and the
    access of its stop place, which is its ``parent``.
    """

    id: str
    object: str
    name: str | None
    parent: str | None
    StopPlaceType: str | None
    TransportMode: str | None
    WheelchairAccess: str | None
    municipality: str | None
    place: tuple[float, float] | None


def stops_of(path: Path) -> Iterator[Stop]:
    """Yield every stop place of a register, and after it its quays. Raises SourceError."""
    for element in elements(path, (_STOP_PLACE,)):
        yield from _stops(element)


def _stops(element: Element) -> Iterator[Stop]:
    number = _NUMBER.search(ref_of(element, "TopographicPlaceRef") or "")
    whole = Stop(
        id=element.get("id") or "",
        object=_STOP_PLACE,
        name=text_of(element, "Name"),
        parent=ref_of(element, "ParentSiteRef"),
        StopPlaceType=text_of(element, "StopPlaceType"),
        TransportMode=text_of(element, "TransportMode"),
        WheelchairAccess=text_of(element, _WHEELCHAIR),
        municipality=number.group(1) if number else None,
        place=place_of(element, "Centroid/Location"),
    )
    yield whole
    for quay in element.iterfind("quays/Quay"):
        yield Stop(
            id=quay.get("id") or "",
            object="Quay",
            name=text_of(quay, "Name") or whole.name,
            parent=whole.id,
            StopPlaceType=whole.StopPlaceType,
            TransportMode=whole.TransportMode,
            WheelchairAccess=text_of(quay, _WHEELCHAIR) or whole.WheelchairAccess,
            municipality=whole.municipality,
            place=place_of(quay, "Centroid/Location"),
        )


def stream_register(request: Request, notes: Notes) -> Iterator[Delivered]:
    """Read a stop register block by block: stop places and quays as points, in degrees.

    Those without a place and those outside mainland Norway are left out and counted. Raises
    SourceError (no NeTEx, no stop place), OutsideError (none in Norway), FieldError.
    """
    columns = resolve(request, COLUMNS, source=request.label)
    count = inside = 0
    for rows in _blocks(request.path):
        count += len(rows)
        placed = [r for r in rows if r.place is not None]
        near = [r for r in placed if r.place is not None and in_norway(*r.place)]
        notes.count(len(rows) - len(placed), "stops without coordinates left out")
        notes.count(len(placed) - len(near), "stops outside mainland Norway left out")
        inside += len(near)
        table = pd.DataFrame({c: [getattr(r, c) for r in near] for c in COLUMNS}, dtype="str")
        table = table[belongs(table, columns)]
        source = request.label
        fields = map_fields(table, columns, entry=request.entry, source=source, notes=notes)
        points = shapely.points([r.place for r in near]) if near else []
        shapes = gpd.GeoSeries(points, index=range(len(near)), crs=LONLAT_EPSG)
        yield Delivered(fields=fields, geometry=shapes.loc[table.index])
    if not count:
        message = f"{request.label}: NeTEx without stop places; allowed: a stop register"
        raise SourceError(message)
    if not inside:
        message = f"{request.label}: no stop has coordinates in Norway; {where_norway_is()}"
        raise OutsideError(message)


def _blocks(path: Path) -> Iterator[list[Stop]]:
    """Yield the stops of a register some thousands at a time, at least one list."""
    rows: list[Stop] = []
    for stop in stops_of(path):
        rows.append(stop)
        if len(rows) >= _BLOCK_ROWS:
            yield rows
            rows = []
    yield rows
