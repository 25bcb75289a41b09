"""Lay out access to transit: distances, tables, and the frames that maps draw."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import UNITS, share, table, unit_of_points, unit_table
from gis.analyses.shown import reached_that_tell, shown_residents
from gis.analyses.travel import Origins, origins_of, walk_to
from gis.kernels.distance import nearest
from gis.text import Text, number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.frequent_stops import Stops
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.result import Table

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


def access_tables(study: Study, cells: Cells, reach: Reach, *, max_m: float) -> dict[str, Table]:
    """Lay out residents by distance, and by basic statistical unit where there are units."""
    tables = {"by_distance": _distance_table(cells, reach)}
    if study.has(UNITS):
        unit = unit_of_points(study, cells.x, cells.y)
        near = np.where(reach.within(max_m), cells.weight, 0.0)
        frame = unit_table(study, unit, {"residents": cells.weight, "reached": near})
        frame["share"] = share(frame["reached"], frame["residents"])
        columns = (
            ("number", "text", 0),
            ("name", "text", 0),
            ("residents", "residents", 0),
            ("reached", "residents", 0),
            ("share", "share", 1),
        )
        told = reached_that_tell(study, cells, unit, near=reach.within(max_m))
        rows = tuple(np.flatnonzero(frame["number"].isin(told)).tolist())
        tables["units"] = table(
            "units", frame, columns, key="number", counts="subsets", withhold={"reached": rows}
        )
    return tables


def _distance_table(cells: Cells, reach: Reach) -> Table:
    """Sum residents by distance to the nearest frequent stop; the last row is all of them."""
    distance = np.nan_to_num(reach.distance_m, nan=np.inf)
    # right=True: a distance of exactly 1,000 m belongs to "800-1000 m".
    slot = np.digitize(distance, BANDS_M[1:], right=True)
    residents = np.bincount(slot, weights=cells.weight, minlength=len(BANDS_M))
    bands: list[Text] = [
        t("transit_access.band", low=number(a), high=number(b))
        for a, b in itertools.pairwise(BANDS_M)
    ]
    bands += [t("transit_access.band_over", low=number(BANDS_M[-1])), t("common.total")]
    frame = pd.DataFrame({"band": bands, "residents": [*residents, cells.total]})
    frame["share"] = share(frame["residents"], cells.total)
    columns = (("band", "text", 0), ("residents", "residents", 0), ("share", "share", 1))
    return table("by_distance", frame, columns, total=True, counts="bands")


def access_frame(study: Study, cells: Cells, reach: Reach, *, max_m: float) -> gpd.GeoDataFrame:
    """Return the cells with their residents, whether reached, and how far the nearest stop is."""
    return gpd.GeoDataFrame(
        {
            "cell_id": cells.cell_id,
            "residents": cells.weight,
            "residents_shown": shown_residents(study, cells),
            "reached": reach.within(max_m),
            "distance_m": np.round(reach.distance_m),
        },
        geometry=cells.squares,
        crs=study.epsg,
    )


def access_layers(study: Study, stops: Stops, *, max_m: float) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the frequent stops and the area around them; circles are for drawing only."""
    frequent = stops.frame[stops.frequent]
    near = shapely.dwithin(study.polygon, frequent.geometry.to_numpy(), max_m)
    frequent = frequent[near].reset_index(drop=True)
    catchment = shapely.union_all(shapely.buffer(frequent.geometry.to_numpy(), max_m))
    return {
        "stops": frequent,
        "catchment": gpd.GeoDataFrame({"max_m": [max_m]}, geometry=[catchment], crs=study.epsg),
    }
