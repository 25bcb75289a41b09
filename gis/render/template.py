"""Fill a template with autoescape, the page's own policy, and the last check."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

import gis
from gis.render import views
from gis.render.assets import check_closed, csp, own, script_safe, template_text
from gis.text import t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from gis.text import Language, Text


def json_block(value: Any) -> Markup:
    """Write JSON that can stand in a script element: no markup can begin in it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return Markup(text)  # noqa: S704


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(template_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fill_template(name: str, context: Mapping[str, Any], *, page: str) -> str:
    """Fill a template, with the policy that allows exactly its own scripts and styles.

    ``bound``: the page is one of an atlas, and leads to its index; ``invented``: its
    banner says that the data are. Both are false where the context does not name them.
    """
    scripts = tuple(script_safe(code) for code in context["scripts"])
    styles, images = tuple(context["styles"]), tuple(context.get("images", ()))
    html = (
        _environment()
        .get_template(name)
        .render(
            **{
                "bound": False,
                "invented": False,
                **context,
                "u": t,
                "version": gis.__version__,
                "csp": Markup(csp(scripts=scripts, styles=styles, images=images)),  # noqa: S704
                "scripts": [Markup(code) for code in scripts],  # noqa: S704
                "styles": [Markup(code) for code in styles],  # noqa: S704
            }
        )
    )
    check_closed(html, page=page)
    return html


def fill_document(
    name: str,
    context: Mapping[str, Any],
    *,
    page: str,
    title: Text,
    language: Language,
    created: dt.date,
    styles: Sequence[str] = (),
) -> str:
    """Fill the template of a page without a map: one script, the page's style, and its own.

    ``context`` may name another ``page_title`` (the window's) or ``made`` (the last line).
    """
    whole = {
        "title": title,
        "page_title": title,
        "language": language,
        "made": views.made(created, gis.__version__),
        "texts": json_block({"title": title.as_dict(), "nav": t("page.nav").as_dict()}),
        "scripts": [own("index")],
        "styles": [own("style"), *styles],
        **context,
    }
    return fill_template(name, whole, page=page)
