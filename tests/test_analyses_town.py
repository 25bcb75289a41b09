"""Hold the four analyses against a drawn town where every number is counted by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.analyses import ANALYSES, study_areas
from gis.errors import GeometryError, InvariantError, LayerMissingError, ParameterError
from gis.result import Result, Status
from gis.scale import run_areas
from tests.town import Town, box, cells, frame, points, population, study, town


def units() -> gpd.GeoDataFrame:
    return frame(
        [box(0, 0, 500, 1000), box(500, 0, 1000, 1000)],
        number=["99990101", "99990102"],
        name=["Vest", "Øst"],
    )


def run(data: Town, name: str, **params: object) -> Result:
    return ANALYSES[name](study(data), params, own_files=True)


# --- built-up share -------------------------------------------------------------------------


def built_up() -> gpd.GeoDataFrame:
    """Two overlapping squares of one settlement, and one that reaches into the sea."""
    return frame(
        [box(0, 0, 500, 500), box(250, 0, 750, 500), box(700, 900, 1000, 1000)],
        number=["1", "1", "2"],
        name=["Storbyen", "Storbyen", "Vika"],
    )


def test_built_up_share_counts_overlaps_once_and_no_sea() -> None:
    """By hand: 750 x 500 + 50 x 100 = 0.380 km2 of 0.750 km2 of land."""
    result = run(town(built_up=built_up(), basic_statistical_units=units()), "built-up-share")
    assert result.numerator == pytest.approx(0.380)
    assert result.denominator == pytest.approx(0.750)
    assert result.value == pytest.approx(0.380 / 0.750)
    areas = result.table("areas").frame.set_index("number")["area_km2"]
    assert areas["1"] == pytest.approx(0.375)
    assert areas["2"] == pytest.approx(0.005)
    rows = result.table("units").frame.set_index("number")
    assert rows.loc["99990101", "built_up_km2"] == pytest.approx(0.250)
    assert rows.loc["99990102", "land_km2"] == pytest.approx(0.250)
    assert rows.loc["99990102", "share"] == pytest.approx(0.130 / 0.250)


def test_without_a_sea_layer_the_definition_says_what_land_is() -> None:
    """By hand: the whole square is then the denominator, and the definition says so."""
    result = run(town(built_up=built_up(), sea=None), "built-up-share")
    assert result.denominator == pytest.approx(1.0)
    assert "as delivered" in result.definition.sentence.en


def test_a_settlement_file_that_does_not_reach_here_is_no_zero() -> None:
    """By rule: nothing in the area or its halo means the layer is not there, not 0 %."""
    with pytest.raises(LayerMissingError, match="does not seem to reach"):
        run(town(built_up=built_up().iloc[:0]), "built-up-share")


# --- transit access -------------------------------------------------------------------------


def ready_stops() -> gpd.GeoDataFrame:
    """A at the centre of cell (0, 0); B outside the municipality, 225 m from that of (0, 3)."""
    return frame(
        points((125, 125), (-100, 875)), stop_id=["A", "B"], name=["A", "B"], mode=["bus", "rail"]
    )


def test_transit_access_counts_exactly_max_m_and_stops_across_the_border() -> None:
    """By hand, 250 m: (0,0), its two neighbours at exactly 250 m, and (0,3): 10+20+40+100."""
    data = town(frequent_stops=ready_stops(), basic_statistical_units=units())
    result = run(data, "transit-access", max_m=250)
    assert (result.numerator, result.denominator) == (170, 780)
    assert result.figures["frequent_stops_across_border"] == 1
    by_unit = result.table("units").frame.set_index("number")
    assert list(by_unit["residents"]) == [480, 300]
    assert list(by_unit["reached"]) == [170, 0]
    bands = result.table("by_distance").frame["residents"].tolist()
    assert bands[0] == 10 + 20 + 40 + 100
    assert sum(bands[:-1]) == bands[-1] == 780


@pytest.mark.parametrize(
    ("max_m", "reached"), [(249, 110), (250, 170), (336, 170), (337, 240), (5000, 780)]
)
def test_transit_access_grows_with_distance(max_m: float, reached: int) -> None:
    """By hand: B to (0,2) is sqrt(225^2 + 250^2) = 336.3 m; all is within 5 km."""
    assert (
        run(town(frequent_stops=ready_stops()), "transit-access", max_m=max_m).numerator == reached
    )


def test_cells_with_their_centre_outside_are_left_out_and_said() -> None:
    """By hand: a cell that crosses the border with its centre outside holds 500 residents."""
    people = cells({**population(), (4, 0): 0, (-1, 0): 500}, "residents")
    shifted = town(
        population_grid=people,
        frequent_stops=ready_stops(),
        municipality=frame([box(-100, 0, 1000, 1000)], number=["9999"], name=["Byen"]),
    )
    result = run(shifted, "transit-access")
    assert result.denominator == 780
    (nowhere,) = [x for x in result.left_out if x.reason == "centre_nowhere"]
    assert nowhere.count == 500
    both = frame(
        [box(-100, 0, 1000, 1000), box(-600, 0, -100, 1000)],
        number=["9999", "9998"],
        name=["Byen", "Nabobyen"],
    )
    shifted.frames["municipality"] = both
    result = run(shifted, "transit-access")
    (outside,) = [x for x in result.left_out if x.reason == "centre_outside"]
    assert outside.count == 500


def test_coded_small_cells_give_bounds() -> None:
    """By hand: ten cells of 5 reached and one of 100 not: 10..90 of 110..190."""
    near = {(c, 0): 5.0 for c in range(10)}
    data = town(
        municipality=frame([box(0, 0, 3000, 3000)], number=["9999"], name=["Byen"]),
        sea=None,
        population_grid=cells({**near, (0, 11): 100.0}, "residents"),
        frequent_stops=frame(points((1250, 125)), stop_id=["A"], name=["A"], mode=["bus"]),
    )
    result = run(data, "transit-access", max_m=2000)
    assert result.value == pytest.approx(50 / 150)
    assert result.low == pytest.approx(10 / 110)
    assert result.high == pytest.approx(90 / 190)


# --- hazard exposure ------------------------------------------------------------------------


def flood() -> gpd.GeoDataFrame:
    """Nested zones, delivered as NVE does: each holds the smaller ones."""
    return frame(
        [box(0, 0, 500, 750), box(0, 0, 500, 500), box(0, 0, 250, 500)],
        flood_class=["200_climate", "200", "20"],
        low_point=[0, 0, 0],
        zone_id=["z", "z", "z"],
    )


def hazards() -> Town:
    clay = frame(
        [box(250, 500, 750, 1000)],
        risk_class=["3"],
        hazard_degree=["medium"],
        consequence=["serious"],
        zone_id=["1"],
        name=["Leira"],
        part=["release"],
    )
    return town(
        flood_zones=flood(),
        flood_mapped_extent=frame([box(0, 0, 750, 750)], name=["Elva"]),
        quick_clay=clay,
        basic_statistical_units=units(),
        workplaces=cells({(0, 0): 7.0, (2, 3): 11.0}, "employees").assign(establishments=1),
    )


@pytest.mark.parametrize("method", ["centre", "area"])
def test_bands_do_not_overlap_and_nothing_is_lost(method: str) -> None:
    """By hand: 50 in the 20-year zone, 70 more in 200, 150 more with climate; 590 in any zone."""
    result = run(hazards(), "hazard-exposure", method=method)
    bands = result.table("bands_flood_zones").frame.set_index("class_id")["residents"]
    assert bands[["20", "200", "200_climate", ""]].tolist() == pytest.approx([50, 70, 150, 270])
    whole = result.table("bands_flood_zones").frame.set_index("class_id")["residents_whole"]
    assert whole[["20", "200", "200_climate", ""]].tolist() == pytest.approx([50, 120, 270, 270])
    rows = result.table("hazards").frame.set_index("hazard_id")
    split = rows.loc["flood_zones", ["inside", "mapped_outside", "not_mapped"]]
    assert split.tolist() == pytest.approx([270, 180, 330])
    split = rows.loc["quick_clay", ["inside", "mapped_outside", "not_mapped"]]
    assert split.tolist() == pytest.approx([400, 0, 380])
    assert result.numerator == pytest.approx(270 + 400 - 80)
    assert result.status is Status.PARTLY_MAPPED


def test_employees_and_units_in_zones() -> None:
    """By hand: 7 employees in the 20-year zone, 11 in quick clay; units 480 and 300 residents."""
    result = run(hazards(), "hazard-exposure", method="centre")
    flood_rows = result.table("bands_flood_zones").frame.set_index("class_id")["employees"]
    assert flood_rows["20"] == pytest.approx(7)
    assert result.table("bands_quick_clay").frame["employees"].iloc[-1] == pytest.approx(11)
    rows = result.table("units").frame.set_index("number")
    assert rows["residents"].tolist() == [480, 300]
    # West: 270 flood, clay (1,2) and (1,3) = 190, of which (1,2) = 80 is in both.
    assert rows.loc["99990101", "in_any_zone"] == pytest.approx(270 + 190 - 80)
    assert rows.loc["99990102", "in_quick_clay"] == pytest.approx(90 + 120)


def test_area_method_splits_a_cell_by_area() -> None:
    """By hand: half of the cell of 10 lies in the zone, so 5; its centre lies on the edge."""
    half = frame([box(0, 0, 125, 250)], flood_class=["20"], low_point=[0], zone_id=["z"])
    data = town(flood_zones=half)
    assert run(data, "hazard-exposure", method="area").numerator == pytest.approx(5)
    # Nobody inside, and nothing tells where it was mapped: not known, which is no zero.
    assert run(data, "hazard-exposure", method="centre").numerator is None
    assert run(data, "hazard-exposure", method="centre", rule="touch").numerator == 10


def test_addresses_share_their_cell_and_cells_without_stay_at_the_centre() -> None:
    """By hand: one of two addresses of the cell of 10 is in the zone: 5; the rest has none: 770."""
    zone = frame([box(0, 0, 100, 100)], flood_class=["20"], low_point=[0], zone_id=["z"])
    homes = frame(points((50, 50), (200, 200)), address_id=[1, 2], text=["a", "b"])
    result = run(town(flood_zones=zone, addresses=homes), "hazard-exposure")
    assert result.definition.parameters["method"] == "addresses"
    assert result.numerator == pytest.approx(5)
    (bare,) = [x for x in result.left_out if x.reason == "no_address"]
    assert bare.count == pytest.approx(770)


def test_unmapped_everywhere_is_not_mapped_and_no_zero_in_disguise() -> None:
    """By rule: no zone here and no mapped extent known: the status is not_mapped."""
    far = flood()
    far.geometry = far.geometry.translate(50_000, 0)
    result = run(town(flood_zones=far), "hazard-exposure")
    assert result.status is Status.NOT_MAPPED
    assert result.value is None
    assert "ukjent, ikke null" in result.finding.nb
    rows = result.table("hazards").frame.set_index("hazard_id")
    assert rows.loc["flood_zones", "not_mapped"] == 780
    assert rows.loc["quick_clay", "outside_data"] == 780


def test_caution_areas_are_counted_apart() -> None:
    """By hand: a caution area over the whole town adds nobody to those in a hazard zone."""
    data = hazards()
    data.frames["landslide_caution"] = frame([box(0, 0, 1000, 1000)], slide_type=["debris"])
    result = run(data, "hazard-exposure", method="centre")
    assert result.numerator == 590
    inside = result.table("hazards").frame.set_index("hazard_id")["inside"]
    assert inside["landslide_caution"] == 780


def test_frames_of_the_input_are_not_changed() -> None:
    """By identity: every layer is the same after all analyses as before."""
    data = hazards()
    before = {name: f.copy(deep=True) for name, f in data.frames.items()}
    run(data, "hazard-exposure")
    for name, old in before.items():
        assert data.frames[name].drop(columns="geometry").equals(old.drop(columns="geometry"))
        assert shapely.equals_exact(data.frames[name].geometry, old.geometry).all()


# --- biodiversity ---------------------------------------------------------------------------


def records(rows: list[tuple[float, float, str, str, str, float]]) -> gpd.GeoDataFrame:
    """Records as (x, y, species, category, alien category, uncertainty)."""
    return frame(
        points(*[(x, y) for x, y, *_ in rows]),
        species=[r[2] for r in rows],
        category=[r[3] for r in rows],
        alien_category=[r[4] for r in rows],
        uncertainty_m=[r[5] for r in rows],
    )


def test_species_are_counted_by_cell_and_the_rest_is_accounted_for() -> None:
    """By hand: cell (0,0) has 3 records of 2 species, one CR; the others have too few."""
    found = records(
        [
            (10, 10, "Ask", "EN", "", 10),
            (20, 20, "Ask", "EN", "", 10),
            (30, 30, "Gran", "LC", "", 10),
            (600, 10, "Gran", "LC", "", 10),
            (40, 40, "Lupin", "NA", "SE", 10),
            (50, 50, "Bjørk", "LC", "", 1000),
            (60, 60, "Furu", "LC", "", float("nan")),
            (70, 70, "", "LC", "", 10),
            (5000, 10, "Gran", "LC", "", 10),
        ]
    )
    result = run(town(species_records=found), "biodiversity-hotspots", min_records=3)
    assert result.frame is not None
    rows = result.frame.set_index(
        result.frame.geometry.bounds["minx"].astype(int).astype(str)
        + " "
        + result.frame.geometry.bounds["miny"].astype(int).astype(str)
    )
    first = rows.loc["200000 6600000"]
    assert (first["records"], first["species"], first["threatened"]) == (3, 2, 1)
    assert first["status"] == "ok"
    assert rows.loc["200500 6600000", "status"] == "too_few"
    counted = {x.reason: x.count for x in result.left_out}
    assert counted == {
        "no_species": 1, "alien": 1, "no_uncertainty": 1, "too_uncertain": 1, "too_few_records": 3,
    }  # fmt: skip
    assert result.status is Status.INSUFFICIENT_DATA or result.value is not None


def test_a_cluster_is_found_and_held_against_the_plans() -> None:
    """By construction: a rich 3 x 3 block in a poor 12 x 12 field is the one hot spot."""
    rows = []
    for c in range(12):
        for r in range(12):
            rich = 3 <= c < 6 and 3 <= r < 6
            for i in range(30):
                kind = f"art {i}" if rich else f"art {i % 3}"
                rows.append((c * 500.0 + 250, r * 500.0 + 250, kind, "LC", "", 5.0))
    data = town(
        municipality=frame([box(0, 0, 6000, 6000)], number=["9999"], name=["Byen"]),
        sea=None,
        species_records=records(rows),
        planned_areas=frame(
            [box(1500, 1500, 3000, 2000)], name=["Feltet"], purpose=["housing"], status=["future"]
        ),
    )
    result = run(data, "biodiversity-hotspots", measure="all")
    assert result.frame is not None
    hot = result.frame[result.frame["hot_spot"]]
    inner = shapely.box(201_500, 6_601_500, 203_000, 6_603_000)
    assert shapely.contains(hot.union_all(), inner)
    assert result.denominator == pytest.approx(hot.area.sum() / 1e6)
    assert result.numerator == pytest.approx(0.75)
    planned = result.table("planned").frame
    assert planned.loc[0, "hot_spot_share"] == pytest.approx(1.0)
    assert planned.loc[0, "species"] == 30


def test_a_record_never_lights_a_cell_finer_than_itself() -> None:
    """By hand: 1 km is left out of a 100 m grid, and a limit above the cell's side is refused."""
    found = records([(10, 10, "Ask", "EN", "", 1000), (20, 20, "Gran", "LC", "", 10)])
    result = run(town(species_records=found), "biodiversity-hotspots", cell_m=100, min_records=2)
    assert result.figures["records"] == 1
    assert {x.reason: x.count for x in result.left_out}["too_uncertain"] == 1
    with pytest.raises(ParameterError, match="at most the side of a cell"):
        run(
            town(species_records=found), "biodiversity-hotspots", cell_m=100, max_uncertainty_m=1000
        )


