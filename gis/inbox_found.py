"""Hold what a file of the inbox was taken for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.text import Text, t

if TYPE_CHECKING:
    from gis.lock import Held

_SHOWN = 5  # fields that are named


@dataclass(frozen=True)
class Guess:
    """A layer that a file may be: which of its fields are there, and by which name.

    ``exact``: the file's layer bears the very name; ``told``: how long the known name is that
    its name ends in (flomsoner_innsjo tells more than innsjo), 0 without one.
    """

    layer: str
    fields: tuple[str, ...]
    content: str | None
    exact: bool = False
    told: int = 0

    @property
    def reason(self) -> Text:
        """Why, in words: the layer's name and the fields that were recognised."""
        name = t("inbox.by_name", name=self.content) if self.content else None
        known = t("inbox.by_fields", fields=self._fields()) if self.fields else None
        return joined([x for x in (name, known) if x] or [t("inbox.by_form")])

    def _fields(self) -> Text:
        first, rest = ", ".join(self.fields[:_SHOWN]), len(self.fields) - _SHOWN
        return (
            t("inbox.and_more", fields=first, count=str(rest)) if rest > 0 else Text(first, first)
        )


@dataclass(frozen=True)
class Recognised:
    """What a file of the inbox was taken for: one line a layer, or why for none."""

    file: str
    layers: dict[str, Held]
    reasons: dict[str, Text]
    problem: Text | None = None
    # layer -> the other files of the inbox that hold it too; this one is not used for it
    contested: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # layer -> the other files of the inbox that it is read together with
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)


def joined(texts: list[Text]) -> Text:
    """Put texts one after the other, with semicolons."""
    return Text(nb="; ".join(x.nb for x in texts), en="; ".join(x.en for x in texts))
