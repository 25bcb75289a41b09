"""Play the publishers on the loopback interface: the answers they give, and their faults.

One server answers for all; each publisher has its own first piece of the path. The
municipality is a square of 2 km, number 9801, lower-left corner (250000, 6640000) in
EPSG:25833. ``Publishers.faults`` makes the next answers of a path go wrong.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import threading
import time
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from rasterio.transform import from_origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WEST, SOUTH = 250_000, 6_640_000
NUMBER = "9801"
HTML = b"<!DOCTYPE html><html><body>Not here</body></html>" + b" " * 9500


def square(x: float, y: float, side: float) -> shapely.Polygon:
    return shapely.box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name.replace("__", "."))
            archive.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


_DRAWN: dict[str, bytes] = {}


def geodatabase(folder: Path, name: str, **layers: gpd.GeoDataFrame) -> bytes:
    """A file geodatabase in a zip, as Geonorge delivers FGDB; drawn once, it is slow."""
    if name in _DRAWN:
        return _DRAWN[name]
    path = folder / f"{name}.gdb"
    for layer, frame in layers.items():
        frame.to_file(path, layer=layer, driver="OpenFileGDB", engine="pyogrio")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path.iterdir()):
            archive.write(file, f"{name}.gdb/{file.name}")
    _DRAWN[name] = out.getvalue()
    return _DRAWN[name]


def frame(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=25833)


@dataclass
class Fault:
    """What goes wrong with the next ``times`` answers whose path holds ``path``."""

    path: str
    kind: str
    times: int = 1
    wait: str = "0"


@dataclass
class Publishers:
    """Every answer by path, and what was asked."""

    routes: dict[str, Callable[[dict[str, str], bytes], Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)
    server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"world": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        assert self.server is not None
        return f"127.0.0.1:{self.server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path.lstrip('/')}"

    def count(self, piece: str) -> int:
        return sum(piece in path for path in self.asked)

    def fault(self, path: str, kind: str, *, times: int = 1, wait: str = "0") -> None:
        self.faults.append(Fault(path, kind, times, wait))

    def take_fault(self, path: str) -> Fault | None:
        with self.guard:
            for found in self.faults:
                if found.path in path and found.times > 0:
                    found.times -= 1
                    return found
        return None

    def write_catalogue(self, path: Path) -> Path:
        """publishers.toml with every publisher here."""
        base = f"http://{self.host}"
        text = f"""
sea_level = "vannstand"
[publishers.geonorge]
owner = "Kartverket"
base = ["{base}/geonorge/api"]
files = "{base}/geonorge/files"
catalogue = "{base}/geonorge/kartkatalog"
[publishers.geonorge_wfs]
owner = "Kartverket"
base = ["{base}/wfs"]
[publishers.nve]
owner = "NVE"
base = ["{base}/nve", "{base}/nve_old"]
[publishers.miljodirektoratet]
owner = "Miljødirektoratet"
base = ["{base}/mdir"]
[publishers.ssb_ogc]
owner = "Statistisk sentralbyrå"
base = ["{base}/ssb/ogc"]
[publishers.ssb_wfs]
owner = "Statistisk sentralbyrå"
base = ["{base}/ssb/wfs"]
[publishers.ssb_tables]
owner = "Statistisk sentralbyrå"
base = ["{base}/ssb/v2"]
[publishers.entur]
owner = "Entur"
base = ["{base}/entur"]
headers = {{ "ET-Client-Name" = "arealplan-fetch" }}
[publishers.artsdatabanken]
owner = "Artsdatabanken"
base = ["{base}/artskart"]
[publishers.gbif]
owner = "GBIF"
base = ["{base}/gbif"]
[publishers.vannstand]
owner = "Kartverket"
base = ["{base}/vannstand"]
[publishers.geofabrik]
owner = "OpenStreetMap contributors"
base = ["{base}/geofabrik"]
fresh_h = 24.0
[population]
publisher = "ssb_tables"
table = "07459"
[built_up]
publisher = "ssb_tables"
table = "04861"
[renumbered]
"9801" = ["9751", "0981"]
"""
        path.write_text(text, encoding="utf-8")
        return path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of ours."""


