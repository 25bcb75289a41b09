"""Hold the parts of a page to hand-countable answers: geometry, classes, fields, texts, colours."""

from __future__ import annotations

import ast
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.catalogue import map_entries
from gis.render.assets import csp_hash, leaflet, script_safe
from gis.render.classes import HIDDEN, Rule, classify
from gis.render.fields import heading, kind_of_field, plain_values, worded, written
from gis.render.geometry import pack, prepare
from gis.render.tables import Places, table_view
from gis.render.template import _environment, json_block
from gis.render.theme import load_theme
from gis.result import UNDER_TEN, WITHHELD, Column, Table
from gis.text import Text, t
from tests import render_town as town

FAR = (0.0, 6_000_000.0, 1_000_000.0, 8_000_000.0)
RENDER = Path(__file__).resolve().parent.parent / "gis" / "render"
LAND = "#F6F4EF"


def unpack(coded: dict[str, Any]) -> list[list[list[tuple[float, float]]]]:
    """Decode the plain slow way: features, rings, (lon, lat)."""
    steps = np.asarray(coded["xy"]).reshape(-1, 2)
    xy = np.cumsum(steps, axis=0) / 1e5
    rings = coded["features"] if coded["kind"] == "point" else coded["rings"]
    owned = [1] * len(rings) if coded["kind"] == "point" else coded["features"]
    features, at, ring = [], 0, 0
    for count in owned:
        feature = []
        for size in rings[ring : ring + count]:
            feature.append([tuple(v) for v in xy[at : at + size]])
            at += size
        ring += count
        features.append(feature)
    return features


def test_coded_polygons_come_back() -> None:
    """Oracle: geopandas' own transformation, to half a unit of the fifth decimal."""
    shapes = [
        town.box(0, 0, 1, 1).difference(town.box(0.4, 0.4, 0.6, 0.6)),
        shapely.multipolygons([town.box(2, 2, 3, 3), town.box(4, 4, 5, 5)]),
    ]
    made = prepare(town.frame({}, shapes), window=FAR, simplify_m=0)
    back = unpack(made.coded)
    assert [len(f) for f in back] == [2, 2]
    expected = town.frame({}, shapes).to_crs(4326).geometry
    for feature, shape in zip(back, expected, strict=True):
        rings = shapely.get_rings(shapely.get_parts(shape))
        for ring, wanted in zip(feature, rings, strict=True):
            assert np.allclose(ring, shapely.get_coordinates(wanted), atol=0.51e-5, rtol=0)


def test_coded_lines_and_points_come_back() -> None:
    """Oracle: as above."""
    for shapes in (
        [town.line((0, 0), (1, 1), (2, 0)), town.line((3, 3), (4, 4))],
        [town.point(0, 0), town.point(1, 2), town.point(3, 1)],
    ):
        back = unpack(prepare(town.frame({}, shapes), window=FAR, simplify_m=0).coded)
        expected = town.frame({}, shapes).to_crs(4326).geometry
        for feature, shape in zip(back, expected, strict=True):
            assert np.allclose(feature[0], shapely.get_coordinates(shape), atol=0.51e-5, rtol=0)


def test_shapes_are_cut_to_the_window_and_rows_follow() -> None:
    """Oracle: by hand, of three squares one lies outside and one is cut in half."""
    shapes = [town.box(0, 0, 1, 1), town.box(20, 20, 21, 21), town.box(9, 0, 11, 1)]
    window = town.box(0, 0, 10, 10).bounds
    made = prepare(town.frame({}, shapes), window=window, simplify_m=0)
    assert made.rows.tolist() == [0, 2]
    half = shapely.Polygon(unpack(made.coded)[1][0])
    east = gpd.GeoSeries([half], crs=4326).to_crs(town.EPSG).iloc[0]
    assert east.area == pytest.approx(1e6, rel=2e-3)


def test_coverage_keeps_shared_edges() -> None:
    """Oracle: a coverage before is a coverage after (no slivers between the units)."""
    made = prepare(town.units(), window=FAR, simplify_m=30)
    back = [shapely.Polygon(f[0]) for f in unpack(made.coded) if len(f) == 1]
    assert len(back) == len(town.units())
    assert shapely.coverage_is_valid(back)


def test_invalid_and_empty_geometry_does_no_harm() -> None:
    """Oracle: by hand, a bow tie becomes two triangles, an empty row is left away."""
    tie = shapely.Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    moved = shapely.transform(tie, lambda p: p + np.array([town.EAST, town.NORTH]))
    made = prepare(town.frame({}, [moved, shapely.Polygon()]), window=FAR)
    assert made.rows.tolist() == [0]
    assert len(unpack(made.coded)[0]) == 2


def test_empty_layer_is_coded_empty() -> None:
    """Oracle: by hand."""
    assert prepare(town.frame({}, []), window=FAR).coded["xy"] == []


