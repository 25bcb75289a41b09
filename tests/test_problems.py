"""Messages in both languages: none without a twin, none that takes another's."""

from __future__ import annotations

import calendar
import datetime as dt
import errno
import os
import re
import time
import tomllib
from pathlib import Path
from typing import Literal

import pytest
import typer
from pydantic import Field

from gis.analyses import ANALYSES
from gis.analyses.registry import Parameters, check_parameters
from gis.cli import app
from gis.cli.language import TAKE_WORKSPACE, language_of
from gis.errors import ParameterError, SourceError
from gis.inbox_words import why_refused
from gis.outcomes import Outcome, as_dict
from gis.problems import problem_text, tables
from gis.provenance import note_text
from tests.messages import found

_PLACE = re.compile(r"{(\d+)(?::(\w+))?}")
BESIDE = ("usage", "values", "libraries", "parameters")  # said by others than the code of gis/
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

    What fails here is mended in gis/locale/twins/, in the file of the module's room.
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


def test_every_parameter_is_described_in_both_languages() -> None:
    """Oracle: the descriptions in the registry, and none left over."""
    fields = [f for a in ANALYSES.values() for f in a.parameters.model_fields.values()]
    assert {f.description for f in fields if f.description} == tables()["parameters"].keys()


HOSTILE = (
    "x" * 100_000,
    "en\nto\r\nlinjer",
    "{0} {1:nb} {x} {{}}",
    r"(.*)+[a-z]{3,}\d$^|?",
    "Ærø & Øy <b>; 'sitat' \"sitat\"",
    "\u202e\u0000\x1b[31m",
)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_carried_over_as_it_is(value: str) -> None:
    """By identity: the value stands unchanged in the twin, whatever signs it holds."""
    told = problem_text(f"{value}: no layer {value}; there are: a, b")
    assert told.nb == f"{value}: ingen lag {value}; det finnes: a, b"
    assert told.en == f"{value}: no layer {value}; there are: a, b"


@pytest.mark.parametrize(
    "message",
    [
        "{0}: " * 20_000,
        ": no such file" * 8_000,
        "a given; allowed: " * 6_000,
        "; " * 50_000,
        "key 'a': 3 given; " * 6_000,
        "'" * 100_000,
    ],
    ids=range(6),
)
def test_a_message_made_to_be_slow_is_read_in_time(message: str) -> None:
    """By bound: 100,000 characters take seconds at the most; trying all ways would take years."""
    began = time.process_time()
    assert problem_text(message).en == message
    assert time.process_time() - began < 20


def test_a_message_within_a_message_is_told_too() -> None:
    """By hand: a fetch that failed, wrapped three times, and a list joined by "or"."""
    told = problem_text(
        "NVE, flood: https://a.no/b: the server answers 500 after 4 tries; the server asks to "
        "wait 9 s; try again later"
    )
    assert told.nb == (
        "NVE, flood: https://a.no/b: tjeneren svarer 500 etter 4 forsøk; tjeneren ber oss "
        "vente 9 s; prøv igjen senere"
    )
    told = problem_text("f.gpkg: 3 of 4 geometries are Point; allowed: Polygon or MultiPolygon")
    assert told.nb == "f.gpkg: 3 av 4 geometrier er Point; tillatt: Polygon eller MultiPolygon"
    told = problem_text("x.xml: refused, one element of too much text; allowed: at most 256 MiB")
    assert told.nb == "x.xml: avvist, ett element med for mye tekst; tillatt: høyst 256 MiB"
    told = problem_text("a or b.csv: no such file")
    assert told.nb == "a or b.csv: fila finnes ikke"


def test_what_is_no_message_of_ours_stays_as_it_is() -> None:
    """By identity: text without a twin, and without one at its end."""
    gdal = "Failed to read GeoJSON data; at line 1"
    for text in ("", "GEOS: TopologyException", "se: brev; takk", "plan or map.csv", gdal):
        assert problem_text(text).as_dict() == {"nb": text, "en": text}


def test_the_words_of_the_libraries_below_are_known() -> None:
    """Oracle: the calendar, the operating system's table of errors, and the TOML reader itself."""
    words = tables()["values"]
    assert set(calendar.day_name) <= words.keys()
    codes = ("EACCES", "EPERM", "ENOSPC", "EROFS", "EISDIR", "ENOTDIR", "ENOENT", "EEXIST")
    assert {os.strerror(getattr(errno, code)) for code in codes} <= words.keys()
    for broken in ("a", "a=", "a=[", 'a="', "a=1\na=2", "[a]\n[a]", "a={b=1", "a=1 2", "=1"):
        with pytest.raises(tomllib.TOMLDecodeError) as raised:
            tomllib.loads(broken)
        told = problem_text(f"x.toml: not valid TOML: {raised.value}").nb
        assert told.startswith("x.toml: ikke gyldig TOML: ")
        assert not re.search(r"Expected|Invalid|Cannot|Illegal|Unclosed|\(at", told), told


class _Sample(Parameters):
    whole: int = Field(1, ge=1, le=9)
    part: float = Field(0.5, gt=0, lt=1)
    least: float = Field(1, ge=1)
    most: int = Field(1, lt=100)
    mode: Literal["walk", "cycle"] = "walk"
    window: str = Field("07-09", pattern=r"^\d\d-\d\d$")
    names: tuple[str, ...] = Field(("a",), min_length=1)
    day: dt.date | None = None
    own: bool = False
    table: dict[str, int] = Field({})


