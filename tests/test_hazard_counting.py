"""Hold the counting rules of hazard exposure against a drawn town, each number by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiPolygon

from gis.analyses import ANALYSES
from gis.analyses.exposure import joint_class
from gis.analyses.floods_mapped import floods_of
from gis.analyses.verdicts import VERDICTS, by_return_period
from gis.analyses.zones import hazard_of
from gis.catalogue import layer_entry
from gis.errors import ParameterError, SourceError
from gis.published import publishable
from gis.result import Result, Status
from gis.sources import read_layer
from gis.text import t
from tests.town import E0, N0, Town, box, cells, frame, points, population, study, town

if TYPE_CHECKING:
    from pathlib import Path


def run(data: Town, name: str = "hazard-exposure", **params: object) -> Result:
    return ANALYSES[name](study(data), params)


def zone(*shapes: object, ids: list[str] | None = None) -> gpd.GeoDataFrame:
    n = len(shapes)
    return frame(
        shapes, flood_class=ids or ["20"] * n, low_point=[0] * n, zone_id=["z"] * n  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "min_share", "inside"),
    [
        ("interior", None, 10 + 20),
        ("touch", None, 10 + 20 + 40 + 50),
        ("representative-point", None, 10),
        ("min-share", 0.5, 10),
        ("min-share", 0.25, 10 + 20),
        ("min-share", 1.0, 10),
    ],
)
def test_whole_cells_under_the_four_rules(
    rule: str, min_share: float | None, inside: float
) -> None:
    """By hand: a zone over cell (0,0), half of it over (1,0) to x = 312.5, edge on row 1."""
    flood = zone(box(0, 0, 312.5, 250))
    params = {"method": "cell", "rule": rule}
    if min_share is not None:
        params["min_share"] = min_share  # type: ignore[assignment]
    result = run(town(flood_zones=flood), **params)
    assert result.numerator == inside
    assert result.definition.parameters["rule"] == rule


def test_the_rule_is_printed_with_the_number() -> None:
    """By search: the finding and the definition name the rule in both languages."""
    result = run(town(flood_zones=zone(box(0, 0, 250, 250))), method="centre")
    assert "bare felles kant teller ikke" in result.finding.nb
    assert "sharing only an edge is no hit" in result.finding.en
    with pytest.raises(ParameterError, match="min-share goes with method cell"):
        run(town(flood_zones=zone(box(0, 0, 9, 9))), method="centre", rule="min-share")


def test_duplicates_holes_and_parts_count_once() -> None:
    """By hand: the same zone twice, one with a hole over (1,1), and two parts: 10+20+40 and 120."""
    holed = box(0, 0, 500, 500).difference(box(250, 250, 500, 500))
    parts = MultiPolygon([box(500, 750, 750, 1000), box(0, 0, 250, 250)])
    for method in ("area", "centre"):
        result = run(town(flood_zones=zone(holed, holed, parts)), method=method)
        assert result.numerator == pytest.approx(10 + 20 + 40 + 120)


def test_four_ways_outside_are_told_apart() -> None:
    """By hand: inside 10, mapped 20, not mapped 750; a missing layer: all outside the data."""
    data = town(
        flood_zones=zone(box(0, 0, 250, 250)),
        flood_mapped_extent=frame([box(0, 0, 500, 250)], name=["Elva"]),
    )
    rows = run(data, method="centre").table("hazards").frame.set_index("hazard_id")
    columns = ["inside", "mapped_outside", "not_mapped", "outside_data"]
    assert rows.loc["flood_zones", columns].tolist() == [10, 20, 750, 0]
    # What is inside a layer that nobody delivered is not known; a zero would be an answer.
    assert rows.loc["quick_clay", columns[:3]].isna().all()
    assert rows.loc["quick_clay", "outside_data"] == 780
    assert rows.loc["quick_clay", "delivered"].nb == "ikke levert"
    assert (rows[columns].sum(axis=1) == 780).all()
    public = publishable(run(data, method="centre")).table("hazards").frame
    assert public.set_index("hazard_id").loc["quick_clay", "inside"] is None


def all_zones(**layers: object) -> Town:
    """A town with every layer of hazard zones: flood and three that hold nobody."""
    corner = box(600, 600, 601, 601)
    made = {
        "flood_zones": zone(box(0, 0, 250, 250)),
        "storm_surge": frame([corner], surge_class=["20"]),
        "quick_clay": frame([corner], risk_class=["3"]),
        "landslide_zones": frame([corner], slide_class=["1000"], slide_type=["a"]),
        "flood_mapped_extent": frame([box(0, 0, 500, 500)], name=["Elva"]),
        "storm_surge_mapped_extent": frame([box(0, 0, 1000, 250)], extent_class=["mapped"]),
        "landslide_mapped_extent": frame([box(0, 0, 1000, 1000)], name=["x"]),
        "marine_limit": frame([box(500, 0, 1000, 1000)]),
    }
    return town(**(made | layers))  # type: ignore[arg-type]


def test_overall_only_what_every_hazard_was_mapped_for_is_mapped() -> None:
    """By hand: zone (0,0); flood 2 x 2 cells, surge row 0, no clay in two columns: 20 in all."""
    rows = run(all_zones(), method="centre").table("overall").frame.set_index("class_id")
    assert rows["residents"].tolist() == [10, 20, 750, 0]
    gone = run(all_zones(landslide_zones=None), method="centre")
    assert gone.table("overall").frame["residents"].tolist() == [10, 0, 0, 770]
    assert gone.figures["residents_outside_data"] == 770
    assert any("ikke levert" in n.nb.lower() for n in gone.notes)
    public = publishable(gone).table("overall").frame["residents"].tolist()
    assert public == [10, 0, 0, 770]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20,200,1000,2100", {"20", "200", "1000", "200_climate"}),
        ("10, 20, 50, 100, 200, 500, 1000, 200klima",
         {"10", "20", "50", "100", "200", "500", "1000", "200_climate"}),
        ("20, 200, 1000, 2100, 1000Klima", {"20", "200", "1000", "200_climate", "1000_climate"}),
        ("20, 200, 1000, 2100 (200klima)", {"20", "200", "1000", "200_climate"}),
        ("200klima", {"200_climate"}),
        ("ukjent, 7", None),
        (None, None),
        (float("nan"), None),
    ],
)  # fmt: skip
def test_what_an_extent_says_it_was_mapped_for(text: object, found: set[str] | None) -> None:
    """By hand: texts as NVE writes them; 2100 is the 200-year flood with climate."""
    codes = layer_entry("flood_zones").fields["flood_class"].codes
    assert floods_of(text, codes) == (None if found is None else frozenset(found))


def test_mapped_for_200_years_is_not_mapped_for_1000() -> None:
    """By hand: row 0 mapped for 20 and 200, (0,1) for 20, 200 and 1000; zones over (0,0), (1,0)."""
    data = town(
        flood_zones=zone(box(0, 0, 250, 250), box(0, 0, 500, 250), ids=["20", "200"]),
        flood_mapped_extent=frame(
            [box(0, 0, 750, 250), box(0, 250, 250, 500)],
            name=["A", "B"], floods=["20, 200", "20,200,1000"],
        ),
    )  # fmt: skip
    result = run(data, method="centre")
    rows = result.table("extent_flood_zones").frame.set_index("class_id")
    split = ["inside", "mapped_outside", "not_mapped"]
    assert rows.loc["20", split].tolist() == [10, 90, 680]
    assert rows.loc["200", split].tolist() == [30, 70, 680]
    assert rows.loc["1000", split].tolist() == [0, 40, 740]
    assert list(rows.index) == ["20", "200", "1000"]
    public = publishable(result).table("extent_flood_zones").frame
    assert public["not_mapped"].tolist() == [680, 680, 740]


def test_a_zone_just_across_the_border_holds_its_part_of_a_border_cell() -> None:
    """By hand: the cell of 30 reaches 50 m out; the zone there takes 40 x 250 m of it, 0.16.

    The same zone moved into the municipality's own ground holds as much; one that lies a
    cell away holds nothing. What is clear of marine clay is so on both sides of the border.
    """
    square = frame([box(0, 0, 700, 1000)], number=["9999"], name=["Byen"])
    for west, expected in ((710, 4.8), (660, 4.8), (751, 0.0), (950, 0.0)):
        data = town(
            municipality=square,
            sea=None,
            flood_zones=zone(box(west, 0, west + 40, 250)),
            flood_mapped_extent=frame([box(0, 0, 1000, 1000)]),
        )
        result = run(data, method="area")
        assert result.numerator == pytest.approx(expected)
        row = result.table("hazards").frame.set_index("hazard_id").loc["flood_zones"]
        parts = [row[c] for c in ("inside", "mapped_outside", "not_mapped")]
        assert parts == pytest.approx([expected, 780 - expected, 0])
    clay = town(
        municipality=square,
        sea=None,
        quick_clay=frame([box(0, 0, 50, 50)], risk_class=["3"], hazard_degree=["high"]),
        marine_limit=frame([box(0, 0, 100, 100)]),
    )
    row = run(clay, method="area").table("hazards").frame.set_index("hazard_id").loc["quick_clay"]
    # The cell of 10 holds 0.04 of clay and 0.12 of other marine ground.
    assert [row["inside"], row["not_mapped"]] == pytest.approx([0.4, 1.2])


def test_groups_are_exposed_as_their_unit_is() -> None:
    """By hand: 30 of the west's 480 flooded, 20 of them by surge too; tables of two kinds."""
    units = frame(
        [box(0, 0, 500, 1000), box(500, 0, 1000, 1000)],
        number=["99990101", "99990102"], name=["Vest", "Øst"],
    )  # fmt: skip
    none = [None] * 4
    ages = frame(
        none, number=["99990101", "99990101", "99990102", "99990103"],  # type: ignore[arg-type]
        age=["80+", "0-5", "80+", "80+"], residents=[9600, 48, 30000, 2000],
    )  # fmt: skip
    groups = frame(
        none[:2], number=["99990101", "99990101"],  # type: ignore[arg-type]
        vulnerable=["Bor alene", "Hjemmetjenester"], residents=[160, 16],
    )  # fmt: skip
    data = town(
        flood_zones=zone(box(0, 0, 500, 250)),
        storm_surge=frame([box(250, 0, 500, 250)], surge_class=["20"]),
        basic_statistical_units=units, age_groups=ages, vulnerable_groups=groups,
    )  # fmt: skip
    result = run(data, method="centre")
    rows = result.table("exposed_age_groups").frame.set_index("age")
    assert list(rows.index) == ["0-5", "80+"]
    assert rows.loc["80+", ["residents", "not_placed"]].tolist() == [41600, 2000]
    assert rows.loc["80+", "in_any_zone"] == pytest.approx(9600 * 30 / 480)
    assert rows.loc["80+", "in_storm_surge"] == pytest.approx(9600 * 20 / 480)
    assert rows.loc["80+", "share"] == pytest.approx(600 / 39600)
    assert rows.loc["0-5", "in_any_zone"] == pytest.approx(3)
    assert np.isnan(rows.loc["0-5", "share"])
    rows = result.table("exposed_vulnerable_groups").frame.set_index("vulnerable")
    assert rows.loc["Bor alene", "in_flood_zones"] == pytest.approx(10)
    public = publishable(result).table("exposed_age_groups").frame
    assert public["in_any_zone"].tolist() == ["<10", 600]
    shown = [v for v in public.to_numpy().ravel() if isinstance(v, int) and 0 < v < 10]
    assert not shown


