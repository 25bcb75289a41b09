"""Work out access to transit under every distance, frequency and reading that a map offers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, get_args

import geopandas as gpd
import numpy as np
import shapely

from gis.analyses.frequent_stops import Direction, Statistic, Stops, Timetable, ready_list
from gis.analyses.grid_parts import Control, Followed, Grid, Position, part_rounded
from gis.analyses.network_access import ROADS
from gis.analyses.registry import check_parameters
from gis.analyses.transit_access import (
    TransitAccessParameters,
    answer,
    finding,
    reach_by,
    timetable_of,
)
from gis.analyses.transit_tables import Reach
from gis.analyses.travel import Metric
from gis.analyses.travel_words import share_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

DISTANCES_M = (300.0, 500.0, 800.0, 1000.0, 1500.0)
PER_HOUR = (2.0, 4.0, 6.0, 10.0)


def transit_grid(study: Study, params: Mapping[str, Any] | None = None) -> Grid:
    """Answer every offered definition with cells and timetable read once.

    Distance always; with roads also straight line or network; with a timetable also
    departures an hour, statistic and direction. The map's own values are among those
    offered. Raises ParameterError and LayerMissingError as the analysis does.
    """
    chosen = check_parameters("transit-access", TransitAccessParameters, params or {})
    cells = chosen.cells(study)
    timetable = timetable_of(study, chosen)
    controls = _controls(study, chosen, timetable)
    names = [c.name for c in controls]
    asked = [
        chosen.model_copy(update=dict(zip(names, values, strict=True)))
        for values in itertools.product(*(c.values for c in controls))
    ]
    positions = [_position(study, p, cells, timetable=timetable, names=names) for p in asked]
    readings = asked[: len(asked) // len(controls[0].values)]
    stops = [timetable.stops(p.asked) if timetable else ready_list(study) for p in readings]
    reaches = [reach_by(study, p, cells, stops=s) for p, s in zip(readings, stops, strict=True)]
    distances = np.array(controls[0].values, dtype=np.float64)
    return Grid(
        analysis="transit-access",
        controls=controls,
        positions=tuple(positions),
        chosen=asked.index(chosen),
        cells=_cells(study, cells, reaches, distances=distances),
        points=_points(study, stops, distances=distances),
        circles=tuple(r.walk is None for r in reaches),
    )


def _controls(
    study: Study, params: TransitAccessParameters, timetable: Timetable | None
) -> tuple[Control, ...]:
    # Beyond the halo the analysis refuses to answer.
    offered = {d for d in DISTANCES_M if d <= study.halo_m}
    controls = [Control("max_m", tuple(sorted({*offered, params.max_m})))]
    if study.has(ROADS):
        controls.append(Control("metric", get_args(Metric)))
    if timetable is not None:
        controls += [
            Control("min_per_hour", tuple(sorted({*PER_HOUR, params.min_per_hour}))),
            Control("statistic", get_args(Statistic)),
            Control("direction", get_args(Direction)),
        ]
    return tuple(controls)


def _position(
    study: Study,
    params: TransitAccessParameters,
    cells: Cells,
    *,
    timetable: Timetable | None,
    names: list[str],
) -> Position:
    result = answer(study, params, cells, timetable=timetable, drawn=False)
    share = share_text(cells, part_rounded(result))
    return Position(
        params={name: getattr(params, name) for name in names},
        result=result,
        finding_rounded=finding(study, params, cells, timetable=timetable, share=share),
    )


def _cells(
    study: Study, cells: Cells, reaches: list[Reach], *, distances: NDArray[np.float64]
) -> Followed:
    """Tell at which offered distance each cell comes within reach, reading by reading."""
    step = np.array(
        [np.searchsorted(distances, np.nan_to_num(r.distance_m, nan=np.inf)) for r in reaches]
    )
    frame = gpd.GeoDataFrame({"cell_id": cells.cell_id}, geometry=cells.squares, crs=study.crs)
    return Followed(frame=frame, step=step, columns={}, stale=("distance_m",))


def _points(
    study: Study,
    stops: list[Stops],
    *,
    distances: NDArray[np.float64],
) -> Followed:
    """Tell at which distance from the municipality each stop serves it, where it is frequent."""
    every = stops[0].frame
    shapely.prepare(study.polygon)
    away = shapely.distance(study.polygon, every.geometry.to_numpy())
    near = np.searchsorted(distances, away)
    never = len(distances)
    step = np.array([np.where(s.frequent, near, never) for s in stops])
    used = (step < never).any(axis=0)
    columns: dict[str, NDArray[Any]] = {}
    if "departures_per_hour" in every.columns:
        columns["departures_per_hour"] = np.array(
            [s.frame["departures_per_hour"].to_numpy()[used] for s in stops]
        )
    frame = every[used].reset_index(drop=True)
    return Followed(frame=frame, step=step[:, used], columns=columns)