class _Handler(BaseHTTPRequestHandler):
    world: Publishers
    busy: bool = False
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_HEAD(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        world = self.world
        with world.guard:
            world.asked.append(f"{self.command} {unquote(self.path)}")
            world.headers.append(dict(self.headers))
            world.at_once += 1
            world.most_at_once = max(world.most_at_once, world.at_once)
            self.busy = True
        try:
            self._answer(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self._done()

    def _done(self) -> None:
        """Count this answer as ended.

        Called before the last byte that a client waits for is on its way (of a fault, its
        headers): a client that has it may ask again before this thread runs on.
        """
        with self.world.guard:
            self.world.at_once -= self.busy
            self.busy = False

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path).lstrip("/")
        fault = self.world.take_fault(unquote(self.path))
        if fault and fault.kind in ("500", "503", "429", "404", "410"):
            self._send(int(fault.kind), b"{}", {"Retry-After": fault.wait})
            return
        if fault and fault.kind == "html":
            self._send(200, HTML, {"Content-Type": "text/html"})
            return
        if fault and fault.kind == "timeout":
            time.sleep(0.6)
            self.close_connection = True
            return
        if fault and fault.kind == "error200":
            self._send(200, b'{"error": {"code": 400, "message": "Invalid URL"}}', {})
            return
        if fault and fault.kind.startswith("redirect:"):
            self._send(302, b"", {"Location": fault.kind.removeprefix("redirect:")})
            return
        content = self._content(path, parts.query, body)
        if content is None:
            self._send(404, b"nothing here", {})
            return
        if isinstance(content, tuple):
            self._send(*content)
            return
        self._file(content, fault)

    def _content(self, path: str, query: str, body: bytes) -> Any:
        world = self.world
        values = {k: v[0] for k, v in parse_qs(query, keep_blank_values=True).items()}
        if path in world.files:
            return world.files[path]
        for prefix, route in world.routes.items():
            if path == prefix or (prefix.endswith("*") and path.startswith(prefix[:-1])):
                made = route({"path": path, **values}, body)
                if isinstance(made, dict | list):
                    return json.dumps(made, ensure_ascii=False).encode()
                return made
        return None

    def _file(self, content: bytes, fault: Fault | None) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Last-Modified": "Mon, 02 Nov 2026 06:00:00 GMT"}
        if fault is None and self.headers.get("If-None-Match") == etag:
            self._send(304, b"", headers)
            return
        status, start = 200, 0
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if found and self.headers.get("If-Range") in (etag, headers["Last-Modified"]):
            status, start = 206, int(found.group(1))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        part = content[start:]
        if fault and fault.kind in ("truncate", "longer"):
            sent = part if fault.kind == "longer" else part[: len(part) // 2]
            stated = len(part) + (100 if fault.kind == "longer" else 0)
            self._send(status, sent, headers, length=stated)
            self.close_connection = True
            return
        if fault and fault.kind == "shorter":
            self._send(status, part[:-100], headers)
            return
        if fault and fault.kind == "stall":
            self._send(status, b"", headers, length=len(part))
            self.wfile.write(part[: len(part) // 2])
            self.wfile.flush()
            time.sleep(1.5)
            self.close_connection = True
            return
        if fault and fault.kind == "drip":
            self._send(status, b"", headers, length=len(part))
            for i in range(len(part)):
                self.wfile.write(part[i : i + 1])
                self.wfile.flush()
                time.sleep(0.02)
            return
        self._send(status, part, headers)

    def _send(
        self, status: int, content: bytes, headers: dict[str, str], *, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        if self.command == "HEAD" or status >= 400 or not (content or length):
            self._done()
        self.end_headers()
        if self.command != "HEAD" and content:
            self.wfile.write(content[:-1])
            self._done()
            self.wfile.write(content[-1:])


# What each publisher has.


def municipality() -> bytes:
    return geojson_zip(
        "Basisdata_0000_Norge_25833_Kommuner_GeoJSON",
        {
            "Kommune": [
                (square(0, 0, 2000), {"kommunenummer": NUMBER, "kommunenavn": "Fjordvik"}),
                (square(2000, 0, 2000), {"kommunenummer": "9802", "kommunenavn": "Nabo"}),
            ]
        },
    )


def geojson_zip(name: str, layers: dict[str, list[tuple[Any, dict[str, Any]]]]) -> bytes:
    """Geonorge's GeoJSON: named collections at the root, projected, with crs."""
    root = {
        layer: {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": "EPSG:25833"}},
            "features": [
                {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(g)}
                for g, p in rows
            ],
        }
        for layer, rows in layers.items()
    }
    return zipped(**{f"{name}__geojson": json.dumps(root, ensure_ascii=False).encode()})


def addresses(*, extra: int | None = None) -> bytes:
    """Geonorge's address CSV: BOM, CRLF, Nord before Øst; ``extra`` is the number of a sixth."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            "lokalid",
            "adresseTekst",
            "EPSG-kode",
            "Nord",
            "Øst",
            "grunnkretsnummer",
            "tettstednummer",
        ]
    )
    for i in range(5):
        writer.writerow([400 + i, f"Vegen {i}", 25833, SOUTH + 100 * i, WEST + 50, "98010101", ""])
    if extra is not None:
        writer.writerow([900, f"Vegen {extra}", 25833, SOUTH + 900, WEST + 50, "98010101", ""])
    text = ("\ufeff" + out.getvalue()).encode()
    return zipped(Basisdata_9801_Fjordvik_25833_MatrikkelenAdresse__csv=text)


def population() -> bytes:
    text = "\ufeffSSBID0250M;pop_tot\r\n22500006640000;120\r\n22502506640000;7\r\n"
    return zipped(NOR0250M_POP_2026__csv=text.encode())


def workplaces() -> bytes:
    text = "\ufeffSSBID250M;est_tot;emp_tot\r\n22500006640000;3;0\r\n22502506640000;2;40\r\n"
    return zipped(bedrifter_250m_2026__csv=text.encode())


def n50(folder: Path) -> bytes:
    cover = frame(
        [square(0, 0, 500), square(500, 0, 500), square(1000, 0, 500)],
        objtype=["Skog", "Innsjø", "Havflate"],
    )
    lines = [shapely.LineString([(WEST, SOUTH + y), (WEST + 2000, SOUTH + y)]) for y in (100, 200)]
    return geodatabase(
        folder,
        "Basisdata_9801_Fjordvik_25833_N50Kartdata_FGDB",
        n50_arealdekke_omrade=cover,
        n50_arealdekke_senterlinje=frame(lines[:1], objtype=["ElvBekk"], vannbredde=["2"]),
        n50_samferdsel_senterlinje=frame(
            lines, objtype=["Veglenke", "Bane"], typeveg=["enkelBilveg", None], medium=["T", "T"]
        ),
        n50_samferdsel_posisjon=frame(
            [shapely.Point(WEST + 10, SOUTH + 10)],
            objtype=["Stasjon"],
            navn=["Fjordvik"],
            stasjonstype=["jernbanestasjon"],
        ),
    )


def buildings(folder: Path) -> bytes:
    return geodatabase(
        folder,
        "Basisdata_9801_Fjordvik_25833_MatrikkelenBygning_FGDB",
        bygning=frame(
            [shapely.Point(WEST + 20, SOUTH + 20)],
            bygningsnummer=["012345678"],
            bygningstype=["111"],
            bygningsstatus=["TB"],
            kommunenummer=[NUMBER],
        ),
    )


def floods(folder: Path) -> bytes:
    return geodatabase(
        folder,
        "Samfunnssikkerhet_9801_Fjordvik_25833_Flomsoner_FGDB",
        flomsoner_flomareal=frame(
            [square(0, 0, 100), square(0, 0, 200)],
            objtype=["FlomAreal", "FlomAreal"],
            gjentaksintervall=["20", "2100"],
            lavpunkt=np.array([0, 0], dtype=np.int32),
            flomsoneid=["1", "1"],
        ),
        flomsoner_analyseomrade=frame(
            [square(0, 0, 900)], flomsonenavn=["Elva"], kartlagteflommer=["20,2100"]
        ),
    )


def units() -> bytes:
    rows = [(square(0, 0, 2000), {"grunnkretsnummer": "98010101", "grunnkretsnavn": "Sentrum"})]
    return geojson_zip("Basisdata_9801_Fjordvik_25833_Grunnkretser_GeoJSON", {"Grunnkrets": rows})


def names(folder: Path) -> bytes:
    return zipped(
        Stedsnavn__gml=gml("Sted", [(shapely.Point(WEST + 5, SOUTH + 5), {"navn": "Vik"})])
    )


def terrain(folder: Path, *, west: float, south: float, height: float) -> bytes:
    path = folder / f"cell_{west:.0f}_{south:.0f}_10m_z33.tif"
    values = np.full((100, 100), height, dtype=np.float32)
    values[0, 0] = -9999  # a mirror's own mark, not the tag's
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=100,
        height=100,
        count=1,
        dtype="float32",
        crs="EPSG:25833",
        nodata=-32767,
        transform=from_origin(west, south + 5000, 50, 50),
    ) as out:
        out.write(values, 1)
    return zipped(**{f"{path.stem}__tif": path.read_bytes()})


def gml(kind: str, rows: list[tuple[Any, dict[str, str]]], *, matched: int | None = None) -> bytes:
    """A WFS 2.0 answer: wfs:FeatureCollection, gml 3.2, urn names, easting first."""
    members = []
    for i, (shape, fields) in enumerate(rows):
        if shape.geom_type == "Point":
            body = (
                f'<gml:Point srsName="{_URN}" gml:id="g{i}">'
                f"<gml:pos>{shape.x} {shape.y}</gml:pos></gml:Point>"
            )
        else:
            ring = " ".join(f"{x} {y}" for x, y in shape.exterior.coords)
            body = (
                f"<gml:Polygon srsName='{_URN}' gml:id='g{i}'><gml:exterior><gml:LinearRing>"
                f"<gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
            ).replace("'", '"')
        values = "".join(f"<app:{k}>{v}</app:{k}>" for k, v in fields.items())
        members.append(
            f'<wfs:member><app:{kind} gml:id="{kind}.{i}">{values}'
            f"<app:område>{body}</app:område></app:{kind}></wfs:member>"
        )
    total = len(rows) if matched is None else matched
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<wfs:FeatureCollection '
        'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
        'xmlns:app="https://skjema.geonorge.no/SOSI/produktspesifikasjon/Test/1" '
        f'numberMatched="{total}" numberReturned="{len(rows)}">'
        f"{''.join(members)}</wfs:FeatureCollection>"
    ).encode()


_URN = "urn:ogc:def:crs:EPSG::25833"


def capabilities(types: list[str]) -> bytes:
    listed = "".join(f"<FeatureType><Name>app:{n}</Name></FeatureType>" for n in types)
    return (
        '<?xml version="1.0"?><wfs:WFS_Capabilities xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        'xmlns="http://www.opengis.net/wfs/2.0" version="2.0.0">'
        f"<FeatureTypeList>{listed}</FeatureTypeList></wfs:WFS_Capabilities>"
    ).encode()


def wfs(types: dict[str, list[tuple[Any, dict[str, str]]]]) -> Callable[..., Any]:
    def answer(query: dict[str, str], _: bytes) -> Any:
        if query.get("request") == "GetCapabilities":
            return capabilities(list(types))
        name = query["typenames"].split(":")[1]
        numbers = query["bbox"].split(",")
        assert numbers[4] == _URN
        box = shapely.box(*map(float, numbers[:4]))
        rows = [r for r in types[name] if r[0].intersects(box)]
        start = int(query.get("startindex", "0"))
        count = 0 if query.get("resultType") == "hits" else int(query.get("count", "1000"))
        return gml(name, rows[start : start + count], matched=len(rows))

    return answer


def arcgis(
    layers: dict[str, list[tuple[Any, dict[str, Any]]]], *, most: int = 2
) -> Callable[..., Any]:
    """A MapServer that gives ``most`` features a page."""

    def answer(query: dict[str, str], _: bytes) -> Any:
        tail = query["path"].split("/MapServer")[1].strip("/")
        listed = list(layers)
        if not tail:
            return {"layers": [{"id": i, "name": n} for i, n in enumerate(listed)]}
        number = int(tail.split("/")[0])
        rows = layers[listed[number]]
        if "query" not in tail:
            keys = ["OBJECTID", *rows[0][1]] if rows else ["OBJECTID"]
            return {
                "maxRecordCount": most,
                "fields": [
                    {
                        "name": k,
                        "type": "esriFieldTypeOID" if k == "OBJECTID" else "esriFieldTypeString",
                    }
                    for k in keys
                ],
            }
        box = shapely.box(*map(float, query["geometry"].split(",")))
        hits = [(i, g, p) for i, (g, p) in enumerate(rows) if g.intersects(box)]
        if query.get("returnCountOnly"):
            return {"count": len(hits)}
        start = int(query["resultOffset"])
        size = min(most, int(query["resultRecordCount"]))
        page = hits[start : start + size]
        features = [
            {
                "type": "Feature",
                "id": i,
                "properties": {"OBJECTID": i, **p},
                "geometry": shapely.geometry.mapping(g),
            }
            for i, g, p in page
        ]
        more = start + len(page) < len(hits)
        return {
            "type": "FeatureCollection",
            "features": features,
            **({"properties": {"exceededTransferLimit": True}} if more else {}),
        }

    return answer


def ogc_features(world: Publishers, *, size: int = 1) -> Callable[..., Any]:
    to_lonlat = Transformer.from_crs(25833, 4326, always_xy=True)
    shapes = [square(0, 0, 400), square(1000, 1000, 300)]
    rows = [
        {
            "type": "Feature",
            "properties": {"tettstednummer": 801, "tettstednavn": "Fjordvik", "fid": i},
            "geometry": shapely.geometry.mapping(
                shapely.transform(s, to_lonlat.transform, interleaved=False)
            ),
        }
        for i, s in enumerate(shapes)
    ]

    def answer(query: dict[str, str], _: bytes) -> Any:
        path = query["path"]
        if path.endswith("collections"):
            ids = ["tettsted_2024", "tettsted_2026", "tettsted_2025", "annet_2030"]
            return {"collections": [{"id": i} for i in ids]}
        if "tettsted_2026/items" not in path:
            return None
        offset = int(query.get("offset", "0"))
        links = []
        if offset + size < len(rows):
            links = [{"rel": "next", "href": f"/{path}?f=json&offset={offset + size}"}]
        return {
            "type": "FeatureCollection",
            "numberMatched": len(rows),
            "features": rows[offset : offset + size],
            "links": links,
        }

    return answer


def gtfs() -> bytes:
    """Two trips, one of them in the area; calendar_dates alone."""
    lon, lat = Transformer.from_crs(25833, 4326, always_xy=True).transform(WEST + 900, SOUTH + 900)
    return zipped(
        agency__txt=b"agency_id,agency_name,agency_url,agency_timezone\nA,A,http://a,Europe/Oslo\n",
        stops__txt=(
            "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
            f"NSR:StopPlace:1,Fjordvik,{lat},{lon},1,\n"
            f"NSR:Quay:1,Fjordvik,{lat},{lon},,NSR:StopPlace:1\n"
            "NSR:Quay:2,Langt borte,63.4,10.4,,\nNSR:Quay:3,Nord,69.6,18.9,,\n"
        ).encode(),
        routes__txt=b"route_id,agency_id,route_short_name,route_type\nR1,A,1,700\nR2,A,2,100\n",
        trips__txt=b"route_id,trip_id,service_id\nR1,T1,S1\nR2,T2,S2\n",
        stop_times__txt=(
            b"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            b"T1,08:00:00,08:00:00,NSR:Quay:1,1\nT1,09:00:00,09:00:00,NSR:Quay:2,2\n"
            b"T2,08:00:00,08:00:00,NSR:Quay:2,1\nT2,25:10:00,25:10:00,NSR:Quay:3,2\n"
        ),
        # What a national feed is large by; the client knows it from an error page by its size.
        shapes__txt=np.random.default_rng(1).bytes(120_000).hex().encode(),
        calendar_dates__txt=b"service_id,date,exception_type\nS1,20261124,1\nS2,20261124,1\n",
    )


def artskart(*, size: int = 2) -> Callable[..., Any]:
    rows = [
        {
            "Id": i,
            "Vitenskapelig navn": f"Planta {i}",
            "Koordinat_x": str(WEST + 10 * i),
            "Koordinat_y": str(SOUTH + 10),
            "Kategori": "VU",
        }
        for i in range(3)
    ]

    def answer(query: dict[str, str], _: bytes) -> Any:
        polygon = shapely.from_wkt(query["filter.wktPolygon"])
        inside = [
            r
            for r in rows
            if polygon.covers(shapely.Point(float(r["Koordinat_x"]), float(r["Koordinat_y"])))
        ]
        start = int(query["pageIndex"]) * int(query["pageSize"])
        return {
            "TotalCount": len(inside),
            "Observations": inside[start : start + int(query["pageSize"])],
        }

    return answer


def table_07459(query: dict[str, str], _: bytes) -> Any:
    """JSON-stat 2: 63 men and 64 women in two ages."""
    assert query["valueCodes[Region]"] == f"K-{NUMBER}"
    return {
        "version": "2.0",
        "class": "dataset",
        "id": ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"],
        "size": [1, 2, 2, 1, 1],
        "dimension": {
            "Region": {"category": {"index": {f"K-{NUMBER}": 0}}},
            "Kjonn": {"category": {"index": {"1": 0, "2": 1}}},
            "Alder": {"category": {"index": {"000": 0, "105+": 1}}},
            "ContentsCode": {"category": {"index": ["Personer1"]}},
            "Tid": {"category": {"index": {"2026": 0}}},
        },
        "value": [60, 3, 60, 4],
    }


LEVELS = """<?xml version="1.0" encoding="UTF-8"?>
<tide><locationlevels><level reflevelcode="NN2000">
<value code="RETURN20" name="20 år">143.0</value><value code="RETURN200" name="200 år">171.5</value>
</level></locationlevels></tide>""".encode()


class Geonorge:
    """Orders: code lists, an order that must be waited for, links that expire."""

    def __init__(self, world: Publishers, files: dict[str, tuple[str, bytes]], wait: int) -> None:
        self.world, self.files, self.wait = world, files, wait
        self.polls: dict[str, int] = {}
        self.orders: list[dict[str, Any]] = []
        # Files of other municipalities, by data set and number.
        self.others: dict[tuple[str, str], tuple[str, bytes]] = {}

    def areas(self, query: dict[str, str], _: bytes) -> Any:
        uuid = query["path"].rsplit("/", 1)[-1]
        if uuid not in self.files:
            return None
        form = [
            {
                "code": "25833",
                "formats": [{"name": n} for n in ("FGDB 10.0", "CSV", "GML", "GeoJSON")],
            }
        ]
        found = [
            {"type": "kommune", "code": NUMBER, "name": "Fjordvik", "projections": form},
            {"type": "landsdekkende", "code": "0000", "name": "Hele landet", "projections": form},
        ]
        found += [
            {"type": "kommune", "code": number, "name": "Nabo", "projections": form}
            for other, number in self.others
            if other == uuid
        ]
        cells = [("6602_1", "c"), ("6602_2", "c"), ("7007_4", "c")]
        return found + [{"type": "celle", "code": c, "name": c} for c, _ in cells]

    def order(self, query: dict[str, str], body: bytes) -> Any:
        reference = query["path"].rsplit("/", 1)[-1]
        if reference == "order":
            line = json.loads(body)["orderLines"][0]
            self.orders.append(line)
            reference = f"ref-{len(self.orders)}"
            self.polls[reference] = self.wait
        line = self.orders[int(reference.split("-")[1]) - 1]
        ready = self.polls[reference] <= 0
        self.polls[reference] -= 1
        name = self._ordered(line)[0]
        return {
            "ReferenceNumber": reference,
            "Files": [
                {
                    "DownloadUrl": self.world.url(f"geonorge/api/download/order/{reference}/1"),
                    "Name": name,
                    "Status": "ReadyForDownload" if ready else "WaitingForProcessing",
                }
            ],
        }

    def _ordered(self, line: dict[str, Any]) -> tuple[str, bytes]:
        uuid = line["metadataUuid"]
        return self.others.get((uuid, line["areas"][0]["code"]), self.files[uuid])

    def download(self, query: dict[str, str], _: bytes) -> Any:
        reference = query["path"].split("/")[-2]
        name, content = self._ordered(self.orders[int(reference.split("-")[1]) - 1])
        target = f"geonorge/files/{name}"
        self.world.files[target] = content
        return 302, b"", {"Location": "/" + target}


def table_04861(query: dict[str, str], _: bytes) -> Any:
    """JSON-stat 2: settlements of 0.5 km² with 127 residents."""
    assert query["valueCodes[Region]"] == NUMBER
    contents = {"index": {"A": 0, "B": 1}, "label": {"A": "Areal av tettsted", "B": "Bosatte"}}
    units = {"A": {"base": "km²", "decimals": 2}, "B": {"base": "personer", "decimals": 0}}
    return {
        "id": ["Region", "ContentsCode", "Tid"],
        "size": [1, 2, 1],
        "dimension": {
            "Region": {"category": {"index": {NUMBER: 0}}},
            "ContentsCode": {"category": {**contents, "unit": units}},
            "Tid": {"category": {"index": {"2025": 0}}},
        },
        "value": [0.5, 127],
    }


def all_publishers(world: Publishers, folder: Path, *, wait: int = 0) -> Geonorge:
    """Give a server everything that a municipality needs."""
    folder.mkdir(exist_ok=True)
    files = {
        "041f1e6e-bdbc-4091-b48f-8a5990f3cc5b": (
            "Basisdata_0000_Norge_25833_Kommuner_GeoJSON.zip",
            municipality(),
        ),
        "f7df7a18-b30f-4745-bd64-d0863812350c": (
            "Basisdata_9801_Berum_25833_MatrikkelenAdresse_CSV.zip",
            addresses(),
        ),
        "51d279f8-e2be-4f5e-9f72-1a53f7535ec1": (
            "Basisdata_9801_Fjordvik_25833_Grunnkretser_GeoJSON.zip",
            units(),
        ),
        "24d7e9d1-87f6-45a0-b38e-3447f8d7f9a1": (
            "Basisdata_9801_Fjordvik_25833_MatrikkelenBygning_FGDB.zip",
            buildings(folder),
        ),
        "30caed2f-454e-44be-b5cc-26bb5c0110ca": (
            "Basisdata_9801_Fjordvik_25833_Stedsnavn_GML.zip",
            names(folder),
        ),
        "11111111-2222-3333-4444-555555552026": (
            "Befolkning_0000_Norge_25833_Rutenett250m2026_CSV.zip",
            population(),
        ),
        "7dcf4a32-b150-48f6-bae6-f8a25fab300c": (
            "Bedrifter_0000_Norge_25833_250m_CSV.zip",
            workplaces(),
        ),
        "ea192681-d039-42ec-b1bc-f3ce04c189ac": (
            "Basisdata_9801_Fjordvik_25833_N50Kartdata_FGDB.zip",
            n50(folder),
        ),
        "e95008fc-0945-4d66-8bc9-e50ab3f50401": (
            "Samfunnssikkerhet_9801_Fjordvik_25833_Flomsoner_FGDB.zip",
            floods(folder),
        ),
        "dddbb667-1303-4ac5-8640-7ec04c0e3918": ("-", b""),
    }
    geonorge = Geonorge(world, files, wait)
    cells = {
        "6602_1": terrain(folder, west=WEST - 2500, south=SOUTH - 2500, height=10),
        "6602_2": terrain(folder, west=WEST + 2500, south=SOUTH - 2500, height=20),
        "7007_4": b"never asked for",
    }
    listing = "".join(
        f'<a href="Basisdata_{c}_Celle_25833_DTM10UTM33_TIFF.zip">x</a>' for c in cells
    )
    for cell, content in cells.items():
        name = f"Basisdata_{cell}_Celle_25833_DTM10UTM33_TIFF.zip"
        world.files[f"geonorge/files/Basisdata/DTM10UTM33/TIFF/{name}"] = content
    world.files["geonorge/files/Basisdata/DTM10UTM33/TIFF/"] = f"<html>{listing}</html>".encode()
    series = "geonorge/kartkatalog/getdata/0c0ad0ce-55e8-4d73-9c12-0eb0e2454acb"
    polygon = [(square(0, 0, 300), {"dekningStatus": "kartlagt"})]
    years = (
        "20År_KlimaÅrNå",
        "200År_KlimaÅrNå",
        "1000År_KlimaÅrNå",
        "200År_KlimaÅr2100",
        "1000År_KlimaÅr2100",
    )
    surges = {f"Stormflo{y}": [(square(0, 0, 50), {"opphav": "x"})] for y in years}
    surges["Stormflo200År_KlimaÅrNå"] = []
    clay = [
        (
            square(100 * i, 500, 90),
            {
                "risiko": f"Risikoklasse {i}",
                "faregrad": "Null",
                "objType": "UtlosningOmr",
                "skrdOmrNvn": f"S{i}",
            },
        )
        for i in range(1, 6)
    ]
    reserve = [
        (
            square(0, 0, 90),
            {
                "offisieltNavn": "Vika",
                "verneform": "naturreservat",
                "vernedato": 1571184000000,
                "naturvernId": "VV1",
            },
        )
    ]
    types = [
        (
            square(0, 0, 60),
            {"Naturtype": "Hul eik", "Lokalitetskvalitet": "Svært høy kvalitet", "NiNID": "N1"},
        )
    ]
    extent = [(square(0, 0, 600), {"Prosjektnavn": "P", "Årstall": 2024})]
    world.routes |= {
        series: lambda *_: {
            "SerieDatasets": [
                {"Uuid": "11111111-2222-3333-4444-555555552025", "Title": "Befolkning 2025"},
                {"Uuid": "11111111-2222-3333-4444-555555552026", "Title": "Befolkning 2026"},
            ]
        },
        "geonorge/kartkatalog/getdata/*": lambda *_: {"Uuid": "x", "Title": "no series"},
        "geonorge/api/codelists/area/*": geonorge.areas,
        "geonorge/api/order*": geonorge.order,
        "geonorge/api/download/order/*": geonorge.download,
        "wfs/wfs.stormflo_havniva": wfs({**surges, "Dekningsområde": polygon}),
        "wfs/wfs.aktsomhetskartforjordogflomskred": wfs(
            {
                "AktsomhetsOmrJordOgFlomskred": [
                    (square(i * 20, 0, 10), {"skredtype": "jordskred"}) for i in range(3)
                ]
            }
        ),
        "nve/SkredKvikkleire2/MapServer*": arcgis(
            {"KvikkleireFaregrad": [], "KvikkleireRisiko58338": clay}
        ),
        "mdir/vern/MapServer*": arcgis({"naturvern_omrade": reserve}),
        "mdir/naturtyper_nin/MapServer*": arcgis({"naturtyper_nin": types, "Dekningskart": extent}),
        "ssb/ogc/tettsted_ogc_api/*": ogc_features(world),
        "ssb/v2/tables/07459/data": table_07459,
        "ssb/v2/tables/04861/data": table_04861,
        "artskart/observations/list": artskart(),
        "vannstand/tideapi.php": lambda *_: LEVELS,
    }
    world.files["entur/rb_norway-aggregated-gtfs.zip"] = gtfs()
    return geonorge
