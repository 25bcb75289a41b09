"""Choose the date whose timetable stands for everyday public transport.

An ordinary day is a Tuesday, Wednesday or Thursday that is no Norwegian public
holiday and lies in none of the periods when timetables or travel differ. The
periods are this project's own rule, wide on purpose because school breaks differ
between counties; pass others to ``choose_service_day`` where they do not fit.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import holidays

from gis.errors import ParameterError
from gis.text import Text, number
from gis.text import day as written

_TUESDAY, _THURSDAY = 1, 3
# A day with fewer trips than this share of the usual is thin: the rim of a feed's
# horizon, or a strike.
_THIN = 0.8


@dataclass(frozen=True)
class Period:
    """Days of the year to keep away from. ``holds`` says whether a date is one of them.

    ``may_yield``: the period is accepted, with a remark, when a feed has nothing
    else (a timetable that is valid in summer only).
    """

    name: Text
    holds: Callable[[dt.date], bool]
    may_yield: bool = False


@dataclass(frozen=True)
class ServiceDay:
    """A chosen date, how many trips run on it, and why it was chosen."""

    date: dt.date
    trips: int
    reason: Text


def easter_sunday(year: int) -> dt.date:
    """Return Easter Sunday (Gregorian; the anonymous algorithm, Nature 13, 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    return dt.date(year, month, (h + weekday - 7 * m + 33 * month + 19) % 32)


def _christmas(day: dt.date) -> bool:
    return (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 5)


def _easter(day: dt.date) -> bool:
    # From the Saturday before Palm Sunday to the Tuesday after Easter Monday.
    return -8 <= (day - easter_sunday(day.year)).days <= 2


def _constitution_week(day: dt.date) -> bool:
    return day.isocalendar()[:2] == dt.date(day.year, 5, 17).isocalendar()[:2]


def _summer(day: dt.date) -> bool:
    return (6, 20) <= (day.month, day.day) <= (8, 20)


def _weeks(*numbers: int) -> Callable[[dt.date], bool]:
    return lambda day: day.isocalendar().week in numbers


DEFAULT_PERIODS = (
    Period(Text(nb="jul og nyttår", en="Christmas and New Year"), _christmas),
    Period(Text(nb="påskeuka", en="Easter week"), _easter),
    Period(Text(nb="uka med 17. mai", en="the week of 17 May"), _constitution_week),
    Period(
        Text(nb="vinterferie (uke 8 og 9)", en="winter break (weeks 8 and 9)"),
        _weeks(8, 9),
        may_yield=True,
    ),
    Period(
        Text(nb="høstferie (uke 40 og 41)", en="autumn break (weeks 40 and 41)"),
        _weeks(40, 41),
        may_yield=True,
    ),
    Period(
        Text(nb="sommerferie (20. juni–20. august)", en="summer (20 June–20 August)"),
        _summer,
        may_yield=True,
    ),
)


@cache
def _public_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("NO", years=year))


def is_public_holiday(day: dt.date) -> bool:
    """Return whether a date is a Norwegian public holiday (ordinary Sundays are none)."""
    return day in _public_holidays(day.year)


def why_not_ordinary(day: dt.date, periods: tuple[Period, ...] = DEFAULT_PERIODS) -> Text | None:
    """Return why a date is no ordinary day, or None when it is one."""
    if is_public_holiday(day):
        return Text(nb="offentlig fridag", en="public holiday")
    if not _TUESDAY <= day.weekday() <= _THURSDAY:
        return Text(nb="ikke tirsdag, onsdag eller torsdag", en="no Tuesday, Wednesday or Thursday")
    return next((period.name for period in periods if period.holds(day)), None)


def given_day(day: dt.date) -> Text:
    """Word that a date was given, and why it is no ordinary day where it is none."""
    odd = why_not_ordinary(day)
    if odd is None:
        return Text(nb="valgt dato", en="date as given")
    return Text(
        nb=f"valgt dato, ingen vanlig hverdag: {odd.nb}",
        en=f"date as given, no ordinary day: {odd.en}",
    )


def check_service_day(day: dt.date, trips_by_date: Mapping[dt.date, int]) -> None:
    """Refuse a date outside the dates that a feed covers. Raises ParameterError."""
    first, last = _validity(trips_by_date)
    if not first <= day <= last:
        message = f"date {day} is outside the feed; allowed: {first} to {last}"
        raise ParameterError(message)


def _validity(trips_by_date: Mapping[dt.date, int]) -> tuple[dt.date, dt.date]:
    served = [day for day, trips in trips_by_date.items() if trips > 0]
    if not served:
        message = "the feed has no date with any trip; no service day can be chosen"
        raise ParameterError(message)
    return min(served), max(served)


