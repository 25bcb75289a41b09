"""Find how the green hangs together between the forest and the sea, and what plans would cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import shapes as polygons_of

from gis.analyses import corridor_words as words
from gis.analyses.corridor_graph import (
    Graph,
    Passage,
    ToSea,
    graph_of,
    passage,
    ways_to_sea,
    whole_way,
)
from gis.analyses.corridor_surface import SURFACE_LAYERS, CorridorParameters, surface_of
from gis.analyses.corridor_tables import link_frame, links_table, plans_table, ways_table
from gis.analyses.parts import provenance
from gis.analyses.registry import Analysis
from gis.kernels.corridors import NO_PATCH
from gis.result import Reading, Result, Status
from gis.text import number, t

if TYPE_CHECKING:
    from gis.analyses.study import Study
    from gis.provenance import Provenance

# A way that costs at least this much more is called longer.
_LONGER = 1.05


def run(study: Study, params: CorridorParameters) -> Result:
    """Link the habitat patches, follow the ways to the sea, and take the planned areas away.

    The value is the equivalent connected area over the area of all patches: 1 where the
    green is one patch, low where it lies in pieces far apart (Saura et al. 2011).
    """
    graph = graph_of(surface_of(study, params, planned=False), params)
    if not len(graph.area_ha):
        return _nothing(study, params)
    ways = ways_to_sea(graph, params)
    passages = [passage(graph, graph.way(i)) for i in range(len(graph.links.a))]
    legs = [passage(graph, way.leg) for way in ways]
    after, change = _after(study, params, graph)
    habitat_ha = float(graph.area_ha.sum())
    eca_ha = graph.eca_ha(params.half_cost)
    lines = link_frame(study, graph, passages, ways=ways, change=change)
    tables = {
        "corridor_ways": ways_table(graph, passages, ways, legs=legs),
        "corridor_links": links_table(graph, passages, change=change),
    }
    if study.has("planned_areas"):
        tables["corridor_plans"] = plans_table(study, graph, lines)
    figures = _figures(graph, ways, change, eca_ha=eca_ha, after=after, params=params)
    return Result(
        analysis="green-corridors",
        title=ANALYSIS.title,
        area=study.area,
        value=eca_ha / habitat_ha,
        unit="share",
        numerator=eca_ha / 100,
        denominator=habitat_ha / 100,
        numerator_unit="km2",
        status=Status.OK,
        finding=words.finding(study, params, figures, narrowest=_narrowest(passages, ways, legs)),
        definition=words.definition(study, params),
        provenance=_provenance(study, params),
        sensitivity=_readings(study, params, graph),
        notes=words.notes(study),
        figures=figures,
        tables=tables,
        frame=lines,
        layers={
            "patches": _patch_frame(study, graph, params),
            "pinches": _pinches(
                study, graph, passages, ways=ways, legs=legs, narrow_m=params.narrow_m
            ),
            "ways": _way_frame(study, graph, ways),
        },
    )


def _provenance(study: Study, params: CorridorParameters) -> Provenance:
    return provenance(
        study,
        [*SURFACE_LAYERS, "planned_areas"],
        steps=(
            f"resistance on cells of {params.cell_m} m",
            "patches: connected habitat",
            "least-cost links between neighbouring patches (Fall et al. 2007)",
            "equivalent connected area (Saura et al. 2011)",
            "the same with planned areas built",
        ),
    )


def _after(
    study: Study, params: CorridorParameters, graph: Graph
) -> tuple[Graph | None, np.ndarray]:
    """Build the planned areas: the green that is left, and what becomes of each link.

    A link is "lost" where no way of at most the largest cost joins what is left of its
    two patches, "longer" where the way costs at least 5 % more, else "kept".
    """
    change = np.full(len(graph.links.a), "kept", dtype=object)
    if not study.has("planned_areas"):
        return None, change
    surface = surface_of(study, params, planned=True)
    same = graph_of(surface, params, patches=graph.patches)
    n = len(same.area_ha)
    cost = np.full((len(graph.area_ha), len(graph.area_ha)), np.inf)
    cost[:n, :n] = same.costs
    now = cost[graph.links.a, graph.links.b]
    gone = np.append(same.area_ha, np.zeros(len(graph.area_ha) - n)) == 0
    change[now >= _LONGER * graph.links.cost] = "longer"
    change[(now > params.max_cost) | gone[graph.links.a] | gone[graph.links.b]] = "lost"
    return graph_of(surface, params), change


def _figures(
    graph: Graph,
    ways: list[ToSea],
    change: np.ndarray,
    *,
    eca_ha: float,
    after: Graph | None,
    params: CorridorParameters,
) -> dict[str, float | int | None]:
    figures: dict[str, float | int | None] = {
        "habitat_km2": float(graph.area_ha.sum()) / 100,
        "connected_km2": eca_ha / 100,
        "patches": len(graph.area_ha),
        "hinterlands": int((graph.area_ha >= params.hinterland_ha).sum()),
        "links": len(graph.links.a),
        "ways_to_sea": len(ways),
    }
    if after is not None:
        left = after.eca_ha(params.half_cost) if len(after.area_ha) else 0.0
        figures |= {
            "links_lost": int((change == "lost").sum()),
            "links_longer": int((change == "longer").sum()),
            "connected_after_km2": left / 100,
            "connected_loss_share": 1 - left / eca_ha,
        }
    return figures


def _narrowest(
    passages: list[Passage], ways: list[ToSea], legs: list[Passage]
) -> tuple[float, float]:
    """Return the narrowest green and the longest gap on the cheapest way to the sea."""
    if not ways:
        return float("nan"), 0.0
    on_it = [*(passages[i] for i in ways[0].links), legs[0]]
    widths = [p.width_m for p in on_it if not np.isnan(p.width_m)]
    return min(widths, default=float("nan")), max(p.gap_m for p in on_it)


def _readings(study: Study, params: CorridorParameters, graph: Graph) -> tuple[Reading, ...]:
    """Read the value with movements half and twice as far, and on cells twice as large."""
    whole = float(graph.area_ha.sum())
    found = [
        ("chosen", graph.eca_ha(params.half_cost), whole, params.half_cost),
        ("half", graph.eca_ha(params.half_cost / 2), whole, params.half_cost / 2),
        ("twice", graph.eca_ha(params.half_cost * 2), whole, params.half_cost * 2),
    ]
    if params.cell_m <= 50:
        coarse = params.model_copy(update={"cell_m": params.cell_m * 2})
        other = graph_of(surface_of(study, coarse, planned=False), coarse)
        if len(other.area_ha):
            eca = other.eca_ha(params.half_cost)
            found.append(("coarse", eca, float(other.area_ha.sum()), params.half_cost))
    return tuple(
        Reading(
            name=name,
            text=t(
                f"green_corridors.reading_{name}",
                cost=number(cost),
                cell=number(params.cell_m * (2 if name == "coarse" else 1)),
            ),
            value=eca / area,
            numerator=eca / 100,
            denominator=area / 100,
            chosen=name == "chosen",
        )
        for name, eca, area, cost in found
    )


def _nothing(study: Study, params: CorridorParameters) -> Result:
    """Say that no habitat large enough for a patch is on the map."""
    return Result(
        analysis="green-corridors",
        title=ANALYSIS.title,
        area=study.area,
        unit="share",
        status=Status.INSUFFICIENT_DATA,
        finding=t(
            "green_corridors.finding_nothing",
            name=study.area.name,
            ha=number(params.min_patch_ha, decimals=1),
        ),
        definition=words.definition(study, params),
        provenance=provenance(study, list(SURFACE_LAYERS), steps=("no patch found",)),
        notes=words.notes(study),
    )


def _patch_frame(study: Study, graph: Graph, params: CorridorParameters) -> gpd.GeoDataFrame:
    """Draw the patches, hinterland and others."""
    made = [
        (shapely.geometry.shape(shape), int(value))
        for shape, value in polygons_of(
            graph.patches.astype(np.int32),
            mask=graph.patches != NO_PATCH,
            transform=graph.surface.transform,
        )
    ]
    patch = np.array([value for _, value in made], dtype=np.int64)
    area = graph.area_ha[patch]
    return gpd.GeoDataFrame(
        {
            "patch": patch + 1,
            "area_ha": area,
            "patch_kind": np.where(area >= params.hinterland_ha, "hinterland", "patch"),
        },
        geometry=[shape for shape, _ in made],
        crs=study.crs,
    )


def _pinches(
    study: Study,
    graph: Graph,
    passages: list[Passage],
    *,
    ways: list[ToSea],
    legs: list[Passage],
    narrow_m: float,
) -> gpd.GeoDataFrame:
    """Draw the gaps, and the narrowest places up to a width, on the ways to the sea."""
    on_way = sorted({i for way in ways for i in way.links})
    there = [p for p in [*(passages[i] for i in on_way), *legs] if p.at >= 0]
    found = [p for p in there if p.gap_m > 0 or p.width_m <= narrow_m]
    at = graph.surface.points(np.array([p.at for p in found], dtype=np.int64))
    return gpd.GeoDataFrame(
        {
            "width_m": [p.width_m for p in found],
            "gap_m": [p.gap_m for p in found],
            "pinch": ["gap" if p.gap_m > 0 else "narrow" for p in found],
        },
        geometry=shapely.points(at),
        crs=study.crs,
    )


def _way_frame(study: Study, graph: Graph, ways: list[ToSea]) -> gpd.GeoDataFrame:
    """Draw each way from the hinterland through the patches to the sea, the cheapest on top."""
    lines = [graph.line(whole_way(graph, w)) for w in ways]
    frame = gpd.GeoDataFrame(
        {
            "way": np.arange(1, len(ways) + 1),
            "cost": [w.cost for w in ways],
            "corridor_m": shapely.length(lines),
        },
        geometry=np.array(lines, dtype=object),
        crs=study.crs,
    )
    return frame.iloc[::-1].reset_index(drop=True)


ANALYSIS = Analysis(
    id="green-corridors",
    title=t("green_corridors.title"),
    question=t("green_corridors.question"),
    parameters=CorridorParameters,
    run=run,
    needs=("municipality", "forest"),
    uses=(*SURFACE_LAYERS[1:], "planned_areas"),
)
