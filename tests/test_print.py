"""Print maps through Chromium: the sheet holds what it must, and a millimetre is what it says."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Geod, Proj
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from gis.atlas import print_pages
from gis.atlas.pictures import paletted
from gis.browser import BROWSER_VARIABLE, Sheet, Tab, browser, find_browser, settled
from gis.catalogue import map_entries
from gis.errors import ParameterError, SetupError
from tests import render_town as town
from tests.pdf import read_pdf, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.browser
SHEETS = [Sheet(p, lie) for p in ("A4", "A3") for lie in (False, True)]  # type: ignore[arg-type]
SIZES = {"A4": (210, 297), "A3": (297, 420)}
SCREEN = (1400, 900)


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as page:
        yield page


def shown(tab: Tab, file: Path, language: str = "nb") -> None:
    tab.resize(*SCREEN)
    tab.open(file, language=language)


def on_paper(tab: Tab, sheet: dict[str, Any]) -> dict[str, Any]:
    """Lay the open page out as paper, and return what the page says of it."""
    tab.evaluate(f"arealplan.setSheet({json.dumps(sheet)})")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    told: dict[str, Any] = tab.evaluate("arealplan.printed")
    return told


def back(tab: Tab) -> None:
    tab.evaluate("window.dispatchEvent(new Event('afterprint'))")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: f"{s.paper}-{s.landscape}")
def test_first_page_is_a_whole_map_sheet(tab: Tab, folder: Path, sheet: Sheet) -> None:
    """Oracle: ISO 216 sizes; the texts that went in; the map's frame in CSS pixels of 1/96 inch."""
    shown(tab, folder / "naturfare.html")
    raw = tab.pdf(sheet, created=town.CREATED)
    pdf = read_pdf(raw)
    size = SIZES[sheet.paper]
    assert pdf.sizes_mm == {size[::-1] if sheet.landscape else size}
    assert pdf.tagged
    assert 2 <= len(pdf.pages) <= 12
    entry, result = map_entries()["naturfare"], town.results()["hazard-exposure"]
    told = tab.evaluate("arealplan.printed")
    scale = f"{told['scale']:,}".replace(",", "")
    first = pdf.text(0)
    for text in (
        entry.title.nb,
        result.finding.nb,
        f"Målestokk 1:{scale} på {sheet.paper}",
        "Sann nord er opp",
        "Tegnforklaring",
        "Kilder: Lag",
        "Status: 01.01.2026",
        "Laget 23.11.2026",
        "naturfare.html",
        "Oppdiktede data",
    ):
        assert squeezed(text) in first, text
    # The frame around the map: inside its border, at full size and not shrunk to the page.
    wide, high = (told[x] / 96 * 25.4 for x in ("width", "height"))
    boxes = pdf.boxes_mm(0)
    assert any(abs(w - wide) < 0.6 and abs(h - high) < 1.2 for w, h in boxes), (wide, high, boxes)
    assert told["wide"] <= (max(size) if sheet.landscape else min(size)) / 25.4 * 96


def test_a_millimetre_on_paper_is_what_the_scale_says(tab: Tab, folder: Path) -> None:
    """Oracle: geodesic lengths on the ellipsoid by pyproj, within 0.3 % near the map's centre."""
    shown(tab, folder / "kollektiv.html")
    told = on_paper(tab, {"paper": "A3", "landscape": True, "scale": 25000})
    assert told["scale"] == 25000
    at = """(dx, dy) => { const m = arealplan.map, c = m.getSize().divideBy(2);
      const p = m.containerPointToLatLng([c.x + dx, c.y + dy]); return [p.lng, p.lat]; }"""
    for dx, dy in ((150, 0), (0, 150), (100, 100)):
        west = tab.evaluate(f"({at})({-dx}, {-dy})")
        east = tab.evaluate(f"({at})({dx}, {dy})")
        metres = Geod(ellps="WGS84").inv(*west, *east)[2]
        millimetres = 2 * float(np.hypot(dx, dy)) / 96 * 25.4
        assert millimetres * 25000 / 1000 == pytest.approx(metres, rel=3e-3)
    width = tab.evaluate("document.querySelector('.bar').getBoundingClientRect().width - 2")
    words = tab.evaluate("document.querySelector('.marks').lastChild.firstChild.textContent")
    metres = float(words.split("\u00a0")[0].replace(",", ".")) * (1000 if "km" in words else 1)
    assert width / 96 * 25.4 * 25000 / 1000 == pytest.approx(metres, rel=5e-3)
    back(tab)


