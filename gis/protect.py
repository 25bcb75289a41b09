"""Protect a table of residents: hide 1 to 9, and what else would give such a number away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.disclosure import LEAST, cross_marks, protect_counts, round_residents
from gis.kernels.smallcounts import round_small_counts
from gis.result import UNDER_TEN, WITHHELD, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SIGNS = {"under-10": UNDER_TEN, "withheld": WITHHELD}
_REST = "rest"
# As in gis.kernels.audit: what is left with fewer possible numbers is as good as told.
_LEAST_VALUES = 3
# Sums of the same residents in another order; a millionth of one is nobody.
_ALIKE = 1e-6
# Ties are drawn alike each time, so that the same table is rounded the same way.
_SEED = 2018


def protect_table(table: Table) -> Table:
    """Return the table with small counts hidden, and what else would give them away.

    Where every column of residents stands alone, or the table says ``to_ten``, they are
    hidden alike, and shown to the nearest 10.
    """
    names = [c.name for c in table.columns if c.kind == "residents" and c.name not in table.alone]
    if not (names or table.alone) or table.frame.empty:
        return table
    if table.counts == "rounded":
        return _all_rounded(table, (*names, *table.alone))
    frame = table.frame.copy()
    rounded = names if table.to_ten else [] if names else [*table.alone]
    # The sum of a row over all its groups is moved by no limit between them.
    rounded = rounded[1:] if table.counts == "cross" else rounded
    names = names or list(table.alone)
    unknown = frame[names].isna()
    frame[names] = frame[names].fillna(0.0)
    whole = {n: np.rint(frame[n].to_numpy(dtype=np.float64)).astype(np.int64) for n in names}
    if table.counts == "bands":
        marks = _bands(frame, names, whole, total=table.total)
    elif table.counts == "cross":
        marks = _cross(names, whole, total=table.total)
    elif table.counts == "split":
        marks = _split(frame, names, whole)
    else:
        marks = _subsets(names, whole)
        _close(names, whole, marks)
    hidden = np.zeros(len(frame), dtype=bool)
    for name in names:
        values: Any = whole[name]
        if name in rounded:
            values = [_ten_of(v, n) for v, n in zip(frame[name], values, strict=True)]
        shown = pd.Series(values, index=frame.index, dtype=object)
        for word, sign in _SIGNS.items():
            shown[marks[name] == word] = sign
        shown[unknown[name].to_numpy()] = None
        frame[name] = shown
        hidden |= marks[name] != ""
    for name in [x for x in table.alone if x not in rounded]:
        values = table.frame[name]
        parts = [_rounded(v) for v in values]
        if table.counts == "subsets":
            parts = [_part_shown(v, of) for v, of in zip(values, whole[names[0]], strict=True)]
        frame[name] = [WITHHELD if gone else part for part, gone in zip(parts, hidden, strict=True)]
    for column in table.columns:
        if column.kind in ("share", "density"):
            frame.loc[hidden, column.name] = np.nan
    return replace(table, frame=frame)


def round_table(table: Table) -> Table:
    """Return the table with every count of residents as a multiple of 10, and sums that add up.

    Small-count rounding after Statistics Norway (``gis.kernels.smallcounts``) with every
    inner cell rounded, so that no exact number beside another table's gives one away. A
    count moves by less than 10 for each part it sums; shares and densities, which would
    tell the exact counts, are left out.
    """
    names = [c.name for c in table.columns if c.kind == "residents"]
    if not names or table.frame.empty:
        return table
    if table.counts == "rounded":
        return _all_rounded(table, names)
    frame = table.frame.copy()
    unknown = frame[names].isna()
    found = _tens(table, names, frame[names].fillna(0.0).to_numpy(dtype=np.float64))
    for i, name in enumerate(names):
        frame[name] = pd.Series(found[:, i], index=frame.index, dtype=object)
        frame.loc[unknown[name], name] = None
    for column in table.columns:
        if column.kind in ("share", "density"):
            frame[column.name] = np.nan
    return replace(table, frame=frame)


def _tens(table: Table, names: list[str], exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round counts (rows, names) as they hang together: along rows where these are split."""
    found = np.rint(exact / LEAST).astype(np.int64) * LEAST
    inside = [i for i, n in enumerate(names) if n not in table.alone]
    if not inside:
        return found
    if table.counts == "split":
        for k, row in enumerate(exact[:, inside]):
            found[k, inside] = _round_parts(row)
        return found
    for i in inside:
        rows = _round_parts(exact[:-1, i] if table.total else exact[:, i])
        found[:, i] = np.append(rows, rows.sum()) if table.total else rows
    if table.counts == "subsets":
        found[:, inside] = np.minimum(found[:, inside], found[:, inside[:1]])
    elif table.counts == "cross":
        found[:, inside[0]] = found[:, inside[1:]].sum(axis=1)
    return found


