"""Hold what leaves the house to the disclosure rule, and the files to the result they came from."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from gis.analyses import ANALYSES
from gis.errors import ParameterError
from gis.protect import protect_table, round_table, round_to_sum
from gis.publish import to_json, write_result
from gis.published import publishable
from gis.result import UNDER_TEN, WITHHELD, Column, Result, Table
from gis.text import Text
from tests.town import box, cells, frame, points, study, town

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TITLE = Text(nb="a", en="a")


def made(counts: str, frame_: pd.DataFrame, *, total: bool = False) -> Table:
    kinds = {n: "share" if n == "share" else "residents" for n in frame_.columns if n != "name"}
    columns = (Column("name", TITLE), *(Column(n, TITLE, k) for n, k in kinds.items()))
    return Table("t", TITLE, columns, frame_, total=total, counts=counts)  # type: ignore[arg-type]


def small_town(**layers: gpd.GeoDataFrame) -> Result:
    """Two cells: 7 residents inside a flood zone, 400 outside."""
    data = town(
        population_grid=cells({(0, 0): 7, (2, 2): 400}, "residents"),
        flood_zones=frame([box(0, 0, 250, 250)], flood_class=["20"], low_point=[0], zone_id=["z"]),
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=["Alt"]),
        **layers,
    )
    return ANALYSES["hazard-exposure"](study(data), {"method": "centre"})


def walk(value: object) -> Iterator[object]:
    """Every leaf of a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
    else:
        yield value


def test_seven_residents_are_nowhere_in_what_is_published() -> None:
    """By search: neither 7, nor 400 of 407 beside a total, nor their share leaves the house."""
    exact = small_town()
    assert exact.numerator == 7
    public = publishable(exact)
    assert public.value is None
    assert public.numerator is None
    leaves = [x for x in walk(json.loads(to_json(public))) if isinstance(x, int | float)]
    assert not [x for x in leaves if x in (7, 400)]
    assert not [x for x in leaves if x and abs(x - 7 / 407) < 0.002]
    assert not re.search(r"\b7\b|1,7|\b400\b", public.finding.nb)
    assert public.layers["cells"]["residents"].tolist() == [UNDER_TEN, 400]
    assert exact.layers["cells"]["residents"].tolist() == [7, 400]


def test_a_share_of_all_but_three_is_withheld_too() -> None:
    """By hand: 997 of 1,000 tells of the 3."""
    stops = frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"])
    data = town(population_grid=cells({(0, 0): 997, (2, 3): 3}, "residents"), frequent_stops=stops)
    public = publishable(ANALYSES["transit-access"](study(data), {"max_m": 300}))
    assert public.value is None
    assert all(r.value is None or r.numerator == 1000 for r in public.sensitivity)


def test_bands_hide_a_small_one_and_a_second_so_that_the_sum_does_not_tell() -> None:
    """By hand: 4 is under ten; one more band is withheld; the total of 104 stays."""
    bands = pd.DataFrame({"name": ["a", "b", "c", "sum"], "residents": [4.2, 59.8, 40.0, 104.0]})
    shown = protect_table(made("bands", bands, total=True)).frame["residents"].tolist()
    assert shown[0] == UNDER_TEN
    assert sorted(str(x) for x in shown[1:3] if x == WITHHELD) == [WITHHELD]
    assert shown[3] == 104


def test_subsets_hide_what_the_rest_would_tell() -> None:
    """By hand: 495 of 500 leaves 5, so the pair cannot both stand."""
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "residents": [500, 300, 200], "reached": [495, 100, 80]}
    )
    table = protect_table(made("subsets", units))
    row = table.frame.iloc[0]
    assert WITHHELD in (row["residents"], row["reached"]) or UNDER_TEN in tuple(row)


def test_split_rows_keep_the_known_total_from_telling() -> None:
    """By hand: 3 + 97 + 900 = 1000 with the total known: 3 is hidden, and one more."""
    rows = pd.DataFrame({"name": ["f"], "inside": [3.0], "outside": [97.0], "unmapped": [900.0]})
    shown = protect_table(made("split", rows)).frame.iloc[0]
    assert shown["inside"] == UNDER_TEN
    assert WITHHELD in (shown["outside"], shown["unmapped"])


