"""Lay out built-up land year by year, and who lived in the municipality then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.analyses.land_parts import BUILT_UP, joined_on_land, near_shapes
from gis.disclosure import is_publishable
from gis.errors import FieldError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

EARLIER, HISTORY = "built_up_earlier", "population_history"


@dataclass(frozen=True)
class State:
    """Built-up land on 1 January of a year, joined and cut to land; residents where known."""

    year: int
    built_up: shapely.Geometry
    residents: int | None

    @property
    def km2(self) -> float:
        """Built-up land in square kilometres."""
        return float(shapely.area(self.built_up)) / 1e6

    @property
    def shown(self) -> int | None:
        """Residents as they may be told: all of a municipality, unless they are 1 to 9."""
        known = self.residents
        return known if known is not None and is_publishable(known) else None


def states_of(study: Study) -> tuple[State, ...]:
    """Return the built-up land of every year that the layers hold, the first year first.

    The year of a boundary is its field ``year``, else that of the file's date. Raises
    FieldError where neither tells it, and where two layers tell of one year.
    """
    return study.once(("built-up states",), lambda: _states(study))


def _states(study: Study) -> tuple[State, ...]:
    shapes: dict[int, NDArray[Any]] = {}
    for layer in (EARLIER, BUILT_UP):
        for year, mine in _by_year(study, layer).items():
            if year in shapes:
                message = (
                    f"layer {layer}: its boundaries are of {year}, and so are those of {EARLIER}; "
                    f"state each file's date under [layers.{layer}] in workspace.toml"
                )
                raise FieldError(message)
            shapes[year] = mine
    people = _residents(study)
    return tuple(
        State(year, joined_on_land(study, shapes[year]), people.get(year))
        for year in sorted(shapes)
    )


def _by_year(study: Study, layer: str) -> dict[int, NDArray[Any]]:
    """Return the polygons of a layer near the municipality by year, empty years too."""
    frame = study.frame(layer)
    date = study.source(layer).date
    years = pd.Series(np.nan, index=frame.index)
    if "year" in frame.columns:
        years = pd.to_numeric(frame["year"])
    if date is not None:
        years = years.fillna(_first_of_january(date))
    if years.isna().any() or frame.empty:
        message = (
            f"layer {layer}: {int(years.isna().sum())} of {len(frame)} boundaries without a year; "
            f"the field year, or date under [layers.{layer}] in workspace.toml, must tell it"
        )
        raise FieldError(message)
    if set(years) == {years.iloc[0]}:
        return {int(years.iloc[0]): near_shapes(study, layer)}
    near = np.sort(frame.sindex.query(study.polygon, predicate="intersects"))
    mine, of = frame.geometry.to_numpy()[near], years.to_numpy(dtype=np.int64)[near]
    return {int(y): mine[of == y] for y in sorted({int(y) for y in years})}


def _first_of_january(date: dt.date) -> int:
    """Return the year whose 1 January is nearest."""
    return date.year + (date > dt.date(date.year, 7, 1))


def _residents(study: Study) -> dict[int, int]:
    if not study.has(HISTORY):
        return {}
    rows = study.frame(HISTORY)
    rows = rows[(rows["number"].astype(str) == study.area.number) & rows["residents"].notna()]
    return {int(y): int(n) for y, n in zip(rows["year"], rows["residents"], strict=True)}


def chosen_pair(
    states: tuple[State, ...], *, first: int | None, last: int | None
) -> tuple[State, State]:
    """Return the two years to compare, the first and the last unless given.

    Raises ParameterError for a year that is not there, and for years that do not rise.
    """
    years = {s.year: s for s in states}
    found = []
    for name, year, default in (
        ("from_year", first, states[0].year),
        ("to_year", last, states[-1].year),
    ):
        chosen = default if year is None else year
        if chosen not in years:
            message = f"{name} {chosen} given; there are: {', '.join(map(str, years))}"
            raise ParameterError(message)
        found.append(years[chosen])
    if found[0].year >= found[1].year:
        message = (
            f"from_year {found[0].year} and to_year {found[1].year}; allowed: two years that rise, "
            f"of {', '.join(map(str, years))}"
        )
        raise ParameterError(message)
    return found[0], found[1]
