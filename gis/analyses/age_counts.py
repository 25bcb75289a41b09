"""Lay residents out by basic statistical unit and age group, now and projected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.analyses.age_labels import Ages, ages_of, group_index
from gis.analyses.ages_reached import AGES
from gis.analyses.parts import UNITS, units_inside
from gis.errors import LayerMissingError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PROJECTION = "population_projection"
_UNIT_DIGITS = 8


@dataclass(frozen=True)
class Counted:
    """Residents by unit and age as delivered, units of the municipality alone.

    ``rows`` holds number, span (a place in ``spans``) and residents; ``incomplete`` are
    units with a count that the publisher hides, which are in no number here.
    """

    rows: pd.DataFrame
    spans: tuple[Ages, ...]
    numbers: tuple[str, ...]
    incomplete: tuple[str, ...]

    def by_unit(self, groups: Sequence[Ages]) -> Ints:
        """Return whole counts (units, groups). Every span must fit a group."""
        index = group_index(self.spans, groups)
        made = np.zeros((len(self.numbers), len(groups)), dtype=np.int64)
        unit = pd.Index(self.numbers).get_indexer(self.rows["number"])
        group = index[self.rows["span"].to_numpy(dtype=np.int64)]
        np.add.at(made, (unit, group), self.rows["residents"].to_numpy(dtype=np.int64))
        return made

    @cached_property
    def by_span(self) -> Ints:
        """The municipality's residents by age group as delivered."""
        span = self.rows["span"].to_numpy(dtype=np.int64)
        weight = self.rows["residents"].to_numpy(dtype=np.float64)
        return np.bincount(span, weights=weight, minlength=len(self.spans)).astype(np.int64)


def counted(study: Study) -> Counted:
    """Take the units of the municipality. Raises LayerMissingError, FieldError (age groups)."""
    frame = study.frame(AGES)
    own = _own_units(study, frame["number"].astype(str))
    if not own.any():
        given = frame["number"].astype(str)
        message = (
            f"layer {AGES}: none of its {given.nunique()} unit numbers lies in {study.area.number} "
            f"{study.area.name} (the first is {next(iter(given), 'missing')}); units are numbered "
            "anew with the municipality"
        )
        raise LayerMissingError(message)
    rows = frame.loc[own, ["number", "age", "residents"]]
    hidden = tuple(sorted(rows.loc[rows["residents"].isna(), "number"].unique()))
    rows = rows[~rows["number"].isin(hidden)]
    labels = rows["age"].astype(str)
    of = {label: ages_of(label) for label in labels.unique()}
    spans = tuple(sorted(set(of.values())))
    place = {span: i for i, span in enumerate(spans)}
    made = pd.DataFrame(
        {
            "number": rows["number"].astype(str).to_numpy(),
            "span": [place[of[label]] for label in labels],
            "residents": rows["residents"].to_numpy(dtype=np.int64),
        }
    )
    return Counted(made, spans, tuple(sorted(made["number"].unique())), hidden)


def _own_units(study: Study, numbers: pd.Series[Any]) -> NDArray[np.bool_]:
    """Tell which unit numbers are of this municipality: by the map, or by the first four digits."""
    own = numbers.str[:4] == study.area.number
    if study.has(UNITS):
        inside = study.frame(UNITS)[units_inside(study)]["number"].astype(str)
        own |= numbers.isin(inside)
    found: NDArray[np.bool_] = own.to_numpy(dtype=bool)
    return found


@dataclass(frozen=True)
class Projected:
    """Projected residents of one year: by age for the municipality, and in all by unit."""

    year: int
    by_group: Floats
    total: float
    units: pd.Series[Any]


def projected(study: Study, groups: Sequence[Ages], *, year: int | None) -> Projected | None:
    """Take the projection of a year, the last unless given; None without a layer.

    A group that a projected age group does not fit is NaN. Raises ParameterError.
    """
    if not study.has(PROJECTION):
        return None
    frame = study.frame(PROJECTION)
    number = frame["number"].astype(str)
    whole = number == study.area.number
    units = (number.str.len() == _UNIT_DIGITS) & _own_units(study, number)
    rows = frame[whole | units]
    if rows.empty:
        return None
    years = sorted({int(y) for y in rows["year"]})
    if year is not None and year not in years:
        message = f"year {year} given; the layer {PROJECTION} has: {', '.join(map(str, years))}"
        raise ParameterError(message)
    chosen = years[-1] if year is None else year
    own, of_year = frame[units], frame[whole if whole.any() else units]
    of_year = of_year[of_year["year"] == chosen]
    own = own[own["year"] == chosen]
    count = of_year["residents"].to_numpy(dtype=np.float64)
    return Projected(
        year=chosen,
        by_group=_by_group(of_year, count, groups),
        total=float(np.nansum(count)),
        units=own.groupby(own["number"].astype(str))["residents"].sum(min_count=1),
    )


def _by_group(rows: gpd.GeoDataFrame, count: Floats, groups: Sequence[Ages]) -> Floats:
    spans = [ages_of(label) for label in rows["age"].astype(str)]
    index = group_index(spans, groups)
    fits = index >= 0
    made = np.bincount(index[fits], weights=count[fits], minlength=len(groups))
    # What is cut by a limit is missing from the groups on both of its sides.
    for span in {s for s, fit in zip(spans, fits, strict=True) if not fit}:
        touched = [g.first <= span.last and span.first <= g.last for g in groups]
        made[np.array(touched)] = np.nan
    return made
