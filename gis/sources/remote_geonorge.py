"""Order files from Geonorge without e-mail; ATOM feed and open folder where that fails.

Names of files are never built, since they spell places their own way: the number
between two underscores is looked for in what the publisher lists. Formats and areas
come from the data set's own code lists (Geonorge.NedlastingAPI, version 3).
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from gis.check import listing
from gis.errors import SourceError, SourceMissingError
from gis.sources.download import Ask
from gis.sources.limits import parse_xml, safe_name
from gis.sources.names import fold
from gis.sources.remote_base import ALL_NORWAY, ZIP, Offer, Parcel, lower_keys, need

if TYPE_CHECKING:
    from gis.catalogue import GeonorgeRemote
    from gis.catalogue.remotes import Publisher
    from gis.sources.download import Answer
    from gis.sources.remote_base import Job, Place, Tools

_EXPIRED = (401, 403, 404, 410)
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_SIZE = re.compile(r"(?<!\d)\d{1,4}\s*k?m\b", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_READY, _WAITING = "readyfordownload", "waitingforprocessing"


@dataclass(frozen=True)
class Choice:
    """What is ordered: area, projection and format in the publisher's own words."""

    uuid: str
    area: dict[str, Any]
    epsg: str
    format: str
    year: int | None

    @property
    def words(self) -> str:
        """For people."""
        year = f" {self.year}," if self.year else ""
        name = self.area.get("name", "")
        return f"{self.format},{year} {self.area['code']} {name}, EPSG:{self.epsg}"


def bring(remote: GeonorgeRemote, job: Job, tools: Tools) -> Parcel:
    """Bring one data set: by order; else by ATOM feed; else from the open folder.

    Raises SourceError with the fault of every way, SourceMissingError where the data set's
    own list says that it is not delivered for the place.
    """
    publisher = tools.publisher(remote)
    absent = False
    faults: list[str] = []
    year: int | None = None
    national = False
    answer: Answer | None = None
    try:
        choice = choose(remote, job, tools)
        year = choice.year
        national = choice.area["code"] == ALL_NORWAY
        name, answer = _ordered(choice, publisher, tools)
    except SourceError as error:
        faults.append(str(error))
        absent = isinstance(error, SourceMissingError)
    if answer is None:
        try:
            url = _listed(remote, job.place, tools, faults=faults)
        except SourceError as error:
            if absent:
                raise SourceMissingError(str(error)) from None
            raise
        national = f"_{ALL_NORWAY}_" in url
        answer = tools.get(url, publisher, begins=ZIP, max_bytes=64 << 30)
        name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    if answer.path is None:
        message = f"{answer.url}: the server answers {answer.status}"
        raise SourceError(message)
    notes = [f"not by order: {faults[0][:200]}"] if faults else []
    return Parcel(
        path=answer.path,
        name=safe_name(name or answer.name, default=f"{job.layer}.zip"),
        url=answer.url,
        date=dt.date(year, 1, 1) if year else answer.modified,
        notes=tuple(notes),
        covers=() if national else (job.place.number,),
    )


def offer(remote: GeonorgeRemote, job: Job, tools: Tools) -> Offer:
    """Say what would be ordered, and its size where the open folder shows the file."""
    choice = choose(remote, job, tools)
    url, size = f"{tools.publisher(remote).base[0]}/order", None
    try:
        listed = _listed(remote, job.place, tools, faults=[])
    except SourceError:
        return Offer(choice.words, url)
    publisher = tools.publisher(remote)
    size = tools.downloader.size_of(Ask(url=listed, headers=publisher.headers))
    return Offer(choice.words, url, size)


def choose(remote: GeonorgeRemote, job: Job, tools: Tools) -> Choice:
    """Choose area, projection and format from the data set's code lists. Raises SourceError."""
    publisher = tools.publisher(remote)
    uuid, year = remote.uuid, None
    if remote.series:
        size_m = job.entry.delivery.cell_size_m
        uuid, year = _newest_child(remote, publisher, tools, size_m=size_m)
    url = f"{publisher.base[0]}/codelists/area/{uuid}"
    areas = lower_keys(tools.get_json(url, publisher))
    if not isinstance(areas, list):
        message = f"{url}: no list of areas"
        raise SourceError(message)
    area = _pick_area(areas, remote, job.place, source=url)
    epsg, form = _pick_format(area, remote, job.place, source=url)
    return Choice(uuid=uuid, area=area, epsg=epsg, format=form, year=year)


