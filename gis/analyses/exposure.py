"""Split residents by hazard class, and outside into mapped and not mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.analyses.placing import classes_at, extent_placing, sum_points, weights_by_class
from gis.analyses.zones import Hazard, Zones, one_class
from gis.errors import InvariantError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.placing import Placing
    from gis.analyses.residents import Cells, Spread

_LITTLE = 1e-12
_DUST = 1e-6


@dataclass(frozen=True)
class Exposure:
    """The weights of one hazard: by class, and outside split into mapped and not mapped.

    Arrays are per cell; ``by_class`` is (n_cells, n_classes).
    """

    hazard: Hazard
    by_class: NDArray[np.float64]
    mapped_outside: NDArray[np.float64]
    not_mapped: NDArray[np.float64]

    @property
    def inside(self) -> NDArray[np.float64]:
        """Weight inside any zone of this hazard, per cell."""
        return np.asarray(self.by_class.sum(axis=1))


def expose(hazard: Hazard, cells: Cells, placing: Placing) -> Exposure:
    """Split the cells' weight into classes, mapped and outside, and not mapped.

    Two identities are asserted: the bands sum to the distinct weight inside any zone,
    counted on its own; and bands, mapped outside and not mapped sum to all cells.
    Raises InvariantError.
    """
    by_class = _by_class(hazard, cells, placing)
    inside, outside = by_class[:, :-1], by_class[:, -1]
    mapped = _mapped_outside(hazard, cells, placing, outside=outside)
    whole = one_class(hazard.zones.shapes)
    distinct = float(weights_by_class(cells, placing, whole)[:, 0].sum())
    sums = ((float(inside.sum()), distinct), (float(by_class.sum()), cells.total))
    for found, known in sums:
        if not np.isclose(found, known, rtol=1e-9, atol=1e-5):
            message = f"{hazard.id}: bands and outside sum to {found}, counted at once {known}"
            raise InvariantError(message)
    # Sums of shares leave dust; a millionth of a resident lives nowhere unmapped.
    mapped = np.where(outside - mapped < _DUST, outside, mapped)
    return Exposure(hazard, inside, mapped, outside - mapped)


def _by_class(hazard: Hazard, cells: Cells, placing: Placing) -> NDArray[np.float64]:
    """Split by class; where kinds of slide lie upon each other, by their joint probability."""
    zones, where = hazard.zones, placing.where
    kinds = hazard.rows.get("slide_type")
    joint = kinds is not None and np.isfinite(hazard.probabilities).all() and kinds.nunique() > 1
    if where is None or kinds is None or not joint:
        return weights_by_class(cells, placing, zones)
    found = np.stack(
        [
            _of_kind(zones, (kinds == kind).to_numpy(), where, placing=placing)
            for kind in sorted(kinds.unique())
        ]
    )
    return sum_points(
        cells, where, joint_class(found, hazard.probabilities), n_classes=zones.n_classes
    )


def _of_kind(
    zones: Zones, mine: NDArray[np.bool_], where: Spread, *, placing: Placing
) -> NDArray[np.int64]:
    own = Zones(zones.shapes[mine], zones.ranks[mine], zones.n_classes)
    return classes_at(where, own, placing.point_rule)


def joint_class(
    classes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the class of the joint yearly probability of several independent kinds of slide.

    classes: (n_kinds, n), -1 for none; probabilities: of each class, falling. TEK17 § 7-3
    asks for the sum over all kinds: 1 less the product of what each leaves. Gives the
    first class whose probability is reached, -1 for places in no zone.
    """
    each = np.where(classes < 0, 0.0, probabilities[np.maximum(classes, 0)])
    joint = 1.0 - np.prod(1.0 - each, axis=0)
    reached = joint[None, :] >= probabilities[:, None] * (1 - 1e-9) - _LITTLE
    first = np.where(reached.any(axis=0), reached.argmax(axis=0), -1)
    return np.where((classes >= 0).any(axis=0), first, -1).astype(np.int64)


def _mapped_outside(
    hazard: Hazard, cells: Cells, placing: Placing, *, outside: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Tell how much of the weight outside the zones lies where the hazard was mapped."""
    if hazard.everywhere:
        return outside
    if hazard.mapped is None or not len(hazard.mapped):
        return np.zeros_like(outside)
    # The zones belong to the mapped extent even where its outline is drawn tighter.
    shapes = np.concatenate([hazard.mapped, hazard.zones.shapes])
    extent = one_class(shapes)
    within = weights_by_class(cells, extent_placing(placing), extent)[:, 0]
    return np.clip(within - (cells.weight - outside), 0.0, outside)


@dataclass(frozen=True)
class Overall:
    """All residents, once each, over all hazard zones of the catalogue together.

    ``inside`` any zone; ``outside_data``: in none, and a zone layer is not there;
    ``not_mapped``: in none of the layers there, and one or more is not mapped at the
    place; ``mapped_outside``: in none, and all are mapped. The four sum to all.
    """

    inside: float
    mapped_outside: float
    not_mapped: float
    outside_data: float


def overall(
    exposures: list[Exposure], cells: Cells, placing: Placing, *, any_zone: float, missing: bool
) -> Overall:
    """Split all residents by the union of hazards; ``missing``: a zone layer is not there."""
    rest = cells.total - any_zone
    if missing:
        return Overall(any_zone, 0.0, 0.0, rest)
    hazards = [e.hazard for e in exposures if e.hazard.in_union]
    limited = [h for h in hazards if not h.everywhere]
    if not limited:
        return Overall(any_zone, rest, 0.0, 0.0)
    if any(h.mapped is None for h in limited):
        return Overall(any_zone, 0.0, rest, 0.0)
    known = _known_extent(limited)
    zones = np.concatenate([h.zones.bands for h in hazards])
    shapes = np.concatenate([np.array([known], dtype=object), zones])
    within = float(weights_by_class(cells, extent_placing(placing), one_class(shapes))[:, 0].sum())
    mapped = min(max(within - any_zone, 0.0), rest)
    return Overall(any_zone, mapped, rest - mapped, 0.0)


def _known_extent(hazards: list[Hazard]) -> shapely.Geometry:
    """Join what each hazard was mapped in, its own zones with it, and cut them to what all have."""
    known = None
    for hazard in hazards:
        mapped = np.empty(0, object) if hazard.mapped is None else hazard.mapped
        own = shapely.union_all(np.concatenate([mapped, hazard.zones.bands]), grid_size=0.001)
        known = own if known is None else shapely.intersection(known, own, grid_size=0.001)
    return known
