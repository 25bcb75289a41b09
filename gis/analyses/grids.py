"""Hold an answer worked out beforehand under every definition that a page offers.

A grid is what makes the definition movable in a page without any arithmetic there:
each position is the analysis' own Result, the same that the command line gives.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from gis.analyses import rail_grid, transit_grid
from gis.analyses.grid_parts import Control, Grid, Position
from gis.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gis.analyses.study import Study

GRIDS: dict[str, Callable[[Study, Mapping[str, Any]], Grid]] = {
    "transit-access": transit_grid.transit_grid,
    "rail-cycling": rail_grid.rail_grid,
}


def live_grid(name: str) -> Callable[[Study, Mapping[str, Any]], Grid]:
    """Return what works out the grid of an analysis. Raises ParameterError where it has none."""
    if name not in GRIDS:
        near = difflib.get_close_matches(name, GRIDS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        message = f"no live definition for '{name}'{hint} (there are: {', '.join(GRIDS)})"
        raise ParameterError(message)
    return GRIDS[name]


__all__ = ["GRIDS", "Control", "Grid", "Position", "live_grid"]
