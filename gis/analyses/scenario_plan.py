"""Lay out one plan inside a municipality: what is built, cleared, served, and who moves in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.analyses.growth import places_in
from gis.analyses.network_access import ROADS, Roads, joined_lines, network_of
from gis.analyses.residents import Cells, at_centres
from gis.analyses.travel import Origins
from gis.kernels.areal import overlap, remainder
from gis.sources.plan import Plan, Planned, plan_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.sources.osm_rules import Mode

    Floats = NDArray[np.float64]

LAYER = "planned_changes"


@dataclass(frozen=True)
class Layout:
    """One plan in the study area, in the working CRS.

    ``areas`` are cut to the municipality and keep the part of their numbers that the part of
    their area makes up; ``residents`` is by area, dwellings times persons where the plan does
    not say. ``origins`` are points that stand for who moves in, evenly over each area, and
    ``owner`` the area of each point.
    """

    name: str
    areas: tuple[Planned, ...]
    removals: tuple[Planned, ...]
    stops: tuple[Planned, ...]
    paths: tuple[Planned, ...]
    residents: Floats
    origins: Origins
    owner: NDArray[np.int64]
    outside: float
    join_m: float

    @property
    def dwellings(self) -> Floats:
        """Dwellings by area; 0 where the plan does not say."""
        return np.nan_to_num(np.array([a.dwellings for a in self.areas], dtype=np.float64))

    @property
    def workplaces(self) -> Floats:
        """Workplaces by area; 0 where the plan does not say."""
        return np.nan_to_num(np.array([a.workplaces for a in self.areas], dtype=np.float64))

    @property
    def touched(self) -> Any:
        """The ground that is built or cleared."""
        shapes = [f.shape for f in (*self.areas, *self.removals)]
        return shapely.union_all(shapes) if shapes else shapely.Polygon()

    @property
    def built(self) -> Any:
        """The ground that becomes built up."""
        return shapely.union_all([a.shape for a in self.areas] or [shapely.Polygon()])

    @property
    def cleared(self) -> Any:
        """The ground that is cleared and not built on again."""
        gone = shapely.union_all([r.shape for r in self.removals] or [shapely.Polygon()])
        return remainder(gone, self.built)

    def part(self, hit: NDArray[np.bool_]) -> Floats:
        """Return the share (0-1) of each area whose points are hit."""
        count = len(self.areas)
        whole = np.maximum(np.bincount(self.owner, minlength=count), 1)
        hits = np.bincount(self.owner, weights=hit.astype(np.float64), minlength=count)
        return np.asarray(hits / whole)

    def roads(self, study: Study, mode: Mode) -> Roads | None:
        """Return the study's network with the plan's paths, or None where it plans none."""
        if not self.paths or not study.has(ROADS):
            return None
        return study.once(("roads with", self.key, mode), lambda: _wider(self, study, mode))

    @property
    def key(self) -> tuple[object, ...]:
        """What tells this plan from others in a study."""
        features = (*self.areas, *self.removals, *self.stops, *self.paths)
        return (self.name, *(shapely.to_wkb(f.shape) for f in features), self.join_m)


def _wider(layout: Layout, study: Study, mode: Mode) -> Roads:
    lines = [p for f in layout.paths for p in shapely.get_parts(f.shape)]
    new = gpd.GeoDataFrame(geometry=lines, crs=study.crs)
    return network_of(study, joined_lines(study.frame(ROADS), new, join_m=layout.join_m), mode)


def plan_in_layer(study: Study) -> Plan:
    """Return the plans of the study's own layer of planned changes, empty where there is none."""
    if not study.has(LAYER):
        return Plan(label=LAYER, sha256="", features=())
    source = study.source(LAYER)
    frame = study.frame(LAYER)
    if frame.empty:
        return Plan(label=source.file, sha256=source.sha256, features=())
    return plan_of(frame, label=source.file, sha256=source.sha256)


def lay_out(
    study: Study, plan: Plan, name: str, *, persons_per_dwelling: float, join_m: float
) -> Layout:
    """Cut one plan to the municipality and place who moves in."""
    whole = plan.of("area", scenario=name)
    kept = areas_inside(study, plan, name)
    residents = np.array([_residents(a, persons_per_dwelling) for a in kept], dtype=np.float64)
    everyone = sum(_residents(a, persons_per_dwelling) for a in whole)
    removals = [_cut(study, r) for r in plan.of("removal", scenario=name)]
    cells, owner = _moving_in(kept, residents)
    return Layout(
        name=name,
        areas=kept,
        removals=tuple(r for r in removals if r is not None),
        stops=plan.of("stop", scenario=name),
        paths=plan.of("path", scenario=name),
        residents=residents,
        origins=Origins("centre", at_centres(cells), cells),
        owner=owner,
        outside=float(everyone - residents.sum()),
        join_m=join_m,
    )


def areas_inside(study: Study, plan: Plan, name: str) -> tuple[Planned, ...]:
    """Return the areas of one plan cut to the municipality, with that part of their numbers."""
    areas = [_cut(study, a) for a in plan.of("area", scenario=name)]
    return tuple(a for a in areas if a is not None)


def _residents(area: Planned, persons_per_dwelling: float) -> float:
    if not np.isnan(area.residents):
        return area.residents
    return float(np.nan_to_num(area.dwellings)) * persons_per_dwelling


def _cut(study: Study, area: Planned) -> Planned | None:
    """Keep the part of an area inside the municipality, with that part of its numbers."""
    inside = overlap(area.shape, study.polygon)
    share = float(shapely.area(inside) / shapely.area(area.shape))
    if not share > 0:
        return None
    return replace(
        area,
        shape=inside,
        dwellings=area.dwellings * share,
        residents=area.residents * share,
        workplaces=area.workplaces * share,
    )


def _moving_in(areas: tuple[Planned, ...], residents: Floats) -> tuple[Cells, NDArray[np.int64]]:
    places = places_in([a.shape for a in areas])
    weight = residents[places.owner] * places.part if len(areas) else np.empty(0)
    digest = hashlib.sha256(places.x.tobytes() + places.y.tobytes()).hexdigest()
    cells = Cells(
        # A name of its own: what is found for these points is no other plan's, nor the grid's.
        layer=f"plan {digest}",
        cell_id=np.arange(len(weight), dtype=np.int64),
        x=places.x,
        y=places.y,
        weight=weight,
        low=weight,
        high=weight,
        squares=np.empty(0, dtype=object),
        coded=False,
        left_out=(),
    )
    return cells, places.owner.astype(np.int64)
