"""Reach by network on files: by hand, through the command line, and real data with known shares."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from typer.testing import CliRunner

from gis.cli import app
from gis.errors import GeometryError, GisError, ParameterError, SourceError
from gis.sources.trips import Trip
from gis.tools import Answer, Given, near
from gis.tools.reach import ReachAnswer, reach

if TYPE_CHECKING:
    from pathlib import Path

E0, N0 = 260_000, 6_650_000
XY = ("E", "N")
# Straight roads: 4 km east from the stop, a spur north at 1000 m, an island 800 m to the north.
ROADS = [[(0, 0), (1000, 0)], [(1000, 0), (4000, 0)], [(1000, 0), (1000, 500)],
         [(0, 800), (400, 800)]]  # fmt: skip
HOMES = [
    (600, 10, 1),  # 610 m
    (1000, 490, 2),  # 1490 m
    (1990, 10, 4),  # 2000 m
    (3000, -50, 8),  # 3050 m
    (100, 800, 16),  # island
    (2000, 4000, 32),  # no road
]


@pytest.fixture
def village(tmp_path: Path) -> Path:
    lines = [shapely.LineString([(E0 + x, N0 + y) for x, y in line]) for line in ROADS]
    frame = gpd.GeoDataFrame({"oneway": ["no"] * 4}, geometry=lines, crs=25833)
    frame.to_file(tmp_path / "roads.gpkg")
    rows = [f"{E0 + x};{N0 + y};{w}" for x, y, w in HOMES]
    (tmp_path / "homes.csv").write_text("E;N;residents\n" + "\n".join(rows) + "\n", "utf-8")
    (tmp_path / "stop.csv").write_text(f"E;N\n{E0};{N0}\n", "utf-8")
    return tmp_path


def answer(folder: Path, **trip: Any) -> Answer:
    return full(folder, **trip).answer


def full(folder: Path, terrain: Path | None = None, **trip: Any) -> ReachAnswer:
    return reach(
        Given(folder / "roads.gpkg"),
        Given(folder / "homes.csv", xy=XY, epsg=25833),
        Given(folder / "stop.csv", xy=XY, epsg=25833),
        trip=Trip(**{"mode": "walk", "least_share": 0.0, **trip}),
        weight="residents",
        terrain=terrain,
    )


def test_who_is_reached_within_metres(village: Path) -> None:
    """By hand: weights 1, 2, 4, ... tell who; all stay in the denominator, each has a reason."""
    for limit, expected in ((609, 0), (610, 1), (1490, 3), (2000, 7), (3049.99, 7), (3050, 15)):
        found = answer(village, max_m=limit)
        assert (found.numerator, found.denominator) == (expected, 63)
    assert found.frame["reason"].tolist() == [*["reached"] * 4, "island", "no_road"]
    assert found.frame["distance_m"].tolist()[:4] == [610, 1490, 2000, 3050]
    assert {x.reason: x.count for x in found.left_out} == {"island": 16, "no_road": 32}
    assert [c["weight"] for c in found.details["classes"]] == [15, 0, 16, 0, 32]
    assert found.details["destinations"][0]["weight"] == 15
    assert found.details["network"]["parts"] == 2
    assert found.details["effective_speed_kmh"] is None


def test_minutes_say_their_speed(village: Path) -> None:
    """By closed form: 10 minutes at 18 km/h are 3,000 m; 3,050 m take 10 minutes 10 seconds."""
    found = answer(village, mode="cycle", max_min=10)
    assert found.numerator == 7
    assert found.details["one_minute_more"]["numerator"] == 15
    assert found.details["one_minute_less"]["numerator"] == 7
    assert found.details["effective_speed_kmh"] == pytest.approx(18.0, rel=1e-4)
    assert "effective speed 18.0 km/h" in found.definition.sentence.en
    assert "faktisk fart 18,0 km/t" in found.definition.sentence.nb
    assert found.frame["minutes"].tolist()[:3] == pytest.approx([610 / 300, 1490 / 300, 2000 / 300])
    assert answer(village, max_min=10, speed_kmh=18.3).numerator == 15
    # Legs of 10 and 50 m at a tenth of the speed are as long as 100 and 500 m.
    slow = answer(village, mode="cycle", max_min=7, access_kmh=1.8)
    assert slow.frame["minutes"].tolist()[:3] == pytest.approx([700 / 300, 1490 / 300, 2090 / 300])


def write_terrain(path: Path, *, percent: float, west: int = -500, wide: int = 6000) -> Path:
    """A plane that rises to the east."""
    columns = np.arange(wide // 10) * 10 + 5 + west
    values = np.repeat((columns * percent / 100)[None, :], 300, axis=0).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", width=wide // 10, height=300, count=1, dtype="float32",
        crs="EPSG:25833", transform=from_origin(E0 + west, N0 + 1500, 10, 10), nodata=-9999,
    ) as model:  # fmt: skip
        model.write(values, 1)
    return path


def test_the_morning_and_the_afternoon_differ_on_a_slope(village: Path) -> None:
    """By closed form: the stop lies at the foot of 3 %; Parkin and Rotheram's speeds each way."""
    terrain = write_terrain(village / "dtm.tif", percent=3)
    down, up = 18 * (1 + 3 * 0.2379 / 6.01), 18 * (1 - 3 * 0.4002 / 6.01)
    for direction, kmh in (("to", down), ("from", up)):
        found = answer(
            village, terrain=terrain, mode="cycle", max_min=30, direction=direction, speed_kmh=18
        )
        minutes = found.frame["minutes"].tolist()
        assert minutes[2] == pytest.approx(1990 / 1000 / kmh * 60 + 10 / 300, rel=2e-3)
        assert found.left_out[-1].reason != "terrain_unknown"
        assert found.definition.parameters["speed_law"] == "cycling"
        assert "Parkin og Rotheram" in found.definition.sentence.nb
        assert [f.role for f in found.files] == ["network", "origins", "destinations", "terrain"]
    home = {"terrain": terrain, "mode": "cycle", "max_min": 30, "direction": "from"}
    bike = answer(village, speed_kmh=18, **home)
    e_bike = answer(village, speed_kmh=18, e_bike=True, **home)
    assert e_bike.frame["minutes"][2] < bike.frame["minutes"][2]
    assert "antakelse for elsykkel" in e_bike.definition.sentence.nb


