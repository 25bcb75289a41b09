"""Put the invented municipality together from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis.demo.cover import Cover, build_cover
from gis.demo.gtfs import Timetable, build_timetable
from gis.demo.hazards import Hazards, build_hazards
from gis.demo.lines import Plan, build_plan
from gis.demo.nature import Nature, build_nature
from gis.demo.people import People, build_people
from gis.demo.places import Places, build_places
from gis.demo.settlement import Settlement, build_settlement
from gis.demo.streets import Streets, build_streets
from gis.demo.terrain import Terrain, build_terrain


@dataclass(frozen=True)
class World:
    """Everything that is known of the municipality; each part follows from those above it."""

    seed: int
    terrain: Terrain
    town: Settlement
    streets: Streets
    people: People
    plan: Plan
    timetable: Timetable
    cover: Cover
    hazards: Hazards
    nature: Nature
    places: Places


def build_world(seed: int) -> World:
    """Invent the municipality. Each part draws from its own stream of the seed."""
    streams = [np.random.default_rng([seed, part]) for part in range(9)]
    terrain = build_terrain(streams[0])
    town = build_settlement(streams[1], terrain)
    streets = build_streets(streams[2], terrain, town)
    people = build_people(streams[3], terrain, town, streets=streets)
    plan = build_plan(streams[4], town, streets, people=people)
    cover = build_cover(streams[5], terrain, town, people=people)
    hazards = build_hazards(streams[6], terrain, town, people=people)
    nature = build_nature(streams[7], terrain, town, streets=streets, people=people)
    places = build_places(streams[8], terrain, town, streets=streets, people=people)
    timetable = build_timetable(plan, seed=seed)
    return World(
        seed, terrain, town, streets, people, plan, timetable, cover, hazards, nature, places
    )
