"""Open pages in Chromium with the network shut, and count what they ask for and complain of."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, Route, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = (1400, 900), (390, 844)


@dataclass
class Watched:
    """An open page, the requests it made to hosts, and what stood on its console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def until(page: Page, expression: str, *, seconds: float = 20) -> None:
    """Ask the page until ``expression`` is true; fail where it never is.

    Playwright's own wait_for_function asks from inside the page, where our content security
    policy forbids evaluating text.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)


def chromium_path() -> str:
    """Where Chromium is. Fails, visibly, where it is not."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    message = "Chromium not found; run 'apt-get install -y chromium' (make test does)"
    raise FileNotFoundError(message)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    browser: Browser,
    file: Path,
    *,
    hash_: str = "",
    size: tuple[int, int] = WIDE,
    before: str = "",
    drawn: bool = True,
) -> Iterator[Watched]:
    """Open a file, wait until the map is drawn, and watch it; ``before`` is run first."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    if before:
        context.add_init_script(before)
    watched = Watched(context.new_page())

    def guard(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            watched.requests.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    watched.page.on(
        "console",
        lambda m: watched.complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    watched.page.on("pageerror", lambda e: watched.complaints.append(str(e)))
    try:
        watched.page.goto(file.as_uri() + hash_)
        if drawn and watched.page.locator(".folium-map").count():
            watched.page.wait_for_selector("html[data-ready=true]", timeout=20_000)
        yield watched
    finally:
        context.close()
