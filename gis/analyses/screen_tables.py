"""Lay a screening out as tables: the layers, their classes, people, and access to transit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.analyses.parts import table
from gis.analyses.screen_people import NEAR_M
from gis.analyses.screen_rules import guidance_links, tek17_question, zone_codes, zone_name
from gis.catalogue import layer_entries
from gis.text import Text, day, number, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.screen import Screening
    from gis.analyses.screen_lines import Line
    from gis.result import Table

EMPTY = Text("", "")


def screen_tables(found: Screening) -> dict[str, Table]:
    """Return the tables, the layers first."""
    made = {"screen": _layers(found.lines), "screen_classes": _classes(found.lines)}
    if found.people:
        made["screen_people"] = _people(found)
    if found.access:
        made["screen_access"] = _access(found)
    return made


def joined_texts(texts: Sequence[Text], *, sign: str = "; ") -> Text:
    """Join texts, language by language."""
    return Text(nb=sign.join(x.nb for x in texts), en=sign.join(x.en for x in texts))


def _row(line: Line) -> dict[str, Any]:
    entry = layer_entries()[line.layer]
    question = tek17_question(line, entry)
    guidance = entry.screen.guidance
    told = line.status in ("hit", "near", "not_mapped")
    facts = [*line.facts, *([guidance.text] if guidance and told else [])]
    return {
        "title": line.title,
        "screen_status": t(f"screen.status_{line.status}"),
        "relevance": t(f"screen.relevance_{line.relevance}"),
        "why": line.why,
        "share": np.nan if line.share is None else line.share,
        "distance": np.nan if line.distance_m is None else line.distance_m,
        "classes_named": class_words(line),
        "mapped_share": np.nan if line.mapped_share is None else line.mapped_share,
        "question": question or EMPTY,
        "zone_code": joined_texts([zone_name(c) for c in zone_codes(line, entry)]),
        "guidance": joined_texts(facts, sign=" "),
        "warnings": joined_texts(line.warnings),
        "date": day(line.source.date) if line.source else EMPTY,
        "link": next(iter(guidance_links(line, entry)), ""),
        "layer": line.layer,
    }


def class_words(line: Line) -> Text:
    """Name the classes with what they take; without classes, what was hit by name."""
    if not line.classes:
        names = ", ".join(line.named)
        return Text(names, names)
    words = []
    for c in line.classes:
        if c.area_m2 is not None:
            amount = number(c.area_m2).with_unit("m²")
        elif c.length_m is not None:
            amount = number(c.length_m).with_unit("m")
        else:
            amount = number(c.count)
        words.append(t("screen.class_amount", title=c.title, amount=amount))
    return joined_texts(words)


def _layers(lines: Sequence[Line]) -> Table:
    columns = (
        ("title", "text", 0),
        ("screen_status", "text", 0),
        ("relevance", "text", 0),
        ("why", "text", 0),
        ("share", "share", 1),
        ("distance", "number", 0),
        ("classes_named", "text", 0),
        ("mapped_share", "share", 0),
        ("question", "text", 0),
        ("zone_code", "text", 0),
        ("guidance", "text", 0),
        ("warnings", "text", 0),
        ("date", "text", 0),
        ("link", "text", 0),
        ("layer", "text", 0),
    )
    return table("screen", pd.DataFrame([_row(x) for x in lines]), columns, key="layer")


def _classes(lines: Sequence[Line]) -> Table:
    rows = [
        {
            "layer": line.layer,
            "title": line.title,
            "class": c.title,
            "class_id": c.id,
            "area_m2": np.nan if c.area_m2 is None else c.area_m2,
            "length_m": np.nan if c.length_m is None else c.length_m,
            "objects": np.nan if c.count is None else c.count,
        }
        for line in lines
        for c in line.classes
    ]
    columns = (
        ("layer", "text", 0),
        ("title", "text", 0),
        ("class", "text", 0),
        ("class_id", "text", 0),
        ("area_m2", "number", 0),
        ("length_m", "number", 0),
        ("objects", "count", 0),
    )
    frame = pd.DataFrame(rows, columns=[c[0] for c in columns])
    return table("screen_classes", frame, columns)


def _people(found: Screening) -> Table:
    """Count people inside and around: a drawn area can be any, so all of it to the nearest 10."""
    frame = pd.DataFrame(
        {
            "counted": [t(f"units.{p.counted}") for p in found.people],
            "people_inside": [p.inside for p in found.people],
            "people_walk": [p.walk for p in found.people],
        }
    )
    columns = (
        ("counted", "text", 0),
        ("people_inside", "residents", 0),
        ("people_walk", "residents", 0),
    )
    return table("screen_people", frame, columns, counts="rounded")


def _access(found: Screening) -> Table:
    """Tell how near transit is, before and with the plan's stops, and for how many dwellings."""
    rows = [
        {
            "moment": t(f"screen.access_{a.name}"),
            "nearest_stop": a.nearest_name,
            "distance": np.nan if a.nearest_m is None else a.nearest_m,
            "stops_500": a.stops[0],
            "stops_1000": a.stops[1],
            "dwellings": a.dwellings or np.nan,
            "dwellings_within": a.within if a.dwellings else np.nan,
            "share": a.within / a.dwellings if a.dwellings else np.nan,
        }
        for a in found.access
    ]
    columns = (
        ("moment", "text", 0),
        ("nearest_stop", "text", 0),
        ("distance", "number", 0),
        *((f"stops_{m:.0f}", "count", 0) for m in NEAR_M),
        ("dwellings", "number", 0),
        ("dwellings_within", "number", 0),
        ("share", "share", 0),
    )
    return table("screen_access", pd.DataFrame(rows), columns)
