"""Work out on which dates the journeys of a NeTEx timetable run.

The Nordic NeTEx profile: a journey runs on day types; assignments give a day type single dates,
operating days, or the days of a period that are among its days of the week. An assignment that is
not available takes days away, whatever others give. Dated journeys name their days themselves.
The validity of the whole delivery is not used.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.errors import SourceError
from gis.sources.netex_files import ref_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EVERY = frozenset(range(7))
_GROUPS = {
    **{name: frozenset((i,)) for i, name in enumerate(_DAYS)},
    "Weekdays": frozenset(range(5)),
    "Weekend": frozenset((5, 6)),
    "Everyday": _EVERY,
    "None": frozenset[int](),
}
_LONGEST_DAYS = 3660
# A journey altered so does not run (NeTEx: cancelled, or replaced by another).
NOT_RUN = ("cancellation", "replaced")

WANTED = (
    *("DayType", "DayTypeAssignment", "OperatingPeriod", "UicOperatingPeriod", "OperatingDay"),
    "DatedServiceJourney",
)


@dataclass(frozen=True)
class _Assignment:
    """What one assignment gives a day type or takes from it."""

    date: str | None
    day: str | None
    period: str | None
    gives: bool


@dataclass
class Calendar:
    """Day types with what is assigned to them, by id, as it is collected."""

    source: str
    weekdays: dict[str, frozenset[int]] = field(default_factory=dict)
    assignments: dict[str, list[_Assignment]] = field(default_factory=dict)
    periods: dict[str, tuple[dt.date, dt.date, str | None]] = field(default_factory=dict)
    days: dict[str, dt.date] = field(default_factory=dict)
    dated: dict[str, set[str]] = field(default_factory=dict)  # journey -> operating days
    of_holidays: set[str] = field(default_factory=set)
    _known: dict[str, frozenset[dt.date]] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        """Take one element of the names in WANTED. Raises SourceError: a date that is none."""
        name = element.get("id") or ""
        if element.tag == "DayType":
            self._day_type(name, element)
        elif element.tag == "DayTypeAssignment":
            self._assign(element)
        elif element.tag == "OperatingDay":
            self.days[name] = self._date(text_of(element, "CalendarDate"), name)
        elif element.tag == "DatedServiceJourney":
            self._dated(element)
        else:
            first = self._date(text_of(element, "FromDate"), name)
            last = self._date(text_of(element, "ToDate"), name)
            if (last - first).days > _LONGEST_DAYS:
                message = f"{self.source}: {name}: a period of more than {_LONGEST_DAYS} days"
                raise SourceError(message)
            self.periods[name] = first, last, text_of(element, "ValidDayBits")

    def _day_type(self, name: str, element: Element) -> None:
        said = [text_of(p, "DaysOfWeek") for p in element.iterfind("properties/PropertyOfDay")]
        words = [w for text in said if text for w in text.split()]
        unknown = set(words) - set(_GROUPS)
        if unknown:
            message = (
                f"{self.source}: {name}: DaysOfWeek '{min(unknown)}'; allowed: {', '.join(_GROUPS)}"
            )
            raise SourceError(message)
        if words:
            self.weekdays[name] = frozenset().union(*(_GROUPS[w] for w in words))
        if element.find("properties/PropertyOfDay/HolidayTypes") is not None:
            self.of_holidays.add(name)

    def _assign(self, element: Element) -> None:
        kind = ref_of(element, "DayTypeRef") or ""
        period = ref_of(element, "OperatingPeriodRef") or ref_of(element, "UicOperatingPeriodRef")
        self.assignments.setdefault(kind, []).append(
            _Assignment(
                date=text_of(element, "Date"),
                day=ref_of(element, "OperatingDayRef"),
                period=period,
                gives=text_of(element, "isAvailable") != "false",
            )
        )

    def _dated(self, element: Element) -> None:
        journey = ref_of(element, "ServiceJourneyRef") or ""
        runs = self.dated.setdefault(journey, set())
        day = ref_of(element, "OperatingDayRef")
        if day and text_of(element, "ServiceAlteration") not in NOT_RUN:
            runs.add(day)

    def dates(self, day_types: Iterable[str], journey: str) -> frozenset[dt.date]:
        """Return the dates of a journey: those of its day types, and those it names itself."""
        named = (self.days[d] for d in self.dated.get(journey, ()) if d in self.days)
        return frozenset().union(*(self._of(t) for t in day_types), frozenset(named))

    def _of(self, day_type: str) -> frozenset[dt.date]:
        if day_type not in self._known:
            gives: set[dt.date] = set()
            takes: set[dt.date] = set()
            for assignment in self.assignments.get(day_type, ()):
                (gives if assignment.gives else takes).update(self._days(assignment, day_type))
            self._known[day_type] = frozenset(gives - takes)
        return self._known[day_type]

    def _days(self, assignment: _Assignment, day_type: str) -> set[dt.date]:
        found: set[dt.date] = set()
        if assignment.date:
            found.add(self._date(assignment.date, day_type))
        if assignment.day in self.days:
            found.add(self.days[assignment.day])
        if assignment.period in self.periods:
            first, last, bits = self.periods[assignment.period]
            allowed = self.weekdays.get(day_type, _EVERY)
            for i in range((last - first).days + 1):
                day = first + dt.timedelta(days=i)
                valid = bits is None or bits[i : i + 1] == "1"
                if valid and day.weekday() in allowed:
                    found.add(day)
        return found

    def _date(self, text: str | None, name: str) -> dt.date:
        try:
            return dt.date.fromisoformat((text or "")[:10])
        except ValueError:
            message = f"{self.source}: {name}: date '{(text or '')[:40]}'; allowed: YYYY-MM-DD"
            raise SourceError(message) from None
