"""Stations of OpenStreetMap extracts: tags by hand, and the stations of two real cities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osmium
import pytest
from osmium.osm import mutable

from gis.errors import SourceError
from gis.sources import read_layer
from gis.sources.osm_stations import station_kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"railway": "station"}, "rail"),
        ({"railway": "halt", "train": "yes"}, "rail"),
        ({"railway": "station", "station": "subway"}, "metro"),
        ({"railway": "stop", "subway": "yes"}, "metro"),
        ({"railway": "station", "station": "light_rail"}, None),
        ({"railway": "stop", "tram": "yes"}, None),
        ({"railway": "station", "train": "yes", "tram": "yes"}, "rail"),
        ({"railway": "tram_stop"}, None),
        ({"railway": "station", "usage": "tourism"}, None),
        ({"highway": "bus_stop"}, None),
    ],
)
def test_kinds_by_tags(tags: dict[str, str], kind: str | None) -> None:
    """By hand, after the tags' documentation."""
    assert station_kind(tags) == kind


def extract(path: Path, nodes: list[tuple[float, float, dict[str, str]]]) -> Path:
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lon, lat, tags) in enumerate(nodes, start=1):
            writer.add_node(mutable.Node(id=number, location=(lon, lat), tags=tags))
    return path


def test_a_station_and_its_stops_are_one(tmp_path: Path) -> None:
    """By hand: 0.001 degrees north are 111 m; a stop far from any station is one itself."""
    path = extract(
        tmp_path / "town.osm.pbf",
        [
            (10.5, 59.9, {"railway": "station", "name": "Torget"}),
            (10.5, 59.901, {"railway": "stop", "train": "yes", "name": "Torget"}),
            (10.5, 59.901, {"railway": "stop", "subway": "yes", "name": "T Torget"}),
            (10.6, 59.95, {"railway": "stop", "train": "yes", "name": "Enden"}),
        ],
    )
    found = read_layer("stations", path).frame.sort_values("name")
    assert found["name"].to_list() == ["Enden", "T Torget", "Torget"]
    assert found["kind"].to_list() == ["rail", "metro", "rail"]
    assert found.crs.to_epsg() == 25833


def test_no_station_is_told(tmp_path: Path) -> None:
    """By hand: an extract with a signal alone; and a file that is cut short."""
    path = extract(tmp_path / "a.osm.pbf", [(10.5, 59.9, {"railway": "signal"})])
    with pytest.raises(SourceError, match="no station among its railway tags"):
        read_layer("stations", path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(SourceError, match="broken or cut short"):
        read_layer("stations", path)


def test_stations_of_oslo(real_data: Path) -> None:
    """By hand: central Oslo has two railway stations and six of the metro, each once."""
    found = read_layer("stations", real_data / "oslo" / "oslo-center.osm.pbf").frame
    names = {kind: sorted(found.loc[found["kind"] == kind, "name"]) for kind in ("rail", "metro")}
    assert names["rail"] == ["Nationaltheatret", "Oslo S"]
    assert names["metro"] == [
        "Carl Berners plass", "Grønland", "Jernbanetorget", "Nationaltheatret", "Stortinget",
        "Tøyen",
    ]  # fmt: skip
