"""Table residents by unit and age group so that no small count follows, and map the shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import UNITS, share, share_of_tens, table, tens_of
from gis.disclosure import LEAST, cross_marks
from gis.result import UNDER_TEN, WITHHELD
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.age_counts import Counted, Projected
    from gis.analyses.age_groups import AgeGroupsParameters
    from gis.analyses.age_labels import Ages
    from gis.analyses.study import Study
    from gis.result import Table

    Ints = NDArray[np.int64]

_SIGNS = {"": "", "under-10": UNDER_TEN, "withheld": WITHHELD}


def field_of(group: Ages) -> str:
    """Name the column of a group."""
    return f"age_{group.code}"


def units_table(
    study: Study,
    found: Counted,
    groups: Sequence[Ages],
    *,
    counts: Ints,
    later: Projected | None,
) -> Table:
    """List units with residents in all and by age group; the last row is the municipality.

    Rows and columns are disjoint and both sums are known, so that the table is protected
    as a whole (``cross``). Groups are published to the nearest 10: anybody may ask for
    limits one group further, and two exact answers would tell the group between them.
    """
    names = _unit_names(study)
    total = counts.sum(axis=1)
    frame = pd.DataFrame(
        {
            "number": [*found.numbers, ""],
            "name": [*(names.get(n, "") for n in found.numbers), t("common.total")],
            "residents": [*total, total.sum()],
            **{field_of(g): [*counts[:, i], counts[:, i].sum()] for i, g in enumerate(groups)},
        }
    )
    columns = [
        ("number", "text", 0),
        ("name", "text", 0),
        ("residents", "residents", 0),
        *((field_of(g), "residents", 0) for g in groups),
    ]
    if later is not None:
        frame["change_share"] = _change(later, found.numbers, total)
        columns.append(("change_share", "share", 1))
    return table(
        "units",
        frame,
        columns,
        headings={field_of(g): g.text for g in groups},
        title=t("age_groups.by_unit"),
        key="number",
        total=True,
        counts="cross",
        to_ten=True,
    )


def _change(later: Projected, numbers: Sequence[str], total: Ints) -> list[float]:
    """Return the projected growth of each unit, and of the municipality last."""
    projected = later.units.reindex(list(numbers)).to_numpy(dtype=np.float64)
    own = share(projected, total) - 1
    return [*own.tolist(), float(share(later.total, total.sum())) - 1]


def ages_table(
    found: Counted, groups: Sequence[Ages], counts: Ints, *, later: Projected | None
) -> dict[str, Table]:
    """List the municipality's residents by age group, with the projection beside them.

    Left away where the table of units must hide a sum of the municipality: shown here it
    would tell what is hidden there.
    """
    whole = counts.sum(axis=0)
    if (cross_marks(counts)[-1] != "").any():
        return {}
    texts: list[Text] = [*(g.text for g in groups), t("common.total")]
    frame = pd.DataFrame({"age": texts, "residents": [*whole, whole.sum()]})
    frame["share"] = share(frame["residents"], whole.sum())
    columns = [("age", "text", 0), ("residents", "residents", 0), ("share", "share", 1)]
    if later is not None:
        frame["projected"] = np.round([*later.by_group, later.total])
        frame["change_share"] = share(frame["projected"], frame["residents"]) - 1
        columns += [("projected", "count", 0), ("change_share", "share", 1)]
    made = table("by_age", frame, columns, title=t("age_groups.by_age"), total=True, counts="bands")
    tables = {"by_age": made}
    fine = _fine_table(found)
    return tables if fine is None else {**tables, "by_age_fine": fine}


def _fine_table(found: Counted) -> Table | None:
    """List the groups as delivered; none where one is below 10, for the same reason."""
    count = found.by_span
    if ((count > 0) & (count < LEAST)).any():
        return None
    texts: list[Text] = [*(s.text for s in found.spans), t("common.total")]
    frame = pd.DataFrame({"age": texts, "residents": [*count, count.sum()]})
    frame["share"] = share(frame["residents"], count.sum())
    columns = (("age", "text", 0), ("residents", "residents", 0), ("share", "share", 1))
    return table(
        "by_age_fine",
        frame,
        columns,
        title=t("age_groups.by_age_fine"),
        total=True,
        counts="bands",
    )


def unit_frame(
    study: Study,
    found: Counted,
    groups: Sequence[Ages],
    *,
    counts: Ints,
    later: Projected | None,
    params: AgeGroupsParameters,
) -> gpd.GeoDataFrame | None:
    """Return the units with shares of young and old, dependency ratio and change.

    Protected here as the table is: a unit with any hidden count shows no share, and shares
    are of residents to the nearest 10. None without a map of units.
    """
    if not study.has(UNITS):
        return None
    marks = cross_marks(counts)[:-1]
    total = counts.sum(axis=1)
    hidden = (marks != "").any(axis=1)
    first = np.array([g.first for g in groups])
    young = counts[:, first < params.young_below].sum(axis=1)
    old = counts[:, first >= params.old_from].sum(axis=1)
    # Where a limit would cut a group, neither share nor ratio can be told.
    exact = {params.young_below, params.old_from} <= set(first.tolist())
    known = ~hidden & (total > 0) & exact
    working = total - young - old
    columns: dict[str, Any] = {
        "number": list(found.numbers),
        "residents": _shown(total, marks[:, -1]),
        "young_share": _or_withheld(share_of_tens(young, total), known, empty=total == 0),
        "old_share": _or_withheld(share_of_tens(old, total), known, empty=total == 0),
        "dependency": np.where(
            known, 100 * share(tens_of(young + old), tens_of(working)), np.nan
        ).round(1),
    }
    if later is not None:
        change = np.array(_change(later, found.numbers, total)[:-1])
        columns["change_share"] = np.where(hidden, np.nan, change)
    rows = pd.DataFrame(columns)
    units = study.frame(UNITS)
    units = units.assign(number=units["number"].astype(str)).dissolve("number", as_index=False)
    joined = units[["number", "name", "geometry"]].merge(rows, on="number")
    land = shapely.intersection(joined.geometry.to_numpy(), study.land)
    return gpd.GeoDataFrame(joined.drop(columns="geometry"), geometry=land, crs=study.crs)


def _shown(values: Ints, marks: NDArray[Any]) -> pd.Series[Any]:
    shown: list[Any] = [
        _SIGNS[mark] or int(n) for n, mark in zip(values, marks.tolist(), strict=True)
    ]
    return pd.Series(shown, dtype=object)


def _or_withheld(
    values: NDArray[np.float64], known: NDArray[np.bool_], *, empty: NDArray[np.bool_]
) -> pd.Series[Any]:
    """Write a share, the sign for withheld, or nothing where nobody lives."""
    made: list[Any] = [
        None if none else (round(float(v), 4) if k else WITHHELD)
        for v, k, none in zip(values, known, empty, strict=True)
    ]
    return pd.Series(made, dtype=object)


def _unit_names(study: Study) -> dict[str, str]:
    if not study.has(UNITS):
        return {}
    units = study.frame(UNITS)
    return dict(zip(units["number"].astype(str), units["name"].astype(str), strict=True))
