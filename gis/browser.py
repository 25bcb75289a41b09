"""Find Chromium and drive it: open our own pages, print them to PDF, picture them.

The browser is spoken to over a pair of pipes (the DevTools protocol), so no port is
opened, and it is told to reach no host. One browser serves many pages.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import re
import select
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gis.errors import SetupError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

# Another browser than the ones below, by its path.
BROWSER_VARIABLE = "AREALPLAN_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Paper = Literal["A4", "A3"]
_FLAGS = (
    "--headless",
    # The pages are our own and reach no host; containers often cannot give a sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
_PATIENCE_S = 60.0
_READY = """new Promise((done) => {
  const look = () => {
    const drawn = !document.querySelector(".folium-map")
      || document.documentElement.dataset.ready || document.querySelector(".failed");
    if (document.readyState === "complete" && drawn) done(true); else setTimeout(look, 15);
  };
  look();
})"""


def find_browser() -> str:
    """Return the path of a Chromium. Raises SetupError with the way out where there is none."""
    named = os.environ.get(BROWSER_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            message = f"{BROWSER_VARIABLE} names '{named}', which is no program here"
            raise SetupError(message)
        return found
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    message = (
        f"no browser for PDF and pictures (looked for {', '.join(NAMES)}); install Chromium "
        f"(Debian, Ubuntu: sudo apt-get install chromium) or name one in {BROWSER_VARIABLE}"
    )
    raise SetupError(message)


@dataclass(frozen=True)
class Sheet:
    """How a page is printed: paper, which way it lies, and the map's scale (None: chosen)."""

    paper: Paper = "A4"
    landscape: bool = False
    scale: int | None = None


@dataclass(frozen=True)
class Pipe:
    """A running browser at the other end of two pipes."""

    pid: int
    send: int
    receive: int
    numbers: Iterator[int]
    waiting: bytearray

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Ask the browser for something and wait for the answer. Raises SetupError."""
        number = next(self.numbers)
        asked: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            asked["sessionId"] = session
        try:
            self._write(json.dumps(asked).encode() + b"\0")
            answer = self._answer(number)
        except OSError as error:
            message = f"the browser stopped during {method} ({error.strerror or error})"
            raise SetupError(message) from None
        if "error" in answer:
            message = f"the browser refused {method}: {answer['error'].get('message', '')}"
            raise SetupError(message)
        result: dict[str, Any] = answer["result"]
        return result

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.send, data) :]

    def _answer(self, number: int) -> dict[str, Any]:
        """Read messages until the one with our number; events are let go by."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            raw, sign, rest = bytes(self.waiting).partition(b"\0")
            if sign:
                self.waiting[:] = rest
                message: dict[str, Any] = json.loads(raw)
                if message.get("id") == number:
                    return message
                continue
            self.waiting.extend(self._read(until))

    def _read(self, until: float) -> bytes:
        ready, _, _ = select.select([self.receive], [], [], max(until - time.monotonic(), 0))
        if not ready:
            raise TimeoutError(0, f"no answer within {_PATIENCE_S:.0f} s")
        data = os.read(self.receive, 1 << 20)
        if not data:
            raise BrokenPipeError(0, "it went away")
        return data


