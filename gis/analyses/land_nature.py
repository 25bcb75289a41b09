"""Take the nature that building must keep off, from the official layers that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.analyses.land_parts import near_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.study import Study

PROTECTED, TYPES = "protected_areas", "nature_types"
VALUED = ("very_high", "high", "moderate")
NATURE_LAYERS = (PROTECTED, TYPES)


def valued_nature(study: Study) -> NDArray[Any]:
    """Return protected areas and nature types of moderate quality or better; may overlap."""
    return study.once(("valued nature",), lambda: _valued(study))


def _valued(study: Study) -> NDArray[Any]:
    found: list[NDArray[Any]] = [np.empty(0, dtype=object)]
    if study.has(PROTECTED):
        found.append(near_shapes(study, PROTECTED))
    if study.has(TYPES):
        frame = study.frame(TYPES)
        frame = frame[frame["quality"].isin(VALUED)]
        near = np.sort(frame.sindex.query(study.polygon, predicate="intersects"))
        found.append(frame.geometry.to_numpy()[near])
    return np.concatenate(found)
