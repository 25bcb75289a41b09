"""Hold the atlas to what it promises: whole, repeatable, made again only where it changed."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import openpyxl
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from gis.analyses.board_list import indicators
from gis.atlas import Answers, Order, make_atlas, order_maps, stamps, watch
from gis.atlas.pictures import picture_map
from gis.atlas.workbook import workbook
from gis.browser import BROWSER_VARIABLE, browser
from gis.catalogue import layer_entries, map_entries
from gis.cli import pages as command
from gis.cli.opening import open_study
from gis.errors import CatalogueError, LayerMissingError
from gis.render.index import data_status
from gis.render.report import Section, render_report
from gis.render.statement import render_statement
from gis.result import Column, Table
from gis.store import build
from gis.text import Text, interface_texts
from gis.workspace import open_workspace
from tests import render_town as town
from tests.browser import opened
from tests.command import Ran, arealplan
from tests.conftest import REPOSITORY
from tests.test_bad_input import built_up, fingerprint, refused, write_town
from tests.town import box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser

    Run = Callable[..., Ran]

AROUND = ["index.html", "kontroll.html", "rapport.html", "tabeller.xlsx", "tilgjengelighet.html"]
MAPS = ("fortetting", "indikatorer", "kollektiv", "oversikt")
MADE = sorted([".atlas.json", *AROUND, *(f"{name}.html" for name in MAPS)])
OWN = """
order = 5
lead = "transit-access"
title = { nb = "Mitt kart", en = "My map" }
question = { nb = "Hvem bor nær?", en = "Who lives near?" }
[[analyses]]
id = "transit-access"
params = { max_m = 500 }
[[layers]]
result = "transit-access"
palette = "reached"
symbol = "grid"
class_field = "reached"
popup = ["residents"]
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(arealplan, monkeypatch, capsys)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn town with an urban area, built once."""
    folder = write_town(tmp_path_factory.mktemp("town") / "w")
    built_up(folder, [box(0, 0, 400, 400)], 25833)
    file = folder / "workspace.toml"
    file.write_text(file.read_text() + '[layers.built_up]\npath = "tettsted.gpkg"\n')
    build(open_workspace(folder))
    return folder


@pytest.fixture(scope="module")
def made(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's atlas as 'map --all' writes it today."""
    out = tmp_path_factory.mktemp("made") / "out"
    today = dt.datetime.now(tz=dt.UTC).date()
    order = order_maps((), whole=True, language="nb", created=today)
    make_atlas(order, Answers(open_study(built)[1]), out, progress=str)
    return out


@pytest.fixture
def town_folder(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "w")


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """A copy of the atlas, times and all."""
    return shutil.copytree(made, tmp_path / "out")


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROWSER_VARIABLE, "no-such-browser")


def times(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}


@pytest.mark.browser
def test_atlas_is_whole_and_repeatable(
    town_folder: Path, made: Path, run: Run, tmp_path: Path
) -> None:
    """By identity: the files that must be there, and the same bytes from a second run elsewhere."""
    again = tmp_path / "again"
    ran = run("map", "--all", "-w", str(town_folder), "-o", str(again))
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in again.iterdir()) == MADE
    assert fingerprint(again) == fingerprint(made)
    index = (again / "index.html").read_text()
    assert index.count("data:image/webp;base64,") == len(MAPS)
    for name in AROUND[1:]:
        assert f'href="{name}"' in index
    assert "naturfare: " in ran.err
    told = index[index.index("Kart som ikke er laget") :]
    assert map_entries()["naturfare"].title.nb in told[: told.index("</p>")]
    assert "index.html" in ran.out


