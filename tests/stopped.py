"""Run builds and fetches in processes of their own that are killed, starved or locked out.

``python -m tests.stopped build|fetch ROOT`` reads orders from standard input, one a line,
and runs each in a fork: ``kill N`` (kill -9 before the N-th touch of a file under ROOT; 0
lets it run), ``full BYTES`` (no file may grow beyond), ``other`` (without rights of root).
It answers with one line of JSON: how the fork ended, how many changes it made, its error.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import signal
import struct
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from gis.errors import GisError
from gis.fetch import fetch
from gis.outcomes import Settings
from gis.sources.download import Patience
from gis.store import build
from gis.workspace import open_workspace

QUICK = Settings(
    patience=Patience(tries=2, first_s=0.01, longest_s=1.0, read_s=2.0, pause_s=0.0), poll_s=0.01
)
# What touches a folder, as the interpreter tells it (files are opened to be flushed, too).
CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate")
NOBODY = 65534
COUNT = struct.Struct("q")


class Stopped:
    """The other end: a process that runs one kind of work, order by order."""

    def __init__(self, work: str, root: Path, *layers: str) -> None:
        command = [sys.executable, "-m", "tests.stopped", work, str(root), *layers]
        folder = Path(__file__).resolve().parent.parent
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def start(self, order: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def run(self, order: str) -> dict[str, Any]:
        self.start(order)
        return self.answer()


def _work(kind: str, root: Path, layers: list[str]) -> str:
    opened = open_workspace(root)
    if kind == "build":
        build(opened)
        return ""
    report = fetch(opened, only=layers, settings=replace(QUICK))
    return "; ".join(o.message for o in report.outcomes if o.message)


def _prepare(order: str, root: Path, count: mmap.mmap) -> None:
    """Set the trap of an order in this process."""
    what, _, value = order.partition(" ")
    if what == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
    elif what == "other" and os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    elif what == "kill":
        _trap(int(value), root, count)


def _trap(last: int, root: Path, count: mmap.mmap) -> None:
    place, seen = str(root), 0

    def look(event: str, given: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in CHANGES or place not in str(given[0]):
            return
        seen += 1
        COUNT.pack_into(count, 0, seen)
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def _fork(order: str, kind: str, root: Path, layers: list[str]) -> dict[str, Any]:
    # Memory that the fork shares: it outlives a kill, and no other process has a part in it.
    count = mmap.mmap(-1, COUNT.size)
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(readable)
        status, said = 0, ""
        try:
            _prepare(order, root, count)
            said = _work(kind, root, layers)
        except GisError as error:
            status, said = 1, str(error)
        os.write(writable, said.encode()[:4000])
        os._exit(status)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, ended = os.waitpid(child, 0)
    (changes,) = COUNT.unpack_from(count)
    return {"ended": os.waitstatus_to_exitcode(ended), "changes": changes, "said": said}


if __name__ == "__main__":
    for line in sys.stdin:
        answer = _fork(line.strip(), sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
