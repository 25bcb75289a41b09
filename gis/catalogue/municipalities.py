"""Know the municipalities by number and by name, so that a slip is told before a fetch.

The list is that of one year (``layers/municipalities.toml`` says which, and from whom);
what a municipality is, the municipality layer alone decides when a store is built.
"""

from __future__ import annotations

import re
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from gis.catalogue.load import catalogue_root, publishers, read_entry
from gis.check import did_you_mean, listing
from gis.errors import ParameterError

ALL_NORWAY = "0000"


class MunicipalityFile(BaseModel):
    """layers/municipalities.toml: numbers and names of one year."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int = Field(description="1 January of this year")
    source: str = Field(description="the official list")
    counties: dict[str, str] = Field(description="number of two digits -> name")
    municipalities: dict[str, str] = Field(description="number of four digits -> name")
    invented: dict[str, str] = Field(description="numbers in no official list -> name")


@cache
def municipalities() -> MunicipalityFile:
    """Return the list. Raises CatalogueError."""
    return read_entry(catalogue_root("layers") / "municipalities.toml", MunicipalityFile)


def find_municipality(text: str) -> tuple[str, str]:
    """Return number and name of a municipality given by either; 0000 is all Norway.

    Raises ParameterError: a former number (with the present one), a number or a name that
    is in no list, a name that several municipalities bear.
    """
    known = municipalities()
    if text == ALL_NORWAY:
        return text, "Norge"
    if not re.fullmatch(r"[0-9]+", text):
        return _by_name(text, known)
    if text in known.invented or text in known.municipalities:
        return text, known.invented.get(text) or known.municipalities[text]
    raise ParameterError(_no_number(text, known))


def _no_number(text: str, known: MunicipalityFile) -> str:
    """Say what is wrong with a number."""
    given = f"--area {text} given"
    allowed = "allowed: a municipality number of 4 digits, its name, or 0000 for all Norway"
    if len(text) != 4:
        hint = ""
        if text.zfill(4) in known.municipalities:
            hint = f"; did you mean '{text.zfill(4)}' ({known.municipalities[text.zfill(4)]})?"
        return f"{given}; {allowed}{hint}"
    for present, former in publishers().renumbered.items():
        if text in former:
            name = known.municipalities.get(present, "")
            return f"{given}: a former number; {name} is {present} now"
    list_of = f"{known.source}, {known.year}"
    if text[:2] not in known.counties:
        counties = listing(f"{n} {name}" for n, name in known.counties.items())
        return f"{given}: no county {text[:2]} in {list_of}; there are: {counties}"
    inside = (f"{n} {m}" for n, m in known.municipalities.items() if n[:2] == text[:2])
    return (
        f"{given}: no such municipality in {known.counties[text[:2]]} ({list_of}); there are: "
        f"{listing(inside, limit=60)}; is it newer, change 'area' in workspace.toml by hand"
    )


def _by_name(text: str, known: MunicipalityFile) -> tuple[str, str]:
    wanted = _plain(text)
    found = {n: name for n, name in known.municipalities.items() if _plain(name) == wanted}
    if len(found) == 1:
        return next(iter(found.items()))
    if found:
        either = " or ".join(f"{n} ({known.counties[n[:2]]})" for n in found)
        message = f"--area {text} given: several are called so; give the number: {either}"
        raise ParameterError(message)
    hint = did_you_mean(text, known.municipalities.values())
    message = (
        f"--area {text} given: no municipality of that name ({known.source}, {known.year}){hint}; "
        "allowed: its number of 4 digits, its name, or 0000 for all Norway"
    )
    raise ParameterError(message)


def _plain(name: str) -> str:
    """Return a name without case and without what joins its parts (Nord-Odal, nord odal)."""
    return re.sub(r"[^a-zæøåáčđŋšŧž]", "", name.casefold().removesuffix(" kommune"))
