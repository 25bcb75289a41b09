"""Count species on a grid over the municipality, and test where they cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.kernels.cells import grid_index
from gis.kernels.hotspot import getis_ord
from gis.kernels.richness import (
    half_ignorance,
    rarefied,
    record_counts,
    richness,
    species_counts,
)

Measure = Literal["red-listed", "weighted", "all"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.records import Records
    from gis.analyses.study import Study


@dataclass(frozen=True)
class GridCells:
    """What is known of each grid cell that holds land; arrays by cell.

    ``score`` sums the red-list weights of the species found, ``expected_score`` the same
    after rarefaction; ``seen`` counts every record that is sure enough, alien species
    too, and ``ignorance`` follows from it.
    """

    squares: NDArray[Any]
    records: NDArray[np.int64]
    species: NDArray[np.int64]
    threatened: NDArray[np.int64]
    red_listed: NDArray[np.int64]
    deficient: NDArray[np.int64]
    expected: NDArray[np.float64]
    expected_red: NDArray[np.float64]
    score: NDArray[np.float64]
    expected_score: NDArray[np.float64]
    seen: NDArray[np.int64]
    ignorance: NDArray[np.float64]
    z: NDArray[np.float64]
    hot: NDArray[np.bool_]

    @property
    def enough(self) -> NDArray[np.bool_]:
        """Whether the cell holds enough records to say anything."""
        return ~np.isnan(self.expected)


@dataclass(frozen=True)
class _Lattice:
    """A grid aligned to whole multiples of its size, row 0 southernmost."""

    west: float
    south: float
    size_m: int
    columns: int
    rows: int

    def index(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the cell of each point, -1 outside."""
        return grid_index(
            x,
            y,
            west=self.west,
            south=self.south,
            size_m=self.size_m,
            columns=self.columns,
            rows=self.rows,
        )

    @property
    def squares(self) -> NDArray[Any]:
        """The cells as squares, row by row."""
        x = self.west + self.size_m * np.tile(np.arange(self.columns), self.rows)
        y = self.south + self.size_m * np.repeat(np.arange(self.rows), self.columns)
        made: NDArray[Any] = shapely.box(x, y, x + self.size_m, y + self.size_m)
        return made


def _lattice(study: Study, size_m: int) -> _Lattice:
    west, south, east, north = study.polygon.bounds
    west, south = np.floor(west / size_m) * size_m, np.floor(south / size_m) * size_m
    columns, rows = int(np.ceil((east - west) / size_m)), int(np.ceil((north - south) / size_m))
    return _Lattice(float(west), float(south), size_m, columns, rows)


def count_cells(
    study: Study,
    records: Records,
    *,
    cell_m: int,
    min_records: int,
    max_fdr: float,
    measure: Measure,
    half_at: float,
) -> GridCells:
    """Count species on the grid and test for hot spots.

    The grid is aligned to whole multiples of ``cell_m`` in the working CRS. Richness
    is rarefied to ``min_records`` (Hurlbert 1971): all species, or the red-listed ones
    expected among as many records of any species. Gi* is taken over the 3 x 3 cells
    around each cell with enough records (Getis and Ord 1992), and a hot spot is a
    positive z with a false discovery rate of at most ``max_fdr`` (Benjamini and
    Hochberg 1995). Ignorance is one half at ``half_at`` records (Ruete 2015). Where no
    record has a red-list category, what is red-listed is unknown, not zero.
    """
    lattice = _lattice(study, cell_m)
    n = lattice.columns * lattice.rows
    cell, looked = (
        lattice.index(x, y) for x, y in ((records.x, records.y), (records.seen_x, records.seen_y))
    )
    squares = lattice.squares
    shapely.prepare(study.land)
    on_land = shapely.intersects(study.land, squares)
    pairs, kinds, counts = species_counts(cell, records.species, n_cells=n)
    expected = rarefied(pairs, counts, n=min_records, n_cells=n)
    listed = records.listed_species[kinds]
    red = rarefied(pairs, counts, n=min_records, n_cells=n, weights=listed)
    weight = records.weight[kinds]
    score = rarefied(pairs, counts, n=min_records, n_cells=n, weights=weight)
    expected = np.where(on_land, expected, np.nan)
    told = on_land & (records.evaluated > 0)
    red, score = np.where(told, red, np.nan), np.where(told, score, np.nan)
    tested = {"red-listed": red, "weighted": score, "all": expected}[measure]
    z, hot = _hot_spots(tested.reshape(lattice.rows, lattice.columns), max_fdr=max_fdr)

    def distinct(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        counts: NDArray[np.int64] = richness(cell[which], records.species[which], n_cells=n)
        here: NDArray[np.int64] = counts[on_land]
        return here

    seen = record_counts(looked, n_cells=n)[on_land]
    return GridCells(
        squares=squares[on_land],
        records=record_counts(cell, n_cells=n)[on_land],
        species=richness(cell, records.species, n_cells=n)[on_land],
        threatened=distinct(records.threatened),
        red_listed=distinct(records.red_listed),
        deficient=distinct(records.deficient),
        expected=expected[on_land],
        expected_red=red[on_land],
        score=np.bincount(pairs, weights=weight, minlength=n)[on_land],
        expected_score=score[on_land],
        seen=seen,
        ignorance=half_ignorance(seen, half_at=half_at),
        z=z.ravel()[on_land],
        hot=hot.ravel()[on_land],
    )


def _hot_spots(
    expected: NDArray[np.float64], *, max_fdr: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Test each cell with enough records; too few cells to test give no hot spots."""
    mask = ~np.isnan(expected)
    if mask.sum() < 9:  # fewer cells than one 3 x 3 box: nothing to compare with
        return np.full(expected.shape, np.nan), np.zeros(expected.shape, dtype=bool)
    spots = getis_ord(np.where(mask, expected, 0.0), mask=mask)
    hot = (spots.z > 0) & (np.nan_to_num(spots.p_adjusted, nan=1.0) <= max_fdr)
    return spots.z, hot
