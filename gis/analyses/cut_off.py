"""Ask who loses every road to where help comes from, when the roads inside a zone are closed.

The roads of the study are a network once as they are and once without what lies inside
the zones. Whoever reaches a target before and not after is cut off; for the rest the
way may get longer. Bridges and tunnels stay open unless told: a zone beneath them says
nothing of their deck. A place whose own road is closed is cut off, and one that lies in
the zone itself is counted apart; a target whose own road is closed can be reached by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pydantic import Field

from gis.analyses.cut_off_roads import compare, without
from gis.analyses.cut_off_tables import (
    CUT_OFF,
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
from gis.analyses.network_access import ROADS
from gis.analyses.parts import listed, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import Spread, at_centres, cells_inside, over_addresses
from gis.analyses.zones import Hazard, hazard_ids, hazard_of
from gis.errors import ParameterError
from gis.result import Definition, LeftOut, Result, Status
from gis.text import Text, number, people, people_share, percent, t

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

OBJECTS = "critical_infrastructure"
# Ways for feet and bicycles, by parts of their names in N50 and NVDB.
_NOT_FOR_CARS = ("sti", "gang", "sykkel", "trapp", "fortau", "gsv", "traktor")


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
class CutOff:
    """What was counted before it is worded: every place and what became of it.

    The places of residents come first in ``closed``, the ``works`` after them. ``taken``:
    the pieces of road inside the zones. ``unmapped_km`` of the municipality's ``own_km`` of
    road run where the hazard is not mapped.
    """

    hazard: Hazard
    cells: Cells
    where: Spread
    works: gpd.GeoDataFrame
    closed: Closed
    taken: NDArray[Any]
    unmapped_km: float
    own_km: float

    @property
    def people_state(self) -> NDArray[np.int64]:
        """What became of each place of residents."""
        return self.closed.state[: len(self.where.x)]

    @property
    def sums(self) -> NDArray[np.float64]:
        """Residents by state."""
        return np.bincount(self.people_state, weights=self.where.weight, minlength=len(STATES))

    @property
    def status(self) -> Status:
        """Whether any of the municipality's roads run where the hazard is mapped, and all do."""
        if not (self.cells.total and self.own_km):
            return Status.INSUFFICIENT_DATA
        if not len(self.taken) and np.isclose(self.unmapped_km, self.own_km):
            return Status.NOT_MAPPED
        return Status.PARTLY_MAPPED if self.unmapped_km > 0 else Status.OK


def count(study: Study, params: CutOffParameters) -> CutOff:
    """Close the roads and tell what becomes of every place. Raises ParameterError."""
    hazard, zones = _zones(study, params)
    lines = _lines(study, params)
    open_lines, taken = without(lines, zones, decks=params.decks)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    where = over_addresses(study, cells) if study.has("addresses") else at_centres(cells)
    works = _works(study)
    x = np.concatenate([where.x, works.geometry.x.to_numpy()])
    y = np.concatenate([where.y, works.geometry.y.to_numpy()])
    closed = compare(
        study,
        lines,
        open_lines,
        zones=zones,
        places=(x, y),
        targets=_targets(study, params),
        snap_m=params.snap_m,
    )
    own = lines_within(study, lines)
    own_km = float(shapely.length(own).sum()) / 1000
    unmapped_km = km_not_mapped(own, hazard)
    return CutOff(hazard, cells, where, works, closed, taken, unmapped_km, own_km)


def run(study: Study, params: CutOffParameters) -> Result:
    """Count the residents who reach a target today and do not when the zone's roads are closed."""
    found = count(study, params)
    cells, sums, status = found.cells, found.sums, found.status
    lost = float(sums[CUT_OFF])
    known = status in (Status.OK, Status.PARTLY_MAPPED)
    return Result(
        analysis="cut-off",
        title=ANALYSIS.title,
        area=study.area,
        value=lost / cells.total if known else None,
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
            zones=listed([found.hazard.entry.title.text]),
        ),
        definition=_definition(study, params, found.hazard),
        provenance=provenance(
            study,
            ["population_grid", "addresses", ROADS, OBJECTS, found.hazard.id],
            steps=("roads inside the zones taken away", "nearest target by road before and after"),
        ),
        left_out=_left_out(sums),
        notes=_notes(found),
        tables={
            "states": state_table(sums, found.people_state),
            "longer": longer_table(found.closed, len(found.where.x)),
            "works": works_table(found.works, found.closed, len(found.where.x)),
        },
        figures={
            "closed_road_km": float(shapely.length(found.taken).sum()) / 1000,
            "not_mapped_road_km": found.unmapped_km,
        },
        frame=_frame(study, found),
        layers={"closed_roads": _closed_frame(study, found.taken)},
    )


def _closed_frame(study: Study, lines: NDArray[Any]) -> gpd.GeoDataFrame:
    length = shapely.length(lines) / 1000
    return gpd.GeoDataFrame({"length_km": length}, geometry=lines, crs=study.crs)


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


def _notes(found: CutOff) -> tuple[Text, ...]:
    made = [t("cut_off.note_islands"), t("cut_off.note_joints")]
    if found.unmapped_km > 0:
        made.append(
            t(
                "cut_off.note_not_mapped",
                km=number(found.unmapped_km, decimals=1),
                share=percent(found.unmapped_km / found.own_km),
                zones=listed([found.hazard.entry.title.text]),
            )
        )
    return (*made, *silent_notes([found.hazard]))


def _left_out(sums: NDArray[np.float64]) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(reason=STATES[i], text=t(f"cut_off.{STATES[i]}"), count=float(sums[i]),
                unit="residents")
        for i in (NO_ROAD, NEVER)
        if sums[i] > 0
    )  # fmt: skip


def _frame(study: Study, found: CutOff) -> gpd.GeoDataFrame:
    """Return the cells with what becomes of the most of their residents; numbers stay out."""
    cells, where = found.cells, found.where
    sums = np.zeros((len(cells.cell_id), len(STATES)))
    np.add.at(sums, (where.cell, found.people_state), where.weight)
    worst = np.array([STATES[i] for i in sums.argmax(axis=1)])
    return gpd.GeoDataFrame(
        {"cell": cells.cell_id.astype(str), "state": worst}, geometry=cells.squares, crs=study.crs
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
