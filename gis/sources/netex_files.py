"""Open a delivery in NeTEx: one XML file, or a zip of them, streamed element by element.

The Nordic NeTEx profile (Entur): a stop register is one file of StopPlaces; a timetable is a zip
with one file of what its lines share (its name begins with ``_``) and one file a line.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Literal

from gis.check import existing_file, listing
from gis.errors import SourceError
from gis.sources.limits import check_zip
from gis.sources.xml_stream import stream_elements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

Kind = Literal["stops", "timetable"]
Place = tuple[float, float]  # longitude, latitude

_ROOT = "PublicationDelivery"  # of every delivery in NeTEx
_MARK = b"<PublicationDelivery"
_HEAD = 1 << 12
_STOPS = ("StopPlace",)
_TIMETABLE = ("Line", "FlexibleLine", "JourneyPattern", "ServiceJourneyPattern", "ServiceJourney")
_SHARED = ("ScheduledStopPoint",)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def is_netex(path: Path) -> bool:
    """Tell by the first bytes whether a file, or the first XML file of a zip, is NeTEx."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".xml":
        with path.open("rb") as stream:
            return _MARK in stream.read(_HEAD)
    if path.suffix.lower() != ".zip" or not zipfile.is_zipfile(path):
        return False
    names = check_zip(path)
    if not names or not all(n.lower().endswith(".xml") for n in names):
        return False
    try:
        with zipfile.ZipFile(path) as archive, archive.open(names[0]) as stream:
            return _MARK in stream.read(_HEAD)
    except _DAMAGE as error:
        raise _damaged(path, names[0], error) from None


def netex_kind(path: Path) -> Kind:
    """Tell whether a delivery holds stop places or a timetable. Raises SourceError: neither."""
    for element in elements(path, (*_STOPS, *_TIMETABLE, *_SHARED)):
        return "stops" if element.tag in _STOPS else "timetable"
    message = (
        f"{path.name}: NeTEx without stop places and without a timetable; allowed: a stop register "
        "or a timetable of the Nordic profile"
    )
    raise SourceError(message)


def elements(path: Path, wanted: Collection[str]) -> Iterator[Element]:
    """Yield the wanted elements of every file of a delivery, shared files first.

    Raises SourceError: no whole zip, damage, no NeTEx, XML beyond the limits.
    """
    existing_file(path)
    if path.suffix.lower() != ".zip":
        with path.open("rb") as stream:
            yield from stream_elements(stream, wanted, source=path.name, root=_ROOT)
        return
    names = [n for n in check_zip(path) if n.lower().endswith(".xml")]
    if not names:
        message = f"{path.name}: no XML in the zip; it holds: {listing(check_zip(path), limit=8)}"
        raise SourceError(message)
    with zipfile.ZipFile(path) as archive:
        for name in sorted(names, key=lambda n: (not _plain(n).startswith("_"), n)):
            try:
                with archive.open(name) as stream:
                    label = f"{path.name}/{name}"
                    yield from stream_elements(stream, wanted, source=label, root=_ROOT)
            except _DAMAGE as error:
                raise _damaged(path, name, error) from None


def _plain(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _damaged(path: Path, name: str, error: Exception) -> SourceError:
    message = f"{path.name}/{name}: damaged in the zip ({error}); fetch it again"
    return SourceError(message)


def text_of(element: Element, path: str) -> str | None:
    """Return the text under an element, without blanks around; None where there is none."""
    found = element.findtext(path)
    return (found or "").strip() or None


def ref_of(element: Element, path: str) -> str | None:
    """Return what an element refers to, by the ``ref`` of the one under it."""
    found = element.find(path)
    return None if found is None else found.get("ref")


def place_of(element: Element, path: str) -> Place | None:
    """Return longitude and latitude of the Location under an element; None where there is none."""
    lon, lat = (element.findtext(f"{path}/{name}") or "" for name in ("Longitude", "Latitude"))
    return good_place(lon, lat)


def good_place(lon: str, lat: str) -> Place | None:
    """Return two texts as longitude and latitude; None for what is no place, and for 0, 0."""
    try:
        place = float(lon), float(lat)
    except ValueError:
        return None
    good = -180 <= place[0] <= 180 and -90 <= place[1] <= 90 and place != (0, 0)
    return place if good else None
