"""What check finds between layers: two grids, published settlements, codes, the halo, failures."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gis.analyses import study_area
from gis.atlas.checked import check_page, lock_print
from gis.catalogue import layer_entries, map_entries
from gis.checks import Verdict, check_store
from gis.checks.judge import neighbours
from gis.checks.sums import about_built_up, about_parents
from gis.errors import LayerMissingError
from gis.lock import Failure, Held, Lock, read_lock, write_lock
from gis.provenance import note_text
from gis.render.check_page import render_check
from gis.sources import read_layer
from gis.store import build, open_store
from gis.workspace import open_workspace
from tests.publishers import NUMBER, SOUTH, WEST, frame, square
from tests.test_checks import TODAY, judged, words, workspace_of


def fine(rows: dict[tuple[int, int], int]) -> str:
    """Cells of 250 m by metres east and north of the corner."""
    lines = [f"{WEST + e + 2_000_000}{SOUTH + n};{r}" for (e, n), r in rows.items()]
    return "SSBID0250M;pop_tot\n" + "\n".join(lines) + "\n"


def coarse(rows: dict[tuple[int, int], int]) -> str:
    return fine(rows).replace("SSBID0250M", "SSBID1000M")


FINE = {(0, 0): 20, (250, 0): 30, (750, 750): 40, (1000, 0): 15, (1250, 1750): 11}


@pytest.mark.parametrize(
    ("km", "grade", "said"),
    [
        ({(0, 0): 90, (1000, 0): 15, (1000, 1000): 11}, "ok", "in all 3 cells"),
        ({(0, 0): 90, (1000, 0): 15}, "look", "1 of 3 cells; 10.5% apart"),
        ({(0, 0): 80, (1000, 0): 25, (1000, 1000): 11}, "look", "2 of 3 cells; 0.0% apart"),
    ],
)
def test_cells_against_their_parents(
    tmp_path: Path, km: dict[tuple[int, int], int], grade: str, said: str
) -> None:
    """By hand: 20 + 30 + 40 in one square, 15 and 11 in two more; 11 of 105 is 10.5 %."""
    root = workspace_of(tmp_path / "w", population_grid=fine(FINE), population_grid_1km=coarse(km))
    found = judged(root)
    assert found["population_grid"].grade == grade
    assert said in words(found["population_grid"])
    assert found["population_grid_1km"].source.rows == len(km)


def test_squares_cut_by_the_box_are_not_compared() -> None:
    """By hand: half a square of 1 km lies in the box; its cells may be missing."""
    cells = gpd.GeoDataFrame({"cell_id": [22500006640000], "residents": [50]})
    parents = gpd.GeoDataFrame({"cell_id": [22500006640000, 22510006640000], "residents": [50, 99]})
    inside = (250_000.0, 6_640_000.0, 251_500.0, 6_641_000.0)
    (found,) = about_parents(cells, parents, inside)
    assert (found.grade, found.text.en.endswith("in all 1 cells")) == ("ok", True)
    (none,) = about_parents(cells, parents, (250_100.0, 6_640_100.0, 250_500.0, 6_640_500.0))
    assert none.grade == "look"
    (both,) = about_parents(cells, parents, None)
    assert "1 of 2" in both.text.en


def test_ssb_grids_of_2019_in_a_workspace_of_baerum(real_data: Path, tmp_path: Path) -> None:
    """Real data against real data: SSB's two grids of one year agree in every whole square."""
    lines = ['area = "3201"']
    for layer, file in (
        ("municipality", "kommuner_2024.geojson"),
        ("population_grid", "NOR0250M_POP_2019.csv"),
        ("population_grid_1km", "NOR1000M_POP_2019.csv"),
    ):
        lines.append(f'[layers.{layer}]\npath = "{real_data / "norway" / file}"')
    (tmp_path / "workspace.toml").write_text("\n".join(lines), encoding="utf-8")
    grid = judged(tmp_path)["population_grid"]
    assert any(
        f.text.en.startswith("the cells of 250 m sum to those of 1 km") for f in grid.findings
    )


def test_a_control_layer_never_leaves_the_store(tmp_path: Path) -> None:
    """By rule: it is not among the layers, gives no frame, and no map names it."""
    root = workspace_of(
        tmp_path / "w", population_grid=fine(FINE), population_grid_1km=coarse({(0, 0): 90})
    )
    build(open_workspace(root))
    store = open_store(open_workspace(root))
    assert "population_grid_1km" not in store.layers
    assert store.controls == ("population_grid_1km",)
    assert not store.has("population_grid_1km")
    with pytest.raises(LayerMissingError, match="held for checking alone"):
        store.frame("population_grid_1km")
    with pytest.raises(LayerMissingError, match="not held for checking"):
        store.control("population_grid")
    controls = {n for n, e in layer_entries().items() if e.control}
    drawn = {x.layer for e in map_entries().values() for x in e.layers}
    assert controls
    assert not controls & drawn


