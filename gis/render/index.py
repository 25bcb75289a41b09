"""Write the index: every map under its finding, what goes with them, and the state of the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from gis.catalogue import layer_entries
from gis.errors import RenderError
from gis.provenance import note_text
from gis.render import views
from gis.render.board import board_style, board_view
from gis.render.fields import stated
from gis.render.pictures import Picture, picture_style
from gis.render.tables import Places, table_view
from gis.render.template import fill_document
from gis.result import Column, Table
from gis.text import Text, day, number, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.catalogue.map_models import MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result
    from gis.text import Language

REPORT, WORKBOOK, STATEMENT = "rapport.html", "tabeller.xlsx", "tilgjengelighet.html"
CHECK = "kontroll.html"
_COMPANIONS = {
    REPORT: "atlas.report",
    WORKBOOK: "atlas.workbook",
    CHECK: "checks.companion",
    STATEMENT: "atlas.statement",
}
_TWO_YEARS = 730


@dataclass(frozen=True)
class PageRef:
    """One map page in the index: its id, its file beside the index, its entry, its lead's result.

    Two maps may share a lead under different parameters, so each brings its own result.
    ``difference`` tells how far the two maps of a page are apart.
    """

    map_id: str
    file: str
    entry: MapEntry
    lead: Result = field(repr=False)
    difference: Text | None = None
    picture: Picture | None = field(default=None, repr=False)


def render_index(
    pages: Sequence[PageRef],
    *,
    language: Language,
    created: dt.date,
    sources: Sequence[LayerSource] = (),
    beside: Sequence[str] = (),
    absent: Sequence[Text] = (),
    board: Result | None = None,
) -> str:
    """Return index.html: the board, each finding with its map; then the data and their dates.

    sources is the store's list of layers; without it, what the results name. beside
    names the files that were written with it: report, workbook, statement. absent are the
    titles of maps that could not be made, since a layer is not there. ``board`` is the
    published result of the analysis indicators.
    Raises RenderError without pages.
    """
    if not pages:
        message = "index: no map to show"
        raise RenderError(message)
    found = list(sources) or [s for p in pages for s in p.lead.provenance.sources]
    name = pages[0].lead.area.name
    title = t("index.title", name=name)
    context: dict[str, Any] = {
        "invented": any(s.invented for s in found),
        "board": None if board is None else board_view(board),
        "cards": [_card(page) for page in pages],
        "beside": [{"file": f, "title": t(_COMPANIONS[f])} for f in beside],
        "absent": views.joined(absent),
        "table": table_view(data_status(found, created=created), "index", Places()),
    }
    return fill_document(
        "index.html",
        context,
        page="index.html",
        title=title,
        language=language,
        created=created,
        styles=[board_style(), *picture_style(_pictures(pages))],
    )


def _pictures(pages: Sequence[PageRef]) -> dict[str, Picture]:
    return {p.map_id: p.picture for p in pages if p.picture is not None}


def _card(page: PageRef) -> dict[str, Any]:
    result = page.lead
    return {
        "id": page.map_id,
        "file": page.file,
        "pictured": page.picture is not None,
        "title": page.entry.title.text,
        "question": page.entry.question.text,
        "value": views.value_text(result),
        "finding": result.finding,
        "difference": page.difference,
        "status": views.status_text(result),
        "figures": views.figures(result),
    }


def data_status(found: Sequence[LayerSource], *, created: dt.date) -> Table:
    """Lay out the layers with owner, date, age, coverage and what was mended, one line each."""
    unique = {s.layer: s for s in found}
    rows = [
        {
            "layer": Text(nb=s.title_nb, en=s.title_en),
            "owner": stated(s.owner),
            "date": day(s.date),
            "age": _age(s.date, created),
            "rows": s.rows,
            "coverage": _coverage(s),
            "problems": _problems(s),
            "licence": stated(s.licence),
        }
        for s in sorted(unique.values(), key=lambda s: s.title_nb)
    ]
    named = {"age": "atlas.age", "coverage": "atlas.coverage", "problems": "atlas.problems"}
    columns = tuple(
        Column(name, t(named.get(name, f"index.{name}")), "count" if name == "rows" else "text")
        for name in ("layer", "owner", "date", "age", "rows", "coverage", "problems", "licence")
    )
    return Table(
        id="status",
        title=t("index.status"),
        columns=columns,
        frame=pd.DataFrame(rows, columns=[c.name for c in columns]),
    )


def _age(date: dt.date | None, created: dt.date) -> Text:
    if date is None:
        return number(None)
    days = max((created - date).days, 0)
    if days < _TWO_YEARS:
        return t("atlas.days", n=number(days))
    return t("atlas.years", n=number(days / 365.25, decimals=1))


def _coverage(source: LayerSource) -> Text:
    """Say where an absence means something: by the catalogue, and by what the file covers."""
    entry = layer_entries().get(source.layer)
    said = t("atlas.everywhere")
    if entry is not None and entry.coverage.kind == "positive_only":
        said = t("atlas.positive_only")
    elif entry is not None and entry.coverage.layer is not None:
        said = t("atlas.inside", layer=layer_entries()[entry.coverage.layer].title.text)
    if not source.covers:
        return said
    return joined(said, t("atlas.only_covers", numbers=", ".join(source.covers)))


def _problems(source: LayerSource) -> Text:
    told = [t("atlas.mended", n=number(source.mended))] if source.mended else []
    told += [note_text(note) for note in source.notes]
    if source.date is None:
        told.append(t("common.unknown_date"))
    return joined(*told) if told else t("atlas.none")


def joined(*texts: Text) -> Text:
    """Join texts with semicolons, language by language."""
    return Text(nb="; ".join(x.nb for x in texts), en="; ".join(x.en for x in texts))
