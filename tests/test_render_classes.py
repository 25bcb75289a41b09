"""Hold classes by method against brute force, and legend counts against where things lie."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from pydantic import ValidationError

from gis.catalogue import map_entries
from gis.catalogue.map_models import MapEntry, MapLayer
from gis.errors import RenderError
from gis.render.breaks import breaks_of
from gis.render.inside import inside_of
from tests import render_town as town


def layer(**told: Any) -> MapLayer:
    return MapLayer(layer="population_grid", class_field="records", **told)


def frame(values: list[Any], name: str = "records") -> gpd.GeoDataFrame:
    return town.frame({name: values}, [town.point(k % 10, k // 10) for k in range(len(values))])


def least_spread(values: np.ndarray, k: int) -> tuple[float, ...]:
    """Try every way of cutting sorted values in k runs, and keep the least sum of squares."""
    best = (np.inf, ())
    for cuts in itertools.combinations(range(1, len(values)), k - 1):
        runs = np.split(values, cuts)
        spread = sum(float(((run - run.mean()) ** 2).sum()) for run in runs)
        best = min(best, (spread, tuple(float(run[-1]) for run in runs[:-1])))
    return best[1]


@pytest.mark.parametrize("seed", range(5))
def test_natural_breaks_are_those_of_least_spread(seed: int) -> None:
    """Oracle: brute force over every cut of 14 two-digit numbers, which rounding leaves alone."""
    values = np.sort(np.random.default_rng(seed).choice(np.arange(10, 99), 14, replace=False))
    made = breaks_of(
        layer(method="natural", classes=4), frame(values.tolist()), where="maps/x.toml: layers[0]"
    )
    assert made == least_spread(values.astype(float), 4)


def test_quantiles_put_as_many_in_each_class() -> None:
    """By hand: 1 to 40 in five classes of eight; and the same whatever the order of rows."""
    values = list(range(1, 41))
    want = (8.0, 16.0, 24.0, 32.0)
    rule = layer(method="quantile", classes=5)
    assert breaks_of(rule, frame(values), where="x") == pytest.approx(want, abs=1)
    counts = np.histogram(values, [0, *breaks_of(rule, frame(values), where="x"), 99])[0]
    assert max(counts) - min(counts) <= 2
    assert breaks_of(rule, frame(values[::-1]), where="x") == breaks_of(
        rule, frame(values), where="x"
    )


def test_breaks_can_be_said() -> None:
    """By hand: two digits, whole where the field counts, and what falls together is one."""
    values = [1234.0, 1236.0, 5678.0, 5680.0, 98765.0]
    assert breaks_of(layer(method="natural", classes=3), frame(values), where="x") == (1200, 5700)
    assert breaks_of(layer(method="natural", classes=5), frame([7, 7, 7]), where="x") == (7,)
    many = np.random.default_rng(1).lognormal(5, 1, 5000).round(1).tolist()
    made = breaks_of(layer(method="natural", classes=5), frame(many), where="x")
    assert len(made) == 4
    assert all(float(f"{b:.2g}") == b for b in made)


def test_cells_of_nobody_and_protected_cells_make_no_breaks() -> None:
    """By hand: nobody and "under 10" are no numbers of residents to class by."""
    rule = MapLayer(layer="population_grid", class_field="residents", method="quantile", classes=2)
    shown = frame([0, 0, 0, "<10", "*", 20, 40, 60], "residents")
    assert breaks_of(rule, shown, where="x") == (40,)


def test_errors_point_at_the_key() -> None:
    """Oracle: the words that name the key."""
    message = r"maps/x.toml: layers\[2\].method 'natural': 'records' holds text"
    with pytest.raises(RenderError, match=message):
        breaks_of(layer(method="natural"), frame(["a", "b"]), where="maps/x.toml: layers[2]")
    with pytest.raises(ValidationError, match="no breaks beside it"):
        layer(method="natural", breaks=(1, 2))
    with pytest.raises(ValidationError, match="numeric class_field"):
        MapLayer(layer="roads_paths", method="quantile")
    with pytest.raises(ValidationError, match="breaks must rise, given: 5, 2"):
        layer(breaks=(5, 2))
    with pytest.raises(ValidationError, match="less than or equal to 7"):
        layer(method="natural", classes=9)


def test_a_map_with_a_method_has_its_classes_in_the_legend() -> None:
    """By hand: residents of the drawn town by quantiles; classes differ by ties of tens."""
    entry = map_entries()["oversikt"].model_dump(mode="json", by_alias=True)
    place = next(i for i, x in enumerate(entry["layers"]) if x["layer"] == "population_grid")
    entry["layers"][place] |= {"breaks": [], "method": "quantile", "classes": 4}
    html = town.page("oversikt", entry=MapEntry.model_validate(entry)).html
    legend = html.split('data-layer="population_grid"')[1].split("</ul>")[0]
    counts = [int(x.split("<")[0]) for x in legend.split('class="count">')[1:]]
    assert len(counts) == 5
    assert max(counts[:4]) <= 1.6 * min(counts[:4])


def test_legend_counts_what_lies_in_the_municipality() -> None:
    """By hand: two of three stations, the third across the border but drawn."""
    store = town.catalogue_layers()
    places = [town.point(4, 2.9), town.point(4.6, 5.8), town.point(12, 5)]
    names = {"name": ["a", "b", "c"], "kind": ["rail", "metro", "rail"]}
    store["stations"] = town.frame(names, places)
    html = town.page("oversikt", store=store).html
    legend = html.split('data-layer="stations"')[1].split("</li>\n</ul>")[0]
    counts = [int(x.split("<")[0]) for x in legend.split('class="count">')[1:3]]
    assert counts == [1, 1]
    assert "Antallene gjelder det som ligger i kommunen." in legend
    shapes = np.array(places)
    inside = inside_of(shapes, "point", "point", area=town.area_frame())
    assert inside is not None
    assert inside.tolist() == [True, True, False]
    assert inside_of(shapes[:2], "point", "point", area=town.area_frame()) is None
    assert inside_of(shapes, "polygon", "fill", area=town.area_frame()) is None
