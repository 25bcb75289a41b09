"""Lay a grid over the municipality, anchored to the CRS and not to the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.kernels.coverage import cell_shares
from gis.sources.heights import sample_heights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.study import Study

    Floats = NDArray[np.float64]

TERRAIN = "terrain"
# Heights are taken at so many places along each side of a cell.
_PER_SIDE = 4


@dataclass(frozen=True)
class SiteGrid:
    """Cells whose centre lies in the municipality and that hold land, row by row from the south.

    ``west`` and ``south`` are whole multiples of ``size_m`` from the origin of the CRS,
    whatever the data.
    """

    study: Study
    size_m: int
    west: Floats
    south: Floats
    land_share: Floats

    @property
    def x(self) -> Floats:
        """Eastings of the centres."""
        return self.west + self.size_m / 2

    @property
    def y(self) -> Floats:
        """Northings of the centres."""
        return self.south + self.size_m / 2

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.west)

    @cached_property
    def squares(self) -> NDArray[Any]:
        """The cells as squares."""
        made: NDArray[Any] = shapely.box(
            self.west, self.south, self.west + self.size_m, self.south + self.size_m
        )
        return made

    def share(self, *layers: NDArray[Any]) -> Floats:
        """Return the share (0-1) of each cell by layer, overlaps to the first: (n, layers)."""
        return shares(self, layers)

    def within(self, shapes: NDArray[Any]) -> Floats:
        """Return the share (0-1) of each cell inside some polygons, overlaps joined."""
        return shares(self, (shapes,))[:, 0]


def site_grid(study: Study, size_m: int) -> SiteGrid:
    """Return the grid of the study, laid once for each size of cell."""
    return study.once(("site grid", size_m), lambda: _grid(study, size_m))


def _grid(study: Study, size_m: int) -> SiteGrid:
    bounds = np.array(study.polygon.bounds)
    first = np.floor(bounds[:2] / size_m).astype(np.int64)
    last = np.floor(bounds[2:] / size_m).astype(np.int64)
    column, row = np.meshgrid(np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1))
    west, south = column.ravel() * float(size_m), row.ravel() * float(size_m)
    shapely.prepare(study.polygon)
    inside = shapely.intersects_xy(study.polygon, west + size_m / 2, south + size_m / 2)
    grid = SiteGrid(study, size_m, west[inside], south[inside], np.ones(int(inside.sum())))
    land = grid.within(shapely.get_parts(study.land))
    some = land > 0
    return SiteGrid(study, size_m, grid.west[some], grid.south[some], land[some])


def shares(grid: SiteGrid, layers: Sequence[NDArray[Any]]) -> Floats:
    """Return the share of each cell by layer; where layers overlap the first has the place."""
    kept = [np.asarray(s, dtype=object) for s in layers]
    shapes = np.concatenate(kept) if kept else np.empty(0, dtype=object)
    ranks = np.concatenate([np.full(len(s), i) for i, s in enumerate(kept)]).astype(np.int64)
    return cell_shares(
        grid.west, grid.south, shapes, ranks, size_m=grid.size_m, n_classes=len(kept)
    )


def mean_slope(grid: SiteGrid) -> Floats:
    """Return the mean slope of each cell in degrees; NaN where the terrain has no height.

    Heights are taken at 4 x 4 places a cell, and the slope is that of central differences
    between them (of one-sided ones beside a place without height).
    """
    study = grid.study
    return study.once(("slope", grid.size_m), lambda: _slope(grid))


def _slope(grid: SiteGrid) -> Floats:
    step = grid.size_m / _PER_SIDE
    first = np.array([grid.west.min(), grid.south.min()])
    across = int((grid.west.max() - first[0]) / grid.size_m) + 1
    up = int((grid.south.max() - first[1]) / grid.size_m) + 1
    x = first[0] + (np.arange(across * _PER_SIDE) + 0.5) * step
    y = first[1] + (np.arange(up * _PER_SIDE) + 0.5) * step
    east, north = np.meshgrid(x, y)
    crs = grid.study.crs
    found = sample_heights(grid.study.file(TERRAIN), east.ravel(), north.ravel(), crs=crs)
    height = found.values.reshape(east.shape)
    steep = np.degrees(np.arctan(np.hypot(_rise(height, step, 0), _rise(height, step, 1))))
    blocks = steep.reshape(up, _PER_SIDE, across, _PER_SIDE).swapaxes(1, 2)
    flat = blocks.reshape(up, across, _PER_SIDE**2)
    known = np.isfinite(flat)
    count = known.sum(axis=2)
    total = np.where(known, flat, 0.0).sum(axis=2)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    column = ((grid.west - first[0]) / grid.size_m).astype(np.int64)
    row = ((grid.south - first[1]) / grid.size_m).astype(np.int64)
    return np.asarray(mean[row, column])


def _rise(height: Floats, step: float, axis: int) -> Floats:
    """Return the rise per metre along an axis: central, else one-sided, else NaN."""
    lower, upper = np.full(height.shape, np.nan), np.full(height.shape, np.nan)
    a = [slice(None), slice(None)]
    b = [slice(None), slice(None)]
    a[axis], b[axis] = slice(1, None), slice(None, -1)
    step_up = (height[tuple(a)] - height[tuple(b)]) / step
    lower[tuple(a)], upper[tuple(b)] = step_up, step_up
    both = np.isfinite(lower) & np.isfinite(upper)
    either = np.where(np.isfinite(lower), lower, upper)
    return np.where(both, (lower + upper) / 2, either)
