"""Screen plan areas of the hand-counted town: every line, share and distance by hand."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from gis.analyses.screen import Screening, screen, screen_result
from gis.analyses.screen_area import PlanArea, plan_area
from gis.analyses.screen_dok import STATUSES as DOK_STATUSES
from gis.analyses.screen_dok import dok_output
from gis.analyses.screen_rules import refused_classes
from gis.catalogue import layer_entries
from gis.errors import CrsError, FieldError, GeometryError, ParameterError, SourceError
from gis.kernels.slope import gradient
from gis.published import publishable
from gis.result import UNDER_TEN
from gis.sources.plan import read_plan
from tests.plans import plan_file
from tests.town import E0, EPSG, N0, Town, box, cells, frame, points, population, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.analyses.screen_lines import Line

TODAY = dt.date(2026, 11, 23)


def full(**more: object) -> Town:
    """Zones nested and overlapping, an extent that leaves the east out, nature, a river."""
    layers = {
        # 20 in 200: 100 m and 200 m squares that share a corner; a second 200 overlaps the first.
        "flood_zones": frame(
            [box(100, 100, 200, 200), box(100, 100, 300, 300), box(200, 100, 300, 300)],
            flood_class=["20", "200", "200"],
            low_point=[0, 0, 0],
            zone_id=["a", "a", "b"],
        ),
        "flood_mapped_extent": frame([box(0, 0, 500, 1000)]),
        "quick_clay": frame(
            [box(600, 600, 700, 700)],
            risk_class=["3"],
            hazard_degree=["low"],
            consequence=["minor"],
            zone_id=["q"],
            name=["Leira"],
            part=["release"],
        ),
        "protected_areas": frame(
            [box(0, 800, 200, 1000)], name=["Lia"], kind=["naturreservat"], id=["1"], date=[None]
        ),
        "rivers": frame([shapely.LineString([(E0, N0 + 450), (E0 + 700, N0 + 450)])], name=["Åa"]),
        "buildings": frame(points((150, 150), (160, 160), (550, 550)), building_id=["1", "2", "3"]),
    }
    return town(**{**layers, **more})  # type: ignore[arg-type]


def done(data: Town, path: Path, buffer_m: float = 0.0) -> Screening:
    return screen(study(data), read_plan(path, epsg=EPSG), buffer_m=buffer_m, today=TODAY)


def line(found: Screening, layer: str) -> Line:
    return next(x for x in found.lines if x.layer == layer)


# --- shares, classes, distances --------------------------------------------------------------


def test_overlaps_count_once_and_the_worst_class_has_the_place(tmp_path: Path) -> None:
    """By hand: of 300 x 300 m, 1 ha is 20-year and 3 ha 200-year, though the zones hold 7 ha."""
    found = line(done(full(), plan_file(tmp_path, box(100, 100, 400, 400))), "flood_zones")
    assert found.status == "hit"
    assert found.area_m2 == pytest.approx(40_000)
    assert found.share == pytest.approx(4 / 9)
    assert {c.id: round(c.area_m2 or 0) for c in found.classes} == {"20": 10_000, "200": 30_000}
    assert found.distance_m == 0


def test_an_area_inside_overlapping_zones_is_covered_once(tmp_path: Path) -> None:
    """By conservation: three zones over the whole area are 100 %, never more."""
    found = line(done(full(), plan_file(tmp_path, box(210, 110, 290, 190))), "flood_zones")
    assert found.share == 1.0
    assert sum(c.area_m2 or 0 for c in found.classes) == pytest.approx(80 * 80)


def test_near_is_measured_from_the_area_and_ends_where_the_entry_says(tmp_path: Path) -> None:
    """By hand: 40 m from the zone is near (50 m), 60 m is no hit; a shared edge is near, 0 m."""
    for west, status, metres in ((340, "near", 40), (360, "no_hit", None), (300, "near", 0)):
        path = plan_file(tmp_path, box(west, 100, west + 50, 150))
        found = line(done(full(), path), "flood_zones")
        assert (found.status, found.distance_m) == (status, metres)


def test_the_buffer_grows_the_area_that_is_held_against_the_layers(tmp_path: Path) -> None:
    """By hand: 60 m away without a buffer, inside with one of 61 m."""
    path = plan_file(tmp_path, box(360, 150, 380, 160))
    assert line(done(full(), path), "flood_zones").status == "no_hit"
    grown = done(full(), path, buffer_m=61)
    assert line(grown, "flood_zones").status == "hit"
    assert grown.area.area_m2 > shapely.area(grown.area.drawn)
    with pytest.raises(ParameterError, match="allowed: 0 to 2000"):
        done(full(), path, buffer_m=-1)


def test_lines_and_points_are_measured_and_counted(tmp_path: Path) -> None:
    """By hand: 200 m of the river and one of three buildings; a point on the outline is in."""
    found = done(full(), plan_file(tmp_path, box(500, 400, 700, 550)))
    assert line(found, "rivers").length_m == pytest.approx(200)
    assert line(found, "buildings").count == 1
    nature = line(done(full(), plan_file(tmp_path, box(0, 900, 50, 950))), "protected_areas")
    assert nature.named == ("Lia",)


# --- nothing, everything, the unmapped -------------------------------------------------------


def test_a_plan_that_touches_nothing(tmp_path: Path) -> None:
    """By hand: the middle of the south meets no zone; nothing there is a hit but the municipality.

    The quick clay layer does not say where it is mapped, so there the answer is not "no hit".
    """
    found = done(full(), plan_file(tmp_path, box(400, 20, 450, 60)))
    assert [x.layer for x in found.of("hit")] == ["municipality"]
    assert line(found, "flood_zones").status == "no_hit"
    assert line(found, "quick_clay").status == "not_mapped"
    result = screen_result(found)
    assert result.numerator == 0
    assert "ingen" in result.finding.nb


def test_a_plan_that_touches_everything(tmp_path: Path) -> None:
    """By hand: the whole town meets every layer that is there; shares stay at or below 1."""
    found = done(full(), plan_file(tmp_path, box(0, 0, 1000, 1000)))
    there = {"flood_zones", "quick_clay", "protected_areas", "rivers", "buildings", "sea"}
    assert there <= {x.layer for x in found.of("hit")}
    assert line(found, "sea").share == pytest.approx(0.25)
    assert line(found, "municipality").share == 1.0
    assert all(x.share is None or 0 < x.share <= 1 for x in found.of("hit"))
    assert line(found, "flood_zones").mapped_share == pytest.approx(0.5)
    assert "50" in line(found, "flood_zones").warnings[0].nb


def test_the_unmapped_is_never_no_hit(tmp_path: Path) -> None:
    """By hand: east of 500 nothing is mapped for flood; across it half is; without extent none."""
    east = line(done(full(), plan_file(tmp_path, box(700, 100, 740, 140))), "flood_zones")
    assert (east.status, east.mapped_share) == ("not_mapped", 0)
    across = line(done(full(), plan_file(tmp_path, box(450, 20, 550, 60))), "flood_zones")
    assert (across.status, across.mapped_share) == ("no_hit", pytest.approx(0.5))
    lost = full(flood_mapped_extent=None)
    found = line(done(lost, plan_file(tmp_path, box(450, 20, 550, 60))), "flood_zones")
    assert (found.status, found.mapped_share) == ("not_mapped", None)
    absent = line(done(full(), plan_file(tmp_path, box(450, 20, 550, 60))), "storm_surge")
    assert absent.status == "not_mapped"
    assert absent.source is None


def test_clay_above_the_marine_limit_is_cleared(tmp_path: Path) -> None:
    """By rule (NVE 1/2019): above the marine limit there is no marine clay, so no hit is one."""
    data = full(marine_limit=frame([box(500, 0, 1000, 1000)]))
    above = line(done(data, plan_file(tmp_path, box(100, 500, 200, 600))), "quick_clay")
    assert (above.status, above.mapped_share) == ("no_hit", 1.0)
    below = line(done(data, plan_file(tmp_path, box(700, 100, 740, 140))), "quick_clay")
    assert (below.status, below.mapped_share) == ("not_mapped", 0.0)


def test_a_layer_that_covers_other_municipalities_is_not_mapped_here(tmp_path: Path) -> None:
    """By rule: a file of another municipality says nothing here, not even where it has rows."""
    data = full()
    data.covers["flood_zones"] = ("0301",)
    found = line(done(data, plan_file(tmp_path, box(100, 100, 200, 200))), "flood_zones")
    assert found.status == "not_mapped"
    assert "kommune" in found.why.nb


# --- failures, quality ------------------------------------------------------------------------


def test_a_layer_that_fails_is_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    """By search: a class that is not listed, a broken terrain file; the river is still answered."""
    bad = frame(
        [box(0, 0, 300, 300)], flood_class=["every now and then"], low_point=[0], zone_id=["x"]
    )
    broken = tmp_path / "terrain.tif"
    broken.write_bytes(b"II*\0no raster")
    data = full(flood_zones=bad)
    data.files["terrain"] = broken
    found = done(data, plan_file(tmp_path, box(100, 100, 400, 500)))
    assert line(found, "flood_zones").status == "failed"
    assert "every now and then" in line(found, "flood_zones").why.en
    assert line(found, "terrain").status == "failed"
    assert line(found, "rivers").status == "hit"
    assert {x.layer for x in found.lines} == set(layer_entries())
    rows = screen_result(found).table("screen").frame.set_index("layer")
    assert "TEK17" in rows.loc["flood_zones", "question"].nb


def test_old_and_undated_data_are_said(tmp_path: Path) -> None:
    """By counting: 2026-01-01 read in 2037 is 11 years old; in 2026 nothing is said."""
    path = plan_file(tmp_path, box(100, 100, 200, 200))
    plan = read_plan(path, epsg=EPSG)
    now = line(screen(study(full()), plan, today=TODAY), "rivers")
    later = line(screen(study(full()), plan, today=dt.date(2037, 6, 1)), "rivers")
    assert now.warnings == ()
    assert "11" in later.warnings[0].nb


def test_records_too_uncertain_for_the_area_are_no_hit(tmp_path: Path) -> None:
    """By hand: of three records in the area one is good to 10 m; names are never told."""
    records = frame(
        points((150, 150), (160, 160), (170, 170)),
        species=["Abies alba", "Bombus", "Carex"],
        category=["VU", "CR", "LC"],
        uncertainty_m=[10.0, 1000.0, np.nan],
    )
    found = line(
        done(full(species_records=records), plan_file(tmp_path, box(100, 100, 200, 200))),
        "species_records",
    )
    assert (found.status, found.count, found.named) == ("hit", 1, ())
    assert [c.id for c in found.classes] == ["VU"]
    assert found.warnings[0].en.startswith("2 records")


# --- what it asks ------------------------------------------------------------------------------


def test_tek17_closes_a_zone_to_the_classes_that_must_withstand_more() -> None:
    """By the regulation: the 20-year zone is closed to F1-F3, the 200-year to F2, F3."""
    assert refused_classes("7-2", 20) == ("F1", "F2", "F3")
    assert refused_classes("7-2", 200) == ("F2", "F3")
    assert refused_classes("7-2", 1000) == ("F3",)
    assert refused_classes("7-3", 100) == ("S1", "S2", "S3")
    assert refused_classes("7-3", 5000) == ("S3",)
    assert refused_classes("7-2", 2000) == ()


def test_the_line_carries_question_zone_and_link(tmp_path: Path) -> None:
    """By the catalogue: a flood hit asks by § 7-2, suggests H320 and links to NVE."""
    found = done(full(), plan_file(tmp_path, box(250, 100, 400, 400)))
    row = screen_result(found).table("screen").frame.set_index("layer").loc["flood_zones"]
    assert "F2, F3" in row["question"].nb
    assert "F1" not in row["question"].nb
    assert row["zone_code"].nb == "H320 flomfare"
    assert row["link"].startswith("https://www.nve.no/")


# --- people ------------------------------------------------------------------------------------


def test_people_inside_and_within_walking_distance(tmp_path: Path) -> None:
    """By hand: two whole cells hold 10 + 20; all 780 centres lie within a kilometre."""
    workplaces = cells({(0, 0): 40.0, (1, 0): 100.0}, "employees")
    data = full(workplaces=workplaces.assign(establishments=1))
    found = done(data, plan_file(tmp_path, box(0, 0, 500, 250)))
    assert [(p.counted, p.inside, p.walk) for p in found.people] == [
        ("residents", 30, 780),
        ("employees", 140, 140),
    ]


def test_residents_are_at_their_addresses(tmp_path: Path) -> None:
    """By hand: one of the four addresses of the cell of 120 is inside: 30 residents."""
    homes = frame(points((510, 760), (600, 800), (600, 900), (700, 900)))
    found = done(full(addresses=homes), plan_file(tmp_path, box(500, 750, 550, 800)))
    assert found.people[0].inside == 30


def test_residents_of_a_part_of_a_cell_are_its_part(tmp_path: Path) -> None:
    """By hand: a fifth of the cell of 100 without its centre is 20 residents, not none.

    An address in the next cell moves that cell's residents alone: a quarter of its square is
    in the plan too, and its one address is not.
    """
    people = cells({(0, 0): 100.0, (1, 0): 80.0}, "residents")
    plan = plan_file(tmp_path, box(200, 0, 312.5, 250))
    assert done(full(population_grid=people), plan).people[0].inside == 20 + 20
    homes = frame(points((490, 100)))
    assert done(full(population_grid=people, addresses=homes), plan).people[0].inside == 20


def test_a_small_plan_tells_of_no_small_number(tmp_path: Path) -> None:
    """By search over all numbers: 7 inside are "<10"; the others are to the nearest 10."""
    people = cells({**population(), (0, 0): 7}, "residents")
    found = done(full(population_grid=people), plan_file(tmp_path, box(0, 0, 250, 250)))
    assert found.people[0].inside == 7
    result = screen_result(found)
    public = publishable(result)
    rows = public.table("screen_people").frame
    assert rows["people_inside"].tolist() == [UNDER_TEN]
    assert rows["people_walk"].tolist() == [780]
    assert result.table("screen_people").frame["people_walk"].tolist() == [777]
    assert '"people_inside": 7' not in json.dumps(dok_output(found, public))


def test_two_plans_drawn_over_each_other_do_not_tell_their_difference(tmp_path: Path) -> None:
    """By search: plans that differ by one address of 3 residents publish numbers of 10s."""
    homes = frame(points(*((20 + 20 * i, 100) for i in range(10))))
    people = cells({(0, 0): 30.0}, "residents")
    data = full(addresses=homes, population_grid=people)
    shown = []
    for east in (190, 210):
        found = done(data, plan_file(tmp_path, box(0, 50, east, 150)))
        table = publishable(screen_result(found)).table("screen_people").frame
        shown.append((found.people[0].inside, table["people_inside"].iloc[0]))
    assert shown == [(27, 30), (30, 30)]


# --- access ------------------------------------------------------------------------------------


def test_access_before_and_with_the_plans_stop(tmp_path: Path) -> None:
    """By hand: 1,800 m to a stop today; with the plan's own all dwellings are near."""
    stops = frame(points((500, 2000)), stop_id=["N"], name=["Nord"], mode=["bus"])
    path = plan_file(
        tmp_path,
        box(400, 100, 600, 200),
        points((500, 50))[0],
        boliger=[50, None],
        avganger_per_time=[None, 6],
        navn=["Felt", "Nytt stopp"],
    )
    found = done(full(frequent_stops=stops), path)
    before, after = found.access
    assert (before.nearest_m, before.nearest_name, before.stops) == (1800, "Nord", (0, 0))
    assert (before.dwellings, before.within) == (50, 0)
    assert (after.nearest_m, after.nearest_name, after.stops) == (50, "Nytt stopp", (1, 1))
    assert after.within == pytest.approx(50)


