"""Give the scripts of a page what they need besides layers: texts and settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gis.errors import RenderError
from gis.render.online import online_maps
from gis.render.place import ASK_ORDER
from gis.render.template import json_block
from gis.text import interface_texts, t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from markupsafe import Markup

    from gis.render.drawn import Drawn
    from gis.text import Text

# Texts of the page itself that its scripts use, under the names they use.
_PAGE_TEXTS = {
    "close": "page.close",
    "failed": "page.failed",
    "zoom_in": "page.zoom_in",
    "zoom_out": "page.zoom_out",
    "nav": "page.nav",
    "panel": "page.panel",
    "value.<10": "values.<10",
    "value.*": "values.*",
    "value.true": "values.true",
    "value.false": "values.false",
}
# Sections of the locale files whose texts all go to the scripts as they are; their {places}
# are filled in the browser.
_SECTIONS = (
    "ask",
    "search",
    "measure",
    "link",
    "save",
    "live",
    "weights",
    "maptools",
    "online",
    "print",
)


def script_texts() -> dict[str, dict[str, str]]:
    """Return the interface texts of the scripts, in both languages."""
    texts = {name: t(key).as_dict() for name, key in _PAGE_TEXTS.items()}
    nb, en = interface_texts("nb"), interface_texts("en")
    for key in nb:
        if key.split(".")[0] in _SECTIONS:
            texts[key] = {"nb": nb[key], "en": en[key]}
    return texts


def config(
    map_id: str,
    area: gpd.GeoDataFrame,
    drawn: Sequence[Drawn],
    *,
    absent: Sequence[Text],
    controls: Sequence[Mapping[str, Any]],
    sides: bool,
) -> Markup:
    """Return the settings of a page: working CRS, which layers answer, the live controls.

    Raises RenderError for a working CRS that is not ETRS89 / UTM.
    """
    epsg = area.crs.to_epsg()
    if epsg is None or not 25828 <= epsg <= 25838:
        message = f"maps/{map_id}.toml: working CRS EPSG:{epsg}; allowed: 25828 to 25838"
        raise RenderError(message)
    order = {group: place for place, group in enumerate(ASK_ORDER)}
    asked = [d for d in drawn if d.ask is not None]
    asked.sort(key=lambda d: order.get(d.group, len(order)))
    return json_block(
        {
            "name": re.sub(r"[^a-z0-9_-]+", "-", map_id.lower()),
            "epsg": epsg,
            "ask": [d.id for d in asked],
            "rest": sorted({d.ask.rest for d in asked if d.ask and d.ask.rest}),
            "sliders": [d.id for d in drawn if d.slider and len(d.classes) > 1],
            "absent": [text.as_dict() for text in absent],
            "sides": sides,
            "online": {choice.name: choice.url for choice in online_maps()},
            "controls": [
                {
                    "name": c["name"],
                    "options": [o.as_dict() for o in c["options"]],
                    "values": c["values"],
                    "chosen": c["chosen"],
                }
                for c in controls
            ],
        }
    )
