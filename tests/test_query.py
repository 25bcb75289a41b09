"""Hold SQL on the store and its export against geopandas, by hand, and the rule of ten."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import pytest

from gis.errors import LayerMissingError, ParameterError
from gis.query import SOURCES, ask, export, leaving
from gis.store import Store, build, open_store
from gis.workspace import open_workspace
from tests.command import Ran, arealplan
from tests.test_bad_input import fingerprint, refused, write_town
from tests.town import box, frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(arealplan, monkeypatch, capsys)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn town with two urban areas, and 7 residents in the cell of 30."""
    made = write_town(tmp_path_factory.mktemp("query") / "w")
    areas = frame(
        [box(0, 0, 400, 400), box(300, 300, 900, 700)],
        tettstednummer=["0001", "0002"],
        tettstednavn=["Byen", "Bygda"],
    )
    areas.to_file(made / "tettsted.gpkg")
    people = made / "folk.csv"
    people.write_text(re.sub(r";30\n", ";7\n", people.read_text()))
    file = made / "workspace.toml"
    file.write_text(file.read_text() + '[layers.built_up]\npath = "tettsted.gpkg"\n')
    build(open_workspace(made))
    return made


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return open_store(open_workspace(folder))


def test_areas_and_joins_are_those_of_geopandas(store: Store) -> None:
    """Oracle: geopandas' own areas and spatial join of the same layers."""
    areas, cells = store.frame("built_up"), store.frame("population_grid")
    rows = ask(store, "SELECT sum(ST_Area(geometry)) AS m2 FROM built_up").rows
    assert rows["m2"].tolist() == pytest.approx([areas.area.sum()])
    sql = (
        "SELECT count(*) AS n FROM population_grid p JOIN built_up b "
        "ON ST_Intersects(p.geometry, b.geometry)"
    )
    assert ask(store, sql).rows["n"].tolist() == [len(gpd.sjoin(cells, areas))]


def test_a_geometry_comes_back_as_a_frame_with_its_crs(store: Store) -> None:
    """By hand: a square of 400 m, 10 m wider all round; and none where none is selected."""
    sql = "SELECT number, ST_Envelope(ST_Buffer(geometry, 10)) AS g FROM built_up; "
    rows = ask(store, sql).rows
    assert isinstance(rows, gpd.GeoDataFrame)
    assert rows.crs.to_epsg() == 25833
    assert rows.area.tolist() == pytest.approx([420**2, 620 * 420])
    assert not isinstance(ask(store, "SELECT number FROM built_up").rows, gpd.GeoDataFrame)
    assert ask(store, "WITH a AS (SELECT * FROM built_up) SELECT * FROM a").rows.shape[0] == 2


def test_seven_residents_are_seen_in_an_exact_answer_alone(store: Store) -> None:
    """By hand: 757 in all; what is shown is to the nearest 10, and the cell of 7 has a mark."""
    sql = "SELECT residents, residents_mark FROM population_grid ORDER BY cell_id"
    answered = ask(store, sql)
    shown = answered.rows["residents"].dropna()
    assert (shown % 10 == 0).all()
    assert sorted(answered.rows["residents_mark"]) == [""] * 11 + ["<10"]
    assert answered.notes[0].nb.startswith("Innbyggere i ruter")
    exact = ask(store, "SELECT sum(residents) AS n FROM population_grid", exact=True)
    assert exact.rows["n"].tolist() == [780 - 30 + 7]
    assert exact.notes == ()


def test_a_table_of_small_counts_does_not_leave(store: Store) -> None:
    """By rule: another layer that counts 1 to 9 residents is refused, with what to do."""

    class Small:
        manifest = store.manifest

        @staticmethod
        def frame(_: str) -> gpd.GeoDataFrame:
            return store.frame("built_up").assign(residents=[300, 9])

    with pytest.raises(ParameterError, match="fewer than 10 residents"):
        leaving(Small(), "age_groups", exact=False)  # type: ignore[arg-type]
    assert leaving(Small(), "age_groups", exact=True)["residents"].tolist() == [300, 9]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DROP TABLE built_up", "begins with SELECT"),
        ("SELECT 1; DROP TABLE built_up", "one question"),
        ("", "begins with SELECT"),
        ("/* SELECT */ DELETE FROM built_up", "begins with SELECT"),
        ("SELECT nope FROM built_up", "no such column: nope"),
        ("SELECT (FROM built_up", "syntax error"),
        ("SELECT geometry, ST_Centroid(geometry) AS c FROM built_up", "second geometry"),
    ],
)
def test_what_is_no_question_is_refused(
    store: Store, folder: Path, run: Run, sql: str, said: str
) -> None:
    """By rule: one line, exit code 1, and the store is as it was."""
    before = fingerprint(store.folder)
    refused(run("query", sql, "-w", str(folder)), said)
    assert fingerprint(store.folder) == before


