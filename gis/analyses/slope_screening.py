"""Screen the terrain for slopes so steep that slides may start there.

A screening and nothing more: it shows where the ground is steep, neither how far a slide
would run nor how often one comes. It is no caution area of NVE's and no hazard zone, and
gentle ground below steep ground is not cleared by it.

Avalanches seldom start below 30 degrees and mostly between 30 and 45 (NVE, varsom.no,
"Løsneområder for snøskred"). The class from 25 degrees is a margin of this program's own,
since a terrain model of 10 m smooths steep steps away; it is no limit of NVE's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pydantic import Field, field_validator
from rasterio.features import rasterize, shapes, sieve
from rasterio.windows import Window

from gis.analyses.parts import provenance, table
from gis.analyses.registry import Analysis, Parameters
from gis.analyses.residents import at_centres, cells_inside, over_addresses
from gis.errors import ParameterError
from gis.kernels.slope import gradient
from gis.result import Definition, Result, Status
from gis.sources.window import known_heights
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.result import Table

TERRAIN = "terrain"
# Classes in the raster: 0 gentler than all, 1 and on by break, the last value not known.
_UNKNOWN = 255
_BLOCK_CELLS = 4_000_000
_KM2, _HA_M2 = 1e6, 1e4
_MOST = 6


class SlopeScreeningParameters(Parameters):
    """Which slopes count, and the least patch that is drawn."""

    breaks_deg: str = Field(
        default="25,30,45",
        description="lower bounds of the classes in degrees, rising, split by commas; 30 and 45 "
        "after NVE's varsom.no on where avalanches start, 25 a margin for the terrain model",
    )
    least_ha: float = Field(
        default=0.2, ge=0, le=100, description="patches smaller than this are not drawn (hectares)"
    )

    @field_validator("breaks_deg")
    @classmethod
    def _rising(cls, value: str) -> str:
        try:
            found = [float(x) for x in value.split(",") if x.strip()]
        except ValueError:
            message = "degrees split by commas, e.g. 25,30,45"
            raise ValueError(message) from None
        inside = all(0 < x < 90 for x in found)
        if not 1 <= len(found) <= _MOST or not inside or found != sorted(set(found)):
            message = f"1 to {_MOST} rising degrees above 0 and below 90, split by commas"
            raise ValueError(message)
        return value

    @property
    def breaks(self) -> list[float]:
        """The lower bounds of the classes, degrees."""
        return [float(x) for x in self.breaks_deg.split(",") if x.strip()]


@dataclass(frozen=True)
class Steep:
    """The class of every cell of the terrain, which are the municipality's land, its place."""

    classes: NDArray[np.uint8]
    land: NDArray[np.bool_]
    transform: Any

    @property
    def cell_km2(self) -> float:
        """The area of one cell."""
        return abs(float(self.transform.a * self.transform.e)) / _KM2

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the class at points; not known beyond the terrain."""
        column = np.floor((x - self.transform.c) / self.transform.a).astype(np.int64)
        row = np.floor((y - self.transform.f) / self.transform.e).astype(np.int64)
        rows, columns = self.classes.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        found = self.classes[np.where(inside, row, 0), np.where(inside, column, 0)]
        return np.where(inside, found, _UNKNOWN).astype(np.uint8)


def steep_ground(study: Study, breaks_deg: list[float]) -> Steep:
    """Class the slope of the terrain, a strip of rows at a time. Raises ParameterError.

    Exactly on a break belongs to the steeper class. A cell whose neighbour is not known
    is not known itself.
    """
    with rasterio.open(study.file(TERRAIN)) as file:
        m = file.transform
        if abs(m.a + m.e) > 1e-6 * abs(m.a):
            message = f"layer {TERRAIN}: cells of {m.a} x {-m.e} m; slopes need square cells"
            raise ParameterError(message)
        classes = np.empty(file.shape, dtype=np.uint8)
        step = max(_BLOCK_CELLS // file.width, 1)
        for top in range(0, file.height, step):
            end = min(top + step, file.height)
            # A row more on each side, so that strips leave no seam.
            first, last = max(top - 1, 0), min(end + 1, file.height)
            window = Window(0, first, file.width, last - first)
            steep = gradient(known_heights(file, window), cell_m=abs(float(m.a)))
            degrees = np.degrees(np.arctan(steep))
            found = np.digitize(degrees, breaks_deg).astype(np.uint8)
            found[~np.isfinite(degrees)] = _UNKNOWN
            classes[top:end] = found[top - first : top - first + end - top]
    land: NDArray[np.uint8] = rasterize(
        [study.land], out_shape=classes.shape, transform=m, dtype="uint8"
    )
    return Steep(classes, land.view(np.bool_), m)


def run(study: Study, params: SlopeScreeningParameters) -> Result:
    """Measure the municipality's land by class of slope, and who lives in each.

    The value is the share of the land with a known slope that is at least as steep as the
    first break. Residents are at their addresses, else at the centre of their cell.
    """
    steep = steep_ground(study, params.breaks)
    n = len(params.breaks)
    counts = np.bincount(steep.classes[steep.land], minlength=_UNKNOWN + 1)
    known, over = float(counts[: n + 1].sum()), float(counts[1 : n + 1].sum())
    # Land beyond the terrain model is as little known as a gap in it.
    land_km2 = study.area.land_km2
    unknown_km2 = max(land_km2 - known * steep.cell_km2, 0.0)
    gap = unknown_km2 > 0.001 * land_km2
    value = over / known if known else None
    return Result(
        analysis="slope-screening",
        title=ANALYSIS.title,
        area=study.area,
        value=value,
        unit="share",
        numerator=over * steep.cell_km2 if known else None,
        denominator=known * steep.cell_km2,
        numerator_unit="km2",
        status=(Status.PARTLY_MAPPED if gap else Status.OK) if known else Status.NOT_MAPPED,
        finding=t(
            "slope.finding",
            share=percent(value),
            area=number(over * steep.cell_km2, decimals=1),
            name=study.area.name,
            least=number(params.breaks[0]),
        ),
        definition=Definition(
            sentence=t(
                "slope.definition",
                cell=number(abs(steep.transform.a), decimals=1),
                where=t("surge.at_addresses" if study.has("addresses") else "surge.at_centres"),
            ),
            parameters=params.model_dump(),
        ),
        provenance=provenance(
            study,
            [TERRAIN, "population_grid", *(["addresses"] if study.has("addresses") else [])],
            steps=("slope by central differences of the heights", "classes by lower bounds"),
        ),
        notes=(
            t("slope.note_screening"),
            t("slope.note_limits"),
            *([t("slope.note_unknown", area=number(unknown_km2, decimals=2))] if gap else []),
        ),
        figures={"land_km2": land_km2, "unknown_slope_km2": unknown_km2},
        tables={"slopes": _table(study, steep, params)},
        frame=_polygons(study, steep, params),
    )


def _names(breaks: list[float]) -> list[Text]:
    pairs = [
        t("slope.between", low=number(a), high=number(b)) for a, b in itertools.pairwise(breaks)
    ]
    return [*pairs, t("slope.over", low=number(breaks[-1]))]


def _table(study: Study, steep: Steep, params: SlopeScreeningParameters) -> Table:
    """List land and residents by class, the gentle and the unknown too, with their sum."""
    n = len(params.breaks)
    cells = cells_inside(study, layer="population_grid", weight="residents")
    where = over_addresses(study, cells) if study.has("addresses") else at_centres(cells)
    slot = np.minimum(steep.at(where.x, where.y).astype(np.int64), n + 1)
    residents = np.bincount(slot, weights=where.weight, minlength=n + 2)
    land = np.minimum(steep.classes[steep.land].astype(np.int64), n + 1)
    area = np.bincount(land, minlength=n + 2) * steep.cell_km2
    names = [
        t("slope.under", high=number(params.breaks[0])),
        *_names(params.breaks),
        t("slope.unknown"),
    ]
    # The steepest first, as the hazards have the worst first.
    order = [*range(n, -1, -1), n + 1]
    frame = pd.DataFrame(
        {
            "class": [*(names[i] for i in order), t("common.total")],
            "residents": [*residents[order], cells.total],
            "area_km2": [*area[order], area.sum()],
        }
    )
    columns = (("class", "text", 0), ("residents", "residents", 0), ("area_km2", "km2", 2))
    # Anybody may move a limit by a tenth of a degree.
    return table("slopes", frame, columns, total=True, counts="bands", to_ten=True)


def _polygons(study: Study, steep: Steep, params: SlopeScreeningParameters) -> gpd.GeoDataFrame:
    """Draw the steep classes; patches below ``least_ha`` go to what lies around them."""
    drawn = np.where(steep.land & (steep.classes != _UNKNOWN), steep.classes, 0).astype(np.uint8)
    least = int(np.ceil(params.least_ha * _HA_M2 / (steep.cell_km2 * _KM2)))
    if least > 1 and drawn.any():
        drawn = sieve(drawn, size=least)
    found: dict[int, list[Any]] = {}
    for shape, value in shapes(drawn, mask=drawn > 0, transform=steep.transform):
        found.setdefault(int(value), []).append(shapely.geometry.shape(shape))
    names, keys = _names(params.breaks), sorted(found, reverse=True)
    return gpd.GeoDataFrame(
        {
            "slope": [f"{params.breaks[k - 1]:g}" for k in keys],
            "title_nb": [names[k - 1].nb for k in keys],
            "title_en": [names[k - 1].en for k in keys],
            "area_km2": [sum(p.area for p in found[k]) / _KM2 for k in keys],
        },
        geometry=[shapely.MultiPolygon(found[k]) for k in keys],
        crs=study.crs,
    )


ANALYSIS = Analysis(
    id="slope-screening",
    title=t("slope.title"),
    question=t("slope.question"),
    parameters=SlopeScreeningParameters,
    run=run,
    needs=("municipality", "population_grid", TERRAIN),
    uses=("addresses",),
)
