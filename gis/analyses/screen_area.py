"""Lay out a plan area and the part of every layer that lies near it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import shapely

from gis.errors import GeometryError, ParameterError
from gis.sources.plan import Plan, joined_area

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from gis.analyses.study import Layers, Study
    from gis.provenance import LayerSource

# Walking distance around a plan area; also the farthest that an entry's near_m may ask.
WALK_M = 1000.0
# A cell of 250 m that reaches into the walking distance lies in the box as a whole.
_MARGIN_M = 300.0
_MOST_BUFFER_M = 2000.0


@runtime_checkable
class Boxed(Protocol):
    """Layers that can give the part of one in a box."""

    def near(self, layer: str, box: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
        """Return the rows whose envelope meets the box."""


@dataclass(frozen=True)
class Local:
    """The layers of a study as far as a box reaches; each is read when first asked for."""

    whole: Layers
    box: tuple[float, float, float, float]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers there are."""
        return self.whole.layers

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return the rows whose envelope meets the box."""
        if isinstance(self.whole, Boxed):
            return self.whole.near(layer, self.box)
        frame = self.whole.frame(layer)
        west, south, east, north = self.box
        b = shapely.bounds(frame.geometry.to_numpy())
        meets = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
        return frame[meets].reset_index(drop=True)

    def source(self, layer: str) -> LayerSource:
        """Where the whole layer comes from."""
        return self.whole.source(layer)

    def file(self, layer: str) -> Path:
        """Return the file of the whole layer."""
        return self.whole.file(layer)


@dataclass(frozen=True)
class PlanArea:
    """A plan with its area as one shape, buffered where that was asked for.

    ``study`` is the study cut to the surroundings, with the box as its polygon: hits on the
    other side of the municipality's border count too; ``whole`` is the study itself.
    ``inside_share`` is the part of the area that lies in the municipality.
    """

    plan: Plan
    drawn: Any
    shape: Any
    buffer_m: float
    study: Study
    whole: Study
    inside_share: float

    @property
    def area_m2(self) -> float:
        """The area that is screened, square metres."""
        return float(shapely.area(self.shape))


def elsewhere(study: Study, plan: Plan, drawn: Any) -> GeometryError:
    """Return the error of a plan that lies outside the municipality."""
    away = float(shapely.distance(drawn, study.polygon))
    return GeometryError(
        f"{plan.label}: the plan lies {away:.0f} m outside {study.area.number} "
        f"{study.area.name}; open the workspace of its own municipality, or check the "
        "coordinate reference system of the file"
    )


def plan_area(study: Study, plan: Plan, *, buffer_m: float = 0.0) -> PlanArea:
    """Join the areas of a plan, buffer them, and cut the study to their surroundings.

    ``buffer_m`` grows the area on all sides, as Kartverket's area analysis does. Raises
    ParameterError (buffer), GeometryError: no polygon, outside the municipality, or larger
    than it.
    """
    if not 0 <= buffer_m <= _MOST_BUFFER_M:
        message = f"buffer {buffer_m} m given; allowed: 0 to {_MOST_BUFFER_M:.0f} m"
        raise ParameterError(message)
    drawn = joined_area(plan.features, label=plan.label)
    inside = float(shapely.area(shapely.intersection(drawn, study.polygon)))
    if not inside > 0:
        raise elsewhere(study, plan, drawn)
    if shapely.area(drawn) > 2 * shapely.area(study.polygon):
        message = (
            f"{plan.label}: {shapely.area(drawn) / 1e6:.0f} km2; allowed: an area within "
            f"{study.area.number} {study.area.name}, not larger than it"
        )
        raise GeometryError(message)
    shape = shapely.buffer(drawn, buffer_m) if buffer_m else drawn
    shapely.prepare(shape)
    reach = WALK_M + _MARGIN_M
    west, south, east, north = (float(v) for v in shapely.bounds(shape))
    box = (west - reach, south - reach, east + reach, north + reach)
    local = replace(
        study,
        polygon=shapely.box(*box),
        data=Local(study.data, box),
        _frames={},
        _made={},
    )
    share = min(inside / float(shapely.area(drawn)), 1.0)
    return PlanArea(plan, drawn, shape, buffer_m, local, whole=study, inside_share=share)