@dataclass(frozen=True)
class Tab:
    """One open page."""

    pipe: Pipe
    session: str

    def evaluate(self, script: str) -> Any:
        """Run a script in the page and return its value. Raises SetupError when it fails."""
        answer = self.pipe.call(
            "Runtime.evaluate",
            self.session,
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            told = answer["exceptionDetails"]
            message = f"the page failed: {told.get('exception', told).get('description', told)}"
            raise SetupError(message.splitlines()[0])
        return answer["result"].get("value")

    def resize(self, width: int, height: int, *, density: int = 1) -> None:
        """Set the size of the window in CSS pixels, and how many dots each pixel has."""
        self.pipe.call(
            "Emulation.setDeviceMetricsOverride",
            self.session,
            width=width,
            height=height,
            deviceScaleFactor=density,
            mobile=False,
        )

    def open(self, file: Path, *, language: str = "") -> None:
        """Open a file and wait until its map is drawn. Raises SetupError."""
        address = file.resolve().as_uri() + (f"#lang={language}" if language else "")
        # The same file with another ending would only move inside the page.
        self.pipe.call("Page.navigate", self.session, url="about:blank")
        answer = self.pipe.call("Page.navigate", self.session, url=address)
        if answer.get("errorText"):
            message = f"{file}: the browser cannot open it ({answer['errorText']})"
            raise SetupError(message)
        self.evaluate(_READY)

    def picture(
        self, kind: Literal["png", "webp"] = "png", *, of: str = "", scale: float = 1.0
    ) -> bytes:
        """Return what is seen, or one element of it, as an image."""
        params: dict[str, Any] = {"format": kind}
        if kind == "webp":
            params["quality"] = 80
        box = {"x": 0, "y": 0, "width": 0, "height": 0}
        look = f"document.querySelector({json.dumps(of)}).getBoundingClientRect().toJSON()"
        found = self.evaluate(
            look if of else "({x: 0, y: 0, width: innerWidth, height: innerHeight})"
        )
        params["clip"] = {**{key: found[key] for key in box}, "scale": scale}
        return base64.b64decode(
            self.pipe.call("Page.captureScreenshot", self.session, **params)["data"]
        )

    def pdf(self, sheet: Sheet, *, created: dt.date) -> bytes:
        """Print the page as a tagged PDF on the given sheet; its date is ``created``."""
        chosen = json.dumps(
            {"paper": sheet.paper, "landscape": sheet.landscape, "scale": sheet.scale}
        )
        self.evaluate(f"window.arealplan?.setSheet?.({chosen})")
        long, short = {"A4": (11.693, 8.268), "A3": (16.535, 11.693)}[sheet.paper]
        answer = self.pipe.call(
            "Page.printToPDF",
            self.session,
            landscape=sheet.landscape,
            paperWidth=short,
            paperHeight=long,
            printBackground=True,
            preferCSSPageSize=True,
            generateTaggedPDF=True,
            generateDocumentOutline=True,
        )
        return settled(base64.b64decode(answer["data"]), created)


def settled(pdf: bytes, created: dt.date) -> bytes:
    """Return a PDF whose dates are ``created`` and whose tags are numbered from 0.

    Both hang on the clock otherwise, and equal pages are to give equal bytes. Every
    text stays as long as it was, so that the file's table of places still holds.
    """
    stamp = f"D:{created:%Y%m%d}000000+00'00'".encode()

    def written(found: re.Match[bytes]) -> bytes:
        return found[1] + stamp[: len(found[2])].ljust(len(found[2]), b"'") + b")"

    pdf = re.sub(rb"(/(?:CreationDate|ModDate)\s*\()(D:[^)]*)\)", written, pdf)
    # Their order stays, since the tree that finds them is sorted.
    tags = sorted(set(re.findall(rb"\(node(\d{8})\)", pdf)))
    place = {tag: b"(node%08d)" % number for number, tag in enumerate(tags)}
    return re.sub(rb"\(node(\d{8})\)", lambda found: place[found[1]], pdf)


@contextlib.contextmanager
def browser() -> Iterator[Tab]:
    """Start a browser with a profile of its own, give one page of it, and end it. SetupError."""
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="arealplan-", ignore_cleanup_errors=True) as profile:
        pipe = _start(program, profile)
        try:
            target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
            attached = pipe.call("Target.attachToTarget", targetId=target, flatten=True)
            tab = Tab(pipe, attached["sessionId"])
            pipe.call("Page.enable", tab.session)
            yield tab
        finally:
            _end(pipe)


def _start(program: str, profile: str) -> Pipe:
    """Start the browser with our pipes as its descriptors 3 (it reads) and 4 (it writes)."""
    to_it, from_it = os.pipe(), os.pipe()
    # Away from 3 and 4 first, so that one does not overwrite the other.
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_it[0], from_it[1])]
    os.close(to_it[0])
    os.close(from_it[1])
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    pipes = [(os.POSIX_SPAWN_DUP2, ours, fd) for ours, fd in zip(theirs, (3, 4), strict=True)]
    try:
        pid = os.posix_spawn(
            program,
            [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            os.environ,
            file_actions=[*quiet, *pipes],
            setpgroup=0,
        )
    except OSError as error:
        os.close(to_it[1])
        os.close(from_it[0])
        message = f"{program} cannot be started ({error.strerror})"
        raise SetupError(message) from None
    finally:
        for fd in theirs:
            os.close(fd)
    return Pipe(pid, to_it[1], from_it[0], itertools.count(1), bytearray())


def _end(pipe: Pipe) -> None:
    """Ask the browser to close, and end it where it does not."""
    with contextlib.suppress(SetupError):
        pipe.call("Browser.close")
    os.close(pipe.send)
    os.close(pipe.receive)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if os.waitpid(pipe.pid, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.killpg(pipe.pid, signal.SIGKILL)
    os.waitpid(pipe.pid, 0)
