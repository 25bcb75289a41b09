"""Choose which cells of an additive table to hide so that no small count can be worked out.

A table with totals is a network: each total is an equation "what flows in flows
out" at a node, each number an edge (tail to head). A hidden number cannot be
worked out if and only if some closed walk of hidden edges lets it and others
change while every total still holds (Cox, L. H. (1995), Network models for
complementary cell suppression, JASA 90(432), 1453-1462). The cheapest closed
walk through each small count is found as a shortest path, and the published
edges on it are hidden as well. Greedy: few extra cells, not provably fewest.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.errors import InvariantError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

SHOWN, SMALL, WITHHELD, UNPRINTED = 0, 1, 2, 3

_UNBOUNDED = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Table:
    """Numbers as edges of a network that conserves flow at every node.

    tail, head: node of each number (int64); value: the number (int64, 0 or more);
    is_total: hidden only where no cell will do; is_grand: hidden only as the very
    last resort; printed: False for a number that can be derived but is not shown.
    """

    tail: Ints
    head: Ints
    value: Ints
    is_total: Bools
    is_grand: Bools
    printed: Bools


@dataclass(frozen=True)
class _Rules:
    """What a reader may infer from a mark, and by how much a hidden number must be able to move."""

    marks_tell: bool  # SMALL means 1..least-1 and WITHHELD means least or more
    slack: int
    grand: bool


# From the most informative table to the least; the first that can be made safe is taken.
_ATTEMPTS = (
    _Rules(marks_tell=True, slack=3, grand=False),
    _Rules(marks_tell=True, slack=1, grand=False),
    _Rules(marks_tell=False, slack=3, grand=False),
    _Rules(marks_tell=False, slack=1, grand=False),
    _Rules(marks_tell=False, slack=1, grand=True),
)


def suppress(table: Table, *, least: int) -> Ints:
    """Return a mark for each number: SHOWN, SMALL (1..least-1), WITHHELD or UNPRINTED.

    Afterwards no number from 1 to ``least`` - 1 can be worked out from what is
    shown, and neither can the sum of the hidden cells under one total where that
    sum is itself from 1 to ``least`` - 1. Where the mark SMALL would give a value
    away (ten cells marked 1-9 under a total of 10), every hidden cell of the table
    is marked WITHHELD, which tells nothing. Raises ParameterError (values, sums),
    InvariantError where no safe table is found.
    """
    _check(table, least)
    for rules in _ATTEMPTS:
        marks = _Attempt(table, rules, least).run()
        if marks is not None:
            return marks
    message = f"no safe way to publish a table of {table.value.size} numbers was found"
    raise InvariantError(message)


class _Attempt:
    """Hold the growing set of hidden numbers for one set of rules."""

    def __init__(self, table: Table, rules: _Rules, least: int) -> None:
        self.table, self.rules, self.least = table, rules, least
        value = table.value
        self.sensitive = (value > 0) & (value < least)
        self.hidden = self.sensitive | ~table.printed
        fits = table.printed & ~self.sensitive & (rules.grand | ~table.is_grand)
        fits &= (value >= least) | (not rules.marks_tell)
        self.candidate = fits
        # Few cells first, then small ones; zeros, which hide little, and totals last.
        self.cost = 1.0 + value / (value.sum() + 1.0) + 2.0 * (value == 0)
        self.cost += np.where(table.is_grand, 100.0, np.where(table.is_total, 2.0, 0.0))
        low = np.zeros(value.size, dtype=np.int64)
        high = np.full(value.size, _UNBOUNDED, dtype=np.int64)
        if rules.marks_tell:
            low[table.printed] = np.where(self.sensitive, 1, least)[table.printed]
            high[table.printed & self.sensitive] = least - 1
        self.can_rise, self.can_fall = value + rules.slack <= high, value - rules.slack >= low

    def run(self) -> Ints | None:
        safe = self._grow(self.hidden.copy())
        if safe is None:
            return None
        safe = self._thin_out(safe)
        marks = np.where(safe, WITHHELD, SHOWN)
        if self.rules.marks_tell:
            marks[self.sensitive] = SMALL
        marks[~self.table.printed] = UNPRINTED
        return marks.astype(np.int64)

    def _grow(self, hidden: Bools) -> Bools | None:
        """Hide more until every small number and every small sum is safe; None if it fails."""
        while True:
            arcs = _Arcs(self, hidden)
            done = np.zeros(hidden.size, dtype=bool)
            for edge in np.flatnonzero(self._needs_cover(hidden)):
                if done[edge]:
                    continue
                cycle = arcs.cheapest_cycle(int(edge))
                if cycle is None:
                    return None
                done[cycle] = True
                for extra in cycle:
                    arcs.hide(extra)
            more = self._against_small_sums(arcs.hidden)
            if more is None:
                return None
            if not more.size:
                return arcs.hidden
            hidden = arcs.hidden
            hidden[more] = True

    def _needs_cover(self, hidden: Bools) -> Bools:
        return hidden & (self.table.printed | self.sensitive)

    def _against_small_sums(self, hidden: Bools) -> Ints | None:
        """Return the numbers to hide so that known sums of hidden cells grow; None if it fails.

        What flows through hidden cells into a node, or a group of nodes joined by hidden
        totals, is known from the shown numbers around it. It must not be 1..least-1.
        """
        table = self.table
        group = _merge(table.tail, table.head, hidden & table.is_total)
        source, sink = group[table.tail], group[table.head]
        n = int(group.max()) + 1
        cells = hidden & ~table.is_total & (source != sink)
        into = np.bincount(sink[cells], weights=table.value[cells], minlength=n)
        out = np.bincount(source[cells], weights=table.value[cells], minlength=n)
        one_way = (into == 0) | (out == 0)
        small = one_way & (into + out > 0) & (into + out < self.least)
        if not small.any():
            return np.zeros(0, dtype=np.int64)
        free = np.flatnonzero(~hidden & self.candidate & (table.value > 0) & (source != sink))
        free = free[np.argsort(-self.cost[free], kind="stable")]
        cheapest = np.full(n, -1, dtype=np.int64)
        for end in (source, sink):  # the last written, the cheapest, stays
            cheapest[end[free]] = np.where(
                (cheapest[end[free]] >= 0) & (self.cost[cheapest[end[free]]] < self.cost[free]),
                cheapest[end[free]],
                free,
            )
        return None if (cheapest[small] < 0).any() else np.unique(cheapest[small])

    def _thin_out(self, hidden: Bools) -> Bools:
        """Show again each number, dearest first, that the others no longer need hidden."""
        extra = np.flatnonzero(hidden & ~self.sensitive & self.table.printed)
        if extra.size * int(hidden.sum()) > 20_000:
            return hidden
        for edge in extra[np.argsort(-self.cost[extra], kind="stable")]:
            fewer = hidden.copy()
            fewer[edge] = False
            if self._is_safe(fewer):
                hidden = fewer
        return hidden

    def _is_safe(self, hidden: Bools) -> bool:
        more = self._against_small_sums(hidden)
        if more is None or more.size:
            return False
        arcs = _Arcs(self, hidden)
        edges = np.flatnonzero(self._needs_cover(hidden))
        return all(arcs.is_covered(int(edge)) for edge in edges)


class _Arcs:
    """Keep, for each ordered pair of nodes, the two cheapest ways to move along one number.

    Two, because a walk may not come back over the number it started with.
    """

    def __init__(self, attempt: _Attempt, hidden: Bools) -> None:
        self._attempt = attempt
        self.hidden = hidden.copy()
        self._ways: dict[int, dict[int, list[tuple[float, int]]]] = {}
        self._free: dict[int, dict[int, list[int]]] = {}
        for edge in np.flatnonzero(hidden | attempt.candidate):
            self._offer(int(edge), 0.0 if hidden[edge] else float(attempt.cost[edge]))

    def hide(self, edge: int) -> None:
        if not self.hidden[edge]:
            self.hidden[edge] = True
            self._offer(edge, 0.0)

    def _offer(self, edge: int, cost: float) -> None:
        table, attempt = self._attempt.table, self._attempt
        tail, head = int(table.tail[edge]), int(table.head[edge])
        for a, b, usable in (
            (tail, head, attempt.can_rise[edge]),
            (head, tail, attempt.can_fall[edge]),
        ):
            if usable:
                ways = self._ways.setdefault(a, {}).setdefault(b, [])
                ways[:] = sorted([w for w in ways if w[1] != edge] + [(cost, edge)])[:2]
                if cost == 0.0:
                    self._free.setdefault(a, {}).setdefault(b, []).append(edge)

    def is_covered(self, edge: int) -> bool:
        """Tell whether hidden numbers alone already let this one move."""
        return self._free_cycle(edge) is not None

    def cheapest_cycle(self, edge: int) -> list[int] | None:
        """Return the edges of the cheapest closed walk that moves this one, None if none."""
        free = self._free_cycle(edge)
        if free is not None:
            return free
        paths = [self._path(start, end, edge) for start, end in self._directions(edge)]
        found = [path for path in paths if path is not None]
        return [edge, *min(found)[1]] if found else None

    def _directions(self, edge: int) -> list[tuple[int, int]]:
        """List start and end of the walk that closes up once the number has risen, or fallen."""
        table, attempt = self._attempt.table, self._attempt
        tail, head = int(table.tail[edge]), int(table.head[edge])
        up, down = [(head, tail)], [(tail, head)]
        return up * bool(attempt.can_rise[edge]) + down * bool(attempt.can_fall[edge])

    def _free_cycle(self, edge: int) -> list[int] | None:
        for start, end in self._directions(edge):
            walk = self._free_path(start, end, edge)
            if walk is not None:
                return [edge, *walk]
        return None

    def _free_path(self, start: int, end: int, banned: int) -> list[int] | None:
        """Search depth first along hidden numbers, looking for the end before going deeper."""
        seen, walk = {start}, [-1]
        stack = [(start, iter(self._free.get(start, {})))]
        while stack:
            node, targets = stack[-1]
            last = self._step(node, end, banned)
            if last is not None:
                return [*walk[1:], last]
            for target in targets:
                way = None if target in seen else self._step(node, target, banned)
                if way is not None:
                    seen.add(target)
                    walk.append(way)
                    stack.append((target, iter(self._free.get(target, {}))))
                    break
            else:
                stack.pop()
                walk.pop()
        return None

    def _step(self, node: int, target: int, banned: int) -> int | None:
        ways = self._free.get(node, {}).get(target, ())
        return next((way for way in ways if way != banned), None)

    def _path(self, start: int, end: int, banned: int) -> tuple[float, list[int]] | None:
        queue: list[tuple[float, int, int, int]] = [(0.0, start, -1, -1)]
        came: dict[int, tuple[int, int]] = {}
        while queue:
            cost, node, before, by = heapq.heappop(queue)
            if node in came:
                continue
            came[node] = (before, by)
            if node == end:
                walk: list[int] = []
                while by >= 0:
                    walk.append(by)
                    before, by = came[before]
                return cost, walk
            for target, ways in self._ways.get(node, {}).items():
                way = next((w for w in ways if w[1] != banned), None)
                if way is not None and target not in came:
                    heapq.heappush(queue, (cost + way[0], target, node, way[1]))
        return None


def _merge(tail: Ints, head: Ints, joined: Bools) -> Ints:
    """Return a group number for each node; joined edges make their ends one group."""
    parent = list(range(int(max(tail.max(), head.max())) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    for edge in np.flatnonzero(joined):
        parent[root(int(tail[edge]))] = root(int(head[edge]))
    return np.array([root(node) for node in range(len(parent))], dtype=np.int64)


def _check(table: Table, least: int) -> None:
    if least < 2 or not table.value.size or (table.value < 0).any():
        message = f"{table.value.size} counts, least {least}: counts of 0 or more are needed"
        raise ParameterError(message)
    n = int(max(table.tail.max(), table.head.max())) + 1
    into, out = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    np.add.at(into, table.head, table.value)
    np.add.at(out, table.tail, table.value)
    if (into != out).any():
        i = int(np.argmax(into != out))
        message = f"total {i} does not hold: the parts sum to {into[i]}, the total is {out[i]}"
        raise InvariantError(message)
