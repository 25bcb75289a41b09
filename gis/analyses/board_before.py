"""Read an earlier board, so that the change since then can be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gis.errors import SourceError, SourceMissingError
from gis.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gis.result import Area

_COLUMNS = ("indicator_id", "value", "unit_key", "definition_key")


@dataclass(frozen=True)
class Earlier:
    """The rows of an earlier board by indicator, and the file they come from."""

    file: str
    rows: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def change(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return before, change and remark of one row of the new board.

        A change is told only where the same definition was measured both times.
        """
        old = self.rows.get(row["indicator_id"])
        if old is None or old["value"] is None:
            return {"before": None, "change": None, "change_remark": t("indicators.not_before")}
        same = all(old[x] == row[x] for x in ("unit_key", "definition_key"))
        known = row["value"] is not None
        remark = "indicators.same" if same else "indicators.other_definition"
        return {
            "before": old["value"],
            "change": row["value"] - old["value"] if same and known else None,
            "change_remark": t(remark if known else "indicators.not_now"),
        }


def read_earlier(path: Path, area: Area) -> Earlier:
    """Read a board written as JSON. Raises SourceMissingError, SourceError.

    Refused are files of another kind, another version's columns, another municipality.
    """
    if not path.is_file():
        message = f"{path}: no such file, named by --before"
        raise SourceMissingError(message)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        number = found["area"]["number"]
        rows = {row["indicator_id"]: row for row in found["tables"]["board"]["rows"]}
        whole = all(name in row for row in rows.values() for name in _COLUMNS)
    except (ValueError, KeyError, TypeError):
        whole, number, rows = False, area.number, {}
    if not whole or not rows or not all(_value_holds(r["value"]) for r in rows.values()):
        message = f"{path}: not a board; allowed: the JSON that 'arealplan indicators' writes"
        raise SourceError(message)
    if number != area.number:
        message = f"{path}: the board of {number}; allowed: one of {area.number} {area.name}"
        raise SourceError(message)
    return Earlier(path.name, rows)


def _value_holds(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
