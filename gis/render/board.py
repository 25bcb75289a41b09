"""Show the board of indicators: a table whose classes have a word, bars and a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.errors import RenderError
from gis.render.fields import written
from gis.render.theme import load_theme
from gis.text import t, with_unit

if TYPE_CHECKING:
    from gis.result import Column, Result
    from gis.text import Text

ANALYSIS, PALETTE = "indicators", "u4ssc"
# The second cue beside colour and word: how many of four bars are filled.
_BARS = {
    "excellent": 4,
    "good": 3,
    "in_progress": 2,
    "improvement_needed": 1,
    "no_benchmark": 0,
    "not_reported": 0,
}


def board_view(result: Result) -> dict[str, Any]:
    """Return the board as the index and the report show it, themes in their own order.

    ``result``: of the analysis indicators, as published. Raises RenderError for another.
    """
    if result.analysis != ANALYSIS:
        message = f"the board is made of '{ANALYSIS}', not of '{result.analysis}'"
        raise RenderError(message)
    what = result.table("definitions")
    told = result.table("board")
    columns = {c.name: c for c in (*what.columns, *told.columns)}
    rows = [
        _row({**a, **b}, columns)
        for a, b in zip(what.frame.to_dict("records"), told.frame.to_dict("records"), strict=True)
    ]
    themes = {row["theme"]: row["theme_title"] for row in rows}
    return {
        "title": result.title,
        "finding": result.finding,
        "definition": result.definition.sentence,
        "notes": result.notes,
        "changed": "change" in columns,
        "heads": {name: c.title for name, c in columns.items()},
        "themes": [
            {"title": title, "rows": [r for r in rows if r["theme"] == theme]}
            for theme, title in themes.items()
        ],
        "legend": [{"grade": g, "bars": _bars(g), "text": t(f"board.legend_{g}")} for g in _BARS],
    }


def board_style() -> str:
    """Return the colours of the classes, by the theme's palette, as a style sheet.

    Raises CatalogueError where the theme lacks the palette.
    """
    palette = load_theme().palette(PALETTE, where="render")
    # Every part is a colour that the theme's model has checked.
    rules = [f".grade-{g.replace('_', '-')} {{ --grade: {palette.look(g).fill}; }}" for g in _BARS]
    return "\n".join(rules)


def _row(record: dict[Any, Any], columns: dict[str, Column]) -> dict[str, Any]:
    def text(name: str) -> Text:
        column = columns[name]
        return written(record[name], kind=column.kind, decimals=column.decimals)

    theme: Text = record["theme"]
    # What takes from a number stands beside it; what explains it, with the definition.
    said = bool(text("remark").nb)
    aside = record["grade_key"] == "not_reported" or record["indicator_id"].startswith("hazard_")
    known = text("value").nb != "–"
    sign = known and text("unit").en == "%"
    facts = ("definition", "target", *(() if aside else ("remark",)))
    return {
        "id": record["indicator_id"],
        "theme": theme.nb,
        "theme_title": theme,
        "title": text("indicator"),
        "value": with_unit(text("value"), text("unit")) if sign else text("value"),
        "unit": text("unit") if known and not sign else None,
        "grade": record["grade_key"].replace("_", "-"),
        "bars": _bars(record["grade_key"]),
        "grade_title": text("grade"),
        "remark": text("remark") if said and aside else None,
        "before": text("before") if "before" in columns else None,
        "change": text("change") if "change" in columns else None,
        "change_remark": text("change_remark") if "change" in columns else None,
        "details": [
            {"title": columns[name].title, "text": text(name)}
            for name in (*facts, "layers", "year", "standard", "checked")
            if text(name).nb
        ],
    }


def _bars(grade: str) -> tuple[bool, ...]:
    """Return which of the four bars are filled; none are drawn where there is no class."""
    filled = _BARS[grade]
    return tuple(i < filled for i in range(4)) if filled else ()
