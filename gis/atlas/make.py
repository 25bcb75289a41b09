"""Make the maps of a study area: run what each map asks for, render, write, and bind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from gis.analyses import analysis
from gis.analyses.grids import live_grid
from gis.analyses.shown import POPULATION, shown_grid
from gis.atlas import state as states
from gis.atlas.pictures import picture_map, picture_of
from gis.atlas.workbook import workbook
from gis.browser import browser
from gis.errors import CatalogueError, LayerMissingError, ParameterError, RenderError, SetupError
from gis.published import publishable
from gis.render import Page, PageRef, render_index, render_page
from gis.render.index import REPORT, STATEMENT, WORKBOOK
from gis.render.prepared import Prepared
from gis.render.report import Section, render_report
from gis.render.statement import render_statement
from gis.render.write import write_files, write_pages
from gis.text import Text, t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gis.analyses import Study
    from gis.analyses.grids import Grid
    from gis.atlas.order import Order
    from gis.catalogue import MapAnalysis, MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result

INDEX = "index.html"


@dataclass(frozen=True)
class MadeMap:
    """One map: its title and finding, where it lies, and whether it had to be made now."""

    map_id: str
    title: Text
    finding: Text
    path: Path
    invented: bool
    warnings: tuple[str, ...]
    new: bool


@dataclass(frozen=True)
class Atlas:
    """What there is now, and which maps could not be made because a layer is not there."""

    maps: tuple[MadeMap, ...]
    index: Path | None
    left_out: dict[str, str]


@dataclass(frozen=True)
class Answers:
    """Run each analysis once per set of parameters, and only the publishable result leaves."""

    study: Study
    _known: dict[tuple[object, ...], Result] = field(default_factory=dict, repr=False)

    def __call__(self, asked: MapAnalysis) -> Result:
        """Return the publishable result. Raises what the analysis raises."""
        key = (asked.id, *sorted(asked.params.items()))
        if key not in self._known:
            self._known[key] = publishable(analysis(asked.id)(self.study, asked.params))
        return self._known[key]

    def of_map(self, entry: MapEntry, *, where: str) -> dict[str, Result]:
        """Return a map's results by analysis. A wrong analysis or parameter names its key."""
        results = {}
        for place, asked in enumerate(entry.analyses):
            try:
                results[asked.id] = self(asked)
            except ParameterError as problem:
                message = f"{where}: analyses[{place}]: {problem}"
                raise CatalogueError(message) from None
        return results


@dataclass(frozen=True)
class _Work:
    """What one run carries along: what was asked, what was known, what is made."""

    answers: Answers
    order: Order
    out: Path
    inputs: str | None
    known: dict[str, Any]
    progress: Callable[[str], None]
    prepared: Prepared = field(default_factory=Prepared)
    pages: dict[str, Page] = field(default_factory=dict)
    results: dict[str, dict[str, Result]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def study(self) -> Study:
        return self.answers.study

    def key(self, map_id: str) -> str:
        return (
            "" if self.inputs is None else states.page_key(self.order, map_id, inputs=self.inputs)
        )

    def kept(self, map_id: str) -> bool:
        """Tell whether a page stands as it would be made again."""
        record = self.known["maps"].get(map_id, {})
        same = self.inputs is not None and record.get("key") == self.key(map_id)
        return same and states.untouched(self.out, {f"{map_id}.html": record["sha256"]})


def make_atlas(
    order: Order, answers: Answers, out: Path, *, progress: Callable[[str], None]
) -> Atlas:
    """Render the maps of an order into a folder, and with ``whole`` the atlas around them.

    What stands there from the same input is left as it is. A map whose analyses lack
    a layer is left out with the reason; when none can be made, LayerMissingError. All
    files are written together at the end, so earlier output stays whole until then.
    Raises CatalogueError and RenderError naming the entry's file and key.
    """
    data = states.data(answers.study)
    inputs = None if data is None else states.digest(states.program(), data)
    work = _Work(answers, order, out, inputs, states.read_state(out), progress)
    if order.whole and inputs is not None:
        whole = work.known["atlas"]
        same = whole.get("key") == states.atlas_key(order, inputs=inputs)
        if same and whole.get("pictured") and states.untouched(out, whole["files"]):
            progress(t("atlas.unchanged").in_(order.language))
            return _told(work, work.known["maps"], whole["left_out"])
    for map_id, entry in order.entries.items():
        _make(work, map_id, entry)
    made = [m for m in order.entries if m not in work.left_out]
    if not made:
        reasons = "; ".join(f"{k}: {v}" for k, v in work.left_out.items())
        message = f"no map could be made: {reasons}"
        raise LayerMissingError(message)
    return _write(work, made)


def _make(work: _Work, map_id: str, entry: MapEntry) -> None:
    """Make one page, or find that it stands; with the atlas its results are needed anyway."""
    kept = work.kept(map_id)
    if kept and not work.order.whole:
        work.progress(f"{map_id}: {t('atlas.unchanged').in_(work.order.language)}")
        return
    where = work.order.where(map_id)
    try:
        results = work.answers.of_map(entry, where=where)
    except LayerMissingError as missing:
        work.left_out[map_id] = str(missing)
        return
    work.results[map_id] = results
    if kept:
        work.progress(f"{map_id}: {t('atlas.unchanged').in_(work.order.language)}")
        return
    try:
        page = _page(work, map_id, entry, results)
    except (CatalogueError, RenderError) as problem:
        raise work.order.said(problem, map_id) from None
    work.pages[map_id] = page
    work.progress(f"{map_id}: {len(page.html) / 1e6:.1f} MB")


def _page(work: _Work, map_id: str, entry: MapEntry, results: Mapping[str, Result]) -> Page:
    study = work.study

    def layer(name: str) -> gpd.GeoDataFrame | None:
        if not study.has(name):
            return None
        return shown_grid(study) if name == POPULATION else study.frame(name)

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
        language=work.order.language,
        created=work.order.created,
        sources=source,
        grid=_grid(work, map_id, entry),
        prepared=work.prepared,
    )