def test_the_scale_is_the_largest_round_one_that_shows_the_municipality(
    tab: Tab, folder: Path
) -> None:
    """Oracle: the municipality lies 6 px inside the frame; at the next larger scale not."""
    inside = """(() => { const m = arealplan.map, s = m.getSize(), e = arealplan.extent;
      return [e.getSouthWest(), e.getNorthEast()].every((p) => {
        const q = m.latLngToContainerPoint(p);
        return q.x >= 5 && q.y >= 5 && q.x <= s.x - 5 && q.y <= s.y - 5; }); })()"""
    shown(tab, folder / "oversikt.html")
    for landscape in (False, True):
        chosen = on_paper(tab, {"paper": "A4", "landscape": landscape, "scale": None})["scale"]
        assert tab.evaluate(inside)
        back(tab)
        scales = tab.evaluate("arealplan.SCALES")
        larger = scales[scales.index(chosen) - 1]
        on_paper(tab, {"scale": larger})
        assert not tab.evaluate(inside)
        back(tab)


def test_grid_north_is_that_of_utm_33(tab: Tab, folder: Path) -> None:
    """Oracle: pyproj's meridian convergence of EPSG:25833 (proj counts it the other way)."""
    shown(tab, folder / "oversikt.html")
    for lat, lon in ((58.0, 7.0), (59.9, 10.5), (65.0, 15.0), (70.0, 28.0)):
        told = tab.evaluate(f"arealplan.convergence({lat}, {lon})")
        known = Proj("EPSG:25833").get_factors(lon, lat).meridian_convergence
        assert told == pytest.approx(known, abs=0.01)


def test_the_screen_is_as_before_after_printing(tab: Tab, folder: Path) -> None:
    """Oracle: identity of view, layers, list, address and classes."""
    state = """JSON.stringify([arealplan.map.getZoom(), arealplan.map.getCenter(),
      arealplan.map.getSize(), arealplan.layersOn(), arealplan.renderer.ratio, location.hash,
      document.documentElement.className, document.adoptedStyleSheets.length,
      document.querySelector('main').innerText.length,
      [...document.querySelectorAll('details')].map((d) => d.open)])"""
    shown(tab, folder / "naturfare.html")
    tab.evaluate("void arealplan.map.setView([58.02, 9.28], 12.5, {animate: false})")
    before = tab.evaluate(state)
    on_paper(tab, {"paper": "A3", "landscape": True})
    assert tab.evaluate(state) != before
    back(tab)
    assert tab.evaluate(state) == before


