"""Use the tools of a map page as a reader does: ask, search, measure, sort, save, link."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pydantic import ValidationError
from pyproj import Geod, Transformer

from gis.catalogue import layer_entries, map_entries
from gis.catalogue.map_models import MapLayer
from gis.provenance import Provenance
from gis.render import basemap, write_pages
from gis.render.geometry import ROUNDING_M, SIMPLIFY_M, prepare
from gis.render.prepared import Prepared
from gis.render.theme import load_theme
from gis.result import Column, Table
from gis.text import Text
from tests import render_town as town
from tests.browser import NARROW, Watched, opened, until
from tests.test_maps_accessibility import violations
from tests.test_maps_browser import HOSTILE
from tests.test_render_parts import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Open

pytestmark = pytest.mark.browser
BASE = {"sea", "lakes", "rivers", "forest", "roads_paths", "railways"}
MAPS = ("oversikt", "kollektiv", "naturfare", "naturmangfold")
ELLIPSOID = Geod(ellps="GRS80")
TO_LONLAT = Transformer.from_crs(town.EPSG, 4326, always_xy=True)


@pytest.fixture(scope="module")
def plain(browser: Browser, folder: Path) -> Iterator[Watched]:
    """One open page for what leaves no trace: pure functions of the scripts."""
    with opened(browser, folder / "oversikt.html") as seen:
        yield seen


def lonlat(x_km: float, y_km: float) -> tuple[float, float]:
    """Degrees of a place in the town's kilometres."""
    lon, lat = TO_LONLAT.transform(town.EAST + 1e3 * x_km, town.NORTH + 1e3 * y_km)
    return float(lon), float(lat)


def click_at(page: Open, x_km: float, y_km: float) -> None:
    lon, lat = lonlat(x_km, y_km)
    place = page.evaluate(
        """([lon, lat]) => { const p = arealplan.map.latLngToContainerPoint([lat, lon]);
          const b = arealplan.map.getContainer().getBoundingClientRect();
          return [p.x + b.x, p.y + b.y]; }""",
        [lon, lat],
    )
    page.mouse.click(*place)


# --- Kartverket's maps ----------------------------------------------------------------------


def test_online_map_is_fetched_only_when_it_is_chosen(browser: Browser, folder: Path) -> None:
    """By hand: the tile over the map's middle, by the formula of Web Mercator.

    Before the choice and after it is taken back nothing is asked for. The net is shut, and
    the reader is told.
    """
    with opened(browser, folder / "oversikt.html") as seen:
        page = seen.page
        page.evaluate("arealplan.map.setZoom(12, { animate: false })")
        base = [x for x in page.evaluate("Object.keys(arealplan.renderer.drawn)") if x in BASE]
        assert base
        assert seen.requests == []
        page.locator("details.base > summary").click()
        page.get_by_label("Kartverket topografisk").check()
        until(page, "document.getElementById('tool-status').textContent.includes('kom ikke fram')")
        z, centre = 12, page.evaluate("arealplan.map.getCenter()")
        lat, lon = math.radians(centre["lat"]), centre["lng"]
        x = int((lon + 180) / 360 * 2**z)
        y = int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * 2**z)
        start = "https://cache.kartverket.no/v1/wmts/1.0.0/topo/default/webmercator/"
        assert f"{start}{z}/{y}/{x}.png" in seen.requests
        assert all(r.startswith(start) for r in seen.requests)
        until(page, "!Object.keys(arealplan.renderer.drawn).includes('sea')")
        assert not set(base) & set(page.evaluate("Object.keys(arealplan.renderer.drawn)"))
        assert page.get_by_text("© Kartverket").is_visible()
        assert not [c for c in seen.complaints if "Content Security Policy" in c]
        page.get_by_label("Eget bakgrunnskart").check()
        asked = len(seen.requests)
        until(page, "Object.keys(arealplan.renderer.drawn).includes('sea')")
        page.evaluate("arealplan.map.panBy([300, 0], { animate: false })")
        page.wait_for_timeout(100)
        assert len(seen.requests) == asked
        assert not page.get_by_text("© Kartverket").is_visible()
        assert "kartverket" not in page.url


def test_online_map_has_no_axe_violations(browser: Browser, folder: Path) -> None:
    """Oracle: axe-core, with the choices open and tiles in the map, in both languages."""
    for lang in ("nb", "en"):
        with opened(browser, folder / "oversikt.html", hash_=f"#lang={lang}") as seen:
            seen.page.locator("details.base > summary").click()
            seen.page.locator("input[name=online][value=grey]").check()
            assert violations(seen.page) == []


# --- drawing that spares work ---------------------------------------------------------------

# Keep the canvas as drawn now under a name; and the share of pixels of two such pictures that
# differ by more than the edge of a stroke does.
_KEEP = """(name) => { const r = arealplan.renderer, c = r._container;
  r.draw();
  (window.kept ??= {})[name] = r._ctx.getImageData(0, 0, c.width, c.height).data; }"""
# The same without drawing first: what the last pan left.
_SEEN = _KEEP.replace("r.draw();", "")
_DIFFER = """([a, b]) => { const p = kept[a], q = kept[b]; let n = 0;
  for (let i = 0; i < p.length; i += 4) {
    if ([0, 1, 2, 3].some((k) => Math.abs(p[i + k] - q[i + k]) > 48)) n++;
  }
  return 4 * n / p.length; }"""


