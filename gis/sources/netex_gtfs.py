"""Write a NeTEx timetable as a GTFS feed, so that departures are counted by one way alone.

One pass collects what journeys refer to, a second writes the journeys as they come by: a national
delivery needs memory for its patterns and stops, not for its departures.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from gis.errors import SourceError
from gis.sources import netex_calendar, netex_network
from gis.sources.netex_calendar import NOT_RUN, Calendar
from gis.sources.netex_files import elements, ref_of, text_of
from gis.sources.netex_network import Network, modes_of, route_type
from gis.sources.netex_stops import stops_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from gis.sources.netex_files import Place
    from gis.sources.netex_network import Pattern
    from gis.sources.netex_stops import Stop

_CLOCK = re.compile(r"(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?")
_MOST_DAYS = 14
_DIRECTION = {"outbound": "0", "inbound": "1"}
_WHEELCHAIR = {"true": "1", "false": "2"}
_UNREAD = ("TemplateServiceJourney",)
HEADS = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type",
    "trips": "route_id,service_id,trip_id,direction_id",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,"
    "drop_off_type",
    "calendar_dates": "service_id,date,exception_type",
}


@dataclass
class _Told:
    """What the conversion meets: numbers for the notes, and what was used."""

    counts: Counter[str] = field(default_factory=Counter)
    services: dict[frozenset[Any], str] = field(default_factory=dict)
    routes: dict[tuple[str, int], str] = field(default_factory=dict)
    stops: dict[str, str] = field(default_factory=dict)  # quay -> a point that is it


def write_as_gtfs(source: Path, folder: Path, *, registers: Sequence[Path] = ()) -> list[str]:
    """Write a NeTEx timetable into a folder as the tables of a GTFS feed; return notes.

    ``registers``: stop registers in NeTEx that say where quays lie, at which stop place, and
    whether a wheelchair can board. Without one a stop has the place of its scheduled stop point,
    or that of the ends of the links that meet there, where they agree within 50 m. Journeys that
    are cancelled or replaced, or have no clock times, are left out and counted. Raises
    SourceError: no NeTEx timetable, a broken one, a date or a day of the week that is none.
    """
    network, calendar = Network(), Calendar(source.name)
    for element in elements(source, (*netex_network.WANTED, *netex_calendar.WANTED)):
        known = network if element.tag in netex_network.WANTED else calendar
        known.take(element)
    told = _Told()
    with ExitStack() as stack:
        out = {name: _open(folder, name, stack) for name in ("trips", "stop_times")}
        for element in elements(source, ("ServiceJourney", *_UNREAD)):
            if element.tag in _UNREAD:
                told.counts["journeys by interval, not read"] += 1
                continue
            _journey(element, network, calendar, told=told, out=out)
    if not told.stops:
        message = f"{source.name}: NeTEx without journeys that call at stops; allowed: a timetable"
        raise SourceError(message)
    _write(folder, "calendar_dates", _dates(told))
    _write(folder, "routes", _routes(network, told))
    _write(folder, "agency", _agencies(network))
    _write(folder, "stops", _stop_rows(network, told, registers))
    told.counts["day types with holidays, which are not known here"] += len(calendar.of_holidays)
    return [f"{n} {what}" for what, n in told.counts.items() if n]


def _open(folder: Path, name: str, stack: ExitStack) -> IO[str]:
    out = stack.enter_context((folder / f"{name}.txt").open("w", encoding="utf-8", newline=""))
    out.write(HEADS[name] + "\n")
    return out


def _write(folder: Path, name: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with ExitStack() as stack:
        csv.writer(_open(folder, name, stack), lineterminator="\n").writerows(rows)


def _journey(
    element: Element,
    network: Network,
    calendar: Calendar,
    *,
    told: _Told,
    out: dict[str, IO[str]],
) -> None:
    """Write one journey as a trip with its calls."""
    if text_of(element, "ServiceAlteration") in NOT_RUN:
        told.counts["journeys cancelled or replaced left out"] += 1
        return
    ref = ref_of(element, "JourneyPatternRef") or ref_of(element, "ServiceJourneyPatternRef")
    pattern = network.patterns.get(ref or "")
    if pattern is None:
        told.counts["journeys without a known pattern left out"] += 1
        return
    name = element.get("id") or ""
    calls = _calls(element, pattern, network, told=told)
    if not calls:
        told.counts["journeys without times left out"] += 1
        return
    line, direction = network.routes.get(pattern.route, ("", ""))
    line = ref_of(element, "LineRef") or ref_of(element, "FlexibleLineRef") or line
    own = modes_of(element)
    known = network.lines.get(line)
    kind = route_type(*own) if own[0] or known is None else known.route_type
    route = told.routes.setdefault((line, kind), f"{line}:{kind}")
    days = element.iterfind("dayTypes/DayTypeRef")
    dates = calendar.dates((d.get("ref") or "" for d in days), name)
    service = told.services.setdefault(dates, f"S{len(told.services)}")
    csv.writer(out["trips"], lineterminator="\n").writerow(
        (route, service, name, _DIRECTION.get(direction, ""))
    )
    csv.writer(out["stop_times"], lineterminator="\n").writerows((name, *c) for c in calls)


def _calls(
    element: Element, pattern: Pattern, network: Network, *, told: _Told
) -> list[tuple[Any, ...]]:
    """Return arrival, departure, stop, sequence, pickup and drop-off of each call, in order."""
    found = {}
    for passing in element.iterfind("passingTimes/TimetabledPassingTime"):
        ref = ref_of(passing, "StopPointInJourneyPatternRef")
        place = pattern.index.get(ref or "")
        arrival, departure = (_time(passing, which) for which in ("Arrival", "Departure"))
        if place is None or (arrival is None and departure is None):
            told.counts["calls without a time or a place in the pattern left out"] += 1
            continue
        found[place] = arrival or departure, departure or arrival
    rows = []
    for place, times in sorted(found.items()):
        point = pattern.points[place]
        quay = network.quay_of(point.stop)
        told.stops.setdefault(quay, point.stop)
        boards = "1" if not point.boards else "3" if point.on_request else "0"
        alights = "1" if not point.alights else "3" if point.on_request else "0"
        rows.append((*times, quay, place + 1, boards, alights))
    return rows


def _time(passing: Element, which: str) -> str | None:
    """Return a passing time as GTFS writes it, past 24:00 on later days; None where there is none.

    A time on an earlier day than the journey's, or in a stated zone, is none.
    """
    clock = _CLOCK.fullmatch(text_of(passing, f"{which}Time") or "")
    offset = text_of(passing, f"{which}DayOffset") or "0"
    if clock is None or not offset.isdigit() or int(offset) > _MOST_DAYS:
        return None
    hours, minutes, seconds = clock.groups()
    return f"{int(hours) + 24 * int(offset):02d}:{minutes}:{seconds}"


def _dates(told: _Told) -> Iterator[tuple[Any, ...]]:
    for dates, service in told.services.items():
        for date in sorted(dates):
            yield service, f"{date:%Y%m%d}", 1


def _routes(network: Network, told: _Told) -> Iterator[tuple[Any, ...]]:
    for (name, kind), route in told.routes.items():
        line = network.lines.get(name)
        yield route, *((line.operator, line.code, line.name) if line else ("", "", "")), kind


def _agencies(network: Network) -> Iterator[tuple[Any, ...]]:
    for name, title in sorted(network.operators.items()) or [("", "")]:
        yield name, title, "", network.time_zone


def _stop_rows(
    network: Network, told: _Told, registers: Sequence[Path]
) -> Iterator[tuple[Any, ...]]:
    """Yield the quays that are called at, and the stop places above them."""
    known = _registered(registers, set(told.stops))
    above = {
        stop.parent: known[stop.parent]
        for stop in known.values()
        if stop.object == "Quay" and stop.parent in known
    }
    for quay, point in told.stops.items():
        stop = known.get(quay)
        place, by_ends = (stop.place, False) if stop else (None, False)
        if place is None:
            place, by_ends = network.place_of(point)
        told.counts["stops placed where the links that meet there end"] += by_ends
        told.counts["stops without a place in any register"] += place is None
        name = (stop.name if stop else None) or network.stops.get(point, ("", None))[0]
        parent = stop.parent if stop and stop.parent in above and quay not in above else ""
        wheelchair = _WHEELCHAIR.get((stop.WheelchairAccess or "") if stop else "", "")
        yield quay, name, *_lat_lon(place), "1" if quay in above else "", parent, wheelchair
    for stop in above.values():
        if stop.id not in told.stops:
            yield stop.id, stop.name or "", *_lat_lon(stop.place), "1", "", ""


def _lat_lon(place: Place | None) -> tuple[float | str, float | str]:
    return ("", "") if place is None else (place[1], place[0])


def _registered(registers: Sequence[Path], wanted: set[str]) -> dict[str, Stop]:
    """Return the wanted stops of the registers, and the stop places above them."""
    found: dict[str, Stop] = {}
    for register in registers:
        whole: Stop | None = None
        for stop in stops_of(register):
            whole = stop if stop.object != "Quay" else whole
            if stop.id in wanted:
                found[stop.id] = stop
                if whole is not None and stop.parent == whole.id:
                    found[whole.id] = whole
    return found
