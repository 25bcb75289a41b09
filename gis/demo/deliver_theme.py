"""Write the theme data: hazards, nature, species, transport and the municipality's own layers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from gis.demo.deliver_addresses import SPACE, local_id
from gis.demo.deliver_base import STATUS
from gis.demo.files import (
    Entry,
    Table,
    csv_bytes,
    feature_collection,
    json_bytes,
    write_gdb_zip,
    write_gpkg,
    write_zip,
)
from gis.demo.grid import multi
from gis.demo.hazards import FLOOD_LEVELS_M, SURGE_LEVELS_M

if TYPE_CHECKING:
    from gis.demo.hazards import ClayZone
    from gis.demo.world import World

STEM = "Samfunnssikkerhet_9801_Fjordvik_25833"
_MAPPED = pd.Timestamp("2024-11-15")
_TAKEN = pd.Timestamp("2026-01-10 09:04:00")
_HAZARD_CLASS = ((17, "Lav"), (25, "Middels"), (51, "Høy"))
_HARM_CLASS = ((6, "Mindre alvorlig"), (22, "Alvorlig"), (45, "Meget alvorlig"))
_SAFETY = {"20": "F1", "200": "F2", "1000": "F3"}


def write_themes(world: World, data: Path) -> list[Entry]:
    """Write all theme data and return their workspace entries."""
    return [
        *_floods(world, data),
        _quick_clay(world, data),
        _landslide(world, data),
        *_surge(world, data),
        *_nature(world, data),
        _protected(world, data),
        _species(world, data),
        *_transit(world, data),
        *_own(world, data),
    ]


def _flood_columns(count: int, kind: str) -> dict[str, Any]:
    return {
        "objid": list(range(1, count + 1)),
        "objtype": [kind] * count,
        "statusdato": [_MAPPED] * count,
        "flomsoneid": ["fs980_1"] * count,
        "lokalid": [local_id(kind, k) for k in range(count)],
        "navnerom": [SPACE] * count,
        "versjonid": ["1.1"] * count,
        "datauttaksdato": [_TAKEN] * count,
        "opphav": ["Oppdiktet"] * count,
        "statuskartlegging": ["1"] * count,
    }


def _floods(world: World, data: Path) -> list[Entry]:
    """Write flood zones, mapped extents, sea and lakes as NVE's file geodatabase."""
    zones, mapped, cover = world.hazards.flood, world.hazards.flood_mapped, world.cover
    stem = f"{STEM}_Flomsoner_FGDB"
    area = _flood_columns(len(zones), "FlomAreal") | {
        "lavpunkt": [zone.low for zone in zones],
        "gjentaksintervall": [zone.interval for zone in zones],
        "symbolflom": [1] * len(zones),
        "malemetode": [82.0] * len(zones),
    }
    codes = list(FLOOD_LEVELS_M)
    texts = [",".join(map(str, codes)), "20, 200, 1000, 2100 (200klima)"]
    extent = _flood_columns(len(mapped), "Analyseområde") | {
        "flomsoneomrade": [f"{name}, nedre del" for name, _ in mapped],
        "flomsonenavn": [name for name, _ in mapped],
        "kartlagteflommer": texts[: len(mapped)],
        "rapportnr": ["2024_98"] * len(mapped),
        "vassdragsnummer": ["980.Z"] * len(mapped),
        "hoydereferanse": ["N"] * len(mapped),
        "prosjekturl": ["https://nve.example.invalid/flomsone"] * len(mapped),
    }
    near = shapely.union_all([shape for _, shape in mapped])
    tables = [
        Table("flomsoner_flomareal", [zone.geometry for zone in zones], area),
        Table("flomsoner_analyseomrade", [shape for _, shape in mapped], extent),
    ]
    for name, kind in (("flomsoner_havflate", "Havflate"), ("flomsoner_innsjo", "Innsjø")):
        parts = [
            multi(shapely.intersection(shape, near))
            for shape, own in zip(cover.polygons, cover.kinds, strict=True)
            if own == kind and shapely.intersects(shape, near)
        ]
        parts = [part for part in parts if not part.is_empty]
        if parts:
            columns = _flood_columns(len(parts), kind) | {
                "lavpunkt": [0] * len(parts),
                "gjentaksintervall": pd.array([None] * len(parts), dtype="Int32"),
            }
            tables.append(Table(name, parts, columns))
    write_gdb_zip(data / f"{stem}.zip", tables, folder=f"{stem}.gdb")
    date = _MAPPED.date()
    return [
        Entry("flood_zones", f"data/{stem}.zip", date, "flomsoner_flomareal"),
        Entry("flood_mapped_extent", f"data/{stem}.zip", date, "flomsoner_analyseomrade"),
    ]


def _class_of(score: int, limits: tuple[tuple[int, str], ...]) -> str:
    return next(name for limit, name in limits if score <= limit)


