"""Invent the municipality's own table of vulnerable groups: a column for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.demo.deliver_addresses import unit_numbers
from gis.demo.deliver_base import STATUS
from gis.demo.files import Entry, csv_bytes
from gis.demo.grid import MID

if TYPE_CHECKING:
    from pathlib import Path

    from gis.demo.world import World

# This part's own stream of the seed.
_STREAM = 61
# The group as the municipality would head it, and its share of the residents (invented).
_GROUPS = (
    ("Under 6 år", 0.062),
    ("80 år og over", 0.046),
    ("Bor alene, 67 år og over", 0.051),
    ("Mottar hjemmetjenester", 0.027),
    ("Mottar kommunal bostøtte", 0.014),
)
_FILE = "sarbare_grupper_grunnkrets_2026.csv"


def write_groups(world: World, data: Path) -> list[Entry]:
    """Write people by basic statistical unit and group; groups overlap, as real ones do."""
    rng = np.random.default_rng([world.seed, _STREAM])
    people = world.people
    unit = MID.sample(people.unit, people.x, people.y)
    count = len(people.unit_names)
    total = np.bincount(unit, weights=people.residents, minlength=count + 1)[1:].astype(np.int64)
    share = np.array([s for _, s in _GROUPS]) * rng.lognormal(0.0, 0.35, (count, len(_GROUPS)))
    found = rng.binomial(total[:, None], np.clip(share, 0.0, 0.5))
    rows = [
        (number, *values)
        for number, values in zip(unit_numbers(world), found.tolist(), strict=True)
    ]
    header = ("grunnkretsnummer", *(name for name, _ in _GROUPS))
    (data / _FILE).write_bytes(csv_bytes(header, rows, bom=True, newline="\n"))
    return [Entry("vulnerable_groups", f"data/{_FILE}", STATUS)]
