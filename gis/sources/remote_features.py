"""Write features that came page by page as one GeoPackage that any reader can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from gis.clockless import clockless
from gis.crs import check_plausible
from gis.errors import SourceError
from gis.sources.names import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gis.catalogue import LayerEntry

MAX_FEATURES = 1_000_000
_NO_VALUE = ("Null", "<Null>", "NULL")
# Names that a GeoPackage keeps for itself.
_TAKEN = ("fid", "geom")


def write_features(
    path: Path, layers: Mapping[str, Sequence[dict[str, Any]]], *, epsg: int, entry: LayerEntry
) -> None:
    """Write GeoJSON features as layers of a GeoPackage, every value as text.

    The catalogue's converters type them later, as they do for any delivered text. A
    layer without features is written with the entry's own field names, so that "none
    here" can be read as the answer it is. Raises SourceError, CrsError.
    """
    with clockless():
        for name, features in layers.items():
            frame = _frame(features, entry, epsg=epsg, source=name)
            how = {"layer": name, "driver": "GPKG", "geometry_type": "Unknown"}
            pyogrio.write_dataframe(frame, path, append=path.exists(), **how)


def _frame(
    features: Sequence[dict[str, Any]], entry: LayerEntry, *, epsg: int, source: str
) -> gpd.GeoDataFrame:
    try:
        geometry = shapely.from_geojson([json.dumps(f.get("geometry")) for f in features])
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        message = f"{source}: a geometry that is no GeoJSON ({str(error)[:120]})"
        raise SourceError(message) from None
    rows = [f.get("properties") or {} for f in features]
    columns = list(dict.fromkeys(k for row in rows for k in row)) or _own_names(entry)
    table = {
        f"{name}_" if name.lower() in _TAKEN else name: pd.Series(
            [as_plain_text(row.get(name)) for row in rows], dtype="str"
        )
        for name in columns
    }
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(geometry), crs=epsg))
    if len(frame) and not frame.geometry.isna().all():
        check_plausible(frame.total_bounds, epsg=epsg, source=source)
    return frame


def _own_names(entry: LayerEntry) -> list[str]:
    names = [m.source[0] for m in entry.fields.values() if m.source[0] != LAYER_NAME]
    return names or ["navn"]


def as_plain_text(value: Any) -> str | None:
    """Return a JSON value as text; null, and the word that stands for it, as None."""
    if value is None or value in _NO_VALUE:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_count(count: int, *, source: str) -> None:
    """Refuse more features than one area can have. Raises SourceError."""
    if count > MAX_FEATURES:
        message = f"{source}: more than {MAX_FEATURES} features; take the publisher's file instead"
        raise SourceError(message)