# --- the file ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "epsg"), [("a.geojson", 4326), ("b.gpkg", 25832), ("c.shp", 3857)]
)
def test_a_plan_in_any_stated_system_is_the_same_plan(tmp_path: Path, name: str, epsg: int) -> None:
    """By identity: the same two areas in degrees, zone 32 and Web Mercator give the same shares."""
    shapes = (box(100, 100, 300, 200), box(250, 100, 400, 200))
    plain = done(full(), plan_file(tmp_path, *shapes))
    moved = done(full(), plan_file(tmp_path, *shapes, name=name, epsg=epsg))
    assert moved.area.area_m2 == pytest.approx(30_000, rel=1e-3)
    for one, other in zip(plain.lines, moved.lines, strict=True):
        assert (one.layer, one.status) == (other.layer, other.status)
        assert (one.share or 0) == pytest.approx(other.share or 0, abs=2e-4)


def test_wrong_files_are_refused_in_one_line(tmp_path: Path) -> None:
    """By rule: no file, no polygon, elsewhere, no system, a negative number, too many corners."""
    with pytest.raises(SourceError):
        read_plan(tmp_path / "none.geojson", epsg=EPSG)
    with pytest.raises(GeometryError, match="no polygon"):
        done(full(), plan_file(tmp_path, points((1, 1))[0]))
    with pytest.raises(GeometryError, match="outside 9999 Byen"):
        done(full(), plan_file(tmp_path, box(5000, 0, 5100, 100)))
    with pytest.raises(GeometryError, match="not larger than it"):
        done(full(), plan_file(tmp_path, box(-3000, -3000, 3000, 3000)))
    with pytest.raises(FieldError, match="allowed: 0 to 1000000"):
        read_plan(plan_file(tmp_path, box(0, 0, 9, 9), boliger=[-1]), epsg=EPSG)
    turn = np.linspace(0, 2 * np.pi, 30_000)
    rim = np.column_stack([E0 + 500 + 400 * np.cos(turn), N0 + 500 + 400 * np.sin(turn)])
    many = shapely.Polygon(rim)
    with pytest.raises(GeometryError, match="corners"):
        read_plan(plan_file(tmp_path, many), epsg=EPSG)
    bare = plan_file(tmp_path, box(0, 0, 9, 9), name="bare.shp")
    bare.with_suffix(".prj").unlink()
    with pytest.raises(CrsError):
        read_plan(bare, epsg=EPSG)


