"""Judge what the store holds: layer by layer, and against the publishers' own sums."""

from __future__ import annotations

from gis.checks.judge import check_store, neighbours
from gis.checks.verdict import Finding, Grade, Verdict

__all__ = ["Finding", "Grade", "Verdict", "check_store", "neighbours"]
