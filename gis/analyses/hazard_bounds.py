"""Say how far the number of exposed residents moves: by placing, coded cells, zone edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.analyses.placing import (
    Method,
    Placing,
    classes_at,
    place,
    placing_text,
    weights_by_class,
)
from gis.analyses.zones import Zones, one_class
from gis.result import Reading
from gis.text import Text, number, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

EDGES_M = (-10.0, -5.0, 5.0, 10.0)


@dataclass(frozen=True)
class Bounds:
    """The readings of one count, and the least and largest share among those that bound it.

    Zone edges moved outwards or inwards are readings; they do not bound the number.
    """

    readings: tuple[Reading, ...]
    low: float | None
    high: float | None


def bounds_of(
    study: Study, cells: Cells, zones: Zones, *, joined: shapely.Geometry, chosen: Placing
) -> Bounds:
    """Count the union of zones again under every other reading.

    ``zones`` has one class; ``joined`` is their union.
    """
    ways = [
        _reading(
            cells,
            _way_name(p),
            placing_text(p),
            inside=_inside(cells, p, zones),
            chosen=p == chosen,
        )
        for p in _ways(study, cells, chosen)
    ]
    coded = _coded(cells, chosen, zones)
    edges = [_edge(cells, chosen, zones, joined=joined, by_m=by_m) for by_m in EDGES_M]
    edges = edges if len(zones.shapes) else []
    shares = [r.value for r in (*ways, *coded) if r.value is not None]
    return Bounds(
        readings=(*ways, *coded, *edges),
        low=min(shares, default=None),
        high=max(shares, default=None),
    )


def _ways(study: Study, cells: Cells, chosen: Placing) -> list[Placing]:
    """Place the residents in every way the layers allow, the chosen one among them."""
    methods: list[Method] = ["addresses"] if study.has("addresses") else []
    made: list[Placing] = []
    for method in (*methods, "area", "centre"):
        same = method == chosen.method and chosen.rule == "interior"
        made.append(chosen if same else place(study, cells, method=method))
    return made if chosen in made else [*made, chosen]


def _way_name(placing: Placing) -> str:
    return f"{placing.method}-{placing.rule}"


def _inside(cells: Cells, placing: Placing, zones: Zones) -> NDArray[np.float64]:
    return np.asarray(weights_by_class(cells, placing, zones)[:, 0])


def _reading(
    cells: Cells, name: str, text: Text, *, inside: NDArray[np.float64], chosen: bool = False
) -> Reading:
    count = float(inside.sum())
    return Reading(
        name=name,
        text=text,
        value=count / cells.total if cells.total else None,
        numerator=count,
        denominator=cells.total,
        chosen=chosen,
    )


def _coded(cells: Cells, chosen: Placing, zones: Zones) -> list[Reading]:
    """Bound the share where the statistics office codes 1 to 9 residents as one number."""
    if not cells.coded or not cells.total:
        return []
    inside = _inside(cells, chosen, zones)
    part = np.divide(inside, cells.weight, out=np.zeros_like(inside), where=cells.weight > 0)
    made = []
    for name, own, other in (("low", cells.low, cells.high), ("high", cells.high, cells.low)):
        within, rest = float((part * own).sum()), float(((1 - part) * other).sum())
        made.append(
            Reading(
                name=f"coded-{name}",
                text=t(f"hazard_exposure.reading_coded_{name}"),
                value=within / (within + rest) if within + rest else None,
                numerator=within,
                denominator=within + rest,
            )
        )
    return made


def _edge(
    cells: Cells, chosen: Placing, zones: Zones, *, joined: shapely.Geometry, by_m: float
) -> Reading:
    """Count with every zone edge moved outwards (above 0) or inwards by some metres."""
    key = "out" if by_m > 0 else "in"
    text = t(f"hazard_exposure.reading_edge_{key}", metres=number(abs(by_m)))
    inside = moved_edge(cells, chosen, zones, joined=joined, by_m=by_m)
    return _reading(cells, f"edge{by_m:+.0f}m", text, inside=inside)


def moved_edge(
    cells: Cells, placing: Placing, zones: Zones, *, joined: shapely.Geometry, by_m: float
) -> NDArray[np.float64]:
    """Return the weight inside, per cell, with the edge of the joined zones moved by metres.

    ``joined`` is the union of the zones, whose outline is the edge.

    Points: exact distances. Moved outwards, a place at most ``by_m`` from a zone is
    inside; moved inwards, one at most that far from the edge is not. Areas and whole
    cells have no distance: there the zone is drawn again with rounded corners (buffer).
    """
    if placing.where is None:
        moved = shapely.buffer(joined, by_m)
        moved = np.array([moved], dtype=object)
        return _inside(cells, placing, one_class(moved))
    where = placing.where
    inside = classes_at(where, zones, placing.point_rule) >= 0
    asked = np.flatnonzero(inside == (by_m < 0))
    near = asked[_near_edge(where.x[asked], where.y[asked], joined, limit_m=abs(by_m))]
    inside[near] = by_m > 0
    return np.bincount(
        where.cell, weights=np.where(inside, where.weight, 0.0), minlength=len(cells.cell_id)
    )


def _near_edge(
    x: NDArray[np.float64], y: NDArray[np.float64], band: shapely.Geometry, *, limit_m: float
) -> NDArray[np.int64]:
    """Find the points at most so far from the outline, by its single straight pieces."""
    coordinates, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(band)), return_index=True
    )
    follows = ring[1:] == ring[:-1]
    pieces = shapely.linestrings(
        np.stack([coordinates[:-1][follows], coordinates[1:][follows]], axis=1)
    )
    tree = shapely.STRtree(pieces)
    hits = tree.query(shapely.points(x, y), predicate="dwithin", distance=limit_m)[0]
    return np.unique(hits)
