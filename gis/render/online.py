"""Name the base maps that a reader with the net may choose; a page asks for none by itself.

Kartverket's open cache of tiles in Web Mercator, without a key. The addresses are those of
its own guide to maps in web pages; the service could not be reached where this was written.
"""

from __future__ import annotations

from dataclasses import dataclass

_HOST = "https://cache.kartverket.no"
ONLINE_HOSTS = (_HOST,)
"""Where the policy of a map page lets pictures come from."""


@dataclass(frozen=True)
class OnlineMap:
    """One choice: its key in the locale's ``online`` section, and the address of its tiles.

    The row of a tile stands before its column, as in the service's own address.
    """

    name: str
    url: str


ONLINE = tuple(
    OnlineMap(name, f"{_HOST}/v1/wmts/1.0.0/{layer}/default/webmercator/{{z}}/{{y}}/{{x}}.png")
    for name, layer in (("topo", "topo"), ("grey", "topograatone"))
)
