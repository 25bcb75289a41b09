"""Lay out the tables and lines of the green corridors: ways to the sea, links, plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.analyses.corridor_graph import whole_way
from gis.analyses.parts import table
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.analyses.corridor_graph import Graph, Passage, ToSea
    from gis.analyses.study import Study
    from gis.result import Table

_TOP = 30


def link_frame(
    study: Study,
    graph: Graph,
    passages: Sequence[Passage],
    *,
    ways: Sequence[ToSea],
    change: np.ndarray,
) -> gpd.GeoDataFrame:
    """Return every link as a line: its cost, narrowest green, longest gap, role and fate."""
    to_sea = {i for way in ways for i in way.links}
    n = len(graph.links.a)
    lines = [graph.line(graph.way(i)) for i in range(n)]
    frame = gpd.GeoDataFrame(
        {
            "green_link": np.arange(1, n + 1),
            "patch_a": graph.links.a + 1,
            "patch_b": graph.links.b + 1,
            "cost": graph.links.cost,
            "corridor_m": shapely.length(lines),
            "width_m": np.array([p.width_m for p in passages], dtype=np.float64),
            "gap_m": np.array([p.gap_m for p in passages], dtype=np.float64),
            "link_role": ["to_sea" if i in to_sea else "between" for i in range(n)],
            "link_change": change,
        },
        geometry=np.array(lines, dtype=object),
        crs=study.crs,
    )
    # What plans would cut lies on top of what they would not.
    order = np.argsort([("kept", "longer", "lost").index(c) for c in change], kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def ways_table(
    graph: Graph, passages: Sequence[Passage], ways: Sequence[ToSea], *, legs: Sequence[Passage]
) -> Table:
    """List the ways to the sea, cheapest first, with their narrowest green and longest gap."""
    rows = []
    for k, (way, leg) in enumerate(zip(ways, legs, strict=True), start=1):
        on_it = [*(passages[i] for i in way.links), leg]
        widths = [p.width_m for p in on_it if not np.isnan(p.width_m)]
        rows.append(
            {
                "way": k,
                "patch": way.patch + 1,
                "links_on_way": len(way.links),
                "corridor_m": graph.line(whole_way(graph, way)).length,
                "cost": way.cost,
                "width_m": min(widths, default=float("nan")),
                "gap_m": max(p.gap_m for p in on_it),
            }
        )
    columns = (
        ("way", "count", 0),
        ("patch", "count", 0),
        ("links_on_way", "count", 0),
        ("corridor_m", "number", 0),
        ("cost", "number", 0),
        ("width_m", "number", 0),
        ("gap_m", "number", 0),
    )
    return table("corridor_ways", pd.DataFrame(rows, columns=[c for c, _, _ in columns]), columns)


def links_table(graph: Graph, passages: Sequence[Passage], *, change: np.ndarray) -> Table:
    """List the links, those that plans would cut first, then by the land they join."""
    links = graph.links
    frame = pd.DataFrame(
        {
            "green_link": np.arange(1, len(links.a) + 1),
            "patch_a": links.a + 1,
            "patch_b": links.b + 1,
            "joins_ha": np.minimum(graph.area_ha[links.a], graph.area_ha[links.b]),
            "cost": links.cost,
            "width_m": [p.width_m for p in passages],
            "gap_m": [p.gap_m for p in passages],
            "order": [("lost", "longer", "kept").index(c) for c in change],
            "link_change": [t(f"values.link_change.{c}") for c in change],
        }
    )
    frame = frame.sort_values(["order", "joins_ha", "green_link"], ascending=[True, False, True])
    columns = (
        ("green_link", "count", 0),
        ("patch_a", "count", 0),
        ("patch_b", "count", 0),
        ("joins_ha", "number", 1),
        ("cost", "number", 0),
        ("width_m", "number", 0),
        ("gap_m", "number", 0),
        ("link_change", "text", 0),
    )
    return table("corridor_links", frame.head(_TOP), columns)


def plans_table(study: Study, graph: Graph, lines: gpd.GeoDataFrame) -> Table:
    """List the planned areas: habitat of patches they would take, and links that cross them."""
    areas = study.frame("planned_areas")
    near = np.sort(areas.sindex.query(study.polygon, predicate="intersects"))
    areas = areas.iloc[near].reset_index(drop=True)
    cells = np.flatnonzero(graph.patches.ravel() >= 0)
    tree = shapely.STRtree(shapely.points(graph.surface.points(cells)))
    area, _ = tree.query(areas.geometry.to_numpy(), predicate="intersects")
    crossed = {name: np.zeros(len(areas), dtype=np.int64) for name in ("kept", "longer", "lost")}
    plan, line = shapely.STRtree(lines.geometry.to_numpy()).query(
        areas.geometry.to_numpy(), predicate="intersects"
    )
    for name, count in crossed.items():
        np.add.at(count, plan[(lines["link_change"] == name).to_numpy()[line]], 1)
    cell_ha = graph.surface.cell_m**2 / 1e4
    frame = pd.DataFrame(
        {
            "name": areas["name"].fillna("").astype(str),
            "area_ha": areas.area / 1e4,
            "habitat_ha": np.bincount(area, minlength=len(areas)) * cell_ha,
            "links_lost": crossed["lost"],
            "links_longer": crossed["longer"],
            "links_kept": crossed["kept"],
        }
    ).sort_values(
        ["links_lost", "links_longer", "habitat_ha", "name"], ascending=[False, False, False, True]
    )
    columns = (
        ("name", "text", 0),
        ("area_ha", "number", 1),
        ("habitat_ha", "number", 1),
        ("links_lost", "count", 0),
        ("links_longer", "count", 0),
        ("links_kept", "count", 0),
    )
    return table("corridor_plans", frame, columns, key="name")
