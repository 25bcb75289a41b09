"""Write the page that says what is there, how old it is, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from gis.provenance import note_text
from gis.render.fields import stated
from gis.render.index import CHECK, joined
from gis.render.tables import Places, table_view
from gis.render.template import fill_document
from gis.result import Column, Table
from gis.text import Text, day, number, percent, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.checks import Verdict
    from gis.text import Language

_KINDS = {"rows": "count", "mended": "count"}
_TABLES = {
    "verdicts": ("layer", "verdict", "date", "age", "retrieved", "findings"),
    "contents": ("layer", "owner", "rows", "mended", "mapped", "overlap", "extent", "file"),
}
# Sentences and extents keep a width that can be read; the table scrolls on a narrow screen.
_STYLE = (
    "#table-check-verdicts td:last-child { min-width: 18rem; }"
    "#table-check-contents td:nth-last-child(2) { min-width: 12rem; }"
)
_NOTHING = Text(nb="–", en="–")


def render_check(
    verdicts: Sequence[Verdict], *, name: str, language: Language, created: dt.date
) -> str:
    """Return kontroll.html: what needs a look first, layer by layer, then every layer in a table.

    name: the municipality's. The wording of each finding is that of ``arealplan check``.
    """
    title = t("checks.title", name=name)
    grades = Counter(v.grade for v in verdicts)
    counts = {g: number(grades.get(g, 0)) for g in ("ok", "look", "bad")}
    context: dict[str, Any] = {
        "bound": True,
        "invented": any(v.source.invented for v in verdicts),
        "summary": t("checks.summary", count=number(len(verdicts)), **counts),
        "parts": [_part(grade, verdicts) for grade in ("bad", "look") if grades.get(grade)],
        "tables": [table_view(x, "check", Places()) for x in check_tables(verdicts)],
    }
    return fill_document(
        "check.html",
        context,
        page=CHECK,
        title=title,
        language=language,
        created=created,
        styles=[_STYLE],
    )


def _part(grade: str, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the layers of one grade, each with the findings that brought it there first."""
    return {
        "title": t(f"checks.{grade}_title"),
        "layers": [
            {
                "title": _title(v),
                "owner": stated(v.source.owner),
                "findings": joined(*(f.text for f in v.findings if f.grade != "ok")),
            }
            for v in verdicts
            if v.grade == grade
        ],
    }


def check_tables(verdicts: Sequence[Verdict]) -> list[Table]:
    """Lay out every layer twice: what was found and how old it is; then what is there."""
    rows = [_row(v) for v in verdicts]
    made = []
    for name, fields in _TABLES.items():
        columns = tuple(Column(f, t(f"checks.{f}"), _KINDS.get(f, "text")) for f in fields)
        frame = pd.DataFrame(rows, columns=list(fields))
        made.append(Table(id=name, title=t(f"checks.table_{name}"), columns=columns, frame=frame))
    return made


def _row(verdict: Verdict) -> dict[str, Any]:
    s = verdict.source
    told = [f.text for f in verdict.findings] + [note_text(x) for x in s.notes]
    return {
        "layer": _title(verdict),
        "verdict": t(f"check.{verdict.grade}"),
        "findings": joined(*dict.fromkeys(told)) if told else t("atlas.none"),
        "owner": stated(s.owner),
        "date": day(s.date),
        "age": _days(verdict.age_days),
        "retrieved": day(s.retrieved) if s.retrieved else _NOTHING,
        "rows": s.rows,
        "mended": s.mended,
        "mapped": percent(verdict.covered),
        "overlap": percent(verdict.overlap),
        "extent": _extent(verdict),
        "file": s.file.replace("_", "_\u200b"),  # long names may break after a piece
    }


def _title(verdict: Verdict) -> Text:
    return Text(nb=verdict.source.title_nb, en=verdict.source.title_en)


def _days(count: int | None) -> Text:
    return _NOTHING if count is None else t("checks.days", n=number(count))


def _extent(verdict: Verdict) -> Text:
    """Say the extent in whole kilometres of the working CRS: east, then north."""
    if verdict.bounds is None:
        return _NOTHING
    west, south, east, north = (v / 1000 for v in verdict.bounds)
    values = {"west": west, "south": south, "east": east, "north": north}
    return t("checks.box_km", **{k: number(v) for k, v in values.items()})