def test_below_the_marine_limit_outside_the_zones_is_not_cleared() -> None:
    """By hand: clay under (0,0); marine ground in the west column; the rest is above it."""
    clay = frame([box(0, 0, 250, 250)], risk_class=["3"])
    data = town(quick_clay=clay, marine_limit=frame([box(0, 0, 250, 1000)]))
    row = run(data, method="centre").table("hazards").frame.set_index("hazard_id")
    found = row.loc["quick_clay", ["inside", "mapped_outside", "not_mapped"]].tolist()
    assert found == [10, 780 - 220, 210]


def test_the_larger_of_flood_and_surge_never_the_sum() -> None:
    """By hand: flood 200 over (0,0),(1,0); surge 20 over (1,0),(2,0): 20-year 50, 200-year 10."""
    surge = frame([box(250, 0, 750, 250)], surge_class=["20"])
    data = town(flood_zones=zone(box(0, 0, 500, 250), ids=["200"]), storm_surge=surge)
    result = run(data, method="centre")
    water = result.table("water").frame
    assert water["residents"].tolist() == [50, 10, 60]
    assert result.numerator == 60


def test_joint_probability_of_several_kinds_of_slide() -> None:
    """Closed form: 1 - (1 - 1/1000)^10 stays 1/1000, eleven reach 1/100; one alone keeps its."""
    p = np.array([0.01, 0.001, 0.0002])
    few, many = np.full((10, 1), 1), np.full((11, 1), 1)
    assert joint_class(few, p).tolist() == [1]
    assert joint_class(many, p).tolist() == [0]
    assert joint_class(np.array([[2, -1, 0], [2, -1, 2]]), p).tolist() == [2, -1, 0]


