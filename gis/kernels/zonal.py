"""Sum up a raster by zone, a block of rows at a time, by scanning each zone's outline.

A cell belongs to a zone when its centre lies strictly inside it. Only the rows a zone
meets are looked at, and memory grows with the block, not with the raster. A row of
centres that runs through a corner of a zone, or a centre too close to an outline for
float arithmetic, is settled by GEOS, so that the answer is that of ``contains_xy``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Geometries = NDArray[Any]

_CLOSE = 1e-7


@dataclass(frozen=True)
class Frame:
    """Where a raster lies: its north-west corner and the (positive) sides of a cell."""

    west: float
    north: float
    width: float
    height: float


@dataclass
class ZonalSums:
    """Running sums by zone; take in one block of rows after another with ``add_block``.

    ``count`` are cells with a value and ``nodata`` those without (int64), ``total``,
    ``least`` and ``largest`` float64, infinite where a zone has no cell.
    """

    zones: Geometries
    frame: Frame
    count: Ints = field(init=False)
    nodata: Ints = field(init=False)
    total: Floats = field(init=False)
    least: Floats = field(init=False)
    largest: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the outlines once."""
        n = len(self.zones)
        self.count, self.nodata = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.total = np.zeros(n)
        self.least, self.largest = np.full(n, np.inf), np.full(n, -np.inf)
        if self.frame.width <= 0 or self.frame.height <= 0:
            message = f"cell of {self.frame.width} x {self.frame.height}: sides above 0 needed"
            raise ParameterError(message)
        parts, zone = shapely.get_parts(np.asarray(self.zones, dtype=object), return_index=True)
        keep = ~shapely.is_empty(parts)
        self._parts, self._zone = parts[keep], zone[keep].astype(np.int64)
        self._rest = np.zeros(n)
        self._bounds = np.ascontiguousarray(shapely.bounds(self._parts))
        self._outline = _outline(self._parts, self.frame)

    def add_block(self, values: NDArray[Any], *, top: int) -> None:
        """Take in the rows ``top`` and on: float (rows, columns), NaN where there is no value."""
        if values.ndim != 2 or values.dtype.kind != "f":
            message = f"block {values.shape} of {values.dtype}: rows of floats are needed"
            raise ParameterError(message)
        if not self._parts.size:
            return
        doubt = _scan(  # type: ignore[call-arg]
            values, float(top), *self._outline, self._zone, self.count, self.nodata, self.total,
            self._rest, self.least, self.largest,
        )  # fmt: skip
        for part, row in doubt:
            self._settle(int(part), int(row), values[row], top)

    @property
    def mean(self) -> Floats:
        """The mean of the cells with a value, NaN where a zone has none."""
        known = self.count > 0
        unknown = np.full(len(known), np.nan)
        return np.asarray(np.divide(self.sums, self.count, out=unknown, where=known))

    @property
    def sums(self) -> Floats:
        """The sums, with what rounding lost on the way added back (Neumaier)."""
        return self.total + self._rest

    def _settle(self, part: int, row: int, values: NDArray[Any], top: int) -> None:
        """Ask GEOS for the cells of one row."""
        f = self.frame
        first = max(int((self._bounds[part, 0] - f.west) / f.width) - 1, 0)
        last = min(int((self._bounds[part, 2] - f.west) / f.width) + 2, values.size)
        x = f.west + (np.arange(first, last) + 0.5) * f.width
        y = f.north - (top + row + 0.5) * f.height
        shapely.prepare(self._parts[part])
        found = values[first:last][shapely.contains_xy(self._parts[part], x, np.full(x.size, y))]
        known = found[np.isfinite(found)].astype(np.float64)
        zone = self._zone[part]
        self.nodata[zone] += found.size - known.size
        if known.size:
            self.count[zone] += known.size
            self.total[zone] += float(known.sum())
            self.least[zone] = min(self.least[zone], float(known.min()))
            self.largest[zone] = max(self.largest[zone], float(known.max()))


