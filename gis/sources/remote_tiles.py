"""Bring terrain: every cell that touches the area, joined and cut to one GeoTIFF.

Cells are named after the hundred-kilometre square they lie in (6602: northing 66,
easting 02); which quarter has which digit is not documented, so all quarters of the
squares that the area touches are looked at and those that do not meet it are left out.
"""

from __future__ import annotations

import hashlib
import math
import zipfile
from typing import TYPE_CHECKING

from gis.check import listing
from gis.errors import SourceError
from gis.sources.base import Request
from gis.sources.download import Ask
from gis.sources.limits import check_zip, copy_member, safe_name
from gis.sources.raster import read_raster, write_raster
from gis.sources.remote_base import ZIP, Offer, Parcel, lower_keys
from gis.sources.remote_geonorge import _hrefs

if TYPE_CHECKING:
    from pathlib import Path

    from gis.catalogue import TilesRemote
    from gis.sources.base import Bounds
    from gis.sources.remote_base import Job, Tools

_SQUARE_M = 100_000
_SUFFIXES = (".tif", ".tiff")


def bring(remote: TilesRemote, job: Job, tools: Tools) -> Parcel:
    """Bring the terrain of the study area as one GeoTIFF. Raises SourceError, CrsError."""
    box = job.place.need_box(job.layer)
    urls = tile_urls(remote, job, tools)
    publisher = tools.publisher(remote)
    folder = tools.work / "cells"
    folder.mkdir()
    sums, dates = [], []
    for url in urls:
        answer = tools.get(url, publisher, begins=ZIP, max_bytes=8 << 30)
        sums.append(answer.sha256)
        dates += [answer.modified] if answer.modified else []
        if answer.path is not None:
            _unpack(answer.path, folder, prefix=f"{len(sums):03d}", source=url)
    request = Request(
        layer=job.layer,
        path=folder,
        entry=job.entry,
        local=None,
        epsg=job.place.epsg,
        bounds=box,
    )
    delivered = read_raster(request)
    if delivered.raster is None:
        message = f"{folder.name}: no terrain came out of the cells"
        raise SourceError(message)
    mark = hashlib.sha256(f"{sums} {box}".encode()).hexdigest()[:12]
    path = tools.work / f"terrain_{job.place.number}_{mark}.tif"
    write_raster(delivered.raster, path)
    base = urls[0].rsplit("/", 1)[0]
    notes = (f"{len(urls)} cells", *delivered.notes)
    covers = (job.place.number,)
    return Parcel(path, path.name, base, date=max(dates, default=None), notes=notes, covers=covers)


def offer(remote: TilesRemote, job: Job, tools: Tools) -> Offer:
    """Say which cells would be fetched, and their size."""
    publisher = tools.publisher(remote)
    urls = tile_urls(remote, job, tools)
    sizes = [tools.downloader.size_of(Ask(url=u, headers=publisher.headers)) for u in urls]
    known = [s for s in sizes if s is not None]
    total = sum(known) if len(known) == len(sizes) else None
    return Offer(f"{len(urls)} cells", urls[0].rsplit("/", 1)[0], total)


def squares(box: Bounds) -> list[str]:
    """Return the names of the hundred-kilometre squares that a box touches."""
    west, south, east, north = (math.floor(v / _SQUARE_M) for v in box)
    if west < 0:
        message = f"terrain west of easting 0 ({box[0]:.0f}): the cells' names are not known there"
        raise SourceError(message)
    return [f"{n:02d}{e:02d}" for n in range(south, north + 1) for e in range(west, east + 1)]


def tile_urls(remote: TilesRemote, job: Job, tools: Tools) -> list[str]:
    """Return the addresses of the cells in the squares that the area touches.

    The code list names the cells, the open folder the files. Raises SourceError.
    """
    publisher = tools.publisher(remote)
    wanted = squares(job.place.need_box(job.layer))
    address = f"{publisher.base[0]}/codelists/area/{remote.uuid}"
    areas = lower_keys(tools.get_json(address, publisher))
    cells = [str(a.get("code")) for a in areas if str(a.get("type")).lower() == "celle"]
    codes = [c for c in cells if c.split("_")[0] in wanted]
    url = f"{publisher.files}/{remote.folder}/{remote.format}/"
    names = {
        safe_name(x, default=""): x for x in _hrefs(tools.get(url, publisher, html=True).read())
    }
    found = []
    for code in codes:
        files = [n for n in names if f"_{code}_" in n and n.lower().endswith(".zip")]
        if not files:
            message = f"{url}: no file for the cell {code}; there are: {listing(names, limit=5)}"
            raise SourceError(message)
        found.append(url + max(files))
    if not found:
        there = listing(cells, limit=5)
        message = f"{address}: no cell in the squares {listing(wanted)}; there are: {there}"
        raise SourceError(message)
    return found


def _unpack(path: Path, folder: Path, *, prefix: str, source: str) -> None:
    names = [n for n in check_zip(path) if n.lower().endswith(_SUFFIXES)]
    if not names:
        message = f"{source}: no GeoTIFF in the zip"
        raise SourceError(message)
    with zipfile.ZipFile(path) as archive:
        for name in names:
            target = folder / f"{prefix}_{safe_name(name, default='cell.tif')}"
            with target.open("xb") as out:
                copy_member(archive, name, out, source=source)
