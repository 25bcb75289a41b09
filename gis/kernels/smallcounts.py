"""Round small counts of a table so that every published sum still adds up.

After the method of Statistics Norway: inner cells are moved to multiples of a base, and
as few of them as it takes; which ones go up is chosen one at a time, by how much of the
published sums they explain, and then exchanged for as long as it helps (Langsrud, Ø. and
Heldal, J. (2018), An Algorithm for Small Count Rounding of Tabular Data, Privacy in
Statistical Databases; R package SmallCountRounding). Published numbers are sums of the
rounded inner cells, so they are additive, and consistent, whatever is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gis.errors import InvariantError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_ROUNDS = 1000


class Draw(Protocol):
    """Where ties are drawn from: numpy's Generator, or another one in tests."""

    def permutation(self, n: int, /) -> Ints:
        """Return the numbers from 0 to n - 1 in some order."""


@dataclass(frozen=True)
class Rounded:
    """The rounded inner cells, and the published numbers that they sum to (int64)."""

    inner: Ints
    published: Ints


def round_small_counts(
    inner: ArrayLike,
    published: ArrayLike,
    *,
    base: int,
    draw: Draw,
    force_all: bool = False,
    again: bool = True,
) -> Rounded:
    """Round inner cells so that no published number is 1 to base - 1.

    inner: whole counts (n,); published: 0/1 (n, m), which inner cells each published
    number sums. With ``force_all`` every inner cell becomes a multiple of the base, so
    that all published numbers are; else only the small ones that a small published number
    rests on, or that a reader could work out. ``again=False`` leaves sums that have become
    small in the first round as they are. Raises ParameterError, InvariantError.
    """
    y, x = _checked(inner, published, base)
    exact = y.copy()
    small = (y < base) & (y % base > 0)
    target = x.T @ exact
    forced = _rests_on(x, (target > 0) & (target < base)) & small
    if force_all:
        forced = y % base > 0
    for step in range(_ROUNDS):
        now = x.T @ y
        chosen = forced
        if step and again:
            chosen = forced | (_rests_on(x, (now > 0) & (now < base)) & (y < base) & (y > 0))
        y = _round_once(y, x, chosen, base=base, exact=exact, draw=draw)
        forced = np.zeros(y.size, dtype=bool)
        now = x.T @ y
        if again and bool(((now > 0) & (now < base)).any()):
            continue
        forced = _told(x, now, y) & (y < base) & (y % base > 0)
        if not forced.any():
            return Rounded(y, now)
    message = f"small counts: not settled after {_ROUNDS} rounds"
    raise InvariantError(message)


def _checked(inner: ArrayLike, published: ArrayLike, base: int) -> tuple[Ints, Ints]:
    y = np.asarray(inner)
    x = np.asarray(published)
    if y.ndim != 1 or x.ndim != 2 or x.shape[0] != y.size or not np.isin(x, (0, 1)).all():
        message = f"inner {y.shape}, published {x.shape}: (n,) counts and (n, m) of 0 and 1 needed"
        raise ParameterError(message)
    if base < 2 or (y < 0).any() or (y != np.rint(y)).any():
        message = f"base {base} and counts from {y.min()}: base from 2, whole counts from 0 needed"
        raise ParameterError(message)
    return y.astype(np.int64), x.astype(np.int64)


def _rests_on(x: Ints, sums: Bools) -> Bools:
    """Tell which inner cells are part of one of the published numbers asked for."""
    return np.asarray(x[:, sums].any(axis=1))


def _round_once(y: Ints, x: Ints, chosen: Bools, *, base: int, exact: Ints, draw: Draw) -> Ints:
    """Move the chosen inner cells to the multiple of the base below or above them."""
    if not chosen.any():
        return y
    part = x[chosen]
    rest = y[chosen] % base
    up = round(float(rest.sum() + exact.sum() - y.sum()) / base)
    up = min(max(up, 0), rest.size)
    # A sum over none or all of the chosen does not tell them apart.
    tells = part.any(axis=0) & ~part.all(axis=0)
    missing = (x.T @ (exact - y))[tells]
    goal = part[:, tells].T @ rest + missing
    made = y.copy()
    made[chosen] += _pick(part[:, tells], goal, up, base=base, draw=draw) - rest
    return made


def _pick(x: Ints, goal: Ints, up: int, *, base: int, draw: Draw) -> Ints:
    """Choose which inner cells get the base, the others 0, so that their sums meet the goal.

    Greedy, then exchanged: the one that explains least goes out, the one that explains
    most comes in, until these are the same.
    """
    n = len(x)
    value = np.zeros(n, dtype=np.int64)
    if not up:
        return value
    order = [int(i) for i in draw.permutation(n)]
    if up == n:
        return np.full(n, base, dtype=np.int64)
    gain = x @ goal
    weight = base * (x @ x.T)
    taken: list[int] = []

    def take() -> None:
        nonlocal gain
        best = order.pop(int(np.argmax(gain[order])))
        taken.insert(0, best)
        gain = gain - weight[best]

    for _ in range(up):
        take()
    for _ in range(up + 100):
        worst = int(np.argmin(gain[taken]))
        if worst == 0:
            break
        out = taken.pop(worst)
        order.insert(0, out)
        gain = gain + weight[out]
        take()
    value[taken] = base
    return value


def _told(x: Ints, published: Ints, y: Ints) -> Bools:
    """Tell which inner cells follow from zeros and from sums that rest on one unknown cell."""
    known = _rests_on(x, published == 0)
    told = np.zeros(y.size, dtype=bool)
    while True:
        alone = (x[~known].sum(axis=0)) == 1
        new = _rests_on(x, alone) & ~known
        if not new.any():
            return told
        known |= new
        told |= new
