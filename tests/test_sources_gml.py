"""GML as the publishers write it: arcs, latitude first, names with æ, ø and å."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

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