def test_records_none_of_which_is_sure_are_not_called_without_category() -> None:
    """By hand: forty of 1 km and forty of -5 m are all left out, for two reasons; CR is CR."""
    found = records([(300.0, 300.0, "A", "CR", "", u) for u in (1000.0, -5.0) for _ in range(40)])
    result = run(town(species_records=found), "biodiversity-hotspots", cell_m=100, min_records=2)
    assert result.status is Status.INSUFFICIENT_DATA
    assert "rødlistekategori" not in result.finding.nb
    assert "Ingen av funnene" in result.finding.nb
    left = {x.reason: x.count for x in result.left_out}
    assert (left["too_uncertain"], left["no_uncertainty"]) == (40, 40)


def test_red_list_weights_and_ignorance_by_hand() -> None:
    """By hand, one cell: EN 3 + VU 2 + DD 0 = 5, each species certain among all 4 records.

    Five records lie there, the alien one too: ignorance 20 / 25. An empty cell has 1.
    """
    found = records(
        [
            (10, 10, "Ask", "EN", "", 10),
            (20, 20, "Ask", "EN", "", 10),
            (30, 30, "Alm", "VU", "", 10),
            (40, 40, "Lav", "DD", "", 10),
            (50, 50, "Lupin", "NA", "SE", 10),
        ]
    )
    data = town(species_records=found)
    result = run(data, "biodiversity-hotspots", min_records=4)
    assert result.frame is not None
    row = result.frame[result.frame["status"] == "ok"].iloc[0]
    assert (row["red_list_score"], row["expected_score"]) == (5.0, 5.0)
    assert (row["threatened"], row["data_deficient"]) == (2, 1)
    ignorance = result.layers["ignorance"].set_index("cell")
    assert ignorance.loc["200000 6600000", "ignorance"] == 0.8
    assert ignorance.loc["200000 6600000", "records_any"] == 5
    assert ignorance.loc["200500 6600500", "ignorance"] == 1.0
    weighted = run(data, "biodiversity-hotspots", min_records=4, weight_vu=10)
    assert weighted.frame is not None
    assert weighted.frame["red_list_score"].max() == 13.0


