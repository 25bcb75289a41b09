"""A municipality's file with its neighbours': the halo is fetched, kept, read and told of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np

from gis.checks import check_store
from gis.fetch import plan
from gis.lock import read_lock
from gis.provenance import note_text
from gis.sources import read_layer
from gis.store import open_store
from gis.workspace import open_workspace
from tests.publishers import SOUTH, WEST, addresses, frame, geodatabase, geojson_zip, square
from tests.test_fetch_workspace import QUICK, Site, site

__all__ = ["site"]

ADDRESSES = "f7df7a18-b30f-4745-bd64-d0863812350c"
FLOODS = "e95008fc-0945-4d66-8bc9-e50ab3f50401"
UNITS = "51d279f8-e2be-4f5e-9f72-1a53f7535ec1"
TODAY = dt.date(2026, 11, 23)


def give_neighbour(site: Site, folder: Path) -> None:
    """9802 has addresses of its own, and a flood zone that both municipalities were given."""
    name = "Basisdata_9802_Nabo_25833_MatrikkelenAdresse_CSV.zip"
    site.geonorge.others[ADDRESSES, "9802"] = (name, addresses())
    shared = geodatabase(
        folder,
        "Samfunnssikkerhet_9802_Nabo_25833_Flomsoner_FGDB",
        flomsoner_flomareal=frame(
            [square(0, 0, 200), square(2500, 0, 300)],
            objtype=["FlomAreal"] * 2,
            gjentaksintervall=["2100", "200"],
            lavpunkt=np.array([0, 0], dtype=np.int32),
            flomsoneid=["1", "7"],
        ),
        flomsoner_analyseomrade=frame([square(2000, 0, 900)], flomsonenavn=["Nabo"]),
    )
    site.geonorge.others[FLOODS, "9802"] = ("Samfunnssikkerhet_9802_Flomsoner_FGDB.zip", shared)


def found(site: Site, layer: str) -> str:
    store = open_store(open_workspace(site.root))
    verdicts = check_store(store, lock=read_lock(site.root), today=TODAY)
    return next(
        "; ".join(f.text.en for f in v.findings) for v in verdicts if v.source.layer == layer
    )


def test_neighbours_files_come_along(site: Site, tmp_path: Path) -> None:
    """By hand: two zones here, two there, one of them in both files: three; both are covered."""
    give_neighbour(site, tmp_path)
    made = site.fetch("municipality", "flood_zones", "flood_mapped_extent")
    held = made["flood_zones"].held
    assert held is not None
    assert held.covers == ("9801", "9802")
    assert held.path.endswith(".parts")
    assert held.size == sum(p.stat().st_size for p in (site.root / held.path).iterdir())
    assert site.build() == {"municipality": 2, "flood_mapped_extent": 2, "flood_zones": 3}
    store = open_store(open_workspace(site.root))
    zones = store.frame("flood_zones")
    assert sorted(zones["flood_class"]) == ["20", "200", "200_climate"]
    assert zones.total_bounds[2] == WEST + 2800
    source = store.source("flood_zones")
    assert source.file.startswith("9801_Samfunnssikkerhet_9801_Fjordvik")
    assert "9802_Samfunnssikkerhet_9802" in source.file
    assert source.notes == ("1 rows in several deliveries kept once",)
    assert "neighbours" not in found(site, "flood_zones")
    orders = len(site.geonorge.orders)
    again = site.fetch("flood_zones")["flood_zones"]
    assert again.held is not None
    assert (again.state, again.held.sha256) == ("unchanged", held.sha256)
    assert len(site.geonorge.orders) == orders + 2


def test_a_neighbour_that_is_not_delivered_is_told(site: Site, tmp_path: Path) -> None:
    """By hand: 9802 has no file of units; nothing larger is taken for it, and the check says so."""
    give_neighbour(site, tmp_path)
    held = site.fetch("municipality", "basic_statistical_units")["basic_statistical_units"].held
    assert held is not None
    assert held.covers == ("9801",)
    assert held.notes == ("neighbour 9802 not delivered",)
    assert note_text(held.notes[0]).nb == "nabokommunen 9802 ble ikke levert"
    assert [o["areas"][0]["code"] for o in site.geonorge.orders if o["metadataUuid"] == UNITS] == [
        "9801"
    ]
    site.build()
    assert "does not cover neighbours within 5 km: 9802 Nabo" in found(
        site, "basic_statistical_units"
    )


def test_addresses_of_both_sides(site: Site, tmp_path: Path) -> None:
    """By counting: the same five addresses in both files are five; the CSVs lie side by side."""
    give_neighbour(site, tmp_path)
    held = site.fetch("municipality", "addresses")["addresses"].held
    assert held is not None
    names = sorted(p.name for p in (site.root / held.path).iterdir())
    assert [n[:5] for n in names] == ["9801_", "9802_"]
    assert all(n.endswith(".csv") for n in names)
    assert site.build()["addresses"] == 5


def test_the_plan_names_the_neighbours(site: Site, tmp_path: Path) -> None:
    """By hand: what would be ordered, with the neighbour's number."""
    give_neighbour(site, tmp_path)
    site.fetch("municipality")
    (planned,) = plan(open_workspace(site.root), only=["flood_zones"], settings=QUICK)
    assert planned.offer is not None
    assert planned.offer.what.endswith("with neighbours 9802")


def test_rows_twice_in_one_file_stay(tmp_path: Path) -> None:
    """By hand: only what another delivery had is left out; equal rows of one file are its own."""
    folder = tmp_path / "x.parts"
    folder.mkdir()
    twice = [(square(0, 0, 10), {"objtype": "Skog"})] * 2
    for name, rows in (("1_a", twice), ("2_b", [*twice, (square(50, 0, 9), {"objtype": "Skog"})])):
        (folder / f"{name}.zip").write_bytes(geojson_zip(name, {"Skog": rows}))
    data = read_layer("forest", folder)
    assert len(data.frame) == 3
    assert data.source.notes == ("2 rows in several deliveries kept once",)
    assert isinstance(data.frame, gpd.GeoDataFrame)
    assert data.frame.total_bounds.tolist() == [WEST, SOUTH, WEST + 59, SOUTH + 10]
