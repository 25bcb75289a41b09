"""Read one layer and finish it: working CRS, study area, geometries in order, provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.catalogue import layer_entry, publishers
from gis.check import existing_file, listing, sha256_of
from gis.crs import WORKING_EPSG, to_working
from gis.errors import InvariantError, SourceError
from gis.provenance import LayerSource
from gis.sources.base import LayerData, Notes, Request
from gis.sources.geometry import dissolved, tidy
from gis.sources.grid import stream_grid
from gis.sources.keyed import read_keyed
from gis.sources.limits import check_vertices
from gis.sources.netex_stops import stream_register
from gis.sources.points import stream_points
from gis.sources.prints import row_prints
from gis.sources.raster import read_raster
from gis.sources.timetable import read_timetable
from gis.sources.vector import stream_vector
from gis.sources.zones import check_place, check_zone
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from gis.catalogue import LayerEntry, LocalLayer
    from gis.catalogue.remotes import DataSet
    from gis.sources.base import Bounds, Delivered, Raster, Stated
    from gis.sources.prints import Print

# Kinds of delivery of which several files can be read as one.
JOINED = ("vector", "points", "gtfs")
TIMETABLE = "gtfs"

Read = Callable[["Request", Notes], "Iterator[Delivered]"]


def _at_once(read: Callable[[Request], Delivered]) -> Read:
    """Make a reader of whole files one that gives a single block."""

    def stream(request: Request, notes: Notes) -> Iterator[Delivered]:
        whole = read(request)
        notes.add(*whole.notes)
        yield whole

    return stream


READERS: Mapping[str, Read] = {
    "vector": stream_vector,
    "points": stream_points,
    "grid": stream_grid,
    "gtfs": _at_once(read_timetable),
    "netex": stream_register,
    "raster": _at_once(read_raster),
    "table": _at_once(read_keyed),
}


def read_layer(
    layer: str,
    path: Path | Sequence[Path],
    *,
    entry: LayerEntry | None = None,
    local: LocalLayer | None = None,
    epsg: int = WORKING_EPSG,
    bounds: Bounds | None = None,
    invented: bool = False,
) -> LayerData:
    """Read a delivered file as a layer of the catalogue, whole; as ``open_layer``."""
    blocks = open_layer(
        layer, path, entry=entry, local=local, epsg=epsg, bounds=bounds, invented=invented
    )
    frames = list(blocks)
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return LayerData(frame, blocks.source, blocks.raster, blocks.file)


def open_layer(
    layer: str,
    path: Path | Sequence[Path],
    *,
    entry: LayerEntry | None = None,
    local: LocalLayer | None = None,
    epsg: int = WORKING_EPSG,
    bounds: Bounds | None = None,
    invented: bool = False,
    looked_at: bool = False,
) -> LayerBlocks:
    """Open a delivered file, or several, as a layer of the catalogue, to be read block by block.

    entry: default the catalogue's own; local: what the workspace says of the file
    (layer inside, EPSG code, field names, date, owner, licence); epsg: working CRS;
    bounds: box in the working CRS (metres), rows that do not meet it are left out
    whole, those that do are not cut; looked_at: of a raster a coarse sample, to tell
    whether it can be read. Raises SourceError, SourceMissingError,
    FieldError, CrsError, GeometryError, CatalogueError, also while blocks are read;
    every message names the file.
    """
    first, *others = [path] if isinstance(path, Path) else path
    request = Request(
        layer=layer,
        path=existing_file(first),
        entry=entry or layer_entry(layer),
        local=local,
        epsg=epsg,
        bounds=bounds,
        further=tuple(map(existing_file, others)),
        looked_at=looked_at,
    )
    _check_several(request)
    return LayerBlocks(request, invented=invented)


class LayerBlocks:
    """A layer that is read once, block by block; what is known of it stands when all are read.

    Tables and vector files come in blocks of rows, so that a national file needs no more
    memory than a block; all else is one block. ``raster`` and ``file`` as in LayerData.
    """

    def __init__(self, request: Request, *, invented: bool) -> None:
        self._request = request
        self._invented = invented
        self._notes = Notes()
        self._rows = self._mended = 0
        self._seen: set[Print] = set()
        self._inside: dict[str, None] = {}
        self._done = False
        self.raster: Raster | None = None
        self.file: Path | None = None

    def __iter__(self) -> Iterator[gpd.GeoDataFrame]:
        """Yield frames with the entry's fields and ``geometry``, in the working CRS."""
        request, notes = self._request, self._notes
        parts = _parts(request)
        for part in parts:
            fresh: list[Print] = []
            before = self._rows
            notes.seen.clear()
            for delivered in READERS[request.entry.delivery.kind](part, notes):
                frame, mended = _finished(delivered, part, notes)
                if len(parts) > 1:
                    frame = self._once(frame, fresh)
                self._inside |= dict.fromkeys(delivered.inside)
                self._rows += len(frame)
                self._mended += mended
                self.raster = delivered.raster
                self.file = delivered.file
                yield frame
            self._seen.update(fresh)
            if self._rows == before:
                check_zone(notes.seen, part)
                if len(parts) == 1:  # of several, one may be a far neighbour's
                    check_place(notes.seen, part)
        if not self._rows and request.bounds is not None and request.entry.geometry != "none":
            # Nothing here is an answer for some themes; a wrong zone looks the same.
            notes.add("no rows in the study area")
        self._done = True

    def _once(self, frame: gpd.GeoDataFrame, fresh: list[Print]) -> gpd.GeoDataFrame:
        """Leave out rows that an earlier delivery had, equal in every field and in geometry."""
        prints = row_prints(frame)
        new = np.array([p not in self._seen for p in prints], dtype=bool)
        self._notes.count(int((~new).sum()), "rows in several deliveries kept once")
        fresh += [p for p in prints if p not in self._seen]
        return frame[new].reset_index(drop=True)

    @property
    def stated(self) -> Stated | None:
        """The date that the rows read so far state themselves."""
        return self._notes.stated

    @property
    def source(self) -> LayerSource:
        """Where the layer comes from. Raises InvariantError before all blocks were read."""
        if not self._done:
            message = f"{self._request.label}: asked for before all of it was read"
            raise InvariantError(message)
        return _source(
            self._request,
            rows=self._rows,
            mended=self._mended,
            invented=self._invented,
            notes=self._notes,
            inside=tuple(self._inside),
        )