@given(st.recursive(st.text() | st.integers() | st.none(), lambda s: st.lists(s, max_size=4)))
def test_pack_is_undone_by_gzip(value: Any) -> None:
    """Oracle: the standard library's gunzip and JSON."""
    assert json.loads(gzip.decompress(base64.b64decode(pack(value)))) == value


def grid(**columns: Any) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    return town.frame(columns, [town.box(i, 0, i + 1, 1) for i in range(n)])


def rule(palette: str, **rest: Any) -> Rule:
    theme = load_theme()
    return Rule(palette=theme.palette(palette, where="t"), theme=theme, **rest)


def test_numeric_classes_hold_their_upper_bound() -> None:
    """Oracle: by hand; value <= break, zero and null not drawn, 1-9 a class of its own."""
    frame = grid(residents=pd.Series([0, 5, 10, 50, 51, UNDER_TEN, WITHHELD, None], dtype=object))
    found = classify(
        frame, rule("residents", class_field="residents", breaks=(50, 100)), title=Text("x", "x")
    )
    titles = [c.title.nb for c in found.classes]
    assert titles == ["10–50", "51–100", "færre enn 10, eller skjult for å verne andre"]
    assert found.index.tolist() == [HIDDEN, 2, 0, 0, 1, 2, 2, HIDDEN]
    assert [c.count for c in found.classes] == [2, 1, 3]


def test_empty_classes_are_not_listed() -> None:
    """Oracle: by hand."""
    found = classify(
        grid(species=[1, 2, 30]),
        rule("species", class_field="species", breaks=(5, 10, 20)),
        title=Text("x", "x"),
    )
    assert [c.title.nb for c in found.classes] == ["1–5", "over 20"]


def test_too_few_records_is_a_class_of_its_own() -> None:
    """Oracle: by hand."""
    found = classify(
        grid(species=[7, 8], status=["ok", "too_few"]),
        rule("species", class_field="species", breaks=(5, 10)),
        title=Text("x", "x"),
    )
    assert [c.key for c in found.classes] == ["1", "too_few"]
    assert found.index.tolist() == [0, 1]


def test_named_classes_keep_the_order_of_the_palette() -> None:
    """Oracle: by hand; a value without a look of its own is still drawn and named."""
    found = classify(
        grid(mode=["metro", "bus", "hovercraft", None]),
        rule("frequent_stop", class_field="mode"),
        title=Text("x", "x"),
    )
    assert [c.key for c in found.classes] == ["bus", "metro", "hovercraft", "unknown"]
    assert found.classes[0].title == Text("Buss", "Bus")
    assert found.index.tolist() == [1, 0, 2, 3]


def test_hidden_classes_are_neither_drawn_nor_listed() -> None:
    """Oracle: by hand."""
    found = classify(
        grid(hot_spot=[True, False]), rule("hotspot", class_field="hot_spot"), title=Text("x", "x")
    )
    assert [c.key for c in found.classes] == ["true"]
    assert found.index.tolist() == [0, HIDDEN]


def test_kinds_of_fields() -> None:
    """Oracle: by hand."""
    kinds = {
        "residents": [10],
        "planned_share": [0.5],
        "area_km2": [1.5],
        "distance_m": [10.0],
        "species": [3],
        "reached": [True],
        "name": ["a"],
    }
    found = {k: kind_of_field(k, pd.Series(v)) for k, v in kinds.items()}
    assert found == {
        "residents": "residents",
        "planned_share": "share",
        "area_km2": "km2",
        "distance_m": "metres",
        "species": "count",
        "reached": "code",
        "name": "text",
    }


@given(st.integers(min_value=1, max_value=9))
def test_one_to_nine_residents_are_never_written(n: int) -> None:
    """Oracle: the disclosure rule."""
    assert plain_values(pd.Series([n]), kind="residents") == [UNDER_TEN]
    assert plain_values(pd.Series([float(n)]), kind="residents") == [UNDER_TEN]
    assert written(n, kind="residents") == Text("færre enn 10", "under 10")


def test_cells_are_written_in_both_languages() -> None:
    """Oracle: by hand."""
    assert written(0.1234, kind="share") == Text("12,3\u00a0%", "12.3%")
    assert written(1234567, kind="count") == Text("1\u202f234\u202f567", "1,234,567")
    assert written(1.25, kind="km2", decimals=1) == Text("1,2", "1.2")
    assert written(True, kind="yes_no") == Text("ja", "yes")
    assert written(float("nan"), kind="count") == Text("–", "–")
    assert written(WITHHELD, kind="residents") == Text("skjult", "withheld")
    assert written("2026-11-03", kind="date").nb == "03.11.2026"


def test_every_popup_field_has_a_heading() -> None:
    """Oracle: the locale files against the fields the maps name."""
    named = {f for e in map_entries().values() for layer in e.layers for f in layer.popup}
    assert not [f for f in named if worded(f"fields.{f}") is None]
    assert heading("no_such_field") == Text("no such field", "no such field")


