"""Choose the species records that may be counted, and account for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.result import LeftOut
from gis.text import number, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

# Red-list categories after IUCN, as used by Artsdatabanken (Norsk rødliste for arter 2021).
THREATENED = ("CR", "EN", "VU")
RED_LISTED = (*THREATENED, "NT")
# What a species of each category weighs: equal steps, as in the IUCN Red List Index (Butchart
# et al. 2007, PLoS ONE 2(1): e140). DD is no step on that scale and weighs nothing.
WEIGHTS = {"CR": 4.0, "EN": 3.0, "VU": 2.0, "NT": 1.0}
NOT_EVALUATED = ("", "NE")
# Alien species risk categories (Fremmedartslista 2023); NR is not assessed, still alien.
ALIEN = ("SE", "HI", "PH", "LO", "NK", "NR")
NOT_NATIVE = "NA"
# What GBIF assumes for a record that does not say how sure its place is.
ASSUMED_UNCERTAINTY_M = 1000.0


@dataclass(frozen=True)
class Records:
    """Records that count: place, species as an index, and the species' standing.

    ``threatened``, ``red_listed`` and ``deficient`` are per record, ``listed_species``
    per species: whether any of its records says it is red-listed; ``weight`` per
    species: of its worst category. ``seen_x``, ``seen_y`` are the places of every record
    that is sure enough, of whatever species: somebody looked there. ``evaluated`` counts
    the records whose species has a category.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    species: NDArray[np.int64]
    names: tuple[str, ...]
    threatened: NDArray[np.bool_]
    red_listed: NDArray[np.bool_]
    deficient: NDArray[np.bool_]
    listed_species: NDArray[np.bool_]
    weight: NDArray[np.float64]
    seen_x: NDArray[np.float64]
    seen_y: NDArray[np.float64]
    evaluated: int
    left_out: tuple[LeftOut, ...]


def usable_records(
    study: Study, *, max_uncertainty_m: float, weights: Mapping[str, float] | None = None
) -> Records:
    """Take the records of native species whose place is sure enough.

    A record with a larger uncertainty than ``max_uncertainty_m`` lights no cell; one
    that does not say is taken as 1,000 m, as GBIF does. Alien and vagrant species
    are never scored. Each record is left out for the first reason that fits. ``weights``
    are those of the red-list categories, WEIGHTS unless given.
    """
    frame = study.frame("species_records")
    x, y = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    shapely.prepare(study.polygon)
    inside = shapely.contains_xy(study.polygon, x, y)
    frame, x, y = frame[inside], x[inside], y[inside]
    category = _text(frame, "category")
    given = frame["uncertainty_m"].to_numpy(dtype=np.float64)
    stated = np.where(given < 0, np.nan, given)  # less than nothing says nothing
    uncertainty = np.where(np.isnan(stated), ASSUMED_UNCERTAINTY_M, stated)
    alien = np.isin(_text(frame, "alien_category"), ALIEN) | np.isin(category, (NOT_NATIVE, *ALIEN))
    reasons = (
        ("no_species", _text(frame, "species") == ""),
        ("alien", alien),
        ("no_uncertainty", np.isnan(stated) & (uncertainty > max_uncertainty_m)),
        ("too_uncertain", uncertainty > max_uncertainty_m),
    )
    keep = np.ones(len(frame), dtype=bool)
    left_out = []
    for reason, hit in reasons:
        count = int((keep & hit).sum())
        keep &= ~hit
        if count:
            text = t(f"left_out.{reason}", count=number(count), limit=number(max_uncertainty_m))
            left_out.append(LeftOut(reason=reason, text=text, count=count, unit="records"))
    names, species = np.unique(_text(frame, "species")[keep], return_inverse=True)
    standing = category[keep]
    red_listed = np.isin(standing, RED_LISTED)
    listed = np.bincount(species[red_listed], minlength=len(names)) > 0
    steps = WEIGHTS if weights is None else weights
    weight = np.zeros(len(names))
    np.maximum.at(weight, species, np.array([steps.get(c, 0.0) for c in standing.tolist()]))
    sure = uncertainty <= max_uncertainty_m
    return Records(
        x=x[keep],
        y=y[keep],
        species=species.astype(np.int64),
        names=tuple(names),
        threatened=np.isin(standing, THREATENED),
        red_listed=red_listed,
        deficient=standing == "DD",
        listed_species=listed,
        weight=weight,
        seen_x=x[sure],
        seen_y=y[sure],
        evaluated=int((~np.isin(standing, NOT_EVALUATED)).sum()),
        left_out=tuple(left_out),
    )


def _text(frame: pd.DataFrame, name: str) -> NDArray[np.str_]:
    """Return a text column without gaps, missing fields and values as empty text."""
    if name not in frame.columns:
        return np.full(len(frame), "", dtype=str)
    values: NDArray[np.str_] = frame[name].fillna("").astype(str).to_numpy(dtype=str)
    return values
