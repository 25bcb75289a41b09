"""Count who lives and works in which hazard zone, and where nobody has mapped.

Zones of one hazard are resolved into bands that do not overlap, the worst class
first; zones (investigated) and caution areas (screening) are never merged.
Outside the mapped extent the answer is "not mapped", never "no hazard".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.exposed_groups import GROUP_LAYERS, group_tables
from gis.analyses.exposure_tables import (
    attribute_tables,
    band_table,
    exposed_units,
    hazard_table,
    overall_table,
    water_table,
    whole_zones,
)
from gis.analyses.floods_mapped import extent_tables
from gis.analyses.hazard_counts import Counted, HazardExposureParameters, count_exposed
from gis.analyses.hazard_words import FLOOD_EXTENT, definition, left_out, notes
from gis.analyses.parts import UNITS, provenance
from gis.analyses.placing import (
    placing_text,
)
from gis.analyses.registry import Analysis
from gis.analyses.shown import shown_residents, unit_of_cells
from gis.analyses.zones import (
    Hazard,
    band_frame,
    hazard_ids,
)
from gis.result import Result, Status
from gis.text import people, people_share, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.analyses.study import Study
    from gis.provenance import Provenance
    from gis.result import Table

_MORE_M = (5, 10)


def run(study: Study, params: HazardExposureParameters) -> Result:
    """Count residents and employees by hazard and class.

    The value is the share of residents inside at least one hazard zone, counted
    once; caution areas and noise stay outside it. Residents are placed by ``method``
    and counted inside by ``rule``; employees are spread over the area of their cells.
    """
    counted = count_exposed(study, params)
    cells = counted.cells
    inside = float(counted.any_zone.sum())
    status = _status(counted)
    known = status is not Status.NOT_MAPPED and cells.total > 0
    tables = _tables(study, counted)
    return Result(
        analysis="hazard-exposure",
        title=ANALYSIS.title,
        area=study.area,
        value=inside / cells.total if known else None,
        unit="share",
        numerator=inside if known else None,
        denominator=cells.total,
        numerator_unit="residents",
        low=counted.bounds.low if known else None,
        high=counted.bounds.high if known else None,
        status=status,
        finding=t(
            "hazard_exposure.finding" if known else "hazard_exposure.finding_not_mapped",
            inside=people(inside, of=cells.total),
            total=people(cells.total),
            share=people_share(inside, of=cells.total),
            name=study.area.name,
            hazards=counted.zones_named,
            rule=placing_text(counted.placing),
        ),
        definition=definition(study, params, counted),
        provenance=_provenance(study, params, counted),
        sensitivity=counted.bounds.readings if known else (),
        left_out=left_out(counted),
        notes=notes(study, counted),
        figures=_figures(counted, inside),
        figure_cells=_figure_cells(counted.hazards),
        tables=tables,
        frame=_all_bands(study, counted.hazards),
        layers=_layers(study, counted) | _unit_layer(study, tables),
    )


def _figures(counted: Counted, inside: float) -> dict[str, float]:
    """Return the key figures: in any zone, outside split in three, then each hazard, the edges."""
    readings = {r.name: r.numerator for r in counted.bounds.readings}
    more = {m: readings.get(f"edge+{m}m") for m in _MORE_M}
    # What lies in zones first, then caution areas and noise; a page shows the first few.
    first = sorted(counted.exposures, key=lambda e: not e.hazard.in_union)
    return {
        "residents_in_any_zone": inside,
        "residents_not_mapped": counted.overall.not_mapped,
        **{f"residents_{e.hazard.id}": float(e.inside.sum()) for e in first},
        **{f"residents_more_edge_{m}m": n - inside for m, n in more.items() if n is not None},
        "residents": counted.cells.total,
        "residents_outside_data": counted.overall.outside_data,
        **{f"not_mapped_{e.hazard.id}": float(e.not_mapped.sum()) for e in first},
    }


def _figure_cells(hazards: list[Hazard]) -> dict[str, tuple[str, str, str]]:
    """Say which figures repeat a cell of the table of hazards, where they are protected."""
    inside = {f"residents_{h.id}": ("hazards", h.id, "inside") for h in hazards}
    silent = {f"not_mapped_{h.id}": ("hazards", h.id, "not_mapped") for h in hazards}
    parts = ("not_mapped", "outside_data")
    return inside | silent | {f"residents_{x}": ("overall", x, "residents") for x in parts}


def _status(counted: Counted) -> Status:
    """Say whether any resident lives where a zone hazard is not mapped, or nobody where it is.

    A hazard whose layer is not there is as little known as one that is mapped nowhere.
    """
    zones = [e for e in counted.exposures if e.hazard.in_union]
    if not sum(float(e.inside.sum() + e.mapped_outside.sum()) for e in zones):
        return Status.NOT_MAPPED
    missing = any(float(e.not_mapped.sum()) > 0 for e in zones) or bool(counted.zones_absent)
    return Status.PARTLY_MAPPED if missing else Status.OK


def _provenance(study: Study, params: HazardExposureParameters, counted: Counted) -> Provenance:
    extents = [h.entry.coverage.layer for h in counted.hazards if h.entry.coverage.layer]
    points = ["addresses"] if counted.placing.method == "addresses" else []
    bounds = ["marine_limit"] if any(h.id == "quick_clay" for h in counted.hazards) else []
    return provenance(
        study,
        [
            "population_grid",
            *points,
            "workplaces",
            *(h.id for h in counted.hazards),
            *extents,
            *bounds,
            UNITS,
            *GROUP_LAYERS,
        ],
        steps=(
            "cells whose centre lies in the municipality",
            f"residents placed by {counted.placing.method}",
            "zones of each hazard resolved into bands, worst class first",
            f"counted by the rule {params.rule}",
            "hazards joined, so that a resident in several counts once",
        ),
    )


def _tables(study: Study, counted: Counted) -> dict[str, Table]:
    cells, placing = counted.cells, counted.placing
    tables = {
        "hazards": hazard_table(counted.exposures, cells.total, counted.absent),
        "overall": overall_table(counted.overall),
    }
    for one, employees in zip(counted.exposures, counted.employees, strict=True):
        whole = whole_zones(one.hazard, cells, placing)
        tables[f"bands_{one.hazard.id}"] = band_table(study, one, employees, whole=whole)
        tables |= extent_tables(one.hazard, cells, placing, whole=whole)
    tables |= water_table(counted.hazards, cells, placing)
    for hazard in counted.hazards:
        tables |= attribute_tables(hazard, cells, placing)
    if study.has(UNITS):
        unit = unit_of_cells(study, cells)
        tables["units"] = exposed_units(
            study, unit, cells.weight, any_zone=counted.any_zone, exposures=counted.exposures
        )
        tables |= group_tables(study, cells, any_zone=counted.any_zone, exposures=counted.exposures)
    return tables


def _all_bands(study: Study, hazards: list[Hazard]) -> gpd.GeoDataFrame:
    frames = [band_frame(study, h) for h in hazards]
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=study.crs)


def _layers(study: Study, counted: Counted) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the bands of each hazard, what is not mapped, and the cells."""
    layers = {h.id: band_frame(study, h) for h in counted.hazards}
    for hazard in counted.hazards:
        if hazard.mapped is not None:
            known = shapely.union_all(np.concatenate([hazard.mapped, hazard.zones.shapes]))
            rest = shapely.difference(study.land, known)
            layers[f"not_mapped_{hazard.id}"] = gpd.GeoDataFrame(
                {"hazard": [hazard.id]}, geometry=[rest], crs=study.crs
            )
    cells = counted.cells
    layers["cells"] = gpd.GeoDataFrame(
        {
            "cell_id": cells.cell_id,
            "residents": cells.weight,
            "residents_shown": shown_residents(study, cells),
            "exposed": counted.any_zone > 0,
        },
        geometry=cells.squares,
        crs=study.crs,
    )
    return layers


def _unit_layer(study: Study, tables: Mapping[str, Table]) -> dict[str, gpd.GeoDataFrame]:
    """Give maps the units with the counts of the table; publishing hides what it hides there."""
    if "units" not in tables:
        empty: dict[str, list[object]] = {
            "number": [],
            "name": [],
            "residents": [],
            "in_any_zone": [],
        }
        return {"units": gpd.GeoDataFrame(empty, geometry=[], crs=study.crs)}
    units = study.frame(UNITS)[["number", "name", "geometry"]].drop_duplicates("number")
    rows = tables["units"].frame[["number", "residents", "in_any_zone"]]
    frame = units.assign(number=units["number"].astype(str)).merge(rows, on="number")
    return {"units": gpd.GeoDataFrame(frame, geometry="geometry", crs=study.crs)}


ANALYSIS = Analysis(
    id="hazard-exposure",
    title=t("hazard_exposure.title"),
    question=t("hazard_exposure.question"),
    parameters=HazardExposureParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=(
        "workplaces",
        "addresses",
        UNITS,
        "marine_limit",
        FLOOD_EXTENT,
        *GROUP_LAYERS,
        *hazard_ids(),
    ),
)
