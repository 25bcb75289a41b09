"""Read the part of a terrain file that lies in a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window, from_bounds

from gis.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Heights:
    """Heights in metres with the centres of their cells; NaN where not known."""

    values: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell_m: float


def known_heights(file: rasterio.DatasetReader, window: Window | None = None) -> Floats32:
    """Return the heights of an open terrain file, all or in a window; NaN where not known.

    Metres, float32 as the store keeps them; no mask is made beside them, which a terrain of
    hundreds of millions of cells has no room for.
    """
    band: Floats32 = file.read(1, window=window).astype(np.float32, copy=False)
    if file.nodata is not None:
        band[band == np.float32(file.nodata)] = np.nan
    return band


def read_window(path: Path, box: tuple[float, float, float, float]) -> Heights | None:
    """Return the cells of the store's terrain that meet a box, or None outside the grid.

    ``box`` in the file's CRS. Raises SourceError for a broken file.
    """
    try:
        with rasterio.open(path, driver="GTiff") as file:
            asked = from_bounds(*box, transform=file.transform)
            first_row, first_column = np.floor(asked.row_off), np.floor(asked.col_off)
            last_row = np.ceil(asked.row_off + asked.height)
            last_column = np.ceil(asked.col_off + asked.width)
            row, column = max(int(first_row), 0), max(int(first_column), 0)
            height = min(int(last_row), file.height) - row
            width = min(int(last_column), file.width) - column
            if height <= 0 or width <= 0:
                return None
            band = known_heights(file, Window(column, row, width, height)).astype(np.float64)
            step = file.transform
    except (RasterioError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{path.name}: cannot be read as GeoTIFF ({reason})"
        raise SourceError(message) from None
    return Heights(
        values=band,
        x=step.c + step.a * (column + np.arange(width) + 0.5),
        y=step.f + step.e * (row + np.arange(height) + 0.5),
        cell_m=float(step.a),
    )