def test_a_bow_tie_is_mended_and_said(tmp_path: Path) -> None:
    """By hand: two triangles of 5,000 m² each, whatever way the outline runs."""
    bow = shapely.Polygon([(E0, N0), (E0 + 100, N0 + 100), (E0 + 100, N0), (E0, N0 + 100)])
    found = done(full(), plan_file(tmp_path, bow))
    assert found.area.area_m2 == pytest.approx(5_000)
    notes = [n.en for n in screen_result(found).notes]
    assert any("made valid" in n for n in notes)


# --- Kartverket's fields ------------------------------------------------------------------------


def test_the_answer_has_the_specifications_fields_and_values(tmp_path: Path) -> None:
    """By the schema no.geonorge.dokanalyse.v1: required fields, their types, allowed statuses."""
    found = done(full(), plan_file(tmp_path, box(100, 100, 400, 400)))
    answer = json.loads(json.dumps(dok_output(found, publishable(screen_result(found)))))
    assert {"resultList", "inputGeometry", "inputGeometryArea", "factList"} <= set(answer)
    assert (answer["municipalityNumber"], answer["inputGeometryArea"]) == ("9999", 90_000)
    for one in answer["resultList"]:
        assert {"runAlgorithm", "runOnDataset", "resultStatus"} <= set(one)
        assert one["resultStatus"] in DOK_STATUSES
        assert all(isinstance(x, str) for x in one["runAlgorithm"])
        assert {"datasetid", "title", "owner", "updated"} <= set(one["runOnDataset"])
        for name in ("hitArea", "distanceToObject"):
            assert one[name] is None or isinstance(one[name], int)
    by_layer = {x["data"]["layer"]: x for x in answer["resultList"]}
    assert by_layer["flood_zones"]["resultStatus"] == "HIT-RED"
    assert by_layer["flood_zones"]["hitArea"] == 40_000
    assert by_layer["rivers"]["resultStatus"] == "NO-HIT-YELLOW"  # 50 m away, near
    assert by_layer["quick_clay"]["resultStatus"] == "NO-HIT-YELLOW"
    assert by_layer["storm_surge"]["resultStatus"] == "NOT-IMPLEMENTED"
    assert by_layer["protected_areas"]["resultStatus"] == "NO-HIT-GREEN"
    assert by_layer["municipality"]["resultStatus"] == "HIT"
    assert by_layer["population_grid"]["resultStatus"] == "NOT-RELEVANT"


# --- terrain -----------------------------------------------------------------------------------


def test_the_gradient_of_a_plane_is_its_own() -> None:
    """Closed form: rise 0.3 east and 0.4 north is 0.5 in the steepest direction, everywhere."""
    x, y = np.meshgrid(np.arange(6) * 10.0, np.arange(5) * 10.0)
    assert gradient(0.3 * x - 0.4 * y, cell_m=10) == pytest.approx(0.5)
    with pytest.raises(GeometryError):
        gradient(np.zeros((1, 5)), cell_m=10)


def test_rows_near_a_box_are_those_of_the_whole_layer(tmp_path: Path) -> None:
    """Slow twin: the layer cut to the surroundings gives what the whole layer gives."""
    data = full()
    area: PlanArea = plan_area(
        study(data), read_plan(plan_file(tmp_path, box(100, 100, 200, 200)), epsg=EPSG)
    )
    near = area.study.frame("buildings")
    assert len(near) == 3
    whole = data.frame("quick_clay").geometry.iloc[0]
    assert area.study.frame("quick_clay").geometry.iloc[0].equals(whole)