@pytest.mark.parametrize("name", ["oversikt", "naturmangfold"])
def test_grid_moved_as_an_image_is_the_grid_drawn_anew(
    browser: Browser, folder: Path, name: str
) -> None:
    """Identity: after pans both ways, the copied image with its new edges is the vector drawing."""
    with opened(browser, folder / f"{name}.html", size=(700, 700)) as seen:
        page = seen.page
        page.evaluate("arealplan.SHEET_CELLS = 1")
        page.evaluate(_KEEP, "start")
        for step in ([37, 0], [0, -53], [-80, 41], [15, 15], [400, -300], [-380, 310]):
            page.evaluate("(s) => arealplan.map.panBy(s, { animate: false })", step)
        page.evaluate(_KEEP, "moved")
        assert page.evaluate("[...arealplan.layers.values()].some((l) => l.sheets?.size)")
        page.evaluate("arealplan.SHEET_CELLS = Infinity")
        page.evaluate(_KEEP, "anew")
        assert page.evaluate(_DIFFER, ["moved", "anew"]) < 0.001
        assert page.evaluate(_DIFFER, ["moved", "start"]) > 0.01


@pytest.mark.parametrize("ratio", [1, 1.25, 2])
@pytest.mark.parametrize("name", ["oversikt", "naturfare"])
def test_map_after_pans_is_the_map_drawn_anew(
    browser: Browser, folder: Path, name: str, ratio: float
) -> None:
    """Identity: what a pan copied and what it drew at the edges, against one whole drawing."""
    with opened(browser, folder / f"{name}.html", size=(700, 700)) as seen:
        page = seen.page
        page.evaluate("(r) => { arealplan.renderer.ratio = r; }", ratio)
        page.evaluate("arealplan.map.setZoom(arealplan.map.getZoom() + 1, { animate: false })")
        page.evaluate(_KEEP, "start")
        page.evaluate("""() => { window.wholes = 0; const part = arealplan.bared;
          arealplan.bared = (...a) => { const got = part(...a); wholes += got.length === 1
            && got[0][2] === a[2].w && got[0][3] === a[2].h; return got; }; }""")
        for step in ([37, 0], [0, -53], [-80, 41], [15, 15], [300, -200], [-280, 210]):
            page.evaluate("(s) => arealplan.map.panBy(s, { animate: false })", step)
        page.evaluate(_SEEN, "moved")
        found = page.evaluate("arealplan.renderer.drawn")
        assert page.evaluate("wholes") == 0
        page.evaluate(_KEEP, "anew")
        assert page.evaluate(_DIFFER, ["moved", "anew"]) < 0.0005
        assert page.evaluate(_DIFFER, ["moved", "start"]) > 0.01
        assert found == page.evaluate("arealplan.renderer.drawn")


def test_change_of_layers_is_not_copied_from_the_last_view(browser: Browser, folder: Path) -> None:
    """Identity: a layer taken away and a pan after it, against one whole drawing."""
    with opened(browser, folder / "naturfare.html", size=(600, 600)) as seen:
        page = seen.page
        page.evaluate("""() => { for (const l of arealplan.layers.values())
          if (l._map && l.title) { arealplan.map.removeLayer(l); break; }
          arealplan.map.panBy([40, 30], { animate: false }); }""")
        page.evaluate("() => new Promise((r) => requestAnimationFrame(() => setTimeout(r, 30)))")
        page.evaluate(_SEEN, "moved")
        page.evaluate(_KEEP, "anew")
        assert page.evaluate(_DIFFER, ["moved", "anew"]) == 0


def test_vertices_out_of_sight_change_no_pixel(plain: Watched) -> None:
    """A slow twin: every vertex drawn, of random stars and of one that goes round a corner."""
    differ = plain.page.evaluate("""() => {
      const side = 80, view = { scale: 1, ox: 0, oy: 0, w: side, h: side };
      let state = 7;
      const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
      const rings = [[[-200, 40], [-200, -200], [40, -200], [40, 300], [-40, 300]],
        [[-60, 30], [-70, -70], [-80, -90], [60, -50], [150, -60], [170, 200], [-50, 160]]];
      for (let k = 0; k < 60; k++) {
        const n = 3 + Math.floor(random() * 30);
        rings.push(Array.from({ length: n }, () => [random() * 500 - 210, random() * 500 - 210]));
      }
      const picture = (corners, close, all) => {
        const c = Object.assign(document.createElement("canvas"), { width: side, height: side })
          .getContext("2d", { willReadFrequently: true });
        const [X, Y] = [0, 1].map((k) => Float64Array.from(corners, (p) => p[k]));
        const box = [Math.min(...X), Math.min(...Y), Math.max(...X), Math.max(...Y)];
        const shapes = { X, Y, ring: [0, X.length], part: [0, 1], ringBox: box };
        c.beginPath();
        arealplan.trace(c, shapes, 0, view, close, all);
        if (close) c.fill("evenodd");
        c.lineWidth = 3;
        c.stroke();
        return c.getImageData(0, 0, side, side).data;
      };
      let inked = 0, wrong = 0;
      for (const ring of rings) for (const close of [true, false]) {
        const [a, b] = [picture(ring, close, false), picture(ring, close, true)];
        if (a.some((v) => v)) inked++;
        if (a.some((v, i) => Math.abs(v - b[i]) > 8)) wrong++;
      }
      return [inked, wrong];
    }""")
    assert differ[0] > 80
    assert differ[1] == 0


