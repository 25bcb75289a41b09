"""Make a result fit for publishing: no count of residents from 1 to 9, nor a way to one.

Stands between every result and every map, table, file and answer. An analyst who
may see exact numbers asks for them by a flag, and only in own files.

What is shown: the municipality's total, exact; the headline, the other readings and
what is left out to the nearest 10, since two definitions can differ by a handful of
people; tables exact, or to the nearest 10 where they say so (``Table.to_ten``: all that a
parameter moves), with small counts hidden and as many more as it takes; grid cells to the
nearest 10 (``gis.analyses.shown``). What it cannot see are tables published
elsewhere and earlier answers with other parameters.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from gis.disclosure import LEAST, OWN_WEIGHT, PEOPLE, is_publishable, round_residents, rounded_part
from gis.protect import protect_table, round_table
from gis.result import UNDER_TEN, WITHHELD, LeftOut, Reading, Result, Scalar, Table
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

# Frames of grid cells carry the exact number; what may be shown of it stands beside it, in
# a column of the same name and "_shown".
CELL_COUNT = "residents"


def publishable(result: Result, *, small_counts: Literal["hide", "round"] = "hide") -> Result:
    """Return the result as it may be published; the input is not changed.

    ``small_counts``: in tables, hide 1 to 9 and what would tell them, or round every count
    to a multiple of 10 so that sums still add up.
    """
    way = protect_table if small_counts == "hide" else round_table
    tables = {k: way(v) for k, v in result.tables.items()}
    headed = _headline(result)
    note = _rounding_note(result, small_counts)
    headed = headed if note is None else replace(headed, notes=(*headed.notes, note))
    readings = tuple(_reading(r, result) for r in result.sensitivity)
    low, high = _range(result, readings, shown=headed.value is not None)
    return replace(
        headed,
        low=low,
        high=high,
        sensitivity=readings,
        left_out=tuple(_left_out(x) for x in result.left_out),
        figures=_figures(result, headed, tables),
        tables=tables,
        frame=None if result.frame is None else shown_frame(result.frame),
        layers={k: _as_tabled(k, shown_frame(v), tables) for k, v in result.layers.items()},
    )


def _rounding_note(result: Result, small_counts: Literal["hide", "round"]) -> Text | None:
    """Say how the counts of the tables are rounded, where they are."""
    if small_counts == "round" and any(v.counts for v in result.tables.values()):
        return t("common.rounded_counts")
    if any(v.to_ten or v.alone for v in result.tables.values()):
        return _noted("to_ten", result)
    return None


def _counts_residents(result: Result) -> bool:
    return result.numerator_unit in PEOPLE


def _headline(result: Result) -> Result:
    """Round the numerator, or withhold it where it, the rest or the whole is 1 to 9."""
    if not _counts_residents(result) or result.numerator is None or result.denominator is None:
        return result
    part = rounded_part(result.numerator, result.denominator)
    whole = result.denominator if is_publishable(result.denominator) else None
    if part is None or whole is None:
        note = _noted("headline_withheld", result)
        notes = (*result.notes, note)
        return replace(result, numerator=None, denominator=whole, value=None, notes=notes)
    value = None if result.value is None or not whole else part / whole
    told = part == result.numerator or any(v.to_ten or v.alone for v in result.tables.values())
    rounded = () if told else (_noted("rounded", result),)
    return replace(result, numerator=part, value=value, notes=(*result.notes, *rounded))


def _noted(key: str, result: Result) -> Text:
    """Word a note about the persons of a result, or about the weight taken as such."""
    unit = result.numerator_unit
    return t(f"common.{key}_{unit}" if unit == OWN_WEIGHT else f"common.{key}")


def _reading(reading: Reading, result: Result) -> Reading:
    if not _counts_residents(result):
        return reading
    part = rounded_part(reading.numerator, reading.denominator)
    if part is None or not reading.denominator:
        whole = reading.denominator
        whole = whole if whole is not None and is_publishable(whole) else None
        return replace(reading, numerator=None, denominator=whole, value=None)
    return replace(reading, numerator=part, value=part / reading.denominator)


def _range(
    result: Result, readings: tuple[Reading, ...], *, shown: bool
) -> tuple[float | None, float | None]:
    """Take the range from the readings as they are published; none where one is withheld."""
    if result.low is None or result.high is None or not _counts_residents(result):
        return result.low, result.high
    if not shown:
        return None, None
    exact = [r.value for r in result.sensitivity if r.value is not None]
    spans_readings = bool(exact) and math.isclose(min(exact), result.low, abs_tol=1e-12)
    if not spans_readings:
        # Bounds of coded cells: widened to a thousandth, which tells of no person.
        return math.floor(1000 * result.low) / 1000, math.ceil(1000 * result.high) / 1000
    values = [r.value for r in readings]
    if any(v is None for v in values):
        return None, None
    published = [v for v in values if v is not None]
    return min(published), max(published)


def _left_out(item: LeftOut) -> LeftOut:
    """Round persons as the headline is: beside it, an exact rest would tell the exact part."""
    if item.unit not in PEOPLE:
        return replace(item, count=float(round(item.count)))
    rounded = round_residents(item.count)
    # The reason matters more than the number, which is empty in JSON.
    return replace(item, count=float("nan") if rounded is None else float(rounded))


def _figures(result: Result, headed: Result, tables: Mapping[str, Table]) -> dict[str, Scalar]:
    """Take each figure from where it is protected: a table's cell, the headline, the total."""
    return {
        name: _figure(name, value, result, headed=headed, tables=tables)
        for name, value in result.figures.items()
    }


