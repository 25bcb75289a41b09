"""Give the command line broken input: one clear line, exit code 1, nothing lost."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from tests.command import Ran, arealplan
from tests.feeds import town as feed_tables
from tests.feeds import write_feed
from tests.town import box, points, population

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(arealplan, monkeypatch, capsys)


def write_town(folder: Path) -> Path:
    """The drawn town as delivered files, with a workspace that names them."""
    folder.mkdir(parents=True)
    frame = gpd.GeoDataFrame(
        {"kommunenummer": ["9999"], "kommunenavn": ["Byen"]},
        geometry=[box(0, 0, 1000, 1000)],
        crs=25833,
    )
    frame.to_file(folder / "kommune.gpkg")
    rows = [
        f"{int(200_000 + 250 * c + 2_000_000) * 10**7 + int(6_600_000 + 250 * r)};{n}"
        for (c, r), n in population().items()
    ]
    (folder / "folk.csv").write_text("SSBID0250M;pop_tot\n" + "\n".join(rows) + "\n")
    stops = gpd.GeoDataFrame(
        {"stopPlaceRef": ["A"], "route_type": ["Bus"], "name": ["A"]},
        geometry=points((125, 125)),
        crs=25833,
    ).to_crs(4326)
    stops["location_longitude"], stops["location_latitude"] = stops.geometry.x, stops.geometry.y
    stops.drop(columns="geometry").to_parquet(folder / "stopp.parquet")
    (folder / "workspace.toml").write_text(
        'area = "9999"\n[layers.municipality]\npath = "kommune.gpkg"\n'
        '[layers.population_grid]\npath = "folk.csv"\ndate = 2026-01-01\n'
        '[layers.frequent_stops]\npath = "stopp.parquet"\n'
    )
    return folder


@pytest.fixture
def good(tmp_path: Path, run: Run) -> Path:
    folder = write_town(tmp_path / "w")
    built = run("build", "-w", str(folder))
    assert built.code == 0, built.err
    return folder


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder by its content."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def add(folder: Path, layer: str, path: str, **more: object) -> None:
    lines = [f"[layers.{layer}]", f"path = {json.dumps(path)}"]
    lines += [f"{k} = {json.dumps(v)}" for k, v in more.items()]
    file = folder / "workspace.toml"
    file.write_text(file.read_text() + "\n".join(lines) + "\n")


def refused(ran: Ran, *words: str) -> None:
    """One line that names what it must, exit code 1, no traceback."""
    assert ran.code == 1, (ran.out, ran.err)
    assert "Traceback" not in ran.err
    assert ran.problem.startswith("arealplan: ")
    assert len([x for x in ran.err.splitlines() if x.startswith("arealplan: ")]) == 1
    for word in words:
        assert word in ran.problem, (word, ran.problem)


def built_up(folder: Path, shapes: list[shapely.Geometry], crs: int | None) -> Path:
    path = folder / "tettsted.gpkg"
    frame = gpd.GeoDataFrame(
        {"tettstednummer": ["0001"] * len(shapes), "tettstednavn": ["Byen"] * len(shapes)},
        geometry=shapes,
        crs=crs,
    )
    if crs is None:
        with pytest.warns(UserWarning, match="crs"):
            frame.to_file(path)
    else:
        frame.to_file(path)
    return path


def break_missing(folder: Path) -> tuple[str, ...]:
    add(folder, "built_up", "ingen.gpkg")
    return "ingen.gpkg", "no such file", "[layers.built_up]"


def break_empty(folder: Path) -> tuple[str, ...]:
    (folder / "tom.gpkg").write_bytes(b"")
    add(folder, "built_up", "tom.gpkg")
    return "tom.gpkg", "empty"


def break_truncated(folder: Path) -> tuple[str, ...]:
    path = built_up(folder, [box(0, 0, 500, 500)], 25833)
    path.write_bytes(path.read_bytes()[:30_000])
    add(folder, "built_up", path.name)
    return ("tettsted.gpkg",)


def break_truncated_geojson(folder: Path) -> tuple[str, ...]:
    path = folder / "tettsted.geojson"
    frame = gpd.GeoDataFrame(
        {"tettstednummer": ["0001"], "tettstednavn": ["Byen"]},
        geometry=[box(0, 0, 500, 500)],
        crs=25833,
    )
    frame.to_file(path)
    path.write_bytes(path.read_bytes()[:-40])
    add(folder, "built_up", path.name)
    return ("tettsted.geojson",)


def break_no_crs(folder: Path) -> tuple[str, ...]:
    built_up(folder, [box(0, 0, 500, 500)], None)
    add(folder, "built_up", "tettsted.gpkg")
    return "tettsted.gpkg", "no coordinate reference system"


def break_swapped(folder: Path) -> tuple[str, ...]:
    swapped = shapely.transform(box(0, 0, 500, 500), lambda xy: xy[:, ::-1])
    built_up(folder, [swapped], 25833)
    add(folder, "built_up", "tettsted.gpkg")
    return "tettsted.gpkg", "axes look swapped"


def break_zone(folder: Path) -> tuple[str, ...]:
    degrees = shapely.box(10.5, 59.8, 10.6, 59.9)
    built_up(folder, [degrees], 25833)
    add(folder, "built_up", "tettsted.gpkg")
    return "tettsted.gpkg", "EPSG:25833", "look like degrees"


def break_float_id(folder: Path) -> tuple[str, ...]:
    text = (folder / "folk.csv").read_text().splitlines()
    first = text[1].split(";")
    text[1] = f"{float(first[0]):.6e};{first[1]}"
    (folder / "folk.csv").write_text("\n".join(text) + "\n")
    return "folk.csv", "SSBID0250M"


def break_gtfs(folder: Path) -> tuple[str, ...]:
    write_feed(folder / "rute.zip", feed_tables(stop_times=None))
    add(folder, "transit_stops", "rute.zip")
    return "rute.zip", "stop_times.txt"


def break_municipality(folder: Path) -> tuple[str, ...]:
    file = folder / "workspace.toml"
    file.write_text(file.read_text().replace('area = "9999"', 'area = "9998"'))
    return "9998", "9999"


def break_workspace_key(folder: Path) -> tuple[str, ...]:
    file = folder / "workspace.toml"
    file.write_text(file.read_text().replace("path =", "paht =", 1))
    return "workspace.toml", "layers.municipality.paht", "did you mean 'path'"


def break_field(folder: Path) -> tuple[str, ...]:
    text = (folder / "folk.csv").read_text()
    (folder / "folk.csv").write_text(text.replace("pop_tot", "antall"))
    return "folk.csv", "pop_tot", "antall"


def break_code(folder: Path) -> tuple[str, ...]:
    frame = gpd.GeoDataFrame(
        {"gjentaksintervall": [250], "objtype": ["FlomAreal"]},
        geometry=[box(0, 0, 100, 100)],
        crs=25833,
    )
    frame.to_file(folder / "flom.gpkg")
    add(folder, "flood_zones", "flom.gpkg")
    return "flom.gpkg", "gjentaksintervall", "250", "2100"


BREAKS = [
    break_missing, break_empty, break_truncated, break_truncated_geojson, break_no_crs,
    break_swapped, break_zone, break_float_id, break_gtfs, break_municipality,
    break_workspace_key, break_field, break_code,
]  # fmt: skip


@pytest.mark.parametrize("breaking", BREAKS, ids=lambda f: f.__name__.removeprefix("break_"))
def test_a_broken_delivery_is_one_line_and_the_store_stays(
    good: Path, run: Run, breaking: Callable[[Path], tuple[str, ...]]
) -> None:
    """By hand: the line names file, field, what was found; the old store answers as before."""
    before = fingerprint(good / "store")
    answer = run("analyse", "transit-access", "-w", str(good), "--json").out
    workspace = (good / "workspace.toml").read_text()
    words = breaking(good)
    refused(run("build", "-w", str(good)), *words)
    assert fingerprint(good / "store") == before
    (good / "workspace.toml").write_text(workspace)
    assert run("analyse", "transit-access", "-w", str(good), "--json").out == answer


def test_invalid_geometry_is_mended_and_counted(good: Path, run: Run) -> None:
    """By hand: a bow tie of two triangles of 62,500 m2 becomes valid, counted once."""
    bow_tie = shapely.Polygon(
        [(200_000, 6_600_000), (200_500, 6_600_500), (200_500, 6_600_000), (200_000, 6_600_500)]
    )
    built_up(good, [bow_tie], 25833)
    add(good, "built_up", "tettsted.gpkg")
    assert run("build", "-w", str(good)).code == 0
    sources = json.loads(run("check", "-w", str(good), "--json").out)
    layers = sources if isinstance(sources, list) else sources["layers"]
    (mended,) = [s["mended"] for s in layers if s.get("layer", s.get("id")) == "built_up"]
    assert mended == 1
    answer = json.loads(run("analyse", "built-up-share", "-w", str(good), "--json").out)
    assert answer["numerator"] == pytest.approx(0.125)


def test_a_misspelt_key_in_a_layer_entry_names_file_and_key(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: 'licens' in a copy of the catalogue is refused by file, key and nearest key."""
    from gis.catalogue import catalogue_root, layer_entries, load

    copy = tmp_path / "layers"
    shutil.copytree(catalogue_root("layers"), copy)
    file = copy / "built_up.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("licence =", "licens ="))
    monkeypatch.setattr(load, "catalogue_root", lambda _which: copy)
    layer_entries.cache_clear()
    try:
        refused(run("layers"), "built_up.toml", "source.licens", "did you mean 'licence'")
    finally:
        layer_entries.cache_clear()


