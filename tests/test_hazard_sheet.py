"""Hold the page of one answer to the table it shows, to axe, and to paper."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from typer.testing import CliRunner

from gis.analyses import ANALYSES
from gis.cli import app
from gis.published import publishable
from gis.render import render_sheet
from tests.browser import NARROW, WIDE, opened
from tests.town import box, frame, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from gis.result import Result

HOSTILE = "<img src=x onerror=alert(1)>${7*7}</script>"
DAY = dt.date(2026, 11, 23)


def ros(name: str = "Elva") -> Result:
    data = town(
        flood_zones=frame(
            [box(0, 0, 250, 250), box(0, 0, 500, 250)],
            flood_class=["20", "200"], low_point=[0, 0], zone_id=["a", "b"],
        ),
        flood_mapped_extent=frame([box(0, 0, 500, 500)], name=[name]),
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=[name]),
    )  # fmt: skip
    return publishable(ANALYSES["ros-table"](study(data), {"method": "centre"}))


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_page_holds_every_cell_in_the_order_of_the_table(language: str) -> None:
    """Identity: headings in DSB's order, and each row's event, probability and zone code."""
    result = ros()
    html = render_sheet(result, file="ros.html", language=language, created=DAY)  # type: ignore[arg-type]
    assert f'<html lang="{language}"' in html
    table = result.table("ros")
    for pick in ("nb", "en"):
        places = [html.index(c.title.in_(pick)) for c in table.columns]  # type: ignore[arg-type]
        assert places == sorted(places)
        for row in table.frame.to_dict("records"):
            assert row["event"].in_(pick) in html
    assert html.count("H320") == int((table.frame["zone_code"] == "H320").sum()) == 2
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "<script src" not in html
    assert "@page { size: A4 landscape" in html


def test_hostile_names_are_text() -> None:
    """By search: a name from the data with markup is shown and never run."""
    data = town(
        flood_zones=frame([box(0, 0, 500, 500)], flood_class=["20"], low_point=[0], zone_id=["a"]),
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=[HOSTILE]),
    )
    result = publishable(ANALYSES["hazard-exposure"](study(data), {"method": "centre"}))
    html = render_sheet(result, file="x.html", language="nb", created=DAY)
    assert HOSTILE not in html
    assert "&lt;img src=x" in html


def test_exact_numbers_say_so_on_the_page() -> None:
    """By search: the warning stands on a page of exact numbers, and on no other."""
    warning = "skal ikke publiseres"
    shown = render_sheet(ros(), file="x.html", language="nb", created=DAY)
    assert warning not in shown
    exact = render_sheet(ros(), file="x.html", language="nb", created=DAY, exact=True)
    assert warning in exact


@pytest.mark.browser
def test_the_page_has_no_axe_violations_and_fits(browser: Browser, tmp_path: Path) -> None:
    """Oracle: axe-core in both languages, wide and narrow; no sideways scroll of the page."""
    file = tmp_path / "ros.html"
    file.write_text(render_sheet(ros(), file=file.name, language="nb", created=DAY), "utf-8")
    for size in (WIDE, NARROW):
        with opened(browser, file, size=size) as seen:
            for language in ("nb", "en"):
                assert seen.page.evaluate("document.documentElement.lang") == language
                found = Axe().run(seen.page).response["violations"]
                assert [v["id"] for v in found] == []
                seen.page.locator("#language").click()
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size[0]
            if size == WIDE:  # the whole table is seen, its sources too
                room = seen.page.locator(".wide").first
                assert room.evaluate("x => x.scrollWidth - x.clientWidth") == 0
            assert (seen.requests, seen.complaints) == ([], [])


def test_the_command_names_the_page_among_its_forms() -> None:
    """By search: the help of -o lists .html, and --small-counts with both ways."""
    told = re.sub(r"\s+", " ", CliRunner().invoke(app, ["analyse", "--help"]).output)
    assert ".html" in told
    assert "--small-counts" in told
    assert "round" in told
