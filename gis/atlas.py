"""Make the maps of a study area: run what each map asks for, render, write, index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd

from gis.analyses import analysis
from gis.catalogue import MapAnalysis, MapEntry, map_entries, map_entry
from gis.errors import LayerMissingError
from gis.published import publishable
from gis.render import Page, PageRef, render_index, render_page, write_pages
from gis.result import Result

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gis.analyses import Study
    from gis.provenance import LayerSource
    from gis.text import Language

INDEX = "index.html"


@dataclass(frozen=True)
class MadeMap:
    """One map that was written: its entry, its leading result, where it lies."""

    map_id: str
    entry: MapEntry
    lead: Result
    path: Path
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Atlas:
    """What was made, and which maps could not be made because a layer is not there."""

    maps: tuple[MadeMap, ...]
    index: Path | None
    left_out: dict[str, str]


class _Answers:
    """Run each analysis once per set of parameters, and only the publishable result leaves."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._known: dict[tuple[object, ...], Result] = {}

    def __call__(self, asked: MapAnalysis) -> Result:
        key = (asked.id, *sorted(asked.params.items()))
        if key not in self._known:
            self._known[key] = publishable(analysis(asked.id)(self._study, asked.params))
        return self._known[key]


def make_atlas(
    study: Study,
    out: Path,
    *,
    only: Iterable[str] = (),
    language: Language = "nb",
    created: dt.date,
    progress: Callable[[str], None],
) -> Atlas:
    """Render the maps of the catalogue, or only some, and with all of them an index.

    A map whose analyses lack a layer is left out with the reason; when none can be
    made, LayerMissingError. Pages are written together at the end, so earlier
    output stays whole until then. Raises CatalogueError for an unknown map.
    """
    chosen = {name: map_entry(name) for name in only} or map_entries()
    answers = _Answers(study)
    pages: dict[str, str] = {}
    made: list[tuple[str, MapEntry, Result, tuple[str, ...]]] = []
    left_out: dict[str, str] = {}
    leads: dict[str, Result] = {}
    for map_id, entry in chosen.items():
        try:
            results = {a.id: answers(a) for a in entry.analyses}
        except LayerMissingError as missing:
            left_out[map_id] = str(missing)
            continue
        page = _page(study, map_id, entry, results, language=language, created=created)
        pages[f"{map_id}.html"] = page.html
        leads[entry.lead] = results[entry.lead]
        made.append((map_id, entry, results[entry.lead], page.warnings))
        progress(f"{map_id}: {len(page.html) / 1e6:.1f} MB")
    if not made:
        message = "no map could be made: " + "; ".join(f"{k}: {v}" for k, v in left_out.items())
        raise LayerMissingError(message)
    if not only:
        refs = [PageRef(name, f"{name}.html", entry) for name, entry, _, _ in made]
        sources = [study.source(x) for x in study.data.layers]
        pages[INDEX] = render_index(
            refs, leads, language=language, created=created, sources=sources
        )
    write_pages(pages, out)
    return Atlas(
        maps=tuple(MadeMap(n, e, r, out / f"{n}.html", w) for n, e, r, w in made),
        index=None if only else out / INDEX,
        left_out=left_out,
    )


def _page(
    study: Study,
    map_id: str,
    entry: MapEntry,
    results: dict[str, Result],
    *,
    language: Language,
    created: dt.date,
) -> Page:
    def layer(name: str) -> gpd.GeoDataFrame | None:
        return study.frame(name) if study.has(name) else None

    def source(name: str) -> LayerSource | None:
        return study.source(name) if study.has(name) else None

    area = gpd.GeoDataFrame(
        {"number": [study.area.number], "name": [study.area.name]},
        geometry=[study.polygon],
        crs=study.epsg,
    )
    return render_page(
        map_id,
        entry,
        results,
        layers=layer,
        area=area,
        language=language,
        created=created,
        sources=source,
    )
