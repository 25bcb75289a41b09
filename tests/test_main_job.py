"""Do the main job on the invented municipality, as ``make maps`` does, and look at what it made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

MAPS = ("oversikt", "indikatorer", "kollektiv", "naturfare", "naturmangfold")
JOB = ("demo", "demo", "--maps", "out", "--only", ",".join(MAPS))


def arealplan(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gis", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The command of ``make maps``, in an empty folder."""
    folder = tmp_path_factory.mktemp("job")
    return folder, arealplan(*JOB, folder=folder)


def answer(folder: Path, name: str, *words: str) -> Any:
    return json.loads(arealplan("analyse", name, "-w", "demo", "--json", *words, folder=folder))


def test_make_maps_runs_this_command() -> None:
    """By reading the Makefile: the test does what the user's verb does."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    recipe = text[text.index("maps: $(RUN)") :]
    commands = re.findall(r"arealplan (.+)", recipe)[:1]
    assert commands == [" ".join(JOB)]


def test_every_map_and_the_index_are_there_and_told_of(job: tuple[Path, str]) -> None:
    """By listing: five maps and an index, each below 3 MB, named in the closing table."""
    folder, said = job
    for name in (*MAPS, "index"):
        page = folder / "out" / f"{name}.html"
        assert page.stat().st_size < 3_000_000
    for name in MAPS:
        assert f"out/{name}.html" in said
    assert "index.html" in said
    assert "oppdiktet" in said


@pytest.mark.parametrize("name", [*MAPS, "index"])
def test_every_page_says_that_the_data_are_invented(job: tuple[Path, str], name: str) -> None:
    """By search: the banner stands in the page, not only in its data."""
    text = (job[0] / "out" / f"{name}.html").read_text(encoding="utf-8")
    assert "Oppdiktede data" in text
    assert "Invented data" in text


@pytest.mark.parametrize("name", [*MAPS, "index"])
def test_no_page_loads_anything(job: tuple[Path, str], name: str) -> None:
    """By search: no resource link; links to read are <a href>.

    The policy lets in pictures of the base map that a reader may choose, and nothing else.
    """
    text = (job[0] / "out" / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|link|iframe|source)[^>]+(src|href)\s*=\s*[\"']?http", text)
    policy = re.search(r"Content-Security-Policy\"[^>]+content=\"([^\"]+)\"", text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
    hosts = [part for part in policy[1].split("; ") if "http" in part]
    pictures = "img-src data: blob: https://cache.kartverket.no"
    assert hosts == ([] if name == "index" else [pictures])


@pytest.mark.parametrize(
    ("name", "analysis"),
    [
        ("oversikt", "built-up-share"),
        ("kollektiv", "transit-access"),
        ("naturfare", "hazard-exposure"),
        ("naturmangfold", "biodiversity-hotspots"),
    ],
)
def test_the_page_says_what_the_command_line_says(
    job: tuple[Path, str], name: str, analysis: str
) -> None:
    """By identity: finding and definition of the page are those of ``analyse --json``."""
    folder, _ = job
    result = answer(folder, analysis)
    text = (folder / "out" / f"{name}.html").read_text(encoding="utf-8")
    for sentence in (result["finding"]["nb"], result["definition"]["sentence"]["nb"]):
        plain = sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert plain in text.replace("&#34;", '"'), sentence
    assert result["provenance"]["invented"] is True
    assert {s["invented"] for s in result["provenance"]["sources"]} == {True}


def test_the_figures_are_those_of_a_municipality(job: tuple[Path, str]) -> None:
    """By plausibility: about 190 km2 of land, 128,000 residents, shares a planner would meet."""
    folder, _ = job
    built_up = answer(folder, "built-up-share")
    assert 180 < built_up["denominator"] < 200
    assert 0.25 < built_up["value"] < 0.45
    access = answer(folder, "transit-access")
    assert 120_000 < access["denominator"] < 136_000
    readings = {r["name"]: r["value"] for r in access["sensitivity"]}
    assert min(readings.values()) < 0.7 * max(readings.values())
    hazard = answer(folder, "hazard-exposure")
    assert 0.03 < hazard["value"] < 0.2
    assert hazard["status"] == "partly_mapped"
    spots = answer(folder, "biodiversity-hotspots")
    assert spots["status"] == "ok"
    assert spots["figures"]["hot_spots"] >= 5
