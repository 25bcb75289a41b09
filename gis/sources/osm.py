"""Read the walking or cycling network of an OpenStreetMap extract (.osm.pbf).

Ways meet only in shared nodes, so a bridge over a road joins nothing. A barrier node that
is closed to the mode cuts the ways that pass it. Nodes that an extract has cut away end
the way there. Read with pyosmium; data © OpenStreetMap contributors, ODbL.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely
from osmium import InvalidLocationError

from gis.check import existing_file, sha256_of
from gis.errors import GeometryError, SourceError
from gis.kernels.network import Ways
from gis.sources.network import NetworkFile, moved
from gis.sources.osm_rules import (
    KEYS,
    Footways,
    Mode,
    Permission,
    barrier_closed,
    closed_tunnel,
    is_deck,
    permission,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".o5m")
_WAY_KEYS = ("highway", "railway", "public_transport")


@dataclass(frozen=True)
class _Verdict:
    """What the tags of a way come to; ``why_closed`` is empty where it is open."""

    rule: Permission
    deck: bool
    why_closed: str


@dataclass
class _Taken:
    """Ways as they are read: node ids, longitude and latitude, and permissions."""

    refs: list[int] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    verdicts: list[_Verdict] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    closed: Counter[str] = field(default_factory=Counter)
    barriers: set[int] = field(default_factory=set)
    read: int = 0
    cut: int = 0


def is_osm(path: Path) -> bool:
    """Tell by its name whether a file is an OpenStreetMap extract."""
    return path.name.lower().endswith(SUFFIXES)


def read_osm(path: Path, *, mode: Mode, crs: CRS, footways: Footways = "push") -> NetworkFile:
    """Read the ways of an extract that a mode may use, in a metric CRS.

    Raises SourceError (not there, empty, cut short, no OSM file) and GeometryError
    (no way that the mode may use).
    """
    existing_file(path)
    if not path.is_file():
        message = f"{path}: a folder; allowed: one OpenStreetMap file (.osm.pbf)"
        raise SourceError(message)
    taken = _Taken()
    try:
        _read(str(path), taken, mode, footways=footways)
    except (RuntimeError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        message = (
            f"{path.name}: cannot be read as OpenStreetMap data, broken or cut short ({reason}); "
            "allowed: a whole .osm.pbf"
        )
        raise SourceError(message) from None
    if not taken.ids:
        message = (
            f"{path.name}: no way for mode '{mode}' among {taken.read} ways with highway, railway "
            "or public_transport tags"
        )
        raise GeometryError(message)
    ways, box = _ways(taken, crs, path.name)
    notes = [f"{taken.cut} ways end where the extract was cut"] if taken.cut else []
    if taken.barriers:
        notes.append(f"{len(taken.barriers)} barriers closed to the mode cut the ways they are on")
    return NetworkFile(
        path=path,
        layer=None,
        sha256=sha256_of(path),
        crs="EPSG:4326",
        ways=ways,
        read=taken.read,
        closed=dict(taken.closed),
        rules="OpenStreetMap tags",
        lonlat=box,
        notes=tuple(notes),
    )


def _read(name: str, taken: _Taken, mode: Mode, *, footways: Footways) -> None:
    wanted = osmium.filter.KeyFilter("barrier", *_WAY_KEYS)
    entities = osmium.osm.NODE | osmium.osm.WAY
    file = osmium.FileProcessor(name, entities).with_locations().with_filter(wanted)
    factory = osmium.geom.WKBFactory()
    decided: dict[tuple[str | None, ...], _Verdict] = {}
    thing: Any
    for thing in file:
        if thing.is_node():
            if "barrier" in thing.tags and barrier_closed(dict(thing.tags), mode):
                taken.barriers.add(thing.id)
            continue
        get = thing.tags.get
        values = tuple([get(key) for key in KEYS])
        if values[0] is None and "platform" not in values[1:3]:
            continue
        taken.read += 1
        verdict = decided.get(values)
        if verdict is None:
            verdict = decided[values] = _decide(values, mode, footways)
        if verdict.why_closed:
            taken.closed[verdict.why_closed] += 1
        else:
            _take(thing, verdict, taken, factory=factory)


def _decide(values: tuple[str | None, ...], mode: Mode, footways: Footways) -> _Verdict:
    tags = {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
    rule = permission(tags, mode, footways=footways)
    why = ""
    if rule.closed:
        motorway = tags.get("highway", "").startswith("motorway") or tags.get("motorroad") == "yes"
        tunnel = closed_tunnel(tags, mode)
        why = "motorway" if motorway else "tunnel" if tunnel else "access"
    return _Verdict(rule, deck=is_deck(tags), why_closed=why)


def _take(way: Any, verdict: _Verdict, taken: _Taken, *, factory: Any) -> None:
    try:
        shape = factory.create_linestring(way, osmium.geom.use_nodes.ALL)
    except InvalidLocationError:
        _take_runs(way, verdict, taken)
        return
    except RuntimeError:
        # osmium refuses a line of one place; there is nothing to walk along.
        taken.closed["one place"] += 1
        return
    taken.refs.extend([node.ref for node in way.nodes])
    taken.sizes.append(len(way.nodes))
    taken.shapes.append(shape)
    taken.verdicts.append(verdict)
    taken.ids.append(way.id)


def _take_runs(way: Any, verdict: _Verdict, taken: _Taken) -> None:
    """Take the runs of nodes that are in the extract; a way may leave it and come back."""
    taken.cut += 1
    before = len(taken.ids)
    run: list[tuple[int, float, float]] = []
    for node in [*way.nodes, None]:
        if node is not None and node.location.valid():
            run.append((node.ref, node.lon, node.lat))
            continue
        if len(run) >= 2:
            taken.refs.extend([ref for ref, _, _ in run])
            taken.sizes.append(len(run))
            line = shapely.LineString([(lon, lat) for _, lon, lat in run])
            taken.shapes.append(shapely.to_wkb(line, hex=True))
            taken.verdicts.append(verdict)
            taken.ids.append(way.id)
        run = []
    if len(taken.ids) == before:
        taken.closed["one place"] += 1


def _ways(taken: _Taken, crs: CRS, source: str) -> tuple[Ways, tuple[float, float, float, float]]:
    degrees = shapely.get_coordinates(shapely.from_wkb(taken.shapes))
    key = np.array(taken.refs, dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(taken.sizes)]).astype(np.int64)
    if len(degrees) != len(key):
        message = f"{source}: {len(degrees)} places for {len(key)} node references"
        raise SourceError(message)
    x, y = moved(degrees[:, 0], degrees[:, 1], crs, source=source)
    verdicts = taken.verdicts
    ways = Ways(
        x=x,
        y=y,
        key=key,
        start=start,
        forward=np.array([v.rule.forward for v in verdicts]),
        backward=np.array([v.rule.backward for v in verdicts]),
        deck=np.array([v.deck for v in verdicts]),
        pushed=np.array([v.rule.pushed for v in verdicts]),
        source=np.array(taken.ids, dtype=np.int64),
    )
    west, south = degrees.min(axis=0).tolist()
    east, north = degrees.max(axis=0).tolist()
    return _cut_at_barriers(ways, taken.barriers), (west, south, east, north)


def _cut_at_barriers(ways: Ways, barriers: set[int]) -> Ways:
    """Split ways at closed nodes, each end with a name of its own: nothing meets there."""
    closed = np.isin(ways.key, np.fromiter(barriers, dtype=np.int64, count=len(barriers)))
    if not closed.any():
        return ways
    inner = closed.copy()
    inner[ways.start[:-1]] = inner[ways.start[1:] - 1] = False
    again = 1 + inner.astype(np.int64)
    vertex = np.repeat(np.arange(len(again)), again)
    second = np.zeros(len(vertex), dtype=bool)
    second[1:] = vertex[1:] == vertex[:-1]
    begins = second.copy()
    begins[(np.cumsum(again) - again)[ways.start[:-1]]] = True
    way = np.repeat(np.arange(ways.count), np.diff(ways.start))[vertex][begins]
    key = ways.key[vertex]
    own = closed[vertex]
    key[own] = np.iinfo(np.int64).min + np.arange(int(own.sum()))
    return Ways(
        x=ways.x[vertex],
        y=ways.y[vertex],
        key=key,
        start=np.append(np.flatnonzero(begins), len(vertex)).astype(np.int64),
        forward=ways.forward[way],
        backward=ways.backward[way],
        deck=ways.deck[way],
        pushed=ways.pushed[way],
        source=ways.source[way],
    )
