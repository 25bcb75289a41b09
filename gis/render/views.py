"""Word what stands around the map: key figures, legend, definitions, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.disclosure import OWN_WEIGHT, PEOPLE
from gis.provenance import note_text
from gis.render import compare
from gis.render.fields import heading, stated, worded, written
from gis.render.legend import swatch
from gis.result import Status
from gis.text import Text, amount, day, number, percent, t

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from gis.catalogue.map_models import MapEntry
    from gis.provenance import LayerSource
    from gis.render.drawn import Drawn
    from gis.result import Result, Scalar

GROUPS = ("answer", "residents", "transit", "hazard", "nature", "plan", "terrain", "base")
_COUNTED = ("grid", "point")


def value_text(result: Result) -> Text | None:
    """Write a result's value with its unit; None where it has no value."""
    if result.value is None:
        return None
    if result.unit == "share":
        return percent(result.value)
    text = amount(result.value)
    unit = worded(f"units.{result.unit}") or Text(nb=result.unit, en=result.unit)
    return Text(nb=f"{text.nb} {unit.nb}".strip(), en=f"{text.en} {unit.en}".strip())


def range_text(result: Result) -> Text | None:
    """Write the range of a result, where it has one that differs from the value."""
    if result.low is None or result.high is None or result.low == result.high:
        return None
    write = percent if result.unit == "share" else number
    return t("page.range", low=write(result.low), high=write(result.high))


def status_text(result: Result) -> Text | None:
    """Word a status that is not ok."""
    return None if result.status is Status.OK else t(f"status.{result.status.value}")


def figures(result: Result) -> list[dict[str, Any]]:
    """Return the key figures of a result, headed and written."""
    return [_figure(name, value) for name, value in result.figures.items()]


def _figure(name: str, value: Any) -> dict[str, Any]:
    """Head and write one figure; a unit that the number bears is not in its heading too."""
    title, text = heading(name, "figures"), _scalar(name, value)
    unit = text.nb.rpartition("\u00a0")[2]
    bare = (x.removesuffix(f" ({unit})") if unit else x for x in (title.nb, title.en))
    return {"title": Text(*bare), "text": text}


def _scalar(name: str, value: Any) -> Text:
    """Write a figure or parameter by the unit that its name ends in."""
    if isinstance(value, bool):
        return written(value, kind="code")
    if not isinstance(value, int | float):
        return worded(f"values.{name}.{value}") or written(value, kind="text")
    if "share" in name:
        return percent(float(value))
    for ending, unit, decimals in (
        ("_km2", "km²", 1),
        ("_ha", "ha", 1),
        ("_m2", "m²", 0),
        ("_m", "m", 0),
    ):
        if name.endswith(ending):
            text = number(float(value), decimals=decimals)
            return Text(nb=f"{text.nb}\u00a0{unit}", en=f"{text.en}\u00a0{unit}")
    if "residents" in name or name.startswith(OWN_WEIGHT):
        return written(value, kind="residents")
    return number(float(value), decimals=0 if float(value).is_integer() else 1)


def definitions(entry: MapEntry, results: Mapping[str, Result]) -> list[dict[str, Any]]:
    """Return the definition of every analysis on the page, the lead's first."""
    order = [entry.lead, *(a.key for a in entry.analyses if a.key != entry.lead)]
    return [
        {
            "title": compare.titled(results[name].title, name, entry),
            "sentence": results[name].definition.sentence,
            "parameters": parameters(results[name].definition.parameters),
            "lead": name == entry.lead,
        }
        for name in dict.fromkeys(order)
        if name in results
    ]


def parameters(given: Mapping[str, Scalar]) -> list[dict[str, Any]]:
    """Return parameters, headed and written."""
    return [
        {"title": heading(key, "params"), "text": _scalar(key, value)}
        for key, value in given.items()
    ]


def sensitivity(result: Result) -> list[dict[str, Any]]:
    """Return the same number under its other readings."""
    share = result.unit == "share"
    return [
        {
            "title": reading.text,
            "chosen": reading.chosen,
            "text": percent(reading.value) if share else amount(reading.value),
        }
        for reading in result.sensitivity
    ]


