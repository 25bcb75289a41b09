"""Pick the client that speaks with a layer's publisher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.errors import SourceError
from gis.sources import (
    remote_arcgis,
    remote_around,
    remote_file,
    remote_ogcapi,
    remote_species,
    remote_tiles,
    remote_wfs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gis.sources.remote_base import Job, Offer, Parcel, Tools

BRING: Mapping[str, Callable[[Any, Job, Tools], Parcel]] = {
    "geonorge": remote_around.bring,
    "arcgis": remote_arcgis.bring,
    "wfs": remote_wfs.bring,
    "ogcapi": remote_ogcapi.bring,
    "file": remote_file.bring,
    "tiles": remote_tiles.bring,
    "artskart": remote_species.bring_artskart,
    "gbif": remote_species.bring_gbif,
}
OFFER: Mapping[str, Callable[[Any, Job, Tools], Offer]] = {
    "geonorge": remote_around.offer,
    "arcgis": remote_arcgis.offer,
    "wfs": remote_wfs.offer,
    "ogcapi": remote_ogcapi.offer,
    "file": remote_file.offer,
    "tiles": remote_tiles.offer,
    "artskart": remote_species.offer,
    "gbif": remote_species.offer,
}


def bring(job: Job, tools: Tools) -> Parcel:
    """Bring the file of a layer. Raises SourceError, and what its client raises."""
    remote = _remote(job)
    return BRING[remote.kind](remote, job, tools)


def offer(job: Job, tools: Tools) -> Offer:
    """Say what ``bring`` would bring."""
    remote = _remote(job)
    return OFFER[remote.kind](remote, job, tools)


def _remote(job: Job) -> Any:
    if job.entry.remote is None:
        message = f"layers/{job.layer}.toml: has no [remote]; the file comes by hand"
        raise SourceError(message)
    return job.entry.remote
