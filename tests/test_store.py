"""The store: replaced whole or not at all, readable, refused clearly when it cannot be."""

from __future__ import annotations

import errno
import fcntl
import json
import threading
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from geopandas.testing import assert_geodataframe_equal
from rasterio.transform import from_origin

from gis.errors import (
    CatalogueError,
    FieldError,
    GisError,
    LayerMissingError,
    ParameterError,
    SourceMissingError,
    StoreError,
)
from gis.store import Store, build, open_store
from gis.store.folder import new_build
from gis.workspace import Workspace, open_workspace

WEST, SOUTH = 250_000, 6_640_000


def square(x: float, y: float, side: float = 1000) -> Any:
    return shapely.box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Make three municipalities of 1 km side by side, sea, cells, terrain and a timetable."""
    numbers = ["9801", "9802", "0101"]
    gpd.GeoDataFrame(
        {"kommunenummer": numbers, "kommunenavn": ["Fjordvik", "Nabo", "Fjern"]},
        geometry=[square(0, 0), square(1000, 0), square(50_000, 0)],
        crs=25833,
    ).to_file(tmp_path / "k.gpkg", layer="kommune")
    gpd.GeoDataFrame(
        {"objtype": ["Havflate"] * 3},
        geometry=[square(-500, 0), square(3000, 0), square(3001, 0)],
        crs=25833,
    ).to_file(tmp_path / "n.gpkg", layer="n50_arealdekke_omrade")
    (tmp_path / "p.csv").write_text("SSBID0250M;pop_tot\n22500006640000;5\n23000006640000;9\n")
    with rasterio.open(
        tmp_path / "t.tif",
        "w",
        driver="GTiff",
        width=400,
        height=400,
        count=1,
        dtype="float32",
        crs="EPSG:25833",
        transform=from_origin(WEST - 3000, SOUTH + 3500, 10, 10),
    ) as out:
        out.write(np.full((400, 400), 7, dtype=np.float32), 1)
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as z:
        z.writestr(
            "stops.txt", "stop_id,stop_name,stop_lat,stop_lon\nA,Kai,59.50,10.55\nB,Null,0,0\n"
        )
        for name in ("routes", "trips", "stop_times", "calendar"):
            z.writestr(f"{name}.txt", "a\n")
    (tmp_path / "workspace.toml").write_text(
        'area = "9801"\nhalo_m = 2000\ninvented = true\n'
        + "".join(
            f'[layers.{name}]\npath = "{file}"\ndate = 2026-01-01\n'
            for name, file in (
                ("sea", "n.gpkg"),
                ("municipality", "k.gpkg"),
                ("population_grid", "p.csv"),
                ("terrain", "t.tif"),
                ("transit_stops", "g.zip"),
            )
        )
    )
    return open_workspace(tmp_path)


def refused(error: type[GisError], *words: str) -> Any:
    return pytest.raises(error, match=r"(?s)" + ".*".join(words))


def files(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_build_and_read(workspace: Workspace) -> None:
    """By hand: what lies within 2,000 m of the municipality is kept, whole."""
    told: list[str] = []
    store = build(workspace, progress=told.append)
    assert told == ["municipality", "population_grid", "sea", "terrain", "transit_stops"]
    assert set(store.layers) == set(told)
    assert store.area["name"].tolist() == ["Fjordvik"]
    assert store.frame("municipality")["number"].tolist() == ["9801", "9802"]
    sea = store.frame("sea")
    # The second square touches the box, the third lies a metre outside.
    assert shapely.equals(sea.geometry.to_numpy(), [square(-500, 0), square(3000, 0)]).all()
    assert sea.crs.to_epsg() == 25833
    assert store.frame("population_grid")["residents"].tolist() == [5]
    assert store.frame("transit_stops")["stop_id"].tolist() == []
    assert zipfile.is_zipfile(store.file("transit_stops"))
    with rasterio.open(store.file("terrain")) as terrain:
        assert terrain.bounds == (WEST - 2000, SOUTH - 500, WEST + 1000, SOUTH + 3000)
    source = store.source("sea")
    assert source.invented
    assert (source.rows, source.file) == (2, "n.gpkg")
    assert store.manifest.layers["sea"].bounds == (WEST - 500, SOUTH, WEST + 4000, SOUTH + 1000)
    assert open_store(workspace).manifest == store.manifest


def test_all_norway_is_not_cut(workspace: Workspace) -> None:
    """By hand."""
    toml = workspace.root / "workspace.toml"
    toml.write_text(toml.read_text().replace('"9801"', '"0000"'))
    store = build(open_workspace(workspace.root))
    assert len(store.frame("sea")) == 3
    assert len(store.area) == 3
    assert store.frame("population_grid")["residents"].tolist() == [5, 9]


def test_zone_32(workspace: Workspace) -> None:
    """By hand: everything is in the workspace's CRS."""
    toml = workspace.root / "workspace.toml"
    toml.write_text("epsg = 25832\n" + toml.read_text())
    store = build(open_workspace(workspace.root))
    assert {store.frame(n).crs.to_epsg() for n in store.layers} == {25832}
    with rasterio.open(store.file("terrain")) as terrain:
        assert terrain.crs.to_epsg() == 25832
        known = terrain.read(1, masked=True).compressed()
        assert known == pytest.approx(7)


