"""Hold whole pages to what was promised: closed, escaped, repeatable, clear when wrong."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gis.catalogue import MapEntry, map_entries
from gis.errors import CatalogueError, RenderError
from gis.render import Page, PageRef, render_index, render_map, write_pages
from gis.render.assets import check_closed
from gis.render.views import value_text
from gis.result import Status
from gis.text import Text, amount
from tests import render_town as town
from tests.render_town import page

if TYPE_CHECKING:
    from pathlib import Path

MAPS = ("oversikt", "kollektiv", "naturfare", "naturmangfold")


def payload(html: str, layer: str) -> Any:
    found = re.search(rf'id="data-{layer}">([^<]*)<', html)
    assert found is not None, layer
    return json.loads(gzip.decompress(base64.b64decode(found.group(1))))


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {name: page(name) for name in MAPS}


def test_every_map_of_the_catalogue_renders(pages: dict[str, Page]) -> None:
    """Oracle: the catalogue's own list of maps."""
    assert set(pages) == set(town.maps())


# Pages of ours that stand beside a map.
OURS = ("index.html", "tilgjengelighet.html")


@pytest.mark.parametrize("name", MAPS)
def test_page_names_no_resource(pages: dict[str, Page], name: str) -> None:
    """Oracle: a plain search for every way to fetch, beside the program's own check."""
    html = pages[name].html
    outside = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1</script>", html, flags=re.S)
    assert not re.findall(r"<(?:link|iframe|object|embed|base|img|source|form)\b", outside)
    assert not re.findall(r"\ssrc\s*=", outside)
    links = re.findall(r'href="([^"]*)"', outside)
    assert all(x.startswith(("#", "https://")) or x in OURS for x in links)
    for style in re.findall(r"<style>(.*?)</style>", html, flags=re.S):
        assert not re.findall(r"@import|url\((?!#default)", style)


@pytest.mark.parametrize("name", MAPS)
def test_policy_allows_exactly_the_pages_own_scripts_and_styles(
    pages: dict[str, Page], name: str
) -> None:
    """Oracle: the SHA-256 of each script and style as a browser reads it, by hashlib."""
    html = pages[name].html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = dict(part.split(" ", 1) for part in policy.group(1).split("; "))
    for rule, pattern in (
        ("script-src", r"<script>(.*?)</script>"),
        ("style-src", r"<style>(.*?)</style>"),
    ):
        bodies = re.findall(pattern, html, flags=re.S)
        digests = [hashlib.sha256(b.encode()).digest() for b in bodies]
        wanted = {f"'sha256-{base64.b64encode(d).decode()}'" for d in digests}
        assert set(rules[rule].split()) == wanted
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    assert "unsafe" not in policy.group(1)


def test_same_input_gives_the_same_bytes() -> None:
    """Oracle: identity of two runs (folium's own ids are random)."""
    for name in MAPS:
        assert page(name).html == page(name).html


def test_the_small_town_is_small(pages: dict[str, Page]) -> None:
    """Oracle: the size budget of 3 MB a page."""
    assert all(len(p.html.encode()) < 3_000_000 for p in pages.values())


def test_cells_of_one_to_nine_never_leave_as_numbers(pages: dict[str, Page]) -> None:
    """Oracle: the drawn town has cells of 1-9; brute search of every coded column."""
    assert (town.cells()["residents"] < 10).sum() > 50
    for name, layer in (
        ("oversikt", "population_grid"),
        ("kollektiv", "transit_access_frame"),
        ("naturfare", "hazard_exposure_cells"),
    ):
        values = payload(pages[name].html, layer)["columns"]["residents"]
        assert "<10" in values
        assert not [v for v in values if not isinstance(v, str) and 0 < v < 10]


def test_tables_never_show_one_to_nine_residents(pages: dict[str, Page]) -> None:
    """Oracle: by hand, the transit table has 5 residents in its first row, hazards 4 inside."""
    assert "færre enn 10" in pages["kollektiv"].html
    row = re.search(r'<th scope="row">98010101</th>(.*?)</tr>', pages["kollektiv"].html, re.S)
    assert row is not None
    assert "færre enn 10" in row.group(1)
    assert "under 10" in row.group(1)


def test_numbers_follow_the_language(pages: dict[str, Page]) -> None:
    """Oracle: by hand, 56,2 % and 31 234 in Norwegian, 56.2% and 31,234 in English."""
    html = pages["kollektiv"].html
    assert "56,2\u00a0%" in html
    assert "56.2%" in html
    assert "31\u202f234" in html
    assert "31,234" in html
    assert "23.11.2026" in html
    assert "23 November 2026" in html