@pytest.mark.browser
def test_atlas_without_browser_says_so_and_gets_its_pictures_later(
    town_folder: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: no picture and one line, then pictures without a page being made again."""
    out = tmp_path / "out"
    words = ("map", "--only", "kollektiv,oversikt", "-w", str(town_folder), "-o", str(out))
    monkeypatch.setenv(BROWSER_VARIABLE, "no-such-browser")
    ran = run(*words)
    assert ran.code == 0
    assert len([x for x in ran.err.splitlines() if "uten miniatyrbilder" in x]) == 1
    assert "data:image" not in (out / "index.html").read_text()
    before = times(out)
    monkeypatch.delenv(BROWSER_VARIABLE)
    ran = run(*words)
    assert "uten miniatyrbilder" not in ran.err
    assert (out / "index.html").read_text().count("data:image/webp") == 2
    assert times(out)["kollektiv.html"] == before["kollektiv.html"]


@pytest.mark.browser
def test_what_stands_is_not_made_again(
    town_folder: Path, made: Path, out: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By identity of files and times; no analysis and no browser runs when nothing has changed."""
    words = ("map", "--all", "-w", str(town_folder), "-o", str(out))
    before = times(out)
    with monkeypatch.context() as patch:
        patch.setattr(Answers, "__call__", lambda *_: pytest.fail("an analysis ran"))
        patch.setenv(BROWSER_VARIABLE, "no-such-browser")
        again = run(*words)
    assert again.code == 0
    assert "uendret" in again.err
    assert "16,0\u00a0% av landarealet i Byen" in again.out
    assert times(out) == before
    (out / "rapport.html").write_text("broken")
    run(*words)
    assert fingerprint(out) == fingerprint(made)
    assert times(out)["kollektiv.html"] == before["kollektiv.html"]


@pytest.mark.usefixtures("no_browser")
def test_a_page_leads_to_an_index_only_where_one_stands(
    town_folder: Path, made: Path, out: Path, run: Run, tmp_path: Path
) -> None:
    """By hand: no dead link from a map made alone, a link where the atlas was made before."""
    alone = tmp_path / "alone"
    run("map", "oversikt", "-w", str(town_folder), "-o", str(alone))
    for name in ("oversikt.html", "tilgjengelighet.html"):
        links = set(re.findall(r'<a href="([^"#]+)"', (alone / name).read_text(encoding="utf-8")))
        local = {x for x in links if not x.startswith("https://")}
        assert "index.html" not in local
        assert all((alone / x).is_file() for x in local)
        assert 'href="index.html"' in (made / name).read_text(encoding="utf-8")
    before = times(out)
    run("map", "oversikt", "-w", str(town_folder), "-o", str(out))
    assert (out / "oversikt.html").read_bytes() == (made / "oversikt.html").read_bytes()
    assert times(out)["oversikt.html"] == before["oversikt.html"]


@pytest.mark.usefixtures("no_browser")
def test_only_what_changed_is_made_again(town_folder: Path, run: Run, tmp_path: Path) -> None:
    """By hand: an entry touches its own page, a page that is gone returns, new data all pages."""
    own, out = tmp_path / "mitt.toml", tmp_path / "out"
    own.write_text(OWN)
    words = ("map", str(own), "kollektiv", "-w", str(town_folder), "-o", str(out))
    first = run(*words)
    assert first.code == 0, first.err
    before = times(out)
    assert run(*words).err.count("uendret") == 2
    own.write_text(OWN.replace("Mitt kart", "Kartet mitt"))
    assert "kollektiv: uendret" in run(*words).err
    assert times(out)["kollektiv.html"] == before["kollektiv.html"]
    assert "Kartet mitt" in (out / "mitt.html").read_text()
    (out / "kollektiv.html").unlink()
    assert "mitt: uendret" in run(*words).err
    assert (out / "kollektiv.html").is_file()
    file = town_folder / "workspace.toml"
    file.write_text(file.read_text().replace("2026-01-01", "2025-01-01"))
    assert run("build", "-w", str(town_folder)).code == 0
    assert "uendret" not in run(*words).err


@pytest.mark.usefixtures("no_browser")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("order = 5", "ordre = 5", "did you mean 'order'"),
        ("max_m = 500", "max_meter = 500", "analyses[0]: transit-access: no parameter 'max_meter'"),
        ("max_m = 500", "max_m = -5", "analyses[0]: transit-access: parameter 'max_m': -5"),
        ('id = "transit-access"', 'id = "transit-acces"', "lead"),
        ('popup = ["residents"]', 'popup = ["resident"]', "layers[0].popup 'resident'"),
        ('palette = "reached"', 'palette = "reach"', "layers[0].palette: palette 'reach'"),
        ("[[layers]]", "[[layers]", "not valid TOML"),
    ],
)
def test_own_entry_errors_point_at_file_and_key(
    town_folder: Path, run: Run, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """By hand: one line with the planner's own file and the key; nothing is written."""
    own = tmp_path / "mitt.toml"
    own.write_text(OWN.replace(old, new, 1))
    ran = run("map", str(own), "-w", str(town_folder), "-o", str(tmp_path / "out"))
    refused(ran, str(own), said)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_browser")
def test_own_entry_needs_a_name_that_is_an_id(town_folder: Path, run: Run, tmp_path: Path) -> None:
    """By hand: signs that no id has, a name the atlas needs itself, the same map twice."""
    for name in ("Mitt kart.toml", "index.toml"):
        (tmp_path / name).write_text(OWN)
        refused(run("map", str(tmp_path / name), "-w", str(town_folder)), "map's id")
    refused(run("map", "kollektiv", "kollektiv", "-w", str(town_folder)), "named twice")
    refused(run("map", str(tmp_path / "no.toml"), "-w", str(town_folder)), "no such file")


@pytest.mark.usefixtures("no_browser")
def test_area_picks_a_municipality_of_a_national_workspace(
    town_folder: Path, run: Run, tmp_path: Path
) -> None:
    """By hand: the town in a workspace of all Norway; elsewhere the refusal says what to do."""
    refused(run("map", "kollektiv", "-w", str(town_folder), "--area", "3201"), "9999 only")
    file = town_folder / "workspace.toml"
    file.write_text(file.read_text().replace('area = "9999"', 'area = "0000"'))
    assert run("build", "-w", str(town_folder)).code == 0
    words = ("map", "kollektiv", "-w", str(town_folder), "-o", str(tmp_path / "out"))
    refused(run(*words), "0000")
    made = run(*words, "--area", "9999")
    assert made.code == 0, made.err
    assert "i Byen" in made.out


def test_wrong_words_are_refused(town_folder: Path, run: Run, no_browser: None) -> None:
    """By hand: names and --only together, an unknown map, paper that is none, no browser."""
    where = ("-w", str(town_folder))
    refused(run("map", "kollektiv", "--only", "oversikt", *where), "--only")
    refused(run("map", "--only", "oversikt,kolektiv", *where), "did you mean 'kollektiv'")
    assert run("map", "kollektiv", "--paper", "A5", *where).code == 2
    refused(run("map", "kollektiv", "--pdf", "x.pdf", *where), BROWSER_VARIABLE)


def test_watch_makes_again_on_save_and_outlives_a_fault(tmp_path: Path) -> None:
    """By hand: of five looks, two see a change; the fault of the first is told; Ctrl-C ends."""
    file, calls, told = tmp_path / "m.toml", [], []
    file.write_text("a")
    saves = iter([None, "b", None, "longer", None])

    def wait(_: float) -> None:
        text = next(saves)
        if text is not None:
            file.write_text(text)
            file.touch()

    def make() -> None:
        calls.append(file.read_text())
        if len(calls) == 1:
            message = "m.toml: wrong"
            raise CatalogueError(message)

    look = partial(lambda: {**stamps([file]), tmp_path / "size": len(file.read_text())})
    assert watch(make, look, tell=told.append, rounds=5, wait=wait) == 2
    assert calls == ["b", "longer"]
    assert told == ["m.toml: wrong"]

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    assert watch(make, look, tell=told.append, wait=interrupted) == 0


@pytest.mark.usefixtures("no_browser")
def test_watch_of_the_command_makes_the_map_again(
    town_folder: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: the entry is saved with another title while watching; the page follows."""
    own, out = tmp_path / "mitt.toml", tmp_path / "out"
    own.write_text(OWN)
    titles = iter(["Første", "Andre"])

    def wait(_: float) -> None:
        own.write_text(OWN.replace("Mitt kart", next(titles)))
        own.touch()

    monkeypatch.setattr(command, "watch", partial(watch, rounds=2, wait=wait))
    ran = run("map", str(own), "--watch", "-w", str(town_folder), "-o", str(out))
    assert ran.code == 0, ran.err
    assert "Andre" in (out / "mitt.html").read_text()


def made_order(names: tuple[str, ...], *, whole: bool) -> Order:
    return order_maps(names, whole=whole, language="nb", created=town.CREATED)


def test_missing_layers_leave_nothing_half_done(tmp_path: Path) -> None:
    """By identity: no map can be made, so the folder is not even begun."""

    class Nothing(Answers):
        def of_map(self, entry: object, *, where: str) -> NoReturn:
            message = "no layer x" if entry and where else ""
            raise LayerMissingError(message)

    study = type("S", (), {"data": None})()
    with pytest.raises(LayerMissingError, match="no map could be made: kollektiv: no layer x"):
        make_atlas(
            made_order(("kollektiv",), whole=False), Nothing(study), tmp_path / "o", progress=str
        )
    assert not (tmp_path / "o").exists()


def sections() -> list[Section]:
    results = town.results()
    return [
        Section(n, f"{n}.html", e, {a.key: results[a.key] for a in e.analyses if a.key in results})
        for n, e in map_entries().items()
        if e.lead in results
    ]


def report() -> str:
    return render_report(
        sections(),
        language="nb",
        created=town.CREATED,
        sources=[town.source(x) for x in town.catalogue_layers()],
    )


@pytest.mark.parametrize("long", [10, 10_000])
def test_no_two_regions_of_the_report_bear_one_name(
    monkeypatch: pytest.MonkeyPatch, long: int
) -> None:
    """Oracle: by counting the names, as a screen reader lists them; each label is there."""
    monkeypatch.setattr("gis.render.report.LONG_TABLE", long)
    html = report()
    texts = {
        name: re.sub(r"<[^>]+>", "", text)
        for name, text in re.findall(r'<(?:h2|h3|caption) id="([^"]+)">(.*?)</(?:h|c)', html)
    }
    labels = re.findall(r'role="region"[^>]* aria-labelledby="([^"]+)"', html)
    names = ["|".join(texts[part] for part in label.split()) for label in labels]
    assert len(names) == 10
    assert len(set(names)) == len(names)


def test_report_tells_each_answer_once_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the results that went in; long tables stand once, in the appendix."""
    monkeypatch.setattr("gis.render.report.LONG_TABLE", 10)
    html = report()
    appendix = html.index('id="appendix"')
    for result in town.results().values():
        assert result.finding.nb in html
        assert result.definition.sentence.en in html
        for table in result.tables.values():
            caption = f'-{result.analysis}-{table.id}">'
            assert html.count(caption) == 1, caption
            assert (html.index(caption) > appendix) == (len(table.frame) > 10)
    analyses = len(town.results())
    for heading in (
        "Samme tall med andre lesninger",
        "Ikke regnet med",
        "Slik er tallet regnet ut",
    ):
        assert html.count(f'<span lang="nb">{heading}</span>') == analyses
    assert "sha256 abababababababab" in html
    shared = sections()
    again = render_report(
        [*shared, replace(shared[0], map_id="twice")],
        language="nb",
        created=town.CREATED,
        sources=[],
    )
    assert "er gjengitt under" in again


def test_report_and_tables_never_show_one_to_nine_residents() -> None:
    """Oracle: by hand, the town's hazard table has 4 residents inside a zone."""
    html = report()
    row = html[html.index('hazard-exposure-hazards"') :]
    row = row[row.index("Kvikkleire") :]
    assert "færre enn 10" in row[: row.index("</tr>")]


def book_of(results: list, language: str = "nb") -> openpyxl.Workbook:  # type: ignore[type-arg]
    raw = workbook(
        results,
        sources=[town.source("municipality")],
        language=language,  # type: ignore[arg-type]
        created=town.CREATED,
    )
    return openpyxl.load_workbook(io.BytesIO(raw))


def test_workbook_holds_every_table_definition_and_source() -> None:
    """Oracle: the results that went in, cell by cell for one table."""
    results = list(town.results().values())
    book = book_of(results)
    tables = [(r.analysis, x) for r in results for x in r.tables.values()]
    assert len(book.sheetnames) == 3 + len(tables)
    assert book.sheetnames[0] == "Innhold"
    assert book.sheetnames[-2:] == ["Definisjoner", "Kilder"]
    areas = book["built-up-share areas"]
    assert [c.value for c in areas[1]] == ["Nummer", "Navn", "Areal", "Andel"]
    assert [c.value for c in areas[2]] == ["1", "Fjordvik", 14.2, 0.178]
    assert areas["D2"].number_format == "0.0%"
    hazards = book["hazard-exposure hazards"]
    assert [c.value for c in hazards[2]] == ["Flomsoner", 812, 0.026]
    words = {c.value for row in book["Definisjoner"].iter_rows() for c in row}
    assert {r.definition.sentence.nb for r in results} <= words
    assert {"max_m", "uten adresse", "Ikke med: uten adresse"} & words
    assert book["Kilder"]["G2"].value == "ab" * 32
    assert book_of(results, "en").sheetnames[0] == "Contents"


def test_workbook_keeps_hostile_text_as_text() -> None:
    """Oracle: by hand; a formula stays text, control signs go, sheets have names of their own."""
    given = ['=HYPERLINK("http://x")', "+1", "-1", "@x", "a\x00b", "<10", "*"]
    both = Text("=1+1", "=1+1")
    table = Table("a[b]:c*/" + "x" * 40, both, (Column("t", both),), pd.DataFrame({"t": given}))
    result = replace(town.built_up_result(), tables={"one": table, "two": table}, finding=both)
    book = book_of([result])
    assert len({n.lower() for n in book.sheetnames}) == 5
    assert all(len(n) <= 31 for n in book.sheetnames)
    sheet = book[book.sheetnames[1]]
    cells = [row[0] for row in sheet.iter_rows()]
    assert [c.value for c in cells] == ["=1+1", *given[:4], "ab", "færre enn 10", "skjult"]
    assert {c.data_type for c in cells} == {"s"}


def test_data_status_tells_age_coverage_and_what_was_mended() -> None:
    """Oracle: by hand, 326 days from 1 January to 23 November, and the catalogue's coverage."""
    source = replace(
        town.source("flood_zones"), mended=3, notes=("2 rows of another kind",), covers=("9801",)
    )
    old = replace(town.source("species_records"), date=dt.date(2016, 11, 23))
    none = replace(town.source("roads_paths"), date=None)
    table = data_status([source, old, none], created=dt.date(2026, 11, 23))
    rows = {r["layer"].nb: r for r in table.frame.to_dict("records")}
    flood = rows["Lag flood_zones"]
    assert flood["age"].nb == "326\u00a0dager"
    inside = layer_entries()["flood_mapped_extent"].title.nb
    assert flood["coverage"].nb == f"innenfor «{inside}»; bare kommune 9801"
    assert flood["problems"].en == "3 geometries mended; 2 rows of another kind"
    assert rows["Lag species_records"]["age"].en == "10.0\u00a0years"
    assert rows["Lag species_records"]["coverage"].nb == "bare treff sier noe"
    assert rows["Lag species_records"]["problems"].nb == "ingenting"
    assert rows["Lag roads_paths"]["age"].nb == "–"
    assert rows["Lag roads_paths"]["problems"].nb == "ukjent dato"


def test_the_board_heads_index_report_and_workbook(made: Path) -> None:
    """By counting: every indicator once in each, grey where its layer is missing, in both words."""
    for name in ("index.html", "rapport.html"):
        page = (made / name).read_text()
        table = page[page.index('<table class="board">') : page.index("</table>")]
        for one in indicators():
            assert table.count(f'class="what"><span lang="nb">{one.heading.nb}<') == 1, one.id
            assert f">{one.heading.en}<" in table
        assert table.count('<td class="grade') == len(indicators())
        assert table.count("Ikke rapportert") == table.count("Not reported") > 0
        assert "Mangler kartlaget «Verneområder»" in table
        after = '<h2 id="map-' if name == "rapport.html" else '<ul class="cards">'
        assert page.index('<table class="board">') < page.index(after)
    book = openpyxl.load_workbook(made / "tabeller.xlsx", read_only=True)
    assert book["indicators board"].max_row == len(indicators()) + 1
    assert book["indicators definitions"].max_row == len(indicators()) + 1


def test_gallery_shows_every_map() -> None:
    """By the catalogue: each map has its picture, none over 250 kB, and the page names it."""
    page = (REPOSITORY / "docs" / "kart.md").read_text(encoding="utf-8")
    for name in map_entries():
        assert f"]({name}.png)" in page, name
        assert (REPOSITORY / "docs" / f"{name}.png").stat().st_size < 250_000


def test_statement_says_all_its_texts_in_both_languages() -> None:
    """Oracle: every text of the section in the locale files."""
    html = render_statement(language="nb", created=town.CREATED)
    for language in ("nb", "en"):
        for key, text in interface_texts(language).items():  # type: ignore[arg-type]
            if key.startswith("statement."):
                assert text.replace("&", "&amp;") in html, key


@pytest.mark.browser
def test_pages_of_the_atlas_have_no_axe_violations(browser: Browser, made: Path) -> None:
    """Oracle: axe-core, WCAG 2.1 A and AA, in nb and en; no sideways scroll at 320 px."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
    for name in ("index", "rapport", "tilgjengelighet"):
        with opened(browser, made / f"{name}.html") as seen:
            page = seen.page
            page.evaluate("document.querySelectorAll('details').forEach((d) => {d.open = true})")
            for step in ("nb", "en", "narrow"):
                if step == "en":
                    page.locator("#language").click()
                if step == "narrow":
                    page.set_viewport_size({"width": 320, "height": 640})
                assert page.evaluate("document.documentElement.lang") == (
                    "nb" if step == "nb" else "en"
                )
                found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
                told = [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]]
                assert told == [], (name, step)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert seen.requests == []
            assert seen.complaints == []


@pytest.mark.browser
def test_print_box_has_no_axe_violations(browser: Browser, made: Path) -> None:
    """Oracle: axe-core with the choice of paper open, wide and narrow."""
    with opened(browser, made / "oversikt.html") as seen:
        for width in (1400, 320):
            seen.page.set_viewport_size({"width": width, "height": 700})
            seen.page.evaluate("document.querySelector('.printbox').open = true")
            found = Axe().run(seen.page)
            assert [v["id"] for v in found.response["violations"]] == []
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_picture_shows_the_map_to_its_lower_edge(made: Path, tmp_path: Path) -> None:
    """Oracle: the drawn pixels; a long heading pushes no part of the map out of the window."""
    page = (made / "oversikt.html").read_text()
    (tmp_path / "long.html").write_text(page.replace("</h1>", "<br>long" * 30 + "</h1>"))
    with browser() as tab:
        taken = picture_map(tab, tmp_path / "long.html", "nb")
        box = tab.evaluate("document.querySelector('.folium-map').getBoundingClientRect().toJSON()")
    assert box["bottom"] <= 900
    assert (taken["width"], taken["height"]) == (round(box["width"]), round(box["height"]))


@pytest.mark.parametrize(
    "wrong", [("oversikt", "--pdf", "x.docx"), ("--only", "oversikt", "--pdf", "x.pdf")]
)
def test_a_target_that_cannot_be_printed_to_is_told_before_anything_is_made(
    town_folder: Path, tmp_path: Path, run: Run, wrong: tuple[str, ...]
) -> None:
    """By hand: not PDF; and one file for a map and the report. No page is written."""
    ran = run("map", *wrong, "-w", str(town_folder), "-o", str(tmp_path / "out"))
    assert ran.code == 1
    assert "--pdf x." in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.browser
def test_report_is_printed_with_the_maps(
    town_folder: Path, out: Path, run: Run, tmp_path: Path
) -> None:
    """By hand: one PDF for each map and one of the report, and none but these."""
    pdf = tmp_path / "pdf"
    ran = run("map", "--all", "-w", str(town_folder), "-o", str(out), "--pdf", str(pdf))
    assert ran.code == 0, ran.err
    assert sorted(p.name for p in pdf.iterdir()) == [f"{name}.pdf" for name in (*MAPS, "rapport")]
    assert all(p.read_bytes().startswith(b"%PDF-") for p in pdf.iterdir())
