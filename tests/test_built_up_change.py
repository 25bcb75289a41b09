"""Hold built-up change against the drawn town, closed forms and sums that must agree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.analyses import ANALYSES
from gis.errors import FieldError, ParameterError
from gis.kernels.growth_rates import land_consumption_rate, population_growth_rate, ratio
from gis.provenance import LayerSource
from gis.result import Result, Status
from tests.town import Town, box, frame, study, town

SIZE = st.floats(0.01, 1e4)
SPAN = st.integers(1, 50)


@dataclass
class Dated(Town):
    """The town with a date for each layer; 1 January 2026 unless given."""

    dates: dict[str, dt.date | None] = field(default_factory=dict)

    def source(self, layer: str) -> LayerSource:
        return replace(super().source(layer), date=self.dates.get(layer, dt.date(2026, 1, 1)))


def settled(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    n = len(shapes)
    return frame(shapes, number=["1"] * n, name=["Byen"] * n, **columns)


def history(**years: int | None) -> gpd.GeoDataFrame:
    rows = [(int(k[1:]), v) for k, v in years.items()]
    return frame(
        [None] * len(rows),  # type: ignore[list-item]
        number=["9999"] * len(rows),
        year=[y for y, _ in rows],
        residents=[v for _, v in rows],
    )


def grown(dates: dict[str, dt.date | None] | None = None, **more: object) -> Dated:
    """500 x 500 m in 2016, 500 x 700 in 2026 and a corner gone; 700 residents become 780."""
    layers = {
        "built_up_earlier": settled(box(0, 0, 500, 500), box(700, 0, 800, 100), year=[2016, 2016]),
        "built_up": settled(box(0, 0, 500, 500), box(0, 400, 500, 700)),
        "population_history": history(y2016=700, y2026=780),
        **more,
    }
    made = town(**layers)  # type: ignore[arg-type]
    return Dated(made.frames, dates=dates or {})


def run(data: Town, **params: object) -> Result:
    return ANALYSES["built-up-change"](study(data), params)


def test_growth_and_rates_by_hand() -> None:
    """By hand: 0.255 km2 (sea taken away) become 0.35: 37.25 % in ten years; people ln(780/700)."""
    result = run(grown())
    assert result.figures["built_up_first_km2"] == pytest.approx(0.255)
    assert result.figures["built_up_last_km2"] == pytest.approx(0.35)
    assert result.figures["new_ha"] == pytest.approx(10)
    assert result.figures["gone_ha"] == pytest.approx(0.5)
    land, people = (0.35 - 0.255) / 0.255 / 10, np.log(780 / 700) / 10
    assert result.numerator == pytest.approx(land)
    assert result.denominator == pytest.approx(people)
    assert result.value == pytest.approx(land / people)
    assert result.status is Status.OK
    by_log = run(grown(), formula="2018")
    assert by_log.value == pytest.approx(np.log(0.35 / 0.255) / np.log(780 / 700))
    values = {r.name: r.value for r in result.sensitivity}
    assert values == {
        "2016-2026-2021": pytest.approx(land / people),
        "2016-2026-2018": pytest.approx(by_log.value),
    }


def test_what_stands_on_what_by_hand() -> None:
    """By hand: of 10 ha new, 2.5 are nature, 5 forest, 2.5 farmland; nature and forest overlap."""
    data = grown(
        protected_areas=frame([box(0, 600, 250, 1000)], name=["Vernet"]),
        forest=frame([box(0, 500, 250, 900)]),
        farmland=frame([box(250, 500, 500, 600)]),
    )
    result = run(data)
    rows = result.table("ground").frame
    assert rows["new_ha"].tolist() == pytest.approx([2.5, 5, 2.5, 2.5, 10])
    assert rows["share"].tolist() == pytest.approx([0.25, 0.5, 0.25, 0.25, 1])
    nature = result.table("nature").frame
    assert nature["new_ha"].sum() == pytest.approx(10)
    assert nature["new_ha"][0] == pytest.approx(2.5)
    assert any("2026" in n.nb or "01.01" in n.nb for n in result.notes)


def test_an_older_map_tells_what_was_there() -> None:
    """By hand: today's forest no longer shows what was cleared; the older map does."""
    today = grown(forest=frame([box(0, 700, 250, 900)]))
    then = frame([box(0, 500, 250, 900), box(250, 500, 500, 600)], cover=["forest", "farmland"])
    assert run(today).table("ground").frame["new_ha"].tolist() == pytest.approx([0, 10, 10])
    older = run(grown(forest=today.frames["forest"], land_cover_earlier=then))
    assert older.table("ground").frame["new_ha"].tolist() == pytest.approx([5, 2.5, 2.5, 10])


