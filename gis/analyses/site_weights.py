"""Tell a page what it needs to move the weights of suitability as the command line does.

Points are whole thousandths and weights whole numbers, so that their sum and its limits
are the same in any arithmetic: a page that adds them up gives every cell the class that
``suitability`` gives it under the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.analyses.site_criteria import CRITERIA, STEPS
from gis.analyses.site_rank import MEDIUM_OF_HIGH, Standing
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.result import Result

# The weights that a page offers, beside the map's own.
OFFERED = tuple(float(w) for w in range(11))
# What a cell is before its points are looked at.
FREE, OPEN, EXCLUDED = 0, 1, 2
# Figures of the result that follow the weights, and the class that each counts.
COUNTED = {
    "sites_high": Standing.HIGH,
    "sites_medium": Standing.MEDIUM,
    "sites_low": Standing.LOW,
    "sites_study_high": Standing.STUDY_HIGH,
}
# A figure that takes draws of the weights, which a page does not make.
UNKNOWN = "sites_stable"


@dataclass(frozen=True)
class MovableWeights:
    """Points of every cell by criterion (n, k) in thousandths, and what makes them classes.

    ``state``: FREE, OPEN or EXCLUDED by cell; ``weights``: the result's own, by parameter.
    ``finding`` and ``sentence`` hold {places} for what follows the weights.
    """

    weights: dict[str, float]
    titles: tuple[Text, ...]
    points: NDArray[np.int64]
    state: NDArray[np.int64]
    high_from: float
    medium_from: float
    cell_ha: float
    finding: Text
    sentence: Text


def movable_weights(result: Result) -> MovableWeights | None:
    """Return what a page needs, or None where there are no cells or nothing to weigh."""
    frame, given = result.frame, result.definition.parameters
    names = [] if frame is None else [c for c in CRITERIA if f"{c}_points" in frame.columns]
    weights = {f"w_{c}": float(str(given[f"w_{c}"])) for c in names}
    if frame is None or frame.empty or not sum(weights.values()):
        return None
    points = np.rint(STEPS * frame[[f"{c}_points" for c in names]].to_numpy(dtype=np.float64))
    standing = frame["suited"].to_numpy()
    state = np.where(np.isin(standing, (Standing.STUDY, Standing.STUDY_HIGH)), OPEN, FREE)
    state = np.where(standing == Standing.EXCLUDED, EXCLUDED, state)
    titles = tuple(t(f"suitability.criterion_{c}") for c in names)
    high = float(str(given["high_from"]))
    return MovableWeights(
        weights=weights,
        titles=titles,
        points=points.astype(np.int64),
        state=state.astype(np.int64),
        high_from=high,
        medium_from=MEDIUM_OF_HIGH * high,
        cell_ha=float(str(given["cell_m"])) ** 2 / 10_000,
        finding=_finding(result, high, excluded=float((state == EXCLUDED).mean())),
        sentence=_sentence(result.definition.sentence, titles, list(weights.values())),
    )


def _finding(result: Result, high_from: float, *, excluded: float) -> Text:
    places = {k: "{" + k + "}" for k in ("share", "well", "ha", "study")}
    return t(
        "suitability.finding",
        name=result.area.name,
        limit=number(high_from),
        excluded=percent(excluded, decimals=0),
        **places,
    )


def _sentence(sentence: Text, titles: tuple[Text, ...], weights: list[float]) -> Text:
    told = weights_text(titles, weights)
    return Text(
        nb=sentence.nb.replace(told.nb, "{weights}"), en=sentence.en.replace(told.en, "{weights}")
    )


def weights_text(titles: tuple[Text, ...], weights: list[float]) -> Text:
    """Write criteria with their weights: ``frequent transit 4, school 1``."""
    told = [(title, number(w)) for title, w in zip(titles, weights, strict=True)]
    return Text(
        nb=", ".join(f"{title.nb} {w.nb}" for title, w in told),
        en=", ".join(f"{title.en} {w.en}" for title, w in told),
    )
