"""Parquet that stores long texts once: read in small batches, or refused, never written out."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gis.errors import SourceError
from gis.sources import geoparquet
from gis.sources.batches import batches, check_weight, group_bytes
from gis.sources.limits import LIMITS, check_parquet
from gis.sources.tables import read_columns, stream_columns

MIB = 1 << 20


def hostile(path: Path, *, rows: int, long: int) -> Path:
    """One long text in every row, by dictionary: a file of a few kilobytes."""
    text = pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), ["x" * long])
    table = pa.table({"id": np.arange(rows), "text": text})
    pq.write_table(table, path, compression="zstd", store_schema=False, use_dictionary=["text"])
    return path


def test_batches_weigh_what_they_may(tmp_path: Path) -> None:
    """Conservation: 600 rows of 1 MiB come in batches of 64 rows at most, none lost."""
    path = hostile(tmp_path / "x.parquet", rows=600, long=MIB)
    assert path.stat().st_size < MIB
    seen = []
    for batch in batches(path, ["id", "text"]):
        assert batch.num_rows <= 64
        assert pa.types.is_string(batch.schema.field("text").type)
        seen.append(batch.column(0).to_numpy())
    assert np.concatenate(seen).tolist() == list(range(600))


def test_more_than_a_disk_is_refused(tmp_path: Path) -> None:
    """Closed form: of 3,000 rows of 1 MiB at most 100 MiB are allowed."""
    path = hostile(tmp_path / "x.parquet", rows=3000, long=MIB)
    small = replace(LIMITS, parquet_bytes=100 * MIB)
    with pytest.raises(SourceError, match=r"\A[^\n]*more than 100 MiB when [^\n]*allowed[^\n]*\Z"):
        list(batches(path, ["text"], limits=small))


def test_read_at_once_less_is_allowed(tmp_path: Path) -> None:
    """Closed form: 4,000 rows of 1 MiB are 4 GiB; a caller that keeps all gets none."""
    path = hostile(tmp_path / "x.parquet", rows=4000, long=MIB)
    small = replace(LIMITS, parquet_whole=200 * MIB)
    with pytest.raises(SourceError, match="more than 200 MiB"):
        list(batches(path, ["text"], limits=small, whole=True))


def nested(path: Path, *, rows: int, long: int) -> Path:
    """One long text in every row of a structure, a list, a list of structures and a map."""
    text = pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), ["x" * long])
    number = pa.array(np.arange(rows))
    ends = pa.array(np.arange(rows + 1), pa.int32())
    inside = pa.StructArray.from_arrays([text, number], ["text", "number"])
    columns = {
        "struct": inside,
        "list": pa.ListArray.from_arrays(ends, text),
        "structs": pa.ListArray.from_arrays(ends, inside),
        "map": pa.MapArray.from_arrays(ends, pa.array(["k"] * rows), text),
        "a.b": text,
    }
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


@pytest.mark.parametrize("column", ["struct", "list", "structs", "map", "a.b"])
def test_texts_inside_lists_and_structures_are_bounded(tmp_path: Path, column: str) -> None:
    """Conservation: 600 rows of 1 MiB come at most 64 at a time; more than allowed is refused."""
    path = nested(tmp_path / "x.parquet", rows=600, long=MIB)
    assert path.stat().st_size < MIB
    sizes = [b.num_rows for b in batches(path, [column])]
    assert sum(sizes) == 600
    assert max(sizes) <= 64
    small = replace(LIMITS, parquet_bytes=100 * MIB)
    with pytest.raises(SourceError, match="more than 100 MiB when its values are written out"):
        list(batches(path, [column], limits=small))


def test_nested_values_are_those_of_a_plain_reading(tmp_path: Path) -> None:
    """Twin: pyarrow's own reading, with nulls and empty lists at every level."""
    rows: list[object] = [
        {"l": ["a", None, "b"], "s": {"t": "x", "n": 1, "u": ["q"]}, "f": ["1", "2"]},
        {"l": [], "s": None, "f": None},
        {"l": None, "s": {"t": None, "n": None, "u": None}, "f": ["3", None]},
    ]
    inner = pa.struct([("t", pa.string()), ("n", pa.int64()), ("u", pa.list_(pa.string()))])
    kinds = [("l", pa.list_(pa.string())), ("s", inner), ("f", pa.list_(pa.string(), 2))]
    table = pa.Table.from_pylist(rows * 300, schema=pa.schema(kinds))
    path = tmp_path / "x.parquet"
    pq.write_table(table, path)
    small = replace(LIMITS, parquet_batch=500)
    got = [row for b in batches(path, ["l", "s", "f"], limits=small) for row in b.to_pylist()]
    assert got == pq.read_table(path).to_pylist()


