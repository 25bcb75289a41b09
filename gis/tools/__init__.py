"""Answer spatial questions on the user's own files, without a workspace.

Each tool reads files, states the metric CRS it worked in and every record it left
out, and gives one ``Answer``. Nothing is suppressed: the files are the user's own.
"""

from __future__ import annotations

from gis.tools.answer import Answer, write_answer
from gis.tools.departures import Asked, departures
from gis.tools.expose import expose
from gis.tools.files import Given
from gis.tools.near import near
from gis.tools.zonal import zonal

__all__ = [
    "Answer",
    "Asked",
    "Given",
    "departures",
    "expose",
    "near",
    "write_answer",
    "zonal",
]
