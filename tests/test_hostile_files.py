"""Hostile files and answers, each made here: refused in one line before they do harm."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from gis.errors import GeometryError, GisError, SourceError
from gis.sources import open_layer, read_layer
from gis.sources.limits import (
    LIMITS,
    check_csv_head,
    check_parquet,
    check_vertices,
    check_zip,
    copy_member,
    parse_xml,
    read_json,
    safe_name,
)
from tests.publishers import frame, gml, square

SMALL = replace(
    LIMITS,
    zip_members=5,
    zip_total=1 << 20,
    zip_ratio=100,
    zip_ratio_from=1000,
    json_bytes=1000,
    xml_bytes=1000,
    xml_depth=10,
    xml_elements=50,
    csv_columns=10,
    csv_line=100,
    vertices=100,
)


def refused(words: str, error: type[GisError] = SourceError) -> Any:
    """Expect a refusal in one line that holds the words."""
    return pytest.raises(error, match=rf"\A[^\n]*({words})[^\n]*\Z")


def zip_of(path: Path, members: dict[str, bytes], *, stored: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(zipfile.ZipInfo(name), content, None if stored else zipfile.ZIP_DEFLATED)
    return path


def read(path: Path, layer: str = "sea") -> Any:
    """Read as a build would."""
    return read_layer(layer, path)


# Archives


@pytest.mark.parametrize(
    "name",
    ["../../evil.gml", "/etc/evil.gml", "C:\\evil.gml", "a/../../evil.gml", "a\\..\\..\\evil.gml"],
)
def test_names_that_leave_the_archive(tmp_path: Path, name: str) -> None:
    """By hand: the classic paths."""
    with refused("the member name .* allowed: names inside"):
        read(zip_of(tmp_path / "x.zip", {name: gml("Havflate", [(square(0, 0, 9), {})])}))
    assert not (tmp_path.parent / "evil.gml").exists()


def test_links_passwords_and_archives_inside(tmp_path: Path) -> None:
    """By hand: a link, an encrypted member, a path through a zip in the zip."""
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as out:
        info = zipfile.ZipInfo("evil.gml")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
    with refused("the link 'evil.gml'"):
        read(path)
    path = zip_of(tmp_path / "locked.zip", {"a.gml": b"x"}, stored=True)
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    path.write_bytes(raw)
    with refused("encrypted member"):
        read(path)
    with refused("inside an archive"):
        read(zip_of(tmp_path / "nested.zip", {"inner.zip/a.gml": b"x"}))
    inner = zip_of(tmp_path / "inner.zip", {"a.gml": b"<a/>"}).read_bytes()
    with refused("no vector file in the zip"):
        read(zip_of(tmp_path / "outer.zip", {"inner.zip": inner}))


def test_bombs_by_density_number_and_size(tmp_path: Path) -> None:
    """Closed form: zeros pack a thousand to one."""
    zeros = b"\0" * 200_000
    with refused("grows from"):
        check_zip(zip_of(tmp_path / "dense.zip", {"a.gml": zeros}), limits=SMALL)
    many = {f"{i}.gml": b"x" for i in range(6)}
    with refused("6 files inside; allowed: at most 5"):
        check_zip(zip_of(tmp_path / "many.zip", many), limits=SMALL)
    large = {f"{i}.bin": bytes(400_000) for i in range(4)}
    with refused("1 MiB unpacked"):
        check_zip(zip_of(tmp_path / "large.zip", large, stored=True), limits=SMALL)
    with refused("grows from"):
        read(_bomb(tmp_path / "bomb.zip"))


def _bomb(path: Path) -> Path:
    """A member that says it is 10 GiB: refused by its word, without unpacking."""
    zip_of(path, {"a.gml": b"\0" * 1000})
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = raw.index(mark) + offset
        raw[at : at + 4] = struct.pack("<I", 0xF0000000)
    path.write_bytes(raw)
    return path


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """By hand: two names for one body, the densest of bombs."""
    path = zip_of(tmp_path / "x.zip", {"a.gml": b"x" * 500, "b.gml": b"y" * 500}, stored=True)
    raw = bytearray(path.read_bytes())
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(raw)
    with refused("shares bytes"):
        check_zip(path)


def test_a_member_that_lies_about_its_size(tmp_path: Path) -> None:
    """By hand: says 10 bytes, holds 1000; no more than it says is written."""
    path = zip_of(tmp_path / "x.zip", {"a.csv": b"x" * 1000})
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = raw.index(mark) + offset
        raw[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(raw)
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, refused("damaged|declared"):
        copy_member(archive, "a.csv", out, source="x.zip")
    assert len(out.getvalue()) <= 10


def test_what_is_no_zip(tmp_path: Path) -> None:
    """By hand: a web page, and half a zip."""
    page = tmp_path / "x.zip"
    page.write_bytes(b"<html>" * 100)
    with refused("not a whole zip file"):
        read(page)
    whole = zip_of(tmp_path / "y.zip", {"a.gml": b"x" * 5000}).read_bytes()
    page.write_bytes(whole[: len(whole) // 2])
    with refused("not a whole zip file"):
        read(page)


# XML and JSON

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"""
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
FAR = b'<!DOCTYPE a SYSTEM "http://evil.invalid/a.dtd"><a/>'


