"""Keep the polygons of an overlay: shared outlines come along as lines and points."""

from __future__ import annotations

from typing import Any

import shapely


def areal(piece: Any) -> Any:
    """Return the union of the polygons in a geometry of any kind, empty where it has none."""
    parts = shapely.get_parts(shapely.get_parts(piece))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return shapely.union_all(polygons) if len(polygons) else shapely.Polygon()


def overlap(a: Any, b: Any) -> Any:
    """Return the area that two geometries share."""
    return areal(shapely.intersection(a, b))


def remainder(a: Any, b: Any) -> Any:
    """Return the area of ``a`` that ``b`` does not cover."""
    return areal(shapely.difference(a, b))