def test_geometries_of_another_encoding_are_weighed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: GeoArrow is read by geopandas at once; 100 rows of 100 kB are 10 MB, 2 allowed."""
    frame = gpd.GeoDataFrame(
        {"text": ["x" * 100_000] * 100},
        geometry=gpd.points_from_xy(np.arange(100.0), np.zeros(100)),
        crs=25833,
    )
    path = tmp_path / "x.parquet"
    frame.to_parquet(path, geometry_encoding="geoarrow")
    assert len(geoparquet.read_rows(path, ["text"])) == 100
    small = replace(LIMITS, parquet_whole=2 * MIB)
    monkeypatch.setattr(geoparquet, "check_weight", partial(check_weight, limits=small))
    with pytest.raises(SourceError, match="more than 2 MiB when its values"):
        geoparquet.read_rows(path, ["text"])


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Independent measure: the kernel holds the process to 2 GiB.

    Written out at once, 4,000 rows of 1 MiB are 4 GiB.
    """
    path = hostile(tmp_path / "x.parquet", rows=4000, long=MIB)
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from gis.sources.tables import stream_columns\n"
        "print(sum(len(b) for b in stream_columns(Path(sys.argv[1]), ['text'])))"
    )
    most = 2 << 30

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip() == "4000"


def test_wide_values_of_fixed_width(tmp_path: Path) -> None:
    """Closed form: 400 values of 100 kB stored once weigh 40 MB, and come a few at a time."""
    path = tmp_path / "x.parquet"
    one = pa.array([b"x" * 100_000], pa.binary(100_000))
    few = pa.DictionaryArray.from_arrays(np.zeros(400, dtype=np.int32), one)
    pq.write_table(pa.table({"a": few}), path, compression="zstd", store_schema=False)
    with pq.ParquetFile(path) as file:
        assert group_bytes(file.metadata) == [(400, 40_000_000)]
    small = replace(LIMITS, parquet_batch=1_000_000)
    assert [b.num_rows for b in batches(path, ["a"], limits=small)] == [10] * 40


def test_limit_of_a_group(tmp_path: Path) -> None:
    """By hand."""
    path = tmp_path / "x.parquet"
    path.write_bytes(b"x" * 10_000_000)
    with pytest.raises(SourceError, match="3072 MiB in one group of rows"):
        check_parquet(path, unpacked=1, rows=1, group=3 << 30)


def test_values_and_types_are_those_of_a_plain_reading(tmp_path: Path) -> None:
    """Twin: pandas' own reading, with nulls, nullable whole numbers, categories, bytes, dates."""
    path = tmp_path / "x.parquet"
    n = 70_000
    frame = pd.DataFrame(
        {
            "text": pd.array([None if i % 7 == 0 else f"t{i % 90}" for i in range(n)], "str"),
            "whole": pd.array([None if i % 5 == 0 else i for i in range(n)], "Int64"),
            "half": np.arange(n) / 2,
            "kind": pd.Categorical([f"k{i % 3}" for i in range(n)]),
            "bytes": [b"ab" if i % 2 else None for i in range(n)],
            "day": pd.to_datetime(["2026-01-01"] * n),
        }
    )
    frame.to_parquet(path, row_group_size=20_000)
    names = list(frame.columns)
    twin = pd.read_parquet(path)
    got = pd.concat(list(stream_columns(path, names)), ignore_index=True)
    got["kind"], twin["kind"] = got["kind"].astype("str"), twin["kind"].astype("str")
    pd.testing.assert_frame_equal(got, twin)
    whole = read_columns(path, names)
    whole["kind"] = whole["kind"].astype("str")
    pd.testing.assert_frame_equal(whole, twin)


def test_an_empty_table(tmp_path: Path) -> None:
    """By hand: no rows, all columns."""
    path = tmp_path / "x.parquet"
    pd.DataFrame({"a": pd.array([], "str"), "b": np.array([], dtype=float)}).to_parquet(path)
    found = read_columns(path, ["a", "b"])
    assert (len(found), list(found.columns)) == (0, ["a", "b"])