def _grid(work: _Work, map_id: str, entry: MapEntry) -> Grid | None:
    """Return the lead under every definition that a live map offers; None for other maps."""
    if not entry.live:
        return None
    params = next(a.params for a in entry.analyses if a.id == entry.lead)
    try:
        return live_grid(entry.lead)(work.study, params)
    except ParameterError as problem:
        message = f"{work.order.where(map_id)}: live: {problem}"
        raise CatalogueError(message) from None


def _write(work: _Work, made: Sequence[str]) -> Atlas:
    """Put pages, atlas and memory in place, all or none."""
    files = {f"{m}.html": p.html.encode("utf-8") for m, p in work.pages.items()}
    records = {m: _record(work, m, files) for m in made}
    state = {**work.known, "maps": {**work.known["maps"], **records}}
    if work.order.whole:
        _picture(work, records)
        around = _around(work, made, records)
        state["maps"] = records
        state["atlas"] = {
            "key": "" if work.inputs is None else states.atlas_key(work.order, inputs=work.inputs),
            "files": {
                **states.sums(around, around),
                **{f"{m}.html": r["sha256"] for m, r in records.items()},
            },
            "left_out": work.left_out,
            "pictured": all(r["pictures"] for r in records.values()),
        }
        files |= around
    write_files({**files, states.FILE_NAME: states.written_state(state)}, work.out)
    return _told(work, records, work.left_out)


def _record(work: _Work, map_id: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what is remembered of a page."""
    if map_id not in work.pages:
        known: dict[str, Any] = dict(work.known["maps"][map_id])
        return known
    entry, lead = work.order.entries[map_id], work.results[map_id][work.order.entries[map_id].lead]
    return {
        "key": work.key(map_id),
        "sha256": states.sums(files, [f"{map_id}.html"])[f"{map_id}.html"],
        "title": entry.title.text.as_dict(),
        "finding": lead.finding.as_dict(),
        "invented": lead.provenance.invented,
        "warnings": list(work.pages[map_id].warnings),
        "pictures": None,
    }


def _picture(work: _Work, records: dict[str, dict[str, Any]]) -> None:
    """Picture the pages that have no picture yet; without a browser one line says so."""
    lacking = [m for m, r in records.items() if not r["pictures"]]
    if not lacking:
        return
    fresh = {f"{m}.html": work.pages[m].html for m in lacking if m in work.pages}
    try:
        with TemporaryDirectory(prefix="arealplan-") as folder, browser() as tab:
            write_pages(fresh, Path(folder))
            for map_id in lacking:
                name = f"{map_id}.html"
                file = (Path(folder) if name in fresh else work.out) / name
                records[map_id]["pictures"] = picture_map(tab, file, work.order.language)
    except SetupError as problem:
        for record in records.values():
            record["pictures"] = None
        work.progress(t("atlas.no_pictures", reason=str(problem)).in_(work.order.language))


def _around(
    work: _Work, made: Sequence[str], records: Mapping[str, dict[str, Any]]
) -> dict[str, bytes]:
    """Return index, report, workbook and statement."""
    order = work.order
    sources = [work.study.source(x) for x in work.study.data.layers if work.study.has(x)]
    small, large = (
        {m: picture_of(records[m]["pictures"], size) for m in made} for size in ("small", "large")
    )
    entries = {m: order.entries[m] for m in made}
    results = {m: work.results[m] for m in made}
    refs = [PageRef(m, f"{m}.html", e, small[m]) for m, e in entries.items()]
    sections = [Section(m, f"{m}.html", e, results[m], large[m]) for m, e in entries.items()]
    shared: dict[int, Result] = {id(r): r for some in results.values() for r in some.values()}
    pages = {
        INDEX: render_index(
            refs,
            {e.lead: results[m][e.lead] for m, e in entries.items()},
            language=order.language,
            created=order.created,
            sources=sources,
            beside=(REPORT, WORKBOOK, STATEMENT),
            absent=[order.entries[m].title.text for m in work.left_out],
        ),
        REPORT: render_report(
            sections, language=order.language, created=order.created, sources=sources
        ),
        STATEMENT: render_statement(language=order.language, created=order.created),
    }
    book = workbook(
        list(shared.values()), sources=sources, language=order.language, created=order.created
    )
    return {**{k: v.encode("utf-8") for k, v in pages.items()}, WORKBOOK: book}


def _told(work: _Work, records: Mapping[str, dict[str, Any]], left_out: Mapping[str, str]) -> Atlas:
    """Return what is there now, from what is remembered."""
    maps = tuple(
        MadeMap(
            map_id=m,
            title=Text(**records[m]["title"]),
            finding=Text(**records[m]["finding"]),
            path=work.out / f"{m}.html",
            invented=records[m]["invented"],
            warnings=tuple(records[m]["warnings"]),
            new=m in work.pages,
        )
        for m in work.order.entries
        if m in records
    )
    return Atlas(maps, work.out / INDEX if work.order.whole else None, dict(left_out))