def _figure(
    name: str, value: Scalar, result: Result, *, headed: Result, tables: Mapping[str, Table]
) -> Scalar:
    if name in result.figure_cells:
        table, key, column = result.figure_cells[name]
        rows = tables[table].frame
        cell: Any = rows.loc[rows[tables[table].key] == key, column].iloc[0]
        return cell if isinstance(cell, str) else int(cell)
    if not _counts_residents(result) or not name.startswith(result.numerator_unit):
        return value
    if value == result.denominator:
        return headed.denominator if headed.denominator is not None else UNDER_TEN
    if value == result.numerator:
        return headed.numerator if headed.numerator is not None else WITHHELD
    if isinstance(value, str | bool) or value is None:
        return value
    rounded = round_residents(value)
    return (UNDER_TEN if value < LEAST else WITHHELD) if rounded is None else rounded


def _as_tabled(name: str, frame: gpd.GeoDataFrame, tables: Mapping[str, Table]) -> gpd.GeoDataFrame:
    """Show in a frame what the table of the same name shows of the same rows.

    A row that the table lacks has no count. Both are joined by the table's key.
    """
    table = tables.get(name)
    if table is None or table.key is None or table.key not in frame.columns:
        return frame
    counts = [c.name for c in table.columns if c.kind in ("residents", "share")]
    rows = table.frame.drop_duplicates(table.key).set_index(table.key)
    keys = frame[table.key].to_numpy()
    shown = frame.copy()
    for count in [c for c in counts if c in shown.columns]:
        values = rows[count].reindex(keys).to_numpy(dtype=object)
        shown[count] = pd.Series(values, index=shown.index, dtype=object)
    return shown


def shown_frame(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Replace the residents of grid cells by what may be shown of them.

    A frame of cells that was not settled beside its units is rounded to 10, with
    "<10" below.
    """
    if "cell_id" not in frame.columns:
        return frame
    shown = frame
    for count in (name for name in PEOPLE if name in frame.columns):
        settled = f"{count}_shown"
        if settled in shown.columns:
            shown = shown.assign(**{count: shown[settled]}).drop(columns=settled)
            continue
        values: list[Any] = [round_residents(v) for v in shown[count].to_numpy(dtype=float)]
        values = [UNDER_TEN if v is None else v for v in values]
        shown = shown.assign(**{count: pd.Series(values, index=shown.index, dtype=object)})
    return shown
