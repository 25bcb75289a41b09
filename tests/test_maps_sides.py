"""Open a page with two maps: one view, each side with its own layers, by mouse, keyboard, paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from gis.analyses.study import Study
from gis.atlas import Answers
from gis.catalogue import map_entries
from gis.catalogue.map_models import MapEntry
from gis.errors import RenderError
from gis.render import compare, write_pages
from gis.result import Result
from tests import render_town as town
from tests.browser import NARROW, Watched, opened
from tests.test_maps_accessibility import violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
WALK = "transit-access-walk"
BEFORE, AFTER = "transit_access_frame", "transit_access_walk_frame"


def results() -> dict[str, Result]:
    """Give the town a second answer: none of the cells reached, by hand."""
    straight = town.transit_result()
    assert straight.frame is not None
    walk = replace(
        straight, value=0.25, numerator=250, tables={}, frame=straight.frame.assign(reached=False)
    )
    return {**town.results(), WALK: walk}


def page(**changes: Any) -> str:
    return town.page("avstand", **{"results": results(), **changes}).html


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sides")
    return write_pages({"avstand.html": page()}, folder)[0]


@pytest.fixture
def seen(browser: Browser, file: Path) -> Iterator[Watched]:
    with opened(browser, file) as open_page:
        yield open_page
        assert open_page.requests == []
        assert open_page.complaints == []


def apart(seen: Watched) -> float:
    """How many pixels the middle of the two maps is apart, and infinite at unequal zooms."""
    found: float = seen.page.evaluate(
        """() => {
          const [a, b] = arealplan.panes.map((pane) => pane.map);
          if (a.getZoom() !== b.getZoom()) return 1e9;
          return a.project(a.getCenter()).distanceTo(a.project(b.getCenter()));
        }"""
    )
    return found


def test_each_map_draws_its_side_and_what_both_have(seen: Watched) -> None:
    """Oracle: the frames that went in; the base map and the stops on both."""
    one, two = seen.page.evaluate("arealplan.panes.map((pane) => pane.renderer.drawn)")
    assert one[BEFORE] == two[AFTER] == len(town.cells())
    assert AFTER not in one
    assert BEFORE not in two
    shared = {name: count for name, count in one.items() if name != BEFORE}
    assert shared == {name: count for name, count in two.items() if name != AFTER}
    assert shared["transit_access_stops"] == 7
    assert shared["sea"] == 1


def test_the_maps_move_as_one(seen: Watched) -> None:
    """Oracle: the two centres, within a pixel, whichever map was dragged, zoomed or stepped."""
    start = seen.page.evaluate("arealplan.map.getCenter().lng")
    boxes = [seen.page.locator(name).bounding_box() for name in ("#map_kart", "#map_after")]
    for box in boxes:
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        seen.page.mouse.move(x, y)
        seen.page.mouse.down()
        seen.page.mouse.move(x - 60, y + 25, steps=4)
        assert apart(seen) <= 1
        seen.page.mouse.up()
        seen.page.mouse.wheel(0, -200)
        seen.page.wait_for_timeout(250)
        assert apart(seen) <= 1
    assert seen.page.evaluate("arealplan.map.getCenter().lng") != start
    for name in ("#map_after", "#map_kart"):
        before = seen.page.evaluate("arealplan.map.getZoom()")
        seen.page.locator(name).focus()
        seen.page.keyboard.press("+")
        seen.page.wait_for_timeout(150)
        assert seen.page.evaluate("arealplan.map.getZoom()") == before + 1
        seen.page.keyboard.press("ArrowRight")
        seen.page.wait_for_timeout(400)
        assert apart(seen) <= 1


def test_a_click_answers_for_the_map_it_was_on(seen: Watched) -> None:
    """Oracle: the hand-made answers; the popup stands in the map that was clicked."""
    place = town.frame({}, [town.point(4.05, 4.1)]).to_crs(4326).geometry.iloc[0]
    for name, title in (("#map_kart", "I luftlinje"), ("#map_after", "Langs veg og sti")):
        x, y = seen.page.evaluate(
            """([lon, lat, name]) => {
              const p = arealplan.map.latLngToContainerPoint([lat, lon]);
              const box = document.querySelector(name).getBoundingClientRect();
              return [box.x + p.x + 1, box.y + p.y + 1];
            }""",
            [place.x, place.y, name],
        )
        seen.page.mouse.click(x, y)
        popup = seen.page.locator(f"{name} .popup")
        popup.wait_for()
        assert title in popup.inner_text()
        assert seen.page.locator(".popup").count() == 1
        seen.page.keyboard.press("Escape")
    told = seen.page.locator("#place-answers").inner_text()
    assert "I luftlinje" in told
    assert "Langs veg og sti" in told


def test_keyboard_asks_from_the_second_map(seen: Watched) -> None:
    """Oracle: Enter on a map asks about its middle, and Escape gives the focus back to it."""
    after = seen.page.locator("#map_after")
    after.focus()
    seen.page.keyboard.press("Enter")
    seen.page.locator("#place:focus").wait_for()
    seen.page.keyboard.press("Escape")
    assert seen.page.evaluate("document.activeElement.id") == "map_after"


def test_link_restores_the_view_of_both(browser: Browser, file: Path) -> None:
    """Oracle: the view in the link."""
    with opened(browser, file, hash_="#z=13&lat=58.06&lon=9.25&lang=en") as seen:
        assert apart(seen) <= 1
        centre = seen.page.evaluate("arealplan.panes[1].map.getCenter()")
        assert (round(centre["lat"], 3), round(centre["lng"], 3)) == (58.06, 9.25)
        label = seen.page.locator("#map_after").get_attribute("aria-label")
        assert label is not None
        assert label.endswith("Along roads and paths")


def test_page_of_two_maps_has_no_axe_violations(browser: Browser, file: Path) -> None:
    """Oracle: axe-core, WCAG 2.1 A and AA and best practice, wide and at 320 px."""
    with opened(browser, file) as seen:
        assert violations(seen.page) == []
        seen.page.set_viewport_size({"width": 320, "height": 640})
        assert violations(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_narrow_screens_have_one_map_above_the_other(browser: Browser, file: Path) -> None:
    """Oracle: where the two boxes lie, of equal size."""
    with opened(browser, file, size=NARROW) as seen:
        one, two = (seen.page.locator(n).bounding_box() for n in ("#map_kart", "#map_after"))
        assert one is not None
        assert two is not None
        assert one["x"] == two["x"]
        assert one["y"] + one["height"] < two["y"]
        assert (one["width"], one["height"]) == (two["width"], two["height"])


@pytest.mark.parametrize("lying", [False, True])
def test_print_gives_both_maps_the_same_scale(seen: Watched, lying: bool) -> None:
    """Oracle: equal sizes, zooms and middles on paper, and the view of the screen afterwards."""
    before = seen.page.evaluate("[arealplan.map.getZoom(), arealplan.map.getSize()]")
    seen.page.evaluate(f"arealplan.setSheet({{ paper: 'A4', landscape: {str(lying).lower()} }})")
    seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    sizes = seen.page.evaluate("arealplan.panes.map((pane) => pane.map.getSize())")
    assert sizes[0] == sizes[1]
    assert apart(seen) <= 1
    extent = "arealplan.panes.every((p) => p.map.getBounds().contains(arealplan.extent))"
    assert seen.page.evaluate(extent)
    seen.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert seen.page.evaluate("[arealplan.map.getZoom(), arealplan.map.getSize()]") == before
    assert apart(seen) <= 1


def test_both_numbers_and_how_far_apart_they_are() -> None:
    """Oracle: 56.2 % and 25.0 % are 31.2 percentage points apart, by hand."""
    entry = map_entries()["avstand"]
    assert entry.compare is not None
    both = compare.sides(entry.compare, results(), "maps/avstand.toml")
    told = compare.difference(both)
    assert told is not None
    assert told.en == (
        "In a straight line: 56.2%. Along roads and paths: 25.0%. "
        "That is 31.2 percentage points less."
    )
    assert "Det er 31,2 prosentpoeng mindre." in told.nb
    assert told.en in page()


def changed(**changes: Any) -> MapEntry:
    entry = map_entries()["avstand"].model_dump(mode="json", by_alias=True)
    return MapEntry.model_validate({**entry, **changes})


def test_what_does_not_fit_two_maps_is_refused() -> None:
    """Oracle: the words that name the key."""
    entry = map_entries()["avstand"].model_dump(mode="json", by_alias=True)
    one_sided = [{**layer, "side": None} for layer in entry["layers"]]
    with pytest.raises(ValidationError, match=r"need \[compare\]"):
        changed(compare=None)
    with pytest.raises(ValidationError, match="side = 'before'"):
        changed(layers=one_sided)
    with pytest.raises(ValidationError, match="'live', 'weights' or 'compare'"):
        changed(live=True)
    twice = [{**a, "name": None} for a in entry["analyses"]]
    with pytest.raises(ValidationError, match="give the second a 'name'"):
        changed(analyses=twice)
    sides = entry["compare"]
    with pytest.raises(ValidationError, match="'built-up-share' not among"):
        changed(compare={**sides, "after": {**sides["after"], "result": "built-up-share"}})
    wrong = changed(compare={**sides, "after": {**sides["after"], "figure": "none_such"}})
    with pytest.raises(RenderError, match=r"maps/avstand.toml: compare.after.figure 'none_such'"):
        page(entry=wrong)


def test_a_second_answer_of_one_analysis_has_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the rule that no two exact tables stand side by side, by hand."""
    monkeypatch.setattr(Answers, "__call__", lambda *_: town.transit_result())
    study: Study = object.__new__(Study)
    found = Answers(study).of_map(map_entries()["avstand"], where="maps/avstand.toml")
    assert found[WALK].tables == {}
    assert found["transit-access"].tables
