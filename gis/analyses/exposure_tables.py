"""Lay out the tables of hazard exposure: by hazard, by class, by basic statistical unit.

Who lives in zones is published to the nearest ten in all of them. Zones nest and overlap
across tables (a caution area holds its zone, flood and surge share land) and from run to
run (rule, least share, method), so that two exact counts could be subtracted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import share_of_tens, table, unit_table
from gis.analyses.placing import weights_by_class
from gis.analyses.zones import Hazard, Zones
from gis.catalogue import layer_entries
from gis.result import Table
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.analyses.exposure import Exposure, Overall
    from gis.analyses.placing import Placing
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study


# Fields of a hazard that are counted on their own, the worst value first.
_ATTRIBUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "quick_clay": {
        "hazard_degree": ("high", "medium", "low", "none"),
        "consequence": ("severe", "serious", "minor", "none"),
        "part": ("release", "run_out"),
    },
    "flood_zones": {"low_point": ("0", "1")},
}
UNSTATED = "unknown"
WATER = ("flood_zones", "storm_surge")


def hazard_table(exposures: list[Exposure], total: float, absent: Sequence[str] = ()) -> Table:
    """List each hazard: inside, mapped and outside, not mapped, outside the data.

    The four sum to all residents. A hazard whose layer is not there, or does not cover
    the municipality, has everyone outside the data; what would be inside is not known,
    and never a zero.
    """
    entries = layer_entries()
    rows: list[dict[str, Any]] = [
        {
            "hazard": e.hazard.entry.title.text,
            "hazard_id": e.hazard.id,
            "delivered": t("hazard_exposure.delivered"),
            "inside": float(e.inside.sum()),
            "mapped_outside": float(e.mapped_outside.sum()),
            "not_mapped": float(e.not_mapped.sum()),
            "outside_data": 0.0,
        }
        for e in exposures
    ]
    unknown = dict.fromkeys(("inside", "mapped_outside", "not_mapped"), np.nan)
    rows += [
        {
            "hazard": entries[x].title.text,
            "hazard_id": x,
            "delivered": t("hazard_exposure.not_delivered"),
            **unknown,
            "outside_data": total,
        }
        for x in absent
    ]
    frame = pd.DataFrame(rows)
    frame["share"] = share_of_tens(frame["inside"], total)
    columns = (
        ("hazard", "text", 0),
        ("hazard_id", "text", 0),
        ("delivered", "text", 0),
        ("inside", "residents", 0),
        ("mapped_outside", "residents", 0),
        ("not_mapped", "residents", 0),
        ("outside_data", "residents", 0),
        ("share", "share", 1),
    )
    return table("hazards", frame, columns, key="hazard_id", counts="split", to_ten=True)


def overall_table(all_: Overall) -> Table:
    """Split all residents, once each, over all hazard zones together, to the nearest ten.

    Rounded, since the difference to one hazard's own number can be a handful of people.
    """
    parts = ("inside", "mapped_outside", "not_mapped", "outside_data")
    frame = pd.DataFrame(
        {
            "class": [t(f"hazard_exposure.overall_{x}") for x in parts],
            "class_id": list(parts),
            "residents": [getattr(all_, x) for x in parts],
        }
    )
    columns = (("class", "text", 0), ("class_id", "text", 0), ("residents", "residents", 0))
    return table("overall", frame, columns, key="class_id", counts="bands", alone=("residents",))


def attribute_tables(hazard: Hazard, cells: Cells, placing: Placing) -> dict[str, Table]:
    """Count one hazard by its other fields (hazard degree, part, ...), the worst value winning."""
    made = {}
    for name, order in _ATTRIBUTES.get(hazard.id, {}).items():
        if name not in hazard.rows:
            continue
        values = (*order, UNSTATED)
        found = hazard.rows[name].map(lambda v, all_=order: _code(v, all_))
        ranks = found.map({v: i for i, v in enumerate(values)}).to_numpy(dtype=np.int64)
        zones = Zones(hazard.zones.shapes, ranks, len(values))
        counts = weights_by_class(cells, placing, zones)[:, :-1].sum(axis=0)
        titles = [t(f"attributes.{name}_{v}") for v in order] + [t("attributes.unknown")]
        title = t("tables.attribute", hazard=hazard.entry.title.text, field=t(f"attributes.{name}"))
        made[f"{hazard.id}_{name}"] = _counted(
            f"{hazard.id}_{name}", title, titles, residents=counts
        )
    return made


def _code(value: Any, order: tuple[str, ...]) -> str:
    if pd.isna(value):
        return UNSTATED
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text if text in order else UNSTATED


def water_table(hazards: list[Hazard], cells: Cells, placing: Placing) -> dict[str, Table]:
    """Count flood and storm surge as one: at each place the worse of the two, never the sum."""
    both = {h.id: h for h in hazards if h.id in WATER}
    if len(both) < len(WATER):
        return {}
    classes = both[WATER[0]].classes
    order = {c.id: i for i, c in enumerate(classes)}
    shapes = np.concatenate([h.zones.shapes for h in both.values()])
    ranks = np.concatenate(
        [np.array([order[h.classes[r].id] for r in h.zones.ranks], np.int64) for h in both.values()]
    )
    zones = Zones(shapes, ranks, len(classes))
    counts = weights_by_class(cells, placing, zones)[:, :-1].sum(axis=0)
    titles = [t(f"water.{c.id}") for c in classes]
    return {"water": _counted("water", t("tables.water"), titles, residents=counts)}


def _counted(
    name: str,
    title: Text,
    titles: list[Text],
    *,
    residents: NDArray[np.float64],
) -> Table:
    """Make a table of disjoint rows with their sum last; rows that are not there are left away."""
    frame = pd.DataFrame({"class": titles, "residents": residents})
    whole = pd.DataFrame({"class": [t("common.total")], "residents": [float(residents.sum())]})
    frame = pd.concat([frame[residents > 0], whole], ignore_index=True)
    columns = (("class", "text", 0), ("residents", "residents", 0))
    return table(name, frame, columns, title=title, total=True, counts="bands", to_ten=True)


def whole_zones(hazard: Hazard, cells: Cells, placing: Placing) -> NDArray[np.float64]:
    """Count each class's own zones whole, also where a worse class lies in them: (n_classes,).

    This is what a building rule asks about: TEK17 § 7-2 looks at the whole 200-year zone.
    """
    made = np.zeros(len(hazard.classes))
    for rank in np.unique(hazard.zones.ranks):
        shapes = hazard.zones.shapes[hazard.zones.ranks == rank]
        alone = Zones(shapes, np.zeros(len(shapes), dtype=np.int64), 1)
        made[rank] = weights_by_class(cells, placing, alone)[:, 0].sum()
    return made


def band_table(
    study: Study,
    exposure: Exposure,
    employees: NDArray[np.float64],
    *,
    whole: NDArray[np.float64],
) -> Table:
    """List the classes of one hazard, none overlapping, with their sum in the last row.

    ``residents`` are those a class adds to the worse ones, ``residents_whole`` all in
    the class's own zones; the last row of both is everybody in any class. ``employees``
    is (n_classes + 1,), the last outside, NaN where not known.
    """
    hazard = exposure.hazard
    area = shapely.area(shapely.intersection(hazard.zones.bands, study.polygon)) / 1e6
    frame = pd.DataFrame(
        {
            "class": [c.title.text for c in hazard.classes],
            "class_id": [c.id for c in hazard.classes],
            "residents": exposure.by_class.sum(axis=0),
            "residents_whole": whole,
            "employees": np.rint(employees[:-1]),
            "area_km2": area,
        }
    )
    frame = frame[(frame["area_km2"] > 0) | (frame["residents"] > 0)]
    last: dict[str, Text | str | float] = {
        name: float(frame[name].sum(skipna=False))
        for name in ("residents", "employees", "area_km2")
    }
    last |= {"class": t("common.total"), "class_id": "", "residents_whole": last["residents"]}
    frame = pd.concat([frame, pd.DataFrame([last])], ignore_index=True)
    columns = (
        ("class", "text", 0),
        ("class_id", "text", 0),
        ("residents", "residents", 0),
        ("residents_whole", "residents", 0),
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
        alone=("residents_whole",),
        to_ten=True,
    )


def exposed_units(
    study: Study,
    unit: NDArray[np.int64],
    residents: NDArray[np.float64],
    *,
    any_zone: NDArray[np.float64],
    exposures: list[Exposure],
) -> Table:
    """List the basic statistical units with residents inside any zone and inside each hazard.

    Residents of a unit are exact; those in zones are published to the nearest ten.
    """
    sums = {"residents": residents, "in_any_zone": any_zone}
    sums |= {f"in_{e.hazard.id}": e.inside for e in exposures}
    frame = unit_table(study, unit, sums)
    frame["share"] = share_of_tens(frame["in_any_zone"], frame["residents"])
    columns = [("number", "text", 0), ("name", "text", 0)]
    columns += [(name, "residents", 0) for name in sums]
    columns.append(("share", "share", 1))
    headings = {f"in_{e.hazard.id}": e.hazard.entry.title.text for e in exposures}
    return table(
        "units",
        frame,
        columns,
        headings=headings,
        key="number",
        counts="subsets",
        alone=("in_any_zone", *(f"in_{e.hazard.id}" for e in exposures)),
    )
