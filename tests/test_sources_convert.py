"""Names, types, dates and codes as the publishers write them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.catalogue import FieldMapping
from gis.errors import FieldError, SourceError
from gis.sources.convert import (
    as_code,
    as_date,
    as_id,
    as_integer,
    as_number,
    as_text,
    mend_encoding,
    pad,
)
from gis.sources.names import find_field, fold, fold_field, is_layer, pick_layers


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Bærum", "Berum"),
        ("Bærum", "BAERUM"),
        ("skrivemåte", "skrivemate"),
        ("statistikkÅr", "statistikkaar"),
        ("EPSG-kode", "epsg_kode"),
        ("Høy", "hoey"),
        ("Stormflo200År_KlimaÅrNå", "stormflo200ar_klimaarna"),
    ],
)
def test_spellings_of_one_name_are_equal(a: str, b: str) -> None:
    """By hand: the transliterations seen in delivered files."""
    assert fold(a) == fold(b)


def test_different_names_stay_different() -> None:
    """By hand: fields that stand side by side in one file."""
    names = ["Øst", "Nord", "atkomstØst", "lavpunkt", "gjentaksintervall", "SSBID0250M"]
    assert len({fold(n) for n in names}) == len(names)


def test_path_prefix_goes_and_two_equals_are_refused() -> None:
    """By hand: dotted keys of Geonorge's GeoJSON."""
    assert fold_field("identifikasjon.Identifikasjon.lokalId") == "lokalid"
    assert find_field(["lokalid"], ["a.lokalId", "navn"], source="f") == "a.lokalId"
    with pytest.raises(FieldError, match=r"more than once: a\.navn, b\.navn"):
        find_field(["navn"], ["a.navn", "b.navn"], source="f")
    # The exact spelling is no doubt.
    assert find_field(["navn"], ["a.navn", "navn"], source="f") == "navn"


def test_first_accepted_name_wins() -> None:
    """By hand: order of the entry, not of the file."""
    assert find_field(["pop_tot", "poptot"], ["POPTOT", "pop_tot"], source="f") == "pop_tot"
    assert find_field(["gjentaksinterval"], ["navn"], source="f") is None


def test_layer_names_with_prefix_and_format() -> None:
    """By hand: names in real deliveries."""
    agder = "Samfunnssikkerhet_42_Agder_25833_Flomsoner_FGDB__flomsoner_analyseomrade"
    assert is_layer(agder, "flomsoner_analyseomrade")
    assert is_layer("Basisdata_9801_F_25833_Kommuner_Kommune_GeoJSON", "Kommune")
    assert is_layer("Innsjo", "Innsjø")
    assert not is_layer("flomsoner_analyseomradegrense", "flomsoner_analyseomrade")
    assert not is_layer("InnsjøRegulert", "Innsjø")


def test_several_layers_need_a_name() -> None:
    """By hand."""
    assert pick_layers(["b"], ["a", "b", "B"], source="f") == [1, 2]
    assert pick_layers(["z"], ["a"], source="f") == [0]
    with pytest.raises(SourceError, match=r"there are: a, b"):
        pick_layers(["z"], ["a", "b"], source="f")
    with pytest.raises(SourceError, match="none named"):
        pick_layers([], ["a", "b"], source="f")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("29.03.2023 22:05:36.367", "2023-03-29"),
        ("12.06.2025 09:03:43", "2025-06-12"),
        ("29.03.2023 22:05:36.123456", "2023-03-29"),
        ("29.03.2023 22:05:36.1", "2023-03-29"),
        ("01.02.2023", "2023-02-01"),
        ("2023-03-29", "2023-03-29"),
        ("2023-03-29T23:59:59+02:00", "2023-03-29"),
        ("2023/03/29 00:00:00", "2023-03-29"),
        ("20200610000000", "2020-06-10"),
        ("20180115", "2018-01-15"),
        ("1987", "1987-01-01"),
        ("1987-05", "1987-05-01"),
        # 2024-01-01 00:00 Norwegian time is 23:00 the day before in UTC.
        ("1704063600000", "2024-01-01"),
        ("1704063599000", "2023-12-31"),
    ],
)
def test_dates_in_every_delivered_form(text: str, expected: str) -> None:
    """By hand: the forms of section 1.4 of the reference and ArcGIS milliseconds."""
    read = as_date(pd.Series([text, None, ""]), source="f")
    assert read[0] == pd.Timestamp(expected)
    assert read[1:].isna().all()


