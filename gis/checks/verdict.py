"""Hold what a check found of one layer: sentences, how grave they are, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from gis.provenance import LayerSource
    from gis.text import Text

Grade = Literal["ok", "look", "bad"]
_ORDER: tuple[Grade, ...] = ("ok", "look", "bad")


@dataclass(frozen=True)
class Finding:
    """One thing found, in words, and how grave it is."""

    grade: Grade
    text: Text


@dataclass(frozen=True)
class Verdict:
    """One layer judged.

    ``bounds`` in the working CRS, None without rows; ``age_days`` since the status date of
    the data, None where that is not known; ``held_days`` since the file came here;
    ``covered`` the share of the municipality where the theme is mapped, None where absence
    is an answer everywhere; ``missing`` the share of rows without a value, by field;
    ``foreign`` the rows with a value that is not in its code list, by field; ``overlap``
    the share of the area that lies in several polygons.
    """

    source: LayerSource
    bounds: tuple[float, float, float, float] | None
    age_days: int | None
    covered: float | None
    missing: dict[str, float]
    overlap: float | None
    findings: tuple[Finding, ...]
    held_days: int | None = None
    foreign: dict[str, int] | None = None

    @property
    def grade(self) -> Grade:
        """The worst finding's grade."""
        return max((f.grade for f in self.findings), key=_ORDER.index, default="ok")

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the layer's source first."""
        return {
            **self.source.as_dict(),
            "verdict": self.grade,
            "bounds": list(self.bounds) if self.bounds else None,
            "age_days": self.age_days,
            "held_days": self.held_days,
            "covered": self.covered,
            "missing": self.missing,
            "foreign": self.foreign or {},
            "overlap": self.overlap,
            "findings": [{"grade": f.grade, **f.text.as_dict()} for f in self.findings],
        }
