"""A whole municipality fetched and built from local publishers, with faults switched in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pytest
from typer.testing import CliRunner

from gis.catalogue import layer_entries
from gis.cli import app
from gis.errors import CatalogueError, ParameterError, SourceMissingError, StoreError
from gis.fetch import fetch, plan
from gis.lock import exclusive, read_lock
from gis.outcomes import Outcome, Settings
from gis.sources.download import Patience
from gis.store import build, open_store
from gis.workspace import open_workspace, write_workspace
from tests.conftest import REPOSITORY
from tests.publishers import NUMBER, SOUTH, WEST, Geonorge, Publishers, all_publishers

QUICK = Settings(
    patience=Patience(tries=2, first_s=0.01, longest_s=1.0, read_s=0.4, pause_s=0.0), poll_s=0.01
)
# What the local publishers have; other layers of the catalogue are not there.
ROWS = {
    "municipality": 2,
    "addresses": 5,
    "basic_statistical_units": 1,
    "buildings": 1,
    "built_up": 1,
    "farmland": 0,
    "flood_mapped_extent": 1,
    "flood_zones": 2,
    "forest": 1,
    "lakes": 1,
    "landslide_caution": 3,
    "nature_mapped_extent": 1,
    "nature_types": 1,
    "place_names": 1,
    "population_grid": 2,
    "protected_areas": 1,
    "quick_clay": 5,
    "railways": 1,
    "rivers": 1,
    "roads_paths": 1,
    "sea": 1,
    "species_records": 3,
    "stations": 1,
    "storm_surge": 4,
    "storm_surge_mapped_extent": 1,
    "terrain": 1,
    "transit_stops": 2,
    "workplaces": 2,
}


@dataclass
class Site:
    """A workspace and the publishers it fetches from."""

    root: Path
    world: Publishers
    geonorge: Geonorge

    def fetch(self, *only: str, settings: Settings = QUICK) -> dict[str, Outcome]:
        report = fetch(open_workspace(self.root), only=only, settings=settings)
        return {o.layer: o for o in report.outcomes}

    def rows(self) -> dict[str, int]:
        store = open_store(open_workspace(self.root))
        return {name: store.source(name).rows for name in store.layers}

    def build(self) -> dict[str, int]:
        build(open_workspace(self.root))
        return self.rows()

    def files(self) -> set[str]:
        folder = self.root / "data" / "files"
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Publishers() as world:
        geonorge = all_publishers(world, tmp_path / "drawn")
        file = world.write_catalogue(tmp_path / "publishers.toml")
        monkeypatch.setenv("AREALPLAN_PUBLISHERS", str(file))
        root = tmp_path / "by"
        write_workspace(root, area=NUMBER)
        yield Site(root, world, geonorge)


def test_fetch_and_build(site: Site) -> None:
    """By hand: every layer the publishers have, counted; twice is the same, asked politely."""
    outcomes = site.fetch()
    assert {n: o.message for n, o in outcomes.items() if n in ROWS and o.state != "new"} == {}
    for name, outcome in outcomes.items():
        if name not in ROWS:
            entry = layer_entries()[name]
            assert outcome.state == ("failed" if entry.remote else "by_hand"), name
            assert entry.remote is None or entry.source.owner in outcome.message
    assert site.build() == ROWS
    assert site.world.most_at_once == 1
    store = open_store(open_workspace(site.root))
    held = outcomes["flood_zones"].held
    assert held is not None
    source = store.source("flood_zones")
    assert (source.sha256, source.date, source.retrieved) == (
        held.sha256,
        held.date,
        held.retrieved,
    )
    assert source.covers == (NUMBER,)
    assert store.source("municipality").covers == ()
    figures = read_lock(site.root).figures
    assert figures["population"]["total"] == 127
    assert figures["sea_level"]["levels"][1]["value_cm"] == 171.5
    before = site.files()
    again = site.fetch("municipality", "quick_clay", "storm_surge", "transit_stops", "terrain")
    assert {o.state for o in again.values()} == {"unchanged"}
    assert site.files() == before
    assert sorted(p.name for p in (site.root / "data").iterdir()) == [
        ".lock",
        "cache",
        "files",
        "lock.json",
    ]


FAULTS = [
    ("SkredKvikkleire2", "500"),
    ("SkredKvikkleire2", "timeout"),
    ("SkredKvikkleire2", "error200"),
    ("SkredKvikkleire2/MapServer/1/query", "truncate"),
    ("SkredKvikkleire2/MapServer/1/query", "longer"),
    ("SkredKvikkleire2/MapServer/1/query", "shorter"),
    ("SkredKvikkleire2", "html"),
    ("SkredKvikkleire2", "429"),
]


def test_every_fault_keeps_yesterdays_data(site: Site) -> None:
    """By hand: the layer's old file stays in use, with its day and the publisher's name."""
    good = site.fetch("municipality", "quick_clay")["quick_clay"]
    assert good.state == "new"
    assert good.held is not None
    for path, kind in FAULTS:
        site.world.fault(path, kind, times=99)
        kept = site.fetch("quick_clay")["quick_clay"]
        assert kept.state == "kept", (path, kind)
        assert kept.held == good.held
        assert kept.message.startswith("NVE, quick_clay: ")
        assert "\n" not in kept.message
        site.world.faults.clear()
    assert site.build() == {"municipality": 2, "quick_clay": 5}
    assert site.fetch("quick_clay")["quick_clay"].state == "unchanged"


def test_a_changed_field_names_field_and_publisher(site: Site) -> None:
    """By hand: a code that is not listed, and a field that is gone; the old data stay."""
    site.fetch("municipality", "quick_clay", "nature_types")
    site.build()
    for route, old, new in (
        ("nve/SkredKvikkleire2/MapServer*", "Risikoklasse 3", "Klasse C"),
        ("mdir/naturtyper_nin/MapServer*", '"Naturtype"', '"Naturenhet"'),
    ):
        good = site.world.routes[route]
        site.world.routes[route] = _replaced(good, old, new)
    found = site.fetch("municipality", "quick_clay", "nature_types")
    assert found["quick_clay"].state == found["nature_types"].state == "kept"
    assert "NVE" in found["quick_clay"].message
    assert "field 'risiko'" in found["quick_clay"].message
    assert "Klasse C" in found["quick_clay"].message
    assert "Miljødirektoratet" in found["nature_types"].message
    assert "no field for 'kind'" in found["nature_types"].message
    assert site.build() == {"municipality": 2, "quick_clay": 5, "nature_types": 1}


def _replaced(good: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    def answer(query: dict[str, str], body: bytes) -> Any:
        return json.loads(json.dumps(good(query, body), ensure_ascii=False).replace(old, new))

    return answer


def test_one_delivery_serves_many_layers(site: Site) -> None:
    """By counting: seven layers of N50, one order; one of them unreadable, six are taken."""
    layers = ("forest", "lakes", "railways", "rivers", "roads_paths", "sea", "stations")
    found = site.fetch("municipality", *layers)
    uuid = "ea192681-d039-42ec-b1bc-f3ce04c189ac"
    assert [o["metadataUuid"] for o in site.geonorge.orders].count(uuid) == 1
    assert len({found[n].held.path for n in layers if found[n].held}) == 1  # type: ignore[union-attr]


def test_dry_run_lists_and_fetches_nothing(site: Site) -> None:
    """By hand: sizes and licences; no order is placed, no file comes."""
    site.fetch("municipality")
    orders = len(site.geonorge.orders)
    planned = {p.layers[0]: p for p in plan(open_workspace(site.root), settings=QUICK)}
    assert len(site.geonorge.orders) == orders
    assert planned["quick_clay"].offer is not None
    assert "5 features" in planned["quick_clay"].offer.what
    assert planned["quick_clay"].licence == "NLOD"
    timetable = planned["transit_stops"].offer
    assert timetable is not None
    assert timetable.size == len(site.world.files["entur/rb_norway-aggregated-gtfs.zip"])
    assert planned["terrain"].offer is not None
    assert planned["terrain"].offer.what == "2 cells"
    assert planned["municipality"].held is not None
    together = next(p.layers for p in planned.values() if "forest" in p.layers)
    assert {"lakes", "sea"} < set(together)
    assert len(site.files()) == 1


def test_offline(site: Site) -> None:
    """By counting: nothing is asked; what is there stays in use."""
    site.fetch("municipality", "quick_clay")
    asked = len(site.world.asked)
    found = site.fetch("municipality", "quick_clay", settings=replace(QUICK, offline=True))
    assert len(site.world.asked) == asked
    assert found["quick_clay"].state in ("kept", "unchanged")
    assert found["municipality"].state in ("kept", "unchanged")
    assert site.build() == {"municipality": 2, "quick_clay": 5}


def test_own_files_and_the_inbox_come_first(site: Site) -> None:
    """By counting: what workspace.toml or the inbox has is not fetched."""
    site.fetch("municipality")
    zones = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"risiko": "2", "objType": "UtløsningOmr"},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [
                        [[10.54, 59.84], [10.55, 59.84], [10.55, 59.85], [10.54, 59.84]]
                    ],
                },
            }
        ],
    }
    (site.root / "own.geojson").write_text(json.dumps(zones), encoding="utf-8")
    with (site.root / "workspace.toml").open("a", encoding="utf-8") as toml:
        toml.write('[layers.quick_clay]\npath = "own.geojson"\n')
    (site.root / "inbox").mkdir()
    (site.root / "inbox" / "befolkning.csv").write_text("SSBID0250M;pop_tot\n22500006640000;55\n")
    found = site.fetch("municipality", "quick_clay", "population_grid")
    assert found["quick_clay"].state == "own"
    assert found["population_grid"].state == "inbox"
    assert site.world.count("SkredKvikkleire2") == 0
    assert site.build() == {"municipality": 2, "quick_clay": 1, "population_grid": 1}
    (site.root / "inbox" / "befolkning.csv").unlink()
    assert site.fetch("population_grid")["population_grid"].state == "new"
    assert site.build()["population_grid"] == 2


def test_what_the_user_says_of_a_fetched_file_holds(site: Site) -> None:
    """By hand: date and title of workspace.toml win over those that were fetched."""
    with (site.root / "workspace.toml").open("a", encoding="utf-8") as toml:
        toml.write('[layers.quick_clay]\ndate = 2020-02-02\ntitle = "Egen tittel"\n')
    with pytest.raises(SourceMissingError, match="run 'arealplan fetch'"):
        open_workspace(site.root).path_of("quick_clay")
    site.fetch("municipality", "quick_clay")
    site.build()
    source = open_store(open_workspace(site.root)).source("quick_clay")
    assert (str(source.date), source.title_nb) == ("2020-02-02", "Egen tittel")


def test_the_municipality_must_be_in_its_file(site: Site) -> None:
    """By hand: a file of other municipalities is not taken, and boxes are not asked for."""
    uuid = "041f1e6e-bdbc-4091-b48f-8a5990f3cc5b"
    name, _ = site.geonorge.files[uuid]
    site.geonorge.files[uuid] = (
        name,
        site.geonorge.files["51d279f8-e2be-4f5e-9f72-1a53f7535ec1"][1],
    )
    found = site.fetch("municipality", "quick_clay")
    assert found["municipality"].state == "failed"
    assert "study area has none yet" in found["quick_clay"].message


def test_two_at_once_and_unknown_layers(site: Site) -> None:
    """By hand: the second is told to wait; a slip in a name is told."""
    with (
        exclusive(site.root),
        pytest.raises(StoreError, match="another fetch is at work"),
    ):
        site.fetch("municipality")
    with pytest.raises(ParameterError, match="no layer 'quickclay'"):
        site.fetch("quickclay")


def test_a_broken_list_is_told(site: Site) -> None:
    """By hand: the file to delete is named."""
    site.fetch("municipality")
    (site.root / "data" / "lock.json").write_text("{")
    with pytest.raises(StoreError, match=r"lock\.json: cannot be read"):
        open_workspace(site.root)


def test_a_wrong_file_of_publishers_is_told(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: misspelt keys, addresses that are none, publishers that are missing."""
    good = Path(os.environ["AREALPLAN_PUBLISHERS"]).read_text()
    for change, words in (
        (good.replace("owner =", "ownr ="), "did you mean 'owner'"),
        (good.replace("http://", "ftp://"), "is no address"),
        (good.replace("[publishers.nve]", "[publishers.nveee]"), "'nve' is not in"),
        (good.replace('sea_level = "vannstand"', 'sea_level = "hav"'), "none of its publishers"),
    ):
        path = tmp_path / f"wrong{abs(hash(change))}.toml"
        path.write_text(change, encoding="utf-8")
        monkeypatch.setenv("AREALPLAN_PUBLISHERS", str(path))
        with pytest.raises(CatalogueError, match=words):
            site.fetch("municipality")


