"""Make the maps of a study area and the atlas around them; print them; watch their entries."""

from __future__ import annotations

from gis.atlas.hands import Hands, second_hand
from gis.atlas.make import INDEX, Atlas, MadeMap, make_atlas
from gis.atlas.order import Order, entry_of_file, order_maps
from gis.atlas.pages import Answers
from gis.atlas.prints import check_target, print_pages
from gis.atlas.watch import stamps, watch

__all__ = [
    "INDEX",
    "Answers",
    "Atlas",
    "Hands",
    "MadeMap",
    "Order",
    "check_target",
    "entry_of_file",
    "make_atlas",
    "order_maps",
    "print_pages",
    "second_hand",
    "stamps",
    "watch",
]
