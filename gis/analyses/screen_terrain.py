"""Say how high and how steep a plan area is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.kernels.slope import gradient
from gis.sources.window import read_window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.sources.window import Heights

# Upper bounds of the classes of gradient (rise over run): 1:20, 1:10, 1:5, 1:3 and steeper.
BREAKS = (0.05, 0.1, 0.2, 1 / 3)
CLASSES = ("flat", "1_20", "1_10", "1_5", "1_3")


@dataclass(frozen=True)
class Terrain:
    """Heights in metres, the steepest gradient, and the share (0-1) of the area by class.

    ``known_share`` is the part of the area with a height.
    """

    low_m: float
    high_m: float
    steepest: float
    shares: Mapping[str, float]
    known_share: float


def screen_terrain(path: Path, shape: Any) -> Terrain | None:
    """Measure the cells whose centre lies in a shape (or the one that holds it); None without.

    Gradient by central differences of the heights, so that it belongs to the model's
    resolution: steps shorter than a cell are not seen.
    """
    found = _cells(path, shape)
    if found is None:
        return None
    window, inside = found
    steep = gradient(window.values, cell_m=window.cell_m)
    known = inside & np.isfinite(window.values) & np.isfinite(steep)
    if not known.any():
        return None
    # right=True: exactly 1:20 belongs to the flatter class.
    slot = np.digitize(steep[known], BREAKS, right=True)
    counts = np.bincount(slot, minlength=len(CLASSES)) / inside.sum()
    return Terrain(
        low_m=float(window.values[known].min()),
        high_m=float(window.values[known].max()),
        steepest=float(steep[known].max()),
        shares={c: float(s) for c, s in zip(CLASSES, counts, strict=True) if s},
        known_share=float(known.sum() / inside.sum()),
    )


def screen_raster(path: Path, shape: Any) -> tuple[float, float, float] | None:
    """Return the least and the largest value in a shape and the share (0-1) that is known."""
    found = _cells(path, shape)
    if found is None:
        return None
    window, inside = found
    known = inside & np.isfinite(window.values)
    if not known.any():
        return None
    values = window.values[known]
    return float(values.min()), float(values.max()), float(known.sum() / inside.sum())


def _cells(path: Path, shape: Any) -> tuple[Heights, NDArray[np.bool_]] | None:
    """Read the cells around a shape, and tell which have their centre in it."""
    west, south, east, north = (float(v) for v in shapely.bounds(shape))
    window = read_window(path, (west, south, east, north))
    if window is None:
        return None
    # One cell more on each side, so that the gradient at the rim has its neighbours.
    more = window.cell_m
    window = read_window(path, (west - more, south - more, east + more, north + more)) or window
    x, y = np.meshgrid(window.x, window.y)
    inside = shapely.contains_xy(shape, x, y)
    if not inside.any():
        middle = shapely.point_on_surface(shape)
        nearest = np.argmin((x - middle.x) ** 2 + (y - middle.y) ** 2)
        inside = np.zeros(x.shape, dtype=bool)
        inside.flat[nearest] = True
    return window, inside