def test_terrain_that_does_not_cover(village: Path) -> None:
    """By hand: a model that ends 2 km east leaves 2 km without height; one elsewhere fails."""
    half = write_terrain(village / "half.tif", percent=0, wide=2500)
    found = answer(village, terrain=half, mode="cycle", max_min=10)
    assert {x.reason: (x.count, x.unit) for x in found.left_out}["terrain_unknown"] == (2.0, "km")
    assert found.numerator == 7
    away = write_terrain(village / "away.tif", percent=0, west=50_000)
    with pytest.raises(SourceError, match=r"away.tif: the terrain model covers no part"):
        answer(village, terrain=away, mode="cycle", max_min=10)
    noted = answer(village, terrain=half, max_m=1000)
    assert any("metres do not change" in note for note in noted.notes)


def test_a_long_limit_reaches_what_an_air_line_does(village: Path) -> None:
    """By inequality: nobody within M metres by network is farther than M in a straight line."""
    for limit in (500, 1000, 1500, 2500, 4000):
        air = near(
            Given(village / "homes.csv", xy=XY, epsg=25833),
            Given(village / "stop.csv", xy=XY, epsg=25833),
            max_m=limit,
            weight="residents",
        )
        found = answer(village, max_m=limit)
        assert not (found.frame["within"] & ~air.frame["within"]).any()


def test_places_off_the_network(village: Path) -> None:
    """By rule: a destination in the sea is counted; all of them there is an error."""
    stops = village / "stop.csv"
    stops.write_text(f"E;N\n{E0};{N0}\n{E0 - 5000};{N0}\n", "utf-8")
    found = answer(village, max_m=1000)
    assert {x.reason: x.count for x in found.left_out}["destinations_off_network"] == 1
    assert [d["on_network"] for d in found.details["destinations"]] == [True, False]
    stops.write_text(f"E;N\n{E0 - 5000};{N0}\n", "utf-8")
    with pytest.raises(GeometryError, match=r"none of 1 destinations in stop.csv .*roads.gpkg"):
        answer(village, max_m=1000)
    stops.write_text(f"E;N\n{E0};{N0}\n", "utf-8")
    (village / "homes.csv").write_text(f"E;N;residents\n{E0};{N0 + 9000};3\n", "utf-8")
    with pytest.raises(GeometryError, match="none of 1 origins"):
        answer(village, max_m=1000)


