"""Tell what share of an area is nature of high value, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from gis.analyses.nature_sources import CLASSES, NOT_SURVEYED
from gis.result import Reading, Result, Status
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from gis.analyses.nature_sources import ValueParameters
    from gis.analyses.registry import Analysis
    from gis.analyses.study import Study
    from gis.provenance import Provenance
    from gis.result import Definition
    from gis.text import Text

HIGH = ("very_high", "high")
# Less than this share not known is a matter of outlines, not of surveys.
_LITTLE = 0.001


@dataclass(frozen=True)
class NatureShares:
    """An area by nature value: km² of every class, and the whole that they are parts of."""

    areas: dict[str, float]
    whole: float

    @property
    def part(self) -> float:
        """Nature of high and very high value, km²."""
        return sum(self.areas[c] for c in HIGH)

    @property
    def unknown(self) -> float:
        """Without a value or not surveyed, km²: what nobody has looked at may be anything."""
        return self.areas["unvalued"] + self.areas[NOT_SURVEYED]

    @property
    def status(self) -> Status:
        """Whether there is an area at all, and whether enough of it is known."""
        if not self.whole:
            return Status.INSUFFICIENT_DATA
        unknown = share_of(self.unknown, self.whole)
        return Status.PARTLY_MAPPED if unknown > _LITTLE else Status.OK

    def result(
        self,
        study: Study,
        analysis: Analysis[ValueParameters],
        *,
        finding: Text,
        definition: Definition,
        provenance: Provenance,
    ) -> Result:
        """Return the share as a result; the upper bound takes all that is unknown as high."""
        value = self.part / self.whole if self.whole else None
        return Result(
            analysis=analysis.id,
            title=analysis.title,
            area=study.area,
            value=value,
            unit="share",
            numerator=self.part,
            denominator=self.whole,
            numerator_unit="km2",
            low=value,
            high=min(1.0, (self.part + self.unknown) / self.whole) if self.whole else None,
            status=self.status,
            finding=finding,
            definition=definition,
            provenance=provenance,
        )


def by_class(frame: gpd.GeoDataFrame, shape: shapely.Geometry) -> dict[str, float]:
    """Measure the part of each nature value inside a shape, km²; every class is there."""
    areas = shapely.area(shapely.intersection(frame.geometry.to_numpy(), shape)) / 1e6
    sums = pd.Series(areas).groupby(frame["nature_value"].to_numpy()).sum()
    return {c: float(sums.get(c, 0.0)) for c in CLASSES}


def share_of(part: float, whole: float) -> float:
    """Divide, 0 where the whole is zero."""
    return part / whole if whole else 0.0


def value_readings(
    params: ValueParameters,
    measure: Callable[[ValueParameters], dict[str, float]],
    *,
    whole_km2: float,
) -> tuple[Reading, ...]:
    """Read the share with the doubtful steps one lower and one higher, and very high alone.

    ``measure`` gives km² by class under some parameters.
    """
    found = []
    for name, other, classes in _other_values(params):
        areas = measure(other)
        km2 = sum(areas[c] for c in classes)
        found.append(
            Reading(
                name=name,
                text=t(f"nature_value.reading_{name}"),
                value=km2 / whole_km2 if whole_km2 else None,
                numerator=km2,
                denominator=whole_km2,
                chosen=name == "chosen",
            )
        )
    return tuple(found)


def _other_values(
    params: ValueParameters,
) -> tuple[tuple[str, ValueParameters, tuple[str, ...]], ...]:
    """Return the readings: name, parameters, and the classes that count.

    The doubtful steps one lower and one higher, and very high value alone.
    """
    lower = params.model_copy(
        update={
            "quality_very_high": "high",
            "quality_high": "moderate",
            "hb13_a": "high",
            "hb13_b": "moderate",
            "national_interest": "moderate",
        }
    )
    higher = params.model_copy(
        update={"quality_high": "very_high", "quality_moderate": "high", "hb13_c": "high"}
    )
    return (
        ("chosen", params, HIGH),
        ("lower", lower, HIGH),
        ("higher", higher, HIGH),
        ("very_high_only", params, HIGH[:1]),
    )
