"""Read tables without places: rows that belong to a unit by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from gis.errors import SourceError
from gis.sources.base import Delivered, Notes
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.names import find_field
from gis.sources.tables import TABLE_SUFFIXES, column_names, read_columns
from gis.sources.vector import attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from gis.sources.base import Request
    from gis.sources.mapping import Columns


def read_keyed(request: Request) -> Delivered:
    """Read a table (CSV, Parquet), or the attributes of a vector file, row by row.

    Rows have no geometry and are not cut to the study area: their number says where
    they belong. Raises FieldError, SourceError (no rows).
    """
    notes = Notes()
    if request.path.suffix.lower() in TABLE_SUFFIXES:
        table, columns = _table(request, notes)
    else:
        table, columns = attributes(request, notes)
    table = table[belongs(table, columns)].reset_index(drop=True)
    if table.empty:
        message = f"{request.label}: no rows"
        raise SourceError(message)
    fields = map_fields(table, columns, entry=request.entry, source=request.label, notes=notes)
    nowhere = gpd.GeoSeries([None] * len(fields), index=fields.index, crs=request.epsg)
    return Delivered(fields=fields, geometry=nowhere, notes=tuple(notes.lines))


def _table(request: Request, notes: Notes) -> tuple[pd.DataFrame, Columns]:
    """Read a table as it is, or one with a column for each group as rows."""
    available = column_names(request.path)
    turn = request.entry.delivery.columns_to_rows
    named = (request.local.fields if request.local else {}).get(turn[0]) if turn else None
    if not turn or named or _source(request, turn[0], available):
        columns = resolve(request, available, source=request.label)
        return read_columns(request.path, columns.needed), columns
    keys = {x: _source(request, x, available) for x in request.entry.fields if x not in turn}
    kept = [x for x in keys.values() if x is not None]
    wide = read_columns(request.path, available)
    counts = [x for x in available if x not in kept and _whole_numbers(wide[x])]
    if not counts:
        message = (
            f"{request.label}: neither field '{turn[0]}' nor columns of whole numbers; there are: "
            f"{', '.join(available)}"
        )
        raise SourceError(message)
    other = [x for x in available if x not in (*kept, *counts)]
    if other:
        notes.add(f"columns that hold no whole numbers are left out: {', '.join(other)}")
    name, count = (request.entry.fields[x].source[0] for x in turn)
    table = wide.melt(id_vars=kept, value_vars=counts, var_name=name, value_name=count)
    return table, resolve(request, tuple(table.columns), source=request.label)


def _source(request: Request, field: str, available: Sequence[str]) -> str | None:
    """Return the column a field is read from, None where the file has none."""
    local = request.local.fields if request.local else {}
    accepted = (local[field],) if field in local else request.entry.fields[field].source
    return find_field(accepted, available, source=request.label)


def _whole_numbers(values: pd.Series) -> bool:
    """Tell whether every value that is there is a whole number; a column of gaps is none."""
    known = values.dropna().astype(str).str.strip()
    known = known[known != ""]
    return len(known) > 0 and bool(known.str.fullmatch(r"\d+(\.0+)?").all())
