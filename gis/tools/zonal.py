"""Summarise a raster by zone: count, sum, mean, least, largest and area of the known cells.

A cell belongs to a zone when its centre lies strictly inside it; a centre exactly on
an outline belongs to no zone and is counted apart. The raster is never resampled: the
zones are brought to its CRS. Cells without a value are kept apart from known ones.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from gis.check import existing_file, sha256_of
from gis.errors import CrsError, ParameterError, SourceError
from gis.kernels.zonal import Frame, ZonalSums
from gis.result import Definition, LeftOut
from gis.sources.outward import check_own_raster
from gis.sources.own import check_same_crs, check_stated, column_of, system_of
from gis.text import t
from gis.tools.answer import Answer, FileSource, plain, share
from gis.tools.files import Given, Loaded, load, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_BLOCK_CELLS = 4_000_000


@dataclass
class _Every:
    """Running sums of the cells that lie in any zone, each once; ``count`` are known cells."""

    count: int = 0
    nodata: int = 0
    total: float = 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        """Take in cells, NaN where one has no value."""
        known = values[np.isfinite(values)]
        self.nodata += values.size - known.size
        self.count += known.size
        self.total += math.fsum(known)


@dataclass(frozen=True)
class _Grid:
    """An open band: cell size and north-west corner in the units of its CRS."""

    file: Any
    band: int
    crs: CRS
    label: str

    @property
    def corner(self) -> tuple[float, float, float, float]:
        """West edge, north edge, width and (negative) height of a cell."""
        m = self.file.transform
        return m.c, m.f, m.a, m.e

    def read(self, window: Window) -> NDArray[np.float64]:
        """Return the values of a window as float64, NaN where the file has no value."""
        try:
            raw = self.file.read(self.band, window=window, masked=True)
        except RasterioError as error:
            message = f"{self.label}: broken or cut short ({' '.join(str(error).split())[:200]})"
            raise SourceError(message) from None
        values = np.ma.filled(raw.astype(np.float64), np.nan)
        scale, offset = self.file.scales[self.band - 1], self.file.offsets[self.band - 1]
        return values if (scale, offset) == (1.0, 0.0) else values * scale + offset

    def row_areas_m2(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the area of one cell in each row, in square metres."""
        _, north, width, height = self.corner
        if not self.crs.is_geographic:
            unit = float(self.crs.axis_info[0].unit_conversion_factor)
            return np.full(len(rows), abs(width * height) * unit**2)
        edges = np.radians(north + np.append(rows, rows[-1] + 1) * height)
        return np.abs(np.diff(_area_below(edges, self.crs))) * math.radians(abs(width))


def zonal(
    raster: Path,
    zones: Given,
    *,
    band: int = 1,
    raster_epsg: int | None = None,
    id_field: str | None = None,
) -> Answer:
    """Summarise one band of a raster by zone.

    ``value`` is the mean over the known cells that lie in any zone, each once;
    ``numerator`` their sum and ``denominator`` their number. ``zones`` lists each zone
    on its own, also where zones overlap. ``raster_epsg`` for a raster that does not say
    its CRS. ``frame`` holds the zones in the raster's CRS with their numbers. Areas
    are those of the cells: of a raster in degrees, on its ellipsoid. Raises GisError.
    """
    existing_file(raster)
    check_own_raster(raster)
    own = zones.read()
    try:
        with warnings.catch_warnings():
            # A grid that says no place is refused below, in one line.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            file = rasterio.open(raster)
    except (RasterioError, OSError) as error:
        message = (
            f"{raster.name}: cannot be read as a raster ({' '.join(str(error).split())[:200]})"
        )
        raise SourceError(message) from None
    with file:
        used = {raster_epsg} if raster_epsg and not file.crs else set[int]()
        check_stated([own], used=used)
        # A code that the zones needed says nothing of a raster with its own, nor the other way.
        stated = None if own.uses_stated and file.crs else raster_epsg
        grid = _grid(file, band, stated, label=raster.name)
        loaded = load(own, grid.crs, role="zones", kinds=("polygon",))
        ids = _ids(loaded, id_field)
        sums, every = _summed(grid, loaded.shapes)
        status = [_status(grid, z, sums, i=i) for i, z in enumerate(loaded.shapes)]
        size = (file.height, file.width)
    rows = [
        {"zone": int(row) + 1, "id": key, "status": status[i], **_row(sums, i)}
        for i, (row, key) in enumerate(zip(loaded.frame.index, ids, strict=True))
    ]
    picture = FileSource("raster", raster.name, f"band {band}", sha256_of(raster), None, None)
    return Answer(
        tool="zonal",
        value=share(every.total, every.count),
        unit="mean of cells",
        numerator=every.total,
        denominator=every.count,
        counted="cells",
        definition=_definition(grid, band, size),
        files=(_with_crs(picture, grid.crs), loaded.source),
        frame=loaded.frame.assign(**{f"r_{k}": [r[k] for r in rows] for k in _SHOWN}),
        left_out=(*loaded.left_out, *_left_out(every, status)),
        notes=loaded.notes,
        crs=name_of(grid.crs),
        details={"zones": rows},
    )