def test_without_categories_what_is_red_listed_is_unknown_and_not_zero() -> None:
    """By rule: records of GBIF carry no Norwegian category; the answer says so."""
    rows = [(float(i), 10.0, f"art {i % 5}", "NE", "", 5.0) for i in range(60)]
    data = town(species_records=records(rows))
    result = run(data, "biodiversity-hotspots", min_records=5)
    assert result.status is Status.INSUFFICIENT_DATA
    assert result.value is None
    assert "rødlistekategori" in result.finding.nb
    assert result.frame is not None
    assert result.frame["red_listed"].isna().all()
    assert result.frame["expected_red_listed"].isna().all()
    assert result.frame["expected_species"].notna().any()
    every = run(data, "biodiversity-hotspots", min_records=5, measure="all")
    assert every.status is Status.OK
    data.frames["planned_areas"] = frame([box(0, 0, 400, 400)], name=["Felt"], purpose=["1110"])
    data.frames["basic_statistical_units"] = frame(
        [box(0, 0, 1000, 1000)], number=["1"], name=["Alt"]
    )
    wider = run(data, "biodiversity-hotspots", min_records=5, measure="all")
    for name in ("cells_top", "planned", "units"):
        rows = wider.table(name).frame
        assert rows["species"].notna().any(), name
        assert rows[["threatened", "red_listed"]].isna().all(axis=None), name


