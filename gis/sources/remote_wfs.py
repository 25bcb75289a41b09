"""Query WFS 2.0: feature types by local name, GML pages, the CRS asked for in urn form.

With ``urn:ogc:def:crs:EPSG::n`` axes come in the order of the EPSG register, for the
UTM zones easting first. The pages are kept as they came, in one zip.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from pyproj import Transformer

from gis.check import listing
from gis.errors import CrsError, SourceError
from gis.sources.limits import check_xml_start, parse_xml, safe_name
from gis.sources.names import fold
from gis.sources.remote_base import Offer, Parcel, bbox_text, today, try_each, with_query
from gis.sources.remote_features import check_count, write_features

if TYPE_CHECKING:
    from gis.catalogue import WfsRemote
    from gis.catalogue.remotes import Publisher
    from gis.sources.base import Bounds
    from gis.sources.remote_base import Job, Place, Tools

_COUNTS = re.compile(rb'number(Matched|Returned)\s*=\s*"(\w+)"')
_SRS = re.compile(rb'srsName\s*=\s*"([^"]+)"')
_FAULT = re.compile(rb"<(?:\w+:)?(?:ExceptionReport|ServiceExceptionReport)[\s>]")
_FAULT_TEXT = re.compile(rb"Exception(?:Text)?[^>]*>\s*([^<]+)<")
_YEAR = re.compile(r"(20\d\d)$")
_HEAD = 1 << 16


def bring(remote: WfsRemote, job: Job, tools: Tools) -> Parcel:
    """Bring every page of the feature types that meet the box. Raises SourceError, CrsError."""
    publisher = tools.publisher(remote)
    notes: list[str] = []
    hosts = [f"{base}/{remote.service}" for base in publisher.base]
    pages, url = try_each(hosts, lambda u: (_pages(u, remote, job, tools=tools), u), notes)
    covers = (job.place.number,)
    if not pages:
        path = tools.work / f"{job.layer}.gpkg"
        write_features(path, {job.layer: []}, epsg=remote.epsg, entry=job.entry)
        notes.append("the server has no feature in the area")
        return Parcel(path, path.name, url, date=today(), notes=tuple(notes), covers=covers)
    path = tools.work / f"{job.layer}_gml.zip"
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, raw in pages.items():
            # A fixed time, so that equal pages give an equal file.
            archive.writestr(zipfile.ZipInfo(name), raw, compress_type=zipfile.ZIP_DEFLATED)
    return Parcel(path, path.name, url, date=today(), notes=tuple(notes), covers=covers)


def offer(remote: WfsRemote, job: Job, tools: Tools) -> Offer:
    """Say how many features would be fetched."""
    publisher = tools.publisher(remote)
    url = f"{publisher.base[0]}/{remote.service}"
    count = 0
    for name in resolve(url, remote, publisher, tools=tools):
        query = {**_query(name, remote, job.place), "resultType": "hits"}
        raw = tools.get(with_query(url, query), publisher).read()
        count += _counts(raw, url)[0] or 0
    return Offer(f"{count} features, {', '.join(remote.types[:2])}", url)


def resolve(url: str, remote: WfsRemote, publisher: Publisher, *, tools: Tools) -> list[str]:
    """Return the server's names (with prefix) of the wanted types. Raises SourceError."""
    query = {"service": "WFS", "version": "2.0.0", "request": "GetCapabilities"}
    raw = tools.get(with_query(url, query), publisher).read()
    _check_fault(raw, url)
    root = parse_xml(raw, source=url)
    names = [
        name
        for kind in root.iter("FeatureType")
        for name in (x.text.strip() for x in kind if x.tag == "Name" and x.text)
    ]
    return [_pick(wanted, names, remote, url=url) for wanted in remote.types]


def _pick(wanted: str, names: list[str], remote: WfsRemote, *, url: str) -> str:
    local = {name: fold(name.rsplit(":", 1)[-1]) for name in names}
    if remote.newest:
        dated = [
            (found.group(1), name)
            for name, plain in local.items()
            if plain.startswith(fold(wanted)) and (found := _YEAR.search(name))
        ]
        hits = [max(dated)[1]] if dated else []
    else:
        hits = [name for name, plain in local.items() if plain == fold(wanted)]
    if not hits:
        message = f"{url}: no feature type '{wanted}'; there are: {listing(names)}"
        raise SourceError(message)
    return hits[0]


