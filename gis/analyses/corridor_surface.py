"""Lay a raster of resistance and habitat over a municipality and its surroundings.

The resistances are expert values in the usual order (habitat, water's edge, open land,
built-up land, roads), no measured ones; they are parameters, to be adjusted to the
species or the purpose in question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pydantic import Field
from rasterio.features import rasterize
from rasterio.transform import array_bounds, from_origin

from gis.analyses.registry import Parameters
from gis.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.study import Study

HABITAT_LAYERS = ("forest", "nature_types", "nature_types_hb13", "protected_areas")
SURFACE_LAYERS = (
    *HABITAT_LAYERS,
    "rivers",
    "lakes",
    "sea",
    "built_up",
    "roads_paths",
    "railways",
)
_MAJOR, _MINOR = ("E", "R", "F"), ("K", "P", "S")
_TRACKS = (
    "sti",
    "traktorveg",
    "gangogsykkelveg",
    "fortau",
    "gangveg",
    "sykkelveg",
    "barmarksløype",
)
_OVER_OR_UNDER = ("tunnel", "bridge")
# A raster of more cells than this takes minutes and is refused.
_MOST_CELLS = 6_000_000


class CorridorParameters(Parameters):
    """The raster, what is a patch, how hard each land is to cross, and how far is far."""

    cell_m: int = Field(default=25, ge=10, le=100, description="side of a cell, metres")
    margin_m: int = Field(
        default=0,
        ge=0,
        le=5000,
        description="how far around the municipality, metres; more only where the layers reach "
        "there, or unmapped land is taken as open",
    )
    min_patch_ha: float = Field(
        default=2.0, gt=0, le=1000, description="smaller habitat is no patch, only easy to cross"
    )
    hinterland_ha: float = Field(
        default=300.0, gt=0, description="patches of at least this area are hinterland"
    )
    resistance_watercourse: float = Field(
        default=2.0, ge=1, le=1000, description="of the strip along a watercourse (habitat: 1)"
    )
    resistance_open: float = Field(
        default=5.0, ge=1, le=1000, description="of open land that is not built up"
    )
    resistance_lake: float = Field(default=10.0, ge=1, le=1000, description="of a lake")
    resistance_built_up: float = Field(
        default=30.0, ge=1, le=1000, description="of built-up land, and of planned areas"
    )
    resistance_minor_road: float = Field(
        default=30.0, ge=1, le=1000, description="of municipal, private and forest roads"
    )
    resistance_major_road: float = Field(
        default=100.0, ge=1, le=1000, description="of European, national and county roads"
    )
    resistance_railway: float = Field(default=60.0, ge=1, le=1000, description="of railways")
    watercourse_m: float = Field(
        default=20.0, ge=0, le=200, description="width of the strip to each side of a watercourse"
    )
    narrow_m: float = Field(
        default=100.0, gt=0, le=500, description="green up to this width is marked as narrow"
    )
    max_cost: float = Field(
        default=10_000.0,
        gt=0,
        description="a link costs at most this, in metres through habitat or what is as hard",
    )
    half_cost: float = Field(
        default=1000.0,
        gt=0,
        description="cost at which half of the movements get through (Saura 2007, 2011)",
    )


@dataclass(frozen=True)
class Surface:
    """A raster, row 0 north: resistance (infinite: sea), habitat, what is unbuilt, and the shore.

    ``green`` is habitat, water's edge and open land; ``shore`` land beside the sea.
    """

    resistance: NDArray[np.float64]
    habitat: NDArray[np.bool_]
    green: NDArray[np.bool_]
    shore: NDArray[np.bool_]
    transform: Any
    cell_m: float

    def points(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the centres of cells given by flat index, (n, 2)."""
        rows, columns = np.unravel_index(cells, self.habitat.shape)
        x = self.transform.c + self.transform.a * (columns + 0.5)
        y = self.transform.f + self.transform.e * (rows + 0.5)
        return np.column_stack([x, y])


def surface_of(study: Study, params: CorridorParameters, *, planned: bool) -> Surface:
    """Burn the layers into a raster, the hardest land last; ``planned``: plans are built.

    Areas by the centre of the cell, lines by every cell they touch. Roads and railways in
    tunnels and on bridges close nothing. Raises ParameterError for too fine a raster.
    """
    return study.once(("green surface", params, planned), lambda: _surface(study, params, planned))


@dataclass(frozen=True)
class _Masks:
    """What lies in each cell, before any resistance is given."""

    habitat: NDArray[np.bool_]
    built: NDArray[np.bool_]
    plan: NDArray[np.bool_]
    lake: NDArray[np.bool_]
    sea: NDArray[np.bool_]
    river: NDArray[np.bool_]
    minor: NDArray[np.bool_]
    major: NDArray[np.bool_]
    rail: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    transform: Any