def test_bared_edges_are_what_a_moved_copy_does_not_cover(plain: Watched) -> None:
    """A slow twin: every pixel of a small view, by hand."""
    w, h = 9, 7
    for dx, dy in ((0, 0), (2, 0), (-3, 0), (0, 1), (0, -4), (2, -3), (-5, 6), (9, 0), (0, -8)):
        parts = plain.page.evaluate(
            "([dx, dy, w, h]) => arealplan.bared(dx, dy, { w, h })", [dx, dy, w, h]
        )
        covered = np.zeros((h, w), dtype=bool)
        for y in range(h):
            for x in range(w):
                covered[y, x] = 0 <= x - dx < w and 0 <= y - dy < h
        bared = np.zeros((h, w), dtype=bool)
        for x, y, wide, high in parts:
            bared[y : y + high, x : x + wide] = True
        assert (bared == ~covered).all(), (dx, dy, parts)


def test_rings_outside_the_view_are_passed_over_unseen(browser: Browser, folder: Path) -> None:
    """Identity: with boxes that hold the whole world, so that no ring is passed over."""
    with opened(browser, folder / "naturfare.html", size=(500, 500)) as seen:
        page = seen.page
        page.evaluate("arealplan.map.setZoom(arealplan.map.getZoom() + 2, { animate: false })")
        page.evaluate(_KEEP, "spared")
        page.evaluate("""() => { for (const l of arealplan.layers.values()) if (l.shapes)
          l.shapes.ringBox.forEach((v, i, all) => { all[i] = i % 4 < 2 ? -1e9 : 1e9; }); }""")
        page.evaluate(_KEEP, "all")
        assert page.evaluate(_DIFFER, ["spared", "all"]) == 0


# --- metres ---------------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [25832, 25833, 25835])
def test_working_coordinates_are_pyprojs(plain: Watched, epsg: int) -> None:
    """Oracle: another engine, pyproj, to a millimetre over all of Norway."""
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(4, 31, 300), rng.uniform(57, 71.5, 300)])
    found = plain.page.evaluate(
        """([epsg, places]) => { const old = arealplan.config.epsg; arealplan.config.epsg = epsg;
          const out = places.map(([x, y]) => arealplan.working(x, y));
          arealplan.config.epsg = old; return out; }""",
        [epsg, places.tolist()],
    )
    wanted = Transformer.from_crs(4258, epsg, always_xy=True).transform(*places.T)
    assert np.abs(np.array(found) - np.column_stack(wanted)).max() < 1e-3


def test_lengths_are_geodesic(plain: Watched) -> None:
    """Oracle: pyproj.Geod on GRS 80: a millionth of the length, from metres to 300 km."""
    rng = np.random.default_rng(2)
    for reach in (0.0005, 0.02, 1.0, 3.0):
        for _ in range(20):
            start = np.array([rng.uniform(5, 30), rng.uniform(58, 71)])
            line = start + np.cumsum(rng.uniform(-reach, reach, (5, 2)) * [1, 0.5], axis=0)
            found = plain.page.evaluate("(line) => arealplan.length(line)", line.tolist())
            assert found == pytest.approx(ELLIPSOID.line_length(*line.T), rel=1e-6)


def test_areas_are_geodesic(plain: Watched) -> None:
    """Oracle: pyproj.Geod on GRS 80: a hundred thousandth up to 30 km across."""
    rng = np.random.default_rng(3)
    for reach in (0.0005, 0.01, 0.25):
        for _ in range(20):
            centre = np.array([rng.uniform(5, 30), rng.uniform(58, 71)])
            angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
            away = rng.uniform(0.3, 1, 9) * reach
            ring = centre + np.column_stack([2 * away * np.cos(angle), away * np.sin(angle)])
            found = plain.page.evaluate("(ring) => arealplan.area(ring)", ring.tolist())
            area, _ = ELLIPSOID.polygon_area_perimeter(*ring.T)
            assert found == pytest.approx(abs(area), rel=1e-5)


def test_measure_by_mouse_and_by_keyboard(browser: Browser, folder: Path) -> None:
    """Oracle: pyproj.Geod between the clicked places; by hand, keys add, undo and end."""
    with opened(browser, folder / "oversikt.html") as seen:
        page = seen.page
        page.locator("#tool-distance").click()
        assert page.locator("#tool-distance").get_attribute("aria-pressed") == "true"
        for place in ((3, 5), (7, 5)):
            click_at(page, *place)
        points = np.array(page.evaluate("arealplan.measured.points"))
        assert np.allclose(points, [lonlat(3, 5), lonlat(7, 5)], atol=2e-4)
        km = f"{ELLIPSOID.line_length(*points.T) / 1000:.2f}".replace(".", ",")
        assert page.locator("#tool-status").inner_text() == f"Avstand: {km}\u00a0km (2 punkter)"
        assert page.locator(".popup").count() == 0
        assert not page.locator("#place").is_visible()
        page.locator("#tool-area").click()
        assert page.locator("#tool-distance").get_attribute("aria-pressed") == "false"
        for key in ("Enter", "ArrowRight", "Enter", "ArrowUp", "Enter", "ArrowLeft", "Enter"):
            page.keyboard.press(key)
            page.wait_for_timeout(400)
        ring = np.array(page.evaluate("arealplan.measured.points"))
        assert len(ring) == 4
        page.keyboard.press("Backspace")
        assert "(3 punkter)" in page.locator("#tool-status").inner_text()
        area = abs(ELLIPSOID.polygon_area_perimeter(*ring[:3].T)[0])
        told = f"Areal: {area:,.0f}".replace(",", "\u202f") + "\u00a0m²"
        assert page.locator("#tool-status").inner_text().startswith(told)
        page.locator("#tool-clear").click()
        assert page.evaluate("arealplan.measured.points") == []
        page.locator(".folium-map").focus()
        page.keyboard.press("Escape")
        assert page.evaluate("arealplan.measured") is None
        assert page.evaluate("document.activeElement.id") == "tool-area"
        assert seen.complaints == []


