"""Split a share by age, where a table of age groups by basic statistical unit is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.analyses.age_labels import first_age
from gis.analyses.parts import UNITS, share, share_of_tens, table, tens_of
from gis.analyses.shown import unit_of_cells
from gis.text import t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.result import Table

AGES = "age_groups"


def age_tables(
    study: Study, cells: Cells, part: NDArray[np.float64], *, reached_field: str = "reached"
) -> dict[str, Table]:
    """Return residents and those reached by age group; empty without the layers it takes.

    ``part``: the share (0-1) of each cell that is reached; ``reached_field`` is the column
    of those who are. Each age group of a unit is taken to be reached as its residents of
    all ages are, which is an assumption: it tells apart units, not people in one. Ages of
    units of the municipality without a resident in the grid stand in a column of their own.
    Residents are exact, what is reached is published to the nearest 10, as by unit.
    """
    if cells.counted != "residents" or not (study.has(AGES) and study.has(UNITS)):
        return {}
    units = study.frame(UNITS)
    unit = unit_of_cells(study, cells)
    inside = unit >= 0
    total = np.bincount(unit[inside], cells.weight[inside], len(units))
    reached = np.bincount(unit[inside], (cells.weight * part)[inside], len(units))
    known = pd.Series(share(reached, total), index=units["number"].astype(str))
    known = known[~known.index.duplicated()]
    ages = study.frame(AGES)
    # Units without a resident in the grid belong here by their number's first four digits.
    own = ages["number"].isin(known.index[known.notna()]) | (
        ages["number"].str[:4] == study.area.number
    )
    ages = ages[own & (ages["residents"].fillna(0) > 0)]
    if ages.empty:
        return {}
    count = ages["residents"].to_numpy(dtype=np.float64)
    near = ages["number"].map(known).to_numpy(dtype=np.float64)
    rows = pd.DataFrame(
        {
            "age": ages["age"].astype(str),
            "residents": count,
            reached_field: np.nan_to_num(count * near),
            "not_placed": np.where(np.isnan(near), count, 0.0),
        }
    )
    frame = rows.groupby("age", as_index=False).sum()
    frame = frame.iloc[np.lexsort((frame["age"], frame["age"].map(first_age)))]
    frame["share"] = share_of_tens(frame[reached_field], shown_rest(frame))
    columns = (
        ("age", "text", 0),
        ("residents", "residents", 0),
        (reached_field, "residents", 0),
        ("not_placed", "residents", 0),
        ("share", "share", 1),
    )
    made = table(
        "by_age",
        frame,
        columns,
        title=t("access.by_age"),
        key="age",
        counts="subsets",
        alone=(reached_field, "not_placed"),
    )
    return {"by_age": made}


def shown_rest(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the residents of each group that have a place, as far as that may be told.

    Less those without a place to the nearest 10: a share of the exact rest would tell them.
    """
    without = np.nan_to_num(tens_of(frame["not_placed"]), nan=0.0)
    rest: NDArray[np.float64] = frame["residents"].to_numpy(dtype=np.float64) - without
    return np.maximum(rest, 0.0)
