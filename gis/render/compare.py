"""Word two maps side by side: which is which, what each comes to, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import RenderError
from gis.render.fields import worded, written
from gis.text import Text, number, percent, t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.catalogue.map_models import Compare, CompareSide, MapEntry
    from gis.result import Result


@dataclass(frozen=True)
class Side:
    """One of the two maps: its title, and its number where it has one."""

    title: Text
    text: Text | None
    value: float | None
    share: bool


def sides(compare: Compare, results: Mapping[str, Result], where: str) -> dict[str, Side]:
    """Return the two maps by name, 'before' first. Raises RenderError naming file and key."""
    return {
        name: _side(side, results, where=f"{where}: compare.{name}")
        for name, side in (("before", compare.before), ("after", compare.after))
    }


def _side(side: CompareSide, results: Mapping[str, Result], *, where: str) -> Side:
    title = side.title.text
    if side.result is None:
        return Side(title, None, None, share=False)
    result = results[side.result]
    if side.figure is None:
        value, share = result.value, result.unit == "share"
    else:
        if side.figure not in result.figures:
            there = ", ".join(result.figures) or "none"
            message = f"{where}.figure '{side.figure}' is not in the result (there are: {there})"
            raise RenderError(message)
        found = result.figures[side.figure]
        if not isinstance(found, int | float):
            return Side(title, written(found, kind="text"), None, share=False)
        value, share = float(found), "share" in side.figure
    if value is None:
        return Side(title, None, None, share=share)
    return Side(title, _text(value, share, result, figure=side.figure), float(value), share=share)


def _text(value: float, share: bool, result: Result, *, figure: str | None) -> Text:
    if share:
        return percent(value)
    if figure is not None and "residents" in figure:
        return written(value, kind="residents")
    text = number(value, decimals=0 if float(value).is_integer() else 1)
    unit = None if figure is not None else worded(f"units.{result.unit}")
    return text if unit is None else Text(f"{text.nb} {unit.nb}", f"{text.en} {unit.en}")


def apart(entry: MapEntry, results: Mapping[str, Result], *, map_id: str) -> Text | None:
    """Tell how far the two maps of an entry are apart; None where there are not two answers."""
    both = entry.compare
    if both is None or not {both.before.result, both.after.result} <= results.keys():
        return None
    return difference(sides(both, results, f"maps/{map_id}.toml"))


def difference(both: Mapping[str, Any] | None) -> Text | None:
    """Tell how far two shares are apart, in percentage points; None where that says nothing."""
    if not both:
        return None
    before, after = both["before"], both["after"]
    if not (before.share and after.share) or before.value is None or after.value is None:
        return None
    # Of what is shown, so that a reader who subtracts finds the same.
    points = round(100 * after.value, 1) - round(100 * before.value, 1)
    return t(
        "compare.difference",
        before=before.title,
        after=after.title,
        a=before.text,
        b=after.text,
        points=number(abs(points), decimals=1),
        way=t("compare.more" if points > 0 else "compare.less"),
    )


def sided(title: Text, side: str | None, compare: Compare | None) -> Text:
    """Write after a layer's title which of two maps it is on."""
    if side is None or compare is None:
        return title
    which = (compare.before if side == "before" else compare.after).title.text
    return Text(nb=f"{title.nb} · {which.nb}", en=f"{title.en} · {which.en}")


def titled(title: Text, name: str, entry: MapEntry) -> Text:
    """Write after an analysis' title which map it is on, where the page has it twice."""
    ids = [a.id for a in entry.analyses]
    own = next(a for a in entry.analyses if a.key == name)
    on = {layer.side for layer in entry.layers if layer.result == name}
    if ids.count(own.id) < 2 or len(on) != 1:
        return title
    return sided(title, on.pop(), entry.compare)


def map_name(title: Text, side: Side) -> Text:
    """Name one of the two maps for those who do not see it."""
    named = Text(nb=f"{title.nb}, {side.title.nb}", en=f"{title.en}, {side.title.en}")
    return t("page.map", title=named)
