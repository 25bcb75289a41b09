"""Files put by hand into the inbox: recognised by what they hold, or told why not."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import ParameterError
from gis.inbox import Recognised, guess, has_changed, recognise, recognise_all, take_inbox
from gis.inbox_found import Guess
from gis.lock import exclusive
from gis.sources.contents import contents, lone_table
from gis.store import build, open_store
from gis.text import Text
from gis.workspace import Workspace, open_workspace, write_workspace
from tests.publishers import (
    NUMBER,
    addresses,
    floods,
    frame,
    geojson_zip,
    gtfs,
    municipality,
    n50,
    population,
    square,
    terrain,
    units,
    zipped,
)

# What real files are, as the list of real layers says (tests/test_real_layers.py); the
# names of most of them say nothing, so fields decide.
REAL = [
    ("norway/NOR0250M_POP_2019.csv", {"population_grid"}),
    ("norway/bedrifter_250m_2025.csv", {"workplaces"}),
    ("elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv", {"addresses"}),
    ("norway/frequent_stops_max_gap_07_20_2026-01-15.parquet", {"frequent_stops"}),
    ("norway/rb_avi-aggregated-gtfs.zip", {"transit_stops"}),
    ("baerum/dtm_50m.tif", {"terrain"}),
    ("agder/flomsoner_analyseomrade.geojson", {"flood_mapped_extent"}),
    ("trondheim/trondheim_quickclay.geojson", {"quick_clay"}),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_workspace(tmp_path / "by", area=NUMBER)
    (tmp_path / "by" / "inbox").mkdir()
    return open_workspace(tmp_path / "by")


def put(workspace: Workspace, name: str, content: bytes | str) -> Path:
    path = workspace.root / "inbox" / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(("file", "layers"), REAL)
def test_real_files(real_data: Path, workspace: Workspace, file: str, layers: set[str]) -> None:
    """Real data: taken for what PROVENANCE.md says they are, under a name that says nothing.

    Of a table the first rows; that it is read whole is tests/test_every_real_file.py.
    """
    source = real_data / file
    path = workspace.root / "inbox" / f"fil{source.suffix}"
    if source.suffix == ".csv":
        with source.open("rb") as rows:
            path.write_bytes(b"".join(itertools.islice(rows, 5000)))
    else:
        shutil.copyfile(source, path)
    found = recognise(path, workspace)
    assert set(found.layers) == layers, found.problem
    assert found.problem is None


def test_deliveries_of_every_form(workspace: Workspace, tmp_path: Path) -> None:
    """By hand: zips with named collections, geodatabases, tables in zips, timetables, tiles."""
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    for name, content in (
        ("a.zip", municipality()),
        ("b.zip", units()),
        ("c.zip", n50(drawn)),
        ("d.zip", floods(drawn)),
        ("e.zip", addresses()),
        ("f.zip", population()),
        ("g.zip", gtfs()),
        ("h.zip", terrain(drawn, west=250_000, south=6_640_000, height=1)),
    ):
        put(workspace, name, content)
    found = {r.file: set(r.layers) for r in recognise_all(workspace)}
    assert found == {
        "a.zip": {"municipality"},
        "b.zip": {"basic_statistical_units"},
        "c.zip": {"sea", "lakes", "forest", "rivers", "roads_paths", "railways", "stations"},
        "d.zip": {"flood_zones", "flood_mapped_extent"},
        "e.zip": {"addresses"},
        "f.zip": {"population_grid"},
        "g.zip": {"transit_stops"},
        "h.zip": {"terrain"},
    }


def test_what_it_was_taken_for_is_said(workspace: Workspace) -> None:
    """By hand: the layer's name or the fields, and how many rows were read."""
    zones = geojson_zip("x", {"Grunnkrets": [(square(0, 0, 10), {"grunnkretsnummer": "98010101"})]})
    found = recognise(put(workspace, "x.zip", zones), workspace)
    assert found.reasons == {
        "basic_statistical_units": Text(
            nb="laget heter «Grunnkrets»; felt grunnkretsnummer; 1 rader",
            en="layer 'Grunnkrets'; fields grunnkretsnummer; 1 rows",
        )
    }
    table = "SSBID0250M;pop_tot\n22500006640000;5\n"
    found = recognise(put(workspace, "y.csv", table), workspace)
    assert {n: r.en for n, r in found.reasons.items()} == {
        "population_grid": "fields SSBID0250M, pop_tot; 1 rows"
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", "dette er et brev\n", "no header with several columns"),
        ("a.csv", "x;y\n1;2\n", "not recognised"),
        ("empty.csv", "", "empty"),
        ("b.zip", zipped(letter__docx=b"PK"), "no vector file in the zip"),
        ("c.gpkg", b"not a geopackage", "the content is no gpkg file"),
        ("d.vrt", "<OGRVRTDataSource/>", "'.vrt' is no format"),
        ("e.csv", "SSBID0250M;pop_tot\n22500006640001;5\n", "22500006640001"),
        ("f.geojson", json.dumps({"type": "FeatureCollection", "features": []}), "not recognised"),
    ],
)
def test_what_is_not_taken(
    workspace: Workspace, name: str, content: bytes | str, words: str
) -> None:
    """By hand: one line with the reason, and no layer."""
    found = recognise(put(workspace, name, content), workspace)
    assert not found.layers
    assert found.problem is not None
    assert words in found.problem.en
    assert "\n" not in found.problem.nb + found.problem.en


