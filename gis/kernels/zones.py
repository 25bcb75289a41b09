"""Class points and objects by the worst zone that holds them.

A rank is a number from 0: the lower, the worse. Zones may overlap, be delivered
nested or as bands, hold holes and have several parts; every object is counted
once, under the worst rank that holds it (the rule of InaSAFE for indivisible
objects, "highest class wins"). Zones must be valid geometries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.errors import GeometryError, InvariantError, ParameterError
from gis.kernels._seams import settle_seams
from gis.kernels._slabs import settle_points
from gis.kernels.coordinates import coordinates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Geometries = NDArray[Any]

PointRule = Literal["interior", "touch"]
ObjectRule = Literal["interior", "touch", "representative-point", "min-share"]

_POLYGONAL = (3, 6)
_AREAL = 2
_AREA_TOLERANCE = 1e-6


def highest_class(
    x: ArrayLike,
    y: ArrayLike,
    zones: Geometries,
    ranks: ArrayLike,
    *,
    rule: PointRule = "interior",
    n_classes: int,
) -> Ints:
    """Return the worst (lowest) rank of the zones that hold each point, -1 where none does.

    x, y: coordinates (n,) in the CRS of ``zones``, a shapely array (m,) of polygons
    (empty ones are skipped); ranks: int (m,), 0..n_classes-1. Rule ``interior``:
    strictly inside the joined zones of that rank and worse, so that the seam between
    zones that abut is no outline, and zones delivered nested or as bands give one
    answer; ``touch``: the outline counts. Exact: points too close to an outline for
    float arithmetic are settled by GEOS. Raises GeometryError (NaN, zones of another
    kind), ParameterError (rule, ranks).
    """
    _check_rule(rule, ("interior", "touch"))
    px, py = coordinates(x, y)
    zones, rank = _zones(zones, ranks, n_classes)
    best, doubt_point, doubt_zone = settle_points(px, py, zones, rank, n_classes)
    decide = shapely.contains_xy if rule == "interior" else shapely.intersects_xy
    if doubt_point.size:
        hit = decide(zones[doubt_zone], px[doubt_point], py[doubt_point])
        np.minimum.at(best, doubt_point[hit], rank[doubt_zone[hit]])
        if rule == "interior":
            on = np.flatnonzero(~hit)
            on = on[
                shapely.intersects_xy(
                    zones[doubt_zone[on]], px[doubt_point[on]], py[doubt_point[on]]
                )
            ]
            settle_seams(
                best,
                doubt_point[on],
                zones,
                doubt_zone[on],
                rank=rank,
                inside=lambda whole, i: shapely.contains_xy(whole, px[i], py[i]),
            )
    return np.where(best < n_classes, best, -1)


def highest_class_plain(
    x: ArrayLike,
    y: ArrayLike,
    zones: Geometries,
    ranks: ArrayLike,
    *,
    rule: PointRule = "interior",
    n_classes: int,
) -> Ints:
    """Answer as ``highest_class`` does, by shapely on points sorted by x: the twin for tests."""
    _check_rule(rule, ("interior", "touch"))
    px, py = coordinates(x, y)
    zones, rank = _zones(zones, ranks, n_classes)
    decide = shapely.contains_xy if rule == "interior" else shapely.intersects_xy
    best = np.full(px.size, -1, dtype=np.int64)
    order = np.argsort(px, kind="stable")
    sx, sy = px[order], py[order]
    for i in np.argsort(rank, kind="stable"):
        if zones[i].is_empty:
            continue
        west, south, east, north = zones[i].bounds
        run = slice(np.searchsorted(sx, west), np.searchsorted(sx, east, side="right"))
        near = order[run][(sy[run] >= south) & (sy[run] <= north)]
        near = near[best[near] < 0]
        shapely.prepare(zones[i])
        best[near[decide(zones[i], px[near], py[near])]] = rank[i]
    if rule == "interior":
        for k in np.flatnonzero(
            shapely.intersects_xy(shapely.union_all(shapely.boundary(zones)), px, py)
        ):
            here = shapely.intersects_xy(zones, px[k], py[k])
            for r in range(n_classes if best[k] < 0 else int(best[k])):
                if shapely.union_all(zones[here & (rank <= r)]).contains(
                    shapely.Point(px[k], py[k])
                ):
                    best[k] = r
                    break
    return best


def polygon_class(
    objects: Geometries,
    zones: Geometries,
    ranks: ArrayLike,
    *,
    rule: ObjectRule = "interior",
    n_classes: int,
    min_share: float | None = None,
) -> Ints:
    """Return the worst (lowest) rank of the zones that hold each object, -1 where none does.

    objects: shapely array (n,) of polygons, lines or points (empty ones get -1).
    ``interior``: the interiors meet (DE-9IM ``T********``), sharing an outline is no
    hit, but a line or point on the seam of zones that abut is inside them; ``touch``:
    any common point; ``representative-point``: the point on surface is strictly inside;
    ``min-share``: at least ``min_share`` (above 0, up to 1) of the object's area (lines:
    length) lies in zones of that rank or worse, so that nested zones and bands give the
    same answer. Raises GeometryError, ParameterError.
    """
    _check_rule(rule, ("interior", "touch", "representative-point", "min-share"))
    _check_share(rule, min_share)
    zones, rank = _zones(zones, ranks, n_classes)
    things = _objects(objects)
    if rule == "representative-point":
        return _by_representative_point(things, zones, rank, n_classes)
    tree = shapely.STRtree(things)
    best = np.full(things.size, n_classes, dtype=np.int64)
    if rule == "min-share" and min_share is not None:
        _by_share(best, tree, zones, rank=rank, min_share=min_share)
        return np.where(best < n_classes, best, -1)
    zone, thing = tree.query(zones, predicate="intersects")
    order = np.argsort(rank[zone], kind="stable")
    zone, thing = zone[order], thing[order]
    if rule == "interior":
        # Many objects ask of few zones: each zone is indexed once, not for every pair.
        shapely.prepare(zones)
        # Only the pairs that could still change an answer need the dear relate test.
        inside = shapely.contains_properly(zones[zone], things[thing])
        np.minimum.at(best, thing[inside], rank[zone[inside]])
        ask = ~inside & (rank[zone] < best[thing])
        zone, thing = zone[ask], thing[ask]
        meets = shapely.relate_pattern(zones[zone], things[thing], "T********")
        np.minimum.at(best, thing[meets], rank[zone[meets]])
        # An areal object that meets two zones meets the inside of one; lines and points may not.
        on = ~meets & (shapely.get_dimensions(things[thing]) < _AREAL)
        settle_seams(
            best,
            thing[on],
            zones,
            zone[on],
            rank=rank,
            inside=lambda whole, i: shapely.relate_pattern(whole, things[i], "T********"),
        )
        return np.where(best < n_classes, best, -1)
    np.minimum.at(best, thing, rank[zone])
    return np.where(best < n_classes, best, -1)


def disjoint_bands(
    zones: Geometries, ranks: ArrayLike, *, n_classes: int, grid_m: float = 0.0
) -> Geometries:
    """Return one geometry for each rank so that every place has one rank, the worst.

    Band r is the union of the zones of rank r without all places of a lower rank;
    an empty polygon where nothing is left. ``grid_m``: snap to a grid of that many
    metres (0: full precision). The areas of the bands must sum to the area of the
    union of all zones within 1e-6 (1e-3 with a grid, whose snapping moves lines)
    or InvariantError is raised; GeometryError for an invalid zone, with its index.
    """
    zones, rank = _zones(zones, ranks, n_classes)
    invalid = ~shapely.is_valid(zones)
    if invalid.any():
        i = int(np.argmax(invalid))
        message = f"zone {i} of {zones.size} is not valid: {shapely.is_valid_reason(zones[i])}"
        raise GeometryError(message)
    bands = np.full(n_classes, shapely.Polygon(), dtype=object)
    taken: shapely.Geometry = shapely.Polygon()
    for r in range(n_classes):
        own = _union(zones[rank == r], grid_m)
        bands[r] = own if taken.is_empty else shapely.difference(own, taken, grid_size=grid_m)
        if r < n_classes - 1 and not own.is_empty:
            taken = own if taken.is_empty else shapely.union(taken, own, grid_size=grid_m)
    total = float(shapely.area(_union(zones, grid_m)))
    parts = float(band_areas(bands).sum())
    if abs(parts - total) > (_AREA_TOLERANCE if grid_m == 0 else 1e-3) * max(total, 1e-9):
        message = f"bands sum to {parts:.6f} square metres, their union holds {total:.6f}"
        raise InvariantError(message)
    return bands


def band_areas(bands: Geometries) -> Floats:
    """Return the area of each band in square units of its CRS, float64 (n_classes,)."""
    return np.asarray(shapely.area(bands), dtype=np.float64)


def count_by_class(classes: ArrayLike, weights: ArrayLike | None, *, n_classes: int) -> Floats:
    """Sum the weights by class; the last of the ``n_classes + 1`` numbers is outside (-1).

    classes: int (n,), -1..n_classes-1; weights: (n,), 0 or more, or None to count
    each as 1. Nothing is lost: the sums of the classes must equal the sum of the
    weights (1e-9 relative), else InvariantError. Raises ParameterError.
    """
    found = np.asarray(classes)
    weight = np.ones(found.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if found.ndim != 1 or found.shape != weight.shape:
        message = f"classes of shape {found.shape}, weights {weight.shape}: rows alike are needed"
        raise ParameterError(message)
    if found.size and (
        found.dtype.kind not in "iu" or found.min() < -1 or found.max() >= n_classes
    ):
        message = (
            f"classes {found.min()} to {found.max()}: integers -1..{n_classes - 1} are allowed"
        )
        raise ParameterError(message)
    if not (np.isfinite(weight) & (weight >= 0)).all():
        i = int(np.argmin(np.isfinite(weight) & (weight >= 0)))
        message = f"weight {i} is {weight[i]}: a number of 0 or more is needed"
        raise ParameterError(message)
    slot = np.where(found < 0, n_classes, found).astype(np.int64)
    sums = np.bincount(slot, weights=weight, minlength=n_classes + 1)
    if not np.isclose(sums.sum(), weight.sum(), rtol=1e-9, atol=0.0):
        message = f"classes sum to {sums.sum()}, the weights to {weight.sum()}"
        raise InvariantError(message)
    return sums


def _by_representative_point(
    things: Geometries, zones: Geometries, rank: Ints, n_classes: int
) -> Ints:
    best = np.full(things.size, -1, dtype=np.int64)
    full = np.flatnonzero(~shapely.is_empty(things))
    points = shapely.point_on_surface(things[full])
    x, y = shapely.get_x(points), shapely.get_y(points)
    best[full] = highest_class(x, y, zones, rank, n_classes=n_classes)
    return best


def _by_share(
    best: Ints, tree: shapely.STRtree, zones: Geometries, *, rank: Ints, min_share: float
) -> None:
    """Add up classes from the worst; an object is settled once its share is large enough."""
    things: Geometries = tree.geometries
    size = _measure(things)
    lacking = (size <= 0) & ~shapely.is_empty(things)
    if lacking.any():
        message = f"object {int(np.argmax(lacking))} has no area or length; min-share needs one"
        raise GeometryError(message)
    zone, thing = tree.query(zones, predicate="intersects")
    # Wholly inside is a share of 1; only worse zones that hold a part need cutting.
    whole = shapely.covers(zones[zone], things[thing])
    np.minimum.at(best, thing[whole], rank[zone[whole]])
    partly = ~whole & (rank[zone] < best[thing])
    zone, thing = zone[partly], thing[partly]
    order = np.lexsort((rank[zone], thing))
    zone, thing = zone[order], thing[order]
    starts = np.flatnonzero(np.diff(thing, prepend=-1))
    for pairs in np.split(np.arange(thing.size), starts[1:]) if thing.size else ():
        i, held = thing[pairs[0]], zone[pairs]
        cut = shapely.intersection(zones[held], things[i])
        for r in np.unique(rank[held]):
            union = shapely.union_all(cut[rank[held] <= r])
            # A share of exactly one half must not fail by a rounded area.
            if float(_measure(np.array([union]))[0]) >= min_share * size[i] * (1 - 1e-9):
                best[i] = min(best[i], r)
                break


def _measure(things: Geometries) -> Floats:
    areal = shapely.get_dimensions(things) == 2
    size: Floats = np.where(areal, shapely.area(things), shapely.length(things))
    return size


def _union(zones: Geometries, grid_m: float) -> shapely.Geometry:
    if not zones.size:
        return shapely.Polygon()
    return shapely.union_all(zones, grid_size=grid_m or None)


def _check_rule(rule: str, allowed: tuple[str, ...]) -> None:
    if rule not in allowed:
        message = f"rule {rule!r}: one of {', '.join(allowed)} is needed"
        raise ParameterError(message)


def _check_share(rule: str, min_share: float | None) -> None:
    if (rule == "min-share") != (min_share is not None):
        message = f"rule {rule!r} with min_share = {min_share}: the two belong together"
        raise ParameterError(message)
    if min_share is not None and not 0 < min_share <= 1:
        message = f"min_share = {min_share}: above 0 and at most 1 is allowed"
        raise ParameterError(message)


def _zones(zones: Geometries, ranks: ArrayLike, n_classes: int) -> tuple[Geometries, Ints]:
    areas = np.asarray(zones, dtype=object)
    rank = np.asarray(ranks)
    if n_classes < 1 or areas.ndim != 1 or rank.shape != areas.shape:
        message = f"{areas.size} zones, {rank.size} ranks, {n_classes} classes: a rank each needed"
        raise ParameterError(message)
    rank = rank.astype(np.int64) if not rank.size else rank
    if rank.dtype.kind not in "iu" or (rank.size and (rank.min() < 0 or rank.max() >= n_classes)):
        message = f"ranks {rank.min()} to {rank.max()}: integers 0..{n_classes - 1} are allowed"
        raise ParameterError(message)
    foreign = ~np.isin(shapely.get_type_id(areas), _POLYGONAL) & ~shapely.is_empty(areas)
    foreign |= shapely.is_missing(areas)
    if foreign.any():
        i = int(np.argmax(foreign))
        kind = getattr(areas[i], "geom_type", None)
        message = f"zone {i} of {areas.size} is {kind}: Polygon or MultiPolygon is needed"
        raise GeometryError(message)
    return areas, rank.astype(np.int64)


def _objects(objects: Geometries) -> Geometries:
    things = np.asarray(objects, dtype=object)
    foreign = shapely.is_missing(things) | (shapely.get_type_id(things) == 7)
    if foreign.any():
        i = int(np.argmax(foreign))
        kind = getattr(things[i], "geom_type", None)
        message = f"object {i} of {things.size} is {kind}: a polygon, line or point is needed"
        raise GeometryError(message)
    return things
