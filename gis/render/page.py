"""Put one map page together: layers, folium map, texts, template, and the last checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

import gis
from gis.catalogue import layer_entries
from gis.crs import LONLAT_EPSG
from gis.errors import RenderError
from gis.render import views
from gis.render.assets import own
from gis.render.basemap import base_layers, boundary, places
from gis.render.drawn import Drawn, Picked, pick
from gis.render.figure import build_map
from gis.render.named import Scene
from gis.render.tables import Places, table_views
from gis.render.template import fill_template, json_block
from gis.render.theme import load_theme
from gis.text import Text, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from gis.catalogue.models import LayerEntry, MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result
    from gis.text import Language

MARGIN_M = 4000.0
WARN_BYTES = 10_000_000
FAIL_BYTES = 25_000_000
# Texts the scripts of the page need, under the names they use.
_SCRIPT_TEXTS = {
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


@dataclass(frozen=True)
class Page:
    """A rendered page and what it weighs.

    ``bytes_by_layer`` is the packed size per layer, ``warnings`` what the caller
    should tell (a heavy page), ``absent`` the layers the store did not have.
    """

    html: str
    bytes_by_layer: Mapping[str, int]
    vertices: int
    absent: tuple[Text, ...]
    warnings: tuple[str, ...]


def render_map(
    map_id: str,
    entry: MapEntry,
    results: Mapping[str, Result],
    *,
    layers: Callable[[str], gpd.GeoDataFrame | None],
    area: gpd.GeoDataFrame,
    language: Language,
    created: dt.date,
    sources: Callable[[str], LayerSource | None] | None = None,
    catalogue: Mapping[str, LayerEntry] | None = None,
) -> str:
    """Return a whole map page as HTML that asks no host for anything.

    layers gives the frame of a catalogue layer in the working CRS, or None where
    the store lacks it; sources (optional) its LayerSource, for the source list.
    area is one row with the municipality's polygon. catalogue defaults to
    ``layers/``. Raises RenderError or CatalogueError naming map file and key.
    """
    return render_page(
        map_id,
        entry,
        results,
        layers=layers,
        area=area,
        language=language,
        created=created,
        sources=sources,
        catalogue=catalogue,
    ).html


def render_page(
    map_id: str,
    entry: MapEntry,
    results: Mapping[str, Result],
    *,
    layers: Callable[[str], gpd.GeoDataFrame | None],
    area: gpd.GeoDataFrame,
    language: Language,
    created: dt.date,
    sources: Callable[[str], LayerSource | None] | None = None,
    catalogue: Mapping[str, LayerEntry] | None = None,
) -> Page:
    """Return the page of ``render_map`` together with its sizes and warnings."""
    if entry.lead not in results:
        message = f"maps/{map_id}.toml: lead '{entry.lead}' was not worked out"
        raise RenderError(message)
    west, south, east, north = (float(v) for v in area.total_bounds)
    scene = Scene(
        map_id=map_id,
        results=results,
        layers=layers,
        catalogue=layer_entries() if catalogue is None else catalogue,
        theme=load_theme(),
        window=(west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M),
    )
    picked = pick(entry, scene)
    taken = {m.layer for m in entry.layers if m.layer}
    drawn = [*base_layers(scene, taken=taken), *picked.layers, *boundary(area, scene)]
    blocks = {d.id: d.packed() for d in drawn}
    named = places(scene)
    if named is not None:
        blocks["places"] = named
    context = {
        **_texts(
            entry, scene, picked, found=_sources(results, drawn, sources, catalogue=scene.catalogue)
        ),
        "groups": views.groups(drawn),
        "made": views.made(created, gis.__version__),
        "language": language,
        "data": [{"id": key, "text": Markup(text)} for key, text in blocks.items()],  # noqa: S704
    }
    html = fill_template(
        "page.html", {**context, **_scripts(drawn, area, context)}, page=f"maps/{map_id}"
    )
    sizes = {key: len(text) for key, text in blocks.items()}
    vertices = sum(d.shapes.vertices for d in drawn)
    return _weighed(Page(html, sizes, vertices, picked.absent, ()), map_id)


def _sources(
    results: Mapping[str, Result],
    drawn: Sequence[Drawn],
    sources: Callable[[str], LayerSource | None] | None,
    *,
    catalogue: Mapping[str, LayerEntry],
) -> list[LayerSource]:
    """Return the sources behind the numbers and behind what is drawn."""
    found = [s for r in results.values() for s in r.provenance.sources]
    if sources is not None:
        told = (sources(d.id) for d in drawn if d.id in catalogue)
        found += [s for s in told if s is not None]
    return found


def _texts(
    entry: MapEntry, scene: Scene, picked: Picked, *, found: list[LayerSource]
) -> dict[str, Any]:
    """Return the texts around the map, for the template."""
    results = scene.results
    lead = results[entry.lead]
    invented = any(s.invented for s in found)
    where = Places(picked.layers, picked.frames)
    tables = table_views(entry, results, where, map_id=scene.map_id)
    shown = [results[a.id] for a in entry.analyses if a.id in results]
    notes = [n.text for n in entry.notes] + [n for r in shown for n in r.notes]
    page_title = Text(
        nb=f"{entry.title.nb} – {lead.area.name}", en=f"{entry.title.en} – {lead.area.name}"
    )
    return {
        "title": entry.title.text,
        "page_title": page_title,
        "question": entry.question.text,
        "area_name": lead.area.name,
        "invented": invented,
        "value": views.value_text(lead),
        "finding": lead.finding,
        "range": views.range_text(lead),
        "status": views.status_text(lead),
        "figures": views.figures(lead),
        "definitions": views.definitions(entry, results),
        "sensitivity": views.sensitivity(lead),
        "left_out": views.left_out(shown),
        "notes": list(dict.fromkeys(notes)),
        "sources": views.sources(found),
        "credit": views.credit(found, invented=invented),
        "absent": views.joined(picked.absent),
        "tables": tables,
        "withheld": any(table.withheld for table in tables),
    }


def _scripts(
    drawn: Sequence[Drawn], area: gpd.GeoDataFrame, context: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the map's markup, and the scripts, styles and texts of the page."""
    west, south, east, north = (round(float(v), 5) for v in area.to_crs(LONLAT_EPSG).total_bounds)
    built = build_map(list(drawn), extent=(west, south, east, north))
    texts = {name: t(key).as_dict() for name, key in _SCRIPT_TEXTS.items()}
    texts["title"] = context["page_title"].as_dict()
    texts["map"] = t("page.map", title=context["title"]).as_dict()
    return {
        "texts": json_block(texts),
        "map_html": Markup(built["map_html"]),  # noqa: S704
        "scripts": [*built["scripts"], own("map"), built["map_script"]],
        "styles": [*built["styles"], own("style")],
    }


def _weighed(page: Page, map_id: str) -> Page:
    """Refuse a page too heavy to open, and warn of one that is slow to. Raises RenderError."""
    size = len(page.html.encode("utf-8"))
    if size <= WARN_BYTES:
        return page
    heaviest = sorted(page.bytes_by_layer.items(), key=lambda item: -item[1])[:3]
    named = ", ".join(f"{name} {weight / 1e6:.1f} MB" for name, weight in heaviest)
    message = f"maps/{map_id}.toml: the page is {size / 1e6:.1f} MB; heaviest layers: {named}"
    if size > FAIL_BYTES:
        message = f"{message}; allowed: {FAIL_BYTES / 1e6:.0f} MB"
        raise RenderError(message)
    return replace(page, warnings=(message,))
