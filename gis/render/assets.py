"""Fetch what a page carries inside itself: Leaflet, our scripts and styles. Fail closed.

Leaflet comes from the pip package django-js-lib-leaflet (byte-identical to the
publisher's own 1.9.4); nothing is vendored and nothing is downloaded.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from gis.errors import RenderError

LEAFLET_JS = "leaflet.js"
LEAFLET_CSS = "leaflet.css"
_LEAFLET = "js_lib_leaflet"
_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)[^)]*\)", re.IGNORECASE)
_SOURCE_MAP = re.compile(r"^\s*(//|/\*)#\s*sourceMappingURL=.*$", re.MULTILINE)
# A resource a browser would fetch by itself: src or srcset anywhere, href of link, url() in
# style, @import. Links a reader clicks (<a href>) are not among them.
_FETCHED = (
    re.compile(
        r"<(?:script|img|iframe|source|video|audio|embed|track|input)\b[^>]*\ssrc\s*=", re.I
    ),
    re.compile(r"<link\b[^>]*\shref\s*=", re.I),
    re.compile(r"<(?:object|form|base|image|use)\b[^>]*\s(?:data|action|href)\s*=", re.I),
    re.compile(r"\ssrcset\s*=", re.I),
)
_STYLED = (re.compile(r"@import\b", re.I), re.compile(r"url\(\s*['\"]?(?!data:|#)", re.I))
# Text of the data has neither < nor a quotation mark of its own: both are escaped.
_TAG = re.compile(r"<[a-z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>?", re.I)
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_STYLE_OF = re.compile(r"<style\b[^>]*>(.*?)(?:</style>|$)", re.I | re.S)
_PAINTED = re.compile(
    r"\s(?:style|fill|stroke|filter|mask|clip-path|background)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]*)",
    re.I,
)


@cache
def leaflet(name: str) -> str:
    """Return one Leaflet file as text, without its map and its image files. Raises RenderError."""
    try:
        place = resources.files(_LEAFLET).joinpath(f"static/{_LEAFLET}/{name}")
        text = place.read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        message = f"{name} not found in the package django-js-lib-leaflet; reinstall arealplan"
        raise RenderError(message) from None
    text = _SOURCE_MAP.sub("", text)
    # Leaflet's images serve its own marker and layer button, which no page uses.
    return _URL.sub("none", text) if name.endswith(".css") else text


@cache
def own(folder: str) -> str:
    """Return our 'map' or 'index' scripts or the 'style' sheets, joined in the order of names."""
    place = resources.files("gis.render").joinpath(f"assets/{folder}")
    files = sorted((f for f in place.iterdir() if f.name[0].isdigit()), key=lambda f: f.name)
    if not files:
        message = f"no files in gis/render/assets/{folder}; reinstall arealplan"
        raise RenderError(message)
    return "\n".join(f.read_text(encoding="utf-8") for f in files)


@cache
def template_text(name: str) -> str:
    """Return one template file."""
    return resources.files("gis.render").joinpath(f"templates/{name}").read_text(encoding="utf-8")


def script_safe(code: str) -> str:
    """Return JavaScript that cannot end its own script element."""
    return re.sub(r"</(script)", r"\\x3C/\1", code, flags=re.IGNORECASE).replace("<!--", "\\x3C!--")


def csp_hash(text: str) -> str:
    """Return the CSP source of an inline script or style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def csp(*, scripts: tuple[str, ...], styles: tuple[str, ...], images: tuple[str, ...] = ()) -> str:
    """Return the policy of a page: its own scripts and styles by hash, nothing from anywhere.

    ``images``: hosts that pictures may come from when the reader asks for them.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(csp_hash, scripts)) or chr(39) + 'none' + chr(39)}",
            f"style-src {' '.join(map(csp_hash, styles))}",
            f"img-src {' '.join(('data:', 'blob:', *images))}",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def check_closed(html: str, *, page: str) -> None:
    """Refuse a page that would fetch anything. Raises RenderError naming what was found.

    Looked at are tags, what styles say and what an element is painted with. Script bodies
    are left out (they hold no markup that is parsed), and so is text: a name such as
    "url(x)" is no address.
    """
    outside = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1</script>", html, flags=re.S | re.I)
    tags = dict.fromkeys(_TAG.findall(outside))
    told = [(p, _VALUE.sub('""', tag)) for tag in tags for p in _FETCHED]
    styles = [*_STYLE_OF.findall(outside), *(x for tag in tags for x in _PAINTED.findall(tag))]
    told += [(p, style) for style in styles for p in _STYLED]
    for pattern, text in told:
        found = pattern.search(text)
        if found:
            start = max(found.start() - 20, 0)
            message = f"{page}: would fetch a resource: {text[start : found.end() + 60]!r}"
            raise RenderError(message)
