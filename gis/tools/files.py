"""Read the user's own files for a tool: one metric CRS, tidy geometries, weights, what is left out.

The metric CRS is EPSG:25833 where all the data lie in Norway, else the UTM zone of
their centre; another can be asked for. Rows without geometry or weight are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from gis.crs import LONLAT_EPSG, WORKING_EPSG, check_plausible
from gis.errors import CrsError, FieldError, GeometryError
from gis.result import LeftOut
from gis.sources.base import Bounds, Notes
from gis.sources.convert import as_number
from gis.sources.geometry import tidy
from gis.sources.own import OwnFile, column_of, read_own, system_of
from gis.text import Text, number, t
from gis.tools.answer import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

# Beyond this many degrees of longitude a single UTM zone stretches distances too far.
_WIDEST_DEGREES = 12.0
_POINT, _LINE, _POLYGON = "point", "line", "polygon"
_KIND_OF_TYPE = {0: _POINT, 4: _POINT, 1: _LINE, 2: _LINE, 5: _LINE, 3: _POLYGON, 6: _POLYGON}


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
class Loaded:
    """The usable rows of one file in the metric CRS, on their row number in the file.

    ``weights`` are 1 where no column is named. ``kind`` is point, line or polygon.
    """

    frame: gpd.GeoDataFrame
    kind: str
    weights: NDArray[np.float64]
    source: FileSource
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def shapes(self) -> NDArray[Any]:
        """The geometries as an array."""
        return np.asarray(self.frame.geometry.to_numpy(), dtype=object)


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
    kinds: tuple[str, ...] = (_POINT, _LINE, _POLYGON),
    weight: str | None = None,
) -> Loaded:
    """Bring a file into the metric CRS, mend its geometries, and read its weights.

    ``kinds`` are those allowed, one kind in a file. Rows without geometry and rows
    whose weight is missing, negative or infinite are left out and counted. Raises
    FieldError (weight), GeometryError (kinds), CrsError.
    """
    notes = Notes(list(own.notes))
    raw = np.asarray(own.frame.geometry.to_numpy(), dtype=object)
    kind = _kind_of(raw, kinds, own.label)
    moved = own.frame if own.frame.crs == crs else own.frame.to_crs(crs)
    placed = np.asarray(moved.geometry.to_numpy(), dtype=object)
    _check_finite(placed, own.label, crs)
    shapes, usable, mended = tidy(placed, kind=kind, source=own.label, notes=Notes())
    _note_changes(raw, mended, kind, notes=notes)
    values = _weights(own.frame, weight, own.label)
    counted = usable & np.isfinite(values) & (values >= 0)
    mended_frame = moved.set_geometry(gpd.GeoSeries(shapes, index=moved.index, crs=crs))
    return Loaded(
        frame=mended_frame[counted],
        kind=kind,
        weights=values[counted],
        source=source_of(own, role),
        left_out=_left_out(role, usable, values, weighted=weight is not None),
        notes=tuple(notes.lines),
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


def _kind_of(shapes: NDArray[Any], kinds: tuple[str, ...], label: str) -> str:
    """Return the one kind of a file's geometries; collections follow the others."""
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not there.size:
        message = f"{label}: no row has a geometry"
        raise GeometryError(message)
    types = np.unique(shapely.get_type_id(there))
    found = sorted({_KIND_OF_TYPE[i] for i in types.tolist() if i in _KIND_OF_TYPE})
    if not found:
        found = [_POLYGON]
    if len(found) > 1 or found[0] not in kinds:
        message = (
            f"{label}: geometries of kind {', '.join(found)}; allowed: "
            f"{' or '.join(kinds)}, one kind in a file"
        )
        raise GeometryError(message)
    return found[0]


def _check_finite(shapes: NDArray[Any], label: str, crs: CRS) -> None:
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not np.isfinite(shapely.bounds(there)).all():
        message = f"{label}: coordinates that have no place in {crs.name}"
        raise CrsError(message)


def _note_changes(raw: NDArray[Any], mended: int, kind: str, *, notes: Notes) -> None:
    notes.count(mended, "invalid geometries made valid")
    if kind == _POINT:
        several = int((shapely.get_num_geometries(raw) > 1).sum())
        notes.count(several, "rows with several points: the first is used")


def _weights(frame: pd.DataFrame, column: str | None, label: str) -> NDArray[np.float64]:
    if column is None:
        return np.ones(len(frame))
    name = column_of(frame, column, source=label)
    weights = as_number(frame[name], source=f"{label}: weight column '{name}'").to_numpy()
    if not np.isfinite(weights).any():
        message = f"{label}: weight column '{name}' holds no number in any of {len(frame)} rows"
        raise FieldError(message)
    return np.asarray(weights)


def _left_out(
    role: str, usable: NDArray[np.bool_], values: NDArray[np.float64], *, weighted: bool
) -> tuple[LeftOut, ...]:
    """Count each row left out once: first for its geometry, then for its weight."""
    lost = values[~usable]
    carried = float(lost[np.isfinite(lost) & (lost > 0)].sum())
    missing = usable & ~np.isfinite(values)
    negative = usable & np.isfinite(values) & (values < 0)
    counts = (
        (f"{role}_without_geometry", int((~usable).sum()), "tools.no_geometry"),
        (f"{role}_without_weight", int(missing.sum()), "tools.no_weight"),
        (f"{role}_with_negative_weight", int(negative.sum()), "tools.negative_weight"),
    )
    found = []
    for reason, n, key in counts:
        if n:
            text = t(key, role=t(f"tools.{role}"))
            if weighted and key == "tools.no_geometry":
                extra = t("tools.weight_lost", weight=number(carried, decimals=_decimals(carried)))
                text = Text(nb=f"{text.nb} {extra.nb}", en=f"{text.en} {extra.en}")
            found.append(LeftOut(reason, text, n, "rows"))
    return tuple(found)


def _decimals(value: float) -> int:
    return 0 if value.is_integer() else 2