def test_parameters_are_bounded() -> None:
    """By rule: one limit and one alone, within bounds, e-bikes are cycled."""
    for wrong in (
        {}, {"max_m": 1, "max_min": 1}, {"max_m": -1}, {"max_m": float("nan")},
        {"max_min": 1e9}, {"max_m": 1, "e_bike": True}, {"max_m": 1, "mode": "car"},
        {"max_m": 1, "direction": "both"}, {"max_m": 1, "footways": "fly"},
    ):  # fmt: skip
        with pytest.raises(ParameterError, match="allowed"):
            Trip(**{"mode": "walk", **wrong})


def test_the_area_reached_holds_those_who_are(village: Path) -> None:
    """By geometry: homes by the road within the limit lie in the area, others do not."""
    found = full(village, max_m=2000)
    area = found.isochrone(width_m=20)
    inside = shapely.intersects(area, found.answer.frame.geometry.to_numpy())
    assert inside.tolist() == [True, True, True, False, False, False]
    # 2 km of the main road and the whole spur, 40 m wide.
    assert shapely.area(area) == pytest.approx(40 * (2000 + 500), rel=0.03)


def test_the_command_line(village: Path) -> None:
    """By hand: JSON alone on standard output, the layer, the list of unreached and the area."""
    out = village / "out.gpkg"
    arguments = [
        "reach", "--network", str(village / "roads.gpkg"), "--mode", "walk",
        "--origins", str(village / "homes.csv"), "--origins-xy", "E,N",
        "--destinations", str(village / "stop.csv"), "--destinations-xy", "E,N",
        "--crs", "25833", "--weight", "residents", "--max-m", "2000", "--least-share", "0",
    ]  # fmt: skip
    extra = ["--json", "-o", str(out), "--isochrone", str(village / "area.geojson")]
    run = CliRunner().invoke(app, [*arguments, *extra])
    assert run.exit_code == 0
    told = json.loads(run.stdout)
    assert (told["tool"], told["numerator"], told["denominator"]) == ("reach", 7, 63)
    assert told["value"] == 7 / 63
    assert {x["reason"] for x in told["left_out"]} == {"island", "no_road"}
    assert set(told["definition"]["sentence"]) == {"nb", "en"}
    assert [f["role"] for f in told["provenance"]["files"]] == [
        "network",
        "origins",
        "destinations",
    ]
    assert gpd.read_file(out)["within"].sum() == 3
    with (village / "out_unreached.csv").open(encoding="utf-8") as file:
        missed = list(csv.DictReader(file))
    assert [(r["residents"], r["reason"]) for r in missed] == [
        ("8", "beyond"), ("16", "island"), ("32", "no_road"),
    ]  # fmt: skip
    assert gpd.read_file(village / "area.geojson").crs.to_epsg() == 4326
    plain = CliRunner().invoke(app, arguments)
    assert "11,1" in plain.stdout
    assert "høyst 2\u202f000 m å gå" in plain.stdout


