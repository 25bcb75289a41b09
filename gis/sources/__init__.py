"""Read delivered files as layers: one reader for each kind of delivery.

A reader finds the entry's fields in the file; what all layers have in common (the
working CRS, the box of the study area, order in the geometries, the record of where
it comes from) is done once, in ``gis.sources.finish``.
"""

from __future__ import annotations

from gis.sources.base import Bounds, LayerData, Raster
from gis.sources.finish import READERS, LayerBlocks, open_layer, read_layer
from gis.sources.raster import write_raster

__all__ = [
    "READERS",
    "Bounds",
    "LayerBlocks",
    "LayerData",
    "Raster",
    "open_layer",
    "read_layer",
    "write_raster",
]
