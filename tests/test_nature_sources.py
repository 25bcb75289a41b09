"""Read what nature is delivered as: modelled richness without a CRS, records of two portals."""

from __future__ import annotations

import base64
import gzip
import re
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import Transformer

from gis.errors import CrsError, SourceError
from gis.inbox import guess
from gis.sources import read_layer
from gis.sources.contents import Content
from gis.sources.darwincore import core_of, core_table
from gis.sources.tables import read_columns
from gis.store import open_store
from gis.workspace import open_workspace
from tests.command import arealplan


def without_crs(source: Path, target: Path) -> Path:
    """The same cells in a file that holds no reference system, as the publisher's did."""
    with rasterio.open(source) as tile:
        profile = {**tile.profile, "crs": None}
        values = tile.read(1)
    with rasterio.open(target, "w", **profile) as out:
        out.write(values, 1)
    with rasterio.open(target) as tile:
        assert not tile.crs
    return target


def test_modelled_richness_is_read_though_its_crs_is_missing(
    real_data: Path, tmp_path: Path
) -> None:
    """Twin: rasterio on the delivered file; the catalogue states the CRS, nothing is guessed."""
    delivered = real_data / "baerum/vascular_plant_richness_1km.tif"
    with rasterio.open(delivered) as tile:
        raw = tile.read(1, masked=True)
        corner = tile.transform
    for path in (delivered, without_crs(delivered, tmp_path / "richness.tif")):
        data = read_layer("plant_richness", path)
        assert data.raster is not None
        assert data.raster.epsg == 25833
        assert data.raster.transform == corner
        known = ~np.ma.getmaskarray(raw)
        assert (~np.isnan(data.raster.values) == known).all()
        assert data.raster.values[known] == pytest.approx(raw[known].data)
        assert int(known.sum()) == 26 * 31 - 15


def test_a_raster_without_crs_is_refused_where_the_catalogue_does_not_know(
    real_data: Path, tmp_path: Path
) -> None:
    """By rule: terrain's entry states no CRS, so that none is assumed."""
    path = without_crs(real_data / "baerum/dtm_50m.tif", tmp_path / "dtm.tif")
    with pytest.raises(CrsError, match="no coordinate reference system"):
        read_layer("terrain", path)


def test_a_raster_is_told_by_its_name() -> None:
    """By hand: a raster says nothing of itself, so only the data set's own name is richness."""
    assert [g.layer for g in guess([Content("dtm_50m", "raster")])] == ["terrain"]
    named = guess([Content("vascular_plant_richness_1km", "raster")])
    assert {g.layer for g in named if g.exact} == {"plant_richness"}


# --- species records ------------------------------------------------------------------------

TERMS = (
    "gbifID",
    "species",
    "scientificName",
    "taxonRank",
    "class",
    "occurrenceStatus",
    "decimalLatitude",
    "decimalLongitude",
    "coordinateUncertaintyInMeters",
    "eventDate",
)
# A quote mark that means nothing, a genus alone, an absence, a day given as a span.
OCCURRENCES = (
    'a1|Pica pica|"Pica pica" L.|SPECIES|Aves|PRESENT|59.9|10.5|25|2019-05-03T10:00Z',
    "a2||Taraxacum|GENUS|Magnoliopsida|PRESENT|59.91|10.51||2019",
    "a3|Bubo bubo|Bubo bubo|SPECIES|Aves|ABSENT|59.92|10.52|10|2020-01-02",
    "a4|Fraxinus excelsior|Fraxinus|SPECIES|Magnoliopsida|PRESENT|59.93|10.53|1000|2021-06-01/05",
)
META = """<?xml version="1.0" encoding="UTF-8"?>
<archive xmlns="http://rs.tdwg.org/dwc/text/">
  <core encoding="UTF-8" fieldsTerminatedBy="\\t" linesTerminatedBy="\\n" fieldsEnclosedBy=""
        ignoreHeaderLines="{lines}" rowType="http://rs.tdwg.org/dwc/terms/{kind}">
    <files><location>{member}</location></files>
    <id index="0"/>
{fields}
  </core>
</archive>
"""


def body() -> str:
    return "".join(row.replace("|", "\t") + "\n" for row in OCCURRENCES)