def test_invented_data_say_so_on_the_face(pages: dict[str, Page]) -> None:
    """Oracle: the flag of the sources, both ways."""
    assert 'class="invented"' in pages["oversikt"].html
    real = {
        k: replace(r, provenance=replace(r.provenance, sources=()))
        for k, r in town.results().items()
    }
    assert 'class="invented"' not in page("oversikt", results=real, sources=None).html


def test_layers_that_the_store_lacks_are_named(pages: dict[str, Page]) -> None:
    """Oracle: by hand, the store without stations and plans."""
    store = town.catalogue_layers()
    del store["stations"], store["planned_areas"]
    made = page("oversikt", store=store)
    assert [text.nb for text in made.absent] == ["Framtidige byggeområder", "Stasjoner"]
    assert "Framtidige byggeområder, Stasjoner" in made.html
    assert pages["oversikt"].absent == ()


def test_frame_of_a_hazard_that_the_store_lacks_is_left_away(pages: dict[str, Page]) -> None:
    """Oracle: by hand, an inland municipality without storm surge."""
    results = town.results()
    hazard = results["hazard-exposure"]
    inland = {k: v for k, v in hazard.layers.items() if "storm_surge" not in k}
    results["hazard-exposure"] = replace(hazard, layers=inland)
    made = page("naturfare", results=results)
    missing = {text.nb for text in made.absent} - {text.nb for text in pages["naturfare"].absent}
    assert missing == {"Stormflo", "Stormflo: ikke kartlagt"}


def entry_with(name: str, **layer: Any) -> MapEntry:
    raw = map_entries()[name].model_dump(mode="python")
    raw["layers"] = [layer]
    return MapEntry.model_validate(raw)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"result": "transit-access", "frame": "stopps", "palette": "station"}, "'stopps'.*stops"),
        ({"layer": "statoins"}, "layers\\[0\\].layer 'statoins'.*did you mean 'stations'"),
        ({"layer": "terrain"}, "'terrain' is a raster; maps draw polygons, lines, points"),
        ({"layer": "stations", "popup": ["nmae"]}, "popup 'nmae'.*did you mean 'name'"),
        ({"layer": "stations", "class_field": "kin"}, "class_field 'kin'.*did you mean 'kind'"),
        ({"layer": "stations", "palette": "statoin"}, "palette 'statoin'.*did you mean 'station'"),
    ],
)
def test_wrong_names_are_refused_in_one_line(layer: dict[str, Any], words: str) -> None:
    """Oracle: by hand, each message names map file, key, what was given and the nearest."""
    with pytest.raises((RenderError, CatalogueError), match=words) as caught:
        page("kollektiv", entry=entry_with("kollektiv", **layer))
    assert str(caught.value).startswith("maps/kollektiv.toml: layers[0]")
    assert "\n" not in str(caught.value)


def test_field_that_hangs_on_the_parameters_may_be_absent() -> None:
    """Oracle: by hand; a ready list of stops has no departures per hour."""
    results = town.results()
    transit = results["transit-access"]
    stops = transit.layers["stops"].drop(columns="departures_per_hour")
    results["transit-access"] = replace(transit, layers={**transit.layers, "stops": stops})
    fields = payload(page("kollektiv", results=results).html, "transit_access_stops")["fields"]
    assert [f["name"] for f in fields] == ["name", "mode"]


def test_table_that_is_not_there_is_refused() -> None:
    """Oracle: by hand."""
    raw = map_entries()["kollektiv"].model_dump(mode="python")
    raw["tables"] = ("transit-access/unit",)
    with pytest.raises(RenderError, match=r"tables\[0\] 'transit-access/unit'.*units"):
        page("kollektiv", entry=MapEntry.model_validate(raw))


def test_too_heavy_page_is_refused_naming_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the limits, lowered below the town's size."""
    monkeypatch.setattr("gis.render.page.WARN_BYTES", 1000)
    warned = page("oversikt").warnings
    assert len(warned) == 1
    assert "population_grid" in warned[0]
    monkeypatch.setattr("gis.render.page.FAIL_BYTES", 2000)
    with pytest.raises(RenderError, match="heaviest layers: population_grid"):
        page("oversikt")


def test_range_is_told() -> None:
    """Oracle: by hand."""
    results = town.results()
    ranged = replace(results["transit-access"], low=0.5, high=0.6)
    html = page("kollektiv", results={**results, "transit-access": ranged}).html
    assert "Spenn: 50,0\u00a0% til 60,0\u00a0%" in html
    assert "Range: 50.0% to 60.0%" in html


def test_a_small_number_keeps_two_decimals() -> None:
    """Oracle: by hand; ratios are told apart, tens need one decimal."""
    known = {1.149: "1,15", 1.06: "1,06", -0.5: "−0,50", 18.44: "18,4", 12.0: "12"}
    for value, told in known.items():
        assert amount(value).nb == told
    assert amount(float("nan")).nb == amount(None).nb == "–"
    access = town.results()["transit-access"]
    shown = value_text(replace(access, value=1.149, unit="ratio", numerator=None, denominator=None))
    assert shown is not None
    assert shown.nb.startswith("1,15 ")


