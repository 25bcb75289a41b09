"""Price the parts of a trip that lie on an edge: to its ends, between two places on it.

The machinery of ``gis.kernels.network_reach``. A *view* is what the kernels need of a
graph and its costs, *points* are snapped places with their rows sorted by edge.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gis.kernels.network_search import FAR

# Nearer than this to an edge's end is at the node, where one-way rules do not bind.
AT_NODE_M = 0.005


@njit(cache=True, nogil=True, inline="always")
def _sum_at(begin, sums, edge, share):  # type: ignore[no-untyped-def]
    """Return the running cost at a share (0 to 1) of an edge, in whole units."""
    pieces = begin[edge + 1] - begin[edge] - 1
    place = min(max(share, 0.0), 1.0) * pieces
    j = min(int(place), pieces - 1)
    a, b = sums[begin[edge] + j], sums[begin[edge] + j + 1]
    return np.int64(np.rint(a + (place - j) * (b - a)))


@njit(cache=True, nogil=True)
def _ends(view, edge, along, leave):  # type: ignore[no-untyped-def]
    """Return the cost between a place and its edge's tail and head: leaving it, or coming."""
    _, _, length, forward, backward, begin, ahead, back, _ = view
    share = along / length[edge] if length[edge] > 0 else 0.0
    tail, head = np.int64(FAR), np.int64(FAR)
    if leave and backward[edge]:
        tail = _sum_at(begin, back, edge, share)
    elif not leave and forward[edge]:
        tail = _sum_at(begin, ahead, edge, share)
    if leave and forward[edge]:
        head = _sum_at(begin, ahead, edge, 1.0) - _sum_at(begin, ahead, edge, share)
    elif not leave and backward[edge]:
        head = _sum_at(begin, back, edge, 1.0) - _sum_at(begin, back, edge, share)
    if along <= AT_NODE_M:
        tail = np.int64(0)
    if length[edge] - along <= AT_NODE_M:
        head = np.int64(0)
    return tail, head


@njit(cache=True, nogil=True)
def seed_kernel(view, points, to, node, cost, gone):  # type: ignore[no-untyped-def]
    edge, along, away = points[0], points[1], points[2]
    for i in range(edge.size):
        e = edge[i]
        node[2 * i], node[2 * i + 1] = -1, -1
        cost[2 * i], cost[2 * i + 1] = FAR, FAR
        if e < 0:
            continue
        # Travel to a destination comes to its place; travel from it leaves the place.
        tail, head = _ends(view, e, along[i], not to)
        leg = np.int64(np.rint(away[i] * view[8]))
        node[2 * i], node[2 * i + 1] = view[0][e], view[1][e]
        cost[2 * i] = min(tail + leg, FAR)
        cost[2 * i + 1] = min(head + leg, FAR)
        gone[2 * i] = np.int64(np.rint(100 * (away[i] + along[i])))
        gone[2 * i + 1] = np.int64(np.rint(100 * (away[i] + view[2][e] - along[i])))


@njit(cache=True, nogil=True)
def collect_kernel(view, origins, targets, state, to, out):  # type: ignore[no-untyped-def]
    edge, along, away = origins[0], origins[1], origins[2]
    record, gone = state
    cost, best, length = out
    for i in range(edge.size):
        e = edge[i]
        if e < 0:
            continue
        leg = np.int64(np.rint(away[i] * view[8]))
        ends = _ends(view, e, along[i], to)
        for side in range(2):
            v = view[0][e] if side == 0 else view[1][e]
            if ends[side] == FAR or record[v, 0] == FAR:
                continue
            total = leg + ends[side] + record[v, 0]
            if total < cost[i]:
                cost[i], best[i] = total, -2 - record[v, 3]
                if gone.size:
                    part = along[i] if side == 0 else view[2][e] - along[i]
                    length[i] = np.int64(np.rint(100 * (away[i] + part))) + gone[v]
        _collect_direct(view, i, (e, along[i], away[i]), targets, to, out)


@njit(cache=True, nogil=True)
def _collect_direct(view, i, origin, targets, to, out):  # type: ignore[no-untyped-def]
    """Try the destinations on the origin's own edge: nearer, maybe, than by way of its ends."""
    edge, along, away = origin
    _, t_along, t_away, order, ranked = targets
    cost, best, length = out
    leg = np.int64(np.rint(away * view[8]))
    k = np.searchsorted(ranked, edge)
    while k < ranked.size and ranked[k] == edge:
        j = order[k]
        p, q = (along, t_along[j]) if to else (t_along[j], along)
        way = _between(view, edge, p, q)
        total = leg + way + np.int64(np.rint(t_away[j] * view[8]))
        if way < FAR and total < cost[i]:
            cost[i], best[i] = total, j
            length[i] = np.int64(np.rint(100 * (away + abs(p - q) + t_away[j])))
        k += 1


@njit(cache=True, nogil=True)
def direct_kernel(view, origins, targets, to, found):  # type: ignore[no-untyped-def]
    """Tell which origins have an open way along their own edge to a destination on it."""
    edge, along = origins
    _, t_along, _, order, ranked = targets
    for i in range(edge.size):
        k = np.searchsorted(ranked, edge[i])
        while k < ranked.size and ranked[k] == edge[i] and not found[i]:
            p, q = along[i], t_along[order[k]]
            found[i] = _between(view, edge[i], p if to else q, q if to else p) < FAR
            k += 1


@njit(cache=True, nogil=True)
def _between(view, edge, p, q):  # type: ignore[no-untyped-def]
    """Return the cost along one edge from place p to place q, FAR where it is closed."""
    length = view[2][edge]
    u, v = (p / length, q / length) if length > 0 else (0.0, 0.0)
    if abs(p - q) <= AT_NODE_M:
        return np.int64(0)
    if p < q and view[3][edge]:
        return _sum_at(view[5], view[6], edge, v) - _sum_at(view[5], view[6], edge, u)
    if p > q and view[4][edge]:
        return _sum_at(view[5], view[7], edge, u) - _sum_at(view[5], view[7], edge, v)
    return np.int64(FAR)
