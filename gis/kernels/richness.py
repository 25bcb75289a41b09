"""Count species per cell, and correct the count for uneven effort.

Plain richness grows with the number of records, so cells are compared by the
number of species expected in the same number of records (rarefaction):
Hurlbert, S. H. (1971), The nonconcept of species diversity: a critique and
alternative parameters, Ecology 52(4), 577-586. Where few have looked, absence means
little: Ruete, A. (2015), Displaying bias in sampling effort of data accessed from
biodiversity databases using ignorance maps, Biodiversity Data Journal 3: e5361.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.special import gammaln

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def record_counts(cell_index: ArrayLike, *, n_cells: int) -> Ints:
    """Count the records of each cell.

    cell_index: int (n,), 0..n_cells-1, or -1 for a record outside the grid, which
    is left out. Gives int64 (n_cells,). Raises ParameterError.
    """
    cells = _indices(cell_index, "cell_index", n_cells)
    return np.bincount(cells[cells >= 0], minlength=n_cells).astype(np.int64)


def richness(cell_index: ArrayLike, species_index: ArrayLike, *, n_cells: int) -> Ints:
    """Count the distinct species of each cell.

    cell_index: int (n,), 0..n_cells-1, -1 = outside the grid; species_index: int
    (n,), 0 or more, -1 = not known to species; records with -1 are left out.
    Gives int64 (n_cells,). Raises ParameterError.
    """
    cells, species = _records(cell_index, species_index, n_cells)
    if not cells.size:
        return np.zeros(n_cells, dtype=np.int64)
    counts: Ints = _distinct(cells, species, n_cells, int(species.max()) + 1)
    return counts


def richness_plain(cell_index: ArrayLike, species_index: ArrayLike, *, n_cells: int) -> Ints:
    """Answer as ``richness`` does, by sorting pairs: the slow twin for tests."""
    cells, species = _records(cell_index, species_index, n_cells)
    pairs = np.unique(np.column_stack([cells, species]), axis=0)
    return np.bincount(pairs[:, 0], minlength=n_cells).astype(np.int64)


def species_counts(
    cell_index: ArrayLike, species_index: ArrayLike, *, n_cells: int
) -> tuple[Ints, Ints, Ints]:
    """Count the records of each species in each cell where it is found.

    Arguments as for ``richness``. Gives (cell, species, count), int64, one row for
    each pair found, by cell and then species. Raises ParameterError.
    """
    cells, species = _records(cell_index, species_index, n_cells)
    width = int(species.max()) + 1 if species.size else 1
    pairs, counts = np.unique(cells * width + species, return_counts=True)
    return pairs // width, pairs % width, counts.astype(np.int64)


def rarefied(
    cells: ArrayLike,
    counts: ArrayLike,
    *,
    n: int,
    n_cells: int,
    weights: NDArray[np.bool_] | Floats | None = None,
) -> Floats:
    """Return the number of species expected among ``n`` records drawn from each cell.

    cells, counts: int (k,), one row for each species in a cell with its number of
    records (as ``species_counts`` gives). With N records in the cell, N_i of
    species i, Hurlbert (1971): ``ES_n = sum_i [1 - C(N - N_i, n) / C(N, n)]``.
    ``weights`` (bool or float (k,), 0 or more) sums over some species only, or over
    species by weight, red-listed ones say, still drawn from all records of the cell.
    Gives float64 (n_cells,), NaN (insufficient data) where N < n. Raises ParameterError.
    """
    if n < 1:
        message = f"n = {n}: one record or more must be drawn"
        raise ParameterError(message)
    where, count = _records(cells, counts, n_cells)
    total = np.bincount(where, weights=count, minlength=n_cells)
    own = total[where]
    rest = own - count
    enough = (own >= n) & (rest >= n)  # fewer others than draws: the species is always drawn
    missed = np.zeros(where.size)
    own, rest = own[enough], rest[enough]
    missed[enough] = np.exp(
        gammaln(rest + 1) - gammaln(rest - n + 1) - gammaln(own + 1) + gammaln(own - n + 1)
    )
    seen = (1.0 - missed) * (count > 0)
    if weights is not None:
        seen = seen * _weights(weights, cells, counts)
    expected = np.bincount(where, weights=seen, minlength=n_cells)
    return np.where(total >= n, expected, np.nan)


def half_ignorance(records: ArrayLike, *, half_at: float) -> Floats:
    """Return how little is known of each cell, from 1 (nobody has looked) towards 0.

    records: int (n,), the number of records of each cell, of all species that those
    who look would have noted; ``half_at``: the number at which ignorance is one half.
    ``I = O_0.5 / (N + O_0.5)``, Ruete (2015). Gives float64 (n,). Raises ParameterError.
    """
    if not half_at > 0:
        message = f"half_at = {half_at}: more than zero records are needed"
        raise ParameterError(message)
    count = np.asarray(records, dtype=np.float64)
    if not (count >= 0).all():
        message = f"records run from {count.min()}: zero or more is allowed"
        raise ParameterError(message)
    ignorance: Floats = half_at / (count + half_at)
    return ignorance


def _weights(weights: NDArray[np.bool_] | Floats, cells: ArrayLike, counts: ArrayLike) -> Floats:
    """Return the weights of the rows that ``_records`` keeps."""
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != np.shape(cells) or not (given >= 0).all():
        message = f"weights of shape {given.shape}: one a row is needed, zero or more"
        raise ParameterError(message)
    kept: Floats = given[(np.asarray(cells) >= 0) & (np.asarray(counts) >= 0)]
    return kept


def _indices(values: ArrayLike, name: str, limit: int | None = None) -> Ints:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        message = f"{name} of type {array.dtype}, shape {array.shape}: a row of integers is needed"
        raise ParameterError(message)
    low, high = int(array.min()), int(array.max())
    if low < -1 or (limit is not None and high >= limit):
        top = "" if limit is None else f" to {limit - 1}"
        message = f"{name} runs from {low} to {high}: -1 (left out) or 0{top} is allowed"
        raise ParameterError(message)
    return np.ascontiguousarray(array, dtype=np.int64)


def _records(cell_index: ArrayLike, other: ArrayLike, n_cells: int) -> tuple[Ints, Ints]:
    cells, values = _indices(cell_index, "cell_index", n_cells), _indices(other, "species_index")
    if cells.size != values.size:
        message = f"{cells.size} cells and {values.size} species: one of each a record is needed"
        raise ParameterError(message)
    known = (cells >= 0) & (values >= 0)
    return (cells, values) if known.all() else (cells[known], values[known])


@njit(cache=True, nogil=True)
def _distinct(cells, species, n_cells, n_species):  # type: ignore[no-untyped-def]
    """Sort species by cell (counting sort), then stamp each species with its last cell."""
    start = np.zeros(n_cells + 1, np.int64)
    for c in cells:
        start[c + 1] += 1
    for c in range(n_cells):
        start[c + 1] += start[c]
    fill = start[:-1].copy()
    by_cell = np.empty(cells.size, np.int64)
    for i in range(cells.size):
        by_cell[fill[cells[i]]] = species[i]
        fill[cells[i]] += 1
    stamp = np.full(n_species, -1, np.int64)
    found = np.zeros(n_cells, np.int64)
    for c in range(n_cells):
        for k in range(start[c], start[c + 1]):
            if stamp[by_cell[k]] != c:
                stamp[by_cell[k]] = c
                found[c] += 1
    return found
