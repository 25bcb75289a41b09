"""Take each official layer of nature as places with a value, by stated rules.

The four values are those of the Environment Agency's guide M-1941 (noe, middels, stor
and svært stor verdi); "unvalued" is nature that is on the map without a value. What
the guide settles is fixed here: protected areas and selected nature types always have
very high value, and a value is never lowered (M-1941, 1.4). Its table of criteria for
single nature types is not at hand, so that the steps from locality quality and from
the handbook's A, B and C are this program's own, unverified, and parameters; the
agency's own layer of values is used as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from gis.analyses.registry import Parameters
from gis.errors import FieldError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

Value = Literal["very_high", "high", "moderate", "some", "unvalued"]
# Highest first; a place has the first of them that any layer gives it.
VALUES: tuple[Value, ...] = ("very_high", "high", "moderate", "some", "unvalued")
NONE_FOUND, NOT_SURVEYED = "none_found", "not_surveyed"
CLASSES = (*VALUES, NONE_FOUND, NOT_SURVEYED)
EXTENT = "nature_mapped_extent"
# In this order a layer is named as the reason where several give the same value.
LAYERS = (
    "protected_areas",
    "selected_nature_types",
    "nature_ku_value",
    "nature_types",
    "nature_types_hb13",
    "species_national_interest",
)
# Nature types selected by regulation FOR-2011-05-13-512 under the Nature Diversity Act, section
# 52, as far as known for certain; a mapped type of that name is taken as selected.
SELECTED = (
    "slåttemark",
    "slåttemyr",
    "hule eiker",
    "kalklindeskog",
    "kalksjøer",
    "kystlynghei",
)


class ValueParameters(Parameters):
    """Which value each class of the official layers is taken as, where no law or guide says."""

    quality_very_high: Value = Field(
        default="very_high", description="value of very high locality quality (NiN)"
    )
    quality_high: Value = Field(default="high", description="value of high locality quality")
    quality_moderate: Value = Field(
        default="moderate", description="value of moderate locality quality"
    )
    quality_low: Value = Field(default="some", description="value of low locality quality")
    quality_very_low: Value = Field(
        default="some", description="value of very low locality quality"
    )
    hb13_a: Value = Field(default="very_high", description="value of A, DN Handbook 13")
    hb13_b: Value = Field(default="high", description="value of B, DN Handbook 13")
    hb13_c: Value = Field(default="moderate", description="value of C, DN Handbook 13")
    national_interest: Value = Field(
        default="high", description="value of areas with species of national interest"
    )
    selected_by_name: bool = Field(
        default=True,
        description="a nature type named as a selected one has very high value, also where the "
        "layer of selected nature types is not there",
    )


@dataclass(frozen=True)
class Valued:
    """Places of one official layer near the study area, each with a value.

    ``value`` is an index in VALUES; places may overlap. ``kind`` and ``name`` are texts.
    """

    layer: str
    shapes: NDArray[Any]
    value: NDArray[np.int64]
    kind: NDArray[np.object_]
    name: NDArray[np.object_]


def valued_layers(study: Study, params: ValueParameters) -> tuple[Valued, ...]:
    """Return the official layers that are there, valued; worked out once for a study."""
    return study.once(
        ("valued nature", params),
        lambda: tuple(_valued(study, x, params) for x in LAYERS if study.has(x)),
    )


def _valued(study: Study, layer: str, params: ValueParameters) -> Valued:
    frame = study.frame(layer)
    near = np.sort(frame.sindex.query(study.polygon, predicate="intersects"))
    frame = frame.iloc[near]
    named = "norwegian_name" if layer == "species_national_interest" else "name"
    return Valued(
        layer=layer,
        shapes=frame.geometry.to_numpy(),
        value=_values(layer, frame, params),
        kind=_texts(frame, "group" if named != "name" else "kind"),
        name=_texts(frame, named),
    )


def _values(layer: str, frame: pd.DataFrame, params: ValueParameters) -> NDArray[np.int64]:
    """Value the places of one layer by its rule."""
    if layer == "nature_types":
        return _by_quality(frame, params)
    if layer == "nature_ku_value":
        return _coded(layer, frame["value"], {v: v for v in VALUES})
    if layer == "nature_types_hb13":
        steps: dict[str, Value] = {"A": params.hb13_a, "B": params.hb13_b, "C": params.hb13_c}
        return _coded(layer, frame["value"], {**steps, "unassessed": "unvalued"})
    # Protected areas and selected nature types always have very high value (M-1941, 1.4).
    fixed = params.national_interest if layer == "species_national_interest" else VALUES[0]
    return np.full(len(frame), VALUES.index(fixed), dtype=np.int64)


def _by_quality(frame: pd.DataFrame, params: ValueParameters) -> NDArray[np.int64]:
    """Value nature types by locality quality; a selected type is never below very high."""
    table: dict[str, Value] = {
        "very_high": params.quality_very_high,
        "high": params.quality_high,
        "moderate": params.quality_moderate,
        "low": params.quality_low,
        "very_low": params.quality_very_low,
        "unassessed": "unvalued",
    }
    value = _coded("nature_types", frame["quality"], table)
    if params.selected_by_name:
        names = frame["kind"].fillna("").astype(str).str.strip().str.casefold()
        value[names.isin(SELECTED).to_numpy()] = 0
    return value


def _coded(layer: str, codes: pd.Series, table: dict[str, Value]) -> NDArray[np.int64]:
    """Look classes up. Raises FieldError for one that the catalogue does not know."""
    odd = sorted(set(codes.astype(str)) - set(table))
    if odd:
        message = f"layer {layer}: class {odd[0]!r}; allowed: {', '.join(table)}"
        raise FieldError(message)
    places = {code: VALUES.index(value) for code, value in table.items()}
    return np.array([places[c] for c in codes.astype(str)], dtype=np.int64)


def _texts(frame: pd.DataFrame, name: str) -> NDArray[np.object_]:
    if name not in frame.columns:
        return np.full(len(frame), "", dtype=object)
    texts: NDArray[np.object_] = frame[name].fillna("").astype(str).to_numpy(dtype=object)
    return texts
