"""Work out how densely people live and work, how unevenly, and how near to stations and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from gis.analyses.density_bands import Banded, banded
from gis.analyses.density_tables import (
    band_layers,
    band_table,
    cell_frame,
    concentration_table,
    land_table,
    large_cells,
    large_frame,
    large_table,
)
from gis.analyses.land_parts import Counts, Ground, counts_of, ground_of
from gis.analyses.near_transit import frequent_stops, station_targets, stop_targets
from gis.analyses.parts import UNITS, provenance
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.travel import ADDRESSES
from gis.analyses.travel_words import metres
from gis.disclosure import is_publishable, round_residents
from gis.kernels.concentration import top_share
from gis.result import UNDER_TEN, Definition, Reading, Result, Scalar, Status
from gis.text import Text, day, number, people_share, percent, t

if TYPE_CHECKING:
    from gis.analyses.near_transit import FrequentStops
    from gis.analyses.study import Study

DENSEST = 0.1


class DensityParameters(Parameters):
    """How far a band around a stop reaches, what is frequent, and what a large workplace is."""

    bands_m: str = Field(
        default="500,1000",
        pattern=r"^\d{2,5}(,\d{2,5})*$",
        description="outer limits of the bands around stations and stops, metres, rising",
    )
    origins: Literal["auto", "addresses", "centre"] = Field(
        default="auto",
        description="where a cell's people are: at its addresses or its centre; auto takes "
        "addresses where the layer exists",
    )
    min_per_hour: float = Field(
        default=4, gt=0, le=60, description="how many departures an hour make a stop frequent"
    )
    window: str = Field(
        default="07-09",
        pattern=r"^\d\d-\d\d$",
        description="hours of the day the departures are counted in, e.g. 07-09",
    )
    large_from: int = Field(
        default=200, ge=10, le=100_000, description="a large workplace: employees in a cell, least"
    )

    @field_validator("bands_m")
    @classmethod
    def _bands_rise(cls, value: str) -> str:
        found = [int(part) for part in value.split(",")]
        if found != sorted(set(found)) or not 50 <= found[0] <= found[-1] <= 5000:
            message = "rising distances from 50 to 5000 m, separated by commas"
            raise ValueError(message)
        return value

    @property
    def limits_m(self) -> tuple[int, ...]:
        """The outer limits of the bands."""
        return tuple(int(part) for part in self.bands_m.split(","))


def run(study: Study, params: DensityParameters) -> Result:
    """Divide residents and employees by hectares, and measure how near to transit they are.

    The value is residents per hectare of built-up land (of all land without a layer of
    settlements). Distances are exact (``<=``), straight, from addresses or cell centres;
    the land of a band is that within discs of 128 corners, which are 0.04 % short of
    circles. Stations and stops beyond the border count.
    """
    ground, counts = ground_of(study), counts_of(study, params.origins)
    found = frequent_stops(study, _asked(params))
    around = [station_targets(study), stop_targets(found) if found else None]
    bands = [
        banded(study, counts, x, ground=ground, limits_m=params.limits_m)
        for x in around
        if x is not None
    ]
    total = counts.residents.total
    known = bool(total) and is_publishable(total) and bool(ground.settled_ha)
    large = large_cells(study, counts, bands, large_from=params.large_from)
    tables = {"land": land_table(ground, counts)}
    tables |= {f"around_{b.targets.kind}": band_table(b, counts) for b in bands}
    tables |= {"concentration": concentration_table(counts, DENSEST)}
    if counts.employees is not None:
        tables["large_workplaces"] = large_table(large)
    return Result(
        analysis="density",
        title=ANALYSIS.title,
        area=study.area,
        value=total / ground.settled_ha if known else None,
        unit="residents_per_ha",
        numerator=total if known else None,
        denominator=ground.settled_ha,
        numerator_unit="people",
        status=Status.OK if known else Status.INSUFFICIENT_DATA,
        finding=_finding(study, ground, counts, bands=bands),
        definition=_definition(study, params, ground, counts=counts, found=found),
        provenance=provenance(
            study,
            ["population_grid", "workplaces", "built_up", "stations", UNITS,
             *([found.layer] if found else []), *([ADDRESSES] if counts.by_address else [])],
            steps=("cells whose centre lies in the municipality", "settlements joined, cut to land",
                   "distance to the nearest station and frequent stop"),
        ),
        sensitivity=_readings(ground, counts),
        left_out=(*counts.residents.left_out,
                  *(counts.employees.left_out if counts.employees else ())),
        notes=_notes(ground, counts, bands),
        figures=_figures(ground, counts, bands, large=len(large)),
        tables=tables,
        frame=cell_frame(study, counts, bands),
        layers={**band_layers(study, bands), "large": large_frame(study, large)},
    )  # fmt: skip


def _asked(params: DensityParameters) -> dict[str, object]:
    """Return what was asked of the timetable; a ready list follows only what is left alone."""
    return {k: getattr(params, k) for k in {"min_per_hour", "window"} & params.model_fields_set}


def _finding(study: Study, ground: Ground, counts: Counts, *, bands: list[Banded]) -> Text:
    total = counts.residents.total
    density = total / ground.settled_ha if ground.settled_ha and is_publishable(total) else None
    first = t(
        f"density.finding_{'built_up' if ground.settled else 'land'}",
        name=study.area.name,
        residents=number(density, decimals=1),
    )
    sentences = [first]
    if counts.employees is not None and ground.settled_ha:
        jobs = number(counts.employees.total / ground.settled_ha, decimals=1)
        sentences.append(t("density.finding_jobs", jobs=jobs))
    for band in bands:
        near: dict[str, str | Text] = {
            "share": people_share(float(band.residents[:-1].sum()), of=total),
            "distance": metres(band.limits_m[-1]),
        }
        key = f"density.finding_{band.targets.kind}"
        if band.employees is not None and band.employees.sum():
            near["jobs"] = percent(float(band.employees[:-1].sum() / band.employees.sum()))
            key = f"{key}_jobs"
        sentences.append(t(key, **near))
    return Text(nb=" ".join(s.nb for s in sentences), en=" ".join(s.en for s in sentences))


def _definition(
    study: Study,
    params: DensityParameters,
    ground: Ground,
    *,
    counts: Counts,
    found: FrequentStops | None,
) -> Definition:
    source = study.source("population_grid")
    origins = "addresses" if counts.by_address else "centre"
    service = t("density.service_none")
    if found is not None and found.day is None:
        service = t("density.service_list")
    elif found is not None:
        service = t(
            "density.service_timetable",
            per_hour=number(params.min_per_hour),
            window=params.window.replace("-", "–"),
            date=day(found.day.date if found.day else None),
        )
    return Definition(
        sentence=t(
            "density.definition",
            source=Text(nb=source.title_nb, en=source.title_en),
            land=t(f"density.ground_{'built_up' if ground.settled else 'land'}"),
            place=t(f"access.place_{origins}"),
            bands=", ".join(str(m) for m in params.limits_m),
            service=service,
            densest=percent(DENSEST, decimals=0),
        ),
        parameters={**params.model_dump(), "origins": origins},
    )


def _readings(ground: Ground, counts: Counts) -> tuple[Reading, ...]:
    """Divide by all land too, and count those alone who live inside the settlements."""
    total = counts.residents.total
    if not is_publishable(total):
        return ()
    inside = counts.settled_residents
    rows = [("built_up", total, ground.settled_ha), ("land", total, ground.land_ha)]
    if not ground.settled:
        rows = rows[1:]
    elif is_publishable(inside) and is_publishable(total - inside):
        # The rest follows from the total, so the part goes to the nearest 10.
        rows.append(("inside", float(round_residents(inside) or 0), ground.settled_ha))
    return tuple(
        Reading(
            name=name,
            text=t(f"density.reading_{name}"),
            value=people / ha if ha else None,
            numerator=people,
            denominator=ha,
            chosen=i == 0,
        )
        for i, (name, people, ha) in enumerate(rows)
    )


def _figures(
    ground: Ground, counts: Counts, bands: list[Banded], *, large: int
) -> dict[str, Scalar]:
    total = counts.residents.total
    made: dict[str, Scalar] = {
        "residents": total if is_publishable(total) else UNDER_TEN,
        "land_ha": ground.land_ha,
    }
    if ground.settled:
        made["built_up_ha"] = ground.settled_ha
    lived = counts.residents.weight[counts.residents.weight > 0]
    if counts.enough(lived):
        made["densest_share"] = top_share(lived, DENSEST)
    if counts.employees is not None:
        made["employees"] = counts.employees.total
        made["large_workplaces"] = large
        for band in bands:
            if band.employees is not None and band.employees.sum():
                share = float(band.employees[:-1].sum() / band.employees.sum())
                made[f"employees_share_{band.targets.kind}"] = share
    return made


def _notes(ground: Ground, counts: Counts, bands: list[Banded]) -> tuple[Text, ...]:
    kinds = {b.targets.kind for b in bands}
    return (
        *(t(f"density.without_{k}") for k in ("stations", "frequent_stops") if k not in kinds),
        *((t("density.without_built_up"),) if not ground.settled else ()),
        *((t("density.without_workplaces"),) if counts.employees is None else ()),
        *((t("density.workplaces_note"),) if counts.employees is not None else ()),
    )


ANALYSIS = Analysis(
    id="density",
    title=t("density.title"),
    question=t("density.question"),
    parameters=DensityParameters,
    run=run,
    needs=("municipality", "population_grid"),
    uses=("workplaces", "built_up", "stations", "transit_stops", "frequent_stops", ADDRESSES,
          UNITS),
)  # fmt: skip
