"""Lay out the tables of hazard exposure: by hazard, by class, by basic statistical unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import shapely

from gis.analyses.parts import share, table, unit_table
from gis.result import Table
from gis.text import Text, t

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gis.analyses.exposure import Exposure
    from gis.analyses.study import Study


def hazard_table(exposures: list[Exposure], total: float) -> Table:
    """List each hazard: inside, mapped and outside, not mapped; the three sum to all residents."""
    frame = pd.DataFrame(
        {
            "hazard": [e.hazard.entry.title.text for e in exposures],
            "hazard_id": [e.hazard.id for e in exposures],
            "inside": [float(e.inside.sum()) for e in exposures],
            "mapped_outside": [float(e.mapped_outside.sum()) for e in exposures],
            "not_mapped": [float(e.not_mapped.sum()) for e in exposures],
        }
    )
    frame["share"] = share(frame["inside"], total)
    columns = (
        ("hazard", "text", 0),
        ("hazard_id", "text", 0),
        ("inside", "residents", 0),
        ("mapped_outside", "residents", 0),
        ("not_mapped", "residents", 0),
        ("share", "share", 1),
    )
    return table("hazards", frame, columns, key="hazard_id", counts="split")


def band_table(study: Study, exposure: Exposure, employees: NDArray[np.float64]) -> Table:
    """List the classes of one hazard, none overlapping, with their sum in the last row.

    ``employees`` is (n_classes + 1,), the last outside, NaN where not known.
    """
    hazard = exposure.hazard
    area = shapely.area(shapely.intersection(hazard.zones.bands, study.polygon)) / 1e6
    frame = pd.DataFrame(
        {
            "class": [c.title.text for c in hazard.classes],
            "class_id": [c.id for c in hazard.classes],
            "residents": exposure.by_class.sum(axis=0),
            "employees": employees[:-1],
            "area_km2": area,
        }
    )
    frame = frame[(frame["area_km2"] > 0) | (frame["residents"] > 0)]
    whole: dict[str, Text | str | float] = {
        name: float(frame[name].sum(skipna=False))
        for name in ("residents", "employees", "area_km2")
    }
    whole |= {"class": t("common.total"), "class_id": ""}
    frame = pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)
    columns = (
        ("class", "text", 0),
        ("class_id", "text", 0),
        ("residents", "residents", 0),
        ("employees", "count", 0),
        ("area_km2", "km2", 2),
    )
    title = t("tables.bands", hazard=hazard.entry.title.text)
    return table(
        f"bands_{hazard.id}",
        frame,
        columns,
        title=title,
        key="class_id",
        total=True,
        counts="bands",
    )


def exposed_units(
    study: Study,
    unit: NDArray[np.int64],
    residents: NDArray[np.float64],
    *,
    any_zone: NDArray[np.float64],
    exposures: list[Exposure],
) -> Table:
    """List the basic statistical units with residents inside any zone and inside each hazard."""
    sums = {"residents": residents, "in_any_zone": any_zone}
    sums |= {f"in_{e.hazard.id}": e.inside for e in exposures}
    frame = unit_table(study, unit, sums)
    frame["share"] = share(frame["in_any_zone"], frame["residents"])
    columns = [("number", "text", 0), ("name", "text", 0)]
    columns += [(name, "residents", 0) for name in sums]
    columns.append(("share", "share", 1))
    headings = {f"in_{e.hazard.id}": e.hazard.entry.title.text for e in exposures}
    return table("units", frame, columns, headings=headings, key="number", counts="subsets")
