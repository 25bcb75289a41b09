"""Lay out the board: the indicators that can be worked out from maps, with their classes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, JsonValue

from gis.analyses import board_access, board_land
from gis.analyses.board import (
    GRADES,
    Line,
    Measured,
    grade_of,
    line_of,
    read_targets,
    target_text,
    titles,
)
from gis.analyses.board_access import PLANNED
from gis.analyses.board_before import Earlier, read_earlier
from gis.analyses.board_land import POPULATION, PROTECTED, ROADS
from gis.analyses.board_list import hazards_of_board, indicators
from gis.analyses.built_up_states import EARLIER, HISTORY
from gis.analyses.frequent_stops import READY_LIST, TIMETABLE
from gis.analyses.green_access import FOREST
from gis.analyses.land_parts import BUILT_UP
from gis.analyses.parts import UNITS, provenance, table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.rides import STATIONS
from gis.analyses.scenario_plan import LAYER as CHANGES
from gis.analyses.shown import unit_of_cells
from gis.analyses.transit_tables import units_table
from gis.analyses.travel import counted_cells
from gis.analyses.zones import hazard_ids
from gis.protect import protect_table
from gis.result import Definition, Result, Status
from gis.text import Text, number, t

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.analyses.study import Study
    from gis.result import Table

# A service must not take this from strangers: it names a file of the user's own machine.
_OWN_FILE: dict[str, JsonValue] = {"own_file": True}
BOARD = "board"


class IndicatorsParameters(Parameters):
    """What is near, what is frequent, and which targets are set."""

    frequent_m: float = Field(
        default=1000, ge=50, le=5000, description="how far a frequent stop may be, metres"
    )
    min_per_hour: float = Field(
        default=4, gt=0, le=60, description="how many departures an hour make a stop frequent"
    )
    rail_min: float = Field(
        default=10, ge=1, le=60, description="how many minutes' cycling to a station"
    )
    green_m: float = Field(
        default=500, ge=50, le=5000, description="how far a forest may be, metres"
    )
    green_min_daa: float = Field(
        default=200, ge=0, le=100_000, description="how large a forest must be, decares"
    )
    own_targets: str = Field(
        default="",
        description="own targets in each indicator's unit, e.g. frequent=80,growth=90; the class "
        "is the value in per cent of the target",
    )
    before: Path | None = Field(
        default=None,
        description="an earlier board (JSON of this analysis) to show the change from",
        json_schema_extra=_OWN_FILE,
    )


def run(study: Study, params: IndicatorsParameters) -> Result:
    """Measure every indicator of the board; one that cannot be is a line with the reason.

    Shares of residents are worked out from counts to the nearest 10, as every published
    headline, so the board shows the same with exact numbers or without. Classes are those
    of U4SSC, in per cent of the target. Raises ParameterError (targets), SourceError (before).
    """
    earlier = None if params.before is None else read_earlier(params.before, study.area)
    lines = board_lines(study, params)
    reported = [x for x in lines if x.measured.value is not None]
    used = [layer for x in lines for layer in x.measured.layers]
    return Result(
        analysis="indicators",
        title=ANALYSIS.title,
        area=study.area,
        value=float(len(reported)),
        unit="indicators",
        numerator=float(len(reported)),
        denominator=float(len(lines)),
        numerator_unit="indicators",
        status=Status.OK if reported else Status.INSUFFICIENT_DATA,
        finding=_finding(study, lines, len(reported)),
        definition=Definition(
            sentence=t("indicators.definition"),
            parameters={
                **params.model_dump(exclude={"before"}),
                "before": None if params.before is None else params.before.name,
            },
        ),
        provenance=provenance(
            study, used, steps=("each indicator by the analysis that answers it alone",)
        ),
        notes=_notes(earlier),
        figures={f"board_{g}": sum(x.grade == g for x in lines) for g in GRADES},
        tables=_tables(study, lines, earlier),
        frame=_units(study, lines),
    )


def board_lines(study: Study, params: IndicatorsParameters) -> list[Line]:
    """Measure every indicator in the order of the board. Raises ParameterError (targets)."""
    asked, measures = indicators(), _measures(study, params)
    targets = read_targets(params.own_targets, asked)
    return [line_of(study, i, measures[i.id], targets=targets) for i in asked]


def _measures(study: Study, params: IndicatorsParameters) -> dict[str, Callable[[], Measured]]:
    """Return what measures each indicator of the board."""
    frequent = {"max_m": params.frequent_m, "min_per_hour": params.min_per_hour}
    hazards = {
        i.id: partial(board_land.hazard, study, i.id.removeprefix("hazard_"))
        for i in hazards_of_board()
    }
    return {
        "any_500": partial(board_access.any_stop, study, 500.0),
        "any_1000": partial(board_access.any_stop, study, 1000.0),
        "frequent": partial(board_access.frequent_stop, study, **frequent),
        "rail": partial(board_access.rail_by_bicycle, study, params.rail_min),
        "green": partial(
            board_access.green, study, max_m=params.green_m, min_daa=params.green_min_daa
        ),
        **hazards,
        "built_up": partial(board_land.built_up, study),
        "land_growth": partial(board_land.land_growth, study),
        "density": partial(board_land.density, study),
        "protected": partial(board_land.protected, study),
        "cycle": partial(board_land.cycle_network, study),
        "growth": partial(board_access.growth, study, **frequent),
    }


def _finding(study: Study, lines: list[Line], reported: int) -> Text:
    """Say how many are told, and how many of each class there are."""
    graded = {g: sum(x.grade == g for x in lines) for g in GRADES[:4]}
    parts = [
        t("indicators.counted", count=number(n), grade=t(f"grades.in_words_{g}"))
        for g, n in graded.items()
        if n
    ]
    classes = t("indicators.no_classes")
    if parts:
        classes = Text(nb=", ".join(p.nb for p in parts), en=", ".join(p.en for p in parts))
    return t(
        "indicators.finding",
        name=study.area.name,
        reported=number(reported),
        all=number(len(lines)),
        classes=classes,
    )


def _notes(earlier: Earlier | None) -> tuple[Text, ...]:
    notes = (t("indicators.note_classes"), t("indicators.note_rounded"))
    if earlier is None:
        return notes
    return (*notes, t("indicators.note_before", file=earlier.file))


def _units(study: Study, lines: list[Line]) -> gpd.GeoDataFrame | None:
    """Return the class of each basic statistical unit, by residents near a frequent stop.

    From the unit's numbers as its table may be published: where they are hidden, so is
    the class. A unit is drawn as its inhabited cells, so that empty land has no class.
    """
    line = next(x for x in lines if x.indicator.id == "frequent")
    if line.measured.parts is None or not study.has(UNITS):
        return None
    cells = counted_cells(study, "residents")
    rows = protect_table(units_table(study, cells, {"reached": line.measured.parts})).frame
    by_number = rows.set_index("number")["share"]
    units, row = study.frame(UNITS), unit_of_cells(study, cells)
    lived = (row >= 0) & (cells.weight > 0)
    drawn = (
        pd.Series(cells.squares[lived])
        .groupby(row[lived])
        .agg(lambda squares: shapely.union_all(squares.to_numpy()))
    )
    near = units.iloc[drawn.index]
    number = near["number"].astype(str).to_numpy()
    found = pd.Series(number).map(by_number).to_numpy(dtype=np.float64)
    grades = [grade_of(None if np.isnan(x) else 100.0 * x, line.target) for x in found]
    return gpd.GeoDataFrame(
        {
            "number": number,
            "name": near["name"].astype(str).to_numpy(),
            "share": found,
            "board_grade": grades,
        },
        geometry=drawn.to_numpy(),
        crs=study.crs,
    )


def _tables(study: Study, lines: list[Line], earlier: Earlier | None) -> dict[str, Table]:
    """Lay out the board, one row an indicator, and what each of them is and comes from.

    With an earlier board its values and the change stand beside the new ones.
    """
    rows = [_row(study, line) for line in lines]
    if earlier is not None:
        rows = [row | earlier.change(row) for row in rows]
    change = ("before", "change", "change_remark") if earlier is not None else ()
    codes = ("indicator_id", "grade_key", "unit_key", "definition_key")
    named = {
        BOARD: ("indicator", "value", "unit", "grade", *change, "target", "remark", *codes),
        "definitions": (
            *("indicator", "theme", "definition", "layers", "year", "standard", "checked"),
            "indicator_id",
        ),
    }
    frame = pd.DataFrame(rows)
    return {name: _table(name, frame, columns) for name, columns in named.items()}


def _table(name: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> Table:
    kinds = dict.fromkeys(("value", "before", "change"), ("measure", 1))
    return table(
        name,
        frame,
        [(c, *kinds.get(c, ("text", 0))) for c in columns],
        key="indicator_id",
        title=t(f"indicators.table_{name}"),
        # Words of the board's own: "value" or "theme" mean other things elsewhere.
        headings={c: t(f"board_columns.{c}") for c in columns},
    )


def _row(study: Study, line: Line) -> dict[str, object]:
    one, measured = line.indicator, line.measured
    layers = list(measured.layers)
    return {
        "indicator": one.heading,
        "value": measured.value,
        "unit": t(f"indicators.unit_{one.unit}"),
        "grade": t(f"grades.{line.grade}"),
        "target": target_text(line),
        "remark": measured.remark or Text(nb="", en=""),
        "definition": measured.definition,
        "layers": titles(layers),
        "year": _years(study, layers),
        "standard": one.standard,
        "checked": t(f"indicators.checked_{one.checked}"),
        "theme": t(f"indicators.theme_{one.theme}"),
        "indicator_id": one.id,
        "grade_key": line.grade,
        "unit_key": one.unit,
        "definition_key": measured.key,
    }


def _years(study: Study, layers: list[str]) -> str:
    """Return the years of the layers' dates, the oldest first; a dash where none is known."""
    dates = [study.source(x).date for x in layers if study.has(x)]
    return ", ".join(sorted({str(d.year) for d in dates if d is not None})) or "–"


ANALYSIS = Analysis(
    id="indicators",
    title=t("indicators.title"),
    question=t("indicators.question"),
    parameters=IndicatorsParameters,
    run=run,
    needs=("municipality",),
    uses=(
        POPULATION,
        TIMETABLE,
        READY_LIST,
        STATIONS,
        FOREST,
        BUILT_UP,
        EARLIER,
        HISTORY,
        PROTECTED,
        ROADS,
        PLANNED,
        CHANGES,
        UNITS,
        *hazard_ids(),
    ),
)