def test_earlier_maps_stay_when_a_map_cannot_be_made(good: Path, run: Run, tmp_path: Path) -> None:
    """By identity: a failing run leaves the pages of the last one as they were."""
    out = tmp_path / "out"
    assert run("map", "kollektiv", "-w", str(good), "-o", str(out)).code == 0
    before = fingerprint(out)
    refused(run("map", "naturfare", "-w", str(good), "-o", str(out)), "hazard")
    assert fingerprint(out) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("analyse", "transit-acces"), 1, "did you mean 'transit-access'"),
        (("analyse", "transit-access", "--max-m", "tusen"), 1, "max_m"),
        (("analyse", "transit-access", "--max-meter", "5"), 1, "did you mean 'max_m'"),
        (("analyse", "transit-access", "--max-m"), 1, "needs a value"),
        (("analyse", "transit-access", "-o", "svar.doc"), 1, ".json"),
        (("analyse", "transit-access", "--exact"), 1, "-o"),
        (("map", "kollektv"), 1, "did you mean 'kollektiv'"),
        (("map",), 1, "--all"),
        (("map", "--all", "kollektiv"), 1, "--all"),
        (("run", "--areas", "9998"), 1, "9998"),
        (("run",), 2, "--areas"),
        (("kart",), 2, "kart"),
        (("build", "-x"), 2, "-x"),
    ],
)
def test_wrong_words_say_what_is_allowed(
    good: Path, run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    """By the contract: 1 for parameters, 2 for usage, and the message names the way out."""
    ran = run(*words, *(("-w", str(good)) if code == 1 else ()))
    assert ran.code == code, ran.err
    assert said in ran.err.replace("\n", " ")
    assert "Traceback" not in ran.err


def test_no_workspace_and_no_store_are_said(tmp_path: Path, run: Run) -> None:
    """By hand: an empty folder, then a workspace that was never built."""
    refused(run("build", "-w", str(tmp_path)), "no workspace.toml", "arealplan init")
    assert run("init", str(tmp_path / "ny"), "--area", "3201").code == 0
    refused(run("build", "-w", str(tmp_path / "ny")), "no [layers")
    refused(run("analyse", "transit-access", "-w", str(tmp_path / "ny")), "arealplan build")
    refused(run("init", str(tmp_path / "ny"), "--area", "3201"), "already there")
    refused(run("init", str(tmp_path / "b"), "--area", "Bærm"), "did you mean 'Bærum'")


def test_json_is_alone_on_standard_output(good: Path, run: Run) -> None:
    """By the contract: standard output is one JSON value, also while files are written."""
    ran = run("analyse", "transit-access", "-w", str(good), "--json", "-o", str(good / "svar.xlsx"))
    assert json.loads(ran.out)["analysis"] == "transit-access"
    assert "svar.xlsx" in ran.err
