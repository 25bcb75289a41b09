"""Rows of stop_times.txt by bytes: equal to the slow way, for any spelling and order."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.kernels.ids import PADDING, id_table, look_up
from gis.sources import gtfs_files, gtfs_rows
from gis.sources.gtfs import read_feed
from tests.feeds import TIMES_HEAD, times, town, trips, write_feed

if TYPE_CHECKING:
    from pathlib import Path

THURSDAY = dt.date(2026, 11, 19)
TRIPS = ("t", "tt", "NSR:1:æ", "t,2", "x")
PLAN = trips(["bus,WD,t,0", "bus,WD,tt,1", "bus,WD,NSR:1:æ,", 'bus,WD,"t,2",0', "bus,SU,x,0"])
CLOCKS = ("07:00:00", "7:05:00", " 7:10:00", "07:59:59", "24:10:00", "31:00:00", "")
STOPS = ("P1", "P2", "Q", "R", "gone", "", "P1 ")


def spelled(value: str, *, quoted: bool) -> str:
    return f'"{value}"' if quoted or "," in value else value


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Calls of five trips in any order, spelled as publishers do."""
    columns = draw(st.permutations([*TIMES_HEAD.split(","), "pickup_type", "stop_headsign"]))
    always = draw(st.booleans())
    lines = [",".join(columns)]
    for _ in range(draw(st.integers(1, 30))):
        clock = draw(st.sampled_from(CLOCKS))
        values = {
            "trip_id": draw(st.sampled_from(TRIPS)),
            "departure_time": clock,
            "arrival_time": draw(st.sampled_from(("", clock))),
            "stop_id": draw(st.sampled_from(STOPS)),
            "stop_sequence": str(draw(st.integers(0, 40))),
            "pickup_type": draw(st.sampled_from(("", "0", "1", "3"))),
            "stop_headsign": draw(st.sampled_from(("", "Sør", "a,b", "to\nlinjer"))),
        }
        fields = [
            spelled(values[c], quoted=always or "\n" in values[c] or draw(st.integers(0, 9)) == 0)
            for c in columns
        ]
        lines.append(",".join(fields))
    return draw(st.sampled_from(("\n", "\r\n"))).join(lines) + draw(st.sampled_from(("", "\n")))


def answer(path: Path, window: tuple[int, int]) -> tuple[list[tuple[object, ...]], object]:
    day = read_feed(path, date=THURSDAY, window=window)
    calls = day.calls.sort("trip", "time_s", "quay", "departure")
    return calls.rows(), {(e.reason, e.count, e.text.en) for e in day.left_out}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows(), st.integers(1, 300), st.sampled_from([(0, 86_400), (25_000, 30_000), (0, 3_600)]))
def test_rows_by_bytes_equal_rows_by_table(
    tmp_path: Path, text: str, block: int, window: tuple[int, int]
) -> None:
    """Slow twin: every block read as a table; calls, last calls and what is left out agree."""
    path = write_feed(tmp_path / "feed.zip", town(trips=PLAN, stop_times=text))
    with pytest.MonkeyPatch.context() as patch:
        fast = answer(path, window)
        patch.setattr(gtfs_files, "_CHUNK_BYTES", block)
        assert answer(path, window) == fast
        patch.setattr(gtfs_rows, "scan_block", lambda *_, **__: None)
        assert answer(path, window) == fast


def test_plain_rows_are_read_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: quotes, returns and a moved column need no table; an escaped quote does."""
    asked: list[int] = []
    slow = gtfs_rows.RowReader._by_table

    def counted(reader: gtfs_rows.RowReader, block: gtfs_files.Block) -> pl.DataFrame:
        asked.append(len(block.text))
        return slow(reader, block)

    monkeypatch.setattr(gtfs_rows.RowReader, "_by_table", counted)
    plain = times(["t,7:00:00,7:00:00,P1,1", "t,,07:10:00,Q,2"]).replace("\n", "\r\n")
    head = '"trip_id","stop_id","arrival_time","departure_time","stop_sequence"'
    quoted = times(['"t","P1","07:00:00","07:00:00","1"', '"t","Q","","07:10:00","2"'], head)
    odd = times(['"t",7:00:00,7:00:00,P1,1', '"t"" ",,07:10:00,Q,2', "t,,07:10:00,Q,2"])
    found = []
    for text, tables in ((plain, 0), (quoted, 0), (odd, 1)):
        asked.clear()
        path = write_feed(tmp_path / "feed.zip", town(stop_times=text))
        found.append(answer(path, (0, 86_400)))
        assert len(asked) == tables
    assert found[0] == found[1] == found[2]


ROWS = (
    "t,7:00:00,7:00:00,P1,1,{}",
    "t,,07:10:00,Q,2,{}",
    "tt,,07:20:00,Q,1,",
    "tt,,8:00:00,P1,2,",
)
ODD = {
    "a quote written twice": '"til ""Sør"""',
    "text behind a quote": '"Sør"lig',
    "one column too many": "a,b",
    "an empty line": "\n",
}


@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
def test_odd_rows_are_read_as_a_table_would(tmp_path: Path, given: str) -> None:
    """Slow twin: what is spelled oddly, in a column that nobody reads, costs no row."""
    text = times([row.format(given) for row in ROWS], f"{TIMES_HEAD},stop_headsign")
    path = write_feed(tmp_path / "feed.zip", town(trips=PLAN, stop_times=text))
    by_bytes = answer(path, (0, 86_400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gtfs_rows, "scan_block", lambda *_, **__: None)
        assert answer(path, (0, 86_400)) == by_bytes


def test_a_quote_inside_a_field_is_text(tmp_path: Path) -> None:
    """By hand: inches in a column that nobody reads change nothing, and no row is swallowed."""
    found = []
    for sign in ("rør", 'Sør 5" rør', '"Sør, rør"'):
        text = times([row.format(sign) for row in ROWS], f"{TIMES_HEAD},stop_headsign")
        path = write_feed(tmp_path / "feed.zip", town(trips=PLAN, stop_times=text))
        found.append(answer(path, (0, 86_400)))
    assert found[0] == found[1] == found[2]
    assert [time for _, _, time, *_ in found[0][0]] == [25_200, 25_800, 26_400, 28_800]


def test_a_short_row_costs_no_other(tmp_path: Path) -> None:
    """By hand: a row that ends before the last column, which nobody reads, is a call."""
    text = times([ROWS[0].removesuffix(",{}"), *ROWS[1:]], f"{TIMES_HEAD},stop_headsign")
    path = write_feed(tmp_path / "feed.zip", town(trips=PLAN, stop_times=text))
    calls, _ = answer(path, (0, 86_400))
    assert [time for _, _, time, *_ in calls] == [25_200, 25_800, 26_400, 28_800]


def test_ids_are_found_by_their_bytes() -> None:
    """By counting: every id is found at its row, and nothing else is."""
    names = [f"NSR:Quay:{i}" for i in range(2000)] + [f"{i}" for i in range(0, 2000, 2)]
    names += ["", "æøå", "00", "12345678", "123456789", "1234567890123456"]
    table = id_table(pl.Series(names))
    text = "|".join([*names, "NSR:Quay:2000", "000", "12345679"]).encode()
    block = np.frombuffer(text + PADDING, dtype=np.uint8)
    ends = [*np.flatnonzero(block == ord("|")).tolist(), len(text)]
    starts = [0, *(e + 1 for e in ends[:-1])]
    found = [
        look_up(table.data, table.start, table.slot, block, a, b - a)
        for a, b in zip(starts, ends, strict=True)
    ]
    assert found == [*range(len(names)), -1, -1, -1]
