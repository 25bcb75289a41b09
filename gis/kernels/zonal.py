"""Sum up a raster by zone, a block of rows at a time, by scanning each zone's outline.

A cell belongs to a zone when its centre lies strictly inside it. Only the rows a zone
meets are looked at, and memory grows with the block, not with the raster. A row of
centres that runs through a corner of a zone, or a centre too close to an outline for
float arithmetic, is settled by GEOS, so that the answer is that of ``contains_xy``; a
centre on an outline is always such a one, and is counted apart.
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
    """Where a raster lies: the corner of its first cell, and the sides of a cell.

    ``width`` runs with the columns eastwards and ``height`` with the rows southwards; a
    raster stored the other way round has a negative side.
    """

    west: float
    north: float
    width: float
    height: float


@dataclass
class ZonalSums:
    """Running sums by zone; take in one block of rows after another with ``add_block``.

    ``count`` are cells with a value, ``nodata`` those without, ``on_outline`` those whose
    centre lies on the outline and in no zone therefore (int64); ``total``, ``least`` and
    ``largest`` float64, infinite where a zone has no cell; ``area`` the sum of the areas
    of the cells with a value, as far as blocks came with areas.
    """

    zones: Geometries
    frame: Frame
    count: Ints = field(init=False)
    nodata: Ints = field(init=False)
    on_outline: Ints = field(init=False)
    area: Floats = field(init=False)
    total: Floats = field(init=False)
    least: Floats = field(init=False)
    largest: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the outlines once."""
        n = len(self.zones)
        self.count, self.nodata = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.on_outline = np.zeros(n, dtype=np.int64)
        self.total, self.area = np.zeros(n), np.zeros(n)
        self.least, self.largest = np.full(n, np.inf), np.full(n, -np.inf)
        if not self.frame.width or not self.frame.height:
            message = f"cell of {self.frame.width} x {self.frame.height}: sides other than 0 needed"
            raise ParameterError(message)
        parts, zone = shapely.get_parts(np.asarray(self.zones, dtype=object), return_index=True)
        keep = ~shapely.is_empty(parts)
        self._parts, self._zone = parts[keep], zone[keep].astype(np.int64)
        self._rest = np.zeros(n)
        self._bounds = np.ascontiguousarray(shapely.bounds(self._parts))
        self._outline = _outline(self._parts, self.frame)

    def add_block(
        self,
        values: NDArray[Any],
        *,
        top: int,
        left: int = 0,
        areas: Floats | None = None,
        seen: NDArray[np.bool_] | None = None,
    ) -> None:
        """Take in the rows ``top`` and on, columns ``left`` and on.

        values: float (rows, columns), NaN where there is no value; areas: of a cell in each
        row (rows,); seen: bool like values, set where a cell lies in any zone, so that
        zones that overlap can be summed up as one. Raises ParameterError.
        """
        if values.ndim != 2 or values.dtype.kind != "f":
            message = f"block {values.shape} of {values.dtype}: rows of floats are needed"
            raise ParameterError(message)
        if not self._parts.size:
            return
        row_area = np.zeros(len(values)) if areas is None else areas
        marks = np.zeros((0, 0), dtype=np.bool_) if seen is None else seen
        doubt = _scan(  # type: ignore[call-arg]
            values, float(top), float(left), row_area, marks, *self._outline, self._zone,
            self.count, self.nodata, self.area, self.total, self._rest, self.least, self.largest,
        )  # fmt: skip
        for part, row in doubt:
            self._settle(
                int(part),
                values[int(row)],
                at=(top + int(row), left),
                area=row_area[int(row)],
                seen=None if seen is None else seen[int(row)],
            )

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

    def _settle(
        self,
        part: int,
        values: NDArray[Any],
        *,
        at: tuple[int, int],
        area: float,
        seen: NDArray[np.bool_] | None,
    ) -> None:
        """Ask GEOS for the cells of one row; ``at``: the raster's row, and its first column."""
        f = self.frame
        ends = sorted((self._bounds[part, i] - f.west) / f.width - at[1] for i in (0, 2))
        first = min(max(int(ends[0]) - 1, 0), values.size)
        last = max(min(int(ends[1]) + 2, values.size), first)
        x = f.west + (at[1] + np.arange(first, last) + 0.5) * f.width
        y = np.full(x.size, f.north - (at[0] + 0.5) * f.height)
        shapely.prepare(self._parts[part])
        inside = shapely.contains_xy(self._parts[part], x, y)
        zone = self._zone[part]
        touched = shapely.intersects_xy(self._parts[part], x, y) & ~inside
        self.on_outline[zone] += int(touched.sum())
        if seen is not None:
            seen[first:last] |= inside
        found = values[first:last][inside]
        known = found[np.isfinite(found)].astype(np.float64)
        self.nodata[zone] += found.size - known.size
        if known.size:
            self.count[zone] += known.size
            self.area[zone] += known.size * area
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
    values, top, left, areas, seen, u, v, rings, polygons, zone,
    count, nodata, area, total, rest, least, largest
):  # fmt: skip
    rows, columns = values.shape
    doubt = np.empty((16, 2), np.int64)
    n_doubt = 0
    for p in range(zone.size):
        a, b = rings[polygons[p]], rings[polygons[p + 1]]
        # An outline that all but meets a row of centres is looked at, and settled by GEOS.
        r0 = max(int(np.ceil(v[a:b].min() - top - _CLOSE)), 0)
        r1 = min(int(np.floor(v[a:b].max() - top + _CLOSE)), rows - 1)
        if r1 < r0:
            continue
        start, x, unsure = _crossings(u, v, rings, polygons[p], polygons[p + 1], top, r0, r1)
        for i in range(r1 - r0 + 1):
            r = r0 + i
            row = np.sort(x[start[i] : start[i + 1]]) - left
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
                c1 = min(int(np.floor(row[k + 1])), columns - 1) + 1
                known = _sum_row(
                    values[r], c0, c1, zone[p], count, nodata, total, rest, least, largest
                )
                area[zone[p]] += known * areas[r]
                if seen.size and c1 > c0:
                    seen[r, c0:c1] = True
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
                near = int(np.rint(v1))
                if not fill and abs(v1 - near) < _CLOSE and r0 <= near <= r1:
                    unsure[near - r0] = True
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
        return 0
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
    return found