_SHOWN = ("status", "count", "sum", "mean", "min", "max", "area_m2", "nodata", "on_outline")


def _grid(file: Any, band: int, epsg: int | None, *, label: str) -> _Grid:
    if not 1 <= band <= file.count:
        message = f"{label}: band {band} given; allowed: 1 to {file.count}"
        raise ParameterError(message)
    m = file.transform
    if m.b or m.d or not m.a or not m.e or m.is_identity:
        message = f"{label}: rotated or not placed; allowed: rows along the axes of a CRS"
        raise SourceError(message)
    if file.crs:
        crs = system_of(file.crs.to_wkt(), source=label)
        if epsg is not None:
            check_same_crs(crs, epsg, source=label)
    elif epsg is None:
        message = f"{label}: no coordinate reference system; state it with --crs <EPSG code>"
        raise CrsError(message)
    else:
        crs = system_of(epsg, source=label)
    return _Grid(file, band, crs, label)


def _ids(zones: Loaded, id_field: str | None) -> list[Any]:
    if id_field is None:
        return [None] * len(zones.frame)
    name = column_of(zones.frame, id_field, source=zones.source.file)
    found = zones.frame[name]
    values = found.astype(object).where(found.notna(), None).tolist()
    return [v if isinstance(v, str | int | None) else plain(v) for v in values]


def _window(grid: _Grid, shape: Any) -> tuple[int, int, int, int]:
    """Return first row, end row, first column, end column of the cells near a zone."""
    west, north, width, height = grid.corner
    x0, y0, x1, y1 = shape.bounds
    columns = sorted(((x0 - west) / width, (x1 - west) / width))
    rows = sorted(((y0 - north) / height, (y1 - north) / height))
    c = [
        min(max(f(v), 0), grid.file.width)
        for f, v in zip((math.floor, math.ceil), columns, strict=True)
    ]
    r = [
        min(max(f(v), 0), grid.file.height)
        for f, v in zip((math.floor, math.ceil), rows, strict=True)
    ]
    return r[0], r[1], c[0], c[1]