def built_up(area_km2: float) -> Lock:
    figure = {"area_km2": area_km2, "residents": 1000, "table": "04861", "year": "2025"}
    return Lock(figures={"built_up": figure})


def test_settlements_against_the_published_area(tmp_path: Path) -> None:
    """Closed form: of a square of 2 km half lies outside; 2 km² against 2.05 is 2.4 % apart."""
    towns = frame([square(1000, 0, 2000), square(1000, 0, 500)], tettstednummer=["801", "801"])
    root = workspace_of(tmp_path / "w", built_up=towns)
    near = judged(root, built_up(2.05))["built_up"]
    assert "2.00 km² of settlements in the municipality against 2.05 km² in 04861" in words(near)
    assert all(f.grade == "ok" for f in near.findings if "04861" in f.text.en)
    far = judged(root, built_up(3.0))["built_up"]
    assert "33.3% apart, the limit is 5.0%" in words(far)
    assert far.grade == "look"


def test_settlements_of_another_data_set_are_told(real_data: Path) -> None:
    """Real data: the built-up areas of N1000 are nowhere near 71 km² in Bærum."""
    towns = read_layer("built_up", real_data / "baerum/n1000.gpkg").frame
    area = read_layer("municipality", real_data / "norway/kommuner_2024.geojson").frame
    whole = area.geometry[area["number"] == "3201"].iloc[0]
    (found,) = about_built_up(towns, whole, built_up(71.0))
    assert found.grade == "look"
    assert "apart, the limit is" in found.text.en


def test_codes_outside_the_list_are_errors(tmp_path: Path) -> None:
    """By hand: a store of an older program holds a class that the catalogue no longer has."""
    root = workspace_of(
        tmp_path / "w", flood_zones=frame([square(0, 0, 100)] * 3, gjentaksintervall=["20"] * 3)
    )
    opened = open_workspace(root)
    store = build(opened)
    path = store.folder / "flood_zones.parquet"
    rows = gpd.read_parquet(path)
    rows["flood_class"] = pd.Series(["20", "30", None], dtype="str")
    rows.to_parquet(path)
    found = {v.source.layer: v for v in check_store(store, lock=Lock(), today=TODAY)}
    zones = found["flood_zones"]
    assert zones.foreign == {"flood_class": 1}
    assert zones.grade == "bad"
    assert "1 rows have a value outside the code list of flood_class; allowed: 10, 20" in words(
        zones
    )


def test_the_mapped_share_of_the_municipality(tmp_path: Path) -> None:
    """Closed form: mapped in a quarter of the municipality; that is told and is no fault."""
    root = workspace_of(
        tmp_path / "w",
        flood_zones=frame([square(0, 0, 100)], gjentaksintervall=["20"]),
        flood_mapped_extent=frame([square(0, 0, 1000)], objtype=["FlomsoneAnalyseområde"]),
    )
    zones = judged(root)["flood_zones"]
    assert zones.covered == pytest.approx(0.25)
    assert "25.0% of the municipality is mapped" in words(zones)
    assert zones.grade == "ok"


def two_towns(root: Path, covers: str) -> Verdict:
    towns = frame(
        [square(0, 0, 2000), square(2000, 0, 2000), square(9000, 0, 500)],
        kommunenummer=[NUMBER, "9802", "9803"],
        kommunenavn=["Fjordvik", "Nabo", "Fjern"],
    )
    workspace_of(root, lakes=frame([square(0, 0, 100)], objtype=["Innsjø"]))
    towns.to_file(root / "municipality.gpkg", layer="municipality")
    with (root / "workspace.toml").open("a") as toml:
        toml.write(f"covers = [{covers}]\n")
    return judged(root)["lakes"]


def test_a_file_without_the_halo_is_told(tmp_path: Path) -> None:
    """By hand: the neighbour within 2 km is named, the one 7 km away is not."""
    alone = two_towns(tmp_path / "a", f'"{NUMBER}"')
    assert "does not cover neighbours within 2 km: 9802 Nabo; what lies there" in words(alone)
    assert "9803" not in words(alone)
    assert alone.grade == "look"
    assert "neighbours" not in words(two_towns(tmp_path / "b", f'"{NUMBER}", "9802"'))
    assert "neighbours" not in words(two_towns(tmp_path / "c", ""))


