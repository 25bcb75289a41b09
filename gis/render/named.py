"""Find what a map entry names: the frame, the title, the group; refuse what is not there."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gis.disclosure import round_residents
from gis.errors import RenderError
from gis.render.fields import heading, worded
from gis.result import UNDER_TEN
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import geopandas as gpd

    from gis.catalogue.map_models import Compare, MapLayer
    from gis.catalogue.models import LayerEntry
    from gis.render.prepared import Prepared
    from gis.render.theme import Theme
    from gis.result import Result


@dataclass(frozen=True)
class Scene:
    """What all layers of one page share; ``prepared`` what it shares with other pages.

    ``live`` is the analysis whose definition the reader may move, ``compare`` the two maps
    that the page has side by side.
    """

    map_id: str
    results: Mapping[str, Result]
    layers: Callable[[str], gpd.GeoDataFrame | None]
    catalogue: Mapping[str, LayerEntry]
    theme: Theme
    window: tuple[float, float, float, float]
    prepared: Prepared
    area: gpd.GeoDataFrame | None = None
    live: str | None = None
    compare: Compare | None = None


def frame_of(named: MapLayer, scene: Scene, *, where: str) -> gpd.GeoDataFrame | None:
    """Fetch the frame a map layer names; None where it hangs on a layer the store lacks."""
    if named.layer is not None:
        if named.layer not in scene.catalogue:
            near = _near(named.layer, scene.catalogue)
            message = f"{where}.layer '{named.layer}' is no layer of the catalogue{near}"
            raise RenderError(message)
        if scene.catalogue[named.layer].geometry == "raster":
            message = (
                f"{where}.layer '{named.layer}' is a raster; maps draw polygons, lines, points"
            )
            raise RenderError(message)
        frame = scene.layers(named.layer)
        return frame if frame is None else _protected(frame)
    result = scene.results.get(str(named.result))
    if result is None:
        there = ", ".join(scene.results) or "none"
        message = f"{where}.result '{named.result}' was not worked out (there are: {there})"
        raise RenderError(message)
    if named.frame == "frame":
        return result.frame
    if named.frame in result.layers:
        return result.layers[named.frame]
    if _hangs_on_missing_layer(named.frame, scene):
        return None
    message = (
        f"{where}.frame '{named.frame}' is not in the result of '{named.result}' "
        f"(there are: {', '.join(['frame', *result.layers])}){_near(named.frame, result.layers)}"
    )
    raise RenderError(message)


def _hangs_on_missing_layer(frame: str, scene: Scene) -> bool:
    """Tell whether a frame is absent because its layer, or the layer of its extent, is."""
    entry = scene.catalogue.get(frame.removeprefix("not_mapped_"))
    if entry is None:
        return False
    extent = entry.coverage.layer if frame.startswith("not_mapped_") else None
    behind = [frame.removeprefix("not_mapped_"), *([extent] if extent else [])]
    return any(scene.layers(name) is None for name in behind)


def _protected(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Round residents of cells that come straight from the store, as publishing does."""
    if not {"cell_id", "residents"} <= set(frame.columns):
        return frame
    values = [_shown(v) for v in frame["residents"]]
    return frame.assign(residents=pd.Series(values, index=frame.index, dtype=object))


def _shown(value: object) -> object:
    """Round one number of residents; what was settled before stays as it is."""
    if isinstance(value, str):
        return value
    rounded = round_residents(float(value))  # type: ignore[arg-type]
    return UNDER_TEN if rounded is None else rounded


def entry_of(named: MapLayer, scene: Scene) -> LayerEntry | None:
    """Return the catalogue entry behind a layer: its own, or the one a result frame is of."""
    return scene.catalogue.get(named.layer or named.frame.removeprefix("not_mapped_"))


def title_of(named: MapLayer, scene: Scene, *, where: str) -> Text:
    """Return the title of a layer: its own, the catalogue's, or the result's."""
    if named.title is not None:
        return named.title.text
    layer = entry_of(named, scene)
    if layer is not None:
        title = layer.title.text
        if named.frame.startswith("not_mapped_"):
            return t("legend.not_mapped", theme=title)
        return title
    if named.frame != "frame":
        return heading(named.frame, "frames")
    result = scene.results.get(str(named.result))
    if result is None:
        message = f"{where}.result '{named.result}' was not worked out"
        raise RenderError(message)
    return result.title


def group_of(named: MapLayer, scene: Scene) -> str:
    """Return the group of the layer list: the answer itself, or the layer's theme."""
    if named.palette in ("residents", "density"):
        return "residents"
    if named.result is not None and (named.frame == "frame" or entry_of(named, scene) is None):
        return "answer"
    layer = entry_of(named, scene)
    if layer is None:
        return "answer"
    return "plan" if layer.theme == "base" else layer.theme


def lacks_class(named: MapLayer, frame: gpd.GeoDataFrame) -> bool:
    """Tell whether a result happens not to have what the layer is classed by.

    An analysis without one of its layers has no numbers of it, and the layer is then named
    as absent. A field that no one knows is an error, told where it is looked for.
    """
    field = named.class_field
    if named.result is None or field is None or field in frame.columns:
        return False
    return worded(f"fields.{field}") is not None


def popup_fields(named: MapLayer, frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the popup's fields, without those that this result happens not to have.

    What columns an analysis gives can hang on its parameters (a ready list of stops
    has no departures per hour). A field that no one knows stays, to be refused.
    """
    if named.result is None:
        return named.popup
    return tuple(f for f in named.popup if f in frame.columns or worded(f"fields.{f}") is None)


def check_fields(frame: gpd.GeoDataFrame, wanted: list[tuple[str, str]], *, where: str) -> None:
    """Refuse a field that the frame does not have. Raises RenderError."""
    there = [str(c) for c in frame.columns if c != frame.geometry.name]
    for key, name in wanted:
        if name not in there:
            message = (
                f"{where}.{key} '{name}' is not a field of the layer "
                f"(there are: {', '.join(there) or 'none'}){_near(name, there)}"
            )
            raise RenderError(message)


def _near(name: str, there: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(there), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
