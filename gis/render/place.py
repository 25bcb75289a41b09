"""Settle how each layer answers a reader who asks about one place.

Silence is never "no hazard": a layer that was mapped within an extent answers "not
mapped" outside it, and one of which only hits mean something answers "not cleared".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from gis.render.geometry import prepare

if TYPE_CHECKING:
    from gis.catalogue.map_models import MapLayer
    from gis.catalogue.models import LayerEntry
    from gis.render.geometry import Shapes
    from gis.render.named import Scene

Kind = Literal["area", "grid", "nearest"]
# What a place outside every feature of a layer is told: nothing is there; it was mapped and
# lies outside the zones; only hits mean something; nobody has mapped.
Silence = Literal["none", "clear", "not_cleared", "not_mapped"]
ASK_ORDER = ("answer", "hazard", "nature", "transit", "plan", "residents", "terrain")
_NOT_MAPPED = "not_mapped_"


@dataclass(frozen=True)
class Ask:
    """How one layer answers: by what holds the place, or by what is nearest to it.

    ``rest`` is the id of the polygons where the layer is not mapped; ``land`` tells
    that it was mapped for land, so that the sea is neither mapped nor unmapped.
    ``worst``: of several classes a place has the first.
    """

    kind: Kind
    silence: Silence
    rest: str | None = None
    land: bool = False
    worst: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types for the page."""
        return {
            "kind": self.kind,
            "silence": self.silence,
            "rest": self.rest,
            "land": self.land,
            "worst": self.worst,
        }


def ask_of(
    named: MapLayer, layer: LayerEntry | None, shapes: Shapes, *, symbol: str, rest: str | None
) -> Ask | None:
    """Return how a layer of a map answers; None for lines and for what is only a backdrop."""
    if shapes.kind == "line" or named.frame.startswith(_NOT_MAPPED):
        return None
    if shapes.kind == "point":
        return Ask("nearest", "none")
    if symbol == "grid":
        return Ask("grid", "none")
    coverage = layer.coverage.kind if layer is not None else "everywhere"
    hazard = layer is not None and layer.theme == "hazard"
    if coverage == "layer":
        silence: Silence = "not_mapped" if rest is None else "clear"
        return Ask("area", silence, rest=rest, land=hazard, worst=hazard)
    if coverage == "positive_only":
        return Ask("area", "not_cleared", worst=hazard)
    return Ask("area", "none", worst=hazard)


def rest_id(named: MapLayer) -> str:
    """Return the id under which the unmapped land of a layer lies in the page."""
    return f"rest_{named.layer or named.frame}"


def rest_of(
    named: MapLayer, layer: LayerEntry | None, frame: gpd.GeoDataFrame, *, scene: Scene
) -> gpd.GeoDataFrame | None:
    """Return where a layer is not mapped: by its result, else by the store's mapped extent.

    None where the layer needs none, or where nobody knows its extent.
    """
    if layer is None or layer.coverage.kind != "layer" or named.frame.startswith(_NOT_MAPPED):
        return None
    if named.result is not None:
        return scene.results[named.result].layers.get(f"{_NOT_MAPPED}{named.frame}")
    extent = scene.layers(str(layer.coverage.layer))
    if extent is None or scene.area is None:
        return None
    known = np.concatenate([extent.geometry.to_numpy(), frame.geometry.to_numpy()])
    whole = shapely.union_all(scene.area.geometry.to_numpy())
    near = known[shapely.intersects(known, whole)]
    left = shapely.difference(whole, shapely.union_all(shapely.make_valid(near)))
    return gpd.GeoDataFrame(geometry=[left], crs=frame.crs)


def rest_shapes(frame: gpd.GeoDataFrame, scene: Scene) -> Shapes:
    """Code the unmapped land as the page's other polygons are."""
    return prepare(frame, window=scene.window)
