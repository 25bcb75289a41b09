"""Screen what a sea level would reach, from the terrain model: filled from the sea alone.

A screening, not Kartverket's polygons: still water, no waves, currents, erosion or
river; culverts and pumps are not known. Low ground the sea does not reach over the
terrain is shown apart. No level is built in: level, datum, source and date are given,
and the series of levels is a ruler that says nothing of how often a level comes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, field_validator
from rasterio.features import shapes

from gis.analyses.parts import provenance, table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import at_centres, cells_inside, over_addresses
from gis.analyses.surge_ground import (
    SEA,
    TERRAIN,
    Ground,
    ground_of,
    known_km2,
    unknown_km2,
)
from gis.disclosure import round_residents
from gis.kernels.seafill import DISCONNECTED, Fill, depth_counts, paint_depths, sea_fill
from gis.kernels.seafill import SEA as SEA_CELL
from gis.result import Definition, Result, Status
from gis.text import Text, number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells, Spread
    from gis.analyses.study import Study
    from gis.result import Table

_MOST_LEVELS = 24
_LEAST_M, _MOST_M = -10, 50
# The national datum of heights since 2009; Kartverket's terrain models are above it.
_NATIONAL = "NN2000"
_KM2 = 1e6


class SurgeParameters(Parameters):
    """Which levels, above which datum, from which source."""

    level_m: float | None = Field(
        default=None,
        gt=_LEAST_M,
        le=_MOST_M,
        description="the level asked for, metres above the datum; without it the series alone",
    )
    levels: str = Field(
        default="0.5,1,1.5,2,2.5,3",
        description="a ruler of levels in metres, split by commas, for the table and the slider",
    )
    depths: str = Field(
        default="0.5,1,2", description="upper bounds of the depth classes in metres, rising"
    )
    datum: str = Field(
        default=_NATIONAL, description="the datum of the level; the terrain model must have it too"
    )
    source: str = Field(default="", description="who gave the level, e.g. Kartverket Se havnivå")
    date: str = Field(default="", description="when the level was given, YYYY-MM-DD")
    spread: Literal["sides", "corners"] = Field(
        default="sides", description="whether water passes between cells that share a corner alone"
    )

    @field_validator("levels", "depths")
    @classmethod
    def _numbers(cls, value: str) -> str:
        try:
            found = _split(value)
        except ValueError:
            message = "numbers split by commas, e.g. 0.5,1,2"
            raise ValueError(message) from None
        rising = found == sorted(set(found)) and all(_LEAST_M < x <= _MOST_M for x in found)
        if not 1 <= len(found) <= _MOST_LEVELS or not rising:
            message = (
                f"1 to {_MOST_LEVELS} rising numbers split by commas, above {_LEAST_M} and at most "
                f"{_MOST_M} metres"
            )
            raise ValueError(message)
        return value

    @field_validator("depths")
    @classmethod
    def _above_zero(cls, value: str) -> str:
        if min(_split(value)) <= 0:
            message = "a depth is above 0 metres"
            raise ValueError(message)
        return value

    @field_validator("date")
    @classmethod
    def _is_date(cls, value: str) -> str:
        try:
            return value and dt.date.fromisoformat(value).isoformat()
        except ValueError:
            message = "a date as YYYY-MM-DD, or nothing"
            raise ValueError(message) from None

    @property
    def ruler(self) -> list[float]:
        """The levels of the series, the level asked for among them."""
        own = [] if self.level_m is None else [self.level_m]
        return sorted({*_split(self.levels), *own})

    @property
    def breaks(self) -> list[float]:
        """The upper bounds of the depth classes."""
        return _split(self.depths)


@dataclass(frozen=True)
class Level:
    """What is kept of one level: its fill, areas, polygons, and which places it reaches.

    ``apart``: places at or below the level that the sea does not reach over the terrain.
    """

    fill: Fill
    reached_km2: float
    apart_km2: float
    wet: NDArray[np.bool_]
    apart: NDArray[np.bool_]
    drawn: gpd.GeoDataFrame


def _split(text: str) -> list[float]:
    return [float(x) for x in text.split(",") if x.strip()]


def run(study: Study, params: SurgeParameters) -> Result:
    """Fill the terrain from the sea at each level of the series; count area and residents.

    The value is the share of the land of known height under water at ``level_m``; there is
    none where no level is given. Residents are at their addresses, else at the centre
    of their cell.
    """
    ground = ground_of(study)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    where = over_addresses(study, cells) if study.has("addresses") else at_centres(cells)
    levels = [_level(study, ground, where, params=params, level_m=x) for x in params.ruler]
    main = levels[-1] if params.level_m is None else levels[params.ruler.index(params.level_m)]
    # Painted again rather than kept: a terrain of 1 m holds hundreds of millions of cells.
    drawn = _painted(main.fill, ground, params)
    known, flooded = known_km2(ground), main.reached_km2
    asked = params.level_m is not None
    unknown = unknown_km2(study, ground)
    return Result(
        analysis="surge",
        title=ANALYSIS.title,
        area=study.area,
        value=flooded / known if asked and known else None,
        unit="share",
        numerator=flooded if asked else None,
        denominator=known,
        numerator_unit="km2",
        status=(Status.PARTLY_MAPPED if unknown else Status.OK) if known else Status.NOT_MAPPED,
        finding=_finding(
            study,
            params,
            level=main.fill.level_m,
            flooded=flooded,
            residents=float(where.weight[main.wet].sum()),
        ),
        definition=_definition(study, params, ground),
        provenance=provenance(
            study,
            [TERRAIN, SEA, "population_grid", *(["addresses"] if study.has("addresses") else [])],
            steps=("cells at or below the level, joined from the sea", "disconnected low ground"),
        ),
        notes=_notes(params, unknown),
        figures={"land_km2": study.area.land_km2, "unknown_km2": unknown},
        tables={
            "levels": _level_table(ground, cells, where, levels=levels),
            "depths": _depth_table(ground, main.fill, params),
        },
        frame=_polygons(study, drawn, ground, n_breaks=len(params.breaks)),
        layers=_layers(study, ground, drawn, levels=levels, level_m=main.fill.level_m),
    )


def _definition(study: Study, params: SurgeParameters, ground: Ground) -> Definition:
    return Definition(
        sentence=t(
            "surge.definition",
            spread=t(f"surge.spread_{params.spread}"),
            cell=number(abs(ground.transform.a), decimals=1),
            where=t("surge.at_addresses" if study.has("addresses") else "surge.at_centres"),
        ),
        parameters=params.model_dump(),
    )


def _level(
    study: Study, ground: Ground, where: Spread, *, params: SurgeParameters, level_m: float
) -> Level:
    """Fill to one level and keep what is asked of it, but not the picture."""
    diagonal = params.spread == "corners"
    fill = sea_fill(ground.height, ground.sea, level_m=level_m, diagonal=diagonal)
    classes = _painted(fill, ground, params)
    row, column, inside = ground.at(where.x, where.y)
    found = np.where(inside, classes[row, column], 0)
    reached = (classes > 0) & (classes < SEA_CELL) & ground.own
    return Level(
        fill=fill,
        reached_km2=float(reached.sum()) * ground.cell_km2,
        apart_km2=float(((classes == DISCONNECTED) & ground.own).sum()) * ground.cell_km2,
        wet=(found > 0) & (found < DISCONNECTED),
        apart=found == DISCONNECTED,
        drawn=_vectors(study, reached.view(np.uint8), ground),
    )


def _painted(fill: Fill, ground: Ground, params: SurgeParameters) -> NDArray[np.uint8]:
    return paint_depths(fill, ground.height, ground.sea, breaks_m=params.breaks)


def _finding(
    study: Study, params: SurgeParameters, *, level: float, flooded: float, residents: float
) -> Text:
    rounded = round_residents(residents)
    count = t("common.under_ten") if rounded is None else number(rounded)
    key = "finding" if params.level_m is not None else "finding_series"
    return t(
        f"surge.{key}",
        level=number(level, decimals=2),
        datum=params.datum,
        name=study.area.name,
        area=number(flooded, decimals=2),
        residents=count,
    )


def _notes(params: SurgeParameters, unknown: float) -> tuple[Text, ...]:
    made = [t("surge.note_screening"), t("surge.note_ruler")]
    if params.level_m is not None and not (params.source and params.date):
        made.append(t("surge.note_no_source"))
    if params.datum.strip().upper() != _NATIONAL:
        made.append(t("surge.note_datum", datum=params.datum))
    if unknown > 0:
        made.append(t("surge.note_unknown", area=number(unknown, decimals=2)))
    return tuple(made)


def _level_table(ground: Ground, cells: Cells, where: Spread, *, levels: list[Level]) -> Table:
    """List for each level who is reached there first, so that no two levels need subtracting.

    Who lives on ground below the highest level that the sea does not reach over the
    terrain is no higher than the sea: a culvert may let it in.
    """
    row, column, inside = ground.at(where.x, where.y)
    known = inside & (np.isfinite(ground.height[row, column]) | ground.sea[row, column])
    n = len(levels)
    first = np.full(len(where.x), n, dtype=np.int64)
    first[levels[-1].apart] = n + 1
    for i, level in reversed([*enumerate(levels)]):
        first[level.wet] = i
    first[~known] = n + 2
    counts = np.bincount(first, weights=where.weight, minlength=n + 3)
    rest = [np.nan] * 4
    frame = pd.DataFrame(
        {
            "level": [
                *(t("surge.up_to", level=number(x.fill.level_m, decimals=2)) for x in levels),
                t("surge.higher"),
                t("surge.apart"),
                t("fields.outside_data"),
                t("common.total"),
            ],
            "residents": [*counts, cells.total],
            "reached_km2": [*(x.reached_km2 for x in levels), *rest],
            "disconnected_km2": [*(x.apart_km2 for x in levels), *rest],
        }
    )
    columns = (
        ("level", "text", 0),
        ("residents", "residents", 0),
        ("reached_km2", "km2", 2),
        ("disconnected_km2", "km2", 2),
    )
    # Anybody may move a level by a centimetre: two exact answers would differ by a house.
    return table("levels", frame, columns, total=True, counts="bands", to_ten=True)


def _depth_table(ground: Ground, fill: Fill, params: SurgeParameters) -> Table:
    """Measure the area by depth of water at the level, reached and disconnected."""
    # What is not the municipality's is taken for sea here, so that it is not measured.
    elsewhere = ground.sea | ~ground.own
    reached, apart = depth_counts(fill, ground.height, elsewhere, breaks_m=params.breaks)
    frame = pd.DataFrame(
        {
            "depth": [*_depth_names(params.breaks), t("common.total")],
            "reached_km2": [*reached, reached.sum()],
            "disconnected_km2": [*apart, apart.sum()],
        }
    )
    for name in ("reached_km2", "disconnected_km2"):
        frame[name] = frame[name].astype(float) * ground.cell_km2
    columns = (("depth", "text", 0), ("reached_km2", "km2", 3), ("disconnected_km2", "km2", 3))
    return table("depths", frame, columns, total=True)


def _depth_names(breaks: list[float]) -> list[Text]:
    bounds = [0.0, *breaks]
    names = [
        t("surge.depth", low=number(a, decimals=1), high=number(b, decimals=1))
        for a, b in zip(bounds[:-1], breaks, strict=True)
    ]
    return [*names, t("surge.depth_over", low=number(breaks[-1], decimals=1))]


def _polygons(
    study: Study, classes: NDArray[np.uint8], ground: Ground, *, n_breaks: int
) -> gpd.GeoDataFrame:
    """Draw the depth classes of the land the sea reaches, as polygons."""
    wet = (classes > 0) & (classes <= n_breaks + 1) & ground.own
    return _vectors(study, np.where(wet, classes, 0).astype(np.uint8), ground)


def _vectors(study: Study, classes: NDArray[np.uint8], ground: Ground) -> gpd.GeoDataFrame:
    found: dict[int, list[Any]] = {}
    for shape, value in shapes(classes, mask=classes > 0, transform=ground.transform):
        found.setdefault(int(value), []).append(shapely.geometry.shape(shape))
    keys = sorted(found)
    return gpd.GeoDataFrame(
        {
            "depth": [str(k) for k in keys],
            "area_km2": [sum(p.area for p in found[k]) / _KM2 for k in keys],
        },
        geometry=[shapely.union_all(found[k]) for k in keys],
        crs=study.crs,
    )


def _layers(
    study: Study,
    ground: Ground,
    classes: NDArray[np.uint8],
    *,
    levels: list[Level],
    level_m: float,
) -> dict[str, gpd.GeoDataFrame]:
    """Give maps one frame with an area a level, and the low ground the sea does not reach."""
    frames = []
    for level in levels:
        title = number(level.fill.level_m, decimals=2)
        named = {"title_nb": f"{title.nb}\u00a0m", "title_en": f"{title.en}\u00a0m"}
        frame = level.drawn.drop(columns="depth")
        frames.append(frame.assign(level_m=level.fill.level_m, **named))
    apart = _vectors(study, ((classes == DISCONNECTED) & ground.own).view(np.uint8), ground)
    series = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=study.crs)
    return {
        "series": series,
        "disconnected": apart.drop(columns="depth").assign(level_m=level_m),
    }


ANALYSIS = Analysis(
    id="surge",
    title=t("surge.title"),
    question=t("surge.question"),
    parameters=SurgeParameters,
    run=run,
    needs=("municipality", "population_grid", TERRAIN, SEA),
    uses=("addresses",),
)
