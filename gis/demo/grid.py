"""Hold the rasters on which the invented municipality is worked out, and noise on them.

Everything is in EPSG:25833, metres, easting first; row 0 is the northern edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine, from_origin
from scipy import fft, ndimage
from scipy.interpolate import RectBivariateSpline
from shapely.geometry import shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]
    type Ints = NDArray[np.int64]
    type Bools = NDArray[np.bool_]

EPSG = 25833


@dataclass(frozen=True)
class Grid:
    """A north-up raster: its north-west corner, cell size in metres, rows and columns."""

    west: float
    north: float
    size_m: float
    rows: int
    cols: int

    @property
    def transform(self) -> Affine:
        """Return the affine transform as rasterio wants it."""
        return from_origin(self.west, self.north, self.size_m, self.size_m)

    @property
    def x(self) -> Floats:
        """Return the eastings of the column centres."""
        return np.asarray(self.west + (np.arange(self.cols) + 0.5) * self.size_m, dtype=np.float64)

    @property
    def y(self) -> Floats:
        """Return the northings of the row centres, north first."""
        return np.asarray(self.north - (np.arange(self.rows) + 0.5) * self.size_m, dtype=np.float64)

    def mesh(self) -> tuple[Floats, Floats]:
        """Return the centres as two (rows, cols) arrays, easting first."""
        x, y = np.meshgrid(self.x, self.y)
        return x, y

    def cell(self, x: Any, y: Any) -> tuple[Ints, Ints]:
        """Return row and column of points, clipped to the raster."""
        col = np.floor((np.asarray(x, dtype=float) - self.west) / self.size_m).astype(np.int64)
        row = np.floor((self.north - np.asarray(y, dtype=float)) / self.size_m).astype(np.int64)
        return np.clip(row, 0, self.rows - 1), np.clip(col, 0, self.cols - 1)

    def centre(self, row: Any, col: Any) -> tuple[Floats, Floats]:
        """Return the centre coordinates of cells."""
        east = self.west + (np.asarray(col, dtype=float) + 0.5) * self.size_m
        north = self.north - (np.asarray(row, dtype=float) + 0.5) * self.size_m
        return east, north

    def sample(self, values: NDArray[Any], x: Any, y: Any) -> NDArray[Any]:
        """Return the value of the cell that each point lies in."""
        row, col = self.cell(x, y)
        return np.asarray(values[row, col])

    def coarser(self, factor: int) -> Grid:
        """Return the same extent with cells ``factor`` times as large."""
        return Grid(
            self.west, self.north, self.size_m * factor, self.rows // factor, self.cols // factor
        )


FINE = Grid(155_000.0, 6_461_000.0, 10.0, 2400, 2200)
MID = FINE.coarser(2)
COARSE = FINE.coarser(5)


def resample(values: NDArray[Any], source: Grid, target: Grid, *, order: int = 1) -> Floats:
    """Interpolate a raster onto another grid of the same extent (spline of ``order``)."""
    spline = RectBivariateSpline(source.y[::-1], source.x, values[::-1], kx=order, ky=order, s=0)
    return np.asarray(spline(target.y[::-1], target.x)[::-1])


def block_mean(values: NDArray[Any], factor: int) -> Floats:
    """Return the mean of square blocks of cells."""
    kind = np.float32 if values.dtype == np.bool_ else np.float64
    rows = sum(
        (values[k::factor].astype(kind) for k in range(1, factor)), values[::factor].astype(kind)
    )
    total = sum((rows[:, k::factor] for k in range(1, factor)), rows[:, ::factor])
    return np.asarray(total, dtype=np.float64) / factor**2


def noise(
    rng: np.random.Generator, grid: Grid, *, longest_m: float, shortest_m: float, power: float
) -> Floats:
    """Return random relief with mean 0 and standard deviation 1.

    A spectrum k**-power between two wavelengths, as natural relief has one; the field
    wraps around at the edges of the raster.
    """
    draw = rng.standard_normal((grid.rows, grid.cols), dtype=np.float32)
    white = fft.rfft2(draw, workers=2)
    ky = np.fft.fftfreq(grid.rows, grid.size_m).astype(np.float32)[:, None]
    kx = np.fft.rfftfreq(grid.cols, grid.size_m).astype(np.float32)[None, :]
    k = np.hypot(kx, ky)
    k[0, 0] = 1.0
    gain = k**-power * np.exp(-((k * shortest_m) ** 2)) * (1 - np.exp(-((k * longest_m) ** 2)))
    gain[0, 0] = 0.0
    white *= gain.astype(np.float32)
    field = fft.irfft2(white, s=(grid.rows, grid.cols), workers=2)
    return np.asarray(field / field.std(), dtype=np.float64)


def smoothstep(low: float, high: float, value: NDArray[Any]) -> Floats:
    """Return 0 below low, 1 above high and a smooth S between."""
    t = np.subtract(value, low)
    t /= high - low
    np.clip(t, 0.0, 1.0, out=t)
    return np.asarray(t * t * (3 - 2 * t))


def coverage(
    labels: NDArray[Any], grid: Grid, *, simplify_m: float = 0.0
) -> tuple[NDArray[np.object_], Ints]:
    """Vectorise a label raster (0 = nothing) to single polygons with the label of each.

    Neighbours share their borders: they are simplified together as a coverage, so that
    no gap and no overlap arises.
    """
    parts: list[Any] = []
    values: list[int] = []
    for geometry, value in shapes(
        labels.astype(np.int32), mask=labels > 0, transform=grid.transform
    ):
        parts.append(shape(geometry))
        values.append(int(value))
    cover = np.array(parts, dtype=object)
    if len(parts):
        # A border that runs straight past a corner of two others must have a node there too.
        cover = shapely.transform(shapely.segmentize(cover, grid.size_m), np.round)
    if simplify_m > 0 and len(parts):
        cover = shapely.coverage_simplify(cover, simplify_m)
    return cover, np.array(values, dtype=np.int64)


def polygons(
    labels: NDArray[Any], grid: Grid, *, simplify_m: float = 0.0
) -> tuple[NDArray[np.object_], Ints]:
    """Vectorise a label raster to valid multipolygons, one a label, as a coverage."""
    cover, codes = coverage(labels, grid, simplify_m=simplify_m)
    found = np.unique(codes)
    merged = [multi(shapely.coverage_union_all(cover[codes == code])) for code in found]
    return np.array(merged, dtype=object), found


def multi(geometry: Any) -> Any:
    """Return a valid polygon geometry as a multipolygon without points and lines."""
    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry, method="structure")
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def drop_small(mask: Bools, *, cells: int) -> Bools:
    """Return a mask without its connected parts of fewer than ``cells`` cells."""
    labels, _ = ndimage.label(mask)
    size = np.bincount(labels.ravel())
    keep = size >= cells
    keep[0] = False
    return np.asarray(keep[labels])


def smooth_line(points: Floats, *, sigma: float) -> Floats:
    """Return a line with its inner vertices averaged along it and its ends kept."""
    if len(points) < 4:
        return points
    pad = int(3 * sigma)
    head = 2 * points[0] - points[1 : pad + 1][::-1]
    tail = 2 * points[-1] - points[-pad - 1 : -1][::-1]
    padded = np.vstack([head, points, tail])
    soft = ndimage.gaussian_filter1d(padded, sigma, axis=0)[len(head) : len(head) + len(points)]
    soft[0], soft[-1] = points[0], points[-1]
    return np.asarray(soft)


def along(points: Floats, *, every_m: float) -> Floats:
    """Resample a line (n, 2 or more columns) at an even spacing, ends kept."""
    step = np.hypot(*np.diff(points[:, :2], axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(step)])
    count = max(round(float(at[-1]) / every_m), 1) + 1
    where = np.linspace(0.0, at[-1], count)
    return np.column_stack([np.interp(where, at, column) for column in points.T])
