"""Look at the pages as a reader does: nothing covered, cut, broken or in the wrong language."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.atlas.pictures import picture_map
from gis.browser import browser as own_browser
from gis.catalogue import layer_entries
from gis.cli.shared import say, show_grid
from gis.errors import ParameterError, RenderError
from gis.publish import write_result
from gis.render import PageRef, compare, render_index, views, write_pages
from gis.render.classes import Rule, classify
from gis.render.fields import stated
from gis.render.report import Section, render_report
from gis.render.tables import shown_columns
from gis.render.theme import load_theme
from gis.result import Column, Table
from gis.text import Text, interface_texts, number
from tests import render_town as town
from tests.browser import NARROW, WIDE, opened
from tests.test_maps_sides import page as two_maps
from tests.test_maps_sides import results as two_results

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

# A name on a station, with names over and under it, and one more at the very edge of the map.
NAMES_ON_A_STATION = """() => {
  const view = arealplan.renderer.view();
  const points = arealplan.visible().find((x) => x.shapes && x.shapes.kind === "point").shapes;
  const X = points.X[0], Y = points.Y[0], px = 1 / view.scale;
  arealplan.places = [["Over", X, Y - 25 * px], ["Under", X, Y + 25 * px], ["Midt", X, Y],
    ["Langenavnstad", (view.ox + view.frame[0] + 2) * px, (view.oy + view.frame[1] + 99) * px],
  ].map(([name, x, y]) => ({ name, rank: 1, x, y, water: false }));
  arealplan.renderer.draw();
  return { boxes: arealplan.placedAt, frame: view.frame, placed: arealplan.placed,
    symbols: arealplan.symbolBoxes(view).map((one) => one.box) };
}"""
# The lines that each word of an element is broken over.
LINES_OF_WORDS = """(element) => {
  const text = [...element.querySelectorAll("[lang]")].find((x) => x.offsetWidth).firstChild;
  return [...text.data.matchAll(/[^\\s]+/g)].map((word) => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size;
  });
}"""


def meet(one: list[float], other: list[float]) -> bool:
    return (
        one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]
    )  # boxes: left, upper, right, lower


@pytest.mark.browser
def test_names_cover_no_station_no_other_name_and_are_not_cut(
    browser: Browser, folder: Path
) -> None:
    """By hand: a name between two others goes to a side; one half outside moves inward."""
    with opened(browser, folder / "oversikt.html") as seen:
        found = seen.page.evaluate(NAMES_ON_A_STATION)
    assert found["placed"] == ["Over", "Under", "Midt", "Langenavnstad"]
    boxes, frame = found["boxes"], found["frame"]
    assert not [b for b in boxes for s in found["symbols"] if meet(b, s)]
    assert not [1 for i, b in enumerate(boxes) for other in boxes[:i] if meet(b, other)]
    for box in boxes:
        assert frame[0] <= box[0], box
        assert box[2] <= frame[2], box


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_no_word_of_the_value_is_broken(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    """Oracle: the lines that the browser gives each word, for the longest unit there is."""
    units = {k: v for k, v in interface_texts("nb").items() if k.startswith("units.")}
    longest = max(units, key=lambda k: max(map(len, units[k].split()), default=0))
    made = replace(town.built_up_result(), value=1.15, unit=longest.removeprefix("units."))
    entry = town.map_entries()["oversikt"]
    index = render_index(
        [PageRef("oversikt", "oversikt.html", entry, made)], language="nb", created=town.CREATED
    )
    page = town.page("oversikt", results={**town.results(), made.analysis: made}).html
    write_pages({"oversikt.html": page, "index.html": index}, tmp_path)
    for name in ("oversikt", "index"):
        with opened(browser, tmp_path / f"{name}.html", size=size) as seen:
            lines = seen.page.locator(".value").first.evaluate(LINES_OF_WORDS)
        assert len(lines) >= 2
        assert set(lines) == {1}


@pytest.mark.browser
def test_picture_of_two_maps_shows_both_whole(tmp_path: Path) -> None:
    """Oracle: the extent of the area lies in what each map shows, and each knows its own size."""
    file = write_pages({"avstand.html": two_maps()}, tmp_path)[0]
    with own_browser() as tab:
        taken = picture_map(tab, file, "nb")
        state = tab.evaluate(
            "arealplan.panes.map(({ map }) => [map.getBounds().contains(arealplan.extent),"
            " map.getSize().x === map.getContainer().clientWidth])"
        )
        one = picture_map(
            tab, write_pages({"kart.html": town.page("oversikt").html}, tmp_path)[0], "nb"
        )
    assert state == [[True, True], [True, True]]
    # Cards beside each other are alike.
    shapes = [t["width"] / t["height"] for t in (taken, one)]
    assert shapes[0] == pytest.approx(shapes[1], rel=0.02)


@pytest.mark.browser
def test_sentences_in_tables_keep_a_width_to_be_read_on_a_narrow_screen(
    browser: Browser, tmp_path: Path
) -> None:
    """By hand: 14 letters wide at the least, and the page itself does not scroll at 390 px."""
    said = "Her står en lang merknad som ingen kan lese en bokstav om gangen, " * 3
    frame = pd.DataFrame({"name": ["a"], **{f"x{i}": ["et ord"] for i in range(6)}, "said": [said]})
    columns = tuple(Column(str(c), Text(str(c), str(c)), "text") for c in frame.columns)
    lead = town.built_up_result()
    made = replace(lead, tables={"settlements": Table("settlements", lead.title, columns, frame)})
    entry = town.map_entries()["oversikt"].model_copy(
        update={"tables": ("built-up-share/settlements",)}
    )
    html = town.page("oversikt", entry=entry, results={**town.results(), made.analysis: made}).html
    file = write_pages({"oversikt.html": html}, tmp_path)[0]
    with opened(browser, file, size=NARROW) as seen:
        cell = seen.page.locator("td.long").first.bounding_box()
        across = seen.page.evaluate("document.documentElement.scrollWidth")
    assert cell is not None
    assert cell["width"] >= 14 * 16
    assert across == NARROW[0]


def test_two_maps_tell_how_far_they_are_apart_in_index_and_report() -> None:
    """By hand: 25 % on foot; the index and the report answer the page's own question."""
    entry, made = town.map_entries()["avstand"], two_results()
    apart = compare.apart(entry, made, map_id="avstand")
    assert apart is not None
    assert "25,0\u00a0%" in apart.nb
    ref = PageRef("avstand", "avstand.html", entry, made[entry.lead], difference=apart)
    index = render_index([ref], language="nb", created=town.CREATED)
    report = render_report(
        [Section("avstand", "avstand.html", entry, made)],
        language="nb",
        created=town.CREATED,
        sources=[],
    )
    assert apart.nb in index
    assert report.count(apart.nb) == 2
    assert compare.apart(town.map_entries()["oversikt"], made, map_id="oversikt") is None


