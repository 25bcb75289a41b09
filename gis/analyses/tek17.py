"""Class buildings by TEK17 § 7-2 (flood, storm surge) and § 7-3 (slides), and name the zone asked.

Sources: the regulation with guidance as published by DiBK (dibk.no, TEK17 §§ 7-2, 7-3,
with changes to October 2023): § 7-2 second paragraph F1 1/20, F2 1/200, F3 1/1000,
third paragraph: the same for storm surge; § 7-3 second paragraph S1 1/100, S2 1/1000,
S3 1/5000, as the joint probability over all kinds of slide. The three digits of a
building type are NS 3457-3 as the cadastre uses it.

Which type belongs to which class follows the examples of the guidance; those lists, and
the codes of groups above 200, were not held against the printed text. Where a type alone
cannot tell (an office may hold 20 or 200 people, a block of flats 8 or 80 homes), the
stricter class is taken and ``stricter`` says so. § 7-2 and § 7-3 first paragraph (works
of national or regional importance to preparedness; for floods also major-accident
plants) cannot be told from a type at all: such buildings are named by the caller, and
hospitals and emergency stations are marked as ones to ask about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gis.text import Text

FloodClass = Literal["F1", "F2", "F3"]
SlideClass = Literal["S1", "S2", "S3"]

REQUIRED_YEARS: dict[str, int] = {
    "F1": 20,
    "F2": 200,
    "F3": 1000,
    "S1": 100,
    "S2": 1000,
    "S3": 5000,
}
"""The return period whose zone a safety class must keep out of."""


@dataclass(frozen=True)
class SafetyClass:
    """What TEK17 asks of one group of building types.

    ``stricter``: the type alone cannot tell, the stricter of the possible classes is
    taken. ``ask_first``: may be of national or regional importance (first paragraph).
    """

    group: Text
    flood: FloodClass
    slide: SlideClass
    stricter: bool = False
    ask_first: bool = False


@dataclass(frozen=True)
class _Row:
    first: int
    last: int
    safety: SafetyClass


def _row(
    codes: tuple[int, int],
    names: tuple[str, str],
    classes: tuple[FloodClass, SlideClass],
    *,
    stricter: bool = False,
    ask_first: bool = False,
) -> _Row:
    safety = SafetyClass(Text(*names), *classes, stricter=stricter, ask_first=ask_first)
    return _Row(*codes, safety)


# The first row whose range holds the code counts, so exceptions stand before their group.
_ROWS = (
    _row((111, 124), ("Enebolig og tomannsbolig", "Detached and two-dwelling house"), ("F2", "S2")),
    _row((131, 136), ("Rekkehus og småhus", "Row house"), ("F2", "S2")),
    _row((141, 146), ("Stort boligbygg", "Block of flats"), ("F2", "S3"), stricter=True),
    _row((151, 151), ("Bo- og servicesenter", "Sheltered housing"), ("F3", "S3"), stricter=True),
    _row((152, 159), ("Bofellesskap", "Communal housing"), ("F2", "S3"), stricter=True),
    _row((161, 163), ("Fritidsbolig", "Holiday home"), ("F2", "S2")),
    _row((171, 172), ("Seter og koie", "Mountain and forest cabin"), ("F2", "S2"), stricter=True),
    _row((181, 183), ("Garasje, uthus og naust", "Garage, outbuilding, boathouse"), ("F1", "S1")),
    _row((193, 199), ("Annen boligbygning", "Other residential building"), ("F2", "S2")),
    _row((221, 229), ("Energiforsyning", "Energy supply"), ("F3", "S3"), stricter=True),
    _row((231, 239), ("Lager", "Storage"), ("F1", "S1")),
    _row((241, 249), ("Landbruk og fiske", "Farm and fishery"), ("F2", "S2"), stricter=True),
    _row((211, 299), ("Industri", "Industry"), ("F2", "S3"), stricter=True),
    _row((311, 399), ("Kontor og forretning", "Office and shop"), ("F2", "S3"), stricter=True),
    _row((421, 429), ("Telekommunikasjon", "Telecommunication"), ("F3", "S3"), stricter=True),
    _row((431, 439), ("Garasjeanlegg og hangar", "Parking house and hangar"), ("F2", "S2")),
    _row((411, 499), ("Terminal og samferdsel", "Terminal and transport"), ("F2", "S3"),
         stricter=True),
    _row((511, 599), ("Hotell og restaurant", "Hotel and restaurant"), ("F2", "S3"), stricter=True),
    _row((611, 619), ("Skole og barnehage", "School and kindergarten"), ("F2", "S3")),
    _row((621, 699), ("Kultur, idrett, religion", "Culture, sport, religion"), ("F2", "S3"),
         stricter=True),
    _row((711, 719), ("Sykehus", "Hospital"), ("F3", "S3"), ask_first=True),
    _row((721, 729), ("Sykehjem", "Nursing home"), ("F3", "S3")),
    _row((731, 799), ("Primærhelse", "Primary health"), ("F2", "S3"), stricter=True),
    _row((811, 819), ("Fengsel", "Prison"), ("F3", "S3"), stricter=True),
    _row((821, 829), ("Beredskap: politi, brann", "Emergency: police, fire"), ("F3", "S3"),
         ask_first=True),
    _row((831, 899), ("Monument og annet", "Monument and other"), ("F1", "S1")),
)  # fmt: skip

UNKNOWN = SafetyClass(
    Text("Ukjent bygningstype", "Unknown building type"), "F3", "S3", stricter=True
)


def safety_class(building_type: str | None) -> SafetyClass:
    """Return what TEK17 asks of a building type of three digits; the strictest where unknown."""
    if building_type is None or not building_type.isdigit():
        return UNKNOWN
    code = int(building_type)
    return next((r.safety for r in _ROWS if r.first <= code <= r.last), UNKNOWN)


# Two letters of the cadastre: demolished or burnt, moved, number lapsed, case closed. From
# memory of its code list; what is left out is counted and shown.
GONE = ("BR", "BF", "BU", "BA")
