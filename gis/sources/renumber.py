"""Follow municipalities through renumberings: 0219 became 3024 and then 3201.

Units of a municipality carry its number in front and keep the rest of their own, so a
former number gives the present one. What is not known to have been renumbered stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_DIGITS = 4


def present_numbers(
    values: pd.Series, renumbered: Mapping[str, tuple[str, ...]]
) -> tuple[pd.Series, pd.Series]:
    """Return numbers with the present municipality in front, and which of them were former.

    values: text of four (municipality) or more digits (its units), null where missing.
    renumbered: present number -> former ones. The last digits are kept; two vintages are
    never to be joined without this.
    """
    table = {old: new for new, former in renumbered.items() for old in former}
    front = values.str.slice(0, _DIGITS)
    present = front.map(table)
    old = present.notna()
    return values.where(~old, present.astype("str") + values.str.slice(_DIGITS)), old
