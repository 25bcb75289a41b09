"""Decide who may walk and cycle along a line of a road file, and on which level it runs.

Three kinds of file are known by their fields: Norwegian road files (NVDB Vegnett Pluss,
Elveg, N50 Veglenke: ``typeveg``), extracts with OpenStreetMap's words (``highway``, or
``fclass`` as Geofabrik names it), and any other line file, where every line is open.

Norwegian rules:

- ``medium``: T on the ground, U under it, L in the air (SOSI). Roads for cars under the
  ground are closed to both modes; a separate foot and cycle path there is open.
- ``motorvegtype`` where the file has it closes motorways; where it has not, E and R roads
  that are ramps or have separated carriageways are closed, which is an assumption.
- ``feltoversikt``: odd lanes run with the line, even ones against it (bicycles only; a
  cycle lane, S, counts).
- Stairs are walked only. Pavements, crossings and footpaths: see ``footways``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gis.sources.osm_rules import (
    KEYS,
    Footways,
    Mode,
    Permission,
    closed_tunnel,
    is_deck,
    permission,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Tags = Mapping[str, str]

Scheme = Literal["norwegian", "osm", "plain"]
RULES = {
    "norwegian": "typeveg, medium, vegkategori, feltoversikt",
    "osm": "OpenStreetMap tags",
    "plain": "every line open",
}
# The fields each scheme looks at, by the endings of their names (nested GML names are long).
_NORWEGIAN: tuple[str, ...] = ("typeveg", "medium", "vegkategori", "feltoversikt", "objtype")
_NORWEGIAN += ("motorvegtype", "motorveg", "detaljnivå", "detaljniva")
_PLAIN = ("oneway", "layer", "level", "bridge", "tunnel", "medium")
_FOOT_TYPES = {"gangveg", "fortau", "gangfelt", "gågate", "gagate"}
_CYCLE_TYPES = {"gangogsykkelveg", "gsv", "sykkelveg", "sti", "traktorveg", "gatetun"}
_DIVIDED = {"kanalisertveg", "kanalveg", "rampe"}
_TRUNK = {"E", "R"}
_UNDER, _OVER = ("u", "w", "s", "j", "under", "tunnel"), ("l", "i luft", "iluft", "bridge", "luft")
_YES = {"yes", "true", "1", "t", "ja"}
_ROADS = {"veglenke", "vegsenterlinje", "sti", "traktorvegsti", "elveglenke"}
_LANE = re.compile(r"\d+")


@dataclass(frozen=True)
class Verdict:
    """What the fields of a line come to; ``why_closed`` is empty where it is open."""

    rule: Permission
    level: int
    deck: bool
    why_closed: str


def scheme_of(fields: Iterable[str]) -> Scheme:
    """Tell by its fields which rules a file of lines follows."""
    names = {name.casefold() for name in fields}
    if any(name.endswith("typeveg") for name in names):
        return "norwegian"
    return "osm" if names & {"highway", "fclass"} else "plain"


def used_fields(fields: Iterable[str], scheme: Scheme) -> dict[str, str]:
    """Return the fields of a file that the rules look at: field name by rule name."""
    if scheme == "osm":
        wanted: tuple[str, ...] = (*KEYS, "fclass", "layer")
    else:
        wanted = _NORWEGIAN if scheme == "norwegian" else _PLAIN
    found: dict[str, str] = {}
    for name in fields:
        low = name.casefold()
        for key in wanted:
            nested = scheme == "norwegian" and low.endswith((f"_{key}", f".{key}"))
            # OGR cuts a colon out of field names in some formats; an underscore stands for it.
            if low in (key, key.replace(":", "_")) or nested:
                found.setdefault(key, name)
    return found


def decide(tags: Tags, scheme: Scheme, mode: Mode, *, footways: Footways) -> Verdict:
    """Return who may go where along a line, its level, and why it is closed."""
    if scheme == "norwegian":
        return _norwegian(tags, mode, footways)
    if scheme == "osm":
        return _osm(tags, mode, footways)
    rule = _one_way(Permission(True, True), tags.get("oneway", ""), mode)
    return Verdict(rule, _level(tags), deck=_level(tags) != 0, why_closed="")


def _norwegian(tags: Tags, mode: Mode, footways: Footways) -> Verdict:
    kind = re.sub(r"[\s_-]", "", tags.get("typeveg", "").casefold())
    level = _level(tags)
    why = _why_closed(tags, kind, level)
    foot = kind in _FOOT_TYPES
    if not why and mode == "cycle":
        why = "access" if kind == "trapp" or (foot and footways == "closed") else ""
    if why:
        return Verdict(Permission(), level, deck=level != 0, why_closed=why)
    rule = Permission(True, True, pushed=mode == "cycle" and foot and footways == "push")
    if mode == "cycle" and not foot and kind not in _CYCLE_TYPES:
        rule = _lanes(tags.get("feltoversikt", ""))
    return Verdict(rule, level, deck=level != 0, why_closed="")


def _why_closed(tags: Tags, kind: str, level: int) -> str:
    if "objtype" in tags and tags["objtype"].casefold() not in _ROADS:
        return "no road"
    if "ferje" in kind:
        return "ferry"
    quiet = kind in _FOOT_TYPES | _CYCLE_TYPES or kind == "trapp"
    motorway = tags.get("motorvegtype", tags.get("motorveg"))
    if motorway is not None and motorway.casefold().replace(" ", "").startswith("motor"):
        return "motorway"
    if motorway is None and kind in _DIVIDED and tags.get("vegkategori", "").upper() in _TRUNK:
        return "motorway"
    return "tunnel" if level < 0 and not quiet else ""


def _osm(tags: Tags, mode: Mode, footways: Footways) -> Verdict:
    named = dict(tags)
    if "highway" not in named and "fclass" in named:
        kind = named["fclass"].removesuffix("_grade1")
        kind = "track" if kind.startswith("track") else kind
        named["highway"] = "road" if kind == "unknown" else kind
    for key in ("bridge", "tunnel"):
        if key in named:
            truth = named[key].casefold()
            named[key] = {"t": "yes", "f": "no", "1": "yes", "0": "no"}.get(truth, truth)
    if "oneway" in named:
        word = named["oneway"].casefold()
        named["oneway"] = {"f": "yes", "t": "-1", "b": "no"}.get(word, word)
    rule = permission(named, mode, footways=footways)
    why = ""
    if rule.closed:
        motorway = named.get("highway", "").startswith("motorway")
        why = "motorway" if motorway else "access"
        why = "tunnel" if closed_tunnel(named, mode) and not motorway else why
    return Verdict(rule, _level(named), deck=is_deck(named), why_closed=why)


def _level(tags: Tags) -> int:
    """Return the level of a line: 0 on the ground, above or below it by sign."""
    for key in ("layer", "level"):
        text = tags.get(key, "").strip()
        if re.fullmatch(r"[+-]?\d+(\.0+)?", text):
            level = int(float(text))
            if level:
                return max(min(level, 7), -7)
    medium = tags.get("medium", "").strip().casefold()
    if medium in _UNDER or medium.startswith("under"):
        return -1
    if medium in _OVER:
        return 1
    if tags.get("tunnel", "no").casefold() in {*_YES, "culvert"}:
        return -1
    return 1 if tags.get("bridge", "no").casefold() in {*_YES, "viaduct"} else 0


def _one_way(rule: Permission, word: str, mode: Mode) -> Permission:
    """Apply a plain one-way field to bicycles: F, yes, 1 with the line; T, -1 against it."""
    if mode == "walk":
        return rule
    told = word.strip().casefold()
    if told in {"f", "ft", "yes", "true", "1", "ja"}:
        return Permission(True, False)
    return Permission(False, True) if told in {"t", "tf", "-1", "reverse"} else rule


def _lanes(text: str) -> Permission:
    """Read a Norwegian lane list, '1#2', '1,2S' or '1': odd with the line, even against it."""
    numbers = [int(n) for n in _LANE.findall(text)]
    if not numbers:
        return Permission(True, True)
    return Permission(any(n % 2 for n in numbers), any(n % 2 == 0 for n in numbers))
