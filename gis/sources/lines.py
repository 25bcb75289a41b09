"""Read the walking or cycling network of any line file: NVDB, Elveg, N50, GeoPackage.

Lines meet at their ends, whatever level these are on (a bridge ends on the ground), and
at vertices in the middle of lines where the level is the same. An end that touches the
middle of a line of its own level, with no vertex there, meets it too. Lines that merely
cross are not joined: a file that is not noded at its crossings says so in a note.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.crs import LONLAT_EPSG
from gis.errors import GeometryError
from gis.kernels.network import Ways
from gis.sources.base import Notes
from gis.sources.convert import as_text
from gis.sources.geometry import tidy
from gis.sources.line_nodes import Drawn, node_keys
from gis.sources.line_rules import RULES, Scheme, Verdict, decide, scheme_of, used_fields
from gis.sources.network import NetworkFile

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.sources.osm_rules import Footways, Mode
    from gis.sources.own import OwnFile

_DETAIL = ("detaljnivå", "detaljniva")
# NVDB draws a street as one line or as its carriageways; taking both would double it.
_CARRIAGEWAYS = {"kjørebane", "kb", "vegtrase og kjørebane", "vtkb", "vt/kb"}
_DOUBLE = {"vegtrase", "vegtrasé", "vt", "kjørefelt", "kf"}


def read_lines(
    own: OwnFile,
    *,
    mode: Mode,
    crs: CRS,
    footways: Footways = "push",
    tolerance_m: float = 0.1,
) -> NetworkFile:
    """Read the lines of a file that a mode may use, in a metric CRS.

    ``own`` from ``read_own``. ``tolerance_m``: how near ends must be to meet. Raises
    GeometryError (no lines, none that the mode may use), CrsError.
    """
    notes = Notes(list(own.notes))
    frame = own.frame if own.frame.crs == crs else own.frame.to_crs(crs)
    raw = np.asarray(frame.geometry.to_numpy(), dtype=object)
    shapes, there, _ = tidy(raw, kind="line", source=own.label, notes=notes)
    scheme = scheme_of([str(c) for c in frame.columns])
    verdicts = _verdicts(frame, scheme, mode, footways=footways)
    closed = Counter(v.why_closed for v, ok in zip(verdicts, there, strict=True) if ok)
    open_row = there & np.array([not v.why_closed for v in verdicts], dtype=bool)
    if not open_row.any():
        reasons = ", ".join(f"{n} {why}" for why, n in closed.items() if why) or "no line at all"
        message = f"{own.label}: no line for mode '{mode}' among {len(frame)} rows ({reasons})"
        raise GeometryError(message)
    ways = _ways(shapes, open_row, verdicts, tolerance_m=tolerance_m, notes=notes)
    if scheme == "plain":
        notes.add("no field of road types (typeveg, highway, fclass): every line is open")
    west, south, east, north = own.frame.to_crs(LONLAT_EPSG).total_bounds.tolist()
    code = own.frame.crs.to_epsg()
    return NetworkFile(
        path=own.path,
        layer=own.layer,
        sha256=own.sha256,
        crs=f"EPSG:{code}" if code else own.frame.crs.name,
        ways=ways,
        read=len(frame),
        closed={why: n for why, n in closed.items() if why},
        rules=RULES[scheme],
        lonlat=(west, south, east, north),
        notes=tuple(notes.lines),
    )


def _verdicts(
    frame: gpd.GeoDataFrame, scheme: Scheme, mode: Mode, *, footways: Footways
) -> list[Verdict]:
    """Decide every row, once for each combination of what the rules look at."""
    fields = used_fields([str(c) for c in frame.columns], scheme)
    if not fields:
        return [decide({}, scheme, mode, footways=footways)] * len(frame)
    table = pd.DataFrame({key: as_text(frame[name]) for key, name in fields.items()})
    rows = list(table.itertuples(index=False, name=None))
    doubled = _doubled(table)
    known: dict[Any, Verdict] = {}
    out = []
    for row, double in zip(rows, doubled.tolist(), strict=True):
        key = tuple(None if pd.isna(value) else str(value) for value in row)
        if key not in known:
            tags = {k: v for k, v in zip(fields, key, strict=True) if v is not None}
            known[key] = decide(tags, scheme, mode, footways=footways)
        found = known[key]
        if double:
            found = Verdict(found.rule, found.level, found.deck, "drawn twice")
        out.append(found)
    return out


def _doubled(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows draw again, coarser or finer, what carriageways draw already."""
    for name in _DETAIL:
        if name in table.columns:
            detail = table[name].fillna("").astype(str).str.strip().str.casefold()
            if detail.isin(_CARRIAGEWAYS).any():
                return np.asarray(detail.isin(_DOUBLE).to_numpy(), dtype=bool)
    return np.zeros(len(table), dtype=bool)


def _ways(
    shapes: NDArray[Any],
    open_row: NDArray[np.bool_],
    verdicts: list[Verdict],
    *,
    tolerance_m: float,
    notes: Notes,
) -> Ways:
    rows = np.flatnonzero(open_row)
    parts, of = shapely.get_parts(shapes[rows], return_index=True)
    row = rows[of]
    long_enough = shapely.length(parts) > 0
    parts, row = parts[long_enough], row[long_enough]
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    level = np.array([verdicts[i].level for i in row.tolist()], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(parts)))])
    drawn = Drawn(x=xy[:, 0], y=xy[:, 1], start=start.astype(np.int64), level=level)
    drawn, key = node_keys(drawn, parts, tolerance_m=tolerance_m, notes=notes)
    rules = [verdicts[i] for i in row.tolist()]
    return Ways(
        x=drawn.x,
        y=drawn.y,
        key=key,
        start=drawn.start,
        forward=np.array([v.rule.forward for v in rules], dtype=bool),
        backward=np.array([v.rule.backward for v in rules], dtype=bool),
        deck=np.array([v.deck for v in rules], dtype=bool),
        pushed=np.array([v.rule.pushed for v in rules], dtype=bool),
        source=row.astype(np.int64),
    )
