"""Place what is planned inside its areas, and tell how much of it lies within reach of a stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.kernels.distance import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.frequent_stops import Stops
    from gis.sources.plan import Planned

    Floats = NDArray[np.float64]

# Homes and jobs of an area are taken to lie evenly in it, on a grid of this many metres.
STEP_M = 25.0
_MOST_PLACES = 40_000


@dataclass(frozen=True)
class Places:
    """Points that stand for an area's homes and jobs, equal parts of it each.

    ``owner`` is the index of the area that each point belongs to, ``part`` its share (0-1).
    """

    x: Floats
    y: Floats
    owner: NDArray[np.int64]
    part: Floats

    def share_of(self, hit: NDArray[np.bool_], *, areas: int) -> Floats:
        """Return the share (0-1) of each area whose points are hit."""
        hits = np.bincount(self.owner[hit], minlength=areas)
        return hits / np.maximum(np.bincount(self.owner, minlength=areas), 1)


def places_in(shapes: Sequence[Any]) -> Places:
    """Fill areas with a square grid of points; an area too small for one has a point inside it."""
    found = [_points(s) for s in shapes]
    counts = np.array([len(f) for f in found], dtype=np.int64)
    xy = np.concatenate(found) if found else np.empty((0, 2))
    owner = np.repeat(np.arange(len(found)), counts)
    return Places(xy[:, 0], xy[:, 1], owner, 1.0 / counts[owner] if len(owner) else np.empty(0))


def _points(shape: Any) -> Floats:
    west, south, east, north = shapely.bounds(shape)
    step = max(STEP_M, float(np.sqrt((east - west) * (north - south) / _MOST_PLACES)))
    x = np.arange(np.floor(west / step), np.ceil(east / step)) * step + step / 2
    y = np.arange(np.floor(south / step), np.ceil(north / step)) * step + step / 2
    gx, gy = (a.ravel() for a in np.meshgrid(x, y))
    inside = shapely.contains_xy(shape, gx, gy)
    if not inside.any():
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(shape)))
    return np.column_stack([gx[inside], gy[inside]])


@dataclass(frozen=True)
class Growth:
    """How many of the dwellings planned lie within reach of a frequent stop, area by area."""

    within: float
    total: float
    max_m: float
    by_area: tuple[float, ...]

    @property
    def share(self) -> float | None:
        """The share (0-1), None where no dwelling is planned."""
        return self.within / self.total if self.total else None


def growth_share(
    areas: Sequence[Planned], stops: Stops, *, max_m: float, field: str = "dwellings"
) -> Growth:
    """Tell how many of the planned dwellings lie within ``max_m`` of a frequent stop (<=).

    ``areas`` in the CRS of the stops; dwellings are spread evenly over their area. Areas that
    do not say how many dwellings they hold count none. ``field`` may be residents or
    workplaces instead.
    """
    numbers = np.nan_to_num(np.array([getattr(a, field) for a in areas], dtype=np.float64))
    share = reached_share([a.shape for a in areas], stops.x, stops.y, max_m=max_m)
    within = numbers * share
    return Growth(float(within.sum()), float(numbers.sum()), max_m, tuple(within.tolist()))


def reached_share(shapes: Sequence[Any], x: Floats, y: Floats, *, max_m: float) -> Floats:
    """Return the share (0-1) of each area from where a target lies within ``max_m`` (<=)."""
    places = places_in(shapes)
    if not len(places.x) or not len(x):
        return np.zeros(len(shapes))
    _, metres = nearest(places.x, places.y, x, y, max_m=max_m)
    return places.share_of(np.nan_to_num(metres, nan=np.inf) <= max_m, areas=len(shapes))
