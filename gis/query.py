"""Ask the store in SQL, and hand its layers out in one GeoPackage.

The layers a question names are written to a GeoPackage of their own, which SQLite with
SpatiaLite answers from: joins, groups and ``ST_`` functions, on a copy that is gone
afterwards. What leaves is protected as maps are, unless exact numbers are asked for.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from gis.analyses import study_area
from gis.analyses.shown import POPULATION, shown_grid
from gis.check import did_you_mean, listing
from gis.disclosure import is_publishable
from gis.errors import LayerMissingError, ParameterError
from gis.publish import typed
from gis.published import CELL_COUNT, shown_frame
from gis.text import Text, t
from gis.workspace import ALL_NORWAY
from gis.written import write_by_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.provenance import LayerSource
    from gis.store import Store

GEOMETRY = "geometry"
SOURCES = "arealplan_sources"
_WORD = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = ("select", "with")


@dataclass(frozen=True)
class Answered:
    """The rows that came of a question, the layers it was asked of, and what to know of them.

    ``rows`` is a GeoDataFrame where the question selects a geometry.
    """

    sql: str
    rows: pd.DataFrame
    sources: tuple[LayerSource, ...]
    notes: tuple[Text, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; a geometry is GeoJSON in the store's CRS."""
        return {
            "sql": self.sql,
            "columns": [str(c) for c in self.rows.columns],
            "crs": _crs_of(self.rows),
            "rows": _records(self.rows),
            "notes": [n.as_dict() for n in self.notes],
            "sources": [s.as_dict() for s in self.sources],
        }


def ask(store: Store, sql: str, *, exact: bool = False) -> Answered:
    """Answer one SELECT over the layers of a store.

    Tables are the layers' ids, with their fields and ``geometry``. Residents of cells
    are as published (to the nearest 10, empty with a mark below), unless ``exact``.
    Raises ParameterError (no single SELECT, no layer, wrong SQL), LayerMissingError.
    """
    named = _named_layers(store, _checked(sql))
    with tempfile.TemporaryDirectory(prefix="arealplan-") as scratch:
        file = Path(scratch) / "layers.gpkg"
        for layer in named:
            _write_layer(leaving(store, layer, exact=exact), file, layer)
        try:
            rows = pyogrio.read_dataframe(file, sql=sql.rstrip().rstrip(";"))
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            told = str(error).rsplit("): ", maxsplit=1)[-1]
            message = f"SQL: {' '.join(told.split())[:200]}; tables asked: {listing(named)}"
            raise ParameterError(message) from None
    _check_columns(rows)
    protected = not exact and POPULATION in named
    return Answered(
        sql=sql,
        rows=rows,
        sources=tuple(store.source(x) for x in named),
        notes=(t("query.protected"),) if protected else (),
    )


def leaving(store: Store, layer: str, *, exact: bool) -> gpd.GeoDataFrame:
    """Return a layer as it may leave the house; with ``exact`` as it is.

    Cells have residents as published. Another layer that counts one to nine residents
    in a row does not leave at all, since its sums are not known here.
    """
    frame = store.frame(layer)
    if exact or CELL_COUNT not in frame.columns:
        return frame
    if layer == POPULATION:
        return _cells(store)
    if not frame[CELL_COUNT].dropna().map(is_publishable).all():
        message = (
            f"layer '{layer}' counts fewer than 10 residents in some rows; ask for it with --exact "
            "into a file of your own, or use the analysis that protects it"
        )
        raise ParameterError(message)
    return frame


def _cells(store: Store) -> gpd.GeoDataFrame:
    """Return the grid as published: beside the sums of units, or cell by cell for all Norway."""
    manifest = store.manifest
    if manifest.area == ALL_NORWAY:
        return shown_frame(store.frame(POPULATION))
    study = study_area(store, number=manifest.area, halo_m=manifest.halo_m, epsg=manifest.epsg)
    return shown_grid(study)


def export(
    store: Store, path: Path, *, layers: Sequence[str] = (), exact: bool = False
) -> tuple[list[str], dict[str, str]]:
    """Write layers (default: all) to one GeoPackage, with a table of their sources.

    Returns the layers that are in it, and by name why another is not: asked for by
    name, such a layer is an error. Raises ParameterError, LayerMissingError, SourceError.
    """
    frames: dict[str, gpd.GeoDataFrame] = {}
    left_out: dict[str, str] = {}
    for layer in layers or store.layers:
        try:
            frames[layer] = leaving(store, layer, exact=exact)
        except ParameterError as problem:
            if layers:
                raise
            left_out[layer] = str(problem)

    def write(file: Path) -> None:
        for name, frame in frames.items():
            _write_layer(frame, file, name)
        sources = pd.DataFrame([_flat(store.source(x).as_dict()) for x in frames])
        pyogrio.write_dataframe(sources, file, layer=SOURCES, driver="GPKG", append=True)

    write_by_suffix(path, {".gpkg": write})
    return list(frames), left_out


