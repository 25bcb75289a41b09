"""Query ArcGIS REST services: layers by name, every page, errors that come with status 200.

Layer numbers and the digits behind generated names change, so layers are found by name
in the service's own list. The whole count is asked for first and must be reached.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gis.check import listing
from gis.errors import SourceError
from gis.sources.names import fold
from gis.sources.remote_base import Offer, Parcel, need, today, try_each, with_query
from gis.sources.remote_features import check_count, write_features

if TYPE_CHECKING:
    from gis.catalogue import ArcgisRemote
    from gis.catalogue.remotes import Publisher
    from gis.sources.base import Bounds
    from gis.sources.remote_base import Job, Tools

_DIGITS = re.compile(r"\d+$")


def bring(remote: ArcgisRemote, job: Job, tools: Tools) -> Parcel:
    """Bring the features of the named layers that meet the box, from the first host that works.

    Raises SourceError, CrsError (the server did not give the coordinates asked for).
    """
    publisher = tools.publisher(remote)
    notes: list[str] = []
    hosts = [f"{base}/{remote.service}" for base in publisher.base]
    found, url = try_each(hosts, lambda u: (_service(u, remote, job, tools=tools), u), notes)
    path = tools.work / f"{job.layer}.gpkg"
    write_features(path, found, epsg=remote.epsg, entry=job.entry)
    covers = (job.place.number,)
    return Parcel(path, path.name, url, date=today(), notes=tuple(notes), covers=covers)


def offer(remote: ArcgisRemote, job: Job, tools: Tools) -> Offer:
    """Say how many features would be fetched."""
    publisher = tools.publisher(remote)
    box = job.place.need_box(job.layer)

    def count(url: str) -> int:
        layers = resolve(url, remote, publisher, tools=tools)
        return sum(
            _count(f"{url}/{number}", box, remote, tools=tools) for number in layers.values()
        )

    hosts = [f"{base}/{remote.service}" for base in publisher.base]
    number = try_each(hosts, count, [])
    return Offer(f"{number} features, {', '.join(remote.layers[:2])}", hosts[0])


def _service(
    url: str, remote: ArcgisRemote, job: Job, *, tools: Tools
) -> dict[str, list[dict[str, Any]]]:
    publisher = tools.publisher(remote)
    box = job.place.need_box(job.layer)
    layers = resolve(url, remote, publisher, tools=tools)
    return {
        name: _features(f"{url}/{number}", box, remote, tools=tools)
        for name, number in layers.items()
    }


def resolve(
    url: str, remote: ArcgisRemote, publisher: Publisher, *, tools: Tools
) -> dict[str, int]:
    """Return the service's numbers of the wanted layers by name. Raises SourceError."""
    raw = _checked(tools.get_json(with_query(url, {"f": "json"}), publisher), url)
    wanted = {_plain(name) for name in remote.layers}
    there = {
        str(x.get("name")): int(x.get("id", -1))
        for x in need(raw, "layers", list, source=url)
        if not x.get("subLayerIds")
    }
    found = {name: number for name, number in there.items() if _plain(name) in wanted}
    if not found:
        message = f"{url}: no layer {listing(remote.layers)}; there are: {listing(there)}"
        raise SourceError(message)
    return found


def _plain(name: str) -> str:
    return fold(_DIGITS.sub("", name)) or fold(name)


def _checked(raw: Any, url: str) -> Any:
    """Refuse an error that came with status 200."""
    error = raw.get("error") if isinstance(raw, dict) else {"message": "no JSON object"}
    if error:
        code, text = ("", error)
        if isinstance(error, dict):
            code, text = error.get("code", ""), error.get("message", error)
        message = f"{url}: the server answers error {code} '{str(text)[:120]}' with status 200"
        raise SourceError(message)
    return raw


def _query(remote: ArcgisRemote, box: Bounds) -> dict[str, Any]:
    return {
        "where": "1=1",
        "geometry": ",".join(f"{v:.2f}" for v in box),
        "geometryType": "esriGeometryEnvelope",
        "inSR": remote.epsg,
        "spatialRel": "esriSpatialRelIntersects",
    }


def _count(url: str, box: Bounds, remote: ArcgisRemote, *, tools: Tools) -> int:
    query = {**_query(remote, box), "returnCountOnly": "true", "f": "json"}
    address = with_query(f"{url}/query", query)
    raw = _checked(tools.get_json(address, tools.publisher(remote)), url)
    return int(need(raw, "count", int, source=url))


def _features(url: str, box: Bounds, remote: ArcgisRemote, *, tools: Tools) -> list[dict[str, Any]]:
    """Read every page of one layer; the whole count must be reached, each feature once."""
    publisher = tools.publisher(remote)
    about = _checked(tools.get_json(with_query(url, {"f": "json"}), publisher), url)
    key = _key(about, url)
    expected = _count(url, box, remote, tools=tools)
    check_count(expected, source=url)
    size = min(remote.page_size, int(about.get("maxRecordCount") or remote.page_size))
    query = {
        **_query(remote, box),
        "outSR": remote.epsg,
        "outFields": "*",
        "orderByFields": key,
        "resultRecordCount": size,
        "f": "geojson",
    }
    found: list[dict[str, Any]] = []
    seen: set[Any] = set()
    more = expected > 0
    for _ in range(tools.max_pages):
        if not more:
            break
        address = with_query(f"{url}/query", {**query, "resultOffset": len(found)})
        page = _checked(tools.get_json(address, publisher), url)
        features = need(page, "features", list, source=url)
        new = {_identity(f, key): f for f in features}
        repeated = len(new) < len(features) or not seen.isdisjoint(new)
        if repeated or (not new and _exceeded(page)):
            message = f"{url}: the pages repeat themselves after {len(found)} of {expected}"
            raise SourceError(message)
        seen.update(new)
        found.extend(features)
        more = _exceeded(page)
    if len(found) != expected:
        message = f"{url}: {len(found)} features came of the {expected} that were announced"
        raise SourceError(message)
    return found


def _key(about: Any, url: str) -> str:
    fields = need(about, "fields", list, source=url)
    named = about.get("objectIdField") or next(
        (f.get("name") for f in fields if f.get("type") == "esriFieldTypeOID"), None
    )
    if not named:
        message = f"{url}: the layer has no object id to page by"
        raise SourceError(message)
    return str(named)


def _identity(feature: dict[str, Any], key: str) -> Any:
    values = feature.get("properties") or {}
    return values.get(key, feature.get("id", id(feature)))


def _exceeded(page: dict[str, Any]) -> bool:
    """Tell whether the server cut the page: the word stands at the root or under properties."""
    return bool(
        page.get("exceededTransferLimit")
        or (page.get("properties") or {}).get("exceededTransferLimit")
    )
