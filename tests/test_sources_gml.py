"""GML as the publishers write it: arcs, latitude first, names with æ, ø and å."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gis.errors import FieldError
from gis.sources import read_layer

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:app="https://skjema.geonorge.no/SOSI/produktspesifikasjon/N50/20230401" gml:id="c">
"""
ARC = """<gml:featureMember><app:Havflate gml:id="a1"><app:område>
<gml:Surface gml:id="s" srsName="urn:ogc:def:crs:EPSG::25833"><gml:patches><gml:PolygonPatch>
<gml:exterior><gml:Ring><gml:curveMember><gml:Curve gml:id="q"><gml:segments>
<gml:LineStringSegment><gml:posList>250000 6640000 251000 6640000 251000 6641000</gml:posList>
</gml:LineStringSegment>
<gml:Arc><gml:posList>251000 6641000 250500 6641500 250000 6641000</gml:posList></gml:Arc>
<gml:LineStringSegment><gml:posList>250000 6641000 250000 6640000</gml:posList>
</gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior>
</gml:PolygonPatch></gml:patches></gml:Surface></app:område></app:Havflate></gml:featureMember>
"""
DEGREES = """<gml:featureMember><app:Kommune gml:id="a2">
<app:identifikasjon><app:Identifikasjon><app:lokalId>x</app:lokalId></app:Identifikasjon>
</app:identifikasjon><app:kommunenummer>9801</app:kommunenummer>
<app:kommunenavn>Bærum på prøve</app:kommunenavn><app:område>
<gml:Polygon gml:id="p" srsName="urn:ogc:def:crs:EPSG::4258"><gml:exterior><gml:LinearRing>
<gml:posList>59.8 10.5 59.8 10.6 59.9 10.6 59.8 10.5</gml:posList></gml:LinearRing></gml:exterior>
</gml:Polygon></app:område></app:Kommune></gml:featureMember>
"""


def put(path: Path, *members: str) -> Path:
    path.write_text(HEAD + "".join(members) + "</gml:FeatureCollection>\n", encoding="utf-8")
    return path


def test_arcs_are_drawn_out(tmp_path: Path) -> None:
    """Closed form: a square of 1 km with a half circle of radius 500 m on top."""
    frame = read_layer("sea", put(tmp_path / "N50.gml", ARC)).frame
    assert frame.area[0] == pytest.approx(1e6 + math.pi * 500**2 / 2, rel=1e-3)
    assert frame.total_bounds.tolist() == pytest.approx([250_000, 6_640_000, 251_000, 6_641_500])
    assert [p.name for p in tmp_path.iterdir()] == ["N50.gml"]


def test_latitude_first_in_gml(tmp_path: Path) -> None:
    """Closed form: a triangle of 0.1 by 0.1 degrees at 59.8 N is 5.6 by 11.1 km."""
    frame = read_layer("municipality", put(tmp_path / "k.gml", DEGREES)).frame
    assert frame[["number", "name"]].to_numpy().tolist() == [["9801", "Bærum på prøve"]]
    west, south, east, north = frame.total_bounds
    assert 240_000 < west < 260_000
    assert 6_600_000 < south < north < 6_660_000
    height = 0.1 * 111_400
    assert frame.area[0] == pytest.approx(
        height * height * math.cos(math.radians(59.8)) / 2, rel=0.01
    )
    assert east > west


def test_the_layer_is_picked_among_feature_types(tmp_path: Path) -> None:
    """By hand: one file holds a sea surface and a municipality."""
    path = put(tmp_path / "both.gml", ARC, DEGREES)
    assert len(read_layer("sea", path).frame) == 1
    assert read_layer("municipality", path).frame["number"].tolist() == ["9801"]


BUILDING = """<gml:featureMember><app:Bygning gml:id="b{n}">
<app:identifikasjon><app:Identifikasjon><app:lokalId>{n}</app:lokalId></app:Identifikasjon>
</app:identifikasjon><app:bygningsnummer>01234567{n}</app:bygningsnummer>
<app:bygningstype>111</app:bygningstype><app:bygningsstatus>TB</app:bygningsstatus>
<app:kommune><app:Kommune><app:kommunenummer>9801</app:kommunenummer></app:Kommune></app:kommune>
{units}<app:representasjonspunkt>
<gml:Point gml:id="p{n}" srsName="http://www.opengis.net/def/crs/EPSG/0/25833">
<gml:pos>25000{n} 6640000</gml:pos></gml:Point></app:representasjonspunkt>
</app:Bygning></gml:featureMember>
"""
UNIT = """<app:bruksenhet><app:Bruksenhet><app:bruksenhetsnummer>H010{k}</app:bruksenhetsnummer>
</app:Bruksenhet></app:bruksenhet>"""


def test_nested_and_repeated_elements(tmp_path: Path) -> None:
    """By hand: two buildings with one and three dwellings inside are two points, keys as text."""
    units = ["".join(UNIT.format(k=k) for k in range(n)) for n in (1, 3)]
    members = [BUILDING.format(n=n, units=u) for n, u in enumerate(units)]
    read = read_layer("buildings", put(tmp_path / "b.gml", *members)).frame
    assert read["building_id"].tolist() == ["012345670", "012345671"]
    assert set(read["building_type"]) == {"111"}
    assert read.geometry.x.tolist() == [250000, 250001]


ROAD = """<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0"
 xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:app="https://skjema.geonorge.no/SOSI/produktspesifikasjon/NVDBVegnettPluss/1.1">
<wfs:member><app:Veglenke gml:id="v1"><app:typeVeg>gangveg</app:typeVeg>
<app:vegsystemreferanse><app:Vegsystemreferanse><app:vegsystem><app:Vegsystem>
<app:vegkategori>K</app:vegkategori></app:Vegsystem></app:vegsystem></app:Vegsystemreferanse>
</app:vegsystemreferanse><app:senterlinje>
<gml:LineString gml:id="l" srsName="urn:ogc:def:crs:EPSG::5973" srsDimension="3">
<gml:posList>250000 6640000 12.5 250100 6640000 13.5</gml:posList></gml:LineString>
</app:senterlinje></app:Veglenke></wfs:member></wfs:FeatureCollection>
"""


def test_roads_with_heights_in_wfs_members(tmp_path: Path) -> None:
    """By hand: a compound CRS (UTM 33 + NN2000) is UTM 33; heights go, the length stays."""
    path = tmp_path / "9801NVDBVegnettPluss.gml"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{ROAD}', encoding="utf-8")
    read = read_layer("roads_paths", path)
    assert len(read.frame) == 1
    assert read.frame.crs.to_epsg() == 25833
    assert not read.frame.has_z.any()
    assert read.frame.length[0] == 100
    assert read.source.title_en.endswith("(from NVDB Vegnett Pluss)")


def test_a_code_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    """By hand: the file, the field, the value and what is allowed stand in one line."""
    wrong = """<gml:featureMember><app:FlomAreal gml:id="f1"><app:gjentaksintervall>150
</app:gjentaksintervall><app:område><gml:Polygon gml:id="p" srsName="urn:ogc:def:crs:EPSG::25833">
<gml:exterior><gml:LinearRing><gml:posList>250000 6640000 250010 6640000 250010 6640010
250000 6640000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></app:område>
</app:FlomAreal></gml:featureMember>"""
    said = r"f\.gml layer 'FlomAreal': field 'gjentaksintervall': holds '150' .* allowed: 10, 20"
    with pytest.raises(FieldError, match=said):
        read_layer("flood_zones", put(tmp_path / "f.gml", wrong))
