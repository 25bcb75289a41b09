"""Bring data: fetch, inbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from gis.catalogue import layer_entries
from gis.cli.shared import JsonOption, WorkspaceOption, harmless, say, show_grid, show_json
from gis.errors import SourceError
from gis.fetch import fetch, plan
from gis.inbox import INBOX, recognise_all
from gis.inbox_found import Recognised
from gis.outcomes import Report, Settings, as_dict
from gis.problems import problem_text
from gis.provenance import note_text
from gis.text import Language, number, t
from gis.workspace import open_workspace

if TYPE_CHECKING:
    from gis.outcomes import Outcome, Planned

_MIB = 1 << 20


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("fetch", help="hent det som mangler fra utgiverne / fetch what is missing")(bring)
    app.command("inbox", help="hva filene i inbox/ er / what the files in inbox/ are")(inbox)


def bring(
    layers: Annotated[list[str] | None, typer.Argument(metavar="[LAYER]...")] = None,
    *,
    workspace: WorkspaceOption = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="bare list opp, hent ingenting / list, fetch nothing")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="bare det som er hentet før / only what is cached")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch the layers that the workspace has no file for; one that fails keeps its old file."""
    opened = open_workspace(workspace)
    lang: Language = opened.entry.language
    with _Bars() as bars:
        settings = Settings(offline=offline, progress=bars.step, tell=bars.tell)
        if dry_run:
            planned = plan(opened, only=layers or (), settings=settings)
        else:
            report = fetch(opened, only=layers or (), settings=settings)
    if dry_run:
        _show_plan(planned, lang, as_json=as_json)
        return
    _show_report(report, lang, as_json=as_json)
    failed = [o.layer for o in report.outcomes if o.state in ("failed", "kept")]
    if failed:
        message = f"{len(failed)} layers could not be fetched: {', '.join(failed)}"
        raise SourceError(message)
    say(t("fetch.next", folder=str(workspace)).in_(lang))


def inbox(*, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Say what each file in the workspace's inbox would be read as."""
    opened = open_workspace(workspace)
    lang: Language = opened.entry.language
    found = recognise_all(opened, tell=lambda n: say(t("inbox.reading", file=n).in_(lang)))
    if as_json:
        show_json(
            [
                {
                    "file": r.file,
                    "layers": {n: reason.as_dict() for n, reason in r.reasons.items()},
                    "contested": {n: list(others) for n, others in r.contested.items()},
                    "together": {n: list(others) for n, others in r.together.items()},
                    "problem": r.problem.as_dict() if r.problem else None,
                }
                for r in found
            ],
        )
        return
    if not found:
        say(t("inbox.none_there", folder=str(workspace / INBOX)).in_(lang))
    for line in inbox_lines(found, lang):
        typer.echo(harmless(line))


def inbox_lines(found: list[Recognised], lang: Language) -> list[str]:
    """Say of each file what it was taken for, what it is not used for, and what is wrong."""
    lines = []
    for r in found:
        lines += [
            t("fetch.taken_for", file=r.file, layer=layer, reason=reason).in_(lang)
            for layer, reason in r.reasons.items()
        ]
        lines += [
            t("fetch.contested", file=r.file, layer=layer, others=", ".join(others)).in_(lang)
            for layer, others in r.contested.items()
        ]
        lines += [
            t(_together(layer), file=r.file, layer=layer, others=", ".join(others)).in_(lang)
            for layer, others in r.together.items()
        ]
        if r.problem:
            lines.append(t("fetch.not_taken", file=r.file, reason=r.problem).in_(lang))
    return lines


def _together(layer: str) -> str:
    """Return the text that says why files are read as one layer."""
    timetable = layer_entries()[layer].delivery.kind == "gtfs"
    return "deliveries.together" if timetable else "inbox.together"


def _show_plan(planned: list[Planned], lang: Language, *, as_json: bool) -> None:
    if as_json:
        show_json(
            [
                {
                    "layers": list(p.layers),
                    "owner": p.owner,
                    "licence": p.licence,
                    "what": p.offer.what if p.offer else None,
                    "url": p.offer.url if p.offer else None,
                    "size": p.offer.size if p.offer else None,
                    "retrieved": p.held.retrieved.isoformat() if p.held else None,
                    "message": p.message,
                    "problem": problem_text(p.message).as_dict() if p.message else None,
                }
                for p in planned
            ]
        )
        return
    heads = ("layer", "owner", "licence", "size", "what")
    rows = [
        [
            ", ".join(p.layers),
            p.owner,
            p.licence,
            _size(p.offer.size if p.offer else None, lang),
            _offered(p, lang),
        ]
        for p in planned
    ]
    show_grid("", [t(f"fetch.{h}").in_(lang) for h in heads], rows)
    known = sum(p.offer.size or 0 for p in planned if p.offer)
    say(t("fetch.total", count=str(len(planned)), size=_size(known, lang)).in_(lang))


def _show_report(report: Report, lang: Language, *, as_json: bool) -> None:
    for line in inbox_lines(list(report.inbox), lang):
        say(line)
    for line in report.figures:
        say(problem_text(line).in_(lang))
    if as_json:
        show_json([as_dict(o) for o in report.outcomes])
        return
    by_hand = [o.layer for o in report.outcomes if o.state == "by_hand"]
    heads = ("layer", "state", "size", "date", "message")
    rows = [
        [
            o.layer,
            _state(o, lang),
            _size(o.held.size, lang) if o.held else "",
            o.held.date.isoformat() if o.held and o.held.date else "",
            problem_text(o.message).in_(lang) or _notes(o, lang),
        ]
        for o in report.outcomes
        if o.state != "by_hand"
    ]
    if rows:
        show_grid("", [t(f"fetch.{h}").in_(lang) for h in heads], rows)
    if by_hand:
        say(t("deliveries.by_hand", layers=", ".join(by_hand)).in_(lang))


def _offered(planned: Planned, lang: Language) -> str:
    if planned.offer is None:
        return problem_text(planned.message).in_(lang)
    return f"{note_text(planned.offer.what).in_(lang)} <{planned.offer.url}>"


def _notes(outcome: Outcome, lang: Language) -> str:
    notes = outcome.held.notes if outcome.held else ()
    return "; ".join(note_text(note).in_(lang) for note in notes)


def _state(outcome: Outcome, lang: Language) -> str:
    date = outcome.held.retrieved.isoformat() if outcome.held else ""
    return t(f"fetch.{outcome.state}", date=date).in_(lang)


def _size(size: int | None, lang: Language) -> str:
    if size is None:
        return t("fetch.unknown_size").in_(lang)
    return number(size / _MIB, decimals=1).in_(lang) + " MiB"


class _Bars:
    """Show progress on standard error: bars on a terminal, one line a layer elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            disable=not self._terminal,
        )
        self._task = self._progress.add_task("", start=True, total=None)

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, layers: str) -> None:
        """Begin a delivery."""
        self._progress.reset(self._task, description=layers, total=None)
        if not self._terminal:
            say(layers)

    def step(self, _url: str, received: int, whole: int | None) -> None:
        """Show how far a transfer has come."""
        self._progress.update(self._task, completed=received, total=whole)
