"""Hold what goes into a reader and what comes out of it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from affine import Affine
    from numpy.typing import NDArray

    from gis.catalogue import LayerEntry, LocalLayer
    from gis.provenance import LayerSource

Bounds = tuple[float, float, float, float]
# A folder of this ending holds several deliveries of one layer (a municipality's, its neighbours').
PARTS = ".parts"


@dataclass(frozen=True)
class Request:
    """One layer to read.

    ``epsg`` is the working CRS, ``bounds`` (west, south, east, north) a box in it:
    rows that do not meet the box are left out; None reads everything. ``further`` are the other
    files of a layer that comes in several. ``looked_at``: only whether it can be read is asked,
    so that of a raster a coarse sample will do.
    """

    layer: str
    path: Path
    entry: LayerEntry
    local: LocalLayer | None
    epsg: int
    bounds: Bounds | None
    further: tuple[Path, ...] = ()
    looked_at: bool = False

    @property
    def files(self) -> list[Path]:
        """Every delivery of the layer: its files, and those of a folder of parts."""
        found: list[Path] = []
        for path in (self.path, *self.further):
            inside = sorted(path.iterdir()) if path.suffix == PARTS else [path]
            found += [p for p in inside if not p.name.startswith(".")]
        return found

    @property
    def label(self) -> str:
        """How messages name the file and the layer."""
        return f"{self.path.name} ({self.layer})"

    @property
    def stated_epsg(self) -> int | None:
        """The CRS that the workspace states, where the file cannot say it."""
        return self.local.epsg if self.local else None

    def within(self, bounds: Bounds | None) -> Request:
        """Return the same request with another box."""
        return replace(self, bounds=bounds)


@dataclass(frozen=True)
class Stated:
    """A date, and which field of the file states it (None: the file's name)."""

    date: dt.date
    field: str | None


@dataclass(frozen=True)
class Raster:
    """A terrain grid in the working CRS: float32 values, NaN where unknown, row 0 north."""

    values: NDArray[np.float32]
    transform: Affine
    epsg: int


@dataclass(frozen=True)
class Delivered:
    """What a reader found: the entry's fields, typed, and geometries, row by row.

    ``geometry`` is a GeoSeries in the CRS of the file, on the index of ``fields``;
    ``file`` is there where the layer must travel as a file (a timetable); ``inside`` are the
    names of the file's layers that were read.
    """

    fields: pd.DataFrame
    geometry: gpd.GeoSeries
    notes: tuple[str, ...] = ()
    raster: Raster | None = None
    file: Path | None = None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerData:
    """One layer as the program knows it.

    ``frame`` is in the working CRS with a column ``geometry`` and exactly the fields
    of the catalogue entry; ``raster`` holds terrain; ``file`` is the delivered file
    where the layer must travel as a file (a timetable).
    """

    frame: gpd.GeoDataFrame
    source: LayerSource
    raster: Raster | None = None
    file: Path | None = None


@dataclass
class Notes:
    """Collect what a reader did, in the order it first happened.

    ``seen`` are the bounds of the rows read, by the EPSG code they were labelled with;
    ``stated`` is the date that the rows themselves state.
    """

    lines: list[str] = field(default_factory=list)
    seen: dict[int, Bounds] = field(default_factory=dict)
    stated: Stated | None = None
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)

    def count(self, n: int, what: str) -> None:
        """Note ``n what``, unless n is 0; what is counted block by block is summed."""
        if not n:
            return
        place, before = self._counted.get(what, (len(self.lines), 0))
        if not before:
            self.lines.append("")
        self.lines[place] = f"{before + n} {what}"
        self._counted[what] = place, before + n

    def add(self, *lines: Any) -> None:
        """Note whole lines."""
        self.lines.extend(str(line) for line in lines)

    def saw(self, bounds: Iterable[float], epsg: int) -> None:
        """Remember where rows lie under the code they are labelled with."""
        new = tuple(float(v) for v in bounds)
        if not all(map(math.isfinite, new)):
            return
        old = self.seen.get(epsg, new)
        self.seen[epsg] = (
            min(old[0], new[0]),
            min(old[1], new[1]),
            max(old[2], new[2]),
            max(old[3], new[3]),
        )
