"""Count what stands in zones, by class: every point once, under the worst class that holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from gis.check import did_you_mean, listing
from gis.errors import FieldError, InvariantError, ParameterError
from gis.kernels.zones import (
    PointRule,
    band_areas,
    count_by_class,
    disjoint_bands,
    highest_class,
    polygon_class,
)
from gis.result import Definition
from gis.sources.convert import as_text
from gis.sources.own import check_stated, column_of
from gis.text import percent, t
from gis.tools.answer import Answer, plain, share
from gis.tools.files import Given, Loaded, count_unit, load, metric_crs, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Rule = Literal["interior", "touch", "representative-point", "min-share"]

# Bands snap to a millimetre; seams of neighbours that drifted apart in a transformation
# overlap by less than this, and are no overlap.
_GRID_M = 0.001
_SEAM_M2 = 1.0
_ALL = "all zones"


@dataclass(frozen=True)
class _Hit:
    """The rule by which an object counts as inside, and the least share that min-share asks."""

    rule: Rule
    min_share: float | None


@dataclass(frozen=True)
class _Zones:
    """Zones with the rank of their class; 0 is the first of ``classes``."""

    loaded: Loaded
    classes: tuple[str, ...]
    ranks: NDArray[np.int64]
    ordered: bool


def expose(
    zones: Given,
    points: Given,
    *,
    class_field: str | None = None,
    rule: Rule = "interior",
    min_share: float | None = None,
    order: Sequence[str] = (),
    weight: str | None = None,
    metric_epsg: int | None = None,
) -> Answer:
    """Sum points, or their weight, by class of zone; classes do not overlap.

    ``order`` lists the classes from the worst to the least: where zones overlap, a
    place has the worst. Without it, zones of different classes may not overlap, and no
    point may meet two of them. ``interior``: strictly inside (polygons and lines: the
    interiors meet); ``touch``: the outline counts; ``representative-point``: a point
    on the surface of each object is strictly inside; ``min-share``: at least ``min_share``
    of the area (lines: length) of each object. ``frame`` holds the objects with
    ``zone_class``. Raises GisError.
    """
    hit = _Hit(rule, min_share)
    files = zones.read(), points.read()
    check_stated(files)
    crs = metric_crs(files, metric_epsg)
    p = load(files[1], crs, role="points", weight=weight)
    z = _ranked(load(files[0], crs, role="zones", kinds=("polygon",)), class_field, order)
    _check_hit(hit, p)
    found = _classes(p, z.loaded.shapes, z.ranks, hit=hit, n_classes=len(z.classes))
    if not z.ordered:
        _refuse_overlap(z)
        _refuse_doubt(p, z, found, hit=hit)
    bands = disjoint_bands(z.loaded.shapes, z.ranks, n_classes=len(z.classes), grid_m=_GRID_M)
    sums = count_by_class(found, p.weights, n_classes=len(z.classes))
    inside, total = float(sums[:-1].sum()), float(p.weights.sum())
    if not math.isclose(inside + float(sums[-1]), total, rel_tol=1e-9, abs_tol=1e-9):
        message = f"classes {inside} and outside {sums[-1]} do not sum to {total}"
        raise InvariantError(message)
    names = np.array([*z.classes, None], dtype=object)
    return Answer(
        tool="expose",
        value=share(inside, total),
        unit="share",
        numerator=inside,
        denominator=total,
        counted=count_unit(weight),
        definition=_definition(z, hit, weight, class_field=class_field, crs_name=name_of(crs)),
        files=(z.loaded.source, p.source),
        frame=p.frame.assign(zone_class=pd.array(names[found], dtype="str")),
        left_out=(*z.loaded.left_out, *p.left_out),
        notes=(*z.loaded.notes, *p.notes, *_unused_notes(z)),
        crs=name_of(crs),
        details={
            "classes": _rows(z, found, sums, areas=band_areas(bands)),
            "outside": {
                "rows": int((found < 0).sum()),
                "weight": plain(sums[-1]),
                "share": share(float(sums[-1]), total),
            },
            "sum_of_classes_and_outside": plain(inside + float(sums[-1])),
        },
    )


def _check_hit(hit: _Hit, p: Loaded) -> None:
    """Refuse a share without its rule, the rule without one, and points. Raises ParameterError."""
    of_share = hit.rule == "min-share"
    if of_share != (hit.min_share is not None):
        message = (
            f"rule {hit.rule} and min-share {hit.min_share} given; rule min-share goes with a "
            "share above 0 and at most 1, and no other rule does"
        )
        raise ParameterError(message)
    if of_share and p.kind == "point":
        message = (
            f"{p.source.file}: rule min-share is of polygons and lines; points have no share "
            "inside (allowed: interior, touch, representative-point)"
        )
        raise ParameterError(message)


def _classes(
    p: Loaded, shapes: NDArray[Any], ranks: NDArray[np.int64], *, hit: _Hit, n_classes: int
) -> NDArray[np.int64]:
    if p.kind != "point":
        return polygon_class(
            p.shapes, shapes, ranks, rule=hit.rule, n_classes=n_classes, min_share=hit.min_share
        )
    at: PointRule = "touch" if hit.rule == "touch" else "interior"
    x, y = shapely.get_x(p.shapes), shapely.get_y(p.shapes)
    return highest_class(x, y, shapes, ranks, rule=at, n_classes=n_classes)


def _ranked(zones: Loaded, class_field: str | None, order: Sequence[str]) -> _Zones:
    """Give each zone the rank of its class. Raises FieldError, ParameterError."""
    label = zones.source.file
    if class_field is None:
        if order:
            message = "--order needs --class, the column that holds the classes"
            raise ParameterError(message)
        return _Zones(zones, (_ALL,), np.zeros(len(zones.frame), dtype=np.int64), ordered=True)
    name = column_of(zones.frame, class_field, source=label)
    text = as_text(zones.frame[name])
    if text.isna().any():
        message = (
            f"{label}: {int(text.isna().sum())} of {len(text)} zones lack a class in '{name}', "
            f"the first in row {int(text.index[text.isna()][0]) + 1}; every zone needs one"
        )
        raise FieldError(message)
    there = sorted(set(text), key=_natural)
    classes = tuple(order) or tuple(there)
    _check_order(there, classes, f"{label}: '{name}'")
    rank = {c: i for i, c in enumerate(classes)}
    ranks = text.map(rank).to_numpy(dtype=np.int64)
    return _Zones(zones, classes, ranks, ordered=bool(order) or len(there) == 1)


def _check_order(there: Sequence[str], classes: tuple[str, ...], source: str) -> None:
    twice = sorted({c for c in classes if classes.count(c) > 1})
    if twice:
        message = f"--order names {listing(twice)} more than once"
        raise ParameterError(message)
    odd = [c for c in there if c not in classes]
    if odd:
        message = (
            f"{source}: class {odd[0]!r} is not in --order{did_you_mean(odd[0], classes)}; "
            f"classes in the file: {listing(there)}"
        )
        raise ParameterError(message)


def _natural(text: str) -> tuple[int, float, str]:
    """Sort numbers by size, before texts."""
    try:
        return (0, float(text.replace(",", ".")), text)
    except ValueError:
        return (1, 0.0, text)


def _refuse_overlap(z: _Zones) -> None:
    """Refuse zones of different classes that overlap, since nothing says which is worse."""
    shapes = z.loaded.shapes
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = z.ranks[a] < z.ranks[b]
    a, b = a[pair], b[pair]
    overlap = shapely.area(shapely.intersection(shapes[a], shapes[b])) > _SEAM_M2
    if overlap.any():
        i = int(np.argmax(overlap))
        first, second = z.classes[z.ranks[a[i]]], z.classes[z.ranks[b[i]]]
        message = (
            f"{z.loaded.source.file}: zones of different classes overlap in "
            f"{int(overlap.sum())} places (the first: {first!r} and {second!r}); say which is "
            f"worse with --order WORST,...,LEAST of: {listing(z.classes)}"
        )
        raise ParameterError(message)


def _refuse_doubt(p: Loaded, z: _Zones, found: NDArray[np.int64], *, hit: _Hit) -> None:
    """Refuse objects whose class would be another under another order of the classes."""
    last = len(z.classes) - 1
    turned = _classes(p, z.loaded.shapes, last - z.ranks, hit=hit, n_classes=last + 1)
    doubt = (found >= 0) & (last - turned != found)
    if doubt.any():
        message = (
            f"{p.source.file}: {int(doubt.sum())} of {len(found)} objects meet zones of several "
            f"classes under rule {hit.rule}; say which is worse with --order WORST,...,LEAST of: "
            f"{listing(z.classes)}"
        )
        raise ParameterError(message)


def _rows(
    z: _Zones, found: NDArray[np.int64], sums: NDArray[np.float64], *, areas: NDArray[np.float64]
) -> list[dict[str, Any]]:
    total = float(sums.sum())
    return [
        {
            "class": name,
            "zones": int((z.ranks == i).sum()),
            "area_km2": float(areas[i]) / 1e6,
            "rows": int((found == i).sum()),
            "weight": plain(sums[i]),
            "share": share(float(sums[i]), total),
        }
        for i, name in enumerate(z.classes)
    ]


def _unused_notes(z: _Zones) -> list[str]:
    empty = [c for i, c in enumerate(z.classes) if not (z.ranks == i).any()]
    return [f"no zone has the class: {listing(empty)}"] if empty else []


def _definition(
    z: _Zones, hit: _Hit, weight: str | None, *, class_field: str | None, crs_name: str
) -> Definition:
    counted = t("tools.of_rows") if weight is None else t("tools.of_weight", weight=weight)
    worst = t("tools.worst" if z.ordered and len(z.classes) > 1 else "tools.no_overlap")
    key = hit.rule.replace("-", "_")
    rule = t(f"tools.rule_{key}", share=percent(hit.min_share, decimals=1))
    return Definition(
        sentence=t("tools.expose", counted=counted, rule=rule, worst=worst),
        parameters={
            "class": class_field,
            "order": ",".join(z.classes),
            "order_given": z.ordered and len(z.classes) > 1,
            "rule": hit.rule,
            "min_share": hit.min_share,
            "weight": weight,
            "metric_crs": crs_name,
        },
    )