def choose_service_day(
    trips_by_date: Mapping[dt.date, int],
    *,
    preferred: dt.date | None = None,
    periods: tuple[Period, ...] = DEFAULT_PERIODS,
) -> ServiceDay:
    """Choose an ordinary day of a feed, with the reason in words.

    ``trips_by_date``: number of trips of each date (``sources.gtfs.trips_per_date``).
    With ``preferred``, the nearest ordinary day on or after it that has at least
    80 % of the usual (median) number of trips; without one, or when none is left,
    the ordinary day whose number of trips lies nearest the median, the earliest of
    equals. A feed with nothing but school holidays yields a day in them and says so.

    Raises ParameterError when ``preferred`` lies outside the feed, and when the feed
    has no Tuesday to Thursday that may stand for everyday.
    """
    first, last = _validity(trips_by_date)
    if preferred is not None:
        check_service_day(preferred, trips_by_date)
    days, remark = _candidates(trips_by_date, periods)
    if not days:
        message = (
            f"the feed ({first} to {last}) has no Tuesday, Wednesday or Thursday outside public "
            "holidays, Christmas, Easter and the week of 17 May; give a date"
        )
        raise ParameterError(message)
    usual = statistics.median(trips_by_date[day] for day in days)
    if preferred is not None:
        for day in days:
            if day >= preferred and trips_by_date[day] >= _THIN * usual:
                return _nearest(day, preferred, trips=trips_by_date[day], remark=remark)
    chosen = min(days, key=lambda day: (abs(trips_by_date[day] - usual), day))
    return _typical(chosen, trips=trips_by_date[chosen], usual=usual, remark=remark)


def _candidates(
    trips_by_date: Mapping[dt.date, int], periods: tuple[Period, ...]
) -> tuple[list[dt.date], Text]:
    """Return the days to choose among, in order, and a remark when rules were relaxed."""
    served = sorted(day for day, trips in trips_by_date.items() if trips > 0)
    ordinary = [day for day in served if why_not_ordinary(day, periods) is None]
    if ordinary:
        return ordinary, Text(nb="", en="")
    firm = tuple(period for period in periods if not period.may_yield)
    remark = Text(
        nb=" Ruteplanen dekker bare skolens ferier, så dagen ligger i en ferie.",
        en=" The feed covers school holidays only, so the day lies in one.",
    )
    return [day for day in served if why_not_ordinary(day, firm) is None], remark


_WEEKDAYS = (
    Text(nb="mandag", en="Monday"),
    Text(nb="tirsdag", en="Tuesday"),
    Text(nb="onsdag", en="Wednesday"),
    Text(nb="torsdag", en="Thursday"),
    Text(nb="fredag", en="Friday"),
    Text(nb="lørdag", en="Saturday"),
    Text(nb="søndag", en="Sunday"),
)


def _nearest(day: dt.date, preferred: dt.date, *, trips: int, remark: Text) -> ServiceDay:
    ordinary = Text(
        nb="{day} {date} er en vanlig hverdag med {trips} turer.{remark}",
        en="{day} {date} is an ordinary weekday with {trips} trips.{remark}",
    )
    moved = Text(
        nb="{day} {date} er første vanlige hverdag fra og med {wanted}, med {trips} turer.{remark}",
        en="{day} {date} is the first ordinary weekday on or after {wanted}, "
        "with {trips} trips.{remark}",
    )
    reason = (ordinary if day == preferred else moved).fill(
        day=_WEEKDAYS[day.weekday()],
        date=written(day),
        wanted=written(preferred),
        trips=number(trips),
        remark=remark,
    )
    return ServiceDay(day, trips, _capital(reason))


def _typical(day: dt.date, *, trips: int, usual: float, remark: Text) -> ServiceDay:
    reason = Text(
        nb="{day} {date} er en vanlig hverdag med et typisk antall turer: {trips}, mot "
        "{usual} i midten av alle vanlige hverdager.{remark}",
        en="{day} {date} is an ordinary weekday with a typical number of trips: {trips}, "
        "where the median of all ordinary weekdays is {usual}.{remark}",
    ).fill(
        day=_WEEKDAYS[day.weekday()],
        date=written(day),
        trips=number(trips),
        usual=number(usual, decimals=0 if float(usual).is_integer() else 1),
        remark=remark,
    )
    return ServiceDay(day, trips, _capital(reason))


def _capital(text: Text) -> Text:
    return Text(nb=text.nb[0].upper() + text.nb[1:], en=text.en)
