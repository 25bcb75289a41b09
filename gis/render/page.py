"""Put one map page together: layers, folium map, texts, template, and the last checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

import gis
from gis.catalogue import layer_entries
from gis.crs import LONLAT_EPSG
from gis.errors import RenderError
from gis.render import compare, live, views
from gis.render.addresses import address_source, packed_addresses
from gis.render.assets import own
from gis.render.basemap import base_layers, boundary, places
from gis.render.drawn import Drawn, Picked, pick
from gis.render.figure import build_map
from gis.render.geometry import pack
from gis.render.index import STATEMENT
from gis.render.named import Scene
from gis.render.online import online_hosts, online_maps
from gis.render.prepared import Prepared
from gis.render.scripts import config, script_texts
from gis.render.tables import Places, table_views
from gis.render.template import fill_template, json_block
from gis.render.theme import load_theme
from gis.render.weights import weight_controls, weights_of, weights_payload
from gis.text import Text, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from gis.analyses.grid_parts import Grid
    from gis.catalogue.map_models import MapEntry
    from gis.catalogue.models import LayerEntry
    from gis.provenance import LayerSource
    from gis.result import Result
    from gis.text import Language

MARGIN_M = 4000.0
WARN_BYTES = 10_000_000
FAIL_BYTES = 25_000_000


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
    grid: Grid | None = None,
    prepared: Prepared | None = None,
    bound: bool = False,
) -> Page:
    """Return the page of ``render_map`` together with its sizes and warnings.

    grid is the lead's answer under every definition that a ``live`` map offers;
    without it the page has no controls. prepared is shared by the pages of one atlas.
    bound: an index stands beside the page, which leads to it.
    """
    if entry.lead not in results:
        message = f"maps/{map_id}.toml: lead '{entry.lead}' was not worked out"
        raise RenderError(message)
    where = f"maps/{map_id}.toml"
    grid = _grid_of(entry, grid, map_id=map_id)
    scene = Scene(
        map_id=map_id,
        results=results if grid is None else live.with_points(results, grid),
        layers=layers,
        catalogue=layer_entries() if catalogue is None else catalogue,
        theme=load_theme(),
        window=_window(area),
        prepared=prepared or Prepared(),
        area=area,
        live=None if grid is None and not entry.weights else entry.lead,
        compare=entry.compare,
    )
    picked = pick(entry, scene)
    if grid is not None:
        picked = replace(picked, layers=live.counted(picked.layers, grid))
    taken = {m.layer for m in entry.layers if m.layer and m.draw}
    drawn = [*base_layers(scene, taken=taken), *picked.layers, *boundary(area, scene)]
    named = [*address_source(scene), *(d.id for d in drawn if d.id in scene.catalogue)]
    found = _sources(results, named, sources)
    both = None if entry.compare is None else compare.sides(entry.compare, results, where)
    context = {
        **_texts(entry, scene, picked, found=found),
        **_around(bound=bound, language=language, created=created),
        "groups": views.groups(drawn),
        "controls": [] if grid is None else live.controls(grid),
        "compare": both,
        "difference": compare.difference(both),
    }
    blocks = _blocks(drawn, scene, grid, notes=[n.text for n in entry.notes])
    moved = weights_of(entry, results[entry.lead])
    context["weights"] = weight_controls(moved)
    if moved is not None:
        lead = results[entry.lead]
        blocks["weights"] = pack(weights_payload(moved, lead, drawn, where=where))
    data = [{"id": key, "text": Markup(text)} for key, text in blocks.items()]  # noqa: S704
    script = _scripts(drawn, area, context)
    script["config"] = config(
        map_id,
        area,
        drawn,
        absent=(*picked.absent, *picked.silent),
        controls=context["controls"],
        sides=context["compare"] is not None,
    )
    html = fill_template("page.html", {**context, **script, "data": data}, page=where)
    sizes = {key: len(text) for key, text in blocks.items()}
    vertices = sum(d.shapes.vertices for d in drawn)
    return _weighed(Page(html, sizes, vertices, picked.absent, ()), map_id)


def _around(*, bound: bool, language: Language, created: dt.date) -> dict[str, Any]:
    """Return what every map page has around it, whatever it shows."""
    return {
        "made": views.made(created, gis.__version__),
        "language": language,
        "statement": STATEMENT,
        "bound": bound,
        "online": online_maps(),
        "images": online_hosts(),
    }


def _window(area: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the box that layers are cut to: the area with a margin, working CRS."""
    west, south, east, north = (float(v) for v in area.total_bounds)
    return (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)


def _grid_of(entry: MapEntry, grid: Grid | None, *, map_id: str) -> Grid | None:
    """Take the grid of a live map. Raises RenderError for the grid of another analysis."""
    if grid is None or not entry.live:
        return None
    if grid.analysis != entry.lead:
        message = f"maps/{map_id}.toml: live grid of '{grid.analysis}', lead is '{entry.lead}'"
        raise RenderError(message)
    return grid


def _blocks(
    drawn: Sequence[Drawn], scene: Scene, grid: Grid | None, *, notes: Sequence[Text]
) -> dict[str, str]:
    """Return the packed blocks of a page by id: layers, place names, positions."""
    blocks = {d.id: scene.prepared.pack(d) for d in drawn}
    named = places(scene)
    if named is not None:
        blocks["places"] = named
    addresses = packed_addresses(scene)
    if addresses is not None:
        blocks["addresses"] = addresses
    if grid is not None:
        blocks["live"] = pack(live.payload(grid, drawn, notes=notes))
    return blocks


def _sources(
    results: Mapping[str, Result],
    layers: Sequence[str],
    sources: Callable[[str], LayerSource | None] | None,
) -> list[LayerSource]:
    """Return the sources behind the numbers and behind what is drawn or searched."""
    found = [s for r in results.values() for s in r.provenance.sources]
    if sources is not None:
        told = (sources(layer) for layer in layers)
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
    shown = [results[a.key] for a in entry.analyses if a.key in results]
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
    texts = script_texts()
    texts["title"] = context["page_title"].as_dict()
    texts["map"] = t("page.map", title=context["title"]).as_dict()
    for name, side in (context["compare"] or {}).items():
        texts[f"map_{name}"] = compare.map_name(context["title"], side).as_dict()
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