def test_kill_leaves_the_last_good_data(site: Site) -> None:
    """By hand: kill -9 in the middle of a fetch; the store builds, the next run goes on."""
    site.fetch("municipality", "transit_stops")
    rows = site.build()
    before = read_lock(site.root)
    new = site.world.files["entur/rb_norway-aggregated-gtfs.zip"]
    site.world.files["entur/rb_norway-aggregated-gtfs.zip"] = new[:-22] + b"\0" * 50_000 + new[-22:]
    site.world.fault("entur", "stall", times=9)
    command = [sys.executable, "-m", "gis", "fetch", "transit_stops", "-w", str(site.root)]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    cache = site.root / "data" / "cache"
    deadline = time.monotonic() + 60
    while not any(p.stat().st_size for p in cache.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(cache.glob("*.part"))
    assert read_lock(site.root) == before
    assert site.build() == rows
    site.world.faults.clear()
    site.world.files["entur/rb_norway-aggregated-gtfs.zip"] = new
    assert site.fetch("transit_stops")["transit_stops"].state == "unchanged"


def test_a_full_disk_leaves_the_last_good_data(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: /dev/full in place of the cache's disk; the list and the store stay."""
    site.fetch("municipality", "quick_clay")
    rows = site.build()
    before = read_lock(site.root)

    def full(_: object) -> IO[bytes]:
        return Path("/dev/full").open("wb")

    monkeypatch.setattr("gis.sources.cache.Part.open", full)
    site.world.routes["nve/SkredKvikkleire2/MapServer*"] = lambda *_: {"layers": []}
    found = site.fetch("quick_clay")
    assert found["quick_clay"].state == "kept"
    assert "No space left" in found["quick_clay"].message
    assert read_lock(site.root).layers == before.layers
    assert site.rows() == rows


def test_the_command_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: exit codes, JSON on standard output alone, one line for what failed."""
    monkeypatch.setattr("gis.cli.fetch.Settings", _quick)
    run = CliRunner().invoke
    made = run(app, ["fetch", "municipality", "quick_clay", "--json", "-w", str(site.root)])
    assert made.exit_code == 0, made.stderr
    rows = json.loads(made.stdout)
    assert {r["layer"]: r["state"] for r in rows} == {"municipality": "new", "quick_clay": "new"}
    assert rows[0]["file"].startswith("data/files/")
    assert "arealplan build" in made.stderr
    listed = run(app, ["fetch", "--dry-run", "quick_clay", "-w", str(site.root)])
    assert listed.exit_code == 0
    assert "NLOD" in listed.stdout
    as_json = run(app, ["fetch", "--dry-run", "--json", "quick_clay", "-w", str(site.root)])
    assert json.loads(as_json.stdout)[0]["owner"] == "NVE"
    site.world.fault("SkredKvikkleire2", "500", times=99)
    failed = run(app, ["fetch", "quick_clay", "-w", str(site.root)])
    assert failed.exit_code == 1
    assert "1 layers could not be fetched: quick_clay" in str(failed.exception)
    assert "brukes fortsatt" in failed.stdout


def _quick(**given: Any) -> Settings:
    return replace(QUICK, **given)


def test_the_place_is_the_municipality_with_its_halo(site: Site) -> None:
    """Closed form: the box asked for is the square of 2 km and 5 km around it."""
    site.fetch("municipality", "quick_clay")
    asked = next(a for a in site.world.asked if "returnCountOnly" in a)
    box = f"geometry={WEST - 5000}.00,{SOUTH - 5000}.00,{WEST + 7000}.00,{SOUTH + 7000}.00"
    assert box in asked.replace("%2C", ",")
