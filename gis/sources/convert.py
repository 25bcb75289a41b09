"""Turn delivered values into typed ones: text, whole numbers, numbers, dates, ids, codes.

Each converter takes a pandas Series of whatever the file held and returns a new
Series; what cannot be read is refused with the file, the field and an example.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.check import listing
from gis.errors import FieldError
from gis.sources.names import fold

if TYPE_CHECKING:
    from gis.catalogue import FieldMapping

# ArcGIS writes the word for a missing value.
_NO_VALUE = ("", "Null", "<Null>", "NULL")
_WHOLE = re.compile(r"[+-]?\d+")
_LONGEST = 18  # what surely fits 64 bits
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WRITTEN = r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) \d\d:\d\d:\d\d [A-Z]{2,5} (\d{4})"
_DATES = (
    # pattern of the whole value, characters that hold the date, their format
    (r"\d{4}-\d{2}-\d{2}(?:[T /].*)?", 10, "%Y-%m-%d"),
    (r"\d{2}\.\d{2}\.\d{4}(?: \d{2}:\d{2}(?::\d{2}(?:\.\d{0,6})?)?)?", 10, "%d.%m.%Y"),
    (r"\d{4}/\d{2}/\d{2}(?: .*)?", 10, "%Y/%m/%d"),
    (r"\d{8}(?:\d{6})?", 8, "%Y%m%d"),
    (r"\d{4}-\d{2}(?:/\d{4}-.*)?", 7, "%Y-%m"),
    (r"\d{4}(?:/\d{4})?", 4, "%Y"),
)
_DATE_FORMS = "YYYY-MM-DD, DD.MM.YYYY, YYYY/MM/DD, YYYYMMDD, YYYY-MM, YYYY, epoch milliseconds"
# A moment with its zone is the Norwegian day it falls on, not the one it is written as.
_ZONED = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})"
_EPOCH_MS = r"-?\d{11,13}"  # ArcGIS; 11 digits reach back to 1973, fewer would be a date of 8


def as_text(values: pd.Series) -> pd.Series:
    """Return the values as text without outer blanks, missing ones as null.

    Whole numbers are written without a decimal point, whatever type they came in.
    """
    if isinstance(values.dtype, pd.StringDtype):
        text = values
    elif pd.api.types.is_bool_dtype(values.dtype):
        text = values.astype("Int64").astype("string")
    elif pd.api.types.is_float_dtype(values.dtype):
        text = values.map(_number_text, na_action="ignore")
    elif pd.api.types.is_integer_dtype(values.dtype):
        text = values.astype("string")
    else:
        text = values.map(_any_text, na_action="ignore")
    text = text.astype("string").str.strip()
    return text.mask(text.isin(_NO_VALUE)).astype("str")


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _any_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return _number_text(value) if isinstance(value, float) else str(value)


def as_integer(values: pd.Series, *, source: str) -> pd.Series:
    """Return whole numbers: int64, or nullable Int64 where values are missing."""
    if pd.api.types.is_integer_dtype(values.dtype) and not values.hasnans:
        return values.astype(np.int64)
    text = as_text(values)
    known = text.dropna()
    _refuse(known[~known.str.fullmatch(_WHOLE.pattern)], source=source, allowed="whole numbers")
    long = known[known.str.len() > _LONGEST]
    _refuse(long, source=source, allowed=f"whole numbers of at most {_LONGEST} characters")
    if text.hasnans:
        return text.astype("string").astype("Int64")
    return text.astype(np.int64)


def as_id(values: pd.Series, *, source: str) -> pd.Series:
    """Return ids as int64; refuses floats, which have lost digits or will."""
    if pd.api.types.is_float_dtype(values.dtype) and values.notna().any():
        example = float(values.dropna().iloc[0])
        message = f"{source}: ids came as floating point, e.g. {example!r}; allowed: whole numbers"
        raise FieldError(message)
    return as_integer(values, source=source)


def as_number(values: pd.Series, *, source: str) -> pd.Series:
    """Return numbers as float64; a decimal comma is read as a point, missing is NaN."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype(np.float64)
    text = as_text(values)
    read = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    _refuse(text[read.isna() & text.notna()], source=source, allowed="numbers")
    return read.astype(np.float64)


