"""Shape a grid of definitions: its controls, its positions, the layers that follow them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.disclosure import round_residents

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.result import Result, Scalar
    from gis.text import Text


@dataclass(frozen=True)
class Control:
    """One parameter that a reader may move, with the values offered."""

    name: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Position:
    """The answer under one choice of values.

    ``finding_rounded`` is the finding with residents to the nearest 10, for where the
    difference of two positions could otherwise be a handful of people.
    """

    params: Mapping[str, Scalar]
    result: Result
    finding_rounded: Text


@dataclass(frozen=True)
class Followed:
    """Features that are on or off by position.

    ``step[r, i]`` is the first value of the first control at which feature i is on
    under reading r (all other controls together, last one fastest), or the number
    of its values where it never is. ``columns`` are fields that change with the
    reading, by name: one row a reading; those named in ``within`` only say something of
    features that are on. ``stale`` are fields of the chosen reading that say nothing
    under another.
    """

    frame: gpd.GeoDataFrame
    step: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    stale: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Every position of an analysis, first control slowest, and what a map draws of them.

    The first control is the one that only ever adds (a distance): features keep the
    step at which they come in. ``chosen`` is the map's own position; ``circles`` tells
    for each reading whether what is within reach are circles around the points.
    ``points_frame`` names the result's frame that the points stand for.
    """

    analysis: str
    controls: tuple[Control, ...]
    positions: tuple[Position, ...]
    chosen: int
    cells: Followed
    points: Followed
    circles: tuple[bool, ...]
    points_frame: str = "stops"

    @property
    def readings(self) -> int:
        """The number of combinations of all controls but the first."""
        return math.prod(len(c.values) for c in self.controls[1:])


def part_rounded(result: Result) -> float:
    """Round the residents of a result's numerator to 10; what the wording withholds stays."""
    part, whole = float(result.numerator or 0), float(result.denominator or 0)
    rounded = round_residents(part)
    withheld = rounded is None or 0 < whole - part < 10
    return part if withheld else min(float(rounded or 0), whole)
