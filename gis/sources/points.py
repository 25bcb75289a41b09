"""Read tables of points: CSV or Parquet with coordinate columns, one EPSG code or one a row."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import check_plausible, transform_points
from gis.errors import CrsError, SourceError
from gis.sources.base import Delivered
from gis.sources.contents import has_geometry, lone_table
from gis.sources.convert import as_integer, as_number
from gis.sources.darwincore import core_table
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.names import find_field, fold_field, missing_field
from gis.sources.tables import TABLE_SUFFIXES, column_names, stream_columns
from gis.sources.vector import stream_vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from gis.sources.base import Notes, Request


_EPSG_FIELD = "EPSG code"
_DEGREES = 4326
_KNOWN_EPSG = (25833, 25832, 25835, 32633, 32632, 4258, 4326)


def stream_points(request: Request, notes: Notes) -> Iterator[Delivered]:
    """Read a table of points in blocks of rows; a vector file in its place is read as one.

    A zip may be a Darwin Core archive, or hold one table. Rows without coordinates are
    left out and counted in ``notes``. Decimal commas are read.
    Raises FieldError, CrsError (swapped axes, wrong zone, unknown code), SourceError.
    """
    if request.path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            path = core_table(request.path, Path(folder)) or lone_table(request.path, Path(folder))
            if path is not None:
                yield from _blocks(replace(request, path=path), notes)
                return
    if request.path.suffix.lower() in TABLE_SUFFIXES and not has_geometry(request.path):
        yield from _blocks(request, notes)
        return
    yield from stream_vector(request, notes)


def _blocks(request: Request, notes: Notes) -> Iterator[Delivered]:
    """Read one table, block by block."""
    available = column_names(request.path)
    columns = resolve(request, available, source=request.label)
    x_name, y_name, epsg_name = _coordinate_columns(request, available)
    names = [*columns.needed, x_name, y_name, *([epsg_name] if epsg_name else [])]
    found = False
    for block in stream_columns(request.path, list(dict.fromkeys(names))):
        part = block[belongs(block, columns)]
        x = as_number(part[x_name], source=f"{request.label}: field '{x_name}'")
        y = as_number(part[y_name], source=f"{request.label}: field '{y_name}'")
        # Portals write 0, 0 where the place is not known.
        there = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
        notes.count(int((~there).sum()), "rows without coordinates left out")
        part, x, y = part[there], x[there], y[there]
        codes = _codes(part, epsg_name, request, degrees=_holds_degrees(x_name, y_name, request))
        geometry = _geometry(x, y, codes, request=request, notes=notes)
        # All coordinates are checked by now; of a national file only the area's rows stay.
        inside = _inside(geometry, request)
        table, geometry = part[inside].reset_index(drop=True), geometry[inside]
        yield Delivered(
            fields=map_fields(
                table, columns, entry=request.entry, source=request.label, notes=notes
            ),
            geometry=geometry.reset_index(drop=True),
        )
        found = found or bool(there.any())
    if not found:
        message = f"{request.label}: no row has coordinates in '{x_name}' and '{y_name}'"
        raise SourceError(message)


def _inside(geometry: gpd.GeoSeries, request: Request) -> NDArray[np.bool_]:
    """Tell which points lie in the request's box."""
    if request.bounds is None:
        return np.ones(len(geometry), dtype=bool)
    west, south, east, north = request.bounds
    xs, ys = shapely.get_x(geometry.to_numpy()), shapely.get_y(geometry.to_numpy())
    return np.asarray((xs >= west) & (xs <= east) & (ys >= south) & (ys <= north))


def _coordinate_columns(request: Request, available: Sequence[str]) -> tuple[str, str, str | None]:
    delivery = request.entry.delivery
    found = []
    for axis, accepted in (("x", delivery.x), ("y", delivery.y)):
        name = find_field(accepted, available, source=request.label)
        if name is None:
            raise missing_field(axis, accepted, available, source=request.label)
        found.append(name)
    epsg = None
    if delivery.epsg_field is not None:
        epsg = find_field([delivery.epsg_field], available, source=request.label)
        if epsg is None and delivery.epsg is None and request.stated_epsg is None:
            names = (delivery.epsg_field,)
            raise missing_field(_EPSG_FIELD, names, available, source=request.label)
    return found[0], found[1], epsg


def _holds_degrees(x_name: str, y_name: str, request: Request) -> bool:
    """Tell whether both columns are longitude and latitude by their standard."""
    named = {fold_field(n) for n in request.entry.delivery.degrees}
    return {fold_field(x_name), fold_field(y_name)} <= named


def _codes(
    table: pd.DataFrame, epsg_name: str | None, request: Request, *, degrees: bool
) -> pd.Series:
    """Return the EPSG code of every row: its own, else the workspace's, columns' or entry's."""
    default = request.stated_epsg or (_DEGREES if degrees else request.entry.delivery.epsg)
    if epsg_name is None:
        return pd.Series(default, index=table.index)
    codes = as_integer(table[epsg_name], source=f"{request.label}: field '{epsg_name}'")
    if codes.isna().any():
        message = (
            f"{request.label}: field '{epsg_name}' lacks a value in {int(codes.isna().sum())} rows "
            "with coordinates; every row needs its EPSG code"
        )
        raise CrsError(message)
    return codes


def _geometry(
    x: pd.Series, y: pd.Series, codes: pd.Series, *, request: Request, notes: Notes
) -> gpd.GeoSeries:
    """Return the points in the working CRS, each group of one code checked and moved."""
    east, north = np.empty(len(x)), np.empty(len(x))
    for code in codes.unique():
        rows = (codes == code).to_numpy(dtype=bool)
        xs, ys = x.to_numpy()[rows], y.to_numpy()[rows]
        bounds = (xs.min(), ys.min(), xs.max(), ys.max())
        if int(code) not in _KNOWN_EPSG:
            allowed = ", ".join(str(c) for c in _KNOWN_EPSG)
            message = f"{request.label}: EPSG code {code}; allowed: {allowed}"
            raise CrsError(message)
        check_plausible(bounds, epsg=int(code), source=request.label)
        notes.saw(bounds, int(code))
        east[rows], north[rows] = transform_points(
            xs, ys, from_epsg=int(code), to_epsg=request.epsg
        )
    return gpd.GeoSeries(shapely.points(east, north), index=x.index, crs=request.epsg)
