"""Fetch the published numbers that ``check`` holds the layers against."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.crs import LONLAT_EPSG, transform_points
from gis.errors import GisError
from gis.sources.remote_figures import population, settlements, water_levels

if TYPE_CHECKING:
    from gis.sources.remote_base import Place, Tools


def fetch_figures(place: Place, tools: Tools) -> tuple[dict[str, Any], list[str]]:
    """Return the numbers that came, by kind, and one line for each that did not."""
    found: dict[str, Any] = {}
    told: list[str] = []
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    table = tools.publishers.population
    if table is not None:
        try:
            people = population(table, place.number, tools)
            found["population"] = {**asdict(people), "retrieved": today}
        except GisError as error:
            told.append(f"population: {error}")
    if tools.publishers.built_up is not None:
        try:
            towns = settlements(tools.publishers.built_up, place.number, tools)
            found["built_up"] = {**asdict(towns), "retrieved": today}
        except GisError as error:
            told.append(f"built-up areas: {error}")
    if tools.publishers.sea_level is not None and place.box is not None:
        west, south, east, north = place.box
        middle = np.array([(west + east) / 2]), np.array([(south + north) / 2])
        lons, lats = transform_points(*middle, from_epsg=place.epsg, to_epsg=LONLAT_EPSG)
        lon, lat = float(lons[0]), float(lats[0])
        try:
            levels = water_levels(lon, lat, tools)
            found["sea_level"] = {
                "lon": lon,
                "lat": lat,
                "levels": [asdict(level) for level in levels],
                "retrieved": today,
            }
        except GisError as error:
            told.append(f"sea level: {error}")
    return found, told
