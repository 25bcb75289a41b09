"""Read any vector file that GDAL reads, inside a zip too: FGDB, GeoPackage, GML, GeoJSON, SHP."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gis.check import listing
from gis.crs import check_plausible
from gis.errors import CrsError, SourceError
from gis.sources import geoparquet
from gis.sources.base import Delivered, Notes
from gis.sources.containers import Dataset, datasets
from gis.sources.mapping import belongs, map_fields, resolve
from gis.sources.names import LAYER_NAME, pick_layers
from gis.sources.osm import is_osm
from gis.sources.osm_stations import read_osm_stations
from gis.sources.systems import check_silent, file_box, settle_epsg

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.sources.base import Bounds, Request
    from gis.sources.mapping import Columns

# What GDAL, through pyogrio, raises for broken files; all are worded anew.
_GDAL_ERRORS = (DataSourceError, DataLayerError, RuntimeError, ValueError, pa.ArrowException)
# Formats with an index and stored bounds: only the box is read.
_INDEXED = (".gpkg", ".gdb", ".shp", ".fgb")


@dataclass(frozen=True)
class _Part:
    """One layer of one data set, with its name in messages."""

    dataset: Dataset
    layer: str

    def named(self, request: Request) -> str:
        inner = "" if self.dataset.name == request.path.name else f"/{self.dataset.name}"
        return f"{request.path.name}{inner} layer '{self.layer}'"


def read_vector(request: Request) -> Delivered:
    """Read the layers of a file that belong to an entry, with only the fields it needs.

    Raises SourceError (no such format, broken, no such layer), FieldError (required
    field missing), CrsError (none, contradicted).
    """
    if is_osm(request.path) and request.layer == "stations":
        return read_osm_stations(request)
    notes = Notes()
    parts = _parts(request)
    pieces = [_read_part(part, request, notes) for part in parts]
    systems = {g.crs for _, g in pieces}
    if len(systems) > 1:
        message = f"{request.label}: layers in different CRS: {listing(str(s) for s in systems)}"
        raise CrsError(message)
    fields = pd.concat([t for t, _ in pieces], ignore_index=True)
    geometry = gpd.GeoSeries(
        pd.concat([g for _, g in pieces], ignore_index=True), crs=next(iter(systems))
    )
    inside = tuple(dict.fromkeys(part.layer for part in parts))
    return Delivered(fields=fields, geometry=geometry, notes=tuple(notes.lines), inside=inside)


def attributes(request: Request, notes: Notes) -> tuple[pd.DataFrame, Columns]:
    """Read the needed source fields of one layer of a file without its geometries.

    For data whose geometry is rebuilt from an id. Raises as read_vector does.
    """
    part = _parts(request)[0]
    source = part.named(request)
    columns = resolve(request, _schema(part, source, notes).fields, source=source)
    frame = _rows(part, columns.needed, None, geometry=False, source=source, notes=notes)
    frame[LAYER_NAME] = part.layer
    return frame, columns


def _parts(request: Request) -> list[_Part]:
    """List the layers of the file and pick those that the entry or the workspace names."""
    found = [_Part(d, name) for d in datasets(request.path) for name in _layer_names(d, request)]
    if not found:
        message = f"{request.label}: the file holds no layers"
        raise SourceError(message)
    accepted = request.entry.delivery.layers
    if request.local and request.local.layer:
        named = request.local.layer
        exact = [p for p in found if p.layer.casefold() == named.casefold()]
        if not exact:
            there = listing(p.layer for p in found)
            message = f"{request.label}: no layer '{named}'; there are: {there}"
            raise SourceError(message)
        return exact
    picked = pick_layers(accepted, [p.layer for p in found], source=request.label)
    return [found[i] for i in picked]


def _layer_names(dataset: Dataset, request: Request) -> list[str]:
    if dataset.layer is not None:
        return [dataset.layer]
    if dataset.suffix == geoparquet.SUFFIX:
        return [Path(dataset.name).stem]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [str(name) for name, _ in pyogrio.list_layers(dataset.source)]
        except _GDAL_ERRORS as error:
            raise _broken(request.label, error) from None


def _broken(label: str, error: BaseException) -> SourceError:
    reason = " ".join(str(error).split())[:300]
    message = (
        f"{label}: cannot be read ({reason}); allowed: a whole GeoJSON, GeoPackage, file "
        "geodatabase, GML or shapefile, also inside a zip"
    )
    return SourceError(message)


def _read_part(part: _Part, request: Request, notes: Notes) -> tuple[pd.DataFrame, gpd.GeoSeries]:
    source = part.named(request)
    schema = _schema(part, source, notes)
    columns = resolve(request, schema.fields, source=source)
    epsg = settle_epsg(schema.crs, part.dataset, request, source=source)
    box = None
    if part.dataset.suffix in _INDEXED and schema.bounds is not None:
        # What lies outside the box is never read, so the whole layer is checked here.
        check_plausible(schema.bounds, epsg=epsg, source=source)
        box = file_box(request, epsg)
    frame = _rows(part, columns.needed, box, source=source, notes=notes)
    if not isinstance(frame, gpd.GeoDataFrame):
        message = f"{source}: a table without geometry; allowed: {request.entry.geometry}s"
        raise SourceError(message)
    check_silent(frame, part.dataset, epsg, source=source)
    frame[LAYER_NAME] = part.layer
    mask = belongs(frame, columns)
    notes.count(int((~mask).sum()), "rows of other kinds passed over")
    frame = frame[mask]
    fields = map_fields(frame, columns, entry=request.entry, source=source, notes=notes)
    return fields, frame.geometry.set_crs(epsg, allow_override=True)


@dataclass(frozen=True)
class _Schema:
    """What a layer says of itself before it is read."""

    fields: tuple[str, ...]
    crs: str | None
    bounds: Bounds | None


def _schema(part: _Part, source: str, notes: Notes) -> _Schema:
    dataset = part.dataset
    if dataset.suffix == geoparquet.SUFFIX:
        names, crs = geoparquet.read_schema(Path(str(dataset.source)))
        return _Schema(fields=names, crs=crs, bounds=None)
    layer = None if dataset.layer is not None else part.layer
    quick = dataset.suffix in _INDEXED
    info = guarded(
        lambda: pyogrio.read_info(dataset.source, layer=layer, force_total_bounds=quick),
        source=source,
        notes=notes,
    )
    bounds = info["total_bounds"] if quick else None
    if bounds is not None and not all(math.isfinite(v) for v in bounds):
        bounds = None
    return _Schema(fields=tuple(str(f) for f in info["fields"]), crs=info["crs"], bounds=bounds)


def _rows(
    part: _Part,
    columns: list[str],
    box: Bounds | None,
    *,
    source: str,
    notes: Notes,
    geometry: bool = True,
) -> pd.DataFrame:
    dataset = part.dataset
    if dataset.suffix == geoparquet.SUFFIX:
        return geoparquet.read_rows(Path(str(dataset.source)), columns)
    how = {
        "layer": None if dataset.layer is not None else part.layer,
        "columns": columns,
        "bbox": box,
        "read_geometry": geometry,
        "on_invalid": "fix",
        "fid_as_index": True,
    }
    frame: pd.DataFrame = guarded(lambda: straight(dataset.source, how), source=source, notes=notes)
    # A spatial index hands rows out in its own order; a layer keeps that of the file.
    return frame.sort_index().reset_index(drop=True)


def straight(source: str | bytes, how: dict[str, Any]) -> Any:
    """Read rows with arcs drawn out as lines: the quick way cannot, the plain way does."""
    try:
        return pyogrio.read_dataframe(source, use_arrow=True, **how)
    except NotImplementedError:
        return pyogrio.read_dataframe(source, use_arrow=False, **how)


def guarded(read: Callable[[], Any], *, source: str, notes: Notes) -> Any:
    """Run one GDAL call: its warnings become notes, its errors one line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = read()
        except _GDAL_ERRORS as error:
            raise _broken(source, error) from None
    lines = [str(w.message) for w in caught if w.category is RuntimeWarning]
    for line in dict.fromkeys(line for line in lines if "GFS file" not in line):
        notes.add(f"GDAL: {line[:200]}")
    return result
