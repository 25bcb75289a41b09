"""No build loses the store: kill -9 at any point, a full disk, a read-only folder, two at once."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gis.store import build, open_store
from gis.workspace import open_workspace
from tests.publishers import frame, square
from tests.stopped import Stopped
from tests.test_checks import workspace_of

KILLED = -signal.SIGKILL


def draw(root: Path, count: int) -> None:
    """A workspace whose every layer but the municipality has so many rows."""
    cells = "".join(f"{2_250_000 + 250 * i}6640000;20\n" for i in range(count))
    wood = frame([square(10 * i, 0, 9) for i in range(count)], objtype=["Skog"] * count)
    lakes = wood.assign(objtype="Innsjø")
    workspace_of(root, population_grid=f"SSBID0250M;pop_tot\n{cells}", forest=wood, lakes=lakes)


def whole(root: Path) -> int:
    """Read the store through; every layer must be of one and the same build."""
    store = open_store(open_workspace(root))
    rows = {n: len(store.frame(n)) for n in store.layers}
    assert rows.pop("municipality") == 1
    assert rows == {n: store.source(n).rows for n in rows}
    assert set(rows) == {"population_grid", "forest", "lakes"}
    (count,) = set(rows.values())
    return count


def points(changes: int, *, seed: int, count: int) -> list[int]:
    """The first and the last change, and some in between."""
    inner = np.random.default_rng(seed).choice(np.arange(2, changes), count, replace=False)
    return [1, *sorted(inner.tolist()), changes]


def test_build_killed_at_any_point(tmp_path: Path) -> None:
    """Conservation: after kill -9 the store is that of before or after, whole; then it builds."""
    root = tmp_path / "w"
    draw(root, 2)
    build(open_workspace(root))
    with Stopped("build", root) as other:
        free = other.run("kill 0")
        assert free["ended"] == 0
        assert free["changes"] > 8
        before = 2
        for drawn, point in enumerate(points(free["changes"], seed=9801, count=5), start=3):
            draw(root, drawn)
            assert other.run(f"kill {point}")["ended"] == KILLED, point
            now = whole(root)
            assert now in (before, drawn), point
            before = now
        assert other.run("kill 0")["ended"] == 0
    assert whole(root) == drawn
    assert len([p for p in (root / "store").iterdir() if p.is_dir()]) == 1


def test_build_on_a_full_disk(tmp_path: Path) -> None:
    """By hand: no file may grow beyond 2 kB; one line says so, the old store stays whole."""
    root = tmp_path / "w"
    draw(root, 2)
    build(open_workspace(root))
    draw(root, 3)
    with Stopped("build", root) as other:
        full = other.run("full 2000")
        assert full["ended"] == 1
        assert "the store cannot be written" in full["said"]
        assert full["said"].endswith("the old one stands")
        assert "\n" not in full["said"]
        assert whole(root) == 2
        assert list((root / "store").glob("*.part")) == []
        assert other.run("kill 0")["ended"] == 0
    assert whole(root) == 3


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may reach."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_build_in_a_folder_that_may_not_be_written(open_folder: Path) -> None:
    """By hand: without the rights one line says where; the old store stays, and reads."""
    root = open_folder / "w"
    draw(root, 2)
    build(open_workspace(root))
    store = root / "store"
    with Stopped("build", root) as other:
        for lock_mode in (0o444, 0o666):
            (store / ".lock").chmod(lock_mode)
            store.chmod(0o555)
            refused = other.run("other")
            assert refused["ended"] == 1
            assert "Permission denied" in refused["said"]
            assert str(store) in refused["said"]
            assert "\n" not in refused["said"]
            assert whole(root) == 2
        (store / ".lock").chmod(0o644)
        store.chmod(0o755)
        assert other.run("kill 0")["ended"] == 0
    assert whole(root) == 2


def test_two_builds_at_once(tmp_path: Path) -> None:
    """By hand: one builds; the other builds after it or is told to wait; the store is whole."""
    root = tmp_path / "w"
    draw(root, 2)
    with Stopped("build", root) as one, Stopped("build", root) as two:
        one.start("kill 0")
        two.start("kill 0")
        ends = [one.answer(), two.answer()]
    assert min(e["ended"] for e in ends) == 0
    for end in ends:
        assert end["ended"] == 0 or "another build is at work here" in end["said"]
    assert whole(root) == 2