@pytest.mark.parametrize(
    ("given", "nb"),
    [
        ({"whole": "0"}, "'0' oppgitt; tillatt: 1 til 9"),
        ({"whole": "to"}, "'to' oppgitt; tillatt: et helt tall"),
        ({"whole": 1.5}, "1.5 oppgitt; tillatt: et helt tall"),
        ({"part": 1}, "1 oppgitt; tillatt: over 0 og under 1"),
        ({"part": "x"}, "'x' oppgitt; tillatt: et tall"),
        ({"least": 0}, "0 oppgitt; tillatt: minst 1"),
        ({"most": 100}, "100 oppgitt; tillatt: under 100"),
        ({"mode": "fly"}, "'fly' oppgitt; tillatt: walk, cycle"),
        ({"window": "7"}, r"'7' oppgitt; tillatt: en tekst på formen ^\d\d-\d\d$"),
        ({"names": []}, "[] oppgitt; tillatt: minst 1 av dem"),
        ({"names": "a"}, "'a' oppgitt; tillatt: en liste [ ... ]"),
        ({"day": "i går"}, "'i går' oppgitt; tillatt: en dato som ÅÅÅÅ-MM-DD"),
        ({"own": "kanskje"}, "'kanskje' oppgitt; tillatt: true eller false"),
        ({"table": 3}, "3 oppgitt; tillatt: en tabell med nøkler"),
        ({"window": 7}, "7 oppgitt; tillatt: en tekst"),
    ],
)
def test_a_parameter_is_refused_in_words_of_our_own(given: dict[str, object], nb: str) -> None:
    """By hand: what was given and what is allowed, and nothing of pydantic's own wording."""
    with pytest.raises(ParameterError) as raised:
        check_parameters("prøve", _Sample, given)
    told = problem_text(raised.value)
    assert told.nb == f"prøve: parameter '{next(iter(given))}': {nb}"
    assert not re.search(r"Input should|\[type=|pydantic", told.en)


def test_several_faults_are_told_each_in_its_own_sentence() -> None:
    """By hand: a misspelt name and two values, in one line."""
    with pytest.raises(ParameterError) as raised:
        check_parameters("prøve", _Sample, {"whole": 0, "mode": "fly", "windw": "07-09"})
    assert problem_text(raised.value).nb == (
        "prøve: parameter 'whole': 0 oppgitt; tillatt: 1 til 9; parameter 'mode': 'fly' oppgitt; "
        "tillatt: walk, cycle; ingen parameter 'windw'; mente du 'window'? (det finnes: "
        f"{', '.join(_Sample.model_fields)})"
    )


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ("near --points x", {}, "nb"),
        ("near --points x", {"LANG": "en_GB.UTF-8"}, "en"),
        ("near --points x", {"LANG": "nn_NO.UTF-8"}, "nb"),
        ("near --points x", {"LANG": "de_DE.UTF-8"}, "nb"),
        ("near --points x", {"LANG": "C.UTF-8"}, "nb"),
        ("near --points x", {"LANG": "en_GB.UTF-8", "LC_ALL": "no_NO"}, "nb"),
        ("near --points x", {"LANG": "nb_NO.UTF-8", "AREALPLAN_LANGUAGE": "en"}, "en"),
        ("near --points x", {"LANG": "en_GB", "AREALPLAN_LANGUAGE": "klingon"}, "en"),
        ("check -w {w}", {"AREALPLAN_LANGUAGE": "nb"}, "en"),
        ("check -w{w}", {}, "en"),
        ("-w {w} check", {}, "en"),
        ("--workspace={w} check", {}, "en"),
        ("-w {w} check -w {w}/bare", {}, "nb"),
        ("-w check near", {}, "nb"),
        ("check --workspace={w}", {}, "en"),
        ("check --workspace {w}", {}, "en"),
        ("check -w {w}/none", {}, "nb"),
        ("check -w {w}/broken", {"AREALPLAN_LANGUAGE": "en"}, "en"),
        ("check -w {w}/bare", {"AREALPLAN_LANGUAGE": "en"}, "nb"),
        ("map -w {w} --lang nb", {}, "nb"),
        ("map --lang=en", {}, "en"),
        ("map --lang klingon -w {w}", {}, "en"),
        ("near -w {w}", {}, "nb"),
        ("", {}, "nb"),
    ],
)
def test_the_language_is_chosen_by_rule(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    environment: dict[str, str],
    expected: str,
) -> None:
    """By hand: --lang, the workspace, AREALPLAN_LANGUAGE, the locale, bokmål, in that order."""
    (tmp_path / "workspace.toml").write_text('area = "9999"\nlanguage = "en"\n')
    for name, text in (("broken", "area ="), ("bare", 'area = "9999"\n')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "workspace.toml").write_text(text)
    for name in ("AREALPLAN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of(words.format(w=tmp_path).split()) == expected


def test_the_commands_with_a_workspace_are_those_that_take_one() -> None:
    """Oracle: the commands' own options."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    takes = {n for n, c in commands.items() if any(p.name == "workspace" for p in c.params)}
    assert takes == TAKE_WORKSPACE


def test_what_json_and_pages_carry_of_a_problem_is_in_both_languages() -> None:
    """By hand: a layer that could not be fetched, and a file of the inbox that was refused."""
    message = "NVE, flood_zones: https://a.no/b: the server answers 500"
    told = as_dict(Outcome("flood_zones", "failed", message=message))
    assert told["message"] == message
    assert told["problem"] == {
        "nb": "NVE, flood_zones: https://a.no/b: tjeneren svarer 500",
        "en": message,
    }
    assert as_dict(Outcome("flood_zones", "own"))["problem"] is None
    refused = why_refused("flood_zones", SourceError("a.gpkg: no rows"))
    assert "a.gpkg: ingen rader" in refused.nb
    assert "a.gpkg: no rows" in refused.en
    assert note_text("2 tiles joined").nb == "2 kartblad satt sammen"
