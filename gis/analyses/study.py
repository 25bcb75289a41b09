"""Lay out a study area: its polygon, its land, and the layers around it.

Layers reach beyond the municipality (the halo), so that a stop, a road or a zone
across the border counts; residents are clipped last, by the analyses.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import WORKING_EPSG, crs_of
from gis.errors import LayerMissingError, ParameterError
from gis.result import Area

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pyproj import CRS

    from gis.provenance import LayerSource


class Layers(Protocol):
    """Where a study gets its layers from: a store, or a slice of one."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers there are."""

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return the rows of a layer, in the working CRS."""

    def source(self, layer: str) -> LayerSource:
        """Where a layer comes from."""

    def file(self, layer: str) -> Path:
        """Return the file of a layer that is no frame: a timetable or a terrain model."""


@dataclass(frozen=True)
class Study:
    """A study area with its layers.

    ``polygon`` is the municipality as delivered, ``land`` the same without sea;
    ``sea_removed`` tells whether a sea layer was there to take away. All in the
    working CRS ``epsg``, metres.
    """

    area: Area
    polygon: shapely.Geometry
    land: shapely.Geometry
    sea_removed: bool
    data: Layers
    halo_m: int
    epsg: int = WORKING_EPSG
    _frames: dict[str, gpd.GeoDataFrame] = field(default_factory=dict, repr=False, compare=False)
    _made: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def crs(self) -> CRS:
        """The working CRS, made once: of a number alone it takes longer than many frames."""
        return crs_of(self.epsg)

    def once[T](self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what ``make`` gave the first time for this key: a network is built once."""
        if key not in self._made:
            self._made[key] = make()
        return cast("T", self._made[key])

    def has(self, layer: str) -> bool:
        """Whether the layer is there, and covers this municipality where it says what it covers."""
        if layer not in self.data.layers:
            return False
        covers = self.data.source(layer).covers
        return not covers or self.area.number in covers

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return the rows of a layer. Callers must not change them. Raises LayerMissingError."""
        self.need(layer)
        if layer not in self._frames:
            self._frames[layer] = self.data.frame(layer)
        return self._frames[layer]

    def near(self, layer: str, *, beyond_m: float = 0.0) -> gpd.GeoDataFrame:
        """Return the rows that meet the municipality, in their own order.

        ``beyond_m``: or lie at most so many metres from it. Raises LayerMissingError.
        """
        frame = self.frame(layer)
        if beyond_m:
            hits = frame.sindex.query(self.polygon, predicate="dwithin", distance=beyond_m)
        else:
            hits = frame.sindex.query(self.polygon, predicate="intersects")
        return frame.iloc[np.sort(hits)]

    def source(self, layer: str) -> LayerSource:
        """Return where a layer comes from. Raises LayerMissingError."""
        self.need(layer)
        return self.data.source(layer)

    def file(self, layer: str) -> Path:
        """Return the file of a timetable or terrain layer. Raises LayerMissingError."""
        self.need(layer)
        return self.data.file(layer)

    def need(self, *layers: str) -> None:
        """Refuse to go on without some layers. Raises LayerMissingError naming them."""
        missing = [x for x in layers if not self.has(x)]
        if missing:
            message = (
                f"no layer {', '.join(missing)} for {self.area.number} {self.area.name}; name a "
                f"file under [layers.{missing[0]}] in workspace.toml and build again (there are: "
                f"{', '.join(x for x in self.data.layers if self.has(x))})"
            )
            raise LayerMissingError(message)


def study_area(layers: Layers, *, number: str, halo_m: int, epsg: int = WORKING_EPSG) -> Study:
    """Lay out one municipality by number. Raises ParameterError for an unknown number."""
    municipalities = layers.frame("municipality")
    rows = municipalities[municipalities["number"] == number]
    if rows.empty:
        raise ParameterError(_unknown_number(number, municipalities["number"]))
    polygon = shapely.union_all(rows.geometry.to_numpy())
    land = _without_sea(layers, polygon, number)
    name = str(rows["name"].iloc[0])
    return Study(
        area=Area(number=number, name=name, land_km2=float(shapely.area(land)) / 1e6),
        polygon=polygon,
        land=land,
        # A sea layer that takes less than a square metre took nothing.
        sea_removed=float(shapely.area(polygon) - shapely.area(land)) > 1.0,
        data=layers,
        halo_m=halo_m,
        epsg=epsg,
    )


def _without_sea(layers: Layers, polygon: shapely.Geometry, number: str) -> shapely.Geometry:
    """Take the sea layer away, where there is one and it covers this municipality."""
    if "sea" not in layers.layers:
        return polygon
    covers = layers.source("sea").covers
    if covers and number not in covers:
        return polygon
    near = layers.frame("sea")
    parts = near.geometry.to_numpy()[near.sindex.query(polygon, predicate="intersects")]
    return shapely.difference(polygon, shapely.union_all(parts)) if len(parts) else polygon


def _unknown_number(number: str, known: Iterable[str]) -> str:
    numbers = sorted(set(known))
    near = difflib.get_close_matches(number, numbers, n=3, cutoff=0.5)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    return f"municipality {number} is not among the {len(numbers)} in the layer{hint}"


@dataclass(frozen=True)
class Slice:
    """The part of another set of layers near a box, cut by index and not by copying files."""

    whole: Layers
    box: tuple[float, float, float, float]
    load: Callable[[str], gpd.GeoDataFrame]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers there are."""
        return self.whole.layers

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return the rows whose envelope meets the box, in their own order."""
        frame = self.load(layer)
        if layer == "municipality" or frame.geometry.isna().all():
            # A table keyed by number has no place to be cut at.
            return frame
        hits = np.sort(frame.sindex.query(shapely.box(*self.box)))
        return frame.iloc[hits]

    def source(self, layer: str) -> LayerSource:
        """Where the whole layer comes from."""
        return self.whole.source(layer)

    def file(self, layer: str) -> Path:
        """Return the file of the whole layer."""
        return self.whole.file(layer)


def study_areas(
    layers: Layers, *, numbers: Iterable[str], halo_m: int, epsg: int = WORKING_EPSG
) -> Iterator[Study]:
    """Lay out many municipalities of one set of layers, each with its halo, one after another."""
    loaded: dict[str, gpd.GeoDataFrame] = {}

    def load(layer: str) -> gpd.GeoDataFrame:
        if layer not in loaded:
            loaded[layer] = layers.frame(layer)
        return loaded[layer]

    municipalities = load("municipality")
    bounds = municipalities.geometry.bounds.groupby(municipalities["number"]).agg(
        {"minx": "min", "miny": "min", "maxx": "max", "maxy": "max"}
    )
    for number in numbers:
        if number not in bounds.index:
            raise ParameterError(_unknown_number(number, municipalities["number"]))
        west, south, east, north = bounds.loc[number].to_numpy()
        box = (west - halo_m, south - halo_m, east + halo_m, north + halo_m)
        part = Slice(whole=layers, box=box, load=load)
        yield study_area(part, number=number, halo_m=halo_m, epsg=epsg)
