"""Read the user's own files for a tool: one metric CRS, tidy geometries, weights, what is left out.

The metric CRS is EPSG:25833 where all the data lie in Norway, else the UTM zone of
their centre; another can be asked for. Rows without geometry or weight are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from gis.crs import LONLAT_EPSG, WORKING_EPSG, check_plausible
from gis.errors import CrsError
from gis.sources.own import OwnFile, read_own, system_of
from gis.sources.own_rows import Rows, usable_rows
from gis.tools.answer import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.sources.base import Bounds

# Beyond this many degrees of longitude a single UTM zone stretches distances too far.
_WIDEST_DEGREES = 12.0


@dataclass(frozen=True)
class Given:
    """A file as the user names it; ``xy`` and ``epsg`` for tables and files without a CRS."""

    path: Path
    layer: str | None = None
    xy: tuple[str, str] | None = None
    epsg: int | None = None

    def read(self) -> OwnFile:
        """Read it whole. Raises SourceError, FieldError, CrsError."""
        return read_own(self.path, layer=self.layer, xy=self.xy, epsg=self.epsg)


@dataclass(frozen=True)
class Loaded(Rows):
    """The usable rows of one file in the metric CRS, with what an answer says of the file."""

    source: FileSource


def metric_crs(files: Sequence[OwnFile], epsg: int | None = None) -> CRS:
    """Choose the CRS that distances and areas are worked out in.

    ``epsg``: the user's own choice, projected and in metres. Raises CrsError, also
    for data too wide for one UTM zone or too far apart (swapped axes look so).
    """
    if epsg is not None:
        asked = system_of(epsg, source="--metric-crs")
        if not asked.is_projected or asked.axis_info[0].unit_conversion_factor != 1.0:
            message = f"--metric-crs {epsg} ({asked.name}); allowed: a projected CRS in metres"
            raise CrsError(message)
        return asked
    boxes = [_lonlat_box(f) for f in files]
    west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
    if _in_norway((west, south, east, north)):
        return CRS.from_epsg(WORKING_EPSG)
    if east - west > _WIDEST_DEGREES:
        spans = "; ".join(
            f"{f.label} {b[0]:.2f} {b[1]:.2f} .. {b[2]:.2f} {b[3]:.2f}"
            for f, b in zip(files, boxes, strict=True)
        )
        message = (
            f"the data span {east - west:.1f} degrees of longitude ({spans}), too wide for one "
            f"UTM zone; allowed: {_WIDEST_DEGREES:.0f}; check the CRS and the order of the axes, "
            "or name a projected one with --metric-crs"
        )
        raise CrsError(message)
    centre = gpd.GeoSeries.from_xy([(west + east) / 2], [(south + north) / 2], crs=LONLAT_EPSG)
    try:
        return CRS(centre.estimate_utm_crs())
    except RuntimeError:
        message = f"no UTM zone at {(south + north) / 2:.1f} degrees; name one with --metric-crs"
        raise CrsError(message) from None


def load(
    own: OwnFile,
    crs: CRS,
    *,
    role: str,
    kinds: tuple[str, ...] = ("point", "line", "polygon"),
    weight: str | None = None,
) -> Loaded:
    """Bring a file into the metric CRS with its weights; see ``usable_rows``."""
    rows = usable_rows(own, crs, role=role, kinds=kinds, weight=weight)
    return Loaded(
        rows.frame, rows.kind, rows.weights, rows.left_out, rows.notes, source_of(own, role)
    )


def source_of(own: OwnFile, role: str) -> FileSource:
    """Return what an answer says of a file."""
    system = own.frame.crs
    code = system.to_epsg()
    crs = f"EPSG:{code}" if code else system.name
    return FileSource(role, own.path.name, own.layer, own.sha256, len(own.frame), crs)


def name_of(crs: CRS) -> str:
    """Return how an answer names a CRS: its EPSG code where it has one, and its name."""
    code = crs.to_epsg()
    return f"EPSG:{code} {crs.name}" if code else str(crs.name)


def count_unit(weight: str | None) -> str:
    """Return what is counted: rows, or the weight column by name."""
    return "rows" if weight is None else weight


def _lonlat_box(own: OwnFile) -> Bounds:
    """Return where a file's rows lie in degrees, by the corners of each row.

    A box in metres around all of a long country reaches far beyond it in degrees.
    """
    crs = own.frame.crs
    boxes = shapely.bounds(own.frame.geometry.to_numpy())
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    to_degrees = Transformer.from_crs(crs, LONLAT_EPSG, always_xy=True)
    lon, lat = to_degrees.transform(boxes[:, [0, 0, 2, 2]].ravel(), boxes[:, [1, 3, 1, 3]].ravel())
    box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    if not np.isfinite(box).all():
        message = f"{own.label}: coordinates that have no place on earth in {crs.name}"
        raise CrsError(message)
    return box


def _in_norway(box: Bounds) -> bool:
    try:
        check_plausible(box, epsg=LONLAT_EPSG, source="")
    except CrsError:
        return False
    return True
