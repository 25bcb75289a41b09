"""Say things in Norwegian and English: texts, numbers, dates.

Texts of *things* (layers, maps, analyses) travel with the thing as a ``Text``;
texts of the *interface* live in ``gis/locale/`` (``nb*.toml`` and ``en*.toml``) under
equal keys, which a test holds. Codes are never translated inside the program.
"""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")

THIN_SPACE = "\u202f"  # narrow no-break space: a number never breaks over two lines


@dataclass(frozen=True)
class Text:
    """One text in both languages, bokmål first."""

    nb: str
    en: str

    def in_(self, lang: Language) -> str:
        """Return the text in one language."""
        return self.nb if lang == "nb" else self.en

    def fill(self, **values: str | Text) -> Text:
        """Put values into ``{name}`` places; a Text value goes in by its language."""
        filled = {
            lang: self.in_(lang).format(
                **{k: v.in_(lang) if isinstance(v, Text) else v for k, v in values.items()}
            )
            for lang in LANGUAGES
        }
        return Text(nb=filled["nb"], en=filled["en"])

    def with_unit(self, unit: str) -> Text:
        """Add a unit after a space that does not break: ``500 m``."""
        return Text(nb=f"{self.nb}\u00a0{unit}", en=f"{self.en}\u00a0{unit}")

    def as_dict(self) -> dict[str, str]:
        """Return ``{"nb": ..., "en": ...}`` for JSON."""
        return {"nb": self.nb, "en": self.en}


@cache
def _locale(lang: Language) -> dict[str, str]:
    texts: dict[str, str] = {}
    folder = resources.files("gis").joinpath("locale")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name == f"{lang}.toml" or file.name.startswith(f"{lang}_"):
            for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
                texts |= {f"{section}.{key}": text for key, text in entries.items()}
    return texts


def interface_texts(lang: Language) -> dict[str, str]:
    """Return every interface text of one language, by ``section.key``."""
    return dict(_locale(lang))


def t(key: str, **values: str | Text) -> Text:
    """Return the interface text under ``section.key`` in both languages, filled."""
    return Text(nb=_locale("nb")[key], en=_locale("en")[key]).fill(**values)


def number(value: float | None, *, decimals: int = 0) -> Text:
    """Write a number as each language does: ``12 345,6`` and ``12,345.6``.

    None and NaN become a dash, never a zero.
    """
    if value is None or math.isnan(value):
        return Text(nb="–", en="–")
    english = f"{value:,.{decimals}f}"
    if not english.strip("-0.,"):
        english = english.removeprefix("-")  # what rounds to nothing has no sign
    norwegian = english.replace(",", THIN_SPACE).replace(".", ",").replace("-", "\u2212")
    return Text(nb=norwegian, en=english.replace("-", "\u2212"))


def amount(value: float | None) -> Text:
    """Write a measured number with three digits or so: ``1.15``, ``18.4``, ``1,395``, ``12``.

    One decimal alone would make a ratio of 1.15 and one of 1.06 the same. None and NaN
    become a dash.
    """
    if value is None:
        return number(None)
    whole = math.isnan(value) or float(value).is_integer()
    return number(value, decimals=0 if whole else 2 if abs(value) < 10 else 1)


def measure(value: float | None) -> Text:
    """Write one of many numbers in units of their own: one decimal, two below 2.

    A ratio of 1.15 is not 1.1, nor is 0.07 % one of a thousand.
    """
    small = value is not None and 0 < abs(value) < 2
    return number(value, decimals=2 if small else 1)


def people(count: float, *, of: float | None = None) -> Text:
    """Write a number of residents in running text: none of 1 to 9 is ever spelled out.

    Nor is one that leaves 1 to 9 ``of`` a whole that the reader knows. A part of a whole
    is written to the nearest 10, as ``gis.published`` publishes it.

    The rule is that of ``gis.disclosure``; prose keeps it even in an analyst's own files.
    """
    if 0 < count < 10:
        return t("common.under_ten")
    if of is None or count == of:
        return number(round(count))
    if 0 < of - count < 10:
        return t("common.all_but_under_ten")
    return number(min(round(count / 10) * 10, of))


def people_share(part: float, *, of: float) -> Text:
    """Write a share of residents, or that it is withheld because it would tell of 1 to 9."""
    if not of:
        return percent(None)
    if 0 < part < 10 or 0 < of - part < 10:
        return t("common.share_withheld")
    # As published: the part to the nearest 10, unless it is the whole.
    return percent(1.0 if part == of else min(round(part / 10) * 10, of) / of)


def percent(share: float | None, *, decimals: int = 1) -> Text:
    """Write a share (0-1) as per cent: ``56,2 %`` and ``56.2%``."""
    if share is None or math.isnan(share):
        return Text(nb="–", en="–")
    return with_unit(number(100 * share, decimals=decimals), Text(nb="%", en="%"))


def with_unit(value: Text, unit: Text) -> Text:
    """Write a number and its unit, held together: English has no space before the sign %."""
    gap = "" if unit.en == "%" else "\u00a0"
    return Text(nb=f"{value.nb}\u00a0{unit.nb}", en=f"{value.en}{gap}{unit.en}")


def signed(text: Text, change: float) -> Text:
    """Put a plus before a written change that is one up; a minus is written already."""
    return Text(nb=f"+{text.nb}", en=f"+{text.en}") if change > 0 else text


def day(value: dt.date | None) -> Text:
    """Write a date: ``23.11.2026`` and ``23 November 2026``."""
    if value is None:
        return t("common.unknown_date")
    return Text(nb=f"{value:%d.%m.%Y}", en=f"{value.day} {_MONTHS[value.month - 1]} {value.year}")


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