def test_owners_and_licences_that_are_phrases_are_in_both_languages() -> None:
    """Oracle: the catalogue; what has Norwegian or English words in it differs by language."""
    for name, entry in layer_entries().items():
        owner, licence = entry.source.owner, entry.source.licence
        phrases = [licence] if " " in licence else []
        phrases += [owner] if re.search(r"\b(kommunen|eller|contributors)\b", owner, re.I) else []
        for phrase in phrases:
            said = stated(phrase)
            assert (name, said.nb != said.en) == (name, True), phrase
    assert stated("CC-BY-4.0") == Text("CC-BY-4.0", "CC-BY-4.0")


def test_readers_notes_are_told_in_both_languages_on_a_map() -> None:
    """By hand: what a reader notes in English is Norwegian on the Norwegian page."""
    source = replace(town.source("stations"), notes=("22 rows of other kinds passed over",))
    (told,) = views.sources([source])
    (note,) = told["notes"]
    assert note.nb.startswith("22 rader")
    assert note.en.startswith("22 rows")


@pytest.mark.parametrize("value", [-0.001, -0.0, -0.0049])
def test_what_rounds_to_nothing_has_no_sign(value: float) -> None:
    """By hand: a change of -0.001 is 0,00 and not −0,00; -0.005 and beyond keep the sign."""
    assert number(value, decimals=2) == Text("0,00", "0.00")
    assert number(-0.006, decimals=2) == Text("\u22120,01", "\u22120.01")
    assert number(-1000.0) == Text("\u22121\u202f000", "\u22121,000")


def test_unit_stands_once_beside_a_figure() -> None:
    """By hand: a heading with (ha) over a number with ha loses its own; one without keeps all."""
    made = replace(town.built_up_result(), figures={"land_ha": 12.5, "cells": 3})
    land, cells = views.figures(made)
    assert land["text"].nb == "12,5\u00a0ha"
    assert "(ha)" not in land["title"].nb + land["title"].en
    assert cells["text"].nb == "3"


def test_code_beside_its_word_is_not_shown() -> None:
    """By hand: indicator_id repeats indicator; a code without a word beside it stays."""
    names = ("indicator", "indicator_id", "zone_id")
    columns = tuple(Column(n, Text(n, n), "text") for n in names)
    table = Table("t", Text("t", "t"), columns, pd.DataFrame({n: ["x"] for n in names}))
    assert [c.name for c in shown_columns(table)] == ["indicator", "zone_id"]


def test_every_level_of_the_sea_has_a_colour_of_its_own() -> None:
    """By hand: six levels, six fills."""
    levels = np.arange(0.5, 3.01, 0.5)
    frame = town.frame({"level_m": levels}, [shapely.box(i, 0, i + 1, 1) for i in range(6)])
    rule = Rule(
        load_theme().palette("sea_level", where="test"), load_theme(), class_field="level_m"
    )
    fills = [c.look.fill for c in classify(frame, rule, title=Text("x", "x")).classes]
    assert len(set(fills)) == len(levels), json.dumps(fills)


def test_an_unknown_suffix_is_told_that_a_page_is_possible(tmp_path: Path) -> None:
    """By hand: with a page to make, .html stands in the list; it is written whole."""
    made = town.built_up_result()
    with pytest.raises(ParameterError, match=r"suffix '\.pdf' given; allowed: .*\.html"):
        write_result(made, tmp_path / "x.pdf", page=lambda: "<p>side</p>")
    write_result(made, tmp_path / "x.html", page=lambda: "<p>side</p>")
    assert (tmp_path / "x.html").read_text() == "<p>side</p>\n"
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_nothing_moves_where_one_name_is_a_folder(tmp_path: Path) -> None:
    """By hand: of three files the last is a folder; the first stays, the second does not come."""
    (tmp_path / "a.html").write_text("before")
    (tmp_path / "c.html").mkdir()
    with pytest.raises(RenderError, match=r"c\.html is a folder"):
        write_pages({"a.html": "1", "b.html": "2", "c.html": "3"}, tmp_path)
    assert (tmp_path / "a.html").read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "c.html"]


def test_a_name_in_a_file_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """By hand: escape, bell and the C1 codes are marks; letters, line breaks and tabs stay."""
    show_grid("", ["Navn"], [["Ås\x1b[2J\x07\x9bæ"]])
    say("Ås\x1b]0;x\x07\tb")
    shown = capsys.readouterr()
    assert "Ås\ufffd[2J\ufffd\ufffdæ" in shown.out
    assert shown.err == "Ås\ufffd]0;x\ufffd\tb\n"