def test_result_without_value_says_why() -> None:
    """Oracle: by hand, a status that is not ok is worded in both languages."""
    results = town.results()
    bare = replace(
        results["transit-access"],
        value=None,
        numerator=None,
        status=Status.INSUFFICIENT_DATA,
        tables={},
    )
    html = page("kollektiv", results={**results, "transit-access": bare}).html
    assert "For lite data til å svare." in html
    assert "Too little data to answer." in html


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://example.invalid/a.png">',
        '<link rel="stylesheet" href="x.css">',
        "<script src='x.js'></script>",
        "<style>@import 'x.css'</style>",
        "<style>a{background:url(x.png)}</style>",
        '<svg><use href="x.svg#a"/></svg>',
        '<img srcset="a.png 2x">',
        '<rect fill="url(https://example.invalid/a.svg#b)"/>',
        "<p style='background: url(x.png)'>x</p>",
    ],
)
def test_markup_that_would_fetch_is_refused(markup: str) -> None:
    """Oracle: by hand, every way a page can ask for a file."""
    with pytest.raises(RenderError, match="would fetch"):
        check_closed(f"<html>{markup}</html>", page="p")


def test_links_a_reader_clicks_are_allowed() -> None:
    """Oracle: by hand; metadata pages are links, not resources."""
    check_closed('<a href="https://kartkatalog.geonorge.no/">x</a>', page="p")


def test_text_that_reads_like_an_address_is_text() -> None:
    """By hand: a name may hold url( and @import, in a cell and in a label; a hatch is our own."""
    name = "url(//x.no/a.png) @import 'x' srcset=x src=x".replace("'", "&#39;")
    check_closed(f'<td>{name}</td><p aria-label="{name} ">x</p>', page="p")
    check_closed('<rect fill="url(#h-1)"/>', page="p")


def test_index_heads_each_map_with_its_finding() -> None:
    """Oracle: the entries and results that went in."""
    html = town.index()
    places = [html.index(f'href="{n}.html"') for n in MAPS]
    assert places == sorted(places)
    for result in town.results().values():
        assert result.finding.nb in html
        assert result.finding.en in html
    assert html.count('<th scope="row">') == len(town.catalogue_layers())
    assert 'class="folium-map"' not in html


def test_index_without_maps_is_refused() -> None:
    """Oracle: by hand."""
    with pytest.raises(RenderError, match="no map to show"):
        render_index([], language="nb", created=town.CREATED)


def test_maps_that_share_a_lead_keep_their_own_numbers() -> None:
    """Oracle: by hand; one analysis under two definitions heads two maps with two findings."""
    entry = map_entries()["kollektiv"]
    far = town.results()[entry.lead]
    near = replace(
        far,
        value=0.123,
        numerator=123,
        finding=Text("Bare 12,3 % bor nær.", "Only 12.3 % live near."),
    )
    refs = [PageRef(n, f"{n}.html", entry, r) for n, r in (("vid", far), ("smal", near))]
    html = render_index(refs, language="nb", created=town.CREATED)
    first, second = html.split('href="smal.html"')
    assert far.finding.nb in first
    assert near.finding.nb not in first
    assert near.finding.nb in second
    assert far.finding.nb not in second


def test_render_map_is_the_html_of_the_page(pages: dict[str, Page]) -> None:
    """Oracle: identity."""
    html = render_map(
        "oversikt",
        map_entries()["oversikt"],
        town.results(),
        layers=town.catalogue_layers().get,
        area=town.area_frame(),
        language="nb",
        created=town.CREATED,
        sources=town.source,
    )
    assert html == pages["oversikt"].html


def test_pages_are_written_together(tmp_path: Path) -> None:
    """Oracle: the bytes read back, and no leavings."""
    written = write_pages({"a.html": "<p>æ</p>", "b.html": "b"}, tmp_path / "out")
    assert [p.read_text(encoding="utf-8") for p in written] == ["<p>æ</p>", "b"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.html", "b.html"]


def test_failed_writing_leaves_the_old_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the old bytes, after a disk that fills on the second page."""
    write_pages({"a.html": "old", "b.html": "old"}, tmp_path)
    real = __import__("os").fsync
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RenderError, match="No space left"):
        write_pages({"a.html": "new", "b.html": "new"}, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]
    assert {p.read_text() for p in tmp_path.iterdir()} == {"old"}


@pytest.mark.parametrize("name", ["../a.html", "a.txt", "a/b.html"])
def test_pages_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    """Oracle: by hand."""
    with pytest.raises(RenderError, match="allowed: a file name"):
        write_pages({name: "x"}, tmp_path)
