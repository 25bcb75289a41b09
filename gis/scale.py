"""Run analyses for many municipalities in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.analyses import ANALYSES, Study, analysis, study_areas
from gis.errors import LayerMissingError, ParameterError
from gis.published import publishable
from gis.result import Result, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gis.analyses import Layers


@dataclass(frozen=True)
class Line:
    """One analysis of one municipality; ``result`` is None where a layer does not reach it."""

    number: str
    name: str
    analysis: str
    result: Result | None
    note: str

    def as_dict(self) -> dict[str, Any]:
        """Return one flat row for a table."""
        made = self.result
        return {
            "number": self.number,
            "name": self.name,
            "analysis": self.analysis,
            "value": made.value if made else None,
            "numerator": made.numerator if made else None,
            "denominator": made.denominator if made else None,
            "unit": made.numerator_unit if made else None,
            "status": (made.status if made else Status.NOT_MAPPED).value,
            "note": self.note,
        }


def run_areas(
    layers: Layers,
    *,
    numbers: Iterable[str],
    analyses: Sequence[str] = tuple(ANALYSES),
    halo_m: int,
) -> Iterator[Line]:
    """Run the analyses for each municipality, with its halo, one line each.

    A layer that is not there, or that does not reach a municipality, gives a line with
    status not_mapped and says which layer; it never gives a zero.
    """
    chosen = [analysis(name) for name in analyses]
    if not chosen:
        message = f"no analysis given; there are: {', '.join(ANALYSES)}"
        raise ParameterError(message)
    for study in study_areas(layers, numbers=numbers, halo_m=halo_m):
        for one in chosen:
            result, note = _attempt(study, one.id)
            yield Line(study.area.number, study.area.name, one.id, result, note)


def _attempt(study: Study, name: str) -> tuple[Result | None, str]:
    try:
        return publishable(analysis(name)(study)), ""
    except LayerMissingError as missing:
        return None, str(missing).split(";", maxsplit=1)[0]


def numbers_of(layers: Layers, areas: str) -> tuple[str, ...]:
    """Read "all" or "3201,3203" as municipality numbers in order. Raises ParameterError."""
    known = tuple(sorted(set(layers.frame("municipality")["number"])))
    if areas == "all":
        return known
    asked = tuple(dict.fromkeys(part.strip() for part in areas.split(",") if part.strip()))
    unknown = [n for n in asked if n not in known]
    if not asked or unknown:
        message = (
            f"areas '{areas}' given; unknown: {', '.join(unknown) or 'none named'}; allowed: all, "
            f"or numbers among the {len(known)} in the municipality layer, split by commas"
        )
        raise ParameterError(message)
    return asked
