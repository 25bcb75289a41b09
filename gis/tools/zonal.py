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
from gis.kernels.zones import highest_class
from gis.result import Definition, LeftOut
from gis.sources.own import column_of, system_of
from gis.text import t
from gis.tools.answer import Answer, FileSource, plain, share
from gis.tools.files import Given, Loaded, load, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_BLOCK_CELLS = 4_000_000


@dataclass
class _Sums:
    """Running sums of one zone; ``count`` are known cells."""

    count: int = 0
    nodata: int = 0
    on_outline: int = 0
    total: float = 0.0
    least: float = math.inf
    largest: float = -math.inf
    area_m2: float = 0.0

    def add(self, values: NDArray[np.float64], areas: NDArray[np.float64]) -> None:
        """Take in the cells of a zone, NaN where a cell has no value."""
        known = np.isfinite(values)
        self.nodata += int((~known).sum())
        if known.any():
            self.count += int(known.sum())
            self.total += math.fsum(values[known])
            self.least = min(self.least, float(values[known].min()))
            self.largest = max(self.largest, float(values[known].max()))
            self.area_m2 += float(areas[known].sum())


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
        grid = _grid(file, band, raster_epsg, label=raster.name)
        loaded = load(own, grid.crs, role="zones", kinds=("polygon",))
        ids = _ids(loaded, id_field)
        windows = [_window(grid, shape) for shape in loaded.shapes]
        sums, every = _summed(grid, loaded.shapes, windows)
        status = [_status(grid, z, s) for z, s in zip(loaded.shapes, sums, strict=True)]
        size = (file.height, file.width)
    rows = [
        {"zone": int(row) + 1, "id": key, "status": state, **_row(s)}
        for row, key, state, s in zip(loaded.frame.index, ids, status, sums, strict=True)
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


def _summed(
    grid: _Grid, shapes: NDArray[Any], windows: list[tuple[int, int, int, int]]
) -> tuple[list[_Sums], _Sums]:
    """Read the raster once, a block of rows at a time, and sum it up by zone and in all."""
    sums = [_Sums() for _ in shapes]
    every = _Sums()
    boxes = np.array(windows, dtype=np.int64).reshape(-1, 4)
    live = (boxes[:, 0] < boxes[:, 1]) & (boxes[:, 2] < boxes[:, 3])
    if not live.any():
        return sums, every
    width = int(boxes[live, 3].max() - boxes[live, 2].min())
    step = max(_BLOCK_CELLS // width, 1)
    for top in range(int(boxes[live, 0].min()), int(boxes[live, 1].max()), step):
        end = min(top + step, int(boxes[live, 1].max()))
        near = np.flatnonzero(live & (boxes[:, 0] < end) & (boxes[:, 1] > top))
        if not near.size:
            continue
        left, right = int(boxes[near, 2].min()), int(boxes[near, 3].max())
        values = grid.read(Window(left, top, right - left, end - top))
        areas = grid.row_areas_m2(np.arange(top, end))
        seen = np.zeros(values.shape, dtype=bool)
        for i in near:
            r0, r1 = max(int(boxes[i, 0]), top), min(int(boxes[i, 1]), end)
            part = slice(r0 - top, r1 - top), slice(boxes[i, 2] - left, boxes[i, 3] - left)
            inside, on = _cells(grid, shapes[i], (r0, r1, int(boxes[i, 2]), int(boxes[i, 3])))
            by_cell = np.broadcast_to(areas[part[0], None], inside.shape)
            sums[i].add(values[part][inside], by_cell[inside])
            sums[i].on_outline += int(on.sum())
            seen[part] |= inside
        every.add(values[seen], np.broadcast_to(areas[:, None], seen.shape)[seen])
    return sums, every


def _cells(
    grid: _Grid, shape: Any, box: tuple[int, int, int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which cells of a box have their centre inside a zone, and which on its outline."""
    west, north, width, height = grid.corner
    x = west + (np.arange(box[2], box[3]) + 0.5) * width
    y = north + (np.arange(box[0], box[1]) + 0.5) * height
    xs, ys = (a.ravel() for a in np.meshgrid(x, y))
    zone, rank = np.array([shape], dtype=object), np.zeros(1, dtype=np.int64)
    inside = highest_class(xs, ys, zone, rank, rule="interior", n_classes=1) == 0
    touching = highest_class(xs, ys, zone, rank, rule="touch", n_classes=1) == 0
    form = (len(y), len(x))
    return inside.reshape(form), (touching & ~inside).reshape(form)


def _status(grid: _Grid, shape: Any, sums: _Sums) -> str:
    west, south, east, north = grid.file.bounds
    extent = shapely.box(min(west, east), min(south, north), max(west, east), max(south, north))
    if not shapely.intersects(shape, extent) or not shapely.relate_pattern(
        shape, extent, "T********"
    ):
        return "outside_raster"
    if not sums.count:
        return "only_nodata" if sums.nodata else "no_cell_centre"
    return "ok" if shapely.covers(extent, shape) else "partly_outside_raster"


def _row(s: _Sums) -> dict[str, Any]:
    known = s.count > 0
    return {
        "count": s.count,
        "sum": plain(s.total) if known else None,
        "mean": share(s.total, s.count),
        "min": plain(s.least) if known else None,
        "max": plain(s.largest) if known else None,
        "area_m2": plain(s.area_m2),
        "nodata": s.nodata,
        "on_outline": s.on_outline,
    }


def _left_out(every: _Sums, status: list[str]) -> list[LeftOut]:
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
