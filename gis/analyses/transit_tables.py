"""Lay out access to transit: distances, tables, and the frames that maps draw."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import UNITS, share, share_of_tens, table, unit_table
from gis.analyses.shown import cell_columns, unit_of_cells
from gis.analyses.travel import Metric, Origin, Origins, Walk, origins_of, walk_to
from gis.analyses.travel_words import targets_off, unreached, without_address
from gis.kernels.distance import nearest
from gis.text import Text, number, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.frequent_stops import Stops
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.result import LeftOut, Table

BANDS_M = (0, 300, 500, 800, 1000, 1500, 2000)


@dataclass(frozen=True)
class Reach:
    """How far it is from every place to its nearest frequent stop.

    ``place_m``: metres from each place of ``origins``, NaN where no stop is near at all;
    ``distance_m`` the same by cell: where a cell has several places, what half of
    them or more keep within. ``walk`` is the network walked on, None in a straight line.
    """

    stops: Stops
    origins: Origins
    place_m: NDArray[np.float64]
    walk: Walk | None = None

    @property
    def distance_m(self) -> NDArray[np.float64]:
        """Metres from each cell, NaN where no stop is near at all."""
        return self.origins.middle(self.place_m)

    def within(self, max_m: float) -> NDArray[np.bool_]:
        """Tell which cells have a frequent stop within the distance, the distance included."""
        return np.nan_to_num(self.distance_m, nan=np.inf) <= max_m

    def parts(self, max_m: float) -> NDArray[np.float64]:
        """Return the share (0-1) of each cell's places within the distance."""
        return self.origins.parts(np.nan_to_num(self.place_m, nan=np.inf) <= max_m)


def reach_of(
    study: Study,
    cells: Cells,
    stops: Stops,
    *,
    metric: Metric = "straight-line",
    origins: Origin = "centre",
    max_m: float = 0.0,
) -> Reach:
    """Measure from each cell's centre, or its addresses, to the nearest frequent stop.

    In a straight line as far as the halo reaches; by network as far as ``max_m`` and
    the bands of the table. Raises LayerMissingError (no roads, no addresses).
    """
    places = origins_of(study, cells, origins)
    if metric == "network":
        walk = walk_to(study, places, stops.x, stops.y, max_m=max(max_m, float(BANDS_M[-1])))
        return Reach(stops=stops, origins=places, place_m=walk.metres, walk=walk)
    limit = max(float(study.halo_m), float(BANDS_M[-1]))
    _, distance = nearest(places.where.x, places.where.y, stops.x, stops.y, max_m=limit)
    return Reach(stops=stops, origins=places, place_m=distance)


def access_tables(study: Study, reach: Reach, *, max_m: float) -> dict[str, Table]:
    """Lay out residents by distance, and by basic statistical unit where there are units."""
    tables = {"by_distance": _distance_table(reach)}
    if study.has(UNITS):
        tables["units"] = units_table(study, reach.origins.cells, {"reached": reach.parts(max_m)})
    return tables


def units_table(study: Study, cells: Cells, parts: Mapping[str, NDArray[np.float64]]) -> Table:
    """Sum what cells hold, and the parts of it that are reached, by basic statistical unit.

    ``parts``: by column the share (0-1) of each cell. A last column is the share of the
    unit in the last of them. Persons of a unit are exact, those reached to the nearest 10:
    anybody may move a distance by a metre, and two exact answers would differ by one cell.
    """
    unit = unit_of_cells(study, cells)
    counted = cells.counted
    sums = {name: cells.weight * part for name, part in parts.items()}
    frame = unit_table(study, unit, {counted: cells.weight, **sums})
    people = cells.people
    divided = share_of_tens if people else share
    frame["share"] = divided(frame[list(parts)[-1]], frame[counted])
    kind = "residents" if people else "count"
    columns = (
        ("number", "text", 0),
        ("name", "text", 0),
        *((name, kind, 0) for name in (counted, *parts)),
        ("share", "share", 1),
    )
    if not people:
        return table("units", frame, columns, key="number")
    return table("units", frame, columns, key="number", counts="subsets", alone=tuple(parts))


def _distance_table(reach: Reach) -> Table:
    """Sum residents by distance to the nearest frequent stop; the last row is all of them."""
    where, cells = reach.origins.where, reach.origins.cells
    distance = np.nan_to_num(reach.place_m, nan=np.inf)
    # right=True: a distance of exactly 1,000 m belongs to "800-1000 m".
    slot = np.digitize(distance, BANDS_M[1:], right=True)
    sums = np.bincount(slot, weights=where.weight, minlength=len(BANDS_M))
    bands: list[Text] = [
        t("transit_access.band", low=number(a), high=number(b))
        for a, b in itertools.pairwise(BANDS_M)
    ]
    bands += [t("transit_access.band_over", low=number(BANDS_M[-1])), t("common.total")]
    people = cells.people
    frame = pd.DataFrame({"band": bands, cells.counted: [*sums, cells.total]})
    frame["share"] = (share_of_tens if people else share)(frame[cells.counted], cells.total)
    kind = "residents" if people else "count"
    columns = (("band", "text", 0), (cells.counted, kind, 0), ("share", "share", 1))
    title = None
    if cells.counted != "residents":
        title = t(f"access.by_distance_{cells.counted}")
    counts: Literal["bands"] | None = "bands" if people else None
    # Anybody may ask for one departure more an hour: two exact answers would tell of a few.
    return table(
        "by_distance", frame, columns, title=title, total=True, counts=counts, to_ten=people
    )


def left_out_of(reach: Reach, max_m: float) -> tuple[LeftOut, ...]:
    """Count those who do not get to a stop by network, by reason, and who has no address."""
    found = without_address(reach.origins)
    walk = reach.walk
    if walk is None:
        return found
    within = np.nan_to_num(reach.place_m, nan=np.inf) <= max_m
    return (
        *found,
        *unreached(walk.roads, walk.trip, reach.origins, reason=walk.reasons(within)),
        *targets_off(walk.targets_off, trip=walk.trip, what="stops"),
    )


def access_frame(study: Study, reach: Reach, *, max_m: float) -> gpd.GeoDataFrame:
    """Return the cells with their residents, whether reached, and how far the nearest stop is."""
    cells = reach.origins.cells
    columns = cell_columns(study, cells)
    columns["reached"] = reach.within(max_m)
    columns["distance_m"] = np.round(reach.distance_m)
    return gpd.GeoDataFrame(columns, geometry=cells.squares, crs=study.crs)


def access_layers(study: Study, reach: Reach, *, max_m: float) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the frequent stops and the area around them, for drawing only.

    The area is circles in a straight line, and the surroundings of the streets
    walked by network.
    """
    stops, walk = reach.stops, reach.walk
    frequent = stops.frame[stops.frequent]
    near = shapely.dwithin(study.polygon, frequent.geometry.to_numpy(), max_m)
    frequent = frequent[near].reset_index(drop=True)
    if walk is None:
        catchment = shapely.union_all(shapely.buffer(frequent.geometry.to_numpy(), max_m))
    else:
        catchment = walk.area(max_m)
    return {
        "stops": frequent,
        "catchment": gpd.GeoDataFrame({"max_m": [max_m]}, geometry=[catchment], crs=study.crs),
    }
