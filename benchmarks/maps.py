"""Measure the map pages in headless Chromium: weight, first drawing, panning, asking.

``python benchmarks/maps.py WORKSPACE`` renders every map of a built workspace (the
invented municipality will do) and a page with 50,000 buildings, opens each three
times with the network shut, and prints one line of JSON a page; given a folder of pages
that ``arealplan map --all`` made, it measures those. A pan is four steps of 120 pixels and
three of half a window, at the first view and again at zoom 13. The budgets of the
project: 3 MB, drawn within 1.5 s, 50,000 features panned within 300 ms.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gis.analyses import analysis
from gis.analyses.grids import live_grid
from gis.catalogue import MapEntry, map_entries
from gis.cli.opening import open_study
from gis.errors import LayerMissingError
from gis.published import publishable
from gis.render import Prepared, render_page, write_pages
from tests.browser import chromium, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from gis.analyses import Study

BUILDINGS = 50_000
BUDGET_BYTES, BUDGET_DRAW_S, BUDGET_PAN_S = 3_000_000, 1.5, 0.3
RUNS = 3
_CLOSE = 13
_PAN = """async () => {
  const times = [];
  for (const [x, y] of [[120, 0], [0, 120], [-120, -60], [60, -60], [500, 0], [0, 350],
    [-400, -300]]) {
    const from = performance.now();
    arealplan.map.panBy([x, y], { animate: false });
    // Reading a pixel waits until the strokes are painted and not only noted down.
    arealplan.renderer._ctx.getImageData(0, 0, 1, 1);
    times.push(performance.now() - from);
  }
  return Math.max(...times) / 1000;
}"""
_ASK = """async () => {
  const c = arealplan.map.getCenter();
  await arealplan.readyToAsk();
  const from = performance.now();
  arealplan.answers(c.lng, c.lat);
  return (performance.now() - from) / 1000;
}"""


def buildings(study: Study) -> gpd.GeoDataFrame:
    """Scatter small turned rectangles over the municipality, seeded."""
    rng = np.random.default_rng(0)
    west, south, east, north = study.polygon.bounds
    x, y = rng.uniform(west, east, BUILDINGS), rng.uniform(south, north, BUILDINGS)
    wide, high, turn = (rng.uniform(a, b, BUILDINGS) for a, b in ((6, 20), (6, 12), (0, np.pi)))
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    dx, dy = corner[:, 0] * wide[:, None], corner[:, 1] * high[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    shapes = shapely.polygons(
        np.stack([x[:, None] + dx * cos - dy * sin, y[:, None] + dx * sin + dy * cos], axis=2)
    )
    return gpd.GeoDataFrame(
        {"name": [f"Bygning {i}" for i in range(BUILDINGS)], "purpose": "1110", "status": "x"},
        geometry=shapes,
        crs=study.epsg,
    )


def pages(study: Study) -> dict[str, str]:
    """Render every map the workspace has data for, and the one with many buildings."""
    area = gpd.GeoDataFrame(
        {"number": [study.area.number]}, geometry=[study.polygon], crs=study.epsg
    )
    prepared, made = Prepared(), {}
    many = buildings(study)
    entries: dict[str, MapEntry] = dict(map_entries())
    overview = entries["oversikt"]
    layer = next(x for x in overview.layers if x.layer == "planned_areas")
    many_layer = layer.model_copy(update={"show": True, "symbol": "fill"})
    entries["50000"] = overview.model_copy(update={"layers": (many_layer,)})
    for name, entry in entries.items():

        def layers(wanted: str, *, own: str = name) -> gpd.GeoDataFrame | None:
            if own == "50000" and wanted == "planned_areas":
                return many
            return study.frame(wanted) if study.has(wanted) else None

        start = time.perf_counter()
        try:
            results = {a.key: publishable(analysis(a.id)(study, a.params)) for a in entry.analyses}
        except LayerMissingError as missing:
            print(json.dumps({"page": name, "left_out": str(missing)}))
            continue
        params = next((a.params for a in entry.analyses if a.key == entry.lead), {})
        grid = live_grid(entry.lead)(study, params) if entry.live else None
        worked = time.perf_counter()
        made[name] = render_page(
            name,
            entry,
            results,
            layers=layers,
            area=area,
            language="nb",
            created=dt.date(2026, 11, 23),
            grid=grid,
            prepared=prepared,
        ).html
        spent = {"analyses_s": worked - start, "render_s": time.perf_counter() - worked}
        print(json.dumps({"page": name, **{k: round(v, 2) for k, v in spent.items()}}))
    return made


def measure(browser: Browser, file: Path) -> dict[str, Any]:
    """Open a page several times: medians of drawing, worst pan of each at two zooms, asking."""
    draws, pans, near, asks = [], [], [], []
    stamp = "new MutationObserver(() => { window.drawnAt ??= performance.now(); })"
    before = f"{stamp}.observe(document, {{ subtree: true, attributeFilter: ['data-ready'] }})"
    for _ in range(RUNS):
        with opened(browser, file, before=before) as seen:
            draws.append(seen.page.evaluate("window.drawnAt") / 1000)
            pans.append(seen.page.evaluate(_PAN))
            seen.page.evaluate("(z) => arealplan.map.setZoom(z, { animate: false })", _CLOSE)
            near.append(seen.page.evaluate(_PAN))
            asks.append(seen.page.evaluate(_ASK))
    size = file.stat().st_size
    draw, pan, close, ask = (statistics.median(x) for x in (draws, pans, near, asks))
    quick = draw <= BUDGET_DRAW_S and max(pan, close) <= BUDGET_PAN_S
    return {
        "page": file.stem,
        "megabytes": round(size / 1e6, 2),
        "drawn_s": round(draw, 2),
        "pan_s": round(pan, 3),
        "pan_zoom_13_s": round(close, 3),
        "ask_s": round(ask, 4),
        "within_budget": size <= BUDGET_BYTES and quick,
    }


def main() -> None:
    """Render, open, measure, print; of a folder of made pages, only open and measure."""
    made_before = sorted(Path(sys.argv[1]).glob("*.html"))
    if made_before:
        with chromium() as browser:
            for file in made_before:
                if 'class="folium-map"' in file.read_text(encoding="utf-8"):
                    print(json.dumps(measure(browser, file)))
        return
    _, study = open_study(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        made = {f"{name}.html": html for name, html in pages(study).items()}
        for file in write_pages(made, Path(folder)):
            print(json.dumps(measure(browser, file)))


if __name__ == "__main__":
    main()