def test_neighbours_of_baerum(real_data: Path) -> None:
    """Brute force: the distance from each municipality's polygon to Bærum's box."""
    every = read_layer("municipality", real_data / "norway/kommuner_2024.geojson").frame
    box = shapely.box(*every.geometry[every["number"] == "3201"].iloc[0].bounds)
    west, south, east, north = box.bounds
    wide = shapely.box(west - 5000, south - 5000, east + 5000, north + 5000)
    near = {n for n, g in zip(every["number"], every.geometry, strict=True) if wide.intersects(g)}
    found = neighbours(every, "3201", halo_m=5000)
    assert set(found) == near - {"3201"}
    assert {"0301", "3203"} <= set(found)
    assert found["0301"].startswith("Oslo")
    assert neighbours(every, "9999", halo_m=5000) == {}


def test_what_could_not_be_renewed_is_told_with_its_age(tmp_path: Path) -> None:
    """By hand: fetched on 1 November and failed today: 22 days old, and why."""
    lakes = frame([square(0, 0, 100)], objtype=["Innsjø"])
    root = workspace_of(tmp_path / "w", lakes=lakes)
    toml = root / "workspace.toml"
    toml.write_text(toml.read_text() + "retrieved = 2026-11-01\n")
    lock = Lock(failed={"lakes": Failure(TODAY, "Kartverket, lakes: no field for 'kind'")})
    found = judged(root, lock)["lakes"]
    assert found.held_days == 22
    assert (
        "could not be renewed on 2026-11-23, the file in use is 22 days old: Kartverket, lakes: "
        "no field for 'kind'"
    ) in words(found)


def test_failures_are_kept_in_the_list(tmp_path: Path) -> None:
    """Identity: what was written is read; a list of before has none."""
    (tmp_path / "data").mkdir()
    held = Held("data/x", "0" * 64, 1, "fetched", "https://x.invalid", TODAY)
    lock = Lock(layers={"lakes": held}, failed={"sea": Failure(dt.date(2026, 1, 2), "æ")})
    write_lock(tmp_path, lock)
    assert read_lock(tmp_path) == lock
    file = tmp_path / "data" / "lock.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    del raw["failed"]
    file.write_text(json.dumps(raw), encoding="utf-8")
    assert read_lock(tmp_path) == Lock(layers={"lakes": held})


def test_the_page_tells_all_that_the_check_found(tmp_path: Path) -> None:
    """By counting: every layer once in each table, every finding that is no fine one on top."""
    wood = frame([square(0, 0, 100)], objtype=["Skog"])
    root = workspace_of(tmp_path / "w", forest=wood, lakes=wood.assign(objtype="Innsjø"))
    found = list(judged(root).values())
    html = render_check(found, name="Fjordvik & <x>", language="nb", created=TODAY)
    assert "Fjordvik &amp; &lt;x&gt;" in html
    assert "3 lag: 2 i orden, 1 å se på, 0 med feil." in html
    head, tables = html.split("<table", 1)
    assert '<strong><span lang="nb">Skog</span>' in head
    assert "dato ukjent" in head
    assert "Innsjøer" not in head
    for verdict in found:
        assert tables.count(f'<th scope="row"><span lang="nb">{verdict.source.title_nb}<') == 2
    assert "øst 250–252 km, nord 6\u202f640–6\u202f642 km" in tables


def test_notes_of_readers_in_both_languages(tmp_path: Path) -> None:
    """By hand: what readers count is told in bokmål too; what is in no list stays."""
    path = tmp_path / "a.csv"
    head = "adresseId;adresseTekst;grunnkretsnummer;tettstednummer;EPSG-kode;Nord;Øst\n"
    path.write_text(head + "1;A;;;25833;;\n2;B;;;25833;6640000;250000\n", encoding="utf-8")
    (note,) = read_layer("addresses", path).source.notes
    assert note_text(note).nb == "1 rad uten koordinater er utelatt"
    assert note_text(note).en == "1 row without coordinates left out"
    assert note_text("1 polygons joined to others of the same number").as_dict() == {
        "nb": "1 flate er slått sammen med andre som har samme verdi i feltet number",
        "en": "1 polygon joined to others of the same number",
    }
    assert note_text("11 rows without coordinates left out").nb.startswith("11 rader ")
    assert note_text("GDAL: x").nb == "GDAL: x"


def test_the_atlas_is_made_again_when_a_fetch_has_failed(tmp_path: Path) -> None:
    """By hand: the store is the same, what the check tells is not."""
    root = workspace_of(tmp_path / "w", lakes=frame([square(0, 0, 100)], objtype=["Innsjø"]))
    build(open_workspace(root))
    study = study_area(open_store(open_workspace(root)), number=NUMBER, halo_m=2000)
    before, page = lock_print(study), check_page(study, language="nb", created=TODAY)
    assert page is not None
    assert "kunne ikke fornyes" not in page
    (root / "data").mkdir()
    write_lock(root, Lock(failed={"lakes": Failure(TODAY, "Kartverket, lakes: 500")}))
    assert lock_print(study) != before
    again = check_page(study, language="nb", created=TODAY)
    assert again is not None
    assert "kunne ikke fornyes" in again
