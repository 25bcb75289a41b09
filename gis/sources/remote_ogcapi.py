"""Query OGC API Features: one collection, page by page, in longitude and latitude."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pyproj import Transformer

from gis.check import listing
from gis.crs import LONLAT_EPSG
from gis.errors import SourceError
from gis.sources.names import fold
from gis.sources.remote_base import Offer, Parcel, need, today, try_each, with_query
from gis.sources.remote_features import check_count, write_features

if TYPE_CHECKING:
    from gis.catalogue import OgcApiRemote
    from gis.catalogue.remotes import Publisher
    from gis.sources.base import Bounds
    from gis.sources.remote_base import Job, Place, Tools

_YEAR = re.compile(r"(20\d\d)$")


def bring(remote: OgcApiRemote, job: Job, tools: Tools) -> Parcel:
    """Bring the features of a collection that meet the box. Raises SourceError, CrsError."""
    publisher = tools.publisher(remote)
    notes: list[str] = []
    hosts = [f"{base}/{remote.service}" for base in publisher.base]
    (name, features), url = try_each(
        hosts, lambda u: (_whole(u, remote, job, tools=tools), u), notes
    )
    path = tools.work / f"{job.layer}.gpkg"
    write_features(path, {name: features}, epsg=LONLAT_EPSG, entry=job.entry)
    notes.append(f"collection {name}")
    year = _YEAR.search(name) if remote.newest else None
    return Parcel(
        path=path,
        name=path.name,
        url=url,
        date=dt.date(int(year.group(1)), 1, 1) if year else today(),
        notes=tuple(notes),
        covers=(job.place.number,),
    )


def offer(remote: OgcApiRemote, job: Job, tools: Tools) -> Offer:
    """Say how many features would be fetched."""
    publisher = tools.publisher(remote)
    url = f"{publisher.base[0]}/{remote.service}"
    name = resolve(url, remote, publisher, tools=tools)
    address = with_query(f"{url}/collections/{name}/items", {**_query(job.place), "limit": 1})
    raw = tools.get_json(address, publisher)
    return Offer(f"{raw.get('numberMatched', '?')} features, {name}", url)


def resolve(url: str, remote: OgcApiRemote, publisher: Publisher, *, tools: Tools) -> str:
    """Return the id of the wanted collection, of the newest year. Raises SourceError."""
    address = with_query(f"{url}/collections", {"f": "json"})
    raw = tools.get_json(address, publisher)
    ids = [str(c.get("id")) for c in need(raw, "collections", list, source=url)]
    if not remote.newest:
        hits = [i for i in ids if fold(i) == fold(remote.collection)]
    else:
        wanted = fold(remote.collection)
        dated = [
            (found.group(1), i)
            for i in ids
            if fold(i[:-4]) == wanted and (found := _YEAR.search(i))
        ]
        hits = [max(dated)[1]] if dated else []
    if not hits or not re.fullmatch(r"[A-Za-z0-9_.:-]+", hits[0]):
        message = f"{url}: no collection '{remote.collection}'; there are: {listing(ids)}"
        raise SourceError(message)
    return hits[0]


def lonlat_box(box: Bounds, epsg: int) -> Bounds:
    """Return a box in longitude and latitude."""
    found: Bounds = Transformer.from_crs(epsg, LONLAT_EPSG, always_xy=True).transform_bounds(
        *box, densify_pts=21
    )
    return found


def _query(place: Place) -> dict[str, Any]:
    box = lonlat_box(place.need_box("OGC API"), place.epsg)
    return {"f": "json", "bbox": ",".join(f"{v:.7f}" for v in box)}


def _whole(
    url: str, remote: OgcApiRemote, job: Job, *, tools: Tools
) -> tuple[str, list[dict[str, Any]]]:
    """Follow the links to the next page until there is none; a page never comes twice."""
    publisher = tools.publisher(remote)
    name = resolve(url, remote, publisher, tools=tools)
    query = {**_query(job.place), "limit": remote.page_size}
    address: str | None = with_query(f"{url}/collections/{name}/items", query)
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    announced: int | None = None
    while address is not None:
        if address in seen or len(seen) >= tools.max_pages:
            message = f"{url}: {name}: the pages repeat themselves after {len(found)} features"
            raise SourceError(message)
        seen.add(address)
        page = tools.get_json(address, publisher)
        features = need(page, "features", list, source=address)
        found.extend(features)
        check_count(len(found), source=url)
        matched = page.get("numberMatched")
        announced = matched if isinstance(matched, int) else announced
        if announced is not None and len(found) > announced:
            message = f"{url}: {name}: more than the {announced} features that were announced"
            raise SourceError(message)
        address = _next(page, address) if features else None
    if announced is not None and len(found) != announced:
        message = f"{url}: {name}: {len(found)} features came of {announced} announced"
        raise SourceError(message)
    return name, found


def _next(page: dict[str, Any], address: str) -> str | None:
    links = [x for x in page.get("links") or () if isinstance(x, dict) and x.get("rel") == "next"]
    return urljoin(address, str(links[0].get("href"))) if links else None
