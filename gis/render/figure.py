"""Make a folium map whose page carries everything inside itself.

The map is a ``folium.Map`` and its layers are ``folium.map.Layer`` objects, so
folium still lays out the scripts; ``OfflineFigure`` puts in the page's own
template what folium would have linked to. branca compiles rendered scripts as
templates a second time, so no text of the data ever goes through them: scripts
hold stable ids only, and data travel as packed text beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from gis.errors import RenderError
from gis.render.assets import LEAFLET_CSS, LEAFLET_JS, leaflet

if TYPE_CHECKING:
    from gis.render.drawn import Drawn

MAP_NAME = "kart"


class PlanMap(folium.Map):
    """A folium map with Leaflet alone, no tiles, and an id that does not change."""

    # folium's own list names four hosts; these names are looked up in the package instead.
    default_js = [("leaflet", LEAFLET_JS)]  # noqa: RUF012
    default_css = [("leaflet_css", LEAFLET_CSS)]  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = arealplan.map(
            {{ this.get_name()|tojson }},
            {{ this.options|tojavascript }},
            {{ this.extent|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, extent: tuple[float, float, float, float]) -> None:
        super().__init__(tiles=None, zoom_control=False, max_zoom=18, min_zoom=7)
        self._name, self._id = "map", MAP_NAME
        self.extent = [[extent[1], extent[0]], [extent[3], extent[2]]]
        self.options = {"max_zoom": 18, "min_zoom": 7, "zoom_snap": 0.25, "zoom_delta": 1}


class PlanLayer(folium.map.Layer):
    """One layer of the map; its data lie packed in the page under the layer's id."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = arealplan.layer({{ this.key|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, drawn: Drawn) -> None:
        super().__init__(name=drawn.id, overlay=True, control=False, show=drawn.show)
        self._name, self._id, self.key = "layer", drawn.id, drawn.id


class Start(folium.MacroElement):
    """The last word of the script: wire up the page around the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        arealplan.start({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "start", "page"


class OfflineFigure(Figure):
    """A branca Figure that gives its parts to our template, all of them inlined."""

    def parts(self, **kwargs: Any) -> dict[str, Any]:
        """Render the children and return scripts, styles and the map's own markup.

        Raises RenderError for a link that has no inlined text.
        """
        for child in self._children.values():
            child.render(**kwargs)
        scripts, styles = [], []
        for child in self.header._children.values():
            if isinstance(child, JavascriptLink):
                scripts.append(_inlined(child.url))
            elif isinstance(child, CssLink):
                styles.append(_inlined(child.url))
        return {
            "scripts": scripts,
            "styles": styles,
            "map_html": _rendered(self.html),
            "map_script": _rendered(self.script),
        }


def _rendered(element: Element) -> str:
    return "\n".join(child.render().strip() for child in element._children.values())


def _inlined(url: str) -> str:
    if url not in (LEAFLET_JS, LEAFLET_CSS):
        message = f"the map links to '{url}', which no package here carries"
        raise RenderError(message)
    return leaflet(url)


def build_map(layers: list[Drawn], *, extent: tuple[float, float, float, float]) -> dict[str, Any]:
    """Build the folium map and return its parts: scripts, styles, markup and start script.

    extent is (west, south, east, north) in degrees, the first view.
    """
    figure = OfflineFigure()
    plan = PlanMap(extent)
    figure.add_child(plan, name=plan.get_name())
    for drawn in layers:
        layer = PlanLayer(drawn)
        plan.add_child(layer, name=layer.get_name())
    start = Start()
    plan.add_child(start, name=start.get_name())
    return figure.parts()
