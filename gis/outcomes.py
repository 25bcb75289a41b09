"""Hold how to fetch, and what became of it, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gis.problems import problem_text
from gis.sources.download import Patience

if TYPE_CHECKING:
    from gis.inbox_found import Recognised
    from gis.lock import Held
    from gis.sources.remote_base import Offer

Progress = Callable[[str, int, int | None], None]
State = Literal["new", "unchanged", "kept", "failed", "own", "inbox", "by_hand"]


@dataclass(frozen=True)
class Settings:
    """How to fetch: without network, with how much patience, telling whom.

    ``progress`` gets an address, the bytes so far and the whole size or None;
    ``tell`` gets the layers that are begun.
    """

    offline: bool = False
    patience: Patience = Patience()  # noqa: RUF009 - frozen
    poll_s: float = 3.0
    progress: Progress | None = None
    tell: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one layer.

    ``new`` a file came; ``unchanged`` the same as before; ``kept`` it could not be
    fetched and the older file stays in use; ``failed`` and there is none; ``own``
    named in workspace.toml; ``inbox``; ``by_hand`` there is nowhere to fetch it from.
    """

    layer: str
    state: State
    held: Held | None = None
    message: str = ""


@dataclass(frozen=True)
class Planned:
    """One delivery that would be fetched, for which layers, and under what licence."""

    layers: tuple[str, ...]
    owner: str
    licence: str
    offer: Offer | None
    held: Held | None
    message: str = ""


@dataclass(frozen=True)
class Report:
    """A whole run: what the inbox held, what became of each layer, numbers beside them."""

    inbox: tuple[Recognised, ...]
    outcomes: tuple[Outcome, ...]
    figures: tuple[str, ...] = ()


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain JSON types."""
    held = outcome.held
    return {
        "layer": outcome.layer,
        "state": outcome.state,
        "message": outcome.message,
        "problem": problem_text(outcome.message).as_dict() if outcome.message else None,
        "file": held.path if held else None,
        "size": held.size if held else None,
        "url": held.url if held else None,
        "date": held.date.isoformat() if held and held.date else None,
        "retrieved": held.retrieved.isoformat() if held else None,
        "notes": list(held.notes) if held else [],
    }
