"""Files that would make their reader ask the network or wait for ever are refused."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import rasterio
from pyproj import CRS

from gis.errors import CrsError, FieldError, SourceError
from gis.sources import read_layer
from gis.sources.convert import as_date
from gis.sources.heights import sample_heights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

import pandas as pd

RING = "[[[250000,6650000],[250100,6650000],[250100,6650100],[250000,6650000]]]"
FEATURE = (
    '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":' + RING + "}}"
)
GML = """<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://x"
 xsi:schemaLocation="http://x ADDRESSx.xsd?service=WFS&amp;request=DescribeFeatureType">
<gml:featureMember><x:Havflate gml:id="a"><x:a>1</x:a><x:geom><gml:Polygon gml:id="g"
 srsName="EPSG:25833"><gml:exterior><gml:LinearRing><gml:posList>250000 6650000 250100 6650000
 250100 6650100 250000 6650000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>
</x:geom></x:Havflate></gml:featureMember></gml:FeatureCollection>"""


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Listen on the loopback; yield the address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


def _geojson(crs: str) -> str:
    return f'{{"type":"FeatureCollection","name":"Havflate",{crs}"features":[{FEATURE}]}}'


@pytest.mark.parametrize(
    "crs",
    [
        '"crs":{"type":"link","properties":{"href":"ADDRESSa","type":"ogcwkt"}},',
        '"crs":{"properties":{"url":"ADDRESSa"},"type":"URL"},',
        '"\\u0063rs":{"type":"link","properties":{"href":"ADDRESSa"}},',
        '"crs":{"type":"link","type":"name","properties":{"href":"ADDRESSa","name":"EPSG:25833"}},',
        '"x":{"crs": {"type":"name"}},"crs" :\n{"type":"link","properties":{"href":"ADDRESSa"}},',
    ],
)
def test_a_crs_that_is_an_address(
    tmp_path: Path, listener: tuple[str, list[str]], crs: str
) -> None:
    """By a server that listens: the file is refused, and nobody was asked."""
    address, asked = listener
    path = tmp_path / "havflate.geojson"
    path.write_text(_geojson(crs.replace("ADDRESS", address)))
    with pytest.raises(SourceError, match=r"refused, (a crs of type|plain letters)"):
        read_layer("sea", path)
    assert asked == []


def test_a_schema_that_is_an_address(tmp_path: Path, listener: tuple[str, list[str]]) -> None:
    """By a server that listens: the GML is read, and nobody was asked for its schema."""
    address, asked = listener
    path = tmp_path / "x.gml"
    path.write_text(GML.replace("ADDRESS", address))
    assert len(read_layer("sea", path).frame) == 1
    assert asked == []


@pytest.mark.parametrize("suffix", ["kml", "gpx", "tab", "mif", "sqlite", "gdb", "gml", "json"])
def test_a_service_behind_a_known_name(
    tmp_path: Path, listener: tuple[str, list[str]], suffix: str
) -> None:
    """By a server that listens: a description of a WFS is opened under no ending."""
    address, asked = listener
    path = tmp_path / f"x.{suffix}"
    for before in ("", "\ufeff", "  \n<!-- x -->"):
        path.write_text(f"{before}<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>")
        with pytest.raises(SourceError, match="cannot be read"):
            read_layer("sea", path)
    assert asked == []


def test_good_crs_members_pass(tmp_path: Path) -> None:
    """By hand: the name of a CRS, in both spellings, and fields that are called crs."""
    for crs in (
        '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::25833"}},',
        '"crs": {"type": "EPSG", "properties": {"code": 25833}},',
        '"note":{"crs":"EPSG:25833"},"crs":{"type":"name","properties":{"name":"EPSG:25833"}},',
    ):
        path = tmp_path / "havflate.geojson"
        path.write_text(_geojson(crs))
        assert read_layer("sea", path).frame.geometry.area.tolist() == [5000.0]


def test_a_pipe(tmp_path: Path) -> None:
    """By hand: a named pipe would be waited for without end."""
    path = tmp_path / "x.csv"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        read_layer("population_grid", path)


def test_a_parquet_of_equal_rows(tmp_path: Path) -> None:
    """By hand: 60 million equal rows weigh next to nothing on disk."""
    path = tmp_path / "x.parquet"
    column = pa.array(np.full(10_000_000, 22495006647750))
    table = pa.table({"SSBID0250M": column, "pop_tot": column})
    with pyarrow.parquet.ParquetWriter(path, table.schema) as out:
        for _ in range(6):
            out.write_table(table)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SourceError, match=r"60000000 rows; allowed: at most 50000000"):
        read_layer("population_grid", path)


@pytest.mark.parametrize(
    "geo",
    [b'{"bad', b"[1]", b"{}", b'{"primary_column":"nope","columns":{}}', b"null", b"\xff"],
)
def test_a_parquet_whose_schema_lies(tmp_path: Path, geo: bytes) -> None:
    """By hand: one line, for a schema that names no geometries or is no JSON."""
    table = pa.table({"geometry": [b"x"], "kommunenummer": ["3201"], "kommunenavn": ["x"]})
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"geo": geo}), path)
    with pytest.raises(SourceError, match=r"\A[^\n]*(not whole JSON|names no column)[^\n]*\Z"):
        read_layer("municipality", path)


def test_a_number_longer_than_a_machine_holds(tmp_path: Path) -> None:
    """By hand: 23 digits are no count of people."""
    path = tmp_path / "x.csv"
    path.write_text("SSBID0250M;pop_tot\n22495006647750;99999999999999999999999\n")
    with pytest.raises(FieldError, match="at most 18 characters"):
        read_layer("population_grid", path)


def test_a_header_that_never_ends(tmp_path: Path) -> None:
    """By hand: a first line of 70,000 bytes would be cut where the look ends."""
    path = tmp_path / "x.csv"
    path.write_text("SSBID0250M;pop_tot;" + "x" * 70_000 + "\n22495006647750;3;1\n")
    with pytest.raises(SourceError, match="a first line of more than"):
        read_layer("population_grid", path)


def test_a_raster_of_complex_numbers(tmp_path: Path) -> None:
    """By hand: half of such a number would be lost without a word."""
    path = tmp_path / "x.tif"
    where = rasterio.Affine(10, 0, 2e5, 0, -10, 6.7e6)
    profile = {"width": 2, "height": 2, "count": 1, "crs": 25833, "transform": where}
    with rasterio.open(path, "w", driver="GTiff", dtype="complex64", **profile) as out:
        out.write(np.ones((1, 2, 2), "complex64"))
    with pytest.raises(SourceError, match="cells of complex64"):
        read_layer("terrain", path)


def test_coordinates_beyond_the_world_are_told_shortly(tmp_path: Path) -> None:
    """By hand: a number of 300 digits is not written out."""
    crs = '"crs":{"type":"name","properties":{"name":"EPSG:25833"}},'
    path = tmp_path / "havflate.geojson"
    path.write_text(_geojson(crs).replace("250100", "1e308"))
    with pytest.raises(CrsError, match="do not fit") as told:
        read_layer("sea", path)
    assert len(str(told.value)) < 250


def test_a_moment_with_its_zone_is_a_norwegian_day() -> None:
    """By hand: ten at night in London's winter is eleven here; in summer it is the next day."""
    text = ["2025-01-05T22:30:00Z", "2025-07-05T22:30:00Z", "2025-07-05T22:30:00+02:00"]
    found = as_date(pd.Series([*text, "2025-07-05T22:30:00"]), source="x")
    assert found.dt.strftime("%Y-%m-%d").tolist() == [
        "2025-01-05",
        "2025-07-06",
        "2025-07-05",
        "2025-07-05",
    ]


@pytest.mark.parametrize("ending", ["tif", "vrt", "asc"])
def test_a_virtual_raster_of_a_tool(
    tmp_path: Path, listener: tuple[str, list[str]], ending: str
) -> None:
    """By a server that listens: heights are not read through a description of others."""
    address, asked = listener
    path = tmp_path / f"x.{ending}"
    path.write_text(
        '<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>EPSG:25833</SRS><GeoTransform>2e5,10,0,'
        '6.7e6,0,-10</GeoTransform><VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f"<SourceFilename>/vsicurl/{address}x.tif</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    place = np.array([200_010.0]), np.array([6_699_990.0])
    with pytest.raises(SourceError, match="it only describes others"):
        sample_heights(path, *place, crs=CRS.from_epsg(25833))
    assert asked == []
