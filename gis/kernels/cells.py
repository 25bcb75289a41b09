"""Turn SSB grid ids into squares and points into cells.

SSB names a cell by its lower-left corner in EPSG:25833: fourteen digits,
``(E + 2 000 000) * 10**7 + N``. The id does not hold the cell's size. Delivered
geometry is centimetres off the grid, so squares are always rebuilt from the id.
Source: SSB, Statistical grid for Norway; checked on the national 250 m and 1 km files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

from gis.errors import FieldError, GeometryError, ParameterError
from gis.kernels.coordinates import coordinates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SHIFT = 10_000_000
_FALSE_EASTING = 2_000_000
_FIRST, _LAST = 10**13, 10**14 - 1


def check_ids(ids: ArrayLike, *, size_m: int, source: str = "cell ids") -> Ints:
    """Return the ids as an int64 array, or refuse them.

    Ids must be integers of 64 bits (floats and 32-bit integers have lost digits,
    text must be converted by the loader), have fourteen digits, and name a corner
    that lies on the grid of ``size_m`` metres. Raises FieldError naming ``source``.
    """
    _check_size(size_m)
    array = np.asarray(ids)
    if array.dtype != np.int64:
        example = f", e.g. {array.flat[0]!r}" if array.size else ""
        message = f"{source}: ids of type {array.dtype}{example}; int64 of 14 digits is needed"
        raise FieldError(message)
    bad = (array < _FIRST) | (array > _LAST)
    off = (array // _SHIFT - _FALSE_EASTING) % size_m + (array % _SHIFT) % size_m != 0
    if bad.any():
        message = f"{source}: id {array[bad][0]}; 14 digits, (E+2000000)*10^7+N, are needed"
        raise FieldError(message)
    if off.any():
        e, n = int(array[off][0]) // _SHIFT - _FALSE_EASTING, int(array[off][0]) % _SHIFT
        message = (
            f"{source}: id {array[off][0]} has its corner at ({e}, {n}); "
            f"whole multiples of {size_m} m are needed"
        )
        raise FieldError(message)
    return array


def cell_corner(ids: ArrayLike) -> tuple[Ints, Ints]:
    """Return easting and northing (int64, metres, EPSG:25833) of each cell's lower-left corner.

    Raises FieldError where an id is not an int64 of fourteen digits.
    """
    array = check_ids(ids, size_m=1)
    return array // _SHIFT - _FALSE_EASTING, array % _SHIFT


def cell_id(e: ArrayLike, n: ArrayLike, *, size_m: int) -> Ints:
    """Return the SSB id of the cell of ``size_m`` metres that holds each point.

    e, n: EPSG:25833 metres, any shape alike. A cell holds its lower and left edge
    (floor division), so every point has exactly one cell. Raises GeometryError
    where a coordinate is not finite or an id of fourteen digits cannot hold it.
    """
    _check_size(size_m)
    east, north = np.asarray(e), np.asarray(n)
    fits = (east >= -1_000_000) & (east < 8_000_000) & (north >= 0) & (north < _SHIFT)
    if not np.all(fits):  # comparisons with NaN are false, so NaN lands here too
        i = int(np.argmin(np.broadcast_to(fits, np.broadcast_shapes(east.shape, north.shape))))
        where = (np.ravel(east)[min(i, east.size - 1)], np.ravel(north)[min(i, north.size - 1)])
        message = f"point {i} at ({where[0]}, {where[1]}): EPSG:25833 metres in Norway are needed"
        raise GeometryError(message)
    column = np.floor_divide(east, size_m).astype(np.int64)
    row = np.floor_divide(north, size_m).astype(np.int64)
    ids: Ints = (column * size_m + _FALSE_EASTING) * _SHIFT + row * size_m
    return ids


def cell_centre(ids: ArrayLike, *, size_m: int) -> tuple[Floats, Floats]:
    """Return easting and northing (float64, metres, EPSG:25833) of each cell's centre.

    Raises FieldError where an id is not on the grid of ``size_m`` metres.
    """
    e, n = cell_corner(check_ids(ids, size_m=size_m))
    half = np.float64(size_m / 2)
    return np.asarray(e + half, dtype=np.float64), np.asarray(n + half, dtype=np.float64)


def cell_square(ids: ArrayLike, *, size_m: int) -> NDArray[Any]:
    """Return each cell as a shapely square (EPSG:25833), rebuilt from its id.

    Raises FieldError where an id is not on the grid of ``size_m`` metres.
    """
    e, n = cell_corner(check_ids(ids, size_m=size_m))
    squares: NDArray[Any] = shapely.box(e, n, e + size_m, n + size_m)
    return squares


def parent_id(ids: ArrayLike, *, size_m: int, parent_m: int) -> Ints:
    """Return the id of the cell of ``parent_m`` metres that holds each cell of ``size_m``.

    Raises FieldError (ids), ParameterError where ``parent_m`` is no multiple of ``size_m``.
    """
    _check_size(size_m)
    _check_size(parent_m)
    if parent_m % size_m:
        message = f"parent_m = {parent_m}: a whole multiple of size_m = {size_m} is needed"
        raise ParameterError(message)
    e, n = cell_corner(check_ids(ids, size_m=size_m))
    return cell_id(e, n, size_m=parent_m)


def grid_index(
    x: ArrayLike,
    y: ArrayLike,
    *,
    west: float,
    south: float,
    size_m: float,
    columns: int,
    rows: int,
) -> Ints:
    """Return the cell ``row * columns + column`` of each point on a regular grid, -1 outside.

    Row 0 is the southernmost. A cell holds its lower and left edge; the grid does
    not hold its own upper and right edge. Raises ParameterError (size, counts),
    GeometryError (coordinates not finite).
    """
    if not (np.isfinite(size_m) and size_m > 0 and columns > 0 and rows > 0):
        message = f"grid of {columns} x {rows} cells of {size_m} m: all must be above 0"
        raise ParameterError(message)
    ax, ay = coordinates(x, y)
    index = np.empty(ax.shape, dtype=np.int64)
    _index(ax, ay, float(west), float(south), float(size_m), columns, rows, index)
    return index


def grid_index_plain(
    x: ArrayLike,
    y: ArrayLike,
    *,
    west: float,
    south: float,
    size_m: float,
    columns: int,
    rows: int,
) -> Ints:
    """Answer as ``grid_index`` does for finite points, by floor division: the twin for tests."""
    column = np.floor_divide(np.asarray(x, dtype=np.float64) - west, size_m)
    row = np.floor_divide(np.asarray(y, dtype=np.float64) - south, size_m)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    return np.where(inside, row * columns + column, -1).astype(np.int64)


@njit(cache=True, nogil=True)
def _index(x, y, west, south, size, columns, rows, out):  # type: ignore[no-untyped-def]
    """Fill the index of each point."""
    for i in range(x.size):
        dx, dy = x[i] - west, y[i] - south
        column, row = np.floor(dx / size), np.floor(dy / size)
        # A quotient just below a whole number may round up to it: the point lies before the line.
        if column * size > dx:
            column -= 1
        if row * size > dy:
            row -= 1
        if 0 <= column < columns and 0 <= row < rows:
            out[i] = int(row) * columns + int(column)
        else:
            out[i] = -1


def _check_size(size_m: int) -> None:
    if isinstance(size_m, bool) or not isinstance(size_m, int | np.integer) or size_m <= 0:
        message = f"cell size {size_m!r}: a whole number of metres above 0 is needed"
        raise ParameterError(message)
