"""Every real file, put in the inbox: read by the catalogue's own entries, or not, and why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gis.inbox import recognise
from gis.sources import read_layer
from gis.workspace import Workspace, open_workspace, write_workspace
from tests.test_real_layers import COVERED

# File -> layers that the inbox takes it for, without a word from the user.
TAKEN = {
    "agder/flomsoner_analyseomrade.geojson": {"flood_mapped_extent"},
    "agder/flomsoner_havflate.geojson": {"sea"},
    "agder/flomsoner_innsjo.geojson": {"lakes"},
    "agder/skredfaresoner_analyseomrade.geojson": {"landslide_mapped_extent"},
    "baerum/dtm_50m.tif": {"terrain"},
    "baerum/grunnkretser_2018_population.gpkg": {"basic_statistical_units"},
    "baerum/gtfs_flybussekspressen_2015-12_2016-06.zip": {"transit_stops"},
    "baerum/gtfs_flybussekspressen_broken_service_ids.zip": {"transit_stops"},
    "baerum/gtfs_flytoget_2016-12_2017-02.zip": {"transit_stops"},
    "baerum/municipalities_2024.gpkg": {"municipality"},
    "baerum/n1000.gpkg": {
        *("built_up", "forest", "lakes", "municipality", "protected_areas"),
        *("railways", "rivers", "roads_paths", "sea", "stations"),
    },
    "baerum/vascular_plant_richness_1km.tif": {"plant_richness"},
    "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv": {"addresses"},
    "nordre_follo/naturtyperMdir.shp": {"nature_types"},
    "norway/NOR0250M_POP_2019.csv": {"population_grid"},
    "norway/NOR0250M_POP_2022.csv": {"population_grid"},
    "norway/NOR1000M_POP_2019.csv": {"population_grid_1km"},
    "norway/bedrifter_250m_2025.csv": {"workplaces"},
    "norway/frequent_stops_max_gap_07_18_2026-01-15.parquet": {"frequent_stops"},
    "norway/frequent_stops_max_gap_07_20_2026-01-15.parquet": {"frequent_stops"},
    "norway/kommuner_2024.geojson": {"municipality"},
    "norway/rb_avi-aggregated-gtfs.zip": {"transit_stops"},
    "trondheim/trondheim_floodareas.geojson": {"flood_zones"},
    "trondheim/trondheim_quickclay.geojson": {"quick_clay"},
}
NO_LAYER = "not recognised: no layer name and no fields that fit one layer"
ABROAD = "no stop has coordinates in Norway"
NO_FORM = "is no format of vector files"
# File -> why it is taken for nothing; a user who knows what it is may still name it.
NOT_TAKEN = {
    "agder/flomsoner_analyseomradegrense.geojson": NO_LAYER,  # the edge of the extent, lines
    "agder/flomsoner_kanalgroft.geojson": "holds no rows of flood_zones",  # ditches
    "agder/flomsoner_tverrprofillinje.geojson": NO_LAYER,  # cross-sections
    "baerum/forest_crown_cover_1km.tif": NO_LAYER,  # a raster of no layer
    "baerum/osm_buildings_sample.gpkg": NO_LAYER,  # footprints; the layer is of points
    "baerum/place_names_with_height.gpkg": NO_LAYER,  # a name and a kind fit several layers
    "baerum/public_shelters_2026.gpkg": NO_LAYER,  # no layer of shelters
    "baerum/vascular_localities.gpkg": NO_LAYER,  # localities without species
    "cairns/cairns_gtfs.zip": ABROAD,
    "grenland/befolkning_250m_grenland.csv": "one row a cell (one year a file)",
    "grenland/boliger_250m_grenland.csv": NO_LAYER,  # no layer of dwellings
    "norway/Samfunnssikkerhet_0000_Norge_25833_TilfluktsromOffentlige_GeoJSON.json": NO_LAYER,
    "norway/gbif_dwca_sample_2013.zip": "55.0 -20.0 .. 132.5 25.5 do not fit",  # the Indian Ocean
    "norway/rb_flb-aggregated-netex.zip": "no vector file in the zip",  # NeTEx; GTFS is read
    "oslo/oslo-center.osm.pbf": NO_FORM,  # a network, read by 'reach'
    "oslo/skoyen.osm.pbf": NO_FORM,
    "oslo/stopPlaces.xml": NO_FORM,  # NeTEx
    "plan_areas/asker.geojson": NO_LAYER,  # a polygon without a field
    "plan_areas/baerum.geojson": NO_LAYER,
    "plan_areas/drammen.geojson": NO_LAYER,
    "plan_areas/his-alle.geojson": NO_LAYER,
    "porto_alegre/metadata_r5r.csv": NO_LAYER,
    "porto_alegre/poa_elevation.tif": NO_LAYER,
    "porto_alegre/poa_eptc.zip": ABROAD,
    "porto_alegre/poa_hexgrid.csv": NO_LAYER,
    "porto_alegre/poa_osm.pbf": NO_FORM,
    "porto_alegre/poa_points_of_interest.csv": NO_LAYER,
    "porto_alegre/poa_trensurb.zip": ABROAD,
}
# Named in workspace.toml by their path alone, these are read too.
NAMED = {
    "plan_areas/asker.geojson": ("planned_areas", 1),
    "plan_areas/baerum.geojson": ("planned_areas", 1),
    "plan_areas/drammen.geojson": ("planned_areas", 1),
    "plan_areas/his-alle.geojson": ("planned_areas", 1),
    "baerum/place_names_with_height.gpkg": ("place_names", 503),
}
ANALYSED = "agder/flomsoner_analyseomrade.geojson"
# Parts of a shapefile, and what is about the data.
BESIDE = (".dbf", ".prj", ".shx", ".md")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("w")
    write_workspace(root, area="3201")
    (root / "inbox").mkdir()
    return open_workspace(root)


def take(workspace: Workspace, file: Path) -> Path:
    """Put a file in the inbox by a link, with the parts that lie beside it."""
    for part in file.parent.glob(f"{file.stem}.*"):
        target = workspace.root / "inbox" / part.name
        if not target.exists():
            shutil.copyfile(part, target)
    return workspace.root / "inbox" / file.name


def test_every_file_is_accounted_for(real_data: Path) -> None:
    """By walking the folder: each file is taken or not taken, none is forgotten."""
    files = {
        p.relative_to(real_data).as_posix()
        for p in real_data.rglob("*")
        if p.is_file() and p.suffix not in BESIDE and p.name != "SHA256SUMS"
    }
    assert files == {*TAKEN, *NOT_TAKEN}
    assert not set(TAKEN) & set(NOT_TAKEN)
    assert {file for _, file, _ in COVERED} <= {*TAKEN, *NAMED}


@pytest.mark.parametrize("file", TAKEN)
def test_a_file_is_taken_for_what_it_is(real_data: Path, workspace: Workspace, file: str) -> None:
    """Real data: by content and field names alone, and read as what it was taken for."""
    found = recognise(take(workspace, real_data / file), workspace)
    assert set(found.layers) == TAKEN[file]
    assert found.problem is None


@pytest.mark.parametrize("file", NOT_TAKEN)
def test_a_file_is_not_taken_and_the_reason_is_said(
    real_data: Path, workspace: Workspace, file: str
) -> None:
    """Real data: what no entry covers is taken for nothing, with one line that says why."""
    found = recognise(take(workspace, real_data / file), workspace)
    assert not found.layers
    assert NOT_TAKEN[file] in str(found.problem)
    assert "\n" not in str(found.problem)


@pytest.mark.parametrize("file", NAMED)
def test_a_file_is_read_when_it_is_named(real_data: Path, file: str) -> None:
    """Real data: the user says the layer, the entry reads the file."""
    layer, rows = NAMED[file]
    assert len(read_layer(layer, real_data / file).frame) == rows


@pytest.mark.parametrize(
    ("layer", "file", "title", "owner"),
    [
        ("built_up", "baerum/n1000.gpkg", "Tettsteder (fra N1000 Kartdata)", "Kartverket"),
        ("forest", "baerum/n1000.gpkg", "Skog (fra N1000 Kartdata)", "Kartverket"),
        ("sea", "agder/flomsoner_havflate.geojson", "Sjø (fra Flomsoner)", "NVE"),
        ("flood_mapped_extent", ANALYSED, "Kartlagt for flom", "NVE"),
        ("municipality", "norway/kommuner_2024.geojson", "Kommune", "Kartverket"),
    ],
)  # fmt: skip
def test_a_file_of_another_data_set_says_so(
    real_data: Path, layer: str, file: str, title: str, owner: str
) -> None:
    """By hand: N1000 is not N50, a flood map's sea is not the map's; the title tells it."""
    source = read_layer(layer, real_data / file).source
    assert (source.title_nb, source.owner) == (title, owner)
    assert source.inside
    assert ("fra" in title) == (source.metadata is None)
    assert source.dataset in title or "fra" not in title
