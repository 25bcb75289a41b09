"""No fetch loses what was fetched: kill -9 at any point, a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gis.check import sha256_of
from gis.lock import read_lock
from gis.store import build, open_store
from gis.workspace import open_workspace, write_workspace
from tests.publishers import NUMBER, Geonorge, Publishers, addresses, all_publishers
from tests.stopped import Stopped
from tests.test_never_lose import KILLED, points

LAYERS = ("municipality", "population_grid", "addresses")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Geonorge]]:
    with Publishers() as world:
        geonorge = all_publishers(world, tmp_path / "drawn")
        monkeypatch.setenv(
            "AREALPLAN_PUBLISHERS", str(world.write_catalogue(tmp_path / "publishers.toml"))
        )
        root = tmp_path / "by"
        write_workspace(root, area=NUMBER)
        yield root, geonorge


def held(root: Path) -> dict[str, str]:
    """Every layer of the list, whose file must be there and be the one that is listed."""
    lock = read_lock(root)
    for entry in lock.layers.values():
        assert sha256_of(root / entry.path) == entry.sha256
    return {name: entry.sha256 for name, entry in lock.layers.items()}


def change(geonorge: Geonorge, number: int) -> None:
    """Publish the addresses anew: the same rows, another file."""
    uuid = "f7df7a18-b30f-4745-bd64-d0863812350c"
    geonorge.files[uuid] = (geonorge.files[uuid][0], addresses(extra=number))


def test_fetch_killed_at_any_point(site: tuple[Path, Geonorge]) -> None:
    """Conservation: the list names whole files only, old or new; the next run goes on."""
    root, geonorge = site
    with Stopped("fetch", root, *LAYERS) as other:
        assert other.run("kill 0")["ended"] == 0
        build(open_workspace(root))
        change(geonorge, 1)
        free = other.run("kill 0")
        assert free["ended"] == 0
        before = held(root)
        for number, point in enumerate(points(free["changes"], seed=3201, count=4), start=2):
            change(geonorge, number)
            stopped = other.run(f"kill {point}")
            assert stopped["ended"] == KILLED, point
            now = held(root)
            assert set(now) == set(LAYERS)
            assert {n: s for n, s in now.items() if n != "addresses"} == {
                n: s for n, s in before.items() if n != "addresses"
            }
            store = open_store(open_workspace(root))
            assert len(store.frame("addresses")) == store.source("addresses").rows
        last = other.run("kill 0")
        assert (last["ended"], last["said"]) == (0, "")
    assert held(root)["addresses"] != before["addresses"]
    assert len(build(open_workspace(root)).frame("addresses")) == 6


def test_fetch_on_a_full_disk(site: tuple[Path, Geonorge]) -> None:
    """By hand: no file may grow beyond 100 bytes: what was there stays listed and whole."""
    root, geonorge = site
    with Stopped("fetch", root, *LAYERS) as other:
        assert other.run("kill 0")["ended"] == 0
        before = held(root)
        change(geonorge, 1)
        full = other.run("full 100")
        assert "cannot be written" in full["said"]
        assert "\n" not in full["said"]
        assert held(root) == before
        assert other.run("kill 0")["said"] == ""
    assert held(root)["addresses"] != before["addresses"]
