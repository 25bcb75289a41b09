"""Put every feature of a layer in one class, with a look and a line of the legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.render.fields import code, guard, heading, kind_of_field, worded
from gis.result import UNDER_TEN, WITHHELD
from gis.text import Text, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.catalogue.models import LayerEntry
    from gis.render.theme import Look, Palette, Theme

TOO_FEW = "too_few"
UNKNOWN = "unknown"
HIDDEN = -1


@dataclass(frozen=True)
class LayerClass:
    """One class of a layer: its value, its name, how it looks, how many features it has."""

    key: str
    title: Text
    look: Look
    count: int


@dataclass(frozen=True)
class Classed:
    """The classes that occur, and per feature its class (-1: not drawn)."""

    classes: tuple[LayerClass, ...]
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """What a map says of the classes of one layer; ``whole``: list empty ones too."""

    palette: Palette
    theme: Theme
    class_field: str | None = None
    breaks: tuple[float, ...] = ()
    entry: LayerEntry | None = None
    whole: bool = False


def classify(frame: gpd.GeoDataFrame, rule: Rule, *, title: Text) -> Classed:
    """Return the classes of a layer; empty classes are left away.

    Numeric classes are ``value <= break``; a cell of one to nine residents, and a
    cell with status ``too_few``, has a class of its own that is not a number.
    """
    if rule.class_field is None:
        keys = np.zeros(len(frame), dtype=np.int64)
        return _kept([(title, rule.palette.look(), "all")], keys)
    values = frame[rule.class_field]
    return _numeric(frame, values, rule) if rule.breaks else _named(frame, values, rule)


def _numeric(frame: gpd.GeoDataFrame, values: pd.Series, rule: Rule) -> Classed:
    kind = kind_of_field(str(values.name), values)
    protected = values.isin([UNDER_TEN, WITHHELD]).to_numpy(copy=True)
    numbers = pd.to_numeric(values.mask(protected), errors="coerce").to_numpy(dtype=float)
    if kind == "residents":
        protected |= np.array([v > 0 and guard(v) == UNDER_TEN for v in numbers])
    index = np.searchsorted(np.asarray(rule.breaks), numbers, side="left").astype(np.int64)
    index[np.isnan(numbers)] = HIDDEN
    if kind in ("residents", "count"):
        index[numbers == 0] = HIDDEN
    steps = len(rule.breaks) + 1
    listed = [
        (_span(rule.breaks, i, kind=kind), rule.palette.step(i, steps), str(i))
        for i in range(steps)
    ]
    too_few = rule.theme.palette("too_few", where="render").look()
    # A number withheld for the sake of others can be any; it is drawn alike, and said so.
    key = "under_ten_or_withheld" if values.isin([WITHHELD]).any() else "under_ten"
    listed.append((worded(f"legend.{key}") or Text("<10", "<10"), too_few, UNDER_TEN))
    index[protected] = steps
    if "status" in frame.columns:
        listed.append((worded("legend.too_few") or Text(TOO_FEW, TOO_FEW), too_few, TOO_FEW))
        index[(frame["status"] == TOO_FEW).to_numpy()] = steps + 1
    return _kept(listed, index)


def _span(breaks: Sequence[float], i: int, *, kind: str) -> Text:
    """Word one numeric class: from-to, or over the last break."""
    whole = kind in ("residents", "count")

    def write(value: float) -> Text:
        if kind == "share":
            return percent(value, decimals=0)
        return number(value, decimals=0 if float(value).is_integer() else 1)

    if i == len(breaks):
        over = worded("legend.over") or Text(nb="over {n}", en="over {n}")
        return over.fill(n=write(breaks[-1]))
    floor = (10.0 if kind == "residents" else 1.0) if whole else 0.0
    low = (breaks[i - 1] + (1 if whole else 0)) if i else min(floor, breaks[0])
    start, end = write(low), write(breaks[i])
    if low == breaks[i]:
        return end
    if kind == "share":
        # One sign for both ends: "8–12 %".
        start = number(100 * low)
    return Text(nb=f"{start.nb}–{end.nb}", en=f"{start.en}–{end.en}")


def _named(frame: gpd.GeoDataFrame, values: pd.Series, rule: Rule) -> Classed:
    missing = values.isna().to_numpy()
    keys = [UNKNOWN if gone else code(v) for v, gone in zip(values, missing, strict=True)]
    found = {*keys, *((c.id for c in rule.palette.classes) if rule.whole else ())}
    listed_first = [c.id for c in rule.entry.classes] if rule.entry is not None else []
    order = [*listed_first, *(c.id for c in rule.palette.classes)]
    order = [
        *dict.fromkeys(k for k in order if k in found),
        *sorted(found - set(order), key=_natural),
    ]
    own = {c.id for c in rule.palette.classes}
    listed = []
    for place, key in enumerate(order):
        styled = rule.palette.look(key) if key in own else rule.palette.step(place, len(order))
        listed.append((_title(key, frame, rule), styled, key))
    place_of = {key: i for i, key in enumerate(order)}
    index = np.array([place_of[k] for k in keys], dtype=np.int64)
    return _kept(listed, index, whole=rule.whole)


def _natural(key: str) -> tuple[bool, float, str]:
    """Order codes that are numbers as numbers, before words."""
    try:
        return (False, float(key), key)
    except ValueError:
        return (True, 0.0, key)


def _title(key: str, frame: gpd.GeoDataFrame, rule: Rule) -> Text:
    """Find a class's name: in the catalogue, in the frame, in the locale, or the code itself."""
    if rule.entry is not None:
        for listed in rule.entry.classes:
            if listed.id == key:
                return listed.title.text
    if {"title_nb", "title_en"} <= set(frame.columns):
        rows = frame[[code(v) == key for v in frame[rule.class_field]]]
        if len(rows):
            first = rows.iloc[0]
            return Text(nb=str(first["title_nb"]), en=str(first["title_en"]))
    if key == UNKNOWN:
        return worded("values.unknown") or heading(key)
    found = worded(f"values.{rule.class_field}.{key}") or worded(f"values.{key}")
    return found or Text(nb=key, en=key)


def _kept(
    listed: Sequence[tuple[Text, Look, str]], index: NDArray[np.int64], *, whole: bool = False
) -> Classed:
    """Drop empty and hidden classes and number the rest anew."""
    counts = np.bincount(index[index >= 0], minlength=len(listed))
    new = np.full(len(listed), HIDDEN, dtype=np.int64)
    classes: list[LayerClass] = []
    for i, (title, look, key) in enumerate(listed):
        if (counts[i] or whole) and not look.hidden:
            new[i] = len(classes)
            classes.append(LayerClass(key=key, title=title, look=look, count=int(counts[i])))
    renumbered = np.where(index >= 0, new[np.maximum(index, 0)], HIDDEN)
    return Classed(classes=tuple(classes), index=renumbered)
