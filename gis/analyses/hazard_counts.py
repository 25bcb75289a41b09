"""Count who is exposed to hazards, before anything is worded or laid out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from gis.analyses.exposure import Exposure, Overall, expose, overall
from gis.analyses.hazard_bounds import Bounds, bounds_of
from gis.analyses.parts import listed
from gis.analyses.placing import Method, Placing, place, weights_by_class
from gis.analyses.registry import Parameters
from gis.analyses.residents import Cells, cells_inside
from gis.analyses.zones import Hazard, hazard_ids, hazard_of, joined, together, zone_layers
from gis.errors import LayerMissingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.text import Text


class HazardExposureParameters(Parameters):
    """How residents are placed, and when a place counts as inside."""

    method: Literal["auto", "addresses", "area", "centre", "cell"] = Field(
        default="auto",
        description="where a cell's residents are: at its addresses, evenly over its area, at its "
        "centre, or the cell as one whole object; auto takes addresses where the layer exists, "
        "else area",
    )
    rule: Literal["interior", "touch", "representative-point", "min-share"] = Field(
        default="interior",
        description="interior: strictly inside the zone, a shared edge is no hit; touch: the "
        "outline counts too; representative-point: a point on the object is inside; min-share "
        "(with method cell): at least min_share of the cell's area",
    )
    min_share: float | None = Field(
        default=None, gt=0, le=1, description="rule min-share: the least share of a cell's area"
    )


@dataclass(frozen=True)
class Counted:
    """What was counted before it is worded: one exposure per hazard, and the union of all.

    What not every caller asks for is counted when it is first asked for.
    """

    study: Study
    cells: Cells
    placing: Placing
    exposures: list[Exposure]
    any_zone: NDArray[np.float64]
    absent: tuple[str, ...]

    @cached_property
    def bounds(self) -> Bounds:
        """How far the number moves under the other readings."""
        hazards = [h for h in self.hazards if h.in_union]
        return bounds_of(
            self.study,
            self.cells,
            together(hazards),
            joined=joined(hazards),
            chosen=self.placing,
        )

    @cached_property
    def overall(self) -> Overall:
        """All residents, once each, over all hazard zones together."""
        return overall(
            self.exposures,
            self.cells,
            self.placing,
            any_zone=float(self.any_zone.sum()),
            missing=bool(self.zones_absent),
        )

    @cached_property
    def employees(self) -> list[NDArray[np.float64]]:
        """Employees by hazard and class, the last outside; NaN without workplaces."""
        return _employees(self.study, self.hazards)

    @property
    def zones_absent(self) -> tuple[str, ...]:
        """The layers of hazard zones that are not there."""
        return zone_layers(self.absent)

    @property
    def hazards(self) -> list[Hazard]:
        """All hazards that were there."""
        return [e.hazard for e in self.exposures]

    @property
    def zones_named(self) -> Text:
        """The hazards in the union, as a list in words; caution areas are no part of it."""
        return listed(h.entry.title.text for h in self.hazards if h.in_union)


def count_exposed(study: Study, params: HazardExposureParameters) -> Counted:
    """Return the counting under some parameters, done once for a study."""
    return study.once(("exposed", params), lambda: _count(study, params))


def _count(study: Study, params: HazardExposureParameters) -> Counted:
    """Do the counting: place residents, split them by class, join the hazards once."""
    there = [x for x in hazard_ids() if study.has(x)]
    hazards = [hazard_of(study, x) for x in there]
    if not any(h.in_union for h in hazards):
        message = (
            f"hazard-exposure needs at least one hazard layer ({', '.join(hazard_ids())}), caution "
            f"areas and noise apart; the store has: {', '.join(study.data.layers)}"
        )
        raise LayerMissingError(message)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    placing = place(
        study, cells, method=_method(study, params), rule=params.rule, min_share=params.min_share
    )
    zones = together([h for h in hazards if h.in_union])
    return Counted(
        study=study,
        cells=cells,
        placing=placing,
        exposures=[expose(h, cells, placing) for h in hazards],
        any_zone=weights_by_class(cells, placing, zones)[:, 0],
        absent=tuple(x for x in hazard_ids() if x not in there),
    )


def _method(study: Study, params: HazardExposureParameters) -> Method:
    if params.method == "auto":
        return "addresses" if study.has("addresses") else "area"
    if params.method == "addresses":
        study.need("addresses")
    return params.method


def _employees(study: Study, hazards: list[Hazard]) -> list[NDArray[np.float64]]:
    """Sum employees by class (last: outside), spread over the area of their cells; or nothing."""
    if not study.has("workplaces"):
        return [np.full(len(h.classes) + 1, np.nan) for h in hazards]
    cells = cells_inside(study, layer="workplaces", weight="employees")
    evenly = Placing("area", "interior")
    return [weights_by_class(cells, evenly, h.zones).sum(axis=0) for h in hazards]