def _clay_values(zone: ClayZone, kind: str, geometry: Any) -> dict[str, Any]:
    return {
        "objtype": kind,
        "identifikasjon.Identifikasjon.lokalId": local_id(kind, zone.number),
        "skredOmrID": zone.number,
        "skredOmrNavn": zone.name,
        "arealKm2": round(float(geometry.area) / 1e6, 3),
        "skredFaregradKlasse": _class_of(zone.hazard_score, _HAZARD_CLASS),
        "skredFaregradScore": zone.hazard_score,
        "skredSkadeKonsekvensKlasse": _class_of(zone.consequence_score, _HARM_CLASS),
        "skredSkadeKonsekvensScore": zone.consequence_score,
        "skredRisikoKvikkleireKlasse": f"Risikoklasse {zone.risk}",
        "opphav": "Oppdiktet",
        "oppdateringsdato": "2025-03-03T00:00:00",
    }


def _quick_clay(world: World, data: Path) -> Entry:
    """Write release and run-out areas as two collections in one GeoJSON root."""
    stem = f"{STEM}_KvikkleireSkred_GeoJSON"
    content = {}
    for kind in ("UtlosningOmr", "UtlopOmr"):
        found = [
            (zone, zone.release if kind == "UtlosningOmr" else zone.runout)
            for zone in world.hazards.clay
        ]
        found = [(zone, shape) for zone, shape in found if shape is not None]
        values = [_clay_values(zone, kind, shape) for zone, shape in found]
        content[kind] = feature_collection([shape for _, shape in found], values)
    write_zip(data / f"{stem}.zip", {f"{stem}.geojson": json_bytes(content)})
    return Entry("quick_clay", f"data/{stem}.zip", dt.date(2025, 3, 3))


def _landslide(world: World, data: Path) -> Entry:
    zones = world.hazards.landslide
    name, layer = "NVEData_9801_JordFlomskredAktsomhet.gpkg", "AktsomhetsOmrJordOgFlomskred"
    columns = {
        "skredtype": ["Jord- og flomskred"] * len(zones),
        "oppdateringsdato": [pd.Timestamp("2024-06-01")] * len(zones),
        "opphav": ["Oppdiktet"] * len(zones),
    }
    write_gpkg(data / name, [Table(layer, list(zones), columns)])
    return Entry("landslide_caution", f"data/{name}", dt.date(2024, 6, 1), layer)


def _surge(world: World, data: Path) -> list[Entry]:
    """Write storm surge layers and the coverage, one part of it not mapped."""
    name = "Basisdata_9801_Fjordvik_25833_StormfloHavniva.gpkg"
    tables = []
    for layer in SURGE_LEVELS_M:
        years = layer.removeprefix("stormflo").partition("ar_")[0]
        parts = list(shapely.get_parts(world.hazards.surge[layer]))
        columns = {
            "sikkerhetsklasseflom": [_SAFETY[years]] * len(parts),
            "oppdateringsdato": [pd.Timestamp("2025-02-20")] * len(parts),
            "opphav": ["Oppdiktet"] * len(parts),
        }
        tables.append(Table(layer, parts, columns))
    whole = world.cover.municipality
    west, south, _, _ = whole.bounds
    corner = shapely.box(west - 1, south - 1, west + 3600, south + 4200)
    parts = [multi(whole.difference(corner)), multi(whole.intersection(corner))]
    status = {"dekningstatus": ["kartlagt", "ikkeKartlagt"], "opphav": ["Oppdiktet"] * 2}
    tables.append(Table("dekningsomrade", parts, status))
    write_gpkg(data / name, tables)
    delivered = dt.date(2025, 2, 20)
    return [
        Entry("storm_surge", f"data/{name}", delivered),
        Entry("storm_surge_mapped_extent", f"data/{name}", delivered),
    ]


def _nature(world: World, data: Path) -> list[Entry]:
    """Write mapped nature types and the extents of the surveys."""
    types, mapped = world.nature.types, world.nature.mapped
    area = Table(
        "naturtyper_nin_omr",
        [one.geometry for one in types],
        {
            "naturtype": [one.name for one in types],
            "naturtypekode": [one.code for one in types],
            "lokalitetskvalitet": [one.quality for one in types],
            "tilstand": [one.condition for one in types],
            "omradenavn": [one.area for one in types],
            "ninid": [one.number for one in types],
            "kartleggingsaar": [one.year for one in types],
        },
    )
    extent = Table(
        "dekningskart",
        [multi(shape) for _, _, shape in mapped],
        {
            "prosjektnavn": [name for name, _, _ in mapped],
            "aarstall": [year for _, year, _ in mapped],
            "oppdragsgiver": ["Oppdiktet"] * len(mapped),
            "kartleggingsinstruks": ["Miljødirektoratets instruks"] * len(mapped),
            "dekningskartverdi": ["Kartlagt"] * len(mapped),
        },
    )
    name = "Naturtyper_nin_9801.gdb"
    write_gdb_zip(data / f"{name}.zip", [area, extent], folder=name)
    date = dt.date(2025, 10, 1)
    return [
        Entry("nature_types", f"data/{name}.zip", date, area.name),
        Entry("nature_mapped_extent", f"data/{name}.zip", date, extent.name),
    ]


