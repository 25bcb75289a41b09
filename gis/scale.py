"""Run analyses for many municipalities in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.analyses import ANALYSES, Study, analysis, study_areas
from gis.crs import WORKING_EPSG
from gis.errors import GisError, LayerMissingError, ParameterError
from gis.published import publishable
from gis.result import Result, Status
from gis.workspace import ALL_NORWAY

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
    status: Status
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
            "status": self.status.value,
            "note": self.note,
        }


def run_areas(
    layers: Layers,
    *,
    numbers: Iterable[str],
    analyses: Sequence[str] = tuple(ANALYSES),
    halo_m: int,
    epsg: int = WORKING_EPSG,
) -> Iterator[Line]:
    """Run the analyses for each municipality, with its halo, one line each.

    A layer that is not there, or that does not reach a municipality, gives a line with
    status not_mapped and says which layer; it never gives a zero. An analysis that fails
    gives a line with status failed and the problem, and the run goes on.
    """
    chosen = [analysis(name) for name in analyses]
    if not chosen:
        message = f"no analysis given; there are: {', '.join(ANALYSES)}"
        raise ParameterError(message)
    for study in study_areas(layers, numbers=numbers, halo_m=halo_m, epsg=epsg):
        for one in chosen:
            yield _attempt(study, one.id)


def _attempt(study: Study, name: str) -> Line:
    where = (study.area.number, study.area.name, name)
    try:
        result = publishable(analysis(name)(study))
    except LayerMissingError as missing:
        return Line(*where, result=None, status=Status.NOT_MAPPED, note=str(missing))
    except GisError as problem:
        return Line(*where, result=None, status=Status.FAILED, note=str(problem))
    return Line(*where, result=result, status=result.status, note="")


def numbers_of(layers: Layers, areas: str, *, area: str) -> tuple[str, ...]:
    """Read "all" or "3201,3203" as municipality numbers in order.

    ``area`` is the area of the store: in one built for a single municipality its
    neighbours are cut by the halo, so only that one may be asked for. Raises
    ParameterError.
    """
    known = tuple(sorted(set(layers.frame("municipality")["number"])))
    if area != ALL_NORWAY:
        known = tuple(n for n in known if n == area)
    if areas == "all":
        return known
    asked = tuple(dict.fromkeys(part.strip() for part in areas.split(",") if part.strip()))
    unknown = [n for n in asked if n not in known]
    if not asked or unknown:
        held = area if area != ALL_NORWAY else f"the {len(known)} of the municipality layer"
        message = (
            f"areas '{areas}' given; unknown: {', '.join(unknown) or 'none named'}; allowed: all, "
            f'or numbers among {held}, split by commas (area = "{ALL_NORWAY}" in '
            "workspace.toml reads the whole country)"
        )
        raise ParameterError(message)
    return asked
