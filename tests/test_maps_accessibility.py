"""Run axe over every page, in both languages, on a wide and on the narrowest screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import NARROW, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PAGES = ("oversikt", "kollektiv", "naturfare", "naturmangfold", "index")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}" for v in found.response["violations"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_axe_violations(browser: Browser, folder: Path, name: str) -> None:
    """Oracle: axe-core, WCAG 2.1 A and AA and best practice; no sideways scroll at 320 px."""
    with opened(browser, folder / f"{name}.html") as seen:
        page = seen.page
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert violations(page) == []
        page.locator("#language").click()
        assert page.evaluate("document.documentElement.lang") == "en"
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_popup_has_no_axe_violations(browser: Browser, folder: Path) -> None:
    """Oracle: axe-core with a popup open."""
    with opened(browser, folder / "kollektiv.html") as seen:
        seen.page.evaluate("arealplan.show('transit_access_stops', 1)")
        seen.page.wait_for_selector(".popup")
        assert violations(seen.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_targets_are_at_least_24_px(browser: Browser, folder: Path, name: str) -> None:
    """Oracle: WCAG 2.2 target size, measured on every visible control."""
    with opened(browser, folder / f"{name}.html", size=NARROW) as seen:
        small = seen.page.evaluate(
            """() => [...document.querySelectorAll(
                'button, summary, .layers label, .leaflet-bar a')]
              .map((e) => [e.textContent, e.getBoundingClientRect()])
              .filter(([, b]) => b.width && (b.width < 24 || b.height < 24)).map(([t]) => t)"""
        )
        assert small == []