def _protected(world: World, data: Path) -> Entry:
    found = world.nature.protected
    name = "Natur_Vern_9801.gpkg"
    columns = {
        "navn": [one.name.rpartition(" ")[0] for one in found],
        "offisieltnavn": [one.name for one in found],
        "naturvernid": [one.number for one in found],
        "verneform": [one.form for one in found],
        "vernedato": [pd.Timestamp(one.since) for one in found],
        "faktaark": [f"https://faktaark.example.invalid/vern?id={one.number}" for one in found],
    }
    write_gpkg(data / name, [Table("naturvernomrade", [one.geometry for one in found], columns)])
    return Entry("protected_areas", f"data/{name}", dt.date(2025, 12, 1), "naturvernomrade")


def _species(world: World, data: Path) -> Entry:
    """Write species records as an export of the species map."""
    header = (
        "Id", "Institusjon", "Vitenskapelig navn", "Norsk navn", "Artsgruppe", "Funndato",
        "Finner", "Kommune", "Koordinat_x", "Koordinat_y", "Usikkerhet", "Kategori",
        "Fremmedartskategori", "Bearbeidet", "Sensitiv",
    )  # fmt: skip
    rows = []
    for k, record in enumerate(world.nature.records, start=1):
        kind = world.nature.species[record.species]
        unsure = "" if record.uncertainty_m < 0 else record.uncertainty_m
        rows.append(
            (
                f"urn:oppdiktet:{k}", record.institution, kind["Vitenskapelig navn"],
                kind["Norsk navn"], kind["Artsgruppe"], record.day.isoformat(),
                f"Oppdiktet finner {k % 97}", "Fjordvik", f"{record.x:.0f}", f"{record.y:.0f}",
                unsure, kind["Kategori"], kind["Fremmedartskategori"], "2025-12-01", "Nei",
            )
        )  # fmt: skip
    (data / "Artskart_9801.csv").write_bytes(csv_bytes(header, rows, bom=True, newline="\r\n"))
    return Entry("species_records", "data/Artskart_9801.csv", dt.date(2025, 12, 1))


def _transit(world: World, data: Path) -> list[Entry]:
    """Write the timetable, the list of frequent stops and the stations."""
    name = "rb_fjv-aggregated-gtfs.zip"
    tables = world.timetable.tables
    write_zip(data / name, {key: table.write_csv().encode() for key, table in tables.items()})
    frequent = "frequent_stops_max_gap_07_20_2026-11-19.parquet"
    world.timetable.frequent.write_parquet(data / frequent)
    stations = [c for c in world.town.centres if c.kind != "bygd"]
    values = [
        {
            "navn": one.name,
            "stasjonstype": one.kind,
            "stasjonskode": f"FJV{k:02d}",
            "status": "I bruk",
        }
        for k, one in enumerate(stations, start=1)
    ]
    points = [shapely.Point(one.x, one.y) for one in stations]
    (data / "stasjoner.geojson").write_bytes(json_bytes(feature_collection(points, values)))
    return [
        Entry("transit_stops", f"data/{name}", dt.date(2026, 10, 1)),
        Entry("frequent_stops", f"data/{frequent}", dt.date(2026, 11, 19)),
        Entry("stations", "data/stasjoner.geojson", STATUS),
    ]


def _own(world: World, data: Path) -> list[Entry]:
    """Write the municipality's own layers: critical infrastructure and the plan."""
    assets, plans = world.places.assets, world.places.plans
    critical = Table(
        "kritisk_infrastruktur",
        [shapely.Point(round(one.x, 2), round(one.y, 2)) for one in assets],
        {
            "navn": [one.name for one in assets],
            "funksjon": [one.function for one in assets],
            "kapasitet": [one.capacity for one in assets],
        },
    )
    write_gpkg(data / "kritisk_infrastruktur.gpkg", [critical])
    plan = Table(
        "kparealformalomrade",
        [one.geometry for one in plans],
        {
            "arealformal": [one.purpose for one in plans],
            "arealbruksstatus": [one.status for one in plans],
            "omradenavn": [one.name for one in plans],
            "planident": ["KP2026-2038"] * len(plans),
        },
    )
    write_gpkg(data / "kommuneplan_arealformal.gpkg", [plan])
    date = dt.date(2026, 3, 1)
    return [
        Entry("critical_infrastructure", "data/kritisk_infrastruktur.gpkg", date, critical.name),
        Entry("planned_areas", "data/kommuneplan_arealformal.gpkg", date, plan.name),
    ]
