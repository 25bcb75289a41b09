"""Read a plan: areas with dwellings or workplaces, stops, paths and areas to be cleared.

A plan is any vector file: of polygons alone it is an area to screen; with a few fields it
says what is planned. Names are compared as those of the layers are (case, æ/ø/å).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from gis.check import listing
from gis.errors import FieldError, GeometryError
from gis.sources.names import find_field, fold
from gis.sources.own import read_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

Kind = Literal["area", "removal", "stop", "path"]

# A drawn plan has hundreds of corners; more are a file of another thing, and slow to overlay.
MAX_VERTICES = 20_000
MAX_FEATURES = 5_000
# More homes, people or jobs than any plan has are a slip of the keyboard.
MAX_NUMBER = 1e6
UNNAMED = "plan"
# Field of a plan -> accepted names.
FIELDS = {
    "scenario": ("scenario", "alternativ", "plan"),
    "kind": ("kind", "type", "slag"),
    "name": ("name", "navn", "feltnavn", "områdenavn"),
    "dwellings": ("dwellings", "boliger", "antallBoliger"),
    "residents": ("residents", "innbyggere"),
    "workplaces": ("workplaces", "arbeidsplasser"),
    "per_hour": ("per_hour", "avgangerPerTime", "departures_per_hour"),
    "mode": ("mode", "transportmiddel"),
}
_KINDS: dict[str, Kind] = {
    "area": "area",
    "omrade": "area",
    "utbygging": "area",
    "removal": "removal",
    "fjernes": "removal",
    "riving": "removal",
    "stop": "stop",
    "holdeplass": "stop",
    "path": "path",
    "sti": "path",
    "gangvei": "path",
}
_MODES = {"buss": "bus", "bane": "metro", "tbane": "metro", "trikk": "tram", "tog": "rail"}
_MODES |= {m: m for m in ("bus", "metro", "tram", "rail", "water")}
_POLYGONS, _LINES, _POINTS = (3, 6), (1, 5), (0, 4)


@dataclass(frozen=True)
class Planned:
    """One thing that is planned, in the working CRS.

    ``kind`` area: built as drawn, with ``dwellings``, ``residents`` and ``workplaces`` (NaN
    where not given); removal: built-up land that is cleared; stop: ``per_hour`` departures
    of ``mode``; path: for walking and cycling.
    """

    scenario: str
    kind: Kind
    name: str
    shape: Any
    dwellings: float = np.nan
    residents: float = np.nan
    workplaces: float = np.nan
    per_hour: float = np.nan
    mode: str = "bus"


@dataclass(frozen=True)
class Plan:
    """Everything that a file plans. ``unknown`` are its fields that mean nothing here."""

    label: str
    sha256: str
    features: tuple[Planned, ...]
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the plans, in the order they come."""
        return tuple(dict.fromkeys(f.scenario for f in self.features))

    def of(self, *kinds: Kind, scenario: str | None = None) -> tuple[Planned, ...]:
        """Return the features of some kinds, of one plan where it is named."""
        return tuple(f for f in self.features if f.kind in kinds and scenario in (None, f.scenario))


def read_plan(path: Path, *, epsg: int) -> Plan:
    """Read a plan from a vector file, moved to the working CRS ``epsg``.

    Without a field ``kind``, polygons are areas, points stops and lines paths. Raises
    SourceError (no file, no rows), CrsError (none stated), GeometryError (empty, too many
    corners, a kind that its geometry cannot be), FieldError (a number below 0, an unknown
    kind).
    """
    own = read_own(path)
    frame = own.frame.to_crs(epsg)
    return plan_of(frame, label=path.name, sha256=own.sha256, notes=own.notes)


def plan_of(
    frame: gpd.GeoDataFrame, *, label: str, sha256: str, notes: tuple[str, ...] = ()
) -> Plan:
    """Take the rows of a frame as a plan; see ``read_plan``."""
    if len(frame) > MAX_FEATURES:
        message = f"{label}: {len(frame)} features; allowed: up to {MAX_FEATURES} in a plan"
        raise GeometryError(message)
    shapes = frame.geometry.to_numpy()
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    corners = int(shapely.get_num_coordinates(shapes[there]).sum())
    if corners > MAX_VERTICES:
        message = f"{label}: {corners} corners; allowed: up to {MAX_VERTICES}; simplify the plan"
        raise GeometryError(message)
    if not there.any():
        message = f"{label}: no feature has a geometry"
        raise GeometryError(message)
    columns = [str(c) for c in frame.columns if c != frame.geometry.name]
    found = {k: find_field(v, columns, source=label) for k, v in FIELDS.items()}
    values = {k: _values(frame, found[k], key=k, label=label) for k in FIELDS}
    mended = [*notes]
    features = []
    for i in np.flatnonzero(there):
        row = {k: v[i] for k, v in values.items()}
        shape = _flat(shapes[i], mended, label=label)
        features.append(_planned(row, shape, label=label, place=int(i)))
    empty = int((~there).sum())
    return Plan(
        label=label,
        sha256=sha256,
        features=tuple(features),
        unknown=tuple(c for c in columns if c not in found.values()),
        notes=(*mended, *([f"{empty} features without geometry"] if empty else [])),
    )


