"""Lay out hazard zones for counting: classes, bands that do not overlap, mapped extent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.catalogue import LayerEntry, ZoneClass, layer_entries, layer_entry
from gis.errors import FieldError, GeometryError
from gis.kernels.zones import disjoint_bands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

# Snapping the bands to a millimetre keeps overlays of nested zones robust.
_GRID_M = 0.001
# A cell counts whole where its centre lies in the municipality, and a zone just across the
# border can hold some of it: half a diagonal of 250 m, and the edges that are moved by 10 m.
_BEYOND_M = 200.0
# Quick clay is marine clay: above the marine limit there is none, below it and outside the
# zones nothing is cleared (NVE's guide 1/2019, step 1 of the procedure).
_ONLY_WITHIN = {"quick_clay": "marine_limit"}
NOISE = "noise_zones"
FLOODS = "floods"


@dataclass(frozen=True)
class Zones:
    """Zones with a rank each (0 is worst); they may overlap: a place has the worst of its zones."""

    shapes: NDArray[Any]
    ranks: NDArray[np.int64]
    n_classes: int

    @cached_property
    def bands(self) -> NDArray[Any]:
        """One geometry per rank, without overlaps; dear, so made when first asked for.

        Raises InvariantError, GeometryError.
        """
        return disjoint_bands(self.shapes, self.ranks, n_classes=self.n_classes, grid_m=_GRID_M)


@dataclass(frozen=True)
class Hazard:
    """One hazard layer of the catalogue as it lies in a study area and just across its border.

    ``mapped`` is the mapped extent where another layer tells it; None where only
    hits mean anything (``entry.coverage.kind`` is positive_only) or all is mapped.
    ``rows`` are the fields of the zones, in the order of ``zones.shapes``. ``floods`` is
    the publisher's text on what each mapped extent was mapped for; None where the extents
    have no such field. ``silent``: the layer has no row near, and nothing says that its
    file covers the municipality; then its silence is no answer either.
    """

    id: str
    entry: LayerEntry
    zones: Zones
    classes: tuple[ZoneClass, ...]
    mapped: NDArray[Any] | None
    extent_missing: bool
    rows: pd.DataFrame
    floods: tuple[object, ...] | None = None
    silent: bool = False

    @property
    def everywhere(self) -> bool:
        """Whether a place outside its zones is an answer in all of the municipality."""
        return self.entry.coverage.kind == "everywhere" and not self.silent

    @property
    def in_union(self) -> bool:
        """Whether it counts among the hazard zones: no caution area, and no noise."""
        return is_zone_layer(self.entry)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The yearly probability of each class, NaN where it has none."""
        found = [c.annual_probability for c in self.classes]
        return np.array([np.nan if p is None else p for p in found])


def is_zone_layer(entry: LayerEntry) -> bool:
    """Tell whether a layer of classes holds hazard zones: no caution areas, and no noise."""
    return entry.theme == "hazard" and not entry.caution


def zone_layers(ids: Iterable[str]) -> tuple[str, ...]:
    """Return those of some layers that hold hazard zones."""
    return tuple(x for x in ids if is_zone_layer(layer_entry(x)))


def one_class(shapes: NDArray[Any]) -> Zones:
    """Take shapes as zones of one class."""
    return Zones(shapes, np.zeros(len(shapes), dtype=np.int64), 1)


def hazard_ids() -> tuple[str, ...]:
    """Return the ids of the catalogue's zone layers: hazards with classes, and noise."""
    return tuple(
        k for k, e in layer_entries().items() if e.classes and (e.theme == "hazard" or k == NOISE)
    )


def hazard_of(study: Study, layer: str) -> Hazard:
    """Return one hazard layer of the study, read and resolved once. Raises FieldError."""
    return study.once(("hazard", layer), lambda: _hazard(study, layer))


def _hazard(study: Study, layer: str) -> Hazard:
    """Read one hazard layer and rank its zones.

    Raises FieldError for a class not listed, GeometryError for a zone that is not valid.
    """
    entry = layer_entry(layer)
    frame = study.near(layer, beyond_m=_BEYOND_M)
    order = {c.id: i for i, c in enumerate(entry.classes)}
    ranks = frame[entry.class_field].map(order)
    if ranks.isna().any():
        odd = frame[entry.class_field][ranks.isna()].iloc[0]
        message = (
            f"layer {layer}: {int(ranks.isna().sum())} zone(s) with {entry.class_field} = {odd!r}; "
            f"allowed: {', '.join(order)}"
        )
        raise FieldError(message)
    _check_valid(layer, frame.geometry.to_numpy())
    zones = Zones(frame.geometry.to_numpy(), ranks.to_numpy(dtype=np.int64), len(entry.classes))
    extent = entry.coverage.layer
    return Hazard(
        id=layer,
        entry=entry,
        zones=zones,
        classes=entry.classes,
        mapped=mapped_extent(study, layer, extent),
        extent_missing=extent is not None and not study.has(extent),
        rows=frame.drop(columns=frame.geometry.name).reset_index(drop=True),
        floods=_floods(study, extent),
        silent=is_silent(study, layer),
    )


def _check_valid(layer: str, shapes: NDArray[Any]) -> None:
    """Refuse a zone that is not valid: who lies in it depends on whom one asks."""
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        i = int(np.argmax(invalid))
        reason = shapely.is_valid_reason(shapes[i])
        message = f"layer {layer}: zone {i + 1} of {len(shapes)} is not valid: {reason}"
        raise GeometryError(message)


def is_silent(study: Study, layer: str) -> bool:
    """Tell whether a layer holds nothing near, and no source says that it covers the place.

    A file of another county, or of another zone, looks just like a place without hazard.
    """
    return study.frame(layer).empty and not study.source(layer).covers


def _floods(study: Study, extent: str | None) -> tuple[object, ...] | None:
    """Return what each mapped extent says of itself, in the order of ``mapped``."""
    if extent is None or not study.has(extent) or FLOODS not in study.frame(extent).columns:
        return None
    return tuple(study.near(extent, beyond_m=_BEYOND_M)[FLOODS])


def mapped_extent(study: Study, layer: str, extent: str | None) -> NDArray[Any] | None:
    """Return where a missing zone is an answer, where a layer tells it."""
    if extent is not None and study.has(extent):
        mapped: NDArray[Any] = study.near(extent, beyond_m=_BEYOND_M).geometry.to_numpy()
        return mapped
    only_within = _ONLY_WITHIN.get(layer)
    if only_within is None or not study.has(only_within) or is_silent(study, only_within):
        return None
    possible = study.near(only_within, beyond_m=_BEYOND_M).geometry.to_numpy()
    whole = shapely.buffer(study.polygon, _BEYOND_M, join_style="mitre")
    return np.array([shapely.difference(whole, shapely.union_all(possible))], dtype=object)


def together(hazards: Sequence[Hazard]) -> Zones:
    """Take the zones of several hazards as one class, so that their union counts once."""
    return one_class(np.concatenate([np.empty(0, object), *(h.zones.shapes for h in hazards)]))


def joined(hazards: Sequence[Hazard]) -> shapely.Geometry:
    """Join the zones of several hazards; of their bands, which are dissolved already."""
    bands = [h.zones.bands for h in hazards]
    return shapely.union_all(np.concatenate([np.empty(0, object), *bands]))


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
        crs=study.crs,
    )
    return frame[frame["area_km2"] > 0].reset_index(drop=True)