# --- ask a place ----------------------------------------------------------------------------


def random_places(count: int = 200) -> gpd.GeoSeries:
    rng = np.random.default_rng(4)
    west, south, east, north = town.area_frame().total_bounds
    xy = np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)])
    return gpd.GeoSeries(shapely.points(xy), crs=town.EPSG)


def drawn_frames(name: str) -> dict[str, gpd.GeoDataFrame]:
    """Return the true frames behind the layers of a page, by the layer's id there."""
    results, store = town.results(), town.catalogue_layers()
    frames = dict(store)
    for analysis, result in results.items():
        stem = analysis.replace("-", "_")
        frames[f"{stem}_frame"] = result.frame
        frames[f"{stem}_frame_2"] = result.frame
        if name == "naturmangfold":
            frames |= {f"{stem}_frame_{k}": result.frame for k in (3, 4)}
        frames |= {f"{stem}_{k}": v for k, v in result.layers.items()}
    return frames


@pytest.mark.parametrize("name", MAPS)
def test_answers_are_those_of_shapely(browser: Browser, folder: Path, name: str) -> None:
    """Oracle: shapely on the true geometry at 200 random places, all layers switched off.

    Places nearer to an outline than the tolerance the page states are left out of the
    comparison, and must be few; the page itself must call them uncertain.
    """
    places = random_places()
    degrees = np.column_stack([places.to_crs(4326).x, places.to_crs(4326).y])
    ask = """async (places) => {
      for (const b of document.querySelectorAll('input[data-layer]')) {
        arealplan.toggle(b.dataset.layer, false);
      }
      await arealplan.readyToAsk();
      return places.map(([lon, lat]) => Object.fromEntries(arealplan.answers(lon, lat).map((a) =>
        [a.layer.id, { state: a.state, near: a.near, tolerance: a.layer.tolerance,
          rest: a.layer.ask.rest, silence: a.layer.ask.silence, worst: a.layer.ask.worst,
          hits: a.hits.map((h) => [h.feature, h.metres ?? null]) }])));
    }"""
    with opened(browser, folder / f"{name}.html") as seen:
        answers = seen.page.evaluate(ask, degrees.tolist())
        layers = seen.page.evaluate("arealplan.config.ask")
        assert seen.complaints == []
    frames = drawn_frames(name)
    asked = {"oversikt": 5, "kollektiv": 6, "naturfare": 7, "naturmangfold": 8}[name]
    assert len(layers) >= asked
    compared = 0
    for layer in layers:
        frame = frames[layer]
        told = [a[layer] for a in answers]
        if frame.geom_type.iloc[0] == "Point":
            _compare_nearest(frame, places, told)
            continue
        shapes = _shapes_on_page(layer, frame)
        edges = shapely.union_all(shapely.boundary(shapes))
        rest = None
        hidden = told[0]["rest"]
        if hidden:
            rest = frames[hidden]
            edges = edges.union(shapely.union_all(shapely.boundary(rest.geometry.to_numpy())))
        exact = (
            layer.endswith(("frame", "frame_2", "frame_3", "grid", "cells")) and name != "oversikt"
        )
        tolerance = told[0]["tolerance"]
        assert tolerance <= (2 if exact or layer == "population_grid" else SIMPLIFY_M + 1)
        away = shapely.distance(edges, places.to_numpy())
        area_edge = shapely.distance(town.area_frame().geometry.iloc[0].boundary, places.to_numpy())
        sea = town.catalogue_layers()["sea"].geometry.iloc[0]
        sea_edge = shapely.distance(sea.boundary, places.to_numpy())
        for place, answer, far, outer, shore in zip(
            places, told, away, area_edge, sea_edge, strict=True
        ):
            if far > tolerance + 1:
                assert not answer["near"]
            if far < 0.1:
                assert answer["near"]
            if far <= tolerance or min(outer, shore) <= 10:
                continue
            compared += 1
            inside = np.flatnonzero(shapely.contains(shapes, place)).tolist()
            if inside:
                hits = [h[0] for h in answer["hits"]]
                assert answer["state"] == "hit"
                assert set(hits) <= set(inside)
                assert hits == inside or answer["worst"] or len(hits) == len(inside)
            elif not town.area_frame().geometry.iloc[0].contains(place):
                assert answer["state"] == "outside"
            elif hidden and sea.contains(place):
                assert answer["state"] == "sea"
            elif hidden and rest is not None and rest.geometry.iloc[0].contains(place):
                assert answer["state"] == "not_mapped"
            else:
                assert answer["state"] == answer["silence"]
    assert compared > 0.9 * len(places) * sum(
        frames[x].geom_type.iloc[0] != "Point" for x in layers
    ) - 60 * len(layers)


def _shapes_on_page(layer: str, frame: gpd.GeoDataFrame) -> Any:
    """Leave out what a page does not draw: cells without the class of a map."""
    shapes = frame.geometry.to_numpy()
    if layer in [f"biodiversity_hotspots_frame{k}" for k in ("", "_2", "_3")]:
        return shapes[frame["expected_species"].notna() | (frame["status"] == "too_few")]
    if layer == "biodiversity_hotspots_frame_4":
        return shapes[frame["hot_spot"]]
    return shapes