def test_shares_go_with_the_counts_they_tell_of() -> None:
    """By hand: the share of a hidden row is hidden."""
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "residents": [50, 300, 200], "reached": [4, 100, 80],
         "share": [0.08, 1 / 3, 0.4]}
    )  # fmt: skip
    table = protect_table(made("subsets", units))
    assert np.isnan(table.frame["share"].iloc[0])


@pytest.mark.parametrize("seed", range(20))
def test_rounding_keeps_the_sum(seed: int) -> None:
    """By conservation: rounded parts sum to the rounded whole, each within one of its value."""
    rng = np.random.default_rng(seed)
    values = rng.random(rng.integers(1, 12)) * 100
    rounded = round_to_sum(values)
    assert rounded.sum() == round(values.sum())
    assert (np.abs(rounded - values) < 1).all()


@pytest.mark.parametrize("suffix", [".json", ".csv", ".xlsx", ".gpkg", ".parquet"])
def test_every_form_holds_the_same_numbers(tmp_path: Path, suffix: str) -> None:
    """By round trip: what is read back equals the result."""
    stops = frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"])
    result = publishable(ANALYSES["transit-access"](study(town(frequent_stops=stops))))
    path = tmp_path / f"svar{suffix}"
    write_result(result, path)
    if suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["numerator"] == result.numerator
    elif suffix == ".csv":
        rows = pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig")
        assert (
            rows["Innbyggere"].tolist() == result.table("by_distance").frame["residents"].tolist()
        )
        about = json.loads((tmp_path / "svar.csv.json").read_text(encoding="utf-8"))
        assert about["definition"]["parameters"]["max_m"] == 1000
    elif suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["Om", "by_distance", "Kilder"]
        column = [c.value for c in book["by_distance"]["B"]]
        assert column == ["Innbyggere", *result.table("by_distance").frame["residents"]]
    else:
        if suffix == ".gpkg":
            back = gpd.read_file(path, layer="transit-access")
        else:
            back = gpd.read_parquet(path)
        assert result.frame is not None
        assert len(back) == len(result.frame)
        assert back.crs.to_epsg() == 25833
        numbers = back["residents"].astype(object).where(back["residents"].notna(), None)
        told = [
            n if n is not None else m for n, m in zip(numbers, back["residents_mark"], strict=True)
        ]
        assert told == result.frame["residents"].tolist()


def test_a_wrong_suffix_is_refused_and_an_old_file_stays(tmp_path: Path) -> None:
    """By hand: .doc is not a form; the folder must be there; a failed write leaves the old file."""
    stops = frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"])
    result = ANALYSES["transit-access"](study(town(frequent_stops=stops)))
    with pytest.raises(ParameterError, match=r"\.doc.*allowed: \.json"):
        write_result(result, tmp_path / "svar.doc")
    with pytest.raises(ParameterError, match="is not there"):
        write_result(result, tmp_path / "ingen" / "svar.json")
    old = tmp_path / "svar.csv"
    old.write_text("gammel")
    with pytest.raises(LookupError):
        write_result(type(result)(**{**result.__dict__, "tables": {}}), old)
    assert old.read_text() == "gammel"
    assert [p.name for p in tmp_path.iterdir()] == ["svar.csv"]


def test_xlsx_is_a_whole_workbook(tmp_path: Path) -> None:
    """By format: an xlsx is a zip without damage."""
    result = small_town()
    write_result(publishable(result), tmp_path / "a.xlsx", language="en")
    assert zipfile.ZipFile(tmp_path / "a.xlsx").testzip() is None


def random_town(seed: int) -> Result:
    """A small town with few people: many cells of 1 to 9, four units, one or two stops."""
    rng = np.random.default_rng(seed)
    people = {
        (c, r): float(rng.choice([0, 1, 3, 7, 9, 12, 18, 25, 60, 140]))
        for c in range(3)
        for r in range(4)
    }
    stops = frame(
        points((rng.uniform(0, 750), rng.uniform(0, 1000)), (2000, 2000)),
        stop_id=["A", "B"],
        name=["A", "B"],
        mode=["bus", "bus"],
    )
    quarters = [box(x, y, x + 500, y + 500) for x in (0, 500) for y in (0, 500)]
    data = town(
        population_grid=cells(people, "residents"),
        frequent_stops=stops,
        basic_statistical_units=frame(
            quarters, number=["1", "2", "3", "4"], name=["a", "b", "c", "d"]
        ),
    )
    return ANALYSES["transit-access"](study(data), {"max_m": 300})


