"""Table density by band, place and concentration, and list the large workplaces."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.analyses.density_bands import Banded
from gis.analyses.parts import UNITS, share, share_of_tens, table, tens_of, unit_of_points
from gis.analyses.shown import shown_residents
from gis.analyses.travel_words import metres
from gis.kernels.cells import cell_square
from gis.kernels.concentration import gini, hoover, top_share
from gis.text import Text, percent, t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gis.analyses.land_parts import Counts, Ground
    from gis.analyses.study import Study
    from gis.result import Table

    Floats = NDArray[np.float64]

_CELL_M = 250
_CELL_HA = 6.25
_SHOWN_LARGE = 25


def land_table(ground: Ground, counts: Counts) -> Table:
    """Split residents, employees and land by settlement and the rest; the last row is all."""
    inside, whole = counts.settled_residents, counts.residents.total
    rows: dict[str, Any] = {
        "place": [t("density.place_inside"), t("density.place_outside"), t("common.total")],
        "residents": [inside, whole - inside, whole],
    }
    if counts.employees is not None:
        jobs, all_jobs = counts.settled_employees, counts.employees.total
        rows["employees"] = [jobs, all_jobs - jobs, all_jobs]
    land, settled = ground.land_ha, ground.settled_ha
    rows["land_ha"] = [settled, max(land - settled, 0.0), land]
    return _with_density(
        "land", pd.DataFrame(rows), per="land_ha", title=t("density.by_land"), label="place"
    )


def band_table(band: Banded, counts: Counts) -> Table:
    """List residents, employees and land by band around one kind of stop; the last row is all."""
    limits = [0, *band.limits_m]
    labels: list[Text] = [
        t("density.band", low=str(a), high=metres(b)) for a, b in itertools.pairwise(limits)
    ]
    labels += [t("density.band_over", low=metres(limits[-1])), t("common.total")]
    total = counts.residents.total
    rows: dict[str, Any] = {
        "band": labels,
        "residents": [*band.residents, total],
        "share": share_of_tens([*band.residents, total], total),
    }
    if band.employees is not None:
        whole = float(band.employees.sum())
        rows["employees"] = [*band.employees, whole]
        rows["employees_share"] = share(rows["employees"], whole)
    rows["land_ha"] = [*band.land_ha, band.land_ha.sum()]
    rows["built_up_ha"] = [*band.settled_ha, band.settled_ha.sum()]
    title = t(f"density.by_band_{band.targets.kind}")
    name = f"around_{band.targets.kind}"
    return _with_density(name, pd.DataFrame(rows), per="built_up_ha", title=title, label="band")


def _with_density(name: str, frame: pd.DataFrame, *, per: str, title: Text, label: str) -> Table:
    """Add people and work per hectare, and declare the columns."""
    kinds = {"share": ("share", 1), "employees_share": ("share", 1), "residents": ("residents", 0)}
    kinds |= {"employees": ("count", 0)}
    frame = frame.assign(residents_per_ha=share(tens_of(frame["residents"]), frame[per]))
    if "employees" in frame:
        frame["employees"] = np.round(frame["employees"])
        frame["employees_per_ha"] = share(frame["employees"], frame[per])
    columns = [(label, "text", 0)]
    for column in frame.columns[1:]:
        ending = ("density", 1) if column.endswith("_per_ha") else ("number", 0)
        columns.append((column, *kinds.get(column, ending)))
    # Anybody may move a band by a metre, or place residents at their addresses instead.
    return table(name, frame, columns, title=title, total=True, counts="bands", to_ten=True)


def concentration_table(counts: Counts, densest: float) -> Table:
    """Say how unevenly residents and employees lie over the cells that hold any."""
    rows = []
    cells = [counts.residents, *([counts.employees] if counts.employees is not None else [])]
    for one in cells:
        held = one.weight[one.weight > 0]
        enough = counts.enough(held)
        rows.append(
            {
                "who": t(f"density.who_{one.counted}"),
                "cells": len(held),
                "densest_share": top_share(held, densest) if enough else np.nan,
                "gini": gini(held) if enough else np.nan,
                "hoover": hoover(held) if enough else np.nan,
            }
        )
    columns = (("who", "text", 0), ("cells", "count", 0), ("densest_share", "share", 1),
               ("gini", "number", 3), ("hoover", "number", 3))  # fmt: skip
    headings = {"densest_share": t("density.densest", share=percent(densest, decimals=0))}
    title = t("density.concentration")
    frame = pd.DataFrame(rows)
    return table("concentration", frame, columns, title=title, headings=headings)


def large_cells(
    study: Study, counts: Counts, bands: Sequence[Banded], *, large_from: int
) -> pd.DataFrame:
    """Return the cells of at least so many employees, most first, with what is near them."""
    work = counts.employees
    if work is None:
        return pd.DataFrame({"cell_id": np.zeros(0, dtype=np.int64), "employees": []})
    order = np.lexsort((work.cell_id, -work.weight))
    rows = order[work.weight[order] >= large_from]
    layer = study.frame(work.layer).drop_duplicates("cell_id").set_index("cell_id")
    columns: dict[str, Any] = {
        "cell_id": work.cell_id[rows],
        "employees": work.weight[rows],
        "establishments": layer["establishments"].reindex(work.cell_id[rows]).to_numpy()
        if "establishments" in layer.columns
        else np.full(len(rows), np.nan),
        "unit": _unit_names(study, work.x[rows], work.y[rows]),
    }
    for band in bands:
        index, away = band.targets.distance(work.x[rows], work.y[rows])
        kind = band.targets.kind
        known = index >= 0
        names = np.where(known, band.targets.names[np.maximum(index, 0)], "") if known.any() else ""
        columns[f"nearest_{kind}"] = names
        columns[f"{kind}_m"] = np.round(away)
    return pd.DataFrame(columns)


def _unit_names(study: Study, x: Floats, y: Floats) -> list[str]:
    if not study.has(UNITS):
        return [""] * len(x)
    names = study.frame(UNITS)["name"].astype(str).to_numpy()
    return [str(names[u]) if u >= 0 else "" for u in unit_of_points(study, x, y)]


def large_table(large: pd.DataFrame) -> Table:
    """List the largest workplaces, cell by cell."""
    kinds = {"employees": "count", "establishments": "count"}
    columns = tuple(
        (name, kinds.get(name, "number" if name.endswith("_m") else "text"), 0)
        for name in large.columns
    )
    shown = large.head(_SHOWN_LARGE).assign(cell_id=large["cell_id"].astype(str))
    return table("large_workplaces", shown, columns, title=t("density.large"), key="cell_id")


def large_frame(study: Study, large: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the large workplaces as squares."""
    squares = cell_square(large["cell_id"].to_numpy(dtype=np.int64), size_m=_CELL_M)
    frame = gpd.GeoDataFrame(large.copy(), geometry=squares, crs=25833).to_crs(study.crs)
    return frame.rename(columns={"cell_id": "cell"})


