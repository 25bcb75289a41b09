"""Open the study that a command answers from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.analyses import Study, study_area
from gis.errors import ParameterError, StoreError
from gis.store import open_store
from gis.workspace import ALL_NORWAY, Workspace, open_workspace

if TYPE_CHECKING:
    from pathlib import Path


def open_study(folder: Path) -> tuple[Workspace, Study]:
    """Open the workspace's store as a study of its municipality."""
    workspace = open_workspace(folder)
    if workspace.entry.area == ALL_NORWAY:
        message = (
            f"{folder} holds all Norway (area 0000), which is no single study area; use "
            "'arealplan run --areas all|3201,3203'"
        )
        raise ParameterError(message)
    layers = open_store(workspace)
    if layers.manifest.area != workspace.entry.area:
        message = (
            f"{folder}: the store was built for {layers.manifest.area}, workspace.toml says "
            f"{workspace.entry.area}; run 'arealplan build -w {folder}'"
        )
        raise StoreError(message)
    study = study_area(
        layers,
        number=layers.manifest.area,
        halo_m=layers.manifest.halo_m,
        epsg=layers.manifest.epsg,
    )
    return workspace, study