def test_six_kinds_at_one_in_five_thousand_are_one_in_a_thousand() -> None:
    """Closed form: 6 x 1/5000 = 0.0012, so the whole cell of 10 moves up a class."""
    shapes = [box(0, 0, 250, 250)] * 6
    slides = frame(shapes, slide_class=["5000"] * 6, slide_type=list("abcdef"))
    data = town(landslide_zones=slides, landslide_mapped_extent=frame([box(0, 0, 500, 500)]))
    bands = run(data, method="centre").table("bands_landslide_zones").frame
    assert dict(zip(bands["class_id"], bands["residents"], strict=True)) == {
        "1000": 10.0, "5000": 0.0, "": 10.0,
    }  # fmt: skip


def test_moving_the_edge_counts_who_is_near_it() -> None:
    """By hand: addresses 3, 5, 8 and 20 m outside, and 4 m inside, of five in the cell of 10."""
    homes = points((103, 50), (105, 50), (108, 50), (120, 50), (96, 50))
    addresses = frame(homes, address_id=range(5), text=list("abcde"))
    result = run(town(flood_zones=zone(box(0, 0, 100, 100)), addresses=addresses))
    counts = {r.name: r.numerator for r in result.sensitivity}
    assert result.numerator == pytest.approx(2)
    assert counts["edge+5m"] == pytest.approx(6)
    assert counts["edge+10m"] == pytest.approx(8)
    assert counts["edge-5m"] == pytest.approx(0)
    assert result.figures["residents_more_edge_5m"] == pytest.approx(4)


