"""Hold a network as read from a file, ready to be made a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from gis.crs import LONLAT_EPSG
from gis.errors import CrsError

if TYPE_CHECKING:
    from pathlib import Path

    from gis.kernels.network import Ways
    from gis.sources.base import Bounds

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class NetworkFile:
    """A network for one mode, in a metric CRS.

    ``ways`` are those that the mode may use; ``read`` is how many lines the file
    held, ``closed`` how many of them are closed to the mode, by reason; ``rules``
    names what told it so; ``crs`` is the file's own; ``lonlat`` its box in degrees.
    """

    path: Path
    layer: str | None
    sha256: str
    crs: str
    ways: Ways
    read: int
    closed: dict[str, int]
    rules: str
    lonlat: Bounds
    notes: tuple[str, ...]


def moved(lon: Floats, lat: Floats, crs: CRS, *, source: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in a metric CRS. Raises CrsError where they do not fit."""
    transformer = Transformer.from_crs(LONLAT_EPSG, crs, always_xy=True)
    x, y = transformer.transform(lon, lat)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        message = f"{source}: coordinates that have no place in {crs.name}"
        raise CrsError(message)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
