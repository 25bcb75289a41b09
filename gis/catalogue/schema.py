"""Write what the models say where people read it: JSON schemas and the READMEs' field tables.

``python -m gis.catalogue.schema --write`` brings ``layers/`` and ``maps/`` up to date,
``--check`` says whether they are (a test does the same).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gis.catalogue.faults import kinds_of
from gis.catalogue.load import catalogue_root
from gis.catalogue.map_models import MapEntry
from gis.catalogue.models import LayerEntry
from gis.errors import CatalogueError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

Which = Literal["layers", "maps"]
MODELS: dict[Which, type[BaseModel]] = {"layers": LayerEntry, "maps": MapEntry}
START, END = "<!-- fields -->", "<!-- /fields -->"


def schema_text(which: Which) -> str:
    """Return the JSON schema of a catalogue's entries, as the file holds it."""
    schema = MODELS[which].model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def field_table(which: Which) -> str:
    """Return the table of all keys of a catalogue's entries, in Markdown."""
    schema = MODELS[which].model_json_schema(by_alias=True)
    lines = ["| key | what | allowed | needed |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(schema, schema, "")]
    return "\n".join(lines)


def _rows(
    node: dict[str, Any], schema: dict[str, Any], prefix: str
) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, meaning, allowed values and whether it is needed, nested keys in place."""
    for key, raw in node.get("properties", {}).items():
        path, inner = f"{prefix}{key}", raw
        target = _target(raw, schema)
        if raw.get("type") == "array" and (item := _target(raw["items"], schema)):
            path, target = f"{path}[]", item
        elif (inner_node := _by_name(raw)) is not None:
            path = f"{path}.<name>"
            target = _target(inner_node, schema)
        what = _cell(inner.get("description") or (target or {}).get("description", ""))
        needed = "yes" if key in node.get("required", ()) else ""
        if target is not None and target.get("title") == "Bilingual":
            yield f"`{path}.nb`, `.en`", what, "text in both languages", needed
        elif kinds := kinds_of(raw):
            yield f"`{path}`", what, "a table", needed
            for kind, reference in kinds.items():
                model = schema["$defs"][reference.rsplit("/", 1)[-1]]
                yield f"`{path}` of `{kind}`", _cell(model["description"]), "", ""
                plain = {k: v for k, v in model["properties"].items() if k != "kind"}
                yield from _rows({**model, "properties": plain}, schema, f"{path}.")
        elif target is not None:
            yield f"`{path}`", what, "a table", needed
            yield from _rows(target, schema, f"{path}.")
        else:
            yield f"`{path}`", what, _cell(_allowed(raw)), needed


def _by_name(node: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a table with free keys holds under each of them."""
    inner = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return next((n for n in inner if isinstance(n, dict)), None)


def _target(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the definition that a node refers to, or None for a plain value."""
    for option in (node, *node.get("anyOf", ())):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rsplit("/", 1)[-1]]
            return found
    return None


def _allowed(node: dict[str, Any]) -> str:
    """Say in words which values a plain key takes."""
    options = [o for o in node.get("anyOf", [node]) if o.get("type") != "null"]
    words = []
    for option in options:
        if "enum" in option:
            words.append(", ".join(f"`{v}`" for v in option["enum"]))
        elif option.get("type") == "array":
            words.append(f"list of {_allowed(option['items'])}")
        elif (inner := _by_name(option)) is not None:
            words.append(_allowed(inner))
        else:
            words.append(_plain(option))
    return " or ".join(words)


def _plain(option: dict[str, Any]) -> str:
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes/no"}
    word = names.get(option.get("type", ""), str(option.get("type", "anything")))
    limits = [
        f"{sign} {option[key]}"
        for key, sign in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
        )
        if key in option
    ]
    return " ".join([word, *limits])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def readme_text(which: Which, old: str) -> str:
    """Return a README with its field table renewed. Raises CatalogueError without the markers."""
    if old.count(START) != 1 or old.count(END) != 1 or old.index(START) > old.index(END):
        message = f"{which}/README.md: the markers {START} and {END} are needed, once each"
        raise CatalogueError(message)
    before, rest = old.split(START)
    return f"{before}{START}\n{field_table(which)}\n{END}{rest.split(END)[1]}"


def wanted_files() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    files: dict[Path, str] = {}
    for which in MODELS:
        root = catalogue_root(which)
        files[root / "schema.json"] = schema_text(which)
        readme = root / "README.md"
        if readme.is_file():
            files[readme] = readme_text(which, readme.read_text(encoding="utf-8"))
    return files


def stale_files() -> list[Path]:
    """Return the generated files that do not hold what they should."""
    return [
        path
        for path, text in wanted_files().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write or check the generated files; the exit code is 1 when a check fails."""
    if arguments not in (["--write"], ["--check"]):
        message = f"'{' '.join(arguments)}' given; allowed: --write or --check"
        raise ParameterError(message)
    stale = stale_files()
    if arguments == ["--check"]:
        sys.stderr.writelines(
            f"{path}: out of date; run python -m gis.catalogue.schema --write\n" for path in stale
        )
        return 1 if stale else 0
    wanted = wanted_files()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
