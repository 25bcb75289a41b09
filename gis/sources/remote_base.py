"""Hold what the clients of the publishers share: where is asked for, and what comes back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gis.crs import LONLAT_EPSG
from gis.errors import SourceError
from gis.sources.download import Ask
from gis.sources.limits import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gis.catalogue import LayerEntry, PublisherFile, Remote
    from gis.catalogue.remotes import Publisher
    from gis.sources.base import Bounds
    from gis.sources.download import Answer, Downloader

ZIP = (b"PK\x03\x04",)
ALL_NORWAY = "0000"


@dataclass(frozen=True)
class Place:
    """The area that is asked for.

    ``number`` is the municipality's (0000: all Norway), ``former`` its earlier numbers,
    newest first; ``box`` the study area (west, south, east, north) in ``epsg``, metres,
    None where it is not known or is the whole country; ``neighbours`` the numbers of the
    other municipalities that touch the box; ``alone``: no larger area may stand in.
    """

    number: str
    epsg: int
    former: tuple[str, ...] = ()
    box: Bounds | None = None
    neighbours: tuple[str, ...] = ()
    alone: bool = False

    def need_box(self, what: str) -> Bounds:
        """Return the box. Raises SourceError where there is none."""
        if self.box is None:
            message = (
                f"{what}: asked for by a box, and the study area has none yet; fetch the "
                "municipality first (all Norway is delivered by hand)"
            )
            raise SourceError(message)
        return self.box


@dataclass(frozen=True)
class Parcel:
    """What a client brings: one whole file or folder, and what is known of it.

    ``date`` is the status date of the data where the publisher says it; ``covers`` the
    municipalities the file holds, empty for the whole country.
    """

    path: Path
    name: str
    url: str
    date: dt.date | None = None
    notes: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """What would be fetched: in words, from where, and its size in bytes where known."""

    what: str
    url: str
    size: int | None = None


@dataclass(frozen=True)
class Tools:
    """What clients work with.

    ``work`` is an empty folder for files in the making; ``poll_s`` and ``poll_tries``
    say how an order is waited for. ``held`` are files made before, by name: what would
    come out the same is not made again.
    """

    downloader: Downloader
    publishers: PublisherFile
    work: Path
    poll_s: float = 3.0
    poll_tries: int = 200
    max_pages: int = 2000
    held: Mapping[str, Path] = field(default_factory=dict)

    def publisher(self, remote: Remote) -> Publisher:
        """Return where a remote's publisher answers."""
        return self.publishers.publishers[remote.publisher]

    def get(self, url: str, publisher: Publisher, **how: Any) -> Answer:
        """Get an address with the publisher's own headers."""
        headers = {**publisher.headers, **how.pop("headers", {})}
        return self.downloader.get(Ask(url=url, headers=headers, **how))

    def get_json(self, url: str, publisher: Publisher, **how: Any) -> Any:
        """Get an address and read JSON. Raises SourceError."""
        return read_json(self.get(url, publisher, **how).read(), source=url)


@dataclass(frozen=True)
class Job:
    """One thing to bring: a layer's remote, its entry, and the area."""

    layer: str
    entry: LayerEntry
    place: Place


def today() -> dt.date:
    """Return the status date of a live service's answer: the day it was asked."""
    return dt.datetime.now(tz=dt.UTC).date()


def with_query(url: str, values: Mapping[str, Any]) -> str:
    """Return an address with its query, letters outside ASCII escaped."""
    return f"{url}?{urlencode(values)}"


def lower_keys(value: Any) -> Any:
    """Return JSON with every key in lower case: older servers write capitals."""
    if isinstance(value, dict):
        return {str(k).lower(): lower_keys(v) for k, v in value.items()}
    if isinstance(value, list):
        return [lower_keys(v) for v in value]
    return value


def try_each[T](addresses: Iterable[str], bring: Callable[[str], T], notes: list[str]) -> T:
    """Return what the first working address brings; the faults of all where none does."""
    faults: list[str] = []
    for address in addresses:
        try:
            found = bring(address)
        except SourceError as error:
            faults.append(str(error))
            continue
        if faults:
            notes.append(f"taken from {address}, for {'; '.join(faults)[:300]}")
        return found
    raise SourceError("; and ".join(faults))


def need(value: Any, key: str, kind: type, *, source: str) -> Any:
    """Return a member of a JSON object, of the kind it must be. Raises SourceError."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        there = ", ".join(list(value)[:12]) if isinstance(value, dict) else type(value).__name__
        message = (
            f"{source}: the answer lacks '{key}' ({kind.__name__}); it holds: {there or 'nothing'}"
        )
        raise SourceError(message)
    return found


def bbox_text(box: Bounds, epsg: int, *, form: str = "urn") -> str:
    """Write a box for WFS 2.0, axes in the order that the form of the CRS name asks for.

    ``form``: ``urn`` and ``http`` follow the EPSG register (latitude first for 4258 and
    4326; northing first for 3035), ``short`` (``EPSG:n``) is easting or longitude first.
    ``box`` is (west, south, east, north) in that CRS.
    """
    west, south, east, north = box
    names = {
        "urn": f"urn:ogc:def:crs:EPSG::{epsg}",
        "http": f"http://www.opengis.net/def/crs/EPSG/0/{epsg}",
        "short": f"EPSG:{epsg}",
    }
    turned = form != "short" and epsg in (LONLAT_EPSG, 4258, 3035)
    numbers = (south, west, north, east) if turned else (west, south, east, north)
    return ",".join([*(f"{v:.7f}" if epsg < 5000 else f"{v:.2f}" for v in numbers), names[form]])
