"""Faults of every publisher at once: what passes is lived through, what does not is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gis.catalogue import publishers
from gis.checks import Verdict, check_store
from gis.lock import read_lock
from gis.render.check_page import render_check
from gis.sources.download import Patience
from gis.store import open_store
from gis.workspace import open_workspace
from tests.test_fetch_workspace import QUICK, ROWS, Site, site

__all__ = ["site"]

# Each publisher fails once, in its own way, at its data or at what leads to them.
PASSING = [
    ("geonorge/api/codelists/area/f7df7a18", "500"),
    ("geonorge/api/order", "503"),
    ("geonorge/api/download/order/ref-2", "410"),
    ("geonorge/files/Basisdata_0000", "truncate"),
    ("geonorge/files/Samfunnssikkerhet_9801", "timeout"),
    ("geonorge/files/Basisdata/DTM10UTM33/TIFF/Basisdata_6602_1", "stall"),
    ("geonorge/kartkatalog/getdata/0c0ad0ce", "429"),
    ("wfs/wfs.stormflo_havniva", "502"),
    ("nve/SkredKvikkleire2/MapServer/1/query", "truncate"),
    ("mdir/vern/MapServer/0/query", "500"),
    ("mdir/naturtyper_nin", "timeout"),
    ("ssb/ogc/tettsted_ogc_api/collections/tettsted_2026/items", "503"),
    ("ssb/v2/tables/07459", "429"),
    ("entur", "truncate"),
    ("artskart", "500"),
    ("vannstand", "503"),
]


def judged(site: Site, today: dt.date) -> dict[str, Verdict]:
    store = open_store(open_workspace(site.root))
    found = check_store(store, lock=read_lock(site.root), today=today)
    return {v.source.layer: v for v in found}


def words(verdict: Verdict) -> str:
    return "; ".join(f.text.en for f in verdict.findings)


def test_passing_faults_of_every_publisher_are_lived_through(site: Site) -> None:
    """By counting: sixteen faults, each met once, and the whole municipality is there."""
    for path, kind in PASSING:
        site.world.fault(path, kind)
    patient = replace(QUICK, patience=replace(QUICK.patience, tries=3))
    outcomes = site.fetch(settings=patient)
    assert {n: o.message for n, o in outcomes.items() if n in ROWS and o.state != "new"} == {}
    assert [f.path for f in site.world.faults if f.times] == []
    assert site.build() == ROWS
    assert read_lock(site.root).figures.keys() == {"population", "built_up", "sea_level"}


def test_endless_pages_and_slow_drips_keep_yesterdays_data(site: Site) -> None:
    """By hand: pages that never end and bytes that hardly come are given up, each in one line."""
    good = site.fetch("municipality", "quick_clay", "built_up")
    rows = site.build()
    nve, ssb = "nve/SkredKvikkleire2/MapServer*", "ssb/ogc/tettsted_ogc_api/*"
    kept = {route: site.world.routes[route] for route in (nve, ssb)}
    site.world.routes[nve] = endless(kept[nve])
    site.world.fault("tettsted_2026/items", "drip", times=99)
    hurried = Patience(tries=2, first_s=0.01, read_s=2.0, pause_s=0.0, grace_s=0.2)
    site_settings = replace(QUICK, patience=replace(hurried, slowest_bytes_s=5000.0))
    found = site.fetch("quick_clay", "built_up", settings=site_settings)
    assert {o.state for o in found.values()} == {"kept"}
    assert "repeat themselves" in found["quick_clay"].message
    assert "bytes in" in found["built_up"].message
    assert all("\n" not in o.message for o in found.values())
    assert {n: o.held for n, o in found.items()} == {n: good[n].held for n in found}
    assert site.build() == rows
    site.world.routes |= kept
    site.world.faults.clear()
    again = site.fetch("quick_clay", "built_up")
    assert {o.state for o in again.values()} == {"unchanged"}


def endless(good: Callable[..., Any]) -> Callable[..., Any]:
    """The first page for every page, and always more to come."""

    def answer(query: dict[str, str], body: bytes) -> Any:
        made = good({**query, "resultOffset": "0"}, body)
        if "resultRecordCount" in query and isinstance(made, dict):
            made = {**made, "exceededTransferLimit": True}
        return made

    return answer


def test_a_publishers_change_is_told_until_it_is_mended(site: Site) -> None:
    """By hand: the field and the publisher, the age of what is in use; gone when mended."""
    site.fetch("municipality", "nature_types")
    rows = site.build()
    route = "mdir/naturtyper_nin/MapServer*"
    good = site.world.routes[route]

    def renamed(query: dict[str, str], body: bytes) -> Any:
        made = json.dumps(good(query, body), ensure_ascii=False)
        return json.loads(made.replace('"Naturtype"', '"Naturenhet"'))

    site.world.routes[route] = renamed
    failed = site.fetch("nature_types")["nature_types"]
    assert failed.state == "kept"
    assert failed.message.startswith("Miljødirektoratet, nature_types: ")
    assert "no field for 'kind'" in failed.message
    assert site.build() == rows
    in_use = read_lock(site.root).layers["nature_types"].retrieved
    later = in_use + dt.timedelta(days=40)
    verdict = judged(site, later)["nature_types"]
    assert verdict.grade == "look"
    assert verdict.held_days == 40
    said = words(verdict)
    assert f"could not be renewed on {in_use.isoformat()}, the file in use is 40 days old" in said
    assert "Miljødirektoratet, nature_types: " in said
    assert "no field for 'kind'" in said
    page = render_check([verdict], name="Fjordvik", language="nb", created=later)
    assert "fila i bruk er 40 dager gammel" in page
    assert "no field for &#39;kind&#39;" in page
    site.world.routes[route] = good
    assert site.fetch("nature_types")["nature_types"].state == "unchanged"
    assert "renewed" not in words(judged(site, later)["nature_types"])


def test_hosts_of_the_world_are_those_of_the_catalogue(site: Site) -> None:
    """By counting: all that was asked went to the one host of the tests' file of publishers."""
    site.fetch("municipality", "addresses")
    assert publishers().hosts == frozenset({site.world.host})
    assert site.world.asked
