"""Read a file of the user's own, every field of it, without a catalogue entry.

For the tools that work on files as they are: any vector file that GDAL reads (inside
a zip too), GeoParquet, and tables (CSV, Parquet) with named coordinate columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.check import existing_file, listing, sha256_of
from gis.crs import LONLAT_EPSG, check_plausible, epsg_of
from gis.errors import CrsError, FieldError, SourceError
from gis.sources import geoparquet
from gis.sources.base import Notes
from gis.sources.containers import Dataset, datasets
from gis.sources.convert import as_number
from gis.sources.geonorge import epsg_in_name
from gis.sources.names import find_field, missing_field
from gis.sources.rows import guarded, straight
from gis.sources.tables import TEXT_SUFFIXES, column_names, read_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

_DEGREES = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True)
class OwnFile:
    """One file of the user's own, as it is.

    ``frame`` holds every row and field in the file's CRS, on the row number (from 0);
    a row without coordinates has a missing geometry. ``notes`` say what GDAL mended.
    ``stated_epsg`` is the code that was stated for it, ``uses_stated`` whether it had none of
    its own.
    """

    path: Path
    layer: str | None
    sha256: str
    frame: gpd.GeoDataFrame
    notes: tuple[str, ...]
    stated_epsg: int | None = None
    uses_stated: bool = False

    @property
    def label(self) -> str:
        """How messages name the file."""
        inner = f" layer '{self.layer}'" if self.layer and self.layer != self.path.stem else ""
        return f"{self.path.name}{inner}"


def read_own(
    path: Path,
    *,
    layer: str | None = None,
    xy: tuple[str, str] | None = None,
    epsg: int | None = None,
) -> OwnFile:
    """Read one layer of a vector file, or a table of points, with all its fields.

    ``layer`` picks among several. ``xy`` names the coordinate columns of a table,
    easting or longitude first. ``epsg`` is the CRS of a file that cannot say its own;
    one that can keeps its own, and GeoJSON whose numbers are degrees is in degrees
    (RFC 7946): see ``check_stated``. In a table 0, 0 is read as no place. Raises
    SourceError (no file, broken, no rows, several layers), FieldError (no such column),
    CrsError.
    """
    existing_file(path)
    notes = Notes()
    if _is_table(path):
        name, frame, uses = None, _table(path, xy, epsg), True
    else:
        dataset, name = _one_layer(path, layer, notes)
        frame, uses = _vector(dataset, name, f"{path.name} layer '{name}'", epsg=epsg, notes=notes)
    if not len(frame):
        message = f"{path.name}: no rows"
        raise SourceError(message)
    check_coordinates(frame, source=path.name)
    return OwnFile(path, name, sha256_of(path), frame, tuple(notes.lines), epsg, uses)


def check_stated(files: Sequence[OwnFile], *, used: Collection[int] = ()) -> None:
    """Refuse a stated CRS that a file's own contradicts, where no other file needed it.

    One code is often stated for several files, of which a table needs it and the others have
    their own; ``used`` are codes that files beside these needed. Raises CrsError.
    """
    needed = {*used, *(f.stated_epsg for f in files if f.uses_stated)}
    for own in files:
        if own.stated_epsg is None or own.uses_stated or own.stated_epsg in needed:
            continue
        check_same_crs(own.frame.crs, own.stated_epsg, source=own.label)


def check_same_crs(crs: CRS, epsg: int, *, source: str) -> None:
    """Refuse a stated EPSG code that is not the CRS a file has. Raises CrsError."""
    if system_of(epsg, source=source) != crs:
        said = crs.to_epsg()
        own = f"EPSG:{said}" if said else crs.name
        message = (
            f"{source}: the file says {own}, --crs says EPSG:{epsg}; allowed: the file's own, or "
            "none stated"
        )
        raise CrsError(message)


def check_coordinates(frame: gpd.GeoDataFrame, *, source: str) -> None:
    """Refuse coordinates that contradict the CRS a frame claims. Raises CrsError, SourceError."""
    code = epsg_of(frame.crs)
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        message = f"{source}: no row has coordinates"
        raise SourceError(message)
    if frame.crs.is_geographic:
        _check_degrees(bounds, frame.crs, source)
    elif code is not None:
        # The Norwegian zones are checked here; of other systems nothing is known.
        check_plausible(bounds, epsg=code, source=source)


def system_of(text: str | int, *, source: str) -> CRS:
    """Return the CRS of an EPSG code or of what a file says. Raises CrsError."""
    try:
        found = CRS.from_user_input(text)
    except CRSError:
        message = f"{source}: no such coordinate reference system: {str(text)[:80]}"
        raise CrsError(message) from None
    horizontal = CRS(found.sub_crs_list[0]) if found.is_compound else found.to_2d()
    code = LONLAT_EPSG if horizontal.to_authority() == ("OGC", "CRS84") else epsg_of(horizontal)
    return horizontal if code is None else CRS.from_epsg(code)


def column_of(frame: pd.DataFrame, name: str, *, source: str) -> str:
    """Return a named column in the file's own spelling. Raises FieldError with what is there."""
    available = [str(c) for c in frame.columns if c != frame.geometry.name]
    found = find_field([name], available, source=source)
    if found is None:
        raise missing_field(name, [name], available, source=source)
    return found


