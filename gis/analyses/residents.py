"""Place residents and workplaces: grid cells, their centres, their addresses.

SSB's cells are counted whole at their centre, or spread over the addresses in
them (dasymetric). Every way conserves the cell's number to the resident.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import WORKING_EPSG, crs_of, transform_points
from gis.disclosure import PEOPLE
from gis.kernels import cells as grid
from gis.result import LeftOut
from gis.text import number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.provenance import LayerSource

CELL_M = 250
# SSB has coded every cell of 1 to 9 residents as 5 since the 2020 grid (decision of 2019).
CODED_SMALL = 5
CODED_SINCE = 2020
SMALL_MAX = 9
# A file of which this many small cells all say 5 is coded; fewer could be chance.
_CODED_AT_LEAST = 10


@dataclass(frozen=True)
class Counted:
    """A file of the user's own that is counted: where it is from, and its column (None: rows)."""

    source: LayerSource
    field: str | None


@dataclass(frozen=True)
class Cells:
    """The grid cells whose centre lies in the municipality.

    ``x`` and ``y`` are the centres in the working CRS, ``weight`` what is
    counted (``counted`` names it); ``low`` and ``high`` bound it where small cells are
    coded. ``places``: where the weight is known to the point, those points. ``own``: the
    file of the user's own that was counted.
    """

    layer: str
    cell_id: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    squares: NDArray[np.object_]
    coded: bool
    left_out: tuple[LeftOut, ...]
    counted: str = "residents"
    places: Spread | None = None
    own: Counted | None = None

    @property
    def people(self) -> bool:
        """Whether the weights are persons, or may be, and small numbers are to be kept back."""
        return self.counted in PEOPLE

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return float(self.weight.sum())


def cells_inside(study: Study, *, layer: str, weight: str) -> Cells:
    """Take the cells whose centre lies in the municipality.

    ``layer`` is population_grid or workplaces, ``weight`` its counted field. A centre
    exactly on a border belongs to the municipality of the lowest number. Cells that
    touch the municipality with their centre outside are left out and reported: those
    of another municipality, and those in none, which a generalised or coast-clipped
    boundary leaves on the shore.
    """
    frame = study.near(layer)
    ids = frame["cell_id"].to_numpy(dtype=np.int64)
    values = frame[weight].to_numpy(dtype=np.float64)
    x, y = centres(study, ids)
    inside, elsewhere = whose(study, x, y)
    coded = layer == "population_grid" and _coded(study)
    low, high = _bounds(values[inside], coded=coded)
    return Cells(
        layer=layer,
        cell_id=ids[inside],
        x=x[inside],
        y=y[inside],
        weight=values[inside],
        low=low,
        high=high,
        squares=frame.geometry.to_numpy()[inside],
        coded=coded,
        counted=weight,
        left_out=(
            *_outside(values[~inside & elsewhere], "centre_outside", unit=weight),
            *_outside(values[~inside & ~elsewhere], "centre_nowhere", unit=weight),
        ),
    )


def address_cells(study: Study) -> Cells:
    """Count the municipality's addresses by grid cell, each at its own place.

    A border belongs to the municipality of the lowest number, as in ``cells_inside``.
    """
    where = study.frame("addresses").geometry
    ax, ay = where.x.to_numpy(), where.y.to_numpy()
    inside, _ = whose(study, ax, ay)
    ax, ay = ax[inside], ay[inside]
    ids, cell = np.unique(ids_at(study, ax, ay), return_inverse=True)
    count = np.bincount(cell, minlength=len(ids)).astype(np.float64)
    cells = cells_of(study, ids, count, layer="addresses", counted="addresses")
    places = Spread(ax, ay, np.ones(len(ax)), cell.astype(np.int64), without=0.0)
    return replace(cells, places=places)


def cells_of(
    study: Study, ids: NDArray[np.int64], weight: NDArray[np.float64], *, layer: str, counted: str
) -> Cells:
    """Make cells of their ids, squares rebuilt, with a weight that is its own bound."""
    x, y = centres(study, ids)
    squares = gpd.GeoSeries(grid.cell_square(ids, size_m=CELL_M), crs=crs_of(WORKING_EPSG))
    return Cells(
        layer=layer,
        cell_id=ids,
        x=x,
        y=y,
        weight=weight,
        low=weight,
        high=weight,
        squares=squares.to_crs(study.crs).to_numpy(),
        coded=False,
        left_out=(),
        counted=counted,
    )


