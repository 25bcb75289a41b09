"""Move the definition of the cycling map, and hold each position against the analysis by itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest

from gis.analyses import analysis, study_area
from gis.analyses.grids import live_grid
from gis.catalogue import map_entries
from gis.errors import ParameterError
from gis.published import publishable
from gis.render import live, render_page, write_pages
from gis.result import UNDER_TEN, WITHHELD
from gis.text import number, percent
from tests import live_town
from tests.access_town import hill, station_frame
from tests.browser import Watched, opened
from tests.test_maps_accessibility import violations
from tests.town import box, frame, town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from gis.analyses import Study
    from gis.analyses.grids import Grid
    from gis.result import Result

pytestmark = pytest.mark.browser
STATIONS = ((700.0, 700.0, "rail"), (2600.0, 2600.0, "metro"), (4300.0, 1200.0, "rail"))
PLACES = (0, 3, 5, 10, 13, 16, 22, 23, 26, 33, 35, 37, 47)
WORDS = {UNDER_TEN: "færre enn 10", WITHHELD: "skjult"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A municipality of streets on a hillside, with two railway stations and a metro station."""
    data = town(
        municipality=frame([box(0, 0, 5000, 5000)], number=["9999"], name=["Byen"]),
        sea=None,
        population_grid=live_town.population(),
        basic_statistical_units=live_town.units(),
        roads_paths=live_town.streets(),
        stations=station_frame(*STATIONS),
    )
    file = tmp_path_factory.mktemp("hill") / "terrain.tif"
    data.files["terrain"] = hill(file, lambda x, y: 500 + 0.05 * y + 0 * x, side_m=5000)
    return study_area(data, number="9999", halo_m=5000)


@pytest.fixture(scope="module")
def grid(study: Study) -> Grid:
    return live_grid("rail-cycling")(study, {})


