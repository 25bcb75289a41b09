"""Share the parts that several analyses are made of: units, origins, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from gis.disclosure import LEAST, round_residents
from gis.provenance import Provenance
from gis.result import Column, Table
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

UNITS = "basic_statistical_units"


def provenance(
    study: Study, layers: Iterable[str], *, steps: Sequence[str], counted: Cells | None = None
) -> Provenance:
    """Collect the sources of the layers that were there, and the steps taken.

    ``counted``: what was counted, whose source comes first; a file of the user's own too.
    """
    first = [] if counted is None else [counted.layer]
    used = ["municipality", *(["sea"] if study.sea_removed else []), *first, *layers]
    sources = tuple(study.source(x) for x in dict.fromkeys(used) if study.has(x))
    own = (counted.own.source,) if counted is not None and counted.own else ()
    return Provenance(sources=(*sources, *own), steps=tuple(steps))


def unit_of_points(
    study: Study, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find the basic statistical unit of each point: its row in the layer, -1 for none.

    A point on a shared edge goes to the unit that comes first in the layer.
    """
    units = study.frame(UNITS)
    unit = np.full(len(x), -1, dtype=np.int64)
    points, rows = units.sindex.query(shapely.points(x, y), predicate="intersects")
    # Written backwards, so that the first unit in the layer is the one that stays.
    order = np.lexsort((-rows, points))
    unit[points[order]] = rows[order]
    return unit


def units_inside(study: Study) -> NDArray[np.bool_]:
    """Tell which units lie in the municipality, by a point inside each."""
    inside = shapely.point_on_surface(study.frame(UNITS).geometry.to_numpy())
    shapely.prepare(study.polygon)
    hits: NDArray[np.bool_] = shapely.intersects(study.polygon, inside)
    return hits


def unit_table(
    study: Study, unit: NDArray[np.int64], sums: dict[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Sum weights per unit: one row per unit of the municipality or with any weight.

    ``unit`` is the unit row of each record (-1: none), ``sums`` the weights by
    name. A last row without number takes what lies in no unit, so sums agree.
    """
    units = study.frame(UNITS)
    n = len(units)
    totals = {
        name: np.bincount(np.where(unit < 0, n, unit), weights=w, minlength=n + 1)
        for name, w in sums.items()
    }
    # A record can lie in a unit whose middle is across the border.
    keep = np.append(units_inside(study), False)
    for values in totals.values():
        keep |= values > 0
    frame = pd.DataFrame(
        {
            "number": [*units["number"].astype(str), ""],
            "name": [*units["name"].astype(str), t("common.outside_units")],
            **totals,
        }
    )
    return frame[keep].reset_index(drop=True)


def table(
    name: str,
    frame: pd.DataFrame,
    columns: Sequence[tuple[str, str, int]],
    *,
    title: Text | None = None,
    headings: Mapping[str, Text] | None = None,
    key: str | None = None,
    total: bool = False,
    counts: Literal["bands", "subsets", "split", "cross", "rounded"] | None = None,
    alone: tuple[str, ...] = (),
    to_ten: bool = False,
) -> Table:
    """Make a Table: columns are (field, kind, decimals).

    Title and headings come from the locale files unless they are given, as they
    are where a layer's own title belongs.
    """
    own = headings or {}
    made = tuple(
        Column(
            name=field,
            title=own[field] if field in own else t(f"fields.{field}"),
            kind=kind,
            decimals=decimals,
        )
        for field, kind, decimals in columns
    )
    return Table(
        id=name,
        title=title or t(f"tables.{name}"),
        columns=made,
        frame=frame[[c.name for c in made]].reset_index(drop=True),
        key=key,
        total=total,
        counts=counts,
        alone=alone,
        to_ten=to_ten,
    )


def listed(titles: Iterable[Text]) -> Text:
    """Join titles with commas for the middle of a sentence, each with a small letter first."""
    found = list(titles)
    return Text(
        nb=", ".join(x.nb[:1].lower() + x.nb[1:] for x in found),
        en=", ".join(x.en[:1].lower() + x.en[1:] for x in found),
    )


def share(part: Any, whole: Any) -> Any:
    """Divide, giving NaN where the whole is zero."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    unknown = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.divide(part, whole, out=unknown, where=whole > 0)


def share_of_tens(part: Any, whole: Any) -> NDArray[np.float64]:
    """Divide residents to the nearest 10 by a whole; NaN below 10, as where they are not known.

    An exact share of a known whole would tell the part that is rounded beside it. A part
    that is the whole is 1; one that leaves 1 to 9 has no share, as its count is withheld.
    """
    tens, exact = tens_of(part), np.asarray(part, dtype=np.float64)
    all_of_it = np.isclose(exact, whole, rtol=0, atol=1e-6)
    rest = np.where(all_of_it, 0.0, whole - exact)
    told = ~np.isnan(tens) & ~((rest > 0) & (rest < LEAST))
    return np.where(told, share(np.where(all_of_it, whole, tens), whole), np.nan)


def tens_of(residents: Any) -> NDArray[np.float64]:
    """Round residents to the nearest 10; NaN from 1 to 9, and where they are not known."""
    known = np.asarray(residents, dtype=np.float64)
    tens = [np.nan if np.isnan(n) else round_residents(float(n)) for n in known]
    return np.array(tens, dtype=np.float64)


def land_note(study: Study) -> Text:
    """Say what 'land' means for this study."""
    return t("common.land_sea_removed" if study.sea_removed else "common.land_as_delivered")
