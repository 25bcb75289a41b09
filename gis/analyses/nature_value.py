"""Resolve all official nature layers into one value for each place, highest first.

Species records of volunteers are not part of it: they show where people have looked,
and stand in their own analysis.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.nature_shares import NatureShares, by_class, share_of, value_readings
from gis.analyses.nature_sources import (
    CLASSES,
    EXTENT,
    LAYERS,
    NONE_FOUND,
    NOT_SURVEYED,
    VALUES,
    ValueParameters,
    valued_layers,
)
from gis.analyses.parts import land_note, provenance, share, table
from gis.analyses.registry import Analysis
from gis.errors import LayerMissingError
from gis.kernels.zones import disjoint_bands
from gis.result import Definition
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from gis.analyses.nature_sources import Valued
    from gis.analyses.study import Study
    from gis.result import Result, Table

# Snapping to a millimetre keeps overlays of neighbouring surveys robust.
_GRID_M = 0.001


def nature_value(study: Study, params: ValueParameters | None = None) -> gpd.GeoDataFrame:
    """Return the municipality cut into disjoint polygons, each with one nature value.

    One row per value and deciding layer, in the study's CRS: ``nature_value`` (very_high,
    high, moderate, some, unvalued, none_found, not_surveyed), ``rank`` (0 is very_high),
    ``reason`` (the official layer that decides; "" for the last two) and ``area_km2``.
    The rows cover the municipality, sea included. Worked out once for a study; callers
    must not change it. Raises LayerMissingError without any official nature layer.
    """
    chosen = params or ValueParameters()
    return study.once(("nature value", chosen), lambda: _resolve(study, chosen))


def _resolve(study: Study, params: ValueParameters) -> gpd.GeoDataFrame:
    valued = valued_layers(study, params)
    if not valued:
        message = (
            f"no official nature layer for {study.area.number} {study.area.name}; one of "
            f"{', '.join(LAYERS)} is needed in workspace.toml"
        )
        raise LayerMissingError(message)
    keys, bands = _bands(valued)
    rows: list[tuple[str, str]] = [(VALUES[v], valued[layer].layer) for v, layer in keys]
    shapes = list(shapely.intersection(bands, study.polygon))
    known = shapely.union_all(bands)
    rest = shapely.difference(study.polygon, known, grid_size=_GRID_M)
    surveyed = _surveyed(study)
    for name, shape in (
        (NONE_FOUND, shapely.intersection(rest, surveyed, grid_size=_GRID_M)),
        (NOT_SURVEYED, shapely.difference(rest, surveyed, grid_size=_GRID_M)),
    ):
        rows.append((name, ""))
        shapes.append(shape)
    frame = gpd.GeoDataFrame(
        {
            "nature_value": [value for value, _ in rows],
            "rank": [CLASSES.index(value) for value, _ in rows],
            "reason": [reason for _, reason in rows],
            "area_km2": shapely.area(shapes) / 1e6,
        },
        geometry=shapes,
        crs=study.crs,
    )
    return frame[frame["area_km2"] > 0].reset_index(drop=True)


def _bands(valued: tuple[Valued, ...]) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Cut all places into disjoint bands, by value and then by layer: (value, layer) of each."""
    shapes = np.concatenate([v.shapes for v in valued])
    code = np.concatenate([v.value * len(valued) + i for i, v in enumerate(valued)])
    codes, ranks = np.unique(code, return_inverse=True)
    bands = disjoint_bands(shapes, ranks, n_classes=len(codes), grid_m=_GRID_M)
    return [divmod(int(c), len(valued)) for c in codes], bands


def _surveyed(study: Study) -> shapely.Geometry:
    """Return where nature types have been looked for; empty where no layer tells."""
    if not study.has(EXTENT):
        return shapely.Polygon()
    areas = study.frame(EXTENT)
    hit = np.sort(areas.sindex.query(study.polygon, predicate="intersects"))
    return shapely.union_all(areas.geometry.to_numpy()[hit])


def run(study: Study, params: ValueParameters) -> Result:
    """Measure the land of each value, once; the value is the share of high and very high.

    The upper bound takes all land without a value or not surveyed as high: what nobody
    has looked at may be anything.
    """
    frame = nature_value(study, params)
    shares = NatureShares(by_class(frame, study.land), study.area.land_km2)
    land = shares.areas
    told = shares.result(
        study,
        ANALYSIS,
        finding=_finding(study, shares),
        definition=_definition(study, params),
        provenance=provenance(
            study,
            [*LAYERS, EXTENT],
            steps=(
                "each official layer valued",
                "overlaps resolved, the highest value stands",
                "the rest split by the coverage map",
                "cut to land, area in the working CRS",
            ),
        ),
    )
    return replace(
        told,
        sensitivity=value_readings(
            params,
            lambda other: by_class(nature_value(study, other), study.land),
            whole_km2=shares.whole,
        ),
        notes=_notes(study),
        figures={
            **{f"nature_{c}_km2": land[c] for c in CLASSES},
            "surveyed_share": 1 - share_of(land[NOT_SURVEYED], shares.whole),
        },
        tables={
            "nature_values": _classes(study, frame, land),
            "nature_layers": _layers(study, frame, params),
        },
        frame=_drawn(study, frame),
    )


