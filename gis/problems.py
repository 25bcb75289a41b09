"""Tell a problem in the language of its reader.

The message of an error is an English sentence put together where it is raised. Here it is
recognised by the words that never change, and said again in bokmål: ``gis/locale/twins/``
holds for each English template its twin, with the values' places numbered. A place in the
twin may say what its value is: ``{1:nb}`` a message or a word with a twin of its own,
``{1:or}`` a list whose last two are joined by "or". Every other value (a file, an id, a
number) is carried over as it is. A message without a twin stays in English.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice

from gis.text import Language, Text

_PLACE = re.compile(r"{(\d+)(?::(\w+))?}")
_JOINTS = re.compile(r"; |: ")
_BEYOND = re.compile(r"'[^']*(?:; |: )")
_DEEPEST = 24  # messages inside messages
_MOST_JOINTS = 40  # where a message without a twin may go over into one that has it
_STRONG = 16  # letters of its own that make a template more than "{0} {1}; allowed: {2}"
_FAINT = 5  # so few letters ("{0} to {1}") stand in any sentence: their values are single words
_WORDS = "values"  # the table of values that are words where they stand alone


@dataclass(frozen=True)
class _Twin:
    """One template: the words between its places, and the parts of its twin."""

    words: tuple[str, ...]
    parts: tuple[str | tuple[int, str], ...]
    weight: int  # how much of a message is the template's own

    def values(self, message: str) -> list[str] | None:
        """Return the values of a message in their order, or None where it is no such message.

        Each place ends at the first of the words that follow it, so no way is tried twice.
        """
        first, *middle = self.words
        if not middle:
            return [] if message == first else None
        last = middle.pop()
        start, end = len(first), len(message) - len(last)
        if start > end or not (message.startswith(first) and message.endswith(last)):
            return None
        found = []
        for word in middle:
            at = message.find(word, start, end)
            if at < 0:
                return None
            found.append(message[start:at])
            start = at + len(word)
        found.append(message[start:end])
        if self.weight < _FAINT and any(" " in value for value in found):
            return None
        return None if any(map(self._too_much, range(len(found)), found)) else found

    def _too_much(self, place: int, value: str) -> bool:
        """Tell whether a value in quotes holds the end of the quotes and goes on."""
        quoted = self.words[place].endswith("'") and self.words[place + 1].startswith("'")
        return quoted and bool(_BEYOND.search(value))


def problem_text(problem: object) -> Text:
    """Return a problem, or its message, in both languages."""
    message = str(problem)
    return Text(nb=_said(message, _problems(), depth=0) or message, en=message)


@cache
def tables() -> dict[str, dict[str, str]]:
    """Return the English templates and their twins, by the name of their file."""
    folder = resources.files("gis").joinpath("locale", "twins")
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".toml")
    }


def of_one(counted: Text) -> Text:
    """Return a text that begins with a count, its noun in the singular where the count is 1."""
    return Text(nb=_of_one(counted.nb, "nb"), en=_of_one(counted.en, "en"))


def _of_one(counted: str, language: Language) -> str:
    one, _, rest = counted.partition(" ")
    noun, space, after = rest.partition(" ")
    return f"1 {_ones()[language].get(noun, noun)}{space}{after}" if one == "1" else counted


@cache
def _ones() -> dict[str, dict[str, str]]:
    file = resources.files("gis").joinpath("locale", "ones.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def _problems() -> tuple[_Twin, ...]:
    return _sorted({k: v for n, t in tables().items() if n != _WORDS for k, v in t.items()})


def _sorted(table: dict[str, str]) -> tuple[_Twin, ...]:
    """Return the twins of a table, the one with most words of its own first."""
    twins = []
    for template, twin in table.items():
        words = tuple(map(_plain, _PLACE.split(template)[::3]))
        pieces = _PLACE.split(twin)
        places = zip(map(int, pieces[1::3]), pieces[2::3], pieces[3::3], strict=True)
        parts: list[str | tuple[int, str]] = [_plain(pieces[0])]
        for place, kind, after in places:
            parts += [(place, kind or ""), _plain(after)]
        twins.append(_Twin(words, tuple(parts), sum(map(len, words))))
    return tuple(sorted(twins, key=lambda t: -t.weight))


def _plain(words: str) -> str:
    return words.replace("{{", "{").replace("}}", "}")


def _said(message: str, twins: tuple[_Twin, ...], *, depth: int) -> str | None:
    """Return a message in bokmål, or None where it and all that it ends in is unknown."""
    if depth > _DEEPEST or not message:
        return None
    if message in tables()[_WORDS]:
        return tables()[_WORDS][message]
    joints = list(islice(_JOINTS.finditer(message), _MOST_JOINTS))
    for strong in (True, False):  # a template of few words takes none that says more
        known = _whole(message, twins, strong=strong, depth=depth)
        if known is not None:
            return known
        for joint in joints:
            head, tail = message[: joint.start()], message[joint.end() :]
            rest = _whole(tail, twins, strong=strong, depth=depth + 1)
            if rest is not None:
                return (_said(head, twins, depth=depth + 1) or head) + joint.group() + rest
    return None


def _whole(message: str, twins: tuple[_Twin, ...], *, strong: bool, depth: int) -> str | None:
    """Return the twin of the template that a message is, filled with its values."""
    for twin in twins:
        values = twin.values(message) if (twin.weight >= _STRONG) == strong else None
        if values is not None:
            return "".join(
                part if isinstance(part, str) else _value(*part, values, twins=twins, depth=depth)
                for part in twin.parts
            )
    return None


def _value(
    place: int, kind: str, values: list[str], *, twins: tuple[_Twin, ...], depth: int
) -> str:
    value = values[place]
    if kind == "nb":
        return _said(value, twins, depth=depth + 1) or value
    return value.replace(" or ", " eller ") if kind == "or" else value
