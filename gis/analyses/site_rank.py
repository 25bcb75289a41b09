"""Class grid cells by points and limits, rank them, and try the ranking under other weights."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gis.kernels.ranking import (
    competition_rank,
    in_top,
    kept_when_moved,
    top_stability,
    weighted_score,
)
from gis.result import Reading
from gis.text import number, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.analyses.site_criteria import Criterion
    from gis.analyses.site_limits import Limits
    from gis.analyses.suitability import SuitabilityParameters

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FULL = 100.0
# As fine as the mean itself: two decimals fewer, for the factor of 100.
_DECIMALS = 7
# Below this share of the limit for "well suited" a cell is little suited.
MEDIUM_OF_HIGH = 0.6


class Standing(enum.StrEnum):
    """What a cell is: suited by points, to be studied for hazard first, or excluded.

    ``STUDY_HIGH`` would be well suited if the open hazard turned out to be none.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    STUDY_HIGH = "study_high"
    STUDY = "needs_study"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Ranked:
    """Points (0-100) by cell and what follows from them; arrays by cell.

    ``cleared`` cells are not excluded and no hazard is open in them; ``open`` ones are
    not excluded, but a hazard must be studied. ``rank`` and ``stability`` are within each
    of the two, 0 and NaN for excluded cells.
    """

    criteria: Mapping[str, Criterion]
    weights: Floats
    limits: Limits
    score: Floats
    excluded: Bools
    open: Bools
    rank: NDArray[np.int64]
    stability: Floats
    top: Bools
    high_from: float
    min_free: float

    @property
    def cleared(self) -> Bools:
        """Cells that nothing excludes and where no hazard is open."""
        return ~self.excluded & ~self.open

    @property
    def points(self) -> Floats:
        """Points (0-1) by cell and criterion."""
        return np.column_stack([c.points for c in self.criteria.values()])

    @cached_property
    def standing(self) -> NDArray[np.object_]:
        """The class of each cell."""
        high, medium = self.score >= self.high_from, self.score >= self.medium_from
        made = np.where(high, Standing.HIGH, np.where(medium, Standing.MEDIUM, Standing.LOW))
        made = np.where(self.open, np.where(high, Standing.STUDY_HIGH, Standing.STUDY), made)
        return np.asarray(np.where(self.excluded, Standing.EXCLUDED, made), dtype=object)

    @property
    def medium_from(self) -> float:
        """The points from which a cell is fairly suited."""
        return MEDIUM_OF_HIGH * self.high_from

    @cached_property
    def counts(self) -> dict[Standing, int]:
        """How many cells are of each class."""
        return {s: int((self.standing == s).sum()) for s in Standing}

    @property
    def to_study(self) -> int:
        """How many cells have an open hazard and are not excluded."""
        return self.counts[Standing.STUDY] + self.counts[Standing.STUDY_HIGH]

    @property
    def always_top(self) -> int:
        """How many cleared cells are in the top under every drawn weight."""
        return int((self.cleared & (self.stability >= 1.0)).sum())


def rank_sites(
    criteria: Mapping[str, Criterion], limits: Limits, params: SuitabilityParameters
) -> Ranked:
    """Score, class and rank the cells; a criterion without a layer takes no part."""
    weights = np.array([params.weights[name] for name in criteria])
    if not weights.sum():
        # What was asked to weigh has no layer; what is there then weighs alike.
        weights = np.ones(len(criteria))
    points = np.column_stack([c.points for c in criteria.values()])
    score = points_of_100(points, weights)
    excluded = limits.excluded(min_free=params.min_free, max_slope_deg=params.max_slope_deg)
    open_ = limits.needs_study & ~excluded
    rank = np.zeros(len(score), dtype=np.int64)
    stability = np.full(len(score), np.nan)
    top = np.zeros(len(score), dtype=bool)
    for group in (~excluded & ~open_, open_):
        if not group.any():
            continue
        rank[group] = competition_rank(score[group])
        top[group] = in_top(score[group], params.top)
        stability[group] = top_stability(
            points[group],
            weights,
            top=params.top,
            draws=params.draws,
            spread=params.weight_spread,
            seed=params.seed,
        )
    return Ranked(
        criteria=criteria,
        weights=weights,
        limits=limits,
        score=score,
        excluded=excluded,
        open=open_,
        rank=rank,
        stability=stability,
        top=top,
        high_from=params.high_from,
        min_free=params.min_free,
    )


def points_of_100(points: Floats, weights: Floats) -> Floats:
    """Return the weighted mean of points as points of 100; 29 of 100 is 29, not a hair less."""
    return np.asarray(np.round(FULL * weighted_score(points, weights), _DECIMALS))


def kept_shares(ranked: Ranked, params: SuitabilityParameters) -> tuple[Floats, Floats]:
    """Return the share of the cleared top that stays when each weight moves down, and up."""
    return kept_when_moved(
        ranked.points[ranked.cleared], ranked.weights, top=params.top, by=params.weight_spread
    )


def readings_of(ranked: Ranked, params: SuitabilityParameters) -> tuple[Reading, ...]:
    """Count the well suited again with equal weights, with each criterion alone left out, ..."""
    total = len(ranked.score)
    names = list(ranked.criteria)
    rows = [("chosen", t("suitability.reading_chosen"), ranked.weights, params.high_from)]
    rows.append(("equal", t("suitability.reading_equal"), np.ones(len(names)), params.high_from))
    for i, name in enumerate(names):
        without = ranked.weights.copy()
        without[i] = 0.0
        if without.sum():
            text = t("suitability.reading_without", criterion=t(f"suitability.criterion_{name}"))
            rows.append((f"without-{name}", text, without, params.high_from))
    for high in (params.high_from - 10, params.high_from + 10):
        if 0 < high <= FULL:
            text = t("suitability.reading_high", limit=number(high))
            rows.append((f"high-{high:.0f}", text, ranked.weights, high))
    made = []
    for name, text, weights, high in rows:
        score = points_of_100(ranked.points, weights)
        well = int((ranked.cleared & (score >= high)).sum())
        made.append(
            Reading(
                name=name,
                text=text,
                value=well / total if total else None,
                numerator=float(well),
                denominator=float(total),
                chosen=name == "chosen",
            )
        )
    return tuple(made)
