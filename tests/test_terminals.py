"""The command line on terminals, pipes and poor locales, in processes of their own."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gis.store import open_store
from gis.workspace import open_workspace, write_workspace
from tests.conftest import REPOSITORY
from tests.publishers import NUMBER, Publishers, all_publishers, frame, square

POOR = {"LC_ALL": "C", "PYTHONUTF8": "0"}


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gis", *words]
    return subprocess.run(
        command,
        check=False,
        cwd=REPOSITORY,
        capture_output=True,
        env={**os.environ, **settings},
        timeout=120,
    )


def test_a_folder_with_norwegian_letters_in_a_poor_locale(tmp_path: Path) -> None:
    """By hand: LC_ALL=C and no UTF-8 mode; the store of 'bærum øst' is built, and holds its row."""
    root = tmp_path / "bærum øst"
    root.mkdir()
    town = frame([square(0, 0, 2000)], kommunenummer=[NUMBER], kommunenavn=["Fjordvik"])
    town.to_file(root / "kommune å.gpkg", layer="kommune")
    cells = "SSBID0250M;pop_tot\n22500006640000;55\n"
    (root / "ruter æ.csv").write_text(cells, encoding="utf-8")
    (root / "workspace.toml").write_text(
        f'area = "{NUMBER}"\n[layers.municipality]\npath = "kommune å.gpkg"\n'
        '[layers.population_grid]\npath = "ruter æ.csv"\n',
        encoding="utf-8",
    )
    made = run("build", "-w", str(root), **POOR)
    assert made.returncode == 0, made.stderr.decode(errors="replace")
    assert "bærum øst".encode() in made.stderr
    store = open_store(open_workspace(root))
    assert store.frame("population_grid")["residents"].tolist() == [55]
    assert store.source("population_grid").file == "ruter æ.csv"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with Publishers() as world:
        all_publishers(world, tmp_path / "drawn")
        file = world.write_catalogue(tmp_path / "publishers.toml")
        monkeypatch.setenv("AREALPLAN_PUBLISHERS", str(file))
        write_workspace(tmp_path / "by", area=NUMBER)
        yield tmp_path / "by"


def on_a_terminal(*words: str) -> tuple[int, str, str]:
    """Run with standard error on a terminal; return exit code, standard output, what it saw."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gis", *words]
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=theirs, env=settings
    )
    os.close(theirs)
    seen: list[bytes] = []

    def look() -> None:
        try:
            while block := os.read(ours, 4096):
                seen.append(block)
        except OSError:  # the other end is closed: so ends a terminal
            return

    reader = threading.Thread(target=look)
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join()
    os.close(ours)
    return process.returncode, out.decode(), b"".join(seen).decode(errors="replace")


def test_progress_on_a_terminal_and_silence_in_a_pipe(root: Path) -> None:
    """By hand: bars with sizes on a terminal; in a pipe a line a delivery, and no codes."""
    layers = ("municipality", "quick_clay")
    code, out, seen = on_a_terminal("fetch", *layers, "-w", str(root), "--json")
    assert code == 0, seen
    assert [r["layer"] for r in json.loads(out)] == list(layers)
    assert "\x1b[" in seen
    assert "━" in seen
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert "quick_clay ━" in plain
    assert re.search(r"[0-9.]+(/[0-9.]+)? (bytes|[KM]iB)", plain)
    piped = run("fetch", *layers, "-w", str(root), "--json")
    assert piped.returncode == 0
    assert [r["state"] for r in json.loads(piped.stdout)] == ["unchanged", "unchanged"]
    said = piped.stderr.decode()
    assert "\x1b" not in said
    assert "━" not in said
    assert said.splitlines()[:2] == list(layers)
