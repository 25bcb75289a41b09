"""Hold one layer of the catalogue against a plan area: one line, whatever happens to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import shapely
from rasterio.errors import RasterioError

from gis.analyses.screen_terrain import screen_raster, screen_terrain
from gis.analyses.zones import is_silent, mapped_extent
from gis.errors import FieldError, GisError
from gis.kernels.areal import areal
from gis.kernels.zones import disjoint_bands
from gis.problems import problem_text
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.analyses.screen_area import PlanArea
    from gis.catalogue import LayerEntry
    from gis.provenance import LayerSource

Status = Literal["hit", "near", "no_hit", "not_mapped", "not_relevant", "failed"]
STATUSES: tuple[Status, ...] = ("hit", "near", "no_hit", "not_mapped", "failed", "not_relevant")

# Overlays leave slivers along shared outlines; less than this is no hit.
_SLIVER_M2 = 0.01
_GRID_M = 0.001
# Mapped but for a sliver is mapped.
_WHOLE = 1 - 1e-6
_OLD_YEARS = 10
_DAYS_A_YEAR = 365.25
_NAMED = 8
# A record placed no better than this says little of an area of some hectares.
_UNSURE_M = 250.0
UNCERTAINTY = "uncertainty_m"


@dataclass(frozen=True)
class Class:
    """How much of the area one class of a layer takes: square metres, metres or a number.

    ``years`` is its return period, where it has one.
    """

    id: str
    title: Text
    area_m2: float | None = None
    length_m: float | None = None
    count: int | None = None
    years: float | None = None


@dataclass(frozen=True)
class Line:
    """What one layer says of a plan area.

    ``share`` (0-1) is the part of the area that the layer covers, overlaps counted once;
    ``mapped_share`` the part where absence is an answer, None where the layer cannot say.
    ``distance_m`` is the way to the nearest object, None where none lies within the entry's
    ``near_m``. ``shape`` is what was hit, cut to the area.
    """

    layer: str
    title: Text
    theme: str
    relevance: str
    status: Status
    why: Text
    share: float | None = None
    area_m2: float | None = None
    length_m: float | None = None
    count: int | None = None
    distance_m: float | None = None
    mapped_share: float | None = None
    classes: tuple[Class, ...] = ()
    named: tuple[str, ...] = ()
    facts: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()
    source: LayerSource | None = None
    shape: Any = field(default=None, repr=False, compare=False)


def screen_layer(area: PlanArea, name: str, entry: LayerEntry, *, today: dt.date) -> Line:
    """Return the line of one layer; a layer that fails is a line that says why."""
    blank = Line(
        layer=name,
        title=entry.title.text,
        theme=entry.theme,
        relevance=entry.relevance,
        status="not_relevant",
        why=t("screen.why_not_relevant"),
    )
    if entry.relevance == "none":
        return blank
    study = area.study
    if not study.has(name):
        key = "elsewhere" if name in study.data.layers else "no_data"
        return replace(blank, status="not_mapped", why=t(f"screen.why_{key}"))
    source = study.source(name)
    known = replace(blank, source=source, warnings=_age(source, today))
    try:
        if entry.theme == "terrain":
            return _terrain_line(area, known)
        if entry.geometry == "raster":
            return _raster_line(area, known)
        return _vector_line(area, name, entry, line=known)
    except (
        GisError,
        OSError,
        ValueError,
        LookupError,
        pa.ArrowException,
        shapely.errors.ShapelyError,
        RasterioError,
    ) as problem:
        told = problem_text(" ".join(str(problem).split()) or type(problem).__name__)
        reason = Text(nb=told.nb[:300], en=told.en[:300])
        return replace(known, status="failed", why=t("screen.why_failed", reason=reason))


def _age(source: LayerSource, today: dt.date) -> tuple[Text, ...]:
    if source.date is None:
        return (t("screen.warn_no_date"),)
    years = (today - source.date).days / _DAYS_A_YEAR
    return (t("screen.warn_old", years=number(int(years))),) if years > _OLD_YEARS else ()


def _terrain_line(area: PlanArea, line: Line) -> Line:
    found = screen_terrain(area.study.file(line.layer), area.shape)
    if found is None:
        return replace(line, status="not_mapped", why=t("screen.why_outside_grid"))
    classes = tuple(
        Class(id=c, title=t(f"screen.slope_{c}"), area_m2=s * area.area_m2)
        for c, s in found.shares.items()
    )
    return replace(
        line,
        status="hit",
        why=t("screen.why_terrain"),
        share=found.known_share,
        mapped_share=found.known_share,
        area_m2=found.known_share * area.area_m2,
        classes=classes,
        facts=(
            t("screen.heights", low=number(found.low_m), high=number(found.high_m)),
            t("screen.steepest", share=percent(found.steepest, decimals=0)),
        ),
    )


def _raster_line(area: PlanArea, line: Line) -> Line:
    found = screen_raster(area.study.file(line.layer), area.shape)
    if found is None:
        return replace(line, status="not_mapped", why=t("screen.why_outside_grid"))
    low, high, known = found
    values = t("screen.values", low=number(low), high=number(high))
    why = t("screen.why_raster")
    return replace(line, status="hit", why=why, mapped_share=known, facts=(values,))


def _vector_line(area: PlanArea, name: str, entry: LayerEntry, *, line: Line) -> Line:
    frame = area.study.frame(name)
    shapes = frame.geometry.to_numpy()
    nowhere = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if nowhere.any():
        frame, shapes = frame[~nowhere], shapes[~nowhere]
    touching = np.sort(frame.sindex.query(area.shape, predicate="intersects"))
    pieces = shapely.intersection(shapes[touching], area.shape)
    hit, found = _measured(entry, frame.iloc[touching], pieces, area=area)
    distance = float(shapely.distance(area.shape, shapes).min()) if len(shapes) else np.inf
    mapped, warnings = _mapped(area, name, entry)
    made = replace(
        line,
        **found,
        mapped_share=mapped,
        distance_m=0.0 if hit else _within(distance, entry.screen.near_m),
        warnings=(*line.warnings, *warnings, *_unsure(frame.iloc[touching])),
    )
    return _settled(made, entry, hit=hit)


def _within(distance: float, near_m: float) -> float | None:
    return distance if distance <= near_m else None


def _settled(line: Line, entry: LayerEntry, *, hit: bool) -> Line:
    """Settle the status: hit before near, near before not mapped, and no hit only where mapped."""
    if hit:
        return replace(line, status="hit", why=_hit_words(line))
    if line.distance_m is not None:
        metres = number(line.distance_m)
        return replace(line, status="near", why=t("screen.why_near", metres=metres))
    if line.mapped_share is None or line.mapped_share <= 0:
        key = "positive_only" if entry.coverage.kind == "positive_only" else "outside_extent"
        return replace(line, status="not_mapped", why=t(f"screen.why_{key}"))
    near = number(entry.screen.near_m)
    why = t("screen.why_no_hit_near", near=near) if entry.screen.near_m else t("screen.why_no_hit")
    if line.mapped_share < _WHOLE:
        share = percent(line.mapped_share, decimals=0)
        why = t("screen.why_partly", why=why, share=share)
    return replace(line, status="no_hit", why=why)


def _hit_words(line: Line) -> Text:
    if line.share is not None:
        return t("screen.why_hit_share", share=percent(line.share))
    if line.length_m is not None:
        return t("screen.why_hit_length", metres=number(line.length_m))
    return t("screen.why_hit_count", count=number(line.count))


def _measured(
    entry: LayerEntry, rows: gpd.GeoDataFrame, pieces: NDArray[Any], *, area: PlanArea
) -> tuple[bool, dict[str, Any]]:
    """Measure what lies in the area, by class where the layer has classes."""
    if entry.geometry in ("polygon", "cell"):
        return _polygons(entry, rows, pieces, area=area)
    if entry.geometry == "line":
        lengths = shapely.length(pieces)
        keep = lengths > _SLIVER_M2
        classes = _by_class(entry, rows[keep], length_m=lengths[keep])
        found = {"length_m": float(lengths.sum()), "count": int(keep.sum()), "classes": classes}
        shape = shapely.union_all(pieces[keep])
    else:
        # A point is in the area or on its outline; records that cannot tell are no hit.
        keep = _sure(rows)
        found = {"count": int(keep.sum()), "classes": _by_class(entry, rows[keep])}
        shape = shapely.union_all(pieces[keep])
    if not keep.any():
        return False, {}
    return True, {**found, "shape": shape, "named": _names(entry, rows[keep])}


def _polygons(
    entry: LayerEntry, rows: gpd.GeoDataFrame, pieces: NDArray[Any], *, area: PlanArea
) -> tuple[bool, dict[str, Any]]:
    flat = np.array([areal(p) for p in pieces], dtype=object)
    keep = shapely.area(flat) > _SLIVER_M2 if len(flat) else np.zeros(0, dtype=bool)
    if not keep.any():
        return False, {}
    flat, rows = flat[keep], rows[keep]
    ranks = _ranks(entry, rows)
    names = [c.id for c in entry.classes]
    bands = disjoint_bands(flat, ranks, n_classes=max(len(names), 1), grid_m=_GRID_M)
    areas = shapely.area(bands)
    classes = tuple(
        Class(c.id, c.title.text, area_m2=float(a), years=_years(c.annual_probability))
        for c, a in zip(entry.classes, areas, strict=False)
        if a > _SLIVER_M2
    )
    total = min(float(areas.sum()), area.area_m2)
    return True, {
        "area_m2": total,
        "share": total / area.area_m2,
        "count": len(rows),
        "classes": classes,
        "named": _names(entry, rows),
        "shape": shapely.union_all(bands, grid_size=_GRID_M),
    }


def _years(probability: float | None) -> float | None:
    return None if probability is None else 1 / probability


def _ranks(entry: LayerEntry, rows: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Rank rows by class, worst first. Raises FieldError for a class that is not listed."""
    if entry.class_field is None:
        return np.zeros(len(rows), dtype=np.int64)
    order = {c.id: i for i, c in enumerate(entry.classes)}
    ranks = rows[entry.class_field].map(order)
    if ranks.isna().any():
        odd = rows[entry.class_field][ranks.isna()].iloc[0]
        message = f"{entry.class_field} = {odd!r}; allowed: {', '.join(order)}"
        raise FieldError(message)
    return np.asarray(ranks, dtype=np.int64)


