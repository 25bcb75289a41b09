"""Hold one tool's answer with its definition and origin, and write it to a file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

import gis
from gis.crs import LONLAT_EPSG
from gis.written import write_by_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from gis.result import Definition, LeftOut

DISCLOSURE = "none: your own files"


@dataclass(frozen=True)
class FileSource:
    """One file behind an answer: its part in the question, its checksum, rows and CRS."""

    role: str
    file: str
    layer: str | None
    sha256: str
    rows: int | None
    crs: str | None


@dataclass(frozen=True)
class Answer:
    """One tool's answer.

    ``unit`` tells what ``value`` is; for a share, ``value`` is numerator divided by
    denominator, None where the denominator is 0. ``details`` are the counts by class,
    stop or zone, in plain JSON types. ``crs`` is what distances and areas were worked
    out in. ``frame`` is the layer behind the number.
    """

    tool: str
    value: float | None
    unit: str
    numerator: float | None
    denominator: float | None
    counted: str
    definition: Definition
    files: tuple[FileSource, ...]
    frame: gpd.GeoDataFrame
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    crs: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer, its frame left out, as plain JSON types."""
        return {
            "tool": self.tool,
            "value": plain(self.value),
            "unit": self.unit,
            "numerator": plain(self.numerator),
            "denominator": plain(self.denominator),
            "counted": self.counted,
            "definition": self.definition.as_dict(),
            "crs": self.crs,
            **self.details,
            "left_out": [x.as_dict() for x in self.left_out],
            "notes": list(self.notes),
            "disclosure": DISCLOSURE,
            "provenance": {
                "files": [asdict(f) for f in self.files],
                "version": gis.__version__,
            },
        }


def plain(value: Any) -> Any:
    """Return a number that JSON holds exactly: whole floats as integers, NaN as None."""
    if value is None:
        return None
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, float):
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return number


def share(numerator: float, denominator: float) -> float | None:
    """Return numerator / denominator, None where there is nothing to divide by."""
    return numerator / denominator if denominator else None


def write_answer(answer: Answer, path: Path) -> None:
    """Write the answer in the form its suffix names; an earlier file stays until the new is whole.

    .json the answer without geometry; .csv, .gpkg, .geojson (longitude and latitude,
    RFC 7946) and .parquet the layer behind it. Raises ParameterError, SourceError.
    """
    write_by_suffix(
        path,
        {
            ".json": lambda p: _write_json(answer, p),
            ".csv": lambda p: _table(answer).to_csv(p, index=False, encoding="utf-8"),
            ".gpkg": lambda p: _flat(answer).to_file(p, layer=answer.tool, driver="GPKG"),
            ".geojson": lambda p: (
                _flat(answer).to_crs(LONLAT_EPSG).to_file(p, driver="GeoJSON", RFC7946="YES")
            ),
            ".parquet": lambda p: _flat(answer).to_parquet(p, schema_version="1.1.0"),
        },
    )


def _write_json(answer: Answer, path: Path) -> None:
    text = json.dumps(answer.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _flat(answer: Answer) -> gpd.GeoDataFrame:
    """Return the frame with columns that every format holds; ``fid`` is GeoPackage's own."""
    frame = answer.frame
    names = {c: f"{c}_file" for c in frame.columns if str(c).casefold() == "fid"}
    frame = frame.rename(columns=names)
    mixed = [c for c in frame.columns if frame[c].dtype == object and c != frame.geometry.name]
    return frame.assign(**{c: frame[c].map(_written, na_action="ignore") for c in mixed})


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(answer: Answer) -> pd.DataFrame:
    """Return the rows without geometry; points keep their coordinates, in the answer's CRS."""
    frame = _flat(answer)
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    points = frame.geometry.geom_type.isin(["Point"]).all()
    if points and not frame.crs.is_geographic:
        table = table.assign(arealplan_x=frame.geometry.x, arealplan_y=frame.geometry.y)
    return table
