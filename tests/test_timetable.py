"""Counting departures: answers by hand, a slow twin in plain Python, and closed forms."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ParameterError
from gis.kernels.calls import clock_seconds, interpolate_times
from gis.kernels.timetable import (
    MODE_TYPE,
    MODES,
    DepartureTable,
    clusters,
    departure_table,
    meets,
    mode_class,
)

H = 3600
QUAYS = {
    "quay": pl.Int32, "stop_id": pl.String, "name": pl.String, "lon": pl.Float64,
    "lat": pl.Float64, "place_id": pl.String, "place_name": pl.String,
    "place_lon": pl.Float64, "place_lat": pl.Float64,
}  # fmt: skip
CALLS = {
    "quay": pl.Int32, "trip": pl.Int64, "time_s": pl.Int32, "departure": pl.Boolean,
    "direction": pl.Int8, "mode": MODE_TYPE,
}  # fmt: skip

# Two quays of one stop place 20 m apart, a third across the square (55 m on, other
# stop place unset), a fourth far away with its own stop place row.
SQUARE = pl.DataFrame(
    [
        (10, "a", "Torget A", 10.50, 59.9000, "T", "Torget", 10.5001, 59.9001),
        (11, "b", "Torget B", 10.50, 59.9002, "T", "Torget", 10.5001, 59.9001),
        (12, "c", "Kirken", 10.50, 59.9007, None, None, None, None),
        (13, "d", "Enden", 10.60, 59.9500, "E", None, None, None),
    ],
    schema=QUAYS,
    orient="row",
)


def calls(*rows: tuple[int, int, float, bool, int | None, str]) -> pl.DataFrame:
    """Rows of quay, trip, minutes after 07:00, departure, direction, mode."""
    timed = [(q, t, 7 * H + round(m * 60), d, w, mode) for q, t, m, d, w, mode in rows]
    return pl.DataFrame(timed, schema=CALLS, orient="row")


def table(rows: pl.DataFrame, **options: object) -> DepartureTable:
    given_options = {"window": (7 * H, 9 * H)} | options
    return departure_table(rows, SQUARE, **given_options)  # type: ignore[arg-type]


def row(found: DepartureTable, group: str) -> dict[str, object]:
    return found.frame.filter(id=group).row(0, named=True)


def test_a_trip_counts_once_in_a_group_at_its_earliest_call() -> None:
    """By hand: one trip calls at a (07:10) and b (07:12), then at c (07:14)."""
    rows = calls(*[(q, 1, m, True, 0, "bus") for q, m in [(11, 12), (10, 10), (12, 14)]])
    assert row(table(rows), "T")["departures"] == 1
    assert row(table(rows), "T")["max_gap"] == 110.0
    assert row(table(rows), "T")["calls"] == 2
    assert row(table(rows), "c")["departures"] == 1
    per_quay = table(rows, level="quay").frame
    assert per_quay.select("id", "departures").rows() == [("a", 1), ("b", 1), ("c", 1), ("d", 0)]
    cluster = table(rows, level="cluster", cluster_m=60.0).frame
    assert cluster.select("id", "departures", "quays").rows() == [("a", 1, 3), ("d", 0, 1)]
    narrow = table(rows, level="cluster", cluster_m=30.0).frame
    assert narrow["id"].to_list() == ["a", "c", "d"]


def visits(rows: list[tuple[int, float]]) -> list[float]:
    """The rule, call by call: minutes of the departures of one trip that calls at these quays."""
    counted: list[float] = []
    here: set[int] = set()
    for minute, quay in sorted((m, q) for q, m in set(rows)):
        if not counted or quay in here or minute - counted[-1] >= 10:
            counted.append(minute)
            here = set()
        here.add(quay)
    return counted


def test_the_next_round_of_a_loop_is_another_departure() -> None:
    """By hand: one bus at a, across at b two minutes on, and again at a after 40 and 46 minutes.

    A row that is there twice is one call. The best direction of a trip without one is a's.
    """
    rows = [(10, 0), (11, 2), (10, 40), (10, 46), (10, 46), (11, 48)]
    assert visits(rows) == [0, 40, 46]
    loop = calls(*[(q, 1, m, True, 0, "bus") for q, m in rows])
    place = row(table(loop), "T")
    assert (place["departures"], place["max_gap"], place["calls"]) == (3, 74.0, 6)
    per_quay = table(loop, level="quay").frame
    assert dict(per_quay.select("id", "departures").rows()) == {"a": 3, "b": 2, "c": 0, "d": 0}
    lost = loop.with_columns(direction=pl.lit(None, dtype=pl.Int8))
    assert row(table(lost, direction="best"), "T")["departures"] == 3


def test_quays_of_one_visit_are_one_departure() -> None:
    """By hand: a, b, c of one cluster within ten minutes are one; at ten it is another."""
    for third, expected in ((9.9, 1), (10, 2)):
        rows = calls(*[(q, 1, m, True, 0, "bus") for q, m in [(10, 0), (11, 3), (12, third)]])
        found = table(rows, level="cluster", cluster_m=60.0).frame
        assert found["departures"].to_list() == [expected, 0]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([10, 11, 12, 13]), st.integers(0, 3), st.integers(0, 50)),
        max_size=25,
    )
)
def test_visits_against_the_slow_twin(given_rows: list[tuple[int, int, int]]) -> None:
    """Brute force twin, trip by trip; and a group counts no fewer than any quay of it."""
    rows = calls(*[(q, t, m, True, 0, "bus") for q, t, m in given_rows])
    found = {
        level: table(rows, level=level, cluster_m=60.0).frame
        for level in ("quay", "stop-place", "cluster")
    }
    members = {"T": {10, 11}, "c": {12}, "E": {13}, "a": {10, 11, 12}, "d": {13}}
    for level in ("stop-place", "cluster"):
        for group in found[level].iter_rows(named=True):
            inside = [r for r in given_rows if r[0] in members[group["id"]]]
            expected = sum(
                len(visits([(q, m) for q, t, m in inside if t == trip])) for trip in range(4)
            )
            assert group["departures"] == expected
            quays = {10: "a", 11: "b", 12: "c", 13: "d"}
            single = dict(found["quay"].select("id", "departures").rows())
            assert group["departures"] >= max(single[quays[q]] for q in members[group["id"]])


def test_earliest_is_taken_inside_the_window() -> None:
    """By hand: the call at a is before the window, the one at b inside it counts."""
    rows = calls((10, 1, -1, True, 0, "bus"), (11, 1, 1, True, 0, "bus"))
    assert row(table(rows), "T")["departures"] == 1
    assert row(table(rows), "T")["calls"] == 1


def test_three_statistics_of_one_timetable() -> None:
    """By hand: 07:00 07:20 07:40 and 08:10 08:20 08:30 08:40 08:50 in 07-09.

    Eight departures are 4 an hour; the lesser hour has 3; the longest wait is 07:40
    to 08:10, half an hour. A ninth call, at 08:10, lets nobody board.
    """
    minutes = [0, 20, 40, 70, 80, 90, 100, 110]
    rows = calls(*[(13, i, m, i != 3, None, "rail") for i, m in enumerate(minutes)])
    rows = pl.concat([rows, calls((13, 99, 70, True, None, "rail"))])
    found = table(rows)
    end = row(found, "E")
    assert (end["calls"], end["departures"], end["average"]) == (9, 8, 4.0)
    assert (end["every_hour"], end["max_gap"], end["per_hour"]) == (3, 30.0, [3, 5])
    assert found.hours == (7 * H, 8 * H)
    assert end["modes"] == ["rail"]
    frequent = {s: meets(found, statistic=s, min_per_hour=4).to_list() for s in
                ("average", "every-hour", "max-gap")}  # fmt: skip
    groups = found.frame["id"].to_list()
    assert groups == ["E", "T", "c"]
    assert frequent == {
        "average": [True, False, False],
        "every-hour": [False, False, False],
        "max-gap": [False, False, False],
    }
    assert meets(found, statistic="max-gap", min_per_hour=2).to_list() == [True, False, False]


def test_waits_at_the_edges_of_the_window_count() -> None:
    """By hand: departures every 10 min from 07:40 to 08:50: the first wait is 40 min."""
    rows = calls(*[(13, m, m, True, 0, "bus") for m in range(40, 120, 10)])
    assert row(table(rows), "E")["max_gap"] == 40.0
    early = calls(*[(13, m, m, True, 0, "bus") for m in range(0, 65, 5)])
    assert row(table(early), "E")["max_gap"] == 60.0


def test_nothing_departs() -> None:
    """By hand: arrivals only. No wait is given, and no reading is met."""
    found = table(calls((13, 1, 5, False, 0, "bus")))
    end = row(found, "E")
    assert (end["calls"], end["departures"], end["every_hour"], end["max_gap"]) == (1, 0, 0, None)
    assert (end["modes"], end["per_hour"]) == ([], [0, 0])
    for statistic in ("average", "every-hour", "max-gap"):
        assert not meets(found, statistic=statistic, min_per_hour=0.1).any()
    empty = departure_table(pl.DataFrame(schema=CALLS), pl.DataFrame(schema=QUAYS), window=(0, H))
    assert empty.frame.height == 0
    assert not meets(empty, statistic="average", min_per_hour=4).len()


def test_best_direction_by_direction_id_else_by_quay() -> None:
    """By hand: direction 0 has 3 (irregular), direction 1 has 2 (regular).

    Trips without direction go by quay: 4 at d's only quay.
    """
    rows = calls(
        *[(10, i, m, True, 0, "bus") for i, m in enumerate([5, 10, 115])],
        *[(11, 10 + i, m, True, 1, "bus") for i, m in enumerate([40, 80])],
        *[(13, 20 + i, m, True, None, "tram") for i, m in enumerate([0, 30, 60, 90])],
    )
    best = row(table(rows, direction="best"), "T")
    assert (best["departures"], best["average"], best["per_hour"]) == (3, 1.5, [2, 1])
    assert (best["every_hour"], best["max_gap"]) == (1, 40.0)
    assert row(table(rows), "T")["departures"] == 5
    assert row(table(rows, direction="best"), "E")["departures"] == 4
    blind = rows.with_columns(direction=pl.lit(None, dtype=pl.Int8))
    assert row(table(blind, direction="best"), "T")["departures"] == 3


def test_modes_limit_the_count() -> None:
    """By hand: two trains, one bus in place of a train."""
    rows = calls(
        (13, 1, 0, True, 0, "rail"), (13, 2, 9, True, 0, "rail"), (13, 3, 8, True, 0, "bus")
    )
    assert row(table(rows), "E")["modes"] == ["rail", "bus"]
    rail = row(table(rows, modes={"rail"}), "E")
    assert (rail["departures"], rail["modes"]) == (2, ["rail"])


def test_places() -> None:
    """By hand: a stop place's own point and name, else the mean and the name of its quays."""
    found = table(calls())
    assert [row(found, "T")[k] for k in ("name", "lon", "lat", "quays")] == [
        "Torget", 10.5001, 59.9001, 2,
    ]  # fmt: skip
    assert [row(found, "E")[k] for k in ("name", "lon", "lat")] == ["Enden", 10.6, 59.95]
    cluster = row(table(calls(), level="cluster"), "a")
    assert cluster["lat"] == pytest.approx(59.9003)
    metres = SQUARE.with_columns(x=pl.col("lon") * 10, y=pl.col("lat") * 10,
                                 place_x=pl.lit(1.0), place_y=pl.lit(2.0))  # fmt: skip
    moved = departure_table(calls(), metres, window=(7 * H, 9 * H)).frame
    assert moved.filter(id="T").select("x", "y").row(0) == (1.0, 2.0)


