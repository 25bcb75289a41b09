"""The clients of the publishers against local servers that answer, and fail, as they do."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
import rasterio
import shapely
from pyproj import Transformer

from gis.catalogue import PublisherFile, layer_entries, layer_entry, read_entry
from gis.catalogue.remotes import FileRemote, GbifRemote, GeonorgeRemote, OgcApiRemote, WfsRemote
from gis.errors import CrsError, GisError, SourceError
from gis.sources import (
    read_layer,
    remote_arcgis,
    remote_figures,
    remote_geonorge,
    remote_ogcapi,
    remote_wfs,
)
from gis.sources.download import Downloader, Patience
from gis.sources.remote_base import Job, Place, Tools, bbox_text
from gis.sources.remote_figures import population, read_json_stat, read_levels, water_levels
from gis.sources.remote_file import bring as bring_file
from gis.sources.remote_file import check_pbf
from gis.sources.remote_geonorge import pick_listed
from gis.sources.remote_species import artskart_polygon, bring_gbif, gbif_polygon
from gis.sources.remote_tiles import squares
from gis.sources.remotes import bring, offer
from tests.publishers import (
    HTML,
    LEVELS,
    NUMBER,
    SOUTH,
    WEST,
    Geonorge,
    Publishers,
    all_publishers,
    arcgis,
    gml,
    square,
)

BOX = (float(WEST), float(SOUTH), WEST + 2000.0, SOUTH + 2000.0)
PLACE = Place(NUMBER, 25833, ("9751", "0981"), BOX)
QUICK = Patience(tries=2, first_s=0.01, longest_s=1.0, read_s=2.0, pause_s=0.0)


class Town:
    """A server, its Geonorge, and tools that speak with it."""

    def __init__(self, world: Publishers, folder: Path) -> None:
        self.world = world
        self.geonorge: Geonorge = all_publishers(world, folder / "drawn", wait=2)
        file = world.write_catalogue(folder / "publishers.toml")
        known = read_entry(file, PublisherFile)
        work = folder / "work"
        work.mkdir()
        client = Downloader(folder / "cache", hosts=known.hosts, patience=QUICK)
        self.tools = Tools(client, known, work, poll_s=0.01, poll_tries=20)

    def job(self, layer: str, place: Place = PLACE) -> Job:
        return Job(layer, layer_entry(layer), place)

    def rows(self, layer: str) -> gpd.GeoDataFrame:
        """Bring a layer and read it as the build does."""
        parcel = bring(self.job(layer), self.tools)
        named = self.tools.work / f"read_{parcel.name}"
        named.write_bytes(parcel.path.read_bytes())
        return read_layer(layer, named).frame

    def refuse(self, layer: str, words: str, error: type[GisError] = SourceError) -> None:
        with pytest.raises(error, match=words) as caught:
            bring(self.job(layer), self.tools)
        assert "\n" not in str(caught.value)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Publishers() as world:
        made = Town(world, tmp_path)
        with made.tools.downloader:
            yield made


# Geonorge


def test_an_order_is_waited_for(town: Town) -> None:
    """By hand: code list, order without e-mail in its own words, two polls, a redirect."""
    parcel = bring(town.job("flood_zones"), town.tools)
    assert parcel.name == "Samfunnssikkerhet_9801_Fjordvik_25833_Flomsoner_FGDB.zip"
    assert zipfile.is_zipfile(parcel.path)
    assert parcel.covers == (NUMBER,)
    assert town.geonorge.orders == [
        {
            "metadataUuid": "e95008fc-0945-4d66-8bc9-e50ab3f50401",
            "areas": [{"code": NUMBER, "name": "Fjordvik", "type": "kommune"}],
            "projections": [{"code": "25833"}],
            "formats": [{"name": "FGDB 10.0"}],
        }
    ]
    assert town.world.count("GET /geonorge/api/order/ref-1") == 2


def test_an_expired_link_is_asked_for_again(town: Town) -> None:
    """By counting: the link fails, the order is asked again; fails twice, ordered anew."""
    town.world.fault("download/order", "410")
    bring(town.job("addresses"), town.tools)
    assert len(town.geonorge.orders) == 1
    town.world.fault("download/order", "404", times=2)
    bring(town.job("basic_statistical_units"), town.tools)
    assert len(town.geonorge.orders) == 3


def test_a_series_is_its_newest_year(town: Town) -> None:
    """By hand: 2026 of 2025 and 2026, with its day; another size of cell is passed over."""
    parcel = bring(town.job("population_grid"), town.tools)
    assert town.geonorge.orders[0]["metadataUuid"].endswith("2026")
    assert town.geonorge.orders[0]["areas"][0]["code"] == "0000"
    assert parcel.date is not None
    assert parcel.date.isoformat() == "2026-01-01"
    assert parcel.covers == ()
    town.world.routes["geonorge/kartkatalog/getdata/0c0ad0ce-55e8-4d73-9c12-0eb0e2454acb"] = (
        lambda *_: {
            "SerieDatasets": [
                {"Uuid": "x-2026", "Title": "Befolkning på rutenett 1 km 2027"},
                {
                    "Uuid": "11111111-2222-3333-4444-555555552026",
                    "Title": "Befolkning på rutenett 250 m 2026",
                },
            ]
        }
    )
    chosen = remote_geonorge.choose(
        _remote("population_grid"), town.job("population_grid"), town.tools
    )
    assert (chosen.year, chosen.uuid[-4:]) == (2026, "2026")


def _remote(layer: str) -> Any:
    return layer_entries()[layer].remote


def test_a_former_number_is_found_where_the_present_is_not(town: Town) -> None:
    """By hand: 9801 was 9751; a code list of that year has only the old number."""
    form = [{"code": "25833", "formats": [{"name": "GML 3.2.1"}]}]
    town.world.routes["geonorge/api/codelists/area/*"] = lambda *_: [
        {"Type": "kommune", "Code": "9751", "Name": "Før", "Projections": form}
    ]
    chosen = remote_geonorge.choose(_remote("flood_zones"), town.job("flood_zones"), town.tools)
    assert (chosen.area["code"], chosen.format) == ("9751", "GML 3.2.1")
    town.world.routes["geonorge/api/codelists/area/*"] = lambda *_: [
        {"type": "kommune", "code": "0301", "projections": form}
    ]
    with pytest.raises(SourceError, match=r"not delivered for 9801 / 9751 / 0981.*kommune 0301"):
        remote_geonorge.choose(_remote("flood_zones"), town.job("flood_zones"), town.tools)


def test_the_open_folder_helps_where_the_order_fails(town: Town) -> None:
    """By hand: the number is matched, never the name; the present number first."""
    folder = "geonorge/files/Samfunnssikkerhet/Flomsoner/FGDB/"
    names = [
        "Samfunnssikkerhet_9751_Fjordvik_25833_Flomsoner_FGDB.zip",
        "Samfunnssikkerhet_9801_Fjoordvik_25833_Flomsoner_FGDB.zip",
        "Samfunnssikkerhet_9801_Fjoordvik_25832_Flomsoner_FGDB.zip",
        "Samfunnssikkerhet_19801_X_25833_Flomsoner_FGDB.zip",
    ]
    links = "".join(f"<a href='{n}'>{n}</a>" for n in names)
    town.world.files[folder] = f"<html><body>{links}</body></html>".encode()
    content = next(c for n, c in town.geonorge.files.values() if "Flomsoner" in n)
    town.world.files[folder + names[1]] = content
    town.world.fault("geonorge/api/order", "500", times=9)
    parcel = bring(town.job("flood_zones"), town.tools)
    assert parcel.name == names[1]
    assert "not by order" in parcel.notes[0]
    offered = offer(town.job("flood_zones"), town.tools)
    assert offered.size == len(content)
    assert "FGDB 10.0, 9801 Fjordvik" in offered.what


def test_the_feed_helps_where_the_order_fails(town: Town) -> None:
    """By hand: ATOM names the file; a feed with a DTD is refused."""
    name = "Basisdata_9801_Berum_25833_MatrikkelenAdresse_CSV.zip"
    url = town.world.url(f"geonorge/files/Basisdata/MatrikkelenAdresse/CSV/{name}")
    feed = "geonorge/files/ATOM-feeds/MatrikkelenAdresse_AtomFeedCSV.xml"
    town.world.files[feed] = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{url}"/></entry></feed>'
    ).encode()
    path = url.split(town.world.host + "/")[1]
    town.world.files[path] = town.geonorge.files["f7df7a18-b30f-4745-bd64-d0863812350c"][1]
    town.world.fault("geonorge/api/order", "500", times=9)
    assert bring(town.job("addresses"), town.tools).name == name
    town.world.files[feed] = b'<!DOCTYPE feed [<!ENTITY a "b">]><feed>&a;</feed>'
    town.refuse("addresses", "DTD")


def test_names_in_listings() -> None:
    """By hand: whole numbers between underscores, former numbers last, national at need."""
    remote = _remote("flood_zones")
    base = "https://x/y/"
    old = f"{base}A_9751_N_25833_F.zip"
    whole = f"{base}A_0000_Norge_25833_F.zip"
    assert pick_listed([old, whole], remote, PLACE) == old
    assert pick_listed([whole], remote, PLACE) == whole
    assert (
        pick_listed([f"{base}A_9801_N_25833_F.gml", f"{base}A_9801_N_F.zip"], remote, PLACE) is None
    )
    assert pick_listed([f"{base}A_9801_B%C3%A6rum_25833_F.zip"], remote, PLACE) is not None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"referenceNumber": "r", "files": [{"status": "Error"}]}, "order failed: Error"),
        ({"files": []}, "lacks 'referencenumber'"),
        ({"referenceNumber": "../../x", "files": []}, "is no order number"),
        (
            {"referenceNumber": "r", "files": [{"status": "WaitingForProcessing"}]},
            "not ready after",
        ),
        (
            {
                "referenceNumber": "r",
                "files": [
                    {
                        "status": "ReadyForDownload",
                        "name": "x.zip",
                        "downloadUrl": "http://evil.invalid/x.zip",
                    }
                ],
            },
            "no host of",
        ),
        ([1, 2], "lacks 'referencenumber'"),
    ],
)
def test_wrong_orders(town: Town, answer: Any, words: str) -> None:
    """By hand: what a server may answer in place of an order."""
    town.world.routes = {
        "geonorge/api/codelists/area/*": town.geonorge.areas,
        "geonorge/api/order*": lambda *_: answer,
    }
    town.refuse("basic_statistical_units", words)


def test_formats_are_those_of_the_code_list(town: Town) -> None:
    """By hand: no wanted format, and the message says what there is."""
    form = [{"code": "25833", "formats": [{"name": "SOSI"}, {"name": "PostGIS"}]}]
    town.world.routes["geonorge/api/codelists/area/*"] = lambda *_: [
        {"type": "kommune", "code": NUMBER, "name": "F", "projections": form}
    ]
    town.refuse("flood_zones", "none of the formats FGDB, GML.*SOSI, PostGIS")


# ArcGIS


def test_arcgis_pages_to_the_end(town: Town) -> None:
    """By counting: five features on pages of two; words for null are null; dates in ms."""
    rows = town.rows("quick_clay")
    assert rows["risk_class"].tolist() == ["1", "2", "3", "4", "5"]
    assert rows["name"].tolist() == ["S1", "S2", "S3", "S4", "S5"]
    assert rows["hazard_degree"].isna().all()
    assert rows["part"].unique().tolist() == ["release"]
    assert town.world.count("resultOffset") == 3
    assert rows.geometry.iloc[0].equals(square(100, 500, 90))
    assert str(town.rows("protected_areas")["date"][0])[:10] == "2019-10-16"


def test_arcgis_only_the_box_is_asked_for(town: Town) -> None:
    """By counting: of five zones two meet the box."""
    box = (WEST + 50.0, SOUTH + 500.0, WEST + 250.0, SOUTH + 600.0)
    parcel = bring(town.job("quick_clay", Place(NUMBER, 25833, (), box)), town.tools)
    assert len(read_layer("quick_clay", parcel.path).frame) == 2


def test_arcgis_falls_back_to_the_next_host(town: Town) -> None:
    """By hand: an error with status 200 on the first; the second answers."""
    town.world.routes["nve_old/SkredKvikkleire2/MapServer*"] = town.world.routes[
        "nve/SkredKvikkleire2/MapServer*"
    ]
    town.world.fault("nve/SkredKvikkleire2", "error200")
    parcel = bring(town.job("quick_clay"), town.tools)
    assert "nve_old" in parcel.url
    assert "status 200" in parcel.notes[0]
    town.world.fault("SkredKvikkleire2", "error200", times=9)
    town.refuse("quick_clay", r"error 400 'Invalid URL' with status 200; and .*status 200")


def test_arcgis_none_here_is_an_answer(town: Town) -> None:
    """By hand: no zone in the box gives a layer without rows, not an error."""
    box = (WEST + 9000.0, SOUTH + 9000.0, WEST + 9100.0, SOUTH + 9100.0)
    parcel = bring(town.job("quick_clay", Place(NUMBER, 25833, (), box)), town.tools)
    assert read_layer("quick_clay", parcel.path).frame.empty


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("endless", "the pages repeat themselves after 2 of 5"),
        ("short", "2 features came of the 5"),
        ("degrees", "do not fit EPSG:25833"),
        ("renamed", "no layer KvikkleireRisiko; there are: Noe"),
        ("no_count", "lacks 'count'"),
        ("no_features", "lacks 'features'"),
        ("not_json", "not whole JSON"),
        ("geometry", "no GeoJSON"),
    ],
)
def test_wrong_arcgis(town: Town, fault: str, words: str) -> None:
    """By hand: each way in which a MapServer goes wrong."""
    route = "nve/SkredKvikkleire2/MapServer*"
    good = town.world.routes[route]

    def wrong(query: dict[str, str], body: bytes) -> Any:
        if fault == "renamed":
            return arcgis({"Noe": []})(query, body)
        page = "resultRecordCount" in query
        if fault == "endless" and page:
            query = {**query, "resultOffset": "0"}
        made = good(query, body)
        if fault == "no_count" and "returnCountOnly" in query:
            return {"antall": 5}
        if page and fault == "short":
            made.pop("properties", None)
        if page and fault == "no_features":
            made = {"type": "FeatureCollection"}
        if page and fault == "not_json":
            return b'{"type": "FeatureCollection", "features": [{'
        if page and fault == "geometry":
            made["features"][0]["geometry"] = {"type": "Polygon", "coordinates": "x"}
        if page and fault == "degrees":
            for feature in made["features"]:
                feature["geometry"] = shapely.geometry.mapping(shapely.box(10.5, 59.8, 10.6, 59.9))
        return made

    town.world.routes[route] = wrong
    error = CrsError if fault == "degrees" else SourceError
    town.refuse("quick_clay", words, error)


# WFS


def test_wfs_pages_and_axes(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: urn names, box easting first, three features on pages of two."""
    entry = layer_entry("landslide_caution")
    remote = entry.remote
    assert isinstance(remote, WfsRemote)
    small = remote.model_copy(update={"page_size": 2})
    parcel = remote_wfs.bring(small, town.job("landslide_caution"), town.tools)
    frame = read_layer("landslide_caution", parcel.path).frame
    assert len(frame) == 3
    assert frame.total_bounds.tolist() == [WEST, SOUTH, WEST + 50, SOUTH + 10]
    assert zipfile.ZipFile(parcel.path).namelist() == [
        "aktsomhetsomrjordogflomskred_1.gml",
        "aktsomhetsomrjordogflomskred_2.gml",
    ]
    asked = next(a for a in town.world.asked if "startindex=2" in a)
    assert "bbox=250000.00,6640000.00,252000.00,6642000.00,urn:ogc:def:crs:EPSG::25833" in asked


