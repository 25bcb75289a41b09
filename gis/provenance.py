"""Record where a number comes from: sources, steps, version.

Plain data that travels from the reader through the store into every Result.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass, field
from typing import Any

import gis
from gis.text import Text, t


@dataclass(frozen=True)
class LayerSource:
    """One delivered file behind one layer.

    ``date`` is the status date of the data, ``retrieved`` when the file came
    here. ``rows`` counts what the layer holds after reading; ``mended`` the
    geometries that had to be made valid; ``covers`` the municipalities the file is
    known to cover (empty: all); ``notes`` what else the reader did. ``dataset`` is the data
    set by its owner's name, ``inside`` the layers of the file that were read.
    """

    layer: str
    title_nb: str
    title_en: str
    owner: str
    licence: str
    file: str
    sha256: str
    date: dt.date | None
    retrieved: dt.date | None
    metadata: str | None = None
    rows: int = 0
    mended: int = 0
    invented: bool = False
    covers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dataset: str = ""
    inside: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types, dates in ISO form."""
        return {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> LayerSource:
        """Rebuild from ``as_dict``."""
        values = dict(raw)
        for name in ("date", "retrieved"):
            values[name] = dt.date.fromisoformat(values[name]) if values[name] else None
        for name in ("notes", "covers", "inside"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


# What readers note, and the text that says it in both languages; ``n`` is a count, ``x`` a name.
_NOTES = (
    (r"(?P<n>\d+) rows of other kinds passed over", "notes.other_kinds"),
    (r"(?P<n>\d+) rows without coordinates left out", "notes.no_coordinates"),
    (r"(?P<n>\d+) rows without geometry left out", "notes.no_geometry"),
    (r"(?P<n>\d+) rows left out: no (?P<x>\w+) remained", "notes.no_part"),
    (r"(?P<n>\d+) rows with several points: the first is used", "notes.several_points"),
    (r"(?P<n>\d+) stops without coordinates left out", "notes.stops_no_coordinates"),
    (r"(?P<n>\d+) stops outside mainland Norway left out", "notes.stops_far"),
    (r"(?P<n>\d+) texts of '(?P<x>[^']*)' with damaged encoding put right", "notes.encoding"),
    (r"(?P<n>\d+) rows in several deliveries kept once", "notes.delivered_twice"),
    (r"year (?P<n>\d+) of (?P<x>\d+ to \d+) taken", "notes.year_taken"),
    (r"(?P<n>\d+) polygons joined to others of the same (?P<x>\w+)", "notes.dissolved"),
    (r"no rows in the study area", "notes.none_here"),
    (r"neighbour (?P<x>\d{4}) not delivered", "notes.neighbour"),
    (r"timetable cut to the area: (?P<n>\d+) trips, (?P<x>\d+) stops", "notes.clipped"),
    (r"(?P<n>\d+) records", "notes.records"),
    (r"(?P<n>\d+) tiles joined", "notes.tiles"),
    (r"(?P<n>\d+) cells", "notes.cells"),
    (r"(?P<n>\d+) timetables joined", "notes.joined_feeds"),
    (r"(?P<n>\d+) stops that several timetables call at", "notes.shared_stops"),
    (r"(?P<n>\d+) stops of equal id at other places kept apart", "notes.apart_stops"),
    (r"(?P<n>\d+) journeys by interval, not read", "notes.interval_journeys"),
    (r"(?P<n>\d+) journeys cancelled or replaced left out", "notes.cancelled_journeys"),
    (r"(?P<n>\d+) journeys without a known pattern left out", "notes.no_pattern"),
    (r"(?P<n>\d+) journeys without times left out", "notes.no_times"),
    (
        r"(?P<n>\d+) calls without a time or a place in the pattern left out",
        "notes.calls_no_time",
    ),
    (r"(?P<n>\d+) day types with holidays, which are not known here", "notes.holiday_types"),
    (r"(?P<n>\d+) stops placed where the links that meet there end", "notes.placed_by_links"),
    (r"(?P<n>\d+) stops without a place in any register", "notes.no_place"),
)


def note_text(note: str) -> Text:
    """Return a reader's note in both languages; one in no list stays as it was written."""
    for pattern, key in _NOTES:
        found = re.fullmatch(pattern, note)
        if found:
            return t(key, **found.groupdict())
    return Text(nb=note, en=note)


@dataclass(frozen=True)
class Provenance:
    """The sources behind one result, the steps taken, and the program's version."""

    sources: tuple[LayerSource, ...] = ()
    steps: tuple[str, ...] = ()
    version: str = field(default_factory=lambda: gis.__version__)

    @property
    def invented(self) -> bool:
        """Whether any source is invented; such results must say so on their face."""
        return any(s.invented for s in self.sources)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "sources": [s.as_dict() for s in self.sources],
            "steps": list(self.steps),
            "version": self.version,
            "invented": self.invented,
        }
