"""Take the usable rows of a file of the user's own: geometries, weights, what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.errors import CrsError, FieldError, GeometryError
from gis.result import LeftOut
from gis.sources.base import Notes
from gis.sources.convert import as_number
from gis.sources.geometry import tidy
from gis.sources.own import OwnFile, column_of
from gis.text import Text, number, t

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

_POINT, _LINE, _POLYGON = "point", "line", "polygon"
_KIND_OF_TYPE = {0: _POINT, 4: _POINT, 1: _LINE, 2: _LINE, 5: _LINE, 3: _POLYGON, 6: _POLYGON}


@dataclass(frozen=True)
class Rows:
    """The usable rows of one file in the CRS asked for, on their row number in the file.

    ``weights`` are 1 where no column is named. ``kind`` is point, line or polygon.
    """

    frame: gpd.GeoDataFrame
    kind: str
    weights: NDArray[np.float64]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def shapes(self) -> NDArray[Any]:
        """The geometries as an array."""
        return np.asarray(self.frame.geometry.to_numpy(), dtype=object)


def usable_rows(
    own: OwnFile,
    crs: CRS,
    *,
    role: str,
    kinds: tuple[str, ...] = (_POINT, _LINE, _POLYGON),
    weight: str | None = None,
) -> Rows:
    """Bring a file into a metric CRS, mend its geometries, and read its weights.

    ``kinds`` are those allowed, one kind in a file; ``role`` is what texts call it. Rows
    without geometry and rows whose weight is missing, negative or infinite are left out
    and counted. Raises FieldError (weight), GeometryError (kinds), CrsError.
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
    return Rows(
        frame=mended_frame[counted],
        kind=kind,
        weights=values[counted],
        left_out=_left_out(role, usable, values, weighted=weight is not None),
        notes=tuple(notes.lines),
    )


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
