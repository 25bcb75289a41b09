"""Read the catalogues: layers, maps, workspaces. The only reader of TOML entries."""

from __future__ import annotations

from gis.catalogue.load import (
    catalogue_root,
    layer_entries,
    layer_entry,
    map_entries,
    map_entry,
    read_entry,
)
from gis.catalogue.models import (
    Bilingual,
    Delivery,
    FieldMapping,
    LayerEntry,
    LocalLayer,
    MapAnalysis,
    MapEntry,
    MapLayer,
    WorkspaceEntry,
    ZoneClass,
)

__all__ = [
    "Bilingual",
    "Delivery",
    "FieldMapping",
    "LayerEntry",
    "LocalLayer",
    "MapAnalysis",
    "MapEntry",
    "MapLayer",
    "WorkspaceEntry",
    "ZoneClass",
    "catalogue_root",
    "layer_entries",
    "layer_entry",
    "map_entries",
    "map_entry",
    "read_entry",
]
