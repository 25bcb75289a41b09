"""Count departures by quay, stop place or cluster, under several readings.

"Four departures an hour" is read in three ways that differ by a factor of two to
three on one timetable: on average, in every clock hour, or with no longer wait
than a quarter of an hour. All are worked out side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gis.errors import ParameterError
from gis.kernels.departures import HOUR_S, MODES, GroupCalls, Grouping, departures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

Level = Literal["quay", "stop-place", "cluster"]
Statistic = Literal["average", "every-hour", "max-gap"]
Direction = Literal["both", "best"]

MODE_TYPE = pl.Enum(MODES)
# So many calls are counted at a time.
_AT_ONCE = 2_000_000
MAX_WINDOW_END_S = 30 * HOUR_S

# Basic GTFS route types and Google's extended ones (first, last, class); the first match wins.
# 714 is a bus in place of a train, so it must not make a stop a railway station.
_ROUTE_TYPES = (
    (714, 714, "bus"),
    (2, 2, "rail"),
    (100, 199, "rail"),
    (1, 1, "metro"),
    (400, 402, "metro"),
    (0, 0, "tram"),
    (900, 906, "tram"),
    (3, 3, "bus"),
    (11, 11, "bus"),
    (200, 299, "bus"),
    (700, 799, "bus"),
    (800, 800, "bus"),
    (4, 4, "water"),
    (1000, 1099, "water"),
    (1200, 1200, "water"),
)

# WGS 84 ellipsoid: semi-major axis in metres, first eccentricity squared.
_WGS84_A_M, _WGS84_E2 = 6_378_137.0, 6.694_379_990_141_316e-3


@dataclass(frozen=True)
class DepartureTable:
    """Departures of every group of quays in one window.

    ``frame``, sorted by id, one row a group, groups without departures included:

    - ``id``, ``name``, ``lon``, ``lat`` (degrees; also ``x``, ``y`` where the quays
      have them), ``quays`` (number of quays)
    - ``modes`` list of mode classes that depart, in the order of ``MODES``
    - ``calls`` rows of the timetable in the window, last calls and calls without
      boarding included; ``departures`` those that one can board
    - ``average`` departures an hour; ``every_hour`` the least count of a whole clock
      hour, null when the window holds none; ``max_gap`` the longest wait in minutes,
      null when nothing departs
    - ``per_hour`` list, departures of each clock hour that starts at ``hours``

    ``hours``: seconds after midnight of the clock hours that meet the window.
    """

    frame: pl.DataFrame
    window: tuple[int, int]
    hours: tuple[int, ...]
    level: Level
    direction: Direction
    cluster_m: float | None


def mode_class(route_type: pl.Expr) -> pl.Expr:
    """Return the mode class of basic and extended route types, ``other`` for the rest."""
    result = pl.lit("other")
    for first, last, mode in reversed(_ROUTE_TYPES):
        result = pl.when(route_type.is_between(first, last)).then(pl.lit(mode)).otherwise(result)
    return result.cast(MODE_TYPE)


def check_window(window: tuple[int, int]) -> None:
    """Refuse a window that is empty, before midnight or past 06:00 the next day."""
    start, end = window
    if not 0 <= start < end <= MAX_WINDOW_END_S:
        message = (
            f"window {start} to {end} s after midnight; allowed: 0 <= start < end <= "
            f"{MAX_WINDOW_END_S} (06:00 the next day)"
        )
        raise ParameterError(message)


def departure_table(
    calls: pl.DataFrame,
    quays: pl.DataFrame,
    *,
    window: tuple[int, int],
    level: Level = "stop-place",
    cluster_m: float = 100.0,
    direction: Direction = "both",
    modes: Collection[str] | None = None,
) -> DepartureTable:
    """Count departures of each group of quays within ``start <= time < end``.

    ``calls``: quay, trip, time_s (seconds after local midnight), departure (False
    for last calls and calls without boarding), direction (0, 1 or null), mode.
    ``quays``: quay, stop_id, name, lon, lat, place_id, place_name, place_lon,
    place_lat (place columns null where a quay has no stop place).

    A trip counts once a visit to a group, at its earliest departure in the window, however
    many quays of the group it calls at (``kernels.departures.departures`` has the rule; a
    loop's next round is another departure). ``direction="best"`` splits each group by
    direction_id, and by quay where a trip has none (a trip then counts at each),
    and gives for each statistic the best of its directions; departures and per_hour
    are those of the direction with most. direction_id tells the directions of one
    route apart; that two routes' direction 0 lead the same way is not known.
    ``modes`` limits the count to some mode classes. Raises ParameterError.
    """
    _check_choices(window, level, direction=direction, modes=modes, cluster_m=cluster_m)
    start, end = window
    keys = _group_keys(quays, level, cluster_m)
    groups = _describe(quays.with_columns(group=keys), level).sort("id").with_row_index("g")
    member = quays.select("quay", id=keys).join(groups.select("id", "g"), on="id", how="inner")
    hours = tuple(range(start - start % HOUR_S, end, HOUR_S))
    group = np.full(_most(calls["quay"], member["quay"]) + 1, -1, dtype=np.int64)
    group[member["quay"].to_numpy()] = member["g"].to_numpy()
    bits = sum(1 << i for i, mode in enumerate(MODES) if modes is None or mode in modes)
    grouping = Grouping(group, window, bits, direction == "best")
    counted = [
        departures(part, window=window, hours=hours)
        for part in _in_parts(calls, grouping, groups.height)
    ]
    frame = pl.concat([groups, pl.concat(counted)], how="horizontal")
    used_m = cluster_m if level == "cluster" else None
    return DepartureTable(frame.drop("g"), window, hours, level, direction, used_m)


def _most(*numbers: pl.Series) -> int:
    return max(int(n.max() or 0) for n in numbers)  # type: ignore[arg-type]


def _in_parts(calls: pl.DataFrame, grouping: Grouping, n_groups: int) -> Iterator[GroupCalls]:
    """Yield the calls of all groups in order, some groups at a time, for bounded memory."""
    # Slices, since looking at all calls of a day at once would copy them.
    slices = list(calls.iter_slices(_AT_ONCE)) or [calls]
    if len(slices) == 1:
        starts, rooms = [0], [calls.height]
    else:
        quays = (np.bincount(s["quay"].to_numpy(), minlength=grouping.group.size) for s in slices)
        per_group = np.bincount(grouping.group + 1, sum(quays), n_groups + 1)[1:]
        part = (np.cumsum(per_group) - 1) // _AT_ONCE
        starts = np.flatnonzero(np.diff(part, prepend=-2.0)).tolist()
        rooms = np.add.reduceat(per_group, starts).astype(int).tolist()
    for first, end, room in zip(starts, [*starts[1:], n_groups], rooms, strict=True):
        found = GroupCalls.of(grouping, first, end, room=room)
        for piece in slices:
            found.add(grouping, piece)
        yield found


def _check_choices(
    window: tuple[int, int],
    level: str,
    *,
    direction: str,
    modes: Collection[str] | None,
    cluster_m: float,
) -> None:
    check_window(window)
    odd = sorted(set(modes or ()) - set(MODES))
    problems = (
        (level not in get_args(Level), "level", level, get_args(Level)),
        (direction not in get_args(Direction), "direction", direction, get_args(Direction)),
        (bool(odd), "modes", ", ".join(odd), MODES),
        (not 0 < cluster_m <= 1000, "cluster_m", cluster_m, ("over 0 to 1000 m",)),
    )
    for wrong, name, given, allowed in problems:
        if wrong:
            message = f"{name} {given!r}; allowed: {', '.join(allowed)}"
            raise ParameterError(message)


def _group_keys(quays: pl.DataFrame, level: Level, cluster_m: float) -> pl.Series:
    """Return the id of the group of every quay."""
    if level == "quay":
        return quays["stop_id"]
    if level == "stop-place":
        return quays.select(pl.coalesce("place_id", "stop_id")).to_series()
    label = clusters(quays["lon"].to_numpy(), quays["lat"].to_numpy(), max_m=cluster_m)
    labelled = quays.select("stop_id", label=pl.Series(label))
    return labelled.select(pl.col("stop_id").min().over("label")).to_series()


def clusters(
    lon: NDArray[np.float64], lat: NDArray[np.float64], *, max_m: float
) -> NDArray[np.int64]:
    """Label the connected components of points that lie at most ``max_m`` apart.

    Chains count: A-B and B-C within reach put A and C in one cluster. Distances are
    straight lines between WGS 84 points in space, which up to a kilometre equal
    those on the ground to less than a millimetre, anywhere, without a projection.
    """
    if lon.size == 0:
        return np.zeros(0, dtype=np.int64)
    phi, lam = np.radians(lat), np.radians(lon)
    normal = _WGS84_A_M / np.sqrt(1 - _WGS84_E2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    points = np.column_stack(
        (flat * np.cos(lam), flat * np.sin(lam), normal * (1 - _WGS84_E2) * np.sin(phi))
    )
    pairs = cKDTree(points).query_pairs(max_m, output_type="ndarray")
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(lon.size, lon.size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _describe(quays: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Return id, name and place of each group: the stop place's own, else its quays'."""
    axes = [axis for axis in ("lon", "lat", "x", "y") if axis in quays.columns]
    if level == "quay":
        alone = quays.select("name", *axes, id="group", quays=pl.lit(1, dtype=pl.Int64))
        return alone.select("id", "name", *axes, "quays")
    common = _common_names(quays)
    own = level == "stop-place"
    places = [
        pl.coalesce(pl.col(f"place_{a}").first(), pl.col(a).mean()).alias(a)
        if own
        else pl.col(a).mean()
        for a in axes
    ]
    titles = [pl.col("place_name").drop_nulls().first()] if own else []
    groups = quays.group_by(id="group").agg(
        *titles, *places, pl.len().cast(pl.Int64).alias("quays")
    )
    named = groups.join(common, on="id", how="left")
    name = pl.coalesce("place_name", "name") if own else pl.col("name")
    return named.select("id", name.alias("name"), *axes, "quays")


def _common_names(quays: pl.DataFrame) -> pl.DataFrame:
    """Return id and name: the commonest name of each group's quays, the first of equals."""
    counted = quays.drop_nulls("name").group_by(id="group", name="name").len()
    ranked = counted.sort("len", "name", descending=[True, False])
    return ranked.unique("id", keep="first", maintain_order=True).select("id", "name")


def meets(table: DepartureTable, *, statistic: Statistic, min_per_hour: float) -> pl.Series:
    """Return which rows of a table have at least so many departures an hour (Boolean).

    ``average`` and ``every-hour`` compare counts; ``max-gap`` asks that no wait,
    from the window's start and to its end included, exceeds 60 / min_per_hour
    minutes. A group without departures never meets it. Raises ParameterError, also
    for every-hour in a window without a whole clock hour.
    """
    if not min_per_hour > 0:
        message = f"min_per_hour {min_per_hour}; allowed: over 0"
        raise ParameterError(message)
    if statistic not in get_args(Statistic):
        message = f"statistic {statistic!r}; allowed: {', '.join(get_args(Statistic))}"
        raise ParameterError(message)
    frame = table.frame
    if statistic == "average":
        return frame["average"] >= min_per_hour
    if statistic == "every-hour":
        if frame["every_hour"].null_count():
            first, end = (f"{s // HOUR_S:02d}:{s // 60 % 60:02d}" for s in table.window)
            message = f"window {first}-{end} holds no whole clock hour, which every-hour needs"
            raise ParameterError(message)
        return frame["every_hour"] >= min_per_hour
    return (frame["max_gap"] <= 60 / min_per_hour).fill_null(value=False)
