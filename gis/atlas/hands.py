"""Make maps with two hands: this process and one beside it, each with what it knows.

The maps of an atlas share little but the study, so a second process takes whole maps.
Whoever is free takes the next one, and prefers a map that asks what it has answered
already. What is made does not depend on who makes it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gis.atlas.pages import Answers, key_of, make_map
from gis.atlas.pictures import picture_pages
from gis.render.prepared import Prepared
from gis.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from gis.analyses import Study
    from gis.atlas.order import Order
    from gis.atlas.pages import Key, Made
    from gis.text import Language

WORTH_IT = 4
"""With fewer maps than this, starting a second process takes longer than it saves."""


@dataclass(frozen=True)
class Hands:
    """A second process, started early so that it is ready when there is work for it."""

    pool: ProcessPoolExecutor


@contextlib.contextmanager
def second_hand() -> Iterator[Hands | None]:
    """Start a second process where there is a second core; it ends with the block."""
    if (os.cpu_count() or 1) < 2:
        yield None
        return
    # A fresh process: the libraries' own threads do not survive a fork.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        pool.submit(_ready)
        try:
            yield Hands(pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def can_share(study: Study) -> bool:
    """Whether a second process can open the same layers: they lie in a store of their own."""
    return isinstance(study.data, Store)


@dataclass
class _Todo:
    """The maps left to make; each of two takes what is nearest to what it knows."""

    asks: dict[str, frozenset[Key]]
    known: tuple[set[Key], set[Key]] = field(default_factory=lambda: (set(), set()))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: int) -> str | None:
        """Return the next map for one of the two, or None when all are taken."""
        with self.lock:
            if not self.asks:
                return None
            mine, theirs = self.known[who], self.known[1 - who]
            best = max(
                self.asks, key=lambda m: len(self.asks[m] & mine) - len(self.asks[m] & theirs)
            )
            mine |= self.asks.pop(best)
            return best

    def stop(self) -> None:
        """Leave the rest undone, since one has failed."""
        with self.lock:
            self.asks.clear()


def make_maps(
    answers: Answers,
    order: Order,
    draw: Mapping[str, bool],
    *,
    hands: Hands | None,
    told: Callable[[str, Made], None],
) -> dict[str, Made]:
    """Make the maps named in ``draw``, in the order they stand there; ``told`` hears of each.

    Raises what making a map raises; then nothing of the rest is begun. Where the second
    process is ended from outside (memory, an operator), this one makes what it had begun.
    """
    todo = _Todo({m: frozenset(map(key_of, order.entries[m].analyses)) for m in draw})
    made: dict[str, Made] = {}
    lost: list[str] = []

    def work(who: int, make: Callable[[str], Made]) -> None:
        try:
            while (map_id := todo.take(who)) is not None:
                lost.append(map_id)
                made[map_id] = make(map_id)
                lost.remove(map_id)
                told(map_id, made[map_id])
        except BrokenExecutor:
            return
        except BaseException:
            todo.stop()
            raise

    def mine(map_id: str) -> Made:
        return make_map(answers, order, map_id, draw=draw[map_id])

    if hands is None or len(draw) < WORTH_IT or not can_share(answers.study):
        work(0, mine)
    else:
        bare = replace(answers.study, _frames={}, _made={})
        with contextlib.suppress(BrokenExecutor):
            hands.pool.submit(_sit_down, bare, order)
        with ThreadPoolExecutor(1) as thread:
            other = thread.submit(
                work, 1, lambda m: hands.pool.submit(_make, m, draw=draw[m]).result()
            )
            work(0, mine)
            other.result()
    for map_id in lost:
        made[map_id] = mine(map_id)
        told(map_id, made[map_id])
    return {m: made[m] for m in draw}


def picture_all(
    files: Mapping[str, Path], *, language: Language, hands: Hands | None
) -> dict[str, dict[str, Any]]:
    """Picture pages by name, half of them in the second process. Raises SetupError."""
    if hands is None or len(files) < WORTH_IT:
        return picture_pages(files, language)
    names = list(files)
    half, rest = _some(files, names[::2]), _some(files, names[1::2])
    try:
        theirs = hands.pool.submit(picture_pages, rest, language)
        return {**picture_pages(half, language), **theirs.result()}
    except BrokenExecutor:
        return picture_pages(files, language)


def _some(files: Mapping[str, Path], names: Iterable[str]) -> dict[str, Path]:
    return {name: files[name] for name in names}


# What the second process sits down with: it lives as long as the process, which makes
# maps of one study after another, never two at once.
_DESK: list[tuple[Answers, Order]] = []


def _ready() -> None:
    """Do nothing: being asked makes the process start and import this module."""


def _sit_down(study: Study, order: Order) -> None:
    _DESK[:] = [(Answers(study, Prepared()), order)]


def _make(map_id: str, *, draw: bool) -> Made:
    answers, order = _DESK[0]
    return make_map(answers, order, map_id, draw=draw)
