"""Judge a store layer by layer: age, cover, gaps, overlaps, and sums against published totals.

Every finding is a sentence; the verdict of a layer is that of its worst finding. What
the readers refuse (codes outside their list, cells off the grid) never gets this far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from gis.catalogue import layer_entries, publishers
from gis.checks.sums import about_built_up, about_parents, about_total
from gis.checks.verdict import Finding, Grade, Verdict
from gis.errors import SourceError
from gis.problems import problem_text
from gis.sources.gtfs_calendar import feed_dates
from gis.sources.renumber import present_numbers
from gis.text import day, percent, t
from gis.text import number as written
from gis.workspace import ALL_NORWAY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import geopandas as gpd

    from gis.catalogue import LayerEntry
    from gis.lock import Lock
    from gis.provenance import LayerSource
    from gis.sources import Bounds
    from gis.store import Store

MUNICIPALITY = "municipality"
POPULATION, PARENTS, BUILT_UP = "population_grid", "population_grid_1km", "built_up"
# After so many days a layer is due: a timetable runs out, the rest is renewed yearly.
_TIMETABLE = "gtfs"
_OLD_DAYS = {_TIMETABLE: 60}
_OLD_DAYS_ELSE = 550
_OVERLAP = 0.001
_MENDED = 0.05
_MISSING = 0.5
_COVERED = 0.999
_NUMBERED = (4, 8)  # digits of a municipality, and of a basic statistical unit


def check_store(store: Store, *, lock: Lock, today: dt.date) -> list[Verdict]:
    """Judge every layer of a store, those held for checking alone too.

    ``lock`` holds what was fetched, what could not be, and published totals; ``today``
    gives the ages.
    """
    area = store.area
    whole = None if area.empty else shapely.union_all(area.geometry.to_numpy())
    judge = _Judge(store, lock, today, whole)
    return [judge.layer(name) for name in (*store.layers, *store.controls)]


@dataclass(frozen=True)
class _Judge:
    """A store with what its layers are held against; ``whole`` is the study area's polygon."""

    store: Store
    lock: Lock
    today: dt.date
    whole: shapely.Geometry | None

    def layer(self, name: str) -> Verdict:
        """Judge one layer."""
        entry = layer_entries()[name]
        source = self.store.source(name)
        frame = self.store.control(name) if entry.control else self.store.frame(name)
        age, held = self._days(source.date), self._days(source.retrieved)
        missing = {
            f: float(frame[f].isna().mean()) for f in entry.fields if len(frame) and f in frame
        }
        foreign = _foreign(entry, frame)
        covered, overlap = self._covered(entry, frame), _overlap(entry, frame)
        findings = [
            *_about_source(source, age, number=self.store.manifest.area, lock=self.lock),
            *self._about_fetching(source, held),
            *self._about_halo(source),
            *_about_rows(entry, frame, source),
            *_about_missing(entry, missing),
            *_about_codes(entry, foreign),
            *_about_numbers(entry, frame),
            *_about_cover(entry, covered),
            *self._about_sums(name, frame),
            *self._about_departures(entry, name),
        ]
        if overlap is not None and overlap > _OVERLAP:
            findings.append(Finding("look", t("check.overlap", share=percent(overlap))))
        return Verdict(
            source=source,
            bounds=self.store.manifest.layers[name].bounds,
            age_days=age,
            covered=covered,
            missing={k: v for k, v in missing.items() if v},
            overlap=overlap,
            findings=tuple(findings),
            held_days=held,
            foreign=foreign,
        )

    def _days(self, date: dt.date | None) -> int | None:
        return (self.today - date).days if date else None

    def _about_fetching(self, source: LayerSource, held: int | None) -> Iterator[Finding]:
        """Tell of a delivery that could not be renewed, and how old the one in use is."""
        failed = self.lock.failed.get(source.layer)
        if failed is None:
            return
        days = t("checks.held_days", count=str(held)) if held is not None else t("checks.held_long")
        date = failed.date.isoformat()
        text = t("checks.not_renewed", date=date, reason=problem_text(failed.message), held=days)
        yield Finding("look", text)

    def _about_halo(self, source: LayerSource) -> Iterator[Finding]:
        """Tell of neighbours within the halo that a municipality's own file does not hold."""
        number = self.store.manifest.area
        if number == ALL_NORWAY or number not in source.covers:
            return
        near = neighbours(self.store.frame(MUNICIPALITY), number, halo_m=self.store.manifest.halo_m)
        lacking = {n: name for n, name in near.items() if n not in source.covers}
        if lacking:
            names = ", ".join(f"{n} {name}" for n, name in lacking.items())
            halo_km = f"{self.store.manifest.halo_m / 1000:g}"
            yield Finding("look", t("checks.no_halo", names=names, halo=halo_km))

    def _about_sums(self, name: str, frame: gpd.GeoDataFrame) -> Iterator[Finding]:
        if self.whole is None or self.store.manifest.area == ALL_NORWAY:
            return
        if name == POPULATION:
            yield from about_total(frame, self.whole, self.lock)
            if PARENTS in self.store.controls and len(frame):
                yield from about_parents(frame, self.store.control(PARENTS), self._box())
        if name == BUILT_UP:
            yield from about_built_up(frame, self.whole, self.lock)

    def _about_departures(self, entry: LayerEntry, name: str) -> Iterator[Finding]:
        """Tell of a timetable without a trip on any day, and of one that has run out."""
        if entry.delivery.kind != _TIMETABLE:
            return
        try:
            first, last = feed_dates(self.store.file(name))
        except SourceError as error:
            yield Finding("bad", t("timetable.unusable", reason=problem_text(error)))
            return
        if last < self.today:
            yield Finding("look", t("timetable.over", first=day(first), last=day(last)))

    def _box(self) -> Bounds:
        west, south, east, north = (float(v) for v in shapely.bounds(self.whole))
        halo = self.store.manifest.halo_m
        return west - halo, south - halo, east + halo, north + halo

    def _covered(self, entry: LayerEntry, frame: gpd.GeoDataFrame) -> float | None:
        """Return the share of the municipality where the theme is mapped.

        Of terrain its own extent, of a zone layer that of its mapped extent; None where
        absence is an answer everywhere.
        """
        reach = frame
        if entry.coverage.layer is not None:
            if not self.store.has(entry.coverage.layer):
                return None
            reach = self.store.frame(entry.coverage.layer)
        elif entry.geometry != "raster" or frame.empty:
            return None
        if self.whole is None:
            return None
        reached = shapely.union_all(reach.geometry.to_numpy())
        return float(shapely.intersection(reached, self.whole).area / self.whole.area)


