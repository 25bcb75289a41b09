"""Ask who loses every road to where help comes from, when the roads inside a zone are closed.

The roads of the study are a network once as they are and once without what lies inside
the zones. Whoever reaches a target before and not after is cut off; for the rest the
way may get longer. Bridges and tunnels stay open unless told: a zone beneath them says
nothing of their deck. A place whose own road is closed is cut off, and one that lies in
the zone itself is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pydantic import Field

from gis.analyses.cut_off_tables import (
    AS_BEFORE,
    CUT_OFF,
    IN_ZONE,
    LONGER,
    NEVER,
    NO_ROAD,
    STATES,
    Closed,
    longer_table,
    state_table,
    works_table,
)
from gis.analyses.hazard_words import silent_notes
from gis.analyses.lengths import km_not_mapped, lines_within
from gis.analyses.network_access import ROADS, Roads, network_of
from gis.analyses.parts import listed, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import Spread, at_centres, cells_inside, over_addresses
from gis.analyses.zones import Hazard, hazard_ids, hazard_of
from gis.errors import LayerMissingError, ParameterError
from gis.kernels.network_costs import length_costs
from gis.kernels.network_reach import reach
from gis.kernels.network_snap import Snapped, snap
from gis.kernels.zones import highest_class
from gis.result import Definition, LeftOut, Result, Status
from gis.text import Text, number, people, people_share, percent, t

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

OBJECTS = "critical_infrastructure"
_CM = 100.0
# Ways for feet and bicycles, by parts of their names in N50 and NVDB.
_NOT_FOR_CARS = ("sti", "gang", "sykkel", "trapp", "fortau", "gsv", "traktor")
_DECKS = ("bridge", "tunnel")


class CutOffParameters(Parameters):
    """Which zones close roads, and to where the way is asked for."""

    hazard: str = Field(default="flood_zones", description="the zone layer that closes roads")
    classes: str = Field(
        default="",
        description="classes of the layer that close roads, split by commas; none: all of them",
    )
    targets: str = Field(
        default="sykehus,brannstasjon",
        description="functions of critical_infrastructure that must be reached, split by commas; "
        "reaching the nearest of them is enough",
    )
    decks: Literal["open", "closed"] = Field(
        default="open", description="whether bridges and tunnels in the zone stay open"
    )
    ways: Literal["cars", "all"] = Field(
        default="cars", description="roads for cars alone, or paths and tracks too"
    )
    snap_m: float = Field(
        default=250, ge=1, le=2000, description="how far a place may lie from a road, metres"
    )


@dataclass(frozen=True)
class Network:
    """One network with the nearest place on it of every origin and target."""

    roads: Roads
    origins: Snapped
    targets: Snapped

    def cost_m(self) -> NDArray[np.float64]:
        """Metres by road from each origin to the nearest target, infinite where none."""
        graph = self.roads.graph
        if not self.targets.found.any():
            return np.full(len(self.origins), np.inf)
        costs = length_costs(graph)
        found = reach(graph, self.origins, self.targets, costs=costs, max_cost=np.inf)
        return np.where(found.cost >= 0, found.cost / _CM, np.inf)


def run(study: Study, params: CutOffParameters) -> Result:
    """Count the residents who reach a target today and do not when the zone's roads are closed."""
    hazard, zones = _zones(study, params)
    lines = _lines(study, params)
    open_lines, closed_lines = _without(lines, zones, decks=params.decks)
    targets = _targets(study, params)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    where = over_addresses(study, cells) if study.has("addresses") else at_centres(cells)
    works = _works(study)
    x = np.concatenate([where.x, works.geometry.x.to_numpy()])
    y = np.concatenate([where.y, works.geometry.y.to_numpy()])
    closed = _compare(
        study,
        lines,
        open_lines,
        zones=zones,
        places=(x, y),
        targets=targets,
        snap_m=params.snap_m,
    )
    people_of = closed.state[: len(where.x)]
    sums = np.bincount(people_of, weights=where.weight, minlength=len(STATES))
    lost = float(sums[CUT_OFF])
    own = lines_within(study, lines)
    unmapped_km, own_km = km_not_mapped(own, hazard), float(shapely.length(own).sum()) / 1000
    status = _status(cells, hazard, unmapped_km=unmapped_km, own_km=own_km)
    known = status is not Status.NOT_MAPPED
    return Result(
        analysis="cut-off",
        title=ANALYSIS.title,
        area=study.area,
        value=lost / cells.total if cells.total and known else None,
        unit="share",
        numerator=lost if known else None,
        denominator=cells.total,
        numerator_unit="residents",
        status=status,
        finding=t(
            "cut_off.finding" if known else "cut_off.finding_not_mapped",
            lost=people(lost, of=cells.total),
            share=people_share(lost, of=cells.total),
            name=study.area.name,
            targets=params.targets.replace(",", ", "),
            zones=listed([hazard.entry.title.text]),
        ),
        definition=_definition(study, params, hazard),
        provenance=provenance(
            study,
            ["population_grid", "addresses", ROADS, OBJECTS, hazard.id],
            steps=("roads inside the zones taken away", "nearest target by road before and after"),
        ),
        left_out=_left_out(sums),
        notes=_notes(hazard, unmapped_km=unmapped_km, own_km=own_km),
        tables={
            "states": state_table(sums, people_of),
            "longer": longer_table(closed, len(where.x)),
            "works": works_table(works, closed, len(where.x)),
        },
        figures={
            "closed_road_km": float(shapely.length(closed_lines).sum()) / 1000,
            "not_mapped_road_km": unmapped_km,
        },
        frame=_frame(study, cells, where, state=people_of),
        layers={"closed_roads": _closed_frame(study, closed_lines)},
    )


