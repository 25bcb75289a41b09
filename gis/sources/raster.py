"""Read terrain: one GeoTIFF or several side by side, masked, cut to the area, in one grid."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import rasterio
import shapely
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.merge import merge
from rasterio.transform import array_bounds
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling

from gis.check import existing_file, listing
from gis.crs import check_plausible, epsg_of
from gis.errors import CrsError, SourceError
from gis.sources.base import Delivered, Notes, Raster
from gis.sources.containers import zip_members
from gis.sources.limits import check_raster

if TYPE_CHECKING:
    from pathlib import Path

    from gis.sources.base import Request

_SUFFIXES = (".tif", ".tiff")
_NODATA = -32767.0
# No Norwegian terrain lies lower; mirrors carry other numbers than the tag says.
_LOWEST_M = -1000.0
_SAMPLE = 500  # cells a side of what is read of a raster that is only looked at


def read_raster(request: Request) -> Delivered:
    """Read terrain as one float32 grid in the working CRS, NaN where it is not known.

    A folder or a zip of tiles is joined, first tile wins where they overlap; only the
    request's box is read. Raises SourceError (broken, no tiles, nothing in the box),
    CrsError (none, not in a plausible place).
    """
    notes = Notes()
    with ExitStack() as stack:
        tiles = [_opened(name, request, stack) for name in _tile_names(request)]
        bounds = request.bounds
        if bounds is not None:
            tiles = [t for t in tiles if _meets(t.bounds, bounds)]
        if not tiles:
            message = f"{request.label}: no tile meets the area {_bounds_text(bounds)}"
            raise SourceError(message)
        notes.count(len(tiles) if len(tiles) > 1 else 0, "tiles joined")
        box, res = _grid(tiles, request)
        try:
            values, transform = merge(tiles, bounds=box, res=res, nodata=_NODATA, dtype="float32")
        except (RasterioError, OSError) as error:
            raise _broken(request, error) from None
    grid = values[0].astype(np.float32, copy=False)
    grid[(grid <= _LOWEST_M) | ~np.isfinite(grid)] = np.nan
    if np.isnan(grid).all() and not request.looked_at:
        message = f"{request.label}: no known value in the area"
        raise SourceError(message)
    raster = Raster(values=grid, transform=transform, epsg=request.epsg)
    return Delivered(
        fields=pd.DataFrame(index=[0]),
        geometry=_footprint(raster),
        notes=tuple(notes.lines),
        raster=raster,
    )


def write_raster(raster: Raster, path: Path) -> None:
    """Write a grid as a tiled, compressed GeoTIFF with nodata -32767."""
    height, width = raster.values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=width,
        height=height,
        count=1,
        dtype="float32",
        crs=CRS.from_epsg(raster.epsg),
        transform=raster.transform,
        nodata=_NODATA,
        compress="deflate",
        predictor=3,
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as out:
        out.write(np.where(np.isnan(raster.values), np.float32(_NODATA), raster.values), 1)


def _tile_names(request: Request) -> list[str]:
    path = existing_file(request.path)
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir())
        found = [str(path / n) for n in inside if n.lower().endswith(_SUFFIXES)]
    elif zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        inside = zip_members(path)
        found = [f"/vsizip/{path}/{n}" for n in sorted(inside) if n.lower().endswith(_SUFFIXES)]
    else:
        return [str(path)]
    if not found:
        message = f"{request.label}: no GeoTIFF inside; it holds: {listing(inside)}"
        raise SourceError(message)
    return found


def _opened(name: str, request: Request, stack: ExitStack) -> Any:
    """Open one tile, seen in the working CRS."""
    try:
        # No other driver: text named .tif could make GDAL open further files or the network.
        tile = stack.enter_context(rasterio.open(name, driver="GTiff"))
    except (RasterioError, OSError) as error:
        raise _broken(request, error) from None
    check_raster(tile.width, tile.height, tile.count, source=request.label)
    if any(str(kind).startswith("complex") for kind in tile.dtypes):
        message = f"{request.label}: cells of {tile.dtypes[0]}; allowed: real numbers"
        raise SourceError(message)
    epsg = _tile_epsg(tile, request)
    check_plausible(tile.bounds, epsg=epsg, source=request.label)
    if epsg == request.epsg:
        return tile
    return stack.enter_context(
        WarpedVRT(
            tile,
            src_crs=CRS.from_epsg(epsg),
            crs=CRS.from_epsg(request.epsg),
            resampling=Resampling.bilinear,
            nodata=_NODATA,
        )
    )


def _tile_epsg(tile: Any, request: Request) -> int:
    stated = request.stated_epsg
    if not tile.crs:
        # What the catalogue says of the whole data set; the workspace's own file may differ.
        known = stated or request.entry.delivery.epsg
        if known is None:
            message = (
                f"{request.label}: no coordinate reference system; state it with epsg = <EPSG "
                f"code> in [layers.{request.layer}]"
            )
            raise CrsError(message)
        return known
    code = epsg_of(_pyproj(tile.crs))
    if code is None or (stated is not None and stated != code):
        message = f"{request.label}: the file says EPSG:{code}, the workspace EPSG:{stated}"
        raise CrsError(message)
    return code


def _pyproj(crs: CRS) -> Any:
    return pyproj.CRS.from_wkt(crs.to_wkt())


def _meets(a: Any, b: Any) -> bool:
    return bool(a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1])


def _cut(tiles: list[Any], bounds: Any) -> tuple[float, float, float, float] | None:
    """Return the box that is read: the request's, cut to the tiles, on the first tile's lines."""
    if bounds is None:
        return None
    west = max(min(t.bounds[0] for t in tiles), bounds[0])
    south = max(min(t.bounds[1] for t in tiles), bounds[1])
    east = min(max(t.bounds[2] for t in tiles), bounds[2])
    north = min(max(t.bounds[3] for t in tiles), bounds[3])
    first = tiles[0].transform
    dx, dy = first.a, -first.e
    return (
        first.c + np.floor((west - first.c) / dx) * dx,
        first.f - np.ceil((first.f - south) / dy) * dy,
        first.c + np.ceil((east - first.c) / dx) * dx,
        first.f - np.floor((first.f - north) / dy) * dy,
    )


def _grid(tiles: list[Any], request: Request) -> tuple[Any, tuple[float, float]]:
    """Return the box and the sides of the cells that are read. Raises SourceError: too many.

    Tiles that lie far apart, or of which the first is of the finest cells, make a grid that none
    of them hints at.
    """
    box = _cut(tiles, request.bounds)
    west, south, east, north = box or (
        *(min(t.bounds[i] for t in tiles) for i in (0, 1)),
        *(max(t.bounds[i] for t in tiles) for i in (2, 3)),
    )
    dx, dy = tiles[0].res
    if request.looked_at:
        dx, dy = max(dx, (east - west) / _SAMPLE), max(dy, (north - south) / _SAMPLE)
    check_raster(round((east - west) / dx), round((north - south) / dy), 1, source=request.label)
    return box, (dx, dy)


def _footprint(raster: Raster) -> gpd.GeoSeries:
    height, width = raster.values.shape
    west, south, east, north = array_bounds(height, width, raster.transform)
    return gpd.GeoSeries([shapely.box(west, south, east, north)], crs=raster.epsg)


def _bounds_text(bounds: Any) -> str:
    return "" if bounds is None else " ".join(f"{v:.0f}" for v in bounds)


def _broken(request: Request, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:300]
    message = f"{request.label}: cannot be read as GeoTIFF, broken or cut short ({reason})"
    return SourceError(message)


def pixel_side_m(path: Path) -> float | None:
    """Return the side of a GeoTIFF's pixel in metres; None in degrees or without a CRS.

    Raises SourceError for a file that is no whole GeoTIFF.
    """
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            metres = raster.crs is not None and raster.crs.is_projected
            return float(abs(raster.transform.a)) if metres else None
    except RasterioError as error:
        message = f"{path.name}: cannot be read, broken or no GeoTIFF ({error})"
        raise SourceError(message) from None
