"""Find addresses in the page: by street and number, near a place asked about, and nothing else."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest

from gis.render import addresses, write_pages
from gis.render.geometry import pack
from tests import render_town as town
from tests.browser import Watched, opened
from tests.test_maps_accessibility import violations
from tests.test_maps_browser import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
HOUSES = {
    "Storgata 1": (5.0, 4.0),
    "Storgata 2": (5.1, 4.1),
    "Storgata 10": (5.2, 4.2),
    "Storgata 10 B": (5.21, 4.2),
    "Øvre Storgate 1": (6.0, 5.0),
    "Nordgård, Åsveien 3": (4.0, 6.0),
    "12/34": (3.0, 6.0),
    "Langt borte 1": (25.0, 4.0),
}


def houses(**more: tuple[float, float]) -> gpd.GeoDataFrame:
    """Addresses by hand; the last lies outside the municipality."""
    given = HOUSES | more
    return town.frame(
        {"text": list(given), "unit": "98010100", "residents": 7},
        [town.point(*place) for place in given.values()],
    )


def page(frame: gpd.GeoDataFrame) -> str:
    return town.page("oversikt", store={**town.catalogue_layers(), "addresses": frame}).html


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    (file,) = write_pages({"oversikt.html": page(houses())}, tmp_path_factory.mktemp("houses"))
    with opened(browser, file) as open_page:
        yield open_page


def held_by(html: str) -> dict[str, Any]:
    """Unpack the addresses of a page."""
    text = html.split('id="data-addresses">')[1].split("</script>")[0]
    held: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(text)))
    return held


def found(seen: Watched, typed: str) -> list[str]:
    seen.page.locator("#search").fill("")
    seen.page.locator("#search").fill(typed)
    seen.page.locator("#tool-status").filter(has_text="reff").wait_for()
    return seen.page.locator("#search-list li .name").all_inner_texts()


def test_addresses_come_back_as_they_went_in() -> None:
    """Oracle: the frame itself, to five decimals of a degree; numbers as a street counts them."""
    frame = houses()
    coded = addresses.street_list(frame)
    assert coded["streets"] == ["12/34", "Langt borte", "Storgata", "Åsveien", "Øvre Storgate"]
    assert coded["numbers"] == ["", "1", "1,2,10,10B", "3", "1"]
    places = np.cumsum(np.array(coded["xy"]).reshape(-1, 2), axis=0) / 1e5
    names = [
        f"{street} {number}".strip()
        for street, own in zip(coded["streets"], coded["numbers"], strict=True)
        for number in own.split(",")
    ]
    lonlat = frame.to_crs(4326).geometry
    keys = [" ".join(addresses.parted(text)).strip() for text in frame["text"]]
    want = dict(zip(keys, zip(lonlat.x, lonlat.y, strict=True), strict=True))
    for name, place in zip(names, places, strict=True):
        assert place == pytest.approx(want[name], abs=0.6e-5), name


def test_page_holds_street_number_and_point_only() -> None:
    """By hand: three keys, the municipality's own addresses, no other field of the layer."""
    held = held_by(page(houses()))
    assert set(held) == {"streets", "numbers", "xy"}
    assert "Langt borte" not in held["streets"]
    assert len(held["xy"]) == 2 * (len(HOUSES) - 1)
    assert 'id="data-addresses"' not in town.page("oversikt").html


