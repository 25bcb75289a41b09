"""Find where to build more densely: near transit and daily needs, off hazard, nature and farmland.

Exclusions stand apart from weights: no number of points makes up for a hazard zone. Where
a hazard has not been cleared the cell is a class of its own, which is studied before it
is called suitable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from gis.analyses.critical_infrastructure import OBJECTS
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE
from gis.analyses.land_nature import NATURE_LAYERS
from gis.analyses.network_access import ROADS
from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.site_criteria import CRITERIA, GROCERIES, TRANSIT, criteria_of
from gis.analyses.site_grid import TERRAIN, site_grid
from gis.analyses.site_limits import CAUTION, FARMLAND, LAKES, limits_of, real_hazards
from gis.analyses.site_rank import Ranked, Standing, rank_sites, readings_of
from gis.analyses.site_tables import (
    criteria_table,
    limits_table,
    site_frame,
    top_frame,
    top_table,
)
from gis.analyses.site_weights import weights_text
from gis.errors import LayerMissingError
from gis.result import Definition, LeftOut, Result, Scalar, Status
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.study import Study

PLANNED = "planned_areas"


class SuitabilityParameters(Parameters):
    """How near is near, what each criterion weighs, and what excludes a cell."""

    cell_m: int = Field(default=100, ge=50, le=500, description="side of a grid cell, metres")
    metric: Literal["straight-line", "network"] = Field(
        default="straight-line",
        description="how far is measured: in a straight line, or walked along roads and paths",
    )
    transit_m: float = Field(
        default=1000, ge=100, le=5000, description="no points farther from a frequent stop, metres"
    )
    school_m: float = Field(
        default=2000, ge=100, le=5000, description="no points farther from a school, metres"
    )
    kindergarten_m: float = Field(
        default=1000, ge=100, le=5000, description="no points farther from a kindergarten, metres"
    )
    grocery_m: float = Field(
        default=1000, ge=100, le=5000, description="no points farther from a grocery shop, metres"
    )
    w_transit: float = Field(default=4, ge=0, le=100, description="weight of frequent transit")
    w_school: float = Field(default=1, ge=0, le=100, description="weight of a school")
    w_kindergarten: float = Field(default=1, ge=0, le=100, description="weight of a kindergarten")
    w_grocery: float = Field(default=1, ge=0, le=100, description="weight of a grocery shop")
    w_built_up: float = Field(
        default=2, ge=0, le=100, description="weight of the share of the cell that is settlement"
    )
    min_free: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="a cell with a smaller share of land that nothing excludes is excluded",
    )
    max_slope_deg: float = Field(
        default=15, gt=0, le=90, description="a cell with a steeper mean slope is excluded, degrees"
    )
    high_from: float = Field(
        default=70, gt=0, le=100, description="points of 100 from which a cell is well suited"
    )
    min_per_hour: float = Field(
        default=4, gt=0, le=60, description="how many departures an hour make a stop frequent"
    )
    window: str = Field(
        default="07-09",
        pattern=r"^\d\d-\d\d$",
        description="hours of the day the departures are counted in, e.g. 07-09",
    )
    top: int = Field(default=100, ge=1, le=10_000, description="how many cells make the top")
    draws: int = Field(
        default=200, ge=1, le=5000, description="how many times the weights are drawn"
    )
    weight_spread: float = Field(
        default=0.25, ge=0, le=1, description="how far a drawn weight may lie from the given one"
    )
    seed: int = Field(default=1, ge=0, le=2**32 - 1, description="seed of the draws")

    @model_validator(mode="after")
    def _something_weighs(self) -> SuitabilityParameters:
        if not any(self.weights.values()):
            message = "all weights are 0; one must be above 0"
            raise ValueError(message)
        return self

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each criterion."""
        return {name: float(getattr(self, f"w_{name}")) for name in CRITERIA}

    def limit_m(self, name: str) -> float:
        """How far the criterion still gives points."""
        return float(getattr(self, f"{name}_m"))

    @property
    def asked_of_timetable(self) -> dict[str, object]:
        """What was asked of the timetable; a ready list follows only what is left alone."""
        return {k: getattr(self, k) for k in {"min_per_hour", "window"} & self.model_fields_set}