def _newest_child(
    remote: GeonorgeRemote, publisher: Publisher, tools: Tools, *, size_m: int | None
) -> tuple[str, int | None]:
    """Return the newest year's data set of a series; one that is no series is itself.

    Where titles name sizes of cells, those of another size are passed over.
    """
    url = f"{publisher.catalogue}/getdata/{remote.uuid}"
    raw = lower_keys(tools.get_json(url, publisher))
    children = raw.get("seriedatasets") if isinstance(raw, dict) else None
    if not children:
        return remote.uuid, None
    titles = listing(str(c.get("title")) for c in children)
    of_size = [c for c in children if size_m and _has_size(str(c.get("title", "")), size_m)]
    if size_m and not of_size and any(_SIZE.search(str(c.get("title", ""))) for c in children):
        message = f"{url}: no data set of {size_m} m cells in the series: {titles}"
        raise SourceError(message)
    dated = []
    for child in of_size or children:
        years = [int(y) for y in _YEAR.findall(str(child.get("title", "")))]
        if years and child.get("uuid"):
            dated.append((max(years), str(child["uuid"])))
    if not dated:
        message = f"{url}: no year in the titles of the series: {titles}"
        raise SourceError(message)
    year, uuid = max(dated)
    return uuid, year


def _has_size(title: str, size_m: int) -> bool:
    names = [rf"{size_m}\s*m", rf"{size_m // 1000}\s*km"] if size_m >= 1000 else [rf"{size_m}\s*m"]
    return any(re.search(rf"(?<!\d){n}\b", title, re.IGNORECASE) for n in names)


def _pick_area(
    areas: list[dict[str, Any]], remote: GeonorgeRemote, place: Place, *, source: str
) -> dict[str, Any]:
    """Return the smallest delivery that covers the place, by number and never by name."""
    numbers = [place.number, *place.former]
    own = [("kommune", n) for n in numbers] + [("fylke", place.number[:2])]
    country = [("landsdekkende", ALL_NORWAY)]
    wanted = country + own if remote.national or place.number == ALL_NORWAY else own + country
    if place.alone:
        wanted = [("kommune", place.number)]
    there = {(str(a.get("type")).lower(), str(a.get("code"))): a for a in areas}
    for key in wanted:
        if key in there:
            return there[key]
    codes = listing((f"{t} {c}" for t, c in there), limit=10)
    message = f"{source}: not delivered for {' / '.join(numbers)}, nor nationally; areas: {codes}"
    raise SourceMissingError(message)


def _pick_format(
    area: dict[str, Any], remote: GeonorgeRemote, place: Place, *, source: str
) -> tuple[str, str]:
    """Return projection and format as the code list writes them."""
    offered: dict[str, list[str]] = {
        str(p.get("code")): [str(f.get("name")) for f in p.get("formats") or ()]
        for p in area.get("projections") or ()
    }
    ours = [str(place.epsg), *(c for c in ("25833", "25832") if c != str(place.epsg))]
    for wanted in remote.formats:
        for code in ours:
            for name in offered.get(code, ()):
                if fold(name.split()[0] if name.split() else "") == fold(wanted):
                    return code, name
    there = "; ".join(f"{c}: {listing(f)}" for c, f in offered.items())
    message = (
        f"{source}: none of the formats {', '.join(remote.formats)} in {' or '.join(ours)} for "
        f"{area.get('code')}; offered: {there or 'nothing'}"
    )
    raise SourceError(message)


def _ordered(choice: Choice, publisher: Publisher, tools: Tools) -> tuple[str, Answer]:
    """Order, wait and download; an expired link is asked for again, then ordered anew."""
    for _ in range(2):
        file, reference = _order(choice, publisher, tools)
        for fresh in (False, True):
            if fresh:
                file = _status(reference, publisher, tools)
            url = str(file.get("downloadurl") or "")
            name = str(file.get("name") or "")
            begins = ZIP if name.lower().endswith(".zip") else ()
            answer = tools.get(url, publisher, begins=begins, max_bytes=64 << 30, accept=_EXPIRED)
            if answer.status == 200:
                return name, answer
    message = f"{url}: the order's link answers {answer.status}, also after a new order"
    raise SourceError(message)


