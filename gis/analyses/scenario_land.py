"""Measure how a plan changes the land: built up, and nature and farmland built on.

Only what the plan touches is measured anew: the layers are cut to its ground, and the
difference is added to the baseline, which is worked out once for a study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.kernels.areal import overlap, remainder

if TYPE_CHECKING:
    from gis.analyses.scenario_plan import Layout
    from gis.analyses.study import Study

BUILT_UP = "built_up"
# Land whose loss is told, where the catalogue and the store have it.
NATURE = ("protected_areas", "nature_types", "forest", "farmland")
# What is both a nature type and protected is one loss.
_TOLD = {"nature": ("protected_areas", "nature_types"), **{x: (x,) for x in NATURE}}
_HA = 1e4


@dataclass(frozen=True)
class LandChange:
    """Land of one kind in hectares: built up, or of a layer and built up.

    ``of_ha`` is the whole that ``before_ha`` and ``after_ha`` are parts of. ``by_area`` is
    what each area of the plan takes.
    """

    indicator: str
    before_ha: float
    after_ha: float
    of_ha: float
    by_area: tuple[float, ...]
    cleared_ha: float

    @property
    def change_ha(self) -> float:
        """After less before."""
        return self.after_ha - self.before_ha


def land_changes(study: Study, layout: Layout) -> list[LandChange]:
    """Return the change of built-up land and of each kind of nature that is built on."""
    if not study.has(BUILT_UP):
        return []
    before = built_up_land(study)
    near = overlap(before, layout.touched)
    # New ground and ground given back; both are small beside the municipality.
    fresh = [overlap(remainder(a.shape, near), study.land) for a in layout.areas]
    cleared = overlap(layout.cleared, near)
    found = [
        _change(
            "built_up",
            before_m2=float(shapely.area(before)),
            of_m2=float(shapely.area(study.land)),
            fresh=fresh,
            cleared=cleared,
        )
    ]
    for name, layers in _TOLD.items():
        there = tuple(x for x in layers if study.has(x))
        if there:
            found.append(_touched(study, name, there, fresh=fresh, cleared=cleared))
    return found


def built_up_land(study: Study) -> Any:
    """Return the land inside settlements, joined once for a study: as ``built-up-share``."""

    def join() -> Any:
        frame = study.frame(BUILT_UP)
        inside = np.sort(frame.sindex.query(study.land, predicate="intersects"))
        parts = frame.geometry.to_numpy()[inside]
        return shapely.union_all(shapely.intersection(parts, study.land))

    return study.once(("built-up land",), join)


def _touched(
    study: Study, name: str, layers: tuple[str, ...], *, fresh: list[Any], cleared: Any
) -> LandChange:
    whole, built = study.once(("built on", layers), lambda: _built_on(study, layers))
    ground = shapely.union_all([*fresh, cleared])
    near = overlap(shapely.union_all(_shapes(study, layers, ground)), ground)
    return _change(
        name,
        before_m2=built,
        of_m2=whole,
        fresh=[overlap(f, near) for f in fresh],
        cleared=overlap(cleared, near),
    )


def _shapes(study: Study, layers: tuple[str, ...], place: Any) -> list[Any]:
    """Return the shapes of some layers that meet a place, in the layers' order."""
    found = []
    for layer in layers:
        frame = study.frame(layer)
        hits = np.sort(frame.sindex.query(place, predicate="intersects"))
        found.extend(frame.geometry.to_numpy()[hits])
    return found


def _built_on(study: Study, layers: tuple[str, ...]) -> tuple[float, float]:
    """Return the layers' joined area on land in the municipality, and the built-up part, m²."""
    whole = shapely.intersection(shapely.union_all(_shapes(study, layers, study.land)), study.land)
    built = shapely.intersection(whole, built_up_land(study))
    return float(shapely.area(whole)), float(shapely.area(built))


def _change(
    indicator: str, *, before_m2: float, of_m2: float, fresh: list[Any], cleared: Any
) -> LandChange:
    new = float(shapely.area(shapely.union_all(fresh))) if fresh else 0.0
    gone = float(shapely.area(cleared))
    return LandChange(
        indicator=indicator,
        before_ha=before_m2 / _HA,
        after_ha=(before_m2 + new - gone) / _HA,
        of_ha=of_m2 / _HA,
        by_area=tuple(float(shapely.area(f)) / _HA for f in fresh),
        cleared_ha=gone / _HA,
    )
