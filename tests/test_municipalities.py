"""Municipalities by number and by name: found, or told apart from what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.catalogue import find_municipality, municipalities
from gis.errors import ParameterError
from gis.sources import read_layer
from gis.workspace import open_workspace, write_workspace


def test_the_list_is_that_of_the_municipality_layer(real_data: Path) -> None:
    """Real data: every number of Kartverket's file of 2024, and the Norwegian name in its name."""
    frame = read_layer("municipality", real_data / "norway/kommuner_2024.geojson").frame
    known = municipalities()
    assert known.year == 2024
    assert set(known.municipalities) == set(frame["number"])
    for number, name in zip(frame["number"], frame["name"], strict=True):
        assert known.municipalities[number] in name
    assert {n[:2] for n in known.municipalities} == set(known.counties)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3201", "3201"),
        ("Bærum", "3201"),
        ("bærum", "3201"),
        ("BÆRUM KOMMUNE", "3201"),
        ("nord odal", "3414"),
        ("0301", "0301"),
        ("oslo", "0301"),
        ("0000", "0000"),
        ("9801", "9801"),
    ],
)
def test_a_municipality_is_found(tmp_path: Path, text: str, number: str) -> None:
    """By hand: numbers, names in any case, the country, the invented one; the workspace opens."""
    assert find_municipality(text)[0] == number
    write_workspace(tmp_path / "w", area=text)
    assert open_workspace(tmp_path / "w").entry.area == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3024", "a former number; Bærum is 3201 now"),
        ("0219", "a former number; Bærum is 3201 now"),
        ("3202", "no such municipality in Akershus .* 3201 Bærum, 3203 Asker"),
        ("9999", "no county 99 .* 32 Akershus"),
        ("9802", "no county 98 "),
        ("3001", "no county 30 .* 32 Akershus"),
        ("301", "did you mean '0301' \\(Oslo\\)"),
        ("32010", "4 digits"),
        ("Herøy", "several are called so; give the number: 1515 .*Romsdal.* or 1818 .Nordland"),
        ("Sandvika", "no municipality of that name .*KLASS 131.*2024"),
        ("Bærun", "did you mean 'Bærum'"),
        ("", "no municipality of that name"),
        ("٣٢٠١", "no municipality of that name"),
    ],
)
def test_what_is_no_municipality(tmp_path: Path, text: str, said: str) -> None:
    """By hand: former numbers, gaps, counties that are gone, lost zeros, names of several."""
    with pytest.raises(ParameterError, match=said) as caught:
        write_workspace(tmp_path / "w", area=text)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "w").exists()