def test_every_hour_looks_at_whole_clock_hours() -> None:
    """By hand: 06:30-08:30 holds one whole hour (07); 07:10-07:50 holds none."""
    rows = calls(*[(13, m, m, True, 0, "bus") for m in (-20, 5, 30, 75)])
    found = table(rows, window=(6 * H + 1800, 8 * H + 1800))
    assert (row(found, "E")["every_hour"], row(found, "E")["per_hour"]) == (2, [1, 2, 1])
    none = table(rows, window=(7 * H + 600, 7 * H + 3000))
    assert row(none, "E")["every_hour"] is None
    with pytest.raises(
        ParameterError, match=r"window \d\d:\d\d-\d\d:\d\d holds no whole clock hour"
    ):
        meets(none, statistic="every-hour", min_per_hour=4)


def test_max_gap_and_average_bound_each_other() -> None:
    """Closed form: no wait over 15 min in 07-20 needs at least 13 x 4 - 1 = 51 departures."""
    window = (7 * H, 20 * H)
    rows = calls(*[(13, m, m, True, 0, "bus") for m in range(15, 780, 15)])
    found = table(rows, window=window)
    assert row(found, "E")["departures"] == 51
    assert meets(found, statistic="max-gap", min_per_hour=4)[0]
    assert not meets(found, statistic="average", min_per_hour=4)[0]


