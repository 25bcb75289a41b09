"""Count a weight of the user's own: a file's rows, or a column of them, by grid cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from gis.analyses.residents import Cells, Counted, cells_of, ids_at, whose
from gis.disclosure import OWN_WEIGHT
from gis.errors import GeometryError
from gis.provenance import LayerSource
from gis.result import LeftOut
from gis.sources.own import OwnFile, check_stated, read_own
from gis.sources.own_rows import usable_rows
from gis.text import Text, number, t

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.analyses.study import Study

OWN: Final = "own"


@dataclass(frozen=True)
class OwnFileAsked:
    """Which file, and which column of it, is the weight; ``xy`` and ``epsg`` for tables."""

    path: Path
    field: str | None = None
    layer: str | None = None
    xy: tuple[str, str] | None = None
    epsg: int | None = None


def own_cells(study: Study, asked: OwnFileAsked) -> Cells:
    """Sum a weight of the user's own by grid cell of 250 m, as residents are delivered.

    Points and polygons, each polygon at a point inside it. What lies in the municipality
    counts, a border belonging to the municipality of the lowest number. It may be persons,
    so it starts from its cell and never from its own point: a map of how far each cell has
    would otherwise tell where somebody lives. Raises SourceError, FieldError, CrsError,
    and GeometryError where nothing lies in the municipality.
    """
    own = read_own(asked.path, layer=asked.layer, xy=asked.xy, epsg=asked.epsg)
    check_stated([own])
    rows = usable_rows(
        own,
        study.crs,
        role="weights",
        kinds=("point", "polygon"),
        weight=asked.field,
    )
    points = shapely.point_on_surface(rows.shapes)
    x, y = shapely.get_x(points), shapely.get_y(points)
    inside, _ = whose(study, x, y)
    if not inside.any():
        message = f"{own.label}: none of its {len(x)} rows lies in {study.area.name}"
        raise GeometryError(message)
    ids, weight = _by_cell(study, x[inside], y[inside], rows.weights[inside])
    name = f"{OWN}:{own.sha256}:{asked.field}:{asked.layer}"
    return replace(
        cells_of(study, ids, weight, layer=name, counted=OWN_WEIGHT),
        left_out=(*rows.left_out, *_elsewhere(rows.weights[~inside])),
        own=Counted(_source(own, asked.field, notes=rows.notes), asked.field),
    )


def own_text(file: str, field: str | None) -> Text:
    """Word what is counted of a file: its rows, or a column of them."""
    return t(
        "access.own_rows" if field is None else "access.own_column", file=file, column=field or ""
    )


def _by_cell(
    study: Study,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    ids, cell = np.unique(ids_at(study, x, y), return_inverse=True)
    return ids, np.bincount(cell, weights=weight, minlength=len(ids))


def _elsewhere(weight: NDArray[np.float64]) -> tuple[LeftOut, ...]:
    """Count the rows outside the municipality; how much they weigh is nobody's question."""
    if not len(weight):
        return ()
    text = t("left_out.own_outside", count=number(len(weight)))
    return (LeftOut("own_outside", text, len(weight), "rows"),)


def _source(own: OwnFile, field: str | None, *, notes: tuple[str, ...]) -> LayerSource:
    name = own_text(own.path.name, field)
    return LayerSource(
        layer=OWN_WEIGHT,
        title_nb=name.nb,
        title_en=name.en,
        owner=t("access.own_owner").nb,
        licence="",
        file=own.path.name,
        sha256=own.sha256,
        date=None,
        retrieved=None,
        rows=len(own.frame),
        notes=notes,
    )
