"""Make the maps of a study area: run what each map asks for, render, write, and bind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gis.atlas import state as states
from gis.atlas.checked import check_page, lock_print
from gis.atlas.hands import make_maps, picture_all
from gis.atlas.pages import key_of
from gis.atlas.pictures import picture_of
from gis.atlas.workbook import workbook
from gis.catalogue import MapAnalysis
from gis.errors import LayerMissingError, SetupError
from gis.problems import problem_text
from gis.render import Page, PageRef, render_index
from gis.render.compare import apart
from gis.render.index import CHECK, REPORT, STATEMENT, WORKBOOK
from gis.render.report import Section, render_report
from gis.render.statement import render_statement
from gis.render.write import write_files, write_pages
from gis.text import Text, number, t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gis.analyses import Study
    from gis.atlas.hands import Hands
    from gis.atlas.order import Order
    from gis.atlas.pages import Answers, Made
    from gis.catalogue import MapEntry
    from gis.render.pictures import Picture
    from gis.result import Result

INDEX = "index.html"
# The board as it stands without parameters; the catalogue has a map of it.
BOARD = MapAnalysis(id="indicators")


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
class _Work:
    """What one run carries along: what was asked, what was known, what is made."""

    answers: Answers
    order: Order
    out: Path
    inputs: str | None
    known: dict[str, Any]
    progress: Callable[[str], None]
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

    def atlas_key(self) -> str:
        """Return the digest of all that the atlas is made from; the check reads the lock, too."""
        if self.inputs is None:
            return ""
        key = states.atlas_key(self.order, inputs=self.inputs)
        return states.digest(key, lock_print(self.study))

    def kept(self, map_id: str) -> bool:
        """Tell whether a page stands as it would be made again."""
        record = self.known["maps"].get(map_id, {})
        same = self.inputs is not None and record.get("key") == self.key(map_id)
        return same and states.untouched(self.out, {f"{map_id}.html": record["sha256"]})


def make_atlas(
    order: Order,
    answers: Answers,
    out: Path,
    *,
    progress: Callable[[str], None],
    hands: Hands | None = None,
) -> Atlas:
    """Render the maps of an order into a folder, and with ``whole`` the atlas around them.

    ``hands`` is a second process that takes its share, where there is one.
    What stands there from the same input is left as it is. A map whose analyses lack
    a layer is left out with the reason; when none can be made, LayerMissingError. All
    files are written together at the end, so earlier output stays whole until then.
    Raises CatalogueError and RenderError naming the entry's file and key.
    """
    data = states.data(answers.study)
    inputs = None if data is None else states.digest(states.program(), data)
    known = states.read_state(out)
    bound = order.whole or (INDEX in known["atlas"].get("files", {}) and (out / INDEX).is_file())
    work = _Work(answers, replace(order, bound=bound), out, inputs, known, progress)
    if order.whole and inputs is not None:
        whole = known["atlas"]
        same = whole.get("key") == work.atlas_key()
        if same and whole.get("pictured") and states.untouched(out, whole["files"]):
            progress(t("atlas.unchanged").in_(order.language))
            return _told(work, work.known["maps"], whole["left_out"])
    _make(work, hands)
    made = [m for m in order.entries if m not in work.left_out]
    if not made:
        reasons = "; ".join(f"{k}: {v}" for k, v in work.left_out.items())
        message = f"no map could be made: {reasons}"
        raise LayerMissingError(message)
    return _write(work, made, hands)


def _kept(work: _Work) -> list[str]:
    """Return the pages that stand as they would be made again, and tell of them."""
    kept = [m for m in work.order.entries if work.kept(m)]
    for map_id in kept:
        work.progress(f"{map_id}: {t('atlas.unchanged').in_(work.order.language)}")
    return kept


def _make(work: _Work, hands: Hands | None) -> None:
    """Make what does not stand; with the atlas, results are needed of what stands too."""
    kept = _kept(work)
    draw = {m: m not in kept for m in work.order.entries if work.order.whole or m not in kept}

    def told(map_id: str, made: Made) -> None:
        if made.page is not None:
            size = number(len(made.page.html) / 1e6, decimals=1)
            work.progress(f"{map_id}: {size.in_(work.order.language)} MB")

    for map_id, made in make_maps(work.answers, work.order, draw, hands=hands, told=told).items():
        if made.lacks:
            work.left_out[map_id] = made.lacks
            continue
        work.results[map_id] = made.results
        if made.page is not None:
            work.pages[map_id] = made.page


def _write(work: _Work, made: Sequence[str], hands: Hands | None) -> Atlas:
    """Put pages, atlas and memory in place, all or none."""
    files = {f"{m}.html": p.html.encode("utf-8") for m, p in work.pages.items()}
    # Every map's footer leads to it, also where a map is made alone.
    order = work.order
    statement = render_statement(language=order.language, created=order.created, bound=order.bound)
    files[STATEMENT] = statement.encode("utf-8")
    records = {m: _record(work, m, files) for m in made}
    state = {**work.known, "maps": {**work.known["maps"], **records}}
    if work.order.whole:
        _picture(work, records, hands)
        around = _around(work, made, records)
        state["maps"] = records
        state["atlas"] = {
            "key": work.atlas_key(),
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


def _picture(work: _Work, records: dict[str, dict[str, Any]], hands: Hands | None) -> None:
    """Picture the pages that have no picture yet; without a browser one line says so."""
    lacking = [m for m, r in records.items() if not r["pictures"]]
    if not lacking:
        return
    fresh = {f"{m}.html": work.pages[m].html for m in lacking if m in work.pages}
    try:
        with TemporaryDirectory(prefix="arealplan-") as folder:
            write_pages(fresh, Path(folder))
            files = {
                m: (Path(folder) if f"{m}.html" in fresh else work.out) / f"{m}.html"
                for m in lacking
            }
            pictures = picture_all(files, language=work.order.language, hands=hands)
        for map_id in lacking:
            records[map_id]["pictures"] = pictures[map_id]
    except SetupError as problem:
        for record in records.values():
            record["pictures"] = None
        work.progress(t("atlas.no_pictures", reason=problem_text(problem)).in_(work.order.language))


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
    refs = [_ref(m, e, results[m], picture=small[m]) for m, e in entries.items()]
    sections = [Section(m, f"{m}.html", e, results[m], large[m]) for m, e in entries.items()]
    board = _board(work)
    shared = {key_of(a): results[m][a.key] for m, e in entries.items() for a in e.analyses}
    checked = check_page(work.study, language=order.language, created=order.created)
    check = {CHECK: checked} if checked is not None else {}
    pages = {
        **check,
        INDEX: render_index(
            refs,
            language=order.language,
            created=order.created,
            sources=sources,
            beside=(REPORT, WORKBOOK, *check, STATEMENT),
            absent=[order.entries[m].title.text for m in work.left_out],
            board=board,
        ),
        REPORT: render_report(
            sections, language=order.language, created=order.created, sources=sources, board=board
        ),
        STATEMENT: render_statement(
            language=order.language, created=order.created, bound=order.bound
        ),
    }
    book = workbook(
        list({key_of(BOARD): board, **shared}.values()),
        sources=sources,
        language=order.language,
        created=order.created,
    )
    return {**{k: v.encode("utf-8") for k, v in pages.items()}, WORKBOOK: book}


def _ref(
    map_id: str, entry: MapEntry, results: dict[str, Result], *, picture: Picture | None
) -> PageRef:
    """Say what the index tells of one map."""
    return PageRef(
        map_id=map_id,
        file=f"{map_id}.html",
        entry=entry,
        lead=results[entry.lead],
        difference=apart(entry, results, map_id=map_id),
        picture=picture,
    )


def _board(work: _Work) -> Result:
    """Return the board: from the map that shows it, or worked out for an atlas without."""
    for map_id, results in work.results.items():
        if BOARD in work.order.entries[map_id].analyses:
            return results[BOARD.key]
    return work.answers(BOARD)


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
