"""Read the catalogues: layers, maps, workspaces. The only reader of TOML entries."""

from __future__ import annotations

from gis.catalogue.load import (
    catalogue_root,
    layer_entries,
    layer_entry,
    map_entries,
    map_entry,
    publishers,
    read_entry,
)
from gis.catalogue.map_models import MapAnalysis, MapEntry, MapLayer
from gis.catalogue.models import (
    Bilingual,
    Delivery,
    FieldMapping,
    LayerEntry,
    LocalLayer,
    ScreenRules,
    WorkspaceEntry,
    ZoneClass,
)
from gis.catalogue.municipalities import find_municipality, municipalities
from gis.catalogue.no_layers import NoLayer, no_layers
from gis.catalogue.remotes import (
    ArcgisRemote,
    ArtskartRemote,
    FileRemote,
    GbifRemote,
    GeonorgeRemote,
    OgcApiRemote,
    Publisher,
    PublisherFile,
    Remote,
    TilesRemote,
    WfsRemote,
)

__all__ = [
    "ArcgisRemote",
    "ArtskartRemote",
    "Bilingual",
    "Delivery",
    "FieldMapping",
    "FileRemote",
    "GbifRemote",
    "GeonorgeRemote",
    "LayerEntry",
    "LocalLayer",
    "MapAnalysis",
    "MapEntry",
    "MapLayer",
    "NoLayer",
    "OgcApiRemote",
    "Publisher",
    "PublisherFile",
    "Remote",
    "ScreenRules",
    "TilesRemote",
    "WfsRemote",
    "WorkspaceEntry",
    "ZoneClass",
    "catalogue_root",
    "find_municipality",
    "layer_entries",
    "layer_entry",
    "map_entries",
    "map_entry",
    "municipalities",
    "no_layers",
    "publishers",
    "read_entry",
]