def test_a_question_of_no_layer_names_the_nearest(store: Store) -> None:
    """By hand: a misspelt layer, a name in quotes, no table at all."""
    with pytest.raises(LayerMissingError, match="did you mean 'built_up'"):
        ask(store, "SELECT * FROM builtup")
    with pytest.raises(LayerMissingError, match="there are: municipality"):
        ask(store, "SELECT 'built_up'")


def test_semicolons_and_layers_inside_quotes_are_text(store: Store) -> None:
    """By hand: a quoted semicolon ends nothing, and an upper-case name is the same layer."""
    rows = ask(store, "SELECT ';' AS sign, 'it''s' AS word FROM BUILT_UP LIMIT 1").rows
    assert rows.to_dict("records") == [{"sign": ";", "word": "it's"}]


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet", ".gpkg"])
def test_answers_are_written_by_suffix(folder: Path, run: Run, tmp_path: Path, suffix: str) -> None:
    """By identity: the rows that were asked for come back from each kind of file."""
    file = tmp_path / f"svar{suffix}"
    sql = "SELECT number, name, geometry FROM built_up"
    assert run("query", sql, "-w", str(folder), "-o", str(file)).code == 0
    if suffix == ".csv":
        assert file.read_text().count("POLYGON") == 2
    elif suffix == ".json":
        assert [r["number"] for r in json.loads(file.read_text())] == ["0001", "0002"]
    else:
        read = gpd.read_parquet if suffix == ".parquet" else gpd.read_file
        assert read(file).area.sum() == pytest.approx(400**2 + 600 * 400)


def test_the_command_answers_in_words_and_json(folder: Path, run: Run, tmp_path: Path) -> None:
    """By hand: a table on standard output, the note on standard error; JSON alone with --json."""
    where = ("-w", str(folder))
    ran = run("query", "SELECT count(*) AS ruter FROM population_grid", *where)
    assert "ruter" in ran.out
    assert "12" in ran.out
    assert "nærmeste 10" in ran.err
    told = json.loads(run("query", "SELECT * FROM built_up", *where, "--json").out)
    assert told["crs"] == "EPSG:25833"
    assert told["rows"][0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert told["sources"][0]["layer"] == "built_up"
    refused(run("query", "SELECT * FROM built_up", *where, "--exact"), "--exact")
    file = str(tmp_path / "a.gpkg")
    refused(run("query", "SELECT name FROM built_up", *where, "-o", file), "no geometry")
    refused(run("query", "SELECT name FROM built_up", *where, "-o", file + "x"), "allowed: .csv")


def test_the_export_holds_every_layer_and_its_source(
    store: Store, folder: Path, run: Run, tmp_path: Path
) -> None:
    """By identity: fields and geometries of each layer as in the store, residents as published."""
    file = tmp_path / "alt.gpkg"
    assert run("export", str(file), "-w", str(folder)).code == 0
    names = [name for name, _ in pyogrio.list_layers(file)]
    assert names == [*store.layers, SOURCES]
    for name in store.layers:
        there, frame = gpd.read_file(file, layer=name), store.frame(name)
        assert there.crs.to_epsg() == 25833
        assert len(there) == len(frame)
        if name != "population_grid":
            assert set(frame.columns) == set(there.columns)
            assert there.area.sum() == pytest.approx(frame.area.sum())
    cells = gpd.read_file(file, layer="population_grid")
    assert not ((cells["residents"] > 0) & (cells["residents"] < 10)).any()
    assert np.isnan(cells.set_index("residents_mark").loc["<10", "residents"])
    sources = pyogrio.read_dataframe(file, layer=SOURCES)
    assert sources["layer"].tolist() == list(store.layers)
    assert sources["sha256"].str.len().eq(64).all()


def test_some_layers_are_exported_exactly(
    store: Store, folder: Path, run: Run, tmp_path: Path
) -> None:
    """By hand: one layer, exact; another suffix and an unknown layer are refused."""
    file = tmp_path / "folk.gpkg"
    written, left = export(store, file, layers=["population_grid"], exact=True)
    assert (written, left) == (["population_grid"], {})
    assert gpd.read_file(file, layer="population_grid")["residents"].sum() == 757
    refused(run("export", str(tmp_path / "a.zip"), "-w", str(folder)), "allowed: .gpkg")
    words = ("export", str(file), "-w", str(folder), "--layers", "bilt_up")
    refused(run(*words), "did you mean 'built_up'")
    assert [p.name for p in tmp_path.iterdir()] == ["folk.gpkg"]
