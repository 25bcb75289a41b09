"""Find the breaks of a numeric layer where its map asks for a method in place of numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.errors import RenderError
from gis.render.fields import kind_of_field

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.catalogue.map_models import MapLayer

# Fisher and Jenks' search grows with the square of the number of values.
_MOST_VALUES = 1000
_DIGITS = 2


def breaks_of(named: MapLayer, frame: gpd.GeoDataFrame, *, where: str) -> tuple[float, ...]:
    """Return the upper bounds of all classes but the last: as told, or by the layer's method.

    ``quantile``: as many features in each class; ``natural``: Fisher and Jenks' classes of
    least spread (Fisher 1958; Jenks 1977), through mapclassify. Both are rounded to two
    digits, so that a person can say them; bounds that fall together are one. Raises
    RenderError naming file and key for a field that is not numeric.
    """
    if named.method is None:
        return named.breaks
    values = _numbers(named, frame, where=where)
    distinct = np.unique(values)
    if len(distinct) < 2:
        return (float(distinct[0]),) if len(distinct) else (1.0,)
    k = min(named.classes, len(distinct))
    found = _quantiles(values, k) if named.method == "quantile" else _natural(values, k)
    kind = kind_of_field(str(named.class_field), frame[named.class_field])
    rounded = sorted({_round(b, kind=kind) for b in found})
    top = float(values.max())
    return tuple(b for b in rounded if b < top) or (rounded[0],)


_WHOLE = ("residents", "count")


def _numbers(named: MapLayer, frame: gpd.GeoDataFrame, *, where: str) -> NDArray[np.float64]:
    """Return the numbers of the field that are drawn; cells of nobody are not."""
    field = str(named.class_field)
    values = pd.to_numeric(frame[field], errors="coerce").to_numpy(dtype=float)
    told = frame[field].notna()
    words = told & np.isnan(values) & ~frame[field].isin(["<10", "*"])
    if bool(words.any()) or (bool(told.any()) and bool(np.isnan(values).all())):
        message = (
            f"{where}.method '{named.method}': '{field}' holds text; allowed: a numeric "
            "class_field, or no method"
        )
        raise RenderError(message)
    values = values[np.isfinite(values)]
    kind = kind_of_field(field, frame[field])
    return np.sort(values[values > 0] if kind in _WHOLE else values)


def _quantiles(values: NDArray[np.float64], k: int) -> list[float]:
    import mapclassify

    return [float(b) for b in mapclassify.Quantiles(values, k=k).bins[:-1]]


def _natural(values: NDArray[np.float64], k: int) -> list[float]:
    import mapclassify

    if len(values) > _MOST_VALUES:
        places = np.linspace(0, len(values) - 1, _MOST_VALUES).round().astype(int)
        values = values[places]
    return [float(b) for b in mapclassify.FisherJenks(values, k=k).bins[:-1]]


def _round(value: float, *, kind: str) -> float:
    """Round to two digits; whole numbers stay whole, and shares become whole per cent."""
    if value == 0:
        return 0.0
    if kind == "share":
        return round(value, 2)
    rounded = round(value, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    return float(round(rounded)) if kind in _WHOLE else rounded
