"""Lay planned areas over official nature value: what each of them would touch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.nature_shares import HIGH, NatureShares, by_class, share_of, value_readings
from gis.analyses.nature_sources import (
    CLASSES,
    EXTENT,
    LAYERS,
    ValueParameters,
    valued_layers,
)
from gis.analyses.nature_value import nature_value
from gis.analyses.parts import provenance, table
from gis.analyses.registry import Analysis
from gis.result import Definition
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study
    from gis.result import Result, Table

PLANNED = "planned_areas"
# Two data sets drawn along one line overlap in slivers: less than this is no touch.
_LEAST_M2 = 25.0
_MOST_REASONS = 4


def run(study: Study, params: ValueParameters) -> Result:
    """Measure planned land by nature value; the value is the share of high and very high.

    Planned areas that overlap count once in the value, and each on its own in the table.
    The upper bound takes land without a value or not surveyed as high.
    """
    plans = _plans(study)
    cut = nature_value(study, params)
    joined = shapely.intersection(shapely.union_all(plans.geometry.to_numpy()), study.polygon)
    shares = NatureShares(by_class(cut, joined), float(shapely.area(joined)) / 1e6)
    frame = _frame(study, plans, cut, params=params)
    told = shares.result(
        study,
        ANALYSIS,
        finding=_finding(study, frame, shares),
        definition=Definition(
            sentence=t("nature_conflict.definition"), parameters=params.model_dump()
        ),
        provenance=provenance(
            study,
            [PLANNED, *LAYERS, EXTENT],
            steps=("nature value resolved", "planned areas laid over it", "areas by value"),
        ),
    )
    return replace(
        told,
        sensitivity=value_readings(
            params,
            lambda other: by_class(nature_value(study, other), joined),
            whole_km2=shares.whole,
        ),
        notes=(
            t("nature_conflict.note_screening"),
            t("nature_value.note_rules"),
            t("nature_value.note_absence"),
        ),
        figures={
            "plans": len(plans),
            "plans_high": int(frame["nature_value"].isin(HIGH).sum()),
            "planned_ha": shares.whole * 100,
            **{f"planned_{c}_ha": shares.areas[c] * 100 for c in CLASSES},
        },
        tables={"conflict_plans": _table(frame)},
        frame=frame,
        layers={"overlap": _overlap(study, joined, cut)},
    )


def _plans(study: Study) -> gpd.GeoDataFrame:
    """Return the planned areas that lie in the municipality."""
    areas = study.frame(PLANNED)
    near = np.sort(areas.sindex.query(study.polygon, predicate="intersects"))
    return areas.iloc[near].reset_index(drop=True)


def _frame(
    study: Study, plans: gpd.GeoDataFrame, cut: gpd.GeoDataFrame, *, params: ValueParameters
) -> gpd.GeoDataFrame:
    """Return the planned areas, worst first: hectares by value, the highest, and the reasons."""
    shapes = shapely.intersection(plans.geometry.to_numpy(), study.polygon)
    hectares = {c: np.zeros(len(plans)) for c in CLASSES}
    for value, piece in zip(cut["nature_value"], cut.geometry, strict=True):
        hectares[value] += shapely.area(shapely.intersection(shapes, piece)) / 1e4
    table_ha = np.column_stack([hectares[c] for c in CLASSES])
    there = table_ha * 1e4 >= _LEAST_M2
    # Nothing valued is there: what is known of most of it.
    highest = np.where(
        there[:, :-2].any(axis=1),
        there.argmax(axis=1),
        len(CLASSES) - 2 + table_ha[:, -2:].argmax(1),
    )
    frame = gpd.GeoDataFrame(
        {
            "name": plans["name"].fillna("").astype(str),
            "purpose": plans["purpose"].fillna("").astype(str) if "purpose" in plans else "",
            "area_ha": shapely.area(shapes) / 1e4,
            "nature_value": [CLASSES[i] for i in highest],
            **{f"{c}_ha": hectares[c] for c in CLASSES},
            "reasons": _reasons(study, shapes, params),
        },
        geometry=shapes,
        crs=study.crs,
    )
    order = np.lexsort((frame["name"], *(-table_ha[:, i] for i in reversed(range(5)))))
    return frame.iloc[order].reset_index(drop=True)


def _reasons(study: Study, shapes: NDArray[np.object_], params: ValueParameters) -> list[str]:
    """Name what each planned area touches: protected areas by name, nature types by kind."""
    found: list[dict[str, int]] = [{} for _ in shapes]
    tree = shapely.STRtree(shapes)
    for valued in valued_layers(study, params):
        place, plan = tree.query(valued.shapes, predicate="intersects")
        meet = shapely.area(shapely.intersection(valued.shapes[place], shapes[plan]))
        named = valued.name if valued.layer == "protected_areas" else valued.kind
        for i, p, m2 in zip(place.tolist(), plan.tolist(), meet.tolist(), strict=True):
            word = str(named[i] or valued.name[i])
            if m2 >= _LEAST_M2 and word:
                found[p].setdefault(word, int(valued.value[i]))
                found[p][word] = min(found[p][word], int(valued.value[i]))
    listed = []
    for words in found:
        ranked = sorted(words, key=lambda w: (words[w], w))
        more = f" (+{len(ranked) - _MOST_REASONS})" if len(ranked) > _MOST_REASONS else ""
        listed.append("; ".join(ranked[:_MOST_REASONS]) + more)
    return listed


def _finding(study: Study, frame: gpd.GeoDataFrame, shares: NatureShares) -> Text:
    touched = int(frame["nature_value"].isin(HIGH).sum())
    if not len(frame):
        return t("nature_conflict.finding_no_plans", name=study.area.name)
    return t(
        "nature_conflict.finding" if touched else "nature_conflict.finding_none",
        touched=number(touched),
        plans=number(len(frame)),
        name=study.area.name,
        ha=number(shares.part * 100, decimals=1),
        share=percent(share_of(shares.part, shares.whole)),
        unknown=percent(share_of(shares.unknown, shares.whole), decimals=0),
    )


def _table(frame: gpd.GeoDataFrame) -> Table:
    """List the planned areas, those with most land of the highest value first."""
    rows = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    rows["highest"] = [t(f"values.nature_value.{c}") for c in rows["nature_value"]]
    columns = (
        ("name", "text", 0),
        ("highest", "text", 0),
        ("area_ha", "number", 1),
        ("very_high_ha", "number", 2),
        ("high_ha", "number", 2),
        ("moderate_ha", "number", 2),
        ("some_ha", "number", 2),
        ("unvalued_ha", "number", 2),
        ("not_surveyed_ha", "number", 1),
        ("reasons", "text", 0),
    )
    return table("conflict_plans", rows, columns, key="name")


def _overlap(study: Study, joined: shapely.Geometry, cut: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the planned land on nature with a value, one row a value and place."""
    valued = cut[cut["nature_value"].isin((*HIGH, "moderate", "some"))]
    frame = gpd.GeoDataFrame(
        {
            "nature_value": valued["nature_value"].to_numpy(),
            "reason": valued["reason"].to_numpy(),
        },
        geometry=shapely.intersection(valued.geometry.to_numpy(), joined),
        crs=study.crs,
    ).explode(ignore_index=True)
    frame = frame[shapely.area(frame.geometry.to_numpy()) >= _LEAST_M2].reset_index(drop=True)
    return frame.assign(area_ha=shapely.area(frame.geometry.to_numpy()) / 1e4)


ANALYSIS = Analysis(
    id="nature-conflict",
    title=t("nature_conflict.title"),
    question=t("nature_conflict.question"),
    parameters=ValueParameters,
    run=run,
    needs=("municipality", PLANNED),
    uses=(*LAYERS, EXTENT),
)
