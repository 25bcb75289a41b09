"""Open the pages in a real browser: drawn, closed to the network, deaf to hostile text, usable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from gis.catalogue import map_entries
from gis.provenance import Provenance
from gis.render import write_pages
from gis.result import Column, Table
from gis.text import Text
from tests import render_town as town
from tests.browser import NARROW, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
MAPS = ("oversikt", "kollektiv", "naturfare", "naturmangfold")
HOSTILE = (
    "<img src=x onerror=window.harm=1>",
    "${window.harm=2}",
    "`;window.harm=3;`",
    "</script><script>window.harm=4</script>",
    "\"'><svg onload=window.harm=5>",
    "{{ 7*7 }}{% raw %}{# x #}",
    "\u202egnp.exe\u202c\u200f",
    "javascript:window.harm=6",
    "<!--<script>",
    '\\"];window.harm=7;//',
    "&lt;b&gt;&amp;",
    "url(//x.no/a.png) @import 'x' srcset=x src=x",
    "A" * 10_000,
)


@pytest.mark.parametrize("name", MAPS)
def test_page_draws_asks_for_nothing_and_complains_of_nothing(
    browser: Browser, folder: Path, name: str
) -> None:
    """Oracle: the frames that went in (each layer's features), and no request at all."""
    with opened(browser, folder / f"{name}.html") as seen:
        drawn = seen.page.evaluate("arealplan.renderer.drawn")
        assert seen.requests == []
        assert seen.complaints == []
    expected = {
        "oversikt": {
            "built_up_share_frame": 2,
            "stations": 2,
        },
        "kollektiv": {
            "transit_access_frame": len(town.cells()),
            "transit_access_stops": 7,
            "transit_access_catchment": 1,
        },
        "naturfare": {
            "hazard_exposure_flood_zones": 4,
            "hazard_exposure_quick_clay": 3,
            "hazard_exposure_not_mapped_flood_zones": 1,
            "critical_infrastructure": 2,
        },
        "naturmangfold": {
            "biodiversity_hotspots_frame": len(town.biodiversity_result().frame),
            "planned_areas": 2,
        },
    }[name]
    base = {"sea": 1, "forest": 1, "lakes": 1, "rivers": 1, "roads_paths": 3, "railways": 1}
    for layer, count in {**base, **expected, "outside": 1, "boundary": 1}.items():
        assert drawn[layer] == count, layer


def test_pixels_have_the_theme_colours(browser: Browser, folder: Path) -> None:
    """Oracle: the theme's sea, and the darkest class of residents over land, by hand."""
    read = """([x, y]) => {
      const r = arealplan.renderer, p = arealplan.map.latLngToLayerPoint([y, x])
        .subtract(r._bounds.min).multiplyBy(r.ratio).round();
      return [...r._ctx.getImageData(p.x, p.y, 1, 1).data];
    }"""
    sea = town.frame({}, [town.point(5.3, 0.5)]).to_crs(4326).geometry.iloc[0]
    with opened(browser, folder / "oversikt.html") as seen:
        assert seen.page.evaluate(read, [sea.x, sea.y]) == [0xDD, 0xE8, 0xEE, 255]


def hostile_page() -> tuple[str, str]:
    """Put hostile text in every field, title and note that data can reach."""
    text = " ".join(HOSTILE)
    both = Text(text, text)
    store = town.catalogue_layers()
    for name in ("stations", "place_names", "basic_statistical_units"):
        store[name] = store[name].assign(name=text)
    results = town.results()
    transit = results["transit-access"]
    n = len(HOSTILE)
    stops = transit.layers["stops"].iloc[[k % 7 for k in range(n)]].reset_index(drop=True)
    stops = stops.assign(name=list(HOSTILE), mode=list(HOSTILE), stop_id=list(HOSTILE))
    source = replace(
        town.source("population_grid"),
        title_nb=text,
        title_en=text,
        owner=text,
        licence=text,
        file=text,
        metadata=f"https://x/{text}",
        notes=(text,),
    )
    table = Table(
        "stops",
        both,
        (Column("stop_id", both), Column("name", both)),
        stops[["stop_id", "name"]],
        key="stop_id",
    )
    results["transit-access"] = replace(
        transit,
        title=both,
        finding=both,
        notes=(both,),
        area=replace(transit.area, name=text),
        definition=replace(transit.definition, sentence=both, parameters={text: text}),
        figures={text: text},
        tables={"stops": table},
        layers={**transit.layers, "stops": stops},
        provenance=Provenance(sources=(source,)),
    )
    return town.page("kollektiv", results=results, store=store, sources=lambda _: source).html, text


def test_hostile_text_is_only_text(browser: Browser, tmp_path: Path) -> None:
    """Oracle: the strings come back as text, nothing ran, and as many stops as went in."""
    html, text = hostile_page()
    write_pages({"evil.html": html}, tmp_path)
    with opened(browser, tmp_path / "evil.html") as seen:
        page = seen.page
        assert page.evaluate("arealplan.renderer.drawn.transit_access_stops") == len(HOSTILE)
        for k, given in enumerate(HOSTILE):
            page.evaluate(f"arealplan.show('transit_access_stops', {k})")
            page.wait_for_selector(".popup")
            assert page.locator(".popup h3").first.evaluate("e => e.textContent") == given
            cell = page.locator(f"#table-transit-access-stops tbody tr:nth-child({k + 1}) th")
            assert cell.evaluate("e => e.textContent") == given
        shown = page.locator(".finding .sentence").evaluate("e => e.textContent")
        assert shown == text
        page.locator("#language").click()
        assert page.evaluate("document.title").endswith(text.strip())
        assert page.evaluate("typeof window.harm") == "undefined"
        assert page.evaluate("document.querySelectorAll('main img, .popup svg').length") == 0
        assert seen.requests == []
        assert seen.complaints == []


def test_keyboard_leads_from_row_to_popup_and_back(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the row's own name in the popup, and focus where it came from."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        button = page.locator("button[data-feature]").nth(2)
        name = town.units()["name"].iloc[2]
        assert button.inner_text().split("\n") == ["Vis i kart", name]
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".popup[role=dialog]:focus")
        assert page.locator(".popup h3").first.inner_text() == name
        assert page.locator("input[data-layer=basic_statistical_units]").is_checked()
        page.keyboard.press("Escape")
        assert page.locator(".popup").count() == 0
        assert button.evaluate("e => e === document.activeElement")
        page.keyboard.press("Enter")
        page.wait_for_selector(".popup[role=dialog]:focus")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "popup-close"
        page.keyboard.press("Enter")
        assert button.evaluate("e => e === document.activeElement")


def test_click_tells_of_every_layer_under_it(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, a stop, its cell with its residents' class, both in the language."""
    stop = town.transit_result().layers["stops"].to_crs(4326).geometry.iloc[0]
    with opened(browser, folder / "kollektiv.html") as seen:
        place = seen.page.evaluate(
            f"(() => {{ const p = arealplan.map.latLngToContainerPoint([{stop.y}, {stop.x}]);"
            " const b = arealplan.map.getContainer().getBoundingClientRect();"
            " return [p.x + b.x, p.y + b.y]; })()"
        )
        seen.page.mouse.click(*place)
        seen.page.wait_for_selector(".popup")
        heads = seen.page.locator(".popup h3").all_inner_texts()
        assert heads[0] == "Holdeplass 0"
        assert "Bebodde ruter på 250 m" in heads
        assert "Buss" in seen.page.locator(".popup").inner_text()
        seen.page.locator("#language").click()
        seen.page.wait_for_selector(".popup")
        assert "Bus" in seen.page.locator(".popup").inner_text()


def test_language_switch_changes_every_text(browser: Browser, folder: Path) -> None:
    """Oracle: the other language's texts of entry, title and controls."""
    entry = map_entries()["naturfare"]
    with opened(browser, folder / "naturfare.html") as seen:
        page = seen.page
        assert page.locator("h1").inner_text() == entry.title.nb
        page.locator("#language").click()
        assert page.locator("h1").inner_text() == entry.title.en
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.title().startswith(entry.title.en)
        assert page.locator(".leaflet-control-zoom-in").get_attribute("title") == "Zoom in"
        assert page.locator("#kart, .folium-map").first.get_attribute("aria-label") == (
            f"Map: {entry.title.en}"
        )
        assert page.locator("nav a[data-page]").get_attribute("href") == "index.html#lang=en"


def test_permalink_brings_back_the_view(browser: Browser, folder: Path) -> None:
    """Oracle: identity of view, layers and language before and after."""
    state = """() => [arealplan.map.getZoom(), arealplan.map.getCenter().lat.toFixed(4),
      arealplan.map.getCenter().lng.toFixed(4), arealplan.layersOn().join('.'), arealplan.lang]"""
    with opened(browser, folder / "naturfare.html") as seen:
        page = seen.page
        page.evaluate("arealplan.map.setView([58.02, 9.28], 13, {animate: false})")
        page.locator("input[data-layer=hazard_exposure_quick_clay]").uncheck()
        page.locator("input[data-layer=hazard_exposure_cells]").check()
        page.locator("#language").click()
        before = page.evaluate(state)
        link = page.evaluate("location.hash")
    with opened(browser, folder / "naturfare.html", hash_=link) as seen:
        assert seen.page.evaluate(state) == before
        drawn = seen.page.evaluate("Object.keys(arealplan.renderer.drawn)")
        assert "hazard_exposure_quick_clay" not in drawn
        assert seen.complaints == []


@pytest.mark.parametrize(
    "hash_", ["#z=x&lat=1e9&lon=&on=nothing&lang=xx", "#%%%", "#lat=999&lon=1"]
)
def test_broken_permalink_is_harmless(browser: Browser, folder: Path, hash_: str) -> None:
    """Oracle: the page draws and says nothing."""
    with opened(browser, folder / "oversikt.html", hash_=hash_) as seen:
        assert seen.complaints == []
        assert seen.page.evaluate("arealplan.map.getZoom()") > 5


def test_filter_keeps_the_rows_that_match(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the number of units whose name holds the word."""
    names = town.units()["name"]
    wanted = int(names.str.startswith("Krets 12").sum())
    assert 0 < wanted < len(names)
    with opened(browser, folder / "kollektiv.html") as seen:
        seen.page.locator("input[type=search]").first.fill("krets 12")
        rows = seen.page.locator("#table-transit-access-units tbody tr:visible")
        assert rows.count() == wanted
        told = seen.page.locator("#table-transit-access-units-count").inner_text()
        assert told == f"{wanted} / {len(names)}"


def test_labels_do_not_overlap_and_grow_on_zoom(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the town's name at first view, the hamlet's only from closer up."""
    place = town.frame({}, [town.point(8, 6)]).to_crs(4326).geometry.iloc[0]
    with opened(browser, folder / "oversikt.html") as seen:
        first = seen.page.evaluate("arealplan.placed")
        assert "Fjordvik" in first
        assert "Solheim" not in first
        lat, lon = place.y, place.x
        close = (
            f"arealplan.map.setView([{lat}, {lon}], arealplan.firstZoom + 1.5, {{animate: false}})"
        )
        seen.page.evaluate(close)
        assert "Solheim" in seen.page.evaluate("arealplan.placed")


def test_print_has_map_of_fixed_size_and_all_layers(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, 190 mm between the margins of A4, and the screen's size back afterwards."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        size = "JSON.stringify(arealplan.map.getSize())"
        before = page.evaluate(size)
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("arealplan.map.getContainer().offsetWidth") == int(190 / 25.4 * 96)
        assert page.evaluate("arealplan.renderer.drawn.transit_access_stops") == 7
        assert page.locator(".invented").is_visible()
        assert not page.locator("#language").is_visible()
        page.emulate_media(media="screen")
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(size) == before


def test_narrow_page_puts_the_finding_over_the_map(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, finding, map, panel from above."""
    with opened(browser, folder / "kollektiv.html", size=NARROW) as seen:
        tops = [
            seen.page.locator(x).first.bounding_box()["y"]  # type: ignore[index]
            for x in (".finding", ".folium-map", ".panel", ".tables")
        ]
        assert tops == sorted(tops)


def test_old_browser_is_told_and_keeps_its_tables(browser: Browser, folder: Path) -> None:
    """Oracle: by hand; without DecompressionStream no map, but a sentence and the tables."""
    taken = "delete window.DecompressionStream"
    with opened(browser, folder / "kollektiv.html", before=taken, drawn=False) as seen:
        seen.page.wait_for_selector(".failed")
        assert "i tabellene under" in seen.page.locator(".failed").inner_text()
        assert seen.page.locator("#table-transit-access-units tbody tr").count() > 5
        assert seen.requests == []


def test_marks_stand_inside_every_part(browser: Browser, tmp_path: Path) -> None:
    """Oracle: by hand, one class of two squares, one with a hole, gives two points, both inside."""
    ring = town.box(2, 4, 4, 6).difference(town.box(2.5, 4.5, 3.5, 5.5))
    zones = [shapely.multipolygons([*shapely.get_parts(ring), town.box(6, 4, 7, 5)])]
    results = town.results()
    hazard = results["hazard-exposure"]
    clay = town.frame({"hazard": ["quick_clay"], "class": ["3"], "area_km2": [4.0]}, zones)
    layers = {**hazard.layers, "quick_clay": clay}
    results["hazard-exposure"] = replace(hazard, layers=layers)
    write_pages({"marks.html": town.page("naturfare", results=results).html}, tmp_path)
    with opened(browser, tmp_path / "marks.html") as seen:
        found = seen.page.evaluate(
            """() => arealplan.partPoints(
              arealplan.layers.get('hazard_exposure_quick_clay').shapes, 0)
              .map(({x, y}) => { const p = arealplan.latlng(x, y); return [p.lng, p.lat]; })"""
        )
    points = gpd.GeoSeries(shapely.points(found), crs=4326).to_crs(town.EPSG)
    assert len(points) == 2
    assert all(points.within(zones[0]))
