"""Say what a hit asks of the planner: TEK17, zones of special consideration, guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.analyses.tek17 import REQUIRED_YEARS
from gis.text import Text, number, t

if TYPE_CHECKING:
    from gis.analyses.screen_lines import Line
    from gis.catalogue import LayerEntry

# DiBK publishes TEK17 with its guidance under these addresses.
TEK17_URI = {
    "7-2": "https://www.dibk.no/regelverk/byggteknisk-forskrift-tek17/7/7-2",
    "7-3": "https://www.dibk.no/regelverk/byggteknisk-forskrift-tek17/7/7-3/",
}
_LETTER = {"7-2": "F", "7-3": "S"}
_ASKS = ("hit", "near", "not_mapped", "failed")


def refused_classes(paragraph: str, years: float) -> tuple[str, ...]:
    """Return the safety classes that must keep out of a zone of a return period in years.

    TEK17 §§ 7-2, 7-3: F1 20, F2 200, F3 1000 years; S1 100, S2 1000, S3 5000. A zone that is
    flooded at least as often as a class must withstand is closed to the class.
    """
    letter = _LETTER[paragraph]
    return tuple(c for c, y in REQUIRED_YEARS.items() if c.startswith(letter) and y >= years)


def tek17_question(line: Line, entry: LayerEntry) -> Text | None:
    """Word the question that TEK17 raises here; None where the layer raises none."""
    paragraph = entry.screen.tek17
    if paragraph is None or line.status not in _ASKS:
        return None
    if line.status != "hit":
        return t(f"screen.tek17_{line.status}", paragraph=paragraph)
    stated = [c for c in line.classes if c.years is not None]
    if not stated:
        return t("screen.tek17_study", paragraph=paragraph)
    often = min(stated, key=lambda c: c.years or 0.0)
    refused = refused_classes(paragraph, often.years or 0.0)
    if not refused:
        return t("screen.tek17_study", paragraph=paragraph)
    return t(
        "screen.tek17_refused",
        paragraph=paragraph,
        zone=often.title,
        years=number(often.years),
        classes=", ".join(refused),
    )


def zone_codes(line: Line, entry: LayerEntry) -> tuple[str, ...]:
    """Return the codes of the zones of special consideration that a hit suggests.

    The numbers are those of SOSI Plan's code lists; which of them a layer suggests is this
    program's own choice, stated in the layer's entry. "H" is for display, the field is a number.
    """
    if line.status != "hit":
        return ()
    by_class = [entry.screen.zones[c.id] for c in line.classes if c.id in entry.screen.zones]
    own = [entry.screen.zone] if entry.screen.zone else []
    return tuple(dict.fromkeys([*by_class, *own]))


def zone_name(code: str) -> Text:
    """Return a zone's code with its name, or the code alone where no name is known."""
    known = {
        "H130",
        "H190",
        "H210",
        "H220",
        "H310",
        "H320",
        "H390",
        "H510",
        "H530",
        "H560",
        "H570",
        "H720",
    }
    if code not in known:
        return Text(code, code)
    return t("screen.zone_name", code=code, name=t(f"screen.{code.lower()}"))


def guidance_links(line: Line, entry: LayerEntry) -> tuple[str, ...]:
    """Return the addresses of guidance: the publisher's, the regulation's, the metadata's."""
    paragraph = entry.screen.tek17
    found = [
        entry.screen.guidance_uri,
        TEK17_URI[paragraph] if paragraph else None,
        entry.source.metadata,
    ]
    wanted = line.status not in ("no_hit", "not_relevant")
    return tuple(x for x in found if x) if wanted else ()