@pytest.mark.parametrize("text", ["31.02.2023", "03/29/2023", "i går", "2023-13-01", "12.6.2025"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """By hand: the message names the value."""
    with pytest.raises(FieldError, match="allowed: YYYY-MM-DD"):
        as_date(pd.Series([text]), source="f")


@given(
    st.lists(st.dates(min_value=dt.date(1700, 1, 1), max_value=dt.date(2200, 1, 1)), min_size=1),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y 23:59:59.99"]),
)
def test_dates_come_back_as_written(days: list[dt.date], form: str) -> None:
    """Round trip: strftime is the oracle."""
    read = as_date(pd.Series([d.strftime(form) for d in days]), source="f")
    assert [t.date() for t in read] == days


def test_times_with_a_zone_are_norwegian_days() -> None:
    """By hand: 23:30 UTC in summer is the next day in Norway."""
    moment = pd.Series(pd.to_datetime(["2024-06-01T23:30:00Z", "2024-06-01T12:00:00Z"]))
    assert as_date(moment, source="f").dt.day.tolist() == [2, 1]


def test_integers() -> None:
    """By hand."""
    assert as_integer(pd.Series(["5", "-3"]), source="f").dtype == np.int64
    with_gap = as_integer(pd.Series([5.0, np.nan]), source="f")
    assert str(with_gap.dtype) == "Int64"
    assert with_gap.isna().tolist() == [False, True]
    assert as_integer(pd.Series(["399524883000"]), source="f")[0] == 399524883000
    for wrong in ("5,0", "5.5", "1.95e13", "fem"):
        with pytest.raises(FieldError, match="allowed: whole numbers"):
            as_integer(pd.Series([wrong]), source="f")


def test_ids_never_from_floating_point() -> None:
    """By hand: 2**53 + 1 has no float of its own."""
    assert as_id(pd.Series(["9007199254740993"]), source="f")[0] == 2**53 + 1
    with pytest.raises(FieldError, match="floating point"):
        as_id(pd.Series([19580006626500.0]), source="f")


def test_numbers_with_comma_or_point() -> None:
    """By hand."""
    read = as_number(pd.Series(["48,8", "39.0", None, " "]), source="f")
    assert read[:2].tolist() == [48.8, 39.0]
    assert read[2:].isna().all()
    with pytest.raises(FieldError, match="'1 000'"):
        as_number(pd.Series(["1 000"]), source="f")


def test_text_of_other_types() -> None:
    """By hand: no '.0' on whole numbers, ArcGIS 'Null' is missing."""
    assert as_text(pd.Series([500.0, np.nan])).tolist()[0] == "500"
    assert as_text(pd.Series([0, 1])).tolist() == ["0", "1"]
    assert as_text(pd.Series([" a ", "Null", ""])).isna().tolist() == [False, True, True]


def test_codes_exact_then_folded_and_unknown_refused() -> None:
    """By hand: the flood code list."""
    mapping = FieldMapping.model_validate(
        {"from": ["x"], "type": "code", "codes": {"2100": "200_climate", "Høy": "high"}}
    )
    read = as_code(pd.Series([2100.0, "2100", "HOEY", None], dtype=object), mapping, source="f")
    assert read[:3].tolist() == ["200_climate", "200_climate", "high"]
    assert pd.isna(read[3])
    with pytest.raises(FieldError, match=r"f: holds '2200' \(2 rows\); allowed: 2100, Høy"):
        as_code(pd.Series([2200, 2200]), mapping, source="f")


def test_official_numbers_get_their_zeros_back() -> None:
    """By hand: tettstednummer 801 is 0801; a longer number is refused."""
    assert pad(pd.Series(["801", "1121"]), 4, source="f").tolist() == ["0801", "1121"]
    with pytest.raises(FieldError, match="at most 4 digits"):
        pad(pd.Series(["32010"]), 4, source="f")


@given(st.text(alphabet="abcæøåÆØÅ Ãé-", max_size=20))
def test_mended_encoding(text: str) -> None:
    """Round trip: UTF-8 read as Latin-1 comes back; sound text is not touched."""
    damaged = text.encode("utf-8").decode("latin-1")
    mended, n = mend_encoding(pd.Series([damaged, text]))
    assert mended[0] == text
    assert n == int(damaged != text)
    assert mended[1] == text
