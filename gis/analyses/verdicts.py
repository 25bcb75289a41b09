"""Judge single objects against the zones of one hazard, by the safety class they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.analyses.floods_mapped import mapped_for
from gis.analyses.tek17 import REQUIRED_YEARS
from gis.kernels.zones import polygon_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.zones import Hazard
    from gis.kernels.zones import ObjectRule

ACCEPTABLE, NOT_MAPPED, NEEDS_STUDY, NOT_ALLOWED = range(4)
VERDICTS = ("acceptable", "not_mapped", "needs_study", "not_allowed")
_CLIMATE = "_climate"
FLOOD = "flood_zones"

type Verdicts = NDArray[np.int64]


def years_of(hazard: Hazard) -> NDArray[np.float64]:
    """Return the return period of each class in years, NaN where it has none."""
    return np.array([1.0 / p for p in hazard.probabilities])


def in_zones(
    hazard: Hazard, objects: NDArray[Any], *, rule: ObjectRule, keep: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which objects meet a zone of one of the classes kept, by the counting rule."""
    mine = keep[hazard.zones.ranks]
    zones = hazard.zones.shapes[mine]
    ranks = np.zeros(len(zones), dtype=np.int64)
    return np.asarray(polygon_class(objects, zones, ranks, rule=rule, n_classes=1) == 0)


def on(shapes: NDArray[Any] | None, objects: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which objects lie wholly in or on the joined shapes; a seam holds nobody out."""
    held = np.zeros(len(objects), dtype=bool)
    if shapes is None or not len(shapes):
        return held
    joined = shapely.union_all(shapes)
    shapely.prepare(joined)
    return np.asarray(shapely.covers(joined, objects))


def looked_at(
    hazard: Hazard, objects: NDArray[Any], *, inside: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell where the hazard was mapped at the objects: ``inside`` its zones, or its extent."""
    if hazard.everywhere:
        return np.ones(len(objects), dtype=bool)
    return np.asarray(inside | on(hazard.mapped, objects))


def by_return_period(
    hazard: Hazard, objects: NDArray[Any], classes: Sequence[str], *, rule: ObjectRule
) -> Verdicts:
    """Judge objects against zones of return periods: flood, storm surge, slides.

    ``classes`` is the safety class of each object (F1-F3 or S1-S3). Inside a zone of the
    return period asked for, or of a shorter one, today or with climate allowance: not
    allowed. In a rarer zone, or one without a stated period: acceptable there only if
    the zone asked for was mapped at the place, else needs study. Outside the mapped
    extent: not mapped. In a zone without a period: needs study.
    """
    years = years_of(hazard)
    required = np.array([REQUIRED_YEARS[c] for c in classes], dtype=np.float64)
    verdict = np.full(len(objects), NOT_MAPPED, dtype=np.int64)
    everyone = np.ones(len(years), bool)
    in_any = in_zones(hazard, objects, rule=rule, keep=everyone)
    mapped = looked_at(hazard, objects, inside=in_any)
    verdict[mapped] = ACCEPTABLE
    for asked in np.unique(required):
        mine = required == asked
        known = mapped & _zone_is_known(hazard, objects, years, asked=asked)
        verdict[mine & mapped & ~known] = NEEDS_STUDY
        hit = in_zones(hazard, objects, rule=rule, keep=years <= asked)
        verdict[mine & hit] = NOT_ALLOWED
    unstated = in_zones(hazard, objects, rule=rule, keep=np.isnan(years))
    verdict[unstated] = np.maximum(verdict[unstated], NEEDS_STUDY)
    return verdict


def _zone_is_known(
    hazard: Hazard, objects: NDArray[Any], years: NDArray[np.float64], *, asked: float
) -> NDArray[np.bool_]:
    """Tell where a zone of the period asked for, or a rarer one, was mapped at all.

    Flood extents are mapped for some return periods each, and say which; where one does
    not, the zones that lie in it tell (``mapped_for``). Outside them nothing is known of
    the rarer flood. Slides and storm surge are mapped for all periods at once.
    """
    if hazard.mapped is None or hazard.id != FLOOD:
        return np.ones(len(objects), dtype=bool)
    rare = hazard.zones.shapes[(years >= asked)[hazard.zones.ranks]]
    extents = [mapped_for(hazard, c.id) for c, y in zip(hazard.classes, years, strict=True)
               if y >= asked]  # fmt: skip
    within = polygon_class(objects, rare, np.zeros(len(rare), np.int64), n_classes=1) == 0
    return np.asarray(on(np.concatenate([np.empty(0, object), *extents]), objects) | within)


def has_climate(hazard: Hazard) -> bool:
    """Tell whether any zone here carries a climate allowance."""
    ids = np.array([c.id.endswith(_CLIMATE) for c in hazard.classes])
    return bool(len(hazard.zones.ranks)) and bool(ids[hazard.zones.ranks].any())
