"""Put the definition in the reader's hand: every position of a grid, packed for the page.

The page does no arithmetic. Each position holds what the command line gives for it,
worded by the same functions, and published as every result is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.errors import RenderError
from gis.published import publishable
from gis.render import views
from gis.render.fields import heading, worded, written
from gis.render.tables import Places, shown_columns, table_view
from gis.text import THIN_SPACE, Text, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from gis.analyses.grid_parts import Control, Followed, Grid, Position
    from gis.render.drawn import Drawn
    from gis.result import Column, Result, Scalar

# Above this many residents a tenth of a per cent is ten people or more.
_SHARE_IS_COARSE = 10_000
_CELLS, _CIRCLES = "frame", "catchment"
_NUMBER = re.compile(r"^\u2212?[\d,]+(\.\d+)?%?$")
_COUNTED_KINDS = ("residents", "count", "share", "number", "km2", "metres")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def with_points(results: Mapping[str, Result], grid: Grid) -> dict[str, Result]:
    """Return the results with every point that any position may show. Raises RenderError."""
    lead = results[grid.analysis]
    if lead.frame is None or grid.points_frame not in lead.layers:
        message = f"{grid.analysis}: a live map needs the frames 'frame' and '{grid.points_frame}'"
        raise RenderError(message)
    if not np.array_equal(lead.frame["cell_id"], grid.cells.frame["cell_id"]):
        message = f"{grid.analysis}: the live grid is of other cells than the result"
        raise RenderError(message)
    layers = {**lead.layers, grid.points_frame: grid.points.frame}
    return {**results, grid.analysis: replace(lead, layers=layers)}


def counted(layers: Sequence[Drawn], grid: Grid) -> tuple[Drawn, ...]:
    """Return the layers with the legend's counts of the map's own position."""
    made = []
    for layer in layers:
        if layer.origin == (grid.analysis, grid.points_frame):
            on = _on(grid.points, grid)[layer.shapes.rows]
            if layer.inside is not None:
                on &= np.array(layer.inside, dtype=bool)
            count = np.bincount(np.array(layer.class_index)[on], minlength=len(layer.classes))
            classes = tuple(
                replace(c, count=int(n)) for c, n in zip(layer.classes, count, strict=True)
            )
            made.append(replace(layer, classes=classes))
        else:
            made.append(layer)
    return tuple(made)


def _on(followed: Followed, grid: Grid) -> np.ndarray[Any, Any]:
    """Tell which features are on at the map's own position."""
    step, reading = divmod(grid.chosen, grid.readings)
    return np.asarray(followed.step[reading] <= step)


def controls(grid: Grid) -> list[dict[str, Any]]:
    """Return the controls for the template and the script: heading, options, the map's own."""
    place = np.unravel_index(grid.chosen, [len(c.values) for c in grid.controls])
    return [
        {
            "name": control.name,
            "title": heading(control.name, "params"),
            "options": [_option(control, value) for value in control.values],
            "values": [_short(value) for value in control.values],
            "chosen": int(at),
        }
        for control, at in zip(grid.controls, place, strict=True)
    ]


def _option(control: Control, value: Scalar) -> Text:
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = number(float(value), decimals=0 if float(value).is_integer() else 1)
        unit = {"_m": "m", "_min": "min"}.get(control.name[control.name.rfind("_") :])
        return written.with_unit(unit) if unit else written
    return worded(f"values.{control.name}.{value}") or Text(nb=str(value), en=str(value))


