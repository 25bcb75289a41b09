"""Work out cycling to stations under every limit, kind of station and way that a map offers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, get_args

import geopandas as gpd
import numpy as np

from gis.analyses.grid_parts import Control, Followed, Grid, Position, part_rounded
from gis.analyses.network_access import ROADS, TERRAIN
from gis.analyses.rail_cycling import (
    RailCyclingParameters,
    answer,
    check_halo,
    ride_of,
)
from gis.analyses.rail_words import finding
from gis.analyses.registry import check_parameters
from gis.analyses.rides import STATIONS, Kind, ridden
from gis.analyses.travel import Metric, origins_of
from gis.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gis.analyses.rides import Ridden
    from gis.analyses.study import Study
    from gis.analyses.travel import Origins

MINUTES = (5.0, 8.0, 10.0, 12.0, 15.0, 20.0)
METRES = (1000.0, 1500.0, 2000.0, 3000.0, 4000.0)


def rail_grid(study: Study, params: Mapping[str, Any] | None = None) -> Grid:
    """Answer every offered definition with cells, roads and heights read once.

    Minutes (or metres, where the map counts them) always; which stations where there are
    both kinds; straight line or network with roads; hills or flat with terrain. A limit
    that leads beyond the halo under any of them is not offered; the map's own values are.
    Raises ParameterError and LayerMissingError as the analysis does.
    """
    chosen = check_parameters("rail-cycling", RailCyclingParameters, params or {})
    chosen = chosen.model_copy(update={"metric": ride_of(study, chosen).metric})
    check_halo(study, ride_of(study, chosen))
    controls = _controls(study, chosen)
    names = [c.name for c in controls]
    asked = [
        chosen.model_copy(update=dict(zip(names, values, strict=True)))
        for values in itertools.product(*(c.values for c in controls))
    ]
    origins = origins_of(study, chosen.cells(study), chosen.origins)
    done = [ridden(study, origins, ride_of(study, p)) for p in asked]
    readings = len(asked) // len(controls[0].values)
    # The farthest limit of each reading knows of every cell when it comes within reach.
    farthest = done[-readings:]
    return Grid(
        analysis="rail-cycling",
        controls=controls,
        positions=tuple(
            _position(study, p, origins, done=d, names=names)
            for p, d in zip(asked, done, strict=True)
        ),
        chosen=asked.index(chosen),
        cells=_cells(study, origins, done, readings=readings),
        points=_points(study, asked[:readings], limits=len(controls[0].values)),
        circles=(False,) * len(farthest),
        points_frame="stations",
    )


def _controls(study: Study, params: RailCyclingParameters) -> tuple[Control, ...]:
    timed = params.max_m is None
    ways: list[Control] = []
    there = tuple(k for k in get_args(Kind) if k in set(study.frame(STATIONS)["kind"]))
    if len(there) > 1:
        ways.append(Control("kind", (*there, "both")))
    if study.has(ROADS):
        ways.append(Control("metric", get_args(Metric)))
        if timed and study.has(TERRAIN):
            usual = "auto" if params.gradient == "off" else params.gradient
            ways.append(Control("gradient", (usual, "off")))
    name = "max_min" if timed else "max_m"
    own = params.max_min if timed else params.max_m
    offered = {
        x for x in (MINUTES if timed else METRES) if _near(study, params, {name: x}, ways=ways)
    }
    return (Control(name, tuple(sorted({*offered, own}))), *ways)  # type: ignore[type-var]


def _near(
    study: Study,
    params: RailCyclingParameters,
    limit: Mapping[str, float],
    *,
    ways: Sequence[Control],
) -> bool:
    """Tell whether a limit stays within the halo under every way that is offered."""
    for values in itertools.product(*(c.values for c in ways)):
        update = {**limit, **dict(zip((c.name for c in ways), values, strict=True))}
        try:
            check_halo(study, ride_of(study, params.model_copy(update=update)))
        except ParameterError:
            return False
    return True


def _position(
    study: Study,
    params: RailCyclingParameters,
    origins: Origins,
    *,
    done: Ridden,
    names: list[str],
) -> Position:
    result = answer(study, origins, done, readings=())
    return Position(
        params={name: getattr(params, name) for name in names},
        result=result,
        finding_rounded=finding(study, origins, done, reached=part_rounded(result)),
    )


def _cells(study: Study, origins: Origins, done: Sequence[Ridden], *, readings: int) -> Followed:
    """Tell at which limit each cell comes within reach, and how far it is, by reading."""
    limits = len(done) // readings
    within = np.array([~np.isnan(origins.middle(d.metres)) for d in done])
    within = within.reshape(limits, readings, -1)
    # The first limit at which it is in; a longer limit never loses a cell.
    step = np.where(within.any(axis=0), within.argmax(axis=0), limits)
    last = done[-readings:]
    columns = {"way_m": np.array([np.round(origins.middle(d.metres)) for d in last])}
    if last[0].ride.trip.timed:
        columns["minutes"] = np.array([np.round(origins.middle(d.minutes), 1) for d in last])
    cells = origins.cells
    frame = gpd.GeoDataFrame({"cell_id": cells.cell_id}, geometry=cells.squares, crs=study.crs)
    return Followed(frame=frame, step=step, columns=columns, within=tuple(columns))


def _points(study: Study, asked: Sequence[RailCyclingParameters], *, limits: int) -> Followed:
    """Tell which stations count under each reading, whatever the limit."""
    every = study.frame(STATIONS)
    every = every[every["kind"].isin(("rail", "metro"))].reset_index(drop=True)
    kinds = every["kind"].to_numpy()
    on = np.array([(kinds == p.kind) | (p.kind == "both") for p in asked])
    frame = every[["name", "kind", "geometry"]]
    return Followed(frame=frame, step=np.where(on, 0, limits), columns={})
