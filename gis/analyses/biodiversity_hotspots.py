"""Find where many species, and many red-listed ones, are on record, and where few have looked.

Species records are biased by where people go. Richness is therefore compared
after rarefaction to an equal number of records, cells with too few records say
so instead of showing a low number, and hot spots are Getis-Ord Gi* clusters with
the false discovery rate held. An ignorance layer beside them tells where absence
means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pydantic import Field, model_validator

from gis.analyses import hotspot_words as words
from gis.analyses.hotspot_tables import cell_names, planned_table, top_cells, unit_richness
from gis.analyses.parts import UNITS, provenance, unit_of_points
from gis.analyses.records import WEIGHTS, Records, usable_records
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.richness_grid import GridCells, Measure, count_cells
from gis.result import Reading, Result, Status
from gis.text import number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.provenance import Provenance
    from gis.result import Table


class BiodiversityHotspotsParameters(Parameters):
    """The grid, how much must have been seen in a cell, and how sure a place must be."""

    cell_m: int = Field(default=500, ge=100, le=5000, description="side of a grid cell, metres")
    min_records: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="a cell with fewer records is marked as too few; also the number that "
        "richness is rarefied to",
    )
    max_uncertainty_m: float | None = Field(
        default=None,
        gt=0,
        le=5000,
        description="records less sure than this are left out; default: half a cell, at most a "
        "whole one",
    )
    measure: Measure = Field(
        default="red-listed",
        description="what makes a hot spot: red-listed species (CR, EN, VU, NT), the same by "
        "weight, or all species, expected among min_records records",
    )
    weight_cr: float = Field(default=WEIGHTS["CR"], ge=0, le=100, description="weight of CR")
    weight_en: float = Field(default=WEIGHTS["EN"], ge=0, le=100, description="weight of EN")
    weight_vu: float = Field(default=WEIGHTS["VU"], ge=0, le=100, description="weight of VU")
    weight_nt: float = Field(default=WEIGHTS["NT"], ge=0, le=100, description="weight of NT")
    max_fdr: float = Field(
        default=0.05, gt=0, le=0.5, description="false discovery rate of the hot spots"
    )
    half_ignorance: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="number of records in a cell at which ignorance is one half (O_0.5)",
    )

    @model_validator(mode="after")
    def _no_finer_than_known(self) -> BiodiversityHotspotsParameters:
        if self.max_uncertainty_m is not None and self.max_uncertainty_m > self.cell_m:
            message = (
                f"max_uncertainty_m = {self.max_uncertainty_m:g} with cells of {self.cell_m} m; "
                "allowed: at most the side of a cell, or a record would light a cell it is not in"
            )
            raise ValueError(message)
        return self

    @property
    def limit_m(self) -> float:
        """The largest uncertainty that still counts."""
        return self.max_uncertainty_m or self.cell_m / 2

    @property
    def weights(self) -> dict[str, float]:
        """What a species of each red-list category weighs."""
        return {
            "CR": self.weight_cr,
            "EN": self.weight_en,
            "VU": self.weight_vu,
            "NT": self.weight_nt,
        }


def run(study: Study, params: BiodiversityHotspotsParameters) -> Result:
    """Count species on a grid, mark hot spots, and hold them against planned and built-up land.

    The value is the share of the hot spots' land that lies in planned areas;
    without a layer of planned areas, the share of the land that is hot spot.
    """
    records = usable_records(study, max_uncertainty_m=params.limit_m, weights=params.weights)
    cells = _cells(study, records, params)
    spots = shapely.intersection(shapely.union_all(cells.squares[cells.hot]), study.land)
    spots_km2 = float(shapely.area(spots)) / 1e6
    planned = _union_of(study, "planned_areas")
    within_km2 = float(shapely.area(shapely.intersection(spots, planned))) / 1e6
    part, whole = (
        (within_km2, spots_km2) if study.has("planned_areas") else (spots_km2, study.area.land_km2)
    )
    known = bool(cells.hot.any()) or not study.has("planned_areas")
    value = part / whole if known and whole else None
    told = params.measure == "all" or records.evaluated > 0
    enough = bool(cells.enough.any()) and told
    return Result(
        analysis="biodiversity-hotspots",
        title=ANALYSIS.title,
        area=study.area,
        value=value if enough else None,
        unit="share",
        numerator=part,
        denominator=whole,
        numerator_unit="km2",
        status=Status.OK if enough else Status.INSUFFICIENT_DATA,
        finding=words.finding(study, params, cells, within_km2=within_km2, spots_km2=spots_km2)
        if told
        else t(f"biodiversity_hotspots.{_silent(records)}", name=study.area.name),
        definition=words.definition(study, params),
        provenance=_provenance(study, params),
        sensitivity=_readings(study, records, params, planned=planned),
        left_out=(*records.left_out, *words.at_sea(records, cells), *words.too_few(cells)),
        notes=words.notes(records, params),
        figures={
            "records": len(records.x),
            "species": len(records.names),
            "cells": len(cells.squares),
            "cells_with_enough_records": int(cells.enough.sum()),
            "hot_spots": int(cells.hot.sum()),
            "hot_spot_km2": spots_km2,
            "hot_spot_in_planned_km2": within_km2 if study.has("planned_areas") else None,
            "ignorance_median": float(np.median(cells.ignorance)) if len(cells.seen) else None,
        },
        tables=_tables(study, records, cells, params=params),
        frame=_frame(study, records, cells, planned=planned),
        layers={"ignorance": _ignorance(study, cells)},
    )


def _cells(study: Study, records: Records, params: BiodiversityHotspotsParameters) -> GridCells:
    return count_cells(
        study,
        records,
        cell_m=params.cell_m,
        min_records=params.min_records,
        max_fdr=params.max_fdr,
        measure=params.measure,
        half_at=params.half_ignorance,
    )


def _union_of(study: Study, layer: str) -> shapely.Geometry:
    """Join the polygons of a layer inside the municipality; empty where there is no layer."""
    if not study.has(layer):
        return shapely.Polygon()
    shapes = study.frame(layer).geometry.to_numpy()
    return shapely.intersection(shapely.union_all(shapes), study.polygon)


def _provenance(study: Study, params: BiodiversityHotspotsParameters) -> Provenance:
    return provenance(
        study,
        ["species_records", "planned_areas", "built_up", UNITS],
        steps=(
            "records inside the municipality, sure enough, native",
            f"richness on a grid of {params.cell_m} m",
            f"rarefied to {params.min_records} records (Hurlbert 1971)",
            "red-list weights in equal steps (Butchart et al. 2007)",
            "Getis-Ord Gi* over 3 x 3 cells, false discovery rate after Benjamini-Hochberg",
            "ignorance: half-ignorance of the number of records (Ruete 2015)",
        ),
    )


def _readings(
    study: Study,
    records: Records,
    params: BiodiversityHotspotsParameters,
    *,
    planned: shapely.Geometry,
) -> tuple[Reading, ...]:
    """Work the value out again on a finer and a coarser grid, and asking for more records."""
    measures: tuple[Measure, ...] = ("red-listed", "weighted", "all")
    others: tuple[dict[str, int | str], ...] = (
        {},
        *[dict[str, int | str](measure=m) for m in measures if m != params.measure],
        {"cell_m": max(100, params.cell_m // 2)},
        {"cell_m": min(5000, params.cell_m * 2)},
        {"min_records": min(1000, params.min_records * 2)},
    )
    made = []
    for change in others:
        now = params.model_copy(update={**change})
        # The finer grid takes only the records that are sure enough for its own cells.
        limit = min(params.limit_m, float(now.cell_m))
        kept = (
            records
            if limit == params.limit_m
            else usable_records(study, max_uncertainty_m=limit, weights=params.weights)
        )
        cells = _cells(study, kept, now)
        spots = shapely.intersection(shapely.union_all(cells.squares[cells.hot]), study.land)
        whole = float(shapely.area(spots)) / 1e6
        part = float(shapely.area(shapely.intersection(spots, planned))) / 1e6
        if not study.has("planned_areas"):
            part, whole = whole, study.area.land_km2
        made.append(
            Reading(
                name=f"{now.measure}-{now.cell_m}m-{now.min_records}",
                text=t(
                    "biodiversity_hotspots.reading",
                    measure=t(f"biodiversity_hotspots.measure_{now.measure}"),
                    size=number(now.cell_m),
                    records=number(now.min_records),
                    hot=number(int(cells.hot.sum())),
                ),
                value=part / whole if whole else None,
                numerator=part,
                denominator=whole,
                chosen=not change,
            )
        )
    return tuple(made)


def _tables(
    study: Study, records: Records, cells: GridCells, *, params: BiodiversityHotspotsParameters
) -> dict[str, Table]:
    tables = {"cells_top": top_cells(cells, records)}
    if study.has("planned_areas"):
        tables["planned"] = planned_table(study, cells, records, min_records=params.min_records)
    if study.has(UNITS):
        unit = unit_of_points(study, records.x, records.y)
        tables["units"] = unit_richness(study, unit, records, min_records=params.min_records)
    return tables


def _ignorance(study: Study, cells: GridCells) -> gpd.GeoDataFrame:
    """Return every cell with the number of all records in it and how little is known of it."""
    return gpd.GeoDataFrame(
        {
            "cell": cell_names(cells.squares),
            "records_any": cells.seen,
            "ignorance": np.round(cells.ignorance, 3),
        },
        geometry=shapely.intersection(cells.squares, study.land),
        crs=study.crs,
    )


def _frame(
    study: Study, records: Records, cells: GridCells, *, planned: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Return the grid with its counts; numbers of cells with too few records are kept apart.

    What is red-listed is empty, not zero, where no record has a red-list category.
    """
    told = np.where(records.evaluated > 0, 1.0, np.nan)
    return gpd.GeoDataFrame(
        {
            "cell": cell_names(cells.squares),
            "status": np.where(cells.enough, "ok", "too_few"),
            "records": cells.records,
            "species": cells.species,
            "expected_species": np.round(cells.expected, 1),
            "expected_red_listed": np.round(cells.expected_red, 1),
            "red_list_score": np.round(cells.score, 1) * told,
            "expected_score": np.round(cells.expected_score, 1),
            "threatened": cells.threatened if records.evaluated else np.nan,
            "red_listed": cells.red_listed if records.evaluated else np.nan,
            "data_deficient": cells.deficient if records.evaluated else np.nan,
            "ignorance": np.round(cells.ignorance, 3),
            "z": np.round(cells.z, 2),
            "hot_spot": cells.hot,
            "planned_share": _part(study, "planned_areas", cells, shape=planned),
            "built_up_share": _part(study, "built_up", cells, shape=_union_of(study, "built_up")),
        },
        # Cells are counted whole and drawn on land.
        geometry=shapely.intersection(cells.squares, study.land),
        crs=study.crs,
    )


def _part(
    study: Study, layer: str, cells: GridCells, *, shape: shapely.Geometry
) -> NDArray[np.float64]:
    """Return the share (0-1) of each cell in a shape of a layer; NaN where the layer is missing."""
    if not study.has(layer):
        return np.full(len(cells.squares), np.nan)
    cut = shapely.area(shapely.intersection(cells.squares, shape))
    return np.asarray(cut / shapely.area(cells.squares))


def _silent(records: Records) -> str:
    """Name why nothing is told: no record could be taken, or none has a category."""
    return "finding_untold" if len(records.x) else "finding_no_record"


ANALYSIS = Analysis(
    id="biodiversity-hotspots",
    title=t("biodiversity_hotspots.title"),
    question=t("biodiversity_hotspots.question"),
    parameters=BiodiversityHotspotsParameters,
    run=run,
    needs=("municipality", "species_records"),
    uses=("built_up", "planned_areas", UNITS),
)
