"""Name the places where lines of a file meet, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.sources.base import Notes

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Coordinates are equal when they agree to the millimetre, far finer than any road file.
_PER_M = 1000.0
_LEVELS = 16
# Looking for crossings takes longer than reading beyond this many lines.
_CHECKED_LINES = 200_000


@dataclass(frozen=True)
class Drawn:
    """Lines as vertices: ``x``, ``y`` (v,), ``start`` (w + 1,), ``level`` (w,) -7 to 7."""

    x: Floats
    y: Floats
    start: Ints
    level: Ints


def node_keys(
    drawn: Drawn, lines: NDArray[Any], *, tolerance_m: float, notes: Notes
) -> tuple[Drawn, Ints]:
    """Return the lines, with vertices added where ends touch them, and every vertex's name.

    Vertices with the same name are one junction. Ends within ``tolerance_m`` of each
    other are one place. See the module's rules on levels in ``gis.sources.lines``.
    """
    added = _touched(drawn, lines, tolerance_m)
    notes.count(len(added[0]), "line ends meet the middle of a line that has no vertex there")
    notes.count(_crossings(drawn, lines), "pairs of lines cross on one level without a vertex")
    drawn = _with_vertices(drawn, added)
    return drawn, _names(drawn, tolerance_m)


def _names(drawn: Drawn, tolerance_m: float) -> Ints:
    end = _is_end(drawn)
    place = _places(drawn, end, tolerance_m)
    level = np.repeat(drawn.level, np.diff(drawn.start)) + _LEVELS // 2
    spot = place * _LEVELS + level
    # A middle vertex belongs to the ends at its place when one of them is on its level.
    joined = end | np.isin(spot, np.unique(spot[end]))
    return np.where(joined, place * _LEVELS, spot)


def _is_end(drawn: Drawn) -> NDArray[np.bool_]:
    end = np.zeros(len(drawn.x), dtype=bool)
    end[drawn.start[:-1]] = end[drawn.start[1:] - 1] = True
    return end


def _places(drawn: Drawn, end: NDArray[np.bool_], tolerance_m: float) -> Ints:
    """Give places numbers; ends draw together what lies within the tolerance."""
    grid = np.rint(np.column_stack([drawn.x, drawn.y]) * _PER_M).astype(np.int64)
    spots, place = np.unique(grid, axis=0, return_inverse=True)
    place = place.reshape(-1)
    ends = np.unique(place[end])
    everything, tips = cKDTree(spots / _PER_M), cKDTree(spots[ends] / _PER_M)
    near = tips.query_ball_tree(everything, tolerance_m)
    counts = [len(found) for found in near]
    rows = np.repeat(ends, counts)
    columns = np.concatenate([np.asarray(found, dtype=np.int64) for found in near])
    link = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(spots), len(spots)))
    _, merged = connected_components(link, directed=False)
    return np.asarray(merged[place], dtype=np.int64)


def _touched(
    drawn: Drawn, lines: NDArray[Any], tolerance_m: float
) -> tuple[Ints, Floats, Floats, Floats]:
    """Return line, metres along it, x and y of every place where another's end touches it."""
    tips = np.concatenate([drawn.start[:-1], drawn.start[1:] - 1])
    owner = np.tile(np.arange(len(drawn.level)), 2)
    points = shapely.points(drawn.x[tips], drawn.y[tips])
    tip, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    same = (owner[tip] != line) & (drawn.level[owner[tip]] == drawn.level[line])
    tip, line = tip[same], line[same]
    along = shapely.line_locate_point(lines[line], points[tip])
    # A vertex within the tolerance is a meeting already, and so is the line's own end.
    middle = (along > tolerance_m) & (along < shapely.length(lines[line]) - tolerance_m)
    tip, line, along = tip[middle], line[middle], along[middle]
    inner = ~_near_vertex(drawn, line, points[tip], tolerance_m=tolerance_m)
    tip, line, along = tip[inner], line[inner], along[inner]
    x, y = drawn.x[tips[tip]], drawn.y[tips[tip]]
    once = np.unique(np.column_stack([line, np.rint(along * _PER_M)]), axis=0, return_index=True)[1]
    return line[once], along[once], x[once], y[once]


def _near_vertex(
    drawn: Drawn, line: Ints, points: NDArray[Any], *, tolerance_m: float
) -> NDArray[np.bool_]:
    near = np.zeros(len(line), dtype=bool)
    x, y = shapely.get_x(points), shapely.get_y(points)
    for i, k in enumerate(line.tolist()):
        span = slice(int(drawn.start[k]), int(drawn.start[k + 1]))
        away = np.hypot(drawn.x[span] - x[i], drawn.y[span] - y[i])
        near[i] = away.min() <= tolerance_m
    return near


def _with_vertices(drawn: Drawn, added: tuple[Ints, Floats, Floats, Floats]) -> Drawn:
    """Put vertices into lines at their place along them."""
    line, along, x, y = added
    if not len(line):
        return drawn
    sizes = np.diff(drawn.start)
    way = np.repeat(np.arange(len(sizes)), sizes)
    step = np.hypot(np.diff(drawn.x), np.diff(drawn.y))
    step[drawn.start[1:-1] - 1] = 0.0
    run = np.concatenate([[0.0], np.cumsum(step)])
    run -= np.repeat(run[drawn.start[:-1]], sizes)
    all_way = np.concatenate([way, line])
    order = np.lexsort((np.concatenate([run, along]), all_way))
    counts = np.bincount(all_way, minlength=len(sizes))
    return Drawn(
        x=np.concatenate([drawn.x, x])[order],
        y=np.concatenate([drawn.y, y])[order],
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        level=drawn.level,
    )


def _crossings(drawn: Drawn, lines: NDArray[Any]) -> int:
    """Count pairs of lines of one level that cross where neither has a vertex."""
    if len(lines) > _CHECKED_LINES:
        return 0
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    once = (a < b) & (drawn.level[a] == drawn.level[b])
    a, b = a[once], b[once]
    if not len(a):
        return 0
    met = shapely.intersection(lines[a], lines[b])
    own = shapely.multipoints(np.column_stack([drawn.x, drawn.y]))
    shapely.prepare(own)
    return int((~shapely.dwithin(met, own, 0.01)).sum())
