"""Bring geometries into order: two dimensions, valid, of the layer's kind; count what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.sources.base import Notes

    Geometries = NDArray[Any]

# shapely type ids of each kind, single and multi; 7 is the collection, -1 is missing
_KINDS = {
    "point": (0, 4),
    "line": (1, 2, 5),
    "polygon": (3, 6),
    "cell": (3, 6),
    "raster": (3, 6),
    "mixed": (0, 1, 2, 3, 4, 5, 6),
}
_NAMES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
_COLLECTION = 7


def tidy(
    geometries: Geometries, *, kind: str, source: str, notes: Notes
) -> tuple[Geometries, NDArray[np.bool_], int]:
    """Return (geometries, which rows remain, how many were mended).

    kind: polygon, line or point. Heights are dropped; invalid polygons are made
    valid (structure method: rings decide what is inside, so no area is invented);
    collections are reduced to their parts of the right kind; empty ones go out,
    counted. Raises GeometryError where geometries of another kind are found.
    """
    flat = shapely.force_2d(geometries)
    there = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    notes.count(int((~there).sum()), "rows without geometry left out")
    _check_kind(flat[there], kind=kind, source=source)
    invalid = there & ~shapely.is_valid(flat)
    mended = int(invalid.sum())
    if mended:
        flat = flat.copy()
        flat[invalid] = shapely.make_valid(flat[invalid], method="structure", keep_collapsed=False)
    flat = _reduced(flat, there, kind=kind)
    remain = there & ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    notes.count(int(there.sum() - remain.sum()), f"rows left out: no {kind} remained")
    if kind == "point":
        flat = _single_points(flat, notes)
    return flat, remain, mended


def _check_kind(geometries: Geometries, *, kind: str, source: str) -> None:
    types = shapely.get_type_id(geometries)
    wrong = ~np.isin(types, (*_KINDS[kind], _COLLECTION))
    if wrong.any():
        found = sorted({_NAMES[i] for i in types[wrong]})
        message = (
            f"{source}: {int(wrong.sum())} of {len(types)} geometries are {', '.join(found)}; "
            f"allowed: {' or '.join(_NAMES[i] for i in _KINDS[kind])}"
        )
        raise GeometryError(message)


def _reduced(geometries: Geometries, there: NDArray[np.bool_], *, kind: str) -> Geometries:
    """Keep of collections the parts of the right kind (empty where there are none)."""
    types = shapely.get_type_id(geometries)
    mixed = np.flatnonzero(there & ~np.isin(types, _KINDS[kind]))
    if not len(mixed):
        return geometries
    out = geometries.copy()
    multi = {"point": shapely.multipoints, "line": shapely.multilinestrings}
    build = multi.get(kind, shapely.multipolygons)
    for i in mixed:
        parts = [
            p
            for part in shapely.get_parts(geometries[i])
            for p in shapely.get_parts(part)
            if shapely.get_type_id(p) in _KINDS[kind]
        ]
        out[i] = parts[0] if len(parts) == 1 else build(parts)
    return out


def _single_points(geometries: Geometries, notes: Notes) -> Geometries:
    """Take the first point of each multipoint: one row is one thing at one place."""
    several = shapely.get_num_geometries(geometries) > 1
    notes.count(int(several.sum()), "rows with several points: the first is used")
    first: Geometries = shapely.get_geometry(geometries, 0)
    return first


def dissolved(frame: gpd.GeoDataFrame, field: str, notes: Notes) -> gpd.GeoDataFrame:
    """Join the polygons that share a value of ``field``; rows without one stay as they are.

    Of the other fields the first row's value stands, of numbers the largest: what is told
    of the whole (a settlement's residents) is repeated on each of its parts.
    """
    twice = frame[field].notna() & frame[field].duplicated(keep=False)
    if not twice.any():
        return frame
    parts = frame[twice]
    rows = parts[~parts[field].duplicated()].copy()
    groups = parts.groupby(field, sort=False)
    for name in parts.columns:
        if name not in (field, "geometry") and pd.api.types.is_numeric_dtype(parts[name].dtype):
            rows[name] = rows[field].map(groups[name].max()).astype(parts[name].dtype)
    joined = groups["geometry"].apply(lambda part: shapely.union_all(part.to_numpy()))
    rows["geometry"] = gpd.GeoSeries(rows[field].map(joined), crs=frame.crs)
    notes.count(len(parts) - len(rows), f"polygons joined to others of the same {field}")
    return pd.concat([frame[~twice], rows]).sort_index()
