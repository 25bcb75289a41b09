"""Write the page that says what was done for accessibility, and what is known to lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.render.template import fill_document
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


def render_statement(*, language: Language, created: dt.date, bound: bool = False) -> str:
    """Return tilgjengelighet.html, in both languages; ``bound``: it leads back to an index."""
    context: dict[str, Any] = {
        "bound": bound,
        "parts": [
            {"title": t(f"statement.{name}"), "texts": [t(f"statement.{x}") for x in texts]}
            for name, texts in _PARTS.items()
        ],
    }
    return fill_document(
        "accessibility.html",
        context,
        page="tilgjengelighet.html",
        title=t("statement.title"),
        language=language,
        created=created,
    )
