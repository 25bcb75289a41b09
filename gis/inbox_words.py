"""Say why a file of the inbox was taken for no layer, in a sentence of both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.catalogue import layer_entries, no_layers
from gis.errors import OutsideError
from gis.problems import problem_text
from gis.sources.contents import READABLE
from gis.sources.names import find_field, fold
from gis.text import Text, day, t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.errors import GisError
    from gis.sources.base import Stated
    from gis.sources.contents import Content


def why_none(found: Sequence[Content], guesses: Sequence[str]) -> Text:
    """Return why a file that can be read is no layer: what it is, else that it fits none."""
    if guesses:
        return t("inbox.no_rows", layers=", ".join(guesses))
    for content in found:
        for known in no_layers().values():
            if known.kind not in (None, content.kind):
                continue
            bare = not known.bare or not content.fields
            there = all(_has(content, name) for name in known.fields)
            if bare and there:
                return known.text
    return t("inbox.unknown")


def _has(content: Content, name: str) -> bool:
    plain = {fold(f) for f in content.fields}
    return fold(name) in plain or find_field([name], content.fields, source="") is not None


def why_unreadable(path: Path, error: GisError) -> Text:
    """Return why a file cannot be read at all."""
    if isinstance(error, OutsideError):
        return t("inbox.outside")
    if path.is_file() and path.suffix.lower() not in READABLE:
        ending = f"'{path.suffix}'" if path.suffix else "''"
        return t("inbox.no_format", ending=ending, allowed=" ".join(READABLE))
    if path.is_file() and not path.stat().st_size:
        return t("inbox.empty")
    return t("inbox.unreadable", detail=_inner(error))


def why_refused(layer: str, error: GisError) -> Text:
    """Return why a file that looked like a layer was not read as it."""
    if isinstance(error, OutsideError):
        return t("inbox.outside")
    return t(
        "inbox.refused", layer=layer, title=layer_entries()[layer].title.text, why=_inner(error)
    )


def _inner(error: GisError) -> Text:
    told = problem_text(error)
    return Text(**{k: v.replace("{", "(").replace("}", ")") for k, v in told.as_dict().items()})


def about_date(stated: Stated | None) -> list[Text]:
    """Say of which day the data are, and what states it."""
    if stated is None:
        return []
    if stated.field is None:
        return [t("inbox.dated_by_name", date=day(stated.date))]
    return [t("inbox.dated_by_field", date=day(stated.date), field=stated.field)]
