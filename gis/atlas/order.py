"""Say what is asked for: which maps, from which files, with or without the atlas around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.catalogue import MapEntry, map_entries, map_entry, read_entry
from gis.errors import CatalogueError, GisError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from gis.text import Language

_ID = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = ("index", "rapport", "tilgjengelighet")


@dataclass(frozen=True)
class Order:
    """The maps to make, by id; ``files`` names the entry files outside the catalogue.

    ``whole`` asks for the atlas too: index, report, workbook, statement. ``bound``: an index
    stands, or will stand, beside the pages, so that they may lead to it.
    """

    entries: Mapping[str, MapEntry]
    files: Mapping[str, Path]
    whole: bool
    language: Language
    created: dt.date
    bound: bool = False

    def where(self, map_id: str) -> str:
        """Return the file a map's entry stands in, as messages name it."""
        return str(self.files.get(map_id, f"maps/{map_id}.toml"))

    def said[E: GisError](self, problem: E, map_id: str) -> E:
        """Return the same problem, told with the file that the reader wrote."""
        return type(problem)(str(problem).replace(f"maps/{map_id}.toml", self.where(map_id)))


def entry_of_file(path: Path) -> tuple[str, MapEntry]:
    """Read a planner's own entry file; the file's name is the map's id. Raises CatalogueError."""
    if not _ID.fullmatch(path.stem) or path.stem in _RESERVED:
        message = (
            f"{path}: the file's name is the map's id; allowed: a-z, 0-9 and _, a letter first, "
            f"and none of {', '.join(_RESERVED)}"
        )
        raise CatalogueError(message)
    return path.stem, read_entry(path, MapEntry)


def order_maps(names: Iterable[str], *, whole: bool, language: Language, created: dt.date) -> Order:
    """Return the order for some maps (ids, or files ending in .toml); none means all.

    Raises CatalogueError for an unknown map or a file that does not hold.
    """
    entries: dict[str, MapEntry] = {}
    files: dict[str, Path] = {}
    for name in names:
        if name.endswith(".toml"):
            map_id, entry = entry_of_file(Path(name))
            files[map_id] = Path(name)
        else:
            map_id, entry = name, map_entry(name)
        if map_id in entries:
            message = f"map '{map_id}' is named twice"
            raise CatalogueError(message)
        entries[map_id] = entry
    return Order(entries or map_entries(), files, whole, language, created)
