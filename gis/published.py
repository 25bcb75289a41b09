"""Make a result fit for publishing: no count of residents from 1 to 9, nor a way to one.

Stands between every result and every map, table, file and answer. An analyst who
may see exact numbers asks for them by a flag, and only in own files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.disclosure import LEAST, is_publishable, protect_counts, round_residents
from gis.result import UNDER_TEN, WITHHELD, LeftOut, Reading, Result, Scalar, Table
from gis.text import t

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

_CELL_COUNTS = ("residents", "in_any_zone")
_MARKS = {"under-10": UNDER_TEN, "withheld": WITHHELD}
_REST = "rest"


def publishable(result: Result) -> Result:
    """Return the result as it may be published; the input is not changed.

    Tables are protected with complementary suppression. Grid cells show residents
    to the nearest 10 and "under 10" below, so that a cell cannot be told from the
    sum of its unit. Other readings are rounded to 10, since their difference from
    the chosen one can be a handful of people.
    """
    return replace(
        _headline(result),
        sensitivity=tuple(_reading(r, result) for r in result.sensitivity),
        left_out=tuple(_left_out(x, result) for x in result.left_out),
        figures={k: _figure(k, v, result) for k, v in result.figures.items()},
        tables={k: protect_table(v) for k, v in result.tables.items()},
        frame=None if result.frame is None else _frame(result.frame),
        layers={k: _frame(v) for k, v in result.layers.items()},
    )


def _headline(result: Result) -> Result:
    """Withhold value and numerator where they, or what is left of the whole, are 1 to 9."""
    part, whole = result.numerator, result.denominator
    if result.numerator_unit != "residents" or part is None or whole is None:
        return result
    rounded = float(round(part))
    if _safe(part, result):
        return replace(result, numerator=rounded, value=rounded / whole if whole else None)
    note = t("common.headline_withheld")
    return replace(
        result, numerator=None, value=None, low=None, high=None, notes=(*result.notes, note)
    )


def _reading(reading: Reading, result: Result) -> Reading:
    part, whole = reading.numerator, reading.denominator
    if result.numerator_unit != "residents" or part is None or not whole:
        return reading
    shown: float | None = round(part) if reading.chosen else round_residents(part)
    rest = whole - part
    if shown is None or not is_publishable(shown) or 0 < rest < 10:
        return replace(reading, numerator=None, value=None)
    shown = min(float(shown), whole)
    return replace(reading, numerator=shown, value=shown / whole)


def _safe(count: float, result: Result) -> bool:
    """Tell whether a count of residents may stand beside the number of all residents."""
    whole = result.denominator if result.numerator_unit == "residents" else None
    rest = 0.0 if whole is None or count > whole else float(round(whole - count))
    return is_publishable(float(round(count))) and is_publishable(rest)


def _left_out(item: LeftOut, result: Result) -> LeftOut:
    if item.unit != "residents" or _safe(item.count, result):
        return replace(item, count=float(round(item.count)))
    # The reason matters more than the number, which is empty in JSON.
    return replace(item, count=float("nan"))


def _figure(name: str, value: Scalar, result: Result) -> Scalar:
    counts_residents = name.startswith(("residents", "not_mapped_"))
    if not counts_residents or isinstance(value, str | bool) or value is None:
        return value
    if _safe(value, result):
        return round(value)
    return WITHHELD if value >= LEAST else UNDER_TEN


def protect_table(table: Table) -> Table:
    """Return the table with small counts hidden, and what else would give them away."""
    names = [c.name for c in table.columns if c.kind == "residents"]
    if not names or table.frame.empty:
        return table
    frame = table.frame.copy()
    whole = {n: _whole_numbers(frame[n].to_numpy(dtype=np.float64)) for n in names}
    if table.counts == "bands":
        marks = _bands(frame, names, whole, total=table.total)
    elif table.counts == "split":
        marks = _split(frame, names, whole)
    else:
        marks = _subsets(names, whole)
    hidden = np.zeros(len(frame), dtype=bool)
    for name in names:
        shown = pd.Series(whole[name], index=frame.index, dtype=object)
        for word, sign in _MARKS.items():
            shown[marks[name] == word] = sign
        frame[name] = shown
        hidden |= marks[name] != ""
    for column in table.columns:
        if column.kind == "share":
            frame.loc[hidden, column.name] = np.nan
    return replace(table, frame=frame)


def _whole_numbers(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)


def _bands(
    frame: pd.DataFrame, names: list[str], whole: dict[str, NDArray[np.int64]], *, total: bool
) -> dict[str, NDArray[Any]]:
    """Protect disjoint rows and their sum; rounding is settled so that the rows keep their sum."""
    marks = {}
    for name in names:
        values = frame[name].to_numpy(dtype=np.float64)
        rows = round_to_sum(values[:-1] if total else values)
        whole[name] = np.append(rows, rows.sum()) if total else rows
        protected = protect_counts(pd.DataFrame({name: rows}), [name])
        word = protected.marks[name].to_numpy(dtype=str)
        marks[name] = word if total else word[:-1]
    return marks


def _split(
    frame: pd.DataFrame, names: list[str], whole: dict[str, NDArray[np.int64]]
) -> dict[str, NDArray[Any]]:
    """Protect columns that sum to all residents in each row; rows overlap and are not summed."""
    rows = np.vstack([round_to_sum(r) for r in frame[names].to_numpy(dtype=np.float64)])
    for i, name in enumerate(names):
        whole[name] = rows[:, i]
    protected = protect_counts(
        pd.DataFrame(rows, columns=names), names, total_row=None, total_column="all"
    )
    return {n: protected.marks[n].to_numpy(dtype=str) for n in names}


def _subsets(names: list[str], whole: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[Any]]:
    """Protect a column and its subsets: each subset, what it leaves, and the sums over units."""
    first, *parts = names
    marks = {n: np.full(len(whole[first]), "", dtype="<U16") for n in names}
    if not parts:
        protected = protect_counts(pd.DataFrame({first: whole[first]}), [first])
        return {first: protected.marks[first].to_numpy(dtype=str)[:-1]}
    for part in parts:
        pair = pd.DataFrame({part: whole[part], _REST: whole[first] - whole[part]})
        protected = protect_counts(pair, [part, _REST], total_column=first)
        for name in (part, first):
            word = protected.marks[name].to_numpy(dtype=str)[:-1]
            # "under 10" says more than "withheld", so it stays where both apply.
            stronger = (marks[name] == "") | (word == "under-10")
            marks[name] = np.where(stronger & (word != ""), word, marks[name])
    return marks


def round_to_sum(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to whole numbers that keep the rounded sum (largest remainder)."""
    floor = np.floor(values)
    missing = round(float(values.sum())) - int(floor.sum())
    up = np.argsort(-(values - floor), kind="stable")[: max(missing, 0)]
    floor[up] += 1
    return floor.astype(np.int64)


def _frame(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Round the residents of grid cells to 10, and say "under 10" below."""
    if "cell_id" not in frame.columns:
        return frame
    shown = frame.copy()
    for name in _CELL_COUNTS:
        if name in shown.columns:
            rounded = [round_residents(v) for v in shown[name].to_numpy(dtype=np.float64)]
            values = [UNDER_TEN if v is None else v for v in rounded]
            shown[name] = pd.Series(values, index=shown.index, dtype=object)
    return shown
