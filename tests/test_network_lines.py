"""Networks from line files: levels, meeting places and Norwegian road fields, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS

from gis.errors import GeometryError, SourceError
from gis.kernels.network import Graph, build_graph
from gis.sources.line_rules import decide, scheme_of, used_fields
from gis.sources.lines import read_lines
from gis.sources.network import NetworkFile
from gis.sources.own import read_own

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UTM = CRS.from_epsg(25833)
E0, N0 = 260_000.0, 6_650_000.0


def roads(path: Path, lines: Sequence[Sequence[tuple[float, float]]], **fields: Any) -> Path:
    shapes = [shapely.LineString([(E0 + x, N0 + y) for x, y in line]) for line in lines]
    gpd.GeoDataFrame(fields, geometry=shapes, crs=25833).to_file(path)
    return path


def read(path: Path, mode: str = "walk", **how: Any) -> NetworkFile:
    return read_lines(read_own(path), mode=mode, crs=UTM, **how)  # type: ignore[arg-type]


def graph_of(path: Path, mode: str = "walk", **how: Any) -> Graph:
    return build_graph(read(path, mode, **how).ways)


def told(mode: str = "walk", footways: str = "push", **tags: str) -> tuple[str, int, str]:
    """Rule letter, level and reason of one Norwegian line."""
    found = decide(tags, "norwegian", mode, footways=footways)  # type: ignore[arg-type]
    letter = {(True, True): "b", (True, False): "f", (False, True): "r", (False, False): ""}
    open_to = letter[found.rule.forward, found.rule.backward]
    return "p" if found.rule.pushed else open_to, found.level, found.why_closed


CROSS = [[(0, 50), (50, 50), (100, 50)], [(50, 0), (50, 50), (50, 100)]]


@pytest.mark.parametrize(("mediums", "islands"), [("TT", 0), ("LL", 0), ("TL", 1), ("TU", 1)])
def test_levels_keep_crossings_apart(tmp_path: Path, mediums: str, islands: int) -> None:
    """By hand: two lines share a vertex; they meet there on one level alone."""
    path = roads(tmp_path / "r.gpkg", CROSS, typeveg=["sti", "sti"], medium=list(mediums))
    graph = graph_of(path)
    assert graph.islands == islands
    assert graph.edges == (4 if not islands else 2)


def test_a_bridge_meets_the_road_where_it_ends(tmp_path: Path) -> None:
    """By hand: road, bridge, road in a row, over a railway path in a cutting below."""
    lines = [[(0, 0), (50, 0)], [(50, 0), (75, 0), (100, 0)], [(100, 0), (150, 0)],
             [(75, -50), (75, 0), (75, 50)]]  # fmt: skip
    path = roads(
        tmp_path / "r.gpkg",
        lines,
        typeVeg=["enkelBilveg", "enkelBilveg", "enkelBilveg", "gangOgSykkelveg"],
        medium=["T", "L", "T", "T"],
    )
    graph = graph_of(path)
    assert (graph.nodes, graph.edges, graph.islands) == (6, 4, 1)
    assert graph.deck.tolist() == [False, True, False, False]


def test_an_end_that_touches_a_line_meets_it(tmp_path: Path) -> None:
    """By hand: a side street ends on the main street, 4 cm short of it, where no vertex is."""
    lines = [[(0, 0), (100, 0)], [(30, 80), (30, 0.04)], [(70, 80), (70, 0.5)]]
    path = roads(tmp_path / "r.gpkg", lines)
    found = read(path)
    graph = build_graph(found.ways)
    assert (graph.edges, graph.islands) == (4, 1)
    assert graph.length_m.sum() == pytest.approx(100 + 79.96 + 79.5, abs=0.01)
    assert any("1 line ends meet the middle" in note for note in found.notes)
    assert any("every line is open" in note for note in found.notes)
    assert graph_of(path, tolerance_m=1.0).islands == 0


def test_ends_within_the_tolerance_are_one_place(tmp_path: Path) -> None:
    """By hand: two streets end 6 cm apart and meet; 60 cm apart they do not."""
    for gap, islands in ((0.06, 0), (0.6, 1)):
        lines = [[(0, 0), (50, 0)], [(50 + gap, 0), (90, 0)]]
        assert graph_of(roads(tmp_path / f"{islands}.gpkg", lines)).islands == islands


def test_unnoded_crossings_are_told(tmp_path: Path) -> None:
    """By hand: two lines cross without a vertex: apart, and a note says so."""
    found = read(roads(tmp_path / "r.gpkg", [[(0, 0), (100, 100)], [(0, 100), (100, 0)]]))
    assert build_graph(found.ways).islands == 1
    assert any("1 pairs of lines cross" in note for note in found.notes)


def test_norwegian_road_types() -> None:
    """By hand: one line a rule of the module."""
    assert told(typeveg="enkelBilveg", medium="T") == ("b", 0, "")
    assert told(typeveg="enkelBilveg", medium="U") == ("", -1, "tunnel")
    assert told("cycle", typeveg="Enkel bilveg", medium="U") == ("", -1, "tunnel")
    assert told(typeveg="gangOgSykkelveg", medium="U") == ("b", -1, "")
    assert told("cycle", typeveg="gsv", medium="L") == ("b", 1, "")
    assert told("cycle", typeveg="trapp") == ("", 0, "access")
    assert told(typeveg="trapp") == ("b", 0, "")
    assert told(typeveg="bilferje") == ("", 0, "ferry")
    assert told("cycle", typeveg="fortau") == ("p", 0, "")
    assert told("cycle", "ride", typeveg="fortau") == ("b", 0, "")
    assert told("cycle", "closed", typeveg="fortau") == ("", 0, "access")
    assert told(typeveg="kanalisertVeg", vegkategori="E") == ("", 0, "motorway")
    assert told(typeveg="kanalisertVeg", vegkategori="K") == ("b", 0, "")
    assert told(typeveg="kanalveg", vegkategori="R", motorvegtype="Ikke motorveg") == ("b", 0, "")
    assert told(typeveg="bilveg", motorvegtype="Motortrafikkveg") == ("", 0, "motorway")
    assert told(typeveg="", medium="U", vegkategori="") == ("", -1, "tunnel")
    assert told(typeveg="sti", objtype="Bane") == ("", 0, "no road")


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [("1#2", "b"), ("1", "f"), ("1#3#5K", "f"), ("2", "r"), ("2,4", "r"), ("1#2S", "b"), ("", "b")],
)
def test_lanes_tell_the_way_for_bicycles(lanes: str, expected: str) -> None:
    """By hand: odd lanes run with the line and even ones against it; walkers do not mind."""
    assert told("cycle", typeveg="enkelBilveg", feltoversikt=lanes)[0] == expected
    assert told("walk", typeveg="enkelBilveg", feltoversikt=lanes)[0] == "b"
    assert told("cycle", typeveg="gangOgSykkelveg", feltoversikt=lanes)[0] == "b"


def test_fields_are_found_under_the_names_deliveries_use() -> None:
    """By hand: case, and the long names of nested GML."""
    names = ["gml_id", "typeVeg", "MEDIUM", "vegsystemreferanse_vegsystem_vegkategori"]
    assert scheme_of(names) == "norwegian"
    assert used_fields(names, "norwegian") == {
        "typeveg": "typeVeg",
        "medium": "MEDIUM",
        "vegkategori": "vegsystemreferanse_vegsystem_vegkategori",
    }
    assert scheme_of(["osm_id", "fclass", "oneway"]) == "osm"
    assert scheme_of(["navn"]) == "plain"


def test_a_street_drawn_as_line_and_as_carriageways_counts_once(tmp_path: Path) -> None:
    """By hand: the same 100 m as Vegtrase and as Kjørebane are 100 m of network."""
    lines = [[(0, 0), (100, 0)], [(0, 1), (100, 1)]]
    fields = {"typeveg": ["enkelBilveg"] * 2, "detaljnivå": ["Vegtrase", "Kjørebane"]}
    found = read(roads(tmp_path / "r.gpkg", lines, **fields))
    assert build_graph(found.ways).length_m.tolist() == [100.0]
    assert found.closed == {"drawn twice": 1}
    only = {"typeveg": ["enkelBilveg"] * 2, "detaljnivå": ["Vegtrase", "Vegtrase"]}
    assert read(roads(tmp_path / "s.gpkg", lines, **only)).closed == {}


def test_geofabrik_words(tmp_path: Path) -> None:
    """By hand: fclass, oneway F/T/B, bridge and tunnel T/F, layer."""
    lines = [[(0, 0), (100, 0)], [(0, 0), (0, 100)], [(0, 0), (-50, 0)], [(0, 0), (0, -50)]]
    path = roads(
        tmp_path / "r.gpkg",
        lines,
        fclass=["residential", "secondary", "motorway", "track_grade3"],
        oneway=["F", "T", "F", "B"],
        bridge=["F", "T", "F", "F"],
        tunnel=["F", "F", "F", "F"],
        layer=[0, 1, 0, 0],
    )
    found = read(path, "cycle")
    assert found.rules == "OpenStreetMap tags"
    assert found.closed == {"motorway": 1}
    graph = build_graph(found.ways)
    assert graph.forward.tolist() == [True, False, True]
    assert graph.backward.tolist() == [False, True, True]
    assert (graph.deck.tolist(), graph.islands) == ([False, True, False], 0)


def test_any_line_file_with_a_oneway_field(tmp_path: Path) -> None:
    """By hand: bicycles keep to it, walkers do not."""
    path = roads(tmp_path / "r.geojson", [[(0, 0), (9, 0)], [(9, 0), (9, 9)]], oneway=["yes", "-1"])
    graph = graph_of(path, "cycle")
    assert (graph.forward.tolist(), graph.backward.tolist()) == ([True, False], [False, True])
    assert graph_of(path).forward.all()


def test_other_crs_parts_and_heights(tmp_path: Path) -> None:
    """By another engine: lines in parts with heights, in degrees, are as long as in metres."""
    line = shapely.MultiLineString(
        [[(E0, N0, 5), (E0 + 300, N0, 9)], [(E0 + 300, N0, 9), (E0 + 300, N0 + 400, 0)]]
    )
    path = tmp_path / "r.gpkg"
    gpd.GeoDataFrame(geometry=[line], crs=25833).to_crs(4326).to_file(path)
    graph = graph_of(path)
    assert graph.length_m.tolist() == pytest.approx([300, 400], abs=0.01)
    assert graph.islands == 0


def test_files_without_lines(tmp_path: Path) -> None:
    """By rule: points are refused; a file whose lines are all closed says why."""
    points = tmp_path / "p.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(E0, N0)], crs=25833).to_file(points)
    with pytest.raises(GeometryError, match="LineString"):
        read(points)
    ferry = roads(tmp_path / "f.gpkg", [[(0, 0), (9, 9)]], typeveg=["bilferje"])
    with pytest.raises(GeometryError, match="1 ferry"):
        read(ferry)
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "none.gpkg")


def test_real_road_lines_make_one_network(real_data: Path) -> None:
    """By real data: N1000 roads of the Oslo region hang together for the most part."""
    own = read_own(real_data / "baerum" / "n1000.gpkg", layer="Veglenke")
    graph = build_graph(read_lines(own, mode="cycle", crs=UTM).ways)
    assert graph.piece_m[0] > 0.8 * graph.length_m.sum()
