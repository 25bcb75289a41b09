"""Hold the cut-off question against a drawn town with two roads to the hospital, by hand."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import LineString

from gis.analyses import ANALYSES
from gis.errors import ParameterError
from gis.result import Result
from tests.town import E0, N0, Town, box, cells, frame, points, study, town


def line(*xy: tuple[float, float]) -> LineString:
    return LineString([(E0 + x, N0 + y) for x, y in xy])


def roads(*, medium: str = "ground", detour: bool = False) -> gpd.GeoDataFrame:
    """A road along y = 125 from x = 0 to 700, its middle 300-400 of some medium; a detour."""
    lines = [line((0, 125), (300, 125)), line((300, 125), (400, 125)), line((400, 125), (700, 125))]
    kinds = ["enkelBilveg"] * 3
    if detour:
        lines.append(line((0, 125), (0, 900), (700, 900), (700, 125)))
        kinds.append("enkelBilveg")
    return frame(
        lines,
        kind=kinds,
        medium=["ground", medium, "ground", "ground"][: len(lines)],
        category=["K"] * len(lines),
        name=["Vegen"] * len(lines),
    )


def flooded(lines: gpd.GeoDataFrame, **more: gpd.GeoDataFrame) -> Town:
    """The 20-year flood lies over x 320-380; the hospital stands in the east."""
    return town(
        population_grid=cells({(0, 0): 100, (1, 0): 30, (2, 0): 50}, "residents"),
        flood_zones=frame([box(320, 0, 380, 250)], flood_class=["20"], low_point=[0]),
        critical_infrastructure=frame(
            points((690, 130), (20, 120)),
            name=["Sykehuset", "Skolen"],
            function=["sykehus", "skole"],
        ),
        roads_paths=lines,
        **more,
    )


def run(data: Town, **params: object) -> Result:
    return ANALYSES["cut-off"](study(data), {"targets": "sykehus", **params})


def states(result: Result) -> dict[str, float]:
    frame = result.table("states").frame
    return {t.en: n for t, n in zip(frame["state"], frame["residents"], strict=True)}


def test_one_road_closed_cuts_off_the_west() -> None:
    """By hand: the cell of 100 loses the hospital, that of 30 (x = 375) stands in the zone."""
    result = run(flooded(roads()))
    found = states(result)
    assert result.numerator == 100
    assert found["cut off"] == 100
    assert found["lives or stands in the zone itself"] == 30
    assert found["as before"] == 50
    works = result.table("works").frame
    assert works["name"].tolist() == ["Skolen"]
    assert result.figures["closed_road_km"] == pytest.approx(0.06)


def test_a_detour_makes_the_way_longer_instead() -> None:
    """Closed form: from x = 125: 565 m on the road before, 125 + 775 + 700 + 775 + 10 m after."""
    result = run(flooded(roads(detour=True)))
    found = states(result)
    assert result.numerator == 0
    assert found["longer way"] == 100
    longer = result.table("works").frame.set_index("name")["longer_km"]
    # The school: 20 m west against 20 + 670: 20+775+700+775+10 less 670.
    assert longer["Skolen"] == pytest.approx((20 + 775 + 700 + 775 + 10 - 670) / 1000, abs=0.001)


@pytest.mark.parametrize("at", [(600, 310), (650, 310)], ids=["in-the-zone", "beside-it"])
def test_a_hospital_whose_own_road_is_closed_is_reached_by_nobody(at: tuple[int, int]) -> None:
    """By hand: the end of the hospital's own road is flooded; another road lies within 250 m."""
    lines = [line((0, 125), (700, 125)), line((600, 125), (600, 320))]
    data = flooded(
        frame(lines, kind=["enkelBilveg"] * 2, medium=["ground"] * 2, category=["K"] * 2,
              name=["Vegen"] * 2)
    )  # fmt: skip
    data.frames["flood_zones"] = frame([box(580, 200, 620, 330)], flood_class=["20"], low_point=[0])
    data.frames["critical_infrastructure"] = frame(
        points(at, (20, 120)), name=["Sykehuset", "Skolen"], function=["sykehus", "skole"]
    )
    result = run(data)
    assert result.numerator == 180
    assert states(result)["cut off"] == 180
    # A second hospital on the dry road is the nearest then, and everybody reaches it.
    data.frames["critical_infrastructure"] = frame(
        points(at, (690, 130)), name=["Sykehuset", "Det andre"], function=["sykehus"] * 2
    )
    assert run(data).numerator == 0


def test_a_bridge_stays_open_unless_told() -> None:
    """By hand: the middle is a bridge over the flood."""
    lines = roads(medium="bridge")
    assert run(flooded(lines)).numerator == 0
    assert run(flooded(lines), decks="closed").numerator == 100


def test_the_class_that_closes_can_be_chosen() -> None:
    """By hand: only the 1000-year zone closes roads, and there is none."""
    assert run(flooded(roads()), classes="1000").numerator == 0


def test_slips_are_told() -> None:
    """By hand: an unknown target, hazard and class."""
    data = flooded(roads())
    with pytest.raises(ParameterError, match="none in critical_infrastructure"):
        run(data, targets="fyr")
    with pytest.raises(ParameterError, match="allowed: "):
        run(data, hazard="flom")
    with pytest.raises(ParameterError, match="allowed of flood_zones"):
        run(data, classes="30")
