"""Lay out suitability: criteria and weights, what takes land, the top with its reasons, maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.land_parts import near_shapes
from gis.analyses.parts import UNITS, table, unit_of_points
from gis.analyses.site_criteria import BUILT_UP
from gis.analyses.site_limits import SLIVER, STEEP
from gis.analyses.site_rank import Standing, kept_shares
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.site_criteria import Criterion
    from gis.analyses.site_grid import SiteGrid
    from gis.analyses.site_limits import Limits
    from gis.analyses.site_rank import Ranked
    from gis.analyses.study import Study
    from gis.analyses.suitability import SuitabilityParameters
    from gis.result import Table

    Floats = NDArray[np.float64]

_SHOWN_TOP = 50
SEVERAL = "several"
NONE = "none"


def criteria_table(ranked: Ranked, params: SuitabilityParameters) -> Table:
    """List criteria with limit, weight, mean points, and how much of the top hangs on each."""
    down, up = kept_shares(ranked, params)
    usable = ~ranked.excluded
    rows = []
    for i, (name, one) in enumerate(ranked.criteria.items()):
        limit = params.limit_m(name) if name != BUILT_UP else np.nan
        rows.append(
            {
                "criterion": t(f"suitability.criterion_{name}"),
                "limit_m": limit,
                "weight": ranked.weights[i],
                "weight_share": ranked.weights[i] / ranked.weights.sum(),
                "mean_points": one.points[usable].mean() if usable.any() else np.nan,
                "kept_down": down[i],
                "kept_up": up[i],
            }
        )
    columns = (
        ("criterion", "text", 0),
        ("limit_m", "number", 0),
        ("weight", "number", 1),
        ("weight_share", "share", 0),
        ("mean_points", "share", 0),
        ("kept_down", "share", 0),
        ("kept_up", "share", 0),
    )
    spread = percent(params.weight_spread, decimals=0)
    headings = {k: t(f"suitability.{k}", spread=spread) for k in ("kept_down", "kept_up")}
    title = t("suitability.by_criterion")
    return table("criteria", pd.DataFrame(rows), columns, title=title, headings=headings)


def limits_table(grid: SiteGrid, limits: Limits, params: SuitabilityParameters) -> Table:
    """List what takes land: hectares, cells it excludes by itself, and land to be studied."""
    ha = grid.size_m**2 / 10_000
    rows = []
    for name, share in limits.taken.items():
        open_ = limits.unresolved.get(name)
        rows.append(
            {
                "limit": limit_text(name),
                "taken_ha": float(share.sum()) * ha,
                "cells_taken": int((share > 1 - params.min_free).sum()),
                "open_ha": float(open_.sum()) * ha if open_ is not None else np.nan,
            }
        )
    for name in limits.absent:
        open_ha = float(limits.unresolved[name].sum()) * ha
        rows.append({"limit": limit_text(name), "taken_ha": np.nan, "cells_taken": np.nan,
                     "open_ha": open_ha})  # fmt: skip
    if limits.slope is not None:
        steep = np.nan_to_num(limits.slope) > params.max_slope_deg
        rows.append({"limit": limit_text(STEEP), "taken_ha": int(steep.sum()) * ha,
                     "cells_taken": int(steep.sum()), "open_ha": np.nan})  # fmt: skip
    columns = (("limit", "text", 0), ("taken_ha", "number", 0), ("cells_taken", "count", 0),
               ("open_ha", "number", 0))  # fmt: skip
    return table("limits", pd.DataFrame(rows), columns, title=t("suitability.by_limit"))


def limit_text(name: str) -> Text:
    """Name what excludes a cell."""
    return t(f"values.main_reason.{name}")


def top_table(study: Study, grid: SiteGrid, ranked: Ranked, *, cleared: bool) -> Table:
    """List the highest cells with the reason for their points, and what is open in them.

    ``cleared``: those that nothing holds back; else those where a hazard is studied first.
    """
    group = ranked.cleared if cleared else ranked.open
    rows = np.flatnonzero(group & ranked.top)
    rows = rows[np.lexsort((grid.west[rows], grid.south[rows], -ranked.score[rows]))][:_SHOWN_TOP]
    frame = pd.DataFrame(
        {
            "site_rank": ranked.rank[rows],
            "cell": cell_names(grid)[rows],
            "unit": _units(study, grid, rows),
            "score": ranked.score[rows],
            "stability": ranked.stability[rows],
            "points_reason": [_reason(ranked, int(i)) for i in rows],
            "open": [_open(ranked.limits, int(i)) for i in rows],
        }
    )
    columns = [
        ("site_rank", "count", 0),
        ("cell", "text", 0),
        ("unit", "text", 0),
        ("score", "number", 1),
        ("stability", "share", 0),
        ("points_reason", "text", 0),
    ]
    if not cleared:
        columns.append(("open", "text", 0))
    name = "top" if cleared else "top_study"
    return table(name, frame, columns, title=t(f"suitability.{name}"), key="cell")


def _reason(ranked: Ranked, i: int) -> Text:
    """Say what gave the points, most first: the criterion, what was measured, its points."""
    parts = []
    whole = ranked.weights.sum()
    for weight, one in zip(ranked.weights, ranked.criteria.values(), strict=True):
        points = 100 * weight * one.points[i] / whole
        parts.append((points, _measured(one, i), number(points, decimals=0)))
    parts.sort(key=lambda p: -p[0])
    kept = [(text, points) for value, text, points in parts if value > 0]
    return Text(
        nb="; ".join(f"{a.nb} ({p.nb})" for a, p in kept),
        en="; ".join(f"{a.en} ({p.en})" for a, p in kept),
    )


def _measured(one: Criterion, i: int) -> Text:
    name = t(f"suitability.criterion_{one.name}")
    if one.name == BUILT_UP:
        value = percent(float(one.measured[i]), decimals=0)
    else:
        value = number(float(one.measured[i])).with_unit("m")
    return Text(nb=f"{name.nb} {value.nb}", en=f"{name.en} {value.en}")


def _open(limits: Limits, i: int) -> Text:
    open_ = [h for h, share in limits.unresolved.items() if share[i] > SLIVER]
    names = [t(f"values.open_reason.{h}") for h in open_]
    return Text(nb=", ".join(n.nb for n in names), en=", ".join(n.en for n in names))


def cell_names(grid: SiteGrid) -> NDArray[np.object_]:
    """Name cells by their lower-left corner: east and north, metres."""
    names = [f"{int(e)} {int(n)}" for e, n in zip(grid.west, grid.south, strict=True)]
    return np.array(names, dtype=object)


def _units(study: Study, grid: SiteGrid, rows: NDArray[np.int64]) -> list[str]:
    if not study.has(UNITS):
        return [""] * len(rows)
    names = study.frame(UNITS)["name"].astype(str).to_numpy()
    found = unit_of_points(study, grid.x[rows], grid.y[rows])
    return [str(names[u]) if u >= 0 else "" for u in found]


def site_frame(study: Study, grid: SiteGrid, ranked: Ranked) -> gpd.GeoDataFrame:
    """Return every cell with its class, points, rank, and the reason in numbers and codes."""
    limits = ranked.limits
    columns: dict[str, Any] = {
        "cell": cell_names(grid),
        "suited": [str(s) for s in ranked.standing],
        "score": np.round(ranked.score, 1),
        "site_rank": np.where(ranked.rank > 0, ranked.rank, np.nan),
        "stability_share": np.round(ranked.stability, 3),
        "main_reason": _main_reason(ranked),
        "open_reason": _open_reason(limits),
        "free_share": np.round(limits.free, 3),
    }
    for name, one in ranked.criteria.items():
        columns[f"{name}_points"] = one.points
        if name == BUILT_UP:
            columns["built_up_share"] = np.round(one.measured, 3)
        else:
            columns[f"{name}_m"] = np.round(one.measured)
    for name, share in limits.taken.items():
        columns[f"{name}_share"] = np.round(share, 3)
    if limits.slope is not None:
        columns["slope_deg"] = np.round(limits.slope, 1)
    if study.has("planned_areas"):
        columns["planned_share"] = np.round(grid.within(near_shapes(study, "planned_areas")), 3)
    return gpd.GeoDataFrame(columns, geometry=grid.squares, crs=study.crs)


def _main_reason(ranked: Ranked) -> NDArray[np.object_]:
    """Return what takes most of each excluded cell; "none" for the others."""
    limits = ranked.limits
    names = list(limits.taken)
    shares = np.column_stack([limits.taken[n] for n in names])
    made = np.array([*names, NONE], dtype=object)[shares.argmax(axis=1)]
    # A cell with land enough is excluded by its slope alone.
    made = np.where(limits.free >= ranked.min_free, STEEP, made)
    return np.asarray(np.where(ranked.excluded, made, NONE), dtype=object)


def _open_reason(limits: Limits) -> NDArray[np.object_]:
    """Return the hazard that is open in each cell, "several" or "none"."""
    names = np.array([*limits.unresolved, NONE], dtype=object)
    if not limits.unresolved:
        return np.full(len(limits.free), NONE, dtype=object)
    open_ = np.column_stack([share > SLIVER for share in limits.unresolved.values()])
    first = names[np.where(open_.any(axis=1), open_.argmax(axis=1), len(names) - 1)]
    return np.asarray(np.where(open_.sum(axis=1) > 1, SEVERAL, first), dtype=object)


def top_frame(study: Study, grid: SiteGrid, ranked: Ranked) -> gpd.GeoDataFrame:
    """Return the outline of the cleared top cells, joined where they touch."""
    rows = ranked.cleared & ranked.top & (ranked.standing != str(Standing.EXCLUDED))
    parts = shapely.get_parts(shapely.union_all(grid.squares[rows]))
    ha = np.round(shapely.area(parts) / 10_000, 1)
    return gpd.GeoDataFrame({"area_ha": ha}, geometry=parts, crs=study.crs)
