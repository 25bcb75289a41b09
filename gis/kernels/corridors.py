"""Spread cost distance from habitat patches over a raster, and link the patches that meet.

The cost of a step is its length times the mean resistance of the two cells (cost
distance as in Adriaensen et al. 2003, Landscape and Urban Planning 64, 233-247);
the raster search is scikit-image's. Two patches are linked where the areas nearest
to each of them in cost meet, which gives the minimum planar graph of Fall, Fortin,
Manseau and O'Brien (2007), Ecosystems 10, 448-461.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NO_PATCH = -1
_HALF = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Spread:
    """Cost to the nearest patch, that patch, and the next cell on the way to it; by cell.

    ``cost`` (rows, columns) is infinite where no patch can be reached, ``patch`` then
    NO_PATCH; ``parent`` holds flat indices, a cell's own where the way ends.
    """

    cost: Floats
    patch: Ints
    parent: Ints


@dataclass(frozen=True)
class Links:
    """The cheapest meeting of each two patches: their labels (first lower), cost, and cells.

    ``cell_a`` and ``cell_b`` are flat indices of the two cells where the ways meet.
    """

    a: Ints
    b: Ints
    cost: Floats
    cell_a: Ints
    cell_b: Ints


def label_patches(habitat: NDArray[np.bool_], *, min_cells: int) -> Ints:
    """Give each connected piece of habitat a number, NO_PATCH elsewhere.

    Cells are joined by their sides. Patches of fewer than ``min_cells`` cells are none.
    Numbers run from 0 in the order of their first cell.
    """
    labels, count = ndimage.label(habitat)
    size = np.bincount(labels.ravel(), minlength=count + 1)
    keep = size >= min_cells
    keep[0] = False
    number = np.where(keep, np.cumsum(keep) - 1, NO_PATCH)
    numbered: Ints = number[labels].astype(np.int64)
    return numbered


def spread(resistance: Floats, patches: Ints, *, cell_m: float) -> Spread:
    """Find the cheapest way from every cell to a patch.

    resistance: (rows, columns), above 0, or infinite where nothing passes; patches:
    labels of the same shape, NO_PATCH = none. Cells of a patch cost nothing. Raises
    ParameterError.
    """
    _check(resistance, patches, cell_m)
    shape = resistance.shape
    own = np.arange(resistance.size).reshape(shape)
    inside = patches != NO_PATCH
    if not inside.any():
        return Spread(np.full(shape, np.inf), np.full(shape, NO_PATCH), own)
    from skimage.graph import MCP_Geometric

    edge = inside & ~ndimage.binary_erosion(inside, np.ones((3, 3)), border_value=1)
    # The inner cells of a patch cannot be on a way between two: left out, for speed.
    closed = ~np.isfinite(resistance) | (inside & ~edge)
    search = MCP_Geometric(np.where(closed, -1.0, resistance), sampling=(cell_m, cell_m))
    cost, trace = search.find_costs(np.argwhere(edge))
    step = np.array([dy * shape[1] + dx for dy, dx in np.asarray(search.offsets).tolist()])
    parent = own.copy()
    moved = np.asarray(trace) >= 0
    parent[moved] -= step[np.asarray(trace)[moved]]
    end = _ends(parent.ravel())
    patch = np.where(inside, patches, patches.ravel()[end].reshape(shape))
    cost = np.where(inside, 0.0, cost)
    return Spread(cost, np.where(np.isfinite(cost), patch, NO_PATCH), parent)


def meetings(spread_: Spread, resistance: Floats, *, cell_m: float, max_cost: float) -> Links:
    """Return the cheapest meeting of each two neighbouring patches, up to a cost.

    The links are sorted by patch. Ties are settled by the order of the cells.
    """
    columns = spread_.patch.shape[1]
    found: list[NDArray[np.float64]] = []
    for dy, dx in _HALF:
        one, other = _shifted(spread_.patch.shape, dy, dx)
        a, b = spread_.patch[one], spread_.patch[other]
        length = cell_m * np.hypot(dy, dx)
        with np.errstate(invalid="ignore"):
            step = length * (resistance[one] + resistance[other]) / 2
            cost = spread_.cost[one] + spread_.cost[other] + step
        meet = (a != b) & (a != NO_PATCH) & (b != NO_PATCH) & (cost <= max_cost)
        rows, cols = np.nonzero(meet)
        first = (rows + one[0].start) * columns + cols + one[1].start
        second = (rows + other[0].start) * columns + cols + other[1].start
        found.append(np.column_stack([a[meet], b[meet], cost[meet], first, second]))
    table = np.vstack(found)
    turned = table[:, 0] > table[:, 1]
    table[turned] = table[turned][:, [1, 0, 2, 4, 3]]
    table = table[np.lexsort((table[:, 3], table[:, 2], table[:, 1], table[:, 0]))]
    first_of = np.ones(len(table), dtype=bool)
    first_of[1:] = (table[1:, :2] != table[:-1, :2]).any(axis=1)
    kept = table[first_of]
    a, b, cell_a, cell_b = kept[:, [0, 1, 3, 4]].astype(np.int64).T
    return Links(a, b, kept[:, 2], cell_a, cell_b)


def trace(spread_: Spread, cell: int) -> list[int]:
    """Return the way from a cell to its patch, as flat indices, the patch's cell last."""
    parent = spread_.parent.ravel()
    way = [cell]
    while parent[way[-1]] != way[-1]:
        way.append(int(parent[way[-1]]))
    return way