def test_wfs_types_with_norwegian_letters(town: Town) -> None:
    """By hand: five types, one of them empty here, told apart by the layer's name."""
    assert sorted(town.rows("storm_surge")["surge_class"]) == sorted(
        ["20", "1000", "200_climate", "1000_climate"]
    )


def test_wfs_none_here_is_an_answer(town: Town) -> None:
    """By hand: a box with nothing gives a layer without rows."""
    box = (WEST + 9000.0, SOUTH + 9000.0, WEST + 9100.0, SOUTH + 9100.0)
    parcel = bring(town.job("landslide_caution", Place(NUMBER, 25833, (), box)), town.tools)
    assert read_layer("landslide_caution", parcel.path).frame.empty
    assert "no feature in the area" in parcel.notes[0]


@pytest.mark.parametrize(
    ("epsg", "form", "text"),
    [
        (25833, "urn", "1.00,2.00,3.00,4.00,urn:ogc:def:crs:EPSG::25833"),
        (25833, "short", "1.00,2.00,3.00,4.00,EPSG:25833"),
        (4258, "urn", "2.0000000,1.0000000,4.0000000,3.0000000,urn:ogc:def:crs:EPSG::4258"),
        (
            4326,
            "http",
            "2.0000000,1.0000000,4.0000000,3.0000000,http://www.opengis.net/def/crs/EPSG/0/4326",
        ),
        (4326, "short", "1.0000000,2.0000000,3.0000000,4.0000000,EPSG:4326"),
    ],
)
def test_axis_order_follows_the_form_of_the_name(epsg: int, form: str, text: str) -> None:
    """By hand: urn and http follow the register, the short form does not."""
    assert bbox_text((1, 2, 3, 4), epsg, form=form) == text