@pytest.mark.parametrize(
    ("types", "mode"),
    [
        ((2, 100, 101, 106, 117, 199), "rail"),
        ((1, 400, 401, 402), "metro"),
        ((0, 900, 906), "tram"),
        ((3, 11, 200, 204, 299, 700, 705, 712, 714, 799, 800), "bus"),
        ((4, 1000, 1021, 1099, 1200), "water"),
        ((5, 6, 7, 12, 403, 907, 1100, 1400, 1500, 1502, -1), "other"),
    ],
)
def test_mode_classes(types: tuple[int, ...], mode: str) -> None:
    """By hand, from the list of basic and extended route types; 714 is a bus."""
    frame = pl.DataFrame({"t": types}).select(mode_class(pl.col("t")))
    assert set(frame.to_series().to_list()) == {mode}
    assert pl.DataFrame({"t": [None]}, schema={"t": pl.Int32}).select(
        mode_class(pl.col("t"))
    ).to_series().to_list() == ["other"]


def test_clusters_measure_metres_and_chain() -> None:
    """Closed form: 0.001 degree of latitude at 60 N is 111.41 m of meridian (WGS 84)."""
    lat = np.array([60.0, 60.001, 60.002, 60.004])
    lon = np.full(4, 10.0)
    assert clusters(lon, lat, max_m=111.3).tolist() == [0, 1, 2, 3]
    assert clusters(lon, lat, max_m=111.5).tolist() == [0, 0, 0, 1]
    # 0.001 degree of longitude at 60 N is 55.80 m.
    east = np.array([10.0, 10.001])
    assert clusters(east, np.full(2, 60.0), max_m=55.7).tolist() == [0, 1]
    assert clusters(east, np.full(2, 60.0), max_m=55.9).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "stop"}, "level 'stop'; allowed: quay, stop-place, cluster"),
        ({"direction": "worst"}, "direction 'worst'; allowed: both, best"),
        ({"modes": {"train"}}, "modes 'train'; allowed: rail"),
        ({"cluster_m": 0.0}, "cluster_m 0.0"),
        ({"window": (9 * H, 7 * H)}, "window"),
    ],
)
def test_choices_outside_what_is_allowed(options: dict[str, object], message: str) -> None:
    """By hand: each message says what was given and what is allowed."""
    with pytest.raises(ParameterError, match=message):
        table(calls(), **options)
    with pytest.raises(ParameterError, match="statistic 'mean'; allowed: average"):
        meets(table(calls()), statistic="mean", min_per_hour=4)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="min_per_hour 0"):
        meets(table(calls()), statistic="average", min_per_hour=0)


