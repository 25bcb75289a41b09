"""Write files as the publishers pack them: odd GeoJSON, zipped geodatabases, fixed dates."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gis.clockless import clockless
from gis.demo.grid import EPSG

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

_FIXED_DATE = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """A line of workspace.toml: layer id, file beside ``data``, status date, layer in the file."""

    layer_id: str
    path: str
    date: dt.date
    layer: str | None = None


@dataclass(frozen=True)
class Table:
    """A layer to write: name, geometries and attribute columns of the same length."""

    name: str
    geometry: Sequence[Any]
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def frame(self) -> gpd.GeoDataFrame:
        """Return the layer as a frame in EPSG:25833, coordinates in whole centimetres."""
        shapes = np.array(list(self.geometry), dtype=object)
        data = {name: _column(values) for name, values in self.columns.items()}
        return gpd.GeoDataFrame(data, geometry=shapes, crs=EPSG)


def _column(values: Sequence[Any]) -> pd.Series:
    """Return a column; whole numbers as 32 bits, which every format can hold."""
    column = pd.Series(list(values) if not isinstance(values, pd.api.extensions.ExtensionArray)
                       else values)  # fmt: skip
    return column.astype(np.int32) if column.dtype == np.int64 else column


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a zip with fixed dates, so that the same content gives the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


def feature_collection(
    geometry: Sequence[Any], properties: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a GeoJSON collection in EPSG:25833 as Geonorge writes it, with a crs member."""
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": f"EPSG:{EPSG}"}},
        "features": [
            {
                "type": "Feature",
                "geometry": json.loads(shapely.to_geojson(shapely.transform(shape, _cm))),
                "properties": dict(values),
            }
            for shape, values in zip(geometry, properties, strict=True)
        ],
    }


def _cm(coordinates: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(coordinates, 2))


def json_bytes(content: Any) -> bytes:
    """Return JSON as UTF-8 without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def write_gdb_zip(path: Path, tables: Sequence[Table], *, folder: str) -> None:
    """Write layers to a file geodatabase of the given folder name and zip it."""
    with tempfile.TemporaryDirectory() as scratch:
        gdb = Path(scratch) / folder
        with clockless():
            for table in tables:
                _write(table, gdb, driver="OpenFileGDB")
        members = {
            f"{folder}/{one.name}": one.read_bytes()
            for one in sorted(gdb.iterdir())
            if one.is_file()
        }
    write_zip(path, members)


def write_gpkg(path: Path, tables: Sequence[Table]) -> None:
    """Write layers to a GeoPackage, replacing one that is there."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / path.name
        with clockless():
            for table in tables:
                _write(table, made, driver="GPKG")
        shutil.move(made, path)


def _write(table: Table, path: Path, *, driver: str) -> None:
    frame = table.frame()
    kinds = set(frame.geometry.geom_type)
    kind = next(iter(kinds)) if len(kinds) == 1 else "MultiPolygon"
    if kind in ("Polygon", "LineString"):
        kind = f"Multi{kind}"
    pyogrio.write_dataframe(
        frame,
        path,
        layer=table.name,
        driver=driver,
        geometry_type=kind,
        promote_to_multi=kind.startswith("Multi"),
        append=path.exists(),
    )


def csv_bytes(
    header: Sequence[str], rows: Sequence[Sequence[Any]], *, bom: bool, newline: str
) -> bytes:
    """Return an unquoted semicolon table as UTF-8 bytes."""
    lines = [";".join(header), *(";".join(map(str, row)) for row in rows)]
    text = newline.join(lines) + newline
    return text.encode("utf-8-sig" if bom else "utf-8")
