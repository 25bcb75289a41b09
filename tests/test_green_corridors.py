"""Hold the green corridors against drawn towns whose ways can be followed with a finger."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES
from gis.analyses.corridor_surface import CorridorParameters, surface_of
from gis.errors import LayerMissingError, ParameterError
from gis.result import Result, Status
from tests.town import E0, N0, Town, box, frame, study, town

# Everything is drawn on lines of 50 m, so that cells of 50 m fall in with it.
PARAMS = {"cell_m": 50, "margin_m": 0, "min_patch_ha": 1.0, "hinterland_ha": 10.0}


def valley(**layers: object) -> Town:
    """A wood of 16 ha in the west, a grove of 4 ha in the middle, the sea in the east.

    A stream runs from the wood by the grove to the sea along y = 525; all else is built up,
    so that the only easy way follows the stream.
    """
    drawn = {
        "forest": frame([box(0, 300, 200, 700), box(0, 700, 200, 1000), box(400, 450, 600, 650)]),
        "rivers": frame([line()], kind=["ElvBekk"]),
        "built_up": frame([box(0, 0, 750, 1000)], number=["1"], name=["Byen"]),
        "roads_paths": None,
    }
    return town(**(drawn | layers))  # type: ignore[arg-type]


def line() -> shapely.LineString:
    corners = shapely.get_coordinates(box(200, 525, 750, 526))
    west, east = corners[:, 0].min(), corners[:, 0].max()
    return shapely.LineString([(west, corners[:, 1].min()), (east, corners[:, 1].min())])


def run(data: Town, **params: object) -> Result:
    return ANALYSES["green-corridors"](study(data), PARAMS | {"watercourse_m": 0.0} | params)


def test_the_stream_joins_wood_grove_and_sea() -> None:
    """By hand, 50 m cells: wood 14 ha, grove 4 ha; four cells of stream lie between.

    Cost 50 x (1.5 + 2 + 2 + 2 + 1.5) = 450; then three cells to the shore:
    50 x (1.5 + 2 + 2) = 275. ECA with half at 1,000: sqrt(14^2 + 4^2 + 2 x 56 x 2^-0.45).
    """
    result = run(valley())
    assert result.figures["patches"] == 2
    assert result.figures["links"] == 1
    assert result.frame is not None
    assert result.frame["cost"].tolist() == pytest.approx([450.0])
    ways = result.table("corridor_ways").frame
    assert ways["cost"].tolist() == pytest.approx([725.0])
    assert ways["width_m"].tolist() == [50.0]
    assert ways["gap_m"].tolist() == [0.0]
    # From the wood's last cell straight to the shore's: x = 175 to 725.
    assert ways["corridor_m"].tolist() == [550.0]
    drawn = result.layers["ways"].geometry.iloc[0]
    assert drawn.bounds == pytest.approx((E0 + 175, N0 + 525, E0 + 725, N0 + 525))
    eca = np.sqrt(14**2 + 4**2 + 2 * 14 * 4 * 2**-0.45)
    assert result.numerator == pytest.approx(eca / 100)
    assert result.denominator == pytest.approx(0.18)
    assert result.value == pytest.approx(eca / 18)
    assert "50 m bredt" in result.finding.nb


def test_a_plan_across_the_stream_is_seen() -> None:
    """By hand: two of the four cells of stream become built, resistance 30.

    Cells: wood 1, stream 2, plan 30, plan 30, stream 2, grove 1:
    50 x (1.5 + 16 + 30 + 16 + 1.5) = 3,250 against 450: longer; with a limit of 1,000, cut.
    """
    plan = frame([box(250, 0, 350, 1000)], name=["Tvers"], purpose=["1110"], status=["planned"])
    longer = run(valley(planned_areas=plan))
    assert longer.figures["links_longer"] == 1
    assert longer.figures["links_lost"] == 0
    after = np.sqrt(14**2 + 4**2 + 2 * 14 * 4 * 2**-3.25)
    assert longer.figures["connected_after_km2"] == pytest.approx(after / 100)
    cut = run(valley(planned_areas=plan), max_cost=1000)
    assert cut.figures["links_lost"] == 1
    assert cut.figures["connected_after_km2"] == pytest.approx(np.hypot(14, 4) / 100)
    row = cut.table("corridor_plans").frame.iloc[0]
    assert (row["name"], row["links_lost"], row["habitat_ha"]) == ("Tvers", 1, 0.0)


def test_a_plan_that_takes_a_patch_and_one_that_touches_nothing() -> None:
    """By hand: the grove is built over: its link is cut, 4 ha are lost. Elsewhere: the baseline."""
    grove = frame([box(400, 450, 600, 650)], name=["L"], purpose=["1110"], status=["planned"])
    taken = run(valley(planned_areas=grove))
    assert taken.figures["links_lost"] == 1
    assert taken.figures["connected_after_km2"] == pytest.approx(0.14)
    assert taken.table("corridor_plans").frame["habitat_ha"].tolist() == [4.0]
    away = frame([box(600, 0, 700, 100)], name=["B"], purpose=["1110"], status=["planned"])
    same = run(valley(planned_areas=away))
    assert same.figures["links_lost"] == same.figures["links_longer"] == 0
    assert same.figures["connected_loss_share"] == 0.0


def test_a_road_opens_a_gap_and_a_bridge_does_not() -> None:
    """By hand: a county road over the stream is a gap of one cell; on a bridge there is none."""
    roads = {
        medium: frame(
            [shapely.LineString(shapely.get_coordinates(box(310, 0, 311, 1000))[:2])],
            kind=["enkelBilveg"],
            category=["F"],
            medium=[medium],
        )
        for medium in ("ground", "bridge", "tunnel")
    }
    blocked = run(valley(roads_paths=roads["ground"]))
    assert blocked.table("corridor_ways").frame["gap_m"].tolist() == [50.0]
    assert "må 50 m krysses" in blocked.finding.nb
    pinch = blocked.layers["pinches"]
    assert "gap" in set(pinch["pinch"])
    for medium in ("bridge", "tunnel"):
        free = run(valley(roads_paths=roads[medium]))
        assert free.table("corridor_ways").frame["gap_m"].tolist() == [0.0]
        assert free.numerator == pytest.approx(run(valley()).numerator)


def test_no_sea_no_hinterland_no_habitat() -> None:
    """By rule: each says what is missing; nothing becomes a silent zero."""
    inland = run(valley(sea=None))
    assert inland.figures["ways_to_sea"] == 0
    assert "sea" in inland.notes[-1].nb
    small = run(valley(), hinterland_ha=100)
    assert "minst 100 ha å gå ut fra" in small.finding.nb
    none = run(valley(), min_patch_ha=50)
    assert none.status is Status.INSUFFICIENT_DATA
    assert none.value is None
    with pytest.raises(LayerMissingError, match="forest"):
        run(valley(forest=None))


def test_order_of_rows_does_not_matter() -> None:
    """Identity: the same answer with the rows of every layer turned round."""
    turned = valley()
    for name, rows in turned.frames.items():
        turned.frames[name] = rows.iloc[::-1].reset_index(drop=True)
    assert run(turned).as_dict()["figures"] == run(valley()).as_dict()["figures"]


def test_more_resistance_is_never_better() -> None:
    """Monotone: dearer stream, less connected."""
    values = [run(valley(), resistance_watercourse=r).value for r in (1.0, 2.0, 5.0, 20.0)]
    assert all(v is not None for v in values)
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    assert values[0] != values[-1]


def test_too_fine_a_raster_is_refused() -> None:
    """By hand: 40 km at 10 m is 16 million cells; the message says what is allowed."""
    wide = town(
        municipality=frame([box(0, 0, 40_000, 40_000)], number=["9999"], name=["Byen"]), sea=None
    )
    with pytest.raises(ParameterError, match="allowed: at most 6000000"):
        surface_of(study(wide), CorridorParameters(cell_m=10), planned=False)
