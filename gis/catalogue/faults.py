"""Word what is wrong with an entry or a parameter: the key, what was given, what is allowed.

Faults come from pydantic by the code of their kind; its own wording reaches nobody.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel, ValidationError

_LONGEST = 60


def entry_faults(error: ValidationError, model: type[BaseModel]) -> str:
    """Return every fault of an entry in one line."""
    return "; ".join(_entry_fault(e, model) for e in error.errors())


def parameter_faults(error: ValidationError, model: type[BaseModel]) -> str:
    """Return every fault of the parameters of an analysis in one line."""
    return "; ".join(_parameter_fault(e, model) for e in error.errors())


def given_fault(error: ValidationError) -> str:
    """Return what is wrong with a single value, whose name the reader sees beside it."""
    first: Mapping[str, Any] = error.errors()[0]
    if first["type"] == "value_error":
        return _told(first, {})
    return f"value {_shown(first['input'])} given; {_told(first, {})}"


def _entry_fault(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(model, error["loc"][:-1])
        hint = _near(str(error["loc"][-1]), allowed)
        return f"unknown key '{where}'{hint} (allowed: {', '.join(allowed)})"
    if error["type"] == "missing":
        return f"key '{where}' is missing"
    told = _told(error, _node_at(model, error["loc"]))
    if not where:  # A rule between keys names them itself.
        return told
    return f"key '{where}': {_shown(error['input'])} given; {told}"


def _parameter_fault(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        hint = _near(where, model.model_fields)
        return f"no parameter '{where}'{hint} (there are: {', '.join(model.model_fields)})"
    if error["type"] == "missing":
        return f"parameter '{where}' is missing"
    told = _told(error, _node_at(model, error["loc"]))
    if not where:  # parameters that contradict each other, which the message names
        return told
    return f"parameter '{where}': {_shown(error['input'])} given; {told}"


def _near(name: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(allowed), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _told(error: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """Say what is allowed; a check of our own says it in its own words."""
    context = error.get("ctx", {})
    if error["type"] in ("value_error", "assertion_error"):
        told = str(context["error"])
        return f"{told}"
    return f"allowed: {_range(context, node) or _choice(context) or _kind(error['type'], context)}"


def _range(context: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """Return the numbers that are allowed, both ends where the entry has two."""
    ends = ("ge", "gt", "le", "lt")
    if not set(ends) & context.keys():
        return ""
    names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    options = [node, *node.get("anyOf", ())]
    known: Mapping[str, Any] = next((o for o in options if set(names) & o.keys()), {})
    stated = {end: known.get(name) for end, name in zip(ends, names, strict=True)}
    ge, gt, le, lt = (_plain(context.get(end, stated[end])) for end in ends)
    if ge and le:
        return f"{ge} to {le}"
    if gt and le:
        return f"above {gt}, at most {le}"
    if ge and lt:
        return f"at least {ge}, below {lt}"
    if gt and lt:
        return f"above {gt} and below {lt}"
    return _end(ge, gt, least=bool(ge or gt), end=le or lt, closed=bool(le))


def _end(ge: str, gt: str, *, least: bool, end: str, closed: bool) -> str:
    if least:
        return f"at least {ge}" if ge else f"above {gt}"
    return f"at most {end}" if closed else f"below {end}"


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else str(value)


def _choice(context: Mapping[str, Any]) -> str:
    """Return the words that are allowed, where there is a list of them."""
    expected = context.get("expected") or context.get("expected_tags")
    if not expected:
        return ""
    words = re.findall(r"'([^']*)'|([^\s,']+)", str(expected).replace(" or ", ", "))
    return ", ".join(quoted or bare for quoted, bare in words)


def _kind(code: str, context: Mapping[str, Any]) -> str:
    """Return the kind of value that is allowed, by pydantic's code of the fault."""
    if code.startswith("int"):
        return "a whole number"
    if code.startswith(("float", "finite", "decimal")):
        return "a number"
    if code.startswith("bool"):
        return "true or false"
    if code.startswith(("date", "time")):
        return "a date as YYYY-MM-DD"
    if code == "string_pattern_mismatch":
        return f"a text of the form {context['pattern']}"
    if code in ("string_too_short", "too_short"):
        return f"at least {context['min_length']} of them"
    if code in ("string_too_long", "too_long"):
        return f"at most {context['max_length']} of them"
    if code.startswith("string"):
        return "a text"
    if code.startswith(("list", "tuple", "set", "frozen_set")):
        return "a list [ ... ]"
    if code.startswith(("dict", "model", "dataclass")):
        return "a table of keys"
    if code == "union_tag_not_found":
        return f"a table with the key {context['discriminator']}"
    if code.startswith("path"):
        return "the path of a file or folder"
    return f"another value ({code})"


def _node_at(model: type[BaseModel], loc: Iterable[Any]) -> dict[str, Any]:
    """Return a place inside an entry, by walking its JSON schema."""
    schema = model.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for part in loc:
        node = _resolve(node, schema)
        if str(part) in (kinds := kinds_of(node)):
            node = {"$ref": kinds[str(part)]}
        elif isinstance(part, int):
            node = node.get("items", {})
        else:
            by_name = [
                node.get("additionalProperties"),
                *node.get("patternProperties", {}).values(),
            ]
            free = next((n for n in by_name if isinstance(n, dict)), {})
            node = node.get("properties", {}).get(part) or free
    return _resolve(node, schema)


def _keys_at(model: type[BaseModel], loc: Iterable[Any]) -> list[str]:
    """Return the keys allowed at a place inside an entry."""
    return list(_node_at(model, loc).get("properties", {}))


def kinds_of(node: dict[str, Any]) -> dict[str, str]:
    """Return the models that a discriminated key may hold, by their kind."""
    for option in (node, *node.get("anyOf", ())):
        mapping = option.get("discriminator", {}).get("mapping")
        if mapping:
            return dict(mapping)
    return {}


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow $ref and the first object of anyOf."""
    for option in node.get("anyOf", ()):
        if "$ref" in option or option.get("type") == "object":
            node = option
            break
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else node
