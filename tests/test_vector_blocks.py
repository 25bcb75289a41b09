"""Vector files read block by block: the same layer as read at once, in little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from gis.sources import batches, open_layer, read_layer, rows
from gis.sources.base import Notes
from gis.store.frames import FrameWriter

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 333


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_BLOCK_ROWS", 20)
    monkeypatch.setattr(batches, "_BLOCK_ROWS", 20)


def _points() -> gpd.GeoDataFrame:
    i = np.arange(ROWS)
    fields = {
        "adresseId": 10**9 + i,
        "adresseTekst": [f"Vei {k}" if k % 7 else None for k in i],
        "grunnkretsnummer": [f"3201{k % 50:04}" for k in i],
        "tettstednummer": [None if k % 3 == 0 else "801" for k in i],
    }
    # Every ninth without a place, which is left out and counted.
    shapes = shapely.points(250_000.0 + i, 6_640_000.25 + (i * 37) % 1000)
    shapes = np.where(i % 9 == 8, None, shapes)
    return gpd.GeoDataFrame(fields, geometry=shapes, crs=25833)


def _written(folder: Path, suffix: str) -> Path:
    path = folder / f"vegadresse.{suffix}"
    if suffix == "parquet":
        _points().to_parquet(path)
    else:
        pyogrio.write_dataframe(_points(), path, layer="vegadresse")
    return path


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet"])
def test_blocks_are_the_whole(tmp_path: Path, suffix: str) -> None:
    """By geopandas: the rows of the file in their order, in blocks of at most twenty."""
    layer = open_layer("addresses", _written(tmp_path, suffix))
    blocks = list(layer)
    assert len(blocks) >= ROWS // 20
    assert max(map(len, blocks)) <= 20
    found = pd.concat(blocks, ignore_index=True)
    there = _points()[~_points().geometry.isna()].reset_index(drop=True)
    assert found["address_id"].tolist() == there["adresseId"].tolist()
    assert found["urban_area"].isna().tolist() == there["tettstednummer"].isna().tolist()
    assert found.geometry.geom_equals_exact(there.geometry, 0).all()
    assert layer.source.rows == len(there)
    assert layer.source.notes == (f"{ROWS // 9} rows without geometry left out",)


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet"])
def test_a_box_is_the_same_cut(tmp_path: Path, suffix: str) -> None:
    """By a mask of hand: rows in the box, whether an index found them or blocks were passed."""
    box = (250_050.0, 6_640_000.0, 250_200.0, 6_640_500.0)
    found = read_layer("addresses", _written(tmp_path, suffix), bounds=box).frame
    all_rows = _points()
    inside = shapely.intersects(shapely.box(*box), all_rows.geometry.to_numpy())
    assert 0 < inside.sum() < 151
    assert found["address_id"].tolist() == all_rows["adresseId"][inside].tolist()


def test_units_in_several_blocks_are_joined(tmp_path: Path) -> None:
    """By hand: 60 strips of three numbers, told in turn, are three units of 20 strips each."""
    strips = [shapely.box(i * 10, 0, i * 10 + 10, 100) for i in range(60)]
    shapes = shapely.transform(np.array(strips), lambda c: c + np.array([250_000, 6_640_000]))
    names = {"grunnkretsnummer": [f"3201010{i % 3}" for i in range(60)], "grunnkretsnavn": "x"}
    path = tmp_path / "g.gpkg"
    gpd.GeoDataFrame(names, geometry=shapes, crs=25833).to_file(path, layer="Grunnkrets")
    frame = read_layer("basic_statistical_units", path).frame
    assert sorted(frame["number"]) == ["32010100", "32010101", "32010102"]
    assert frame.geometry.area.tolist() == [20_000.0] * 3


ARC = (
    '<gml:Curve gml:id="c{i}" srsName="EPSG:25833"><gml:segments><gml:Arc><gml:posList>'
    "{x} 6640000 {m} 6640050 {e} 6640000</gml:posList></gml:Arc></gml:segments></gml:Curve>"
)
LINE = (
    '<gml:LineString gml:id="c{i}" srsName="EPSG:25833"><gml:posList>{x} 6640000 {e} 6640000'
    "</gml:posList></gml:LineString>"
)


def test_an_arc_in_a_later_block(tmp_path: Path) -> None:
    """Closed form: half circles of 100 m after 45 straight lines; no row twice, none lost."""
    members = []
    for i in range(50):
        shape = (ARC if i >= 45 else LINE).format(
            i=i, x=250_000 + 200 * i, m=250_050 + 200 * i, e=250_100 + 200 * i
        )
        members.append(
            f'<gml:featureMember><x:Bane gml:id="b{i}"><x:medium>{i}</x:medium>'
            f"<x:senterlinje>{shape}</x:senterlinje></x:Bane></gml:featureMember>"
        )
    path = tmp_path / "x.gml"
    path.write_text(
        '<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2" '
        f'xmlns:x="http://x">{"".join(members)}</gml:FeatureCollection>'
    )
    found = pd.concat(
        rows.stream_rows(str(path), "Bane", ["medium"], source="x", notes=Notes()),
        ignore_index=True,
    )
    assert found["medium"].astype(int).tolist() == list(range(50))
    lengths = found.geometry.length.to_numpy()
    assert lengths[:45] == pytest.approx(100.0)
    assert lengths[45:] == pytest.approx(50 * np.pi, rel=2e-3)


def test_no_rows(tmp_path: Path) -> None:
    """By hand: a layer without rows is one empty block with its fields."""
    for suffix in ("gpkg", "parquet"):
        path = tmp_path / f"vegadresse.{suffix}"
        if suffix == "gpkg":
            _points().iloc[:0].to_file(path, layer="vegadresse")
        else:
            _points().iloc[:0].to_parquet(path)
        (frame,) = list(open_layer("addresses", path))
        assert list(frame.columns) == ["address_id", "text", "unit", "urban_area", "geometry"]
        assert len(frame) == 0


def test_the_store_holds_what_one_block_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identity: the file of many blocks equals that of one."""
    path = _written(tmp_path, "gpkg")
    found = []
    for size in (20, 10_000):
        monkeypatch.setattr(rows, "_BLOCK_ROWS", size)
        with FrameWriter(tmp_path / f"{size}.parquet") as out:
            for block in open_layer("addresses", path):
                out.write(block)
        found.append(gpd.read_parquet(tmp_path / f"{size}.parquet"))
    assert_geodataframe_equal(*found)
