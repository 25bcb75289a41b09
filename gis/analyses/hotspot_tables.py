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
    from gis.analyses.richness_grid import Cells
    from gis.analyses.study import Study
    from gis.result import Table

_TOP = 20


def cell_names(squares: NDArray[Any]) -> list[str]:
    """Name each cell by its lower-left corner, easting then northing in metres."""
    return [f"{int(west)} {int(south)}" for west, south, _, _ in shapely.bounds(squares)]


def top_cells(cells: Cells) -> Table:
    """List the cells with the most expected species among those with enough records."""
    frame = pd.DataFrame(
        {
            "cell": cell_names(cells.squares),
            "records": cells.records,
            "species": cells.species,
            "expected_species": cells.expected,
            "expected_red_listed": cells.expected_red,
            "threatened": cells.threatened,
            "red_listed": cells.red_listed,
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
        ("threatened", "count", 0),
        ("red_listed", "count", 0),
        ("hot_spot", "yes_no", 0),
    )
    return table("cells_top", frame, columns, key="cell")


def planned_table(study: Study, cells: Cells) -> Table:
    """List the planned areas with the most that is on record in the cells they touch."""
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
    frame = pd.DataFrame(
        {
            "name": areas["name"].astype(str),
            "area_ha": size / 1e4,
            "hot_spot_share": np.clip(np.divide(hot, size), 0.0, 1.0),
            "records": _most(area, cells.records[cell], len(areas)),
            "species": _most(area, cells.species[cell], len(areas)),
            "threatened": _most(area, cells.threatened[cell], len(areas)),
            "red_listed": _most(area, cells.red_listed[cell], len(areas)),
        }
    ).sort_values(["hot_spot_share", "threatened"], ascending=False, kind="stable")
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


def _most(area: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the largest value of the cells each area touches; 0 where it touches none."""
    most = np.zeros(n, dtype=np.int64)
    np.maximum.at(most, area, values)
    return most


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
            "threatened": distinct(records.threatened),
            "red_listed": distinct(records.red_listed),
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