def test_unknown_area_names_the_nearest(workspace: Workspace) -> None:
    """By hand."""
    toml = workspace.root / "workspace.toml"
    toml.write_text(toml.read_text().replace('"9801"', '"9803"'))
    with refused(ParameterError, "'9803'", "3 municipalities", "980. "):
        build(open_workspace(workspace.root))
    assert not (workspace.store_root / "current").exists()


def test_no_store_yet(workspace: Workspace) -> None:
    """By hand."""
    with refused(StoreError, "no store yet", "arealplan build -w"):
        open_store(workspace)


def test_second_build_replaces_the_first(workspace: Workspace) -> None:
    """By hand: one build folder, no part folder; an open store of the first says it is gone."""
    first = build(workspace)
    second = build(workspace)
    folders = [p for p in workspace.store_root.iterdir() if p.is_dir()]
    assert folders == [second.folder]
    with refused(StoreError, "gone"):
        first.frame("sea")
    assert len(second.frame("sea")) == 2


@pytest.mark.parametrize("when", ["before", "during"])
def test_failed_build_leaves_the_old_store(workspace: Workspace, when: str) -> None:
    """By hand: every file of the old store is byte for byte the same, and nothing is added."""
    store = build(workspace)
    before = {n: (workspace.store_root / n).read_bytes() for n in files(workspace.store_root)}
    if when == "before":
        (workspace.root / "n.gpkg").unlink()
        error: type[GisError] = SourceMissingError
    else:
        (workspace.root / "p.csv").write_text("SSBID0250M;pop_tot\n2.2e13;5\n")
        error = FieldError
    with pytest.raises(error):
        build(workspace)
    after = {n: (workspace.store_root / n).read_bytes() for n in files(workspace.store_root)}
    assert after == before
    assert [p for p in workspace.store_root.iterdir() if p.is_dir()] == [store.folder]
    assert len(open_store(workspace).frame("sea")) == 2


def test_interrupted_build_leaves_nothing(workspace: Workspace) -> None:
    """By hand: Ctrl-C in the middle of a layer."""

    def stop(layer: str) -> None:
        if layer == "terrain":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(workspace, progress=stop)
    assert files(workspace.store_root) == {".lock"}


def test_leavings_of_a_dead_build_are_cleared(workspace: Workspace) -> None:
    """By hand: a part folder that a killed process left."""
    leaving = workspace.store_root / "20260101T000000Z-00000000.part"
    leaving.mkdir(parents=True)
    (leaving / "sea.parquet").write_bytes(b"half")
    build(workspace)
    assert not leaving.exists()


