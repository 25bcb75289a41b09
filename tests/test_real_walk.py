"""Real files of which the user says the layer, and of another data set than the entry's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.sources import read_layer

# File -> the layer it is named for, and its rows.
NAMED = {
    "plan_areas/asker.geojson": ("planned_areas", 1),
    "plan_areas/baerum.geojson": ("planned_areas", 1),
    "plan_areas/drammen.geojson": ("planned_areas", 1),
    "plan_areas/his-alle.geojson": ("planned_areas", 1),
    "baerum/place_names_with_height.gpkg": ("place_names", 503),
}
ANALYSED = "agder/flomsoner_analyseomrade.geojson"


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
