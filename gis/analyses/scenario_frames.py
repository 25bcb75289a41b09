"""Draw plans: cells near frequent transit today and with the plan, and what each plan draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from gis.analyses.shown import shown_residents
from gis.analyses.travel import counted_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.scenario import Outcome
    from gis.analyses.scenario_plan import Layout
    from gis.analyses.study import Study
    from gis.sources.plan import Planned


def cell_frame(study: Study, lead: Outcome, *, after: bool) -> gpd.GeoDataFrame | None:
    """Return the cells with whether they are near frequent transit, today or with the plan."""
    found = lead.transit
    if found is None or found.was is None or found.now is None:
        return None
    cells = counted_cells(study, "residents")
    shares = found.now if after else found.was
    columns = {
        "cell_id": cells.cell_id,
        "residents": cells.weight,
        "residents_shown": shown_residents(study, cells),
        "reached": shares >= 0.5,
        "gained": (found.now >= 0.5) & (found.was < 0.5),
    }
    return gpd.GeoDataFrame(columns, geometry=cells.squares, crs=study.crs)


def drawn_layers(
    study: Study, lead: Outcome, outcomes: Sequence[Outcome]
) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the cells of today, and what each plan draws."""
    features = [(o.layout.name, f) for o in outcomes for f in _features(o.layout)]
    drawn = gpd.GeoDataFrame(
        {
            "scenario": [name for name, _ in features],
            "kind": [f.kind for _, f in features],
            "name": [f.name for _, f in features],
            "dwellings": [_whole(f.dwellings) for _, f in features],
            "workplaces": [_whole(f.workplaces) for _, f in features],
            "per_hour": [_whole(f.per_hour) for _, f in features],
        },
        geometry=[f.shape for _, f in features],
        crs=study.crs,
    )
    flat = drawn["kind"].isin(("area", "removal"))
    found = {
        "planned": drawn[flat & (drawn["scenario"] == lead.layout.name)],
        "planned_stops": drawn[(drawn["kind"] == "stop") & (drawn["scenario"] == lead.layout.name)],
        "planned_paths": drawn[(drawn["kind"] == "path") & (drawn["scenario"] == lead.layout.name)],
        "other_plans": drawn[flat & (drawn["scenario"] != lead.layout.name)],
    }
    before = cell_frame(study, lead, after=False)
    kept = {k: v.reset_index(drop=True) for k, v in found.items()}
    # A field of some hectares is a speck where the whole municipality is in view.
    areas = kept["planned"]
    kept["planned_marks"] = areas.set_geometry(areas.representative_point())
    return kept if before is None else {**kept, "before": before}


def _features(layout: Layout) -> list[Planned]:
    return [*layout.areas, *layout.removals, *layout.stops, *layout.paths]


def _whole(value: float) -> float | None:
    return None if np.isnan(value) else float(round(value, 1))
