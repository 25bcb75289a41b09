"""Subtract published numbers of residents in zones from each other, as an attacker would.

The oracle is the attack: whatever is published is a multiple of ten, so that no two
numbers, of one answer or of two, differ by 1 to 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString

from gis.analyses import ANALYSES
from gis.published import publishable
from gis.result import WITHHELD
from tests.town import E0, N0, Town, box, cells, frame, points, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

# 3 people live between the zones below; the whole is a multiple of ten and may be known.
PEOPLE = {(0, 0): 50, (1, 0): 3, (2, 0): 47, (2, 2): 360}


def shown(result: Result) -> dict[tuple[str, int, str], Any]:
    """Every published count of residents of an answer, by where it stands."""
    public = publishable(result)
    found: dict[tuple[str, int, str], Any] = {}
    for table in public.tables.values():
        for column in [c.name for c in table.columns if c.kind == "residents"]:
            for i, value in enumerate(table.frame[column]):
                found[table.id, i, column] = value
    figures = {k: v for k, v in public.figures.items() if k.startswith("residents")}
    found |= {("figure", 0, k): v for k, v in figures.items()}
    found |= {("left out", i, x.reason): x.count for i, x in enumerate(public.left_out)
              if x.unit == "residents"}  # fmt: skip
    return found


def numbers(result: Result) -> list[float]:
    """The published counts that are numbers."""
    values = shown(result).values()
    return [float(v) for v in values if isinstance(v, int | float) and np.isfinite(v)]


def nested() -> Town:
    """Flood holds 50; surge, the caution area and the union hold the same and 3 more."""
    small, large = box(0, 0, 250, 250), box(0, 0, 500, 250)
    return town(
        population_grid=cells(PEOPLE, "residents"),
        flood_zones=frame([small], flood_class=["20"], low_point=[0], zone_id=["z"]),
        flood_caution=frame([large], caution_class=["flood"]),
        storm_surge=frame([large], surge_class=["20"]),
        quick_clay=frame([small, large], risk_class=["3", "2"], hazard_degree=["high", "low"]),
        basic_statistical_units=frame([box(0, 0, 1000, 1000)], number=["1"], name=["Alt"]),
    )


def test_zones_that_hold_each_other_tell_of_nobody_between_them() -> None:
    """By attack: the exact answer differs by 3 in five places; the published one in none."""
    result = ANALYSES["hazard-exposure"](study(nested()), {"method": "centre"})
    rows = result.table("hazards").frame.set_index("hazard_id")["inside"]
    assert rows["flood_caution"] - rows["flood_zones"] == 3
    assert result.table("water").frame["residents"].tolist() == [53, 53]
    assert numbers(result)
    assert not [n for n in numbers(result) if n % 10]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"method": "cell", "rule": "min-share", "min_share": 0.1},
         {"method": "cell", "rule": "min-share", "min_share": 0.101}),
        ({"method": "cell"}, {"method": "cell", "rule": "representative-point"}),
        ({"method": "centre"}, {"method": "cell", "rule": "touch"}),
        ({"method": "area"}, {"method": "centre"}),
    ],
)  # fmt: skip
def test_two_answers_with_other_parameters_tell_of_nobody(
    first: dict[str, object], second: dict[str, object]
) -> None:
    """By attack: a tenth of the cell of 3 lies in the zone; the answers' difference is hidden."""
    data = town(
        population_grid=cells(PEOPLE, "residents"),
        flood_zones=frame([box(0, 0, 275, 250)], flood_class=["20"], low_point=[0], zone_id=["z"]),
    )
    one, two = (ANALYSES["hazard-exposure"](study(data), p) for p in (first, second))
    a, b = shown(one), shown(two)
    told = [k for k in a if isinstance(a[k], int) and isinstance(b.get(k), int)
            and 0 < abs(a[k] - b[k]) < 10]  # fmt: skip
    assert told == []
    assert not [n for n in (*numbers(one), *numbers(two)) if n % 10]


