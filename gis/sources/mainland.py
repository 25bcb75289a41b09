"""Know which degrees lie where the working CRS reaches: mainland Norway."""

from __future__ import annotations

WEST, EAST, SOUTH, NORTH = 2.0, 34.0, 57.0, 72.5


def in_norway(lon: float, lat: float) -> bool:
    """Tell whether a place in degrees lies where the working CRS reaches."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def where_norway_is() -> str:
    """Say which degrees are allowed."""
    return f"allowed: longitude {WEST:.0f} to {EAST:.0f}, latitude {SOUTH:.0f} to {NORTH:.0f}"