def neighbours(municipalities: gpd.GeoDataFrame, number: str, *, halo_m: float) -> dict[str, str]:
    """Return number -> name of the municipalities that lie within the halo's box of one."""
    mine = municipalities[municipalities["number"] == number]
    if mine.empty:
        return {}
    west, south, east, north = mine.total_bounds
    box = shapely.box(west - halo_m, south - halo_m, east + halo_m, north + halo_m)
    near = municipalities[
        shapely.intersects(box, municipalities.geometry.to_numpy())
        & (municipalities["number"] != number).to_numpy()
    ]
    return dict(sorted(zip(near["number"], near["name"], strict=True)))


def _about_source(
    source: LayerSource, age: int | None, *, number: str, lock: Lock
) -> Iterator[Finding]:
    limit = _OLD_DAYS.get(layer_entries()[source.layer].delivery.kind, _OLD_DAYS_ELSE)
    if age is None:
        yield Finding("look", t("check.unknown_date"))
    elif age > limit:
        yield Finding("look", t("check.old", count=written(age), limit=written(limit)))
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


def _about_cover(entry: LayerEntry, covered: float | None) -> Iterator[Finding]:
    if covered is None or covered >= _COVERED:
        return
    if entry.coverage.layer is not None:
        # Not mapped is an answer, not a fault of the data.
        yield Finding("ok", t("checks.mapped_share", share=percent(covered)))
    else:
        yield Finding("look", t("check.part_covered", share=percent(covered)))


def _foreign(entry: LayerEntry, frame: gpd.GeoDataFrame) -> dict[str, int]:
    """Return how many rows have a value outside the catalogue's present list, by field.

    Reading refuses such values; a store may have been built with an older list.
    """
    found = {}
    for field, mapping in entry.fields.items():
        if mapping.type != "code" or field not in frame:
            continue
        allowed = {*mapping.codes.values(), mapping.missing}
        outside = frame[field].notna() & ~frame[field].isin(allowed)
        if outside.any():
            found[field] = int(outside.sum())
    return found


def _about_codes(entry: LayerEntry, foreign: dict[str, int]) -> Iterator[Finding]:
    for field, count in foreign.items():
        allowed = ", ".join(dict.fromkeys(entry.fields[field].codes.values()))
        values = {"count": str(count), "field": field, "allowed": allowed}
        yield Finding("bad", t("checks.foreign", **values))


def _overlap(entry: LayerEntry, frame: gpd.GeoDataFrame) -> float | None:
    """Return the share of the area in several polygons; zones nest by nature and are left out."""
    if entry.geometry != "polygon" or entry.class_field is not None or frame.empty:
        return None
    shapes = frame.geometry.to_numpy()
    total = float(shapely.area(shapes).sum())
    joined = float(shapely.area(shapely.union_all(shapes)))
    return max(0.0, 1.0 - joined / total) if total else None