@pytest.mark.parametrize("seed", range(150))
def test_no_reader_can_work_out_a_cell_from_its_unit(seed: int) -> None:
    """Brute force: what cells, units and sums say together leaves three values or more."""
    exact = random_town(seed)
    assert exact.frame is not None
    public = publishable(exact)
    assert public.frame is not None
    shown = public.frame["residents"].to_numpy(dtype=object)
    true = exact.frame["residents"].to_numpy(dtype=float)
    units = public.table("units").frame.set_index("number")
    middle = exact.frame.geometry.centroid
    east = np.where(middle.x < 200_500, 0, 2)
    unit = (east + np.where(middle.y < 6_600_500, 1, 2)).astype(str)
    near = exact.frame["reached"].to_numpy(dtype=bool)
    for column, member in (("residents", np.ones(len(true), bool)), ("reached", near)):
        for number in sorted(set(unit)):
            total = units.loc[number, column] if number in units.index else None
            if isinstance(total, int | np.integer):
                inside = np.flatnonzero((unit == number) & member)
                whole = total == units.loc[number, "residents"]
                # What is reached is to the nearest ten, but where it is all of the unit.
                sums = {int(total)} if whole else set(range(int(total) - 5, int(total) + 6))
                left_open(shown[inside], true[inside], sums)


def test_cells_in_no_unit_do_not_follow_from_the_sum_of_their_row() -> None:
    """By hand: two cells of 9 in no unit; their row of 18 would tell both, so it is withheld."""
    data = town(
        population_grid=cells({(0, 0): 9, (1, 0): 9, (2, 2): 400}, "residents"),
        frequent_stops=frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"]),
        basic_statistical_units=frame([box(0, 500, 1000, 1000)], number=["1"], name=["Nord"]),
    )
    exact = ANALYSES["transit-access"](study(data), {"max_m": 300})
    public = publishable(exact)
    assert public.frame is not None
    assert exact.table("units").frame["residents"].tolist() == [400, 18]
    shown = public.frame["residents"].to_numpy(dtype=object)
    assert sorted(map(str, shown)) == ["*", "*", "400"]


def left_open(shown: np.ndarray, true: np.ndarray, sums: set[int]) -> None:
    """Each hidden 1 to 9 keeps three or more values over all ways to fill the sum."""
    spans = [
        range(1, 10) if s == UNDER_TEN
        else range(1, max(sums) + 1) if s == WITHHELD
        else range(max(10, int(s) - 5), int(s) + 6) if s else range(1)
        for s in shown
    ]  # fmt: skip
    for i, value in enumerate(true):
        if not 0 < value < 10:
            continue
        others = {0}
        for j, span in enumerate(spans):
            if j != i:
                others = {a + b for a in others for b in span if a + b <= max(sums)}
        possible = [v for v in spans[i] if any(total - v in others for total in sums)]
        assert len(possible) >= 3, (shown, sums)


def test_text_from_data_is_no_formula(tmp_path: Path) -> None:
    """By hand: a unit that names itself a formula is text in xlsx and in CSV."""
    evil = '=HYPERLINK("http://example.invalid","x")'
    data = town(
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=[evil]),
        built_up=frame([box(0, 0, 500, 500)], number=["1"], name=[evil]),
    )
    result = publishable(ANALYSES["built-up-share"](study(data)))
    write_result(result, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "f" not in {c.data_type for sheet in book for row in sheet.iter_rows() for c in row}
    write_result(result, tmp_path / "a.csv")
    assert f"'{evil[:10]}" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig").replace(
        '""', '"'
    )


