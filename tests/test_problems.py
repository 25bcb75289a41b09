"""Messages in both languages: none without a twin, none that takes another's."""

from __future__ import annotations

import re

from gis.problems import problem_text, tables
from tests.messages import found

_PLACE = re.compile(r"{(\d+)(?::(\w+))?}")
BESIDE = ("usage", "values", "libraries")  # said by others than the code of gis/
TWINS = {
    english: twin
    for name, table in tables().items()
    if name not in BESIDE
    for english, twin in table.items()
}


def filled(template: str, values: list[str]) -> str:
    """Put values into the places of a template, kinds aside."""
    plain = _PLACE.sub(lambda place: values[int(place[1])], template)
    return plain.replace("{{", "{").replace("}}", "}")


def test_every_message_of_the_code_has_a_norwegian_twin_and_no_twin_is_left_over() -> None:
    """Oracle: the templates that reading the code as a tree finds, with the kind of each place.

    What fails here is mended in gis/locale/problems/, in the file of the module's room.
    """
    lacking = {k: f"{v.where} {v.kinds}" for k, v in found().items() if k not in TWINS}
    assert not lacking
    assert not TWINS.keys() - found().keys()
    kinds = {k: {str(i): kind for i, kind in enumerate(v.kinds)} for k, v in found().items()}
    assert {k: dict(_PLACE.findall(twin)) for k, twin in TWINS.items()} == kinds


def test_a_template_stands_in_one_table_alone() -> None:
    """By counting."""
    assert len(TWINS) == sum(len(t) for n, t in tables().items() if n not in BESIDE)


def test_every_message_finds_its_own_twin() -> None:
    """By identity: each template filled with plain values becomes its twin with the same."""
    values = [f"V{i}V" for i in range(10)]
    wrong = {
        problem_text(filled(english, values)).nb: filled(twin, values)
        for english, twin in TWINS.items()
        if problem_text(filled(english, values)).nb != filled(twin, values)
    }
    assert not wrong
