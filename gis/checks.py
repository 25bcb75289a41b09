"""Judge a store layer by layer: age, cover, gaps, overlaps, and sums against published totals.

Every finding is a sentence; the verdict of a layer is that of its worst finding. What
the readers refuse (codes outside their list, cells off the grid) never gets this far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.catalogue import layer_entries, publishers
from gis.sources.renumber import present_numbers
from gis.text import Text, percent, t
from gis.text import number as written
from gis.text import people as people_text
from gis.workspace import ALL_NORWAY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import geopandas as gpd

    from gis.catalogue import LayerEntry
    from gis.lock import Lock
    from gis.provenance import LayerSource
    from gis.store import Store

Grade = Literal["ok", "look", "bad"]
_ORDER: tuple[Grade, ...] = ("ok", "look", "bad")
POPULATION = "population_grid"
# Sums may differ: people without coordinates are not in the grid, and cells on the
# border belong to two municipalities.
TOTAL_TOLERANCE = 0.02
# After so many days a layer is due: a timetable runs out, the rest is renewed yearly.
_OLD_DAYS = {"transit": 60}
_OLD_DAYS_ELSE = 550
_OVERLAP = 0.001
_MENDED = 0.05
_MISSING = 0.5
_COVERED = 0.999
_NUMBERED = (4, 8)  # digits of a municipality, and of a basic statistical unit


@dataclass(frozen=True)
class Finding:
    """One thing found, in words, and how grave it is."""

    grade: Grade
    text: Text


@dataclass(frozen=True)
class Verdict:
    """One layer judged.

    ``bounds`` in the working CRS, None without rows; ``age_days`` None where the date is
    not known; ``covered`` the share of the municipality the layer reaches, None where
    absence is an answer; ``missing`` the share of rows without a value, by field;
    ``overlap`` the share of the area that lies in several polygons.
    """

    source: LayerSource
    bounds: tuple[float, float, float, float] | None
    age_days: int | None
    covered: float | None
    missing: dict[str, float]
    overlap: float | None
    findings: tuple[Finding, ...]

    @property
    def grade(self) -> Grade:
        """The worst finding's grade."""
        return max((f.grade for f in self.findings), key=_ORDER.index, default="ok")

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the layer's source first."""
        return {
            **self.source.as_dict(),
            "verdict": self.grade,
            "bounds": list(self.bounds) if self.bounds else None,
            "age_days": self.age_days,
            "covered": self.covered,
            "missing": self.missing,
            "overlap": self.overlap,
            "findings": [{"grade": f.grade, **f.text.as_dict()} for f in self.findings],
        }


def check_store(store: Store, *, lock: Lock, today: dt.date) -> list[Verdict]:
    """Judge every layer of a store. ``lock`` holds what was fetched, and published totals."""
    area = store.area
    return [_check(name, store, area, lock=lock, today=today) for name in store.layers]


def _check(
    name: str, store: Store, area: gpd.GeoDataFrame, *, lock: Lock, today: dt.date
) -> Verdict:
    entry = layer_entries()[name]
    source, frame = store.source(name), store.frame(name)
    whole = None if area.empty else shapely.union_all(area.geometry.to_numpy())
    age = (today - source.date).days if source.date else None
    covered = _covered(entry, frame, whole)
    missing = {f: float(frame[f].isna().mean()) for f in entry.fields if len(frame) and f in frame}
    overlap = _overlap(entry, frame)
    findings = [
        *_about_source(source, age, number=store.manifest.area, lock=lock),
        *_about_rows(entry, frame, source),
        *_about_missing(entry, missing),
        *_about_numbers(entry, frame),
    ]
    if covered is not None and covered < _COVERED:
        text = t("check.part_covered", share=percent(covered))
        findings.append(Finding("look", text))
    if overlap is not None and overlap > _OVERLAP:
        findings.append(Finding("look", t("check.overlap", share=percent(overlap))))
    if name == POPULATION and whole is not None and store.manifest.area != ALL_NORWAY:
        findings += _about_total(frame, whole, lock)
    return Verdict(
        source=source,
        bounds=store.manifest.layers[name].bounds,
        age_days=age,
        covered=covered,
        missing={k: v for k, v in missing.items() if v},
        overlap=overlap,
        findings=tuple(findings),
    )