def _is_table(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix != geoparquet.SUFFIX:
        return suffix in TEXT_SUFFIXES
    try:
        geoparquet.read_schema(path)
    except SourceError:
        return bool(column_names(path))  # raises where the file is broken
    return False


def _table(path: Path, xy: tuple[str, str] | None, epsg: int | None) -> gpd.GeoDataFrame:
    available = [name for name in column_names(path) if name]
    if xy is None:
        message = (
            f"{path.name}: a table; name its coordinate columns, easting or longitude first "
            f"(X,Y after --points-xy, --weight-xy ...); there are: {listing(available)}"
        )
        raise FieldError(message)
    if epsg is None:
        message = (
            f"{path.name}: a table says no coordinate reference system; state "
            "its EPSG code, 25833, 25832, 4326 ... (--crs, --weight-crs)"
        )
        raise CrsError(message)
    names = []
    for axis in xy:
        found = find_field([axis], available, source=path.name)
        if found is None:
            raise missing_field(axis, [axis], available, source=path.name)
        names.append(found)
    table = read_columns(path, available)
    x, y = (as_number(table[n], source=f"{path.name}: field '{n}'").to_numpy() for n in names)
    there = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    geometry = np.full(len(table), None, dtype=object)
    geometry[there] = shapely.points(x[there], y[there])
    crs = system_of(epsg, source=path.name)
    spare = "geometry" if "geometry" not in table.columns else "arealplan_geometry"
    return gpd.GeoDataFrame(table.assign(**{spare: geometry}), geometry=spare, crs=crs)


def _one_layer(path: Path, wanted: str | None, notes: Notes) -> tuple[Dataset, str]:
    found = [(d, name) for d in datasets(path) for name in _layers(d, path, notes)]
    names = [name for _, name in found]
    if wanted is None and len(found) == 1:
        return found[0]
    picked = [pair for pair in found if wanted and pair[1].casefold() == wanted.casefold()]
    if len(picked) == 1:
        return picked[0]
    asked = f"no layer '{wanted}'" if wanted else "several layers and none named"
    message = f"{path.name}: {asked}; name one of: {listing(names)}"
    raise SourceError(message)


def _layers(dataset: Dataset, path: Path, notes: Notes) -> list[str]:
    if dataset.layer is not None:
        return [dataset.layer]
    if dataset.suffix == geoparquet.SUFFIX:
        return [path.stem]
    listed = guarded(lambda: pyogrio.list_layers(dataset.source), source=path.name, notes=notes)
    spatial = [str(name) for name, kind in listed if kind is not None]
    if not spatial:
        message = f"{path.name}: no layer with geometry in {dataset.name}"
        raise SourceError(message)
    return spatial


def _vector(
    dataset: Dataset, layer: str, source: str, *, epsg: int | None, notes: Notes
) -> tuple[gpd.GeoDataFrame, bool]:
    if dataset.suffix == geoparquet.SUFFIX:
        path = Path(str(dataset.source))
        names, said = geoparquet.read_schema(path)
        frame = geoparquet.read_rows(path, names)
    else:
        picked = None if dataset.layer is not None else layer
        how: dict[str, Any] = {"layer": picked, "on_invalid": "fix", "fid_as_index": True}
        info = guarded(
            lambda: pyogrio.read_info(dataset.source, layer=picked), source=source, notes=notes
        )
        said = info["crs"]
        frame = guarded(lambda: straight(dataset.source, how), source=source, notes=notes)
    if frame.empty:
        message = f"{source}: no rows"
        raise SourceError(message)
    frame = frame.sort_index().reset_index(drop=True)
    crs, uses_stated = _settle(said, dataset, frame, source=source, epsg=epsg)
    return frame.set_crs(crs, allow_override=True), uses_stated


def _settle(
    said: str | None, dataset: Dataset, frame: gpd.GeoDataFrame, *, source: str, epsg: int | None
) -> tuple[CRS, bool]:
    """Settle the CRS: what the file says; else its name; else what the user states (True)."""
    if dataset.silent_crs:
        named = epsg_in_name(dataset.name)
        west, south, east, north = frame.total_bounds
        in_degrees = west >= -180 and east <= 180 and south >= -90 and north <= 90
        said = None if not in_degrees else str(named or LONLAT_EPSG)
        said = str(named) if named else said
    if said is not None:
        return system_of(int(said) if said.isdigit() else said, source=source), False
    if epsg is None:
        message = (
            f"{source}: no coordinate reference system; state its EPSG code (--crs, --weight-crs)"
            ", or write the file with one"
        )
        raise CrsError(message)
    return system_of(epsg, source=source), True


def _check_degrees(bounds: Any, crs: CRS, source: str) -> None:
    west, south, east, north = bounds
    if west < _DEGREES[0] or south < _DEGREES[1] or east > _DEGREES[2] or north > _DEGREES[3]:
        message = (
            f"{source}: coordinates {west:.0f} {south:.0f} .. {east:.0f} {north:.0f} are no "
            f"degrees of {crs.name}; allowed: -180 to 180 and -90 to 90, longitude first"
        )
        raise CrsError(message)
