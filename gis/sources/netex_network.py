"""Read what the journeys of a NeTEx timetable refer to: lines, patterns, stops and their places.

The Nordic NeTEx profile: a journey follows a pattern of scheduled stop points; an assignment says
which quay of the national register a point is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.kernels.coordinates import metres_apart
from gis.sources.netex_files import Place, good_place, place_of, ref_of, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Extended GTFS route types (Google) by TransportMode; a few submodes have their own.
_ROUTE_TYPES = {
    "rail": 100,
    "coach": 200,
    "metro": 401,
    "bus": 700,
    "trolleyBus": 800,
    "tram": 900,
    "water": 1000,
    "ferry": 1000,
    "air": 1100,
    "cableway": 1300,
    "funicular": 1400,
    "taxi": 1500,
}
_SUBMODES = {"railReplacementBus": 714, "schoolBus": 712, "nightBus": 705, "expressBus": 702}
_OTHER = 1700
_NO = "false"
# Ends of links at one stop lie together; farther apart they say nothing of where it is.
_SAME_M = 50.0
_LONLAT = ("4326", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326")

WANTED = (
    *("Line", "FlexibleLine", "Route", "JourneyPattern", "ServiceJourneyPattern", "Operator"),
    *("ScheduledStopPoint", "PassengerStopAssignment", "ServiceLink", "FrameDefaults"),
)


@dataclass(frozen=True)
class Line:
    """A line: its route type where its journeys say no other, its name and who runs it."""

    route_type: int
    name: str
    code: str
    operator: str


@dataclass(frozen=True)
class Point:
    """One point of a pattern: its stop, and whether one may board and leave there."""

    stop: str
    boards: bool
    alights: bool
    on_request: bool


@dataclass(frozen=True)
class Pattern:
    """The points of a pattern in order, and where each point's id stands among them."""

    route: str
    points: tuple[Point, ...]
    index: dict[str, int]


@dataclass
class Network:
    """Everything that journeys refer to, by id, as it is collected."""

    lines: dict[str, Line] = field(default_factory=dict)
    routes: dict[str, tuple[str, str]] = field(default_factory=dict)  # line, direction
    patterns: dict[str, Pattern] = field(default_factory=dict)
    operators: dict[str, str] = field(default_factory=dict)
    stops: dict[str, tuple[str, Place | None]] = field(default_factory=dict)  # name, place
    assigned: dict[str, str] = field(default_factory=dict)  # point -> quay or stop place
    ends: dict[str, tuple[Place, bool]] = field(default_factory=dict)  # place, do they agree
    time_zone: str = ""

    def take(self, element: Element) -> None:
        """Take one element of the names in WANTED."""
        name = element.get("id") or ""
        if element.tag in ("Line", "FlexibleLine"):
            self.lines[name] = _line(element)
        elif element.tag == "Route":
            self.routes[name] = (
                ref_of(element, "LineRef") or ref_of(element, "FlexibleLineRef") or "",
                text_of(element, "DirectionType") or "",
            )
        elif element.tag in ("JourneyPattern", "ServiceJourneyPattern"):
            self.patterns[name] = _pattern(element)
        elif element.tag == "Operator":
            self.operators[name] = text_of(element, "Name") or name
        elif element.tag == "ScheduledStopPoint":
            self.stops[name] = (text_of(element, "Name") or "", place_of(element, "Location"))
        elif element.tag == "PassengerStopAssignment":
            self._assign(element)
        elif element.tag == "ServiceLink":
            self._link(element)
        else:
            self.time_zone = self.time_zone or text_of(element, "DefaultLocale/TimeZone") or ""

    def _assign(self, element: Element) -> None:
        point = ref_of(element, "ScheduledStopPointRef")
        quay = ref_of(element, "QuayRef") or ref_of(element, "StopPlaceRef")
        if point and quay:
            self.assigned[point] = quay

    def _link(self, element: Element) -> None:
        """Remember where the line between two points begins and ends."""
        ends = _ends(element)
        for which, place in zip(("FromPointRef", "ToPointRef"), ends, strict=False):
            point = ref_of(element, which)
            if point is None:
                continue
            first, agree = self.ends.get(point, (place, True))
            self.ends[point] = first, agree and float(metres_apart(*first, *place)) <= _SAME_M

    def quay_of(self, point: str) -> str:
        """Return the quay that a scheduled stop point is; its own id where none is assigned."""
        return self.assigned.get(point, point)

    def place_of(self, point: str) -> tuple[Place | None, bool]:
        """Return where a point lies, and whether only its links' ends tell."""
        own = self.stops.get(point, ("", None))[1]
        if own is not None:
            return own, False
        place, agree = self.ends.get(point, (None, False))
        return (place, True) if agree else (None, False)


def route_type(mode: str | None, submode: str | None) -> int:
    """Return the GTFS route type of a TransportMode and its submode."""
    return _SUBMODES.get(submode or "", _ROUTE_TYPES.get(mode or "", _OTHER))


def modes_of(element: Element) -> tuple[str | None, str | None]:
    """Return the mode and the submode that a line or journey says."""
    under = element.find("TransportSubmode")
    sub = next((x.text for x in under if x.text), None) if under is not None else None
    return text_of(element, "TransportMode"), (sub or "").strip() or None


def _line(element: Element) -> Line:
    return Line(
        route_type=route_type(*modes_of(element)),
        name=text_of(element, "Name") or "",
        code=text_of(element, "PublicCode") or "",
        operator=ref_of(element, "OperatorRef") or "",
    )


def _pattern(element: Element) -> Pattern:
    found = element.findall("pointsInSequence/StopPointInJourneyPattern")
    found.sort(key=lambda p: int(o) if (o := p.get("order") or "").isdecimal() else 0)
    points = tuple(
        Point(
            stop=ref_of(p, "ScheduledStopPointRef") or "",
            boards=text_of(p, "ForBoarding") != _NO,
            alights=text_of(p, "ForAlighting") != _NO,
            on_request=text_of(p, "RequestStop") == "true",
        )
        for p in found
    )
    index = {p.get("id") or "": i for i, p in enumerate(found)}
    return Pattern(ref_of(element, "RouteRef") or "", points, index)


def _ends(element: Element) -> tuple[Place, Place] | tuple[()]:
    """Return where a link's line begins and ends (GML in EPSG:4326: latitude first)."""
    for line in element.iter("LineString"):
        numbers = (line.findtext("posList") or "").split()
        if line.get("srsName") not in _LONLAT or len(numbers) < 4 or len(numbers) % 2:
            return ()
        first, last = good_place(numbers[1], numbers[0]), good_place(numbers[-1], numbers[-2])
        return (first, last) if first and last else ()
    return ()