def test_an_empty_municipality_beside_coded_cells_has_no_bounds() -> None:
    """By hand: everybody lives across the border, in cells coded 5; nobody has a share."""
    far = cells({(c, 0): 5.0 for c in range(8, 20)} | {(0, 0): 0.0}, "residents")
    data = town(
        population_grid=far,
        forest=frame([box(0, 0, 250, 250)]),
        frequent_stops=frame(points((125, 125)), stop_id=["A"], name=["A"], mode=["bus"]),
    )
    for name in ("green-access", "transit-access"):
        result = run(data, name)
        assert (result.value, result.low, result.high) == (None, None, None)
        assert result.status is Status.INSUFFICIENT_DATA


def test_with_spread_residents_the_joint_probability_is_not_claimed() -> None:
    """By hand: two kinds of slide over one cell; only a point has a joint class, and it says so."""
    slides = frame(
        [box(0, 0, 250, 250)] * 2, slide_class=["1000", "1000"], slide_type=["snow", "rock"]
    )
    for method, key in (("centre", "note_joint"), ("area", "note_not_joint")):
        told = [n.en for n in run(town(landslide_zones=slides), method=method).notes]
        assert t(f"hazard_exposure.{key}").en in told


def test_coded_small_cells_bound_the_share() -> None:
    """By hand: of ten cells of 5 and one of 100, five lie in the zone: 5..45 of 110..190 turned."""
    near = {(c, 0): 5.0 for c in range(10)}
    data = town(
        municipality=frame([box(0, 0, 3000, 3000)], number=["9999"], name=["Byen"]),
        sea=None,
        population_grid=cells({**near, (0, 11): 100.0}, "residents"),
        flood_zones=zone(box(0, 0, 1250, 250)),
    )
    result = run(data, method="centre")
    readings = {r.name: r for r in result.sensitivity}
    assert result.numerator == 25
    assert readings["coded-low"].value == pytest.approx(5 / (5 + 45 + 100))
    assert readings["coded-high"].value == pytest.approx(45 / (45 + 5 + 100))
    assert result.low == pytest.approx(5 / 150)
    assert result.high == pytest.approx(45 / 150)


