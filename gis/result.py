"""Hold one answer together with its definition, doubt and origin.

A ``Result`` is what every analysis returns and the only thing that render,
tables and service read. It can be written to JSON from here; files in other
forms are written by ``gis.publish``.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gis.errors import InvariantError
from gis.provenance import Provenance
from gis.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

Scalar = str | int | float | bool | None

# What stands in a protected table in place of a number: one to nine residents, and a number
# that is withheld only because others could be worked out from it.
UNDER_TEN = "<10"
WITHHELD = "*"


class Status(enum.StrEnum):
    """What the answer is worth; codes without language."""

    OK = "ok"
    PARTLY_MAPPED = "partly_mapped"
    NOT_MAPPED = "not_mapped"
    INSUFFICIENT_DATA = "insufficient_data"
    FAILED = "failed"


@dataclass(frozen=True)
class Definition:
    """Every choice behind a number: one sentence in both languages, and all parameters."""

    sentence: Text
    parameters: Mapping[str, Scalar]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"sentence": self.sentence.as_dict(), "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class LeftOut:
    """Records that did not enter the number: how many, of what, and why.

    ``reason`` is a stable code; ``count`` is in ``unit`` (residents, cells, records).
    """

    reason: str
    text: Text
    count: float
    unit: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "reason": self.reason,
            "text": self.text.as_dict(),
            "count": _plain(self.count),
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Reading:
    """The same number under another reading of the words (one row of the sensitivity table)."""

    name: str
    text: Text
    value: float | None
    numerator: float | None
    denominator: float | None
    chosen: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "name": self.name,
            "text": self.text.as_dict(),
            "value": _plain(self.value),
            "numerator": _plain(self.numerator),
            "denominator": _plain(self.denominator),
            "chosen": self.chosen,
        }


@dataclass(frozen=True)
class Column:
    """One column of a table: its field, heading, and how a cell is written.

    ``kind`` is text, count (whole number), residents (whole number under the
    disclosure rule), share (0-1), density (per hectare; hidden with its row, as a share
    is), km2, number, measure (each row in its own unit), yes_no or date. A text cell that
    differs by language holds a ``Text``.
    """

    name: str
    title: Text
    kind: str = "text"
    decimals: int = 0


@dataclass(frozen=True)
class Table:
    """A table of numbers that belongs to a result. ``frame`` holds one row per line.

    ``key`` names the column that identifies a row (and, where the result's map
    layer has it too, joins the row to its place on the map). ``total`` says that
    the last row is the sum of the rows above it. ``counts`` tells how its columns
    of residents hang together, which is what disclosure control must know:
    ``bands``: rows are disjoint; ``subsets``: the first such column holds the
    others; ``split``: they sum to all residents in each row; ``cross``: rows are disjoint,
    and the columns after the first sum to the first; ``rounded``: they hang together with
    nothing and are of areas that anybody may draw, so each is published to the nearest 10 and
    1 to 9 as "<10". ``alone`` names columns of
    residents that sum with nothing; they are published to the nearest 10 (of ``subsets``,
    one that is all of its row's first column as that is). ``to_ten`` says the
    same of every column, hidden as ``counts`` asks for none the less: for areas that lie in
    those of other tables, or that a parameter moves, so that two exact answers would differ
    by a handful of people.
    """

    id: str
    title: Text
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    key: str | None = None
    total: bool = False
    counts: Literal["bands", "subsets", "split", "cross", "rounded"] | None = None
    alone: tuple[str, ...] = ()
    to_ten: bool = False

    def __post_init__(self) -> None:
        if any(c.kind == "residents" for c in self.columns) != (self.counts is not None):
            message = f"table {self.id}: say in 'counts' how its columns of residents hang together"
            raise InvariantError(message)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types: columns with headings, rows as objects."""
        return {
            "id": self.id,
            "title": self.title.as_dict(),
            "columns": [
                {"name": c.name, "title": c.title.as_dict(), "kind": c.kind} for c in self.columns
            ],
            "rows": [
                {c.name: _plain(row[c.name]) for c in self.columns}
                for row in self.frame.to_dict("records")
            ],
        }


@dataclass(frozen=True)
class Area:
    """The study area a result speaks of."""

    number: str
    name: str
    land_km2: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"number": self.number, "name": self.name, "land_km2": self.land_km2}


@dataclass(frozen=True)
class Result:
    """One answer, whole.

    ``value`` is ``numerator / denominator`` where both exist; ``unit`` is
    ``share`` for a share between 0 and 1. ``low`` and ``high`` bound the value
    where the method has a range. ``finding`` is the sentence a reader should
    leave with. ``figure_cells`` says which figures repeat a table's cell, as (table,
    key, column), so that what is hidden there is hidden here. ``frame`` (working CRS)
    is the layer behind the number, and ``layers`` are further frames that a map may
    draw, by name.
    """

    analysis: str
    title: Text
    area: Area
    unit: str
    status: Status
    finding: Text
    definition: Definition
    provenance: Provenance
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    numerator_unit: str = ""
    low: float | None = None
    high: float | None = None
    sensitivity: tuple[Reading, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Text, ...] = ()
    figures: Mapping[str, Scalar] = field(default_factory=dict)
    figure_cells: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    frame: gpd.GeoDataFrame | None = None
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unit != "share" or self.value is None:
            return
        if not -1e-9 <= self.value <= 1 + 1e-9:
            message = f"{self.analysis}: a share of {self.value} is outside 0 to 1"
            raise InvariantError(message)
        if self.numerator is None or not self.denominator:
            return
        if not math.isclose(self.value, self.numerator / self.denominator, abs_tol=1e-9):
            message = (
                f"{self.analysis}: value {self.value} is not {self.numerator} / {self.denominator}"
            )
            raise InvariantError(message)

    def table(self, name: str) -> Table:
        """Return one of the tables. Raises KeyError."""
        return self.tables[name]

    def as_dict(self) -> dict[str, Any]:
        """Return the whole result but its geometry as plain JSON types."""
        return {
            "analysis": self.analysis,
            "title": self.title.as_dict(),
            "area": self.area.as_dict(),
            "value": _plain(self.value),
            "unit": self.unit,
            "numerator": _plain(self.numerator),
            "denominator": _plain(self.denominator),
            "numerator_unit": self.numerator_unit,
            "low": _plain(self.low),
            "high": _plain(self.high),
            "status": self.status.value,
            "finding": self.finding.as_dict(),
            "definition": self.definition.as_dict(),
            "figures": {k: _plain(v) for k, v in self.figures.items()},
            "sensitivity": [r.as_dict() for r in self.sensitivity],
            "left_out": [x.as_dict() for x in self.left_out],
            "notes": [n.as_dict() for n in self.notes],
            "tables": {k: v.as_dict() for k, v in self.tables.items()},
            "provenance": self.provenance.as_dict(),
        }


def _plain(value: Any) -> Any:
    """Turn numpy scalars, NaN, dates and whole floats into what JSON can hold exactly."""
    if value is None:
        return None
    if isinstance(value, Text):
        return value.as_dict()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool) else str(value)
