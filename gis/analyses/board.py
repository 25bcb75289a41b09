"""Hold what a board of indicators is made of: one indicator, its class, its origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gis.catalogue import layer_entries
from gis.disclosure import rounded_part
from gis.errors import GisError, ParameterError
from gis.problems import problem_text
from gis.text import Text, number, t, with_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from gis.analyses.study import Study

Grade = Literal[
    "excellent", "good", "in_progress", "improvement_needed", "no_benchmark", "not_reported"
]
GRADES: tuple[Grade, ...] = (
    "excellent",
    "good",
    "in_progress",
    "improvement_needed",
    "no_benchmark",
    "not_reported",
)
# U4SSC's classes, in per cent of the target: above 95, from 66, from 33, below.
_EXCELLENT_ABOVE, _GOOD_FROM, _PROGRESS_FROM = 95.0, 66.0, 33.0
# How far a definition was held against the published text: ITU's pages for two indicators and
# the metadata of SDG 11.2.1 were read (they measure otherwise), others not; some are our own.
Checked = Literal["itu_2a", "itu_4a", "sdg_11_2", "not_read", "own"]
PERCENT = "percent"


@dataclass(frozen=True)
class Indicator:
    """What an indicator is, before anything is measured.

    ``needs``: layers it cannot do without, ``a|b`` where either will do. ``standard`` names
    the published indicator it stands near, ``checked`` what of that one's text was read.
    ``target``: in the indicator's own unit, only where more is better; ``target_from``
    says whose it is.
    """

    id: str
    theme: str
    unit: str
    needs: tuple[str, ...]
    standard: str = ""
    checked: Checked = "own"
    target: float | None = None
    target_from: str = ""
    title: Text | None = None
    can_have_target: bool = True

    @property
    def heading(self) -> Text:
        """What it is called."""
        return self.title or t(f"indicator.{self.id}")


@dataclass(frozen=True)
class Measured:
    """What was measured: value (None: not to be told, with the reason), words and layers.

    ``key`` spells out the definition's parameters, so that two boards can be compared.
    ``remark`` is what a reader must know beside the number. ``parts`` is the share (0-1)
    of each cell that is reached, where the map shows it.
    """

    value: float | None
    definition: Text
    layers: tuple[str, ...]
    key: str
    remark: Text | None = None
    parts: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Line:
    """One line of the board: the indicator, what came of it, its target and class."""

    indicator: Indicator
    measured: Measured
    target: float | None
    target_from: Text
    grade: Grade


def grade_of(value: float | None, target: float | None) -> Grade:
    """Return the U4SSC class of a value, by its per cent of the target.

    Above 95 is excellent, from 66 good, from 33 in progress, below that improvement
    needed; without a target there is no benchmark, without a value nothing is reported.
    """
    if value is None:
        return "not_reported"
    if target is None:
        return "no_benchmark"
    reached = 100.0 * value / target
    if reached > _EXCELLENT_ABOVE:
        return "excellent"
    if reached >= _GOOD_FROM:
        return "good"
    return "in_progress" if reached >= _PROGRESS_FROM else "improvement_needed"


def line_of(
    study: Study,
    indicator: Indicator,
    measure: Callable[[], Measured],
    *,
    targets: Mapping[str, float],
) -> Line:
    """Measure one indicator; what cannot be measured becomes a line with the reason."""
    missing = [x for x in indicator.needs if not any(study.has(y) for y in x.split("|"))]
    if missing:
        measured = _absent(t("indicators.missing", layers=titles(missing)))
    else:
        try:
            measured = measure()
        except GisError as problem:
            measured = _absent(t("indicators.failed", reason=problem_text(problem)))
    own = indicator.id in targets
    target = targets[indicator.id] if own else indicator.target
    told = "indicators.target_own" if own else f"indicators.target_{indicator.target_from}"
    return Line(
        indicator=indicator,
        measured=measured,
        target=target,
        target_from=t(told) if target is not None else t("indicators.target_none"),
        grade=grade_of(measured.value, target),
    )


def _absent(reason: Text) -> Measured:
    return Measured(None, t("indicators.no_definition"), (), "", remark=reason)


def titles(layers: Sequence[str]) -> Text:
    """Name layers by their titles in the catalogue; ``a|b`` as either of two."""
    entries = layer_entries()
    either = [[entries[y].title.text for y in x.split("|")] for x in layers]
    return Text(
        nb=", ".join(" eller ".join(f"«{x.nb}»" for x in group) for group in either),
        en=", ".join(" or ".join(f"“{x.en}”" for x in group) for group in either),
    )


def share_of_residents(part: float, whole: float) -> tuple[float | None, Text | None]:
    """Return per cent as it may be published, or None and why.

    The part to the nearest 10, as every headline; nothing where it, or what it leaves,
    is 1 to 9.
    """
    if not whole:
        return None, t("indicators.no_residents")
    shown = rounded_part(part, whole)
    if shown is None:
        return None, t("indicators.withheld")
    return 100.0 * shown / whole, None


def read_targets(text: str, known: Sequence[Indicator]) -> dict[str, float]:
    """Read ``frequent=80,growth=90`` as targets in each indicator's unit. Raises ParameterError."""
    found: dict[str, float] = {}
    for part in (x.strip() for x in text.split(",") if x.strip()):
        name, _, value = (x.strip() for x in part.partition("="))
        allowed = [i.id for i in known if i.can_have_target]
        if name not in allowed or not _positive(value):
            message = (
                f"indicators: parameter 'own_targets': '{part}' given; allowed: name=number > 0, "
                f"split by commas, with a name among {', '.join(allowed)}"
            )
            raise ParameterError(message)
        found[name] = float(value)
    return found


def _positive(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def target_text(line: Line) -> Text:
    """Write the target with its unit and whose it is."""
    if line.target is None:
        return line.target_from
    value = number(line.target, decimals=0 if line.target.is_integer() else 1)
    unit = t(f"indicators.unit_{line.indicator.unit}")
    return t("indicators.target", value=with_unit(value, unit), origin=line.target_from)
