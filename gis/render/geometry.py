"""Prepare geometry for a page: clip, mend, simplify, and write compactly.

One pipeline for every layer: working CRS (metres) in, a delta-coded integer
form of longitude/latitude with five decimals (about one metre) out, gzipped and
in base64. The browser undoes it with DecompressionStream.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import LONLAT_EPSG

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["polygon", "line", "point"]
DECIMALS = 5
SIMPLIFY_M = 6.0
# Half a unit of the fifth decimal is up to 0.56 m northwards and 0.4 m eastwards (0.28 m at 60
# degrees), and a straight line of the working CRS bends by 0.14 m over 2 km in the page's own
# projection, so longer ones get points between.
ROUNDING_M = 0.7
_LONGEST_M = 2000.0
_STRAIGHT_M = 0.15
_COLLECTION = 7
_DIMENSION: dict[Kind, int] = {"point": 0, "line": 1, "polygon": 2}


@dataclass(frozen=True)
class Shapes:
    """Geometry ready for a page: what kind, which rows of the frame, and the coded form.

    ``tolerance_m`` is how far an outline on the page may lie from the true one.
    """

    kind: Kind
    rows: NDArray[np.int64]
    coded: dict[str, Any]
    vertices: int
    tolerance_m: float = 0.0


def kind_of(frame: gpd.GeoDataFrame) -> Kind:
    """Return the highest dimension among the geometries; polygon for an empty frame."""
    if frame.empty:
        return "polygon"
    highest = int(shapely.get_dimensions(frame.geometry.to_numpy()).max())
    return "polygon" if highest >= 2 else "line" if highest == 1 else "point"


def prepare(
    frame: gpd.GeoDataFrame,
    *,
    window: tuple[float, float, float, float],
    simplify_m: float = SIMPLIFY_M,
) -> Shapes:
    """Take one layer from the working CRS to the coded form of a page.

    window is (west, south, east, north) in the working CRS: what lies outside is
    cut. simplify_m = 0 keeps every vertex (grid cells, points); no outline moves
    farther than simplify_m.
    """
    kind = kind_of(frame)
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if invalid.any():
        shapes = shapes.copy()
        shapes[invalid] = shapely.make_valid(shapes[invalid])
    shapes = _of_kind(shapes, kind)
    shapes = _clip(shapes, window)
    if simplify_m > 0 and kind != "point":
        shapes = _simplify(shapes, kind=kind, tolerance_m=simplify_m)
    shapes = _of_kind(shapes, kind)
    if kind != "point":
        shapes = np.asarray(shapely.segmentize(shapes, _LONGEST_M), dtype=object)
    rows = np.flatnonzero(~(shapely.is_empty(shapes) | shapely.is_missing(shapes)))
    lonlat = gpd.GeoSeries(shapes[rows], crs=frame.crs).to_crs(LONLAT_EPSG).to_numpy()
    coded = _encode(np.asarray(lonlat, dtype=object), kind=kind)
    return Shapes(
        kind=kind,
        rows=rows,
        coded=coded,
        vertices=len(coded["xy"]) // 2,
        tolerance_m=ROUNDING_M + (0.0 if kind == "point" else simplify_m + _STRAIGHT_M),
    )


def _of_kind(shapes: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """Reduce geometry collections to their parts of the layer's own kind."""
    mixed = shapely.get_type_id(shapes) == _COLLECTION
    if not mixed.any():
        return shapes
    reduced = shapes.copy()
    for i in np.flatnonzero(mixed):
        parts = shapely.get_parts(shapes[i])
        while (shapely.get_type_id(parts) == _COLLECTION).any():
            parts = shapely.get_parts(parts)
        parts = shapely.get_parts(parts[shapely.get_dimensions(parts) == _DIMENSION[kind]])
        build = {"polygon": shapely.multipolygons, "line": shapely.multilinestrings}.get(
            kind, shapely.multipoints
        )
        reduced[i] = build(parts)
    return reduced


def _clip(shapes: NDArray[Any], window: tuple[float, float, float, float]) -> NDArray[Any]:
    """Cut to the window, leaving untouched what lies inside it."""
    west, south, east, north = window
    bounds = shapely.bounds(shapes)
    inside = (
        (bounds[:, 0] >= west)
        & (bounds[:, 1] >= south)
        & (bounds[:, 2] <= east)
        & (bounds[:, 3] <= north)
    )
    clipped = shapes.copy()
    clipped[~inside] = shapely.intersection(shapes[~inside], shapely.box(*window))
    return clipped


def _simplify(shapes: NDArray[Any], *, kind: Kind, tolerance_m: float) -> NDArray[Any]:
    """Drop vertices; shared edges of a coverage (bands, units) stay shared."""
    if kind == "polygon" and len(shapes) > 1 and shapely.coverage_is_valid(shapes):
        return _simplify_coverage(shapes, tolerance_m)
    return np.asarray(shapely.simplify(shapes, tolerance_m, preserve_topology=True), dtype=object)


def _simplify_coverage(shapes: NDArray[Any], tolerance_m: float) -> NDArray[Any]:
    """Simplify a coverage so that no vertex moves farther than the tolerance.

    GEOS measures by area here (Visvalingam-Whyatt), which lets a thin spike go
    whatever its length, so the step is made smaller until the distance holds.
    """
    step = tolerance_m
    while step > tolerance_m / 64:
        simple = np.asarray(
            shapely.coverage_simplify(shapes, step, simplify_boundary=True), dtype=object
        )
        if _farthest(shapes, simple) <= tolerance_m:
            return simple
        step /= 2
    return shapes


def _farthest(shapes: NDArray[Any], simple: NDArray[Any]) -> float:
    """Return the largest distance, in metres, of an old vertex from its new outline."""
    outlines = shapely.boundary(simple)
    shapely.prepare(outlines)
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    away = shapely.distance(outlines[owner], shapely.points(coordinates))
    return float(np.nanmax(away, initial=0.0))


def _encode(shapes: NDArray[Any], *, kind: Kind) -> dict[str, Any]:
    """Write whole-layer delta-coded integers: coordinates, ring lengths, rings per feature.

    ``parts`` is the number of rings of each polygon, its outline first.
    """
    if not len(shapes):
        return {"kind": kind, "xy": [], "rings": [], "features": []}
    extra = {}
    if kind == "point":
        features = shapely.get_num_geometries(shapes)
        coordinates, rings = shapely.get_coordinates(shapes), []
    else:
        parts, owner = shapely.get_parts(shapes, return_index=True)
        if kind == "polygon":
            lines, part = shapely.get_rings(parts, return_index=True)
            owner = owner[part]
            extra = {"parts": np.bincount(part, minlength=len(parts)).tolist()}
        else:
            lines = parts
        coordinates = shapely.get_coordinates(lines)
        rings = shapely.get_num_coordinates(lines).tolist()
        features = np.bincount(owner, minlength=len(shapes))
    whole = np.round(coordinates * 10**DECIMALS).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {
        "kind": kind,
        "xy": steps.ravel().tolist(),
        "rings": rings,
        "features": np.asarray(features).tolist(),
        **extra,
    }


def pack(payload: Any) -> str:
    """Write JSON, gzip it without a date, and give it as base64 text."""
    plain = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(plain.encode("utf-8"), 9, mtime=0)).decode("ascii")