def _order(choice: Choice, publisher: Publisher, tools: Tools) -> tuple[dict[str, Any], str]:
    line = {
        "metadataUuid": choice.uuid,
        "areas": [{k: choice.area.get(k, "") for k in ("code", "name", "type")}],
        "projections": [{"code": choice.epsg}],
        "formats": [{"name": choice.format}],
    }
    url = f"{publisher.base[0]}/order"
    raw = tools.get_json(
        url,
        publisher,
        method="POST",
        body=json.dumps({"orderLines": [line]}, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json"},
        keep=False,
    )
    reference = str(need(lower_keys(raw), "referencenumber", str, source=url))
    return _ready(lower_keys(raw), reference, publisher, tools=tools), reference


def _status(reference: str, publisher: Publisher, tools: Tools) -> dict[str, Any]:
    url = f"{publisher.base[0]}/order/{reference}"
    return _ready(
        lower_keys(tools.get_json(url, publisher, keep=False)), reference, publisher, tools=tools
    )


def _ready(
    answer: dict[str, Any], reference: str, publisher: Publisher, *, tools: Tools
) -> dict[str, Any]:
    """Wait until the order's file is ready. Raises SourceError: failed, or not in time."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,80}", reference):
        message = f"{publisher.base[0]}/order: '{reference[:80]}' is no order number"
        raise SourceError(message)
    url = f"{publisher.base[0]}/order/{reference}"
    for _ in range(tools.poll_tries):
        files = need(answer, "files", list, source=url)
        states = {fold(str(f.get("status"))) for f in files}
        if files and states == {_READY}:
            first: dict[str, Any] = files[0]
            return first
        if not states <= {_READY, _WAITING}:
            message = f"{url}: the order failed: {listing(str(f.get('status')) for f in files)}"
            raise SourceError(message)
        time.sleep(tools.poll_s)
        answer = lower_keys(tools.get_json(url, publisher, keep=False))
    message = f"{url}: not ready after {tools.poll_tries * tools.poll_s:.0f} s; try again later"
    raise SourceError(message)


def _listed(remote: GeonorgeRemote, place: Place, tools: Tools, *, faults: list[str]) -> str:
    """Find the file by its number in the ATOM feed, else in the open folder."""
    publisher = tools.publisher(remote)
    for form in remote.formats:
        pages = []
        if remote.atom:
            feed = f"{publisher.files}/ATOM-feeds/{remote.atom}_AtomFeed{form}.xml"
            pages.append((feed, False))
        if remote.folder:
            pages.append((f"{publisher.files}/{remote.folder}/{form}/", True))
        for url, is_html in pages:
            try:
                raw = tools.get(url, publisher, html=is_html).read()
                links = _hrefs(raw) if is_html else _atom_links(raw, source=url)
                found = pick_listed([urljoin(url, x) for x in links], remote, place)
            except SourceError as error:
                faults.append(str(error))
                continue
            if found:
                return found
            faults.append(f"{url}: no file with _{place.number}_ in its name")
    first = faults[0] if faults else "no order"
    looked = f"nor in its feed or folder: {faults[1]}" if len(faults) > 1 else "no folder known"
    message = f"{first}; {looked}"
    raise SourceError(message)


def _hrefs(raw: bytes) -> list[str]:
    text = raw.decode("utf-8", errors="replace")
    return [html.unescape(x) for x in _HREF.findall(text)]


def _atom_links(raw: bytes, *, source: str) -> list[str]:
    root = parse_xml(raw, source=source)
    links = [str(x.get("href")) for x in root.iter("link") if x.get("href")]
    return links + [x.text or "" for x in root.iter("id")]


def pick_listed(links: list[str], remote: GeonorgeRemote, place: Place) -> str | None:
    """Return the zip whose name holds the area's number and CRS; the last by name of several.

    A former number is looked for only where the present one is nowhere.
    """
    country = [ALL_NORWAY]
    own = [place.number, *place.former]
    epsgs = [place.epsg, *(c for c in (25833, 25832) if c != place.epsg)]
    wanted = country + own if remote.national else own + country
    for number in own if place.alone else wanted:
        for epsg in epsgs:
            hits = [
                x
                for x in links
                if f"_{number}_" in (name := unquote(urlsplit(x).path.rsplit("/", 1)[-1]))
                and f"_{epsg}_" in name
                and name.lower().endswith(".zip")
            ]
            if hits:
                return max(hits)
    return None
