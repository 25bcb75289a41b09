"""Make one GTFS feed of a timetable's deliveries: NeTEx written as GTFS, several joined.

What is made lies in a folder of this process under a name made of the deliveries' content, so
that a delivery is written once however often it is read; the folder goes when the process ends.
"""

from __future__ import annotations

import atexit
import datetime as dt
import hashlib
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gis.check import sha256_of
from gis.errors import SourceError
from gis.sources.base import PARTS
from gis.sources.feeds_joined import write_joined
from gis.sources.gtfs_calendar import feed_dates
from gis.sources.gtfs_files import open_feed, read_table
from gis.sources.netex_files import is_netex, netex_kind
from gis.sources.netex_gtfs import write_as_gtfs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gis.sources.base import Notes

    Write = Callable[[Path], list[str]]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: equal content, equal bytes
_NOTES = "notes"


def one_feed(paths: Sequence[Path], *, notes: Notes | None = None) -> Path:
    """Return the one GTFS feed of some deliveries: a feed alone is itself, as it lies.

    ``paths``: feeds in GTFS (zip or folder), timetables in NeTEx, and stop registers in NeTEx
    that say where the stops of those timetables lie. Ids are kept apart by feed; see
    ``feeds_joined``. ``notes`` gets what was counted. Raises SourceError, FieldError.
    """
    registers, timetables, feeds = _told_apart(paths)
    if not (timetables or feeds):
        message = f"{paths[0].name}: a stop register (NeTEx) without a timetable; give one too"
        raise SourceError(message)
    if len(feeds) == 1 and not timetables:
        if registers:
            message = (
                f"{registers[0].name}: a stop register (NeTEx) beside {feeds[0].name}, a GTFS feed "
                "with places of its own; allowed: beside a timetable in NeTEx"
            )
            raise SourceError(message)
        return feeds[0]
    made = [_as_gtfs(path, registers, notes) for path in timetables]
    several = [*feeds, *made]
    if len(several) == 1:
        return several[0]
    return _once("joined", several, lambda folder: write_joined(several, folder), notes=notes)


def operators_of(path: Path) -> frozenset[str]:
    """Return who runs the trips of a delivery, or of a folder of its parts, by their names.

    Raises SourceError as ``one_feed`` does.
    """
    feed = open_feed(_feed_of(path))
    if not feed.has("agency.txt"):
        return frozenset()
    names = read_table(feed, "agency.txt", [], optional=["agency_name"])["agency_name"]
    return frozenset(n.strip().casefold() for n in names.drop_nulls() if n.strip())


def days_of(path: Path) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day with a trip of a delivery, or of a folder of its parts.

    None where no day has one. Raises SourceError as ``one_feed`` does.
    """
    feed = _feed_of(path)
    try:
        return feed_dates(feed)
    except SourceError:
        return None


def _feed_of(path: Path) -> Path:
    return one_feed(sorted(path.iterdir()) if path.suffix == PARTS else [path])


def _told_apart(paths: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return stop registers, timetables in NeTEx, and the rest."""
    registers, timetables, feeds = [], [], []
    for path in paths:
        if not is_netex(path):
            feeds.append(path)
        elif netex_kind(path) == "stops":
            registers.append(path)
        else:
            timetables.append(path)
    return registers, timetables, feeds


def _as_gtfs(path: Path, registers: list[Path], notes: Notes | None) -> Path:
    def write(folder: Path) -> list[str]:
        return write_as_gtfs(path, folder, registers=registers)

    return _once("netex", [path, *registers], write, notes=notes)


def _once(what: str, paths: list[Path], write: Write, *, notes: Notes | None) -> Path:
    """Return a feed under a name of its sources' content, written where it is not there yet."""
    told = hashlib.sha256(f"{what}\n".encode())
    for path in paths:
        told.update(sha256_of(path).encode())
    place = _scratch() / told.hexdigest()[:24]
    # Under the delivery's own name, for later messages to name it.
    target, said = place / f"{paths[0].stem}.zip", place / _NOTES
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
            lines = write(Path(folder))
            place.mkdir(exist_ok=True)
            half = place / "half"
            _zip(Path(folder), half)
        said.write_text("\n".join(lines), encoding="utf-8")
        half.replace(target)
    if notes is not None:
        notes.add(*(line for line in said.read_text(encoding="utf-8").split("\n") if line))
    return target


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            member = zipfile.ZipInfo(path.name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as out:
                shutil.copyfileobj(source, out)


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="arealplan-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
