"""Write databases through GDAL without clock or chance inside: equal content, equal bytes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pyogrio

if TYPE_CHECKING:
    from collections.abc import Iterator

# A GeoPackage holds the time of its last change, a file geodatabase random ids.
_FIXED = {"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z", "OPENFILEGDB_REPRODUCIBLE_UUID": "YES"}


@contextlib.contextmanager
def clockless() -> Iterator[None]:
    """Let GDAL write a fixed time and counted ids while this is open."""
    pyogrio.set_gdal_config_options(_FIXED)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_FIXED))
