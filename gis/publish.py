"""Write a result to a file: JSON, CSV, xlsx, GeoPackage or GeoParquet, whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from gis.errors import LayerMissingError
from gis.result import UNDER_TEN, WITHHELD
from gis.text import Language, Text, t
from gis.written import write_by_suffix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from gis.result import Result, Table


# What a spreadsheet program takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_json(result: Result) -> str:
    """Return the result, geometry left out, as one JSON object."""
    return json.dumps(result.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)


def write_result(
    result: Result, path: Path, *, language: Language = "nb", page: Callable[[], str] | None = None
) -> None:
    """Write the result in the form its suffix names; an earlier file stays until the new is whole.

    .json the result without geometry; .csv its first table, with definition and sources
    as a JSON file beside it; .xlsx all tables, definition and sources; .gpkg and .parquet
    the layer behind the number; .html what ``page`` makes of it, where one is given.
    Raises ParameterError for another suffix.
    """
    pages = {".html": lambda p: _write_text(p, page())} if page is not None else {}
    write_by_suffix(
        path,
        {
            ".json": lambda p: _write_text(p, to_json(result)),
            ".csv": lambda p: _write_csv(result, p, language),
            ".xlsx": lambda p: _write_xlsx(result, p, language),
            **pages,
            ".gpkg": lambda p: _write_gpkg(result, p),
            ".parquet": lambda p: _frame(result).to_parquet(p, schema_version="1.1.0"),
        },
    )


def _write_text(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")


def _frame(result: Result) -> gpd.GeoDataFrame:
    if result.frame is None:
        message = f"{result.analysis} has no layer to write; use .json, .csv or .xlsx"
        raise LayerMissingError(message)
    return typed(result.frame)


def typed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every column one type, as GIS files ask.

    Counts with hidden values become numbers with gaps, and ``<name>_mark`` says why
    a value is not there: "<10", or "*" for one that is withheld.
    """
    made = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        if frame[name].dtype != object:
            continue
        marked = frame[name].isin((UNDER_TEN, WITHHELD))
        numbers = frame[name][~marked & frame[name].notna()]
        if len(numbers) and all(isinstance(v, int | float) for v in numbers):
            kind = "Int64" if all(float(v).is_integer() for v in numbers) else "Float64"
            made[name] = pd.to_numeric(frame[name].mask(marked)).astype(kind)
            made[f"{name}_mark"] = frame[name].where(marked, "").astype(str)
        else:
            made[name] = frame[name].astype(str)
    return made


def in_language(table: Table, language: Language) -> pd.DataFrame:
    """Return the table's rows with headings and texts in one language."""
    frame = table.frame.copy()
    for column in table.columns:
        frame[column.name] = [
            _inert(v.in_(language) if isinstance(v, Text) else v) for v in frame[column.name]
        ]
    return frame.rename(columns={c.name: c.title.in_(language) for c in table.columns})


def _inert(value: Any) -> Any:
    """Keep text from the data from being run as a formula by a spreadsheet program."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write_csv(result: Result, path: Path, language: Language) -> None:
    """Write the first table; what it means goes beside it, since a CSV cannot say."""
    if not result.tables:
        message = f"{result.analysis} has no table to write; use .json"
        raise LayerMissingError(message)
    first = next(iter(result.tables.values()))
    # Semicolon and BOM, so that a Norwegian spreadsheet program opens it as it is.
    decimal = "," if language == "nb" else "."
    in_language(first, language).to_csv(
        path, sep=";", index=False, decimal=decimal, encoding="utf-8-sig"
    )
    _write_text(path.with_suffix(".csv.json"), to_json(result))


def _write_xlsx(result: Result, path: Path, language: Language) -> None:
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        _about(result, language).to_excel(
            book, sheet_name=_sheet("common.about", language), index=False
        )
        for table in result.tables.values():
            in_language(table, language).to_excel(book, sheet_name=table.id[:31], index=False)
        _sources(result, language).to_excel(
            book, sheet_name=_sheet("common.sources", language), index=False
        )


def _sheet(key: str, language: Language) -> str:
    return t(key).in_(language)


def _about(result: Result, language: Language) -> pd.DataFrame:
    rows: list[tuple[str, Any]] = [
        (t("common.title").in_(language), result.title.in_(language)),
        (t("common.area").in_(language), f"{result.area.number} {result.area.name}"),
        (t("common.finding").in_(language), result.finding.in_(language)),
        (t("common.value").in_(language), result.value),
        (t("common.numerator").in_(language), result.numerator),
        (t("common.denominator").in_(language), result.denominator),
        (t("common.status").in_(language), result.status.value),
        (t("common.definition").in_(language), result.definition.sentence.in_(language)),
        *((name, value) for name, value in result.definition.parameters.items()),
        *((t("common.left_out").in_(language), x.text.in_(language)) for x in result.left_out),
        *((t("common.note").in_(language), x.in_(language)) for x in result.notes),
        *((r.text.in_(language), r.value) for r in result.sensitivity),
    ]
    return pd.DataFrame(rows, columns=["", " "])


def _sources(result: Result, language: Language) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "layer": s.layer,
                "title": s.title_nb if language == "nb" else s.title_en,
                "owner": s.owner,
                "licence": s.licence,
                "date": None if s.date is None else s.date.isoformat(),
                "file": s.file,
                "sha256": s.sha256,
                "invented": s.invented,
            }
            for s in result.provenance.sources
        ]
    )


def _write_gpkg(result: Result, path: Path) -> None:
    _frame(result).to_file(path, layer=result.analysis, driver="GPKG", engine="pyogrio")
    for name, frame in result.layers.items():
        if not frame.empty:
            typed(frame).to_file(path, layer=name, driver="GPKG", engine="pyogrio", mode="a")