def _short(value: Scalar) -> str:
    """Write a value as it stands in the page's link."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def payload(grid: Grid, layers: Sequence[Drawn], *, notes: Sequence[Text]) -> dict[str, Any]:
    """Return everything the page shows at each position, and which features follow it.

    notes are those of the map itself, which stand before each position's own.
    """
    chosen = publishable(grid.positions[grid.chosen].result)
    shown = [
        chosen if i == grid.chosen else protected(position)
        for i, position in enumerate(grid.positions)
    ]
    return {
        "positions": [_worded(result, notes) for result in shown],
        "tables": _tables(shown, chosen),
        "chosen": grid.chosen,
        "follow": _follow(grid, layers),
    }


def protected(position: Position) -> Result:
    """Return a position as it may stand beside the others.

    Its tables are safe beside each other as they are published: what a definition moves is
    to the nearest 10 there. The sentence follows where a share would tell of a few.
    """
    result = publishable(position.result)
    if (result.denominator or 0.0) >= _SHARE_IS_COARSE:
        return result
    return replace(result, finding=position.finding_rounded)


def _worded(result: Result, notes: Sequence[Text]) -> dict[str, Any]:
    """Word one position with the functions that word the page."""
    definition = result.definition
    return {
        "value": _packed(views.value_text(result)),
        "finding": _packed(result.finding),
        "range": _packed(views.range_text(result)),
        "figures": [_packed(f["text"]) for f in views.figures(result)],
        "sentence": _packed(definition.sentence),
        "params": [
            [_packed(p["title"]), _packed(p["text"])]
            for p in views.parameters(definition.parameters)
        ],
        "notes": [_packed(n) for n in dict.fromkeys([*notes, *result.notes])],
        "left_out": [[_packed(x["text"]), _packed(x["count"])] for x in views.left_out([result])],
    }


def _packed(text: Text | None) -> Any:
    """Write a text for the page: a number once, in English; other texts in both languages."""
    if text is None:
        return None
    if text.nb == text.en and not _NUMBER.match(text.en):
        return text.en
    if _NUMBER.match(text.en) and text.nb == norwegian(text.en):
        return text.en
    return [text.nb, text.en]


def norwegian(english: str) -> str:
    """Turn a number written in English into Norwegian; the script does the same."""
    swapped = english.replace(",", THIN_SPACE).replace(".", ",")
    return swapped.replace("%", "\u00a0%")


def _tables(shown: Sequence[Result], chosen: Result) -> dict[str, Any]:
    """Return, table by table, what moves: each variant once, and who has which.

    Of a table with the same rows everywhere, the columns that move; of one whose rows
    come and go (``rows``), all of it.
    """
    found = {}
    for name, table in chosen.tables.items():
        listed = shown_columns(table)
        told = [[tuple(map(str, r.tables[name].frame[c.name])) for c in listed] for r in shown]
        words = [c for c, column in enumerate(listed) if column.kind not in _COUNTED_KINDS]
        rows = any([x[c] for c in words] != [told[0][c] for c in words] for x in told)
        moving = [c for c in range(len(listed)) if rows or any(x[c] != told[0][c] for x in told)]
        variants: dict[tuple[Any, ...], int] = {}
        cells = []
        of = []
        for result, columns in zip(shown, told, strict=True):
            key = tuple(columns[c] for c in moving)
            if key not in variants:
                variants[key] = len(variants)
                frame = result.tables[name].frame
                cells.append([_cells(frame[listed[c].name], listed[c]) for c in moving])
            of.append(variants[key])
        dom = table_view(table, chosen.analysis, Places()).dom
        found[dom] = {"columns": moving, "variants": cells, "of": of}
        if rows:
            found[dom] |= {"rows": True, "total": table.total}
    return found


def _cells(values: pd.Series, column: Column) -> list[Any]:
    """Word the cells of one column as the page's tables do."""
    kind, decimals = column.kind, column.decimals
    return [_packed(written(v, kind=kind, decimals=decimals)) for v in values]


def _follow(grid: Grid, layers: Sequence[Drawn]) -> list[dict[str, Any]]:
    """Return the layers that follow the position, and at which step each feature comes in."""
    made: list[dict[str, Any]] = []
    followed = {_CELLS: grid.cells, grid.points_frame: grid.points}
    points = [d.id for d in layers if d.origin == (grid.analysis, grid.points_frame)]
    for layer in layers:
        kind = layer.origin[1] if layer.origin and layer.origin[0] == grid.analysis else None
        if kind == _CIRCLES and points:
            metres = [float(v) for v in grid.controls[0].values if v is not None]
            own = {"kind": "circles", "of": points[0], "metres": metres}
            made.append({"layer": layer.id, **own, "round": list(grid.circles)})
        elif kind in followed:
            made.append(_followed(layer, followed[kind], grid, kind=kind))
    return made


def _followed(layer: Drawn, followed: Followed, grid: Grid, *, kind: str) -> dict[str, Any]:
    rows = layer.shapes.rows
    columns = {}
    for name, values in followed.columns.items():
        if name not in layer.columns:
            continue
        listed = [
            [None if np.isnan(v) else round(float(v), 4) for v in line[rows]] for line in values
        ]
        variants = [v for i, v in enumerate(listed) if v not in listed[:i]]
        columns[name] = {"variants": variants, "of": [variants.index(v) for v in listed]}
    return {
        "layer": layer.id,
        "kind": "classes" if kind == _CELLS else "shown",
        "step": ["".join(_DIGITS[s] for s in line[rows]) for line in followed.step],
        "columns": columns,
        "within": [name for name in followed.within if name in layer.columns],
        "stale": [name for name in followed.stale if name in layer.columns],
        "chosen": grid.chosen % grid.readings,
    }