def test_noise_and_caution_stand_apart_from_hazard_zones() -> None:
    """By hand: noise and flood caution over the whole town add nobody to those in a zone."""
    whole = box(0, 0, 1000, 1000)
    data = town(
        flood_zones=zone(box(0, 0, 250, 250)),
        noise_zones=frame([whole], noise_class=["red"]),
        flood_caution=frame([whole], caution_class=["flood"]),
    )
    result = run(data, method="centre")
    assert result.numerator == 10
    rows = result.table("hazards").frame.set_index("hazard_id")["inside"]
    assert rows[["noise_zones", "flood_caution"]].tolist() == [780, 780]


def test_quick_clay_by_degree_and_part() -> None:
    """By hand: low over row 0, high over (0,0); the release holds (0,0), the run-out the rest."""
    clay = frame(
        [box(0, 0, 750, 250), box(0, 0, 250, 250)],
        risk_class=["2", "4"],
        hazard_degree=["low", "high"],
        consequence=["minor", None],
        part=["run_out", "release"],
    )
    result = run(town(quick_clay=clay), method="centre")
    assert result.table("quick_clay_hazard_degree").frame["residents"].tolist() == [10, 50, 60]
    assert result.table("quick_clay_part").frame["residents"].tolist() == [10, 50, 60]
    # The zone without a stated consequence does not hide the stated one beneath it.
    assert result.table("quick_clay_consequence").frame["residents"].tolist() == [60, 60]


def test_critical_infrastructure_by_hand() -> None:
    """By hand: a school in the 20-year zone, a pump on its edge, a fire station not mapped."""
    works = frame(
        points((100, 100), (250, 100), (900, 900)),
        name=["Skolen", "Pumpa", "Stasjonen"],
        function=["skole", "pumpestasjon", "brannstasjon"],
    )
    road = frame(
        [LineString([(E0, N0 + 100), (E0 + 1000, N0 + 100)])],
        kind=["x"], medium=["ground"], category=["K"], name=["Vegen"],
    )  # fmt: skip
    data = town(
        flood_zones=zone(box(0, 0, 250, 250), box(0, 0, 500, 250), ids=["20", "200"]),
        flood_mapped_extent=frame([box(0, 0, 500, 500)], name=["Elva"]),
        critical_infrastructure=works,
        roads_paths=road,
    )
    result = run(data, "critical-infrastructure")
    assert result.frame is not None
    # The pump stands on the edge of the 20-year zone, inside the 200-year zone.
    assert result.frame["in_flood_zones"].tolist() == ["20", "200", "not_mapped"]
    assert (result.numerator, result.denominator) == (2, 3)
    lengths = result.table("lengths").frame["road_km"].tolist()
    # The last 500 m lie beyond the mapped extent.
    assert lengths == pytest.approx([0.25, 0.25, 0.5])
    touched = run(data, "critical-infrastructure", rule="touch").frame
    assert touched is not None
    assert touched["in_flood_zones"].tolist() == ["20", "20", "not_mapped"]


def test_ros_rows_follow_the_bands() -> None:
    """By hand: 20-year row 10 residents (withheld rounding: about 10), class D, code H320."""
    data = town(
        flood_zones=zone(box(0, 0, 250, 250), box(0, 0, 500, 250), ids=["20", "200"]),
        flood_mapped_extent=frame([box(0, 0, 500, 500)], name=["Elva"]),
    )
    rows = run(data, "ros-table", method="centre").table("ros").frame
    rows = rows[rows["probability"] != ""]
    assert rows["probability"].tolist() == ["D", "B"]
    assert rows["annual"].tolist() == ["1/20", "1/200"]
    assert [x.en for x in rows["residents_about"]] == ["about 10", "about 20"]
    assert rows["area_km2"].tolist() == pytest.approx([0.0625, 0.0625])
    assert set(rows["zone_code"]) == {"H320"}


