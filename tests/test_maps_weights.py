"""Move the weights in the page of suitability, and hold it against the analysis by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest

from gis.analyses import ANALYSES
from gis.analyses.site_weights import movable_weights
from gis.catalogue import map_entries
from gis.published import publishable
from gis.render import render_page, write_pages
from gis.text import number, percent
from tests.browser import Watched, opened
from tests.test_maps_accessibility import violations
from tests.test_suitability import full
from tests.town import EPSG, study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from gis.result import Result

pytestmark = pytest.mark.browser
NAMES = ("w_transit", "w_school", "w_kindergarten", "w_grocery", "w_built_up")
OWN = {"w_transit": 4, "w_school": 1, "w_kindergarten": 1, "w_grocery": 1, "w_built_up": 2}
CHOICES = (
    {"w_transit": 10},
    {"w_transit": 0},
    {"w_transit": 1, "w_school": 3, "w_built_up": 0},
    {"w_school": 10, "w_built_up": 7},
)


def result(**weights: float) -> Result:
    return publishable(ANALYSES["suitability"](study(full()), {"cell_m": 50, **weights}))


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One open page for all choices: moving the weights is what is tested."""
    s, entry = study(full()), map_entries()["fortetting"]
    area = gpd.GeoDataFrame({"number": ["9999"], "name": ["Byen"]}, geometry=[s.polygon], crs=EPSG)
    page = render_page(
        "fortetting",
        entry,
        {entry.lead: result()},
        layers=lambda _: None,
        area=area,
        language="nb",
        created=dt.date(2026, 11, 23),
        sources=s.source,
    )
    (file,) = write_pages({"fortetting.html": page.html}, tmp_path_factory.mktemp("weights"))
    with opened(browser, file) as open_page:
        yield open_page


def choose(seen: Watched, weights: dict[str, float]) -> None:
    for name in offered(seen):
        value = str(float(weights.get(name, OWN[name])))
        seen.page.locator(f"#weight-{name}").select_option(value=value)


def offered(seen: Watched) -> list[str]:
    found = seen.page.locator("[data-weight]").evaluate_all("all => all.map(o => o.dataset.weight)")
    return [str(name) for name in found]


def shown(seen: Watched, what: str) -> list[str]:
    return [text.strip() for text in seen.page.locator(f'[data-live="{what}"]').all_inner_texts()]


def cells(seen: Watched, column: str) -> dict[str, Any]:
    found = seen.page.evaluate(
        """(column) => { const l = arealplan.layers.get('suitability_frame');
          return [l.classOf.map((c) => l.classes[c].key), l.columns[column] ?? []]; }""",
        column,
    )
    return {"class": found[0], "column": found[1]}


@pytest.mark.parametrize("weights", CHOICES, ids=str)
def test_weights_show_what_the_command_line_gives(seen: Watched, weights: dict[str, float]) -> None:
    """Oracle: the analysis run by itself with the same weights, cell by cell and word by word."""
    choose(seen, weights)
    alone = result(**weights)
    assert alone.frame is not None
    drawn = cells(seen, "score")
    assert drawn["class"] == alone.frame["suited"].tolist()
    assert drawn["column"] == alone.frame["score"].tolist()
    assert shown(seen, "value") == [percent(alone.value).nb]
    assert shown(seen, "finding") == [alone.finding.nb]
    assert shown(seen, "sentence") == [alone.definition.sentence.nb]
    figures = dict(zip(alone.figures, shown(seen, "figures"), strict=True))
    for name in ("sites", "sites_high", "sites_medium", "sites_low", "sites_study_high"):
        assert figures[name] == number(float(str(alone.figures[name]))).nb, name
    stable = seen.page.locator('[data-live="figures"]').nth(
        list(alone.figures).index("sites_stable")
    )
    assert stable.text_content() == "–"
    command = seen.page.locator("#weights-command").inner_text()
    asked = command.removeprefix("arealplan analyse suitability --").split(" --")
    assert dict(x.split() for x in asked) == {n: f"{weights.get(n, OWN[n])}" for n in offered(seen)}
    assert seen.complaints == []


def test_what_is_of_the_maps_own_weights_goes_and_comes_back(seen: Watched) -> None:
    """Identity: after a round trip the page says what it said, rank and outline with it."""
    choose(seen, OWN)
    before = (shown(seen, "figures"), cells(seen, "site_rank"), shown(seen, "params"))
    gone = "arealplan.layers.get('suitability_top').gone.size"
    assert seen.page.evaluate(gone) == 0
    assert seen.page.locator("#weights-moved").is_hidden()
    choose(seen, {"w_transit": 9})
    assert seen.page.evaluate(gone) > 0
    assert set(cells(seen, "site_rank")["column"]) == {None}
    assert "weights=9~" in seen.page.evaluate("location.hash")
    seen.page.locator("#weights-back").click()
    assert (shown(seen, "figures"), cells(seen, "site_rank"), shown(seen, "params")) == before
    assert "weights=" not in seen.page.evaluate("location.hash")


def test_no_weight_at_all_is_refused_as_by_the_command_line(seen: Watched) -> None:
    """By rule: with every weight 0 the page says so and keeps the last that could be."""
    names = offered(seen)
    for name in names:
        seen.page.locator(f"#weight-{name}").select_option(value="0.0")
    assert seen.page.locator("#weights-none").is_visible()
    # The last field that could still be moved to 0 left the one after it with its own weight.
    last = result(**dict.fromkeys(names[:-1], 0))
    assert shown(seen, "finding") == [last.finding.nb]
    choose(seen, OWN)
    assert seen.page.locator("#weights-none").is_hidden()


def test_a_link_keeps_the_weights_and_bad_ones_are_left_alone(seen: Watched) -> None:
    """By rule: a link with offered weights sets them; one with others does nothing."""
    choose(seen, OWN)
    n = len(offered(seen))
    seen.page.evaluate(f"arealplan.readWeights('{'~'.join(['2'] * n)}')")
    assert seen.page.locator("#weights-moved").is_visible()
    equal = result(**dict.fromkeys(offered(seen), 2))
    assert shown(seen, "finding") == [equal.finding.nb]
    for bad in ("99", "~".join(["11"] * n), "~".join(["x"] * n), "~".join(["0"] * n)):
        seen.page.evaluate(f"arealplan.readWeights('{bad}')")
        assert shown(seen, "finding") == [equal.finding.nb], bad
    choose(seen, OWN)


def test_the_controls_are_accessible(seen: Watched) -> None:
    """Oracle: axe, the rules of WCAG 2.2 AA, with the weights moved."""
    choose(seen, {"w_transit": 8})
    assert violations(seen.page) == []
    choose(seen, OWN)


def test_a_result_without_weights_has_no_controls() -> None:
    """By rule: without a frame there is nothing to move."""
    assert movable_weights(replace(result(), frame=None)) is None