def test_what_lies_in_a_layer_that_is_not_there_is_unknown_and_not_zero() -> None:
    """By hand: without planned areas or settlements no cell has none of them."""
    rows = [(float(i), 10.0, f"art {i % 5}", "LC", "", 5.0) for i in range(60)]
    bare = run(town(species_records=records(rows)), "biodiversity-hotspots", min_records=5)
    assert bare.frame is not None
    assert bare.figures["hot_spot_in_planned_km2"] is None
    assert bare.frame[["planned_share", "built_up_share"]].isna().all(axis=None)
    there = town(
        species_records=records(rows),
        planned_areas=frame([box(0, 0, 250, 500)], name=["Felt"], purpose=["1110"]),
        built_up=frame([box(0, 0, 500, 500)], number=["1"], name=["Byen"]),
    )
    result = run(there, "biodiversity-hotspots", min_records=5)
    assert result.frame is not None
    first = result.frame.set_index("cell").loc["200000 6600000"]
    assert (first["planned_share"], first["built_up_share"]) == pytest.approx((0.5, 1.0))
    assert result.figures["hot_spot_in_planned_km2"] == 0.0


# --- the frame around them ------------------------------------------------------------------


def test_an_unknown_parameter_names_what_there_is() -> None:
    """By hand: a misspelt parameter is refused with the nearest one."""
    with pytest.raises(ParameterError, match="did you mean 'max_m'"):
        run(town(frequent_stops=ready_stops()), "transit-access", max_meter=3)


