"""Lay out tables: cells written in both languages, each row joined to its place on the map."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import RenderError
from gis.render.fields import code, written
from gis.result import UNDER_TEN, WITHHELD
from gis.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from gis.catalogue.map_models import MapEntry
    from gis.render.drawn import Drawn
    from gis.result import Column, Result, Table

_TEXT_KINDS = ("text", "date", "yes_no")
# Columns a reader knows a row by, for the button's hidden text.
_NAMES = ("name", "title", "class_title", "species", "zone")


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and whether it lines up as a number."""

    text: Text
    number: bool


@dataclass(frozen=True)
class Row:
    """One row: its cells, its name, and the feature on the map that it speaks of."""

    cells: tuple[Cell, ...]
    name: Text
    total: bool
    target: str | None = None
    feature: int | None = None


@dataclass(frozen=True)
class Head:
    """One column's heading."""

    title: Text
    number: bool


@dataclass(frozen=True)
class TableView:
    """A table ready for the template. ``dom`` is its id in the page."""

    dom: str
    title: Text
    columns: tuple[Head, ...]
    rows: tuple[Row, ...]
    linked: bool
    withheld: bool


@dataclass(frozen=True)
class Places:
    """Where on the map the rows of tables can be found: drawn layers with their frames."""

    layers: tuple[Drawn, ...] = ()
    frames: Mapping[str, gpd.GeoDataFrame] | None = None

    def find(self, table: Table, analysis: str) -> tuple[str, dict[str, int]] | None:
        """Return the layer that most keys of the table are in, and key -> feature."""
        if table.key is None or table.key not in table.frame.columns or not self.frames:
            return None
        keys = {code(v) for v in table.frame[table.key].dropna()}
        best: tuple[int, str, dict[str, int]] | None = None
        for layer in self.layers:
            frame = self.frames.get(layer.id)
            if frame is None or table.key not in frame.columns or not layer.interactive:
                continue
            values = frame[table.key].to_numpy()
            where: dict[str, int] = {}
            for feature, row in enumerate(layer.shapes.rows):
                where.setdefault(code(values[row]), feature)
            hits = 2 * len(keys & where.keys()) + layer.id.startswith(analysis.replace("-", "_"))
            if keys & where.keys() and (best is None or hits > best[0]):
                best = (hits, layer.id, where)
        return (best[1], best[2]) if best is not None else None


def table_views(
    entry: MapEntry, results: Mapping[str, Result], places: Places, *, map_id: str
) -> list[TableView]:
    """Return the tables of a page, in the entry's order. Raises RenderError for one not there."""
    named = entry.tables or tuple(f"{entry.lead}/{name}" for name in results[entry.lead].tables)
    views = []
    for place, name in enumerate(named):
        analysis, _, table = name.partition("/")
        tables = results[analysis].tables if analysis in results else {}
        if table not in tables:
            message = (
                f"maps/{map_id}.toml: tables[{place}] '{name}' is not in the result "
                f"(there are: {', '.join(tables) or 'none'})"
            )
            raise RenderError(message)
        views.append(table_view(tables[table], analysis, places))
    return views


def shown_columns(table: Table) -> list[Column]:
    """Return the columns a page shows.

    A code that joins the row to the map, or repeats a word beside it, is for machines.
    """
    names = {c.name for c in table.columns}
    return [
        c
        for c in table.columns
        if c.name in table.frame.columns
        and not (c.name.endswith("_id") and (c.name == table.key or c.name[:-3] in names))
        and not c.name.endswith("_key")
    ]


def table_view(table: Table, analysis: str, places: Places) -> TableView:
    """Return one table, its cells written and its rows joined to the map."""
    columns = shown_columns(table)
    found = places.find(table, analysis)
    records = table.frame.to_dict("records")
    rows = []
    for place, record in enumerate(records):
        key = code(record[table.key]) if table.key in record else ""
        feature = found[1].get(key) if found is not None else None
        rows.append(
            Row(
                cells=tuple(_cell(record[c.name], c) for c in columns),
                name=_row_name(record, columns),
                total=table.total and place == len(records) - 1,
                target=found[0] if found is not None and feature is not None else None,
                feature=feature,
            )
        )
    protected = any(value in (UNDER_TEN, WITHHELD) for r in records for value in _strings(r))
    return TableView(
        dom=re.sub(r"[^a-z0-9]+", "-", f"table-{analysis}-{table.id}".lower()),
        title=table.title,
        columns=tuple(Head(c.title, c.kind not in _TEXT_KINDS) for c in columns),
        rows=tuple(rows),
        linked=any(r.feature is not None for r in rows),
        withheld=protected,
    )


def _strings(record: Mapping[Any, Any]) -> Iterable[str]:
    return (v for v in record.values() if isinstance(v, str))


def _cell(value: Any, column: Column) -> Cell:
    text = written(value, kind=column.kind, decimals=column.decimals)
    return Cell(text=text, number=column.kind not in _TEXT_KINDS)


def _row_name(record: Mapping[Any, Any], columns: list[Column]) -> Text:
    for name in (*_NAMES, *(c.name for c in columns)):
        if record.get(name) is not None and any(c.name == name for c in columns):
            return written(record[name], kind="text")
    return Text(nb="", en="")