def _query(name: str, remote: WfsRemote, place: Place) -> dict[str, Any]:
    box = _box_in(place.need_box(name), place.epsg, remote.epsg)
    return {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typenames": name,
        "srsName": f"urn:ogc:def:crs:EPSG::{remote.epsg}",
        "bbox": bbox_text(box, remote.epsg),
    }


def _box_in(box: Bounds, epsg: int, wanted: int) -> Bounds:
    if epsg == wanted:
        return box
    found: Bounds = Transformer.from_crs(epsg, wanted, always_xy=True).transform_bounds(
        *box, densify_pts=21
    )
    return found


def _pages(url: str, remote: WfsRemote, job: Job, *, tools: Tools) -> dict[str, bytes]:
    publisher = tools.publisher(remote)
    pages: dict[str, bytes] = {}
    for name in resolve(url, remote, publisher, tools=tools):
        for number, raw in enumerate(_type_pages(name, remote, job, tools=tools, url=url), start=1):
            stem = safe_name(fold(name.rsplit(":", 1)[-1]), default="type")
            pages[f"{stem}_{number}.gml"] = raw
    return pages


def _type_pages(name: str, remote: WfsRemote, job: Job, *, tools: Tools, url: str) -> list[bytes]:
    """Read every page of one type; the number announced must be reached and not passed."""
    query = {**_query(name, remote, job.place), "count": remote.page_size}
    found: list[bytes] = []
    sums: set[str] = set()
    got = 0
    announced: int | None = None
    for _ in range(tools.max_pages):
        address = with_query(url, {**query, "startindex": got})
        raw = tools.get(address, tools.publisher(remote)).read()
        matched, returned = _check_page(raw, remote, url)
        announced = matched if announced is None else announced
        check_count(announced or 0, source=url)
        digest = hashlib.sha256(raw).hexdigest()
        if returned and digest in sums:
            message = f"{url}: {name}: the pages repeat themselves after {got} features"
            raise SourceError(message)
        sums.add(digest)
        got += returned
        if returned:
            found.append(raw)
        full = got >= announced if announced is not None else returned < remote.page_size
        if full or not returned:
            break
    if announced is not None and got != announced:
        message = f"{url}: {name}: {got} features came of the {announced} that were announced"
        raise SourceError(message)
    return found


def _check_page(raw: bytes, remote: WfsRemote, url: str) -> tuple[int | None, int]:
    """Return how many match and how many came. Raises SourceError, CrsError."""
    check_xml_start(io.BytesIO(raw), source=url)
    _check_fault(raw, url)
    head = raw[:_HEAD]
    for name in {n.decode("ascii", "replace") for n in _SRS.findall(head)}:
        code = re.split(r"[:/#]", name)[-1]
        if code != str(remote.epsg):
            message = f"{url}: asked for EPSG:{remote.epsg}, the answer is in '{name[:80]}'"
            raise CrsError(message)
    matched, returned = _counts(raw, url)
    if returned is None:
        message = f"{url}: the answer does not say how many features it holds (numberReturned)"
        raise SourceError(message)
    return matched, returned


def _counts(raw: bytes, url: str) -> tuple[int | None, int | None]:
    _check_fault(raw, url)
    found = {k.decode(): v.decode() for k, v in _COUNTS.findall(raw[:_HEAD])}
    numbers = {k: int(v) for k, v in found.items() if v.isdigit()}
    return numbers.get("Matched"), numbers.get("Returned")


def _check_fault(raw: bytes, url: str) -> None:
    if _FAULT.search(raw[:4096]):
        text = _FAULT_TEXT.search(raw)
        said = text.group(1).decode("utf-8", "replace").strip()[:200] if text else "an exception"
        message = f"{url}: the server answers '{said}'"
        raise SourceError(message)