def _closed_frame(study: Study, lines: NDArray[Any]) -> gpd.GeoDataFrame:
    length = shapely.length(lines) / 1000
    return gpd.GeoDataFrame({"length_km": length}, geometry=lines, crs=study.epsg)


def _definition(study: Study, params: CutOffParameters, hazard: Hazard) -> Definition:
    return Definition(
        sentence=t(
            "cut_off.definition",
            zones=listed([hazard.entry.title.text]),
            classes=_class_names(hazard, params),
            targets=params.targets.replace(",", ", "),
            decks=t(f"cut_off.decks_{params.decks}"),
            ways=t(f"cut_off.ways_{params.ways}"),
            where=t("surge.at_addresses" if study.has("addresses") else "surge.at_centres"),
            snap=number(params.snap_m),
        ),
        parameters=params.model_dump(),
    )


def _zones(study: Study, params: CutOffParameters) -> tuple[Hazard, NDArray[Any]]:
    """Take the zones of the classes that close roads, the halo's too. Raises ParameterError.

    A road that is closed just across the border cuts off as one at home does.
    """
    if params.hazard not in hazard_ids():
        message = f"hazard {params.hazard!r} given; allowed: {', '.join(hazard_ids())}"
        raise ParameterError(message)
    study.need(params.hazard)
    hazard = hazard_of(study, params.hazard)
    known = [c.id for c in hazard.classes]
    asked = [c.strip() for c in params.classes.split(",") if c.strip()] or known
    if not set(asked) <= set(known):
        message = f"classes {params.classes!r} given; allowed of {hazard.id}: {', '.join(known)}"
        raise ParameterError(message)
    frame = study.frame(params.hazard)
    keep = frame[hazard.entry.class_field].isin(asked).to_numpy()
    return hazard, frame.geometry.to_numpy()[keep]


def _class_names(hazard: Hazard, params: CutOffParameters) -> Text:
    asked = {c.strip() for c in params.classes.split(",") if c.strip()}
    titles = [c.title.text for c in hazard.classes if not asked or c.id in asked]
    return Text(nb=", ".join(x.nb for x in titles), en=", ".join(x.en for x in titles))


def _lines(study: Study, params: CutOffParameters) -> gpd.GeoDataFrame:
    """Take the roads with the halo; what cars may not use is left out by its name."""
    lines = study.frame(ROADS)
    if params.ways == "cars" and "kind" in lines.columns:
        kind = lines["kind"].fillna("").astype(str).str.casefold()
        lines = lines[~kind.str.contains("|".join(_NOT_FOR_CARS))]
    keep = [c for c in ("medium",) if c in lines.columns]
    # Without their types no rule for walkers (motorways, tunnels) closes a road to cars.
    return lines[[*keep, "geometry"]].reset_index(drop=True)


def _without(
    lines: gpd.GeoDataFrame, zones: NDArray[Any], *, decks: str
) -> tuple[gpd.GeoDataFrame, NDArray[Any]]:
    """Return the lines without what lies inside the zones, and what was taken away."""
    shapes = lines.geometry.to_numpy().copy()
    ground = np.ones(len(lines), dtype=bool)
    if decks == "open" and "medium" in lines.columns:
        ground = ~lines["medium"].isin(_DECKS).to_numpy()
    joined = shapely.union_all(zones)
    shapely.prepare(joined)
    hit = np.flatnonzero(ground & shapely.intersects(joined, shapes))
    taken = shapely.intersection(shapes[hit], joined)
    shapes[hit] = shapely.difference(shapes[hit], joined)
    left = lines.assign(geometry=shapes)
    left = left[~left.geometry.is_empty].explode(ignore_index=True)
    return left, taken[shapely.length(taken) > 0]


