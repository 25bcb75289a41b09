"""Write every table of an atlas into one workbook, with definitions and sources beside them."""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from gis.result import UNDER_TEN, WITHHELD
from gis.text import Text, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from gis.provenance import LayerSource
    from gis.result import Result, Table
    from gis.text import Language

_FORMATS = {"share": "0.0%", "km2": "#,##0.0", "residents": "#,##0", "count": "#,##0"}
_WORDS = {UNDER_TEN: "values.<10", WITHHELD: "values.*"}
_WIDEST = 60
_NO_SHEET = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class Sheet:
    """One table in the workbook: the sheet it stands on, and the result it belongs to."""

    name: str
    table: Table
    result: Result


def workbook(
    results: Sequence[Result],
    *,
    sources: Iterable[LayerSource],
    language: Language,
    created: dt.date,
) -> bytes:
    """Return the xlsx file of publishable results; equal input gives equal bytes."""
    book = Workbook()
    first = book.active
    assert first is not None  # noqa: S101 - a new workbook has a sheet
    sheets = _sheets(results)
    _contents(first, sheets, results, language=language)
    for sheet in sheets:
        _table(book.create_sheet(sheet.name), sheet.table, language)
    _definitions(book.create_sheet(_named("workbook.definition", language)), results, language)
    _sources(book.create_sheet(_named("workbook.sources", language)), sources, language)
    return _settled(book, created)


def _named(key: str, language: Language) -> str:
    return t(key).in_(language)


def _sheets(results: Sequence[Result]) -> list[Sheet]:
    """Name a sheet for every table: at most 31 signs, and no name twice."""
    made: list[Sheet] = []
    taken: set[str] = set()
    for result in results:
        for table in result.tables.values():
            base = _NO_SHEET.sub("-", f"{result.analysis} {table.id}")[:28]
            name, number = base, 2
            while name.lower() in taken:
                name, number = f"{base} {number}"[:31], number + 1
            taken.add(name.lower())
            made.append(Sheet(name, table, result))
    return made


def _put(sheet: Worksheet, row: int, values: Iterable[Any], *, bold: bool = False) -> None:
    """Write a row; text stays text, also where it begins like a formula."""
    for column, value in enumerate(values, start=1):
        cell = sheet.cell(row=row, column=column)
        if isinstance(value, str):
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"
        elif value is not None and not (isinstance(value, float) and math.isnan(value)):
            cell.value = value
        if bold:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _widths(sheet: Worksheet) -> None:
    for column, cells in enumerate(sheet.iter_cols(values_only=True), start=1):
        longest = max((len(str(v)) for v in cells if v is not None), default=8)
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, _WIDEST)


def _contents(
    sheet: Worksheet, sheets: Sequence[Sheet], results: Sequence[Result], *, language: Language
) -> None:
    sheet.title = _named("workbook.contents", language)
    row = 1
    if any(r.provenance.invented for r in results):
        _put(sheet, row, [_named("workbook.invented", language)], bold=True)
        row += 1
    _put(sheet, row, [_named("workbook.note", language)])
    heads = ("sheet", "table", "analysis", "rows")
    _put(sheet, row + 2, (_named(f"workbook.{x}", language) for x in heads), bold=True)
    for place, one in enumerate(sheets, start=row + 3):
        title, analysis = one.table.title.in_(language), one.result.title.in_(language)
        _put(sheet, place, (one.name, title, analysis, len(one.table.frame)))
    _widths(sheet)
    # The two sentences above the list would make its first column as wide as a page.
    sheet.column_dimensions["A"].width = 34


def _table(sheet: Worksheet, table: Table, language: Language) -> None:
    _put(sheet, 1, (c.title.in_(language) for c in table.columns), bold=True)
    for row, record in enumerate(table.frame.to_dict("records"), start=2):
        _put(sheet, row, (_value(record.get(c.name), language) for c in table.columns))
        for place, column in enumerate(table.columns, start=1):
            if column.kind in _FORMATS:
                sheet.cell(row=row, column=place).number_format = _FORMATS[column.kind]
    sheet.freeze_panes = "B2"
    _widths(sheet)


def _value(value: Any, language: Language) -> Any:
    """Return a cell's value as a spreadsheet holds it: number, yes or no, or text."""
    if isinstance(value, Text):
        return value.in_(language)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return _named("values.true" if value else "values.false", language)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, int | float):
        return value
    return _named(_WORDS[value], language) if value in _WORDS else str(value)


def _definitions(sheet: Worksheet, results: Sequence[Result], language: Language) -> None:
    heads = ("analysis", "what", "value")
    _put(sheet, 1, (_named(f"workbook.{x}", language) for x in heads), bold=True)
    row = 2
    for result in results:
        for what, value in _facts(result, language):
            _put(sheet, row, (result.title.in_(language), what, _value(value, language)))
            row += 1
    sheet.freeze_panes = "A2"
    _widths(sheet)


def _facts(result: Result, language: Language) -> list[tuple[str, Any]]:
    def word(name: str) -> str:
        return _named(f"common.{name}", language)

    return [
        (word("area"), f"{result.area.number} {result.area.name}"),
        (word("finding"), result.finding),
        (word("value"), result.value),
        (word("numerator"), result.numerator),
        (word("denominator"), result.denominator),
        (word("status"), result.status.value),
        (word("definition"), result.definition.sentence),
        *result.definition.parameters.items(),
        *((r.text.in_(language), r.value) for r in result.sensitivity),
        *((f"{word('left_out')}: {x.text.in_(language)}", x.count) for x in result.left_out),
        *((word("note"), x) for x in result.notes),
    ]


def _sources(sheet: Worksheet, sources: Iterable[LayerSource], language: Language) -> None:
    names = ("layer", "owner", "licence", "date", "rows")
    heads = [_named(f"index.{x}", language) for x in names]
    heads += [_named("workbook.file", language), "SHA-256", _named("source.invented", language)]
    _put(sheet, 1, heads, bold=True)
    unique = {(s.layer, s.sha256): s for s in sources}
    for row, s in enumerate(sorted(unique.values(), key=lambda s: s.layer), start=2):
        title = s.title_nb if language == "nb" else s.title_en
        date = None if s.date is None else s.date.isoformat()
        values = (title, s.owner, s.licence, date, s.rows, s.file, s.sha256, s.invented)
        _put(sheet, row, (_value(v, language) for v in values))
    sheet.freeze_panes = "A2"
    _widths(sheet)


def _settled(book: Workbook, created: dt.date) -> bytes:
    """Return the file with the day it was made in place of the clock's time, everywhere."""
    raw, out = io.BytesIO(), io.BytesIO()
    book.save(raw)
    stamp = f"{created.isoformat()}T00:00:00Z".encode()
    day = (max(created.year, 1980), created.month, created.day, 0, 0, 0)
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            data = given.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>" + stamp, data)
            entry = zipfile.ZipInfo(name, date_time=day)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, data)
    return out.getvalue()
