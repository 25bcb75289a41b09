"""Say what a file holds, layer by layer: names, fields, kind of geometry; nothing is read."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pyogrio

from gis.errors import SourceError
from gis.sources import geoparquet
from gis.sources.base import Notes
from gis.sources.containers import FURTHER, VECTOR_SUFFIXES, datasets
from gis.sources.darwincore import core_table
from gis.sources.limits import check_zip, copy_member, safe_name
from gis.sources.netex_files import is_netex, netex_kind
from gis.sources.osm import is_osm
from gis.sources.raster import pixel_side_m
from gis.sources.rows import guarded
from gis.sources.tables import TABLE_SUFFIXES, TEXT_SUFFIXES, column_names

if TYPE_CHECKING:
    from collections.abc import Iterator

RASTER_SUFFIXES = (".tif", ".tiff")
_FEED = {"stops.txt", "trips.txt", "stop_times.txt"}


READABLE = tuple(
    dict.fromkeys(
        (".zip", *TABLE_SUFFIXES, *RASTER_SUFFIXES, *VECTOR_SUFFIXES, ".pbf", ".xml", *FURTHER)
    )
)


@dataclass(frozen=True)
class Content:
    """One layer of a file. ``kind``: polygon, line, point, table, raster, gtfs, osm or netex.

    ``pixel_m`` is the side of a raster's pixel where its CRS counts in metres. A timetable is
    of kind gtfs, ``netex`` where it comes in that form; a stop register is of kind netex.
    """

    layer: str
    kind: str
    fields: tuple[str, ...] = ()
    pixel_m: float | None = None
    netex: bool = False


def contents(path: Path) -> list[Content]:
    """Return the layers of a file. Raises SourceError for one that cannot be read."""
    suffix = path.suffix.lower()
    if is_osm(path):
        return [Content(path.stem, "osm")]
    if suffix in TABLE_SUFFIXES and not has_geometry(path):
        return [Content(path.stem, "table", column_names(path))]
    if suffix in RASTER_SUFFIXES:
        return [Content(path.stem, "raster", pixel_m=pixel_side_m(path))]
    if is_netex(path):
        kind = "netex" if netex_kind(path) == "stops" else "gtfs"
        return [Content(path.stem, kind, netex=True)]
    if suffix == ".xml":
        message = f"{path.name}: XML that is no NeTEx; allowed: timetables and stop registers in it"
        raise SourceError(message)
    if suffix == ".zip":
        names = check_zip(path)
        plain = {PurePosixPath(n).name for n in names}
        if plain >= _FEED:
            return [Content(path.stem, "gtfs")]
        raster = next((n for n in names if n.lower().endswith(RASTER_SUFFIXES)), None)
        if raster is not None:
            return [Content(f"{path.stem} {PurePosixPath(raster).stem}", "raster")]
        with tempfile.TemporaryDirectory() as folder:
            core = core_table(path, Path(folder))
            if core is not None:
                return [Content(path.stem, "table", column_names(core))]
    return list(_vector(path))


def has_geometry(path: Path) -> bool:
    """Tell whether a table is GeoParquet. Raises SourceError."""
    return path.suffix.lower() == geoparquet.SUFFIX and geoparquet.is_geo(path)


def _vector(path: Path) -> Iterator[Content]:
    for dataset in datasets(path):
        if dataset.suffix == geoparquet.SUFFIX:
            names, _ = geoparquet.read_schema(path)
            yield Content(path.stem, _plain(geoparquet.geometry_kind(path) or "any"), names)
            continue
        # A data set that is one layer of a larger document has no name of its own inside.
        inside = [None] if dataset.layer else _layers(dataset.source, path.name)
        for name in inside:
            info = _info(dataset.source, name, path.name)
            fields = tuple(str(f) for f in info["fields"])
            yield Content(dataset.layer or name or "", _plain(info["geometry_type"]), fields)


def _layers(source: str | bytes, name: str) -> list[str | None]:
    listed = guarded(lambda: pyogrio.list_layers(source), source=name, notes=Notes())
    return [str(layer) for layer, _ in listed]


def _info(source: str | bytes, layer: str | None, name: str) -> dict[str, Any]:
    found: dict[str, Any] = guarded(
        lambda: pyogrio.read_info(source, layer=layer), source=name, notes=Notes()
    )
    return found


def _plain(kind: str | None) -> str:
    """Return the kind of geometry in our words; what GDAL does not know may be any."""
    text = (kind or "table").lower()
    for word, ours in (("polygon", "polygon"), ("surface", "polygon"), ("line", "line")):
        if word in text:
            return ours
    if "curve" in text:
        return "line"
    if "point" in text:
        return "point"
    return "table" if kind is None else "any"


def lone_table(path: Path, folder: Path) -> Path | None:
    """Unpack the one CSV of a zip without vector data, as Geonorge delivers addresses.

    Returns None where the zip is something else. Raises SourceError.
    """
    if not path.is_file() or not zipfile.is_zipfile(path):
        return None
    names = check_zip(path)
    tables = [n for n in names if n.lower().endswith(TEXT_SUFFIXES)]
    wanted = (*VECTOR_SUFFIXES, *RASTER_SUFFIXES, ".gdbtable")
    if len(tables) != 1 or any(n.lower().endswith(wanted) for n in names):
        return None
    target = folder / safe_name(tables[0], default="table.csv")
    with zipfile.ZipFile(path) as archive, target.open("wb") as out:
        copy_member(archive, tables[0], out, source=path.name)
    return target