@pytest.mark.parametrize(
    ("answer", "words", "error"),
    [
        (
            b'<o:ExceptionReport xmlns:o="x"><o:ExceptionText>Unknown type</o:ExceptionText>',
            "answers 'Unknown type'",
            SourceError,
        ),
        (b"<a>" + b"x" * 100, "does not say how many", SourceError),
        (b"no xml", "not whole XML", SourceError),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "DTD", SourceError),
        (
            gml("Akt", [(square(0, 0, 10), {})]).replace(b"::25833", b"::4258"),
            "asked for EPSG:25833, the answer is in 'urn:ogc:def:crs:EPSG::4258'",
            CrsError,
        ),
        (
            gml("Akt", [(square(0, 0, 10), {})], matched=9),
            "1 features came of the 9|repeat",
            SourceError,
        ),
    ],
)
def test_wrong_wfs(town: Town, answer: bytes, words: str, error: type[GisError]) -> None:
    """By hand: reports, half answers, other CRS, endless pages."""
    route = "wfs/wfs.aktsomhetskartforjordogflomskred"
    good = town.world.routes[route]
    town.world.routes[route] = lambda query, body: (
        answer if query["request"] == "GetFeature" else good(query, body)
    )
    town.refuse("landslide_caution", words, error)


# OGC API Features


