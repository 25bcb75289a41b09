"""Name the base maps that a reader with the net may choose; a page asks for none by itself.

maps/theme.toml lists them with their addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gis.render.theme import load_theme

if TYPE_CHECKING:
    from gis.render.theme import OnlineMap


def online_maps() -> tuple[OnlineMap, ...]:
    """Return the choices of the theme, in its order. Raises CatalogueError."""
    return load_theme().online


def online_hosts() -> tuple[str, ...]:
    """Return where the policy of a map page lets pictures come from, once chosen."""
    parts = (urlsplit(choice.url) for choice in online_maps())
    return tuple(dict.fromkeys(f"{p.scheme}://{p.netloc}" for p in parts))