def _by_class(
    entry: LayerEntry, rows: gpd.GeoDataFrame, *, length_m: NDArray[np.float64] | None = None
) -> tuple[Class, ...]:
    if not entry.classes or rows.empty:
        return ()
    ranks = _ranks(entry, rows)
    counts = np.bincount(ranks, minlength=len(entry.classes))
    lengths = np.bincount(ranks, weights=length_m, minlength=len(entry.classes))
    return tuple(
        Class(
            c.id,
            c.title.text,
            count=int(counts[i]),
            length_m=None if length_m is None else float(lengths[i]),
            years=_years(c.annual_probability),
        )
        for i, c in enumerate(entry.classes)
        if counts[i]
    )


def _sure(rows: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    if UNCERTAINTY not in rows.columns:
        return np.ones(len(rows), dtype=bool)
    given = rows[UNCERTAINTY].to_numpy(dtype=np.float64)
    # Without a number, or less than nothing, the place is not known to be sure.
    return np.asarray((given >= 0) & (given <= _UNSURE_M))


def _unsure(rows: gpd.GeoDataFrame) -> tuple[Text, ...]:
    unsure = int((~_sure(rows)).sum())
    if not unsure:
        return ()
    return (t("screen.warn_unsure", count=number(unsure), metres=number(_UNSURE_M)),)


def _names(entry: LayerEntry, rows: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Name what was hit, where the layer has names; species go by class, never by name."""
    if entry.name_field is None or entry.name_field not in rows.columns:
        return ()
    if UNCERTAINTY in rows.columns:
        return ()
    names = [str(v) for v in rows[entry.name_field].dropna().unique()]
    return tuple(names[:_NAMED])


def _mapped(area: PlanArea, name: str, entry: LayerEntry) -> tuple[float | None, tuple[Text, ...]]:
    """Return the share of the area where absence is an answer, and what is to be warned of."""
    if entry.coverage.kind == "everywhere":
        if entry.theme == "hazard" and is_silent(area.study, name):
            return None, (t("hazard_exposure.note_silent", hazard=entry.title.text),)
        return 1.0, ()
    extent = entry.coverage.layer
    if extent is not None and not area.study.has(extent):
        return None, (t("screen.warn_extent_missing"),)
    shapes = mapped_extent(area.study, name, extent)
    if shapes is None:
        return None, ()
    covered = shapely.intersection(shapely.union_all(shapes), area.shape)
    share = min(float(shapely.area(covered)) / area.area_m2, 1.0)
    if share >= _WHOLE:
        return 1.0, ()
    return share, (t("screen.warn_partly", share=percent(1 - share, decimals=0)),)