def test_only_one_build_at_a_time(workspace: Workspace) -> None:
    """By hand: while another holds the lock the build is refused, afterwards it runs."""
    workspace.store_root.mkdir()
    with (workspace.store_root / ".lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with refused(StoreError, "another build is at work"):
            build(workspace)
    assert build(workspace).has("sea")


def test_readers_never_see_half_a_store(workspace: Workspace) -> None:
    """Conservation: a reader that opens all through three builds always finds a whole store."""
    build(workspace)
    stop = threading.Event()
    seen: list[int] = []
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            try:
                store = open_store(workspace)
            except StoreError as error:
                # Between reading 'current' and opening, the build may have been replaced.
                wrong.append(str(error))
                continue
            seen.append(len(store.layers))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(3):
        build(workspace)
    stop.set()
    reader.join()
    assert seen
    assert set(seen) == {5}
    assert all("run 'arealplan build' again" in w for w in wrong)


def test_part_folder_is_not_a_store(tmp_path: Path) -> None:
    """By hand: a build that fails between its files and its switch is not named by current."""

    def fail() -> None:
        with new_build(tmp_path) as part:
            (part / "x").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """By hand: the writing fails as the operating system says it."""

    def fill() -> None:
        with new_build(tmp_path) as part:
            (part / "x").write_text("x")
            raise OSError(errno.ENOSPC, "No space left on device")

    with refused(StoreError, "cannot be written", "No space left", "the old one stands"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_store_out_of_step(workspace: Workspace) -> None:
    """By hand: each way in which a store can be damaged has its own line."""
    store = build(workspace)
    current = workspace.store_root / "current"
    manifest = store.folder / "manifest.json"
    raw = json.loads(manifest.read_text())
    name = current.read_text()
    current.write_text("20260101T000000Z-00000000\n")
    with refused(StoreError, "names no build"):
        open_store(workspace)
    current.write_text("../..\n")
    with refused(StoreError, "names no build"):
        open_store(workspace)
    current.write_text(name)
    manifest.write_text(json.dumps({**raw, "schema": 99}))
    with refused(StoreError, "store of schema 99, this program reads schema 1"):
        open_store(workspace)
    manifest.write_text(json.dumps({**raw, "layers": {"sea": {}}}))
    with refused(StoreError, "lacks or misstates 'kind'"):
        open_store(workspace)
    manifest.write_text(json.dumps(raw)[:100])
    with refused(StoreError, "the manifest is broken"):
        open_store(workspace)
    manifest.unlink()
    with refused(StoreError, "has no manifest"):
        open_store(workspace)


def test_layers_that_are_not_there(workspace: Workspace) -> None:
    """By hand."""
    store: Store = build(workspace)
    assert not store.has("quick_clay")
    with refused(LayerMissingError, "no layer 'see'", "did you mean 'sea'"):
        store.frame("see")
    with refused(StoreError, "'sea' has no file", "terrain, transit_stops"):
        store.file("sea")
    (store.folder / "sea.parquet").unlink()
    with refused(StoreError, "gone"):
        store.frame("sea")


def test_workspace_without_municipality(workspace: Workspace) -> None:
    """By hand."""
    toml = workspace.root / "workspace.toml"
    toml.write_text('area = "9801"\n[layers.sea]\npath = "n.gpkg"\n')
    with refused(CatalogueError, "municipality"):
        build(open_workspace(workspace.root))


def test_frames_are_new_each_time(workspace: Workspace) -> None:
    """By hand: changing one frame does not change the next."""
    store = build(workspace)
    store.frame("sea")["objtype"] = "x"
    assert list(store.frame("sea").columns) == ["geometry"]


@pytest.mark.parametrize("epsg", [25833, 25832])
def test_frames_are_as_geopandas_reads_them(workspace: Workspace, epsg: int) -> None:
    """Another reader: the file read by geopandas, CRS from its own metadata, is the same frame."""
    text = (workspace.root / "workspace.toml").read_text(encoding="utf-8")
    if epsg != 25833:
        (workspace.root / "workspace.toml").write_text(f"epsg = {epsg}\n{text}", encoding="utf-8")
    store = build(open_workspace(workspace.root))
    for layer in store.layers:
        path = store.folder / str(store.manifest.layers[layer].frame)
        if path.is_file() and path.suffix == ".parquet":
            theirs = gpd.read_parquet(path)
            assert_geodataframe_equal(store.frame(layer), theirs)
            assert store.frame(layer).crs == theirs.crs == f"EPSG:{epsg}"
            assert list(store.frame(layer).columns) == list(theirs.columns)
