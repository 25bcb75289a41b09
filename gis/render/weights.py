"""Put the weights of suitability in the reader's hand: points by cell, packed for the page.

The page adds whole numbers, and shows for each choice of weights what the command line
gives with them. Cells tell of land, not of people, so nothing of it needs protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.analyses.site_weights import (
    COUNTED,
    OFFERED,
    UNKNOWN,
    MovableWeights,
    movable_weights,
)
from gis.errors import RenderError
from gis.text import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.catalogue.map_models import MapEntry
    from gis.render.drawn import Drawn
    from gis.result import Result

_CELLS, _TOP = "frame", "top"


def weights_of(entry: MapEntry, lead: Result) -> MovableWeights | None:
    """Return what a map with movable weights needs; None for other maps."""
    return movable_weights(lead) if entry.weights else None


def weight_controls(found: MovableWeights | None) -> list[dict[str, Any]]:
    """Return one control for each weight: its parameter, heading, values, the map's own."""
    if found is None:
        return []
    made = []
    for (name, own), title in zip(found.weights.items(), found.titles, strict=True):
        values = sorted({*OFFERED, own})
        options = [(v, number(v, decimals=0 if v.is_integer() else 2)) for v in values]
        made.append({"name": name, "title": title, "options": options, "own": own})
    return made


def weights_payload(
    found: MovableWeights, lead: Result, layers: Sequence[Drawn], *, where: str
) -> dict[str, Any]:
    """Return everything the page adds up and words. Raises RenderError without the cells' layer."""
    by_frame = {d.origin[1]: d for d in layers if d.origin and d.origin[0] == lead.analysis}
    if _CELLS not in by_frame:
        message = f"{where}: weights need a layer of the result '{lead.analysis}'"
        raise RenderError(message)
    cells, parameters = by_frame[_CELLS], list(lead.definition.parameters)
    return {
        "layer": cells.id,
        "rows": cells.shapes.rows.tolist(),
        "top": by_frame[_TOP].id if _TOP in by_frame else None,
        "own": list(found.weights.values()),
        "names": list(found.weights),
        "titles": [title.as_dict() for title in found.titles],
        "points": found.points.T.tolist(),
        "state": found.state.tolist(),
        "high": found.high_from,
        "medium": found.medium_from,
        "ha": found.cell_ha,
        "finding": found.finding.as_dict(),
        "sentence": found.sentence.as_dict(),
        "params": [parameters.index(name) for name in found.weights],
        "figures": {name: list(lead.figures).index(name) for name in COUNTED},
        "counted": {name: str(standing) for name, standing in COUNTED.items()},
        "unknown": list(lead.figures).index(UNKNOWN),
    }
