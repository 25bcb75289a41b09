"""Tell a whole answer from the first page of one: servers cut long answers without an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gis.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

_END = 1 << 16
# ArcGIS says so at the root or under properties; WFS 2.0 in the attributes of its root.
_ARCGIS = re.compile(rb'"exceededTransferLimit"\s*:\s*true')
_WFS = re.compile(rb'number(Matched|Returned)="(\d+)"')


def ends_of(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file, enough to tell what it is."""
    with path.open("rb") as stream:
        head = stream.read(_END)
        stream.seek(max(0, path.stat().st_size - _END))
        return head, stream.read(_END)


def check_whole_answer(head: bytes, tail: bytes, *, source: str) -> None:
    """Refuse a saved answer that the server says is not all of it. Raises SourceError."""
    if _ARCGIS.search(head) or _ARCGIS.search(tail):
        message = f"{source}: only a part (exceededTransferLimit); fetch every page of the answer"
        raise SourceError(message)
    counts = {name: int(n) for name, n in _WFS.findall(head[:4096])}
    if counts.get(b"Returned", 0) < counts.get(b"Matched", 0):
        message = (
            f"{source}: only a part ({counts[b'Returned']} of {counts[b'Matched']} features); "
            "fetch every page of the answer"
        )
        raise SourceError(message)