def _drawn(study: Study, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what a map shows: the values, and where on land nobody has surveyed.

    The surveys are of nature on land, so that the sea is not hatched.
    """
    drawn = frame[frame["nature_value"] != NONE_FOUND].reset_index(drop=True)
    unseen = (drawn["nature_value"] == NOT_SURVEYED).to_numpy()
    shapes = drawn.geometry.to_numpy().copy()
    shapes[unseen] = shapely.intersection(shapes[unseen], study.land)
    drawn = drawn.set_geometry(gpd.GeoSeries(shapes, crs=drawn.crs))
    drawn["area_km2"] = shapely.area(shapes) / 1e6
    return drawn[drawn["area_km2"] > 0].reset_index(drop=True)


def _finding(study: Study, shares: NatureShares) -> Text:
    return t(
        "nature_value.finding" if study.has(EXTENT) else "nature_value.finding_unmapped",
        share=percent(share_of(shares.part, shares.whole)),
        name=study.area.name,
        km2=number(shares.part, decimals=1),
        surveyed=percent(1 - share_of(shares.areas[NOT_SURVEYED], shares.whole), decimals=0),
    )


def _definition(study: Study, params: ValueParameters) -> Definition:
    there = [study.source(x) for x in LAYERS if study.has(x)]
    return Definition(
        sentence=t(
            "nature_value.definition",
            layers=Text(
                nb=", ".join(s.title_nb for s in there), en=", ".join(s.title_en for s in there)
            ),
            land=land_note(study),
        ),
        parameters=params.model_dump(),
    )


def _notes(study: Study) -> tuple[Text, ...]:
    notes = [t("nature_value.note_rules"), t("nature_value.note_absence")]
    if not study.has(EXTENT):
        notes.append(t("nature_value.note_no_extent"))
    if not study.has("nature_ku_value"):
        notes.append(t("nature_value.note_no_ku"))
    return tuple(notes)


def _classes(study: Study, frame: gpd.GeoDataFrame, land: dict[str, float]) -> Table:
    """List the classes, best first, with land and sea; they sum to the municipality."""
    areas = frame.groupby("nature_value")["area_km2"].sum()
    rows = pd.DataFrame(
        {
            "class": [t(f"values.nature_value.{c}") for c in CLASSES],
            "class_id": list(CLASSES),
            "land_km2": [land[c] for c in CLASSES],
            "share": share([land[c] for c in CLASSES], study.area.land_km2),
            "sea_km2": [max(float(areas.get(c, 0.0)) - land[c], 0.0) for c in CLASSES],
        }
    )
    columns = (
        ("class", "text", 0),
        ("class_id", "text", 0),
        ("land_km2", "km2", 2),
        ("share", "share", 1),
        ("sea_km2", "km2", 2),
    )
    return table("nature_values", rows, columns)


def _layers(study: Study, frame: gpd.GeoDataFrame, params: ValueParameters) -> Table:
    """List the layers: how many places, their area joined, and the area that each decides."""
    rows = []
    decided = frame.groupby("reason")["area_km2"].sum()
    for valued in valued_layers(study, params):
        joined = shapely.intersection(shapely.union_all(valued.shapes), study.polygon)
        source = study.source(valued.layer)
        rows.append(
            {
                "nature_layer": Text(nb=source.title_nb, en=source.title_en),
                "places": len(valued.shapes),
                "area_km2": float(shapely.area(joined)) / 1e6,
                "decides_km2": float(decided.get(valued.layer, 0.0)),
            }
        )
    columns = (
        ("nature_layer", "text", 0),
        ("places", "count", 0),
        ("area_km2", "km2", 2),
        ("decides_km2", "km2", 2),
    )
    return table("nature_layers", pd.DataFrame(rows), columns)


ANALYSIS = Analysis(
    id="nature-value",
    title=t("nature_value.title"),
    question=t("nature_value.question"),
    parameters=ValueParameters,
    run=run,
    needs=("municipality",),
    uses=(*LAYERS, EXTENT),
)
