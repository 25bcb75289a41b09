"""Judge the data: build (with what changed), check."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gis.changes import changes, prints_before, prints_of
from gis.checks import check_store
from gis.cli.fetch import inbox_lines
from gis.cli.shared import JsonOption, WorkspaceOption, say, show_grid, show_json
from gis.errors import ParameterError, SourceError
from gis.inbox import INBOX, has_changed, recognise_all, take_inbox
from gis.lock import exclusive, read_lock
from gis.provenance import note_text
from gis.store import build as build_store
from gis.store import open_store
from gis.store.build import MUNICIPALITY
from gis.text import Language, t
from gis.workspace import ALL_NORWAY, FILE_NAME, open_workspace

if TYPE_CHECKING:
    from gis.changes import Change
    from gis.checks import Verdict
    from gis.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("build", help="les filene inn i lageret / read the files into the store")(build)
    app.command("check", help="hva som er der, og hva som er galt / what is there, what is wrong")(
        check
    )


def build(*, workspace: WorkspaceOption = Path()) -> None:
    """Read every layer the workspace has into the store, whole or not at all; say what changed."""
    opened = _with_inbox(open_workspace(workspace))
    if MUNICIPALITY not in opened.entry.layers:
        _check_contested(opened)
    if not opened.entry.layers:
        message = (
            f"{workspace / FILE_NAME}: no [layers.*] with a path yet; name at least one file, put "
            "files into inbox/, or run 'arealplan fetch'"
        )
        raise ParameterError(message)
    # Of a whole country nobody reads what moved, and it would cost as much as the build.
    before = None if opened.entry.area == ALL_NORWAY else prints_before(opened)
    store = build_store(opened, progress=say)
    lang = opened.entry.language
    built = t("check.built", folder=str(opened.store_root), count=str(len(store.layers)))
    say(built.in_(lang))
    if before is not None:
        found = [c for c in changes(before, prints_of(store)) if not c.nothing]
        say(t("check.changes").in_(lang) + ":")
        for line in [_change_line(c, lang) for c in found] or [t("check.no_change").in_(lang)]:
            say(f"  {line}")


def _with_inbox(opened: Workspace) -> Workspace:
    """Take in what was put into the inbox since the last look, and say what it was taken for."""
    if not has_changed(opened):
        return opened
    with exclusive(opened.root):
        found = take_inbox(opened)
    for line in inbox_lines(found, opened.entry.language):
        say(line)
    return open_workspace(opened.root)


def _check_contested(opened: Workspace) -> None:
    """Refuse an inbox where several files hold the municipality. Raises ParameterError."""
    several = [r.file for r in recognise_all(opened) if MUNICIPALITY in r.contested]
    if several:
        message = (
            f"{opened.root / INBOX}: {', '.join(several)} hold {MUNICIPALITY}, and which is "
            f"meant is not guessed; keep one of them there, or name it by path in {FILE_NAME}"
        )
        raise ParameterError(message)


def _change_line(change: Change, lang: Language) -> str:
    if change.new or change.gone:
        words = [t("check.layer_came" if change.new else "check.layer_went").in_(lang)]
    else:
        words = [
            t(f"check.{name}", count=str(count)).in_(lang)
            for name, count in (
                ("came", change.came),
                ("went", change.went),
                ("moved", change.moved),
            )
            if count
        ]
    return f"{change.layer}: {', '.join(words)}"


def check(*, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Judge the layers of the store: rows, date, age, cover, gaps, overlaps, sums."""
    opened = open_workspace(workspace)
    lang = opened.entry.language
    today = dt.datetime.now(tz=dt.UTC).date()
    verdicts = check_store(open_store(opened), lock=read_lock(opened.root), today=today)
    if as_json:
        show_json([v.as_dict() for v in verdicts])
    else:
        heads = ("layer", "owner", "rows", "date", "age", "mended", "verdict", "note")
        rows = [_row(v, lang) for v in verdicts]
        show_grid("", [t(f"check.{h}").in_(lang) for h in heads], rows)
    bad = [v.source.layer for v in verdicts if v.grade == "bad"]
    if bad:
        message = f"{len(bad)} layers are wrong: {', '.join(bad)}"
        raise SourceError(message)


def _row(verdict: Verdict, lang: Language) -> list[str]:
    s = verdict.source
    age = verdict.age_days
    words = [f.text.in_(lang) for f in verdict.findings]
    words += [note_text(n).in_(lang) for n in s.notes]
    return [
        s.layer,
        s.owner,
        f"{s.rows}",
        s.date.isoformat() if s.date else "–",
        t("check.days", count=str(age)).in_(lang) if age is not None else "–",
        f"{s.mended}",
        t(f"check.{verdict.grade}").in_(lang),
        "; ".join(dict.fromkeys(words)),
    ]