def _parts(request: Request) -> list[Request]:
    """Return one request for each delivery; of a timetable one for all, for they are joined."""
    if request.entry.delivery.kind == TIMETABLE:
        return [request]
    return [replace(request, path=p, further=()) for p in request.files]


def _check_several(request: Request) -> None:
    """Refuse several files of a kind of delivery that is not put together. Raises SourceError."""
    kind = request.entry.delivery.kind
    if request.further and kind not in JOINED:
        message = (
            f"[layers.{request.layer}]: path names {1 + len(request.further)} files; allowed: one, "
            f"for several are read as one only of the kinds {', '.join(JOINED)}, not of '{kind}'"
        )
        raise SourceError(message)


def _finished(delivered: Delivered, request: Request, notes: Notes) -> tuple[gpd.GeoDataFrame, int]:
    """Return a block in the working CRS inside the box, and how many geometries were mended."""
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
    if request.entry.delivery.dissolve is not None:
        frame = dissolved(frame, request.entry.delivery.dissolve, notes)
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
    request: Request,
    *,
    rows: int,
    mended: int,
    invented: bool,
    notes: Notes,
    inside: tuple[str, ...],
) -> LayerSource:
    """Say where a layer comes from: by the workspace, else by the file, else the catalogue."""
    entry, local = request.entry, request.local
    files = [path.name for path in request.files]
    other = other_data_set(entry, [*files, *inside])
    title = entry.title.text
    if other is not None:
        title = t("checks.from_data_set", title=title, dataset=other.title)
    known = other or entry.source
    return LayerSource(
        layer=request.layer,
        title_nb=(local.title if local else None) or title.nb,
        title_en=(local.title if local else None) or title.en,
        owner=(local.owner if local else None) or known.owner,
        licence=(local.licence if local else None) or known.licence,
        file=listing(files, limit=3),
        sha256=_sha256(request),
        date=(local.date if local else None) or (notes.stated.date if notes.stated else None),
        retrieved=local.retrieved if local else None,
        metadata=entry.source.metadata if other is None else None,
        rows=rows,
        mended=mended,
        invented=invented,
        covers=local.covers if local else (),
        notes=tuple(notes.lines),
        dataset=other.title if other is not None else entry.source.dataset,
        inside=inside,
    )


def _sha256(request: Request) -> str:
    """Return the sum of the delivery; of several the sum over their sums."""
    if not request.further:
        return sha256_of(request.path)
    sums = "".join(sha256_of(path) for path in (request.path, *request.further))
    return hashlib.sha256(sums.encode()).hexdigest()


def other_data_set(entry: LayerEntry, names: list[str]) -> DataSet | None:
    """Tell by the names of file and layers whether a file is of another data set than the entry's.

    Layers of N1000 bear the names of N50's and are read alike, and say something else.
    """
    for known in publishers().datasets.values():
        if known.marks_any([entry.source.dataset]):
            continue
        if known.marks_any(names):
            return known
    return None
