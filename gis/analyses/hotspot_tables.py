"""Lay out the tables of the species analysis: top cells, planned areas, units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import UNITS, table, units_inside
from gis.kernels.richness import record_counts, richness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.records import Records
    from gis.analyses.richness_grid import GridCells
    from gis.analyses.study import Study
    from gis.result import Table

_TOP = 20


def cell_names(squares: NDArray[Any]) -> list[str]:
    """Name each cell by its lower-left corner, easting then northing in metres."""
    return [f"{int(west)} {int(south)}" for west, south, _, _ in shapely.bounds(squares)]


def _told(records: Records, counts: NDArray[Any]) -> NDArray[np.float64]:
    """Return counts of red-listed species; NaN, not zero, where no record has a category."""
    known = counts.astype(np.float64)
    return known if records.evaluated else np.full(len(known), np.nan)


def top_cells(cells: GridCells, records: Records) -> Table:
    """List the cells with the most expected species among those with enough records."""
    frame = pd.DataFrame(
        {
            "cell": cell_names(cells.squares),
            "records": cells.records,
            "species": cells.species,
            "expected_species": cells.expected,
            "expected_red_listed": cells.expected_red,
            "expected_score": cells.expected_score,
            "threatened": _told(records, cells.threatened),
            "red_listed": _told(records, cells.red_listed),
            "hot_spot": cells.hot,
        }
    )
    frame = frame[frame["expected_species"].notna()]
    frame = frame.sort_values(
        ["expected_red_listed", "expected_species", "cell"], ascending=[False, False, True]
    ).head(_TOP)
    columns = (
        ("cell", "text", 0),
        ("records", "count", 0),
        ("species", "count", 0),
        ("expected_species", "number", 1),
        ("expected_red_listed", "number", 1),
        ("expected_score", "number", 1),
        ("threatened", "count", 0),
        ("red_listed", "count", 0),
        ("hot_spot", "yes_no", 0),
    )
    return table("cells_top", frame, columns, key="cell")


def planned_table(study: Study, cells: GridCells, records: Records, *, min_records: int) -> Table:
    """List the planned areas: their share that is hot spot, and what is on record inside them.

    An area with fewer than ``min_records`` records shows no richness.
    """
    areas = study.frame("planned_areas")
    near = np.sort(areas.sindex.query(study.polygon, predicate="intersects"))
    areas = areas.iloc[near].reset_index(drop=True)
    shapes = areas.geometry.to_numpy()
    tree = shapely.STRtree(cells.squares)
    area, cell = tree.query(shapes, predicate="intersects")
    inner = shapely.relate_pattern(shapes[area], cells.squares[cell], "T********")
    area, cell = area[inner], cell[inner]
    size = shapely.area(shapes)
    hot = np.zeros(len(areas))
    meet = shapely.area(shapely.intersection(shapes[area], cells.squares[cell]))
    np.add.at(hot, area, np.where(cells.hot[cell], meet, 0.0))
    within = _Inside(shapes, records, least=min_records)
    frame = pd.DataFrame(
        {
            "name": areas["name"].astype(str),
            "area_ha": size / 1e4,
            "hot_spot_share": np.clip(np.divide(hot, size), 0.0, 1.0),
            "records": within.records,
            "species": within.distinct(np.ones(len(records.x), dtype=bool)),
            "threatened": _told(records, within.distinct(records.threatened)),
            "red_listed": _told(records, within.distinct(records.red_listed)),
        }
    ).sort_values(["hot_spot_share", "records"], ascending=False, kind="stable")
    columns = (
        ("name", "text", 0),
        ("area_ha", "number", 1),
        ("hot_spot_share", "share", 0),
        ("records", "count", 0),
        ("species", "count", 0),
        ("threatened", "count", 0),
        ("red_listed", "count", 0),
    )
    return table("planned", frame, columns, key="name")


class _Inside:
    """The records strictly inside each of some areas that may overlap."""

    def __init__(self, shapes: NDArray[Any], records: Records, *, least: int) -> None:
        points = shapely.points(records.x, records.y)
        self._area, self._record = shapely.STRtree(points).query(shapes, predicate="contains")
        self._species = records.species
        self._n = len(shapes)
        self.records = record_counts(self._area, n_cells=self._n)
        self._enough = self.records >= least

    def distinct(self, which: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Count the distinct species among some of the records; NaN where too few are known."""
        take = which[self._record]
        counts = richness(self._area[take], self._species[self._record[take]], n_cells=self._n)
        return np.where(self._enough, counts, np.nan)


def unit_richness(
    study: Study, unit: NDArray[np.int64], records: Records, *, min_records: int
) -> Table:
    """Count species by basic statistical unit; a unit with too few records shows no richness."""
    units = study.frame(UNITS)
    n = len(units)
    seen = record_counts(unit, n_cells=n)
    enough = seen >= min_records

    def distinct(which: NDArray[np.bool_]) -> NDArray[np.float64]:
        counts = richness(unit[which], records.species[which], n_cells=n)
        return np.where(enough, counts, np.nan)

    every = np.ones(len(unit), dtype=bool)
    frame = pd.DataFrame(
        {
            "number": units["number"].astype(str),
            "name": units["name"].astype(str),
            "records": seen,
            "species": distinct(every),
            "threatened": _told(records, distinct(records.threatened)),
            "red_listed": _told(records, distinct(records.red_listed)),
        }
    )[units_inside(study)]
    columns = (
        ("number", "text", 0),
        ("name", "text", 0),
        ("records", "count", 0),
        ("species", "count", 0),
        ("threatened", "count", 0),
        ("red_listed", "count", 0),
    )
    return table("units", frame, columns, key="number")
