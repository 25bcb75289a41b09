"""Table built-up land by year, what new building stands on, and where; and draw the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.land_nature import NATURE_LAYERS, valued_nature
from gis.analyses.land_parts import joined_on_land, polygons_on_land
from gis.analyses.nature_sources import CLASSES
from gis.analyses.nature_value import nature_value
from gis.analyses.parts import UNITS, share, table, units_inside
from gis.analyses.site_limits import FARMLAND
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.built_up_change import Change
    from gis.analyses.built_up_states import State
    from gis.analyses.study import Study
    from gis.result import Table

FOREST, COVER_EARLIER = "forest", "land_cover_earlier"
_M2_PER_HA = 1e4
# Smaller parts are the noise of two outlines; they are counted and not drawn.
_DRAWN_M2 = 250.0


def years_table(study: Study, states: Sequence[State], pairs: Sequence[Change]) -> Table:
    """List built-up land and residents year by year, and the rates since the year before."""
    rows: list[dict[str, Any]] = []
    for i, state in enumerate(states):
        since = pairs[i - 1] if i else None
        known = since is not None
        rows.append(
            {
                "year": str(state.year),
                "built_up_km2": state.km2,
                "share": float(share(state.km2, study.area.land_km2)),
                "residents": _or_nan(state.shown),
                "m2_per_person": 1e6 * state.km2 / state.shown if state.shown else np.nan,
                "km2_per_year": (since.last.km2 - since.first.km2) / since.years
                if since is not None
                else np.nan,
                "land_rate_share": _or_nan(since.land_rate) if since is not None else np.nan,
                "people_rate_share": _or_nan(since.people_rate) if since is not None else np.nan,
                "ratio": _or_nan(since.ratio) if known and since is not None else np.nan,
            }
        )
    columns = (
        ("year", "text", 0),
        ("built_up_km2", "km2", 2),
        ("share", "share", 1),
        # Whole municipalities, which are published everywhere; 1 to 9 were left out above.
        ("residents", "count", 0),
        ("m2_per_person", "number", 0),
        ("km2_per_year", "number", 3),
        ("land_rate_share", "share", 2),
        ("people_rate_share", "share", 2),
        ("ratio", "number", 2),
    )
    return table("years", pd.DataFrame(rows), columns, title=t("built_up_change.by_year"))


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)


def ground_table(study: Study, change: Change) -> Table:
    """List what new built-up land stands on: nature of value, forest, farmland, the rest.

    Nature overlaps forest and farmland, so that rows do not sum; "none of them" is what
    lies in none, and the last row is all.
    """
    grounds = _grounds(study)
    whole = float(shapely.area(change.new))
    areas = {
        k: float(shapely.area(shapely.intersection(change.new, g))) for k, g in grounds.items()
    }
    rest = shapely.difference(change.new, shapely.union_all(list(grounds.values())))
    areas |= {"other": float(shapely.area(rest)), "total": whole}
    frame = pd.DataFrame(
        {
            "ground": [t(f"built_up_change.ground_{k}") for k in areas],
            "new_ha": [a / _M2_PER_HA for a in areas.values()],
            "share": share(list(areas.values()), whole),
        }
    )
    columns = (("ground", "text", 0), ("new_ha", "number", 1), ("share", "share", 1))
    return table("ground", frame, columns, title=t("built_up_change.by_ground"))


def _grounds(study: Study) -> dict[str, shapely.Geometry]:
    """Return nature of value, forest and farmland; of an older map where there is one."""
    made: dict[str, shapely.Geometry] = {}
    if any(study.has(x) for x in NATURE_LAYERS):
        made["nature"] = joined_on_land(study, valued_nature(study))
    for kind in (FOREST, FARMLAND):
        if study.has(COVER_EARLIER):
            frame = study.frame(COVER_EARLIER)
            shapes = frame.geometry.to_numpy()[(frame["cover"] == kind).to_numpy()]
            made[kind] = joined_on_land(study, shapes)
        elif study.has(kind):
            made[kind] = polygons_on_land(study, kind)
    return made


def nature_table(study: Study, change: Change) -> Table:
    """List new built-up land by official nature value; the classes do not overlap."""
    valued = nature_value(study)
    cut = shapely.area(shapely.intersection(valued.geometry.to_numpy(), change.new))
    sums = pd.Series(cut).groupby(valued["nature_value"].to_numpy()).sum()
    areas = np.array([float(sums.get(c, 0.0)) for c in CLASSES])
    frame = pd.DataFrame(
        {
            "nature": [t(f"values.nature_value.{c}") for c in CLASSES],
            "new_ha": areas / _M2_PER_HA,
            "share": share(areas, areas.sum()),
        }
    )
    columns = (("nature", "text", 0), ("new_ha", "number", 1), ("share", "share", 1))
    return table("nature", frame, columns, title=t("built_up_change.by_nature"))


def units_table(study: Study, change: Change) -> Table:
    """List new and lost built-up land by basic statistical unit, most new first."""
    units = study.frame(UNITS)[units_inside(study)]
    shapes = units.geometry.to_numpy()
    frame = pd.DataFrame(
        {
            "number": units["number"].astype(str).to_numpy(),
            "name": units["name"].astype(str).to_numpy(),
            "new_ha": shapely.area(shapely.intersection(shapes, change.new)) / _M2_PER_HA,
            "gone_ha": shapely.area(shapely.intersection(shapes, change.gone)) / _M2_PER_HA,
        }
    ).sort_values(["new_ha", "number"], ascending=[False, True])
    columns = (
        ("number", "text", 0),
        ("name", "text", 0),
        ("new_ha", "number", 2),
        ("gone_ha", "number", 2),
    )
    return table("units", frame, columns, key="number")


def change_frame(study: Study, change: Change) -> gpd.GeoDataFrame:
    """Return what is new, what is gone and what stayed, part by part, for drawing."""
    kept = shapely.intersection(change.first.built_up, change.last.built_up)
    parts: list[Any] = []
    kinds: list[str] = []
    for kind, shape in (("kept", kept), ("new", change.new), ("gone", change.gone)):
        found = [
            p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area >= _DRAWN_M2
        ]
        parts += found
        kinds += [kind] * len(found)
    ha = np.round(shapely.area(np.array(parts, dtype=object)) / _M2_PER_HA, 2)
    return gpd.GeoDataFrame({"change": kinds, "area_ha": ha}, geometry=parts, crs=study.crs)


def earlier_frame(study: Study, states: Sequence[State]) -> gpd.GeoDataFrame:
    """Return the built-up land of every year, one row a year."""
    return gpd.GeoDataFrame(
        {"year": [str(s.year) for s in states]},
        geometry=[s.built_up for s in states],
        crs=study.crs,
    )
