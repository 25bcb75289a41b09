"""Keep counts of residents from 1 to 9 out of everything that is published.

Statistics Norway does not publish exact numbers of residents for places with 1-9
residents, whatever the size of the place, and says that leaving out those cells
alone is not enough: they can be worked out from totals and from neighbours. Hence
cells of 1-9 are hidden ("under 10"), and as many further cells as it takes that
no hidden count, and no sum of hidden counts that is itself 1-9, follows from what
is shown. Zeros and counts from 10 are shown exactly, so parts sum to their totals.

Employees and establishments are not under this rule. Statistics Norway's decision is of
residents; its grid of establishments is open data with exact numbers in every cell, counted
where the establishment is registered, and repeating them tells nothing new. Where the user
draws the area they are rounded all the same (``gis.analyses.screen_tables``).

What this cannot see: tables published elsewhere, and earlier answers to other
questions. Arbitrary polygons must therefore not be counted on request in public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from gis.errors import ParameterError
from gis.kernels.suppression import SHOWN, SMALL, UNPRINTED, WITHHELD, Table, suppress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Language = Literal["nb", "en"]

LEAST = 10
"""The smallest number of residents that may be published, apart from 0."""

OWN_WEIGHT = "own_weight"
PEOPLE = ("residents", OWN_WEIGHT)
"""What is counted under this rule: residents, and a weight of the user's own, which may be
persons and is taken as such."""

TEXTS: dict[str, dict[str, str]] = {
    "nb": {"under-10": "under 10", "withheld": "skjult"},
    "en": {"under-10": "under 10", "withheld": "withheld"},
}
_NAMES = {SHOWN: "", SMALL: "under-10", WITHHELD: "withheld", UNPRINTED: ""}


@dataclass(frozen=True)
class Protected:
    """A table that may be published.

    counts: Int64, <NA> where hidden, with the total row and column asked for.
    marks: the same shape, "" (shown), "under-10" or "withheld". "withheld" is a
    cell hidden to shield another; it says nothing about its own size.
    """

    counts: pd.DataFrame
    marks: pd.DataFrame

    @property
    def n_hidden(self) -> int:
        """The number of cells, totals included, that are not shown."""
        return int((self.marks != "").to_numpy().sum())

    def text(self, language: Language = "nb") -> pd.DataFrame:
        """Write every cell as it may be printed: the number, "under 10" or "withheld"."""
        words = TEXTS[language]
        return pd.DataFrame(
            {
                name: [
                    words[mark] if mark else str(count)
                    for count, mark in zip(self.counts[name], self.marks[name], strict=True)
                ]
                for name in self.counts.columns
            },
            index=self.counts.index,
            dtype="str",
        )


def protect_counts(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    total_row: str | None = "total",
    total_column: str | None = None,
) -> Protected:
    """Hide every count from 1 to 9, and what else it takes that none can be worked out.

    table: one row a unit; columns: columns of whole counts of residents. Totals are
    worked out here, so that they agree: ``total_row`` is the label of a last row with
    the sum of each column; ``total_column`` the name of a last column with the sum of
    each row, for columns that are disjoint bands. Give None only for totals that
    are known to nobody. Without ``total_column`` the columns must be unrelated
    counts. Raises ParameterError.
    """
    values = np.column_stack([_whole(table, name) for name in _named(table, columns)])
    if total_column is not None and total_column in columns:
        message = f"total_column {total_column!r} is also a count; another name is needed"
        raise ParameterError(message)
    if total_row is not None and total_row in table.index:
        message = f"total_row {total_row!r} is also a unit; another name is needed"
        raise ParameterError(message)
    full, marks = _protect_matrix(
        values, with_row=total_row is not None, with_column=total_column is not None
    )
    names = [*columns] if total_column is None else [*columns, total_column]
    index = table.index if total_row is None else _with_label(table.index, total_row)
    return _protected(full, marks, index, names=names)


def cross_marks(values: Ints) -> NDArray[Any]:
    """Mark what to hide of a table with disjoint rows and columns whose sums are all known.

    values: whole counts (rows, columns). Gives text (rows + 1, columns + 1), the sums in
    the last row and column: "" (shown), "under-10" or "withheld". Raises ParameterError.
    """
    names = [str(i) for i in range(values.shape[1])]
    protected = protect_counts(pd.DataFrame(values, columns=names), names, total_column="sum")
    marks: NDArray[Any] = protected.marks.to_numpy(dtype=str).astype("<U16")
    return marks


def is_publishable(n: float) -> bool:
    """Tell whether a count of residents may be shown as it is: 0, or 10 and above."""
    return n == 0 or n >= LEAST


def round_residents(n: float) -> int | None:
    """Round a number of residents to the nearest 10 (halves to even); None for "under 10".

    For figures in running text and on maps, where single persons would feign an accuracy
    that the method lacks. Tables keep exact counts from 10, since rounded parts do not sum
    to rounded totals. Anything above 0 and below 10, fractions too, is None: neither 0 nor
    10 would be true. Raises ParameterError for negative numbers and NaN.
    """
    if not (np.isfinite(n) and n >= 0):
        message = f"{n} residents: a number of 0 or more is needed"
        raise ParameterError(message)
    if n == 0:
        return 0
    return None if n < LEAST else int(round(n / 10) * 10)


def rounded_part(part: float | None, whole: float | None) -> float | None:
    """Round a part of a known whole to 10; None where it or the rest would be 1 to 9.

    The whole itself is exact, so a part that is the whole stays exact too.
    """
    if part is None or whole is None or not is_publishable(whole):
        return None
    if part == whole:
        return whole
    if not is_publishable(round(part)) or not is_publishable(round(whole - part)):
        return None
    rounded = round_residents(part)
    # A part of 10 to 14 of a whole of 12 must not round past it.
    return None if rounded is None else float(min(rounded, whole))


def _protect_matrix(values: Ints, *, with_row: bool, with_column: bool) -> tuple[Ints, Ints]:
    """Add the totals and mark every number; rows and columns as in the published table."""
    rows, columns = values.shape
    full = values
    if with_column:
        full = np.column_stack([full, full.sum(axis=1)])
    if with_row:
        full = np.vstack([full, full.sum(axis=0)])
    if not (with_row or with_column) or not values.size:
        return full, np.where((full > 0) & (full < LEAST), SMALL, SHOWN)
    # Flow: columns' ground -> column -> row -> rows' ground, closed by the grand total.
    # A missing kind of total leaves its nodes one with the ground.
    row_node = np.arange(rows) + 2 if with_column else np.zeros(rows, dtype=np.int64)
    column_node = np.arange(columns) + 2 + rows if with_row else np.zeros(columns, dtype=np.int64)
    second_ground = 1 if with_row and with_column else 0
    tail = np.broadcast_to(column_node, (rows, columns))
    head = np.broadcast_to(row_node[:, None], (rows, columns))
    if with_column:
        tail = np.column_stack([tail, row_node])
        head = np.column_stack([head, np.full(rows, second_ground)])
    if with_row:
        corner = with_column
        tail = np.vstack([tail, np.append(np.zeros(columns, int), [second_ground] * corner)])
        head = np.vstack([head, np.append(column_node, [0] * corner)])
    is_total = np.zeros(full.shape, dtype=bool)
    is_total[rows:, :] = True
    is_total[:, columns:] = True
    is_grand = is_total.copy()
    if with_row and with_column:
        is_grand[:-1, :] = False
        is_grand[:, :-1] = False
    network = Table(
        tail=tail.ravel().astype(np.int64),
        head=head.ravel().astype(np.int64),
        value=full.ravel(),
        is_total=is_total.ravel(),
        is_grand=is_grand.ravel(),
        printed=np.ones(full.size, dtype=bool),
    )
    return full, suppress(network, least=LEAST).reshape(full.shape)


def _protected(full: Ints, marks: Ints, index: pd.Index[Any], *, names: list[str]) -> Protected:
    hidden = marks != SHOWN
    counts = pd.DataFrame(
        {
            name: pd.Series(pd.arrays.IntegerArray(full[:, j].copy(), hidden[:, j].copy()), index)
            for j, name in enumerate(names)
        },
        index=index,
    )
    words = pd.DataFrame(
        {name: [_NAMES[int(m)] for m in marks[:, j]] for j, name in enumerate(names)},
        index=index,
        dtype="str",
    )
    return Protected(counts=counts, marks=words)


def _with_label(index: pd.Index[Any], label: str) -> pd.Index[Any]:
    return pd.Index([*index, label], name=index.name)


def _named(table: pd.DataFrame, columns: Sequence[str]) -> Sequence[str]:
    missing = [name for name in columns if name not in table.columns]
    if missing or not columns or isinstance(columns, str):
        message = f"count columns {columns!r}: some of {list(table.columns)} are needed"
        raise ParameterError(message)
    return columns


def _whole(table: pd.DataFrame, name: str) -> Ints:
    """Return a column as int64, or refuse it: estimates must be rounded before they are summed."""
    try:
        values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        message = f"column {name!r} of type {table[name].dtype}: whole numbers are needed"
        raise ParameterError(message) from error
    bad = ~(np.isfinite(values) & (values >= 0) & (values == np.rint(values)))
    if bad.any():
        at = table.index[int(np.argmax(bad))]
        message = f"column {name!r} holds {values[bad][0]} at {at!r}: whole numbers from 0 needed"
        raise ParameterError(message)
    whole: Ints = values.astype(np.int64)
    return whole