def test_small_numbers_stay_hidden_in_the_new_tables() -> None:
    """By search: 7 residents in the zone; no published table or text has them."""
    data = town(
        population_grid=cells({(0, 0): 7, (2, 2): 400}, "residents"),
        flood_zones=zone(box(0, 0, 250, 250)),
        storm_surge=frame([box(0, 0, 250, 250)], surge_class=["20"]),
    )
    for name in ("hazard-exposure", "ros-table"):
        public = publishable(run(data, name, method="centre"))
        for table in public.tables.values():
            values = [v for v in table.frame.to_numpy().ravel() if isinstance(v, int | float)]
            assert 7 not in values, (name, table.id)
            assert 400 not in values, (name, table.id)


def test_totals_are_conserved_to_the_resident() -> None:
    """Conservation: every row of the table of hazards sums to all residents, in every way."""
    flood = zone(box(-50, -50, 333, 444), box(100, 100, 610, 870), ids=["20", "1000"])
    data = town(
        flood_zones=flood,
        flood_mapped_extent=frame([box(0, 0, 655, 655)], name=["Elva"]),
        population_grid=cells(population(), "residents"),
    )
    for method in ("area", "centre", "cell"):
        rows = run(data, method=method).table("hazards").frame
        parts = rows[["inside", "mapped_outside", "not_mapped", "outside_data"]].sum(axis=1)
        assert parts.to_numpy() == pytest.approx(780)


def test_a_table_with_a_column_for_each_group_becomes_rows(tmp_path: Path) -> None:
    """By hand: two units, two groups as columns, a name that is no count; one number hidden."""
    file = tmp_path / "grupper.csv"
    file.write_text(
        "grunnkretsnummer;navn;Bor alene;Over 80\n2190101;Vest;12;3\n32010102;Øst;;7\n",
        encoding="utf-8",
    )
    read = read_layer("vulnerable_groups", file)
    got = read.frame
    assert got["number"].tolist() == ["02190101", "32010102"] * 2
    assert got["vulnerable"].tolist() == ["Bor alene"] * 2 + ["Over 80"] * 2
    assert got["residents"].fillna(-1).tolist() == [12, -1, 3, 7]
    assert any("navn" in line for line in read.source.notes)
    file.write_text("grunnkretsnummer;gruppe;antall\n2190101;Bor alene;12\n", encoding="utf-8")
    assert read_layer("vulnerable_groups", file).frame["residents"].tolist() == [12]
    file.write_text("grunnkretsnummer;navn\n2190101;Vest\n", encoding="utf-8")
    with pytest.raises(SourceError, match="nor columns of whole numbers"):
        read_layer("vulnerable_groups", file)


def test_a_building_where_only_200_years_were_mapped_needs_study_for_1000() -> None:
    """By rule: F3 asks for 1,000 years; outside zones it is settled only where that was mapped."""
    data = town(
        flood_zones=zone(box(0, 0, 20, 20), ids=["200"]),
        flood_mapped_extent=frame(
            [box(0, 0, 400, 400), box(600, 0, 700, 400)],
            name=["A", "B"], floods=["20, 200", "200, 1000"],
        ),
    )  # fmt: skip
    spots = np.array([box(100, 100, 110, 110), box(610, 100, 620, 110), box(450, 0, 460, 10)])
    hazard = hazard_of(study(data), "flood_zones")
    found = by_return_period(hazard, spots, ["F3"] * 3, rule="interior")
    assert [VERDICTS[v] for v in found] == ["needs_study", "acceptable", "not_mapped"]
    found = by_return_period(hazard, spots, ["F2"] * 3, rule="interior")
    assert [VERDICTS[v] for v in found] == ["acceptable", "acceptable", "not_mapped"]