def test_a_parameter_out_of_bounds_says_what_is_allowed() -> None:
    """By hand: 10 m is below the least distance."""
    with pytest.raises(ParameterError, match=r"max_m.*10 given; allowed: 50 to 5000"):
        run(town(frequent_stops=ready_stops()), "transit-access", max_m=10)


def test_a_missing_layer_is_named() -> None:
    """By hand: built-up share without settlements."""
    with pytest.raises(LayerMissingError, match="no layer built_up for 9999 Byen"):
        run(town(), "built-up-share")


def test_a_layer_that_covers_other_municipalities_is_missing_here() -> None:
    """By rule: a file for 0301 alone says nothing of 9999."""
    data = town(built_up=built_up())
    data.covers["built_up"] = ("0301",)
    with pytest.raises(LayerMissingError, match="no layer built_up"):
        run(data, "built-up-share")


def test_an_unknown_municipality_is_named() -> None:
    """By hand: the town has one municipality."""
    with pytest.raises(ParameterError, match="municipality 9998 is not among the 1"):
        list(study_areas(town(), numbers=["9998"], halo_m=5000))


@pytest.mark.parametrize("name", ["transit-access", "hazard-exposure"])
def test_row_order_and_moving_everything_change_nothing(name: str) -> None:
    """By identity: shuffled rows, and a town moved by whole cells, give the same numbers."""
    data = hazards()
    data.frames["frequent_stops"] = ready_stops()
    plain = run(data, name)
    rng = np.random.default_rng(1)
    shuffled = Town({k: f.iloc[rng.permutation(len(f))] for k, f in data.frames.items()})
    moved = Town({k: _moved(f, 2500.0, -7500.0) for k, f in data.frames.items()})
    for other in (run(shuffled, name), run(moved, name)):
        assert other.numerator == pytest.approx(plain.numerator)
        assert other.denominator == plain.denominator
        assert other.left_out == plain.left_out


