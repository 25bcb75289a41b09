"""Lay out hazard zones for counting: classes, bands that do not overlap, mapped extent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.catalogue import LayerEntry, ZoneClass, layer_entries, layer_entry
from gis.errors import FieldError
from gis.kernels.zones import PointRule, disjoint_bands, highest_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells, Spread
    from gis.analyses.study import Study

# Snapping the bands to a millimetre keeps overlays of nested zones robust.
_GRID_M = 0.001


@dataclass(frozen=True)
class Zones:
    """Zones with a rank each (0 is worst); ``bands`` hold one geometry per rank, no overlaps."""

    shapes: NDArray[Any]
    ranks: NDArray[np.int64]
    n_classes: int
    bands: NDArray[Any]


@dataclass(frozen=True)
class Hazard:
    """One hazard layer of the catalogue as it lies in a study area.

    ``mapped`` is the mapped extent where another layer tells it; None where only
    hits mean anything (``entry.coverage.kind`` is positive_only) or all is mapped.
    """

    id: str
    entry: LayerEntry
    zones: Zones
    classes: tuple[ZoneClass, ...]
    mapped: NDArray[Any] | None
    extent_missing: bool


def make_zones(shapes: NDArray[Any], ranks: NDArray[np.int64], *, n_classes: int) -> Zones:
    """Resolve overlaps: one class per place, the worst. Raises InvariantError, GeometryError."""
    bands = disjoint_bands(shapes, ranks, n_classes=n_classes, grid_m=_GRID_M)
    return Zones(shapes=shapes, ranks=ranks, n_classes=n_classes, bands=bands)


def hazard_ids() -> tuple[str, ...]:
    """Return the ids of the catalogue's zone layers: hazards with classes."""
    return tuple(k for k, e in layer_entries().items() if e.theme == "hazard" and e.classes)


def hazard_of(study: Study, layer: str) -> Hazard:
    """Read one hazard layer and rank its zones. Raises FieldError for a class not listed."""
    entry = layer_entry(layer)
    frame = study.frame(layer)
    near = np.sort(frame.sindex.query(study.polygon, predicate="intersects"))
    frame = frame.iloc[near]
    order = {c.id: i for i, c in enumerate(entry.classes)}
    ranks = frame[entry.class_field].map(order)
    if ranks.isna().any():
        odd = frame[entry.class_field][ranks.isna()].iloc[0]
        message = (
            f"layer {layer}: {int(ranks.isna().sum())} zone(s) with {entry.class_field} = {odd!r}; "
            f"allowed: {', '.join(order)}"
        )
        raise FieldError(message)
    zones = make_zones(
        frame.geometry.to_numpy(), ranks.to_numpy(dtype=np.int64), n_classes=len(entry.classes)
    )
    extent = entry.coverage.layer
    mapped = None
    if extent is not None and study.has(extent):
        areas = study.frame(extent)
        hit = np.sort(areas.sindex.query(study.polygon, predicate="intersects"))
        mapped = areas.geometry.to_numpy()[hit]
    return Hazard(
        id=layer,
        entry=entry,
        zones=zones,
        classes=entry.classes,
        mapped=mapped,
        extent_missing=extent is not None and not study.has(extent),
    )


def together(hazards: list[Hazard]) -> Zones:
    """Join the zones of several hazards into one class, so that their union counts once."""
    shapes = np.concatenate([h.zones.shapes for h in hazards] or [np.empty(0, dtype=object)])
    return make_zones(shapes, np.zeros(len(shapes), dtype=np.int64), n_classes=1)


def band_frame(study: Study, hazard: Hazard) -> gpd.GeoDataFrame:
    """Return the bands of one hazard inside the municipality, one row per class that is there."""
    cut = shapely.intersection(hazard.zones.bands, study.polygon)
    frame = gpd.GeoDataFrame(
        {
            "hazard": hazard.id,
            "class": [c.id for c in hazard.classes],
            "title_nb": [c.title.nb for c in hazard.classes],
            "title_en": [c.title.en for c in hazard.classes],
            "area_km2": shapely.area(cut) / 1e6,
        },
        geometry=cut,
        crs=study.epsg,
    )
    return frame[frame["area_km2"] > 0].reset_index(drop=True)


def weights_by_class(
    cells: Cells, where: Spread | None, zones: Zones, *, rule: PointRule = "interior"
) -> NDArray[np.float64]:
    """Split every cell's weight by the class of the place it is put at.

    Gives (n_cells, n_classes + 1), the last column outside all zones; each row
    sums to the cell's weight. ``where`` places the weight at points (centres or
    addresses); None spreads it evenly over the cell's square (areal weighting).
    """
    n = len(cells.cell_id)
    if where is None:
        shares = area_shares(cells.squares, zones.bands)
        outside = np.clip(1.0 - shares.sum(axis=1), 0.0, 1.0)
        return np.column_stack([shares, outside]) * cells.weight[:, None]
    found = highest_class(
        where.x, where.y, zones.shapes, zones.ranks, rule=rule, n_classes=zones.n_classes
    )
    slot = np.where(found < 0, zones.n_classes, found)
    width = zones.n_classes + 1
    flat = np.bincount(where.cell * width + slot, weights=where.weight, minlength=n * width)
    return flat.reshape(n, width)


def area_shares(squares: NDArray[Any], bands: NDArray[Any]) -> NDArray[np.float64]:
    """Work out the share of each cell's area that lies in each band: (n_cells, n_bands)."""
    shares = np.zeros((len(squares), len(bands)))
    tree = shapely.STRtree(squares)
    whole = shapely.area(squares)
    for band, shape in enumerate(bands):
        parts = shapely.get_parts(shape)
        parts = parts[shapely.get_dimensions(parts) == 2]
        part, cell = tree.query(parts, predicate="intersects")
        meet = shapely.area(shapely.intersection(parts[part], squares[cell]))
        shares[:, band] = np.bincount(cell, weights=meet, minlength=len(squares)) / whole
    return np.clip(shares, 0.0, 1.0)
