"""Tell what lies in the municipality from what is drawn around it, so that legends count right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.render.classes import LayerClass


def inside_of(
    shapes: NDArray[Any], kind: str, symbol: str, *, area: gpd.GeoDataFrame | None
) -> NDArray[np.bool_] | None:
    """Return which points and cells lie in the area, cells by their middle.

    None where all do, and for layers whose features are not counted. Both in one CRS.
    """
    if area is None or not len(shapes) or not (kind == "point" or symbol == "grid"):
        return None
    whole = shapely.union_all(area.geometry.to_numpy())
    shapely.prepare(whole)
    middle = shapes if kind == "point" else shapely.centroid(shapes)
    inside: NDArray[np.bool_] = shapely.intersects(whole, middle)
    return None if inside.all() else inside


def counted_inside(
    classes: Sequence[LayerClass], index: NDArray[np.int64], inside: NDArray[np.bool_] | None
) -> tuple[LayerClass, ...]:
    """Return the classes with the number of their features that lie inside."""
    if inside is None:
        return tuple(classes)
    count = np.bincount(index[inside], minlength=len(classes))
    return tuple(replace(c, count=int(n)) for c, n in zip(classes, count, strict=True))