def write_rows(answered: Answered, path: Path) -> None:
    """Write the rows by suffix: .csv, .json, .parquet, .gpkg (the last two with geometry).

    Raises ParameterError, LayerMissingError (no geometry), SourceError.
    """
    write_by_suffix(
        path,
        {
            ".csv": lambda p: _table(answered.rows).to_csv(p, index=False, encoding="utf-8"),
            ".json": lambda p: _table(answered.rows).to_json(
                p, orient="records", force_ascii=False, date_format="iso"
            ),
            ".parquet": lambda p: _placed(answered.rows, p).to_parquet(
                p, index=False, schema_version="1.1.0"
            ),
            ".gpkg": lambda p: _write_layer(_placed(answered.rows, p), p, "query"),
        },
    )


def _checked(sql: str) -> str:
    """Return the bare words of a single SELECT. Raises ParameterError."""
    bare = _QUOTED.sub("''", _COMMENT.sub(" ", sql)).strip().rstrip(";").strip()
    first = _WORD.match(bare)
    if first is None or first.group().lower() not in _READS or ";" in bare:
        given = " ".join(sql.split())[:60]
        message = f"'{given}' given; allowed: one question that begins with SELECT or WITH"
        raise ParameterError(message)
    return bare


def _named_layers(store: Store, bare: str) -> list[str]:
    """Return the layers whose ids stand in the question, in the store's order."""
    words = {w.lower() for w in _WORD.findall(bare)}
    named = [x for x in store.layers if x in words]
    if not named:
        table = re.search(r"\bfrom\s+\"?([a-z0-9_]+)", bare, re.IGNORECASE)
        hint = did_you_mean(table.group(1), store.layers) if table else ""
        message = f"the question names no layer{hint}; there are: {listing(store.layers)}"
        raise LayerMissingError(message)
    return named


def _write_layer(frame: gpd.GeoDataFrame, file: Path, layer: str) -> None:
    """Add a layer to a GeoPackage; one without any geometry becomes a plain table."""
    made: pd.DataFrame = typed(frame)
    if frame.geometry.isna().all() and len(frame):
        made = pd.DataFrame(made.drop(columns=frame.geometry.name))
        pyogrio.write_dataframe(made, file, layer=layer, driver="GPKG", append=file.exists())
        return
    made = made.rename_geometry(GEOMETRY) if frame.geometry.name != GEOMETRY else made
    pyogrio.write_dataframe(
        made,
        file,
        layer=layer,
        driver="GPKG",
        append=file.exists(),
        layer_options={"GEOMETRY_NAME": GEOMETRY},
    )


def _check_columns(rows: pd.DataFrame) -> None:
    for name in rows.columns:
        if name != GEOMETRY and rows[name].map(lambda v: isinstance(v, bytes)).any():
            message = f"SQL: column '{name}' is a second geometry; allowed: one, or its ST_AsText"
            raise ParameterError(message)


def _placed(rows: pd.DataFrame, path: Path) -> gpd.GeoDataFrame:
    if not isinstance(rows, gpd.GeoDataFrame):
        message = f"{path.name}: the question selects no geometry; select it, or write .csv"
        raise LayerMissingError(message)
    return rows


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a geometry written as text (WKT)."""
    if not isinstance(rows, gpd.GeoDataFrame):
        return rows
    return pd.DataFrame(rows).assign(**{GEOMETRY: rows.geometry.to_wkt()})


def _crs_of(rows: pd.DataFrame) -> str | None:
    code = rows.crs.to_epsg() if isinstance(rows, gpd.GeoDataFrame) and rows.crs else None
    return f"EPSG:{code}" if code else None


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in r.items()} for r in rows.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, shapely.Geometry):
        return shapely.geometry.mapping(value)
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Write the lists of a source as text, which a table can hold."""
    return {
        k: "; ".join(map(str, v)) if isinstance(v, list | tuple) else v for k, v in record.items()
    }
