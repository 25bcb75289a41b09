"""Choosing the service day: answers by hand from the Norwegian calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from dateutil.easter import easter

from gis.errors import ParameterError
from gis.serviceday import (
    DEFAULT_PERIODS,
    Period,
    check_service_day,
    choose_service_day,
    easter_sunday,
    is_public_holiday,
    why_not_ordinary,
)
from gis.text import Text


def every_day(first: dt.date, last: dt.date, trips: int = 100) -> dict[dt.date, int]:
    return {first + dt.timedelta(days=i): trips for i in range((last - first).days + 1)}


def test_easter_against_dateutil() -> None:
    """Someone else's engine: three centuries of Easter Sundays."""
    assert [easter_sunday(y) for y in range(1900, 2200)] == [easter(y) for y in range(1900, 2200)]


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("2026-11-19", None),  # Thursday
        ("2026-11-17", None),  # Tuesday
        ("2026-11-20", "no Tuesday"),
        ("2026-11-16", "no Tuesday"),
        ("2026-01-01", "public holiday"),
        ("2026-05-14", "public holiday"),  # Ascension Day, Thursday
        ("2026-04-02", "public holiday"),  # Maundy Thursday
        ("2026-03-31", "Easter"),  # Tuesday before
        ("2026-04-07", "Easter"),  # Tuesday after
        ("2026-04-08", None),
        ("2026-05-12", None),  # 17 May 2026 is a Sunday: its week is 11-17 May
        ("2025-12-23", "Christmas"),
        ("2025-12-30", "Christmas"),
        ("2026-01-06", None),
        ("2026-02-18", "winter"),
        ("2026-10-01", "autumn"),
        ("2026-07-15", "summer"),
        ("2026-06-18", None),
    ],
)
def test_which_days_are_ordinary(date: str, reason: str | None) -> None:
    """By hand, from the calendars of 2025 and 2026."""
    found = why_not_ordinary(dt.date.fromisoformat(date))
    if date == "2026-05-12":
        assert found is not None
        assert found.en == "the week of 17 May"
    elif reason is None:
        assert found is None
    else:
        assert found is not None
        assert reason in found.en


def test_public_holidays_of_a_year() -> None:
    """By hand: the twelve public holidays of 2026."""
    year = every_day(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    found = [d.strftime("%m-%d") for d in year if is_public_holiday(d)]
    assert found == [
        "01-01", "04-02", "04-03", "04-05", "04-06", "05-01", "05-14", "05-17", "05-24",
        "05-25", "12-25", "12-26",
    ]  # fmt: skip


def test_nearest_on_or_after_the_preferred_date() -> None:
    """By hand: Friday 18 December 2026 leads past Christmas to Wednesday 6 January."""
    feed = every_day(dt.date(2026, 12, 1), dt.date(2027, 1, 31))
    chosen = choose_service_day(feed, preferred=dt.date(2026, 12, 18))
    assert chosen.date == dt.date(2027, 1, 6)
    assert chosen.reason == Text(
        nb="Onsdag 06.01.2027 er første vanlige hverdag fra og med 18.12.2026, med 100 turer.",
        en="Wednesday 6 January 2027 is the first ordinary weekday on or after "
        "18 December 2026, with 100 trips.",
    )
    same = choose_service_day(feed, preferred=dt.date(2026, 12, 3))
    assert same.date == dt.date(2026, 12, 3)
    assert same.reason.nb.startswith("Torsdag 03.12.2026 er en vanlig hverdag med 100")


def test_thin_days_are_passed_over() -> None:
    """By hand: 79 of 100 trips is thin, 80 is not."""
    feed = every_day(dt.date(2026, 11, 2), dt.date(2026, 11, 30))
    feed[dt.date(2026, 11, 17)] = 79
    feed[dt.date(2026, 11, 18)] = 80
    chosen = choose_service_day(feed, preferred=dt.date(2026, 11, 17))
    assert (chosen.date, chosen.trips) == (dt.date(2026, 11, 18), 80)


def test_typical_day_without_a_preference() -> None:
    """By hand: the median of 90, 100, 100, 120, 60 is 100, first met on 4 November."""
    days = [3, 4, 5, 10, 11]
    trips = [90, 100, 100, 120, 60]
    feed = {dt.date(2026, 11, d): t for d, t in zip(days, trips, strict=True)}
    feed[dt.date(2026, 11, 7)] = 100
    chosen = choose_service_day(feed)
    assert (chosen.date, chosen.trips) == (dt.date(2026, 11, 4), 100)
    assert "100" in chosen.reason.en
    assert chosen.reason.nb.startswith("Onsdag 04.11.2026")


def test_nothing_left_after_the_preferred_date() -> None:
    """By hand: after Friday 27 November only a Monday is left, so the typical day stands."""
    feed = every_day(dt.date(2026, 11, 2), dt.date(2026, 11, 30))
    chosen = choose_service_day(feed, preferred=dt.date(2026, 11, 27))
    assert chosen.date == dt.date(2026, 11, 3)
    assert "typical" in chosen.reason.en


def test_feed_of_school_holidays_only() -> None:
    """By hand: a summer timetable yields a summer day and says so; Christmas yields none."""
    summer = choose_service_day(every_day(dt.date(2026, 6, 22), dt.date(2026, 8, 14)))
    assert summer.date == dt.date(2026, 6, 23)
    assert "ferier" in summer.reason.nb
    with pytest.raises(ParameterError, match="no Tuesday, Wednesday or Thursday outside"):
        choose_service_day(every_day(dt.date(2026, 12, 20), dt.date(2027, 1, 3)))


def test_periods_can_be_changed() -> None:
    """By hand: without periods summer is ordinary; with a week of its own it is not."""
    july = every_day(dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    plain = choose_service_day(july, periods=())
    assert plain.date == dt.date(2026, 7, 1)
    assert "ferie" not in plain.reason.nb
    works = Period(Text(nb="anlegg", en="works"), lambda day: day.day < 15)
    assert choose_service_day(july, periods=(works,)).date == dt.date(2026, 7, 15)
    assert len(DEFAULT_PERIODS) == 6


def test_dates_outside_the_feed_are_refused() -> None:
    """By hand: the feed has trips from 2 to 30 November; days with 0 trips do not widen it."""
    feed = every_day(dt.date(2026, 11, 2), dt.date(2026, 11, 30))
    feed[dt.date(2027, 2, 1)] = 0
    message = "2026-12-01 is outside the feed; allowed: 2026-11-02 to 2026-11-30"
    with pytest.raises(ParameterError, match=message):
        check_service_day(dt.date(2026, 12, 1), feed)
    with pytest.raises(ParameterError, match=message):
        choose_service_day(feed, preferred=dt.date(2026, 12, 1))
    with pytest.raises(ParameterError, match="no date with any trip"):
        choose_service_day({})