def test_a_share_tells_no_exact_number() -> None:
    """By attack: the published share of a known whole is that of a multiple of ten."""
    public = publishable(ANALYSES["hazard-exposure"](study(nested()), {"method": "centre"}))
    for name in ("hazards", "units"):
        shares = public.table(name).frame["share"].dropna().to_numpy(dtype=float) * 460
        assert len(shares)
        assert shares % 10 == pytest.approx(0)


def terrain(folder: Path) -> Path:
    """Cells of 50 m: the cell of 3 at 1.005 m, that of 47 and its shore at 0.5 m, else 9 m."""
    height = np.full((20, 20), 9.0, dtype=np.float32)
    height[15:, 5:10] = 1.005
    height[15:, 10:15] = 0.5
    height[:, 15:] = -3.0
    path = folder / "terrain.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:25833",
        transform=from_origin(E0, N0 + 1000, 50, 50),
    ) as out:  # fmt: skip
        out.write(height, 1)
    return path


def test_a_centimetre_of_sea_tells_of_no_house(tmp_path: Path) -> None:
    """By attack: at 1.01 m three more are reached than at 1.00 m; no published number says so."""
    data = town(population_grid=cells(PEOPLE, "residents"))
    data.files["terrain"] = terrain(tmp_path)
    asked = [{"level_m": x, "levels": "0.2"} for x in (1.0, 1.01)]
    low, high = (ANALYSES["surge"](study(data), p) for p in asked)
    reached = [r.table("levels").frame["residents"].tolist()[:2] for r in (low, high)]
    assert reached == [[0, 47], [0, 50]]
    assert not [n for n in (*numbers(low), *numbers(high)) if n % 10]


def test_a_metre_to_the_road_tells_of_no_house() -> None:
    """By attack: with 126 m to a road three more are cut off than with 124 m."""
    road = [LineString([(E0 + a, N0), (E0 + b, N0)]) for a, b in ((0, 300), (300, 750))]
    data = town(
        population_grid=cells({(0, 0): 3, (2, 0): 50, (2, 2): 407}, "residents"),
        flood_zones=frame([box(260, -9, 300, 9)], flood_class=["20"], low_point=[0]),
        critical_infrastructure=frame(points((700, 5)), name=["S"], function=["sykehus"]),
        roads_paths=frame(road, kind=["x"] * 2, medium=["ground"] * 2),
    )
    made = [
        ANALYSES["cut-off"](study(data), {"targets": "sykehus", "snap_m": m}) for m in (124, 126)
    ]
    assert [r.numerator for r in made] == [0, 3]
    for result in made:
        assert not [n for n in numbers(result) if n % 10]


def test_a_slope_limit_tells_of_no_house(tmp_path: Path) -> None:
    """By rule: residents by slope are multiples of ten too."""
    data = town(population_grid=cells(PEOPLE, "residents"))
    data.files["terrain"] = terrain(tmp_path)
    result = ANALYSES["slope-screening"](study(data), {"breaks_deg": "5"})
    assert numbers(result)
    assert not [n for n in numbers(result) if n % 10]


def test_small_bands_stay_hidden_and_the_answer_says_that_it_is_rounded() -> None:
    """By hand: bands of 50 and 3: 3 is hidden, 50 with it, their sum to the nearest ten."""
    data = town(
        population_grid=cells(PEOPLE, "residents"),
        flood_zones=frame(
            [box(0, 0, 250, 250), box(0, 0, 500, 250)], flood_class=["20", "200"], low_point=[0, 0]
        ),
    )
    result = ANALYSES["hazard-exposure"](study(data), {"method": "centre"})
    public = publishable(result)
    bands = public.table("bands_flood_zones").frame
    assert bands["residents"].tolist() == [WITHHELD, "<10", 50]
    assert any("to the nearest 10" in n.en for n in public.notes)
    # In own files, asked for, the numbers are exact.
    assert result.table("bands_flood_zones").frame["residents"].tolist() == [50, 3, 53]