def test_clock_seconds() -> None:
    """By hand: hours without limit, blanks around, and everything that is no time."""
    texts = ["7:05:00", " 07:05:00 ", "25:10:01", "150:00:00", "", None, "7:5:00", "07:60:00",
             "07:05", "-1:00:00", "07:05:00x"]  # fmt: skip
    found = clock_seconds(pl.Series(texts)).to_list()
    assert found == [25500, 25500, 90601, 540000, *[None] * 7]


# --- The slow twin ---------------------------------------------------------------------


def slow_twin(
    rows: pl.DataFrame, quays: pl.DataFrame, window: tuple[int, int], *, level: str, best: bool
) -> dict[str, tuple[int, int | None, float | None]]:
    """Departures, every_hour and max_gap of each group, the long way."""
    start, end = window
    group_of = {}
    for q in quays.iter_rows(named=True):
        group_of[q["quay"]] = (
            (q["place_id"] or q["stop_id"]) if level == "stop-place" else q["stop_id"]
        )
    found: dict[str, dict[object, dict[int, list[tuple[int, float]]]]] = {
        g: {} for g in group_of.values()
    }
    for c in rows.iter_rows(named=True):
        if not c["departure"] or not start <= c["time_s"] < end:
            continue
        way = None
        if best:
            way = ("dir", c["direction"]) if c["direction"] is not None else ("quay", c["quay"])
        trips = found[group_of[c["quay"]]].setdefault(way, {})
        trips.setdefault(c["trip"], []).append((c["quay"], c["time_s"] / 60))
    hours = [h for h in range(0, 30 * H, H) if h >= start and h + H <= end]
    result = {}
    for group, ways in found.items():
        counts, least, waits = [0], [0], [math.inf]
        for trips in ways.values():
            at = sorted(round(m * 60) for called in trips.values() for m in visits(called))
            counts.append(len(at))
            least.append(min((sum(h <= t < h + H for t in at) for h in hours), default=0))
            waits.append(max(b - a for a, b in zip([start, *at], [*at, end], strict=True)) / 60)
        gap = min(waits)
        result[group] = (
            max(counts),
            max(least) if hours else None,
            None if math.isinf(gap) else gap,
        )
    return result


