"""Read any vector file that GDAL reads, inside a zip too: FGDB, GeoPackage, GML, GeoJSON, SHP."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

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
from gis.sources.rows import GDAL_ERRORS, broken, guarded, rows_in_box, stream_rows
from gis.sources.systems import check_silent, file_box, settle_epsg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.sources.base import Bounds, Request
    from gis.sources.mapping import Columns

# The fields of the entry, and the geometries on their index.
_Block = tuple[pd.DataFrame, gpd.GeoSeries]
# Formats with an index and stored bounds: only the box is read.
_INDEXED = (".gpkg", ".gdb", ".shp", ".fgb")


@dataclass(frozen=True)
class _Part:
    """One layer of one data set, with its name in messages."""

    dataset: Dataset
    layer: str

    @property
    def inner(self) -> str | None:
        """The layer's name for GDAL; None where the data set was cut out of a document."""
        return None if self.dataset.layer is not None else self.layer

    def named(self, request: Request) -> str:
        inner = "" if self.dataset.name == request.path.name else f"/{self.dataset.name}"
        return f"{request.path.name}{inner} layer '{self.layer}'"


def stream_vector(request: Request, notes: Notes) -> Iterator[Delivered]:
    """Read the layers of a file that belong to an entry in blocks of rows, only needed fields.

    Of a format with an index the box alone is read, at once; so is a layer whose rows are to
    be joined by number. Raises SourceError (no such format, broken, no such layer), FieldError
    (required field missing), CrsError (none, contradicted).
    """
    if is_osm(request.path) and request.layer == "stations":
        stations = read_osm_stations(request)
        notes.add(*stations.notes)
        yield stations
        return
    parts = _parts(request)
    opened = [_open(part, request, notes) for part in parts]
    systems = {o.epsg for o in opened}
    if len(systems) > 1:
        message = f"{request.label}: layers in different CRS: {listing(str(s) for s in systems)}"
        raise CrsError(message)
    inside = tuple(dict.fromkeys(part.layer for part in parts))
    blocks = (block for part in opened for block in _blocks(part, request, notes))
    for fields, geometry in blocks if request.entry.delivery.dissolve is None else _at_once(blocks):
        yield Delivered(fields=fields, geometry=geometry, inside=inside)


def _at_once(blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Join all blocks to one, for rows that belong together wherever they stand."""
    pieces = list(blocks)
    fields = pd.concat([f for f, _ in pieces], ignore_index=True)
    shapes = pd.concat([g for _, g in pieces], ignore_index=True)
    yield fields, gpd.GeoSeries(shapes, crs=pieces[0][1].crs)


def attributes(request: Request, notes: Notes) -> tuple[pd.DataFrame, Columns]:
    """Read the needed source fields of one layer of a file without its geometries.

    For data whose geometry is rebuilt from an id. Raises as read_vector does.
    """
    part = _parts(request)[0]
    source = part.named(request)
    columns = resolve(request, _schema(part, source, notes).fields, source=source)
    if part.dataset.suffix == geoparquet.SUFFIX:
        frame = geoparquet.read_rows(Path(str(part.dataset.source)), columns.needed)
    else:
        frame = rows_in_box(
            part.dataset.source,
            part.inner,
            columns.needed,
            box=None,
            geometry=False,
            source=source,
            notes=notes,
        )
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
        except GDAL_ERRORS as error:
            raise broken(request.label, error) from None


@dataclass(frozen=True)
class _Opened:
    """A layer that is ready to be read: its fields, its CRS, and the box to read of it."""

    part: _Part
    source: str
    columns: Columns
    epsg: int
    box: Bounds | None


def _open(part: _Part, request: Request, notes: Notes) -> _Opened:
    source = part.named(request)
    schema = _schema(part, source, notes)
    columns = resolve(request, schema.fields, source=source)
    epsg = settle_epsg(schema.crs, part.dataset, request, source=source)
    box = None
    if part.dataset.suffix in _INDEXED and schema.bounds is not None:
        # What lies outside the box is never read, so the whole layer is checked here.
        check_plausible(schema.bounds, epsg=epsg, source=source)
        notes.saw(schema.bounds, epsg)
        box = file_box(request, epsg)
    return _Opened(part, source, columns, epsg, box)


def _blocks(opened: _Opened, request: Request, notes: Notes) -> Iterator[_Block]:
    """Yield the fields of the entry and the geometries of one layer, block by block."""
    source, columns = opened.source, opened.columns
    for frame in _rows(opened, notes):
        if not isinstance(frame, gpd.GeoDataFrame):
            message = f"{source}: a table without geometry; allowed: {request.entry.geometry}s"
            raise SourceError(message)
        check_silent(frame, opened.part.dataset, opened.epsg, source=source)
        frame[LAYER_NAME] = opened.part.layer
        mask = belongs(frame, columns)
        notes.count(int((~mask).sum()), "rows of other kinds passed over")
        kept = frame[mask].reset_index(drop=True)
        fields = map_fields(kept, columns, entry=request.entry, source=source, notes=notes)
        if opened.box is None and len(kept):
            notes.saw(kept.total_bounds, opened.epsg)
        yield fields, kept.geometry.set_crs(opened.epsg, allow_override=True)


def _rows(opened: _Opened, notes: Notes) -> Iterator[pd.DataFrame]:
    dataset, needed = opened.part.dataset, opened.columns.needed
    if dataset.suffix == geoparquet.SUFFIX:
        yield from geoparquet.stream_rows(Path(str(dataset.source)), needed)
    elif opened.box is None:
        yield from stream_rows(
            dataset.source, opened.part.inner, needed, source=opened.source, notes=notes
        )
    else:
        yield rows_in_box(
            dataset.source,
            opened.part.inner,
            needed,
            box=opened.box,
            geometry=True,
            source=opened.source,
            notes=notes,
        )


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
    quick = dataset.suffix in _INDEXED
    info = guarded(
        lambda: pyogrio.read_info(dataset.source, layer=part.inner, force_total_bounds=quick),
        source=source,
        notes=notes,
    )
    bounds = info["total_bounds"] if quick else None
    if bounds is not None and not all(math.isfinite(v) for v in bounds):
        bounds = None
    return _Schema(fields=tuple(str(f) for f in info["fields"]), crs=info["crs"], bounds=bounds)
