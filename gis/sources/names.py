"""Compare names as the publishers write them: one attribute, many spellings.

The same attribute comes as ``identifikasjon.Identifikasjon.lokalId`` (GeoJSON),
``lokalid`` (FGDB) and ``lokalId`` (GML); æ, ø and å are kept, or written ae/e, oe/o
and aa/a. Two names are the same when their folded forms are equal.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from gis.check import did_you_mean, listing
from gis.errors import FieldError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYER_NAME = "@layer"

_LETTERS = str.maketrans({"æ": "e", "ø": "o", "å": "a", "ä": "e", "ö": "o", "đ": "d", "ŋ": "n"})
_DIGRAPHS = (("ae", "e"), ("oe", "o"), ("aa", "a"))
_FORMAT_SUFFIX = re.compile(r"_(geojson|gml|fgdb|gpkg|gdb|shp)$", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def fold(text: str) -> str:
    """Return the form in which two spellings of a name or a code are equal.

    Lower case; æ/ae/e, ø/oe/o and å/aa/a alike; other accents, control characters,
    spaces and punctuation dropped.
    """
    plain = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFD", plain)
    plain = "".join(c for c in plain if c.isalnum() and c.isascii())
    for double, single in _DIGRAPHS:
        plain = plain.replace(double, single)
    return plain


def fold_field(name: str) -> str:
    """Return the folded form of a field name without its dotted path."""
    return fold(name.rsplit(".", 1)[-1])


def find_field(accepted: Sequence[str], available: Sequence[str], *, source: str) -> str | None:
    """Return the first accepted field that a file has, in the file's own spelling, or None.

    A field spelt exactly as accepted wins over folded equals. Raises FieldError when
    two fields of the file are equally good.
    """
    for name in accepted:
        if name == LAYER_NAME:
            return LAYER_NAME
        if name in available:
            return name
        alike = [a for a in available if fold_field(a) == fold_field(name)]
        if len(alike) > 1:
            message = f"{source}: '{name}' is there more than once: {listing(alike)}"
            raise FieldError(message)
        if alike:
            return alike[0]
    return None


def missing_field(
    field: str, accepted: Sequence[str], available: Sequence[str], *, source: str
) -> FieldError:
    """Return the error for a required field that is not there, with what is there."""
    hint = next((h for a in accepted if (h := did_you_mean(a, available))), "")
    message = (
        f"{source}: no field for '{field}' (accepted: {listing(accepted)}){hint}; "
        f"there are: {listing(available)}"
    )
    return FieldError(message)


def is_layer(name: str, wanted: str) -> bool:
    """Tell whether a layer of a file is the wanted one.

    Folded equals, or the file's name ends in ``_<wanted>`` after a format suffix is
    taken off: ``Basisdata_..._Kommune_GeoJSON`` is ``Kommune``.
    """
    if fold(name) == fold(wanted):
        return True
    stem = _FORMAT_SUFFIX.sub("", name)
    pieces = stem.split("_")
    return any(fold("_".join(pieces[i:])) == fold(wanted) for i in range(1, len(pieces)))


def pick_layers(accepted: Sequence[str], available: Sequence[str], *, source: str) -> list[int]:
    """Return the positions of the accepted layers among those of a file, in the file's order.

    A file with one layer is that layer, whatever its name. Raises SourceError with
    the layers that are there.
    """
    if len(available) == 1:
        return [0]
    picked = [i for i, name in enumerate(available) if any(is_layer(name, a) for a in accepted)]
    if picked:
        return picked
    if not accepted:
        message = (
            f"{source}: several layers and none named: {listing(available)}; name one with layer"
        )
        raise SourceError(message)
    hint = next((h for a in accepted if (h := did_you_mean(a, available))), "")
    message = (
        f"{source}: none of the layers {listing(accepted)}{hint}; there are: {listing(available)}"
    )
    raise SourceError(message)