def _compare_nearest(
    frame: gpd.GeoDataFrame, places: gpd.GeoSeries, told: list[dict[str, Any]]
) -> None:
    """Hold the nearest point and its distance against shapely: five decimals are a metre."""
    points = frame.geometry.to_numpy()
    for place, answer in zip(places, told, strict=True):
        away = shapely.distance(points, place)
        feature, metres = answer["hits"][0]
        assert answer["state"] == "nearest"
        assert metres == pytest.approx(away.min(), abs=ROUNDING_M)
        assert away[feature] <= away.min() + 2 * ROUNDING_M


def test_no_outline_moves_farther_than_the_tolerance() -> None:
    """Oracle: GEOS' Hausdorff distance, finely sampled, on a coverage with long thin spikes."""
    spikes = [(x, 80.0 if x % 2 else 0.0) for x in range(400)]
    top = [(town.EAST + 3 * x, town.NORTH + 500 + y) for x, y in spikes]
    corners = [(top[-1][0], town.NORTH), (top[0][0], town.NORTH)]
    high = [(top[-1][0], town.NORTH + 2000), (top[0][0], town.NORTH + 2000)]
    shapes = [shapely.Polygon([*top, *corners]), shapely.Polygon([*top, *high])]
    assert shapely.coverage_is_valid(shapes)
    frame = town.frame({}, shapes)
    made = prepare(frame, window=tuple(frame.total_bounds))
    for feature, shape in zip(unpack(made.coded), shapes, strict=True):
        ring = gpd.GeoSeries([shapely.Polygon(feature[0])], crs=4326).to_crs(town.EPSG).iloc[0]
        moved = shapely.hausdorff_distance(ring.boundary, shape.boundary, densify=0.05)
        assert moved <= made.tolerance_m
    assert made.tolerance_m <= 7


def test_click_lists_every_layer_and_the_link_opens_it_again(
    browser: Browser, folder: Path
) -> None:
    """Oracle: by hand, inside quick clay zone 5 west in the town, where flood is not mapped."""

    def rows(page: Open) -> dict[str, str]:
        return {
            row.get_attribute("data-answer") or "": row.locator("dd").first.inner_text()
            for row in page.locator(".answer").all()
        }

    titles = {c.id: c.title.nb for c in layer_entries()["quick_clay"].classes}
    with opened(browser, folder / "naturfare.html") as seen:
        page = seen.page
        page.locator("input[data-layer=hazard_exposure_quick_clay]").uncheck()
        click_at(page, 3, 4)
        page.wait_for_selector("#place:visible")
        before = rows(page)
        assert before["hazard_exposure_quick_clay"] == titles["5"]
        assert before["hazard_exposure_flood_zones"] == "ikke kartlagt"
        assert before["hazard_exposure_storm_surge"] == "kartlagt; utenfor sonene"
        assert before["hazard_exposure_landslide_caution"] == "ingen her"
        assert before["basic_statistical_units"].startswith("Krets ")
        assert "inntil 7 m feil" in page.locator("#place-tolerance").inner_text()
        link = page.evaluate("location.hash")
        assert "&q=" in link
        page.locator("#language").click()
        assert rows(page)["hazard_exposure_flood_zones"] == "not mapped"
    with opened(browser, folder / "naturfare.html", hash_=link) as seen:
        seen.page.wait_for_selector("#place:visible")
        assert rows(seen.page) == before
        seen.page.locator("#place-close").click()
        assert "q=" not in seen.page.evaluate("location.hash")
        assert seen.requests == []
        assert seen.complaints == []


