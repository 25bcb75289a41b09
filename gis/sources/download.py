"""Fetch bytes from the publishers: the only module that opens a network connection.

A request goes to a host that the catalogue names, at most one at a time to each host.
What arrives is written to a part file and moved when it is whole; a broken transfer is
taken up again where it stopped. Proxy and certificates follow the environment
(HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

import httpx

import gis
from gis.check import listing
from gis.errors import SourceError, SourceMissingError
from gis.sources.cache import Cache, Kept, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
# Answers that a later try may better.
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")


@dataclass(frozen=True)
class Ask:
    """One request and what its answer must be.

    ``begins``: the answer starts with one of these bytes; ``accept``: statuses besides
    200 that are handed on as an answer without body; ``keep``: False for answers that
    change while one waits (an order), which are never taken from the cache; ``fresh_h``:
    a kept answer younger than so many hours is taken without asking.
    """

    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    begins: tuple[bytes, ...] = ()
    min_bytes: int = 1
    max_bytes: int = 256 << 20
    html: bool = False
    accept: tuple[int, ...] = ()
    keep: bool = True
    fresh_h: float = 0.0

    @property
    def key(self) -> str:
        """The name under which the answer is kept: method, address and body."""
        text = f"{self.method} {self.url}\n".encode() + (self.body or b"")
        return hashlib.sha256(text).hexdigest()[:32]


@dataclass(frozen=True)
class Answer:
    """A whole answer: a file in the cache, its sum, and what the server said of it."""

    url: str
    status: int
    path: Path | None
    sha256: str
    size: int
    name: str
    modified: dt.date | None
    unchanged: bool

    def read(self) -> bytes:
        """Return the body."""
        return self.path.read_bytes() if self.path else b""


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try; times in seconds.

    A transfer slower than ``slowest_bytes_s`` on average after ``grace_s`` counts as
    broken. A server that asks for more than ``longest_s`` of waiting is not waited for.
    """

    tries: int = 5
    first_s: float = 1.0
    longest_s: float = 120.0
    connect_s: float = 20.0
    read_s: float = 60.0
    grace_s: float = 30.0
    slowest_bytes_s: float = 500.0
    pause_s: float = 0.25


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """A fault that another try may mend, and how long the server asked to wait."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Downloader:
    """A polite client for the hosts of the catalogue, with its cache folder.

    ``hosts`` as host or host:port in lower case. ``progress`` gets the address, the
    bytes so far and the whole size (None where the server does not say).
    """

    def __init__(
        self,
        folder: Path,
        *,
        hosts: frozenset[str],
        offline: bool = False,
        patience: Patience | None = None,
        progress: Callable[[str, int, int | None], None] | None = None,
    ) -> None:
        self.cache = Cache(folder)
        self.hosts = hosts
        self.offline = offline
        self.patience = patience or Patience()
        self.progress = progress
        self._received: list[str] = []
        self._locks: dict[str, threading.Lock] = {}
        self._last: dict[str, float] = {}
        self._guard = threading.Lock()
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def get(self, ask: Ask) -> Answer:
        """Return a whole answer, from the cache where the server says it is the same.

        Raises SourceError: foreign host, refused by the server, not what it must be,
        or still failing after the last try; SourceMissingError: offline and not kept.
        """
        _check_host(ask.url, self.hosts)
        kept = self.cache.kept(ask.key) if ask.keep else None
        if kept is not None and (self.offline or kept.age_h <= ask.fresh_h):
            return _answer(ask, kept, unchanged=True)
        if self.offline:
            message = f"{ask.url}: not fetched before, and the network is switched off (--offline)"
            raise SourceMissingError(message)
        wait_s = self.patience.first_s
        for attempt in range(1, self.patience.tries + 1):
            try:
                return self._once(ask, kept)
            except OSError as error:
                message = f"{self.cache.folder}: cannot be written ({error.strerror or error})"
                raise SourceError(message) from None
            except (httpx.TransportError, _Passing) as fault:
                asked = fault.wait_s if isinstance(fault, _Passing) else None
                pause = max(asked or 0.0, wait_s)
                reason = str(fault) or type(fault).__name__
                last = attempt == self.patience.tries or pause > self.patience.longest_s
                if last:
                    later = f"; the server asks to wait {asked:.0f} s" if asked else ""
                    message = f"{ask.url}: {reason} after {attempt} tries{later}; try again later"
                    raise SourceError(message) from None
                time.sleep(pause)
                wait_s *= 2
        message = f"{ask.url}: no try allowed"
        raise SourceError(message)

    def begin(self) -> None:
        """Begin a new job: ``forget`` is for what comes from here on."""
        self._received.clear()

    def forget(self) -> None:
        """Ask anew next time for all that came in this job: it could not be read.

        Else a damaged answer would be confirmed as unchanged by its tag for ever.
        """
        for key in self._received:
            self.cache.drop(key)

    def size_of(self, ask: Ask) -> int | None:
        """Return the size the server states for a file, or None; nothing is fetched."""
        kept = self.cache.kept(ask.key)
        if self.offline:
            return kept.size if kept else None
        try:
            with self._open(ask, "HEAD", {}) as response:
                stated = response.headers.get("Content-Length", "")
                return int(stated) if response.status_code == 200 and stated.isdigit() else None
        except (httpx.TransportError, _Passing, SourceError):
            return None

    def _once(self, ask: Ask, kept: Kept | None) -> Answer:
        self._received.append(ask.key)
        part = self.cache.part(ask.key)
        headers = {} if kept is None else kept.conditions
        headers |= part.conditions
        with self._open(ask, ask.method, headers) as response:
            status = response.status_code
            if status == 304 and kept is not None:
                self.cache.touch(ask.key, kept)
                return _answer(ask, kept, unchanged=True)
            if status == 416 and part.size:
                part.discard()
                message = "the rest of a part file was refused"
                raise _Passing(message)
            if status in ask.accept:
                return Answer(ask.url, status, None, "", 0, "", None, unchanged=False)
            _check_status(response, ask)
            self._receive(response, ask, part)
        new = part.finish(ask.url, response.headers)
        return _answer(ask, new, unchanged=kept is not None and kept.sha256 == new.sha256)

    @contextlib.contextmanager
    def _open(self, ask: Ask, method: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """Send one request and its redirects, alone at its host; yield the open response."""
        url = ask.url
        for _ in range(_MAX_REDIRECTS + 1):
            with self._alone(url):
                request = self._http().build_request(
                    method,
                    url,
                    content=ask.body if url == ask.url else None,
                    headers={"Accept-Encoding": "identity", **ask.headers, **headers},
                )
                response = self._http().send(request, stream=True)
                try:
                    if response.status_code not in _REDIRECTS:
                        yield response
                        return
                    target = urljoin(url, response.headers.get("Location", ""))
                finally:
                    response.close()
            _check_redirect(url, target, self.hosts)
            url, method = target, "HEAD" if method == "HEAD" else "GET"
        message = f"{ask.url}: more than {_MAX_REDIRECTS} redirects"
        raise SourceError(message)

    def _receive(self, response: httpx.Response, ask: Ask, part: Part) -> None:
        """Write the body to the part file, checked while it comes."""
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            message = f"{ask.url}: packed answer that was not asked for; allowed: plain bytes"
            raise SourceError(message)
        start = part.begin(response.status_code, response.headers)
        whole = _stated(response, start)
        if whole is not None and whole > ask.max_bytes:
            part.discard()
            message = f"{ask.url}: {whole} bytes stated; allowed: at most {ask.max_bytes}"
            raise SourceError(message)
        clock, received = time.monotonic(), start
        with part.open() as out:
            for block in response.iter_raw():
                out.write(block)
                received += len(block)
                self._check_pace(received - start, time.monotonic() - clock)
                if received > ask.max_bytes:
                    break
                if self.progress is not None:
                    self.progress(ask.url, received, whole)
        _check_whole(part, ask, whole=whole, received=received)

    def _check_pace(self, received: int, seconds: float) -> None:
        slow = received < seconds * self.patience.slowest_bytes_s
        if seconds > self.patience.grace_s and slow:
            message = f"only {received} bytes in {seconds:.0f} s"
            raise _Passing(message)

    @contextlib.contextmanager
    def _alone(self, url: str) -> Iterator[None]:
        """Hold the host: one request at a time, with a pause between two."""
        host = urlsplit(url).netloc.lower()
        with self._guard:
            lock = self._locks.setdefault(host, threading.Lock())
        with lock:
            since = time.monotonic() - self._last.get(host, -1e9)
            if since < self.patience.pause_s:
                time.sleep(self.patience.pause_s - since)
            try:
                yield
            finally:
                self._last[host] = time.monotonic()

    def _http(self) -> httpx.Client:
        if self._client is None:
            limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
            times = httpx.Timeout(self.patience.read_s, connect=self.patience.connect_s)
            agent = f"arealplan/{gis.__version__}"
            try:
                self._client = httpx.Client(
                    timeout=times, limits=limits, headers={"User-Agent": agent}
                )
            except (OSError, ValueError) as error:
                message = f"proxy or certificates of the environment (SSL_CERT_FILE ...): {error}"
                raise SourceError(message) from None
        return self._client


def _check_host(url: str, hosts: frozenset[str]) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        message = f"{url[:200]}: no address ({error})"
        raise SourceError(message) from None
    if parts.scheme not in ("http", "https") or parts.netloc.lower() not in hosts:
        message = (
            f"{url[:200]}: '{parts.netloc}' is no host of layers/publishers.toml; allowed: "
            f"{listing(sorted(hosts))}"
        )
        raise SourceError(message)


def _check_redirect(url: str, target: str, hosts: frozenset[str]) -> None:
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        message = f"{url}: sends us on to {target[:200]} without encryption; refused"
        raise SourceError(message)
    _check_host(target, hosts)


def _check_status(response: httpx.Response, ask: Ask) -> None:
    status = response.status_code
    if status in (200, 201, 206):
        return
    if status in _PASSING:
        message = f"the server answers {status}"
        raise _Passing(message, wait_s=_retry_after(response))
    message = f"{ask.url}: the server answers {status} {response.reason_phrase}"
    raise SourceError(message)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for: a number or an HTTP date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.UTC)
    return max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds())


def _stated(response: httpx.Response, start: int) -> int | None:
    stated = response.headers.get("Content-Length", "")
    return start + int(stated) if stated.isdigit() else None


def _check_whole(part: Part, ask: Ask, *, whole: int | None, received: int) -> None:
    """Refuse an answer that is too long, too short, HTML, or not what it must be."""
    if whole is not None and received < whole:
        message = f"the answer broke off at {received} of {whole} bytes"
        raise _Passing(message)
    head = part.head()
    found = None
    if received > ask.max_bytes:
        found = f"more than {ask.max_bytes} bytes"
    elif head.lstrip()[:64].lower().startswith(_HTML) and not ask.html:
        found = f"a web page of {received} bytes in place of data"
    elif received < ask.min_bytes:
        found = f"{received} bytes, fewer than the {ask.min_bytes} that it must have"
    elif ask.begins and not head.startswith(ask.begins):
        found = f"something that begins with {head[:16]!r}"
    if found:
        part.discard()
        message = f"{ask.url}: the server sent {found}"
        raise SourceError(message)


def _answer(ask: Ask, kept: Kept, *, unchanged: bool) -> Answer:
    return Answer(
        url=ask.url,
        status=200,
        path=kept.path,
        sha256=kept.sha256,
        size=kept.size,
        name=kept.name,
        modified=kept.modified,
        unchanged=unchanged,
    )
