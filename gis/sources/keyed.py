"""Read tables without places: rows that belong to a unit by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from gis.errors import SourceError
from gis.sources.base import Delivered, Notes
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.tables import TABLE_SUFFIXES, column_names, read_columns
from gis.sources.vector import attributes

if TYPE_CHECKING:
    from gis.sources.base import Request


def read_keyed(request: Request) -> Delivered:
    """Read a table (CSV, Parquet), or the attributes of a vector file, row by row.

    Rows have no geometry and are not cut to the study area: their number says where
    they belong. Raises FieldError, SourceError (no rows).
    """
    notes = Notes()
    if request.path.suffix.lower() in TABLE_SUFFIXES:
        columns = resolve(request, column_names(request.path), source=request.label)
        table = read_columns(request.path, columns.needed)
    else:
        table, columns = attributes(request, notes)
    table = table[belongs(table, columns)].reset_index(drop=True)
    if table.empty:
        message = f"{request.label}: no rows"
        raise SourceError(message)
    fields = map_fields(table, columns, entry=request.entry, source=request.label, notes=notes)
    nowhere = gpd.GeoSeries([None] * len(fields), index=fields.index, crs=request.epsg)
    return Delivered(fields=fields, geometry=nowhere, notes=tuple(notes.lines))