def test_fields_that_fit_two_layers_alike_are_not_guessed(tmp_path: Path) -> None:
    """By hand: a name alone could be many things."""
    path = tmp_path / "x.gpkg"
    frame([square(0, 0, 10)], navn=["Vik"]).to_file(path, layer="noe")
    guesses = guess(contents(path))
    assert all(g.content is None for g in guesses)
    assert len({g.layer for g in guesses if len(g.fields) == 1}) in (0, len(guesses))


def test_contents_name_kinds_and_fields(tmp_path: Path) -> None:
    """By hand."""
    path = tmp_path / "x.gpkg"
    frame([square(0, 0, 10)], navn=["Vik"]).to_file(path, layer="flate")
    found = contents(path)
    assert [(c.layer, c.kind, c.fields) for c in found] == [("flate", "polygon", ("navn",))]


def test_lone_tables(tmp_path: Path) -> None:
    """By hand: one CSV in a zip is taken out; a timetable or a zip of two is not."""
    out = tmp_path / "out"
    out.mkdir()
    one = tmp_path / "one.zip"
    one.write_bytes(zipped(a__csv=b"x;y\n"))
    found = lone_table(one, out)
    assert found is not None
    assert found.read_bytes() == b"x;y\n"
    for name, content in (("two", zipped(a__csv=b"", b__csv=b"")), ("gtfs", gtfs())):
        path = tmp_path / f"{name}.zip"
        path.write_bytes(content)
        assert lone_table(path, out) is None
    assert [p.name for p in out.iterdir()] == ["a.csv"]


def test_the_command_and_the_build(workspace: Workspace) -> None:
    """By hand: the command says what is what; fetch --offline takes it; the build reads it."""
    put(workspace, "k.zip", municipality())
    put(workspace, "p.zip", population())
    put(workspace, "brev.txt", "hei\n")
    run = CliRunner().invoke
    said = run(app, ["inbox", "-w", str(workspace.root)])
    assert said.exit_code == 0
    assert "k.zip: lest som municipality" in said.stdout
    assert "brev.txt: " in said.stdout
    raw = json.loads(run(app, ["inbox", "--json", "-w", str(workspace.root)]).stdout)
    assert [r["file"] for r in raw] == ["brev.txt", "k.zip", "p.zip"]
    run(app, ["fetch", "--offline", "municipality", "population_grid", "-w", str(workspace.root)])
    opened = open_workspace(workspace.root)
    assert set(opened.entry.layers) == {"municipality", "population_grid"}
    build(opened)
    assert open_store(opened).source("population_grid").rows == 2
    with zipfile.ZipFile(workspace.root / "inbox" / "p.zip") as archive:
        assert archive.namelist() == ["NOR0250M_POP_2026.csv"]


GRID = "SSBID0250M;pop_tot\n22500006640000;{}\n"


def _taken(workspace: Workspace) -> list[Recognised]:
    with exclusive(workspace.root):
        return take_inbox(workspace)


def test_two_files_of_one_layer_are_not_chosen_between(workspace: Workspace) -> None:
    """By hand: neither is used, both say so; the one used before stays in use."""
    put(workspace, "a.csv", GRID.format(5))
    (first,) = _taken(workspace)
    assert set(first.layers) == {"population_grid"}
    put(workspace, "0.csv", GRID.format(7))
    newer, older = _taken(workspace)
    assert newer.layers == {}
    assert newer.contested == {"population_grid": ("a.csv",)}
    assert newer.problem is None
    assert set(older.layers) == {"population_grid"}
    assert open_workspace(workspace.root).local("population_grid").path == "inbox/a.csv"
    (workspace.root / "inbox" / "a.csv").unlink()
    put(workspace, "b.csv", GRID.format(9))
    assert [r.contested for r in _taken(workspace)] == [
        {"population_grid": ("b.csv",)},
        {"population_grid": ("0.csv",)},
    ]
    assert "population_grid" not in open_workspace(workspace.root).entry.layers
    said = CliRunner().invoke(app, ["inbox", "-w", str(workspace.root)]).stdout
    assert "0.csv: brukes ikke som population_grid; b.csv i inbox er det også" in said


def test_the_same_file_twice_is_used_once(workspace: Workspace) -> None:
    """By hand: equal contents are one delivery."""
    for name in ("a.csv", "b.csv"):
        put(workspace, name, GRID.format(5))
    one, two = recognise_all(workspace)
    assert set(one.layers) == {"population_grid"}
    assert two.contested == {"population_grid": ("a.csv",)}


