"""Read heights from a terrain model at places, between its cell centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window

from gis.check import existing_file, sha256_of
from gis.errors import CrsError, SourceError
from gis.sources.outward import check_own_raster

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BLOCK = 1024
# No terrain on land lies lower; some files carry other numbers than their tag says.
_LOWEST_M = -1000.0


@dataclass(frozen=True)
class Heights:
    """Heights at places: ``values`` (k,) metres, NaN where the model has none."""

    path: Path
    sha256: str
    crs: str
    cell_m: float
    values: Floats


def sample_heights(path: Path, x: Floats, y: Floats, *, crs: CRS) -> Heights:
    """Return the terrain's height at places of a metric CRS, bilinear between cell centres.

    A place is unknown (NaN) where it lies outside the model, or where one of the four
    cells around it has no value. Read block by block. Raises SourceError (no raster,
    broken) and CrsError (no CRS).
    """
    existing_file(path)
    check_own_raster(path)
    try:
        with rasterio.open(path) as model:
            own = _crs_of(model, path)
            transformer = Transformer.from_crs(crs, own, always_xy=True)
            px, py = transformer.transform(x, y)
            values = _sampled(model, np.asarray(px), np.asarray(py))
            cell = abs(float(model.transform.a)) * (111_320.0 if own.is_geographic else 1.0)
    except (RasterioError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{path.name}: cannot be read as a terrain model, broken or no raster ({reason})"
        raise SourceError(message) from None
    code = own.to_epsg()
    name = f"EPSG:{code}" if code else own.name
    return Heights(path=path, sha256=sha256_of(path), crs=name, cell_m=cell, values=values)


def _crs_of(model: Any, path: Path) -> CRS:
    if not model.crs:
        message = f"{path.name}: a terrain model without a coordinate reference system"
        raise CrsError(message)
    return CRS.from_wkt(model.crs.to_wkt())


def _sampled(model: Any, x: Floats, y: Floats) -> Floats:
    inverse = ~model.transform
    column = inverse.a * x + inverse.b * y + inverse.c - 0.5
    row = inverse.d * x + inverse.e * y + inverse.f - 0.5
    # Half a cell beyond the outermost centres the model still speaks: its edge cells.
    inside = (column >= -0.5) & (column <= model.width - 0.5)
    inside &= (row >= -0.5) & (row <= model.height - 0.5)
    out = np.full(len(x), np.nan)
    rows = np.flatnonzero(inside)
    if not len(rows):
        return out
    column = np.clip(column[rows], 0, model.width - 1)
    row = np.clip(row[rows], 0, model.height - 1)
    across = model.width // _BLOCK + 1
    block = (row // _BLOCK).astype(np.int64) * across + (column // _BLOCK).astype(np.int64)
    order = np.argsort(block, kind="stable")
    edges = np.flatnonzero(np.diff(block[order])) + 1
    for group in np.split(order, edges):
        out[rows[group]] = _bilinear(model, row[group], column[group])
    return out


def _bilinear(model: Any, row: Floats, column: Floats) -> Floats:
    """Read one window and weigh the four cells around each place."""
    r0, c0 = int(row.min()), int(column.min())
    r1 = min(int(row.max()) + 2, model.height)
    c1 = min(int(column.max()) + 2, model.width)
    window = Window(c0, r0, c1 - c0, r1 - r0)
    band = model.read(1, window=window, masked=True).astype(np.float64)
    cells = np.asarray(band.filled(np.nan))
    cells[(cells <= _LOWEST_M) | ~np.isfinite(cells)] = np.nan
    i, j = row.astype(np.int64) - r0, column.astype(np.int64) - c0
    u, v = row - row.astype(np.int64), column - column.astype(np.int64)
    below, right = np.minimum(i + 1, r1 - r0 - 1), np.minimum(j + 1, c1 - c0 - 1)
    top = _between(cells[i, j], cells[i, right], v)
    bottom = _between(cells[below, j], cells[below, right], v)
    return _between(top, bottom, u)


def _between(a: Floats, b: Floats, share: Floats) -> Floats:
    """Weigh two values; one that has no weight may be unknown."""
    mixed = a + share * (b - a)
    return np.where(share == 0, a, mixed)
