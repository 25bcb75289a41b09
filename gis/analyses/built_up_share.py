"""Work out how much of the land is built up: land inside settlements over land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import UNITS, land_note, provenance, share, table, units_inside
from gis.analyses.registry import Analysis, Parameters
from gis.errors import GeometryError, LayerMissingError
from gis.result import Definition, Reading, Result, Status, Table
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.study import Study


class BuiltUpShareParameters(Parameters):
    """No parameters: the settlement polygons are the definition."""


def run(study: Study, _params: BuiltUpShareParameters) -> Result:
    """Divide the land inside the settlement polygons by the land of the municipality.

    Settlements are joined before they are measured, so that overlaps count once.
    Areas are planar in the working CRS; in EPSG:25833 that is within 0.1 % of the
    geodesic area in southern Norway.
    """
    if not shapely.area(study.land):
        message = (
            f"{study.area.number} {study.area.name} has no land left when the sea is taken away"
        )
        raise GeometryError(message)
    built_up = study.frame("built_up")
    inside = np.sort(built_up.sindex.query(study.land, predicate="intersects"))
    parts = built_up.iloc[inside]
    if not len(built_up):
        message = (
            f"the layer built_up has nothing in or within {study.halo_m} m of {study.area.number} "
            f"{study.area.name}; its file does not seem to reach there"
        )
        raise LayerMissingError(message)
    clipped = shapely.intersection(parts.geometry.to_numpy(), study.land)
    whole = shapely.union_all(clipped)
    value = float(shapely.area(whole)) / float(shapely.area(study.land))
    built_km2 = float(shapely.area(whole)) / 1e6
    tables = {"areas": _areas_table(parts, clipped, study)}
    if study.has(UNITS):
        tables["units"] = _units_table(study, whole)
    frame = gpd.GeoDataFrame(
        {"number": parts["number"].to_numpy(), "name": parts["name"].to_numpy()},
        geometry=clipped,
        crs=study.crs,
    )
    return Result(
        analysis="built-up-share",
        title=ANALYSIS.title,
        area=study.area,
        value=value,
        unit="share",
        numerator=built_km2,
        denominator=study.area.land_km2,
        numerator_unit="km2",
        status=Status.OK,
        finding=_finding(study, value, built_km2),
        definition=_definition(study),
        provenance=provenance(
            study,
            ["built_up", UNITS],
            steps=("settlements joined", "cut to land", "area in the working CRS"),
        ),
        sensitivity=_readings(study, built_km2),
        figures={"land_km2": study.area.land_km2, "built_up_km2": built_km2},
        tables=tables,
        frame=frame,
    )


def _finding(study: Study, value: float, built_km2: float) -> Text:
    return t(
        "built_up_share.finding",
        share=percent(value),
        name=study.area.name,
        built=number(built_km2, decimals=1),
        land=number(study.area.land_km2, decimals=1),
    )


def _definition(study: Study) -> Definition:
    source = study.source("built_up")
    return Definition(
        sentence=t(
            "built_up_share.definition",
            layer=Text(nb=source.title_nb, en=source.title_en),
            owner=source.owner,
            land=land_note(study),
        ),
        parameters={"layer": "built_up", "sea_removed": study.sea_removed},
    )


def _readings(study: Study, built_km2: float) -> tuple[Reading, ...]:
    """Divide by the polygon as delivered too, where a sea layer took some of it away.

    A boundary clipped at the coast loses land to a coarser sea layer; the two show how much.
    """
    if not study.sea_removed:
        return ()
    whole_km2 = float(shapely.area(study.polygon)) / 1e6
    return tuple(
        Reading(
            name=name,
            text=t(f"built_up_share.reading_{name}", land=number(km2, decimals=1)),
            value=built_km2 / km2,
            numerator=built_km2,
            denominator=km2,
            chosen=name == "sea_removed",
        )
        for name, km2 in (("sea_removed", study.area.land_km2), ("as_delivered", whole_km2))
    )


def _areas_table(parts: gpd.GeoDataFrame, clipped: np.ndarray, study: Study) -> Table:
    """List the settlements by number; parts of one number are joined before they are measured."""
    by_number = pd.Series(clipped).groupby(parts["number"].astype(str).to_numpy(), sort=False)
    names = dict(zip(parts["number"].astype(str), parts["name"].astype(str), strict=True))
    rows = [
        {"number": key, "name": names[key], "area_km2": shapely.union_all(list(g)).area / 1e6}
        for key, g in by_number
    ]
    frame = pd.DataFrame(rows, columns=["number", "name", "area_km2"])
    frame["share"] = share(frame["area_km2"], study.area.land_km2)
    frame = frame.sort_values("area_km2", ascending=False)
    columns = (
        ("number", "text", 0),
        ("name", "text", 0),
        ("area_km2", "km2", 2),
        ("share", "share", 1),
    )
    return table("areas", frame, columns, key="number")


def _units_table(study: Study, whole: shapely.Geometry) -> Table:
    """Measure land and built-up land in every basic statistical unit of the municipality."""
    units = study.frame(UNITS)[units_inside(study)]
    shapes = units.geometry.to_numpy()
    land = shapely.area(shapely.intersection(shapes, study.land)) / 1e6
    built = shapely.area(shapely.intersection(shapes, whole)) / 1e6
    frame = pd.DataFrame(
        {
            "number": units["number"].astype(str).to_numpy(),
            "name": units["name"].astype(str).to_numpy(),
            "land_km2": land,
            "built_up_km2": built,
            "share": share(built, land),
        }
    )
    columns = (
        ("number", "text", 0),
        ("name", "text", 0),
        ("land_km2", "km2", 2),
        ("built_up_km2", "km2", 2),
        ("share", "share", 1),
    )
    return table("units", frame, columns, key="number")


ANALYSIS = Analysis(
    id="built-up-share",
    title=t("built_up_share.title"),
    question=t("built_up_share.question"),
    parameters=BuiltUpShareParameters,
    run=run,
    needs=("municipality", "built_up"),
    uses=("sea", UNITS),
)