def within_patch(patches: Ints, start: int, end: int) -> list[int]:
    """Return the shortest way between two cells of one patch, as flat indices, inside it.

    Raises ParameterError for cells of two patches, or of none.
    """
    label = patches.ravel()[start]
    if label == NO_PATCH or patches.ravel()[end] != label:
        message = f"cells of patches {label} and {patches.ravel()[end]}: one patch is needed"
        raise ParameterError(message)
    from skimage.graph import MCP_Geometric

    box = ndimage.find_objects((patches == label).astype(np.int8))[0]
    corner = np.array([box[0].start, box[1].start])
    first, last = (np.array(np.unravel_index(c, patches.shape)) - corner for c in (start, end))
    search = MCP_Geometric(np.where(patches[box] == label, 1.0, -1.0))
    search.find_costs([tuple(first)], [tuple(last)])
    way = np.array(search.traceback(tuple(last))) + corner
    return [int(c) for c in np.ravel_multi_index(tuple(way.T), patches.shape)]


def narrowest(green: NDArray[np.bool_], cells: Ints, *, cell_m: float, max_m: float) -> Floats:
    """Return how wide the green is at some cells: the shortest chord through each, in metres.

    green: (rows, columns); cells: flat indices (n,). Chords run along the rows, the
    columns and both diagonals and end where the green ends or after ``max_m`` to one
    side; beyond the raster the green is taken to go on. 0 where the cell itself is not
    green. In a strip the shortest chord is its width wherever in the strip the cell lies.
    """
    rows, columns = np.unravel_index(cells, green.shape)
    best = np.full(len(cells), np.inf)
    for dy, dx in _HALF:
        length = cell_m * float(np.hypot(dy, dx))
        reach = int(max_m // length)
        count = np.ones(len(cells))
        for sign in (1, -1):
            going = np.ones(len(cells), dtype=bool)
            for k in range(1, reach + 1):
                y, x = rows + sign * k * dy, columns + sign * k * dx
                inside = (y >= 0) & (x >= 0) & (y < green.shape[0]) & (x < green.shape[1])
                ask = going & inside
                going[ask] = green[y[ask], x[ask]]
                if not going.any():
                    break
                count += going
        best = np.minimum(best, count * length)
    return np.where(green.ravel()[cells], best, 0.0)


def _ends(parent: Ints) -> Ints:
    """Follow every cell to where its way ends, by doubling the jumps."""
    while True:
        further = parent[parent]
        if np.array_equal(further, parent):
            return parent
        parent = further


def _shifted(
    shape: tuple[int, ...], dy: int, dx: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of all pairs of cells that lie (dy, dx) apart."""
    rows, columns = shape
    left, right = max(0, -dx), max(0, dx)
    one = (slice(0, rows - dy), slice(left, columns - right))
    other = (slice(dy, rows), slice(left + dx, columns - right + dx))
    return one, other


def _check(resistance: Floats, patches: Ints, cell_m: float) -> None:
    if resistance.ndim != 2 or resistance.shape != patches.shape:
        message = (
            f"resistance of shape {resistance.shape}, patches of {patches.shape}: two rasters "
            "of one shape are needed"
        )
        raise ParameterError(message)
    if not (resistance > 0).all():
        message = f"resistance from {resistance.min()}: above zero is allowed, infinite = closed"
        raise ParameterError(message)
    if not cell_m > 0:
        message = f"cell_m = {cell_m}: more than zero is needed"
        raise ParameterError(message)