def test_ogc_api_takes_the_newest_year(town: Town) -> None:
    """By hand: 2026 of three years, two pages through the next link, degrees to metres.

    The two parts of the settlement, one from each page, bear one number and are one row.
    """
    rows = town.rows("built_up")
    assert rows["number"].tolist() == ["0801"]
    assert len(shapely.get_parts(rows.geometry.to_numpy())) == 2
    assert rows.area.sum() == pytest.approx(400**2 + 300**2, rel=1e-6)
    assert town.world.count("tettsted_2026/items") == 2
    assert "bbox=10." in next(a for a in town.world.asked if "items" in a)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"links": [{"rel": "next", "href": "?again"}]}, "repeat themselves|more than the"),
        ({"links": [{"rel": "next", "href": "http://evil.invalid/x"}]}, "no host of"),
        ({"numberMatched": 7, "links": []}, "1 features came of 7"),
        ({"features": None}, "lacks 'features'"),
    ],
)
def test_wrong_ogc_api(town: Town, change: dict[str, Any], words: str) -> None:
    """By hand: rounds, foreign links, missing pages."""
    route = "ssb/ogc/tettsted_ogc_api/*"
    good = town.world.routes[route]
    town.world.routes[route] = lambda query, body: (
        {**made, **change} if "features" in (made := good(query, body)) else made
    )
    town.refuse("built_up", words)


