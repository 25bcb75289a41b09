"""Write the page that says what was done for accessibility, and what is known to lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gis
from gis.render import views
from gis.render.assets import own
from gis.render.template import fill_template, json_block
from gis.text import t

if TYPE_CHECKING:
    import datetime as dt

    from gis.text import Language

# Heading -> what stands under it: one text is a paragraph, several are a list.
_PARTS = {
    "what": ("what_text",),
    "aim": ("aim_text",),
    "tested": ("tested_axe", "tested_keys", "tested_colours"),
    "ways": ("ways_tables", "ways_language", "ways_print"),
    "known": ("known_readers", "known_map", "known_contrast", "known_browsers"),
    "contact": ("contact_text",),
}


def render_statement(*, language: Language, created: dt.date) -> str:
    """Return tilgjengelighet.html, in both languages."""
    title = t("statement.title")
    context: dict[str, Any] = {
        "title": title,
        "page_title": title,
        "language": language,
        "parts": [
            {"title": t(f"statement.{name}"), "texts": [t(f"statement.{x}") for x in texts]}
            for name, texts in _PARTS.items()
        ],
        "made": views.made(created, gis.__version__),
        "texts": json_block({"title": title.as_dict(), "nav": t("page.nav").as_dict()}),
        "scripts": [own("index")],
        "styles": [own("style")],
    }
    return fill_template("accessibility.html", context, page="tilgjengelighet.html")
