"""Read one layer and finish it: working CRS, study area, geometries in order, provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.catalogue import layer_entry
from gis.check import existing_file, sha256_of
from gis.crs import WORKING_EPSG, to_working
from gis.provenance import LayerSource
from gis.sources.base import LayerData, Notes, Request
from gis.sources.geometry import tidy
from gis.sources.grid import read_grid
from gis.sources.keyed import read_keyed
from gis.sources.limits import check_vertices
from gis.sources.points import read_points
from gis.sources.raster import read_raster
from gis.sources.timetable import read_timetable
from gis.sources.vector import read_vector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.catalogue import LayerEntry, LocalLayer
    from gis.sources.base import Bounds, Delivered

READERS: Mapping[str, Callable[[Request], Delivered]] = {
    "vector": read_vector,
    "points": read_points,
    "grid": read_grid,
    "gtfs": read_timetable,
    "raster": read_raster,
    "table": read_keyed,
}


def read_layer(
    layer: str,
    path: Path,
    *,
    entry: LayerEntry | None = None,
    local: LocalLayer | None = None,
    epsg: int = WORKING_EPSG,
    bounds: Bounds | None = None,
    invented: bool = False,
) -> LayerData:
    """Read a delivered file as a layer of the catalogue.

    entry: default the catalogue's own; local: what the workspace says of the file
    (layer inside, EPSG code, field names, date, owner, licence); epsg: working CRS;
    bounds: box in the working CRS (metres), rows that do not meet it are left out
    whole, those that do are not cut. Raises SourceError, SourceMissingError,
    FieldError, CrsError, GeometryError, CatalogueError; every message names the file.
    """
    request = Request(
        layer=layer,
        path=existing_file(path),
        entry=entry or layer_entry(layer),
        local=local,
        epsg=epsg,
        bounds=bounds,
    )
    delivered = READERS[request.entry.delivery.kind](request)
    notes = Notes(list(delivered.notes))
    frame, mended = _finished(delivered, request, notes)
    return LayerData(
        frame=frame,
        source=_source(request, rows=len(frame), mended=mended, invented=invented, notes=notes),
        raster=delivered.raster,
        file=path if delivered.keep_file else None,
    )


def _finished(delivered: Delivered, request: Request, notes: Notes) -> tuple[gpd.GeoDataFrame, int]:
    """Return the layer in the working CRS inside the box, and how many geometries were mended."""
    frame = gpd.GeoDataFrame(delivered.fields, geometry=delivered.geometry)
    frame = _without_fine_secrets(frame, request, notes)
    if request.entry.geometry == "none":
        return frame, 0
    frame = to_working(frame, source=request.label, epsg=request.epsg)
    if request.bounds is not None:
        # The rough cut first, so that only what may stay is mended and counted.
        frame = frame[_rough(frame, request.bounds)]
    counts = shapely.get_num_coordinates(frame.geometry.to_numpy())
    check_vertices(counts, source=request.label)
    geometry, remain, mended = tidy(
        frame.geometry.to_numpy(),
        kind=request.entry.geometry,
        source=request.label,
        notes=notes,
    )
    frame = frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs=frame.crs))
    frame = frame[remain]
    if request.bounds is not None:
        box = shapely.box(*request.bounds)
        shapely.prepare(box)
        frame = frame[shapely.intersects(box, frame.geometry.to_numpy())]
        if frame.empty:
            # Nothing here is an answer for some themes; a wrong zone looks the same.
            notes.add("no rows in the study area")
    return frame.reset_index(drop=True), mended


def _without_fine_secrets(
    frame: gpd.GeoDataFrame, request: Request, notes: Notes
) -> gpd.GeoDataFrame:
    """Leave out sensitive rows placed finer than the publisher shows them, before all else.

    They never reach the store, so that no output can hold them.
    """
    rule = request.entry.sensitive
    if rule is None:
        return frame
    coarse = (frame[rule.uncertainty] >= rule.least_m).fillna(value=False).to_numpy(dtype=bool)
    fine = (frame[rule.field] == "yes").to_numpy(dtype=bool) & ~coarse
    notes.count(
        int(fine.sum()), f"sensitive rows surer of their place than {rule.least_m} m left out"
    )
    return frame[~fine]


def _rough(frame: gpd.GeoDataFrame, bounds: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    b = shapely.bounds(frame.geometry.to_numpy())
    # Rows without geometry have no bounds; they stay here to be counted when tidied.
    outside = (b[:, 0] > east) | (b[:, 2] < west) | (b[:, 1] > north) | (b[:, 3] < south)
    return np.asarray(~outside)


def _source(
    request: Request, *, rows: int, mended: int, invented: bool, notes: Notes
) -> LayerSource:
    entry, local = request.entry, request.local
    return LayerSource(
        layer=request.layer,
        title_nb=(local.title if local else None) or entry.title.nb,
        title_en=(local.title if local else None) or entry.title.en,
        owner=(local.owner if local else None) or entry.source.owner,
        licence=(local.licence if local else None) or entry.source.licence,
        file=request.path.name,
        sha256=sha256_of(request.path),
        date=local.date if local else None,
        retrieved=local.retrieved if local else None,
        metadata=entry.source.metadata,
        rows=rows,
        mended=mended,
        invented=invented,
        covers=local.covers if local else (),
        notes=tuple(notes.lines),
    )