def test_ogc_api_without_the_collection(town: Town) -> None:
    """By hand."""
    remote = OgcApiRemote(
        publisher="ssb_ogc", kind="ogcapi", service="tettsted_ogc_api", collection="parker"
    )
    with pytest.raises(SourceError, match=r"no collection 'parker'.*tettsted_2024"):
        remote_ogcapi.bring(remote, town.job("built_up"), town.tools)


# Entur, OSM, terrain, species


def test_the_national_timetable_is_cut(town: Town) -> None:
    """By hand: one of two trips stops in the area and keeps its far stop and its parents."""
    parcel = bring(town.job("transit_stops"), town.tools)
    with zipfile.ZipFile(parcel.path) as archive:
        tables = {n: archive.read(n).decode().splitlines() for n in archive.namelist()}
    assert tables["trips.txt"] == ["route_id,trip_id,service_id", "R1,T1,S1"]
    assert [line.split(",")[3] for line in tables["stop_times.txt"][1:]] == [
        "NSR:Quay:1",
        "NSR:Quay:2",
    ]
    assert {line.split(",")[0] for line in tables["stops.txt"][1:]} == {
        "NSR:StopPlace:1",
        "NSR:Quay:1",
        "NSR:Quay:2",
    }
    assert len(tables["routes.txt"]) == len(tables["calendar_dates.txt"]) == 2
    assert parcel.notes == ("timetable cut to the area: 1 trips, 3 stops",)
    assert town.world.headers[-1]["ET-Client-Name"] == "arealplan-fetch"
    assert pl.read_csv(tables["stops.txt"][0].encode(), infer_schema=False).columns[0] == "stop_id"


