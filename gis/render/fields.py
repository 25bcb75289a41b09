"""Head and word the fields of features: headings, kinds of number, values of codes."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.result import UNDER_TEN, WITHHELD
from gis.text import Text, day, interface_texts, measure, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a number is, by the name of its field; the rest is told from the data.
_KINDS = {
    "residents": "residents",
    "own_weight": "residents",
    "in_any_zone": "residents",
    "totalbefolkning": "residents",
    "distance_m": "metres",
    "uncertainty_m": "metres",
    "cell_id": "text",
    "cell": "text",
    "number": "text",
    "kommunenummer": "text",
    "code": "text",
    "flood_class": "text",
    "surge_class": "text",
    "risk_class": "text",
    "class": "text",
    "worst_class": "text",
}
_ENDINGS = {
    "_km2": "km2",
    "_share": "share",
    "share": "share",
    "residents": "residents",
    "_m": "metres",
    "_per_hour": "number",
}
_DECIMALS = {"km2": 2, "number": 1}
_UNDER_LIMIT = 10


@dataclass(frozen=True)
class FieldMeta:
    """How one field is headed and written."""

    name: str
    title: Text
    kind: str
    values: Mapping[str, Text] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types for the page."""
        return {
            "name": self.name,
            "title": self.title.as_dict(),
            "kind": self.kind,
            "decimals": _DECIMALS.get(self.kind, 0),
            "values": {key: text.as_dict() for key, text in self.values.items()},
        }


@cache
def worded(key: str) -> Text | None:
    """Return an interface text, or None where the two locale files do not have it."""
    nb, en = interface_texts("nb").get(key), interface_texts("en").get(key)
    return Text(nb=nb, en=en) if nb is not None and en is not None else None


def stated(phrase: str) -> Text:
    """Return an owner or a licence in both languages; a name or a code stays as it is."""
    return worded(f"stated.{phrase}") or Text(nb=phrase, en=phrase)


def heading(name: str, section: str = "fields") -> Text:
    """Return the heading of a field; the bare name, made readable, where none is written."""
    plain = name.replace("_", " ")
    return worded(f"{section}.{name}") or Text(nb=plain, en=plain)


def kind_of_field(name: str, values: pd.Series) -> str:
    """Tell what a field holds: residents, share, km2, metres, count, number, date, text."""
    if name in _KINDS:
        return _KINDS[name]
    filled = values.dropna()
    if len(filled) and all(isinstance(v, bool | np.bool_) for v in filled):
        return "code"
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    if len(filled) and all(isinstance(v, dt.date) for v in filled):
        return "date"
    if values.dtype.kind in "iu":
        return "count"
    if values.dtype.kind == "f":
        return "count" if (filled == filled.round()).all() else "number"
    return "text"


def describe(name: str, values: pd.Series, *, classes: Mapping[str, Text]) -> FieldMeta:
    """Return how a field is headed and written, with the words for its codes."""
    kind = kind_of_field(name, values)
    words: dict[str, Text] = dict(classes)
    if kind in ("text", "code"):
        for value in sorted({code(v) for v in values.dropna()}):
            text = worded(f"values.{name}.{value}") or worded(f"values.{value}")
            if text is not None:
                words.setdefault(value, text)
    title = heading(name)
    if kind == "km2":
        # The value carries its unit here, which a column of a table has in its heading.
        title = Text(nb=title.nb.removesuffix(" (km²)"), en=title.en.removesuffix(" (km²)"))
    return FieldMeta(name=name, title=title, kind=kind, values=words)


def code(value: Any) -> str:
    """Write a value as a code: true/false for booleans, whole floats without a point."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def plain_values(values: pd.Series, *, kind: str) -> list[Any]:
    """Return a column as JSON values; one to nine residents never leave as a number."""
    return [_plain(v, kind=kind) for v in values]


def _plain(value: Any, *, kind: str) -> Any:
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float | np.floating) and not math.isfinite(value):
        return None
    if hasattr(value, "isoformat"):
        # NaT has isoformat too, and is not equal to itself.
        return value.isoformat()[:10] if value == value else None
    if kind in ("text", "code"):
        return code(value)
    if isinstance(value, str):
        return value
    return guard(value) if kind == "residents" else _short(value)


def _short(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    rounded = round(float(value), 4)
    return int(rounded) if rounded.is_integer() else rounded


def guard(value: Any) -> Any:
    """Return a number of residents, or UNDER_TEN in place of one to nine."""
    return UNDER_TEN if 0 < value < _UNDER_LIMIT else _short(value)


def written(value: Any, *, kind: str, decimals: int = 0) -> Text:
    """Write one value for a table cell, in both languages."""
    if isinstance(value, Text):
        return value
    plain = _plain(value, kind="code" if kind == "yes_no" else kind)
    if plain is None:
        return Text(nb="–", en="–")
    if plain in (UNDER_TEN, WITHHELD) and kind != "text":
        return worded(f"values.{plain}") or Text(nb=str(plain), en=str(plain))
    if isinstance(plain, str):
        if kind == "text":
            return Text(nb=plain, en=plain)
        if kind == "date":
            return day(dt.date.fromisoformat(plain))
        return worded(f"values.{plain}") or Text(nb=plain, en=plain)
    if kind == "share":
        # The value itself: rounding it first would round twice.
        return percent(float(value), decimals=decimals or 1)
    if kind == "metres":
        text = number(float(plain))
        return Text(nb=f"{text.nb}\u00a0m", en=f"{text.en}\u00a0m")
    if kind == "measure":
        return measure(float(value))
    places = decimals or (_DECIMALS.get(kind, 0))
    return number(float(plain), decimals=places)
