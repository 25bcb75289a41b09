"""Work out yearly rates of land consumption and population growth, after SDG indicator 11.3.1.

Two versions of UN-Habitat's metadata are in use. That of 2021 takes the land consumed in
proportion to what there was, by year: (present - past) / past / years. The earlier one,
of 2018, takes the logarithm: ln(present / past) / years. Population growth is the
logarithm in both. The formulas are written down from the published metadata as known;
they were not held against its text here.
"""

from __future__ import annotations

import math
from typing import Literal

from gis.errors import ParameterError

Version = Literal["2021", "2018"]
# A population that changes by less than this a year stands still: the ratio has no meaning.
STILL = 1e-9


def land_consumption_rate(
    past: float, present: float, *, years: float, version: Version = "2021"
) -> float | None:
    """Return the yearly rate (0.01 is one per cent) at which built-up land grew.

    past, present: areas in one unit, 0 or more. None where there was nothing to grow
    from (or, with the logarithm, nothing is left). Raises ParameterError.
    """
    _check(past, present, years)
    if past == 0:
        return None
    if version == "2021":
        return (present - past) / past / years
    return math.log(present / past) / years if present > 0 else None


def population_growth_rate(past: float, present: float, *, years: float) -> float | None:
    """Return ln(present / past) / years; None where either is nobody. Raises ParameterError."""
    _check(past, present, years)
    if past == 0 or present == 0:
        return None
    return math.log(present / past) / years


def ratio(land_rate: float | None, people_rate: float | None) -> float | None:
    """Return land consumption over population growth; None where it is undefined, never infinite.

    Undefined: a rate that is not known, or a population that stands still.
    """
    if land_rate is None or people_rate is None or abs(people_rate) < STILL:
        return None
    return land_rate / people_rate


def _check(past: float, present: float, years: float) -> None:
    if not (past >= 0 and present >= 0 and math.isfinite(past + present)):
        message = f"past {past}, present {present}: numbers of 0 or more are needed"
        raise ParameterError(message)
    if not (years > 0 and math.isfinite(years)):
        message = f"years {years}: a span above 0 is needed"
        raise ParameterError(message)
