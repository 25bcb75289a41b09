"""Open a store and hand out its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd

from gis.catalogue import layer_entries
from gis.check import did_you_mean, listing
from gis.crs import crs_of
from gis.errors import LayerMissingError, StoreError
from gis.store.boxed import read_near
from gis.store.folder import current_build
from gis.store.manifest import FILE_NAME, LayerRecord, Manifest, read_manifest
from gis.workspace import ALL_NORWAY

if TYPE_CHECKING:
    from pathlib import Path

    from gis.provenance import LayerSource
    from gis.store.boxed import Bounds
    from gis.workspace import Workspace


def _is_control(layer: str) -> bool:
    """Tell whether the catalogue holds a layer for checking alone: it never leaves the store."""
    entry = layer_entries().get(layer)
    return entry is not None and entry.control


@dataclass(frozen=True)
class Store:
    """One whole build: every layer of a study area in the working CRS."""

    folder: Path
    manifest: Manifest

    @property
    def workspace_root(self) -> Path:
        """The workspace whose store it is: ``<root>/store/<build>``."""
        return self.folder.parents[1]

    @property
    def layers(self) -> tuple[str, ...]:
        """The ids of the layers that are there, without those held for checking alone."""
        return tuple(n for n in self.manifest.layers if not _is_control(n))

    @property
    def controls(self) -> tuple[str, ...]:
        """The ids of the layers that are held for checking alone."""
        return tuple(n for n in self.manifest.layers if _is_control(n))

    def has(self, layer: str) -> bool:
        """Tell whether a layer is there (it may have no rows)."""
        return layer in self.layers

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Read a layer: a new frame each time. Raises LayerMissingError, StoreError."""
        if _is_control(layer):
            message = f"layer '{layer}' is held for checking alone; see 'arealplan check'"
            raise LayerMissingError(message)
        path = self._path(self._record(layer).frame)
        return read_near(path, None, crs=crs_of(self.manifest.epsg))

    def control(self, layer: str) -> gpd.GeoDataFrame:
        """Read a layer that is held for checking alone. Raises LayerMissingError, StoreError."""
        if layer not in self.controls:
            message = f"layer '{layer}' is not held for checking (there are: {self.controls})"
            raise LayerMissingError(message)
        return gpd.read_parquet(self._path(self._record(layer).frame))

    def near(self, layer: str, box: Bounds) -> gpd.GeoDataFrame:
        """Read the rows of a layer whose envelope meets a box, in their own order.

        ``box`` in the working CRS. Raises LayerMissingError, StoreError.
        """
        if _is_control(layer):
            return self.frame(layer)  # which refuses it
        return read_near(self._path(self._record(layer).frame), box, crs=crs_of(self.manifest.epsg))

    def source(self, layer: str) -> LayerSource:
        """Return where a layer comes from. Raises LayerMissingError."""
        return self._record(layer).source

    def file(self, layer: str) -> Path:
        """Return the file that travels with a layer: timetable zip or terrain GeoTIFF.

        Raises LayerMissingError, StoreError (a layer without a file).
        """
        name = self._record(layer).file
        if name is None:
            with_file = listing(n for n, r in self.manifest.layers.items() if r.file)
            message = f"layer '{layer}' has no file of its own; these have: {with_file}"
            raise StoreError(message)
        return self._path(name)

    @property
    def area(self) -> gpd.GeoDataFrame:
        """The municipality of the study area, one row (all Norway: every municipality)."""
        frame = self.frame("municipality")
        if self.manifest.area == ALL_NORWAY:
            return frame
        return frame[frame["number"] == self.manifest.area].reset_index(drop=True)

    def _record(self, layer: str) -> LayerRecord:
        if layer not in self.manifest.layers:
            hint = did_you_mean(layer, self.layers)
            message = f"the store has no layer '{layer}'{hint} (there are: {listing(self.layers)})"
            raise LayerMissingError(message)
        return self.manifest.layers[layer]

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            message = f"{path}: gone; the store was built anew or damaged, open it again"
            raise StoreError(message)
        return path


def open_store(workspace: Workspace) -> Store:
    """Open the store of a workspace. Raises StoreError: none yet, or out of step."""
    folder = current_build(workspace.store_root)
    if folder is None:
        message = f"no store yet; run 'arealplan build -w {workspace.root}'"
        raise StoreError(message)
    return Store(folder=folder, manifest=read_manifest(folder / FILE_NAME))
