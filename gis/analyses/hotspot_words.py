"""Word the species analysis: finding, definition, notes, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.result import Definition, LeftOut
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.biodiversity_hotspots import BiodiversityHotspotsParameters
    from gis.analyses.records import Records
    from gis.analyses.richness_grid import GridCells
    from gis.analyses.study import Study


def finding(
    study: Study,
    params: BiodiversityHotspotsParameters,
    cells: GridCells,
    *,
    within_km2: float,
    spots_km2: float,
) -> Text:
    """Say how many cells are hot spots, and how much of them lies in planned areas."""
    counts: dict[str, str | Text] = {
        "hot": number(int(cells.hot.sum())),
        "enough": number(int(cells.enough.sum())),
        "all": number(len(cells.squares)),
        "size": number(params.cell_m),
        "name": study.area.name,
        "measure": t(f"biodiversity_hotspots.measure_{params.measure}"),
    }
    if not cells.hot.any():
        return t("biodiversity_hotspots.finding_none", **counts)
    if not study.has("planned_areas"):
        return t("biodiversity_hotspots.finding_plain", **counts)
    touched = percent(within_km2 / spots_km2 if spots_km2 else None)
    return t("biodiversity_hotspots.finding", share=touched, **counts)


def definition(study: Study, params: BiodiversityHotspotsParameters) -> Definition:
    """Spell out the grid, the measure, the test and every parameter."""
    source = study.source("species_records")
    return Definition(
        sentence=t(
            "biodiversity_hotspots.definition",
            source=Text(nb=source.title_nb, en=source.title_en),
            size=number(params.cell_m),
            records=number(params.min_records),
            measure=t(f"biodiversity_hotspots.measure_{params.measure}"),
            limit=number(params.limit_m),
            fdr=percent(params.max_fdr, decimals=0),
        ),
        parameters={**params.model_dump(), "max_uncertainty_m": params.limit_m},
    )


def notes(records: Records, params: BiodiversityHotspotsParameters) -> tuple[Text, ...]:
    """Say what the numbers do not tell: effort, DD, weights, and species nobody evaluated."""
    notes = [
        t("biodiversity_hotspots.note_effort"),
        t("biodiversity_hotspots.note_deficient"),
        t(
            "biodiversity_hotspots.note_weights",
            **{
                k.lower(): number(v, decimals=0 if v == int(v) else 1)
                for k, v in params.weights.items()
            },
        ),
        t("biodiversity_hotspots.note_ignorance", records=number(params.half_ignorance)),
    ]
    unknown = len(records.x) - records.evaluated
    if unknown:
        notes.append(
            t(
                "biodiversity_hotspots.note_not_evaluated",
                count=number(unknown),
                share=percent(unknown / len(records.x)),
            )
        )
    return tuple(notes)


def at_sea(records: Records, cells: GridCells) -> tuple[LeftOut, ...]:
    """Count the records in cells without land, which belong to no cell of the grid."""
    count = len(records.x) - int(cells.records.sum())
    if not count:
        return ()
    text = t("left_out.at_sea", count=number(count))
    return (LeftOut(reason="at_sea", text=text, count=count, unit="records"),)


def too_few(cells: GridCells) -> tuple[LeftOut, ...]:
    """Count the cells with too few records to say anything."""
    count = int((~cells.enough).sum())
    text = t("left_out.too_few_records", count=number(count))
    return (LeftOut(reason="too_few_records", text=text, count=count, unit="cells"),)