def test_years_of_one_file_and_the_series() -> None:
    """By hand: three years; each step has its own rates, and the first year none."""
    three = settled(box(0, 0, 500, 500), box(0, 0, 500, 600), year=[2006, 2016])
    people = history(y2006=600, y2016=600, y2026=780)
    result = run(grown(built_up_earlier=three, population_history=people))
    rows = result.table("years").frame
    assert rows["year"].tolist() == ["2006", "2016", "2026"]
    assert rows["built_up_km2"].tolist() == pytest.approx([0.25, 0.30, 0.35])
    assert rows["km2_per_year"].tolist()[1:] == pytest.approx([0.005, 0.005])
    # The population stood still from 2006 to 2016: no ratio, never infinite.
    assert np.isnan(rows["ratio"]).tolist() == [True, True, False]
    middle = run(grown(built_up_earlier=three), from_year=2016)
    assert middle.definition.parameters["from_year"] == 2016
    with pytest.raises(ParameterError, match=r"2010 given.*2006, 2016, 2026"):
        run(grown(built_up_earlier=three), from_year=2010)
    with pytest.raises(ParameterError, match="two years that rise"):
        run(grown(), from_year=2026)


@pytest.mark.parametrize(
    "people", [history(y2016=780, y2026=780), history(y2016=700), history(y2016=5, y2026=780), None]
)
def test_an_undefined_ratio_is_said_and_never_infinite(people: gpd.GeoDataFrame | None) -> None:
    """By rule: a population that stands still, is unknown or is 1 to 9 gives no ratio."""
    result = run(grown(population_history=people))
    assert (result.value, result.status) == (None, Status.INSUFFICIENT_DATA)
    assert result.figures["new_ha"] == pytest.approx(10)
    assert not any(r.value is not None and np.isinf(r.value) for r in result.sensitivity)
    assert "5" not in result.table("years").frame["residents"].astype(str).tolist()


def test_boundaries_without_a_year_are_refused() -> None:
    """By rule: no year is guessed, and one year is not told twice."""
    bare = settled(box(0, 0, 500, 500))
    with pytest.raises(FieldError, match="without a year"):
        run(grown({"built_up_earlier": None}, built_up_earlier=bare))
    with pytest.raises(FieldError, match="of 2026, and so are"):
        run(grown(built_up_earlier=bare))
    dated = run(grown({"built_up_earlier": dt.date(2015, 12, 1)}, built_up_earlier=bare))
    assert dated.definition.parameters["from_year"] == 2016


@given(
    west=st.integers(0, 600), wide=st.integers(1, 400), south=st.integers(0, 900),
    high=st.integers(1, 400),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_new_and_gone_balance_the_areas(west: int, wide: int, south: int, high: int) -> None:
    """Conservation: last = first + new - gone, and the units hold all of it."""
    halves = [box(0, 0, 400, 1000), box(400, 0, 1000, 1000)]
    units = frame(halves, number=["99990101", "99990102"], name=["V", "O"])
    later = settled(box(west, south, west + wide, south + high))
    result = run(grown(built_up=later, basic_statistical_units=units))
    figures = {k: float(v or 0) for k, v in result.figures.items() if k.endswith(("km2", "_ha"))}
    balance = 100 * figures["built_up_first_km2"] + figures["new_ha"] - figures["gone_ha"]
    assert 100 * figures["built_up_last_km2"] == pytest.approx(balance, abs=1e-6)
    rows = result.table("units").frame
    assert rows["new_ha"].sum() == pytest.approx(figures["new_ha"], abs=1e-6)


# --- the rates -------------------------------------------------------------------------------


@given(SIZE, st.floats(0.9, 1.1), SPAN)
@settings(max_examples=50, deadline=None)
def test_the_logarithm_undoes_yearly_compounding(past: float, factor: float, years: int) -> None:
    """Closed form: growth by one factor each year has the rate ln(factor) in both logarithms."""
    present = past * factor**years
    people = population_growth_rate(past, present, years=years)
    assert people == pytest.approx(np.log(factor), abs=1e-9)
    log = land_consumption_rate(past, present, years=years, version="2018")
    assert log == pytest.approx(np.log(factor), abs=1e-9)
    plain = land_consumption_rate(past, present, years=years)
    assert plain == pytest.approx((factor**years - 1) / years, abs=1e-9)


def test_rates_of_nothing_are_unknown() -> None:
    """By rule: from nothing no rate follows; negative areas and spans are refused."""
    assert land_consumption_rate(0, 5, years=3) is None
    assert land_consumption_rate(5, 0, years=5, version="2018") is None
    assert land_consumption_rate(5, 0, years=5) == pytest.approx(-0.2)
    assert population_growth_rate(0, 5, years=3) is None
    assert ratio(0.1, 0.0) is None
    assert ratio(0.1, None) is None
    assert ratio(0.02, -0.01) == pytest.approx(-2)
    for bad in ((-1, 5, 3), (1, float("inf"), 3), (1, 5, 0)):
        with pytest.raises(ParameterError):
            land_consumption_rate(bad[0], bad[1], years=bad[2])
