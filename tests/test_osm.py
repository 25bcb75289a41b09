"""OpenStreetMap networks: tag rules by hand, junctions by hand, broken files, real extracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import osmium
import pytest
from osmium.osm import mutable
from pyproj import CRS, Geod

from gis.errors import GeometryError, SourceError
from gis.kernels.network import build_graph
from gis.sources.network import NetworkFile
from gis.sources.osm import is_osm, read_osm
from gis.sources.osm_rules import barrier_closed, is_deck, permission

if TYPE_CHECKING:
    from pathlib import Path

UTM = CRS.from_epsg(25833)
PLACES = {i: (10.5 + 0.001 * (i % 10), 59.9 + 0.001 * (i // 10)) for i in range(1, 60)}


def extract(
    path: Path,
    ways: dict[tuple[int, ...], dict[str, str]],
    nodes: dict[int, dict[str, str]] | None = None,
    missing: tuple[int, ...] = (),
) -> Path:
    """Write an extract: ways by their node ids, with nodes on a grid of 0.001 degrees."""
    used = sorted({ref for refs in ways for ref in refs} - set(missing))
    with osmium.SimpleWriter(str(path)) as out:
        for ref in used:
            tags = (nodes or {}).get(ref, {})
            out.add_node(mutable.Node(id=ref, location=PLACES[ref], tags=tags))
        for i, (refs, tags) in enumerate(ways.items()):
            out.add_way(mutable.Way(id=100 + i, nodes=list(refs), tags=tags))
    return path


def read(path: Path, mode: str = "walk") -> NetworkFile:
    return read_osm(path, mode=mode, crs=UTM)  # type: ignore[arg-type]


def rule(mode: str, **tags: str) -> str:
    """What a way is open to: b both, f as drawn, r against, p pushed, '' closed."""
    found = permission({k.replace("__", ":"): v for k, v in tags.items()}, mode)  # type: ignore[arg-type]
    if found.pushed:
        return "p"
    return {(True, True): "b", (True, False): "f", (False, True): "r", (False, False): ""}[
        found.forward, found.backward
    ]


@pytest.mark.parametrize(
    ("tags", "walk", "cycle"),
    [
        ({"highway": "residential"}, "b", "b"),
        ({"highway": "residential", "oneway": "yes"}, "b", "f"),
        ({"highway": "residential", "oneway": "-1"}, "b", "r"),
        ({"highway": "residential", "oneway": "yes", "oneway__bicycle": "no"}, "b", "b"),
        ({"highway": "residential", "oneway": "no", "oneway__bicycle": "yes"}, "b", "f"),
        ({"highway": "residential", "oneway__bicycle": "-1"}, "b", "r"),
        ({"highway": "residential", "oneway": "yes", "cycleway": "opposite"}, "b", "b"),
        ({"highway": "residential", "oneway": "yes", "cycleway": "opposite_lane"}, "b", "b"),
        ({"highway": "residential", "oneway": "yes", "cycleway__left": "opposite_track"}, "b", "b"),
        ({"highway": "primary", "oneway": "yes", "cycleway__left__oneway": "-1"}, "b", "b"),
        ({"highway": "primary", "oneway": "yes", "cycleway": "lane"}, "b", "f"),
        ({"highway": "tertiary", "junction": "roundabout"}, "b", "f"),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "no"}, "b", "b"),
        ({"highway": "footway"}, "b", "p"),
        ({"highway": "footway", "bicycle": "yes"}, "b", "b"),
        ({"highway": "footway", "bicycle": "no"}, "b", "p"),
        ({"highway": "footway", "oneway__foot": "yes"}, "f", "p"),
        ({"highway": "cycleway"}, "b", "b"),
        ({"highway": "cycleway", "foot": "designated"}, "b", "b"),
        ({"highway": "cycleway", "foot": "no"}, "", "b"),
        ({"highway": "path", "bicycle": "dismount"}, "b", "p"),
        ({"highway": "steps"}, "b", ""),
        ({"highway": "steps", "bicycle": "yes"}, "b", ""),
        ({"highway": "pedestrian"}, "b", "p"),
        ({"highway": "track"}, "b", "b"),
        ({"highway": "motorway"}, "", ""),
        ({"highway": "motorway_link"}, "", ""),
        ({"highway": "motorway", "bicycle": "yes"}, "", "b"),
        ({"highway": "trunk"}, "b", "b"),
        ({"highway": "trunk", "motorroad": "yes"}, "", ""),
        ({"highway": "trunk", "motorroad": "yes", "sidewalk": "right"}, "b", "p"),
        ({"highway": "primary", "tunnel": "yes"}, "", ""),
        ({"highway": "primary", "tunnel": "yes", "sidewalk": "both"}, "b", "p"),
        ({"highway": "primary", "tunnel": "yes", "foot": "yes", "bicycle": "yes"}, "b", "b"),
        ({"highway": "footway", "tunnel": "yes"}, "b", "p"),
        ({"highway": "cycleway", "tunnel": "yes", "foot": "designated"}, "b", "b"),
        ({"highway": "service", "tunnel": "building_passage"}, "b", "b"),
        ({"highway": "service", "access": "private"}, "", ""),
        ({"highway": "service", "access": "no", "foot": "yes"}, "b", "p"),
        ({"highway": "service", "access": "private", "bicycle": "permissive"}, "", "b"),
        ({"highway": "service", "vehicle": "no"}, "b", "p"),
        ({"highway": "residential", "foot": "no"}, "", "b"),
        ({"highway": "secondary", "bicycle": "no", "foot": "no"}, "", ""),
        ({"highway": "construction"}, "", ""),
        ({"highway": "proposed", "foot": "yes"}, "", ""),
        ({"railway": "platform"}, "b", "p"),
        ({"railway": "rail"}, "", ""),
    ],
)
def test_who_may_go_where(tags: dict[str, str], walk: str, cycle: str) -> None:
    """By hand: one row a rule, from the tags' documented meaning and the module's choices."""
    assert (rule("walk", **tags), rule("cycle", **tags)) == (walk, cycle)


def test_bicycles_on_footways_by_choice() -> None:
    """By hand: pushed, ridden as Norwegian rules allow, or closed."""
    foot, signed = {"highway": "footway"}, {"highway": "footway", "bicycle": "no"}
    assert permission(foot, "cycle", footways="push").pushed
    ridden = permission(foot, "cycle", footways="ride")
    assert (ridden.forward, ridden.backward, ridden.pushed) == (True, True, False)
    assert permission(signed, "cycle", footways="ride").pushed
    assert permission(foot, "cycle", footways="closed").closed


def test_bridges_tunnels_and_barriers() -> None:
    """By hand: what is off the ground, and which barriers stop whom."""
    assert is_deck({"bridge": "viaduct"})
    assert is_deck({"tunnel": "yes"})
    assert not is_deck({"bridge": "no", "tunnel": "building_passage"})
    assert not barrier_closed({"barrier": "gate"}, "walk")
    assert barrier_closed({"barrier": "gate", "access": "private"}, "walk")
    assert not barrier_closed({"barrier": "gate", "access": "private", "foot": "yes"}, "walk")
    assert barrier_closed({"barrier": "fence"}, "walk")
    assert barrier_closed({"barrier": "stile"}, "cycle")
    assert not barrier_closed({"barrier": "stile"}, "walk")


def test_ways_meet_in_shared_nodes_alone(tmp_path: Path) -> None:
    """By hand: a bridge passes over a street without a node; a crossing has one."""
    over = extract(
        tmp_path / "a.osm.pbf",
        {(1, 3): {"highway": "primary", "bridge": "yes"}, (12, 2): {"highway": "residential"}},
    )
    graph = build_graph(read(over).ways)
    assert (graph.nodes, graph.edges, graph.islands) == (4, 2, 1)
    assert graph.deck.tolist() == [True, False]
    meet = extract(
        tmp_path / "b.osm.pbf",
        {(1, 2, 3): {"highway": "primary"}, (12, 2): {"highway": "residential"}},
    )
    graph = build_graph(read(meet).ways)
    assert (graph.nodes, graph.edges, graph.islands) == (4, 3, 0)


def test_lengths_are_metres_on_the_ground(tmp_path: Path) -> None:
    """By another formula: geodesic length times the scale of UTM 33 at 10.5 degrees east."""
    path = extract(tmp_path / "a.osm.pbf", {(1, 2, 12): {"highway": "path"}})
    graph = build_graph(read(path).ways)
    true = Geod(ellps="GRS80").line_length(*zip(*(PLACES[i] for i in (1, 2, 12)), strict=True))
    east = 500_000 - 251_600
    scale = 0.9996 * (1 + ((500_000 - east) / 6_380_000) ** 2 / 2)
    assert graph.length_m.tolist() == [pytest.approx(true * scale, rel=2e-5)]


def test_a_closed_gate_cuts_the_way_it_is_on(tmp_path: Path) -> None:
    """By hand: three ways meet at node 2; with a private gate there none of them does."""
    ways = {(1, 2, 3): {"highway": "service"}, (12, 2): {"highway": "service"}}
    gate = {2: {"barrier": "gate", "access": "private"}}
    shut = read(extract(tmp_path / "a.osm.pbf", ways, gate))
    graph = build_graph(shut.ways)
    assert (graph.nodes, graph.edges, graph.islands) == (6, 3, 2)
    assert graph.length_m.sum() == pytest.approx(
        build_graph(read(extract(tmp_path / "b.osm.pbf", ways)).ways).length_m.sum()
    )
    assert "1 barriers closed" in " ".join(shut.notes)
    open_gate = {2: {"barrier": "gate"}}
    graph = build_graph(read(extract(tmp_path / "c.osm.pbf", ways, open_gate)).ways)
    assert graph.islands == 0


def test_a_way_that_leaves_the_extract_ends_there(tmp_path: Path) -> None:
    """By hand: of nodes 1-2-3-4-5 the third is missing: two ways of one piece remain."""
    path = extract(tmp_path / "a.osm.pbf", {(1, 2, 3, 4, 5): {"highway": "path"}}, missing=(3,))
    found = read(path)
    graph = build_graph(found.ways)
    assert (graph.edges, graph.islands) == (2, 1)
    assert found.notes == ("1 ways end where the extract was cut",)


def test_what_is_closed_is_counted(tmp_path: Path) -> None:
    """By counting: one motorway, one tunnel, one private way and one street that is open."""
    path = extract(
        tmp_path / "a.osm.pbf",
        {
            (1, 2): {"highway": "motorway"},
            (2, 3): {"highway": "primary", "tunnel": "yes"},
            (3, 4): {"highway": "service", "access": "private"},
            (4, 5): {"highway": "residential", "oneway": "yes"},
            (5, 6): {"building": "yes"},
        },
    )
    found = read(path, "cycle")
    assert (found.read, found.closed) == (4, {"motorway": 1, "tunnel": 1, "access": 1})
    graph = build_graph(found.ways)
    assert (graph.forward.tolist(), graph.backward.tolist()) == ([True], [False])
    assert found.ways.source.tolist() == [103]


def test_files_that_are_none(tmp_path: Path, real_data: Path) -> None:
    """By rule: missing, empty, foreign, cut short, without a way: one line each."""
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "none.osm.pbf")
    empty = tmp_path / "empty.osm.pbf"
    empty.touch()
    with pytest.raises(SourceError, match="0 bytes"):
        read(empty)
    text = tmp_path / "text.osm.pbf"
    text.write_text("id;name\n1;a\n" * 100, encoding="utf-8")
    whole = (real_data / "oslo" / "skoyen.osm.pbf").read_bytes()
    short = tmp_path / "short.osm.pbf"
    short.write_bytes(whole[: len(whole) // 2])
    for broken in (text, short):
        with pytest.raises(SourceError, match=r"cannot be read as OpenStreetMap data") as caught:
            read(broken)
        assert "\n" not in str(caught.value)
        assert broken.name in str(caught.value)
    roadless = extract(tmp_path / "roadless.osm.pbf", {(1, 2): {"highway": "motorway"}})
    with pytest.raises(GeometryError, match="no way for mode 'walk' among 1"):
        read(roadless)
    with pytest.raises(SourceError, match="a folder"):
        read(tmp_path)


def test_files_are_known_by_name(tmp_path: Path) -> None:
    """By hand."""
    assert is_osm(tmp_path / "Oslo.OSM.PBF")
    assert not is_osm(tmp_path / "roads.gpkg")


@pytest.mark.parametrize("name", ["oslo-center", "skoyen"])
def test_oslo_extracts_are_read(real_data: Path, name: str) -> None:
    """By conservation: every way is open, closed or of one place; most hang together."""
    path = real_data / "oslo" / f"{name}.osm.pbf"
    walk, cycle = read(path), read(path, "cycle")
    assert walk.read == cycle.read
    for found in (walk, cycle):
        assert found.read == len(np.unique(found.ways.source)) + sum(found.closed.values())
        graph = build_graph(found.ways)
        assert graph.piece_m[0] > 0.9 * graph.length_m.sum()
    ridden = read_osm(path, mode="cycle", crs=UTM, footways="closed")
    assert not ridden.ways.pushed.any()
    assert ridden.ways.count < cycle.ways.count