@pytest.fixture(scope="module")
def seen(
    browser: Browser, study: Study, grid: Grid, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """One open page for all positions: moving the controls is what is tested."""
    entry = map_entries()["sykkel"]
    area = gpd.GeoDataFrame(
        {"number": ["9999"], "name": ["Byen"]}, geometry=[study.polygon], crs=study.epsg
    )
    page = render_page(
        "sykkel",
        entry,
        {entry.lead: publishable(analysis(entry.lead)(study))},
        layers=lambda name: study.frame(name) if name in study.data.layers[:5] else None,
        area=area,
        language="nb",
        created=dt.date(2026, 11, 23),
        sources=study.source,
        grid=grid,
    )
    (file,) = write_pages({"sykkel.html": page.html}, tmp_path_factory.mktemp("live"))
    with opened(browser, file) as open_page:
        yield open_page


def choose(seen: Watched, grid: Grid, place: int) -> dict[str, Any]:
    """Set the controls as a reader does, and return the parameters they stand for."""
    sizes = [len(c.values) for c in grid.controls]
    params = {}
    for control, at in zip(grid.controls, np.unravel_index(place, sizes), strict=True):
        seen.page.locator(f"#live-{control.name}").select_option(index=int(at))
        params[control.name] = control.values[int(at)]
    return params


def shown(seen: Watched, what: str) -> list[str]:
    return [text.strip() for text in seen.page.locator(f'[data-live="{what}"]').all_inner_texts()]


def written(value: Any) -> str:
    return WORDS[value] if isinstance(value, str) else number(float(value or 0)).nb


def exact(study: Study, params: dict[str, Any]) -> Result:
    return analysis("rail-cycling")(study, params)


def test_controls_offer_what_the_layers_allow(study: Study, grid: Grid) -> None:
    """By hand: at 18 km/h with hills 15 minutes lead beyond the halo of 5,000 m, 12 do not."""
    assert {c.name: c.values for c in grid.controls} == {
        "max_min": (5, 8, 10, 12),
        "kind": ("rail", "metro", "both"),
        "metric": ("straight-line", "network"),
        "gradient": ("auto", "off"),
    }
    assert grid.positions[grid.chosen].params == {
        "max_min": 10,
        "kind": "both",
        "metric": "network",
        "gradient": "auto",
    }
    metres = live_grid("rail-cycling")(study, {"max_m": 1500, "kind": "rail"})
    assert [c.name for c in metres.controls] == ["max_m", "kind", "metric"]
    assert metres.positions[metres.chosen].params["max_m"] == 1500
    with pytest.raises(ParameterError, match="halo"):
        live_grid("rail-cycling")(study, {"max_min": 40})


@pytest.mark.parametrize("place", PLACES)
def test_position_shows_what_the_command_line_gives(
    seen: Watched, study: Study, grid: Grid, place: int
) -> None:
    """Oracle: the analysis run by itself with the same parameters, and published."""
    params = choose(seen, grid, place)
    result = publishable(exact(study, params))
    assert shown(seen, "value") == [percent(result.value).nb]
    assert shown(seen, "finding") == [grid.positions[place].finding_rounded.nb]
    assert shown(seen, "sentence") == [result.definition.sentence.nb]
    told = seen.page.locator('dl[data-live="params"] dd')
    assert told.count() == len(result.definition.parameters)
    assert ("Parkin" in "".join(told.all_text_contents())) == (
        "speed_law" in result.definition.parameters
    )
    figures = dict(zip(result.figures, shown(seen, "figures"), strict=True))
    for name in ("residents", "residents_within", "stations_used"):
        assert figures[name] == written(result.figures[name])
    layers = seen.page.evaluate(
        """() => {
          const cells = arealplan.layers.get('rail_cycling_frame');
          const stations = arealplan.layers.get('rail_cycling_stations');
          return [cells.columns.cell_id.map((id, f) => [id, cells.classes[cells.classOf[f]].key,
            cells.columns.minutes[f], cells.columns.way_m[f]]),
            stations.columns.name.filter((_, f) => !stations.gone?.has(f))];
        }"""
    )
    want = result.frame
    assert want is not None
    none = {True: None}
    assert {row[0]: row[1:] for row in layers[0]} == {
        str(row.cell_id): [
            "true" if row.reached else "false",
            none.get(np.isnan(row.minutes), row.minutes),
            none.get(np.isnan(row.way_m), row.way_m),
        ]
        for row in want.itertuples()
    }
    assert sorted(layers[1]) == sorted(result.layers["stations"]["name"])
    assert seen.complaints == []


@pytest.mark.parametrize("place", PLACES)
def test_rows_of_stations_come_and_go(seen: Watched, study: Study, grid: Grid, place: int) -> None:
    """Oracle: the published table row by row, to the nearest ten where the map's own differs."""
    params = choose(seen, grid, place)
    result, true = publishable(exact(study, params)), exact(study, params)
    own = publishable(grid.positions[grid.chosen].result).table("by_station").frame
    mine = dict(zip(own["name"].map(str), own["residents"], strict=True))
    want = []
    rows = zip(
        result.table("by_station").frame.to_dict("records"),
        true.table("by_station").frame["residents"],
        strict=True,
    )
    for row, count in rows:
        value, base = row["residents"], mine.get(str(row["name"]), 0)
        if not isinstance(value, str) and value not in (base, 0):
            near = not isinstance(base, str) and abs(count - base) < 10
            value = WITHHELD if near else int(round(value / 10) * 10)
        name = row["name"]
        want.append([name if isinstance(name, str) else name.nb, written(value)])
    cells = seen.page.evaluate(
        """() => arealplan.rowsOf(document.getElementById('table-rail-cycling-by-station'))
          .map((row) => [0, 3].map((c) => arealplan.cellText(row.cells[c])))"""
    )
    assert cells == want
    last = seen.page.locator("#table-rail-cycling-by-station tr.total")
    assert last.count() == 1


def test_page_with_other_rows_has_no_axe_violations(seen: Watched, grid: Grid) -> None:
    """Oracle: axe-core, at a position whose table has other rows."""
    choose(seen, grid, 5)
    assert violations(seen.page) == []


def test_own_position_is_the_page_as_it_was_made(seen: Watched, grid: Grid) -> None:
    """Oracle: identity, there and back."""
    texts = "JSON.stringify([...document.querySelectorAll('[data-live], tbody tr, .classes')]"
    texts += ".map((e) => e.textContent.trim()))"
    choose(seen, grid, grid.chosen)
    before = seen.page.evaluate(texts)
    choose(seen, grid, 0)
    assert seen.page.evaluate(texts) != before
    seen.page.locator("#live-back").click()
    assert seen.page.evaluate(texts) == before
    assert "def=" not in seen.page.evaluate("location.hash")


def test_nothing_finer_than_the_rule_leaves_the_page(grid: Grid) -> None:
    """Oracle: brute search: every number is a ten, or all of its unit."""
    checked = 0
    for position in grid.positions:
        beside = live.protected(position)
        for name in ("by_station", "units"):
            table = beside.tables[name]
            for column in [c.name for c in table.columns if c.kind == "residents"]:
                for value, of in zip(
                    table.frame[column], table.frame.get("residents"), strict=True
                ):
                    if isinstance(value, str):
                        continue
                    assert value % 10 == 0 or (name == "units" and value == of)
                    assert value == 0 or value >= 10
                    checked += 1
    assert checked > 500