@pytest.mark.parametrize("counts", ["bands", "split", "subsets", "cross"])
def test_rounded_tables_are_tens_that_add_up(counts: str) -> None:
    """Identity: every count a multiple of 10, moved by less than 10 a part, sums kept, no share."""
    rng = np.random.default_rng(7)
    values = rng.poisson(30, (6, 3)).astype(float)
    values[2, 1] = 4.0
    frame = pd.DataFrame(values, columns=["a", "b", "c"]).assign(share=0.1234567)
    if counts == "bands":
        frame.loc[6] = [*values.sum(axis=0), 0.5]
    if counts in ("subsets", "cross"):
        frame["a"] = values.sum(axis=1)
    columns = (
        *(Column(n, Text(n, n), "residents") for n in "abc"),
        Column("share", Text("s", "s"), "share"),
    )
    table = Table(
        "x", Text("x", "x"), columns, frame, total=counts == "bands",
        counts=counts,  # type: ignore[arg-type]
    )  # fmt: skip
    found = round_table(table).frame
    numbers = found[["a", "b", "c"]].to_numpy(dtype=int)
    assert (numbers % 10 == 0).all()
    assert found["share"].isna().all()
    exact = frame[["a", "b", "c"]].to_numpy()
    assert (np.abs(numbers - exact)[:6, 1:] < 10).all()
    if counts == "bands":
        assert (numbers[:-1].sum(axis=0) == numbers[-1]).all()
    if counts == "split":
        assert (np.abs(numbers.sum(axis=1) - exact.sum(axis=1)) < 10).all()
    if counts == "subsets":
        assert (numbers[:, 1:] <= numbers[:, :1]).all()
    if counts == "cross":
        assert (numbers[:, 1:].sum(axis=1) == numbers[:, 0]).all()
    # The same table is rounded the same way.
    assert round_table(table).frame.equals(found)


def test_a_rounded_result_holds_no_small_number_and_says_so() -> None:
    """By search: every count is a multiple of 10, 7 is nowhere; the note names the method."""
    public = publishable(small_town(), small_counts="round")
    for table in public.tables.values():
        names = [c.name for c in table.columns if c.kind == "residents"]
        for value in table.frame[names].to_numpy().ravel():
            assert value is None or value % 10 == 0, table.id
    leaves = [x for x in walk(json.loads(to_json(public))) if isinstance(x, int | float)]
    assert 7 not in leaves
    assert any("SSBs metode" in n.nb for n in public.notes)


def test_a_frame_shows_what_its_table_shows() -> None:
    """By hand: the unit of 407 with 7 in a zone shows neither on the map nor in the table."""
    exact = small_town()
    assert exact.layers["units"]["in_any_zone"].tolist() == [7]
    public = publishable(exact)
    row = public.table("units").frame.iloc[0]
    shown = public.layers["units"].iloc[0]
    assert (shown["in_any_zone"], shown["residents"]) == (row["in_any_zone"], row["residents"])
    assert shown["in_any_zone"] in (UNDER_TEN, WITHHELD)
    assert exact.layers["units"]["in_any_zone"].tolist() == [7]


def test_a_unit_does_not_tell_who_is_in_one_zone_and_not_in_another() -> None:
    """By hand: 50 in flood, 53 in flood or surge; the 3 between them follow from no column."""
    data = town(
        population_grid=cells({(0, 0): 50, (1, 0): 3, (2, 2): 400}, "residents"),
        flood_zones=frame([box(0, 0, 250, 250)], flood_class=["20"], low_point=[0], zone_id=["z"]),
        storm_surge=frame([box(0, 0, 500, 250)], surge_class=["20"]),
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=["Alt"]),
    )
    exact = ANALYSES["hazard-exposure"](study(data), {"method": "centre"})
    row = publishable(exact).table("units").frame.iloc[0]
    assert (row["residents"], row["in_any_zone"]) == (453, 50)
    assert (row["in_flood_zones"], row["in_storm_surge"]) == (50, 50)


def test_a_table_to_ten_rounds_the_number_that_the_headline_rounds() -> None:
    """By hand: 1 285.2 is nearer to 1 290, though its whole part 1 285 goes to the even 1 280.

    A sentence and its table told two numbers for one where residents are spread over addresses.
    """
    parts = [1285.2, 2240.1, 0.4, 9.7, 7648.6]
    rows = pd.DataFrame({"name": list("abcdef"), "n": [*parts, sum(parts)]})
    shown = protect_table(replace(made("bands", rows, total=True), to_ten=True)).frame["n"]
    assert shown[0] == 1290
    assert [shown[1], shown[4]] == [2240, 7650]
    # The whole number decides what is hidden: 9.7 is one of ten, and no more than ten.
    assert shown[2] == 0
    assert shown[3] in (10, WITHHELD, UNDER_TEN)
    assert shown[5] == 11180
