"""Settle what may be shown of the residents of grid cells beside the sums of their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.analyses.parts import UNITS, unit_of_points
from gis.analyses.residents import Cells, cells_inside
from gis.disclosure import LEAST, round_residents
from gis.kernels.audit import told_groups
from gis.result import UNDER_TEN, WITHHELD

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.study import Study


POPULATION = "population_grid"


def shown_residents(study: Study, cells: Cells) -> NDArray[np.object_]:
    """Return what is shown of each cell, settled once for a study; see ``_settle``."""
    return study.once(("shown", cells.layer), lambda: _settle(study, cells))


def cell_columns(study: Study, cells: Cells) -> dict[str, Any]:
    """Return the columns of a frame of cells: id, weight, and what may be shown of persons."""
    columns: dict[str, Any] = {"cell_id": cells.cell_id, cells.counted: cells.weight}
    if cells.people:
        columns[f"{cells.counted}_shown"] = shown_residents(study, cells)
    return columns


def unit_of_cells(study: Study, cells: Cells) -> NDArray[np.int64]:
    """Return the basic statistical unit of each cell's centre, found once for a study."""
    return study.once(
        ("unit of cells", cells.layer), lambda: unit_of_points(study, cells.x, cells.y)
    )


def _settle(study: Study, cells: Cells) -> NDArray[np.object_]:
    """Return what is shown of each cell: a number to the nearest 10, "<10", or "*".

    The sum of each basic statistical unit is published. Where it would leave a cell
    of 1 to 9 with fewer than three possible values, the largest cell of the unit is
    withheld, then all of them; "*" says only that somebody lives there.
    """
    shown = np.array([_rounded(v) for v in cells.weight], dtype=object)
    if not study.has(UNITS):
        return shown
    # Those in no unit are summed in a row of their own, which tells as a unit's does.
    units = len(study.frame(UNITS))
    found = unit_of_cells(study, cells)
    unit = np.where(found < 0, units, found)
    total = np.bincount(unit, weights=cells.weight, minlength=units + 1)
    # A sum of 1 to 9 is not published itself.
    total = np.where((total > 0) & (total < LEAST), np.nan, total)
    for widen in (_largest, _all_visible, _everyone):
        told = told_units(cells.weight, shown, unit, total=total)
        if not told.any():
            break
        hide = widen(cells.weight, shown, unit, told=told)
        shown[hide] = WITHHELD
    return shown


def told_units(
    weight: NDArray[np.float64],
    shown: NDArray[np.object_],
    group: NDArray[np.int64],
    *,
    total: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which groups' published sums give away a cell of 1 to 9."""
    low, high = intervals(shown)
    small = (weight > 0) & (weight < LEAST)
    return told_groups(group, low, high, small=small, total=total)


def intervals(shown: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest number that each shown value may stand for."""
    low, high = np.zeros(len(shown)), np.zeros(len(shown))
    for i, value in enumerate(shown):
        if value == UNDER_TEN:
            low[i], high[i] = 1, LEAST - 1
        elif value == WITHHELD:
            low[i], high[i] = 1, np.inf
        elif value:
            low[i], high[i] = max(LEAST, value - 5), value + 5
    return low, high


def _rounded(value: float) -> int | str:
    rounded = round_residents(value)
    return UNDER_TEN if rounded is None else rounded


def _largest(
    weight: NDArray[np.float64],
    shown: NDArray[np.object_],
    group: NDArray[np.int64],
    *,
    told: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Pick the largest cell that shows a number in each group that tells."""
    picked: dict[int, int] = {}
    for i in np.argsort(-weight, kind="stable"):
        g = int(group[i])
        if g >= 0 and told[g] and not isinstance(shown[i], str) and weight[i] > 0:
            picked.setdefault(g, int(i))
    return np.array(sorted(picked.values()), dtype=np.int64)


def _all_visible(
    weight: NDArray[np.float64],
    shown: NDArray[np.object_],
    group: NDArray[np.int64],
    *,
    told: NDArray[np.bool_],
) -> NDArray[np.int64]:
    visible = np.array([not isinstance(v, str) for v in shown]) & (weight > 0)
    return np.flatnonzero(visible & (group >= 0) & told[np.maximum(group, 0)])


def _everyone(
    weight: NDArray[np.float64],
    _shown: NDArray[np.object_],
    group: NDArray[np.int64],
    *,
    told: NDArray[np.bool_],
) -> NDArray[np.int64]:
    return np.flatnonzero((weight > 0) & (group >= 0) & told[np.maximum(group, 0)])


def shown_grid(study: Study) -> gpd.GeoDataFrame:
    """Return the population grid with what may be shown: the same as beside every result.

    Cells of other municipalities have no unit sums here and are rounded alone.
    """
    frame = study.frame(POPULATION)
    cells = cells_inside(study, layer=POPULATION, weight="residents")
    settled = dict(zip(cells.cell_id.tolist(), shown_residents(study, cells), strict=True))
    values = [
        settled.get(cell, _rounded(float(n)))
        for cell, n in zip(frame["cell_id"].tolist(), frame["residents"], strict=True)
    ]
    return frame.assign(residents=pd.Series(values, index=frame.index, dtype=object))