def cell_frame(study: Study, counts: Counts, bands: Sequence[Banded]) -> gpd.GeoDataFrame:
    """Return all cells that hold residents or employees, with distances to stops.

    Residents stand beside what may be shown of them; density is not given for them, as
    it would tell the number.
    """
    people, work = counts.residents, counts.employees
    frame = pd.DataFrame(
        {
            "cell_id": people.cell_id,
            "residents": people.weight,
            "residents_shown": shown_residents(study, people),
            **_distances(bands, "cell_m"),
        }
    )
    squares = dict(zip(people.cell_id.tolist(), people.squares, strict=True))
    if work is not None:
        jobs = pd.DataFrame(
            {"cell_id": work.cell_id, "employees": work.weight, **_distances(bands, "work_m")}
        )
        frame = frame.merge(jobs, on="cell_id", how="outer", suffixes=("", "_work"))
        for band in bands:
            name = f"{band.targets.kind}_m"
            frame[name] = frame[name].fillna(frame.pop(f"{name}_work"))
        frame["employees"] = frame["employees"].fillna(0)
        frame["employees_per_ha"] = frame["employees"] / _CELL_HA
        squares |= dict(zip(work.cell_id.tolist(), work.squares, strict=True))
    frame["residents"] = frame["residents"].fillna(0)
    frame["residents_shown"] = frame["residents_shown"].where(frame["residents"] > 0, 0)
    shapes = [squares[i] for i in frame["cell_id"].tolist()]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=study.crs)


def _distances(bands: Sequence[Banded], name: str) -> Mapping[str, Floats]:
    return {f"{b.targets.kind}_m": np.round(getattr(b, name)) for b in bands}


def band_layers(study: Study, bands: Sequence[Banded]) -> dict[str, gpd.GeoDataFrame]:
    """Return the area within each limit, the widest first, for drawing."""
    return {
        f"bands_{b.targets.kind}": gpd.GeoDataFrame(
            {"max_m": [float(m) for m in reversed(b.limits_m)]},
            geometry=list(reversed(b.discs.tolist())),
            crs=study.crs,
        )
        for b in bands
    }
