"""Invent the older and the legal maps of nature: handbook 13, selected types, values, species."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.demo.files import Entry, Table, write_gpkg
from gis.demo.grid import MID, multi
from gis.demo.nature import QUALITY, blob, sites

if TYPE_CHECKING:
    from pathlib import Path

    from gis.demo.world import World

_DATE = dt.date(2025, 11, 1)
_STREAM = 53
_OLD_SITES, _SPECIES_SITES = 46, 34
# Name, selected code: types that are selected by regulation.
_SELECTED = {"Hule eiker": "UN03", "Slåttemark": "UN01"}
_OLD_KINDS = (
    ("D04", "Naturbeitemark"),
    ("D12", "Store gamle trær"),
    ("F01", "Rik edellauvskog"),
    ("F06", "Rik sumpskog"),
    ("F08", "Gammel barskog"),
    ("E06", "Viktig bekkedrag"),
)
_VALUES = dict(
    zip(QUALITY, ("Svært stor verdi", "Stor verdi", "Middels verdi", "Noe verdi", "Noe verdi"),
        strict=True)
)  # fmt: skip
_OLD_VALUES = {"A": "Stor verdi", "B": "Middels verdi", "C": "Noe verdi"}


def write_nature_value(world: World, data: Path) -> list[Entry]:
    """Write four data sets as the Environment Agency delivers them; return their entries."""
    rng = np.random.default_rng([world.seed, _STREAM])
    old = _old_sites(rng, world)
    name = "Naturtyper_9801.gpkg"
    tables = [_hb13(old), _selected(world), _ku_value(world, old), _species(rng, world)]
    write_gpkg(data / name, tables)
    layers = (
        "nature_types_hb13",
        "selected_nature_types",
        "nature_ku_value",
        "species_national_interest",
    )
    return [
        Entry(layer, f"data/{name}", _DATE, table.name)
        for layer, table in zip(layers, tables, strict=True)
    ]


def _old_sites(rng: np.random.Generator, world: World) -> list[dict[str, Any]]:
    """Return sites of the older survey; some lie on newer ones, some where nobody came since."""
    town, terrain = world.town, world.terrain
    weight = (terrain.coarse.sea < 0.1) * town.inside_coarse * (1.05 - np.minimum(town.density, 1))
    found = []
    for k, (x, y) in enumerate(sites(rng, weight, count=_OLD_SITES, apart_m=450.0), start=1):
        code, kind = _OLD_KINDS[int(rng.integers(0, len(_OLD_KINDS)))]
        unit = int(MID.sample(world.people.unit, x, y))
        found.append(
            {
                "geometry": blob(rng, x, y, radius_m=float(45 + rng.gamma(2.0, 60.0))),
                "code": code,
                "kind": kind,
                "value": "ABC"[int(rng.choice(3, p=(0.2, 0.45, 0.35)))],
                "name": f"{world.people.unit_names[max(unit - 1, 0)]} {k}",
                "id": f"BN9801{k:05d}",
            }
        )
    return found


def _hb13(old: list[dict[str, Any]]) -> Table:
    return Table(
        "naturtyper_hb13",
        [one["geometry"] for one in old],
        {
            "naturtypeid": [one["id"] for one in old],
            "omraadenavn": [one["name"] for one in old],
            "naturtype": [one["code"] for one in old],
            "verdi": [one["value"] for one in old],
        },
    )


def _selected(world: World) -> Table:
    found = [one for one in world.nature.types if one.name in _SELECTED]
    return Table(
        "naturtyper_utvalgte",
        [one.geometry for one in found],
        {
            "utvalgtnaturtype": [one.name for one in found],
            "utvalgtnaturtypekode": [_SELECTED[one.name] for one in found],
            "omraadenavn": [one.area for one in found],
            "naturtypeid": [one.number for one in found],
        },
    )


def _ku_value(world: World, old: list[dict[str, Any]]) -> Table:
    """Return both surveys in one layer with a value each, as the agency joins them."""
    new = world.nature.types
    values = ["Svært stor verdi" if one.name in _SELECTED else _VALUES[one.quality] for one in new]
    return Table(
        "naturtyper_kuverdi",
        [*(one.geometry for one in new), *(one["geometry"] for one in old)],
        {
            "kuverdinaturtypeid": [*(one.number for one in new), *(one["id"] for one in old)],
            "naturtype": [*(one.name for one in new), *(one["kind"] for one in old)],
            "omraadenavn": [*(one.area for one in new), *(one["name"] for one in old)],
            "verdikategori": [*values, *(_OLD_VALUES[one["value"]] for one in old)],
            "opphav": ["Oppdiktet"] * (len(new) + len(old)),
        },
    )


def _species(rng: np.random.Generator, world: World) -> Table:
    """Return areas where red-listed species live, wide ones and more on the shore."""
    coast = world.terrain.coarse.coast_m
    weight = world.town.inside_coarse.astype(float) * np.exp(-np.abs(coast) / 1200.0)
    listed = [one for one in world.nature.species if one["Kategori"] in ("CR", "EN", "VU", "NT")]
    shapes, rows = [], []
    for x, y in sites(rng, weight, count=_SPECIES_SITES, apart_m=500.0):
        one = listed[int(rng.integers(0, len(listed)))]
        shapes.append(multi(shapely.make_valid(blob(rng, x, y, radius_m=rng.uniform(60, 260)))))
        rows.append(
            (one["Norsk navn"], one["Artsgruppe"], one["Kategori"], int(rng.integers(1, 30)))
        )
    names, groups, status, counts = zip(*rows, strict=True)
    return Table(
        "artnasjonal_omr",
        shapes,
        {
            "norsknavn": list(names),
            "gruppe": list(groups),
            "status": list(status),
            "antallobservasjoner": list(counts),
        },
    )
