"""Answer planning questions of Norwegian municipalities, with the definition on every number."""

from __future__ import annotations

__version__ = "0.1.0"
