"""Split residents by hazard class, and outside into mapped and not mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.analyses.zones import Hazard, make_zones, weights_by_class
from gis.errors import InvariantError
from gis.kernels.zones import PointRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells, Spread


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


def expose(hazard: Hazard, cells: Cells, where: Spread | None, *, rule: PointRule) -> Exposure:
    """Split the cells' weight into classes, mapped and outside, and not mapped.

    The three sum to the weight of all cells, asserted. Raises InvariantError.
    """
    by_class = weights_by_class(cells, where, hazard.zones, rule=rule)
    inside, outside = by_class[:, :-1], by_class[:, -1]
    mapped = _mapped_outside(hazard, cells, where, outside=outside)
    total = inside.sum() + mapped.sum() + (outside - mapped).sum()
    if not np.isclose(total, cells.total, rtol=1e-9, atol=1e-6):
        message = f"{hazard.id}: bands and outside sum to {total}, the cells to {cells.total}"
        raise InvariantError(message)
    return Exposure(hazard, inside, mapped, outside - mapped)


def _mapped_outside(
    hazard: Hazard, cells: Cells, where: Spread | None, *, outside: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Tell how much of the weight outside the zones lies where the hazard was mapped."""
    if hazard.entry.coverage.kind == "everywhere":
        return outside
    if hazard.mapped is None or not len(hazard.mapped):
        return np.zeros_like(outside)
    # The zones belong to the mapped extent even where its outline is drawn tighter.
    shapes = np.concatenate([hazard.mapped, hazard.zones.shapes])
    extent = make_zones(shapes, np.zeros(len(shapes), dtype=np.int64), n_classes=1)
    within = weights_by_class(cells, where, extent, rule="touch")[:, 0]
    return np.clip(within - (cells.weight - outside), 0.0, outside)