def _about_source(
    source: LayerSource, age: int | None, *, number: str, lock: Lock
) -> Iterator[Finding]:
    limit = _OLD_DAYS.get(layer_entries()[source.layer].theme, _OLD_DAYS_ELSE)
    if age is None:
        yield Finding("look", t("check.unknown_date"))
    elif age > limit:
        yield Finding("look", t("check.old", count=str(age), limit=str(limit)))
    if source.covers and number not in (*source.covers, ALL_NORWAY):
        yield Finding("bad", t("check.not_covered", number=number))
    held = lock.layers.get(source.layer)
    if held is not None and held.sha256 != source.sha256:
        yield Finding("look", t("check.newer", date=held.retrieved.isoformat()))


def _about_rows(
    entry: LayerEntry, frame: gpd.GeoDataFrame, source: LayerSource
) -> Iterator[Finding]:
    if frame.empty:
        everywhere = entry.coverage.kind == "everywhere" and entry.theme in ("base", "residents")
        yield Finding("bad" if everywhere else "look", t("check.empty"))
        return
    if source.mended:
        grave: Grade = "look" if source.mended > _MENDED * len(frame) else "ok"
        counts = {"count": str(source.mended), "rows": str(len(frame))}
        yield Finding(grave, t("check.mended_many", **counts))
    for field, mapping in entry.fields.items():
        if mapping.type == "id" and not mapping.nullable:
            twice = int(frame[field].duplicated().sum())
            if twice:
                yield Finding("look", t("check.duplicates", count=str(twice), field=field))


def _about_numbers(entry: LayerEntry, frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Tell of units numbered before a renumbering."""
    for field, mapping in entry.fields.items():
        if mapping.digits not in _NUMBERED or frame.empty:
            continue
        now, old = present_numbers(frame[field], publishers().renumbered)
        if old.any():
            first = old.idxmax()
            values = {"example": str(frame[field][first]), "present": str(now[first])}
            yield Finding("look", t("check.former", count=str(int(old.sum())), **values))


def _about_missing(entry: LayerEntry, missing: dict[str, float]) -> Iterator[Finding]:
    for field, share in missing.items():
        if share == 1.0:
            yield Finding("ok", t("check.missing", field=field))
        elif share > _MISSING and entry.fields[field].required:
            yield Finding("look", t("check.missing_some", field=field, share=percent(share)))


def _covered(
    entry: LayerEntry, frame: gpd.GeoDataFrame, whole: shapely.Geometry | None
) -> float | None:
    """Return the share of the municipality that a layer of full cover reaches."""
    if entry.geometry != "raster" or whole is None or frame.empty:
        return None
    reached = shapely.union_all(frame.geometry.to_numpy())
    return float(shapely.intersection(reached, whole).area / whole.area)


def _overlap(entry: LayerEntry, frame: gpd.GeoDataFrame) -> float | None:
    """Return the share of the area in several polygons; zones nest by nature and are left out."""
    if entry.geometry != "polygon" or entry.class_field is not None or frame.empty:
        return None
    shapes = frame.geometry.to_numpy()
    total = float(shapely.area(shapes).sum())
    joined = float(shapely.area(shapely.union_all(shapes)))
    return max(0.0, 1.0 - joined / total) if total else None


def _about_total(frame: gpd.GeoDataFrame, whole: shapely.Geometry, lock: Lock) -> Iterator[Finding]:
    """Hold the residents of the cells against the published total; centres decide."""
    published = lock.figures.get("population")
    if not published or frame.empty:
        return
    centres = shapely.centroid(frame.geometry.to_numpy())
    shapely.prepare(whole)
    ours = float(np.asarray(frame["residents"])[shapely.intersects(whole, centres)].sum())
    theirs = float(published["total"])
    apart = abs(ours - theirs) / theirs
    values: dict[str, str | Text] = {
        "ours": people_text(ours),
        "theirs": written(theirs),
        "table": str(published["table"]),
        "year": str(published["year"]),
    }
    if apart <= TOTAL_TOLERANCE:
        yield Finding("ok", t("check.total_fits", **values))
        return
    values |= {"share": percent(apart), "limit": percent(TOTAL_TOLERANCE)}
    yield Finding("look", t("check.total_off", **values))