def test_row_is_joined_to_the_feature_with_its_key() -> None:
    """Oracle: by hand; a key that is not on the map gets no button."""
    table = Table(
        "t",
        Text("T", "T"),
        (Column("number", Text("Nr", "No")),),
        pd.DataFrame({"number": ["b", "z", "a"]}),
        key="number",
    )
    frame = grid(number=["x", "a", "b"])

    class Layer:
        id, interactive = "units", True
        shapes = prepare(frame.iloc[1:], window=FAR)

    layer: Any = Layer()
    layer.shapes = type(layer.shapes)("polygon", np.array([1, 2]), {}, 0)
    view = table_view(table, "x", Places((layer,), {"units": frame}))
    assert [(r.target, r.feature) for r in view.rows] == [("units", 1), (None, None), ("units", 0)]


def test_row_without_a_name_has_no_empty_heading() -> None:
    """By hand: a total whose first column has nothing to say begins with a plain cell."""
    columns = (Column("number", Text("Nummer", "Number")), Column("name", Text("Navn", "Name")))
    frame = pd.DataFrame({"number": ["0101", ""], "name": ["Nes", "Alle"]})
    view = table_view(Table("units", Text("T", "T"), columns, frame), "m", Places())
    source = '{% from "macros.html" import datatable with context %}{{ datatable(table) }}'
    html = _environment().from_string(source).render(table=view, u=t, language="nb")
    assert html.count('<th scope="row">') == 1
    assert "<td></td><td>Alle</td>" in html


def test_json_in_a_script_cannot_end_it() -> None:
    """Oracle: the standard library reads the same value back; no < or & is left."""
    value = {"a": "</script><!--<script>&amp;\u2028"}
    text = str(json_block(value))
    assert "<" not in text
    assert "&" not in text
    assert json.loads(text) == value


def test_script_cannot_end_its_element() -> None:
    """Oracle: by hand."""
    assert "</script" not in script_safe('x = "</script>";').lower()


def test_leaflet_is_the_packages_own() -> None:
    """Oracle: the version Leaflet states; nothing left that a browser would fetch."""
    assert "1.9.4" in leaflet("leaflet.js")[:200]
    assert "sourceMappingURL" not in leaflet("leaflet.js")
    assert "images/" not in leaflet("leaflet.css")


def test_csp_hash_of_the_empty_text() -> None:
    """Oracle: the known SHA-256 of nothing."""
    assert csp_hash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"


def test_only_this_package_imports_folium_and_none_uses_its_popups() -> None:
    """Oracle: the syntax tree of every module."""
    banned = {"Popup", "Tooltip", "GeoJsonPopup", "GeoJsonTooltip", "Html", "DivIcon"}
    for file in RENDER.parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = (
                {a.name for a in node.names}
                if isinstance(node, ast.Import | ast.ImportFrom)
                else set()
            )
            module = getattr(node, "module", None) or ""
            used = any(n.split(".")[0] in ("folium", "branca") for n in {*names, module} if n)
            if used:
                assert RENDER in file.parents, file
                assert not names & banned, file
            if isinstance(node, ast.Attribute) and node.attr in banned:
                base = node.value
                assert not (isinstance(base, ast.Name) and base.id == "folium"), file


def test_scripts_never_write_markup() -> None:
    """Oracle: a plain search of our own scripts for every way text becomes markup."""
    for file in (RENDER / "assets").rglob("*.js"):
        code = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in code, (file.name, word)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "name",
    [
        "residents",
        "density",
        "share",
        "reached",
        "river_flood",
        "storm_surge",
        "quick_clay",
        "landslide_caution",
        "nature_value",
        "species",
        "threatened",
        "protected",
        "planned",
        "not_mapped",
        "station",
    ],
)
def test_theme_outlines_reach_three_to_one(name: str) -> None:
    """Oracle: WCAG 2.1 relative luminance; every fill or its outline is 3:1 against land."""
    palette = load_theme().palette(name, where="t")
    looks = [palette.look(c.id) for c in palette.classes] or [palette.look()]
    for look in looks:
        edges = [c for c in (look.line, look.hatch_line) if c is not None]
        fill = [look.fill] if look.fill and (look.opacity or 1) > 0.5 else []
        assert max(contrast(c, LAND) for c in [*edges, *fill]) >= 3, (name, look)


@pytest.mark.parametrize("name", ["residents", "species", "threatened", "river_flood"])
def test_ramps_are_ordered_by_lightness(name: str) -> None:
    """Oracle: WCAG luminance; a grey printer keeps the order of the classes."""
    steps = [luminance(c) for c in load_theme().palette(name, where="t").ramp]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert min(abs(np.diff(steps))) > 0.02
