"""Record where a number comes from: sources, steps, version.

Plain data that travels from the reader through the store into every Result.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any

import gis
from gis.problems import of_one, problem_text
from gis.text import Text


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


def note_text(note: str) -> Text:
    """Return a reader's note in both languages; what it counts stands in the singular after 1."""
    return of_one(problem_text(note))


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
