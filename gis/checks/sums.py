"""Hold layers against published sums, and against each other where they count the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.checks.verdict import Finding
from gis.kernels.cells import cell_corner, parent_id
from gis.text import Text, percent, t
from gis.text import number as written
from gis.text import people as people_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from gis.lock import Lock
    from gis.sources import Bounds

# Sums may differ: people without coordinates are not in the grid, and cells on the
# border belong to two municipalities.
TOTAL_TOLERANCE = 0.02
# Settlements are drawn by SSB on a raster of a few metres; files for maps are simplified.
AREA_TOLERANCE = 0.05
_CELL_M, _PARENT_M = 250, 1000


def about_total(frame: gpd.GeoDataFrame, whole: shapely.Geometry, lock: Lock) -> Iterator[Finding]:
    """Hold the residents of the cells against the published total; centres decide."""
    published = lock.figures.get("population")
    if not published or frame.empty:
        return
    centres = shapely.centroid(frame.geometry.to_numpy())
    shapely.prepare(whole)
    ours = float(np.asarray(frame["residents"])[shapely.intersects(whole, centres)].sum())
    theirs = float(published["total"])
    apart = abs(ours - theirs) / theirs
    values: dict[str, str | Text] = {
        "ours": people_text(ours),
        "theirs": written(theirs),
        "table": str(published["table"]),
        "year": str(published["year"]),
    }
    if apart <= TOTAL_TOLERANCE:
        yield Finding("ok", t("check.total_fits", **values))
        return
    values |= {"share": percent(apart), "limit": percent(TOTAL_TOLERANCE)}
    yield Finding("look", t("check.total_off", **values))


def about_built_up(
    frame: gpd.GeoDataFrame, whole: shapely.Geometry, lock: Lock
) -> Iterator[Finding]:
    """Hold the area of the settlements inside the municipality against the published one."""
    published = lock.figures.get("built_up")
    if not published or frame.empty:
        return
    joined = shapely.union_all(frame.geometry.to_numpy())
    ours = float(shapely.intersection(joined, whole).area) / 1e6
    theirs = float(published["area_km2"])
    apart = abs(ours - theirs) / theirs
    values: dict[str, str | Text] = {
        "ours": written(ours, decimals=2),
        "theirs": written(theirs, decimals=2),
        "table": str(published["table"]),
        "year": str(published["year"]),
    }
    if apart <= AREA_TOLERANCE:
        yield Finding("ok", t("checks.built_up_fits", **values))
        return
    values |= {"share": percent(apart), "limit": percent(AREA_TOLERANCE)}
    yield Finding("look", t("checks.built_up_off", **values))


def about_parents(
    cells: gpd.GeoDataFrame, parents: gpd.GeoDataFrame, box: Bounds | None
) -> Iterator[Finding]:
    """Hold cells of 250 m against those of 1 km, cell by cell (SSB's two grids are one count).

    ``box``: only squares of 1 km that lie wholly in it are compared, since of the others
    cells of 250 m may have been left out. Says how many differ, and the sum's difference.
    """
    ids = parents["cell_id"].to_numpy(dtype=np.int64)
    theirs = dict(zip(ids.tolist(), parents["residents"].tolist(), strict=True))
    fine = parent_id(cells["cell_id"].to_numpy(), size_m=_CELL_M, parent_m=_PARENT_M)
    summed = cells["residents"].groupby(fine).sum()
    every = np.array(sorted({*theirs, *summed.index.tolist()}), dtype=np.int64)
    every = every[_inside(every, box)]
    if not len(every):
        yield Finding("look", t("checks.parents_none"))
        return
    ours = np.array([float(summed.get(i, 0)) for i in every])
    other = np.array([float(theirs.get(i, 0)) for i in every])
    differ = int((ours != other).sum())
    count = written(len(every))
    if not differ:
        yield Finding("ok", t("checks.parents_fit", count=count))
        return
    apart = abs(ours.sum() - other.sum()) / max(other.sum(), 1.0)
    values = {"differ": written(differ), "count": count, "share": percent(float(apart))}
    yield Finding("look", t("checks.parents_differ", **values))


def _inside(ids: np.ndarray, box: Bounds | None) -> np.ndarray:
    if box is None:
        return np.ones(len(ids), dtype=bool)
    west, south, east, north = box
    e, n = cell_corner(ids)
    inside = (e >= west) & (e + _PARENT_M <= east) & (n >= south) & (n + _PARENT_M <= north)
    return np.asarray(inside)
