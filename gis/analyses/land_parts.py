"""Lay out land, settlements and who lives and works on them, for the land-use analyses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.analyses.placing import Placing, weights_by_class
from gis.analyses.residents import Spread, at_centres, cells_inside, over_addresses
from gis.analyses.travel import ADDRESSES
from gis.analyses.zones import one_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

    Floats = NDArray[np.float64]

M2_PER_HA = 10_000.0
BUILT_UP = "built_up"
WORKPLACES = "workplaces"
# Fewer places than this say nothing about how unevenly people live.
_LEAST_CELLS = 10


@dataclass(frozen=True)
class Ground:
    """The land of the municipality and the settlements on it; overlaps joined.

    ``settled`` tells whether there is a layer of settlements; without one the whole land
    stands in for them.
    """

    land: shapely.Geometry
    built_up: shapely.Geometry
    settled: bool

    @property
    def land_ha(self) -> float:
        """Land in hectares."""
        return float(shapely.area(self.land)) / M2_PER_HA

    @property
    def settled_ha(self) -> float:
        """Land inside the settlements in hectares."""
        return float(shapely.area(self.built_up)) / M2_PER_HA


def ground_of(study: Study) -> Ground:
    """Return the study's land and settlements, joined once."""
    return study.once(("ground",), lambda: _ground(study))


def _ground(study: Study) -> Ground:
    if not study.has(BUILT_UP):
        return Ground(study.land, study.land, settled=False)
    return Ground(study.land, polygons_on_land(study, BUILT_UP), settled=True)


def polygons_on_land(study: Study, layer: str) -> shapely.Geometry:
    """Join the polygons of a layer and cut them to the land of the municipality."""
    return joined_on_land(study, near_shapes(study, layer))


def near_shapes(study: Study, layer: str) -> NDArray[Any]:
    """Return the polygons of a layer that meet the municipality, in the layer's order."""
    shapes: NDArray[Any] = study.near(layer).geometry.to_numpy()
    return shapes


def joined_on_land(study: Study, shapes: NDArray[Any]) -> shapely.Geometry:
    """Cut polygons to the land and join them; an empty polygon for none."""
    cut = shapely.intersection(shapes, study.land)
    whole = shapely.union_all(cut)
    return whole if not shapely.is_empty(whole) else shapely.Polygon()


@dataclass(frozen=True)
class Counts:
    """Residents and employees by cell, and where in the cell they were placed.

    ``settled_*`` are those inside settlements. ``employees`` is None without workplaces.
    """

    residents: Cells
    homes: Spread
    employees: Cells | None
    desks: Spread | None
    by_address: bool
    settled_residents: float
    settled_employees: float

    @staticmethod
    def enough(amounts: Floats) -> bool:
        """Whether there are places enough to speak of concentration."""
        return len(amounts) >= _LEAST_CELLS


def counts_of(study: Study, origins: Literal["auto", "addresses", "centre"]) -> Counts:
    """Place residents and employees. Raises LayerMissingError (no addresses, asked for)."""
    if origins == "addresses":
        study.need(ADDRESSES)
    by_address = origins == "addresses" or (origins == "auto" and study.has(ADDRESSES))
    return study.once(("land counts", by_address), lambda: _counts(study, by_address=by_address))


def _counts(study: Study, *, by_address: bool) -> Counts:
    ground = ground_of(study)
    residents = cells_inside(study, layer="population_grid", weight="residents")
    homes = over_addresses(study, residents) if by_address else at_centres(residents)
    employees = desks = None
    if study.has(WORKPLACES):
        employees = cells_inside(study, layer=WORKPLACES, weight="employees")
        desks = over_addresses(study, employees) if by_address else at_centres(employees)
    return Counts(
        residents=residents,
        homes=homes,
        employees=employees,
        desks=desks,
        by_address=by_address,
        settled_residents=_inside(residents, homes, ground),
        settled_employees=_inside(employees, desks, ground) if employees and desks else 0.0,
    )


def _inside(cells: Cells, where: Spread, ground: Ground) -> float:
    """Sum what lies in the settlements; a place on an outline is inside."""
    zones = one_class(shapely.get_parts(ground.built_up))
    placing = Placing("addresses", "touch", where)
    return float(weights_by_class(cells, placing, zones)[:, 0].sum())