@pytest.mark.parametrize("raw", [LAUGHS, OUTSIDE, FAR])
def test_xml_with_a_dtd(tmp_path: Path, raw: bytes) -> None:
    """By hand: entities that grow, that read files, that ask the network; in answers and files."""
    with refused("DTD or entities"):
        parse_xml(raw, source="x")
    path = tmp_path / "x.gml"
    path.write_bytes(raw)
    with refused("DTD or entities"):
        read(path)
    with refused("DTD or entities"):
        read(zip_of(tmp_path / "x.zip", {"x.gml": raw}))


def test_xml_that_is_too_deep_or_too_long() -> None:
    """Closed form."""
    with refused("too deep or too long"):
        parse_xml(b"<a>" * 12 + b"</a>" * 12, source="x", limits=SMALL)
    with refused("too deep or too long"):
        parse_xml(b"<a>" + b"<b/>" * 60 + b"</a>", source="x", limits=SMALL)
    with refused("XML of 0 MiB"):
        parse_xml(b"<a>" + b" " * 2000 + b"</a>", source="x", limits=SMALL)
    with refused("not whole XML"):
        parse_xml(b"<a><b></a>", source="x")
    assert parse_xml(b'<x:a xmlns:x="u" x:b="1"/>', source="x").tag == "a"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not whole JSON"),
        (b'{"a": "\xff"}', "not whole JSON"),
        (b'{"a": 1', "not whole JSON"),
    ],
)
def test_json(raw: bytes, words: str) -> None:
    """By hand: depth, NaN, numbers of thousands of digits, damaged text, half a document."""
    with refused(words):
        read_json(raw, source="x")


def test_json_that_is_too_large(tmp_path: Path) -> None:
    """By hand; and deep nesting in a file."""
    with refused("JSON of 0 MiB"):
        read_json(b'"' + b"x" * 2000 + b'"', source="x", limits=SMALL)
    path = tmp_path / "x.geojson"
    path.write_bytes(b'{"Havflate": {' + b'"a": {' * 100_000)
    with refused("JSON|cannot be read"):
        read(path)


# Drivers and formats


ENDINGS = (".gml", ".geojson", ".gpkg", ".shp", ".fgb", ".tif", ".kml", ".gpx", ".tab", ".mif")


@pytest.mark.parametrize("suffix", [*ENDINGS, ".sqlite", ".gdb"])
def test_a_foreign_driver_behind_a_known_name(tmp_path: Path, suffix: str) -> None:
    """By hand: the text of a virtual file that opens another file, or the network."""
    secret = tmp_path / "secret.gpkg"
    frame([square(0, 0, 9)], objtype=["Havflate"]).to_file(secret, layer="Havflate")
    virtual = (
        f'<OGRVRTDataSource><OGRVRTLayer name="Havflate"><SrcDataSource>{secret}'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    path = tmp_path / f"x{suffix}"
    path.write_text(virtual)
    with refused("cannot be read"):
        read(path, "terrain" if suffix == ".tif" else "sea")
    with refused("cannot be read|no GeoTIFF|no vector file in the zip"):
        read(
            zip_of(tmp_path / "x.zip", {path.name: virtual.encode()}),
            "terrain" if suffix == ".tif" else "sea",
        )


@pytest.mark.parametrize("name", ["x.vrt", "x.xml", "x.wfs", "x.ovf", "x.py"])
def test_formats_that_are_not_on_the_list(tmp_path: Path, name: str) -> None:
    """By hand."""
    path = tmp_path / name
    path.write_text("<OGRWFSDataSource><URL>http://evil.invalid/</URL></OGRWFSDataSource>")
    with refused("is no format of vector files here"):
        read(path)


def test_a_raster_that_fills_the_memory(tmp_path: Path) -> None:
    """Closed form: 60,000 by 60,000 cells of nothing are a few kilobytes on disk."""
    path = tmp_path / "x.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=60_000,
        height=60_000,
        count=1,
        dtype="float32",
        crs="EPSG:25833",
        transform=from_origin(250_000, 6_660_000, 0.1, 0.1),
        sparse_ok=True,
        compress="deflate",
        tiled=True,
    ):
        pass
    assert path.stat().st_size < 1 << 22
    with refused("60000 x 60000 cells"):
        read(path, "terrain")


