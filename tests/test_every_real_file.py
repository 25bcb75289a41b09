"""Every file among the real data, put into an inbox: its layer, or why it is rightly none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gis.cli import app
from gis.inbox import recognise
from gis.sources import read_layer
from gis.workspace import open_workspace, write_workspace

N1000 = (
    "built_up forest lakes municipality protected_areas railways rivers roads_paths sea stations"
)
OUTSIDE, BARE = "utenfor Norge", "flater uten felt"
POINTS, RASTER = "punkter i grader", "et raster som verken"

# file -> its layers, or (after !) words of the sentence that says why it is none. What the
# files are is told by the list that came with them (PROVENANCE.md), not by this program.
VERDICTS = {
    "agder/flomsoner_analyseomrade.geojson": "flood_mapped_extent",
    "agder/flomsoner_analyseomradegrense.geojson": "flood_mapping_lines",
    "agder/flomsoner_havflate.geojson": "flood_mapping_water",
    "agder/flomsoner_innsjo.geojson": "flood_mapping_water",
    "agder/flomsoner_kanalgroft.geojson": "flood_mapping_water",
    "agder/flomsoner_tverrprofillinje.geojson": "flood_mapping_lines",
    "agder/skredfaresoner_analyseomrade.geojson": "landslide_mapped_extent",
    "baerum/dtm_50m.tif": "terrain",
    "baerum/forest_crown_cover_1km.tif": "crown_cover",
    "baerum/grunnkretser_2018_population.gpkg": "basic_statistical_units",
    "baerum/gtfs_flybussekspressen_2015-12_2016-06.zip": "transit_stops",
    "baerum/gtfs_flybussekspressen_broken_service_ids.zip": "transit_stops",
    "baerum/gtfs_flytoget_2016-12_2017-02.zip": "transit_stops",
    "baerum/municipalities_2024.gpkg": "municipality",
    "baerum/n1000.gpkg": N1000,
    "baerum/osm_buildings_sample.gpkg": "buildings_osm",
    "baerum/place_names_with_height.gpkg": "place_names",
    "baerum/public_shelters_2026.gpkg": "shelters",
    "baerum/vascular_localities.gpkg": "plant_localities",
    "baerum/vascular_plant_richness_1km.tif": "plant_richness",
    "cairns/cairns_gtfs.zip": f"!{OUTSIDE}",
    "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv": "addresses",
    "grenland/befolkning_250m_grenland.csv": "population_grid",
    "grenland/boliger_250m_grenland.csv": "dwellings",
    "nordre_follo/naturtyperMdir.shp": "nature_types",
    "norway/NOR0250M_POP_2019.csv": "population_grid",
    "norway/NOR0250M_POP_2022.csv": "population_grid",
    "norway/NOR1000M_POP_2019.csv": "population_grid_1km",
    "norway/Samfunnssikkerhet_0000_Norge_25833_TilfluktsromOffentlige_GeoJSON.json": "shelters",
    "norway/bedrifter_250m_2025.csv": "workplaces",
    "norway/frequent_stops_max_gap_07_18_2026-01-15.parquet": "frequent_stops",
    "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet": "frequent_stops",
    "norway/gbif_dwca_sample_2013.zip": f"!{OUTSIDE}",
    "norway/kommuner_2024.geojson": "municipality",
    "norway/rb_avi-aggregated-gtfs.zip": "transit_stops",
    "norway/rb_flb-aggregated-netex.zip": "transit_stops",
    "oslo/oslo-center.osm.pbf": "stations",
    "oslo/skoyen.osm.pbf": "stations",
    "oslo/stopPlaces.xml": "stop_register",
    "plan_areas/asker.geojson": f"!{BARE}",
    "plan_areas/baerum.geojson": f"!{BARE}",
    "plan_areas/drammen.geojson": f"!{BARE}",
    "plan_areas/his-alle.geojson": f"!{BARE}",
    "porto_alegre/metadata_r5r.csv": "!versjoner av et program",
    "porto_alegre/poa_elevation.tif": f"!{RASTER}",
    "porto_alegre/poa_eptc.zip": f"!{OUTSIDE}",
    "porto_alegre/poa_hexgrid.csv": f"!{POINTS}",
    "porto_alegre/poa_osm.pbf": f"!{OUTSIDE}",
    "porto_alegre/poa_points_of_interest.csv": f"!{POINTS}",
    "porto_alegre/poa_trensurb.zip": f"!{OUTSIDE}",
    "trondheim/trondheim_floodareas.geojson": "flood_zones",
    "trondheim/trondheim_quickclay.geojson": "quick_clay",
}
# What goes with another file, and the list of the files itself.
WITH_OTHERS = {"PROVENANCE.md", "SHA256SUMS"}
# Dates that the file or its name states, read off by hand.
DATES = {
    "norway/NOR0250M_POP_2019.csv": "2019-01-01",
    "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet": "2026-01-15",
    "baerum/public_shelters_2026.gpkg": "2026-03-02",
    "agder/flomsoner_analyseomrade.geojson": "2026-02-11",
    "grenland/befolkning_250m_grenland.csv": "2025-01-01",
    "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv": None,
    "baerum/gtfs_flytoget_2016-12_2017-02.zip": None,
}


def test_no_file_is_forgotten(real_data: Path) -> None:
    """Conservation: every file that is there has its verdict, and none that is not."""
    there = {p.relative_to(real_data).as_posix() for p in real_data.rglob("*") if p.is_file()}
    parts = {p for p in there if p.endswith((".dbf", ".prj", ".shx"))}
    assert there - parts - WITH_OTHERS == set(VERDICTS)


@pytest.mark.parametrize(("file", "verdict"), VERDICTS.items())
def test_verdict(real_data: Path, tmp_path: Path, file: str, verdict: str) -> None:
    """Real data: what PROVENANCE.md says the file is; a sentence in both languages where none."""
    write_workspace(tmp_path / "by", area="3201")
    inbox = tmp_path / "by" / "inbox"
    inbox.mkdir()
    source = real_data / file
    for part in source.parent.glob(f"{source.stem}.*") if source.suffix == ".shp" else [source]:
        shutil.copyfile(part, inbox / part.name)
    found = recognise(inbox / source.name, open_workspace(tmp_path / "by"))
    if verdict.startswith("!"):
        assert not found.layers
        assert found.problem is not None
        assert verdict[1:] in found.problem.nb
        assert found.problem.nb != found.problem.en
        assert "\n" not in found.problem.nb + found.problem.en
        return
    assert sorted(found.layers) == verdict.split(), found.problem
    assert found.problem is None
    if file in DATES:
        dates = {h.date.isoformat() if h.date else None for h in found.layers.values()}
        assert dates == {DATES[file]}


@pytest.mark.parametrize("name", ["asker", "baerum", "drammen", "his-alle"])
def test_a_plan_area_named_by_path(real_data: Path, name: str) -> None:
    """By hand: named in workspace.toml it is one planned area."""
    assert len(read_layer("planned_areas", real_data / f"plan_areas/{name}.geojson").frame) == 1


def test_tools_read_a_feed_from_elsewhere(real_data: Path) -> None:
    """Real data: Cairns' feed outside any workspace, with stops that have departures."""
    feed = str(real_data / "cairns/cairns_gtfs.zip")
    args = ["--date", "2014-06-02", "--window", "07-09", "--min-per-hour", "1", "--json"]
    done = CliRunner().invoke(app, ["departures", feed, *args])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["value"] > 0


def test_tools_read_points_from_elsewhere(real_data: Path) -> None:
    """Real data: hexagons and places of Porto Alegre, both tables in degrees."""
    folder = real_data / "porto_alegre"
    done = CliRunner().invoke(
        app,
        [
            *("near", "--points", str(folder / "poa_hexgrid.csv"), "--points-xy", "lon,lat"),
            *("--targets", str(folder / "poa_points_of_interest.csv"), "--targets-xy", "lon,lat"),
            *("--crs", "4326", "--weight", "population", "--max-m", "1000", "--json"),
        ],
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["denominator"] == pytest.approx(812_935, abs=10)
