"""Render maps as single files that open anywhere and ask no host for anything."""

from __future__ import annotations

from gis.render.index import PageRef, render_index
from gis.render.page import Page, render_map, render_page
from gis.render.prepared import Prepared
from gis.render.sheet import render_sheet
from gis.render.write import write_pages

__all__ = [
    "Page",
    "PageRef",
    "Prepared",
    "render_index",
    "render_map",
    "render_page",
    "render_sheet",
    "write_pages",
]
