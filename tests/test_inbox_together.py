"""Neighbours' files of one layer, dates that files state, and grids of several years."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
import shapely
from typer.testing import CliRunner

from gis.catalogue import LocalLayer
from gis.cli import app
from gis.errors import FieldError
from gis.inbox import recognise, recognise_all
from gis.sources import read_layer
from gis.sources.dates import date_in_name, municipality_in_name
from gis.store import build, open_store
from gis.workspace import Workspace, open_workspace, write_workspace
from tests.publishers import NUMBER, SOUTH, WEST, frame, geojson_zip, municipality, square

YEARS = "ssbid_250,År,Populasjon\n" + "".join(
    f"2250000664{n}000,{year}-01-01,{count}\n"
    for year, n, count in ((2023, 0, 10), (2024, 0, 11), (2024, 1, 30), (2025, 1, 32))
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_workspace(tmp_path / "by", area=NUMBER)
    (tmp_path / "by" / "inbox").mkdir()
    return open_workspace(tmp_path / "by")


def put(workspace: Workspace, name: str, content: bytes) -> None:
    (workspace.root / "inbox" / name).write_bytes(content)


def units(number: str, *, east: float, shared: bool = False) -> bytes:
    """One nature area of a municipality; ``shared`` lies on the border and is in both files."""
    fields = {"grunnkretsnummer": f"{number}0101"}
    rows = [(square(east, 0, 500), fields)]
    if shared:
        rows.append((square(1900, 900, 200), {"grunnkretsnummer": f"{NUMBER}0199"}))
    return geojson_zip("x", {"Grunnkrets": rows})


def test_neighbours_files_are_read_as_one(workspace: Workspace) -> None:
    """By hand: two municipalities, one unit each and one in both files: three."""
    put(workspace, "k.zip", municipality())
    for number, east in ((NUMBER, 0.0), ("9802", 2500.0)):
        name = f"Basisdata_{number}_By_25833_StatistiskeEnheterGrunnkretser_GeoJSON.zip"
        put(workspace, name, units(number, east=east, shared=True))
    run = CliRunner().invoke
    said = run(app, ["inbox", "-w", str(workspace.root)]).stdout
    assert "leses sammen med Basisdata_9802_By" in said
    assert run(app, ["build", "-w", str(workspace.root)]).exit_code == 0
    store = open_store(open_workspace(workspace.root))
    source = store.source("basic_statistical_units")
    assert source.rows == 3
    assert source.covers == (NUMBER, "9802")
    assert "Basisdata_9802_By" in source.file
    # A second look finds the same, and a neighbour taken away is gone.
    found = recognise_all(open_workspace(workspace.root))
    assert sum("basic_statistical_units" in r.together for r in found) == 2
    next((workspace.root / "inbox").glob("Basisdata_9802*")).unlink()
    assert run(app, ["build", "-w", str(workspace.root)]).exit_code == 0
    assert open_store(open_workspace(workspace.root)).source("basic_statistical_units").rows == 2


def test_pieces_of_one_data_set_are_read_as_one(workspace: Workspace) -> None:
    """By hand: a lake and a canal of the flood mapping, a file each; a second lake contests."""
    put(workspace, "k.zip", municipality())
    for name, objtype, east in (("innsjo", "Innsjø", 0.0), ("kanalgroft", "KanalGrøft", 900.0)):
        shapes = [square(east, 0, 500)]
        water = frame(shapes, objtype=[objtype], flomsoneid=[name]).to_json(to_wgs84=True)
        put(workspace, f"flomsoner_{name}.geojson", water.encode())
    run = CliRunner().invoke
    assert "leses sammen med" in run(app, ["inbox", "-w", str(workspace.root)]).stdout
    done = run(app, ["build", "-w", str(workspace.root)])
    assert done.exit_code == 0, done.output
    store = open_store(open_workspace(workspace.root))
    assert sorted(store.frame("flood_mapping_water")["kind"]) == ["canal", "lake"]
    again = workspace.root / "inbox" / "ny_flomsoner_innsjo.geojson"
    shutil.copyfile(workspace.root / "inbox" / "flomsoner_innsjo.geojson", again)
    found = recognise_all(open_workspace(workspace.root))
    assert not any(r.together for r in found)


def test_two_files_of_one_municipality_are_not_joined(workspace: Workspace) -> None:
    """By hand: an older and a newer file of the same municipality: neither is chosen."""
    for name in ("Basisdata_9801_By_25833_A_GeoJSON.zip", "Basisdata_9801_By_25833_B_GeoJSON.zip"):
        put(workspace, name, units(NUMBER, east=10.0 * len(name[-13:]) + ord(name[-13])))
    found = recognise_all(workspace)
    assert all(not r.layers and r.contested and not r.together for r in found)


def test_a_file_of_a_foreign_municipality_does_not_cover_this_one(workspace: Workspace) -> None:
    """By hand: Asker's file alone says what it covers, so that here it counts as missing."""
    put(workspace, "Basisdata_3203_Asker_25833_Enheter_GeoJSON.zip", units("3203", east=0))
    (found,) = recognise_all(workspace)
    assert found.layers["basic_statistical_units"].covers == ("3203",)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("NOR0250M_POP_2019.csv", dt.date(2019, 1, 1)),
        ("stops_07_20_2026-01-15.parquet", dt.date(2026, 1, 15)),
        ("feed_2015-12_2016-06.zip", None),
        ("a_2026-01-15_2026-02-15.zip", None),
        ("kommuner_2019_2024.gpkg", None),
        ("Basisdata_2012_Alta_25833_MatrikkelenAdresse.csv", None),
        ("dtm_50m.tif", None),
        ("a_2026-13-45.csv", None),
        ("kart25833.gpkg", None),
    ],
)
def test_dates_in_names(name: str, date: dt.date | None) -> None:
    """By hand: one date or one year; ranges, municipality numbers and EPSG codes are none."""
    assert date_in_name(name) == date


