"""Find published numbers that would give a hidden one away, by intervals.

A reader who knows a sum and the ranges of its parts can narrow each part. Where a
part of 1 to 9 is left with fewer than three possible values, it is as good as told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALL_MAX = 9


def told_groups(
    group: Ints,
    low: Floats,
    high: Floats,
    *,
    small: NDArray[np.bool_],
    total: Floats,
    least: int = 3,
) -> NDArray[np.bool_]:
    """Tell which groups' sums leave a small part with fewer than ``least`` possible values.

    group: int (n,), -1 for no group; low, high: (n,) what is published of each part,
    high may be infinite; small: the parts of 1 to 9 that must stay unknown; total:
    (g,) the published sum of each group, NaN where it is not. Gives bool (g,).
    Raises ParameterError.
    """
    if not group.shape == low.shape == high.shape == small.shape:
        message = "group, low, high and small: one of each a part is needed"
        raise ParameterError(message)
    known = group >= 0
    g, lo, hi = group[known], low[known], high[known]
    n = len(total)
    sum_low = np.bincount(g, weights=lo, minlength=n)
    open_ended = np.bincount(g, weights=np.isinf(hi), minlength=n)
    finite = np.where(np.isinf(hi), 0.0, hi)
    sum_high = np.bincount(g, weights=finite, minlength=n)
    others_open = open_ended[g] - np.isinf(hi) > 0
    from_others = np.where(others_open, -np.inf, total[g] - (sum_high[g] - finite))
    least_value = np.maximum(lo, np.ceil(from_others))
    most_value = np.minimum(hi, np.floor(total[g] - (sum_low[g] - lo)))
    width = np.minimum(most_value, SMALL_MAX) - np.maximum(least_value, 1) + 1
    told = small[known] & (width < least) & ~np.isnan(total[g])
    return np.bincount(g, weights=told, minlength=n) > 0