def centres(
    study: Study, ids: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of cells by id, in the working CRS of the study."""
    x, y = grid.cell_centre(ids, size_m=CELL_M)
    return transform_points(x, y, from_epsg=WORKING_EPSG, to_epsg=study.epsg)


def ids_at(study: Study, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the id of the cell that holds each point of the study."""
    gx, gy = transform_points(x, y, from_epsg=study.epsg, to_epsg=WORKING_EPSG)
    return grid.cell_id(gx, gy, size_m=CELL_M)


def whose(
    study: Study, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which points are this municipality's, and which lie in another one."""
    shapely.prepare(study.polygon)
    touching = shapely.intersects_xy(study.polygon, x, y)
    others = study.frame("municipality")
    others = others[others["number"] != study.area.number]
    points = shapely.points(x, y)
    point, row = others.sindex.query(points, predicate="intersects")
    elsewhere = np.zeros(len(x), dtype=bool)
    elsewhere[point] = True
    lower = others["number"].to_numpy()[row] < study.area.number
    first = np.zeros(len(x), dtype=bool)
    first[point[lower]] = True
    # Generalised boundaries can overlap: then too the lowest number has the centre.
    return touching & ~first, elsewhere


def _coded(study: Study) -> bool:
    """Tell whether the grid codes its small cells: every one of them holds 5.

    Judged on the whole layer, halo included, as one municipality can have too few;
    since 2020 one such cell is enough, before that it takes ten.
    """
    values = study.frame("population_grid")["residents"].to_numpy(dtype=np.float64)
    small = values[(values > 0) & (values <= SMALL_MAX)]
    date = study.source("population_grid").date
    enough = 1 if date is not None and date.year >= CODED_SINCE else _CODED_AT_LEAST
    return len(small) >= enough and bool((small == CODED_SMALL).all())


def _bounds(
    values: NDArray[np.float64], *, coded: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound coded cells by 1 and 9; elsewhere the value is its own bound."""
    if not coded:
        return values, values
    small = (values > 0) & (values <= SMALL_MAX)
    return np.where(small, 1.0, values), np.where(small, float(SMALL_MAX), values)


def share_bounds(
    cells: Cells, near: NDArray[np.bool_] | NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Bound a share where small cells are coded: all reached ones small, the others large.

    ``near``: which cells are reached, or the share (0-1) of each that is.
    """
    if not cells.coded or not cells.total:
        return None, None
    low, high, part = cells.low, cells.high, near.astype(np.float64)
    lowest = low @ part / (low @ part + high @ (1 - part))
    highest = high @ part / (high @ part + low @ (1 - part))
    return float(lowest), float(highest)


def _outside(values: NDArray[np.float64], reason: str, *, unit: str) -> tuple[LeftOut, ...]:
    if not len(values):
        return ()
    text = t(f"left_out.{reason}", cells=number(len(values)))
    return (LeftOut(reason=reason, text=text, count=float(values.sum()), unit=unit),)


@dataclass(frozen=True)
class Spread:
    """Residents placed at points, with the cell each share comes from.

    ``cell`` indexes the Cells it was made from; the weights of one cell sum to
    the cell's own weight. ``without`` counts the weight of the cells ``bare``: those that
    had no address and stayed at their centre.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    cell: NDArray[np.int64]
    without: float
    bare: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def at_centres(cells: Cells) -> Spread:
    """Place every cell's weight at its centre."""
    return Spread(
        x=cells.x, y=cells.y, weight=cells.weight, cell=np.arange(len(cells.x)), without=0.0
    )


def over_addresses(study: Study, cells: Cells) -> Spread:
    """Spread each cell's weight evenly over the addresses in it (dasymetric mapping).

    Address points are the best published ancillary for this: a mean error of
    4.2-4.9 % against 21.2 % for areal weighting (Zandbergen 2011,
    doi:10.1111/j.1467-9671.2011.01270.x). An address belongs to the cell by floor
    division of its coordinates, so edges are no question.
    """
    addresses = study.frame("addresses").geometry
    ax, ay = addresses.x.to_numpy(), addresses.y.to_numpy()
    keys = ids_at(study, ax, ay)
    order = np.argsort(cells.cell_id, kind="stable")
    ranked = cells.cell_id[order]
    place = np.minimum(np.searchsorted(ranked, keys), max(len(ranked) - 1, 0))
    known = ranked[place] == keys if len(ranked) else np.zeros(len(keys), dtype=bool)
    cell = order[place[known]]
    count = np.bincount(cell, minlength=len(cells.x))
    bare = np.flatnonzero(count == 0)
    return Spread(
        x=np.concatenate([ax[known], cells.x[bare]]),
        y=np.concatenate([ay[known], cells.y[bare]]),
        weight=np.concatenate([cells.weight[cell] / count[cell], cells.weight[bare]]),
        cell=np.concatenate([cell, bare]),
        without=float(cells.weight[bare].sum()),
        bare=bare,
    )
