"""Read SSB grid statistics: squares rebuilt from the id, never from delivered geometry."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.check import listing
from gis.errors import FieldError, SourceError
from gis.kernels.cells import cell_corner, cell_square, check_ids
from gis.sources.base import Delivered, Stated
from gis.sources.contents import lone_table
from gis.sources.convert import as_date
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.names import find_field
from gis.sources.tables import TABLE_SUFFIXES, column_names, stream_columns
from gis.sources.vector import attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from gis.sources.base import Notes, Request
    from gis.sources.mapping import Columns

    Ids = NDArray[np.int64]

ID = "cell_id"
GRID_EPSG = 25833  # SSB's grid lies in this zone whatever the study area
# With so many cells, that all of them lie on a coarser grid is no chance.
_ENOUGH_TO_TELL = 50
_SIZE_IN_NAME = re.compile(r"(\d{3,6})m?$", re.IGNORECASE)


def stream_grid(request: Request, notes: Notes) -> Iterator[Delivered]:
    """Read cells and their counts from CSV (in blocks), Parquet or a vector file (attributes).

    A zip may hold one table. The entry has a field ``cell_id`` of type id. Of a block only
    the ids are kept, to be judged together at the end. Raises FieldError: ids that came as
    floating point, do not lie on the grid, occur twice, or belong to another cell size.
    """
    if request.path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            path = lone_table(request.path, Path(folder))
            if path is not None:
                yield from stream_grid(replace(request, path=path), notes)
                return
    size_m = request.entry.delivery.cell_size_m or 0
    if request.path.suffix.lower() in TABLE_SUFFIXES:
        available = column_names(request.path)
        columns = resolve(request, available, source=request.label)
        wanted = chosen_year(request, available, notes)
        blocks = _of_year(request.path, columns.needed, wanted)
    else:
        table, columns = attributes(request, notes)
        blocks = iter([table])
    named = columns.fields.get(ID) or ID
    _check_size(named, size_m, request)
    seen: list[Ids] = []
    for block in blocks:
        part, ids = _cells(block, columns, request=request, notes=notes)
        seen.append(ids)
        yield part
    everything = np.concatenate(seen)
    _check_any(everything, request, notes)
    _check_unique(everything, named, request)
    _check_not_coarser(everything, size_m, request)


def _of_year(
    path: Path, needed: Sequence[str], wanted: tuple[str, int] | None
) -> Iterator[pd.DataFrame]:
    """Yield the blocks of a table, of one year where it has several."""
    if wanted is None:
        yield from stream_columns(path, needed)
        return
    name, year = wanted
    for block in stream_columns(path, list(dict.fromkeys([*needed, name]))):
        yield block[(as_date(block[name], source=name).dt.year == year).to_numpy()]


def chosen_year(request: Request, available: Sequence[str], notes: Notes) -> tuple[str, int] | None:
    """Return the column of the year and the year to read: the workspace's, else the newest.

    None where the file has no such column. Raises FieldError for a year that is not there.
    """
    name = find_field(request.entry.delivery.year, available, source=request.label)
    if name is None:
        return None
    source = f"{request.label}: field '{name}'"
    days = [
        as_date(b[name], source=source).drop_duplicates()
        for b in stream_columns(request.path, [name])
    ]
    known = pd.concat(days).dropna().drop_duplicates()
    years = sorted({int(y) for y in known.dt.year})
    asked = request.local.year if request.local else None
    if not years or asked not in (None, *years):
        message = f"{source}: year {asked} asked for; there are: {listing(map(str, years))}"
        raise FieldError(message)
    year = asked or years[-1]
    notes.stated = Stated(known[known.dt.year == year].max().date(), name)
    if len(years) > 1:
        notes.add(f"year {year} of {years[0]} to {years[-1]} taken")
    return name, year


def _cells(
    table: pd.DataFrame, columns: Columns, *, request: Request, notes: Notes
) -> tuple[Delivered, Ids]:
    """Return the cells of a block that meet the request's box, and the ids of all of them."""
    size_m = request.entry.delivery.cell_size_m or 0
    source = f"{request.label}: field '{columns.fields.get(ID) or ID}'"
    table = table[belongs(table, columns)].reset_index(drop=True)
    fields = map_fields(table, columns, entry=request.entry, source=request.label, notes=notes)
    ids = check_ids(fields[ID].to_numpy(), size_m=size_m, source=source)
    _check_counts(fields, request)
    inside = _in_box(ids, size_m, request)
    fields = fields[inside].reset_index(drop=True)
    squares = cell_square(ids[inside], size_m=size_m)
    shapes = gpd.GeoSeries(squares, index=fields.index, crs=GRID_EPSG)
    return Delivered(fields=fields, geometry=shapes), ids


def _in_box(ids: Ids, size_m: int, request: Request) -> NDArray[np.bool_]:
    """Tell which cells meet the request's box, before squares are built for a whole country."""
    if request.bounds is None or request.epsg != GRID_EPSG:
        return np.ones(len(ids), dtype=bool)
    west, south, east, north = request.bounds
    e, n = cell_corner(ids)
    return (e <= east) & (e + size_m >= west) & (n <= north) & (n + size_m >= south)


def _check_size(named: str, size_m: int, request: Request) -> None:
    """Refuse a column whose name tells another cell size (SSBID1000M read as 250 m)."""
    found = _SIZE_IN_NAME.search(named)
    if found and int(found.group(1)) != size_m:
        message = (
            f"{request.label}: field '{named}' holds cells of {int(found.group(1))} m; allowed: "
            f"cells of {size_m} m"
        )
        raise FieldError(message)


def _check_not_coarser(ids: Ids, size_m: int, request: Request) -> None:
    """Refuse a grid of larger cells: its corners all lie on the larger grid, by no chance."""
    e, n = cell_corner(ids)
    for coarser in (5000, 1000, 500):
        if coarser <= size_m or len(ids) < _ENOUGH_TO_TELL:
            continue
        if bool(((e % coarser == 0) & (n % coarser == 0)).all()):
            message = (
                f"{request.label}: all {len(ids)} cells lie on the grid of {coarser} m; allowed: "
                f"cells of {size_m} m"
            )
            raise FieldError(message)


def _check_counts(fields: pd.DataFrame, request: Request) -> None:
    """Refuse counts below zero."""
    for name in fields.columns:
        if name == ID or not pd.api.types.is_numeric_dtype(fields[name]):
            continue
        below = fields[name] < 0
        if below.any():
            message = (
                f"{request.label}: field '{name}' holds {fields[name][below].iloc[0]} "
                f"({int(below.sum())} rows); allowed: 0 or more"
            )
            raise FieldError(message)


def _check_any(ids: Ids, request: Request, notes: Notes) -> None:
    """Refuse a table without cells; remember where the cells lie."""
    if not len(ids):
        message = f"{request.label}: the table has no rows; allowed: at least one cell"
        raise SourceError(message)
    e, n = cell_corner(ids)
    notes.saw(map(float, (e.min(), n.min(), e.max(), n.max())), GRID_EPSG)


def _check_unique(ids: Ids, named: str, request: Request) -> None:
    values, counts = np.unique(ids, return_counts=True)
    if len(values) < len(ids):
        twice = values[counts > 1]
        message = (
            f"{request.label}: field '{named}' has {len(twice)} cells more than once, e.g. "
            f"{twice[0]} {int(counts.max())} times; allowed: one row a cell (one year a file)"
        )
        raise FieldError(message)