def _moved(old: gpd.GeoDataFrame, east: float, north: float) -> gpd.GeoDataFrame:
    new = old.copy()
    new["geometry"] = old.geometry.translate(east, north)
    if "cell_id" in new:
        new["cell_id"] = new["cell_id"] + int(east) * 10**7 + int(north)
    return new


def test_a_share_above_one_is_withheld() -> None:
    """By rule: Result refuses a share outside 0 to 1."""
    good = run(town(frequent_stops=ready_stops()), "transit-access")
    with pytest.raises(InvariantError, match="outside 0 to 1"):
        type(good)(**{**good.__dict__, "value": 1.5})


def test_a_centre_on_the_border_belongs_to_the_lowest_number() -> None:
    """By hand: the town cut at x = 375, through the centres of column 1; no one is lost."""
    halves = frame(
        [box(0, 0, 375, 1000), box(375, 0, 1000, 1000)], number=["9998", "9999"], name=["A", "B"]
    )
    data = town(municipality=halves, sea=None, frequent_stops=ready_stops())
    totals = [
        ANALYSES["transit-access"](s).denominator
        for s in study_areas(data, numbers=["9998", "9999"], halo_m=5000)
    ]
    assert totals == [220 + 260, 300]


def test_a_distance_beyond_the_halo_is_refused() -> None:
    """By rule: stops across the border were read as far as the halo and no further."""
    data = town(frequent_stops=ready_stops())
    with pytest.raises(ParameterError, match=r"max_m 4000 given.*halo of 2000"):
        ANALYSES["transit-access"](study(data, halo_m=2000), {"max_m": 4000})