def archive(
    folder: Path, *, header: str | None, kind: str = "Occurrence", member: str = "occurrence.txt"
) -> Path:
    """A Darwin Core archive; its header, where it has one, is in words of its own."""
    fields = "\n".join(
        f'    <field index="{i}" term="http://rs.tdwg.org/dwc/terms/{term}"/>'
        for i, term in enumerate(TERMS)
    )
    lines = 0 if header is None else 1
    meta = META.format(lines=lines, kind=kind, member=member, fields=fields)
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("meta.xml", meta)
        out.writestr("occurrence.txt", f"{header}\n{body()}" if header else body())
        out.writestr("citations.txt", "one\ttwo\n")
    return path


def plain(folder: Path) -> Path:
    """The same records as GBIF's simple download: a tab-separated table named .csv."""
    path = folder / "0001234-240101.csv"
    path.write_text("\t".join(TERMS) + "\n" + body(), encoding="utf-8")
    return path


def test_archive_with_and_without_header_and_plain_table_are_one(tmp_path: Path) -> None:
    """By hand: three presences; the absence is no record; degrees are read as degrees."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = (
        archive(tmp_path / "a", header=None),
        archive(tmp_path / "b", header="\t".join(f"x{i}" for i in range(len(TERMS)))),
        plain(tmp_path),
    )
    east, north = Transformer.from_crs(4326, 25833, always_xy=True).transform(10.5, 59.9)
    for path in files:
        found = read_layer("species_records", path).frame
        assert found["species"].fillna("").tolist() == ["Pica pica", "", "Fraxinus excelsior"]
        assert found["group"].tolist() == ["Aves", "Magnoliopsida", "Magnoliopsida"]
        assert found["uncertainty_m"].fillna(-1).tolist() == [25, -1, 1000]
        assert found["category"].tolist() == ["NE", "NE", "NE"]
        assert found["date"].dt.strftime("%Y-%m-%d").tolist() == [
            "2019-05-03",
            "2019-01-01",
            "2021-06-01",
        ]
        assert (found.geometry[0].x, found.geometry[0].y) == pytest.approx((east, north), abs=0.01)


def test_zipped_simple_download(tmp_path: Path) -> None:
    """Identity: the zip with the one table gives what the table gives."""
    table = plain(tmp_path)
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.write(table, table.name)
    one, other = (read_layer("species_records", p).frame for p in (table, path))
    assert one.equals(other)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "Taxon"}, "the core holds 'Taxon'; allowed: Occurrence"),
        ({"member": "gone.txt"}, "one file of this archive"),
        ({"member": "../occurrence.txt"}, "one file of this archive"),
    ],
)
def test_archives_that_are_refused(tmp_path: Path, change: dict[str, str], word: str) -> None:
    """By hand: another kind of core, a file that is not there, one outside the archive."""
    with pytest.raises(SourceError, match=word):
        read_layer("species_records", archive(tmp_path, header=None, **change))


def test_the_real_archive_of_2013_has_its_columns_by_place(real_data: Path, tmp_path: Path) -> None:
    """Real data: 158 rows without a header, 64 terms; twin: the text itself."""
    path = real_data / "norway/gbif_dwca_sample_2013.zip"
    core = core_of(path)
    assert core is not None
    assert (core.member, len(core.columns), core.quoted) == ("occurrence.txt", 64, False)
    table = core_table(path, tmp_path)
    assert table is not None
    with zipfile.ZipFile(path) as whole:
        lines = whole.read("occurrence.txt").decode("utf-8").removesuffix("\n").split("\n")
    wanted = [core.columns.index(t) for t in ("decimalLatitude", "scientificName")]
    read = read_columns(table, ["decimalLatitude", "scientificName"])
    assert len(read) == len(lines) == 158
    for row, line in zip(read.fillna("").itertuples(index=False), lines, strict=True):
        assert tuple(row) == tuple(line.split("\t")[i] for i in wanted)


HIDDEN = "Bubo secretus"
ARTSKART = (
    "Vitenskapelig navn;Koordinat_x;Koordinat_y;Usikkerhet;Kategori;Sensitiv",
    f"{HIDDEN};251234,5;6641234,5;10;CR;Ja",
    f"{HIDDEN};251777,5;6641777,5;;CR;Ja",
    "Strix publica;252000;6642000;4000;EN;Ja",
    "Pica pica;250100;6640100;10;LC;Nei",
)


def test_sensitive_records_are_never_finer_than_the_publishers_squares(tmp_path: Path) -> None:
    """By hand: one exact and one that does not say are left out and counted, a coarse one stays."""
    path = tmp_path / "artskart.csv"
    path.write_text("\n".join(ARTSKART) + "\n", encoding="utf-8")
    data = read_layer("species_records", path)
    assert data.frame["species"].tolist() == ["Strix publica", "Pica pica"]
    assert data.source.notes == ("2 sensitive rows surer of their place than 2000 m left out",)


# A block of text in a page that is base64 of gzip, as the pages carry their layers.
_PACKED = re.compile(rb"H4sI[A-Za-z0-9+/=]{20,}")


def opened(path: Path) -> bytes:
    """Return the bytes of an output and of all that is packed in it."""
    raw = path.read_bytes()
    parts = [raw]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    if path.suffix == ".parquet":
        table = pq.read_table(path).to_pandas()
        parts.append(table.to_csv().encode())
    parts += [gzip.decompress(base64.b64decode(block)) for block in _PACKED.findall(raw)]
    return b"\n".join(parts)


def places(path: Path) -> list[tuple[float, float]]:
    """Return every corner of every layer of an output that a GIS reads, in EPSG:25833."""
    found: list[tuple[float, float]] = []
    if path.suffix == ".gpkg":
        spatial = [name for name, kind in pyogrio.list_layers(path) if kind is not None]
        for name in spatial:
            frame = gpd.read_file(path, layer=name).to_crs(25833)
            found += map(tuple, shapely.get_coordinates(frame.geometry.to_numpy()))
    return found


def test_no_output_holds_what_is_finer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By search: neither name nor place of the exact records in any output, unpacked."""
    rows = [f"Art {i % 7};{250_000 + 40 * i};{6_640_000 + 30 * i};10;NT;Nei" for i in range(90)]
    text = "\n".join([*ARTSKART, *rows]) + "\n"
    (tmp_path / "artskart.csv").write_text(text, encoding="utf-8")
    square = gpd.GeoDataFrame(
        {"kommunenummer": ["9801"], "kommunenavn": ["Byen"]},
        geometry=[shapely.box(249_000, 6_639_000, 255_000, 6_645_000)],
        crs=25833,
    )
    square.to_file(tmp_path / "kommune.gpkg")
    (tmp_path / "workspace.toml").write_text(
        'area = "9801"\nlanguage = "nb"\n[layers.municipality]\npath = "kommune.gpkg"\n'
        '[layers.species_records]\npath = "artskart.csv"\n',
        encoding="utf-8",
    )
    where = ("-w", str(tmp_path))
    out = tmp_path / "ut"
    out.mkdir()
    plan = tmp_path / "plan.geojson"
    near = shapely.box(251_000, 6_641_000, 252_000, 6_642_000)
    gpd.GeoDataFrame({"navn": ["x"]}, geometry=[near], crs=25833).to_crs(4326).to_file(plan)
    ask = ("analyse", "biodiversity-hotspots", *where, "--min-records", "2")
    screen = ("screen", str(plan), *where)
    said = ""
    for words in (
        ("build", *where),
        (*ask, "--json"),
        *((*ask, "-o", str(out / f"svar.{x}")) for x in ("csv", "gpkg", "xlsx", "parquet")),
        *((*ask, "--exact", "-o", str(out / f"eget.{x}")) for x in ("gpkg", "parquet")),
        *((*screen, "-o", str(out / f"plan.{x}")) for x in ("json", "html", "gpkg", "xlsx")),
        ("map", "naturmangfold", *where, "-o", str(out)),
        ("export", str(out / "alt.gpkg"), *where),
    ):
        ran = arealplan(monkeypatch, capsys, *words)
        assert ran.code == 0, ran.problem
        said = ran.out if "--json" in words else said
    (out / "svar.json").write_text(said, encoding="utf-8")
    files = [p for p in tmp_path.rglob("*") if p.is_file() and p.name != "artskart.csv"]
    assert {"svar.json", "plan.html", "alt.gpkg", "naturmangfold.html"} <= {p.name for p in files}
    # What is looked for would be found: the coarse record is in the store and in the export.
    assert b"Strix publica" in opened(out / "alt.gpkg")
    assert (252_000, 6_642_000) in [tuple(np.round(p)) for p in places(out / "alt.gpkg")]
    exact = {(251_234, 6_641_234), (251_235, 6_641_235), (251_777, 6_641_777)}
    for path in files:
        raw = opened(path)
        for word in (HIDDEN, "251234", "251777", "6641234", "6641777"):
            assert word.encode() not in raw, f"{word} in {path.name}"
        assert not exact & {(int(x), int(y)) for x, y in places(path)}, path.name
    kept = open_store(open_workspace(tmp_path)).frame("species_records")
    assert HIDDEN not in set(kept["species"])
    assert "Strix publica" in set(kept["species"])
