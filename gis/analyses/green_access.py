"""Work out what share of residents has a forest of some size within reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pydantic import Field

from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import share_bounds
from gis.analyses.shown import shown_residents
from gis.analyses.transit_tables import units_table
from gis.analyses.travel import check_reach, counted_cells
from gis.analyses.travel_words import metres
from gis.result import Definition, Reading, Result, Status
from gis.text import number, people, people_share, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.provenance import Provenance

FOREST = "forest"
DAA_M2 = 1000.0
# Other readings, metres and least size in decares. Statistics Norway counts local hiking
# grounds of more than 200 decares within 500 m, and recreational areas of at least 5 decares
# within 200 m, along ways that are safe to walk; here they are straight lines.
_READINGS = ((200.0, 5.0), (300.0, 10.0), (500.0, 200.0), (1000.0, 200.0))


class GreenAccessParameters(Parameters):
    """How near, and how large."""

    max_m: float = Field(
        default=500, ge=50, le=5000, description="how far the forest may be, metres"
    )
    min_daa: float = Field(
        default=200,
        ge=0,
        le=100_000,
        description="how large the connected forest must be, decares (1000 m2)",
    )


def run(study: Study, params: GreenAccessParameters) -> Result:
    """Count the residents of cells whose centre has a forest within ``max_m`` (``<=``).

    Forest polygons that touch are one forest, and its size is the whole of it as far as
    the halo reaches. Distances are straight lines; roads in the way are not counted
    as barriers. Raises ParameterError for a distance beyond the halo.
    """
    check_reach(study, params.max_m)
    cells = counted_cells(study, "residents")
    forests = forests_of(study, params.min_daa)
    near = near_forest(cells.x, cells.y, forests, max_m=params.max_m)
    reached = float(cells.weight[near].sum())
    low, high = share_bounds(cells, near)
    tables = {}
    if study.has(UNITS):
        tables["units"] = units_table(study, cells, {"reached_green": near.astype(np.float64)})
    return Result(
        analysis="green-access",
        title=ANALYSIS.title,
        area=study.area,
        value=reached / cells.total if cells.total else None,
        unit="share",
        numerator=reached,
        denominator=cells.total,
        numerator_unit="residents",
        low=low,
        high=high,
        status=Status.OK if cells.total else Status.INSUFFICIENT_DATA,
        finding=t(
            "green_access.finding",
            share=people_share(reached, of=cells.total),
            count=people(reached, of=cells.total),
            name=study.area.name,
            distance=metres(params.max_m),
            size=number(params.min_daa),
        ),
        definition=_definition(params),
        provenance=_provenance(study),
        sensitivity=_readings(study, cells, params),
        left_out=cells.left_out,
        notes=(t("green_access.note"),),
        figures={"residents": cells.total, "forests": len(forests)},
        tables=tables,
        frame=_frame(study, cells, near),
        layers={"forests": gpd.GeoDataFrame(geometry=forests, crs=study.crs)},
    )


def _definition(params: GreenAccessParameters) -> Definition:
    return Definition(
        sentence=t(
            "green_access.definition",
            distance=metres(params.max_m),
            size=number(params.min_daa),
        ),
        parameters=params.model_dump(),
    )


def _provenance(study: Study) -> Provenance:
    return provenance(
        study,
        ["population_grid", FOREST, UNITS],
        steps=(
            "cells whose centre lies in the municipality",
            "forest polygons that touch joined, small ones left out",
            "straight distance from centre to forest, <= max_m",
        ),
    )


def forests_of(study: Study, min_daa: float) -> NDArray[np.object_]:
    """Return the connected forests of at least ``min_daa`` decares, polygons that touch joined."""
    return large_forests(connected_forests(study), min_daa)


def large_forests(parts: NDArray[np.object_], min_daa: float) -> NDArray[np.object_]:
    """Keep the forests of at least ``min_daa`` decares."""
    large: NDArray[np.object_] = parts[shapely.area(parts) >= min_daa * DAA_M2]
    return large


def connected_forests(study: Study) -> NDArray[np.object_]:
    """Return every forest of the study, polygons that touch joined; worked out once."""

    def join() -> NDArray[np.object_]:
        shapes = study.frame(FOREST).geometry.to_numpy()
        return np.asarray(shapely.get_parts(shapely.union_all(shapes)), dtype=object)

    return study.once(("forests",), join)


def near_forest(
    x: NDArray[np.float64], y: NDArray[np.float64], forests: NDArray[np.object_], *, max_m: float
) -> NDArray[np.bool_]:
    """Tell which places lie within ``max_m`` (``<=``) of a forest, or in one."""
    near = np.zeros(len(x), dtype=bool)
    if len(forests):
        tree = shapely.STRtree(forests)
        hit = tree.query(shapely.points(x, y), predicate="dwithin", distance=max_m)
        near[hit[0]] = True
    return near


def _readings(study: Study, cells: Cells, params: GreenAccessParameters) -> tuple[Reading, ...]:
    """Count under other distances and sizes, those of Statistics Norway among them."""
    chosen = (params.max_m, params.min_daa)
    made = []
    for max_m, min_daa in sorted({chosen, *(r for r in _READINGS if r[0] <= study.halo_m)}):
        near = near_forest(cells.x, cells.y, forests_of(study, min_daa), max_m=max_m)
        reached = float(cells.weight[near].sum())
        made.append(
            Reading(
                name=f"{max_m:.0f}m_{min_daa:.0f}daa",
                text=t("green_access.reading", distance=metres(max_m), size=number(min_daa)),
                value=reached / cells.total if cells.total else None,
                numerator=reached,
                denominator=cells.total,
                chosen=(max_m, min_daa) == chosen,
            )
        )
    return tuple(made)


def _frame(study: Study, cells: Cells, near: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "cell_id": cells.cell_id,
            "residents": cells.weight,
            "residents_shown": shown_residents(study, cells),
            "reached": near,
        },
        geometry=cells.squares,
        crs=study.crs,
    )


ANALYSIS = Analysis(
    id="green-access",
    title=t("green_access.title"),
    question=t("green_access.question"),
    parameters=GreenAccessParameters,
    run=run,
    needs=("municipality", "population_grid", FOREST),
    uses=(UNITS,),
)