def test_extracts_of_openstreetmap(town: Town, real_data: Path) -> None:
    """Real data: a real PBF passes; the soft 404 of 9.6 kB with status 200 does not."""
    real = (real_data / "oslo/skoyen.osm.pbf").read_bytes()
    town.world.files["geofabrik/norway-latest.osm.pbf"] = real
    remote = FileRemote(
        publisher="geofabrik", kind="file", path="norway-latest.osm.pbf", form="pbf"
    )
    assert bring_file(remote, town.job("roads_paths"), town.tools).path.read_bytes() == real
    asked = len(town.world.asked)
    bring_file(remote, town.job("roads_paths"), town.tools)
    assert len(town.world.asked) == asked
    for name, content, words in (
        ("oslo.osm.pbf", HTML, "a web page"),
        ("bergen.osm.pbf", b"x" * 20_000, "no OpenStreetMap PBF"),
    ):
        town.world.files[f"geofabrik/{name}"] = content
        wrong = remote.model_copy(update={"path": name})
        with pytest.raises(SourceError, match=words):
            bring_file(wrong, town.job("roads_paths"), town.tools)
    check_pbf(real_data / "oslo/oslo-center.osm.pbf", source="x")


def test_terrain_cells_are_joined(town: Town) -> None:
    """By hand: two cells side by side, 10 and 20 m, cut to the box; a foreign mark is no height."""
    box = (WEST - 2500.0, SOUTH + 500.0, WEST + 4000.0, SOUTH + 2500.0)
    parcel = bring(town.job("terrain", Place(NUMBER, 25833, (), box)), town.tools)
    with rasterio.open(parcel.path) as tile:
        values = tile.read(1, masked=True)
        assert tile.bounds == box
    assert set(np.unique(values.compressed())) == {10.0, 20.0}
    # The upper left corner of each cell lies in the box and is marked -9999.
    assert values.mask.sum() == 2
    assert town.world.count("7007_4") == 0


def test_squares_of_terrain() -> None:
    """By hand: Bærum lies in 6602; a box over the corner touches four; the far west none."""
    assert squares((240_298, 6_643_053, 256_387, 6_663_706)) == ["6602"]
    assert squares((299_999, 6_599_999, 300_001, 6_600_001)) == ["6502", "6503", "6602", "6603"]
    with pytest.raises(SourceError, match="west of easting 0"):
        squares((-10, 6_600_000, 10, 6_600_001))


def test_species_records(town: Town) -> None:
    """By hand: three records on one page; the polygon is in UTM 33, easting first."""
    rows = town.rows("species_records")
    assert rows["species"].tolist() == ["Planta 0", "Planta 1", "Planta 2"]
    assert rows["category"].unique().tolist() == ["VU"]
    asked = next(a for a in town.world.asked if "wktPolygon" in a)
    assert "POLYGON ((252000 6640000" in asked.replace("+", " ")


def test_polygons_in_the_order_each_wants() -> None:
    """Closed form: counter-clockwise rings have a positive area; degrees longitude first."""
    west = shapely.from_wkt(gbif_polygon(BOX, 25833))
    assert shapely.is_ccw(west.exterior)
    assert 10 < west.bounds[0] < west.bounds[2] < 11
    assert 59 < west.bounds[1] < west.bounds[3] < 60
    assert shapely.from_wkt(artskart_polygon(BOX, 25833)).bounds == BOX
    moved = Transformer.from_crs(25833, 25832, always_xy=True).transform_bounds(*BOX)
    back = shapely.from_wkt(artskart_polygon(moved, 25832))
    assert back.contains(shapely.box(*BOX))


