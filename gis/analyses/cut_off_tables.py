"""Lay out the tables of cut-off roads: residents by state, longer ways, works."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.analyses.parts import table
from gis.text import number, t

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.result import Table

_LONGER_M = (0.0, 500.0, 1000.0, 2000.0, 5000.0)
NO_ROAD, IN_ZONE, CUT_OFF, LONGER, AS_BEFORE, NEVER = range(6)
STATES = ("no_road", "in_zone", "cut_off", "longer", "as_before", "never_reached")


@dataclass(frozen=True)
class Closed:
    """What became of every place: its state, and how many metres its way gets longer."""

    state: NDArray[np.int64]
    longer_m: NDArray[np.float64]


def state_table(sums: NDArray[np.float64], state: NDArray[np.int64]) -> Table:
    """Count residents and their places by what becomes of them."""
    places = np.bincount(state, minlength=len(STATES))
    order = [CUT_OFF, IN_ZONE, LONGER, AS_BEFORE, NEVER, NO_ROAD]
    frame = pd.DataFrame(
        {
            "state": [*(t(f"cut_off.{STATES[i]}") for i in order), t("common.total")],
            "residents": [*sums[order], sums.sum()],
            "places": [*places[order], len(state)],
        }
    )
    columns = (("state", "text", 0), ("residents", "residents", 0), ("places", "count", 0))
    # Anybody may move the distance to a road by a metre, or close one class more.
    return table("states", frame, columns, total=True, counts="bands", to_ten=True)


def longer_table(closed: Closed, n_places: int) -> Table:
    """Count the places of residents whose way gets longer, by how much.

    Places, not residents: the sum would tell of a row that the table of states hides.
    """
    mine = closed.state[:n_places] == LONGER
    slot = np.digitize(closed.longer_m[:n_places][mine], _LONGER_M[1:], right=True)
    counts = np.bincount(slot, minlength=len(_LONGER_M))
    names = [
        t("transit_access.band", low=number(a), high=number(b))
        for a, b in itertools.pairwise(_LONGER_M)
    ]
    names += [t("transit_access.band_over", low=number(_LONGER_M[-1])), t("common.total")]
    frame = pd.DataFrame({"longer": names, "places": [*counts, counts.sum()]})
    return table("longer", frame, (("longer", "text", 0), ("places", "count", 0)), total=True)


def works_table(works: gpd.GeoDataFrame, closed: Closed, first: int) -> Table:
    """List the works that are cut off, stand in the zone, or get a longer way."""
    state, longer = closed.state[first:], closed.longer_m[first:]
    hit = np.isin(state, (CUT_OFF, IN_ZONE, LONGER))
    frame = pd.DataFrame(
        {
            "name": works["name"].astype(str),
            "function": works["function"].astype(str),
            "state": [t(f"cut_off.{STATES[s]}") for s in state],
            "longer_km": np.where(state == LONGER, longer / 1000, np.nan),
        }
    )[hit]
    columns = (
        ("name", "text", 0),
        ("function", "text", 0),
        ("state", "text", 0),
        ("longer_km", "number", 1),
    )
    return table("works", frame.reset_index(drop=True), columns)