def test_municipalities_in_names() -> None:
    """By hand: Geonorge's names only; 0000 is all Norway, 42 a county."""
    assert municipality_in_name("Basisdata_3201_Berum_25833_Kommuner_GML.zip") == "3201"
    assert municipality_in_name("Basisdata_0000_Norge_25833_Kommuner_GML.zip") is None
    assert municipality_in_name("Samfunnssikkerhet_42_Agder_25833_Flomsoner_FGDB.zip") is None
    assert municipality_in_name("kart_3201.gpkg") is None


def test_the_field_goes_before_the_name(workspace: Workspace) -> None:
    """By hand: extracted 2 March 2026, whatever the name says; the last day of two."""
    days = ["2026-03-01T23:30:00", "2026-03-02T01:40:02"]
    points = [shapely.Point(WEST + i, SOUTH) for i in (1, 2)]
    shelters = frame(points, romnr=[1, 2], plasser=[50, 60], adresse=["a", "b"])
    shelters.assign(datauttaksdato=days).to_file(
        workspace.root / "inbox" / "rom_2019.gpkg", layer="Tilfluktsrom"
    )
    (found,) = recognise_all(workspace)
    assert found.layers["shelters"].date == dt.date(2026, 3, 2)
    assert "etter feltet datauttaksdato" in found.reasons["shelters"].nb


def test_a_grid_of_several_years(tmp_path: Path, workspace: Workspace) -> None:
    """By hand: the newest year is taken and said; another is read where it is asked for."""
    path = tmp_path / "befolkning.csv"
    path.write_text(YEARS, encoding="utf-8")
    newest = read_layer("population_grid", path)
    assert newest.frame["residents"].tolist() == [32]
    assert newest.source.date == dt.date(2025, 1, 1)
    assert "year 2025 of 2023 to 2025 taken" in newest.source.notes
    asked = read_layer("population_grid", path, local=LocalLayer(path="x", year=2024))
    assert asked.frame["residents"].tolist() == [11, 30]
    assert asked.source.date == dt.date(2024, 1, 1)
    with pytest.raises(FieldError, match="year 2020 asked for; there are: 2023, 2024, 2025"):
        read_layer("population_grid", path, local=LocalLayer(path="x", year=2020))
    shutil.copy(path, workspace.root / "inbox")
    found = recognise(workspace.root / "inbox" / "befolkning.csv", workspace)
    assert found.layers["population_grid"].date == dt.date(2025, 1, 1)


def test_real_years_of_grenland(real_data: Path) -> None:
    """Real data: each year alone has every cell once; the sums are the csv module's."""
    import csv

    path = real_data / "grenland/befolkning_250m_grenland.csv"
    sums: dict[int, int] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            year = int(row["År"][:4])
            sums[year] = sums.get(year, 0) + int(row["Populasjon"])
    for year in (min(sums), max(sums)):
        local = LocalLayer(path="x", year=year)
        assert (
            read_layer("population_grid", path, local=local).frame["residents"].sum() == sums[year]
        )


def test_several_files_named_in_the_workspace(workspace: Workspace) -> None:
    """By hand: a folder of parts named by path holds both municipalities' units."""
    put(workspace, "k.zip", municipality())
    folder = workspace.root / "mine.parts"
    folder.mkdir()
    (folder / "a.zip").write_bytes(units(NUMBER, east=0))
    (folder / "b.zip").write_bytes(units("9802", east=2500))
    with (workspace.root / "workspace.toml").open("a", encoding="utf-8") as out:
        out.write('\n[layers.municipality]\npath = "inbox/k.zip"\n')
        out.write('\n[layers.basic_statistical_units]\npath = "mine.parts"\n')
    build(open_workspace(workspace.root))
    assert open_store(open_workspace(workspace.root)).source("basic_statistical_units").rows == 2
