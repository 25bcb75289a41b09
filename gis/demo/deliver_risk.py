"""Write buildings and investigated slide zones as the cadastre and NVE deliver them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.demo.files import Entry, Table, write_gpkg
from gis.demo.risk import build_buildings, build_slides

if TYPE_CHECKING:
    from pathlib import Path

    from gis.demo.world import World

_DATE = dt.date(2025, 6, 1)


def write_risk(world: World, data: Path) -> list[Entry]:
    """Write both files and return their workspace entries."""
    rng = np.random.default_rng([world.seed, 10])
    built = build_buildings(rng, world.town, people=world.people, places=world.places)
    name = "Basisdata_9801_Fjordvik_25833_MatrikkelenBygning.gpkg"
    columns = {
        "bygningsnummer": built.number,
        "bygningstype": built.kind,
        "bygningsstatus": built.status,
        "kommunenummer": ["9801"] * len(built.kind),
    }
    write_gpkg(data / name, [Table("bygning", list(shapely.points(built.x, built.y)), columns)])
    slides = build_slides(world.terrain, world.town)
    zones = Table(
        "skredfaresoner_skredfaresone",
        [shape for _, _, shape in slides.zones],
        {
            "skredtype": [kind for _, kind, _ in slides.zones],
            "skredstatistikksannsynlighet": [years for years, _, _ in slides.zones],
            "opphav": ["Oppdiktet"] * len(slides.zones),
        },
    )
    extent = Table(
        "skredfaresoner_analyseomrade",
        list(slides.mapped),
        {
            "datafangstdato": [pd.Timestamp("2021-09-21")] * len(slides.mapped),
            "opphav": ["Oppdiktet"] * len(slides.mapped),
        },
    )
    hazard = "Samfunnssikkerhet_9801_Fjordvik_25833_Skredfaresoner.gpkg"
    write_gpkg(data / hazard, [zones, extent])
    return [
        Entry("buildings", f"data/{name}", _DATE, "bygning"),
        Entry("landslide_zones", f"data/{hazard}", _DATE, zones.name),
        Entry("landslide_mapped_extent", f"data/{hazard}", _DATE, extent.name),
    ]
