"""Find where water runs on the invented land: fill hollows, follow the flow, trace brooks."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.demo.grid import COARSE, along, smooth_line

if TYPE_CHECKING:
    from gis.demo.grid import Bools, Floats, Ints


@dataclass(frozen=True)
class Flow:
    """Drainage on the coarse grid: height, filled height, downstream cell (-1 = outlet), cells."""

    height: Floats
    filled: Floats
    down: Ints
    cells: Ints


@dataclass(frozen=True)
class Brook:
    """A brook from source to mouth: name and (n, 3) vertices."""

    name: str
    line: Floats


def drain(height: Floats, outlet: Bools) -> Flow:
    """Fill hollows and return the flow of every cell (priority flood, Barnes et al. 2014).

    Cells are visited from the outlets upwards, lowest rim first; a cell drains to the
    one it was reached from. The raster's edge is an outlet too.
    """
    rows, cols = height.shape
    filled = height.ravel().tolist()
    down = [-1] * (rows * cols)
    seen = outlet.copy()
    seen[0], seen[-1], seen[:, 0], seen[:, -1] = True, True, True, True
    heap = [(filled[i], i) for i in np.flatnonzero(seen.ravel()).tolist()]
    done = bytearray(seen.ravel().astype(np.uint8).tobytes())
    heapq.heapify(heap)
    order: list[int] = []
    steps = (-1, 1, -cols, cols, -cols - 1, -cols + 1, cols - 1, cols + 1)
    limit = rows * cols
    while heap:
        level, here = heapq.heappop(heap)
        order.append(here)
        for step in steps:
            there = here + step
            if 0 <= there < limit and not done[there]:
                done[there] = 1
                down[there] = here
                filled[there] = max(filled[there], level)
                heapq.heappush(heap, (filled[there], there))
    cells = [1] * limit
    for here in reversed(order):
        if down[here] >= 0:
            cells[down[here]] += cells[here]
    shape = height.shape
    return Flow(
        height,
        np.array(filled).reshape(shape),
        np.array(down, dtype=np.int64),
        np.array(cells, dtype=np.int64),
    )


def trace_brooks(flow: Flow, outlet: Bools, *, cells: int) -> tuple[Brook, ...]:
    """Return brooks that drain at least ``cells`` coarse cells, each to where it joins another."""
    wet = (flow.cells >= cells) & ~outlet.ravel()
    feeds = np.zeros(len(wet), dtype=bool)
    into = flow.down[wet]
    feeds[into[into >= 0]] = True
    sources = np.flatnonzero(wet & ~feeds)
    sources = sources[np.argsort(-flow.filled.ravel()[sources], kind="stable")]
    taken: set[int] = set()
    brooks: list[Brook] = []
    for source in sources.tolist():
        path = [source]
        while path[-1] not in taken and flow.down[path[-1]] >= 0 and wet[path[-1]]:
            path.append(int(flow.down[path[-1]]))
        taken.update(path)
        if len(path) < 12:
            continue
        row, col = np.divmod(np.array(path), COARSE.cols)
        points = np.column_stack(COARSE.centre(row, col))
        smooth = smooth_line(along(points, every_m=25.0), sigma=3.0)
        level = np.interp(
            np.linspace(0, 1, len(smooth)),
            np.linspace(0, 1, len(path)),
            flow.filled.ravel()[path],
        )
        brooks.append(Brook(f"Bekk {len(brooks) + 1}", np.column_stack([smooth, level])))
    return tuple(brooks)
