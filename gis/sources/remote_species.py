"""Query species records: Artskart and GBIF, each with the polygon in the order it wants.

Artskart takes the polygon in UTM 33, easting first; GBIF in longitude and latitude,
counter-clockwise. The names of Artskart's answer are not documented in the reference:
pages and totals are found by their kind, fields by the layer's own aliases.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from pyproj import Transformer
from shapely.geometry import box as shapely_box
from shapely.geometry.polygon import orient

from gis.errors import SourceError
from gis.sources.remote_base import Offer, Parcel, today, try_each, with_query
from gis.sources.remote_features import as_plain_text, check_count
from gis.sources.remote_ogcapi import lonlat_box

if TYPE_CHECKING:
    from gis.catalogue import ArtskartRemote, GbifRemote
    from gis.sources.base import Bounds
    from gis.sources.remote_base import Job, Tools

_GBIF_OFFSET = 100_000
_TOTALS = ("totalcount", "total", "count")


def artskart_polygon(box: Bounds, epsg: int) -> str:
    """Return a box as a WKT polygon in UTM 33, easting first."""
    if epsg != 25833:
        to33 = Transformer.from_crs(epsg, 25833, always_xy=True)
        box = to33.transform_bounds(*box, densify_pts=21)
    return str(orient(shapely_box(*box)).wkt)


def gbif_polygon(box: Bounds, epsg: int) -> str:
    """Return a box as a counter-clockwise WKT polygon in longitude and latitude."""
    return str(orient(shapely_box(*lonlat_box(box, epsg)), sign=1.0).wkt)


def bring_artskart(remote: ArtskartRemote, job: Job, tools: Tools) -> Parcel:
    """Bring every record in the area as a table. Raises SourceError."""
    publisher = tools.publisher(remote)
    polygon = artskart_polygon(job.place.need_box(job.layer), job.place.epsg)

    def pages(url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        total: int | None = None
        for index in range(tools.max_pages):
            query = {
                "filter.wktPolygon": polygon,
                "pageIndex": index,
                "pageSize": remote.page_size,
            }
            page = tools.get_json(with_query(url, query), publisher)
            records = _records(page, url)
            total = _total(page) if total is None else total
            check_count(total or 0, source=url)
            if records and records[0] in found:
                message = f"{url}: the pages repeat themselves after {len(found)} records"
                raise SourceError(message)
            found.extend(records)
            if len(records) < remote.page_size or (total is not None and len(found) >= total):
                break
        _check_total(len(found), total, url)
        return found

    notes: list[str] = []
    hosts = [f"{base}/{remote.service}" for base in publisher.base]
    records, url = try_each(hosts, lambda u: (pages(u), u), notes)
    return _table(records, job, tools, url=url)


def bring_gbif(remote: GbifRemote, job: Job, tools: Tools) -> Parcel:
    """Bring every record in the area as a table; no more than GBIF pages through.

    Raises SourceError.
    """
    publisher = tools.publisher(remote)
    url = f"{publisher.base[0]}/{remote.service}"
    polygon = gbif_polygon(job.place.need_box(job.layer), job.place.epsg)
    found: list[dict[str, Any]] = []
    for _ in range(tools.max_pages):
        query = {
            "country": "NO",
            "geometry": polygon,
            "limit": remote.page_size,
            "offset": len(found),
        }
        page = tools.get_json(with_query(url, query), publisher)
        records = _records(page, url)
        total = _total(page)
        if total is not None and total > _GBIF_OFFSET:
            message = f"{url}: {total} records; it pages to {_GBIF_OFFSET}, take a download instead"
            raise SourceError(message)
        found.extend(records)
        if page.get("endOfRecords", True) or not records:
            _check_total(len(found), total, url)
            return _table(found, job, tools, url=url)
    message = f"{url}: no end after {tools.max_pages} pages"
    raise SourceError(message)


def offer(remote: ArtskartRemote | GbifRemote, job: Job, tools: Tools) -> Offer:
    """Say from where; the number of records is not asked for."""
    job.place.need_box(job.layer)
    return Offer("records in the area", f"{tools.publisher(remote).base[0]}/{remote.service}")


def _records(page: Any, url: str) -> list[dict[str, Any]]:
    """Return the one list of records of a page, whatever it is called."""
    lists = [v for v in page.values() if isinstance(v, list)] if isinstance(page, dict) else [page]
    records = [x for x in lists if isinstance(x, list) and all(isinstance(r, dict) for r in x)]
    if not records:
        message = f"{url}: the answer holds no list of records"
        raise SourceError(message)
    return max(records, key=len)


def _total(page: Any) -> int | None:
    members = {str(k).lower(): v for k, v in page.items()} if isinstance(page, dict) else {}
    return next((members[n] for n in _TOTALS if isinstance(members.get(n), int)), None)


def _check_total(count: int, total: int | None, url: str) -> None:
    if total is not None and count != total:
        message = f"{url}: {count} records came of the {total} that were announced"
        raise SourceError(message)


def _table(records: list[dict[str, Any]], job: Job, tools: Tools, *, url: str) -> Parcel:
    """Write records as CSV with the publisher's own names."""
    if not records:
        message = f"{url}: no records in the area"
        raise SourceError(message)
    columns = list(dict.fromkeys(k for r in records for k in r))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    for record in records:
        row = [as_plain_text(record.get(c)) or "" for c in columns]
        writer.writerow([v.replace("\n", " ").replace("\r", " ") for v in row])
    path = tools.work / f"{job.layer}.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    notes = (f"{len(records)} records",)
    covers = (job.place.number,)
    return Parcel(path, path.name, url, date=today(), notes=notes, covers=covers)
