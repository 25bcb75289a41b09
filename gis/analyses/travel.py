"""Say where people start from, and how far they walk by network to what they want."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from gis.analyses.network_access import Roads, roads_of, travel
from gis.analyses.residents import address_cells, at_centres, cells_inside, over_addresses
from gis.errors import ParameterError
from gis.kernels.network_area import isochrone, with_legs
from gis.kernels.network_reach import Reached, Reason
from gis.sources.trips import CM_PER_M, Trip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells, Spread
    from gis.analyses.study import Study
    from gis.kernels.network_snap import Snapped

    Floats = NDArray[np.float64]

Metric = Literal["straight-line", "network"]
Origin = Literal["centre", "addresses"]
ADDRESSES = "addresses"
# The layer that each weight is counted in.
WEIGHT_LAYERS: dict[str, str] = {
    "residents": "population_grid",
    "employees": "workplaces",
    "establishments": "workplaces",
    "addresses": ADDRESSES,
}


@dataclass(frozen=True)
class Origins:
    """Where the weight of cells starts from: one place a cell, or its addresses."""

    kind: Origin
    where: Spread
    cells: Cells

    def parts(self, hit: NDArray[np.bool_]) -> Floats:
        """Return the share (0-1) of each cell's places that are hit."""
        count = len(self.cells.cell_id)
        places = np.bincount(self.where.cell, minlength=count)
        hits = np.bincount(self.where.cell, weights=hit.astype(np.float64), minlength=count)
        return np.asarray(hits / np.maximum(places, 1))

    def middle(self, value: Floats) -> Floats:
        """Return by cell the value that half of its places or more do not exceed; NaN is last."""
        if self.kind == "centre":
            return value
        order = np.lexsort((np.nan_to_num(value, nan=np.inf), self.where.cell))
        places = np.bincount(self.where.cell, minlength=len(self.cells.cell_id))
        first = np.cumsum(places) - places
        return np.asarray(value[order[first + (places + 1) // 2 - 1]])


def check_reach(study: Study, max_m: float) -> None:
    """Refuse a distance beyond the halo, where targets across the border were not read.

    ``max_m`` in metres. Raises ParameterError.
    """
    if max_m > study.halo_m:
        message = (
            f"max_m {max_m:.0f} given; allowed: up to the halo of {study.halo_m} m that was "
            "read around the municipality (halo_m in workspace.toml, then build again)"
        )
        raise ParameterError(message)


def counted_cells(study: Study, weight: str) -> Cells:
    """Take the cells of the municipality with what is counted in them."""
    layer = WEIGHT_LAYERS[weight]
    study.need(layer)
    if layer == ADDRESSES:
        return address_cells(study)
    return cells_inside(study, layer=layer, weight=weight)


def origins_of(study: Study, cells: Cells, kind: Origin) -> Origins:
    """Place the weight of cells at their centres or addresses. Raises LayerMissingError.

    Addresses that are themselves counted are where they are, whatever ``kind`` says.
    """
    if cells.places is not None:
        return Origins("addresses", cells.places, cells)
    if kind == "addresses":
        study.need(ADDRESSES)
        return Origins(kind, over_addresses(study, cells), cells)
    return Origins(kind, at_centres(cells), cells)


def snapped_origins(roads: Roads, origins: Origins, trip: Trip) -> Snapped:
    """Find the origins' places on the study's network, once for each way of placing them."""
    where = origins.where

    def find() -> Snapped:
        return roads.places(where.x, where.y, trip=trip)

    key = ("origins", roads.mode, origins.cells.layer, origins.kind, trip.snap_m)
    return roads.study.once(key, find) if roads.own else find()


@dataclass(frozen=True)
class Walk:
    """What it takes from each place to the nearest target by network.

    ``found`` holds costs, lengths and reasons, ``targets`` the targets' places, ``places``
    those of ``origins``.
    """

    roads: Roads
    trip: Trip
    found: Reached
    targets: Snapped
    origins: Origins
    places: Snapped

    @property
    def targets_off(self) -> int:
        """How many targets have no place on the network."""
        return int((~self.targets.found).sum())

    @property
    def metres(self) -> Floats:
        """Metres from each place, NaN where no target was reached within the search."""
        cost = self.found.length_cm
        return np.where(cost >= 0, cost / CM_PER_M, np.nan)

    def area(self, max_m: float) -> shapely.Geometry:
        """Return the surroundings of the streets from where a target is within ``max_m``.

        Places off the street that are within it lie inside, with their way to the street.
        """
        streets = isochrone(
            self.roads.graph,
            self.targets,
            costs=self.roads.price(self.trip, gradient=False).costs,
            max_cost=max_m * CM_PER_M,
            direction=self.trip.direction,
        )
        within = np.nan_to_num(self.metres, nan=np.inf) <= max_m
        where = self.origins.where
        return with_legs(streets, self.places, where.x, where.y, reached=within)

    def reasons(self, within: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return why each place is not reached, where those ``within`` a limit are."""
        reason = self.found.reason.copy()
        reason[~within & (reason == Reason.REACHED)] = Reason.BEYOND
        reason[within] = Reason.REACHED
        return reason


def walk_to(
    study: Study,
    origins: Origins,
    x: Floats,
    y: Floats,
    *,
    max_m: float,
    roads: Roads | None = None,
) -> Walk:
    """Walk from each origin to the nearest of some targets along roads and paths.

    ``max_m`` metres from door to door, access legs included. Raises LayerMissingError.
    """
    network = roads or roads_of(study, "walk")
    trip = Trip("walk", max_m=max_m)
    targets = network.places(x, y, trip=trip)
    places = snapped_origins(network, origins, trip)
    found = travel(network, places, targets, trip=trip, priced=network.price(trip, gradient=False))
    return Walk(network, trip, found, targets, origins, places)
