"""Build the base map from the store's own layers, and dim what lies outside the area.

No tiles from anywhere: sea, lakes, rivers, forest, roads, railways, the boundary
and place names, each dissolved to few shapes so that a page stays small.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.render.classes import LayerClass
from gis.render.drawn import SLOTS, Drawn
from gis.render.geometry import SIMPLIFY_M, pack, prepare
from gis.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from gis.render.named import Scene
    from gis.render.theme import Look

BASE_LAYERS = ("forest", "sea", "lakes", "rivers", "roads_paths", "railways")
BASE_SIMPLIFY_M = 8.0
_MAJOR = {"E", "R", "F", "europaveg", "riksveg", "fylkesveg"}
_PATH_WORDS = ("sti", "gang", "sykkel", "trapp", "fortau", "path", "foot", "cycle", "track")
_PLACE_RANK = {
    "by": 0,
    "tettsted": 0,
    "bydel": 1,
    "tettbebyggelse": 1,
    "stasjon": 1,
    "øy": 2,
    "grend": 2,
    "fjord": 2,
    "innsjø": 2,
    "fjell": 3,
    "ås": 3,
    "elv": 3,
    "vann": 3,
    "skog": 3,
}
_LOWEST_RANK = 4
_MAX_PLACES = 600


def base_layers(scene: Scene, *, taken: set[str]) -> list[Drawn]:
    """Return the base map's layers that the store has and the map does not draw itself."""
    drawn = []
    for name in BASE_LAYERS:
        if name in taken or name not in scene.catalogue:
            continue
        frame = scene.layers(name)
        if frame is not None and len(frame):
            make = partial(_base, name, frame, scene)
            drawn.append(scene.prepared.drawn((name, scene.window), make))
    return drawn


def boundary(area: gpd.GeoDataFrame, scene: Scene) -> list[Drawn]:
    """Return the municipality's boundary, and the dimmed outside."""
    names = ("outside", "boundary")
    makers = (partial(_outside, area, scene), partial(_edge, area, scene))
    return [
        scene.prepared.drawn((name, scene.window), make)
        for name, make in zip(names, makers, strict=True)
    ]


def _outside(area: gpd.GeoDataFrame, scene: Scene) -> Drawn:
    window = shapely.box(*_widened(scene.window))
    whole = shapely.union_all(area.geometry.to_numpy())
    outside = shapely.difference(window, whole)
    theme = scene.theme
    dim = theme.palette("municipality", where="render").look()
    dim = dim.model_copy(
        update={"fill": theme.page.dim, "opacity": theme.page.dim_opacity, "line": None}
    )
    mask = gpd.GeoDataFrame(geometry=[outside], crs=area.crs)
    return _single("outside", mask, dim, window=_widened(scene.window))


def _edge(area: gpd.GeoDataFrame, scene: Scene) -> Drawn:
    whole = shapely.union_all(area.geometry.to_numpy())
    edge = gpd.GeoDataFrame(geometry=[shapely.boundary(whole)], crs=area.crs)
    line = scene.theme.palette("municipality", where="render").look()
    return _single("boundary", edge, line, window=_widened(scene.window))


