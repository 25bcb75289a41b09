"""Lay out who cycles to which station, and the frames that the map draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import share, share_of_tens, table
from gis.analyses.shown import cell_columns
from gis.analyses.travel_words import targets_off, unreached, without_address
from gis.result import LeftOut
from gis.text import number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.rides import Ridden
    from gis.analyses.study import Study
    from gis.analyses.travel import Origins
    from gis.result import Table


def stations_used(study: Study, done: Ridden) -> tuple[int, int]:
    """Count the stations that are the nearest to anybody who arrives, and those of them abroad."""
    used = np.unique(done.station[done.within])
    return len(used), int(_across(study, done)[used].sum())


def _across(study: Study, done: Ridden) -> NDArray[np.bool_]:
    """Tell which stations lie outside the municipality."""
    points = shapely.point_on_surface(done.stations.geometry.to_numpy())
    outside: NDArray[np.bool_] = ~shapely.intersects(study.polygon, points)
    return outside


def station_table(study: Study, origins: Origins, done: Ridden) -> Table:
    """Sum who arrives by the station that is nearest to them; the last row is all of them."""
    counted = origins.cells.counted
    weight = np.where(done.within, origins.where.weight, 0.0)
    row = np.maximum(done.station, 0)
    sums = np.bincount(row, weights=weight, minlength=len(done.stations))
    used = np.zeros(len(done.stations), dtype=bool)
    used[done.station[done.within]] = True
    order = np.flatnonzero(used)
    order = order[np.argsort(-sums[order], kind="stable")]
    across = _across(study, done)
    frame = pd.DataFrame(
        {
            "name": [*done.stations["name"].astype(str).to_numpy()[order], t("common.total")],
            "kind": [*(_kind(k) for k in done.stations["kind"].to_numpy()[order]), ""],
            "across": [*(_yes_no(v) for v in across[order]), ""],
            counted: [*sums[order], float(sums[order].sum())],
        }
    )
    people = origins.cells.people
    frame["share"] = (share_of_tens if people else share)(frame[counted], origins.cells.total)
    columns = (
        ("name", "text", 0),
        ("kind", "text", 0),
        ("across", "text", 0),
        (counted, "residents" if people else "count", 0),
        ("share", "share", 1),
    )
    return table(
        "by_station",
        frame,
        columns,
        title=t("rail_cycling.by_station"),
        headings={"kind": t("rail_cycling.kind"), "across": t("rail_cycling.across")},
        total=True,
        counts="bands" if people else None,
        # Anybody may move the limit by a metre.
        to_ten=people,
    )


def _kind(kind: Any) -> Any:
    return t(f"rail_cycling.one_{kind}")


def _yes_no(value: Any) -> Any:
    return t("rail_cycling.yes" if value else "rail_cycling.no")


def left_out_of(origins: Origins, done: Ridden) -> tuple[LeftOut, ...]:
    """Count those who do not arrive by network, and the network that has no height."""
    found = without_address(origins)
    if done.roads is None or done.reason is None:
        return found
    trip = done.ride.trip
    unknown: tuple[LeftOut, ...] = ()
    if done.unknown_m > 0:
        km = round(done.unknown_m / 1000, 1)
        text = t("access.terrain_unknown", km=number(km, decimals=1))
        unknown = (LeftOut("terrain_unknown", text, km, "km"),)
    return (
        *found,
        *unreached(done.roads, trip, origins, reason=done.reason),
        *targets_off(done.targets_off, trip=trip, what="stations"),
        *unknown,
    )


def ride_frame(study: Study, origins: Origins, done: Ridden) -> gpd.GeoDataFrame:
    """Return the cells: whether half of each or more arrive, how far it is, and how long."""
    cells = origins.cells
    columns = cell_columns(study, cells)
    metres = origins.middle(done.metres)
    columns["reached"] = ~np.isnan(metres)
    columns["way_m"] = np.round(metres)
    if done.ride.trip.timed:
        columns["minutes"] = np.round(origins.middle(done.minutes), 1)
    return gpd.GeoDataFrame(columns, geometry=cells.squares, crs=study.crs)


def ride_layers(done: Ridden) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the stations of the reading."""
    return {"stations": done.stations[["name", "kind", "geometry"]]}