def test_paper_is_chosen_in_the_page_by_keyboard(tab: Tab, folder: Path) -> None:
    """Oracle: by hand, what is ticked is what the sheet becomes; texts in both languages."""
    shown(tab, folder / "oversikt.html", "en")
    tab.evaluate("document.querySelector('.printbox summary').click()")
    assert tab.evaluate("document.querySelector('.printbox').innerText").startswith("Print\nPaper")
    for value in ("A3", "lying"):
        tab.evaluate(f"document.querySelector('.printbox input[value={value}]').click()")
    tab.evaluate(
        "(() => { const s = document.querySelector('.printbox select'); s.value = '50000';"
        " s.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    assert tab.evaluate("arealplan.sheet") == {"paper": "A3", "landscape": True, "scale": 50000}
    tab.evaluate(
        "document.querySelector('.printbox summary').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))"
    )
    assert tab.evaluate("document.querySelector('.printbox').open") is False


def test_equal_pages_give_equal_files(folder: Path, tmp_path: Path) -> None:
    """Oracle: identity of the bytes of two runs, PDF and PNG; the PDF's date is the given one."""
    made = []
    for run in ("a", "b"):
        for kind in ("pdf", "png"):
            files = print_pages(
                [folder / "oversikt.html"],
                tmp_path / f"{run}.{kind}",
                kind,  # type: ignore[arg-type]
                sheet=Sheet(),
                language="nb",
                created=town.CREATED,
            )
            assert [f.name for f in files] == [f"{run}.{kind}"]
            made.append(files[0].read_bytes())
    assert made[0] == made[2]
    assert made[1] == made[3]
    assert b"D:20261123" in made[0]
    assert made[1].startswith(b"\x89PNG")


def test_english_page_prints_in_english(folder: Path, tmp_path: Path) -> None:
    """Oracle: the entry's English title and the result's English finding."""
    (file,) = print_pages(
        [folder / "kollektiv.html"],
        tmp_path,
        "pdf",
        sheet=Sheet(),
        language="en",
        created=town.CREATED,
    )
    assert file == tmp_path / "kollektiv.pdf"
    first = read_pdf(file.read_bytes()).text(0)
    assert squeezed(map_entries()["kollektiv"].title.en) in first
    assert squeezed(town.results()["transit-access"].finding.en) in first
    assert squeezed("True north is up") in first


@pytest.mark.parametrize("target", ["one.pdf", "one.docx"])
def test_wrong_target_is_refused(folder: Path, tmp_path: Path, target: str) -> None:
    """Oracle: by hand; two pages into one file, and a file of another kind."""
    pages = [folder / "oversikt.html", folder / "kollektiv.html"]
    with pytest.raises(ParameterError, match="folder"):
        print_pages(
            pages, tmp_path / target, "pdf", sheet=Sheet(), language="nb", created=town.CREATED
        )
    assert list(tmp_path.iterdir()) == []


def test_lack_of_a_browser_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: by hand, an empty search path, a wrong name, and a program that is no browser."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "")
        patch.delenv(BROWSER_VARIABLE, raising=False)
        with pytest.raises(SetupError, match="apt-get install chromium"):
            find_browser()
    monkeypatch.setenv(BROWSER_VARIABLE, "no-such-browser")
    with pytest.raises(SetupError, match="no-such-browser"):
        find_browser()
    monkeypatch.setenv(BROWSER_VARIABLE, "true")
    with pytest.raises(SetupError, match="stopped during"), browser():
        pass


def test_page_that_fails_is_told(tab: Tab, tmp_path: Path) -> None:
    """Oracle: by hand, a file that is not there and a script that throws."""
    with pytest.raises(SetupError, match="cannot open"):
        tab.open(tmp_path / "none.html")
    with pytest.raises(SetupError, match="broken on purpose"):
        tab.evaluate("(() => { throw new Error('broken on purpose') })()")


def test_dates_are_set_without_moving_anything() -> None:
    """Oracle: by hand, the length of the file and the text around the dates stay."""
    raw = b"<</CreationDate (D:20251231235959+01'00')\n/ModDate (D:20251231235959+01'00')>>x"
    made = settled(raw, dt.date(2026, 11, 23))
    assert len(made) == len(raw)
    assert re.findall(rb"D:\d+", made) == [b"D:20261123000000"] * 2
    assert made.endswith(b">>x")


def test_a_palette_keeps_a_picture_of_few_colours() -> None:
    """Oracle: identity of the pixels where colours are few and apart; near where they are many."""
    steps = np.arange(0, 250, 50, dtype=np.uint8)
    few = np.array(list(itertools.product(steps, steps, steps)), np.uint8)
    image = few[np.random.default_rng(1).integers(0, len(few), (40, 60))].transpose(2, 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as file:
            with file.open(driver="PNG", width=60, height=40, count=3, dtype="uint8") as out:
                out.write(image)
            raw = bytes(file.read())
        with MemoryFile(paletted(raw)) as file, file.open() as read:
            table, pixels = read.colormap(1), read.read(1)
    colours = np.array([table[i][:3] for i in range(len(table))], np.uint8)
    assert (colours[pixels].transpose(2, 0, 1) == image).all()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: f"{s.paper}-{s.landscape}")
def test_pages_without_a_map_take_the_paper_too(tab: Tab, folder: Path, sheet: Sheet) -> None:
    """Oracle: ISO 216 sizes; the index, as the report, prints on the sheet that was asked for."""
    shown(tab, folder / "index.html")
    pdf = read_pdf(tab.pdf(sheet, created=town.CREATED))
    size = SIZES[sheet.paper]
    assert pdf.sizes_mm == {size[::-1] if sheet.landscape else size}


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Return a picture as rows of red, green and blue."""
    with warnings.catch_warnings(), MemoryFile(png) as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open() as image:
            read: NDArray[np.uint8] = image.read([1, 2, 3])
    return read.transpose(1, 2, 0)


@pytest.mark.parametrize("name", ["oversikt", "naturfare"])
def test_the_printed_map_is_not_blank(folder: Path, tmp_path: Path, name: str) -> None:
    """Another engine: PDFium, the browser's own reader of PDF, shows the map inside its frame.

    Texts and frames stood in the file also when a clearing of the upper canvas, repeated on
    paper, had wiped out the map below it; only a picture of the page tells.
    """
    file = tmp_path / "sheet.pdf"
    with browser() as tab:
        shown(tab, folder / f"{name}.html")
        file.write_bytes(tab.pdf(Sheet(), created=town.CREATED))
    share, colours, end = 0.0, 0, time.monotonic() + 20
    with browser() as tab:
        tab.resize(950, 1300)
        address = file.as_uri() + "#toolbar=0&navpanes=0&view=Fit"
        tab.pipe.call("Page.navigate", tab.session, url=address)
        # The upper part of the map, far from the edges of the sheet.
        while (share < 0.9 or colours < 10) and time.monotonic() < end:
            middle = pixels(tab.picture())[420:560, 150:800].reshape(-1, 3)
            share = float((middle != 255).any(axis=1).mean())
            colours = len(np.unique(middle, axis=0))
    assert share >= 0.9, f"{1 - share:.0%} of the map is white paper"
    assert colours >= 10
