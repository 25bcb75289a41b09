"""Hold density and concentration against the hand-counted town, closed forms and slow twins."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.analyses import ANALYSES
from gis.errors import ParameterError
from gis.kernels.concentration import gini, hoover, top_share
from gis.published import publishable
from gis.result import Result, Status
from tests.town import Town, box, cells, frame, points, study, town

AMOUNTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda v: sum(v) > 1e-3)


def work() -> gpd.GeoDataFrame:
    """300 employees in (0, 0), 100 in (2, 3)."""
    return cells({(0, 0): 300.0, (2, 3): 100.0}, "employees").assign(establishments=[2, 3])


def full(**more: object) -> Town:
    """Settlement over the two western columns; a station and a frequent stop in (0, 0)."""
    layers = {
        "built_up": frame([box(0, 0, 500, 1000)], number=["1"], name=["Byen"]),
        "stations": frame(points((125, 125)), name=["Byen stasjon"], kind=["rail"]),
        "frequent_stops": frame(points((125, 875)), stop_id=["A"], name=["Torget"], mode=["bus"]),
        "workplaces": work(),
    }
    return town(**{**layers, **more})  # type: ignore[arg-type]


def run(data: Town, **params: object) -> Result:
    return ANALYSES["density"](study(data), params)


def test_density_of_settlements_and_land_by_hand() -> None:
    """By hand: 780 residents on 50 ha of settlement and 75 ha of land; 480 of them inside."""
    result = run(full())
    assert result.value == pytest.approx(780 / 50)
    values = {r.name: r.value for r in result.sensitivity}
    assert list(values) == ["built_up", "land", "inside"]
    assert list(values.values()) == pytest.approx([15.6, 10.4, 9.6])
    rows = result.table("land").frame
    assert rows["residents"].tolist() == [480, 300, 780]
    assert rows["land_ha"].tolist() == pytest.approx([50, 25, 75])
    assert rows["employees_per_ha"].tolist() == pytest.approx([300 / 50, 100 / 25, 400 / 75])


def test_bands_around_stations_by_hand() -> None:
    """By hand: centres within 250 m of (125, 125): itself and two neighbours, 10 + 20 + 40."""
    result = run(full(), bands_m="250,500")
    rows = result.table("around_stations").frame
    # Within 500 m: (1,1) at 354 m, (2,0) and (0,2) at exactly 500 m.
    assert rows["residents"].tolist() == [70, 50 + 30 + 70, 780 - 220, 780]
    assert rows["employees"].tolist() == [300, 0, 100, 400]
    stops = result.table("around_frequent_stops").frame
    assert stops["residents"].tolist()[0] == 100 + 110 + 70
    # 220 of 780 residents and 300 of 400 employees within 500 m of the station.
    assert "28.2% of the residents and 75.0% of the employees" in result.finding.en


def test_land_of_a_band_is_a_disc_and_the_bands_sum_to_the_whole() -> None:
    """Closed form: a disc of 100 m around a station inside is 3.14 ha; conservation of the sum."""
    stations = frame(points((300, 500)), name=["A"], kind=["rail"])
    result = run(full(stations=stations), bands_m="100,200")
    rows = result.table("around_stations").frame
    assert rows["land_ha"][0] == pytest.approx(np.pi, rel=5e-4)
    assert rows["land_ha"][1] == pytest.approx(3 * np.pi, rel=5e-4)
    assert rows["land_ha"][:3].sum() == pytest.approx(rows["land_ha"][3]) == pytest.approx(75)
    assert rows["built_up_ha"][:3].sum() == pytest.approx(50)


NEAR = st.floats(-900, 1900)


@given(
    places=st.lists(st.tuples(NEAR, NEAR), min_size=1, max_size=5),
    bands=st.sets(st.integers(50, 3000), min_size=1, max_size=4),
)
@settings(max_examples=15, deadline=None)
def test_bands_hold_everyone_once(places: list[tuple[float, float]], bands: set[int]) -> None:
    """Conservation: whatever the stations and bands, the bands sum to residents, work and land."""
    stations = frame(points(*places), name=["x"] * len(places), kind=["rail"] * len(places))
    limits = ",".join(map(str, sorted(bands)))
    rows = run(full(stations=stations), bands_m=limits).table("around_stations").frame
    sums = {"residents": 780, "employees": 400, "land_ha": 75, "built_up_ha": 50}
    for column, whole in sums.items():
        assert rows[column].iloc[:-1].sum() == pytest.approx(whole)


def test_order_of_rows_does_not_matter() -> None:
    """Identity: shuffled layers give the same tables."""
    data = full()
    frames = {k: f.sample(frac=1, random_state=3) for k, f in data.frames.items()}
    shuffled = replace(data, frames=frames)
    one, other = run(data), run(shuffled)
    for name, table in one.tables.items():
        assert table.as_dict() == other.table(name).as_dict()


def test_large_workplaces_say_what_is_near() -> None:
    """By hand: 300 employees stand at the station and 750 m from the stop."""
    (row,) = run(full()).table("large_workplaces").frame.to_dict("records")
    assert (row["employees"], row["establishments"]) == (300, 2)
    assert (row["nearest_stations"], row["stations_m"]) == ("Byen stasjon", 0)
    assert row["frequent_stops_m"] == 750


def test_what_is_missing_is_said_and_not_zero() -> None:
    """By rule: without stops, settlements and workplaces the bands are absent, with a note."""
    result = run(town())
    assert result.value == pytest.approx(780 / 75)
    assert set(result.tables) == {"land", "concentration"}
    assert len(result.notes) == 4
    few = run(town(population_grid=cells({(0, 0): 4.0}, "residents")))
    assert (few.status, few.value) == (Status.INSUFFICIENT_DATA, None)


def test_addresses_place_people_in_their_cells() -> None:
    """By hand: the 10 of (0, 0) live at two addresses, one of them 110 m from the station."""
    homes = frame(points((125, 125), (235, 125)), address_id=[1, 2], text=["a", "b"])
    rows = run(full(addresses=homes), bands_m="100,120").table("around_stations").frame
    assert rows["residents"].tolist() == [5, 5, 770, 780]
    centre = run(full(addresses=homes), origins="centre", bands_m="120")
    assert centre.table("around_stations").frame["residents"][0] == 10


def test_small_counts_and_their_density_do_not_leave() -> None:
    """By hand: 5 residents within 100 m: the count, its share and its density are hidden."""
    homes = frame(points((125, 125), (235, 125)), address_id=[1, 2], text=["a", "b"])
    result = publishable(run(full(addresses=homes), bands_m="100,120"))
    rows = result.table("around_stations").frame
    assert rows["residents"].tolist()[:2] == ["<10", "<10"]
    assert rows["residents_per_ha"].isna().tolist()[:2] == [True, True]
    assert rows["share"].isna().tolist()[:2] == [True, True]
    assert "residents_shown" not in result.frame.columns  # type: ignore[union-attr]
    cell = result.frame.set_index("cell_id")["residents"]  # type: ignore[union-attr]
    assert not cell.isin(range(1, 10)).any()
    assert (cell.map(lambda v: v if isinstance(v, float) else 0) >= 1.0).sum() == 0


@pytest.mark.parametrize("given_", ["", "500,300", "500;1000", "10", "9000"])
def test_bands_that_do_not_rise_are_refused(given_: str) -> None:
    """By rule of the parameter."""
    with pytest.raises(ParameterError, match="bands_m"):
        run(full(), bands_m=given_)


# --- concentration ---------------------------------------------------------------------------


def test_concentration_in_closed_form() -> None:
    """Closed form: equal amounts give 0; one of n has all: Gini and Hoover 1 - 1/n."""
    assert gini([3, 3, 3, 3]) == pytest.approx(0)
    assert hoover([3, 3, 3, 3]) == pytest.approx(0)
    assert gini([0, 0, 0, 7]) == pytest.approx(0.75)
    assert hoover([0, 0, 0, 7]) == pytest.approx(0.75)
    assert top_share([1] * 10, 0.1) == pytest.approx(0.1)
    assert top_share(range(1, 11), 0.1) == pytest.approx(10 / 55)
    # 15 % of ten cells: the densest and half of the next.
    assert top_share(range(1, 11), 0.15) == pytest.approx((10 + 4.5) / 55)
    assert gini(np.arange(1, 101)) == pytest.approx(0.33)
    assert np.isnan(gini([0, 0]))


@given(AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_gini_is_half_the_mean_difference(amounts: list[float]) -> None:
    """Twin: half the mean absolute difference of all pairs over the mean."""
    v = np.array(amounts)
    slow = np.abs(v[:, None] - v[None, :]).mean() / (2 * v.mean())
    assert gini(v) == pytest.approx(slow, abs=1e-9)


@given(AMOUNTS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_place_cut_in_two_changes_nothing(amounts: list[float], rnd: object) -> None:
    """Identity: halves of a place side by side are the place; so is any order."""
    v = np.array(amounts)
    halves, half = np.repeat(v / 2, 2), np.repeat(np.full(len(v), 0.5), 2)
    order = np.random.default_rng(len(v)).permutation(len(halves))
    for measure in (gini, hoover, lambda a, area: top_share(a, 0.3, area=area)):
        whole = measure(v, area=np.ones(len(v)))
        assert measure(halves[order], area=half[order]) == pytest.approx(whole, abs=1e-9)


def test_what_cannot_be_measured_is_refused() -> None:
    """By rule: negative amounts, areas of nothing, and shares outside 0 to 1."""
    for bad in (lambda: gini([-1.0]), lambda: hoover([1.0], area=[0.0]), lambda: top_share([1], 0)):
        with pytest.raises(ParameterError):
            bad()