def test_gbif_pages_by_offset(town: Town) -> None:
    """By hand: two pages, endOfRecords, a longitude and latitude for each record."""
    rows = [
        {"gbifID": i, "species": f"P{i}", "decimalLatitude": 59.85, "decimalLongitude": 10.5}
        for i in range(5)
    ]

    def search(query: dict[str, str], _: bytes) -> Any:
        start, size = int(query["offset"]), int(query["limit"])
        assert query["geometry"].startswith("POLYGON ((")
        page = rows[start : start + size]
        return {"count": 5, "endOfRecords": start + size >= 5, "results": page}

    town.world.routes["gbif/occurrence/search"] = search
    remote = GbifRemote(publisher="gbif", kind="gbif", service="occurrence/search", page_size=3)
    parcel = bring_gbif(remote, town.job("species_records"), town.tools)
    assert parcel.path.read_text().count("\n") == 6
    town.world.routes["gbif/occurrence/search"] = lambda *_: {
        "count": 200_000,
        "endOfRecords": False,
        "results": rows,
    }
    with pytest.raises(SourceError, match="200000 records"):
        bring_gbif(remote, town.job("species_records"), town.tools)


# Numbers


def test_population_by_age(town: Town) -> None:
    """By hand: 60 + 3 men, 60 + 4 women, in two ages."""
    table = town.tools.publishers.population
    assert table is not None
    found = population(table, NUMBER, town.tools)
    assert (found.total, found.year) == (127, "2026")
    assert found.by_age == {"000": 120, "105+": 7}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": [0, 0, 0, 0]}, "no residents under K-9801"),
        ({"value": [None] * 4}, "no residents"),
        ({"value": [1, 2]}, "2 values for 4"),
        ({"id": None}, "lacks 'id'"),
        ({"size": [1, 3, 2, 1, 1]}, "'Kjonn' has 2 codes, 3 stated"),
    ],
)
def test_wrong_tables(town: Town, change: dict[str, Any], words: str) -> None:
    """By hand: a year before a renumbering gives zeros, not an error; it is refused."""
    good = town.world.routes["ssb/v2/tables/07459/data"]
    town.world.routes["ssb/v2/tables/07459/data"] = lambda q, b: {**good(q, b), **change}
    table = town.tools.publishers.population
    assert table is not None
    with pytest.raises(SourceError, match=words):
        population(table, NUMBER, town.tools)


def test_json_stat_with_sparse_values() -> None:
    """By hand: an object by position in place of a list; what is not there is None."""
    raw = {
        "id": ["A"],
        "size": [3],
        "dimension": {"A": {"category": {"index": {"z": 2, "x": 0, "y": 1}}}},
        "value": {"0": 5, "2": 7},
    }
    assert read_json_stat(raw, source="t") == [
        ({"A": "x"}, 5.0),
        ({"A": "y"}, None),
        ({"A": "z"}, 7.0),
    ]


def test_water_levels(town: Town) -> None:
    """By hand: codes and centimetres over NN2000; XML with an entity, or none, is refused."""
    found = water_levels(10.5, 59.9, town.tools)
    assert [(x.code, x.value_cm, x.reference) for x in found] == [
        ("RETURN20", 143.0, "NN2000"),
        ("RETURN200", 171.5, "NN2000"),
    ]
    assert read_levels(LEVELS, "x") == found
    with pytest.raises(SourceError, match="says 'no data for this place'"):
        read_levels(b"<tide><error>no data for this place</error></tide>", "x")
    assert json.dumps(remote_figures.WaterLevel("a", "b", 1.0, "c").__dict__)


def test_every_remote_of_the_catalogue_has_a_client_and_a_publisher() -> None:
    """By search: nothing in layers/ points into the air."""
    from gis.catalogue import publishers
    from gis.sources.remotes import BRING, OFFER

    known = publishers()
    for name, entry in layer_entries().items():
        if entry.remote is not None:
            assert entry.remote.kind in BRING, name
            assert entry.remote.kind in OFFER, name
            assert entry.remote.publisher in known.publishers, name
    assert all(a.startswith("https://") for p in known.publishers.values() for a in p.base)


def test_the_same_remote_is_one_delivery() -> None:
    """By hand: layers of N50 come in one file."""
    one, two = _remote("lakes"), _remote("forest")
    assert isinstance(one, GeonorgeRemote)
    assert one == two
    assert hash(one) == hash(two)


def test_queries_are_made_for_the_right_layers(town: Town) -> None:
    """By hand: digits behind a generated name are ignored, groups are passed over."""
    remote: Any = _remote("quick_clay")
    publisher = town.tools.publishers.publishers["nve"]
    url = f"{publisher.base[0]}/{remote.service}"
    assert remote_arcgis.resolve(url, remote, publisher, tools=town.tools) == {
        "KvikkleireRisiko58338": 1
    }