def _outline(parts: Geometries, frame: Frame) -> tuple[Any, ...]:
    """Return the outlines in cells from the north-west corner, half a cell in: centres are whole.

    Gives u, v of the vertices, where rings start, which ring each part starts with.
    """
    _, coordinates, offsets = shapely.to_ragged_array(
        parts if parts.size else np.array([shapely.Polygon()], dtype=object), include_z=False
    )
    rings, polygons = offsets
    u = (coordinates[:, 0] - frame.west) / frame.width - 0.5
    v = (frame.north - coordinates[:, 1]) / frame.height - 0.5
    return u, v, rings.astype(np.int64), polygons.astype(np.int64)


@njit(cache=True, nogil=True)
def _scan(  # type: ignore[no-untyped-def]
    values, top, u, v, rings, polygons, zone, count, nodata, total, rest, least, largest
):
    rows, columns = values.shape
    doubt = np.empty((16, 2), np.int64)
    n_doubt = 0
    for p in range(zone.size):
        a, b = rings[polygons[p]], rings[polygons[p + 1]]
        r0 = max(int(np.ceil(v[a:b].min() - top)), 0)
        r1 = min(int(np.floor(v[a:b].max() - top)), rows - 1)
        if r1 < r0:
            continue
        start, x, unsure = _crossings(u, v, rings, polygons[p], polygons[p + 1], top, r0, r1)
        for i in range(r1 - r0 + 1):
            r = r0 + i
            row = np.sort(x[start[i] : start[i + 1]])
            for k in range(row.size):
                if abs(row[k] - np.rint(row[k])) < _CLOSE and -1 < row[k] < columns:
                    unsure[i] = True
            if unsure[i]:
                if n_doubt == doubt.shape[0]:
                    doubt = np.concatenate((doubt, np.empty_like(doubt)))
                doubt[n_doubt, 0], doubt[n_doubt, 1] = p, r
                n_doubt += 1
                continue
            for k in range(0, row.size - 1, 2):
                c0 = max(int(np.ceil(row[k])), 0)
                c1 = min(int(np.floor(row[k + 1])), columns - 1)
                _sum_row(values[r], c0, c1 + 1, zone[p], count, nodata, total, rest, least, largest)
    return doubt[:n_doubt]


@njit(cache=True, nogil=True)
def _crossings(u, v, rings, p0, p1, top, r0, r1):  # type: ignore[no-untyped-def]
    """List where an outline crosses the rows r0..r1 of centres, row by row."""
    n = r1 - r0 + 1
    start = np.zeros(n + 1, np.int64)
    unsure = np.zeros(n, np.bool_)
    x = np.empty(0)
    place = start.copy()
    for fill in range(2):
        for ring in range(p0, p1):
            for k in range(rings[ring], rings[ring + 1] - 1):
                v1, v2 = v[k] - top, v[k + 1] - top
                if not fill and v1 == np.rint(v1) and r0 <= v1 <= r1:
                    unsure[int(v1) - r0] = True
                low, high = min(v1, v2), max(v1, v2)
                for r in range(max(int(np.ceil(low)), r0), min(int(np.floor(high)), r1) + 1):
                    if not low <= r < high:
                        continue
                    if fill:
                        x[place[r - r0]] = u[k] + (r - v1) * (u[k + 1] - u[k]) / (v2 - v1)
                        place[r - r0] += 1
                    else:
                        start[r - r0 + 1] += 1
        if not fill:
            for i in range(n):
                start[i + 1] += start[i]
            place = start.copy()
            x = np.empty(start[n])
    return start, x, unsure


@njit(cache=True, nogil=True)
def _sum_row(  # type: ignore[no-untyped-def]
    row, c0, c1, z, count, nodata, total, rest, least, largest
):
    if c1 <= c0:
        return
    found = 0
    part = 0.0
    small, large = least[z], largest[z]
    for c in range(c0, c1):
        value = row[c]
        if np.isfinite(value):
            found += 1
            part += value
            small = min(small, value)
            large = max(large, value)
    count[z] += found
    nodata[z] += c1 - c0 - found
    least[z], largest[z] = small, large
    grown = total[z] + part
    rest[z] += (
        (total[z] - grown) + part if abs(total[z]) >= abs(part) else (part - grown) + total[z]
    )
    total[z] = grown
