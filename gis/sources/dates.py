"""Find the status date that a delivered file states itself, in a field or in its name.

Never a guess: a field that says the day of extraction or the year of the statistics, else one
whole date or one year in the name. A range of dates in the name states none.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import TYPE_CHECKING

import pandas as pd

from gis.errors import SourceError
from gis.sources.base import Notes, Stated
from gis.sources.containers import datasets
from gis.sources.convert import as_date
from gis.sources.names import find_field
from gis.sources.rows import guarded, straight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.sources.contents import Content

EXTRACTED = ("datauttaksdato", "uttaksdato")
YEAR = ("statistikkår", "statistikkaar", "statistikkar")
_YEARS = range(1950, 2101)
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_MONTH = re.compile(r"(?<!\d)\d{4}-\d{2}(?![\d-])")
_WORD = re.compile(r"(?<!\d)\d{4}(?!\d)")
# Geonorge's names: theme, number of the area, its name, EPSG code, data set. The second word is
# a number of a municipality, which may look like a year (2012 was Alta).
GEONORGE = re.compile(
    r"^[^_\d]+_(?P<number>\d{2}|\d{4})_[^_]+(?:_[^_]+)*?_(?:4258|4326|25832|25833|25835|0000)_"
)


def municipality_in_name(name: str) -> str | None:
    """Return the municipality that a file is named for in Geonorge's way; None for other names."""
    found = GEONORGE.match(name)
    number = found["number"] if found else ""
    return number if len(number) == 4 and number != "0000" else None


def date_in_name(name: str) -> dt.date | None:
    """Return the one date, or 1 January of the one year, that a file's name holds."""
    days = _DAY.findall(name)
    if days:
        return _day(days[0]) if len(set(days)) == 1 else None
    if GEONORGE.match(name) or _MONTH.search(name):
        return None
    years = {int(w) for w in _WORD.findall(name.replace("_", " ")) if int(w) in _YEARS}
    return dt.date(years.pop(), 1, 1) if len(years) == 1 else None


def _day(parts: Sequence[str]) -> dt.date | None:
    try:
        return dt.date(*map(int, parts))
    except ValueError:
        return None


def stated_date(path: Path, found: Sequence[Content], *, name: str) -> Stated | None:
    """Return the date that a file states: the last of its field, else that of its name.

    ``found`` is what the file holds, ``name`` as it was delivered. Raises SourceError
    where the field cannot be read.
    """
    for content in found:
        for accepted in (EXTRACTED, YEAR):
            field = find_field(accepted, content.fields, source=path.name)
            if field is None or content.kind == "table":
                continue
            values = _column(path, content.layer, field)
            date = _last(values, field, yearly=accepted is YEAR)
            if date is not None:
                return Stated(date, field)
    date = date_in_name(name) or date_in_name(path.name)
    return Stated(date, None) if date else None


def _column(path: Path, layer: str, field: str) -> pd.Series:
    """Return one field of one layer of a vector file."""
    for dataset in datasets(path):
        if dataset.layer not in (None, layer) or dataset.suffix == ".parquet":
            continue
        how = {
            "columns": [field],
            "read_geometry": False,
            "layer": None if dataset.layer else layer,
        }
        try:
            frame = guarded(
                functools.partial(straight, dataset.source, how), source=path.name, notes=Notes()
            )
        except SourceError:
            continue  # another data set of the same delivery
        if field in frame:
            return frame[field]
    return pd.Series([], dtype="str")


def _last(values: pd.Series, field: str, *, yearly: bool) -> dt.date | None:
    known = values.dropna()
    if known.empty:
        return None
    if yearly:
        years = pd.to_numeric(known, errors="coerce").dropna().astype(int)
        one = set(years) & set(_YEARS)
        return dt.date(one.pop(), 1, 1) if len(one) == 1 else None
    last = as_date(known, source=field).max()
    date: dt.date = last.date()
    return date
