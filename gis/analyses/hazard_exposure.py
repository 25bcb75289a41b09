"""Count who lives and works in which hazard zone, and where nobody has mapped.

Zones of one hazard are resolved into bands that do not overlap, the worst class
first; zones (investigated) and caution areas (screening) are never merged.
Outside the mapped extent the answer is "not mapped", never "no hazard".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field

from gis.analyses.exposure import Exposure, expose
from gis.analyses.exposure_tables import band_table, exposed_units, hazard_table
from gis.analyses.parts import UNITS, provenance, unit_of_points
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import Cells, Spread, at_centres, cells_inside, over_addresses
from gis.analyses.zones import (
    Hazard,
    Zones,
    band_frame,
    hazard_ids,
    hazard_of,
    together,
    weights_by_class,
)
from gis.errors import LayerMissingError
from gis.kernels.zones import PointRule
from gis.result import Definition, LeftOut, Reading, Result, Status
from gis.text import Text, people, people_share, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.provenance import Provenance
    from gis.result import Table

Method = Literal["addresses", "area", "centre"]


class HazardExposureParameters(Parameters):
    """How residents are placed, and when a point counts as inside."""

    method: Literal["auto", "addresses", "area", "centre"] = Field(
        default="auto",
        description="where a cell's residents are: at its addresses, evenly over its area, or at "
        "its centre; auto takes addresses where the layer exists, else area",
    )
    rule: Literal["interior", "touch"] = Field(
        default="interior",
        description="interior: strictly inside the zone; touch: the outline counts too",
    )


@dataclass(frozen=True)
class Counted:
    """What was counted before it is worded: one exposure per hazard, and the union of all."""

    cells: Cells
    where: Spread | None
    method: Method
    exposures: list[Exposure]
    employees: list[NDArray[np.float64]]
    any_zone: NDArray[np.float64]
    readings: tuple[Reading, ...]

    @property
    def hazards(self) -> list[Hazard]:
        """All hazards that were there."""
        return [e.hazard for e in self.exposures]

    @property
    def zones_named(self) -> Text:
        """The hazards in the union, as a list in words; caution areas are no part of it."""
        titles = [h.entry.title.text for h in self.hazards if not h.entry.caution]
        return Text(
            nb=", ".join(x.nb.lower() for x in titles), en=", ".join(x.en.lower() for x in titles)
        )


def run(study: Study, params: HazardExposureParameters) -> Result:
    """Count residents and employees by hazard and class.

    The value is the share of residents inside at least one hazard zone, counted
    once; caution areas stay outside it. Residents are placed by ``method`` and
    counted inside by ``rule``; employees are spread over the area of their cells.
    """
    counted = _count(study, params)
    cells = counted.cells
    inside = float(counted.any_zone.sum())
    value = inside / cells.total if cells.total else None
    shares = [r.value for r in counted.readings if r.value is not None]
    return Result(
        analysis="hazard-exposure",
        title=ANALYSIS.title,
        area=study.area,
        value=value,
        unit="share",
        numerator=inside,
        denominator=cells.total,
        numerator_unit="residents",
        low=min(shares, default=None),
        high=max(shares, default=None),
        status=_status(counted.exposures),
        finding=t(
            "hazard_exposure.finding",
            inside=people(inside, of=cells.total),
            total=people(cells.total),
            share=people_share(inside, of=cells.total),
            name=study.area.name,
            hazards=counted.zones_named,
        ),
        definition=_definition(study, params, counted),
        provenance=_provenance(study, params, counted),
        sensitivity=counted.readings,
        left_out=_left_out(counted),
        notes=_notes(counted.hazards),
        figures={
            "residents": cells.total,
            "residents_in_any_zone": inside,
            **{f"residents_{e.hazard.id}": float(e.inside.sum()) for e in counted.exposures},
            **{f"not_mapped_{e.hazard.id}": float(e.not_mapped.sum()) for e in counted.exposures},
        },
        tables=_tables(study, counted),
        frame=_all_bands(study, counted.hazards),
        layers=_layers(study, counted),
    )


def _count(study: Study, params: HazardExposureParameters) -> Counted:
    """Do the counting: place residents, split them by class, join the hazards once."""
    hazards = [hazard_of(study, x) for x in hazard_ids() if study.has(x)]
    if not hazards:
        message = (
            f"hazard-exposure needs at least one hazard layer ({', '.join(hazard_ids())}); "
            f"the store has: {', '.join(study.data.layers)}"
        )
        raise LayerMissingError(message)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    method = _method(study, params)
    where = _place(study, cells, method)
    zones = together([h for h in hazards if not h.entry.caution])
    return Counted(
        cells=cells,
        where=where,
        method=method,
        exposures=[expose(h, cells, where, rule=params.rule) for h in hazards],
        employees=_employees(study, hazards),
        any_zone=weights_by_class(cells, where, zones, rule=params.rule)[:, 0],
        readings=_readings(study, cells, zones, chosen=(method, params.rule)),
    )


def _method(study: Study, params: HazardExposureParameters) -> Method:
    if params.method == "auto":
        return "addresses" if study.has("addresses") else "area"
    if params.method == "addresses":
        study.need("addresses")
    return params.method


def _place(study: Study, cells: Cells, method: Method) -> Spread | None:
    if method == "area":
        return None
    return over_addresses(study, cells) if method == "addresses" else at_centres(cells)


def _employees(study: Study, hazards: list[Hazard]) -> list[NDArray[np.float64]]:
    """Sum employees by class (last: outside), spread over the area of their cells; or nothing."""
    if not study.has("workplaces"):
        return [np.full(len(h.classes) + 1, np.nan) for h in hazards]
    cells = cells_inside(study, layer="workplaces", weight="employees")
    return [weights_by_class(cells, None, h.zones).sum(axis=0) for h in hazards]


def _readings(
    study: Study, cells: Cells, zones: Zones, *, chosen: tuple[Method, PointRule]
) -> tuple[Reading, ...]:
    """Count the union again under the other ways of placing residents and of meeting an edge."""
    methods: list[Method] = ["addresses"] if study.has("addresses") else []
    ways: list[tuple[Method, PointRule]] = [(m, "interior") for m in (*methods, "area", "centre")]
    if chosen[1] == "touch" and chosen[0] != "area":
        ways.append(chosen)
    made = []
    for method, rule in ways:
        where = _place(study, cells, method)
        inside = float(weights_by_class(cells, where, zones, rule=rule)[:, 0].sum())
        made.append(
            Reading(
                name=f"{method}-{rule}",
                text=t(f"hazard_exposure.reading_{method}", rule=t(f"hazard_exposure.rule_{rule}")),
                value=inside / cells.total if cells.total else None,
                numerator=inside,
                denominator=cells.total,
                chosen=method == chosen[0] and (rule == chosen[1] or method == "area"),
            )
        )
    return tuple(made)


def _status(exposures: list[Exposure]) -> Status:
    """Say whether any resident lives where a hazard is not mapped."""
    missing = [float(e.not_mapped.sum()) > 0 for e in exposures]
    without_extent = all(
        e.hazard.entry.coverage.kind == "layer" and e.hazard.mapped is None for e in exposures
    )
    if without_extent and not any(e.inside.sum() for e in exposures):
        return Status.NOT_MAPPED
    return Status.PARTLY_MAPPED if any(missing) else Status.OK


def _definition(study: Study, params: HazardExposureParameters, counted: Counted) -> Definition:
    source = study.source("population_grid")
    return Definition(
        sentence=t(
            "hazard_exposure.definition",
            method=t(f"hazard_exposure.method_{counted.method}"),
            rule=t(f"hazard_exposure.rule_{params.rule}"),
            hazards=counted.zones_named,
            source=Text(nb=source.title_nb, en=source.title_en),
        ),
        parameters={
            **params.model_dump(),
            "method": counted.method,
            "hazards": ", ".join(h.id for h in counted.hazards),
        },
    )


def _provenance(study: Study, params: HazardExposureParameters, counted: Counted) -> Provenance:
    extents = [h.entry.coverage.layer for h in counted.hazards if h.entry.coverage.layer]
    points = ["addresses"] if counted.method == "addresses" else []
    return provenance(
        study,
        ["population_grid", *points, "workplaces", *(h.id for h in counted.hazards), *extents],
        steps=(
            "cells whose centre lies in the municipality",
            f"residents placed by {counted.method}",
            "zones of each hazard resolved into bands, worst class first",
            f"counted by the rule {params.rule}",
            "hazards joined, so that a resident in several counts once",
        ),
    )


def _left_out(counted: Counted) -> tuple[LeftOut, ...]:
    """List what did not enter, or entered with less certainty."""
    found = list(counted.cells.left_out)
    if counted.where is not None and counted.where.without > 0:
        found.append(
            LeftOut(
                reason="no_address",
                text=t(
                    "left_out.no_address",
                    count=people(counted.where.without, of=counted.cells.total),
                ),
                count=counted.where.without,
                unit="residents",
            )
        )
    found.extend(
        LeftOut(
            reason=f"not_mapped_{e.hazard.id}",
            text=t(
                "left_out.not_mapped",
                hazard=e.hazard.entry.title.text,
                count=people(float(e.not_mapped.sum()), of=counted.cells.total),
            ),
            count=float(e.not_mapped.sum()),
            unit="residents",
        )
        for e in counted.exposures
        if e.not_mapped.sum() > 0
    )
    return tuple(found)


def _notes(hazards: list[Hazard]) -> tuple[Text, ...]:
    """Say what each hazard's silence means."""
    made = []
    for hazard in hazards:
        title = hazard.entry.title.text
        if hazard.entry.caution:
            made.append(t("hazard_exposure.note_caution", hazard=title))
        elif hazard.extent_missing:
            made.append(t("hazard_exposure.note_extent_missing", hazard=title))
        elif hazard.entry.coverage.kind == "positive_only":
            made.append(t("hazard_exposure.note_positive_only", hazard=title))
    return tuple(made)


