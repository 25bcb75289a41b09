"""Write small deliveries in NeTEx for the tests: a timetable of one line, and a stop register."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEAD = '<PublicationDelivery xmlns="http://www.netex.org.uk/netex" version="1.13"><dataObjects>'
TAIL = "</dataObjects></PublicationDelivery>"


def stop_point(name: str, place: tuple[float, float] | None = None) -> str:
    where = ""
    if place:
        where = (
            f"<Location><Longitude>{place[0]}</Longitude><Latitude>{place[1]}</Latitude></Location>"
        )
    return f'<ScheduledStopPoint id="T:P:{name}"><Name>{name}</Name>{where}</ScheduledStopPoint>'


def _location(place: tuple[float, float]) -> str:
    lon, lat = place
    inside = f"<Longitude>{lon}</Longitude><Latitude>{lat}</Latitude>"
    return f"<Location>{inside}</Location>"


def assigned(name: str, quay: str) -> str:
    return (
        f'<PassengerStopAssignment id="T:A:{name}"><ScheduledStopPointRef ref="T:P:{name}"/>'
        f'<QuayRef ref="{quay}"/></PassengerStopAssignment>'
    )


def link(a: str, b: str, positions: str) -> str:
    """A service link; ``positions`` in EPSG:4326, latitude first."""
    return (
        f'<ServiceLink id="T:L:{a}{b}"><projections><LinkSequenceProjection>'
        '<gml:LineString xmlns:gml="http://www.opengis.net/gml/3.2" srsName="4326">'
        f"<gml:posList>{positions}</gml:posList></gml:LineString></LinkSequenceProjection>"
        f'</projections><FromPointRef ref="T:P:{a}"/><ToPointRef ref="T:P:{b}"/></ServiceLink>'
    )


def pattern(stops: Mapping[str, str], *, name: str = "J") -> str:
    """A pattern: stop -> what stands in its point (``<ForBoarding>false</ForBoarding>``)."""
    points = "".join(
        f'<StopPointInJourneyPattern order="{i}" id="T:{name}:{stop}">'
        f'<ScheduledStopPointRef ref="T:P:{stop}"/>{said}</StopPointInJourneyPattern>'
        for i, (stop, said) in enumerate(stops.items(), 1)
    )
    return (
        f'<JourneyPattern id="T:{name}"><RouteRef ref="T:R"/>'
        f"<pointsInSequence>{points}</pointsInSequence></JourneyPattern>"
    )


def journey(
    name: str, times: Mapping[str, str], *, days: str = "", said: str = "", of: str = "J"
) -> str:
    """A journey: stop -> its passing times as XML; ``days``: ids of day types, with blanks."""
    passing = "".join(
        f'<TimetabledPassingTime><StopPointInJourneyPatternRef ref="T:{of}:{stop}"/>{text}'
        "</TimetabledPassingTime>"
        for stop, text in times.items()
    )
    kinds = "".join(f'<DayTypeRef ref="{d}"/>' for d in days.split())
    return (
        f'<ServiceJourney id="T:S:{name}">{said}<dayTypes>{kinds}</dayTypes>'
        f'<JourneyPatternRef ref="T:{of}"/><passingTimes>{passing}</passingTimes></ServiceJourney>'
    )


def leaves(clock: str, *, offset: int | None = None) -> str:
    days = "" if offset is None else f"<DepartureDayOffset>{offset}</DepartureDayOffset>"
    return f"<DepartureTime>{clock}</DepartureTime>{days}"


def arrives(clock: str, *, offset: int | None = None) -> str:
    days = "" if offset is None else f"<ArrivalDayOffset>{offset}</ArrivalDayOffset>"
    return f"<ArrivalTime>{clock}</ArrivalTime>{days}"


def line(mode: str = "bus") -> str:
    return (
        f'<Route id="T:R"><LineRef ref="T:Line:1"/><DirectionType>inbound</DirectionType></Route>'
        f'<Line id="T:Line:1"><Name>Linje 1</Name><TransportMode>{mode}</TransportMode>'
        '<PublicCode>1</PublicCode><OperatorRef ref="T:Operator:1"/></Line>'
    )


SHARED = (
    "<FrameDefaults><DefaultLocale><TimeZone>Europe/Oslo</TimeZone></DefaultLocale></FrameDefaults>"
    '<Operator id="T:Operator:1"><Name>Testbuss</Name></Operator>'
)


def write_timetable(path: Path, *, shared: str, lines: str) -> Path:
    """Write a timetable as Entur does: what is shared in a file of its own, read first."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("T-Line-1.xml", HEAD + lines + TAIL)
        archive.writestr("_shared_data.xml", HEAD + SHARED + shared + TAIL)
    return path


def stop_place(
    number: int,
    quays: Mapping[int, tuple[float, float] | None],
    *,
    name: str = "Torget",
    place: tuple[float, float] | None = (10.5, 59.9),
    wheelchair: str = "",
) -> str:
    """A stop place of the register with its quays, numbered and placed (longitude, latitude)."""

    def centroid(where: tuple[float, float] | None) -> str:
        return "" if where is None else f"<Centroid>{_location(where)}</Centroid>"

    access = ""
    if wheelchair:
        access = (
            "<AccessibilityAssessment><limitations><AccessibilityLimitation><WheelchairAccess>"
            f"{wheelchair}</WheelchairAccess></AccessibilityLimitation></limitations>"
            "</AccessibilityAssessment>"
        )
    inner = "".join(f'<Quay id="NSR:Quay:{q}">{centroid(p)}</Quay>' for q, p in quays.items())
    return (
        f'<StopPlace id="NSR:StopPlace:{number}"><Name>{name}</Name>{centroid(place)}{access}'
        '<TopographicPlaceRef ref="KVE:TopographicPlace:9801"/><TransportMode>bus</TransportMode>'
        f"<StopPlaceType>onstreetBus</StopPlaceType><quays>{inner}</quays></StopPlace>"
    )


def write_register(path: Path, *places: str) -> Path:
    path.write_text(HEAD + "".join(places) + TAIL, encoding="utf-8")
    return path
