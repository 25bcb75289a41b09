"""Sum people, work and land in bands of distance around stations and stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.analyses.land_parts import M2_PER_HA, Counts, Ground
from gis.analyses.near_transit import Targets
from gis.errors import InvariantError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.residents import Spread
    from gis.analyses.study import Study

    Floats = NDArray[np.float64]

# Corners of a quarter circle: the disc is then 0.04 % smaller than the circle.
_QUARTER = 32


@dataclass(frozen=True)
class Banded:
    """Residents, employees and hectares by band of distance; the last band is what lies beyond.

    ``discs`` is the land within each limit. ``cell_m`` the distance from the centre of
    each cell of residents, ``work_m`` of each cell of workplaces.
    """

    targets: Targets
    limits_m: tuple[int, ...]
    residents: Floats
    employees: Floats | None
    land_ha: Floats
    settled_ha: Floats
    discs: NDArray[Any]
    cell_m: Floats
    work_m: Floats


def banded(
    study: Study, counts: Counts, targets: Targets, *, ground: Ground, limits_m: Sequence[int]
) -> Banded:
    """Sum everything by the distance to the nearest target, straight and exact (``<=``)."""
    limits = np.asarray(limits_m, dtype=np.float64)
    residents = _sums(counts.homes, targets, limits)
    _check(residents, counts.residents.total, "residents")
    employees = _sums(counts.desks, targets, limits) if counts.desks is not None else None
    if employees is not None and counts.employees is not None:
        _check(employees, counts.employees.total, "employees")
    discs = _discs(study, targets, limits)
    work = counts.employees
    return Banded(
        targets=targets,
        limits_m=tuple(limits_m),
        residents=residents,
        employees=employees,
        land_ha=_rings(discs, ground.land),
        settled_ha=_rings(discs, ground.built_up),
        discs=discs,
        cell_m=targets.distance(counts.residents.x, counts.residents.y)[1],
        work_m=targets.distance(work.x, work.y)[1] if work is not None else np.zeros(0),
    )


def _sums(where: Spread, targets: Targets, limits: Floats) -> Floats:
    _, distance = targets.distance(where.x, where.y)
    band = np.searchsorted(limits, np.nan_to_num(distance, nan=np.inf), side="left")
    return np.bincount(band, weights=where.weight, minlength=len(limits) + 1)


def _discs(study: Study, targets: Targets, limits: Floats) -> NDArray[Any]:
    """Return the area within each limit of a target, cut to the municipality's land."""
    points = shapely.points(targets.x, targets.y)
    made = []
    for limit in limits:
        near = points[shapely.dwithin(study.polygon, points, limit)]
        whole = shapely.union_all(shapely.buffer(near, limit, quad_segs=_QUARTER))
        made.append(shapely.intersection(whole, study.land))
    return np.array(made, dtype=object)


def _rings(discs: NDArray[Any], ground: shapely.Geometry) -> Floats:
    """Return hectares of some ground by band; the bands sum to the whole."""
    within = shapely.area(shapely.intersection(discs, ground)) / M2_PER_HA
    whole = float(shapely.area(ground)) / M2_PER_HA
    return np.clip(np.diff([0.0, *within, whole]), 0.0, None)


def _check(sums: Floats, total: float, what: str) -> None:
    if not np.isclose(sums.sum(), total, rtol=1e-9):
        message = f"bands hold {sums.sum()} {what}, the municipality {total}"
        raise InvariantError(message)