@st.composite
def timetables(draw: st.DrawFn) -> pl.DataFrame:
    n = draw(st.integers(0, 40))
    one = st.tuples(
        st.sampled_from([10, 11, 12, 13]),
        st.integers(0, 12),
        st.integers(0, 180).map(float),
        st.booleans(),
        st.sampled_from([None, 0, 1]),
        st.sampled_from(MODES),
    )
    return calls(*draw(st.lists(one, min_size=n, max_size=n)))


@settings(max_examples=150, deadline=None)
@given(
    timetables(),
    st.sampled_from([(7 * H, 9 * H), (7 * H + 600, 9 * H + 60), (7 * H + 600, 7 * H + 1800)]),
    st.sampled_from(["quay", "stop-place"]),
    st.booleans(),
)
def test_statistics_against_the_slow_twin(
    rows: pl.DataFrame, window: tuple[int, int], level: str, best: bool
) -> None:
    """Brute force twin: random timetables, three windows, both levels, both directions."""
    way = "best" if best else "both"
    frame = table(rows, window=window, level=level, direction=way).frame
    expected = slow_twin(rows, SQUARE, window, level=level, best=best)
    for found in frame.iter_rows(named=True):
        departures, least, gap = expected[found["id"]]
        assert found["departures"] == departures == sum(found["per_hour"])
        assert found["every_hour"] == least
        assert found["max_gap"] == gap
        assert found["average"] == pytest.approx(departures / ((window[1] - window[0]) / H))
    assert set(frame["id"]) == set(expected)


@settings(max_examples=60, deadline=None)
@given(timetables(), st.randoms(use_true_random=False), st.integers(-600, 600))
def test_order_of_rows_and_moving_everything_do_not_matter(
    rows: pl.DataFrame, random: object, shift: int
) -> None:
    """Identity: shuffled calls and quays, and window and times moved alike, change nothing."""
    order = list(range(rows.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    before = table(rows).frame
    mixed = departure_table(rows[order], SQUARE.reverse(), window=(7 * H, 9 * H)).frame
    columns = ["id", "departures", "every_hour", "max_gap", "calls"]
    assert mixed.select(columns).equals(before.select(columns))
    moved = table(
        rows.with_columns(pl.col("time_s") + shift), window=(7 * H + shift, 9 * H + shift)
    )
    assert moved.frame.select("departures", "max_gap").equals(
        before.select("departures", "max_gap")
    )


@settings(max_examples=60, deadline=None)
@given(timetables(), timetables())
def test_more_trips_never_make_it_worse(rows: pl.DataFrame, more: pl.DataFrame) -> None:
    """Monotone: with trips added, counts do not fall and waits do not grow."""
    both = pl.concat([rows, more.with_columns(pl.col("trip") + 100)])
    for way in ("both", "best"):
        before, after = table(rows, direction=way).frame, table(both, direction=way).frame
        assert (after["departures"] >= before["departures"]).all()
        assert (after["every_hour"] >= before["every_hour"]).all()
        gaps = after["max_gap"].fill_null(math.inf) <= before["max_gap"].fill_null(math.inf)
        assert gaps.all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 5000)), min_size=1, max_size=8), max_size=5
    )
)
def test_interpolation_against_the_slow_twin(trips: list[list[int | None]]) -> None:
    """Brute force twin: each gap filled by hand's rule, trip by trip, by order."""
    expected: list[float] = []
    for times in trips:
        for i, time in enumerate(times):
            before = next((j for j in range(i, -1, -1) if times[j] is not None), None)
            after = next((j for j in range(i, len(times)) if times[j] is not None), None)
            if time is not None:
                expected.append(time)
            elif before is None or after is None:
                expected.append(math.nan)
            else:
                a, b = times[before], times[after]
                assert a is not None
                assert b is not None
                expected.append(a + (b - a) * (i - before) // (after - before))
    flat = np.array([math.nan if t is None else t for times in trips for t in times], dtype=float)
    trip = np.repeat(np.arange(len(trips)), [len(t) for t in trips])
    found = interpolate_times(trip, np.full(flat.size, math.nan), arrival_s=flat, departure_s=flat)
    assert np.array_equal(found, np.array(expected, dtype=float), equal_nan=True)