def run(study: Study, params: SuitabilityParameters) -> Result:
    """Give every cell a class, points and a rank, with the reason.

    The value is the share of the cells that are well suited and cleared of hazard. Cells
    are ranked by weighted points within their class: cleared ones, and those where a
    hazard must be studied first. Stability is the share of drawn weights under which a
    cell stays in the top. Raises LayerMissingError where no criterion has a layer,
    ParameterError as transit-access does.
    """
    grid = site_grid(study, params.cell_m)
    criteria = criteria_of(study, grid, params)
    if not criteria:
        message = (
            f"suitability needs at least one of {TIMETABLE}, {READY_LIST}, {OBJECTS}, {GROCERIES}, "
            f"built_up; the store has: {', '.join(study.data.layers)}"
        )
        raise LayerMissingError(message)
    limits = limits_of(study, grid)
    ranked = rank_sites(criteria, limits, params)
    counts = ranked.counts
    total, well = len(grid), counts[Standing.HIGH]
    return Result(
        analysis="suitability",
        title=ANALYSIS.title,
        area=study.area,
        value=well / total if total else None,
        unit="share",
        numerator=float(well),
        denominator=float(total),
        numerator_unit="cells",
        status=_status(total, ranked, limits.absent),
        finding=_finding(study, params, ranked, total=total),
        definition=_definition(study, params, ranked),
        provenance=provenance(
            study,
            [TIMETABLE if study.has(TIMETABLE) else READY_LIST, OBJECTS, GROCERIES, "built_up",
             *real_hazards(), *CAUTION.values(), *NATURE_LAYERS, FARMLAND, LAKES, TERRAIN, PLANNED,
             *([ROADS] if params.metric == "network" else [])],
            steps=(
                f"grid of {params.cell_m} m from the origin of the CRS",
                "share of each cell taken by each exclusion, exact areas",
                "points by criterion, weighted mean",
                f"{params.draws} draws of the weights, seed {params.seed}",
            ),
        ),
        sensitivity=readings_of(ranked, params),
        left_out=_left_out(ranked),
        notes=_notes(study, params, ranked, absent=limits.absent),
        figures=_figures(ranked, total),
        tables={
            "criteria": criteria_table(ranked, params),
            "limits": limits_table(grid, limits, params),
            "top": top_table(study, grid, ranked, cleared=True),
            "top_study": top_table(study, grid, ranked, cleared=False),
        },
        frame=site_frame(study, grid, ranked),
        layers={"top": top_frame(study, grid, ranked)},
    )  # fmt: skip


def _status(total: int, ranked: Ranked, absent: tuple[str, ...]) -> Status:
    if not total:
        return Status.INSUFFICIENT_DATA
    open_ = absent or ranked.to_study
    return Status.PARTLY_MAPPED if open_ else Status.OK


def _finding(study: Study, params: SuitabilityParameters, ranked: Ranked, *, total: int) -> Text:
    counts = ranked.counts
    return t(
        "suitability.finding",
        name=study.area.name,
        share=percent(counts[Standing.HIGH] / total if total else None),
        well=number(counts[Standing.HIGH]),
        ha=number(counts[Standing.HIGH] * params.cell_m**2 / 10_000),
        limit=number(params.high_from),
        study=number(counts[Standing.STUDY_HIGH]),
        excluded=percent(counts[Standing.EXCLUDED] / total if total else None, decimals=0),
    )


def _definition(study: Study, params: SuitabilityParameters, ranked: Ranked) -> Definition:
    titles = tuple(t(f"suitability.criterion_{c}") for c in ranked.criteria)
    return Definition(
        sentence=t(
            "suitability.definition",
            size=number(params.cell_m),
            weights=weights_text(titles, [params.weights[c] for c in ranked.criteria]),
            way=t(f"suitability.way_{params.metric}"),
            free=percent(params.min_free, decimals=0),
            slope=number(params.max_slope_deg) if study.has(TERRAIN) else Text("–", "–"),
            high=number(params.high_from),
            draws=number(params.draws),
            spread=percent(params.weight_spread, decimals=0),
            top=number(params.top),
        ),
        parameters=params.model_dump(),
    )


def _notes(
    study: Study, params: SuitabilityParameters, ranked: Ranked, *, absent: tuple[str, ...]
) -> tuple[Text, ...]:
    missing = [c for c in CRITERIA if c not in ranked.criteria and params.weights[c]]
    made = [t("suitability.without", criterion=t(f"suitability.criterion_{c}")) for c in missing]
    made += [t("suitability.absent", hazard=t(f"values.hazard.{h}")) for h in absent]
    if not study.has(TERRAIN):
        made.append(t("suitability.without_terrain"))
    if not any(study.has(x) for x in NATURE_LAYERS):
        made.append(t("suitability.without_nature"))
    if not study.has(FARMLAND):
        made.append(t("suitability.without_farmland"))
    if TRANSIT in ranked.criteria and params.metric == "straight-line":
        made.append(t("suitability.note_straight"))
    return (*made, t("suitability.note_screening"))


def _left_out(ranked: Ranked) -> tuple[LeftOut, ...]:
    """Count the cells that are not excluded and whose slope nobody knows."""
    count = int((ranked.limits.slope_unknown & ~ranked.excluded).sum())
    if not count:
        return ()
    text = t("suitability.slope_unknown", count=number(count))
    return (LeftOut(reason="slope_unknown", text=text, count=float(count), unit="cells"),)


def _figures(ranked: Ranked, total: int) -> dict[str, Scalar]:
    counts = ranked.counts
    return {
        "sites": total,
        "sites_high": counts[Standing.HIGH],
        "sites_medium": counts[Standing.MEDIUM],
        "sites_low": counts[Standing.LOW],
        "sites_study_high": counts[Standing.STUDY_HIGH],
        "sites_study": ranked.to_study,
        "sites_excluded": counts[Standing.EXCLUDED],
        "sites_stable": ranked.always_top,
    }


ANALYSIS = Analysis(
    id="suitability",
    title=t("suitability.title"),
    question=t("suitability.question"),
    parameters=SuitabilityParameters,
    run=run,
    needs=("municipality",),
    uses=(TIMETABLE, READY_LIST, OBJECTS, GROCERIES, "built_up", *real_hazards(),
          *CAUTION.values(), *NATURE_LAYERS, FARMLAND, LAKES, TERRAIN, PLANNED, ROADS, UNITS),
)  # fmt: skip