def _values(frame: gpd.GeoDataFrame, name: str | None, *, key: str, label: str) -> list[Any]:
    if name is None:
        return [None] * len(frame)
    column = frame[name]
    if key in ("scenario", "kind", "name", "mode"):
        return [None if pd.isna(v) else str(v).strip() for v in column]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(numbers) & column.notna().to_numpy()
    wrong |= (numbers < 0) | (numbers > MAX_NUMBER)
    if wrong.any():
        i = int(np.argmax(wrong))
        message = (
            f"{label}: field '{name}' of feature {i} is '{column.iloc[i]}'; allowed: 0 to "
            f"{MAX_NUMBER:.0f}"
        )
        raise FieldError(message)
    return [float(v) for v in numbers]


def _flat(shape: Any, mended: list[str], *, label: str) -> Any:
    """Drop heights, and make valid what is not."""
    flat = shapely.force_2d(shape)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        message = f"{label}: a coordinate is no number"
        raise GeometryError(message)
    if shapely.is_valid(flat):
        return flat
    mended.append(f"made valid: {shapely.is_valid_reason(flat)}")
    return shapely.make_valid(flat, method="structure", keep_collapsed=False)


def _planned(row: dict[str, Any], shape: Any, *, label: str, place: int) -> Planned:
    kind = _kind(row["kind"], shape, label=label, place=place)
    mode = _MODES.get(fold(row["mode"] or "bus"))
    if mode is None:
        message = f"{label}: feature {place} has mode '{row['mode']}'; allowed: {listing(_MODES)}"
        raise FieldError(message)
    numbers = {
        k: np.nan if row[k] is None else row[k]
        for k in ("dwellings", "residents", "workplaces", "per_hour")
    }
    return Planned(
        scenario=row["scenario"] or UNNAMED,
        kind=kind,
        name=row["name"] or f"{kind} {place + 1}",
        shape=shape,
        mode=mode,
        **numbers,
    )


def _kind(said: str | None, shape: Any, *, label: str, place: int) -> Kind:
    """Settle what a feature is, by its field or its geometry. Raises FieldError, GeometryError."""
    form = shapely.get_type_id(shape)
    by_shape: tuple[Kind, ...] = ()
    if form in _POLYGONS:
        by_shape = ("area", "removal")
    elif form in _LINES:
        by_shape = ("path",)
    elif form in _POINTS:
        by_shape = ("stop",)
    if not by_shape:
        message = (
            f"{label}: feature {place} is a {shape.geom_type}; allowed: polygons (areas), points "
            "(stops), lines (paths)"
        )
        raise GeometryError(message)
    asked = _KINDS.get(fold(said)) if said else by_shape[0]
    if asked is None:
        # A field 'type' of the user's own says something else; its geometry is enough.
        return by_shape[0]
    if asked not in by_shape:
        message = f"{label}: feature {place} is a {asked} drawn as {shape.geom_type}"
        raise GeometryError(message)
    return asked


def joined_plans(plans: Sequence[Plan]) -> Plan:
    """Join the plans of several files; those that do not name a scenario take the file's name."""
    features = [
        replace(f, scenario=Path(p.label).stem if f.scenario == UNNAMED else f.scenario)
        for p in plans
        for f in p.features
    ]
    digest = hashlib.sha256(" ".join(p.sha256 for p in plans).encode()).hexdigest()
    return Plan(
        label=", ".join(p.label for p in plans),
        sha256=plans[0].sha256 if len(plans) == 1 else digest,
        features=tuple(features),
        unknown=tuple(dict.fromkeys(u for p in plans for u in p.unknown)),
        notes=tuple(n for p in plans for n in p.notes),
    )


def joined_area(features: Iterable[Planned], *, label: str) -> Any:
    """Return the union of the areas of a plan. Raises GeometryError where there is none."""
    shapes = [f.shape for f in features if f.kind in ("area", "removal")]
    area = shapely.union_all(shapes) if shapes else shapely.Polygon()
    if not shapely.area(area) > 0:
        message = f"{label}: no polygon with an area; a plan to screen is drawn as polygons"
        raise GeometryError(message)
    return area
