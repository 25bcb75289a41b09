"""Write the report: every answer with numbers, definition, doubt and sources, made for paper."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gis.errors import RenderError
from gis.render import compare, views
from gis.render.board import board_style, board_view
from gis.render.index import data_status
from gis.render.pictures import Picture, picture_style
from gis.render.tables import Places, TableView, table_view
from gis.render.template import fill_document
from gis.text import Text, number, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from gis.catalogue.map_models import MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result
    from gis.text import Language

# A table longer than this would part the text it belongs to, and stands in the appendix.
LONG_TABLE = 30


@dataclass(frozen=True)
class Section:
    """One map in the report: its entry, its publishable results by analysis, its picture."""

    map_id: str
    file: str
    entry: MapEntry
    results: Mapping[str, Result]
    picture: Picture | None = field(default=None, repr=False)


def render_report(
    sections: Sequence[Section],
    *,
    language: Language,
    created: dt.date,
    sources: Sequence[LayerSource],
    board: Result | None = None,
) -> str:
    """Return rapport.html: a summary, the board, each map's analyses in full, long tables last.

    An analysis that several maps share is told once. Raises RenderError without sections.
    """
    if not sections:
        message = "report: no map to tell of"
        raise RenderError(message)
    title = t("report.title", name=_lead(sections[0]).area.name)
    # What the board tells stands there, and not under its map once more.
    told = {} if board is None else {_key(board): t("board.section")}
    parts, appendix = [], []
    for section in sections:
        part, long = _part(section, told)
        parts.append(part)
        appendix += long
    pictures = {s.map_id: s.picture for s in sections if s.picture is not None}
    context: dict[str, Any] = {
        "bound": True,
        "invented": any(s.invented for s in sources),
        "board": None if board is None else board_view(board),
        "parts": parts,
        "appendix": appendix,
        "table": table_view(data_status(sources, created=created), "report", Places()),
    }
    return fill_document(
        "report.html",
        context,
        page="rapport.html",
        title=title,
        language=language,
        created=created,
        styles=[board_style(), *picture_style(pictures)],
    )


def _key(result: Result) -> tuple[object, ...]:
    """Return what tells one answer from another: the analysis and its parameters."""
    return (result.analysis, *sorted(result.definition.parameters.items()))


def _lead(section: Section) -> Result:
    return section.results[section.entry.lead]


def _part(
    section: Section, told: dict[tuple[object, ...], Text]
) -> tuple[dict[str, Any], list[TableView]]:
    """Return one map's part of the report, and the tables that go to the appendix."""
    lead = section.entry.lead
    answers, above, appendix = [], [], []
    for name in (lead, *(x for x in section.results if x != lead)):
        result = section.results[name]
        key = _key(result)
        if key in told:
            above.append(t("report.told_above", title=result.title, map=told[key]))
            continue
        told[key] = section.entry.title.text
        answer, long = answer_parts(result, place=len(told))
        answers.append(answer)
        whose = (section.entry.title.text, result.title)
        appendix += [replace(x, title=_headed(x.title, *whose)) for x in long]
    return {
        "id": section.map_id,
        "file": section.file,
        "title": section.entry.title.text,
        "question": section.entry.question.text,
        "finding": _lead(section).finding,
        "difference": compare.apart(section.entry, section.results, map_id=section.map_id),
        "value": views.value_text(_lead(section)),
        "pictured": section.picture is not None,
        "picture": t("atlas.picture", title=section.entry.title.text),
        "notes": [n.text for n in section.entry.notes],
        "answers": answers,
        "above": above,
    }, appendix


def _headed(caption: Text, *whose: Text) -> Text:
    """Say in a table's caption whose it is, where it stands away from its answer."""
    nb, en = (dict.fromkeys(getattr(w, x) for w in whose) for x in ("nb", "en"))
    return Text(nb=f"{', '.join(nb)}: {caption.nb}", en=f"{', '.join(en)}: {caption.en}")


def answer_parts(result: Result, *, place: int) -> tuple[dict[str, Any], list[TableView]]:
    """Return one analysis in full, and its long tables apart."""
    made = [table_view(x, f"r{place}-{result.analysis}", Places()) for x in result.tables.values()]
    long = [x for x in made if len(x.rows) > LONG_TABLE]
    return {
        "title": result.title,
        "value": views.value_text(result),
        "finding": result.finding,
        "range": views.range_text(result),
        "status": views.status_text(result),
        "figures": views.figures(result),
        "definition": result.definition.sentence,
        "parameters": views.parameters(result.definition.parameters),
        "sensitivity": views.sensitivity(result),
        "sensitivity_id": f"sensitivity-{place}",
        "left_out": views.left_out([result]),
        "notes": list(dict.fromkeys(result.notes)),
        "tables": [x for x in made if len(x.rows) <= LONG_TABLE],
        "elsewhere": [
            t("report.in_appendix", title=x.title, rows=number(len(x.rows))) for x in long
        ],
        "withheld": any(x.withheld for x in made),
        "sources": views.sources(result.provenance.sources),
    }, long
