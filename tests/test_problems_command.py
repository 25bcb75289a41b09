"""The mistakes people make most, told in bokmål by the command line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from tests.command import Ran, arealplan
from tests.feeds import town as feed_tables
from tests.feeds import write_feed
from tests.test_bad_input import write_town
from tests.town import box, points

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

NEAR = ("near", "--points", "punkt.gpkg", "--targets", "punkt.gpkg", "--max-m", "100")
CSV = ("near", "--points", "punkt.csv", "--targets", "punkt.gpkg", "--max-m", "100")
EXPOSE = ("expose", "--zones", "soner.gpkg", "--points", "punkt.gpkg")
# The words of a command, and the line that tells what is wrong; "..." cuts a long list.
MISTAKES = {
    ("analyse", "transit-acces"): (
        "ingen analyse 'transit-acces'; mente du 'transit-access'? (det finnes: ..."
    ),
    ("analyse", "transit-access", "--max-m", "-5"): (
        "transit-access: parameter 'max_m': '-5' oppgitt; tillatt: 50 til 5000"
    ),
    ("analyse", "transit-access", "--max-m", "langt"): (
        "transit-access: parameter 'max_m': 'langt' oppgitt; tillatt: et tall"
    ),
    ("analyse", "transit-access", "--metric", "fugl"): (
        "transit-access: parameter 'metric': 'fugl' oppgitt; tillatt: straight-line, network"
    ),
    ("analyse", "transit-access", "--maxm", "500"): (
        "transit-access: ingen parameter 'maxm'; mente du 'max_m'? (det finnes: ..."
    ),
    ("analyse", "transit-access", "500"): "'500' oppgitt; parametere skrives --navn verdi",
    ("analyse", "transit-access", "--max-m"): "--max-m trenger en verdi",
    ("analyse", "transit-access", "--exact"): (
        "--exact skriver eksakte tall bare til din egen fil; oppgi fila med -o"
    ),
    ("analyse", "transit-access", "-o", "ut.docx"): (
        "ut.docx: filendelsen '.docx' oppgitt; tillatt: ..."
    ),
    ("analyse", "hazard-exposure"): (
        "hazard-exposure trenger minst ett lag med faresoner (flood_caution, flood_zones, "
        "landslide_caution, landslide_zones, noise_zones, quick_clay, quick_clay_caution, "
        "storm_surge), utenom aktsomhetsområder og støy; lageret har: municipality, "
        "frequent_stops, population_grid"
    ),
    ("analyse", "transit-access", "-w", "ingen"): (
        "ingen: ingen workspace.toml her; lag en med 'arealplan init DIR --area NUMMER'"
    ),
    ("map", "nope"): "ingen kart 'nope' (det finnes: ...",
    ("map",): "oppgi ett eller flere kart, eller --all eller --only (se 'arealplan maps')",
    ("map", "transit_access", "--area", "0301"): (
        "--area 0301: . har bare 9999; lag et arbeidsområde for den (arealplan init DIR "
        "--area 0301), eller bruk et med area = '0000'"
    ),
    ("init", ".", "--area", "3201"): "workspace.toml finnes allerede; ingenting er endret",
    ("init", "ny", "--area", "Ingensteds"): (
        "--area Ingensteds oppgitt: ingen kommune med det navnet (SSB, standard for "
        "kommuneinndeling (KLASS 131), 2024); tillatt: kommunenummer med 4 sifre, navnet, "
        "eller 0000 for hele Norge"
    ),
    ("init", "ny", "--area", "123"): (
        "--area 123 oppgitt; tillatt: kommunenummer med 4 sifre, navnet, eller 0000 for hele Norge"
    ),
    ("layers", "flom"): "ingen lag 'flom' (det finnes: ...",
    ("near", "--points", "borte.gpkg", "--targets", "punkt.gpkg", "--max-m", "1"): (
        "borte.gpkg: fila finnes ikke"
    ),
    ("near", "--points", "tom.gpkg", "--targets", "punkt.gpkg", "--max-m", "1"): (
        "tom.gpkg: fila er tom (0 byte)"
    ),
    ("near", "--points", "brev.gpkg", "--targets", "punkt.gpkg", "--max-m", "1"): (
        "brev.gpkg: kan ikke leses, innholdet er ikke en gpkg-fil; tillatt: en fil der "
        "innhold og filendelse stemmer overens"
    ),
    (*NEAR, "--weight", "folk"): (
        "punkt.gpkg: ingen felt for 'folk' (godtar: folk); det finnes: vekt"
    ),
    (*NEAR[:-1], "-1"): "max_m -1.0; tillatt: fra 0 meter og oppover",
    CSV: (
        "punkt.csv: en tabell; oppgi koordinatkolonnene, øst eller lengdegrad først (X,Y "
        "etter --points-xy, --weight-xy ...); det finnes: x, y"
    ),
    (*CSV, "--points-xy", "x,y"): (
        "punkt.csv: en tabell oppgir ikke koordinatsystem; oppgi EPSG-koden, 25833, 25832, "
        "4326 ... (--crs, --weight-crs)"
    ),
    (*CSV, "--points-xy", "x"): (
        "--points-xy 'x'; tillatt: to kolonnenavn, øst eller lengdegrad først: X,Y"
    ),
    (*CSV, "--points-xy", "x,y", "--crs", "99999"): (
        "punkt.csv: et slikt koordinatsystem finnes ikke: 99999"
    ),
    (*EXPOSE, "--order", "A,B"): "--order krever --class, kolonnen som har klassene",
    (*EXPOSE, "--class", "kode"): (
        "soner.gpkg: ingen felt for 'kode' (godtar: kode); det finnes: klasse"
    ),
    (*EXPOSE, "--class", "klasse", "--rule", "min-share"): (
        "rule min-share og min-share None oppgitt; rule min-share hører sammen med en andel "
        "over 0 og høyst 1, og ingen annen regel gjør det"
    ),
    ("zonal", "--raster", "hoyde.tif", "--zones", "soner.gpkg", "--band", "9"): (
        "hoyde.tif: bånd 9 oppgitt; tillatt: 1 til 1"
    ),
    ("zonal", "--raster", "brev.gpkg", "--zones", "soner.gpkg"): (
        "brev.gpkg: kan ikke leses som raster ('brev.gpkg' har ikke et filformat som støttes)"
    ),
    ("departures", "brev.gpkg"): (
        "brev.gpkg: verken en mappe eller en lesbar zip-fil; rutedata i GTFS er en zip"
    ),
    ("departures", "rute.zip", "--date", "i går"): "--date 'i går'; tillatt: ÅÅÅÅ-MM-DD",
    ("departures", "rute.zip", "--date", "1999-01-01"): (
        "rute.zip: 1999-01-01 er utenfor rutedataene; tillatt: 2026-11-02 til 2026-12-18"
    ),
    ("departures", "rute.zip", "--window", "7"): (
        "vindu '7'; tillatt: TT-TT eller TT:MM-TT:MM, inntil 30:00 (06:00 neste dag)"
    ),
    ("departures", "rute.zip", "--mode", "fly"): (
        "mode fly; tillatt: rail, metro, tram, bus, water, other"
    ),
    ("departures", "rute.zip", "--bbox", "1,2"): (
        "--bbox '1,2'; tillatt: vest,sør,øst,nord i grader"
    ),
    ("query", "DROP TABLE municipality"): (
        "'DROP TABLE municipality' oppgitt; tillatt: ett spørsmål som begynner med SELECT "
        "eller WITH"
    ),
    ("query", "SELECT * FROM municipalty"): (
        "spørsmålet nevner ingen lag; mente du 'municipality'?; det finnes: municipality, "
        "frequent_stops, population_grid"
    ),
    ("export", "ut.gpkg", "--layers", "flom"): (
        "lageret har ikke laget 'flom' (det finnes: municipality, frequent_stops, population_grid)"
    ),
    ("fetch", "flom", "--dry-run"): "ingen lag 'flom' (det finnes: ...",
    ("screen", "borte.geojson"): "borte.geojson: fila finnes ikke",
    ("run", "--areas", "0301"): (
        "areas '0301' oppgitt; ukjent: 0301; tillatt: all, eller numre blant 9999, delt med "
        'komma (area = "0000" i workspace.toml leser hele landet)'
    ),
    ("check", "-w", "feilstavet"): (
        "feilstavet/workspace.toml: ukjent nøkkel 'languge'; mente du 'language'? (tillatt: "
        "area, language, epsg, halo_m, invented, layers)"
    ),
    ("check", "-w", "ødelagt"): (
        "ødelagt/workspace.toml: ikke gyldig TOML: tegnet '\\n' er ikke tillatt (linje 1, "
        "kolonne 13)"
    ),
    ("build", "-w", "uten_fil"): (
        "{w}/uten_fil/borte.gpkg: fila finnes ikke, oppgitt av [layers.municipality] i "
        "uten_fil/workspace.toml"
    ),
    ("nope",): "Feil: Ukjent kommando 'nope'.",
    ("near", "--pionts", "x"): (
        "Feil: Ukjent valg: --pionts (mulige valg: --points, --points-layer, --points-xy)"
    ),
    ("near",): "Feil: Valget '--points' mangler.",
    ("init",): "Feil: Argumentet 'DIR' mangler.",
    ("demo", "ny", "--seed", "mange"): (
        "Feil: Ugyldig verdi for '--seed': verdien 'mange' oppgitt; tillatt: et helt tall"
    ),
    ("map", "--all", "--paper", "A9"): (
        "Feil: Ugyldig verdi for '--paper': 'A9' er ikke blant 'A4', 'A3'."
    ),
    ("map", "--all", "--scale", "1"): (
        "Feil: Ugyldig verdi for '--scale': verdien '1' oppgitt; tillatt: minst 1000"
    ),
    ("layers", "a", "b"): "Feil: For mange argumenter (b)",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that is built, with files of one's own beside it, good and bad."""
    w = write_town(tmp_path_factory.mktemp("feil") / "w")
    made = gpd.GeoDataFrame({"vekt": [1, 2]}, geometry=points((10, 10), (20, 20)), crs=25833)
    made.to_file(w / "punkt.gpkg")
    zones = gpd.GeoDataFrame({"klasse": ["A"]}, geometry=[box(0, 0, 50, 50)], crs=25833)
    zones.to_file(w / "soner.gpkg")
    (w / "punkt.csv").write_text("x;y\n10.5;59.9\n")
    (w / "tom.gpkg").write_bytes(b"")
    (w / "brev.gpkg").write_text("Hei, dette er et brev.\n")
    write_feed(w / "rute.zip", feed_tables())
    with rasterio.open(
        w / "hoyde.tif",
        "w",
        driver="GTiff",
        width=2,
        height=2,
        count=1,
        dtype="float32",
        crs="EPSG:25833",
        transform=from_origin(200_000, 6_600_100, 50, 50),
    ) as raster:
        raster.write(np.ones((1, 2, 2), dtype="float32"))
    for name, text in (
        ("feilstavet", 'area = "9999"\nlanguge = "nb"\n'),
        ("ødelagt", 'area = "9999\n'),
        ("uten_fil", 'area = "9999"\n[layers.municipality]\npath = "borte.gpkg"\n'),
    ):
        (w / name).mkdir()
        (w / name / "workspace.toml").write_text(text)
    return w


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(folder)
    return partial(arealplan, monkeypatch, capsys, language=None)


def test_the_town_is_built(run: Run) -> None:
    """By hand: three layers of the drawn town, told in the workspace's own language."""
    built = run("build")
    assert built.code == 0
    assert "store: 3 lag" in built.err


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_told_in_bokmål(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    """Oracle: the line as a Norwegian planner should read it, written by hand."""
    told = run(*words)
    expected = MISTAKES[words].replace("{w}", str(folder))
    said = told.problem.removeprefix("arealplan: ")
    assert said.startswith(expected[:-3]) if expected.endswith("...") else said == expected
    assert told.code == (2 if said.startswith("Feil:") else 1)
