"""Tables read block by block: the same layer, the same file, the same refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from gis.catalogue import LocalLayer
from gis.errors import FieldError, InvariantError, SourceError
from gis.sources import open_layer, read_layer, tables
from gis.store.frames import FrameWriter

ADDRESSES = "adresseId;adresseTekst;grunnkretsnummer;tettstednummer;EPSG-kode;Nord;Øst\n"


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_BLOCK", 2048)
    monkeypatch.setattr(tables, "_BLOCK_ROWS", 20)


def addresses(path: Path, rows: int, *, change: dict[int, str] | None = None) -> Path:
    lines = [
        f"{10**9 + i};Vei {i};3201{i % 50:04};{801 if i % 3 else ''};25833;"
        f"{6640000 + i}.25;{250000 + i % 1000}"
        for i in range(rows)
    ]
    for i, line in (change or {}).items():
        lines[i] = line
    path.write_text("\ufeff" + ADDRESSES + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def test_blocks_are_the_whole(tmp_path: Path) -> None:
    """Identity: the blocks joined are the layer, and none is larger than it may be."""
    path = addresses(tmp_path / "a.csv", 333)
    layer = open_layer("addresses", path)
    blocks = list(layer)
    assert len(blocks) > 10
    assert max(map(len, blocks)) <= 20
    whole = read_layer("addresses", path)
    assert_geodataframe_equal(pd.concat(blocks, ignore_index=True), whole.frame)
    assert layer.source == whole.source
    assert whole.frame["address_id"].tolist() == [10**9 + i for i in range(333)]
    assert whole.frame.geometry.y.tolist() == [6640000.25 + i for i in range(333)]


def test_what_was_done_is_summed_over_blocks(tmp_path: Path) -> None:
    """By hand: three rows without coordinates in three blocks are one note of three."""
    gone = {i: f"{10**9 + i};Vei;32010001;;25833;;" for i in (3, 150, 300)}
    path = addresses(tmp_path / "a.csv", 333, change=gone)
    source = read_layer("addresses", path).source
    assert source.notes == ("3 rows without coordinates left out",)
    assert source.rows == 330


def test_the_source_stands_when_all_is_read(tmp_path: Path) -> None:
    """By hand: rows are not counted before they are read."""
    layer = open_layer("addresses", addresses(tmp_path / "a.csv", 100))
    next(iter(layer))
    with pytest.raises(InvariantError, match="before all of it was read"):
        _ = layer.source


def test_outside_every_block_is_told_once(tmp_path: Path) -> None:
    """By hand: a box without rows gives an empty layer and one note."""
    path = addresses(tmp_path / "a.csv", 100)
    bounds = (100_000.0, 6_500_000.0, 100_100.0, 6_500_100.0)
    data = read_layer("addresses", path, bounds=bounds, local=LocalLayer(covers=("9801",)))
    assert len(data.frame) == 0
    assert data.source.notes == ("no rows in the study area",)
    assert list(data.frame.columns) == ["address_id", "text", "unit", "urban_area", "geometry"]


def _cells(path: Path, eastings: list[int]) -> Path:
    lines = [f"{(2_000_000 + e) * 10**7 + 6_640_000};5" for e in eastings]
    path.write_text("SSBID0250M;pop_tot\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("eastings", "word"),
    [
        ([*range(250_000, 275_000, 250), 250_000], "1 cells more than once"),
        (list(range(200_000, 300_000, 1000)), "all 100 cells lie on the grid of 1000 m"),
        ([*range(250_000, 275_000, 250), 250_100], "multiples of 250 m"),
    ],
)
def test_cells_are_judged_together(tmp_path: Path, eastings: list[int], word: str) -> None:
    """By hand: a cell twice in the first and the last block, a coarser grid, one off the grid."""
    with pytest.raises(FieldError, match=word):
        read_layer("population_grid", _cells(tmp_path / "g.csv", eastings))


def test_a_table_without_rows(tmp_path: Path) -> None:
    """By hand: a header alone is neither a layer of cells nor one of addresses."""
    path = tmp_path / "g.csv"
    path.write_text("SSBID0250M;pop_tot\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no rows"):
        read_layer("population_grid", path)
    with pytest.raises(SourceError, match="no row has coordinates"):
        read_layer("addresses", addresses(tmp_path / "a.csv", 0))


def _frames() -> list[gpd.GeoDataFrame]:
    """Whole numbers that turn nullable in the second block; dates, text, a missing shape."""
    first = gpd.GeoDataFrame(
        {
            "n": np.array([1, 2], dtype=np.int64),
            "text": pd.Series(["å", None], dtype="str"),
            "day": pd.to_datetime(["2026-01-01", None]).astype("datetime64[s]"),
            "share": [0.5, np.nan],
        },
        geometry=[shapely.Point(250000, 6640000), shapely.Point(250001, 6640002)],
        crs=25833,
    )
    second = first.copy()
    second["n"] = pd.array([3, None], dtype="Int64")
    second["text"] = pd.Series([None, None], dtype="str")
    second.geometry = [shapely.Point(1, 6640000), shapely.MultiPoint([(5, 5), (6, 6)])]
    return [first, second]


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_in_blocks_is_that_of_geopandas(tmp_path: Path, count: int) -> None:
    """Another engine: geopandas writes the joined frame; read back, the two are equal."""
    frames = _frames()[:count]
    with FrameWriter(tmp_path / "a.parquet") as out:
        for frame in frames:
            out.write(frame)
    whole = pd.concat(frames, ignore_index=True)
    whole.to_parquet(tmp_path / "b.parquet", index=False)
    ours, theirs = (gpd.read_parquet(tmp_path / f"{x}.parquet") for x in "ab")
    assert_geodataframe_equal(ours, theirs)
    assert out.rows == len(whole)
    assert out.bounds == tuple(whole.total_bounds)
    assert _geo(tmp_path / "a.parquet") == _geo(tmp_path / "b.parquet")


def _geo(path: Path) -> Any:
    """GeoParquet's metadata of the column, without the CRS, which reading has compared."""
    geo = json.loads(pyarrow.parquet.read_metadata(path).metadata[b"geo"])
    return geo["version"], {k: v for k, v in geo["columns"]["geometry"].items() if k != "crs"}


def test_no_rows_at_all_in_a_file(tmp_path: Path) -> None:
    """Another engine: an empty frame keeps its columns, types and CRS."""
    empty = _frames()[0].iloc[:0]
    with FrameWriter(tmp_path / "a.parquet") as out:
        out.write(empty)
    read = gpd.read_parquet(tmp_path / "a.parquet")
    assert (len(read), out.bounds, read.crs.to_epsg()) == (0, None, 25833)
    assert read.dtypes["text"] == empty.dtypes["text"]
    assert list(read.columns) == list(empty.columns)


def test_a_file_that_failed_is_not_made_whole(tmp_path: Path) -> None:
    """By hand: when reading stops in the middle, the file lacks what says it is GeoParquet."""
    path = tmp_path / "a.parquet"
    with pytest.raises(FieldError):
        _stopped(path)
    assert b"geo" not in (pyarrow.parquet.read_metadata(path).metadata or {})


def _stopped(path: Path) -> None:
    with FrameWriter(path) as out:
        out.write(_frames()[0])
        raise FieldError
