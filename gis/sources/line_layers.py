"""Choose the layer of roads in a delivery of many layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyogrio

from gis.check import listing
from gis.errors import SourceError
from gis.sources import geoparquet
from gis.sources.base import Notes
from gis.sources.containers import datasets
from gis.sources.line_rules import scheme_of
from gis.sources.rows import guarded

if TYPE_CHECKING:
    from pathlib import Path

# Parts of the geometry types that OGR gives layers of lines; "Unknown" may hold them.
_LINES, _ANY = ("LineString", "Curve"), ("Unknown", "GeometryCollection")


@dataclass(frozen=True)
class _Layer:
    name: str
    kind: str
    roads: bool

    @property
    def lines(self) -> bool:
        return any(word in self.kind for word in _LINES)


def road_layer(path: Path) -> tuple[str | None, tuple[str, ...]]:
    """Return the one layer of a file that holds roads, and a note that says so.

    (None, no note) where the file has one layer. It is the only layer with fields of
    road types, else the only layer of lines. Raises SourceError where there are several
    such layers, or none, with what there is.
    """
    found = _layers(path)
    if len(found) < 2:
        return None, ()
    lines = [layer for layer in found if layer.lines]
    roads = [layer for layer in found if layer.roads and (layer.lines or layer.kind in _ANY)]
    why = "with fields of road types" if roads else "of lines"
    picked = roads or lines
    if len(picked) == 1:
        note = f"layer '{picked[0].name}' of {len(found)} is used, the only one {why}"
        return picked[0].name, (note,)
    names = [f"{layer.name} ({layer.kind})" for layer in picked or found]
    told = f"{len(picked)} layers {why}" if picked else "no layer of lines"
    message = f"{path.name}: {told}; name the network's with --network-layer: {listing(names)}"
    raise SourceError(message)


def _layers(path: Path) -> list[_Layer]:
    notes = Notes()
    found: list[_Layer] = []
    for dataset in datasets(path):
        if dataset.suffix == geoparquet.SUFFIX:
            found.append(_Layer(path.stem, "LineString", roads=False))
            continue
        names = [dataset.layer] if dataset.layer is not None else _names(dataset.source, path)
        for name in names:
            inner = None if dataset.layer is not None else name
            info = guarded(
                lambda s=dataset.source, n=inner: pyogrio.read_info(s, layer=n),  # type: ignore[misc]
                source=path.name,
                notes=notes,
            )
            roads = scheme_of([str(field) for field in info["fields"]]) != "plain"
            found.append(_Layer(str(name), str(info["geometry_type"]), roads))
    return found


def _names(source: str | bytes, path: Path) -> list[str]:
    listed = guarded(lambda: pyogrio.list_layers(source), source=path.name, notes=Notes())
    return [str(name) for name, kind in listed if kind is not None]
