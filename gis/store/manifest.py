"""Write and read the manifest of a build: what it holds, from whom, and how it was made."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gis
from gis.errors import StoreError
from gis.provenance import LayerSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class LayerRecord:
    """One layer in a build.

    ``frame`` is the GeoParquet file, ``file`` the delivered or cut file that travels
    with it (a timetable, terrain) or None; ``bounds`` in the working CRS, None when
    the layer has no rows.
    """

    kind: str
    frame: str
    file: str | None
    rows: int
    bounds: tuple[float, float, float, float] | None
    source: LayerSource


@dataclass(frozen=True)
class Manifest:
    """A whole build: the study area, its CRS, when and by which version, and its layers."""

    area: str
    epsg: int
    halo_m: int
    created: dt.datetime
    layers: Mapping[str, LayerRecord]
    version: str = gis.__version__

    def write(self, path: Path) -> None:
        """Write as JSON, keys in order."""
        raw = {
            "schema": SCHEMA,
            "version": self.version,
            "area": self.area,
            "epsg": self.epsg,
            "halo_m": self.halo_m,
            "created": self.created.isoformat(timespec="seconds"),
            "layers": {
                name: {
                    "kind": r.kind,
                    "frame": r.frame,
                    "file": r.file,
                    "rows": r.rows,
                    "bounds": r.bounds,
                    "source": r.source.as_dict(),
                }
                for name, r in self.layers.items()
            },
        }
        path.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises StoreError: missing, broken, or of another schema version."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path}: the store has no manifest; run 'arealplan build' again"
        raise StoreError(message) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: the manifest is broken ({error}); run 'arealplan build' again"
        raise StoreError(message) from None
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA:
        message = (
            f"{path}: store of schema {found}, this program reads schema {SCHEMA}; run "
            "'arealplan build' again"
        )
        raise StoreError(message)
    try:
        return _manifest(raw)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path}: the manifest lacks or misstates {error}; run 'arealplan build' again"
        raise StoreError(message) from None


def _manifest(raw: dict[str, Any]) -> Manifest:
    layers = {
        name: LayerRecord(
            kind=r["kind"],
            frame=r["frame"],
            file=r["file"],
            rows=r["rows"],
            bounds=tuple(r["bounds"]) if r["bounds"] else None,
            source=LayerSource.from_dict(r["source"]),
        )
        for name, r in raw["layers"].items()
    }
    return Manifest(
        area=raw["area"],
        epsg=raw["epsg"],
        halo_m=raw["halo_m"],
        created=dt.datetime.fromisoformat(raw["created"]),
        layers=layers,
        version=raw["version"],
    )
