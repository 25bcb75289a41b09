"""Work out what share of each grid cell lies in each class of zone, overlaps resolved.

Exact area, no sampling: every outline is cut along the grid lines, and each cell is
swept upwards over the pieces that lie in it, so that where zones overlap the worst
class alone counts. Cells that meet one zone only need no sweep (Green's theorem). The
result is what an overlay of dissolved bands with the cells gives, without the overlay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numba import njit

from gis.errors import InvariantError, ParameterError
from gis.kernels._pieces import cut_outlines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Geometries = NDArray[Any]

_TOLERANCE = 1e-6


def cell_shares(
    west: ArrayLike,
    south: ArrayLike,
    zones: Geometries,
    ranks: ArrayLike,
    *,
    size_m: float,
    n_classes: int,
) -> Floats:
    """Return the share (0-1) of each cell's area that lies in each class: (n, n_classes).

    west, south: lower-left corners (n,), whole multiples of ``size_m`` in the CRS of
    ``zones``, a shapely array (m,) of valid polygons (empty ones are skipped), no cell
    twice. ranks: int (m,), 0 worst; a place in several zones has the lowest. Shares of
    a cell sum to at most 1, asserted. Raises ParameterError (cells off the grid or
    double, ranks), InvariantError.
    """
    column, row = _grid(west, south, size_m)
    rank = _ranks(ranks, zones, n_classes)
    shares = np.zeros((column.size, n_classes))
    parts, zone = shapely.get_parts(np.asarray(zones, dtype=object), return_index=True)
    keep = ~shapely.is_empty(parts)
    parts, zone = parts[keep], zone[keep].astype(np.int64)
    if not (column.size and parts.size):
        return shares
    corner = int(column.min()), int(row.min())
    lookup = _lookup(column - corner[0], row - corner[1])
    pieces = cut_outlines(parts, zone, size_m=size_m, corner=corner, lookup=lookup)
    start, zone_of, lines = pieces.by_cell(column.size)
    _sweep_cells(start, zone_of, lines, rank, shares)
    most = float(shares.sum(axis=1).max())
    if most > 1 + _TOLERANCE or float(shares.min()) < -_TOLERANCE:
        message = f"shares of a cell sum to {most}; valid zones give at most 1"
        raise InvariantError(message)
    return np.clip(shares, 0.0, 1.0)


def cell_shares_plain(
    squares: Geometries, zones: Geometries, ranks: ArrayLike, *, n_classes: int
) -> Floats:
    """Answer as ``cell_shares`` does for squares lying anyhow, by cut and union in shapely.

    The twin for tests, and the way where cells do not lie along the axes of the CRS.
    """
    rank = _ranks(ranks, zones, n_classes)
    areas = np.asarray(zones, dtype=object)
    shares = np.zeros((len(squares), n_classes))
    cell, zone = shapely.STRtree(areas).query(squares, predicate="intersects")
    order = np.argsort(cell, kind="stable")
    cell, zone = cell[order], zone[order]
    cut = shapely.intersection(squares[cell], areas[zone])
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    for mine in np.split(np.arange(cell.size), starts[1:]) if cell.size else ():
        i, before = cell[mine[0]], 0.0
        whole = float(shapely.area(squares[i]))
        for r in range(n_classes):
            held = cut[mine][rank[zone[mine]] <= r]
            area = float(shapely.area(shapely.union_all(held)))
            shares[i, r] = (area - before) / whole
            before = area
    return np.clip(shares, 0.0, 1.0)


def _grid(west: ArrayLike, south: ArrayLike, size_m: float) -> tuple[Ints, Ints]:
    """Count corners in whole sides from the origin of the CRS."""
    corners = np.asarray(west, dtype=np.float64), np.asarray(south, dtype=np.float64)
    steps = [np.rint(c / size_m) for c in corners]
    for name, corner, step in zip(("west", "south"), corners, steps, strict=True):
        off = corner != step * size_m
        if off.any():
            i = int(np.argmax(off))
            message = f"cell {i}: {name} = {corner[i]}; a whole multiple of {size_m} is needed"
            raise ParameterError(message)
    return steps[0].astype(np.int64), steps[1].astype(np.int64)


def _ranks(ranks: ArrayLike, zones: Geometries, n_classes: int) -> Ints:
    rank = np.asarray(ranks, dtype=np.int64)
    if rank.shape != (len(zones),) or (rank.size and not 0 <= rank.min() <= rank.max() < n_classes):
        message = f"{rank.size} ranks for {len(zones)} zones: one each of 0..{n_classes - 1} needed"
        raise ParameterError(message)
    return rank


def _lookup(column: Ints, row: Ints) -> NDArray[np.int32]:
    """Return the number of the cell at each row (south first) and column, -1 where none is."""
    lookup = np.full((int(row.max()) + 1, int(column.max()) + 1), -1, dtype=np.int32)
    lookup[row, column] = np.arange(column.size, dtype=np.int32)
    if int((lookup >= 0).sum()) != column.size:
        message = f"{column.size} cells hold doubles; each may be there once"
        raise ParameterError(message)
    return lookup


@njit(cache=True, nogil=True)
def _sweep_cells(start, zone, lines, rank, shares):  # type: ignore[no-untyped-def]
    n_classes = shares.shape[1]
    parity = np.zeros(rank.size, np.int8)
    held = np.zeros(n_classes, np.int64)
    for cell in range(shares.shape[0]):
        a, b = start[cell], start[cell + 1]
        if a == b:
            continue
        alone = True
        for k in range(a + 1, b):
            if zone[k] != zone[a]:
                alone = False
                break
        if alone:
            area = 0.0
            for k in range(a, b):
                area -= (lines[k, 3] - lines[k, 1]) * (1.0 - 0.5 * (lines[k, 0] + lines[k, 2]))
            shares[cell, rank[zone[a]]] += area
        else:
            _sweep(lines[a:b], zone[a:b], rank, shares[cell], parity, held)


@njit(cache=True, nogil=True)
def _sweep(lines, zone, rank, share, parity, held):  # type: ignore[no-untyped-def]
    """Add up the area of each rank between the heights where pieces start, end or cross."""
    n = zone.size
    low = np.minimum(lines[:, 1], lines[:, 3])
    high = np.maximum(lines[:, 1], lines[:, 3])
    by_low = np.argsort(low)
    levels = np.unique(np.concatenate((low, high)))
    active = np.empty(n, np.int64)
    at_a, at_b = np.empty(n), np.empty(n)
    n_active = came = 0
    for i in range(levels.size - 1):
        ya, yb = levels[i], levels[i + 1]
        kept = 0
        for j in range(n_active):
            if high[active[j]] > ya:
                active[kept] = active[j]
                kept += 1
        n_active = kept
        while came < n and low[by_low[came]] <= ya:
            active[n_active] = by_low[came]
            n_active += 1
            came += 1
        for j in range(n_active):
            k = active[j]
            slope = (lines[k, 2] - lines[k, 0]) / (lines[k, 3] - lines[k, 1])
            at_a[j] = lines[k, 0] + (ya - lines[k, 1]) * slope
            at_b[j] = lines[k, 0] + (yb - lines[k, 1]) * slope
        cuts = _crossings(at_a, at_b, n_active)
        for c in range(cuts.size - 1):
            middle = 0.5 * (cuts[c] + cuts[c + 1])
            x = at_a[:n_active] + middle * (at_b[:n_active] - at_a[:n_active])
            height = (cuts[c + 1] - cuts[c]) * (yb - ya)
            _walk(x, active, zone, rank, height, share, parity, held)


@njit(cache=True, nogil=True)
def _crossings(at_a, at_b, n):  # type: ignore[no-untyped-def]
    """Return where pieces cross between two heights, as 0 .. 1, both ends included."""
    cuts = np.empty(8)
    cuts[0], cuts[1] = 0.0, 1.0
    found = 2
    for i in range(n):
        for j in range(i):
            da, db = at_a[i] - at_a[j], at_b[i] - at_b[j]
            if (da < 0 and db > 0) or (da > 0 and db < 0):
                if found == cuts.size:
                    cuts = np.concatenate((cuts, np.empty_like(cuts)))
                cuts[found] = da / (da - db)
                found += 1
    return np.sort(cuts[:found])


@njit(cache=True, nogil=True)
def _walk(x, active, zone, rank, height, share, parity, held):  # type: ignore[no-untyped-def]
    """Go from west to east at one height and give each stretch to the worst rank that is open."""
    order = np.argsort(x)
    for j in range(order.size):
        z = zone[active[order[j]]]
        parity[z] ^= 1
        held[rank[z]] += 1 if parity[z] else -1
        end = x[order[j + 1]] if j + 1 < order.size else 1.0
        width = end - x[order[j]]
        if width > 0:
            for r in range(held.size):
                if held[r] > 0:
                    share[r] += width * height
                    break
    for j in range(order.size):
        z = zone[active[order[j]]]
        if parity[z]:
            parity[z] = 0
            held[rank[z]] -= 1
