"""Take the nature that building must keep off, from the official layers that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.analyses.nature_sources import LAYERS, VALUES, ValueParameters, valued_layers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

NATURE_LAYERS = LAYERS
# Moderate value and above, as the value analysis gives it.
_LEAST = VALUES.index("moderate")


def valued_nature(study: Study) -> NDArray[Any]:
    """Return the places of moderate, high or very high official nature value; may overlap."""
    return study.once(("land nature",), lambda: _valued(study))


def _valued(study: Study) -> NDArray[Any]:
    found = valued_layers(study, ValueParameters())
    kept = [v.shapes[v.value <= _LEAST] for v in found]
    return np.concatenate([np.empty(0, dtype=object), *kept])
