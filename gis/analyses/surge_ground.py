"""Lay out the terrain of a study area for a rising sea: heights, sea, what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize

from gis.errors import ParameterError
from gis.sources.window import known_heights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

TERRAIN, SEA = "terrain", "sea"
_KM2 = 1e6
_DUST_KM2 = 1e-9


@dataclass(frozen=True)
class Ground:
    """The terrain with its place, the sea in it, and which cells are the municipality's."""

    height: NDArray[np.float32]
    sea: NDArray[np.bool_]
    own: NDArray[np.bool_]
    transform: Any

    @property
    def cell_km2(self) -> float:
        """The area of one cell."""
        return abs(float(self.transform.a * self.transform.e)) / _KM2

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        """Return row and column of points, and which of them lie in the terrain."""
        column = np.floor((x - self.transform.c) / self.transform.a).astype(np.int64)
        row = np.floor((y - self.transform.f) / self.transform.e).astype(np.int64)
        rows, columns = self.height.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        return np.where(inside, row, 0), np.where(inside, column, 0), inside


def ground_of(study: Study) -> Ground:
    """Read the terrain and lay the sea and the municipality on its grid. Raises ParameterError."""
    with rasterio.open(study.file(TERRAIN)) as file:
        height, transform = known_heights(file), file.transform
    west, south, east, north = rasterio.transform.array_bounds(*height.shape, transform)
    box = shapely.box(west, south, east, north)
    frame = study.frame(SEA)
    parts = frame.geometry.to_numpy()[frame.sindex.query(box, predicate="intersects")]
    sea = _on_grid(parts, height.shape, transform)
    if not sea.any():
        message = (
            f"no sea in the terrain of {study.area.number} {study.area.name}: surge needs the sea "
            "within the area or its halo (halo_m in workspace.toml)"
        )
        raise ParameterError(message)
    own = _on_grid(np.array([study.polygon], dtype=object), height.shape, transform)
    return Ground(height, sea, own, transform)


def _on_grid(parts: NDArray[Any], shape: Any, transform: Any) -> NDArray[np.bool_]:
    """Tell which cells have their centre in one of the polygons."""
    if not len(parts):
        return np.zeros(shape, dtype=bool)
    marked: NDArray[np.uint8] = rasterize(
        parts, out_shape=shape, transform=transform, dtype="uint8"
    )
    return marked.view(np.bool_)


def unknown_km2(study: Study, ground: Ground) -> float:
    """Measure the land of unknown height: gaps in the terrain, and all that lies beyond it."""
    gap = ~np.isfinite(ground.height) & ground.own & ~ground.sea
    box = shapely.box(*rasterio.transform.array_bounds(*ground.height.shape, ground.transform))
    beyond = float(shapely.area(shapely.difference(study.land, box))) / _KM2
    return float(gap.sum()) * ground.cell_km2 + (beyond if beyond > _DUST_KM2 else 0.0)


def known_km2(ground: Ground) -> float:
    """Measure the municipality's land of known height."""
    known = np.isfinite(ground.height) & ground.own & ~ground.sea
    return float(known.sum()) * ground.cell_km2
