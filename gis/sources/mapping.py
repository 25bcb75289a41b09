"""Map a delivered table onto the fields of a catalogue entry.

Which source fields are needed is settled before reading (so that only those are
read); afterwards rows are kept or dropped by value and every field is typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.errors import FieldError
from gis.sources.convert import (
    as_code,
    as_date,
    as_id,
    as_integer,
    as_number,
    as_text,
    mend_encoding,
    pad,
)
from gis.sources.names import LAYER_NAME, find_field, fold, is_layer, missing_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.catalogue import FieldMapping, LayerEntry
    from gis.sources.base import Notes, Request

_EMPTY = {
    "text": "str",
    "code": "str",
    "integer": "Int64",
    "number": "float64",
    "date": "datetime64[s]",
    "id": "Int64",
}


@dataclass(frozen=True)
class Columns:
    """The source field of every field of the entry (None: not in this file), and the filters."""

    fields: dict[str, str | None]
    keep: dict[str, tuple[str, ...]]
    drop: dict[str, tuple[str, ...]]

    @property
    def needed(self) -> list[str]:
        """The source fields to read, without the layer's name."""
        names = [*self.fields.values(), *self.keep, *self.drop]
        return [n for n in dict.fromkeys(names) if n is not None and n != LAYER_NAME]


def resolve(request: Request, available: Sequence[str], *, source: str) -> Columns:
    """Find every field of the entry among the fields of a file.

    A name given in the workspace wins and must be there. Raises FieldError for a
    required field that is missing, with what is there and the nearest name.
    """
    local = request.local.fields if request.local else {}
    unknown = sorted(set(local) - set(request.entry.fields))
    if unknown:
        message = (
            f"[layers.{request.layer}.fields]: '{unknown[0]}' is no field of the layer "
            f"(there are: {', '.join(request.entry.fields)})"
        )
        raise FieldError(message)
    fields: dict[str, str | None] = {}
    for field, mapping in request.entry.fields.items():
        accepted = (local[field],) if field in local else mapping.source
        fields[field] = find_field(accepted, available, source=source)
        if fields[field] is None and (mapping.required or field in local):
            raise missing_field(field, accepted, available, source=source)
    return Columns(
        fields=fields,
        keep=_filters(request.entry.delivery.keep, available, source=source),
        drop=_filters(request.entry.delivery.drop, available, source=source),
    )


def _filters(
    wanted: dict[str, tuple[str, ...]], available: Sequence[str], *, source: str
) -> dict[str, tuple[str, ...]]:
    found = {
        find_field([name], available, source=source): values for name, values in wanted.items()
    }
    return {name: values for name, values in found.items() if name is not None}


def belongs(table: pd.DataFrame, columns: Columns) -> NDArray[np.bool_]:
    """Tell which rows belong to the layer by the entry's keep and drop values (folded)."""
    mask = np.ones(len(table), dtype=bool)
    for wanted, keeps in ((columns.keep, True), (columns.drop, False)):
        for name, values in wanted.items():
            allowed = {fold(v) for v in values}
            text = as_text(table[name])
            hit = {v: fold(v) in allowed for v in text.dropna().unique()}
            hits = text.map(hit).fillna(value=False).to_numpy(dtype=bool)
            mask &= hits if keeps else ~hits
    return mask


def map_fields(
    table: pd.DataFrame, columns: Columns, *, entry: LayerEntry, source: str, notes: Notes
) -> pd.DataFrame:
    """Return the entry's fields, typed, on the table's index.

    A field that the file lacks is there with every value missing. Raises FieldError
    naming file, field, value and what is allowed.
    """
    out: dict[str, pd.Series] = {}
    for field, mapping in entry.fields.items():
        name = columns.fields[field]
        if name is None:
            values = pd.Series(np.nan, index=table.index, dtype=object)
            typed = values.astype(_EMPTY[mapping.type])
        else:
            where = f"{source}: field '{name}'"
            values = _layer_codes(table[name], mapping) if name == LAYER_NAME else table[name]
            typed, mended = _typed(values, mapping, source=where)
            notes.count(mended, f"texts of '{name}' with damaged encoding put right")
        if mapping.missing is not None:
            typed = typed.fillna(mapping.missing)
        elif not mapping.nullable and typed.isna().any():
            message = (
                f"{source}: field '{name or field}' lacks a value in {int(typed.isna().sum())} of "
                f"{len(typed)} rows; every row needs one"
            )
            raise FieldError(message)
        out[field] = typed
    return pd.DataFrame(out, index=table.index)


def _layer_codes(names: pd.Series, mapping: FieldMapping) -> pd.Series:
    """Put the code a layer's name stands for in place of the name.

    A foreign name stays, to be refused, unless the field says what a missing value is.
    """
    table = {
        name: next(
            (c for c in mapping.codes if is_layer(name, c)), None if mapping.missing else name
        )
        for name in names.unique()
    }
    return names.map(table) if mapping.codes else names


def _typed(values: pd.Series, mapping: FieldMapping, *, source: str) -> tuple[pd.Series, int]:
    """Return one field typed, and how many texts had their encoding mended."""
    if mapping.type == "text":
        text, mended = mend_encoding(as_text(values))
        return (pad(text, mapping.digits, source=source) if mapping.digits else text), mended
    if mapping.type == "code":
        return as_code(values, mapping, source=source), 0
    converter = {"integer": as_integer, "number": as_number, "date": as_date, "id": as_id}
    return converter[mapping.type](values, source=source), 0
