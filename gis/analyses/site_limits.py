"""Tell what excludes a grid cell from building, and where a hazard has not been cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.analyses.floods_mapped import mapped_for
from gis.analyses.land_nature import valued_nature
from gis.analyses.land_parts import near_shapes
from gis.analyses.site_grid import TERRAIN, mean_slope
from gis.analyses.tek17 import REQUIRED_YEARS
from gis.analyses.verdicts import FLOOD, years_of
from gis.analyses.zones import hazard_ids, hazard_of, is_silent, zone_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.site_grid import SiteGrid
    from gis.analyses.study import Study
    from gis.analyses.zones import Hazard

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

LAKES, FARMLAND = "lakes", "farmland"
WATER, NATURE, STEEP, OUTSIDE = "water", "nature", "steep", "outside"
# The coarse screening that goes with each hazard: outside it no zone is to be expected.
CAUTION = {
    "flood_zones": "flood_caution",
    "landslide_zones": "landslide_caution",
    "quick_clay": "quick_clay_caution",
}
# A sliver of a cell is the border's noise, not a finding.
SLIVER = 0.01


@dataclass(frozen=True)
class Limits:
    """What excludes cells and what must be studied; every array by cell.

    A slope that is not known excludes nothing; ``slope_unknown`` tells where.

    ``taken``: share (0-1) of the cell by what takes it, overlaps counted in each; ``free``
    the share of it that is land and that nothing takes. ``unresolved``: by hazard the
    share of the cell in no zone that nobody has cleared. ``slope`` in degrees, None
    without terrain. ``absent`` are hazards without a layer: unresolved everywhere.
    """

    taken: Mapping[str, Floats]
    free: Floats
    unresolved: Mapping[str, Floats]
    slope: Floats | None
    absent: tuple[str, ...]

    def excluded(self, *, min_free: float, max_slope_deg: float) -> Bools:
        """Tell which cells are excluded: too little free land, or too steep."""
        out = self.free < min_free
        if self.slope is not None:
            out = out | (np.nan_to_num(self.slope) > max_slope_deg)
        return np.asarray(out)

    @property
    def slope_unknown(self) -> Bools:
        """Tell which cells the terrain model has no height in; none without a model."""
        if self.slope is None:
            return np.zeros(len(self.free), dtype=bool)
        return np.isnan(self.slope)

    @property
    def needs_study(self) -> Bools:
        """Tell which cells have a hazard that is not cleared in them."""
        open_ = [share > SLIVER for share in self.unresolved.values()]
        return np.any(open_, axis=0) if open_ else np.zeros(len(self.free), dtype=bool)


def limits_of(study: Study, grid: SiteGrid) -> Limits:
    """Measure everything that takes land, once for a study and size of cell."""
    return study.once(("site limits", grid.size_m), lambda: _limits(study, grid))


def real_hazards() -> tuple[str, ...]:
    """Return the catalogue's hazards with zones: no caution areas, no noise."""
    return zone_layers(hazard_ids())


def _limits(study: Study, grid: SiteGrid) -> Limits:
    there = [h for h in real_hazards() if study.has(h)]
    shapes: dict[str, NDArray[Any]] = {h: hazard_of(study, h).zones.shapes for h in there}
    shapes[NATURE] = valued_nature(study)
    for layer in (FARMLAND, LAKES):
        if study.has(layer):
            shapes[layer] = near_shapes(study, layer)
    taken = {name: grid.within(s) for name, s in shapes.items()}
    taken[WATER] = np.clip(1.0 - grid.land_share + taken.pop(LAKES, 0.0), 0.0, 1.0)
    land = shapely.get_parts(study.land)
    free = grid.share(*shapes.values(), land)[:, -1]
    absent = tuple(h for h in real_hazards() if h not in there and not _cannot_be(study, h))
    unresolved = {h: _unresolved(study, grid, h) for h in there}
    unresolved |= {h: np.ones(len(grid)) for h in absent}
    return Limits(
        taken=taken,
        free=free,
        unresolved=unresolved,
        slope=mean_slope(grid) if study.has(TERRAIN) else None,
        absent=absent,
    )


def _cannot_be(study: Study, hazard: str) -> bool:
    """Tell that a hazard cannot be here: storm surge where the sea layer meets nothing."""
    return hazard == "storm_surge" and study.has("sea") and not study.sea_removed


def _unresolved(study: Study, grid: SiteGrid, layer: str) -> Floats:
    """Return the share of each cell outside the zones of a hazard where it is not cleared.

    Cleared is what lies inside the mapped extent of the zones (for floods: one mapped for
    the 200-year flood, which homes must keep out of, or a rarer one), and what lies outside
    the caution areas where there is a layer of them (NVE: screening comes before zones).
    With neither, nothing outside the zones is cleared.
    """
    hazard = hazard_of(study, layer)
    if hazard.everywhere:
        return np.zeros(len(grid))
    caution = CAUTION.get(layer)
    whole = np.array([study.polygon], dtype=object)
    told = caution and study.has(caution) and not is_silent(study, caution)
    suspect = near_shapes(study, caution) if caution and told else whole
    return grid.share(hazard.zones.shapes, _mapped(hazard), suspect)[:, -1]


def _mapped(hazard: Hazard) -> NDArray[Any]:
    """Return where a place outside the zones is cleared for homes."""
    none = np.empty(0, dtype=object)
    if hazard.mapped is None:
        return none
    if hazard.id != FLOOD:
        return hazard.mapped
    rare = years_of(hazard) >= REQUIRED_YEARS["F2"]
    ids = [c.id for c, enough in zip(hazard.classes, rare, strict=True) if enough]
    return np.concatenate([none, *(mapped_for(hazard, one) for one in ids)])