def _masks(study: Study, params: CorridorParameters) -> _Masks:
    """Burn every layer once. Raises ParameterError for too fine a raster."""
    cell = params.cell_m
    west, south, east, north = study.polygon.bounds
    west = np.floor((west - params.margin_m) / cell) * cell
    north = np.ceil((north + params.margin_m) / cell) * cell
    columns = int(np.ceil((east + params.margin_m - west) / cell))
    rows = int(np.ceil((north - south + params.margin_m) / cell))
    if rows * columns > _MOST_CELLS:
        message = (
            f"cell_m = {cell} gives {rows} x {columns} cells; allowed: at most {_MOST_CELLS}, "
            "take larger cells"
        )
        raise ParameterError(message)
    burn = _Burner((rows, columns), from_origin(west, north, cell, cell), study)
    habitat = np.zeros((rows, columns), dtype=bool)
    for layer in HABITAT_LAYERS:
        habitat |= burn.areas(layer)
    return _Masks(
        habitat=habitat,
        built=burn.areas("built_up"),
        plan=burn.areas("planned_areas"),
        lake=burn.areas("lakes"),
        sea=burn.areas("sea"),
        river=burn.strips("rivers", params.watercourse_m),
        minor=burn.roads(_MINOR),
        major=burn.roads(_MAJOR),
        rail=burn.lines("railways"),
        outside=~burn.shapes([shapely.buffer(study.polygon, params.margin_m)]),
        transform=burn.transform,
    )


def _surface(study: Study, params: CorridorParameters, planned: bool) -> Surface:
    key = ("green masks", params.cell_m, params.margin_m, params.watercourse_m)
    m = study.once(key, lambda: _masks(study, params))
    plan = m.plan if planned else np.zeros_like(m.plan)
    built = m.built & ~m.habitat
    habitat = m.habitat & ~(plan | m.lake | m.sea | m.major | m.rail | m.outside)
    minor = m.minor & ~habitat
    resistance = np.full(habitat.shape, params.resistance_open)
    for mask, value in (
        (built, params.resistance_built_up),
        (m.river, params.resistance_watercourse),
        (habitat, 1.0),
        (m.lake, params.resistance_lake),
        (plan, params.resistance_built_up),
        (minor, params.resistance_minor_road),
        (m.rail, params.resistance_railway),
        (m.major, params.resistance_major_road),
        (m.sea | m.outside, np.inf),
    ):
        resistance[mask] = value
    # Beyond the border the green is taken to go on, so that the edge makes nothing narrow.
    shut = (built & ~m.river) | plan | m.lake | m.sea | m.major | m.rail | minor
    return Surface(
        resistance=resistance,
        habitat=habitat,
        green=~shut,
        shore=_beside(m.sea) & ~m.sea & ~m.outside,
        transform=m.transform,
        cell_m=float(params.cell_m),
    )


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which cells share a side with a cell of a mask."""
    beside = np.zeros_like(mask)
    beside[1:] |= mask[:-1]
    beside[:-1] |= mask[1:]
    beside[:, 1:] |= mask[:, :-1]
    beside[:, :-1] |= mask[:, 1:]
    return beside


@dataclass(frozen=True)
class _Burner:
    """Burn layers of a study into masks of one raster; a layer that is not there burns nothing."""

    shape: tuple[int, int]
    transform: Any
    study: Study

    def areas(self, layer: str) -> NDArray[np.bool_]:
        """Burn polygons by the centres of cells."""
        return self._burn(self._near(layer), touched=False)

    def shapes(self, shapes: Sequence[Any]) -> NDArray[np.bool_]:
        """Burn polygons of no layer by the centres of cells."""
        return self._burn(np.array(shapes, dtype=object), touched=False)

    def lines(self, layer: str) -> NDArray[np.bool_]:
        """Burn lines on the ground by every cell they touch."""
        frame = self._frame(layer)
        return self._burn(frame.geometry.to_numpy()[_on_ground(frame)], touched=True)

    def strips(self, layer: str, width_m: float) -> NDArray[np.bool_]:
        """Burn lines, and the land beside them up to a width."""
        shapes = self._near(layer)
        lines = self._burn(shapes, touched=True)
        # Raster masks only; distances that are published are never measured on buffers.
        return lines | self._burn(shapely.buffer(shapes, width_m), touched=False)

    def roads(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Burn the roads of some categories, paths and tracks apart; unknown ones are minor."""
        frame = self._frame("roads_paths")
        if frame.empty:
            return np.zeros(self.shape, dtype=bool)
        category = frame["category"].fillna("").astype(str).str.upper()
        mine = category.isin(categories)
        if categories is _MINOR:
            mine = ~category.isin(_MAJOR)
        track = frame["kind"].fillna("").astype(str).str.casefold().isin(_TRACKS)
        take = (mine & ~track).to_numpy() & _on_ground(frame)
        return self._burn(frame.geometry.to_numpy()[take], touched=True)

    def _frame(self, layer: str) -> gpd.GeoDataFrame:
        if not self.study.has(layer):
            return self.study.frame("municipality").iloc[:0]
        frame = self.study.frame(layer)
        box = shapely.box(*array_bounds(*self.shape, self.transform))
        return frame.iloc[np.sort(frame.sindex.query(box))]

    def _near(self, layer: str) -> NDArray[Any]:
        shapes: NDArray[Any] = self._frame(layer).geometry.to_numpy()
        return shapes

    def _burn(self, shapes: NDArray[Any], *, touched: bool) -> NDArray[np.bool_]:
        there = [s for s in shapes if not s.is_empty]
        if not there:
            return np.zeros(self.shape, dtype=bool)
        burnt = rasterize(
            there,
            out_shape=self.shape,
            transform=self.transform,
            all_touched=touched,
            dtype="uint8",
        )
        mask: NDArray[np.bool_] = burnt.astype(bool)
        return mask


def _on_ground(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which lines run on the ground; one that does not say does."""
    if "medium" not in frame.columns:
        return np.ones(len(frame), dtype=bool)
    ground: NDArray[np.bool_] = ~frame["medium"].isin(_OVER_OR_UNDER).to_numpy(dtype=bool)
    return ground
