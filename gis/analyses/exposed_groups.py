"""Count age groups and vulnerable groups in hazard zones, where a table by unit number is there.

Each group of a basic statistical unit is taken to be exposed as the unit's residents of
all ages are: an assumption that tells apart units, not people in one. Ages are disjoint;
vulnerable groups may overlap each other and are never summed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.analyses.age_labels import first_age
from gis.analyses.ages_reached import shown_rest
from gis.analyses.parts import UNITS, share, share_of_tens, table
from gis.analyses.shown import unit_of_cells
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.exposure import Exposure
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.result import Table

    Floats = NDArray[np.float64]

# The field that names the group, by layer.
GROUP_LAYERS = {"age_groups": "age", "vulnerable_groups": "vulnerable"}


def group_tables(
    study: Study, cells: Cells, *, any_zone: Floats, exposures: list[Exposure]
) -> dict[str, Table]:
    """Return one table for each layer of groups: residents, in any zone, in each hazard.

    What is in zones is an estimate, published to the nearest ten.

    ``any_zone`` and the exposures hold residents per cell. Empty without the layers.
    """
    if not study.has(UNITS):
        return {}
    sums = {"in_any_zone": any_zone, **{f"in_{e.hazard.id}": e.inside for e in exposures}}
    headings = {f"in_{e.hazard.id}": e.hazard.entry.title.text for e in exposures}
    made = {}
    for layer, field in GROUP_LAYERS.items():
        if not study.has(layer):
            continue
        frame = _groups(study, layer, _shares_of_units(study, cells, sums))
        if frame.empty:
            continue
        columns = [(field, "text", 0), ("residents", "residents", 0)]
        columns += [(name, "residents", 0) for name in (*sums, "not_placed")]
        columns.append(("share", "share", 1))
        name = f"exposed_{layer}"
        made[name] = table(
            name, frame, columns, headings=headings, key=field, counts="subsets",
            title=t(f"tables.{name}"), alone=(*sums, "not_placed"),
        )  # fmt: skip
    return made


def _groups(study: Study, layer: str, shares: pd.DataFrame) -> pd.DataFrame:
    """Sum the groups of the municipality's units, each by the shares of its unit."""
    field, rows = GROUP_LAYERS[layer], study.frame(layer)
    # Units without a resident in the grid belong here by their number's first four digits.
    own = rows["number"].isin(shares.index) | (rows["number"].str[:4] == study.area.number)
    rows = rows[own & (rows["residents"].fillna(0) > 0)]
    count = rows["residents"].to_numpy(dtype=np.float64)
    known = rows["number"].isin(shares.index).to_numpy()
    found = shares.reindex(rows["number"].to_numpy()).fillna(0.0)
    by_row = pd.DataFrame({field: rows[field].astype(str).to_numpy(), "residents": count})
    for name in shares.columns:
        by_row[name] = count * found[name].to_numpy()
    by_row["not_placed"] = np.where(known, 0.0, count)
    frame = by_row.groupby(field, as_index=False).sum()
    frame = frame.iloc[np.lexsort((frame[field], frame[field].map(first_age)))]
    frame["share"] = share_of_tens(frame["in_any_zone"], shown_rest(frame))
    return frame.reset_index(drop=True)


def _shares_of_units(study: Study, cells: Cells, sums: Mapping[str, Floats]) -> pd.DataFrame:
    """Return which share of each unit's residents is in each sum, by unit number."""
    units = study.frame(UNITS)
    unit = unit_of_cells(study, cells)
    inside = unit >= 0
    total = np.bincount(unit[inside], cells.weight[inside], len(units))
    frame = pd.DataFrame(
        {
            name: share(np.bincount(unit[inside], own[inside], len(units)), total)
            for name, own in sums.items()
        },
        index=units["number"].astype(str),
    )
    frame = frame[total > 0]
    return frame[~frame.index.duplicated()]
