"""Write one answer as a page of its own: tables, definition and sources, for reading and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.render.report import answer_parts
from gis.render.template import fill_document
from gis.text import Text

if TYPE_CHECKING:
    import datetime as dt

    from gis.result import Result
    from gis.text import Language

# A ROS table is wide: the whole screen, room for sentences, and paper on its side.
_STYLE = """.sheet main.report { max-width: 110rem; }
.sheet main p, .sheet main dl { max-width: 62rem; }
.sheet table { font-size: .875rem; }
.sheet th, .sheet td { vertical-align: top; padding-inline: .35rem; }
.sheet th { white-space: normal; hyphens: auto; min-width: 4rem; }
.sheet tbody th { min-width: 7rem; }
.sheet td.long { min-width: 15rem; }
@media (max-width: 700px) { .sheet td.long { min-width: 14rem; } }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  .sheet table { font-size: 7.5pt; }
  .sheet td.long { min-width: 0; }
  .sheet tr { break-inside: avoid; }
}"""


def render_sheet(
    result: Result, *, file: str, language: Language, created: dt.date, exact: bool = False
) -> str:
    """Return one result as a self-contained HTML page in both languages.

    ``language`` is the one shown first. ``exact`` says on the page that it holds numbers
    that are not for publishing; the caller sees to it that others are. Raises RenderError.
    """
    answer, long = answer_parts(result, place=1)
    area = f"{result.area.number} {result.area.name}"
    context: dict[str, Any] = {
        "page_title": Text(
            nb=f"{result.title.nb} – {result.area.name}",
            en=f"{result.title.en} – {result.area.name}",
        ),
        "area": Text(nb=area, en=area),
        "invented": any(s.invented for s in result.provenance.sources),
        "exact": exact,
        # The reference values stand by the maps they belong to.
        "a": answer,
        "appendix": long,
    }
    return fill_document(
        "sheet.html",
        context,
        page=file,
        title=result.title,
        language=language,
        created=created,
        styles=[_STYLE],
    )
