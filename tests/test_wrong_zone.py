"""Files in another zone than their label says: refused with the likely zone, never empty layers."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from pyproj import Transformer

from gis.catalogue import LocalLayer
from gis.errors import CrsError, SourceError
from gis.sources import open_layer, read_layer

# A study area in zone 33, as large as a municipality with its halo.
BOX = (235_000.0, 6_640_000.0, 260_000.0, 6_665_000.0)
INSIDE = [(245_000.0 + 100 * i, 6_650_000.0 + 50 * i) for i in range(20)]


def relabelled(points: list[tuple[float, float]], zone: int) -> list[tuple[float, float]]:
    """Return the numbers the points have in another zone."""
    move = Transformer.from_crs(25833, zone, always_xy=True)
    return [move.transform(x, y) for x, y in points]


def address_csv(path: Path, points: list[tuple[float, float]], said: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        head = "adresseId adresseTekst EPSG-kode Nord Øst grunnkretsnummer tettstednummer"
        writer.writerow(head.split())
        for i, (x, y) in enumerate(points):
            writer.writerow([i, f"Vegen {i}", said, y, x, "98010101", ""])
    return path


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp"])
def test_vector_files(tmp_path: Path, ending: str) -> None:
    """Independent: pyproj gives the numbers of zone 32; labelled 33 they lie in Sweden."""
    shapes = [shapely.Point(p).buffer(20) for p in relabelled(INSIDE, 25832)]
    path = tmp_path / f"x.{ending}"
    gpd.GeoDataFrame({"navn": ["x"] * 20}, geometry=shapes, crs=25833).to_file(path)
    with pytest.raises(CrsError, match=r"EPSG:25833 \(zone 33\).* likely in zone 32") as caught:
        read_layer("sea", path, bounds=BOX)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("truly", "said"), [(25832, 25833), (25833, 25832)])
def test_address_tables(tmp_path: Path, truly: int, said: int) -> None:
    """Independent: pyproj; both ways round."""
    points = INSIDE if truly == 25833 else relabelled(INSIDE, truly)
    path = address_csv(tmp_path / "a.csv", points, said)
    with pytest.raises(CrsError, match=f"likely in zone {truly - 25800}"):
        read_layer("addresses", path, bounds=BOX)


def test_right_labels_are_left_alone(tmp_path: Path) -> None:
    """By hand: the right label is read; rows all around the area are nothing here, not wrong."""
    right = address_csv(tmp_path / "a.csv", relabelled(INSIDE, 25832), 25832)
    assert len(read_layer("addresses", right, bounds=BOX).frame) == 20
    around = [(BOX[0] - 1000, BOX[1] - 1000), (BOX[2] + 1000, BOX[3] + 1000)]
    data = read_layer("addresses", address_csv(tmp_path / "b.csv", around, 25833), bounds=BOX)
    assert data.frame.empty
    assert "no rows in the study area" in data.source.notes


def test_another_municipality_s_file_is_refused(tmp_path: Path) -> None:
    """By hand: 90 km north of the area; a file that says whom it covers may have nothing here."""
    far = [(x, y + 90_000) for x, y in INSIDE]
    path = address_csv(tmp_path / "b.csv", far, 25833)
    with pytest.raises(CrsError, match=r"no row lies in the study area.* 75\.0 km .*covers"):
        read_layer("addresses", path, bounds=BOX)
    said = LocalLayer(path=str(path), covers=("9801",))
    assert read_layer("addresses", path, bounds=BOX, local=said).frame.empty


def test_cells_of_elsewhere_and_no_cells(tmp_path: Path) -> None:
    """By hand: a grid file of another part of the country, and one with a header alone."""
    path = tmp_path / "p.csv"
    path.write_text("SSBID0250M;pop_tot\n22450006750000;5\n")
    with pytest.raises(CrsError, match=r"85\.0 km from it"):
        read_layer("population_grid", path, bounds=BOX)
    path.write_text("SSBID0250M;pop_tot\n")
    with pytest.raises(SourceError, match="no rows"):
        read_layer("population_grid", path)


def test_one_wrong_file_among_several(tmp_path: Path) -> None:
    """By hand: the neighbour's file is right, the own one is not."""
    folder = tmp_path / "a.parts"
    folder.mkdir()
    address_csv(folder / "9801_a.csv", relabelled(INSIDE, 25832), 25833)
    address_csv(folder / "9802_a.csv", INSIDE, 25833)
    with pytest.raises(CrsError, match=r"9801_a\.csv"):
        list(open_layer("addresses", folder, bounds=BOX))


def test_a_real_address_file(real_data: Path, tmp_path: Path) -> None:
    """Real data: Elverum's addresses, moved to zone 32 and still labelled 33."""
    source = real_data / "elverum/Basisdata_3420_Elverum_25833_MatrikkelenAdresse.csv"
    frame = read_layer("addresses", source).frame
    west, south, east, north = frame.total_bounds
    box = (west - 5000, south - 5000, east + 5000, north + 5000)
    points = list(zip(frame.geometry.x, frame.geometry.y, strict=True))[:500]
    path = address_csv(tmp_path / "a.csv", relabelled(points, 25832), 25833)
    with pytest.raises(CrsError, match="likely in zone 32"):
        read_layer("addresses", path, bounds=box)
