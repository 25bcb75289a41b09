"""Write the index: every map under its finding, and the state of the data behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

import gis
from gis.errors import RenderError
from gis.render import views
from gis.render.assets import own
from gis.render.tables import Places, table_view
from gis.render.template import fill_template, json_block
from gis.result import Column, Table
from gis.text import Text, day, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from gis.catalogue.models import MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result
    from gis.text import Language


@dataclass(frozen=True)
class PageRef:
    """One map page in the index: its id, its file beside the index, its entry."""

    map_id: str
    file: str
    entry: MapEntry


def render_index(
    pages: Sequence[PageRef],
    results: Mapping[str, Result],
    *,
    language: Language,
    created: dt.date,
    sources: Sequence[LayerSource] = (),
) -> str:
    """Return index.html: findings first, each leading to its map; then the data and their dates.

    sources is the store's list of layers; without it, what the results name.
    Raises RenderError when a lead's result is missing.
    """
    missing = [p.map_id for p in pages if p.entry.lead not in results]
    if missing or not pages:
        message = f"index: no result for {', '.join(missing) or 'any map'}"
        raise RenderError(message)
    found = list(sources) or [s for r in results.values() for s in r.provenance.sources]
    name = results[pages[0].entry.lead].area.name
    title = t("index.title", name=name)
    texts = {"title": title.as_dict(), "nav": t("page.nav").as_dict()}
    context: dict[str, Any] = {
        "title": title,
        "page_title": title,
        "language": language,
        "invented": any(s.invented for s in found),
        "cards": [_card(page, results[page.entry.lead]) for page in pages],
        "table": table_view(_status(found), "index", Places()),
        "made": views.made(created, gis.__version__),
        "texts": json_block(texts),
        "scripts": [own("index")],
        "styles": [own("style")],
    }
    return fill_template("index.html", context, page="index.html")


def _card(page: PageRef, result: Result) -> dict[str, Any]:
    return {
        "file": page.file,
        "title": page.entry.title.text,
        "question": page.entry.question.text,
        "value": views.value_text(result),
        "finding": result.finding,
        "status": views.status_text(result),
    }


def _status(found: Sequence[LayerSource]) -> Table:
    """Lay out the layers with owner, date, rows and licence, one line each."""
    unique = {s.layer: s for s in found}
    rows = [
        {
            "layer": Text(nb=s.title_nb, en=s.title_en),
            "owner": s.owner,
            "date": day(s.date),
            "rows": s.rows,
            "licence": s.licence,
        }
        for s in sorted(unique.values(), key=lambda s: s.title_nb)
    ]
    columns = tuple(
        Column(name=name, title=t(f"index.{name}"), kind="count" if name == "rows" else "text")
        for name in ("layer", "owner", "date", "rows", "licence")
    )
    return Table(
        id="status",
        title=t("index.status"),
        columns=columns,
        frame=pd.DataFrame(rows, columns=[c.name for c in columns]),
    )