def test_keyboard_asks_at_the_cross_and_comes_back(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the middle of the map, focus in the panel, Esc back to the map."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        page.locator("#tool-ask").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("arealplan.cross")
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(400)
        page.keyboard.press("Enter")
        page.wait_for_selector("#place:focus")
        asked = page.evaluate("[arealplan.asked.lon, arealplan.asked.lat]")
        centre = page.evaluate("[arealplan.map.getCenter().lng, arealplan.map.getCenter().lat]")
        assert np.allclose(asked, centre, atol=1e-4)
        assert page.locator(".answer").count() == page.evaluate("arealplan.config.ask.length")
        page.keyboard.press("Escape")
        assert not page.locator("#place").is_visible()
        assert page.evaluate("document.activeElement === arealplan.map.getContainer()")
        page.keyboard.press("Escape")
        assert page.locator("#tool-ask").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("hash_", ["#q=", "#q=1e9,2", "#q=a,b", "#q=9,58,3", "#q=<b>,1"])
def test_broken_place_in_the_link_is_harmless(browser: Browser, folder: Path, hash_: str) -> None:
    """Oracle: the page draws, says nothing and opens nothing."""
    with opened(browser, folder / "oversikt.html", hash_=hash_) as seen:
        assert not seen.page.locator("#place").is_visible()
        assert seen.complaints == []


# --- search ---------------------------------------------------------------------------------


def test_search_by_keyboard_leads_to_the_place(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, one hamlet of that name, one stop, one row that is no place."""
    with opened(browser, folder / "naturfare.html") as seen:
        page = seen.page
        page.locator("#search").focus()
        page.keyboard.type("solh")
        page.wait_for_selector("#search-list li")
        assert page.locator("#search-list li .name").all_inner_texts() == ["Solheim"]
        assert page.locator("#search").get_attribute("aria-expanded") == "true"
        page.keyboard.press("ArrowDown")
        assert page.locator("#search").get_attribute("aria-activedescendant") == "search-0"
        page.keyboard.press("Enter")
        page.wait_for_selector("#place:focus")
        asked = page.evaluate("[arealplan.asked.lon, arealplan.asked.lat]")
        assert np.allclose(asked, lonlat(8, 6), atol=2e-5)
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "search"
        page.locator("#search").fill("pumpe")
        page.wait_for_selector("#search-list li:has-text('Elvebakken pumpestasjon')")
        page.keyboard.press("Enter")
        page.wait_for_selector("#place:focus")
        assert page.locator(".popup h3").first.inner_text() == "Elvebakken pumpestasjon"
        page.locator("#search").fill("Kvikkleire")
        page.wait_for_selector("#search-list li:has-text('Kvikkleire')")
        page.keyboard.press("Enter")
        page.wait_for_selector("tr:focus")
        assert page.locator("tr:focus th").inner_text() == "Kvikkleire"
        page.locator("#search").fill("58,05 9,3")
        page.wait_for_selector("#search-list li")
        page.keyboard.press("Enter")
        page.wait_for_selector("#place:focus")
        assert page.evaluate("[arealplan.asked.lon, arealplan.asked.lat]") == [9.3, 58.05]
        page.locator("#search").fill("finnes ikke")
        assert page.locator("#search-list li").count() == 0
        assert page.locator("#tool-status").inner_text() == "Ingen treff"
        assert seen.complaints == []


def test_names_that_start_with_the_words_come_first(plain: Watched) -> None:
    """Oracle: by hand."""
    names = ["Nedre Ås", "Ås", "Blåsen", "Åsen", "xås"]
    found = plain.page.evaluate(
        "(names) => arealplan.search(names.map((name) => ({ name })), 'ås').map((e) => e.name)",
        names,
    )
    assert found == ["Ås", "Åsen", "Nedre Ås", "Blåsen", "xås"]


# --- tables and files -----------------------------------------------------------------------

UNITS = "table-transit-access-units"


def column(page: Open, number: int) -> list[str]:
    return [
        text.strip()
        for text in page.locator(f"#{UNITS} tbody tr td:nth-child({number})").all_inner_texts()
    ]


def test_sort_puts_numbers_in_order_and_words_last(browser: Browser, folder: Path) -> None:
    """Oracle: Python's own sort of the numbers behind; "under 10" last both ways."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        head = page.locator(f"#{UNITS} thead th").nth(2)
        given = column(page, 3)
        words = [x for x in given if x == "færre enn 10"]
        numbers = [int(x.replace("\u202f", "")) for x in given if x != "færre enn 10"]
        assert words
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        text = [f"{n:,}".replace(",", "\u202f") for n in sorted(numbers)]
        assert column(page, 3) == [*text, *words]
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        assert column(page, 3) == [*text[::-1], *words]
        page.locator(f"#{UNITS} thead th button").nth(1).click()
        assert head.get_attribute("aria-sort") is None
        assert column(page, 2) == sorted(town.units()["name"])
        page.locator("#language").click()
        head.locator("button").click()
        assert column(page, 3)[-len(words) :] == ["under 10"] * len(words)
        assert column(page, 3)[0] == min(f"{n:,}" for n in [min(numbers)])


def saved(page: Open, selector: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.locator(selector).first.click()
    download = waiting.value
    return download.suggested_filename, download.path().read_bytes()


def test_csv_is_the_table_as_shown(browser: Browser, folder: Path) -> None:
    """Oracle: Python's csv reader; the rows in sight, in order, numbers a spreadsheet reads."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        page.locator(f"#{UNITS} thead th button").nth(2).click()
        page.locator(f"#{UNITS}-filter").fill("krets 1")
        wanted = page.locator(f"#{UNITS} tbody tr:visible th").all_inner_texts()
        name, raw = saved(page, f"button[data-csv={UNITS}]")
        assert name == f"kollektiv-{UNITS}.csv"
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert rows[0] == ["Nummer", "Navn", "residents", "share"]
        assert [r[0] for r in rows[1:]] == wanted
        assert rows[1][2].isdigit()
        assert rows[1][3].endswith("%")
        assert "," in rows[1][3]
        page.locator("#language").click()
        _, raw = saved(page, f"button[data-csv={UNITS}]")
        english = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        assert english[0][0] == "Number"
        assert english[1][3] == rows[1][3].replace(",", ".")
        assert seen.requests == []
        assert seen.complaints == []


def test_geojson_is_the_layer_as_shown(browser: Browser, folder: Path, tmp_path: Path) -> None:
    """Oracle: pyogrio reads it; the area is that of the true zones, the words are the page's."""
    with opened(browser, folder / "naturfare.html") as seen:
        page = seen.page
        page.evaluate("document.querySelector('details.save').open = true")
        name, raw = saved(page, "button[data-geojson=hazard_exposure_flood_zones]")
        assert name == "naturfare-hazard_exposure_flood_zones.geojson"
        (tmp_path / name).write_bytes(raw)
        made = gpd.read_file(tmp_path / name)
        _, cells = saved(page, "button[data-geojson=hazard_exposure_cells]")
        assert seen.complaints == []
    true = town.results()["hazard-exposure"].layers["flood_zones"]
    assert made.crs.to_epsg() == 4326
    assert made.is_valid.all()
    titles = {c.id: c.title.nb for c in layer_entries()["flood_zones"].classes}
    assert made["class_title"].tolist() == [titles[c] for c in true["class"]]
    areas = made.to_crs(town.EPSG).area.to_numpy()
    assert areas == pytest.approx(true.area.to_numpy(), rel=0.02)
    for feature in json.loads(raw)["features"]:
        rings = [r for p in _polygons(feature["geometry"]) for r in p]
        turns = [shapely.is_ccw(shapely.LinearRing(r)) for r in rings]
        firsts = [i == 0 for p in _polygons(feature["geometry"]) for i in range(len(p))]
        assert turns == firsts
    shown = [f["properties"]["residents"] for f in json.loads(cells)["features"]]
    assert "færre enn 10" in shown
    assert not [v for v in shown if not isinstance(v, str) and 0 < v < 10]


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    many = geometry["type"] == "MultiPolygon"
    return list(geometry["coordinates"]) if many else [geometry["coordinates"]]


# --- link, full screen, hover ---------------------------------------------------------------


def test_link_is_copied(browser: Browser, folder: Path) -> None:
    """Oracle: identity of the clipboard and the page's address."""
    with opened(browser, folder / "oversikt.html") as seen:
        seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        seen.page.locator("#tool-link").click()
        until(
            seen.page, "document.getElementById('tool-status').textContent === 'Lenken er kopiert.'"
        )
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied == seen.page.evaluate("location.href")


def test_link_is_given_where_there_is_no_clipboard(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the address stands in a field, marked for copying."""
    none = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    with opened(browser, folder / "oversikt.html", before=none) as seen:
        seen.page.locator("#tool-link").click()
        seen.page.wait_for_selector("#link-field:focus")
        assert seen.page.locator("#link-field").input_value() == seen.page.evaluate("location.href")
        assert seen.page.evaluate("getSelection().toString()") != ""
        assert seen.complaints == []


def test_full_screen_holds_map_and_panel(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the main element fills the screen, and comes back."""
    with opened(browser, folder / "oversikt.html") as seen:
        page = seen.page
        page.locator("#tool-full").click()
        until(page, "document.fullscreenElement?.matches('main.map')")
        # The browser tells of the change after it has made it; the button follows what it tells.
        pressed = "document.querySelector('#tool-full').getAttribute('aria-pressed') === "
        until(page, pressed + "'true'")
        page.locator("#tool-full").click()
        until(page, "document.fullscreenElement === null")
        until(page, pressed + "'false'")


def test_hover_marks_what_a_click_would_name(browser: Browser, folder: Path) -> None:
    """Oracle: by hand, the stop under the pointer, nothing far out."""
    with opened(browser, folder / "kollektiv.html") as seen:
        page = seen.page
        spot = page.evaluate(
            """([lon, lat]) => { const p = arealplan.map.latLngToContainerPoint([lat, lon]);
              const b = arealplan.map.getContainer().getBoundingClientRect();
              return [p.x + b.x, p.y + b.y]; }""",
            list(lonlat(4, 4)),
        )
        page.mouse.move(*spot)
        until(page, "arealplan.hovered?.layer.id === 'transit_access_stops'")
        assert page.evaluate("arealplan.hovered.feature") == 0
        page.mouse.move(spot[0], 5)
        until(page, "arealplan.hovered === null")


# --- slider ---------------------------------------------------------------------------------


def slider_page(folder: Path, *, start: str = "first") -> Path:
    """Write the hazard map with the flood zones as steps of a slider."""
    entry = map_entries()["naturfare"]
    layers = [
        x.model_copy(update={"slider": True, "start": start}) if x.frame == "flood_zones" else x
        for x in entry.layers
    ]
    page = town.page("naturfare", entry=entry.model_copy(update={"layers": tuple(layers)}))
    return write_pages({"steps.html": page.html}, folder)[0]


def test_slider_shows_one_step_at_a_time(browser: Browser, tmp_path: Path) -> None:
    """Oracle: by hand, four classes, one feature each; keys move it, the link keeps it."""
    titles = [c.title for c in layer_entries()["flood_zones"].classes]
    shown = "() => { arealplan.renderer.draw(); return arealplan.renderer.drawn"
    shown += ".hazard_exposure_flood_zones; }"
    gone = "[...arealplan.layers.get('hazard_exposure_flood_zones').gone]"
    file = slider_page(tmp_path)
    with opened(browser, file) as seen:
        page = seen.page
        slider = page.locator("#slider-hazard_exposure_flood_zones")
        assert page.evaluate(shown) == 1
        assert page.evaluate(gone) == [1, 2, 3]
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(gone) == [0, 1, 3]
        classes = town.results()["hazard-exposure"].layers["flood_zones"]["class"]
        own = {c.id: c.title for c in layer_entries()["flood_zones"].classes}
        wanted = own[classes.iloc[2]]
        assert wanted in titles
        assert slider.get_attribute("aria-valuetext") == wanted.nb
        link = page.evaluate("location.hash")
        assert violations(page) == []
        assert seen.complaints == []
    with opened(browser, file, hash_=link) as seen:
        assert seen.page.evaluate(gone) == [0, 1, 3]
        seen.page.locator("#language").click()
        text = seen.page.locator("[data-slider-text]").inner_text()
        assert text == wanted.en


def test_slider_may_start_at_its_last_step(browser: Browser, tmp_path: Path) -> None:
    """By hand: the last class stands first, the link tells of a step only when it was moved."""
    file = slider_page(tmp_path, start="last")
    with opened(browser, file) as seen:
        slider = seen.page.locator("#slider-hazard_exposure_flood_zones")
        last = slider.get_attribute("max")
        assert slider.input_value() == last
        layer = "arealplan.layers.get('hazard_exposure_flood_zones')"
        shown = f"[...new Set({layer}.classOf.filter((_, f) => !{layer}.gone.has(f)))]"
        assert seen.page.evaluate(shown) == [int(str(last))]
        assert "step=" not in seen.page.evaluate("location.hash")
        slider.focus()
        seen.page.keyboard.press("Home")
        assert "step=" in seen.page.evaluate("location.hash")
        link = seen.page.evaluate("location.hash")
    with opened(browser, file, hash_=link) as seen:
        assert seen.page.locator("#slider-hazard_exposure_flood_zones").input_value() == "0"
        assert seen.complaints == []


def test_levels_of_a_slider_rise() -> None:
    """Oracle: the palette of a map's slider names no classes, which would go before the rest."""
    theme = load_theme()
    for entry in map_entries().values():
        for layer in (x for x in entry.layers if x.slider and x.palette and x.start == "last"):
            assert not theme.palette(str(layer.palette), where="x").classes


def test_slider_without_classes_is_refused() -> None:
    """Oracle: by rule."""
    with pytest.raises(ValidationError, match="slider needs a class_field"):
        MapLayer(layer="stations", slider=True)


# --- all tools at once ----------------------------------------------------------------------


@pytest.mark.parametrize("name", MAPS)
def test_open_tools_have_no_axe_violations(browser: Browser, folder: Path, name: str) -> None:
    """Oracle: axe-core with search, answers and measuring open, nb and en, down to 320 px."""
    with opened(browser, folder / f"{name}.html") as seen:
        page = seen.page
        click_at(page, 5, 4)
        page.wait_for_selector("#place:visible")
        page.locator("#tool-area").click()
        page.locator("#search").fill("a")
        page.wait_for_selector("#search-list li")
        page.keyboard.press("ArrowDown")
        assert violations(page) == []
        page.locator("#language").evaluate("(b) => b.click()")
        page.set_viewport_size({"width": 320, "height": 640})
        page.locator("#search").fill("o")
        page.wait_for_selector("#search-list li")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_tools_are_large_enough_to_hit(browser: Browser, folder: Path) -> None:
    """Oracle: WCAG 2.2 target size, 24 px, with every tool open."""
    with opened(browser, folder / "naturfare.html", size=NARROW) as seen:
        page = seen.page
        click_at(page, 5, 4)
        page.wait_for_selector("#place:visible")
        page.locator("#tool-distance").click()
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, input, select, [role=option]')]
              .map((e) => [e.id || e.textContent, e.closest('label') || e])
              .map(([t, e]) => [t, e.getBoundingClientRect()])
              .filter(([, b]) => b.width && (b.width < 24 || b.height < 24)).map(([t]) => t)"""
        )
        assert small == []


def test_hostile_text_goes_through_every_tool_as_text(browser: Browser, tmp_path: Path) -> None:
    """Oracle: the strings come back as text from search, answers, CSV and GeoJSON; none ran."""
    formula = ("=HYPERLINK(1)", "+1", "-1+cmd", "@x", "\t=1", 'a;b"c\nd')
    names = [*HOSTILE, *formula]
    results, store = town.results(), town.catalogue_layers()
    transit = results["transit-access"]
    stops = transit.layers["stops"].iloc[[k % 7 for k in range(len(names))]].reset_index(drop=True)
    stops = stops.assign(name=names, mode=names, stop_id=names)
    heads = (Column("stop_id", Text("Id", "Id")), Column("name", Text(names[0], names[0])))
    table = Table(
        "stops", Text(names[3], names[3]), heads, stops[["stop_id", "name"]], key="stop_id"
    )
    results["transit-access"] = replace(
        transit,
        tables={"stops": table},
        layers={**transit.layers, "stops": stops},
        provenance=Provenance(),
    )
    store["basic_statistical_units"] = store["basic_statistical_units"].assign(name=names[3])
    store["place_names"] = store["place_names"].assign(name=names[0])
    html = town.page("kollektiv", results=results, store=store, sources=None).html
    (file,) = write_pages({"evil.html": html}, tmp_path)
    with opened(browser, file) as seen:
        page = seen.page
        for given in names[:11]:
            page.locator("#search").fill(given)
            page.wait_for_selector("#search-list li")
            found = page.locator("#search-list li .name").first.evaluate("e => e.textContent")
            assert found == given
        click_at(page, 4, 4)
        page.wait_for_selector("#place:visible")
        told = page.locator(".answer[data-answer=basic_statistical_units] dd").first
        assert told.evaluate("e => e.textContent").startswith(names[3])
        _, raw = saved(page, "button[data-csv=table-transit-access-stops]")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
        cells = [r[0] for r in rows[1:]]
        for given, cell in zip(names, cells, strict=True):
            kept = given.strip()
            assert cell == (f"'{kept}" if kept[0] in "=+-@" else kept)
        page.evaluate("document.querySelector('details.save').open = true")
        _, raw = saved(page, "button[data-geojson=transit_access_stops]")
        back = [f["properties"]["name"] for f in json.loads(raw)["features"]]
        assert back == names
        page.locator("#language").click()
        assert page.evaluate("typeof window.harm") == "undefined"
        assert page.evaluate("document.querySelectorAll('main img, main b').length") == 0
        assert seen.requests == []
        assert seen.complaints == []


# --- the pages of one atlas -----------------------------------------------------------------


def test_base_map_is_worked_out_once_for_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: identity of the pages with and without the shared base, and a count of the work."""
    apart = {name: town.page(name).html for name in MAPS}
    made: list[str] = []
    real = basemap._base

    def counted(name: str, *rest: Any) -> Any:
        made.append(name)
        return real(name, *rest)

    monkeypatch.setattr(basemap, "_base", counted)
    shared = Prepared()
    assert {name: town.page(name, prepared=shared).html for name in MAPS} == apart
    assert sorted(made) == sorted(set(made))
    assert len(made) == 6