def _tables(study: Study, counted: Counted) -> dict[str, Table]:
    tables = {"hazards": hazard_table(counted.exposures, counted.cells.total)}
    for one, employees in zip(counted.exposures, counted.employees, strict=True):
        tables[f"bands_{one.hazard.id}"] = band_table(study, one, employees)
    if study.has(UNITS):
        cells = counted.cells
        unit = unit_of_points(study, cells.x, cells.y)
        tables["units"] = exposed_units(
            study, unit, cells.weight, any_zone=counted.any_zone, exposures=counted.exposures
        )
    return tables


def _all_bands(study: Study, hazards: list[Hazard]) -> gpd.GeoDataFrame:
    frames = [band_frame(study, h) for h in hazards]
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=study.epsg)


def _layers(study: Study, counted: Counted) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the bands of each hazard, what is not mapped, and the cells."""
    layers = {h.id: band_frame(study, h) for h in counted.hazards}
    for hazard in counted.hazards:
        if hazard.mapped is not None:
            known = shapely.union_all(np.concatenate([hazard.mapped, hazard.zones.shapes]))
            rest = shapely.difference(study.land, known)
            layers[f"not_mapped_{hazard.id}"] = gpd.GeoDataFrame(
                {"hazard": [hazard.id]}, geometry=[rest], crs=study.epsg
            )
    cells = counted.cells
    layers["cells"] = gpd.GeoDataFrame(
        {
            "cell_id": cells.cell_id,
            "residents": cells.weight,
            "in_any_zone": np.round(counted.any_zone, 1),
        },
        geometry=cells.squares,
        crs=study.epsg,
    )
    return layers


ANALYSIS = Analysis(
    id="hazard-exposure",
    title=t("hazard_exposure.title"),
    question=t("hazard_exposure.question"),
    parameters=HazardExposureParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=("workplaces", "addresses", UNITS, *hazard_ids()),
)
