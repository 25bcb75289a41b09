"""Read several files of the inbox as one layer, where what they are says that they belong together.

Files of one layer that Geonorge's names tell apart by municipality, or that are pieces of one
data set; timetables of different operators; a timetable in NeTEx and the stop registers that
say where its stops lie.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue import layer_entries
from gis.check import sha256_of
from gis.lock import FILES, Held, data_folder
from gis.sources.base import PARTS
from gis.sources.feeds import days_of, operators_of
from gis.sources.names import is_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.inbox_found import Recognised
    from gis.workspace import Workspace

# Kinds of delivery whose files of several municipalities can be read as one.
_JOINED = ("vector", "points")
_TIMETABLE = "gtfs"
_SEVERAL = 2


def joined_files(found: Sequence[Recognised], workspace: Workspace) -> list[Recognised]:
    """Read a layer's files as one: those of different municipalities, or of different operators.

    Of municipalities only where every name states its own in Geonorge's way and no two the same,
    and of a data set in pieces only where every name is that of another piece;
    of timetables only where no operator runs in two of them, for those may be an older and a
    newer edition, and where they are of one time. The files are put together in a folder beside
    the fetched ones; each stays as it is.
    """
    out = list(found)
    names = dict.fromkeys(n for r in found for n in r.layers if n not in workspace.named)
    for layer in names:
        mine = [i for i, r in enumerate(out) if layer in r.layers]
        several = [out[i].layers[layer] for i in mine]
        if len(mine) < _SEVERAL or not _belong_together(several, layer, workspace):
            continue
        held = put_together(several, layer, workspace)
        for i in mine:
            before = out[i].together.get(layer, ())
            others = tuple(dict.fromkeys((*before, *(out[j].file for j in mine if j != i))))
            together = {**out[i].together, layer: others}
            layers = {**out[i].layers, layer: held}
            out[i] = replace(out[i], layers=layers, together=together)
    return out


def _belong_together(several: list[Held], layer: str, workspace: Workspace) -> bool:
    kind = layer_entries()[layer].delivery.kind
    if kind == _TIMETABLE:
        runs = [operators_of(workspace.root / h.path) for h in several]
        apart = all(a.isdisjoint(b) for a, b in itertools.combinations(runs, 2))
        return all(runs) and apart and _share_days(several, workspace)
    numbers = [c for h in several for c in h.covers]
    apart = len(several) == len(set(numbers)) == len(numbers)
    return kind in _JOINED and (apart or _are_pieces(several, layer))


def _are_pieces(several: list[Held], layer: str) -> bool:
    """Tell whether each file is, by its name, another piece of the layer's data set."""
    delivery = layer_entries()[layer].delivery
    if not delivery.pieces:
        return False
    named = [
        next((x for x in delivery.layers if is_layer(Path(h.path).stem, x)), None) for h in several
    ]
    return None not in named and len(set(named)) == len(named)


def _share_days(several: list[Held], workspace: Workspace) -> bool:
    """Tell whether timetables are of one time: of others no day has the departures of all."""
    spans = [s for h in several if (s := days_of(workspace.root / h.path))]
    alike = len(spans) == len(several)
    return alike and max(first for first, _ in spans) <= min(last for _, last in spans)


def put_together(several: Sequence[Held], layer: str, workspace: Workspace) -> Held:
    """Copy files into one folder of parts, named by its content, and hold that for the layer."""
    sums = "".join(h.sha256 for h in several)
    name = hashlib.sha256(sums.encode()).hexdigest()[:16]
    folder = data_folder(workspace.root) / FILES / name / f"{layer}{PARTS}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, held in enumerate(several, 1):
        source = workspace.root / held.path
        for path in sorted(source.iterdir()) if source.suffix == PARTS else [source]:
            _copy(path, folder / f"{held.covers[0] if held.covers else number}_{path.name}")
    dates = [h.date for h in several if h.date]
    return replace(
        several[0],
        path=folder.relative_to(workspace.root).as_posix(),
        sha256=sha256_of(folder),
        size=sum(h.size for h in several),
        retrieved=min(h.retrieved for h in several),
        date=min(dates) if len(dates) == len(several) else None,
        covers=tuple(c for h in several for c in h.covers),
    )


def _copy(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    if not target.exists():
        half = target.with_name(f".{target.name}")
        shutil.copyfile(source, half)
        half.replace(target)
