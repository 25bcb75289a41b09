"""Work out the share that lives within a straight-line distance of a target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.errors import InvariantError, ParameterError
from gis.kernels.distance import nearest
from gis.result import Definition
from gis.sources.own import check_stated
from gis.text import number, t
from gis.tools.answer import Answer, plain, share
from gis.tools.files import Given, Loaded, count_unit, load, metric_crs, name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def near(
    points: Given,
    targets: Given,
    *,
    max_m: float,
    weight: str | None = None,
    representative_point: bool = False,
    metric_epsg: int | None = None,
) -> Answer:
    """Return the share of points, or of their weight, within ``max_m`` metres of a target.

    The distance is a straight line in the metric CRS, ``<=`` and exact, not a buffer;
    to a line or a polygon it goes to the nearest place on it, and is 0 inside a polygon.
    ``representative_point`` takes a point inside each polygon or line of ``points``.
    ``frame`` holds the points with ``distance_m`` and ``within``. Raises GisError.
    """
    if not (math.isfinite(max_m) and max_m >= 0):
        message = f"max_m {max_m}; allowed: 0 metres or more"
        raise ParameterError(message)
    files = points.read(), targets.read()
    check_stated(files)
    crs = metric_crs(files, metric_epsg)
    kinds = ("point", "line", "polygon") if representative_point else ("point",)
    p = load(files[0], crs, role="points", kinds=kinds, weight=weight)
    q = load(files[1], crs, role="targets")
    at = shapely.point_on_surface(p.shapes) if representative_point else p.shapes
    distance = _distances(at, q)
    within = distance <= max_m
    total = float(p.weights.sum())
    inside, outside = float(p.weights[within].sum()), float(p.weights[~within].sum())
    if not math.isclose(inside + outside, total, rel_tol=1e-9, abs_tol=1e-9):
        message = f"within {inside} and beyond {outside} do not sum to {total}"
        raise InvariantError(message)
    rows = ((True, within, inside), (False, ~within, outside))
    return Answer(
        tool="near",
        value=share(inside, total),
        unit="share",
        numerator=inside,
        denominator=total,
        counted=count_unit(weight),
        definition=_definition(max_m, weight, q, crs_name=name_of(crs), inner=representative_point),
        files=(p.source, q.source),
        frame=p.frame.assign(distance_m=distance, within=within),
        left_out=(*p.left_out, *q.left_out),
        notes=(*p.notes, *q.notes),
        crs=name_of(crs),
        details={
            "classes": [
                {
                    "class": "within" if name else "beyond",
                    "rows": int(mask.sum()),
                    "weight": plain(weighed),
                    "share": share(weighed, total),
                }
                for name, mask, weighed in rows
            ]
        },
    )


def _distances(at: NDArray[np.object_], targets: Loaded) -> NDArray[np.float64]:
    """Return the distance to the nearest target of every point; infinite without targets."""
    if targets.kind == "point":
        shapes = targets.shapes
        _, found = nearest(
            shapely.get_x(at),
            shapely.get_y(at),
            shapely.get_x(shapes),
            shapely.get_y(shapes),
            max_m=np.inf,
        )
        return found
    distance = np.full(len(at), np.inf)
    tree = shapely.STRtree(targets.shapes)
    (point, _), found = tree.query_nearest(at, return_distance=True, all_matches=False)
    distance[point] = found
    return distance


def _definition(
    max_m: float, weight: str | None, targets: Loaded, *, crs_name: str, inner: bool
) -> Definition:
    counted = t("tools.of_rows") if weight is None else t("tools.of_weight", weight=weight)
    return Definition(
        sentence=t(
            "tools.near",
            counted=counted,
            limit=number(max_m, decimals=0 if float(max_m).is_integer() else 2),
            kind=t(f"tools.to_{targets.kind}"),
            crs=crs_name,
        ),
        parameters={
            "max_m": plain(float(max_m)),
            "comparison": "<=",
            "distance": "straight line in the metric CRS",
            "weight": weight,
            "representative_point": inner,
            "metric_crs": crs_name,
        },
    )
