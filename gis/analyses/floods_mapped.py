"""Tell for which return periods a place was mapped.

An extent mapped for the 200-year flood is not mapped for the 1,000-year flood. NVE states
in free text which floods each extent was mapped for ("20, 200, 1000, 2100", "200klima");
2100, 3100 and 4100 are the 200-, 1,000- and 20-year flood with climate allowance, as in
the zones themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.analyses.parts import table
from gis.analyses.placing import extent_placing, weights_by_class
from gis.analyses.zones import one_class
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.placing import Placing
    from gis.analyses.residents import Cells
    from gis.analyses.zones import Hazard
    from gis.result import Table

_FLOOD = re.compile(r"(\d+)\s*(klima)?", re.IGNORECASE)


def floods_of(text: object, codes: Mapping[str, str]) -> frozenset[str] | None:
    """Return the classes that an extent was mapped for; None where the text names none.

    text: as NVE writes it; codes: the zone layer's own codes (its years and 2100, 3100,
    4100). A number that is no such code says nothing and is passed over.
    """
    if not isinstance(text, str):
        return None
    known = set(codes.values())
    found = set()
    for years, climate in _FLOOD.findall(text):
        name = codes.get(years)
        name = f"{name}_climate" if name is not None and climate else name
        if name in known and years != "0":
            found.add(name)
    return frozenset(found) or None


def stated(hazard: Hazard) -> list[frozenset[str] | None]:
    """Return what each mapped extent says it was mapped for; None for one that does not say."""
    codes = hazard.entry.fields[hazard.entry.class_field or ""].codes
    return [floods_of(text, codes) for text in hazard.floods or ()]


def mapped_for(hazard: Hazard, class_id: str) -> NDArray[Any]:
    """Return the extents in which the zone of a class was mapped.

    Where an extent does not say, it counts for the classes of which a zone lies in it.
    """
    if hazard.mapped is None:
        return np.empty(0, dtype=object)
    floods = stated(hazard) if hazard.floods is not None else [None] * len(hazard.mapped)
    says = np.array([f is not None and class_id in f for f in floods], dtype=bool)
    silent = np.array([f is None for f in floods], dtype=bool)
    if silent.any():
        own = np.array([c.id == class_id for c in hazard.classes])[hazard.zones.ranks]
        tree = shapely.STRtree(hazard.zones.shapes[own])
        hit, _ = tree.query(hazard.mapped, predicate="intersects")
        silent &= np.isin(np.arange(len(silent)), hit)
    return np.asarray(hazard.mapped[says | silent])


def extent_tables(
    hazard: Hazard, cells: Cells, placing: Placing, *, whole: NDArray[np.float64]
) -> dict[str, Table]:
    """Split the residents for each return period into inside, mapped and outside, not mapped.

    ``whole``: residents in each class's own zones, (n_classes,). Empty for a hazard whose
    extents do not say what they were mapped for. The rows are nested zones, so their
    counts are published to the nearest ten.
    """
    if hazard.floods is None or hazard.mapped is None:
        return {}
    floods = stated(hazard)
    rows = []
    for rank, one in enumerate(hazard.classes):
        extents = mapped_for(hazard, one.id)
        own = hazard.zones.shapes[hazard.zones.ranks == rank]
        if not (len(own) or any(f is not None and one.id in f for f in floods)):
            continue
        within = _within(cells, placing, extents, own=own)
        inside = float(whole[rank])
        mapped = max(within - inside, 0.0)
        rows.append(
            {
                "class": one.title.text,
                "class_id": one.id,
                "inside": inside,
                "mapped_outside": mapped,
                "not_mapped": max(cells.total - inside - mapped, 0.0),
            }
        )
    if not rows:
        return {}
    columns = (
        ("class", "text", 0),
        ("class_id", "text", 0),
        ("inside", "residents", 0),
        ("mapped_outside", "residents", 0),
        ("not_mapped", "residents", 0),
    )
    name = f"extent_{hazard.id}"
    made = table(
        name,
        pd.DataFrame(rows),
        columns,
        title=t("tables.extent", hazard=hazard.entry.title.text),
        key="class_id",
        counts="split",
        alone=("inside", "mapped_outside", "not_mapped"),
    )
    return {name: made}


def _within(cells: Cells, placing: Placing, extents: NDArray[Any], *, own: NDArray[Any]) -> float:
    """Sum the weight in the extents; a class's own zones belong to them, however they are drawn."""
    shapes = np.concatenate([extents, own])
    if not len(shapes):
        return 0.0
    return float(weights_by_class(cells, extent_placing(placing), one_class(shapes))[:, 0].sum())
