"""Tell rows apart by what they hold: a print of the fields, and one of the geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

Print = tuple[int, int]


def row_prints(frame: gpd.GeoDataFrame) -> list[Print]:
    """Return for each row the print of its fields and that of its geometry (64-bit hashes)."""
    fields = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype("string")
    if fields.shape[1]:
        by_fields = pd.util.hash_pandas_object(fields, index=False).tolist()
    else:
        by_fields = [0] * len(frame)
    shapes = pd.Series(shapely.to_wkb(frame.geometry.to_numpy(), hex=True), dtype="string")
    by_shape = pd.util.hash_pandas_object(shapes, index=False).tolist()
    return list(zip(by_fields, by_shape, strict=True))
