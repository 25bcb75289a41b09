"""Write the screening of a plan area as a page: the finding, a sketch, a line for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import shapely
from markupsafe import Markup

import gis
from gis.analyses.screen_lines import STATUSES, Line
from gis.analyses.screen_rules import guidance_links, tek17_question, zone_codes, zone_name
from gis.analyses.screen_tables import class_words, joined_texts
from gis.catalogue import layer_entries
from gis.render import views
from gis.render.assets import own
from gis.render.sketch import Mark, Stroke, sketch
from gis.render.tables import Places, table_view
from gis.render.template import fill_document
from gis.render.theme import load_theme
from gis.text import LANGUAGES, Text, day, t

if TYPE_CHECKING:
    import datetime as dt

    from gis.analyses.screen import Screening
    from gis.result import Result
    from gis.text import Language

_MOST_HITS = 6
# What lies below the hits: layer, palette.
_GROUND = (
    ("forest", "forest"),
    ("sea", "sea"),
    ("lakes", "lake"),
    ("rivers", "river"),
    ("roads_paths", "road"),
    ("railways", "railway"),
    ("buildings", "building"),
)
_ROAD = Stroke(line="#B9B1A3", width=1.6)
_BUILDING = Stroke(fill="#8F8778", line="none", opacity=0.7)
_PLAN = Stroke(line="#B00020", width=3.5, dash="9 5")


def render_screening(
    found: Screening, published: Result, *, language: Language, created: dt.date
) -> str:
    """Return the page. ``published`` is the screening's result as it may be published."""
    title = t("screen.report_title", plan=found.plan.label, name=found.study_area.name)
    marks = _hits(found)
    context: dict[str, Any] = {
        "invented": published.provenance.invented,
        "made": t(
            "screen.made",
            date=day(created),
            version=gis.__version__,
            epsg=str(found.area.study.epsg),
        ),
        "finding": published.finding,
        "figures": views.figures(published),
        "picture": _picture(found, marks),
        "keys": [{"title": text, "swatch": _swatch(m.stroke)} for text, m in marks],
        "groups": _groups(found),
        "tables": [
            table_view(x, "screen", Places())
            for name, x in published.tables.items()
            if name != "screen" and len(x.frame)
        ],
        "definition": published.definition.sentence,
        "notes": published.notes,
        "sources": views.sources(published.provenance.sources),
    }
    return fill_document(
        "screen.html",
        context,
        page="screen.html",
        title=title,
        language=language,
        created=created,
        styles=[own("screen")],
    )


def _groups(found: Screening) -> list[dict[str, Any]]:
    return [
        {"title": t(f"screen.group_{s}"), "rows": [_row(x) for x in lines]}
        for s in STATUSES
        if (lines := found.of(s))
    ]


def _row(line: Line) -> dict[str, Any]:
    entry = layer_entries()[line.layer]
    codes = [zone_name(c) for c in zone_codes(line, entry)]
    guidance = entry.screen.guidance
    told = line.status in ("hit", "near", "not_mapped") and guidance is not None
    hit = line.status == "hit"
    return {
        "title": line.title,
        "state": t(f"screen.relevance_{line.relevance}" if hit else f"screen.status_{line.status}"),
        "tone": line.relevance if hit else line.status,
        "why": line.why,
        "classes": _classes(line),
        "facts": line.facts,
        "question": tek17_question(line, entry),
        "zone": joined_texts(codes) if codes else None,
        "guidance": guidance.text if told and guidance is not None else None,
        "warnings": line.warnings,
        "links": [_link(x) for x in guidance_links(line, entry)],
        "date": day(line.source.date) if line.source is not None else None,
    }


def _classes(line: Line) -> Text | None:
    words = class_words(line)
    return words if words.nb else None


def _link(address: str) -> dict[str, Any]:
    host = urlsplit(address).hostname or address
    return {"href": address, "title": Text(host, host)}


def _hits(found: Screening) -> list[tuple[Text, Mark]]:
    """Choose what the sketch shows: hits to handle or consider, in their maps' colours."""
    theme = load_theme()
    chosen = [
        x
        for x in found.of("hit")
        if x.relevance in ("conflict", "check") and x.shape is not None and x.layer != "terrain"
    ][:_MOST_HITS]
    marks = []
    for line in chosen:
        palette = theme.palette(layer_entries()[line.layer].style.palette, where=line.layer)
        worst = line.classes[0].id if line.classes else None
        look = palette.look(worst)
        colour = look.fill or look.line or theme.page.accent
        flat = line.share is not None
        stroke = Stroke(
            fill=colour if flat or line.length_m is None else "none",
            line=look.line or colour,
            width=1.2 if flat else 2.4,
            opacity=0.55 if flat else 1.0,
        )
        marks.append((line.title, Mark(line.shape, stroke, line.title.nb)))
    return [*marks, (t("screen.plan_area"), Mark(found.area.shape, _PLAN))]


def _picture(found: Screening, marks: list[tuple[Text, Mark]]) -> dict[str, Markup]:
    west, south, east, north = (float(v) for v in shapely.bounds(found.area.shape))
    more = max(0.35 * max(east - west, north - south), 80.0)
    box = (west - more, south - more, east + more, north + more)
    land = load_theme().page.land
    all_marks = [*_ground(found), *(m for _, m in marks)]
    return {
        name: sketch(all_marks, box, label=t("screen.report_map").in_(name), land=land)
        for name in LANGUAGES
    }


def _ground(found: Screening) -> list[Mark]:
    """Return the plain map below: water, woods, roads, buildings, as far as they are there."""
    theme = load_theme()
    study = found.area.study
    made = []
    for layer, palette in _GROUND:
        if not study.has(layer):
            continue
        shapes = study.frame(layer).geometry.to_numpy()
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        if not len(shapes):
            continue
        if layer == "roads_paths":
            stroke = _ROAD
        elif layer == "buildings":
            stroke = _BUILDING
        else:
            look = theme.palette(palette, where="screen").look()
            flat = look.fill is not None
            stroke = Stroke(
                fill=look.fill or "none",
                line=look.line or look.fill or "none",
                width=0.6 if flat else look.width or 1.0,
            )
        made.append(Mark(shapely.GeometryCollection(list(shapes)), stroke))
    return made


def _swatch(stroke: Stroke) -> Markup:
    dash = f' stroke-dasharray="{stroke.dash}"' if stroke.dash else ""
    return Markup(  # noqa: S704 - fixed colours and numbers alone
        '<svg viewBox="0 0 26 16" aria-hidden="true"><rect x="2" y="2" width="22" height="12" '
        f'fill="{stroke.fill}" fill-opacity="{stroke.opacity:g}" stroke="{stroke.line}" '
        f'stroke-width="{min(stroke.width, 2.5):g}"{dash}/></svg>'
    )