def grid(path: Path, side: int, *, west: float, step: float) -> None:
    """A raster of nothing."""
    shape = {"width": side, "height": side, "count": 1, "dtype": "float32"}
    place = {"crs": "EPSG:25833", "transform": from_origin(west, 6_660_000, step, step)}
    how = {"sparse_ok": True, "compress": "deflate", "tiled": True}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **how):
        pass


def test_tiles_that_fill_the_memory_together(tmp_path: Path) -> None:
    """Closed form: 100 km in cells of 1 cm, the first tile's, are 10^7 a side; each tile is small.

    The first lies at 250 km, the second from 300 km to 350 km, both from the same north down.
    """
    folder = tmp_path / "tiles"
    folder.mkdir()
    grid(folder / "a.tif", 100, west=250_000, step=0.01)
    grid(folder / "b.tif", 100, west=300_000, step=500)
    with refused("10000000 x 5000000 cells"):
        read(folder, "terrain")


def test_a_raster_in_the_inbox_is_looked_at_without_filling_the_memory(tmp_path: Path) -> None:
    """By measure: 30,000 by 30,000 cells written out are 3.6 GB; looking takes under a tenth."""
    path = tmp_path / "x.tif"
    grid(path, 30_000, west=200_000, step=1)
    blocks = open_layer("terrain", path, looked_at=True)
    list(blocks)
    assert blocks.raster is not None
    assert blocks.raster.values.nbytes < 300_000_000 / 100
    assert blocks.raster.transform.a == 60


def test_a_parquet_that_grows(tmp_path: Path) -> None:
    """Closed form: ten million equal texts."""
    path = tmp_path / "x.parquet"
    text = pd.array(["x" * 10], dtype="str").take(np.zeros(10_000_000, dtype=np.int64))
    pd.DataFrame({"a": text}).to_parquet(path, compression="zstd", use_dictionary=False)
    with refused("MiB unpacked from"):
        check_parquet(path, unpacked=40 << 30, rows=1)
    with refused("MiB unpacked from"):
        read(path, "population_grid")


def test_tables_beyond_reason(tmp_path: Path) -> None:
    """By hand: thousands of columns, a line without end."""
    with refused("11 columns"):
        check_csv_head(b"a;" * 11, columns=11, source="x", limits=SMALL)
    with refused("a line of 500 bytes"):
        check_csv_head(b"a;b\n" + b"x" * 500, columns=2, source="x", limits=SMALL)
    path = tmp_path / "x.csv"
    path.write_text(";".join(f"c{i}" for i in range(3000)) + "\n")
    with refused("3000 columns"):
        read(path, "population_grid")


def test_a_geometry_beyond_reason() -> None:
    """By hand."""
    with refused("a geometry of 500 vertices", GeometryError):
        check_vertices(np.array([3, 500]), source="x", limits=SMALL)
    check_vertices(np.array([], dtype=np.int64), source="x", limits=SMALL)


# Names from answers


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.zip", "x.zip"),
        ("Bærum kommune (1).zip", "Brum_kommune_1_.zip"),
        ("", "default"),
        ("...", "default"),
        ("\0\n.zip", "zip"),
        ("-rf", "-rf"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names_from_answers(given: str, safe: str) -> None:
    """By hand: no path, no control characters, no surprises in length."""
    found = safe_name(given, default="default")
    assert found == safe
    assert "/" not in found


def test_good_files_still_pass(tmp_path: Path) -> None:
    """Twin: what the limits let through reads as before, BOM and Windows paths included."""
    table = gpd.GeoDataFrame({"objtype": ["Havflate"]}, geometry=[square(0, 0, 9)], crs=25833)
    plain = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:25833"}},
        "features": json.loads(table.to_json())["features"],
    }
    path = tmp_path / "x.geojson"
    path.write_bytes(b"\xef\xbb\xbf  " + json.dumps(plain).encode())
    assert len(read(path).frame) == 1
    member = gml("Havflate", [(square(0, 0, 9), {"objtype": "Havflate"})])
    assert len(read(zip_of(tmp_path / "x.zip", {"sub/x.gml": member})).frame) == 1
    assert shapely.equals(read(path).frame.geometry.iloc[0], square(0, 0, 9))
