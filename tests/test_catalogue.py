"""The layer entries, the schemas and the READMEs say the same, and slips are told clearly."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from gis.catalogue import (
    LayerEntry,
    MapEntry,
    catalogue_root,
    layer_entries,
    layer_entry,
    read_entry,
)
from gis.catalogue.schema import field_table, main, readme_text, stale_files
from gis.errors import CatalogueError, ParameterError

# What the analyses read, by layer; the contract between layers/ and gis/analyses.
USED = {
    "municipality": {"number", "name"},
    "basic_statistical_units": {"number", "name"},
    "population_grid": {"cell_id", "residents"},
    "workplaces": {"cell_id", "establishments", "employees"},
    "addresses": {"address_id", "text", "unit", "urban_area"},
    "transit_stops": {"stop_id", "name", "parent"},
    "frequent_stops": {"stop_id", "name", "mode"},
    "stations": {"name", "kind"},
    "built_up": {"number", "name", "residents"},
    "flood_zones": {"flood_class", "low_point", "zone_id"},
    "flood_mapped_extent": {"name"},
    "quick_clay": {"risk_class", "hazard_degree", "consequence", "zone_id", "name", "part"},
    "landslide_caution": {"slide_type"},
    "storm_surge": {"surge_class"},
    "storm_surge_mapped_extent": {"status"},
    "nature_types": {"kind", "code", "quality", "name", "id"},
    "protected_areas": {"name", "kind", "id", "date"},
    "species_records": {
        "species",
        "norwegian_name",
        "group",
        "category",
        "alien_category",
        "date",
        "uncertainty_m",
    },
    "critical_infrastructure": {"name", "function"},
    "planned_areas": {"purpose", "status", "name"},
    "roads_paths": {"kind", "medium", "category", "name"},
    "railways": {"kind", "medium"},
    "place_names": {"name", "kind"},
    "rivers": {"kind"},
    "sea": set(),
    "lakes": set(),
    "forest": set(),
    "terrain": set(),
    "nature_mapped_extent": {"name", "year"},
    "nature_types_hb13": {"name", "kind", "value", "id"},
    "nature_ku_value": {"kind", "name", "value", "id"},
    "selected_nature_types": {"kind", "code", "name"},
    "species_national_interest": {"norwegian_name", "group", "status", "records"},
    "plant_richness": set(),
}


def test_every_layer_has_the_fields_that_are_used() -> None:
    """By hand: the list above."""
    entries = layer_entries()
    assert set(USED) <= set(entries)
    for name, fields in USED.items():
        assert fields <= set(entries[name].fields), name


def test_flood_bands_worst_first() -> None:
    """By hand: most probable today first, then with climate, the unstated last."""
    ids = [c.id for c in layer_entry("flood_zones").classes]
    assert ids == [
        *("10", "20", "50", "100", "200", "500", "1000"),
        *("20_climate", "200_climate", "1000_climate", "unknown"),
    ]


@pytest.mark.parametrize("layer", ["flood_zones", "storm_surge"])
def test_probability_is_one_over_the_return_period(layer: str) -> None:
    """Closed form: the class's name holds the period."""
    for zone in layer_entry(layer).classes:
        if zone.id != "unknown":
            years = int(zone.id.removesuffix("_climate"))
            assert zone.annual_probability == pytest.approx(1 / years)


def test_every_class_can_be_reached_and_every_extent_is_a_layer() -> None:
    """Conservation: classes are exactly what the codes and the missing value lead to."""
    for name, entry in layer_entries().items():
        if entry.class_field:
            mapping = entry.fields[entry.class_field]
            led_to = {*mapping.codes.values(), mapping.missing} - {None}
            assert led_to == {c.id for c in entry.classes}, name
        assert entry.coverage.layer is None or entry.coverage.layer in layer_entries()


def test_entries_pass_their_own_schema_keys() -> None:
    """Twin: every key of every entry is one the generated schema lists."""
    schema = json.loads((catalogue_root("layers") / "schema.json").read_text(encoding="utf-8"))
    for file in catalogue_root("layers").glob("*.toml"):
        if file.stem in ("publishers", "municipalities", "no_layers"):
            continue
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        assert set(raw) <= set(schema["properties"]), file.name


def test_generated_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """Twin: generating again gives the same bytes."""
    assert stale_files() == []
    assert main(["--check"]) == 0
    with pytest.raises(ParameterError, match="--write or --check"):
        main(["--wirte"])


def test_field_table_names_every_key() -> None:
    """By hand: nested keys, tables by name and lists of tables."""
    table = field_table("layers")
    for key in ("`fields.<name>.from`", "`classes[].id`", "`delivery.kind`", "`title.nb`, `.en`"):
        assert f"| {key} |" in table


def test_readme_needs_its_markers() -> None:
    """By hand: text around the markers stays."""
    new = readme_text("layers", "before\n<!-- fields -->stale text<!-- /fields -->\nafter")
    assert new.startswith("before\n<!-- fields -->\n| key |")
    assert new.endswith("<!-- /fields -->\nafter")
    assert "stale text" not in new
    with pytest.raises(CatalogueError, match="markers"):
        readme_text("layers", "no markers")


@pytest.mark.parametrize(
    ("find", "put", "words"),
    [
        ("[title]", "[titel]", "unknown key 'titel'; did you mean 'title'"),
        ("required = true", "requierd = true", "did you mean 'required'"),
        ('kind = "vector"', 'kind = "wms"', "'delivery.kind'"),
        ('"10" = "10"', '"10" = "ten"', "classes that are not listed: ten"),
        ('palette = "river_flood"', "", "'style.palette' is missing"),
        ('class_field = "flood_class"', "", "classes and class_field go together"),
        ('kind = "layer"', 'kind = "everywhere"', "coverage kind 'layer' names a layer"),
    ],
)
def test_a_slip_is_told_with_file_and_key(tmp_path: Path, find: str, put: str, words: str) -> None:
    """By hand: one change in a sound entry, one line."""
    text = (catalogue_root("layers") / "flood_zones.toml").read_text(encoding="utf-8")
    assert text.count(find) >= 1
    path = tmp_path / "flood_zones.toml"
    shutil.copy(catalogue_root("layers") / "flood_zones.toml", path)
    path.write_text(text.replace(find, put, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_entry(path, LayerEntry)
    message = str(caught.value)
    assert words in message
    assert message.startswith(str(path))
    assert "\n" not in message


def test_unknown_layer_names_the_nearest() -> None:
    """By hand."""
    with pytest.raises(CatalogueError, match="did you mean 'flood_zones'"):
        layer_entry("floodzones")


@pytest.mark.parametrize(
    ("was", "wrong", "told"),
    [
        ('lead = "surge"', 'lead = "surgee"', "lead 'surgee' not among this map's analyses: surge"),
        ('result = "surge"', 'result = "surgee"', "layers[0].result 'surgee' not among"),
    ],
)
def test_map_that_names_no_analysis_of_its_own_is_told_the_key(
    tmp_path: Path, was: str, wrong: str, told: str
) -> None:
    """By hand: one word of a map that comes with the system is misspelt; one line names the key."""
    text = (catalogue_root("maps") / "stormflo.toml").read_text(encoding="utf-8")
    file = tmp_path / "my.toml"
    file.write_text(text.replace(was, wrong, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_entry(file, MapEntry)
    message = str(caught.value)
    assert message.startswith(f"{file}: {told}")
    assert "\n" not in message
    assert "given" not in message