def test_what_is_too_much_keeps_its_streets(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: beyond the budget one point a street, that of its middle address."""
    monkeypatch.setattr(addresses, "BUDGET_BYTES", 10)
    held = held_by(page(houses()))
    assert held["streets"] == ["12/34", "Storgata", "Åsveien", "Øvre Storgate"]
    assert held["numbers"] == [""] * 4
    places = np.cumsum(np.array(held["xy"]).reshape(-1, 2), axis=0) / 1e5
    middle = houses().to_crs(4326).geometry.iloc[2]
    assert places[1] == pytest.approx((middle.x, middle.y), abs=0.6e-5)


def test_forty_thousand_addresses_are_within_the_budget() -> None:
    """Oracle: the budget; streets of 40 houses every 15 m, as towns have them."""
    rng = np.random.default_rng(3)
    streets, each = 1000, 40
    start = rng.uniform(0, 10, (streets, 1, 2))
    way = rng.normal(size=(streets, 1, 2))
    along = np.arange(each)[None, :, None] * 0.015
    xy = start + way / np.linalg.norm(way, axis=2, keepdims=True) * along
    xy = (xy + rng.normal(0, 0.004, xy.shape)).reshape(-1, 2)
    names = [f"Gate{s} {n}" for s in range(streets) for n in range(1, each + 1)]
    frame = town.frame({"text": names}, [town.point(x, y) for x, y in xy])
    assert len(pack(addresses.street_list(frame))) < addresses.BUDGET_BYTES


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("storgata 1", ["Storgata 1", "Storgata 10", "Storgata 10B"]),
        ("STORG 10 b", ["Storgata 10B"]),
        ("Storgata10", ["Storgata 10", "Storgata 10B"]),
        ("storg", ["Storgata", "Øvre Storgate"]),
        ("åsv", ["Åsveien"]),
        ("Langt borte 1", []),
    ],
)
def test_search_finds_addresses_and_streets(seen: Watched, typed: str, first: list[str]) -> None:
    """By hand: the number that was typed first, then those that begin with it."""
    assert found(seen, typed)[: len(first)] == first
    if not first:
        assert not found(seen, typed)
    assert seen.complaints == []


def test_an_address_asks_about_its_place(seen: Watched) -> None:
    """Oracle: the point that went in, on the map, in the link and in the panel, by keyboard."""
    found(seen, "Storgata 2")
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("Enter")
    seen.page.locator("#place:focus").wait_for()
    assert violations(seen.page) == []
    told = seen.page.locator("#place-address").inner_text()
    assert told == "Nærmeste adresse: Storgata 2 (0 m i luftlinje)."
    lonlat = houses().to_crs(4326).geometry.iloc[1]
    asked = seen.page.evaluate("[arealplan.asked.lon, arealplan.asked.lat]")
    assert asked == pytest.approx([lonlat.x, lonlat.y], abs=0.6e-5)
    assert "q=" in seen.page.evaluate("location.hash")
    seen.page.keyboard.press("Escape")
    assert seen.page.evaluate("document.activeElement.id") == "search"


def test_nearest_address_is_the_nearest_within_200_m(seen: Watched) -> None:
    """By hand: 100 m east of an address, and 3 km from any."""
    near, far = (
        town.frame({}, [town.point(x, y)]).to_crs(4326).geometry.iloc[0]
        for x, y in ((6.1, 5.0), (8.0, 8.0))
    )
    look = "([lon, lat]) => arealplan.nearestAddress(lon, lat)"
    told = seen.page.evaluate(look, [near.x, near.y])
    assert told["name"] == "Øvre Storgate 1"
    assert told["metres"] == pytest.approx(100, abs=1)
    assert seen.page.evaluate(look, [far.x, far.y]) is None


def test_hostile_street_names_are_text(browser: Browser, tmp_path: Path) -> None:
    """Oracle: nothing ran, and the text is shown as it is."""
    evil = {f"{text[:200]} 7": (5.0 + 0.1 * k, 5.0) for k, text in enumerate(HOSTILE)}
    (file,) = write_pages({"oversikt.html": page(houses(**evil))}, tmp_path)
    with opened(browser, file) as seen:
        listed = found(seen, "<img")
        assert listed
        assert listed[0].startswith("<img")
        seen.page.keyboard.press("Enter")
        seen.page.locator("#place:focus").wait_for()
        assert "<img" in seen.page.locator("#place-address").inner_text()
        assert seen.page.evaluate("window.harm") is None
        assert seen.complaints == []