def test_the_parts_of_a_shapefile_are_one_file(workspace: Workspace) -> None:
    """By hand: four files are one delivery; a part without its .shp is told."""
    folder = workspace.root / "inbox"
    frame([square(0, 0, 10)], objtype=["Havflate"]).to_file(folder / "havflate.shp")
    put(workspace, "alene.dbf", b"\x03")
    found = {r.file: (set(r.layers), r.problem) for r in recognise_all(workspace)}
    assert set(found) == {"alene.dbf", "havflate.shp"}
    assert found["havflate.shp"] == ({"sea"}, None)
    problem = found["alene.dbf"][1]
    assert problem is not None
    assert "no format" in problem.en


def test_an_osm_extract_is_taken_for_its_stations(real_data: Path, workspace: Workspace) -> None:
    """By its tags: an extract of Oslo's centre has stations."""
    shutil.copy(real_data / "oslo/oslo-center.osm.pbf", workspace.root / "inbox")
    (found,) = recognise_all(workspace)
    assert set(found.layers) == {"stations"}


def test_a_geoparquet_of_points_is_a_layer_of_points(workspace: Workspace) -> None:
    """By hand: kind and fields as of any vector file."""
    fields = {"adresseId": [1], "adresseTekst": ["Vei 1"], "grunnkretsnummer": ["98010101"]}
    points = frame([square(0, 0, 10).centroid], **fields)
    path = workspace.root / "inbox" / "matrikkelenAdresse.parquet"
    points.to_parquet(path)
    assert [c.kind for c in contents(path)] == ["point"]
    assert set(recognise(path, workspace).layers) == {"addresses"}


def test_the_build_takes_the_inbox_without_a_fetch(workspace: Workspace) -> None:
    """By hand: two files are two layers, one taken away is none, untouched is not looked at."""
    run = CliRunner().invoke
    folder = ["-w", str(workspace.root)]
    put(workspace, "k.zip", municipality())
    put(workspace, "p.zip", population())
    made = run(app, ["build", *folder])
    assert made.exit_code == 0, made.stderr
    assert "p.zip: lest som population_grid" in made.stderr
    assert set(open_store(workspace).layers) == {"municipality", "population_grid"}
    assert not has_changed(workspace)
    assert "lest som" not in run(app, ["build", *folder]).stderr
    (workspace.root / "inbox" / "p.zip").unlink()
    assert run(app, ["build", *folder]).exit_code == 0
    assert set(open_store(workspace).layers) == {"municipality"}


def test_an_inbox_without_files_says_so(workspace: Workspace) -> None:
    """By hand: one line with the folder, on standard error; with and without the folder."""
    for there in (True, False):
        said = CliRunner().invoke(app, ["inbox", "-w", str(workspace.root)])
        assert (said.exit_code, said.stdout) == (0, "")
        assert said.stderr == f"ingen filer i {workspace.root / 'inbox'}; legg filene dine der\n"
        if there:
            (workspace.root / "inbox").rmdir()


def test_each_file_is_named_before_it_is_read(workspace: Workspace) -> None:
    """By hand: on standard error, in order; what they are goes to standard output."""
    put(workspace, "b.csv", GRID.format(5))
    put(workspace, "a\x1b[31m.csv", "x")
    said = CliRunner().invoke(app, ["inbox", "-w", str(workspace.root)])
    assert said.stderr == "a\ufffd[31m.csv ...\nb.csv ...\n"
    assert "b.csv: lest som population_grid" in said.stdout
    assert "\x1b" not in said.stdout


def test_the_sentence_of_a_file_is_of_one_language(workspace: Workspace) -> None:
    """By hand: six known fields, of which five are named."""
    found = Guess("addresses", tuple("abcdef"), None).reason
    assert found.as_dict() == {
        "nb": "felt a, b, c, d, e og 1 til",
        "en": "fields a, b, c, d, e and 1 more",
    }
    put(workspace, "n.csv", GRID.format(-5))
    (told,) = recognise_all(workspace)
    assert told.problem is not None
    assert "engelsk" not in told.problem.nb


def test_several_files_of_the_municipality_stop_the_build(workspace: Workspace) -> None:
    """By hand: the sentence names both files, each time; with one of them there it builds."""
    put(workspace, "a.zip", municipality())
    put(workspace, "b.zip", municipality() + b"\0")
    for _ in range(2):
        said = CliRunner().invoke(app, ["build", "-w", str(workspace.root)])
        assert said.exit_code == 1
        assert re.search("a.zip, b.zip hold municipality", str(said.exception))
    (workspace.root / "inbox" / "b.zip").unlink()
    assert CliRunner().invoke(app, ["build", "-w", str(workspace.root)]).exit_code == 0


def test_a_workspace_that_cannot_be_written(tmp_path: Path) -> None:
    """By hand: a file stands where the folder should; one line, exit 1 by its kind."""
    (tmp_path / "fil").write_text("x")
    with pytest.raises(ParameterError, match=r"\A[^\n]*cannot be written[^\n]*\Z"):
        write_workspace(tmp_path / "fil" / "by", area=NUMBER)