def _targets(study: Study, params: CutOffParameters) -> gpd.GeoDataFrame:
    """Take the places that must be reached, the halo's too. Raises ParameterError."""
    frame = study.frame(OBJECTS)
    wanted = {x.strip().casefold() for x in params.targets.split(",") if x.strip()}
    function = frame["function"].astype(str).str.casefold()
    found = frame[function.isin(wanted)]
    if found.empty:
        message = (
            f"targets {params.targets!r} given; none in {OBJECTS}, which holds: "
            f"{', '.join(sorted(set(function)))}"
        )
        raise ParameterError(message)
    return found


def _works(study: Study) -> gpd.GeoDataFrame:
    """Take the municipality's own objects, which can be cut off as people are."""
    frame = study.near(OBJECTS).reset_index(drop=True)
    return frame.assign(geometry=shapely.point_on_surface(frame.geometry.to_numpy()))


def _compare(
    study: Study,
    lines: gpd.GeoDataFrame,
    left: gpd.GeoDataFrame,
    *,
    zones: NDArray[Any],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    targets: gpd.GeoDataFrame,
    snap_m: float,
) -> Closed:
    """Work out the way to the nearest target before and after, and what became of each place."""
    spots = shapely.point_on_surface(targets.geometry.to_numpy())
    ends = shapely.get_x(spots), shapely.get_y(spots)
    if left.empty:
        message = "every road lies inside the zones"
        raise LayerMissingError(message)
    before = _network(study, lines, places=places, ends=ends, snap_m=snap_m)
    after = _network(study, left, places=places, ends=ends, snap_m=snap_m)
    old, new = before.cost_m(), after.cost_m()
    found = before.origins.found
    # Whose own piece of road is taken away would be put on another road, over flooded land.
    moved = np.hypot(before.origins.x - after.origins.x, before.origins.y - after.origins.y)
    stranded = found & ~(moved <= 0.05)
    ranks = np.zeros(len(zones), dtype=np.int64)
    in_zone = highest_class(*places, zones, ranks, n_classes=1) == 0
    state = np.full(len(old), AS_BEFORE, dtype=np.int64)
    both = np.isfinite(old) & np.isfinite(new)
    longer = np.subtract(new, old, out=np.full(len(old), np.nan), where=both)
    state[longer > 1.0] = LONGER
    state[np.isinf(new) | stranded] = CUT_OFF
    state[np.isinf(old)] = NEVER
    state[in_zone & found & np.isfinite(old)] = IN_ZONE
    state[~found] = NO_ROAD
    return Closed(state, np.where(state == LONGER, longer, 0.0))


def _network(
    study: Study,
    lines: gpd.GeoDataFrame,
    *,
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    snap_m: float,
) -> Network:
    roads = network_of(study, lines, "walk")
    return Network(
        roads, snap(roads.graph, *places, max_m=snap_m), snap(roads.graph, *ends, max_m=snap_m)
    )


def _status(cells: Cells, hazard: Hazard, *, unmapped_km: float, own_km: float) -> Status:
    """Say whether any of the municipality's roads run where the hazard is mapped, and all do."""
    if not (cells.total and own_km):
        return Status.INSUFFICIENT_DATA
    if not len(hazard.zones.ranks) and np.isclose(unmapped_km, own_km):
        return Status.NOT_MAPPED
    return Status.PARTLY_MAPPED if unmapped_km > 0 else Status.OK


def _notes(hazard: Hazard, *, unmapped_km: float, own_km: float) -> tuple[Text, ...]:
    made = [t("cut_off.note_islands"), t("cut_off.note_joints")]
    if unmapped_km > 0:
        made.append(
            t(
                "cut_off.note_not_mapped",
                km=number(unmapped_km, decimals=1),
                share=percent(unmapped_km / own_km),
                zones=listed([hazard.entry.title.text]),
            )
        )
    return (*made, *silent_notes([hazard]))


def _left_out(sums: NDArray[np.float64]) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(reason=STATES[i], text=t(f"cut_off.{STATES[i]}"), count=float(sums[i]),
                unit="residents")
        for i in (NO_ROAD, NEVER)
        if sums[i] > 0
    )  # fmt: skip


def _frame(
    study: Study, cells: Cells, where: Spread, *, state: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """Return the cells with what becomes of the most of their residents; numbers stay out."""
    sums = np.zeros((len(cells.cell_id), len(STATES)))
    np.add.at(sums, (where.cell, state), where.weight)
    worst = np.array([STATES[i] for i in sums.argmax(axis=1)])
    return gpd.GeoDataFrame(
        {"cell": cells.cell_id.astype(str), "state": worst}, geometry=cells.squares, crs=study.epsg
    )


ANALYSIS = Analysis(
    id="cut-off",
    title=t("cut_off.title"),
    question=t("cut_off.question"),
    parameters=CutOffParameters,
    run=run,
    needs=("municipality", "population_grid", ROADS, OBJECTS),
    uses=("addresses", *hazard_ids()),
)
