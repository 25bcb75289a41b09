"""Decide who may walk and cycle along a way, by its OpenStreetMap tags.

The rules follow the tags' documented meaning (wiki.openstreetmap.org: Key:access,
Key:oneway, Key:cycleway, OSM tags for routing/Access restrictions); where the map's
defaults differ between countries the choice made here is stated:

- Walking: all roads but motorways, and trunk roads that are motor roads; cycleways unless
  foot=no (with or without foot=designated); platforms, steps, paths, bridleways.
- Cycling: roads, cycleways, paths and tracks; footways and pedestrian streets where bicycle
  allows it. Elsewhere where one may walk, the bicycle is pushed, both ways; never on steps.
- Tunnels of motor roads are closed to both unless foot or bicycle allows it, or a pavement
  or cycle track runs through; passages through buildings are no tunnels.
- access, vehicle, foot and bicycle: the most specific tag wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    Tags = Mapping[str, str]

Mode = Literal["walk", "cycle"]
MODES: tuple[Mode, ...] = ("walk", "cycle")

_MOTORWAYS = {"motorway", "motorway_link"}
_THROUGH = {"trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "road"}
_MOTOR_ROADS = _THROUGH | {f"{x}_link" for x in ("trunk", "primary", "secondary", "tertiary")}
_MOTOR_ROADS |= {"minor"}
_QUIET = {"living_street", "service", "track"}
_WALKED = {"footway", "path", "steps", "pedestrian", "cycleway", "bridleway", "platform"}
_WALKED |= {"corridor", "elevator"}
_CYCLED = {"cycleway", "path"}
_ON_REQUEST = {"footway", "pedestrian", "bridleway", "platform", "corridor", "busway"}
_OPEN = {"yes", "designated", "permissive", "official", "destination", "public", "allowed", "track"}
_CLOSED = {"no", "private", "use_sidepath", "agricultural", "forestry", "military", "permit"}
_CLOSED |= {"customers", "delivery", "emergency", "employees", "residents", "staff", "restricted"}
# A customer may walk over the car park of the shop; to others it is a way like any other.
_CLOSED_TO_ALL = _CLOSED - {"customers", "delivery", "residents"}
_PAVED = {"yes", "both", "left", "right", "lane", "track", "shared_lane", "separate", "opposite"}
_PAVED |= {"opposite_lane", "opposite_track"}
_YES, _AGAINST, _NO = {"yes", "true", "1"}, {"-1", "reverse"}, {"no", "false", "0"}
_OPPOSITE = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
# Every key that a decision looks at: ways with equal values of these are decided once.
KEYS = (
    "highway",
    "railway",
    "public_transport",
    "access",
    "foot",
    "bicycle",
    "vehicle",
    "motorroad",
    "tunnel",
    "bridge",
    "sidewalk",
    "sidewalk:left",
    "sidewalk:right",
    "sidewalk:both",
    "junction",
    "oneway",
    "oneway:bicycle",
    "oneway:foot",
    "cycleway",
    "cycleway:left",
    "cycleway:right",
    "cycleway:both",
    "cycleway:left:oneway",
    "cycleway:right:oneway",
    "man_made",
)
# What a bicycle does where riding is not open but walking is.
Footways = Literal["push", "ride", "closed"]
FOOTWAYS: tuple[Footways, ...] = ("push", "ride", "closed")
_NEVER_PUSHED = ("steps", "elevator", "corridor")


@dataclass(frozen=True)
class Permission:
    """Whether the mode may go along a way as drawn, and against it; pushing its bicycle or not."""

    forward: bool = False
    backward: bool = False
    pushed: bool = False

    @property
    def closed(self) -> bool:
        """Whether the way is closed in both directions."""
        return not (self.forward or self.backward)


def permission(tags: Tags, mode: Mode, *, footways: Footways = "push") -> Permission:
    """Return who may go where along a way.

    ``footways``, for bicycles where riding is not open but walking is: ``push`` it,
    both ways; ``ride`` on footways and pedestrian streets unless bicycle says no, as
    Norwegian traffic rules allow (trafikkreglene § 18), and push elsewhere; or ``closed``.
    """
    if mode == "walk":
        return _directions_walk(tags) if _may_walk(tags) else Permission()
    if _may_cycle(tags, footways == "ride"):
        return _directions_cycle(tags)
    pushed = footways != "closed" and tags.get("highway") not in _NEVER_PUSHED
    return Permission(True, True, pushed=True) if pushed and _may_walk(tags) else Permission()


def is_deck(tags: Tags) -> bool:
    """Tell whether a way is off the ground: a bridge or a tunnel."""
    bridge = tags.get("bridge", "no") not in _NO
    return bridge or tags.get("man_made") == "bridge" or _in_tunnel(tags)


def closed_tunnel(tags: Tags, mode: Mode) -> bool:
    """Tell whether the tunnel rule is what closes a way to the mode."""
    own = tags.get("foot" if mode == "walk" else "bicycle")
    road = tags.get("highway") in _MOTOR_ROADS | _MOTORWAYS
    return road and _in_tunnel(tags) and own not in _OPEN and not _has_pavement(tags, mode)


def barrier_closed(tags: Tags, mode: Mode) -> bool:
    """Tell whether a barrier on a node stops the mode: by access tags, or by being a wall."""
    own = tags.get("foot" if mode == "walk" else "bicycle")
    if own is not None:
        return own in _CLOSED
    if mode == "cycle" and tags.get("vehicle") in _CLOSED_TO_ALL:
        return True
    if "access" in tags:
        return tags["access"] in _CLOSED_TO_ALL
    walls = {"wall", "fence", "hedge", "retaining_wall", "ditch", "city_wall", "guard_rail"}
    passable = {"stile", "turnstile", "full-height_turnstile", "kissing_gate", "horse_stile"}
    kind = tags.get("barrier")
    return kind in walls or (mode == "cycle" and kind in passable)


def _may_walk(tags: Tags) -> bool:
    foot, kind = tags.get("foot"), tags.get("highway")
    if foot in _CLOSED:
        return False
    if foot in _OPEN:
        return kind not in (None, "construction", "proposed", "raceway") or _is_platform(tags)
    if tags.get("access") in _CLOSED_TO_ALL or closed_tunnel(tags, "walk"):
        return False
    if kind in _MOTORWAYS:
        return False
    if kind in _MOTOR_ROADS:
        return tags.get("motorroad") != "yes" or _has_pavement(tags, "walk")
    return kind in _QUIET or kind in _WALKED or _is_platform(tags)


def _may_cycle(tags: Tags, on_footways: bool) -> bool:
    own, kind = tags.get("bicycle"), tags.get("highway")
    if own in _CLOSED or own == "dismount" or kind == "steps":
        return False
    if own in _OPEN:
        return kind not in (None, "construction", "proposed", "raceway", "elevator")
    if tags.get("vehicle", tags.get("access")) in _CLOSED_TO_ALL:
        return False
    if closed_tunnel(tags, "cycle") or kind in _MOTORWAYS or tags.get("motorroad") == "yes":
        return False
    if kind in _ON_REQUEST:
        return on_footways and kind in ("footway", "pedestrian")
    return kind in _MOTOR_ROADS or kind in _QUIET or kind in _CYCLED


def _directions_walk(tags: Tags) -> Permission:
    """Return both ways, but where pedestrians have a one-way rule of their own.

    Moving stairs (conveying) count both ways: fixed stairs mostly lie beside them, and
    a station whose nearest edge is one would be cut off in one direction.
    """
    rule = tags.get("oneway:foot")
    return Permission(rule not in _AGAINST, rule not in _YES)


def _directions_cycle(tags: Tags) -> Permission:
    """Return the one-way rule for bicycles: their own tag first, then lanes against the cars."""
    own = tags.get("oneway:bicycle")
    rule = own if own is not None else tags.get("oneway")
    if rule is None and tags.get("junction") in ("roundabout", "circular"):
        rule = "yes"
    both = own is None and _against(tags)
    if rule in _AGAINST:
        return Permission(both, True)
    return Permission(True, both or rule not in _YES)


def _against(tags: Tags) -> bool:
    """Tell whether a lane or track leads bicycles against the one-way direction."""
    if any(tags.get(key, "").startswith("opposite") for key in _OPPOSITE):
        return True
    rules = (tags.get("cycleway:left:oneway"), tags.get("cycleway:right:oneway"))
    return any(rule in _AGAINST or rule in _NO for rule in rules)


def _in_tunnel(tags: Tags) -> bool:
    return tags.get("tunnel", "no") not in (*_NO, "building_passage", "avalanche_protector")


def _has_pavement(tags: Tags, mode: Mode) -> bool:
    kind = "sidewalk" if mode == "walk" else "cycleway"
    keys = (kind, f"{kind}:left", f"{kind}:right", f"{kind}:both")
    return any(tags.get(key) in _PAVED for key in keys)


def _is_platform(tags: Tags) -> bool:
    return tags.get("railway") == "platform" or tags.get("public_transport") == "platform"
