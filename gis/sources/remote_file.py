"""Bring one file under a fixed address: timetables, extracts of OpenStreetMap, national zips."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gis.errors import SourceError
from gis.sources.download import Ask
from gis.sources.gtfs_clip import clip_feed
from gis.sources.limits import check_zip, safe_name
from gis.sources.remote_base import ZIP, Offer, Parcel, try_each
from gis.sources.remote_ogcapi import lonlat_box

if TYPE_CHECKING:
    from pathlib import Path

    from gis.catalogue import FileRemote
    from gis.catalogue.remotes import Publisher
    from gis.sources.remote_base import Job, Tools

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_BEGINS: dict[str, tuple[bytes, ...]] = {"zip": ZIP, "geotiff": _TIFF, "pbf": ()}
_MAX_BYTES = 64 << 30


def bring(remote: FileRemote, job: Job, tools: Tools) -> Parcel:
    """Bring the file, checked to be what it should be; a timetable is cut to the box.

    Raises SourceError, also for a web page that came with status 200 in its place.
    """
    publisher = tools.publisher(remote)
    notes: list[str] = []
    answer = try_each(
        [f"{base}/{remote.path}" for base in publisher.base],
        lambda url: tools.downloader.get(_ask(url, remote, publisher)),
        notes,
    )
    if answer.path is None:
        message = f"{answer.url}: the server answers {answer.status}"
        raise SourceError(message)
    path, name = answer.path, safe_name(answer.name, default=f"{job.layer}.{remote.form}")
    if remote.form == "pbf":
        check_pbf(path, source=answer.url)
    if remote.form == "zip":
        check_zip(path)
    covers: tuple[str, ...] = ()
    if remote.clip == "gtfs" and job.place.box is not None:
        box = lonlat_box(job.place.box, job.place.epsg)
        mark = hashlib.sha256(f"{answer.sha256} {box}".encode()).hexdigest()[:12]
        name = f"gtfs_{job.place.number}_{mark}.zip"
        covers = (job.place.number,)
        path = tools.held.get(name, tools.work / name)
        if not path.is_file():
            notes.append(clip_feed(answer.path, path, box=box))
    return Parcel(
        path=path,
        name=name,
        url=answer.url,
        date=answer.modified,
        notes=tuple(notes),
        covers=covers,
    )


def offer(remote: FileRemote, job: Job, tools: Tools) -> Offer:
    """Say the file's size, as the server states it."""
    del job
    publisher = tools.publisher(remote)
    url = f"{publisher.base[0]}/{remote.path}"
    return Offer(remote.path, url, tools.downloader.size_of(_ask(url, remote, publisher)))


def _ask(url: str, remote: FileRemote, publisher: Publisher) -> Ask:
    return Ask(
        url=url,
        headers=publisher.headers,
        begins=_BEGINS[remote.form],
        min_bytes=remote.min_bytes,
        max_bytes=_MAX_BYTES,
        fresh_h=publisher.fresh_h,
    )


def check_pbf(path: Path, *, source: str) -> None:
    """Refuse what is no OpenStreetMap PBF: its first block is named OSMHeader."""
    with path.open("rb") as stream:
        head = stream.read(32)
    if b"OSMHeader" not in head:
        message = f"{source}: no OpenStreetMap PBF; it begins with {head[:16]!r}"
        raise SourceError(message)
