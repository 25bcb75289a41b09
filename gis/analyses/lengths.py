"""Measure how much road and railway lies in each class of a hazard; tunnels do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.analyses.zones import Hazard

LINES = {"road_km": "roads_paths", "rail_km": "railways"}
_UNDER = ("tunnel",)
_DUST_M = 0.001


def lines_above_ground(study: Study, layer: str) -> NDArray[Any]:
    """Return the lines of a layer that run in the municipality, those under ground left out."""
    frame = study.frame(layer)
    if "medium" in frame.columns:
        frame = frame[~frame["medium"].isin(_UNDER)]
    return lines_within(study, frame)


def lines_within(study: Study, frame: gpd.GeoDataFrame) -> NDArray[Any]:
    """Return the lines of a frame cut to the municipality, in their own order."""
    frame = frame.iloc[np.sort(frame.sindex.query(study.polygon, predicate="intersects"))]
    lines: NDArray[Any] = frame.geometry.to_numpy()
    inside = shapely.covers(study.polygon, lines)
    lines = lines.copy()
    lines[~inside] = shapely.intersection(lines[~inside], study.polygon)
    return lines


def km_not_mapped(lines: NDArray[Any], hazard: Hazard) -> float:
    """Measure the kilometres of lines where the hazard was neither mapped nor found."""
    if hazard.everywhere:
        return 0.0
    mapped = np.empty(0, dtype=object) if hazard.mapped is None else hazard.mapped
    known = shapely.get_parts(shapely.union_all(np.concatenate([mapped, hazard.zones.shapes])))
    part, line = shapely.STRtree(lines).query(known, predicate="intersects")
    inside = shapely.length(shapely.intersection(lines[line], known[part])).sum()
    rest = float(shapely.length(lines).sum() - inside)
    # Cutting lines leaves dust; less than a millimetre is none.
    return rest / 1000 if rest > _DUST_M else 0.0


def km_by_class(lines: NDArray[Any], hazard: Hazard) -> NDArray[np.float64]:
    """Measure the kilometres of lines in each class, a metre in its worst class alone.

    Gives (n_classes,). A line along an outline is measured with the worse side.
    """
    km = np.zeros(hazard.zones.n_classes)
    tree = shapely.STRtree(lines)
    rest = lines.copy()
    for rank, band in enumerate(hazard.zones.bands):
        if band.is_empty:
            continue
        # Part by part: a line meets a few small polygons, not one with all their corners.
        parts = shapely.get_parts(band)
        part, line = tree.query(parts, predicate="intersects")
        shared = shapely.intersection(rest[line], parts[part])
        km[rank] = float(shapely.length(shared).sum()) / 1000
        # A stretch along the outline is this class's, and not the milder neighbour's too.
        edge = shapely.intersection(rest[line], shapely.boundary(parts[part]))
        along = np.flatnonzero(shapely.length(edge) > 0)
        for i in along:
            rest[line[i]] = shapely.difference(rest[line[i]], edge[i])
    return km
