"""Write the official addresses of the invented municipality as Kartverket delivers them."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gis.demo.files import Entry, csv_bytes
from gis.demo.grid import EPSG, MID

if TYPE_CHECKING:
    from gis.demo.world import World

STEM = "Basisdata_9801_Fjordvik_25833"
SPACE = "https://data.example.invalid/oppdiktet"
_HEADER = (
    "lokalid;kommunenummer;kommunenavn;adressetype;adressetilleggsnavn;"
    "adressetilleggsnavnKilde;adressekode;adressenavn;nummer;bokstav;gardsnummer;"
    "bruksnummer;festenummer;undernummer;adresseTekst;"
    "adresseTekstUtenAdressetilleggsnavn;EPSG-kode;Nord;Øst;postnummer;poststed;"
    "grunnkretsnummer;grunnkretsnavn;soknenummer;soknenavn;organisasjonsnummer;"
    "tettstednummer;tettstednavn;valgkretsnummer;valgkretsnavn;oppdateringsdato;"
    "datauttaksdato;adresseId;uuidAdresse;atkomstId;uuidAtkomst;atkomstNord;"
    "atkomstØst;sommeratkomstId;uuidSommeratkomst;sommeratkomstNord;sommeratkomstØst;"
    "vinteratkomstId;uuidVinteratkomst;vinteratkomstNord;vinteratkomstØst"
)


def local_id(*parts: object) -> str:
    """Return a UUID that depends on the parts alone."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SPACE}/" + "/".join(map(str, parts))))


def unit_numbers(world: World) -> list[str]:
    """Return the 8-character number of each statistical unit, in the order of its label."""
    return [f"9801{k // 20 + 1:02d}{k % 20 + 1:02d}" for k in range(len(world.people.unit_names))]


def _stamps(rng: np.random.Generator, count: int) -> list[str]:
    """Return times as DD.MM.YYYY with 0, 1, 2, 3, 5 or 6 digits of a second."""
    start = dt.datetime(2008, 1, 1)
    seconds = rng.integers(0, 18 * 365 * 86_400, count).tolist()
    digits = rng.choice([0, 1, 2, 3, 5, 6], count, p=[0.01, 0.02, 0.07, 0.85, 0.02, 0.03]).tolist()
    parts = rng.integers(0, 1_000_000, count).tolist()
    result = []
    for second, digit, part in zip(seconds, digits, parts, strict=True):
        text = f"{start + dt.timedelta(seconds=second):%d.%m.%Y %H:%M:%S}"
        result.append(text + (f".{part:06d}"[: digit + 1] if digit else ""))
    return result


def write_addresses(world: World, data: Path, rng: np.random.Generator) -> Entry:
    """Write the official addresses with their 46 columns, northing before easting."""
    people, numbers = world.people, unit_numbers(world)
    unit = MID.sample(people.unit, people.x, people.y)
    urban = MID.sample(world.cover.urban_label, people.x, people.y).tolist()
    town = {int(area.number[2:]): area for area in world.cover.urban}
    stamps = _stamps(rng, len(people.x))
    farm, holding = rng.integers(1, 140, len(people.x)), rng.integers(1, 900, len(people.x))
    letter = rng.random(len(people.x))
    rows = []
    for k in range(len(people.x)):
        street, label = int(people.street[k]), max(int(unit[k]), 1)
        cadastral = not urban[k] and letter[k] > 0.8
        title = "" if cadastral else world.streets.names[street]
        number = "" if cadastral else str(people.house[k])
        mark = "B" if letter[k] < 0.03 and not cadastral else ""
        text = f"{farm[k]}/{holding[k]}" if cadastral else f"{title} {number}{mark}"
        area = town.get(urban[k])
        number_id = str(2_147_400_000 + 5 * k)
        rows.append(
            [
                number_id, "9801", "FJORDVIK", "matrikkeladresse" if cadastral else "vegadresse",
                "", "", "" if cadastral else 1000 + street, title, number, mark, farm[k],
                holding[k], "", "", text, text, EPSG, _metres(people.y[k]), _metres(people.x[k]),
                f"00{70 + label % 9}", "FJORDVIK" if area else "FJORDVIKMARKA", numbers[label - 1],
                people.unit_names[label - 1], "09980101", "Fjordvik", 999_999_999,
                area.number if area else "", area.name if area else "", 1 + label % 12,
                people.unit_names[label % 12], stamps[k], f"02.01.2026 04:10:{k % 8:02d}",
                number_id, local_id("adresse", k), *[""] * 12,
            ]
        )  # fmt: skip
    name = f"{STEM}_MatrikkelenAdresse.csv"
    (data / name).write_bytes(csv_bytes(_HEADER.split(";"), rows, bom=True, newline="\r\n"))
    return Entry("addresses", f"data/{name}", dt.date(2026, 1, 2))


def _metres(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
