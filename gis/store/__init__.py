"""Keep the layers of one study area: written whole or not at all, read by id."""

from __future__ import annotations

from gis.store.build import build
from gis.store.read import Store, open_store

__all__ = ["Store", "build", "open_store"]
