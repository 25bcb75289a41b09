"""Turn the layers that a map entry names into layers that a page can draw."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.render.breaks import breaks_of
from gis.render.classes import HIDDEN, Classed, LayerClass, Rule, classify
from gis.render.compare import sided
from gis.render.fields import FieldMeta, describe, plain_values
from gis.render.geometry import SIMPLIFY_M, Shapes, pack, prepare
from gis.render.inside import counted_inside, inside_of
from gis.render.named import (
    Scene,
    check_fields,
    entry_of,
    frame_of,
    group_of,
    lacks_class,
    popup_fields,
    title_of,
)
from gis.render.place import Ask, ask_of, rest_id, rest_of, rest_shapes
from gis.render.theme import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from gis.catalogue.map_models import MapEntry, MapLayer
    from gis.catalogue.models import LayerEntry
    from gis.text import Text

# Slots decide what lies over what: fills, the base map's lines, outlines, the dimmed
# outside with the boundary, points. Labels come last, in the browser.
SLOTS = {
    "base_fill": 0,
    "fill": 1,
    "base_line": 2,
    "outline": 3,
    "mask": 4,
    "line": 5,
    "point": 6,
}
_OUTLINES = ("outline", "line")


@dataclass(frozen=True)
class Drawn:
    """One layer of a page: what it is called, how it looks, and its coded data.

    ``ask`` is how it answers about a place; a layer that is not ``listed`` is never
    drawn and does nothing else. ``origin`` is the analysis and the frame it shows;
    ``slider``: its classes are shown one at a time.
    """

    id: str
    title: Text
    about: Text | None
    group: str
    slot: int
    symbol: str
    show: bool
    interactive: bool
    classes: tuple[LayerClass, ...]
    fields: tuple[FieldMeta, ...]
    name_field: str | None
    shapes: Shapes
    columns: Mapping[str, list[Any]]
    class_index: list[int]
    fade: list[float] | None = None
    ask: Ask | None = None
    listed: bool = True
    origin: tuple[str, str] | None = None
    slider: bool = False
    start: int = 0
    side: str | None = None
    inside: list[int] | None = None

    def payload(self) -> dict[str, Any]:
        """Return what the browser needs, as plain JSON types."""
        return {
            "id": self.id,
            "title": self.title.as_dict(),
            "slot": self.slot,
            "symbol": self.symbol,
            "interactive": self.interactive,
            "classes": [
                {"key": c.key, "title": c.title.as_dict(), **c.look.model_dump(exclude_none=True)}
                for c in self.classes
            ],
            "fields": [f.as_dict() for f in self.fields],
            "name": self.name_field,
            "columns": dict(self.columns),
            "class": self.class_index,
            "fade": self.fade,
            "geometry": self.shapes.coded,
            "tolerance": round(self.shapes.tolerance_m, 1),
            "side": self.side,
            "inside": self.inside,
            "ask": None if self.ask is None else self.ask.as_dict(),
        }

    def packed(self) -> str:
        """Return the payload as gzipped base64 text."""
        return pack(self.payload())


@dataclass(frozen=True)
class Picked:
    """What a page shows, and what it was told to show but the store does not have.

    ``silent`` are the layers that were only to answer about a place.
    """

    layers: tuple[Drawn, ...]
    absent: tuple[Text, ...]
    silent: tuple[Text, ...]
    frames: Mapping[str, gpd.GeoDataFrame]


def pick(entry: MapEntry, scene: Scene) -> Picked:
    """Return every layer the entry names, bottom first.

    A catalogue layer that the store lacks is left away and named in ``absent``;
    a result, frame, field or palette that is not there is a RenderError or a
    CatalogueError naming the map file and the key.
    """
    made: list[tuple[MapLayer, Drawn]] = []
    absent: list[Text] = []
    silent: list[Text] = []
    frames: dict[str, gpd.GeoDataFrame] = {}
    for place, named in enumerate(entry.layers):
        where = f"maps/{scene.map_id}.toml: layers[{place}]"
        frame = frame_of(named, scene, where=where)
        if frame is None or lacks_class(named, frame):
            missing = absent if named.draw else silent
            missing.append(title_of(named, scene, where=where))
            continue
        layer = _draw(named, frame, scene, where=where, taken={d.id for _, d in made})
        made.append((named, layer))
        frames[layer.id] = frame
    layers = _answering(made, frames, scene)
    return Picked(tuple(layers), tuple(absent), tuple(silent), frames)


def _answering(
    made: list[tuple[MapLayer, Drawn]], frames: Mapping[str, gpd.GeoDataFrame], scene: Scene
) -> list[Drawn]:
    """Tell each layer how it answers about a place, and add the unmapped land they need."""
    drawn_rest = {n.frame: d.id for n, d in made if n.frame.startswith("not_mapped_")}
    rests: dict[str, Drawn] = {}
    layers = []
    for named, layer in made:
        entry = entry_of(named, scene)
        rest = drawn_rest.get(f"not_mapped_{named.frame}")
        if rest is None:
            land = rest_of(named, entry, frames[layer.id], scene=scene)
            if land is not None:
                rest = rest_id(named)
                rests[rest] = _rest(rest, layer.title, rest_shapes(land, scene))
        ask = ask_of(named, entry, layer.shapes, symbol=layer.symbol, rest=rest)
        layers.append(replace(layer, ask=ask))
    return [*layers, *rests.values()]


def _rest(name: str, title: Text, shapes: Shapes) -> Drawn:
    """Lay down the unmapped land of a layer that the map itself does not draw."""
    return Drawn(
        id=name,
        title=title,
        about=None,
        group="ask",
        slot=SLOTS["fill"],
        symbol="fill",
        show=False,
        interactive=False,
        classes=(LayerClass("all", title, Look(), len(shapes.rows)),),
        fields=(),
        name_field=None,
        shapes=shapes,
        columns={},
        class_index=[0] * len(shapes.rows),
        listed=False,
    )


def _draw(
    named: MapLayer, frame: gpd.GeoDataFrame, scene: Scene, *, where: str, taken: set[str]
) -> Drawn:
    """Class, clip and code one layer."""
    layer = entry_of(named, scene)
    palette_name = named.palette or (layer.style.palette if layer is not None else "")
    palette = scene.theme.palette(palette_name, where=f"{where}.palette")
    class_field = named.class_field or (layer.class_field if layer is not None else None)
    wanted = [(key, name) for key, name in (("class_field", named.class_field),) if name]
    popup = popup_fields(named, frame)
    wanted += [("popup", name) for name in popup]
    check_fields(frame, wanted, where=where)
    if class_field is not None and class_field not in frame.columns:
        class_field = None
    symbol = named.symbol or (layer.style.symbol if layer is not None else "fill")
    breaks = breaks_of(named, frame, where=where)
    live = named.result is not None and (named.result, named.frame) == (scene.live, "frame")
    rule = Rule(palette, scene.theme, class_field, breaks, layer, whole=live)
    title = sided(title_of(named, scene, where=where), named.side, scene.compare)
    frame = frame.reset_index(drop=True)
    classed = classify(frame, rule, title=title)
    return _coded(
        frame,
        classed,
        scene,
        id=_unique(named, taken),
        title=title,
        about=layer.about.text if layer is not None else None,
        group=group_of(named, scene),
        symbol=symbol,
        show=named.show and named.draw,
        listed=named.draw,
        slider=named.slider,
        start=len(classed.classes) - 1 if named.slider and named.start == "last" else 0,
        side=named.side,
        origin=None if named.result is None else (named.result, named.frame),
        popup=popup,
        class_field=class_field,
        name_field=_name_field(layer, frame),
        fade=_fades(frame, palette.fade),
    )


def _coded(
    frame: gpd.GeoDataFrame,
    classed: Classed,
    scene: Scene,
    *,
    symbol: str,
    popup: tuple[str, ...],
    class_field: str | None,
    name_field: str | None,
    fade: np.ndarray[Any, Any] | None,
    **rest: Any,
) -> Drawn:
    """Keep the rows that have a class and a place, and code them."""
    kept = np.flatnonzero(classed.index != HIDDEN)
    exact = symbol in ("grid", "point")
    shapes = prepare(frame.iloc[kept], window=scene.window, simplify_m=0.0 if exact else SIMPLIFY_M)
    rows = kept[shapes.rows]
    names = list(dict.fromkeys([*popup, *([name_field] if name_field else [])]))
    metas, columns = [], {}
    words = {c.key: c.title for c in classed.classes}
    for name in names:
        values: pd.Series = frame[name].iloc[rows]
        meta = describe(name, values, classes=words if name == class_field else {})
        metas.append(meta)
        columns[name] = plain_values(values, kind=meta.kind)
    slot = "point" if shapes.kind == "point" else "line" if shapes.kind == "line" else "fill"
    slot = "outline" if slot == "fill" and symbol in _OUTLINES else slot
    index = classed.index[rows]
    own = inside_of(frame.geometry.to_numpy()[rows], shapes.kind, symbol, area=scene.area)
    return Drawn(
        slot=SLOTS[slot],
        symbol=symbol,
        interactive=bool(popup) or name_field is not None,
        classes=counted_inside(classed.classes, index, own),
        fields=tuple(m for m in metas if m.name in popup),
        name_field=name_field,
        shapes=replace(shapes, rows=rows),
        columns=columns,
        class_index=index.tolist(),
        inside=None if own is None else own.astype(int).tolist(),
        fade=None if fade is None else fade[rows].tolist(),
        **rest,
    )


_FADE_STEPS = (10, 50, 200)
_FADES = np.array([0.35, 0.6, 0.8, 1.0])


def _fades(frame: gpd.GeoDataFrame, name: str | None) -> np.ndarray[Any, Any] | None:
    """Return how strongly each feature is drawn, by its residents; None where that is not asked."""
    if name is None or name not in frame.columns:
        return None
    residents = pd.to_numeric(frame[name], errors="coerce").fillna(0).to_numpy(dtype=float)
    return np.asarray(_FADES[np.digitize(residents, _FADE_STEPS)])


def _name_field(layer: LayerEntry | None, frame: gpd.GeoDataFrame) -> str | None:
    if layer is not None and layer.name_field in frame.columns:
        return layer.name_field
    return "name" if "name" in frame.columns else None


def _unique(named: MapLayer, taken: set[str]) -> str:
    base = named.layer or f"{named.result}_{named.frame}"
    base = re.sub(r"[^a-z0-9]+", "_", base.lower()).strip("_")
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name
