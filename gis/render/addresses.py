"""Pack the official addresses for the search: street, number and point, and nothing of who."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.crs import LONLAT_EPSG
from gis.render.geometry import DECIMALS, pack

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.render.named import Scene

LAYER = "addresses"
# Of a page of 3 MB; a municipality of 100,000 residents has some 40,000 addresses, which
# take about 6 bytes each. Beyond it only the streets are kept, each with one point.
BUDGET_BYTES = 500_000
_NUMBER = re.compile(r"^(.*\S)\s+(\d+\s?\w?)$")


def packed_addresses(scene: Scene) -> str | None:
    """Return the municipality's addresses for the browser; None where the store has none."""
    return scene.prepared.packed((LAYER, scene.window), partial(_packed, scene))


def _packed(scene: Scene) -> str | None:
    frame = scene.layers(LAYER) if LAYER in scene.catalogue else None
    if frame is None or frame.empty or scene.area is None or "text" not in frame.columns:
        return None
    area = shapely.union_all(scene.area.geometry.to_numpy())
    shapely.prepare(area)
    frame = frame[frame["text"].notna()]
    frame = frame[shapely.intersects(area, frame.geometry.to_numpy())]
    if frame.empty:
        return None
    coded = street_list(frame)
    text = pack(coded)
    return text if len(text) <= BUDGET_BYTES else pack(_streets_only(coded))


def street_list(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return streets by name and their numbers in order, with points as the page writes them.

    frame has ``text`` (street and number, as the register writes an address) and points in
    the working CRS. ``numbers`` holds one text a street, its numbers parted by commas; ``xy``
    steps of five decimals of a degree, all addresses after one another. An address that
    stands twice is kept once.
    """
    frame = frame.drop_duplicates("text")
    split = [parted(text) for text in frame["text"].astype(str)]
    order = sorted(
        range(len(split)), key=lambda i: (split[i][0].casefold(), *_natural(split[i][1]))
    )
    lonlat = frame.geometry.iloc[order].to_crs(LONLAT_EPSG)
    whole = np.column_stack([lonlat.x.to_numpy(), lonlat.y.to_numpy()])
    whole = np.round(whole * 10**DECIMALS).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    streets: dict[str, list[str]] = {}
    for i in order:
        streets.setdefault(split[i][0], []).append(split[i][1])
    return {
        "streets": list(streets),
        "numbers": [",".join(own) for own in streets.values()],
        "xy": steps.ravel().tolist(),
    }


def parted(text: str) -> tuple[str, str]:
    """Part an address in street and number; what has no number stands whole."""
    # A farm's or house's own name stands before the street, with a comma.
    clean = " ".join(text.split(",")[-1].split())
    found = _NUMBER.match(clean)
    return (found[1], found[2].replace(" ", "").upper()) if found else (clean, "")


def _natural(number: str) -> tuple[int, str]:
    digits = re.match(r"\d+", number)
    return (int(digits[0]) if digits else 0, number)


def _streets_only(coded: dict[str, Any]) -> dict[str, Any]:
    """Keep of each street its middle address, without the number."""
    counts = [own.count(",") + 1 for own in coded["numbers"]]
    whole = np.cumsum(np.array(coded["xy"], dtype=np.int64).reshape(-1, 2), axis=0)
    starts = np.cumsum([0, *counts[:-1]])
    middle = whole[starts + np.array(counts) // 2]
    steps = np.diff(middle, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {**coded, "numbers": [""] * len(counts), "xy": steps.ravel().tolist()}


def address_source(scene: Scene) -> tuple[str, ...]:
    """Return the layer whose source a page with addresses names."""
    return (LAYER,) if packed_addresses(scene) is not None else ()