def test_a_ready_list_cannot_follow_other_parameters() -> None:
    """By rule: a list settles what is frequent; a parameter that does nothing is refused."""
    with pytest.raises(ParameterError, match=r"min_per_hour, window given.*ready list"):
        run(town(frequent_stops=ready_stops()), "transit-access", min_per_hour=60, window="23-26")


def test_a_sea_layer_for_others_takes_nothing_here() -> None:
    """By rule: a sea layer that covers another municipality leaves the land as delivered."""
    data = town(built_up=built_up())
    data.covers["sea"] = ("0301",)
    result = run(data, "built-up-share")
    assert result.denominator == pytest.approx(1.0)
    assert result.definition.parameters["sea_removed"] is False
    assert "sea" not in [s.layer for s in result.provenance.sources]


def test_one_bad_municipality_does_not_end_a_run() -> None:
    """By hand: a self-crossing zone fails its own municipality and no other."""
    both = frame(
        [box(0, 0, 1000, 1000), box(50_000, 0, 51_000, 1000)],
        number=["9998", "9999"],
        name=["A", "B"],
    )
    bow_tie = shapely.Polygon(
        [(200_000, 6_600_000), (200_500, 6_600_500), (200_500, 6_600_000), (200_000, 6_600_500)]
    )
    zones = frame(
        [bow_tie, box(50_000, 0, 50_500, 500)],
        flood_class=["20", "20"],
        low_point=[0, 0],
        zone_id=["a", "b"],
    )
    people = cells({(0, 0): 100, (200, 0): 100, (202, 2): 50}, "residents")
    data = town(municipality=both, sea=None, flood_zones=zones, population_grid=people)
    lines = list(
        run_areas(data, numbers=["9998", "9999"], analyses=["hazard-exposure"], halo_m=5000)
    )
    assert [line.status.value for line in lines] == ["failed", "partly_mapped"]
    assert "not valid" in lines[0].note
    assert lines[1].result is not None
    assert lines[1].result.numerator == 100
    (bad,) = study_areas(data, numbers=["9998"], halo_m=5000)
    for method in ("area", "centre", "cell"):
        with pytest.raises(GeometryError, match="flood_zones: zone 1 of 1 is not valid"):
            ANALYSES["hazard-exposure"](bad, {"method": method})
