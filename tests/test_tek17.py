"""Hold safety classes against the regulation's tables, and the verdict against drawn buildings."""

from __future__ import annotations

import geopandas as gpd
import pytest

from gis.analyses import ANALYSES
from gis.analyses.ros_table import probability_class
from gis.analyses.tek17 import REQUIRED_YEARS, UNKNOWN, safety_class
from gis.errors import ParameterError
from gis.result import Result
from tests.town import Town, box, frame, points, study, town


def test_return_periods_are_those_of_the_regulation() -> None:
    """By hand: TEK17 § 7-2 and § 7-3, second paragraph."""
    assert [REQUIRED_YEARS[c] for c in ("F1", "F2", "F3")] == [20, 200, 1000]
    assert [REQUIRED_YEARS[c] for c in ("S1", "S2", "S3")] == [100, 1000, 5000]


@pytest.mark.parametrize(
    ("code", "flood", "slide"),
    [
        ("111", "F2", "S2"),
        ("181", "F1", "S1"),
        ("142", "F2", "S3"),
        ("612", "F2", "S3"),
        ("719", "F3", "S3"),
        ("721", "F3", "S3"),
        ("822", "F3", "S3"),
        ("231", "F1", "S1"),
        ("000", "F3", "S3"),
    ],
)
def test_types_fall_in_their_class(code: str, flood: str, slide: str) -> None:
    """By hand: the examples of the guidance; an unknown type takes the strictest."""
    safety = safety_class(code)
    assert (safety.flood, safety.slide) == (flood, slide)


def test_what_a_type_cannot_tell_is_said() -> None:
    """By rule: a block may hold 8 or 80 homes; a hospital may be a regional one."""
    assert safety_class("142").stricter
    assert safety_class("719").ask_first
    assert safety_class(None) is UNKNOWN


@pytest.mark.parametrize(
    ("annual", "letter"),
    [(0.2, "E"), (0.1, "D"), (0.05, "D"), (0.02, "D"), (0.01, "C"), (0.005, "B"), (0.001, "B"),
     (0.0002, "A"), (None, "")],
)  # fmt: skip
def test_probability_classes(annual: float | None, letter: str) -> None:
    """By hand: DSB's scale; a limit goes to the more frequent class, but 1/10 is not more often."""
    assert probability_class(annual) == letter


def flood() -> gpd.GeoDataFrame:
    """20-year zone in the 200-year zone in the 200-year zone with climate; no 1000-year zone."""
    return frame(
        [box(0, 0, 500, 750), box(0, 0, 500, 500), box(0, 0, 250, 500)],
        flood_class=["200_climate", "200", "20"],
        low_point=[0, 0, 0],
        zone_id=["z", "z", "z"],
    )


def built(*rows: tuple[float, float, str, str]) -> gpd.GeoDataFrame:
    return frame(
        points(*[(x, y) for x, y, _, _ in rows]),
        building_id=[str(i) for i in range(len(rows))],
        building_type=[r[2] for r in rows],
        building_status=[r[3] for r in rows],
    )


def judged(data: Town, **params: object) -> Result:
    return ANALYSES["building-verdict"](study(data), params)


def test_flood_verdicts_by_class_and_place() -> None:
    """By hand: garage and home by zone; a hospital where no 1000-year zone was mapped."""
    homes = built(
        (100, 100, "181", "TB"),  # F1 in the 20-year zone
        (300, 100, "181", "TB"),  # F1 in the 200-year zone: good enough
        (300, 100, "111", "TB"),  # F2 in the 200-year zone
        (300, 600, "111", "TB"),  # F2 in the 200-year zone with climate
        (600, 600, "111", "TB"),  # F2 outside, mapped
        (600, 600, "719", "TB"),  # F3 outside, but the 1000-year flood is not mapped
        (900, 900, "111", "TB"),  # not mapped
        (100, 100, "111", "BR"),  # demolished
    )
    extent = frame([box(0, 0, 750, 750)], name=["Elva"])
    result = judged(town(flood_zones=flood(), flood_mapped_extent=extent, buildings=homes))
    assert result.frame is not None
    assert result.frame["verdict_flood_zones"].tolist() == [
        "not_allowed", "acceptable", "not_allowed", "not_allowed", "acceptable", "needs_study",
        "not_mapped",
    ]  # fmt: skip
    assert result.numerator == 3
    assert [x.count for x in result.left_out if x.reason == "gone"] == [1]
    first = result.frame.iloc[0]
    assert first["verdict"] == "not_allowed"
    assert first["paragraph"] == "TEK17 § 7-2 (2)"
    # Slides and quick clay have no layer here: nothing is acceptable in all.
    assert "acceptable" not in set(result.frame["verdict"])


def test_outside_the_caution_area_f1_and_f2_are_acceptable_and_f3_needs_study() -> None:
    """By hand, NVE's rule for places without flood zones."""
    homes = built((900, 900, "111", "TB"), (900, 100, "111", "TB"), (900, 900, "721", "TB"))
    caution = frame([box(800, 0, 1000, 500)], caution_class=["flood"])
    extent = frame([box(0, 0, 750, 750)], name=["Elva"])
    result = judged(
        town(
            flood_zones=flood(), flood_mapped_extent=extent, flood_caution=caution, buildings=homes
        )
    )
    assert result.frame is not None
    found = result.frame["verdict_flood_zones"].tolist()
    assert found == ["acceptable", "needs_study", "needs_study"]


def test_works_of_national_importance_stand_in_no_zone_at_all() -> None:
    """By hand: § 7-2 (1): the 200-year zone is enough for a garage named as vital."""
    homes = built((300, 100, "181", "TB"), (600, 600, "181", "TB"))
    extent = frame([box(0, 0, 750, 750)], name=["Elva"])
    data = town(flood_zones=flood(), flood_mapped_extent=extent, buildings=homes)
    found = judged(data, vital="0, 1").frame
    assert found is not None
    assert found["verdict_flood_zones"].tolist() == ["not_allowed", "needs_study"]
    # A number that is mistyped would leave a hospital with the rule of a house.
    with pytest.raises(ParameterError, match="no standing building here has the number 77"):
        judged(data, vital="0,77")


def test_slides_and_quick_clay() -> None:
    """By hand: S2 in 1/5000 is fine, in 1/1000 not; clay zones and unmapped ground need care."""
    homes = built((50, 50, "111", "TB"), (150, 50, "111", "TB"), (600, 600, "111", "TB"))
    slides = frame(
        [box(0, 0, 100, 100), box(0, 0, 200, 100)],
        slide_class=["1000", "5000"],
        slide_type=["Snøskred", "Snøskred"],
    )
    clay = frame([box(500, 500, 700, 700)], risk_class=["3"])
    marine = frame([box(100, 0, 1000, 1000)])
    result = judged(
        town(
            landslide_zones=slides,
            landslide_mapped_extent=frame([box(0, 0, 300, 300)]),
            quick_clay=clay,
            marine_limit=marine,
            buildings=homes,
        )
    )
    assert result.frame is not None
    assert result.frame["verdict_landslide_zones"].tolist() == [
        "not_allowed", "acceptable", "not_mapped",
    ]  # fmt: skip
    assert result.frame["verdict_quick_clay"].tolist() == [
        "acceptable", "not_mapped", "needs_study",
    ]  # fmt: skip