def _widened(window: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Stretch the window so far that no screen shows its end at first view."""
    west, south, east, north = window
    far = 3 * max(east - west, north - south)
    return (west - far, south - far, east + far, north + far)


def _base(name: str, frame: gpd.GeoDataFrame, scene: Scene) -> Drawn:
    layer = scene.catalogue[name]
    palette = scene.theme.palette(layer.style.palette, where=f"layers/{name}.toml: style.palette")
    shapes = frame.geometry.to_numpy()
    if name == "roads_paths":
        keys = _road_classes(frame)
        present = [k for k in ("path", "minor", "major") if (keys == k).any()]
        looks = [palette.look(k) for k in present]
        merged = [_merge(shapes[keys == k]) for k in present]
    elif layer.geometry == "line":
        looks, merged = [palette.look()], [_merge(shapes)]
    else:
        looks, merged = [palette.look()], [shapely.union_all(shapely.make_valid(shapes))]
    whole = gpd.GeoDataFrame(geometry=merged, crs=frame.crs)
    coded = prepare(whole, window=scene.window, simplify_m=BASE_SIMPLIFY_M)
    title = layer.title.text
    return Drawn(
        id=name,
        title=title,
        about=None,
        group="base",
        slot=SLOTS["base_line" if coded.kind == "line" else "base_fill"],
        symbol="line" if coded.kind == "line" else "fill",
        show=True,
        interactive=False,
        classes=tuple(LayerClass(str(i), title, look, 1) for i, look in enumerate(looks)),
        fields=(),
        name_field=None,
        shapes=coded,
        columns={},
        class_index=coded.rows.tolist(),
    )


def _merge(shapes: Any) -> Any:
    """Join lines end to end, so that dashes run on and coordinates are not repeated."""
    parts = shapely.get_parts(shapes)
    return shapely.line_merge(shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1]))


def _road_classes(frame: gpd.GeoDataFrame) -> np.ndarray[Any, Any]:
    """Sort roads into major, minor and path by category and kind, as far as they are told."""
    size = len(frame)
    kind = _lower(frame["kind"]) if "kind" in frame.columns else np.full(size, "")
    category = (
        frame["category"].astype("string").fillna("").to_numpy(dtype=str)
        if "category" in frame.columns
        else np.full(size, "")
    )
    classes = np.full(size, "minor", dtype=object)
    classes[[any(word in k for word in _PATH_WORDS) for k in kind]] = "path"
    classes[[c in _MAJOR for c in category]] = "major"
    return classes


def _lower(values: pd.Series) -> np.ndarray[Any, Any]:
    return np.asarray(values.astype("string").fillna("").str.lower().to_numpy(dtype=str))


def _single(
    name: str,
    frame: gpd.GeoDataFrame,
    look: Look,
    *,
    window: tuple[float, float, float, float],
) -> Drawn:
    coded = prepare(frame, window=window, simplify_m=SIMPLIFY_M)
    title = Text(nb=name, en=name)
    return Drawn(
        id=name,
        title=title,
        about=None,
        group="frame",
        slot=SLOTS["mask"],
        symbol="fill" if coded.kind == "polygon" else "line",
        show=True,
        interactive=False,
        classes=(LayerClass("all", title, look, 1),),
        fields=(),
        name_field=None,
        shapes=coded,
        columns={},
        class_index=[0] * len(coded.rows),
    )


def places(scene: Scene) -> str | None:
    """Return place names, most important first, packed for the browser; None without them."""
    return scene.prepared.packed(("places", scene.window), partial(_places, scene))


def _places(scene: Scene) -> str | None:
    frame = scene.layers("place_names") if "place_names" in scene.catalogue else None
    if frame is None or frame.empty or "name" not in frame.columns:
        return None
    frame = frame[frame["name"].notna()]
    kinds = _lower(frame["kind"]) if "kind" in frame.columns else np.full(len(frame), "")
    ranks = np.array([_PLACE_RANK.get(k, _LOWEST_RANK) for k in kinds])
    points = frame.geometry.representative_point()
    west, south, east, north = scene.window
    inside = points.x.between(west, east).to_numpy() & points.y.between(south, north).to_numpy()
    names = frame["name"].astype(str).to_numpy()
    order = np.lexsort((names, ranks))
    order = order[inside[order]][:_MAX_PLACES]
    lonlat = points.iloc[order].to_crs(4326)
    listed = [
        [name, int(rank), round(float(x), 5), round(float(y), 5), int(kind in _WATER)]
        for name, rank, x, y, kind in zip(
            names[order], ranks[order], lonlat.x, lonlat.y, kinds[order], strict=True
        )
    ]
    return pack(listed)


_WATER = {"fjord", "innsjø", "elv", "vann", "tjern", "bekk", "vik", "sund"}
