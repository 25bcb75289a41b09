"""Measure how much road and railway lies in each class of a hazard; tunnels do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.analyses.zones import Hazard

LINES = {"road_km": "roads_paths", "rail_km": "railways"}
_UNDER = ("tunnel",)


def lines_above_ground(study: Study, layer: str) -> NDArray[Any]:
    """Return the lines of a layer that run in the municipality, those under ground left out."""
    frame = study.frame(layer)
    frame = frame.iloc[np.sort(frame.sindex.query(study.polygon, predicate="intersects"))]
    if "medium" in frame.columns:
        frame = frame[~frame["medium"].isin(_UNDER)]
    lines: NDArray[Any] = frame.geometry.to_numpy()
    inside = shapely.covers(study.polygon, lines)
    lines = lines.copy()
    lines[~inside] = shapely.intersection(lines[~inside], study.polygon)
    return lines


def km_by_class(lines: NDArray[Any], hazard: Hazard) -> NDArray[np.float64]:
    """Measure the kilometres of lines in each class, a metre in its worst class alone.

    Gives (n_classes,). A line along an outline is measured with the worse side.
    """
    km = np.zeros(hazard.zones.n_classes)
    rest = lines.copy()
    for rank, band in enumerate(hazard.zones.bands):
        if band.is_empty:
            continue
        shapely.prepare(band)
        hit = np.flatnonzero(shapely.intersects(band, rest))
        km[rank] = float(shapely.length(shapely.intersection(rest[hit], band)).sum()) / 1000
        rest[hit] = shapely.difference(rest[hit], band)
    return km
