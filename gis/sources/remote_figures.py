"""Fetch published numbers to hold the layers against: population by age, water levels."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import SourceError
from gis.sources.limits import parse_xml
from gis.sources.remote_base import need, try_each, with_query

if TYPE_CHECKING:
    from gis.catalogue.remotes import Figures
    from gis.sources.remote_base import Tools


@dataclass(frozen=True)
class Population:
    """Residents of a municipality: all of them, and by age (``000`` .. ``105+``)."""

    table: str
    year: str
    total: int
    by_age: dict[str, int]


@dataclass(frozen=True)
class Settlements:
    """Area (km²) and residents of the settlements inside a municipality."""

    table: str
    year: str
    area_km2: float
    residents: int | None


@dataclass(frozen=True)
class WaterLevel:
    """One level above a reference, as the publisher words it; ``value_cm`` in centimetres."""

    code: str
    name: str
    value_cm: float
    reference: str


def population(figures: Figures, number: str, tools: Tools) -> Population:
    """Fetch table 07459 for a municipality, its former numbers added by SSB (K-nnnn).

    Plain numbers give 0 for years before a renumbering, without an error; the sum over
    numbers does not, and a total of 0 is refused. Raises SourceError.
    """
    publisher = tools.publishers.publishers[figures.publisher]
    url = f"{publisher.base[0]}/tables/{figures.table}/data"
    query = {
        "lang": "no",
        "codelist[Region]": "agg_KommSummer",
        "valueCodes[Region]": f"K-{number}",
        "valueCodes[Kjonn]": "*",
        "valueCodes[Alder]": "*",
        "valueCodes[ContentsCode]": "*",
        "valueCodes[Tid]": "top(1)",
        "outputFormat": "json-stat2",
    }
    cells = read_json_stat(tools.get_json(with_query(url, query), publisher), source=url)
    ages: dict[str, int] = {}
    for place, value in cells:
        if value is not None:
            ages[place["Alder"]] = ages.get(place["Alder"], 0) + round(value)
    years = sorted({place["Tid"] for place, _ in cells})
    if not sum(ages.values()) or len(years) != 1:
        message = f"{url}: no residents under K-{number} for {', '.join(years) or 'any year'}"
        raise SourceError(message)
    return Population(figures.table, years[0], sum(ages.values()), ages)


def settlements(figures: Figures, number: str, tools: Tools) -> Settlements:
    """Fetch the area and the residents of a municipality's settlements (StatBank 04861).

    Which content is which is read from its unit and its words, since the codes are not
    known from a stored source. Raises SourceError.
    """
    publisher = tools.publishers.publishers[figures.publisher]
    url = f"{publisher.base[0]}/tables/{figures.table}/data"
    query = {
        "lang": "no",
        "valueCodes[Region]": number,
        "valueCodes[ContentsCode]": "*",
        "valueCodes[Tid]": "top(1)",
        "outputFormat": "json-stat2",
    }
    raw = tools.get_json(with_query(url, query), publisher)
    cells = read_json_stat(raw, source=url)
    category = raw["dimension"].get("ContentsCode", {}).get("category", {})
    found: dict[str, float] = {}
    for place, value in cells:
        kind = _content(category, place.get("ContentsCode", ""))
        if value is not None and kind:
            found[kind] = found.get(kind, 0.0) + value
    if not found.get("area"):
        labels = ", ".join(map(str, category.get("label", {}).values())) or "none"
        message = f"{url}: no area of settlements for {number}; contents: {labels}"
        raise SourceError(message)
    residents = round(found["residents"]) if "residents" in found else None
    return Settlements(figures.table, cells[0][0]["Tid"], found["area"], residents)


def _content(category: dict[str, Any], code: str) -> str | None:
    """Tell what a content is: an area in km², or residents."""
    label = str(category.get("label", {}).get(code, "")).casefold()
    unit = str(category.get("unit", {}).get(code, {}).get("base", "")).casefold()
    if "areal" in label and "per" not in label and ("km" in unit or "km" in label):
        return "area"
    if ("bosatte" in label or "befolkning" in label) and "per" not in label.split():
        return "residents"
    return None


def read_json_stat(raw: Any, *, source: str) -> list[tuple[dict[str, str], float | None]]:
    """Return the cells of a JSON-stat 2 answer: codes by dimension, and the value or None.

    Values come as a list or as an object by position; both are read. Raises SourceError.
    """
    names = need(raw, "id", list, source=source)
    sizes = need(raw, "size", list, source=source)
    dimensions = need(raw, "dimension", dict, source=source)
    codes = []
    for name, size in zip(names, sizes, strict=False):
        category = need(
            need(dimensions, name, dict, source=source), "category", dict, source=source
        )
        index = category.get("index", {})
        ordered = sorted(index, key=lambda c: index[c]) if isinstance(index, dict) else list(index)
        if len(ordered) != size:
            message = f"{source}: dimension '{name}' has {len(ordered)} codes, {size} stated"
            raise SourceError(message)
        codes.append([str(c) for c in ordered])
    values = raw.get("value")
    count = 1
    for part in codes:
        count *= len(part)
    if isinstance(values, dict):
        values = [values.get(str(i)) for i in range(count)]
    if not isinstance(values, list) or len(values) != count:
        message = (
            f"{source}: {len(values) if isinstance(values, list) else 'no'} values for {count}"
        )
        raise SourceError(message)
    return [
        (dict(zip(names, place, strict=True)), None if v is None else float(v))
        for place, v in zip(itertools.product(*codes), values, strict=True)
    ]


def water_levels(lon: float, lat: float, tools: Tools) -> list[WaterLevel]:
    """Fetch return levels and tide levels at a place, above NN2000. Raises SourceError.

    Names of elements are not documented: every element with a value and a name or code
    is read, values are centimetres.
    """
    key = tools.publishers.sea_level
    if key is None:
        message = "layers/publishers.toml: no publisher of water levels (sea_level)"
        raise SourceError(message)
    publisher = tools.publishers.publishers[key]
    query = {
        "tide_request": "locationlevels",
        "lat": f"{lat:.5f}",
        "lon": f"{lon:.5f}",
        "refcode": "nn2000",
        "flag": "return",
        "file": "xml",
        "lang": "nb",
    }
    hosts = [f"{base}/tideapi.php" for base in publisher.base]
    return try_each(
        hosts, lambda u: read_levels(tools.get(with_query(u, query), publisher).read(), u), []
    )


def read_levels(raw: bytes, source: str) -> list[WaterLevel]:
    """Read water levels from XML, by attribute whatever the elements are called."""
    root = parse_xml(raw, source=source)
    found: list[WaterLevel] = []
    reference = ""
    for element in root.iter():
        members = {k.lower(): v for k, v in element.attrib.items()}
        reference = members.get("reflevelcode", members.get("refcode", reference))
        value = members.get("value", (element.text or "").strip())
        name = members.get("code") or members.get("name")
        if name and re.fullmatch(r"-?\d+(?:[.,]\d+)?", value):
            found.append(
                WaterLevel(
                    code=members.get("code", name),
                    name=members.get("name", members.get("descr", name)),
                    value_cm=float(value.replace(",", ".")),
                    reference=reference,
                )
            )
    if not found:
        said = " ".join("".join(root.itertext()).split())[:120]
        message = f"{source}: no level with a name and a value; the answer says '{said}'"
        raise SourceError(message)
    return found