def as_date(values: pd.Series, *, source: str) -> pd.Series:
    """Return dates (datetime64[s], midnight); a year or month alone is its first day.

    Of a span (ISO 8601, as Darwin Core has them) the first day is taken. Times with a
    zone, and epoch milliseconds, are read as Norwegian local time; a time as Unix and Java
    write it (Sat Jun 26 00:00:00 CET 1976, which old downloads of GBIF hold) is its own day.
    """
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        if values.dt.tz is not None:
            return _norwegian_day(values)
        return values.dt.normalize().astype("datetime64[s]")
    text = as_text(values)
    out = pd.Series(pd.NaT, index=values.index, dtype="datetime64[s]")
    zoned = text.str.fullmatch(_ZONED).fillna(value=False).astype(bool)
    if zoned.any():
        moments = pd.to_datetime(text[zoned], format="ISO8601", errors="coerce", utc=True)
        out[zoned] = _norwegian_day(moments)
    for pattern, width, form in _DATES:
        hit = text.str.fullmatch(pattern).fillna(value=False).astype(bool) & out.isna()
        if hit.any():
            read = pd.to_datetime(text[hit].str.slice(0, width), format=form, errors="coerce")
            out[hit] = read.astype("datetime64[s]")
    epoch = text.str.fullmatch(_EPOCH_MS).fillna(value=False).astype(bool) & out.isna()
    if epoch.any():
        moment = pd.to_datetime(text[epoch].astype(np.int64), unit="ms", utc=True)
        out[epoch] = _norwegian_day(moment)
    written = text.str.fullmatch(_WRITTEN).fillna(value=False).astype(bool) & out.isna()
    if written.any():
        out[written] = _written_day(text[written])
    _refuse(text[out.isna() & text.notna()], source=source, allowed=_DATE_FORMS)
    return out


def _written_day(text: pd.Series) -> pd.Series:
    """Return the day of times as Unix and Java write them, in the zone they state."""
    parts = text.str.extract(_WRITTEN)
    months = parts[0].map({name: f"{i:02d}" for i, name in enumerate(_MONTHS, 1)})
    days = parts[2] + months.astype("str") + parts[1].str.zfill(2)
    return pd.to_datetime(days, format="%Y%m%d", errors="coerce").astype("datetime64[s]")


def _norwegian_day(moments: pd.Series) -> pd.Series:
    """Return the days (midnight, datetime64[s]) on which moments in UTC fall in Norway."""
    local = moments.dt.tz_convert("Europe/Oslo").dt.tz_localize(None)
    return local.dt.normalize().astype("datetime64[s]")


def as_code(values: pd.Series, mapping: FieldMapping, *, source: str) -> pd.Series:
    """Return values through the code list; one that is not listed is refused.

    Codes are compared exactly, then folded (case, accents, blanks).
    """
    folded = {fold(code): value for code, value in mapping.codes.items()}
    text = as_text(values)
    known = text.dropna()
    table = {v: mapping.codes.get(v, folded.get(fold(v))) for v in known.unique()}
    unknown = [v for v, ours in table.items() if ours is None]
    _refuse(known[known.isin(unknown)], source=source, allowed=listing(mapping.codes))
    return text.map(table).astype("str")


def pad(values: pd.Series, digits: int, *, source: str) -> pd.Series:
    """Return official numbers as text of ``digits`` digits; leading zeros lost are put back."""
    known = values.dropna()
    wrong = known[~known.str.fullmatch(rf"\d{{1,{digits}}}")]
    _refuse(wrong, source=source, allowed=f"numbers of at most {digits} digits")
    return values.str.zfill(digits)


def mend_encoding(values: pd.Series) -> tuple[pd.Series, int]:
    """Return text with UTF-8 that was read as Latin-1 put right, and how many values changed.

    Only values that hold the tell-tale pairs (``Ã¸`` for ``ø``) and that decode as
    UTF-8 without loss are touched.
    """
    suspect = values.str.contains("[ÃÂ][\u0080-\u00bf]", regex=True).fillna(value=False)
    table: dict[str, str] = {}
    for value in values[suspect.astype(bool)].unique():
        try:
            table[value] = value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            continue
    if not table:
        return values, 0
    changed = values.isin(list(table))
    return values.where(~changed, values.map(table)).astype("str"), int(changed.sum())


def _refuse(wrong: pd.Series, *, source: str, allowed: str) -> None:
    if len(wrong):
        examples = listing((repr(v) for v in wrong.unique()), limit=3)
        message = f"{source}: holds {examples} ({len(wrong)} rows); allowed: {allowed}"
        raise FieldError(message)
