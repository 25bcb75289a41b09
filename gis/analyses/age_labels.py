"""Read what ages a group's name stands for, and fit groups into wider ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.errors import FieldError
from gis.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_OPEN = re.compile(r"\+|eller eldre|og eldre|og over|or older|and older|or more|and over", re.I)
_UNDER = re.compile(r"^\s*(under|below|<)", re.I)


@dataclass(frozen=True, order=True)
class Ages:
    """Whole years of age, both ends included; ``last`` may be infinite."""

    first: int
    last: float

    @property
    def code(self) -> str:
        """The group as part of a field's name: 0_19, 65_plus."""
        return f"{self.first}_plus" if np.isinf(self.last) else f"{self.first}_{self.last:.0f}"

    @property
    def text(self) -> Text:
        """The group as a heading."""
        if np.isinf(self.last):
            return Text(nb=f"{self.first} år og over", en=f"{self.first} and over")
        if self.first == self.last:
            return Text(nb=f"{self.first} år", en=f"{self.first}")
        return Text(nb=f"{self.first}–{self.last:.0f} år", en=f"{self.first}–{self.last:.0f}")


def first_age(label: str) -> int:
    """Return the first number in the name of an age group, to sort by."""
    found = re.search(r"\d+", label)
    return int(found.group()) if found else 1000


def ages_of(label: str) -> Ages:
    """Read "0-5", "67+", "105 år eller eldre", "007", "under 16". Raises FieldError."""
    numbers = [int(n) for n in re.findall(r"\d+", label)]
    if len(numbers) == 1 and _UNDER.search(label):
        return Ages(0, numbers[0] - 1)
    if len(numbers) == 1:
        return Ages(numbers[0], np.inf if _OPEN.search(label) else numbers[0])
    if len(numbers) == 2 and numbers[0] <= numbers[1]:
        return Ages(numbers[0], numbers[1])
    message = f"age group {label!r}; allowed: one age (007), two (0-5) or an open end (67+)"
    raise FieldError(message)


def groups_from(limits: Iterable[int]) -> tuple[Ages, ...]:
    """Return the groups that begin at 0 and at each limit; the last has no end."""
    starts = sorted({0, *limits})
    ends = [*(float(s - 1) for s in starts[1:]), np.inf]
    return tuple(Ages(a, b) for a, b in zip(starts, ends, strict=True))


def straddling(spans: Sequence[Ages], limit: int) -> tuple[Ages, ...]:
    """Return the groups that a limit would cut in two."""
    return tuple(sorted({s for s in spans if s.first < limit <= s.last}))


def group_index(spans: Sequence[Ages], groups: Sequence[Ages]) -> NDArray[np.int64]:
    """Return the place of the wider group that holds each span; -1 where a limit cuts it."""
    starts = np.array([g.first for g in groups])
    first = np.array([s.first for s in spans], dtype=np.int64)
    last = np.array([s.last for s in spans], dtype=np.float64)
    found = np.searchsorted(starts, first, side="right") - 1
    ends = np.array([g.last for g in groups])
    return np.where(last <= ends[found], found, -1)