def test_the_command_line_on_bad_input(village: Path) -> None:
    """By rule: one line on standard error and exit code 1, no traceback."""
    roads = village / "roads.gpkg"
    empty = village / "empty.osm.pbf"
    empty.touch()
    base = [
        "reach", "--origins", str(village / "homes.csv"), "--origins-xy", "E,N", "--crs", "25833",
        "--destinations", str(village / "stop.csv"), "--destinations-xy", "E,N",
    ]  # fmt: skip
    for arguments, word in (
        (["--network", str(empty), "--max-m", "100"], "0 bytes"),
        (["--network", str(roads)], "exactly one"),
        (["--network", str(roads), "--max-m", "9", "--isochrone", "a.txt"], "suffix '.txt'"),
    ):
        failed = CliRunner().invoke(app, [*base, *arguments])
        assert isinstance(failed.exception, GisError)
        assert word in str(failed.exception)
        assert "\n" not in str(failed.exception)
    wrong = ["--network", str(roads), "--max-min", "5", "--terrain", str(roads)]
    done = subprocess.run(
        [sys.executable, "-m", "gis", *base, *wrong],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 1, done.stderr
    assert "høydemodell" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.fixture(scope="module")
def porto_alegre(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The four Trensurb stations inside the hexagons, as a file of their own."""
    folder = real_data / "porto_alegre"
    stations = tmp_path_factory.mktemp("poa") / "stations.csv"
    with zipfile.ZipFile(folder / "poa_trensurb.zip") as feed:
        rows = list(csv.DictReader(io.StringIO(feed.read("stops.txt").decode("utf-8"))))
    chosen = [r for r in rows if r["stop_id"] in ("MR", "RD", "SP", "FR")]
    assert len(chosen) == 4
    lines = [f"{r['stop_id']},{r['stop_lon']},{r['stop_lat']}" for r in chosen]
    stations.write_text("id,lon,lat\n" + "\n".join(lines) + "\n", "utf-8")

    def ask(terrain: bool = False, **trip: Any) -> Answer:
        return reach(
            Given(folder / "poa_osm.pbf"),
            Given(folder / "poa_hexgrid.csv", xy=("lon", "lat"), epsg=4326),
            Given(stations, xy=("lon", "lat"), epsg=4326),
            trip=Trip(**trip),
            weight="population",
            terrain=folder / "poa_elevation.tif" if terrain else None,
        ).answer

    ask.stations = stations  # type: ignore[attr-defined]
    return ask


def test_porto_alegre_against_another_engine(porto_alegre: Any, real_data: Path) -> None:
    """By another engine: shares within the bounds that Valhalla and an earlier run agree on.

    Access legs are counted: a straight line to the nearest street, at both ends.
    """
    walk = porto_alegre(mode="walk", max_m=1000)
    assert walk.denominator == 812_935
    assert 0.025 <= walk.value <= 0.031
    cycle = porto_alegre(mode="cycle", max_m=3000)
    assert 0.185 <= cycle.value <= 0.210
    home = porto_alegre(mode="cycle", max_m=3000, direction="from")
    assert 0.185 <= home.value <= 0.210
    assert home.value != cycle.value  # one-way streets
    assert walk.crs == "EPSG:32722 WGS 84 / UTM zone 22S"
    hexes = Given(real_data / "porto_alegre" / "poa_hexgrid.csv", xy=("lon", "lat"), epsg=4326)
    stations = Given(porto_alegre.stations, xy=("lon", "lat"), epsg=4326)
    for metres, air, found in ((1000, 0.0465, walk), (3000, 0.2707, cycle)):
        straight = near(hexes, stations, max_m=metres, weight="population")
        assert straight.value == pytest.approx(air, abs=0.0006)
        assert not (found.frame["within"] & ~straight.frame["within"]).any()


def test_porto_alegre_with_slopes(porto_alegre: Any) -> None:
    """By inequality: slopes cost time, e-bikes win some back, one minute matters."""
    flat = porto_alegre(mode="cycle", max_min=10)
    hilly = porto_alegre(terrain=True, mode="cycle", max_min=10)
    home = porto_alegre(terrain=True, mode="cycle", max_min=10, direction="from")
    e_bike = porto_alegre(terrain=True, mode="cycle", max_min=10, e_bike=True)
    assert home.value != hilly.value
    assert hilly.value < flat.value < porto_alegre(mode="cycle", max_m=3000).value
    assert hilly.value < e_bike.value
    assert hilly.details["effective_speed_kmh"] < flat.details["effective_speed_kmh"] < 18
    less, more = (hilly.details[f"one_minute_{k}"]["value"] for k in ("less", "more"))
    assert less < hilly.value < more
    assert {x.reason for x in hilly.left_out} >= {"terrain_unknown", "network_islands"}


def test_the_area_holds_those_who_live_off_the_road(village: Path) -> None:
    """By geometry: homes 100 m from the road lie in the area, with their way there, if reached.

    To the stop it is 500 + 100 m and 1,950 + 100 m; 2,000 m reach the first alone.
    """
    rows = [f"{E0 + x};{N0 + y};1" for x, y in ((500, 100), (1950, 100))]
    (village / "homes.csv").write_text("E;N;residents\n" + "\n".join(rows) + "\n", "utf-8")
    found = full(village, max_m=2000)
    assert found.answer.frame["within"].tolist() == [True, False]
    area = found.isochrone(width_m=20)
    homes = found.answer.frame.geometry.to_numpy()
    assert shapely.intersects(area, homes).tolist() == [True, False]
    assert area.geom_type == "Polygon"
