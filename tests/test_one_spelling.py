"""Hold the bokmål of the pages to one spelling of a word, so that one page does not use two."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis.analyses.rail_words import ACCESS_RULE
from gis.render.views import parameters
from gis.text import interface_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

MAPS = Path(__file__).parents[1] / "maps"
ROAD = re.compile(r"(?i)\b(?:langs vei|(?:gang|sykkel|bil)vei)")


def said(value: Any) -> Iterator[str]:
    """Every text in bokmål of an entry."""
    if isinstance(value, dict):
        if isinstance(value.get("nb"), str):
            yield value["nb"]
        for inner in value.values():
            yield from said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said(inner)


def test_a_road_is_veg_on_every_page() -> None:
    """By listing all texts: road and path are "veg og sti", as the publishers write it."""
    entries = [tomllib.loads(f.read_text(encoding="utf-8")) for f in sorted(MAPS.glob("*.toml"))]
    told = [*interface_texts("nb").values(), *(x for e in entries for x in said(e))]
    assert sum("langs veg" in x for x in told) > 1
    assert [x for x in told if ROAD.search(x)] == []


def test_the_access_leg_of_cycling_is_told_in_bokmal() -> None:
    """Oracle: what the analysis gives as a parameter has its words, unlike its own in English."""
    shown = parameters({"access_leg": ACCESS_RULE})[0]["text"]
    assert shown.en == ACCESS_RULE
    assert shown.nb.startswith("luftlinje til nærmeste punkt")


def test_no_message_groups_its_digits() -> None:
    """By reading the code: a value is carried over as it is, and 208,245 m is 208 m in bokmål."""
    code = Path(__file__).parents[1] / "gis"
    grouped = re.compile(r"\{\w+:,|number\([^)]*\)\.en\} ")
    files = sorted(f for f in code.rglob("*.py") if f.name != "text.py")  # numbers are worded there
    assert len(files) > 300
    assert [f.name for f in files if grouped.search(f.read_text(encoding="utf-8"))] == []