def left_out(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return what did not enter the numbers, each reason once."""
    listed = {}
    for result in results:
        for item in result.left_out:
            count = written(item.count, kind="residents" if item.unit in PEOPLE else "count")
            unit = worded(f"units.{item.unit}") or Text(nb=item.unit, en=item.unit)
            text = Text(nb=f"{count.nb} {unit.nb}", en=f"{count.en} {unit.en}")
            listed[(item.reason, item.text.nb)] = {"text": item.text, "count": text}
    return list(listed.values())


def sources(found: Iterable[LayerSource]) -> list[dict[str, Any]]:
    """Return each source once, in the order of its title."""
    unique = {(s.layer, s.sha256): s for s in found}
    return [
        {
            "layer": s.layer,
            "title": Text(nb=s.title_nb, en=s.title_en),
            "owner": stated(s.owner),
            "licence": stated(s.licence) if s.licence else None,
            "date": day(s.date),
            "rows": number(s.rows) if s.rows else None,
            "file": s.file,
            "sha256": s.sha256,
            "metadata": s.metadata if (s.metadata or "").startswith("https://") else None,
            "invented": s.invented,
            "notes": [note_text(x) for x in s.notes],
        }
        for s in sorted(unique.values(), key=lambda s: s.title_nb)
    ]


def credit(found: Sequence[LayerSource], *, invented: bool) -> Text:
    """Name the owners of the data below the map."""
    if invented:
        return t("page.credit_invented")
    owners = joined([stated(x) for x in sorted({s.owner for s in found})])
    return t("page.credit", owners=owners) if owners else t("page.credit_none")


def made(created: dt.date, version: str) -> Text:
    """Say when and by what version the page was made, and in what projection it is drawn."""
    return t("page.made", date=day(created), version=version)


def joined(texts: Sequence[Text]) -> Text | None:
    """Join texts with commas, language by language; None for none."""
    if not texts:
        return None
    return Text(nb=", ".join(x.nb for x in texts), en=", ".join(x.en for x in texts))


def groups(layers: Sequence[Drawn]) -> list[dict[str, Any]]:
    """Return the layer list by group, what is shown on top first, with swatches and counts."""
    listed = []
    top = {d.group: place for place, d in enumerate(layers) if d.show}
    themes = sorted(GROUPS[1:-1], key=lambda name: -top.get(name, -1))
    for name in (GROUPS[0], *themes, GROUPS[-1]):
        own = [_listed(d) for d in reversed(layers) if d.group == name and d.listed]
        if name == "base":
            names = {"id": "places", "title": t("groups.places"), "show": True}
            own.append({**names, "swatch": None, "note": None, "classes": [], "steps": []})
        if own:
            listed.append({"title": t(f"groups.{name}"), "layers": own, "base": name == "base"})
    return listed


def _listed(drawn: Drawn) -> dict[str, Any]:
    kind = drawn.shapes.kind
    swatches = [
        swatch(_outlined(drawn, i), kind=kind, key=f"h-{drawn.id}-{i}")
        for i in range(len(drawn.classes))
    ]
    single = len(drawn.classes) == 1 and drawn.classes[0].key == "all"
    single = single or drawn.group == "base"
    counted = kind == "point" or drawn.symbol in _COUNTED
    return {
        "id": drawn.id,
        "title": drawn.title,
        "show": drawn.show,
        "swatch": swatches[-1] if single and swatches else None,
        "note": _note(drawn),
        "start": max(drawn.start, 0),
        "steps": [c.title for c in drawn.classes]
        if drawn.slider and len(drawn.classes) > 1
        else [],
        "classes": []
        if single
        else [
            {"title": c.title, "swatch": s, "count": number(c.count) if counted else None}
            for c, s in zip(drawn.classes, swatches, strict=True)
        ],
    }


def _note(drawn: Drawn) -> Text | None:
    if not drawn.classes:
        return t("legend.none")
    notes = [t("legend.fade")] if drawn.fade is not None else []
    if drawn.inside is not None and len(drawn.classes) > 1:
        notes.append(t("legend.inside"))
    return Text(" ".join(n.nb for n in notes), " ".join(n.en for n in notes)) if notes else None


def _outlined(drawn: Drawn, place: int) -> Any:
    look = drawn.classes[place].look
    if drawn.symbol != "outline":
        return look
    return look.model_copy(update={"fill": None, "hatch": None})