def _round_parts(parts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round disjoint parts, and with them their sum, to multiples of 10."""
    counts = round_to_sum(parts)
    n = counts.size
    sums = np.column_stack([np.eye(n, dtype=np.int64), np.ones(n, dtype=np.int64)])
    draw = np.random.default_rng(_SEED)
    return round_small_counts(counts, sums, base=LEAST, draw=draw, force_all=True).inner


def _all_rounded(table: Table, names: Sequence[str]) -> Table:
    """Round every count to the nearest 10; two areas drawn over each other then tell little."""
    frame = table.frame.copy()
    for name in names:
        frame[name] = pd.Series([_rounded(v) for v in frame[name]], index=frame.index, dtype=object)
    return replace(table, frame=frame)


def _part_shown(value: float, of: float) -> int | str | None:
    """Round a part of the exact number beside it; all of it is that number.

    Where it leaves 1 to 9 its rounded number could tell how many: then it is withheld, and
    of so few that a mark alone would leave less than three possible numbers, always.
    """
    if abs(value - of) < _ALIKE:
        return int(of)
    few = of < LEAST + _LEAST_VALUES and value > 0
    return WITHHELD if few or (value >= LEAST and 0 < of - value < LEAST) else _rounded(value)


def _rounded(value: float) -> int | str | None:
    if np.isnan(value):
        return None
    rounded = round_residents(float(value))
    return UNDER_TEN if rounded is None else rounded


def _ten_of(value: float, whole: int) -> int | str | None:
    """Round a number to 10 as the headline rounds it, not its whole: 1 285.2 is 1 290 in both."""
    return _rounded(max(value, float(LEAST)) if whole >= LEAST else float(whole))


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
        word = protected.marks[name].to_numpy(dtype=str).astype("<U16")
        marks[name] = word if total else word[:-1]
    return marks


def _cross(
    names: list[str], whole: dict[str, NDArray[np.int64]], *, total: bool
) -> dict[str, NDArray[Any]]:
    """Protect disjoint rows and columns with both kinds of sums; the first column is the sum."""
    rows = slice(None, -1) if total else slice(None)
    marks = cross_marks(np.column_stack([whole[n][rows] for n in names[1:]]))
    marks = marks if total else marks[:-1]
    return {n: marks[:, i] for i, n in enumerate((*names[1:], names[0]))}


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
    return {n: protected.marks[n].to_numpy(dtype=str).astype("<U16") for n in names}


def _subsets(names: list[str], whole: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[Any]]:
    """Protect a column and its subsets: each subset, what it leaves, and the sums over units."""
    first, *parts = names
    marks = {n: np.full(len(whole[first]), "", dtype="<U16") for n in names}
    if not parts:
        protected = protect_counts(pd.DataFrame({first: whole[first]}), [first])
        return {first: protected.marks[first].to_numpy(dtype=str).astype("<U16")[:-1]}
    for part in parts:
        rest = np.maximum(whole[first] - whole[part], 0)
        pair = pd.DataFrame({part: whole[part], _REST: rest})
        protected = protect_counts(pair, [part, _REST], total_column=first)
        for name in (part, first):
            word = protected.marks[name].to_numpy(dtype=str)[:-1]
            # "under 10" says more than "withheld", so it stays where both apply.
            stronger = (marks[name] == "") | (word == "under-10")
            marks[name] = np.where(stronger & (word != ""), word, marks[name])
    return marks


def _close(
    names: list[str],
    whole: dict[str, NDArray[np.int64]],
    marks: dict[str, NDArray[Any]],
) -> None:
    """Hide more until nothing follows from a row or from a column's known sum.

    Subsets of one row overlap (a union and the hazards it joins), so where one is
    hidden, all that are not zero are. A column with one hidden row alone would
    follow from its sum, so the smallest shown row that is not zero goes with it.
    """
    parts = names[1:]
    changed = True
    while changed:
        changed = False
        if len(parts) > 1:
            changed |= _close_rows(parts, whole, marks)
        for name in names:
            changed |= _close_column(whole[name], marks[name])


def _close_rows(
    parts: list[str], whole: dict[str, NDArray[np.int64]], marks: dict[str, NDArray[Any]]
) -> bool:
    hidden = np.any([marks[n] != "" for n in parts], axis=0)
    changed = False
    for name in parts:
        more = hidden & (marks[name] == "") & (whole[name] > 0)
        marks[name][more] = "withheld"
        changed |= bool(more.any())
    return changed


def _close_column(values: NDArray[np.int64], marks: NDArray[Any]) -> bool:
    hidden = np.flatnonzero(marks != "")
    if len(hidden) != 1:
        return False
    shown = np.flatnonzero((marks == "") & (values > 0))
    if not len(shown):
        return False
    marks[shown[np.argmin(values[shown])]] = "withheld"
    return True


def round_to_sum(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to whole numbers that keep the rounded sum (largest remainder)."""
    floor = np.floor(values)
    missing = round(float(values.sum())) - int(floor.sum())
    up = np.argsort(-(values - floor), kind="stable")[: max(missing, 0)]
    floor[up] += 1
    return floor.astype(np.int64)