def _summed(grid: _Grid, shapes: NDArray[Any]) -> tuple[ZonalSums, _Every]:
    """Read the raster once, a block of rows at a time, and sum it up by zone and in all."""
    west, north, width, height = grid.corner
    sums, every = ZonalSums(shapes, Frame(west, north, width, -height)), _Every()
    boxes = np.array([_window(grid, shape) for shape in shapes], dtype=np.int64).reshape(-1, 4)
    boxes = boxes[(boxes[:, 0] < boxes[:, 1]) & (boxes[:, 2] < boxes[:, 3])]
    if not len(boxes):
        return sums, every
    left, right, bottom = int(boxes[:, 2].min()), int(boxes[:, 3].max()), int(boxes[:, 1].max())
    step = max(_BLOCK_CELLS // (right - left), 1)
    for top in range(int(boxes[:, 0].min()), bottom, step):
        end = min(top + step, bottom)
        if not ((boxes[:, 0] < end) & (boxes[:, 1] > top)).any():
            continue
        values = grid.read(Window(left, top, right - left, end - top))
        seen = np.zeros(values.shape, dtype=bool)
        areas = grid.row_areas_m2(np.arange(top, end))
        sums.add_block(values, top=top, left=left, areas=areas, seen=seen)
        every.add(values[seen])
    return sums, every


def _status(grid: _Grid, shape: Any, sums: ZonalSums, *, i: int) -> str:
    west, south, east, north = grid.file.bounds
    extent = shapely.box(min(west, east), min(south, north), max(west, east), max(south, north))
    if not shapely.intersects(shape, extent) or not shapely.relate_pattern(
        shape, extent, "T********"
    ):
        return "outside_raster"
    if not sums.count[i]:
        return "only_nodata" if sums.nodata[i] else "no_cell_centre"
    return "ok" if shapely.covers(extent, shape) else "partly_outside_raster"


def _row(sums: ZonalSums, i: int) -> dict[str, Any]:
    count, total = int(sums.count[i]), float(sums.sums[i])
    return {
        "count": count,
        "sum": plain(total) if count else None,
        "mean": share(total, count),
        "min": plain(float(sums.least[i])) if count else None,
        "max": plain(float(sums.largest[i])) if count else None,
        "area_m2": plain(float(sums.area[i])),
        "nodata": int(sums.nodata[i]),
        "on_outline": int(sums.on_outline[i]),
    }


def _left_out(every: _Every, status: list[str]) -> list[LeftOut]:
    counts = (
        ("cells_without_value", every.nodata, "cells", "tools.nodata"),
        ("zones_outside_raster", status.count("outside_raster"), "zones", "tools.outside_raster"),
        (
            "zones_partly_outside_raster",
            status.count("partly_outside_raster"),
            "zones",
            "tools.partly_outside",
        ),
        ("zones_without_cell_centre", status.count("no_cell_centre"), "zones", "tools.no_centre"),
    )
    return [LeftOut(reason, t(key), n, unit) for reason, n, unit, key in counts if n]


def _with_crs(source: FileSource, crs: CRS) -> FileSource:
    return FileSource(
        source.role, source.file, source.layer, source.sha256, source.rows, name_of(crs)
    )


def _definition(grid: _Grid, band: int, size: tuple[int, int]) -> Definition:
    _, _, width, height = grid.corner
    return Definition(
        sentence=t("tools.zonal", band=str(band)),
        parameters={
            "band": band,
            "cell_rule": "centre strictly inside the zone",
            "cell_width": abs(width),
            "cell_height": abs(height),
            "rows": size[0],
            "columns": size[1],
            "nodata": plain(grid.file.nodata) if grid.file.nodata is not None else None,
            "crs": name_of(grid.crs),
        },
    )


def _area_below(latitude: NDArray[np.float64], crs: CRS) -> NDArray[np.float64]:
    """Return the area per radian of longitude from the equator to each latitude (radians).

    Closed form on the ellipsoid of the CRS, in square metres (Snyder, Map Projections:
    A Working Manual, USGS 1395, eq. 3-12, the authalic q times half the axis squared).
    """
    geod = crs.get_geod()
    if geod is None:
        message = (
            f"the CRS {crs.name} names no ellipsoid; allowed: one that does, or a projected one"
        )
        raise CrsError(message)
    a, b = float(geod.a), float(geod.b)
    e = math.sqrt(max(1 - (b / a) ** 2, 0.0))
    sine = np.sin(latitude)
    if not e:
        return np.asarray(a**2 * sine)
    q = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.asarray(a**2 / 2 * q)
